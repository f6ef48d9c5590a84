//! x
pub mod cpu;
