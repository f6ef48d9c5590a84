//! The text of an equation and the way back from its bytes to the user's words.
//!
//! In:   tokens of a macro, or the path of a file.
//! Out:  [`Text`]: a source for the compiler, and for every place in it a place of the user's.
//! Holds: tokens stand in the text where they stand in the user's file, so that what touches there touches here, and what does not
//!   (`2 eps`, `m^2 phi`) does not. Comments are spaces.

use crate::message::Message;
use genphys_compiler::diagnostic::{Diagnostic, Diagnostics};
use genphys_compiler::source::{self, Source};
use proc_macro2::{Delimiter, Spacing, Span, TokenStream, TokenTree};
use std::ops::Range;
use std::path::PathBuf;

/// A text with the places of its words.
#[derive(Debug)]
pub struct Text {
    source: Source,
    origin: Places,
}

#[derive(Debug)]
enum Places {
    /// Bytes and the token that they are; in order. The last span is that of the whole macro.
    Tokens(Vec<(Range<usize>, Span)>, Span),
    /// All of it is in a file, whose name stands here.
    File(Span),
}

impl Text {
    /// The text that these tokens were written as; `whole` is the place of a complaint about no token.
    pub fn of_tokens(tokens: TokenStream, whole: Span) -> Text {
        let mut writer = Writer::default();
        writer.stream(tokens);
        let source = Source::new("genphys!", &writer.text);
        Text { source, origin: Places::Tokens(writer.words, whole) }
    }

    /// The text of a file below the folder of the crate, and its absolute path.
    pub fn of_file(path: &str, place: Span) -> Result<(Text, String), Message> {
        let folder = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
        let absolute = PathBuf::from(folder).join(path);
        let unreadable = |e: std::io::Error| {
            Message::at(place, format!("cannot read `{path}`: {e}"))
                .help("the path is relative to the folder of this crate's Cargo.toml")
        };
        let text = std::fs::read_to_string(&absolute).map_err(unreadable)?;
        let Some(name) = absolute.to_str() else {
            return Err(Message::at(place, "the path of the file is not valid UTF-8"));
        };
        Ok((Text { source: Source::new(path, &text), origin: Places::File(place) }, name.to_owned()))
    }

    /// For the compiler.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The first of the messages, which is the cause, in the user's terms.
    pub fn complain(&self, diagnostics: &Diagnostics) -> Message {
        let Some(first) = diagnostics.all.first() else {
            return self.message(source::Span::default(), "the text is wrong");
        };
        self.message(first.span, &self.describe(first))
    }

    /// A complaint about a part of the text. In a file, the part is shown.
    pub fn message(&self, span: source::Span, text: &str) -> Message {
        match &self.origin {
            Places::File(place) => {
                let (headline, rest) = text.split_once('\n').unwrap_or((text, ""));
                let shown = self.excerpt(span);
                let text =
                    [headline, &shown, rest].into_iter().filter(|s| !s.is_empty()).collect::<Vec<_>>().join("\n");
                Message::at(*place, text)
            }
            Places::Tokens(words, whole) => Message { text: text.to_owned(), place: place(words, *whole, span) },
        }
    }

    fn describe(&self, d: &Diagnostic) -> String {
        let mut text = format!("{} [{}]", d.message, d.code);
        let mut add = |line: String| {
            text.push('\n');
            text.push_str(&line);
        };
        if !d.label.is_empty() {
            add(format!("= note: {}", d.label));
        }
        for (span, label) in &d.related {
            let part = self.source.text.get(span.range()).unwrap_or_default();
            let names_it = label.contains(part);
            add(if names_it { format!("= note: {label}") } else { format!("= note: `{part}`: {label}") });
        }
        if let Some(help) = &d.help {
            add(format!("= help: {help}"));
        }
        text
    }

    /// ` --> file:line:column` and the line with the part underlined.
    fn excerpt(&self, span: source::Span) -> String {
        let (text, span) = (&*self.source.text, span.within(&self.source.text));
        let before = text.get(..span.start).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |i| i + 1);
        let line = text.get(start..).unwrap_or_default().lines().next().unwrap_or_default();
        let number = before.matches('\n').count() + 1;
        let column = before.get(start..).unwrap_or_default().chars().count();
        let part = text.get(span.range()).unwrap_or_default().lines().next().unwrap_or_default();
        let (margin, underline) = (" ".repeat(number.to_string().len()), "^".repeat(part.chars().count().max(1)));
        let name = &self.source.name;
        format!(
            "{margin}--> {name}:{number}:{}\n{margin} |\n{number} | {line}\n{margin} | {}{underline}",
            column + 1,
            " ".repeat(column)
        )
    }
}

