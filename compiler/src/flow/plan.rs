//! What is rewritten: the equations times multipliers, as sums of terms.
//!
//! In:   [`Equation`].
//! Out:  [`Plan`] with the [`Attempt`]s to make, or [`Undecided`] for equations of a kind that has no continuity form
//!       here.
//! Holds: the terms of an attempt sum to `M L phi`, to twice its real part for complex fields, or to the sum of both
//!        over the equations of a system.
//! Source: GenPhys (arXiv:2304.02637), Table 2: Schroedinger's equation times `-i conj(phi)`, twice the real part.

use super::cost::time_order;
use super::factor::Factored;
use super::language::{Node, Paired, reading, root, split, sum_of, summand, summand_in_order, summand_of_pairs};
use super::mode::admitted;
use super::multiplier::{coefficient_of, multipliers};
use super::{DensityFlow, Part, Undecided, system};
use crate::dispersion::Dispersion;
use crate::expr::{Axis, Expr, Func, rational};
use crate::operator::{Equation, normaliser};
use egg::RecExpr;

/// How an equation is brought to terms.
pub(crate) struct Plan {
    /// The equations, each times its constant: sums of terms. Those of a single equation are freed of a common `i`.
    pub(crate) operators: Vec<Expr>,
    /// The factors of the operator, where the selected branch belongs to one.
    pub(crate) factored: Option<Factored>,
    /// Is the operator the one that the dispersion relation speaks of, up to a positive constant?
    pub(crate) as_given: bool,
    /// The multipliers to try, the plainest first.
    pub(crate) attempts: Vec<Attempt>,
}

/// A vector of multipliers.
pub(crate) struct Attempt {
    /// M, one for each equation, up to a common sign.
    pub(crate) multipliers: Vec<Expr>,
    /// What the form states of their products with the equations.
    pub(crate) part: Part,
    /// The terms of the sum of the products.
    pub(crate) summands: Vec<Summand>,
    /// Is p quadratic in the fields?
    pub(crate) quadratic: bool,
    /// The function of t that completes a time derivative, when it is not 1.
    pub(crate) completes: Option<Expr>,
}

/// One term, or two that only together are a flow.
pub(crate) enum Summand {
    Whole(Expr),
    Pairs(Vec<Paired>),
    /// `c d^2 f/(de dg)`, the derivative along g taken first: half of a mixed derivative, of which the other half is taken in the other order, so that
    /// the flux of a diffusion tensor is that of a symmetric matrix.
    Ordered(Expr, [Axis; 2], Expr),
}

impl Summand {
    /// The summands of a term.
    fn of(term: Expr) -> Vec<Summand> {
        let (c, body) = split(&term);
        match body {
            Expr::Partial(inner, e, 1) => match &*inner {
                Expr::Partial(f, g, 1) if *g != e && !c.has_position() && matches!(**f, Expr::Field(_)) => {
                    let half = Expr::Num(rational(1, 2)) * c;
                    vec![
                        Summand::Ordered(half.clone(), [e, *g], (**f).clone()),
                        Summand::Ordered(half, [*g, e], (**f).clone()),
                    ]
                }
                _ => vec![Summand::Whole(term)],
            },
            _ => vec![Summand::Whole(term)],
        }
    }
}

impl Attempt {
    /// The terms with a common sign.
    pub(crate) fn terms(&self, sign: i64) -> Vec<RecExpr<Node>> {
        let sign = Expr::int(sign);
        let signed = |s: &Summand| match s {
            Summand::Whole(e) => summand(&(sign.clone() * e.clone())),
            Summand::Ordered(c, axes, f) => summand_in_order(&(sign.clone() * c.clone()), *axes, f),
            Summand::Pairs(pairs) => {
                let signed = pairs.iter().map(|p| Paired {
                    coefficient: sign.clone() * p.coefficient.clone(),
                    field: p.field.clone(),
                    body: p.body.clone(),
                });
                summand_of_pairs(&signed.collect::<Vec<_>>())
            }
        };
        self.summands.iter().map(signed).collect()
    }
}

