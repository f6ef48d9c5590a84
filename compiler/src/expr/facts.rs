//! What is known of parameters, and the signs that follow from it.
//!
//! A [`Sign`] is the set of signs an expression may have; every rule here only ever removes signs that are impossible,
//! so "not known" and "known not to be" are never confused.

use super::surd::Surd;
use super::{Enclosure, Expr, Func, Name, Rational, Sign, Var};
use num_traits::{One, Signed, Zero};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// One end of an interval.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bound {
    /// Where it is.
    pub value: Rational,
    /// Is the end itself excluded?
    pub strict: bool,
}

/// The values a parameter may take: a real interval, possibly without 0.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Interval {
    /// Lower end; none means minus infinity.
    pub lower: Option<Bound>,
    /// Upper end; none means infinity.
    pub upper: Option<Bound>,
    /// Is 0 excluded?
    pub nonzero: bool,
}

impl Interval {
    /// Narrows the lower end.
    pub fn raise(&mut self, value: Rational, strict: bool) {
        let tighter = |old: &Bound| value > old.value || (value == old.value && strict);
        if self.lower.as_ref().is_none_or(tighter) {
            self.lower = Some(Bound { value, strict });
        }
    }

    /// Narrows the upper end.
    pub fn reduce(&mut self, value: Rational, strict: bool) {
        let tighter = |old: &Bound| value < old.value || (value == old.value && strict);
        if self.upper.as_ref().is_none_or(tighter) {
            self.upper = Some(Bound { value, strict });
        }
    }

    /// Is `value` admitted?
    pub fn admits(&self, value: &Rational) -> bool {
        let above = self.lower.as_ref().is_none_or(|b| *value > b.value || (*value == b.value && !b.strict));
        let below = self.upper.as_ref().is_none_or(|b| *value < b.value || (*value == b.value && !b.strict));
        above && below && !(self.nonzero && value.is_zero())
    }

    /// Does no value remain?
    pub fn is_empty(&self) -> bool {
        match (&self.lower, &self.upper) {
            (Some(lo), Some(hi)) => lo.value > hi.value || (lo.value == hi.value && (lo.strict || hi.strict)),
            _ => false,
        }
    }

    /// The possible signs of `parameter - threshold`.
    pub fn sign_from(&self, threshold: &Rational) -> Sign {
        let mut sign = Sign::ANY;
        if let Some(b) = &self.lower {
            if b.value > *threshold || (b.value == *threshold && b.strict) {
                sign = sign.and(Sign::POSITIVE);
            } else if b.value == *threshold {
                sign = sign.and(Sign::NONNEGATIVE);
            }
        }
        if let Some(b) = &self.upper {
            if b.value < *threshold || (b.value == *threshold && b.strict) {
                sign = sign.and(Sign::NEGATIVE);
            } else if b.value == *threshold {
                sign = sign.and(Sign::NONPOSITIVE);
            }
        }
        if self.nonzero && threshold.is_zero() { sign.and(Sign::NONZERO) } else { sign }
    }

    /// The assumption as the language writes it, about the parameter `name`: `m > 0`, `0 < beta <= 1`, `c real`.
    pub fn describe(&self, name: &str) -> String {
        let less = |b: &Bound| if b.strict { "<" } else { "<=" };
        let greater = |b: &Bound| if b.strict { ">" } else { ">=" };
        let mut text = match (&self.lower, &self.upper) {
            (Some(lo), Some(hi)) if lo == hi && !lo.strict => format!("{name} = {}", lo.value),
            (Some(lo), Some(hi)) => format!("{} {} {name} {} {}", lo.value, less(lo), less(hi), hi.value),
            (Some(lo), None) => format!("{name} {} {}", greater(lo), lo.value),
            (None, Some(hi)) => format!("{name} {} {}", less(hi), hi.value),
            (None, None) => format!("{name} real"),
        };
        if self.nonzero && self.sign_from(&Rational::zero()) == Sign::NONZERO {
            text = if self.lower.is_none() && self.upper.is_none() {
                format!("{name} real nonzero")
            } else {
                format!("{text}, {name} != 0")
            };
        }
        text
    }
}

