//! What an entry expects in memory, how it is launched, and how the partial sums it leaves are finished.
//!
//! Holds: merging is in f64 and in a fixed order, so that a result does not depend on the order in which blocks run.

use super::super::interp::{Reduced, largest_log_weight};
pub use super::super::sums::{Factor, PartialMean, Partials};
use super::code::float_bytes;
use super::{Unsupported, unsupported};
use crate::green::Spread;
use crate::kernel::{Kernel, PairInput, Precision, Scalar, Shape};

/// The layout of an entry.
#[derive(Clone, Debug, PartialEq)]
pub enum Layout {
    /// An elementwise kernel.
    Map(MapLayout),
    /// A reduction.
    Reduce(ReduceLayout),
    /// All steps of a solver.
    Flow(FlowLayout),
}

/// All steps of a Runge-Kutta method of `S` stages, one particle a thread: parameters `(uniforms: *const T [steps][S][uniforms], sources: *const
/// T, source_count: u32, points: *mut f64 [particles][N], log_weights: *mut f64 [particles], particle_count: u32, center: *const f64 [N],
/// constants: *const f64 [steps][S][8], combinations: *const f64 [steps][S + 1][S], step_count: u32)`; points and log weights are
/// advanced in place. Sources are those of `reduce`; `ceil(particles / threads)` blocks of at most `reduce.block` threads.
///
/// - Stage `i` is taken at `x + sum_(j < i) combinations[i][j] v_j`.
/// - Its constants are: the stretch, which with the center brings that point into the frame of the sources, `y = stretch x - center`; the
///   factors of the two means; `v = scale v - pull x`; `R/p = rate R/p + offset`; the least sum of weights that has lost no digits, below
///   which the particle becomes NaN.
/// - Row `S` combines the stages to the step of the point, and the rates `R/p` to that of the log weight.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowLayout {
    /// The sums of a stage.
    pub reduce: ReduceLayout,
    /// `S`.
    pub stages: usize,
    /// The draw of the particles, where the entry does not find them in memory.
    pub prior: Option<PriorLayout>,
}

/// The draw of particles from a prior, with which an entry begins. Points and log weights are then only written, and further
/// parameters follow: `(key_low: u32, key_high: u32, first_low: u32, first_high: u32, purpose: u32, prior: *const f64 [4 + u], cumulative:
/// *const f64 [centers], centers: *const f64 [centers][N], center_count: u32, prior_points: *mut f64 [particles][N])`, and for a
/// proposal `(proposal_uniforms: *const T, proposal_sources: *const T)`.
///
/// - Particle `i` reads the Philox4x32-10 stream of the key with counter words (block, low and high word of `first + i`, purpose).
/// - A center is chosen by its weight: `cumulative` are running sums of the weights of `centers`.
/// - `prior` are: the first log weight; the least sum of the proposal's weights that has lost no digits; the total weight of the centers
///   and the largest number below it; then the `u` uniforms of the map of [`Spread::kernel`].
/// - With a proposal, the log sums of the field and of the proposal at the point, less each other, are added to the log weight; uniforms
///   and constants of the field are those of the first stage, and the proposal has as many sources, in the same frame.
#[derive(Clone, Debug, PartialEq)]
pub struct PriorLayout {
    /// The law of the way from a center.
    pub spread: Spread,
    /// The sums of the law that particles are drawn from, where it is not the field's own.
    pub proposal: Option<ReduceLayout>,
}

impl PriorLayout {
    /// Numbers of `prior` before the uniforms of the draw.
    pub const NUMBERS: usize = 4;
}

impl FlowLayout {
    /// Constants per stage.
    pub const CONSTANTS: usize = 8;
    /// The largest dimension.
    pub const MAX_DIM: usize = 3;
    /// The largest number of stages.
    pub const MAX_STAGES: usize = 7;
}

/// Parameters `(uniforms: *const T, lanes: u32, in0: *const T, ..., out0: *mut T, ...)`, one column per input and output;
/// `ceil(lanes / threads)` blocks of at most `block` threads.
#[derive(Clone, Debug, PartialEq)]
pub struct MapLayout {
    /// The number of inputs.
    pub inputs: usize,
    /// The number of outputs.
    pub outputs: usize,
    /// The most threads of a block.
    pub block: usize,
}

/// Parameters `(uniforms: *const T, sources: *const T, source_count: u32, split: u32, queries: *const T, query_count: u32,
/// partials: *mut f64)` with sources `[source_count][record]` as [`ReduceLayout::pack`] makes them, queries `[query_count][N]` and
/// partials `[splits][vectors][query_count]`, which are written.
///
/// The grid is `ceil(query_count / queries_per_block)` by the number of splits; split `k` takes `split` sources (a multiple of
/// [`ReduceLayout::multiple`]) from the `k split`-th on. All of a block's threads must run.
#[derive(Clone, Debug, PartialEq)]
pub struct ReduceLayout {
    /// The dimension N.
    pub dim: usize,
    /// The weights that a record holds behind the coordinates.
    pub reads: Vec<PairInput>,
    /// Floats of a record.
    pub record: usize,
    /// The number of sources is filled up to a multiple of this with sources of weight zero.
    pub multiple: usize,
    /// Threads of a block.
    pub block: usize,
    /// Queries of a thread, or none where the threads of a block share theirs: then a block has [`ReduceLayout::TILED_QUERIES`].
    pub queries_per_thread: Option<usize>,
    /// Sources staged in shared memory at a time.
    pub tile: usize,
    /// What is left per query and split.
    pub partials: Partials,
}

