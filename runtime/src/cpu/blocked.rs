//! Reductions in many dimensions: inner products by matrix multiplication, the pair body on tiles of them.
//!
//! In:   a kernel with weights given by their logarithm, whose displacements have a common coefficient.
//! Out:  a [`ReduceOutput`], within rounding that of [`CompiledReduce`](super::CompiledReduce).
//! Holds: one pass over the sources with a running maximum per query; memory is that of the sources and of one tile.
//!   Queries are padded to whole tiles of the multiplication, and every sum of a row is taken in the same order whatever the
//!   other rows are. Where `|x|^2 + |y|^2 - 2 x.y` cancels (below [`NEAR`] of its terms) `q` and `x - y` are recomputed from the
//!   coordinates.

use std::cmp::Ordering;
use std::sync::Arc;

use genphys_compiler::codegen::cpu::Factor;
use genphys_compiler::codegen::interp::largest_log_weight;
use genphys_compiler::kernel::{
    Kernel, KernelBuilder, MeanKind, Op, Output, PairInput, Precision, Scalar, Shape, Weight, pair_map, product_map,
};
use genphys_compiler::special::Special;
use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, LinalgScalar, s};

use super::ArgumentError;
use super::cache::compiled;
use super::jit::{CompileError, LayoutMismatch, Machine};
use super::reduce::{ReduceOutput, ReduceProgram, check_arguments, dimension, means};
use super::sources::check_sources;

/// Sources of a tile.
const COLUMNS: usize = 256;
/// Queries of a tile at most, and what their number is padded to: all sources are read once for so many.
const ROWS: usize = 256;
const ROW_STEP: usize = 8;
/// Sources whose products are summed in the kernel's precision.
const FLUSH: usize = 2048;
/// A pair is near when `q` plus the softening is below this part of `|x|^2 + |y|^2`: four bits are then lost to cancellation.
const NEAR: f64 = 1.0 / 16.0;

/// A reduction by matrix multiplication.
#[derive(Debug)]
pub struct BlockedReduce {
    kernel: Kernel,
    dim: usize,
    /// The pair body of inner products, and of squared distances for rows with near pairs.
    product: Arc<Machine>,
    pair: Arc<Machine>,
    exp: Arc<Machine>,
    /// The factor of each displacement.
    factors: Vec<Factor>,
}

/// Sources laid out for a [`BlockedReduce`].
#[derive(Clone, Debug)]
pub struct BlockedSources {
    len: usize,
    log_scale: f64,
    packed: Packed,
}

#[derive(Clone, Debug)]
enum Packed {
    F32(Rows<f32>),
    F64(Rows<f64>),
}

/// Sources, padded with weight zero to whole vectors.
#[derive(Clone, Debug)]
struct Rows<T> {
    y: Array2<T>,
    y_squared: Vec<T>,
    weights: [Vec<T>; 3],
}

impl BlockedReduce {
    /// Whether this form can evaluate `kernel`.
    pub fn supports(kernel: &Kernel) -> bool {
        matches!(kernel.shape(), Shape::Reduce { weight: Weight::Log(_), .. }) && factors(kernel).is_some()
    }

    /// Compiles the pair body of `kernel`.
    ///
    /// # Errors
    /// [`CompileError`], among others when the kernel is not [supported](BlockedReduce::supports).
    pub fn new(kernel: &Kernel) -> Result<BlockedReduce, CompileError> {
        let shape = || CompileError::Shape {
            kernel: kernel.name().to_owned(),
            expected: "reduction with logarithms and common coefficients",
        };
        let factors = factors(kernel).filter(|_| BlockedReduce::supports(kernel)).ok_or_else(shape)?;
        Ok(BlockedReduce {
            kernel: kernel.clone(),
            dim: dimension(kernel)?,
            product: compiled(&product_map(kernel, NEAR).map_err(genphys_compiler::codegen::Unsupported::from)?)?,
            pair: compiled(&pair_map(kernel).map_err(genphys_compiler::codegen::Unsupported::from)?)?,
            exp: compiled(&weight_map(kernel.precision())?)?,
            factors,
        })
    }
}

