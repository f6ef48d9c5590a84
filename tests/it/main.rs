//! The command as a user runs it: one binary of integration tests.

mod bad_input;
mod command;
mod ends;
mod fields;
mod reports;
mod runs;
mod schema;
