//! Reductions: a log-sum-exp over sources with a running maximum per lane.
//!
//! Holds, per lane and query, after each vector of sources: `m` is the largest `l_j` so far (or the start value), and
//!   every sum is over `exp(l_j - m)` times its summand. When some lane finds a larger `l_j`, all sums are multiplied by
//!   `exp(m_old - m_new)` out of the straight path.
//! For `N <= UNROLLED` dimensions are unrolled and sums live in registers; above, dimensions are loops and the sums of
//!   displacements live in the partials. The second loop over dimensions is skipped when every weight of the vector is 0.

use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::{InstBuilder, Value as Clif, types};
use cranelift_codegen::isa::TargetFrontendConfig;
use cranelift_frontend::Variable;

use super::body::Code;
use super::{Partials, Unsupported, VECTOR_BYTES, common_factor};
use crate::kernel::{Kernel, KernelBuilder, Mean, MeanKind, Output, Precision, Shape, Value, inline_specials};
use crate::special::Special;

/// The largest dimension whose loops are unrolled.
const UNROLLED: usize = 16;
/// Dimensions per turn of a loop over dimensions: independent sums hide the latency of the multiply-add.
const STEP: usize = 4;

/// Queries per load of a source. Above [`UNROLLED`] loads bound the speed; below, registers do.
pub(super) fn tile(dim: usize) -> usize {
    if dim <= UNROLLED { 1 } else { 4 }
}

