//! Canonical constructors. Each returns the canonical form of what its name says; none assumes anything of a parameter.

mod operators;
mod order;
mod power;

use super::{Axis, Expr, Func, Rational};
use num_bigint::BigInt;
use num_traits::{One, Signed, Zero};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use order::{compare_factors, term_rank};
use power::{imaginary_power, pow_number, pow_product, pow_sum};

impl Expr {
    /// The sum of `terms`: flattened, like terms collected, sorted; an empty sum is 0.
    pub fn add(terms: impl IntoIterator<Item = Expr>) -> Expr {
        let mut collected: BTreeMap<Expr, Rational> = BTreeMap::new();
        for term in terms {
            for t in term.terms() {
                let (c, rest) = t.split_coefficient();
                match collected.entry(rest) {
                    Entry::Vacant(place) => {
                        place.insert(c);
                    }
                    Entry::Occupied(mut place) => *place.get_mut() += c,
                }
            }
        }
        let mut out: Vec<Expr> =
            collected.into_iter().filter(|(_, c)| !c.is_zero()).map(|(rest, c)| scale(c, rest)).collect();
        match out.len() {
            0 => Expr::zero(),
            1 => out.swap_remove(0),
            _ => {
                // Like terms come in the order of their bodies, which a stable sort keeps among equals.
                out.sort_by_cached_key(term_rank);
                Expr::Add(out)
            }
        }
    }

    /// The product of `factors`: flattened, powers of one base collected, sorted; an empty product is 1.
    /// A number times a sum is distributed; other products of sums stay factored.
    pub fn mul(factors: impl IntoIterator<Item = Expr>) -> Expr {
        let mut coefficient = Rational::one();
        let mut powers: BTreeMap<Expr, Vec<Expr>> = BTreeMap::new();
        let mut stack: Vec<Expr> = factors.into_iter().collect();
        while let Some(factor) = stack.pop() {
            match factor {
                Expr::Num(r) => multiply(&mut coefficient, r),
                Expr::Mul(parts) => stack.extend(parts),
                Expr::Pow(base, exponent) => powers.entry(*base).or_default().push(*exponent),
                other => powers.entry(other).or_default().push(Expr::one()),
            }
        }
        if coefficient.is_zero() {
            return Expr::zero();
        }
        let mut out = Vec::new();
        for (base, exponents) in powers {
            let exponent = if exponents.len() == 1 { exponents.into_iter().next() } else { Some(Expr::add(exponents)) };
            let power = Expr::pow(base, exponent.unwrap_or_else(Expr::one));
            for part in power.factors() {
                match part {
                    Expr::Num(r) => multiply(&mut coefficient, r.clone()),
                    other => out.push(other.clone()),
                }
            }
        }
        finish_product(coefficient, out)
    }

    /// `base ^ exponent`, principal branch. Evaluates numbers, merges integer powers, pulls exact positive
    /// rational roots and `kappa >= 0` out of fractional powers.
    pub fn pow(base: Expr, exponent: Expr) -> Expr {
        let Some(e) = exponent.as_num().cloned() else {
            return match base {
                b if b.is_one() => b,
                Expr::Pow(inner, e1) if *inner == Expr::kappa() => Expr::pow(*inner, Expr::mul([*e1, exponent])),
                b => Expr::Pow(Box::new(b), Box::new(exponent)),
            };
        };
        if e.is_zero() {
            return Expr::one();
        }
        if e.is_one() {
            return base;
        }
        match base {
            Expr::Num(r) => pow_number(r, e),
            Expr::Imag if e.is_integer() => imaginary_power(&e),
            Expr::Pow(inner, e1) if e.is_integer() || *inner == Expr::kappa() => {
                Expr::pow(*inner, Expr::mul([*e1, Expr::Num(e)]))
            }
            Expr::Mul(factors) if e.is_integer() => {
                Expr::mul(factors.into_iter().map(|f| Expr::pow(f, Expr::Num(e.clone()))))
            }
            Expr::Mul(factors) => pow_product(factors, e),
            Expr::Add(terms) if !e.is_integer() => pow_sum(terms, e),
            b => Expr::Pow(Box::new(b), Box::new(Expr::Num(e))),
        }
    }

    /// Principal square root.
    pub fn sqrt(self) -> Expr {
        Expr::pow(self, Expr::Num(super::rational(1, 2)))
    }

    /// `self ^ n`.
    pub fn powi(self, n: i64) -> Expr {
        Expr::pow(self, Expr::int(n))
    }

    /// `1 / self`.
    pub fn recip(self) -> Expr {
        self.powi(-1)
    }

    /// `func(self)`, with exact values at the obvious points.
    pub fn call(func: Func, arg: Expr) -> Expr {
        match (func, &arg) {
            (Func::Exp | Func::Cos, a) if a.is_zero() => Expr::one(),
            (Func::Sin | Func::Tanh, a) if a.is_zero() => Expr::zero(),
            (Func::Log, a) if a.is_one() => Expr::zero(),
            (Func::Conj | Func::Re, Expr::Num(_) | Expr::Sym(_) | Expr::Var(_)) => arg,
            (Func::Im, Expr::Num(_) | Expr::Sym(_) | Expr::Var(_)) => Expr::zero(),
            (Func::Conj, Expr::Imag) => -Expr::Imag,
            (Func::Conj, Expr::Call(Func::Conj, inner)) => (**inner).clone(),
            (Func::Abs, Expr::Num(r)) => Expr::Num(r.abs()),
            _ => Expr::Call(func, Box::new(arg)),
        }
    }

