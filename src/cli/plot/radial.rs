//! The law of one source in numbers: from its closed form when there is one, else by inverse Fourier transform.

use super::Subject;
use crate::cli::failure::Failure;
use genphys::transform::Spectrum;
use genphys_compiler::dispersion::{Dispersion, Problem};
use genphys_compiler::expr::{Expr, Var};
use genphys_compiler::green::Multipliers;
use genphys_compiler::kernel::Precision;
use genphys_runtime::density::{DensityField, Evaluation};
use genphys_runtime::field::Field;
use genphys_runtime::model::Model;
use ndarray::Array2;
use num_complex::Complex64;

/// Modes weaker than `exp(-40)` do not show.
const NEGLIGIBLE: f64 = 40.0;

/// The largest wave number tried.
const LARGEST: f64 = 1e6;

/// The largest dimension of the numeric transform.
const MOST_DIMENSIONS: usize = 3;

/// The law of one source at the origin.
pub struct Radial<'a> {
    subject: &'a Subject,
    relation: &'a Dispersion,
    pub dim: usize,
    closed: Option<Field>,
}

impl<'a> Radial<'a> {
    /// The law in `dim` dimensions.
    ///
    /// # Errors
    /// [`Failure`] with the reason why there is no such function here.
    pub fn new(subject: &'a Subject, dim: usize) -> Result<Radial<'a>, Failure> {
        let analysis = &subject.analysis;
        let none = |why: &str| Failure::input(format!("the kernel cannot be drawn: {why}"));
        let relation = analysis.dispersion.as_ref().map_err(|undecided| none(&undecided.why))?;
        if let Some(fixed) = analysis.equation.dimension.filter(|fixed| *fixed as usize != dim) {
            return Err(none(&format!("the equation is set in N = {fixed}")));
        }
        if relation.drift.is_some() {
            return Err(none("it moves with a drift; draw the equation without it"));
        }
        if relation.depends_on_direction() {
            return Err(none("it depends on the direction, not on the distance alone"));
        }
        let closed = Model::new(analysis, dim, &subject.exact)
            .ok()
            .and_then(|model| Field::new(&model, Array2::zeros((1, dim)).view(), &[1.0], Precision::F64).ok());
        if closed.is_none() {
            if relation.evolution.is_some() {
                return Err(none("its lambda depends on t, and the transform is done for one that does not"));
            }
            if relation.selected.is_none() {
                return Err(none(&relation.reason));
            }
            let several = relation.problem == Problem::Evolution && relation.coefficients.len() > 2;
            if several {
                return Err(none(
                    "an equation of second or higher order that evolves from initial data excites several branches, \
                     and its law may hold fronts that are no functions",
                ));
            }
            let linear = analysis
                .flow
                .as_ref()
                .is_ok_and(|flow| relation.lambda().is_some_and(|lambda| Multipliers::derive(&lambda, flow).is_some()));
            if !linear {
                return Err(none("p is not linear in phi, so it is not a superposition of kernels"));
            }
            if dim > MOST_DIMENSIONS {
                return Err(none("it has no closed form, and the transform is done in at most 3 dimensions")
                    .help("draw it with --dim 1, 2 or 3"));
            }
        }
        Ok(Radial { subject, relation, dim, closed })
    }

    /// Where the numbers come from.
    pub fn route(&self) -> &'static str {
        if self.closed.is_some() { "closed form" } else { "by inverse Fourier transform" }
    }

    fn lambda(&self, k: f64) -> Option<Complex64> {
        let omega = self.relation.evaluate(k, &self.subject.values).ok()?;
        Some(Complex64::i() * omega.get(self.relation.selected?)?)
    }

    /// The excess of the decay at k over that of the mean.
    fn decay(&self, k: f64) -> Option<f64> {
        Some(self.lambda(k)?.re - self.lambda(0.0)?.re)
    }

