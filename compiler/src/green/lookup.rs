//! A tabulated law as cells that a processor finds by the bits of a squared distance.
//!
//! In:   a function of q: the logarithm of a density and what goes with it.
//! Out:  [`Lookup`], its values at any q, by one short polynomial.
//! Holds: every cell is checked against the function between its nodes; an octave of `q + a^2` has the same number of cells everywhere.
//!
//! A compiled kernel has no memory to look into and computes all pieces for every pair ([`super::ramps`]); in few dimensions, where
//! that is most of the work, one lookup for each pair is several times faster.

use super::table;
use std::f64::consts::PI;

/// Degree of the polynomials.
const DEGREE: usize = 6;

/// One number for every node of a cell.
pub(super) type Places = [f64; DEGREE + 1];

/// Bits of the fraction of a double.
const FRACTION: u32 = 52;

/// A law without a closed form at one time, as a table over the squared distance: for pairs taken one by one.
#[derive(Debug)]
pub struct Lookup {
    /// `a^2`.
    scale: f64,
    farthest: f64,
    /// How much `log g` falls for every e-fold of q beyond the farthest.
    decay: f64,
    /// Cells of an octave are `2^bits`.
    bits: u32,
    first: u64,
    has_flux: bool,
    has_births: bool,
    columns: usize,
    /// `[cells][DEGREE + 1][columns]`.
    cells: Vec<f64>,
}

/// What a [`Lookup`] is made for.
pub(super) struct Span {
    pub(super) scale: f64,
    pub(super) farthest: f64,
    pub(super) decay: f64,
    pub(super) has_flux: bool,
    pub(super) has_births: bool,
}

impl Lookup {
    /// The largest number of columns.
    pub const MOST_COLUMNS: usize = 3;

    /// Cells so many that `is_met(x, expected, found)` holds for the columns as `values` of `x = log(1 + q/a^2)`, or as many as there may be.
    pub(super) fn fit(
        span: &Span,
        values: impl Fn(&Places) -> [Places; Self::MOST_COLUMNS],
        is_met: impl Fn(f64, &[f64], &[f64]) -> bool,
    ) -> Lookup {
        const MOST_BITS: u32 = 7;
        let nodes: Places = std::array::from_fn(|i| (PI * (i as f64 + 0.5) / (DEGREE + 1) as f64).cos());
        // Between the nodes; a batch has more places than there are checks.
        let checks: Places = std::array::from_fn(|i| if i % 2 == 0 { -0.84 } else { 0.44 });
        let powers = powers_of_nodes();
        let fit = |bits: u32| {
            let mut lookup = Lookup::empty(span, bits);
            let (nodes, checks) = (lookup.log_fractions(&nodes), lookup.log_fractions(&checks));
            // The ends of the table lie within their cells.
            let last = lookup.last(span);
            for cell in 0..=last {
                lookup.add(&values(&lookup.places(cell, &nodes)), &powers);
                if bits == MOST_BITS || cell == 0 || cell == last {
                    continue;
                }
                let places = lookup.places(cell, &checks);
                let expected = values(&places);
                let meets = |i: usize| {
                    let row = expected.map(|column| column[i]);
                    is_met(places[i], &row, &lookup.columns_at(span.scale * places[i].exp_m1()))
                };
                if !meets(0) || !meets(1) {
                    return None;
                }
            }
            Some(lookup)
        };
        (3..=MOST_BITS).find_map(fit).unwrap_or_else(|| Lookup::empty(span, MOST_BITS))
    }

    fn empty(span: &Span, bits: u32) -> Lookup {
        let Span { scale, farthest, decay, has_flux, has_births } = *span;
        let columns = 1 + usize::from(has_flux) + usize::from(has_births);
        let first = scale.to_bits() >> (FRACTION - bits);
        Lookup { scale, farthest, decay, bits, first, has_flux, has_births, columns, cells: Vec::new() }
    }

    /// The number of the last cell.
    fn last(&self, span: &Span) -> usize {
        (((span.scale + span.farthest).to_bits() >> (FRACTION - self.bits)) - self.first) as usize
    }

    /// `log(1 + f)` of the fractions f at these s, from -1 to 1, of every cell of an octave.
    fn log_fractions(&self, s: &Places) -> Vec<Places> {
        let cells = 1_u32 << self.bits;
        let at = |cell: u32| s.map(|s| ((f64::from(cell) + 0.5 * (s + 1.0)) / f64::from(cells)).ln_1p());
        (0..cells).map(at).collect()
    }

