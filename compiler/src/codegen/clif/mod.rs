//! The Cranelift target: 128-bit SIMD, lanes over sources (or over the elements of a map).
//!
//! In:   a [`Kernel`].
//! Out:  a [`ClifFunction`], which the runtime turns into machine code and calls.
//! Holds: a fused multiply-add is one instruction where the instruction set has it, else two roundings; minima,
//!   maxima and powers of two avoid Cranelift's NaN-exact and saturating sequences; nothing calls libm.

mod body;
mod map;
mod reduce;
mod step;

use cranelift_codegen::ir::{AbiParam, Function, Signature, Type, UserFuncName, types};
use cranelift_codegen::isa::{CallConv, TargetFrontendConfig, TargetIsa};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};

use super::cpu::{BLOCK_BYTES, Layout, Partials};
use super::{Target, Unsupported};
use crate::kernel::{Kernel, MAX_DIM, MeanKind, Precision, Shape, Weight, inline_specials};

/// Bytes of a vector register.
const VECTOR_BYTES: usize = 16;
/// Vectors of sources that lie together.
const VECTORS_PER_BLOCK: usize = BLOCK_BYTES / VECTOR_BYTES;

/// The Cranelift target for one instruction set.
#[derive(Clone, Copy)]
pub struct Cranelift {
    config: TargetFrontendConfig,
    fused: bool,
    convention: CallConv,
}

/// A kernel as a Cranelift function with the memory layout it expects.
#[derive(Clone, Debug)]
pub struct ClifFunction {
    /// The function, with its signature.
    pub function: Function,
    /// The memory it reads and writes.
    pub layout: Layout,
}

impl Cranelift {
    /// The target for the instruction set of `isa`.
    pub fn for_isa(isa: &dyn TargetIsa) -> Cranelift {
        let flag = |name| isa.isa_flags().iter().any(|f| f.name == name && f.as_bool() == Some(true));
        // Every other instruction set of Cranelift with vectors has the fused instruction always.
        let fused = isa.name() != "x64" || (flag("has_avx") && flag("has_fma"));
        // One convention for the code of every target of x86-64, whatever the operating system's is.
        let convention = if isa.name() == "x64" { CallConv::SystemV } else { isa.default_call_conv() };
        Cranelift { config: isa.frontend_config(), fused, convention }
    }

    /// The configuration to finalise functions with.
    pub fn config(&self) -> TargetFrontendConfig {
        self.config
    }

    /// The calling convention of its functions.
    pub fn convention(&self) -> CallConv {
        self.convention
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
        let (tile, parameters) = match kernel.shape() {
            Shape::Map { .. } => (1, map::emit(code, &kernel, self.config)?),
            Shape::Reduce { dim, means, weight } => {
                let tile = Tile::choose(*weight, *dim);
                let partials = Partials::new(&kernel, *dim, *weight, means);
                (tile.queries, reduce::emit(code, &kernel, tile, &partials, self.config)?)
            }
        };
        Ok(ClifFunction { function, layout: Layout::new(&kernel, VECTOR_BYTES, tile, parameters) })
    }

    fn listing(artifact: &ClifFunction) -> String {
        artifact.function.display().to_string()
    }
}

impl Cranelift {
    /// A whole step of a solver for a batch of particles, in the field that `kernel` reduces to: a function of the layout
    /// [`StepLayout`], which calls a reduction of the layout `sums` of the same kernel.
    ///
    /// # Errors
    /// [`Unsupported`] unless the kernel has linear weights in at most [`MAX_STEP_DIM`] dimensions, a displacement for its
    /// first mean and at most a number for its second.
    pub fn emit_step(&self, kernel: &Kernel, sums: &Layout) -> Result<ClifFunction, Unsupported> {
        let kernel = inline_specials(kernel)?;
        let Shape::Reduce { dim, means, weight: Weight::Linear(_) } = kernel.shape() else {
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
        step::emit(code, &kernel, sums, self.convention, self.config)?;
        let layout = Layout { tile: 1, ..sums.clone() };
        Ok(ClifFunction { function, layout })
    }

    /// An empty function of so many arguments, all of pointer size.
    fn function(&self, arguments: usize) -> Function {
        let mut signature = Signature::new(self.convention);
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
/// stage to compute, `values [particles][S][N + 2]`, `out [particles][2][N + 1]`, and the address of the
/// reduction.
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
    pub const ARGUMENTS: usize = 20;
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

    fn scalar_bytes(self) -> i32 {
        self.scalar.bytes() as i32
    }
}

fn unsupported(kernel: &Kernel, what: &str) -> Unsupported {
    Unsupported::Feature { target: Cranelift::NAME, kernel: kernel.name().to_owned(), what: what.to_owned() }
}

/// Offsets into the partial sums of one query fit an instruction's 32-bit displacement.
const _: () = assert!(MAX_DIM * VECTORS_PER_BLOCK * VECTOR_BYTES < 1 << 20);
