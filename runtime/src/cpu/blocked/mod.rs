//! Reductions in many dimensions: inner products by matrix multiplication, the pair body on tiles of them.
//!
//! In:   a kernel with weights given by their logarithm, which fall with `q`, and whose displacements have a common coefficient.
//! Out:  a [`ReduceOutput`], within rounding that of [`CompiledReduce`](super::CompiledReduce).
//! Holds: one pass over the sources, which lie in tiles of neighbours with coordinates about their own centre; memory is that of the
//!   sources and of one tile. What cannot matter to a query to rounding is left out for it: a whole tile that is too far, and the second
//!   product of a tile that has little weight. Products are padded to whole tiles of the multiplication, and every sum of a row is taken in
//!   the same order whatever the other rows are.

mod batch;
mod lanes;
mod near;
mod reach;
mod row;
mod tiles;
mod total;

use std::sync::Arc;

use genphys_compiler::codegen::Unsupported;
use genphys_compiler::codegen::cpu::Factor;
use genphys_compiler::codegen::interp::largest_log_weight;
use genphys_compiler::kernel::{
    Kernel, KernelBuilder, MeanKind, Op, Output, Precision, Shape, Weight, pair_map, tile_map,
};
use genphys_compiler::special::Special;
use ndarray::{ArrayView2, Axis};

use super::ArgumentError;
use super::cache::compiled;
use super::jit::{CompileError, Machine};
use super::reduce::{ReduceOutput, ReduceProgram, check_arguments, dimension, means};
use super::sources::check_sources;
use batch::Batch;
use tiles::Tiles;

/// Queries that share one reading of the sources at most.
const ROWS: usize = 256;
/// A pair is near when `q` plus the softening is at most this part of `|x|^2 + |y|^2`: four bits are then lost to cancellation.
const NEAR: f64 = 1.0 / 16.0;
/// A weight may exceed the reference of its row by so much, as a logarithm, before the reference is raised: `2^20`.
const LARGEST: f64 = 20.0 * std::f64::consts::LN_2;

/// A reduction by matrix multiplication.
#[derive(Debug)]
pub struct BlockedReduce {
    kernel: Kernel,
    dim: usize,
    /// Log weights by inner products, and the pair body by squared distances, for rows where those do not do; the weights.
    tile: Arc<Machine>,
    pair: Arc<Machine>,
    exp: Arc<Machine>,
    /// The factor of each displacement.
    factors: Vec<Factor>,
}

/// Sources laid out for a [`BlockedReduce`].
#[derive(Clone, Debug)]
pub struct BlockedSources {
    log_scale: f64,
    packed: Packed,
}

#[derive(Clone, Debug)]
enum Packed {
    F32(Tiles<f32>),
    F64(Tiles<f64>),
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
            tile: compiled(&tile_map(kernel, NEAR).map_err(Unsupported::from)?)?,
            pair: compiled(&pair_map(kernel).map_err(Unsupported::from)?)?,
            exp: compiled(&weight_map(kernel.precision())?)?,
            factors,
        })
    }

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
                Packed::F32(tiles) => batch.run(tiles, queries, out),
                Packed::F64(tiles) => batch.run(tiles, queries, out),
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
            Precision::F32 => Packed::F32(Tiles::new(&self.kernel, sources, log_weights, log_scale)),
            Precision::F64 => Packed::F64(Tiles::new(&self.kernel, sources, log_weights, log_scale)),
        };
        Ok(BlockedSources { log_scale, packed })
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

/// `exp(l - m)`, with the row's reference `m` as a uniform; infinite where l is far above it, and no number where l is none.
fn weight_map(precision: Precision) -> Result<Kernel, CompileError> {
    let mut k = KernelBuilder::map("weight", precision);
    let (l, m) = (k.input("l"), k.uniform("m"));
    let (largest, infinite) = (k.constant(LARGEST), k.constant(f64::INFINITY));
    let excess = k.sub(l, m);
    let (is_large, w) = (k.lt(largest, excess), k.call(Special::ExpWeight, excess));
    let w = k.select(is_large, infinite, w);
    Ok(k.finish_map(vec![Output::new("w", w)]).map_err(Unsupported::from)?)
}
