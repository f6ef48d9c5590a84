//! The chain rule backwards: a product `h(g) D g` is a derivative of the integral of h.
//!
//! In:   products of fields and their derivatives; functions h of one quantity g.
//! Out:  the split into h and `D g`, the integral of h over g and the slope `dh/dg`.
//! Holds: `slope(primitive(h, g), g) = h`. Powers, exponentials, sines and cosines are known; a symbolic power asks for
//!        the proof that it is not `-1` ([`exponents_differ_from_minus_one`]).

use crate::expr::{Expr, Facts, Func, Sign};

/// No name of the language contains a brace.
fn letter() -> Expr {
    Expr::sym("g{}")
}

/// `h` and `D g` of a product of fields, when one factor is a derivative and the others are functions of what it
/// differentiates.
pub(crate) fn split(product: &Expr) -> Option<(Expr, Expr)> {
    let factors = product.factors();
    (0..factors.len()).find_map(|i| {
        let g = operand(&factors[i])?;
        let others = factors.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, f)| f.clone());
        let h = Expr::mul(others);
        slope(&h, &g).map(|_| (h, factors[i].clone()))
    })
}

/// What the outermost derivative acts on.
fn operand(derivative: &Expr) -> Option<Expr> {
    match derivative {
        Expr::Dt(g, n) => Some((**g).clone().dt(n - 1)),
        Expr::Partial(g, axis, n) => Some((**g).clone().partial(*axis, n - 1)),
        Expr::Lap(g) => Some((**g).clone()),
        _ => None,
    }
}

/// `h` as a function of the letter alone.
fn function(h: &Expr, g: &Expr) -> Option<Expr> {
    let of_letter = h.substitute(g, &letter());
    let alone = !of_letter.has_field() && !of_letter.has_time() && !of_letter.has_position() && !of_letter.is_vector();
    (alone && of_letter.contains(&letter())).then_some(of_letter)
}

/// `dh/dg` of a function h of g.
pub(crate) fn slope(h: &Expr, g: &Expr) -> Option<Expr> {
    Some(function(h, g)?.derivative(&letter())?.substitute(&letter(), g))
}

/// H with `dH/dg = h`.
pub(crate) fn primitive(h: &Expr, g: &Expr) -> Option<Expr> {
    let h = function(h, g)?;
    let terms = h.terms().iter().map(primitive_of_term).collect::<Option<Vec<_>>>()?;
    Some(Expr::add(terms).substitute(&letter(), g))
}

fn primitive_of_term(term: &Expr) -> Option<Expr> {
    let z = letter();
    let (of_letter, constants): (Vec<Expr>, Vec<Expr>) = term.factors().iter().cloned().partition(|f| f.contains(&z));
    let c = Expr::mul(constants);
    let power = |n: Expr| {
        let n = n + Expr::one();
        (!n.is_zero()).then(|| c.clone() * Expr::pow(z.clone(), n.clone()) / n)
    };
    match of_letter.as_slice() {
        [] => power(Expr::zero()),
        [f] if *f == z => power(Expr::one()),
        [Expr::Pow(base, n)] if **base == z && !n.contains(&z) => power((**n).clone()),
        [Expr::Call(func, a)] => {
            let rate = a.derivative(&z).filter(|r| r.as_num().is_some() && !r.is_zero())?;
            let integral = match func {
                Func::Exp => of_letter[0].clone(),
                Func::Sin => -Expr::call(Func::Cos, (**a).clone()),
                Func::Cos => Expr::call(Func::Sin, (**a).clone()),
                _ => return None,
            };
            Some(c * integral / rate)
        }
        _ => None,
    }
}

/// Is every power of g in h provably not `-1`, so that its integral is a power?
pub(crate) fn exponents_differ_from_minus_one(h: &Expr, g: &Expr, facts: &Facts) -> bool {
    let Some(h) = function(h, g) else { return false };
    let z = letter();
    !h.any(&|part| match part {
        Expr::Pow(base, n) if **base == z => !facts.sign(&((**n).clone() + Expr::one())).is(Sign::NONZERO),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slope_of_the_integral_is_the_function() {
        let phi = || Expr::Field("phi".into());
        let n = Expr::sym("n");
        let functions = [
            phi(),
            phi().powi(3) + Expr::int(2) * phi(),
            Expr::pow(phi(), n.clone()),
            Expr::call(Func::Exp, Expr::int(3) * phi()) * n,
            Expr::call(Func::Sin, phi()) - Expr::call(Func::Cos, phi()),
        ];
        for h in functions {
            let integral = primitive(&h, &phi()).expect("an integral");
            let n = (1.7, 0.9);
            let at = |e: &Expr| {
                e.evaluate(&|leaf| match leaf {
                    Expr::Field(_) => Some(n.1.into()),
                    Expr::Sym(_) => Some(n.0.into()),
                    _ => None,
                })
            };
            let again = slope(&integral, &phi()).expect("a slope");
            let apart = at(&again).expect("a value") - at(&h).expect("a value");
            // A dozen operations on numbers of order ten.
            assert!(apart.norm() < 1e-13, "{h}: {apart}");
        }
        assert_eq!(primitive(&phi().recip(), &phi()), None);
        assert_eq!(primitive(&(phi() * phi().dt(1)), &phi()), None);
    }

    #[test]
    fn one_factor_is_the_derivative_of_the_quantity_of_the_others() {
        let phi = || Expr::Field("phi".into());
        assert_eq!(split(&(phi().powi(2) * phi().dx(1))), Some((phi().powi(2), phi().dx(1))));
        assert_eq!(split(&(phi().dt(1) * phi().dt(2))), Some((phi().dt(1), phi().dt(2))));
        assert_eq!(split(&(Expr::Field("chi".into()) * phi().dx(1))), None);
    }
}
