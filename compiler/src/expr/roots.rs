//! Functions with roots, brought to one form so that equal ones are seen to be equal.
//!
//! In:   expressions in `kappa` and parameters, and the signs of their parts.
//! Out:  whether two are the same function; the limit for `kappa -> 0`.
//! Holds: `true` is certain for every `kappa > 0` and every admitted parameter; `false` says that it was not seen.

use super::{Expr, Func, Rational, Sign, rational};
use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{ToPrimitive, Zero};

/// The signs of expressions in `kappa > 0` and parameters, as the caller knows them.
pub(crate) type Signs<'a> = &'a dyn Fn(&Expr) -> Sign;

/// Roots are joined under one root of at most this order.
const LARGEST_ROOT: i64 = 6;

/// What is done with the roots of a term.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Roots {
    /// `(f g)^a = f^a g^a`.
    Apart,
    /// The same, and then as one root.
    Joined,
}

impl Expr {
    /// Is it the same function as `other`? As they stand, or with roots of products taken apart, or joined.
    pub(crate) fn equals(&self, other: &Expr, sign: Signs<'_>) -> bool {
        let difference = self - other;
        let same = |roots: Roots| {
            let same_roots = difference.with_roots(roots, sign).over_one_denominator().0;
            same_roots.is_zero() || same_roots.with_roots(roots, sign).vanishes()
        };
        difference.vanishes() || same(Roots::Apart) || same(Roots::Joined)
    }

    /// The limit as `kappa -> 0` of a function that is continuous there, which every part must show.
    pub(crate) fn at_zero(&self, sign: Signs<'_>) -> Option<Expr> {
        let all = |parts: &[Expr]| parts.iter().map(|p| p.at_zero(sign)).collect::<Option<Vec<Expr>>>();
        match self {
            e if *e == Expr::kappa() => Some(Expr::zero()),
            e if !e.contains(&Expr::kappa()) => Some(e.clone()),
            Expr::Add(terms) => Some(Expr::add(all(terms)?)),
            Expr::Mul(factors) => Some(Expr::mul(all(factors)?)),
            Expr::Pow(b, x) => match b.at_zero(sign)?.expand() {
                _ if x.contains(&Expr::kappa()) => None,
                b if b.is_zero() => sign(x).is(Sign::POSITIVE).then_some(b),
                b if sign(&b).is(Sign::POSITIVE) || sign(x).is(Sign::POSITIVE) => Some(b.power_of_square(x, sign)),
                _ => None,
            },
            Expr::Call(Func::Exp, a) => Some(Expr::call(Func::Exp, a.at_zero(sign)?)),
            Expr::Call(Func::Log, a) => {
                let a = a.at_zero(sign)?;
                sign(&a).is(Sign::POSITIVE).then(|| Expr::call(Func::Log, a))
            }
            _ => None,
        }
    }

    /// `self ^ x`; a square root of a visible square is the base of it that is not negative.
    fn power_of_square(self, x: &Expr, sign: Signs<'_>) -> Expr {
        let root = if x.as_num() == Some(&rational(1, 2)) { self.perfect_square() } else { None };
        match root {
            Some(r) if sign(&r).is(Sign::NONNEGATIVE) => r,
            Some(r) if sign(&r).is(Sign::NONPOSITIVE) => -r,
            _ => Expr::pow(self, x.clone()),
        }
    }

    /// The same function, multiplied out, with the roots of every term apart or joined: `f^a g^a = (f g)^a` and
    /// `(f^a)^b = f^(a b)` for `f, g >= 0`.
    fn with_roots(&self, roots: Roots, sign: Signs<'_>) -> Expr {
        let whole = self.replace(&|part| part.logarithms_apart(roots, sign)).expand();
        Expr::add(whole.terms().iter().map(|t| t.term_with_roots(roots, sign)))
    }

    /// `log(f g^a) = log(f) + a log(g)` for `f, g > 0`.
    fn logarithms_apart(&self, roots: Roots, sign: Signs<'_>) -> Option<Expr> {
        let Expr::Call(Func::Log, a) = self else { return None };
        let powers = a.powers(roots, sign);
        let positive = powers.iter().all(|(b, _)| sign(b).is(Sign::POSITIVE));
        positive.then(|| Expr::add(powers.into_iter().map(|(b, x)| x * Expr::call(Func::Log, b))))
    }

