//! Certificates: the proof of a condition as data, for the checker to replay.
//!
//! In:   what the prover found.
//! Out:  [`Certificate`], a list of cases; each names the signs it assumes and carries one [`Proof`].
//! Holds: every function is an exact expression in `kappa` and the parameters, written in the input language.

mod tree;

pub use tree::{Node, Rule};

use super::{Answer, text};
use crate::expr::{Expr, Rational, Sign};
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
        let steps = |proof: &Proof| match proof {
            Proof::Bernstein { tree, .. } => tree.steps(),
            Proof::LevyKhintchine { tree, .. } => 1 + tree.as_ref().map_or(0, Node::steps),
            _ => 1,
        };
        self.cases.iter().map(|c| steps(&c.proof)).sum()
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
    /// `lambda = constant + f` with `f` a Bernstein function: C1 by Schoenberg's theorem; C2 where f is unbounded,
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
    /// C2 for a continuous path of roots of a quadratic: on each stretch of `kappa > 0` its claim shows that the path lies
    /// below `level`. A path from the upper root goes over to the lower one where they have collided.
    Path {
        /// `[c, b, a]`.
        #[serde(with = "text::list")]
        coefficients: Vec<Expr>,
        /// `Re s(0)` of the root where the path starts.
        #[serde(with = "text")]
        level: Expr,
        /// From 0 upwards; the last has no end.
        stretches: Vec<Stretch>,
    },
    /// C2 for every root of a polynomial in s: about `level`, the real part of some root at `kappa = 0`, all Hurwitz determinants
    /// are positive for `kappa > 0`.
    AllBelow {
        /// By powers of s.
        #[serde(with = "text::list")]
        coefficients: Vec<Expr>,
        /// `Re s(0)`.
        #[serde(with = "text")]
        level: Expr,
        /// The Hurwitz determinants of `P(level + y, kappa)`.
        #[serde(with = "text::list")]
        determinants: Vec<Expr>,
    },
    /// C2 for some root of a polynomial in s with numeric coefficients: for `kappa > 0` no root crosses `level`, and more
    /// roots lie below it than at `kappa = 0`, so that a path which starts on it stays below.
    SomeBelow {
        /// By powers of s.
        #[serde(with = "text::list")]
        coefficients: Vec<Expr>,
        /// `Re s(0)`.
        #[serde(with = "text")]
        level: Expr,
        /// Are only real roots counted? They never meet.
        real: bool,
    },
    /// C1 fails for the roots of a polynomial in s with numeric coefficients: on every piece between zeros of the
    /// discriminant, one of which holds each sample, as many roots are real as there are starts; and at each start a
    /// derivative of lambda has a sign that no Bernstein function has.
    RealRoots {
        /// By powers of s.
        #[serde(with = "text::list")]
        coefficients: Vec<Expr>,
        /// Are only roots with `s < 0` counted, as boundedness in t demands? None passes 0.
        decaying: bool,
        /// Numbers in rising order.
        #[serde(with = "text::numbers")]
        samples: Vec<Rational>,
        /// Simple roots at `kappa = 0`; without any, no root is real.
        starts: Vec<Start>,
    },
    /// `kappa^x = q(-s)` with `0 < x <= 1` and a polynomial q with numeric coefficients. Its critical points are real; below
    /// `split` there are none, but a root at `kappa = 0`. That root is -lambda with lambda complete Bernstein: C1 and C2.
    Inverse {
        /// By powers of s.
        #[serde(with = "text::list")]
        coefficients: Vec<Expr>,
        /// A number.
        #[serde(with = "text::number")]
        split: Rational,
    },
    /// The roots of `s^order = +-modulus`. C2 holds for the decaying ones when the modulus is least at 0; C1 fails when none
    /// of them is real.
    PowerRoot {
        /// The order, at least 3.
        order: u32,
        /// The modulus, positive for `kappa > 0`.
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
        /// 1, 2 for a root, or the order of an equation `s^power = +-h`.
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
    /// C1 fails for both roots of a quadratic with a number for `a` and a `b` that is linear in kappa: the discriminant has the zeros
    /// `-p +- i q`, so each root is linear and a multiple of the integral of `exp(-(kappa + p) u) J_1(q u)/u` over `u > 0`. The weight of a
    /// Bernstein function is unique and has one sign.
    ComplexBranchPoints {
        /// `[c, b, a]`.
        #[serde(with = "text::list")]
        coefficients: Vec<Expr>,
        /// The discriminant of the discriminant as a polynomial of second degree in kappa, negative.
        #[serde(with = "text")]
        zeros: Expr,
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
    /// At first order in time, for a symbol that depends on the direction of k: over the n axes that lambda names,
    /// `lambda = constant + i drift.k + sum weight (vector.k)^2 + isotropic (kappa - k_1^2 - ... - k_n^2) + f(kappa)`.
    /// C1 by Levy-Khintchine's formula; C2 where the form is definite or there is an f.
    LevyKhintchine {
        /// lambda in kappa, `k_x`, `k_y` and `k_z`.
        #[serde(with = "text")]
        lambda: Expr,
        /// The value at `k = 0`.
        #[serde(with = "text")]
        constant: Expr,
        /// The velocity along each axis.
        #[serde(with = "text::list")]
        drift: Vec<Expr>,
        /// The coefficient along each axis that is not named.
        #[serde(with = "text")]
        isotropic: Expr,
        /// The squares: each the weight, not negative, then the components of the vector.
        #[serde(with = "text::rows")]
        squares: Vec<Vec<Expr>>,
        /// Is the quadratic form positive definite over all axes, or only semidefinite?
        definite: bool,
        /// Is f bounded? So it is when there is none.
        bounded: bool,
        /// Why f is Bernstein; none for 0.
        tree: Option<Node>,
    },
    /// C2 at first order in time, for a symbol that depends on the direction of k: over the n axes that lambda names,
    /// `Re lambda(k) - Re lambda(0) = rest(kappa) + isotropic (kappa - k_1^2 - ... - k_n^2) + sum weight polynomial^2`.
    RealPart {
        /// lambda in kappa, `k_x`, `k_y` and `k_z`.
        #[serde(with = "text")]
        lambda: Expr,
        /// Is it positive for every `k != 0`, every part being nonnegative? Else every part is nonpositive.
        rises: bool,
        /// The function of kappa, 0 at 0.
        #[serde(with = "text")]
        rest: Expr,
        /// The coefficient along each axis that is not named.
        #[serde(with = "text")]
        isotropic: Expr,
        /// The squares: each the weight, then a polynomial in the components of k that vanishes at 0.
        #[serde(with = "text::rows")]
        squares: Vec<Vec<Expr>>,
    },
}

impl Proof {
    /// Is it about a symbol that depends on the direction of k?
    pub fn is_directional(&self) -> bool {
        matches!(self, Proof::LevyKhintchine { .. } | Proof::RealPart { .. })
    }

    /// What the proof establishes about `which` in its case, if it is about that condition.
    pub fn establishes(&self, which: Which) -> Option<Answer> {
        Some(match (self, which) {
            (Proof::Bernstein { bounded: true, .. }, Which::C1) => Answer::Conditional,
            (Proof::Bernstein { .. }, Which::C1) => Answer::Yes,
            // An unbounded concave function rises strictly.
            (Proof::Bernstein { bounded: false, .. }, Which::C2) => Answer::Yes,
            (Proof::Growth { .. } | Proof::Convex { .. } | Proof::NotReal { .. }, Which::C1) => Answer::No,
            (Proof::ComplexBranchPoints { .. }, Which::C1) => Answer::No,
            (Proof::PowerRoot { .. } | Proof::RealRoots { .. }, Which::C1) => Answer::No,
            (Proof::Inverse { .. }, Which::C1 | Which::C2) => Answer::Yes,
            (Proof::AllBelow { .. } | Proof::SomeBelow { .. }, Which::C2) => Answer::Yes,
            (Proof::FirstOrder { .. } | Proof::Hurwitz { .. } | Proof::Below { .. }, Which::C2) => Answer::Yes,
            (Proof::PowerRoot { .. } | Proof::Path { .. }, Which::C2) => Answer::Yes,
            (Proof::NotRising { .. } | Proof::OnLevel { .. }, Which::C2) => Answer::No,
            (Proof::LevyKhintchine { definite: false, bounded: true, .. }, Which::C1) => Answer::Conditional,
            (Proof::LevyKhintchine { .. }, Which::C1) => Answer::Yes,
            (Proof::LevyKhintchine { definite: true, .. }, Which::C2) => Answer::Yes,
            (Proof::LevyKhintchine { tree: Some(_), .. }, Which::C2) => Answer::Yes,
            (Proof::RealPart { rises, .. }, Which::C2) => {
                if *rises {
                    Answer::Yes
                } else {
                    Answer::No
                }
            }
            _ => return None,
        })
    }
}

/// A real root at `kappa = 0` whose lambda is not Bernstein.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// `s(0)`.
    #[serde(with = "text")]
    pub level: Expr,
    /// The order of the derivative at 0 that has the wrong sign.
    pub order: u32,
}

impl Start {
    /// The derivative that refutes it, in words.
    pub fn describe(&self) -> String {
        let n = self.order;
        let what = match n {
            1 => "d lambda/d kappa < 0".to_owned(),
            n if n % 2 == 0 => format!("d^{n} lambda/d kappa^{n} > 0"),
            n => format!("d^{n} lambda/d kappa^{n} < 0"),
        };
        format!("{what} at kappa = 0, s = {}", self.level)
    }
}

/// A part of the half line `kappa > 0`, from the end of the one before.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stretch {
    /// Its upper end, which belongs to it; none for infinity.
    #[serde(with = "text::end")]
    pub until: Option<Rational>,
    /// What holds on it.
    pub claim: Claim,
}

/// Why a root of `P = a s^2 + b s + c` lies below a level.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Claim {
    /// `2 a level + b > 0` and `P(level) > 0`: both roots do.
    Both,
    /// `2 a level + b > 0`: the lower of two real roots does, and so does a complex pair.
    Damped,
    /// `P(level) < 0`: the lower root does.
    Below,
}
