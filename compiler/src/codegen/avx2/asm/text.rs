//! Registers and places in Intel's syntax.

use std::fmt;

use super::{Gpr, Mem, Rm, Ymm};

impl fmt::Display for Ymm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ymm{}", self.0)
    }
}

impl fmt::Display for Gpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Gpr::Rax => "rax",
            Gpr::Rcx => "rcx",
            Gpr::Rdx => "rdx",
            Gpr::Rsp => "rsp",
            Gpr::Rbp => "rbp",
            Gpr::Rsi => "rsi",
            Gpr::Rdi => "rdi",
            Gpr::R8 => "r8",
            Gpr::R9 => "r9",
            Gpr::R10 => "r10",
            Gpr::R11 => "r11",
        })
    }
}

/// The address of a place, without the size of what lies there.
pub(super) struct Address(pub(super) Mem);

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mem { base, index, offset } = self.0;
        write!(f, "[{base}")?;
        if let Some(index) = index {
            write!(f, " + {index}")?;
        }
        match offset {
            0 => write!(f, "]"),
            offset if offset < 0 => write!(f, " - {}]", offset.unsigned_abs()),
            offset => write!(f, " + {offset}]"),
        }
    }
}

impl fmt::Display for Mem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ymmword ptr {}", Address(*self))
    }
}

impl fmt::Display for Rm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rm::Reg(r) => r.fmt(f),
            Rm::Mem(m) => m.fmt(f),
        }
    }
}
