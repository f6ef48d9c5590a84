//! The two conditions of a generative PDE, each answered with evidence.

use serde::{Deserialize, Serialize};
use std::fmt;

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
