//! The density field as the sampler sees it: `log p`, `v = J/p` and `R/p` at many points and one time.
//!
//! In:    query points `x` `[M, N]`, a time `t > 0`.
//! Out:   [`Evaluation`]: one row of numbers per query.
//! Holds: the numbers of a row depend on that row and on `t` alone, never on the other rows or the thread count.
//! Source: GenPhys (arXiv:2304.02637), Eq. 3: `d/dt p + div(p v) - R = 0`. The branching rate is `R/p` per
//!         particle (the paper's footnote 3 drops the division).

mod step;

use ndarray::{Array2, ArrayView2};

pub use step::{StepField, StepPlan, Stepped};

/// A density that flows: `p(x, t)`, its velocity and its branching rate.
///
/// Compiled kernels implement it, and so can a closed form in plain Rust.
pub trait DensityField: Sync {
    /// The dimension `N` of the space.
    fn dim(&self) -> usize;

    /// Writes `log p`, `v` and `R/p` at time `t` for every row of `x`.
    ///
    /// May use every core; the result of a row must not depend on the other rows.
    ///
    /// # Shapes
    /// `x`: `[M, N]`; `out` is resized to `M` rows.
    /// # Errors
    /// [`FieldError`] for a wrong shape, a time that is not positive, a query that is not finite, or a result that
    /// cannot be represented. What `out` holds after an error is unspecified.
    fn evaluate(&self, t: f64, x: ArrayView2<f64>, out: &mut Evaluation) -> Result<(), FieldError>;

    /// The rate `a(t)` with `J/p = a(t) (x - y)` for the flow of a single source at `y`, where there is such a rate:
    /// `1/t` for Poisson and Yukawa, `1/(2t)` for diffusion.
    ///
    /// By superposition `v = a(t) (x - E[y | x])`, so `x - v/a` is the mean of the data seen from `x`.
    fn displacement_rate(&self, t: f64) -> Option<f64>;

    /// Whether particles branch: `false` promises that `R` is identically zero.
    ///
    /// The sampler then carries no weights at all.
    fn branches(&self) -> bool {
        true
    }

    /// Hears of times at which it will be evaluated, so that what depends on time alone may be made for all of them at once.
    fn prepare(&self, _times: &[f64]) {}

    /// What a user should know of the evaluations so far, in one line: that memory ran short, for instance.
    fn note(&self) -> Option<String> {
        None
    }

    /// This field as one that takes whole solver steps at once, where it has code for that.
    fn stepper(&self) -> Option<&dyn StepField> {
        None
    }
}

/// What a [`DensityField`] answers for `M` query points in `N` dimensions.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// `log p`, `[M]`.
    pub log_p: Vec<f64>,
    /// `v = J/p`, `[M, N]`, in lengths per time.
    pub v: Array2<f64>,
    /// `R/p`, `[M]`, in inverse times.
    pub r_over_p: Vec<f64>,
}

impl Evaluation {
    /// Zeros for `rows` queries in `dim` dimensions.
    pub fn new(rows: usize, dim: usize) -> Evaluation {
        Evaluation { log_p: vec![0.0; rows], v: Array2::zeros((rows, dim)), r_over_p: vec![0.0; rows] }
    }

    /// Makes room for `rows` queries in `dim` dimensions; keeps the allocation when the shape already fits.
    pub fn resize(&mut self, rows: usize, dim: usize) {
        self.log_p.resize(rows, 0.0);
        self.r_over_p.resize(rows, 0.0);
        if self.v.dim() != (rows, dim) {
            self.v = Array2::zeros((rows, dim));
        }
    }
}

/// Why a field could not be evaluated.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldError {
    /// The queries live in another dimension than the field.
    #[error("the field lives in {expected} dimensions, the points have {found}")]
    WrongDimension {
        /// The dimension of the field.
        expected: usize,
        /// The number of columns given.
        found: usize,
    },
    /// The time is zero, negative or not a number.
    #[error("the time must be positive and finite, found {t:?}")]
    NonPositiveTime {
        /// The time given.
        t: f64,
    },
    /// A query has a coordinate that is infinite or not a number.
    #[error("coordinate {column} of point {row} is not finite")]
    NonFiniteInput {
        /// The row of the offending query.
        row: usize,
        /// Its first offending column.
        column: usize,
    },
    /// The density is not positive there: the query lies outside the region in which the equation is generative.
    #[error("point {row} lies outside the region of positive density at time {t:?}: {why}")]
    OutsideRegion {
        /// The row of the offending query.
        row: usize,
        /// The time of the evaluation.
        t: f64,
        /// Where it lies, and what would help.
        why: String,
    },
    /// The kernel is no function at that time, or cannot be computed for points this far apart.
    #[error("the kernel cannot be computed at time {t:?}: {why}")]
    NoKernel {
        /// The time of the evaluation.
        t: f64,
        /// What stands against it.
        why: String,
    },
    /// The device that evaluates the field fails.
    #[error("{message}")]
    Device {
        /// What it reports.
        message: String,
    },
    /// A result is infinite or not a number, for example where `p` changes its sign.
    #[error("{quantity} is not finite at point {row}, time {t:?}")]
    NonFiniteOutput {
        /// The row of the offending query.
        row: usize,
        /// `"log p"`, `"v"` or `"R/p"`.
        quantity: &'static str,
        /// The time of the evaluation.
        t: f64,
    },
}

