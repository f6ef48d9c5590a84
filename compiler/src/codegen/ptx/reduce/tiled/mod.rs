//! Many dimensions: the threads of a block share a tile of queries and sources, and walk the dimensions in chunks.
//!
//! Holds: `q` is the sum of squared differences in the order of the dimensions, as the interpreter takes it: no inner product,
//!   hence no cancellation. A tile is processed in three passes: distances; weights, with one `m` per query that all threads of
//!   the query agree on; displacements, which are accumulated in the partials, in f64. In the first and the last pass a thread has [`EACH`]
//!   queries and some sources or dimensions; in the second it has one query, and shares it with those at a distance of [`QUERIES`]. Where
//!   all weights of the tile are zero, as they are far from the data, the last pass has nothing to add and is left out.

mod displacements;
mod distances;
mod weights;

use super::super::code::{Class, Code, Operand, Reg, emit};
use super::super::layout::vector_length;
use super::super::{Unsupported, unsupported};
use super::{Arguments, Reduction, vector};
use crate::kernel::MeanKind;

const QUERIES: usize = super::ReduceLayout::TILED_QUERIES;
const THREADS: usize = 128;
/// Threads that share a query.
const GROUPS: usize = THREADS / QUERIES;
/// Dimensions of a chunk of the first pass.
const CHUNK: usize = 8;
/// In the first and the last pass threads stand in a rectangle of queries by sources, or queries by dimensions.
const ACROSS: usize = 8;
const DOWN: usize = THREADS / ACROSS;
/// Queries of a thread there.
const EACH: usize = QUERIES / ACROSS;
/// Sources of a turn of the loop of the last pass, and copies that are under way together.
const UNROLLED: usize = 4;
/// Floats from a row of queries to the next.
const ROW: usize = stride(QUERIES);
/// Shared memory that every device has.
const SHARED_BYTES: usize = 48 * 1024;

/// Floats from a row in shared memory to the next: rows start where vectors may, and the copies of a warp meet every bank once.
const fn stride(floats: usize) -> usize {
    floats + 4
}

/// Shared memory, and where this thread is.
struct Tile {
    /// `[CHUNK][QUERIES]` coordinates of queries; in the last pass `[sources][dimensions]` coordinates of sources.
    x: Reg,
    /// `[CHUNK][sources]` coordinates of sources.
    y: Reg,
    /// `[sources][QUERIES]`: distances, then weights.
    w: Reg,
    /// The same for the values of each mean that needs them in a later pass.
    values: Vec<Option<Reg>>,
    /// `[GROUPS][QUERIES]` f64, to exchange numbers among the threads of a query.
    exchange: Reg,
    /// This thread's query and which of its threads it is, in the block.
    column: Reg,
    group: Reg,
    /// Where it is in the rectangle.
    across: Reg,
    down: Reg,
    /// The query in the launch, and whether there is one.
    query: Reg,
    is_query: Reg,
}

/// What a thread carries over tiles.
struct Sums {
    m: Reg,
    /// `s` and the scalars, in f64; none for displacements.
    totals: Vec<Option<Reg>>,
}

