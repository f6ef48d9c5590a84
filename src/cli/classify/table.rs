//! Rows as a table for a terminal, a page at a time.

use crate::cli::console::Console;
use crate::cli::failure::Failure;
use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};
use genphys::classify::Row;

/// Rows of a page: memory stays bounded, and columns are as wide as a page needs.
const PAGE: usize = 500;

/// A table that is printed page by page.
pub struct Pages<'a> {
    console: &'a Console,
    table: Option<Table>,
    rows: usize,
    names_fit: bool,
}

/// Names up to this length stay in one line.
const NAME: usize = 28;

impl<'a> Pages<'a> {
    /// An empty table.
    pub fn new(console: &'a Console) -> Pages<'a> {
        Pages { console, table: None, rows: 0, names_fit: true }
    }

    /// One more row.
    ///
    /// # Errors
    /// [`Failure`] when a full page cannot be printed.
    pub fn add(&mut self, row: &Row) -> Result<(), Failure> {
        let table = self.table.get_or_insert_with(|| empty(self.console.width()));
        table.add_row(cells(row));
        self.rows += 1;
        self.names_fit &= row.name.chars().count() <= NAME;
        if self.rows == PAGE { self.flush() } else { Ok(()) }
    }

    /// Prints what is there.
    ///
    /// # Errors
    /// As [`Pages::add`].
    pub fn flush(&mut self) -> Result<(), Failure> {
        self.rows = 0;
        match self.table.take() {
            Some(mut table) => {
                if let Some(names) = table.column_mut(0).filter(|_| self.names_fit) {
                    names.set_constraint(ColumnConstraint::ContentWidth);
                }
                self.names_fit = true;
                self.console.print(&format!("{}\n", table.trim_fmt()))
            }
            None => Ok(()),
        }
    }
}

fn empty(width: usize) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).force_no_tty();
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(u16::try_from(width).unwrap_or(120));
    table.set_header(["equation", "p", "v", "R", "C1", "C2", "verdict"]);
    // Words stay whole; the formulas share what is left.
    for column in [4, 5, 6] {
        if let Some(column) = table.column_mut(column) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    table
}

fn cells(row: &Row) -> Vec<String> {
    let open = || "-".to_owned();
    match &row.answer {
        Ok(a) => {
            let [p, v, r] = [&a.p, &a.v, &a.r].map(|e| e.clone().unwrap_or_else(open));
            let (c1, c2) = (a.c1.to_string(), a.c2.to_string());
            vec![row.name.clone(), p, v, r, c1, c2, a.verdict.to_string()]
        }
        Err(error) => vec![row.name.clone(), format!("error: {error}"), open(), open(), open(), open(), open()],
    }
}
