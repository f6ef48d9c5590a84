//! The operations of KernelIr as vector operations.

use super::super::Unsupported;
use super::super::cpu::Parameter;
use super::asm::Arith;
use super::straight::{Calculation, Straight, Vector};
use super::unsupported;
use crate::kernel::{
    EXP2_MAGIC_F32, EXP2_MAGIC_F64, EXPONENT_MAGIC_F32, EXPONENT_MAGIC_F64, Kernel, Op, Precision, Value,
};

/// Evaluates the body of a kernel without calls and returns the value of every operation asked for.
pub(super) fn body(
    straight: &mut Straight,
    kernel: &Kernel,
    inputs: &[Vector],
    results: &[Value],
) -> Result<Vec<Vector>, Unsupported> {
    let mut code = Code { straight, precision: kernel.precision() };
    let mut values = Vec::with_capacity(kernel.body().len());
    for op in kernel.body() {
        let value = code.op(*op, &values, inputs);
        values.push(value.ok_or_else(|| unsupported(kernel, "it has a call"))?);
    }
    Ok(results.iter().map(|v| values[v.index()]).collect())
}

struct Code<'a> {
    straight: &'a mut Straight,
    precision: Precision,
}

impl Code<'_> {
    fn op(&mut self, op: Op, values: &[Vector], inputs: &[Vector]) -> Option<Vector> {
        let v = |value: Value| values[value.index()];
        Some(match op {
            Op::Const(c) => self.constant(c.get()),
            Op::Uniform(i) => self.straight.parameter(Parameter::Uniform(i)),
            Op::Input(i) => inputs[i as usize],
            Op::Add(a, b) => self.straight.arith(Arith::Add, v(a), v(b)),
            Op::Sub(a, b) => self.straight.arith(Arith::Sub, v(a), v(b)),
            Op::Mul(a, b) => self.straight.arith(Arith::Mul, v(a), v(b)),
            Op::Div(a, b) => self.straight.arith(Arith::Div, v(a), v(b)),
            Op::Neg(a) => {
                let sign = self.constant(-0.0);
                self.straight.arith(Arith::Xor, v(a), sign)
            }
            Op::Abs(a) => {
                let all_but_the_sign = self.bits(u64::MAX >> 1, u32::MAX >> 1);
                self.straight.arith(Arith::And, v(a), all_but_the_sign)
            }
            Op::Sqrt(a) => self.straight.compute(Calculation::Sqrt(v(a))),
            Op::Fma(a, b, c) => self.straight.compute(Calculation::Fma(v(a), v(b), v(c))),
            // Both instructions give the second operand where one is NaN, and where both are zero.
            Op::Min(a, b) => self.straight.arith(Arith::Min, v(a), v(b)),
            Op::Max(a, b) => self.straight.arith(Arith::Max, v(a), v(b)),
            Op::Compare(r, a, b) => self.straight.compute(Calculation::Compare(r, v(a), v(b))),
            Op::And(a, b) => self.straight.arith(Arith::And, v(a), v(b)),
            Op::Or(a, b) => self.straight.arith(Arith::Or, v(a), v(b)),
            Op::Not(a) => {
                let all = self.bits(u64::MAX, u32::MAX);
                self.straight.arith(Arith::Xor, v(a), all)
            }
            Op::Select(m, a, b) => self.straight.compute(Calculation::Blend(v(m), v(a), v(b))),
            Op::Round(a) => self.straight.compute(Calculation::Round(v(a))),
            Op::Exp2Int(n) => self.exp2_int(v(n)),
            Op::Exponent(x) => self.exponent(v(x)),
            Op::Mantissa(x) => self.mantissa(v(x)),
            Op::Call(..) => return None,
        })
    }

    fn constant(&mut self, x: f64) -> Vector {
        self.straight.parameter(Parameter::constant(x, self.precision))
    }

    fn bits(&mut self, double: u64, single: u32) -> Vector {
        self.straight.parameter(Parameter::Bits(match self.precision {
            Precision::F32 => u64::from(single),
            Precision::F64 => double,
        }))
    }

    fn mantissa_bits(&self) -> u8 {
        match self.precision {
            Precision::F32 => 23,
            Precision::F64 => 52,
        }
    }

    fn exp2_int(&mut self, n: Vector) -> Vector {
        let magic = self.constant(match self.precision {
            Precision::F32 => f64::from(EXP2_MAGIC_F32),
            Precision::F64 => EXP2_MAGIC_F64,
        });
        let sum = self.straight.arith(Arith::Add, n, magic);
        self.straight.compute(Calculation::Shift(true, sum, self.mantissa_bits()))
    }

    fn exponent(&mut self, x: Vector) -> Vector {
        let (power, magic) = match self.precision {
            Precision::F32 => (8_388_608.0, f64::from(EXPONENT_MAGIC_F32)),
            Precision::F64 => (4_503_599_627_370_496.0, EXPONENT_MAGIC_F64),
        };
        let (power, magic) = (self.constant(power), self.constant(magic));
        let field = self.straight.compute(Calculation::Shift(false, x, self.mantissa_bits()));
        let sum = self.straight.arith(Arith::Or, field, power);
        self.straight.arith(Arith::Sub, sum, magic)
    }

    fn mantissa(&mut self, x: Vector) -> Vector {
        let below = self.bits((1 << 52) - 1, (1 << 23) - 1);
        let one = self.constant(1.0);
        let bits = self.straight.arith(Arith::And, x, below);
        self.straight.arith(Arith::Or, bits, one)
    }
}
