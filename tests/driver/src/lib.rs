//! A stand-in for NVIDIA's driver: a library `libcuda.so` whose calls run PTX text in the machine of the tests.
//!
//! In:   the calls of the driver's C interface that genphys and cudarc make; a plan in the environment, which says what fails.
//! Out:  what the real driver answers by its reference manual, and a record of what was done, and of what a program must not do.
//! Holds: where the manual leaves something open, the worst that it allows happens: memory begins as NaN, addresses are never used again, a copy
//!   from or to the memory of the host is done only after a synchronisation, and so is the news that a launch has failed.
//! Limits: it is ours, written from the manual. It shows that calls fit that manual, not what a device does.
//! Source: NVIDIA, CUDA Driver API, release 12; types and numbers from its header by cudarc.

mod abi;
#[path = "../../../compiler/tests/ptx/arithmetic.rs"]
mod arithmetic;
mod host;
mod image;
mod installed;
#[allow(dead_code, reason = "the tests of PTX itself have another memory")]
#[path = "../../../compiler/tests/ptx/machine/mod.rs"]
mod machine;
mod memory;
mod plan;
mod record;
mod state;
mod status;
#[cfg(test)]
mod tests;

pub use abi::CALLS;
pub use installed::{Installed, Recorded};
