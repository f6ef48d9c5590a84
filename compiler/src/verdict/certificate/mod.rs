//! Certificates: the proof of a condition as data, for the checker to replay.
//!
//! In:   what the prover found.
//! Out:  [`Certificate`], a list of cases; each names the signs it assumes and carries one [`Proof`].
//! Holds: every function is an exact expression in `kappa` and the parameters, written in the input language.

mod tree;

pub use tree::{Node, Rule};

use super::{Answer, text};
use crate::expr::{Expr, Sign};
use serde::{Deserialize, Serialize};

/// The two conditions of a generative PDE.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Which {
    /// A positive, well-behaved density.
    C1,
    /// Every mode decays faster than the mean.
    C2,
}

/// The proof of one condition, case by case.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// What is proved.
    pub condition: Which,
    /// The cases; where the answer is yes they exhaust what the assumptions admit.
    pub cases: Vec<Case>,
}

impl Certificate {
    /// The number of steps: nodes of all trees, and one for every other proof.
    pub fn steps(&self) -> usize {
        self.cases.iter().map(|c| if let Proof::Bernstein { tree, .. } = &c.proof { tree.steps() } else { 1 }).sum()
    }
}

/// A proof under assumed signs.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What the case assumes beyond the equation's own assumptions.
    pub when: Vec<SideCondition>,
    /// The proof.
    pub proof: Proof,
}

/// `expression` has one of the signs in `sign`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SideCondition {
    /// The expression.
    #[serde(with = "text")]
    pub expression: Expr,
    /// Its sign: `>`, `>=`, `=`, `<=`, `<` or `!=` zero.
    #[serde(with = "text::relation")]
    pub sign: Sign,
}

impl SideCondition {
    /// The condition that `expression` has a sign in `sign`.
    pub fn new(expression: Expr, sign: Sign) -> SideCondition {
        SideCondition { expression, sign }
    }
}

