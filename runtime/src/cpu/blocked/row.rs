//! The pairs of one query and one tile: their weights, and what is added to the query's total at once.
//!
//! Holds: weights come from inner products and the reference of the row as it is; where that does not do (a pair is near, a
//!   weight is far above the reference, or something is not a number), from distances, and the reference is raised.

use genphys_compiler::kernel::{Kernel, MeanKind, Scalar};

use super::super::jit::{LayoutMismatch, Machine};
use super::super::reduce::means;
use super::batch::Batch;
use super::lanes;
use super::tiles::{COLUMNS, Tile};
use super::total::RowTotal;

/// A row with at most so many weights that matter adds its displacements one by one.
const FEW: usize = COLUMNS / 8;

/// What a row leaves to the second product.
pub(super) enum Rest<T> {
    Nothing,
    /// The weights in the buffers; their sum.
    Product(T),
}

/// First arguments of the codes.
pub(super) struct Codes<T> {
    tile: Vec<T>,
    pub(super) pair: Vec<T>,
    exp: Vec<T>,
}

impl<T: Scalar> Codes<T> {
    pub(super) fn new(batch: &Batch<'_>) -> Codes<T> {
        let program = batch.program;
        let uniforms: Vec<f64> = batch.uniforms.iter().copied().chain([0.0, batch.softening]).collect();
        Codes {
            tile: program.tile.parameters(&uniforms),
            pair: program.pair.parameters(batch.uniforms),
            exp: program.exp.parameters(&[0.0]),
        }
    }
}

/// Buffers of one row.
pub(super) struct RowBuffers<T> {
    /// The log weights by inner products.
    l: Vec<T>,
    /// The weights.
    pub(super) w: Vec<T>,
    /// The summands of the scalar means.
    scalars: Vec<Vec<T>>,
    /// Of the row by distances: squared distances, results of the pair body, bounds, and the near pairs.
    pub(super) q: Vec<T>,
    pub(super) results: Vec<Vec<T>>,
    pub(super) bounded: Vec<T>,
    pub(super) near: Vec<usize>,
}

impl<T: Scalar> RowBuffers<T> {
    pub(super) fn new(batch: &Batch<'_>) -> RowBuffers<T> {
        let scalars = is_scalar(&batch.program.kernel).filter(|is_scalar| *is_scalar).count();
        RowBuffers {
            l: Vec::new(),
            w: Vec::new(),
            scalars: vec![Vec::new(); scalars],
            q: Vec::new(),
            results: vec![Vec::new(); batch.results()],
            bounded: Vec::new(),
            near: Vec::new(),
        }
    }
}

/// Whether each mean is a number.
fn is_scalar(kernel: &Kernel) -> impl Iterator<Item = bool> {
    means(kernel).map(|mean| !matches!(mean, MeanKind::Displacement(_)))
}

/// A query relative to the centre of a tile, the tile, and the number of all sources.
pub(super) type At<'a, T> = (&'a [T], &'a Tile<T>, usize);

