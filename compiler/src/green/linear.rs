//! Closed forms in few dimensions as weights themselves, not as logarithms.
//!
//! In:   [`Bound`], a precision.
//! Out:  a reduction with linear weights, and its uniforms at each time t.
//! Holds: a source at the query has weight `w` (so that no sum overflows), and a body takes one division, square root or
//!   exponential where its logarithm takes several. Sums that underflow are for the caller to repeat with
//!   [`Bound::program`]'s logarithms: see [`Kernel::least_linear_sum`].
//!
//! With `s = sqrt(1 + q/tau^2)` and `z0 = mu tau`, the tempered weight in N = 2n dimensions is
//! `exp(-z0 (s - 1)) Q_n(z0 s) / (Q_n(z0) s^(2n+1))`, where `K_(n+1/2)(z) = sqrt(pi/(2z)) exp(-z) Q_n(z) / z^n`.
//! Source: DLMF 10.47.9 with 10.49.12 for the polynomial `Q_n`, whose coefficients are positive.

use super::lower::{Bound, BoundBirths, BoundFlux, BoundLaw, LowerError};
use crate::kernel::{Kernel, KernelBuilder, Mean, Pair, Precision, Value};
use std::f64::consts::{FRAC_PI_2, LOG2_E};

/// Above it, powers of `1 + q/tau^2` leave the range of f32 too often.
const MAX_LINEAR_DIM: usize = 16;

impl Bound {
    /// The kernel with linear weights, where that is worth having.
    pub(super) fn linear(&self, precision: Precision) -> Result<Option<Kernel>, LowerError> {
        // In odd N the order of K is an integer, which has no such polynomial; nor has a flux with a table.
        let is_elementary = match self.law() {
            BoundLaw::Gaussian { .. } | BoundLaw::Cauchy { .. } => true,
            BoundLaw::Tempered { .. } => self.dim().is_multiple_of(2) && self.flux != BoundFlux::Exchange,
            BoundLaw::Student { .. } | BoundLaw::Stable { .. } | BoundLaw::Subordinated { .. } => false,
        };
        if self.dim() > MAX_LINEAR_DIM || !is_elementary {
            return Ok(None);
        }
        let (mut k, pair) = KernelBuilder::reduce(self.law().kernel_name(), precision, self.dim());
        let mut means = Vec::new();
        let weight = match self.law() {
            BoundLaw::Gaussian { .. } => {
                let spread = k.uniform("minus_log2_e_over_4Dt");
                let exponent = k.fma(pair.q, spread, pair.log2_w);
                k.exp2_weight(exponent)
            }
            BoundLaw::Cauchy { .. } => {
                let u = ratio(&mut k, pair);
                let power = half_power(&mut k, u, self.dim() as u32 + 1);
                k.div(pair.w, power)
            }
            BoundLaw::Tempered { .. } => self.linear_tempered(&mut k, pair, &mut means),
            BoundLaw::Student { .. } | BoundLaw::Stable { .. } | BoundLaw::Subordinated { .. } => return Ok(None),
        };
        let rate = k.uniform("rate");
        means.insert(0, Mean::displacement("v", rate));
        Ok(Some(k.finish_linear_reduce(weight, means)?))
    }

    fn linear_tempered(&self, k: &mut KernelBuilder, pair: Pair, means: &mut Vec<Mean>) -> Value {
        let n = self.dim() as u32 / 2;
        let u = ratio(k, pair);
        let s = k.sqrt(u);
        let (slope, start) = (k.uniform("minus_z0_log2_e"), k.uniform("z0_log2_e"));
        let exponent = k.fma(s, slope, start);
        let exp = k.exp2_weight(exponent);
        let numerator = k.mul(exp, pair.w);
        let power = k.powi(u, n);
        let power = k.mul(power, s);
        let common = k.div(numerator, power);
        if let BoundBirths::BesselRatio(_) = self.births {
            let sum = uniform_polynomial(k, s, "births", n);
            let near = k.mul(common, u);
            let births = k.mul(near, sum);
            means.push(Mean::weighted("births", births));
        }
        let sum = uniform_polynomial(k, s, "weight", n + 1);
        k.mul(common, sum)
    }

