//! Many dimensions: the threads of a block share a tile of queries and sources, and walk the dimensions in chunks.
//!
//! Holds: `q` is the sum of squared differences in the order of the dimensions, as the interpreter takes it: no inner product,
//!   hence no cancellation. A tile is processed in three passes: distances; weights, with one `m` per query that all threads of
//!   the query agree on; displacements, which are accumulated in the partials, in f64. A thread has one query in the last
//!   two passes and shares it with those at a distance of [`QUERIES`].

use super::super::code::{Class, Code, Operand, Reg, emit};
use super::super::{Unsupported, unsupported};
use super::{Arguments, Reduction};
use crate::kernel::MeanKind;

const QUERIES: usize = super::ReduceLayout::TILED_QUERIES;
const THREADS: usize = 128;
/// Threads that share a query.
const GROUPS: usize = THREADS / QUERIES;
/// Dimensions of a chunk.
const CHUNK: usize = 8;
/// In the first pass a thread has some queries at this distance, and some sources at that of the other threads.
const ACROSS: usize = 8;
const DOWN: usize = THREADS / ACROSS;
/// Rows in shared memory are longer by one, so that walking down a column meets every bank.
const ROW: usize = QUERIES + 1;
/// Shared memory that every device has.
const SHARED_BYTES: usize = 48 * 1024;

