//! A device that is the machine of the PTX tests, with as much memory as a test gives it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use genphys_compiler::codegen::ptx::PtxModule;
use genphys_runtime::launch::{Argument, Device, DeviceError, Numbers};

use crate::machine::{self, Buffer, Global, Machine};

/// Global memory, and the machine for every launch.
#[derive(Clone, Debug)]
pub struct Simulated {
    memory: Arc<Mutex<Global>>,
    launches: Arc<AtomicUsize>,
    /// The bytes of the largest buffer that fits.
    room: usize,
}

impl Default for Simulated {
    fn default() -> Simulated {
        Simulated::with_room(usize::MAX)
    }
}

impl Simulated {
    /// One that refuses larger buffers than this, in bytes.
    pub fn with_room(room: usize) -> Simulated {
        Simulated { memory: Arc::default(), launches: Arc::default(), room }
    }

    /// How many launches there were.
    pub fn launches(&self) -> usize {
        self.launches.load(Ordering::Relaxed)
    }

    fn check(&self, bytes: usize) -> Result<(), DeviceError> {
        if bytes <= self.room { Ok(()) } else { Err(DeviceError::Memory { what: format!("{bytes} bytes") }) }
    }
}

impl Device for Simulated {
    type Buffer = (Buffer, bool);
    type Function = Machine;

    fn name(&self) -> &str {
        "the machine of the tests"
    }

    fn load(&self, module: &PtxModule) -> Result<Machine, DeviceError> {
        Ok(Machine::new(&module.text))
    }

    fn upload(&self, numbers: Numbers<'_>) -> Result<(Buffer, bool), DeviceError> {
        let is_wide = matches!(numbers, Numbers::F64(_));
        self.check(numbers.len() * if is_wide { 8 } else { 4 })?;
        let mut memory = self.memory.lock().expect("one launch at a time");
        let buffer = match numbers {
            Numbers::F32(numbers) => memory.f32(numbers.iter().copied()),
            Numbers::F64(numbers) => memory.f64(numbers.iter().copied()),
        };
        Ok((buffer, is_wide))
    }

    fn zeros(&self, count: usize) -> Result<(Buffer, bool), DeviceError> {
        self.upload(Numbers::F64(&vec![0.0; count]))
    }

    unsafe fn launch(
        &self,
        function: &Machine,
        grid: [u32; 2],
        threads: u32,
        arguments: &[Argument<'_, (Buffer, bool)>],
    ) -> Result<(), DeviceError> {
        let arguments: Vec<machine::Argument> = arguments
            .iter()
            .map(|argument| match argument {
                Argument::Pointer((buffer, _)) => machine::Argument::Pointer(*buffer),
                Argument::Count(count) => machine::Argument::Count(*count),
            })
            .collect();
        self.launches.fetch_add(1, Ordering::Relaxed);
        let mut memory = self.memory.lock().expect("one launch at a time");
        function.launch(&mut memory, grid, threads as usize, &arguments);
        Ok(())
    }

    fn download(&self, (buffer, is_wide): &(Buffer, bool)) -> Result<Vec<f64>, DeviceError> {
        let memory = self.memory.lock().expect("one launch at a time");
        Ok(match is_wide {
            true => memory.read_f64(*buffer),
            false => memory.read_f32(*buffer).into_iter().map(f64::from).collect(),
        })
    }
}
