//! x
pub mod codegen;
pub mod kernel;
pub mod special;
