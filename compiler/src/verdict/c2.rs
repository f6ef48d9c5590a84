//! C2: `Re lambda(kappa) > Re lambda(0)` for every `kappa > 0` on some continuous branch.
//!
//! In:   a candidate branch in one case.
//! Out:  yes with the polynomials and their signs; conditional with the wave numbers for which it holds; no.
//! Holds: exact. For `a s^2 + b s + c` and a level `l`: both roots lie left of l exactly when `2 a l + b > 0` and
//!       `P(l) > 0`; the lower root does exactly when `2 a l + b > 0` or `P(l) < 0`.
//! Source: GenPhys (arXiv:2304.02637), Eq. 16; Routh-Hurwitz about the level instead of a resultant.

use super::Answer;
use super::cases::Outcome;
use super::certificate::Proof;
use super::witness;
use crate::dispersion::pieces::{Piece, unreadable};
use crate::dispersion::select::{Candidate, real_lambda};
use crate::dispersion::{Problem, branch_growth};
use crate::expr::{Expr, Facts, KappaSum, Range, Sign, Stop};

/// Decides C2 for one candidate.
pub(super) fn decide(candidate: &Candidate, problem: Problem, facts: &Facts) -> Result<Outcome, Stop> {
    let outcome = match &candidate.piece {
        Piece::Linear { numerator, denominator } => linear(numerator, denominator, facts)?,
        Piece::Quadratic { a, b, c } => quadratic([c, b, a], problem, facts)?,
        Piece::Power { order, modulus, negative } => power(*order, modulus, *negative, facts)?,
    };
    let refuted = matches!(outcome.answer, Answer::No | Answer::Conditional);
    let lambda = -branch_growth(&candidate.piece, candidate.which, facts);
    let witness = if refuted { witness::level(&lambda, facts) } else { None };
    Ok(Outcome { witness, ..outcome })
}

fn sum(e: &Expr) -> Result<KappaSum, Stop> {
    KappaSum::read(e).ok_or_else(|| unreadable(e))
}

fn at_zero(e: &Expr, facts: &Facts) -> Result<Expr, Stop> {
    sum(e)?.at_zero(facts).ok_or_else(|| Stop::Undecided(format!("the value of {e} at kappa = 0")))
}

fn linear(numerator: &Expr, denominator: &Expr, facts: &Facts) -> Result<Outcome, Stop> {
    let (re, size) = real_lambda(numerator, denominator);
    let (re0, size0) = (at_zero(&re, facts)?, at_zero(&size, facts)?);
    if !facts.sign(&size0).is(Sign::POSITIVE) {
        return Err(Stop::Undecided("lambda has no finite value at k = 0".to_owned()));
    }
    let difference = (re * size0 - re0 * size).expand().expand();
    let coefficients = vec![numerator.clone(), denominator.clone()];
    Ok(match sum(&difference)?.range(facts)? {
        Range::Positive => Outcome::yes(
            "Re lambda(kappa) - Re lambda(0) is positive for every kappa > 0",
            Proof::FirstOrder { coefficients, difference },
        ),
        Range::Zero => Outcome::no("Re lambda does not depend on kappa: no mode decays faster than the mean", None)
            .proved_by(Some(Proof::NotRising { coefficients, difference })),
        Range::Negative => Outcome::no("Re lambda(kappa) < Re lambda(0) for every kappa > 0", None)
            .proved_by(Some(Proof::NotRising { coefficients, difference })),
        changes => partly(&changes, true, facts),
    })
}

/// The answer when a function that must be positive (or negative, for `wanted` false) changes sign.
fn partly(range: &Range, wanted: bool, facts: &Facts) -> Outcome {
    let Range::Changes { starts_positive, zeros } = range else {
        return Outcome::undecided("the wave numbers for which Eq. 16 holds");
    };
    let mut holds = Vec::new();
    let mut positive = *starts_positive;
    let mut from: Option<String> = None;
    for (zero, flips) in zeros {
        let k = zero.root(facts).to_string();
        if positive == wanted {
            holds.push(from.as_ref().map_or_else(|| format!("0 < k < {k}"), |lo| format!("{lo} < k < {k}")));
        }
        positive ^= flips;
        from = Some(k);
    }
    if positive == wanted
        && let Some(lo) = from
    {
        holds.push(format!("k > {lo}"));
    }
    if holds.is_empty() {
        return Outcome::no("Re lambda(kappa) <= Re lambda(0) for every kappa > 0", None);
    }
    let text = holds.join(" or ");
    Outcome::conditional(text.clone(), format!("Eq. 16 holds exactly for {text}, and fails at the other k > 0"))
}

fn quadratic(coefficients: [&Expr; 3], problem: Problem, facts: &Facts) -> Result<Outcome, Stop> {
    let lower = about_level(coefficients, false, facts);
    if problem == Problem::FreeBoundary {
        return lower;
    }
    let upper = about_level(coefficients, true, facts)?;
    if upper.answer == Answer::Yes {
        return Ok(upper);
    }
    let lower = lower?;
    if lower.answer == Answer::Yes || (upper.answer, lower.answer) == (Answer::No, Answer::No) {
        return Ok(if lower.answer == Answer::Yes { lower } else { upper });
    }
    // Each root alone fails somewhere; a path may change root where they collide.
    let [c, b, a] = coefficients;
    match sum(&Piece::discriminant(a, b, c))?.range(facts)? {
        Range::Positive | Range::Negative => Ok(if upper.answer == Answer::Conditional { upper } else { lower }),
        _ if upper.answer == Answer::No && starts_complex(coefficients, facts) => Ok(lower),
        _ => Err(Stop::Undecided("a path that changes branch where two branches collide".to_owned())),
    }
}

