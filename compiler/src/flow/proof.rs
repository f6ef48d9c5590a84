//! Derivations: from egg's explanation to steps a reader follows, and a replay that does not need the e-graph.
//!
//! In:   the terms of `M L phi` and the flow chosen for each: a [`Recipe`].
//! Out:  [`Derivation`]: steps in the notation of equations, and beneath them the links of the machine derivation.
//! Holds: [`check_proof`] accepts only a chain of links, each an instance of the named rule at the named place with the
//!        needs of the rule met by the terms themselves, from `M L phi` to `(p, J, R)`.

use super::analysis::{FactAnalysis, Given, Known};
use super::language::{Atom, Node, copy, meaning, reading, root, sum_of, text};
use super::plan::stated;
use super::rules::{Answers, REWRITES, RULES, SIDES, rule};
use super::search::saturate;
use super::{Budget, DensityFlow, Derivation, ProofStep};
use crate::expr::Expr;
use crate::operator::Equation;
use egg::{ENodeOrVar, FlatTerm, Id, Language, PatternAst, RecExpr, Runner, Var};
use std::collections::BTreeMap;

/// One link of the machine derivation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    /// The rule.
    pub(crate) rule: String,
    /// Applied from left to right?
    pub(crate) forward: bool,
    /// Where: which child to descend into, from the root.
    pub(crate) path: Vec<usize>,
    /// The whole term after the link.
    pub(crate) after: RecExpr<Node>,
}

/// The machine derivation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Links {
    pub(crate) start: RecExpr<Node>,
    pub(crate) links: Vec<Link>,
    /// Is every field its own conjugate?
    pub(crate) real_fields: bool,
}

/// Why a derivation does not replay.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofFailure {
    /// The first term is not `M L phi`.
    #[error("the derivation starts from `{found}`, not from M L phi")]
    Start {
        /// The term it starts from.
        found: String,
    },
    /// A link is not an instance of its rule.
    #[error("link {index} of the derivation is not an instance of the rule `{rule}`")]
    Link {
        /// The position of the link, from 0.
        index: usize,
        /// The rule it names.
        rule: String,
    },
    /// The last term is not the stated form.
    #[error("the derivation ends in `{found}`, not in the stated p, J and R")]
    End {
        /// The term it ends in.
        found: String,
    },
    /// The steps shown are not those of the machine derivation.
    #[error("the steps shown differ from the machine derivation")]
    Steps,
}

/// What a derivation is made from.
#[derive(Clone, Debug)]
pub(crate) struct Recipe {
    /// The terms of `M L phi`.
    pub(crate) summands: Vec<RecExpr<Node>>,
    /// The flow that was chosen for each.
    pub(crate) ends: Vec<RecExpr<Node>>,
    pub(crate) given: Given,
    pub(crate) budget: Budget,
}

impl Recipe {
    /// Rewrites one term after the other to its flow, then adds the flows.
    ///
    /// When a step cannot be read from the e-graph the derivation stops short, and [`check_proof`] says so.
    pub(crate) fn derive(&self) -> Derivation {
        let mut runner = saturate(&self.summands, self.given.clone(), self.budget, true);
        let mut terms = self.summands.clone();
        let mut links = Vec::new();
        for (i, end) in self.ends.iter().enumerate() {
            let Some(steps) = explain(&mut runner, &self.summands[i], end) else { break };
            for step in steps {
                let place = place_of(i, terms.len());
                terms[i] = step.after;
                let path = place.into_iter().chain(step.path).collect();
                links.push(Link { path, after: sum_of(&terms), ..step });
            }
        }
        while let Some(steps) = collect_last(&mut terms) {
            links.extend(steps);
        }
        readable(Links { start: sum_of(&self.summands), links, real_fields: self.given.real_fields })
    }
}

/// Where the i-th of n terms stands in their right-nested sum.
fn place_of(i: usize, n: usize) -> Vec<usize> {
    let mut place = vec![1; i];
    if i + 1 < n {
        place.push(0);
    }
    place
}

