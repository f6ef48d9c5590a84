//! The flux of a tempered law that keeps its mass: mixed diffusion-Poisson.
//!
//! In:   `lambda = c (sqrt(kappa + mu^2) - mu) + lambda(0)` and `R/p = -lambda(0)`, so that continuity leaves the flux
//!       `F = c / (sqrt(kappa + mu^2) + mu)`, which is not proportional to `lambda'`.
//! Out:  `J/p = f (x - y)/t` for a point source, with `f` a function of the distance: a coefficient in the kernel, and the
//!       uniforms of its table at each time.
//! Holds: `0 < f <= 1`; 1 where `mu varrho` is small (Poisson), about 1/2 where it is large and `r << tau` (diffusion).
//!
//! With `tau = c t`, `varrho^2 = tau^2 + r^2`, `h = (N+1)/2` and lengths in units of `1/mu`,
//! `f = 1 - integral_0^inf exp(-u) F(varrho(tau + u))/F(varrho(tau)) du`, `F(z) = z^-h K_h(z)`. As
//! `F(z) ~ integral w^(-h-1) exp(-w - z^2/(4w)) dw`, the integral over u is a scaled error function:
//! `f` is the mean under that weight of `1 - sqrt(pi) a erfcx(a + b)`, `a = sqrt(w)`, `b = tau/(2 sqrt(w))`.
//! In two dimensions `f = (1 + z tau/(varrho + tau))/(1 + z)`, `z = mu varrho`.
//!
//! The table is in `log varrho` from `tau` to `varrho_X = 4 max(tau, (h + 1)/mu)`, and in `varrho_X/varrho` beyond.
//! Source: GenPhys (arXiv:2304.02637), Appendix B, which leaves the velocity open; derived here by Fourier's inversion of F.

use super::lower::{Bound, BoundBirths, BoundFlux, BoundLaw};
use super::table;
use crate::kernel::{Kernel, KernelBuilder, Precision, Value};
use std::collections::BTreeMap;
use std::f64::consts::PI;

/// Pieces below `varrho_X`.
const PIECES: usize = 16;

/// The flux of a tempered law with these constants, if it is the one described above.
pub(super) fn flux(law: BoundLaw, offset: f64, births: BoundBirths) -> Option<BoundFlux> {
    let (BoundLaw::Tempered { speed, mass }, BoundBirths::Constant(births)) = (law, births) else { return None };
    let scale = speed * mass;
    // A flux that is finite at kappa = 0 asks for it; the margin is that of the rounding of the constants.
    ((offset + scale + births).abs() <= 1e-12 * (scale + offset.abs())).then_some(BoundFlux::Exchange)
}

/// `f/t`, from `log_ratio = log(varrho^2/tau^2)` and `z = mu varrho`.
pub(super) fn coefficient(k: &mut KernelBuilder, dim: usize, log_ratio: Value, z: Value) -> Value {
    let one = k.constant(1.0);
    let inverse_time = k.uniform("1_over_t");
    if dim == 2 {
        let inverse_z0 = k.uniform("1_over_z0");
        let s = k.fma(z, inverse_z0, one);
        let gained = k.div(z, s);
        let (numerator, denominator) = (k.add(one, gained), k.add(one, z));
        let f = k.div(numerator, denominator);
        return k.mul(inverse_time, f);
    }
    let per_piece = k.uniform("pieces_per_log");
    let u = k.mul(log_ratio, per_piece);
    let masks: Vec<Value> = (1..=PIECES)
        .map(|i| {
            let edge = k.constant(i as f64);
            k.lt(u, edge)
        })
        .collect();
    // s runs from -1 to 1 on each piece: 2 (u - i) - 1, and 2 varrho_X/varrho - 1 on the last.
    let (z_end, two) = (k.uniform("z_end"), k.constant(2.0));
    let beyond = k.div(z_end, z);
    let beyond = k.min(one, beyond);
    let origins: Vec<Value> = (0..PIECES).map(|i| k.constant(i as f64)).collect();
    let origin = table::choose(k, &masks[..PIECES - 1], &origins);
    let within = k.sub(u, origin);
    let position = k.select(masks[PIECES - 1], within, beyond);
    let s = k.fma(two, position, one);
    let s = k.sub(s, two);
    let pieces: Vec<Vec<Value>> =
        (0..=PIECES).map(|i| (0..=degree(k.precision())).map(|j| k.uniform(&name(i, j))).collect()).collect();
    let scaled = table::polynomial(k, &masks, s, &pieces);
    let inverse_end = k.uniform("1_over_z_end");
    let envelope = k.fma(z, inverse_end, one);
    let f = k.div(scaled, envelope);
    k.mul(inverse_time, f)
}

