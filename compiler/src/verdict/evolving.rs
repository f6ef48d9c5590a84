//! C1 and C2 where coefficients depend on t, or on x through a linear drift.
//!
//! In:   the evolution and the coefficients in its frame and clock, in one case.
//! Out:  the answers of the usual rules with `t > 0` as one more parameter, where they carry over to `exp(-int_0^t lambda)`.
//! Holds: lambda is integrable at `t = 0`. A yes at every time is a yes: the kernel is a convolution of positive kernels, its
//!       exponent an integral of Bernstein functions. A no carries over with a proof whose sign is that of the integral, and
//!       always when only a clock depends on t. C2 is about the wave numbers of the frame.
//! Source: as for constant coefficients; for the Bessel operator Grosswald (Z. Wahrscheinlichkeitstheorie 36, 1976) and Ismail
//!       (Ann. Probab. 5, 1977).

use super::bernstein;
use super::cases::{self, Outcome, Situation};
use super::certificate::{Node, Rule, SideCondition, Which};
use super::judge::Judge;
use super::{Answer, Condition, c1};
use crate::dispersion::frame::{decaying, elliptic, order_at_zero};
use crate::dispersion::{Evolution, Timing};
use crate::expr::{Expr, Facts, Func, Sign, Stop, Var};
use std::cell::Cell;

/// Decides one condition; its cases assume `t > 0` first.
pub(super) fn decide(
    evolution: &Evolution,
    drift: Option<&Expr>,
    situation: &Situation,
    which: Which,
    judge: &Judge,
) -> Condition {
    let decided = Cell::new(false);
    let decide = |s: &Situation| {
        let starts = drift.map_or(Ok(()), |c| integrable(c, &s.facts));
        let outcome =
            starts.and_then(|()| outcome(evolution, s, which, judge)).map_err(|stop| timeless(stop, &s.facts));
        let answered = outcome.as_ref().is_ok_and(|o| o.answer != Answer::Undecided);
        decided.set(decided.get() || answered);
        outcome
    };
    let mut condition = cases::combine(&cases::split(situation, &decide), which, &situation.facts);
    let words = words(evolution);
    if decided.get() && !words.is_empty() {
        condition.reason = format!("{} ({words})", condition.reason);
    }
    if let Some(certificate) = &mut condition.certificate {
        for case in &mut certificate.cases {
            case.when.insert(0, SideCondition::new(Expr::Var(Var::Time), Sign::POSITIVE));
        }
    }
    condition
}

/// A sign that changes with t makes no case.
fn timeless(stop: Stop, facts: &Facts) -> Stop {
    match stop {
        Stop::Need(e) if facts.simplify_condition(&e).0.has_time() => {
            Stop::Undecided(format!("the sign of {e} for every t > 0 is not known"))
        }
        other => other,
    }
}

fn outcome(evolution: &Evolution, situation: &Situation, which: Which, judge: &Judge) -> Result<Outcome, Stop> {
    let facts = &situation.facts;
    match &evolution.timing {
        Timing::Separable { rate, offset } => {
            integrable(offset, facts)?;
            integrable(rate, facts)?;
            if !facts.sign(offset).is(Sign::ANY) {
                return Err(Stop::Undecided("a common oscillation exp(-i omega_0 t) of all modes".to_owned()));
            }
            runs_forward(rate, facts)?;
            judge.outcome(situation, which)
        }
        Timing::Mixed => {
            let [n, a] = situation.coefficients.as_slice() else {
                return Err(Stop::Undecided("the order in t changes with a parameter".to_owned()));
            };
            integrable(&(n.clone() / a.clone()), facts)?;
            Ok(at_every_time(judge.outcome(situation, which)?, which))
        }
        Timing::Bessel => bessel(situation, which),
    }
}

/// What the letters of a reason mean.
fn words(evolution: &Evolution) -> String {
    let mut parts = Vec::new();
    match &evolution.timing {
        Timing::Separable { rate, .. } if rate.is_one() => {}
        Timing::Separable { rate, .. } => {
            parts.push(format!("with the clock tau = int_0^t {} dt in the place of t", bracketed(rate)));
        }
        Timing::Mixed => parts.push("for every t > 0, hence for the integral of lambda from 0 to t".to_owned()),
        Timing::Bessel => parts.push("for every t > 0; a mode of the density is exp(-int_0^t lambda dt)".to_owned()),
    }
    if !evolution.stretch.is_zero() {
        let scale = Expr::call(Func::Exp, evolution.stretch.clone());
        parts.push(format!("k is the wave number in the co-moving frame y = x {scale}"));
    }
    parts.join("; ")
}

fn bracketed(e: &Expr) -> String {
    if matches!(e, Expr::Add(_)) { format!("({e})") } else { e.to_string() }
}

