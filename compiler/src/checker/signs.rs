//! The checker's own sign calculus.
//!
//! In:   the assumptions of an equation and the signs a case adds.
//! Out:  the signs an expression can have; whether a sum of powers is positive for `kappa > 0`.
//! Holds: sound: a sign is excluded only when it is impossible. Where sums are ambiguous the expression is divided by each
//!       known relation; where polynomials have numeric coefficients, Descartes' rule on bisected intervals decides.

use crate::dispersion::powers_of;
use crate::expr::{Enclosure, Expr, Facts, Func, KappaSum, Name, Rational, Sign, Var, positive_on_half_line};
use crate::verdict::SideCondition;
use num_traits::{Signed, ToPrimitive, Zero};

/// What is assumed: `expression` has one of the signs.
#[derive(Clone)]
pub(super) struct Known(Vec<(Expr, Sign)>);

impl Known {
    /// The assumptions of an equation, each interval end as a relation.
    pub fn new(facts: &Facts) -> Known {
        let mut relations = facts.relations().to_vec();
        for name in facts.parameters() {
            let Some(interval) = facts.interval(&name) else { continue };
            let letter = Expr::Sym(name);
            let lower = (&interval.lower, Sign::POSITIVE, Sign::NONNEGATIVE);
            for (bound, strict, weak) in [lower, (&interval.upper, Sign::NEGATIVE, Sign::NONPOSITIVE)] {
                let Some(b) = bound else { continue };
                relations.push((letter.clone() - Expr::Num(b.value.clone()), if b.strict { strict } else { weak }));
            }
            if interval.nonzero {
                relations.push((letter, Sign::NONZERO));
            }
        }
        Known(relations)
    }

    /// The same with one more assumption.
    pub fn assuming(&self, condition: &SideCondition) -> Known {
        Known(self.0.iter().cloned().chain([(condition.expression.clone(), condition.sign)]).collect())
    }

    /// The signs `e` can have, for `kappa >= 0`.
    pub fn sign(&self, e: &Expr) -> Sign {
        self.sign_at_depth(e, 4)
    }

    fn sign_at_depth(&self, e: &Expr, depth: u32) -> Sign {
        let direct = self.0.iter().filter(|(r, _)| r == e).fold(Sign::COMPLEX, |s, (_, sign)| s.and(*sign));
        let structural = match e {
            Expr::Num(r) => Sign::of(r),
            Expr::Sym(name) => self.letter(name),
            Expr::Var(Var::Kappa) => Sign::NONNEGATIVE,
            Expr::Mul(parts) => parts.iter().fold(Sign::POSITIVE, |s, p| s.times(self.sign_at_depth(p, depth))),
            Expr::Add(terms) => {
                let sum = terms.iter().fold(Sign::ZERO, |s, t| s.plus(self.sign_at_depth(t, depth)));
                match Enclosure::of(e) {
                    Some(number) if sum == Sign::ANY => number.sign(),
                    None if sum == Sign::ANY && depth > 0 => self.divided(e, depth - 1),
                    _ => sum,
                }
            }
            Expr::Pow(base, exponent) => self.power(base, exponent, depth),
            Expr::Call(Func::Exp, arg) if self.sign_at_depth(arg, depth).is(Sign::ANY) => Sign::POSITIVE,
            e => Enclosure::of(e).map_or(Sign::COMPLEX, Enclosure::sign),
        };
        structural.and(direct)
    }

    /// A letter against 0, from its bounds.
    fn letter(&self, name: &Name) -> Sign {
        let from = |(relation, known): &(Expr, Sign)| {
            let (other, slope, threshold) = relation.affine()?;
            let known = if slope.is_negative() { known.negate() } else { *known };
            (other == *name).then(|| known.plus(Sign::of(&threshold)))
        };
        self.0.iter().filter_map(from).fold(Sign::ANY, Sign::and)
    }

    fn power(&self, base: &Expr, exponent: &Expr, depth: u32) -> Sign {
        let b = self.sign_at_depth(base, depth);
        if let Some(n) = exponent.as_int() {
            // An inverse that exists has a base other than 0.
            let b = if n < 0 && b.is(Sign::ANY) { b.and(Sign::NONZERO) } else { b };
            return match n % 2 == 0 {
                true if b.is(Sign::NONZERO) => Sign::POSITIVE,
                true if b.is(Sign::ANY) => Sign::NONNEGATIVE,
                false if b.is(Sign::ANY) => b,
                _ => Sign::COMPLEX,
            };
        }
        let e = self.sign_at_depth(exponent, depth);
        match (b.is(Sign::POSITIVE) && e.is(Sign::ANY), b.is(Sign::NONNEGATIVE) && e.is(Sign::NONNEGATIVE)) {
            (true, _) => Sign::POSITIVE,
            (_, true) => Sign::NONNEGATIVE,
            _ => Sign::COMPLEX,
        }
    }

