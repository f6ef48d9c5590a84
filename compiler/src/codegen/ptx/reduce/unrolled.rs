//! Few dimensions: the queries of a thread and their sums live in registers; sources are staged through shared memory.
//!
//! Holds: threads whose query is beyond the last compute the last one, so that all reach every barrier, and store nothing. For
//!   weights given by their logarithm `l_j`, no `l_j` exceeds `m` by more than [`SLACK`] when it is added; where one would, `m` is
//!   raised and all sums are multiplied by `exp(m_old - m_new)`, out of the straight path.

use super::super::Unsupported;
use super::super::code::{Class, Code, Operand, Reg, emit};
use super::super::layout::vector_length;
use super::super::seeds::Seeds;
use super::{Arguments, Reduction, vector};
use crate::codegen::sums::SLACK;
use crate::kernel::{MeanKind, Precision};

/// Short bodies are repeated for as many sources, to the layout's multiple.
const REPEATED: usize = 4;
/// What counts as short, in operations of all queries of a thread.
const SHORT: usize = 64;

/// One query of a thread.
pub(super) struct Query {
    pub(super) x: Vec<Reg>,
    /// The reference of logarithms.
    m: Reg,
    /// Sums over the tile, numbered as in the partials less the first.
    pub(super) sums: Vec<Reg>,
    /// Sums over tiles, where those are not in f64 already.
    pub(super) totals: Vec<Reg>,
    /// NaN when an operation that is watched left the range of normal numbers; a number before every tile.
    watch: Option<Reg>,
    index: Reg,
}

