//! Sums of powers of `kappa` and their sign on the half line `kappa > 0`.
//!
//! In:   an expression that is a sum of `coefficient * kappa^exponent`, exponents real, coefficients free of `kappa`.
//! Out:  [`KappaSum`] and [`Range`]: positive, negative, or where it changes sign.
//! Holds: an answer is for every parameter that the facts admit; a sign that would be needed comes back as
//!       [`Stop::Need`], never as a guess.
//! Source: Descartes' rule, the discriminant, and Sturm's theorem for numeric coefficients.

use super::{Expr, Facts, Rational, Sign, rational};
use num_traits::{Signed, ToPrimitive, Zero};
use std::cmp::Ordering;

/// Why a decision stopped.
#[derive(Clone, Debug, PartialEq)]
pub enum Stop {
    /// The sign of this expression in the parameters is needed; the facts admit several.
    Need(Expr),
    /// No rule applies; what is missing, in words.
    Undecided(String),
}

/// A sum of powers of `kappa`: exponents distinct, in rising order where the facts order them.
#[derive(Clone, Debug, PartialEq)]
pub struct KappaSum {
    /// `(exponent, coefficient)`, both free of `kappa`, coefficients nonzero as expressions.
    pub terms: Vec<(Expr, Expr)>,
}

/// The sign of a function on `kappa > 0`.
#[derive(Clone, Debug, PartialEq)]
pub enum Range {
    /// Positive everywhere.
    Positive,
    /// Negative everywhere.
    Negative,
    /// Identically zero.
    Zero,
    /// The sign just above `kappa = 0`, and the points at which it changes or touches zero, in rising order.
    Changes {
        /// The sign just above 0: `true` when positive.
        starts_positive: bool,
        /// Where it vanishes, each with whether the sign changes there.
        zeros: Vec<(Expr, bool)>,
    },
}

impl KappaSum {
    /// Reads a sum of powers; none when `kappa` occurs in any other way.
    pub fn read(e: &Expr) -> Option<KappaSum> {
        let whole = e.expand().expand();
        let mut terms: Vec<(Expr, Expr)> = Vec::new();
        for t in whole.terms() {
            let mut exponent = Expr::zero();
            let mut rest = Vec::new();
            for f in t.factors() {
                match f {
                    f if *f == Expr::kappa() => exponent = exponent + Expr::one(),
                    Expr::Pow(b, x) if **b == Expr::kappa() && !x.contains(&Expr::kappa()) => {
                        exponent = exponent + (**x).clone();
                    }
                    f if f.contains(&Expr::kappa()) => return None,
                    f => rest.push(f.clone()),
                }
            }
            let coefficient = Expr::mul(rest);
            match terms.iter_mut().find(|(x, _)| *x == exponent) {
                Some((_, c)) => *c = Expr::add([c.clone(), coefficient]),
                None => terms.push((exponent, coefficient)),
            }
        }
        terms.retain(|(_, c)| !c.is_zero());
        terms.sort_by(|a, b| match (a.0.as_num(), b.0.as_num()) {
            (Some(x), Some(y)) => x.cmp(y),
            (Some(x), None) if x.is_zero() => Ordering::Less,
            (None, Some(y)) if y.is_zero() => Ordering::Greater,
            _ => a.0.cmp(&b.0),
        });
        Some(KappaSum { terms })
    }

    /// The sum as an expression.
    pub fn expr(&self) -> Expr {
        Expr::add(self.terms.iter().map(|(x, c)| c.clone() * Expr::pow(Expr::kappa(), x.clone())))
    }

    /// `(exponent, coefficient)` of every term, where all are numbers.
    pub(crate) fn numbers(&self) -> Option<Vec<(f64, f64)>> {
        let number = |e: &Expr| e.as_num()?.to_f64();
        self.terms.iter().map(|(x, c)| Some((number(x)?, number(c)?))).collect()
    }

    /// The value at `kappa = 0`, when every exponent is nonnegative.
    pub fn at_zero(&self, facts: &Facts) -> Option<Expr> {
        let mut value = Expr::zero();
        for (x, c) in &self.terms {
            if x.is_zero() {
                value = c.clone();
            } else if !facts.sign(x).is(Sign::POSITIVE) {
                return None;
            }
        }
        Some(value)
    }

