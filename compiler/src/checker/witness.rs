//! Witnesses: every number is computed again.
//!
//! Holds: derivatives and kernel values come with guaranteed bounds; `-lambda` must be a root of the symbol, and the parameter
//!       values admitted and all there.

use super::{Checked, Checker, Known, wrong};
use crate::dispersion::Dispersion;
use crate::dispersion::direction::axis_of;
use crate::expr::{Enclosure, Expr, KappaSum, Name, Rational, rational, shifted};
use crate::lemmas::{compares, half_planes, kernel_bounds};
use crate::operator::Equation;
use crate::verdict::Witness;
use num_complex::Complex64;
use num_traits::{Signed, ToPrimitive};

/// Computes the numbers of a witness again.
///
/// # Errors
/// [`CheckError`](super::CheckError) when one does not reproduce, when `lambda` is no branch, or a parameter value is not admitted.
pub fn check_witness(witness: &Witness, equation: &Equation, dispersion: &Dispersion) -> Checked {
    let nothing = Expr::zero();
    let (lambda, values) = (witness.lambda().unwrap_or(&nothing), witness.parameters());
    let given = |n: &Name| values.iter().find(|(m, _)| m == n).map(|(_, v)| Expr::Num(v.clone()));
    if !equation.facts.admits(values) || lambda.symbols().iter().any(|n| axis_of(n).is_none() && given(n).is_none()) {
        return wrong("parameter values not admitted or missing", lambda);
    }
    let at = |e: &Expr| e.replace(&|part| if let Expr::Sym(n) = part { given(n) } else { None });
    let (here, symbol) = (at(lambda), dispersion.coefficients.iter().map(at).collect::<Vec<_>>());
    if witness.lambda().is_some() {
        let known = Known::new(&equation.facts);
        Checker { known, symbol: symbol.clone(), dimension: equation.dimension }.root(&here, &Expr::zero())?;
    }
    let value = |kappa: Rational| {
        let leaf = |part: &Expr| if *part == Expr::kappa() { kappa.to_f64().map(Complex64::from) } else { None };
        here.evaluate(&leaf).filter(|z| z.is_finite()).map_or_else(|| wrong("no value of", lambda), Ok)
    };
    let stated = match witness {
        Witness::Derivative { order, kappa, value, error, .. } if (1..=16).contains(order) => {
            let d = (0..*order).try_fold(here.clone(), |d, _| d.derivative(&Expr::kappa()));
            let d = d.map(|d| if order % 2 == 0 { -d } else { d });
            let bounds = d.and_then(|d| Enclosure::of(&d.substitute(&Expr::kappa(), &Expr::Num(kappa.clone()))));
            bounds.is_some_and(|b| agree((b.low, b.high), *value, *error))
        }
        Witness::Oscillation { kappa, imaginary, .. } => {
            let z = value(kappa.clone())?;
            (z.im - imaginary).abs() <= 1e-9 * z.norm() && z.im.abs() > 1e-6 * z.norm()
        }
        Witness::Level { k, at_k, at_zero, .. } if k.is_positive() => {
            let (z, z0) = (value(k * k)?, value(rational(0, 1))?);
            let size = 1e-12 * (z.norm() + z0.norm());
            (z.re - at_k).abs() <= size && (z0.re - at_zero).abs() <= size && *at_k <= at_zero + size
        }
        Witness::Roots { k, level, .. } if k.is_positive() => {
            let about = shifted(&symbol, level);
            let (here, start) = (half_planes(&about, &(k * k)), half_planes(&about, &rational(0, 1)));
            here.is_some_and(|n| n.left == 0) && start.is_some_and(|n| n.on > 0 && n.right == 0)
        }
        Witness::Vector { test, k, value, bound, .. } if equation.dimension.is_none_or(|n| k.len() <= n as usize) => {
            compares(*test, k, &here, (*value, *bound))
        }
        Witness::Kernel { dimension, radius, time, value, error, .. } => {
            let bounds = KappaSum::read(&here).and_then(|sum| kernel_bounds(&sum, *dimension, radius, time));
            bounds.is_some_and(|b| agree(b, *value, *error))
        }
        _ => false,
    };
    if stated { Ok(()) } else { wrong("the witness does not reproduce for", lambda) }
}

/// A negative value beyond its error, and one of ours, which the stated one agrees with to a relative `1e-9`.
fn agree((low, high): (f64, f64), value: f64, error: f64) -> bool {
    let slack = error + 1e-9 * value.abs();
    let ours = high < 0.0 && (low - slack..=high + slack).contains(&value);
    ours && error >= 0.0 && value + error < 0.0 && error <= 0.1 * value.abs()
}
