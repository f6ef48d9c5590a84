//! What goes to stdout and stderr.

use super::failure::Failure;
use serde::Serialize;
use std::io::{ErrorKind, Write};

/// The terminal, or whatever stands in its place.
pub struct Console {
    json: bool,
}

impl Console {
    /// A console that speaks JSON, or text.
    pub fn new(json: bool) -> Console {
        Console { json }
    }

    /// Does the user want JSON?
    pub fn json(&self) -> bool {
        self.json
    }

    /// The width to lay text out for: that of the terminal, between 80 and 120 columns.
    pub fn width(&self) -> usize {
        comfy_table::Table::new().width().map_or(100, usize::from).clamp(80, 120)
    }

    /// Prints a text with ANSI colours, which are stripped where stdout is not a terminal.
    ///
    /// # Errors
    /// [`Failure`] when stdout cannot be written; a reader that closed its end early (`| head`) is no error.
    pub fn print(&self, text: &str) -> Result<(), Failure> {
        let mut out = anstream::stdout().lock();
        let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        match written {
            Err(e) if e.kind() != ErrorKind::BrokenPipe => Err(Failure::input(format!("cannot write to stdout: {e}"))),
            _ => Ok(()),
        }
    }

    /// Prints a text where the user does not want JSON.
    ///
    /// # Errors
    /// As [`Console::print`].
    pub fn say(&self, text: &str) -> Result<(), Failure> {
        if self.json { Ok(()) } else { self.print(text) }
    }

    /// Prints a value as indented JSON.
    ///
    /// # Errors
    /// As [`Console::print`].
    pub fn print_json(&self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value).map_err(|e| Failure::Bug(e.to_string()))?;
        self.print(&format!("{text}\n"))
    }

    /// Tells something on stderr that stdout should not hold.
    pub fn note(&self, text: &str) {
        // Without stderr there is no place to tell it.
        let _ = writeln!(anstream::stderr().lock(), "note: {text}");
    }

    /// Tells on stderr that something is not as it was asked for.
    pub fn warn(&self, text: &str) {
        // As for a note.
        let _ = writeln!(anstream::stderr().lock(), "warning: {text}");
    }

    /// Reports a failure on stderr.
    pub fn failure(&self, failure: &Failure) {
        let text = if self.json { failure.json().to_string() } else { failure.drawn(self.width()) };
        // Nothing is left to be told to anyone when stderr is closed too.
        let _ = writeln!(anstream::stderr().lock(), "{text}");
    }
}
