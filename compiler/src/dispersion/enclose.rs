//! Guaranteed bounds on the frequencies at one wave number.
//!
//! In:   a [`Dispersion`], an exact wave number, exact values of the parameters.
//! Out:  one disc per branch; it holds exactly the stated number of frequencies.
//! Holds: coefficients are exact, or enclosed in intervals; nothing of the approximate roots is trusted.

use super::discs::{Ball, discs};
use super::{Dispersion, EvaluateError};
use crate::expr::{Enclosure, Expr, Name, Rational};
use num_complex::Complex64;
use num_traits::{FromPrimitive, ToPrimitive, Zero};
use std::collections::BTreeMap;

/// A disc about a frequency.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Enclosed {
    /// Its centre.
    pub omega: Complex64,
    /// Its radius.
    pub radius: f64,
    /// How many frequencies lie in it, counted with multiplicity: 1, or more where they cannot be told apart.
    pub roots: usize,
}

impl Dispersion {
    /// A disc for every branch, in the order of [`Dispersion::branches`], that is proved to hold as many frequencies as it
    /// says. Branches that cannot be told apart share one disc.
    ///
    /// # Units
    /// As [`Dispersion::evaluate`].
    /// # Errors
    /// As [`Dispersion::evaluate`]; also [`EvaluateError::NotEnclosed`] when a coefficient of the symbol has no bounds.
    /// # Source
    /// Smith, J. ACM 17 (1970) 137: discs about approximate roots whose components hold as many roots as discs.
    pub fn enclose(&self, k: &Rational, values: &BTreeMap<Name, Rational>) -> Result<Vec<Enclosed>, EvaluateError> {
        let near = k.to_f64().unwrap_or(f64::NAN);
        let floats = values.iter().filter_map(|(n, v)| Some((n.clone(), v.to_f64()?))).collect();
        let omega = self.evaluate(near, &floats)?;
        let kappa = k * k;
        let at = |e: &Expr| match e {
            e if *e == Expr::kappa() => Some(Expr::Num(kappa.clone())),
            Expr::Sym(n) => values.get(n).cloned().map(Expr::Num),
            _ => None,
        };
        let open = || EvaluateError::NotEnclosed(near);
        let ball = |e: &Expr| {
            let (re, im) = e.replace(&at).real_and_imaginary();
            Some((bounds(&re)?, bounds(&im)?))
        };
        let coefficients = self.coefficients.iter().map(ball).collect::<Option<Vec<_>>>().ok_or_else(open)?;
        let drift = match &self.drift {
            Some(c) => c.replace(&at).as_num().map(|c| c * k).ok_or_else(open)?,
            None => Rational::zero(),
        };
        // The centres as exact numbers: omega = i s + drift.
        let exact = |x: f64| Rational::from_f64(x).ok_or_else(open);
        let centre = |z: &Complex64| Ok((exact(z.im)?, drift.clone() - exact(z.re)?));
        let centres = omega.iter().map(centre).collect::<Result<Vec<_>, EvaluateError>>()?;
        let found = discs(&coefficients, &centres).ok_or_else(open)?;
        let enclosed = found.into_iter().map(|disc| {
            let omega = Complex64::new((drift.clone() - &disc.im).to_f64()?, disc.re.to_f64()?);
            // The centre as a double is off by what rounding leaves.
            let radius = disc.radius + 2.0 * f64::EPSILON * omega.norm();
            (radius.is_finite() && omega.is_finite()).then_some(Enclosed { omega, radius, roots: disc.roots })
        });
        enclosed.collect::<Option<Vec<_>>>().ok_or_else(open)
    }
}

/// An exact number, or bounds on it.
fn bounds(e: &Expr) -> Option<Ball> {
    if let Some(r) = e.expand().as_num() {
        return Some(Ball { middle: r.clone(), radius: Rational::zero() });
    }
    let Enclosure { low, high } = Enclosure::of(&e.expand())?;
    let (low, high) = (Rational::from_f64(low)?, Rational::from_f64(high)?);
    let half = Rational::from_f64(0.5)?;
    Some(Ball { middle: (&low + &high) * &half, radius: (high - low) * half })
}
