//! Functions of one variable as piecewise polynomials that a kernel can read: Chebyshev interpolation, and selection of the
//! coefficients of a lane's piece.
//!
//! Holds: a lane costs one selection per piece and coefficient and one short polynomial; no memory is gathered.
//! Source: Trefethen, "Approximation Theory and Approximation Practice", chapters 3 and 8.

use crate::kernel::{KernelBuilder, Value};
use std::f64::consts::PI;

/// The nodes of Chebyshev interpolation of this degree on `[-1, 1]`.
pub(super) fn nodes(degree: usize) -> Vec<f64> {
    let n = degree as f64 + 1.0;
    (0..=degree).map(|i| (PI * (i as f64 + 0.5) / n).cos()).collect()
}

/// Coefficients of the Chebyshev polynomials of the polynomial with these values at [`nodes`].
pub(super) fn series(values: &[f64]) -> Vec<f64> {
    Cosines::new(values.len()).series(values)
}

/// `cos(pi j (i + 1/2)/n)`, j by j: for many [`series`] of as many values.
pub(super) struct Cosines(Vec<f64>);

impl Cosines {
    /// For n values.
    pub(super) fn new(n: usize) -> Cosines {
        let angle = |i: usize, j: usize| (PI * j as f64 * (i as f64 + 0.5) / n as f64).cos();
        Cosines((0..n).flat_map(|j| (0..n).map(move |i| angle(i, j))).collect())
    }

    /// As the function of this name.
    pub(super) fn series(&self, values: &[f64]) -> Vec<f64> {
        let n = values.len();
        let weight = |j: usize| if j == 0 { 1.0 } else { 2.0 };
        let rows = self.0.chunks_exact(n.max(1)).enumerate();
        rows.map(|(j, row)| weight(j) / n as f64 * values.iter().zip(row).map(|(v, cos)| v * cos).sum::<f64>())
            .collect()
    }
}

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

/// Coefficients of powers of `s` of the polynomial with these values at [`nodes`].
pub(super) fn powers(values: &[f64]) -> Vec<f64> {
    powers_of_series(&series(values))
}

/// Coefficients of powers of `s` of a series of Chebyshev polynomials.
pub(super) fn powers_of_series(series: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; series.len()];
    // T_0 and T_1, then T_(j+1) = 2 s T_j - T_(j-1).
    let (mut before, mut this) = (vec![0.0, 1.0], vec![1.0]);
    for c in series {
        this.iter().zip(&mut out).for_each(|(t, o)| *o += c * t);
        let factor = if this.len() == 1 { 1.0 } else { 2.0 };
        let mut next = vec![0.0; this.len() + 1];
        this.iter().zip(&mut next[1..]).for_each(|(t, x)| *x = factor * t);
        if factor == 2.0 {
            before.iter().zip(&mut next).for_each(|(t, x)| *x -= t);
        }
        (before, this) = (this, next);
    }
    out
}

/// The value of a polynomial by its coefficients.
pub(super) fn value(powers: &[f64], s: f64) -> f64 {
    powers.iter().rev().fold(0.0, |sum, c| sum * s + c)
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
