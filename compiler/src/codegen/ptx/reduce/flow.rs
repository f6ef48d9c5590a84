//! Every step of a Runge-Kutta method for a population in one launch: one particle a thread, all steps in a loop.
//!
//! In:   a reduction in few dimensions; the tableau, the times and the frame come as data.
//! Out:  an entry of the layout [`FlowLayout`].
//! Holds: the state of a particle is in f64; stages are unrolled, and each sums over all sources as the reduction does. Where the sums of linear
//!   weights underflow, the particle ends as NaN, for the caller to see.

use super::super::body::Uniforms;
use super::super::code::{Class, Code, Parameter, Reg, emit};
use super::super::{FlowLayout, Unsupported};
use super::unrolled::Query;
use super::{Arguments, Reduction};
use crate::kernel::{Kernel, MeanKind, Precision, Shape};

/// Bytes of an f64.
const WORD: usize = 8;

/// The parameters are those of [`FlowLayout`].
pub(in super::super) fn emit(
    code: &mut Code,
    kernel: &Kernel,
    exp: &Kernel,
    layout: &FlowLayout,
) -> Result<(), Unsupported> {
    let Shape::Reduce { means, .. } = kernel.shape() else { return Ok(()) };
    code.max_threads = layout.reduce.block;
    let uniforms = code.parameter(Parameter::Pointer, "uniforms");
    let sources = code.parameter(Parameter::Pointer, "sources");
    let end = code.parameter(Parameter::Count, "source_count");
    let points = code.parameter(Parameter::Pointer, "points");
    let log_weights = code.parameter(Parameter::Pointer, "log_weights");
    let particles = code.parameter(Parameter::Count, "particle_count");
    let center = code.parameter(Parameter::Pointer, "center");
    let constants = code.parameter(Parameter::Pointer, "constants");
    let combinations = code.parameter(Parameter::Pointer, "combinations");
    let steps = code.parameter(Parameter::Count, "step_count");
    let (thread, threads, block) = (code.special("%tid.x"), code.special("%ntid.x"), code.special("%ctaid.x"));
    let [first, index, last, clamped] = [(); 4].map(|()| code.reg(Class::B32));
    emit!(code, "mad.lo.u32 {index}, {block}, {threads}, {thread}");
    emit!(code, "sub.u32 {last}, {particles}, 1");
    emit!(code, "min.u32 {clamped}, {index}, {last}");
    let reduction = Reduction { kernel, exp, means, layout: &layout.reduce };
    let dim = layout.reduce.dim;
    let (points, log_weights) = (code.at(points, clamped, WORD * dim), code.at(log_weights, clamped, WORD));
    let mut state: Vec<Reg> = (0..dim).map(|d| code.load_wide(points, d)).collect();
    state.push(code.load_wide(log_weights, 0));
    let tile = code.shared("tile", layout.reduce.tile * layout.reduce.record * code.float_bytes());
    let query = reduction.empty_query(code, index);
    let step = code.reg(Class::B32);
    emit!(code, "mov.u32 {step}, 0");
    code.while_below(step, steps, 1, |code| {
        let per_step = layout.stages * kernel.uniforms().len() * code.float_bytes();
        let uniforms = code.at(uniforms, step, per_step);
        let constants = code.at(constants, step, WORD * layout.stages * FlowLayout::CONSTANTS);
        let combinations = code.at(combinations, step, WORD * layout.stages * (layout.stages + 1));
        let mut values: Vec<Vec<Reg>> = Vec::new();
        for stage in 0..layout.stages {
            code.comment(&format!("stage {stage}"));
            let x = code.combined(&state[..dim], combinations, stage * layout.stages, &values);
            let constants: [Reg; FlowLayout::CONSTANTS] =
                std::array::from_fn(|i| code.load_wide(constants, stage * FlowLayout::CONSTANTS + i));
            let offset = code.reg(Class::B64);
            emit!(code, "add.u64 {offset}, {uniforms}, {}", stage * kernel.uniforms().len() * code.float_bytes());
            let uniforms = Uniforms::load(code, kernel, offset);
            reduction.place(code, &query, &x, center, constants[0]);
            emit!(code, "mov.u32 {first}, 0");
            let arguments = Arguments {
                uniforms,
                sources,
                queries: points,
                query_count: particles,
                partials: points,
                thread,
                block,
                part: block,
                first,
                end,
            };
            reduction.over_sources(code, &arguments, std::slice::from_ref(&query), tile, threads)?;
            values.push(reduction.rates(code, &query, &x, constants));
        }
        code.comment("the step");
        let next = code.combined(&state, combinations, layout.stages * layout.stages, &values);
        state.iter().zip(next).for_each(|(state, next)| emit!(code, "mov.f64 {state}, {next}"));
        Ok::<(), Unsupported>(())
    })?;
    let is_over = code.reg(Class::Pred);
    emit!(code, "setp.ge.u32 {is_over}, {index}, {particles}");
    emit!(code, "@{is_over} ret");
    for (d, x) in state[..dim].iter().enumerate() {
        emit!(code, "st.global.f64 [{points}+{}], {x}", WORD * d);
    }
    emit!(code, "st.global.f64 [{log_weights}], {}", state[dim]);
    Ok(())
}

