//! An assembler for the instructions that vector loops need: AVX2 and FMA on vectors of 256 bits, and what steers a loop.
//!
//! In:   instructions, one method call each.
//! Out:  machine code, and the same as text in Intel's syntax.
//! Holds: the bytes are those of GNU's assembler for the text (`tests/reference/avx2_encodings.txt`).
//! Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, section 2.3 (VEX).

mod encoding;
mod text;

use std::fmt::{self, Write as _};

use encoding::{Map, Opcode, Prefix};
use text::Address;

use crate::kernel::{Compare, Precision};

/// A vector register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ymm(pub(super) u8);

/// A register of 64 bits; those here are free in a function of the System V convention, but for the two of the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gpr {
    Rax = 0,
    Rcx = 1,
    Rdx = 2,
    Rsp = 4,
    Rbp = 5,
    Rsi = 6,
    Rdi = 7,
    R8 = 8,
    R9 = 9,
    R10 = 10,
    R11 = 11,
}

/// A place in memory: `base + index + offset`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mem {
    pub(super) base: Gpr,
    pub(super) index: Option<Gpr>,
    pub(super) offset: i32,
}

/// An operand that may lie in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rm {
    Reg(Ymm),
    Mem(Mem),
}

/// An operation of two vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arith {
    And,
    Or,
    Xor,
    Add,
    Mul,
    Sub,
    Min,
    Div,
    Max,
}

/// Which operands of a fused multiply-add are multiplied, the first of which is overwritten: `132` is `a c + b`, `213` is `b a + c`,
/// `231` is `b c + a`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    F132,
    F213,
    F231,
}

/// Code under construction.
pub(super) struct Assembler {
    precision: Precision,
    code: Vec<u8>,
    listing: String,
    instructions: usize,
    labels: usize,
}

/// A place to jump back to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Label {
    position: usize,
    number: usize,
}

/// A jump ahead to a place that is not yet known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ahead {
    /// Behind the jump.
    end: usize,
    number: usize,
}

impl Assembler {
    pub(super) fn new(precision: Precision) -> Assembler {
        Assembler { precision, code: Vec::new(), listing: String::new(), instructions: 0, labels: 0 }
    }

    pub(super) fn precision(&self) -> Precision {
        self.precision
    }

    /// The number of instructions so far.
    pub(super) fn instructions(&self) -> usize {
        self.instructions
    }

    pub(super) fn finish(self) -> (Vec<u8>, String) {
        (self.code, self.listing)
    }

    fn line(&mut self, text: fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.listing, "    {text}");
        self.instructions += 1;
    }

    /// `s` or `d`.
    fn suffix(&self) -> char {
        match self.precision {
            Precision::F32 => 's',
            Precision::F64 => 'd',
        }
    }

    /// The VEX prefix that tells packed doubles from packed singles.
    fn packed(&self) -> Prefix {
        match self.precision {
            Precision::F32 => Prefix::None,
            Precision::F64 => Prefix::P66,
        }
    }
}

/// Vectors.
impl Assembler {
    pub(super) fn load(&mut self, to: Ymm, from: Mem) {
        self.line(format_args!("vmovup{} {to}, {from}", self.suffix()));
        self.vex(Opcode { prefix: self.packed(), map: Map::M0F, wide: false, byte: 0x10 }, to.0, None, Rm::Mem(from));
    }

    pub(super) fn store(&mut self, to: Mem, from: Ymm) {
        self.line(format_args!("vmovup{} {to}, {from}", self.suffix()));
        self.vex(Opcode { prefix: self.packed(), map: Map::M0F, wide: false, byte: 0x11 }, from.0, None, Rm::Mem(to));
    }

