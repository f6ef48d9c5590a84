//! PTX text under construction: virtual registers, lines, labels.
//!
//! Holds: a register is declared by being made; `finish` writes the declarations. Registers are typed by their class, so that
//!   an instruction on the wrong class is an error of `ptxas`, not a wrong number.

use std::fmt::{self, Write};

use super::{PTX_TARGET, PTX_VERSION};
use crate::kernel::{Kernel, Precision};

/// An instruction of the function under construction: `emit!(code, "add.rn.{t} {d}, {a}, {b}")`.
macro_rules! emit {
    ($code:expr, $($text:tt)+) => { $code.line(format_args!($($text)+)) };
}
pub(super) use emit;

/// The classes of registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    F32,
    F64,
    B32,
    B64,
    Pred,
}

impl Class {
    const ALL: [Class; 5] = [Class::Pred, Class::B32, Class::B64, Class::F32, Class::F64];

    /// The prefix of its registers and the type in declarations.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Class::F32 => ("%f", "f32"),
            Class::F64 => ("%fd", "f64"),
            Class::B32 => ("%r", "b32"),
            Class::B64 => ("%rd", "b64"),
            Class::Pred => ("%p", "pred"),
        }
    }
}

/// A virtual register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reg {
    class: Class,
    index: usize,
}

/// What an instruction reads: a register or a float constant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Operand {
    Reg(Reg),
    F32(u32),
    F64(u64),
}

impl From<Reg> for Operand {
    fn from(reg: Reg) -> Operand {
        Operand::Reg(reg)
    }
}

impl fmt::Display for Reg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.class.names().0, self.index)
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Operand::Reg(reg) => reg.fmt(f),
            Operand::F32(bits) => write!(f, "0f{bits:08X}"),
            Operand::F64(bits) => write!(f, "0d{bits:016X}"),
        }
    }
}

/// A label.
#[derive(Clone, Copy, Debug)]
pub(super) struct Label(usize);

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "$L{}", self.0)
    }
}

/// One entry under construction.
pub(super) struct Code {
    pub(super) precision: Precision,
    pub(super) fast_math: bool,
    text: String,
    counts: [usize; Class::ALL.len()],
    labels: usize,
    parameters: Vec<(&'static str, String)>,
    shared: Vec<(String, usize)>,
    pub(super) max_threads: usize,
    /// The least number of blocks that a multiprocessor is to hold: with fewer, registers are not worth saving. None leaves it to the
    /// assembler, which may rather spill a few than hold fewer blocks.
    pub(super) least_blocks: Option<usize>,
}

impl Code {
    pub(super) fn new(precision: Precision, fast_math: bool) -> Code {
        Code {
            precision,
            fast_math,
            text: String::new(),
            counts: [0; Class::ALL.len()],
            labels: 0,
            parameters: Vec::new(),
            shared: Vec::new(),
            max_threads: 0,
            least_blocks: None,
        }
    }

    /// The type of the kernel's floats.
    pub(super) fn float_type(&self) -> &'static str {
        match self.precision {
            Precision::F32 => "f32",
            Precision::F64 => "f64",
        }
    }

    /// Bytes of the kernel's floats.
    pub(super) fn float_bytes(&self) -> usize {
        float_bytes(self.precision)
    }

    /// A new register.
    pub(super) fn reg(&mut self, class: Class) -> Reg {
        let count = &mut self.counts[class as usize];
        *count += 1;
        Reg { class, index: *count }
    }

    /// A new register for the kernel's floats.
    pub(super) fn float(&mut self) -> Reg {
        match self.precision {
            Precision::F32 => self.reg(Class::F32),
            Precision::F64 => self.reg(Class::F64),
        }
    }

    /// Emits `part` with floats of another precision than the kernel's.
    pub(super) fn in_precision<R>(&mut self, precision: Precision, part: impl FnOnce(&mut Code) -> R) -> R {
        let own = std::mem::replace(&mut self.precision, precision);
        let result = part(self);
        self.precision = own;
        result
    }

    /// A constant of the kernel's precision.
    pub(super) fn constant(&self, x: f64) -> Operand {
        match self.precision {
            Precision::F32 => Operand::F32((x as f32).to_bits()),
            Precision::F64 => Operand::F64(x.to_bits()),
        }
    }

