//! Runs whose steps are taken many at a time by a device, which may draw the prior too.
//!
//! In:    a [`Launcher`] beside problem and options.
//! Out:   as of [`sample`](super::sample).
//! Holds: samples are a function of problem, options and device alone; how many steps a launch takes changes no bit, so an interrupted run
//!        goes on as if it had not been interrupted. A particle that a launch loses to underflow is taken through the same steps by the field.
//!
//! # Weights
//!
//! With a proposal, particles run to the end, where their weights are exact; there, where those are uneven, the population is chosen among
//! [`SampleOptions::candidates`] times as many by these weights, not by what a pilot run makes of them. Without a proposal, a
//! field that branches is taken step by step, so that the population is looked after before every step.

use std::ops::{ControlFlow, Range};

use ndarray::{Array2, ArrayView2, Axis, concatenate, s};

use super::error::SampleError;
use super::lookahead;
use super::options::{SampleOptions, SampleProblem, check};
use super::run::{Progress, Run, SampleRun, sample, sample_resume};
use super::schedule::StepControl;
use super::solver::Integrator;
use super::state::SampleState;
use crate::density::{FieldError, StepPlan};

/// A device that takes a population through many steps at once.
pub trait Launcher: Sync {
    /// The most steps that so many particles are to take at once, so that a launch ends in a fraction of a second.
    fn steps_at_once(&self, particles: usize) -> usize;

    /// Whether the device draws the prior of its problem.
    fn draws(&self) -> bool;

    /// Takes particles through the steps. Those whose sums lose digits come back as numbers that are not finite.
    ///
    /// # Errors
    /// [`FieldError::Device`].
    fn launch(&self, start: Start, plans: &[StepPlan]) -> Result<Population, FieldError>;

    /// What a user should know of the launches so far, in one line: that memory ran short, for instance.
    fn note(&self) -> Option<String> {
        None
    }
}

/// Where particles are before the steps.
#[derive(Clone, Debug)]
pub enum Start {
    /// Drawn from the prior, the particles of these numbers, with the weights that the proposal asks for.
    Drawn(Range<usize>),
    /// At these points, `[n, N]`, with these log weights.
    At(Array2<f64>, Vec<f64>),
}

