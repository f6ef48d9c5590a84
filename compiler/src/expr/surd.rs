//! Numbers `p + q sqrt(d)` with rational p, q and one rational `d >= 0`: an ordered field, decided exactly.
//!
//! In:   expressions without letters.
//! Out:  [`Surd`], with arithmetic and an exact sign.
//! Holds: numbers that meet in one computation have the same radicand; [`Surd::read_all`] sees to it.

use super::{Expr, Rational, Sign, rational};
use num_traits::{One, Signed, Zero};
use std::ops::{Add, Mul, Neg, Sub};

/// `whole + part sqrt(radicand)`; a rational number has `part = 0`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Surd {
    whole: Rational,
    part: Rational,
    radicand: Rational,
}

impl From<Rational> for Surd {
    fn from(whole: Rational) -> Surd {
        Surd { whole, part: Rational::zero(), radicand: Rational::zero() }
    }
}

impl Surd {
    /// Reads numbers of one field; none when they contain a letter, another function, or two different roots.
    pub fn read_all<'a>(all: impl IntoIterator<Item = &'a Expr>) -> Option<Vec<Surd>> {
        let out: Vec<Surd> = all.into_iter().map(Surd::read).collect::<Option<_>>()?;
        let mut roots = out.iter().filter(|x| !x.part.is_zero()).map(|x| &x.radicand);
        let first = roots.next();
        roots.all(|d| Some(d) == first).then_some(out)
    }

    /// Reads one number.
    pub fn read(e: &Expr) -> Option<Surd> {
        if e.any(&|part| !matches!(part, Expr::Num(_) | Expr::Add(_) | Expr::Mul(_) | Expr::Pow(..))) {
            return None;
        }
        let mut sum = Surd::from(Rational::zero());
        for term in e.expand().terms() {
            let (c, rest) = term.split_coefficient();
            let next = match &rest {
                one if one.is_one() => Surd::from(c),
                Expr::Pow(base, half) if half.as_num() == Some(&rational(1, 2)) => {
                    let radicand = base.as_num().filter(|d| d.is_positive())?.clone();
                    Surd { whole: Rational::zero(), part: c, radicand }
                }
                _ => return None,
            };
            if !sum.part.is_zero() && !next.part.is_zero() && sum.radicand != next.radicand {
                return None;
            }
            sum = sum + next;
        }
        Some(sum)
    }

    /// The sign: of `p + q sqrt(d)` with p and q of opposite signs, that of the larger of `p^2` and `q^2 d`.
    pub fn sign(&self) -> Sign {
        let (p, q) = (Sign::of(&self.whole), Sign::of(&self.part).times(Sign::of(&self.radicand)));
        if q == Sign::ZERO || p == q {
            return p;
        }
        let balance = &self.whole * &self.whole - &self.part * &self.part * &self.radicand;
        match Sign::of(&balance) {
            Sign::POSITIVE => p,
            Sign::ZERO => Sign::ZERO,
            _ => q,
        }
    }

    pub fn is_zero(&self) -> bool {
        self.sign() == Sign::ZERO
    }

    pub fn is_positive(&self) -> bool {
        self.sign() == Sign::POSITIVE
    }

    pub fn is_negative(&self) -> bool {
        self.sign() == Sign::NEGATIVE
    }

    /// `1/(p + q sqrt(d)) = (p - q sqrt(d))/(p^2 - q^2 d)`, of a number that is not zero.
    pub fn recip(&self) -> Surd {
        if self.part.is_zero() {
            return Surd::from(self.whole.recip());
        }
        let norm = &self.whole * &self.whole - &self.part * &self.part * &self.radicand;
        if norm.is_zero() {
            // The radicand is a square and the number is 2 p.
            return Surd::from((rational(2, 1) * &self.whole).recip());
        }
        Surd { whole: &self.whole / &norm, part: -&self.part / norm, radicand: self.radicand.clone() }
    }

    /// Both rational parts, for a common content.
    pub fn parts(&self) -> [&Rational; 2] {
        [&self.whole, &self.part]
    }

    /// A rational multiple.
    pub fn scaled(&self, factor: &Rational) -> Surd {
        Surd { whole: &self.whole * factor, part: &self.part * factor, radicand: self.radicand.clone() }
    }

    /// The number as an expression.
    pub fn expr(&self) -> Expr {
        Expr::Num(self.whole.clone()) + Expr::Num(self.part.clone()) * Expr::Num(self.radicand.clone()).sqrt()
    }

    fn radicand(&self, other: &Surd) -> Rational {
        if self.part.is_zero() { other.radicand.clone() } else { self.radicand.clone() }
    }
}

impl Add for Surd {
    type Output = Surd;
    fn add(self, other: Surd) -> Surd {
        let radicand = self.radicand(&other);
        Surd { whole: self.whole + other.whole, part: self.part + other.part, radicand }
    }
}

impl Neg for Surd {
    type Output = Surd;
    fn neg(self) -> Surd {
        Surd { whole: -self.whole, part: -self.part, ..self }
    }
}

impl Sub for Surd {
    type Output = Surd;
    fn sub(self, other: Surd) -> Surd {
        self + -other
    }
}

impl Mul for &Surd {
    type Output = Surd;
    fn mul(self, other: &Surd) -> Surd {
        if self.part.is_zero() {
            return other.scaled(&self.whole);
        }
        if other.part.is_zero() {
            return self.scaled(&other.whole);
        }
        Surd {
            whole: &self.whole * &other.whole + &self.part * &other.part * &self.radicand,
            part: &self.whole * &other.part + &self.part * &other.whole,
            radicand: self.radicand.clone(),
        }
    }
}

impl Zero for Surd {
    fn zero() -> Surd {
        Surd::from(Rational::zero())
    }

    fn is_zero(&self) -> bool {
        Surd::is_zero(self)
    }
}

impl Mul for Surd {
    type Output = Surd;
    fn mul(self, other: Surd) -> Surd {
        &self * &other
    }
}

impl One for Surd {
    fn one() -> Surd {
        Surd::from(Rational::one())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_are_exact() {
        let root2 = Expr::int(2).sqrt();
        let sign = |e: Expr| Surd::read(&e).map(|x| x.sign());
        // Convergents p/q of sqrt(2): p^2 - 2 q^2 is -1, 1, -1.
        assert_eq!(sign(Expr::Num(rational(1393, 985)) - root2.clone()), Some(Sign::NEGATIVE));
        assert_eq!(sign(Expr::Num(rational(3363, 2378)) - root2.clone()), Some(Sign::POSITIVE));
        assert_eq!(sign(Expr::Num(rational(8119, 5741)) - root2.clone()), Some(Sign::NEGATIVE));
        assert_eq!(sign(root2.clone() + Expr::int(3).sqrt()), None);
        assert_eq!(sign(Expr::sym("a")), None);
        let x = Surd::read(&(Expr::int(3) - Expr::int(2) * root2)).expect("a number");
        assert_eq!((&x * &x.recip()).sign(), Sign::POSITIVE);
        assert!((x.recip() * x - Surd::from(rational(1, 1))).is_zero());
    }
}
