//! The two conditions of a generative PDE, each answered with evidence.
//!
//! In:   the equation's assumptions and its [`Dispersion`].
//! Out:  [`Verdict`]: C1 and C2, each with a certificate or a witness that the [`checker`](crate::checker) replays.
//! Holds: yes and no are never guessed: what no rule decides is undecided, with what is missing.
//! Source: GenPhys (arXiv:2304.02637), Sec. 2 and 4; C1 by Schoenberg's theorem.

mod bernstein;
mod c1;
mod c2;
mod cases;
mod certificate;
mod count;
mod evolving;
mod formula;
mod implicit;
mod judge;
mod kernel;
mod levy;
mod path;
mod real_roots;
mod refutation;
mod region;
#[cfg(test)]
mod tests;
mod text;
mod wave;
mod witness;

pub use crate::checker::{CheckError, check_witness, replay};
pub use certificate::{Case, Certificate, Claim, Node, Proof, Rule, SideCondition, Start, Stretch, Which};
pub use witness::{Comparison, Witness};

use crate::dispersion::Dispersion;
use crate::flow::DensityFlow;
use crate::operator::Equation;
use cases::Situation;
use judge::Judge;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Decides C1 and C2.
///
/// The density flow is read only for its reason: C1 and C2 depend on the dispersion relation alone, since the density
/// does not depend on how the equation was split.
pub fn decide(equation: &Equation, dispersion: &Dispersion, flow: Option<&DensityFlow>) -> Verdict {
    let situation = Situation::new(&dispersion.coefficients, &equation.facts);
    let directional = dispersion.depends_on_direction();
    let judge = Judge::default();
    let decided = |which: Which| {
        let in_case = |s: &Situation| {
            if directional { levy::outcome(s, which, equation.dimension) } else { judge.outcome(s, which) }
        };
        match &dispersion.evolution {
            Some(evolution) => evolving::decide(evolution, dispersion.drift.as_ref(), &situation, which, &judge),
            None => cases::combine(&cases::split(&situation, &in_case), which, &situation.facts),
        }
    };
    let (mut c1, c2) = (decided(Which::C1), decided(Which::C2));
    if let Some(dimension) = equation.dimension {
        c1.witness = c1.witness.map(|witness| kernel::in_dimension(witness, dimension));
    }
    let kind = VerdictKind::from_answers(c1.answer, c2.answer);
    let mut reason = format!("C1 {}: {}. C2 {}: {}.", c1.answer, c1.reason, c2.answer, c2.reason);
    if let Some(drift) = &dispersion.drift {
        reason.push_str(&format!(" The drift {drift} along the first axis only moves the density."));
    }
    if flow.is_some_and(|f| f.p.any(&|e| matches!(e, crate::expr::Expr::Call(crate::expr::Func::Abs2, _)))) {
        reason.push_str(" The density is quadratic in phi.");
    }
    Verdict { kind, paper_rule: c2.answer, c1, c2, reason }
}

/// The verdict on an equation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// Both conditions together.
    pub kind: VerdictKind,
    /// A positive, well-behaved density.
    pub c1: Condition,
    /// Every mode decays faster than the mean.
    pub c2: Condition,
    /// The source's own rule, Eq. 16 on one branch, which is C2 alone.
    pub paper_rule: Answer,
    /// Both reasons in one paragraph.
    pub reason: String,
}

impl Verdict {
    /// The verdict on an equation without a dispersion relation: undecided, with the limit named.
    pub fn undecided(why: &str) -> Verdict {
        let condition = Condition {
            answer: Answer::Undecided,
            condition: None,
            admits: Vec::new(),
            reason: why.to_owned(),
            certificate: None,
            witness: None,
            missing: Some(why.to_owned()),
        };
        Verdict {
            kind: VerdictKind::Undecided,
            c1: condition.clone(),
            c2: condition,
            paper_rule: Answer::Undecided,
            reason: format!("Undecided: {why}."),
        }
    }
}

/// The answer to one condition, with its evidence.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Condition {
    /// The answer.
    pub answer: Answer,
    /// The condition of a conditional answer, in the user's letters.
    pub condition: Option<String>,
    /// The part of it that is about parameters: the cases, any of which must hold, in which the answer is yes, or, where there are none, in
    /// which it is conditional on something else. Empty where parameters decide nothing.
    #[serde(skip)]
    pub admits: Vec<Vec<SideCondition>>,
    /// Why, for every admitted parameter.
    pub reason: String,
    /// The proof of what is yes, case by case.
    pub certificate: Option<Certificate>,
    /// Numbers that refute what is not.
    pub witness: Option<Witness>,
    /// The lemma or fact without which it stays undecided.
    pub missing: Option<String>,
}

/// An answer about one condition.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// Holds for all admitted parameters, every dimension, everywhere.
    Yes,
    /// Holds under a condition that is stated.
    Conditional,
    /// Refuted by a witness.
    No,
    /// Not decided; what is missing is named.
    Undecided,
}

impl Answer {
    /// `yes`, `conditional`, `no` or `undecided`.
    pub fn as_str(self) -> &'static str {
        match self {
            Answer::Yes => "yes",
            Answer::Conditional => "conditional",
            Answer::No => "no",
            Answer::Undecided => "undecided",
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The verdict on an equation: C1 and C2 together.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum VerdictKind {
    /// C1 and C2 hold for all admitted parameters, every dimension, everywhere.
    #[serde(rename = "s-generative")]
    SGenerative,
    /// Both hold at least under a stated condition.
    #[serde(rename = "conditional")]
    Conditional,
    /// One of them fails.
    #[serde(rename = "not-s-generative")]
    NotSGenerative,
    /// Not decided.
    #[serde(rename = "undecided")]
    Undecided,
}

impl VerdictKind {
    /// `s-generative`, `conditional`, `not-s-generative` or `undecided`.
    pub fn as_str(self) -> &'static str {
        match self {
            VerdictKind::SGenerative => "s-generative",
            VerdictKind::Conditional => "conditional",
            VerdictKind::NotSGenerative => "not-s-generative",
            VerdictKind::Undecided => "undecided",
        }
    }

    /// The verdict that follows from the answers to C1 and C2.
    pub fn from_answers(c1: Answer, c2: Answer) -> VerdictKind {
        use Answer::{Conditional, No, Undecided, Yes};
        match (c1, c2) {
            (No, _) | (_, No) => VerdictKind::NotSGenerative,
            (Undecided, _) | (_, Undecided) => VerdictKind::Undecided,
            (Yes, Yes) => VerdictKind::SGenerative,
            (Conditional, Yes | Conditional) | (Yes, Conditional) => VerdictKind::Conditional,
        }
    }
}

impl fmt::Display for VerdictKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
