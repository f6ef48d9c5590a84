//! The first and the third pass, which walk the dimensions: distances, then displacements.

use super::super::super::code::{Class, Code, Operand, Reg, emit};
use super::super::{Arguments, Reduction};
use super::{ACROSS, CHUNK, DOWN, GROUPS, QUERIES, ROW, THREADS, Tile};
use crate::kernel::MeanKind;

/// Points in global memory, `floats` apart.
struct Rows {
    base: Reg,
    first: Reg,
    limit: Reg,
    floats: usize,
}

impl Reduction<'_> {
    /// The first pass: `q` of all pairs, left in `w`.
    pub(super) fn distances(&self, code: &mut Code, arguments: &Arguments, tile: &Tile) {
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

    /// The third pass: displacements, accumulated in the partials.
    pub(super) fn displacements(&self, code: &mut Code, arguments: &Arguments, tile: &Tile, scale: Option<Reg>) {
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
}
