//! Proofs about the roots of a polynomial in s that have no closed form: they are counted again.

use crate::checker::{CheckError, Checked, Checker, wrong};
use crate::expr::{
    Expr, HIGHEST_ORDER, HalfPlanes, KappaSum, Rational, Sign, Sturm, Surd, discriminant, hurwitz, negative_zeros,
    rational, real_zeros, shifted, squarefree,
};
use crate::verdict::Start;

impl Checker {
    /// `a s^2 + b s + c` with a number a, linear b and a discriminant of second degree in kappa with complex zeros.
    pub(crate) fn complex_branch_points(&self, coefficients: &[Expr], zeros: &Expr) -> Checked {
        let [c, b, a] = coefficients else { return wrong("not three coefficients", zeros) };
        self.whole(3)?;
        self.factor(coefficients)?;
        let within = |e: &Expr, degree: i64| {
            let powers = e.expand().powers_of(&Expr::kappa()).filter(|p| p.len() as i64 <= degree + 1);
            powers.map_or_else(|| wrong("not of such a degree in kappa", e), Ok)
        };
        within(a, 0)?;
        within(b, 1)?;
        let discriminant = within(&(b * b - Expr::int(4) * a * c).expand(), 2)?;
        let [d0, d1, d2] = discriminant.as_slice() else { return wrong("not of second degree", b) };
        self.equal(zeros, &(d1 * d1 - Expr::int(4) * d0 * d2))?;
        self.require(a, Sign::POSITIVE)?;
        self.require(b, Sign::ANY)?;
        self.require(d2, Sign::POSITIVE)?;
        self.require(zeros, Sign::NEGATIVE)
    }

    pub(crate) fn all_below(&self, p: &[Expr], level: &Expr, determinants: &[Expr]) -> Checked {
        let about = self.about(p, level)?;
        let own = hurwitz(&about);
        if own.len() != determinants.len() {
            return wrong("not all Hurwitz determinants about", level);
        }
        own.iter().zip(determinants).try_for_each(|(a, b)| self.equal(a, b))?;
        determinants.iter().try_for_each(|d| self.positive(d))?;
        // Some pair of roots meets the level at 0, or a real one does: by continuity the others lie there or below.
        let last = self.at_zero(&own[own.len() - 2])? * self.at_zero(&about[0])?;
        self.equal(&last, &Expr::zero())
    }

    pub(crate) fn some_below(&self, p: &[Expr], level: &Expr, real: bool) -> Checked {
        let about = self.about(p, level)?;
        let crossing = if real { discriminant(&about) } else { hurwitz(&about)[about.len() - 3].clone() };
        self.one_sign(&crossing)?;
        self.one_sign(&about[0])?;
        let count = |kappa| {
            let p = numbers(&about, &kappa)?;
            Some(if real { negative_zeros(&p) } else { HalfPlanes::of(&p).left })
        };
        match (count(rational(0, 1)), count(rational(1, 1))) {
            (Some(before), Some(after)) if after > before => Ok(()),
            _ => wrong("not more roots below for kappa > 0 than at 0", level),
        }
    }

    pub(crate) fn real_roots(&self, p: &[Expr], decaying: bool, samples: &[Rational], starts: &[Start]) -> Checked {
        self.whole(p.len())?;
        self.about(p, &Expr::zero())?;
        if decaying && !starts.is_empty() {
            self.one_sign(&p[0])?;
        }
        let mut functions = vec![discriminant(p)];
        if functions[0].vanishes() {
            return wrong("roots meet at every kappa", &functions[0]);
        }
        functions.extend(decaying.then(|| p[0].clone()));
        let terms = KappaSum::read(&Expr::mul(functions)).and_then(|d| d.polynomial());
        let chain = Sturm::new(&squarefree(&terms.unwrap_or_default()));
        // At most one zero between neighbours, and none outside.
        let mut seen = 0;
        for (i, sample) in samples.iter().enumerate() {
            let between = i
                .checked_sub(1)
                .map_or_else(|| chain.count(&rational(0, 1), sample), |j| chain.count(&samples[j], sample));
            seen += between;
            let count = numbers(p, sample).map(|p| if decaying { negative_zeros(&p) } else { real_zeros(&p) });
            if between > usize::from(i > 0) || count != Some(starts.len()) {
                return wrong("not that many real roots at kappa", sample);
            }
        }
        if samples.is_empty() || chain.count_positive() != seen || (seen > 0 && !starts.is_empty()) {
            return wrong("not every piece has a sample", samples.len());
        }
        starts.iter().enumerate().try_for_each(|(i, start)| {
            let again = starts[..i].iter().any(|other| (other.level.clone() - start.level.clone()).vanishes());
            if again { wrong("the same start twice", &start.level) } else { refuted(p, start, decaying) }
        })
    }