    fn term_with_roots(&self, roots: Roots, sign: Signs<'_>) -> Expr {
        let mut powers: Vec<(Expr, Expr)> = Vec::new();
        for (base, x) in self.powers(roots, sign) {
            match powers.iter_mut().find(|(b, _)| *b == base) {
                Some((_, y)) => *y = (&*y + x).expand(),
                None => powers.push((base, x)),
            }
        }
        if roots == Roots::Apart {
            return Expr::mul(powers.into_iter().map(|(b, x)| Expr::pow(b, x)));
        }
        let (mut outside, mut inside) = (Vec::new(), Vec::new());
        for (base, x) in powers {
            let part = x.as_num().map(|x| x - x.floor()).filter(|part| !part.is_zero());
            match part {
                Some(part) if base.as_num().is_none() && sign(&base).is(Sign::NONNEGATIVE) => {
                    outside.push(Expr::pow(base.clone(), x - Expr::Num(part.clone())));
                    inside.push((base, part));
                }
                _ => outside.push(Expr::pow(base, x)),
            }
        }
        Expr::mul(outside.into_iter().chain(one_root(inside, sign)))
    }

    /// A product as powers of numbers, letters and sums without a common factor, as far as that is visible.
    fn powers(&self, roots: Roots, sign: Signs<'_>) -> Vec<(Expr, Expr)> {
        match self {
            Expr::Num(r) => {
                let below = prime_powers(r.denom()).into_iter().map(|(p, n)| (p, -n));
                prime_powers(r.numer()).into_iter().chain(below).collect()
            }
            Expr::Mul(factors) => factors.iter().flat_map(|f| f.powers(roots, sign)).collect(),
            Expr::Pow(b, x) => {
                let parts = b.powers(roots, sign);
                // One factor of any sign does not turn the others.
                let mut open = parts.iter().filter(|(b, _)| !sign(b).is(Sign::NONNEGATIVE));
                let apart =
                    x.as_int().is_some() || (open.next().is_none_or(|(_, y)| y.is_one()) && open.next().is_none());
                if apart { times(x, parts) } else { vec![(b.with_roots(roots, sign), (**x).clone())] }
            }
            Expr::Add(_) => self.powers_of_sum(roots, sign),
            Expr::Call(func, a) => vec![(Expr::call(*func, a.with_roots(roots, sign)), Expr::one())],
            e => vec![(e.clone(), Expr::one())],
        }
    }

    fn powers_of_sum(&self, roots: Roots, sign: Signs<'_>) -> Vec<(Expr, Expr)> {
        if let Some(quotient) = self.lowest_terms().filter(|e| !matches!(e, Expr::Add(_))) {
            return quotient.powers(roots, sign);
        }
        let (top, below) = self.with_roots(roots, sign).over_one_denominator();
        let factors = top.factored().into_iter().flat_map(|f| match f {
            Expr::Pow(b, x) => vec![(*b, *x)],
            Expr::Num(_) => f.powers(roots, sign),
            f => vec![(f, Expr::one())],
        });
        factors.chain(below.into_iter().flat_map(|(b, x)| times(&x, b.powers(roots, sign)))).collect()
    }
}

/// The powers, each to the x.
fn times(x: &Expr, powers: Vec<(Expr, Expr)>) -> Vec<(Expr, Expr)> {
    powers.into_iter().map(|(b, y)| (b, (y * x).expand())).collect()
}

/// A whole number as powers of its least primes and the rest.
fn prime_powers(n: &BigInt) -> Vec<(Expr, Expr)> {
    let mut rest = n.clone();
    let mut out = Vec::new();
    for p in [2u32, 3, 5, 7, 11, 13].map(BigInt::from) {
        let mut times = 0;
        while !rest.is_zero() && (&rest % &p).is_zero() {
            rest /= &p;
            times += 1;
        }
        out.push((Expr::Num(p.into()), Expr::int(times)));
    }
    out.push((Expr::Num(rest.into()), Expr::one()));
    out.retain(|(p, n)| !p.is_one() && !n.is_zero());
    out
}

