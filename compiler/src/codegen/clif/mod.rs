//! The Cranelift target: 128-bit SIMD, lanes over sources (or over the elements of a map).
//!
//! In:   a [`Kernel`].
//! Out:  a [`ClifFunction`], which the runtime turns into machine code and calls.
//! Holds: a fused multiply-add is one instruction where the instruction set has it, else two roundings; minima,
//!   maxima and powers of two avoid Cranelift's NaN-exact and saturating sequences; nothing calls libm.

mod body;
mod map;
mod reduce;

use cranelift_codegen::ir::{AbiParam, Function, Signature, Type, UserFuncName, types};
use cranelift_codegen::isa::{TargetFrontendConfig, TargetIsa};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};

use super::{Target, Unsupported};
use crate::kernel::{Kernel, MAX_DIM, Mean, MeanKind, Op, PairInput, Precision, Shape, Weight, inline_specials};

/// Bytes of a vector register.
pub const VECTOR_BYTES: usize = 16;
/// Vectors of sources that lie together, the same for every reduction, so that all read the same layout.
pub const VECTORS_PER_BLOCK: usize = 4;

/// The Cranelift target for one instruction set.
#[derive(Clone, Copy)]
pub struct Cranelift {
    config: TargetFrontendConfig,
    fused: bool,
}

/// A kernel as a Cranelift function with the memory layout it expects.
///
/// `T` is the kernel's float, `lanes` are `16 / size_of::<T>()`. All counts are at least 1.
/// - Both begin with `parameters: *const T`, `[parameters][lanes]`: see [`Parameter`].
/// - A map is `fn(parameters: *const T, inputs: *const T, outputs: *mut T, blocks: i64)` with inputs
///   `[blocks][inputs][lanes]` and outputs `[blocks][outputs][lanes]`.
/// - A reduction is `fn(parameters: *const T, sources: *const T, weights: [*const T; 3], blocks: i64, queries: *const T,
///   tiles: i64, partials: *mut T)` with sources `[blocks][N][width]`; one array `[blocks][width]` for each weight of
///   [`PairInput`], of which those are read that the kernel reads; queries `[tiles * tile][N]` and
///   partials `[tiles * tile]` of [`Partials`], which are read, advanced and written.
#[derive(Clone, Debug)]
pub struct ClifFunction {
    /// The function, with its signature.
    pub function: Function,
    /// The kernel's float.
    pub precision: Precision,
    /// What the caller writes into the first argument, each in all lanes.
    pub parameters: Vec<Parameter>,
    /// Elements or sources per vector.
    pub lanes: usize,
    /// The weights that a reduction reads.
    pub reads: Vec<PairInput>,
    /// Sources per block: some vectors, which are processed together.
    pub width: usize,
    /// Queries that a reduction processes together, so that one load of a source serves them all.
    pub tile: usize,
    /// What a reduction leaves per query; empty for a map.
    pub partials: Partials,
}

/// A vector that the function reads from its first argument at every use.
///
/// Constants are passed like uniforms: Cranelift would hoist constants of its own out of the loops and spill them, while a
/// load is an operand of the instruction that needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameter {
    /// The uniform of this index.
    Uniform(u32),
    /// A lane with these bits.
    Bits(u64),
}

/// The partial sums of a reduction for one query: vectors of `lanes` numbers in this order: a reference `m`,
/// `s = sum W_j exp(-m)`, then for each mean `sum W_j exp(-m)` times its summand.
///
/// For weights given by their logarithm, `m` is close to the largest; to start, it is [`Precision`]'s lowest finite
/// number (so that minus infinity minus `m` is minus infinity, not NaN). For linear weights, `m` is 0 and stays so. All else
/// starts at 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Partials {
    /// Whether the weights are linear.
    pub linear: bool,
    /// Vectors per query.
    pub vectors: usize,
    /// Where each mean lies.
    pub means: Vec<PartialMean>,
}

/// The part of one mean in [`Partials`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PartialMean {
    /// Its first vector.
    pub first: usize,
    /// Its number of vectors: 1 for a scalar, `N` for a displacement.
    pub count: usize,
    /// The factor left to whoever merges the partial sums.
    pub factor: Factor,
}

/// A factor that is the same for all sources.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Factor {
    /// This number.
    Constant(f64),
    /// The uniform of this index.
    Uniform(usize),
}

impl Cranelift {
    /// The target for the instruction set of `isa`.
    pub fn for_isa(isa: &dyn TargetIsa) -> Cranelift {
        let flag = |name| isa.isa_flags().iter().any(|f| f.name == name && f.as_bool() == Some(true));
        // Every other instruction set of Cranelift with vectors has the fused instruction always.
        let fused = isa.name() != "x64" || (flag("has_avx") && flag("has_fma"));
        Cranelift { config: isa.frontend_config(), fused }
    }

    /// The configuration to finalise functions with.
    pub fn config(&self) -> TargetFrontendConfig {
        self.config
    }

    /// Whether a fused multiply-add is rounded once, as the interpreter does.
    pub fn fused(&self) -> bool {
        self.fused
    }