/// Does a mode start from its datum, `exp(-int_0^t lambda) -> 1` as `t -> 0`?
fn integrable(lambda: &Expr, facts: &Facts) -> Result<(), Stop> {
    for term in lambda.expand().expand().terms() {
        let Some(order) = order_at_zero(term, facts) else {
            return Err(Stop::Undecided(format!("whether {term} is integrable at t = 0")));
        };
        let room = (order + Expr::one()).expand();
        let sign = facts.sign(&room);
        if sign.is(Sign::NONPOSITIVE) {
            return Err(Stop::Undecided(format!(
                "{term} is not integrable at t = 0: modes change by an infinite factor or phase at once, so no density starts \
                 from data given there (data given at a later time would do)"
            )));
        }
        if !sign.is(Sign::POSITIVE) {
            return Err(Stop::Need(room));
        }
    }
    Ok(())
}

/// Is the rate of the clock positive for every `t > 0`?
fn runs_forward(rate: &Expr, facts: &Facts) -> Result<(), Stop> {
    if facts.sign(rate).is(Sign::POSITIVE) {
        return Ok(());
    }
    // A parameter whose sign would settle a term: `1 + s t` asks for that of s.
    for term in rate.terms() {
        let (clocks, constants): (Vec<Expr>, Vec<Expr>) = term.factors().iter().cloned().partition(Expr::has_time);
        let constant = Expr::mul(constants);
        let open = facts.sign(&constant).each().len() > 1 && facts.sign(&constant).is(Sign::ANY);
        if open && facts.sign(&Expr::mul(clocks)).is(Sign::POSITIVE) {
            return Err(Stop::Need(constant));
        }
    }
    Err(Stop::Undecided(format!(
        "whether {} for every t > 0: modes grow again while it is negative, so the sign of its integral from every earlier time is \
         needed",
        Sign::POSITIVE.describe(rate)
    )))
}

/// An answer that holds at every time, about the integral of lambda.
fn at_every_time(outcome: Outcome, which: Which) -> Outcome {
    // Numbers at one time refute nothing about the integral.
    let outcome = Outcome { witness: None, ..outcome };
    let carries = match outcome.answer {
        Answer::Yes | Answer::Undecided => true,
        Answer::No | Answer::Conditional => outcome.proof.is_some(),
    };
    if carries {
        return outcome;
    }
    let lemma = match which {
        Which::C1 => "lambda is not Bernstein at each time, which does not settle its integral over t",
        Which::C2 => {
            "Eq. 16 holds for wave numbers that change with t, which does not settle the integral of lambda over t"
        }
    };
    Outcome::undecided(format!("{lemma} (t and kappa do not separate)"))
}

/// `phi_tt + (d - 1)/t phi_t - M(kappa) phi = 0`.
fn bessel(situation: &Situation, which: Which) -> Result<Outcome, Stop> {
    let facts = &situation.facts;
    let time = Expr::Var(Var::Time);
    let [restoring, friction, _] = situation.coefficients.as_slice() else {
        return Err(Stop::Undecided("the order in t changes with a parameter".to_owned()));
    };
    let mass = (-restoring.clone()).expand();
    let dimension = (friction.clone() * time.clone() + Expr::one()).expand();
    let sign = facts.sign(&dimension);
    if sign.is(Sign::NONPOSITIVE) {
        return Err(Stop::Undecided(
            "the density of the decaying mode is infinite at t = 0 where phi_t has the coefficient (d - 1)/t with d <= 0, so it \
             starts from no data"
                .to_owned(),
        ));
    }
    if !sign.is(Sign::POSITIVE) {
        return Err(Stop::Need(dimension));
    }
    elliptic(&mass, facts)?;
    if !mass.contains(&Expr::kappa()) {
        return Err(Stop::Undecided(format!("M = {mass} does not depend on kappa: nothing spreads")));
    }
    let lambda = decaying(&mass, &dimension);
    let half = (dimension / Expr::int(2)).expand();
    let below = bernstein::prove(&mass, facts).map_err(|stop| match stop {
        Stop::Undecided(why) => Stop::Undecided(format!("M = {mass} is not known to be Bernstein: {why}")),
        need => need,
    })?;
    let tree = Node {
        rule: Rule::BesselRatio,
        function: lambda.clone(),
        side_conditions: [half, time].map(|e| SideCondition::new(e, Sign::POSITIVE)).to_vec(),
        complete: below.complete,
        children: vec![below],
        because: Rule::BesselRatio.because().to_owned(),
    };
    let outcome = c1::proved(&lambda, Expr::zero(), tree, facts)?;
    match (which, outcome.answer, outcome.proof) {
        (Which::C1, answer, proof) => Ok(Outcome { answer, proof, ..outcome }),
        (Which::C2, Answer::Yes, Some(proof)) => {
            Ok(Outcome::yes("lambda is Bernstein and unbounded in kappa at every t > 0, so it rises strictly", proof))
        }
        (Which::C2, ..) => Err(Stop::Undecided(format!("whether lambda rises strictly, where M = {mass} is bounded"))),
    }
}