    /// `x = log(1 + q/a^2)` in a cell, by the logarithms of its fractions.
    fn places(&self, cell: usize, log_fractions: &[Places]) -> Places {
        let cell = self.first + cell as u64;
        let octave = f64::from_bits(cell >> self.bits << FRACTION) / self.scale;
        let inside = (cell & ((1 << self.bits) - 1)) as usize;
        let log = octave.ln();
        log_fractions.get(inside).map_or([log; DEGREE + 1], |fractions| fractions.map(|fraction| log + fraction))
    }

    /// Adds the next cell, with these values at its nodes.
    fn add(&mut self, values: &[Places; Self::MOST_COLUMNS], powers: &[Places; DEGREE + 1]) {
        for power in powers {
            let coefficient =
                |column: &Places| column.iter().zip(power).map(|(value, share)| value * share).sum::<f64>();
            self.cells.extend(values.iter().take(self.columns).map(coefficient));
        }
    }

    /// Is there a column of the flux? There is where it has no closed form.
    pub fn has_flux(&self) -> bool {
        self.has_flux
    }

    /// Is there a column of births, after that of the flux?
    pub fn has_births(&self) -> bool {
        self.has_births
    }

    /// The columns at `q >= 0`: `log g(q) - log g(0)`, then `f` with `J/p = f (x - y)`, then `R/p`, of those that there are.
    ///
    /// `COLUMNS` is their number; were it another, the values would be those of no column.
    #[inline]
    pub fn row<const COLUMNS: usize>(&self, q: f64) -> [f64; COLUMNS] {
        debug_assert_eq!(COLUMNS, self.columns);
        let inside = if q < self.farthest { q } else { self.farthest };
        let bits = (inside + self.scale).to_bits();
        let cell = (bits >> (FRACTION - self.bits)).wrapping_sub(self.first) as usize;
        let fraction = (bits << self.bits) & ((1 << FRACTION) - 1);
        let s = f64::from_bits(fraction | 1.0_f64.to_bits()) - 1.5;
        let mut out = [0.0; COLUMNS];
        let start = cell * COLUMNS * (DEGREE + 1);
        let Some(cell) = self.cells.get(start..start + COLUMNS * (DEGREE + 1)) else { return out };
        for powers in cell.chunks_exact(COLUMNS).rev() {
            for (out, c) in out.iter_mut().zip(powers) {
                *out = *out * s + c;
            }
        }
        if q > self.farthest
            && let Some(log) = out.first_mut()
        {
            *log -= self.decay * (q / self.farthest).ln();
        }
        out
    }

    /// The columns at q, and 0 for those that there are not.
    fn columns_at(&self, q: f64) -> [f64; Self::MOST_COLUMNS] {
        match self.columns {
            1 => {
                let [log] = self.row(q);
                [log, 0.0, 0.0]
            }
            2 => {
                let [log, second] = self.row(q);
                [log, second, 0.0]
            }
            _ => self.row(q),
        }
    }
}

/// Of every power of s from -1/2 to 1/2, the shares of the values at the nodes in its coefficient.
fn powers_of_nodes() -> [Places; DEGREE + 1] {
    let mut powers = [[0.0; DEGREE + 1]; DEGREE + 1];
    for i in 0..=DEGREE {
        let mut values = [0.0; DEGREE + 1];
        values[i] = 1.0;
        // A unit of s is two of the variable from -1 to 1.
        table::powers(&values)
            .iter()
            .zip(&mut powers)
            .enumerate()
            .for_each(|(j, (c, row))| row[i] = c * f64::from(1 << j));
    }
    powers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_and_its_logarithm_are_found_at_every_distance() {
        // log g = -3/2 log(1 + q/a^2), f = (1 + q/a^2)^(-1/4): analytic but at q = -a^2.
        let law = |x: f64| [-1.5 * x, (-0.25 * x).exp(), 0.0];
        let values = |x: &Places| [0, 1, 2].map(|column: usize| x.map(|x| law(x)[column]));
        let span = Span { scale: 0.3, farthest: 1e20, decay: 1.5, has_flux: true, has_births: false };
        let close = |_: f64, a: &[f64], b: &[f64]| (a[0] - b[0]).abs() < 1e-12 && (a[1] / b[1] - 1.0).abs() < 1e-12;
        let lookup = Lookup::fit(&span, values, close);
        for q in [0.0, 1e-12, 0.1, 1.0, 7.7, 1e3, 1e19, 1e25] {
            let ([log, f], [log_0, f_0, _]) = (lookup.row::<2>(q), law((q / 0.3).ln_1p()));
            assert!((log - log_0).abs() < 2e-12, "{q}: {log} {log_0}");
            assert!(q > 1e20 || (f / f_0 - 1.0).abs() < 2e-12, "{q}: {f} {f_0}");
        }
    }
}
