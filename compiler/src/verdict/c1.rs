//! C1: a positive, well-behaved density in every dimension, at every time.
//!
//! In:   a candidate branch in one case.
//! Out:  yes with a Bernstein proof; conditional with the region or the atom; no with a witness and a reason that covers
//!       all admitted parameters.
//! Holds: for a real lambda, C1 is equivalent to `lambda - lambda(0)` being Bernstein (Schoenberg 1938).
//! Source: Schilling, Song, Vondracek, Bernstein Functions, Thm. 3.2, Ch. 13; Bernstein functions grow at most linearly.

use super::Answer;
use super::bernstein;
use super::cases::Outcome;
use super::certificate::{Node, Proof};
use super::kernel;
use super::real_roots;
use super::refutation;
use super::wave;
use super::witness;
use crate::dispersion::Problem;
use crate::dispersion::pieces::{Piece, unreadable};
use crate::dispersion::select::{Candidate, Which, imaginary_lambda};
use crate::expr::{Expr, Facts, KappaSum, Range, Sign, Stop};

/// Derivatives up to this order are searched for a wrong sign.
const HIGHEST_DERIVATIVE: u32 = 4;
/// The same for a root whose derivatives are known to change sign.
const HIGHEST_DERIVATIVE_OF_A_ROOT: u32 = 6;

/// Decides C1 for one candidate.
pub(super) fn decide(candidate: &Candidate, problem: Problem, facts: &Facts) -> Result<Outcome, Stop> {
    let lambda = candidate.lambda(facts);
    match &candidate.piece {
        Piece::Linear { numerator, denominator } => linear(numerator, denominator, &lambda, facts),
        Piece::Quadratic { a, b, c } => {
            let slow = candidate.which == Which::Slow;
            quadratic(a, b, c, &lambda, problem, facts, slow)
        }
        Piece::Power { order, modulus, negative } if candidate.which == Which::DecayingPair => Ok(Outcome::no(
            "what decays is a complex pair for every kappa > 0, so the kernel oscillates in high dimension",
            witness::oscillation(&lambda, facts),
        )
        .proved_by(refutation::no_real_root(*order, modulus, *negative, facts))),
        Piece::Power { order, modulus, .. } => power(*order, modulus, &lambda, facts),
        Piece::Polynomial { coefficients } => real_roots::c1(coefficients, problem, facts),
    }
}

pub(super) fn sum(e: &Expr) -> Result<KappaSum, Stop> {
    KappaSum::read(e).ok_or_else(|| unreadable(e))
}

/// A kernel value is the plainest witness; a derivative of the wrong sign serves every other lambda.
fn refuted(reason: &str, lambda: &Expr, facts: &Facts) -> Outcome {
    let witness = kernel::negative(lambda, facts);
    Outcome::no(reason, witness.or_else(|| witness::derivative(lambda, facts, HIGHEST_DERIVATIVE)))
}

/// A Bernstein proof by composition, or undecided with the missing lemma.
fn by_composition(lambda: &Expr, facts: &Facts) -> Result<Outcome, Stop> {
    match bernstein::prove_up_to_constant(lambda, facts) {
        Ok((constant, tree)) => proved(lambda, constant, tree, facts),
        Err(Stop::Undecided(why)) => {
            let witness = witness::derivative(lambda, facts, HIGHEST_DERIVATIVE);
            match witness {
                // Without parameters one witness settles it.
                Some(w) if lambda.symbols().is_empty() => {
                    Ok(Outcome::no("a derivative of lambda has the wrong sign, so it is not Bernstein", Some(w)))
                }
                witness => Ok(Outcome { witness, ..Outcome::undecided(why) }),
            }
        }
        Err(need) => Err(need),
    }
}