/// Adds the last two flows; nothing when only one is left.
fn collect_last(terms: &mut Vec<RecExpr<Node>>) -> Option<Vec<Link>> {
    let (b, a) = (terms.pop()?, terms.pop());
    let Some(a) = a else {
        terms.push(b);
        return None;
    };
    let (Node::Flow(left), Node::Flow(right)) = (&a[root(&a)], &b[root(&b)]) else { return None };
    let place = place_of(terms.len(), terms.len() + 1);
    let link = |rule: &str, path: Vec<usize>, terms: &[RecExpr<Node>]| Link {
        rule: rule.to_owned(),
        forward: true,
        path,
        after: sum_of(terms),
    };
    let mut out = Vec::new();
    // The sums of the parts, and which of them are to lose a 0.
    let mut simpler = [false; 3];
    let mut flow = flow_of(&a, left, &b, right, simpler);
    terms.push(flow);
    out.push(link("collect", place.clone(), terms));
    for i in 0..3 {
        let is_zero = |term: &RecExpr<Node>, id: Id| matches!(&term[id], Node::Atom(Atom(e)) if e.is_zero());
        let rule = match (is_zero(&a, left[i]), is_zero(&b, right[i])) {
            (_, true) => "add_zero",
            (true, _) => "zero_add",
            _ => continue,
        };
        simpler[i] = true;
        flow = flow_of(&a, left, &b, right, simpler);
        terms.pop();
        terms.push(flow);
        out.push(link(rule, place.iter().copied().chain([i]).collect(), terms));
    }
    Some(out)
}

/// The flow whose parts are the sums of those of two; some of them without the 0 they contain.
fn flow_of(a: &RecExpr<Node>, left: &[Id; 3], b: &RecExpr<Node>, right: &[Id; 3], simpler: [bool; 3]) -> RecExpr<Node> {
    let mut out = RecExpr::default();
    let parts = [0, 1, 2].map(|i| {
        let right_is_zero = matches!(&b[right[i]], Node::Atom(Atom(e)) if e.is_zero());
        match (simpler[i], right_is_zero) {
            (true, true) => copy(a, left[i], &mut out),
            (true, false) => copy(b, right[i], &mut out),
            (false, _) => {
                let ids = [copy(a, left[i], &mut out), copy(b, right[i], &mut out)];
                out.add(Node::Add(ids))
            }
        }
    });
    out.add(Node::Flow(parts));
    out
}

/// The links from `start` to `end` in a saturated e-graph that holds both.
fn explain(runner: &mut Runner<Node, FactAnalysis>, start: &RecExpr<Node>, end: &RecExpr<Node>) -> Option<Vec<Link>> {
    let known = runner.egraph.lookup_expr(start)?;
    if runner.egraph.lookup_expr(end) != Some(known) {
        return None;
    }
    let mut explanation = runner.explain_equivalence(start, end);
    if cfg!(debug_assertions) {
        explanation.check_proof(REWRITES.iter());
    }
    explanation.make_flat_explanation().iter().skip(1).map(link).collect()
}

fn link(flat: &FlatTerm<Node>) -> Option<Link> {
    let mut path = Vec::new();
    let (rule, forward) = marked(flat, &mut path)?;
    let mut after = RecExpr::default();
    append(flat, &mut after);
    Some(Link { rule, forward, path, after })
}

/// The rule marked in a flat term, and the place of the mark.
fn marked(flat: &FlatTerm<Node>, path: &mut Vec<usize>) -> Option<(String, bool)> {
    if let Some(name) = &flat.forward_rule {
        return Some((name.to_string(), true));
    }
    if let Some(name) = &flat.backward_rule {
        return Some((name.to_string(), false));
    }
    for (i, child) in flat.children.iter().enumerate() {
        path.push(i);
        if let Some(found) = marked(child, path) {
            return Some(found);
        }
        path.pop();
    }
    None
}

fn append(flat: &FlatTerm<Node>, out: &mut RecExpr<Node>) -> Id {
    let ids: Vec<Id> = flat.children.iter().map(|child| append(child, out)).collect();
    let mut next = ids.into_iter();
    let node = flat.node.clone().map_children(|old| next.next().unwrap_or(old));
    out.add(node)
}

/// The steps a reader sees: links that change no letter of the text are joined to the next that does.
pub(crate) fn readable(links: Links) -> Derivation {
    let mut before = text(&links.start, links.real_fields);
    let start = before.clone();
    let mut steps = Vec::new();
    for link in &links.links {
        let after = text(&link.after, links.real_fields);
        if after == before {
            continue;
        }
        let because = rule(&link.rule).map_or("", |r| r.because).to_owned();
        steps.push(ProofStep { rule: link.rule.clone(), because, before, after: after.clone() });
        before = after;
    }
    Derivation { start, steps, links }
}