/// The uniforms of the coefficient at time `t`, for the precision of the kernel; empty for any other flux.
pub(super) fn uniforms(bound: &Bound, kernel: &Kernel, t: f64) -> BTreeMap<String, f64> {
    let (BoundFlux::Exchange, BoundLaw::Tempered { speed, mass }) = (bound.flux, bound.law()) else {
        return BTreeMap::new();
    };
    let z0 = mass * speed * t;
    let mut out = BTreeMap::from([("1_over_t".to_owned(), 1.0 / t), ("1_over_z0".to_owned(), 1.0 / z0)]);
    if bound.dim() == 2 {
        return out;
    }
    let h = 0.5 * (bound.dim() as f64 + 1.0);
    let z_end = 4.0 * z0.max(h + 1.0);
    let length = 2.0 * (z_end / z0).ln();
    out.extend([
        ("pieces_per_log".to_owned(), PIECES as f64 / length),
        ("z_end".to_owned(), z_end),
        ("1_over_z_end".to_owned(), 1.0 / z_end),
    ]);
    let nodes = table::nodes(degree(kernel.precision()));
    for i in 0..=PIECES {
        let z_of = |s: f64| match i {
            PIECES => z_end / (0.5 * (s + 1.0)),
            _ => z0 * (0.5 * length * (i as f64 + 0.5 * (s + 1.0)) / PIECES as f64).exp(),
        };
        let values: Vec<f64> = nodes.iter().map(|s| z_of(*s)).map(|z| factor(h, z0, z) * (1.0 + z / z_end)).collect();
        out.extend(table::powers(&values).into_iter().enumerate().map(|(j, c)| (name(i, j), c)));
    }
    out
}

fn degree(precision: Precision) -> usize {
    match precision {
        Precision::F32 => 6,
        Precision::F64 => 13,
    }
}

fn name(piece: usize, power: usize) -> String {
    format!("flux_{piece}_{power}")
}

/// `f` for `h = (N+1)/2`, `z0 = mu tau`, `z = mu varrho`: the trapezoidal rule in `log w`, which converges exponentially.
pub(super) fn factor(h: f64, z0: f64, z: f64) -> f64 {
    let root = h.hypot(z);
    let peak = (0.5 * z * (z / (h + root))).ln();
    let step = (0.6 / root.sqrt()).min(0.2);
    let exponent = |y: f64| {
        -h * (y - peak) - peak.exp() * ((y - peak).exp_m1()) - {
            let scale = 0.25 * z * z * (-peak).exp();
            scale * (-(y - peak)).exp_m1()
        }
    };
    let (mut sum, mut weights) = (0.0, 0.0);
    let mut add = |y: f64| {
        let weight = exponent(y).exp();
        let (a, b) = ((0.5 * y).exp(), 0.5 * z0 * (-0.5 * y).exp());
        sum += weight * (b + a * complement(a + b)) / (a + b);
        weights += weight;
        weight > 1e-18
    };
    add(peak);
    let mut walk = |direction: f64| (1..100_000).all(|i| add(peak + direction * step * f64::from(i)));
    walk(1.0);
    walk(-1.0);
    sum / weights
}

/// `1 - sqrt(pi) x erfcx(x)`, `erfcx(x) = exp(x^2) erfc(x)`, for `x > 0`, without cancellation for large `x`.
fn complement(x: f64) -> f64 {
    if x < 2.0 {
        return 1.0 - PI.sqrt() * x * (x * x).exp() * libm::erfc(x);
    }
    // DLMF 7.9.1: sqrt(pi) erfcx(x) = 1/(x + (1/2)/(x + 1/(x + (3/2)/(x + ...)))).
    let terms = 8 + (240.0 / (x * x)) as u32;
    let fraction = (2..=terms).rev().fold(0.0, |rest, i| 0.5 * f64::from(i) / (x + rest));
    let first = 0.5 / (x + fraction);
    first / (x + first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_two_dimensions_the_factor_is_elementary() {
        for z0 in [1e-6, 0.03, 1.0, 40.0, 1e4] {
            for ratio in [1.0, 1.3, 7.0, 1e3, 1e6] {
                let z = z0 * ratio;
                let expected = (1.0 + z * z0 / (z + z0)) / (1.0 + z);
                let found = factor(1.5, z0, z);
                assert!((found / expected - 1.0).abs() < 1e-12, "{z0} {z}: {found} {expected}");
            }
        }
    }

    #[test]
    fn dimensions_two_apart_meet_the_recurrence() {
        // With B_h = (1 - f_h) E_h, E_h = F(varrho): r^2 B_(h+1) = (2h - 1) B_h + E_(h-1) - tau E_h, at mu = 1.
        // E_(h-1)/E_h = varrho K_(h-1)/K_h; half-integer orders have closed ratios, here h = 5/2: K_(3/2)/K_(5/2), K_(5/2)/K_(7/2).
        for (z0, z) in [(0.5_f64, 0.9_f64), (2.0, 2.5), (1.0, 30.0)] {
            let (u, r2) = (1.0 / z, z * z - z0 * z0);
            let [k3, k5, k7] = [1.0 + u, 1.0 + 3.0 * u + 3.0 * u * u, 1.0 + 6.0 * u + 15.0 * u * u + 15.0 * u.powi(3)];
            let left = r2 * (1.0 - factor(3.5, z0, z)) * k7 / (k5 * z);
            let right = 4.0 * (1.0 - factor(2.5, z0, z)) + z * k3 / k5 - z0;
            assert!((left - right).abs() < 1e-12 * (right.abs() + z), "{z0} {z}: {left} {right}");
        }
    }

    #[test]
    fn the_complement_is_continuous_and_known() {
        // mpmath, 30 digits: 1 - sqrt(pi) x erfcx(x) at 1 and 10.
        assert!((complement(1.0) - 0.242_127_843_858_687_6).abs() < 2e-15, "{}", complement(1.0));
        assert!((complement(10.0) / 0.004_926_812_175_530_253 - 1.0).abs() < 1e-13, "{}", complement(10.0));
        let (below, above) = (complement(2.0_f64.next_down()), complement(2.0));
        assert!((below / above - 1.0).abs() < 3e-14, "{below} {above}");
    }
}
