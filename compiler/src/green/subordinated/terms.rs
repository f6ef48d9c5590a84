//! The Gaussians of a mixture as terms of one sum that serves every distance.
//!
//! In:   logarithms of weights, widths and amplitudes, in order of the width.
//! Out:  [`Mixed`] at a squared distance.
//! Holds: a term is left out only where it is nothing in the density and in every flux; the flux of a law beside a mass at rest lies at
//!       widths where its density is far below the largest.

use super::Subordinated;
use super::mixture::Mixed;
use std::f64::consts::{LN_2, PI};
use std::ops::Range;

/// Terms below `exp(-CUT)` of the largest are left out, if they are below it both in the density and in the flux, whose largest may lie far away.
pub(super) const CUT: f64 = 45.0;

/// Terms that are left out or taken together.
const BLOCK: usize = 32;

/// The Gaussians of a mixture, by a quadrature over y that serves every distance; in order of y.
#[derive(Clone, Debug, Default)]
pub(super) struct Terms {
    /// The logarithm of the weight, with the norm of the Gaussian.
    log: Vec<f64>,
    /// `1/(4 (D t + u))`.
    inverse: Vec<f64>,
    /// The amplitudes, signs apart: one row for each.
    ratios: Vec<Vec<f64>>,
    /// The logarithm of the weight in the largest flux; that in the density where there is none.
    over: Vec<f64>,
    /// The largest of both of every block.
    tops: Vec<[f64; 2]>,
    /// The rule has converged up to this squared distance.
    pub(super) reach: f64,
}

impl Terms {
    /// Terms in order of the width.
    pub(super) fn new(log: Vec<f64>, inverse: Vec<f64>, ratios: Vec<Vec<f64>>) -> Terms {
        let mut terms = Terms { log, inverse, ratios, ..Terms::default() };
        terms.index();
        terms
    }

    /// The mixture at the squared distance q.
    pub(super) fn at(&self, q: f64, law: &Subordinated) -> Mixed {
        let exponent = |i: usize| self.log[i] - q * self.inverse[i];
        let blocks = || (0..self.log.len()).step_by(BLOCK).map(|start| start..(start + BLOCK).min(self.log.len()));
        let both = |i: usize| [exponent(i), self.over[i] - q * self.inverse[i]];
        let high = blocks().map(|block| both((block.start + block.end) / 2)).fold([f64::NEG_INFINITY; 2], larger);
        // Of a block, the last Gaussian is the widest.
        let bound = |block: &Range<usize>, top: &[f64; 2]| top.map(|top| top - q * self.inverse[block.end - 1]);
        let is_near_block = |(block, top): &(Range<usize>, &[f64; 2])| is_near(bound(block, top), high, CUT);
        let near: Vec<Range<usize>> = blocks().zip(&self.tops).filter(is_near_block).map(|(block, _)| block).collect();
        let highest = near.iter().cloned().flatten().map(both).fold(high, larger);
        let (mut sum, mut inverse, mut ratios) = (0.0, 0.0, vec![(0.0, 0.0); self.ratios.len()]);
        for i in near.into_iter().flatten().filter(|i| is_near(both(*i), highest, CUT)) {
            let (exponent, highest) = (exponent(i), highest[0]);
            let weight = (exponent - highest).exp();
            let over = weight * self.inverse[i];
            sum += weight;
            inverse += over;
            for ((plain, half_over), amplitude) in ratios.iter_mut().zip(&self.ratios) {
                *plain += weight * amplitude[i];
                *half_over += 2.0 * over * amplitude[i];
            }
        }
        let signed = ratios.iter().zip(&law.signs).zip(&law.fixed).map(|((r, sign), fixed)| {
            // Of the density itself, the mean of 1/(2 spread).
            (fixed + sign * r.0 / sum, fixed * 2.0 * inverse / sum + sign * r.1 / sum)
        });
        Mixed { log: highest[0] + sum.ln(), mean_inverse: inverse / sum, ratios: signed.collect() }
    }

    /// The rule of half the step: these terms and those in the middle between them.
    pub(super) fn halve(&mut self, between: Terms) {
        let both = |a: &mut Vec<f64>, b: Vec<f64>| *a = a.iter().zip(b).flat_map(|(a, b)| [*a, b]).collect();
        both(&mut self.log, between.log);
        self.log.iter_mut().for_each(|log| *log -= LN_2);
        both(&mut self.inverse, between.inverse);
        self.ratios.iter_mut().zip(between.ratios).for_each(|(row, more)| both(row, more));
        self.index();
    }

    /// All that is told by the weights and amplitudes.
    fn index(&mut self) {
        let largest = |i: usize| self.ratios.iter().map(|row| row[i]).reduce(f64::max);
        let over = |i: usize| largest(i).map_or(self.log[i], |ratio| self.log[i] + (ratio * self.inverse[i]).ln());
        self.over = (0..self.log.len()).map(over).collect();
        let top = |(log, over): (&[f64], &[f64])| {
            log.iter().zip(over).map(|(log, over)| [*log, *over]).fold([f64::NEG_INFINITY; 2], larger)
        };
        self.tops = self.log.chunks(BLOCK).zip(self.over.chunks(BLOCK)).map(top).collect();
    }

    /// The part that does not jump, a Gaussian of the drift; without a drift it stays where it is, and is no part of a density.
    pub(super) fn add_atom(&mut self, law: &Subordinated, t: f64, half_dim: f64) {
        let spread = law.drift * t;
        let Some((log, amplitudes)) = law.atom(t).filter(|_| spread > 0.0) else { return };
        self.log.insert(0, log - half_dim * (4.0 * PI * spread).ln());
        self.inverse.insert(0, 0.25 / spread);
        self.ratios.iter_mut().zip(amplitudes).for_each(|(row, amplitude)| row.insert(0, *amplitude));
        self.index();
    }
}

/// Of both the larger.
pub(super) fn larger(a: [f64; 2], b: [f64; 2]) -> [f64; 2] {
    [a[0].max(b[0]), a[1].max(b[1])]
}

/// Is one of the weights within `cut` of its highest?
pub(super) fn is_near(weights: [f64; 2], highest: [f64; 2], cut: f64) -> bool {
    // Weights may be so small that the cut is lost to rounding.
    weights[0] >= highest[0] - cut || weights[1] >= highest[1] - cut
}
