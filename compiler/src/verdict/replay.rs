//! The independent check of witnesses: every number is computed again another way.
//!
//! In:   a [`Witness`], the equation and its dispersion relation.
//! Out:  nothing when the numbers reproduce, else a [`CheckError`].
//! Holds: derivatives come from Taylor arithmetic in doubles, not from symbolic differentiation; `-lambda` must be a root
//!       of the symbol at the stated point; the parameter values must be admitted.

use super::checker::CheckError;
use super::witness::Witness;
use crate::dispersion::Dispersion;
use crate::expr::{Expr, Func, Name, Rational, Sign, Var};
use crate::operator::Equation;
use num_complex::Complex64;
use num_traits::ToPrimitive;

/// Agreement asked of two ways to compute the same number, relative to its size.
const AGREEMENT: f64 = 1e-9;

/// Computes the numbers of a witness again.
///
/// # Errors
/// [`CheckError::Number`] when one does not reproduce, [`CheckError::Branch`] when `lambda` is no branch,
/// [`CheckError::Sign`] when a parameter value is not admitted.
pub fn check_witness(witness: &Witness, equation: &Equation, dispersion: &Dispersion) -> Result<(), CheckError> {
    let wrong = |what: &str| Err(CheckError::Number(what.to_owned()));
    match witness {
        Witness::Derivative { order, kappa, parameters, lambda, value, error } => {
            let point = Point::new(parameters, equation)?;
            let kappa = point.on_branch(lambda, kappa, dispersion)?;
            let n = usize::try_from(*order).ok().filter(|n| (1..=16).contains(n));
            let Some(n) = n else { return wrong("the order of the derivative") };
            let jet =
                point.jet(lambda, kappa, n).ok_or_else(|| CheckError::Number("the Taylor coefficients".to_owned()))?;
            let factorial: f64 = (1..=n).map(|i| i as f64).product();
            let sign = if n % 2 == 1 { 1.0 } else { -1.0 };
            let again = sign * factorial * jet[n];
            let close = (again - value).abs() <= AGREEMENT * value.abs();
            let decided = *error >= 0.0 && *error < value.abs() && *error <= AGREEMENT * value.abs();
            if *value < 0.0 && close && decided { Ok(()) } else { wrong("the derivative of lambda") }
        }
        Witness::Oscillation { kappa, parameters, lambda, imaginary } => {
            let point = Point::new(parameters, equation)?;
            let kappa = point.on_branch(lambda, kappa, dispersion)?;
            let z = point.value(lambda, kappa)?;
            let close = (z.im - imaginary).abs() <= AGREEMENT * z.norm();
            if close && z.im.abs() > 1e-6 * z.norm() { Ok(()) } else { wrong("the imaginary part of lambda") }
        }
        Witness::Level { k, parameters, lambda, at_k, at_zero } => {
            let point = Point::new(parameters, equation)?;
            if *k <= Rational::from_integer(0.into()) {
                return wrong("the wave number");
            }
            let kappa = point.on_branch(lambda, &(k * k), dispersion)?;
            let (z, z0) = (point.value(lambda, kappa)?, point.value(lambda, 0.0)?);
            let size = 1e-12 * (z.norm() + z0.norm());
            let close = (z.re - at_k).abs() <= size && (z0.re - at_zero).abs() <= size;
            if close && *at_k <= at_zero + size { Ok(()) } else { wrong("the real parts of lambda") }
        }
    }
}

/// Parameter values, admitted by the equation.
struct Point<'a> {
    values: &'a [(Name, Rational)],
}

