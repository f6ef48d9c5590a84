//! Lines of bounded length: a line that is too long is skipped to its end, never held.

use std::io::{self, BufRead};

/// The longest line kept, in bytes; an equation has a few dozen.
pub(super) const LONGEST: usize = 1 << 20;

/// What was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A line without its end.
    Text(String),
    /// A line that is no text, or too long; why.
    Bad(String),
}

/// The next line and its length in bytes with its end; none at the end of the input.
pub(super) fn next(from: &mut impl BufRead) -> io::Result<Option<(Line, u64)>> {
    let mut bytes = Vec::new();
    let mut length = 0u64;
    loop {
        let part = match from.fill_buf() {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            part => part?,
        };
        let end = part.iter().position(|b| *b == b'\n');
        let taken = end.map_or(part.len(), |at| at + 1);
        if bytes.len() <= LONGEST {
            bytes.extend_from_slice(&part[..end.unwrap_or(taken)]);
        }
        from.consume(taken);
        length += taken as u64;
        match (end, taken) {
            (None, 0) if length == 0 => return Ok(None),
            (Some(_), _) | (None, 0) => return Ok(Some((line(bytes), length))),
            (None, _) => {}
        }
    }
}

fn line(mut bytes: Vec<u8>) -> Line {
    if bytes.len() > LONGEST {
        return Line::Bad(format!("the line is longer than {LONGEST} bytes"));
    }
    if bytes.last() == Some(&b'\r') {
        bytes.pop();
    }
    match String::from_utf8(bytes) {
        Ok(text) => Line::Text(text),
        Err(e) => Line::Bad(format!("the line is not UTF-8 text (byte {})", e.utf8_error().valid_up_to())),
    }
}
