//! The `.npy` and `.npz` formats of numpy.

use super::Problem;
use ndarray::{Array2, ArrayD, IxDyn, ShapeBuilder};
use ndarray_npy::npy::header::Header;
use ndarray_npy::{NpzWriter, ReadDataError, ReadableElement, WriteNpyExt};
use std::io::{self, Cursor};

const MAGIC: &[u8] = b"\x93NUMPY";

/// The longest header read; numpy's own reader refuses longer ones too.
const LONGEST_HEADER: usize = 10_000;

/// A header of an array of numbers has two brackets; many more would only exhaust the stack of the header's parser.
const MOST_BRACKETS: usize = 64;

pub(super) fn has_magic(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// Points `[M, N]` from the bytes of an `.npy` file.
pub(super) fn decode(bytes: &[u8]) -> Result<Array2<f64>, Problem> {
    check_header_size(bytes)?;
    let mut rest = bytes;
    let header = Header::from_reader(&mut rest).map_err(|e| Problem::Damaged(e.to_string()))?;
    let shape: [usize; 2] = match header.shape[..] {
        [rows] => [rows, 1],
        [rows, columns] => [rows, columns],
        _ => return Err(Problem::Shape { found: header.shape.clone(), expected: "points [M, N]" }),
    };
    let count = shape[0].checked_mul(shape[1]).filter(|&count| count <= rest.len());
    let count = count.ok_or_else(|| Problem::Damaged("it ends before the last number of its shape".into()))?;
    let values = numbers(rest, &header, count)?;
    let order = IxDyn(&shape).set_f(header.layout.is_fortran());
    let array = ArrayD::from_shape_vec(order, values).map_err(|e| Problem::Damaged(e.to_string()))?;
    let points = array.into_dimensionality().map_err(|e| Problem::Damaged(e.to_string()))?;
    Ok(points.as_standard_layout().into_owned())
}

fn check_header_size(bytes: &[u8]) -> Result<(), Problem> {
    if !has_magic(bytes) {
        return Err(Problem::Damaged("it is not an .npy file".into()));
    }
    let byte = |i: usize| bytes.get(i).copied().unwrap_or(0);
    let length = match byte(6) {
        1 => u32::from(u16::from_le_bytes([byte(8), byte(9)])),
        _ => u32::from_le_bytes([byte(8), byte(9), byte(10), byte(11)]),
    };
    let header = &bytes[..bytes.len().min(LONGEST_HEADER)];
    let brackets = header.iter().take(length as usize + 12).filter(|b| b"([{".contains(b)).count();
    if length as usize > LONGEST_HEADER || brackets > MOST_BRACKETS {
        return Err(Problem::Damaged("its header is not that of an array of numbers".into()));
    }
    Ok(())
}

/// Reads the numbers as the first type that fits the file's dtype.
fn numbers(rest: &[u8], header: &Header, count: usize) -> Result<Vec<f64>, Problem> {
    fn read<T: ReadableElement>(
        rest: &[u8],
        header: &Header,
        count: usize,
        widen: fn(T) -> f64,
    ) -> Result<Option<Vec<f64>>, Problem> {
        match T::read_to_end_exact_vec(rest, &header.type_descriptor, count) {
            Ok(values) => Ok(Some(values.into_iter().map(widen).collect())),
            Err(ReadDataError::WrongDescriptor(_)) => Ok(None),
            Err(ReadDataError::MissingData) => {
                Err(Problem::Damaged("it ends before the last number of its shape".into()))
            }
            Err(e) => Err(Problem::Damaged(e.to_string())),
        }
    }
    let attempts: [&dyn Fn() -> Result<Option<Vec<f64>>, Problem>; 8] = [
        &|| read::<f64>(rest, header, count, |v| v),
        &|| read::<f32>(rest, header, count, f64::from),
        &|| read::<i64>(rest, header, count, |v| v as f64),
        &|| read::<i32>(rest, header, count, f64::from),
        &|| read::<i16>(rest, header, count, f64::from),
        &|| read::<i8>(rest, header, count, f64::from),
        &|| read::<u8>(rest, header, count, f64::from),
        &|| read::<u16>(rest, header, count, f64::from),
    ];
    for attempt in attempts {
        if let Some(values) = attempt()? {
            return Ok(values);
        }
    }
    Err(Problem::Dtype { dtype: header.type_descriptor.to_string() })
}

/// An array as the bytes of an `.npy` file.
///
/// # Errors
/// None in practice: the bytes are written to memory; the type is that of the format's writer.
pub fn npy_bytes(array: &(impl WriteNpyExt + ?Sized)) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    array.write_npy(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes)
}

/// Named arrays as the bytes of a compressed `.npz` archive.
///
/// # Errors
/// As [`npy_bytes`].
pub fn npz_bytes(arrays: &[(&str, ArrayD<f64>)]) -> io::Result<Vec<u8>> {
    let mut archive = NpzWriter::new_compressed(Cursor::new(Vec::new()));
    for (name, array) in arrays {
        archive.add_array(*name, array).map_err(io::Error::other)?;
    }
    Ok(archive.finish().map_err(io::Error::other)?.into_inner())
}
