//! The whole sampler on a GPU: buffers, launches and results of [`Launches`](crate::launch::Launches).

use cudarc::driver::{CudaFunction, CudaSlice, DriverError, LaunchConfig, PushKernelArg, sys};
use genphys_compiler::codegen::ptx::PtxModule;

use super::device::explain;
use super::{Device, module};
use crate::density::FieldError;
use crate::launch::{Argument, Numbers};

/// Numbers on a GPU.
#[derive(Debug)]
pub enum Floats {
    /// In single precision.
    F32(CudaSlice<f32>),
    /// In double precision.
    F64(CudaSlice<f64>),
}

impl crate::launch::Device for Device {
    type Buffer = Floats;
    type Function = CudaFunction;

    fn load(&self, module: &PtxModule) -> Result<CudaFunction, FieldError> {
        module::load(self, module).map_err(|e| FieldError::Device { message: e.to_string() })
    }

    fn upload(&self, numbers: Numbers<'_>) -> Result<Floats, FieldError> {
        let stream = self.context.default_stream();
        let uploaded = match numbers {
            Numbers::F32(numbers) => stream.clone_htod(numbers).map(Floats::F32),
            Numbers::F64(numbers) => stream.clone_htod(numbers).map(Floats::F64),
        };
        uploaded.map_err(failed)
    }

    unsafe fn launch(
        &self,
        function: &CudaFunction,
        blocks: u32,
        threads: u32,
        arguments: &[Argument<'_, Floats>],
    ) -> Result<(), FieldError> {
        let stream = self.context.default_stream();
        let mut launch = stream.launch_builder(function);
        for argument in arguments {
            match argument {
                Argument::Pointer(Floats::F32(numbers)) => launch.arg(numbers),
                Argument::Pointer(Floats::F64(numbers)) => launch.arg(numbers),
                Argument::Count(count) => launch.arg(count),
            };
        }
        let config = LaunchConfig { grid_dim: (blocks, 1, 1), block_dim: (threads, 1, 1), shared_mem_bytes: 0 };
        // SAFETY: the caller's promise. All launches and copies are on one stream, in order.
        unsafe { launch.launch(config) }.map(drop).map_err(failed)
    }

    fn download(&self, buffer: &Floats) -> Result<Vec<f64>, FieldError> {
        let stream = self.context.default_stream();
        match buffer {
            Floats::F32(numbers) => {
                let numbers = stream.clone_dtoh(numbers).map_err(failed)?;
                Ok(numbers.into_iter().map(f64::from).collect())
            }
            Floats::F64(numbers) => stream.clone_dtoh(numbers).map_err(failed),
        }
    }
}

fn failed(error: DriverError) -> FieldError {
    let message = if error.0 == sys::CUresult::CUDA_ERROR_OUT_OF_MEMORY {
        "the GPU's memory is full: fewer data points or samples, or --device cpu".to_owned()
    } else {
        format!("the GPU's driver fails: {}", explain(error))
    };
    FieldError::Device { message }
}