impl Plan {
    /// The plan for an equation.
    pub(crate) fn new(equation: &Equation, dispersion: Option<&Dispersion>) -> Result<Plan, Undecided> {
        let order = equation.components.iter().map(time_order).max().unwrap_or(0);
        if order == 0 {
            return Err(Undecided::new("the equation has no time derivative, so nothing can be a density"));
        }
        if equation.is_system() { system::plan(equation) } else { single(equation, dispersion, order) }
    }
}

fn single(equation: &Equation, dispersion: Option<&Dispersion>, order: u32) -> Result<Plan, Undecided> {
    let scale = normaliser(equation.operator(), &equation.facts);
    let operator = scaled(equation.operator(), &scale);
    let imaginary_leader =
        coefficient_of(&operator, order).is_some_and(|c| c.factors().contains(&Expr::Imag) && !has_sum(&c));
    let unit = if imaginary_leader { -Expr::Imag } else { Expr::one() };
    let operator = scaled(&operator, &unit);
    let field = Expr::Field(equation.unknown().name.clone());
    let attempt = |shape: Expr, terms: &[Expr], paired: bool| {
        let conjugate = if paired { Expr::call(Func::Conj, field.clone()) } else { Expr::one() };
        let terms = if shape.is_one() { damping_as_one(terms) } else { to_cancel(terms, &operator) };
        let products = terms.iter().map(|t| shape.clone() * t.clone());
        let summands = if paired {
            products.map(|t| Summand::Pairs(vec![Paired::new(&t, &field)])).collect()
        } else {
            products.flat_map(Summand::of).collect()
        };
        Attempt {
            multipliers: vec![shape.clone() * scale.clone() * unit.clone() * conjugate],
            part: if paired { Part::Real } else { Part::Whole },
            summands,
            quadratic: paired,
            completes: (!shape.is_one()).then_some(shape),
        }
    };
    if !operator.any(&is_complex) {
        let factored = dispersion
            .filter(|_| unit.is_one())
            .and_then(|d| Factored::new(d, &operator, &field, || admitted(equation)));
        let terms = factored.as_ref().map_or_else(|| operator.terms().to_vec(), |f| f.terms.clone());
        let attempts =
            multipliers(&operator, &equation.facts).into_iter().map(|shape| attempt(shape, &terms, false)).collect();
        return Ok(Plan { operators: vec![operator], factored, as_given: unit.is_one(), attempts });
    }
    if order > 1 {
        return Err(Undecided::new(format!(
            "a complex equation of order {order} in time: only first order has the density abs2 of the field"
        )));
    }
    let operator = split_coefficients(&operator);
    let shapes = multipliers(&operator, &equation.facts).into_iter();
    let attempts = shapes.map(|shape| attempt(shape, operator.terms(), true)).collect();
    Ok(Plan { operators: vec![operator], factored: None, as_given: unit.is_one(), attempts })
}

/// The terms of an operator for a multiplier in t. That cancels whole coefficients of the highest time derivative: `(1 + t) phi_t`, not
/// `phi_t + t phi_t`, so that terms which differ in the coefficient alone are one.
fn to_cancel(terms: &[Expr], operator: &Expr) -> Vec<Expr> {
    if !coefficient_of(operator, time_order(operator)).is_some_and(|c| c.has_time()) {
        return terms.to_vec();
    }
    collected(terms.iter().map(split))
}

/// The terms, those that differ in the constant coefficient of a time derivative as one: of `a phi_t + b phi_t`, all or nothing is in the density.
fn damping_as_one(terms: &[Expr]) -> Vec<Expr> {
    let is_damping = |(c, body): &(Expr, Expr)| !c.has_time() && !c.has_position() && matches!(body, Expr::Dt(..));
    let (damping, others): (Vec<_>, Vec<_>) = terms.iter().map(split).partition(is_damping);
    let (count, damping) = (damping.len(), collected(damping.into_iter()));
    if damping.len() == count {
        return terms.to_vec();
    }
    damping.into_iter().chain(others.into_iter().map(|(c, body)| c * body)).collect()
}

