//! Laplace transforms `A(s) exp(-t lambda(s))` inverted along a hyperbola through the saddle point.
//!
//! In:   lambda with its drift taken out, amplitudes A, a time t.
//! Out:  the logarithms of the densities at u: `(1/(2 pi i)) integral exp(s u) A(s) exp(-t lambda(s)) ds`.
//! Holds: lambda and A are analytic off the real axis left of `-sigma`. The contour crosses the real axis at or near the
//!       saddle point, so that nothing cancels towards `u = 0`; towards infinity the value at the crossing, whose integral is 0, is
//!       subtracted, so that nothing cancels there either. The trapezoidal rule converges exponentially in its step.
//! Source: Weideman & Trefethen, Math. Comp. 76 (2007) 1341, for the hyperbola; Daniels (1954) for the saddle point.

use super::flat::{Flat, Trail};
use super::symbol::{Symbol, exp_m1, singularity, value_at_zero};
use num_complex::Complex64;
use std::f64::consts::PI;

/// The angle by which the hyperbola opens beyond a vertical line.
const BEND: f64 = 0.5;

/// How exactly an integral is taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Effort {
    /// Largest step of the trapezoidal rule: the strip of analyticity is about 1/2 wide, so that the error is `exp(-2 pi 0.5/step)`.
    step: f64,
    /// The integrand is left where it has fallen to `exp(-cut)`.
    cut: f64,
    /// What a density may be off, as a part of it.
    pub(super) tolerance: f64,
}

impl Effort {
    /// To rounding: orders near 1, whose leading terms cancel by 1 - beta, need a step whose error is below 1e-22.
    pub(super) const FINE: Effort = Effort { step: 0.06, cut: 40.0, tolerance: 1e-12 };
    /// For single precision.
    pub(super) const COARSE: Effort = Effort { step: 0.1, cut: 28.0, tolerance: 1e-9 };
}

/// Squares and cubes of kappa up to here, and their reciprocals, are numbers.
const LOG_LARGE: f64 = 230.0;

/// What is inverted.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Transform {
    /// lambda without its drift.
    pub(super) lambda: Symbol,
    slope: Symbol,
    /// A of the densities beside the first, whose A is 1.
    pub(super) amplitudes: Vec<Symbol>,
    /// Of a bounded lambda, `lambda(inf) - lambda`, for large kappa, where lambda itself has lost its digits.
    deficit: Option<Symbol>,
    /// lambda or its deficit, whichever is taken, and the amplitudes.
    risen: Flat,
    fallen: Option<Flat>,
    at_zero: f64,
    /// How far left of 0 the first singularity lies.
    sigma: f64,
}

/// `log(u f(u))` of the first density, and the ratios of the others to it.
#[derive(Clone, Debug)]
pub(super) struct Densities {
    pub(super) log: f64,
    pub(super) ratios: Vec<f64>,
}

impl Transform {
    pub(super) fn new(lambda: Symbol, slope: Symbol, amplitudes: Vec<Symbol>, deficit: Option<Symbol>) -> Transform {
        let sigma = singularity(&lambda);
        let at_zero = value_at_zero(&lambda);
        let with = |first: &Symbol| Flat::new(std::iter::once(first).chain(&amplitudes));
        let (risen, fallen) = (with(&lambda), deficit.as_ref().map(with));
        Transform { lambda, slope, amplitudes, deficit, risen, fallen, at_zero, sigma }
    }

    /// What is inverted, as text; all else follows from it.
    pub(super) fn key(&self) -> String {
        format!("{:?}, {:?}, {:?}, {:?}", self.lambda, self.slope, self.amplitudes, self.deficit)
    }

    /// `lambda - lambda(0)` at a real kappa.
    pub(super) fn exponent(&self, kappa: f64) -> f64 {
        self.lambda.real(kappa) - self.at_zero
    }

    /// The value of lambda at 0.
    pub(super) fn at_zero(&self) -> f64 {
        self.at_zero
    }

