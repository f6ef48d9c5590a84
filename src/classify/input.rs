//! The equations of all inputs, one after the other.

use super::error::ClassifyError;
use super::lines::{self, Line};
use csv::ByteRecord;
use genphys_compiler::source::Source;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// One equation to judge.
#[derive(Debug, Clone)]
pub struct Item {
    /// The file's name without its extension, the column `name`, or `file:line`.
    pub name: String,
    /// The text as it was given; none for a file, whose row shows the equation as it was understood.
    pub pde: Option<String>,
    /// The values of the columns carried through, as many as [`Inputs::carried`].
    pub carried: Vec<String>,
    /// The text to compile, or why there is none.
    pub source: Result<Source, String>,
}

/// A stream of items; see [`Inputs::open`].
pub struct Inputs {
    waiting: VecDeque<Place>,
    open: Option<Open>,
    carried: Vec<String>,
    read: Arc<AtomicU64>,
    total: Option<u64>,
}

/// Where equations are.
enum Place {
    File(PathBuf),
    Table(PathBuf),
    Lines(PathBuf),
    Stdin,
    Equation(String),
}

enum Open {
    Lines { name: String, number: u64, from: Box<dyn BufRead + Send> },
    Table(Box<Table>),
}

impl Inputs {
    /// Looks at every input: a `.pde` file, a folder (its `.pde` files, sorted), a `.csv` or `.tsv` table with a column
    /// `pde`, a text file with one equation a line, `-` for such lines on standard input, or an equation itself.
    ///
    /// A table may have the columns `name` and `assumptions` (joined to the equation as its `where`). Every column but
    /// `pde` and `name` is carried through; one that is called like a column of ours is carried as `input_NAME`.
    /// Blank lines of a text and those that start with `//` or `#` are skipped.
    ///
    /// # Errors
    /// [`ClassifyError`] for an input that is not there, a folder without `.pde` files, a table without a column `pde`.
    pub fn open(inputs: &[String]) -> Result<Inputs, ClassifyError> {
        let mut waiting = VecDeque::new();
        for input in inputs {
            places(input, &mut waiting)?;
        }
        let mut carried: Vec<String> = Vec::new();
        let mut total = Some(0);
        for place in &waiting {
            let size = match place {
                Place::File(path) | Place::Lines(path) | Place::Table(path) => {
                    Some(std::fs::metadata(path).map_err(ClassifyError::read(path))?.len())
                }
                Place::Equation(text) => Some(text.len() as u64),
                Place::Stdin => None,
            };
            total = total.zip(size).map(|(total, size)| total + size);
            if let Place::Table(path) = place {
                for column in Table::open(path)?.carried() {
                    if !carried.contains(&column) {
                        carried.push(column);
                    }
                }
            }
        }
        Ok(Inputs { waiting, open: None, carried, read: Arc::default(), total })
    }

    /// The columns of all tables that are carried through, as the tables call them.
    pub fn carried(&self) -> &[String] {
        &self.carried
    }

