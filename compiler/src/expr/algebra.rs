//! Questions of exact algebra: is this zero, does that divide it, is a polynomial positive.

use super::roots::Signs;
use super::surd::Surd;
use super::{Expr, KappaSum, Rational, Sign, rational};
use num_integer::Integer;
use num_traits::{One, Signed, ToPrimitive, Zero};

impl Expr {
    /// Is the expression identically zero? Multiplied out, denominators cleared; `true` is certain, `false` is not.
    pub fn vanishes(&self) -> bool {
        self.over_one_denominator().0.is_zero()
    }

    /// `(n, [(d, p), ...])` with the expression equal to `n d^p ...`, the p negative, n multiplied out: without
    /// denominators after a few steps, or as far as those lead.
    pub(crate) fn over_one_denominator(&self) -> (Expr, Vec<(Expr, Expr)>) {
        let (mut e, mut below) = (self.expand().expand(), Vec::new());
        for _ in 0..8 {
            let inverse = |f: &Expr| match f {
                Expr::Pow(b, n) if n.as_num().is_some_and(Signed::is_negative) => Some(((**b).clone(), (**n).clone())),
                _ => None,
            };
            let Some((d, p)) = e.terms().iter().flat_map(Expr::factors).find_map(inverse) else { break };
            let times = Expr::pow(d.clone(), -p.clone());
            e = Expr::add(e.terms().iter().map(|t| t.clone() * times.clone())).expand().expand();
            below.push((d, p));
        }
        (e, below)
    }
}

/// Polynomials in a letter.
impl Expr {
    /// The coefficients by powers of `letter`, constant first, of a polynomial in it that is multiplied out; no power is
    /// above 64.
    pub(crate) fn powers_of(&self, letter: &Expr) -> Option<Vec<Expr>> {
        let mut out: Vec<Vec<Expr>> = Vec::new();
        for t in self.terms() {
            let mut power = 0usize;
            let mut rest = Vec::new();
            for f in t.factors() {
                match f {
                    f if f == letter => power = 1,
                    Expr::Pow(b, n) if **b == *letter => {
                        power = usize::try_from(n.as_int()?).ok().filter(|n| *n <= 64)?
                    }
                    f if f.contains(letter) => return None,
                    f => rest.push(f.clone()),
                }
            }
            out.resize(out.len().max(power + 1), Vec::new());
            out[power].push(Expr::mul(rest));
        }
        Some(out.into_iter().map(Expr::add).collect())
    }

    /// `self / divisor` when it is exact: long division in a letter of which the divisor has a numeric leading
    /// coefficient.
    pub(crate) fn exact_quotient(&self, divisor: &Expr) -> Option<Expr> {
        let monic = |x: &Expr| divisor.powers_of(x).is_some_and(|c| c.len() > 1 && c[c.len() - 1].as_num().is_some());
        let letter = divisor.symbols().into_iter().map(Expr::Sym).find(monic)?;
        let (mut d, mut rest) = (divisor.powers_of(&letter)?, self.powers_of(&letter)?);
        let lead = d.pop()?;
        let mut terms = Vec::new();
        while rest.len() > d.len() {
            let top = (rest.pop()? / &lead).expand();
            let shift = rest.len() - d.len();
            for (i, c) in d.iter().enumerate() {
                rest[shift + i] = (&rest[shift + i] - &top * c).expand();
            }
            terms.push(top * letter.clone().powi(shift as i64));
        }
        (rest.iter().all(Expr::is_zero) && !terms.is_empty()).then(|| Expr::add(terms).expand())
    }

    /// `(a, b)` with `self = a other + b`, the number `a` such that b lacks a term of `other` that is no number.
    pub(crate) fn less_multiple_of(&self, other: &Expr) -> Option<(Rational, Expr)> {
        let shared = |t: &Expr| {
            let (q, letters) = t.split_coefficient();
            let (p, _) = self.terms().iter().map(Expr::split_coefficient).find(|(_, x)| *x == letters)?;
            t.as_num().is_none().then_some(p / q)
        };
        let factor = other.terms().iter().find_map(shared)?;
        let rest = (self - Expr::Num(factor.clone()) * other).expand();
        Some((factor, rest))
    }
}