impl Reduction<'_> {
    pub(super) fn tiled(&self, code: &mut Code, arguments: &Arguments) -> Result<(), Unsupported> {
        let tile = self.shared_tile(code, arguments)?;
        let sums = self.start(code, arguments, &tile);
        code.while_below(arguments.first, arguments.end, self.layout.tile, |code| {
            let count = code.reg(Class::B32);
            emit!(code, "sub.u32 {count}, {}, {}", arguments.end, arguments.first);
            emit!(code, "min.u32 {count}, {count}, {}", self.layout.tile);
            self.distances(code, arguments, &tile, count);
            let weighed = self.weights(code, arguments, &tile, &sums, count)?;
            let skip = code.label();
            emit!(code, "@!{} bra {skip}", weighed.any_matters);
            self.displacements(code, arguments, &tile, count, weighed.scale);
            code.place(skip);
            Ok::<(), Unsupported>(())
        })?;
        self.finish(code, arguments, &tile, &sums);
        Ok(())
    }

    fn shared_tile(&self, code: &mut Code, arguments: &Arguments) -> Result<Tile, Unsupported> {
        let (sources, bytes) = (self.layout.tile, code.float_bytes());
        let kept: Vec<bool> = (0..self.means.len()).map(|i| self.is_kept(i)).collect();
        let tiles = 1 + kept.iter().filter(|kept| **kept).count();
        let chunks = (CHUNK * (ROW + stride(sources))).max(sources * stride(DOWN * self.dims_per_thread()));
        if (chunks + tiles * sources * ROW) * bytes + THREADS * 8 > SHARED_BYTES {
            return Err(unsupported(self.kernel, "its means need more shared memory than a block has"));
        }
        let (x, y) = (code.shared("coordinates", chunks * bytes), code.reg(Class::B32));
        emit!(code, "add.u32 {y}, {x}, {}", CHUNK * ROW * bytes);
        let w = code.shared("w", sources * ROW * bytes);
        let values = kept
            .into_iter()
            .enumerate()
            .map(|(i, kept)| kept.then(|| code.shared(&format!("value{i}"), sources * ROW * bytes)))
            .collect();
        let exchange = code.shared("exchange", THREADS * 8);
        let [column, group, query, across, down] = [(); 5].map(|()| code.reg(Class::B32));
        emit!(code, "and.b32 {column}, {}, {}", arguments.thread, QUERIES - 1);
        emit!(code, "shr.u32 {group}, {}, {}", arguments.thread, QUERIES.ilog2());
        emit!(code, "mad.lo.u32 {query}, {}, {QUERIES}, {column}", arguments.block);
        emit!(code, "and.b32 {across}, {}, {}", arguments.thread, ACROSS - 1);
        emit!(code, "shr.u32 {down}, {}, {}", arguments.thread, ACROSS.ilog2());
        let is_query = code.reg(Class::Pred);
        emit!(code, "setp.lt.u32 {is_query}, {query}, {}", arguments.query_count);
        Ok(Tile { x, y, w, values, exchange, column, group, across, down, query, is_query })
    }

    /// Dimensions of a thread in a chunk of the last pass: few where a chunk would be longer than a point.
    fn dims_per_thread(&self) -> usize {
        if self.layout.dim > 2 * DOWN { 4 } else { 2 }
    }

    /// Whether the values of a mean are needed after the weights are known: coefficients of displacements, and under a logarithm
    /// everything.
    fn is_kept(&self, mean: usize) -> bool {
        let is_common = self.layout.partials.means[mean].factor.is_some();
        !is_common && (!self.is_linear() || matches!(self.means[mean].kind, MeanKind::Displacement(_)))
    }

    /// Zero sums, those of displacements in the partials.
    fn start(&self, code: &mut Code, arguments: &Arguments, tile: &Tile) -> Sums {
        let zero = Operand::F64(0);
        let start = if self.is_linear() { code.constant(0.0) } else { self.lowest(code) };
        let m = code.variable(start);
        let mut total = |is_number: bool| {
            is_number.then(|| {
                let total = code.reg(Class::F64);
                emit!(code, "mov.f64 {total}, {zero}");
                total
            })
        };
        let mut totals = vec![total(true)];
        totals.extend(self.means.iter().map(|mean| total(!matches!(mean.kind, MeanKind::Displacement(_)))));
        let (nothing, d, skip) = (code.reg(Class::F64), code.reg(Class::B32), code.label());
        emit!(code, "mov.f64 {nothing}, {zero}");
        emit!(code, "@!{} bra {skip}", tile.is_query);
        emit!(code, "mov.u32 {d}, {}", tile.group);
        code.while_below(d, self.layout.dim, GROUPS, |code| {
            for first in self.displacement_rows() {
                let (address, _) = self.partial(code, arguments, tile.query, d, first);
                emit!(code, "st.global.f64 [{address}], {nothing}");
            }
        });
        code.place(skip);
        Sums { m, totals }
    }

    /// The first partial of each displacement.
    fn displacement_rows(&self) -> impl Iterator<Item = usize> {
        let means = self.means.iter().zip(&self.layout.partials.means);
        means.filter(|(mean, _)| matches!(mean.kind, MeanKind::Displacement(_))).map(|(_, part)| part.first)
    }

    /// The address of partial `first + d` of a query, and the bytes to that of the next.
    fn partial(&self, code: &mut Code, arguments: &Arguments, query: Reg, d: Reg, first: usize) -> (Reg, Reg) {
        let (start, step) = code.partial_rows(arguments, query, self.layout.partials.vectors);
        let (row, wide, address) = (code.reg(Class::B32), code.reg(Class::B64), code.reg(Class::B64));
        emit!(code, "add.u32 {row}, {d}, {first}");
        emit!(code, "cvt.u64.u32 {wide}, {row}");
        emit!(code, "mad.lo.u64 {address}, {wide}, {step}, {start}");
        (address, step)
    }

    /// Adds the totals of the threads of a query in their order and stores them.
    fn finish(&self, code: &mut Code, arguments: &Arguments, tile: &Tile, sums: &Sums) {
        code.comment("partial sums");
        let (own, all) = (code.reg(Class::B32), code.reg(Class::B32));
        emit!(code, "mad.lo.u32 {all}, {}, 8, {}", tile.column, tile.exchange);
        emit!(code, "mad.lo.u32 {own}, {}, {}, {all}", tile.group, QUERIES * 8);
        let (is_first, stores) = (code.reg(Class::Pred), code.reg(Class::Pred));
        emit!(code, "setp.eq.u32 {is_first}, {}, 0", tile.group);
        emit!(code, "and.pred {stores}, {is_first}, {}", tile.is_query);
        let zero = code.reg(Class::B32);
        emit!(code, "mov.u32 {zero}, 0");
        let m = code.widened(sums.m);
        let (address, _) = self.partial(code, arguments, tile.query, zero, 0);
        emit!(code, "@{stores} st.global.f64 [{address}], {m}");
        let rows = std::iter::once(1).chain(self.layout.partials.means.iter().map(|part| part.first));
        for (row, total) in rows.zip(&sums.totals) {
            let Some(total) = total else { continue };
            emit!(code, "bar.sync 0");
            emit!(code, "st.shared.f64 [{own}], {total}");
            emit!(code, "bar.sync 0");
            let sum = code.reg(Class::F64);
            emit!(code, "ld.shared.f64 {sum}, [{all}]");
            for group in 1..GROUPS {
                let other = code.reg(Class::F64);
                emit!(code, "ld.shared.f64 {other}, [{all}+{}]", group * QUERIES * 8);
                emit!(code, "add.rn.f64 {sum}, {sum}, {other}");
            }
            let (address, _) = self.partial(code, arguments, tile.query, zero, row);
            emit!(code, "@{stores} st.global.f64 [{address}], {sum}");
        }
    }
}