    /// Divides a sum exactly by each known relation and multiplies the signs, or shifts it by a constant to one.
    fn divided(&self, e: &Expr, depth: u32) -> Sign {
        let mut sign = Sign::ANY;
        for (i, (relation, known)) in self.0.iter().enumerate() {
            if self.0[..i].iter().all(|(r, _)| r != relation)
                && let Some(quotient) = quotient(e, relation)
            {
                sign = sign.and(known.times(self.sign_at_depth(&quotient, depth)));
            }
            for term in e.terms() {
                // A multiple of the relation and a constant: the ratio is that of some term to the first in a letter.
                let Some(first) = relation.terms().iter().find(|t| t.as_num().is_none()) else { continue };
                let ((p, x), (q, y)) = (term.split_coefficient(), first.split_coefficient());
                if x == y {
                    let (ratio, known) = (p / q, *known);
                    let rest = (e.clone() - Expr::Num(ratio.clone()) * relation.clone()).expand();
                    let scaled = known.times(Sign::of(&ratio));
                    sign = rest.as_num().map_or(sign, |r| sign.and(scaled.plus(Sign::of(r))));
                }
            }
        }
        sign
    }

    /// Is a sum of powers positive for every `kappa > 0`?
    pub fn positive_for_positive_kappa(&self, e: &Expr) -> bool {
        let Some(KappaSum { terms }) = KappaSum::read(e) else { return false };
        let signs: Vec<Sign> = terms.iter().map(|(_, c)| self.sign(c)).collect();
        if signs.iter().all(|s| s.is(Sign::NONNEGATIVE)) {
            return signs.iter().any(|s| s.is(Sign::POSITIVE));
        }
        if let Some(p) = numeric(&terms) {
            return positive_on_half_line(&p, 24);
        }
        // a u^2 + b u + c in u = kappa^step with a > 0 and a negative discriminant; the terms are in rising order.
        let [(x0, c), (x1, b), (x2, a)] = terms.as_slice() else { return false };
        let even = (x0.clone() + x2.clone() - Expr::int(2) * x1.clone()).expand().is_zero();
        let discriminant = (b.clone().powi(2) - Expr::int(4) * a.clone() * c.clone()).expand();
        even && self.sign(a).is(Sign::POSITIVE) && self.sign(&discriminant).is(Sign::NEGATIVE)
    }
}

/// `e / divisor` when it is exact: long division in a letter of which the divisor has a numeric leading coefficient.
fn quotient(e: &Expr, divisor: &Expr) -> Option<Expr> {
    let monic = |x: &Expr| powers_of(divisor, x).is_some_and(|c| c.len() > 1 && c[c.len() - 1].as_num().is_some());
    let letter = divisor.symbols().into_iter().map(Expr::Sym).find(monic)?;
    let (mut d, mut rest) = (powers_of(divisor, &letter)?, powers_of(e, &letter)?);
    let lead = d.pop()?;
    let mut terms = Vec::new();
    while rest.len() > d.len() {
        let top = (rest.pop()? / lead.clone()).expand();
        let shift = rest.len() - d.len();
        for (i, c) in d.iter().enumerate() {
            rest[shift + i] = (rest[shift + i].clone() - top.clone() * c.clone()).expand();
        }
        terms.push(top * letter.clone().powi(shift as i64));
    }
    (rest.iter().all(Expr::is_zero) && !terms.is_empty()).then(|| Expr::add(terms).expand())
}

/// Numeric coefficients with whole exponents after division by the lowest power.
fn numeric(terms: &[(Expr, Expr)]) -> Option<Vec<Rational>> {
    let exponents: Vec<&Rational> = terms.iter().map(|(x, _)| x.as_num()).collect::<Option<_>>()?;
    let least = (*exponents.iter().min()?).clone();
    let mut out = Vec::new();
    for (x, (_, c)) in exponents.into_iter().zip(terms) {
        let n = (x - &least).to_usize().filter(|n| *n <= 64 && (x - &least).is_integer())?;
        out.resize(out.len().max(n + 1), Rational::zero());
        out[n] = c.as_num()?.clone();
    }
    Some(out)
}
