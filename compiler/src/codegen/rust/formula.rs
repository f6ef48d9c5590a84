//! Exact expressions as Rust expressions, real and complex.
//!
//! In:   an [`Expr`] of numbers, letters, powers and functions; the Rust text of every letter.
//! Out:  a Rust expression of type `f64`, or of a type `Complex` with `+ - * /`, `powi`, `powf`, `sqrt`, `exp` and `ln`.
//! Holds: numbers are rounded once, to the nearest double.

use super::literal;
use crate::expr::{Expr, Func, Rational};
use crate::kernel::Precision;
use num_traits::ToPrimitive;

/// `e` in real numbers; none when a part is no real function of the letters. `leaf` gives the text of [`Expr::Sym`]s and
/// [`Expr::Var`]s.
pub fn real(e: &Expr, leaf: &dyn Fn(&Expr) -> Option<String>) -> Option<String> {
    let text = |e: &Expr| real(e, leaf);
    let all = |parts: &[Expr], sign: &str| -> Option<String> {
        let parts = parts.iter().map(text).collect::<Option<Vec<String>>>()?;
        Some(format!("({})", parts.join(sign)))
    };
    match e {
        Expr::Num(r) => number(r),
        Expr::Sym(_) | Expr::Var(_) => leaf(e),
        Expr::Add(terms) => all(terms, " + "),
        Expr::Mul(factors) => product(factors, &text),
        Expr::Pow(base, exponent) => {
            let base = text(base)?;
            Some(match exponent.as_num() {
                Some(r) => power(&base, r)?,
                None => format!("{base}.powf({})", text(exponent)?),
            })
        }
        Expr::Call(func, x) => {
            let x = text(x)?;
            Some(match func {
                Func::Exp => format!("{x}.exp()"),
                Func::Log => format!("{x}.ln()"),
                Func::Sin => format!("{x}.sin()"),
                Func::Cos => format!("{x}.cos()"),
                Func::Tanh => format!("{x}.tanh()"),
                Func::Abs => format!("{x}.abs()"),
                Func::Conj | Func::Re => x,
                Func::Abs2 => format!("{x}.powi(2)"),
                Func::Im => "0.0_f64".to_owned(),
            })
        }
        _ => None,
    }
}

/// `e` in complex numbers; letters are real numbers, which `leaf` gives.
pub fn complex(e: &Expr, leaf: &dyn Fn(&Expr) -> Option<String>) -> Option<String> {
    let text = |e: &Expr| complex(e, leaf);
    match e {
        Expr::Imag => Some("Complex(0.0, 1.0)".to_owned()),
        e if !e.any(&|part| matches!(part, Expr::Imag | Expr::Pow(..) | Expr::Call(..))) => {
            Some(format!("Complex({}, 0.0)", real(e, leaf)?))
        }
        Expr::Add(terms) => {
            let terms = terms.iter().map(text).collect::<Option<Vec<String>>>()?;
            Some(format!("({})", terms.join(" + ")))
        }
        Expr::Mul(factors) => product(factors, &text),
        Expr::Pow(base, exponent) => {
            let base = text(base)?;
            match exponent.as_num() {
                Some(r) => power(&base, r),
                None => Some(format!("{base}.powf({})", real(exponent, leaf)?)),
            }
        }
        Expr::Call(Func::Exp, x) => Some(format!("{}.exp()", text(x)?)),
        Expr::Call(Func::Log, x) => Some(format!("{}.ln()", text(x)?)),
        _ => None,
    }
}

/// Factors with negative whole powers go below the line.
fn product(factors: &[Expr], text: &dyn Fn(&Expr) -> Option<String>) -> Option<String> {
    let (mut above, mut below) = (Vec::new(), Vec::new());
    for factor in factors {
        match factor {
            Expr::Pow(base, exponent) if exponent.as_int().is_some_and(|n| n < 0) => {
                let n = -exponent.as_int()?;
                below.push(text(&(**base).clone().powi(n))?);
            }
            factor => above.push(text(factor)?),
        }
    }
    let above = if above.is_empty() { text(&Expr::one())? } else { above.join(" * ") };
    Some(match below.as_slice() {
        [] => format!("({above})"),
        below => format!("({above} / ({}))", below.join(" * ")),
    })
}

fn power(base: &str, exponent: &Rational) -> Option<String> {
    let twice = exponent + exponent;
    if let Some(n) = exponent.is_integer().then(|| exponent.to_i32()).flatten() {
        return Some(format!("{base}.powi({n})"));
    }
    Some(match twice.is_integer().then(|| twice.to_i32()).flatten() {
        Some(1) => format!("{base}.sqrt()"),
        Some(n) => format!("{base}.sqrt().powi({n})"),
        None => format!("{base}.powf({})", number(exponent)?),
    })
}

/// In brackets where it is negative, so that a method applies to all of it.
fn number(r: &Rational) -> Option<String> {
    let x = r.to_f64().filter(|x| x.is_finite())?;
    let text = literal(x, Precision::F64);
    Some(if x < 0.0 { format!("({text})") } else { text })
}
