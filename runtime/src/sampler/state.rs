//! Everything a run carries from one step to the next, enough to go on after an interruption.
//!
//! In:    a checked problem and options, or a state from an interrupted run.
//! Out:   [`SampleState`]: the prior with its first weights, or the state, found to belong to this run.
//! Holds: points and weights are finite; the frames of the paths are those of the times passed; each particle knows the prior draw that it descends from.

use std::ops::Range;

use ndarray::Array2;

use super::error::SampleError;
use super::launched::Population;
use super::lookahead;
use super::options::{SampleOptions, SampleProblem, check};
use super::prior;
use super::schedule::{Controller, StepControl, TimeGrid};
use crate::density::{Evaluation, FieldError, check_evaluation};

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
    /// The number of the prior draw that each particle descends from, `[n]`.
    pub origins: Vec<usize>,
    /// The step size controller; of no effect on a fixed grid.
    pub controller: Controller,
    /// The points of every path at the times of [`SampleOptions::path`] passed so far, `[n, N]` each; empty without.
    pub path: Vec<Array2<f64>>,
    /// What happened so far.
    pub stats: SampleStats,
}

/// What happened in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SampleStats {
    /// Draws of the prior that the population was chosen from; `n` where all draws run.
    pub candidates: usize,
    /// Evaluations of the field, each of the whole population; those of the pilot runs included.
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

impl SampleState {
    /// The beginning of a run: the prior, drawn, with its weights.
    ///
    /// # Errors
    /// [`SampleError`] for options or a problem that cannot be run, or a field that cannot be evaluated at `t_max`.
    pub fn draw(problem: &SampleProblem, options: &SampleOptions) -> Result<SampleState, SampleError> {
        SampleState::draw_until(problem, options, &|| false)
    }

    /// The same, unless `stop` tells to leave it, which it is asked before every step of a pilot run that looks ahead.
    ///
    /// # Errors
    /// As [`SampleState::draw`], and [`SampleError::Stopped`].
    pub fn draw_until(
        problem: &SampleProblem,
        options: &SampleOptions,
        stop: &dyn Fn() -> bool,
    ) -> Result<SampleState, SampleError> {
        check(problem, options)?;
        let draws = SampleState::weighted_draws(problem, options, 0..options.n)?;
        let mut state = lookahead::choose(problem, options, draws, stop)?;
        if options.path.is_some() {
            state.path.push(state.points.clone());
        }
        Ok(state)
    }

    /// The draws of these numbers with their first weights; their paths are left open.
    pub(super) fn weighted_draws(
        problem: &SampleProblem,
        options: &SampleOptions,
        rows: Range<usize>,
    ) -> Result<SampleState, SampleError> {
        let SampleOptions { seed, t_max, prior, .. } = *options;
        let drawn_from = problem.proposal.map_or(problem.law, |proposal| proposal.law);
        let points = prior::draw_rows(prior, &drawn_from, problem.data, t_max, rows, seed);
        let mut state = SampleState::at_prior(problem, options, points);
        if let Some(particle) = state.first_nonfinite() {
            return Err(SampleError::Diverged { step: 0, t: t_max, particle });
        }
        state.weigh(problem).map_err(|source| state.field_error(source))?;
        Ok(state)
    }

    /// Draws of the prior, with the mass of the law that they are drawn from for a weight.
    pub(super) fn at_prior(problem: &SampleProblem, options: &SampleOptions, points: Array2<f64>) -> SampleState {
        let SampleOptions { t_max, t_min, variable, .. } = *options;
        let n = points.nrows();
        let drawn_from = problem.proposal.map_or(problem.law, |proposal| proposal.law);
        SampleState {
            t: t_max,
            step: 0,
            prior_points: points.clone(),
            points,
            path: Vec::new(),
            origins: (0..n).collect(),
            log_weights: vec![drawn_from.log_mass(t_max); n],
            controller: Controller::start(variable.of_time(t_max) - variable.of_time(t_min)),
            stats: SampleStats { candidates: n, ..SampleStats::default() },
        }
    }

    /// Corrects the weights for the proposal, if there is one.
    pub(super) fn weigh(&mut self, problem: &SampleProblem) -> Result<(), FieldError> {
        let Some(log_q) = self.log_proposal(problem)? else { return Ok(()) };
        let mut here = Evaluation::new(self.points.nrows(), self.points.ncols());
        problem.field.evaluate(self.t, self.points.view(), &mut here)?;
        check_evaluation(self.t, &here)?;
        self.stats.evaluations += 1;
        // w = p/q times the mass of q, as the draws are of q divided by its mass.
        for ((log_w, log_q), log_p) in self.log_weights.iter_mut().zip(log_q).zip(&here.log_p) {
            *log_w += log_p - log_q;
        }
        Ok(())
    }

    /// Takes up what a launch of so many steps has made of the particles.
    pub(super) fn advance(&mut self, population: Population, steps: usize, t: f64) {
        self.t = t;
        self.step += steps;
        self.stats.accepted += steps;
        self.points = population.points;
        self.log_weights = population.log_weights;
    }

    /// `log q` of the proposal at the present points, if there is a proposal.
    pub(super) fn log_proposal(&mut self, problem: &SampleProblem) -> Result<Option<Vec<f64>>, FieldError> {
        let Some(proposal) = problem.proposal else { return Ok(None) };
        let mut out = Evaluation::new(self.points.nrows(), self.points.ncols());
        proposal.field.evaluate(self.t, self.points.view(), &mut out)?;
        check_evaluation(self.t, &out)?;
        self.stats.proposal_evaluations += 1;
        Ok(Some(out.log_p))
    }

    pub(super) fn field_error(&self, source: FieldError) -> SampleError {
        SampleError::Field { step: self.step, t: self.t, source }
    }

    pub(super) fn check(&self, problem: &SampleProblem, options: &SampleOptions) -> Result<(), SampleError> {
        let shape = (options.n, problem.data.dim());
        let refuse = |reason| Err(SampleError::WrongState { reason });
        let lengths = [self.log_weights.len(), self.origins.len()];
        if [self.points.dim(), self.prior_points.dim()] != [shape; 2] || lengths != [options.n; 2] {
            return refuse("its shape is another");
        }
        if !(options.t_min <= self.t && self.t <= options.t_max) {
            return refuse("its time is outside the run");
        }
        if self.origins.iter().any(|&origin| origin >= options.n) {
            return refuse("it descends from a draw that is not there");
        }
        if self.first_nonfinite().is_some() {
            return refuse("it holds a number that is not finite");
        }
        let frames = options.path.map_or(0, |grid| self.frames_due(grid, options));
        if self.path.len() != frames || self.path.iter().any(|frame| frame.dim() != shape) {
            return refuse("its paths are not kept at the same times");
        }
        if self.path.iter().flatten().any(|x| !x.is_finite()) {
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

    /// How many times of the grid lie at or before the time reached.
    pub(super) fn frames_due(&self, grid: TimeGrid, options: &SampleOptions) -> usize {
        let passed = |k: &usize| grid.time(*k, options.t_max, options.t_min) >= self.t;
        (0..=grid.steps).take_while(passed).count()
    }

    pub(super) fn first_nonfinite(&self) -> Option<usize> {
        let rows = self.points.rows().into_iter().zip(&self.log_weights);
        rows.into_iter().position(|(row, log_w)| !(log_w.is_finite() && row.iter().all(|x| x.is_finite())))
    }
}
