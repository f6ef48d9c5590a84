//! Powers of numbers, products and sums.

use super::finish_product;
use crate::expr::factor::content;
use crate::expr::{Expr, Rational, Var, rational};
use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{One, Signed, ToPrimitive, Zero};

/// Powers of numbers are evaluated while the result has at most this many bits; larger ones stay symbolic.
const LARGEST_EVALUATED_BITS: u64 = 1 << 14;

/// `i^e` for a whole e.
pub(super) fn imaginary_power(e: &Rational) -> Expr {
    match e.to_integer().mod_floor(&BigInt::from(4)).to_u8() {
        Some(0) => Expr::one(),
        Some(1) => Expr::Imag,
        Some(2) => Expr::int(-1),
        _ => Expr::Mul(vec![Expr::int(-1), Expr::Imag]),
    }
}

pub(super) fn pow_number(r: Rational, e: Rational) -> Expr {
    let symbolic = |r: Rational, e: Rational| Expr::Pow(Box::new(Expr::Num(r)), Box::new(Expr::Num(e)));
    if r.is_one() {
        return Expr::one();
    }
    if r.is_zero() {
        return if e.is_positive() { Expr::zero() } else { symbolic(r, e) };
    }
    let bits = r.numer().bits().max(r.denom().bits());
    let small = e.numer().to_i64().filter(|n| n.unsigned_abs().saturating_mul(bits) <= LARGEST_EVALUATED_BITS);
    let Some(n) = small else { return symbolic(r, e) };
    if e.is_integer() {
        return Expr::Num(power(&r, n));
    }
    if r.is_negative() {
        // Principal branch: (-r)^(n/2) = i^n r^(n/2) for square roots; other roots of negative numbers stay.
        return if e.denom() == &BigInt::from(2) {
            let root = pow_number(-r, e);
            Expr::mul([imaginary_power(&Rational::from_integer(n.into())), root])
        } else {
            symbolic(r, e)
        };
    }
    let Some(d) = e.denom().to_u32() else { return symbolic(r, e) };
    match exact_root(&r, d) {
        Some(root) => Expr::Num(power(&root, n)),
        None if r.is_integer() || e.is_negative() => split_root(r, e),
        None => symbolic(r, e),
    }
}

/// `r^e` with `e` in lowest terms and no exact root: whole powers are split off so that the exponent is in (0, 1),
/// and a square is pulled out of a square root of an integer, `sqrt(12) = 2 sqrt(3)`.
fn split_root(r: Rational, e: Rational) -> Expr {
    let whole = e.floor();
    let part = &e - &whole;
    let outside = power(&r, whole.to_integer().to_i64().unwrap_or(0));
    let (square, rest) = largest_square(&r);
    let inside = |r: Rational| Expr::Pow(Box::new(Expr::Num(r)), Box::new(Expr::Num(part.clone())));
    if part == rational(1, 2) && !square.is_one() {
        return finish_product(outside * square, vec![inside(rest)]);
    }
    finish_product(outside, vec![inside(r)])
}

/// `r = s^2 * rest` with the largest square found by trial division over small primes.
fn largest_square(r: &Rational) -> (Rational, Rational) {
    let mut square = Rational::one();
    let mut rest = r.clone();
    for p in [2i64, 3, 5, 7, 11, 13] {
        let p2 = rational(p * p, 1);
        while (rest.numer() % p2.numer()).is_zero() {
            rest /= &p2;
            square *= rational(p, 1);
        }
    }
    (square, rest)
}

fn power(r: &Rational, n: i64) -> Rational {
    let times = u32::try_from(n.unsigned_abs()).unwrap_or(u32::MAX);
    let magnitude = Rational::new(r.numer().pow(times), r.denom().pow(times));
    if n < 0 { magnitude.recip() } else { magnitude }
}

fn exact_root(r: &Rational, d: u32) -> Option<Rational> {
    let root = |v: &BigInt| {
        let x = v.nth_root(d);
        let exact = x.pow(d) == *v;
        exact.then_some(x)
    };
    Some(Rational::new(root(r.numer())?, root(r.denom())?))
}

/// A fractional power of a product: the positive number and powers of `kappa` come out, the rest stays together.
pub(super) fn pow_product(factors: Vec<Expr>, e: Rational) -> Expr {
    let mut outside = Vec::new();
    let mut inside = Vec::new();
    for f in factors {
        match &f {
            Expr::Num(r) if r.is_positive() => outside.push(pow_number(r.clone(), e.clone())),
            Expr::Num(r) => {
                outside.push(pow_number(r.abs(), e.clone()));
                inside.push(Expr::int(-1));
            }
            Expr::Var(Var::Kappa) => outside.push(Expr::pow(f, Expr::Num(e.clone()))),
            Expr::Pow(b, _) if **b == Expr::kappa() => outside.push(Expr::pow(f, Expr::Num(e.clone()))),
            _ => inside.push(f),
        }
    }
    let rest = match inside.len() {
        0 => Expr::one(),
        1 => Expr::pow(inside.swap_remove(0), Expr::Num(e)),
        _ => Expr::Pow(Box::new(Expr::Mul(inside)), Box::new(Expr::Num(e))),
    };
    outside.retain(|f| !f.is_one());
    if outside.is_empty() {
        // Nothing came out: going through `mul` again would bring the same product back here.
        return rest;
    }
    outside.push(rest);
    Expr::mul(outside)
}

/// A fractional power of a sum: its rational content comes out when its root is exact.
pub(super) fn pow_sum(terms: Vec<Expr>, e: Rational) -> Expr {
    let content = content(&terms);
    let root = e.denom().to_u32().and_then(|d| exact_root(&content, d));
    match root {
        Some(root) if !content.is_one() => {
            let rest = Expr::Add(terms.into_iter().map(|t| Expr::mul([Expr::Num(content.recip()), t])).collect());
            let n = e.numer().to_i64().unwrap_or(1);
            finish_product(power(&root, n), vec![Expr::Pow(Box::new(rest), Box::new(Expr::Num(e)))])
        }
        _ => Expr::Pow(Box::new(Expr::Add(terms)), Box::new(Expr::Num(e))),
    }
}
