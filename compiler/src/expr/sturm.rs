//! Real zeros of polynomials in one variable, by Sturm's theorem.
//!
//! In:   coefficients, constant first, rational or of one real quadratic field ([`Surd`]).
//! Out:  the number of distinct zeros in an interval; every positive zero in an interval of its own.
//! Holds: exact; nothing is rounded.

use super::surd::Surd;
use super::{Rational, Sign, rational};
use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{One, Zero};

/// Coefficients, constant first; the last is not zero. The zero polynomial is empty.
pub(crate) type Polynomial = Vec<Surd>;

/// A polynomial with the remainders that count its zeros.
pub(crate) struct Sturm(Vec<Polynomial>);

/// Exactly one zero in `(low, high]`; `low = high` when it is that number.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Zeroed {
    pub low: Rational,
    pub high: Rational,
}

impl Sturm {
    /// The chain that begins with a polynomial and its derivative.
    pub fn new(polynomial: &[Surd]) -> Sturm {
        Sturm::chain(trim(polynomial.to_vec()), derivative(polynomial))
    }

    /// The signed remainders of two polynomials: its sign changes count the poles of `second/first` with their signs.
    pub fn chain(first: Polynomial, second: Polynomial) -> Sturm {
        let mut chain = vec![first];
        let mut next = second;
        while !next.is_empty() {
            let rest = remainder(&chain[chain.len() - 1], &next).into_iter().map(|c| -c).collect();
            chain.push(next);
            next = primitive(rest);
        }
        Sturm(chain)
    }

    /// The number of distinct zeros in `(low, high]`.
    pub fn count(&self, low: &Rational, high: &Rational) -> usize {
        self.changes_at(low).saturating_sub(self.changes_at(high))
    }

    /// The number of distinct zeros in `(0, inf)`.
    pub fn count_positive(&self) -> usize {
        self.changes_at(&Rational::zero()).saturating_sub(self.changes_at_infinity(false))
    }

    /// The number of sign changes of the chain at a point.
    pub fn changes_at(&self, x: &Rational) -> usize {
        changes(self.0.iter().map(|p| value(p, x).sign()))
    }

    /// The number of sign changes of the chain far out, on the negative side if asked.
    pub fn changes_at_infinity(&self, negative: bool) -> usize {
        changes(self.0.iter().filter_map(|p| {
            let sign = p.last()?.sign();
            Some(if negative && p.len() % 2 == 0 { sign.negate() } else { sign })
        }))
    }

    /// The greatest common divisor of the two polynomials that began the chain.
    pub fn divisor(mut self) -> Polynomial {
        self.0.pop().unwrap_or_default()
    }

    /// The positive zeros in rising order, each between its neighbours with room to spare, and none at 0.
    pub fn positive_zeros(&self) -> Vec<Zeroed> {
        let Some(polynomial) = self.0.first().filter(|p| p.len() > 1) else { return Vec::new() };
        let mut open = vec![Zeroed { low: Rational::zero(), high: bound(polynomial) }];
        let mut found: Vec<Zeroed> = Vec::new();
        while let Some(place) = open.pop() {
            match self.count(&place.low, &place.high) {
                0 => {}
                1 => found.push(self.refined(place)),
                _ => {
                    let middle = middle(&place.low, &place.high);
                    open.push(Zeroed { low: middle.clone(), high: place.high });
                    open.push(Zeroed { low: place.low, high: middle });
                }
            }
        }
        self.separate(&mut found);
        found
    }

    /// Narrowed to 40 bits, and to the number itself where that is a simple fraction.
    fn refined(&self, mut place: Zeroed) -> Zeroed {
        while place.low.is_zero() || (&place.high - &place.low) * rational(1 << 40, 1) > place.high {
            place = self.halved(place);
        }
        let guess = place.simplest();
        match self.0.first() {
            Some(p) if value(p, &guess).is_zero() => Zeroed { low: guess.clone(), high: guess },
            _ => place,
        }
    }

    fn halved(&self, place: Zeroed) -> Zeroed {
        let middle = middle(&place.low, &place.high);
        if self.count(&place.low, &middle) == 1 {
            Zeroed { high: middle, ..place }
        } else {
            Zeroed { low: middle, ..place }
        }
    }

    fn separate(&self, zeros: &mut [Zeroed]) {
        for i in 1..zeros.len() {
            while zeros[i - 1].high >= zeros[i].low {
                let before = zeros[i - 1].clone();
                if before.low < before.high {
                    zeros[i - 1] = self.halved(before);
                }
                let after = zeros[i].clone();
                if after.low < after.high {
                    zeros[i] = self.halved(after);
                }
            }
        }
    }
}

impl Zeroed {
    /// The fraction of least denominator in the interval, so that an exact zero shows as itself.
    pub fn simplest(&self) -> Rational {
        simplest_within(&self.low, &self.high)
    }
}

