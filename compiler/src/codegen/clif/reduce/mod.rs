//! Reductions: sums over sources for a tile of queries.
//!
//! Holds, per lane and query, after each vector of sources: every sum is over `W_j exp(-m)` times its summand. For weights
//!   given by their logarithm `l_j`, no `l_j` exceeds `m` by more than [`SLACK`](super::super::sums::SLACK); where one would, `m` is raised and
//!   all sums are multiplied by `exp(m_old - m_new)`, out of the straight path. Linear weights have `m = 0`.
//! In few dimensions loops over them are unrolled and sums live in registers; above, dimensions are loops and the sums
//!   of displacements live in the partials.

mod linear;
mod log;
mod looped;

use cranelift_codegen::ir::{InstBuilder, Value as Clif, types};
use cranelift_codegen::isa::TargetFrontendConfig;
use cranelift_frontend::Variable;

use super::super::cpu::{BLOCK_BYTES, Parameter, Partials};
use super::super::sums::{common_factor, weight_kernel};
use super::body::Code;
use super::{Tile, Unsupported, VECTOR_BYTES, VECTORS_PER_BLOCK};
use crate::kernel::{Kernel, Mean, MeanKind, PairInput, Shape, Weight};

/// The layout is that of [`Layout`](super::Layout).
pub(super) fn emit(
    mut code: Code<'_>,
    kernel: &Kernel,
    tile: Tile,
    partials: &Partials,
    config: TargetFrontendConfig,
) -> Result<Vec<Parameter>, Unsupported> {
    let Shape::Reduce { means, dim, weight } = kernel.shape() else { return Ok(Vec::new()) };
    let exp = weight_kernel(kernel.precision())?;
    let loops = Loops { kernel, weight: *weight, exp: &exp, means, dim: *dim, tile, partials };
    let p = code.arguments.clone();
    let sources = Sources { coordinates: p[1], weights: [p[2], p[3], p[4]], blocks: p[5] };
    code.repeat(p[7], |code, tile_index| {
        let queries = code.at(p[6], tile_index, tile.queries * dim * code.format.scalar_bytes() as usize);
        let partial = code.at(p[8], tile_index, tile.queries * partials.vectors * VECTOR_BYTES);
        loops.tile(code, sources, queries, partial)
    })?;
    Ok(code.leave(config))
}

#[derive(Clone, Copy)]
struct Sources {
    coordinates: Clif,
    /// One pointer for each of [`PairInput::ALL`] but the first.
    weights: [Clif; 3],
    blocks: Clif,
}

/// Pointers to the first vector of a turn.
#[derive(Clone, Copy)]
struct Source {
    /// The counter of the loop over blocks.
    block: Clif,
    y: Clif,
    weights: [Clif; 3],
}

struct Loops<'a> {
    kernel: &'a Kernel,
    weight: Weight,
    exp: &'a Kernel,
    means: &'a [Mean],
    dim: usize,
    tile: Tile,
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

/// A vector of pairs: their weights, and what the means average.
struct Weighed {
    w: Clif,
    values: Vec<Clif>,
}

