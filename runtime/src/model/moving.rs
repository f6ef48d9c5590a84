//! The part of a bounded law that moves.
//!
//! In:   an [`Analysis`] with a bounded Bernstein lambda, a dimension N, parameter values.
//! Out:  [`MovingPart`], of which a [`Field`](crate::field::Field) can be made, and the mass that it leaves out.
//! Holds: the law of a source at y is `exp(-lambda(inf) t) delta(x - y)` plus a density, and p, v and R/p are of the density
//!       alone, whose mass is `exp(-lambda(0) t) - exp(-lambda(inf) t)`. They are those of the equation everywhere but on the
//!       data points; there the density may be without a bound.
//! Source: docs of [`genphys_compiler::green::Subordinated`]; a compound Poisson process (Schilling, Song & Vondracek, chapter 5).

use super::{ModelError, check_values, forward_law};
use crate::sampler::ForwardLaw;
use genphys_compiler::expr::{Name, Rational};
use genphys_compiler::green::{Bound, Green};
use genphys_compiler::verdict::{Proof, VerdictKind};
use genphys_compiler::{Analysis, Budget};
use std::collections::BTreeMap;

/// A law of which a part never moves, at these values, with the kernel of its other part in numbers.
///
/// It is no [`Model`](super::Model): the flow of the part that moves, backward in time, ends beside the data points as well as on them.
///
/// # Example
/// ```
/// use genphys_compiler::operator::Equation;
/// use genphys_runtime::model::{Model, MovingPart};
/// let sobolev = Equation::parse("phi_t - lap(phi_t) - lap(phi) = 0")?.analyze(); // lambda = kappa/(1 + kappa)
/// let part = MovingPart::new(&sobolev, 2, &Default::default())?;
/// assert!((part.mass_at_rest(3.0) - (-3.0f64).exp()).abs() < 1e-15);
/// assert!(Model::of(&sobolev).dim(2).build().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct MovingPart {
    bound: Bound,
}

impl MovingPart {
    /// Checks the values, asks for the verdict at these values, and puts numbers into the kernel.
    ///
    /// # Errors
    /// [`ModelError`]; only a verdict that is conditional because lambda is bounded makes such a part.
    pub fn new(analysis: &Analysis, dim: usize, values: &BTreeMap<Name, Rational>) -> Result<MovingPart, ModelError> {
        check_values(analysis, values)?;
        if let Some(fixed) = analysis.equation.dimension.filter(|fixed| *fixed as usize != dim) {
            return Err(ModelError::FixedDimension { fixed, asked: dim });
        }
        let here = analysis.at(values, Budget::default());
        let refused = || ModelError::NotGenerative { kind: here.verdict.kind, reason: here.verdict.reason.clone() };
        let green = kernel(&here).ok_or_else(refused)?;
        Ok(MovingPart { bound: green.bind_rest(dim, &BTreeMap::new())? })
    }

    /// The kernel of the part that moves, in numbers.
    pub fn bound(&self) -> &Bound {
        &self.bound
    }

    /// The part of the mass that has not moved up to time t: it lies on the data points, and is in no density.
    pub fn mass_at_rest(&self, t: f64) -> f64 {
        self.bound.mass_at_rest(t)
    }

    /// The law by which a single particle moves forward in time, the one at rest too: it stays with the probability
    /// [`MovingPart::mass_at_rest`].
    pub fn forward_law(&self) -> ForwardLaw {
        forward_law(&self.bound)
    }
}

impl AsRef<Bound> for MovingPart {
    fn as_ref(&self) -> &Bound {
        &self.bound
    }
}

/// The kernel of what moves, where that is not all and the rest has a positive density.
pub(super) fn kernel(here: &Analysis) -> Option<Green> {
    let (Ok(dispersion), Ok(flow)) = (&here.dispersion, &here.flow) else { return None };
    let cases = here.verdict.c1.certificate.as_ref().map_or(&[][..], |certificate| &certificate.cases);
    let is_bounded = cases.iter().all(|case| matches!(case.proof, Proof::Bernstein { bounded: true, .. }));
    let is_partial = here.verdict.kind == VerdictKind::Conditional && !cases.is_empty() && is_bounded;
    (is_partial && !here.equation.is_system())
        .then(|| Green::recognise_rest(dispersion, flow, &here.equation.facts))
        .flatten()
}
