//! What was done, a line each, in the file that `SIMULATED_DRIVER_RECORD` names.
//!
//! Holds: a line is on disk when the call that it is of returns, so that a process which is killed leaves what it has done.

use std::fs::{File, OpenOptions};
use std::io::Write;

/// The variable.
pub const VARIABLE: &str = "SIMULATED_DRIVER_RECORD";

/// How lines begin that say what a program must not do.
pub const MISUSE: &str = "misuse: ";
/// How lines begin that name the entry of a text that was translated.
pub const TRANSLATED: &str = "translated ";
/// How lines begin that name the entry of an image that was loaded.
pub const LOADED: &str = "loaded ";
/// How lines begin that name the entry that was launched.
pub const LAUNCHED: &str = "launched ";
/// How lines begin that tell of a device that is given back: its number, and the most bytes that it held.
pub const RELEASED: &str = "released ";

/// Where lines go.
#[derive(Debug, Default)]
pub struct Record(Option<File>);

impl Record {
    /// The file that the environment names, or nowhere.
    pub fn of_environment() -> Record {
        let path = std::env::var_os(VARIABLE);
        Record(path.and_then(|path| OpenOptions::new().create(true).append(true).open(path).ok()))
    }

    /// Writes a line.
    pub fn line(&mut self, text: &str) {
        if let Some(file) = &mut self.0 {
            // A test that misses the line fails.
            let _ = file.write_all(format!("{}\n", text.replace('\n', " ")).as_bytes());
        }
    }
}
