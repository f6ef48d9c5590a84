//! Kernels on NVIDIA's GPUs, by a driver that is looked for when it is needed.
//!
//! In:   kernels and arrays, as of [`cpu`](crate::cpu).
//! Out:  the same results, up to the order and precision of sums.
//! Holds: nothing of CUDA is needed to build or to start, and a machine without it gets a [`NoDevice`] that says why; a result does not
//!   depend on the other queries of a call, nor on how often memory ran out; all `unsafe` is in `device`, `module`, `launch` and `sampler`.

mod device;
mod guarded;
mod image;
mod launch;
mod module;
mod sampler;
mod shared;

pub use device::{Device, NoDevice};
pub use guarded::GpuField;
pub use launch::GpuReduce;
pub use sampler::Floats;
pub use shared::GpuFields;

use crate::cpu::ArgumentError;
use genphys_compiler::codegen::Unsupported;

/// Why a kernel did not run on a device.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum GpuError {
    /// PTX has no form of the kernel.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
    /// An argument does not fit the kernel.
    #[error(transparent)]
    Argument(#[from] ArgumentError),
    /// The driver refuses the text.
    #[error("the driver refuses kernel `{kernel}`: {log}")]
    Load {
        /// Name of the kernel.
        kernel: String,
        /// What the driver says, with the line of the text that it names.
        log: String,
    },
    /// Even the least that is run at a time does not fit.
    #[error("the GPU's memory is full: {what} do not fit; fewer data points, or --device cpu")]
    Memory {
        /// What is to be held.
        what: String,
    },
    /// Anything else that the driver reports.
    #[error("the GPU's driver fails: {0}")]
    Driver(String),
}