    /// The bytes read so far; a handle that stays valid while another thread reads.
    pub fn read(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.read)
    }

    /// The bytes of all inputs; none when one of them is standard input.
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    fn advance(&self, bytes: u64) {
        self.read.fetch_add(bytes, Ordering::Relaxed);
    }

    fn item(&self, name: String, pde: Option<String>, source: Result<Source, String>) -> Item {
        Item { name, pde, carried: vec![String::new(); self.carried.len()], source }
    }

    /// Starts on a place; a place that holds one equation is that item.
    fn start(&mut self, place: Place) -> Option<Item> {
        match place {
            Place::File(path) => return Some(self.file(&path)),
            Place::Equation(text) => {
                self.advance(text.len() as u64);
                return Some(self.item("equation".into(), Some(text.clone()), Ok(Source::new("equation", &text))));
            }
            Place::Stdin => {
                let from = Box::new(BufReader::new(std::io::stdin()));
                self.open = Some(Open::Lines { name: "stdin".into(), number: 0, from });
            }
            Place::Lines(path) => match File::open(&path) {
                Ok(file) => {
                    let from = Box::new(BufReader::new(file));
                    self.open = Some(Open::Lines { name: file_name(&path), number: 0, from });
                }
                Err(e) => return Some(self.item(file_name(&path), None, Err(unreadable(&e)))),
            },
            Place::Table(path) => match Table::open(&path) {
                Ok(table) => self.open = Some(Open::Table(Box::new(table))),
                Err(e) => return Some(self.item(file_name(&path), None, Err(e.to_string()))),
            },
        }
        None
    }

    fn file(&self, path: &Path) -> Item {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let mut bytes = Vec::new();
        let limit = lines::LONGEST as u64;
        let text = File::open(path)
            .and_then(|file| file.take(limit + 1).read_to_end(&mut bytes))
            .map_err(|e| unreadable(&e))
            .and_then(|length| {
                self.advance(length as u64);
                if length as u64 > limit {
                    return Err(format!("the file is longer than {limit} bytes"));
                }
                String::from_utf8(bytes)
                    .map_err(|e| format!("the file is not UTF-8 text (byte {})", e.utf8_error().valid_up_to()))
            });
        let source = text.map(|text| Source::new(&path.to_string_lossy(), &text));
        self.item(name, None, source)
    }

    /// The next item of the open place.
    fn continued(&mut self) -> Option<Item> {
        let mut open = self.open.take()?;
        let item = match &mut open {
            Open::Lines { name, number, from } => self.line(name, number, from),
            Open::Table(table) => table.next(self),
        };
        if item.is_some() {
            self.open = Some(open);
        }
        item
    }

    fn line(&self, name: &str, number: &mut u64, from: &mut Box<dyn BufRead + Send>) -> Option<Item> {
        loop {
            *number += 1;
            let (line, length) = match lines::next(from) {
                Ok(next) => next?,
                Err(e) => {
                    // Nothing can be read behind a failing read: one row says so.
                    *from = Box::new(std::io::empty());
                    return Some(self.item(format!("{name}:{number}"), Some(String::new()), Err(unreadable(&e))));
                }
            };
            self.advance(length);
            let name = format!("{name}:{number}");
            match line {
                Line::Text(text) => {
                    let text = text.trim();
                    if text.is_empty() || text.starts_with("//") || text.starts_with('#') {
                        continue;
                    }
                    let source = Source::new(&name, text);
                    return Some(self.item(name, Some(text.to_owned()), Ok(source)));
                }
                Line::Bad(why) => return Some(self.item(name, Some(String::new()), Err(why))),
            }
        }
    }
}

impl Iterator for Inputs {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        loop {
            if let Some(item) = self.continued() {
                return Some(item);
            }
            let place = self.waiting.pop_front()?;
            if let Some(item) = self.start(place) {
                return Some(item);
            }
        }
    }
}

fn unreadable(e: &std::io::Error) -> String {
    format!("cannot be read: {e}")
}

fn places(input: &str, out: &mut VecDeque<Place>) -> Result<(), ClassifyError> {
    let path = PathBuf::from(input);
    if input == "-" {
        out.push_back(Place::Stdin);
    } else if path.is_dir() {
        let before = out.len();
        let entries = std::fs::read_dir(&path).map_err(ClassifyError::read(&path))?;
        let mut files = entries
            .map(|entry| entry.map(|e| e.path()).map_err(ClassifyError::read(&path)))
            .collect::<Result<Vec<_>, _>>()?;
        files.retain(|file| has_extension(file, &["pde"]));
        files.sort();
        out.extend(files.into_iter().map(Place::File));
        if out.len() == before {
            return Err(ClassifyError::EmptyFolder(path));
        }
    } else if !path.exists() && input.contains('=') {
        out.push_back(Place::Equation(input.to_owned()));
    } else {
        // Opened now, so that a wrong path is told before the run and not after it.
        File::open(&path).map_err(ClassifyError::read(&path))?;
        out.push_back(match () {
            () if has_extension(&path, &["pde"]) => Place::File(path),
            () if has_extension(&path, &["csv", "tsv"]) => Place::Table(path),
            () => Place::Lines(path),
        });
    }
    Ok(())
}

