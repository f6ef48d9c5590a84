//! Weights given by their logarithm: a running maximum per lane, raised rarely.

use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::{InstBuilder, Value as Clif};

use super::super::body::Code;
use super::super::{Unsupported, VECTOR_BYTES};
use super::{Loops, Query, Source, Weighed, add, get, set};
use crate::codegen::sums::SLACK;
use crate::kernel::{MeanKind, Value, Weight};

impl Loops<'_> {
    /// Evaluates the pair body for every query and returns the weights, which are added to `s`, with the values of the means.
    ///
    /// One step is taken for all queries before the next: a processor looks ahead over a few hundred instructions, which
    /// then hold several independent chains of dependent operations, not one.
    pub(super) fn weigh(
        &self,
        code: &mut Code<'_>,
        queries: &[Query],
        q: &[Clif],
        source: Source,
    ) -> Result<Vec<Weighed>, Unsupported> {
        let mut pairs: Vec<Weighed> = q.iter().map(|q| self.pair(code, *q, source, 0)).collect::<Result<_, _>>()?;
        if let Weight::Log(_) = self.weight {
            self.exponentiate(code, queries, &mut pairs)?;
        }
        queries.iter().zip(&pairs).for_each(|(query, pair)| add(code, query, 1, pair.w));
        Ok(pairs)
    }

    /// Replaces every `l` by `exp(l - m)`.
    fn exponentiate(&self, code: &mut Code<'_>, queries: &[Query], pairs: &mut [Weighed]) -> Result<(), Unsupported> {
        let slack = code.constant(SLACK);
        let (mut too_large, mut any) = (Vec::new(), None);
        for (query, pair) in queries.iter().zip(&*pairs) {
            let m = get(code, query, 0);
            let excess = code.builder.ins().fsub(pair.w, m);
            let mask = code.builder.ins().fcmp(FloatCC::LessThan, slack, excess);
            any = Some(any.map_or(mask, |others| code.builder.ins().bor(others, mask)));
            too_large.push(mask);
        }
        if let Some(any) = any {
            code.if_any(any, true, |code| {
                let mut each = queries.iter().zip(&*pairs).zip(&too_large);
                each.try_for_each(|((query, pair), mask)| self.raise(code, query, pair.w, *mask))
            })?;
        }
        for (query, pair) in queries.iter().zip(pairs) {
            let m = get(code, query, 0);
            let excess = code.builder.ins().fsub(pair.w, m);
            pair.w = self.exp(code, excess)?;
        }
        Ok(())
    }

    /// Raises `m` to `l` in the lanes that need it and rescales every sum. The other lanes are scaled by exactly 1, so that
    /// a result does not depend on the other queries of its tile.
    fn raise(&self, code: &mut Code<'_>, query: &Query, l: Clif, too_large: Clif) -> Result<(), Unsupported> {
        let m = get(code, query, 0);
        let raised = code.select(too_large, l, m);
        let difference = code.builder.ins().fsub(m, raised);
        let scale = self.exp(code, difference)?;
        set(code, query, 0, raised);
        for vector in 1..query.sums.len() {
            if query.sums[vector].is_some() {
                let sum = get(code, query, vector);
                let sum = code.builder.ins().fmul(sum, scale);
                set(code, query, vector, sum);
            }
        }
        for (mean, part) in self.means.iter().zip(&self.partials.means) {
            match mean.kind {
                MeanKind::Displacement(_) if !self.tile.unrolled => self.dims(code, |code, dim| {
                    let offset = ((part.first + dim.step) * VECTOR_BYTES) as i32;
                    let pointer = code.builder.ins().iadd(query.partial, dim.partials);
                    let sum = code.reload(pointer, offset);
                    let sum = code.builder.ins().fmul(sum, scale);
                    code.store(sum, pointer, offset);
                }),
                MeanKind::Displacement(_) | MeanKind::Scalar(_) | MeanKind::Weighted(_) => {}
            }
        }
        Ok(())
    }

    fn exp(&self, code: &mut Code<'_>, x: Clif) -> Result<Clif, Unsupported> {
        let results: Vec<Value> = self.exp.shape().results();
        Ok(code.body(self.exp, &[x], &results)?[0])
    }
}
