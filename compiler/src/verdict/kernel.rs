//! Where a kernel is negative: for sums of powers that are not Bernstein.
//!
//! In:   lambda and the facts.
//! Out:  a [`Witness`] with a negative value of the kernel in one, two or three dimensions; the radii at which the kernel of
//!       a single power first turns negative, in words.
//! Holds: a kernel that is negative somewhere in N dimensions refutes C1 in N and in every higher dimension: a function
//!       that is positive definite there is so on every subspace.
//! Source: the inverse Fourier transform of `exp(-t lambda(k^2))`, by the trapezoidal rule; for one power, its
//!       series in `r^2`. `libm` computes the same digits on every machine.

use super::witness::{Witness, at};
use crate::expr::{Expr, Facts, KappaSum, Name, Rational, rational};
use num_traits::ToPrimitive;
use std::f64::consts::PI;

/// Times tried: a shorter time shows the highest power alone.
const TIMES: [(i64, i64); 5] = [(1, 1), (1, 10), (1, 100), (1, 10_000), (1, 1_000_000)];

/// A value of the kernel in one dimension that is negative beyond its error.
pub(super) fn negative(lambda: &Expr, facts: &Facts) -> Option<Witness> {
    negative_at(lambda, &facts.sample(&lambda.symbols())?, 1)
}

/// The same evidence in N dimensions, or in three where N is larger, when the kernel is visibly negative there.
pub(super) fn in_dimension(witness: Witness, dimension: u32) -> Witness {
    let Witness::Kernel { lambda, parameters, .. } = &witness else { return witness };
    negative_at(lambda, parameters, dimension.clamp(1, 3)).unwrap_or(witness)
}

fn negative_at(lambda: &Expr, parameters: &[(Name, Rational)], dimension: u32) -> Option<Witness> {
    let powers: Vec<(f64, f64)> =
        KappaSum::read(&at(lambda, parameters))?.numbers()?.into_iter().map(|(x, c)| (2.0 * x, c)).collect();
    let (top, lead) = powers.iter().copied().max_by(|a, b| a.0.total_cmp(&b.0))?;
    if top <= 2.0 || lead <= 0.0 || powers.iter().any(|(p, _)| *p < 0.0) {
        return None;
    }
    TIMES.into_iter().find_map(|(p, q)| {
        let time = rational(p, q);
        let t = time.to_f64()?;
        let spectrum = Spectrum::new(&powers, t, dimension)?;
        let scale = libm::pow(t * lead, 1.0 / top);
        let deepest = (1..=32)
            .map(|j| 0.25 * f64::from(j))
            .min_by(|a, b| spectrum.kernel(scale * a).total_cmp(&spectrum.kernel(scale * b)))?;
        let radius = short(scale * deepest)?;
        let (value, peak) = (spectrum.kernel(radius.to_f64()?), spectrum.kernel(0.0));
        let error = up_to_two_digits(1e-9 * peak + spectrum.cut + 2.0 * spectrum.coarseness(radius.to_f64()?));
        (value < -1e-3 * peak && error < 0.1 * value.abs()).then(|| Witness::Kernel {
            dimension,
            radius,
            time,
            parameters: parameters.to_vec(),
            lambda: lambda.clone(),
            value,
            error,
        })
    })
}

/// A bound of two digits, so that roundings do not show in it.
fn up_to_two_digits(error: f64) -> f64 {
    let unit = libm::pow(10.0, libm::floor(libm::log10(error)) - 1.0);
    let digits = format!("{:.1e}", libm::ceil(error / unit) * unit * 1.001);
    digits.parse().unwrap_or(f64::INFINITY)
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
    dimension: u32,
    step: f64,
    values: Vec<f64>,
    cut: f64,
}

impl Spectrum {
    fn new(powers: &[(f64, f64)], t: f64, dimension: u32) -> Option<Spectrum> {
        let u = |k: f64| powers.iter().map(|(p, c)| t * c * libm::pow(k, *p)).sum::<f64>();
        let end = (0..80).map(|i| 0.01 * libm::pow(1.25, f64::from(i))).find(|k| u(*k) > 36.0)?;
        let points = 512;
        let step = end / f64::from(points);
        let values: Vec<f64> = (0..=points).map(|i| libm::exp(-u(step * f64::from(i)))).collect();
        let cut = 1e-15 * end.max(end * end * end);
        values.iter().all(|v| v.is_finite()).then_some(Spectrum { dimension, step, values, cut })
    }

    /// `int_0^inf w(k) exp(-t lambda) dk`; for N = 1 and 3 the integrand is even in k, so the rule converges quickly.
    fn kernel(&self, r: f64) -> f64 {
        self.every(1, r)
    }

    /// What the rule changes when its step is halved: nothing to speak of, but where lambda has a cusp at 0.
    fn coarseness(&self, r: f64) -> f64 {
        (self.every(1, r) - self.every(2, r)).abs()
    }

    fn every(&self, stride: usize, r: f64) -> f64 {
        let h = self.step * stride as f64;
        let rest = self.values.iter().enumerate().step_by(stride).skip(1);
        let sum: f64 = rest.map(|(i, v)| v * self.weight(self.step * i as f64, r)).sum();
        let first = self.values.first().copied().unwrap_or(0.0);
        // The first term of Euler and Maclaurin for N = 2, where the slope of the integrand at 0 is that of k.
        let start = if self.dimension == 2 { h / 12.0 } else { 0.5 * self.weight(0.0, r) };
        (first * start + sum) * h * [1.0, 0.5, 0.5 / PI][self.dimension as usize - 1] / PI
    }

    /// `cos(k r)`, `k J_0(k r)`, `k sin(k r)/r`.
    fn weight(&self, k: f64, r: f64) -> f64 {
        match self.dimension {
            1 => libm::cos(k * r),
            2 => k * libm::j0(k * r),
            _ if r == 0.0 => k * k,
            _ => k * libm::sin(k * r) / r,
        }
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
