//! The memory of the program that calls: where it has its arguments, and where it wants results.
//!
//! Holds: null is refused, or holds nothing; that there is what the reference asks for at any other address is the promise of whoever calls.

use std::ffi::{CStr, c_char, c_uint, c_void};

use cudarc::driver::sys::{CUjit_option, CUresult};

use crate::machine::Type;
use crate::state::Driver;
use crate::status::Answer;

/// Writes a result to the caller.
///
/// # Safety
/// There is a place for a value of this type, or the address is null.
pub unsafe fn put<T>(driver: &mut Driver, place: *mut T, value: T) -> Answer {
    if place.is_null() {
        return Err(driver.misuse("no place for a result", CUresult::CUDA_ERROR_INVALID_VALUE));
    }
    // SAFETY: the caller's promise.
    unsafe { place.write(value) };
    Ok(())
}

/// Refuses null where bytes are to be.
pub fn is_there(driver: &mut Driver, place: *const c_void) -> Answer {
    if place.is_null() {
        Err(driver.misuse("no memory of the host", CUresult::CUDA_ERROR_INVALID_VALUE))
    } else {
        Ok(())
    }
}

/// So many values of the caller; none at null.
///
/// # Safety
/// They are there, or the address is null.
pub unsafe fn list<'a, T>(first: *mut T, count: c_uint) -> &'a [T] {
    if first.is_null() {
        return &[];
    }
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts(first, count as usize) }
}

/// A string of the caller.
///
/// # Safety
/// There is one, or the address is null.
pub unsafe fn text<'a>(driver: &mut Driver, place: *const c_char) -> Answer<&'a str> {
    if place.is_null() {
        return Err(driver.misuse("no string", CUresult::CUDA_ERROR_INVALID_VALUE));
    }
    // SAFETY: the caller's promise.
    let text = unsafe { CStr::from_ptr(place) }.to_str();
    text.map_err(|_| driver.misuse("a string of other characters", CUresult::CUDA_ERROR_INVALID_VALUE))
}

/// Writes what the assembler says to the buffer among the options, and its length to the option of its size.
///
/// # Safety
/// A buffer has the size that the option of its size says.
pub unsafe fn put_log(driver: &mut Driver, options: &[CUjit_option], values: &[*mut c_void], said: &str) -> Answer {
    let value = |wanted| options.iter().position(|option| *option == wanted).and_then(|at| values.get(at)).copied();
    let buffer = value(CUjit_option::CU_JIT_ERROR_LOG_BUFFER);
    let size = value(CUjit_option::CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES).map(|size| size.addr());
    let (Some(buffer), Some(size)) = (buffer.filter(|buffer| !buffer.is_null()), size) else {
        return Err(driver.misuse("a log without a buffer or its size", CUresult::CUDA_ERROR_INVALID_VALUE));
    };
    let count = said.len().min(size.saturating_sub(1));
    // SAFETY: the caller's promise, and fewer bytes than that with the zero behind them.
    unsafe {
        buffer.cast::<u8>().copy_from_nonoverlapping(said.as_ptr(), count);
        if size > 0 {
            buffer.cast::<u8>().add(count).write(0);
        }
    }
    Ok(())
}

/// The bits of an argument.
///
/// # Safety
/// There is a value of this type.
pub unsafe fn read(ty: Type, place: *mut c_void) -> u64 {
    match ty.bytes() {
        // SAFETY: the caller's promise; it need not be aligned.
        8 => unsafe { place.cast::<u64>().read_unaligned() },
        // SAFETY: as above.
        _ => u64::from(unsafe { place.cast::<u32>().read_unaligned() }),
    }
}
