//! Squared distances of the pairs of one row, those of near pairs from their coordinates.

use std::cmp::Ordering;

use genphys_compiler::kernel::Scalar;

use super::super::jit::LayoutMismatch;
use super::batch::Batch;
use super::row::{At, Codes, RowBuffers};
use super::{NEAR, lanes};

impl Batch<'_> {
    /// Squared distances into `row.q`, and into `row.near` the near pairs that may matter, whose distances come from their coordinates.
    ///
    /// The error of an inner product bounds `q` from both sides, and a kernel falls off with `q`: a pair whose largest possible weight is
    /// nothing beside the least possible sum can do with the `q` it has.
    pub(super) fn squared_distances<T: Scalar>(
        &self,
        (x, tile, len): At<'_, T>,
        x_squared: T,
        g: &[T],
        log_sum: f64,
        codes: &Codes<T>,
        row: &mut RowBuffers<T>,
    ) -> Result<(), LayoutMismatch> {
        let (softening, y_squared) = (T::from_f64(self.softening), &tile.y_squared);
        let (two, part, zero) = (T::from_f64(2.0), T::from_f64(NEAR), T::default());
        let epsilon = T::PRECISION.epsilon();
        // Blocked sums of n terms err by far less than n roundings; the square root is generous, too.
        let error = T::from_f64(epsilon * (8.0 + (x.len() as f64).sqrt()));
        let bound = |q: &mut Vec<T>, towards: T| {
            q.clear();
            q.extend(g.iter().zip(y_squared).map(|(g, y_squared)| {
                let scale = x_squared.add(*y_squared);
                scale.sub(two.mul(*g)).add(towards.mul(scale)).max(zero)
            }));
        };
        let is_near = |q: T, y_squared: T| {
            q.add(softening).partial_cmp(&part.mul(x_squared.add(y_squared))) != Some(Ordering::Greater)
        };
        bound(&mut row.q, zero);
        // Infinite norms leave no margin either: the difference is not a number.
        if !row.q.iter().zip(y_squared).any(|(q, y_squared)| is_near(*q, *y_squared)) {
            return Ok(());
        }
        bound(&mut row.q, error);
        self.pairs(&tile.weights, &row.q, &mut row.results, &codes.pair)?;
        let least = lanes::largest(&row.results[0]).max(log_sum) + (epsilon / (64.0 * len as f64)).ln();
        bound(&mut row.q, error.neg());
        self.pairs(&tile.weights, &row.q, &mut row.results, &codes.pair)?;
        row.bounded.clone_from(&row.results[0]);
        let least = T::from_f64(least);
        bound(&mut row.q, zero);
        for (j, ((q, y_squared), l)) in row.q.iter_mut().zip(y_squared).zip(&row.bounded).enumerate() {
            if is_near(*q, *y_squared) && l.partial_cmp(&least) != Some(Ordering::Less) {
                if let Some(y) = tile.y.row(j).to_slice() {
                    *q = lanes::squared_distance(x, y);
                }
                row.near.push(j);
            }
        }
        Ok(())
    }
}
