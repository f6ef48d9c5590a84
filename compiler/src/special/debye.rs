//! `K` of high order by Debye's uniform expansion, its terms collapsed into one polynomial.
//!
//! With `R = sqrt(nu^2 + z^2)` and `p = nu/R` in (0, 1],
//! `log K_nu(z) = log(pi/(2R))/2 - R - nu log(z/(nu + R)) + D(p)` and `-z K'_nu/K_nu = R S(p)`.
//! `theta = z d/dz log K_nu` obeys Riccati's equation `z theta' + theta^2 = nu^2 + z^2`; putting
//! `S = sum_k s_k(p) nu^-k` into it gives the `s_k` one after the other, and `D' = nu (S - 1 - s_1/nu) / (p^2 - p^4)`.
//! As `nu` is known when the kernel is built, the double sums over powers of `p` and `1/nu` become polynomials in `p`.
//!
//! Holds: the terms left out are below `eps / 16` (of `log K` absolutely, of the ratio relatively).
//! Source: DLMF 10.41.4 with 10.41.10; Riccati's equation from 10.25.1. The `s_k` are quotients of DLMF's `v_k` and `u_k`.

use std::f64::consts::FRAC_PI_2;

use super::log::log;
use crate::kernel::{KernelBuilder, Value};

/// `log K_nu(z)`.
pub(super) fn log_k(k: &mut KernelBuilder, nu: f64, z: Value) -> Value {
    let debye = Debye::new(k, nu, z);
    let expansion = Expansion::new(debye.nu, k.precision().epsilon());
    let (log_r, log_a) = (log(k, debye.r), log(k, debye.a));
    let correction = k.polynomial(debye.p, &expansion.log_k);
    let prefactor = k.constant(0.5 * FRAC_PI_2.ln());
    let minus_half = k.constant(-0.5);
    let y = k.fma(minus_half, log_r, prefactor);
    let y = k.add(y, correction);
    let y = k.sub(y, debye.r);
    let minus_nu = k.constant(-debye.nu);
    k.fma(minus_nu, log_a, y)
}

/// `K_(nu-1)(z) / K_nu(z)`, which is `-(K'_nu/K_nu) - nu/z`.
pub(super) fn ratio(k: &mut KernelBuilder, nu: f64, z: Value) -> Value {
    // (R S - nu)/z with R - nu = z^2/(R + nu) and S - 1 = (z/R)^2 T(p): nothing cancels.
    let debye = Debye::new(k, nu, z);
    let expansion = Expansion::new(debye.nu, k.precision().epsilon());
    let t = k.polynomial(debye.p, &expansion.slope);
    let z_over_r = k.mul(z, debye.inverse_r);
    k.fma(z_over_r, t, debye.a)
}

/// The variables of the expansion.
struct Debye {
    nu: f64,
    r: Value,
    inverse_r: Value,
    p: Value,
    /// `z / (nu + R)`, which is `(R - nu) / z`.
    a: Value,
}

impl Debye {
    fn new(k: &mut KernelBuilder, nu: f64, z: Value) -> Debye {
        let (order, order2, one) = (k.constant(nu), k.constant(nu * nu), k.constant(1.0));
        let r2 = k.fma(z, z, order2);
        let r = k.sqrt(r2);
        let inverse_r = k.div(one, r);
        let p = k.mul(order, inverse_r);
        let sum = k.add(order, r);
        Debye { nu, r, inverse_r, p, a: k.div(z, sum) }
    }
}

/// Coefficients of powers of `p`, for one `nu`.
struct Expansion {
    /// `D(p)`.
    log_k: Vec<f64>,
    /// `T(p) = (S(p) - 1) / (1 - p^2)`.
    slope: Vec<f64>,
}

/// At the lowest orders in use, 7 in f32 and 21 in f64, fewer terms are needed.
const MAX_TERMS: usize = 16;