impl<'a> Point<'a> {
    fn new(values: &'a [(Name, Rational)], equation: &Equation) -> Result<Point<'a>, CheckError> {
        let point = Point { values };
        for (name, value) in values {
            if equation.facts.interval(name).is_some_and(|i| !i.admits(value)) {
                return Err(CheckError::Sign(format!("{name} = {value}")));
            }
        }
        for (relation, sign) in equation.facts.relations() {
            let known = relation.symbols().iter().all(|n| values.iter().any(|(m, _)| m == n));
            let value = if known { point.value(relation, 0.0)?.re } else { continue };
            let actual = if value > 0.0 {
                Sign::POSITIVE
            } else if value < 0.0 {
                Sign::NEGATIVE
            } else {
                Sign::ZERO
            };
            if !actual.is(*sign) {
                return Err(CheckError::Sign(sign.describe(relation)));
            }
        }
        Ok(point)
    }

    fn leaf(&self, e: &Expr, kappa: f64) -> Option<Complex64> {
        match e {
            Expr::Var(Var::Kappa) => Some(Complex64::from(kappa)),
            Expr::Sym(n) => {
                // A letter that lambda does not contain may have any value.
                let known = self.values.iter().find(|(m, _)| m == n);
                known.map_or(Some(1.0), |(_, v)| v.to_f64()).map(Complex64::from)
            }
            _ => None,
        }
    }

    fn value(&self, e: &Expr, kappa: f64) -> Result<Complex64, CheckError> {
        e.evaluate(&|part| self.leaf(part, kappa))
            .filter(|z| z.re.is_finite() && z.im.is_finite())
            .ok_or_else(|| CheckError::Number(e.to_string()))
    }

    /// `-lambda` must be a root of the symbol at this kappa, which is returned as a double.
    fn on_branch(&self, lambda: &Expr, kappa: &Rational, dispersion: &Dispersion) -> Result<f64, CheckError> {
        let kappa = kappa.to_f64().ok_or_else(|| CheckError::Number("kappa".to_owned()))?;
        let s = -self.value(lambda, kappa)?;
        let (mut sum, mut size) = (Complex64::from(0.0), 0.0);
        for c in dispersion.coefficients.iter().rev() {
            let c = self.value(c, kappa)?;
            sum = sum * s + c;
            size = size * s.norm() + c.norm();
        }
        if sum.norm() <= 1e-10 * size { Ok(kappa) } else { Err(CheckError::Branch(lambda.to_string())) }
    }

    /// Taylor coefficients of a real function about `kappa`, up to order n.
    fn jet(&self, e: &Expr, kappa: f64, n: usize) -> Option<Vec<f64>> {
        let constant = |x: f64| {
            let mut jet = vec![0.0; n + 1];
            jet[0] = x;
            jet
        };
        match e {
            Expr::Var(Var::Kappa) => {
                let mut jet = constant(kappa);
                jet[1] = 1.0;
                Some(jet)
            }
            e if !e.contains(&Expr::kappa()) => {
                let z = self.value(e, kappa).ok()?;
                (z.im == 0.0).then(|| constant(z.re))
            }
            Expr::Add(terms) => terms.iter().try_fold(constant(0.0), |sum, t| {
                let jet = self.jet(t, kappa, n)?;
                Some(sum.iter().zip(jet).map(|(a, b)| a + b).collect())
            }),
            Expr::Mul(parts) => {
                parts.iter().try_fold(constant(1.0), |product, p| Some(convolve(&product, &self.jet(p, kappa, n)?)))
            }
            Expr::Pow(b, x) if !x.contains(&Expr::kappa()) => {
                power(&self.jet(b, kappa, n)?, self.value(x, kappa).ok()?.re)
            }
            Expr::Call(Func::Exp, a) => Some(exponential(&self.jet(a, kappa, n)?)),
            Expr::Call(Func::Log, a) => logarithm(&self.jet(a, kappa, n)?),
            _ => None,
        }
    }
}

fn convolve(a: &[f64], b: &[f64]) -> Vec<f64> {
    (0..a.len()).map(|k| (0..=k).map(|i| a[i] * b[k - i]).sum()).collect()
}

/// `u^p` by the recurrence of `u w' = p u' w`; whole powers by multiplication, which also serves `u = 0`.
fn power(u: &[f64], p: f64) -> Option<Vec<f64>> {
    if p.fract() == 0.0 && (0.0..=16.0).contains(&p) {
        let mut one = vec![0.0; u.len()];
        one[0] = 1.0;
        return Some((0..p as usize).fold(one, |w, _| convolve(&w, u)));
    }
    if u[0] <= 0.0 && p.fract() != 0.0 || u[0] == 0.0 {
        return None;
    }
    let mut w = vec![if p == 0.5 { u[0].sqrt() } else { u[0].powf(p) }];
    for k in 1..u.len() {
        let sum: f64 = (1..=k).map(|i| (p * i as f64 - (k - i) as f64) * u[i] * w[k - i]).sum();
        w.push(sum / (k as f64 * u[0]));
    }
    Some(w)
}

fn exponential(u: &[f64]) -> Vec<f64> {
    let mut w = vec![u[0].exp()];
    for k in 1..u.len() {
        w.push((1..=k).map(|i| i as f64 * u[i] * w[k - i]).sum::<f64>() / k as f64);
    }
    w
}

fn logarithm(u: &[f64]) -> Option<Vec<f64>> {
    if u[0] <= 0.0 {
        return None;
    }
    let mut w = vec![u[0].ln()];
    for k in 1..u.len() {
        let sum: f64 = (1..k).map(|i| i as f64 * w[i] * u[k - i]).sum();
        w.push((u[k] - sum / k as f64) / u[0]);
    }
    Some(w)
}
