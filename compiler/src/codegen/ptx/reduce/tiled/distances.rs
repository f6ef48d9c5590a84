//! The first pass: squared distances, summed over the dimensions in chunks.
//!
//! Holds: a thread has some neighbouring queries and sources, loads their coordinates from shared memory as vectors, and keeps the sums of
//!   all its pairs in registers. The next chunk is on its way from global memory while this one is summed.

use super::super::super::code::{Class, Code, Operand, Reg, emit};
use super::super::{Arguments, Reduction};
use super::{CHUNK, DOWN, EACH, QUERIES, ROW, THREADS, Tile, stride};

/// Rows of a chunk that a thread copies at a time.
const STEP: usize = THREADS / CHUNK;

/// The copies of a thread: one dimension of every so many-th query and source of the tile.
struct Copies {
    /// The dimension of the next chunk.
    d: Reg,
    is_dim: Reg,
    /// Queries, then sources.
    columns: [Column; 2],
}

/// Rows of points in global memory, and where one of their dimensions goes.
struct Column {
    from: Reg,
    /// Bytes from a row to the next that this thread copies.
    pitch: usize,
    to: Reg,
    are_rows: Vec<Reg>,
    values: Vec<Reg>,
}

impl Reduction<'_> {
    /// `q` of all pairs, left in `w`. Beyond the last query and source, points are zero.
    pub(super) fn distances(&self, code: &mut Code, arguments: &Arguments, tile: &Tile, count: Reg) {
        code.comment("distances");
        let (bytes, rows) = (code.float_bytes(), self.layout.tile / DOWN);
        let [x, y, w, at] = [(); 4].map(|()| code.reg(Class::B32));
        emit!(code, "mad.lo.u32 {x}, {}, {}, {}", tile.across, EACH * bytes, tile.x);
        emit!(code, "mad.lo.u32 {y}, {}, {}, {}", tile.down, rows * bytes, tile.y);
        let zero = code.constant(0.0);
        let sums: Vec<Vec<Reg>> = (0..rows).map(|_| (0..EACH).map(|_| code.variable(zero)).collect()).collect();
        let copies = self.copies(code, arguments, tile, count);
        let chunk = code.reg(Class::B32);
        emit!(code, "mov.u32 {chunk}, 0");
        copies.load(code, self.layout.dim);
        code.while_below(chunk, self.layout.dim, CHUNK, |code| {
            copies.store(code);
            emit!(code, "bar.sync 0");
            copies.load(code, self.layout.dim);
            for k in 0..CHUNK {
                let xs = code.shared_row(x, k * ROW * bytes, EACH);
                let ys = code.shared_row(y, k * stride(self.layout.tile) * bytes, rows);
                for (y, sums) in ys.iter().zip(&sums) {
                    for (x, sum) in xs.iter().zip(sums) {
                        let r: Operand = code.float_op("sub.rn", &[(*x).into(), (*y).into()]).into();
                        code.float_op_into(*sum, "fma.rn", &[r, r, (*sum).into()]);
                    }
                }
            }
            emit!(code, "bar.sync 0");
        });
        emit!(code, "mad.lo.u32 {at}, {}, {}, {}", tile.down, rows * ROW * bytes, tile.w);
        emit!(code, "mad.lo.u32 {w}, {}, {}, {at}", tile.across, EACH * bytes);
        for (j, sums) in sums.iter().enumerate() {
            code.store_shared_row(w, j * ROW * bytes, sums);
        }
        emit!(code, "bar.sync 0");
    }

    fn copies(&self, code: &mut Code, arguments: &Arguments, tile: &Tile, count: Reg) -> Copies {
        let [d, row, first, queries] = [(); 4].map(|()| code.reg(Class::B32));
        emit!(code, "and.b32 {d}, {}, {}", arguments.thread, CHUNK - 1);
        emit!(code, "shr.u32 {row}, {}, {}", arguments.thread, CHUNK.ilog2());
        emit!(code, "mul.lo.u32 {first}, {}, {QUERIES}", arguments.block);
        emit!(code, "sub.u32 {queries}, {}, {first}", arguments.query_count);
        let mut column = |(base, first, floats): (Reg, Reg, usize), (to, stride, rows), end: Reg| {
            let bytes = code.float_bytes();
            let [index, place] = [(); 2].map(|()| code.reg(Class::B32));
            emit!(code, "add.u32 {index}, {first}, {row}");
            let from = code.at(base, index, floats * bytes);
            let from = code.at(from, d, bytes);
            emit!(code, "mad.lo.u32 {place}, {d}, {stride}, {row}");
            emit!(code, "mad.lo.u32 {place}, {place}, {bytes}, {to}");
            let are_rows = (0..rows).step_by(STEP).map(|first| code.is_below(row, first, end)).collect();
            let values = (0..rows).step_by(STEP).map(|_| code.float()).collect();
            Column { from, pitch: STEP * floats * bytes, to: place, are_rows, values }
        };
        let columns = [
            column((arguments.queries, first, self.layout.dim), (tile.x, ROW, QUERIES), queries),
            column(
                (arguments.sources, arguments.first, self.layout.record),
                (tile.y, stride(self.layout.tile), self.layout.tile),
                count,
            ),
        ];
        Copies { d, is_dim: code.reg(Class::Pred), columns }
    }
}

impl Copies {
    /// Loads the next chunk; zeros beyond the last dimension and the last row.
    fn load(&self, code: &mut Code, dim: usize) {
        let (t, zero, bytes) = (code.float_type(), code.constant(0.0), code.float_bytes());
        emit!(code, "setp.lt.u32 {}, {}, {dim}", self.is_dim, self.d);
        for column in &self.columns {
            for (i, (value, is_row)) in column.values.iter().zip(&column.are_rows).enumerate() {
                let is_there = code.reg(Class::Pred);
                emit!(code, "and.pred {is_there}, {}, {is_row}", self.is_dim);
                emit!(code, "mov.{t} {value}, {zero}");
                emit!(code, "@{is_there} ld.global.nc.{t} {value}, [{}+{}]", column.from, i * column.pitch);
            }
            emit!(code, "add.u64 {}, {}, {}", column.from, column.from, CHUNK * bytes);
        }
        emit!(code, "add.u32 {}, {}, {CHUNK}", self.d, self.d);
    }

    /// Stores the chunk that was loaded.
    fn store(&self, code: &mut Code) {
        let (t, bytes) = (code.float_type(), code.float_bytes());
        for column in &self.columns {
            for (i, value) in column.values.iter().enumerate() {
                emit!(code, "st.shared.{t} [{}+{}], {value}", column.to, i * STEP * bytes);
            }
        }
    }
}
