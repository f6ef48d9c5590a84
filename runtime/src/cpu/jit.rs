//! Machine code: the only `unsafe` on the CPU.
//!
//! In:   a kernel.
//! Out:  a [`Machine`], whose safe calls check every length against the [`Layout`] of the code before jumping.
//! Holds: the code lives as long as the [`Machine`] and is freed with it.

use std::sync::{Arc, Mutex};

use cranelift_codegen::ir::{AbiParam, Signature, types};
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_codegen::settings::{self, Configurable};
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::{FuncId, Module, default_libcall_names};
use genphys_compiler::codegen::avx2::{Avx2, Avx2Function};
use genphys_compiler::codegen::clif::{ClifFunction, Cranelift, StepLayout};
use genphys_compiler::codegen::cpu::{Layout, Parameter};
use genphys_compiler::codegen::{Target, Unsupported};
use genphys_compiler::kernel::{Kernel, PairInput, Scalar, Shape};
use thiserror::Error;

/// Why a kernel could not be compiled on this machine.
#[derive(Debug, Error)]
pub enum CompileError {
    /// The target has no code for the kernel.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
    /// Cranelift does not know this machine.
    #[error("this machine is not supported: {0}")]
    Machine(String),
    /// Cranelift refused the function, which is a fault of ours, or memory ran out.
    #[error("code generation failed: {0}")]
    Codegen(String),
    /// The kernel has the other kind of loop.
    #[error("kernel `{kernel}` is not a {expected}")]
    Shape {
        /// Name of the kernel.
        kernel: String,
        /// The kind of loop needed.
        expected: &'static str,
    },
}

/// The Cranelift target for this machine, for listings.
///
/// # Errors
/// [`CompileError::Machine`] on machines that Cranelift does not know.
pub fn host_target() -> Result<Cranelift, CompileError> {
    Ok(Cranelift::for_isa(&*host_isa()?))
}

/// A code generator for this machine's processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CpuTarget {
    /// Vectors of 256 bits: maps, and reductions in few dimensions, on x86-64 with AVX2 and FMA.
    Avx2,
    /// Every kernel, in vectors of 128 bits.
    Cranelift,
    /// The same with multiply-adds rounded twice, as on a machine without the fused instruction.
    CraneliftWithoutFma,
}

impl CpuTarget {
    /// What this processor can run, in the order of preference: a kernel is compiled by the first that has code for it.
    pub fn available() -> &'static [CpuTarget] {
        match has_avx2() {
            true => &[CpuTarget::Avx2, CpuTarget::Cranelift],
            false => &[CpuTarget::Cranelift],
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn has_avx2() -> bool {
    std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma")
}

#[cfg(not(target_arch = "x86_64"))]
fn has_avx2() -> bool {
    false
}

/// Where the entry of a function lies in memory: loops of a few cache lines are best fetched from the start of one.
const CODE_ALIGNMENT: u64 = 64;

/// Executable code of one kernel.
pub(super) struct Machine {
    /// Owns the memory that `entry` points into.
    module: Mutex<Option<JITModule>>,
    entry: *const u8,
    shape: CodeShape,
    /// The reduction that a step calls for its sums.
    sums: Option<Arc<Machine>>,
    pub(super) layout: Layout,
}

/// The signature of the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CodeShape {
    Map,
    Reduce,
    Step,
}

// SAFETY: `entry` points to immutable code, owned by `module`, which moves along and is freed only by `drop`.
unsafe impl Send for Machine {}
// SAFETY: as above; the code keeps no state, all it writes is behind the caller's `&mut`.
unsafe impl Sync for Machine {}

/// Pointers to compiled code, in the convention of these targets.
macro_rules! code_pointers {
    ($convention:tt) => {
        type MapFn<T> = unsafe extern $convention fn(*const T, *const *const T, *const *mut T, i64);
        type ReduceFn<T> = unsafe extern $convention fn(
            *const T,
            *const T,
            *const T,
            *const T,
            *const T,
            i64,
            *const T,
            i64,
            *mut T,
        );
        type StepFn<T> = unsafe extern $convention fn(
            *const T,
            i64,
            *const T,
            *const T,
            *const T,
            *const T,
            i64,
            i64,
            i64,
            i64,
            *const f64,
            *const f64,
            *const f64,
            *const f64,
            *const f64,
            i64,
            i64,
            *mut f64,
            *mut f64,
            *const u8,
        );
    };
}
#[cfg(target_arch = "x86_64")]
code_pointers!("sysv64");
#[cfg(not(target_arch = "x86_64"))]
code_pointers!("C");

/// A slice whose length does not fit the layout: a fault of the caller, which is this crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LayoutMismatch;

/// The arguments of a compiled reduction, in the layout of `Layout`.
pub(super) struct ReduceCall<'a, T> {
    pub(super) parameters: &'a [T],
    pub(super) dim: usize,
    pub(super) sources: &'a [T],
    /// One for each weight of `PairInput`; those that are not read may be empty.
    pub(super) weights: [&'a [T]; 3],
    pub(super) queries: &'a [T],
    pub(super) partials: &'a mut [T],
}

/// The arguments of a compiled step, in the layout of `StepLayout`.
pub(super) struct StepCall<'a, T> {
    pub(super) parameters: &'a [T],
    pub(super) dim: usize,
    pub(super) sources: &'a [T],
    /// As in a [`ReduceCall`].
    pub(super) weights: [&'a [T]; 3],
    /// Blocks of sources whose sums are carried in the kernel's precision.
    pub(super) flush: usize,
    pub(super) points: &'a [f64],
    pub(super) log_weights: &'a [f64],
    pub(super) center: &'a [f64],
    pub(super) constants: &'a [f64],
    pub(super) combinations: &'a [f64],
    pub(super) stages: usize,
    pub(super) first: usize,
    pub(super) values: &'a mut [f64],
    pub(super) out: &'a mut [f64],
}

impl Machine {
    /// The code of the first target in the order of preference that has some.
    pub(super) fn new(kernel: &Kernel) -> Result<Machine, CompileError> {
        match CpuTarget::available() {
            [CpuTarget::Avx2, ..] => match Machine::on(CpuTarget::Avx2, kernel) {
                Err(CompileError::Unsupported(_)) => Machine::on(CpuTarget::Cranelift, kernel),
                other => other,
            },
            _ => Machine::on(CpuTarget::Cranelift, kernel),
        }
    }