fn has_extension(path: &Path, known: &[&str]) -> bool {
    path.extension().is_some_and(|e| known.iter().any(|k| e.eq_ignore_ascii_case(k)))
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// A table with a column of equations.
struct Table {
    name: String,
    reader: csv::Reader<File>,
    header: Vec<String>,
    pde: usize,
    record: ByteRecord,
    row: u64,
    at: u64,
}

impl Table {
    fn open(path: &Path) -> Result<Table, ClassifyError> {
        let file = File::open(path).map_err(ClassifyError::read(path))?;
        let delimiter = if has_extension(path, &["tsv"]) { b'\t' } else { b',' };
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(file);
        let mut record = ByteRecord::new();
        reader
            .read_byte_record(&mut record)
            .map_err(|e| ClassifyError::Read { path: path.to_owned(), source: std::io::Error::other(e) })?;
        let mut header: Vec<String> = record.iter().map(|f| String::from_utf8_lossy(f).trim().to_owned()).collect();
        if let Some(first) = header.first_mut() {
            // Spreadsheets write a byte order mark.
            *first = first.trim_start_matches('\u{feff}').to_owned();
        }
        let pde = header
            .iter()
            .position(|column| column == "pde")
            .ok_or_else(|| ClassifyError::NoEquations { path: path.to_owned(), columns: header.join(", ") })?;
        let at = reader.position().byte();
        Ok(Table { name: file_name(path), reader, header, pde, record, row: 0, at })
    }

    fn carried(&self) -> impl Iterator<Item = String> + '_ {
        self.header.iter().filter(|column| !["pde", "name"].contains(&column.as_str())).cloned()
    }

    fn next(&mut self, inputs: &Inputs) -> Option<Item> {
        let more = self.reader.read_byte_record(&mut self.record);
        self.row += 1;
        let at = self.reader.position().byte();
        inputs.advance(if self.row == 1 { at } else { at - self.at });
        self.at = at;
        let default_name = format!("{}:{}", self.name, self.row);
        match more {
            Ok(true) => {}
            Ok(false) => return None,
            Err(e) => return Some(inputs.item(default_name, Some(String::new()), Err(format!("cannot be read: {e}")))),
        }
        let field = |i: usize| self.record.get(i).map(String::from_utf8_lossy).unwrap_or_default().into_owned();
        let column = |name: &str| self.header.iter().position(|column| column == name).map(field);
        let name = column("name").filter(|name| !name.is_empty()).unwrap_or_else(|| default_name.clone());
        let pde = field(self.pde);
        let mut item =
            inputs.item(name, Some(pde.clone()), Ok(Source::new(&default_name, &joined(&pde, column("assumptions")))));
        for (slot, carried) in item.carried.iter_mut().zip(&inputs.carried) {
            *slot = column(carried).unwrap_or_default();
        }
        if self.record.len() != self.header.len() {
            let (found, expected) = (self.record.len(), self.header.len());
            item.source = Err(format!("the row has {found} fields, the header has {expected}"));
        } else if self.record.iter().any(|f| std::str::from_utf8(f).is_err()) {
            item.source = Err("the row is not UTF-8 text".into());
        }
        Some(item)
    }
}

/// An equation with its assumptions.
fn joined(pde: &str, assumptions: Option<String>) -> String {
    match assumptions.as_deref().map(str::trim) {
        None | Some("") => pde.to_owned(),
        Some(more) if pde.split_whitespace().any(|word| word == "where") => format!("{pde}, {more}"),
        Some(first) => format!("{pde} where {first}"),
    }
}
