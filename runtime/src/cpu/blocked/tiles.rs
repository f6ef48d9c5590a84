//! Sources in tiles of neighbours, each with coordinates about its own centre.
//!
//! In:   sources `[n, N]` and their log weights.
//! Out:  [`Tiles`].
//! Holds: a source of weight zero is in no tile. Coordinates are rounded after the centre is subtracted, so that inner products keep
//!   the digits of a tile's own extent; the radius holds for the rounded ones. Tiles are filled up with sources of weight zero.
//! Source: bisection at the widest gap or the middle along a line through two distant points, as in Fukunaga & Narendra 1975.

use genphys_compiler::kernel::{Kernel, PairInput, Scalar};
use ndarray::parallel::prelude::*;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

use super::lanes::squared_norm;

/// Sources of a tile at most.
pub(super) const COLUMNS: usize = 256;
/// Tiles are filled up to a multiple of the lanes of any target.
const WIDTH: usize = 16;
/// Sources looked at to choose the line of a bisection.
const SAMPLE: usize = 32;
/// A gap this part of the extent along the line parts two clusters.
const GAP: f64 = 0.1;

/// Sources laid out.
#[derive(Clone, Debug)]
pub(super) struct Tiles<T> {
    pub(super) tiles: Vec<Tile<T>>,
    /// `[tiles, N]`.
    pub(super) centers: Array2<f64>,
    /// The weights of the heaviest source of each tile, filled up to whole vectors.
    pub(super) heaviest: [Vec<T>; 3],
    /// The number of sources with a weight.
    pub(super) len: usize,
}

/// One of them.
#[derive(Clone, Debug)]
pub(super) struct Tile<T> {
    /// `[columns, N]`, relative to the centre.
    pub(super) y: Array2<T>,
    pub(super) y_squared: Vec<T>,
    pub(super) weights: [Vec<T>; 3],
    /// No source is farther from the centre.
    pub(super) radius: f64,
}

impl<T: Scalar> Tiles<T> {
    pub(super) fn new(kernel: &Kernel, y: ArrayView2<'_, f64>, log_weights: &[f64], log_scale: f64) -> Tiles<T> {
        let mut kept: Vec<usize> = (0..y.nrows()).filter(|i| log_weights[*i] > f64::NEG_INFINITY).collect();
        let len = kept.len();
        let mut groups = Vec::new();
        bisect(y, &mut kept, &mut groups);
        let weighing = Weighing { kernel, log_weights, log_scale };
        let made: Vec<(Tile<T>, Array1<f64>)> = groups.par_iter().map(|group| tile(y, group, &weighing)).collect();
        let mut centers = Array2::zeros((made.len(), y.ncols()));
        centers.rows_mut().into_iter().zip(&made).for_each(|(mut row, (_, center))| row.assign(center));
        let heaviest =
            groups.iter().map(|group| group.iter().map(|i| log_weights[*i]).fold(f64::NEG_INFINITY, f64::max));
        let heaviest = weighing.columns(&heaviest.collect::<Vec<f64>>());
        Tiles { tiles: made.into_iter().map(|(tile, _)| tile).collect(), centers, heaviest, len }
    }
}

struct Weighing<'a> {
    kernel: &'a Kernel,
    log_weights: &'a [f64],
    log_scale: f64,
}

impl Weighing<'_> {
    /// The weight inputs that the kernel reads, zero for the others.
    fn columns<T: Scalar>(&self, log_weights: &[f64]) -> [Vec<T>; 3] {
        let reads: Vec<PairInput> = self.kernel.weight_inputs().collect();
        let padded = log_weights.len().next_multiple_of(WIDTH);
        let [_, inputs @ ..] = PairInput::ALL;
        inputs.map(|input| {
            let log_w = |i: usize| log_weights.get(i).map_or(f64::NEG_INFINITY, |w| w - self.log_scale);
            let column = (0..padded).map(|i| T::from_f64(input.of_log_weight(log_w(i))));
            if reads.contains(&input) { column.collect() } else { vec![T::default(); padded] }
        })
    }
}

/// The tile of these sources, and its centre.
fn tile<T: Scalar>(y: ArrayView2<'_, f64>, group: &[usize], weighing: &Weighing<'_>) -> (Tile<T>, Array1<f64>) {
    let mut center = Array1::zeros(y.ncols());
    group.iter().for_each(|i| center.scaled_add(1.0 / group.len() as f64, &y.row(*i)));
    let mut points = Array2::from_elem((group.len().next_multiple_of(WIDTH), y.ncols()), T::default());
    for (i, mut row) in group.iter().zip(points.rows_mut()) {
        row.iter_mut().zip(y.row(*i).iter().zip(&center)).for_each(|(to, (y, c))| *to = T::from_f64(y - c));
    }
    let y_squared = points.rows().into_iter().map(|y| squared_norm(y.as_slice().unwrap_or(&[]))).collect();
    let far = points.rows().into_iter().map(|y| y.iter().map(|y| (*y).into() * (*y).into()).sum()).fold(0.0, f64::max);
    let log_weights: Vec<f64> = group.iter().map(|i| weighing.log_weights[*i]).collect();
    // The sum of squares has rounding errors of its own.
    let radius = far.sqrt() * (1.0 + 1e-10);
    (Tile { y: points, y_squared, weights: weighing.columns(&log_weights), radius }, center)
}

