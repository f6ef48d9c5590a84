//! Multipliers M that are tried: functions of t that complete a time derivative.
//!
//! In:   the operator `L phi`, expanded.
//! Out:  positive functions of t; the sign of M is chosen with the form.
//! Holds: `d/dt (M c) = M d` for the two highest time derivatives `c dt^n phi + d dt^(n-1) phi`, where `d/c` depends on t; else `M c = 1`.
//! Source: PFGM++ (arXiv:2302.04265): `t^(D-1)` for `phi_tt + (D-1)/t phi_t + lap(phi)`.

use super::cost::time_order;
use super::language::split;
use crate::expr::{Expr, Facts, Func, Sign, Var};

/// The multipliers to try, 1 first.
pub(crate) fn multipliers(operator: &Expr, facts: &Facts) -> Vec<Expr> {
    let mut out = vec![Expr::one()];
    out.extend(integrating_factor(operator, facts));
    out
}

/// `exp(integral d/c dt)/c` for a ratio `d/c` that depends on t as a sum of powers, and a `c > 0` where that depends on t. First-order
/// equations keep `d phi` as a source, since their density is phi itself: `1/c`.
fn integrating_factor(operator: &Expr, facts: &Facts) -> Option<Expr> {
    let order = time_order(operator);
    let c = coefficient_of(operator, order)?;
    let d = if order < 2 { Expr::zero() } else { coefficient_of(operator, order - 1).unwrap_or_else(Expr::zero) };
    let ratio = (d / c.clone()).expand();
    if c.has_position() || ratio.has_position() || !(c.has_time() || ratio.has_time()) {
        return None;
    }
    let leader = match c.has_time() {
        true if facts.sign(&c).is(Sign::POSITIVE) => c,
        true => return None,
        false => Expr::one(),
    };
    let factors = match ratio.has_time() {
        true => ratio.terms().iter().map(exponential_of_integral).collect::<Option<Vec<_>>>()?,
        false => Vec::new(),
    };
    Some(Expr::mul(factors) / leader)
}

/// The coefficient of the `n`-th time derivative of the field itself, if there is one.
pub(crate) fn coefficient_of(operator: &Expr, n: u32) -> Option<Expr> {
    let is_it = |body: &Expr| match body {
        Expr::Dt(f, m) => matches!(**f, Expr::Field(_)) && *m == n,
        Expr::Field(_) => n == 0,
        _ => false,
    };
    let found = operator.terms().iter().map(split).filter(|(_, body)| is_it(body)).map(|(c, _)| c);
    let sum = Expr::add(found);
    (!sum.is_zero()).then_some(sum)
}

/// `exp` of the integral of `c t^k`.
fn exponential_of_integral(term: &Expr) -> Option<Expr> {
    let t = Expr::Var(Var::Time);
    let (powers, constants): (Vec<Expr>, Vec<Expr>) = term.factors().iter().cloned().partition(Expr::has_time);
    let c = Expr::mul(constants);
    let k = match powers.as_slice() {
        [] => Expr::zero(),
        [power] if *power == t => Expr::one(),
        [Expr::Pow(base, k)] if **base == t && k.as_num().is_some() => (**k).clone(),
        _ => return None,
    };
    if k == Expr::int(-1) {
        return Some(Expr::pow(t, c));
    }
    let n = k + Expr::one();
    Some(Expr::call(Func::Exp, c / n.clone() * Expr::pow(t, n)))
}