/// What the passes share.
impl Reduction<'_> {
    /// `total = total scale + added`.
    fn accumulate(&self, code: &mut Code, total: Reg, added: Reg, scale: Option<Reg>) {
        match scale {
            Some(scale) => emit!(code, "fma.rn.f64 {total}, {total}, {scale}, {added}"),
            None => emit!(code, "add.rn.f64 {total}, {total}, {added}"),
        }
    }

    fn pair_offset(&self, code: &mut Code, tile: &Tile, j: Reg) -> Reg {
        let (offset, bytes) = (code.reg(Class::B32), code.float_bytes());
        emit!(code, "mad.lo.u32 {offset}, {j}, {ROW}, {}", tile.column);
        emit!(code, "mul.lo.u32 {offset}, {offset}, {bytes}");
        offset
    }

    fn kept(&self, code: &mut Code, base: Reg, offset: Reg) -> Operand {
        let (address, value, t) = (code.reg(Class::B32), code.float(), code.float_type());
        emit!(code, "add.u32 {address}, {base}, {offset}");
        emit!(code, "ld.shared.{t} {value}, [{address}]");
        value.into()
    }

    fn keep(&self, code: &mut Code, base: Reg, offset: Reg, value: Operand) {
        let (address, t) = (code.reg(Class::B32), code.float_type());
        let value = code.variable(value);
        emit!(code, "add.u32 {address}, {base}, {offset}");
        emit!(code, "st.shared.{t} [{address}], {value}");
    }
}

impl Code {
    fn store_shared_row(&mut self, base: Reg, offset: usize, values: &[Reg]) {
        let (bytes, t) = (self.float_bytes(), self.float_type());
        let length = vector_length(self.precision, values.len());
        for (i, part) in values.chunks(length).enumerate() {
            let (vector, list) = vector(part);
            emit!(self, "st.shared{vector}.{t} [{base}+{}], {list}", offset + i * length * bytes);
        }
    }

    /// Whether `index + offset` is below `end`.
    fn is_below(&mut self, index: Reg, offset: usize, end: impl std::fmt::Display) -> Reg {
        let (at, is_below) = (self.reg(Class::B32), self.reg(Class::Pred));
        emit!(self, "add.u32 {at}, {index}, {offset}");
        emit!(self, "setp.lt.u32 {is_below}, {at}, {end}");
        is_below
    }
}