/// Splits `kept` into groups of at most [`COLUMNS`], those of neighbours as far as two halves can tell.
fn bisect(y: ArrayView2<'_, f64>, kept: &mut [usize], groups: &mut Vec<Vec<usize>>) {
    if kept.len() <= COLUMNS {
        if !kept.is_empty() {
            // Sums then run in the order of the data.
            kept.sort_unstable();
            groups.push(kept.to_vec());
        }
        return;
    }
    let line = line(y, kept);
    let mut keys: Vec<(f64, usize)> = kept.par_iter().map(|i| (y.row(*i).dot(&line), *i)).collect();
    keys.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let middle = split(&keys);
    kept.iter_mut().zip(keys).for_each(|(to, (_, i))| *to = i);
    let (low, high) = kept.split_at_mut(middle);
    bisect(y, low, groups);
    bisect(y, high, groups);
}

/// From one of two distant points to the other.
fn line(y: ArrayView2<'_, f64>, kept: &[usize]) -> Array1<f64> {
    let sample: Vec<ArrayView1<'_, f64>> =
        kept.iter().step_by(kept.len().div_ceil(SAMPLE)).map(|i| y.row(*i)).collect();
    let first = farthest(&sample, sample[0]);
    let second = farthest(&sample, first);
    // A length near 1 keeps the projections of huge coordinates finite.
    let line = &second - &first;
    let largest = line.iter().fold(f64::MIN_POSITIVE, |max: f64, d| max.max(d.abs()));
    line / largest
}

fn farthest<'a>(sample: &[ArrayView1<'a, f64>], from: ArrayView1<'a, f64>) -> ArrayView1<'a, f64> {
    let distance = |to: &ArrayView1<'_, f64>| (&from - to).mapv(|d| d * d).sum();
    sample.iter().copied().max_by(|a, b| distance(a).total_cmp(&distance(b))).unwrap_or(from)
}

/// Where to cut the sorted keys: at the widest gap of the middle half if that parts clusters, else so that the tiles of one
/// half are full.
fn split(keys: &[(f64, usize)]) -> usize {
    let n = keys.len();
    let gap = |i: usize| keys[i].0 - keys[i - 1].0;
    let widest = (n / 8..n - n / 8).max_by(|a, b| gap(*a).total_cmp(&gap(*b))).filter(|i| *i > 0);
    match widest {
        Some(i) if gap(i) > GAP * (keys[n - 1].0 - keys[0].0) => i,
        _ => (n / 2).next_multiple_of(COLUMNS).min(n - 1),
    }
}

/// A point relative to a centre, rounded.
pub(super) fn relative<T: Scalar>(x: &[f64], center: &[f64], to: &mut [T]) {
    to.iter_mut().zip(x.iter().zip(center)).for_each(|(to, (x, c))| *to = T::from_f64(x - c));
}

/// The rows of `x`, the last one repeated up to a multiple of `step`.
pub(super) fn padded(x: ArrayView2<'_, f64>, step: usize) -> Array2<f64> {
    let rows = x.nrows();
    Array2::from_shape_fn((rows.next_multiple_of(step), x.ncols()), |(i, d)| x[[i.min(rows - 1), d]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_is_in_one_tile_and_clusters_are_not_mixed() {
        // Clusters of 258, 516 and 86 points far apart, in an order that mixes them, and one point of each repeated.
        let cluster = |i: usize| [0, 1, 1, 0, 1, 2, 1, 1, 0, 1][i % 10];
        let y = Array2::from_shape_fn((860, 20), |(i, d)| {
            f64::from(cluster(i)) * 50.0 + if i % 43 == 0 { 0.0 } else { ((i * 20 + d) as f64 * 0.618_034).fract() }
        });
        let (mut kept, mut groups): (Vec<usize>, Vec<Vec<usize>>) = ((0..860).collect(), Vec::new());
        bisect(y.view(), &mut kept, &mut groups);
        assert!(
            groups.iter().all(|group| group.len() <= COLUMNS && group.iter().all(|i| cluster(*i) == cluster(group[0])))
        );
        let mut all = groups.concat();
        all.sort_unstable();
        assert_eq!(all, (0..860).collect::<Vec<usize>>());
    }

    #[test]
    fn equal_sources_are_split_all_the_same() {
        let (mut kept, mut groups): (Vec<usize>, Vec<Vec<usize>>) = ((0..1000).collect(), Vec::new());
        bisect(Array2::from_elem((1000, 17), 3.0).view(), &mut kept, &mut groups);
        assert_eq!(groups.iter().map(Vec::len).collect::<Vec<usize>>(), [256, 256, 256, 232]);
    }
}
