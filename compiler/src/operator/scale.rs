//! The constant by which an equation is multiplied, so that equations that differ by a constant have one answer.
//!
//! In:   a component of an equation; what is assumed of its parameters.
//! Out:  [`normaliser`]: a constant that is not zero.
//! Holds: `normaliser(c L) c L = normaliser(L) L` for every number c, and every product c of parameters of known sign.
//!        The highest time derivative becomes positive where its sign is known; `(a - b) phi_t` keeps the sign written.
//!
//! An equation of first order in t is divided by the coefficient of its time derivative: `3 phi_t - 3 lap(phi)` and
//! `phi_t/m - lap(phi)/m` are both diffusion. At higher order the division is the one that leaves the shortest
//! coefficients, by that of the highest time derivative where several do: `a phi_tt - b phi_t + lap(phi)` stays.

use crate::expr::{Expr, Facts, Rational, Sign};
use num_integer::Integer;
use num_traits::{One, Signed, Zero};
use std::collections::BTreeMap;

/// The constant for a component.
pub(crate) fn normaliser(component: &Expr, facts: &Facts) -> Expr {
    // By what they stand before, so that neither the names of parameters nor the constant itself decide the order.
    let mut coefficients: BTreeMap<Expr, Vec<Expr>> = BTreeMap::new();
    for term in component.terms() {
        let (constants, body): (Vec<Expr>, Vec<Expr>) = term.factors().iter().cloned().partition(is_constant);
        coefficients.entry(Expr::mul(body)).or_default().push(Expr::mul(constants));
    }
    let order = coefficients.keys().map(time_order).max().unwrap_or(0);
    let highest = || coefficients.iter().filter(|(body, _)| time_order(body) == order);
    let Some((leader, first)) = highest().find(|(body, _)| is_pure(body)).or_else(|| highest().next()) else {
        return Expr::one();
    };
    let all: Vec<&Expr> = coefficients.values().flatten().collect();
    let sign = if is_negative(first, facts) { -1 } else { 1 };
    let inverse = |sum: &[Expr]| Expr::int(sign) * inverse_of_invertible(&content(sum), &all, facts);
    // The usual equation needs no search.
    if order <= 1 || all.iter().all(|c| c.as_num().is_some()) {
        return inverse(first);
    }
    let length = |scale: &Expr| -> usize {
        all.iter().map(|c| (scale.clone() * (*c).clone()).split_coefficient().1.size()).sum()
    };
    let others = coefficients.iter().filter(|(body, _)| *body != leader).map(|(_, sum)| sum);
    let candidates = std::iter::once(first).chain(others).map(|sum| inverse(sum));
    let shortest =
        candidates.map(|scale| (length(&scale), scale)).reduce(|best, next| if next.0 < best.0 { next } else { best });
    shortest.map_or_else(Expr::one, |(_, scale)| scale)
}

/// Is the coefficient of the highest time derivative negative, or written so where nothing is known?
fn is_negative(sum: &[Expr], facts: &Facts) -> bool {
    let sign = facts.sign(&Expr::add(sum.iter().cloned()));
    let written = || matches!(sum, [one] if number_of(one).is_negative());
    sign.is(Sign::NEGATIVE) || (!sign.is(Sign::POSITIVE) && written())
}

/// What all terms of a sum of coefficients have in common: a single one is its own content.
fn content(sum: &[Expr]) -> Expr {
    let [first, rest @ ..] = sum else { return Expr::one() };
    let mut number = number_of(first).abs();
    let mut powers = powers_of(first);
    for c in rest {
        let r = number_of(c).abs();
        number = Rational::new(number.numer().gcd(r.numer()), number.denom().lcm(r.denom()));
        let other = powers_of(c);
        for base in other.keys() {
            powers.entry(base.clone()).or_insert_with(Rational::zero);
        }
        for (base, n) in &mut powers {
            let m = other.get(base).cloned().unwrap_or_else(Rational::zero);
            *n = n.clone().min(m);
        }
    }
    let powers = powers.into_iter().map(|(base, n)| Expr::pow(base, Expr::Num(n)));
    Expr::mul(powers.chain([Expr::Num(number)]))
}

fn number_of(c: &Expr) -> Rational {
    c.split_coefficient().0
}

/// The bases with their numeric exponents.
fn powers_of(c: &Expr) -> BTreeMap<Expr, Rational> {
    let power = |f: &Expr| match f {
        Expr::Num(_) => None,
        Expr::Pow(base, n) if n.as_num().is_some() => Some(((**base).clone(), n.as_num().cloned()?)),
        f => Some((f.clone(), Rational::one())),
    };
    c.factors().iter().filter_map(power).collect()
}

fn is_constant(e: &Expr) -> bool {
    !e.has_field() && !e.has_time() && !e.has_position() && !e.is_vector() && *e != Expr::Imag
}

/// Is it a time derivative of the field itself, up to an `i`?
fn is_pure(body: &Expr) -> bool {
    let parts: Vec<&Expr> = body.factors().iter().filter(|f| **f != Expr::Imag).collect();
    matches!(parts.as_slice(), [Expr::Dt(f, _)] if matches!(**f, Expr::Field(_)))
}

fn time_order(e: &Expr) -> u32 {
    let own = if let Expr::Dt(_, n) = e { *n } else { 0 };
    own + e.children().map(time_order).max().unwrap_or(0)
}

/// One over the magnitude of the factors of `c` that are provably not zero.
fn inverse_of_invertible(c: &Expr, coefficients: &[&Expr], facts: &Facts) -> Expr {
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
fn divides(base: &Expr, coefficients: &[&Expr]) -> bool {
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
        let equations = [mixed, phi().dt(1) - a() * phi().lap(), phi().dt(2) - a().powi(2) * phi().lap()];
        for operator in equations {
            for c in &constants {
                let multiplied = (c.clone() * operator.clone()).expand();
                let scaled = (normaliser(&multiplied, &facts) * multiplied.clone()).expand();
                assert_eq!(scaled, operator, "{multiplied}");
            }
        }
        // Nothing is known of c, so it may be zero.
        let open = Expr::sym("c") * phi().dt(1) - Expr::sym("c") * phi().lap();
        assert_eq!(normaliser(&(Expr::int(3) * open), &facts), Expr::Num(crate::expr::rational(1, 3)));
    }
}
