//! Conditions on parameters: simplified, assumed, sampled, and written in the user's letters.
//!
//! In:   an expression in parameters and the sign it should have.
//! Out:  the same condition on a simpler expression, narrowed [`Facts`], values that satisfy them, text.
//! Holds: simplification is an equivalence under the facts; sampled values satisfy every assumption.

use super::{Expr, Facts, Name, Rational, Sign};
use num_traits::{Signed, Zero};

impl Facts {
    /// The same condition on a simpler expression: `e` has a sign exactly when the answer has it (or its opposite, when
    /// the flag says so). Factors of known sign go, odd powers lose their exponent: `m^3` becomes `m`, `1 - 4 m^2`
    /// becomes `2 m - 1`, turned round, when `m > 0`.
    pub fn simplify_condition(&self, e: &Expr) -> (Expr, bool) {
        let mut kept = Vec::new();
        let mut turned = false;
        for factor in e.expand().without_denominators(self).factored() {
            let sign = self.sign(&factor);
            if sign.is(Sign::NEGATIVE) {
                turned = !turned;
            } else if !sign.is(Sign::POSITIVE) {
                kept.push(match &factor {
                    Expr::Pow(b, x) if x.as_int().is_some_and(|n| n > 0 && n % 2 == 1) => (**b).clone(),
                    _ => factor,
                });
            }
        }
        match kept.as_slice() {
            [] => (e.clone(), false),
            [Expr::Add(terms)] if leads_negative(terms) => (-Expr::mul(kept), !turned),
            _ => (Expr::mul(kept), turned),
        }
    }

    /// Adds the assumption that `e` has one of the signs in `sign`, on the parameter's interval where that says it all.
    pub fn assume(&mut self, e: &Expr, sign: Sign) {
        let (e, turned) = self.simplify_condition(e);
        let sign = if turned { sign.negate() } else { sign };
        let Some((name, slope, threshold)) = e.affine() else {
            return self.relate(e, sign);
        };
        let sign = if slope.is_negative() { sign.negate() } else { sign };
        let interval = self.interval_mut(&name);
        if !sign.and(Sign::NEGATIVE).is(Sign::NONE) && !sign.and(Sign::POSITIVE).is(Sign::NONE) {
            if sign == Sign::NONZERO && threshold.is_zero() {
                interval.nonzero = true;
            } else if sign == Sign::NONZERO {
                self.relate(e, sign);
            }
            return;
        }
        if sign.is(Sign::NONNEGATIVE) {
            interval.raise(threshold.clone(), sign.is(Sign::POSITIVE));
        }
        if sign.is(Sign::NONPOSITIVE) {
            interval.reduce(threshold, sign.is(Sign::NEGATIVE));
        }
    }

    /// Values of the parameters that every assumption admits, when a short search finds some.
    pub fn sample(&self, names: &[Name]) -> Option<Vec<(Name, Rational)>> {
        let mut all: Vec<Name> = names.to_vec();
        all.extend(self.relations().iter().flat_map(|(e, _)| e.symbols()));
        all.sort();
        all.dedup();
        let choices: Vec<Vec<Rational>> = all.iter().map(|n| self.candidates(n)).collect();
        let total: usize = choices.iter().map(Vec::len).try_fold(1usize, |n, k| n.checked_mul(k))?;
        (0..total.min(4096)).find_map(|mut index| {
            let point: Vec<(Name, Rational)> = all
                .iter()
                .zip(&choices)
                .map(|(n, values)| {
                    let value = values[index % values.len()].clone();
                    index /= values.len();
                    (n.clone(), value)
                })
                .collect();
            self.admits(&point).then_some(point)
        })
    }

    /// Does every assumption hold at this point? Relations that do not become numbers count as violated; those about a
    /// coefficient function alone, `s(t) > 0`, say nothing of the parameters.
    pub fn admits(&self, point: &[(Name, Rational)]) -> bool {
        let at = |e: &Expr| match e {
            Expr::Sym(n) => point.iter().find(|(name, _)| name == n).map(|(_, v)| Expr::Num(v.clone())),
            _ => None,
        };
        point.iter().all(|(n, v)| self.interval(n).is_none_or(|i| i.admits(v)))
            && self
                .relations()
                .iter()
                .filter(|(e, _)| !e.is_about_functions())
                .all(|(e, sign)| e.replace(&at).as_num().is_some_and(|v| Sign::of(v).is(*sign)))
    }

    fn candidates(&self, name: &Name) -> Vec<Rational> {
        let r = super::rational;
        let mut values = vec![r(1, 1), r(2, 1), r(1, 2), r(3, 1), r(-1, 1), r(-2, 1), r(1, 3), r(0, 1), r(1, 10)];
        if let Some(i) = self.interval(name) {
            let ends: Vec<&Rational> = i.lower.iter().chain(&i.upper).map(|b| &b.value).collect();
            values.extend(ends.iter().flat_map(|v| [*v + r(1, 1), *v - r(1, 1), (*v).clone()]));
            if let [lo, hi] = ends.as_slice() {
                values.insert(0, (*lo + *hi) * r(1, 2));
            }
            values.retain(|v| i.admits(v));
        }
        values
    }
}

