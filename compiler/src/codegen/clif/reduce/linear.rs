//! Linear weights in few dimensions: nothing but sums.
//!
//! Holds: the vectors of a turn are added one after the other, so that differences and weights of one vector at a time live
//!   in registers beside the sums. A body whose exponential waits for a square root is evaluated in two halves, the first
//!   for every vector before the second for any: a processor has room for a few dozen waiting operations, which then
//!   belong to several short chains and not to one long one.

use cranelift_codegen::ir::Value as Clif;

use super::super::body::Code;
use super::super::{Unsupported, VECTOR_BYTES, unsupported};
use super::{BLOCK_BYTES, Loops, Query, Source, Weighed, add, add_product, differences, squared_norm};
use crate::kernel::{MeanKind, Op, PairInput};

/// Constants and uniforms that are kept in registers; if there are more, all are operands in memory.
const RESIDENT: usize = 3;
/// Vector registers of the narrowest target.
const REGISTERS: usize = 16;

/// Where a body is cut in two, and which values the second half takes from the first.
struct Cut {
    end: usize,
    live: Vec<usize>,
}

impl Loops<'_> {
    /// Adds a turn of sources to the sums of every query.
    pub(super) fn linear(&self, code: &mut Code<'_>, queries: &[Query], source: Source) -> Result<(), Unsupported> {
        let parameters = self.kernel.body().iter().filter(|op| matches!(op, Op::Const(_) | Op::Uniform(_))).count();
        if let Some(cut) = self.cut() {
            return queries.iter().try_for_each(|query| self.in_halves(code, query, source, &cut));
        }
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
        let r = self.differences_of(code, query, source.y, vector);
        let q = squared_norm(code, &r);
        let pair = self.pair(code, q, source, vector)?;
        self.accumulate(code, query, &r, pair);
        Ok(())
    }

    /// Behind the last square root, if a power of two follows and the values that cross fit into registers.
    fn cut(&self) -> Option<Cut> {
        let body = self.kernel.body();
        let end = 1 + body.iter().rposition(|op| matches!(op, Op::Sqrt(_)))?;
        body[end..].iter().find(|op| matches!(op, Op::Exp2Int(_)))?;
        let is_leaf = |op: Op| match op {
            Op::Const(_) | Op::Uniform(_) => true,
            Op::Input(i) => i > 0,
            _ => false,
        };
        let mut live: Vec<usize> = body[end..]
            .iter()
            .flat_map(|op| op.operands())
            .map(|(v, _)| v)
            .chain(self.kernel.shape().results())
            .map(|v| v.index())
            .filter(|i| *i < end && !is_leaf(body[*i]))
            .collect();
        live.sort_unstable();
        live.dedup();
        let registers = self.tile.vectors * live.len() + self.partials.vectors - 1 + self.dim;
        (self.tile.queries == 1 && registers < REGISTERS).then_some(Cut { end, live })
    }

    fn in_halves(&self, code: &mut Code<'_>, query: &Query, source: Source, cut: &Cut) -> Result<(), Unsupported> {
        let vectors = self.tile.vectors;
        let mut crossing = Vec::new();
        for vector in 0..vectors {
            code.with_fresh_parameters(source.block, vector as i64, |code| {
                let r = self.differences_of(code, query, source.y, vector);
                let q = squared_norm(code, &r);
                let (inputs, mut values) = (self.inputs(code, q, source, vector), Vec::new());
                code.body_until(self.kernel, cut.end, &inputs, &mut values)?;
                crossing.extend(cut.live.iter().map(|i| values[*i]));
                Ok::<(), Unsupported>(())
            })?;
        }
        let crossing = code.settle_values(&crossing);
        for (vector, live) in crossing.chunks(cut.live.len().max(1)).enumerate() {
            code.with_fresh_parameters(source.block, (vectors + vector) as i64, |code| {
                // Differences are computed again rather than kept.
                let y = code.fresh(source.y, source.block, (2 * vectors + vector) as i64);
                let r = self.differences_of(code, query, y, vector);
                let pair = self.second_half(code, source, vector, cut, live)?;
                self.accumulate(code, query, &r, pair);
                Ok::<(), Unsupported>(())
            })?;
            code.settle(query.sums.iter().flatten().copied());
        }
        Ok(())
    }

    fn second_half(
        &self,
        code: &mut Code<'_>,
        source: Source,
        vector: usize,
        cut: &Cut,
        live: &[Clif],
    ) -> Result<Weighed, Unsupported> {
        // What is neither live nor a leaf is not read any more, so that anything may stand for it.
        let unread = *live.first().ok_or_else(|| unsupported(self.kernel, "nothing crosses its square root"))?;
        let inputs = self.inputs(code, unread, source, vector);
        let mut values: Vec<Clif> = Vec::with_capacity(self.kernel.body().len());
        for (i, op) in self.kernel.body()[..cut.end].iter().enumerate() {
            let crossed = cut.live.iter().position(|l| *l == i).map(|at| live[at]);
            values.push(match (crossed, *op) {
                (Some(value), _) => value,
                (None, Op::Input(i)) => inputs[i as usize],
                (None, op) => code.leaf(op).unwrap_or(unread),
            });
        }
        code.body_until(self.kernel, self.kernel.body().len(), &inputs, &mut values)?;
        let mut results = self.kernel.shape().results().into_iter().map(|v| values[v.index()]);
        let w = results.next().unwrap_or(unread);
        Ok(Weighed { w, values: results.collect() })
    }

    fn differences_of(&self, code: &mut Code<'_>, query: &Query, y: Clif, vector: usize) -> Vec<Clif> {
        let offset = |d: usize| (d * BLOCK_BYTES + vector * VECTOR_BYTES) as i32;
        let y: Vec<Clif> = (0..self.dim).map(|d| code.load(y, offset(d))).collect();
        differences(code, query, &y)
    }

    /// Adds a vector of pairs to every sum.
    fn accumulate(&self, code: &mut Code<'_>, query: &Query, r: &[Clif], pair: Weighed) {
        add(code, query, 1, pair.w);
        for (mean, (part, value)) in self.means.iter().zip(self.partials.means.iter().zip(pair.values)) {
            let summand = self.summand(code, mean, pair.w, value);
            match mean.kind {
                MeanKind::Scalar(_) | MeanKind::Weighted(_) => add(code, query, part.first, summand),
                MeanKind::Displacement(_) => {
                    r.iter().enumerate().for_each(|(d, r)| add_product(code, query, part.first + d, summand, *r));
                }
            }
        }
    }

    /// The inputs of the body; one that is not read may hold anything.
    pub(super) fn inputs(&self, code: &mut Code<'_>, q: Clif, source: Source, vector: usize) -> Vec<Clif> {
        let is_read: Vec<PairInput> = self.kernel.weight_inputs().collect();
        let mut inputs = vec![q];
        for (input, column) in PairInput::ALL[1..].iter().zip(source.weights) {
            inputs.push(if is_read.contains(input) { code.load(column, (vector * VECTOR_BYTES) as i32) } else { q });
        }
        inputs
    }
}
