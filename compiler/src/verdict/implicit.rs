//! C2 for roots without closed form: the paths of roots of `P(s, kappa)` against their starts.
//!
//! In:   the coefficients of P by powers of s.
//! Out:  yes with a certificate; conditional with the wave numbers, and a witness at another; no with a witness.
//! Holds: yes, also with parameters, when all Hurwitz determinants about the start are positive; with numbers, when the count of
//!       roots below a start rises at once and stays; else the answer is open.
//! Source: GenPhys (arXiv:2304.02637), Eq. 16, read as: some continuous path of roots.

use super::Answer;
use super::c2::{partly, sum};
use super::cases::Outcome;
use super::certificate::Proof;
use super::count::{self, Counts, Level};
use super::real_roots;
use super::witness::Witness;
use crate::dispersion::Problem;
use crate::expr::{
    Expr, Facts, HIGHEST_ORDER, HalfLine, HalfPlanes, Range, Rational, Sign, Stop, Surd, hurwitz, rational, shifted,
};
use num_traits::{FromPrimitive, ToPrimitive, Zero};

/// Decides C2 for a polynomial of order at least 3.
pub(super) fn c2(coefficients: &[Expr], problem: Problem, facts: &Facts) -> Result<Outcome, Stop> {
    let order = coefficients.len() - 1;
    if order > HIGHEST_ORDER {
        return Err(Stop::Undecided(format!("the paths of {order} roots without closed form")));
    }
    // A Bernstein function that is not bounded rises.
    let known = real_roots::inverse(coefficients, facts).or_else(|| real_roots::biquadratic(coefficients, facts));
    if let Some(outcome) = known.filter(|o| o.answer == Answer::Yes) {
        return Ok(outcome);
    }
    let found = count::levels(coefficients);
    let numeric = found.is_some() && coefficients.iter().all(|c| c.symbols().is_empty());
    let rest_at_zero = sum(&coefficients[0])?.at_zero(facts).is_some_and(|c| c.is_zero());
    let parametric = if rest_at_zero && !numeric { all_below(coefficients, &Expr::zero(), facts)? } else { None };
    let Some((levels, complete)) = found.filter(|_| numeric) else {
        let why = "the paths of roots without closed form, where the Hurwitz determinants have not all one sign";
        return parametric.ok_or_else(|| Stop::Undecided(why.to_owned()));
    };
    let mut open = false;
    let mut best: Option<Outcome> = None;
    // The highest level first: there all roots may lie below.
    for level in levels.iter().rev() {
        // Boundedness keeps decaying paths only.
        if problem == Problem::FreeBoundary && !facts.sign(&level.value).is(Sign::NONPOSITIVE) {
            open = true;
            continue;
        }
        match from_level(coefficients, level, facts)? {
            Some(outcome) if outcome.answer == Answer::Yes => return Ok(outcome),
            Some(outcome) if outcome.answer == Answer::Conditional => best = best.or(Some(outcome)),
            Some(_) => {}
            None => open = true,
        }
    }
    match best {
        _ if !complete => {
            let why =
                "the real parts of the roots of P(s, 0), which has a factor of higher order without rational roots";
            Err(Stop::Undecided(why.to_owned()))
        }
        _ if open => Err(Stop::Undecided("which path of roots without closed form stays below its start".to_owned())),
        Some(outcome) => Ok(outcome),
        None => never(coefficients, &levels),
    }
}

/// All roots lie below `level = Re s(0)` for every `kappa > 0`, when every Hurwitz determinant about it is positive.
fn all_below(coefficients: &[Expr], level: &Expr, facts: &Facts) -> Result<Option<Outcome>, Stop> {
    let determinants = hurwitz(&shifted(coefficients, level));
    for d in &determinants {
        if sum(d)?.range(facts)? != Range::Positive {
            return Ok(None);
        }
    }
    let coefficients = coefficients.to_vec();
    let proof = Proof::AllBelow { coefficients, level: level.clone(), determinants };
    let reason =
        "every root has Re s(kappa) < Re s(0) for kappa > 0: all Hurwitz determinants about Re s(0) are positive";
    Ok(Some(Outcome::yes(reason, proof)))
}

