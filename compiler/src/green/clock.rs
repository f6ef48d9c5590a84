//! Functions of t and their integrals from 0: the clock, the stretch and the drift of a frame.
//!
//! In:   an expression in t, values of the parameters.
//! Out:  [`TimeSum`].
//! Holds: powers, exponentials, sines and cosines of multiples of t are integrated in closed form, every other function by the double exponential rule,
//!       to about 1e-13 of the integral of its size; where that rule does not settle, the integral is not a number.
//! Source: Takahasi & Mori, "Double exponential formulas for numerical integration" (Publ. RIMS 9, 1974).

use super::lower::{LowerError, number};
use crate::expr::{Expr, Func, Name, Rational, Var};
use num_complex::Complex64;
use std::collections::BTreeMap;
use std::f64::consts::FRAC_PI_2;

/// A sum of functions of t.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TimeSum(Vec<TimeTerm>);

#[derive(Clone, Debug, PartialEq)]
enum TimeTerm {
    /// `c t^n`, `n > -1`.
    Power(f64, f64),
    /// `c exp(a t)`.
    Exponential(f64, f64),
    /// `c sin(a t)`.
    Sine(f64, f64),
    /// `c cos(a t)`.
    Cosine(f64, f64),
    /// `c f(t)`, with no letter but t in f.
    Other(f64, Expr),
}

impl TimeSum {
    /// Reads a sum.
    ///
    /// # Errors
    /// [`LowerError`] for a parameter without a value, and a function whose integral from 0 does not exist.
    pub(super) fn read(e: &Expr, values: &BTreeMap<Name, Rational>) -> Result<TimeSum, LowerError> {
        let terms = e.expand();
        let terms: Vec<TimeTerm> =
            terms.terms().iter().map(|term| TimeTerm::read(term, values)).collect::<Result<_, _>>()?;
        Ok(TimeSum(terms.into_iter().filter(|term| term.factor() != 0.0).collect()))
    }

    pub(super) fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn value(&self, t: f64) -> f64 {
        self.0.iter().map(|term| term.value(t)).sum()
    }

    /// From 0 to t.
    pub(super) fn integral(&self, t: f64) -> f64 {
        self.0.iter().map(|term| term.integral(t)).sum()
    }
}

impl TimeTerm {
    fn read(term: &Expr, values: &BTreeMap<Name, Rational>) -> Result<TimeTerm, LowerError> {
        let (moving, fixed): (Vec<Expr>, Vec<Expr>) = term.factors().iter().cloned().partition(Expr::has_time);
        let c = number(&Expr::mul(fixed), values)?;
        // `a` of `a t`, if the argument is that.
        let slope = |a: &Expr| {
            let slope = (a.clone() / Expr::Var(Var::Time)).expand();
            (!slope.has_time()).then(|| number(&slope, values)).transpose()
        };
        let moving = merge_exponentials(&Expr::mul(moving));
        Ok(match &moving {
            f if f.is_one() => TimeTerm::Power(c, 0.0),
            Expr::Var(Var::Time) => TimeTerm::Power(c, 1.0),
            Expr::Pow(base, n) if **base == Expr::Var(Var::Time) && !n.has_time() => {
                let n = number(n, values)?;
                if n.is_nan() || n <= -1.0 {
                    return Err(LowerError::Clock(term.to_string()));
                }
                TimeTerm::Power(c, n)
            }
            Expr::Call(func @ (Func::Exp | Func::Sin | Func::Cos), a) => match (func, slope(a)?) {
                (Func::Exp, Some(a)) => TimeTerm::Exponential(c, a),
                (Func::Sin, Some(a)) => TimeTerm::Sine(c, a),
                (Func::Cos, Some(a)) => TimeTerm::Cosine(c, a),
                _ => TimeTerm::other(c, moving, values)?,
            },
            _ => TimeTerm::other(c, moving, values)?,
        })
    }

    fn other(c: f64, f: Expr, values: &BTreeMap<Name, Rational>) -> Result<TimeTerm, LowerError> {
        if let Some(missing) = f.symbols().into_iter().find(|name| !values.contains_key(name)) {
            return Err(LowerError::Unset(missing));
        }
        let bind = |e: &Expr| match e {
            Expr::Sym(name) => values.get(name).cloned().map(Expr::Num),
            _ => None,
        };
        let f = f.replace(&bind);
        // A function that was only declared has no value; another may have no integral.
        let exists = |t: f64| at(&f, t).is_finite() && integral(|t| at(&f, t), t).is_finite();
        if exists(1e-3) && exists(1.0) { Ok(TimeTerm::Other(c, f)) } else { Err(LowerError::Clock(f.to_string())) }
    }

    fn factor(&self) -> f64 {
        let (TimeTerm::Power(c, _)
        | TimeTerm::Exponential(c, _)
        | TimeTerm::Sine(c, _)
        | TimeTerm::Cosine(c, _)
        | TimeTerm::Other(c, _)) = self;
        *c
    }

