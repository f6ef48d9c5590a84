//! Global memory as buffers with gaps between them; shared memory that knows who touched what since the last barrier.

/// A buffer in global memory.
#[derive(Clone, Copy, Debug)]
pub struct Buffer(usize);

/// What loads and stores of `.global` reach: bytes at an address, or a panic with the instruction where they are not in one buffer.
pub trait Memory {
    fn slice(&self, at: u64, size: usize, text: &str) -> &[u8];
    fn slice_mut(&mut self, at: u64, size: usize, text: &str) -> &mut [u8];
}

/// Global memory.
#[derive(Debug, Default)]
pub struct Global {
    buffers: Vec<Vec<u8>>,
}

/// Buffers lie this far apart, so that an access outside one is outside all.
const STRIDE: u64 = 1 << 32;

impl Buffer {
    pub fn address(self) -> u64 {
        (self.0 as u64 + 1) * STRIDE
    }
}

impl Global {
    pub fn f32(&mut self, values: impl IntoIterator<Item = f32>) -> Buffer {
        self.push(values.into_iter().flat_map(f32::to_le_bytes).collect())
    }

    pub fn f64(&mut self, values: impl IntoIterator<Item = f64>) -> Buffer {
        self.push(values.into_iter().flat_map(f64::to_le_bytes).collect())
    }

    pub fn read_f32(&self, buffer: Buffer) -> Vec<f32> {
        self.buffers[buffer.0].chunks(4).map(|b| f32::from_bits(read(b) as u32)).collect()
    }

    pub fn read_f64(&self, buffer: Buffer) -> Vec<f64> {
        self.buffers[buffer.0].chunks(8).map(|b| f64::from_bits(read(b))).collect()
    }

    fn push(&mut self, bytes: Vec<u8>) -> Buffer {
        self.buffers.push(bytes);
        Buffer(self.buffers.len() - 1)
    }
}

impl Memory for Global {
    fn slice(&self, at: u64, size: usize, text: &str) -> &[u8] {
        let (index, offset) = (at / STRIDE, (at % STRIDE) as usize);
        let buffer = (index as usize).checked_sub(1).and_then(|i| self.buffers.get(i));
        let bytes = buffer.and_then(|buffer| buffer.get(offset..offset + size));
        bytes.unwrap_or_else(|| panic!("outside global memory: {text}"))
    }

    fn slice_mut(&mut self, at: u64, size: usize, text: &str) -> &mut [u8] {
        let (index, offset) = (at / STRIDE, (at % STRIDE) as usize);
        let buffer = (index as usize).checked_sub(1).and_then(|i| self.buffers.get_mut(i));
        let bytes = buffer.and_then(|buffer| buffer.get_mut(offset..offset + size));
        bytes.unwrap_or_else(|| panic!("outside global memory: {text}"))
    }
}

/// Which threads touched a word since the last barrier.
#[derive(Clone, Copy, PartialEq)]
enum Touched {
    No,
    By(u32),
    BySeveral,
}

/// The shared memory of a block.
pub(super) struct Shared {
    bytes: Vec<u8>,
    written: Vec<Touched>,
    was_read: Vec<Touched>,
}

impl Shared {
    pub(super) fn new(size: usize) -> Shared {
        let words = size.div_ceil(4);
        Shared { bytes: vec![0xFF; size], written: vec![Touched::No; words], was_read: vec![Touched::No; words] }
    }

    pub(super) fn barrier(&mut self) {
        self.written.fill(Touched::No);
        self.was_read.fill(Touched::No);
    }

    pub(super) fn read(&mut self, at: u64, size: usize, thread: u32, text: &str) -> &[u8] {
        let at = at as usize;
        for word in at / 4..(at + size).div_ceil(4) {
            let written = self.written.get(word).unwrap_or_else(|| panic!("outside shared memory: {text}"));
            assert!(matches!(written, Touched::No) || *written == Touched::By(thread), "a race: {text}");
            self.was_read[word] = match self.was_read[word] {
                Touched::No => Touched::By(thread),
                same if same == Touched::By(thread) => same,
                _ => Touched::BySeveral,
            };
        }
        &self.bytes[at..at + size]
    }

    pub(super) fn write(&mut self, at: u64, size: usize, thread: u32, text: &str) -> &mut [u8] {
        let at = at as usize;
        for word in at / 4..(at + size).div_ceil(4) {
            for touched in [&self.written, &self.was_read] {
                let touched = touched.get(word).unwrap_or_else(|| panic!("outside shared memory: {text}"));
                assert!(*touched == Touched::No || *touched == Touched::By(thread), "a race: {text}");
            }
            self.written[word] = Touched::By(thread);
        }
        &mut self.bytes[at..at + size]
    }
}

/// The number in little-endian bytes.
pub(super) fn read(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |x, byte| (x << 8) | u64::from(*byte))
}

pub(super) fn write(bytes: &mut [u8], x: u64) {
    let size = bytes.len();
    bytes.copy_from_slice(&x.to_le_bytes()[..size]);
}
