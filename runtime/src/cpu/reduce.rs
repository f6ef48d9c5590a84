//! Compiled reductions over sources.
//!
//! In:   uniforms, sources laid out once, queries.
//! Out:  a [`ReduceOutput`].
//! Holds: compiled code keeps the sums of at most [`FLUSH`] sources in the kernel's precision, spread over the lanes of a
//!   vector; sums of lanes and of flushes are merged in f64, always in the same order.

use std::sync::Arc;

use genphys_compiler::codegen::cpu::BLOCK_BYTES;
use genphys_compiler::kernel::{Kernel, MeanKind, Scalar, Shape};
use ndarray::{Array2, ArrayView2, Axis};

use super::aligned::Aligned;
use super::cache::compiled;
use super::jit::{CompileError, CpuTarget, LayoutMismatch, Machine, ReduceCall};
use super::merge::Total;
use super::sources::{Blocks, Layout, Packed, Sources, check_points};
use super::{ArgumentError, check_count, check_uniforms};

/// Sources whose sums are carried in the kernel's precision.
pub(super) const FLUSH: usize = 2048;
/// Partial sums of one call should stay in a core's second cache,
const CACHE_BYTES: usize = 256 * 1024;
/// and sources in its first one.
const SOURCE_BYTES: usize = 16 * 1024;
/// Queries per call at most.
const BATCH: usize = 64;

/// What a reduction returns for `M` queries.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReduceOutput {
    /// `[M]`: `log sum_j W_j`; minus infinity when every weight is zero, NaN when some weight is not a number.
    pub log_sum: Vec<f64>,
    /// `[M, scalars]`: the scalar means, in the kernel's order; NaN when every weight is zero.
    pub scalars: Array2<f64>,
    /// `[M, N]` for each displacement mean, in the kernel's order; NaN when every weight is zero.
    pub displacements: Vec<Array2<f64>>,
}

/// A reduction that can be run.
pub trait ReduceProgram {
    /// Sources in the layout that this program reads.
    type Sources;

    /// Lays out sources `[n, N]` with log weights `[n]` (minus infinity for weight zero).
    ///
    /// # Errors
    /// [`ArgumentError`] when shapes differ from the kernel's or a number is not finite in its precision.
    fn layout(&self, sources: ArrayView2<'_, f64>, log_weights: &[f64]) -> Result<Self::Sources, ArgumentError>;

    /// Evaluates the reduction at `queries` `[M, N]`, on the calling thread.
    ///
    /// # Errors
    /// [`ArgumentError`] when arguments do not fit the kernel; `out` is then unspecified.
    fn run(
        &self,
        uniforms: &[f64],
        sources: &Self::Sources,
        queries: ArrayView2<'_, f64>,
        out: &mut ReduceOutput,
    ) -> Result<(), ArgumentError>;
}

/// A reduction as machine code; shared between threads, called with `&self`.
///
/// # Example
/// ```
/// use genphys_compiler::kernel::{KernelBuilder, Mean, Precision};
/// use genphys_runtime::cpu::{CompiledReduce, ReduceOutput, ReduceProgram};
/// use ndarray::array;
///
/// // Diffusion at t = 1/4: log p up to a constant and E[x - y], from two equal sources.
/// let (mut k, pair) = KernelBuilder::reduce("diffusion", Precision::F64, 1);
/// let (l, one) = (k.sub(pair.log_w, pair.q), k.constant(1.0));
/// let field = CompiledReduce::new(&k.finish_reduce(l, vec![Mean::displacement("v", one)])?)?;
/// let sources = field.layout(array![[-1.0], [1.0]].view(), &[0.0, 0.0])?;
/// let mut out = ReduceOutput::default();
/// field.run(&[], &sources, array![[0.0], [0.5]].view(), &mut out)?;
/// assert!((out.log_sum[0] - (2.0 * (-1f64).exp()).ln()).abs() < 1e-15);
/// assert!((out.displacements[0][[1, 0]] - (0.5 - 1f64.tanh())).abs() < 1e-15);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct CompiledReduce {
    kernel: Kernel,
    dim: usize,
    machine: Arc<Machine>,
}

impl CompiledReduce {
    /// Compiles `kernel` for this machine.
    ///
    /// # Errors
    /// [`CompileError`], among others when the kernel is a map.
    pub fn new(kernel: &Kernel) -> Result<CompiledReduce, CompileError> {
        let dim = dimension(kernel)?;
        Ok(CompiledReduce { kernel: kernel.clone(), dim, machine: compiled(kernel)? })
    }

