//! Why a run did not end with samples.

use super::prior::ForwardLaw;
use super::state::SampleState;
use crate::density::FieldError;

/// Why a run did not end with samples.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SampleError {
    /// Zero samples were asked for.
    #[error("no samples were asked for: n must be at least 1")]
    NoSamples,
    /// The population does not fit in memory.
    #[error("{n} samples in {dim} dimensions do not fit in memory")]
    TooLarge {
        /// The number of samples.
        n: usize,
        /// The dimension.
        dim: usize,
    },
    /// The paths to keep do not fit in memory.
    #[error("the paths of {n} samples in {dim} dimensions at {frames} times do not fit in memory")]
    PathTooLarge {
        /// The number of times.
        frames: usize,
        /// The number of samples.
        n: usize,
        /// The dimension.
        dim: usize,
    },
    /// The times are not `0 < t_min < t_max < infinity`.
    #[error("the times must satisfy 0 < t_min < t_max, found t_min = {t_min}, t_max = {t_max}")]
    Times {
        /// The time of the prior.
        t_max: f64,
        /// The time of the samples.
        t_min: f64,
    },
    /// A field and the data live in different dimensions.
    #[error("the field lives in {field} dimensions, the data in {data}")]
    Dimensions {
        /// The dimension of the field.
        field: usize,
        /// The dimension of the data.
        data: usize,
    },
    /// The law of the prior has a parameter outside its range.
    #[error("the law of the prior has a parameter outside its range: {law:?}")]
    Law {
        /// The law.
        law: ForwardLaw,
    },
    /// An option is outside its range.
    #[error("option `{option}` {reason}")]
    Option {
        /// The option's name.
        option: &'static str,
        /// What it must be.
        reason: &'static str,
    },
    /// The field could not be evaluated.
    #[error("the field could not be evaluated in step {step}, from time {t:?}")]
    Field {
        /// Steps taken before.
        step: usize,
        /// The time that the step began at.
        t: f64,
        /// What the field says.
        source: FieldError,
    },
    /// A point or a weight left the range of numbers.
    #[error("step {step}, from time {t:?}, leads particle {particle} out of the range of numbers")]
    Diverged {
        /// Steps taken before.
        step: usize,
        /// The time that the step began at.
        t: f64,
        /// The first such particle.
        particle: usize,
    },
    /// The tolerances ask for a step too small to change the time.
    #[error("the tolerances cannot be met at time {t:?}: the step size vanishes")]
    StepTooSmall {
        /// The time reached.
        t: f64,
    },
    /// The adaptive step size used up its attempts.
    #[error("{attempts} steps were not enough: time {t:?} reached")]
    TooManySteps {
        /// The attempts made.
        attempts: usize,
        /// The time reached.
        t: f64,
    },
    /// A state to resume from does not belong to this problem and these options.
    #[error("the state does not belong to this run: {reason}")]
    WrongState {
        /// What does not fit.
        reason: &'static str,
    },
    /// The caller stopped the choice of the population, before the first step: there is nothing to resume.
    #[error("stopped before the first step")]
    Stopped,
    /// The caller stopped the run; nothing of it is lost.
    #[error("stopped after step {} at time {}", .0.step, .0.t)]
    Interrupted(Box<SampleState>),
}
