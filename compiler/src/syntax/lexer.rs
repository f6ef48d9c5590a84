//! Text to tokens.
//!
//! In:   a text of at most [`LONGEST_TEXT`] bytes.
//! Out:  tokens, the last one [`TokenKind::End`]; each span is inside the text. Comments and spaces leave no trace.
//! Holds: numbers are exact. ASCII texts are Rust tokens, so that the same text can stand in a Rust macro.

mod pasted;

use super::token::{Symbol, Token, TokenKind};
use super::unicode;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::expr::Rational;
use crate::source::{Source, Span};
use nom::branch::alt;
use nom::bytes::complete::{tag, take_while, take_while1};
use nom::character::complete::{char, digit1, one_of, satisfy};
use nom::combinator::{not, opt, recognize, value};
use nom::error::{ErrorKind, ParseError};
use nom::multi::{many0, many0_count};
use nom::sequence::{pair, preceded, terminated};
use nom::{IResult, Parser};
use num_bigint::BigInt;

/// Texts may have this many bytes.
pub const LONGEST_TEXT: usize = 1 << 16;
/// Names may have this many letters.
const LONGEST_NAME: usize = 64;
/// Numbers may have this many digits.
const LONGEST_NUMBER: usize = 1000;
/// Powers of ten in numbers reach this far.
const LARGEST_EXPONENT: u32 = 400;

/// The tokens of a text.
pub fn tokens(source: &Source) -> Result<Vec<Token>, Diagnostics> {
    let text: &str = &source.text;
    if text.len() > LONGEST_TEXT {
        let message = format!("the text is too long: {} bytes, at most {LONGEST_TEXT} are read", text.len());
        let too_long = Diagnostic::new("E0002", Span::new(LONGEST_TEXT, text.len()), message);
        return Err(too_long.label("everything from here is too much").about(source));
    }
    let place = |rest: &str| text.len() - rest.len();
    let mut out = Vec::new();
    let mut rest = skip(text);
    while !rest.is_empty() {
        match piece(rest) {
            Ok((after, kinds)) => {
                for (kind, start, end) in kinds {
                    out.push(Token { kind, span: Span::new(place(start), place(end)) });
                }
                rest = skip(after);
            }
            Err(nom::Err::Error(fault) | nom::Err::Failure(fault)) => {
                return Err(fault.diagnostic(place(fault.at)).about(source));
            }
            Err(nom::Err::Incomplete(_)) => break,
        }
    }
    out.push(Token { kind: TokenKind::End, span: Span::new(text.len(), text.len()) });
    Ok(out)
}

/// What is wrong with the text from `at` on.
#[derive(Debug)]
struct Fault<'a> {
    at: &'a str,
    complaint: Option<Complaint>,
}

/// Why a piece of text is refused, and how many bytes of it.
#[derive(Debug)]
struct Complaint {
    code: &'static str,
    length: usize,
    message: String,
    help: String,
}

impl<'a> ParseError<&'a str> for Fault<'a> {
    fn from_error_kind(at: &'a str, _: ErrorKind) -> Self {
        Fault { at, complaint: None }
    }

    fn append(_: &'a str, _: ErrorKind, other: Self) -> Self {
        other
    }
}

impl Fault<'_> {
    fn diagnostic(&self, start: usize) -> Diagnostic {
        if let Some(c) = &self.complaint {
            return Diagnostic::new(c.code, Span::new(start, start + c.length), c.message.clone()).help(c.help.clone());
        }
        let c = self.at.chars().next().unwrap_or(' ');
        let shown = if c.is_control() { format!("U+{:04X}", u32::from(c)) } else { c.to_string() };
        let span = Span::new(start, start + c.len_utf8());
        let help = match c {
            '.' => "vectors are written by their components: `a phi_x + b phi_y` for a drift",
            '\\' | '$' | '{' | '}' => "LaTeX is not read: write `phi_t`, `phi_xx`, `lap(phi)` or `∇²φ`",
            _ => "ASCII words always work: `lap(phi)`, `phi_t`, `m^2`, `<=`",
        };
        Diagnostic::new("E0001", span, format!("`{shown}` has no meaning here"))
            .label("this character is not part of the language")
            .help(help)
    }
}

type Lexed<'a, T> = IResult<&'a str, T, Fault<'a>>;

/// Tokens with the texts from their start and from their end on.
type Pieces<'a> = Vec<(TokenKind, &'a str, &'a str)>;

/// Stops lexing for good: the piece at `at` is understood, and wrong.
fn refuse<'a, T>(at: &'a str, code: &'static str, length: usize, message: String, help: &str) -> Lexed<'a, T> {
    Err(nom::Err::Failure(Fault { at, complaint: Some(Complaint { code, length, message, help: help.to_owned() }) }))
}

/// The text after spaces and comments.
fn skip(text: &str) -> &str {
    let space = take_while1(char::is_whitespace);
    let comment = preceded(tag("//"), take_while(|c| c != '\n'));
    let skipped: Lexed<'_, usize> = many0_count(alt((space, comment))).parse(text);
    skipped.map_or(text, |(rest, _)| rest)
}

fn piece(i: &str) -> Lexed<'_, Pieces<'_>> {
    alt((number, one(name), one(quoted), pasted::operator, pasted::power, pasted::fraction, one(symbol))).parse(i)
}

