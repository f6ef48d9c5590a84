//! An entry of the cache as bytes: what it is, what it is of, how long it is, and a sum over all of it.
//!
//! In:   a key in full and a payload, or the bytes of a file that anything may have happened to.
//! Out:  the bytes of a file; or the payload, if every byte of the file is as it was written for this very key.
//! Holds: the sum changes with any single byte, because each of its steps is a bijection of the sum so far; a file that is truncated,
//!   longer, or of another key, version or target has no payload.

/// What every file begins with; the last byte is the version of this layout.
const MAGIC: [u8; 8] = *b"genphys\x01";

/// Bytes before the key: magic, sum, lengths of key and payload.
const HEADER: usize = 8 + 16 + 8 + 8;

/// The file of a payload.
pub(super) fn encode(key: &str, payload: &[u8]) -> Vec<u8> {
    let lengths = [key.len() as u64, payload.len() as u64].map(u64::to_le_bytes).concat();
    let sum = sum([&lengths[..], key.as_bytes(), payload]);
    [&MAGIC[..], &sum.to_le_bytes()[..], &lengths[..], key.as_bytes(), payload].concat()
}

/// The payload of a file, if that is whole and of this key.
pub(super) fn decode(file: &[u8], key: &str) -> Option<Vec<u8>> {
    let (header, rest) = file.split_at_checked(HEADER)?;
    let (magic, header) = header.split_first_chunk::<8>()?;
    let (expected, lengths) = header.split_first_chunk::<16>()?;
    let (payload_is, key_is) = (rest.get(key.len()..)?, rest.get(..key.len())?);
    let is_whole = *lengths == [key.len() as u64, payload_is.len() as u64].map(u64::to_le_bytes).concat();
    let is_it = *magic == MAGIC && is_whole && key_is == key.as_bytes();
    (is_it && u128::from_le_bytes(*expected) == sum([lengths, key_is, payload_is])).then(|| payload_is.to_vec())
}

/// The name of the file of a key, without its extension: two keys of one name only miss each other, as files hold the key in full.
pub(super) fn name(key: &str) -> String {
    format!("{:032x}", sum([key.as_bytes()]))
}

/// FNV-1a in 128 bits. Source: Fowler, Noll & Vo; it protects from accidents, not from forgers.
fn sum<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> u128 {
    const PRIME: u128 = (1 << 88) + 0x13b;
    const START: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    parts.into_iter().flatten().fold(START, |sum, byte| (sum ^ u128::from(*byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_that_of_its_authors() {
        // Test vectors of FNV-1a in 128 bits from draft-eastlake-fnv.
        assert_eq!(sum([&b""[..]]), 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d);
        assert_eq!(sum([&b"a"[..]]), 0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964);
        assert_eq!(sum([&b"foo"[..], b"bar"]), 0x343e_1662_793c_64bf_6f0d_3597_ba44_6f18);
    }

    #[test]
    fn only_the_file_as_it_was_written_has_a_payload() {
        let (key, payload) = ("a key\nof two lines", [0, 1, 2, 255, 254, 10, 13, 0]);
        let file = encode(key, &payload);
        assert_eq!(decode(&file, key), Some(payload.to_vec()));
        for at in 0..file.len() {
            for flip in [1, 0x80, 0xff] {
                let mut changed = file.clone();
                changed[at] ^= flip;
                assert_eq!(decode(&changed, key), None, "byte {at}");
            }
            assert_eq!(decode(&file[..at], key), None, "{at} bytes");
        }
        assert_eq!(decode(&[&file[..], &[0]].concat(), key), None);
        for other in ["", "a key", "a key\nof two line", "a key\nof two lines ", "b key\nof two lines"] {
            assert_eq!(decode(&file, other), None, "{other}");
        }
        assert_eq!(decode(&encode("", &[]), ""), Some(Vec::new()));
    }
}
