//! A law without a closed form as a table that a kernel reads, made anew at each time.
//!
//! In:   a [`Subordinated`] law, a dimension, a time.
//! Out:  the uniforms of the kernel: `log g`, and where they have no closed form the flux `J/p = f (x - y)` and `R/p`, in pieces of
//!       `x = log(1 + q/a^2)`; the body that reads them. The pieces move with t, the body stays.
//! Holds: every piece is checked against the mixture between its nodes. Beyond the last piece, at distances over 1e10, the law goes
//!   on as a power.

use super::contour::Effort;
use super::lookup::{Lookup, Places, Span};
use super::ramps::{self, Column, Ramp, Size};
use super::saved::{self, Fit, TableStore};
use super::subordinated::{Kept, Mixed, Mixture, Subordinated};
use super::table;
use crate::kernel::{KernelBuilder, Pair, Precision, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Squared distances up to this, and up to some times the law's own, have a piece.
const FARTHEST: f64 = 1e20;

/// Squares of distances are resolved down to this part of the law's own, where a mass at rest lies at distance 0.
const NEAREST: f64 = 1e-24;

/// A table in memory has at most this many pieces.
const PIECES_IN_MEMORY: usize = 256;

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
    pub(super) lookup: Arc<Lookup>,
}

/// How fine a table is.
#[derive(Clone, Copy)]
struct Fineness {
    size: Size,
    /// Absolute for `log g`, relative for the other columns.
    tolerance: f64,
    /// The same for every unit of `log g`, of which the kernel cannot round less.
    rounding: f64,
    effort: Effort,
}

impl Fineness {
    fn of(precision: Precision) -> Fineness {
        match precision {
            Precision::F32 => Fineness {
                size: Size { pieces: 16, terms: 9 },
                tolerance: 2e-7,
                rounding: 3e-8,
                effort: Effort::COARSE,
            },
            Precision::F64 => Fineness {
                size: Size { pieces: 20, terms: 21 },
                tolerance: 2e-12,
                rounding: 4e-15,
                effort: Effort::FINE,
            },
        }
    }
}

impl Fineness {
    /// What `log g` may be off: the quadrature rounds exponents of its size, and so does a kernel.
    fn tolerance(self, log: f64, x: f64, decay: f64) -> f64 {
        self.tolerance + self.rounding * (log + decay * (x + 4.0))
    }
}

impl Tabulated {
    pub(super) fn new(law: Arc<Subordinated>, columns: Columns, dim: usize) -> Tabulated {
        Tabulated { law, columns, half_dim: 0.5 * dim as f64, coarse: Kept::default(), fine: Kept::default() }
    }

    /// The table at time t.
    pub(super) fn table(&self, precision: Precision, t: f64) -> Arc<Table> {
        let fineness = Fineness::of(precision);
        self.kept(precision).get(t, || self.of(&self.fit(fineness, t), fineness))
    }

    /// The table at time t, its costly part from the store where that has it, and left there where it has not.
    pub(super) fn table_by(&self, precision: Precision, t: f64, store: &dyn TableStore) -> Arc<Table> {
        let fineness = Fineness::of(precision);
        let found = |key: &str| Fit::read(&store.load(key)?, self.columns.names().len(), fineness.size.terms);
        let make = || {
            let key = self.key(precision, t);
            let fit = found(&key).unwrap_or_else(|| {
                let fit = self.fit(fineness, t);
                store.save(&key, &fit.bytes());
                fit
            });
            self.of(&fit, fineness)
        };
        self.kept(precision).get(t, make)
    }

    fn kept(&self, precision: Precision) -> &Kept<Table> {
        match precision {
            Precision::F32 => &self.coarse,
            Precision::F64 => &self.fine,
        }
    }

    /// All that a fit depends on, as text: numbers are written such that they read back as they were.
    fn key(&self, precision: Precision, t: f64) -> String {
        let (columns, dim) = (self.columns, 2.0 * self.half_dim);
        format!(
            "table of a subordinated law by genphys-compiler {}\n{}\n{columns:?}, N = {dim}, t = {t:?}, {precision:?}",
            saved::version(),
            self.law.key()
        )
    }

