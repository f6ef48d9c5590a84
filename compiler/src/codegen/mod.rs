//! Code generation: from a [`Kernel`] to something that runs.
//!
//! In:   a verified [`Kernel`].
//! Out:  the target's artifact, or the reason why the target has none.
//! Holds: all targets give the interpreter's results, to the ulps that the conformance suite states.

pub mod avx2;
#[cfg(feature = "cranelift")]
pub mod clif;
pub mod cpu;
pub mod interp;
pub mod ptx;
pub mod rust;
mod sums;

use thiserror::Error;

use crate::kernel::{Kernel, KernelError};

/// A code generator.
pub trait Target {
    /// What it makes of a kernel.
    type Artifact;
    /// The name on the command line.
    const NAME: &'static str;

    /// Translates a kernel.
    ///
    /// # Errors
    /// [`Unsupported`] names what the target lacks.
    fn emit(&self, kernel: &Kernel) -> Result<Self::Artifact, Unsupported>;

    /// The artifact as text, stable enough for golden files.
    fn listing(artifact: &Self::Artifact) -> String;
}

/// Why a target has no code for a kernel.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unsupported {
    /// The target lacks something the kernel needs.
    #[error("target `{target}` cannot run kernel `{kernel}`: {what}")]
    Feature {
        /// [`Target::NAME`].
        target: &'static str,
        /// Name of the kernel.
        kernel: String,
        /// What is missing.
        what: String,
    },
    /// Expanding the special functions broke the kernel, which is a fault of this crate.
    #[error(transparent)]
    Kernel(#[from] KernelError),
}
