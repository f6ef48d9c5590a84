//! Straight-line bodies as vector instructions, and the few control structures around them.

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::immediates::Offset32;
use cranelift_codegen::ir::{BlockArg, Endianness, InstBuilder, MemFlagsData, Type, Value as Clif, types};
use cranelift_codegen::isa::TargetFrontendConfig;
use cranelift_frontend::{FunctionBuilder, Variable};

use super::super::cpu::Parameter;
use super::{Format, Unsupported, VECTOR_BYTES, unsupported};
use crate::kernel::{
    Compare, EXP2_MAGIC_F32, EXP2_MAGIC_F64, EXPONENT_MAGIC_F32, EXPONENT_MAGIC_F64, Kernel, Op, Precision, Value,
};

/// A Cranelift function under construction.
pub(super) struct Code<'f> {
    pub(super) builder: FunctionBuilder<'f>,
    pub(super) format: Format,
    /// The arguments of the function, the first of which holds `parameters`.
    pub(super) arguments: Vec<Clif>,
    fused: bool,
    parameters: Vec<Parameter>,
    /// Where `parameters` are: the first argument of the function, unless a loop has its own.
    base: Clif,
    /// The same address, as known in the innermost loop.
    parameters_at: Clif,
}

impl<'f> Code<'f> {
    /// Opens the function.
    pub(super) fn new(mut builder: FunctionBuilder<'f>, format: Format, fused: bool) -> Code<'f> {
        let entry = builder.create_block();
        builder.append_block_params_for_function_params(entry);
        builder.switch_to_block(entry);
        let arguments = builder.block_params(entry).to_vec();
        let base = arguments[0];
        Code { builder, format, arguments, fused, parameters: Vec::new(), base, parameters_at: base }
    }

    /// Evaluates the body and returns the value of every operation asked for.
    pub(super) fn body(
        &mut self,
        kernel: &Kernel,
        inputs: &[Clif],
        results: &[Value],
    ) -> Result<Vec<Clif>, Unsupported> {
        let mut values = Vec::with_capacity(kernel.body().len());
        for op in kernel.body() {
            let value = self.op(*op, &values, inputs);
            values.push(value.ok_or_else(|| unsupported(kernel, "it has a call"))?);
        }
        Ok(results.iter().map(|v| values[v.index()]).collect())
    }

    fn op(&mut self, op: Op, values: &[Clif], inputs: &[Clif]) -> Option<Clif> {
        let v = |value: Value| values[value.index()];
        Some(match op {
            Op::Const(c) => self.constant(c.get()),
            Op::Uniform(i) => self.parameter(Parameter::Uniform(i)),
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
        self.parameter(Parameter::constant(x, self.format.precision))
    }

    fn parameter(&mut self, parameter: Parameter) -> Clif {
        let index = parameter.index_in(&mut self.parameters);
        self.load(self.parameters_at, (index * VECTOR_BYTES) as i32)
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

    fn max(&mut self, a: Clif, b: Clif) -> Clif {
        let more = self.builder.ins().fcmp(FloatCC::LessThan, b, a);
        self.select(more, a, b)
    }

    pub(super) fn select(&mut self, mask: Clif, a: Clif, b: Clif) -> Clif {
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
        let below = self.parameter(Parameter::Bits(match self.format.precision {
            Precision::F32 => (1 << 23) - 1,
            Precision::F64 => (1 << 52) - 1,
        }));
        let below = self.cast(self.format.bits, below);
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
    /// Loads a vector that the function never writes; such loads stay next to their use.
    pub(super) fn load(&mut self, pointer: Clif, offset: i32) -> Clif {
        self.builder.ins().load(self.format.vector, read_only(), pointer, Offset32::new(offset))
    }

    /// Loads a vector that the function may have written.
    pub(super) fn reload(&mut self, pointer: Clif, offset: i32) -> Clif {
        self.builder.ins().load(self.format.vector, MemFlagsData::new().with_notrap(), pointer, Offset32::new(offset))
    }

    pub(super) fn store(&mut self, x: Clif, pointer: Clif, offset: i32) {
        self.builder.ins().store(MemFlagsData::new().with_notrap(), x, pointer, Offset32::new(offset));
    }

    /// The pointer at `index` of an array of pointers.
    pub(super) fn pointer(&mut self, array: Clif, index: usize) -> Clif {
        self.builder.ins().load(types::I64, read_only(), array, Offset32::new(8 * index as i32))
    }

    /// One scalar that the function never writes, in all lanes.
    pub(super) fn broadcast(&mut self, pointer: Clif, offset: i32) -> Clif {
        let x = self.builder.ins().load(self.format.scalar, read_only(), pointer, Offset32::new(offset));
        self.builder.ins().splat(self.format.vector, x)
    }

    /// `pointer + index * stride`.
    pub(super) fn at(&mut self, pointer: Clif, index: Clif, stride: usize) -> Clif {
        let stride = self.builder.ins().iconst(types::I64, stride as i64);
        let offset = self.builder.ins().imul(index, stride);
        self.builder.ins().iadd(pointer, offset)
    }
}

fn read_only() -> MemFlagsData {
    MemFlagsData::new().with_notrap().with_readonly().with_can_move()
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
        let zero = self.builder.ins().iconst(types::I64, 0);
        self.repeat_from(zero, count, body)
    }

    /// Runs `body` for `index` in `first..end`, which is not empty.
    pub(super) fn repeat_from<T>(&mut self, first: Clif, end: Clif, body: impl FnOnce(&mut Self, Clif) -> T) -> T {
        let (head, exit) = (self.builder.create_block(), self.builder.create_block());
        let index = self.builder.append_block_param(head, types::I64);
        self.builder.ins().jump(head, &[BlockArg::Value(first)]);
        self.builder.switch_to_block(head);
        let result = self.in_loop(index, body);
        let one = self.builder.ins().iconst(types::I64, 1);
        let next = self.builder.ins().iadd(index, one);
        let more = self.builder.ins().icmp(IntCC::UnsignedLessThan, next, end);
        self.builder.ins().brif(more, head, &[BlockArg::Value(next)], exit, &[]);
        self.builder.switch_to_block(exit);
        result
    }

    /// The same for a range that may be empty.
    pub(super) fn span<T>(&mut self, first: Clif, end: Clif, body: impl FnOnce(&mut Self, Clif) -> T) -> T {
        let (some, join) = (self.builder.create_block(), self.builder.create_block());
        let any = self.builder.ins().icmp(IntCC::UnsignedLessThan, first, end);
        self.builder.ins().brif(any, some, &[], join, &[]);
        self.builder.switch_to_block(some);
        let result = self.repeat_from(first, end, body);
        self.builder.ins().jump(join, &[]);
        self.builder.switch_to_block(join);
        result
    }

    fn in_loop<T>(&mut self, index: Clif, body: impl FnOnce(&mut Self, Clif) -> T) -> T {
        let outer = self.parameters_at;
        self.parameters_at = self.unhoisted(self.base, index);
        let result = body(self, index);
        self.parameters_at = outer;
        result
    }

    /// Ends a block: what the variables hold is computed before anything that follows. Cranelift otherwise orders a straight
    /// path by its last results, and keeps alive what each of them needs.
    pub(super) fn settle(&mut self, variables: impl Iterator<Item = Variable>) {
        let (next, variables): (_, Vec<Variable>) = (self.builder.create_block(), variables.collect());
        let values: Vec<BlockArg> = variables.iter().map(|v| BlockArg::Value(self.builder.use_var(*v))).collect();
        self.builder.ins().jump(next, &values);
        self.builder.switch_to_block(next);
        for variable in variables {
            let settled = self.builder.append_block_param(next, self.format.vector);
            self.builder.def_var(variable, settled);
        }
    }

    /// Reads constants and uniforms in `body` from memory at each use, not from registers shared with other calls of a
    /// different `salt < 16`. `index` is a loop counter.
    pub(super) fn with_fresh_parameters<T>(&mut self, index: Clif, salt: i64, body: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.parameters_at;
        let zero = self.builder.ins().ushr_imm_u(index, 63 - salt);
        self.parameters_at = self.builder.ins().iadd(self.base, zero);
        let result = body(self);
        self.parameters_at = outer;
        result
    }

    /// `pointer`, in a form that Cranelift takes to depend on `index`. It would otherwise hoist what is loaded from there
    /// out of the loop, run out of registers, and spill; a load in the loop is an operand of the instruction that needs it.
    fn unhoisted(&mut self, pointer: Clif, index: Clif) -> Clif {
        let zero = self.builder.ins().ushr_imm_u(index, 63);
        self.builder.ins().iadd(pointer, zero)
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

    /// Closes the function and returns what its first argument must hold.
    pub(super) fn leave(mut self, config: TargetFrontendConfig) -> Vec<Parameter> {
        self.builder.ins().return_(&[]);
        self.builder.seal_all_blocks();
        self.builder.finalize(config);
        self.parameters
    }
}
