//! A whole step of a Runge-Kutta method for one particle after the other: all stages' sums, the update, the error estimate.
//!
//! In:   a reduction with linear weights in few dimensions, by the layout of its code; the tableau and the times come as data.
//! Out:  a function of the layout [`StepLayout`], which calls that code for the sums of each stage.
//! Holds: every operation and its order are those of the loop over stages that calls the reduction and combines its means in f64, so
//!   that both give the same bits wherever the sums are in range; whether they are is for the caller to see from `values`.

use cranelift_codegen::ir::{
    AbiParam, InstBuilder, MemFlagsData, SigRef, Signature, StackSlot, StackSlotData, StackSlotKind, Value as Clif,
    condcodes::IntCC, types,
};
use cranelift_codegen::isa::{CallConv, TargetFrontendConfig};
use cranelift_frontend::Variable;

use super::super::cpu::{BLOCK_BYTES, Layout};
use super::body::Code;
use super::{StepLayout, Unsupported, unsupported};
use crate::kernel::{Kernel, Mean, MeanKind, Precision, Shape};

/// Bytes of an f64.
const WORD: usize = 8;
/// Arguments of a reduction.
const REDUCE_ARGUMENTS: usize = 9;

pub(super) fn emit(
    mut code: Code<'_>,
    kernel: &Kernel,
    layout: &Layout,
    convention: CallConv,
    config: TargetFrontendConfig,
) -> Result<(), Unsupported> {
    let Shape::Reduce { means, dim, .. } = kernel.shape() else { return Ok(()) };
    let call = Call::new(&code).ok_or_else(|| unsupported(kernel, "its step has another signature"))?;
    let mut signature = Signature::new(convention);
    signature.params = vec![AbiParam::new(types::I64); REDUCE_ARGUMENTS];
    let signature = code.builder.import_signature(signature);
    let mut slot = |bytes: usize| {
        // The code of every target may read whole cache lines of it.
        let data = StackSlotData::new(StackSlotKind::ExplicitSlot, bytes as u32, SLOT_ALIGN_SHIFT);
        code.builder.create_sized_stack_slot(data)
    };
    let (query, partials) =
        (slot(dim * kernel.precision().bytes()), slot(layout.partials.vectors * layout.vector_bytes()));
    let step = Step { means, dim: *dim, layout, signature, query, partials };
    code.repeat(call.particles, |code, particle| step.particle(code, &call, particle));
    code.leave(config);
    Ok(())
}

/// Slots are aligned to vectors of 256 bits.
const SLOT_ALIGN_SHIFT: u8 = 5;

/// A step in one field.
struct Step<'a> {
    means: &'a [Mean],
    dim: usize,
    layout: &'a Layout,
    /// Of the reduction.
    signature: SigRef,
    /// One query, in the kernel's precision.
    query: StackSlot,
    /// Its partial sums.
    partials: StackSlot,
}

/// The arguments, as [`StepLayout`] lists them.
struct Call {
    parameters: Clif,
    parameter_bytes: Clif,
    sources: Clif,
    weights: [Clif; 3],
    blocks: Clif,
    flush: Clif,
    parts: Clif,
    particles: Clif,
    points: Clif,
    log_weights: Clif,
    center: Clif,
    constants: Clif,
    combinations: Clif,
    stages: Clif,
    first: Clif,
    values: Clif,
    out: Clif,
    reduction: Clif,
}

impl Call {
    fn new(code: &Code<'_>) -> Option<Call> {
        let arguments: [Clif; StepLayout::ARGUMENTS] = code.arguments.as_slice().try_into().ok()?;
        let [parameters, parameter_bytes, sources, w0, w1, w2, blocks, flush, parts, particles, rest @ ..] = arguments;
        let [points, log_weights, center, constants, combinations, stages, first, values, out, reduction] = rest;
        Some(Call {
            parameters,
            parameter_bytes,
            sources,
            weights: [w0, w1, w2],
            blocks,
            flush,
            parts,
            particles,
            points,
            log_weights,
            center,
            constants,
            combinations,
            stages,
            first,
            values,
            out,
            reduction,
        })
    }

    /// The row of weights by which stages are combined.
    fn row(&self, code: &mut Code<'_>, row: Clif) -> Clif {
        let offset = code.builder.ins().imul(row, self.stages);
        code.at(self.combinations, offset, WORD)
    }
}

