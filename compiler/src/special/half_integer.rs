//! `K` of low half-integer order by its finite series, whose terms are all positive:
//! `K_(m+1/2)(z) = sqrt(pi/(2z)) exp(-z) sum_k a_k (2z)^-k`, `a_k = (m+k)! / (k! (m-k)!)`.
//!
//! Holds: the sum is a polynomial in `u = s/z <= 1` for `z >= s`, and `w^-m` times a polynomial in `w = z/s < 1`
//!   otherwise, with `s` near `m`, so that coefficients and values stay in the range of f32.
//! Source: DLMF 10.47.9, 10.49.12.

use std::f64::consts::FRAC_PI_2;

use super::log::log;
use crate::kernel::{KernelBuilder, Value};

/// `log K_(m+1/2)(z)`.
pub(super) fn log_k(k: &mut KernelBuilder, m: u32, z: Value) -> Value {
    let variables = Variables::new(k, m, z);
    let sum = variables.sum(k, m);
    let (log_sum, log_z) = (log(k, sum), log(k, z));
    let prefactor = k.constant(0.5 * FRAC_PI_2.ln());
    let minus_half = k.constant(-0.5);
    let y = k.fma(minus_half, log_z, prefactor);
    let y = k.add(y, log_sum);
    let y = k.sub(y, z);
    if m == 0 {
        return y;
    }
    // Where the sum is a polynomial in w, w^-m is still to be applied.
    let log_s = k.constant(variables.s.ln());
    let log_w = k.sub(log_z, log_s);
    let minus_m = k.constant(-f64::from(m));
    let small = k.fma(minus_m, log_w, y);
    k.select(variables.small, small, y)
}

/// `K_(n+1/2)(z) / K_(n+3/2)(z)`.
pub(super) fn ratio(k: &mut KernelBuilder, n: u32, z: Value) -> Value {
    let variables = Variables::new(k, n + 1, z);
    let (numerator, denominator) = (variables.sum(k, n), variables.sum(k, n + 1));
    // One power of w is left over from w^-n / w^-(n+1).
    let scaled = k.mul(variables.w, numerator);
    let numerator = k.select(variables.small, scaled, numerator);
    k.div(numerator, denominator)
}

/// The two variables of the series, both at most 1.
struct Variables {
    s: f64,
    small: Value,
    u: Value,
    w: Value,
}

impl Variables {
    fn new(k: &mut KernelBuilder, m: u32, z: Value) -> Variables {
        let s = f64::from(m.max(1));
        let scale = k.constant(s);
        let (low, high) = (k.min(z, scale), k.max(z, scale));
        let (u, w) = (k.div(scale, high), k.scale(1.0 / s, low));
        Variables { s, small: k.lt(z, scale), u, w }
    }

    /// `sum_k a_k (2z)^-k` for order `m + 1/2`, without the factor `w^-m` where `z < s`.
    fn sum(&self, k: &mut KernelBuilder, m: u32) -> Value {
        let mut c = coefficients(m, self.s);
        let in_u = k.polynomial(self.u, &c);
        c.reverse();
        let in_w = k.polynomial(self.w, &c);
        k.select(self.small, in_w, in_u)
    }
}

/// `a_k (2s)^-k`, `k = 0..=m`, by the ratio of neighbours.
fn coefficients(m: u32, s: f64) -> Vec<f64> {
    let (m, mut c) = (f64::from(m), 1.0);
    (0..=m as u32)
        .map(|k| {
            let (this, k) = (c, f64::from(k));
            c *= (m + k + 1.0) * (m - k) / ((k + 1.0) * 2.0 * s);
            this
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::coefficients;

    #[test]
    fn the_first_orders_are_the_textbook_ones() {
        // K_(5/2) ~ 1 + 3/z + 3/z^2 and K_(7/2) ~ 1 + 6/z + 15/z^2 + 15/z^3, here at z = 1.
        assert_eq!(coefficients(2, 1.0), [1.0, 3.0, 3.0]);
        assert_eq!(coefficients(3, 1.0), [1.0, 6.0, 15.0, 15.0]);
    }
}
