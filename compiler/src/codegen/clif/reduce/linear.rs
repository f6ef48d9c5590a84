//! Linear weights in few dimensions: nothing but sums, one step for all vectors of a turn.

use cranelift_codegen::ir::{InstBuilder, Value as Clif};

use super::super::body::Code;
use super::super::{Unsupported, VECTOR_BYTES};
use super::{BLOCK_BYTES, Loops, Query, Source, Weighed, add, differences, squared_norm};
use crate::kernel::MeanKind;

impl Loops<'_> {
    /// Adds a turn of sources to the sums of every query.
    pub(super) fn linear(&self, code: &mut Code<'_>, queries: &[Query], source: Source) -> Result<(), Unsupported> {
        for query in queries {
            let (mut r, mut pairs) = (Vec::new(), Vec::new());
            for vector in 0..self.tile.vectors {
                let y: Vec<Clif> = (0..self.dim)
                    .map(|d| code.load(source.y, (d * BLOCK_BYTES + vector * VECTOR_BYTES) as i32))
                    .collect();
                r.push(differences(code, query, &y));
                let q = squared_norm(code, &r[vector]);
                pairs.push(self.pair(code, q, source, vector)?);
            }
            self.add_up(code, query, &r, &pairs);
        }
        Ok(())
    }

    /// The vectors are summed before they meet the running sums, whose chains of additions are then shorter.
    fn add_up(&self, code: &mut Code<'_>, query: &Query, r: &[Vec<Clif>], pairs: &[Weighed]) {
        let weights: Vec<Clif> = pairs.iter().map(|pair| pair.w).collect();
        let total = sum(code, &weights);
        add(code, query, 1, total);
        for (i, (mean, part)) in self.means.iter().zip(&self.partials.means).enumerate() {
            let summands: Vec<Clif> =
                pairs.iter().map(|pair| self.summand(code, mean, pair.w, pair.values[i])).collect();
            match mean.kind {
                MeanKind::Scalar(_) | MeanKind::Weighted(_) => {
                    let total = sum(code, &summands);
                    add(code, query, part.first, total);
                }
                MeanKind::Displacement(_) => (0..self.dim).for_each(|d| {
                    let first = code.builder.ins().fmul(summands[0], r[0][d]);
                    let rest = summands.iter().zip(r).skip(1);
                    let total = rest.fold(first, |total, (summand, r)| code.fma(*summand, r[d], total));
                    add(code, query, part.first + d, total);
                }),
            }
        }
    }
}

fn sum(code: &mut Code<'_>, summands: &[Clif]) -> Clif {
    summands[1..].iter().fold(summands[0], |total, x| code.builder.ins().fadd(total, *x))
}
