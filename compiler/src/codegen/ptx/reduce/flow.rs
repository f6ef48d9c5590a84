//! Every step of a Runge-Kutta method for a population in one launch: one particle a thread, all steps in a loop.
//!
//! In:   a reduction in few dimensions; the tableau, the times and the frame come as data; where particles are drawn here, a [`Prior`].
//! Out:  an entry of the layout [`FlowLayout`].
//! Holds: the state of a particle is in f64; stages are unrolled, and each sums over all sources as the reduction does. Where the sums of linear
//!   weights have lost digits to underflow, the particle ends as NaN, for the caller to see.

use super::super::body::Uniforms;
use super::super::code::{Class, Code, Operand, Parameter, Reg, emit};
use super::super::{FlowLayout, Unsupported};
use super::prior::Prior;
use super::unrolled::Query;
use super::{Arguments, Reduction};
use crate::kernel::{MeanKind, Precision};

/// Bytes of an f64.
pub(super) const WORD: usize = 8;
/// Where the least sound sum is among the constants of a stage.
pub(super) const LEAST: usize = 7;

/// What a flow is compiled from.
pub(in super::super) struct Flow<'a> {
    pub reduction: Reduction<'a>,
    pub layout: &'a FlowLayout,
    pub prior: Option<Prior<'a>>,
}

/// The arguments in registers, and where this thread is.
pub(super) struct Site {
    pub uniforms: Reg,
    pub sources: Reg,
    pub center: Reg,
    pub constants: Reg,
    /// The number of this thread's particle.
    pub index: Reg,
    /// The same, for threads beyond the last particle that of the last.
    pub clamped: Reg,
    end: Reg,
    points: Reg,
    log_weights: Reg,
    particles: Reg,
    combinations: Reg,
    steps: Reg,
    thread: Reg,
    threads: Reg,
    block: Reg,
}

/// The parameters are those of [`FlowLayout`].
pub(in super::super) fn emit(code: &mut Code, flow: &Flow) -> Result<(), Unsupported> {
    let Flow { reduction, layout, prior } = flow;
    code.max_threads = layout.reduce.block;
    // Room for 168 registers of 32 bits, or all 255: the state, the sums and the body of any law.
    code.least_blocks = Some(match code.precision {
        Precision::F32 => 3,
        Precision::F64 => 2,
    });
    let site = Site::new(code);
    let dim = layout.reduce.dim;
    let tile = code.shared("tile", reduction.tile_bytes(code));
    let query = reduction.empty_query(code, site.index);
    let state = match prior {
        Some(prior) => prior.state(code, &site, reduction, (&query, tile))?,
        None => {
            let (points, log_weights) = site.rows(code, dim);
            let mut state: Vec<Reg> = (0..dim).map(|d| code.load_wide(points, d)).collect();
            state.push(code.load_wide(log_weights, 0));
            state
        }
    };
    let step = code.reg(Class::B32);
    emit!(code, "mov.u32 {step}, 0");
    code.while_below(step, site.steps, 1, |code| flow.step(code, &site, step, &state, (&query, tile)))?;
    let is_over = site.is_over(code);
    emit!(code, "@{is_over} ret");
    let (points, log_weights) = site.rows(code, dim);
    for (d, x) in state[..dim].iter().enumerate() {
        emit!(code, "st.global.f64 [{points}+{}], {x}", WORD * d);
    }
    emit!(code, "st.global.f64 [{log_weights}], {}", state[dim]);
    Ok(())
}

impl Flow<'_> {
    /// Advances the state by one step.
    fn step(
        &self,
        code: &mut Code,
        site: &Site,
        step: Reg,
        state: &[Reg],
        (query, tile): (&Query, Reg),
    ) -> Result<(), Unsupported> {
        let (reduction, stages) = (&self.reduction, self.layout.stages);
        let bytes = reduction.kernel.uniforms().len() * code.float_bytes();
        let uniforms = code.at(site.uniforms, step, stages * bytes);
        let constants = code.at(site.constants, step, WORD * stages * FlowLayout::CONSTANTS);
        let combinations = code.at(site.combinations, step, WORD * stages * (stages + 1));
        let mut values: Vec<Vec<Reg>> = Vec::new();
        for stage in 0..stages {
            code.comment(&format!("stage {stage}"));
            let x = code.combined(&state[..self.layout.reduce.dim], combinations, stage * stages, &values);
            let stretch = code.load_wide(constants, stage * FlowLayout::CONSTANTS);
            let offset = code.reg(Class::B64);
            emit!(code, "add.u64 {offset}, {uniforms}, {}", stage * bytes);
            let uniforms = Uniforms::load(code, reduction.kernel, offset);
            reduction.place(code, query, &x, site.center, stretch);
            reduction.over_all(code, site, (uniforms, site.sources), query, tile)?;
            // Loaded only now, so that they need no registers while the sums are taken.
            let constants = std::array::from_fn(|i| code.load_wide(constants, stage * FlowLayout::CONSTANTS + 1 + i));
            values.push(reduction.rates(code, query, &x, constants));
        }
        code.comment("the step");
        let next = code.combined(state, combinations, stages * stages, &values);
        state.iter().zip(next).for_each(|(state, next)| emit!(code, "mov.f64 {state}, {next}"));
        Ok(())
    }
}

