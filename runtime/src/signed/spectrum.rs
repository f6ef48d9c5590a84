//! Inverse Fourier transforms of radial functions in one, two and three dimensions.
//!
//! In:    `f(k)` with a part `exp(-lambda t)` that is negligible beyond some `k`.
//! Out:   the function of r and, for a gradient, its slope.
//! Holds: three-point Gauss panels short against both the decay of f and the oscillation of the kernel, so the error is
//!        far below what a picture shows; tested against Gaussian and Cauchy laws.

use std::f64::consts::PI;

/// Panels for each oscillation of the kernel at the largest radius.
const PER_OSCILLATION: f64 = 4.0;

/// The fewest panels: f itself bends about `k -> 0`.
const FEWEST: f64 = 400.0;

/// The first panel is cut at these powers of one half.
const HALVINGS: i32 = 40;

/// The values of a radial function in Fourier space at quadrature nodes.
#[derive(Debug, Clone)]
pub struct Spectrum {
    nodes: Vec<Node>,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    k: f64,
    /// The value of f times the weight of the quadrature.
    f: f64,
}

impl Spectrum {
    /// Samples `f` on `0 < k < end` for radii up to `radius`; none when f has no finite value somewhere.
    pub fn sample(end: f64, radius: f64, f: impl Fn(f64) -> Option<f64>) -> Option<Spectrum> {
        let panels = (PER_OSCILLATION * end * radius / (2.0 * PI)).clamp(FEWEST, 1e5) as usize;
        let step = end / panels as f64;
        let offset = 0.5 * 0.6_f64.sqrt();
        let rule = [(0.5 - offset, 5.0 / 18.0), (0.5, 8.0 / 18.0), (0.5 + offset, 5.0 / 18.0)];
        // The first panel is halved towards 0, where f may have a root of k.
        let ends = (1..=HALVINGS).rev().map(|i| step * 0.5f64.powi(i)).chain((1..=panels).map(|i| i as f64 * step));
        let starts = std::iter::once(0.0).chain(ends.clone());
        let nodes = starts.zip(ends).flat_map(|(a, b)| rule.map(|(at, weight)| (a + at * (b - a), weight * (b - a))));
        let nodes = nodes.map(|(k, weight)| Some(Node { k, f: f(k).filter(|v| v.is_finite())? * weight }));
        Some(Spectrum { nodes: nodes.collect::<Option<_>>()? })
    }

    /// The same nodes with every value multiplied by a function of k.
    pub fn times(&self, factor: impl Fn(f64) -> Option<f64>) -> Option<Spectrum> {
        let nodes = self.nodes.iter().map(|n| Some(Node { k: n.k, f: n.f * factor(n.k).filter(|v| v.is_finite())? }));
        Some(Spectrum { nodes: nodes.collect::<Option<_>>()? })
    }

    /// `(2 pi)^(-N)` times the integral of `f(|k|) exp(i k.x)` at `|x| = r`, for N = 1, 2, 3.
    pub fn at(&self, dimension: usize, r: f64) -> f64 {
        match dimension {
            1 => self.sum(|k| (k * r).cos()) / PI,
            2 => self.sum(|k| k * libm::j0(k * r)) / (2.0 * PI),
            _ => self.sum(|k| k * k * sinc(k * r)) / (2.0 * PI * PI),
        }
    }

    /// The derivative of [`Spectrum::at`] in r.
    pub fn slope(&self, dimension: usize, r: f64) -> f64 {
        match dimension {
            1 => -self.sum(|k| k * (k * r).sin()) / PI,
            2 => -self.sum(|k| k * k * libm::j1(k * r)) / (2.0 * PI),
            _ => -self.sum(|k| k * k * k * spherical_j1(k * r)) / (2.0 * PI * PI),
        }
    }

    fn sum(&self, kernel: impl Fn(f64) -> f64) -> f64 {
        self.nodes.iter().map(|n| n.f * kernel(n.k)).sum()
    }
}

fn sinc(z: f64) -> f64 {
    if z.abs() < 1e-4 { 1.0 - z * z / 6.0 } else { z.sin() / z }
}

/// `-d/dz (sin(z)/z)`.
fn spherical_j1(z: f64) -> f64 {
    if z.abs() < 1e-3 { z / 3.0 } else { (z.sin() / z - z.cos()) / z }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The Gaussian of variance 2 t and the Cauchy law of scale t, whose transforms are `exp(-k^2 t)` and `exp(-k t)`.
    #[test]
    fn laws_with_closed_forms_come_back() {
        let t: f64 = 0.7;
        for n in [1, 2, 3_usize] {
            let half = 0.5 * n as f64;
            let gauss = Spectrum::sample(9.0, 5.0, |k| Some((-k * k * t).exp())).expect("finite");
            let cauchy = Spectrum::sample(60.0, 5.0, |k| Some((-k * t).exp())).expect("finite");
            let scale = libm::tgamma(half + 0.5) / PI.powf(half + 0.5);
            for r in [0.0_f64, 1e-5, 0.3, 1.0, 2.5, 5.0] {
                let g = (4.0 * PI * t).powf(-half) * (-r * r / (4.0 * t)).exp();
                let c = scale * t * (t * t + r * r).powf(-half - 0.5);
                assert!((gauss.at(n, r) - g).abs() < 1e-10, "{n} {r}");
                assert!((cauchy.at(n, r) - c).abs() < 1e-8, "{n} {r}: {} {c}", cauchy.at(n, r));
                assert!((gauss.slope(n, r) + g * r / (2.0 * t)).abs() < 1e-9, "{n} {r}");
                let slope = -c * (n as f64 + 1.0) * r / (t * t + r * r);
                assert!((cauchy.slope(n, r) - slope).abs() < 1e-7, "{n} {r}");
            }
        }
    }
}
