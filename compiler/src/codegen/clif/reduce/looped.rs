//! Many dimensions: loops over them, with the sums of displacements in the partials.
//!
//! Holds: the second loop over dimensions is skipped when every weight of the vector is 0.

use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::{InstBuilder, Value as Clif, types};
use cranelift_frontend::Variable;

use super::super::super::cpu::BLOCK_BYTES;
use super::super::body::Code;
use super::super::{Unsupported, VECTOR_BYTES};
use super::{Loops, Query, Source, add};
use crate::kernel::MeanKind;

/// Dimensions per turn of a loop over dimensions: independent sums hide the latency of the multiply-add.
const STEP: usize = 2;

/// A step of a loop over dimensions: byte offsets of the first of `STEP` dimensions in the sources, the partials and the queries,
/// and which of them this is.
#[derive(Clone, Copy)]
pub(super) struct Dim {
    pub(super) sources: Clif,
    pub(super) partials: Clif,
    pub(super) scalars: Clif,
    pub(super) step: usize,
}

impl Loops<'_> {
    /// Adds a vector of sources to the sums of every query.
    pub(super) fn looped(&self, code: &mut Code<'_>, queries: &[Query], source: Source) -> Result<(), Unsupported> {
        let q = self.squared_distances(code, queries, source.y);
        for (query, pair) in queries.iter().zip(self.weigh(code, queries, &q, source)?) {
            let mut displacements = Vec::new();
            for (mean, (part, value)) in self.means.iter().zip(self.partials.means.iter().zip(&pair.values)) {
                let summand = self.summand(code, mean, pair.w, *value);
                match mean.kind {
                    MeanKind::Scalar(_) | MeanKind::Weighted(_) => add(code, query, part.first, summand),
                    MeanKind::Displacement(_) => displacements.push((part.first, summand)),
                }
            }
            if !displacements.is_empty() {
                self.displace(code, query, source.y, pair.w, &displacements);
            }
        }
        Ok(())
    }

    /// Adds `summand (x - y)` to displacements in memory, if any weight is not 0.
    fn displace(&self, code: &mut Code<'_>, query: &Query, y: Clif, w: Clif, displacements: &[(usize, Clif)]) {
        let zero = code.constant(0.0);
        let matters = code.builder.ins().fcmp(FloatCC::NotEqual, w, zero);
        code.if_any(matters, false, |code| {
            self.dims(code, |code, dim| {
                let r = self.component(code, query.x, y, dim);
                for (first, summand) in displacements {
                    let offset = ((first + dim.step) * VECTOR_BYTES) as i32;
                    let pointer = code.builder.ins().iadd(query.partial, dim.partials);
                    let sum = code.reload(pointer, offset);
                    let sum = code.fma(*summand, r, sum);
                    code.store(sum, pointer, offset);
                }
            });
        });
    }

    /// `|x - y|^2` for every query of the tile, with one load of `y` for all.
    fn squared_distances(&self, code: &mut Code<'_>, queries: &[Query], y: Clif) -> Vec<Clif> {
        let zero = code.constant(0.0);
        let sums: Vec<[Variable; STEP]> =
            queries.iter().map(|_| std::array::from_fn(|_| code.variable(zero))).collect();
        self.dims(code, |code, dim| {
            let pointer = code.builder.ins().iadd(y, dim.sources);
            let y = code.load(pointer, (dim.step * BLOCK_BYTES) as i32);
            for (query, sums) in queries.iter().zip(&sums) {
                let pointer = code.builder.ins().iadd(query.x, dim.scalars);
                let x = code.broadcast(pointer, dim.step as i32 * code.format.scalar_bytes());
                let r = code.builder.ins().fsub(x, y);
                let sum = code.builder.use_var(sums[dim.step]);
                let sum = code.fma(r, r, sum);
                code.builder.def_var(sums[dim.step], sum);
            }
        });
        let total = |sums: &[Variable; STEP]| {
            let first = code.builder.use_var(sums[0]);
            sums[1..].iter().fold(first, |total, sum| {
                let sum = code.builder.use_var(*sum);
                code.builder.ins().fadd(total, sum)
            })
        };
        sums.iter().map(total).collect()
    }

    /// `x_d - y_d` from memory.
    fn component(&self, code: &mut Code<'_>, x: Clif, y: Clif, dim: Dim) -> Clif {
        let (x, y) = (code.builder.ins().iadd(x, dim.scalars), code.builder.ins().iadd(y, dim.sources));
        let x = code.broadcast(x, dim.step as i32 * code.format.scalar_bytes());
        let y = code.load(y, (dim.step * BLOCK_BYTES) as i32);
        code.builder.ins().fsub(x, y)
    }

    /// Runs `body` for every dimension: a loop over groups of `STEP`, then the rest.
    pub(super) fn dims(&self, code: &mut Code<'_>, mut body: impl FnMut(&mut Code<'_>, Dim)) {
        let groups = self.dim / STEP;
        let group_at = |code: &mut Code<'_>, group: Clif| {
            let zero = code.builder.ins().iconst(types::I64, 0);
            let scalar = code.format.scalar_bytes() as usize;
            let [sources, partials, scalars] =
                [BLOCK_BYTES, VECTOR_BYTES, scalar].map(|stride| code.at(zero, group, STEP * stride));
            move |step| Dim { sources, partials, scalars, step }
        };
        let count = code.builder.ins().iconst(types::I64, groups as i64);
        code.repeat(count, |code, group| {
            let dim = group_at(code, group);
            (0..STEP).for_each(|step| body(code, dim(step)));
        });
        let dim = group_at(code, count);
        (0..self.dim % STEP).for_each(|step| body(code, dim(step)));
    }
}