    /// Terms whose coefficient is not known to vanish.
    pub fn live(&self, facts: &Facts) -> KappaSum {
        let keep = |(_, c): &&(Expr, Expr)| !facts.sign(c).is(Sign::ZERO);
        KappaSum { terms: self.terms.iter().filter(keep).cloned().collect() }
    }

    /// The term that dominates as `kappa -> inf`: `(exponent, coefficient)`, the coefficient of definite sign.
    /// None for the zero sum.
    pub fn leading(&self, facts: &Facts) -> Result<Option<(Expr, Expr)>, Stop> {
        self.extreme(facts, Sign::POSITIVE)
    }

    /// The term that dominates as `kappa -> 0`.
    pub fn lowest(&self, facts: &Facts) -> Result<Option<(Expr, Expr)>, Stop> {
        self.extreme(facts, Sign::NEGATIVE)
    }

    fn extreme(&self, facts: &Facts, wanted: Sign) -> Result<Option<(Expr, Expr)>, Stop> {
        let live = self.live(facts);
        let mut best: Option<&(Expr, Expr)> = None;
        for term in &live.terms {
            let Some(b) = best else {
                best = Some(term);
                continue;
            };
            let difference = (term.0.clone() - b.0.clone()).expand();
            let sign = facts.sign(&difference);
            if sign.is(wanted) {
                best = Some(term);
            } else if !sign.is(wanted.negate()) {
                return Err(Stop::Need(difference));
            }
        }
        match best {
            Some((_, c)) if !definite(facts.sign(c)) => Err(Stop::Need(c.clone())),
            other => Ok(other.cloned()),
        }
    }

    /// The sign on `kappa > 0`.
    pub fn range(&self, facts: &Facts) -> Result<Range, Stop> {
        let live = self.live(facts);
        let signs: Vec<Sign> = live.terms.iter().map(|(_, c)| facts.sign(c)).collect();
        if live.terms.is_empty() {
            return Ok(Range::Zero);
        }
        for (every, some, answer) in
            [(Sign::NONNEGATIVE, Sign::POSITIVE, Range::Positive), (Sign::NONPOSITIVE, Sign::NEGATIVE, Range::Negative)]
        {
            if signs.iter().all(|s| s.is(every)) && signs.iter().any(|s| s.is(some)) {
                return Ok(answer);
            }
        }
        if let Some(i) = signs.iter().position(|s| !definite(*s)) {
            let c = live.terms[i].1.clone();
            return Err(if signs[i].is(Sign::ANY) {
                Stop::Need(c)
            } else {
                Stop::Undecided(format!("the sign of the complex coefficient {c}"))
            });
        }
        live.mixed_range(facts)
    }

    /// Both signs occur among the coefficients, all of them definite.
    fn mixed_range(&self, facts: &Facts) -> Result<Range, Stop> {
        let unordered = || Stop::Undecided("the order of symbolic exponents of kappa".to_owned());
        let exponents: Option<Vec<Rational>> = self.terms.iter().map(|(x, _)| x.as_num().cloned()).collect();
        let exponents = exponents.ok_or_else(unordered)?;
        let starts_positive = facts.sign(&self.terms[0].1).is(Sign::POSITIVE);
        if let [(_, low), (_, high)] = self.terms.as_slice() {
            let power = (&exponents[1] - &exponents[0]).recip();
            let zero = Expr::pow((-low.clone() / high.clone()).expand(), Expr::Num(power));
            return Ok(Range::Changes { starts_positive, zeros: vec![(zero, true)] });
        }
        let evenly = exponents.len() == 3 && &exponents[2] - &exponents[1] == &exponents[1] - &exponents[0];
        if evenly {
            return self.quadratic_range(facts, &exponents, starts_positive);
        }
        self.numeric_range(&exponents)
    }

