//! Fields that take whole solver steps at once.
//!
//! In:    a [`StepPlan`] and particles.
//! Out:   [`Stepped`], and the field at every stage.
//! Holds: the numbers are those of [`DensityField::evaluate`](super::DensityField::evaluate) called once per stage.

use ndarray::{Array2, ArrayView2, Zip};

use super::Evaluation;

/// A step of an explicit Runge-Kutta method of `S` stages.
#[derive(Clone, Debug, PartialEq)]
pub struct StepPlan {
    /// The time of each stage, `[S]`.
    pub times: Vec<f64>,
    /// `[S + 2, S]`: stage `i` is taken at `x + sum_(j < i) c_ij v_j`; the step ends at `x + sum_j c_Sj v_j` with its log weight
    /// raised by `sum_j c_Sj (R/p)_j`; the last row gives the error of both. Lengths of time are in the coefficients.
    pub combinations: Array2<f64>,
    /// The first stage to evaluate; those before are given.
    pub first: usize,
}

impl StepPlan {
    /// `x += sum_j c_ij v_j` over the stages given.
    pub fn add(&self, row: usize, stages: &[Evaluation], x: &mut Array2<f64>) {
        for (factor, stage) in self.combinations.row(row).into_iter().zip(stages) {
            if *factor != 0.0 {
                Zip::from(&mut *x).and(&stage.v).par_for_each(|x, v| *x += factor * v);
            }
        }
    }

    /// `start + sum_j c_ij (R/p)_j` of one particle.
    pub fn add_births(&self, row: usize, stages: &[Evaluation], particle: usize, start: f64) -> f64 {
        let factors = self.combinations.row(row).into_iter().zip(stages);
        factors.fold(start, |sum, (factor, stage)| sum + factor * stage.r_over_p[particle])
    }
}

/// Where a step leads.
#[derive(Clone, Debug, PartialEq)]
pub struct Stepped {
    /// The particles after the step, `[M, N]`.
    pub points: Array2<f64>,
    /// Their log weights, `[M]`.
    pub log_weights: Vec<f64>,
    /// The error estimate of the particles, `[M, N]`.
    pub error: Array2<f64>,
    /// The error estimate of their log weights, `[M]`.
    pub log_error: Vec<f64>,
}

/// A field with code for whole solver steps.
pub trait StepField: Sync {
    /// Takes particles through a step, and fills `stages` from [`StepPlan::first`] on.
    ///
    /// None where a stage cannot be evaluated; [`DensityField::evaluate`](super::DensityField::evaluate) then tells why.
    ///
    /// # Shapes
    /// `x`: `[M, N]`; `log_weights`: `[M]`; `stages`: `[S]`.
    fn step(
        &self,
        plan: &StepPlan,
        x: ArrayView2<f64>,
        log_weights: &[f64],
        stages: &mut [Evaluation],
    ) -> Option<Stepped>;
}
