//! Quotients of polynomials in `kappa` with numeric coefficients, in lowest terms.

use super::{Expr, Rational};
use num_traits::{One, Zero};

/// Fractions of higher degree are left as they are.
const LARGEST_DEGREE: usize = 12;

/// Coefficients, constant first, the last not 0.
type Polynomial = Vec<Rational>;

impl Expr {
    /// The function as one quotient in lowest terms, when it is a quotient of polynomials with numeric coefficients.
    pub(crate) fn lowest_terms(&self) -> Option<Expr> {
        let (top, below) = read(self)?;
        let common = gcd(top.clone(), below.clone());
        let (top, below) = (divide(&top, &common).0, divide(&below, &common).0);
        Some(expr(&top) / expr(&below))
    }
}

fn expr(p: &[Rational]) -> Expr {
    Expr::add(p.iter().enumerate().map(|(n, c)| Expr::Num(c.clone()) * Expr::kappa().powi(n as i64)))
}

fn read(e: &Expr) -> Option<(Polynomial, Polynomial)> {
    let one = vec![Rational::one()];
    let small = |(top, below): (Polynomial, Polynomial)| {
        (top.len().max(below.len()) <= LARGEST_DEGREE).then_some((top, below)).filter(|(_, below)| !below.is_empty())
    };
    match e {
        Expr::Num(r) => Some((trimmed(vec![r.clone()]), one)),
        e if *e == Expr::kappa() => Some((vec![Rational::zero(), Rational::one()], one)),
        Expr::Add(terms) => terms.iter().try_fold((vec![], one), |(a, b), t| {
            let (c, d) = read(t)?;
            small((plus(&times(&a, &d), &times(&c, &b)), times(&b, &d)))
        }),
        Expr::Mul(factors) => factors.iter().try_fold((one.clone(), one), |(a, b), f| {
            let (c, d) = read(f)?;
            small((times(&a, &c), times(&b, &d)))
        }),
        Expr::Pow(b, x) => {
            let n = x.as_int().filter(|n| n.unsigned_abs() < LARGEST_DEGREE as u64)?;
            let (top, below) = read(b)?;
            let (top, below) = if n < 0 { (below, top) } else { (top, below) };
            (0..n.unsigned_abs()).try_fold((one.clone(), one), |(a, b), _| small((times(&a, &top), times(&b, &below))))
        }
        _ => None,
    }
}

fn trimmed(mut p: Polynomial) -> Polynomial {
    while p.last().is_some_and(Zero::is_zero) {
        p.pop();
    }
    p
}

fn plus(a: &[Rational], b: &[Rational]) -> Polynomial {
    let at = |p: &[Rational], n: usize| p.get(n).cloned().unwrap_or_else(Rational::zero);
    trimmed((0..a.len().max(b.len())).map(|n| at(a, n) + at(b, n)).collect())
}

fn times(a: &[Rational], b: &[Rational]) -> Polynomial {
    let mut out = vec![Rational::zero(); (a.len() + b.len()).saturating_sub(1)];
    for (i, x) in a.iter().enumerate() {
        for (j, y) in b.iter().enumerate() {
            out[i + j] += x * y;
        }
    }
    trimmed(out)
}

/// Quotient and remainder; the divisor is not 0.
fn divide(a: &[Rational], b: &[Rational]) -> (Polynomial, Polynomial) {
    let mut rest = a.to_vec();
    let mut quotient = vec![Rational::zero(); (a.len() + 1).saturating_sub(b.len())];
    while let (Some(top), Some(lead), true) = (rest.last(), b.last(), rest.len() >= b.len()) {
        let (factor, shift) = (top / lead, rest.len() - b.len());
        for (i, c) in b.iter().enumerate() {
            let term = c * &factor;
            rest[shift + i] -= term;
        }
        rest.pop();
        rest = trimmed(rest);
        quotient[shift] = factor;
    }
    (trimmed(quotient), rest)
}

/// The greatest common divisor with the leading coefficient 1; the second is not 0.
fn gcd(a: Polynomial, b: Polynomial) -> Polynomial {
    let (rest, lead) = (divide(&a, &b).1, b.last().cloned().unwrap_or_else(Rational::one));
    if rest.is_empty() { b.into_iter().map(|c| c / &lead).collect() } else { gcd(b, rest) }
}
