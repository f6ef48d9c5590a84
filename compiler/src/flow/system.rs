//! Systems of equations: one multiplier for each.
//!
//! In:   [`Equation`] with several components.
//! Out:  [`Plan`] with these attempts: the conjugate of the field whose time derivative each equation holds, weighted so
//!       that couplings cancel (p is then a weighted sum of squares); for real fields also each equation alone and
//!       their sum.
//! Holds: weights are positive under the assumptions.
//! Source: the symmetriser of a symmetric hyperbolic system; for Dirac's equation the adjoint spinor (GenPhys,
//!         arXiv:2304.02637, A.6).

use super::cost::time_order;
use super::language::{Paired, is_imaginary, is_real, split};
use super::multiplier::coefficient_of;
use super::plan::{Attempt, Plan, Summand, scaled, split_coefficients};
use super::rules::conjugate;
use super::{Part, Undecided};
use crate::expr::{Axis, Expr, Func, Sign};
use crate::operator::{Equation, normaliser};

/// So many equations are tried alone.
const MOST_ALONE: usize = 8;

/// The plan for a system.
pub(crate) fn plan(equation: &Equation) -> Result<Plan, Undecided> {
    let scales: Vec<Expr> = equation.components.iter().map(|c| normaliser(c, &equation.facts)).collect();
    let operators: Vec<Expr> =
        equation.components.iter().zip(&scales).map(|(c, s)| split_coefficients(&scaled(c, s))).collect();
    let mut attempts: Vec<Attempt> =
        Quadratic::new(equation, &operators).map(|q| q.attempt(&scales)).into_iter().collect();
    if !equation.is_complex() {
        attempts.extend(linear(equation, &operators, &scales));
    }
    if attempts.is_empty() {
        let n = operators.len();
        return Err(Undecided::new(format!(
            "a complex system of {n} equations whose time derivatives are not one of first order in each, of its own field"
        )));
    }
    Ok(Plan { operators, factored: None, as_given: false, attempts })
}

/// Each equation with a time derivative alone, and the sum of all, with highest time derivatives positive.
fn linear(equation: &Equation, operators: &[Expr], scales: &[Expr]) -> Vec<Attempt> {
    let sign = |operator: &Expr| {
        let leading = coefficient_of(operator, time_order(operator));
        let negative = leading.is_some_and(|c| equation.facts.sign(&c).is(Sign::NEGATIVE));
        Expr::int(if negative { -1 } else { 1 })
    };
    let signs: Vec<Expr> = operators.iter().map(sign).collect();
    let timed: Vec<usize> = (0..operators.len()).filter(|j| time_order(&operators[*j]) > 0).collect();
    let attempt = |of: &[usize]| {
        let signed = |j: usize, s: &Expr| if of.contains(&j) { signs[j].clone() * s.clone() } else { Expr::zero() };
        let multipliers = scales.iter().enumerate().map(|(j, s)| signed(j, s));
        let sum = Expr::add(of.iter().map(|j| scaled(&operators[*j], &signs[*j])));
        Attempt {
            multipliers: multipliers.collect(),
            part: Part::Whole,
            summands: sum.terms().iter().cloned().map(Summand::Whole).collect(),
            quadratic: false,
            completes: None,
        }
    };
    let alone = timed.iter().take(MOST_ALONE).map(|j| attempt(&[*j]));
    let all: Vec<usize> = (0..operators.len()).collect();
    alone.chain([attempt(&all)]).filter(|a| !a.summands.is_empty()).collect()
}

/// First-order equations, each for the time derivative of one field.
struct Quadratic {
    /// The field of each equation.
    fields: Vec<Expr>,
    /// `1`, `-1`, `i` or `-i` for each equation, which makes the coefficient of its time derivative positive.
    units: Vec<Expr>,
    /// The equations times these.
    rows: Vec<Expr>,
    weights: Vec<Expr>,
    real: bool,
}

impl Quadratic {
    fn new(equation: &Equation, operators: &[Expr]) -> Option<Quadratic> {
        let mut out = Quadratic {
            fields: Vec::new(),
            units: Vec::new(),
            rows: Vec::new(),
            weights: vec![Expr::one(); operators.len()],
            real: !equation.is_complex(),
        };
        for operator in operators {
            let (c, field) = only_time_derivative(operator)?;
            let unit = unit_of(&c, equation)?;
            if out.fields.contains(&field) {
                return None;
            }
            out.rows.push(scaled(operator, &unit));
            out.fields.push(field);
            out.units.push(unit);
        }
        out.weigh(equation);
        Some(out)
    }

    /// Weights that make couplings cancel, from one field to the next.
    fn weigh(&mut self, equation: &Equation) {
        let n = self.rows.len();
        let mut found = vec![false; n];
        for start in 0..n {
            found[start] = true;
            let mut open = vec![start];
            while let Some(k) = open.pop() {
                for l in (0..n).filter(|l| *l != k) {
                    if found[l] {
                        continue;
                    }
                    let Some(ratio) = self.ratio(k, l).filter(|r| equation.facts.sign(r).is(Sign::POSITIVE)) else {
                        continue;
                    };
                    self.weights[l] = self.weights[k].clone() * ratio;
                    found[l] = true;
                    open.push(l);
                }
            }
        }
    }

