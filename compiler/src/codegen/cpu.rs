//! What the targets for processors agree on: the memory that their functions read and write.
//!
//! Holds: sources lie in the same blocks for every target, so that a field laid out for one runs on another; partial sums
//!   are vectors whose lanes the caller adds.

pub use super::sums::{Factor, PartialMean, Partials};
use crate::kernel::{Kernel, PairInput, Precision, Shape};

/// Bytes of one coordinate of a block of sources: a cache line, and a whole number of vectors of every target.
pub const BLOCK_BYTES: usize = 64;

/// The memory layout of a function.
///
/// `T` is the kernel's float. All counts are at least 1.
/// - Both kinds of function begin with `parameters: *const T`, `[parameters][lanes]`: see [`Parameter`].
/// - A map is `fn(parameters: *const T, inputs: *const *const T, outputs: *const *mut T, blocks: i64)` with a column
///   `[blocks][lanes]` for every input and every output.
/// - A reduction is `fn(parameters: *const T, sources: *const T, weights: [*const T; 3], blocks: i64, queries: *const T,
///   tiles: i64, partials: *mut T)` with sources `[blocks][N][width]`; one array `[blocks][width]` for each weight of
///   [`PairInput`], of which those are read that the kernel reads; queries `[tiles * tile][N]` and
///   partials `[tiles * tile]` of [`Partials`], each a vector, which are read, advanced and written.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// The kernel's float.
    pub precision: Precision,
    /// What the caller writes into the first argument, each in all lanes.
    pub parameters: Vec<Parameter>,
    /// Elements or sources per vector.
    pub lanes: usize,
    /// The numbers of inputs and outputs of a map.
    pub columns: (usize, usize),
    /// The weights that a reduction reads.
    pub reads: Vec<PairInput>,
    /// Sources per block: some vectors, which are processed together.
    pub width: usize,
    /// Queries that a reduction processes together, so that one load of a source serves them all.
    pub tile: usize,
    /// What a reduction leaves per query; empty for a map.
    pub partials: Partials,
}

/// A vector that a function reads from its first argument.
///
/// Constants are passed like uniforms, so that an instruction can take either as an operand in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameter {
    /// The uniform of this index.
    Uniform(u32),
    /// A lane with these bits.
    Bits(u64),
}

impl Layout {
    /// The layout of a kernel in vectors of so many bytes, tiles of so many queries and with these parameters.
    pub(super) fn new(kernel: &Kernel, vector_bytes: usize, tile: usize, parameters: Vec<Parameter>) -> Layout {
        let precision = kernel.precision();
        let lanes = vector_bytes / precision.bytes();
        let (columns, width, partials) = match kernel.shape() {
            Shape::Map { inputs, outputs } => ((inputs.len(), outputs.len()), lanes, Partials::default()),
            Shape::Reduce { dim, means, weight } => {
                ((0, 0), BLOCK_BYTES / precision.bytes(), Partials::new(kernel, *dim, *weight, means))
            }
        };
        let reads = kernel.weight_inputs().collect();
        Layout { precision, parameters, lanes, columns, reads, width, tile, partials }
    }

    /// Bytes of a vector.
    pub fn vector_bytes(&self) -> usize {
        self.lanes * self.precision.bytes()
    }
}

impl Parameter {
    /// A constant in all lanes, rounded to `precision`.
    pub(super) fn constant(x: f64, precision: Precision) -> Parameter {
        Parameter::Bits(match precision {
            Precision::F32 => u64::from((x as f32).to_bits()),
            Precision::F64 => x.to_bits(),
        })
    }

    /// Its place among those that a function has so far, at the end if it is new.
    pub(super) fn index_in(self, parameters: &mut Vec<Parameter>) -> usize {
        parameters.iter().position(|p| *p == self).unwrap_or_else(|| {
            parameters.push(self);
            parameters.len() - 1
        })
    }
}