    /// Three terms `c + b u + a u^2` in `u = kappa^step`.
    fn quadratic_range(&self, facts: &Facts, exponents: &[Rational], starts_positive: bool) -> Result<Range, Stop> {
        let [c, b, a] = [0, 1, 2].map(|i| self.terms[i].1.clone());
        let discriminant = (b.clone().powi(2) - Expr::int(4) * a.clone() * c.clone()).expand();
        let sign = facts.sign(&discriminant);
        let ends_positive = facts.sign(&a).is(Sign::POSITIVE);
        let power = Expr::Num((&exponents[1] - &exponents[0]).recip());
        let zero = |sign: i64| {
            let root = discriminant.root(facts);
            Expr::pow(((Expr::int(sign) * root - b.clone()) / (Expr::int(2) * a.clone())).expand(), power.clone())
        };
        // Zeros of either sign of the root, put in rising order: dividing by a < 0 turns the order round.
        let pair = || if ends_positive { [zero(-1), zero(1)] } else { [zero(1), zero(-1)] };
        if starts_positive != ends_positive {
            // One change of sign: the product of the zeros is negative, the larger one is positive.
            let [_, larger] = pair();
            return Ok(Range::Changes { starts_positive, zeros: vec![(larger, true)] });
        }
        if sign.is(Sign::NEGATIVE) {
            return Ok(if starts_positive { Range::Positive } else { Range::Negative });
        }
        if sign.is(Sign::ZERO) {
            return Ok(Range::Changes { starts_positive, zeros: vec![(zero(1), false)] });
        }
        if sign.is(Sign::POSITIVE) {
            let zeros = pair().into_iter().map(|z| (z, true)).collect();
            return Ok(Range::Changes { starts_positive, zeros });
        }
        Err(Stop::Need(discriminant))
    }

    /// Numeric coefficients and whole exponents: Sturm's theorem.
    fn numeric_range(&self, exponents: &[Rational]) -> Result<Range, Stop> {
        let missing = || Stop::Undecided(format!("the sign of {} for kappa > 0", self.expr()));
        let lowest = exponents.first().cloned().unwrap_or_else(Rational::zero);
        let mut polynomial: Vec<Rational> = Vec::new();
        for (x, (_, c)) in exponents.iter().zip(&self.terms) {
            let shifted = x - &lowest;
            let n = if shifted.is_integer() { shifted.to_usize().filter(|n| *n <= 64) } else { None };
            let n = n.ok_or_else(missing)?;
            polynomial.resize((n + 1).max(polynomial.len()), Rational::zero());
            polynomial[n] = c.as_num().cloned().ok_or_else(missing)?;
        }
        if count_positive_zeros(&polynomial) == 0 {
            return Ok(if polynomial[0].is_positive() { Range::Positive } else { Range::Negative });
        }
        let starts_positive = polynomial[0].is_positive();
        let zeros = positive_zeros(&polynomial).into_iter().map(|(z, changes)| (Expr::Num(z), changes)).collect();
        Ok(Range::Changes { starts_positive, zeros })
    }
}

fn definite(sign: Sign) -> bool {
    sign.is(Sign::POSITIVE) || sign.is(Sign::NEGATIVE) || sign.is(Sign::ZERO)
}

/// The number of distinct zeros of a polynomial on `(0, inf)`, by Sturm's theorem. Coefficients constant first; the
/// constant must not be zero.
fn count_positive_zeros(polynomial: &[Rational]) -> usize {
    let chain = sturm_chain(polynomial);
    changes(chain.iter().map(|p| p[0].clone())) - changes(chain.iter().map(|p| p[p.len() - 1].clone()))
}

/// Every distinct positive zero, to 40 bits, with whether the sign changes there.
fn positive_zeros(polynomial: &[Rational]) -> Vec<(Rational, bool)> {
    let chain = sturm_chain(polynomial);
    let count = |lo: &Rational, hi: &Rational| {
        let at = |x: &Rational| changes(chain.iter().map(|p| value(p, x)));
        at(lo).saturating_sub(at(hi))
    };
    // Cauchy's bound on the modulus of every zero.
    let lead = polynomial[polynomial.len() - 1].abs();
    let bound = polynomial.iter().map(|c| c.abs() / &lead).fold(rational(1, 1), |s, c| s + c);
    let mut open = vec![(Rational::zero(), bound.clone())];
    let mut found = Vec::new();
    while let Some((lo, hi)) = open.pop() {
        let zeros = count(&lo, &hi);
        if zeros == 0 {
            continue;
        }
        if (&hi - &lo) * rational(1 << 40, 1) < bound && zeros == 1 {
            let flips = just_above(&lo, polynomial, &count) != just_above(&hi, polynomial, &count);
            found.push((simplest_between(&lo, &hi), flips));
            continue;
        }
        let middle = (&lo + &hi) * rational(1, 2);
        open.push((middle.clone(), hi));
        open.push((lo, middle));
    }
    found
}

/// Is the polynomial positive just above `x`, which may itself be a zero?
fn just_above(x: &Rational, polynomial: &[Rational], count: &dyn Fn(&Rational, &Rational) -> usize) -> bool {
    let mut step = rational(1, 1);
    while count(x, &(x + &step)) > 0 {
        step *= rational(1, 2);
    }
    value(polynomial, &(x + step)).is_positive()
}

