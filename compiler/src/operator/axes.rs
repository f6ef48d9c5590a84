//! The axes that an equation names and the dimension of its space.
//!
//! In:   the sides of the equations as written; their components.
//! Out:  the dimension that derivatives along axes imply; a message where an axis lies outside the stated dimension.
//! Holds: an equation whose space derivatives are all along axes is set in the space of these axes: `phi_t - phi_xx` on
//!        a line, `phi_t - phi_xx - 2 phi_yy` in a plane. With a `lap`, `grad`, `div` or `x` the dimension stays open.

use super::equation::Equation;
use super::names::{Derivative, Names, derivative, unit};
use crate::diagnostic::Diagnostic;
use crate::expr::{Axis, Expr};
use crate::source::Span;
use crate::syntax::ast::{Formula, Node};

impl Equation {
    /// The least dimension in which every axis named is there.
    pub(crate) fn least_dimension(&self) -> u32 {
        self.components.iter().filter_map(Expr::last_axis).max().map_or(1, dimension_up_to)
    }
}

/// The dimension of the space that ends with `axis`.
fn dimension_up_to(axis: Axis) -> u32 {
    axis.index() as u32 + 1
}

/// The dimension of equations whose space derivatives are all along axes.
pub(super) fn implied_dimension<'a>(components: impl Iterator<Item = &'a Expr> + Clone) -> Option<u32> {
    let open = |e: &Expr| matches!(e, Expr::Lap(_) | Expr::Grad(_) | Expr::Div(_) | Expr::FracLap(..) | Expr::Position);
    if components.clone().any(|e| e.any(&open)) {
        return None;
    }
    components.filter_map(Expr::last_axis).max().map(dimension_up_to)
}

/// Refuses the first part of a formula that names an axis beyond the dimension stated at `place`.
pub(super) fn within(dimension: u32, place: Span, node: &Node, names: &Names) -> Result<(), Diagnostic> {
    if let Some((axis, name)) = named(&node.node, names).filter(|(axis, _)| dimension_up_to(*axis) > dimension) {
        let letter = axis.letter();
        let least = dimension_up_to(axis);
        return Err(Diagnostic::new(
            "E0313",
            node.span,
            format!("there is no axis {letter} in {dimension} dimension{}", plural(dimension)),
        )
        .label(format!("`{name}` needs N >= {least}"))
        .relate(place, format!("N = {dimension} here"))
        .help(format!("write `N = {least}`, or a derivative along {}", axes_of(dimension))));
    }
    parts(&node.node).into_iter().try_for_each(|part| within(dimension, place, part, names))
}

fn plural(n: u32) -> &'static str {
    if n == 1 { "" } else { "s" }
}

/// `x`, or `x or y`.
fn axes_of(dimension: u32) -> String {
    let letters: Vec<String> = Axis::ALL.iter().take(dimension as usize).map(|a| a.letter().to_string()).collect();
    letters.join(" or ")
}

/// The last axis that a name or a call names itself.
fn named<'a>(formula: &'a Formula, names: &Names) -> Option<(Axis, &'a str)> {
    match formula {
        Formula::Name(name) => match unit(name) {
            Some(Expr::Unit(axis)) => Some((axis, name)),
            _ => {
                let Derivative { axes, .. } = derivative(name).filter(|_| !names.is_indexed(name))?;
                let last = Axis::ALL.into_iter().rev().find(|a| axes[a.index()] > 0)?;
                Some((last, name))
            }
        },
        Formula::Call(name, _) => {
            let axis = Axis::ALL.into_iter().find(|a| a.derivative() == name.node)?;
            Some((axis, &name.node))
        }
        _ => None,
    }
}

fn parts(formula: &Formula) -> Vec<&Node> {
    match formula {
        Formula::Number(_) | Formula::Name(_) => Vec::new(),
        Formula::Call(_, arguments) => arguments.iter().collect(),
        Formula::Sum(terms) => terms.iter().map(|(_, t)| t).collect(),
        Formula::Product(factors) => factors.iter().map(|(_, f)| f).collect(),
        Formula::Power(a, b) | Formula::FracLap { exponent: a, operand: b } => vec![a, b],
    }
}

/// Second derivatives along all axes, with one coefficient, as a Laplacian: `c phi_xx + c phi_yy` is `c lap(phi)` in the
/// plane.
pub(super) fn with_laplacians(e: &Expr, dimension: u32) -> Expr {
    let Some(axes) = Axis::ALL.get(..dimension as usize).filter(|axes| axes.len() > 1) else { return e.clone() };
    let mut terms = e.terms().to_vec();
    while let Some((mut places, laplacian)) = terms.iter().find_map(|t| laplacian_from(t, &terms, axes)) {
        places.sort_unstable();
        for place in places.into_iter().rev() {
            terms.swap_remove(place);
        }
        terms.push(laplacian);
    }
    Expr::add(terms)
}

/// A term `c f_xx` with the places of its kind along every axis, and the Laplacian they are together.
fn laplacian_from(term: &Expr, terms: &[Expr], axes: &[Axis]) -> Option<(Vec<usize>, Expr)> {
    let mut one = Along::read(term)?;
    one.orders[0] = one.orders[0].checked_sub(2)?;
    let along = |axis: &Axis| {
        let mut other = one.clone();
        other.orders[axis.index()] += 2;
        let other = other.expr();
        terms.iter().position(|t| *t == other)
    };
    let places = axes.iter().map(along).collect::<Option<Vec<usize>>>()?;
    Some((places, Along { inner: one.inner.clone().lap(), ..one }.expr()))
}

/// `c d^n f` of one derivative along axes.
#[derive(Clone)]
struct Along {
    coefficient: Expr,
    inner: Expr,
    orders: [u32; 3],
}

impl Along {
    fn read(term: &Expr) -> Option<Along> {
        let place = term.factors().iter().position(|f| matches!(f, Expr::Partial(..)))?;
        let others = term.factors().iter().enumerate().filter(|(i, _)| *i != place).map(|(_, f)| f.clone());
        let (mut inner, mut orders) = (&term.factors()[place], [0; 3]);
        while let Expr::Partial(f, axis, n) = inner {
            orders[axis.index()] = *n;
            inner = f;
        }
        Some(Along { coefficient: Expr::mul(others), inner: inner.clone(), orders })
    }

    fn expr(self) -> Expr {
        let derivative = Axis::ALL.into_iter().zip(self.orders).fold(self.inner, |f, (axis, n)| f.partial(axis, n));
        self.coefficient * derivative
    }
}
