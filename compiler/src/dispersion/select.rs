//! Which branches a problem excites, and which one carries the density.
//!
//! In:   the pieces of the symbol and the facts.
//! Out:  [`Selection`]: the kind of problem, and for each piece its branch, the most useful first.
//! Holds: the kind of problem follows from the leading powers of kappa alone, so it is exact.
//! Source: the free boundary condition of GenPhys (arXiv:2304.02637), Sec. 3; well-posedness in the sense of Petrovsky.

use super::pieces::{Piece, unreadable};
use super::{Problem, branch_growth};
use crate::expr::{Expr, Facts, HIGHEST_ORDER, KappaSum, Range, Sign, Stop, hurwitz, shifted};
use std::cell::OnceCell;

/// Which root of a piece is meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Which {
    /// The only root.
    Only,
    /// The root with the largest real part: it outlives the others.
    Slow,
    /// The root with the smallest real part: it decays, in an elliptic problem.
    Decaying,
    /// The pair of decaying complex roots.
    DecayingPair,
    /// Whichever root serves, of a polynomial without closed roots.
    Any,
}

/// A piece and the root of it that a datum excites.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The piece.
    pub piece: Piece,
    /// Its root.
    pub which: Which,
    growth: OnceCell<Expr>,
}

impl Candidate {
    fn new(piece: &Piece, which: Which) -> Candidate {
        Candidate { piece: piece.clone(), which, growth: OnceCell::new() }
    }

    /// `lambda = -s` of the root, under the facts it was selected by.
    pub fn lambda(&self, facts: &Facts) -> Expr {
        -self.growth.get_or_init(|| branch_growth(&self.piece, self.which, facts)).clone()
    }
}

/// The kind of problem and what may carry the density, best first.
#[derive(Clone, Debug)]
pub struct Selection {
    /// The kind of problem.
    pub problem: Problem,
    /// The candidates; at least one.
    pub candidates: Vec<Candidate>,
    /// Why the first was chosen.
    pub reason: String,
}

/// Chooses the branches of the product of these pieces.
pub fn select(pieces: &[Piece], facts: &Facts) -> Result<Selection, Stop> {
    let mut ill_posed = false;
    for piece in pieces {
        ill_posed |= grows_without_bound(piece, facts)?;
    }
    let first_order = matches!(pieces, [Piece::Linear { .. }]);
    let problem = match (ill_posed, first_order) {
        (false, _) => Problem::Evolution,
        (true, true) => Problem::Unknown,
        (true, false) => Problem::FreeBoundary,
    };
    let mut candidates = Vec::new();
    for piece in pieces {
        if problem != Problem::FreeBoundary || has_decaying_root(piece, facts)? {
            candidates.extend(of_piece(piece, problem, facts));
        }
    }
    let none_decays = candidates.is_empty();
    if none_decays {
        candidates = pieces.iter().flat_map(|p| of_piece(p, problem, facts)).collect();
    }
    // A factor that smooths comes before one that only damps, a real root before a complex pair, one that decays at
    // every k before one that does not: stable, so the order of the factors decides otherwise.
    candidates.sort_by_key(|c| (!c.piece.depends_on_kappa(), c.which == Which::DecayingPair, !c.decays(facts)));
    let reason = match none_decays {
        true => NONE_DECAYS.to_owned(),
        false => reason(problem, &candidates[0], pieces.len()),
    };
    Ok(Selection { problem, candidates, reason })
}

/// The roots of a piece that may carry the density. A pair that is real throughout is two factors of first order in t.
fn of_piece(piece: &Piece, problem: Problem, facts: &Facts) -> Vec<Candidate> {
    let candidate = |which| Candidate::new(piece, which);
    let first = candidate(which(piece, problem, facts));
    let two = problem == Problem::Evolution
        && matches!(piece, Piece::Quadratic { a, b, c } if Piece::is_real(a, b, c, facts));
    if two { vec![first, candidate(Which::Decaying)] } else { vec![first] }
}

impl Candidate {
    /// Does a factor of first order decay at every k? Any other counts as if it did.
    fn decays(&self, facts: &Facts) -> bool {
        let Piece::Linear { numerator, denominator } = &self.piece else { return true };
        let re = KappaSum::read(&real_lambda(numerator, denominator).0);
        re.is_some_and(|re| re.range(facts) == Ok(Range::Positive))
    }
}

fn which(piece: &Piece, problem: Problem, facts: &Facts) -> Which {
    match (piece, problem) {
        (Piece::Linear { .. }, _) => Which::Only,
        // There is a negative real root exactly when the order is odd and the right side < 0, or even and > 0.
        (Piece::Power { order, negative, .. }, _) if *negative != order.is_multiple_of(2) => Which::Decaying,
        (Piece::Power { .. }, _) => Which::DecayingPair,
        (Piece::Polynomial { coefficients }, _) if has_far_root(coefficients, facts) => Which::Decaying,
        (Piece::Polynomial { .. }, _) => Which::Any,
        (Piece::Quadratic { .. }, Problem::FreeBoundary) => Which::Decaying,
        (Piece::Quadratic { .. }, _) => Which::Slow,
    }
}

