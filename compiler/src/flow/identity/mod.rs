//! The independent check of a continuity form: `M L phi == dt p + div J - R` for a generic field, exactly.
//!
//! In:   the equations as they were read, and the form `(p, J, R)` with its multipliers.
//! Out:  nothing, or [`IdentityFailure`] with the terms that remain.
//! Holds: no code is shared with the e-graph, its rules or its proofs. Both sides are written out in N = 1, 2 and 3
//!        explicit coordinates (those that have every axis named), every partial derivative of the field an independent letter; equal means equal as
//!        polynomials in those letters. Fractional Laplacians are Fourier multipliers with an explicit wave vector, or, beside products of fields
//!        and the position, functions of their own.

mod jets;

use super::{DensityFlow, Part};
use crate::expr::{Expr, rational};
use crate::operator::Equation;
use jets::Coordinates;

/// Why the identity of a continuity form was not confirmed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityFailure {
    /// The two sides differ.
    #[error("in {dimension} space dimension(s), M L phi - (dt p + div J - R) leaves {residual}")]
    Residual {
        /// The space dimension in which they differ.
        dimension: usize,
        /// What remains, in letters such as `phi{1,0,2,0}`: once in t, twice along the second axis.
        residual: String,
    },
    /// A part of an expression is of a kind that this check does not write out.
    #[error("the identity check does not cover {what}")]
    NotCovered {
        /// The part.
        what: String,
    },
}

/// Checks `M L phi == dt p + div J - R` identically in the field; for complex fields the stated part of it.
///
/// # Errors
/// [`IdentityFailure::Residual`] when the sides differ; [`IdentityFailure::NotCovered`] when one of them cannot be
/// written out.
pub fn verify_identity(equation: &Equation, flow: &DensityFlow) -> Result<(), IdentityFailure> {
    let dimensions = match equation.dimension {
        Some(n @ 1..=3) => vec![n as usize],
        _ => (equation.least_dimension() as usize..=3).collect(),
    };
    dimensions.into_iter().try_for_each(|n| verify_in(n, equation, flow))
}

fn verify_in(dimension: usize, equation: &Equation, flow: &DensityFlow) -> Result<(), IdentityFailure> {
    if !flow.multipliers_agree(equation) {
        return Err(IdentityFailure::NotCovered { what: "a form without one multiplier for each equation".to_owned() });
    }
    let parts = [&flow.p, &flow.flux, &flow.r];
    let sides: Vec<&Expr> = parts.into_iter().chain(&equation.components).chain(&flow.multipliers).collect();
    let space = Coordinates::for_all(dimension, equation, &sides)?;
    let products = equation.components.iter().zip(&flow.multipliers).filter(|(_, m)| !m.is_zero());
    let products = products.map(|(l, m)| Ok(space.scalar(m)? * space.scalar(l)?));
    let product = Expr::add(products.collect::<Result<Vec<_>, IdentityFailure>>()?);
    let left = match flow.part {
        Part::Whole => product,
        Part::Real => product.clone() + space.conjugate(&product)?,
        Part::Imaginary => (product.clone() - space.conjugate(&product)?) * -Expr::Imag,
    };
    let density = space.time_derivative(&space.scalar(&flow.p)?)?;
    let outflow = space.divergence(&space.vector(&flow.flux)?)?;
    let right = density + outflow - space.scalar(&flow.r)?;
    let residual = space.normal(&(left - right));
    if residual.is_zero() || is_zero_over_common_factor(&residual, &space) {
        return Ok(());
    }
    Err(IdentityFailure::Residual { dimension, residual: space.readable(&residual).to_string() })
}

/// A residual may hide its cancellation behind inverse sums of parameters, `1/(a + b)`: multiply each such sum in.
fn is_zero_over_common_factor(residual: &Expr, space: &Coordinates) -> bool {
    let mut sum = residual.clone();
    for _ in 0..8 {
        let Some(base) = inverse_sum(&sum) else { return sum.is_zero() };
        sum = Expr::add(sum.terms().iter().map(|t| Expr::mul([t.clone(), base.clone()])));
        sum = space.normal(&sum);
    }
    sum.is_zero()
}

fn inverse_sum(e: &Expr) -> Option<Expr> {
    if let Expr::Pow(base, n) = e {
        let inverse = n.as_num().is_some_and(|n| *n < rational(0, 1));
        if inverse && matches!(**base, Expr::Add(_)) && !base.has_field() {
            return Some((**base).clone());
        }
    }
    e.children().find_map(inverse_sum)
}
