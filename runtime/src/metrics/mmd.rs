//! The squared maximum mean discrepancy under a Gaussian kernel, without bias.
//!
//! In:    two [`Cloud`]s of the same dimension, and the width of the kernel.
//! Out:   a number whose expectation over independent draws is `E k(X,X') + E k(Y,Y') - 2 E k(X,Y)`: 0 for equal laws,
//!        so that values below 0 occur.
//! Holds: a point is never paired with itself; no result depends on the thread count.
//! Source: Gretton et al. 2012, J. Mach. Learn. Res. 13, Eq. 3, with weights.

use rayon::prelude::*;

use super::{Cloud, MetricError, distance};

/// Points compared to find a typical distance: about this many.
const COMPARED: usize = 500;

/// The unbiased squared MMD under `k(x, y) = exp(-|x - y|^2/(2 width^2))`.
///
/// A cloud of one point has no pairs: its own mean counts as 1, as for the law of a point.
///
/// # Errors
/// [`MetricError::Dimensions`]; [`MetricError::Width`] unless the width is positive and finite.
/// # Example
/// ```
/// use genphys_runtime::metrics::{Cloud, mmd_squared};
/// let (x, y) = (ndarray::array![[0.0], [0.0]], ndarray::array![[9.0], [9.0]]);
/// let far = mmd_squared(&Cloud::new(x.view())?, &Cloud::new(y.view())?, 1.0)?;
/// assert!((far - 2.0).abs() < 1e-12);
/// # Ok::<(), genphys_runtime::metrics::MetricError>(())
/// ```
pub fn mmd_squared(x: &Cloud, y: &Cloud, width: f64) -> Result<f64, MetricError> {
    x.same_dimension(y)?;
    if !(width > 0.0 && width.is_finite()) {
        return Err(MetricError::Width);
    }
    let cross = sum_of_pairs(x, y, |_, _| true, width);
    Ok(mean_of_pairs(x, width) + mean_of_pairs(y, width) - 2.0 * cross)
}

/// The median distance between two different points of a cloud, of about 500 taken at even strides; 1 where all coincide.
pub fn median_distance(cloud: &Cloud) -> f64 {
    let stride = cloud.points.nrows().div_ceil(COMPARED).max(1);
    let rows: Vec<usize> = (0..cloud.points.nrows()).step_by(stride).collect();
    let pairs = rows.iter().enumerate().flat_map(|(k, &i)| rows[..k].iter().map(move |&j| (i, j)));
    let apart = pairs.map(|(i, j)| distance(cloud.points.row(i), cloud.points.row(j))).filter(|d| *d > 0.0);
    let mut apart: Vec<f64> = apart.filter(|d| d.is_finite()).collect();
    let middle = apart.len() / 2;
    if apart.is_empty() { 1.0 } else { *apart.select_nth_unstable_by(middle, f64::total_cmp).1 }
}

/// The mean of the kernel over pairs of different points, weighted.
fn mean_of_pairs(cloud: &Cloud, width: f64) -> f64 {
    let with_itself: f64 = (0..cloud.points.nrows()).map(|i| cloud.weight(i).powi(2)).sum();
    let rest = 1.0 - with_itself;
    // All weight on one point, up to rounding.
    if rest < 1e-12 { 1.0 } else { sum_of_pairs(cloud, cloud, |i, j| i != j, width) / rest }
}

fn sum_of_pairs(x: &Cloud, y: &Cloud, counts: impl Fn(usize, usize) -> bool + Sync, width: f64) -> f64 {
    let row = |i: usize| -> f64 {
        let from = x.points.row(i);
        let others = y.points.rows().into_iter().enumerate().filter(|(j, _)| counts(i, *j));
        let kernel = |to| (-0.5 * (distance(from, to) / width).powi(2)).exp();
        x.weight(i) * others.map(|(j, to)| y.weight(j) * kernel(to)).sum::<f64>()
    };
    // Collected before summing, so that the order of the sum is fixed.
    (0..x.points.nrows()).into_par_iter().map(row).collect::<Vec<f64>>().iter().sum()
}
