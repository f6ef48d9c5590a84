//! The linear normal form of a component: a sum of terms, operators distributed over sums, constants pulled out.
//!
//! In:   a canonical expression.
//! Out:  the same expression with `lap(a f + g)` as `a lap(f) + lap(g)`, `div(c grad(f))` as `c lap(f)`, products of
//!       sums multiplied out, fractional Laplacians merged, and axis derivatives outside Laplacians.
//! Holds: a coefficient leaves a time derivative only if it is free of `t`, a space derivative only if free of `x`.

use crate::expr::{Axis, Expr, Var};
use std::cell::Cell;

/// A component may have this many terms.
const MOST_TERMS: usize = 5000;
/// This many products of two terms may be formed to multiply one equation out.
const MOST_PRODUCTS: usize = 20_000;
/// Whole powers of sums are multiplied out up to this exponent; higher ones stay as they are.
const LARGEST_EXPANDED_POWER: i64 = 12;
/// Coefficients are differentiated while they have at most this many nodes.
const LARGEST_DIFFERENTIATED: usize = 200;

/// The component grows beyond [`MOST_TERMS`] or takes more than [`MOST_PRODUCTS`] when it is multiplied out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLarge;

type Normal = Result<Expr, TooLarge>;

/// How to normalise: in one dimension two derivatives along the axis are a Laplacian.
pub(super) struct Rules {
    one_dimension: bool,
    /// Products of terms that may still be formed.
    left: Cell<usize>,
}

impl Rules {
    /// The rules for one equation.
    pub fn new(one_dimension: bool) -> Rules {
        Rules { one_dimension, left: Cell::new(MOST_PRODUCTS) }
    }
}

/// The normal form of a component.
pub(super) fn normal(e: &Expr, rules: &Rules) -> Normal {
    let go = |e: &Expr| normal(e, rules);
    let over_terms =
        |f: &Expr, constant: fn(&Expr) -> bool, op: &dyn Fn(Expr) -> Normal| over_terms(f, constant, op, rules);
    let one_dimension = rules.one_dimension;
    match e {
        Expr::Add(terms) => {
            let terms = terms.iter().map(go).collect::<Result<Vec<_>, _>>()?;
            small(Expr::add(terms))
        }
        Expr::Mul(factors) => factors.iter().try_fold(Expr::one(), |product, f| distribute(&product, &go(f)?, rules)),
        Expr::Pow(base, exponent) => power(go(base)?, exponent, rules),
        Expr::Call(func, a) => Ok(Expr::call(*func, go(a)?)),
        Expr::Dt(f, n) => over_terms(&go(f)?, is_constant_in_time, &|f| in_time(f, *n, rules)),
        Expr::Partial(f, axis, n) => {
            over_terms(&go(f)?, is_constant_in_space, &|f| Ok(along_axis(f, *axis, *n, one_dimension)))
        }
        Expr::Lap(f) => over_terms(&go(f)?, is_constant_in_space, &|f| Ok(laplacian(f))),
        Expr::FracLap(f, beta) => over_terms(&go(f)?, is_constant_in_space, &|f| Ok(fractional(f, beta))),
        Expr::Grad(f) => over_terms(&go(f)?, is_constant_in_space, &|f| Ok(f.grad())),
        Expr::Div(f) => over_terms(&go(f)?, is_constant_in_space, &|f| match f {
            Expr::Grad(g) => over_terms(&g, is_constant_in_space, &|g| Ok(laplacian(g))),
            f => Ok(f.div_of()),
        })
        .map(|e| directed(&e, one_dimension)),
        leaf => Ok(leaf.clone()),
    }
}

fn small(e: Expr) -> Normal {
    if e.terms().len() <= MOST_TERMS { Ok(e) } else { Err(TooLarge) }
}

