//! Functions with roots, brought to one form so that equal ones are seen to be equal.
//!
//! In:   expressions in `kappa` and parameters, and the signs of their parts.
//! Out:  whether two are the same function; the limit for `kappa -> 0`.
//! Holds: `true` is certain for every `kappa > 0` and every admitted parameter; `false` says that it was not seen.

use super::{Expr, Func, Rational, Sign, rational};
use num_integer::Integer;
use num_traits::{ToPrimitive, Zero};

/// The signs of expressions in `kappa > 0` and parameters, as the caller knows them.
pub(crate) type Signs<'a> = &'a dyn Fn(&Expr) -> Sign;

/// Roots are joined under one root of at most this order.
const LARGEST_ROOT: i64 = 12;

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
                Some(part) if sign(&base).is(Sign::NONNEGATIVE) => {
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
        let times = |x: &Expr, parts: Vec<(Expr, Expr)>| {
            parts.into_iter().map(|(b, y)| (b, (y * x).expand())).collect::<Vec<_>>()
        };
        match self {
            Expr::Num(r) => vec![
                (Expr::Num(r.numer().clone().into()), Expr::one()),
                (Expr::Num(r.denom().clone().into()), Expr::int(-1)),
            ],
            Expr::Mul(factors) => factors.iter().flat_map(|f| f.powers(roots, sign)).collect(),
            Expr::Pow(b, x) => {
                let parts = b.powers(roots, sign);
                // One factor of any sign does not turn the others.
                let mut open = parts.iter().filter(|(b, _)| !sign(b).is(Sign::NONNEGATIVE));
                let apart =
                    x.as_int().is_some() || (open.next().is_none_or(|(_, y)| y.is_one()) && open.next().is_none());
                if apart { times(x, parts) } else { vec![(b.with_roots(roots, sign), (**x).clone())] }
            }
            Expr::Add(_) => {
                let (top, below) = self.with_roots(roots, sign).over_one_denominator();
                let factors = top.factored().into_iter().flat_map(|f| match f {
                    Expr::Pow(b, x) => vec![(*b, *x)],
                    Expr::Num(_) => f.powers(roots, sign),
                    f => vec![(f, Expr::one())],
                });
                let below = below.into_iter().flat_map(|(b, x)| times(&x, b.powers(roots, sign)));
                factors.chain(below).collect()
            }
            Expr::Call(func, a) => vec![(Expr::call(*func, a.with_roots(roots, sign)), Expr::one())],
            e => vec![(e.clone(), Expr::one())],
        }
    }
}

/// A product of powers with exponents in `(0, 1)` as one root of a polynomial without a numeric factor, and one of a number.
fn one_root(powers: Vec<(Expr, Rational)>, sign: Signs<'_>) -> Vec<Expr> {
    let common = |n: i64, x: &Rational| Some(n.lcm(&x.denom().to_i64()?)).filter(|n| *n <= LARGEST_ROOT);
    let order = powers.iter().try_fold(1, |n, (_, x)| common(n, x));
    let Some(order) = order.filter(|n| *n > 1) else {
        return powers.into_iter().map(|(b, x)| Expr::pow(b, Expr::Num(x))).collect();
    };
    let whole = |x: &Rational| Expr::Num(x * rational(order, 1));
    let product = Expr::mul(powers.iter().map(|(b, x)| Expr::pow(b.clone(), whole(x)))).expand();
    let (content, rest) = product.rational_content();
    // (p/q)^(1/n) = (p q^(n - 1))^(1/n) / q.
    let denominator = Rational::from_integer(content.denom().clone());
    let scale = (1..order).fold(&content * &denominator, |c, _| c * &denominator);
    let root = Expr::Num(rational(1, order));
    vec![Expr::pow(Expr::Num(scale), root.clone()), Expr::Num(denominator.recip()), rest.power_of_square(&root, sign)]
}
