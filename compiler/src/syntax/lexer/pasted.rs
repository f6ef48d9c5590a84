//! Operators, powers and fractions as pasted from a paper: `∇²`, `∇·`, `∂ₜ`, `∂²φ/∂t²`, `m²`, `½`.

use super::{Fault, Lexed, Pieces, name, refuse};
use crate::expr::rational;
use crate::syntax::token::{Operator, Symbol, TokenKind};
use crate::syntax::unicode;
use nom::branch::alt;
use nom::bytes::complete::take_while1;
use nom::character::complete::{char, multispace0, one_of, satisfy};
use nom::combinator::{map_opt, opt, peek};
use nom::multi::many1;
use nom::sequence::{delimited, pair, preceded};
use nom::{Err, Parser};

/// The highest order a symbol may carry.
const HIGHEST_ORDER: u32 = 64;

/// A differential operator written as a symbol.
pub(super) fn operator(i: &str) -> Lexed<'_, Pieces<'_>> {
    alt((nabla, laplacian, partial)).parse(i)
}

fn nabla(i: &str) -> Lexed<'_, Pieces<'_>> {
    let (rest, _) = char('∇').parse(i)?;
    let dot = preceded(multispace0, satisfy(unicode::is_dot));
    let cross = preceded(multispace0, char('×'));
    let (rest, dotted) = opt(dot).parse(rest)?;
    if dotted.is_some() {
        return Ok((rest, vec![(TokenKind::Operator(Operator::Div), i, rest)]));
    }
    let curl: Lexed<'_, char> = peek(cross).parse(rest);
    if curl.is_ok() {
        let help = "only gradients, divergences and Laplacians are";
        return refuse(i, "E0001", '∇'.len_utf8(), "a curl is not part of the language".to_owned(), help);
    }
    let (rest, order) = opt(order).parse(rest)?;
    match order {
        None => Ok((rest, vec![(TokenKind::Operator(Operator::Grad), i, rest)])),
        Some(n) if n % 2 == 0 && (2..=HIGHEST_ORDER).contains(&n) => Ok((rest, laplacians(n / 2, i, rest))),
        Some(n) => {
            let length = i.len() - rest.len();
            refuse(
                i,
                "E0001",
                length,
                format!("nabla to the power {n}"),
                "only even powers, `∇²`, `∇⁴` ..., are scalars",
            )
        }
    }
}

fn laplacian(i: &str) -> Lexed<'_, Pieces<'_>> {
    let (rest, _) = one_of("Δ∆").parse(i)?;
    let (rest, order) = opt(order).parse(rest)?;
    Ok((rest, laplacians(order.unwrap_or(1).clamp(1, HIGHEST_ORDER), i, rest)))
}

fn laplacians<'a>(n: u32, start: &'a str, end: &'a str) -> Pieces<'a> {
    (0..n).map(|_| (TokenKind::Operator(Operator::Lap), start, end)).collect()
}

/// `∂ₜ`, `∂_tt`, `∂ₜ²`, or Leibniz's `∂²φ/∂t²` and `∂/∂t φ`.
fn partial(i: &str) -> Lexed<'_, Pieces<'_>> {
    let (rest, _) = char('∂').parse(i)?;
    let (rest, above) = opt(order).parse(rest)?;
    let (rest, (operand, orders)) = match indexed(rest) {
        Ok((rest, orders)) => {
            let (rest, after) = opt(order).parse(rest)?;
            // `∂ₜ²` and `∂²ₜ` both mean twice.
            let n = above.or(after).unwrap_or(1);
            (rest, (None, orders.map(|order| order.saturating_mul(n))))
        }
        Err(Err::Failure(fault)) => return Err(Err::Failure(fault)),
        Err(_) => match leibniz(rest) {
            Ok((after, (operand, orders))) if total(orders) == above.unwrap_or(1) => (after, (operand, orders)),
            Ok((after, _)) => {
                let length = i.len() - after.len();
                let message = "the orders above and below the bar differ".to_owned();
                return refuse(i, "E0003", length, message, "write `∂²φ/∂t²`, or `phi_tt`");
            }
            Err(_) => {
                let message = "an incomplete partial derivative".to_owned();
                let help = "write `∂φ/∂t`, `∂ₜφ` or `phi_t`; the axes are x, y and z";
                return refuse(i, "E0003", '∂'.len_utf8(), message, help);
            }
        },
    };
    if !(1..=HIGHEST_ORDER).contains(&total(orders)) {
        let message = "this order of a derivative is not possible".to_owned();
        return refuse(i, "E0203", i.len() - rest.len(), message, "orders go from 1 to 64");
    }
    let [time, axes @ ..] = orders;
    let mut out = vec![(TokenKind::Operator(Operator::Partial { time, axes }), i, rest)];
    out.extend(operand);
    Ok((rest, out))
}

