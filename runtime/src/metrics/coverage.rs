//! Coverage: how much of the real law the samples reach.
//!
//! In:    the real points with their weights, samples, and a number of neighbours.
//! Out:   the share of the real weight whose ball, out to the k-th nearest other real point, holds a sample: 0 to 1.
//! Holds: coincident real points count as one, so that no ball has radius 0; a sample on the rim is inside.
//! Source: Naeem et al. 2020 (arXiv:2002.09797), Eq. 5, with weights.

use rayon::prelude::*;

use super::{Cloud, MetricError, distance};

/// The coverage of `real` by `samples` with `k` neighbours, or as many as there are; a single real point is covered by
/// any sample.
///
/// # Errors
/// [`MetricError::Dimensions`]; [`MetricError::NoNeighbours`] for `k` = 0.
/// # Example
/// ```
/// use genphys_runtime::metrics::{Cloud, coverage};
/// let real = ndarray::array![[0.0], [1.0], [10.0], [11.0]];
/// let samples = ndarray::array![[0.2]];
/// let (real, samples) = (Cloud::new(real.view())?, Cloud::new(samples.view())?);
/// assert_eq!(coverage(&real, &samples, 1)?, 0.5);
/// # Ok::<(), genphys_runtime::metrics::MetricError>(())
/// ```
pub fn coverage(real: &Cloud, samples: &Cloud, k: usize) -> Result<f64, MetricError> {
    real.same_dimension(samples)?;
    if k == 0 {
        return Err(MetricError::NoNeighbours);
    }
    let places = places(real);
    let covered = |i: usize| -> f64 {
        let radius = ball(real, &places, i, k);
        let at = real.points.row(i);
        let reached = samples
            .points
            .rows()
            .into_iter()
            .enumerate()
            .any(|(j, to)| samples.weight(j) > 0.0 && distance(at, to) <= radius);
        if reached { real.weight(i) } else { 0.0 }
    };
    let shares: Vec<f64> = (0..real.points.nrows()).into_par_iter().map(covered).collect();
    Ok(shares.iter().sum())
}

/// The distance to the k-th nearest place other than the point's own; infinite where there is no other place.
fn ball(real: &Cloud, places: &[usize], i: usize, k: usize) -> f64 {
    let at = real.points.row(i);
    let apart = places.iter().map(|&j| distance(at, real.points.row(j)));
    let mut apart: Vec<f64> = apart.filter(|d| *d > 0.0).collect();
    apart.sort_by(f64::total_cmp);
    apart.get(k.min(apart.len()).wrapping_sub(1)).copied().unwrap_or(f64::INFINITY)
}

/// One row of each set of coincident points.
fn places(real: &Cloud) -> Vec<usize> {
    let bits = |i: &usize| -> Vec<u64> { real.points.row(*i).iter().map(|x| (x + 0.0).to_bits()).collect() };
    let mut rows: Vec<usize> = (0..real.points.nrows()).collect();
    rows.sort_by_cached_key(bits);
    rows.dedup_by(|a, b| real.points.row(*a) == real.points.row(*b));
    rows
}
