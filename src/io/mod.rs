//! Files: points in, arrays and pictures out.
//!
//! In:    `.npy` and `.csv` files of points and weights; arrays and bytes to write.
//! Out:   `ndarray` arrays of finite `f64`; files that are either complete or not there.
//! Holds: what was read is not empty and every number is finite; a failed write leaves the file that was there.

mod atomic;
mod error;
mod npy;
mod table;

pub(crate) use atomic::beside;
pub use atomic::{probe, write_bytes};
pub use error::{Problem, ReadError, WriteError};
pub use npy::{npy_bytes, npz_bytes};

use ndarray::{Array1, Array2};
use std::path::Path;

/// Reads points, one a row, from an `.npy` file (`f4`, `f8` or integers; C or Fortran order) or a table of numbers
/// (`.csv`, with or without a header).
///
/// # Shapes
/// Returns `[M, N]`; a one-dimensional array is `M` points on a line, `[M, 1]`.
/// # Errors
/// [`ReadError`] with the path and the reason: unreadable, damaged, wrong dtype or shape, empty, or a number that is not
/// finite, with its row and column.
/// # Example
/// ```
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("points.csv");
/// std::fs::write(&path, "x,y\n0,1\n2,3.5\n")?;
/// assert_eq!(genphys::io::read_points(&path)?, ndarray::array![[0.0, 1.0], [2.0, 3.5]]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read_points(path: &Path) -> Result<Array2<f64>, ReadError> {
    read(path).map_err(|problem| ReadError { path: path.to_owned(), problem })
}

/// Reads weights: a one-dimensional array, or a table of one column or one row.
///
/// # Errors
/// As [`read_points`]; also a table of several rows and columns.
pub fn read_weights(path: &Path) -> Result<Array1<f64>, ReadError> {
    let table = read_points(path)?;
    let (rows, columns) = table.dim();
    if rows != 1 && columns != 1 {
        let problem = Problem::Shape { found: vec![rows, columns], expected: "one number a point" };
        return Err(ReadError { path: path.to_owned(), problem });
    }
    Ok(table.into_iter().collect())
}

fn read(path: &Path) -> Result<Array2<f64>, Problem> {
    let bytes = std::fs::read(path).map_err(Problem::Io)?;
    let named = |extension: &str| path.extension().is_some_and(|e| e.eq_ignore_ascii_case(extension));
    let points = if npy::has_magic(&bytes) || named("npy") {
        npy::decode(&bytes)?
    } else if named("npz") {
        return Err(Problem::Archive);
    } else {
        table::decode(&bytes)?
    };
    check(&points)?;
    Ok(points)
}

fn check(points: &Array2<f64>) -> Result<(), Problem> {
    let (rows, columns) = points.dim();
    if rows == 0 || columns == 0 {
        return Err(Problem::Empty { rows, columns });
    }
    match points.indexed_iter().find(|(_, value)| !value.is_finite()) {
        Some(((row, column), &value)) => Err(Problem::NonFinite { row, column, value }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