impl FieldError {
    /// The same of a field that is evaluated at another time, in a frame of its own, on behalf of one at time `t`.
    #[must_use]
    pub fn at_time(self, t: f64) -> FieldError {
        match self {
            FieldError::NonPositiveTime { .. } => FieldError::NonFiniteOutput { row: 0, quantity: "log p", t },
            FieldError::OutsideRegion { row, why, .. } => FieldError::OutsideRegion { row, t, why },
            FieldError::NoKernel { why, .. } => FieldError::NoKernel { t, why },
            FieldError::NonFiniteOutput { row, quantity, .. } => FieldError::NonFiniteOutput { row, quantity, t },
            other => other,
        }
    }
}

/// Refuses what no field can be evaluated at; every implementation of [`DensityField`] may open with it.
///
/// # Errors
/// [`FieldError::NonPositiveTime`], [`FieldError::WrongDimension`] or [`FieldError::NonFiniteInput`].
pub fn check_queries(dim: usize, t: f64, x: ArrayView2<f64>) -> Result<(), FieldError> {
    if !(t > 0.0 && t.is_finite()) {
        return Err(FieldError::NonPositiveTime { t });
    }
    if x.ncols() != dim {
        return Err(FieldError::WrongDimension { expected: dim, found: x.ncols() });
    }
    match x.indexed_iter().find(|(_, value)| !value.is_finite()) {
        Some(((row, column), _)) => Err(FieldError::NonFiniteInput { row, column }),
        None => Ok(()),
    }
}

/// Refuses an evaluation that holds an infinity or a not-a-number.
///
/// # Errors
/// [`FieldError::NonFiniteOutput`] with the first offending row of the first offending quantity.
pub fn check_evaluation(t: f64, out: &Evaluation) -> Result<(), FieldError> {
    let failure = |quantity, row| Err(FieldError::NonFiniteOutput { row, quantity, t });
    if let Some(row) = out.log_p.iter().position(|value| !value.is_finite()) {
        return failure("log p", row);
    }
    if let Some(row) = out.v.rows().into_iter().position(|row| row.iter().any(|value| !value.is_finite())) {
        return failure("v", row);
    }
    match out.r_over_p.iter().position(|value| !value.is_finite()) {
        Some(row) => failure("R/p", row),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn queries_are_checked_in_every_respect() {
        let good = array![[0.0, 1.0], [2.0, 3.0]];
        assert_eq!(check_queries(2, 1.0, good.view()), Ok(()));
        assert_eq!(check_queries(2, 0.0, good.view()), Err(FieldError::NonPositiveTime { t: 0.0 }));
        assert!(matches!(check_queries(2, f64::NAN, good.view()), Err(FieldError::NonPositiveTime { .. })));
        assert!(matches!(check_queries(2, f64::INFINITY, good.view()), Err(FieldError::NonPositiveTime { .. })));
        assert_eq!(check_queries(3, 1.0, good.view()), Err(FieldError::WrongDimension { expected: 3, found: 2 }));
        let bad = array![[0.0, 1.0], [2.0, f64::NAN]];
        assert_eq!(check_queries(2, 1.0, bad.view()), Err(FieldError::NonFiniteInput { row: 1, column: 1 }));
    }

    #[test]
    fn evaluations_are_checked_in_every_quantity() {
        let good = Evaluation::new(3, 2);
        assert_eq!(check_evaluation(1.0, &good), Ok(()));
        let spoil: [fn(&mut Evaluation); 3] =
            [|e| e.log_p[1] = f64::NEG_INFINITY, |e| e.v[[2, 1]] = f64::NAN, |e| e.r_over_p[0] = f64::INFINITY];
        for (spoil, (quantity, row)) in spoil.iter().zip([("log p", 1), ("v", 2), ("R/p", 0)]) {
            let mut bad = good.clone();
            spoil(&mut bad);
            assert_eq!(check_evaluation(1.0, &bad), Err(FieldError::NonFiniteOutput { row, quantity, t: 1.0 }));
        }
    }
}