    pub(crate) fn inverse(&self, p: &[Expr], split: &Rational) -> Checked {
        self.about(p, &Expr::zero())?;
        let n = p.len() - 1;
        let KappaSum { terms } = KappaSum::read(&p[0]).unwrap_or(KappaSum { terms: Vec::new() });
        let moving: Vec<_> = terms.iter().filter(|(x, _)| !x.is_zero()).collect();
        let [(x, c)] = moving.as_slice() else { return wrong("not one power of kappa", &p[0]) };
        self.require(x, Sign::POSITIVE)?;
        self.require(&(Expr::one() - x.clone()).expand(), Sign::NONNEGATIVE)?;
        let (falls, passed) = if n % 2 == 1 { (1, Sign::NONNEGATIVE) } else { (-1, Sign::NONPOSITIVE) };
        self.require(&(Expr::int(falls) * c.clone()), Sign::POSITIVE)?;
        let slope: Vec<Expr> = (1..=n).map(|k| Expr::int(k as i64) * p[k].clone()).collect();
        let level = Expr::Num(split.clone());
        let (value, slope) =
            (numbers(&shifted(p, &level), &rational(0, 1)), numbers(&shifted(&slope, &level), &rational(0, 1)));
        let fixed = p[1..].iter().all(|c| !c.contains(&Expr::kappa()));
        let real = slope.is_some_and(|q| real_zeros(&q) == n - 1 && negative_zeros(&q) == 0);
        let below = value.is_some_and(|v| v[0].sign().is(passed));
        if fixed && real && below {
            Ok(())
        } else {
            wrong("not the inverse of a polynomial with real critical points", level)
        }
    }

    /// The polynomial shifted to a level free of kappa: a factor of the symbol, its leading coefficient positive for
    /// `kappa >= 0`.
    fn about(&self, p: &[Expr], level: &Expr) -> Result<Vec<Expr>, CheckError> {
        let Some(lead) = p.last().filter(|_| (4..=HIGHEST_ORDER + 1).contains(&p.len())) else {
            return wrong("not an order in use", p.len());
        };
        self.factor(p)?;
        self.positive(lead)?;
        self.require(&self.at_zero(lead)?, Sign::POSITIVE)?;
        self.require(level, Sign::ANY)?;
        p.iter().try_for_each(|c| self.at_zero(c).map(drop))?;
        if level.contains(&Expr::kappa()) { wrong("not a constant", level) } else { Ok(shifted(p, level)) }
    }

    fn one_sign(&self, e: &Expr) -> Checked {
        self.positive(e).or_else(|_| self.positive(&-e.clone()))
    }
}

/// The expansion of `lambda` at a simple root has a term that no Bernstein function has; a root that decays starts at or
/// below 0, and falls from there.
fn refuted(p: &[Expr], start: &Start, decaying: bool) -> Checked {
    let none = || wrong("not a simple root whose lambda has a wrong sign", &start.level);
    let about = shifted(p, &start.level);
    let whole = |c: &Expr| KappaSum::read(c).is_some_and(|s| s.terms.iter().all(|(x, _)| x.as_int().is_some()));
    let slope = numbers(&about, &rational(0, 1)).filter(|q| q[0].is_zero() && !q[1].is_zero()).map(|q| q[1].recip());
    let (Some(slope), true, 1..=16) = (slope, about.iter().all(whole), start.order) else { return none() };
    let (mut y, mut first, mut last) = (Expr::zero(), None, None);
    for n in 1..=i64::from(start.order) {
        // P at the terms so far: its lowest term gives the next one.
        let value = about.iter().rev().fold(Expr::zero(), |v, c| (v * y.clone() + c.clone()).expand());
        let terms = KappaSum::read(&value).map(|s| s.terms).unwrap_or_default();
        let here = terms.into_iter().find(|(x, _)| x.as_int() == Some(n)).map_or_else(Expr::zero, |(_, c)| c);
        let Some(term) = Surd::read(&here).map(|c| -(c * slope.clone())) else { return none() };
        y = y + term.expr() * Expr::kappa().powi(n);
        first = first.or(Some(term.sign()));
        last = Some(term.sign());
    }
    let level = Surd::read(&start.level).map(|l| l.sign());
    let decays = level == Some(Sign::NEGATIVE) || (level == Some(Sign::ZERO) && first == Some(Sign::NEGATIVE));
    let bad = if start.order % 2 == 1 { Sign::POSITIVE } else { Sign::NEGATIVE };
    if last == Some(bad) && (decays || !decaying) { Ok(()) } else { none() }
}

/// The roots about the imaginary axis, at one kappa.
pub(crate) fn half_planes(p: &[Expr], kappa: &Rational) -> Option<HalfPlanes> {
    numbers(p, kappa).filter(|p| p.len() > 1).map(|p| HalfPlanes::of(&p))
}

fn numbers(p: &[Expr], kappa: &Rational) -> Option<Vec<Surd>> {
    let here = |c: &Expr| c.substitute(&Expr::kappa(), &Expr::Num(kappa.clone())).expand();
    Surd::read_all(&p.iter().map(here).collect::<Vec<_>>())
}
