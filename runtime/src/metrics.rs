//! Distances between weighted point clouds, to judge samples by.
//!
//! In:    two [`Cloud`]s of the same dimension.
//! Out:   numbers: 0 for equal laws, larger for more different ones.
//! Holds: no result depends on the thread count; sums run in the order of the points.

mod coverage;
mod mmd;
mod real;

pub use coverage::coverage;
pub use mmd::{median_distance, mmd_squared};
pub use real::real_draw;

use ndarray::{Array1, ArrayView1, ArrayView2};
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

use crate::data::Dataset;
use crate::sampler::rng::{Purpose, stream};

/// A weighted point cloud, borrowed: at least one point, weights nonnegative with a positive sum.
#[derive(Debug, Clone, Copy)]
pub struct Cloud<'a> {
    points: ArrayView2<'a, f64>,
    weights: Option<&'a [f64]>,
    /// The sum of the weights.
    total: f64,
}

/// Why two clouds could not be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MetricError {
    /// A cloud has no points.
    #[error("a cloud without points has no distances")]
    Empty,
    /// The weights do not fit the points, are negative, not finite, or sum to zero.
    #[error("the weights must be one per point, finite, not negative and not all zero")]
    Weights,
    /// The clouds live in different dimensions.
    #[error("one cloud lives in {0} dimensions, the other in {1}")]
    Dimensions(usize, usize),
    /// No direction to project on was asked for.
    #[error("at least one direction is needed")]
    NoDirections,
    /// The width of a kernel is not a length.
    #[error("the width of the kernel must be positive and finite")]
    Width,
    /// No neighbour was asked for.
    #[error("at least one neighbour is needed")]
    NoNeighbours,
}

impl<'a> Cloud<'a> {
    /// A cloud of equal weights, `points`: `[n, N]`.
    ///
    /// # Errors
    /// [`MetricError::Empty`].
    pub fn new(points: ArrayView2<'a, f64>) -> Result<Cloud<'a>, MetricError> {
        match points.nrows() {
            0 => Err(MetricError::Empty),
            n => Ok(Cloud { points, weights: None, total: n as f64 }),
        }
    }

    /// A cloud with weights `[n]`, which need not be normalised.
    ///
    /// # Errors
    /// [`MetricError::Empty`] or [`MetricError::Weights`].
    pub fn weighted(points: ArrayView2<'a, f64>, weights: &'a [f64]) -> Result<Cloud<'a>, MetricError> {
        let total: f64 = weights.iter().sum();
        let good = weights.iter().all(|weight| *weight >= 0.0) && total > 0.0 && total.is_finite();
        if weights.len() != points.nrows() || !good {
            return Err(if points.nrows() == 0 { MetricError::Empty } else { MetricError::Weights });
        }
        Ok(Cloud { points, weights: Some(weights), total })
    }

    fn weight(&self, i: usize) -> f64 {
        self.weights.map_or(1.0, |weights| weights[i]) / self.total
    }

    fn same_dimension(&self, other: &Cloud) -> Result<(), MetricError> {
        let (a, b) = (self.points.ncols(), other.points.ncols());
        if a == b { Ok(()) } else { Err(MetricError::Dimensions(a, b)) }
    }
}

impl<'a> From<&'a Dataset> for Cloud<'a> {
    fn from(data: &'a Dataset) -> Cloud<'a> {
        let weights = data.weights();
        Cloud { points: data.points().view(), weights: Some(weights), total: weights.iter().sum() }
    }
}

/// The squared energy distance `2 E|X - Y| - E|X - X'| - E|Y - Y'|`: a length; zero exactly for equal laws.
///
/// Costs all pairs. Source: Szekely & Rizzo 2013, J. Stat. Plan. Inference 143.
///
/// # Errors
/// [`MetricError::Dimensions`].
/// # Example
/// ```
/// use genphys_runtime::metrics::{Cloud, energy_distance};
/// let (x, y) = (ndarray::array![[0.0]], ndarray::array![[3.0]]);
/// assert_eq!(energy_distance(&Cloud::new(x.view())?, &Cloud::new(y.view())?)?, 6.0);
/// # Ok::<(), genphys_runtime::metrics::MetricError>(())
/// ```
pub fn energy_distance(x: &Cloud, y: &Cloud) -> Result<f64, MetricError> {
    x.same_dimension(y)?;
    Ok(2.0 * mean_distance(x, y) - mean_distance(x, x) - mean_distance(y, y))
}

