//! The order of factors and of terms.

use crate::expr::{Expr, Var};
use num_traits::ToPrimitive;
use std::cmp::{Ordering, Reverse};

/// Where an expression stands among the factors of a product: numbers, parameters, variables, fields, vectors.
fn rank(e: &Expr) -> u8 {
    match e {
        Expr::Num(_) => 0,
        Expr::Imag => 1,
        Expr::Sym(_) => 2,
        Expr::Apply(..) => 3,
        Expr::Var(_) => 4,
        Expr::Pow(base, _) => rank(base),
        Expr::Mul(_) | Expr::Add(_) if e.is_vector() => 11,
        Expr::Mul(_) | Expr::Add(_) => 5,
        Expr::Call(..) | Expr::BesselK(..) => 6,
        Expr::Field(_) => 7,
        Expr::Dt(..) => 8,
        Expr::Partial(..) | Expr::Lap(_) | Expr::FracLap(..) | Expr::Div(_) => 9,
        Expr::Grad(_) | Expr::Position | Expr::Unit(_) => 11,
    }
}

pub(super) fn compare_factors(a: &Expr, b: &Expr) -> Ordering {
    rank(a).cmp(&rank(b)).then_with(|| a.cmp(b))
}

/// Terms read as a physicist writes them: most time derivatives first, then most space derivatives; a number last.
pub(super) fn term_rank(e: &Expr) -> impl Ord + use<> {
    Reverse((e.has_field(), time_order(e), space_order(e), kappa_degree(e), e.as_num().is_none()))
}

fn time_order(e: &Expr) -> u32 {
    let own = if let Expr::Dt(_, n) = e { *n } else { 0 };
    own + e.children().map(time_order).max().unwrap_or(0)
}

fn space_order(e: &Expr) -> u32 {
    let own = match e {
        Expr::Lap(_) | Expr::FracLap(..) => 2,
        Expr::Grad(_) | Expr::Div(_) => 1,
        Expr::Partial(_, _, n) => *n,
        _ => 0,
    };
    own + e.children().map(space_order).max().unwrap_or(0)
}

/// Twice the degree in kappa, rounded down: enough to order the terms of a symbol.
fn kappa_degree(e: &Expr) -> i64 {
    match e {
        Expr::Var(Var::Kappa) => 2,
        Expr::Var(Var::Growth | Var::Omega) => 16,
        Expr::Pow(base, exponent) => {
            let n = exponent.as_num().and_then(ToPrimitive::to_f64).unwrap_or(1.0);
            (kappa_degree(base) as f64 * n).floor() as i64
        }
        Expr::Mul(parts) => parts.iter().map(kappa_degree).sum(),
        Expr::Add(parts) => parts.iter().map(kappa_degree).max().unwrap_or(0),
        _ => 0,
    }
}