impl KappaSum {
    /// Numeric coefficients of one real quadratic field, constant first, with whole exponents after division by the lowest
    /// power.
    pub(crate) fn polynomial(&self) -> Option<Vec<Surd>> {
        let coefficients = Surd::read_all(self.terms.iter().map(|(_, c)| c))?;
        let exponents: Vec<&Rational> = self.terms.iter().map(|(x, _)| x.as_num()).collect::<Option<_>>()?;
        let least = (*exponents.iter().min()?).clone();
        let mut out = Vec::new();
        for (x, c) in exponents.into_iter().zip(coefficients) {
            let n = (x - &least).to_usize().filter(|n| *n <= 64 && (x - &least).is_integer())?;
            out.resize(out.len().max(n + 1), Surd::zero());
            out[n] = c;
        }
        Some(out)
    }
}

impl KappaSum {
    /// The sum at `kappa^n` in the place of kappa, with the least n that makes numeric exponents whole: of the same signs.
    fn in_whole_powers(&self) -> KappaSum {
        let denominators = self.terms.iter().filter_map(|(x, _)| x.as_num()).filter_map(|x| x.denom().to_i64());
        let n = denominators.filter(|d| (1..=12).contains(d)).fold(1i64, |n, d| n.lcm(&d));
        let power = |(x, c): &(Expr, Expr)| ((Expr::int(n.min(60)) * x).expand(), c.clone());
        KappaSum { terms: self.terms.iter().map(power).collect() }
    }
}

/// Questions about every `kappa > 0`, given the signs of expressions in parameters.
impl KappaSum {
    /// Is the sum positive for every `kappa > 0`?
    pub(crate) fn is_positive(&self, sign: Signs<'_>) -> bool {
        let signs: Vec<Sign> = self.terms.iter().map(|(_, c)| sign(c)).collect();
        if signs.iter().all(|s| s.is(Sign::NONNEGATIVE)) {
            return signs.iter().any(|s| s.is(Sign::POSITIVE));
        }
        if let Some(p) = self.in_whole_powers().polynomial() {
            return positive_on_half_line(&p);
        }
        // a u^2 + b u + c in u = kappa^step with a > 0 and a negative discriminant; the terms are in rising order.
        let [(x0, c), (x1, b), (x2, a)] = self.terms.as_slice() else { return false };
        let even = (x0 + x2 - Expr::int(2) * x1).expand().is_zero();
        let discriminant = (b * b - Expr::int(4) * a * c).expand();
        even && sign(a).is(Sign::POSITIVE) && sign(&discriminant).is(Sign::NEGATIVE)
    }

    /// Is a sum with numeric coefficients positive on `(from, until]`, or beyond `from >= 0`? Without negative ones it is; a polynomial
    /// is mapped to the half line by `(from + until y)/(1 + y)`, or by `from + y`.
    pub(crate) fn is_positive_between(&self, from: &Rational, until: Option<&Rational>) -> bool {
        let signs: Vec<Sign> = self.terms.iter().map(|(_, c)| Surd::read(c).map_or(Sign::ANY, |c| c.sign())).collect();
        if signs.iter().all(|s| s.is(Sign::NONNEGATIVE)) && signs.iter().any(|s| s.is(Sign::POSITIVE)) {
            return true;
        }
        let (low, y) = (Expr::Num(from.clone()), Expr::kappa());
        let (point, scale) = match until {
            Some(high) => (low + Expr::Num(high.clone()) * &y, Expr::one() + &y),
            None => (low + &y, Expr::one()),
        };
        let degree = self.terms.iter().filter_map(|(x, _)| x.as_int()).max().unwrap_or(0);
        let mapped = self.terms.iter().map(|(x, c)| {
            let n = x.as_int().filter(|n| *n >= 0)?;
            Some(c.clone() * point.clone().powi(n) * scale.clone().powi(degree - n))
        });
        let mapped = mapped.collect::<Option<Vec<_>>>().and_then(|t| KappaSum::read(&Expr::add(t))?.polynomial());
        let end = until.map_or(Sign::POSITIVE, |high| {
            let there = self.expr().substitute(&y, &Expr::Num(high.clone()));
            Surd::read(&there).map_or(Sign::ANY, |v| v.sign())
        });
        end == Sign::POSITIVE && mapped.is_some_and(|p| positive_on_half_line(&p))
    }

