//! The checker's own sign calculus, written apart from that of the prover.
//!
//! In:   the assumptions of an equation and the signs a case adds.
//! Out:  the signs an expression can have; whether a sum of powers is positive for `kappa > 0`.
//! Holds: sound: a sign is excluded only when it is impossible. Where sums are ambiguous the expression is divided by each
//!       known relation; where polynomials have numeric coefficients, Bernstein coefficients on [0, 1] decide.

use super::certificate::SideCondition;
use crate::expr::{Expr, Facts, Func, Name, Rational, Sign, Var, rational};
use num_traits::{Signed, ToPrimitive, Zero};

/// What is assumed: `expression` has one of the signs.
#[derive(Clone)]
pub(super) struct Known {
    relations: Vec<(Expr, Sign)>,
}

impl Known {
    /// The assumptions of an equation, each interval end as a relation.
    pub fn new(facts: &Facts) -> Known {
        let mut relations = facts.relations().to_vec();
        for name in facts.parameters() {
            let letter = || Expr::Sym(name.clone());
            let Some(interval) = facts.interval(&name) else { continue };
            if let Some(b) = &interval.lower {
                let sign = if b.strict { Sign::POSITIVE } else { Sign::NONNEGATIVE };
                relations.push((letter() - Expr::Num(b.value.clone()), sign));
            }
            if let Some(b) = &interval.upper {
                let sign = if b.strict { Sign::NEGATIVE } else { Sign::NONPOSITIVE };
                relations.push((letter() - Expr::Num(b.value.clone()), sign));
            }
            if interval.nonzero {
                relations.push((letter(), Sign::NONZERO));
            }
        }
        Known { relations }
    }

    /// The same with one more assumption.
    pub fn assuming(&self, condition: &SideCondition) -> Known {
        let mut next = self.clone();
        next.relations.push((condition.expression.clone(), condition.sign));
        next
    }

    /// The signs `e` can have, for `kappa >= 0`.
    pub fn sign(&self, e: &Expr) -> Sign {
        self.sign_at_depth(e, 4)
    }

    fn sign_at_depth(&self, e: &Expr, depth: u32) -> Sign {
        let direct = self.relations.iter().filter(|(r, _)| r == e).fold(Sign::COMPLEX, |s, (_, sign)| s.and(*sign));
        let structural = match e {
            Expr::Num(r) if r.is_positive() => Sign::POSITIVE,
            Expr::Num(r) if r.is_negative() => Sign::NEGATIVE,
            Expr::Num(_) => Sign::ZERO,
            Expr::Sym(name) => self.letter(name),
            Expr::Var(Var::Kappa) => Sign::NONNEGATIVE,
            Expr::Mul(parts) => parts.iter().fold(Sign::POSITIVE, |s, p| product(s, self.sign_at_depth(p, depth))),
            Expr::Add(terms) => {
                let sum = terms.iter().fold(Sign::ZERO, |s, t| sum(s, self.sign_at_depth(t, depth)));
                if sum == Sign::ANY && depth > 0 { self.divided(e, depth - 1) } else { sum }
            }
            Expr::Pow(base, exponent) => self.power(base, exponent, depth),
            Expr::Call(Func::Exp, arg) if self.sign_at_depth(arg, depth).is(Sign::ANY) => Sign::POSITIVE,
            _ => Sign::COMPLEX,
        };
        structural.and(direct)
    }

    /// A letter against 0, from its bounds.
    fn letter(&self, name: &Name) -> Sign {
        let mut sign = Sign::ANY;
        for (relation, known) in &self.relations {
            let Some((other, slope, threshold)) = relation.affine() else { continue };
            if other != *name {
                continue;
            }
            // slope (letter - threshold) has the known sign.
            let known = if slope.is_negative() { known.negate() } else { *known };
            let shifted = sum(
                known,
                if threshold.is_positive() {
                    Sign::POSITIVE
                } else if threshold.is_zero() {
                    Sign::ZERO
                } else {
                    Sign::NEGATIVE
                },
            );
            sign = sign.and(shifted);
        }
        sign
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
        let real_exponent = self.sign_at_depth(exponent, depth);
        if b.is(Sign::POSITIVE) && real_exponent.is(Sign::ANY) {
            Sign::POSITIVE
        } else if b.is(Sign::NONNEGATIVE) && real_exponent.is(Sign::NONNEGATIVE) {
            Sign::NONNEGATIVE
        } else {
            Sign::COMPLEX
        }
    }

