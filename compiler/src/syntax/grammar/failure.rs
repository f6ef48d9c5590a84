//! What the grammar says when a token does not fit, and the parsers of single tokens.

use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::ast::{At, Ident};
use crate::syntax::token::{Symbol, Token, TokenKind, Tokens};
use nom::error::{ErrorKind, ParseError};
use nom::{Err, IResult};

/// The result of a parser over tokens.
pub(super) type Parsed<'a, T> = IResult<Tokens<'a>, T, Failure>;

/// Where reading stopped, and what could have stood there.
#[derive(Debug)]
pub(super) struct Failure {
    /// How many tokens were left: the fewer, the further.
    left: usize,
    expected: Vec<&'static str>,
    trailing: bool,
    given: Option<Box<Diagnostic>>,
}

impl Failure {
    pub(super) fn expecting(i: Tokens<'_>, what: &'static str) -> Failure {
        Failure { left: i.0.len(), expected: vec![what], trailing: false, given: None }
    }

    /// The text before was complete.
    pub(super) fn trailing(mut self) -> Failure {
        self.trailing = true;
        self
    }

    /// The message about `tokens`.
    pub(super) fn diagnostic(self, tokens: &[Token]) -> Diagnostic {
        if let Some(given) = self.given {
            return *given;
        }
        let at = tokens.len().saturating_sub(self.left).min(tokens.len() - 1);
        let found = &tokens[at];
        let before = if at > 0 { tokens[at - 1].span } else { found.span };
        let wanted = self.expected.join(" or ");
        let stops = match &found.kind {
            TokenKind::End | TokenKind::Symbol(Symbol::Semicolon | Symbol::CloseBlock | Symbol::Comma) => true,
            TokenKind::Name(n) => n == "where",
            _ => false,
        };
        let place = if found.kind == TokenKind::End { before } else { found.span };
        let message = format!("expected {wanted}, found {}", found.kind);
        if self.expected == ["`=`"] && stops {
            return Diagnostic::new("E0103", before, "an equation needs `=`")
                .label("the left side ends here")
                .help("write `... = 0`");
        }
        if self.expected == ["`;`"] {
            return Diagnostic::new("E0106", before, message)
                .label("set `;` behind this")
                .help("each item ends in `;`");
        }
        if self.trailing {
            return Diagnostic::new("E0104", place, format!("the text goes on with {} after its end", found.kind))
                .label("this is too much")
                .help(match &found.kind {
                    TokenKind::Name(n) if n == "and" => {
                        "a comma stands between assumptions: `where a > 0, b > 0`".to_owned()
                    }
                    TokenKind::Symbol(Symbol::Comma) => {
                        format!("assumptions follow the word `where`; only {wanted} can follow")
                    }
                    _ => format!("only {wanted} can follow"),
                });
        }
        let label = if found.kind == TokenKind::End { "the text ends after this" } else { "this does not fit here" };
        let diagnostic = Diagnostic::new("E0101", place, message).label(label);
        match (at.checked_sub(1).map(|i| &tokens[i].kind), &found.kind) {
            (Some(TokenKind::Symbol(Symbol::Equal)), TokenKind::Symbol(Symbol::Equal)) => {
                diagnostic.help("write one `=`")
            }
            (Some(TokenKind::Symbol(Symbol::Star)), TokenKind::Symbol(Symbol::Star)) => {
                diagnostic.help("a power is written `m^2`")
            }
            (_, found) => match remedy(&wanted, found) {
                Some(remedy) => diagnostic.help(remedy),
                None => diagnostic,
            },
        }
    }
}

