//! Straight-line bodies as vector instructions, and the few control structures around them.

use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::immediates::Offset32;
use cranelift_codegen::ir::{
    BlockArg, ConstantData, Endianness, InstBuilder, MemFlagsData, Type, Value as Clif, types,
};
use cranelift_frontend::{FunctionBuilder, Variable};

use super::{Format, Unsupported, VECTOR_BYTES, unsupported};
use crate::kernel::{
    Compare, EXP2_MAGIC_F32, EXP2_MAGIC_F64, EXPONENT_MAGIC_F32, EXPONENT_MAGIC_F64, Kernel, Op, Precision, Value,
};

/// A Cranelift function under construction.
pub(super) struct Code<'f> {
    pub(super) builder: FunctionBuilder<'f>,
    pub(super) format: Format,
    fused: bool,
}

impl<'f> Code<'f> {
    pub(super) fn new(builder: FunctionBuilder<'f>, format: Format, fused: bool) -> Code<'f> {
        Code { builder, format, fused }
    }

    /// Opens the function and returns its parameters.
    pub(super) fn enter(&mut self) -> Vec<Clif> {
        let entry = self.builder.create_block();
        self.builder.append_block_params_for_function_params(entry);
        self.builder.switch_to_block(entry);
        self.builder.block_params(entry).to_vec()
    }

    /// The uniforms, one in all lanes each.
    pub(super) fn uniforms(&mut self, kernel: &Kernel, pointer: Clif) -> Vec<Clif> {
        let size = self.format.scalar_bytes();
        (0..kernel.uniforms().len() as i32).map(|i| self.broadcast(pointer, i * size)).collect()
    }

    /// Evaluates the body and returns the value of every operation asked for.
    pub(super) fn body(
        &mut self,
        kernel: &Kernel,
        uniforms: &[Clif],
        inputs: &[Clif],
        results: &[Value],
    ) -> Result<Vec<Clif>, Unsupported> {
        let mut values = Vec::with_capacity(kernel.body().len());
        for op in kernel.body() {
            let value = self.op(*op, &values, uniforms, inputs);
            values.push(value.ok_or_else(|| unsupported(kernel, "it has a call"))?);
        }
        Ok(results.iter().map(|v| values[v.index()]).collect())
    }

    fn op(&mut self, op: Op, values: &[Clif], uniforms: &[Clif], inputs: &[Clif]) -> Option<Clif> {
        let v = |value: Value| values[value.index()];
        Some(match op {
            Op::Const(c) => self.constant(c.get()),
            Op::Uniform(i) => uniforms[i as usize],
            Op::Input(i) => inputs[i as usize],
            Op::Add(a, b) => self.builder.ins().fadd(v(a), v(b)),
            Op::Sub(a, b) => self.builder.ins().fsub(v(a), v(b)),
            Op::Mul(a, b) => self.builder.ins().fmul(v(a), v(b)),
            Op::Div(a, b) => self.builder.ins().fdiv(v(a), v(b)),
            Op::Neg(a) => self.builder.ins().fneg(v(a)),
            Op::Abs(a) => self.builder.ins().fabs(v(a)),
            Op::Sqrt(a) => self.builder.ins().sqrt(v(a)),
            Op::Fma(a, b, c) => self.fma(v(a), v(b), v(c)),
            Op::Min(a, b) => self.min(v(a), v(b)),
            Op::Max(a, b) => self.max(v(a), v(b)),
            Op::Compare(r, a, b) => self.builder.ins().fcmp(condition(r), v(a), v(b)),
            Op::And(a, b) => self.builder.ins().band(v(a), v(b)),
            Op::Or(a, b) => self.builder.ins().bor(v(a), v(b)),
            Op::Not(a) => self.builder.ins().bnot(v(a)),
            Op::Select(m, a, b) => self.select(v(m), v(a), v(b)),
            Op::Round(a) => self.builder.ins().nearest(v(a)),
            Op::Exp2Int(n) => self.exp2_int(v(n)),
            Op::Exponent(x) => self.exponent(v(x)),
            Op::Mantissa(x) => self.mantissa(v(x)),
            Op::Call(..) => return None,
        })
    }
}

fn condition(r: Compare) -> FloatCC {
    match r {
        Compare::Lt => FloatCC::LessThan,
        Compare::Le => FloatCC::LessThanOrEqual,
        Compare::Eq => FloatCC::Equal,
    }
}

/// Arithmetic.
impl Code<'_> {
    /// A constant in all lanes.
    pub(super) fn constant(&mut self, x: f64) -> Clif {
        match self.format.precision {
            Precision::F32 => self.bytes(self.format.vector, &(x as f32).to_le_bytes()),
            Precision::F64 => self.bytes(self.format.vector, &x.to_le_bytes()),
        }
    }