/// Coefficients of the same body, added.
fn collected(parts: impl Iterator<Item = (Expr, Expr)>) -> Vec<Expr> {
    let mut bodies: Vec<(Expr, Vec<Expr>)> = Vec::new();
    for (c, body) in parts {
        match bodies.iter_mut().find(|(b, _)| *b == body) {
            Some((_, coefficients)) => coefficients.push(c),
            None => bodies.push((body, vec![c])),
        }
    }
    bodies.into_iter().map(|(body, coefficients)| Expr::add(coefficients) * body).collect()
}

/// The sum of `M L phi` over the equations, for the multipliers and the part of `flow`, multiplied out: every derivation
/// of it starts from a term of the same meaning.
pub(crate) fn stated(equation: &Equation, flow: &DensityFlow) -> Option<Expr> {
    if !flow.multipliers_agree(equation) {
        return None;
    }
    let sides = equation.components.iter().zip(&flow.multipliers).filter(|(_, m)| !m.is_zero());
    let products = sides.map(|(component, multiplier)| match flow.part {
        Part::Whole if multiplier.has_time() => {
            let terms = to_cancel(component.terms(), component);
            Some(Expr::add(terms.into_iter().map(|t| multiplier.clone() * t)))
        }
        Part::Whole => Some(multiplier.clone() * component.clone()),
        Part::Real => {
            let conjugated = |f: &&Expr| matches!(f, Expr::Call(Func::Conj, _));
            let Expr::Call(_, field) = multiplier.factors().iter().find(conjugated)? else { return None };
            let constants = multiplier.factors().iter().filter(|f| !conjugated(f)).cloned();
            let product = split_coefficients(&scaled(component, &Expr::mul(constants)));
            let pairs = product.terms().iter().map(|t| summand_of_pairs(&[Paired::new(t, field)]));
            let whole = sum_of(&pairs.collect::<Vec<_>>());
            Some(reading(&whole, root(&whole), !equation.is_complex()))
        }
        Part::Imaginary => None,
    });
    Some(Expr::add(products.collect::<Option<Vec<_>>>()?.iter().map(Expr::expand)).expand())
}

/// `factor * L phi` as a sum of terms: products of sums with fields are multiplied out, coefficients stay as written.
pub(crate) fn scaled(operator: &Expr, factor: &Expr) -> Expr {
    let hides_terms = |t: &Expr| t.factors().iter().any(|f| matches!(f, Expr::Add(_) | Expr::Pow(..)) && f.has_field());
    let expanded = Expr::add(operator.terms().iter().map(|t| if hides_terms(t) { t.expand() } else { t.clone() }));
    Expr::add(expanded.terms().iter().map(|t| factor.clone() * t.clone()))
}

/// Coefficients such as `1 + i c` multiplied out, so that each is real or imaginary.
pub(crate) fn split_coefficients(operator: &Expr) -> Expr {
    let mixed = |t: &Expr| t.factors().iter().any(|f| has_sum(f) && f.any(&|e| *e == Expr::Imag));
    Expr::add(operator.terms().iter().map(|t| if mixed(t) { t.expand() } else { t.clone() }))
}

fn has_sum(e: &Expr) -> bool {
    e.any(&|part| matches!(part, Expr::Add(_)))
}

/// Does it distinguish a complex field from a real one?
fn is_complex(e: &Expr) -> bool {
    match e {
        // The squared length of a real vector, and functions of real parameters.
        Expr::Call(Func::Abs2, a) if a.is_vector() => false,
        Expr::Call(_, a) if !a.has_field() => false,
        _ => matches!(e, Expr::Imag | Expr::Call(Func::Conj | Func::Abs2 | Func::Re | Func::Im | Func::Abs, _)),
    }
}