    /// The time at which the mode k has decayed to 1/e, or 1 when it does not decay.
    pub fn decay_time(&self, k: f64) -> f64 {
        self.decay(k).filter(|rate| *rate > 1e-3).map_or(1.0, f64::recip)
    }

    /// The radius that shows the law at time t: six lengths of the modes that have just decayed.
    pub fn radius(&self, t: f64) -> f64 {
        let (mut low, mut high) = (1e-4_f64, 1e4_f64);
        for _ in 0..60 {
            let middle = (low * high).sqrt();
            if self.decay(middle).is_some_and(|rate| rate * t < 1.0) { low = middle } else { high = middle }
        }
        6.0 / high
    }

    fn spectrum(&self, t: f64, radius: f64) -> Result<Spectrum, Failure> {
        let mut end = 1.0;
        while self.decay(end).is_some_and(|rate| rate * t < NEGLIGIBLE) {
            end *= 1.25;
            if end > LARGEST {
                return Err(Failure::input(
                    "the kernel cannot be drawn: short waves do not decay, so a part of it is no function",
                )
                .help("an atom or a front stays; `genphys explain` says which"));
            }
        }
        // A mode that oscillates contributes its real part: the solution that is real.
        Spectrum::sample(end, radius, |k| Some((-self.lambda(k)? * t).exp().re))
            .ok_or_else(|| Failure::input("the kernel cannot be drawn: a mode has no finite value"))
    }

    /// The density at radii.
    ///
    /// # Errors
    /// [`Failure`] when the law is no function there.
    pub fn density(&self, t: f64, radii: &[f64]) -> Result<Vec<f64>, Failure> {
        if let Some(field) = &self.closed {
            return Ok(self.evaluate(field, t, radii)?.log_p.iter().map(|log| log.exp()).collect());
        }
        let spectrum = self.spectrum(t, radii.iter().copied().fold(0.0, f64::max))?;
        Ok(radii.iter().map(|r| spectrum.at(self.dim, *r)).collect())
    }

    /// The outward flux at radii; none where the flux is no gradient of a superposition.
    ///
    /// # Errors
    /// As [`Radial::density`].
    pub fn flux(&self, t: f64, radii: &[f64]) -> Result<Option<Vec<f64>>, Failure> {
        if let Some(field) = &self.closed {
            let at = self.evaluate(field, t, radii)?;
            return Ok(Some((0..radii.len()).map(|i| at.log_p[i].exp() * at.v[[i, 0]]).collect()));
        }
        let spectrum = self.spectrum(t, radii.iter().copied().fold(0.0, f64::max))?;
        let Some(potential) = spectrum.times(|k| self.flux_multiplier(k)) else { return Ok(None) };
        // `J-hat = -i k F p-hat`: the flux is minus the gradient of the transform of `F p-hat`.
        Ok(Some(radii.iter().map(|r| -potential.slope(self.dim, *r)).collect()))
    }

    fn flux_multiplier(&self, k: f64) -> Option<f64> {
        let flow = self.subject.analysis.flow.as_ref().ok()?;
        let multipliers = Multipliers::derive(&self.relation.lambda()?, flow)?;
        let value = multipliers.flux.evaluate(&|leaf| match leaf {
            Expr::Var(Var::Kappa) => Some((k * k).into()),
            Expr::Sym(name) => self.subject.values.get(name).map(|v| (*v).into()),
            _ => None,
        })?;
        (value.im.abs() <= 1e-9 * value.norm()).then_some(value.re)
    }

    fn evaluate(&self, field: &Field, t: f64, radii: &[f64]) -> Result<Evaluation, Failure> {
        let points = Array2::from_shape_fn((radii.len(), self.dim), |(i, axis)| if axis == 0 { radii[i] } else { 0.0 });
        let mut out = Evaluation::new(radii.len(), self.dim);
        field.evaluate(t, points.view(), &mut out).map_err(|e| Failure::input(e.to_string()))?;
        Ok(out)
    }
}