    /// The same target with multiply-adds in two roundings, as on an x86-64 without FMA.
    pub fn without_fma(self) -> Cranelift {
        Cranelift { fused: false, ..self }
    }
}

impl Target for Cranelift {
    type Artifact = ClifFunction;
    const NAME: &'static str = "clif";

    fn emit(&self, kernel: &Kernel) -> Result<ClifFunction, Unsupported> {
        if self.config.pointer_bits() != 64 {
            return Err(unsupported(kernel, "pointers are not of 64 bits"));
        }
        let kernel = inline_specials(kernel)?;
        let parameters = match kernel.shape() {
            Shape::Map { .. } => 4,
            Shape::Reduce { .. } => 9,
        };
        let mut signature = Signature::new(self.config.default_call_conv);
        signature.params = vec![AbiParam::new(types::I64); parameters];
        let mut function = Function::with_name_signature(UserFuncName::user(0, 0), signature);
        let mut context = FunctionBuilderContext::new();
        let builder = FunctionBuilder::new(&mut function, &mut context);
        let code = body::Code::new(builder, Format::of(kernel.precision()), self.fused);
        let (precision, lanes) = (kernel.precision(), Format::of(kernel.precision()).lanes());
        let reads = kernel.weight_inputs().collect();
        let (width, tile, partials, parameters) = match kernel.shape() {
            Shape::Map { .. } => (lanes, 1, Partials::default(), map::emit(code, &kernel, self.config)?),
            Shape::Reduce { dim, means, weight } => {
                let tile = Tile::choose(*weight, *dim);
                let partials = Partials::new(&kernel, *dim, *weight, means);
                let parameters = reduce::emit(code, &kernel, tile, &partials, self.config)?;
                (lanes * VECTORS_PER_BLOCK, tile.queries, partials, parameters)
            }
        };
        Ok(ClifFunction { function, precision, parameters, lanes, reads, width, tile, partials })
    }

    fn listing(artifact: &ClifFunction) -> String {
        artifact.function.display().to_string()
    }
}

/// How many pairs one turn of the innermost loop takes: a property of this target's registers.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Tile {
    queries: usize,
    /// Vectors of sources; a divisor of [`VECTORS_PER_BLOCK`].
    vectors: usize,
    /// Whether dimensions are unrolled and their sums live in registers.
    unrolled: bool,
}

impl Tile {
    fn choose(weight: Weight, dim: usize) -> Tile {
        match weight {
            Weight::Linear(_) if dim <= 16 => {
                let get = |name, default| std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(default);
                Tile { queries: get("TQ", 1), vectors: get("TV", 2), unrolled: true }
            }
            Weight::Log(_) | Weight::Linear(_) => Tile { queries: 4, vectors: 1, unrolled: dim <= 8 },
        }
    }
}

impl Partials {
    fn new(kernel: &Kernel, dim: usize, weight: Weight, means: &[Mean]) -> Partials {
        let mut vectors = 2;
        let means = means
            .iter()
            .map(|mean| {
                let count = match mean.kind {
                    MeanKind::Scalar(_) | MeanKind::Weighted(_) => 1,
                    MeanKind::Displacement(_) => dim,
                };
                let first = vectors;
                vectors += count;
                PartialMean { first, count, factor: common_factor(kernel, mean).unwrap_or(Factor::Constant(1.0)) }
            })
            .collect();
        Partials { linear: matches!(weight, Weight::Linear(_)), vectors, means }
    }
}

/// The coefficient of a mean, if it does not depend on the source; then the sum is taken without it.
fn common_factor(kernel: &Kernel, mean: &Mean) -> Option<Factor> {
    let coefficient = match mean.kind {
        MeanKind::Scalar(v) | MeanKind::Displacement(v) => v,
        MeanKind::Weighted(_) => return None,
    };
    match kernel.op(coefficient) {
        Op::Const(c) => Some(Factor::Constant(c.get())),
        Op::Uniform(index) => Some(Factor::Uniform(index as usize)),
        _ => None,
    }
}

/// The vector types of a precision.
#[derive(Clone, Copy, Debug)]
struct Format {
    precision: Precision,
    scalar: Type,
    vector: Type,
    /// Masks, and floats seen as bits.
    bits: Type,
}

impl Format {
    fn of(precision: Precision) -> Format {
        let (scalar, vector, bits) = match precision {
            Precision::F32 => (types::F32, types::F32X4, types::I32X4),
            Precision::F64 => (types::F64, types::F64X2, types::I64X2),
        };
        Format { precision, scalar, vector, bits }
    }

    fn lanes(self) -> usize {
        VECTOR_BYTES / self.scalar_bytes() as usize
    }

    fn scalar_bytes(self) -> i32 {
        self.scalar.bytes() as i32
    }
}

fn unsupported(kernel: &Kernel, what: &str) -> Unsupported {
    Unsupported::Feature { target: Cranelift::NAME, kernel: kernel.name().to_owned(), what: what.to_owned() }
}

/// Offsets into the partial sums of one query fit an instruction's 32-bit displacement.
const _: () = assert!(MAX_DIM * VECTORS_PER_BLOCK * VECTOR_BYTES < 1 << 20);
