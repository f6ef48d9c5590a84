//! Densities that may be negative: the kernel by an inverse Fourier transform, for equations that are no generative model.
//!
//! In:   an analysis whose lambda is real or not, Bernstein or not, at numbers for its parameters; N = 1, 2 or 3.
//! Out:  [`SignedModel`] and [`SignedField`]: p, v = J/p and R/p, with the sign of p.
//! Holds: nothing here samples. A density with two signs is the density of no particles, and where it vanishes there is no
//!       velocity; the field shows what the equation does, as the witnesses of its verdict do.
//! Source: GenPhys (arXiv:2304.02637), Eq. 14: `p-hat = exp(-lambda t)`; Hankel transforms of order N/2 - 1.

mod modes;
mod spectrum;
mod table;

pub use modes::Modes;
pub use spectrum::Spectrum;

use crate::density::{FieldError, check_queries};
use crate::field::{BuildError, log_weights};
use crate::model::{ModelError, check_values};
use genphys_compiler::dispersion::Problem;
use genphys_compiler::expr::{Expr, Name, Rational, Var};
use genphys_compiler::green::Multipliers;
use genphys_compiler::{Analysis, Budget};
use ndarray::parallel::prelude::*;
use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut1, Axis};
use std::collections::BTreeMap;
use table::{Point, Table};

/// The largest dimension of the transform.
pub const MOST_DIMENSIONS: usize = 3;

/// Of the largest part that one source contributes, below this p is lost to rounding and to the table.
const RESOLVED: f64 = 1e-9;

/// An equation with a radial kernel of either sign, in numbers.
#[derive(Clone, Debug)]
pub struct SignedModel {
    dim: usize,
    modes: Modes,
    multipliers: Multipliers,
}

impl SignedModel {
    /// Checks the values and puts numbers into the modes; the verdict is not asked.
    ///
    /// # Errors
    /// [`ModelError`]; [`ModelError::NoTransform`] says why the equation has no such kernel.
    ///
    /// # Example
    /// ```
    /// use genphys_compiler::operator::Equation;
    /// use genphys_runtime::signed::{SignedField, SignedModel};
    /// use ndarray::array;
    /// let beam = Equation::parse("phi_t + lap(lap(phi)) = 0")?.analyze();
    /// let model = SignedModel::new(&beam, 1, &Default::default())?;
    /// let field = SignedField::new(&model, array![[0.0]].view(), &[1.0])?;
    /// let at = field.evaluate(1.0, array![[0.0], [4.0]].view())?;
    /// assert!(at.sign[0] > 0.0 && at.sign[1] < 0.0); // positive at the source, negative beside it
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(analysis: &Analysis, dim: usize, values: &BTreeMap<Name, Rational>) -> Result<SignedModel, ModelError> {
        check_values(analysis, values)?;
        if let Some(fixed) = analysis.equation.dimension.filter(|fixed| *fixed as usize != dim) {
            return Err(ModelError::FixedDimension { fixed, asked: dim });
        }
        SignedModel::of(&analysis.at(values, Budget::default()), dim)
    }

    /// The model of an analysis without open parameters.
    ///
    /// # Errors
    /// [`ModelError::NoTransform`].
    pub fn of(here: &Analysis, dim: usize) -> Result<SignedModel, ModelError> {
        let none = |why: &str| ModelError::NoTransform { why: why.to_owned() };
        let modes = Modes::new(here)?;
        let relation = modes.relation();
        if relation.evolution.is_some() {
            return Err(none("its lambda depends on t, and the transform is done for one that does not"));
        }
        let lambda = relation.lambda().ok_or_else(|| none(&relation.reason))?;
        if relation.problem == Problem::Evolution && relation.coefficients.len() > 2 {
            return Err(none(
                "an equation of second or higher order that evolves from initial data excites several branches, and its law \
                 may hold fronts that are no functions",
            ));
        }
        let flow = here.flow.as_ref().map_err(|undecided| none(&undecided.why))?;
        let multipliers = Multipliers::derive(&lambda, flow)
            .ok_or_else(|| none("p is not linear in phi, so it is not a superposition of kernels"))?;
        if !(1..=MOST_DIMENSIONS).contains(&dim) {
            return Err(none(&format!("the transform is done in at most {MOST_DIMENSIONS} dimensions, not in {dim}")));
        }
        Ok(SignedModel { dim, modes, multipliers })
    }

    /// The space dimension N.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// The decay of each mode.
    pub fn modes(&self) -> &Modes {
        &self.modes
    }

    /// `p-hat` of one source at time t, sampled for radii up to `radius`; a mode that oscillates contributes its real part,
    /// which is the solution that is real.
    ///
    /// # Errors
    /// Words that follow "the kernel cannot be computed:".
    pub fn spectrum(&self, t: f64, radius: f64) -> Result<Spectrum, String> {
        let end = self.modes.end(t).ok_or("short waves do not decay, so a part of it is no function")?;
        Spectrum::sample(end, radius, |k| Some((-self.modes.lambda(k)? * t).exp().re))
            .ok_or_else(|| "a mode has no finite value".to_owned())
    }

