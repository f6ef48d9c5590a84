//! Fields and samplers on a GPU: pairs per second beside the device's multiply-adds, the CPU and PyTorch, all in the same run.
//!
//! `cargo bench --bench gpu` prints Markdown tables; docs/gpu.md says what their columns mean, and how to run this where there is no Rust. Without a
//! GPU it says so in one line and ends well. PyTorch is asked only where `python3 -c "import torch"` works.

mod cases;
mod peak;
mod sampler;
mod torch;

use std::time::Instant;

use genphys_compiler::codegen::ptx::Ptx;
use genphys_compiler::kernel::Precision;
use genphys_runtime::density::{DensityField, Evaluation};
use genphys_runtime::field::Field;
use genphys_runtime::gpu::Device;
use genphys_runtime::launch::Reduction;
use ndarray::{ArrayView2, Axis, s};

use cases::{CASES, Case, Setup};

type Failure = Box<dyn std::error::Error>;

/// Runs of which the fastest counts.
const RUNS: usize = 7;
/// Queries that the CPU takes, which needs longer.
const CPU_QUERIES: usize = 512;

fn main() -> Result<(), Failure> {
    // Cargo's own arguments, and a part of the names of cases.
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    let device = match Device::open(0) {
        Ok(device) => device,
        Err(why) => {
            println!("skipped: {why}, so nothing was measured");
            return Ok(());
        }
    };
    let peak = peak::multiply_adds(&device)?;
    println!("{}: {:.2} T multiply-adds per second in f32, measured\n", device.name(), peak / 1e12);
    let cases: Vec<Setup> =
        CASES.iter().filter(|case| case.name.contains(&filter)).map(Setup::new).collect::<Result<_, _>>()?;
    let torch = torch::times(&cases);
    if let Err(why) = &torch {
        println!("PyTorch was not measured: {why}\n");
    }
    println!(
        "| field, f32 | sources x queries | pairs/s | of the FMA limit | whole call | CPU | PyTorch eager | compiled | times eager | times compiled |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    let mut remarks = Vec::new();
    for (index, setup) in cases.iter().enumerate() {
        let times = Times::of(&device, setup)?;
        let beside = torch.as_ref().ok().and_then(|lines| lines.get(index));
        println!("{}", times.row(setup.case, peak, beside));
        remarks.extend(times.remarks(setup.case, beside));
    }
    println!();
    remarks.iter().for_each(|remark| println!("{remark}\n"));
    sampler::table(&device)
}

/// What one case takes: seconds for all its queries, and the velocities at the first.
struct Times {
    launch: f64,
    whole: f64,
    cpu: f64,
    operations: f64,
    v: Vec<f64>,
    v_of_cpu: Vec<f64>,
}

impl Times {
    fn of(device: &Device, Setup { case, data, queries, weights, model }: &Setup) -> Result<Times, Failure> {
        let field = Field::on(std::slice::from_ref(device), model, data.view(), weights, Precision::F32)?;
        let mut out = Evaluation::new(case.queries, case.dim);
        let whole = evaluated(&field, case.t, queries.view(), &mut out)?;
        let v = out.v.row(0).to_vec();
        let on_cpu = Field::new(model, data.view(), weights, Precision::F32)?;
        let few = queries.slice(s![..CPU_QUERIES.min(case.queries), ..]);
        let cpu = evaluated(&on_cpu, case.t, few, &mut out)? / few.nrows() as f64 * case.queries as f64;
        let program = field.program();
        let (kernel, uniforms) = match &program.linear {
            Some(linear) => (linear, program.linear_uniforms(case.t)),
            None => (&program.kernel, program.uniforms(case.t)),
        };
        // As the field does, about the center of the data.
        let center = data.mean_axis(Axis(0)).ok_or("there are no data")?;
        let log_weights: Vec<f64> = weights.iter().map(|w| w.ln()).collect();
        let reduction = Reduction::new(device, Ptx::default(), kernel, (data - &center).view(), &log_weights)?;
        let launch = reduction.launch_seconds(&uniforms, (queries - &center).view(), RUNS)?;
        let operations = cases::operations_per_pair(kernel, case.dim)?;
        Ok(Times { launch, whole, cpu, operations, v, v_of_cpu: out.v.row(0).to_vec() })
    }

    fn row(&self, case: Case, peak: f64, torch: Option<&torch::Line>) -> String {
        let cell = |value: Option<f64>, text: fn(f64) -> String| value.map_or("-".to_owned(), text);
        let rate =
            |seconds: Option<f64>| cell(seconds.map(|seconds| case.pairs() / seconds), |rate| format!("{rate:.3e}"));
        let times =
            |seconds: Option<f64>| cell(seconds.map(|seconds| seconds / self.launch), |times| format!("{times:.1}"));
        let limit = peak / self.operations;
        let share = format!("{:.0} %", 100.0 * case.pairs() / self.launch / limit);
        let (eager, compiled) = torch.map_or((None, None), |line| (line.eager, line.compiled));
        let size = format!("{} x {}", case.sources, case.queries);
        let rates = [Some(self.whole), Some(self.cpu), eager, compiled].map(rate);
        let cells = [case.name.to_owned(), size, rate(Some(self.launch)), share];
        let ratios = [times(eager), times(compiled)];
        format!("| {} |", cells.into_iter().chain(rates).chain(ratios).collect::<Vec<_>>().join(" | "))
    }

    /// Where another route has another velocity, so that the times are not of the same work; and why PyTorch has no time.
    fn remarks(&self, case: Case, torch: Option<&torch::Line>) -> Vec<String> {
        let scale = self.v.iter().fold(1e-3, |m: f64, v| m.max(v.abs()));
        let is_close = |theirs: &[f64]| {
            theirs.len() == self.v.len() && self.v.iter().zip(theirs).all(|(a, b)| (a - b).abs() < 1e-2 * scale)
        };
        let mut remarks = Vec::new();
        let routes = [("the CPU", Some(&self.v_of_cpu)), ("PyTorch", torch.map(|line| &line.v))];
        for (whose, v) in routes.into_iter().filter_map(|(whose, v)| Some((whose, v?))) {
            if !is_close(v) {
                remarks.push(format!("{}: the velocity of {whose} is {v:?}, not {:?}", case.name, self.v));
            }
        }
        let why = torch.map(|line| line.why.as_str()).filter(|why| !why.is_empty());
        remarks.extend(why.map(|why| format!("{}: {why}", case.name)));
        remarks
    }
}

/// Seconds of a whole call, the fastest of several.
fn evaluated(field: &Field, t: f64, queries: ArrayView2<f64>, out: &mut Evaluation) -> Result<f64, Failure> {
    let mut fastest = f64::INFINITY;
    for _ in 0..RUNS {
        let started = Instant::now();
        field.evaluate(t, queries, out)?;
        fastest = fastest.min(started.elapsed().as_secs_f64());
    }
    Ok(fastest)
}