/// The polynomial without repeated factors and without the factor x.
pub(crate) fn squarefree(polynomial: &[Surd]) -> Polynomial {
    let start = polynomial.iter().position(|c| !c.is_zero()).unwrap_or(polynomial.len());
    let p = trim(polynomial[start..].to_vec());
    if p.len() < 2 {
        return p;
    }
    let repeated = Sturm::new(&p).divisor();
    primitive(quotient(&p, &repeated))
}

/// The value at x.
pub(crate) fn value(p: &[Surd], x: &Rational) -> Surd {
    p.iter().rev().fold(Surd::zero(), |sum, c| sum.scaled(x) + c.clone())
}

/// The product.
pub(crate) fn product(a: &[Surd], b: &[Surd]) -> Polynomial {
    if a.is_empty() || b.is_empty() {
        return Vec::new();
    }
    let mut out = vec![Surd::zero(); a.len() + b.len() - 1];
    for (i, x) in a.iter().enumerate() {
        for (j, y) in b.iter().enumerate() {
            out[i + j] = out[i + j].clone() + x * y;
        }
    }
    out
}

/// The derivative.
pub(crate) fn derivative(p: &[Surd]) -> Polynomial {
    trim(p.iter().enumerate().skip(1).map(|(n, c)| c.scaled(&Rational::from_integer(BigInt::from(n)))).collect())
}

/// Without vanishing leading coefficients.
pub(crate) fn trim(mut p: Polynomial) -> Polynomial {
    while p.last().is_some_and(Surd::is_zero) {
        p.pop();
    }
    p
}

/// The quotient of a division; exact where the divisor divides.
pub(crate) fn quotient(a: &[Surd], b: &[Surd]) -> Polynomial {
    divide(a, b).0
}

fn remainder(a: &[Surd], b: &[Surd]) -> Polynomial {
    divide(a, b).1
}

/// Quotient and remainder; b is not zero.
fn divide(a: &[Surd], b: &[Surd]) -> (Polynomial, Polynomial) {
    let mut rest = a.to_vec();
    let mut out = vec![Surd::zero(); (a.len() + 1).saturating_sub(b.len())];
    let Some(inverse) = b.last().map(Surd::recip) else { return (Vec::new(), rest) };
    while rest.len() >= b.len() {
        let factor = rest.last().map_or_else(Surd::zero, |top| top * &inverse);
        let shift = rest.len() - b.len();
        for (i, c) in b.iter().enumerate() {
            rest[shift + i] = rest[shift + i].clone() - c * &factor;
        }
        rest.pop();
        out[shift] = factor;
    }
    (out, trim(rest))
}

/// Divided by its positive rational content, so that remainders stay small.
fn primitive(p: Polynomial) -> Polynomial {
    let (mut above, mut below) = (BigInt::zero(), BigInt::one());
    for r in p.iter().flat_map(Surd::parts) {
        above = above.gcd(r.numer());
        below = below.lcm(r.denom());
    }
    let p = trim(p);
    if above.is_zero() {
        return p;
    }
    let factor = Rational::new(below, above);
    p.iter().map(|c| c.scaled(&factor)).collect()
}

/// A power of two beyond every zero, by Cauchy's bound.
fn bound(p: &[Surd]) -> Rational {
    let mut high = rational(2, 1);
    let Some(lead) = p.last() else { return high };
    let inverse = lead.recip();
    for c in p {
        let ratio = c * &inverse;
        // |ratio| < high, checked for either sign.
        while !(Surd::from(high.clone()) - ratio.clone()).is_positive()
            || !(Surd::from(high.clone()) + ratio.clone()).is_positive()
        {
            high *= rational(2, 1);
        }
    }
    high * rational(2, 1)
}

fn middle(low: &Rational, high: &Rational) -> Rational {
    (low + high) * rational(1, 2)
}

/// A simple fraction strictly between two numbers.
pub(crate) fn simplest_between(lo: &Rational, hi: &Rational) -> Rational {
    let third = (hi - lo) * rational(1, 3);
    simplest_within(&(lo + &third), &(hi - third))
}

/// The fraction of least denominator in `[lo, hi]`.
fn simplest_within(lo: &Rational, hi: &Rational) -> Rational {
    let whole = lo.ceil();
    if whole <= *hi {
        return whole;
    }
    // Both ends lie strictly between two neighbouring whole numbers.
    let floor = lo.floor();
    let rest = simplest_within(&(hi - &floor).recip(), &(lo - &floor).recip());
    floor + rest.recip()
}

fn changes(signs: impl Iterator<Item = Sign>) -> usize {
    let signs: Vec<Sign> = signs.filter(|s| *s != Sign::ZERO).collect();
    signs.windows(2).filter(|w| w[0] != w[1]).count()
}
