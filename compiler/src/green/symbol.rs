//! Functions of kappa with numbers in them.
//!
//! In:   an [`Expr`] in kappa alone: sums, products and powers.
//! Out:  [`Symbol`], which has values on the real line and, by continuity from there, along a path: see [`super::flat`].
//! Holds: [`Growth`] is the leading term as kappa grows.

use crate::expr::{Expr, Name, Rational, Var, rational};
use num_complex::Complex64;
use std::collections::BTreeMap;

use super::lower::{LowerError, number};

/// A function of kappa.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Symbol {
    Number(f64),
    Kappa,
    Sum(Vec<Symbol>),
    Product(Vec<Symbol>),
    /// An integer power.
    Power(Box<Symbol>, i32),
    /// A real power.
    Root(Box<Symbol>, f64),
}

/// `factor kappa^power`, the leading term of a symbol.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Growth {
    pub(super) factor: f64,
    pub(super) power: f64,
}

impl Symbol {
    /// Reads an expression in kappa. `Ok(None)` where it has parts of other kinds.
    ///
    /// # Errors
    /// [`LowerError`] for a parameter without a value.
    pub(super) fn read(e: &Expr, values: &BTreeMap<Name, Rational>) -> Result<Option<Symbol>, LowerError> {
        let all = |parts: &[Expr]| parts.iter().map(|p| Symbol::read(p, values)).collect::<Result<Option<Vec<_>>, _>>();
        Ok(match e {
            Expr::Var(Var::Kappa) => Some(Symbol::Kappa),
            e if !e.contains(&Expr::kappa()) => Some(Symbol::Number(number(e, values)?)),
            Expr::Add(terms) => all(terms)?.map(Symbol::Sum),
            Expr::Mul(factors) => all(factors)?.map(Symbol::Product),
            Expr::Pow(base, power) if !power.contains(&Expr::kappa()) => {
                let Some(base) = Symbol::read(base, values)?.map(Box::new) else { return Ok(None) };
                let power = number(power, values)?;
                let is_small_integer = power == power.round() && power.abs() < 64.0;
                Some(if is_small_integer { Symbol::Power(base, power as i32) } else { Symbol::Root(base, power) })
            }
            _ => None,
        })
    }

    pub(super) fn contains_kappa(&self) -> bool {
        match self {
            Symbol::Number(_) => false,
            Symbol::Kappa => true,
            Symbol::Sum(parts) | Symbol::Product(parts) => parts.iter().any(Symbol::contains_kappa),
            Symbol::Power(base, _) | Symbol::Root(base, _) => base.contains_kappa(),
        }
    }

    /// The value at a real kappa; not a number outside the domain.
    pub(super) fn real(&self, kappa: f64) -> f64 {
        match self {
            Symbol::Number(x) => *x,
            Symbol::Kappa => kappa,
            Symbol::Sum(terms) => terms.iter().map(|t| t.real(kappa)).sum(),
            Symbol::Product(factors) => factors.iter().map(|f| f.real(kappa)).product(),
            Symbol::Power(base, n) => base.real(kappa).powi(*n),
            Symbol::Root(base, x) if *x == 0.5 => base.real(kappa).sqrt(),
            Symbol::Root(base, x) => base.real(kappa).powf(*x),
        }
    }

    /// The leading term as kappa grows; none where terms cancel.
    pub(super) fn growth(&self) -> Option<Growth> {
        match self {
            Symbol::Number(x) => Some(Growth { factor: *x, power: 0.0 }),
            Symbol::Kappa => Some(Growth { factor: 1.0, power: 1.0 }),
            Symbol::Sum(terms) => {
                let all: Vec<Growth> = terms.iter().map(Symbol::growth).collect::<Option<_>>()?;
                let power = all.iter().map(|g| g.power).fold(f64::NEG_INFINITY, f64::max);
                let leading = all.iter().filter(|g| g.power == power).map(|g| g.factor);
                let (factor, size) = leading.fold((0.0, 0.0), |(sum, size), f| (sum + f, size + f64::abs(f)));
                (factor.abs() > 1e-12 * size).then_some(Growth { factor, power })
            }
            Symbol::Product(factors) => factors.iter().try_fold(Growth { factor: 1.0, power: 0.0 }, |product, f| {
                let g = f.growth()?;
                Some(Growth { factor: product.factor * g.factor, power: product.power + g.power })
            }),
            Symbol::Power(base, n) => {
                let g = base.growth()?;
                Some(Growth { factor: g.factor.powi(*n), power: g.power * f64::from(*n) })
            }
            Symbol::Root(base, x) => {
                let g = base.growth()?;
                Some(Growth { factor: g.factor.powf(*x), power: g.power * x })
            }
        }
    }
}

