//! The run: from the prior at `T`, step by step, to samples at `t_min`.
//!
//! In:    [`SampleProblem`], [`SampleOptions`], and a function that is told of every step and may stop the run.
//! Out:   [`SampleRun`], or [`SampleError::Interrupted`] with a [`SampleState`] that [`sample_resume`] takes up.
//! Holds: samples are a function of problem and options alone: not of threads, nor of interruptions.
//! Source: GenPhys (arXiv:2304.02637), Algorithm 1, step 5; module [`super`] for weights and twist.

use std::ops::ControlFlow;

use ndarray::{Array2, Axis, Zip};

use super::branching::{self, Resampling, all_equal, effective_sample_size};
use super::error::SampleError;
use super::options::{SampleOptions, SampleProblem, check};
use super::prior;
use super::rng::{Purpose, open_unit, stream};
use super::schedule::{Controller, StepControl, Tolerances};
use super::solver::{Attempt, Integrator};
use crate::density::{Evaluation, FieldError, check_evaluation};

/// Draws `options.n` samples: the prior at `t_max`, carried backward to `t_min`.
///
/// `progress` is called after every step; when it breaks, the run ends with [`SampleError::Interrupted`].
///
/// # Errors
/// [`SampleError`]: wrong options or problem before anything runs; a field that cannot be evaluated; tolerances that
/// cannot be met; an interruption.
pub fn sample(
    problem: &SampleProblem,
    options: &SampleOptions,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<SampleRun, SampleError> {
    let state = SampleState::draw(problem, options)?;
    sample_resume(problem, options, state, progress)
}

/// Takes up a run where `state` left it; the samples are those of the uninterrupted run, bit for bit.
///
/// # Errors
/// As [`sample`], and [`SampleError::WrongState`] when the state is not one of this problem and these options.
pub fn sample_resume(
    problem: &SampleProblem,
    options: &SampleOptions,
    state: SampleState,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<SampleRun, SampleError> {
    check(problem, options)?;
    state.check(problem, options)?;
    let mut run = Run {
        problem,
        options,
        integrator: Integrator::new(problem.field, options.tableau, options.variable),
        counted: state.stats.evaluations,
        state,
    };
    while run.state.t > options.t_min {
        run.control_population()?;
        run.step()?;
        if progress(run.progress()).is_break() {
            return Err(SampleError::Interrupted(Box::new(run.state)));
        }
    }
    run.finish()
}

/// What a run tells after each step.
#[derive(Debug, Clone, Copy)]
pub struct Progress<'a> {
    /// Steps taken.
    pub step: usize,
    /// Steps in all; unknown for an adaptive step size.
    pub of: Option<usize>,
    /// The time reached.
    pub t: f64,
    /// The part of the way done, from 0 to 1, in the step variable.
    pub fraction: f64,
    /// Field evaluations of the whole population so far.
    pub evaluations: u64,
    /// Points and weights as they are now; copy from here what a trajectory needs.
    pub state: &'a SampleState,
}

/// Everything a run carries from one step to the next.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleState {
    /// The time reached.
    pub t: f64,
    /// Steps taken.
    pub step: usize,
    /// The particles, `[n, N]`.
    pub points: Array2<f64>,
    /// Their log weights, `[n]`: absolute, so that the mean weight estimates the mass of `p(., t)`.
    pub log_weights: Vec<f64>,
    /// Where each particle's path began at `t_max`, `[n, N]`.
    pub prior_points: Array2<f64>,
    /// The step size controller; of no effect on a fixed grid.
    pub controller: Controller,
    /// What happened so far.
    pub stats: SampleStats,
}

/// What happened in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SampleStats {
    /// Evaluations of the field, each of the whole population.
    pub evaluations: u64,
    /// Evaluations of the proposal's field.
    pub proposal_evaluations: u64,
    /// Steps accepted.
    pub accepted: usize,
    /// Steps rejected by the error estimate.
    pub rejected: usize,
    /// Resamplings, the last one to equal weights included.
    pub resamplings: usize,
    /// Particles born by resampling.
    pub births: usize,
    /// Particles that died by resampling; as many as were born.
    pub deaths: usize,
}

/// Samples, and how they came about.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleRun {
    /// The samples, `[n, N]`.
    pub points: Array2<f64>,
    /// Their log weights, `[n]`; all equal after a last resampling.
    pub log_weights: Vec<f64>,
    /// Where each sample's path began at `t_max`, `[n, N]`.
    pub prior_points: Array2<f64>,
    /// Effective sample size at the end, before the last resampling to equal weights; `n` without weights.
    pub ess: f64,
    /// Log of the mean weight: an estimate of `log exp(-lambda(0) t_min)`, close to 0.
    pub log_mass: f64,
    /// What happened on the way.
    pub stats: SampleStats,
}

