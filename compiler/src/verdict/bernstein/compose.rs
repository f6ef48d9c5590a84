//! The rules of the calculus: what follows for a function from what is known of its parts.
//!
//! In:   a term whose parts are known, and the facts about parameters.
//! Out:  the step that shows it Bernstein or completely monotone; else the sign that is needed, or the lemma that is missing.
//! Holds: sound by the theorem that each rule states; a failure says nothing about the function.

use super::analysis::{Fact, Kind, Known, Shown};
use super::language::{Graph, Term, has_kappa};
use super::products::{self, Factor};
use super::sums;
use crate::expr::{Enclosure, Expr, Facts, Sign, Stop};
use crate::verdict::certificate::{Rule, SideCondition};
use std::rc::Rc;

/// The fact about `f`, which is this term.
pub(super) fn compose(f: &Expr, term: &Term, graph: &Graph<'_>) -> Result<Fact, Stop> {
    let facts = graph.analysis.facts;
    let known = |id: &egg::Id| &graph[*id].data;
    if !has_kappa(f) {
        return leaf(f, facts);
    }
    let step = match term {
        Term::Sum(parts) => return sums::sum(f, &parts.iter().map(known).collect::<Vec<_>>(), facts),
        Term::Scale([c, g]) => return sums::scale(f, &known(c).form, known(g), facts),
        Term::Product(parts) => {
            products::product(f, &parts.iter().map(|p| Factor::of(graph, *p)).collect::<Vec<_>>(), facts)
        }
        Term::Power([g, a]) => products::power(f, known(g), &known(a).form, facts),
        Term::Mean(parts) => products::mean(f, &parts.iter().map(known).collect::<Vec<_>>(), facts),
        Term::Dual(g) => rising(complete(known(g))?).map(|g| step(Rule::Dual, f, vec![], vec![g], Kind::Rising)),
        Term::Log(g) => composable(known(g)).map(|g| {
            let kind = g.kind;
            step(Rule::Logarithm, f, vec![], vec![g], kind)
        }),
        Term::Exp(g) => rising(known(g).proof()?).map(|g| step(Rule::Decay, f, vec![], vec![g], Kind::Falling)),
        Term::Shift([g, c]) => {
            let side = require(&known(c).form, Sign::NONNEGATIVE, facts)?;
            let g = known(g).proof()?;
            let kind = g.kind;
            Ok(step(Rule::Shift, f, vec![side], vec![g], kind))
        }
        Term::Inverse(g) => {
            rising(complete(known(g))?).map(|g| step(Rule::Inversion, f, vec![], vec![g], Kind::Rising))
        }
        Term::Leaf(_) => Err(missing(f)),
    };
    Ok(fact(step?))
}

/// The fact about `kappa` or a constant; nothing is known of other leaves.
pub(super) fn leaf(e: &Expr, facts: &Facts) -> Result<Fact, Stop> {
    if *e == Expr::kappa() {
        return Ok(fact(step(Rule::Identity, e, vec![], vec![], Kind::Rising)));
    }
    if has_kappa(e) { Err(missing(e)) } else { Ok(fact(constant(e, facts)?)) }
}

/// A constant `c >= 0`.
pub(super) fn constant(c: &Expr, facts: &Facts) -> Result<Shown, Stop> {
    Ok(step(Rule::Constant, c, vec![require(c, Sign::NONNEGATIVE, facts)?], vec![], Kind::Constant))
}

pub(super) fn step(rule: Rule, f: &Expr, sides: Vec<SideCondition>, children: Vec<Rc<Shown>>, kind: Kind) -> Shown {
    Shown::new(rule, f.clone(), sides, children, kind)
}

pub(super) fn fact(step: Shown) -> Fact {
    Fact { step: Rc::new(step), minus: false }
}

/// The answer when no rule fits.
pub(super) fn missing(f: &Expr) -> Stop {
    Stop::Undecided(format!("no Bernstein rule fits {f}"))
}

/// The condition `e >= 0` (or `> 0`), when the facts grant it.
pub(super) fn require(e: &Expr, sign: Sign, facts: &Facts) -> Result<SideCondition, Stop> {
    let known = sign_of(e, facts);
    if known.is(sign) {
        Ok(SideCondition::new(e.clone(), sign))
    } else if known.is(Sign::ANY) && !known.and(sign).is(Sign::NONE) {
        Err(Stop::Need(e.clone()))
    } else if e.as_num().is_some() {
        Err(Stop::Undecided("no Bernstein rule fits: a coefficient has the wrong sign".to_owned()))
    } else {
        Err(Stop::Undecided(format!("a Bernstein rule needs {}", sign.describe(e))))
    }
}

/// The signs of an expression in parameters; roots of numbers are enclosed.
pub(super) fn sign_of(e: &Expr, facts: &Facts) -> Sign {
    let known = facts.sign(e);
    if known.each().len() < 2 || !e.symbols().is_empty() {
        return known;
    }
    Enclosure::of(e).map_or(known, Enclosure::sign)
}

/// The proof, when it says Bernstein.
pub(super) fn rising(proof: Rc<Shown>) -> Result<Rc<Shown>, Stop> {
    if proof.kind == Kind::Falling { Err(missing(&proof.function)) } else { Ok(proof) }
}

/// The proof, when it says complete Bernstein or Stieltjes.
pub(super) fn complete(g: &Known) -> Result<Rc<Shown>, Stop> {
    let proof = g.proof()?;
    if proof.complete {
        Ok(proof)
    } else {
        Err(Stop::Undecided(format!("{} is not known to be complete Bernstein", g.form)))
    }
}

/// A function after which a complete Bernstein function may stand.
pub(super) fn composable(g: &Known) -> Result<Rc<Shown>, Stop> {
    let proof = g.proof()?;
    if proof.kind == Kind::Falling && !proof.complete { Err(missing(&g.form)) } else { Ok(proof) }
}

/// The first attempt that succeeds; else the first sign that one of them needs, or why the first one failed.
pub(super) fn first(attempts: &[&dyn Fn() -> Result<Shown, Stop>]) -> Result<Shown, Stop> {
    let mut stop = None;
    for attempt in attempts {
        match (attempt(), &stop) {
            (Ok(step), _) => return Ok(step),
            (Err(need @ Stop::Need(_)), Some(Stop::Undecided(_)) | None) => stop = Some(need),
            (Err(other), None) => stop = Some(other),
            _ => {}
        }
    }
    Err(stop.unwrap_or_else(|| Stop::Undecided("no Bernstein rule fits".to_owned())))
}
