//! Numbers in memory that begin where a cache line does, so that no vector of them lies across two.

use std::ops::{Deref, DerefMut};

use genphys_compiler::codegen::cpu::BLOCK_BYTES;
use genphys_compiler::kernel::Scalar;

/// A slice that begins at a multiple of [`BLOCK_BYTES`].
#[derive(Debug)]
pub(super) struct Aligned<T: Scalar> {
    /// Begins with up to a cache line of numbers that nobody reads.
    memory: Vec<T>,
    start: usize,
}

impl<T: Scalar> Aligned<T> {
    /// Collects so many numbers. Fewer are fine, more are left out, as memory that grows moves.
    pub(super) fn collect(len: usize, numbers: impl IntoIterator<Item = T>) -> Aligned<T> {
        let mut memory: Vec<T> = Vec::with_capacity(len + BLOCK_BYTES / size_of::<T>());
        // An address that is no multiple of the size of a number has no offset; then nothing is gained or lost.
        let start = memory.as_ptr().align_offset(BLOCK_BYTES);
        let start = if start < BLOCK_BYTES / size_of::<T>() { start } else { 0 };
        memory.resize(start, T::default());
        memory.extend(numbers.into_iter().take(len));
        Aligned { memory, start }
    }
}

impl<T: Scalar> Clone for Aligned<T> {
    fn clone(&self) -> Aligned<T> {
        Aligned::collect(self.len(), self.iter().copied())
    }
}

impl<T: Scalar> Deref for Aligned<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.memory[self.start..]
    }
}

impl<T: Scalar> DerefMut for Aligned<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.memory[self.start..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_begin_at_a_cache_line_also_in_a_copy() {
        for len in [0, 1, 3, 16, 1000] {
            let numbers = Aligned::collect(len, (0..len).map(|i| i as f32));
            let copy = numbers.clone();
            for numbers in [&numbers, &copy] {
                assert_eq!(numbers.as_ptr() as usize % BLOCK_BYTES, 0);
                assert!(numbers.iter().copied().eq((0..len).map(|i| i as f32)));
            }
        }
    }
}