/// Everything assumed about the parameters of one equation.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Facts {
    intervals: BTreeMap<Name, Interval>,
    /// Relations between parameters, each `expression has this sign`, for example `eps - m > 0`.
    relations: Vec<(Expr, Sign)>,
    /// Signs of sums that were asked for under these assumptions.
    known: SignMemo,
}

impl Facts {
    /// The interval of a parameter, to be narrowed.
    pub fn interval_mut(&mut self, name: &Name) -> &mut Interval {
        self.known = SignMemo::default();
        self.intervals.entry(name.clone()).or_default()
    }

    /// The interval of a parameter, if one was declared.
    pub fn interval(&self, name: &Name) -> Option<&Interval> {
        self.intervals.get(name)
    }

    /// The parameters with a declared interval, in the order of their names.
    pub fn parameters(&self) -> impl Iterator<Item = Name> + '_ {
        self.intervals.keys().cloned()
    }

    /// Adds the assumption that `expression` has one of the signs in `sign`.
    pub fn relate(&mut self, expression: Expr, sign: Sign) {
        if !self.relations.contains(&(expression.clone(), sign)) {
            self.known = SignMemo::default();
            self.relations.push((expression, sign));
        }
    }

    /// The relations between parameters.
    pub fn relations(&self) -> &[(Expr, Sign)] {
        &self.relations
    }

    /// Every assumption as a relation: those between parameters, and one for each end of an interval.
    pub fn assumptions(&self) -> Vec<(Expr, Sign)> {
        let mut out = self.relations.clone();
        for (name, interval) in &self.intervals {
            let letter = || Expr::Sym(name.clone());
            let lower = (&interval.lower, Sign::POSITIVE, Sign::NONNEGATIVE);
            for (bound, strict, weak) in [lower, (&interval.upper, Sign::NEGATIVE, Sign::NONPOSITIVE)] {
                let Some(b) = bound else { continue };
                out.push((letter() - Expr::Num(b.value.clone()), if b.strict { strict } else { weak }));
            }
            if interval.nonzero {
                out.push((letter(), Sign::NONZERO));
            }
        }
        out
    }

    /// The signs `e` may have for admitted parameters, `kappa >= 0` and `t > 0`; sound, not complete.
    pub fn sign(&self, e: &Expr) -> Sign {
        match e {
            Expr::Sym(_) if self.relations.is_empty() => self.structural_sign(e),
            // Sums are factored and compared with the relations, which is worth remembering.
            Expr::Add(_) | Expr::Sym(_) => self.known.recall(e, || self.sign_by_relations(e)),
            _ => self.structural_sign(e).and(self.related_sign(e)),
        }
    }

    fn sign_by_relations(&self, e: &Expr) -> Sign {
        let sign = self.structural_sign(e).and(self.related_sign(e));
        if self.relations.is_empty() { sign } else { sign.and(self.sign_by_chain(e, 3)) }
    }

    /// `e = r relation + rest` for a rational r and a simpler rest without a term that the two share: the sum of two signs.
    /// So `alpha > 0` follows from `alpha > beta` and `beta > 0`.
    fn sign_by_chain(&self, e: &Expr, depth: u32) -> Sign {
        let mut sign = Sign::COMPLEX;
        if depth == 0 {
            return sign;
        }
        for (relation, known) in &self.relations {
            for (a, b) in e.terms().iter().flat_map(|a| relation.terms().iter().map(move |b| (a, b))) {
                let Some(ratio) = a.multiple_of(b) else { continue };
                if a.as_num().is_some() {
                    continue;
                }
                let letter = matches!(a.coefficient_and_body().1, [Expr::Sym(_)]);
                let rest = (e.clone() - Expr::Num(ratio.clone()) * relation.clone()).expand();
                // Of one letter, another one is left: `b = -a` and `a > 0` say something of b.
                let (factor, body) = if letter { rest.split_coefficient() } else { (Rational::one(), rest) };
                let simpler = if letter { body.size() <= e.size() } else { body.terms().len() < e.terms().len() };
                if !simpler {
                    continue;
                }
                let below =
                    self.structural_sign(&body).and(self.related_sign(&body)).and(self.sign_by_chain(&body, depth - 1));
                let below = Sign::of(&factor).times(below);
                sign = sign.and(Sign::of(&ratio).times(*known).plus(below));
            }
        }
        sign
    }

    /// The sign of a rational multiple of a relation; the coefficient of a sum is that of its terms.
    fn related_sign(&self, e: &Expr) -> Sign {
        let mut sign = Sign::COMPLEX;
        for (relation, known) in &self.relations {
            let ratio = match (e, relation) {
                (Expr::Add(a), Expr::Add(b)) if a.len() == b.len() => {
                    a[0].multiple_of(&b[0]).filter(|r| Expr::mul([Expr::Num(r.clone()), relation.clone()]) == *e)
                }
                _ => e.multiple_of(relation),
            };
            if let Some(ratio) = ratio {
                sign = sign.and(Sign::of(&ratio).times(*known));
            } else if !matches!(relation, Expr::Add(_)) && e.as_num().is_none() {
                // Of a product, what the other factors leave.
                sign = sign.and(known.without(self.sign_of_intervals(&(relation / e))));
            }
        }
        sign
    }

    /// The sign that the intervals of single parameters show of a product; nothing of a fraction.
    fn sign_of_intervals(&self, e: &Expr) -> Sign {
        e.factors().iter().fold(Sign::POSITIVE, |s, f| {
            s.times(match f {
                Expr::Num(_) | Expr::Sym(_) => self.structural_sign(f),
                Expr::Pow(base, n) if matches!(**base, Expr::Sym(_)) && n.as_int().is_some_and(|n| n > 0) => {
                    self.structural_sign(base).power(Sign::POSITIVE, n.as_int())
                }
                _ => Sign::COMPLEX,
            })
        })
    }

    fn structural_sign(&self, e: &Expr) -> Sign {
        match e {
            Expr::Num(r) => Sign::of(r),
            Expr::Sym(n) => self.interval(n).map_or(Sign::ANY, |i| i.sign_from(&Rational::zero())),
            Expr::Var(Var::Kappa | Var::DistanceSquared) => Sign::NONNEGATIVE,
            Expr::Var(Var::Time) => Sign::POSITIVE,
            Expr::Add(terms) => self.sign_of_sum(e, terms),
            Expr::Mul(factors) => factors.iter().fold(Sign::POSITIVE, |s, f| s.times(self.sign(f))),
            Expr::Pow(b, x) => self.sign_of_power(b, x),
            Expr::Call(Func::Exp, a) if self.sign(a).is(Sign::ANY) => Sign::POSITIVE,
            Expr::Call(Func::Abs | Func::Abs2, a) => {
                if self.sign(a).is(Sign::NONZERO) {
                    Sign::POSITIVE
                } else {
                    Sign::NONNEGATIVE
                }
            }
            Expr::Call(Func::Re | Func::Im, _) => Sign::ANY,
            Expr::Call(Func::Tanh, a) if self.sign(a).is(Sign::ANY) => self.sign(a),
            Expr::Call(Func::Sin | Func::Cos, a) if self.sign(a).is(Sign::ANY) => {
                Enclosure::of(e).map_or(Sign::ANY, Enclosure::sign)
            }
            Expr::Call(Func::Log, a) if self.sign(a).is(Sign::POSITIVE) => self.sign(&(&**a - Expr::one())),
            // Coefficient functions are real.
            Expr::Apply(..) => Sign::ANY,
            _ => Sign::COMPLEX,
        }
    }

    fn sign_of_sum(&self, e: &Expr, terms: &[Expr]) -> Sign {
        let by_terms = terms.iter().fold(Sign::ZERO, |s, t| s.plus(self.sign(t)));
        if by_terms != Sign::ANY {
            return by_terms;
        }
        if let Some(number) = Surd::read(e) {
            return number.sign();
        }
        if let Some(sign) = self.sign_of_affine(e) {
            return sign;
        }
        let special = e.sign_of_special_sum(&|part| self.sign(part));
        if special != Sign::ANY {
            return special;
        }
        let factors = e.factored();
        if factors.len() < 2 && !matches!(factors.first(), Some(Expr::Pow(..))) {
            return by_terms;
        }
        let by_factors = factors.iter().fold(Sign::POSITIVE, |s, f| s.times(self.sign(f)));
        if by_factors != Sign::ANY || factors.len() < 2 {
            return by_factors;
        }
        // A relation may be about the factors whose signs are open.
        let (simple, turned) = self.simplify_condition(e);
        let known = self.related_sign(&simple);
        by_factors.and(if turned { known.negate() } else { known })
    }

    /// `c (parameter - threshold)`: read off the parameter's interval.
    fn sign_of_affine(&self, e: &Expr) -> Option<Sign> {
        let Expr::Add(terms) = e else { return None };
        let [a, b] = terms.as_slice() else { return None };
        let (constant, other) = if let Some(r) = a.as_num() { (r, b) } else { (b.as_num()?, a) };
        let (c, Expr::Sym(name)) = other.split_coefficient() else { return None };
        let sign = self.interval(&name)?.sign_from(&(-constant / &c));
        Some(Sign::of(&c).times(sign))
    }

    fn sign_of_power(&self, base: &Expr, exponent: &Expr) -> Sign {
        let b = self.sign(base);
        if b.is(Sign::ZERO) && self.sign(exponent).is(Sign::POSITIVE) {
            return Sign::ZERO;
        }
        if let Some(r) = exponent.as_num() {
            let even = (r.numer() % 2u8).is_zero();
            if r.is_integer() && even && b.is(Sign::ANY) {
                let positive = if b.is(Sign::NONZERO) { Sign::POSITIVE } else { Sign::NONNEGATIVE };
                return if r.is_negative() { Sign::POSITIVE } else { positive };
            }
            if r.is_integer() {
                // An inverse that exists has the sign of its base.
                return if r.is_negative() { b.and(Sign::NOT_ZERO) } else { b };
            }
        }
        if b.is(Sign::POSITIVE) {
            Sign::POSITIVE
        } else if b.is(Sign::NONNEGATIVE) && self.sign(exponent).is(Sign::ANY) {
            let dives = self.sign(exponent).is(Sign::NEGATIVE);
            if dives { Sign::POSITIVE } else { Sign::NONNEGATIVE }
        } else {
            Sign::COMPLEX
        }
    }
}

