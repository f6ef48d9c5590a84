//! The bytes of an instruction: prefixes, opcode, registers and addresses.
//!
//! Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, sections 2.1 to 2.3.

use super::{Assembler, Gpr, Mem, Rm};

/// The prefix that a VEX instruction stands for.
#[derive(Clone, Copy)]
pub(super) enum Prefix {
    None = 0,
    P66 = 1,
}

/// The opcode map of a VEX instruction.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Map {
    M0F = 1,
    M0F38 = 2,
    M0F3A = 3,
}

#[derive(Clone, Copy)]
pub(super) struct Opcode {
    pub(super) prefix: Prefix,
    pub(super) map: Map,
    pub(super) wide: bool,
    pub(super) byte: u8,
}

impl Assembler {
    /// An instruction on 64 bits: `reg`, and memory or else the register `rm`.
    pub(super) fn general(&mut self, opcode: u8, reg: u8, memory: Option<Mem>, rm: Gpr) {
        let index = memory.and_then(|m| m.index).map_or(0, |index| index as u8 >> 3);
        self.code.push(0x48 | (reg >> 3) << 2 | index << 1 | (rm as u8) >> 3);
        self.code.push(opcode);
        match memory {
            Some(memory) => self.address(reg, memory),
            None => self.code.push(0xC0 | (reg & 7) << 3 | rm as u8 & 7),
        }
    }

    /// An instruction on 256 bits, up to its immediate.
    pub(super) fn vex(&mut self, opcode: Opcode, reg: u8, second: Option<u8>, rm: Rm) {
        let (index, base) = match rm {
            Rm::Reg(r) => (0, r.0),
            Rm::Mem(m) => (m.index.map_or(0, |index| index as u8), m.base as u8),
        };
        // All three fields are stored inverted; an operand that is not there is all ones.
        let inverted = |register: u8| (register >> 3 & 1) ^ 1;
        let rest = (second.unwrap_or(0) ^ 0xF) << 3 | 1 << 2 | opcode.prefix as u8;
        if opcode.map == Map::M0F && !opcode.wide && inverted(index) == 1 && inverted(base) == 1 {
            self.code.extend([0xC5, inverted(reg) << 7 | rest]);
        } else {
            let high = inverted(reg) << 7 | inverted(index) << 6 | inverted(base) << 5 | opcode.map as u8;
            self.code.extend([0xC4, high, u8::from(opcode.wide) << 7 | rest]);
        }
        self.code.push(opcode.byte);
        match rm {
            Rm::Reg(r) => self.code.push(0xC0 | (reg & 7) << 3 | r.0 & 7),
            Rm::Mem(memory) => self.address(reg, memory),
        }
    }

    /// The bytes that name a register and a place in memory.
    fn address(&mut self, reg: u8, memory: Mem) {
        let Mem { base, index, offset } = memory;
        let short = i8::try_from(offset);
        // rbp as a base has no form without an offset.
        let mode = match short {
            Ok(0) if base != Gpr::Rbp => 0,
            Ok(_) => 1,
            Err(_) => 2,
        };
        let with_index = index.is_some() || base == Gpr::Rsp;
        let low = if with_index { 4 } else { base as u8 & 7 };
        self.code.push(mode << 6 | (reg & 7) << 3 | low);
        if with_index {
            let index = index.map_or(Gpr::Rsp as u8, |index| index as u8 & 7);
            self.code.push(index << 3 | base as u8 & 7);
        }
        match (mode, short) {
            (0, _) => {}
            (1, Ok(short)) => self.code.extend(short.to_le_bytes()),
            _ => self.code.extend(offset.to_le_bytes()),
        }
    }
}
