//! Wave vectors at which a condition fails, as numbers.
//!
//! In:   lambda in kappa and the components of k; the facts.
//! Out:  a [`Witness`] at admitted parameters, or none when a short search finds none.

use super::super::witness::{Comparison, Witness, at};
use crate::dispersion::direction::axis_of;
use crate::expr::{Expr, Facts, Name, Rational, Var, rational};
use num_complex::Complex64;
use num_traits::ToPrimitive;

/// Lengths of the vectors tried, in order.
const SCALES: [(i64, i64); 7] = [(1, 1), (2, 1), (1, 2), (1, 4), (8, 1), (1, 16), (64, 1)];

/// A wave vector of `n` components at which `test` fails: along small whole directions, then along those given.
pub(super) fn search(
    test: Comparison,
    lambda: &Expr,
    n: usize,
    directions: &[Vec<Expr>],
    facts: &Facts,
) -> Option<Witness> {
    let names: Vec<Name> = lambda.symbols().into_iter().filter(|name| axis_of(name).is_none()).collect();
    let parameters = facts.sample(&names)?;
    let concrete = at(lambda, &parameters);
    let whole = super::directions(n).into_iter().map(|d| d.into_iter().map(|c| rational(c, 1)).collect());
    let number = |c: &Expr| at(c, &parameters).expand().as_num().cloned();
    let given = directions.iter().filter_map(|d| d.iter().map(number).collect::<Option<Vec<Rational>>>());
    let scaled = |d: Vec<Rational>| SCALES.map(|(p, q)| d.iter().map(|c| c * rational(p, q)).collect::<Vec<_>>());
    whole.chain(given).flat_map(scaled).find_map(|k| {
        let (value, bound) = test.values(&|scale| growth(&concrete, &k, scale))?;
        let (parameters, lambda) = (parameters.clone(), lambda.clone());
        test.fails(value, bound).then_some(Witness::Vector { test, k, parameters, lambda, value, bound })
    })
}

/// lambda at `scale k`, of numbers alone.
fn growth(lambda: &Expr, k: &[Rational], scale: f64) -> Option<Complex64> {
    let k: Vec<f64> = k.iter().map(|c| c.to_f64().map(|c| c * scale)).collect::<Option<_>>()?;
    let square: f64 = k.iter().map(|c| c * c).sum();
    let leaf = |part: &Expr| match part {
        Expr::Var(Var::Kappa) => Some(Complex64::from(square)),
        Expr::Sym(name) => axis_of(name).and_then(|axis| k.get(axis.index())).map(|c| Complex64::from(*c)),
        _ => None,
    };
    lambda.evaluate(&leaf).filter(|z| z.is_finite())
}
