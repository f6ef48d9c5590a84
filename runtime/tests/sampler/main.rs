//! The sampler against closed forms, in plain Rust and independent of compiled kernels.

mod branching;
mod convergence;
mod fields;
mod priors;
mod recovery;
mod refusals;
mod reproducible;
