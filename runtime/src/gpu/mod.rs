//! Kernels on NVIDIA's GPUs, by a driver that is looked for when it is needed.
//!
//! In:   texts and numbers, from [`launch`](crate::launch).
//! Out:  the same results as of [`cpu`](crate::cpu), up to the order and precision of sums.
//! Holds: nothing of CUDA is needed to build or to start, and a machine without it gets a [`NoDevice`] that says why; all `unsafe` is in `device`,
//!   `image`, `module` and `launch`.

mod device;
mod image;
mod launch;
mod module;

pub use device::{Device, NoDevice};
pub use launch::Floats;
