//! Launches of PTX: the reductions of a field, and the sampler with its prior draw and all steps of a grid in one kernel.
//!
//! In:   kernels, data and queries; for the sampler a [`Field`](crate::field::Field) in few dimensions, the law of its prior, options with a
//!       fixed grid.
//! Out:  [`Reduction`], [`DeviceField`] and [`SharedField`], what is summed for every query; [`Launches`], a
//!       [`Launcher`](crate::sampler::Launcher) for the sampler; [`Texts`], what that compiles.
//! Holds: the arguments of every launch are made here, in plain Rust, whatever the device: a GPU, or a machine that runs the text in the tests;
//!   the only `unsafe` are the calls of [`Device::launch`] with them. A result does not depend on the other rows of a call, on how often memory
//!   ran out, or on how many devices share the rows.

mod error;
mod guarded;
mod launches;
mod reduction;
mod shared;
mod texts;

use std::fmt::Debug;

use genphys_compiler::codegen::ptx::{PtxModule, ReduceLayout};
use genphys_compiler::kernel::{Precision, Scalar};

pub use error::DeviceError;
pub use guarded::DeviceField;
pub use launches::Launches;
pub use reduction::Reduction;
pub use shared::SharedField;
pub use texts::{Form, Texts};

/// What runs a text.
pub trait Device: Clone + Debug + Sync {
    /// Numbers in its memory, freed when dropped.
    type Buffer: Debug + Send + Sync;
    /// The entry of a text.
    type Function: Debug + Send + Sync;

    /// What messages call it.
    fn name(&self) -> &str;

    /// The entry of `module`.
    ///
    /// # Errors
    /// [`DeviceError::Load`] with what the device says against the text.
    fn load(&self, module: &PtxModule) -> Result<Self::Function, DeviceError>;

    /// Copies numbers, at least one, to the device.
    ///
    /// # Errors
    /// [`DeviceError::Memory`] and [`DeviceError::Driver`].
    fn upload(&self, numbers: Numbers<'_>) -> Result<Self::Buffer, DeviceError>;

    /// So many zeros in f64, at least one.
    ///
    /// # Errors
    /// As [`Device::upload`].
    fn zeros(&self, count: usize) -> Result<Self::Buffer, DeviceError>;

    /// Runs a grid of blocks of `threads` threads, one after the other launches.
    ///
    /// # Errors
    /// As [`Device::upload`].
    /// # Safety
    /// The arguments must be those that the layout of the function's module lists, in number, kind, type and length.
    unsafe fn launch(
        &self,
        function: &Self::Function,
        grid: [u32; 2],
        threads: u32,
        arguments: &[Argument<'_, Self::Buffer>],
    ) -> Result<(), DeviceError>;

    /// Copies a buffer back, when the launches before have ended.
    ///
    /// # Errors
    /// As [`Device::upload`].
    fn download(&self, buffer: &Self::Buffer) -> Result<Vec<f64>, DeviceError>;
}

/// Numbers to upload.
#[derive(Clone, Copy, Debug)]
pub enum Numbers<'a> {
    /// In single precision.
    F32(&'a [f32]),
    /// In double precision.
    F64(&'a [f64]),
}

impl Numbers<'_> {
    /// How many there are.
    pub fn len(self) -> usize {
        match self {
            Numbers::F32(numbers) => numbers.len(),
            Numbers::F64(numbers) => numbers.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

/// An argument of a launch.
#[derive(Clone, Copy, Debug)]
pub enum Argument<'a, B> {
    /// The address of a buffer.
    Pointer(&'a B),
    /// A number of things, or a word.
    Count(u32),
}

/// Uploads numbers in a kernel's precision.
fn upload_floats<D: Device>(device: &D, precision: Precision, numbers: &[f64]) -> Result<D::Buffer, DeviceError> {
    // A kernel may have no uniforms; a buffer has at least one number.
    let numbers = if numbers.is_empty() { &[0.0] } else { numbers };
    match precision {
        Precision::F32 => {
            let rounded: Vec<f32> = numbers.iter().map(|x| f32::from_f64(*x)).collect();
            device.upload(Numbers::F32(&rounded))
        }
        Precision::F64 => device.upload(Numbers::F64(numbers)),
    }
}

/// Uploads the records of sources `[n][N]`; also the logarithm that their weights are relative to.
fn upload_records<D: Device>(
    device: &D,
    layout: &ReduceLayout,
    precision: Precision,
    points: &[f64],
    log_weights: &[f64],
) -> Result<(D::Buffer, f64), DeviceError> {
    let (records, scale) = match precision {
        Precision::F32 => {
            let (records, scale) = layout.pack(points, log_weights);
            (device.upload(Numbers::F32(&records)), scale)
        }
        Precision::F64 => {
            let (records, scale) = layout.pack(points, log_weights);
            (device.upload(Numbers::F64(&records)), scale)
        }
    };
    Ok((records.map_err(|e| e.of(|| format!("{} sources", log_weights.len())))?, scale))
}

/// What messages call a device: none where it is the only one.
fn name_among<D: Device>(devices: &[D], index: usize) -> Option<String> {
    (devices.len() > 1).then(|| format!("GPU {index} of {}, {}", devices.len(), devices[index].name()))
}
