//! Canonical constructors. Each returns the canonical form of what its name says; none assumes anything of a parameter.

use super::{Axis, Expr, Func, Rational, Var};
use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{One, Signed, ToPrimitive, Zero};
use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// Powers of numbers are evaluated while the result has at most this many bits; larger ones stay symbolic.
const LARGEST_EVALUATED_BITS: u64 = 1 << 14;

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

fn compare_factors(a: &Expr, b: &Expr) -> Ordering {
    rank(a).cmp(&rank(b)).then_with(|| a.cmp(b))
}

/// Terms read as a physicist writes them: most time derivatives first, then most space derivatives; a number last.
fn term_rank(e: &Expr) -> impl Ord + use<> {
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

fn imaginary_power(e: &Rational) -> Expr {
    match e.to_integer().mod_floor(&BigInt::from(4)).to_u8() {
        Some(0) => Expr::one(),
        Some(1) => Expr::Imag,
        Some(2) => Expr::int(-1),
        _ => Expr::Mul(vec![Expr::int(-1), Expr::Imag]),
    }
}

fn pow_number(r: Rational, e: Rational) -> Expr {
    let symbolic = |r: Rational, e: Rational| Expr::Pow(Box::new(Expr::Num(r)), Box::new(Expr::Num(e)));
    if r.is_one() {
        return Expr::one();
    }
    if r.is_zero() {
        return if e.is_positive() { Expr::zero() } else { symbolic(r, e) };
    }
    let bits = r.numer().bits().max(r.denom().bits());
    let small = e.numer().to_i64().filter(|n| n.unsigned_abs().saturating_mul(bits) <= LARGEST_EVALUATED_BITS);
    let Some(n) = small else { return symbolic(r, e) };
    if e.is_integer() {
        return Expr::Num(power(&r, n));
    }
    if r.is_negative() {
        // Principal branch: (-r)^(n/2) = i^n r^(n/2) for square roots; other roots of negative numbers stay.
        return if e.denom() == &BigInt::from(2) {
            let root = pow_number(-r, e);
            Expr::mul([imaginary_power(&Rational::from_integer(n.into())), root])
        } else {
            symbolic(r, e)
        };
    }
    let Some(d) = e.denom().to_u32() else { return symbolic(r, e) };
    match exact_root(&r, d) {
        Some(root) => Expr::Num(power(&root, n)),
        None if r.is_integer() || e.is_negative() => split_root(r, e),
        None => symbolic(r, e),
    }
}

/// `r^e` with `e` in lowest terms and no exact root: whole powers are split off so that the exponent is in (0, 1),
/// and a square is pulled out of a square root of an integer, `sqrt(12) = 2 sqrt(3)`.
fn split_root(r: Rational, e: Rational) -> Expr {
    let whole = e.floor();
    let part = &e - &whole;
    let outside = power(&r, whole.to_integer().to_i64().unwrap_or(0));
    let (square, rest) = largest_square(&r);
    let inside = |r: Rational| Expr::Pow(Box::new(Expr::Num(r)), Box::new(Expr::Num(part.clone())));
    if part == super::rational(1, 2) && !square.is_one() {
        return finish_product(outside * square, vec![inside(rest)]);
    }
    finish_product(outside, vec![inside(r)])
}

/// `r = s^2 * rest` with the largest square found by trial division over small primes.
fn largest_square(r: &Rational) -> (Rational, Rational) {
    let mut square = Rational::one();
    let mut rest = r.clone();
    for p in [2i64, 3, 5, 7, 11, 13] {
        let p2 = super::rational(p * p, 1);
        while (rest.numer() % p2.numer()).is_zero() {
            rest /= &p2;
            square *= super::rational(p, 1);
        }
    }
    (square, rest)
}

fn power(r: &Rational, n: i64) -> Rational {
    let times = u32::try_from(n.unsigned_abs()).unwrap_or(u32::MAX);
    let magnitude = Rational::new(r.numer().pow(times), r.denom().pow(times));
    if n < 0 { magnitude.recip() } else { magnitude }
}

fn exact_root(r: &Rational, d: u32) -> Option<Rational> {
    let root = |v: &BigInt| {
        let x = v.nth_root(d);
        let exact = x.pow(d) == *v;
        exact.then_some(x)
    };
    Some(Rational::new(root(r.numer())?, root(r.denom())?))
}

/// A fractional power of a product: the positive number and powers of `kappa` come out, the rest stays together.
fn pow_product(factors: Vec<Expr>, e: Rational) -> Expr {
    let mut outside = Vec::new();
    let mut inside = Vec::new();
    for f in factors {
        match &f {
            Expr::Num(r) if r.is_positive() => outside.push(pow_number(r.clone(), e.clone())),
            Expr::Num(r) => {
                outside.push(pow_number(r.abs(), e.clone()));
                inside.push(Expr::int(-1));
            }
            Expr::Var(Var::Kappa) => outside.push(Expr::pow(f, Expr::Num(e.clone()))),
            Expr::Pow(b, _) if **b == Expr::kappa() => outside.push(Expr::pow(f, Expr::Num(e.clone()))),
            _ => inside.push(f),
        }
    }
    let rest = match inside.len() {
        0 => Expr::one(),
        1 => Expr::pow(inside.swap_remove(0), Expr::Num(e)),
        _ => Expr::Pow(Box::new(Expr::Mul(inside)), Box::new(Expr::Num(e))),
    };
    outside.retain(|f| !f.is_one());
    if outside.is_empty() {
        // Nothing came out: going through `mul` again would bring the same product back here.
        return rest;
    }
    outside.push(rest);
    Expr::mul(outside)
}

/// A fractional power of a sum: its rational content comes out when its root is exact.
fn pow_sum(terms: Vec<Expr>, e: Rational) -> Expr {
    let content = content(&terms);
    let root = e.denom().to_u32().and_then(|d| exact_root(&content, d));
    match root {
        Some(root) if !content.is_one() => {
            let rest = Expr::Add(terms.into_iter().map(|t| Expr::mul([Expr::Num(content.recip()), t])).collect());
            let n = e.numer().to_i64().unwrap_or(1);
            finish_product(power(&root, n), vec![Expr::Pow(Box::new(rest), Box::new(Expr::Num(e)))])
        }
        _ => Expr::Pow(Box::new(Expr::Add(terms)), Box::new(Expr::Num(e))),
    }
}

/// The largest square-friendly content: gcd of numerators over lcm of denominators.
fn content(terms: &[Expr]) -> Rational {
    let mut numer = BigInt::zero();
    let mut denom = BigInt::one();
    for t in terms {
        let (c, _) = t.split_coefficient();
        numer = numer.gcd(c.numer());
        denom = denom.lcm(c.denom());
    }
    if numer.is_zero() { Rational::one() } else { Rational::new(numer, denom) }
}

impl Add for Expr {
    type Output = Expr;
    fn add(self, other: Expr) -> Expr {
        Expr::add([self, other])
    }
}

impl Sub for Expr {
    type Output = Expr;
    fn sub(self, other: Expr) -> Expr {
        Expr::add([self, -other])
    }
}

impl Mul for Expr {
    type Output = Expr;
    fn mul(self, other: Expr) -> Expr {
        Expr::mul([self, other])
    }
}

impl Div for Expr {
    type Output = Expr;
    fn div(self, other: Expr) -> Expr {
        Expr::mul([self, other.recip()])
    }
}

/// Arithmetic on borrowed expressions, so that formulas read as formulas.
macro_rules! borrowed {
    ($($op:ident $name:ident;)*) => {
        $(
            impl $op<&Expr> for &Expr {
                type Output = Expr;
                fn $name(self, other: &Expr) -> Expr {
                    self.clone().$name(other.clone())
                }
            }

            impl $op<Expr> for &Expr {
                type Output = Expr;
                fn $name(self, other: Expr) -> Expr {
                    self.clone().$name(other)
                }
            }

            impl $op<&Expr> for Expr {
                type Output = Expr;
                fn $name(self, other: &Expr) -> Expr {
                    self.$name(other.clone())
                }
            }
        )*
    };
}

borrowed! {
    Add add;
    Sub sub;
    Mul mul;
    Div div;
}

impl Neg for &Expr {
    type Output = Expr;
    fn neg(self) -> Expr {
        -self.clone()
    }
}

impl Neg for Expr {
    type Output = Expr;
    fn neg(self) -> Expr {
        Expr::mul([Expr::int(-1), self])
    }
}

impl From<i64> for Expr {
    fn from(n: i64) -> Expr {
        Expr::int(n)
    }
}

impl From<Rational> for Expr {
    fn from(r: Rational) -> Expr {
        Expr::Num(r)
    }
}
