//! Sets of points in the plane, made by code; all lie about the origin, within a few units of it.
//!
//! In:    a number of points and a seed.
//! Out:   [`Dataset`] in two dimensions.
//! Holds: point `i` is drawn from its own stream, so sets of the same seed are the same on every machine. A set with
//!        several modes deals its points to them in proportion and puts the exact mode weight on them.

use std::f64::consts::{PI, TAU};

use ndarray::{Array2, array};
use rand_distr::{Distribution, StandardNormal};
use rand_philox::Philox;

use super::{DataError, Dataset};
use crate::sampler::rng::{Purpose, open_unit, stream};

const NOTE: &str = "Made by genphys from its seed; free of rights.";

/// Two interleaved half circles of radius 1 about (-1/2, -1/4) and (1/2, 1/4), with noise 0.05.
pub(super) fn two_moons(n: usize, seed: u64) -> Result<Dataset, DataError> {
    scatter(n, seed, |i, rng| {
        let angle = PI * open_unit(rng);
        let (x, y) = (angle.cos() - 0.5, angle.sin() - 0.25);
        let side = if i % 2 == 0 { 1.0 } else { -1.0 };
        [side * x + 0.05 * normal(rng), side * y + 0.05 * normal(rng)]
    })
}

/// Eight Gaussian bumps of standard deviation 0.15 on the circle of radius 2; bump `k`, at angle `k pi/4`, has weight
/// `(k + 1)/36`.
pub(super) fn eight_gaussians(n: usize, seed: u64) -> Result<Dataset, DataError> {
    const MODE_WEIGHTS: [f64; 8] = [1., 2., 3., 4., 5., 6., 7., 8.];
    let modes = dealt(n, &MODE_WEIGHTS);
    let points = scatter(n, seed, |i, rng| {
        let angle = modes.of(i) as f64 * TAU / 8.0;
        [2.0 * angle.cos() + 0.15 * normal(rng), 2.0 * angle.sin() + 0.15 * normal(rng)]
    })?;
    let weights = (0..n).map(|i| modes.point_weight(i)).collect();
    Ok(Dataset::from_points(points.points, Some(weights))?.with_note(NOTE))
}

/// Uniform on the squares `(a, b)` of `[-2, 2]^2`, cut 4 by 4, with `a + b` even.
pub(super) fn checkerboard(n: usize, seed: u64) -> Result<Dataset, DataError> {
    scatter(n, seed, |_, rng| {
        let x = 4.0 * open_unit(rng) - 2.0;
        let shift = (x.floor() as i64).rem_euclid(2) as f64;
        // y lies in one of two rows, each two above the other.
        let row = 2.0 * f64::from(u8::from(open_unit(rng) < 0.5)) - 2.0;
        [x, row + shift + open_unit(rng)]
    })
}

/// A spiral `r = 2 s/(9 pi/2)` at angle `s`, `s` from `3 pi/2` to `9 pi/2`, with noise 0.04.
pub(super) fn swiss_roll(n: usize, seed: u64) -> Result<Dataset, DataError> {
    scatter(n, seed, |_, rng| {
        let s = 1.5 * PI * (1.0 + 2.0 * open_unit(rng));
        let r = 2.0 * s / (4.5 * PI);
        [r * s.cos() + 0.04 * normal(rng), r * s.sin() + 0.04 * normal(rng)]
    })
}

/// Five arms, each a Gaussian stretched outwards (standard deviations 0.3 and 0.05 about radius 1), bent by a rotation
/// that grows as `exp(r)/4`. Source: Johnson et al. 2016 (arXiv:1603.06277).
pub(super) fn pinwheel(n: usize, seed: u64) -> Result<Dataset, DataError> {
    scatter(n, seed, |i, rng| {
        let (along, across) = (1.0 + 0.3 * normal(rng), 0.05 * normal(rng));
        let angle = (i % 5) as f64 * TAU / 5.0 + 0.25 * along.exp();
        let (sin, cos) = angle.sin_cos();
        [cos * along - sin * across, sin * along + cos * across]
    })
}

/// (-1, 0) with weight 0.9 and (1, 0) with weight 0.1.
pub(super) fn two_points(_: usize, _: u64) -> Result<Dataset, DataError> {
    Ok(Dataset::from_points(array![[-1.0, 0.0], [1.0, 0.0]], Some(vec![0.9, 0.1]))?.with_note(NOTE))
}

