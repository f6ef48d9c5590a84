//! The sampler: particles drawn from the prior at `T` and carried backward along the density flow.
//!
//! In:    a [`DensityField`](crate::density::DensityField), a [`Dataset`](crate::data::Dataset), the [`ForwardLaw`] of
//!        one source, [`SampleOptions`].
//! Out:   [`SampleRun`]: points, log weights, where each path began, effective sample size, counts.
//! Holds: samples depend on problem, options and seed only, never on the thread count; the weighted population at time
//!        `t` estimates `p(., t)`, its mean weight the mass `exp(-lambda(0) t)`.
//! Source: GenPhys (arXiv:2304.02637), Algorithm 1, with the branching rate `R/p` (not `R`).
//!
//! # Weights
//!
//! Along a path `dx/dt = v` the equation `d/dt p + div(p v) = R` makes a weight `w` with `d(log w)/dt = R/p` turn
//! particles that represent `p(., T)` into particles that represent `p(., t)`, in either direction of time. Backward, a
//! negative `R/p` lets weights grow: births. For one conserving flow the weights stay equal and nothing here runs.
//!
//! # Where the prior must be heavier than the flow
//!
//! Yukawa's kernel decays like `exp(-m rho)`, and along a backward ray the birth weight of a particle grows like
//! `exp(m rho)`: under the law of `p(., T)` itself its variance is infinite. A [`Proposal`] names a flow `q` of the same
//! data with heavier tails (for Yukawa, Poisson: same speed, no mass). Particles are then drawn from `q(., T)`, and the
//! first weight corrects for that,
//!
//! ```text
//! w(T) = p(x, T)/q(x, T) * mass of q(., T).
//! ```
//!
//! With [`Prior::Mixture`] this is exact importance sampling. With [`Prior::Limit`] the particles come from one kernel
//! of `q`'s law about the mean, which only approaches `q(., T)` as `T` grows; the ratio `p/q` stays that of the data.
//!
//! # The twist
//!
//! A particle far out has a tiny weight at `T` and a fair one at the end: its present weight says little about its
//! worth, and resampling on it would kill exactly the particles that the heavier prior is there for. For a single source
//! `v` is the same for both flows and `R_q = 0`, so along a path
//!
//! ```text
//! d/dt log(w q/p) = R/p + (d/dt + v.grad) log q - (d/dt + v.grad) log p
//!                 = R/p - div v - (R/p - div v) = 0:
//! ```
//!
//! the twisted weight `w q/p` is constant, equal to its last value, where `q/p -> 1` as `x` nears its source. For many
//! sources it varies only as far as the two flows disagree about which source a point belongs to. Population control
//! therefore looks at `w q/p` and resamples on it. Unbiasedness does not depend on the twist: with
//! `pi_i = (w q/p)_i / sum (w q/p)`, particle `i` has `n pi_i` copies on average, each of weight `w_i/(n pi_i)`
//! ([`branching`]). The twist also tells which draws of the prior are worth a place in the population, before the run
//! begins (`lookahead.rs`). Nothing is assumed of `q/p` at `t_min`: the end of a run goes by the weights `w` alone.

pub mod branching;
mod error;
mod launched;
mod lookahead;
mod options;
pub mod prior;
pub mod rng;
mod run;
mod schedule;
mod solver;
mod spread;
mod state;
mod tableau;

pub use error::SampleError;
pub use launched::{Launcher, Population, Start, sample_launched};
pub use options::{Proposal, SampleOptions, SampleProblem};
pub(crate) use prior::keep;
pub use prior::{ForwardLaw, Prior, Subordinator};
pub use run::{Progress, SampleRun, sample, sample_resume};
pub use schedule::{Controller, Spacing, StepControl, StepVariable, TimeGrid, Tolerances};
pub use state::{SampleState, SampleStats};
pub use tableau::{DOPRI5, EULER, HEUN, RK4, TABLEAUX, TSIT5, Tableau};
