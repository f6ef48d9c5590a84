//! Brackets match, checked before anything else: a lost bracket makes every later message mislead.

use crate::diagnostic::Diagnostic;
use crate::syntax::token::{Symbol, Token, TokenKind};

/// The first bracket without its partner.
pub(super) fn check(tokens: &[Token]) -> Result<(), Diagnostic> {
    let mut open: Vec<(&Token, Symbol)> = Vec::new();
    for token in tokens {
        let TokenKind::Symbol(s) = token.kind else { continue };
        match s {
            Symbol::Open => open.push((token, Symbol::Close)),
            Symbol::OpenBlock => open.push((token, Symbol::CloseBlock)),
            Symbol::Close | Symbol::CloseBlock => match open.pop() {
                Some((_, partner)) if partner == s => {}
                Some((first, partner)) => return Err(crossed(first, partner, token)),
                None => {
                    let message = format!("{} closes nothing", token.kind);
                    return Err(
                        Diagnostic::new("E0102", token.span, message).help("remove it, or open a bracket before")
                    );
                }
            },
            _ => {}
        }
    }
    match open.pop() {
        None => Ok(()),
        Some((token, partner)) => Err(Diagnostic::new("E0102", token.span, format!("{} is never closed", token.kind))
            .label("opened here")
            .help(format!("add `{}`", partner.as_str()))),
    }
}

fn crossed(first: &Token, partner: Symbol, token: &Token) -> Diagnostic {
    let message = format!("{} is closed by {}", first.kind, token.kind);
    Diagnostic::new("E0102", token.span, message)
        .label(format!("`{}` is due here", partner.as_str()))
        .relate(first.span, "opened here")
}