    /// `log u` at which `t (lambda(1/u) - lambda(0))` is 1, or half of the most that it can be: where the law lies.
    pub(super) fn log_centre(&self, t: f64) -> f64 {
        let most = t * self.exponent(LOG_LARGE.exp());
        let level = if most < 2.0 { 0.5 * most } else { 1.0 };
        bisect(-LOG_LARGE, 690.0, |y| t * self.exponent((-y).exp()) > level)
    }

    /// The densities at `u = exp(y)`.
    pub(super) fn densities(&self, t: f64, y: f64, effort: Effort) -> Densities {
        let u = y.exp();
        // The saddle point, as the logarithm of its distance from the singularity.
        let log_distance = bisect_within(1e-5, -300.0, 690.0, |l| t * self.slope.real(l.exp() - self.sigma) > u);
        let distance = log_distance.exp() + 1.0 / u;
        let is_far = log_distance + y < 3.0_f64.ln();
        self.integrate(t, u, (distance, is_far), effort)
    }

    fn integrate(&self, t: f64, u: f64, (distance, is_far): (f64, bool), effort: Effort) -> Densities {
        let (sin, cos) = BEND.sin_cos();
        let scale = distance / (1.0 - sin);
        let crossing = distance - self.sigma;
        let crossing_exponent = self.exponent(crossing);
        let below = self.deficit.as_ref().map(|deficit| deficit.real(crossing)).filter(|d| *d < crossing_exponent);
        let flat = match (&self.fallen, below) {
            (Some(fallen), Some(_)) => fallen,
            _ => &self.risen,
        };
        let at_crossing: Vec<f64> = self.amplitudes.iter().map(|a| a.real(crossing)).collect();
        let step = effort.step.min(0.7 / self.curvature(t, u, crossing, scale).sqrt());
        let mut sums = vec![0.0; self.amplitudes.len() + 1];
        let mut trail = Trail::default();
        let mut low = 0;
        for i in 0..100_000_u32 {
            let w = f64::from(i) * step;
            let half = (0.5 * w).sinh();
            let (cosh, sinh) = (1.0 + 2.0 * half * half, 2.0 * half * (1.0 + half * half).sqrt());
            // s - s_c, without cancellation near the crossing.
            let along = scale * Complex64::new(-2.0 * sin * half * half, cos * sinh);
            let tangent = scale * Complex64::new(-sin * sinh, cos * cosh) * if i == 0 { 0.5 } else { 1.0 };
            let mut values = flat.along(crossing + along, &mut trail);
            let value = values.next().unwrap_or_default();
            let gained = match below {
                Some(below) => below - value,
                None => value - self.at_zero - crossing_exponent,
            };
            let decay = -t * gained;
            let (first, growth) = if is_far {
                let growth = (u * along).exp();
                (growth * exp_m1(decay), growth)
            } else {
                ((u * along + decay).exp(), Complex64::ZERO)
            };
            sums[0] += (first * tangent).im;
            for ((sum, a), fixed) in sums[1..].iter_mut().zip(values).zip(&at_crossing) {
                let term = if is_far { a * first + growth * (a - fixed) } else { a * first };
                *sum += (term * tangent).im;
            }
            // The tangent is at most scale exp(w).
            let size = (u * along.re).max(u * along.re + decay.re) + w;
            low = if size < -effort.cut { low + 1 } else { 0 };
            if low > 2 {
                break;
            }
        }
        let log = u * crossing - t * crossing_exponent + (step / PI * u).ln() + sums[0].max(f64::MIN_POSITIVE).ln();
        Densities { log, ratios: sums[1..].iter().map(|sum| sum / sums[0].max(f64::MIN_POSITIVE)).collect() }
    }

    /// Minus the second derivative of the exponent's real part along the contour, at the crossing.
    fn curvature(&self, t: f64, u: f64, crossing: f64, scale: f64) -> f64 {
        let (sin, cos) = BEND.sin_cos();
        let slope = self.slope.real(crossing);
        let beside = crossing + 1e-3 * (crossing + self.sigma);
        let bend = (self.slope.real(beside) - slope) / (beside - crossing);
        let curvature = (u - t * slope) * scale * sin - t * bend * (scale * cos).powi(2);
        // The exponential of s u alone has the first of these.
        curvature.abs().max(u * scale * sin)
    }
}

