//! The beginning of a fused sampler: each thread draws its particle from the prior, and weighs it where it was drawn from another law.
//!
//! In:   a map from uniform numbers to the way from a center; where the prior is another law's, that law's reduction.
//! Out:  the state of the particle, point and log weight.
//! Holds: the draw is in f64 whatever the precision of the field, and a function of key, purpose and number of the particle alone. The first
//!   uniform number chooses the center: the first whose cumulative weight exceeds it, so never one of weight zero.

use super::super::body::Uniforms;
use super::super::code::{Class, Code, Operand, Parameter, Reg, emit};
use super::super::random::Stream;
use super::super::{PriorLayout, Unsupported};
use super::Reduction;
use super::flow::{Site, WORD};
use super::unrolled::Query;
use crate::kernel::{Kernel, Precision, Shape};

/// What the beginning is compiled from.
pub(in super::super) struct Prior<'a> {
    /// From uniform numbers to the way from a center.
    pub draw: &'a Kernel,
    /// `log`, in f64.
    pub log: &'a Kernel,
    /// The law that the prior is drawn from instead, where there is one.
    pub proposal: Option<Reduction<'a>>,
}

/// The parameters behind those of a flow, as [`PriorLayout`] lists them.
struct Arguments {
    stream: Stream,
    numbers: Reg,
    cumulative: Reg,
    centers: Reg,
    center_count: Reg,
    prior_points: Reg,
}

impl Prior<'_> {
    /// Draws and weighs the particle of this thread.
    pub(super) fn state(
        &self,
        code: &mut Code,
        site: &Site,
        field: &Reduction,
        (query, tile): (&Query, Reg),
    ) -> Result<Vec<Reg>, Unsupported> {
        code.comment("the prior");
        let arguments = self.arguments(code, site);
        let mut state = self.point(code, &arguments, field.layout.dim)?;
        let (next, is_over) = (code.label(), site.is_over(code));
        emit!(code, "@{is_over} bra {next}");
        let row = code.at(arguments.prior_points, site.index, WORD * state.len());
        for (d, x) in state.iter().enumerate() {
            emit!(code, "st.global.f64 [{row}+{}], {x}", WORD * d);
        }
        code.place(next);
        let mut log_weight = code.load_wide(arguments.numbers, 0);
        if let Some(proposal) = &self.proposal {
            code.comment("its weight");
            let ratio = self.log_ratio(code, site, (field, proposal), &arguments, (query, tile), &state)?;
            let sum = code.reg(Class::F64);
            emit!(code, "add.rn.f64 {sum}, {log_weight}, {ratio}");
            log_weight = sum;
        }
        state.push(log_weight);
        Ok(state)
    }

    fn arguments(&self, code: &mut Code, site: &Site) -> Arguments {
        let key = ["key_low", "key_high"].map(|name| code.parameter(Parameter::Count, name));
        let first = ["first_low", "first_high"].map(|name| code.parameter(Parameter::Count, name));
        let purpose = code.parameter(Parameter::Count, "purpose");
        let numbers = code.parameter(Parameter::Pointer, "prior");
        let cumulative = code.parameter(Parameter::Pointer, "cumulative");
        let centers = code.parameter(Parameter::Pointer, "centers");
        let center_count = code.parameter(Parameter::Count, "center_count");
        let prior_points = code.parameter(Parameter::Pointer, "prior_points");
        let stream = Stream { key, index: code.number_of(first, site.clamped), purpose };
        Arguments { stream, numbers, cumulative, centers, center_count, prior_points }
    }

    /// A center, and the way from it.
    fn point(&self, code: &mut Code, arguments: &Arguments, dim: usize) -> Result<Vec<Reg>, Unsupported> {
        let numbers = match self.draw.shape() {
            Shape::Map { inputs, .. } => inputs.len(),
            Shape::Reduce { .. } => 0,
        };
        let uniform = code.uniform_numbers(&arguments.stream, 1 + numbers);
        let center = code.choose(arguments, uniform[0]);
        let row = code.at(arguments.centers, center, WORD * dim);
        code.in_precision(Precision::F64, |code| {
            let offset = code.reg(Class::B64);
            emit!(code, "add.u64 {offset}, {}, {}", arguments.numbers, WORD * PriorLayout::NUMBERS);
            let uniforms = Uniforms::load(code, self.draw, offset);
            let inputs: Vec<Option<Operand>> = uniform[1..].iter().map(|u| Some((*u).into())).collect();
            let way = code.body(self.draw, &uniforms, &inputs, &self.draw.shape().results())?;
            let mut place = |(d, part): (usize, Operand)| {
                let (y, x) = (code.load_wide(row, d), code.reg(Class::F64));
                emit!(code, "add.rn.f64 {x}, {y}, {part}");
                x
            };
            Ok(way.into_iter().enumerate().map(&mut place).collect())
        })
    }

    /// `log(p/q)` at the point, up to a constant: the difference of both log sums. NaN where a sum of linear weights has lost digits.
    fn log_ratio(
        &self,
        code: &mut Code,
        site: &Site,
        (field, other): (&Reduction, &Reduction),
        arguments: &Arguments,
        (query, tile): (&Query, Reg),
        x: &[Reg],
    ) -> Result<Reg, Unsupported> {
        let stretch = code.load_wide(site.constants, 0);
        let least = [code.load_wide(site.constants, super::flow::LEAST), code.load_wide(arguments.numbers, 1)];
        let uniforms = code.parameter(Parameter::Pointer, "proposal_uniforms");
        let sources = code.parameter(Parameter::Pointer, "proposal_sources");
        let other_tile = code.shared("proposal_tile", other.tile_bytes(code));
        let other_query = other.empty_query(code, query.index());
        let mut logs = Vec::new();
        for (reduction, query, tile, uniforms, sources, least) in [
            (field, query, tile, site.uniforms, site.sources, least[0]),
            (other, &other_query, other_tile, uniforms, sources, least[1]),
        ] {
            reduction.place(code, query, x, site.center, stretch);
            let uniforms = Uniforms::load(code, reduction.kernel, uniforms);
            reduction.over_all(code, site, (uniforms, sources), query, tile)?;
            logs.push(self.log_sum(code, reduction, query, least)?);
        }
        let ratio = code.reg(Class::F64);
        emit!(code, "sub.rn.f64 {ratio}, {}, {}", logs[0], logs[1]);
        Ok(ratio)
    }

    fn log_sum(&self, code: &mut Code, reduction: &Reduction, query: &Query, least: Reg) -> Result<Reg, Unsupported> {
        let sum = reduction.sound_sum(code, query, least);
        let m = reduction.reference(code, query);
        let none = Uniforms::Loaded(Vec::new());
        let log = code.in_precision(Precision::F64, |code| {
            code.body(self.log, &none, &[Some(sum.into())], &self.log.shape().results())
        })?;
        let log_sum = code.reg(Class::F64);
        emit!(code, "add.rn.f64 {log_sum}, {m}, {}", log[0]);
        Ok(log_sum)
    }
}

