//! One batch of queries against all tiles of sources.

use genphys_compiler::kernel::Scalar;
use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, LinalgScalar, s};

use super::super::jit::LayoutMismatch;
use super::super::reduce::{ReduceOutput, means};
use super::reach::Reach;
use super::row::{Codes, Rest, RowBuffers};
use super::tiles::{COLUMNS, Tile, Tiles, padded, relative};
use super::total::RowTotal;
use super::{BlockedReduce, lanes};

/// Rows of a product are filled up to a multiple of this, so that each is computed by the same instructions.
const ROW_STEP: usize = 8;

/// One batch of queries at work.
pub(super) struct Batch<'a> {
    pub(super) program: &'a BlockedReduce,
    pub(super) uniforms: &'a [f64],
    pub(super) softening: f64,
    /// The row of the output that its first query belongs to.
    pub(super) first: usize,
    pub(super) log_scale: f64,
}

/// Buffers of one tile; a slot is a query for which the tile matters.
struct TileBuffers<T> {
    /// The query of each slot.
    slots: Vec<usize>,
    /// Queries relative to the centre of the tile.
    x: Array2<T>,
    /// Inner products, then weights for the second product.
    g: Array2<T>,
    /// The slot of each row of the second product, and its weight.
    pulling: Vec<(usize, T)>,
    /// `sum_j w_j y_j`.
    pulled: Array2<T>,
    row: RowBuffers<T>,
}

impl Batch<'_> {
    /// Evaluates the batch.
    pub(super) fn run<T>(
        &self,
        sources: &Tiles<T>,
        queries: ArrayView2<'_, f64>,
        out: &mut ReduceOutput,
    ) -> Result<(), LayoutMismatch>
    where
        T: Scalar + LinalgScalar,
    {
        let (kernel, dim) = (&self.program.kernel, self.program.dim);
        let x = padded(queries, ROW_STEP);
        let mut codes = Codes::new(self);
        let reach = Reach::new(self, sources, &x, &codes.pair)?;
        let mut totals: Vec<RowTotal<T>> = (0..queries.nrows()).map(|_| RowTotal::new(kernel, dim)).collect();
        let mut buffers = TileBuffers {
            slots: Vec::new(),
            x: Array2::from_elem((x.nrows(), dim), T::default()),
            g: Array2::from_elem((x.nrows(), COLUMNS), T::default()),
            pulling: Vec::new(),
            pulled: Array2::from_elem((x.nrows(), dim), T::default()),
            row: RowBuffers::new(self),
        };
        for (index, tile) in sources.tiles.iter().enumerate() {
            let matters = |row: &usize| !reach.leaves_out(*row, index, totals[*row].log_sum());
            buffers.slots.clear();
            buffers.slots.extend((0..totals.len()).filter(matters));
            if buffers.slots.is_empty() {
                continue;
            }
            let center = sources.centers.row(index).to_slice().ok_or(LayoutMismatch)?;
            for (slot, row) in buffers.slots.iter().enumerate() {
                let to = buffers.x.row_mut(slot).into_slice().ok_or(LayoutMismatch)?;
                relative(x.row(*row).to_slice().ok_or(LayoutMismatch)?, center, to);
            }
            self.tile(tile, sources.len, &mut codes, &mut totals, &mut buffers)?;
        }
        totals.iter_mut().enumerate().for_each(|(row, total)| self.write(row, total, out));
        Ok(())
    }

    /// Adds the pairs of a tile and the queries in its slots to their totals.
    fn tile<T>(
        &self,
        tile: &Tile<T>,
        len: usize,
        codes: &mut Codes<T>,
        totals: &mut [RowTotal<T>],
        buffers: &mut TileBuffers<T>,
    ) -> Result<(), LayoutMismatch>
    where
        T: Scalar + LinalgScalar,
    {
        let TileBuffers { slots, x, g, pulling, pulled, row } = buffers;
        let (one, zero) = (T::from_f64(1.0), T::default());
        let columns = tile.y.nrows();
        let rows = slots.len().next_multiple_of(ROW_STEP);
        let mut g = g.slice_mut(s![.., ..columns]);
        general_mat_mul(one, &x.slice(s![..rows, ..]), &tile.y.t(), zero, &mut g.slice_mut(s![..rows, ..]));
        pulling.clear();
        for (slot, query) in slots.iter().enumerate() {
            let x = x.row(slot).to_slice().ok_or(LayoutMismatch)?;
            let products = g.row(slot).to_slice().ok_or(LayoutMismatch)?;
            let rest = self.row((x, tile, len), products, codes, &mut totals[*query], row)?;
            if let Rest::Product(weight) = rest {
                // Rows with a second product move up into the place of those without.
                let to = g.row_mut(pulling.len()).into_slice().ok_or(LayoutMismatch)?;
                to.copy_from_slice(&row.w);
                pulling.push((slot, weight));
            }
        }
        let rows = pulling.len().next_multiple_of(ROW_STEP);
        g.slice_mut(s![pulling.len()..rows, ..]).fill(zero);
        general_mat_mul(one, &g.slice(s![..rows, ..]), &tile.y, zero, &mut pulled.slice_mut(s![..rows, ..]));
        for ((slot, weight), pulled) in pulling.iter().zip(pulled.rows()) {
            let (x, pulled) = (x.row(*slot), pulled.to_slice().ok_or(LayoutMismatch)?);
            let total = &mut totals[slots[*slot]];
            lanes::add_pulled(&mut total.recent, *weight, x.to_slice().ok_or(LayoutMismatch)?, pulled);
        }
        slots.iter().for_each(|query| totals[*query].added(columns));
        Ok(())
    }

    /// The pair body over columns of squared distances, with the weights of their sources.
    pub(super) fn pairs<T: Scalar>(
        &self,
        weights: &[Vec<T>; 3],
        q: &[T],
        results: &mut [Vec<T>],
        parameters: &[T],
    ) -> Result<(), LayoutMismatch> {
        let [log_w, log2_w, w] = weights.each_ref().map(Vec::as_slice);
        results.iter_mut().for_each(|column| column.resize(q.len(), T::default()));
        let mut outputs: Vec<&mut [T]> = results.iter_mut().map(Vec::as_mut_slice).collect();
        self.program.pair.map(parameters, &[q, log_w, log2_w, w], &mut outputs)
    }

    /// The number of results of the pair body.
    pub(super) fn results(&self) -> usize {
        means(&self.program.kernel).count() + 1
    }

    /// Divides the sums by the total weight and applies the factors that all sources have in common.
    fn write<T: Scalar>(&self, row: usize, total: &mut RowTotal<T>, out: &mut ReduceOutput) {
        let to = self.first + row;
        out.log_sum[to] = total.log_sum() + self.log_scale;
        out.scalars.row_mut(to).iter_mut().zip(&total.scalars).for_each(|(out, sum)| *out = sum / total.sum);
        for (factor, means) in self.program.factors.iter().zip(&mut out.displacements) {
            let factor = factor.value(self.uniforms) / total.sum;
            means.row_mut(to).iter_mut().zip(total.displacement()).for_each(|(out, sum)| *out = factor * sum);
        }
    }
}