    /// The code of one target.
    pub(super) fn on(target: CpuTarget, kernel: &Kernel) -> Result<Machine, CompileError> {
        let isa = host_isa()?;
        let shape = match kernel.shape() {
            Shape::Map { .. } => CodeShape::Map,
            Shape::Reduce { .. } => CodeShape::Reduce,
        };
        let clif = Cranelift::for_isa(&*isa);
        let clif = match target {
            CpuTarget::Avx2 if has_avx2() => return Machine::of_bytes(isa, shape, Avx2.emit(kernel)?),
            CpuTarget::Avx2 => return Err(CompileError::Machine("it has no AVX2 and FMA".to_owned())),
            CpuTarget::Cranelift => clif.emit(kernel)?,
            CpuTarget::CraneliftWithoutFma => clif.without_fma().emit(kernel)?,
        };
        Machine::of_clif(isa, shape, clif, None)
    }

    /// The code of a whole solver step in the field of `kernel`; `sums` is that of the kernel itself.
    pub(super) fn for_step(kernel: &Kernel, sums: Arc<Machine>) -> Result<Machine, CompileError> {
        let isa = host_isa()?;
        let clif = Cranelift::for_isa(&*isa).emit_step(kernel, &sums.layout)?;
        Machine::of_clif(isa, CodeShape::Step, clif, Some(sums))
    }

    fn of_bytes(isa: OwnedTargetIsa, shape: CodeShape, function: Avx2Function) -> Result<Machine, CompileError> {
        // The code reads its arguments where its convention has them; the module needs to know no more than that it is one.
        let mut signature = Signature::new(Cranelift::for_isa(&*isa).convention());
        signature.params = vec![AbiParam::new(types::I64)];
        Machine::of(isa, shape, function.layout, None, |module| {
            let id = module.declare_anonymous_function(&signature).map_err(|e| e.to_string())?;
            module.define_function_bytes(id, CODE_ALIGNMENT, &function.code, &[]).map_err(|e| e.to_string())?;
            Ok(id)
        })
    }

    fn of_clif(
        isa: OwnedTargetIsa,
        shape: CodeShape,
        clif: ClifFunction,
        sums: Option<Arc<Machine>>,
    ) -> Result<Machine, CompileError> {
        Machine::of(isa, shape, clif.layout, sums, |module| {
            let mut context = module.make_context();
            context.func = clif.function;
            let id = module.declare_anonymous_function(&context.func.signature).map_err(|e| e.to_string())?;
            module.define_function(id, &mut context).map_err(|e| format!("{e:?}"))?;
            Ok(id)
        })
    }

    fn of(
        isa: OwnedTargetIsa,
        shape: CodeShape,
        layout: Layout,
        sums: Option<Arc<Machine>>,
        define: impl FnOnce(&mut JITModule) -> Result<FuncId, String>,
    ) -> Result<Machine, CompileError> {
        let mut module = JITModule::new(JITBuilder::with_isa(isa, default_libcall_names()));
        let finalised = define(&mut module).and_then(|id| {
            module.finalize_definitions().map_err(|e| e.to_string())?;
            Ok(module.get_finalized_function(id))
        });
        match finalised {
            Ok(entry) => Ok(Machine { module: Mutex::new(Some(module)), entry, shape, sums, layout }),
            Err(error) => {
                free(module);
                Err(CompileError::Codegen(error))
            }
        }
    }