    /// Divides a sum exactly by each known relation and multiplies the signs.
    fn divided(&self, e: &Expr, depth: u32) -> Sign {
        let mut sign = Sign::ANY;
        let mut tried: Vec<&Expr> = Vec::new();
        for (relation, known) in &self.relations {
            if tried.contains(&relation) {
                continue;
            }
            tried.push(relation);
            if let Some(quotient) = quotient(e, relation) {
                sign = sign.and(product(*known, self.sign_at_depth(&quotient, depth)));
            }
        }
        // A constant shift of a bounded letter: e = relation + rest.
        for (relation, known) in &self.relations {
            for scale in [rational(1, 1), rational(-1, 1)] {
                let rest = (e.clone() - Expr::mul([Expr::Num(scale.clone()), relation.clone()])).expand();
                if rest.as_num().is_some() {
                    let known = if scale.is_negative() { known.negate() } else { *known };
                    sign = sign.and(sum(known, self.sign_at_depth(&rest, 0)));
                }
            }
        }
        sign
    }

    /// The terms of a sum of powers: `(exponent, coefficient)`.
    pub fn powers_of_kappa(&self, e: &Expr) -> Option<Vec<(Expr, Expr)>> {
        let kappa = Expr::kappa();
        let mut out: Vec<(Expr, Vec<Expr>)> = Vec::new();
        for term in e.expand().expand().terms() {
            let mut exponent = Expr::zero();
            let mut rest = Vec::new();
            for factor in term.factors() {
                match factor {
                    f if *f == kappa => exponent = exponent + Expr::one(),
                    Expr::Pow(b, x) if **b == kappa && !x.contains(&kappa) => exponent = exponent + (**x).clone(),
                    f if f.contains(&kappa) => return None,
                    f => rest.push(f.clone()),
                }
            }
            let coefficient = Expr::mul(rest);
            match out.iter_mut().find(|(x, _)| *x == exponent) {
                Some((_, list)) => list.push(coefficient),
                None => out.push((exponent, vec![coefficient])),
            }
        }
        Some(out.into_iter().map(|(x, list)| (x, Expr::add(list))).collect())
    }

    /// Is a sum of powers positive for every `kappa > 0`?
    pub fn positive_for_positive_kappa(&self, e: &Expr) -> bool {
        let Some(terms) = self.powers_of_kappa(e) else { return false };
        let signs: Vec<Sign> = terms.iter().map(|(_, c)| self.sign(c)).collect();
        if signs.iter().all(|s| s.is(Sign::NONNEGATIVE)) {
            return signs.iter().any(|s| s.is(Sign::POSITIVE));
        }
        if let Some(p) = numeric(&terms) {
            return positive_polynomial(&p);
        }
        // a u^2 + b u + c in u = kappa^step with a > 0 and a negative discriminant.
        let mut sorted: Vec<(Rational, Expr)> = Vec::new();
        for (x, c) in terms {
            let Some(x) = x.as_num() else { return false };
            sorted.push((x.clone(), c));
        }
        sorted.sort_by(|a, b| a.0.cmp(&b.0));
        let [(x0, c), (x1, b), (x2, a)] = sorted.as_slice() else { return false };
        let discriminant = (b.clone().powi(2) - Expr::int(4) * a.clone() * c.clone()).expand();
        x1 - x0 == x2 - x1 && self.sign(a).is(Sign::POSITIVE) && self.sign(&discriminant).is(Sign::NEGATIVE)
    }
}

/// The signs of a sum: equal signs stay, 0 is neutral, opposite signs give anything.
fn sum(a: Sign, b: Sign) -> Sign {
    if !a.is(Sign::ANY) || !b.is(Sign::ANY) {
        return Sign::COMPLEX;
    }
    let mut out = Sign::NONE;
    for x in a.each() {
        for y in b.each() {
            out = out.or(match (x, y) {
                (Sign::ZERO, s) | (s, Sign::ZERO) => s,
                (s, t) if s == t => s,
                _ => Sign::ANY,
            });
        }
    }
    out
}