    /// The same by this code generator.
    ///
    /// # Errors
    /// As [`CompiledReduce::new`], and when the target has no code for the kernel.
    pub fn on(target: CpuTarget, kernel: &Kernel) -> Result<CompiledReduce, CompileError> {
        let dim = dimension(kernel)?;
        Ok(CompiledReduce { kernel: kernel.clone(), dim, machine: Arc::new(Machine::on(target, kernel)?) })
    }

    /// The kernel that was compiled.
    pub fn kernel(&self) -> &Kernel {
        &self.kernel
    }
}

impl ReduceProgram for CompiledReduce {
    type Sources = Sources;

    fn layout(&self, sources: ArrayView2<'_, f64>, log_weights: &[f64]) -> Result<Sources, ArgumentError> {
        Sources::new(&self.kernel, self.dim, self.source_layout(), sources, log_weights)
    }

    fn run(
        &self,
        uniforms: &[f64],
        sources: &Sources,
        queries: ArrayView2<'_, f64>,
        out: &mut ReduceOutput,
    ) -> Result<(), ArgumentError> {
        check_arguments(&self.kernel, self.dim, uniforms, queries)?;
        out.resize(&self.kernel, self.dim, queries.nrows());
        let result = match &sources.packed {
            _ if sources.dim != self.dim => Err(LayoutMismatch),
            Packed::F32(blocks) => self.run_in(uniforms, blocks, queries, out),
            Packed::F64(blocks) => self.run_in(uniforms, blocks, queries, out),
        };
        out.log_sum.iter_mut().for_each(|log_sum| *log_sum += sources.log_scale);
        result.map_err(|_| ArgumentError::Layout { kernel: self.kernel.name().to_owned() })
    }
}

impl CompiledReduce {
    /// What the code expects of its sources.
    pub(super) fn source_layout(&self) -> Layout<'_> {
        Layout { width: self.machine.layout.width, reads: &self.machine.layout.reads }
    }

    fn run_in<T: Scalar>(
        &self,
        uniforms: &[f64],
        sources: &Blocks<T>,
        queries: ArrayView2<'_, f64>,
        out: &mut ReduceOutput,
    ) -> Result<(), LayoutMismatch> {
        let parameters: Vec<T> = self.machine.parameters(uniforms);
        let parameters = Aligned::collect(parameters.len(), parameters);
        let layout = &self.machine.layout;
        let query_bytes = layout.partials.vectors * layout.vector_bytes();
        let batch = (CACHE_BYTES / query_bytes).clamp(layout.tile, BATCH.next_multiple_of(layout.tile)) / layout.tile
            * layout.tile;
        let mut partials = Vec::new();
        for (index, batch_queries) in queries.axis_chunks_iter(Axis(0), batch).enumerate() {
            let tiled = tiled::<T>(batch_queries, layout.tile);
            let mut totals: Vec<Total> =
                batch_queries.rows().into_iter().map(|_| Total::new(layout.partials.vectors)).collect();
            for chunk in sources.chunks(self.dim, FLUSH / layout.width * layout.width) {
                self.start(&mut partials, tiled.len() / self.dim);
                for part in chunk.chunks(self.dim, self.sources_per_call()) {
                    self.machine.reduce(ReduceCall {
                        parameters: &parameters,
                        dim: self.dim,
                        sources: part.coordinates,
                        weights: part.weights,
                        queries: &tiled,
                        partials: &mut partials,
                    })?;
                }
                let per_query = partials.chunks_exact(layout.partials.vectors * layout.lanes);
                for (total, partial) in totals.iter_mut().zip(per_query) {
                    match layout.partials.linear {
                        true => total.merge_linear(partial, layout.lanes),
                        false => total.merge_log(partial, layout.lanes),
                    }
                }
            }
            for (row, total) in totals.iter().enumerate() {
                self.write(index * batch + row, total, uniforms, out);
            }
        }
        Ok(())
    }

    fn sources_per_call(&self) -> usize {
        let width = self.machine.layout.width;
        let blocks = SOURCE_BYTES / ((self.dim + 1) * BLOCK_BYTES);
        blocks.clamp(2, FLUSH / width) * width
    }

    /// Partial sums of no source: see `Partials` of the target.
    fn start<T: Scalar>(&self, partials: &mut Vec<T>, queries: usize) {
        let layout = &self.machine.layout;
        let per_query = layout.partials.vectors * layout.lanes;
        partials.clear();
        partials.resize(queries * per_query, T::default());
        if !layout.partials.linear {
            partials.chunks_exact_mut(per_query).for_each(|query| query[..layout.lanes].fill(T::LOWEST));
        }
    }

    /// Divides the sums by the total weight and applies the factors that all sources have in common.
    fn write(&self, row: usize, total: &Total, uniforms: &[f64], out: &mut ReduceOutput) {
        out.log_sum[row] = total.max + total.sums[1].ln();
        let (mut scalar, mut displacement) = (0, 0);
        for (mean, part) in means(&self.kernel).zip(&self.machine.layout.partials.means) {
            let factor = part.factor(uniforms) / total.sums[1];
            let sums = &total.sums[part.first..part.first + part.count];
            match mean {
                MeanKind::Scalar(_) | MeanKind::Weighted(_) => {
                    out.scalars[[row, scalar]] = sums[0] * factor;
                    scalar += 1;
                }
                MeanKind::Displacement(_) => {
                    let row = out.displacements[displacement].row_mut(row);
                    row.into_iter().zip(sums).for_each(|(out, sum)| *out = sum * factor);
                    displacement += 1;
                }
            }
        }
    }
}