impl Reduction<'_> {
    /// Brings a point into the frame of the sources and empties the sums.
    fn place(&self, code: &mut Code, query: &Query, x: &[Reg], center: Reg, stretch: Reg) {
        for (d, (x, target)) in x.iter().zip(&query.x).enumerate() {
            let (center, shifted) = (code.load_wide(center, d), code.reg(Class::F64));
            emit!(code, "mul.rn.f64 {shifted}, {x}, {stretch}");
            emit!(code, "sub.rn.f64 {shifted}, {shifted}, {center}");
            match code.precision {
                Precision::F32 => emit!(code, "cvt.rn.f32.f64 {target}, {shifted}"),
                Precision::F64 => emit!(code, "mov.f64 {target}, {shifted}"),
            }
        }
        self.clear(code, query);
    }

    /// `v` and `R/p` from the sums, as [`FlowLayout`] says.
    fn rates(
        &self,
        code: &mut Code,
        query: &Query,
        x: &[Reg],
        [_, velocity, births, scale, pull, rate, offset]: [Reg; FlowLayout::CONSTANTS],
    ) -> Vec<Reg> {
        let sums = if query.totals.is_empty() { &query.sums } else { &query.totals };
        let mut values = Vec::new();
        let births_per_particle = code.reg(Class::F64);
        // Without a mean of births, the offset alone is the rate.
        emit!(code, "mov.f64 {births_per_particle}, {offset}");
        for (mean, part) in self.means.iter().zip(&self.layout.partials.means) {
            let own = &sums[part.first - 1..][..part.count];
            let (factor, s) = (code.reg(Class::F64), sums[0]);
            match mean.kind {
                MeanKind::Displacement(_) => {
                    emit!(code, "div.rn.f64 {factor}, {velocity}, {s}");
                    for (sum, x) in own.iter().zip(x) {
                        let [mean, pulled, v] = [(); 3].map(|()| code.reg(Class::F64));
                        emit!(code, "mul.rn.f64 {mean}, {sum}, {factor}");
                        emit!(code, "mul.rn.f64 {mean}, {scale}, {mean}");
                        emit!(code, "mul.rn.f64 {pulled}, {pull}, {x}");
                        emit!(code, "sub.rn.f64 {v}, {mean}, {pulled}");
                        values.push(v);
                    }
                }
                MeanKind::Scalar(_) | MeanKind::Weighted(_) => {
                    let mean = code.reg(Class::F64);
                    emit!(code, "div.rn.f64 {factor}, {births}, {s}");
                    emit!(code, "mul.rn.f64 {mean}, {}, {factor}", own[0]);
                    emit!(code, "mul.rn.f64 {mean}, {rate}, {mean}");
                    emit!(code, "add.rn.f64 {births_per_particle}, {mean}, {births_per_particle}");
                }
            }
        }
        values.push(births_per_particle);
        values
    }
}

impl Code {
    fn load_wide(&mut self, base: Reg, index: usize) -> Reg {
        let value = self.reg(Class::F64);
        emit!(self, "ld.global.f64 {value}, [{base}+{}]", WORD * index);
        value
    }

    /// `start + sum_j row[j] values[j]`, component by component.
    fn combined(&mut self, start: &[Reg], combinations: Reg, row: usize, values: &[Vec<Reg>]) -> Vec<Reg> {
        let sums: Vec<Reg> = start
            .iter()
            .map(|x| {
                let sum = self.reg(Class::F64);
                emit!(self, "mov.f64 {sum}, {x}");
                sum
            })
            .collect();
        for (j, values) in values.iter().enumerate() {
            let weight = self.load_wide(combinations, row + j);
            for (sum, value) in sums.iter().zip(values) {
                let product = self.reg(Class::F64);
                emit!(self, "mul.rn.f64 {product}, {weight}, {value}");
                emit!(self, "add.rn.f64 {sum}, {sum}, {product}");
            }
        }
        sums
    }
}