pub(super) fn proved(lambda: &Expr, constant: Expr, tree: Node, facts: &Facts) -> Result<Outcome, Stop> {
    let bounded = !bernstein::unbounded(&tree, facts)?;
    let reason = describe(&tree);
    let proof = Proof::Bernstein { lambda: lambda.clone(), constant, bounded, tree };
    if bounded {
        let note = "atom: a delta of weight exp(-t lambda(inf)) stays at the data points; smooth data, or the rest alone, \
                    have a positive density";
        let mut outcome = Outcome::conditional(note, format!("{reason}, but bounded: part of the mass never moves"));
        outcome.proof = Some(proof);
        return Ok(outcome);
    }
    Ok(Outcome::yes(reason, proof))
}

fn describe(tree: &Node) -> String {
    format!(
        "lambda - lambda(0) is a Bernstein function of kappa: {} ({}), so exp(-t lambda) is positive definite in every \
         dimension (Schoenberg 1938)",
        tree.function, tree.because
    )
}

/// First order in time: `lambda = n/d`.
fn linear(n: &Expr, d: &Expr, lambda: &Expr, facts: &Facts) -> Result<Outcome, Stop> {
    if let Some(outcome) = complex(n, d, lambda, facts)? {
        return Ok(outcome);
    }
    if !lambda.contains(&Expr::kappa()) {
        let note = "atom: the kernel is a delta; p is well behaved for smooth data";
        let outcome = Outcome::conditional(note, "lambda does not depend on kappa: nothing spreads");
        let (lambda, constant) = (lambda.clone(), lambda.clone());
        let tree = bernstein::prove(&Expr::zero(), facts)?;
        return Ok(outcome.proved_by(Some(Proof::Bernstein { lambda, constant, bounded: true, tree })));
    }
    let kappa = Expr::kappa();
    if !d.contains(&kappa) || !(lambda.any(&|e| matches!(e, Expr::Pow(b, _) if matches!(**b, Expr::Add(_))))) {
        return power_sum(lambda, facts);
    }
    fraction(n, d, lambda, facts)
}

/// An imaginary part that depends on kappa settles C1; a constant one is undecided.
fn complex(n: &Expr, d: &Expr, lambda: &Expr, facts: &Facts) -> Result<Option<Outcome>, Stop> {
    let im = sum(&imaginary_lambda(n, d))?.live(facts);
    if im.terms.is_empty() {
        return Ok(None);
    }
    for (exponent, c) in &im.terms {
        if !facts.sign(c).is(Sign::NONZERO) {
            return Err(Stop::Need(c.clone()));
        }
        if !exponent.is_zero() || d.contains(&Expr::kappa()) {
            let reason = "lambda is complex for every kappa > 0 (up to isolated points): modes interfere and the density \
                          |phi|^2 has zeros";
            let proof = refutation::complex(n, d, facts);
            return Ok(Some(Outcome::no(reason, witness::oscillation(lambda, facts)).proved_by(proof)));
        }
    }
    Err(Stop::Undecided("a common oscillation exp(-i omega_0 t) of all modes".to_owned()))
}

