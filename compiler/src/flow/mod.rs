//! Continuity form: `M L phi = dt p + div J - R`, identically in phi.

mod analysis;
mod chain;
mod cost;
mod extract;
mod factor;
mod identity;
mod language;
mod mode;
mod multiplier;
mod plan;
mod proof;
mod rules;
mod search;
mod select;
mod system;

pub use extract::{alternatives, extract};
pub use identity::{IdentityFailure, verify_identity};
pub use proof::{ProofFailure, check_proof};

pub use crate::undecided::Undecided;

use crate::expr::Expr;
use crate::operator::Equation;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

/// The continuity form of an equation. `v = flux / p` is formed only here, so no rewrite ever divides.
#[derive(Clone, Debug)]
pub struct DensityFlow {
    /// The density p.
    pub p: Expr,
    /// The flux `J = p v`, a vector.
    pub flux: Expr,
    /// The source R, a rate per volume.
    pub r: Expr,
    /// The multiplier M; that of the first equation of a system.
    pub multiplier: Expr,
    /// The multipliers, one for each equation: the identity is about the sum of their products with the equations.
    pub multipliers: Vec<Expr>,
    /// Which part of `M L phi` the identity is about.
    pub part: Part,
    /// The rewrites from `M L phi` to the form, replayed by the checker; read from the e-graph when first asked for.
    pub proof: Proof,
    /// Why this form and this sign were chosen among those found, in words.
    pub reason: String,
    /// How many forms the e-graph holds; [`alternatives`] lists them.
    pub alternatives: usize,
    /// What the search cost and how it ended.
    pub search: Search,
}

/// How much equality saturation may do. Counted, never timed: the same text gives the same answer on every machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Budget {
    /// Rounds of all rules.
    pub iterations: usize,
    /// Nodes of the e-graph.
    pub nodes: usize,
}

impl Default for Budget {
    /// Far more than any equation of a few terms needs; see [`Search`] for what was used.
    fn default() -> Self {
        Budget { iterations: 64, nodes: 20_000 }
    }
}

/// What equality saturation did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Search {
    /// Rounds of all rules.
    pub iterations: usize,
    /// Nodes of the e-graph at the end.
    pub nodes: usize,
    /// Classes of equal terms at the end.
    pub classes: usize,
    /// Why it ended: `saturated`, or the limit reached.
    pub stop: String,
}

impl fmt::Display for Search {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} iterations, {} nodes, {} classes)", self.stop, self.iterations, self.nodes, self.classes)
    }
}

impl DensityFlow {
    /// Is there one multiplier for each equation, the first of them the one stated?
    fn multipliers_agree(&self, equation: &Equation) -> bool {
        self.multipliers.len() == equation.components.len() && self.multipliers.first() == Some(&self.multiplier)
    }

    /// The velocity `v = J / p`.
    pub fn v(&self) -> Expr {
        self.flux.clone() / self.p.clone()
    }
}

/// The part of `M L phi` that a continuity form states; complex fields use the real or imaginary part.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// All of it.
    Whole,
    /// Twice the real part.
    Real,
    /// Twice the imaginary part.
    Imaginary,
}

impl Part {
    /// `whole`, `real` or `imaginary`.
    pub fn as_str(self) -> &'static str {
        match self {
            Part::Whole => "whole",
            Part::Real => "real",
            Part::Imaginary => "imaginary",
        }
    }
}

/// One of the forms that the e-graph holds.
#[derive(Clone, Debug)]
pub struct DensityFlowSummary {
    /// The density p.
    pub p: Expr,
    /// The flux `J = p v`, a vector.
    pub flux: Expr,
    /// The source R.
    pub r: Expr,
    /// The multipliers, one for each equation.
    pub multipliers: Vec<Expr>,
    /// Why it was not chosen, in words; empty for the one that was.
    pub why_not: String,
}

/// The derivation of a form, worked out when it is first looked at. Dereferences to [`Derivation`].
#[derive(Clone, Debug)]
pub struct Proof {
    recipe: Option<Arc<proof::Recipe>>,
    derivation: OnceLock<Derivation>,
}

impl Proof {
    pub(crate) fn of(recipe: proof::Recipe) -> Proof {
        Proof { recipe: Some(Arc::new(recipe)), derivation: OnceLock::new() }
    }
}

impl Deref for Proof {
    type Target = Derivation;

    fn deref(&self) -> &Derivation {
        let derive = || self.recipe.as_ref().map_or_else(Derivation::default, |r| r.derive());
        self.derivation.get_or_init(derive)
    }
}

impl From<Derivation> for Proof {
    fn from(derivation: Derivation) -> Proof {
        Proof { recipe: None, derivation: OnceLock::from(derivation) }
    }
}

/// A derivation: each step rewrites the term before it by one named rule.
#[derive(Clone, Debug, Default)]
pub struct Derivation {
    /// The term the derivation starts from, in the rewriting language.
    pub start: String,
    /// The steps, in order.
    pub steps: Vec<ProofStep>,
    /// The machine derivation that the steps are read from; [`check_proof`] replays it.
    pub(crate) links: proof::Links,
}

/// One step of a derivation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofStep {
    /// The rule applied.
    pub rule: String,
    /// Why the rule is true.
    pub because: String,
    /// The whole term before, in the input language.
    pub before: String,
    /// The whole term after, in the input language.
    pub after: String,
}

#[cfg(test)]
mod tests;