/// What to write instead, where that can be told from what was expected and what was found.
fn remedy(wanted: &str, found: &TokenKind) -> Option<&'static str> {
    match (wanted, found) {
        (w, TokenKind::Symbol(Symbol::OpenBlock)) if w.contains("as the power") => {
            Some("a power stands in round brackets: `(-lap)^(1/2) phi`")
        }
        (w, _) if w.starts_with("a relation such as") => {
            Some("an assumption is like `m > 0`, `0 < beta <= 1` or `m positive`")
        }
        ("`=`", TokenKind::Symbol(_)) => Some("an equation is like `phi_t - lap(phi) = 0`"),
        ("a formula", TokenKind::Symbol(Symbol::Slash)) => {
            Some("a fraction in a power stands in brackets: `(-lap)^(1/2) phi`, `m^(1/2)`")
        }
        ("a formula", TokenKind::End) => Some("write what is missing, as in `phi_t - D lap(phi) = 0 where D > 0`"),
        ("a formula", TokenKind::Symbol(_)) => Some("a term is missing here, or a sign is too much"),
        ("an assumption", _) => Some("an assumption is like `m > 0`, `0 < beta <= 1` or `m positive`"),
        (w, _) if w.starts_with("a name for the equation") => {
            Some("a block begins with its name: `pde diffusion { ... }`")
        }
        _ => None,
    }
}

impl<'a> ParseError<Tokens<'a>> for Failure {
    fn from_error_kind(i: Tokens<'a>, _: ErrorKind) -> Self {
        Failure { left: i.0.len(), expected: Vec::new(), trailing: false, given: None }
    }

    fn append(_: Tokens<'a>, _: ErrorKind, other: Self) -> Self {
        other
    }
}

/// Stops for good with this message.
pub(super) fn refuse<'a, T>(i: Tokens<'a>, diagnostic: Diagnostic) -> Parsed<'a, T> {
    let given = Some(Box::new(diagnostic));
    Err(Err::Failure(Failure { left: i.0.len(), expected: Vec::new(), trailing: false, given }))
}

/// Fails because `what` is not here.
pub(super) fn expect<'a, T>(i: Tokens<'a>, what: &'static str) -> Parsed<'a, T> {
    Err(Err::Error(Failure::expecting(i, what)))
}

/// The next token if `pick` takes it.
fn token<'a, T>(i: Tokens<'a>, what: &'static str, pick: impl Fn(&TokenKind) -> Option<T>) -> Parsed<'a, At<T>> {
    let next = i.next();
    match pick(&next.kind) {
        Some(node) if i.0.len() > 1 => Ok((Tokens(&i.0[1..]), At::new(node, next.span))),
        _ => expect(i, what),
    }
}

/// This punctuation; gives its place.
pub(super) fn symbol<'a>(s: Symbol) -> impl FnMut(Tokens<'a>) -> Parsed<'a, Span> {
    move |i| {
        let (rest, at) = token(i, quoted(s), |kind| (*kind == TokenKind::Symbol(s)).then_some(()))?;
        Ok((rest, at.span))
    }
}

/// This word; gives its place.
pub(super) fn word<'a>(text: &'static str) -> impl FnMut(Tokens<'a>) -> Parsed<'a, Span> {
    move |i| {
        let what = match text {
            "x" => "`x`, as in `space x in R^N`",
            "in" => "`in`",
            "R" => "`R`, as in `R^N` or `R^3`",
            "by" => "`by \"...\"`",
            _ => text,
        };
        let (rest, at) = token(i, what, |kind| matches!(kind, TokenKind::Name(n) if n == text).then_some(()))?;
        Ok((rest, at.span))
    }
}

/// Any name.
pub(super) fn some_name<'a>(what: &'static str) -> impl FnMut(Tokens<'a>) -> Parsed<'a, Ident> {
    move |i| {
        token(i, what, |kind| match kind {
            TokenKind::Name(n) => Some(n.clone()),
            _ => None,
        })
    }
}

/// Any text in quotes.
pub(super) fn some_text(i: Tokens<'_>) -> Parsed<'_, At<String>> {
    token(i, "a text in quotes", |kind| match kind {
        TokenKind::Text(t) => Some(t.clone()),
        _ => None,
    })
}

fn quoted(s: Symbol) -> &'static str {
    match s {
        Symbol::Equal => "`=`",
        Symbol::Semicolon => "`;`",
        Symbol::Comma => "`,`",
        Symbol::Close => "`)`",
        Symbol::OpenBlock => "`{`",
        Symbol::CloseBlock => "`}`",
        Symbol::Bar => "`|`",
        Symbol::Caret => "`^`",
        s => s.as_str(),
    }
}
