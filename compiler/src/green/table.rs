//! Functions of one variable as piecewise polynomials that a kernel can read: Chebyshev interpolation, and selection of the
//! coefficients of a lane's piece.
//!
//! Holds: a lane costs one selection per piece and coefficient and one short polynomial; no memory is gathered.
//! Source: Trefethen, "Approximation Theory and Approximation Practice", chapters 3 and 8.

pub(super) use super::plain::chebyshev::{Cosines, nodes, powers, powers_of_series, value};
use crate::kernel::{KernelBuilder, Value};
use std::f64::consts::PI;

/// By what a piece must be narrower, whose polynomial of so many terms is off by `excess` times what it may be.
pub(super) fn shrink(excess: f64, terms: usize) -> f64 {
    // The error goes as this power of the width, where a function is smooth.
    (0.3 / excess).powf(1.0 / terms as f64).clamp(0.4, 0.75)
}

/// The larger; infinity where one is no number.
pub(super) fn worse(a: f64, b: f64) -> f64 {
    if b.is_nan() || a.is_nan() { f64::INFINITY } else { a.max(b) }
}

/// The value of a series of Chebyshev polynomials, by Clenshaw's recurrence.
pub(super) fn series_value(series: &[f64], s: f64) -> f64 {
    let Some((first, rest)) = series.split_first() else { return 0.0 };
    let (this, before) = rest.iter().rev().fold((0.0, 0.0), |(this, before), c| (2.0 * s * this - before + c, this));
    first + s * this - before
}

/// Coefficients of the Chebyshev polynomials of the polynomial with these values at `cos(pi i/n)`, `i = 0..=n`, both ends among them.
pub(super) fn series_with_ends(values: &[f64]) -> Vec<f64> {
    let n = values.len().saturating_sub(1).max(1);
    let share = |i: usize| if i == 0 || i == n { 0.5 } else { 1.0 };
    let angle = |i: usize, j: usize| (PI * ((i * j) % (2 * n)) as f64 / n as f64).cos();
    let term = |j: usize| values.iter().enumerate().map(|(i, v)| share(i) * v * angle(i, j)).sum::<f64>();
    (0..values.len()).map(|j| 2.0 / n as f64 * share(j) * term(j)).collect()
}

/// The value that belongs to the first mask which holds; the last one if none does.
pub(super) fn choose(k: &mut KernelBuilder, masks: &[Value], values: &[Value]) -> Value {
    let last = values.last().copied().unwrap_or_else(|| k.constant(0.0));
    masks.iter().zip(values).rev().fold(last, |otherwise, (mask, value)| k.select(*mask, *value, otherwise))
}

/// `sum_i c_i s^i` with the coefficients of the piece that the masks choose; one row of coefficients per piece.
pub(super) fn polynomial(k: &mut KernelBuilder, masks: &[Value], s: Value, pieces: &[Vec<Value>]) -> Value {
    let terms = pieces.first().map_or(0, Vec::len);
    let chosen: Vec<Value> = (0..terms)
        .map(|i| {
            let column: Vec<Value> = pieces.iter().filter_map(|piece| piece.get(i).copied()).collect();
            choose(k, masks, &column)
        })
        .collect();
    let zero = k.constant(0.0);
    let mut descending = chosen.into_iter().rev();
    let leading = descending.next().unwrap_or(zero);
    descending.fold(leading, |sum, c| k.fma(sum, s, c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interpolation_reproduces_polynomials_and_converges_on_analytic_functions() {
        let cubic = |s: f64| 1.0 - 2.0 * s + 0.5 * s.powi(3);
        let c = powers(&nodes(3).into_iter().map(cubic).collect::<Vec<_>>());
        for (found, expected) in c.iter().zip([1.0, -2.0, 0.0, 0.5]) {
            assert!((found - expected).abs() < 4e-15, "{c:?}");
        }
        // The coefficients of exp in Chebyshev polynomials fall like 2^-j/j!: 5e-16 at j = 14.
        let c = powers(&nodes(14).into_iter().map(f64::exp).collect::<Vec<_>>());
        for s in [-1.0, -0.3, 0.0, 0.77, 1.0] {
            assert!((value(&c, s) - s.exp()).abs() < 2e-15, "{s}");
        }
    }
}
