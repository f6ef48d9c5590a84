//! The isotropic stable law, `exp(-kappa^beta)` in Fourier space, as a table that a kernel reads.
//!
//! In:   the order `0 < beta < 1`, the dimension N, a precision.
//! Out:  [`StableTable`]: `log G(q)`, `q = r^2`, at unit scale. By self-similarity it serves every rate and time:
//!       `g_t(r) = s^(-N/2) G(q/s)` with `s = (c t)^(1/beta)`.
//! Holds: the table is checked between its nodes, against the quadrature, to the tolerance of the precision.
//!
//! `G(q) = integral (4 pi u)^(-N/2) exp(-q/(4u)) f(u) du` with the density `f` of the one-sided stable law: positive, and
//! stable in log space in any N. The table holds `log G + (N/2 + beta) x`, which is bounded, in pieces of
//! `x = log(1 + q/a^2)` up to some X, and in one piece of `exp(-beta (x - X))` beyond, where `G` is a series in `q^-beta`.
//! Source: Bochner (1955) for subordination; Zolotarev (1964) and Kanter (1975) for `f` below 1; Humbert (1945) above.

use super::lower::LowerError;
use super::one_sided::Mixture;
use super::table;
use crate::kernel::{KernelBuilder, Pair, Precision, Value};
use crate::special::Special;

/// The table of one order, dimension and precision.
#[derive(Debug)]
pub(super) struct StableTable {
    /// `log G(0)`.
    pub(super) log_peak: f64,
    order: f64,
    /// `N/2 + beta`: `G` falls as `q` to minus this power.
    decay: f64,
    /// `a^2`, where `G` begins to fall.
    scale: f64,
    /// The upper edge of every piece but the last, which has none.
    edges: Vec<f64>,
    /// Powers of the variable that runs from -1 to 1 on the piece; the piece beyond the last edge comes last.
    pieces: Vec<Vec<f64>>,
}

/// How fine a table is.
struct Fineness {
    degree: usize,
    /// Absolute error of the logarithm, plus `relative` times the size of what it is made of.
    absolute: f64,
    relative: f64,
}

const MAX_PIECES: usize = 48;

/// Where the last piece may begin.
const ENDS: [f64; 11] = [3.0, 4.0, 6.0, 8.0, 11.0, 15.0, 20.0, 30.0, 45.0, 70.0, 100.0];

impl StableTable {
    /// Fits the table.
    ///
    /// # Errors
    /// [`LowerError::Stable`] where no table of this size meets its tolerance.
    pub(super) fn new(order: f64, dim: usize, precision: Precision) -> Result<StableTable, LowerError> {
        let refused = LowerError::Stable { order, dim };
        if !(0.05..=0.98).contains(&order) {
            return Err(refused);
        }
        StableTable::fit(order, dim, &Fineness::of(precision)).ok_or(refused)
    }

    fn fit(order: f64, dim: usize, fineness: &Fineness) -> Option<StableTable> {
        let mut mixture = Mixture::new(order, dim);
        let decay = 0.5 * dim as f64 + order;
        let scale = decay / mixture.mean_inverse();
        let log_peak = mixture.log_density(0.0);
        let scaled = |mixture: &Mixture, x: f64| mixture.log_density(scale * x.exp_m1()) - log_peak + decay * x;
        let (end, beyond) = ENDS.into_iter().find_map(|end| {
            let x_of = |s: f64| end - (0.5 * (s + 1.0)).ln() / order;
            let nearest_to_infinity = x_of(table::nodes(2 * fineness.degree + 1).into_iter().fold(1.0, f64::min));
            mixture.extend((scale.ln() + nearest_to_infinity).max(0.0));
            fineness.fit(decay, x_of, |s| scaled(&mixture, x_of(s))).map(|piece| (end, piece))
        })?;
        let mut table = StableTable { log_peak, order, decay, scale, edges: Vec::new(), pieces: Vec::new() };
        let mut todo = vec![(0.0, end)];
        while let Some((low, high)) = todo.pop() {
            let x_of = |s: f64| low + 0.5 * (high - low) * (s + 1.0);
            match fineness.fit(decay, x_of, |s| scaled(&mixture, x_of(s))) {
                Some(piece) => {
                    table.edges.push(high);
                    table.pieces.push(piece);
                }
                None => {
                    let middle = 0.5 * (low + high);
                    todo.extend([(middle, high), (low, middle)]);
                }
            }
            if table.pieces.len() + todo.len() > MAX_PIECES {
                return None;
            }
        }
        table.pieces.push(beyond);
        Some(table)
    }

    /// `log w + log G(q/s) - log G(0)`.
    pub(super) fn log_weight(&self, k: &mut KernelBuilder, pair: Pair) -> Value {
        let inverse = k.uniform("1_over_scale_squared");
        let inverse = k.scale(1.0 / self.scale, inverse);
        let ratio = k.mul(pair.q, inverse);
        let x = k.log1p(ratio);
        let masks: Vec<Value> = self
            .edges
            .iter()
            .map(|edge| {
                let edge = k.constant(*edge);
                k.lt(x, edge)
            })
            .collect();
        let s = self.position(k, &masks, x);
        let pieces: Vec<Vec<Value>> =
            self.pieces.iter().map(|piece| piece.iter().map(|c| k.constant(*c)).collect()).collect();
        let scaled = table::polynomial(k, &masks, s, &pieces);
        let power = k.constant(-self.decay);
        let weight = k.fma(power, x, pair.log_w);
        k.add(weight, scaled)
    }

