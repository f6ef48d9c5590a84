//! Reductions: a log-sum-exp over sources with a running maximum per lane.
//!
//! Holds, per lane and query, after each vector of sources: every sum is over `exp(l_j - m)` times its summand, and no `l_j`
//!   exceeds `m` by more than [`SLACK`]. Where one would, `m` is raised and all sums are multiplied by
//!   `exp(m_old - m_new)`, out of the straight path.
//! For `N <= UNROLLED` dimensions are unrolled and sums live in registers; above, dimensions are loops and the sums of
//!   displacements live in the partials. The second loop over dimensions is skipped when every weight of the vector is 0.

use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::{InstBuilder, Value as Clif, types};
use cranelift_codegen::isa::TargetFrontendConfig;
use cranelift_frontend::Variable;

use super::body::Code;
use super::{Parameter, Partials, Unsupported, VECTOR_BYTES, common_factor};
use crate::kernel::{Kernel, KernelBuilder, Mean, MeanKind, Output, Precision, Shape, Value, inline_specials};
use crate::special::Special;

/// The largest dimension whose loops are unrolled.
const UNROLLED: usize = 8;
/// How far `l_j` may exceed the running maximum before that is raised: weights up to `e^8` do no harm, and raising, which
/// costs a mispredicted branch, becomes rare.
const SLACK: f64 = 8.0;
/// Dimensions per turn of a loop over dimensions: independent sums hide the latency of the multiply-add.
const STEP: usize = 2;

/// Queries that advance together: they share loads of a source, and their chains of operations overlap.
pub(super) const TILE: usize = 4;

/// The layout is that of [`ClifFunction`](super::ClifFunction).
pub(super) fn emit(
    mut code: Code<'_>,
    kernel: &Kernel,
    dim: usize,
    partials: &Partials,
    config: TargetFrontendConfig,
) -> Result<Vec<Parameter>, Unsupported> {
    let Shape::Reduce { means, .. } = kernel.shape() else { return Ok(Vec::new()) };
    let weight = weight_kernel(kernel.precision())?;
    let loops = Loops { kernel, weight: &weight, means, dim, partials };
    let p = code.arguments.clone();
    let sources = Sources { coordinates: p[1], log_weights: p[2], blocks: p[3] };
    code.repeat(p[5], |code, tile_index| {
        let queries = code.at(p[4], tile_index, TILE * dim * code.format.scalar_bytes() as usize);
        let partial = code.at(p[6], tile_index, TILE * partials.vectors * VECTOR_BYTES);
        loops.tile(code, sources, queries, partial)
    })?;
    Ok(code.leave(config))
}

#[derive(Clone, Copy)]
struct Sources {
    coordinates: Clif,
    log_weights: Clif,
    blocks: Clif,
}

/// `exp(l - m)` for the weights.
fn weight_kernel(precision: Precision) -> Result<Kernel, Unsupported> {
    let mut k = KernelBuilder::map("weight", precision);
    let x = k.input("x");
    let y = k.call(Special::ExpWeight, x);
    Ok(inline_specials(&k.finish_map(vec![Output::new("y", y)])?)?)
}

struct Loops<'a> {
    kernel: &'a Kernel,
    weight: &'a Kernel,
    means: &'a [Mean],
    dim: usize,
    partials: &'a Partials,
}

/// One query of a tile.
struct Query {
    /// Its coordinates in memory.
    x: Clif,
    /// Its coordinates in registers, when unrolled.
    unrolled: Vec<Clif>,
    /// Its partial sums in memory.
    partial: Clif,
    /// The vectors of its partial sums that live in registers: all when unrolled, else all but displacements.
    sums: Vec<Option<Variable>>,
}

/// A step of a loop over dimensions: byte offsets of the first of `STEP` dimensions in vectors and in scalars, and which
/// of them this is.
#[derive(Clone, Copy)]
struct Dim {
    vectors: Clif,
    scalars: Clif,
    step: usize,
}

