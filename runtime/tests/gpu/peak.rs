//! The kernel that measures a GPU's multiply-adds for `benches/gpu`: it does as many as it says.

use genphys_compiler::codegen::ptx::{Layout, MapLayout, PtxModule};
use genphys_compiler::kernel::Precision;
use genphys_runtime::launch::{Argument, Device, Numbers};

use crate::{Amount, on_devices};

on_devices!(chains_of_multiply_adds);

fn chains_of_multiply_adds<D: Device>(device: &D, _: Amount) {
    let module = PtxModule {
        text: include_str!("../../../benches/fma_peak.ptx").to_owned(),
        entry: "fma_peak".to_owned(),
        precision: Precision::F32,
        layout: Layout::Map(MapLayout { inputs: 0, outputs: 1, block: 256 }),
    };
    let (function, first) = (device.load(&module).expect("a text that loads"), [0.0, 2.5, -7.0, 1e6, 3.25, 0.125]);
    for iterations in [0, 1, 3] {
        let numbers = device.upload(Numbers::F32(&first)).expect("memory");
        let arguments = [Argument::Pointer(&numbers), Argument::Count(iterations)];
        // SAFETY: the entry's two parameters: a float for each of 2 x 3 threads, and a number.
        unsafe { device.launch(&function, [2, 1], 3, &arguments) }.expect("a launch");
        let expected = first.map(|first| {
            let chain = |i: usize| (0..8 * iterations).fold(first + i as f32, |x, _| x.mul_add(0.5, 0.75));
            f64::from((0..16).map(chain).fold(0f32, |sum, x| sum + x))
        });
        assert_eq!(device.download(&numbers).expect("numbers"), expected, "{iterations} iterations");
    }
}
