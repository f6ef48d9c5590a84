//! Signs of sums with square roots, of fractions, and of functions of known range.
//!
//! In:   a sum whose terms do not settle its sign, and the signs of other expressions.
//! Out:  the signs it may have.
//! Holds: exact algebra; sound, not complete. The expressions asked about have fewer roots and denominators.

use super::roots::Signs;
use super::{Enclosure, Expr, Func, Rational, Sign, rational};
use num_traits::{Signed, Zero};

impl Expr {
    /// The signs of a sum by a rule of this file; [`Sign::ANY`] where none fits.
    pub(crate) fn sign_of_special_sum(&self, sign: Signs<'_>) -> Sign {
        if self.terms().len() < 2 {
            return Sign::ANY;
        }
        if self.is_constant() {
            return Enclosure::of(self).map_or(Sign::ANY, Enclosure::sign);
        }
        if let Some(root) = self.perfect_square().filter(|root| sign(root).is(Sign::ANY)) {
            return sign(&root).power(Sign::POSITIVE, Some(2));
        }
        let mut known = self.sign_by_range().and(self.sign_of_polynomial(sign));
        if self.any(&is_inverse) {
            known = known.and(self.sign_of_fraction(sign));
        }
        if let Some((plain, root)) = self.plain_and_root() {
            known = known
                .and(larger(sign(&plain), sign(&root), || sign(&(plain.powi(2) - root.powi(2)).expand().expand())));
        }
        if known.is(Sign::ANY) { known } else { Sign::ANY }
    }

    /// No letter and no variable in it?
    fn is_constant(&self) -> bool {
        !self.any(&|e| !matches!(e, Expr::Num(_) | Expr::Add(_) | Expr::Mul(_) | Expr::Pow(..) | Expr::Call(..)))
    }

    /// Of numbers and multiples of sines and cosines, which lie between -1 and 1.
    fn sign_by_range(&self) -> Sign {
        let (mut number, mut swing) = (Rational::zero(), Rational::zero());
        for t in self.terms() {
            match t.split_coefficient() {
                (c, one) if one.is_one() => number += c,
                (c, Expr::Call(Func::Sin | Func::Cos, x)) if !x.any(&|e| *e == Expr::Imag) => swing += c.abs(),
                _ => return Sign::ANY,
            }
        }
        let (least, most) = (Sign::of(&(&number - &swing)), Sign::of(&(number + swing)));
        match (least, most) {
            (Sign::POSITIVE, _) => Sign::POSITIVE,
            (Sign::ZERO, _) => Sign::NONNEGATIVE,
            (_, Sign::NEGATIVE) => Sign::NEGATIVE,
            (_, Sign::ZERO) => Sign::NONPOSITIVE,
            _ => Sign::ANY,
        }
    }

    fn sign_of_fraction(&self, sign: Signs<'_>) -> Sign {
        let (top, below) = self.over_one_denominator();
        if top.any(&is_inverse) {
            return Sign::ANY;
        }
        let power = |d: &Expr, n: &Expr| sign(d).and(Sign::NONZERO).power(sign(n), n.as_int());
        below.iter().fold(sign(&top), |s, (d, n)| s.times(power(d, n)))
    }

    /// `(a, b)` with the expression equal to `a + b`, a without square roots, b a product of one of them.
    fn plain_and_root(&self) -> Option<(Expr, Expr)> {
        let (roots, plain): (Vec<Expr>, Vec<Expr>) = self.terms().iter().cloned().partition(has_root);
        let radical = |t: &Expr| t.factors().iter().find(|f| is_root(f)).cloned();
        let first = radical(roots.first()?)?;
        let same = roots
            .iter()
            .all(|t| t.factors().contains(&first) && t.factors().iter().filter(|f| has_root(f)).count() == 1);
        (same && !plain.is_empty()).then(|| (Expr::add(plain), Expr::add(roots)))
    }

    /// Where the sign of a sum with a square root hangs on it, an expression without roots whose sign to ask for first.
    pub(crate) fn without_root(&self, facts: &super::Facts) -> Option<Expr> {
        let (plain, root) = self.plain_and_root()?;
        let open = |e: &Expr| facts.sign(e).is(Sign::ANY) && facts.sign(e).each().len() > 1;
        if open(&plain) {
            return Some(plain);
        }
        let balance = (plain.powi(2) - root.powi(2)).expand().expand();
        (!has_root(&balance)).then_some(balance)
    }
}

fn is_root(e: &Expr) -> bool {
    matches!(e, Expr::Pow(_, x) if x.as_num() == Some(&rational(1, 2)))
}

fn is_inverse(e: &Expr) -> bool {
    matches!(e, Expr::Pow(_, n) if n.as_num().is_some_and(Signed::is_negative))
}

fn has_root(e: &Expr) -> bool {
    e.any(&|part| matches!(part, Expr::Pow(_, x) if x.as_int().is_none()))
}

/// The sign of `a + b` from those of a, of b, and of `a^2 - b^2`.
fn larger(a: Sign, b: Sign, balance: impl FnOnce() -> Sign) -> Sign {
    let opposite =
        (a.is(Sign::NONNEGATIVE) && b.is(Sign::NONPOSITIVE)) || (a.is(Sign::NONPOSITIVE) && b.is(Sign::NONNEGATIVE));
    if !opposite {
        return Sign::ANY;
    }
    let balance = balance();
    let side = if a.is(Sign::NONNEGATIVE) && b.is(Sign::NONPOSITIVE) { balance } else { balance.negate() };
    if balance.is(Sign::ANY) { side } else { Sign::ANY }
}