impl Site {
    fn new(code: &mut Code) -> Site {
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
        let [index, last, clamped] = [(); 3].map(|()| code.reg(Class::B32));
        emit!(code, "mad.lo.u32 {index}, {block}, {threads}, {thread}");
        emit!(code, "sub.u32 {last}, {particles}, 1");
        emit!(code, "min.u32 {clamped}, {index}, {last}");
        Site {
            uniforms,
            sources,
            center,
            constants,
            index,
            clamped,
            end,
            points,
            log_weights,
            particles,
            combinations,
            steps,
            thread,
            threads,
            block,
        }
    }

    /// Where the point and the log weight of this thread's particle are.
    fn rows(&self, code: &mut Code, dim: usize) -> (Reg, Reg) {
        (code.at(self.points, self.clamped, WORD * dim), code.at(self.log_weights, self.clamped, WORD))
    }

    /// Whether this thread has no particle of its own.
    pub(super) fn is_over(&self, code: &mut Code) -> Reg {
        let is_over = code.reg(Class::Pred);
        emit!(code, "setp.ge.u32 {is_over}, {}, {}", self.index, self.particles);
        is_over
    }
}

impl Reduction<'_> {
    /// Bytes of a tile of sources.
    pub(super) fn tile_bytes(&self, code: &Code) -> usize {
        self.layout.tile * self.layout.record * code.float_bytes()
    }

    /// Adds all sources to the sums of a query that has been placed.
    pub(super) fn over_all(
        &self,
        code: &mut Code,
        site: &Site,
        (uniforms, sources): (Uniforms, Reg),
        query: &Query,
        tile: Reg,
    ) -> Result<(), Unsupported> {
        let first = code.reg(Class::B32);
        emit!(code, "mov.u32 {first}, 0");
        let arguments = Arguments {
            uniforms,
            sources,
            queries: site.points,
            query_count: site.particles,
            partials: site.points,
            thread: site.thread,
            block: site.block,
            part: site.block,
            first,
            end: site.end,
        };
        self.over_sources(code, &arguments, std::slice::from_ref(query), tile, site.threads)
    }

    /// The sum of weights, NaN where it is below `least`, that is, has lost digits.
    pub(super) fn sound_sum(&self, code: &mut Code, query: &Query, least: Reg) -> Reg {
        let (sum, is_lost) = (code.reg(Class::F64), code.reg(Class::Pred));
        let total = query.totals.first().unwrap_or(&query.sums[0]);
        emit!(code, "setp.lt.f64 {is_lost}, {total}, {least}");
        emit!(code, "selp.f64 {sum}, {}, {total}, {is_lost}", Operand::F64(f64::NAN.to_bits()));
        sum
    }

    /// Brings a point into the frame of the sources and empties the sums.
    pub(super) fn place(&self, code: &mut Code, query: &Query, x: &[Reg], center: Reg, stretch: Reg) {
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
        [velocity, births, scale, pull, rate, offset, least]: [Reg; FlowLayout::CONSTANTS - 1],
    ) -> Vec<Reg> {
        let sums = if query.totals.is_empty() { &query.sums } else { &query.totals };
        let s = self.sound_sum(code, query, least);
        let mut values = Vec::new();
        let births_per_particle = code.reg(Class::F64);
        // Without a mean of births, the offset alone is the rate.
        emit!(code, "mov.f64 {births_per_particle}, {offset}");
        for (mean, part) in self.means.iter().zip(&self.layout.partials.means) {
            let own = &sums[part.first - 1..][..part.count];
            let factor = code.reg(Class::F64);
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
    pub(super) fn load_wide(&mut self, base: Reg, index: usize) -> Reg {
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
