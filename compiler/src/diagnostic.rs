//! Messages about the user's text: a code, a place, a cause, a remedy.

use crate::source::{Source, Span};
use std::fmt;

/// One message about the user's text. Never a limit of ours (that is an `undecided` answer) nor a fault of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The code, a row of the table of codes, for example `E0204`.
    pub code: &'static str,
    /// What is wrong, in one line.
    pub message: String,
    /// Where, and what stands there.
    pub span: Span,
    /// The label under the span.
    pub label: String,
    /// Other places that matter, each with its label.
    pub related: Vec<(Span, String)>,
    /// The remedy, if there is one to offer.
    pub help: Option<String>,
}

/// One or more messages about one source. The first is the cause; most texts have exactly one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostics {
    /// The text they are about.
    pub source: Source,
    /// The messages, in order of place; never empty.
    pub all: Vec<Diagnostic>,
}

impl fmt::Display for Diagnostics {
    /// One line a message, `name:line:column: error[code]: message`; the command draws the text as well.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, d) in self.all.iter().enumerate() {
            let before = self.source.text.get(..d.span.start).unwrap_or("");
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
            let separator = if i > 0 { "\n" } else { "" };
            write!(f, "{separator}{}:{line}:{column}: error[{}]: {}", self.source.name, d.code, d.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}