/// `lambda = sum of c kappa^a`.
fn power_sum(lambda: &Expr, facts: &Facts) -> Result<Outcome, Stop> {
    let whole = sum(lambda)?;
    let moving = KappaSum { terms: whole.terms.iter().filter(|(x, _)| !x.is_zero()).cloned().collect() };
    let growth = |at_infinity| refutation::growth(lambda, &whole, 1, at_infinity, facts);
    if let [(exponent, c)] = moving.terms.as_slice()
        && facts.sign(c).is(Sign::POSITIVE)
        && facts.sign(&(Expr::one() - exponent.clone())).is(Sign::NEGATIVE)
    {
        let mut reason = format!(
            "lambda - lambda(0) = {} grows faster than kappa, and its second derivative is positive at every kappa; \
             Bernstein functions are concave",
            moving.expr()
        );
        if let Some(radii) = kernel::first_negative_radii(exponent, c) {
            reason.push_str(&format!("; the kernel turns negative at {radii}"));
        }
        return Ok(refuted(&reason, lambda, facts).proved_by(growth(true)));
    }
    // Coefficients and exponents that are all of the good kind need no ordering of the exponents.
    let all_good = moving.terms.iter().all(|(x, c)| {
        let room = facts.sign(&(Expr::one() - x.clone()).expand());
        facts.sign(x).is(Sign::POSITIVE) && room.is(Sign::NONNEGATIVE) && facts.sign(c).is(Sign::NONNEGATIVE)
    });
    if !all_good && moving.terms.len() > 1 || single_is_negative(&moving, facts) {
        let Some((exponent, c)) = moving.leading(facts)? else { return by_composition(lambda, facts) };
        if facts.sign(&c).is(Sign::NEGATIVE) {
            let reason = "lambda -> -inf as kappa -> inf: the modes grow without bound";
            return Ok(refuted(reason, lambda, facts).proved_by(growth(true)));
        }
        let room = (Expr::one() - exponent).expand();
        let sign = facts.sign(&room);
        if sign.is(Sign::NEGATIVE) {
            let reason = "lambda grows faster than kappa; Bernstein functions grow at most linearly (for polynomials this is \
                          Marcinkiewicz's theorem)";
            return Ok(refuted(reason, lambda, facts).proved_by(growth(true)));
        }
        if !sign.is(Sign::NONNEGATIVE) {
            return Err(Stop::Need(room));
        }
        if let Some((_, low)) = moving.lowest(facts)?
            && facts.sign(&low).is(Sign::NEGATIVE)
        {
            let reason = "lambda falls below lambda(0) near kappa = 0";
            return Ok(refuted(reason, lambda, facts).proved_by(growth(false)));
        }
    }
    by_composition(&strip_zero(lambda, facts), facts)
}

fn single_is_negative(moving: &KappaSum, facts: &Facts) -> bool {
    matches!(moving.terms.as_slice(), [(_, c)] if facts.sign(c).is(Sign::NEGATIVE))
}

/// Drops terms whose coefficient is known to vanish.
fn strip_zero(lambda: &Expr, facts: &Facts) -> Expr {
    sum(lambda).map_or_else(|_| lambda.clone(), |s| s.live(facts).expr())
}

/// `n/d` with `d = g kappa + h`: divide, `q1 kappa + q0 + r/d`.
fn fraction(n: &Expr, d: &Expr, lambda: &Expr, facts: &Facts) -> Result<Outcome, Stop> {
    let (top, below) = (sum(n)?, sum(d)?);
    let degree = |s: &KappaSum| s.terms.iter().map(|(x, _)| x.as_int().filter(|n| *n >= 0)).collect::<Option<Vec<_>>>();
    let coefficient = |s: &KappaSum, n: i64| {
        s.terms.iter().find(|(x, _)| x.as_int() == Some(n)).map_or_else(Expr::zero, |(_, c)| c.clone())
    };
    match (degree(&top), degree(&below)) {
        (Some(t), Some(b)) if t.iter().max() <= Some(&2) && b.iter().max() == Some(&1) => {}
        _ => return by_composition(lambda, facts),
    }
    let (g, h) = (coefficient(&below, 1), coefficient(&below, 0));
    let signs = [&g, &h].map(|e| facts.sign(e));
    for (e, sign) in [&g, &h].into_iter().zip(signs) {
        if sign.is(Sign::ANY) && sign.each().len() > 1 {
            return Err(Stop::Need(e.clone()));
        }
    }
    match signs {
        [Sign::POSITIVE, Sign::POSITIVE] => {}
        [Sign::NEGATIVE, Sign::NEGATIVE] => return fraction(&-n.clone(), &-d.clone(), lambda, facts),
        [Sign::POSITIVE, Sign::NEGATIVE] | [Sign::NEGATIVE, Sign::POSITIVE] => return pole(n, &g, &h, lambda, facts),
        _ => return Err(Stop::Undecided(format!("lambda is singular: {d} vanishes at some kappa >= 0"))),
    }
    let q1 = (coefficient(&top, 2) / g.clone()).expand();
    let q0 = ((coefficient(&top, 1) - q1.clone() * h.clone()) / g.clone()).expand();
    let r = (coefficient(&top, 0) - q0.clone() * h.clone()).expand();
    for (e, reason) in [
        (q1.clone(), "lambda -> -inf as kappa -> inf: the modes grow without bound"),
        (-r.clone(), "the residue of lambda at its pole has the wrong sign, so lambda falls or is convex"),
    ] {
        let sign = facts.sign(&e);
        if sign.is(Sign::NEGATIVE) {
            return Ok(refuted(reason, lambda, facts));
        } else if !sign.is(Sign::NONNEGATIVE) {
            return Err(Stop::Need(e));
        }
    }
    let kappa = Expr::kappa();
    let shift = (h.clone() / g).expand();
    let saturating = (-r.clone() / h.clone()).expand() * kappa.clone() / (kappa.clone() + shift);
    let f = q1 * kappa + saturating;
    let constant = (q0 + r / h).expand();
    let tree = bernstein::prove(&f, facts)?;
    proved(lambda, constant, tree, facts)
}