    /// The variable that runs from -1 to 1 on the lane's piece.
    fn position(&self, k: &mut KernelBuilder, masks: &[Value], x: Value) -> Value {
        let Some(((inside, inner), end)) = masks.split_last().zip(self.edges.last()) else { return x };
        let lows = std::iter::once(&0.0).chain(&self.edges);
        let (centres, slopes): (Vec<Value>, Vec<Value>) = lows
            .zip(&self.edges)
            .map(|(low, high)| (k.constant(0.5 * (low + high)), k.constant(2.0 / (high - low))))
            .unzip();
        let (centre, slope) = (table::choose(k, inner, &centres), table::choose(k, inner, &slopes));
        let offset = k.sub(x, centre);
        let within = k.mul(offset, slope);
        // 2 exp(-beta (x - X)) - 1 on the last piece.
        let past = k.offset(x, -end);
        let zero = k.constant(0.0);
        let past = k.max(past, zero);
        let exponent = k.scale(-self.order, past);
        let fading = k.call(Special::ExpWeight, exponent);
        let (two, minus_one) = (k.constant(2.0), k.constant(-1.0));
        let beyond = k.fma(two, fading, minus_one);
        k.select(*inside, within, beyond)
    }
}

impl Fineness {
    fn of(precision: Precision) -> Fineness {
        match precision {
            Precision::F32 => Fineness { degree: 7, absolute: 1e-8, relative: 1e-8 },
            // The quadrature itself rounds exponents of the size of log G.
            Precision::F64 => Fineness { degree: 15, absolute: 2e-13, relative: 1.5e-15 },
        }
    }

    /// The polynomial through f at the nodes, if it also meets f between them. `x_of` tells at which x a node lies.
    fn fit(&self, decay: f64, x_of: impl Fn(f64) -> f64, f: impl Fn(f64) -> f64) -> Option<Vec<f64>> {
        let values: Vec<f64> = table::nodes(self.degree).into_iter().map(&f).collect();
        let powers = table::powers(&values);
        let meets = |s: f64| {
            let tolerance = self.absolute + self.relative * (decay + 1.0) * (x_of(s) + 4.0);
            (table::value(&powers, s) - f(s)).abs() <= tolerance
        };
        // Every second node of twice the degree, and the ends of the piece, lie between the nodes.
        table::nodes(2 * self.degree + 1).into_iter().all(meets).then_some(powers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table as the kernel evaluates it.
    fn log_density(table: &StableTable, q: f64) -> f64 {
        let x = (q / table.scale).ln_1p();
        let last = table.edges.len() - 1;
        let s = match table.edges.iter().position(|edge| x < *edge) {
            Some(i) => {
                let low = if i == 0 { 0.0 } else { table.edges[i - 1] };
                (x - 0.5 * (low + table.edges[i])) * 2.0 / (table.edges[i] - low)
            }
            None => 2.0 * (-table.order * (x - table.edges[last])).exp() - 1.0,
        };
        let piece = table.edges.iter().position(|edge| x < *edge).unwrap_or(last + 1);
        table.log_peak + table::value(&table.pieces[piece], s) - table.decay * x
    }

    #[test]
    fn the_order_one_half_is_cauchy_in_any_dimension() {
        for dim in [1, 2, 3, 16, 784, 3072] {
            let table = StableTable::new(0.5, dim, Precision::F64).expect("a table");
            let h = 0.5 * (dim as f64 + 1.0);
            for q in [0.0, 1e-3, 0.5, 1.0, 30.0, 1e4, 1e9, 1e30] {
                let expected = libm::lgamma(h) - h * (std::f64::consts::PI.ln() + f64::ln_1p(q));
                let found = log_density(&table, q);
                let error = (found - expected).abs() / expected.abs().max(1.0);
                assert!(error < 2e-13, "N = {dim}, q = {q}: {found} {expected}");
            }
        }
    }

    #[test]
    fn tables_are_small_and_refused_where_they_would_not_be() {
        for order in [0.2, 1.0 / 3.0, 0.6, 0.75, 0.9, 0.95, 0.98] {
            for dim in [1, 2, 3, 64, 3072] {
                for precision in [Precision::F32, Precision::F64] {
                    let table = StableTable::new(order, dim, precision).map(|table| table.pieces.len());
                    assert!(table.is_ok_and(|pieces| pieces <= 40), "{order} {dim} {precision:?}");
                }
            }
        }
        for order in [0.0, 0.04, 0.99, 1.0, f64::NAN] {
            assert!(StableTable::new(order, 3, Precision::F64).is_err(), "{order}");
        }
    }
}
