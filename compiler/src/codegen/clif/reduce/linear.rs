//! Linear weights in few dimensions: nothing but sums.
//!
//! Holds: the vectors of a turn are added one after the other, so that differences and weights of one vector at a time live
//!   in registers beside the sums.

use cranelift_codegen::ir::Value as Clif;

use super::super::super::cpu::BLOCK_BYTES;
use super::super::body::Code;
use super::super::{Unsupported, VECTOR_BYTES};
use super::{Loops, Query, Source, Weighed, add, add_product, differences, squared_norm};
use crate::kernel::{MeanKind, Op};

/// Constants and uniforms that are kept in registers; if there are more, all are operands in memory.
const RESIDENT: usize = 3;

impl Loops<'_> {
    /// Adds a turn of sources to the sums of every query.
    pub(super) fn linear(&self, code: &mut Code<'_>, queries: &[Query], source: Source) -> Result<(), Unsupported> {
        let parameters = self.kernel.body().iter().filter(|op| matches!(op, Op::Const(_) | Op::Uniform(_))).count();
        for vector in 0..self.tile.vectors {
            for (i, query) in queries.iter().enumerate() {
                match parameters <= RESIDENT {
                    true => self.vector(code, query, source, vector)?,
                    false => {
                        let salt = (vector * queries.len() + i) as i64;
                        code.with_fresh_parameters(source.block, salt, |code| {
                            self.vector(code, query, source, vector)
                        })?;
                    }
                }
                code.settle(queries.iter().flat_map(|query| &query.sums).flatten().copied());
            }
        }
        Ok(())
    }

    fn vector(&self, code: &mut Code<'_>, query: &Query, source: Source, vector: usize) -> Result<(), Unsupported> {
        let offset = |d: usize| (d * BLOCK_BYTES + vector * VECTOR_BYTES) as i32;
        let y: Vec<Clif> = (0..self.dim).map(|d| code.load(source.y, offset(d))).collect();
        let r = differences(code, query, &y);
        let q = squared_norm(code, &r);
        let Weighed { w, values } = self.pair(code, q, source, vector)?;
        add(code, query, 1, w);
        for (mean, (part, value)) in self.means.iter().zip(self.partials.means.iter().zip(values)) {
            let summand = self.summand(code, mean, w, value);
            match mean.kind {
                MeanKind::Scalar(_) | MeanKind::Weighted(_) => add(code, query, part.first, summand),
                MeanKind::Displacement(_) => {
                    r.iter().enumerate().for_each(|(d, r)| add_product(code, query, part.first + d, summand, *r));
                }
            }
        }
        Ok(())
    }
}