    /// Does the term `c kappa^x` outweigh every other one, for large or for small kappa?
    pub(crate) fn is_led_by(&self, x: &Expr, c: &Expr, at_infinity: bool, sign: Signs<'_>) -> bool {
        let wanted = if at_infinity { Sign::POSITIVE } else { Sign::NEGATIVE };
        let outweighed = |(y, d): &(Expr, Expr)| sign(d).is(Sign::ZERO) || sign(&(x - y).expand()).is(wanted);
        let own = |(y, d): &(Expr, Expr)| y == x && (d - c).vanishes();
        sign(c).is(Sign::NONZERO) && self.terms.iter().any(own) && self.terms.iter().all(|t| t.0 == *x || outweighed(t))
    }
}

/// Does one polynomial divide the other, up to factors free of the variable? Coefficients constant first; by
/// pseudo-division.
pub(crate) fn divides(divisor: &[Expr], polynomial: &[Expr]) -> bool {
    let Some(lead) = divisor.last().filter(|l| !l.vanishes() && divisor.len() > 1) else { return false };
    let mut rest = polynomial.to_vec();
    while rest.len() >= divisor.len() {
        let top = rest.pop().unwrap_or_else(Expr::zero);
        let shift = rest.len() + 1 - divisor.len();
        rest = rest.iter().map(|c| (c.clone() * lead.clone()).expand()).collect();
        for (i, c) in divisor[..divisor.len() - 1].iter().enumerate() {
            rest[shift + i] = (rest[shift + i].clone() - top.clone() * c.clone()).expand();
        }
    }
    rest.iter().all(Expr::vanishes)
}

impl Expr {
    /// The sign of a polynomial in one parameter with numeric coefficients that has no zero where the parameter has the signs
    /// `letter`; otherwise any.
    pub(crate) fn sign_of_polynomial(&self, letter: Signs<'_>) -> Sign {
        let names = self.symbols();
        let [name] = names.as_slice() else { return Sign::ANY };
        let x = Expr::Sym(name.clone());
        let Some(p) = self.powers_of(&x).and_then(|c| Surd::read_all(&c)).filter(|p| p.len() > 2) else {
            return Sign::ANY;
        };
        let turned =
            |p: &[Surd]| p.iter().enumerate().map(|(n, c)| if n % 2 == 1 { -c.clone() } else { c.clone() }).collect();
        let values = letter(&x);
        let positive = |p: &[Surd]| {
            let mirrored: Vec<Surd> = turned(p);
            (values.is(Sign::NONPOSITIVE) || positive_on_half_line(p))
                && (values.is(Sign::NONNEGATIVE) || positive_on_half_line(&mirrored))
                && (values.is(Sign::NONZERO) || p[0].is_positive())
        };
        let opposite: Vec<Surd> = p.iter().map(|c| -c.clone()).collect();
        match (positive(&p), positive(&opposite)) {
            (true, _) => Sign::POSITIVE,
            (_, true) => Sign::NEGATIVE,
            _ => Sign::ANY,
        }
    }
}

