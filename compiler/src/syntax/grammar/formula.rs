//! Formulas: sums of products of powers, and what stands in them.
//!
//! Binding, from loose to tight: `+ -`; sign; `* /` and factors set side by side; a sign inside a product; `^`
//! (to the right); operators written as symbols, which take the power that follows.

use super::failure::{Failure, Parsed, expect, refuse, symbol};
use crate::diagnostic::Diagnostic;
use crate::expr::{Axis, rational};
use crate::operator::functions;
use crate::source::Span;
use crate::syntax::ast::{At, Formula, Join, Node, Sign};
use crate::syntax::token::{Operator, Symbol, Token, TokenKind, Tokens};
use nom::combinator::{cut, opt};
use nom::multi::{many0, separated_list0};
use nom::sequence::{pair, preceded, terminated};
use nom::{Err, Parser};
use num_traits::Zero;

/// Formulas may be nested this deep. Every stage may therefore recurse.
pub(super) const DEEPEST: u32 = 64;

/// Words that are never names in a formula: they begin what comes after one.
const KEYWORDS: [&str; 13] = [
    "pde", "where", "title", "source", "field", "space", "param", "units", "equation", "expect", "require", "claim",
    "test",
];

/// How deep a formula stands, and whether a `|` would close it.
#[derive(Clone, Copy, Default)]
pub(super) struct Level {
    depth: u32,
    bars: bool,
}

impl Level {
    fn deeper(self, i: Tokens<'_>) -> Result<Level, Err<Failure>> {
        let depth = self.depth + 1;
        if depth < DEEPEST {
            return Ok(Level { depth, bars: self.bars });
        }
        let message = format!("this formula is nested more than {DEEPEST} deep");
        let deep = Diagnostic::new("E0108", i.next().span, message).label("too deep from here");
        match refuse::<()>(i, deep.help("name the inner parts, or write the formula with fewer brackets")) {
            Err(e) => Err(e),
            Ok(_) => Ok(self),
        }
    }
}

/// `a - b c + d`.
pub(super) fn sum<'a>(level: Level) -> impl FnMut(Tokens<'a>) -> Parsed<'a, Node> {
    move |i| {
        let (rest, first) = pair(opt(sign), product(level)).parse(i)?;
        let (rest, more) = many0(pair(sign, cut(product(level)))).parse(rest)?;
        let first = (first.0.unwrap_or((Sign::Plus, first.1.span)), first.1);
        let mut span = first.0.1.to(first.1.span);
        let mut terms = vec![(first.0.0, first.1)];
        for ((sign, _), term) in more {
            span = span.to(term.span);
            terms.push((sign, term));
        }
        if terms.len() == 1 && terms[0].0 == Sign::Plus {
            return Ok((rest, terms.swap_remove(0).1));
        }
        Ok((rest, At::new(Formula::Sum(terms), span)))
    }
}

fn sign(i: Tokens<'_>) -> Parsed<'_, (Sign, Span)> {
    let which = match i.next().kind {
        TokenKind::Symbol(Symbol::Plus) => Sign::Plus,
        TokenKind::Symbol(Symbol::Minus) => Sign::Minus,
        _ => return expect(i, "`+` or `-`"),
    };
    Ok((Tokens(&i.0[1..]), (which, i.next().span)))
}

/// `2 eps phi_t / m * t`.
fn product<'a>(level: Level) -> impl FnMut(Tokens<'a>) -> Parsed<'a, Node> {
    move |i| {
        let (rest, first) = signed(level)(i)?;
        let (rest, more) = many0(joined(level)).parse(rest)?;
        let zero = matches!(&first.node, Formula::Number(n) if n.is_zero());
        if zero && more.first().is_some_and(|(join, _)| *join == Join::Beside) {
            // Nobody writes `0 m`; what follows `= 0` was meant as something else.
            return cut(|i| expect(i, "`;`, `where` or an operator").map_err(trailing)).parse(Tokens(&i.0[1..]));
        }
        if more.is_empty() {
            return Ok((rest, first));
        }
        let span = more.iter().fold(first.span, |span, (_, f)| span.to(f.span));
        let factors = std::iter::once((Join::Times, first)).chain(more).collect();
        Ok((rest, At::new(Formula::Product(factors), span)))
    }
}

fn trailing(e: Err<Failure>) -> Err<Failure> {
    e.map(Failure::trailing)
}

fn joined<'a>(level: Level) -> impl FnMut(Tokens<'a>) -> Parsed<'a, (Join, Node)> {
    move |i| {
        let join = match &i.next().kind {
            TokenKind::Symbol(Symbol::Star) => Join::Times,
            TokenKind::Symbol(Symbol::Slash) => Join::Over,
            TokenKind::Symbol(Symbol::Bar) if level.bars => return expect(i, "an operator"),
            TokenKind::Symbol(Symbol::Open | Symbol::Bar) | TokenKind::Operator(_) => Join::Beside,
            TokenKind::Name(n) if !KEYWORDS.contains(&n.as_str()) => Join::Beside,
            _ => return expect(i, "an operator"),
        };
        let start = if join == Join::Beside { i } else { Tokens(&i.0[1..]) };
        let (rest, factor) = cut(|i| signed(level)(i)).parse(start)?;
        Ok((rest, (join, factor)))
    }
}

