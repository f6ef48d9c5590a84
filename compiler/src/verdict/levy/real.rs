//! `Re lambda - Re lambda(0)` as a function of kappa, a quadratic form and products of even powers.
//!
//! In:   the monomials of lambda in the components of k.
//! Out:  [`Split`]s of the real part into parts whose signs are known, and what they say together.
//! Holds: the linear part of the function of kappa may stand with it or in the form, so each equation has two splits.

use super::form::{Form, Kind, Square};
use super::{Axes, Parts, entry_of, powers};
use crate::dispersion::direction::letter;
use crate::expr::{Axis, Expr, Facts, KappaSum, Range, Sign, Stop};

/// The real part, taken apart.
pub(super) struct RealPart {
    /// The coefficient of kappa.
    linear: Expr,
    /// The other powers of kappa.
    rest: KappaSum,
    /// The quadratic form without the linear part.
    matrix: Vec<Vec<Expr>>,
    /// The other monomials.
    higher: Vec<([u32; 3], Expr)>,
}

/// `rest(kappa) + isotropic (kappa - k_1^2 - ... - k_n^2) + sum weight polynomial^2`.
pub(super) struct Split {
    pub rest: Expr,
    pub isotropic: Expr,
    /// Weights and polynomials; found with the signs.
    pub squares: Vec<(Expr, Expr)>,
    matrix: Vec<Vec<Expr>>,
    higher: Vec<([u32; 3], Expr)>,
}

/// What the parts of a split say together.
pub(super) enum Signs {
    /// Positive for every `k != 0`.
    Rises,
    /// Nowhere positive.
    NowhereRises,
    /// Positive for some k, and not in this direction.
    Partly(Vec<Expr>),
    /// Nothing: the parts differ in sign, or may vanish together.
    Open,
}

impl RealPart {
    pub fn read(parts: &Parts, axes: Axes, facts: &Facts) -> Result<RealPart, Stop> {
        let real = |e: &Expr| e.real_and_imaginary().0;
        let isotropic = real(&parts.coefficient([0; 3]));
        let sum = KappaSum::read(&isotropic);
        let regular = |s: &KappaSum| s.terms.iter().all(|(x, _)| x.is_zero() || facts.sign(x).is(Sign::POSITIVE));
        let sum = sum.filter(regular).ok_or_else(|| Stop::Undecided(format!("the sign of {isotropic} for every k")))?;
        let moving = sum.terms.into_iter().filter(|(x, _)| !x.is_zero());
        let (linear, rest): (Vec<_>, Vec<_>) = moving.partition(|(x, _)| x.is_one());
        let entry = |i, j| entry_of(i, j, real(&parts.coefficient(powers(&[i, j]))), &Expr::zero());
        let degree = |powers: &[u32; 3]| powers.iter().sum::<u32>();
        let higher = parts.0.iter().filter(|(powers, _)| ![0, 2].contains(&degree(powers)));
        Ok(RealPart {
            linear: Expr::add(linear.into_iter().map(|(_, c)| c)),
            rest: KappaSum { terms: rest },
            matrix: (0..axes.named).map(|i| (0..axes.named).map(|j| entry(i, j)).collect()).collect(),
            higher: higher.map(|(powers, c)| (*powers, real(c))).filter(|(_, c)| !c.is_zero()).collect(),
        })
    }

    /// With the linear part in the form, and with it beside the other powers of kappa.
    pub fn splits(&self) -> [Split; 2] {
        let split = |rest: Expr, isotropic: Expr| {
            let added = |i: usize, j: usize, c: &Expr| if i == j { c.clone() + isotropic.clone() } else { c.clone() };
            let row = |(i, row): (usize, &Vec<Expr>)| row.iter().enumerate().map(|(j, c)| added(i, j, c)).collect();
            let matrix = self.matrix.iter().enumerate().map(row).collect();
            Split { rest, isotropic, squares: Vec::new(), matrix, higher: self.higher.clone() }
        };
        let rest = self.rest.expr();
        let whole = rest.clone() + self.linear.clone() * Expr::kappa();
        [split(rest, self.linear.clone()), split(whole, Expr::zero())]
    }
}

