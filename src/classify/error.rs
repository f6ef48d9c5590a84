//! Why a table of verdicts could not be read, continued or written.

use std::io;
use std::path::{Path, PathBuf};

/// A failure that ends a run; what is wrong with one item only ends up in that item's row instead.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClassifyError {
    /// An input that cannot be opened.
    #[error("cannot read `{}`: {source}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A table without equations.
    #[error("the table `{}` has no column `pde`; its columns are: {columns}", path.display())]
    NoEquations {
        /// The file.
        path: PathBuf,
        /// Its columns, separated by commas.
        columns: String,
    },
    /// A folder without `.pde` files.
    #[error("the folder `{}` has no .pde files", .0.display())]
    EmptyFolder(PathBuf),
    /// An output that cannot be written.
    #[error("cannot write `{}`: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The output's extension is none we know.
    #[error("`{}` is no .csv, .jsonl or .parquet file", .0.display())]
    Format(PathBuf),
    /// An earlier run left unfinished rows.
    #[error("`{}` holds the rows of an unfinished run", .0.display())]
    Unfinished(PathBuf),
    /// Another run writes there.
    #[error("another run is writing `{}`", .0.display())]
    Busy(PathBuf),
    /// The rows to continue are those of another input.
    #[error("row {row} of `{}` is `{found}`, but the input has {expected} there", path.display())]
    OtherInput {
        /// The file.
        path: PathBuf,
        /// The row, from 1.
        row: u64,
        /// What it says.
        found: String,
        /// What the input says.
        expected: String,
    },
    /// The rows to continue are not ours.
    #[error("`{}` is damaged: {what}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
}

impl ClassifyError {
    /// What would help.
    pub fn help(&self) -> &'static str {
        match self {
            ClassifyError::Read { .. } => "an INPUT is a .pde file, a folder, a table, a text file, - or an equation",
            ClassifyError::NoEquations { .. } => "name the column with the equations `pde` in the first line",
            ClassifyError::EmptyFolder(_) => "name the folder that holds the .pde files themselves",
            ClassifyError::Write { .. } => "check that the folder is writable and the disk has room",
            ClassifyError::Format(_) => "the extension of --out chooses the format",
            ClassifyError::Unfinished(_) => "continue it with --resume, or remove it to start over",
            ClassifyError::Busy(_) => "wait for it, or choose another --out",
            ClassifyError::OtherInput { .. } => {
                "resume with the inputs of the first run, or start over without --resume"
            }
            ClassifyError::Damaged { .. } => "remove it to start over",
        }
    }

    pub(super) fn read(path: &Path) -> impl FnOnce(io::Error) -> ClassifyError {
        let path = path.to_owned();
        move |source| ClassifyError::Read { path, source }
    }

    pub(super) fn write(path: &Path) -> impl FnOnce(io::Error) -> ClassifyError {
        let path = path.to_owned();
        move |source| ClassifyError::Write { path, source }
    }

    pub(super) fn damaged(path: &Path, what: impl Into<String>) -> ClassifyError {
        ClassifyError::Damaged { path: path.to_owned(), what: what.into() }
    }
}
