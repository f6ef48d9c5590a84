//! The run: from the prior at `T`, step by step, to samples at `t_min`.
//!
//! In:    [`SampleProblem`], [`SampleOptions`], and a function that is told of every step and may stop the run.
//! Out:   [`SampleRun`], or [`SampleError::Interrupted`] with a [`SampleState`] that [`sample_resume`] takes up.
//! Holds: samples are a function of problem and options alone: not of threads, nor of interruptions.
//! Source: GenPhys (arXiv:2304.02637), Algorithm 1, step 5; module [`super`] for weights and twist.

use std::ops::ControlFlow;

use ndarray::{Array2, Array3, Axis, Zip};

use super::branching::{self, Resampling, all_equal, effective_sample_size, lineage_sample_size};
use super::error::SampleError;
use super::options::{SampleOptions, SampleProblem, check};
use super::rng::{Purpose, open_unit, stream};
use super::schedule::{StepControl, Tolerances};
use super::solver::{Attempt, Integrator};
use super::state::{SampleState, SampleStats};

/// Draws `options.n` samples: the prior at `t_max`, carried backward to `t_min`.
///
/// `progress` is called after every step; when it breaks, the run ends with [`SampleError::Interrupted`].
///
/// # Errors
/// [`SampleError`]: wrong options or problem before anything runs; a field that cannot be evaluated; tolerances that
/// cannot be met; an interruption.
/// # Example
/// ```
/// use std::ops::ControlFlow;
/// use genphys_runtime::data::Dataset;
/// use genphys_runtime::density::{DensityField, Evaluation, FieldError};
/// use genphys_runtime::sampler::{ForwardLaw, SampleOptions, SampleProblem, sample};
/// use ndarray::{ArrayView2, array};
///
/// /// Diffusion from a single point at 3 on the line.
/// struct Gaussian;
///
/// impl DensityField for Gaussian {
///     fn dim(&self) -> usize { 1 }
///     fn evaluate(&self, t: f64, x: ArrayView2<f64>, out: &mut Evaluation) -> Result<(), FieldError> {
///         *out = Evaluation::new(x.nrows(), 1);
///         for (i, x) in x.iter().enumerate() {
///             out.log_p[i] = -(x - 3.0).powi(2) / (4.0 * t) - 0.5 * (4.0 * std::f64::consts::PI * t).ln();
///             out.v[[i, 0]] = (x - 3.0) / (2.0 * t);
///         }
///         Ok(())
///     }
///     fn displacement_rate(&self, t: f64) -> Option<f64> { Some(0.5 / t) }
///     fn branches(&self) -> bool { false }
/// }
///
/// let data = Dataset::from_points(array![[3.0]], None)?;
/// let problem = SampleProblem { field: &Gaussian, data: &data, law: ForwardLaw::diffusion(1.0), proposal: None };
/// let run = sample(&problem, &SampleOptions::new(10, 4.0, 1e-3), &mut |_| ControlFlow::Continue(()))?;
/// assert!(run.points.iter().all(|x| (x - 3.0).abs() < 1e-9));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
    let mut run = Run::new(problem, options, state)?;
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
    /// The part of the way done, from 0 to 1: of the steps of a grid, else of the way in the step variable.
    pub fraction: f64,
    /// Field evaluations of the whole population so far.
    pub evaluations: u64,
    /// Points and weights as they are now; copy from here what a trajectory needs.
    pub state: &'a SampleState,
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
    /// The number of the prior draw that each sample descends from, `[n]`; samples of one origin are the same point.
    pub origins: Vec<usize>,
    /// The path of each sample, `[times, n, N]`, if [`SampleOptions::path`] asked for it: from where it began at `t_max`
    /// to the sample itself; samples of one origin share their path.
    pub path: Option<Array3<f64>>,
    /// Effective sample size at the end, counted by lineage, before the last resampling to equal weights; `n` without
    /// weights.
    pub ess: f64,
    /// Log of the mean weight: an estimate of `log exp(-lambda(0) t_min)`, close to 0.
    pub log_mass: f64,
    /// What happened on the way.
    pub stats: SampleStats,
}

pub(super) struct Run<'a> {
    pub(super) problem: &'a SampleProblem<'a>,
    pub(super) options: &'a SampleOptions,
    pub(super) integrator: Integrator<'a>,
    /// Evaluations that this run's integrator has not counted.
    pub(super) counted: u64,
    /// The step at which this run began.
    begun: usize,
    pub(super) state: SampleState,
}

impl<'a> Run<'a> {
    /// A run from a state that is one of this problem and these options.
    pub(super) fn new(
        problem: &'a SampleProblem,
        options: &'a SampleOptions,
        state: SampleState,
    ) -> Result<Run<'a>, SampleError> {
        state.check(problem, options)?;
        Ok(Run::of(problem, options, state))
    }

    pub(super) fn of(problem: &'a SampleProblem, options: &'a SampleOptions, state: SampleState) -> Run<'a> {
        let integrator = Integrator::new(problem.field, options.tableau, options.variable);
        Run { problem, options, integrator, counted: state.stats.evaluations, begun: state.step, state }
    }
}