/// The product of two sums, multiplied out.
fn distribute(a: &Expr, b: &Expr, rules: &Rules) -> Normal {
    let products = a.terms().len().saturating_mul(b.terms().len());
    let left = rules.left.get().checked_sub(products).ok_or(TooLarge)?;
    rules.left.set(left);
    let pairs = a.terms().iter().flat_map(|s| b.terms().iter().map(move |t| Expr::mul([s.clone(), t.clone()])));
    small(Expr::add(pairs))
}

fn power(base: Expr, exponent: &Expr, rules: &Rules) -> Normal {
    match (&base, exponent.as_int()) {
        (Expr::Add(_), Some(n @ 2..=LARGEST_EXPANDED_POWER)) => {
            (1..n).try_fold(base.clone(), |product, _| distribute(&product, &base, rules))
        }
        _ => Ok(Expr::pow(base, exponent.clone())),
    }
}

fn is_constant_in_time(e: &Expr) -> bool {
    !e.has_field() && !e.has_time()
}

fn is_constant_in_space(e: &Expr) -> bool {
    !e.has_field() && !e.has_position()
}

/// Applies `operator` to each term of `f` without the constant factors, which go before the result.
fn over_terms(f: &Expr, is_constant: fn(&Expr) -> bool, operator: &dyn Fn(Expr) -> Normal, rules: &Rules) -> Normal {
    let mut out = Vec::with_capacity(f.terms().len());
    for term in f.terms() {
        let (constants, rest): (Vec<Expr>, Vec<Expr>) = term.factors().iter().cloned().partition(is_constant);
        if !rest.is_empty() {
            let result = operator(Expr::mul(rest))?;
            out.push(distribute(&Expr::mul(constants), &result, rules)?);
        }
    }
    small(Expr::add(out))
}

/// Time derivative of a term without constant factors. It moves inside space derivatives, where more may be constant.
fn in_time(f: Expr, n: u32, rules: &Rules) -> Normal {
    if !f.has_field() && !f.has_position() {
        let time = Expr::Var(Var::Time);
        let elementary = (0..n).try_fold(f.clone(), |f, _| {
            // Beyond this the derivative stays unevaluated.
            if f.size() <= LARGEST_DIFFERENTIATED { f.derivative(&time) } else { None }
        });
        if let Some(derivative) = elementary {
            return normal(&derivative, rules);
        }
    }
    Ok(f.dt(n))
}

fn along_axis(f: Expr, axis: Axis, n: u32, one_dimension: bool) -> Expr {
    match f.partial(axis, n) {
        Expr::Partial(f, _, n) if one_dimension && n >= 2 => (0..n / 2).fold(*f, |f, _| laplacian(f)).dx(n % 2),
        e => e,
    }
}

fn laplacian(f: Expr) -> Expr {
    match f {
        Expr::FracLap(g, beta) => -g.frac_lap(*beta + Expr::one()),
        Expr::Partial(g, axis, n) => laplacian(*g).partial(axis, n),
        f => f.lap(),
    }
}

fn fractional(f: Expr, beta: &Expr) -> Expr {
    match f {
        Expr::Lap(g) => -fractional(*g, &(beta.clone() + Expr::one())),
        Expr::Partial(g, axis, n) => fractional(*g, beta).partial(axis, n),
        f => f.frac_lap(beta.clone()),
    }
}

/// `e_x div(f)`, as pulled out of a divergence, is the derivative along that axis: `div(e_x f) = dx(f)`.
fn directed(e: &Expr, one_dimension: bool) -> Expr {
    let term = |t: &Expr| {
        let axis = t.factors().iter().find_map(|f| if let Expr::Unit(axis) = f { Some(*axis) } else { None });
        let inner = t.factors().iter().find_map(|f| if let Expr::Div(g) = f { Some((f, g)) } else { None });
        match (axis, inner) {
            (Some(axis), Some((div, g))) => {
                let others = t.factors().iter().filter(|f| **f != Expr::Unit(axis) && *f != div).cloned();
                Expr::mul(others.chain([along_axis((**g).clone(), axis, 1, one_dimension)]))
            }
            _ => t.clone(),
        }
    };
    Expr::add(e.terms().iter().map(term))
}
