//! Tokens to the syntax tree: texts, blocks and their items.
//!
//! In:   tokens, the last one the end.
//! Out:  [`Ast`], or the first thing that does not fit, with what could have stood there.
//! Holds: one token of foresight decides, so that a mistake is reported where it stands. Nesting is bounded.

mod assumption;
mod brackets;
mod failure;
mod formula;

use super::ast::{Ast, At, Condition, Ident, Item, Node, SpaceDimension, VERDICTS};
use super::token::{Symbol, Token, TokenKind, Tokens};
use crate::diagnostic::{Diagnostic, Diagnostics, nearest};
use crate::expr::rational;
use crate::source::{Source, Span};
use assumption::{assumption, assumptions, loose_assumptions};
use failure::{Failure, Parsed, expect, refuse, some_name, some_text, symbol, word};
use formula::{Level, sum};
use nom::Parser;
use nom::combinator::{cut, opt, verify};
use nom::multi::{many0, separated_list0, separated_list1};
use nom::sequence::{pair, preceded, separated_pair, terminated};

/// The words that open an item of a block.
const ITEMS: [&str; 11] =
    ["title", "source", "field", "space", "param", "units", "equation", "expect", "require", "claim", "test"];

/// The tree of a whole text.
pub fn parse(tokens: &[Token], source: &Source) -> Result<Ast, Diagnostics> {
    brackets::check(tokens).map_err(|d| d.about(source))?;
    let block = matches!(&tokens[0].kind, TokenKind::Name(n) if n == "pde");
    let whole = if block { block_text(Tokens(tokens)) } else { bare_text(Tokens(tokens)) };
    finish(whole, tokens, source)
}

/// The tree of one formula and nothing else.
pub fn parse_formula(tokens: &[Token], source: &Source) -> Result<Node, Diagnostics> {
    brackets::check(tokens).map_err(|d| d.about(source))?;
    finish(terminated(sum(Level::default()), end("an operator")).parse(Tokens(tokens)), tokens, source)
}

fn finish<T>(parsed: Parsed<'_, T>, tokens: &[Token], source: &Source) -> Result<T, Diagnostics> {
    match parsed {
        Ok((_, tree)) => Ok(tree),
        Err(nom::Err::Error(failure) | nom::Err::Failure(failure)) => Err(failure.diagnostic(tokens).about(source)),
        Err(nom::Err::Incomplete(_)) => {
            let end = tokens[tokens.len() - 1].span;
            Err(Diagnostic::new("E0101", end, "the text ends too early").about(source))
        }
    }
}

