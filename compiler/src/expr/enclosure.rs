//! Guaranteed bounds on the value of a numeric expression.
//!
//! In:   an expression without letters.
//! Out:  an interval of doubles that contains its value; none where a part is complex or undefined.
//! Holds: every operation is widened outwards, by one step for the correctly rounded ones and by 8 for `exp`, `log` and
//!       powers, whose libraries promise less than that.

use super::{Expr, Func, Sign, rational};
use num_traits::ToPrimitive;

/// `[low, high]`, finite.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Enclosure {
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
}

impl Enclosure {
    /// Bounds on the value of `e`.
    pub fn of(e: &Expr) -> Option<Enclosure> {
        match e {
            Expr::Num(r) => Some(around(r.to_f64()?, 1)),
            Expr::Add(terms) => terms.iter().try_fold(Enclosure { low: 0.0, high: 0.0 }, |sum, t| {
                let x = Enclosure::of(t)?;
                finite(down(sum.low + x.low, 1), up(sum.high + x.high, 1))
            }),
            Expr::Mul(factors) => factors
                .iter()
                .try_fold(Enclosure { low: 1.0, high: 1.0 }, |product, f| product.times(Enclosure::of(f)?)),
            Expr::Pow(b, x) => Enclosure::of(b)?.power(x),
            Expr::Call(Func::Exp, a) => Enclosure::of(a)?.rising(f64::exp),
            Expr::Call(Func::Tanh, a) => Enclosure::of(a)?.rising(f64::tanh),
            // Neither changes faster than its argument; the library is taken to err by less than 1e-12.
            Expr::Call(Func::Sin, a) => Enclosure::of(a)?.swinging(f64::sin),
            Expr::Call(Func::Cos, a) => Enclosure::of(a)?.swinging(f64::cos),
            Expr::Call(Func::Log, a) => Enclosure::of(a).filter(|a| a.low > 0.0)?.rising(f64::ln),
            _ => None,
        }
    }

    /// The signs of what lies within.
    pub fn sign(self) -> Sign {
        match (self.low > 0.0, self.high < 0.0) {
            (true, _) => Sign::POSITIVE,
            (_, true) => Sign::NEGATIVE,
            _ => Sign::ANY,
        }
    }

    fn swinging(self, function: fn(f64) -> f64) -> Option<Enclosure> {
        let middle = 0.5 * (self.low + self.high);
        let (value, reach) = (function(middle), up(0.5 * (self.high - self.low), 2) + 1e-12 * middle.abs().max(1.0));
        finite(down(value - reach, 1), up(value + reach, 1))
    }

    fn times(self, other: Enclosure) -> Option<Enclosure> {
        let all = [self.low * other.low, self.low * other.high, self.high * other.low, self.high * other.high];
        let low = all.into_iter().fold(f64::INFINITY, f64::min);
        let high = all.into_iter().fold(f64::NEG_INFINITY, f64::max);
        finite(down(low, 1), up(high, 1))
    }

    fn power(self, exponent: &Expr) -> Option<Enclosure> {
        if let Some(n) = exponent.as_int() {
            let times = u32::try_from(n.unsigned_abs()).ok().filter(|n| *n <= 64)?;
            let mut product = Enclosure { low: 1.0, high: 1.0 };
            for _ in 0..times {
                product = product.times(self)?;
            }
            return if n < 0 { product.inverse() } else { Some(product) };
        }
        if self.low <= 0.0 {
            return None;
        }
        if exponent.as_num() == Some(&rational(1, 2)) {
            return finite(down(self.low.sqrt(), 1), up(self.high.sqrt(), 1));
        }
        let log = self.rising(f64::ln)?;
        log.times(Enclosure::of(exponent)?)?.rising(f64::exp)
    }

    fn inverse(self) -> Option<Enclosure> {
        if self.low <= 0.0 && self.high >= 0.0 {
            return None;
        }
        finite(down(self.high.recip(), 1), up(self.low.recip(), 1))
    }

    fn rising(self, f: fn(f64) -> f64) -> Option<Enclosure> {
        finite(down(f(self.low), 8), up(f(self.high), 8))
    }
}

fn around(x: f64, steps: u32) -> Enclosure {
    Enclosure { low: down(x, steps), high: up(x, steps) }
}

fn down(x: f64, steps: u32) -> f64 {
    (0..steps).fold(x, |x, _| x.next_down())
}

fn up(x: f64, steps: u32) -> f64 {
    (0..steps).fold(x, |x, _| x.next_up())
}

fn finite(low: f64, high: f64) -> Option<Enclosure> {
    (low.is_finite() && high.is_finite()).then_some(Enclosure { low, high })
}
