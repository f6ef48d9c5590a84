//! Buffers, launches and results on a GPU, for all that is [launched](crate::launch).

use cudarc::driver::{CudaFunction, CudaSlice, DeviceRepr, DriverError, LaunchConfig, PushKernelArg, sys};
use genphys_compiler::codegen::ptx::PtxModule;

use super::device::explain;
use super::{Device, module};
use crate::launch::{Argument, DeviceError, Numbers};

/// Numbers on a GPU.
#[derive(Debug)]
pub enum Floats {
    /// In single precision.
    F32(CudaSlice<f32>),
    /// In double precision.
    F64(CudaSlice<f64>),
}

impl Drop for Floats {
    fn drop(&mut self) {
        let context = match self {
            Floats::F32(numbers) => numbers.context(),
            Floats::F64(numbers) => numbers.context(),
        };
        // Memory is freed in the order of the current context's stream, which may be that of another device. An error would come again.
        let _ = context.bind_to_thread();
    }
}

impl crate::launch::Device for Device {
    type Buffer = Floats;
    type Function = CudaFunction;

    fn name(&self) -> &str {
        Device::name(self)
    }

    fn load(&self, module: &PtxModule) -> Result<CudaFunction, DeviceError> {
        module::load(self, module)
    }

    fn upload(&self, numbers: Numbers<'_>) -> Result<Floats, DeviceError> {
        let stream = self.context.default_stream();
        let uploaded = match numbers {
            Numbers::F32(numbers) => stream.clone_htod(numbers).map(Floats::F32),
            Numbers::F64(numbers) => stream.clone_htod(numbers).map(Floats::F64),
        };
        // A copy of the host's memory may begin after the call that asks for it has returned.
        let uploaded = uploaded.and_then(|floats| stream.synchronize().map(|()| floats));
        uploaded.map_err(|e| failed(e, numbers.len()))
    }

    fn zeros(&self, count: usize) -> Result<Floats, DeviceError> {
        let zeros = self.context.default_stream().alloc_zeros(count);
        zeros.map(Floats::F64).map_err(|e| failed(e, count))
    }

    unsafe fn launch(
        &self,
        function: &CudaFunction,
        [columns, rows]: [u32; 2],
        threads: u32,
        arguments: &[Argument<'_, Floats>],
    ) -> Result<(), DeviceError> {
        let stream = self.context.default_stream();
        let mut launch = stream.launch_builder(function);
        for argument in arguments {
            match argument {
                Argument::Pointer(Floats::F32(numbers)) => launch.arg(numbers),
                Argument::Pointer(Floats::F64(numbers)) => launch.arg(numbers),
                Argument::Count(count) => launch.arg(count),
            };
        }
        let config = LaunchConfig { grid_dim: (columns, rows, 1), block_dim: (threads, 1, 1), shared_mem_bytes: 0 };
        // SAFETY: the caller's promise. All launches and copies are on one stream, in order.
        unsafe { launch.launch(config) }.map(drop).map_err(|e| failed(e, 0))
    }

    fn download(&self, buffer: &Floats) -> Result<Vec<f64>, DeviceError> {
        match buffer {
            Floats::F32(numbers) => Ok(self.numbers(numbers)?.into_iter().map(f64::from).collect()),
            Floats::F64(numbers) => self.numbers(numbers),
        }
    }
}

impl Device {
    /// The numbers when they are all there: the copy, too, may end after the call that asks for it, and so may the news that a launch
    /// before it has failed.
    fn numbers<T: DeviceRepr>(&self, buffer: &CudaSlice<T>) -> Result<Vec<T>, DeviceError> {
        let stream = self.context.default_stream();
        let copied = stream.clone_dtoh(buffer).and_then(|numbers| stream.synchronize().map(|()| numbers));
        copied.map_err(|e| failed(e, buffer.len()))
    }
}

fn failed(error: DriverError, count: usize) -> DeviceError {
    if error.0 == sys::CUresult::CUDA_ERROR_OUT_OF_MEMORY {
        DeviceError::Memory { what: format!("{count} numbers") }
    } else {
        DeviceError::Driver(explain(error))
    }
}
