//! The sampler against closed forms, in plain Rust and independent of compiled kernels.

mod branching;
mod convergence;
mod extremes;
mod fields;
mod paths;
mod priors;
mod recovery;
mod refusals;
mod reproducible;
mod steps;