fn product(a: Sign, b: Sign) -> Sign {
    if a == Sign::ZERO || b == Sign::ZERO {
        return Sign::ZERO;
    }
    if !a.is(Sign::ANY) || !b.is(Sign::ANY) {
        return Sign::COMPLEX;
    }
    let mut out = Sign::NONE;
    for x in a.each() {
        for y in b.each() {
            out = out.or(match (x, y) {
                (Sign::ZERO, _) | (_, Sign::ZERO) => Sign::ZERO,
                (s, t) if s == t => Sign::POSITIVE,
                _ => Sign::NEGATIVE,
            });
        }
    }
    out
}

/// `e / divisor` when it is exact: long division in a letter in which the divisor has degree 1.
fn quotient(e: &Expr, divisor: &Expr) -> Option<Expr> {
    let letter = divisor
        .symbols()
        .into_iter()
        .map(Expr::Sym)
        .find(|x| coefficients(divisor, x).is_some_and(|c| c.len() == 2 && c[1].as_num().is_some()))?;
    let d = coefficients(divisor, &letter)?;
    let mut rest = coefficients(e, &letter)?;
    let mut terms = Vec::new();
    while rest.len() > 1 {
        let top = (rest.pop()? / d[1].clone()).expand();
        let n = rest.len() - 1;
        rest[n] = (rest[n].clone() - top.clone() * d[0].clone()).expand();
        terms.push(top * letter.clone().powi(n as i64));
    }
    (rest.iter().all(Expr::is_zero) && !terms.is_empty()).then(|| Expr::add(terms).expand())
}

/// Coefficients by powers of a letter, constant first.
fn coefficients(e: &Expr, letter: &Expr) -> Option<Vec<Expr>> {
    let mut out: Vec<Vec<Expr>> = Vec::new();
    for term in e.terms() {
        let mut n = 0usize;
        let mut rest = Vec::new();
        for f in term.factors() {
            match f {
                f if f == letter => n = 1,
                Expr::Pow(b, x) if **b == *letter => n = usize::try_from(x.as_int()?).ok().filter(|n| *n <= 16)?,
                f if f.contains(letter) => return None,
                f => rest.push(f.clone()),
            }
        }
        out.resize(out.len().max(n + 1), Vec::new());
        out[n].push(Expr::mul(rest));
    }
    Some(out.into_iter().map(Expr::add).collect())
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

/// Positive on `(0, inf)`: on `(0, 1]`, and reversed on `(0, 1]`.
fn positive_polynomial(p: &[Rational]) -> bool {
    let reversed: Vec<Rational> = p.iter().rev().cloned().collect();
    positive_on_unit(&bernstein_coefficients(p), 24) && positive_on_unit(&bernstein_coefficients(&reversed), 24)
}

fn bernstein_coefficients(p: &[Rational]) -> Vec<Rational> {
    let n = p.len() - 1;
    let binomial = |n: usize, k: usize| (0..k).fold(rational(1, 1), |c, i| c * rational((n - i) as i64, i as i64 + 1));
    (0..=n)
        .map(|i| (0..=i).map(|k| binomial(i, k) / binomial(n, k) * &p[k]).fold(Rational::zero(), |s, t| s + t))
        .collect()
}

/// All coefficients positive on some subdivision (de Casteljau), to a given depth.
fn positive_on_unit(b: &[Rational], depth: u32) -> bool {
    if b.iter().all(Rational::is_positive) {
        return true;
    }
    // An end value is attained; 0 itself is excluded, so only a negative end or a zero right end refutes.
    if depth == 0 || !b[b.len() - 1].is_positive() || b[0].is_negative() {
        return false;
    }
    let half = rational(1, 2);
    let (mut left, mut right, mut row) = (vec![b[0].clone()], vec![b[b.len() - 1].clone()], b.to_vec());
    while row.len() > 1 {
        row = row.windows(2).map(|w| (&w[0] + &w[1]) * &half).collect();
        left.push(row[0].clone());
        right.push(row[row.len() - 1].clone());
    }
    right.reverse();
    positive_on_unit(&left, depth - 1) && positive_on_unit(&right, depth - 1)
}
