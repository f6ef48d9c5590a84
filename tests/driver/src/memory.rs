//! The memory of a device: allocations with gaps between them, at addresses that are never used again.

use crate::machine::Memory;

/// Allocations lie this far apart, so that an access outside one is outside all.
const STRIDE: u64 = 1 << 32;
/// Devices lie this far apart, so that the address of one means nothing on another.
const SPAN: u64 = 1 << 56;

/// How memory was allocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// At once.
    Direct,
    /// In the order of a stream.
    Pool,
}

/// The memory of a device.
#[derive(Debug)]
pub struct DeviceMemory {
    start: u64,
    room: usize,
    used: usize,
    peak: usize,
    allocations: Vec<Option<(Origin, Vec<u8>)>>,
}

impl DeviceMemory {
    /// That of the device of this number, with so many bytes.
    pub fn new(device: usize, room: usize) -> DeviceMemory {
        DeviceMemory { start: (device as u64 + 1) * SPAN, room, used: 0, peak: 0, allocations: Vec::new() }
    }

    /// The address of so many bytes, which are NaN in every float; none where they do not fit.
    pub fn allocate(&mut self, bytes: usize, origin: Origin) -> Option<u64> {
        self.used = self.used.checked_add(bytes).filter(|used| *used <= self.room)?;
        self.peak = self.peak.max(self.used);
        self.allocations.push(Some((origin, vec![0xFF; bytes])));
        Some(self.start + self.allocations.len() as u64 * STRIDE)
    }

    /// Frees an allocation by its first address, and says how it was made; none where there is none.
    pub fn free(&mut self, address: u64) -> Option<Origin> {
        let (index, 0) = self.place(address)? else { return None };
        let (origin, bytes) = self.allocations.get_mut(index)?.take()?;
        self.used -= bytes.len();
        Some(origin)
    }

    /// So many bytes of one allocation.
    pub fn bytes(&self, address: u64, count: usize) -> Option<&[u8]> {
        let (index, offset) = self.place(address)?;
        let (_, bytes) = self.allocations.get(index)?.as_ref()?;
        bytes.get(offset..offset.checked_add(count)?)
    }

    /// The same to be written.
    pub fn bytes_mut(&mut self, address: u64, count: usize) -> Option<&mut [u8]> {
        let (index, offset) = self.place(address)?;
        let (_, bytes) = self.allocations.get_mut(index)?.as_mut()?;
        bytes.get_mut(offset..offset.checked_add(count)?)
    }

    /// How many allocations have not been freed.
    pub fn live(&self) -> usize {
        self.allocations.iter().flatten().count()
    }

    /// The most bytes that were allocated at a time.
    pub fn peak(&self) -> usize {
        self.peak
    }

    fn place(&self, address: u64) -> Option<(usize, usize)> {
        let at = address.checked_sub(self.start + STRIDE).filter(|at| *at < SPAN)?;
        Some(((at / STRIDE) as usize, (at % STRIDE) as usize))
    }
}

impl Memory for DeviceMemory {
    fn slice(&self, at: u64, size: usize, text: &str) -> &[u8] {
        self.bytes(at, size).unwrap_or_else(|| panic!("outside global memory: {text}"))
    }

    fn slice_mut(&mut self, at: u64, size: usize, text: &str) -> &mut [u8] {
        self.bytes_mut(at, size).unwrap_or_else(|| panic!("outside global memory: {text}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_allocated_can_be_reached() {
        let (mut first, mut second) = (DeviceMemory::new(0, 100), DeviceMemory::new(1, 100));
        let a = first.allocate(60, Origin::Pool).expect("room");
        let b = first.allocate(40, Origin::Direct).expect("room");
        assert_eq!(first.allocate(1, Origin::Direct), None);
        assert!(first.bytes(a, 60).is_some_and(|bytes| bytes.iter().all(|byte| *byte == 0xFF)));
        assert!(
            first.bytes(a + 59, 1).is_some() && first.bytes(a + 59, 2).is_none() && first.bytes(a - 1, 1).is_none()
        );
        assert!(second.bytes(a, 1).is_none() && second.free(a).is_none());
        assert_eq!((first.free(a + 1), first.free(a), first.free(a)), (None, Some(Origin::Pool), None));
        assert!(first.bytes(a, 1).is_none(), "freed");
        let c = first.allocate(60, Origin::Pool).expect("room again");
        assert!(c != a && c != b && first.live() == 2 && first.peak() == 100);
    }
}