impl Batch<'_> {
    /// Adds all but the second product of a row to its total.
    pub(super) fn row<T: Scalar>(
        &self,
        (x, tile, len): At<'_, T>,
        g: &[T],
        codes: &mut Codes<T>,
        total: &mut RowTotal<T>,
        row: &mut RowBuffers<T>,
    ) -> Result<Rest<T>, LayoutMismatch> {
        let x_squared = lanes::squared_norm(x);
        let mut sum = self.weights_by_products(x_squared, tile, g, total.reference, codes, row)?;
        row.near.clear();
        if !sum.is_finite() {
            sum = self.weights_by_distances((x, tile, len), x_squared, g, codes, total, row)?;
        }
        total.sum += sum;
        for (sum, values) in total.scalars.iter_mut().zip(&row.scalars) {
            *sum += lanes::dot(&row.w, values);
        }
        let cut = T::from_f64(T::PRECISION.epsilon() / (8.0 * len as f64) * total.sum);
        Ok(displace((x, tile, len), cut, total, row))
    }

    /// The weights relative to the reference, and their sum, which is not finite where they do not do.
    fn weights_by_products<T: Scalar>(
        &self,
        x_squared: T,
        tile: &Tile<T>,
        g: &[T],
        reference: f64,
        codes: &mut Codes<T>,
        row: &mut RowBuffers<T>,
    ) -> Result<f64, LayoutMismatch> {
        let (code, first) = (&self.program.tile, self.uniforms.len());
        row.w.resize(g.len(), T::default());
        if reference == f64::NEG_INFINITY {
            return Ok(f64::INFINITY);
        }
        row.l.resize(g.len(), T::default());
        code.set_uniform(first, x_squared, &mut codes.tile);
        let [log_w, log2_w, w] = tile.weights.each_ref().map(Vec::as_slice);
        let inputs: [&[T]; 5] = [g, &tile.y_squared, log_w, log2_w, w];
        if row.scalars.is_empty() {
            code.map(&codes.tile, &inputs, &mut [&mut row.l])?;
        } else {
            row.scalars.iter_mut().for_each(|column| column.resize(g.len(), T::default()));
            let scalars = row.scalars.iter_mut().map(Vec::as_mut_slice);
            let mut outputs: Vec<&mut [T]> = std::iter::once(row.l.as_mut_slice()).chain(scalars).collect();
            code.map(&codes.tile, &inputs, &mut outputs)?;
        }
        self.weigh(reference, &row.l, &mut codes.exp, &mut row.w)
    }

    /// `exp(l - reference)`, and its sum.
    fn weigh<T: Scalar>(&self, reference: f64, l: &[T], exp: &mut [T], w: &mut [T]) -> Result<f64, LayoutMismatch> {
        let code: &Machine = &self.program.exp;
        code.set_uniform(0, T::from_f64(reference), exp);
        code.map(exp, &[l], &mut [&mut *w])?;
        Ok(lanes::sum(w))
    }

    /// The same by squared distances, after the reference is raised to the largest log weight of the row.
    fn weights_by_distances<T: Scalar>(
        &self,
        at: At<'_, T>,
        x_squared: T,
        g: &[T],
        codes: &mut Codes<T>,
        total: &mut RowTotal<T>,
        row: &mut RowBuffers<T>,
    ) -> Result<f64, LayoutMismatch> {
        self.squared_distances(at, x_squared, g, total.log_sum(), codes, row)?;
        self.pairs(&at.1.weights, &row.q, &mut row.results, &codes.pair)?;
        let scalars = is_scalar(&self.program.kernel).zip(&row.results[1..]).filter(|(is_scalar, _)| *is_scalar);
        row.scalars.iter_mut().zip(scalars).for_each(|(to, (_, values))| to.clone_from(values));
        total.rise(lanes::largest(&row.results[0]));
        if total.reference == f64::NEG_INFINITY {
            row.w.fill(T::default());
            return Ok(0.0);
        }
        self.weigh(total.reference, &row.results[0], &mut codes.exp, &mut row.w)
    }
}

/// Adds the displacements of the pairs that matter, one by one if they are few or near, and tells what is left to the product.
fn displace<T: Scalar>((x, tile, _): At<'_, T>, cut: T, total: &mut RowTotal<T>, row: &mut RowBuffers<T>) -> Rest<T> {
    // A weight that is not a number is kept as well: it must show in the result.
    let matters = |w: T| !matches!(w.partial_cmp(&cut), Some(std::cmp::Ordering::Less | std::cmp::Ordering::Equal));
    let mut add = |j: usize, w: T| {
        if let Some(y) = tile.y.row(j).to_slice().filter(|_| matters(w)) {
            lanes::add_displacement(&mut total.recent, w, x, y);
        }
    };
    if lanes::count_above(&row.w, cut, FEW) <= FEW {
        row.w.iter().enumerate().for_each(|(j, w)| add(j, *w));
        return Rest::Nothing;
    }
    // Near pairs leave the second product, where x - y would cancel.
    for j in &row.near {
        add(*j, row.w[*j]);
        row.w[*j] = T::default();
    }
    Rest::Product(T::from_f64(lanes::sum(&row.w)))
}
