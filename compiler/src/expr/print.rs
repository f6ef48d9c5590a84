//! Expressions as text in the input language: what is printed parses back to the same expression.

use super::{DependsOn, Expr, Name, Rational};
use num_traits::{One, Signed};
use std::fmt::{self, Display, Formatter, Write};

/// Derivatives of a field are written as letters behind its name while there are at most this many.
const MOST_LETTERS: u32 = 4;

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Expr::Add(terms) => sum(terms, f),
            e => {
                let (negative, text) = term(e);
                f.write_str(if negative { "-" } else { "" })?;
                f.write_str(&text)
            }
        }
    }
}

fn sum(terms: &[Expr], f: &mut Formatter<'_>) -> fmt::Result {
    for (i, t) in terms.iter().enumerate() {
        let (negative, text) = term(t);
        f.write_str(match (i, negative) {
            (0, false) => "",
            (0, true) => "-",
            (_, false) => " + ",
            (_, true) => " - ",
        })?;
        f.write_str(&text)?;
    }
    Ok(())
}

/// The sign and the magnitude of one term of a sum.
fn term(e: &Expr) -> (bool, String) {
    let (c, rest) = e.split_coefficient();
    (c.is_negative(), fraction(&c.abs(), rest.factors()))
}

/// `c * factors` with negative powers below a fraction bar.
fn fraction(c: &Rational, factors: &[Expr]) -> String {
    let mut above = Vec::new();
    let mut below = Vec::new();
    if !c.numer().is_one() {
        above.push(c.numer().to_string());
    }
    if !c.denom().is_one() {
        below.push(c.denom().to_string());
    }
    for factor in factors.iter().filter(|f| !f.is_one()) {
        match factor {
            Expr::Pow(base, e) if e.as_num().is_some_and(Signed::is_negative) => {
                let e = -e.as_num().cloned().unwrap_or_else(Rational::one);
                below.push(power(base, &Expr::Num(e)));
            }
            e => above.push(tight(e)),
        }
    }
    let mut text = if above.is_empty() { "1".to_owned() } else { juxtapose(&above) };
    // A number would be multiplied into a sum that stands beside it: `1/(a - 1)/2`, not `1/(2*(a - 1))`.
    let sum_below =
        factors.iter().any(|f| matches!(f, Expr::Pow(b, e) if matches!(**b, Expr::Add(_)) && is_minus_one(e)));
    if below.len() == 2 && sum_below && !c.denom().is_one() {
        below.reverse();
        for part in below {
            let _ = write!(text, "/{part}");
        }
        return text;
    }
    match below.len() {
        0 => {}
        1 => {
            let _ = write!(text, "/{}", below[0]);
        }
        _ => {
            let _ = write!(text, "/({})", juxtapose(&below));
        }
    }
    text
}

fn is_minus_one(e: &Expr) -> bool {
    e.as_int() == Some(-1)
}

/// Factors side by side; `*` where a bracket or a digit would read as a call or as one number.
fn juxtapose(parts: &[String]) -> String {
    let mut out = String::new();
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            let clash = part.starts_with('(') || part.starts_with(|c: char| c.is_ascii_digit());
            out.push(if clash { '*' } else { ' ' });
        }
        out.push_str(part);
    }
    out
}

/// A factor of a product, bracketed when it is a sum.
fn tight(e: &Expr) -> String {
    match e {
        Expr::Add(_) | Expr::Mul(_) => format!("({e})"),
        Expr::Num(r) if r.is_negative() || !r.is_integer() => format!("({e})"),
        Expr::Num(r) => r.to_string(),
        Expr::Pow(b, x) => power(b, x),
        e => atom(e),
    }
}

fn power(base: &Expr, exponent: &Expr) -> String {
    match exponent.as_num() {
        Some(r) if r.is_one() => tight(base),
        Some(r) if r.numer().is_one() && r.denom() == &2.into() => format!("sqrt({base})"),
        _ => format!("{}^{}", power_base(base), power_exponent(exponent)),
    }
}

fn power_base(base: &Expr) -> String {
    match base {
        Expr::Num(r) if !r.is_negative() && r.is_integer() => r.to_string(),
        Expr::Num(_) | Expr::Add(_) | Expr::Mul(_) | Expr::Pow(..) | Expr::FracLap(..) => format!("({base})"),
        e => atom(e),
    }
}

fn power_exponent(exponent: &Expr) -> String {
    match exponent {
        Expr::Num(r) if !r.is_negative() && r.is_integer() => r.to_string(),
        Expr::Sym(n) => n.to_string(),
        e => format!("({e})"),
    }
}

fn atom(e: &Expr) -> String {
    match e {
        Expr::Imag => "i".to_owned(),
        Expr::Sym(n) | Expr::Field(n) => n.to_string(),
        Expr::Var(v) => v.as_str().to_owned(),
        Expr::Apply(n, DependsOn::Time) => format!("{n}(t)"),
        Expr::Apply(n, DependsOn::Position) => format!("{n}(x)"),
        Expr::Call(func, a) => format!("{}({a})", func.as_str()),
        Expr::BesselK(order, a) => format!("bessel_k({order}, {a})"),
        Expr::Dt(f, n) => derivative("dt", 't', f, *n),
        Expr::Partial(f, axis, n) => derivative(axis.derivative(), axis.letter(), f, *n),
        Expr::Lap(f) => format!("lap({f})"),
        Expr::Grad(f) => format!("grad({f})"),
        Expr::Div(f) => format!("div({f})"),
        Expr::FracLap(f, b) if matches!(**f, Expr::Field(_)) => format!("(-lap)^{} {f}", power_exponent(b)),
        Expr::FracLap(f, b) => format!("frac_lap({f}, {b})"),
        Expr::Position => "x".to_owned(),
        Expr::Unit(axis) => axis.unit().to_owned(),
        Expr::Num(_) | Expr::Pow(..) | Expr::Mul(_) | Expr::Add(_) => tight(e),
    }
}

/// `phi_txx` for a field and few derivatives, else `dx(f, n)`.
fn derivative(name: &str, letter: char, f: &Expr, n: u32) -> String {
    match subscript(f) {
        Some((field, letters)) if letters.len() as u32 + n <= MOST_LETTERS => {
            format!("{field}_{letters}{}", letter.to_string().repeat(n as usize))
        }
        _ if n == 1 => format!("{name}({f})"),
        _ => format!("{name}({f}, {n})"),
    }
}

/// A field and the letters of its derivatives, where they are few.
fn subscript(f: &Expr) -> Option<(&Name, String)> {
    let (inner, letter, n) = match f {
        Expr::Field(field) => return Some((field, String::new())),
        Expr::Dt(inner, n) => (inner, 't', *n),
        Expr::Partial(inner, axis, n) => (inner, axis.letter(), *n),
        _ => return None,
    };
    let (field, letters) = subscript(inner).filter(|_| n <= MOST_LETTERS)?;
    Some((field, letters + &letter.to_string().repeat(n as usize)))
}