impl Code {
    /// The words of `first + offset`, low word first.
    fn number_of(&mut self, [low, high]: [Reg; 2], offset: Reg) -> [Reg; 2] {
        let wide = self.reg(Class::B64);
        emit!(self, "cvt.u64.u32 {wide}, {high}");
        emit!(self, "shl.b64 {wide}, {wide}, 32");
        for part in [low, offset] {
            emit!(self, "mad.wide.u32 {wide}, {part}, 1, {wide}");
        }
        let words = [(); 2].map(|()| self.reg(Class::B32));
        emit!(self, "cvt.u32.u64 {}, {wide}", words[0]);
        emit!(self, "shr.u64 {wide}, {wide}, 32");
        emit!(self, "cvt.u32.u64 {}, {wide}", words[1]);
        words
    }

    /// The number of the center at quantile `u`, by bisection.
    fn choose(&mut self, arguments: &Arguments, u: Reg) -> Reg {
        let (total, last) = (self.load_wide(arguments.numbers, 2), self.load_wide(arguments.numbers, 3));
        let (target, is_beyond) = (self.reg(Class::F64), self.reg(Class::Pred));
        emit!(self, "mul.rn.f64 {target}, {u}, {total}");
        // A product just below the total may round up to it.
        emit!(self, "setp.lt.f64 {is_beyond}, {last}, {target}");
        emit!(self, "selp.f64 {target}, {last}, {target}, {is_beyond}");
        let [low, high, middle] = [(); 3].map(|()| self.reg(Class::B32));
        let (weight, is_below) = (self.reg(Class::F64), self.reg(Class::Pred));
        emit!(self, "mov.u32 {low}, 0");
        emit!(self, "mov.u32 {high}, {}", arguments.center_count);
        self.while_below(low, high, 0, |code| {
            emit!(code, "add.u32 {middle}, {low}, {high}");
            emit!(code, "shr.u32 {middle}, {middle}, 1");
            let address = code.at(arguments.cumulative, middle, WORD);
            emit!(code, "ld.global.nc.f64 {weight}, [{address}]");
            emit!(code, "setp.le.f64 {is_below}, {weight}, {target}");
            emit!(code, "@{is_below} add.u32 {low}, {middle}, 1");
            emit!(code, "@!{is_below} mov.u32 {high}, {middle}");
        });
        low
    }
}
