//! x
pub mod kernel;
pub mod special;
