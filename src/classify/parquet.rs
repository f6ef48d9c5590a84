//! Rows as an Apache Parquet file: what one table of texts needs of the format, and no more.
//!
//! In:    JSON lines whose keys are the columns.
//! Out:   a Parquet file, format version 1: PLAIN values, gzip pages, one page for each column of a row group.
//! Holds: memory is bounded by one row group. Every crate that writes Parquet brings dozens of dependencies, one of
//!        them under a licence we do not take; the format itself is the 150 lines below.
//! Source: the Apache Parquet format specification (`parquet.thrift`), Thrift's compact protocol.

use super::error::ClassifyError;
use super::row::Columns;
use crate::io::beside;
use flate2::{Compression, write::GzEncoder};
use serde_json::{Map, Value};
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;

/// Rows of a row group.
const GROUP: usize = 8192;

/// Bytes after which a row group ends early.
const GROUP_BYTES: usize = 64 << 20;

const MAGIC: &[u8] = b"PAR1";

// Numbers of the format's enumerations.
const INT64: i64 = 2;
const BYTE_ARRAY: i64 = 6;
const REQUIRED: i64 = 0;
const OPTIONAL: i64 = 1;
const UTF8: i64 = 0;
const PLAIN: i64 = 0;
const RLE: i64 = 3;
const GZIP: i64 = 2;
const DATA_PAGE: i64 = 0;

/// Writes the rows of a JSON lines file as Parquet.
pub(super) fn convert(lines: &Path, target: &Path, columns: &Columns) -> Result<(), ClassifyError> {
    let input = BufReader::new(File::open(lines).map_err(ClassifyError::read(lines))?);
    let write = || -> io::Result<()> {
        let mut file = beside(target)?;
        let mut out = Out { to: BufWriter::new(file.as_file_mut()), at: 0 };
        write(input, &mut out, columns)?;
        out.to.flush()?;
        drop(out);
        file.as_file().sync_all()?;
        file.persist(target).map_err(|e| e.error)?;
        Ok(())
    };
    write().map_err(ClassifyError::write(target))
}

/// A writer that knows its position.
struct Out<W> {
    to: W,
    at: usize,
}

impl<W: Write> Out<W> {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.at += bytes.len();
        self.to.write_all(bytes)
    }
}

fn write<W: Write>(lines: impl BufRead, out: &mut Out<W>, columns: &Columns) -> io::Result<()> {
    out.put(MAGIC)?;
    let (mut rows, mut bytes, mut total) = (Vec::new(), 0, 0);
    let mut groups = Vec::new();
    for line in lines.lines() {
        let line = line?;
        bytes += line.len();
        rows.push(serde_json::from_str::<Map<String, Value>>(&line)?);
        if rows.len() == GROUP || bytes > GROUP_BYTES {
            total += rows.len();
            groups.push(group(&rows, out, columns)?);
            (rows, bytes) = (Vec::new(), 0);
        }
    }
    total += rows.len();
    if !rows.is_empty() {
        groups.push(group(&rows, out, columns)?);
    }
    let footer = footer(columns, total, &groups);
    out.put(&footer)?;
    out.put(&u32::try_from(footer.len()).map_err(io::Error::other)?.to_le_bytes())?;
    out.put(MAGIC)
}

fn is_number(column: &str) -> bool {
    column == "micros"
}

/// Writes the pages of a row group; returns its metadata.
fn group<W: Write>(rows: &[Map<String, Value>], out: &mut Out<W>, columns: &Columns) -> io::Result<Thrift> {
    let mut chunks = Vec::new();
    let mut total = 0;
    for column in columns.names() {
        let body = page(rows, column);
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(&body)?;
        let packed = packed.finish()?;
        let header = Thrift::default()
            .int(1, DATA_PAGE)
            .int(2, body.len() as i64)
            .int(3, packed.len() as i64)
            .record(5, Thrift::default().int(1, rows.len() as i64).int(2, PLAIN).int(3, RLE).int(4, RLE))
            .end();
        let start = out.at as i64;
        out.put(&header)?;
        out.put(&packed)?;
        let metadata = Thrift::default()
            .int(1, if is_number(column) { INT64 } else { BYTE_ARRAY })
            .ints(2, &[PLAIN, RLE])
            .texts(3, &[column])
            .int(4, GZIP)
            .long(5, rows.len() as i64)
            .long(6, (header.len() + body.len()) as i64)
            .long(7, (header.len() + packed.len()) as i64)
            .long(9, start);
        total += header.len() + body.len();
        chunks.push(Thrift::default().long(2, start).record(3, metadata));
    }
    Ok(Thrift::default().records(1, chunks).long(2, total as i64).long(3, rows.len() as i64))
}