/// How one case is proved. The factor of the symbol that carries the density is `coefficients`, by powers of s.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub enum Proof {
    /// `lambda = constant + f` with `f` a Bernstein function that is not constant: C1 by Schoenberg's theorem, C2
    /// because such a function rises strictly.
    Bernstein {
        /// `lambda(kappa)`; `-lambda` is a root of the symbol.
        #[serde(with = "text")]
        lambda: Expr,
        /// The constant, free of `kappa`, of any sign.
        #[serde(with = "text")]
        constant: Expr,
        /// Is `f` bounded, so that an atom stays behind?
        bounded: bool,
        /// Why f is Bernstein.
        tree: Node,
    },
    /// C2 at first order in time: `Re lambda(kappa) - Re lambda(0)` has the sign of `difference`.
    FirstOrder {
        /// `[numerator, denominator]` of lambda.
        #[serde(with = "text::list")]
        coefficients: Vec<Expr>,
        /// `Re(n conj d)(kappa) |d(0)|^2 - Re(n conj d)(0) |d(kappa)|^2`, positive for `kappa > 0`.
        #[serde(with = "text")]
        difference: Expr,
    },
    /// C2 for every root of a quadratic `a s^2 + b s + c`: about `level = Re s(0)` it is Hurwitz for `kappa > 0`.
    Hurwitz {
        /// `[c, b, a]`.
        #[serde(with = "text::list")]
        coefficients: Vec<Expr>,
        /// `Re s(0)` of the root with the larger real part.
        #[serde(with = "text")]
        level: Expr,
        /// `2 a level + b`, positive.
        #[serde(with = "text")]
        slope: Expr,
        /// `a level^2 + b level + c`, positive.
        #[serde(with = "text")]
        value: Expr,
    },
    /// C2 for the root with the smaller real part: the quadratic is negative at `level`, so one root lies below it.
    Below {
        /// `[c, b, a]`.
        #[serde(with = "text::list")]
        coefficients: Vec<Expr>,
        /// `Re s(0)` of the root with the smaller real part.
        #[serde(with = "text")]
        level: Expr,
        /// `a level^2 + b level + c`, negative.
        #[serde(with = "text")]
        value: Expr,
    },
    /// The roots of `s^order = +-modulus`, a modulus that vanishes at 0 only. C2 holds for the decaying ones; C1 fails when
    /// none of them is real.
    PowerRoot {
        /// The order, at least 3.
        order: u32,
        /// The modulus, positive for `kappa > 0` and zero at `kappa = 0`.
        #[serde(with = "text")]
        modulus: Expr,
        /// Is the right side `-modulus`?
        negative: bool,
    },
    /// C1 fails: `(lambda - constant)^power` is a sum of powers that one term dominates, and that term grows faster than
    /// kappa does (to the same power), or falls. Bernstein functions are concave and do not fall.
    Growth {
        /// `lambda(kappa)`; `-lambda` is a root of the symbol.
        #[serde(with = "text")]
        lambda: Expr,
        /// Free of `kappa`.
        #[serde(with = "text")]
        constant: Expr,
        /// 1, or 2 for a root.
        power: u32,
        /// Dominates as `kappa -> inf`, or as `kappa -> 0`?
        at_infinity: bool,
        /// The exponent of the dominating term.
        #[serde(with = "text")]
        exponent: Expr,
        /// Its coefficient.
        #[serde(with = "text")]
        coefficient: Expr,
    },
    /// C1 fails: `lambda - constant` is a root `sqrt(h)` that is convex, `bend = 2 h h'' - h'^2 > 0` for `kappa > 0`.
    Convex {
        /// `lambda(kappa)`; `-lambda` is a root of the symbol.
        #[serde(with = "text")]
        lambda: Expr,
        /// Free of `kappa`.
        #[serde(with = "text")]
        constant: Expr,
        /// `2 h h'' - h'^2`.
        #[serde(with = "text")]
        bend: Expr,
    },
    /// C1 fails: no root is real for any `kappa > 0`, so every mode oscillates.
    NotReal {
        /// `[numerator, denominator]` of lambda, or `[c, b, a]` of a quadratic.
        #[serde(with = "text::list")]
        coefficients: Vec<Expr>,
        /// `Im(n conj d)`, of one sign for `kappa > 0`; or `4 a c - b^2`, positive.
        #[serde(with = "text")]
        imaginary: Expr,
    },
    /// C2 fails at first order in time for every `kappa > 0`: `difference` as in `first_order` is nowhere positive.
    NotRising {
        /// `[numerator, denominator]` of lambda.
        #[serde(with = "text::list")]
        coefficients: Vec<Expr>,
        /// `Re(n conj d)(kappa) |d(0)|^2 - Re(n conj d)(0) |d(kappa)|^2`.
        #[serde(with = "text")]
        difference: Expr,
    },
    /// C2 fails for every root of a quadratic `a s^2 + b s + c`: the roots are a complex pair about `Re s = level`.
    OnLevel {
        /// `[c, b, a]`, with `b = -2 a level`.
        #[serde(with = "text::list")]
        coefficients: Vec<Expr>,
        /// `Re s(0)` of both roots.
        #[serde(with = "text")]
        level: Expr,
        /// `a level^2 + b level + c`, nowhere negative.
        #[serde(with = "text")]
        value: Expr,
    },
}

impl Proof {
    /// What the proof establishes about `which` in its case, if it is about that condition.
    pub fn establishes(&self, which: Which) -> Option<Answer> {
        Some(match (self, which) {
            (Proof::Bernstein { bounded: true, .. }, Which::C1) => Answer::Conditional,
            (Proof::Bernstein { .. }, Which::C1) => Answer::Yes,
            (Proof::Growth { .. } | Proof::Convex { .. } | Proof::NotReal { .. }, Which::C1) => Answer::No,
            (Proof::PowerRoot { .. }, Which::C1) => Answer::No,
            (Proof::FirstOrder { .. } | Proof::Hurwitz { .. } | Proof::Below { .. }, Which::C2) => Answer::Yes,
            (Proof::PowerRoot { .. }, Which::C2) => Answer::Yes,
            (Proof::NotRising { .. } | Proof::OnLevel { .. }, Which::C2) => Answer::No,
            _ => return None,
        })
    }
}