    /// F(k) with `J-hat = -i k F p-hat`; none where it is not real.
    pub fn flux(&self, k: f64) -> Option<f64> {
        real(&self.multipliers.flux, k)
    }

    /// rho(k) with `R-hat = rho p-hat`; none where it is not real.
    pub fn source(&self, k: f64) -> Option<f64> {
        real(&self.multipliers.source, k)
    }

    fn has_source(&self) -> bool {
        !self.multipliers.source.is_zero()
    }
}

fn real(multiplier: &Expr, k: f64) -> Option<f64> {
    let value = multiplier.evaluate(&|leaf| match leaf {
        Expr::Var(Var::Kappa) => Some((k * k).into()),
        _ => None,
    })?;
    (value.im.abs() <= 1e-9 * value.norm()).then_some(value.re)
}

/// What a [`SignedField`] answers for M points in N dimensions.
#[derive(Clone, Debug, PartialEq)]
pub struct SignedEvaluation {
    /// `log |p|`, `[M]`.
    pub log_abs_p: Vec<f64>,
    /// The sign of p, 1 or -1, `[M]`.
    pub sign: Vec<f64>,
    /// `v = J/p`, `[M, N]`, in lengths per time.
    pub v: Array2<f64>,
    /// `R/p`, `[M]`, in inverse times.
    pub r_over_p: Vec<f64>,
}

/// The density flow of weighted points under a [`SignedModel`].
#[derive(Clone, Debug)]
pub struct SignedField {
    model: SignedModel,
    points: Array2<f64>,
    weights: Vec<f64>,
}

impl SignedField {
    /// Lays the data out.
    ///
    /// # Shapes
    /// `points`: `[n, N]`, in lengths; `weights`: `[n]`, nonnegative, not all zero; they are normalised to sum 1.
    /// # Errors
    /// [`BuildError::Data`].
    pub fn new(model: &SignedModel, points: ArrayView2<f64>, weights: &[f64]) -> Result<SignedField, BuildError> {
        let weights = log_weights(model.dim, points, weights)?.into_iter().map(f64::exp).collect();
        Ok(SignedField { model: model.clone(), points: points.to_owned(), weights })
    }

    /// The field at time t at the rows of `x`, `[M, N]`.
    ///
    /// # Accuracy
    /// p to about 1e-9 of the peak of the kernel; what is smaller is refused, since its sign would be a guess.
    /// # Errors
    /// [`FieldError`], with the row.
    pub fn evaluate(&self, t: f64, x: ArrayView2<f64>) -> Result<SignedEvaluation, FieldError> {
        check_queries(self.model.dim, t, x)?;
        let table = Table::new(&self.model, t, self.reach(x)).map_err(|why| FieldError::NoKernel { t, why })?;
        let mut v = Array2::zeros(x.raw_dim());
        let rows: Vec<Option<(f64, f64)>> = (v.axis_iter_mut(Axis(0)).into_par_iter())
            .zip(x.axis_iter(Axis(0)))
            .map(|(v, x)| self.row(&table, x, v))
            .collect();
        if let Some(row) = rows.iter().position(Option::is_none) {
            let why = "p is zero there to within what the transform resolves".to_owned();
            return Err(FieldError::OutsideRegion { row, t, why });
        }
        let found = || rows.iter().flatten();
        Ok(SignedEvaluation {
            log_abs_p: found().map(|(p, _)| p.abs().ln()).collect(),
            sign: found().map(|(p, _)| p.signum()).collect(),
            v,
            r_over_p: found().map(|(_, births)| *births).collect(),
        })
    }

    /// The largest distance between a point and a data point, from the boxes that hold them.
    fn reach(&self, x: ArrayView2<f64>) -> f64 {
        let ends = |column: ArrayView1<f64>| {
            column.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), a| (low.min(*a), high.max(*a)))
        };
        let across = |axis: usize| {
            let ((a, b), (c, d)) = (ends(x.column(axis)), ends(self.points.column(axis)));
            (b - c).max(d - a)
        };
        (0..x.ncols()).map(|axis| across(axis).powi(2)).sum::<f64>().sqrt()
    }

    /// p and R/p at one point, v written; none where p is lost to rounding.
    fn row(&self, table: &Table, x: ArrayView1<f64>, mut v: ArrayViewMut1<f64>) -> Option<(f64, f64)> {
        let (mut p, mut births) = (0.0, 0.0);
        for (y, weight) in self.points.rows().into_iter().zip(&self.weights) {
            let r = x.iter().zip(y).map(|(x, y)| (x - y) * (x - y)).sum::<f64>().sqrt();
            let Point { density, flux, source } = table.at(r);
            p += weight * density;
            births += weight * source;
            if r > 0.0 {
                v.iter_mut().zip(x.iter().zip(y)).for_each(|(v, (x, y))| *v += weight * flux * (x - y) / r);
            }
        }
        v.iter_mut().for_each(|v| *v /= p);
        (p.abs() > RESOLVED * table.peak()).then_some((p, births / p))
    }
}
