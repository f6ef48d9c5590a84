//! Continuity form: `M L phi = dt p + div J - R`, identically in phi.

use crate::expr::Expr;

/// The continuity form of an equation. `v = flux / p` is formed only here, so no rewrite ever divides.
#[derive(Clone, Debug)]
pub struct DensityFlow {
    /// The density p.
    pub p: Expr,
    /// The flux `J = p v`, a vector.
    pub flux: Expr,
    /// The source R, a rate per volume.
    pub r: Expr,
    /// The multiplier M.
    pub multiplier: Expr,
    /// Which part of `M L phi` the identity is about.
    pub part: Part,
    /// The rewrites from `M L phi` to the form, replayed by the checker.
    pub proof: Proof,
    /// Why this form and this sign were chosen among those found, in words.
    pub reason: String,
    /// How many inequivalent splits the e-graph holds.
    pub alternatives: usize,
}

impl DensityFlow {
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

/// A derivation: each step rewrites the term before it by one named rule.
#[derive(Clone, Debug, Default)]
pub struct Proof {
    /// The term the derivation starts from, in the rewriting language.
    pub start: String,
    /// The steps, in order.
    pub steps: Vec<ProofStep>,
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