/// A factor, perhaps with a sign of its own: `a * -b`.
fn signed<'a>(level: Level) -> impl FnMut(Tokens<'a>) -> Parsed<'a, Node> {
    move |i| {
        let TokenKind::Symbol(Symbol::Minus) = i.next().kind else { return power(level)(i) };
        let (rest, inner) = signed(level.deeper(i)?)(Tokens(&i.0[1..]))?;
        let span = i.next().span.to(inner.span);
        Ok((rest, At::new(Formula::Sum(vec![(Sign::Minus, inner)]), span)))
    }
}

/// `a^b^c`, to the right.
fn power<'a>(level: Level) -> impl FnMut(Tokens<'a>) -> Parsed<'a, Node> {
    move |i| {
        let (rest, base) = primary(level)(i)?;
        let (rest, caret) = opt(symbol(Symbol::Caret)).parse(rest)?;
        if caret.is_none() {
            return Ok((rest, base));
        }
        let (rest, exponent) = cut(signed(level.deeper(i)?)).parse(rest)?;
        let span = base.span.to(exponent.span);
        Ok((rest, At::new(Formula::Power(Box::new(base), Box::new(exponent)), span)))
    }
}

fn primary<'a>(level: Level) -> impl FnMut(Tokens<'a>) -> Parsed<'a, Node> {
    move |i| {
        let span = i.next().span;
        let after = || Tokens(&i.0[1..]);
        match &i.next().kind {
            TokenKind::Number(r) => Ok((after(), At::new(Formula::Number(r.clone()), span))),
            TokenKind::Name(name) => named(name, level)(i),
            TokenKind::Operator(operator) => applied(*operator, level)(i),
            TokenKind::Symbol(Symbol::Open) if is_frac_lap(i) => frac_lap(level)(i),
            TokenKind::Symbol(Symbol::Open) => {
                let inside = Level { bars: false, ..level.deeper(i)? };
                let (rest, (node, close)) = pair(cut(sum(inside)), cut(symbol(Symbol::Close))).parse(after())?;
                Ok((rest, At::new(node.node, span.to(close))))
            }
            TokenKind::Symbol(Symbol::Bar) => magnitude(level)(i),
            _ => expect(i, "a formula"),
        }
    }
}

/// `|phi|` is `abs(phi)`, and `|phi|^2` is `abs2(phi)`.
fn magnitude<'a>(level: Level) -> impl FnMut(Tokens<'a>) -> Parsed<'a, Node> {
    move |i| {
        let start = i.next().span;
        let inside = Level { bars: true, ..level.deeper(i)? };
        let (rest, (node, close)) = pair(cut(sum(inside)), cut(symbol(Symbol::Bar))).parse(Tokens(&i.0[1..]))?;
        let squared = match rest.0 {
            [Token { kind: TokenKind::Symbol(Symbol::Caret), .. }, Token { kind: TokenKind::Number(n), span }, ..] => {
                (*n == rational(2, 1)).then_some(*span)
            }
            _ => None,
        };
        let (name, rest) = if squared.is_some() { ("abs2", Tokens(&rest.0[2..])) } else { ("abs", rest) };
        let span = start.to(squared.unwrap_or(close));
        Ok((rest, At::new(Formula::Call(At::new(name.to_owned(), span), vec![node]), span)))
    }
}

