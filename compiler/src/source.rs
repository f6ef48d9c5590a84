//! A text and places in it.

use std::ops::Range;
use std::sync::Arc;

/// A text to compile, with the name under which messages point into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// File name, or `<equation>` for text from the command line.
    pub name: Arc<str>,
    /// The whole text.
    pub text: Arc<str>,
}

impl Source {
    /// A source called `name` with this `text`.
    pub fn new(name: &str, text: &str) -> Source {
        Source { name: name.into(), text: text.into() }
    }
}

/// A byte range of a source; always on character boundaries and inside the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The bytes from `start` up to `end`.
    pub fn new(start: usize, end: usize) -> Span {
        Span { start, end }
    }

    /// The smallest span that covers both.
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The nearest span inside `text` on character boundaries.
    pub fn within(self, text: &str) -> Span {
        let boundary = |mut at: usize| {
            at = at.min(text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let start = boundary(self.start);
        Span { start, end: boundary(self.end).max(start) }
    }

    /// As a range of bytes.
    pub fn range(self) -> Range<usize> {
        self.start..self.end
    }
}
