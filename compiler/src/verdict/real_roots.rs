//! C1 for roots without closed form: which of them are real, and whether one of those is a Bernstein function.
//!
//! In:   the coefficients of P by powers of s, numbers and powers of kappa.
//! Out:  yes when kappa is a polynomial of lambda with real critical points; no when no root is real, or when each real one has
//!       a derivative of the wrong sign at its start; else open.
//! Holds: counts of real roots are exact between the zeros of the discriminant.
//! Source: for yes: the inverse of such a polynomial maps the upper half-plane into itself, so it is complete Bernstein
//!       (Schilling, Song, Vondracek, Bernstein Functions, Thm. 6.2).

use super::bernstein;
use super::c1;
use super::c2::sum;
use super::cases::Outcome;
use super::certificate::{Proof, Start};
use super::count::{at, rational_roots};
use crate::dispersion::pieces::Piece;
use crate::dispersion::{Problem, quadratic_parts};
use crate::expr::{
    Expr, Facts, HIGHEST_ORDER, HalfLine, KappaSum, Rational, Sign, Stop, Sturm, Surd, discriminant, negative_zeros,
    rational, real_zeros, shifted, squarefree,
};
use num_traits::Zero;

/// Terms of the expansion at `kappa = 0` that are searched for a wrong sign.
const HIGHEST_TERM: usize = 6;

/// Decides C1 for a polynomial of order at least 3.
pub(super) fn c1(coefficients: &[Expr], problem: Problem, facts: &Facts) -> Result<Outcome, Stop> {
    let order = coefficients.len() - 1;
    if let Some(outcome) = biquadratic(coefficients, facts) {
        return Ok(outcome);
    }
    if order > HIGHEST_ORDER || coefficients.iter().any(|c| !c.symbols().is_empty()) {
        let why = "whether a root without closed form is a Bernstein function, with these parameters";
        return Err(Stop::Undecided(why.to_owned()));
    }
    if let Some(outcome) = inverse(coefficients, facts) {
        return Ok(outcome);
    }
    let decaying = problem == Problem::FreeBoundary;
    let mut functions = vec![sum(&discriminant(coefficients))?];
    if functions[0].terms.is_empty() {
        return Err(Stop::Undecided("whether roots that meet at every k are real".to_owned()));
    }
    if decaying {
        functions.push(sum(&coefficients[0])?);
    }
    let line = HalfLine::cut(&functions, facts)?;
    let count = |kappa: &Rational| {
        let p = at(coefficients, kappa)?;
        Some(if decaying { negative_zeros(&p) } else { real_zeros(&p) })
    };
    let counts: Option<Vec<usize>> = line.samples.iter().map(count).collect();
    let counts =
        counts.filter(|c| !c.is_empty()).ok_or_else(|| Stop::Undecided("the number of real roots".to_owned()))?;
    let what = if decaying { "real root that decays" } else { "real root" };
    let proof = |starts| Proof::RealRoots {
        coefficients: coefficients.to_vec(),
        decaying,
        samples: line.samples.clone(),
        starts,
    };
    if counts.iter().all(|n| *n == 0) {
        // With a zero of P(0, kappa) a root that grows could turn into one that decays only by passing 0.
        let reason = format!(
            "no kappa > 0 has a {what} (but for single points): every mode oscillates, so the density changes sign"
        );
        return Ok(Outcome::no(reason, None).proved_by(Some(proof(Vec::new()))));
    }
    if !line.zeros.is_empty() {
        return Err(Stop::Undecided(format!(
            "lambda of a {what} that exists on part of the k axis only: whether a limit of parameters is Bernstein"
        )));
    }
    match refuted_starts(coefficients, decaying) {
        Some(starts) if starts.len() == counts[0] => {
            let words: Vec<String> = starts.iter().map(Start::describe).collect();
            let reason = format!(
                "the only real lambda (one for each {what}) is not Bernstein: {}; where all lambda are complex every mode \
                 oscillates",
                words.join(", ")
            );
            Ok(Outcome::no(reason, None).proved_by(Some(proof(starts))))
        }
        _ => Err(Stop::Undecided(format!(
            "whether a {what} of P(s, kappa), which has no closed form here, is a Bernstein function"
        ))),
    }
}

/// The real roots that start at a simple rational root of `P(s, 0)`, each with a derivative at 0 that no Bernstein function
/// has; none when one lacks it.
fn refuted_starts(coefficients: &[Expr], decaying: bool) -> Option<Vec<Start>> {
    let whole =
        |c: &Expr| KappaSum::read(c).is_some_and(|s| s.terms.iter().all(|(x, _)| x.as_int().is_some_and(|n| n >= 0)));
    if !coefficients.iter().all(whole) {
        return None;
    }
    let (roots, _) = rational_roots(at(coefficients, &Rational::zero())?);
    let mut starts = Vec::new();
    for level in roots {
        let Some(terms) = expansion(&shifted(coefficients, &level), HIGHEST_TERM) else { continue };
        let sign = Surd::read(&level)?.sign();
        if decaying && !(sign == Sign::NEGATIVE || (sign == Sign::ZERO && terms[1].is_negative())) {
            continue;
        }
        let order = (1..=HIGHEST_TERM).find(|n| wrong_sign(*n, &terms[*n]))?;
        starts.push(Start { level, order: order as u32 });
    }
    Some(starts)
}

