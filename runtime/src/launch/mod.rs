//! The sampler as launches of a device: the prior draw and all steps of a grid in one kernel of PTX.
//!
//! In:   a [`Field`](crate::field::Field) in few dimensions, its data, the law of its prior, options with a fixed grid.
//! Out:  [`Launches`], a [`Launcher`](crate::sampler::Launcher) for the sampler; [`Texts`], what it compiles.
//! Holds: the arguments of every launch are made here, in plain Rust, whatever the device: a GPU, or a machine that runs the text in the tests;
//!   the only `unsafe` is the call of [`Device::launch`] with them.

mod launches;
mod texts;

pub use launches::Launches;
pub use texts::{Form, Texts};

use genphys_compiler::codegen::ptx::PtxModule;

use crate::density::FieldError;

/// What runs a text.
pub trait Device: Sync {
    /// Numbers in its memory.
    type Buffer: Sync;
    /// The entry of a text.
    type Function: Sync;

    /// The entry of `module`.
    ///
    /// # Errors
    /// [`FieldError::Device`] with what the device says against the text.
    fn load(&self, module: &PtxModule) -> Result<Self::Function, FieldError>;

    /// Copies numbers, at least one, to the device.
    ///
    /// # Errors
    /// [`FieldError::Device`], among others where memory is short.
    fn upload(&self, numbers: Numbers<'_>) -> Result<Self::Buffer, FieldError>;

    /// Runs so many blocks of `threads` threads, one after the other launches.
    ///
    /// # Errors
    /// [`FieldError::Device`].
    /// # Safety
    /// The arguments must be those that the layout of the function's module lists, in number, kind, type and length.
    unsafe fn launch(
        &self,
        function: &Self::Function,
        blocks: u32,
        threads: u32,
        arguments: &[Argument<'_, Self::Buffer>],
    ) -> Result<(), FieldError>;

    /// Copies a buffer of f64 back, when the launches before have ended.
    ///
    /// # Errors
    /// [`FieldError::Device`].
    fn download(&self, buffer: &Self::Buffer) -> Result<Vec<f64>, FieldError>;
}

/// Numbers to upload.
#[derive(Clone, Copy, Debug)]
pub enum Numbers<'a> {
    /// In single precision.
    F32(&'a [f32]),
    /// In double precision.
    F64(&'a [f64]),
}

/// An argument of a launch.
#[derive(Clone, Copy, Debug)]
pub enum Argument<'a, B> {
    /// The address of a buffer.
    Pointer(&'a B),
    /// A number of things, or a word.
    Count(u32),
}
