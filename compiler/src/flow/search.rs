//! Equality saturation: all continuity forms that the rules reach, each extracted in its cheapest terms.
//!
//! In:   `M L phi` as a start term; a [`Budget`] of iterations and nodes, never of time.
//! Out:  [`Space`]: the splits `(p, J, R)` at the root, each inequivalent one once, in a fixed order.
//! Holds: the e-graph keeps explanations, so every split has a proof.

use super::analysis::FactAnalysis;
use super::language::{Node, meaning, root};
use super::rules::REWRITES;
use super::{Budget, Search};
use crate::expr::Expr;
use egg::{CostFunction, Extractor, Id, Language, RecExpr, Runner, SimpleScheduler, StopReason};
use std::collections::BTreeMap;
use std::time::Duration;

/// One way to write `M L phi` as `dt p + div J - R`.
#[derive(Clone, Debug)]
pub(crate) struct Split {
    pub(crate) p: Expr,
    pub(crate) flux: Expr,
    pub(crate) r: Expr,
    /// The same as a term of the e-graph.
    pub(crate) term: RecExpr<Node>,
}

impl Split {
    /// The split of `-M L phi`.
    pub(crate) fn negated(&self) -> (Expr, Expr, Expr) {
        (-self.p.clone(), -self.flux.clone(), -self.r.clone())
    }
}

/// The saturated e-graph and what was read from it.
pub(crate) struct Space {
    pub(crate) start: RecExpr<Node>,
    pub(crate) runner: Runner<Node, FactAnalysis>,
    pub(crate) splits: Vec<Split>,
    pub(crate) search: Search,
}

/// Saturates `start` under the rule table within the budget.
pub(crate) fn saturate(start: RecExpr<Node>, budget: Budget) -> Space {
    let runner = Runner::new(FactAnalysis)
        .with_explanations_enabled()
        .with_iter_limit(budget.iterations)
        .with_node_limit(budget.nodes)
        // A clock would make the answer depend on the machine.
        .with_time_limit(Duration::from_secs(u64::MAX))
        .with_scheduler(SimpleScheduler)
        .with_expr(&start)
        .run(REWRITES.iter());
    let splits = read(&runner);
    let stop = match &runner.stop_reason {
        Some(StopReason::Saturated) => "saturated".to_owned(),
        Some(StopReason::IterationLimit(n)) => format!("stopped after {n} iterations"),
        Some(StopReason::NodeLimit(n)) => format!("stopped at {n} nodes"),
        Some(StopReason::TimeLimit(_) | StopReason::Other(_)) | None => "stopped".to_owned(),
    };
    let search = Search {
        iterations: runner.iterations.len(),
        nodes: runner.egraph.total_number_of_nodes(),
        classes: runner.egraph.number_of_classes(),
        stop,
    };
    Space { start, runner, splits, search }
}

fn read(runner: &Runner<Node, FactAnalysis>) -> Vec<Split> {
    let egraph = &runner.egraph;
    let Some(top) = runner.roots.first() else { return Vec::new() };
    let extractor = Extractor::new(egraph, Length);
    let mut found: BTreeMap<(Expr, Expr, Expr), Split> = BTreeMap::new();
    for node in &egraph[egraph.find(*top)].nodes {
        let Node::Flow(parts) = node else { continue };
        let terms = parts.map(|id| extractor.find_best(id).1);
        let [p, flux, r] = [0, 1, 2].map(|i| shortest(meaning(&terms[i], root(&terms[i]))));
        let term = assemble(&terms);
        found.entry((p.clone(), flux.clone(), r.clone())).or_insert(Split { p, flux, r, term });
    }
    found.into_values().collect()
}

/// Coefficients stay as they are written unless terms cancel when they are multiplied out.
fn shortest(e: Expr) -> Expr {
    let expanded = e.expand();
    if expanded.terms().len() < e.terms().len() { expanded } else { e }
}

fn assemble(parts: &[RecExpr<Node>; 3]) -> RecExpr<Node> {
    let mut out = RecExpr::default();
    let ids = [0, 1, 2].map(|i| append(&parts[i], root(&parts[i]), &mut out));
    out.add(Node::Flow(ids));
    out
}

fn append(term: &RecExpr<Node>, id: Id, out: &mut RecExpr<Node>) -> Id {
    let node = term[id].clone().map_children(|child| append(term, child, out));
    out.add(node)
}

/// The number of nodes, those under a derivative twice: coefficients stand outside, and a Laplacian is preferred to the
/// divergence of a gradient.
struct Length;

impl CostFunction<Node> for Length {
    type Cost = u64;

    fn cost<C: FnMut(Id) -> u64>(&mut self, node: &Node, mut costs: C) -> u64 {
        let weight = match node {
            Node::Dt(_) | Node::Dx(_) | Node::Lap(_) | Node::Grad(_) | Node::Div(_) => 2,
            _ => 1u64,
        };
        node.fold(1, |sum: u64, id| sum.saturating_add(costs(id).saturating_mul(weight)))
    }
}
