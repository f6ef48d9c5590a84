//! Equations that factor, `L = A B`: the density is taken from `B phi`, which obeys A alone.
//!
//! In:   a dispersion relation with a selected branch; the operator.
//! Out:  [`Factored`]: the terms of `A (B phi)`, not collected across those of A, and B as a polynomial in s.
//! Holds: the terms sum to the operator, and A is the factor whose root is the selected branch. A density whose symbol
//!        B divides has no part on the other branches, nor a secular one `t exp(s t)` on a double branch.

use super::mode::{Point, amplitude, value};
use crate::dispersion::{Dispersion, Problem};
use crate::expr::{Expr, Var};

/// An operator as a product.
pub(crate) struct Factored {
    /// The terms of `A (B phi)`; like terms from different terms of A stand apart.
    pub(crate) terms: Vec<Expr>,
    /// B by powers of s, the last coefficient 1.
    other: Vec<Expr>,
}

impl Factored {
    /// The factors of `operator` on `field`, when the selected branch is the root of a proper factor `s - g` or
    /// `s^2 - g^2` that is polynomial in kappa, and the data excite other branches too.
    pub(crate) fn new(
        dispersion: &Dispersion,
        operator: &Expr,
        field: &Expr,
        points: impl FnOnce() -> Vec<Point>,
    ) -> Option<Factored> {
        // A proper factor of second order at most.
        if dispersion.coefficients.len() < 3 {
            return None;
        }
        let g = dispersion.selected_branch()?.growth.clone();
        let mut candidates = vec![vec![-g.clone(), Expr::one()]];
        if dispersion.coefficients.len() > 3 {
            candidates.push(vec![-g.powi(2).expand(), Expr::zero(), Expr::one()]);
        }
        let mut candidates = candidates.into_iter().filter(|a| a.iter().all(is_polynomial)).peekable();
        candidates.peek()?;
        let points = points();
        candidates.find_map(|a| {
            let b = quotient(&dispersion.coefficients, &a).filter(|b| b.len() > 1)?;
            let terms = product_terms(&a, &b, field);
            let whole = Expr::add(terms.iter().cloned()) == *operator && excites_others(dispersion, &b, &points);
            let leader = b.last()?.clone();
            let other = b.into_iter().map(|c| (c / leader.clone()).expand()).collect();
            whole.then_some(Factored { terms, other })
        })
    }

    /// Does B divide the symbol of p, so that p lives on the branches of A alone?
    pub(crate) fn carries_alone(&self, p: &Expr) -> bool {
        let s = Expr::Var(Var::Growth);
        let symbol = amplitude(p, &s).map(|m| coefficients(&m.expand(), &s));
        symbol.is_some_and(|m| quotient(&m, &self.other).is_some())
    }
}

/// Do the data excite a branch of B as well? All of an initial value problem are; boundedness leaves those that decay.
fn excites_others(dispersion: &Dispersion, b: &[Expr], points: &[Point]) -> bool {
    if dispersion.problem != Problem::FreeBoundary {
        return true;
    }
    let Some(selected) = dispersion.selected_branch() else { return false };
    let terms = b.iter().zip(0..).map(|(c, n)| c.clone() * selected.growth.clone().powi(n));
    if Expr::add(terms).expand().is_zero() {
        return true;
    }
    let decays = |growth: &Expr| points.iter().any(|at| value(growth, 1.0, at).is_some_and(|z| z.re < -1e-9));
    let others = dispersion.branches.iter().enumerate().filter(|(i, _)| Some(*i) != dispersion.selected);
    others.into_iter().any(|(_, branch)| decays(&branch.growth))
}

/// The coefficients of powers of `s`, constant first.
fn coefficients(e: &Expr, s: &Expr) -> Vec<Expr> {
    let mut out: Vec<Expr> = Vec::new();
    for term in e.terms() {
        let degree = |f: &Expr| match f {
            f if f == s => 1,
            Expr::Pow(base, n) if **base == *s => n.as_int().and_then(|n| usize::try_from(n).ok()).unwrap_or(0),
            _ => 0,
        };
        let power: usize = term.factors().iter().map(degree).sum();
        let rest = Expr::mul(term.factors().iter().filter(|f| degree(f) == 0).cloned());
        out.resize(out.len().max(power + 1), Expr::zero());
        out[power] = out[power].clone() + rest;
    }
    out
}

/// `p / a` for an `a` with last coefficient 1, when nothing remains.
fn quotient(p: &[Expr], a: &[Expr]) -> Option<Vec<Expr>> {
    let steps = (p.len() + 1).checked_sub(a.len()).filter(|n| *n > 0)?;
    let mut rest = p.to_vec();
    let mut out = vec![Expr::zero(); steps];
    for d in (0..steps).rev() {
        let q = rest[d + a.len() - 1].clone();
        for (i, c) in a.iter().enumerate() {
            rest[d + i] = (rest[d + i].clone() - q.clone() * c.clone()).expand();
        }
        out[d] = q;
    }
    rest.iter().all(Expr::is_zero).then_some(out)
}

fn product_terms(a: &[Expr], b: &[Expr], field: &Expr) -> Vec<Expr> {
    let monomials = |p: &[Expr]| {
        let each = |(n, c): (usize, &Expr)| c.expand().terms().iter().map(|t| (n, t.clone())).collect::<Vec<_>>();
        p.iter().enumerate().flat_map(each).collect::<Vec<_>>()
    };
    let mut out = Vec::new();
    for (m, c) in monomials(a).into_iter().rev() {
        let inner = monomials(b).into_iter().rev().map(|(n, d)| applied(&(c.clone() * d), m + n, field));
        out.extend(Expr::add(inner).terms().iter().cloned());
    }
    out
}

/// `c kappa^j s^n` as an operator: `c (-lap)^j dt^n`.
fn applied(symbol: &Expr, order: usize, field: &Expr) -> Expr {
    let (powers, constants): (Vec<Expr>, Vec<Expr>) =
        symbol.factors().iter().cloned().partition(|f| f.contains(&Expr::kappa()));
    let j: i64 = powers.iter().map(|f| if let Expr::Pow(_, n) = f { n.as_int().unwrap_or(0) } else { 1 }).sum();
    let f = field.clone().dt(u32::try_from(order).unwrap_or(0));
    let sign = Expr::int(if j % 2 == 0 { 1 } else { -1 });
    sign * Expr::mul(constants) * (0..j).fold(f, |f, _| f.lap())
}

/// Is every term a real constant times a whole power of kappa?
fn is_polynomial(e: &Expr) -> bool {
    let root = |f: &Expr| matches!(f, Expr::Pow(base, n) if n.as_int().is_none() && base.contains(&Expr::kappa()));
    if e.any(&|f| *f == Expr::Imag || root(f)) {
        return false;
    }
    let whole = |f: &Expr| match f {
        f if *f == Expr::kappa() => true,
        Expr::Pow(base, n) if **base == Expr::kappa() => n.as_int().is_some_and(|n| n > 0),
        f => !f.contains(&Expr::kappa()),
    };
    e.expand().terms().iter().all(|t| t.factors().iter().all(whole))
}