    pub(super) fn copy(&mut self, to: Ymm, from: Ymm) {
        self.line(format_args!("vmovap{} {to}, {from}", self.suffix()));
        // The second form names its operands the other way round, and is shorter for a high register copied to a low one.
        let (byte, reg, rm) = if from.0 >= 8 && to.0 < 8 { (0x29, from, to) } else { (0x28, to, from) };
        self.vex(Opcode { prefix: self.packed(), map: Map::M0F, wide: false, byte }, reg.0, None, Rm::Reg(rm));
    }

    /// One scalar in all lanes.
    pub(super) fn broadcast(&mut self, to: Ymm, from: Mem) {
        let (byte, size) = match self.precision {
            Precision::F32 => (0x18, "dword"),
            Precision::F64 => (0x19, "qword"),
        };
        self.line(format_args!("vbroadcasts{} {to}, {size} ptr {}", self.suffix(), Address(from)));
        self.vex(Opcode { prefix: Prefix::P66, map: Map::M0F38, wide: false, byte }, to.0, None, Rm::Mem(from));
    }

    pub(super) fn arith(&mut self, op: Arith, to: Ymm, a: Ymm, b: Rm) {
        let (name, byte) = match op {
            Arith::And => ("and", 0x54),
            Arith::Or => ("or", 0x56),
            Arith::Xor => ("xor", 0x57),
            Arith::Add => ("add", 0x58),
            Arith::Mul => ("mul", 0x59),
            Arith::Sub => ("sub", 0x5C),
            Arith::Min => ("min", 0x5D),
            Arith::Div => ("div", 0x5E),
            Arith::Max => ("max", 0x5F),
        };
        self.line(format_args!("v{name}p{} {to}, {a}, {b}", self.suffix()));
        self.vex(Opcode { prefix: self.packed(), map: Map::M0F, wide: false, byte }, to.0, Some(a.0), b);
    }

    /// All bits of the lanes for which `a r b`.
    pub(super) fn compare(&mut self, r: Compare, to: Ymm, a: Ymm, b: Rm) {
        // The ordered relations that do not signal.
        let (name, predicate) = match r {
            Compare::Eq => ("eq", 0x00),
            Compare::Lt => ("lt_oq", 0x11),
            Compare::Le => ("le_oq", 0x12),
        };
        self.line(format_args!("vcmp{name}p{} {to}, {a}, {b}", self.suffix()));
        self.vex(Opcode { prefix: self.packed(), map: Map::M0F, wide: false, byte: 0xC2 }, to.0, Some(a.0), b);
        self.code.push(predicate);
    }

    /// `b` in the lanes of `mask`, `a` in the others.
    pub(super) fn blend(&mut self, to: Ymm, a: Ymm, b: Rm, mask: Ymm) {
        let byte = match self.precision {
            Precision::F32 => 0x4A,
            Precision::F64 => 0x4B,
        };
        self.line(format_args!("vblendvp{} {to}, {a}, {b}, {mask}", self.suffix()));
        self.vex(Opcode { prefix: Prefix::P66, map: Map::M0F3A, wide: false, byte }, to.0, Some(a.0), b);
        self.code.push(mask.0 << 4);
    }

    pub(super) fn sqrt(&mut self, to: Ymm, a: Rm) {
        self.line(format_args!("vsqrtp{} {to}, {a}", self.suffix()));
        self.vex(Opcode { prefix: self.packed(), map: Map::M0F, wide: false, byte: 0x51 }, to.0, None, a);
    }

    /// The nearest integer, ties to even.
    pub(super) fn round(&mut self, to: Ymm, a: Rm) {
        let byte = match self.precision {
            Precision::F32 => 0x08,
            Precision::F64 => 0x09,
        };
        self.line(format_args!("vroundp{} {to}, {a}, 8", self.suffix()));
        self.vex(Opcode { prefix: Prefix::P66, map: Map::M0F3A, wide: false, byte }, to.0, None, a);
        self.code.push(8);
    }

