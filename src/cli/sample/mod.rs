//! `genphys sample SPEC`: from the equation to samples and a picture of them.

mod launch;
mod picture;
mod scale;
mod state;
mod summary;

pub use scale::Scale;

use super::arguments::{Grid, Precision, Prior, Sample, Solver};
use super::console::Console;
use super::device::Device;
use super::failure::Failure;
use super::progress::Meter;
use super::{Outcome, interrupt, model, numbers, points, spec};
use genphys::io::{npy_bytes, write_bytes};
use genphys::report::{Report, text};
use genphys_compiler::{Budget, analyze};
use genphys_runtime::data::Dataset;
use genphys_runtime::density::DensityField;
use genphys_runtime::model::Model;
use genphys_runtime::sampler::{
    self, Launcher, Proposal, SampleError, SampleOptions, SampleProblem, SampleRun, SampleState, Spacing, StepControl,
    StepVariable, Tableau, TimeGrid, Tolerances,
};
use ndarray::Array1;
use ndarray_npy::WriteNpyExt;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Runs the command.
pub fn run(command: &Sample, console: &Console) -> Result<Outcome, Failure> {
    let wanted = Wanted::read(command)?;
    let analysis = analyze(&spec::load(&command.spec)?, Budget::default())?;
    let report = Report::new(&analysis);
    console.say(&text::summary(&report, console.width()))?;
    let data = points::load(&command.data, command.weights.as_deref())?;
    let moving = model::to_sample(&analysis, &command.model, data.dim())?;
    // The flow is run in the frame and on the clock of its law; at the end, t -> 0, both are those of x and t.
    let model = moving.at_rest();
    check_writable(command)?;
    let precision = wanted.precision(command, &data);
    let device = Device::open(&command.place.device, console)?;
    let field = model::field(&model, &data, precision, &device)?;
    let heavier = model::heavier(&model, &data, precision, &device)?;
    let options = wanted.options(command, &moving, &data)?;
    console.say(&summary::compiled(&field, &data, &options, command))?;
    let kept = state::Kept::new(command, &report, &model, &data, &options, precision);
    let resumed = if command.resume { Some(kept.load()?) } else { None };
    interrupt::listen()?;
    let started = Instant::now();
    let law = model.forward_law();
    let proposal = heavier.as_ref().and_then(|field| Some(Proposal { field, law: law.heavier()? }));
    let problem = SampleProblem { field: &field, data: &data, law, proposal };
    let launcher = launch::launcher(&device, &problem, (&field, heavier.as_ref()), &options, console)?;
    let run = draw(&problem, launcher.as_deref(), &options, resumed, &kept)?;
    let seconds = started.elapsed().as_secs_f64();
    for note in field.note().into_iter().chain(launcher.as_deref().and_then(Launcher::note)) {
        console.note(&note);
    }
    let files = write(command, &report, &moving, &data, &options, &run)?;
    if command.resume {
        kept.remove();
    }
    let done = summary::Done {
        report: &report,
        data: &data,
        options: &options,
        field: &field,
        run: &run,
        seconds,
        files: &files,
    };
    if console.json() { console.print_json(&done.json()) } else { console.print(&done.text(console.width())) }?;
    Ok(Outcome::Expected)
}

/// The numbers of the command line, read before anything is computed.
struct Wanted {
    n: usize,
    seed: u64,
    steps: Option<usize>,
    spacing: Spacing,
    tolerance: f64,
    time: Option<f64>,
    end_time: Option<f64>,
}

impl Wanted {
    fn read(command: &Sample) -> Result<Wanted, Failure> {
        let size = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
        let time = |option, text: &Option<String>| text.as_deref().map(|t| numbers::positive(option, t)).transpose();
        Ok(Wanted {
            n: size(numbers::whole("-n", &command.n, 1)?),
            seed: numbers::whole("--seed", &command.seed, 0)?,
            steps: command.steps.as_deref().map(|text| numbers::whole("--steps", text, 1)).transpose()?.map(size),
            spacing: spacing(command)?,
            tolerance: numbers::positive("--tolerance", &command.tolerance)?,
            time: time("--time", &command.time)?,
            end_time: time("--end-time", &command.end_time)?,
        })
    }

