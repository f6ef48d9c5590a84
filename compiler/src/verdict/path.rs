//! C2 of a quadratic: does some continuous path of roots stay below its own start?
//!
//! In:   `a s^2 + b s + c`, `a > 0`, and the root at which a path starts.
//! Out:  yes with its polynomials and their signs; conditional with the wave numbers for which it holds; no.
//! Holds: exact. About `level = Re s(0)`, with `slope = 2 a level + b` and `value = P(level)`: both roots lie below where
//!       slope > 0 and value > 0; the lower of two real roots, or a complex pair, where slope > 0 or value < 0. A path from
//!       the upper root may go down where the two collide.
//! Source: GenPhys (arXiv:2304.02637), Eq. 16, read as: some continuous path; Routh-Hurwitz about the level.

use super::Answer;
use super::c2::{at_zero, partly, sum};
use super::cases::Outcome;
use super::certificate::{Claim, Proof, Stretch};
use crate::dispersion::Problem;
use crate::dispersion::pieces::Piece;
use crate::dispersion::select::Which;
use crate::expr::{Expr, Facts, HalfLine, KappaSum, Range, Sign, Stop};

/// The best of the paths that a problem leaves open: from the lower root where it asks for decay, from either else.
pub(super) fn quadratic(c: [&Expr; 3], which: Which, problem: Problem, facts: &Facts) -> Result<Outcome, Stop> {
    if problem == Problem::FreeBoundary || which == Which::Decaying {
        return Start::new(c, false, facts)?.outcome(facts);
    }
    let upper = Start::new(c, true, facts)?;
    let first = upper.outcome(facts)?;
    let [c0, b, a] = c;
    if first.answer == Answer::Yes || upper.collided || Piece::is_real(a, b, c0, facts) {
        return Ok(first);
    }
    let second = Start::new(c, false, facts)?.outcome(facts)?;
    Ok(match (first.answer, second.answer, &first.note, &second.note) {
        (_, Answer::Yes, ..) | (Answer::No, Answer::Conditional, ..) => second,
        (Answer::Conditional, Answer::Conditional, Some(x), Some(y)) if x != y => {
            let note = format!("{x} (on a path from the upper root at k = 0), or {y} (from the lower)");
            Outcome::conditional(note.clone(), format!("Eq. 16 holds exactly for {note}"))
        }
        _ => first,
    })
}

/// The root where a path starts, and the quadratic about its real part.
struct Start {
    coefficients: [Expr; 3],
    level: Expr,
    slope: Expr,
    value: Expr,
    upper: bool,
    /// Have the roots one real part at the start, so that a path from the upper one may follow the lower?
    collided: bool,
}

impl Start {
    fn new([c, b, a]: [&Expr; 3], upper: bool, facts: &Facts) -> Result<Start, Stop> {
        let [c0, b0, a0] = [at_zero(c, facts)?, at_zero(b, facts)?, at_zero(a, facts)?];
        if !facts.sign(&a0).is(Sign::POSITIVE) {
            return Err(Stop::Undecided("the coefficient of s^2 vanishes at k = 0".to_owned()));
        }
        let discriminant = Piece::discriminant(&a0, &b0, &c0);
        let collided = facts.sign(&discriminant).is(Sign::NONPOSITIVE);
        let level = level(&a0, &b0, discriminant, upper, facts)?;
        let slope = (Expr::int(2) * a.clone() * level.clone() + b.clone()).expand().expand();
        let value = (a.clone() * level.clone().powi(2) + b.clone() * level.clone() + c.clone()).expand().expand();
        Ok(Start { coefficients: [c.clone(), b.clone(), a.clone()], level, slope, value, upper, collided })
    }

    fn outcome(&self, facts: &Facts) -> Result<Outcome, Stop> {
        let (slope, value) = (sum(&self.slope)?, sum(&self.value)?);
        let value_range = value.range(facts);
        if value_range == Ok(Range::Negative) && (!self.upper || self.collided) {
            return Ok(Outcome::yes(
                "P(Re s(0), kappa) < 0 for kappa > 0, so the decaying root lies below Re s(0)",
                Proof::Below {
                    coefficients: self.coefficients.to_vec(),
                    level: self.level.clone(),
                    value: self.value.clone(),
                },
            ));
        }
        match (slope.range(facts)?, value_range?) {
            (Range::Positive, Range::Positive) => Ok(Outcome::yes(
                "every root has Re s(kappa) < Re s(0) for kappa > 0, by the Hurwitz criterion about Re s(0)",
                Proof::Hurwitz {
                    coefficients: self.coefficients.to_vec(),
                    level: self.level.clone(),
                    slope: self.slope.clone(),
                    value: self.value.clone(),
                },
            )),
            (Range::Zero, Range::Zero | Range::Positive) => {
                let reason =
                    "Re lambda = Re lambda(0) wherever the roots are complex, and they rise nowhere on both sides";
                let (level, value) = (self.level.clone(), self.value.clone());
                let proof = Proof::OnLevel { coefficients: self.coefficients.to_vec(), level, value };
                Ok(Outcome::no(reason, None).proved_by(Some(proof)))
            }
            _ => self.piecewise(slope, value, facts),
        }
    }

