//! What to sample and how.
//!
//! In:    a field, data, the law of the prior, and options.
//! Out:   [`SampleProblem`] and [`SampleOptions`], checked by [`check`] before anything runs.

use super::error::SampleError;
use super::prior::{ForwardLaw, Prior};
use super::schedule::{Spacing, StepControl, StepVariable, Tolerances};
use super::tableau::{HEUN, Tableau};
use crate::data::Dataset;
use crate::density::DensityField;

/// The flow to run backward, and the law that its samples start from.
#[derive(Clone, Copy)]
pub struct SampleProblem<'a> {
    /// The density `p` of the data, its velocity and branching rate.
    pub field: &'a dyn DensityField,
    /// The data whose density `field` evolves.
    pub data: &'a Dataset,
    /// How one source spreads under the flow.
    pub law: ForwardLaw,
    /// Another flow to draw the prior from, with weights that correct for it; see [`ForwardLaw::heavier`].
    pub proposal: Option<Proposal<'a>>,
}

/// A flow `q` with heavier tails than `p`, of the same data.
#[derive(Clone, Copy)]
pub struct Proposal<'a> {
    /// The density `q` of the same data.
    pub field: &'a dyn DensityField,
    /// How one source spreads under it.
    pub law: ForwardLaw,
}

/// How to sample.
///
/// # Example
/// ```
/// use genphys_runtime::sampler::{DOPRI5, SampleOptions, StepControl, Tolerances};
/// let options = SampleOptions {
///     tableau: &DOPRI5,
///     control: StepControl::Adaptive(Tolerances::default()),
///     ..SampleOptions::new(1000, 40.0, 1e-3)
/// };
/// assert_eq!(options.seed, 0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SampleOptions {
    /// Number of samples.
    pub n: usize,
    /// Seed of every random number of the run.
    pub seed: u64,
    /// The time `T` of the prior.
    pub t_max: f64,
    /// The time at which the flow stops, above 0.
    pub t_min: f64,
    /// Where the kernels of the prior are centred.
    pub prior: Prior,
    /// The Runge-Kutta method.
    pub tableau: &'static Tableau,
    /// How far each step goes.
    pub control: StepControl,
    /// The variable to integrate in.
    pub variable: StepVariable,
    /// Whether the last step lands on `E[y | x]`, for a field that has a displacement rate.
    pub denoise: bool,
    /// The population is resampled when its effective size falls below this part of `n`; 0 never.
    pub resample_below: f64,
    /// Whether to end with equal weights, by a last resampling.
    pub equal_weights: bool,
}

impl SampleOptions {
    /// `n` samples from `t_max` to `t_min` by 64 steps of Heun's method, uniform in `log t`; the exact prior; resampling
    /// below one half; a denoising last step; equal weights.
    pub fn new(n: usize, t_max: f64, t_min: f64) -> SampleOptions {
        SampleOptions {
            n,
            seed: 0,
            t_max,
            t_min,
            prior: Prior::default(),
            tableau: &HEUN,
            control: StepControl::Grid { spacing: Spacing::LogUniform, steps: 64 },
            variable: StepVariable::default(),
            denoise: true,
            resample_below: 0.5,
            equal_weights: true,
        }
    }
}

/// Refuses a problem or options that cannot be run.
pub(super) fn check(problem: &SampleProblem, options: &SampleOptions) -> Result<(), SampleError> {
    check_problem(problem)?;
    check_population(problem.data.dim(), options)?;
    check_times(options)?;
    check_control(options)
}

fn check_problem(problem: &SampleProblem) -> Result<(), SampleError> {
    let data = problem.data.dim();
    let fields = std::iter::once((problem.field, &problem.law))
        .chain(problem.proposal.iter().map(|proposal| (proposal.field, &proposal.law)));
    for (field, law) in fields {
        if field.dim() != data {
            return Err(SampleError::Dimensions { field: field.dim(), data });
        }
        if !law.is_valid() {
            return Err(SampleError::Law { law: *law });
        }
    }
    Ok(())
}

fn check_population(dim: usize, options: &SampleOptions) -> Result<(), SampleError> {
    if options.n == 0 {
        return Err(SampleError::NoSamples);
    }
    let mut probe: Vec<f64> = Vec::new();
    let fits = options.n.checked_mul(dim).is_some_and(|size| probe.try_reserve_exact(size).is_ok());
    if fits { Ok(()) } else { Err(SampleError::TooLarge { n: options.n, dim }) }
}

fn check_times(options: &SampleOptions) -> Result<(), SampleError> {
    let SampleOptions { t_max, t_min, .. } = *options;
    let ordered = t_min > 0.0 && t_min < t_max && t_max.is_finite();
    if ordered { Ok(()) } else { Err(SampleError::Times { t_max, t_min }) }
}

fn check_control(options: &SampleOptions) -> Result<(), SampleError> {
    let refuse = |option, reason| Err(SampleError::Option { option, reason });
    if !(0.0..=1.0).contains(&options.resample_below) {
        return refuse("resample_below", "must lie between 0 and 1");
    }
    match options.control {
        StepControl::Grid { steps: 0, .. } => refuse("steps", "must be at least 1"),
        StepControl::Grid { spacing: Spacing::Power { rho }, .. } if !(rho >= 1.0 && rho.is_finite()) => {
            refuse("rho", "must be at least 1 and finite")
        }
        StepControl::Grid { .. } => Ok(()),
        StepControl::Adaptive(_) if options.tableau.b_err.is_none() => {
            refuse("tableau", "has no error estimate, which an adaptive step size needs")
        }
        StepControl::Adaptive(Tolerances { atol, rtol, .. }) => {
            let positive = |value: f64| value > 0.0 && value.is_finite();
            if positive(atol) && positive(rtol) { Ok(()) } else { refuse("tolerances", "must be positive and finite") }
        }
    }
}