    /// Single precision where its rounding is far below the steps and the lengths of the data, unless asked otherwise.
    fn precision(&self, command: &Sample, data: &Dataset) -> Precision {
        let adaptive = self.steps.is_none() && adapts(command.solver);
        let coarse = !adaptive || self.tolerance >= COARSE;
        let fits = data.points().iter().all(|x| x.abs() < FARTHEST);
        let automatic = if coarse && fits && Scale::of(data).is_resolved(f64::from(f32::EPSILON)) {
            Precision::F32
        } else {
            Precision::F64
        };
        command.model.precision.unwrap_or(automatic)
    }

    fn options(&self, command: &Sample, model: &Model, data: &Dataset) -> Result<SampleOptions, Failure> {
        let law = model.forward_law().subordinator;
        let scale = Scale::of(data);
        let t_max = self.time.map(|t| model.clock(t)).unwrap_or_else(|| scale.start(law, command.prior));
        let t_min = self.end_time.map(|t| model.clock(t)).unwrap_or_else(|| scale.end(law).min(1e-2 * t_max));
        if t_min >= t_max {
            return Err(Failure::input(format!("the flow cannot run back from --time {t_max} to {t_min}"))
                .help("choose --end-time below --time"));
        }
        let tableau = tableau(command.solver)?;
        let (spacing, steps) = (self.spacing, self.steps.unwrap_or(STEPS));
        let control = if self.steps.is_none() && adapts(command.solver) {
            let plain = Tolerances { atol: self.tolerance, rtol: self.tolerance, ..Tolerances::default() };
            StepControl::Adaptive(scale.tolerances(plain))
        } else {
            StepControl::Grid { spacing, steps }
        };
        // Adaptive steps are short wherever they must be; a grid is as good as its variable.
        let variable = match control {
            StepControl::Grid { .. } => model.forward_law().ray_variable(),
            StepControl::Adaptive(_) => StepVariable::LogTime,
        };
        let path = command.trajectory.as_ref().map(|_| TimeGrid { spacing, steps });
        let prior = match command.prior {
            Prior::Limit => sampler::Prior::Limit,
            Prior::Mixture => sampler::Prior::Mixture,
        };
        let equal_weights = !command.keep_weights;
        let plain = SampleOptions::new(self.n, t_max, t_min);
        Ok(SampleOptions { seed: self.seed, tableau, control, variable, prior, equal_weights, path, ..plain })
    }
}

/// Steps of a grid that was not given any.
const STEPS: usize = 64;

/// Adaptive steps to a tolerance below it need double precision.
const COARSE: f64 = 1e-5;

/// Squares of longer coordinates, spread by the prior, leave the range of single precision.
const FARTHEST: f64 = 1e15;

/// The grid of `--grid` and `--rho`.
fn spacing(command: &Sample) -> Result<Spacing, Failure> {
    let rho = numbers::positive("--rho", &command.rho)?;
    if rho < 1.0 {
        return Err(Failure::input(format!("--rho must be at least 1, found `{}`", command.rho)));
    }
    Ok(match command.grid {
        Grid::Log => Spacing::LogUniform,
        Grid::Uniform => Spacing::Uniform,
        Grid::Power => Spacing::Power { rho },
    })
}

/// The method of a name.
///
/// # Errors
/// [`Failure::Bug`] should the sampler not know it.
pub fn tableau(solver: Solver) -> Result<&'static Tableau, Failure> {
    let name = match solver {
        Solver::Euler => "euler",
        Solver::Heun => "heun",
        Solver::Rk4 => "rk4",
        Solver::Dopri5 => "dopri5",
        Solver::Tsit5 => "tsit5",
    };
    Tableau::by_name(name).ok_or_else(|| Failure::Bug(format!("no method is called {name}")))
}

/// Does the method choose its own steps where none are asked for?
fn adapts(solver: Solver) -> bool {
    matches!(solver, Solver::Dopri5 | Solver::Tsit5)
}