impl Loops<'_> {
    fn is_unrolled(&self) -> bool {
        self.dim <= UNROLLED
    }

    /// All sources for one tile of queries.
    fn tile(&self, code: &mut Code<'_>, sources: Sources, x: Clif, partial: Clif) -> Result<(), Unsupported> {
        let queries: Vec<Query> = (0..TILE).map(|i| self.open(code, x, partial, i)).collect();
        code.repeat(sources.blocks, |code, block| {
            let y = code.at(sources.coordinates, block, self.dim * VECTOR_BYTES);
            let log_w = code.at(sources.log_weights, block, VECTOR_BYTES);
            let log_w = code.load(log_w, 0);
            if self.is_unrolled() {
                self.block_unrolled(code, &queries, y, log_w)
            } else {
                self.block_looped(code, &queries, y, log_w)
            }
        })?;
        queries.iter().for_each(|query| self.close(code, query));
        Ok(())
    }

    fn open(&self, code: &mut Code<'_>, x: Clif, partial: Clif, index: usize) -> Query {
        let size = code.format.scalar_bytes();
        let i = code.builder.ins().iconst(types::I64, index as i64);
        let x = code.at(x, i, self.dim * size as usize);
        let partial = code.at(partial, i, self.partials.vectors * VECTOR_BYTES);
        let unrolled = match self.is_unrolled() {
            true => (0..self.dim as i32).map(|d| code.broadcast(x, d * size)).collect(),
            false => Vec::new(),
        };
        let sums = (0..self.partials.vectors)
            .map(|vector| {
                self.in_register(vector).then(|| {
                    let start = code.reload(partial, (vector * VECTOR_BYTES) as i32);
                    code.variable(start)
                })
            })
            .collect();
        Query { x, unrolled, partial, sums }
    }

    fn in_register(&self, vector: usize) -> bool {
        let mut means = self.means.iter().zip(&self.partials.means);
        let in_memory = means.any(|(mean, part)| match mean.kind {
            MeanKind::Displacement(_) => (part.first..part.first + part.count).contains(&vector),
            MeanKind::Scalar(_) => false,
        });
        self.is_unrolled() || !in_memory
    }

    fn close(&self, code: &mut Code<'_>, query: &Query) {
        for (vector, sum) in query.sums.iter().enumerate() {
            if let Some(sum) = sum {
                let sum = code.builder.use_var(*sum);
                code.store(sum, query.partial, (vector * VECTOR_BYTES) as i32);
            }
        }
    }

    fn block_unrolled(&self, code: &mut Code<'_>, queries: &[Query], y: Clif, log_w: Clif) -> Result<(), Unsupported> {
        let y: Vec<Clif> = (0..self.dim).map(|d| code.load(y, (d * VECTOR_BYTES) as i32)).collect();
        let (mut r, mut q) = (Vec::new(), Vec::new());
        for query in queries {
            let components = query.unrolled.iter().zip(&y).map(|(x, y)| code.builder.ins().fsub(*x, *y));
            r.push(components.collect::<Vec<Clif>>());
            q.push(squared_norm(code, &r[r.len() - 1]));
        }
        let weighed = self.weigh(code, queries, &q, log_w)?;
        for ((query, r), (w, values)) in queries.iter().zip(&r).zip(weighed) {
            for (mean, (part, value)) in self.means.iter().zip(self.partials.means.iter().zip(values)) {
                let summand = self.weighted(code, mean, w, value);
                match mean.kind {
                    MeanKind::Scalar(_) => add(code, query, part.first, summand),
                    MeanKind::Displacement(_) => {
                        r.iter().enumerate().for_each(|(d, r)| add_product(code, query, part.first + d, summand, *r));
                    }
                }
            }
        }
        Ok(())
    }

    fn block_looped(&self, code: &mut Code<'_>, queries: &[Query], y: Clif, log_w: Clif) -> Result<(), Unsupported> {
        let q = self.squared_distances(code, queries, y);
        for (query, (w, values)) in queries.iter().zip(self.weigh(code, queries, &q, log_w)?) {
            let mut displacements = Vec::new();
            for (mean, (part, value)) in self.means.iter().zip(self.partials.means.iter().zip(values)) {
                let summand = self.weighted(code, mean, w, value);
                match mean.kind {
                    MeanKind::Scalar(_) => add(code, query, part.first, summand),
                    MeanKind::Displacement(_) => displacements.push((part.first, summand)),
                }
            }
            if !displacements.is_empty() {
                self.displace(code, query, y, w, &displacements);
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
                    let pointer = code.builder.ins().iadd(query.partial, dim.vectors);
                    let sum = code.reload(pointer, offset);
                    let sum = code.fma(*summand, r, sum);
                    code.store(sum, pointer, offset);
                }
            });
        });
    }

    /// Evaluates the pair body for every query, raises running maxima if need be, and returns per query `exp(l - m)`, which
    /// is added to `s`, with the values of the means.
    ///
    /// One step is taken for all queries before the next: a processor looks ahead over a few hundred instructions, which
    /// then hold several independent chains of dependent operations, not one.
    fn weigh(
        &self,
        code: &mut Code<'_>,
        queries: &[Query],
        q: &[Clif],
        log_w: Clif,
    ) -> Result<Vec<(Clif, Vec<Clif>)>, Unsupported> {
        let results = self.kernel.shape().results();
        let slack = code.constant(SLACK);
        let (mut pairs, mut any_too_large) = (Vec::new(), None);
        for (query, q) in queries.iter().zip(q) {
            let mut values = code.body(self.kernel, &[*q, log_w], &results)?;
            let l = values.remove(0);
            let m = get(code, query, 0);
            let excess = code.builder.ins().fsub(l, m);
            let too_large = code.builder.ins().fcmp(FloatCC::LessThan, slack, excess);
            any_too_large = Some(match any_too_large {
                None => too_large,
                Some(others) => code.builder.ins().bor(others, too_large),
            });
            pairs.push((l, too_large, values));
        }
        if let Some(mask) = any_too_large {
            code.if_any(mask, true, |code| {
                queries
                    .iter()
                    .zip(&pairs)
                    .try_for_each(|(query, (l, too_large, _))| self.raise(code, query, *l, *too_large))
            })?;
        }
        queries
            .iter()
            .zip(pairs)
            .map(|(query, (l, _, values))| {
                let m = get(code, query, 0);
                let excess = code.builder.ins().fsub(l, m);
                let w = self.exp(code, excess)?;
                add(code, query, 1, w);
                Ok((w, values))
            })
            .collect()
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
                MeanKind::Displacement(_) if !self.is_unrolled() => self.dims(code, |code, dim| {
                    let offset = ((part.first + dim.step) * VECTOR_BYTES) as i32;
                    let pointer = code.builder.ins().iadd(query.partial, dim.vectors);
                    let sum = code.reload(pointer, offset);
                    let sum = code.builder.ins().fmul(sum, scale);
                    code.store(sum, pointer, offset);
                }),
                MeanKind::Displacement(_) | MeanKind::Scalar(_) => {}
            }
        }
        Ok(())
    }

    fn exp(&self, code: &mut Code<'_>, x: Clif) -> Result<Clif, Unsupported> {
        let results: Vec<Value> = self.weight.shape().results();
        Ok(code.body(self.weight, &[x], &results)?[0])
    }

    /// The weight times the value, or the weight alone where the factor is common to all sources.
    fn weighted(&self, code: &mut Code<'_>, mean: &Mean, w: Clif, value: Clif) -> Clif {
        match common_factor(self.kernel, mean) {
            Some(_) => w,
            None => code.builder.ins().fmul(w, value),
        }
    }

    /// `|x - y|^2` for every query of the tile, with one load of `y` for all.
    fn squared_distances(&self, code: &mut Code<'_>, queries: &[Query], y: Clif) -> Vec<Clif> {
        let zero = code.constant(0.0);
        let sums: Vec<[Variable; STEP]> =
            queries.iter().map(|_| std::array::from_fn(|_| code.variable(zero))).collect();
        self.dims(code, |code, dim| {
            let pointer = code.builder.ins().iadd(y, dim.vectors);
            let y = code.load(pointer, (dim.step * VECTOR_BYTES) as i32);
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
        let (x, y) = (code.builder.ins().iadd(x, dim.scalars), code.builder.ins().iadd(y, dim.vectors));
        let x = code.broadcast(x, dim.step as i32 * code.format.scalar_bytes());
        let y = code.load(y, (dim.step * VECTOR_BYTES) as i32);
        code.builder.ins().fsub(x, y)
    }

    /// Runs `body` for every dimension: a loop over groups of `STEP`, then the rest.
    fn dims(&self, code: &mut Code<'_>, mut body: impl FnMut(&mut Code<'_>, Dim)) {
        let groups = self.dim / STEP;
        let group_at = |code: &mut Code<'_>, group: Clif| {
            let zero = code.builder.ins().iconst(types::I64, 0);
            let scalar = code.format.scalar_bytes() as usize;
            (code.at(zero, group, STEP * VECTOR_BYTES), code.at(zero, group, STEP * scalar))
        };
        let count = code.builder.ins().iconst(types::I64, groups as i64);
        code.repeat(count, |code, group| {
            let (vectors, scalars) = group_at(code, group);
            (0..STEP).for_each(|step| body(code, Dim { vectors, scalars, step }));
        });
        let (vectors, scalars) = group_at(code, count);
        (0..self.dim % STEP).for_each(|step| body(code, Dim { vectors, scalars, step }));
    }
}