/// Where a condition that holds below ceases to hold.
pub(super) fn bisect(low: f64, high: f64, holds: impl Fn(f64) -> bool) -> f64 {
    bisect_within(0.0, low, high, holds)
}

/// The same to this error, or to the last digit.
fn bisect_within(error: f64, low: f64, high: f64, holds: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (low, high);
    for _ in 0..60 {
        if high - low < error {
            break;
        }
        let middle = 0.5 * (low + high);
        if holds(middle) { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::{Expr, rational};
    use std::collections::BTreeMap;

    fn transform(lambda: &Expr, amplitudes: &[Expr]) -> Transform {
        let read = |e: &Expr| Symbol::read(e, &BTreeMap::new()).expect("no parameters").expect("a symbol");
        let slope = lambda.derivative(&Expr::kappa()).expect("smooth");
        Transform::new(read(lambda), read(&slope), amplitudes.iter().map(read).collect(), None)
    }

    #[test]
    fn the_half_stable_density_is_levy_s() {
        // u f(u) = t/(2 sqrt(pi u)) exp(-t^2/(4u)); the transform s^(-1/2) exp(-t s^(1/2)) is that of 1/sqrt(pi u) exp(-t^2/(4u)).
        let root = Expr::kappa().sqrt();
        let law = transform(&root, &[root.clone().recip()]);
        for t in [1e-6, 1.0, 300.0] {
            for y in [-6.0_f64, -2.0, 0.0, 1.0, 5.0, 40.0, 200.0] {
                let y = y + 2.0 * f64::ln(t);
                let found = law.densities(t, y, Effort::FINE);
                let expected = -0.25 * t * t * (-y).exp() - 0.5 * y + (0.5 * t).ln() - 0.5 * PI.ln();
                assert!(
                    (found.log - expected).abs() < 5e-13 + 1e-15 * expected.abs(),
                    "{t} {y}: {} {expected}",
                    found.log
                );
                let ratio = 2.0 * y.exp() / t;
                assert!((found.ratios[0] / ratio - 1.0).abs() < 1e-12, "{t} {y}: {} {ratio}", found.ratios[0]);
            }
        }
    }

    #[test]
    fn the_inverse_gaussian_density_has_its_exponential_tail() {
        // lambda = sqrt(kappa + 1) - 1: u f(u) = t/(2 sqrt(pi u)) exp(t - u - t^2/(4u)).
        let law = transform(&((Expr::kappa() + Expr::one()).sqrt() - Expr::one()), &[]);
        for t in [0.01_f64, 1.0, 50.0] {
            for y in [-6.0_f64, -1.0, 0.0, 1.0, 3.0, 6.0] {
                let u = y.exp();
                let expected = t - u - 0.25 * t * t / u - 0.5 * y + (0.5 * t).ln() - 0.5 * PI.ln();
                let found = law.densities(t, y, Effort::FINE).log;
                assert!((found - expected).abs() < 1e-12 + 3e-15 * expected.abs(), "{t} {y}: {found} {expected}");
            }
        }
    }

    #[test]
    fn orders_near_both_ends_agree_with_the_series() {
        // u f(u) = sum_k (-1)^(k+1) Gamma(1 + beta k)/k! sin(pi beta k)/pi u^(-beta k).
        for (p, q) in [(1, 20), (1, 3), (9, 10), (99, 100)] {
            let beta = p as f64 / q as f64;
            let law = transform(&Expr::pow(Expr::kappa(), Expr::Num(rational(p, q))), &[]);
            for y in [1.0, 3.0, 20.0] {
                let term = |k: i32| {
                    let k = f64::from(k);
                    let size = libm::lgamma(1.0 + beta * k) - libm::lgamma(1.0 + k) - beta * k * y;
                    size.exp() * (PI * (((1.0 - beta) * k) % 2.0)).sin() / PI
                };
                let expected = (1..400).rev().map(term).sum::<f64>().ln();
                let found = law.densities(1.0, y, Effort::FINE).log;
                // The series itself cancels near beta = 1.
                assert!((found - expected).abs() < 5e-12, "{beta} {y}: {found} {expected}");
            }
        }
    }
}
