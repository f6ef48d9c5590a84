//! Why a file could not be read or written, and what to do about it.

use std::io::{self, ErrorKind};
use std::path::PathBuf;

/// A file that could not be read as points or weights.
#[derive(Debug, thiserror::Error)]
#[error("cannot read `{}`: {problem}", path.display())]
pub struct ReadError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: Problem,
}

impl ReadError {
    /// What would help, where that is known.
    pub fn help(&self) -> Option<&'static str> {
        self.problem.help()
    }
}

/// What is wrong with a file of points. Rows and columns count from 0, as `numpy` does; lines count from 1.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The system would not read it.
    #[error("{0}")]
    Io(io::Error),
    /// The bytes are not what the format says.
    #[error("{0}")]
    Damaged(String),
    /// An archive of several arrays.
    #[error("it is an archive of arrays")]
    Archive,
    /// The numbers have a type that is not read.
    #[error("its numbers have dtype {dtype}")]
    Dtype {
        /// The dtype as the file names it.
        dtype: String,
    },
    /// The array has the wrong shape.
    #[error("it has shape {found:?}, expected {expected}")]
    Shape {
        /// The shape found.
        found: Vec<usize>,
        /// What was expected, in words.
        expected: &'static str,
    },
    /// No numbers.
    #[error("it is empty: {rows} points in {columns} dimensions")]
    Empty {
        /// The number of rows.
        rows: usize,
        /// The number of columns.
        columns: usize,
    },
    /// A number that is infinite or not a number.
    #[error("row {row}, column {column} (counted from 0) is {value}")]
    NonFinite {
        /// Its row.
        row: usize,
        /// Its column.
        column: usize,
        /// The number.
        value: f64,
    },
    /// A field of a table is not a number.
    #[error("line {line}, column {column} (counted from 0) is `{text}`, not a number")]
    Field {
        /// Its line.
        line: u64,
        /// Its column.
        column: usize,
        /// The text.
        text: String,
    },
    /// The rows of a table differ in length.
    #[error("line {line} has {found} columns, the lines before it have {expected}")]
    Ragged {
        /// The first line that differs.
        line: u64,
        /// The columns before it.
        expected: u64,
        /// The columns of the line.
        found: u64,
    },
}

impl Problem {
    fn help(&self) -> Option<&'static str> {
        match self {
            Problem::Io(e) if e.kind() == ErrorKind::NotFound => Some("check the path; there is no such file"),
            Problem::Io(_) | Problem::Ragged { .. } => None,
            Problem::Damaged(_) => Some("write it again with `numpy.save`, or as comma-separated numbers"),
            Problem::Archive => Some("save one array with `numpy.save` to an .npy file"),
            Problem::Dtype { .. } => {
                Some("save it as float32 or float64, for example `numpy.save(path, a.astype('f8'))`")
            }
            Problem::Shape { .. } => Some("points are an array [M, N], one a row; weights are an array [M]"),
            Problem::Empty { .. } => Some("at least one point in at least one dimension is needed"),
            Problem::NonFinite { .. } => Some("remove or replace NaN and infinite values"),
            Problem::Field { .. } => {
                Some("a table holds numbers only, separated by commas, after at most one header line")
            }
        }
    }
}

/// A file that could not be written. What stood there before still does.
#[derive(Debug, thiserror::Error)]
#[error("cannot write `{}`: {source}", path.display())]
pub struct WriteError {
    /// The file.
    pub path: PathBuf,
    /// What the system says.
    #[source]
    pub source: io::Error,
}

impl WriteError {
    /// What would help.
    pub fn help(&self) -> &'static str {
        match self.source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                "free some space, or write to another disk; nothing was left half written"
            }
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                "choose a folder that you may write to, or change its permissions"
            }
            ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
                "a part of the path is a file, not a folder; choose another path"
            }
            ErrorKind::IsADirectory => "the path is a folder; add a file name to it",
            _ => "choose another path",
        }
    }
}