/// `n/(g kappa + h)` with a pole at `kappa = -h/g > 0`, where n does not vanish.
fn pole(n: &Expr, g: &Expr, h: &Expr, lambda: &Expr, facts: &Facts) -> Result<Outcome, Stop> {
    let place = (-h.clone() / g.clone()).expand();
    let there = n.substitute(&Expr::kappa(), &place).expand();
    let sign = facts.sign(&there);
    if sign.is(Sign::NONZERO) {
        let reason = format!(
            "lambda has a pole at k = {}: on one side of it lambda -> -inf, and the modes grow without bound",
            place.root(facts)
        );
        return Ok(refuted(&reason, lambda, facts));
    }
    Err(if sign.is(Sign::ZERO) {
        Stop::Undecided(format!("lambda has no value at kappa = {place}"))
    } else {
        Stop::Need(there)
    })
}

/// `lambda = modulus^(1/order)`, the one real root that decays; `s - lambda` divides the symbol, whatever the other
/// roots are.
fn power(order: u32, modulus: &Expr, lambda: &Expr, facts: &Facts) -> Result<Outcome, Stop> {
    let whole = sum(modulus)?;
    if let Some((exponent, _)) = whole.leading(facts)? {
        let room = (Expr::int(i64::from(order)) - exponent).expand();
        let sign = facts.sign(&room);
        if sign.is(Sign::NEGATIVE) {
            let reason = "lambda grows faster than kappa; Bernstein functions grow at most linearly";
            let proof = refutation::growth(lambda, &whole, order, true, facts);
            return Ok(refuted(reason, lambda, facts).proved_by(proof));
        }
        if !sign.is(Sign::NONNEGATIVE) {
            return Err(Stop::Need(room));
        }
    }
    by_composition(lambda, facts)
}