impl Split {
    /// The sign of the sum; finds the squares.
    pub fn signs(&mut self, axes: Axes, facts: &Facts) -> Result<Signs, Stop> {
        let range = KappaSum::read(&self.rest).map_or(Ok(Range::Zero), |sum| sum.range(facts))?;
        let even: Option<Vec<(Expr, Expr)>> = self.higher.iter().map(|(powers, c)| square_of(powers, c)).collect();
        let Some(even) = even else { return Ok(Signs::Open) };
        let signs: Vec<Sign> = even.iter().map(|(weight, _)| facts.sign(weight)).collect();
        if let Some(i) = signs.iter().position(|s| !s.is(Sign::NONNEGATIVE) && !s.is(Sign::NONPOSITIVE)) {
            return Err(Stop::Need(even[i].0.clone()));
        }
        let form = Form { matrix: self.matrix.clone(), other: axes.others.then(|| self.isotropic.clone()) };
        let up = form.kind(facts)?;
        let one_sided =
            |good: Sign, strict: Range| (range == strict || range == Range::Zero) && signs.iter().all(|s| s.is(good));
        let linear = |squares: &[Square], sign: i64| -> Vec<(Expr, Expr)> {
            squares.iter().map(|s| (Expr::int(sign) * s.weight.clone(), polynomial(&s.vector))).collect()
        };
        if let (Kind::Nonnegative { squares, .. }, true) = (&up, one_sided(Sign::NONNEGATIVE, Range::Positive)) {
            self.squares = linear(squares, 1).into_iter().chain(even.clone()).collect();
            if range == Range::Positive || self.vanish_together_only_at_zero(axes, facts) {
                return Ok(Signs::Rises);
            }
        }
        if one_sided(Sign::NONPOSITIVE, Range::Negative)
            && let Kind::Nonnegative { squares, .. } = form.negated().kind(facts)?
        {
            self.squares = linear(&squares, -1).into_iter().chain(even).collect();
            return Ok(Signs::NowhereRises);
        }
        // A form alone that is neither definite nor nowhere positive.
        Ok(match up {
            Kind::Negative(d) | Kind::Nonnegative { flat: Some(d), .. } if range == Range::Zero && signs.is_empty() => {
                Signs::Partly(d)
            }
            _ => Signs::Open,
        })
    }

    /// Reading the squares from the last, each that is a power of one component, given those found, shows that it is 0.
    fn vanish_together_only_at_zero(&self, axes: Axes, facts: &Facts) -> bool {
        let mut zero: Vec<Expr> = Vec::new();
        for (_, polynomial) in self.squares.iter().rev().filter(|(w, _)| facts.sign(w).is(Sign::POSITIVE)) {
            let left = zero.iter().fold(polynomial.clone(), |p, k| p.substitute(k, &Expr::zero()));
            let alone = |k: &Expr| {
                let others = left.factors().iter().filter(|f| !f.contains(k)).cloned();
                left.terms().len() == 1 && left.contains(k) && facts.sign(&Expr::mul(others)).is(Sign::NONZERO)
            };
            zero.extend(Axis::ALL.map(letter).into_iter().filter(alone));
        }
        let others = !axes.others || facts.sign(&self.isotropic).is(Sign::POSITIVE);
        others && Axis::ALL.into_iter().take(axes.named).all(|axis| zero.contains(&letter(axis)))
    }
}

/// `c k^(2 n)` as the weight c and the polynomial `k^n`.
fn square_of(powers: &[u32; 3], c: &Expr) -> Option<(Expr, Expr)> {
    let even = !c.contains(&Expr::kappa()) && powers.iter().all(|n| n % 2 == 0);
    let root = Axis::ALL.into_iter().zip(powers).map(|(axis, n)| letter(axis).powi(i64::from(n / 2)));
    even.then(|| (c.clone(), Expr::mul(root)))
}

/// `vector.k`.
fn polynomial(vector: &[Expr]) -> Expr {
    Expr::add(vector.iter().zip(Axis::ALL).map(|(c, axis)| c.clone() * letter(axis)))
}
