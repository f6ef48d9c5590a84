//! genphys-runtime: compiled kernels at work. Fields, priors, solvers, branching and data sets.

pub mod cache;
pub mod cpu;
pub mod data;
pub mod density;
pub mod field;
#[cfg(feature = "cuda")]
pub mod gpu;
pub mod launch;
pub mod metrics;
pub mod model;
pub mod region;
pub mod sampler;
pub mod signed;
pub mod split;
