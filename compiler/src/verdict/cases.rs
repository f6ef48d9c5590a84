//! Case splits on the sign of a combination of parameters, and how their answers combine.
//!
//! In:   a decision procedure that stops with [`Stop::Need`] when it needs a sign the facts leave open.
//! Out:  one [`Condition`]: the common answer, or `conditional` with the exact condition in the user's letters.
//! Holds: the cases of a split exhaust the signs the facts admit; an undecided case makes the whole undecided, unless the
//!       others already make it conditional.

use super::certificate::{Case, Certificate, Proof, SideCondition, Which};
use super::formula::Formula;
use super::witness::Witness;
use super::{Answer, Condition};
use crate::checker::Known;
use crate::expr::{Expr, Facts, Rational, Sign, Stop};
use num_traits::{Signed, Zero};

/// Splits nested deeper than this end undecided.
const DEEPEST_SPLIT: usize = 6;

/// The decision of one condition in one case.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub answer: Answer,
    /// The region or other restriction of a conditional answer.
    pub note: Option<String>,
    pub reason: String,
    pub proof: Option<Proof>,
    pub witness: Option<Witness>,
}

impl Outcome {
    pub fn yes(reason: impl Into<String>, proof: Proof) -> Outcome {
        Outcome { answer: Answer::Yes, note: None, reason: reason.into(), proof: Some(proof), witness: None }
    }

    pub fn no(reason: impl Into<String>, witness: Option<Witness>) -> Outcome {
        Outcome { answer: Answer::No, note: None, reason: reason.into(), proof: None, witness }
    }

    /// With a proof, where there is one.
    pub fn proved_by(self, proof: Option<Proof>) -> Outcome {
        Outcome { proof, ..self }
    }

    pub fn conditional(note: impl Into<String>, reason: impl Into<String>) -> Outcome {
        let (note, reason) = (Some(note.into()), reason.into());
        Outcome { answer: Answer::Conditional, note, reason, proof: None, witness: None }
    }

    pub fn undecided(reason: impl Into<String>) -> Outcome {
        Outcome { answer: Answer::Undecided, note: None, reason: reason.into(), proof: None, witness: None }
    }

    fn of(stop: Stop) -> Outcome {
        match stop {
            Stop::Undecided(why) => Outcome::undecided(why),
            Stop::Need(e) => Outcome::undecided(format!("the sign of {e}")),
        }
    }
}

/// The symbol and what is known, in one case.
#[derive(Clone, Debug)]
pub(super) struct Situation {
    /// Coefficients of the symbol by powers of s; parameters that the case fixes are put in.
    pub coefficients: Vec<Expr>,
    pub facts: Facts,
    when: Vec<SideCondition>,
    /// The same assumptions as the checker of certificates has them: a case that it finds empty is none.
    known: Known,
}

impl Situation {
    pub fn new(coefficients: &[Expr], facts: &Facts) -> Situation {
        Situation {
            coefficients: coefficients.to_vec(),
            facts: facts.clone(),
            when: Vec::new(),
            known: Known::new(facts),
        }
    }

    /// The same symbol under the same facts, however it was reached?
    pub fn is_same(&self, other: &Situation) -> bool {
        self.coefficients == other.coefficients && self.facts == other.facts
    }

    fn assuming(&self, e: &Expr, sign: Sign) -> Situation {
        let mut next = self.clone();
        next.facts.assume(e, sign);
        let condition = SideCondition::new(e.clone(), sign);
        next.known = next.known.assuming(&condition);
        next.when.push(condition);
        if sign == Sign::ZERO
            && let Some((name, value)) = e.fixes(&|slope| self.facts.sign(slope).is(Sign::NONZERO))
        {
            let letter = Expr::Sym(name);
            next.coefficients = next.coefficients.iter().map(|c| c.substitute(&letter, &value).expand()).collect();
            while next.coefficients.last().is_some_and(Expr::is_zero) {
                next.coefficients.pop();
            }
        }
        next
    }
}

/// The answers, arranged by the signs they hang on.
pub(super) enum Tree {
    Leaf(Box<Outcome>, Vec<SideCondition>),
    Split(Expr, Vec<(Sign, Tree)>),
}

