//! The second pass: weights, and sums of numbers.

use super::super::super::Unsupported;
use super::super::super::code::{Class, Code, Operand, Reg, emit};
use super::super::super::seeds::Seeds;
use super::super::{Arguments, Reduction};
use super::{GROUPS, QUERIES, Sums, Tile};
use crate::kernel::MeanKind;

/// What the third pass needs to know of the second.
pub(super) struct Weighed {
    /// What sums of earlier tiles are to be multiplied by; 1 for all queries where nothing matters.
    pub scale: Option<Reg>,
    /// Whether a weight or a coefficient of the tile is not zero, for any query of the block.
    pub any_matters: Reg,
}

/// What a thread has seen of a tile.
struct Added {
    /// Of the totals, those that are numbers.
    sums: Vec<Option<Reg>>,
    matters: Reg,
}

impl Reduction<'_> {
    /// The second pass: weights in `w`, summands in the kept values, `s` and the scalars in the totals.
    pub(super) fn weights(
        &self,
        code: &mut Code,
        arguments: &Arguments,
        tile: &Tile,
        sums: &Sums,
        count: Reg,
    ) -> Result<Weighed, Unsupported> {
        code.comment("weights");
        let zero = code.constant(0.0);
        let matters = code.reg(Class::Pred);
        emit!(code, "setp.lt.u32 {matters}, {}, 0", arguments.thread);
        let added: Vec<Option<Reg>> =
            sums.totals.iter().map(|total| total.is_some().then(|| code.variable(zero))).collect();
        let added = Added { sums: added, matters };
        let lowest = self.lowest(code);
        let largest = code.variable(lowest);
        let j = code.reg(Class::B32);
        emit!(code, "mov.u32 {j}, {}", tile.group);
        code.while_below(j, self.layout.tile, GROUPS, |code| {
            let (offset, w, values) = self.evaluate(code, arguments, tile, j, count)?;
            if self.is_linear() {
                self.sum_up(code, tile, &added, offset, w, &values);
                return Ok(());
            }
            let is_larger = code.compare("lt", largest.into(), w);
            let t = code.float_type();
            emit!(code, "selp.{t} {largest}, {w}, {largest}, {is_larger}");
            self.keep(code, tile.w, offset, w);
            for (kept, value) in tile.values.iter().zip(values) {
                if let Some(kept) = kept {
                    self.keep(code, *kept, offset, value);
                }
            }
            Ok::<(), Unsupported>(())
        })?;
        let scale = match self.is_linear() {
            true => None,
            false => {
                let scale = self.agree(code, tile, sums, largest)?;
                self.exponentiated(code, tile, sums, &added)?;
                Some(scale)
            }
        };
        for (total, added) in sums.totals.iter().zip(&added.sums) {
            if let (Some(total), Some(added)) = (total, added) {
                let added = code.widened(*added);
                self.accumulate(code, *total, added, scale);
            }
        }
        let any_matters = code.reg(Class::Pred);
        emit!(code, "bar.red.or.pred {any_matters}, 0, {matters}");
        Ok(Weighed { scale, any_matters })
    }

    /// The pair body of source `j` of the tile and this thread's query; weight zero beyond the last source. Also the offset of the
    /// pair in `w`.
    fn evaluate(
        &self,
        code: &mut Code,
        arguments: &Arguments,
        tile: &Tile,
        j: Reg,
        count: Reg,
    ) -> Result<(Reg, Operand, Vec<Operand>), Unsupported> {
        let (bytes, t) = (code.float_bytes(), code.float_type());
        let offset = self.pair_offset(code, tile, j);
        let q = self.kept(code, tile.w, offset);
        let (index, last) = (code.reg(Class::B32), code.reg(Class::B32));
        emit!(code, "sub.u32 {last}, {}, 1", arguments.end);
        emit!(code, "add.u32 {index}, {}, {j}", arguments.first);
        emit!(code, "min.u32 {index}, {index}, {last}");
        let record = code.at(arguments.sources, index, self.layout.record * bytes);
        let weights: Vec<Operand> = (0..self.layout.reads.len())
            .map(|i| {
                let value = code.float();
                emit!(code, "ld.global.nc.{t} {value}, [{record}+{}]", (self.layout.dim + i) * bytes);
                value.into()
            })
            .collect();
        let (w, mut values) = self.pair(code, (&Seeds::default(), None), &arguments.uniforms, q, &weights)?;
        let is_source = code.reg(Class::Pred);
        emit!(code, "setp.lt.u32 {is_source}, {j}, {count}");
        let nothing = code.constant(if self.is_linear() { 0.0 } else { f64::NEG_INFINITY });
        let only_source = |code: &mut Code, value: Operand, nothing: Operand| {
            let chosen = code.float();
            emit!(code, "selp.{t} {chosen}, {value}, {nothing}, {is_source}");
            Operand::from(chosen)
        };
        let w = only_source(code, w, nothing);
        for (value, mean) in values.iter_mut().zip(self.means) {
            if let MeanKind::Weighted(_) = mean.kind {
                let zero = code.constant(0.0);
                *value = only_source(code, *value, zero);
            }
        }
        Ok((offset, w, values))
    }

    /// Adds a weight and the summands of numbers; leaves the weight and the summands of displacements for the third pass.
    fn sum_up(&self, code: &mut Code, tile: &Tile, added: &Added, offset: Reg, w: Operand, values: &[Operand]) {
        self.keep(code, tile.w, offset, w);
        code.mark(added.matters, w);
        if let Some(s) = added.sums[0] {
            code.float_op_into(s, "add.rn", &[s.into(), w]);
        }
        for (i, value) in values.iter().enumerate() {
            match (added.sums[i + 1], tile.values[i]) {
                (Some(sum), _) => {
                    let summand = self.summand(code, i, w, *value);
                    code.float_op_into(sum, "add.rn", &[sum.into(), summand]);
                }
                (None, Some(kept)) => {
                    let summand = self.summand(code, i, w, *value);
                    code.mark(added.matters, summand);
                    self.keep(code, kept, offset, summand);
                }
                (None, None) => {}
            }
        }
    }

    /// Raises `m` to the largest logarithm that any thread of the query has seen; returns the scale of earlier sums.
    fn agree(&self, code: &mut Code, tile: &Tile, sums: &Sums, largest: Reg) -> Result<Reg, Unsupported> {
        let (bytes, t) = (code.float_bytes(), code.float_type());
        let (own, all) = (code.reg(Class::B32), code.reg(Class::B32));
        emit!(code, "mad.lo.u32 {all}, {}, {bytes}, {}", tile.column, tile.exchange);
        emit!(code, "mad.lo.u32 {own}, {}, {}, {all}", tile.group, QUERIES * bytes);
        emit!(code, "st.shared.{t} [{own}], {largest}");
        emit!(code, "bar.sync 0");
        let m = code.variable(sums.m.into());
        for group in 0..GROUPS {
            let seen = code.float();
            emit!(code, "ld.shared.{t} {seen}, [{all}+{}]", group * QUERIES * bytes);
            let is_larger = code.compare("lt", m.into(), seen.into());
            emit!(code, "selp.{t} {m}, {seen}, {m}, {is_larger}");
        }
        let difference = code.float_op("sub.rn", &[sums.m.into(), m.into()]);
        let scale = self.exp(code, difference)?;
        code.float_op_into(sums.m, "mov", &[m.into()]);
        let scale = code.variable(scale);
        Ok(code.widened(scale))
    }

    /// Replaces the logarithms in `w` by `exp(l - m)` and sums up.
    fn exponentiated(&self, code: &mut Code, tile: &Tile, sums: &Sums, added: &Added) -> Result<(), Unsupported> {
        let (j, zero) = (code.reg(Class::B32), code.constant(0.0));
        emit!(code, "mov.u32 {j}, {}", tile.group);
        code.while_below(j, self.layout.tile, GROUPS, |code| {
            let offset = self.pair_offset(code, tile, j);
            let l = self.kept(code, tile.w, offset);
            let excess = code.float_op("sub.rn", &[l, sums.m.into()]);
            let w = self.exp(code, excess)?;
            let values: Vec<Operand> =
                tile.values.iter().map(|kept| kept.map_or(zero, |kept| self.kept(code, kept, offset))).collect();
            self.sum_up(code, tile, added, offset, w, &values);
            Ok(())
        })
    }
}

impl Code {
    /// Notes in `matters` that `x` is not zero.
    fn mark(&mut self, matters: Reg, x: Operand) {
        let (differs, t, zero) = (self.reg(Class::Pred), self.float_type(), self.constant(0.0));
        // Also true of NaN.
        emit!(self, "setp.neu.{t} {differs}, {x}, {zero}");
        emit!(self, "or.pred {matters}, {matters}, {differs}");
    }
}