impl Start {
    /// The number of particles.
    pub fn len(&self) -> usize {
        match self {
            Start::Drawn(rows) => rows.len(),
            Start::At(points, _) => points.nrows(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Some of them.
    pub fn part(&self, rows: Range<usize>) -> Start {
        match self {
            Start::Drawn(all) => Start::Drawn(all.start + rows.start..all.start + rows.end),
            Start::At(points, log_weights) => {
                Start::At(points.slice(s![rows.clone(), ..]).to_owned(), log_weights[rows].to_vec())
            }
        }
    }
}

/// Where they are after the steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Population {
    /// `[n, N]`.
    pub points: Array2<f64>,
    /// `[n]`.
    pub log_weights: Vec<f64>,
    /// Where the particles were drawn, `[n, N]`.
    pub prior_points: Option<Array2<f64>>,
}

impl Population {
    /// Populations one behind the other.
    ///
    /// # Errors
    /// [`FieldError::Device`] when there are none, or their dimensions differ.
    pub fn joined(mut parts: Vec<Population>) -> Result<Population, FieldError> {
        // A single part, which is what there mostly is, stays where it is.
        if parts.len() == 1
            && let Some(part) = parts.pop()
        {
            return Ok(part);
        }
        let below = |arrays: Vec<ArrayView2<f64>>| {
            concatenate(Axis(0), &arrays).map_err(|e| FieldError::Device { message: e.to_string() })
        };
        let prior_points: Option<Vec<_>> =
            parts.iter().map(|part| part.prior_points.as_ref().map(|points| points.view())).collect();
        Ok(Population {
            points: below(parts.iter().map(|part| part.points.view()).collect())?,
            log_weights: parts.iter().flat_map(|part| part.log_weights.iter().copied()).collect(),
            prior_points: prior_points.map(below).transpose()?,
        })
    }
}

/// As [`sample`], or for a state as [`sample_resume`], with the steps taken by a device; where the options need the field step by step, by
/// the field.
///
/// # Errors
/// As [`sample_resume`].
pub fn sample_launched(
    launcher: &dyn Launcher,
    problem: &SampleProblem,
    options: &SampleOptions,
    resumed: Option<SampleState>,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<SampleRun, SampleError> {
    check(problem, options)?;
    let is_on_grid = matches!(options.control, StepControl::Grid { .. }) && options.path.is_none();
    let is_fresh = resumed.as_ref().is_none_or(|state| state.step == 0);
    match (problem.proposal, resumed) {
        (Some(_), _) if is_on_grid && is_fresh && launcher.draws() => weighted(launcher, problem, options, progress),
        (None, resumed) if is_on_grid => {
            let mut run = match resumed {
                Some(state) => Run::new(problem, options, state)?,
                None if launcher.draws() => drawn(launcher, problem, options, 0..options.n)?,
                None => Run::new(problem, options, SampleState::draw(problem, options)?)?,
            };
            match to_the_end(&mut run, launcher, progress)? {
                ControlFlow::Continue(()) => run.finish(),
                ControlFlow::Break(()) => Err(SampleError::Interrupted(Box::new(run.state))),
            }
        }
        (_, Some(state)) => sample_resume(problem, options, state, progress),
        (_, None) => sample(problem, options, progress),
    }
}

/// Draws and runs a population to the end, and as many more as its weights ask for.
fn weighted(
    launcher: &dyn Launcher,
    problem: &SampleProblem,
    options: &SampleOptions,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<SampleRun, SampleError> {
    let mut whole = |rows: Range<usize>| -> Result<Run, SampleError> {
        let mut run = drawn(launcher, problem, options, rows)?;
        match to_the_end(&mut run, launcher, progress)? {
            ControlFlow::Continue(()) => Ok(run),
            // The population cannot be chosen yet, so that the run will have to begin again.
            ControlFlow::Break(()) => Err(SampleError::Interrupted(Box::new(SampleState::draw(problem, options)?))),
        }
    };
    let n = options.n;
    let mut run = whole(0..n)?;
    if lookahead::wants_more(problem, options, &run.state.log_weights) {
        let more = whole(n..n.saturating_mul(options.candidates))?;
        let worth = [run.state.log_weights.as_slice(), &more.state.log_weights].concat();
        lookahead::pick(options, &mut run.state, more.state, &worth);
        run.counted = run.state.stats.evaluations;
    }
    run.finish()
}

/// Draws particles and takes them through the first steps.
fn drawn<'a>(
    launcher: &dyn Launcher,
    problem: &'a SampleProblem<'a>,
    options: &'a SampleOptions,
    rows: Range<usize>,
) -> Result<Run<'a>, SampleError> {
    let mut integrator = Integrator::new(problem.field, options.tableau, options.variable);
    let n = rows.len();
    let steps = 0..at_once(launcher, problem, options, n, 0);
    let (plans, times) = plans(&mut integrator, options, steps.clone());
    problem.field.prepare(&plans.iter().flat_map(|plan| plan.times.clone()).collect::<Vec<f64>>());
    let failed = |source| SampleError::Field { step: 0, t: options.t_max, source };
    let mut population = launcher.launch(Start::Drawn(rows), &plans).map_err(failed)?;
    let prior_points = population.prior_points.take().unwrap_or_else(|| Array2::zeros((0, problem.data.dim())));
    let mut state = SampleState::at_prior(problem, options, prior_points);
    if let Some(particle) = state.first_nonfinite() {
        return Err(SampleError::Diverged { step: 0, t: options.t_max, particle });
    }
    let lost = population.lost();
    if !lost.is_empty() {
        let mut few = SampleState::at_prior(problem, options, state.points.select(Axis(0), &lost));
        few.weigh(problem).map_err(failed)?;
        repeat(problem, options, (&lost, few.points, few.log_weights), steps.clone(), &mut population)?;
    }
    state.stats.proposal_evaluations += u64::from(problem.proposal.is_some());
    state.advance(population, steps.len(), times.last().copied().unwrap_or(options.t_max));
    state.stats.evaluations += (options.tableau.stages() * steps.len()) as u64;
    if let Some(particle) = state.first_nonfinite() {
        return Err(SampleError::Diverged { step: 0, t: options.t_max, particle });
    }
    Ok(Run::of(problem, options, state))
}

/// Takes the population to the end, launch by launch.
fn to_the_end(
    run: &mut Run,
    launcher: &dyn Launcher,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, SampleError> {
    let mut flow = progress(run.progress());
    while run.state.t > run.options.t_min && flow.is_continue() {
        if run.problem.proposal.is_none() {
            run.control_population()?;
        }
        advance(run, launcher)?;
        flow = progress(run.progress());
    }
    Ok(if run.state.t > run.options.t_min { flow } else { ControlFlow::Continue(()) })
}

/// The next launch.
fn advance(run: &mut Run, launcher: &dyn Launcher) -> Result<(), SampleError> {
    let (problem, options) = (run.problem, run.options);
    let first = run.state.step;
    let steps = first..first + at_once(launcher, problem, options, run.state.points.nrows(), first);
    let (plans, times) = plans(&mut run.integrator, options, steps.clone());
    problem.field.prepare(&plans.iter().flat_map(|plan| plan.times.clone()).collect::<Vec<f64>>());
    let start = Start::At(run.state.points.clone(), run.state.log_weights.clone());
    let mut population = launcher.launch(start, &plans).map_err(|source| run.state.field_error(source))?;
    let lost = population.lost();
    if !lost.is_empty() {
        let points = run.state.points.select(Axis(0), &lost);
        let log_weights = lost.iter().map(|row| run.state.log_weights[*row]).collect();
        repeat(problem, options, (&lost, points, log_weights), steps.clone(), &mut population)?;
    }
    let before = run.state.t;
    run.state.advance(population, steps.len(), times.last().copied().unwrap_or(before));
    run.counted += (options.tableau.stages() * steps.len()) as u64;
    run.integrator.forget();
    run.count_evaluations();
    match run.state.first_nonfinite() {
        Some(particle) => Err(SampleError::Diverged { step: first, t: before, particle }),
        None => Ok(()),
    }
}

/// How many steps to take now.
fn at_once(
    launcher: &dyn Launcher,
    problem: &SampleProblem,
    options: &SampleOptions,
    particles: usize,
    step: usize,
) -> usize {
    let StepControl::Grid { steps, .. } = options.control else { return 0 };
    let most = if problem.field.branches() && problem.proposal.is_none() { 1 } else { usize::MAX };
    launcher.steps_at_once(particles).min(most).min(steps - step).max(1)
}

/// The plans of steps, and the time at the end of each.
fn plans(integrator: &mut Integrator, options: &SampleOptions, steps: Range<usize>) -> (Vec<StepPlan>, Vec<f64>) {
    let spans: Vec<(f64, f64)> = steps.map(|step| span(options, step)).collect();
    integrator.forget();
    (spans.iter().map(|span| integrator.plan(*span)).collect(), spans.iter().map(|span| span.1).collect())
}

fn span(options: &SampleOptions, step: usize) -> (f64, f64) {
    match options.control {
        StepControl::Grid { spacing, steps } => {
            let time = |step| spacing.time(step, steps, options.t_max, options.t_min);
            (time(step), time(step + 1))
        }
        StepControl::Adaptive(_) => (options.t_max, options.t_min),
    }
}

/// Takes some particles through the steps by the field.
fn repeat(
    problem: &SampleProblem,
    options: &SampleOptions,
    (rows, mut points, mut log_weights): (&[usize], Array2<f64>, Vec<f64>),
    steps: Range<usize>,
    population: &mut Population,
) -> Result<(), SampleError> {
    let mut integrator = Integrator::new(problem.field, options.tableau, options.variable);
    for step in steps {
        let (t0, t1) = span(options, step);
        let attempt = integrator.attempt((t0, t1), &points, &log_weights);
        let attempt = attempt.map_err(|source| SampleError::Field { step, t: t0, source })?;
        integrator.accept();
        (points, log_weights) = (attempt.points, attempt.log_weights);
    }
    for (from, row) in rows.iter().enumerate() {
        population.points.row_mut(*row).assign(&points.row(from));
        population.log_weights[*row] = log_weights[from];
    }
    Ok(())
}

impl Population {
    /// The particles that a launch has lost.
    fn lost(&self) -> Vec<usize> {
        let rows = self.points.rows().into_iter().zip(&self.log_weights).enumerate();
        rows.filter(|(_, (x, w))| !(w.is_finite() && x.iter().all(|x| x.is_finite()))).map(|(row, _)| row).collect()
    }
}