fn squared_norm(code: &mut Code<'_>, r: &[Clif]) -> Clif {
    let first = code.builder.ins().fmul(r[0], r[0]);
    r[1..].iter().fold(first, |q, r| code.fma(*r, *r, q))
}

/// The sum in vector `vector` of the partials. Only vectors that live in registers are asked for.
fn get(code: &mut Code<'_>, query: &Query, vector: usize) -> Clif {
    match query.sums[vector] {
        Some(sum) => code.builder.use_var(sum),
        None => code.reload(query.partial, (vector * VECTOR_BYTES) as i32),
    }
}

fn set(code: &mut Code<'_>, query: &Query, vector: usize, value: Clif) {
    match query.sums[vector] {
        Some(sum) => code.builder.def_var(sum, value),
        None => code.store(value, query.partial, (vector * VECTOR_BYTES) as i32),
    }
}

fn add(code: &mut Code<'_>, query: &Query, vector: usize, summand: Clif) {
    let sum = get(code, query, vector);
    let sum = code.builder.ins().fadd(sum, summand);
    set(code, query, vector, sum);
}

fn add_product(code: &mut Code<'_>, query: &Query, vector: usize, a: Clif, b: Clif) {
    let sum = get(code, query, vector);
    let sum = code.fma(a, b, sum);
    set(code, query, vector, sum);
}