    /// The half line cut at the zeros of slope, value and, where the path may change root, the discriminant.
    fn piecewise(&self, slope: KappaSum, value: KappaSum, facts: &Facts) -> Result<Outcome, Stop> {
        let [c, b, a] = &self.coefficients;
        let mut functions = vec![slope, value];
        let waits = self.upper && !self.collided;
        if waits {
            functions.push(sum(&Piece::discriminant(a, b, c))?);
        }
        let line = HalfLine::cut(&functions, facts)?;
        let mut upper = waits;
        let claims: Vec<Vec<Claim>> = line
            .signs
            .iter()
            .map(|signs| {
                upper = upper && signs[2].is(Sign::POSITIVE);
                claims(signs[0], signs[1]).into_iter().filter(|claim| !upper || *claim == Claim::Both).collect()
            })
            .collect();
        let holds: Vec<bool> = claims.iter().map(|c| !c.is_empty()).collect();
        if holds.iter().any(|h| !h) {
            return Ok(partly(&line, &holds, facts));
        }
        let collides = |piece: usize| !waits || line.signs[piece][2].is(Sign::NONPOSITIVE);
        let stretches = stretches(&line, &claims, &collides)
            .ok_or_else(|| Stop::Undecided("a proof for a path that changes root, with these parameters".to_owned()))?;
        let proof = Proof::Path { coefficients: self.coefficients.to_vec(), level: self.level.clone(), stretches };
        Ok(Outcome::yes("on one continuous path of roots, Re s(kappa) < Re s(0) for every kappa > 0", proof))
    }
}

/// What shows that the path lies below the level, strongest first.
fn claims(slope: Sign, value: Sign) -> Vec<Claim> {
    let (damped, below) = (slope == Sign::POSITIVE, value == Sign::NEGATIVE);
    let mut out = Vec::new();
    if damped && value == Sign::POSITIVE {
        out.push(Claim::Both);
    }
    if damped {
        out.push(Claim::Damped);
    }
    if below {
        out.push(Claim::Below);
    }
    out
}

/// Stretches of the half line with one claim each, that end at numbers where the next claim holds as well. A path leaves
/// [`Claim::Both`] only where the roots have collided.
fn stretches(line: &HalfLine, claims: &[Vec<Claim>], collides: &dyn Fn(usize) -> bool) -> Option<Vec<Stretch>> {
    let last = claims.len() - 1;
    let reach = |claim: Claim, from: usize| (from..=last).take_while(|i| claims[*i].contains(&claim)).last();
    let mut out = Vec::new();
    let (mut at, mut claim) = (0, *claims[0].iter().max_by_key(|c| reach(**c, 0))?);
    loop {
        let end = reach(claim, at)?;
        if end == last {
            out.push(Stretch { until: None, claim });
            return Some(out);
        }
        // The next claim takes over on a piece where both hold: at a number inside it, or at a zero that is a number.
        let next = (at..=end).rev().find_map(|i| {
            let free = claim != Claim::Both || collides(i);
            let number =
                if i % 2 == 0 { line.samples.get(i / 2).cloned() } else { line.zeros[i / 2].as_num().cloned() }?;
            let exact = i % 2 == 0 || line.exact(i / 2);
            let other = claims[i].iter().copied().filter(|c| reach(*c, i) > Some(end)).max_by_key(|c| reach(*c, i))?;
            (free && exact).then_some((i, number, other))
        });
        let (i, number, other) = next?;
        out.push(Stretch { until: Some(number), claim });
        (at, claim) = (i, other);
    }
}

/// `Re s(0)` of the upper or lower root of `a s^2 + b s + c`.
fn level(a: &Expr, b: &Expr, discriminant: Expr, upper: bool, facts: &Facts) -> Result<Expr, Stop> {
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