impl SampleState {
    /// The beginning of a run: the prior, drawn, with its weights.
    ///
    /// # Errors
    /// [`SampleError`] for options or a problem that cannot be run, or a field that cannot be evaluated at `t_max`.
    pub fn draw(problem: &SampleProblem, options: &SampleOptions) -> Result<SampleState, SampleError> {
        check(problem, options)?;
        let SampleOptions { n, seed, t_max, t_min, prior, variable, .. } = *options;
        let drawn_from = problem.proposal.map_or(problem.law, |proposal| proposal.law);
        let points = prior::draw(prior, &drawn_from, problem.data, t_max, n, seed);
        let mut state = SampleState {
            t: t_max,
            step: 0,
            prior_points: points.clone(),
            points,
            log_weights: vec![drawn_from.log_mass(t_max); n],
            controller: Controller::start(variable.from_time(t_max) - variable.from_time(t_min)),
            stats: SampleStats::default(),
        };
        if let Some(particle) = state.first_nonfinite() {
            return Err(SampleError::Diverged { step: 0, t: t_max, particle });
        }
        if let Some(log_q) = state.log_proposal(problem).map_err(|source| state.field_error(source))? {
            let mut here = Evaluation::new(n, problem.data.dim());
            let evaluated = problem.field.evaluate(t_max, state.points.view(), &mut here);
            evaluated.and_then(|()| check_evaluation(t_max, &here)).map_err(|source| state.field_error(source))?;
            state.stats.evaluations += 1;
            // w = p/q times the mass of q, as the draws are of q divided by its mass.
            for ((log_w, log_q), log_p) in state.log_weights.iter_mut().zip(log_q).zip(&here.log_p) {
                *log_w += log_p - log_q;
            }
        }
        Ok(state)
    }

    /// `log q` of the proposal at the present points, if there is a proposal.
    fn log_proposal(&mut self, problem: &SampleProblem) -> Result<Option<Vec<f64>>, FieldError> {
        let Some(proposal) = problem.proposal else { return Ok(None) };
        let mut out = Evaluation::new(self.points.nrows(), self.points.ncols());
        proposal.field.evaluate(self.t, self.points.view(), &mut out)?;
        check_evaluation(self.t, &out)?;
        self.stats.proposal_evaluations += 1;
        Ok(Some(out.log_p))
    }

    fn field_error(&self, source: FieldError) -> SampleError {
        SampleError::Field { step: self.step, t: self.t, source }
    }

    fn check(&self, problem: &SampleProblem, options: &SampleOptions) -> Result<(), SampleError> {
        let shape = (options.n, problem.data.dim());
        let refuse = |reason| Err(SampleError::WrongState { reason });
        if self.points.dim() != shape || self.prior_points.dim() != shape || self.log_weights.len() != options.n {
            return refuse("its shape is another");
        }
        if !(options.t_min <= self.t && self.t <= options.t_max) {
            return refuse("its time is outside the run");
        }
        if self.first_nonfinite().is_some() {
            return refuse("it holds a number that is not finite");
        }
        let Controller { step, previous_error, .. } = self.controller;
        if !(step > 0.0 && step.is_finite() && previous_error > 0.0 && previous_error.is_finite()) {
            return refuse("its step size is not positive and finite");
        }
        match options.control {
            StepControl::Grid { spacing, steps }
                if spacing.time(self.step, steps, options.t_max, options.t_min) != self.t =>
            {
                refuse("its time is not on the grid")
            }
            _ => Ok(()),
        }
    }

    fn first_nonfinite(&self) -> Option<usize> {
        let rows = self.points.rows().into_iter().zip(&self.log_weights);
        rows.into_iter().position(|(row, log_w)| !(log_w.is_finite() && row.iter().all(|x| x.is_finite())))
    }
}

struct Run<'a> {
    problem: &'a SampleProblem<'a>,
    options: &'a SampleOptions,
    integrator: Integrator<'a>,
    /// Evaluations made before this run's integrator began to count.
    counted: u64,
    state: SampleState,
}

