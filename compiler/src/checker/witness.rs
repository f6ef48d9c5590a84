//! Witnesses: every number is computed again.
//!
//! Holds: derivatives and kernel values come with guaranteed bounds; `-lambda` must be a root of the symbol at the stated
//!       point; the parameter values must be admitted, and all there.

use super::levy::compares;
use super::roots::half_planes;
use super::{CheckError, kernel_bounds, wrong};
use crate::dispersion::Dispersion;
use crate::dispersion::direction::axis_of;
use crate::expr::{Enclosure, Expr, KappaSum, Name, Rational, Var, rational, shifted};
use crate::operator::Equation;
use crate::verdict::Witness;
use num_complex::Complex64;
use num_traits::{Signed, ToPrimitive};

/// Agreement asked of two ways to compute the same number, relative to its size.
const AGREEMENT: f64 = 1e-9;

/// Computes the numbers of a witness again.
///
/// # Errors
/// [`CheckError`] when one does not reproduce, when `lambda` is no branch, or a parameter value is not admitted.
pub fn check_witness(witness: &Witness, equation: &Equation, dispersion: &Dispersion) -> Result<(), CheckError> {
    let nothing = Expr::zero();
    let (lambda, values) = (witness.lambda().unwrap_or(&nothing), witness.parameters());
    let free = |n: &Name| axis_of(n).is_none() && values.iter().all(|(m, _)| m != n);
    if !equation.facts.admits(values) || lambda.symbols().iter().any(free) {
        return wrong("parameter values not admitted or missing", lambda);
    }
    let at = |e: &Expr| match e {
        Expr::Sym(n) => values.iter().find(|(m, _)| m == n).map(|(_, v)| Expr::Num(v.clone())),
        _ => None,
    };
    let here = lambda.replace(&at);
    let symbol: Vec<Expr> = dispersion.coefficients.iter().map(|c| c.replace(&at)).collect();
    let stated = match witness {
        Witness::Derivative { order, kappa, value, error, .. } if (1..=16).contains(order) => {
            on_branch(&here, &symbol, kappa)?;
            let d = (0..*order).try_fold(here, |d, _| d.derivative(&Expr::kappa()));
            let d = d.map(|d| if order % 2 == 0 { -d } else { d });
            let bounds = d.and_then(|d| Enclosure::of(&d.substitute(&Expr::kappa(), &Expr::Num(kappa.clone()))));
            bounds.is_some_and(|b| agree((b.low, b.high), *value, *error))
        }
        Witness::Oscillation { kappa, imaginary, .. } => {
            let z = on_branch(&here, &symbol, kappa)?;
            (z.im - imaginary).abs() <= AGREEMENT * z.norm() && z.im.abs() > 1e-6 * z.norm()
        }
        Witness::Level { k, at_k, at_zero, .. } if k.is_positive() => {
            let (z, z0) = (on_branch(&here, &symbol, &(k * k))?, on_branch(&here, &symbol, &rational(0, 1))?);
            let size = 1e-12 * (z.norm() + z0.norm());
            (z.re - at_k).abs() <= size && (z0.re - at_zero).abs() <= size && *at_k <= at_zero + size
        }
        Witness::Roots { k, level, .. } if k.is_positive() => {
            let about = shifted(&symbol, level);
            let (here, start) = (half_planes(&about, &(k * k)), half_planes(&about, &rational(0, 1)));
            here.is_some_and(|n| n.left == 0) && start.is_some_and(|n| n.on > 0 && n.right == 0)
        }
        Witness::Kernel { dimension: 1, radius, time, value, error, .. } => {
            on_branch(&here, &symbol, &rational(1, 1))?;
            let bounds = KappaSum::read(&here).and_then(|sum| kernel_bounds(&sum, radius, time));
            bounds.is_some_and(|b| agree(b, *value, *error))
        }
        Witness::Vector { test, k, value, bound, .. } if equation.dimension.is_none_or(|n| k.len() <= n as usize) => {
            compares(*test, k, &here, &symbol, (*value, *bound))
        }
        _ => false,
    };
    if stated { Ok(()) } else { wrong("the witness does not reproduce for", lambda) }
}

/// A negative value beyond its error, and one of ours, which the stated one agrees with.
fn agree((low, high): (f64, f64), value: f64, error: f64) -> bool {
    high < 0.0 && error >= 0.0 && value + error < 0.0 && error <= 0.1 * value.abs() && {
        let slack = error + AGREEMENT * value.abs();
        (low - slack..=high + slack).contains(&value)
    }
}

/// `lambda` there; `-lambda` must be a root of the symbol, whatever the letters that lambda does not have.
fn on_branch(lambda: &Expr, symbol: &[Expr], kappa: &Rational) -> Result<Complex64, CheckError> {
    let value = |e: &Expr, letter: f64| {
        let leaf = |part: &Expr| match part {
            Expr::Var(Var::Kappa) => kappa.to_f64().map(Complex64::from),
            Expr::Sym(_) => Some(Complex64::from(letter)),
            _ => None,
        };
        e.evaluate(&leaf).filter(|z| z.is_finite()).map_or_else(|| wrong("no value of", e), Ok)
    };
    let z = value(lambda, 1.0)?;
    for letter in [0.83, 1.37] {
        let (mut sum, mut size) = (Complex64::from(0.0), 0.0);
        for c in symbol.iter().rev() {
            let c = value(c, letter)?;
            (sum, size) = (c - sum * z, size * z.norm() + c.norm());
        }
        if sum.norm() > 1e-10 * size {
            return wrong("not a branch of the equation", lambda);
        }
    }
    Ok(z)
}
