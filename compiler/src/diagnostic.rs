//! Messages about the user's text: a code, a place, a cause, a remedy.

mod codes;

pub use codes::{CODES, Code, explain};

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

impl Diagnostic {
    /// A message about the text at `span`; `label` and `help` may follow.
    pub fn new(code: &'static str, span: Span, message: impl Into<String>) -> Diagnostic {
        let (message, label) = (message.into(), String::new());
        Diagnostic { code, message, span, label, related: Vec::new(), help: None }
    }

    /// With this label under the span.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Diagnostic {
        self.label = label.into();
        self
    }

    /// With this remedy.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    /// With one more place that matters.
    #[must_use]
    pub fn relate(mut self, span: Span, label: impl Into<String>) -> Diagnostic {
        self.related.push((span, label.into()));
        self
    }

    /// As the only message about `source`. Spans are moved onto character boundaries inside its text.
    pub fn about(mut self, source: &Source) -> Diagnostics {
        self.span = self.span.within(&source.text);
        for (span, _) in &mut self.related {
            *span = span.within(&source.text);
        }
        Diagnostics { source: source.clone(), all: vec![self] }
    }
}

/// The word of `known` nearest to `word`, when it is near enough to be a slip of the pen.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = 1 + word.chars().count() / 4;
    let near = known.into_iter().map(|k| (edits(word, k), k)).filter(|(d, k)| *d <= allowed && *d < k.len());
    near.min().map(|(_, k)| k)
}

/// The number of letters to insert, drop, replace or swap with the next (Damerau, restricted).
fn edits(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<usize>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replace = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replace.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
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
