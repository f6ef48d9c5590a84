//! C2: `Re lambda(kappa) > Re lambda(0)` for every `kappa > 0` on some continuous branch.
//!
//! In:   a candidate branch in one case.
//! Out:  yes with the polynomials and their signs; conditional with the wave numbers for which it holds; no.
//! Holds: exact.
//! Source: GenPhys (arXiv:2304.02637), Eq. 16.

use super::Answer;
use super::c1::zeros_of_quadratic;
use super::cases::Outcome;
use super::certificate::Proof;
use super::implicit;
use super::path;
use super::witness;
use crate::dispersion::Problem;
use crate::dispersion::pieces::{Piece, unreadable};
use crate::dispersion::select::{Candidate, real_lambda};
use crate::expr::{Expr, Facts, HalfLine, KappaSum, Range, Sign, Stop};

/// Decides C2 for one candidate.
pub(super) fn decide(candidate: &Candidate, problem: Problem, facts: &Facts) -> Result<Outcome, Stop> {
    let outcome = match &candidate.piece {
        Piece::Linear { numerator, denominator } => linear(numerator, denominator, facts)?,
        Piece::Quadratic { a, b, c } => {
            let outcome = path::quadratic([c, b, a], candidate.which, problem, facts)?;
            // Where the discriminant is a square, the symbol factors, and each factor has a path of its own.
            let zeros = sum(&Piece::discriminant(a, b, c)).ok().and_then(|d| zeros_of_quadratic(&d.live(facts), facts));
            let sign = zeros.as_ref().map_or(Sign::NONZERO, |zeros| facts.sign(zeros));
            match zeros {
                Some(zeros)
                    if outcome.answer != Answer::Yes
                        && sign.is(Sign::ANY)
                        && !sign.is(Sign::NONZERO)
                        && sign != Sign::ZERO =>
                {
                    return Err(Stop::Need(zeros));
                }
                _ => outcome,
            }
        }
        Piece::Power { order, modulus, negative } => power(*order, modulus, *negative, facts)?,
        // Its witness needs no closed form.
        Piece::Polynomial { coefficients } => return implicit::c2(coefficients, problem, facts),
    };
    let refuted = matches!(outcome.answer, Answer::No | Answer::Conditional);
    let witness = if refuted { witness::level(&candidate.lambda(facts), facts) } else { None };
    Ok(Outcome { witness, ..outcome })
}

pub(super) fn sum(e: &Expr) -> Result<KappaSum, Stop> {
    KappaSum::read(e).ok_or_else(|| unreadable(e))
}

pub(super) fn at_zero(e: &Expr, facts: &Facts) -> Result<Expr, Stop> {
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
        Range::Changes { .. } => where_positive(&difference, facts)?,
    })
}

/// The answer when Eq. 16 holds on some pieces of the half line.
pub(super) fn partly(line: &HalfLine, holds: &[bool], facts: &Facts) -> Outcome {
    if holds.iter().all(|h| !h) {
        return Outcome::no("Re lambda(kappa) <= Re lambda(0) for every kappa > 0", None);
    }
    let text = line.wave_numbers(holds, facts);
    Outcome::conditional(text.clone(), format!("Eq. 16 holds exactly for {text}, and fails at the other k > 0"))
}

/// Eq. 16 holds where a function is positive.
fn where_positive(f: &Expr, facts: &Facts) -> Result<Outcome, Stop> {
    let line = HalfLine::cut(&[sum(f)?], facts)?;
    let holds: Vec<bool> = line.signs.iter().map(|s| s[0] == Sign::POSITIVE).collect();
    Ok(partly(&line, &holds, facts))
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
        Range::Changes { .. } => where_positive(&rise, facts)?,
    })
}