/// Is a polynomial positive on `(0, inf)`? Yes without a negative coefficient; else at 1 and on either side of it.
fn positive_on_half_line(p: &[Surd]) -> bool {
    // Complex zeros closer to the axis than about 2^-96, as a part of the distance from 0, are taken for real ones.
    const HALVINGS: u32 = 96;
    if !p.iter().any(Surd::is_negative) {
        return p.iter().any(Surd::is_positive);
    }
    let reversed: Vec<Surd> = p.iter().rev().cloned().collect();
    let at_one = p.iter().fold(Surd::zero(), |s, c| s + c.clone());
    at_one.is_positive() && positive_below_one(p, HALVINGS) && positive_below_one(&reversed, HALVINGS)
}

/// Is a polynomial positive on `(0, 1)`? Yes if `(1 + y)^n p(1/(1 + y))` has no negative coefficient (Descartes' rule of
/// signs); else at 1/2 and on either half. The halves shrink until no complex zero is near, so this ends where p is
/// positive, however close to the axis its zeros lie, up to the number of halvings.
fn positive_below_one(p: &[Surd], halvings: u32) -> bool {
    let reversed: Vec<Surd> = p.iter().rev().cloned().collect();
    let mapped = shifted(&reversed);
    if !mapped.iter().any(Surd::is_negative) {
        return mapped.iter().any(Surd::is_positive);
    }
    let mut weight = Rational::one();
    let mut left: Vec<Surd> = Vec::with_capacity(p.len());
    for c in &reversed {
        left.push(c.scaled(&weight));
        weight *= rational(2, 1);
    }
    left.reverse();
    let right = shifted(&left);
    halvings > 0
        && right.first().is_some_and(Surd::is_positive)
        && positive_below_one(&left, halvings - 1)
        && positive_below_one(&right, halvings - 1)
}

/// `p(1 + y)`.
fn shifted(p: &[Surd]) -> Vec<Surd> {
    // Horner's scheme: q (1 + y) + c.
    let step = |q: Vec<Surd>, c: &Surd| {
        (0..q.len()).map(|i| q[i].clone() + if i == 0 { c.clone() } else { q[i - 1].clone() }).collect()
    };
    p.iter().rev().fold(vec![Surd::zero(); p.len()], step)
}

#[cfg(test)]
mod tests {
    use super::positive_on_half_line;
    use crate::expr::sturm::product;
    use crate::expr::{Surd, rational};
    use num_traits::Zero;
    use proptest::prelude::*;

    fn whole(n: i64) -> Surd {
        Surd::from(rational(n, 1))
    }

    /// `(q x - p)^2 + rest`: zero next to the axis at `p/q`.
    fn near_square(p: i64, q: i64, rest: Surd) -> Vec<Surd> {
        vec![whole(p * p) + rest, whole(-2 * p * q), whole(q * q)]
    }

    #[test]
    fn complex_zeros_close_to_the_axis_far_from_one() {
        // Zeros at 0.0557 +- 0.00005 i.
        let p: Vec<Surd> = [31, -1158, 11623, -15132, 5744, 68].map(whole).into();
        assert!(positive_on_half_line(&p));
        assert!(!positive_on_half_line(&[vec![whole(30)], p[1..].to_vec()].concat()));
    }

    proptest! {
        /// Products of near squares are positive; with the rest taken away they touch zero, and below it they cross.
        #[test]
        fn positive_exactly_when_no_zero_is_on_the_axis(
            places in prop::collection::vec((1i64..2000, 1i64..2000), 1..4), bits in 0u32..40, sinks in any::<bool>()
        ) {
            let rest = Surd::from(rational(1, 1 << bits));
            let all = places.iter().map(|(p, q)| near_square(*p, *q, rest.clone()));
            let above = all.reduce(|a, b| product(&a, &b)).unwrap_or_default();
            prop_assert!(positive_on_half_line(&above));
            let (p, q) = places[0];
            let touching = near_square(p, q, if sinks { -rest } else { Surd::zero() });
            prop_assert!(!positive_on_half_line(&product(&above, &touching)));
        }
    }
}
