//! The symbol along one direction of k, where it is a sum of powers of one number.
//!
//! In:   lambda in kappa and the components of k; a direction.
//! Out:  [`Ray`]: lambda at `k = sqrt(kappa) direction`; the reason against C1 that it shows.
//! Holds: along every direction d, lambda is the symbol of the marginal law of `d.x`. If `exp(-t lambda)` is the transform
//!       of a positive density for every t > 0, then `lambda - lambda(0)` grows at most like `|k|^2`, its real part is nowhere
//!       negative, and `lambda(-k)` is the conjugate of `lambda(k)`.
//! Source: Berg, Forst, Potential Theory on Locally Compact Abelian Groups, Sec. 7 (negative definite functions); for
//!       polynomials Marcinkiewicz 1939.

use crate::dispersion::direction::axis_of;
use crate::expr::{Axis, Expr, Facts, KappaSum, Range, Sign, Stop};

/// lambda along a direction.
pub(super) struct Ray {
    sum: KappaSum,
    /// lambda along the opposite direction.
    back: KappaSum,
}

/// Small whole directions in a space of `n` axes, the axes themselves first; the opposite of each is left out.
pub(super) fn directions(n: usize) -> Vec<Vec<i64>> {
    let values = [0i64, 1, -1, 2];
    let count = values.len().pow(n as u32);
    let digit = |index: usize, place: usize| values[index / values.len().pow(place as u32) % values.len()];
    let mut out: Vec<Vec<i64>> = (1..count).map(|index| (0..n).map(|place| digit(index, place)).collect()).collect();
    out.retain(|d| d.iter().find(|c| **c != 0).is_some_and(|c| *c == 1));
    out.sort_by_key(|d| (d.iter().filter(|c| **c != 0).count(), d.iter().map(|c| c.abs()).sum::<i64>()));
    out
}

impl Ray {
    /// lambda along `direction`; none where it is no sum of powers there.
    pub fn new(lambda: &Expr, direction: Vec<Expr>) -> Option<Ray> {
        let square = Expr::add(direction.iter().map(|c| c.clone().powi(2))).expand();
        let along = |sign: i64| {
            let component = |axis: Axis| direction.get(axis.index()).cloned().unwrap_or_else(Expr::zero);
            let k = |axis: Axis| Expr::int(sign) * component(axis) * Expr::kappa().sqrt();
            KappaSum::read(&lambda.replace(&|e| match e {
                Expr::Sym(name) => axis_of(name).map(k),
                e if *e == Expr::kappa() => Some(square.clone() * Expr::kappa()),
                _ => None,
            }))
        };
        let (sum, back) = (along(1)?, along(-1)?);
        Some(Ray { sum, back })
    }

    /// Why no density has the transform `exp(-t lambda)`, or the sign on which that hangs.
    pub fn refutation(&self, facts: &Facts) -> Result<Option<&'static str>, Stop> {
        let mut open = None;
        for (exponent, coefficient) in &self.sum.terms {
            let back = self.back.terms.iter().find(|(x, _)| x == exponent).map_or_else(Expr::zero, |(_, c)| c.clone());
            match wrong_term(exponent, coefficient, &back, facts) {
                Ok(Some(reason)) => return Ok(Some(reason)),
                Ok(None) => {}
                Err(need) => open = Some(need),
            }
        }
        open.map_or(Ok(None), Err)
    }

    /// Does the real part fall below all bounds, whatever the parameters?
    pub fn falls(&self, facts: &Facts) -> Result<bool, Stop> {
        let leading = self.moving().leading(facts)?;
        Ok(leading.is_some_and(|(x, c)| facts.sign(&c).is(Sign::NEGATIVE) && facts.sign(&x).is(Sign::POSITIVE)))
    }

    /// The sign of `Re lambda - Re lambda(0)` along the ray.
    pub fn rise(&self, facts: &Facts) -> Result<Range, Stop> {
        self.moving().range(facts)
    }

    /// The real part without its constant.
    fn moving(&self) -> KappaSum {
        let real = self.sum.terms.iter().map(|(x, c)| (x.clone(), c.real_and_imaginary().0));
        KappaSum { terms: real.filter(|(x, c)| !x.is_zero() && !c.is_zero()).collect() }
    }
}

/// Why a term of lambda along a ray refutes C1, if it does.
fn wrong_term(exponent: &Expr, coefficient: &Expr, back: &Expr, facts: &Facts) -> Result<Option<&'static str>, Stop> {
    let (re, im) = coefficient.real_and_imaginary();
    let excess = (exponent.clone() - Expr::one()).expand();
    let known = facts.sign(&excess);
    if known.is(Sign::POSITIVE) {
        let parts = [re, im].map(|part| differs_from_zero(&part, facts));
        return match parts {
            [Ok(true), _] | [_, Ok(true)] => Ok(Some(
                "lambda grows faster than |k|^2 along a direction of k, and no infinitely divisible law allows that",
            )),
            [Ok(false), Ok(false)] => Ok(None),
            [Err(need), _] | [_, Err(need)] => Err(need),
        };
    }
    if !known.is(Sign::NONPOSITIVE) {
        return Err(Stop::Need(excess));
    }
    if exponent.is_zero() {
        return Ok(None);
    }
    let (back_re, back_im) = back.real_and_imaginary();
    let skew =
        differs_from_zero(&(re - back_re).expand(), facts)? || differs_from_zero(&(im + back_im).expand(), facts)?;
    Ok(skew.then_some("lambda(-k) is not the conjugate of lambda(k), so the kernel is not real"))
}

fn differs_from_zero(e: &Expr, facts: &Facts) -> Result<bool, Stop> {
    let sign = facts.sign(e);
    if sign.is(Sign::NONZERO) {
        Ok(true)
    } else if sign.is(Sign::ZERO) {
        Ok(false)
    } else {
        Err(Stop::Need(e.clone()))
    }
}