/// A name, or a call when a bracket follows: directly, or after the name of a function.
fn named<'a>(name: &'a str, level: Level) -> impl FnMut(Tokens<'a>) -> Parsed<'a, Node> {
    move |i| {
        let span = i.next().span;
        let rest = Tokens(&i.0[1..]);
        if KEYWORDS.contains(&name) {
            let word = Diagnostic::new("E0101", span, format!("expected a formula, found the word `{name}`"));
            return refuse(
                i,
                word.label("this begins something else").help("names in formulas must not be words of the language"),
            );
        }
        let bracket = rest.next().kind == TokenKind::Symbol(Symbol::Open);
        let adjacent = rest.next().span.start == span.end;
        let known = functions::find(name).is_some();
        if bracket && (known || adjacent) && !is_frac_lap(rest) {
            let inside = Level { bars: false, ..level.deeper(i)? };
            let arguments = separated_list0(symbol(Symbol::Comma), cut(sum(inside)));
            let empty = rest.second().is_some_and(|t| t.kind == TokenKind::Symbol(Symbol::Close));
            let (rest, arguments) = if empty {
                (Tokens(&rest.0[1..]), Vec::new())
            } else {
                preceded(symbol(Symbol::Open), arguments).parse(rest)?
            };
            let (rest, close) = cut(symbol(Symbol::Close)).parse(rest)?;
            let call = Formula::Call(At::new(name.to_owned(), span), arguments);
            return Ok((rest, At::new(call, span.to(close))));
        }
        if known {
            let alone = Diagnostic::new("E0208", span, format!("`{name}` needs an argument in brackets"));
            let remedy = without_argument(name, rest);
            return refuse(
                i,
                alone.help(remedy.map_or_else(|| format!("write `{}`", functions::usage(name)), str::to_owned)),
            );
        }
        Ok((rest, At::new(Formula::Name(name.to_owned()), span)))
    }
}

/// What to write instead of a function of an operator, or of a power of one.
fn without_argument(name: &str, rest: Tokens<'_>) -> Option<&'static str> {
    let of_an_operator = matches!(rest.0, [open, ..] if open.kind == TokenKind::Symbol(Symbol::Open));
    let power = rest.next().kind == TokenKind::Symbol(Symbol::Caret);
    match name {
        "lap" if power => Some("write `lap(lap(phi))`, or `(-lap)^beta phi` for any power"),
        "sqrt" if of_an_operator => {
            Some("a root of the Laplacian is `(-lap)^(1/2) phi`; other functions of it cannot be written")
        }
        "exp" | "log" | "sin" | "cos" | "tanh" if of_an_operator => {
            Some("of functions of the Laplacian, powers alone can be written: `(-lap)^beta phi`")
        }
        "lap" => {
            Some("write `lap(phi)`; of functions of the Laplacian, powers alone can be written: `(-lap)^beta phi`")
        }
        _ => None,
    }
}

/// An operator written as a symbol, on the power that follows.
fn applied<'a>(operator: Operator, level: Level) -> impl FnMut(Tokens<'a>) -> Parsed<'a, Node> {
    move |i| {
        let span = i.next().span;
        let rest = Tokens(&i.0[1..]);
        let clear = matches!(rest.next().kind, TokenKind::Symbol(Symbol::Open) | TokenKind::Operator(_));
        if operator == Operator::Div && !clear && rest.next().kind != TokenKind::End {
            let loose = Diagnostic::new("E0107", span, "where the operand of this divergence ends is not clear");
            return refuse(i, loose.label("a bracket must follow").help("write `∇·(x φ)`, or `div(x phi)`"));
        }
        let (rest, operand) = cut(power(level.deeper(i)?)).parse(rest)?;
        let whole = span.to(operand.span);
        let call = |name: &str, more: Vec<Node>, inner: Node| {
            let arguments = std::iter::once(inner).chain(more).collect();
            At::new(Formula::Call(At::new(name.to_owned(), span), arguments), whole)
        };
        let times = |name: &str, n: u32, inner: Node| match n {
            0 => inner,
            1 => call(name, Vec::new(), inner),
            n => call(name, vec![At::new(Formula::Number(rational(n.into(), 1)), span)], inner),
        };
        let node = match operator {
            Operator::Lap => call("lap", Vec::new(), operand),
            Operator::Grad => call("grad", Vec::new(), operand),
            Operator::Div => call("div", Vec::new(), operand),
            Operator::Partial { time, axes } => {
                let along = |f, axis: Axis| times(axis.derivative(), axes[axis.index()], f);
                times("dt", time, Axis::ALL.into_iter().fold(operand, along))
            }
        };
        Ok((rest, node))
    }
}

/// Does `(-lap)` stand here?
fn is_frac_lap(i: Tokens<'_>) -> bool {
    let kinds: Vec<&TokenKind> = i.0.iter().take(4).map(|t| &t.kind).collect();
    let [TokenKind::Symbol(Symbol::Open), TokenKind::Symbol(Symbol::Minus), lap, TokenKind::Symbol(Symbol::Close)] =
        kinds.as_slice()
    else {
        return false;
    };
    match lap {
        TokenKind::Name(n) => n == "lap",
        TokenKind::Operator(o) => *o == Operator::Lap,
        _ => false,
    }
}

/// `(-lap)^beta phi`: the exponent is a number, a name or a bracket.
fn frac_lap<'a>(level: Level) -> impl FnMut(Tokens<'a>) -> Parsed<'a, Node> {
    move |i| {
        let inside = level.deeper(i)?;
        let start = i.next().span;
        let (rest, _) = cut(symbol(Symbol::Caret)).parse(Tokens(&i.0[4..]))?;
        let next = rest.next();
        let after = Tokens(rest.0.get(1..).unwrap_or(rest.0));
        let (rest, exponent) = match &next.kind {
            TokenKind::Number(r) => (after, At::new(Formula::Number(r.clone()), next.span)),
            TokenKind::Name(n) if !KEYWORDS.contains(&n.as_str()) => {
                (after, At::new(Formula::Name(n.clone()), next.span))
            }
            TokenKind::Symbol(Symbol::Open) => {
                let close = |i| cut(symbol(Symbol::Close)).parse(i);
                terminated(cut(sum(Level { bars: false, ..inside })), close).parse(after)?
            }
            _ => return cut(|i| expect(i, "a number, a name or a bracket as the power")).parse(rest),
        };
        let (rest, operand) = cut(power(inside)).parse(rest)?;
        let span = start.to(operand.span);
        Ok((rest, At::new(Formula::FracLap { exponent: Box::new(exponent), operand: Box::new(operand) }, span)))
    }
}