fn normal(rng: &mut Philox) -> f64 {
    StandardNormal.sample(rng)
}

/// `n` points, each from its own stream.
fn scatter(n: usize, seed: u64, draw: impl Fn(usize, &mut Philox) -> [f64; 2]) -> Result<Dataset, DataError> {
    let too_large = || DataError::TooLarge { points: n, dim: 2 };
    let mut coordinates: Vec<f64> = Vec::new();
    coordinates.try_reserve_exact(n.checked_mul(2).ok_or_else(too_large)?).map_err(|_| too_large())?;
    for i in 0..n {
        coordinates.extend(draw(i, &mut stream(seed, Purpose::Data, i as u64)));
    }
    let points = Array2::from_shape_vec((n, 2), coordinates).map_err(|_| too_large())?;
    Ok(Dataset::from_points(points, None)?.with_note(NOTE))
}

/// Points dealt to modes in proportion to their weights: point `i` goes to the mode at quantile `(i + 1/2)/n`.
struct Dealt {
    /// The first point of each mode, and `n` at the end.
    starts: Vec<usize>,
    mode_weights: Vec<f64>,
}

fn dealt(n: usize, mode_weights: &[f64]) -> Dealt {
    let total: f64 = mode_weights.iter().sum();
    let mut starts = vec![0];
    let mut below = 0.0;
    for weight in mode_weights {
        below += weight / total;
        starts.push(((below * n as f64 - 0.5).ceil().max(0.0) as usize).min(n));
    }
    Dealt { starts, mode_weights: mode_weights.to_vec() }
}

impl Dealt {
    fn of(&self, i: usize) -> usize {
        self.starts.partition_point(|&start| start <= i).saturating_sub(1).min(self.mode_weights.len() - 1)
    }

    fn point_weight(&self, i: usize) -> f64 {
        let mode = self.of(i);
        self.mode_weights[mode] / (self.starts[mode + 1] - self.starts[mode]).max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_gaussians_have_their_mode_weights_exactly() {
        for n in [36, 100, 1000] {
            let data = eight_gaussians(n, 5).expect("made");
            let mut mass = [0.0; 8];
            for (point, weight) in data.points().rows().into_iter().zip(data.weights()) {
                let eighths = point[1].atan2(point[0]) / (TAU / 8.0);
                mass[(eighths.round() as i64).rem_euclid(8) as usize] += weight;
            }
            for (k, mass) in mass.iter().enumerate() {
                // Neighbouring bumps are 1.53 apart, ten standard deviations: none is mistaken.
                assert!((mass - (k + 1) as f64 / 36.0).abs() < 1e-12, "n = {n}, mode {k}: {mass}");
            }
        }
    }

    #[test]
    fn few_points_still_make_a_set() {
        for n in 1..20 {
            assert_eq!(eight_gaussians(n, 0).expect("made").len(), n);
        }
    }

    #[test]
    fn checkerboard_fills_the_dark_squares_only() {
        let data = checkerboard(4000, 1).expect("made");
        let mut counts = [[0; 4]; 4];
        for point in data.points().rows() {
            let square = |value: f64| (value.floor() as i64 + 2) as usize;
            counts[square(point[0])][square(point[1])] += 1;
        }
        for (a, row) in counts.iter().enumerate() {
            for (b, &count) in row.iter().enumerate() {
                // 500 expected, one sigma 21.
                let expected = if (a + b) % 2 == 0 { 400..600 } else { 0..1 };
                assert!(expected.contains(&count), "square {a}, {b}: {count}");
            }
        }
    }

    #[test]
    fn moons_and_roll_keep_near_their_curves() {
        let moons = two_moons(1000, 2).expect("made");
        for (i, point) in moons.points().rows().into_iter().enumerate() {
            let side = if i % 2 == 0 { 1.0 } else { -1.0 };
            let radius = (side * point[0] + 0.5).hypot(side * point[1] + 0.25);
            // Six standard deviations of the noise.
            assert!((radius - 1.0).abs() < 0.3, "point {i}: {radius}");
        }
        let roll = swiss_roll(1000, 2).expect("made");
        let radii = roll.points().rows().into_iter().map(|p| p[0].hypot(p[1])).collect::<Vec<_>>();
        assert!(radii.iter().all(|r| (0.4..2.3).contains(r)));
    }
}
