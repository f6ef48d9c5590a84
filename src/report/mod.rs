//! The report on an equation, [`Report`], and what is made of it: [`text`] lays it out for a terminal, [`latex`] writes a
//! document, [`verify`] checks it again.

pub mod latex;
pub mod text;
mod verify;

pub use genphys_compiler::report::*;
pub use verify::{Finding, verify};