    /// `w_l / w_k` for which the first coupling between the two cancels.
    fn ratio(&self, k: usize, l: usize) -> Option<Expr> {
        let (there, back) = (couplings(&self.rows[k], &self.fields[l]), couplings(&self.rows[l], &self.fields[k]));
        there.iter().find_map(|(kind, c)| {
            let (_, d) = back.iter().find(|(other, _)| other == kind)?;
            let varies = |c: &Expr| c.has_field() || c.has_time() || c.has_position();
            if varies(c) || varies(d) {
                return None;
            }
            Some(Expr::int(kind.sign()) * c.clone() / conjugate(d)?)
        })
    }

    fn attempt(&self, scales: &[Expr]) -> Attempt {
        let multiplier = |j: usize| {
            let constant = self.weights[j].clone() * self.units[j].clone() * scales[j].clone();
            let field = self.fields[j].clone();
            if self.real { Expr::int(2) * constant * field } else { constant * Expr::call(Func::Conj, field) }
        };
        Attempt {
            multipliers: (0..self.rows.len()).map(multiplier).collect(),
            part: if self.real { Part::Whole } else { Part::Real },
            summands: self.summands(),
            quadratic: true,
            completes: None,
        }
    }

    /// The terms, those that couple two fields beside each other where they cancel or are a derivative together.
    fn summands(&self) -> Vec<Summand> {
        let weighted = |j: usize| scaled(&self.rows[j], &self.weights[j]);
        let mut terms: Vec<Paired> = (0..self.rows.len())
            .flat_map(|j| weighted(j).terms().iter().map(|t| Paired::new(t, &self.fields[j])).collect::<Vec<_>>())
            .collect();
        let mut out = Vec::new();
        while !terms.is_empty() {
            let first = terms.remove(0);
            let partner = terms.iter().position(|other| belong_together(&first, other));
            let pair = partner.map(|i| terms.remove(i));
            out.push(Summand::Pairs(std::iter::once(first).chain(pair).collect()));
        }
        out
    }
}

/// How one field enters the equation of another.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    Along(Axis),
    Laplacian,
}

impl Kind {
    /// With `conj` the back coupling must be this times the coupling there, for the two to be a flow together.
    fn sign(self) -> i64 {
        match self {
            Kind::Along(_) => 1,
            Kind::Plain | Kind::Laplacian => -1,
        }
    }
}

/// The field that `body` is or differentiates once.
fn kind(body: &Expr) -> Option<(Kind, &Expr)> {
    let (kind, inner) = match body {
        Expr::Field(_) => (Kind::Plain, body),
        Expr::Partial(f, axis, 1) => (Kind::Along(*axis), &**f),
        Expr::Lap(f) => (Kind::Laplacian, &**f),
        _ => return None,
    };
    matches!(inner, Expr::Field(_)).then_some((kind, inner))
}

fn couplings(row: &Expr, field: &Expr) -> Vec<(Kind, Expr)> {
    let coupling = |(c, body): (Expr, Expr)| kind(&body).filter(|(_, f)| *f == field).map(|(kind, _)| (kind, c));
    row.terms().iter().map(split).filter_map(coupling).collect()
}

/// Are the two terms a flow together, by one of the rules for pairs?
fn belong_together(a: &Paired, b: &Paired) -> bool {
    let (Some((there, f)), Some((back, g))) = (kind(&a.body), kind(&b.body)) else { return false };
    let crossed = there == back && *f == b.field && *g == a.field && a.field != b.field;
    crossed && conjugate(&a.coefficient).is_some_and(|c| Expr::int(there.sign()) * c == b.coefficient)
}

/// The coefficient and the field of the time derivative, when the equation has one of first order and no other.
fn only_time_derivative(operator: &Expr) -> Option<(Expr, Expr)> {
    let timed: Vec<&Expr> = operator.terms().iter().filter(|t| time_order(t) > 0).collect();
    let [term] = timed.as_slice() else { return None };
    let (c, body) = split(term);
    match body {
        Expr::Dt(f, 1) if matches!(*f, Expr::Field(_)) => Some((c, *f)),
        _ => None,
    }
}

/// The unit that makes `c` positive.
fn unit_of(c: &Expr, equation: &Equation) -> Option<Expr> {
    if c.has_time() || c.has_position() {
        return None;
    }
    let candidates = if is_real(c) {
        [Expr::one(), Expr::int(-1)]
    } else if is_imaginary(c) {
        [Expr::Imag, -Expr::Imag]
    } else {
        return None;
    };
    candidates.into_iter().find(|u| equation.facts.sign(&(u.clone() * c.clone())).is(Sign::POSITIVE))
}
