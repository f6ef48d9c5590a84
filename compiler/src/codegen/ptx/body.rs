//! Straight-line bodies: one instruction for most operations.

use super::code::{Class, Code, Operand, Reg, emit};
use super::seeds::{Seed, Seeds};
use super::{Unsupported, unsupported};
use crate::kernel::{
    Compare, EXP2_MAGIC_F32, EXP2_MAGIC_F64, EXPONENT_MAGIC_F32, EXPONENT_MAGIC_F64, Kernel, Op, Precision, Value,
};
use crate::special::Special;

/// Up to this many uniforms are loaded once; more, as those of a table, would only be spilled.
const RESIDENT: usize = 24;

/// Whether the uniforms of a kernel stay in registers.
pub(super) fn are_resident(kernel: &Kernel) -> bool {
    kernel.uniforms().len() <= RESIDENT
}

/// Where the uniforms are.
pub(super) enum Uniforms {
    Loaded(Vec<Reg>),
    /// The address of their array.
    At(Reg),
}

impl Uniforms {
    /// Loads the uniforms of `kernel` from the array at `base`.
    pub(super) fn load(code: &mut Code, kernel: &Kernel, base: Reg) -> Uniforms {
        if !are_resident(kernel) {
            return Uniforms::At(base);
        }
        Uniforms::Loaded((0..kernel.uniforms().len()).map(|i| load(code, base, i)).collect())
    }
}

fn load(code: &mut Code, base: Reg, index: usize) -> Reg {
    let (t, reg, offset) = (code.float_type(), code.float(), index * code.float_bytes());
    emit!(code, "ld.global.nc.{t} {reg}, [{base}+{offset}]");
    reg
}

/// The special functions that the hardware approximates in f32.
pub(super) fn is_approximated(special: Special) -> bool {
    match special {
        Special::Exp | Special::ExpWeight | Special::Exp2Weight | Special::Log => true,
        Special::Log1p
        | Special::LogBesselK { .. }
        | Special::BesselKRatio { .. }
        | Special::LogBesselKInteger { .. }
        | Special::BesselKIntegerRatio { .. } => false,
    }
}

impl Code {
    /// Evaluates the body and returns the values asked for. An input that the body reads must be given.
    pub(super) fn body(
        &mut self,
        kernel: &Kernel,
        uniforms: &Uniforms,
        inputs: &[Option<Operand>],
        results: &[Value],
    ) -> Result<Vec<Operand>, Unsupported> {
        self.seeded_body(kernel, (&Seeds::default(), None), uniforms, inputs, results)
    }

    /// The same with some quotients and roots from approximations, and a register for those to watch.
    pub(super) fn seeded_body(
        &mut self,
        kernel: &Kernel,
        (seeds, watch): (&Seeds, Option<Reg>),
        uniforms: &Uniforms,
        inputs: &[Option<Operand>],
        results: &[Value],
    ) -> Result<Vec<Operand>, Unsupported> {
        let mut values: Vec<Operand> = Vec::with_capacity(kernel.body().len());
        for (index, op) in kernel.body().iter().enumerate() {
            let seed = seeds.get(index);
            let watch = watch.filter(|_| seed == Some(Seed::Watched));
            let value = match *op {
                Op::Uniform(i) => Some(Operand::from(match uniforms {
                    Uniforms::Loaded(regs) => regs[i as usize],
                    Uniforms::At(base) => load(self, *base, i as usize),
                })),
                Op::Input(i) => inputs[i as usize],
                Op::Div(a, b) if seed.is_some() => {
                    Some(self.seeded_quotient(values[a.index()], values[b.index()], watch).into())
                }
                Op::Sqrt(a) if seed.is_some() => Some(self.seeded_root(values[a.index()], watch).into()),
                op => self.op(op, &values),
            };
            values.push(value.ok_or_else(|| unsupported(kernel, "it has a call or an input without a value"))?);
        }
        Ok(results.iter().map(|v| values[v.index()]).collect())
    }

    fn op(&mut self, op: Op, values: &[Operand]) -> Option<Operand> {
        let v = |value: Value| values[value.index()];
        let rounded = |name: &str| format!("{name}.rn");
        Some(Operand::from(match op {
            Op::Const(c) => return Some(self.constant(c.get())),
            Op::Uniform(_) | Op::Input(_) => return None,
            Op::Add(a, b) => self.float_op(&rounded("add"), &[v(a), v(b)]),
            Op::Sub(a, b) => self.float_op(&rounded("sub"), &[v(a), v(b)]),
            Op::Mul(a, b) => self.float_op(&rounded("mul"), &[v(a), v(b)]),
            Op::Div(a, b) => {
                self.float_op(if self.is_approximate() { "div.approx.ftz" } else { "div.rn" }, &[v(a), v(b)])
            }
            Op::Neg(a) => self.float_op("neg", &[v(a)]),
            Op::Abs(a) => self.float_op("abs", &[v(a)]),
            Op::Sqrt(a) => self.float_op(if self.is_approximate() { "sqrt.approx.ftz" } else { "sqrt.rn" }, &[v(a)]),
            Op::Fma(a, b, c) => self.float_op("fma.rn", &[v(a), v(b), v(c)]),
            Op::Min(a, b) => {
                let less = self.compare("lt", v(a), v(b));
                self.select(less, v(a), v(b))
            }
            Op::Max(a, b) => {
                let more = self.compare("lt", v(b), v(a));
                self.select(more, v(a), v(b))
            }
            Op::Compare(r, a, b) => self.compare(relation(r), v(a), v(b)),
            Op::And(a, b) => self.mask_op("and", &[v(a), v(b)]),
            Op::Or(a, b) => self.mask_op("or", &[v(a), v(b)]),
            Op::Not(a) => self.mask_op("not", &[v(a)]),
            Op::Select(m, a, b) => self.select(v(m), v(a), v(b)),
            Op::Round(a) => self.float_op(&format!("cvt.rni.{}", self.float_type()), &[v(a)]),
            Op::Exp2Int(n) => self.exp2_int(v(n)),
            Op::Exponent(x) => self.exponent(v(x)),
            Op::Mantissa(x) => self.mantissa(v(x)),
            Op::Call(special, x) => return self.approximation(special, v(x)).map(Operand::from),
        }))
    }
}

