//! Tables of numbers as text: comma, semicolon or tab between columns, an optional header, `#` before remarks.

use super::Problem;
use csv::{ByteRecord, ErrorKind, ReaderBuilder, Trim};
use ndarray::Array2;

/// Points `[M, N]` from the bytes of a table.
pub(super) fn decode(bytes: &[u8]) -> Result<Array2<f64>, Problem> {
    // Spreadsheets open a UTF-8 file with a byte order mark.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .delimiter(delimiter(bytes))
        .comment(Some(b'#'))
        .trim(Trim::All)
        .from_reader(bytes);
    let mut values = Vec::new();
    let mut columns = 0;
    let mut record = ByteRecord::new();
    let mut first = true;
    while reader.read_byte_record(&mut record).map_err(|e| problem(&e))? {
        if !(std::mem::take(&mut first) && is_header(&record)) {
            columns = record.len();
            row(&record, &mut values)?;
        }
    }
    let rows = values.len().checked_div(columns).unwrap_or(0);
    Array2::from_shape_vec((rows, columns), values).map_err(|e| Problem::Damaged(e.to_string()))
}

fn row(record: &ByteRecord, values: &mut Vec<f64>) -> Result<(), Problem> {
    for (column, field) in record.iter().enumerate() {
        let line = record.position().map_or(0, csv::Position::line);
        let unreadable = || Problem::Field { line, column, text: shown(field) };
        values.push(number(field).ok_or_else(unreadable)?);
    }
    Ok(())
}

fn number(field: &[u8]) -> Option<f64> {
    std::str::from_utf8(field).ok()?.parse().ok()
}

/// A header names every column; a line with a number in it is data, perhaps wrong.
fn is_header(record: &ByteRecord) -> bool {
    record.iter().all(|field| number(field).is_none() && !field.is_empty())
}

fn delimiter(bytes: &[u8]) -> u8 {
    let line = bytes.split(|b| *b == b'\n').find(|line| !line.starts_with(b"#")).unwrap_or_default();
    b",;\t".iter().copied().find(|d| line.contains(d)).unwrap_or(b',')
}

/// The text of a field for a message: short, printable.
fn shown(field: &[u8]) -> String {
    let text = String::from_utf8_lossy(field);
    text.chars().take(40).map(|c| if c.is_control() { '?' } else { c }).collect()
}

fn problem(error: &csv::Error) -> Problem {
    match error.kind() {
        ErrorKind::UnequalLengths { pos, expected_len, len } => {
            Problem::Ragged { line: pos.as_ref().map_or(0, csv::Position::line), expected: *expected_len, found: *len }
        }
        _ => Problem::Damaged(error.to_string()),
    }
}
