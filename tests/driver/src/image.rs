//! What the driver makes of a text: the text behind a header, as if it were code.
//!
//! Holds: an image is loaded on a device of the capability that it was made for, and only as a whole.

/// What begins an image of code, and no text.
pub const FIRST: u8 = 0x7F;
const MAGIC: [u8; 8] = *b"\x7fELFsim\n";
/// Bytes before the text: magic, length, capability, sum of both, sum of the text.
pub const HEADER: usize = 40;

/// The image of a text for a capability.
pub fn encode(text: &str, (major, minor): (i32, i32)) -> Vec<u8> {
    let about = [(text.len() as u64).to_le_bytes(), capability(major, minor)].concat();
    let sums = [sum(&about), sum(text.as_bytes())].map(u64::to_le_bytes).concat();
    [&MAGIC[..], &about, &sums, text.as_bytes()].concat()
}

/// What a header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The bytes of the text.
    pub length: usize,
    /// The sum over them.
    pub sum: u64,
    capability: [u8; 8],
}

impl Header {
    /// None where the header is no longer as it was written.
    pub fn read(bytes: &[u8; HEADER]) -> Option<Header> {
        let word = |index: usize| -> [u8; 8] { std::array::from_fn(|i| bytes[8 * index + i]) };
        let is_whole = word(0) == MAGIC && word(3) == sum(&bytes[8..24]).to_le_bytes();
        let length = u64::from_le_bytes(word(1)) as usize;
        is_whole.then_some(Header { length, sum: u64::from_le_bytes(word(4)), capability: word(2) })
    }

    /// The text, where it is as it was written.
    pub fn text(self, bytes: &[u8]) -> Option<String> {
        String::from_utf8(bytes.to_vec()).ok().filter(|_| sum(bytes) == self.sum)
    }

    /// Was it made for this capability?
    pub fn is_for(self, (major, minor): (i32, i32)) -> bool {
        self.capability == capability(major, minor)
    }
}

fn capability(major: i32, minor: i32) -> [u8; 8] {
    let mut bytes = [0; 8];
    bytes[..4].copy_from_slice(&major.to_le_bytes());
    bytes[4..].copy_from_slice(&minor.to_le_bytes());
    bytes
}

/// FNV-1a in 64 bits.
pub fn sum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_read_as_a_whole_or_not() {
        let image = encode(".version 6.0\n", (8, 0));
        let header = |bytes: &[u8]| Header::read(bytes.first_chunk::<HEADER>().expect("a header"));
        let whole = header(&image).expect("whole");
        assert_eq!(whole.text(&image[HEADER..]).as_deref(), Some(".version 6.0\n"));
        assert!(whole.is_for((8, 0)) && !whole.is_for((8, 6)) && image[0] == FIRST);
        for at in 0..image.len() {
            let mut spoilt = image.clone();
            spoilt[at] ^= 1;
            assert!(header(&spoilt).and_then(|header| header.text(&spoilt[HEADER..])).is_none(), "byte {at}");
        }
    }
}