fn one<'a>(parser: fn(&'a str) -> Lexed<'a, TokenKind>) -> impl FnMut(&'a str) -> Lexed<'a, Pieces<'a>> {
    move |i| parser(i).map(|(rest, kind)| (rest, vec![(kind, i, rest)]))
}

/// A name: an ASCII word, or one Greek letter with its index. Low letters `t` and `x` are derivatives.
fn name(i: &str) -> Lexed<'_, TokenKind> {
    let (rest, mut name) = alt((greek_name, ascii_name)).parse(i)?;
    let (rest, low): (_, String) = many0(satisfy(|c| unicode::subscript(c).is_some()))
        .map(|low: Vec<char>| low.into_iter().filter_map(unicode::subscript).collect())
        .parse(rest)?;
    let derivative = low.find(|c: char| !c.is_ascii_digit()).unwrap_or(low.len());
    name.push_str(&low[..derivative]);
    if derivative < low.len() {
        name.push_str(if name.contains('_') { "" } else { "_" });
        name.push_str(&low[derivative..]);
    }
    if name.len() > LONGEST_NAME {
        let length = i.len() - rest.len();
        return refuse(
            i,
            "E0004",
            length,
            format!("a name of {} letters", name.len()),
            "shorten it to 64 letters or fewer",
        );
    }
    Ok((rest, TokenKind::Name(name)))
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn ascii_name(i: &str) -> Lexed<'_, String> {
    recognize(pair(satisfy(|c| c.is_ascii_alphabetic() || c == '_'), take_while(is_word))).map(str::to_owned).parse(i)
}

fn greek_name(i: &str) -> Lexed<'_, String> {
    let (rest, letter) = satisfy(|c| unicode::greek(c).is_some()).parse(i)?;
    let mut index =
        recognize((take_while(|c: char| c.is_ascii_digit()), opt(preceded(char('_'), take_while1(is_word)))));
    let (rest, index) = index.parse(rest)?;
    Ok((rest, format!("{}{index}", unicode::greek(letter).unwrap_or_default())))
}

fn quoted(i: &str) -> Lexed<'_, TokenKind> {
    let (inside, _) = char('"').parse(i)?;
    let plain = take_while1(|c| c != '"' && c != '\\').map(str::to_owned);
    let escape = preceded(char('\\'), one_of("\"\\")).map(String::from);
    let (rest, parts) = many0(alt((plain, escape))).parse(inside)?;
    let closed: Lexed<'_, char> = char('"').parse(rest);
    match closed {
        Ok((rest, _)) => Ok((rest, TokenKind::Text(parts.concat()))),
        Err(_) if rest.starts_with('\\') => {
            let help = "only `\\\"` and `\\\\` are known; a backslash itself is written `\\\\`";
            refuse(rest, "E0005", 1, "an unknown escape in a text".to_owned(), help)
        }
        Err(_) => refuse(i, "E0005", 1, "this text in quotes never ends".to_owned(), "close it with `\"`"),
    }
}

/// A number and what is refused right behind it.
fn number(i: &str) -> Lexed<'_, Pieces<'_>> {
    let exponent = || pair(one_of("eE"), pair(opt(one_of("+-")), digit1));
    let (rest, (whole, part)) =
        pair(digit1, opt(preceded(char('.'), take_while(|c: char| c.is_ascii_digit())))).parse(i)?;
    let (rest, power) = opt(terminated(exponent(), not(satisfy(is_word)))).parse(rest)?;
    let length = i.len() - rest.len();
    if let Some(c) = rest.chars().next().filter(|c| is_word(*c) || *c == '.') {
        let message = format!("a number runs into `{c}`");
        return refuse(i, "E0003", length + 1, message, "set a space or `*` between a number and a name: `2 eps`");
    }
    let part = part.unwrap_or("");
    let ten = power.and_then(|(_, (sign, digits))| {
        digits.parse::<u32>().ok().map(|n| (sign == Some('-'), n)).or(Some((false, u32::MAX)))
    });
    let (down, ten) = ten.unwrap_or((false, 0));
    if whole.len() + part.len() > LONGEST_NUMBER || ten > LARGEST_EXPONENT {
        let message =
            format!("a number of more than {LONGEST_NUMBER} digits, or a power of ten above {LARGEST_EXPONENT}");
        return refuse(i, "E0004", length, message, "use a parameter for it");
    }
    let digits: BigInt = format!("{whole}{part}").parse().unwrap_or_default();
    let scale = |n: u32| Rational::from_integer(BigInt::from(10).pow(n));
    let places = u32::try_from(part.len()).unwrap_or(0);
    let shifted = Rational::from_integer(digits) / scale(places);
    let exact = if down { shifted / scale(ten) } else { shifted * scale(ten) };
    Ok((rest, vec![(TokenKind::Number(exact), i, rest)]))
}

fn symbol(i: &str) -> Lexed<'_, TokenKind> {
    for s in Symbol::ALL {
        let found: Lexed<'_, Symbol> = value(*s, tag(s.as_str())).parse(i);
        if let Ok((rest, s)) = found {
            return Ok((rest, TokenKind::Symbol(s)));
        }
    }
    let (rest, c) = satisfy(|c| unicode::sign(c).is_some()).parse(i)?;
    Ok((rest, TokenKind::Symbol(unicode::sign(c).unwrap_or(Symbol::Minus))))
}