/// Samples can take minutes: better to learn now that their place cannot be written, or that two files have the same.
fn check_writable(command: &Sample) -> Result<(), Failure> {
    if let Some(picture) =
        picture_path(command).filter(|path| path.extension().is_none_or(|e| !e.eq_ignore_ascii_case("png")))
    {
        return Err(Failure::input(format!("`{}` is no .png file", picture.display()))
            .help("the samples are drawn as PNG; give --plot such a name, or --no-plot"));
    }
    let weights = command.keep_weights.then(|| beside(&command.out, "weights.npy"));
    let times = command.trajectory.as_ref().map(|path| beside(path, "times.npy"));
    let files = [
        ("the samples", Some(command.out.clone())),
        ("their weights", weights),
        ("the picture", picture_path(command)),
        ("the path", command.trajectory.clone()),
        ("its times", times),
    ];
    let files: Vec<(&str, PathBuf)> = files.into_iter().filter_map(|(what, path)| Some((what, path?))).collect();
    for (i, (what, path)) in files.iter().enumerate() {
        if let Some((other, _)) = files[..i].iter().find(|(_, taken)| taken == path) {
            return Err(Failure::input(format!("{other} and {what} would both be written to `{}`", path.display()))
                .help("give each a file of its own"));
        }
        genphys::io::probe(path)?;
    }
    Ok(())
}

fn draw(
    problem: &SampleProblem,
    launcher: Option<&dyn Launcher>,
    options: &SampleOptions,
    resumed: Option<SampleState>,
    kept: &state::Kept,
) -> Result<SampleRun, Failure> {
    if problem.infinite_variance() {
        anstream::eprintln!("warning: the weights have infinite variance: the prior of this flow is too light for it");
    }
    let steps = if let StepControl::Grid { steps, .. } = options.control { Some(steps) } else { None };
    let mut meter = Meter::start(steps);
    let mut watch = |now: sampler::Progress| {
        meter.step(now.step, now.of, now.fraction, now.t);
        if interrupt::asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let result = match (launcher, resumed) {
        (Some(launcher), resumed) => sampler::sample_launched(launcher, problem, options, resumed, &mut watch),
        (None, Some(state)) => sampler::sample_resume(problem, options, state, &mut watch),
        (None, None) => SampleState::draw_until(problem, options, &interrupt::asked)
            .and_then(|state| sampler::sample_resume(problem, options, state, &mut watch)),
    };
    meter.finish();
    result.map_err(|e| match e {
        SampleError::Interrupted(state) => kept.save(&state),
        SampleError::Stopped => Failure::Interrupted { saved: None },
        e => Failure::of_run("sampling failed: ", &e, "another --time, more --steps or --solver dopri5 may help"),
    })
}

fn save(path: &Path, array: &impl WriteNpyExt) -> Result<(), Failure> {
    let bytes = npy_bytes(array).map_err(|e| Failure::Bug(e.to_string()))?;
    Ok(write_bytes(path, &bytes)?)
}

/// `out/samples.npy` to `out/samples.<extension>`.
fn beside(out: &Path, extension: &str) -> PathBuf {
    out.with_extension(extension)
}

fn picture_path(command: &Sample) -> Option<PathBuf> {
    if command.no_plot { None } else { Some(command.plot.clone().unwrap_or_else(|| beside(&command.out, "png"))) }
}

/// Writes samples, weights and picture; returns what each is and where.
fn write(
    command: &Sample,
    report: &Report,
    model: &Model,
    data: &Dataset,
    options: &SampleOptions,
    run: &SampleRun,
) -> Result<Vec<(&'static str, PathBuf)>, Failure> {
    save(&command.out, &run.points)?;
    let mut files = vec![("samples", command.out.clone())];
    if command.keep_weights {
        let path = beside(&command.out, "weights.npy");
        let weights = Array1::from(summary::weights(run));
        save(&path, &weights)?;
        files.push(("weights", path));
    }
    if let (Some(to), Some(path), Some(grid)) = (&command.trajectory, &run.path, options.path) {
        let clock = grid.times(options.t_max, options.t_min);
        let times: Option<Vec<f64>> = clock.into_iter().map(|tau| model.time_of(tau)).collect();
        let times = times.ok_or_else(|| {
            Failure::input("the path begins at a time that the coefficients of the equation never reach")
                .help("choose a --time for it to begin at")
        })?;
        let mut path = path.clone();
        times.iter().zip(path.outer_iter_mut()).for_each(|(t, mut points)| model.place(*t, &mut points));
        save(to, &path)?;
        let file = beside(to, "times.npy");
        save(&file, &Array1::from(times))?;
        let times = file;
        files.extend([("trajectory", to.clone()), ("times", times)]);
    }
    if let Some(path) = picture_path(command) {
        write_bytes(&path, &picture::draw(report, data, options, run, command)?)?;
        files.push(("picture", path));
    }
    Ok(files)
}