/// Up to this dimension, coordinates and sums live in registers.
pub(super) const MAX_UNROLLED_DIM: usize = 16;
/// Shared memory for a tile of sources in few dimensions.
const TILE_BYTES: usize = 8192;

impl ReduceLayout {
    /// Queries of a block in many dimensions.
    pub const TILED_QUERIES: usize = 32;

    pub(super) fn new(kernel: &Kernel) -> Result<ReduceLayout, Unsupported> {
        let Shape::Reduce { dim, means, weight } = kernel.shape() else {
            return Err(unsupported(kernel, "it is no reduction"));
        };
        let reads: Vec<PairInput> = kernel.weight_inputs().collect();
        let partials = Partials::new(kernel, *dim, *weight, means);
        let is_unrolled = *dim <= MAX_UNROLLED_DIM;
        let floats = *dim + reads.len();
        let record =
            if is_unrolled { floats.next_multiple_of(vector_length(kernel.precision(), floats)) } else { floats };
        let bytes = float_bytes(kernel.precision());
        let tile = match is_unrolled {
            // A power of two: the largest that fits.
            true => 1 << (TILE_BYTES / (record * bytes)).clamp(32, 512).ilog2(),
            false => 256 / bytes,
        };
        let body = kernel.body().len();
        let queries_per_thread = is_unrolled.then_some(match *dim {
            // Registers are of 32 bits.
            0..=4 if body <= 48 && bytes == 4 => 4,
            0..=4 if body <= 48 => 2,
            0..=8 if body <= 96 && bytes == 4 => 2,
            _ => 1,
        });
        Ok(ReduceLayout { dim: *dim, reads, record, multiple: 4, block: 128, queries_per_thread, tile, partials })
    }

    /// Queries of a block of `threads` threads: in few dimensions any number up to [`ReduceLayout::block`], else that one.
    pub fn queries_per_block(&self, threads: usize) -> usize {
        self.queries_per_thread.map_or(ReduceLayout::TILED_QUERIES, |queries| queries * threads)
    }

    /// Records of sources `[n][N]` with weights relative to the largest, filled up to [`ReduceLayout::multiple`], and the
    /// logarithm that they are relative to, which is to be added to `log_sum`. No source stays none.
    pub fn pack<T: Scalar>(&self, sources: &[f64], log_weights: &[f64]) -> (Vec<T>, f64) {
        let largest = largest_log_weight(log_weights);
        let padded = log_weights.len().next_multiple_of(self.multiple);
        let mut records = Vec::with_capacity(padded * self.record);
        for i in 0..padded {
            // Padding adds nothing and cannot overflow: weight zero at the place of the last source.
            let at = i.min(log_weights.len() - 1) * self.dim;
            let log_w = log_weights.get(i).map_or(f64::NEG_INFINITY, |log_w| log_w - largest);
            records.extend(sources[at..at + self.dim].iter().map(|y| T::from_f64(*y)));
            records.extend(self.reads.iter().map(|input| T::from_f64(input.of_log_weight(log_w))));
            records.resize((i + 1) * self.record, T::default());
        }
        (records, largest)
    }

    /// The result of query `index` of `queries` from the partials of all splits.
    pub fn finish(&self, partials: &[f64], queries: usize, index: usize, uniforms: &[f64]) -> Reduced {
        let vectors = self.partials.vectors;
        let mut total = Total { m: f64::NEG_INFINITY, sums: vec![0.0; vectors] };
        for split in partials.chunks_exact(vectors * queries) {
            let numbers: Vec<f64> = (0..vectors).map(|v| split[v * queries + index]).collect();
            total.merge(&numbers, self.partials.linear);
        }
        let means = self.partials.means.iter().map(|part| {
            let factor = part.factor(uniforms) / total.sums[1];
            total.sums[part.first..part.first + part.count].iter().map(|sum| sum * factor).collect()
        });
        Reduced { log_sum: total.m + total.sums[1].ln(), means: means.collect() }
    }
}

/// Sums over splits. `sums[0]` is unused, so that the rest is numbered as in the partials.
struct Total {
    m: f64,
    sums: Vec<f64>,
}

impl Total {
    fn merge(&mut self, split: &[f64], is_linear: bool) {
        let (mut old, mut new) = (1.0, 1.0);
        if is_linear {
            self.m = 0.0;
        } else {
            // A split without weight has not moved its reference from the start value. NaN is a weight.
            if split[1] == 0.0 {
                return;
            }
            let m = self.m.max(split[0]);
            (old, new) = ((self.m - m).exp(), (split[0] - m).exp());
            self.m = m;
        }
        self.sums.iter_mut().zip(split).skip(1).for_each(|(sum, x)| *sum = *sum * old + x * new);
    }
}

/// Floats of one load from shared memory: 16 bytes, or what a short record has.
pub(super) fn vector_length(precision: Precision, floats: usize) -> usize {
    match precision {
        Precision::F32 if floats > 2 => 4,
        Precision::F32 | Precision::F64 => floats.min(2),
    }
}