/// A product of powers with exponents in `(0, 1)` as one root of a polynomial.
fn one_root(powers: Vec<(Expr, Rational)>, sign: Signs<'_>) -> Vec<Expr> {
    let common = |n: i64, x: &Rational| Some(n.lcm(&x.denom().to_i64()?)).filter(|n| *n <= LARGEST_ROOT);
    let order = powers.iter().try_fold(1, |n, (_, x)| common(n, x));
    let Some(order) = order.filter(|n| *n > 1) else {
        return powers.into_iter().map(|(b, x)| Expr::pow(b, Expr::Num(x))).collect();
    };
    let whole = |x: &Rational| Expr::Num(x * rational(order, 1));
    let product = Expr::mul(powers.iter().map(|(b, x)| Expr::pow(b.clone(), whole(x)))).expand();
    vec![product.power_of_square(&Expr::Num(rational(1, order)), sign)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::Facts;
    use crate::syntax::{Scope, parse_expr};

    fn equal(a: &str, b: &str) -> bool {
        let mut facts = Facts::default();
        facts.interval_mut(&"m".into()).raise(rational(0, 1), true);
        let read = |text: &str| parse_expr(text, &Scope::default()).expect(text);
        read(a).equals(&read(b), &|e| facts.sign(e))
    }

    #[test]
    fn equal_functions_are_seen_to_be_equal() {
        for (a, b) in [
            ("sqrt(kappa^2 + 3*kappa + 2)", "sqrt(kappa + 1)*sqrt(kappa + 2)"),
            ("sqrt(kappa^2 + 2*kappa) - kappa", "2*kappa/(sqrt(kappa)*sqrt(kappa + 2) + kappa)"),
            ("((2*kappa + 1)/(2*kappa + 4))^(1/3)", "(kappa + 1/2)^(1/3)/(kappa + 2)^(1/3)"),
            ("((2*kappa + 1)/(2*kappa + 4))^(1/3)", "(2*kappa + 1)^(1/3)/(2*kappa + 4)^(1/3)"),
            ("1/(3*sqrt(kappa + 1/3)*sqrt(kappa + 1))", "1/(sqrt(3*kappa + 1)*sqrt(3*kappa + 3))"),
            ("sqrt(sqrt(kappa/(kappa + 1) + 1))", "((2*kappa + 1)/(kappa + 1))^(1/4)"),
            ("log((kappa + 1)*(kappa + m)^2)", "log(kappa + 1) + 2*log(kappa + m)"),
            ("sqrt(m^2*kappa^2 + m^2*kappa)", "m*sqrt(kappa)*sqrt(kappa + 1)"),
            ("sqrt((kappa + m)^2)", "kappa + m"),
        ] {
            assert!(equal(a, b), "{a} = {b}");
        }
    }

    #[test]
    fn other_functions_are_not() {
        for (a, b) in [
            ("sqrt(kappa^2)", "-kappa"),
            ("sqrt((kappa - m)^2)", "kappa - m"),
            ("sqrt(kappa - 1)*sqrt(kappa - 2)", "sqrt((kappa - 1)*(kappa - 2))"),
            ("sqrt(kappa + 1)", "sqrt(kappa) + 1"),
            ("log(kappa^2 - 1)", "log(kappa - 1) + log(kappa + 1)"),
            ("(kappa + 1)^(1/3)", "(kappa + 1)^(1/2)"),
        ] {
            assert!(!equal(a, b), "{a} = {b}");
        }
    }

    /// Reference: continuity; `kappa/(kappa^2 + kappa)` tends to 1, which its parts do not show.
    #[test]
    fn values_at_zero_are_limits() {
        let at_zero = |text: &str| {
            let e = parse_expr(text, &Scope::default()).expect(text);
            e.at_zero(&|e| Facts::default().sign(e)).map(|v| v.to_string())
        };
        assert_eq!(at_zero("sqrt(kappa + 4) + log(1 + kappa)").as_deref(), Some("2"));
        assert_eq!(at_zero("exp(-kappa)/(1 + kappa)").as_deref(), Some("1"));
        assert_eq!(at_zero("kappa/(kappa^2 + kappa)"), None);
        assert_eq!(at_zero("log(kappa)"), None);
        assert_eq!(at_zero("sqrt(kappa + q)/kappa^(1/2)"), None);
    }
}
