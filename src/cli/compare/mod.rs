//! `genphys compare SPEC SPEC ... --data D`: several equations from the same data, with the same number of evaluations.
//!
//! In:    equations, data, metrics, seeds.
//! Out:   a table of means with 95% intervals, on the terminal, as JSON, CSV and a picture.
//! Holds: every run of every equation takes the same steps of the same method, hence as many evaluations of its field (one
//!        more where the first weights need one);
//!        seed `s` of every equation is measured against the same real draw, and so is the floor: another real draw.

mod interval;
mod measure;
mod output;

use super::arguments::{self, Compare};
use super::console::Console;
use super::device::Device;
use super::failure::Failure;
use super::progress::Meter;
use super::sample::{Scale, tableau};
use super::{Outcome, interrupt, model, numbers, points, spec};
use genphys::report::Report;
use genphys_compiler::{Analysis, Budget, analyze};
use genphys_runtime::data::Dataset;
use genphys_runtime::density::DensityField;
use genphys_runtime::sampler::{
    self, Prior, Proposal, SampleError, SampleOptions, SampleProblem, SampleRun, Spacing, StepControl,
};
use measure::Yardstick;
use ndarray::Array2;
use std::ops::ControlFlow;
use std::time::Instant;

/// What a row of the table is about.
struct Row {
    name: String,
    equation: String,
    /// Evaluations of one run; 0 for the floor.
    evaluations: u64,
    /// The least effective part of the samples over the runs.
    effective: f64,
    /// For each metric the values of all seeds.
    values: Vec<Vec<f64>>,
}

/// The numbers of the command line.
struct Wanted {
    seeds: u64,
    n: usize,
    evaluations: u64,
}

/// Runs the command.
pub fn run(command: &Compare, console: &Console) -> Result<Outcome, Failure> {
    let wanted = Wanted::read(command)?;
    output::check(command)?;
    let data = points::load(&command.data, command.weights.as_deref())?;
    let analyses = command
        .specs
        .iter()
        .map(|text| Ok(analyze(&spec::load(text)?, Budget::default())?))
        .collect::<Result<Vec<Analysis>, Failure>>()?;
    known_settings(&analyses, &command.model.set.values)?;
    let yardstick = Yardstick::new(&data, &command.metric, wanted.n);
    let device = Device::open(&command.place.device, console)?;
    let contestants = analyses
        .iter()
        .map(|a| Contestant::new(a, command, &wanted, (&data, &device)))
        .collect::<Result<Vec<_>, _>>()?;
    interrupt::listen()?;
    let mut rows = vec![floor(&yardstick, &wanted)?];
    let started = Instant::now();
    let runs = usize::try_from(wanted.seeds).unwrap_or(usize::MAX).saturating_mul(contestants.len());
    let meter = Meter::series(runs);
    for (done, contestant) in contestants.iter().enumerate() {
        rows.push(contestant.measured(&yardstick, &wanted, &meter)?);
        let seconds = started.elapsed().as_secs_f64();
        let left = seconds / (done + 1) as f64 * (contestants.len() - done - 1) as f64;
        meter.line(&format!(
            "{}: {} runs; {} of {} equations in {seconds:.1} s, about {left:.1} s left",
            contestant.name,
            wanted.seeds,
            done + 1,
            contestants.len()
        ));
    }
    meter.finish();
    for contestant in &contestants {
        if let Some(note) = contestant.field.note() {
            console.note(&format!("{}: {note}", contestant.name));
        }
    }
    output::write(command, console, &data, &wanted, &rows)?;
    Ok(Outcome::Expected)
}

impl Wanted {
    fn read(command: &Compare) -> Result<Wanted, Failure> {
        Ok(Wanted {
            // An interval needs two values.
            seeds: numbers::whole("--seeds", &command.seeds, 2)?,
            n: usize::try_from(numbers::whole("-n", &command.n, 2)?).unwrap_or(usize::MAX),
            evaluations: numbers::whole("--evaluations", &command.evaluations, 1)?,
        })
    }
}

/// Two real draws of every seed, measured like samples.
fn floor(yardstick: &Yardstick, wanted: &Wanted) -> Result<Row, Failure> {
    let mut values = vec![Vec::new(); yardstick.metrics()];
    for seed in 0..wanted.seeds {
        let measured = yardstick.measure(seed, &yardstick.real(seed, 1)).map_err(|e| Failure::input(e.to_string()))?;
        values.iter_mut().zip(measured).for_each(|(values, value)| values.push(value));
    }
    let equation = "two real draws".to_owned();
    Ok(Row { name: "floor".into(), equation, evaluations: 0, effective: 1.0, values })
}

/// An equation with its field, ready to run.
struct Contestant<'a> {
    name: String,
    equation: String,
    model: genphys_runtime::model::Model,
    field: genphys_runtime::field::Field,
    heavier: Option<genphys_runtime::field::Field>,
    options: SampleOptions,
    data: &'a Dataset,
}