/// Has `a s^4 + b s^2 + c` a real positive root in `s^2` for every `kappa > 0`, for which c < 0 is enough, or b < 0 when
/// the roots in `s^2` are real?
fn has_far_root(coefficients: &[Expr], facts: &Facts) -> bool {
    let negative = |e: &Expr| KappaSum::read(e).is_some_and(|s| s.range(facts) == Ok(Range::Negative));
    Piece::biquadratic(coefficients)
        .is_some_and(|[c, b, a]| negative(c) || (negative(b) && Piece::is_real(a, b, c, facts)))
}

const NONE_DECAYS: &str = "ill posed as an initial value problem, and no branch decays: nothing stays bounded as t -> inf, and one of the \
     growing branches stands for all";

fn reason(problem: Problem, first: &Candidate, count: usize) -> String {
    let text = match (problem, first.which) {
        (Problem::Unknown, _) => {
            "the only root; it grows without bound with k, so the equation is ill posed forward in t"
        }
        (_, Which::Only) if count == 1 => "the only root of an equation of first order in t",
        (Problem::FreeBoundary, Which::Any) => {
            "ill posed as an initial value problem, so phi -> 0 as t -> inf (the free boundary condition) keeps what \
             decays; no one root is singled out"
        }
        (_, Which::Any) => "well posed forward in t; no one root is singled out",
        (Problem::FreeBoundary, Which::DecayingPair) => {
            "ill posed as an initial value problem, so phi -> 0 as t -> inf removes the growing branch; what decays is a \
             complex pair"
        }
        (Problem::FreeBoundary, _) => {
            "ill posed as an initial value problem, so phi -> 0 as t -> inf (the free boundary condition) keeps the \
             decaying branch"
        }
        (_, Which::Only) => {
            "the symbol factors; this factor is of first order in t and p is taken from the rest applied to phi"
        }
        (_, Which::Slow) => "well posed forward in t; the slow branch outlives the other",
        _ => "well posed forward in t",
    };
    text.to_owned()
}

impl Piece {
    fn depends_on_kappa(&self) -> bool {
        let kappa = Expr::kappa();
        match self {
            Piece::Linear { numerator, denominator } => numerator.contains(&kappa) || denominator.contains(&kappa),
            Piece::Quadratic { a, b, c } => [a, b, c].into_iter().any(|e| e.contains(&kappa)),
            Piece::Power { modulus, .. } => modulus.contains(&kappa),
            Piece::Polynomial { coefficients } => coefficients.iter().any(|e| e.contains(&kappa)),
        }
    }
}

/// A leading term: numeric exponent where there is one, and the sign of the coefficient.
struct Lead {
    exponent: Expr,
    positive: bool,
}

fn lead(e: &Expr, facts: &Facts) -> Result<Option<Lead>, Stop> {
    let sum = KappaSum::read(e).ok_or_else(|| unreadable(e))?;
    let term = sum.leading(facts)?;
    Ok(term.map(|(exponent, c)| Lead { exponent, positive: facts.sign(&c).is(Sign::POSITIVE) }))
}

/// The sign of a combination of exponents, which must be decided.
fn exponent_sign(e: Expr, facts: &Facts) -> Result<Sign, Stop> {
    let e = e.expand();
    let sign = facts.sign(&e);
    if [Sign::POSITIVE, Sign::ZERO, Sign::NEGATIVE].into_iter().any(|s| sign.is(s)) {
        Ok(sign)
    } else {
        Err(Stop::Need(e))
    }
}

/// Does some root have an unbounded positive real part as `kappa -> inf`?
fn grows_without_bound(piece: &Piece, facts: &Facts) -> Result<bool, Stop> {
    match piece {
        Piece::Linear { numerator, denominator } => {
            let (re, size) = real_lambda(numerator, denominator);
            // All coefficients of one sign answer without ordering symbolic exponents.
            if KappaSum::read(&re).is_some_and(|s| matches!(s.range(facts), Ok(Range::Positive | Range::Zero))) {
                return Ok(false);
            }
            match (lead(&re, facts)?, lead(&size, facts)?) {
                (Some(top), Some(below)) if !top.positive => {
                    Ok(exponent_sign(top.exponent - below.exponent, facts)?.is(Sign::POSITIVE))
                }
                _ => Ok(false),
            }
        }
        Piece::Power { modulus, .. } => {
            let top = lead(modulus, facts)?;
            top.map_or(Ok(false), |t| Ok(exponent_sign(t.exponent, facts)?.is(Sign::POSITIVE)))
        }
        Piece::Quadratic { a, b, c } => quadratic_grows(a, b, c, facts),
        Piece::Polynomial { coefficients } => polynomial_grows(coefficients, facts),
    }
}

