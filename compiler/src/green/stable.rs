//! The isotropic stable law in a kernel, which reads it from a [`StableTable`].
//!
//! In:   the order `0 < beta < 1`, the dimension N, a precision.
//! Out:  the table, and the operations that read it: one select for every piece and coefficient, as no memory is gathered.

use super::lower::LowerError;
use super::plain::stable_table::{Fineness, StableTable};
use super::table;
use crate::kernel::{KernelBuilder, Pair, Precision, Value};
use crate::special::Special;

/// Fits the table.
///
/// # Errors
/// [`LowerError::Stable`] where no table of this size meets its tolerance.
pub(super) fn table(order: f64, dim: usize, precision: Precision) -> Result<StableTable, LowerError> {
    let fineness = match precision {
        Precision::F32 => Fineness::SINGLE,
        Precision::F64 => Fineness::DOUBLE,
    };
    StableTable::new(order, dim, &fineness).ok_or(LowerError::Stable { order, dim })
}

impl StableTable {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::green::plain::one_sided::{Mixture, OneSided, log_gamma};
    use std::f64::consts::PI;

    fn log_density(table: &StableTable, q: f64) -> f64 {
        table.log_peak + table.at(q, || q.ln())
    }

    #[test]
    fn the_order_one_half_is_cauchy_in_any_dimension() {
        for dim in [1, 2, 3, 16, 784, 3072] {
            let table = super::table(0.5, dim, Precision::F64).expect("a table");
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
        let few = |order: f64, dims: &[usize]| {
            for dim in dims {
                for precision in [Precision::F32, Precision::F64] {
                    let table = super::table(order, *dim, precision).map(|table| table.pieces.len());
                    assert!(table.is_ok_and(|pieces| pieces <= 40), "{order} {dim} {precision:?}");
                }
            }
        };
        [0.2, 1.0 / 3.0, 0.6, 0.75, 0.9, 0.95, 0.98, 0.99]
            .into_iter()
            .for_each(|order| few(order, &[1, 2, 3, 64, 3072]));
        [0.03, 0.06, 0.1].into_iter().for_each(|order| few(order, &[1, 2, 16]));
        for order in [0.0, 0.02, 0.995, 1.0, f64::NAN] {
            assert!(super::table(order, 3, Precision::F64).is_err(), "{order}");
        }
        assert!(super::table(0.1, 17, Precision::F64).is_err());
    }

    #[test]
    fn the_density_of_order_one_half_is_levy_s() {
        // u f(u) = exp(-1/(4u)) / (2 sqrt(pi u)).
        let law = OneSided::new(0.5);
        for y in [-6.0_f64, -3.0, -0.5, -1e-9, 0.0, 0.4, 5.0, 100.0] {
            let expected = -0.25 * (-y).exp() - 0.5 * y - (4.0 * PI).ln() / 2.0;
            let found = law.log_density(y);
            assert!((found - expected).abs() < 4e-15 * expected.abs().max(1.0) + 2e-15, "{y}: {found} {expected}");
        }
    }

    #[test]
    fn the_two_representations_meet() {
        for order in [0.05, 0.2, 1.0 / 3.0, 0.6, 0.75, 0.9, 0.98] {
            let law = OneSided::new(order);
            let (below, above) = (law.log_density(-1e-14), law.log_density(0.0));
            // The slope of the logarithm is at most about 100 here.
            assert!((below - above).abs() < 1e-11 * (1.0 + law.steepness), "{order}: {below} {above}");
        }
    }

    #[test]
    fn the_law_has_mass_one() {
        // The transform of a 0-dimensional mixture at the source is the mass.
        for order in [0.1, 0.375, 0.75, 0.95] {
            let mut mixture = Mixture::new(order, 0);
            mixture.extend(50.0);
            // What the last panel leaves out is u^-beta, below exp(-45).
            assert!(mixture.log_density(0.0).abs() < 2e-13, "{order}: {}", mixture.log_density(0.0));
        }
    }

    #[test]
    fn the_gamma_function_has_factorials() {
        let mut factorial = 1.0_f64;
        for n in 1..150 {
            let x = f64::from(n);
            // Of the logarithm, and of the product at most ten factors that are added below 10.
            let error = (log_gamma(x) - factorial.ln()).abs();
            assert!(error < 4e-15 * factorial.ln().max(4.0), "{n}: {error}");
            factorial *= x;
        }
        assert!((log_gamma(1.5) - libm::lgamma(1.5)).abs() < 4e-15);
    }
}