    fn value(&self, t: f64) -> f64 {
        match self {
            TimeTerm::Power(c, n) => c * t.powf(*n),
            TimeTerm::Exponential(c, a) => c * (a * t).exp(),
            TimeTerm::Sine(c, a) => c * (a * t).sin(),
            TimeTerm::Cosine(c, a) => c * (a * t).cos(),
            TimeTerm::Other(c, f) => c * at(f, t),
        }
    }

    fn integral(&self, t: f64) -> f64 {
        match self {
            TimeTerm::Power(c, n) => c * t.powf(n + 1.0) / (n + 1.0),
            TimeTerm::Exponential(c, a) if *a != 0.0 => c * (a * t).exp_m1() / a,
            TimeTerm::Sine(c, a) if *a != 0.0 => 2.0 * c * (0.5 * a * t).sin().powi(2) / a,
            TimeTerm::Cosine(c, a) if *a != 0.0 => c * (a * t).sin() / a,
            TimeTerm::Exponential(c, _) | TimeTerm::Cosine(c, _) => c * t,
            TimeTerm::Sine(..) => 0.0,
            TimeTerm::Other(c, f) => c * integral(|t| at(f, t), t),
        }
    }
}

/// The real value at time t; not a number where there is none.
fn at(f: &Expr, t: f64) -> f64 {
    let leaf = |e: &Expr| (*e == Expr::Var(Var::Time)).then_some(Complex64::from(t));
    match f.evaluate(&leaf) {
        Some(value) if value.im.abs() <= 1e-12 * value.re.abs() => value.re,
        _ => f64::NAN,
    }
}

/// Nodes reach so far that the weight of the last ones is nothing: towards 0 even for powers that are barely integrable, towards t
/// as far as there are floats.
const REACH: (f64, f64) = (6.0, 3.2);
/// Refinements of the step at most.
const REFINEMENTS: u32 = 10;
/// Two refinements that agree to it have settled: the error of the finer one is about its square.
const SETTLED: f64 = 1e-9;

/// `int_0^t f`, by nodes that crowd at both ends; an integrable power at 0 does no harm.
fn integral(f: impl Fn(f64) -> f64, t: f64) -> f64 {
    // s = t/(1 + exp(-pi sinh u)), from the nearer end so that it keeps its digits.
    let node = |u: f64| {
        let e = (-2.0 * FRAC_PI_2 * u.abs().sinh()).exp();
        let near = t * e / (1.0 + e);
        let weight = 2.0 * FRAC_PI_2 * t * u.cosh() * e / ((1.0 + e) * (1.0 + e));
        weight * f(if u < 0.0 { near } else { t - near })
    };
    let (mut step, mut sum, mut size, mut last) = (1.0, 0.0, 0.0, f64::INFINITY);
    for refinement in 0..REFINEMENTS {
        step *= 0.5;
        let nodes = -(REACH.0 / step) as i32..=(REACH.1 / step) as i32;
        for i in nodes.filter(|i| refinement == 0 || i % 2 != 0) {
            let value = node(f64::from(i) * step);
            sum += value;
            size += value.abs();
        }
        let is_tail_left_out = node(-REACH.0).abs() <= SETTLED * size;
        if is_tail_left_out && (sum * step - last).abs() <= SETTLED * size * step {
            return sum * step;
        }
        last = sum * step;
    }
    f64::NAN
}

/// `exp(a) exp(b)^n` as one exponential.
pub(super) fn merge_exponentials(e: &Expr) -> Expr {
    let merge = |part: &Expr| {
        let Expr::Mul(factors) = part else { return None };
        let exponent = |f: &Expr| match f {
            Expr::Call(Func::Exp, a) => Some((**a).clone()),
            Expr::Pow(base, n) => match &**base {
                Expr::Call(Func::Exp, a) => Some((**a).clone() * (**n).clone()),
                _ => None,
            },
            _ => None,
        };
        let sum = Expr::add(factors.iter().filter_map(exponent)).expand();
        let others = factors.iter().filter(|f| exponent(f).is_none()).cloned();
        Some(Expr::mul(others.chain([Expr::call(Func::Exp, sum)])))
    };
    e.replace(&merge)
}

#[cfg(test)]
mod tests {
    use super::integral;

    #[test]
    fn integrals_are_those_of_their_antiderivatives() {
        let close =
            |got: f64, expected: f64| assert!((got - expected).abs() < 2e-14 * expected.abs(), "{got} {expected}");
        for t in [1e-6, 0.3, 2.0, 50.0] {
            close(integral(|s| 1.0 / (1.0 + s), t), f64::ln_1p(t));
            close(integral(|s| s.powf(-0.5) / (1.0 + s), t), 2.0 * t.sqrt().atan());
            // The closed form cancels where t is small.
            let series = 0.5 * t * t * (1.0 - 2.0 / 3.0 * t + 0.25 * t * t);
            close(integral(|s| s * (-s).exp(), t), if t < 1e-3 { series } else { 1.0 - (1.0 + t) * (-t).exp() });
        }
    }

    #[test]
    fn an_integral_that_does_not_exist_is_no_number() {
        assert!(integral(|s| 1.0 / s, 1.0).is_nan());
        assert!(integral(|s| 1.0 / (s - 0.3), 1.0).is_nan());
    }
}