    /// The first argument of the code. `uniforms` were counted against the kernel's signature.
    pub(super) fn parameters<T: Scalar>(&self, uniforms: &[f64]) -> Vec<T> {
        let mut parameters = Vec::new();
        self.parameters_into(uniforms, &mut parameters);
        parameters
    }

    /// The same in a buffer that is kept.
    pub(super) fn parameters_into<T: Scalar>(&self, uniforms: &[f64], parameters: &mut Vec<T>) {
        let value = |parameter: &Parameter| match parameter {
            Parameter::Uniform(index) => T::from_f64(uniforms[*index as usize]),
            Parameter::Bits(bits) => T::from_bits(*bits),
        };
        let lanes = self.layout.lanes;
        parameters.clear();
        parameters.extend(self.layout.parameters.iter().flat_map(|p| std::iter::repeat_n(value(p), lanes)));
    }

    /// Changes one uniform in what [`Machine::parameters`] made.
    pub(super) fn set_uniform<T: Scalar>(&self, uniform: usize, value: T, parameters: &mut [T]) {
        let lanes = self.layout.lanes;
        for (parameter, lanes) in self.layout.parameters.iter().zip(parameters.chunks_exact_mut(lanes)) {
            if *parameter == Parameter::Uniform(uniform as u32) {
                lanes.fill(value);
            }
        }
    }

    /// Runs a map over columns of equal length, a multiple of the lanes.
    pub(super) fn map<T: Scalar>(
        &self,
        parameters: &[T],
        inputs: &[&[T]],
        outputs: &mut [&mut [T]],
    ) -> Result<(), LayoutMismatch> {
        let lanes = self.layout.lanes;
        let len = outputs.first().map_or(0, |column| column.len());
        let fits = T::PRECISION == self.layout.precision
            && self.shape == CodeShape::Map
            && parameters.len() == self.layout.parameters.len() * lanes
            && (inputs.len(), outputs.len()) == self.layout.columns
            && len.is_multiple_of(lanes)
            && inputs.iter().all(|column| column.len() == len)
            && outputs.iter().all(|column| column.len() == len);
        if !fits {
            return Err(LayoutMismatch);
        }
        if len == 0 {
            return Ok(());
        }
        let inputs: Vec<*const T> = inputs.iter().map(|column| column.as_ptr()).collect();
        let outputs: Vec<*mut T> = outputs.iter_mut().map(|column| column.as_mut_ptr()).collect();
        // SAFETY: `entry` is code for the map signature of `Layout`, which has four parameters, all of pointer size,
        // in the convention of `MapFn`; the kernel's float is `T`.
        let code = unsafe { std::mem::transmute::<*const u8, MapFn<T>>(self.entry) };
        // SAFETY: the code reads all of `parameters` and of the input columns and writes all of the output columns, whose
        // numbers and lengths were checked against its layout for `len / lanes >= 1` blocks above.
        unsafe { code(parameters.as_ptr(), inputs.as_ptr(), outputs.as_ptr(), (len / lanes) as i64) };
        Ok(())
    }

