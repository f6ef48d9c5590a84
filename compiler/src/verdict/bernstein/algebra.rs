//! The algebra behind the forms: zeros, residues, common powers.
//!
//! Holds: identities for every `kappa > 0` and every admitted parameter; none is returned where the facts do not show it.

use super::compose::sign_of;
use super::language::has_kappa;
use crate::expr::{Expr, Facts, KappaSum, Rational, Sign, rational};
use num_traits::{Signed, Zero};

/// Zeros of numeric polynomials are looked for among the fractions of these whole numbers.
const LARGEST_ZERO: i64 = 12;

/// `e^x` factor by factor; the factors must not be negative.
pub(super) fn power(e: &Expr, x: &Expr, facts: &Facts) -> Option<Expr> {
    let each = |f: &Expr| {
        let (b, y) = match f {
            Expr::Pow(b, y) if !has_kappa(y) => ((**b).clone(), (**y).clone()),
            f => (f.clone(), Expr::one()),
        };
        sign_of(&b, facts).is(Sign::NONNEGATIVE).then(|| Expr::pow(b, (y * x.clone()).expand()))
    };
    Some(Expr::mul(e.factors().iter().map(each).collect::<Option<Vec<_>>>()?))
}

/// `(n, f)` with the sum equal to `kappa^n f`, n the least exponent and not 0; numeric exponents alone.
pub(super) fn common_power(e: &Expr) -> Option<(Rational, Expr)> {
    let Expr::Add(terms) = e else { return None };
    let kappa = Expr::kappa();
    let exponent = |t: &Expr| {
        let found = t.factors().iter().find_map(|f| match f {
            f if *f == kappa => Some(rational(1, 1)),
            Expr::Pow(b, x) if **b == kappa => x.as_num().cloned(),
            _ => None,
        });
        found.unwrap_or_else(Rational::zero)
    };
    let n = terms.iter().map(exponent).min().filter(|n| !n.is_zero())?;
    let below = Expr::pow(kappa.clone(), Expr::Num(-n.clone()));
    Some((n, Expr::add(terms.iter().map(|t| t.clone() * below.clone()))))
}

/// A polynomial in `kappa` as `lead (kappa + z_1) (kappa + z_2) ...`: coefficient and the z, of degree 2 at least.
pub(super) fn linear_factors(e: &Expr, facts: &Facts) -> Option<(Expr, Vec<Expr>)> {
    let coefficients = e.expand().powers_of(&Expr::kappa()).filter(|c| (3..=6).contains(&c.len()))?;
    factors_of(coefficients, facts)
}

fn factors_of(coefficients: Vec<Expr>, facts: &Facts) -> Option<(Expr, Vec<Expr>)> {
    match coefficients.as_slice() {
        [lead] => Some((lead.clone(), Vec::new())),
        [b, a] if sign_of(a, facts).is(Sign::NONZERO) => Some((a.clone(), vec![(b.clone() / a.clone()).expand()])),
        [c, b, a] if sign_of(a, facts).is(Sign::NONZERO) => {
            let discriminant = (b.clone().powi(2) - Expr::int(4) * a.clone() * c.clone()).expand();
            let root = discriminant.root(facts);
            let real = sign_of(&discriminant, facts).is(Sign::NONNEGATIVE) || discriminant.perfect_square().is_some();
            let zero = |turn: i64| ((b.clone() + Expr::int(turn) * root.clone()) / (Expr::int(2) * a.clone())).expand();
            real.then(|| (a.clone(), vec![zero(-1), zero(1)]))
        }
        longer => {
            let numbers: Vec<Rational> = longer.iter().map(|c| c.as_num().cloned()).collect::<Option<_>>()?;
            let z = rational_zero(&numbers)?;
            let (lead, mut zeros) = factors_of(deflated(&numbers, &z), facts)?;
            zeros.push(Expr::Num(z));
            Some((lead, zeros))
        }
    }
}

/// Some z with a zero of the polynomial at `-z`.
fn rational_zero(p: &[Rational]) -> Option<Rational> {
    let all = (1..=LARGEST_ZERO).flat_map(|q| (0..=LARGEST_ZERO).map(move |n| rational(n, q)));
    all.into_iter().find(|z| p.iter().rev().fold(Rational::zero(), |sum, c| c - sum * z).is_zero())
}

/// The polynomial divided by `kappa + z`.
fn deflated(p: &[Rational], z: &Rational) -> Vec<Expr> {
    let mut out = Vec::with_capacity(p.len());
    let mut carry = Rational::zero();
    for c in p.iter().skip(1).rev() {
        carry = c - carry * z;
        out.push(Expr::Num(carry.clone()));
    }
    out.reverse();
    out
}

