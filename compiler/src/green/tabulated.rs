//! A law without a closed form as a table that a kernel reads, made anew at each time.
//!
//! In:   a [`Subordinated`] law, a dimension, a time.
//! Out:  the uniforms of the kernel: `log g`, and where they have no closed form the flux `J/p = f (x - y)` and `R/p`, as polynomials
//!       in pieces of `x = log(1 + q/a^2)`; the body that reads them.
//! Holds: every piece is checked against the mixture between its nodes. Beyond the last piece, at distances over 1e10, the law goes
//!   on as a power.

use super::subordinated::{Kept, Mixed, Mixture, Subordinated};
use super::table;
use crate::kernel::{KernelBuilder, Pair, Precision, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Squared distances up to this have a piece.
const FARTHEST: f64 = 1e20;

/// Which quantities beside `log g` the table holds, and at which of the law's amplitudes they are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Columns {
    pub(super) flux: Option<usize>,
    pub(super) births: Option<usize>,
}

/// The law in one dimension, with its tables at the last few times.
#[derive(Debug)]
pub(super) struct Tabulated {
    pub(super) law: Arc<Subordinated>,
    pub(super) columns: Columns,
    half_dim: f64,
    coarse: Kept<Table>,
    fine: Kept<Table>,
}

impl PartialEq for Tabulated {
    fn eq(&self, other: &Tabulated) -> bool {
        (&self.law, self.columns, self.half_dim) == (&other.law, other.columns, other.half_dim)
    }
}

/// A table at one time.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) log_peak: f64,
    pub(super) uniforms: BTreeMap<String, f64>,
}

/// How fine a table is.
#[derive(Clone, Copy)]
struct Fineness {
    pieces: usize,
    degree: usize,
    tolerance: f64,
}

impl Fineness {
    fn of(precision: Precision) -> Fineness {
        match precision {
            Precision::F32 => Fineness { pieces: 20, degree: 7, tolerance: 2e-8 },
            Precision::F64 => Fineness { pieces: 28, degree: 15, tolerance: 2e-12 },
        }
    }
}

impl Tabulated {
    pub(super) fn new(law: Arc<Subordinated>, columns: Columns, dim: usize) -> Tabulated {
        Tabulated { law, columns, half_dim: 0.5 * dim as f64, coarse: Kept::default(), fine: Kept::default() }
    }

    /// The table at time t.
    pub(super) fn table(&self, precision: Precision, t: f64) -> Arc<Table> {
        let kept = match precision {
            Precision::F32 => &self.coarse,
            Precision::F64 => &self.fine,
        };
        kept.get(t, || self.make(Fineness::of(precision), t))
    }

    fn make(&self, fineness: Fineness, t: f64) -> Table {
        let mixture = Mixture::new(&self.law, t, self.half_dim, Some(FARTHEST));
        let peak = mixture.at(0.0);
        let decay = self.half_dim + 0.5;
        let fitting = Fitting {
            mixture: &mixture,
            columns: self.columns,
            scale: decay / peak.mean_inverse,
            log_peak: peak.log,
            decay,
            degree: fineness.degree,
        };
        let mut tolerance = fineness.tolerance;
        let pieces = loop {
            match fitting.pieces(fineness.pieces, tolerance) {
                Some(pieces) => break pieces,
                None => tolerance *= 10.0,
            }
        };
        Table { log_peak: peak.log, uniforms: fitting.uniforms(&pieces, fineness.pieces) }
    }

    /// `log w + log g(q) - log g(0)`, and the coefficients of flux and births.
    pub(super) fn weight(&self, k: &mut KernelBuilder, pair: Pair) -> (Value, Option<Value>, Option<Value>) {
        let fineness = Fineness::of(k.precision());
        let inverse = k.uniform("1_over_scale_squared");
        let ratio = k.mul(pair.q, inverse);
        let x = k.log1p(ratio);
        let masks: Vec<Value> = (0..fineness.pieces - 1)
            .map(|i| {
                let edge = k.uniform(&name("edge", i, 0));
                k.lt(x, edge)
            })
            .collect();
        let row = |k: &mut KernelBuilder, what| -> Vec<Value> {
            (0..fineness.pieces).map(|i| k.uniform(&name(what, i, 0))).collect()
        };
        let (centres, slopes) = (row(k, "centre"), row(k, "slope"));
        let (centre, slope) = (table::choose(k, &masks, &centres), table::choose(k, &masks, &slopes));
        let offset = k.sub(x, centre);
        let s = k.mul(offset, slope);
        let one = k.constant(1.0);
        let s = k.min(s, one);
        let polynomial = |k: &mut KernelBuilder, what: &str| {
            let pieces: Vec<Vec<Value>> = (0..fineness.pieces)
                .map(|i| (0..=fineness.degree).map(|j| k.uniform(&name(what, i, j))).collect())
                .collect();
            table::polynomial(k, &masks, s, &pieces)
        };
        let scaled = polynomial(k, "log");
        let decay = k.constant(-(self.half_dim + 0.5));
        let weight = k.fma(decay, x, pair.log_w);
        let weight = k.add(weight, scaled);
        let flux = self.columns.flux.map(|_| polynomial(k, "flux"));
        let births = self.columns.births.map(|_| polynomial(k, "births"));
        (weight, flux, births)
    }
}

