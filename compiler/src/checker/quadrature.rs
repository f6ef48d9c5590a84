//! Guaranteed bounds on the kernel on a line: `g_t(r) = (1/pi) int_0^inf cos(k r) exp(-t lambda(k^2)) dk`.
//!
//! Holds: midpoint rule on equal panels; on each its error is at most `h^3/24 max |f''|`, or `h^2/4 max |f'|` or
//!       `2 h max |f|` where higher derivatives are unbounded. What is cut off is at most `exp(-u)/u'` where u rises
//!       and is convex from there on. Roundings are bounded by `1e-12` of `int |f|`.

use crate::expr::{KappaSum, Rational};
use num_traits::ToPrimitive;

const PANELS: u32 = 2048;

/// Bounds on `g_t(r)` in one dimension, for `lambda` a sum of nonnegative numeric powers of kappa that grows; none where
/// the cut cannot be bounded.
pub fn kernel_bounds(lambda: &KappaSum, radius: &Rational, time: &Rational) -> Option<(f64, f64)> {
    let (r, t) = (radius.to_f64()?.abs(), time.to_f64().filter(|t| *t > 0.0)?);
    let power = |(x, c): &(_, _)| -> Option<(f64, f64)> { Some((2.0 * number(x)?, t * number(c)?)) };
    let u: Vec<(f64, f64)> = lambda.terms.iter().map(power).collect::<Option<_>>()?;
    if u.iter().any(|(p, c)| *p < 0.0 || !c.is_finite()) {
        return None;
    }
    let (end, cut) = (0..60).map(|i| 0.01 * f64::powf(1.3, f64::from(i))).find_map(|k| Some((k, tail(&u, k)?)))?;
    let h = end / f64::from(PANELS);
    let (mut sum, mut error, mut size) = (0.0, cut, 0.0);
    for i in 0..PANELS {
        let (a, b) = (h * f64::from(i), h * f64::from(i + 1));
        let middle = 0.5 * (a + b);
        let f = (-bounds(&u, 0, middle, middle).0).exp();
        let most = (-bounds(&u, 0, a, b).0).exp();
        let [u1, u2] = [1, 2].map(|n| bounds(&u, n, a, b)).map(|(low, high)| low.abs().max(high.abs()));
        let second = h.powi(3) / 24.0 * (u1 * u1 + u2 + r * r + 2.0 * r * u1);
        // Not a number where a derivative is unbounded; `min` then takes the other bound.
        error += most * second.min(h * h / 4.0 * (u1 + r)).min(2.0 * h);
        (sum, size) = (sum + h * f * (middle * r).cos(), size + h * f);
    }
    let error = (error + 1e-12 * size * (1.0 + r * end)) / std::f64::consts::PI;
    let value = sum / std::f64::consts::PI;
    (error.is_finite()).then_some((value - error, value + error))
}

fn number(e: &crate::expr::Expr) -> Option<f64> {
    e.as_num()?.to_f64()
}

/// Bounds on the n-th derivative of `sum c k^p` on `[a, b]`, term by term.
fn bounds(u: &[(f64, f64)], n: i32, a: f64, b: f64) -> (f64, f64) {
    u.iter().fold((0.0, 0.0), |(low, high), (p, c)| {
        let c = (0..n).fold(*c, |c, j| c * (p - f64::from(j)));
        let (x, y) = if c == 0.0 { (0.0, 0.0) } else { (c * a.powf(p - f64::from(n)), c * b.powf(p - f64::from(n))) };
        (low + x.min(y), high + x.max(y))
    })
}

/// A bound on `int_k^inf exp(-u)`, when it is small and u rises and is convex beyond k: there the highest power outweighs
/// every other one of the second derivative, and more so further out.
fn tail(u: &[(f64, f64)], k: f64) -> Option<f64> {
    let (top, _) = u.iter().copied().max_by(|a, b| a.0.total_cmp(&b.0))?;
    let falling: f64 =
        u.iter().filter(|(p, _)| *p < top).map(|(p, c)| (c * p * (p - 1.0)).min(0.0) * k.powf(p - 2.0)).sum();
    let lead = bounds(&u.iter().copied().filter(|(p, _)| *p == top).collect::<Vec<_>>(), 2, k, k).0;
    let (value, slope) = (bounds(u, 0, k, k).0, bounds(u, 1, k, k).0);
    let bound = (-value).exp() / slope;
    (top > 1.0 && lead + falling >= 0.0 && slope > 0.0 && value > 32.0 && bound < 1e-12).then_some(bound)
}