/// Runs `decide`, splitting whenever it needs a sign.
pub(super) fn split(situation: &Situation, decide: &dyn Fn(&Situation) -> Result<Outcome, Stop>) -> Tree {
    let leaf = |o| Tree::Leaf(Box::new(o), situation.when.clone());
    match decide(situation) {
        Ok(outcome) => leaf(outcome),
        Err(Stop::Need(e)) if situation.when.len() < DEEPEST_SPLIT => {
            let Some((simple, admitted)) = pivot(&e, &situation.facts, &situation.known) else {
                return leaf(Outcome::of(Stop::Need(e)));
            };
            let branches = admitted
                .each()
                .into_iter()
                .map(|sign| (sign, split(&situation.assuming(&simple, sign), decide)))
                .collect();
            Tree::Split(simple, branches)
        }
        Err(stop) => leaf(Outcome::of(stop)),
    }
}

/// The expression to split on when the sign of `e` is needed, and the signs that it may have: a factor of it whose sign is open.
fn pivot(e: &Expr, facts: &Facts, known: &Known) -> Option<(Expr, Sign)> {
    let open = |e: &Expr| facts.sign(e).is(Sign::ANY) && facts.sign(e).each().len() > 1;
    let rational = e.without_root(facts).filter(|_| has_roots(e)).unwrap_or_else(|| e.clone());
    let (simple, _) = facts.simplify_condition(&rational);
    let factor = simple.factors().iter().find(|f| f.as_num().is_none() && open(f)).cloned().unwrap_or(simple);
    let simple = under_powers(&factor, facts);
    let admitted = facts.sign(&simple).and(known.sign(&simple));
    (open(&simple) && !has_roots(&simple) && admitted != Sign::NONE).then_some((simple, admitted))
}

/// What stands under an even power or a root, when its sign is open: the sign of `eps` says more than that of `eps^2`.
fn under_powers(e: &Expr, facts: &Facts) -> Expr {
    let base = |factor: &Expr| match factor {
        Expr::Pow(b, x) if x.as_num().is_some_and(|r| r.is_positive() && (!r.is_integer() || is_even(r))) => {
            let base = under_powers(&facts.simplify_condition(b).0, facts);
            let open = facts.sign(&base);
            (open.is(Sign::ANY) && open.each().len() > 1 && !open.is(Sign::NONZERO)).then_some(base)
        }
        _ => None,
    };
    e.factors().iter().find_map(base).unwrap_or_else(|| e.clone())
}

fn is_even(r: &Rational) -> bool {
    (r.numer() % 2u8).is_zero()
}

fn has_roots(e: &Expr) -> bool {
    e.any(&|part| matches!(part, Expr::Pow(_, x) if x.as_int().is_none()))
}

/// The one answer to a condition.
pub(super) fn combine(tree: &Tree, which: Which, facts: &Facts) -> Condition {
    let leaves = leaves(tree);
    let count = |answer: Answer| leaves.iter().filter(|(o, _)| o.answer == answer).count();
    let mixed = count(Answer::Conditional) > 0 || (count(Answer::Yes) > 0 && count(Answer::No) > 0);
    let answer = if mixed {
        Answer::Conditional
    } else if count(Answer::Undecided) > 0 {
        Answer::Undecided
    } else if count(Answer::Yes) == leaves.len() {
        Answer::Yes
    } else if count(Answer::No) == leaves.len() {
        Answer::No
    } else {
        Answer::Conditional
    };
    let proved = leaves.iter().filter(|(o, _)| o.proof.is_some()).count();
    let useful = match answer {
        Answer::Yes | Answer::No => proved == leaves.len(),
        Answer::Conditional => proved > 0,
        Answer::Undecided => false,
    };
    let mut cases: Vec<Case> =
        leaves.iter().filter_map(|(o, when)| Some(Case { when: when.to_vec(), proof: o.proof.clone()? })).collect();
    if answer == Answer::Conditional && cases.iter().any(|case| !is_loose(case)) {
        cases.retain(|case| !is_loose(case));
    }
    Condition {
        answer,
        condition: (answer == Answer::Conditional).then(|| condition(tree, &leaves, facts)).flatten(),
        admits: if answer == Answer::Conditional { admitted(&leaves) } else { Vec::new() },
        reason: reason(tree, &leaves, facts),
        certificate: useful.then_some(Certificate { condition: which, cases }),
        witness: leaves.iter().find_map(|(o, when)| Some(o.witness.clone()?.in_case(when))),
        missing: leaves.iter().find(|(o, _)| o.answer == Answer::Undecided).map(|(o, _)| o.reason.clone()),
    }
}