/// Replays the derivation of `flow` from `M L phi` of `equation`, without an e-graph.
///
/// # Errors
/// [`ProofFailure`] names the first link that is not an instance of its rule, or the end that does not fit.
pub fn check_proof(equation: &Equation, flow: &DensityFlow) -> Result<(), ProofFailure> {
    let given = Given::of(equation);
    let Links { start, links, .. } = &flow.proof.links;
    let read = |term: &RecExpr<Node>, id: Id| reading(term, id, given.real_fields).expand();
    let expected = stated(equation, flow).filter(|_| !start.as_ref().is_empty());
    if expected.is_none_or(|e| e != read(start, root(start))) {
        return Err(ProofFailure::Start { found: flow.proof.start.clone() });
    }
    let mut before = start;
    for (index, link) in links.iter().enumerate() {
        if !replays(before, link, &given) {
            return Err(ProofFailure::Link { index, rule: link.rule.clone() });
        }
        before = &link.after;
    }
    let parts_stated = [&flow.p, &flow.flux, &flow.r];
    let reached = matches!(&before[root(before)], Node::Flow(parts)
        if parts.iter().zip(parts_stated).all(|(id, e)| read(before, *id) == e.expand()));
    if !reached {
        return Err(ProofFailure::End { found: text(before, given.real_fields) });
    }
    let shown = readable(flow.proof.links.clone());
    if flow.proof.links.real_fields != given.real_fields
        || (&shown.start, &shown.steps) != (&flow.proof.start, &flow.proof.steps)
    {
        return Err(ProofFailure::Steps);
    }
    Ok(())
}

/// Is `link.after` the term `before` with one instance of the rule applied at the path, and nothing else changed?
fn replays(before: &RecExpr<Node>, link: &Link, given: &Given) -> bool {
    let Some(index) = RULES.iter().position(|r| r.name == link.rule) else { return false };
    let after = &link.after;
    let (mut old, mut new) = (root(before), root(after));
    for &place in &link.path {
        let (a, b) = (&before[old], &after[new]);
        if !a.matches(b) || place >= a.children().len() {
            return false;
        }
        let others = a.children().iter().zip(b.children()).enumerate().filter(|(i, _)| *i != place);
        if others.into_iter().any(|(_, (x, y))| !same(before, *x, after, *y)) {
            return false;
        }
        (old, new) = (a.children()[place], b.children()[place]);
    }
    let (left, right) = if link.forward { ((before, old), (after, new)) } else { ((after, new), (before, old)) };
    let sides = &SIDES[index];
    let mut bound = BTreeMap::new();
    fits(&sides.left, left, &mut bound) && fits(&sides.right, right, &mut bound) && needs_met(index, &bound, given)
}

/// A term of a `RecExpr`, by its place.
type Place<'a> = (&'a RecExpr<Node>, Id);

fn same(a: &RecExpr<Node>, x: Id, b: &RecExpr<Node>, y: Id) -> bool {
    let (m, n) = (&a[x], &b[y]);
    m.matches(n) && m.children().iter().zip(n.children()).all(|(x, y)| same(a, *x, b, *y))
}

/// Does the term fit the pattern, with each variable standing for one term throughout?
fn fits<'a>(pattern: &PatternAst<Node>, place: Place<'a>, bound: &mut BTreeMap<Var, Place<'a>>) -> bool {
    fits_at(pattern, Id::from(pattern.as_ref().len() - 1), place, bound)
}

fn fits_at<'a>(
    pattern: &PatternAst<Node>,
    at: Id,
    (term, id): Place<'a>,
    bound: &mut BTreeMap<Var, Place<'a>>,
) -> bool {
    match &pattern[at] {
        ENodeOrVar::Var(v) => {
            let (other, x) = *bound.entry(*v).or_insert((term, id));
            same(other, x, term, id)
        }
        ENodeOrVar::ENode(node) => {
            let found = &term[id];
            node.matches(found)
                && node.children().iter().zip(found.children()).all(|(p, t)| fits_at(pattern, *p, (term, *t), bound))
        }
    }
}

/// Are the needs on which the truth of the rule rests met by the terms bound, whatever the e-graph believed?
fn needs_met(index: usize, bound: &BTreeMap<Var, Place<'_>>, given: &Given) -> bool {
    RULES[index].needs.iter().filter(|need| need.is_for_truth()).all(|need| need.is_met(&Bound(bound), given))
}

/// The variables of a rule as the terms they are bound to.
struct Bound<'a>(&'a BTreeMap<Var, Place<'a>>);

impl Answers for Bound<'_> {
    fn known(&self, variable: &str) -> Option<Known> {
        self.value(variable).map(|e| Known::of_coefficient(&e))
    }

    fn value(&self, variable: &str) -> Option<Expr> {
        let (term, id) = self.0.get(&variable.parse().ok()?)?;
        Some(meaning(term, *id))
    }
}
