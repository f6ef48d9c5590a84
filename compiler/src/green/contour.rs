//! Laplace transforms `A(s) exp(-t lambda(s))` inverted along a hyperbola through the saddle point.
//!
//! In:   lambda with its drift taken out, amplitudes A, a time t.
//! Out:  the logarithms of the densities at u: `(1/(2 pi i)) integral exp(s u) A(s) exp(-t lambda(s)) ds`.
//! Holds: lambda and A are analytic off the real axis left of `-sigma`. The contour crosses the real axis at or near the
//!       saddle point, so that nothing cancels towards `u = 0`; towards infinity the value at the crossing, whose integral is 0, is
//!       subtracted, so that nothing cancels there either. The trapezoidal rule converges exponentially in its step.
//! Source: Weideman & Trefethen, Math. Comp. 76 (2007) 1341, for the hyperbola; Daniels (1954) for the saddle point.

use super::rays::{Node, Ray, Rays};
use super::symbol::{Symbol, exp_m1};
use num_complex::Complex64;
use std::f64::consts::PI;

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

/// What is inverted: lambda without its drift; densities beside the first, whose A is 1, have the amplitudes.
#[derive(Debug)]
pub(super) struct Transform {
    rays: Rays,
}

impl PartialEq for Transform {
    fn eq(&self, other: &Transform) -> bool {
        self.rays.symbols() == other.rays.symbols()
    }
}

/// `log(u f(u))` of the first density, and the ratios of the others to it.
#[derive(Clone, Debug)]
pub(super) struct Densities {
    pub(super) log: f64,
    pub(super) ratios: Vec<f64>,
}

impl Transform {
    /// Of a bounded lambda, `deficit` is `lambda(inf) - lambda`, for large kappa, where lambda itself has lost its digits.
    pub(super) fn new(lambda: Symbol, slope: Symbol, amplitudes: Vec<Symbol>, deficit: Option<Symbol>) -> Transform {
        Transform { rays: Rays::new(lambda, slope, amplitudes, deficit) }
    }

    /// What is inverted, as text; all else follows from it.
    pub(super) fn key(&self) -> String {
        let (lambda, slope, amplitudes, deficit) = self.rays.symbols();
        format!("{lambda:?}, {slope:?}, {amplitudes:?}, {deficit:?}")
    }

    /// `lambda - lambda(0)` at a real kappa.
    pub(super) fn exponent(&self, kappa: f64) -> f64 {
        self.rays.exponent(kappa)
    }

    /// The value of lambda at 0.
    pub(super) fn at_zero(&self) -> f64 {
        self.rays.at_zero()
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
        let log_saddle = self.rays.log_distance(y - t.ln());
        let is_far = log_saddle + y < 3.0_f64.ln();
        let log_distance = (log_saddle.exp() + 1.0 / u).ln();
        let step = self.step((t, u), log_distance, effort);
        let mut least = 0;
        loop {
            let ray = self.rays.ray(step, log_distance, least);
            let (densities, is_whole) = self.sum(&ray, (t, u), step, (is_far, effort.cut));
            if is_whole || ray.nodes.len() < least {
                return densities;
            }
            least = 2 * ray.nodes.len();
        }
    }

    /// The step at this time, u and crossing; it is halved, not fitted, so that many times and u share their rays.
    fn step(&self, (t, u): (f64, f64), log_distance: f64, effort: Effort) -> f64 {
        const HALVINGS: i32 = 20;
        let widest = 0.7 / self.rays.ray(effort.step, log_distance, 0).curvature(t, u).sqrt();
        let halvings = (0..HALVINGS).find(|n| effort.step * 0.5_f64.powi(*n) <= widest).unwrap_or(HALVINGS);
        effort.step * 0.5_f64.powi(halvings)
    }

    /// The trapezoidal rule on a ray, and whether its nodes reach as far as the integrand does.
    fn sum(&self, ray: &Ray, (t, u): (f64, f64), step: f64, (is_far, cut): (bool, f64)) -> (Densities, bool) {
        let count = self.rays.count();
        let mut sums = vec![0.0; count + 1];
        let (mut low, mut amplitudes) = (0, ray.amplitudes.chunks_exact(count.max(1)));
        for (i, Node { along, tangent, gained }) in ray.nodes.iter().enumerate() {
            let (rise, decay) = (u * along, -t * gained);
            let (first, growth) = if is_far {
                let growth = rise.exp();
                (growth * exp_m1(decay), growth)
            } else {
                ((rise + decay).exp(), Complex64::ZERO)
            };
            sums[0] += (first * tangent).im;
            for (sum, [a, beside]) in sums[1..].iter_mut().zip(amplitudes.next().into_iter().flatten()) {
                let term = if is_far { a * first + growth * beside } else { a * first };
                *sum += (term * tangent).im;
            }
            // The tangent is at most scale exp(w).
            let size = rise.re.max(rise.re + decay.re) + i as f64 * step;
            low = if size < -cut { low + 1 } else { 0 };
            if low > 2 {
                break;
            }
        }
        let log = u * ray.crossing - t * ray.exponent + (step / PI * u).ln() + sums[0].max(f64::MIN_POSITIVE).ln();
        let ratios = sums[1..].iter().map(|sum| sum / sums[0].max(f64::MIN_POSITIVE)).collect();
        (Densities { log, ratios }, low > 2)
    }
}

/// Where a condition that holds below ceases to hold, to the last digit.
pub(super) fn bisect(low: f64, high: f64, holds: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (low, high);
    for _ in 0..60 {
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