impl Loops<'_> {
    /// All sources for one tile of queries.
    fn tile(&self, code: &mut Code<'_>, sources: Sources, x: Clif, partial: Clif) -> Result<(), Unsupported> {
        let queries: Vec<Query> = (0..self.tile.queries).map(|i| self.open(code, x, partial, i)).collect();
        code.repeat(sources.blocks, |code, block| {
            let y = code.at(sources.coordinates, block, self.dim * BLOCK_BYTES);
            let weights = sources.weights.map(|column| code.at(column, block, BLOCK_BYTES));
            self.turns(code, |code, turn| {
                let step = self.tile.vectors * VECTOR_BYTES;
                let weights = weights.map(|w| code.at(w, turn, step));
                let source = Source { block, y: code.at(y, turn, step), weights };
                match self.tile.unrolled {
                    true => self.unrolled(code, &queries, source),
                    false => self.looped(code, &queries, source),
                }
            })
        })?;
        queries.iter().for_each(|query| self.close(code, query));
        Ok(())
    }

    /// Runs `body` until it has seen every vector of a block.
    fn turns<T>(&self, code: &mut Code<'_>, body: impl FnOnce(&mut Code<'_>, Clif) -> T) -> T {
        let turns = VECTORS_PER_BLOCK / self.tile.vectors;
        if turns == 1 {
            let first = code.builder.ins().iconst(types::I64, 0);
            return body(code, first);
        }
        let turns = code.builder.ins().iconst(types::I64, turns as i64);
        code.repeat(turns, body)
    }

    fn open(&self, code: &mut Code<'_>, x: Clif, partial: Clif, index: usize) -> Query {
        let size = code.format.scalar_bytes();
        let i = code.builder.ins().iconst(types::I64, index as i64);
        let x = code.at(x, i, self.dim * size as usize);
        let partial = code.at(partial, i, self.partials.vectors * VECTOR_BYTES);
        let unrolled = match self.tile.unrolled {
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
            MeanKind::Scalar(_) | MeanKind::Weighted(_) => false,
        });
        self.tile.unrolled || !in_memory
    }

    fn close(&self, code: &mut Code<'_>, query: &Query) {
        for (vector, sum) in query.sums.iter().enumerate() {
            if let Some(sum) = sum {
                let sum = code.builder.use_var(*sum);
                code.store(sum, query.partial, (vector * VECTOR_BYTES) as i32);
            }
        }
    }

    /// Unrolled dimensions.
    fn unrolled(&self, code: &mut Code<'_>, queries: &[Query], source: Source) -> Result<(), Unsupported> {
        if let Weight::Linear(_) = self.weight {
            return self.linear(code, queries, source);
        }
        let y: Vec<Clif> = (0..self.dim).map(|d| code.load(source.y, (d * BLOCK_BYTES) as i32)).collect();
        let r: Vec<Vec<Clif>> = queries.iter().map(|query| differences(code, query, &y)).collect();
        let q: Vec<Clif> = r.iter().map(|r| squared_norm(code, r)).collect();
        for ((query, r), pair) in queries.iter().zip(&r).zip(self.weigh(code, queries, &q, source)?) {
            for (mean, (part, value)) in self.means.iter().zip(self.partials.means.iter().zip(&pair.values)) {
                let summand = self.summand(code, mean, pair.w, *value);
                match mean.kind {
                    MeanKind::Scalar(_) | MeanKind::Weighted(_) => add(code, query, part.first, summand),
                    MeanKind::Displacement(_) => {
                        r.iter().enumerate().for_each(|(d, r)| add_product(code, query, part.first + d, summand, *r));
                    }
                }
            }
        }
        Ok(())
    }

    /// The weight and the values of the means for a vector of pairs, as the body gives them.
    fn pair(&self, code: &mut Code<'_>, q: Clif, source: Source, vector: usize) -> Result<Weighed, Unsupported> {
        let mut inputs = vec![q];
        let is_read: Vec<PairInput> = self.kernel.weight_inputs().collect();
        for (input, column) in PairInput::ALL[1..].iter().zip(source.weights) {
            // An input that is not read may hold anything.
            let input = if is_read.contains(input) { code.load(column, (vector * VECTOR_BYTES) as i32) } else { q };
            inputs.push(input);
        }
        let mut values = code.body(self.kernel, &inputs, &self.kernel.shape().results())?;
        Ok(Weighed { w: values.remove(0), values })
    }

    /// What a mean adds up: weight times value, or the weight alone where the factor is common to all sources.
    fn summand(&self, code: &mut Code<'_>, mean: &Mean, w: Clif, value: Clif) -> Clif {
        match mean.kind {
            MeanKind::Weighted(_) => value,
            MeanKind::Scalar(_) | MeanKind::Displacement(_) if common_factor(self.kernel, mean).is_some() => w,
            MeanKind::Scalar(_) | MeanKind::Displacement(_) => code.builder.ins().fmul(w, value),
        }
    }
}

/// `x - y`, all components.
fn differences(code: &mut Code<'_>, query: &Query, y: &[Clif]) -> Vec<Clif> {
    query.unrolled.iter().zip(y).map(|(x, y)| code.builder.ins().fsub(*x, *y)).collect()
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
    // The first factor may be overwritten by the result.
    let sum = code.fma(b, a, sum);
    set(code, query, vector, sum);
}
