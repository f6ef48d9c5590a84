//! The Bernstein calculus: proves by composition that a function of `kappa` is Bernstein.
//!
//! In:   an expression in `kappa` and parameters, and the facts.
//! Out:  a tree of rule applications, or the sign that is needed, or the lemma that is missing.
//! Holds: an e-graph keeps equal forms of a function together, and the strongest fact shown of any of them. Most proofs need
//!        the forms that can be read at once; a search for others is bounded by rounds and nodes, never by time. Sound by
//!        construction of the rules; a failure says nothing about the function.
//! Source: Schilling, Song, Vondracek, Bernstein Functions, 2nd ed., Ch. 1 to 3, 6, 7; the idea is that of disciplined
//!       convex programming, on the e-class analysis of egg.

mod algebra;
mod analysis;
mod compose;
mod forms;
mod language;
mod limits;
mod products;
mod sums;
#[cfg(test)]
mod tests;

pub(super) use limits::unbounded;

use super::certificate::Node;
use crate::expr::{Expr, Facts, Stop, Var};
use analysis::{Calculus, Kind, Known};
use egg::{EGraph, Id};
use language::{Form, Graph, Term, has_kappa, insert, insert_form, meaning};
use num_complex::Complex64;
use num_traits::ToPrimitive;
use std::collections::{HashMap, HashSet};

/// The search adds forms this often.
const ROUNDS: usize = 4;

/// The search adds no form to an e-graph with more nodes.
const NODES: usize = 300;

/// `lambda = constant + f` with f Bernstein: the constant and the proof for f. Not for a constant lambda.
pub(super) fn prove_up_to_constant(lambda: &Expr, facts: &Facts) -> Result<(Expr, Node), Stop> {
    let (fixed, moving): (Vec<&Expr>, Vec<&Expr>) = lambda.terms().iter().partition(|t| !has_kappa(t));
    let rest = Expr::add(moving.into_iter().cloned());
    let node = prove(&rest, facts)?;
    Ok((Expr::add(fixed.into_iter().cloned()), node))
}

/// Proves that `f` is Bernstein on `(0, inf)`.
pub(super) fn prove(f: &Expr, facts: &Facts) -> Result<Node, Stop> {
    let mut graph: Graph<'_> = EGraph::new(Calculus { facts, inserted: HashMap::new() });
    let root = insert(f, &mut graph);
    graph.rebuild();
    let stop = match proof(f, &graph[root].data, facts) {
        Err(stop) => stop,
        proved => return proved,
    };
    if !worth_a_search(f, facts) {
        return Err(stop);
    }
    match (search(f, root, &mut graph), stop) {
        (Err(need @ Stop::Need(_)), Stop::Undecided(_)) => Err(need),
        (Err(_), stop) => Err(stop),
        (proved, _) => proved,
    }
}

/// The tree of what is known, when it says that f is Bernstein.
fn proof(f: &Expr, known: &Known, facts: &Facts) -> Result<Node, Stop> {
    let shown = known.shown.as_ref().map_err(Stop::clone)?;
    if shown.minus || shown.step.kind == Kind::Falling {
        return Err(compose::missing(f));
    }
    shown.about(f, facts).map_or_else(|| Err(compose::missing(f)), |fact| Ok(fact.step.tree()))
}

/// Adds forms round by round until one of them is proved.
fn search(f: &Expr, root: Id, graph: &mut Graph<'_>) -> Result<Node, Stop> {
    let facts = graph.analysis.facts;
    let mut done = HashSet::new();
    for _ in 0..ROUNDS {
        let mut open: Vec<Id> = graph.classes().filter(|c| !c.data.is_complete()).map(|c| c.id).collect();
        open.sort();
        let met: Vec<(Id, Expr)> = open.into_iter().flat_map(|id| variants(graph, id)).collect();
        for (id, form) in met {
            if graph.total_number_of_nodes() > NODES || !done.insert(form.clone()) {
                continue;
            }
            let top = graph.find(id) == graph.find(root);
            let found = forms::search(&form, top, facts);
            for form in std::iter::once(Form::Plain(form)).chain(found) {
                let other = insert_form(&form, graph);
                graph.union(id, other);
            }
        }
        graph.rebuild();
        if let Ok(node) = proof(f, &graph[root].data, facts) {
            return Ok(node);
        }
    }
    proof(f, &graph[root].data, facts)
}

/// The forms of a class: every node of it, with one part at a time in every form of its own.
fn variants(graph: &Graph<'_>, id: Id) -> Vec<(Id, Expr)> {
    let shortest = |id: Id| graph[id].data.form.clone();
    let mut out = Vec::new();
    for node in &graph[id].nodes {
        out.push(meaning(node, &shortest));
        for part in egg::Language::children(node) {
            let others = graph[*part].nodes.iter().filter(|n| !matches!(n, Term::Leaf(_)));
            for other in others.map(|n| meaning(n, &shortest)) {
                out.push(meaning(node, &|id| if id == *part { other.clone() } else { shortest(id) }));
            }
        }
    }
    out.retain(has_kappa);
    out.sort();
    out.dedup();
    out.into_iter().map(|form| (id, form)).collect()
}

/// Is f, at some admitted parameters, nonnegative, rising and concave as far as a few values tell?
fn worth_a_search(f: &Expr, facts: &Facts) -> bool {
    let Some(point) = facts.sample(&f.symbols()) else { return false };
    let value = |kappa: f64| {
        let leaf = |e: &Expr| match e {
            Expr::Var(Var::Kappa) => Some(Complex64::from(kappa)),
            Expr::Sym(n) => point.iter().find(|(m, _)| m == n)?.1.to_f64().map(Complex64::from),
            _ => None,
        };
        f.evaluate(&leaf).filter(|z| z.is_finite() && z.im.abs() <= 1e-9 * z.norm()).map(|z| z.re)
    };
    let at = [0.01, 0.04, 0.16, 0.6, 1.7, 5.0, 20.0, 80.0];
    let Some(values) = at.iter().map(|k| value(*k)).collect::<Option<Vec<f64>>>() else { return false };
    let small = 1e-9 * values.iter().fold(1e-300, |m: f64, v| m.max(v.abs()));
    let slopes: Vec<f64> = (1..at.len()).map(|i| (values[i] - values[i - 1] + small) / (at[i] - at[i - 1])).collect();
    let falls = slopes.windows(2).all(|s| s[1] <= s[0] * (1.0 + 1e-9));
    values.iter().all(|v| *v >= -small) && slopes.iter().all(|s| *s >= 0.0) && falls
}
