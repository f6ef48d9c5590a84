//! Launches: what fits, and what a device does.

use std::panic::{AssertUnwindSafe, catch_unwind};

use cudarc::driver::sys::CUresult;

use super::{Driver, words_of};
use crate::machine::Type;
use crate::record;
use crate::status::Answer;

/// A launch.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub grid: [u32; 3],
    pub block: [u32; 3],
    pub shared_bytes: u32,
}

impl Driver {
    /// The types of the arguments of a function, where it can be launched in the current context in this shape.
    pub fn parameters(&mut self, device: usize, function: u64, shape: Shape) -> Answer<Vec<Type>> {
        let Some(module) = self.modules.get(&function) else {
            return Err(self.misuse("no function", CUresult::CUDA_ERROR_INVALID_HANDLE));
        };
        let most = module.machine.max_threads() as u64;
        let threads: u64 = shape.block.iter().map(|n| u64::from(*n)).product();
        let wrong = [
            (module.device != device, "a function of another context"),
            (shape.grid.contains(&0) || threads == 0, "nothing to launch"),
            (threads > most.min(1024), "more threads than the function takes"),
            (shape.grid[0] > i32::MAX as u32, "too many columns of blocks"),
            (shape.grid[1] > 65535 || shape.grid[2] > 65535, "too many rows of blocks"),
            (shape.block[1] * shape.block[2] * shape.grid[2] > 1, "more dimensions than the machine has"),
            (shape.shared_bytes > 0, "shared memory that no text asks for"),
        ];
        let types = module.machine.parameters();
        match wrong.iter().find(|(is_so, _)| *is_so) {
            Some((_, what)) => Err(self.misuse(what, CUresult::CUDA_ERROR_INVALID_VALUE)),
            None => Ok(types),
        }
    }

    /// Runs a function. That it fails is heard of at the next synchronisation.
    pub fn launch(&mut self, device: usize, function: u64, shape: Shape, arguments: &[(Type, u64)]) -> Answer {
        let Some(machine) = self.modules.get(&function).map(|module| module.machine.clone()) else {
            return Err(CUresult::CUDA_ERROR_INVALID_HANDLE);
        };
        self.launches += 1;
        self.record.line(&format!("{}{} on {device}", record::LAUNCHED, machine.entry()));
        let gpu = &mut self.gpus[device];
        if self.plan.faulty_launch == Some(self.launches) {
            gpu.has_failed = true;
            return Ok(());
        }
        // Every argument of 64 bits is the address of a buffer.
        let astray = |(ty, bits): &(Type, u64)| *ty == Type::U64 && gpu.memory.bytes(*bits, 1).is_none();
        if let Some(index) = arguments.iter().position(astray) {
            gpu.has_failed = true;
            self.misuse(&format!("argument {index} is no address of the device"), CUresult::CUDA_SUCCESS);
            return Ok(());
        }
        let (grid, threads) = ([shape.grid[0], shape.grid[1]], shape.block[0] as usize);
        let bits: Vec<u64> = arguments.iter().map(|argument| argument.1).collect();
        let run = catch_unwind(AssertUnwindSafe(|| machine.run(&mut gpu.memory, grid, threads, &bits)));
        if let Err(panic) = run {
            gpu.has_failed = true;
            self.misuse(&words_of(&*panic), CUresult::CUDA_SUCCESS);
        }
        Ok(())
    }
}