/// `equation; equation where assumptions`.
fn bare_text(i: Tokens<'_>) -> Parsed<'_, Ast> {
    if i.next().kind == TokenKind::End {
        let empty = Diagnostic::new("E0110", Span::new(0, i.next().span.end), "there is no equation in this text");
        return refuse(i, empty.help("the shortest texts are like `phi_t - lap(phi) = 0`"));
    }
    let (i, first) = bare_equation(i)?;
    let more = preceded(symbol(Symbol::Semicolon), verify_not_done(bare_equation));
    let (i, others) = many0(more).parse(i)?;
    let (i, _) = opt(symbol(Symbol::Semicolon)).parse(i)?;
    let (i, given) = opt(preceded(word("where"), cut(loose_assumptions))).parse(i)?;
    let (i, _) = cut(end("`;`, `where` or an operator")).parse(i)?;
    let given = given.map(|list| {
        let span = list.iter().map(|a| a.span).reduce(Span::to).unwrap_or_default();
        At::new(Item::Param(list), span)
    });
    Ok((i, Ast { name: None, items: std::iter::once(first).chain(others).chain(given).collect() }))
}

/// After a `;`: the equation that follows, unless the text ends or the assumptions begin there.
fn verify_not_done<'a>(
    mut equation: impl FnMut(Tokens<'a>) -> Parsed<'a, At<Item>>,
) -> impl FnMut(Tokens<'a>) -> Parsed<'a, At<Item>> {
    move |i| match &i.next().kind {
        TokenKind::End => Err(nom::Err::Error(Failure::expecting(i, "an equation"))),
        TokenKind::Name(n) if n == "where" => Err(nom::Err::Error(Failure::expecting(i, "an equation"))),
        _ => cut(&mut equation).parse(i),
    }
}

fn bare_equation(i: Tokens<'_>) -> Parsed<'_, At<Item>> {
    let (i, (left, right)) =
        separated_pair(sum(Level::default()), cut(symbol(Symbol::Equal)), cut(sum(Level::default()))).parse(i)?;
    let span = left.span.to(right.span);
    Ok((i, At::new(Item::Equation { left, right }, span)))
}

fn end<'a>(instead: &'static str) -> impl FnMut(Tokens<'a>) -> Parsed<'a, ()> {
    move |i| match i.next().kind {
        TokenKind::End => Ok((i, ())),
        _ => Err(nom::Err::Error(Failure::expecting(i, instead).trailing())),
    }
}

/// `pde name { item; ... }`.
fn block_text(i: Tokens<'_>) -> Parsed<'_, Ast> {
    let (i, _) = word("pde").parse(i)?;
    let (i, name) = cut(some_name("a name for the equation")).parse(i)?;
    let (i, open) = cut(symbol(Symbol::OpenBlock)).parse(i)?;
    let closing = |i: Tokens<'_>| i.next().kind == TokenKind::Symbol(Symbol::CloseBlock);
    let one = |i| if closing(i) { expect(i, "an item") } else { cut(item).parse(i) };
    let (i, items) = many0(one).parse(i)?;
    let (i, _) = cut(symbol(Symbol::CloseBlock)).parse(i)?;
    let (i, _) = cut(end("the end of the text after the block")).parse(i)?;
    if !items.iter().any(|item| matches!(item.node, Item::Equation { .. })) {
        let none = Diagnostic::new("E0110", name.span.to(open), "this block has no equation");
        return refuse(i, none.help("add `equation phi_t - lap(phi) = 0;`"));
    }
    Ok((i, Ast { name: Some(name), items }))
}

fn item(i: Tokens<'_>) -> Parsed<'_, At<Item>> {
    let (after, key) = some_name("an item such as `equation` or `param`").parse(i)?;
    let (rest, node) = match key.node.as_str() {
        "title" => some_text.map(Item::Title).parse(after),
        "source" => some_text.map(Item::Source).parse(after),
        "field" => field(after),
        "space" => space(after),
        "param" => assumptions.map(Item::Param).parse(after),
        "equation" => bare_equation.map(|e| e.node).parse(after),
        "expect" => judgement(false, after),
        "require" => judgement(true, after),
        "claim" => claim(after),
        "test" => test(after),
        "units" => {
            let unsupported = Diagnostic::new("E0112", key.span, "units are not checked, so they are not read");
            refuse(i, unsupported.help("leave the item out, or say the units in a `//` comment"))
        }
        other => {
            let near = nearest(other, ITEMS).map(|n| format!("did you mean `{n}`? "));
            let help = format!("{}the items are {}", near.unwrap_or_default(), ITEMS.join(", ").replace("units, ", ""));
            let message = format!("a block has no item {}", i.next().kind);
            refuse(i, Diagnostic::new("E0105", key.span, message).help(help))
        }
    }
    .map_err(|e| match e {
        nom::Err::Error(f) => nom::Err::Failure(f),
        other => other,
    })?;
    let (rest, close) = cut(symbol(Symbol::Semicolon)).parse(rest)?;
    Ok((rest, At::new(node, key.span.to(close))))
}

/// `phi, chi: complex`.
fn field(i: Tokens<'_>) -> Parsed<'_, Item> {
    let names = separated_list1(symbol(Symbol::Comma), some_name("the name of a field"));
    let kind =
        verify(some_name("`real` or `complex`"), |kind: &Ident| ["real", "complex"].contains(&kind.node.as_str()));
    let (rest, (names, kind)) = pair(names, opt(preceded(symbol(Symbol::Colon), cut(kind)))).parse(i)?;
    Ok((rest, Item::Field { names, complex: kind.is_some_and(|k| k.node == "complex") }))
}

/// `x in R^N, N >= 1`.
fn space(i: Tokens<'_>) -> Parsed<'_, Item> {
    let (i, _) = (word("x"), word("in"), word("R")).parse(i)?;
    let (i, dimension) = match opt(symbol(Symbol::Caret)).parse(i)? {
        (i, None) => (i, SpaceDimension::Fixed(At::new(rational(1, 1), i.next().span))),
        (i, Some(_)) => {
            let next = i.next();
            match &next.kind {
                TokenKind::Name(n) if n == "N" => (word("N").parse(i)?.0, SpaceDimension::Any),
                TokenKind::Number(r) => (Tokens(&i.0[1..]), SpaceDimension::Fixed(At::new(r.clone(), next.span))),
                _ => return expect(i, "`N` or a number"),
            }
        }
    };
    let (i, assumptions) = many0(preceded(symbol(Symbol::Comma), cut(assumption))).parse(i)?;
    Ok((i, Item::Space { dimension, assumptions }))
}

fn verdict(i: Tokens<'_>) -> Parsed<'_, At<String>> {
    let (rest, word) = some_name("a verdict such as `s_generative`").parse(i)?;
    if VERDICTS.contains(&word.node.as_str()) {
        return Ok((rest, word));
    }
    let hyphen = rest.next().kind == TokenKind::Symbol(Symbol::Minus);
    let remedy = if hyphen { "with `_` for `-`: " } else { "" };
    let unknown = Diagnostic::new("E0111", word.span, format!("`{}` is not a verdict", word.node));
    refuse(i, unknown.help(format!("{remedy}a verdict is one of {}", VERDICTS.join(", "))))
}

fn judgement(require: bool, i: Tokens<'_>) -> Parsed<'_, Item> {
    let (i, verdict) = verdict(i)?;
    let conditional = verdict.node == "conditional";
    let refuted = verdict.node == "not_s_generative";
    let (i, when) = if conditional { opt(preceded(word("when"), cut(condition))).parse(i)? } else { (i, None) };
    let which = verify(some_name("`C1` or `C2`"), |c: &Ident| ["C1", "C2"].contains(&c.node.as_str()));
    let (i, by) = if refuted { opt(preceded(word("by"), cut(which))).parse(i)? } else { (i, None) };
    Ok((i, Item::Expect { require, verdict, when, by }))
}

/// The condition after `when`: words in quotes, or constraints.
fn condition(i: Tokens<'_>) -> Parsed<'_, Condition> {
    match i.next().kind {
        TokenKind::Text(_) => some_text.map(Condition::Words).parse(i),
        _ => assumptions.map(Condition::Constraints).parse(i),
    }
}

fn claim(i: Tokens<'_>) -> Parsed<'_, Item> {
    let (i, verdict) = verdict(i)?;
    let (i, by) = preceded(word("by"), some_text).parse(i)?;
    let (i, because) = opt(preceded(word("because"), cut(some_text))).parse(i)?;
    Ok((i, Item::Claim { verdict, by, because }))
}

fn test(i: Tokens<'_>) -> Parsed<'_, Item> {
    let value = separated_pair(some_name("a parameter or `N`"), cut(symbol(Symbol::Equal)), cut(sum(Level::default())));
    let (rest, values) = separated_list0(symbol(Symbol::Comma), value).parse(i)?;
    if values.is_empty() { expect(i, "a value such as `m = 1`") } else { Ok((rest, Item::Test(values))) }
}
