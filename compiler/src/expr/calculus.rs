//! What is done with expressions: expansion, substitution, derivatives with respect to a letter, numeric values.

use super::{Expr, Func, Rational};
use num_bigint::BigInt;
use num_complex::Complex64;
use num_traits::ToPrimitive;

/// Whole powers of sums are multiplied out up to this exponent.
const LARGEST_EXPANDED_POWER: i64 = 12;

impl Expr {
    /// Multiplies products and small whole powers of sums out. Arguments of functions and operators stay as they are.
    pub fn expand(&self) -> Expr {
        if !self.expands() {
            return self.clone();
        }
        match self {
            Expr::Add(terms) => Expr::add(terms.iter().map(Expr::expand)),
            Expr::Mul(factors) => {
                let (sums, rest): (Vec<Expr>, Vec<Expr>) =
                    factors.iter().map(Expr::expand).partition(|f| matches!(f, Expr::Add(_)));
                sums.iter().fold(Expr::mul(rest), |product, sum| distribute(&product, sum))
            }
            Expr::Pow(base, e) => match (base.expand(), e.as_int()) {
                (b @ Expr::Add(_), Some(n @ 2..=LARGEST_EXPANDED_POWER)) => {
                    (1..n).fold(b.clone(), |product, _| distribute(&product, &b))
                }
                (b, _) => Expr::pow(b, (**e).clone()),
            },
            e => e.clone(),
        }
    }

    /// Is anything left to multiply out?
    fn expands(&self) -> bool {
        match self {
            Expr::Add(terms) => terms.iter().any(Expr::expands),
            Expr::Mul(factors) => factors.iter().any(|f| matches!(f, Expr::Add(_)) || f.expands()),
            Expr::Pow(base, e) => {
                let whole = || matches!(e.as_int(), Some(2..=LARGEST_EXPANDED_POWER));
                base.expands() || (matches!(**base, Expr::Add(_)) && whole())
            }
            _ => false,
        }
    }

    /// Rebuilds the expression bottom up, replacing every part for which `swap` has an answer (parts of an answer are
    /// not visited again).
    pub fn replace(&self, swap: &dyn Fn(&Expr) -> Option<Expr>) -> Expr {
        if let Some(new) = swap(self) {
            return new;
        }
        let go = |e: &Expr| e.replace(swap);
        match self {
            Expr::Num(_) | Expr::Imag | Expr::Sym(_) | Expr::Var(_) | Expr::Apply(..) => self.clone(),
            Expr::Field(_) | Expr::Position | Expr::Unit(_) => self.clone(),
            Expr::Pow(a, b) => Expr::pow(go(a), go(b)),
            Expr::Call(func, a) => Expr::call(*func, go(a)),
            Expr::BesselK(order, a) => Expr::bessel_k(go(order), go(a)),
            Expr::Dt(a, n) => go(a).dt(*n),
            Expr::Partial(a, axis, n) => go(a).partial(*axis, *n),
            Expr::Lap(a) => go(a).lap(),
            Expr::FracLap(a, b) => go(a).frac_lap(go(b)),
            Expr::Div(a) => go(a).div_of(),
            Expr::Grad(a) => go(a).grad(),
            Expr::Mul(parts) => Expr::mul(parts.iter().map(go)),
            Expr::Add(parts) => Expr::add(parts.iter().map(go)),
        }
    }

    /// Replaces every occurrence of `part` by `by`.
    pub fn substitute(&self, part: &Expr, by: &Expr) -> Expr {
        self.replace(&|e| (e == part).then(|| by.clone()))
    }