    /// The bits of each lane, shifted; zeros move in.
    pub(super) fn shift(&mut self, left: bool, to: Ymm, a: Ymm, bits: u8) {
        let (byte, lane) = match self.precision {
            Precision::F32 => (0x72, 'd'),
            Precision::F64 => (0x73, 'q'),
        };
        let (name, extension) = if left { ("sll", 6) } else { ("srl", 2) };
        self.line(format_args!("vp{name}{lane} {to}, {a}, {bits}"));
        self.vex(Opcode { prefix: Prefix::P66, map: Map::M0F, wide: false, byte }, extension, Some(to.0), Rm::Reg(a));
        self.code.push(bits);
    }

    /// A product and a sum, rounded once; see [`Form`].
    pub(super) fn fma(&mut self, form: Form, a: Ymm, b: Ymm, c: Rm) {
        let (name, byte) = match form {
            Form::F132 => ("132", 0x98),
            Form::F213 => ("213", 0xA8),
            Form::F231 => ("231", 0xB8),
        };
        self.line(format_args!("vfmadd{name}p{} {a}, {b}, {c}", self.suffix()));
        let wide = self.precision == Precision::F64;
        self.vex(Opcode { prefix: Prefix::P66, map: Map::M0F38, wide, byte }, a.0, Some(b.0), c);
    }

    /// Sets the flags: not zero if the sign of any lane is set.
    pub(super) fn test_signs(&mut self, a: Ymm) {
        let byte = match self.precision {
            Precision::F32 => 0x0E,
            Precision::F64 => 0x0F,
        };
        self.line(format_args!("vtestp{} {a}, {a}", self.suffix()));
        self.vex(Opcode { prefix: Prefix::P66, map: Map::M0F38, wide: false, byte }, a.0, None, Rm::Reg(a));
    }

    /// Ends the use of vectors of 256 bits, after which code for 128 bits runs at its speed.
    pub(super) fn zero_upper(&mut self) {
        self.line(format_args!("vzeroupper"));
        self.code.extend([0xC5, 0xF8, 0x77]);
    }
}

/// Pointers and counters.
impl Assembler {
    /// Opens a stack frame of so many bytes at `rsp`, aligned to 32; the arguments on the stack are at `rbp + 16` and above.
    pub(super) fn enter(&mut self, bytes: u32) {
        self.line(format_args!("push rbp"));
        self.code.push(0x55);
        self.copy_pointer(Gpr::Rbp, Gpr::Rsp);
        self.line(format_args!("sub rsp, {bytes}"));
        self.code.extend([0x48, 0x81, 0xEC]);
        self.code.extend(bytes.to_le_bytes());
        self.line(format_args!("and rsp, -32"));
        self.code.extend([0x48, 0x83, 0xE4, 0xE0]);
    }

    /// Closes the frame and returns.
    pub(super) fn leave(&mut self) {
        self.zero_upper();
        self.line(format_args!("leave"));
        self.code.push(0xC9);
        self.line(format_args!("ret"));
        self.code.push(0xC3);
    }

    pub(super) fn copy_pointer(&mut self, to: Gpr, from: Gpr) {
        self.line(format_args!("mov {to}, {from}"));
        self.general(0x89, from as u8, None, to);
    }

    pub(super) fn load_pointer(&mut self, to: Gpr, from: Mem) {
        self.line(format_args!("mov {to}, qword ptr {}", Address(from)));
        self.general(0x8B, to as u8, Some(from), from.base);
    }

    pub(super) fn store_pointer(&mut self, to: Mem, from: Gpr) {
        self.line(format_args!("mov qword ptr {}, {from}", Address(to)));
        self.general(0x89, from as u8, Some(to), to.base);
    }

    /// Adds a constant; the flags tell whether the sum is zero.
    pub(super) fn advance(&mut self, register: Gpr, by: i32) {
        self.line(format_args!("add {register}, {by}"));
        match i8::try_from(by) {
            Ok(by) => {
                self.general(0x83, 0, None, register);
                self.code.extend(by.to_le_bytes());
            }
            Err(_) if register == Gpr::Rax => {
                self.code.extend([0x48, 0x05]);
                self.code.extend(by.to_le_bytes());
            }
            Err(_) => {
                self.general(0x81, 0, None, register);
                self.code.extend(by.to_le_bytes());
            }
        }
    }