/// The first and the last word that `span` touches; the last word before it where it touches none.
fn place(words: &[(Range<usize>, Span)], whole: Span, span: source::Span) -> (Span, Span) {
    let mut touched =
        words.iter().filter(|(range, _)| range.start < span.end.max(span.start + 1) && span.start < range.end);
    let Some(first) = touched.next() else {
        let before = words.iter().rev().find(|(range, _)| range.end <= span.start).or(words.last());
        let only = before.map_or(whole, |(_, span)| *span);
        return (only, only);
    };
    (first.1, touched.next_back().unwrap_or(first).1)
}

/// Lays tokens out at their lines and columns.
#[derive(Default)]
struct Writer {
    text: String,
    words: Vec<(Range<usize>, Span)>,
    /// Line and column, in characters, of the end of the text.
    at: Option<(usize, usize)>,
    /// Does the last token ask to be joined to the next?
    joint: bool,
}

impl Writer {
    fn stream(&mut self, tokens: TokenStream) {
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token {
                // `///` has become an attribute, which the language does not have.
                TokenTree::Punct(hash) if hash.as_char() == '#' && is_documentation(tokens.peek()) => {
                    tokens.next();
                }
                TokenTree::Group(group) => {
                    let (open, close) = match group.delimiter() {
                        Delimiter::Parenthesis => ("(", ")"),
                        Delimiter::Brace => ("{", "}"),
                        Delimiter::Bracket => ("[", "]"),
                        Delimiter::None => ("", ""),
                    };
                    self.word(open, group.span_open(), false);
                    self.stream(group.stream());
                    self.word(close, group.span_close(), false);
                }
                TokenTree::Punct(punct) => {
                    let joint = punct.spacing() == Spacing::Joint;
                    self.word(&punct.as_char().to_string(), punct.span(), joint);
                }
                other => self.word(&other.to_string(), other.span(), false),
            }
        }
    }

    fn word(&mut self, word: &str, span: Span, joint: bool) {
        if word.is_empty() {
            return;
        }
        let (start, end) = (span.start(), span.end());
        match self.at {
            _ if self.joint => {}
            None => {}
            Some((line, _)) if start.line > line => {
                self.text.push_str(&"\n".repeat((start.line - line).min(1000)));
                self.text.push_str(&" ".repeat(start.column.min(1000)));
            }
            Some((line, column)) if start.line == line && start.column >= column => {
                self.text.push_str(&" ".repeat((start.column - column).min(1000)));
            }
            // Tokens of another macro stand anywhere.
            Some(_) => self.text.push(' '),
        }
        let from = self.text.len();
        self.text.push_str(word);
        self.words.push((from..self.text.len(), span));
        self.at = Some((end.line, end.column));
        self.joint = joint;
    }
}

/// Is it the `[doc = "..."]` of a comment?
fn is_documentation(next: Option<&TokenTree>) -> bool {
    match next {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Bracket => {
            matches!(group.stream().into_iter().next(), Some(TokenTree::Ident(word)) if word == "doc")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use genphys_compiler::{operator, syntax};

    #[test]
    fn a_mistake_in_a_file_is_shown_with_its_line() {
        let (text, absolute) = Text::of_file("tests/pde/slip.pde", Span::call_site()).unwrap();
        assert!(absolute.ends_with("macros/tests/pde/slip.pde"));
        let parsed = syntax::parse(text.source()).and_then(|ast| operator::resolve(&ast, text.source()));
        let message = text.complain(&parsed.unwrap_err()).text;
        let expected = "\
`m` does not occur in the equation [E0209]
 --> tests/pde/slip.pde:2:14
  |
2 |     param    m > 0;
  |              ^
= help: did you mean `mu`?";
        assert_eq!(message, expected);
    }

    #[test]
    fn what_touches_in_the_source_touches_in_the_text() {
        let written = "phi_tt + 2 eps phi_t\n  - m^2 phi <= 1e-3*(a)/b where N = 2";
        let text = Text::of_tokens(written.parse().unwrap(), Span::call_site());
        assert_eq!(&*text.source().text, written);
    }

    #[test]
    fn comments_are_spaces() {
        let written = "a /* b */ + c // d\n = /// e\n 0";
        let text = Text::of_tokens(written.parse().unwrap(), Span::call_site());
        assert_eq!(text.source().text.split_whitespace().collect::<Vec<_>>(), ["a", "+", "c", "=", "0"]);
    }
}
