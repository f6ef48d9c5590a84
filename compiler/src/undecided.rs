//! The answer of a stage that reached its limit.

/// A question left open, with what is missing: an answer about our reach, not a fault of the text.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{why}")]
pub struct Undecided {
    /// What is missing.
    pub why: String,
}

impl Undecided {
    /// An open question for the reason `why`.
    pub fn new(why: impl Into<String>) -> Self {
        Undecided { why: why.into() }
    }
}