impl Reduction<'_> {
    pub(super) fn unrolled(
        &self,
        code: &mut Code,
        arguments: &Arguments,
        per_thread: usize,
    ) -> Result<(), Unsupported> {
        let tile = code.shared("tile", self.layout.tile * self.layout.record * code.float_bytes());
        let threads = code.special("%ntid.x");
        code.comment("the queries of this thread");
        let mut queries: Vec<Query> = Vec::new();
        let index = first_query(code, (arguments.block, threads, arguments.thread), per_thread);
        for k in 0..per_thread {
            let previous = queries.last().map(|query| query.index);
            queries.push(self.open(code, arguments, (k, previous.unwrap_or(index)), threads));
        }
        self.over_sources(code, arguments, &queries, tile, threads)?;
        code.comment("partial sums");
        // The numbers of the queries are computed again, so that they need no register while the sums are taken.
        let [block, threads, thread] = ["%ctaid.x", "%ntid.x", "%tid.x"].map(|name| code.special(name));
        let index = first_query(code, (block, threads, thread), per_thread);
        for (k, query) in queries.iter().enumerate() {
            if k > 0 {
                emit!(code, "add.u32 {index}, {index}, {threads}");
            }
            self.close(code, arguments, query, index);
        }
        Ok(())
    }

    fn open(&self, code: &mut Code, arguments: &Arguments, (k, previous): (usize, Reg), threads: Reg) -> Query {
        let index = match k {
            0 => previous,
            _ => {
                let index = code.reg(Class::B32);
                emit!(code, "add.u32 {index}, {previous}, {threads}");
                index
            }
        };
        let (last, clamped, t) = (code.reg(Class::B32), code.reg(Class::B32), code.float_type());
        emit!(code, "sub.u32 {last}, {}, 1", arguments.query_count);
        emit!(code, "min.u32 {clamped}, {index}, {last}");
        let bytes = code.float_bytes();
        let address = code.at(arguments.queries, clamped, self.layout.dim * bytes);
        let query = self.empty_query(code, index);
        for (d, x) in query.x.iter().enumerate() {
            emit!(code, "ld.global.{t} {x}, [{address}+{}]", d * bytes);
        }
        self.clear(code, &query);
        query
    }

    /// Registers for a query of this number.
    pub(super) fn empty_query(&self, code: &mut Code, index: Reg) -> Query {
        let count = self.layout.partials.vectors - 1;
        let totals = match code.precision {
            Precision::F64 => 0,
            Precision::F32 => count,
        };
        Query {
            x: (0..self.layout.dim).map(|_| code.float()).collect(),
            m: code.float(),
            sums: (0..count).map(|_| code.float()).collect(),
            totals: (0..totals).map(|_| code.reg(Class::F64)).collect(),
            watch: (self.is_seeded(code) && self.seeds.are_watched()).then(|| code.float()),
            index,
        }
    }

    /// The reference of logarithms, in f64.
    pub(super) fn reference(&self, code: &mut Code, query: &Query) -> Reg {
        code.widened(query.m)
    }

    /// Sums of no source.
    pub(super) fn clear(&self, code: &mut Code, query: &Query) {
        let zero = code.constant(0.0);
        let start = if self.is_linear() { zero } else { self.lowest(code) };
        code.float_op_into(query.m, "mov", &[start]);
        query.sums.iter().for_each(|sum| code.float_op_into(*sum, "mov", &[zero]));
        query.totals.iter().for_each(|total| emit!(code, "mov.f64 {total}, {}", Operand::F64(0)));
    }

    /// Adds the sources from `first` to `end` to the sums of all queries.
    pub(super) fn over_sources(
        &self,
        code: &mut Code,
        arguments: &Arguments,
        queries: &[Query],
        tile: Reg,
        threads: Reg,
    ) -> Result<(), Unsupported> {
        code.while_below(arguments.first, arguments.end, self.layout.tile, |code| {
            let count = self.stage(code, arguments, tile, threads);
            self.tile(code, arguments, queries, (tile, count))?;
            queries.iter().for_each(|query| self.flush(code, query));
            emit!(code, "bar.sync 0");
            Ok(())
        })
    }

    /// Copies the next sources to shared memory and returns how many there are.
    fn stage(&self, code: &mut Code, arguments: &Arguments, tile: Reg, threads: Reg) -> Reg {
        code.comment("stage a tile of sources");
        let length = vector_length(code.precision, self.layout.record);
        let (bytes, t) = (code.float_bytes(), code.float_type());
        let (count, copies, i) = (code.reg(Class::B32), code.reg(Class::B32), code.reg(Class::B32));
        emit!(code, "sub.u32 {count}, {}, {}", arguments.end, arguments.first);
        emit!(code, "min.u32 {count}, {count}, {}", self.layout.tile);
        emit!(code, "mul.lo.u32 {copies}, {count}, {}", self.layout.record / length);
        let from = code.at(arguments.sources, arguments.first, self.layout.record * bytes);
        emit!(code, "mov.u32 {i}, {}", arguments.thread);
        code.while_below(i, copies, threads, |code| {
            let (source, target) = (code.at(from, i, length * bytes), code.reg(Class::B32));
            emit!(code, "mad.lo.u32 {target}, {i}, {}, {tile}", length * bytes);
            let values: Vec<Reg> = (0..length).map(|_| code.float()).collect();
            let (vector, list) = vector(&values);
            emit!(code, "ld.global.nc{vector}.{t} {list}, [{source}]");
            emit!(code, "st.shared{vector}.{t} [{target}], {list}");
        });
        emit!(code, "bar.sync 0");
        count
    }

    /// Adds all sources in shared memory to the sums of all queries, which are zero before in f32.
    fn tile(
        &self,
        code: &mut Code,
        arguments: &Arguments,
        queries: &[Query],
        tile: (Reg, Reg),
    ) -> Result<(), Unsupported> {
        let exact = Seeds::default();
        if !self.is_seeded(code) {
            return self.add_tile(code, arguments, queries, tile, &exact);
        }
        let zero = code.constant(0.0);
        let watches = queries.iter().filter_map(|query| query.watch);
        watches.for_each(|watch| code.float_op_into(watch, "mov", &[zero]));
        self.add_tile(code, arguments, queries, tile, &self.seeds)?;
        code.comment("once more where a quotient or a root was out of range");
        let (is_number, next) = (self.is_sound(code, queries), code.label());
        emit!(code, "@{is_number} bra {next}");
        let sums = queries.iter().flat_map(|query| &query.sums);
        sums.for_each(|sum| code.float_op_into(*sum, "mov", &[zero]));
        self.add_tile(code, arguments, queries, tile, &exact)?;
        code.place(next);
        Ok(())
    }

    /// Whether quotients and roots start from approximations.
    fn is_seeded(&self, code: &Code) -> bool {
        !code.fast_math && !self.seeds.is_empty()
    }

    /// Whether no sum of weights is NaN, and nothing that is watched.
    fn is_sound(&self, code: &mut Code, queries: &[Query]) -> Reg {
        let sums = queries.iter().flat_map(|query| [Some(query.sums[0]), query.watch]).flatten().map(Operand::from);
        let total = sums.reduce(|total, sum| code.float_op("add.rn", &[total, sum]).into());
        let total = total.unwrap_or_else(|| code.constant(0.0));
        code.compare("eq", total, total)
    }

    fn add_tile(
        &self,
        code: &mut Code,
        arguments: &Arguments,
        queries: &[Query],
        (tile, count): (Reg, Reg),
        seeds: &Seeds,
    ) -> Result<(), Unsupported> {
        let bytes = self.layout.record * code.float_bytes();
        let exps = if self.is_linear() { 0 } else { 2 * self.exp.body().len() };
        let repeated = if (self.kernel.body().len() + exps) * queries.len() <= SHORT { REPEATED } else { 1 };
        let (at, end) = (code.reg(Class::B32), code.reg(Class::B32));
        emit!(code, "mov.u32 {at}, {tile}");
        emit!(code, "mad.lo.u32 {end}, {count}, {bytes}, {tile}");
        code.while_below(at, end, bytes * repeated, |code| {
            for source in 0..repeated {
                let record = code.shared_row(at, source * bytes, self.layout.record);
                for query in queries {
                    self.add_pair(code, arguments, query, &record, seeds)?;
                }
            }
            Ok(())
        })
    }

    fn add_pair(
        &self,
        code: &mut Code,
        arguments: &Arguments,
        query: &Query,
        record: &[Reg],
        seeds: &Seeds,
    ) -> Result<(), Unsupported> {
        let (y, weights) = record.split_at(self.layout.dim);
        let r: Vec<Operand> =
            query.x.iter().zip(y).map(|(x, y)| code.float_op("sub.rn", &[(*x).into(), (*y).into()]).into()).collect();
        let first: Operand = code.float_op("mul.rn", &[r[0], r[0]]).into();
        let q = r[1..].iter().fold(first, |q, r| code.float_op("fma.rn", &[*r, *r, q]).into());
        let weights: Vec<Operand> = weights.iter().map(|w| (*w).into()).collect();
        let (mut w, values) = self.pair(code, (seeds, query.watch), &arguments.uniforms, q, &weights)?;
        if !self.is_linear() {
            w = self.exponentiate(code, query, w)?;
        }
        code.float_op_into(query.sums[0], "add.rn", &[query.sums[0].into(), w]);
        for (i, (part, value)) in self.layout.partials.means.iter().zip(values).enumerate() {
            let summand = self.summand(code, i, w, value);
            let sums = &query.sums[part.first - 1..][..part.count];
            match self.means[i].kind {
                MeanKind::Scalar(_) | MeanKind::Weighted(_) => {
                    code.float_op_into(sums[0], "add.rn", &[sums[0].into(), summand]);
                }
                MeanKind::Displacement(_) => {
                    for (sum, r) in sums.iter().zip(&r) {
                        code.float_op_into(*sum, "fma.rn", &[*r, summand, (*sum).into()]);
                    }
                }
            }
        }
        Ok(())
    }

    /// `exp(l - m)`, with `m` raised before if it must be.
    fn exponentiate(&self, code: &mut Code, query: &Query, l: Operand) -> Result<Operand, Unsupported> {
        let (fits, m) = (code.label(), Operand::from(query.m));
        let excess = code.float_op("sub.rn", &[l, m]);
        let slack = code.constant(SLACK);
        let is_too_large = code.compare("lt", slack, excess.into());
        emit!(code, "@!{is_too_large} bra {fits}");
        let difference = code.float_op("sub.rn", &[m, l]);
        let scale = self.exp(code, difference)?;
        code.float_op_into(query.m, "mov", &[l]);
        code.float_op_into(excess, "mov", &[code.constant(0.0)]);
        for sum in &query.sums {
            code.float_op_into(*sum, "mul.rn", &[(*sum).into(), scale]);
        }
        if !query.totals.is_empty() {
            let scale = code.variable(scale);
            let scale = code.widened(scale);
            query.totals.iter().for_each(|total| emit!(code, "mul.rn.f64 {total}, {total}, {scale}"));
        }
        code.place(fits);
        self.exp(code, excess)
    }

    /// Adds the sums of a tile to the totals.
    fn flush(&self, code: &mut Code, query: &Query) {
        for (sum, total) in query.sums.iter().zip(&query.totals) {
            let wide = code.widened(*sum);
            emit!(code, "add.rn.f64 {total}, {total}, {wide}");
            code.float_op_into(*sum, "mov", &[code.constant(0.0)]);
        }
    }

    fn close(&self, code: &mut Code, arguments: &Arguments, query: &Query, index: Reg) {
        let (is_over, next) = (code.reg(Class::Pred), code.label());
        emit!(code, "setp.ge.u32 {is_over}, {index}, {}", arguments.query_count);
        emit!(code, "@{is_over} bra {next}");
        let (row, step) = code.partial_rows(arguments, index, self.layout.partials.vectors);
        let m = code.widened(query.m);
        let sums = if query.totals.is_empty() { &query.sums } else { &query.totals };
        for value in std::iter::once(&m).chain(sums) {
            emit!(code, "st.global.f64 [{row}], {value}");
            emit!(code, "add.u64 {row}, {row}, {step}");
        }
        code.place(next);
    }
}

impl Query {
    /// The number of its point.
    pub(super) fn index(&self) -> Reg {
        self.index
    }
}

/// The number of a thread's first query.
fn first_query(code: &mut Code, (block, threads, thread): (Reg, Reg, Reg), per_thread: usize) -> Reg {
    let (base, index) = (code.reg(Class::B32), code.reg(Class::B32));
    emit!(code, "mul.lo.u32 {base}, {block}, {per_thread}");
    emit!(code, "mad.lo.u32 {index}, {base}, {threads}, {thread}");
    index
}