fn relation(r: Compare) -> &'static str {
    match r {
        Compare::Lt => "lt",
        Compare::Le => "le",
        Compare::Eq => "eq",
    }
}

/// Arithmetic.
impl Code {
    pub(super) fn float_op(&mut self, name: &str, operands: &[Operand]) -> Reg {
        let d = self.float();
        self.float_op_into(d, name, operands);
        d
    }

    /// The same into a register that may be one of the operands.
    pub(super) fn float_op_into(&mut self, d: Reg, name: &str, operands: &[Operand]) {
        let operands: Vec<String> = operands.iter().map(Operand::to_string).collect();
        emit!(self, "{name}.{} {d}, {}", self.float_type(), operands.join(", "));
    }

    fn mask_op(&mut self, name: &str, operands: &[Operand]) -> Reg {
        let d = self.reg(Class::Pred);
        let operands: Vec<String> = operands.iter().map(Operand::to_string).collect();
        emit!(self, "{name}.pred {d}, {}", operands.join(", "));
        d
    }

    /// An ordered comparison: false when an operand is NaN.
    pub(super) fn compare(&mut self, relation: &str, a: Operand, b: Operand) -> Reg {
        let (d, t) = (self.reg(Class::Pred), self.float_type());
        emit!(self, "setp.{relation}.{t} {d}, {a}, {b}");
        d
    }

    fn select(&mut self, mask: impl Into<Operand>, a: Operand, b: Operand) -> Reg {
        let (d, t, mask) = (self.float(), self.float_type(), mask.into());
        emit!(self, "selp.{t} {d}, {a}, {b}, {mask}");
        d
    }

    fn exp2_int(&mut self, n: Operand) -> Reg {
        let magic = self.constant(match self.precision {
            Precision::F32 => f64::from(EXP2_MAGIC_F32),
            Precision::F64 => EXP2_MAGIC_F64,
        });
        let sum = self.float_op("add.rn", &[n, magic]);
        let bits = self.bits(sum.into());
        emit!(self, "shl.b{} {bits}, {bits}, {}", self.bit_count(), self.mantissa_bits());
        self.float_of(bits)
    }

    fn exponent(&mut self, x: Operand) -> Reg {
        let (power, magic) = match self.precision {
            Precision::F32 => ("0x4B000000", f64::from(EXPONENT_MAGIC_F32)),
            Precision::F64 => ("0x4330000000000000", EXPONENT_MAGIC_F64),
        };
        let bits = self.bits(x);
        emit!(self, "shr.u{} {bits}, {bits}, {}", self.bit_count(), self.mantissa_bits());
        emit!(self, "or.b{} {bits}, {bits}, {power}", self.bit_count());
        let sum = self.float_of(bits);
        let magic = self.constant(magic);
        self.float_op("sub.rn", &[sum.into(), magic])
    }

    fn mantissa(&mut self, x: Operand) -> Reg {
        let (below, one) = match self.precision {
            Precision::F32 => ("0x7FFFFF", "0x3F800000"),
            Precision::F64 => ("0xFFFFFFFFFFFFF", "0x3FF0000000000000"),
        };
        let bits = self.bits(x);
        emit!(self, "and.b{} {bits}, {bits}, {below}", self.bit_count());
        emit!(self, "or.b{} {bits}, {bits}, {one}", self.bit_count());
        self.float_of(bits)
    }

    fn bits(&mut self, x: Operand) -> Reg {
        let bits = self.reg(match self.precision {
            Precision::F32 => Class::B32,
            Precision::F64 => Class::B64,
        });
        emit!(self, "mov.b{} {bits}, {x}", self.bit_count());
        bits
    }

    fn float_of(&mut self, bits: Reg) -> Reg {
        let x = self.float();
        emit!(self, "mov.b{} {x}, {bits}", self.bit_count());
        x
    }

    fn bit_count(&self) -> usize {
        8 * self.float_bytes()
    }

    fn mantissa_bits(&self) -> u32 {
        match self.precision {
            Precision::F32 => 23,
            Precision::F64 => 52,
        }
    }
}

/// Approximations of the hardware, see [`super::Ptx::fast_math`].
impl Code {
    fn is_approximate(&self) -> bool {
        self.fast_math && self.precision == Precision::F32
    }

    fn approximation(&mut self, special: Special, x: Operand) -> Option<Reg> {
        if !(self.is_approximate() && is_approximated(special)) {
            return None;
        }
        Some(match special {
            Special::Exp2Weight => self.float_op("ex2.approx.ftz", &[x]),
            Special::Log => {
                let log = self.float_op("lg2.approx.ftz", &[x]);
                let ln2 = self.constant(std::f64::consts::LN_2);
                self.float_op("mul.rn", &[log.into(), ln2])
            }
            _ => {
                let log2_e = self.constant(std::f64::consts::LOG2_E);
                let scaled = self.float_op("mul.rn", &[x, log2_e]);
                self.float_op("ex2.approx.ftz", &[scaled.into()])
            }
        })
    }
}
