//! Derivations: from egg's explanation to steps a reader follows, and a replay that does not need the e-graph.
//!
//! In:   the e-graph and two equal terms.
//! Out:  [`Proof`]: steps in the notation of equations, and beneath them the links of the machine derivation.
//! Holds: [`check_proof`] accepts only a chain of links, each an instance of the named rule at the named place with the
//!        needs of the rule met by the terms themselves, from `M L phi` to `(p, J, R)`.

use super::analysis::{FactAnalysis, Known};
use super::language::{Node, meaning, root, text};
use super::plan::start_of;
use super::rules::{REWRITES, RULES, SIDES, rule};
use super::{DensityFlow, Proof, ProofStep};
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

/// The derivation of `end` from `start` in a saturated e-graph that holds both.
pub(crate) fn derive(
    runner: &mut Runner<Node, FactAnalysis>,
    start: &RecExpr<Node>,
    end: &RecExpr<Node>,
) -> Option<Proof> {
    let known = runner.egraph.lookup_expr(start)?;
    if runner.egraph.lookup_expr(end) != Some(known) {
        return None;
    }
    let mut explanation = runner.explain_equivalence(start, end);
    if cfg!(debug_assertions) {
        explanation.check_proof(REWRITES.iter());
    }
    let flat = explanation.make_flat_explanation();
    let links = flat.iter().skip(1).map(link).collect::<Option<Vec<_>>>()?;
    Some(readable(Links { start: start.clone(), links }))
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
pub(crate) fn readable(links: Links) -> Proof {
    let mut before = text(&links.start);
    let start = before.clone();
    let mut steps = Vec::new();
    for link in &links.links {
        let after = text(&link.after);
        if after == before {
            continue;
        }
        let because = rule(&link.rule).map_or("", |r| r.because).to_owned();
        steps.push(ProofStep { rule: link.rule.clone(), because, before, after: after.clone() });
        before = after;
    }
    Proof { start, steps, links }
}

/// Replays the derivation of `flow` from `M L phi` of `equation`, without an e-graph.
///
/// # Errors
/// [`ProofFailure`] names the first link that is not an instance of its rule, or the end that does not fit.
pub fn check_proof(equation: &Equation, flow: &DensityFlow) -> Result<(), ProofFailure> {
    let Links { start, links } = &flow.proof.links;
    let expected = start_of(equation, flow).filter(|_| !start.as_ref().is_empty());
    if expected.is_none_or(|e| meaning(&e, root(&e)).expand() != meaning(start, root(start)).expand()) {
        return Err(ProofFailure::Start { found: flow.proof.start.clone() });
    }
    let mut before = start;
    for (index, link) in links.iter().enumerate() {
        if !replays(before, link) {
            return Err(ProofFailure::Link { index, rule: link.rule.clone() });
        }
        before = &link.after;
    }
    let stated = [&flow.p, &flow.flux, &flow.r];
    let reached = matches!(&before[root(before)], Node::Flow(parts)
        if parts.iter().zip(stated).all(|(id, e)| meaning(before, *id).expand() == e.expand()));
    if !reached {
        return Err(ProofFailure::End { found: text(before) });
    }
    let shown = readable(flow.proof.links.clone());
    if (&shown.start, &shown.steps) != (&flow.proof.start, &flow.proof.steps) {
        return Err(ProofFailure::Steps);
    }
    Ok(())
}

/// Is `link.after` the term `before` with one instance of the rule applied at the path, and nothing else changed?
fn replays(before: &RecExpr<Node>, link: &Link) -> bool {
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
    fits(&sides.left, left, &mut bound) && fits(&sides.right, right, &mut bound) && needs_met(index, &bound)
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
fn needs_met(index: usize, bound: &BTreeMap<Var, Place<'_>>) -> bool {
    RULES[index].needs.iter().filter(|need| need.is_for_truth()).all(|need| {
        let variable = need.variable().parse::<Var>().ok();
        let place = variable.and_then(|v| bound.get(&v));
        place.is_some_and(|(term, id)| need.is_met(Known::of_coefficient(&meaning(term, *id))))
    })
}