impl<'a> Contestant<'a> {
    fn new(
        analysis: &Analysis,
        command: &Compare,
        wanted: &Wanted,
        (data, device): (&'a Dataset, &Device),
    ) -> Result<Contestant<'a>, Failure> {
        let report = Report::new(analysis);
        let about = |failure: Failure| match failure {
            Failure::Input { message, help } => Failure::Input { message: format!("{}: {message}", report.name), help },
            other => other,
        };
        let own = settings_of(analysis, &command.model);
        // As in `sample`: in the frame and on the clock of its law.
        let model = model::new(analysis, &own, Some(data.dim())).map_err(about)?.at_rest();
        let field = model::field(&model, data, own.precision(), device).map_err(about)?;
        let heavier = model::heavier(&model, data, own.precision(), device).map_err(about)?;
        let law = model.forward_law().subordinator;
        let scale = Scale::of(data);
        let t_max = scale.start(law, arguments::Prior::Mixture);
        let t_min = scale.end(law).min(1e-2 * t_max);
        let tableau = tableau(command.solver)?;
        let each = tableau.stages() as u64 - u64::from(tableau.first_same_as_last());
        let steps = usize::try_from((wanted.evaluations / each).max(1)).unwrap_or(usize::MAX);
        let options = SampleOptions {
            tableau,
            control: StepControl::Grid { spacing: Spacing::LogUniform, steps },
            variable: model.forward_law().ray_variable(),
            prior: Prior::Mixture,
            // Pilot runs are evaluations too, which only some equations would make.
            candidates: 1,
            ..SampleOptions::new(wanted.n, t_max, t_min)
        };
        let values: Vec<&str> = own.set.values.iter().map(String::as_str).collect();
        // An equation given as such is called by its text.
        let own_name = analysis.equation.title.is_some() || report.name != UNNAMED;
        let name = if own_name { report.name } else { report.equation.clone() };
        let name = if values.is_empty() { name } else { format!("{name} ({})", values.join(", ")) };
        Ok(Contestant { name, equation: report.equation, model, field, heavier, options, data })
    }

    fn measured(&self, yardstick: &Yardstick, wanted: &Wanted, meter: &Meter) -> Result<Row, Failure> {
        let mut values = vec![Vec::new(); yardstick.metrics()];
        let (mut evaluations, mut effective) = (0, 1.0_f64);
        for seed in 0..wanted.seeds {
            let run = self.sample(seed)?;
            evaluations = run.stats.evaluations;
            effective = effective.min(run.ess / wanted.n as f64);
            let measured = yardstick.measure(seed, &run.points).map_err(|e| Failure::input(e.to_string()))?;
            values.iter_mut().zip(measured).for_each(|(values, value)| values.push(value));
            meter.run(&self.name);
        }
        let (name, equation) = (self.name.clone(), self.equation.clone());
        Ok(Row { name, equation, evaluations, effective, values })
    }

    fn sample(&self, seed: u64) -> Result<SampleRun, Failure> {
        let law = self.model.forward_law();
        let proposal = self.heavier.as_ref().and_then(|field| Some(Proposal { field, law: law.heavier()? }));
        let problem = SampleProblem { field: &self.field, data: self.data, law, proposal };
        let options = SampleOptions { seed, ..self.options };
        let run = sampler::sample(&problem, &options, &mut |_| {
            if interrupt::asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        run.map_err(|e| match e {
            SampleError::Interrupted(_) => Failure::Interrupted { saved: None },
            e => Failure::of_run(&format!("{}: sampling failed: ", self.name), &e, "more --evaluations may help"),
        })
    }
}

/// The options of the model with the settings that this equation has parameters for.
fn settings_of(analysis: &Analysis, all: &arguments::Model) -> arguments::Model {
    let settings = all.set.values.iter().flat_map(|text| text.split(','));
    let has = |setting: &&str| {
        let name = setting.split('=').next().unwrap_or("").trim();
        analysis.equation.parameter(name).is_some()
    };
    let values = settings.filter(has).map(str::to_owned).collect();
    arguments::Model { dim: all.dim.clone(), precision: all.precision, set: arguments::Set { values } }
}

/// A setting must be of use to at least one equation.
fn known_settings(analyses: &[Analysis], settings: &[String]) -> Result<(), Failure> {
    for setting in settings.iter().flat_map(|text| text.split(',')) {
        let name = setting.split('=').next().unwrap_or("").trim();
        if !analyses.iter().any(|a| a.equation.parameter(name).is_some()) {
            return Err(Failure::input(format!("none of the equations has a parameter `{name}`")));
        }
    }
    Ok(())
}

/// What a report calls an equation without a name.
const UNNAMED: &str = "equation";

/// The points of one run or one draw, `[n, N]`.
type Points = Array2<f64>;
