//! The third pass: sums of `coefficient (x - y)` over the tile, for the dimensions in chunks, added to the partials.
//!
//! Holds: a thread has some neighbouring queries and dimensions, with their sums and the coordinates of the queries in registers; the sources come
//!   from shared memory, as they lie in global memory.

use super::super::super::code::{Class, Code, Reg, emit};
use super::super::{Arguments, Reduction};
use super::{DOWN, EACH, QUERIES, ROW, THREADS, Tile, UNROLLED, stride};
use crate::kernel::MeanKind;

/// The queries of a thread.
struct Part {
    /// The number of the first.
    query: Reg,
    /// Whether there is the query.
    are_queries: Vec<Reg>,
    /// The first coordinate of each query, at the thread's dimension of the first chunk.
    rows: Vec<Reg>,
    /// What earlier sums of each query are multiplied by, if they are.
    scales: Option<Vec<Reg>>,
}

/// The dimensions of a thread in a chunk.
struct Dims {
    first: Reg,
    /// Whether there is the dimension.
    are_dims: Vec<Reg>,
}

impl Reduction<'_> {
    /// Adds the displacements of the tile to the partials, after multiplying those by `scale`, a number of this thread's query.
    pub(super) fn displacements(
        &self,
        code: &mut Code,
        arguments: &Arguments,
        tile: &Tile,
        count: Reg,
        scale: Option<Reg>,
    ) {
        code.comment("displacements");
        let coefficients: Vec<(usize, Reg)> = (self.means.iter().zip(&self.layout.partials.means).zip(&tile.values))
            .filter(|((mean, _), _)| matches!(mean.kind, MeanKind::Displacement(_)))
            .map(|((_, part), kept)| (part.first, kept.unwrap_or(tile.w)))
            .collect();
        if coefficients.is_empty() {
            return;
        }
        let (bytes, each) = (code.float_bytes(), self.dims_per_thread());
        let part = self.part(code, arguments, tile, scale);
        let [chunk, own] = [(); 2].map(|()| code.reg(Class::B32));
        emit!(code, "mov.u32 {chunk}, 0");
        emit!(code, "mul.lo.u32 {own}, {}, {each}", tile.down);
        code.while_below(chunk, self.layout.dim, DOWN * each, |code| {
            self.stage_sources(code, arguments, tile, chunk, count);
            let first = code.reg(Class::B32);
            emit!(code, "add.u32 {first}, {chunk}, {own}");
            let are_dims: Vec<Reg> = (0..each).map(|k| code.is_below(first, k, self.layout.dim)).collect();
            let xs: Vec<Vec<Reg>> =
                part.rows.iter().zip(&part.are_queries).map(|row| code.row(row, &are_dims)).collect();
            let dims = Dims { first, are_dims };
            emit!(code, "bar.sync 0");
            let sums = self.chunk_sums(code, tile, &coefficients, &xs);
            for ((first, _), sums) in coefficients.iter().zip(&sums) {
                self.add_chunk(code, arguments, &part, &dims, sums, *first);
            }
            part.rows.iter().for_each(|row| emit!(code, "add.u64 {row}, {row}, {}", DOWN * each * bytes));
            emit!(code, "bar.sync 0");
        });
    }

    fn part(&self, code: &mut Code, arguments: &Arguments, tile: &Tile, scale: Option<Reg>) -> Part {
        let scales = scale.map(|scale| {
            // Threads of a query agree on its scale; others need it here.
            let [own, first] = [(); 2].map(|()| code.reg(Class::B32));
            emit!(code, "mad.lo.u32 {own}, {}, 8, {}", tile.column, tile.exchange);
            emit!(code, "mad.lo.u32 {first}, {}, {}, {}", tile.across, EACH * 8, tile.exchange);
            let is_first = code.reg(Class::Pred);
            emit!(code, "setp.eq.u32 {is_first}, {}, 0", tile.group);
            emit!(code, "@{is_first} st.shared.f64 [{own}], {scale}");
            emit!(code, "bar.sync 0");
            (0..EACH)
                .map(|i| {
                    let scale = code.reg(Class::F64);
                    emit!(code, "ld.shared.f64 {scale}, [{first}+{}]", i * 8);
                    scale
                })
                .collect()
        });
        let (bytes, query) = (code.float_bytes(), code.reg(Class::B32));
        emit!(code, "mul.lo.u32 {query}, {}, {EACH}", tile.across);
        emit!(code, "mad.lo.u32 {query}, {}, {QUERIES}, {query}", arguments.block);
        let are_queries = (0..EACH).map(|i| code.is_below(query, i, arguments.query_count)).collect();
        let d = code.reg(Class::B32);
        emit!(code, "mul.lo.u32 {d}, {}, {}", tile.down, self.dims_per_thread());
        let first = code.at(arguments.queries, query, self.layout.dim * bytes);
        let mut row = code.at(first, d, bytes);
        let rows = (0..EACH)
            .map(|i| {
                if i > 0 {
                    let next = code.reg(Class::B64);
                    emit!(code, "add.u64 {next}, {row}, {}", self.layout.dim * bytes);
                    row = next;
                }
                row
            })
            .collect();
        Part { query, are_queries, rows, scales }
    }

    /// Sums over the tile of `coefficient (x - y)`, by coefficient, query and dimension.
    fn chunk_sums(
        &self,
        code: &mut Code,
        tile: &Tile,
        coefficients: &[(usize, Reg)],
        xs: &[Vec<Reg>],
    ) -> Vec<Vec<Vec<Reg>>> {
        let (bytes, each, zero) = (code.float_bytes(), self.dims_per_thread(), code.constant(0.0));
        let sums: Vec<Vec<Vec<Reg>>> = coefficients
            .iter()
            .map(|_| xs.iter().map(|x| x.iter().map(|_| code.variable(zero)).collect()).collect())
            .collect();
        let (pitch, w_pitch) = (stride(DOWN * each) * bytes, ROW * bytes);
        let [y, end] = [(); 2].map(|()| code.reg(Class::B32));
        emit!(code, "mad.lo.u32 {y}, {}, {}, {}", tile.down, each * bytes, tile.x);
        emit!(code, "add.u32 {end}, {y}, {}", self.layout.tile * pitch);
        let weights: Vec<Reg> = coefficients
            .iter()
            .map(|(_, base)| {
                let at = code.reg(Class::B32);
                emit!(code, "mad.lo.u32 {at}, {}, {}, {base}", tile.across, EACH * bytes);
                at
            })
            .collect();
        code.while_below(y, end, UNROLLED * pitch, |code| {
            for j in 0..UNROLLED {
                let ys = code.shared_row(y, j * pitch, each);
                let rs: Vec<Vec<Reg>> = xs
                    .iter()
                    .map(|x| {
                        x.iter().zip(&ys).map(|(x, y)| code.float_op("sub.rn", &[(*x).into(), (*y).into()])).collect()
                    })
                    .collect();
                for (at, sums) in weights.iter().zip(&sums) {
                    let ws = code.shared_row(*at, j * w_pitch, EACH);
                    for ((w, rs), sums) in ws.iter().zip(&rs).zip(sums) {
                        for (r, sum) in rs.iter().zip(sums) {
                            code.float_op_into(*sum, "fma.rn", &[(*w).into(), (*r).into(), (*sum).into()]);
                        }
                    }
                }
            }
            weights.iter().for_each(|at| emit!(code, "add.u32 {at}, {at}, {}", UNROLLED * w_pitch));
        });
        sums
    }

    /// Adds sums of a chunk to the partials from `first` on.
    fn add_chunk(
        &self,
        code: &mut Code,
        arguments: &Arguments,
        part: &Part,
        dims: &Dims,
        sums: &[Vec<Reg>],
        first: usize,
    ) {
        let (mut row, step) = self.partial(code, arguments, part.query, dims.first, first);
        for (k, is_dim) in dims.are_dims.iter().enumerate() {
            if k > 0 {
                let next = code.reg(Class::B64);
                emit!(code, "add.u64 {next}, {row}, {step}");
                row = next;
            }
            for (i, is_query) in part.are_queries.iter().enumerate() {
                let (is_there, total) = (code.reg(Class::Pred), code.reg(Class::F64));
                emit!(code, "and.pred {is_there}, {is_dim}, {is_query}");
                let added = code.widened(sums[i][k]);
                emit!(code, "@{is_there} ld.global.f64 {total}, [{row}+{}]", i * 8);
                self.accumulate(code, total, added, part.scales.as_ref().map(|scales| scales[i]));
                emit!(code, "@{is_there} st.global.f64 [{row}+{}], {total}", i * 8);
            }
        }
    }

    /// Copies a chunk of dimensions of all sources of the tile to shared memory; zeros beyond the last dimension and source.
    fn stage_sources(&self, code: &mut Code, arguments: &Arguments, tile: &Tile, chunk: Reg, count: Reg) {
        let (bytes, t, zero) = (code.float_bytes(), code.float_type(), code.constant(0.0));
        let width = DOWN * self.dims_per_thread();
        let [k, row, d, end, index, to] = [(); 6].map(|()| code.reg(Class::B32));
        emit!(code, "and.b32 {k}, {}, {}", arguments.thread, width - 1);
        emit!(code, "shr.u32 {row}, {}, {}", arguments.thread, width.ilog2());
        emit!(code, "add.u32 {d}, {chunk}, {k}");
        let is_over = code.reg(Class::Pred);
        emit!(code, "setp.ge.u32 {is_over}, {d}, {}", self.layout.dim);
        emit!(code, "mov.u32 {end}, {count}");
        emit!(code, "@{is_over} mov.u32 {end}, 0");
        emit!(code, "add.u32 {index}, {}, {row}", arguments.first);
        let from = code.at(arguments.sources, index, self.layout.record * bytes);
        let from = code.at(from, d, bytes);
        emit!(code, "mad.lo.u32 {to}, {row}, {}, {k}", stride(width));
        emit!(code, "mad.lo.u32 {to}, {to}, {bytes}, {}", tile.x);
        let rows: Vec<usize> = (0..self.layout.tile).step_by(THREADS / width).collect();
        for rows in rows.chunks(UNROLLED) {
            // Loads first, so that they are under way together.
            let values: Vec<Reg> = rows
                .iter()
                .map(|first| {
                    let (is_there, value) = (code.is_below(row, *first, end), code.variable(zero));
                    let offset = first * self.layout.record * bytes;
                    emit!(code, "@{is_there} ld.global.nc.{t} {value}, [{from}+{offset}]");
                    value
                })
                .collect();
            for (first, value) in rows.iter().zip(values) {
                emit!(code, "st.shared.{t} [{to}+{}], {value}", first * stride(width) * bytes);
            }
        }
    }
}

impl Code {
    /// The coordinates of a query at the dimensions that there are; zeros elsewhere.
    fn row(&mut self, (row, is_query): (&Reg, &Reg), are_dims: &[Reg]) -> Vec<Reg> {
        let (bytes, t, zero) = (self.float_bytes(), self.float_type(), self.constant(0.0));
        (are_dims.iter().enumerate())
            .map(|(k, is_dim)| {
                let (is_there, value) = (self.reg(Class::Pred), self.variable(zero));
                emit!(self, "and.pred {is_there}, {is_dim}, {is_query}");
                emit!(self, "@{is_there} ld.global.nc.{t} {value}, [{row}+{}]", k * bytes);
                value
            })
            .collect()
    }
}