/// The values of a column: which are there, in runs, then those that are.
fn page(rows: &[Map<String, Value>], column: &str) -> Vec<u8> {
    if is_number(column) {
        let number = |row: &Map<String, Value>| row.get(column).and_then(Value::as_i64).unwrap_or(0);
        return rows.iter().flat_map(|row| number(row).to_le_bytes()).collect();
    }
    let texts: Vec<Option<&str>> = rows.iter().map(|row| row.get(column).and_then(Value::as_str)).collect();
    let mut levels = Vec::new();
    for run in texts.chunk_by(|a, b| a.is_some() == b.is_some()) {
        varint(&mut levels, (run.len() as u64) << 1);
        levels.push(u8::from(run[0].is_some()));
    }
    let mut out = (levels.len() as u32).to_le_bytes().to_vec();
    out.append(&mut levels);
    for text in texts.into_iter().flatten() {
        out.extend((text.len() as u32).to_le_bytes());
        out.extend(text.as_bytes());
    }
    out
}

fn footer(columns: &Columns, rows: usize, groups: &[Thrift]) -> Vec<u8> {
    let root = Thrift::default().text(4, "schema").int(5, columns.names().len() as i64);
    let column = |name: &String| match is_number(name) {
        true => Thrift::default().int(1, INT64).int(3, REQUIRED).text(4, name),
        false => Thrift::default().int(1, BYTE_ARRAY).int(3, OPTIONAL).text(4, name).int(6, UTF8),
    };
    let schema = std::iter::once(root).chain(columns.names().iter().map(column)).collect();
    Thrift::default()
        .int(1, 1)
        .records(2, schema)
        .long(3, rows as i64)
        .records(4, groups.to_vec())
        .text(6, concat!("genphys ", env!("CARGO_PKG_VERSION")))
        .end()
}

/// A record in Thrift's compact protocol; fields are added by increasing number.
#[derive(Clone, Default)]
struct Thrift {
    bytes: Vec<u8>,
    last: u8,
}

impl Thrift {
    fn field(mut self, number: u8, kind: u8) -> Thrift {
        self.bytes.push((number - self.last) << 4 | kind);
        self.last = number;
        self
    }

    fn int(self, number: u8, value: i64) -> Thrift {
        self.integer(number, 5, value)
    }

    fn long(self, number: u8, value: i64) -> Thrift {
        self.integer(number, 6, value)
    }

    fn integer(self, number: u8, kind: u8, value: i64) -> Thrift {
        let mut out = self.field(number, kind);
        varint(&mut out.bytes, zigzag(value));
        out
    }

    fn text(self, number: u8, value: &str) -> Thrift {
        let mut out = self.field(number, 8);
        string(&mut out.bytes, value);
        out
    }

    fn record(self, number: u8, value: Thrift) -> Thrift {
        let mut out = self.field(number, 12);
        out.bytes.extend(value.end());
        out
    }

    fn ints(self, number: u8, values: &[i64]) -> Thrift {
        let mut out = self.list(number, 5, values.len());
        values.iter().for_each(|value| varint(&mut out.bytes, zigzag(*value)));
        out
    }

    fn texts(self, number: u8, values: &[&str]) -> Thrift {
        let mut out = self.list(number, 8, values.len());
        values.iter().for_each(|value| string(&mut out.bytes, value));
        out
    }

    fn records(self, number: u8, values: Vec<Thrift>) -> Thrift {
        let mut out = self.list(number, 12, values.len());
        values.into_iter().for_each(|value| out.bytes.extend(value.end()));
        out
    }

    fn list(self, number: u8, kind: u8, length: usize) -> Thrift {
        let mut out = self.field(number, 9);
        if length < 15 {
            out.bytes.push((length as u8) << 4 | kind);
        } else {
            out.bytes.push(0xf0 | kind);
            varint(&mut out.bytes, length as u64);
        }
        out
    }

    fn end(mut self) -> Vec<u8> {
        self.bytes.push(0);
        self.bytes
    }
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn string(out: &mut Vec<u8>, value: &str) {
    varint(out, value.len() as u64);
    out.extend(value.as_bytes());
}