/// The layout is that of [`ClifFunction`](super::ClifFunction).
pub(super) fn emit(
    mut code: Code<'_>,
    kernel: &Kernel,
    dim: usize,
    partials: &Partials,
    config: TargetFrontendConfig,
) -> Result<(), Unsupported> {
    let Shape::Reduce { means, .. } = kernel.shape() else { return Ok(()) };
    let weight = weight_kernel(kernel.precision())?;
    let loops = Loops { kernel, weight: &weight, means, dim, partials };
    let p = code.enter();
    let sources = Sources { coordinates: p[1], log_weights: p[2], blocks: p[3] };
    let uniforms = code.uniforms(kernel, p[0]);
    code.repeat(p[5], |code, tile_index| {
        let tile = tile(dim);
        let queries = code.at(p[4], tile_index, tile * dim * code.format.scalar_bytes() as usize);
        let partial = code.at(p[6], tile_index, tile * partials.vectors * VECTOR_BYTES);
        loops.tile(code, sources, &uniforms, queries, partial)
    })?;
    code.leave(config);
    Ok(())
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
    fn tile(
        &self,
        code: &mut Code<'_>,
        sources: Sources,
        uniforms: &[Clif],
        x: Clif,
        partial: Clif,
    ) -> Result<(), Unsupported> {
        let queries: Vec<Query> = (0..tile(self.dim)).map(|i| self.open(code, x, partial, i)).collect();
        code.repeat(sources.blocks, |code, block| {
            let y = code.at(sources.coordinates, block, self.dim * VECTOR_BYTES);
            let log_w = code.at(sources.log_weights, block, VECTOR_BYTES);
            let log_w = code.load(log_w, 0);
            if self.is_unrolled() {
                let y: Vec<Clif> = (0..self.dim).map(|d| code.load(y, (d * VECTOR_BYTES) as i32)).collect();
                queries.iter().try_for_each(|query| self.pair_unrolled(code, query, uniforms, &y, log_w))
            } else {
                let q = self.squared_distances(code, &queries, y);
                queries.iter().zip(q).try_for_each(|(query, q)| self.pair_looped(code, query, uniforms, y, q, log_w))
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
                    let start = code.load(partial, (vector * VECTOR_BYTES) as i32);
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

    fn pair_unrolled(
        &self,
        code: &mut Code<'_>,
        query: &Query,
        uniforms: &[Clif],
        y: &[Clif],
        log_w: Clif,
    ) -> Result<(), Unsupported> {
        let r: Vec<Clif> = query.unrolled.iter().zip(y).map(|(x, y)| code.builder.ins().fsub(*x, *y)).collect();
        let mut q = code.builder.ins().fmul(r[0], r[0]);
        for r in &r[1..] {
            q = code.fma(*r, *r, q);
        }
        let (w, values) = self.weigh(code, query, uniforms, q, log_w)?;
        for (mean, (part, value)) in self.means.iter().zip(self.partials.means.iter().zip(values)) {
            let summand = self.weighted(code, mean, w, value);
            match mean.kind {
                MeanKind::Scalar(_) => add(code, query, part.first, summand),
                MeanKind::Displacement(_) => {
                    r.iter().enumerate().for_each(|(d, r)| add_product(code, query, part.first + d, summand, *r));
                }
            }
        }
        Ok(())
    }

    fn pair_looped(
        &self,
        code: &mut Code<'_>,
        query: &Query,
        uniforms: &[Clif],
        y: Clif,
        q: Clif,
        log_w: Clif,
    ) -> Result<(), Unsupported> {
        let (w, values) = self.weigh(code, query, uniforms, q, log_w)?;
        let mut displacements = Vec::new();
        for (mean, (part, value)) in self.means.iter().zip(self.partials.means.iter().zip(values)) {
            let summand = self.weighted(code, mean, w, value);
            match mean.kind {
                MeanKind::Scalar(_) => add(code, query, part.first, summand),
                MeanKind::Displacement(_) => displacements.push((part.first, summand)),
            }
        }
        if displacements.is_empty() {
            return Ok(());
        }
        let zero = code.constant(0.0);
        let matters = code.builder.ins().fcmp(FloatCC::NotEqual, w, zero);
        code.if_any(matters, false, |code| {
            self.dims(code, |code, dim| {
                let r = self.component(code, query.x, y, dim);
                for (first, summand) in &displacements {
                    let offset = ((first + dim.step) * VECTOR_BYTES) as i32;
                    let pointer = code.builder.ins().iadd(query.partial, dim.vectors);
                    let sum = code.load(pointer, offset);
                    let sum = code.fma(*summand, r, sum);
                    code.store(sum, pointer, offset);
                }
            });
        });
        Ok(())
    }

    /// Evaluates the pair body, raises the running maximum if need be, and returns `exp(l - m)`, which is added to `s`,
    /// with the values of the means.
    fn weigh(
        &self,
        code: &mut Code<'_>,
        query: &Query,
        uniforms: &[Clif],
        q: Clif,
        log_w: Clif,
    ) -> Result<(Clif, Vec<Clif>), Unsupported> {
        let results = self.kernel.shape().results();
        let mut values = code.body(self.kernel, uniforms, &[q, log_w], &results)?;
        let l = values.remove(0);
        let m = get(code, query, 0);
        let larger = code.builder.ins().fcmp(FloatCC::LessThan, m, l);
        code.if_any(larger, true, |code| self.raise(code, query, m, l))?;
        let m = get(code, query, 0);
        let difference = code.builder.ins().fsub(l, m);
        let w = self.exp(code, difference)?;
        add(code, query, 1, w);
        Ok((w, values))
    }

    /// Puts the maximum to `max(m, l)` and rescales every sum.
    fn raise(&self, code: &mut Code<'_>, query: &Query, m: Clif, l: Clif) -> Result<(), Unsupported> {
        // `max` returns its second operand for NaN; a NaN must not become the maximum.
        let raised = code.max(l, m);
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
                    let sum = code.load(pointer, offset);
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
        Ok(code.body(self.weight, &[], &[x], &results)?[0])
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
            let [a, b, c, d] = sums.map(|sum| code.builder.use_var(sum));
            let (ab, cd) = (code.builder.ins().fadd(a, b), code.builder.ins().fadd(c, d));
            code.builder.ins().fadd(ab, cd)
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

/// The sum in vector `vector` of the partials. Only vectors that live in registers are asked for.
fn get(code: &mut Code<'_>, query: &Query, vector: usize) -> Clif {
    match query.sums[vector] {
        Some(sum) => code.builder.use_var(sum),
        None => code.load(query.partial, (vector * VECTOR_BYTES) as i32),
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