/// The fraction of least denominator in `[lo, hi]`, so that an exact zero shows as itself.
fn simplest_between(lo: &Rational, hi: &Rational) -> Rational {
    let whole = lo.ceil();
    if whole <= *hi {
        return whole;
    }
    // Both ends lie strictly between two neighbouring whole numbers.
    let floor = lo.floor();
    let rest = simplest_between(&(hi - &floor).recip(), &(lo - &floor).recip());
    floor + rest.recip()
}

fn sturm_chain(polynomial: &[Rational]) -> Vec<Vec<Rational>> {
    let derivative: Vec<Rational> =
        polynomial.iter().enumerate().skip(1).map(|(n, c)| c * rational(n as i64, 1)).collect();
    let mut chain = vec![trim(polynomial.to_vec())];
    let mut next = trim(derivative);
    while !next.is_empty() {
        let rest: Vec<Rational> = remainder(&chain[chain.len() - 1], &next).into_iter().map(|c| -c).collect();
        chain.push(next);
        next = trim(rest);
    }
    chain
}

fn trim(mut p: Vec<Rational>) -> Vec<Rational> {
    while p.last().is_some_and(Zero::is_zero) {
        p.pop();
    }
    p
}

fn remainder(a: &[Rational], b: &[Rational]) -> Vec<Rational> {
    let mut rest = a.to_vec();
    while rest.len() >= b.len() {
        let factor = &rest[rest.len() - 1] / &b[b.len() - 1];
        let shift = rest.len() - b.len();
        for (i, c) in b.iter().enumerate() {
            let term = c * &factor;
            rest[shift + i] -= term;
        }
        rest.pop();
    }
    trim(rest)
}

fn value(p: &[Rational], x: &Rational) -> Rational {
    p.iter().rev().fold(Rational::zero(), |sum, c| sum * x + c)
}

fn changes(values: impl Iterator<Item = Rational>) -> usize {
    let signs: Vec<bool> = values.filter(|v| !v.is_zero()).map(|v| v.is_positive()).collect();
    signs.windows(2).filter(|w| w[0] != w[1]).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn polynomial(coefficients: &[i64]) -> KappaSum {
        let e = Expr::add(coefficients.iter().enumerate().map(|(n, c)| Expr::int(*c) * Expr::kappa().powi(n as i64)));
        KappaSum::read(&e).expect("a polynomial")
    }

    #[test]
    fn zeros_are_counted_and_found() {
        let range = |c: &[i64]| polynomial(c).range(&Facts::default());
        let zeros =
            |list: &[(i64, i64, bool)]| list.iter().map(|(p, q, f)| (Expr::Num(rational(*p, *q)), *f)).collect();
        let changes =
            |starts_positive, list: &[(i64, i64, bool)]| Ok(Range::Changes { starts_positive, zeros: zeros(list) });
        assert_eq!(range(&[1, 0, 0, 2]), Ok(Range::Positive));
        // (kappa - 1)^2 (kappa + 1) touches zero, (kappa - 1)(kappa - 2)(kappa - 3) changes sign three times.
        assert_eq!(range(&[1, -1, -1, 1]), changes(true, &[(1, 1, false)]));
        assert_eq!(range(&[-6, 11, -6, 1]), changes(false, &[(1, 1, true), (2, 1, true), (3, 1, true)]));
        // (2 kappa - 1)^2 (3 kappa - 1).
        assert_eq!(range(&[-1, 7, -16, 12]), changes(false, &[(1, 3, true), (1, 2, false)]));
        // kappa^4 - kappa^2 + 1 has no real zero although its signs alternate.
        assert_eq!(range(&[1, 0, -1, 0, 1]), Ok(Range::Positive));
    }

    #[test]
    fn a_needed_sign_is_named() {
        let e = Expr::kappa() + Expr::sym("q");
        let sum = KappaSum::read(&e).expect("a sum of powers");
        assert_eq!(sum.range(&Facts::default()), Err(Stop::Need(Expr::sym("q"))));
        let mut facts = Facts::default();
        facts.assume(&Expr::sym("q"), Sign::NEGATIVE);
        let zeros = vec![(-Expr::sym("q"), true)];
        assert_eq!(sum.range(&facts), Ok(Range::Changes { starts_positive: false, zeros }));
    }
}