fn starts_complex([c, b, a]: [&Expr; 3], facts: &Facts) -> bool {
    at_zero(&Piece::discriminant(a, b, c), facts).is_ok_and(|d| facts.sign(&d).is(Sign::NEGATIVE))
}

/// The criterion of the module header about `Re s(0)` of the upper or the lower root.
fn about_level(coefficients: [&Expr; 3], upper: bool, facts: &Facts) -> Result<Outcome, Stop> {
    let [c, b, a] = coefficients;
    let [c0, b0, a0] = [at_zero(c, facts)?, at_zero(b, facts)?, at_zero(a, facts)?];
    if !facts.sign(&a0).is(Sign::POSITIVE) {
        return Err(Stop::Undecided("the coefficient of s^2 vanishes at k = 0".to_owned()));
    }
    let level = level(&a0, &b0, &c0, upper, facts)?;
    let slope = (Expr::int(2) * a.clone() * level.clone() + b.clone()).expand().expand();
    let value = (a.clone() * level.clone().powi(2) + b.clone() * level.clone() + c.clone()).expand().expand();
    let coefficients: Vec<Expr> = vec![c.clone(), b.clone(), a.clone()];
    if upper {
        return match (sum(&slope)?.range(facts)?, sum(&value)?.range(facts)?) {
            (Range::Positive, Range::Positive) => Ok(Outcome::yes(
                "every root has Re s(kappa) < Re s(0) for kappa > 0, by the Hurwitz criterion about Re s(0)",
                Proof::Hurwitz { coefficients, level, slope, value },
            )),
            (first @ (Range::Zero | Range::Negative), second) => {
                let pair = first == Range::Zero && matches!(second, Range::Zero | Range::Positive);
                let proof = pair.then_some(Proof::OnLevel { coefficients, level, value });
                let reason =
                    "Re lambda = Re lambda(0) wherever the roots are complex, and they rise nowhere on both sides";
                Ok(Outcome::no(reason, None).proved_by(proof))
            }
            (_, Range::Zero | Range::Negative) => {
                Ok(Outcome::no("Re lambda(kappa) <= Re lambda(0) for every kappa > 0", None))
            }
            (Range::Positive, changes) | (changes, Range::Positive) => Ok(partly(&changes, true, facts)),
            _ => Err(Stop::Undecided("two conditions that hold on different wave numbers".to_owned())),
        };
    }
    let value_range = sum(&value)?.range(facts);
    if value_range == Ok(Range::Negative) {
        return Ok(Outcome::yes(
            "P(Re s(0), kappa) < 0 for kappa > 0, so the decaying root lies below Re s(0)",
            Proof::Below { coefficients, level, value },
        ));
    }
    match sum(&slope)?.range(facts)? {
        Range::Positive => Err(Stop::Undecided("the lower root of a damped pair".to_owned())),
        Range::Zero | Range::Negative => match value_range? {
            Range::Positive | Range::Zero => {
                Ok(Outcome::no("Re lambda(kappa) <= Re lambda(0) for every kappa > 0", None))
            }
            changes => Ok(partly(&changes, false, facts)),
        },
        _ => Err(Stop::Undecided("two conditions that hold on different wave numbers".to_owned())),
    }
}

/// `Re s(0)` of the upper or lower root of `a s^2 + b s + c`.
fn level(a: &Expr, b: &Expr, c: &Expr, upper: bool, facts: &Facts) -> Result<Expr, Stop> {
    let discriminant = Piece::discriminant(a, b, c);
    let sign = facts.sign(&discriminant);
    let twice = Expr::int(2) * a.clone();
    if sign.is(Sign::NONPOSITIVE) {
        return Ok((-b.clone() / twice).expand());
    }
    if !sign.is(Sign::NONNEGATIVE) {
        return Err(Stop::Need(discriminant));
    }
    let root = discriminant.root(facts);
    let signed = if upper { root } else { -root };
    Ok(((signed - b.clone()) / twice).expand())
}

/// `s^order = +-modulus`: every root has the modulus `modulus^(1/order)` and a fixed direction, so a decaying one falls
/// exactly where the modulus rises.
fn power(order: u32, modulus: &Expr, negative: bool, facts: &Facts) -> Result<Outcome, Stop> {
    let rise = (modulus.clone() - at_zero(modulus, facts)?).expand();
    Ok(match sum(&rise)?.range(facts)? {
        Range::Positive => Outcome::yes(
            "the decaying roots are a fixed multiple of a modulus that is least at k = 0",
            Proof::PowerRoot { order, modulus: modulus.clone(), negative },
        ),
        Range::Zero | Range::Negative => Outcome::no("the modulus of the roots rises at no kappa > 0", None),
        changes => partly(&changes, true, facts),
    })
}
