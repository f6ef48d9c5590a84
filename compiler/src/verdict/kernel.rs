//! Where a kernel is negative: for sums of powers that are not Bernstein.
//!
//! In:   lambda and the facts.
//! Out:  a [`Witness`] with a negative value of the kernel on a line; the radii at which the kernel of a single power
//!       first turns negative, in words.
//! Source: the inverse Fourier transform of `exp(-t lambda(k^2))`, by the trapezoidal rule; for one power, its
//!       series in `r^2`.

use super::witness::{Witness, at};
use crate::expr::{Expr, Facts, KappaSum, Rational, rational};
use num_traits::ToPrimitive;
use std::f64::consts::PI;

/// Times tried: a shorter time shows the highest power alone.
const TIMES: [(i64, i64); 5] = [(1, 1), (1, 10), (1, 100), (1, 10_000), (1, 1_000_000)];

/// A value of the kernel in one dimension that is negative beyond its error.
pub(super) fn negative(lambda: &Expr, facts: &Facts) -> Option<Witness> {
    let parameters = facts.sample(&lambda.symbols())?;
    let sum = KappaSum::read(&at(lambda, &parameters))?;
    let number = |e: &Expr| e.as_num()?.to_f64();
    let powers: Vec<(f64, f64)> =
        sum.terms.iter().map(|(x, c)| Some((2.0 * number(x)?, number(c)?))).collect::<Option<_>>()?;
    let (top, lead) = powers.iter().copied().max_by(|a, b| a.0.total_cmp(&b.0))?;
    if top <= 2.0 || lead <= 0.0 || powers.iter().any(|(p, _)| *p < 0.0) {
        return None;
    }
    TIMES.into_iter().find_map(|(p, q)| {
        let time = rational(p, q);
        let t = time.to_f64()?;
        let spectrum = Spectrum::new(&powers, t)?;
        let scale = (t * lead).powf(1.0 / top);
        let deepest = (1..=32)
            .map(|j| 0.25 * f64::from(j))
            .min_by(|a, b| spectrum.kernel(scale * a).total_cmp(&spectrum.kernel(scale * b)))?;
        let radius = short(scale * deepest)?;
        let (value, peak) = (spectrum.kernel(radius.to_f64()?), spectrum.kernel(0.0));
        let error = 1e-9 * peak + spectrum.cut + 2.0 * spectrum.coarseness(radius.to_f64()?);
        (value < -1e-3 * peak && error < 0.1 * value.abs()).then(|| Witness::Kernel {
            dimension: 1,
            radius,
            time,
            parameters: parameters.clone(),
            lambda: lambda.clone(),
            value,
            error,
        })
    })
}

/// A rational near x, of three digits.
fn short(x: f64) -> Option<Rational> {
    let power = x.log10().floor() as i32 - 2;
    let digits = (x / 10f64.powi(power)).round() as i64;
    let scale = 10i64.checked_pow(power.unsigned_abs())?;
    Some(if power < 0 { rational(digits, scale) } else { rational(digits.checked_mul(scale)?, 1) })
}

/// `exp(-t lambda(k^2))` on a grid.
struct Spectrum {
    step: f64,
    values: Vec<f64>,
    cut: f64,
}

impl Spectrum {
    fn new(powers: &[(f64, f64)], t: f64) -> Option<Spectrum> {
        let u = |k: f64| powers.iter().map(|(p, c)| t * c * k.powf(*p)).sum::<f64>();
        let end = (0..80).map(|i| 0.01 * 1.25f64.powi(i)).find(|k| u(*k) > 36.0)?;
        let points = 256;
        let step = end / f64::from(points);
        let values: Vec<f64> = (0..=points).map(|i| (-u(step * f64::from(i))).exp()).collect();
        values.iter().all(|v| v.is_finite()).then_some(Spectrum { step, values, cut: 1e-15 * end })
    }

    /// `(1/pi) int_0^inf cos(k r) exp(-t lambda) dk`; the integrand is even in k, so the rule converges quickly.
    fn kernel(&self, r: f64) -> f64 {
        self.every(1, r)
    }

    /// What the rule changes when its step is halved: nothing to speak of, but where lambda has a cusp at 0.
    fn coarseness(&self, r: f64) -> f64 {
        (self.every(1, r) - self.every(2, r)).abs()
    }

    fn every(&self, stride: usize, r: f64) -> f64 {
        let half = 0.5 * self.values.first().copied().unwrap_or(0.0);
        let rest = self.values.iter().enumerate().step_by(stride).skip(1);
        let sum: f64 = rest.map(|(i, v)| v * (r * self.step * i as f64).cos()).sum();
        (half + sum) * self.step * stride as f64 / PI
    }
}

/// `r = 3.4534641 t^(1/4) (N=1), ...`: where the kernel of `lambda = c kappa^a`, a > 1 a number, first turns negative.
pub(super) fn first_negative_radii(exponent: &Expr, c: &Expr) -> Option<String> {
    let a = exponent.as_num()?.to_f64().filter(|a| (1.05..=64.0).contains(a))?;
    let radii: Vec<String> =
        (1..=3).map(|n| Some(format!("{:.7} (N={n})", first_zero(a, f64::from(n))?))).collect::<Option<_>>()?;
    let root = (Expr::int(2) * exponent.clone()).recip();
    let time = if c.is_one() { "t".to_owned() } else { format!("({c} t)") };
    Some(format!("r = y {time}^({root}), y = {}", radii.join(", ")))
}

/// The first zero in r of `sum (-1)^m (r/2)^(2m) Gamma((2m + N)/(2a)) / (m! Gamma(m + N/2))`, the kernel at `c t = 1` up to
/// a positive factor.
fn first_zero(a: f64, n: f64) -> Option<f64> {
    let series: Vec<f64> = (0..120)
        .map(f64::from)
        .map(|m| libm::lgamma((2.0 * m + n) / (2.0 * a)) - libm::lgamma(m + 1.0) - libm::lgamma(m + 0.5 * n))
        .collect();
    // The value, and how much of it roundings may be.
    let value = |r: f64| {
        let log = 2.0 * (0.5 * r).ln();
        series.iter().enumerate().fold((0.0, 0.0), |(sum, size), (m, s)| {
            let term = (s + m as f64 * log).exp();
            (if m % 2 == 0 { sum + term } else { sum - term }, size + term)
        })
    };
    let last = |r: f64| (series[119] + 238.0 * (0.5 * r).ln()).exp();
    let mut high = (2..400).map(|i| 0.05 * f64::from(i)).find(|r| value(*r).0 < 0.0)?;
    let (depth, size) = value(high + 0.1);
    if depth.abs() < 1e-9 * size || last(high) > 1e-16 {
        return None;
    }
    let mut low = high - 0.05;
    for _ in 0..48 {
        let middle = 0.5 * (low + high);
        if value(middle).0 < 0.0 { high = middle } else { low = middle }
    }
    Some(high)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reference values: mpmath, zeros of the inverse Hankel transform of `exp(-k^4)`, 12 digits.
    #[test]
    fn biharmonic_kernels_turn_negative_where_they_should() {
        for (n, expected) in [(1.0, 3.453464128364), (2.0, 4.049503979287), (3.0, 4.591814091504)] {
            let r = first_zero(2.0, n).expect("a zero");
            assert!((r - expected).abs() < 1e-9, "N = {n}: {r}, not {expected}: roundings of the series");
        }
    }
}
