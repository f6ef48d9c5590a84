//! Looking ahead: which draws of the prior are worth a place in the population.
//!
//! In:    a problem with a [`Proposal`](super::Proposal), options, and the first draws with their weights.
//! Out:   the same draws, where a short pilot run finds their weights even; else as many, chosen out of
//!        [`SampleOptions::candidates`] times as many by the weight that the pilot gives them.
//! Holds: the choice is a resampling on twisted weights, the twist being the pilot's answer: unbiased whatever the pilot
//!        says. A draw is a function of seed and number alone, and the first ones are those that would have run anyway.
//! Source: module [`super`] for the twist; auxiliary particle filters, Pitt & Shephard 1999, for looking ahead.
//!
//! # Why
//!
//! Near the surface that parts the basins of two sources the backward flow diverges most, and the final weights have a
//! heavy tail there: for the points (-1, 0), (1, 0) of weights 0.9 and 0.1 under Yukawa with `m = 2`, `T = 2` they fall
//! off like `P(w > x) ~ x^-2.6`. Their variance is finite, and the effective size tends to 0.62 n; but the estimate
//! from 1e4 draws scatters between 0.5 and 0.73, steps that are too long add outliers, and no resampling later on can
//! help, for copies of one deterministic path stay one point. More draws where the weights are large do help. The pilot
//! is cheap, as twisted weights only change while a particle may still change sides, in the first half of the way.

use ndarray::{Array2, Axis, concatenate};

use super::branching::{effective_sample_size, select};
use super::error::SampleError;
use super::options::{SampleOptions, SampleProblem};
use super::rng::{Purpose, open_unit, stream};
use super::schedule::Spacing;
use super::solver::Integrator;
use super::state::SampleState;
use super::tableau::HEUN;

/// Steps of the pilot, uniform in `log t` from `T` to the geometric mean of `T` and `t_min`.
const PILOT_STEPS: usize = 12;

/// Draws whose pilot weights have at least this effective part are run as they are.
const GOOD: f64 = 0.8;

/// Chooses the population among several times as many draws, where that is worth its cost.
///
/// # Errors
/// [`SampleError`] when a field cannot be evaluated, or the draws do not fit in memory.
pub(super) fn choose(
    problem: &SampleProblem,
    options: &SampleOptions,
    state: SampleState,
) -> Result<SampleState, SampleError> {
    if !may_choose(problem, options) {
        return Ok(state);
    }
    let (mut state, mut worth) = pilot(problem, options, state)?;
    if !wants_more(problem, options, &worth) {
        return Ok(state);
    }
    let pool = options.n.saturating_mul(options.candidates);
    let more = SampleState::weighted_draws(problem, options, options.n..pool)?;
    let (more, more_worth) = pilot(problem, options, more)?;
    if more_worth.iter().any(|w| !w.is_finite()) {
        return Ok(state);
    }
    worth.extend(more_worth);
    pick(options, &mut state, more, &worth);
    Ok(state)
}

/// Whether a population may be chosen at all.
fn may_choose(problem: &SampleProblem, options: &SampleOptions) -> bool {
    problem.proposal.is_some()
        && options.resample_below != 0.0
        && options.n.saturating_mul(options.candidates) > options.n
}

/// Whether draws of these log weights are so uneven that more are worth their cost.
pub(super) fn wants_more(problem: &SampleProblem, options: &SampleOptions, worth: &[f64]) -> bool {
    let is_even = effective_sample_size(worth) >= GOOD * options.n as f64;
    may_choose(problem, options) && !is_even && worth.iter().all(|w| w.is_finite())
}

/// Chooses the population among `state` and as many `more` as the candidates make, by the log of what each is worth.
pub(super) fn pick(options: &SampleOptions, state: &mut SampleState, more: SampleState, worth: &[f64]) {
    let log_weights = [std::mem::take(&mut state.log_weights), more.log_weights].concat();
    let offset = open_unit(&mut stream(options.seed, Purpose::Selection, 0));
    let chosen = select(&log_weights, worth, options.n, offset);
    let picked = |own: &Array2<f64>, more: &Array2<f64>| {
        concatenate![Axis(0), own.view(), more.view()].select(Axis(0), &chosen.ancestors)
    };
    state.points = picked(&state.points, &more.points);
    state.prior_points = picked(&state.prior_points, &more.prior_points);
    state.origins = first_copies(&chosen.ancestors);
    state.log_weights = chosen.log_weights;
    state.stats.evaluations += more.stats.evaluations * (options.candidates as u64 - 1);
    state.stats.proposal_evaluations += more.stats.proposal_evaluations * (options.candidates as u64 - 1);
    state.stats.candidates = worth.len();
}

/// The log of the twisted weight of every draw at the end of a short run; not a number where the run fails.
fn pilot(
    problem: &SampleProblem,
    options: &SampleOptions,
    mut state: SampleState,
) -> Result<(SampleState, Vec<f64>), SampleError> {
    let SampleOptions { t_max, t_min, .. } = *options;
    let end = (t_max.ln() + 0.5 * (t_min.ln() - t_max.ln())).exp();
    let mut integrator = Integrator::new(problem.field, &HEUN, options.variable);
    let mut ahead = state.clone();
    for k in 1..=PILOT_STEPS {
        let t = Spacing::LogUniform.time(k, PILOT_STEPS, t_max, end);
        let attempt = integrator.attempt((ahead.t, t), &ahead.points, &ahead.log_weights);
        let attempt = attempt.map_err(|source| ahead.field_error(source))?;
        integrator.accept();
        (ahead.t, ahead.points, ahead.log_weights) = (t, attempt.points, attempt.log_weights);
        if ahead.first_nonfinite().is_some() {
            return Ok((state, vec![f64::NAN; ahead.log_weights.len()]));
        }
    }
    let log_p = integrator.here(end, &ahead.points).map_err(|source| ahead.field_error(source))?.log_p.clone();
    let log_q = ahead.log_proposal(problem).map_err(|source| ahead.field_error(source))?.unwrap_or_default();
    state.stats.evaluations += integrator.evaluations;
    state.stats.proposal_evaluations += 1;
    let twisted = ahead.log_weights.iter().zip(&log_p).zip(&log_q);
    let worth = twisted.map(|((log_w, log_p), log_q)| log_w + log_q - log_p).collect();
    Ok((state, worth))
}

/// For each slot the first slot that holds the same draw; `ancestors` ascend.
fn first_copies(ancestors: &[usize]) -> Vec<usize> {
    let mut first = 0;
    let mut origins = Vec::with_capacity(ancestors.len());
    for (slot, ancestor) in ancestors.iter().enumerate() {
        if ancestors[first] != *ancestor {
            first = slot;
        }
        origins.push(first);
    }
    origins
}

#[cfg(test)]
mod tests {
    use super::first_copies;

    #[test]
    fn copies_share_the_slot_of_the_first() {
        assert_eq!(first_copies(&[2, 2, 5, 7, 7, 7, 9]), [0, 0, 2, 3, 3, 3, 6]);
        assert!(first_copies(&[]).is_empty());
    }
}
