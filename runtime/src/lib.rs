//! x

pub mod data;
pub mod density;
pub mod metrics;
pub mod sampler;