    /// A uniform of the kernel with linear weights at time `t`, if it is none of the other kernel's.
    pub(super) fn linear_uniform(&self, name: &str, t: f64) -> Option<f64> {
        match (name, self.law()) {
            ("minus_log2_e_over_4Dt", BoundLaw::Gaussian { rate }) => Some(-LOG2_E / (4.0 * rate * t)),
            (_, BoundLaw::Tempered { speed, mass }) => {
                let (z0, n) = (mass * speed * t, self.dim() / 2);
                match name {
                    "minus_z0_log2_e" => Some(-LOG2_E * z0),
                    "z0_log2_e" => Some(LOG2_E * z0),
                    _ => {
                        let (what, k) = name.split_once('_')?;
                        let k: i32 = k.parse().ok()?;
                        let of_order = |n| polynomial(n).get(k as usize).copied().unwrap_or(0.0);
                        let power = z0.powi(k) / value(n, z0);
                        match (what, self.births) {
                            ("births", BoundBirths::BesselRatio(c)) => Some(c * speed * t * of_order(n - 1) * power),
                            _ => Some(of_order(n) * power),
                        }
                    }
                }
            }
            _ => None,
        }
    }

    /// The logarithm of the other kernel's weight for a source at the query, which this one's weights lack.
    pub(super) fn log_linear_scale(&self, t: f64) -> f64 {
        match self.law() {
            BoundLaw::Gaussian { .. } | BoundLaw::Cauchy { .. } => 0.0,
            BoundLaw::Student { .. } | BoundLaw::Stable { .. } | BoundLaw::Subordinated { .. } => 0.0,
            BoundLaw::Tempered { speed, mass } => {
                let (z0, n) = (mass * speed * t, self.dim() / 2);
                0.5 * (FRAC_PI_2 / z0).ln() - z0 + value(n, z0).ln() - n as f64 * z0.ln()
            }
        }
    }
}

/// `1 + q/tau^2`.
fn ratio(k: &mut KernelBuilder, pair: Pair) -> Value {
    let (inverse, one) = (k.uniform("1_over_tau_squared"), k.constant(1.0));
    k.fma(pair.q, inverse, one)
}

/// `u^(n/2)`.
fn half_power(k: &mut KernelBuilder, u: Value, n: u32) -> Value {
    let power = k.powi(u, n / 2);
    match n % 2 {
        0 => power,
        _ => {
            let root = k.sqrt(u);
            k.mul(power, root)
        }
    }
}

/// `sum_(k<terms) c_k s^k` with a uniform for every `c_k`.
fn uniform_polynomial(k: &mut KernelBuilder, s: Value, name: &str, terms: u32) -> Value {
    let mut c: Vec<Value> = (0..terms).map(|i| k.uniform(&format!("{name}_{i}"))).collect();
    let leading = c.pop().unwrap_or_else(|| k.constant(0.0));
    c.into_iter().rev().fold(leading, |sum, c| k.fma(sum, s, c))
}

/// The coefficients of `Q_n(z) = sum_k c_k z^k`: `c_k = (2n-k)! / ((n-k)! k! 2^(n-k))`.
pub(super) fn polynomial(n: usize) -> Vec<f64> {
    let mut c = vec![1.0; n + 1];
    for k in (0..n).rev() {
        // c_n = 1, and the ratio of neighbours is a small fraction.
        let (n, k_) = (n as f64, k as f64);
        c[k] = c[k + 1] * (2.0 * n - k_) * (k_ + 1.0) / (2.0 * (n - k_));
    }
    c
}

fn value(n: usize, z: f64) -> f64 {
    polynomial(n).iter().rev().fold(0.0, |sum, c| sum * z + c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_polynomials_are_bessel_s() {
        // DLMF 10.49.12: K_(1/2), K_(3/2), K_(5/2), K_(7/2).
        assert_eq!(polynomial(0), [1.0]);
        assert_eq!(polynomial(1), [1.0, 1.0]);
        assert_eq!(polynomial(2), [3.0, 3.0, 1.0]);
        assert_eq!(polynomial(3), [15.0, 15.0, 6.0, 1.0]);
    }
}
