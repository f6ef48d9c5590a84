//! A whole step of a Runge-Kutta method for one particle after the other: all stages' sums, the update, the error estimate.
//!
//! In:   a reduction with linear weights in few dimensions; the tableau and the times come as data.
//! Out:  a function of the layout [`StepLayout`].
//! Holds: every operation and its order are those of the loop over stages that calls the reduction and combines its means in f64, so
//!   that both give the same bits wherever the sums are in range; whether they are is for the caller to see from `values`.

use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Value as Clif, condcodes::IntCC, types};
use cranelift_codegen::isa::TargetFrontendConfig;
use cranelift_frontend::Variable;

use super::super::body::Code;
use super::super::{Parameter, Partials, StepLayout, Tile, Unsupported, unsupported};
use super::{BLOCK_BYTES, Loops, Query, Source, Sources, log};
use crate::kernel::{Kernel, MeanKind, Precision, Shape};

/// Bytes of an f64.
const WORD: usize = 8;

pub(in super::super) fn emit(
    mut code: Code<'_>,
    kernel: &Kernel,
    tile: Tile,
    partials: &Partials,
    config: TargetFrontendConfig,
) -> Result<Vec<Parameter>, Unsupported> {
    let Shape::Reduce { means, dim, weight } = kernel.shape() else { return Ok(Vec::new()) };
    let exp = log::weight_kernel(kernel.precision())?;
    let loops = Loops { kernel, weight: *weight, exp: &exp, means, dim: *dim, tile, partials };
    let call = Call::new(&code).ok_or_else(|| unsupported(kernel, "its step has another signature"))?;
    code.repeat(call.particles, |code, particle| loops.particle(code, &call, particle))?;
    Ok(code.leave(config))
}

/// The arguments, as [`StepLayout`] lists them.
struct Call {
    parameters: Clif,
    parameter_bytes: Clif,
    sources: Sources,
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
}

impl Call {
    fn new(code: &Code<'_>) -> Option<Call> {
        let arguments: [Clif; StepLayout::ARGUMENTS] = code.arguments.as_slice().try_into().ok()?;
        let [parameters, parameter_bytes, coordinates, w0, w1, w2, blocks, flush, parts, particles, rest @ ..] =
            arguments;
        let [points, log_weights, center, constants, combinations, stages, first, values, out] = rest;
        let sources = Sources { coordinates, weights: [w0, w1, w2], blocks };
        Some(Call {
            parameters,
            parameter_bytes,
            sources,
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
        })
    }

    /// The row of weights by which stages are combined.
    fn row(&self, code: &mut Code<'_>, row: Clif) -> Clif {
        let offset = code.builder.ins().imul(row, self.stages);
        code.at(self.combinations, offset, WORD)
    }
}