impl Run<'_> {
    /// Resamples on the twisted weights when both they and the plain ones have degenerated.
    pub(super) fn control_population(&mut self) -> Result<(), SampleError> {
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
        state.path.iter_mut().for_each(|frame| *frame = frame.select(Axis(0), &ancestors));
        state.origins = ancestors.iter().map(|&i| state.origins[i]).collect();
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
        let before = std::mem::replace(&mut self.state.t, t);
        self.keep_path(before, &attempt);
        self.integrator.accept();
        self.count_evaluations();
        self.state.points = attempt.points;
        self.state.log_weights = attempt.log_weights;
        if let Some(particle) = self.state.first_nonfinite() {
            return Err(SampleError::Diverged { step: self.state.step, t: before, particle });
        }
        self.state.step += 1;
        self.state.stats.accepted += 1;
        Ok(())
    }

    /// Adds the frames of the times passed by the step from `t0` to the present time.
    fn keep_path(&mut self, t0: f64, attempt: &Attempt) {
        let Some(grid) = self.options.path else { return };
        for k in self.state.path.len()..self.state.frames_due(grid, self.options) {
            let t = grid.time(k, self.options.t_max, self.options.t_min);
            let frame = if t == self.state.t {
                attempt.points.clone()
            } else {
                self.integrator.between((t0, t), attempt, &self.state.points)
            };
            self.state.path.push(frame);
        }
    }

    /// Attempts steps until the error estimate accepts one.
    fn adaptive_step(&mut self, tolerances: &Tolerances) -> Result<(f64, Attempt), SampleError> {
        let SampleOptions { t_min, variable, tableau, .. } = *self.options;
        loop {
            let (t0, attempts) = (self.state.t, self.state.stats.accepted + self.state.stats.rejected);
            if attempts >= tolerances.max_steps {
                return Err(SampleError::TooManySteps { attempts, t: t0 });
            }
            let (u, end) = (variable.of_time(t0), variable.of_time(t_min));
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
        self.announce(t1);
        let SampleState { t, points, log_weights, .. } = &self.state;
        self.integrator.attempt((*t, t1), points, log_weights).map_err(|source| self.state.field_error(source))
    }

    /// Tells the field the times of a step to `t1`; on a grid, every few steps, also those of the steps until then.
    fn announce(&self, t1: f64) {
        let (step, SampleOptions { t_max, t_min, .. }) = (self.state.step, *self.options);
        let ahead = 2 * rayon::current_num_threads();
        let times: Vec<f64> = match self.options.control {
            StepControl::Grid { spacing, steps } if (step - self.begun).is_multiple_of(ahead) => {
                let time = |k| spacing.time(k, steps, t_max, t_min);
                let ends = |k| (if k == step { self.state.t } else { time(k) }, time(k + 1));
                (step..steps.min(step + ahead)).flat_map(|k| self.integrator.times(ends(k))).collect()
            }
            StepControl::Grid { .. } => return,
            StepControl::Adaptive(_) => self.integrator.times((self.state.t, t1)),
        };
        self.problem.field.prepare(&times);
    }

    pub(super) fn count_evaluations(&mut self) {
        self.state.stats.evaluations = self.counted + self.integrator.evaluations;
    }

    pub(super) fn progress(&self) -> Progress<'_> {
        let SampleOptions { t_max, t_min, variable, control, .. } = *self.options;
        let u = |t: f64| variable.of_time(t);
        Progress {
            step: self.state.step,
            of: match control {
                StepControl::Grid { steps, .. } => Some(steps),
                StepControl::Adaptive(_) => None,
            },
            t: self.state.t,
            fraction: match control {
                StepControl::Grid { steps, .. } => self.state.step as f64 / steps as f64,
                StepControl::Adaptive(_) => (u(t_max) - u(self.state.t)) / (u(t_max) - u(t_min)),
            },
            evaluations: self.state.stats.evaluations,
            state: &self.state,
        }
    }

    /// The denoising last step, and the last resampling.
    pub(super) fn finish(mut self) -> Result<SampleRun, SampleError> {
        if let (true, Some(a)) = (self.options.denoise, self.problem.field.displacement_rate(self.state.t)) {
            let here = self.integrator.here(self.state.t, &self.state.points);
            let v = here.map_err(|source| self.state.field_error(source))?.v.view();
            // v = a (x - E[y | x]).
            Zip::from(&mut self.state.points).and(v).par_for_each(|x, v| *x -= v / a);
            self.count_evaluations();
        }
        let ess = lineage_sample_size(&self.state.log_weights, &self.state.origins);
        if self.options.equal_weights && !all_equal(&self.state.log_weights) {
            self.resample(&self.state.log_weights.clone());
        }
        let SampleState { points, log_weights, prior_points, origins, stats, mut path, .. } = self.state;
        // The paths end in the samples, the denoising step included.
        if let Some(last) = path.last_mut() {
            last.assign(&points);
        }
        let log_mass = branching::log_mean_weight(&log_weights);
        let path = self.options.path.map(|_| stacked(path, points.dim()));
        Ok(SampleRun { points, log_weights, prior_points, origins, path, ess, log_mass, stats })
    }
}

/// Frames `[n, N]` as one array `[times, n, N]`; each is dropped when it is copied.
fn stacked(frames: Vec<Array2<f64>>, (n, dim): (usize, usize)) -> Array3<f64> {
    let mut path = Array3::zeros((frames.len(), n, dim));
    for (mut slot, frame) in path.axis_iter_mut(Axis(0)).zip(frames) {
        slot.assign(&frame);
    }
    path
}