/// How often by t, x, y and z.
type Orders = [u32; 4];

/// The letters, in the order of [`Orders`].
const LETTERS: [char; 4] = ['t', 'x', 'y', 'z'];

fn total(orders: Orders) -> u32 {
    orders.iter().fold(0, |sum, n| sum.saturating_add(*n))
}

/// The letters of `∂_tx` or `∂ₜₓ`, counted.
fn indexed(i: &str) -> Lexed<'_, Orders> {
    let low = many1(map_opt(satisfy(|c| matches!(c, 'ₜ' | 'ₓ')), unicode::subscript)).map(|c| c.into_iter().collect());
    let plain = preceded(char('_'), take_while1(|c: char| c.is_ascii_alphanumeric())).map(str::to_owned);
    let (rest, letters): (_, String) = alt((low, plain)).parse(i)?;
    let count = |c| u32::try_from(letters.matches(c).count()).unwrap_or(u32::MAX);
    if letters.chars().any(|c| !LETTERS.contains(&c)) {
        return Err(Err::Error(Fault { at: i, complaint: None }));
    }
    Ok((rest, LETTERS.map(count)))
}

/// What follows the first `∂` and its order: perhaps an operand, then `/∂t²`.
#[allow(clippy::type_complexity)]
fn leibniz(i: &str) -> Lexed<'_, (Option<(TokenKind, &str, &str)>, Orders)> {
    let (start, _) = multispace0.parse(i)?;
    let (rest, operand) = opt(name).parse(start)?;
    let operand = operand.map(|kind| (kind, start, rest));
    let (rest, _) = delimited(multispace0, one_of("/∕⁄"), multispace0).parse(rest)?;
    let below = preceded(char('∂'), pair(one_of("txyz"), opt(order)));
    let (rest, below) = many1(below).parse(rest)?;
    let count = |letter| {
        below.iter().filter(|(l, _)| *l == letter).fold(0u32, |sum, (_, n)| sum.saturating_add(n.unwrap_or(1)))
    };
    Ok((rest, (operand, LETTERS.map(count))))
}

/// A power of an operator: `²` or `^2`.
fn order(i: &str) -> Lexed<'_, u32> {
    let high = many1(map_opt(satisfy(|c| unicode::superscript(c).is_some()), unicode::superscript));
    let plain = preceded(char('^'), many1(satisfy(|c| c.is_ascii_digit())));
    map_opt(alt((high, plain)), |digits: Vec<char>| digits.into_iter().collect::<String>().parse().ok()).parse(i)
}

/// A power set high: `²`, `⁻¹`.
pub(super) fn power(i: &str) -> Lexed<'_, Pieces<'_>> {
    let (rest, minus) = opt(char('⁻')).parse(i)?;
    let (rest, n) = order_set_high(rest)?;
    let symbol = |s| (TokenKind::Symbol(s), i, rest);
    let number = (TokenKind::Number(rational(n, 1)), i, rest);
    let pieces = if minus.is_some() {
        vec![symbol(Symbol::Caret), symbol(Symbol::Open), symbol(Symbol::Minus), number, symbol(Symbol::Close)]
    } else {
        vec![symbol(Symbol::Caret), number]
    };
    Ok((rest, pieces))
}

fn order_set_high(i: &str) -> Lexed<'_, i64> {
    let high = many1(map_opt(satisfy(|c| unicode::superscript(c).is_some()), unicode::superscript));
    map_opt(high, |digits: Vec<char>| digits.into_iter().collect::<String>().parse().ok()).parse(i)
}

/// `½`, `¼`, `¾`.
pub(super) fn fraction(i: &str) -> Lexed<'_, Pieces<'_>> {
    let (rest, c) = one_of("½¼¾").parse(i)?;
    let exact = match c {
        '½' => rational(1, 2),
        '¼' => rational(1, 4),
        _ => rational(3, 4),
    };
    Ok((rest, vec![(TokenKind::Number(exact), i, rest)]))
}