/// The common factor of every displacement, if all have one.
fn factors(kernel: &Kernel) -> Option<Vec<Factor>> {
    let factor = |mean| match mean {
        MeanKind::Scalar(_) | MeanKind::Weighted(_) => None,
        MeanKind::Displacement(v) => Some(match kernel.op(v) {
            Op::Const(c) => Some(Factor::Constant(c.get())),
            Op::Uniform(index) => Some(Factor::Uniform(index as usize)),
            _ => None,
        }),
    };
    means(kernel).filter_map(factor).collect()
}

/// `exp(l - m)`, with the row's `m` as a uniform.
fn weight_map(precision: Precision) -> Result<Kernel, CompileError> {
    let mut k = KernelBuilder::map("weight", precision);
    let (l, m) = (k.input("l"), k.uniform("m"));
    let excess = k.sub(l, m);
    let w = k.call(Special::ExpWeight, excess);
    Ok(k.finish_map(vec![Output::new("w", w)]).map_err(genphys_compiler::codegen::Unsupported::from)?)
}

impl BlockedReduce {
    /// As [`ReduceProgram::run`], for a kernel that depends on `q` only through `q + softening` or more slowly, so that
    /// fewer pairs count as near.
    ///
    /// # Errors
    /// As [`ReduceProgram::run`].
    pub fn run_softened(
        &self,
        uniforms: &[f64],
        softening: f64,
        sources: &BlockedSources,
        queries: ArrayView2<'_, f64>,
        out: &mut ReduceOutput,
    ) -> Result<(), ArgumentError> {
        check_arguments(&self.kernel, self.dim, uniforms, queries)?;
        out.resize(&self.kernel, self.dim, queries.nrows());
        for (index, queries) in queries.axis_chunks_iter(Axis(0), ROWS).enumerate() {
            let batch = Batch { program: self, uniforms, softening, first: index * ROWS, log_scale: sources.log_scale };
            let done = match &sources.packed {
                Packed::F32(rows) => batch.run(rows, sources.len, queries, out),
                Packed::F64(rows) => batch.run(rows, sources.len, queries, out),
            };
            done.map_err(|_| ArgumentError::Layout { kernel: self.kernel.name().to_owned() })?;
        }
        Ok(())
    }
}

impl ReduceProgram for BlockedReduce {
    type Sources = BlockedSources;

    fn layout(&self, sources: ArrayView2<'_, f64>, log_weights: &[f64]) -> Result<BlockedSources, ArgumentError> {
        check_sources(&self.kernel, self.dim, sources, log_weights)?;
        let log_scale = largest_log_weight(log_weights);
        let packed = match self.kernel.precision() {
            Precision::F32 => Packed::F32(Rows::new(&self.kernel, sources, log_weights, log_scale)),
            Precision::F64 => Packed::F64(Rows::new(&self.kernel, sources, log_weights, log_scale)),
        };
        Ok(BlockedSources { len: log_weights.len(), log_scale, packed })
    }

    fn run(
        &self,
        uniforms: &[f64],
        sources: &BlockedSources,
        queries: ArrayView2<'_, f64>,
        out: &mut ReduceOutput,
    ) -> Result<(), ArgumentError> {
        self.run_softened(uniforms, 0.0, sources, queries, out)
    }
}

impl<T: Scalar> Rows<T> {
    fn new(kernel: &Kernel, sources: ArrayView2<'_, f64>, log_weights: &[f64], log_scale: f64) -> Rows<T> {
        let (len, dim) = sources.dim();
        // A multiple of the lanes of any target.
        let padded = len.next_multiple_of(16);
        let y = Array2::from_shape_fn((padded, dim), |(i, d)| T::from_f64(sources[[i.min(len - 1), d]]));
        let reads: Vec<PairInput> = kernel.weight_inputs().collect();
        let [_, inputs @ ..] = PairInput::ALL;
        let weights = inputs.map(|input| {
            let log_w = |i: usize| log_weights.get(i).map_or(f64::NEG_INFINITY, |w| w - log_scale);
            let column = (0..padded).map(|i| T::from_f64(input.of_log_weight(log_w(i))));
            if reads.contains(&input) { column.collect() } else { vec![T::default(); padded] }
        });
        Rows {
            y_squared: y.rows().into_iter().map(|y| squared_norm(y.as_slice().unwrap_or(&[]))).collect(),
            y,
            weights,
        }
    }
}

