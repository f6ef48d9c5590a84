//! Equality saturation: all flows that the rules reach for each term, each extracted in its cheapest terms.
//!
//! In:   the terms of `M L phi`; a [`Budget`] of iterations and nodes, never of time.
//! Out:  [`Space`]: for each term the flows `(p, J, R)` it equals, each inequivalent one once, in a fixed order.
//! Holds: a form of the equation is one flow for each term, added. The e-graph holds the flows of the terms and not
//!        their sums, so its size grows with the number of terms, not with the number of forms.

use super::analysis::{FactAnalysis, Given};
use super::language::{Node, copy, reading, root};
use super::rules::REWRITES;
use super::{Budget, Search};
use crate::expr::Expr;
use egg::{CostFunction, Extractor, Id, Language, RecExpr, Runner, SimpleScheduler, StopReason};
use std::collections::BTreeMap;
use std::time::Duration;

/// One way to write a term as `dt p + div J - R`.
#[derive(Clone, Debug)]
pub(crate) struct Split {
    pub(crate) p: Expr,
    pub(crate) flux: Expr,
    pub(crate) r: Expr,
    /// The same as a term of the e-graph.
    pub(crate) term: RecExpr<Node>,
}

/// The flows of every term.
pub(crate) struct Space {
    /// The terms; their sum is `M L phi`.
    pub(crate) summands: Vec<RecExpr<Node>>,
    /// What each of them equals.
    pub(crate) splits: Vec<Vec<Split>>,
    pub(crate) search: Search,
}

impl Space {
    /// Saturates the terms within the budget and reads their flows.
    pub(crate) fn explore(summands: Vec<RecExpr<Node>>, given: Given, budget: Budget) -> Space {
        let real_fields = given.real_fields;
        let runner = saturate(&summands, given, budget, false);
        let extractor = Extractor::new(&runner.egraph, Length);
        let splits = runner.roots.iter().map(|top| read(&runner, &extractor, *top, real_fields)).collect();
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
        Space { summands, splits, search }
    }

    /// How many forms the flows of the terms add up to.
    pub(crate) fn forms(&self) -> usize {
        self.splits.iter().fold(1, |n: usize, s| n.saturating_mul(s.len()))
    }
}

/// The saturated e-graph of the terms; explanations cost about as much as the search, so they are kept on demand.
pub(crate) fn saturate(
    summands: &[RecExpr<Node>],
    given: Given,
    budget: Budget,
    explained: bool,
) -> Runner<Node, FactAnalysis> {
    let runner = Runner::new(FactAnalysis { given });
    let runner = if explained { runner.with_explanations_enabled() } else { runner };
    let runner = runner
        .with_iter_limit(budget.iterations)
        .with_node_limit(budget.nodes)
        // A clock would make the answer depend on the machine.
        .with_time_limit(Duration::from_secs(u64::MAX))
        .with_scheduler(SimpleScheduler);
    summands.iter().fold(runner, |runner, term| runner.with_expr(term)).run(REWRITES.iter())
}

fn read(
    runner: &Runner<Node, FactAnalysis>,
    extractor: &Extractor<'_, Length, Node, FactAnalysis>,
    top: Id,
    real_fields: bool,
) -> Vec<Split> {
    let egraph = &runner.egraph;
    let mut found: BTreeMap<(Expr, Expr, Expr), Split> = BTreeMap::new();
    for node in &egraph[egraph.find(top)].nodes {
        let Node::Flow(parts) = node else { continue };
        let terms = parts.map(|id| extractor.find_best(id).1);
        let [p, flux, r] = [0, 1, 2].map(|i| reading(&terms[i], root(&terms[i]), real_fields));
        let term = assemble(&terms);
        found.entry((p.clone(), flux.clone(), r.clone())).or_insert(Split { p, flux, r, term });
    }
    found.into_values().collect()
}

fn assemble(parts: &[RecExpr<Node>; 3]) -> RecExpr<Node> {
    let mut out = RecExpr::default();
    let ids = [0, 1, 2].map(|i| copy(&parts[i], root(&parts[i]), &mut out));
    out.add(Node::Flow(ids));
    out
}

/// The number of nodes, those under a derivative twice: coefficients stand outside, and a Laplacian is preferred to the
/// divergence of a gradient.
struct Length;

impl CostFunction<Node> for Length {
    type Cost = u64;

    fn cost<C: FnMut(Id) -> u64>(&mut self, node: &Node, mut costs: C) -> u64 {
        let weight = match node {
            Node::Dt(_) | Node::Partial(_) | Node::Lap(_) | Node::Grad(_) | Node::Div(_) => 2,
            _ => 1u64,
        };
        node.fold(1, |sum: u64, id| sum.saturating_add(costs(id).saturating_mul(weight)))
    }
}
