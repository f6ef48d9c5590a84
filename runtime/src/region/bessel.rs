//! Bessel functions I of small order and Y of order n/2, scaled so that they neither overflow nor underflow.
//!
//! Source: DLMF 10.25.2 and 10.40.1 for I; 10.6.1, 10.16.1 for Y: upward recurrence, which is stable for Y.

use std::f64::consts::PI;

/// `exp(-z) I_n(z)/z^n` for n up to 2 and `z >= 0`.
pub(super) fn scaled_i(n: u32, z: f64) -> f64 {
    let order = f64::from(n);
    if z < 25.0 {
        // All terms are positive.
        let quarter = 0.25 * z * z;
        let mut term = 1.0 / (2.0f64.powi(n as i32) * (1..=n).map(f64::from).product::<f64>());
        let (mut sum, mut k) = (term, 1.0);
        while term > 1e-17 * sum {
            term *= quarter / (k * (k + order));
            sum += term;
            k += 1.0;
        }
        return sum * (-z).exp();
    }
    let (mut term, mut sum) = (1.0, 1.0);
    for k in 1..40 {
        let odd = f64::from(2 * k - 1);
        term *= -(4.0 * order * order - odd * odd) / (8.0 * f64::from(k) * z);
        sum += term;
        if term.abs() < 1e-17 {
            break;
        }
    }
    sum / (2.0 * PI * z).sqrt() / z.powi(n as i32)
}

/// Values above it are divided by it.
const LARGE: f64 = 1e100;

/// `(log, a, b)` with `Y_h(z) = a exp(log)` and `Y_(h-1)(z) = b exp(log)`, `h = twice/2 >= 1`, `z > 0`.
pub(super) fn scaled_y(twice: usize, z: f64) -> (f64, f64, f64) {
    let (mut below, mut y, mut order) = if twice.is_multiple_of(2) {
        (libm::y0(z), libm::y1(z), 1.0)
    } else {
        let scale = (2.0 / (PI * z)).sqrt();
        (scale * z.sin(), -scale * z.cos(), 0.5)
    };
    let mut log = 0.0;
    while 2.0 * order < twice as f64 {
        (below, y) = (y, 2.0 * order / z * y - below);
        order += 1.0;
        if y.abs() > LARGE {
            (below, y) = (below / LARGE, y / LARGE);
            log += LARGE.ln();
        }
    }
    (log, y, below)
}

/// The first positive zero of `Y_(twice/2)`: it lies above the order, and below it Y is negative.
pub(super) fn first_zero_of_y(twice: usize) -> f64 {
    let is_negative = |z: f64| scaled_y(twice, z).1 < 0.0;
    let mut low = 0.5 * twice as f64;
    // Zeros lie more than 3 apart.
    while is_negative(low + 1.0) {
        low += 1.0;
    }
    let mut high = low + 1.0;
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return low;
        }
        if is_negative(middle) { low = middle } else { high = middle }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// mpmath, 30 digits: besselyzero((N+1)/2, 1).
    #[test]
    fn first_zeros_are_those_of_the_reference() {
        let zeros = [
            2.19714132603102,
            2.79838604578389,
            3.38424176714959,
            3.95952791650110,
            4.52702466114964,
            5.08849801394086,
        ];
        for (i, zero) in zeros.iter().enumerate() {
            assert!((first_zero_of_y(i + 2) - zero).abs() < 1e-13, "N = {}", i + 1);
        }
    }

    /// The integral `I_n(z) = 1/pi int_0^pi exp(z cos a) cos(n a) da` by the trapezoidal rule, which converges exponentially.
    #[test]
    fn both_expansions_of_i_are_the_integral() {
        for z in [0.1, 1.0, 8.0, 24.9, 25.1, 60.0] {
            for n in 0..3 {
                let panels = 400;
                let sum: f64 = (0..panels)
                    .map(|i| 2.0 * PI * f64::from(i) / f64::from(panels))
                    .map(|a| (z * (a.cos() - 1.0)).exp() * (f64::from(n) * a).cos())
                    .sum();
                let expected = sum / f64::from(panels) / z.powi(n);
                let found = scaled_i(n as u32, z);
                // Cancellation in the trapezoidal sum limits small z.
                assert!(
                    (found / expected - 1.0).abs() < 1e-11_f64.max(1e-15 / z.powi(n)),
                    "I_{n}({z}): {found} {expected}"
                );
            }
        }
    }
}