impl Loops<'_> {
    fn particle(&self, code: &mut Code<'_>, call: &Call, particle: Clif) -> Result<(), Unsupported> {
        let dim = self.dim;
        let points = code.at(call.points, particle, WORD * dim);
        let mut start: Vec<Clif> = (0..dim).map(|d| load(code, points, d)).collect();
        let stage_of = code.builder.ins().imul(particle, call.stages);
        let values = code.at(call.values, stage_of, WORD * (dim + 2));
        code.span(call.first, call.stages, |code, stage| self.stage(code, call, &start, values, stage))?;
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
        Ok(())
    }

    /// One stage: the point, the sums over all sources, `v` and `R/p` there.
    fn stage(
        &self,
        code: &mut Code<'_>,
        call: &Call,
        start: &[Clif],
        values: Clif,
        stage: Clif,
    ) -> Result<(), Unsupported> {
        let row = call.row(code, stage);
        let x = self.combine(code, row, stage, values, start);
        let constants = code.at(call.constants, stage, WORD * StepLayout::CONSTANTS);
        let [stretch, velocity, births, scale, pull, rate, offset] =
            [0, 1, 2, 3, 4, 5, 6].map(|i| load(code, constants, i));
        let query: Vec<Clif> = x.iter().enumerate().map(|(d, x)| self.query(code, call, (d, *x), stretch)).collect();
        let bytes = code.builder.ins().imul(stage, call.parameter_bytes);
        let parameters = code.builder.ins().iadd(call.parameters, bytes);
        let sums = code.with_parameters(parameters, |code| self.sums(code, call, query))?;
        let values = code.at(values, stage, WORD * (self.dim + 2));
        // The mean of the births, where the kernel has one; else the offset alone is the rate.
        let mut births_mean = code.builder.ins().f64const(0.0);
        for (mean, part) in self.means.iter().zip(&self.partials.means) {
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
        Ok(())
    }

    /// A coordinate in the frame of the sources, in all lanes.
    fn query(&self, code: &mut Code<'_>, call: &Call, (d, x): (usize, Clif), stretch: Clif) -> Clif {
        let stretched = code.builder.ins().fmul(x, stretch);
        let center = load(code, call.center, d);
        let shifted = code.builder.ins().fsub(stretched, center);
        let lane = match code.format.precision {
            Precision::F32 => code.builder.ins().fdemote(types::F32, shifted),
            Precision::F64 => shifted,
        };
        code.builder.ins().splat(code.format.vector, lane)
    }

    /// The sums over all sources in f64, numbered as in the partials.
    fn sums(&self, code: &mut Code<'_>, call: &Call, unrolled: Vec<Clif>) -> Result<Vec<Clif>, Unsupported> {
        let zero = code.builder.ins().f64const(0.0);
        let totals: Vec<Variable> = (0..self.partials.vectors).map(|_| scalar(code, zero)).collect();
        code.repeat(call.parts, |code, part| {
            let first = code.builder.ins().imul(part, call.flush);
            let end = code.builder.ins().iadd(first, call.flush);
            let fits = code.builder.ins().icmp(IntCC::UnsignedLessThan, end, call.sources.blocks);
            let end = code.builder.ins().select(fits, end, call.sources.blocks);
            let nothing = code.constant(0.0);
            // The first vector is the reference of logarithms, which linear weights do not have.
            let sums: Vec<Option<Variable>> =
                (0..self.partials.vectors).map(|i| (i > 0).then(|| code.variable(nothing))).collect();
            let query = Query { x: call.points, unrolled: unrolled.clone(), partial: call.out, sums };
            code.repeat_from(first, end, |code, block| {
                let y = code.at(call.sources.coordinates, block, self.dim * BLOCK_BYTES);
                let weights = call.sources.weights.map(|column| code.at(column, block, BLOCK_BYTES));
                self.linear(code, std::slice::from_ref(&query), Source { block, y, weights })
            })?;
            for (total, sum) in totals.iter().zip(&query.sums) {
                if let Some(sum) = sum {
                    let (sum, total_so_far) = (code.builder.use_var(*sum), code.builder.use_var(*total));
                    let lanes = sum_of_lanes(code, sum);
                    let total_now = code.builder.ins().fadd(total_so_far, lanes);
                    code.builder.def_var(*total, total_now);
                }
            }
            Ok::<(), Unsupported>(())
        })?;
        Ok(totals.into_iter().map(|total| code.builder.use_var(total)).collect())
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

/// The lanes of a vector, added in f64 in their order.
fn sum_of_lanes(code: &mut Code<'_>, vector: Clif) -> Clif {
    let mut lanes = (0..code.format.lanes() as u8).map(|i| {
        let lane = code.builder.ins().extractlane(vector, i);
        match code.format.precision {
            Precision::F32 => code.builder.ins().fpromote(types::F64, lane),
            Precision::F64 => lane,
        }
    });
    let lanes: Vec<Clif> = lanes.by_ref().collect();
    lanes[1..].iter().fold(lanes[0], |sum, lane| code.builder.ins().fadd(sum, *lane))
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