    fn fit(&self, fineness: Fineness, t: f64) -> Fit {
        let decay = self.half_dim + 0.5;
        // A density beside a mass at rest may have no bound towards the source: there it is told at q + a^2 for q.
        let nearest = if self.law.mass_at_rest(t) > 0.0 { NEAREST * self.law.centre(t) } else { 0.0 };
        let mixture = Mixture::new(&self.law, (t, fineness.effort), self.half_dim, [nearest, FARTHEST]);
        let peak = mixture.at(nearest);
        // A power of two, so that the cells of the lookup begin where the table does.
        let scale = if nearest > 0.0 { nearest } else { decay / peak.mean_inverse };
        let scale = f64::from_bits(scale.to_bits() & !((1 << 52) - 1));
        let fitting =
            Fitting { mixture: &mixture, columns: self.columns, scale, nearest, log_peak: peak.log, decay, fineness };
        // A table in memory has no limit on its pieces, and the density beside a mass at rest needs many.
        let rows = |x: f64| fitting.rows(x);
        let (ramps, factor) = fitting.within(PIECES_IN_MEMORY, &Fitted { rows: &rows, narrower: table::shrink });
        if ramps.len() <= fineness.size.pieces {
            return Fit { log_peak: peak.log, scale, ramps, factor, finer: None };
        }
        // Those of a kernel are fitted to these, which costs next to nothing.
        let (finer, of_finer) = (ramps, factor);
        let rows = |x: f64| {
            let i = finer.partition_point(|ramp| ramp.high < x).min(finer.len() - 1);
            finer[i].values(x)
        };
        let (ramps, _) = fitting.within(fineness.size.pieces, &Fitted { rows: &rows, narrower: table::shrink });
        Fit { log_peak: peak.log, scale, ramps, factor: of_finer, finer: Some(finer) }
    }

    /// The table of a fit.
    fn of(&self, fit: &Fit, fineness: Fineness) -> Table {
        let Fit { log_peak, scale, ramps, factor, finer } = fit;
        let mut uniforms = ramps::piece_uniforms(ramps, fineness.size);
        uniforms.insert("1_over_scale_squared".to_owned(), 1.0 / scale);
        for (index, name) in self.columns.names().into_iter().enumerate() {
            uniforms.extend(ramps::column_uniforms(name, index, ramps, fineness.size));
        }
        let ramps = finer.as_ref().unwrap_or(ramps);
        let lookup = lookup(self.columns, (self.half_dim + 0.5, *scale), ramps, (fineness, *factor));
        Table { log_peak: *log_peak, uniforms, lookup: Arc::new(lookup) }
    }

    /// `log w + log g(q) - log g(0)`, and the coefficients of flux and births.
    pub(super) fn weight(&self, k: &mut KernelBuilder, pair: Pair) -> (Value, Option<Value>, Option<Value>) {
        let inverse = k.uniform("1_over_scale_squared");
        let ratio = k.mul(pair.q, inverse);
        let x = k.log1p(ratio);
        let sums = ramps::sums(k, x, &self.columns.names(), Fineness::of(k.precision()).size);
        let mut sums = sums.into_iter();
        let decay = k.constant(-(self.half_dim + 0.5));
        let weight = k.fma(decay, x, pair.log_w);
        let weight = sums.next().map_or(weight, |scaled| k.add(weight, scaled));
        let flux = self.columns.flux.and_then(|_| sums.next());
        let births = self.columns.births.and_then(|_| sums.next());
        (weight, flux, births)
    }
}

impl Columns {
    /// What a table holds, in its order.
    fn names(self) -> Vec<&'static str> {
        [Some("log"), self.flux.map(|_| "flux"), self.births.map(|_| "births")].into_iter().flatten().collect()
    }
}

/// What a table is fitted to.
struct Fitting<'a> {
    mixture: &'a Mixture<'a>,
    columns: Columns,
    /// `a^2`, where the law begins to fall.
    scale: f64,
    /// Added to every squared distance.
    nearest: f64,
    log_peak: f64,
    decay: f64,
    fineness: Fineness,
}

/// Columns as a function of x, and how their pieces find their widths.
struct Fitted<'a> {
    rows: &'a dyn Fn(f64) -> Vec<f64>,
    /// By what a piece is made narrower, that is off by so many times what it may be and has so many terms.
    narrower: fn(f64, usize) -> f64,
}