/// Queries `[M, N]` in the kernel's precision, the last one repeated to fill the last tile.
fn tiled<T: Scalar>(queries: ArrayView2<'_, f64>, tile: usize) -> Vec<T> {
    let rows = queries.nrows();
    (0..rows.next_multiple_of(tile))
        .flat_map(|row| queries.row(row.min(rows - 1)).into_iter().map(|x| T::from_f64(*x)).collect::<Vec<T>>())
        .collect()
}

/// A range of blocks.
#[derive(Clone, Copy)]
struct Chunk<'a, T> {
    coordinates: &'a [T],
    weights: [&'a [T]; 3],
}

impl<T: Scalar> Blocks<T> {
    fn chunks(&self, dim: usize, sources: usize) -> impl Iterator<Item = Chunk<'_, T>> {
        let weights = self.weights.each_ref().map(|column| &**column);
        Chunk { coordinates: &self.coordinates, weights }.chunks(dim, sources)
    }
}

impl<'a, T> Chunk<'a, T> {
    /// Ranges of at most `sources` sources, a multiple of the width.
    fn chunks(self, dim: usize, sources: usize) -> impl Iterator<Item = Chunk<'a, T>> {
        self.coordinates.chunks(sources * dim).enumerate().map(move |(i, coordinates)| {
            let part = |column: &'a [T]| column.get(i * sources..).map_or(&[][..], |c| &c[..c.len().min(sources)]);
            Chunk { coordinates, weights: self.weights.map(part) }
        })
    }
}

impl ReduceOutput {
    pub(crate) fn resize(&mut self, kernel: &Kernel, dim: usize, rows: usize) {
        let displacements = means(kernel).filter(|mean| matches!(mean, MeanKind::Displacement(_))).count();
        let scalars = means(kernel).count() - displacements;
        self.log_sum.clear();
        self.log_sum.resize(rows, 0.0);
        self.scalars = Array2::zeros((rows, scalars));
        self.displacements = vec![Array2::zeros((rows, dim)); displacements];
    }
}

pub(crate) fn means(kernel: &Kernel) -> impl Iterator<Item = MeanKind> {
    let means = match kernel.shape() {
        Shape::Reduce { means, .. } => &means[..],
        Shape::Map { .. } => &[],
    };
    means.iter().map(|mean| mean.kind)
}

pub(super) fn dimension(kernel: &Kernel) -> Result<usize, CompileError> {
    match kernel.shape() {
        Shape::Reduce { dim, .. } => Ok(*dim),
        Shape::Map { .. } => Err(CompileError::Shape { kernel: kernel.name().to_owned(), expected: "reduction" }),
    }
}

pub(crate) fn check_arguments(
    kernel: &Kernel,
    dim: usize,
    uniforms: &[f64],
    queries: ArrayView2<'_, f64>,
) -> Result<(), ArgumentError> {
    check_uniforms(kernel, uniforms)?;
    check_count(kernel, "coordinates per query", dim, queries.ncols())?;
    check_points(kernel, "query", queries)
}