/// So many expressions may wait for the sign of another.
const DEEPEST_QUESTION: usize = 6;

thread_local! {
    /// The expressions whose signs are being found, from the outermost.
    static ASKED: RefCell<Vec<Expr>> = const { RefCell::new(Vec::new()) };
}

/// Answers to [`Facts::sign`]; they belong to the assumptions and say nothing beyond them, so that all memos are equal.
#[derive(Clone, Debug, Default)]
struct SignMemo(Arc<Mutex<HashMap<Expr, Sign>>>);

impl SignMemo {
    fn recall(&self, e: &Expr, find: impl FnOnce() -> Sign) -> Sign {
        // A poisoned lock is of a thread that panicked elsewhere: what it had written are whole answers.
        let known = |memo: &Self| memo.0.lock().unwrap_or_else(PoisonError::into_inner).get(e).copied();
        if let Some(sign) = known(self) {
            return sign;
        }
        // Relations may lead from an expression to another and back, or on and on: nothing follows then.
        if ASKED.with_borrow(|asked| asked.len() >= DEEPEST_QUESTION || asked.contains(e)) {
            return Sign::COMPLEX;
        }
        ASKED.with_borrow_mut(|asked| asked.push(e.clone()));
        let sign = find();
        ASKED.with_borrow_mut(Vec::pop);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(e.clone(), sign);
        sign
    }
}

impl PartialEq for SignMemo {
    fn eq(&self, _: &SignMemo) -> bool {
        true
    }
}

impl Eq for SignMemo {}

impl fmt::Display for Facts {
    /// All assumptions, in the order of the names: `a > 0, b real`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<String> = self.intervals.iter().map(|(n, i)| i.describe(n.as_str())).collect();
        for (e, sign) in &self.relations {
            let word = match *sign {
                Sign::POSITIVE => "> 0",
                Sign::NONNEGATIVE => ">= 0",
                Sign::NEGATIVE => "< 0",
                Sign::NONPOSITIVE => "<= 0",
                Sign::ZERO => "= 0",
                _ => "!= 0",
            };
            parts.push(format!("{e} {word}"));
        }
        f.write_str(&parts.join(", "))
    }
}
