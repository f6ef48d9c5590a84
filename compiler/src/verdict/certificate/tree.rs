//! The composition tree of a Bernstein function: one step a rule, the rules as a table.
//!
//! In:   the steps that the prover found.
//! Out:  [`Node`], a tree to read, to write and to replay.
//! Holds: every function of the tree is a Bernstein function, or falls: it is completely monotone. Which one follows from
//!       the rules. `complete` says more: complete Bernstein, or a Stieltjes function where it falls.
//! Source: Schilling, Song, Vondracek, Bernstein Functions, 2nd ed.: Ch. 1 to 3 (completely monotone, Stieltjes, Bernstein),
//!       6 and 7 (complete Bernstein).

use super::SideCondition;
use super::text;
use crate::expr::Expr;
use serde::{Deserialize, Serialize};

/// One step: `function` is Bernstein, or completely monotone, by `rule` from the children.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// The rule.
    pub rule: Rule,
    /// The function of `kappa`.
    #[serde(with = "text")]
    pub function: Expr,
    /// The signs the rule asks for, in the order the rule states them.
    pub side_conditions: Vec<SideCondition>,
    /// What it is built from.
    pub children: Vec<Node>,
    /// Is it complete Bernstein, or a Stieltjes function where it falls?
    pub complete: bool,
    /// The rule in words.
    pub because: String,
}

impl Node {
    /// The number of nodes.
    pub fn steps(&self) -> usize {
        1 + self.children.iter().map(Node::steps).sum::<usize>()
    }
}

macro_rules! rules {
    ($($(#[$meta:meta])* $name:ident: $because:literal $(falling: $falling:literal)?;)*) => {
        /// The rules of the calculus. `f`, `g` are the children, `a`, `c` constants.
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Rule {
            $($(#[$meta])* $name,)*
        }

        impl Rule {
            /// Every rule.
            pub const ALL: &[Rule] = &[$(Rule::$name),*];

            /// Why the rule is true.
            pub fn because(self) -> &'static str {
                match self {
                    $(Rule::$name => $because,)*
                }
            }

            /// Why the rule is true of functions that fall.
            pub fn because_falling(self) -> &'static str {
                match self {
                    $($(Rule::$name => $falling,)?)*
                    other => other.because(),
                }
            }
        }
    };
}

rules! {
    /// A constant `c >= 0`.
    Constant: "a nonnegative constant is Bernstein";
    /// `kappa` itself.
    Identity: "kappa is Bernstein";
    /// The sum of the children: all Bernstein, or all completely monotone.
    Sum: "a sum of Bernstein functions is Bernstein"
        falling: "a sum of completely monotone functions is completely monotone";
    /// A constant `c >= 0` times the child; the side condition names c.
    Scale: "a nonnegative multiple of a Bernstein function is Bernstein"
        falling: "a nonnegative multiple of a completely monotone function is completely monotone";
    /// `f^a` with `0 <= a <= 1`, after a Bernstein or a Stieltjes function.
    Power: "f^a with 0 <= a <= 1 is Bernstein after f, by composition"
        falling: "f^a with 0 <= a <= 1 is a Stieltjes function after a Stieltjes function f, by composition";
    /// `f^a g^b ...` with nonnegative exponents of sum at most 1, for complete Bernstein children, or Stieltjes ones.
    GeometricMean: "a geometric mean of complete Bernstein functions is complete Bernstein"
        falling: "a geometric mean of Stieltjes functions is a Stieltjes function";
    /// `kappa / f` for a complete Bernstein child.
    Dual: "kappa/f is complete Bernstein when f is";
    /// `f / (c + f)` with `c > 0`.
    Saturation: "f/(c + f) is Bernstein after f, by composition";
    /// `(f^a + g^a + ...)^(1/a)` with `0 < a <= 1`, for complete Bernstein children, or Stieltjes ones; the side conditions
    /// name `a` and `1 - a`.
    PowerMean: "a power mean of complete Bernstein functions is complete Bernstein"
        falling: "a power mean of Stieltjes functions is a Stieltjes function";
    /// `log(1 + f)`, after a Bernstein or a Stieltjes function.
    Logarithm: "log(1 + f) is Bernstein after f, by composition"
        falling: "log(1 + f) is a Stieltjes function after a Stieltjes function f, by composition";
    /// `1 - exp(-f)`. Bernstein, not complete.
    Exponential: "1 - exp(-c f) is Bernstein after f, by composition";
    /// `f - c` with `c <= f(0)`; the side condition names `f(0) - c`.
    Ground: "a Bernstein function less at most its value at 0 is Bernstein";
    /// `sqrt(a kappa^2 + b kappa + c)` with real zeros, none positive: a geometric mean of two linear functions.
    Quadratic: "the root of a product of two factors kappa + c, c >= 0, is a geometric mean";
    /// `sqrt(f) K_(n-1)(c sqrt(f)) / K_n(c sqrt(f))` with `n > 0` and `c > 0`; the side conditions name n and c.
    BesselRatio: "K_(n-1)(sqrt(z))/(sqrt(z) K_n(sqrt(z))) is a Stieltjes function of z (Grosswald 1976, Ismail 1977), so z times \
                  it is complete Bernstein, and stays so after f";
    /// `c - f` with `c >= f(0)`, for a completely monotone child; the side condition names `c - f(0)`.
    Complement: "c - f with c >= f(0) is Bernstein for a completely monotone f";
    /// `f^-a` with `0 <= a <= 1`, after a Bernstein or a Stieltjes function: what rises falls, and the other way round.
    Reciprocal: "f^-a with 0 <= a <= 1 is complete Bernstein after a Stieltjes function f, by composition"
        falling: "f^-a with 0 <= a <= 1 is completely monotone after a Bernstein function f, by composition";
    /// `exp(-f)`: completely monotone, not Stieltjes.
    Decay: "exp(-f) is completely monotone after a Bernstein function f";
    /// `f g ...` of completely monotone children.
    Product: "a product of completely monotone functions is completely monotone";
    /// `(f + c_1)^(p_1) (f + c_2)^(p_2) ...` with `0 <= c_1 <= c_2 <= ...`, after a Bernstein function, when each of `p_1`,
    /// `p_1 + p_2`, ... lies between 0 and 1. The side conditions name `c_1, c_2 - c_1, ...`, then those sums, then for each
    /// how far it is from 1.
    Interlacing: "the exponents of f + c_i, added in the order of c_i, stay between 0 and 1";
    /// `f(kappa + c)` with `c >= 0`.
    Shift: "f(kappa + c) is what f is, by composition";
    /// `1 / f(1/kappa)` for a complete Bernstein child.
    Inversion: "1/f(1/kappa) is complete Bernstein when f is";
}