fn name(what: &str, piece: usize, power: usize) -> String {
    format!("{what}_{piece}_{power}")
}

/// One piece: its ends, and a row of powers for `log g` and every column.
struct Piece {
    low: f64,
    high: f64,
    rows: Vec<Vec<f64>>,
}

/// What a piece is fitted to.
struct Fitting<'a> {
    mixture: &'a Mixture<'a>,
    columns: Columns,
    /// `a^2`, where the law begins to fall.
    scale: f64,
    log_peak: f64,
    decay: f64,
    degree: usize,
}

impl Fitting<'_> {
    /// The quantities of the table at x.
    fn rows(&self, x: f64) -> Vec<f64> {
        let Mixed { log, ratios, .. } = self.mixture.at(self.scale * x.exp_m1());
        let flux = self.columns.flux.and_then(|i| ratios.get(i)).map(|ratio| ratio.1);
        let births = self.columns.births.and_then(|i| ratios.get(i)).map(|ratio| ratio.0);
        let scaled = log - self.log_peak + self.decay * x;
        std::iter::once(scaled).chain(flux).chain(births).collect()
    }

    /// Pieces from 0 to the farthest distance, as wide as the tolerance allows; none if there are too many.
    fn pieces(&self, most: usize, tolerance: f64) -> Option<Vec<Piece>> {
        let end = (FARTHEST / self.scale).ln_1p().min(1400.0);
        let (mut pieces, mut edge, mut width) = (Vec::new(), 0.0, 2.0_f64);
        while edge < end {
            let high = if edge + 1.2 * width > end { end } else { edge + width };
            let is_last_try = width < 1e-4;
            match self.piece(edge, high, tolerance, is_last_try) {
                Some(piece) => {
                    pieces.push(piece);
                    edge = high;
                    width *= 1.5;
                }
                None => width = 0.6 * (high - edge),
            }
            if pieces.len() > most || (pieces.len() == most && edge < end) {
                return None;
            }
        }
        Some(pieces)
    }

    fn piece(&self, low: f64, high: f64, tolerance: f64, is_last_try: bool) -> Option<Piece> {
        let x_of = |s: f64| low + 0.5 * (high - low) * (s + 1.0);
        let values: Vec<Vec<f64>> = table::nodes(self.degree).into_iter().map(|s| self.rows(x_of(s))).collect();
        let count = values.first().map_or(0, Vec::len);
        let rows: Vec<Vec<f64>> =
            (0..count).map(|row| table::powers(&values.iter().map(|v| v[row]).collect::<Vec<_>>())).collect();
        let meets = |s: f64| {
            let (x, expected) = (x_of(s), self.rows(x_of(s)));
            // The quadrature rounds exponents of the size of log g.
            let slack = 1.0 + 2e-3 * (expected.first().map_or(0.0, |log| log.abs()) + self.decay * (x + 4.0));
            expected.iter().zip(&rows).enumerate().all(|(row, (expected, powers))| {
                let size = if row == 0 { slack } else { slack * expected.abs() };
                (table::value(powers, s) - expected).abs() <= tolerance * size
            })
        };
        (is_last_try || [-0.985, -0.6, 0.05, 0.7, 0.98].into_iter().all(meets)).then_some(Piece { low, high, rows })
    }

    /// The pieces as numbers with names; the last one is repeated to fill the table.
    fn uniforms(&self, pieces: &[Piece], room: usize) -> BTreeMap<String, f64> {
        let mut out = BTreeMap::from([("1_over_scale_squared".to_owned(), 1.0 / self.scale)]);
        let columns = [Some("log"), self.columns.flux.map(|_| "flux"), self.columns.births.map(|_| "births")];
        for i in 0..room {
            let Some(piece) = pieces.get(i).or(pieces.last()) else { continue };
            // No x is beyond the largest number.
            let edge = if i + 1 < pieces.len() { piece.high } else { f64::from(f32::MAX) };
            out.insert(name("edge", i, 0), edge);
            out.insert(name("centre", i, 0), 0.5 * (piece.low + piece.high));
            out.insert(name("slope", i, 0), 2.0 / (piece.high - piece.low));
            for (what, row) in columns.into_iter().flatten().zip(&piece.rows) {
                out.extend(row.iter().enumerate().map(|(j, c)| (name(what, i, j), *c)));
            }
        }
        out
    }
}