/// A lambda that grows as `D kappa`, or slower.
#[derive(Debug, PartialEq)]
pub(super) struct Parted {
    /// D.
    pub(super) drift: Expr,
    /// `lambda - D kappa`, without cancellation at large kappa.
    pub(super) rest: Expr,
    /// Where `rest` is bounded, `rest(inf)` and `rest(inf) - rest`, without cancellation at large kappa.
    pub(super) bound: Option<(Expr, Expr)>,
}

/// Takes the linear part out of lambda: a term `D kappa` is left out, `sqrt(A)` is `(A - D^2 kappa^2)/(sqrt(A) + D kappa)`, and a
/// quotient `n/d` is `(n - D kappa d)/d`. None where lambda grows faster, or terms are of other kinds.
pub(super) fn without_drift(e: &Expr, values: &BTreeMap<Name, Rational>) -> Result<Option<Parted>, LowerError> {
    let kappa = Expr::kappa();
    let (mut drift, mut rest) = (Vec::new(), Vec::new());
    let (mut limit, mut deficit, mut is_bounded) = (Vec::new(), Vec::new(), true);
    for term in e.expand().terms() {
        let growth = Symbol::read(term, values)?.and_then(|symbol| symbol.growth());
        let Some(growth) = growth.filter(|g| g.power <= 1.0 + 1e-14) else { return Ok(None) };
        let (roots, others): (Vec<Expr>, Vec<Expr>) = term
            .factors()
            .iter()
            .cloned()
            .partition(|f| matches!(f, Expr::Pow(b, _) if **b != kappa && b.contains(&kappa)));
        let others = Expr::mul(others);
        if growth.power < 1.0 - 1e-14 {
            rest.push(term.clone());
            match roots.as_slice() {
                [Expr::Pow(d, x)] if growth.power == 0.0 && x.as_int() == Some(-1) => {
                    let Some((below, leading)) = quotient(&others, d, values, 0)? else { return Ok(None) };
                    let numerator = (leading.clone() * below.clone() - others).expand();
                    limit.push(leading);
                    deficit.push(numerator / below);
                }
                [] if growth.power == 0.0 => limit.push(term.clone()),
                _ if growth.power < 0.0 => deficit.push(-term.clone()),
                _ => is_bounded = false,
            }
            continue;
        }
        match roots.as_slice() {
            [] => {
                let factor = (others / kappa.clone()).expand();
                if factor.contains(&kappa) {
                    return Ok(None);
                }
                drift.push(factor);
            }
            [Expr::Pow(a, x)] if x.as_num() == Some(&rational(1, 2)) => {
                let square = (others.powi(2) * (**a).clone()).expand();
                let leading = coefficient(&square, 2);
                if leading.is_zero() {
                    return Ok(None);
                }
                let factor = Expr::pow(leading.clone(), Expr::Num(rational(1, 2)));
                let numerator = (square - leading * kappa.clone().powi(2)).expand();
                let sum = term.clone() + factor.clone() * kappa.clone();
                let part = numerator.clone() / sum.clone();
                // With numerator c kappa + e, part(inf) = c/(2 D), and part(inf) - part = (c part/(2 D) - e)/sum.
                let c = coefficient(&numerator, 1);
                let e = (numerator - c.clone() * kappa.clone()).expand();
                let top = c / (Expr::int(2) * factor.clone());
                is_bounded &= !e.contains(&kappa);
                deficit.push((top.clone() * part.clone() - e) / sum);
                limit.push(top);
                rest.push(part);
                drift.push(factor);
            }
            [Expr::Pow(d, x)] if x.as_int() == Some(-1) => {
                let Some((below, factor)) = quotient(&others, d, values, 1)? else { return Ok(None) };
                let numerator = (others - factor.clone() * kappa.clone() * below.clone()).expand();
                let part = numerator.clone() / below.clone();
                if !numerator.is_zero() {
                    let Some((_, top)) = quotient(&numerator, &below, values, 0)? else { return Ok(None) };
                    deficit.push((top.clone() * below.clone() - numerator).expand() / below);
                    limit.push(top);
                }
                rest.push(part);
                drift.push(factor);
            }
            _ => return Ok(None),
        }
    }
    let bound = is_bounded.then(|| (Expr::add(limit), Expr::add(deficit)));
    Ok(Some(Parted { drift: Expr::add(drift), rest: Expr::add(rest), bound }))
}

/// The coefficient of a power of kappa in a sum.
fn coefficient(e: &Expr, power: i64) -> Expr {
    let kappa = Expr::kappa();
    let of = |term: &Expr| (term.clone() / kappa.clone().powi(power)).expand();
    Expr::add(e.expand().terms().iter().map(of).filter(|c| !c.contains(&kappa)))
}

