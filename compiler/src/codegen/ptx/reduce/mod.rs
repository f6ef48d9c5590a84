//! Reductions: sums over sources for the queries of a block.
//!
//! Holds: every sum is over `W_j exp(-m)` times its summand, with one `m` per query; linear weights have `m = 0`. Sums run in the
//!   kernel's precision over one tile of sources and are then added to totals in f64, so that the error of f32 does not
//!   grow with the number of sources.
//! In few dimensions a thread has its own queries, with coordinates and sums in registers ([`unrolled`]); above, the threads of a
//! block share a tile of queries and sources in shared memory ([`tiled`]).

pub(super) mod flow;
pub(super) mod prior;
mod tiled;
mod unrolled;

use super::body::{Uniforms, are_resident};
use super::code::{Class, Code, Operand, Parameter, Reg, emit};
use super::layout::vector_length;
use super::seeds::{Seeds, passes_nan};
use super::{ReduceLayout, Unsupported};
use crate::kernel::{Kernel, Mean, MeanKind, Op, PairInput, Precision, Scalar, Shape, Weight};

/// The parameters are those of [`ReduceLayout`].
pub(super) fn emit(code: &mut Code, kernel: &Kernel, exp: &Kernel, layout: &ReduceLayout) -> Result<(), Unsupported> {
    code.max_threads = layout.block;
    // Room for 128 or 168 registers of 32 bits: f64 takes them in pairs, and tiles hold a rectangle of pairs. With less, some spill.
    code.least_blocks = match (layout.queries_per_thread, code.precision) {
        (Some(_), Precision::F32) => None,
        (Some(_), Precision::F64) if layout.dim <= 8 && are_resident(kernel) => Some(4),
        (Some(_), Precision::F64) | (None, _) => Some(3),
    };
    let uniforms = code.parameter(Parameter::Pointer, "uniforms");
    let sources = code.parameter(Parameter::Pointer, "sources");
    let source_count = code.parameter(Parameter::Count, "source_count");
    let split = code.parameter(Parameter::Count, "split");
    let queries = code.parameter(Parameter::Pointer, "queries");
    let query_count = code.parameter(Parameter::Count, "query_count");
    let partials = code.parameter(Parameter::Pointer, "partials");
    let (thread, block, part) = (code.special("%tid.x"), code.special("%ctaid.x"), code.special("%ctaid.y"));
    let (first, end) = (code.reg(Class::B32), code.reg(Class::B32));
    emit!(code, "mul.lo.u32 {first}, {part}, {split}");
    emit!(code, "add.u32 {end}, {first}, {split}");
    emit!(code, "min.u32 {end}, {end}, {source_count}");
    let uniforms = Uniforms::load(code, kernel, uniforms);
    let arguments = Arguments { uniforms, sources, queries, query_count, partials, thread, block, part, first, end };
    let reduction = Reduction::new(kernel, exp, layout);
    match layout.queries_per_thread {
        Some(per_thread) => reduction.unrolled(code, &arguments, per_thread),
        None => reduction.tiled(code, &arguments),
    }
}

/// The arguments in registers, and where this thread is.
struct Arguments {
    uniforms: Uniforms,
    sources: Reg,
    queries: Reg,
    query_count: Reg,
    partials: Reg,
    thread: Reg,
    block: Reg,
    part: Reg,
    /// The next source to stage; advanced by the loop over tiles.
    first: Reg,
    /// Behind the last source of this split.
    end: Reg,
}

/// What is compiled.
pub(super) struct Reduction<'a> {
    kernel: &'a Kernel,
    /// `exp(x)` for `x <= 8`, which weights are computed with.
    exp: &'a Kernel,
    means: &'a [Mean],
    layout: &'a ReduceLayout,
    /// The quotients and roots that start from an approximation.
    seeds: Seeds,
}