/// Has `lambda = -s` a derivative of order n at 0 that no Bernstein function has, when `s = ... + term kappa^n`?
fn wrong_sign(n: usize, term: &Surd) -> bool {
    if n % 2 == 1 { term.is_positive() } else { term.is_negative() }
}

/// `y = sum terms kappa^n` of the simple root `y = 0` at `kappa = 0`; none when it is not simple.
fn expansion(about: &[Expr], highest: usize) -> Option<Vec<Surd>> {
    let slope = at(about, &Rational::zero())?.get(1).filter(|c| !c.is_zero())?.recip();
    let mut terms = vec![Surd::zero()];
    let mut y = Expr::zero();
    for n in 1..=highest {
        let residual = about.iter().rev().fold(Expr::zero(), |v, c| (v * y.clone() + c.clone()).expand());
        let residual = KappaSum::read(&residual)?.terms;
        let here =
            residual.iter().find(|(x, _)| x.as_int() == Some(n as i64)).map_or_else(Expr::zero, |(_, c)| c.clone());
        let term = -(Surd::read(&here)? * slope.clone());
        y = y + term.expr() * Expr::kappa().powi(n as i64);
        terms.push(term);
    }
    Some(terms)
}

/// `a s^4 + b s^2 + c` has the real root `-sqrt((sqrt(b^2 - 4 a c) - b)/(2 a))` where that is a Bernstein function.
pub(super) fn biquadratic(coefficients: &[Expr], facts: &Facts) -> Option<Outcome> {
    let [c, b, a] = Piece::biquadratic(coefficients)?;
    let (middle, half) = quadratic_parts(a, b, c, facts);
    let lambda = (middle + half).expand().sqrt();
    if !lambda.contains(&Expr::kappa()) {
        return None;
    }
    let (constant, tree) = bernstein::prove_up_to_constant(&lambda, facts).ok()?;
    c1::proved(&lambda, constant, tree, facts).ok()
}

/// `kappa^x = q(lambda)` with a polynomial q whose critical points are real and none beyond its largest zero: there lambda
/// is complete Bernstein in `kappa^x`.
pub(super) fn inverse(coefficients: &[Expr], facts: &Facts) -> Option<Outcome> {
    let split = split(coefficients, facts)?;
    let reason = "lambda is the inverse of a polynomial whose critical points are real and lie below it, so it is a complete \
                  Bernstein function, which rises: it maps the upper half-plane into itself";
    Some(Outcome::yes(reason, Proof::Inverse { coefficients: coefficients.to_vec(), split }))
}

/// A number between the least root at `kappa = 0` and the critical points.
fn split(coefficients: &[Expr], facts: &Facts) -> Option<Rational> {
    let order = coefficients.len() - 1;
    let constant = sum(&coefficients[0]).ok()?;
    let (moving, _): (Vec<_>, Vec<_>) = constant.terms.iter().partition(|(x, _)| !x.is_zero());
    let [(x, c)] = moving.as_slice() else { return None };
    let room =
        facts.sign(&(Expr::one() - x.clone()).expand()).is(Sign::NONNEGATIVE) && facts.sign(x).is(Sign::POSITIVE);
    let falls = if order % 2 == 1 { Sign::POSITIVE } else { Sign::NEGATIVE };
    let fixed = coefficients[1..].iter().all(|c| !c.contains(&Expr::kappa()));
    if !room || !fixed || !facts.sign(c).is(falls) {
        return None;
    }
    let start = at(coefficients, &Rational::zero())?;
    let slope: Vec<Surd> = start.iter().enumerate().skip(1).map(|(n, c)| c.scaled(&rational(n as i64, 1))).collect();
    if real_zeros(&slope) != order - 1 {
        return None;
    }
    let about = |p: &[Surd], r: &Rational| {
        let p: Vec<Expr> = p.iter().map(Surd::expr).collect();
        at(&shifted(&p, &Expr::Num(r.clone())), &Rational::zero())
    };
    // No critical point below it, and a root at or below it: P has another sign far below.
    let fits = |r: &Rational| {
        let passed = if order % 2 == 1 { Sign::NONNEGATIVE } else { Sign::NONPOSITIVE };
        about(&start, r).is_some_and(|p| p[0].sign().is(passed))
            && about(&slope, r).is_some_and(|q| negative_zeros(&q) == 0)
    };
    let mut candidates = vec![Rational::zero()];
    let turned: Vec<Surd> =
        slope.iter().enumerate().map(|(n, c)| c.scaled(&rational(if n % 2 == 1 { -1 } else { 1 }, 1))).collect();
    candidates.extend(Sturm::new(&squarefree(&turned)).positive_zeros().into_iter().map(|z| -z.high));
    candidates.extend(Sturm::new(&squarefree(&slope)).positive_zeros().into_iter().map(|z| z.low));
    candidates.into_iter().find(fits)
}
