//! The constant by which an equation is multiplied, so that equations that differ by a constant have one answer.
//!
//! In:   a component of an equation; what is assumed of its parameters.
//! Out:  [`normaliser`]: a constant that is not zero.
//! Holds: `normaliser(c L) c L = normaliser(L) L` up to sign for every number c, and every product c of parameters that
//!        are provably not zero. It is positive where its sign is known.
//!
//! An equation of first order in t is divided by the coefficient of its time derivative: `3 phi_t - 3 lap(phi)` and
//! `phi_t/m - lap(phi)/m` are both diffusion. At higher order the division is the one that leaves the shortest
//! coefficients, by that of the highest time derivative where several do: `a phi_tt - b phi_t + lap(phi)` stays.

use crate::expr::{Expr, Facts, Sign};
use num_traits::Signed;

/// The constant for a component.
pub(crate) fn normaliser(component: &Expr, facts: &Facts) -> Expr {
    let terms = component.terms();
    let coefficients: Vec<Expr> = terms.iter().map(coefficient).collect();
    let order = terms.iter().map(time_order).max().unwrap_or(0);
    let leader =
        terms.iter().position(|t| is_pure(t, order)).or_else(|| terms.iter().position(|t| time_order(t) == order));
    let Some(leader) = leader else { return Expr::one() };
    // The usual equation needs no search.
    if coefficients.iter().all(|c| c.as_num().is_some()) {
        return inverse_of_invertible(&coefficients[leader], &coefficients, facts);
    }
    let inverse = |c: &Expr| inverse_of_invertible(c, &coefficients, facts);
    if order <= 1 {
        return inverse(&coefficients[leader]);
    }
    let length = |scale: &Expr| -> usize { coefficients.iter().map(|c| (scale.clone() * c.clone()).size()).sum() };
    let others = coefficients.iter().enumerate().filter(|(i, _)| *i != leader).map(|(_, c)| c);
    let candidates = std::iter::once(&coefficients[leader]).chain(others).map(inverse);
    candidates
        .map(|scale| (length(&scale), scale))
        .reduce(|best, next| if next.0 < best.0 { next } else { best })
        .map_or_else(Expr::one, |(_, scale)| scale)
}

/// The factors of a term that are constants.
fn coefficient(term: &Expr) -> Expr {
    Expr::mul(term.factors().iter().filter(|f| is_constant(f)).cloned())
}

fn is_constant(e: &Expr) -> bool {
    !e.has_field() && !e.has_time() && !e.has_position() && !e.is_vector() && *e != Expr::Imag
}

/// Is it a constant times the `order`-th time derivative of the field itself?
fn is_pure(term: &Expr, order: u32) -> bool {
    let body = term.factors().iter().filter(|f| !is_constant(f) && **f != Expr::Imag).collect::<Vec<_>>();
    match body.as_slice() {
        [Expr::Dt(f, n)] => *n == order && matches!(**f, Expr::Field(_)),
        [Expr::Field(_)] => order == 0,
        _ => false,
    }
}

fn time_order(e: &Expr) -> u32 {
    let own = if let Expr::Dt(_, n) = e { *n } else { 0 };
    own + e.children().into_iter().map(time_order).max().unwrap_or(0)
}

/// One over the magnitude of the factors of `c` that are provably not zero.
fn inverse_of_invertible(c: &Expr, coefficients: &[Expr], facts: &Facts) -> Expr {
    let factor = |f: &Expr| match f {
        Expr::Num(r) => Expr::Num(r.abs().recip()),
        f => {
            let base = if let Expr::Pow(b, _) = f { b } else { f };
            let sign = facts.sign(f);
            if !sign.is(Sign::NONZERO) && !divides(base, coefficients) {
                return Expr::one();
            }
            if sign.is(Sign::NEGATIVE) { -f.clone().recip() } else { f.clone().recip() }
        }
    };
    Expr::mul(c.factors().iter().filter(|f| !f.is_zero()).map(factor))
}

/// Does the equation divide by it, so that it cannot be zero?
fn divides(base: &Expr, coefficients: &[Expr]) -> bool {
    let below = |f: &Expr| matches!(f, Expr::Pow(b, n) if **b == *base && n.as_num().is_some_and(Signed::is_negative));
    coefficients.iter().any(|c| c.factors().iter().any(below))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equations_that_differ_by_a_constant_are_scaled_alike() {
        let phi = || Expr::Field("phi".into());
        let (a, b) = (|| Expr::sym("a"), || Expr::sym("b"));
        let mut facts = Facts::default();
        for name in ["a", "b"] {
            facts.interval_mut(&name.into()).raise(crate::expr::rational(0, 1), true);
        }
        let mixed = a() * phi().dt(2) - b() * phi().dt(1) + phi().lap();
        let constants = [Expr::int(3), a(), b().recip(), a().powi(2) / Expr::int(-7)];
        let equations = [mixed.clone(), phi().dt(1) - a() * phi().lap(), phi().dt(2) - a().powi(2) * phi().lap()];
        for operator in equations {
            for c in &constants {
                let multiplied = (c.clone() * operator.clone()).expand();
                let scaled = (normaliser(&multiplied, &facts) * multiplied.clone()).expand();
                assert!(scaled == operator || -scaled == operator, "{multiplied}");
            }
        }
        // Nothing is known of c, so it may be zero.
        let open = Expr::sym("c") * phi().dt(1) - Expr::sym("c") * phi().lap();
        assert_eq!(normaliser(&(Expr::int(3) * open), &facts), Expr::Num(crate::expr::rational(1, 3)));
    }
}