impl Run<'_> {
    /// Resamples on the twisted weights when both they and the plain ones have degenerated.
    fn control_population(&mut self) -> Result<(), SampleError> {
        let threshold = self.options.resample_below * self.options.n as f64;
        if !self.weighted() || effective_sample_size(&self.state.log_weights) >= threshold {
            return Ok(());
        }
        let here = self.integrator.here(self.state.t, &self.state.points);
        let log_p = here.map_err(|source| self.state.field_error(source))?.log_p.clone();
        let log_q = self.state.log_proposal(self.problem).map_err(|source| self.state.field_error(source))?;
        let twisted = match log_q {
            None => self.state.log_weights.clone(),
            Some(log_q) => {
                let factors = log_q.iter().zip(&log_p).map(|(log_q, log_p)| log_q - log_p);
                self.state.log_weights.iter().zip(factors).map(|(log_w, factor)| log_w + factor).collect()
            }
        };
        if effective_sample_size(&twisted) < threshold {
            self.resample(&twisted);
        }
        self.count_evaluations();
        Ok(())
    }

    /// Whether particles have weights at all.
    fn weighted(&self) -> bool {
        self.problem.field.branches() || self.problem.proposal.is_some()
    }

    fn resample(&mut self, twisted: &[f64]) {
        let state = &mut self.state;
        let offset = open_unit(&mut stream(self.options.seed, Purpose::Resampling, state.stats.resamplings as u64));
        let Resampling { ancestors, log_weights, births } = branching::resample(&state.log_weights, twisted, offset);
        state.points = state.points.select(Axis(0), &ancestors);
        state.prior_points = state.prior_points.select(Axis(0), &ancestors);
        state.log_weights = log_weights;
        state.stats.resamplings += 1;
        state.stats.births += births;
        state.stats.deaths += births;
        self.integrator.permute(&ancestors);
    }

    fn step(&mut self) -> Result<(), SampleError> {
        let (t, attempt) = match self.options.control {
            StepControl::Grid { spacing, steps } => {
                let t = spacing.time(self.state.step + 1, steps, self.options.t_max, self.options.t_min);
                (t, self.attempt(t)?)
            }
            StepControl::Adaptive(tolerances) => self.adaptive_step(&tolerances)?,
        };
        self.integrator.accept();
        self.count_evaluations();
        let before = std::mem::replace(&mut self.state.t, t);
        self.state.points = attempt.points;
        self.state.log_weights = attempt.log_weights;
        if let Some(particle) = self.state.first_nonfinite() {
            return Err(SampleError::Diverged { step: self.state.step, t: before, particle });
        }
        self.state.step += 1;
        self.state.stats.accepted += 1;
        Ok(())
    }

    /// Attempts steps until the error estimate accepts one.
    fn adaptive_step(&mut self, tolerances: &Tolerances) -> Result<(f64, Attempt), SampleError> {
        let SampleOptions { t_min, variable, tableau, .. } = *self.options;
        loop {
            let (t0, attempts) = (self.state.t, self.state.stats.accepted + self.state.stats.rejected);
            if attempts >= tolerances.max_steps {
                return Err(SampleError::TooManySteps { attempts, t: t0 });
            }
            let (u, end) = (variable.from_time(t0), variable.from_time(t_min));
            let last = self.state.controller.step >= u - end;
            let t1 = if last { t_min } else { variable.to_time(u - self.state.controller.step) };
            if t1 >= t0 {
                return Err(SampleError::StepTooSmall { t: t0 });
            }
            let attempt = self.attempt(t1)?;
            let error = self.integrator.error(&attempt, &self.state.points, tolerances);
            if last {
                self.state.controller.step = u - end;
            }
            if self.state.controller.decide(tableau, error) {
                return Ok((t1, attempt));
            }
            self.state.stats.rejected += 1;
        }
    }

    fn attempt(&mut self, t1: f64) -> Result<Attempt, SampleError> {
        let SampleState { t, points, log_weights, .. } = &self.state;
        self.integrator.attempt((*t, t1), points, log_weights).map_err(|source| self.state.field_error(source))
    }

    fn count_evaluations(&mut self) {
        self.state.stats.evaluations = self.counted + self.integrator.evaluations;
    }

    fn progress(&self) -> Progress<'_> {
        let SampleOptions { t_max, t_min, variable, control, .. } = *self.options;
        let u = |t: f64| variable.from_time(t);
        Progress {
            step: self.state.step,
            of: match control {
                StepControl::Grid { steps, .. } => Some(steps),
                StepControl::Adaptive(_) => None,
            },
            t: self.state.t,
            fraction: (u(t_max) - u(self.state.t)) / (u(t_max) - u(t_min)),
            evaluations: self.state.stats.evaluations,
            state: &self.state,
        }
    }

    /// The denoising last step, and the last resampling.
    fn finish(mut self) -> Result<SampleRun, SampleError> {
        if let (true, Some(a)) = (self.options.denoise, self.problem.field.displacement_rate(self.state.t)) {
            let here = self.integrator.here(self.state.t, &self.state.points);
            let v = here.map_err(|source| self.state.field_error(source))?.v.view();
            // v = a (x - E[y | x]).
            Zip::from(&mut self.state.points).and(v).par_for_each(|x, v| *x -= v / a);
            self.count_evaluations();
        }
        let ess = effective_sample_size(&self.state.log_weights);
        if self.options.equal_weights && !all_equal(&self.state.log_weights) {
            self.resample(&self.state.log_weights.clone());
        }
        let SampleState { points, log_weights, prior_points, stats, .. } = self.state;
        let log_mass = branching::log_mean_weight(&log_weights);
        Ok(SampleRun { points, log_weights, prior_points, ess, log_mass, stats })
    }
}
