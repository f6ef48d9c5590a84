//! genphys-compiler: from the text of a PDE to a verdict with evidence and to kernels.
//!
//! The compiler is a pure function: no files, clock, device or randomness. Budgets count iterations and nodes.

mod analysis;
pub mod checker;
pub mod codegen;
pub mod diagnostic;
pub mod dispersion;
pub mod expr;
pub mod flow;
pub mod green;
pub mod kernel;
pub mod lemmas;
pub mod operator;
pub mod report;
pub mod source;
pub mod special;
pub mod syntax;
mod undecided;
pub mod verdict;

pub use analysis::{Analysis, analyze, analyze_equation};
pub use flow::Budget;
pub use undecided::Undecided;