impl Step<'_> {
    fn particle(&self, code: &mut Code<'_>, call: &Call, particle: Clif) {
        let dim = self.dim;
        let points = code.at(call.points, particle, WORD * dim);
        let mut start: Vec<Clif> = (0..dim).map(|d| load(code, points, d)).collect();
        let stage_of = code.builder.ins().imul(particle, call.stages);
        let values = code.at(call.values, stage_of, WORD * (dim + 2));
        code.span(call.first, call.stages, |code, stage| self.stage(code, call, &start, values, stage));
        let log_weight = code.at(call.log_weights, particle, WORD);
        start.push(load(code, log_weight, 0));
        let out = code.at(call.out, particle, WORD * 2 * (dim + 1));
        let solution = call.row(code, call.stages);
        let end = self.combine(code, solution, call.stages, values, &start);
        let one = code.builder.ins().iconst(types::I64, 1);
        let row = code.builder.ins().iadd(call.stages, one);
        let (defect, zero) = (call.row(code, row), code.builder.ins().f64const(0.0));
        let error = self.combine(code, defect, call.stages, values, &vec![zero; dim + 1]);
        end.into_iter().chain(error).enumerate().for_each(|(i, x)| store(code, x, out, i));
    }

    /// One stage: the point, the sums over all sources, `v` and `R/p` there.
    fn stage(&self, code: &mut Code<'_>, call: &Call, start: &[Clif], values: Clif, stage: Clif) {
        let row = call.row(code, stage);
        let x = self.combine(code, row, stage, values, start);
        let constants = code.at(call.constants, stage, WORD * StepLayout::CONSTANTS);
        let [stretch, velocity, births, scale, pull, rate, offset] =
            [0, 1, 2, 3, 4, 5, 6].map(|i| load(code, constants, i));
        x.iter().enumerate().for_each(|(d, x)| self.query(code, call, (d, *x), stretch));
        let bytes = code.builder.ins().imul(stage, call.parameter_bytes);
        let parameters = code.builder.ins().iadd(call.parameters, bytes);
        let sums = self.sums(code, call, parameters);
        let values = code.at(values, stage, WORD * (self.dim + 2));
        // The mean of the births, where the kernel has one; else the offset alone is the rate.
        let mut births_mean = code.builder.ins().f64const(0.0);
        for (mean, part) in self.means.iter().zip(&self.layout.partials.means) {
            let factor = if matches!(mean.kind, MeanKind::Displacement(_)) { velocity } else { births };
            let factor = code.builder.ins().fdiv(factor, sums[1]);
            match mean.kind {
                MeanKind::Scalar(_) | MeanKind::Weighted(_) => {
                    births_mean = code.builder.ins().fmul(sums[part.first], factor);
                }
                MeanKind::Displacement(_) => {
                    for (d, x) in x.iter().enumerate() {
                        let mean = code.builder.ins().fmul(sums[part.first + d], factor);
                        let scaled = code.builder.ins().fmul(scale, mean);
                        let pulled = code.builder.ins().fmul(pull, *x);
                        let v = code.builder.ins().fsub(scaled, pulled);
                        store(code, v, values, d);
                    }
                }
            }
        }
        let births = code.builder.ins().fmul(rate, births_mean);
        let births = code.builder.ins().fadd(births, offset);
        store(code, births, values, self.dim);
        store(code, sums[1], values, self.dim + 1);
    }

    /// Writes a coordinate in the frame of the sources.
    fn query(&self, code: &mut Code<'_>, call: &Call, (d, x): (usize, Clif), stretch: Clif) {
        let stretched = code.builder.ins().fmul(x, stretch);
        let center = load(code, call.center, d);
        let shifted = code.builder.ins().fsub(stretched, center);
        let coordinate = match self.layout.precision {
            Precision::F32 => code.builder.ins().fdemote(types::F32, shifted),
            Precision::F64 => shifted,
        };
        let offset = (d * self.layout.precision.bytes()) as i32;
        code.builder.ins().stack_store(types::I64, coordinate, self.query, offset);
    }

    /// The sums over all sources in f64, numbered as in the partials.
    fn sums(&self, code: &mut Code<'_>, call: &Call, parameters: Clif) -> Vec<Clif> {
        let zero = code.builder.ins().f64const(0.0);
        let totals: Vec<Variable> = (0..self.layout.partials.vectors).map(|_| scalar(code, zero)).collect();
        code.repeat(call.parts, |code, part| {
            let first = code.builder.ins().imul(part, call.flush);
            let end = code.builder.ins().iadd(first, call.flush);
            let fits = code.builder.ins().icmp(IntCC::UnsignedLessThan, end, call.blocks);
            let end = code.builder.ins().select(fits, end, call.blocks);
            let blocks = code.builder.ins().isub(end, first);
            let zero = code.builder.ins().f64const(0.0);
            for word in 0..self.layout.partials.vectors * self.layout.vector_bytes() / WORD {
                code.builder.ins().stack_store(types::I64, zero, self.partials, (word * WORD) as i32);
            }
            let sources = code.at(call.sources, first, self.dim * BLOCK_BYTES);
            let [w0, w1, w2] = call.weights.map(|column| code.at(column, first, BLOCK_BYTES));
            let [query, partials] =
                [self.query, self.partials].map(|slot| code.builder.ins().stack_addr(types::I64, slot, 0));
            let tiles = code.builder.ins().iconst(types::I64, 1);
            let arguments = [parameters, sources, w0, w1, w2, blocks, query, tiles, partials];
            code.builder.ins().call_indirect(self.signature, call.reduction, &arguments);
            // The first vector is the reference of logarithms, which linear weights do not have.
            for (vector, total) in totals.iter().enumerate().skip(1) {
                let lanes = self.sum_of_lanes(code, vector);
                let so_far = code.builder.use_var(*total);
                let now = code.builder.ins().fadd(so_far, lanes);
                code.builder.def_var(*total, now);
            }
        });
        totals.into_iter().map(|total| code.builder.use_var(total)).collect()
    }

    /// The lanes of a vector of the partial sums, added in f64 in their order.
    fn sum_of_lanes(&self, code: &mut Code<'_>, vector: usize) -> Clif {
        let Layout { lanes, precision, .. } = *self.layout;
        let lane = |code: &mut Code<'_>, i: usize| {
            let offset = ((vector * lanes + i) * precision.bytes()) as i32;
            match precision {
                Precision::F32 => {
                    let lane = code.builder.ins().stack_load(types::I64, types::F32, self.partials, offset);
                    code.builder.ins().fpromote(types::F64, lane)
                }
                Precision::F64 => code.builder.ins().stack_load(types::I64, types::F64, self.partials, offset),
            }
        };
        let first = lane(code, 0);
        (1..lanes).fold(first, |sum, i| {
            let lane = lane(code, i);
            code.builder.ins().fadd(sum, lane)
        })
    }

    /// `start + sum_(j < count) row[j] values[j]`, components in the order of `values`.
    fn combine(&self, code: &mut Code<'_>, row: Clif, count: Clif, values: Clif, start: &[Clif]) -> Vec<Clif> {
        let sums: Vec<Variable> = start.iter().map(|x| scalar(code, *x)).collect();
        let zero = code.builder.ins().iconst(types::I64, 0);
        code.span(zero, count, |code, j| {
            let (weight, stage) = (code.at(row, j, WORD), code.at(values, j, WORD * (self.dim + 2)));
            let weight = load(code, weight, 0);
            for (i, sum) in sums.iter().enumerate() {
                let value = load(code, stage, i);
                let product = code.builder.ins().fmul(weight, value);
                let so_far = code.builder.use_var(*sum);
                let now = code.builder.ins().fadd(so_far, product);
                code.builder.def_var(*sum, now);
            }
        });
        sums.into_iter().map(|sum| code.builder.use_var(sum)).collect()
    }
}

fn scalar(code: &mut Code<'_>, start: Clif) -> Variable {
    let variable = code.builder.declare_var(types::F64);
    code.builder.def_var(variable, start);
    variable
}

fn load(code: &mut Code<'_>, pointer: Clif, index: usize) -> Clif {
    code.builder.ins().load(types::F64, MemFlagsData::new().with_notrap(), pointer, (WORD * index) as i32)
}

fn store(code: &mut Code<'_>, x: Clif, pointer: Clif, index: usize) {
    code.builder.ins().store(MemFlagsData::new().with_notrap(), x, pointer, (WORD * index) as i32);
}