fn mean_distance(x: &Cloud, y: &Cloud) -> f64 {
    let row = |i: usize| -> f64 {
        let from = x.points.row(i);
        let sum: f64 = y.points.rows().into_iter().enumerate().map(|(j, to)| y.weight(j) * distance(from, to)).sum();
        x.weight(i) * sum
    };
    // Collected before summing, so that the order of the sum is fixed.
    (0..x.points.nrows()).into_par_iter().map(row).collect::<Vec<f64>>().iter().sum()
}

/// The sliced Wasserstein-2 distance: the root of the mean, over random directions, of the squared Wasserstein-2
/// distance of the projections; a length.
///
/// Source: Bonneel et al. 2015, J. Math. Imaging Vis. 51. The directions are a function of `seed` alone.
///
/// # Errors
/// [`MetricError::Dimensions`], [`MetricError::NoDirections`].
pub fn sliced_wasserstein2(x: &Cloud, y: &Cloud, directions: usize, seed: u64) -> Result<f64, MetricError> {
    x.same_dimension(y)?;
    if directions == 0 {
        return Err(MetricError::NoDirections);
    }
    let along = |k: usize| {
        let direction = direction(x.points.ncols(), seed, k as u64);
        wasserstein2_squared(&projected(x, &direction), &projected(y, &direction))
    };
    let squares: Vec<f64> = (0..directions).into_par_iter().map(along).collect();
    Ok((squares.iter().sum::<f64>() / directions as f64).sqrt())
}

/// A uniform direction: a normal vector, normalised.
fn direction(dim: usize, seed: u64, index: u64) -> Array1<f64> {
    let mut rng = stream(seed, Purpose::Projection, index);
    loop {
        let vector: Array1<f64> = (0..dim).map(|_| StandardNormal.sample(&mut rng)).collect();
        let norm = vector.dot(&vector).sqrt();
        if norm > 0.0 || dim == 0 {
            return vector / norm;
        }
    }
}

/// Positions along a direction with their weights, in ascending order.
fn projected(cloud: &Cloud, direction: &Array1<f64>) -> Vec<(f64, f64)> {
    let positions = cloud.points.dot(direction);
    let mut atoms: Vec<(f64, f64)> = positions.iter().enumerate().map(|(i, &s)| (s, cloud.weight(i))).collect();
    atoms.sort_by(|a, b| a.0.total_cmp(&b.0));
    atoms
}

/// `integral_0^1 (F^-1(u) - G^-1(u))^2 du` of two sorted sets of atoms.
fn wasserstein2_squared(x: &[(f64, f64)], y: &[(f64, f64)]) -> f64 {
    let (mut i, mut j) = (0, 0);
    let (mut left_x, mut left_y) = (x[0].1, y[0].1);
    let mut sum = 0.0;
    loop {
        let mass = left_x.min(left_y);
        sum += mass * (x[i].0 - y[j].0).powi(2);
        left_x -= mass;
        left_y -= mass;
        // The last atoms keep what rounding leaves over.
        if left_x <= 0.0 {
            i += 1;
            let Some(atom) = x.get(i) else { return sum };
            left_x = atom.1;
        }
        if left_y <= 0.0 {
            j += 1;
            let Some(atom) = y.get(j) else { return sum };
            left_y = atom.1;
        }
    }
}

/// For each query the nearest data point and its distance; the first of equals.
///
/// # Errors
/// [`MetricError::Dimensions`].
pub fn nearest(queries: &Cloud, data: &Cloud) -> Result<Vec<(usize, f64)>, MetricError> {
    queries.same_dimension(data)?;
    let search = |i: usize| {
        let from = queries.points.row(i);
        let mut best = (0, f64::INFINITY);
        for (j, to) in data.points.rows().into_iter().enumerate() {
            let distance = distance(from, to);
            if distance < best.1 {
                best = (j, distance);
            }
        }
        best
    };
    Ok((0..queries.points.nrows()).into_par_iter().map(search).collect())
}

/// The share of a cloud's weight that lies nearest to each of the modes; sums to 1.
///
/// # Errors
/// [`MetricError::Dimensions`].
pub fn mode_weights(cloud: &Cloud, modes: &Cloud) -> Result<Vec<f64>, MetricError> {
    let mut shares = vec![0.0; modes.points.nrows()];
    for (i, (mode, _)) in nearest(cloud, modes)?.into_iter().enumerate() {
        shares[mode] += cloud.weight(i);
    }
    Ok(shares)
}

fn distance(a: ArrayView1<f64>, b: ArrayView1<f64>) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests;
