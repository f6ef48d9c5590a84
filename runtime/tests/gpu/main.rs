//! Conformance of launches: in the machine that runs PTX text, and on a GPU wherever the driver finds one.
//!
//! Every check is a function of the device. In the machine, which is slow, it takes little data; on a GPU all. Where there is no GPU each of those
//! tests says why in one line, and passes; `driver` runs most of them with a driver that is simulated. `cargo test -p genphys-runtime --features cuda --test gpu on_the_gpu` runs them alone.

#[path = "../../../compiler/tests/ptx/arithmetic.rs"]
mod arithmetic;
#[allow(dead_code, reason = "the tests of PTX itself launch by `check`")]
#[path = "../../../compiler/tests/ptx/compare.rs"]
mod compare;
#[cfg(all(target_os = "linux", feature = "cuda"))]
mod driver;
#[path = "../../../compiler/tests/ptx/elementwise.rs"]
mod elementwise;
#[allow(dead_code, reason = "the tests of PTX itself launch in other ways, too")]
#[path = "../../../compiler/tests/ptx/launch.rs"]
mod launch;
#[path = "../../../compiler/tests/ptx/laws.rs"]
mod laws;
#[allow(dead_code, reason = "the tests of PTX itself use the rest")]
#[path = "../../../compiler/tests/ptx/machine/mod.rs"]
mod machine;
mod maps;
mod peak;
mod reductions;
mod sampler;
mod simulated;

/// How much a check is to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// What the machine does in a second.
    Little,
    /// What a GPU does in a second.
    All,
}

/// The first GPU, or none after a line that says why.
#[cfg(feature = "cuda")]
fn gpu(test: &str) -> Option<genphys_runtime::gpu::Device> {
    genphys_runtime::gpu::Device::open(0).map_err(|why| skipped(test, why)).ok()
}

/// Says that a test did not run, past the capture of its output: that is to be seen.
#[cfg(feature = "cuda")]
fn skipped(test: &str, why: impl std::fmt::Display) {
    use std::io::Write;
    // A terminal that is gone sees nothing.
    let _ = writeln!(std::io::stderr(), "skipped: {test}: {why}");
}

/// What a device does in a second; a simulated one is the machine.
#[cfg(feature = "cuda")]
fn amount(gpu: &genphys_runtime::gpu::Device) -> Amount {
    if gpu.name().starts_with("Simulated GPU") { Amount::Little } else { Amount::All }
}

/// Two tests of every check: in the machine, and on the GPU.
macro_rules! on_devices {
    ($($check:ident),* $(,)?) => { $(
        mod $check {
            #[test]
            fn in_the_machine() {
                super::$check(&crate::simulated::Simulated::default(), crate::Amount::Little);
            }

            #[cfg(feature = "cuda")]
            #[test]
            fn on_the_gpu() {
                if let Some(gpu) = crate::gpu(module_path!()) {
                    super::$check(&gpu, crate::amount(&gpu));
                }
            }
        }
    )* }
}
use on_devices;
