//! Chebyshev interpolation of functions on `[-1, 1]`.
//!
//! Holds: nothing but `std` is needed here, as this text is also a part of the modules that `genphys!` generates.
//! Source: Trefethen, "Approximation Theory and Approximation Practice", chapters 3 and 8.

use std::f64::consts::PI;

/// The nodes of Chebyshev interpolation of this degree on `[-1, 1]`.
pub fn nodes(degree: usize) -> Vec<f64> {
    let n = degree as f64 + 1.0;
    (0..=degree).map(|i| (PI * (i as f64 + 0.5) / n).cos()).collect()
}

/// Coefficients of the Chebyshev polynomials of the polynomial with these values at [`nodes`].
pub fn series(values: &[f64]) -> Vec<f64> {
    Cosines::new(values.len()).series(values)
}

/// `cos(pi j (i + 1/2)/n)`, j by j: for many [`series`] of as many values.
pub struct Cosines(Vec<f64>);

impl Cosines {
    /// For n values.
    pub fn new(n: usize) -> Cosines {
        let angle = |i: usize, j: usize| (PI * j as f64 * (i as f64 + 0.5) / n as f64).cos();
        Cosines((0..n).flat_map(|j| (0..n).map(move |i| angle(i, j))).collect())
    }

    /// As the function of this name.
    pub fn series(&self, values: &[f64]) -> Vec<f64> {
        let n = values.len();
        let weight = |j: usize| if j == 0 { 1.0 } else { 2.0 };
        let rows = self.0.chunks_exact(n.max(1)).enumerate();
        rows.map(|(j, row)| weight(j) / n as f64 * values.iter().zip(row).map(|(v, cos)| v * cos).sum::<f64>())
            .collect()
    }
}

/// Coefficients of powers of `s` of the polynomial with these values at [`nodes`].
pub fn powers(values: &[f64]) -> Vec<f64> {
    powers_of_series(&series(values))
}

/// Coefficients of powers of `s` of a series of Chebyshev polynomials.
pub fn powers_of_series(series: &[f64]) -> Vec<f64> {
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
pub fn value(powers: &[f64], s: f64) -> f64 {
    powers.iter().rev().fold(0.0, |sum, c| sum * s + c)
}