    /// Advances the partial sums of every query by all sources.
    pub(super) fn reduce<T: Scalar>(&self, call: ReduceCall<'_, T>) -> Result<(), LayoutMismatch> {
        let Layout { lanes, width, tile, .. } = self.layout;
        let (blocks, queries) = (call.sources.len() / (call.dim * width).max(1), call.queries.len() / call.dim.max(1));
        let [_, inputs @ ..] = PairInput::ALL;
        let weights_fit =
            |(input, column): (&PairInput, &&[T])| !self.layout.reads.contains(input) || column.len() == blocks * width;
        let fits = T::PRECISION == self.layout.precision
            && self.shape == CodeShape::Reduce
            && call.parameters.len() == self.layout.parameters.len() * lanes
            && inputs.iter().zip(&call.weights).all(weights_fit)
            && call.sources.len() == blocks * call.dim * width
            && queries % tile == 0
            && call.queries.len() == queries * call.dim
            && call.partials.len() == queries * self.layout.partials.vectors * lanes;
        if !fits {
            return Err(LayoutMismatch);
        }
        if blocks == 0 || queries == 0 {
            return Ok(());
        }
        // SAFETY: `entry` is code for the reduce signature of `Layout`, which has nine parameters, all of pointer
        // size, in the convention of `ReduceFn`; the kernel's float is `T`.
        let code = unsafe { std::mem::transmute::<*const u8, ReduceFn<T>>(self.entry) };
        // SAFETY: the code reads `parameters`, `sources`, `queries` and those `weights` that the kernel reads, and reads and
        // writes `partials`, whose
        // lengths were checked against its layout for `blocks >= 1` blocks and `queries / tile >= 1` tiles above.
        unsafe {
            code(
                call.parameters.as_ptr(),
                call.sources.as_ptr(),
                call.weights[0].as_ptr(),
                call.weights[1].as_ptr(),
                call.weights[2].as_ptr(),
                blocks as i64,
                call.queries.as_ptr(),
                (queries / tile) as i64,
                call.partials.as_mut_ptr(),
            );
        }
        Ok(())
    }
}

impl Machine {
    /// Takes every particle through a whole step.
    pub(super) fn step<T: Scalar>(&self, call: StepCall<'_, T>) -> Result<(), LayoutMismatch> {
        let Layout { lanes, width, .. } = self.layout;
        let StepCall { dim, stages, first, .. } = call;
        let (blocks, particles) = (call.sources.len() / (dim * width).max(1), call.log_weights.len());
        let [_, inputs @ ..] = PairInput::ALL;
        let weights_fit =
            |(input, column): (&PairInput, &&[T])| !self.layout.reads.contains(input) || column.len() == blocks * width;
        let displaces_by_dim = self.layout.partials.means.first().is_some_and(|mean| mean.count == dim);
        let fits = T::PRECISION == self.layout.precision
            && self.shape == CodeShape::Step
            && displaces_by_dim
            && call.parameters.len() == stages * self.layout.parameters.len() * lanes
            && inputs.iter().zip(&call.weights).all(weights_fit)
            && call.sources.len() == blocks * dim * width
            && call.flush > 0
            && first <= stages
            && call.points.len() == particles * dim
            && call.center.len() == dim
            && call.constants.len() == stages * StepLayout::CONSTANTS
            && call.combinations.len() == (stages + 2) * stages
            && call.values.len() == particles * stages * (dim + 2)
            && call.out.len() == particles * 2 * (dim + 1);
        if !fits {
            return Err(LayoutMismatch);
        }
        if blocks == 0 || particles == 0 {
            return Ok(());
        }
        // SAFETY: `entry` is code for the signature of `StepLayout`, which has `ARGUMENTS` parameters, all of pointer size, in
        // the convention of `StepFn`; the kernel's float is `T`.
        let code = unsafe { std::mem::transmute::<*const u8, StepFn<T>>(self.entry) };
        let sums = self.sums.as_ref().map_or(std::ptr::null(), |sums| sums.entry);
        // SAFETY: `sums` is the entry of the reduction whose layout the step was compiled for, which lives as long as `self`. The code reads the shared slices (of the `weights` those that the kernel reads), and reads and writes
        // `values` and `out`; their lengths were checked above against its layout for this many blocks, particles and stages.
        unsafe {
            code(
                call.parameters.as_ptr(),
                (self.layout.parameters.len() * lanes * size_of::<T>()) as i64,
                call.sources.as_ptr(),
                call.weights[0].as_ptr(),
                call.weights[1].as_ptr(),
                call.weights[2].as_ptr(),
                blocks as i64,
                call.flush as i64,
                blocks.div_ceil(call.flush) as i64,
                particles as i64,
                call.points.as_ptr(),
                call.log_weights.as_ptr(),
                call.center.as_ptr(),
                call.constants.as_ptr(),
                call.combinations.as_ptr(),
                stages as i64,
                first as i64,
                call.values.as_mut_ptr(),
                call.out.as_mut_ptr(),
                sums,
            );
        }
        Ok(())
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let module = self.module.get_mut().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
        module.into_iter().for_each(free);
    }
}

impl std::fmt::Debug for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Machine").field("entry", &self.entry).finish_non_exhaustive()
    }
}

fn free(module: JITModule) {
    // SAFETY: called where a `Machine` is dropped or was never made, so that no call is running and none can follow.
    unsafe { module.free_memory() };
}

fn host_isa() -> Result<OwnedTargetIsa, CompileError> {
    let mut flags = settings::builder();
    // The last two are what the JIT needs of code that it places itself.
    for (name, value) in [("opt_level", "speed"), ("use_colocated_libcalls", "false"), ("is_pic", "false")] {
        flags.set(name, value).map_err(|e| CompileError::Machine(e.to_string()))?;
    }
    let builder = cranelift_native::builder().map_err(|e| CompileError::Machine(e.to_owned()))?;
    builder.finish(settings::Flags::new(flags)).map_err(|e| CompileError::Machine(e.to_string()))
}