    pub(super) fn clear(&mut self, register: Gpr) {
        self.line(format_args!("xor {register}, {register}"));
        self.general(0x31, register as u8, None, register);
    }

    pub(super) fn shift_pointer_left(&mut self, register: Gpr, bits: u8) {
        self.line(format_args!("shl {register}, {bits}"));
        self.general(0xC1, 4, None, register);
        self.code.push(bits);
    }

    fn compare_pointers(&mut self, a: Gpr, b: Gpr) {
        self.line(format_args!("cmp {a}, {b}"));
        self.general(0x39, b as u8, None, a);
    }

    pub(super) fn label(&mut self) -> Label {
        let label = Label { position: self.code.len(), number: self.labels };
        self.labels += 1;
        let _ = writeln!(self.listing, ".L{}:", label.number);
        label
    }

    /// Jumps back while `a < b`, both without a sign.
    pub(super) fn repeat_while_below(&mut self, label: Label, a: Gpr, b: Gpr) {
        self.compare_pointers(a, b);
        self.jump(label, "jb", 0x82);
    }

    /// Jumps back while the sum of the last [`Assembler::advance`] is not zero.
    pub(super) fn repeat_while_not_zero(&mut self, label: Label) {
        self.jump(label, "jne", 0x85);
    }

    /// Jumps ahead if the flags say not zero, to where [`Assembler::arrive`] is called.
    pub(super) fn leave_if_not_zero(&mut self) -> Ahead {
        self.jump_ahead("jne", 0x85)
    }

    /// The same unless `a < b`, both without a sign.
    pub(super) fn leave_unless_below(&mut self, a: Gpr, b: Gpr) -> Ahead {
        self.compare_pointers(a, b);
        self.jump_ahead("jae", 0x83)
    }

    fn jump_ahead(&mut self, name: &str, byte: u8) -> Ahead {
        let number = self.labels;
        self.labels += 1;
        self.line(format_args!("{name} .L{number}"));
        self.code.extend([0x0F, byte, 0, 0, 0, 0]);
        Ahead { end: self.code.len(), number }
    }

    /// Where a jump ahead leads.
    pub(super) fn arrive(&mut self, from: Ahead) {
        let _ = writeln!(self.listing, ".L{}:", from.number);
        let distance = (self.code.len() - from.end) as i32;
        self.code[from.end - 4..from.end].copy_from_slice(&distance.to_le_bytes());
    }

    /// Jumps back.
    pub(super) fn jump_back(&mut self, label: Label) {
        self.line(format_args!("jmp .L{}", label.number));
        let distance = label.position as i64 - (self.code.len() as i64 + 5);
        self.code.push(0xE9);
        self.code.extend((distance as i32).to_le_bytes());
    }

    fn jump(&mut self, label: Label, name: &str, byte: u8) {
        self.line(format_args!("{name} .L{}", label.number));
        // Code is a few kilobytes long.
        let back = |end: usize| label.position as i64 - end as i64;
        match i8::try_from(back(self.code.len() + 2)) {
            Ok(short) => self.code.extend([byte - 0x10, short.to_le_bytes()[0]]),
            Err(_) => {
                let distance = back(self.code.len() + 6) as i32;
                self.code.extend([0x0F, byte]);
                self.code.extend(distance.to_le_bytes());
            }
        }
    }
}

impl Mem {
    pub(super) fn at(base: Gpr, offset: usize) -> Mem {
        // Offsets are those of vectors in a block or a frame, far below 2^31.
        Mem { base, index: None, offset: offset as i32 }
    }

    pub(super) fn indexed(base: Gpr, index: Gpr, offset: usize) -> Mem {
        Mem { index: Some(index), ..Mem::at(base, offset) }
    }
}