/// One batch of queries at work.
struct Batch<'a> {
    program: &'a BlockedReduce,
    uniforms: &'a [f64],
    softening: f64,
    first: usize,
    log_scale: f64,
}

/// What a query has summed up so far, relative to `exp(max)`.
struct RowTotal {
    max: f64,
    sum: f64,
    scalars: Vec<f64>,
    /// The weight of the sources in `pulled`; the others are in `direct`.
    pulled_weight: f64,
    /// `sum_j w_j y_j` over pairs that are not near.
    pulled: Vec<f64>,
    /// `sum_j w_j (x - y_j)` over near pairs.
    direct: Vec<f64>,
}

/// Buffers of one tile.
struct TileBuffers<T> {
    /// Inner products, then weights for the second product.
    g: Array2<T>,
    q: Vec<T>,
    /// The results of the pair body, and the margin of inner products over cancellation.
    results: Vec<Vec<T>>,
    near: Vec<usize>,
    /// `sum_j w_j (x - y_j)` over the near pairs of one row.
    direct: Vec<T>,
    /// `sum_j w_j y_j` of every row, not yet in its total.
    pulled: Array2<T>,
    /// First arguments of the codes.
    product: Vec<T>,
    pair: Vec<T>,
    exp: Vec<T>,
}

/// Those of them that near pairs need.
struct NearBuffers<'a, T> {
    q: &'a mut [T],
    results: &'a mut [Vec<T>],
    near: &'a mut Vec<usize>,
    pair: &'a [T],
    bounded: &'a mut [T],
}