/// A quotient of polynomials as a polynomial and proper fractions: one, and with simple poles also one for each pole.
pub(super) fn proper_fractions(e: &Expr, facts: &Facts) -> Vec<Expr> {
    let Expr::Mul(factors) = e else { return Vec::new() };
    let below = |f: &&Expr| matches!(f, Expr::Pow(_, x) if x.as_num().is_some_and(Signed::is_negative));
    let (bottom, top): (Vec<&Expr>, Vec<&Expr>) = factors.iter().partition(below);
    let bottom = Expr::mul(bottom.into_iter().map(|f| f.clone().recip()));
    let coefficients = |e: Expr| e.expand().powers_of(&Expr::kappa()).filter(|c| c.len() <= 6);
    let top = coefficients(Expr::mul(top.into_iter().cloned()));
    let zeros = coefficients(bottom.clone()).filter(|c| c.len() > 1).and_then(|c| factors_of(c, facts));
    let (Some(top), Some((lead, zeros))) = (top, zeros) else { return Vec::new() };
    let mut quotient = top.clone();
    let mut rest = Vec::new();
    for z in &zeros {
        let (next, value) = divided(&quotient, z);
        rest.push(value);
        quotient = next;
    }
    // Horner's scheme leaves the remainder in Newton's form about the zeros.
    let mut remainder = Expr::zero();
    for (value, z) in rest.iter().zip(&zeros).rev() {
        remainder = (remainder * (Expr::kappa() + z) + value).expand();
    }
    let polynomial = Expr::add(quotient.into_iter().enumerate().map(|(n, c)| c / &lead * Expr::kappa().powi(n as i64)));
    let poles = poles(&top, &lead, &zeros, facts).map(|poles| &polynomial + poles);
    std::iter::once(&polynomial + remainder / bottom).chain(poles).collect()
}

/// The parts with simple poles.
fn poles(top: &[Expr], lead: &Expr, zeros: &[Expr], facts: &Facts) -> Option<Expr> {
    let mut out = Vec::with_capacity(zeros.len());
    for (i, z) in zeros.iter().enumerate() {
        let mut residue = horner(top, &-z) / lead;
        for (_, y) in zeros.iter().enumerate().filter(|(j, _)| *j != i) {
            let gap = (y - z).expand();
            if !sign_of(&gap, facts).is(Sign::NONZERO) {
                return None;
            }
            residue = residue / gap;
        }
        out.push(residue.expand() / (Expr::kappa() + z));
    }
    Some(Expr::add(out))
}

fn horner(p: &[Expr], x: &Expr) -> Expr {
    p.iter().rev().fold(Expr::zero(), |sum, c| (sum * x.clone() + c.clone()).expand())
}

/// The quotient of a polynomial by `kappa + z`, and the remainder.
fn divided(p: &[Expr], z: &Expr) -> (Vec<Expr>, Expr) {
    let mut carry = Expr::zero();
    let mut out: Vec<Expr> = Vec::with_capacity(p.len());
    for c in p.iter().rev() {
        carry = (c - carry * z).expand();
        out.push(carry.clone());
    }
    out.pop();
    out.reverse();
    (out, carry)
}

/// The `c` of every `kappa + c` in the expression, each once.
pub(super) fn shifts(e: &Expr) -> Vec<Expr> {
    let mut out = Vec::new();
    if let Expr::Add(_) = e
        && let Some(KappaSum { terms }) = KappaSum::read(e)
        && let [(none, b), (one, a)] = terms.as_slice()
        && none.is_zero()
        && one.is_one()
    {
        out.push((b.clone() / a.clone()).expand());
    }
    for part in e.children() {
        out.extend(shifts(part));
    }
    out.sort();
    out.dedup();
    out
}

/// The expression at another place than `kappa`, its sums multiplied out.
pub(super) fn moved(e: &Expr, place: &Expr) -> Expr {
    match e {
        e if *e == Expr::kappa() => place.clone(),
        Expr::Add(terms) => Expr::add(terms.iter().map(|t| moved(t, place))).expand(),
        Expr::Mul(factors) => Expr::mul(factors.iter().map(|f| moved(f, place))),
        Expr::Pow(b, x) => Expr::pow(moved(b, place), moved(x, place)),
        Expr::Call(func, a) => Expr::call(*func, moved(a, place)),
        e => e.substitute(&Expr::kappa(), place),
    }
}

/// The expression with the least power of `kappa` taken out of every sum.
pub(super) fn cleared(e: &Expr, facts: &Facts) -> Expr {
    match e {
        Expr::Add(terms) => {
            let sum = Expr::add(terms.iter().map(|t| cleared(t, facts)));
            common_power(&sum).map_or(sum, |(n, rest)| Expr::pow(Expr::kappa(), Expr::Num(n)) * rest)
        }
        Expr::Mul(factors) => Expr::mul(factors.iter().map(|f| cleared(f, facts))),
        Expr::Pow(b, x) => {
            let b = cleared(b, facts);
            power(&b, x, facts).unwrap_or_else(|| Expr::pow(b, (**x).clone()))
        }
        Expr::Call(func, a) => Expr::call(*func, cleared(a, facts)),
        e => e.clone(),
    }
}
