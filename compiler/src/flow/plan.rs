//! What is rewritten: the operator freed of a common complex factor, and the conjugate field where p is quadratic.
//!
//! In:   [`Equation`].
//! Out:  [`Plan`], or [`Undecided`] for equations of a kind that has no continuity form here.
//! Holds: `M L phi` of the whole, or twice its real part, is the start of every derivation.
//! Source: GenPhys (arXiv:2304.02637), Table 2: Schroedinger's equation times `-i conj(phi)`, twice the real part.

use super::cost::time_order;
use super::factor::Factored;
use super::language::{Node, start, start_paired};
use super::mode::admitted;
use super::multiplier::coefficient_of;
use super::{DensityFlow, Part, Undecided};
use crate::dispersion::Dispersion;
use crate::expr::{Expr, Func};
use crate::operator::Equation;
use egg::RecExpr;

/// How an equation is brought to a start term.
pub(crate) struct Plan {
    /// `unit * L phi`, a sum of terms.
    pub(crate) operator: Expr,
    /// Its terms as they enter the search; like terms may stand apart.
    terms: Vec<Expr>,
    /// The factors of the operator, where the selected branch belongs to one.
    pub(crate) factored: Option<Factored>,
    /// 1, or `-i` where the time derivative carries an `i`.
    pub(crate) unit: Expr,
    /// The field whose conjugate multiplies the equation, when coefficients remain complex.
    pub(crate) partner: Option<Expr>,
}

impl Plan {
    /// The plan for an equation.
    pub(crate) fn new(equation: &Equation, dispersion: Option<&Dispersion>) -> Result<Plan, Undecided> {
        if equation.is_system() {
            let n = equation.components.len();
            return Err(Undecided::new(format!("a system of {n} equations needs a vector of multipliers")));
        }
        let operator = scaled(equation.operator(), &Expr::one());
        let order = time_order(&operator);
        if order == 0 {
            return Err(Undecided::new("the equation has no time derivative, so nothing can be a density"));
        }
        let imaginary_leader =
            coefficient_of(&operator, order).is_some_and(|c| c.factors().contains(&Expr::Imag) && !has_sum(&c));
        let unit = if imaginary_leader { -Expr::Imag } else { Expr::one() };
        let operator = scaled(&operator, &unit);
        if !operator.any(&is_complex) {
            let field = Expr::Field(equation.unknown().name.clone());
            let factored = dispersion
                .filter(|_| unit.is_one())
                .and_then(|d| Factored::new(d, &operator, &field, &admitted(equation)));
            let terms = factored.as_ref().map_or_else(|| operator.terms().to_vec(), |f| f.terms.clone());
            return Ok(Plan { operator, terms, factored, unit, partner: None });
        }
        if order > 1 {
            return Err(Undecided::new(format!(
                "a complex equation of order {order} in time: only first order has the density abs2 of the field"
            )));
        }
        let operator = split_coefficients(&operator);
        let partner = Some(Expr::Field(equation.unknown().name.clone()));
        Ok(Plan { terms: operator.terms().to_vec(), operator, factored: None, unit, partner })
    }

    /// The start term of `factor * unit * L phi`, whole or twice its real part with the conjugate field.
    pub(crate) fn start(&self, factor: &Expr) -> Option<RecExpr<Node>> {
        let product: Vec<Expr> = self.terms.iter().map(|t| factor.clone() * t.clone()).collect();
        match &self.partner {
            None => start(&product),
            Some(field) => start_paired(&product, field),
        }
    }

    /// The multiplier M, given its real factor.
    pub(crate) fn multiplier(&self, factor: Expr) -> Expr {
        let conjugate = self.partner.clone().map_or_else(Expr::one, |f| Expr::call(Func::Conj, f));
        factor * self.unit.clone() * conjugate
    }

    /// Which part of `M L phi` is stated.
    pub(crate) fn part(&self) -> Part {
        if self.partner.is_some() { Part::Real } else { Part::Whole }
    }
}

/// A start term for the multiplier and part of `flow`: every derivation of it starts from a term of the same meaning.
pub(crate) fn start_of(equation: &Equation, flow: &DensityFlow) -> Option<RecExpr<Node>> {
    match flow.part {
        Part::Whole => start(scaled(equation.operator(), &flow.multiplier).terms()),
        Part::Real => {
            let field = Expr::Field(equation.unknown().name.clone());
            let conjugate = Expr::call(Func::Conj, field.clone());
            let (_, factor): (Vec<Expr>, Vec<Expr>) =
                flow.multiplier.factors().iter().cloned().partition(|f| *f == conjugate);
            let product = scaled(equation.operator(), &Expr::mul(factor));
            start_paired(split_coefficients(&product).terms(), &field)
        }
        Part::Imaginary => None,
    }
}

/// `factor * L phi` as a sum of terms: products of sums with fields are multiplied out, coefficients stay as written.
fn scaled(operator: &Expr, factor: &Expr) -> Expr {
    let hides_terms = |t: &Expr| t.factors().iter().any(|f| matches!(f, Expr::Add(_) | Expr::Pow(..)) && f.has_field());
    let expanded = Expr::add(operator.terms().iter().map(|t| if hides_terms(t) { t.expand() } else { t.clone() }));
    Expr::add(expanded.terms().iter().map(|t| factor.clone() * t.clone()))
}

/// Coefficients such as `1 + i c` multiplied out, so that each is real or imaginary.
fn split_coefficients(operator: &Expr) -> Expr {
    let mixed = |t: &Expr| t.factors().iter().any(|f| has_sum(f) && f.any(&|e| *e == Expr::Imag));
    Expr::add(operator.terms().iter().map(|t| if mixed(t) { t.expand() } else { t.clone() }))
}

fn has_sum(e: &Expr) -> bool {
    e.any(&|part| matches!(part, Expr::Add(_)))
}

/// Does it distinguish a complex field from a real one?
fn is_complex(e: &Expr) -> bool {
    matches!(e, Expr::Imag | Expr::Call(Func::Conj | Func::Abs2 | Func::Re | Func::Im | Func::Abs, _))
}