    fn bytes(&mut self, vector: Type, lane: &[u8]) -> Clif {
        let bytes = lane.iter().copied().cycle().take(VECTOR_BYTES).collect::<Vec<u8>>();
        let constant = self.builder.func.dfg.constants.insert(ConstantData::from(bytes));
        self.builder.ins().vconst(vector, constant)
    }

    pub(super) fn fma(&mut self, a: Clif, b: Clif, c: Clif) -> Clif {
        if self.fused {
            return self.builder.ins().fma(a, b, c);
        }
        let product = self.builder.ins().fmul(a, b);
        self.builder.ins().fadd(product, c)
    }

    // The next two are the comparison and selection that x86-64 has as one instruction.

    fn min(&mut self, a: Clif, b: Clif) -> Clif {
        let less = self.builder.ins().fcmp(FloatCC::LessThan, a, b);
        self.select(less, a, b)
    }

    pub(super) fn max(&mut self, a: Clif, b: Clif) -> Clif {
        let more = self.builder.ins().fcmp(FloatCC::LessThan, b, a);
        self.select(more, a, b)
    }

    fn select(&mut self, mask: Clif, a: Clif, b: Clif) -> Clif {
        let mask = self.cast(self.format.vector, mask);
        self.builder.ins().bitselect(mask, a, b)
    }

    fn exp2_int(&mut self, n: Clif) -> Clif {
        let magic = match self.format.precision {
            Precision::F32 => f64::from(EXP2_MAGIC_F32),
            Precision::F64 => EXP2_MAGIC_F64,
        };
        let magic = self.constant(magic);
        let sum = self.builder.ins().fadd(n, magic);
        let bits = self.cast(self.format.bits, sum);
        let shift = self.mantissa_bits();
        let bits = self.builder.ins().ishl(bits, shift);
        self.cast(self.format.vector, bits)
    }

    fn exponent(&mut self, x: Clif) -> Clif {
        let (power, magic) = match self.format.precision {
            Precision::F32 => (8_388_608.0, f64::from(EXPONENT_MAGIC_F32)),
            Precision::F64 => (4_503_599_627_370_496.0, EXPONENT_MAGIC_F64),
        };
        let bits = self.cast(self.format.bits, x);
        let shift = self.mantissa_bits();
        let field = self.builder.ins().ushr(bits, shift);
        let power = self.constant(power);
        let power = self.cast(self.format.bits, power);
        let sum = self.builder.ins().bor(field, power);
        let sum = self.cast(self.format.vector, sum);
        let magic = self.constant(magic);
        self.builder.ins().fsub(sum, magic)
    }

    fn mantissa(&mut self, x: Clif) -> Clif {
        let below = match self.format.precision {
            Precision::F32 => self.bytes(types::I32X4, &((1u32 << 23) - 1).to_le_bytes()),
            Precision::F64 => self.bytes(types::I64X2, &((1u64 << 52) - 1).to_le_bytes()),
        };
        let bits = self.cast(self.format.bits, x);
        let bits = self.builder.ins().band(bits, below);
        let one = self.constant(1.0);
        let one = self.cast(self.format.bits, one);
        let bits = self.builder.ins().bor(bits, one);
        self.cast(self.format.vector, bits)
    }

