//! How much a tile can weigh at most for a query, from the distance to its centre and its radius.
//!
//! In:   the tiles, queries.
//! Out:  [`Reach`]: for each pair of them an upper bound on the log weight of any source, and for each query a lower bound on the largest.
//! Holds: bounds hold for every kernel that falls with `q`, rounding included; where a distance is not finite nothing is left out.
//! Source: the triangle inequality.

use genphys_compiler::kernel::Scalar;
use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView1};

use super::super::jit::LayoutMismatch;
use super::batch::Batch;
use super::tiles::Tiles;

/// Bounds on log weights.
pub(super) struct Reach {
    /// `[queries, tiles]`; empty for a single tile, which is never left out.
    upper: Array2<f64>,
    /// A lower bound on the largest log weight of each query.
    least: Vec<f64>,
    /// The logarithm of the part of a sum that one source may be without being missed.
    negligible: f64,
}

impl Reach {
    /// The bounds for the rows of `x`.
    pub(super) fn new<T: Scalar>(
        batch: &Batch<'_>,
        tiles: &Tiles<T>,
        x: &Array2<f64>,
        pair: &[T],
    ) -> Result<Reach, LayoutMismatch> {
        let negligible = (T::PRECISION.epsilon() / (64.0 * tiles.len.max(1) as f64)).ln();
        if tiles.tiles.len() < 2 {
            return Ok(Reach { upper: Array2::zeros((0, 0)), least: Vec::new(), negligible });
        }
        let mut upper = Array2::zeros((x.nrows(), tiles.tiles.len()));
        general_mat_mul(-2.0, x, &tiles.centers.t(), 0.0, &mut upper);
        let center_squared: Vec<f64> = tiles.centers.rows().into_iter().map(|c| c.dot(&c)).collect();
        let mut bounds = Bounds::new(batch, tiles);
        let mut least = Vec::with_capacity(x.nrows());
        for (x, mut row) in x.rows().into_iter().zip(upper.rows_mut()) {
            bounds.distances(x, row.view(), &center_squared);
            let (farthest, nearest) = bounds.log_weights(batch, pair)?;
            // A bound that is not a number bounds nothing.
            let slack = |l: f64| SLACK * T::PRECISION.epsilon() * (l.abs() + x.len() as f64 + 64.0);
            least.push(farthest.iter().map(|l| l - slack(*l)).fold(f64::NEG_INFINITY, f64::max));
            row.iter_mut().zip(nearest).for_each(|(to, l)| *to = if l.is_nan() { f64::INFINITY } else { l + slack(l) });
        }
        Ok(Reach { upper, least, negligible })
    }

    /// Whether a tile is nothing to a query whose sum has this logarithm so far.
    pub(super) fn leaves_out(&self, row: usize, tile: usize, log_sum: f64) -> bool {
        match (self.upper.get([row, tile]), self.least.get(row)) {
            (Some(upper), Some(least)) => *upper < least.max(log_sum) + self.negligible,
            _ => false,
        }
    }
}

/// Roundings of a log weight that moves by the rounding of its `q`, generously.
const SLACK: f64 = 64.0;

/// The least and the largest squared distance of the sources of each tile from a query, filled up to whole vectors.
struct Bounds<'a, T> {
    tiles: &'a Tiles<T>,
    nearest: Vec<T>,
    farthest: Vec<T>,
    results: Vec<Vec<T>>,
}

impl<'a, T: Scalar> Bounds<'a, T> {
    fn new(batch: &Batch<'_>, tiles: &'a Tiles<T>) -> Bounds<'a, T> {
        let columns = vec![T::default(); tiles.heaviest[0].len()];
        Bounds { tiles, nearest: columns.clone(), farthest: columns, results: vec![Vec::new(); batch.results()] }
    }

    /// `minus_twice` holds `-2 x.c`.
    fn distances(&mut self, x: ArrayView1<'_, f64>, minus_twice: ArrayView1<'_, f64>, center_squared: &[f64]) {
        let x_squared = x.dot(&x);
        // Blocked sums of n terms err by far less than n roundings; the square root is generous, too.
        let error = f64::EPSILON * (8.0 + (x.len() as f64).sqrt());
        let columns = self.nearest.iter_mut().zip(&mut self.farthest);
        let tiles = self.tiles.tiles.iter().zip(center_squared).zip(minus_twice);
        for ((nearest, farthest), ((tile, c), minus_twice)) in columns.zip(tiles) {
            let (scale, q) = (x_squared + c, x_squared + c + minus_twice);
            let (low, high) = ((q - error * scale).max(0.0).sqrt(), (q + error * scale).max(0.0).sqrt());
            // A distance that is not finite gives bounds that are not numbers.
            let unknown = 0.0 * q;
            *nearest = T::from_f64((low - tile.radius).max(0.0).powi(2) + unknown);
            *farthest = T::from_f64((high + tile.radius).powi(2) + unknown);
        }
    }

    /// The log weight of the heaviest source of each tile at the farthest place in it, and at the nearest.
    fn log_weights(&mut self, batch: &Batch<'_>, pair: &[T]) -> Result<(Vec<f64>, Vec<f64>), LayoutMismatch> {
        let mut at = |q: &[T]| {
            batch.pairs(&self.tiles.heaviest, q, &mut self.results, pair)?;
            let l = self.results.first().ok_or(LayoutMismatch)?;
            Ok(l.iter().take(self.tiles.tiles.len()).map(|l| (*l).into()).collect::<Vec<f64>>())
        };
        Ok((at(&self.farthest)?, at(&self.nearest)?))
    }
}
