//! Real draws: what a perfect sampler would return.

use ndarray::{Array2, Axis};

use crate::data::Dataset;
use crate::sampler::rng::{Purpose, open_unit, stream};

/// `n` points of `data` drawn by their weights with replacement, `[n, N]`: a function of `seed` and `number` alone.
///
/// # Example
/// ```
/// use genphys_runtime::{data::builtin, metrics::real_draw};
/// let data = builtin("two_points", 2, 0)?;
/// assert_eq!(real_draw(&data, 5, 1, 0), real_draw(&data, 5, 1, 0));
/// # Ok::<(), genphys_runtime::data::DataError>(())
/// ```
pub fn real_draw(data: &Dataset, n: usize, seed: u64, number: u64) -> Array2<f64> {
    let mut rng = stream(seed, Purpose::Reference, number);
    let mut sum = 0.0;
    let cumulative: Vec<f64> = data
        .weights()
        .iter()
        .map(|weight| {
            sum += weight;
            sum
        })
        .collect();
    let choose = |u: f64| cumulative.partition_point(|upto| *upto <= (u * sum).min(sum.next_down()));
    let rows: Vec<usize> = (0..n).map(|_| choose(open_unit(&mut rng))).collect();
    data.points().select(Axis(0), &rows)
}