impl Sign {
    /// `expression has this sign` as the language writes it, solved for a parameter where that is easy: `D > 0`,
    /// `beta <= 1`, `eps > m`.
    pub fn describe(self, e: &Expr) -> String {
        if let Some((name, slope, threshold)) = e.affine() {
            let sign = if slope.is_negative() { self.negate() } else { self };
            return format!("{name} {} {}", sign.relation(), Expr::Num(threshold));
        }
        match e {
            Expr::Add(terms) if terms.len() == 2 => {
                let negative = |t: &Expr| t.split_coefficient().0.is_negative();
                match (negative(&terms[0]), negative(&terms[1])) {
                    (false, true) => format!("{} {} {}", terms[0], self.relation(), -terms[1].clone()),
                    (true, false) => format!("{} {} {}", terms[1], self.relation(), -terms[0].clone()),
                    _ => format!("{e} {} 0", self.relation()),
                }
            }
            // Not the difference of two squares, `(a - b)*(a + b)`, but the squares.
            Expr::Mul(factors)
                if factors.iter().all(|f| matches!(f, Expr::Add(_))) && e.expand().terms().len() == 2 =>
            {
                self.describe(&e.expand())
            }
            _ => format!("{e} {} 0", self.relation()),
        }
    }

    /// `>`, `>=`, `=`, `<=`, `<` or `!=`.
    pub fn relation(self) -> &'static str {
        match self {
            Sign::POSITIVE => ">",
            Sign::NONNEGATIVE => ">=",
            Sign::NEGATIVE => "<",
            Sign::NONPOSITIVE => "<=",
            Sign::ZERO => "=",
            _ => "!=",
        }
    }
}

impl Expr {
    /// The parameter and its value where this expression vanishes: for `slope (parameter - value)` with a slope that does not vanish, or a
    /// power of it. The value may have other parameters.
    pub fn fixes(&self, nonzero: &dyn Fn(&Expr) -> bool) -> Option<(Name, Expr)> {
        if let [Expr::Pow(base, n)] = self.factors()
            && n.as_num().is_some_and(Signed::is_positive)
        {
            return base.fixes(nonzero);
        }
        if self.any(&|e| matches!(e, Expr::Apply(..))) {
            return None;
        }
        let solved = |name: &Name| {
            let letter = Expr::Sym(name.clone());
            let coefficients = self.powers_of(&letter)?;
            let [rest, slope] = coefficients.as_slice() else { return None };
            Some((name.clone(), rest.clone(), slope.clone()))
        };
        let linear: Vec<(Name, Expr, Expr)> = self.symbols().iter().filter_map(solved).collect();
        // A number for a slope makes the plainest value.
        let plain = linear.iter().find(|(_, _, slope)| slope.as_num().is_some());
        let (name, rest, slope) = plain.or_else(|| linear.iter().find(|(_, _, slope)| nonzero(slope)))?;
        Some((name.clone(), (-rest.clone() / slope.clone()).expand()))
    }

    /// Is it about coefficient functions and numbers alone, as in `s(t) > 0`?
    pub fn is_about_functions(&self) -> bool {
        self.symbols().is_empty() && self.any(&|part| matches!(part, Expr::Apply(..)))
    }

    /// Reads `slope (parameter - threshold)`.
    pub fn affine(&self) -> Option<(Name, Rational, Rational)> {
        let (constant, other) = match self.terms() {
            [single] => (Rational::zero(), single),
            [a, b] => match (a.as_num(), b.as_num()) {
                (Some(r), _) => (r.clone(), b),
                (_, Some(r)) => (r.clone(), a),
                _ => return None,
            },
            _ => return None,
        };
        match other.split_coefficient() {
            (slope, Expr::Sym(name)) => {
                let threshold = -constant / &slope;
                Some((name, slope, threshold))
            }
            _ => None,
        }
    }
}

impl Expr {
    /// An expression of the same sign without denominators: every `d^-n` becomes `d` or, where its sign is known to be positive, goes.
    fn without_denominators(self, facts: &Facts) -> Expr {
        if !self.any(&|e| matches!(e, Expr::Pow(_, n) if n.as_num().is_some_and(Signed::is_negative))) {
            return self;
        }
        let (top, below) = self.over_one_denominator();
        let kept = below.into_iter().filter_map(|(d, n)| {
            let even = n.as_num().is_some_and(|n| !n.is_integer() || (n.numer() % 2u8).is_zero());
            (!even && !facts.sign(&d).is(Sign::POSITIVE)).then_some(d)
        });
        Expr::mul(std::iter::once(top).chain(kept))
    }
}

/// Is the condition on this sum better read turned round? `1 - 2 m` and `1 - beta` are.
fn leads_negative(terms: &[Expr]) -> bool {
    let negative = |t: &Expr| t.split_coefficient().0.is_negative();
    let letters: Vec<&Expr> = terms.iter().filter(|t| t.as_num().is_none()).collect();
    letters.first().is_some_and(|t| negative(t))
}
