//! Sums of powers of `kappa` and their sign on the half line `kappa > 0`.
//!
//! In:   an expression that is a sum of `coefficient * kappa^exponent`, exponents real, coefficients free of `kappa`.
//! Out:  [`KappaSum`] and [`Range`]: positive, negative, or where it changes sign.
//! Holds: an answer is for every parameter that the facts admit; a sign that would be needed comes back as
//!       [`Stop::Need`], never as a guess.
//! Source: Descartes' rule, the discriminant, and Sturm's theorem for numeric coefficients.

use super::{Expr, Facts, Rational, Sign, half_line};
use num_traits::{ToPrimitive, Zero};
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

    /// Two terms, or a quadratic in a power of kappa.
    pub(super) fn has_closed_zeros(&self) -> bool {
        let exponents: Option<Vec<Rational>> = self.terms.iter().map(|(x, _)| x.as_num().cloned()).collect();
        self.terms.len() == 2 || exponents.is_some_and(|x| evenly(&x))
    }

    /// Both signs occur among the coefficients, all of them definite.
    fn mixed_range(&self, facts: &Facts) -> Result<Range, Stop> {
        if let [low, high] = self.terms.as_slice() {
            return two_term_range(low, high, facts);
        }
        let unordered = || Stop::Undecided("the order of symbolic exponents of kappa".to_owned());
        let exponents: Option<Vec<Rational>> = self.terms.iter().map(|(x, _)| x.as_num().cloned()).collect();
        let exponents = exponents.ok_or_else(unordered)?;
        if evenly(&exponents) {
            let starts_positive = facts.sign(&self.terms[0].1).is(Sign::POSITIVE);
            return self.quadratic_range(facts, &exponents, starts_positive);
        }
        half_line::numeric_range(self)
            .ok_or_else(|| Stop::Undecided(format!("the sign of {} for kappa > 0", self.expr())))
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
}

/// `a kappa^x + b kappa^y` with coefficients of opposite signs vanishes at `(-a/b)^(1/(y - x))`; the exponents may be
/// symbolic.
fn two_term_range(first: &(Expr, Expr), second: &(Expr, Expr), facts: &Facts) -> Result<Range, Stop> {
    let step = (second.0.clone() - first.0.clone()).expand();
    let sign = facts.sign(&step);
    let (low, high, step) = match sign {
        s if s.is(Sign::POSITIVE) => (first, second, step),
        s if s.is(Sign::NEGATIVE) => (second, first, (-step).expand()),
        s if s.is(Sign::ANY) => return Err(Stop::Need(step)),
        _ => return Err(Stop::Undecided("the order of symbolic exponents of kappa".to_owned())),
    };
    let zero = Expr::pow((-low.1.clone() / high.1.clone()).expand(), step.recip());
    let starts_positive = facts.sign(&low.1).is(Sign::POSITIVE);
    Ok(Range::Changes { starts_positive, zeros: vec![(zero, true)] })
}

fn evenly(exponents: &[Rational]) -> bool {
    exponents.len() == 3 && &exponents[2] - &exponents[1] == &exponents[1] - &exponents[0]
}

fn definite(sign: Sign) -> bool {
    sign.is(Sign::POSITIVE) || sign.is(Sign::NEGATIVE) || sign.is(Sign::ZERO)
}

#[cfg(test)]
mod tests {
    use super::super::rational;
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