impl Fitting<'_> {
    /// The quantities of the table at x.
    fn rows(&self, x: f64) -> Vec<f64> {
        let Mixed { log, ratios, .. } = self.mixture.at(self.scale * x.exp_m1() + self.nearest);
        let flux = self.columns.flux.and_then(|i| ratios.get(i)).map(|ratio| ratio.1);
        let births = self.columns.births.and_then(|i| ratios.get(i)).map(|ratio| ratio.0);
        let scaled = log - self.log_peak + self.decay * x;
        std::iter::once(scaled).chain(flux).chain(births).collect()
    }

    /// At most this many pieces, and the factor on the tolerance with which they do.
    fn within(&self, most: usize, fitted: &Fitted) -> (Vec<Ramp>, f64) {
        let mut factor = 1.0;
        loop {
            match self.ramps(factor, most, fitted) {
                Some(ramps) => return (ramps, factor),
                None => factor *= 4.0,
            }
        }
    }

    /// Pieces from 0 to the farthest distance, as wide as the tolerance times `factor` allows; none if there are too many.
    fn ramps(&self, factor: f64, most: usize, fitted: &Fitted) -> Option<Vec<Ramp>> {
        let end = (farthest(self.scale) / self.scale).ln_1p().min(1400.0);
        let (mut ramps, mut edge, mut width) = (Vec::new(), 0.0, 2.0_f64);
        while edge < end {
            let high = if edge + 1.2 * width > end { end } else { edge + width };
            let (ramp, excess) = self.ramp((edge, high), factor, fitted);
            if excess > 1.0 && width >= 1e-4 {
                width = (fitted.narrower)(excess, self.fineness.size.terms + 1) * (high - edge);
                continue;
            }
            ramps.push(ramp);
            width = 2.0 * (high - edge);
            edge = high;
            if ramps.len() > most || (ramps.len() == most && edge < end) {
                return None;
            }
        }
        Some(ramps)
    }

    fn tolerance(&self, log: f64, x: f64, factor: f64) -> f64 {
        factor * self.fineness.tolerance(log, x, self.decay)
    }

    /// The piece, and how far it is off between its nodes, in units of what it may be.
    fn ramp(&self, (low, high): (f64, f64), factor: f64, fitted: &Fitted) -> (Ramp, f64) {
        let x_of = |s: f64| low + 0.5 * (high - low) * (s + 1.0);
        let nodes = ramps::nodes(self.fineness.size.terms);
        let values: Vec<Vec<f64>> = nodes.into_iter().map(|s| (fitted.rows)(x_of(s))).collect();
        let count = values.first().map_or(0, Vec::len);
        let column = |row: usize| Column::fit(&values.iter().map(|v| v[row]).collect::<Vec<_>>());
        let columns: Vec<Column> = (0..count).map(column).collect();
        let excess = |s: f64| {
            let (x, expected) = (x_of(s), (fitted.rows)(x_of(s)));
            let tolerance = self.tolerance(expected.first().map_or(0.0, |log| log.abs()), x, factor);
            let off = |(row, (expected, column)): (usize, (&f64, &Column))| {
                let unit = if row == 0 { 1.0 } else { expected.abs() };
                // Nothing is not off from nothing, however small it may be.
                let off = (column.value(s) - expected).abs();
                if off == 0.0 { off } else { off / (tolerance * unit) }
            };
            expected.iter().zip(&columns).enumerate().map(off).fold(0.0, table::worse)
        };
        let excess = [-0.97, -0.6, 0.05, 0.7, 0.97].into_iter().map(excess).fold(0.0, table::worse);
        (Ramp { low, high, columns }, excess)
    }
}

/// The squared distance at which a table ends.
fn farthest(scale: f64) -> f64 {
    FARTHEST.max(16.0 * scale)
}

/// Pieces as cells, which keep the tolerance times `factor`.
fn lookup(columns: Columns, (decay, scale): (f64, f64), ramps: &[Ramp], (fineness, factor): (Fineness, f64)) -> Lookup {
    let (has_flux, has_births) = (columns.flux.is_some(), columns.births.is_some());
    let span = Span { scale, farthest: farthest(scale), decay, has_flux, has_births };
    let ramp_at = |x: f64| ramps.partition_point(|ramp| ramp.high < x).min(ramps.len().saturating_sub(1));
    let values = |x: &Places| {
        let mut columns = [Places::default(); Lookup::MOST_COLUMNS];
        // A cell lies on one ramp, or few.
        let (first, last) =
            (ramp_at(x.iter().copied().fold(f64::INFINITY, f64::min)), ramp_at(x.iter().copied().fold(0.0, f64::max)));
        for (index, ramp) in ramps.iter().enumerate().take(last + 1).skip(first) {
            let s = x.map(|x| (x - ramp.low) * 2.0 / (ramp.high - ramp.low) - 1.0);
            for (values, column) in columns.iter_mut().zip(&ramp.columns) {
                let found = column.values(&s);
                let is_here = |x: f64| first == last || ramp_at(x) == index;
                values
                    .iter_mut()
                    .zip(x)
                    .zip(found)
                    .filter(|((_, x), _)| is_here(**x))
                    .for_each(|((value, _), found)| *value = found);
            }
        }
        columns[0].iter_mut().zip(x).for_each(|(log, x)| *log -= decay * x);
        columns
    };
    Lookup::fit(&span, values, |x, expected, found| {
        let tolerance = factor * fineness.tolerance(expected[0].abs(), x, decay);
        expected.iter().zip(found).enumerate().all(|(row, (expected, found))| {
            let unit = if row == 0 { 1.0 } else { expected.abs() };
            (found - expected).abs() <= tolerance * unit
        })
    })
}