/// Does it assume a relation between parameters that leaves all of them in the symbol? What is proved up to it reads back as proved
/// only where the relation can be put in.
fn is_loose(case: &Case) -> bool {
    case.when.iter().any(|c| c.sign == Sign::ZERO && c.expression.fixes(&|_| false).is_none())
}

/// The cases with the answer yes; without any, those that are conditional on something else than parameters. None if that is all.
fn admitted(leaves: &[(&Outcome, &[SideCondition])]) -> Vec<Vec<SideCondition>> {
    let with = |answer: Answer| -> Vec<Vec<SideCondition>> {
        leaves.iter().filter(|(o, _)| o.answer == answer).map(|(_, when)| when.to_vec()).collect()
    };
    let yes = with(Answer::Yes);
    let cases = if yes.is_empty() { with(Answer::Conditional) } else { yes };
    if cases.len() == leaves.len() {
        return Vec::new();
    }
    // Signs of one expression are one case: `q > 0` and `q = 0` are `q >= 0`.
    let one = |a: &SideCondition, case: &Vec<SideCondition>| match &case[..] {
        [b] if a.expression == b.expression => Some(SideCondition::new(a.expression.clone(), a.sign.or(b.sign))),
        _ => None,
    };
    match cases.split_first() {
        Some((first, others)) if first.len() == 1 => {
            let merged = others.iter().try_fold(first[0].clone(), |sum, case| one(&sum, case));
            merged.map_or(cases, |merged| vec![vec![merged]])
        }
        _ => cases,
    }
}

fn leaves(tree: &Tree) -> Vec<(&Outcome, &[SideCondition])> {
    match tree {
        Tree::Leaf(outcome, when) => vec![(outcome.as_ref(), when.as_slice())],
        Tree::Split(_, branches) => branches.iter().flat_map(|(_, t)| leaves(t)).collect(),
    }
}

fn condition(tree: &Tree, leaves: &[(&Outcome, &[SideCondition])], facts: &Facts) -> Option<String> {
    let mut notes: Vec<&str> = leaves.iter().filter_map(|(o, _)| o.note.as_deref()).collect();
    notes.sort_unstable();
    notes.dedup();
    let when = |good: &dyn Fn(&Outcome) -> bool| Formula::of(tree, facts, good).text();
    let partly = |note: &str| Some((when(&|o| o.note.as_deref() == Some(note))?, note.to_owned()));
    let text = match when(&|o| o.answer == Answer::Yes) {
        Some(whole) => {
            let extra: Vec<String> = notes.iter().filter_map(|n| partly(n)).map(|(f, n)| format!("{f}: {n}")).collect();
            Some(if extra.is_empty() { whole } else { format!("{whole} (for {})", extra.join("; for ")) })
        }
        _ => {
            let parts: Vec<String> = notes
                .iter()
                .map(|n| partly(n).map_or_else(|| (*n).to_owned(), |(f, n)| format!("{f}, and {n}")))
                .collect();
            (!parts.is_empty()).then(|| parts.join("; or "))
        }
    };
    match when(&|o| o.answer == Answer::Undecided) {
        Some(open) => text.map(|t| format!("{t} (not decided for {open})")),
        None => text,
    }
}

fn reason(tree: &Tree, leaves: &[(&Outcome, &[SideCondition])], facts: &Facts) -> String {
    let mut reasons: Vec<&str> = Vec::new();
    for (outcome, _) in leaves {
        if !reasons.contains(&outcome.reason.as_str()) {
            reasons.push(&outcome.reason);
        }
    }
    let line = |reason: &&str| {
        let when = Formula::of(tree, facts, &|o| o.reason == **reason).text();
        when.map_or_else(|| (*reason).to_owned(), |when| format!("{when}: {reason}"))
    };
    reasons.iter().map(line).collect::<Vec<_>>().join("; ")
}
