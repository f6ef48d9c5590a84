//! Kernels on this machine's processor: compiled for AVX2 or by Cranelift, or interpreted.
//!
//! In:   a [`Kernel`] and arrays.
//! Out:  the log-sum and the means of a reduction, the outputs of a map, all in f64.
//! Holds: arguments are checked against the kernel's signature before any compiled code runs; results do not depend on
//!   threads, as every call is single-threaded and deterministic; the only `unsafe` is in `jit`.

mod aligned;
mod blocked;
mod cache;
mod guarded;
mod jit;
mod map;
mod merge;
mod pairs;
mod reduce;
mod reference;
mod sources;
mod step;

pub use blocked::{BlockedReduce, BlockedSources};
pub use guarded::{GuardedError, GuardedReduce, GuardedUniforms};
pub use jit::{CompileError, CpuTarget, host_target};
pub use map::CompiledMap;
pub use pairs::Pairs;
pub use reduce::{CompiledReduce, ReduceOutput, ReduceProgram};
pub use reference::{InterpReduce, RowMajor};
pub use sources::Sources;
pub use step::{CompiledStep, StageConstants, StepProgram};
pub(crate) use {
    reduce::{check_arguments, means},
    sources::check_sources,
};

use genphys_compiler::kernel::{Kernel, Precision};
use thiserror::Error;

/// An argument that does not fit the kernel.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum ArgumentError {
    /// A number of things differs from the signature.
    #[error("kernel `{kernel}` needs {expected} {what}, found {found}")]
    Count {
        /// Name of the kernel.
        kernel: String,
        /// What is counted.
        what: &'static str,
        /// The number needed.
        expected: usize,
        /// The number given.
        found: usize,
    },
    /// A number is not finite, or not when rounded to the kernel's precision.
    #[error("kernel `{kernel}`: {what} {index} is {value:e}, which is not finite in {precision}")]
    NotFinite {
        /// Name of the kernel.
        kernel: String,
        /// What the number belongs to.
        what: &'static str,
        /// Its index: of the uniform, the row of points, or the weight.
        index: usize,
        /// The number.
        value: f64,
        /// The kernel's precision.
        precision: Precision,
    },
    /// Sources were laid out for another kernel.
    #[error("kernel `{kernel}`: the sources are laid out for another precision or dimension")]
    Layout {
        /// Name of the kernel.
        kernel: String,
    },
}

fn check_count(kernel: &Kernel, what: &'static str, expected: usize, found: usize) -> Result<(), ArgumentError> {
    match expected == found {
        true => Ok(()),
        false => Err(ArgumentError::Count { kernel: kernel.name().to_owned(), what, expected, found }),
    }
}

/// Checks that `value` is finite in the kernel's precision.
fn check_finite(kernel: &Kernel, what: &'static str, index: usize, value: f64) -> Result<(), ArgumentError> {
    let precision = kernel.precision();
    match precision.round(value).is_finite() {
        true => Ok(()),
        false => Err(ArgumentError::NotFinite { kernel: kernel.name().to_owned(), what, index, value, precision }),
    }
}

fn check_uniforms(kernel: &Kernel, uniforms: &[f64]) -> Result<(), ArgumentError> {
    check_count(kernel, "uniforms", kernel.uniforms().len(), uniforms.len())?;
    uniforms.iter().enumerate().try_for_each(|(i, u)| check_finite(kernel, "uniform", i, *u))
}