    /// Appends an instruction.
    pub(super) fn line(&mut self, instruction: fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = writeln!(self.text, "\t{instruction};");
    }

    /// Appends a comment.
    pub(super) fn comment(&mut self, text: &str) {
        let _ = writeln!(self.text, "\t// {text}");
    }

    /// A label to be placed.
    pub(super) fn label(&mut self) -> Label {
        self.labels += 1;
        Label(self.labels)
    }

    /// Places a label here.
    pub(super) fn place(&mut self, label: Label) {
        let _ = writeln!(self.text, "{label}:");
    }

    /// Declares the next parameter of the entry and loads it; pointers become global addresses.
    pub(super) fn parameter(&mut self, kind: Parameter, name: &str) -> Reg {
        let (class, ty) = match kind {
            Parameter::Pointer => (Class::B64, "u64"),
            Parameter::Count => (Class::B32, "u32"),
        };
        self.parameters.push((ty, name.to_owned()));
        let reg = self.reg(class);
        emit!(self, "ld.param.{ty} {reg}, [{name}]");
        if let Parameter::Count = kind {
            return reg;
        }
        let global = self.reg(class);
        emit!(self, "cvta.to.global.u64 {global}, {reg}");
        global
    }

    /// Declares shared memory and returns its address.
    pub(super) fn shared(&mut self, name: &str, bytes: usize) -> Reg {
        self.shared.push((name.to_owned(), bytes));
        let address = self.reg(Class::B32);
        emit!(self, "mov.u32 {address}, {name}");
        address
    }

    /// A special register, `%tid.x` for instance.
    pub(super) fn special(&mut self, name: &str) -> Reg {
        let reg = self.reg(Class::B32);
        emit!(self, "mov.u32 {reg}, {name}");
        reg
    }

    /// `base + index bytes`, in 64 bits.
    pub(super) fn at(&mut self, base: Reg, index: Reg, bytes: usize) -> Reg {
        let address = self.reg(Class::B64);
        emit!(self, "mad.wide.u32 {address}, {index}, {bytes}, {base}");
        address
    }

    /// Loops while `index < end`, stepping by `step`: `index` is changed in place and tested first.
    pub(super) fn while_below<R>(
        &mut self,
        index: Reg,
        end: impl fmt::Display,
        step: impl fmt::Display,
        body: impl FnOnce(&mut Code) -> R,
    ) -> R {
        let (head, done, over) = (self.label(), self.label(), self.reg(Class::Pred));
        self.place(head);
        emit!(self, "setp.ge.u32 {over}, {index}, {end}");
        emit!(self, "@{over} bra {done}");
        let result = body(self);
        emit!(self, "add.u32 {index}, {index}, {step}");
        emit!(self, "bra {head}");
        self.place(done);
        result
    }

    /// The module.
    pub(super) fn finish(self, entry: &str, kernel: &Kernel) -> String {
        let mut out = format!("// {} in {}", kernel.name(), self.float_type());
        if self.fast_math {
            out += ", with approximations";
        }
        out +=
            &format!("\n.version {PTX_VERSION}\n.target {PTX_TARGET}\n.address_size 64\n\n.visible .entry {entry}(\n");
        let parameters: Vec<String> =
            self.parameters.iter().map(|(ty, name)| format!("\t.param .{ty} {name}")).collect();
        out += &parameters.join(",\n");
        out += "\n)\n";
        out += &format!(".maxntid {}, 1, 1\n", self.max_threads);
        if let Some(blocks) = self.least_blocks {
            out += &format!(".minnctapersm {blocks}\n");
        }
        out += "{\n";
        for class in Class::ALL {
            let (prefix, ty) = class.names();
            match self.counts[class as usize] {
                0 => {}
                count => out += &format!("\t.reg .{ty} {prefix}<{}>;\n", count + 1),
            }
        }
        for (name, bytes) in &self.shared {
            out += &format!("\t.shared .align 16 .b8 {name}[{bytes}];\n");
        }
        out + "\n" + &self.text + "\tret;\n}\n"
    }
}

/// The sorts of parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parameter {
    /// An address in global memory.
    Pointer,
    /// A `u32`.
    Count,
}

pub(super) fn float_bytes(precision: Precision) -> usize {
    match precision {
        Precision::F32 => 4,
        Precision::F64 => 8,
    }
}
