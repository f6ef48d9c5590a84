//! Random numbers: Philox4x32-10, whose words are a function of key and counter alone.
//!
//! Holds: the counter is, lowest word first, the block within the stream, the low and high half of an index, and what the numbers are for;
//!   two words, the lower one first, make a uniform number: an odd multiple of 2^-53, never 0 and never 1.
//! Source: Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).

use super::code::{Class, Code, Operand, Reg, emit};

const ROUNDS: usize = 10;
const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
/// What the key grows by from round to round.
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
/// `1 - 2^-53`: what is between a number of [1, 2) with 52 random bits and the odd multiple of 2^-53.
const BELOW_ONE: u64 = 0x3FEF_FFFF_FFFF_FFFF;

/// A stream of random numbers.
pub(super) struct Stream {
    /// Key, low word first.
    pub key: [Reg; 2],
    /// Counter words 1 and 2.
    pub index: [Reg; 2],
    /// Counter word 3.
    pub purpose: Reg,
}

impl Code {
    /// The first `count` uniform numbers of a stream, in f64.
    pub(super) fn uniform_numbers(&mut self, stream: &Stream, count: usize) -> Vec<Reg> {
        let keys = self.round_keys(stream.key);
        let blocks = 0..count.div_ceil(2);
        let mut numbers: Vec<Reg> = blocks.flat_map(|block| self.block(stream, &keys, block)).collect();
        numbers.truncate(count);
        numbers
    }

    fn round_keys(&mut self, key: [Reg; 2]) -> Vec<[Reg; 2]> {
        let mut keys = vec![key];
        for round in 1..ROUNDS {
            let last = keys[round - 1];
            keys.push(std::array::from_fn(|half| {
                let next = self.reg(Class::B32);
                emit!(self, "add.u32 {next}, {}, 0x{:08X}", last[half], WEYL[half]);
                next
            }));
        }
        keys
    }

    /// The two uniform numbers of a block.
    fn block(&mut self, stream: &Stream, keys: &[[Reg; 2]], block: usize) -> [Reg; 2] {
        let number = self.reg(Class::B32);
        emit!(self, "mov.u32 {number}, {block}");
        let counter = [number, stream.index[0], stream.index[1], stream.purpose];
        let [a, b, c, d] = keys.iter().fold(counter, |counter, key| self.round(counter, *key));
        self.comment(&format!("random block {block}: {a} {b} {c} {d}"));
        [self.open_unit(a, b), self.open_unit(c, d)]
    }

    fn round(&mut self, [a, b, c, d]: [Reg; 4], key: [Reg; 2]) -> [Reg; 4] {
        let mut product = |x: Reg, by: u32| {
            let (high, low) = (self.reg(Class::B32), self.reg(Class::B32));
            emit!(self, "mul.hi.u32 {high}, {x}, 0x{by:08X}");
            emit!(self, "mul.lo.u32 {low}, {x}, 0x{by:08X}");
            (high, low)
        };
        let ((high_a, low_a), (high_c, low_c)) = (product(a, MULTIPLIERS[0]), product(c, MULTIPLIERS[1]));
        for (high, other, key) in [(high_c, b, key[0]), (high_a, d, key[1])] {
            emit!(self, "xor.b32 {high}, {high}, {other}");
            emit!(self, "xor.b32 {high}, {high}, {key}");
        }
        [high_c, low_c, high_a, low_a]
    }

    /// The number of (0, 1) of two words: 52 bits as a mantissa, less what leaves half a unit in the last place.
    fn open_unit(&mut self, low: Reg, high: Reg) -> Reg {
        let (bits, lower, unit) = (self.reg(Class::B64), self.reg(Class::B64), self.reg(Class::F64));
        emit!(self, "cvt.u64.u32 {bits}, {high}");
        emit!(self, "shl.b64 {bits}, {bits}, 32");
        emit!(self, "cvt.u64.u32 {lower}, {low}");
        emit!(self, "or.b64 {bits}, {bits}, {lower}");
        emit!(self, "shr.u64 {bits}, {bits}, 12");
        emit!(self, "or.b64 {bits}, {bits}, 0x3FF0000000000000");
        emit!(self, "mov.b64 {unit}, {bits}");
        emit!(self, "sub.rn.f64 {unit}, {unit}, {}", Operand::F64(BELOW_ONE));
        unit
    }
}