fn quadratic(
    a: &Expr,
    b: &Expr,
    c: &Expr,
    lambda: &Expr,
    problem: Problem,
    facts: &Facts,
    slow: bool,
) -> Result<Outcome, Stop> {
    let discriminant = sum(&Piece::discriminant(a, b, c))?;
    let range = discriminant.range(facts)?;
    match &range {
        Range::Negative => {
            let reason = "lambda is not real for any kappa > 0: every mode oscillates, so the density changes sign";
            let proof = refutation::complex_pair(a, b, c, facts);
            return Ok(Outcome::no(reason, witness::oscillation(lambda, facts)).proved_by(proof));
        }
        Range::Changes { zeros, .. } if zeros.iter().any(|(_, flips)| *flips) => {
            return wave::partly_real(a, b, c, &range, lambda, problem, facts);
        }
        _ => {}
    }
    if problem == Problem::FreeBoundary
        && !b.contains(&Expr::kappa())
        && !a.contains(&Expr::kappa())
        && let Some(reason) = root_not_bernstein(&discriminant, facts)?
    {
        let middle = (b.clone() / (Expr::int(2) * a.clone())).expand();
        return Ok(refuted(&reason, lambda, facts).proved_by(refutation::root(lambda, &middle, facts)));
    }
    let found = by_composition(lambda, facts);
    match found {
        Ok(Outcome { answer: Answer::Undecided, .. }) => {}
        settled => return settled,
    }
    let linear = !a.contains(&Expr::kappa()) && sum(b)?.terms.iter().all(|(x, _)| matches!(x.as_int(), Some(0 | 1)));
    let Some(zeros) = zeros_of_quadratic(&discriminant.live(facts), facts).filter(|_| linear) else { return found };
    let sign = facts.sign(&zeros);
    if sign.is(Sign::NEGATIVE) {
        let reason = "lambda has complex branch points, so its weight as a Levy-Khintchine integral is a multiple of the Bessel function \
                      J_1, which changes sign";
        let witness = witness::derivative(lambda, facts, HIGHEST_DERIVATIVE_OF_A_ROOT);
        let coefficients = vec![c.clone(), b.clone(), a.clone()];
        return Ok(Outcome::no(reason, witness).proved_by(Some(Proof::ComplexBranchPoints { coefficients, zeros })));
    }
    if sign.is(Sign::POSITIVE) && slow {
        // `linear - sqrt(D)`, where the zeros of D are negative, so that its root is concave.
        return Ok(refuted(
            "the second derivative of lambda is positive at every kappa; Bernstein functions are concave",
            lambda,
            facts,
        ));
    }
    if sign.is(Sign::ANY) && sign.each().len() > 1 { Err(Stop::Need(zeros)) } else { found }
}

/// The discriminant of a polynomial of second degree in kappa with a positive leading coefficient: negative where its zeros are complex.
pub(super) fn zeros_of_quadratic(d: &KappaSum, facts: &Facts) -> Option<Expr> {
    let exponents =
        d.terms.iter().map(|(x, _)| x.as_int().filter(|n| (0..=2).contains(n))).collect::<Option<Vec<_>>>()?;
    let coefficient = |n: i64| {
        let place = exponents.iter().position(|m| *m == n);
        place.map_or_else(Expr::zero, |i| d.terms[i].1.clone())
    };
    let [d0, d1, d2] = [0, 1, 2].map(coefficient);
    facts.sign(&d2).is(Sign::POSITIVE).then(|| (d1.powi(2) - Expr::int(4) * d0 * d2).expand())
}

/// Why `constant + sqrt(D)` is not Bernstein, when growth or the second derivative show it.
fn root_not_bernstein(d: &KappaSum, facts: &Facts) -> Result<Option<String>, Stop> {
    let Some((exponent, _)) = d.leading(facts)? else { return Ok(None) };
    let room = (Expr::int(2) - exponent).expand();
    let sign = facts.sign(&room);
    if sign.is(Sign::NEGATIVE) {
        return Ok(Some("lambda grows faster than kappa; Bernstein functions grow at most linearly".to_owned()));
    }
    if !sign.is(Sign::NONNEGATIVE) {
        return Err(Stop::Need(room));
    }
    let live = d.live(facts);
    let coefficient = |n: i64| live.terms.iter().find(|(x, _)| x.as_int() == Some(n)).map(|(_, c)| c.clone());
    if live.terms.iter().all(|(x, _)| matches!(x.as_int(), Some(0..=2)))
        && let Some(d2) = coefficient(2)
    {
        let (d1, d0) = (coefficient(1).unwrap_or_else(Expr::zero), coefficient(0).unwrap_or_else(Expr::zero));
        // The second derivative of sqrt(D) is (4 d0 d2 - d1^2) / (4 D^(3/2)) for a quadratic D.
        let bend = (Expr::int(4) * d0 * d2 - d1.powi(2)).expand();
        let sign = facts.sign(&bend);
        if sign.is(Sign::POSITIVE) {
            return Ok(Some(
                "the second derivative of lambda is positive at every kappa; Bernstein functions are concave"
                    .to_owned(),
            ));
        }
        if !sign.is(Sign::NONPOSITIVE) {
            return Err(Stop::Need(bend));
        }
    }
    Ok(None)
}
