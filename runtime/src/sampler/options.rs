//! What to sample and how.
//!
//! In:    a field, data, the law of the prior, and options.
//! Out:   [`SampleProblem`] and [`SampleOptions`], checked by [`check`] before anything runs.

use super::error::SampleError;
use super::prior::{ForwardLaw, Prior};
use super::schedule::{Spacing, StepControl, StepVariable, TimeGrid, Tolerances};
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

impl SampleProblem<'_> {
    /// Whether the weights of this problem have infinite variance: the flow loses mass far out faster than its own prior
    /// reaches there, and no heavier one is proposed.
    pub fn infinite_variance(&self) -> bool {
        self.proposal.is_none() && self.field.branches() && self.law.heavier().is_some()
    }
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
    /// How many times `n` draws of a [`Proposal`]'s prior the population may be chosen from, by looking ahead where
    /// their weights are uneven; 1 runs the first `n`. Of no effect without a proposal, or with `resample_below` 0.
    pub candidates: usize,
    /// Whether to end with equal weights, by a last resampling.
    pub equal_weights: bool,
    /// The times at which to keep the points of every path, whatever the steps: between steps by dense output.
    pub path: Option<TimeGrid>,
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
            candidates: 4,
            equal_weights: true,
            path: None,
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
    let mut fits = |size: Option<usize>| size.is_some_and(|size| probe.try_reserve_exact(size).is_ok());
    let size = options.n.checked_mul(dim);
    if !fits(size) {
        return Err(SampleError::TooLarge { n: options.n, dim });
    }
    let Some(grid) = options.path else { return Ok(()) };
    let frames = grid.steps.saturating_add(1);
    // Once as frames, once as the array that they end in.
    let fits = fits(size.and_then(|size| size.checked_mul(frames)).and_then(|size| size.checked_mul(2)));
    if fits { Ok(()) } else { Err(SampleError::PathTooLarge { frames, n: options.n, dim }) }
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
    if let StepVariable::Power { exponent } = options.variable
        && !(exponent > 0.0 && exponent.is_finite())
    {
        return refuse("exponent", "must be positive and finite");
    }
    if options.candidates == 0 {
        return refuse("candidates", "must be at least 1");
    }
    let grid = match options.control {
        StepControl::Grid { spacing, steps } => Some(TimeGrid { spacing, steps }),
        StepControl::Adaptive(_) => None,
    };
    for TimeGrid { spacing, steps } in grid.into_iter().chain(options.path) {
        if steps == 0 {
            return refuse("steps", "must be at least 1");
        }
        if let Spacing::Power { rho } = spacing
            && !(rho >= 1.0 && rho.is_finite())
        {
            return refuse("rho", "must be at least 1 and finite");
        }
    }
    match options.control {
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
