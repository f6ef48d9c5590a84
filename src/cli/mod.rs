//! The command line: one file a command.
//!
//! In:    arguments; every SPEC is a `.pde` file or the equation itself.
//! Out:   a report on stdout, messages and progress on stderr, files.
//! Holds: exit code 0 as expected, 1 when the verdict differs from the file's `expect`, 2 when the input is wrong (one
//!        message), 3 for a fault of ours, 130 after Ctrl-C.

mod arguments;
mod cache;
mod check;
mod classify;
mod compare;
mod console;
mod device;
mod dispersion;
mod emit;
mod explain;
mod failure;
mod field;
mod interrupt;
mod model;
mod numbers;
mod paper;
mod plot;
mod points;
mod progress;
mod sample;
mod spec;
mod values;
mod verify;

use arguments::{Arguments, Command};
use clap::Parser;
use console::Console;
use failure::Failure;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

/// How a command that did not fail ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// As expected: exit code 0.
    Expected,
    /// The verdict differs from the one the file expects, or a report does not hold: exit code 1.
    Unexpected,
}

/// Runs the command of the process's arguments.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let console = Console::new(arguments.json);
    failure::report_panics_as_bugs();
    guard(&console, || run(&arguments, &console)).into()
}

fn run(arguments: &Arguments, console: &Console) -> Result<Outcome, Failure> {
    if !arguments.no_cache && arguments.command.evaluates() {
        genphys_runtime::cache::install_of_environment();
    }
    match &arguments.command {
        Command::Check(command) => check::run(command, console),
        Command::Explain(command) => explain::run(command, console),
        Command::Dispersion(command) => dispersion::run(command, console),
        Command::Field(command) => field::run(command, console),
        Command::Sample(command) => sample::run(command, console),
        Command::Compare(command) => compare::run(command, console),
        Command::Verify(command) => verify::run(command, console),
        Command::Emit(command) => emit::run(command, console),
        Command::Classify(command) => classify::run(command, console),
        Command::Plot(command) => plot::run(command, console),
        Command::Cache(command) => cache::run(command, console),
    }
}

/// Runs a command, reports its failure, and answers with the exit code; a panic is a fault of ours.
fn guard(console: &Console, command: impl FnOnce() -> Result<Outcome, Failure>) -> u8 {
    match catch_unwind(AssertUnwindSafe(command)) {
        Ok(Ok(Outcome::Expected)) => 0,
        Ok(Ok(Outcome::Unexpected)) => 1,
        Ok(Err(failure)) => {
            console.failure(&failure);
            failure.exit_code()
        }
        // The panic hook has spoken.
        Err(_) => failure::BUG,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_end_has_its_exit_code() {
        let console = Console::new(false);
        assert_eq!(guard(&console, || Ok(Outcome::Expected)), 0);
        assert_eq!(guard(&console, || Ok(Outcome::Unexpected)), 1);
        assert_eq!(guard(&console, || Err(Failure::input("wrong"))), 2);
        assert_eq!(guard(&console, || Err(Failure::Bug("ours".into()))), 3);
        assert_eq!(guard(&console, || Err(Failure::Interrupted { saved: None })), 130);
        assert_eq!(guard(&console, || panic!("a panic of the test")), 3);
    }
}
