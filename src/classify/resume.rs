//! The rows that an unfinished run left: how many are whole, and whether they are those of this input.

use super::error::ClassifyError;
use super::input::Item;
use super::row::Columns;
use super::sink::Format;
use csv::StringRecord;
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// The whole part of an unfinished table.
pub(super) struct Whole {
    /// Its length in bytes, with the header.
    pub(super) bytes: u64,
    /// Its rows.
    pub(super) rows: u64,
}

/// Reads an unfinished table up to its last whole row.
pub(super) fn scan(path: &Path, format: Format, columns: &Columns) -> Result<Whole, ClassifyError> {
    let mut rows = Rows::open(path, format, columns)?;
    let mut whole = Whole { bytes: rows.heading_end, rows: 0 };
    while rows.next(columns)?.is_some() {
        whole = Whole { bytes: rows.end, rows: whole.rows + 1 };
    }
    Ok(whole)
}

/// The rows done, in order.
pub struct DoneRows {
    path: PathBuf,
    rows: Rows,
    columns: Columns,
    count: u64,
}

impl DoneRows {
    pub(super) fn open(path: &Path, format: Format, columns: &Columns, count: u64) -> Result<DoneRows, ClassifyError> {
        let rows = Rows::open(path, format, columns)?;
        Ok(DoneRows { path: path.to_owned(), rows, columns: columns.clone(), count })
    }

    /// Takes the items that are done off the input, comparing each with its row, and says how many they were.
    ///
    /// # Errors
    /// [`ClassifyError::OtherInput`] at the first that differs.
    pub fn skip(mut self, items: &mut impl Iterator<Item = Item>) -> Result<u64, ClassifyError> {
        for row in 1..=self.count {
            let found = self.rows.next(&self.columns)?.unwrap_or_default();
            let item = items.next();
            if item.as_ref().is_some_and(|item| agrees(item, &found)) {
                continue;
            }
            let expected = item.map_or("no more equations".into(), |item| {
                format!("`{}: {}`", item.name, item.pde.as_deref().unwrap_or("a file"))
            });
            let found = found.iter().take(2).cloned().collect::<Vec<_>>().join(": ");
            return Err(ClassifyError::OtherInput { path: self.path, row, found, expected });
        }
        Ok(self.count)
    }
}

/// Is this row's given part that of the item? A file's equation is shown as understood, so its name has to do.
fn agrees(item: &Item, given: &[String]) -> bool {
    let [name, pde, carried @ ..] = given else { return false };
    *name == item.name && item.pde.as_ref().is_none_or(|text| text == pde) && carried == item.carried
}

/// Whole rows, one after the other.
struct Rows {
    path: PathBuf,
    reader: Reader,
    heading_end: u64,
    end: u64,
    length: u64,
    ends_with_newline: bool,
}

enum Reader {
    Csv(Box<csv::Reader<File>>),
    JsonLines(BufReader<File>),
}

impl Rows {
    fn open(path: &Path, format: Format, columns: &Columns) -> Result<Rows, ClassifyError> {
        let (file, length, ends_with_newline) = opened(path).map_err(ClassifyError::read(path))?;
        let reader = match format {
            Format::Csv => {
                Reader::Csv(Box::new(csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(file)))
            }
            _ => Reader::JsonLines(BufReader::new(file)),
        };
        let mut rows = Rows { path: path.to_owned(), reader, heading_end: 0, end: 0, length, ends_with_newline };
        if let Reader::Csv(reader) = &mut rows.reader {
            let mut record = StringRecord::new();
            let read = reader.read_record(&mut record).is_ok_and(|more| more);
            let end = reader.position().byte();
            let torn = end >= length && !ends_with_newline;
            if read && !torn {
                if record.iter().ne(columns.names().iter().map(String::as_str)) {
                    return Err(ClassifyError::damaged(path, "its columns are not those of this input"));
                }
                (rows.heading_end, rows.end) = (end, end);
            }
        }
        Ok(rows)
    }

    /// The given part of the next whole row: name, pde, and what was carried through.
    fn next(&mut self, columns: &Columns) -> Result<Option<Vec<String>>, ClassifyError> {
        let (row, end) = match &mut self.reader {
            Reader::Csv(reader) => {
                let mut record = StringRecord::new();
                match reader.read_record(&mut record) {
                    Ok(true) => {}
                    Ok(false) => return Ok(None),
                    // Text cut inside a character is the end; anything else that cannot be read is not.
                    Err(_) => record.clear(),
                }
                (csv_row(&record, columns), reader.position().byte())
            }
            Reader::JsonLines(reader) => {
                let mut line = Vec::new();
                let length = reader.read_until(b'\n', &mut line).map_err(ClassifyError::read(&self.path))?;
                if length == 0 {
                    return Ok(None);
                }
                (json_row(&line, columns), self.end + length as u64)
            }
        };
        let last = end >= self.length;
        match row {
            Some(row) if !last || self.ends_with_newline => {
                self.end = end;
                Ok(Some(row))
            }
            _ if last => Ok(None),
            _ => Err(ClassifyError::damaged(&self.path, format!("no row of this table at byte {}", self.end))),
        }
    }
}

fn opened(path: &Path) -> std::io::Result<(File, u64, bool)> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut last = [0];
    if length > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
        file.rewind()?;
    }
    Ok((file, length, last[0] == b'\n'))
}

/// The last column is a number: a torn row that happens to end behind a newline inside quotes is told by it.
fn csv_row(record: &StringRecord, columns: &Columns) -> Option<Vec<String>> {
    let whole =
        record.len() == columns.names().len() && record.get(record.len().checked_sub(1)?)?.parse::<u64>().is_ok();
    whole.then(|| record.iter().take(columns.given()).map(str::to_owned).collect())
}

fn json_row(line: &[u8], columns: &Columns) -> Option<Vec<String>> {
    let Ok(Value::Object(row)) = serde_json::from_slice(line) else { return None };
    if row.keys().ne(columns.names()) {
        return None;
    }
    let text = |name: &String| Some(row.get(name)?.as_str().unwrap_or_default().to_owned());
    columns.names().iter().take(columns.given()).map(text).collect()
}