/// The denominator, and the ratio of the coefficients of `kappa^(p + above)` in n and of its own leading `kappa^p`.
fn quotient(
    n: &Expr,
    d: &Expr,
    values: &BTreeMap<Name, Rational>,
    above: i64,
) -> Result<Option<(Expr, Expr)>, LowerError> {
    let growth = Symbol::read(d, values)?.and_then(|d| d.growth());
    let Some(power) = growth.map(|g| g.power).filter(|p| *p == p.round() && p.abs() < 64.0) else { return Ok(None) };
    let below = coefficient(d, power as i64);
    let ratio = |below: Expr| (coefficient(n, power as i64 + above) / below).expand();
    Ok((!below.is_zero()).then(|| (d.clone(), ratio(below))))
}

/// The value at 0, or its limit from the right where it is a quotient of zeros.
pub(super) fn value_at_zero(symbol: &Symbol) -> f64 {
    let value = symbol.real(0.0);
    if value.is_finite() { value } else { symbol.real(1e-300) }
}

/// How far to the left of 0 the symbol goes on being real, finite and increasing: the distance of its first singularity.
pub(super) fn singularity(symbol: &Symbol) -> f64 {
    let at_zero = value_at_zero(symbol);
    let is_regular = |x: f64| {
        let (here, before) = (symbol.real(-x), symbol.real(-x * (1.0 - 1e-3)));
        here.is_finite() && here < at_zero && here <= before
    };
    let mut low = 1e-12;
    if !is_regular(low) {
        return 0.0;
    }
    while is_regular(2.0 * low) {
        low *= 2.0;
        if low > 1e100 {
            return low;
        }
    }
    let mut high = 2.0 * low;
    for _ in 0..80 {
        let middle = 0.5 * (low + high);
        if is_regular(middle) { low = middle } else { high = middle }
    }
    low
}

/// `exp(z) - 1` without cancellation.
pub(super) fn exp_m1(z: Complex64) -> Complex64 {
    let half_sine = (0.5 * z.im).sin();
    let (sin, cos) = z.im.sin_cos();
    Complex64::new(z.re.exp_m1() * cos - 2.0 * half_sine * half_sine, z.re.exp() * sin)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(e: &Expr) -> Symbol {
        Symbol::read(e, &BTreeMap::new()).expect("no parameters").expect("a symbol")
    }

    #[test]
    fn the_linear_part_is_taken_out_without_cancellation() {
        let k = Expr::kappa();
        let at = |e: &Expr, kappa: f64| read(e).real(kappa);
        let part = |e: &Expr| without_drift(e, &BTreeMap::new()).expect("no parameters").expect("slow growth");
        let parted = part(&(k.clone() + k.clone().powi(2)).sqrt());
        assert!(parted.drift.is_one());
        // sqrt(kappa + kappa^2) - kappa = 1/2 - 1/(8 kappa) + 1/(16 kappa^2) - ...
        assert!((at(&parted.rest, 1e8) - (0.5 - 1.25e-9)).abs() < 2e-16, "{}", at(&parted.rest, 1e8));
        let (top, deficit) = parted.bound.expect("bounded");
        assert_eq!(top, Expr::Num(rational(1, 2)));
        assert!((at(&deficit, 1e8) / (1.25e-9 - 6.25e-18) - 1.0).abs() < 1e-15, "{}", at(&deficit, 1e8));
        let parted = part(&((Expr::int(2) * k.clone() + k.clone().powi(2)) / (Expr::one() + k.clone())));
        assert!(parted.drift.is_one());
        assert!((at(&parted.rest, 1e9) - 1.0 / (1.0 + 1e-9)).abs() < 2e-16, "{}", at(&parted.rest, 1e9));
        let (_, deficit) = parted.bound.expect("bounded");
        assert!((at(&deficit, 1e9) * (1e9 + 1.0) - 1.0).abs() < 1e-15, "{deficit}");
        let parted = part(&(Expr::int(3) * k.clone() + k.clone().sqrt()));
        assert_eq!(parted, Parted { drift: Expr::int(3), rest: k.sqrt(), bound: None });
    }

    #[test]
    fn singularities_are_found() {
        let k = Expr::kappa();
        assert_eq!(singularity(&read(&k.clone().sqrt())), 0.0);
        let tempered = (k.clone() + Expr::int(4)).sqrt();
        assert!((singularity(&read(&tempered)) - 4.0).abs() < 1e-14);
        let pole = k.clone() / (k + Expr::int(3));
        assert!((singularity(&read(&pole)) - 3.0).abs() < 1e-8, "a pole is where the values jump");
    }
}