/// The roots stay left of some level m as `kappa -> inf` exactly when every Hurwitz determinant about m is positive then,
/// for large m: the sign of its leading term in kappa, and of that in m.
fn polynomial_grows(coefficients: &[Expr], facts: &Facts) -> Result<bool, Stop> {
    let order = coefficients.len() - 1;
    if order > HIGHEST_ORDER {
        return Err(Stop::Undecided(format!("the roots of an equation of order {order} in time that does not factor")));
    }
    // No name of the language contains a space.
    let level = Expr::sym("level m");
    for determinant in hurwitz(&shifted(coefficients, &level)) {
        let sum = KappaSum::read(&determinant).ok_or_else(|| unreadable(&determinant))?;
        let mut top: Option<&(Expr, Expr)> = None;
        for term in &sum.terms {
            let above = match top {
                Some((x, _)) => exponent_sign(term.0.clone() - x.clone(), facts)?.is(Sign::POSITIVE),
                None => true,
            };
            top = if above { Some(term) } else { top };
        }
        let Some(coefficient) = top.and_then(|(_, c)| super::powers_of(c, &level)?.pop()) else { continue };
        let sign = facts.sign(&coefficient);
        if sign.is(Sign::NEGATIVE) {
            return Ok(true);
        }
        if !sign.is(Sign::POSITIVE) {
            return Err(Stop::Need(coefficient));
        }
    }
    Ok(false)
}

/// Leading powers of the two roots: `-b/a` and `-c/b` when b dominates, else `+-sqrt(-c/a)`.
fn quadratic_grows(a: &Expr, b: &Expr, c: &Expr, facts: &Facts) -> Result<bool, Stop> {
    let kappa = Expr::kappa();
    if !a.contains(&kappa) && !b.contains(&kappa) {
        // A bounded b moves the roots by a bounded amount, whatever its sign.
        return lead(c, facts)?
            .map_or(Ok(false), |c| Ok(!c.positive && exponent_sign(c.exponent, facts)?.is(Sign::POSITIVE)));
    }
    let Some(a) = lead(a, facts)? else { return Ok(false) };
    let b = lead(b, facts)?;
    let Some(c) = lead(c, facts)? else {
        return b.map_or(Ok(false), |b| {
            Ok(!b.positive && exponent_sign(b.exponent - a.exponent, facts)?.is(Sign::POSITIVE))
        });
    };
    let c_grows = exponent_sign(c.exponent.clone() - a.exponent.clone(), facts)?.is(Sign::POSITIVE);
    let Some(b) = b else { return Ok(!c.positive && c_grows) };
    let b_grows = exponent_sign(b.exponent.clone() - a.exponent.clone(), facts)?.is(Sign::POSITIVE);
    let b_dominates = exponent_sign(Expr::int(2) * b.exponent.clone() - a.exponent - c.exponent.clone(), facts)?;
    if !b.positive && b_grows {
        return Ok(true);
    }
    if c.positive {
        return Ok(false);
    }
    if b.positive && b_dominates.is(Sign::POSITIVE) {
        // The growing root is -c/b.
        return Ok(exponent_sign(c.exponent - b.exponent, facts)?.is(Sign::POSITIVE));
    }
    Ok(c_grows)
}

/// Does some root have a negative real part for large `kappa`?
fn has_decaying_root(piece: &Piece, facts: &Facts) -> Result<bool, Stop> {
    Ok(match piece {
        Piece::Linear { numerator, denominator } => {
            lead(&real_lambda(numerator, denominator).0, facts)?.is_some_and(|l| l.positive)
        }
        Piece::Power { .. } | Piece::Polynomial { .. } => true,
        Piece::Quadratic { b, c, .. } => {
            lead(c, facts)?.is_some_and(|l| !l.positive) || lead(b, facts)?.is_some_and(|l| l.positive)
        }
    })
}

/// `Re lambda` as a fraction with a positive denominator: `(Re(n conj d), |d|^2)`.
pub fn real_lambda(numerator: &Expr, denominator: &Expr) -> (Expr, Expr) {
    let ((nr, ni), (dr, di)) = (numerator.real_and_imaginary(), denominator.real_and_imaginary());
    let re = nr * dr.clone() + ni * di.clone();
    (re.expand(), (dr.powi(2) + di.powi(2)).expand())
}

/// `Im lambda` times the same denominator: `Im(n conj d)`.
pub fn imaginary_lambda(numerator: &Expr, denominator: &Expr) -> Expr {
    let ((nr, ni), (dr, di)) = (numerator.real_and_imaginary(), denominator.real_and_imaginary());
    (ni * dr - nr * di).expand()
}
