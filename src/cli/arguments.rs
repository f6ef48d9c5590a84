//! The arguments of every command.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// From the text of a partial differential equation to samples.
#[derive(Parser, Debug)]
#[command(version, about, max_term_width = 100)]
#[command(after_help = "SPEC is a .pde file, the equation itself, or - for stdin:\n  \
    genphys check examples/pde/yukawa.pde\n  \
    genphys check 'phi_tt + lap(phi) - m^2 phi = 0 where m > 0'\n\n\
    Exit codes: 0 as expected, 1 the verdict differs from the file's `expect`, 2 the input is wrong, 3 a fault of genphys.")]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Print JSON on stdout, and errors as JSON on stderr.
    #[arg(long, global = true)]
    pub json: bool,
    /// Neither read nor write the cache on disk.
    #[arg(long, global = true)]
    pub no_cache: bool,
}

/// The commands.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Derive the continuity form, the dispersion relation and the verdict.
    Check(Check),
    /// As `check`, with the derivation step by step and the proofs; or explain an error code such as E0204.
    Explain(Explain),
    /// Print the frequencies omega(k) of all branches at given wave numbers.
    Dispersion(Dispersion),
    /// Evaluate log p, v and R/p of a data set at points.
    Field(Field),
    /// Draw samples: compile the field, draw the prior, flow backward to the data.
    Sample(Sample),
    /// Sample several equations from the same data and measure how far each ends from it, beside two real draws.
    Compare(Compare),
    /// Check every certificate, witness and identity of saved reports with the independent checker.
    Verify(Verify),
    /// Print a compiled form: kernel, machine-level IR, JSON or a LaTeX document.
    Emit(Emit),
    /// Judge many equations, one row each.
    Classify(Classify),
    /// Draw the branches, the kernel or the density of two points.
    Plot(Plot),
    /// Look at or remove what is kept between runs: tables of laws that have no closed form.
    Cache(Cache),
}

impl Command {
    /// Does the command evaluate fields?
    pub fn evaluates(&self) -> bool {
        matches!(self, Command::Field(_) | Command::Sample(_) | Command::Compare(_) | Command::Plot(_))
    }
}

#[derive(Args, Debug)]
pub struct Check {
    /// A .pde file, the equation itself, or - for stdin.
    #[arg(allow_hyphen_values = true, required_unless_present = "paper")]
    pub spec: Option<String>,
    /// Compare the tables of the GenPhys paper with what is derived, with the residual of every difference.
    #[arg(long, conflicts_with = "spec")]
    pub paper: bool,
}

#[derive(Args, Debug)]
pub struct Explain {
    /// A .pde file, the equation itself, - for stdin, or an error code.
    #[arg(value_name = "SPEC|CODE", allow_hyphen_values = true)]
    pub spec: String,
    /// List the inequivalent continuity forms too, best first, each with what the chosen one has over it.
    #[arg(long)]
    pub forms: bool,
}

#[derive(Args, Debug)]
pub struct Dispersion {
    /// A .pde file, the equation itself, or - for stdin.
    #[arg(allow_hyphen_values = true)]
    pub spec: String,
    /// Wave numbers, separated by commas.
    #[arg(long, value_name = "K,K,...", default_value = "0,0.5,1,2,4", allow_hyphen_values = true)]
    pub k: String,
    #[command(flatten)]
    pub set: Set,
}

#[derive(Args, Debug)]
pub struct Field {
    /// A .pde file, the equation itself, or - for stdin.
    #[arg(allow_hyphen_values = true)]
    pub spec: String,
    /// Data points: an .npy or .csv file [M, N], or builtin:NAME.
    #[arg(long)]
    pub data: String,
    /// Weights of the data points: an .npy or .csv file [M].
    #[arg(long, value_name = "FILE")]
    pub weights: Option<PathBuf>,
    /// Query points: an .npy or .csv file [K, N].
    #[arg(long, value_name = "FILE")]
    pub at: PathBuf,
    /// The flow time t > 0.
    #[arg(long, allow_hyphen_values = true)]
    pub time: String,
    /// Where to write the arrays log_p [K], v [K, N] and r_over_p [K].
    #[arg(long, value_name = "FILE.npz")]
    pub out: PathBuf,
    /// Also for an equation that is no generative model, in N = 1, 2 or 3: log_p is then of |p|, and an array sign [K] is added.
    #[arg(long)]
    pub allow_signed: bool,
    #[command(flatten)]
    pub place: Place,
    #[command(flatten)]
    pub model: Model,
}

