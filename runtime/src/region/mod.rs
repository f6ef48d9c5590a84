//! Fields of equations that are generative in a region only: behind the front of a damped wave, in the ball of Helmholtz's equation.
//!
//! In:   an analysis whose verdict at the values is conditional, a dimension, weighted points.
//! Out:  [`RegionalModel`], which states the region, and [`RegionalField`], a [`DensityField`] that refuses what lies outside.
//! Holds: a row that is answered has `p > 0`; the laws are keyed by the symbol `a s^2 + b s + c + g kappa`, never by a name.
//! Source: GenPhys (arXiv:2304.02637), Table 1 and A.5; signs and factors as the continuity equation asks for them.

mod ball;
mod bessel;
mod front;
mod symbol;

pub use ball::Ball;
pub use front::Front;

use crate::density::{DensityField, Evaluation, FieldError, check_evaluation, check_queries};
use crate::field::{BuildError, log_weights};
use crate::model::{ModelError, check_values};
use genphys_compiler::expr::{Name, Rational};
use genphys_compiler::verdict::VerdictKind;
use genphys_compiler::{Analysis, Budget};
use ndarray::parallel::prelude::*;
use ndarray::{Array2, ArrayView1, ArrayView2, Axis};
use std::collections::BTreeMap;

/// An equation that is generative in a region, at these values, with its kernel in numbers.
#[derive(Clone, Debug)]
pub struct RegionalModel {
    dim: usize,
    law: RegionalLaw,
    condition: String,
}

/// The kernel of one source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RegionalLaw {
    /// `s^2 + 2 eps s + m + c^2 kappa`: the wake behind a front.
    Front(Front),
    /// `lambda = d + c sqrt(kappa - k^2)`: Helmholtz's equation.
    Ball(Ball),
}

impl RegionalLaw {
    /// Why the flow inside the region, run backward from a prior, brings no samples of the data.
    pub fn why_no_samples(&self) -> String {
        match self {
            RegionalLaw::Front(front) => format!(
                "all mass starts on the front, which moves at the speed {}, and what is behind it came out of it; backward in time the flow                  carries every particle into the front before t = 0, and on it the density is no function and there is no velocity field to go by",
                front.speed
            ),
            RegionalLaw::Ball(ball) => format!(
                "at the time T of the prior the density is positive where sqrt(({} T)^2 + r^2) < {:.6} for every data point, and changes its                  sign beyond. The flow keeps particles inside, but mass of each data point has left: of the mass that returns to a point, a                  part of about {:.3} T is missing, a different part for each point, so that samples would have the wrong weights",
                ball.speed,
                ball.edge / ball.wave_number,
                ball.speed * ball.wave_number / ball.edge
            ),
        }
    }

    /// What to do instead.
    pub fn instead_of_samples(&self) -> &'static str {
        match self {
            RegionalLaw::Front(_) => {
                "`genphys field` gives log p, v and R/p behind the front; to sample, take diffusion, which this equation becomes for large damping"
            }
            RegionalLaw::Ball(_) => {
                "`genphys field` gives log p, v and R/p inside; to sample, take the limit of a small wave number, Poisson's equation"
            }
        }
    }
}

/// What one source adds at one point, all times `exp(log_scale)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Term {
    log_scale: f64,
    /// The density; may be negative.
    p: f64,
    /// f with `J = f (x - y)`.
    flux: f64,
    /// R.
    births: f64,
}

impl RegionalModel {
    /// Checks the values, asks for the verdict at these values, and puts numbers into the kernel.
    ///
    /// # Errors
    /// [`ModelError`]; only a conditional verdict whose region is known to a kernel makes such a model.
    ///
    /// # Example
    /// ```
    /// use genphys_compiler::operator::Equation;
    /// use genphys_runtime::density::{DensityField, Evaluation};
    /// use genphys_runtime::region::{RegionalField, RegionalModel};
    /// use ndarray::array;
    /// let wave = Equation::parse("phi_tt + 2 phi_t - lap(phi) = 0")?.analyze();
    /// let model = RegionalModel::new(&wave, 1, &Default::default())?;
    /// assert!(model.condition().starts_with("r < t"));
    /// let field = RegionalField::new(&model, array![[0.0]].view(), &[1.0])?;
    /// let mut at = Evaluation::new(1, 1);
    /// assert!(field.evaluate(2.0, array![[1.5]].view(), &mut at).is_ok()); // behind the front
    /// assert!(field.evaluate(1.0, array![[1.5]].view(), &mut at).is_err()); // ahead of it
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(
        analysis: &Analysis,
        dim: usize,
        values: &BTreeMap<Name, Rational>,
    ) -> Result<RegionalModel, ModelError> {
        check_values(analysis, values)?;
        if let Some(fixed) = analysis.equation.dimension.filter(|fixed| *fixed as usize != dim) {
            return Err(ModelError::FixedDimension { fixed, asked: dim });
        }
        let here = analysis.at(values, Budget::default());
        if here.verdict.kind != VerdictKind::Conditional {
            return Err(ModelError::NotGenerative { kind: here.verdict.kind, reason: here.verdict.reason });
        }
        let lambda = || here.dispersion.as_ref().ok().and_then(|d| d.lambda()).map(|l| l.to_string());
        let law = symbol::law(&here, dim).ok_or_else(|| ModelError::NoClosedForm(lambda().unwrap_or_default()))?;
        if let RegionalLaw::Front(_) = law
            && !(1..=Front::MOST_DIMENSIONS).contains(&dim)
        {
            return Err(ModelError::Dimension { dim, most: Front::MOST_DIMENSIONS });
        }
        Ok(RegionalModel { dim, law, condition: here.verdict.c1.condition.unwrap_or_default() })
    }

