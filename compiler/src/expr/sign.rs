//! Sets of signs, and what they are of sums, products and powers.

use super::Rational;
use num_traits::{Signed, Zero};

/// The set of signs a real expression may take. [`Sign::ANY`] for a real of unknown sign, [`Sign::COMPLEX`] when it
/// need not be real.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sign(u8);

impl Sign {
    /// Anything but 0, real or not.
    pub(super) const NOT_ZERO: Sign = Sign(13);
    /// No sign at all: the assumptions contradict each other.
    pub const NONE: Sign = Sign(0);
    /// `< 0`.
    pub const NEGATIVE: Sign = Sign(1);
    /// `= 0`.
    pub const ZERO: Sign = Sign(2);
    /// `> 0`.
    pub const POSITIVE: Sign = Sign(4);
    /// `<= 0`.
    pub const NONPOSITIVE: Sign = Sign(3);
    /// `>= 0`.
    pub const NONNEGATIVE: Sign = Sign(6);
    /// Real and `!= 0`.
    pub const NONZERO: Sign = Sign(5);
    /// Real.
    pub const ANY: Sign = Sign(7);
    /// Not known to be real.
    pub const COMPLEX: Sign = Sign(15);

    /// Is every sign of `self` among those of `other`?
    pub fn is(self, other: Sign) -> bool {
        self.0 & !other.0 == 0
    }

    /// The signs in both.
    pub fn and(self, other: Sign) -> Sign {
        Sign(self.0 & other.0)
    }

    /// The signs in either.
    pub fn or(self, other: Sign) -> Sign {
        Sign(self.0 | other.0)
    }

    /// The sign of the opposite.
    pub fn negate(self) -> Sign {
        Sign((self.0 & 0b1010) | ((self.0 & 1) << 2) | ((self.0 & 4) >> 2))
    }

    /// The single signs in the set: negative, zero, positive.
    pub fn each(self) -> Vec<Sign> {
        [Sign::POSITIVE, Sign::ZERO, Sign::NEGATIVE].into_iter().filter(|s| s.is(self)).collect()
    }

    fn combine(self, other: Sign, table: fn(u8, u8) -> u8) -> Sign {
        let mut out = 0;
        for a in [1, 2, 4, 8].into_iter().filter(|a| self.0 & a != 0) {
            for b in [1, 2, 4, 8].into_iter().filter(|b| other.0 & b != 0) {
                out |= table(a, b);
            }
        }
        Sign(out)
    }

    /// The signs of a sum.
    pub(crate) fn plus(self, other: Sign) -> Sign {
        self.combine(other, |a, b| match (a, b) {
            (8, _) | (_, 8) => 15,
            (2, x) | (x, 2) => x,
            (a, b) if a == b => a,
            _ => 7,
        })
    }

    /// The signs of a product.
    pub(crate) fn times(self, other: Sign) -> Sign {
        self.combine(other, |a, b| match (a, b) {
            (2, _) | (_, 2) => 2,
            (8, _) | (_, 8) => 15,
            (a, b) if a == b => 4,
            _ => 1,
        })
    }

    /// The signs that a factor can have of a product of these signs, beside a factor of the signs `other`.
    pub(crate) fn without(self, other: Sign) -> Sign {
        let possible = |sign: &Sign| !sign.times(other).and(self).is(Sign::NONE);
        let signs = [Sign::POSITIVE, Sign::ZERO, Sign::NEGATIVE].into_iter().filter(possible);
        if self.is(Sign::ANY) && other.is(Sign::ANY) { signs.fold(Sign::NONE, Sign::or) } else { Sign::COMPLEX }
    }

    /// The signs of a power with an exponent of these signs; `whole` is the exponent when it is a whole number. An inverse
    /// that exists has a base other than 0.
    pub(crate) fn power(self, exponent: Sign, whole: Option<i64>) -> Sign {
        let real = self.is(Sign::ANY);
        match whole {
            Some(n) if n < 0 && real => self.and(Sign::NONZERO).power(exponent, Some(-n)),
            Some(n) if n % 2 == 0 && self.is(Sign::NONZERO) => Sign::POSITIVE,
            Some(n) if n % 2 == 0 && real => Sign::NONNEGATIVE,
            Some(n) if n % 2 != 0 && real => self,
            None if self.is(Sign::POSITIVE) && exponent.is(Sign::ANY) => Sign::POSITIVE,
            None if self.is(Sign::NONNEGATIVE) && exponent.is(Sign::NONNEGATIVE) => Sign::NONNEGATIVE,
            _ => Sign::COMPLEX,
        }
    }

    /// The sign of a number.
    pub(crate) fn of(r: &Rational) -> Sign {
        if r.is_positive() {
            Sign::POSITIVE
        } else if r.is_zero() {
            Sign::ZERO
        } else {
            Sign::NEGATIVE
        }
    }
}