#[derive(Args, Debug)]
pub struct Sample {
    /// A .pde file, the equation itself, or - for stdin.
    #[arg(allow_hyphen_values = true)]
    pub spec: String,
    /// Data points: builtin:NAME, or an .npy or .csv file [M, N].
    #[arg(long, default_value = "builtin:digits")]
    pub data: String,
    /// Weights of the data points: an .npy or .csv file [M].
    #[arg(long, value_name = "FILE")]
    pub weights: Option<PathBuf>,
    /// The number of samples.
    #[arg(short, long, default_value = "1000", allow_hyphen_values = true)]
    pub n: String,
    /// The seed of every random number: the same seed gives the same samples at any thread count.
    #[arg(long, default_value = "0", allow_hyphen_values = true)]
    pub seed: String,
    /// Where to write the samples [n, N].
    #[arg(long, value_name = "FILE.npy", default_value = "out/samples.npy")]
    pub out: PathBuf,
    /// Where to draw them; beside the samples if not given.
    #[arg(long, value_name = "FILE.png", conflicts_with = "no_plot")]
    pub plot: Option<PathBuf>,
    /// Draw no picture.
    #[arg(long)]
    pub no_plot: bool,
    /// Keep unequal weights instead of resampling at the end, and write them beside the samples as .weights.npy.
    #[arg(long)]
    pub keep_weights: bool,
    /// The time T of the prior; chosen from the extent of the data if not given.
    #[arg(long, allow_hyphen_values = true)]
    pub time: Option<String>,
    /// The time at which the flow stops; chosen from the spacing of the data if not given.
    #[arg(long, allow_hyphen_values = true)]
    pub end_time: Option<String>,
    /// The number of steps of a fixed grid; 64 if not given, where dopri5 and tsit5 adapt their own steps instead.
    #[arg(long, allow_hyphen_values = true)]
    pub steps: Option<String>,
    /// How the times of a grid are spaced.
    #[arg(long, value_enum, default_value_t = Grid::Log)]
    pub grid: Grid,
    /// The exponent of the power grid, at least 1: equal steps of t^(1/rho).
    #[arg(long, default_value = "7", allow_hyphen_values = true)]
    pub rho: String,
    /// The integrator.
    #[arg(long, value_enum, default_value_t = Solver::Heun)]
    pub solver: Solver,
    /// The error that an adaptive step may make, relative to the data.
    #[arg(long, default_value = "1e-5", allow_hyphen_values = true, conflicts_with = "steps")]
    pub tolerance: String,
    /// Where to write the path of every sample, [steps + 1, n, N] from the prior to the sample, at the times of the
    /// grid; the times go beside it as .times.npy.
    #[arg(long, value_name = "FILE.npy")]
    pub trajectory: Option<PathBuf>,
    /// Go on where Ctrl-C stopped the same command; its state lies beside the samples as .state.
    #[arg(long)]
    pub resume: bool,
    /// Where the prior is centred: on the data, which is exact at every T, or on their mean, exact as T grows.
    #[arg(long, value_enum, default_value_t = Prior::Mixture)]
    pub prior: Prior,
    #[command(flatten)]
    pub place: Place,
    #[command(flatten)]
    pub model: Model,
}

#[derive(Args, Debug)]
pub struct Compare {
    /// .pde files, or equations.
    #[arg(required = true, value_name = "SPEC")]
    pub specs: Vec<String>,
    /// Data points: builtin:NAME, or an .npy or .csv file [M, N].
    #[arg(long)]
    pub data: String,
    /// Weights of the data points: an .npy or .csv file [M].
    #[arg(long, value_name = "FILE")]
    pub weights: Option<PathBuf>,
    /// What to measure: energy distance (squared), sliced Wasserstein-2 distance, squared MMD without bias, coverage.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Metric::Energy, Metric::Swd, Metric::Mmd, Metric::Coverage])]
    pub metric: Vec<Metric>,
    /// The number of runs of each equation, each with its own seed.
    #[arg(long, default_value = "10", allow_hyphen_values = true)]
    pub seeds: String,
    /// The number of samples of a run, and of a real draw.
    #[arg(short, long, default_value = "500", allow_hyphen_values = true)]
    pub n: String,
    /// Evaluations of the field that a run may make, the same for every equation.
    #[arg(long, default_value = "128", allow_hyphen_values = true)]
    pub evaluations: String,
    /// The integrator, on a grid uniform in log t.
    #[arg(long, value_enum, default_value_t = Solver::Heun)]
    pub solver: Solver,
    /// Where to write the table.
    #[arg(long, value_name = "FILE.csv")]
    pub out: Option<PathBuf>,
    /// Where to draw it.
    #[arg(long, value_name = "FILE.png|.svg")]
    pub plot: Option<PathBuf>,
    #[command(flatten)]
    pub place: Place,
    #[command(flatten)]
    pub model: Model,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// The squared energy distance.
    Energy,
    /// The sliced Wasserstein-2 distance.
    Swd,
    /// The squared maximum mean discrepancy, unbiased.
    Mmd,
    /// The share of the data that the samples reach.
    Coverage,
}

#[derive(Args, Debug)]
pub struct Emit {
    /// A .pde file, the equation itself, or - for stdin.
    #[arg(allow_hyphen_values = true)]
    pub spec: String,
    /// What to print.
    #[arg(long, value_enum)]
    pub target: Target,
    /// Where to write it; stdout if not given.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// In PTX, let the GPU approximate divisions, roots, exponentials and logarithms of f32: relative errors below 2^-21,
    /// of exp(x) |x| 2^-23 more, of logarithms near 1 absolute.
    #[arg(long)]
    pub fast_math: bool,
    /// In PTX, the whole sampler by this integrator, in at most three dimensions: one launch draws the prior and takes all steps.
    #[arg(long, value_enum, value_name = "SOLVER")]
    pub sampler: Option<Solver>,
    #[command(flatten)]
    pub model: Model,
}

