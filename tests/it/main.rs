//! The command as a user runs it: one binary of integration tests.

mod bad_input;
mod cache;
mod command;
mod compare;
mod corpus;
#[cfg(all(target_os = "linux", feature = "cuda"))]
mod cuda;
mod devices;
mod ends;
mod fields;
mod forms;
mod goldens;
mod lean;
mod paper;
mod plots;
mod reports;
mod resume;
mod runs;
mod schema;
mod tables;