    /// The derivative with respect to `letter`, a parameter or variable. `None` when a part that depends on it has no
    /// elementary rule here (fields, operators, `abs`, `re` ...).
    pub fn derivative(&self, letter: &Expr) -> Option<Expr> {
        if self == letter {
            return Some(Expr::one());
        }
        if !self.contains(letter) {
            return Some(Expr::zero());
        }
        match self {
            Expr::Add(terms) => {
                Some(Expr::add(terms.iter().map(|t| t.derivative(letter)).collect::<Option<Vec<_>>>()?))
            }
            Expr::Mul(factors) => {
                let mut terms = Vec::with_capacity(factors.len());
                for (i, f) in factors.iter().enumerate() {
                    let d = f.derivative(letter)?;
                    let others = factors.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, g)| g.clone());
                    terms.push(Expr::mul(others.chain([d])));
                }
                Some(Expr::add(terms))
            }
            Expr::Pow(b, e) if !e.contains(letter) => {
                let db = b.derivative(letter)?;
                Some(Expr::mul([(**e).clone(), Expr::pow((**b).clone(), (**e).clone() - Expr::one()), db]))
            }
            Expr::Pow(b, e) => {
                let log = Expr::call(Func::Log, (**b).clone());
                Some(self.clone() * ((**e).clone() * log).derivative(letter)?)
            }
            Expr::Call(func, a) => {
                let da = a.derivative(letter)?;
                let a = (**a).clone();
                let outer = match func {
                    Func::Exp => self.clone(),
                    Func::Log => a.recip(),
                    Func::Sin => Expr::call(Func::Cos, a),
                    Func::Cos => -Expr::call(Func::Sin, a),
                    Func::Tanh => Expr::one() - self.clone().powi(2),
                    Func::Abs | Func::Conj | Func::Abs2 | Func::Re | Func::Im => return None,
                };
                Some(outer * da)
            }
            Expr::BesselK(order, a) if !order.contains(letter) => {
                // DLMF 10.29.1.
                let beside = |n: i64| Expr::bessel_k((**order).clone() + Expr::int(n), (**a).clone());
                Some(Expr::Num(super::rational(-1, 2)) * (beside(-1) + beside(1)) * a.derivative(letter)?)
            }
            _ => None,
        }
    }

    /// The value at the point described by `leaf`, which is asked first about every part and must know every letter.
    /// Roots and powers take the principal branch. `None` when a part has no value.
    pub fn evaluate(&self, leaf: &dyn Fn(&Expr) -> Option<Complex64>) -> Option<Complex64> {
        if let Some(value) = leaf(self) {
            return Some(value);
        }
        match self {
            Expr::Num(r) => number(r).map(Complex64::from),
            Expr::Imag => Some(Complex64::i()),
            Expr::Add(terms) => terms.iter().map(|t| t.evaluate(leaf)).sum(),
            Expr::Mul(factors) => factors.iter().map(|f| f.evaluate(leaf)).product(),
            Expr::Pow(b, e) => power(b.evaluate(leaf)?, e, leaf),
            Expr::Call(func, a) => {
                let z = a.evaluate(leaf)?;
                Some(match func {
                    Func::Exp => z.exp(),
                    Func::Log => z.ln(),
                    Func::Sin => z.sin(),
                    Func::Cos => z.cos(),
                    Func::Tanh => z.tanh(),
                    Func::Abs => Complex64::from(z.norm()),
                    Func::Conj => z.conj(),
                    Func::Abs2 => Complex64::from(z.norm_sqr()),
                    Func::Re => Complex64::from(z.re),
                    Func::Im => Complex64::from(z.im),
                })
            }
            Expr::BesselK(order, a) => super::bessel::k(order.evaluate(leaf)?, a.evaluate(leaf)?),
            _ => None,
        }
    }
}

/// The nearest float; numbers of a few digits, nearly all, need no division of big integers.
fn number(r: &Rational) -> Option<f64> {
    let small = |n: &BigInt| n.to_i32().map(f64::from);
    match (small(r.numer()), small(r.denom())) {
        (Some(p), Some(q)) => Some(p / q),
        _ => r.to_f64(),
    }
}

fn power(base: Complex64, exponent: &Expr, leaf: &dyn Fn(&Expr) -> Option<Complex64>) -> Option<Complex64> {
    if let Some(n) = exponent.as_int().and_then(|n| i32::try_from(n).ok()) {
        return Some(if base.im == 0.0 { Complex64::from(base.re.powi(n)) } else { base.powi(n) });
    }
    let e = exponent.evaluate(leaf)?;
    if base.im == 0.0 && base.re >= 0.0 && e.im == 0.0 {
        let half = e.re.abs() == 0.5;
        let value = if half && e.re > 0.0 {
            base.re.sqrt()
        } else if half {
            base.re.sqrt().recip()
        } else {
            base.re.powf(e.re)
        };
        return Some(Complex64::from(value));
    }
    // A real negative base sits on the cut: take the upper side whatever the sign of its zero imaginary part.
    let base = if base.im == 0.0 { Complex64::new(base.re, 0.0) } else { base };
    if e == Complex64::from(0.5) {
        return Some(base.sqrt());
    }
    Some(base.powc(e))
}

fn distribute(a: &Expr, b: &Expr) -> Expr {
    let mut out = Vec::new();
    for s in a.terms() {
        for t in b.terms() {
            out.push(Expr::mul([s.clone(), t.clone()]));
        }
    }
    Expr::add(out)
}
