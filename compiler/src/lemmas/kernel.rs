//! Guaranteed bounds on the kernel in N dimensions: `g_t(r) = int_0^inf w(k) exp(-t lambda(k^2)) dk`, where w is
//! `cos(k r)/pi`, `k J_0(k r)/(2 pi)`, `k sin(k r)/(2 pi^2 r)` for N = 1, 2, 3.
//!
//! Holds: midpoint rule on equal panels. For `f = w exp(-u)` the error on a panel is at most `h^3/24 max|f''|`, `h^2/4 max|f'|`
//!       and `2 h max|f|`, with |cos|, |sin|, |J_0|, |J_0'| and |J_0''| at most 1. What is cut off is at most `w exp(-u)/v'` with
//!       `v = u - ln w`, where v rises and is convex. Roundings, those of `exp`, `cos`, `sin`, powers and `libm::j0` among them, are
//!       put at 1000 units of the last place of every intermediate sum: the one bound that rests on the libraries' accuracy.

use crate::expr::{KappaSum, Rational};
use num_traits::ToPrimitive;
use std::f64::consts::PI;

const PANELS: u32 = 4096;

/// Bounds on `g_t(r)` in dimension 1, 2 or 3, for `lambda` a sum of nonnegative numeric powers of kappa that grows; none where
/// the cut cannot be bounded.
pub fn kernel_bounds(lambda: &KappaSum, dimension: u32, radius: &Rational, time: &Rational) -> Option<(f64, f64)> {
    let (r, t) = (radius.to_f64().filter(|r| *r > 0.0)?, time.to_f64().filter(|t| *t > 0.0)?);
    let u: Vec<(f64, f64)> = lambda.numbers()?.into_iter().map(|(p, c)| (2.0 * p, t * c)).collect();
    if !(1..=3).contains(&dimension) || u.iter().any(|(p, c)| *p < 0.0 || !c.is_finite()) {
        return None;
    }
    // The weight is `scale` times this; and what this and its first two derivatives are at most up to k.
    let (line, scale) = (dimension == 1, [1.0, 0.5, 0.5 / (PI * r)][dimension as usize - 1] / PI);
    let weight = |k: f64| match dimension {
        1 => (k * r).cos(),
        2 => k * libm::j0(k * r),
        _ => k * (k * r).sin(),
    };
    let most = |k: f64| if line { [1.0, r, r * r] } else { [k, 1.0 + k * r, 2.0 * r + k * r * r] };
    let (end, cut) = (0..60).map(|i| 0.01 * f64::powi(1.3, i)).find_map(|k| Some((k, tail(&u, k, line)?)))?;
    let (h, mut sum, mut error) = (end / f64::from(PANELS), 0.0, cut);
    for i in 0..PANELS {
        let [a, middle, b] = [0.0, 0.5, 1.0].map(|part| h * (f64::from(i) + part));
        let f = (-bounds(&u, 0, middle, middle).0).exp();
        let [w, w1, w2] = most(b);
        let [u1, u2] = [1, 2].map(|n| bounds(&u, n, a, b)).map(|(low, high)| low.abs().max(high.abs()));
        let second = h.powi(3) / 24.0 * (w2 + 2.0 * w1 * u1 + w * (u1 * u1 + u2));
        // Not a number where a derivative is unbounded; `min` then takes the other bound.
        let panel = second.min(h * h / 4.0 * (w1 + w * u1)).min(2.0 * h * w);
        let load: f64 = u.iter().map(|(p, c)| (c * b.powf(*p)).abs()).sum();
        error += (-bounds(&u, 0, a, b).0).exp() * (panel + 1e3 * f64::EPSILON * h * w * (1.0 + r * b + load));
        sum += h * f * weight(middle);
    }
    error += f64::from(PANELS) * f64::EPSILON * (sum.abs() + error);
    let (value, error) = (scale * sum, 1.001 * scale * error);
    error.is_finite().then_some((value - error, value + error))
}

/// Bounds on the n-th derivative of `sum c k^p` on `[a, b]`, term by term.
fn bounds(u: &[(f64, f64)], n: i32, a: f64, b: f64) -> (f64, f64) {
    u.iter().fold((0.0, 0.0), |(low, high), (p, c)| {
        let c = (0..n).fold(*c, |c, j| c * (p - f64::from(j)));
        let (x, y) = if c == 0.0 { (0.0, 0.0) } else { (c * a.powf(p - f64::from(n)), c * b.powf(p - f64::from(n))) };
        (low + x.min(y), high + x.max(y))
    })
}

/// A bound on `int_k^inf |w| exp(-u)`, when it is small and u is convex beyond k: there the highest power outweighs every
/// other one of the second derivative, and more so further out.
fn tail(u: &[(f64, f64)], k: f64, line: bool) -> Option<f64> {
    let (top, _) = u.iter().copied().max_by(|a, b| a.0.total_cmp(&b.0))?;
    let (lead, rest): (Vec<_>, Vec<_>) = u.iter().copied().partition(|(p, _)| *p == top);
    let falling: f64 = rest.iter().map(|(p, c)| (c * p * (p - 1.0)).min(0.0) * k.powf(p - 2.0)).sum();
    let (weight, turn) = if line { (1.0, 0.0) } else { (k, 1.0 / k) };
    let (value, slope) = (bounds(u, 0, k, k).0, bounds(u, 1, k, k).0 - turn);
    let bound = weight * (-value).exp() / slope;
    let convex = top > 1.0 && bounds(&lead, 2, k, k).0 + falling >= 0.0;
    (convex && slope > 0.0 && value > 32.0 && bound < 1e-12).then_some(bound)
}