/// The paths that start at one level: yes, conditional, no; none when that is open.
fn from_level(coefficients: &[Expr], level: &Level, facts: &Facts) -> Result<Option<Outcome>, Stop> {
    let all = level.start.left + level.start.on + level.start.right;
    if level.start.right == 0
        && let Some(outcome) = all_below(coefficients, &level.value, facts)?
    {
        return Ok(Some(outcome));
    }
    let about = shifted(coefficients, &level.value);
    let counts = count::below(&about, facts)?;
    let proof = |real| Proof::SomeBelow { coefficients: coefficients.to_vec(), level: level.value.clone(), real };
    let reason = |what: &str, n: usize, before: usize| {
        let start = &level.value;
        format!(
            "the number of {what}roots with Re s < {start} is {n} for every kappa > 0 and {before} at kappa = 0, so a path \
             that starts there stays below"
        )
    };
    if let Some(n) = constant(&counts.below) {
        if n > level.start.left {
            let crossing = hurwitz(&about).get(all - 2).cloned().unwrap_or_else(Expr::zero);
            let shown = one_sign(&crossing, facts) && one_sign(&about[0], facts);
            return Ok(shown.then(|| Outcome::yes(reason("", n, level.start.left), proof(false))));
        }
        return Ok(Some(Outcome::no("no root moves below its start", None)));
    }
    if let Some(n) = counts.real_below.as_deref().and_then(constant)
        && n > level.real_below
        && one_sign(&about[0], facts)
    {
        return Ok(Some(Outcome::yes(reason("real ", n, level.real_below), proof(true))));
    }
    Ok(part_of_the_axis(coefficients, level, &counts, all, facts))
}

/// The number of a count that is the same on all pieces.
fn constant(counts: &[Option<usize>]) -> Option<usize> {
    let first = *counts.first()?;
    counts.iter().all(|n| *n == first).then_some(first?)
}

fn one_sign(e: &Expr, facts: &Facts) -> bool {
    sum(e).is_ok_and(|s| matches!(s.range(facts), Ok(Range::Positive | Range::Negative)))
}

/// From the highest level: pieces on which some path lies below it, and pieces on which no root does.
fn part_of_the_axis(
    coefficients: &[Expr],
    level: &Level,
    counts: &Counts,
    all: usize,
    facts: &Facts,
) -> Option<Outcome> {
    let below: Vec<usize> = counts.below.iter().copied().collect::<Option<_>>()?;
    let holds: Vec<bool> = below.iter().map(|n| *n > all - level.start.on).collect();
    let fails = below.contains(&0) && below.iter().zip(&holds).all(|(n, h)| *h || *n == 0);
    // One path, if its number of companions does not change while it is below.
    let steady = (1..below.len()).all(|i| !(holds[i - 1] && holds[i]) || below[i - 1] == below[i]);
    if !fails || !steady || level.start.right > 0 || !holds.iter().any(|h| *h) {
        return None;
    }
    let outcome = partly(&counts.line, &holds, facts);
    let witness = none_below(coefficients, &level.value, &counts.line, &below)?;
    Some(Outcome { witness: Some(witness), ..outcome })
}

/// A wave number at which no root lies below the level.
fn none_below(coefficients: &[Expr], level: &Expr, line: &HalfLine, below: &[usize]) -> Option<Witness> {
    let about = shifted(coefficients, level);
    let pieces = (0..below.len()).step_by(2).filter(|i| below[*i] == 0);
    let mut numbers = pieces.filter_map(|i| line.samples.get(i / 2)?.to_f64()).flat_map(|kappa| near(kappa.sqrt()));
    numbers.find_map(|k| witness_at(&about, level, &k))
}

fn witness_at(about: &[Expr], level: &Expr, k: &Rational) -> Option<Witness> {
    let none = |p: Vec<Surd>| HalfPlanes::of(&p).left == 0;
    count::at(about, &(k * k)).is_some_and(none).then(|| Witness::Roots {
        k: k.clone(),
        parameters: Vec::new(),
        level: level.clone(),
    })
}

/// Numbers of few digits, closer and closer.
fn near(x: f64) -> impl Iterator<Item = Rational> {
    let short = move |digits: f64| Some(Rational::from_f64((x * digits).round())? / Rational::from_f64(digits)?);
    [1.0, 10.0, 1e3, 1e6, 1e12].into_iter().filter_map(short).filter(|k| !k.is_zero())
}

/// No path ever: where all roots start on one level, none of them lies below it at `k = 1`.
fn never(coefficients: &[Expr], levels: &[Level]) -> Result<Outcome, Stop> {
    let open = || Stop::Undecided("evidence that no root without closed form falls below its start".to_owned());
    let highest = levels.last().filter(|l| l.start.right == 0).ok_or_else(open)?;
    let witness =
        witness_at(&shifted(coefficients, &highest.value), &highest.value, &rational(1, 1)).ok_or_else(open)?;
    Ok(Outcome::no("no root has Re s(kappa) < Re s(0) for any kappa > 0", Some(witness)))
}
