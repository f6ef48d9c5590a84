//! The Fourier symbol of a linear equation with constant coefficients.
//!
//! In:   an [`Equation`]; the wave ansatz `phi ~ exp(s t + i k.x)`.
//! Out:  `P(s, kappa)` as an expression, and the drift velocity of a first-order term `c phi_x`.
//! Holds: `L phi = P phi` for every plane wave; a system gives the determinant of its matrix of symbols.

use super::frame::limits;
use super::{Undecided, direction};
use crate::expr::{Axis, Expr, Facts, Name, Var};
use crate::operator::Equation;
use num_traits::Signed;

/// The symbol of the equation: `P(s, kappa)` with the drift taken out, and the velocity `c` when the equation also has
/// `i c k_x` beside `s`, which a frame moving with velocity c along the first axis removes. Any other symbol that depends
/// on the direction of k keeps the letters `k_x`, `k_y`, `k_z`.
pub(super) fn symbol(equation: &Equation) -> Result<(Expr, Option<Expr>), Undecided> {
    let whole = if equation.is_system() {
        leading_positive(determinant(&matrix(equation)?).expand())
    } else {
        component(equation.operator(), &equation.unknown().name)?
    };
    let whole = direction::in_kappa(&whole.expand().expand(), equation.dimension);
    if !direction::depends(&whole) {
        return Ok((whole, None));
    }
    Ok(match without_drift(&whole, &direction::letter(Axis::X), &equation.facts) {
        Some((rest, c)) => (rest, Some(c)),
        None => (whole, None),
    })
}

/// `a s + c0(kappa) + i c k_x` at first order in time: the symbol without the drift, and its velocity `c / a`.
fn without_drift(whole: &Expr, direction: &Expr, facts: &Facts) -> Option<(Expr, Expr)> {
    let coefficients = super::powers_of(whole, &Expr::Var(Var::Growth))?;
    let [rest, a] = coefficients.as_slice() else { return None };
    let by_direction = super::powers_of(rest, direction)?;
    let [isotropic, drift] = by_direction.as_slice() else { return None };
    let velocity = (-Expr::Imag * drift.clone() / a.clone()).expand();
    let constant = [&velocity, a].iter().all(|e| !e.contains(&Expr::kappa()) && !direction::depends(e));
    let real = facts.sign(&velocity).is(crate::expr::Sign::ANY);
    (constant && real && !direction::depends(isotropic))
        .then(|| (isotropic.clone() + a.clone() * Expr::Var(Var::Growth), velocity))
}

fn component(e: &Expr, field: &Name) -> Result<Expr, Undecided> {
    e.terms().iter().map(|t| of_term(t, field)).collect::<Result<Vec<_>, _>>().map(Expr::add)
}

fn of_term(e: &Expr, field: &Name) -> Result<Expr, Undecided> {
    let go = |f: &Expr| component(f, field);
    match e {
        Expr::Field(name) if name == field => Ok(Expr::one()),
        Expr::Add(_) => go(e),
        Expr::Dt(f, n) => Ok(Expr::Var(Var::Growth).powi(i64::from(*n)) * go(f)?),
        Expr::Lap(f) => Ok(-Expr::kappa() * go(f)?),
        Expr::FracLap(_, beta) if !constant(beta) => Err(Undecided::new("the order of (-lap)^beta is not a constant")),
        Expr::FracLap(f, beta) => Ok(Expr::pow(Expr::kappa(), (**beta).clone()) * go(f)?),
        Expr::Partial(f, axis, n) => Ok((Expr::Imag * direction::letter(*axis)).powi(i64::from(*n)) * go(f)?),
        Expr::Div(vector) => of_divergence(vector, field),
        Expr::Mul(factors) => of_product(factors, field),
        e if !e.has_field() && !e.is_zero() => Err(Undecided::new(format!("a term without the unknown: {e}"))),
        e => Err(limits::nonlinear(e)),
    }
}

fn of_product(factors: &[Expr], field: &Name) -> Result<Expr, Undecided> {
    let (with, without): (Vec<&Expr>, Vec<&Expr>) = factors.iter().partition(|f| f.has_field());
    let coefficient = Expr::mul(without.into_iter().cloned());
    if !constant(&coefficient) {
        return Err(limits::varies(&coefficient));
    }
    match with.as_slice() {
        [f] => Ok(coefficient * component(f, field)?),
        [] => Err(Undecided::new(format!("a term without the unknown: {coefficient}"))),
        _ => Err(limits::nonlinear(&Expr::Mul(factors.to_vec()))),
    }
}

/// `div(c grad(f))` and `div(c e_x f)`.
fn of_divergence(vector: &Expr, field: &Name) -> Result<Expr, Undecided> {
    let mut sum = Vec::new();
    for term in vector.terms() {
        let (vectors, scalars): (Vec<&Expr>, Vec<&Expr>) = term.factors().iter().partition(|f| f.is_vector());
        let scalar = Expr::mul(scalars.into_iter().cloned());
        sum.push(match vectors.as_slice() {
            [Expr::Grad(f)] if constant(&scalar) && !scalar.has_field() => {
                -Expr::kappa() * scalar * component(f, field)?
            }
            [Expr::Unit(axis)] => of_term(&scalar.partial(*axis, 1), field)?,
            [Expr::Position] => return Err(limits::varies(term)),
            [Expr::Grad(f)] if !scalar.has_field() && component(f, field).is_ok() => {
                return Err(limits::varies(&scalar));
            }
            _ => return Err(limits::nonlinear(&term.clone().div_of())),
        });
    }
    Ok(Expr::add(sum))
}

fn constant(e: &Expr) -> bool {
    !e.has_field() && !e.has_time() && !e.has_position() && !e.is_vector()
}

/// The symbols of each component with respect to each unknown.
fn matrix(equation: &Equation) -> Result<Vec<Vec<Expr>>, Undecided> {
    let n = equation.unknowns.len();
    if n != equation.components.len() || n > 4 {
        return Err(Undecided::new("a system that is not square, or has more than four equations"));
    }
    equation.components.iter().map(|c| row(c, equation)).collect()
}

fn row(c: &Expr, equation: &Equation) -> Result<Vec<Expr>, Undecided> {
    equation
        .unknowns
        .iter()
        .map(|u| {
            // The terms with this unknown; a product of two unknowns shows as nonlinear in either.
            let field = Expr::Field(u.name.clone());
            let terms = c.terms().iter().filter(|t| t.contains(&field) || !t.has_field());
            component(&Expr::add(terms.cloned()), &u.name)
        })
        .collect()
}

/// The order of equations and unknowns may turn the sign of a determinant: that of the highest power of s becomes +.
fn leading_positive(symbol: Expr) -> Expr {
    let powers = super::powers_of(&symbol, &Expr::Var(Var::Growth));
    let leading = powers.and_then(|mut p| p.pop()).map(|c| c.split_coefficient().0);
    if leading.is_some_and(|c| c.is_negative()) { -symbol } else { symbol }
}

/// By the first row.
fn determinant(rows: &[Vec<Expr>]) -> Expr {
    let Some((first, rest)) = rows.split_first() else { return Expr::one() };
    Expr::add(first.iter().enumerate().map(|(j, entry)| {
        let minor: Vec<Vec<Expr>> = rest
            .iter()
            .map(|row| row.iter().enumerate().filter(|(i, _)| *i != j).map(|(_, e)| e.clone()).collect())
            .collect();
        let sign = if j % 2 == 0 { 1 } else { -1 };
        Expr::int(sign) * entry.clone() * determinant(&minor)
    }))
}