#[derive(Args, Debug)]
pub struct Classify {
    /// .pde files, folders of them, .csv or .tsv tables with a column `pde`, texts with one equation a line, - for such
    /// lines on stdin, or equations.
    #[arg(required = true, value_name = "INPUT")]
    pub inputs: Vec<String>,
    /// Where to write the rows; a table on the terminal if not given.
    #[arg(long, value_name = "FILE.csv|.jsonl|.parquet")]
    pub out: Option<PathBuf>,
    /// Continue an unfinished run of the same inputs.
    #[arg(long, requires = "out")]
    pub resume: bool,
    /// The number of threads; all cores if not given.
    #[arg(short, long, allow_hyphen_values = true)]
    pub jobs: Option<String>,
    /// Print .pde files as a Markdown table, as in the README.
    #[arg(long, conflicts_with_all = ["out", "json"])]
    pub markdown: bool,
}

#[derive(Args, Debug)]
pub struct Plot {
    /// A .pde file, the equation itself, or - for stdin.
    #[arg(allow_hyphen_values = true)]
    pub spec: String,
    /// What to draw.
    #[arg(long, value_enum)]
    pub what: Drawing,
    /// Where to write the picture.
    #[arg(long, value_name = "FILE.png|.svg")]
    pub out: PathBuf,
    /// The dimension N.
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub dim: Option<String>,
    /// Times, separated by commas; chosen if not given.
    #[arg(long, value_name = "T,T,...", allow_hyphen_values = true)]
    pub time: Option<String>,
    #[command(flatten)]
    pub place: Place,
    #[command(flatten)]
    pub set: Set,
}

/// What to do with the files that are kept between runs.
#[derive(Args, Debug)]
pub struct Cache {
    #[command(subcommand)]
    pub action: CacheAction,
}

#[derive(Subcommand, Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheAction {
    /// Say where the cache is, what is in it, and how much may be.
    Stats,
    /// Remove what is in it.
    Clear,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drawing {
    /// Re and Im of the branches over k.
    Dispersion,
    /// The kernel over r at several times.
    Kernel,
    /// The density of two points, with its velocity field.
    Density,
}

#[derive(Args, Debug)]
pub struct Verify {
    /// A JSON report, an array of them, or one a line; - for stdin.
    #[arg(value_name = "REPORT.json")]
    pub report: String,
}

/// What turns an equation into numbers.
#[derive(Args, Debug)]
pub struct Model {
    /// The dimension N; that of the data if not given.
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    pub dim: Option<String>,
    /// The floating-point format of the kernel; f64 if not given, but `sample` takes f32 where that resolves the data.
    #[arg(long, value_enum)]
    pub precision: Option<Precision>,
    #[command(flatten)]
    pub set: Set,
}

impl Model {
    /// The precision that is asked for, else double.
    pub fn precision(&self) -> Precision {
        self.precision.unwrap_or(Precision::F64)
    }
}

#[derive(Args, Debug)]
pub struct Place {
    /// Where the field is evaluated: cpu, cuda (all GPUs; cuda:0,2 for those of these numbers), or auto: GPUs if there are any.
    #[arg(long, value_name = "DEVICE", default_value = "cpu")]
    pub device: String,
}

#[derive(Args, Debug)]
pub struct Set {
    /// Values of parameters, exact: m=0.5 or m=1/2; repeatable, or separated by commas.
    #[arg(long = "set", value_name = "NAME=VALUE,...", allow_hyphen_values = true)]
    pub values: Vec<String>,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Solver {
    /// Euler's method, order 1, fixed steps.
    Euler,
    /// Heun's method, order 2, fixed steps.
    Heun,
    /// The classical Runge-Kutta method, order 4, fixed steps.
    Rk4,
    /// Dormand-Prince, order 5, adaptive steps unless --steps is given.
    Dopri5,
    /// Tsitouras, order 5, adaptive steps unless --steps is given.
    Tsit5,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grid {
    /// Equal ratios.
    Log,
    /// Equal differences.
    Uniform,
    /// Equal differences of t^(1/rho), as in EDM.
    Power,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prior {
    /// One kernel about the mean of the data.
    Limit,
    /// A kernel about every data point: exactly p(., T).
    Mixture,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// IEEE 754 binary32.
    F32,
    /// IEEE 754 binary64.
    F64,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// KernelIr, the map-reduce form.
    Kernel,
    /// The body as Rust source, as `genphys!` compiles it.
    Rust,
    /// Cranelift's IR for this machine.
    Clif,
    /// Assembly for x86-64 with AVX2 and FMA, in Intel's syntax.
    Avx2,
    /// The field's text for NVIDIA's driver.
    Ptx,
    /// The report of `explain`.
    Json,
    /// The derivation as a LaTeX document.
    Latex,
}
