//! Where rows go: a `.partial` file beside the output, which takes the output's name when the last row is in it.

use super::error::ClassifyError;
use super::parquet;
use super::resume::{self, DoneRows};
use super::row::{Columns, Row};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The format of a table, chosen by the extension of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values with a header; an empty field is no value.
    Csv,
    /// One JSON object a line; `null` is no value.
    JsonLines,
    /// Apache Parquet, gzip pages; every column is optional text but `micros`, an integer.
    Parquet,
}

impl Format {
    /// The format that a file's name asks for.
    ///
    /// # Errors
    /// [`ClassifyError::Format`] for any other extension.
    pub fn of(path: &Path) -> Result<Format, ClassifyError> {
        let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase());
        match extension.as_deref() {
            Some("csv") => Ok(Format::Csv),
            Some("jsonl" | "ndjson") => Ok(Format::JsonLines),
            Some("parquet") => Ok(Format::Parquet),
            _ => Err(ClassifyError::Format(path.to_owned())),
        }
    }

    /// How rows are kept until the last one is there. Parquet has its index at the end, so its rows wait as JSON lines.
    pub(super) fn while_running(self) -> Format {
        if self == Format::Parquet { Format::JsonLines } else { self }
    }

    /// A row as bytes to append; whole lines, so that an interrupted write can be told.
    pub(super) fn line(self, row: &Row, columns: &Columns) -> Vec<u8> {
        match self.while_running() {
            Format::Csv => {
                let micros = row.micros.to_string();
                let texts = row.texts();
                record(texts.iter().map(|text| text.unwrap_or("")).chain([micros.as_str()]))
            }
            _ => format!("{}\n", row.json(columns)).into_bytes(),
        }
    }

    fn heading(self, columns: &Columns) -> Vec<u8> {
        match self {
            Format::Csv => record(columns.names().iter().map(String::as_str)),
            _ => Vec::new(),
        }
    }
}

fn record<'a>(fields: impl Iterator<Item = &'a str>) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing to memory does not fail.
    let _ = writer.write_record(fields);
    writer.into_inner().unwrap_or_default()
}

/// A table being written.
pub struct Sink {
    target: PathBuf,
    partial: PathBuf,
    file: File,
    format: Format,
    columns: Columns,
}

impl Sink {
    /// A new table.
    ///
    /// # Errors
    /// [`ClassifyError::Unfinished`] when an earlier run's rows are there; others when the file cannot be made.
    pub fn create(target: &Path, columns: Columns) -> Result<Sink, ClassifyError> {
        let mut sink = Sink::open(target, columns)?;
        let length = sink.file.metadata().map_err(ClassifyError::write(&sink.partial))?.len();
        if length > 0 {
            return Err(ClassifyError::Unfinished(sink.partial));
        }
        sink.append(&sink.format.heading(&sink.columns))?;
        Ok(sink)
    }

    /// A table with the whole rows of an unfinished one, to be compared with the input; a torn last row is removed.
    ///
    /// # Errors
    /// [`ClassifyError::Damaged`] when the rows there are not rows of such a table.
    pub fn resume(target: &Path, columns: Columns) -> Result<(Sink, DoneRows), ClassifyError> {
        let mut sink = Sink::open(target, columns)?;
        let running = sink.format.while_running();
        let whole = resume::scan(&sink.partial, running, &sink.columns)?;
        sink.file
            .set_len(whole.bytes)
            .and_then(|()| sink.file.seek(SeekFrom::End(0)))
            .map_err(ClassifyError::write(&sink.partial))?;
        if whole.bytes == 0 {
            sink.append(&sink.format.heading(&sink.columns))?;
        }
        let done = DoneRows::open(&sink.partial, running, &sink.columns, whole.rows)?;
        Ok((sink, done))
    }

    fn open(target: &Path, columns: Columns) -> Result<Sink, ClassifyError> {
        let format = Format::of(target)?;
        let mut name = target.as_os_str().to_owned();
        name.push(".partial");
        let partial = PathBuf::from(name);
        if let Some(folder) = target.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(ClassifyError::write(folder))?;
        }
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&partial)
            .map_err(ClassifyError::write(&partial))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(ClassifyError::Busy(partial)),
            // A file system without locks: two runs at once are then the user's care.
            Err(TryLockError::Error(_)) => {}
        }
        Ok(Sink { target: target.to_owned(), partial, file, format, columns })
    }

    /// The file that holds the rows until the table is finished.
    pub fn partial(&self) -> &Path {
        &self.partial
    }

    /// Appends a row; after this call a kill of the process does not lose it.
    ///
    /// # Errors
    /// [`ClassifyError::Write`].
    pub fn write(&mut self, row: &Row) -> Result<(), ClassifyError> {
        let line = self.format.line(row, &self.columns);
        self.append(&line)
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), ClassifyError> {
        self.file.write_all(bytes).map_err(ClassifyError::write(&self.partial))
    }

    /// Gives the finished table its name.
    ///
    /// # Errors
    /// [`ClassifyError::Write`]; the rows are then still in [`Sink::partial`].
    pub fn finish(self) -> Result<(), ClassifyError> {
        self.file.sync_all().map_err(ClassifyError::write(&self.partial))?;
        if self.format != Format::Parquet {
            return std::fs::rename(&self.partial, &self.target).map_err(ClassifyError::write(&self.target));
        }
        parquet::convert(&self.partial, &self.target, &self.columns)?;
        std::fs::remove_file(&self.partial).map_err(ClassifyError::write(&self.partial))
    }
}
