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
/// - A map is `fn(parameters: *const T, inputs: *const *const T, outputs: *const *mut T, blocks: i64)` with a column
///   `[blocks][lanes]` for every input and every output.
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
        let mut function = self.function(match kernel.shape() {
            Shape::Map { .. } => 4,
            Shape::Reduce { .. } => 9,
        });
        let mut context = FunctionBuilderContext::new();
        let builder = FunctionBuilder::new(&mut function, &mut context);
        let code = body::Code::new(builder, Format::of(kernel.precision()), self.fused);
        let (precision, lanes) = (kernel.precision(), Format::of(kernel.precision()).lanes());
        let reads = kernel.weight_inputs().collect();
        let columns = match kernel.shape() {
            Shape::Map { inputs, outputs } => (inputs.len(), outputs.len()),
            Shape::Reduce { .. } => (0, 0),
        };
        let (width, tile, partials, parameters) = match kernel.shape() {
            Shape::Map { .. } => (lanes, 1, Partials::default(), map::emit(code, &kernel, self.config)?),
            Shape::Reduce { dim, means, weight } => {
                let tile = Tile::choose(*weight, *dim);
                let partials = Partials::new(&kernel, *dim, *weight, means);
                let parameters = reduce::emit(code, &kernel, tile, &partials, self.config)?;
                (lanes * VECTORS_PER_BLOCK, tile.queries, partials, parameters)
            }
        };
        Ok(ClifFunction { function, precision, parameters, lanes, columns, reads, width, tile, partials })
    }

    fn listing(artifact: &ClifFunction) -> String {
        artifact.function.display().to_string()
    }
}

impl Cranelift {
    /// A whole step of a solver for a batch of particles, in the field that `kernel` reduces to: a function of the layout
    /// [`StepLayout`].
    ///
    /// # Errors
    /// [`Unsupported`] unless the kernel has linear weights in at most [`MAX_STEP_DIM`] dimensions, a displacement for its
    /// first mean and at most a number for its second.
    pub fn emit_step(&self, kernel: &Kernel) -> Result<ClifFunction, Unsupported> {
        let kernel = inline_specials(kernel)?;
        let Shape::Reduce { dim, means, weight: weight @ Weight::Linear(_) } = kernel.shape() else {
            return Err(unsupported(&kernel, "a step needs linear weights"));
        };
        let has_fitting_means = matches!(
            means.iter().map(|m| m.kind).collect::<Vec<_>>()[..],
            [MeanKind::Displacement(_)] | [MeanKind::Displacement(_), MeanKind::Scalar(_) | MeanKind::Weighted(_)]
        );
        if self.config.pointer_bits() != 64 || *dim > MAX_STEP_DIM || !has_fitting_means {
            return Err(unsupported(&kernel, "a step needs few dimensions, a velocity and at most a birth rate"));
        }
        let mut function = self.function(StepLayout::ARGUMENTS);
        let mut context = FunctionBuilderContext::new();
        let builder = FunctionBuilder::new(&mut function, &mut context);
        let format = Format::of(kernel.precision());
        let code = body::Code::new(builder, format, self.fused);
        let tile = Tile::choose(*weight, *dim);
        let partials = Partials::new(&kernel, *dim, *weight, means);
        let parameters = reduce::step::emit(code, &kernel, tile, &partials, self.config)?;
        Ok(ClifFunction {
            function,
            precision: kernel.precision(),
            parameters,
            lanes: format.lanes(),
            columns: (0, 0),
            reads: kernel.weight_inputs().collect(),
            width: format.lanes() * VECTORS_PER_BLOCK,
            tile: 1,
            partials,
        })
    }

    /// An empty function of so many arguments, all of pointer size.
    fn function(&self, arguments: usize) -> Function {
        let mut signature = Signature::new(self.config.default_call_conv);
        signature.params = vec![AbiParam::new(types::I64); arguments];
        Function::with_name_signature(UserFuncName::user(0, 0), signature)
    }
}

/// The largest dimension of a compiled step.
pub const MAX_STEP_DIM: usize = 3;

/// The arguments of a step, all `i64` or pointers, in this order. `S` is the number of stages; every float is `f64` but those of
/// the first five pointers, which are as in a reduction.
///
/// `parameters [S][parameters][lanes]`, the bytes of one stage of them, `sources`, three `weights`, `blocks`, blocks whose
/// sums are carried in the kernel's precision, how many such parts there are (at least 1), particles (at least 1), `points
/// [particles][N]`, `log_weights [particles]`, `center [N]`, `constants [S][StepLayout::CONSTANTS]`, `combinations [S + 2][S]`, `S`, the first
/// stage to compute, `values [particles][S][N + 2]` and `out [particles][2][N + 1]`.
///
/// - Stage `i` is taken at `x + sum_(j < i) combinations[i][j] v_j`.
/// - Its constants are: the stretch and then the center bring that point into the frame of the sources, `y = stretch x - center`; the factors of the
///   two means; `v = scale v - pull x`; `R/p = rate R/p + offset`.
/// - `values` receives `v`, `R/p` and the sum of the weights of each stage; those of stages before the first are read.
/// - `out` receives the point and the log weight after the step, combined by row `S`, then the error of both by row `S + 1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepLayout;

impl StepLayout {
    /// The number of arguments.
    pub const ARGUMENTS: usize = 19;
    /// Constants per stage.
    pub const CONSTANTS: usize = 7;
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
            // Measured over 1, 2 and 4 of each: sixteen registers hold the sums of one query.
            Weight::Linear(_) if dim <= 16 => Tile { queries: 1, vectors: VECTORS_PER_BLOCK, unrolled: true },
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
