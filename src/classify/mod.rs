//! Many equations, one row each: a stream from files to a table, of any length, in constant memory.
//!
//! In:   [`Inputs`]: `.pde` files, folders of them, tables with a column `pde`, texts with one equation a line.
//! Out:  [`Row`]s in the order of the input, to a [`Sink`]: CSV, JSON lines or Parquet.
//! Holds: every item of the input becomes exactly one row; what is wrong with an item, or with us while we judge it, is
//!        in that row's `error` and stops nothing. A run that was killed resumes behind its last whole row.

mod error;
mod input;
mod judge;
mod lines;
mod parquet;
mod pool;
mod resume;
mod row;
mod sink;
#[cfg(test)]
mod tests;

pub use error::ClassifyError;
pub use input::{Inputs, Item};
pub use judge::judge;
pub use pool::{Next, Ordered};
pub use resume::DoneRows;
pub use row::{Answered, Columns, Row};
pub use sink::{Format, Sink};
