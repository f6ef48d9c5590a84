//! The PTX text of kernels, executed: what the text computes is what the reference interpreter computes.
//!
//! A device is not needed: [`machine`] runs blocks of threads with barriers and shared memory. Maps agree bit for bit (any NaN
//! equals any NaN); reductions differ in the order and the precision of sums, see `compare`.

mod arithmetic;
mod compare;
mod elementwise;
mod fields;
mod flow;
mod goldens;
mod launch;
mod laws;
mod machine;
mod maps;
mod means;
mod sampler;