impl Batch<'_> {
    fn run<T>(
        &self,
        sources: &Rows<T>,
        len: usize,
        queries: ArrayView2<'_, f64>,
        out: &mut ReduceOutput,
    ) -> Result<(), LayoutMismatch>
    where
        T: Scalar + LinalgScalar,
    {
        let rows = queries.nrows();
        let (padded, dim) = (rows.next_multiple_of(ROW_STEP), self.program.dim);
        let x = Array2::from_shape_fn((padded, dim), |(i, d)| T::from_f64(queries[[i.min(rows - 1), d]]));
        let mut totals: Vec<RowTotal> = (0..rows).map(|_| RowTotal::new(&self.program.kernel, dim)).collect();
        let mut tile = self.buffers(padded);
        for first in (0..sources.y.nrows()).step_by(COLUMNS) {
            let columns = first..(first + COLUMNS).min(sources.y.nrows());
            let is_last = columns.end == sources.y.nrows();
            self.tile(&x, sources, columns.clone(), len, &mut totals, &mut tile)?;
            if is_last || columns.end.is_multiple_of(FLUSH) {
                for (total, mut pulled) in totals.iter_mut().zip(tile.pulled.rows_mut()) {
                    total.flush(pulled.as_slice_mut().ok_or(LayoutMismatch)?);
                }
            }
        }
        totals.iter().enumerate().for_each(|(row, total)| self.write(row, total, &x, out));
        Ok(())
    }

    fn buffers<T>(&self, rows: usize) -> TileBuffers<T>
    where
        T: Scalar + LinalgScalar,
    {
        let BlockedReduce { kernel, dim, product, pair, exp, .. } = self.program;
        let uniforms: Vec<f64> = self.uniforms.iter().copied().chain([0.0, self.softening]).collect();
        TileBuffers {
            g: Array2::zeros((rows, COLUMNS)),
            q: Vec::new(),
            results: vec![Vec::new(); means(kernel).count() + 2],
            near: Vec::new(),
            direct: vec![T::default(); *dim],
            pulled: Array2::zeros((rows, *dim)),
            product: product.parameters(&uniforms),
            pair: pair.parameters(self.uniforms),
            exp: exp.parameters(&[0.0]),
        }
    }

    /// Adds a tile of pairs to the totals of every row.
    fn tile<T>(
        &self,
        x: &Array2<T>,
        sources: &Rows<T>,
        columns: std::ops::Range<usize>,
        len: usize,
        totals: &mut [RowTotal],
        tile: &mut TileBuffers<T>,
    ) -> Result<(), LayoutMismatch>
    where
        T: Scalar + LinalgScalar,
    {
        let y = sources.y.slice(s![columns.clone(), ..]);
        let (one, zero) = (T::from_f64(1.0), T::from_f64(0.0));
        let mut whole = std::mem::take(&mut tile.g);
        let mut g: ArrayViewMut2<'_, T> = whole.slice_mut(s![.., ..columns.len()]);
        general_mat_mul(one, x, &y.t(), zero, &mut g);
        tile.q.resize(columns.len(), zero);
        tile.results.iter_mut().for_each(|column| column.resize(columns.len(), zero));
        let cut = self.program.kernel.precision().epsilon() / (8.0 * len as f64);
        let mut is_any_pulled = false;
        for (row, total) in totals.iter_mut().enumerate() {
            let x = x.row(row).to_slice().ok_or(LayoutMismatch)?;
            let g = g.row_mut(row).into_slice().ok_or(LayoutMismatch)?;
            is_any_pulled |= self.row(row, (x, sources, columns.clone()), g, cut, total, tile)?;
        }
        if is_any_pulled {
            (totals.len()..g.nrows()).for_each(|row| g.row_mut(row).fill(zero));
            general_mat_mul(one, &g, &y, one, &mut tile.pulled);
        }
        tile.g = whole;
        Ok(())
    }

    /// Replaces the inner products of a row by its weights, adds all but the second product to its total, and tells whether
    /// there is a weight left for that.
    fn row<T: Scalar>(
        &self,
        row: usize,
        (x, sources, columns): (&[T], &Rows<T>, std::ops::Range<usize>),
        g: &mut [T],
        cut: f64,
        total: &mut RowTotal,
        tile: &mut TileBuffers<T>,
    ) -> Result<bool, LayoutMismatch> {
        let TileBuffers { q, results, near, direct, pulled, product, pair, exp, .. } = tile;
        let (x_squared, zero) = (squared_norm(x), T::default());
        self.program.product.set_uniform(self.uniforms.len(), x_squared, product);
        {
            let [log_w, log2_w, w] = sources.weights.each_ref().map(|column| &column[columns.clone()]);
            let mut outputs: Vec<&mut [T]> = results.iter_mut().map(Vec::as_mut_slice).collect();
            let inputs: [&[T]; 5] = [g, &sources.y_squared[columns.clone()], log_w, log2_w, w];
            self.program.product.map(product, &inputs, &mut outputs)?;
        }
        let Some((margin, results)) = results.split_last_mut() else { return Err(LayoutMismatch) };
        near.clear();
        // Infinite norms leave no margin either: the difference is not a number.
        if count(margin, |m| m > zero) < margin.len() {
            let at = (x, x_squared, sources, columns.clone());
            self.near_pairs(at, g, total.max, NearBuffers { q, results, near, pair, bounded: margin })?;
        }
        let max = lanes_max(&results[0]);
        total.rise(max, pulled.row_mut(row).into_slice().ok_or(LayoutMismatch)?);
        if total.max == f64::NEG_INFINITY {
            g.fill(zero);
            return Ok(false);
        }
        self.program.exp.set_uniform(0, T::from_f64(total.max), exp);
        self.program.exp.map(exp, &[&results[0]], &mut [g])?;
        let sum = lanes_sum(g);
        total.sum += sum;
        total.add_scalars(&self.program.kernel, g, results);
        // Near pairs leave the second product, where x - y would cancel.
        if !near.is_empty() {
            direct.fill(zero);
            for j in near.iter().copied() {
                if let Some(y) = sources.y.row(columns.start + j).to_slice().filter(|_| g[j].into() > cut) {
                    add_displacement(direct, g[j], x, y);
                }
                g[j] = zero;
            }
            total.direct.iter_mut().zip(&*direct).for_each(|(sum, x)| *sum += (*x).into());
        }
        // A weight that is not a number is kept as well: it must show in the result.
        let cut = T::from_f64(cut);
        if count(g, |w| w <= cut) == g.len() {
            g.fill(zero);
            return Ok(false);
        }
        total.pulled_weight += if near.is_empty() { sum } else { lanes_sum(g) };
        Ok(true)
    }

    /// Recomputes the squared distances of those near pairs of a row that may matter from their coordinates, and the
    /// results with them; `near` receives these pairs.
    ///
    /// The error of an inner product bounds `q` from both sides, and a kernel falls off with `q`: a pair whose largest possible weight is
    /// nothing beside the least possible maximum can do with the `q` it has.
    fn near_pairs<T: Scalar>(
        &self,
        (x, x_squared, sources, columns): (&[T], T, &Rows<T>, std::ops::Range<usize>),
        g: &[T],
        max: f64,
        buffers: NearBuffers<'_, T>,
    ) -> Result<(), LayoutMismatch> {
        let NearBuffers { q, results, near, pair, bounded } = buffers;
        let (y_squared, softening) = (&sources.y_squared[columns.clone()], T::from_f64(self.softening));
        let (two, part, zero) = (T::from_f64(2.0), T::from_f64(NEAR), T::default());
        let (epsilon, len) = (self.program.kernel.precision().epsilon(), sources.y.nrows());
        // Blocked sums of n terms err by far less than n roundings; the square root is generous, too.
        let error = T::from_f64(epsilon * (8.0 + (x.len() as f64).sqrt()));
        let bound = |q: &mut [T], towards: T| {
            for ((q, g), y_squared) in q.iter_mut().zip(g).zip(y_squared) {
                let scale = x_squared.add(*y_squared);
                *q = scale.sub(two.mul(*g)).add(towards.mul(scale)).max(zero);
            }
        };
        bound(q, error);
        self.pairs(sources, columns.clone(), q, results, pair)?;
        let least = lanes_max(&results[0]).max(max) + (epsilon / (64.0 * len as f64)).ln();
        bound(q, error.neg());
        self.pairs(sources, columns.clone(), q, results, pair)?;
        bounded.copy_from_slice(&results[0]);
        let least = T::from_f64(least);
        bound(q, zero);
        for (j, ((q, y_squared), l)) in q.iter_mut().zip(y_squared).zip(&*bounded).enumerate() {
            let is_near = q.add(softening).partial_cmp(&part.mul(x_squared.add(*y_squared))) != Some(Ordering::Greater);
            if is_near && l.partial_cmp(&least) != Some(Ordering::Less) {
                if let Some(y) = sources.y.row(columns.start + j).to_slice() {
                    *q = squared_distance(x, y);
                }
                near.push(j);
            }
        }
        self.pairs(sources, columns, q, results, pair)
    }

    /// The pair body over one row of a tile.
    fn pairs<T: Scalar>(
        &self,
        sources: &Rows<T>,
        columns: std::ops::Range<usize>,
        q: &[T],
        results: &mut [Vec<T>],
        parameters: &[T],
    ) -> Result<(), LayoutMismatch> {
        let [log_w, log2_w, w] = sources.weights.each_ref().map(|column| &column[columns.clone()]);
        let mut outputs: Vec<&mut [T]> = results.iter_mut().map(Vec::as_mut_slice).collect();
        self.program.pair.map(parameters, &[q, log_w, log2_w, w], &mut outputs)
    }

    fn write<T: Scalar>(&self, row: usize, total: &RowTotal, x: &Array2<T>, out: &mut ReduceOutput) {
        let to = self.first + row;
        out.log_sum[to] = total.max + total.sum.ln() + self.log_scale;
        out.scalars.row_mut(to).iter_mut().zip(&total.scalars).for_each(|(out, sum)| *out = sum / total.sum);
        for (factor, means) in self.program.factors.iter().zip(&mut out.displacements) {
            let factor = match factor {
                Factor::Constant(c) => *c,
                Factor::Uniform(index) => self.uniforms[*index],
            } / total.sum;
            let sums = total.direct.iter().zip(&total.pulled).zip(x.row(row));
            for (out, ((direct, pulled), x)) in means.row_mut(to).into_iter().zip(sums) {
                let x: f64 = (*x).into();
                *out = factor * (direct + (total.pulled_weight * x - pulled));
            }
        }
    }
}

