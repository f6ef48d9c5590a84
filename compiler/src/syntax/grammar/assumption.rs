//! Assumptions: `m > 0`, `0 < beta <= 1`, `c real nonzero`, `phi: complex`.

use super::failure::{Parsed, expect, some_name, symbol};
use super::formula::{Level, sum};
use crate::syntax::ast::{Assumption, At, Ident, PROPERTIES, Relation};
use crate::syntax::token::{Symbol, TokenKind, Tokens};
use nom::Parser;
use nom::branch::alt;
use nom::combinator::{cut, opt, verify};
use nom::multi::{many0, many1, separated_list1};
use nom::sequence::{pair, terminated};

/// Assumptions separated by commas.
pub(super) fn assumptions(i: Tokens<'_>) -> Parsed<'_, Vec<At<Assumption>>> {
    separated_list1(symbol(Symbol::Comma), cut(assumption)).parse(i)
}

/// Assumptions at the end of a text: `;` means `,`, and one may trail.
pub(super) fn loose_assumptions(i: Tokens<'_>) -> Parsed<'_, Vec<At<Assumption>>> {
    let separator = |i| alt((symbol(Symbol::Comma), symbol(Symbol::Semicolon))).parse(i);
    let done = |i: Tokens<'_>| i.next().kind == TokenKind::End;
    let next = |i| if done(i) { expect(i, "an assumption") } else { cut(assumption).parse(i) };
    terminated(separated_list1(separator, next), opt(separator)).parse(i)
}

/// One assumption.
pub(super) fn assumption(i: Tokens<'_>) -> Parsed<'_, At<Assumption>> {
    if is_about_properties(i) { properties(i) } else { chain(i) }
}

/// A name and nothing but properties up to the next separator.
fn is_about_properties(i: Tokens<'_>) -> bool {
    let property = |kind: &TokenKind| matches!(kind, TokenKind::Name(n) if PROPERTIES.contains(&n.as_str()));
    let after_name = i.0.iter().skip(1).map(|t| &t.kind).find(|kind| !property(kind));
    let separators = [Symbol::Comma, Symbol::Semicolon, Symbol::Colon].map(TokenKind::Symbol);
    let ends = after_name.is_some_and(|kind| *kind == TokenKind::End || separators.contains(kind));
    matches!(i.next().kind, TokenKind::Name(_)) && ends
}

fn properties(i: Tokens<'_>) -> Parsed<'_, At<Assumption>> {
    let (i, name) = some_name("a name").parse(i)?;
    let (i, _) = opt(symbol(Symbol::Colon)).parse(i)?;
    let known = |i| verify(some_name("a property"), |p: &Ident| PROPERTIES.contains(&p.node.as_str())).parse(i);
    let (i, properties) = many0(known).parse(i)?;
    let span = properties.last().map_or(name.span, |p| name.span.to(p.span));
    Ok((i, At::new(Assumption::Is(name, properties), span)))
}

fn chain(i: Tokens<'_>) -> Parsed<'_, At<Assumption>> {
    let (i, first) = sum(Level::default()).parse(i)?;
    let (i, more) = many1(pair(relation, cut(sum(Level::default())))).parse(i)?;
    let span = more.iter().fold(first.span, |span, (_, side)| span.to(side.span));
    Ok((i, At::new(Assumption::Chain(first, more), span)))
}

fn relation(i: Tokens<'_>) -> Parsed<'_, Relation> {
    let next = &i.next().kind;
    match Relation::ALL.into_iter().find(|r| *next == TokenKind::Symbol(r.symbol())) {
        Some(r) => Ok((Tokens(&i.0[1..]), r)),
        None => expect(i, "a relation such as `>`, or a property such as `real`"),
    }
}