    /// `K_order(argument)`, which is even in the order.
    pub fn bessel_k(order: Expr, argument: Expr) -> Expr {
        let order = match order {
            Expr::Num(n) => Expr::Num(n.abs()),
            n => n,
        };
        Expr::BesselK(Box::new(order), Box::new(argument))
    }

    /// `n`-th time derivative; nested ones merge, and it moves inside space derivatives (they commute).
    pub fn dt(self, n: u32) -> Expr {
        match self {
            e if n == 0 => e,
            e if e.is_zero() => e,
            Expr::Dt(f, m) => Expr::Dt(f, m + n),
            Expr::Lap(f) => Expr::Lap(Box::new(f.dt(n))),
            Expr::Partial(f, axis, m) => Expr::Partial(Box::new(f.dt(n)), axis, m),
            Expr::Div(f) => Expr::Div(Box::new(f.dt(n))),
            Expr::Grad(f) => Expr::Grad(Box::new(f.dt(n))),
            Expr::FracLap(f, b) if !b.has_time() => Expr::FracLap(Box::new(f.dt(n)), b),
            e => Expr::Dt(Box::new(e), n),
        }
    }

    /// `n`-th derivative along an axis; nested ones merge, and those along earlier axes stand inside.
    pub fn partial(self, axis: Axis, n: u32) -> Expr {
        match self {
            e if n == 0 => e,
            e if e.is_zero() => e,
            Expr::Partial(f, same, m) if same == axis => Expr::Partial(f, same, m + n),
            Expr::Partial(f, later, m) if later > axis => Expr::Partial(Box::new(f.partial(axis, n)), later, m),
            e => Expr::Partial(Box::new(e), axis, n),
        }
    }

    /// `n`-th derivative along the first axis.
    pub fn dx(self, n: u32) -> Expr {
        self.partial(Axis::X, n)
    }

    /// Laplacian.
    pub fn lap(self) -> Expr {
        if self.is_zero() { self } else { Expr::Lap(Box::new(self)) }
    }

    /// Gradient.
    pub fn grad(self) -> Expr {
        if self.is_zero() { self } else { Expr::Grad(Box::new(self)) }
    }

    /// Divergence.
    pub fn div_of(self) -> Expr {
        if self.is_zero() { self } else { Expr::Div(Box::new(self)) }
    }

    /// `(-lap)^beta self`; whole powers become Laplacians, nested ones merge.
    pub fn frac_lap(self, beta: Expr) -> Expr {
        match (self, beta) {
            (f, _) if f.is_zero() => f,
            (f, b) if b.is_zero() => f,
            (f, b) if matches!(b.as_int(), Some(1..=8)) => {
                let n = b.as_int().unwrap_or(0);
                let even = n % 2 == 0;
                let f = (0..n).fold(f, |f, _| f.lap());
                if even { f } else { -f }
            }
            (Expr::FracLap(f, b1), b) => f.frac_lap(Expr::add([*b1, b])),
            (f, b) => Expr::FracLap(Box::new(f), Box::new(b)),
        }
    }
}

/// The product; most coefficients are 1 or -1, and need no greatest common divisor.
fn multiply(a: &mut Rational, b: Rational) {
    if a.is_one() {
        *a = b;
    } else if a.is_integer() && b.is_integer() {
        *a = Rational::from_integer(a.numer() * b.numer());
    } else if !b.is_one() {
        *a *= b;
    }
}

/// `c * rest` for a `rest` without a numeric coefficient that is not itself a sum.
fn scale(c: Rational, rest: Expr) -> Expr {
    if rest.is_one() {
        return Expr::Num(c);
    }
    if c.is_one() {
        return rest;
    }
    match rest {
        Expr::Mul(mut factors) => {
            factors.insert(0, Expr::Num(c));
            Expr::Mul(factors)
        }
        Expr::Add(terms) => Expr::Add(terms.into_iter().map(|t| Expr::mul([Expr::Num(c.clone()), t])).collect()),
        e => Expr::Mul(vec![Expr::Num(c), e]),
    }
}

fn finish_product(mut coefficient: Rational, mut factors: Vec<Expr>) -> Expr {
    // i * i may meet here when both came out of powers.
    let imaginary = factors.iter().filter(|f| **f == Expr::Imag).count();
    if imaginary > 1 {
        factors.retain(|f| *f != Expr::Imag);
        let unit = imaginary_power(&Rational::from_integer(BigInt::from(imaginary)));
        let (c, rest) = unit.split_coefficient();
        coefficient *= c;
        if !rest.is_one() {
            factors.push(rest);
        }
    }
    // Powers of one base can meet again after roots were pulled out of a sum or product.
    let bases: Vec<&Expr> = factors.iter().map(|f| if let Expr::Pow(b, _) = f { b } else { f }).collect();
    let repeated = (0..bases.len()).any(|i| bases[..i].contains(&bases[i]));
    if repeated {
        return Expr::mul(std::iter::once(Expr::Num(coefficient)).chain(factors));
    }
    factors.sort_by(compare_factors);
    match factors.len() {
        0 => Expr::Num(coefficient),
        1 => scale(coefficient, factors.swap_remove(0)),
        _ if coefficient.is_one() => Expr::Mul(factors),
        _ => {
            factors.insert(0, Expr::Num(coefficient));
            Expr::Mul(factors)
        }
    }
}
