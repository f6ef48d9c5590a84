//! What the device can do: independent chains of f32 multiply-adds, by a text of its own.

use std::time::Instant;

use genphys_compiler::codegen::ptx::{Layout, MapLayout, PtxModule};
use genphys_compiler::kernel::Precision;
use genphys_runtime::launch::{Argument, Device, Numbers};

use super::{Failure, RUNS};

const BLOCKS: u32 = 1 << 13;
const THREADS: u32 = 256;
const ITERATIONS: u32 = 256;
/// Multiply-adds of an iteration of the text.
const CHAINS: u32 = 8 * 16;

/// Multiply-adds per second, the fastest of several launches.
pub fn multiply_adds<D: Device>(device: &D) -> Result<f64, Failure> {
    let module = PtxModule {
        text: include_str!("../fma_peak.ptx").to_owned(),
        entry: "fma_peak".to_owned(),
        precision: Precision::F32,
        layout: Layout::Map(MapLayout { inputs: 0, outputs: 1, block: THREADS as usize }),
    };
    let function = device.load(&module)?;
    let numbers = device.upload(Numbers::F32(&vec![1.0; (BLOCKS * THREADS) as usize]))?;
    let signal = device.zeros(1)?;
    let mut fastest = f64::INFINITY;
    for _ in 0..RUNS {
        // A copy waits for all launches before it.
        device.download(&signal)?;
        let started = Instant::now();
        // SAFETY: the entry's two parameters: a float for every thread, and a number.
        unsafe {
            device.launch(&function, [BLOCKS, 1], THREADS, &[Argument::Pointer(&numbers), Argument::Count(ITERATIONS)])
        }?;
        device.download(&signal)?;
        fastest = fastest.min(started.elapsed().as_secs_f64());
    }
    Ok(f64::from(BLOCKS) * f64::from(THREADS) * f64::from(ITERATIONS * CHAINS) / fastest)
}