/// Shared memory, and where this thread is.
struct Tile {
    /// `[CHUNK][QUERIES]` coordinates of queries.
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
            self.distances(code, arguments, &tile);
            let scale = self.weights(code, arguments, &tile, &sums, count)?;
            self.displacements(code, arguments, &tile, scale);
            Ok::<(), Unsupported>(())
        })?;
        self.finish(code, arguments, &tile, &sums);
        Ok(())
    }

    fn shared_tile(&self, code: &mut Code, arguments: &Arguments) -> Result<Tile, Unsupported> {
        let (sources, bytes) = (self.layout.tile, code.float_bytes());
        let kept: Vec<bool> = (0..self.means.len()).map(|i| self.is_kept(i)).collect();
        let tiles = 1 + kept.iter().filter(|kept| **kept).count();
        let chunks = CHUNK * (ROW + sources + 1);
        if (chunks + tiles * sources * ROW) * bytes + THREADS * 8 + 64 > SHARED_BYTES {
            return Err(unsupported(self.kernel, "its means need more shared memory than a block has"));
        }
        let x = code.shared("x", CHUNK * ROW * bytes);
        let y = code.shared("y", CHUNK * (sources + 1) * bytes);
        let w = code.shared("w", sources * ROW * bytes);
        let values = kept
            .into_iter()
            .enumerate()
            .map(|(i, kept)| kept.then(|| code.shared(&format!("value{i}"), sources * ROW * bytes)))
            .collect();
        let exchange = code.shared("exchange", THREADS * 8);
        let [column, group, query] = [(); 3].map(|()| code.reg(Class::B32));
        emit!(code, "and.b32 {column}, {}, {}", arguments.thread, QUERIES - 1);
        emit!(code, "shr.u32 {group}, {}, {}", arguments.thread, QUERIES.ilog2());
        emit!(code, "mad.lo.u32 {query}, {}, {QUERIES}, {column}", arguments.block);
        let is_query = code.reg(Class::Pred);
        emit!(code, "setp.lt.u32 {is_query}, {query}, {}", arguments.query_count);
        Ok(Tile { x, y, w, values, exchange, column, group, query, is_query })
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
                let address = self.partial(code, arguments, tile, d, first);
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

    /// The address of partial `first + d` of this thread's query.
    fn partial(&self, code: &mut Code, arguments: &Arguments, tile: &Tile, d: Reg, first: usize) -> Reg {
        let (start, step) = code.partial_rows(arguments, tile.query, self.layout.partials.vectors);
        let (row, wide, address) = (code.reg(Class::B32), code.reg(Class::B64), code.reg(Class::B64));
        emit!(code, "add.u32 {row}, {d}, {first}");
        emit!(code, "cvt.u64.u32 {wide}, {row}");
        emit!(code, "mad.lo.u64 {address}, {wide}, {step}, {start}");
        address
    }

    /// Copies a chunk of dimensions of all queries and sources to shared memory; zeros beyond the last dimension.
    fn stage_chunk(&self, code: &mut Code, arguments: &Arguments, tile: &Tile, chunk: Reg) {
        let [k, row, d, limit] = [(); 4].map(|()| code.reg(Class::B32));
        let is_dim = code.reg(Class::Pred);
        emit!(code, "and.b32 {k}, {}, {}", arguments.thread, CHUNK - 1);
        emit!(code, "shr.u32 {row}, {}, {}", arguments.thread, CHUNK.ilog2());
        emit!(code, "add.u32 {d}, {chunk}, {k}");
        emit!(code, "setp.lt.u32 {is_dim}, {d}, {}", self.layout.dim);
        let first = code.reg(Class::B32);
        emit!(code, "mul.lo.u32 {first}, {}, {QUERIES}", arguments.block);
        emit!(code, "sub.u32 {limit}, {}, 1", arguments.query_count);
        let queries = Rows { base: arguments.queries, first, limit, floats: self.layout.dim };
        self.copy(code, &queries, (tile.x, ROW, QUERIES), (k, row, d, is_dim));
        let limit = code.reg(Class::B32);
        emit!(code, "sub.u32 {limit}, {}, 1", arguments.end);
        let sources = Rows { base: arguments.sources, first: arguments.first, limit, floats: self.layout.record };
        self.copy(code, &sources, (tile.y, self.layout.tile + 1, self.layout.tile), (k, row, d, is_dim));
        emit!(code, "bar.sync 0");
    }

    fn copy(
        &self,
        code: &mut Code,
        rows: &Rows,
        (target, stride, count): (Reg, usize, usize),
        (k, row, d, is_dim): (Reg, Reg, Reg, Reg),
    ) {
        let (bytes, t) = (code.float_bytes(), code.float_type());
        let (column, at) = (code.reg(Class::B32), code.reg(Class::B32));
        emit!(code, "mad.lo.u32 {column}, {k}, {stride}, {row}");
        emit!(code, "mad.lo.u32 {at}, {column}, {bytes}, {target}");
        for first in (0..count).step_by(THREADS / CHUNK) {
            let (index, value) = (code.reg(Class::B32), code.float());
            emit!(code, "add.u32 {index}, {}, {row}", rows.first);
            emit!(code, "add.u32 {index}, {index}, {first}");
            emit!(code, "min.u32 {index}, {index}, {}", rows.limit);
            let address = code.at(rows.base, index, rows.floats * bytes);
            let address = code.at(address, d, bytes);
            let zero = code.constant(0.0);
            emit!(code, "mov.{t} {value}, {zero}");
            emit!(code, "@{is_dim} ld.global.nc.{t} {value}, [{address}]");
            emit!(code, "st.shared.{t} [{at}+{}], {value}", first * bytes);
        }
    }

    /// The first pass: `q` of all pairs, left in `w`.
    fn distances(&self, code: &mut Code, arguments: &Arguments, tile: &Tile) {
        code.comment("distances");
        let (bytes, t, zero) = (code.float_bytes(), code.float_type(), code.constant(0.0));
        let [across, down, x, y, w] = [(); 5].map(|()| code.reg(Class::B32));
        emit!(code, "and.b32 {across}, {}, {}", arguments.thread, ACROSS - 1);
        emit!(code, "shr.u32 {down}, {}, {}", arguments.thread, ACROSS.ilog2());
        emit!(code, "mad.lo.u32 {x}, {across}, {bytes}, {}", tile.x);
        emit!(code, "mad.lo.u32 {y}, {down}, {bytes}, {}", tile.y);
        let (columns, rows) = (QUERIES / ACROSS, self.layout.tile / DOWN);
        let sums: Vec<Vec<Reg>> = (0..rows).map(|_| (0..columns).map(|_| code.variable(zero)).collect()).collect();
        let chunk = code.reg(Class::B32);
        emit!(code, "mov.u32 {chunk}, 0");
        code.while_below(chunk, self.layout.dim, CHUNK, |code| {
            self.stage_chunk(code, arguments, tile, chunk);
            for k in 0..CHUNK {
                let load = |code: &mut Code, base: Reg, offset: usize| {
                    let value = code.float();
                    emit!(code, "ld.shared.{t} {value}, [{base}+{}]", offset * bytes);
                    Operand::from(value)
                };
                let xs: Vec<Operand> = (0..columns).map(|i| load(code, x, k * ROW + i * ACROSS)).collect();
                let stride = self.layout.tile + 1;
                let ys: Vec<Operand> = (0..rows).map(|j| load(code, y, k * stride + j * DOWN)).collect();
                for (y, sums) in ys.iter().zip(&sums) {
                    for (x, sum) in xs.iter().zip(sums) {
                        let r = code.float_op("sub.rn", &[*x, *y]).into();
                        code.float_op_into(*sum, "fma.rn", &[r, r, (*sum).into()]);
                    }
                }
            }
            emit!(code, "bar.sync 0");
        });
        let at = code.reg(Class::B32);
        emit!(code, "mad.lo.u32 {at}, {down}, {ROW}, {across}");
        emit!(code, "mad.lo.u32 {w}, {at}, {bytes}, {}", tile.w);
        for (j, sums) in sums.iter().enumerate() {
            for (i, sum) in sums.iter().enumerate() {
                emit!(code, "st.shared.{t} [{w}+{}], {sum}", (j * DOWN * ROW + i * ACROSS) * bytes);
            }
        }
        emit!(code, "bar.sync 0");
    }

    /// The second pass: weights in `w`, summands in the kept values, `s` and the scalars in the totals. Returns what sums of
    /// earlier tiles are to be multiplied by.
    fn weights(
        &self,
        code: &mut Code,
        arguments: &Arguments,
        tile: &Tile,
        sums: &Sums,
        count: Reg,
    ) -> Result<Option<Reg>, Unsupported> {
        code.comment("weights");
        let zero = code.constant(0.0);
        let added: Vec<Option<Reg>> =
            sums.totals.iter().map(|total| total.is_some().then(|| code.variable(zero))).collect();
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
        for (total, added) in sums.totals.iter().zip(&added) {
            if let (Some(total), Some(added)) = (total, added) {
                let added = code.widened(*added);
                self.accumulate(code, *total, added, scale);
            }
        }
        emit!(code, "bar.sync 0");
        Ok(scale)
    }

    /// `total = total scale + added`.
    fn accumulate(&self, code: &mut Code, total: Reg, added: Reg, scale: Option<Reg>) {
        match scale {
            Some(scale) => emit!(code, "fma.rn.f64 {total}, {total}, {scale}, {added}"),
            None => emit!(code, "add.rn.f64 {total}, {total}, {added}"),
        }
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
        let (w, mut values) = self.pair(code, &arguments.uniforms, q, &weights)?;
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

    /// Adds a weight and the summands of numbers; leaves the weight and the summands of displacements for the third pass.
    fn sum_up(&self, code: &mut Code, tile: &Tile, added: &[Option<Reg>], offset: Reg, w: Operand, values: &[Operand]) {
        self.keep(code, tile.w, offset, w);
        if let Some(s) = added[0] {
            code.float_op_into(s, "add.rn", &[s.into(), w]);
        }
        for (i, value) in values.iter().enumerate() {
            match (added[i + 1], tile.values[i]) {
                (Some(sum), _) => {
                    let summand = self.summand(code, i, w, *value);
                    code.float_op_into(sum, "add.rn", &[sum.into(), summand]);
                }
                (None, Some(kept)) => {
                    let summand = self.summand(code, i, w, *value);
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
    fn exponentiated(
        &self,
        code: &mut Code,
        tile: &Tile,
        sums: &Sums,
        added: &[Option<Reg>],
    ) -> Result<(), Unsupported> {
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

    /// The third pass: displacements, accumulated in the partials.
    fn displacements(&self, code: &mut Code, arguments: &Arguments, tile: &Tile, scale: Option<Reg>) {
        code.comment("displacements");
        let coefficients: Vec<(usize, Reg)> = (self.means.iter().zip(&self.layout.partials.means).zip(&tile.values))
            .filter(|((mean, _), _)| matches!(mean.kind, MeanKind::Displacement(_)))
            .map(|((_, part), kept)| (part.first, kept.unwrap_or(tile.w)))
            .collect();
        if coefficients.is_empty() {
            return;
        }
        let chunk = code.reg(Class::B32);
        emit!(code, "mov.u32 {chunk}, 0");
        code.while_below(chunk, self.layout.dim, CHUNK, |code| {
            self.stage_chunk(code, arguments, tile, chunk);
            let sums = self.chunk_sums(code, tile, &coefficients);
            let (mut d, skip) = (code.reg(Class::B32), code.label());
            emit!(code, "@!{} bra {skip}", tile.is_query);
            emit!(code, "mad.lo.u32 {d}, {}, {}, {chunk}", tile.group, CHUNK / GROUPS);
            for k in 0..CHUNK / GROUPS {
                if k > 0 {
                    let next = code.reg(Class::B32);
                    emit!(code, "add.u32 {next}, {d}, 1");
                    d = next;
                }
                let is_over = code.reg(Class::Pred);
                emit!(code, "setp.ge.u32 {is_over}, {d}, {}", self.layout.dim);
                emit!(code, "@{is_over} bra {skip}");
                for ((first, _), sums) in coefficients.iter().zip(&sums) {
                    let (address, total) = (self.partial(code, arguments, tile, d, *first), code.reg(Class::F64));
                    let added = code.widened(sums[k]);
                    emit!(code, "ld.global.f64 {total}, [{address}]");
                    self.accumulate(code, total, added, scale);
                    emit!(code, "st.global.f64 [{address}], {total}");
                }
            }
            code.place(skip);
            emit!(code, "bar.sync 0");
        });
    }

    /// Sums over the tile of `coefficient (x - y)` for the dimensions of this thread in the chunk.
    fn chunk_sums(&self, code: &mut Code, tile: &Tile, coefficients: &[(usize, Reg)]) -> Vec<Vec<Reg>> {
        let (bytes, t, zero, each) = (code.float_bytes(), code.float_type(), code.constant(0.0), CHUNK / GROUPS);
        let (at, x, y) = (code.reg(Class::B32), code.reg(Class::B32), code.reg(Class::B32));
        let stride = self.layout.tile + 1;
        emit!(code, "mad.lo.u32 {at}, {}, {}, {}", tile.group, each * ROW, tile.column);
        emit!(code, "mad.lo.u32 {x}, {at}, {bytes}, {}", tile.x);
        emit!(code, "mad.lo.u32 {y}, {}, {}, {}", tile.group, each * stride * bytes, tile.y);
        let load = |code: &mut Code, base: Reg, offset: usize| {
            let value = code.float();
            emit!(code, "ld.shared.{t} {value}, [{base}+{}]", offset * bytes);
            Operand::from(value)
        };
        let xs: Vec<Operand> = (0..each).map(|k| load(code, x, k * ROW)).collect();
        let sums: Vec<Vec<Reg>> =
            coefficients.iter().map(|_| (0..each).map(|_| code.variable(zero)).collect()).collect();
        let j = code.reg(Class::B32);
        emit!(code, "mov.u32 {j}, 0");
        code.while_below(j, self.layout.tile, 1, |code| {
            let offset = self.pair_offset(code, tile, j);
            let source = code.reg(Class::B32);
            emit!(code, "mad.lo.u32 {source}, {j}, {bytes}, {y}");
            let r: Vec<Operand> = (0..each)
                .map(|k| {
                    let y = load(code, source, k * stride);
                    code.float_op("sub.rn", &[xs[k], y]).into()
                })
                .collect();
            for ((_, coefficient), sums) in coefficients.iter().zip(&sums) {
                let w = self.kept(code, *coefficient, offset);
                for (r, sum) in r.iter().zip(sums) {
                    code.float_op_into(*sum, "fma.rn", &[w, *r, (*sum).into()]);
                }
            }
        });
        sums
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
        let address = self.partial(code, arguments, tile, zero, 0);
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
            let address = self.partial(code, arguments, tile, zero, row);
            emit!(code, "@{stores} st.global.f64 [{address}], {sum}");
        }
    }
}

/// Points in global memory, `floats` apart.
struct Rows {
    base: Reg,
    first: Reg,
    limit: Reg,
    floats: usize,
}