impl RowTotal {
    fn new(kernel: &Kernel, dim: usize) -> RowTotal {
        let scalars = means(kernel).filter(|mean| !matches!(mean, MeanKind::Displacement(_))).count();
        let (pulled, direct) = (vec![0.0; dim], vec![0.0; dim]);
        RowTotal { max: f64::NEG_INFINITY, sum: 0.0, scalars: vec![0.0; scalars], pulled_weight: 0.0, pulled, direct }
    }

    /// Raises the maximum to `max` and rescales every sum, `unflushed` ones too.
    fn rise<T: Scalar>(&mut self, max: f64, unflushed: &mut [T]) {
        if max > self.max {
            let scale = (self.max - max).exp();
            self.max = max;
            self.sum *= scale;
            self.pulled_weight *= scale;
            self.scalars.iter_mut().chain(&mut self.pulled).chain(&mut self.direct).for_each(|sum| *sum *= scale);
            let scale = T::from_f64(scale);
            unflushed.iter_mut().for_each(|sum| *sum = sum.mul(scale));
        }
    }

    /// Takes over what was summed in the kernel's precision.
    fn flush<T: Scalar>(&mut self, unflushed: &mut [T]) {
        for (sum, x) in self.pulled.iter_mut().zip(unflushed) {
            *sum += std::mem::take(x).into();
        }
    }

