//! A function on the half line as a sum of ramps: polynomials that each run over one piece and stand still elsewhere.
//!
//! In:   the pieces of a function of `x >= 0`, one after the other, and its values on them.
//! Out:  `f(x) = f(0) + sum_i p_i(u_i)` with `u_i = clamp((x - low_i) slope_i, 0, 2)`, as numbers with names and as the body that reads them.
//! Holds: every ramp meets the function exactly at both ends of its piece, so that the sum is continuous and errors of fits do not
//!   add up. A lane selects nothing: a coefficient costs one multiplication and addition.
//!
//! A column that falls by orders of magnitude is summed from its far end instead, `f(x) = f(inf) - ...`: there `p_i` is 0 at
//! `u_i = 2`, so that small values are never the difference of large ones.

use super::table;
use crate::kernel::{KernelBuilder, Value};
use std::collections::BTreeMap;
use std::f64::consts::PI;

/// How many ramps there are, and how many coefficients each has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) pieces: usize,
    pub(super) terms: usize,
}

/// The end of the pieces at which a column's ramps are 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Foot {
    Near,
    Far,
}

impl Foot {
    /// The value of u there.
    fn u(self) -> f64 {
        match self {
            Foot::Near => 0.0,
            Foot::Far => 2.0,
        }
    }
}

/// Where a ramp is fitted: `s = u - 1` from -1 to 1, both ends among them.
///
/// The first is the far end and the last is the near end; between them those of Chebyshev's second kind.
pub(super) fn nodes(terms: usize) -> Vec<f64> {
    (0..=terms).map(|i| (PI * i as f64 / terms as f64).cos()).collect()
}

/// One ramp: its piece, and the coefficients of powers of `s = u - 1`, which are multiplied by `u - foot`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ramp {
    pub(super) low: f64,
    pub(super) high: f64,
    /// The values at both ends and the coefficients, of every column.
    pub(super) columns: Vec<Column>,
}

impl Ramp {
    /// The columns at x.
    pub(super) fn values(&self, x: f64) -> Vec<f64> {
        let s = (x - self.low) * 2.0 / (self.high - self.low) - 1.0;
        self.columns.iter().map(|column| column.value(s)).collect()
    }
}

/// A column of a ramp.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Column {
    /// At the near and at the far end.
    pub(super) ends: [f64; 2],
    /// Powers of s of the whole polynomial, the constant first.
    whole: Vec<f64>,
}

impl Column {
    /// The polynomial through the values at [`nodes`].
    pub(super) fn fit(values: &[f64]) -> Column {
        let ends = [values.last().copied().unwrap_or(0.0), values.first().copied().unwrap_or(0.0)];
        Column { ends, whole: table::powers_of_series(&table::series_with_ends(values)) }
    }

    /// All numbers of the column: the ends, then the powers.
    pub(super) fn numbers(&self) -> impl Iterator<Item = f64> {
        self.ends.into_iter().chain(self.whole.iter().copied())
    }

    /// How many numbers a column of `terms` has.
    pub(super) fn numbers_of(terms: usize) -> usize {
        terms + 3
    }

    /// The column of these [`Column::numbers`].
    pub(super) fn of(numbers: &[f64]) -> Option<Column> {
        let (ends, whole) = numbers.split_first_chunk()?;
        Some(Column { ends: *ends, whole: whole.to_vec() })
    }

    /// The value at s.
    pub(super) fn value(&self, s: f64) -> f64 {
        table::value(&self.whole, s)
    }

    /// The values at several s, side by side.
    pub(super) fn values<const COUNT: usize>(&self, s: &[f64; COUNT]) -> [f64; COUNT] {
        let mut values = [0.0; COUNT];
        for c in self.whole.iter().rev() {
            values.iter_mut().zip(s).for_each(|(value, s)| *value = *value * s + c);
        }
        values
    }

    /// The coefficients of `(p(s) - p(foot))/(s - foot)`, by division with remainder.
    fn beside(&self, foot: Foot) -> Vec<f64> {
        let at = foot.u() - 1.0;
        let mut out: Vec<f64> = self
            .whole
            .iter()
            .skip(1)
            .rev()
            .scan(0.0, |carry, c| {
                *carry = *carry * at + c;
                Some(*carry)
            })
            .collect();
        out.reverse();
        out
    }
}

/// The numbers that a kernel reads of a column of all ramps; missing ramps stand still.
pub(super) fn column_uniforms(name: &str, index: usize, ramps: &[Ramp], size: Size) -> BTreeMap<String, f64> {
    let column = |ramp: &Ramp| ramp.columns.get(index).cloned();
    let ends = |ramp: Option<&Ramp>, end: usize| ramp.and_then(column).map_or(0.0, |column| column.ends[end]);
    let (near, far) = (ends(ramps.first(), 0), ends(ramps.last(), 1));
    let foot = if far.abs() < near.abs() { Foot::Far } else { Foot::Near };
    let start = if foot == Foot::Far { far } else { near };
    let mut out = BTreeMap::from([(format!("{name}_start"), start), (format!("{name}_foot"), foot.u())]);
    for i in 0..size.pieces {
        let coefficients = ramps.get(i).and_then(column).map_or(Vec::new(), |column| column.beside(foot));
        out.extend((0..size.terms).map(|j| (format!("{name}_{i}_{j}"), coefficients.get(j).copied().unwrap_or(0.0))));
    }
    out
}

/// The numbers that a kernel reads of the pieces themselves.
pub(super) fn piece_uniforms(ramps: &[Ramp], size: Size) -> BTreeMap<String, f64> {
    let mut out = BTreeMap::new();
    for i in 0..size.pieces {
        // One that is missing has no coefficients.
        let (low, slope) = ramps.get(i).map_or((0.0, 0.0), |ramp| (ramp.low, 2.0 / (ramp.high - ramp.low)));
        out.insert(format!("slope_{i}"), slope);
        out.insert(format!("shift_{i}"), -low * slope);
    }
    out
}

/// The columns at x, by the numbers of [`piece_uniforms`] and [`column_uniforms`].
pub(super) fn sums(k: &mut KernelBuilder, x: Value, names: &[&str], size: Size) -> Vec<Value> {
    let (zero, two) = (k.constant(0.0), k.constant(2.0));
    let mut sums: Vec<(Value, Value)> =
        names.iter().map(|name| (k.uniform(&format!("{name}_start")), k.uniform(&format!("{name}_foot")))).collect();
    for i in 0..size.pieces {
        let (slope, shift) = (k.uniform(&format!("slope_{i}")), k.uniform(&format!("shift_{i}")));
        let u = k.fma(x, slope, shift);
        let u = k.max(u, zero);
        let u = k.min(u, two);
        let s = k.offset(u, -1.0);
        for (name, (sum, foot)) in names.iter().zip(&mut sums) {
            let along = k.sub(u, *foot);
            let coefficients = (0..size.terms).rev().map(|j| k.uniform(&format!("{name}_{i}_{j}")));
            let coefficients: Vec<Value> = coefficients.collect();
            let Some((leading, rest)) = coefficients.split_first() else { continue };
            let slope = rest.iter().fold(*leading, |value, c| k.fma(value, s, *c));
            *sum = k.fma(along, slope, *sum);
        }
    }
    sums.into_iter().map(|(sum, _)| sum).collect()
}
