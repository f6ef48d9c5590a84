//! Numeric branches.
//!
//! In:   a [`Dispersion`], a wave number, values of the parameters.
//! Out:  `omega_j(k)`, one per branch, in the order of the branches.
//! Holds: every value is a root of the symbol to rounding: the closed form is only the start of a Newton iteration on
//!       `P(s, kappa)`, so that `(sqrt(b^2 + 4 a kappa) - b)/(2a)` does not cancel at small kappa.

use super::{Branch, Dispersion, Root};
use crate::expr::{Axis, Expr, Name, Var};
use num_complex::Complex64;
use std::collections::BTreeMap;
use thiserror::Error;

/// Why a branch has no value.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum EvaluateError {
    /// A parameter has no value.
    #[error("parameter `{0}` has no value")]
    MissingValue(Name),
    /// The branches depend on t.
    #[error("the branches depend on t, so that omega(k) alone has no value")]
    DependsOnTime,
    /// The branch is not finite there.
    #[error("a branch has no finite value at k = {0}")]
    NotFinite(f64),
    /// The coefficients of the symbol have no bounds there.
    #[error("the coefficients of the symbol have no guaranteed bounds at k = {0}")]
    NotEnclosed(f64),
}

impl Dispersion {
    /// The frequencies `omega_j(k)` of all branches, in the order of [`Dispersion::branches`].
    ///
    /// # Units
    /// `k` in inverse lengths, along the first axis where that matters; the result in inverse times of the equation.
    /// # Errors
    /// [`EvaluateError::MissingValue`] names a parameter without a value; [`EvaluateError::DependsOnTime`] when there is an
    /// [`Evolution`](super::Evolution).
    /// # Accuracy
    /// About 1e-14 relative away from collisions of branches.
    pub fn evaluate(&self, k: f64, values: &BTreeMap<Name, f64>) -> Result<Vec<Complex64>, EvaluateError> {
        if self.evolution.is_some() {
            return Err(EvaluateError::DependsOnTime);
        }
        let leaf = |e: &Expr| match e {
            Expr::Var(Var::Kappa) => Some(Complex64::from(k * k)),
            Expr::Sym(n) => match super::direction::axis_of(n) {
                Some(axis) => Some(Complex64::from(if axis == Axis::X { k } else { 0.0 })),
                None => values.get(n).copied().map(Complex64::from),
            },
            _ => None,
        };
        let needed = |n: &Name| !values.contains_key(n) && leaf(&Expr::Sym(n.clone())).is_none();
        if let Some(name) = self.symbol.symbols().into_iter().find(needed) {
            return Err(EvaluateError::MissingValue(name));
        }
        let number = |e: &Expr| {
            e.evaluate(&leaf).filter(|z| z.re.is_finite() && z.im.is_finite()).ok_or(EvaluateError::NotFinite(k))
        };
        let coefficients = self.coefficients.iter().map(number).collect::<Result<Vec<_>, _>>()?;
        let mut roots: Vec<(&Expr, Vec<Complex64>)> = Vec::new();
        for Root { polynomial, .. } in self.branches.iter().filter_map(|b| b.root.as_ref()) {
            if roots.iter().all(|(p, _)| *p != polynomial) {
                let powers =
                    super::powers_of(polynomial, &Expr::Var(Var::Growth)).ok_or(EvaluateError::NotFinite(k))?;
                let powers = powers.iter().map(number).collect::<Result<Vec<_>, _>>()?;
                roots.push((polynomial, all_roots(&powers).ok_or(EvaluateError::NotFinite(k))?));
            }
        }
        let growth = |b: &Branch| match &b.root {
            None => number(&b.growth),
            Some(root) => {
                let all = roots.iter().find(|(p, _)| *p == &root.polynomial).map(|(_, all)| all);
                all.and_then(|all| all.get(root.number - 1)).copied().ok_or(EvaluateError::NotFinite(k))
            }
        };
        let drift = match &self.drift {
            Some(c) => number(c)? * k,
            None => Complex64::from(0.0),
        };
        self.branches.iter().map(|b| Ok(Complex64::i() * polish(growth(b)?, &coefficients) + drift)).collect()
    }
}

/// Newton steps while they reduce the residual.
fn polish(start: Complex64, coefficients: &[Complex64]) -> Complex64 {
    let mut s = start;
    for _ in 0..4 {
        let (value, slope) = horner(coefficients, s);
        if value.norm() == 0.0 || slope.norm() == 0.0 {
            break;
        }
        let next = s - value / slope;
        if horner(coefficients, next).0.norm() >= value.norm() {
            break;
        }
        s = next;
    }
    s
}

/// The value and the derivative of a polynomial, coefficients constant first.
fn horner(coefficients: &[Complex64], s: Complex64) -> (Complex64, Complex64) {
    let zero = Complex64::from(0.0);
    coefficients.iter().rev().fold((zero, zero), |(value, slope), c| (value * s + c, slope * s + value))
}

/// All roots of a polynomial, by rising real part, then imaginary part, which is compared where real parts agree to nine digits.
fn all_roots(coefficients: &[Complex64]) -> Option<Vec<Complex64>> {
    let zeros = coefficients.iter().take_while(|c| c.norm() == 0.0).count();
    let rest = &coefficients[zeros..];
    let mut roots = vec![Complex64::from(0.0); zeros];
    roots.extend(simultaneous(rest)?);
    let scale = roots.iter().map(|z| z.norm()).fold(f64::MIN_POSITIVE, f64::max);
    let key = |z: &Complex64| ((z.re / scale * 1e9).round(), z.im);
    roots.sort_by(|a, b| {
        let (a, b) = (key(a), key(b));
        a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
    });
    Some(roots)
}

/// The iteration of Ehrlich and Aberth on all roots at once; the constant coefficient is not zero.
fn simultaneous(coefficients: &[Complex64]) -> Option<Vec<Complex64>> {
    let order = coefficients.len().checked_sub(1)?;
    let (first, last) = (coefficients.first()?.norm(), coefficients.last()?.norm());
    let radius = (first / last).powf(1.0 / order.max(1) as f64);
    // Off the axes, so that no symmetry holds the iteration back.
    let start = |j: usize| Complex64::from_polar(radius, (j as f64 + 0.35) * std::f64::consts::TAU / order as f64);
    let mut roots: Vec<Complex64> = (0..order).map(start).collect();
    for _ in 0..400 {
        let mut moved = 0.0f64;
        for i in 0..order {
            let (value, slope) = horner(coefficients, roots[i]);
            let others: Complex64 = (0..order).filter(|j| *j != i).map(|j| (roots[i] - roots[j]).inv()).sum();
            let step = value / (slope - value * others);
            if step.is_finite() {
                roots[i] -= step;
                moved = moved.max(step.norm() / roots[i].norm().max(1e-300));
            }
        }
        if moved < 1e-15 {
            break;
        }
    }
    roots.iter().all(|z| z.is_finite()).then_some(roots)
}