impl Expansion {
    /// Sums terms until both expansions have converged to a sixteenth of `eps`.
    fn new(nu: f64, eps: f64) -> Expansion {
        let mut s = vec![vec![1.0], vec![0.0, 0.5, 0.0, -0.5]];
        let mut slope = scaled(&without_one_minus_p2(&s[1]), 1.0 / nu);
        let mut log_k = Vec::new();
        let mut power = nu;
        for _ in 2..MAX_TERMS {
            let next = next_term(&s);
            let quotient = without_one_minus_p2(&next);
            let d = scaled(&integral(&quotient[2..]), 1.0 / power);
            power *= nu;
            let t = scaled(&quotient, 1.0 / power);
            // The ratio is about T + nu/(R + nu) > 1/2, and an error of D is one of log K.
            let small = largest_on_unit_interval(&d).max(largest_on_unit_interval(&t)) < eps / 16.0;
            add_to(&mut log_k, &d);
            add_to(&mut slope, &t);
            if small {
                break;
            }
            s.push(next);
        }
        Expansion { log_k, slope }
    }
}

/// `s_k = -(sum_(0<i<k) s_i s_(k-i) + (p^2 - p^4) s'_(k-1) - (p - p^3) s_(k-1)) / 2`.
fn next_term(s: &[Vec<f64>]) -> Vec<f64> {
    let k = s.len();
    let mut sum = vec![0.0; 3 * k + 1];
    for i in 1..k {
        for (a, x) in s[i].iter().enumerate() {
            for (b, y) in s[k - i].iter().enumerate() {
                sum[a + b] += x * y;
            }
        }
    }
    for (power, c) in s[k - 1].iter().enumerate() {
        // (p^2 - p^4) d/dp - (p - p^3) acts on p^power as (power - 1)(p - p^3).
        let c = c * (power as f64 - 1.0);
        sum[power + 1] += c;
        sum[power + 3] -= c;
    }
    scaled(&sum, -0.5)
}

/// The exact quotient by `1 - p^2`.
fn without_one_minus_p2(c: &[f64]) -> Vec<f64> {
    let mut quotient = c.to_vec();
    for i in 2..quotient.len() {
        quotient[i] += quotient[i - 2];
    }
    quotient.truncate(c.len() - 2);
    quotient
}

fn integral(c: &[f64]) -> Vec<f64> {
    std::iter::once(0.0).chain(c.iter().enumerate().map(|(i, c)| c / (i as f64 + 1.0))).collect()
}

fn scaled(c: &[f64], factor: f64) -> Vec<f64> {
    c.iter().map(|c| c * factor).collect()
}

fn add_to(sum: &mut Vec<f64>, term: &[f64]) {
    sum.resize(sum.len().max(term.len()), 0.0);
    sum.iter_mut().zip(term).for_each(|(sum, c)| *sum += c);
}

fn largest_on_unit_interval(c: &[f64]) -> f64 {
    let value = |p: f64| c.iter().rev().fold(0.0, |sum, c| sum * p + c).abs();
    (0..=40).map(|i| value(f64::from(i) / 40.0)).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_expansion_of_log_k_starts_like_debye_s() {
        // log(1 - u_1/nu + u_2/nu^2) = -u_1/nu + (u_2 - u_1^2/2)/nu^2, with u_1, u_2 of DLMF 10.41.10.
        let c = Expansion::new(1e4, 1e-12).log_k;
        let (d1, d2) = ([-3.0 / 24.0, 5.0 / 24.0], [1.0 / 16.0, -6.0 / 16.0, 5.0 / 16.0]);
        for (power, expected) in [(1, d1[0]), (3, d1[1])] {
            assert!((c[power] * 1e4 - expected).abs() < 1e-6, "p^{power}");
        }
        for (power, expected) in [(2, d2[0]), (4, d2[1]), (6, d2[2])] {
            assert!((c[power] * 1e8 - expected).abs() < 1e-6, "p^{power}");
        }
    }

    #[test]
    fn at_p_1_the_expansion_is_stirling_s() {
        // z -> 0: log K_nu -> log Gamma(nu) + ..., so D(1) is Stirling's series 1/(12 nu) - 1/(360 nu^3) + ...
        let nu = 21.5_f64;
        let d: f64 = Expansion::new(nu, f64::EPSILON).log_k.iter().sum();
        let stirling = 1.0 / (12.0 * nu) - 1.0 / (360.0 * nu.powi(3)) + 1.0 / (1260.0 * nu.powi(5))
            - 1.0 / (1680.0 * nu.powi(7))
            + 1.0 / (1188.0 * nu.powi(9));
        assert!((d - stirling).abs() < 1e-17, "{d:e} {stirling:e}");
    }
}