    fn mantissa_bits(&mut self) -> Clif {
        let bits = match self.format.precision {
            Precision::F32 => 23,
            Precision::F64 => 52,
        };
        self.builder.ins().iconst(types::I32, bits)
    }

    fn cast(&mut self, to: Type, x: Clif) -> Clif {
        let lanes_keep_their_order = MemFlagsData::new().with_endianness(Endianness::Little);
        self.builder.ins().bitcast(to, lanes_keep_their_order, x)
    }
}

/// Memory. Pointers are valid and aligned to a scalar, which the caller of the function warrants.
impl Code<'_> {
    pub(super) fn load(&mut self, pointer: Clif, offset: i32) -> Clif {
        let vector = self.format.vector;
        self.builder.ins().load(vector, MemFlagsData::new().with_notrap(), pointer, Offset32::new(offset))
    }

    pub(super) fn store(&mut self, x: Clif, pointer: Clif, offset: i32) {
        self.builder.ins().store(MemFlagsData::new().with_notrap(), x, pointer, Offset32::new(offset));
    }

    /// One scalar in all lanes.
    pub(super) fn broadcast(&mut self, pointer: Clif, offset: i32) -> Clif {
        let Format { scalar, vector, .. } = self.format;
        let x = self.builder.ins().load(scalar, MemFlagsData::new().with_notrap(), pointer, Offset32::new(offset));
        self.builder.ins().splat(vector, x)
    }

    /// `pointer + index * stride`.
    pub(super) fn at(&mut self, pointer: Clif, index: Clif, stride: usize) -> Clif {
        let stride = self.builder.ins().iconst(types::I64, stride as i64);
        let offset = self.builder.ins().imul(index, stride);
        self.builder.ins().iadd(pointer, offset)
    }
}

/// Control.
impl Code<'_> {
    /// A variable of the vector type, which loops may change.
    pub(super) fn variable(&mut self, start: Clif) -> Variable {
        let variable = self.builder.declare_var(self.format.vector);
        self.builder.def_var(variable, start);
        variable
    }

    /// Runs `body` for `index` in `0..count`, `count >= 1`.
    pub(super) fn repeat<T>(&mut self, count: Clif, body: impl FnOnce(&mut Self, Clif) -> T) -> T {
        let (head, exit) = (self.builder.create_block(), self.builder.create_block());
        let index = self.builder.append_block_param(head, types::I64);
        let zero = self.builder.ins().iconst(types::I64, 0);
        self.builder.ins().jump(head, &[BlockArg::Value(zero)]);
        self.builder.switch_to_block(head);
        let result = body(self, index);
        let one = self.builder.ins().iconst(types::I64, 1);
        let next = self.builder.ins().iadd(index, one);
        let more = self.builder.ins().icmp(cranelift_codegen::ir::condcodes::IntCC::UnsignedLessThan, next, count);
        self.builder.ins().brif(more, head, &[BlockArg::Value(next)], exit, &[]);
        self.builder.switch_to_block(exit);
        result
    }

    /// Runs `body` if `mask` is set in any lane.
    pub(super) fn if_any<T>(&mut self, mask: Clif, unlikely: bool, body: impl FnOnce(&mut Self) -> T) -> T {
        let (then, join) = (self.builder.create_block(), self.builder.create_block());
        if unlikely {
            self.builder.set_cold_block(then);
        }
        let any = self.builder.ins().vany_true(mask);
        self.builder.ins().brif(any, then, &[], join, &[]);
        self.builder.switch_to_block(then);
        let result = body(self);
        self.builder.ins().jump(join, &[]);
        self.builder.switch_to_block(join);
        result
    }

    /// Closes the function.
    pub(super) fn leave(mut self, config: cranelift_codegen::isa::TargetFrontendConfig) {
        self.builder.ins().return_(&[]);
        self.builder.seal_all_blocks();
        self.builder.finalize(config);
    }
}