impl<'a> Reduction<'a> {
    /// The reduction of a kernel; of a map, one without means.
    pub(super) fn new(kernel: &'a Kernel, exp: &'a Kernel, layout: &'a ReduceLayout) -> Reduction<'a> {
        let means: &[Mean] = match kernel.shape() {
            Shape::Reduce { means, .. } => means,
            Shape::Map { .. } => &[],
        };
        let seeds = match kernel.shape() {
            // Without a call in the loop, the assembler would hold a whole table in registers.
            _ if !are_resident(kernel) => Seeds::default(),
            Shape::Reduce { weight: Weight::Linear(w), .. } => Seeds::of(kernel, &[*w]),
            Shape::Reduce { weight: Weight::Log(l), .. } if keeps_nan(exp) => Seeds::of(kernel, &[*l]),
            Shape::Reduce { .. } | Shape::Map { .. } => Seeds::default(),
        };
        Reduction { kernel, exp, means, layout, seeds }
    }
}

/// Whether a function of one number is NaN for NaN.
fn keeps_nan(function: &Kernel) -> bool {
    let input = function.body().iter().position(|op| *op == Op::Input(0));
    input.is_some_and(|input| passes_nan(function.body(), input, &function.shape().results()))
}

impl Reduction<'_> {
    /// The weight and the values of the means for one pair. `record` are the coordinates and weights of the source.
    fn pair(
        &self,
        code: &mut Code,
        seeds: (&Seeds, Option<Reg>),
        uniforms: &Uniforms,
        q: Operand,
        weights: &[Operand],
    ) -> Result<(Operand, Vec<Operand>), Unsupported> {
        let weight = |input: PairInput| {
            let at = self.layout.reads.iter().position(|read| *read == input)?;
            Some(weights[at])
        };
        let inputs: Vec<Option<Operand>> = PairInput::ALL
            .into_iter()
            .enumerate()
            .map(|(i, input)| if i == 0 { Some(q) } else { weight(input) })
            .collect();
        let results = self.kernel.shape().results();
        let mut values = code.seeded_body(self.kernel, seeds, uniforms, &inputs, &results)?;
        Ok((values.remove(0), values))
    }

    fn exp(&self, code: &mut Code, x: Reg) -> Result<Operand, Unsupported> {
        let none = Uniforms::Loaded(Vec::new());
        Ok(code.body(self.exp, &none, &[Some(x.into())], &self.exp.shape().results())?[0])
    }

    /// What a mean adds up: weight times value, or the weight alone where the factor is common to all sources.
    fn summand(&self, code: &mut Code, mean: usize, w: Operand, value: Operand) -> Operand {
        match self.means[mean].kind {
            MeanKind::Weighted(_) => value,
            _ if self.layout.partials.means[mean].factor.is_some() => w,
            MeanKind::Scalar(_) | MeanKind::Displacement(_) => code.float_op("mul.rn", &[w, value]).into(),
        }
    }

    /// The start of the reference `m`: finite, so that minus infinity minus it is minus infinity, not NaN.
    fn lowest(&self, code: &Code) -> Operand {
        code.constant(match code.precision {
            Precision::F32 => f64::from(f32::LOWEST),
            Precision::F64 => f64::LOWEST,
        })
    }

    fn is_linear(&self) -> bool {
        self.layout.partials.linear
    }
}

impl Code {
    /// Neighbouring floats in shared memory.
    fn shared_row(&mut self, base: Reg, offset: usize, count: usize) -> Vec<Reg> {
        let (bytes, t) = (self.float_bytes(), self.float_type());
        let values: Vec<Reg> = (0..count).map(|_| self.float()).collect();
        let length = vector_length(self.precision, count);
        for (i, part) in values.chunks(length).enumerate() {
            let (vector, list) = vector(part);
            emit!(self, "ld.shared{vector}.{t} {list}, [{base}+{}]", offset + i * length * bytes);
        }
        values
    }

    /// A float register that starts with `x`.
    fn variable(&mut self, x: Operand) -> Reg {
        let reg = self.float();
        self.float_op_into(reg, "mov", &[x]);
        reg
    }

    /// `x` in f64.
    fn widened(&mut self, x: Reg) -> Reg {
        match self.precision {
            Precision::F64 => x,
            Precision::F32 => {
                let wide = self.reg(Class::F64);
                emit!(self, "cvt.f64.f32 {wide}, {x}");
                wide
            }
        }
    }

    /// The row of `query_count` partials of this split at `query`, and the bytes to the next row.
    fn partial_rows(&mut self, arguments: &Arguments, query: Reg, vectors: usize) -> (Reg, Reg) {
        let (row, start, step) = (self.reg(Class::B32), self.reg(Class::B64), self.reg(Class::B64));
        emit!(self, "mul.lo.u32 {row}, {}, {vectors}", arguments.part);
        emit!(self, "mul.wide.u32 {step}, {}, 8", arguments.query_count);
        let wide = self.reg(Class::B64);
        emit!(self, "cvt.u64.u32 {wide}, {row}");
        emit!(self, "mad.lo.u64 {start}, {wide}, {step}, {}", arguments.partials);
        (self.at(start, query, 8), step)
    }
}

/// The suffix and the operand of a load or store of several floats.
fn vector(values: &[Reg]) -> (String, String) {
    let list: Vec<String> = values.iter().map(Reg::to_string).collect();
    match &list[..] {
        [one] => (String::new(), one.clone()),
        _ => (format!(".v{}", list.len()), format!("{{{}}}", list.join(", "))),
    }
}