    fn add_scalars<T: Scalar>(&mut self, kernel: &Kernel, w: &[T], results: &[Vec<T>]) {
        let values = means(kernel).zip(&results[1..]).filter(|(mean, _)| !matches!(mean, MeanKind::Displacement(_)));
        for (sum, (_, values)) in self.scalars.iter_mut().zip(values) {
            *sum += w.iter().zip(values).map(|(w, b)| w.mul(*b).into()).sum::<f64>();
        }
    }
}

/// Lanes of the sums below: enough for the compiler to use vectors.
const LANES: usize = 16;

fn lanes_sum<T: Scalar>(x: &[T]) -> f64 {
    let mut lanes = [T::default(); LANES];
    let chunks = x.chunks_exact(LANES);
    let rest: f64 = chunks.remainder().iter().map(|x| (*x).into()).sum();
    chunks.for_each(|chunk| lanes.iter_mut().zip(chunk).for_each(|(lane, x)| *lane = lane.add(*x)));
    lanes.iter().map(|lane| (*lane).into()).sum::<f64>() + rest
}

/// The largest number; NaN is passed over here and found in the sums.
fn lanes_max<T: Scalar>(x: &[T]) -> f64 {
    let mut lanes = [T::LOWEST; LANES];
    let chunks = x.chunks_exact(LANES);
    let rest = chunks.remainder().iter().fold(T::LOWEST, |max, x| x.max(max));
    chunks.for_each(|chunk| lanes.iter_mut().zip(chunk).for_each(|(lane, x)| *lane = x.max(*lane)));
    let max = lanes.iter().fold(rest, |max, lane| lane.max(max));
    if max == T::LOWEST { f64::NEG_INFINITY } else { max.into() }
}

/// How many numbers hold `condition`, without a branch for each.
fn count<T: Scalar>(x: &[T], condition: impl Fn(T) -> bool) -> usize {
    x.chunks(4 * LANES).map(|x| x.iter().fold(0u32, |n, x| n + u32::from(condition(*x))) as usize).sum()
}

fn squared_norm<T: Scalar>(x: &[T]) -> T {
    accumulate(x, x, |x, _| x)
}

fn squared_distance<T: Scalar>(x: &[T], y: &[T]) -> T {
    accumulate(x, y, Scalar::sub)
}

/// Adds `w (x - y)`.
fn add_displacement<T: Scalar>(sum: &mut [T], w: T, x: &[T], y: &[T]) {
    sum.iter_mut().zip(x.iter().zip(y)).for_each(|(sum, (x, y))| *sum = sum.add(w.mul(x.sub(*y))));
}

/// `sum_d f(x_d, y_d)^2` over lanes.
fn accumulate<T: Scalar>(x: &[T], y: &[T], f: impl Fn(T, T) -> T) -> T {
    let mut lanes = [T::default(); LANES];
    let (x_chunks, y_chunks) = (x.chunks_exact(LANES), y.chunks_exact(LANES));
    let rest = x_chunks.remainder().iter().zip(y_chunks.remainder());
    let rest = rest.fold(T::default(), |sum, (x, y)| sum.add(f(*x, *y).mul(f(*x, *y))));
    for (x, y) in x_chunks.zip(y_chunks) {
        for i in 0..LANES {
            let r = f(x[i], y[i]);
            lanes[i] = lanes[i].add(r.mul(r));
        }
    }
    lanes.iter().fold(rest, |sum, lane| sum.add(*lane))
}