    /// The space dimension N.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// The kernel.
    pub fn law(&self) -> RegionalLaw {
        self.law
    }

    /// The region about one source in which the density is positive, as the verdict states it.
    pub fn condition(&self) -> &str {
        &self.condition
    }
}

/// The density flow of weighted points under a [`RegionalModel`], pair by pair in double precision.
///
/// Of the law of a wave it is the part behind the front; what travels on the front itself is no function.
#[derive(Clone, Debug)]
pub struct RegionalField {
    dim: usize,
    law: RegionalLaw,
    points: Array2<f64>,
    log_weights: Vec<f64>,
}

impl RegionalField {
    /// Lays the data out.
    ///
    /// # Shapes
    /// `points`: `[n, N]`, in lengths; `weights`: `[n]`, nonnegative, not all zero; they are normalised to sum 1.
    /// # Errors
    /// [`BuildError::Data`].
    pub fn new(model: &RegionalModel, points: ArrayView2<f64>, weights: &[f64]) -> Result<RegionalField, BuildError> {
        let log_weights = log_weights(model.dim, points, weights)?;
        Ok(RegionalField { dim: model.dim, law: model.law, points: points.to_owned(), log_weights })
    }

    /// `log p`, `v` into `v`, and `R/p` at one point.
    fn evaluate_row(
        &self,
        t: f64,
        x: ArrayView1<f64>,
        v: &mut ndarray::ArrayViewMut1<f64>,
    ) -> Result<(f64, f64), String> {
        let mut sum = Term { log_scale: f64::NEG_INFINITY, p: 0.0, flux: 0.0, births: 0.0 };
        let mut nearest = f64::INFINITY;
        v.fill(0.0);
        for (y, log_weight) in self.points.rows().into_iter().zip(&self.log_weights) {
            if *log_weight == f64::NEG_INFINITY {
                continue;
            }
            let q: f64 = x.iter().zip(y).map(|(x, y)| (x - y) * (x - y)).sum();
            nearest = nearest.min(q);
            let term = match self.law {
                RegionalLaw::Front(front) => front.term(self.dim, t, q),
                RegionalLaw::Ball(ball) => Some(ball.term(self.dim, t, q)?),
            };
            let Some(term) = term else { continue };
            let log_scale = term.log_scale + log_weight;
            let scale = if log_scale > sum.log_scale {
                let shrink = (sum.log_scale - log_scale).exp();
                (sum.p, sum.births) = (sum.p * shrink, sum.births * shrink);
                v.iter_mut().for_each(|v| *v *= shrink);
                sum.log_scale = log_scale;
                1.0
            } else {
                (log_scale - sum.log_scale).exp()
            };
            sum.p += scale * term.p;
            sum.births += scale * term.births;
            v.iter_mut().zip(x.iter().zip(y)).for_each(|(v, (x, y))| *v += scale * term.flux * (x - y));
        }
        if sum.p <= 0.0
            && let RegionalLaw::Front(front) = self.law
        {
            return Err(front.outside(t, nearest.sqrt()));
        }
        v.iter_mut().for_each(|v| *v /= sum.p);
        Ok((sum.log_scale + sum.p.ln(), sum.births / sum.p))
    }
}

impl DensityField for RegionalField {
    fn dim(&self) -> usize {
        self.dim
    }

    fn evaluate(&self, t: f64, x: ArrayView2<f64>, out: &mut Evaluation) -> Result<(), FieldError> {
        check_queries(self.dim, t, x)?;
        out.resize(x.nrows(), self.dim);
        let rows: Vec<Result<(f64, f64), String>> = (out.v.axis_iter_mut(Axis(0)).into_par_iter())
            .zip(x.axis_iter(Axis(0)))
            .map(|(mut v, x)| self.evaluate_row(t, x, &mut v))
            .collect();
        for (row, found) in rows.into_iter().enumerate() {
            (out.log_p[row], out.r_over_p[row]) = found.map_err(|why| FieldError::OutsideRegion { row, t, why })?;
        }
        check_evaluation(t, out)
    }

    fn displacement_rate(&self, t: f64) -> Option<f64> {
        match self.law {
            RegionalLaw::Front(_) => None,
            RegionalLaw::Ball(ball) => Some(ball.flux_ratio / (2.0 * t)),
        }
    }

    fn branches(&self) -> bool {
        match self.law {
            RegionalLaw::Front(front) => front.stiffness != 0.0,
            RegionalLaw::Ball(ball) => ball.births != 0.0,
        }
    }
}
