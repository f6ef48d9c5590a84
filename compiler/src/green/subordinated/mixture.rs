//! Gaussians mixed over the subordinator at one time, by one quadrature for all distances.
//!
//! In:   a [`Subordinated`], a time, the dimension, squared distances.
//! Out:  [`Mixed`]: `log g` at a distance, and the ratios of the flux and source to it.
//! Holds: densities of the subordinator are inverted once, on panels in `log u`, and are polynomials from there on.

use super::super::contour::Effort;
use super::super::plain::one_sided::legendre;
use super::super::table;
use super::Subordinated;
use super::terms::{CUT, Terms, is_near, larger};
use std::f64::consts::PI;

/// The trapezoidal rule is not refined beyond this.
const MOST_TERMS: usize = 1 << 12;

/// A panel is at most so wide, and not made narrower than this.
const WIDEST: f64 = 24.0;
const LEAST: f64 = 1e-3;

/// Degree of the polynomials that hold the logarithm of the densities.
const DEGREE: usize = 15;

/// `log u` is kept within the range of a double.
pub(super) const REACH: f64 = 690.0;

/// `log(u f(u))` and the ratios of the other densities, on a range of `y = log u`, as polynomials.
#[derive(Clone, Debug)]
pub(super) struct Panel {
    low: f64,
    pub(super) high: f64,
    log: Vec<f64>,
    ratios: Vec<Vec<f64>>,
}

impl Panel {
    fn position(&self, y: f64) -> f64 {
        ((y - self.low) * 2.0 / (self.high - self.low) - 1.0).clamp(-1.0, 1.0)
    }

    pub(super) fn log(&self, y: f64) -> f64 {
        table::series_value(&self.log, self.position(y))
    }

    /// The polynomials through the densities, and how far they are off between the nodes, in units of what they may be.
    fn fit(law: &Subordinated, (t, effort): (f64, Effort), low: f64, high: f64) -> (Panel, f64) {
        let y_of = |s: f64| low + 0.5 * (high - low) * (s + 1.0);
        let values: Vec<_> =
            table::nodes(DEGREE).into_iter().map(|s| law.transform.densities(t, y_of(s), effort)).collect();
        let cosines = table::Cosines::new(DEGREE + 1);
        let series = |f: &dyn Fn(usize) -> f64| cosines.series(&(0..values.len()).map(f).collect::<Vec<_>>());
        let count = law.signs.len();
        let panel = Panel {
            low,
            high,
            log: series(&|i| values[i].log),
            ratios: (0..count).map(|k| series(&|i| values[i].ratios[k].max(f64::MIN_POSITIVE).ln())).collect(),
        };
        let excess = |s: f64| {
            let expected = law.transform.densities(t, y_of(s), effort);
            // Towards an exponential tail the distance from the singularity loses digits like the logarithm itself.
            let tolerance = effort.tolerance * (1.0 + 5e-3 * expected.log.abs());
            let off = |series: &[f64], expected: f64| (table::series_value(series, s) - expected).abs() / tolerance;
            let ratios = panel.ratios.iter().zip(&expected.ratios);
            ratios
                .map(|(ratio, expected)| off(ratio, expected.max(f64::MIN_POSITIVE).ln()))
                .fold(off(&panel.log, expected.log), table::worse)
        };
        let excess = [-0.98, -0.55, 0.1, 0.65, 0.97].into_iter().map(excess).fold(0.0, table::worse);
        (panel, excess)
    }
}

/// Gaussians mixed over the subordinator at one time.
#[derive(Debug)]
pub(in crate::green) struct Mixture<'a> {
    law: &'a Subordinated,
    t: f64,
    effort: Effort,
    half_dim: f64,
    /// In order of y.
    pub(super) panels: Vec<Panel>,
    pub(super) rule: Vec<(f64, f64)>,
    terms: Terms,
}

/// What a mixture is at one distance.
#[derive(Clone, Debug)]
pub(in crate::green) struct Mixed {
    /// `log g`.
    pub(in crate::green) log: f64,
    /// The mean of `1/(4 (D t + u))`.
    pub(in crate::green) mean_inverse: f64,
    /// Of every amplitude, the ratio to g of the mixture with that amplitude, and of that with the additional weight `1/(2 (D t + u))`.
    pub(in crate::green) ratios: Vec<(f64, f64)>,
}

impl<'a> Mixture<'a> {
    /// The law itself.
    pub(in crate::green) fn plain(law: &'a Subordinated, t: f64) -> Mixture<'a> {
        Mixture::panelled(law, (t, Effort::FINE), 0.0, [0.0, 0.0])
    }

    /// The mixture of Gaussians in `2 half_dim` dimensions for squared distances between these two.
    pub(in crate::green) fn new(
        law: &'a Subordinated,
        (t, effort): (f64, Effort),
        half_dim: f64,
        distances: [f64; 2],
    ) -> Mixture<'a> {
        let mut mixture = Mixture::panelled(law, (t, effort), half_dim, distances);
        mixture.terms = mixture.resolve(distances);
        mixture
    }

    fn panelled(law: &'a Subordinated, (t, effort): (f64, Effort), half_dim: f64, distances: [f64; 2]) -> Mixture<'a> {
        let (rule, terms) = (legendre(16), Terms::default());
        let mut mixture = Mixture { law, t, effort, half_dim, panels: Vec::new(), rule, terms };
        let [nearest, farthest] = distances;
        let centre = law.transform.log_centre(t);
        let mut right = mixture.walk(centre, 1.0, farthest);
        let mut left = mixture.walk(centre, -1.0, nearest);
        left.reverse();
        left.append(&mut right);
        mixture.panels = left;
        mixture
    }

    /// Panels from `start` in one direction, until the integrand at this squared distance has fallen.
    fn walk(&self, start: f64, direction: f64, q: f64) -> Vec<Panel> {
        let (mut panels, mut edge, mut width) = (Vec::new(), start, 1.0_f64);
        let mut highest = [f64::NEG_INFINITY; 2];
        while REACH - direction * edge > LEAST {
            width = width.min(REACH - direction * edge);
            let (low, high) = if direction > 0.0 { (edge, edge + width) } else { (edge - width, edge) };
            let (panel, excess) = Panel::fit(self.law, (self.t, self.effort), low, high);
            if excess > 1.0 && width >= LEAST {
                width *= table::shrink(excess, DEGREE + 1);
                continue;
            }
            let weights = |y: f64| self.log_weights(&panel, y, q);
            let end = if direction > 0.0 { high } else { low };
            highest = [low, 0.5 * (low + high), high].into_iter().map(weights).fold(highest, larger);
            let at_end = weights(end);
            panels.push(panel);
            edge = end;
            width = (2.0 * width).min(WIDEST);
            // The integrand may still be so small that the cut is lost to rounding.
            if !is_near(at_end, highest, CUT + 10.0) {
                break;
            }
        }
        panels
    }

    /// `log` of the integrand over y.
    fn log_weight(&self, panel: &Panel, y: f64, q: f64) -> f64 {
        let spread = self.law.drift * self.t + y.exp();
        let gaussian = if self.half_dim > 0.0 { self.half_dim * (4.0 * PI * spread).ln() } else { 0.0 };
        let exponent = if q > 0.0 { q / (4.0 * spread) } else { 0.0 };
        panel.log(y) - gaussian - exponent
    }

    /// The same, and that of the integrand of the largest flux; of a mixture without Gaussians the first is both.
    fn log_weights(&self, panel: &Panel, y: f64, q: f64) -> [f64; 2] {
        let weight = self.log_weight(panel, y, q);
        let s = panel.position(y);
        let ratios = panel.ratios.iter().filter(|_| self.half_dim > 0.0);
        let ratio = ratios.map(|ratio| table::series_value(ratio, s)).reduce(f64::max);
        [weight, ratio.map_or(weight, |ratio| weight + ratio - (self.law.drift * self.t + y.exp()).ln())]
    }

    /// Pieces of panels, so short that a Gauss rule is exact on each, that carry the integral at this squared distance.
    pub(super) fn pieces(&self, q: f64) -> Vec<(usize, f64, f64)> {
        let weights = |i: usize, y: f64| self.log_weights(&self.panels[i], y, q);
        let whole = |(i, p): (usize, &Panel)| {
            let middle = 0.5 * (p.low + p.high);
            (i, p.low, p.high, [weights(i, p.low), weights(i, middle), weights(i, p.high)])
        };
        let mut open: Vec<_> = self.panels.iter().enumerate().map(whole).collect();
        let top = |w: [[f64; 2]; 3]| w.into_iter().fold([f64::NEG_INFINITY; 2], larger);
        let mut highest = open.iter().map(|piece| top(piece.3)).fold([f64::NEG_INFINITY; 2], larger);
        let mut done = Vec::new();
        while !open.is_empty() {
            let mut next = Vec::new();
            for (i, low, high, w) in open {
                if !is_near(top(w), highest, CUT) {
                    continue;
                }
                let is_smooth = (w[0][0] - 2.0 * w[1][0] + w[2][0]).abs() < 1.0 && (w[0][0] - w[2][0]).abs() < 6.0;
                if is_smooth || high - low < 1e-9 {
                    done.push((i, low, high));
                    continue;
                }
                let middle = 0.5 * (low + high);
                for (low, high, ends) in [(low, middle, [w[0], w[1]]), (middle, high, [w[1], w[2]])] {
                    let inner = weights(i, 0.5 * (low + high));
                    highest = larger(highest, inner);
                    next.push((i, low, high, [ends[0], inner, ends[1]]));
                }
            }
            open = next;
        }
        done
    }

    /// The trapezoidal rule over y, refined until it has converged at distances from one end to the other. The integrand is
    /// analytic and vanishes at both ends, so that halving the step squares the error.
    fn resolve(&self, [nearest, farthest]: [f64; 2]) -> Terms {
        let Some((start, end)) = self.ends([nearest, farthest]) else { return Terms::default() };
        let range = end - start;
        let mut count = (range / 0.5).ceil().clamp(16.0, 4096.0) as usize;
        let mut terms = self.terms(start, range / count as f64, count);
        // The difference of a rule and of that in the middle of its steps at which their mean is good enough.
        let converged = 0.1 * self.effort.tolerance.sqrt();
        loop {
            let step = range / count as f64;
            let between = self.terms(start + 0.5 * step, step, count);
            let near = nearest.max(0.01 * terms.at(0.0, self.law).mean_inverse.recip());
            let ratio = (farthest / near).ln() / 15.0;
            let distances = std::iter::once(nearest).chain((0..16).map(|i| near * (ratio * f64::from(i)).exp()));
            let has_converged = |q: &f64| {
                let (a, b) = (terms.at(*q, self.law), between.at(*q, self.law));
                // Exponents are rounded to their size.
                let slack = converged + 1e-14 * a.log.abs();
                (a.log - b.log).abs() < slack
                    && a.ratios.iter().zip(&b.ratios).all(|(a, b)| (a.1 - b.1).abs() <= slack * a.1.abs())
            };
            let reach = distances.take_while(has_converged).last();
            terms.halve(between);
            count *= 2;
            if reach.is_some_and(|reach| reach > 0.999 * farthest) || count > MOST_TERMS {
                let is_all = reach.is_some_and(|reach| reach > 0.999 * farthest);
                terms.reach = if is_all { f64::INFINITY } else { reach.unwrap_or(-1.0) };
                break;
            }
        }
        terms.add_atom(self.law, self.t, self.half_dim);
        terms
    }

    /// Between these y the integrand is more than nothing at one distance or another between these two: a Gaussian of a
    /// larger distance only weakens what lies below, relative to what lies above.
    fn ends(&self, [nearest, farthest]: [f64; 2]) -> Option<(f64, f64)> {
        let (first, last) = (self.panels.first()?.low, self.panels.last()?.high);
        let count = ((last - first) / 0.25).ceil().clamp(1.0, 16384.0);
        let places: Vec<f64> = (0..=count as usize).map(|i| first + (last - first) * i as f64 / count).collect();
        let kept = |q: f64| {
            let weights = |y: &f64| self.log_weights(&self.panels[self.panel_at(*y)], *y, q);
            let weights: Vec<[f64; 2]> = places.iter().map(weights).collect();
            let highest = weights.iter().copied().fold([f64::NEG_INFINITY; 2], larger);
            let is_kept = |w: &[f64; 2]| is_near(*w, highest, CUT + 10.0);
            Some((weights.iter().position(is_kept)?, weights.iter().rposition(is_kept)?))
        };
        let (low, high) = (kept(nearest)?.0, kept(farthest)?.1);
        Some((places[low.saturating_sub(1)], places[(high + 1).min(places.len() - 1)]))
    }

    /// The number of the panel on which y lies.
    fn panel_at(&self, y: f64) -> usize {
        self.panels.partition_point(|panel| panel.high < y).min(self.panels.len().saturating_sub(1))
    }

    /// The rule that begins at `low`.
    fn terms(&self, low: f64, step: f64, count: usize) -> Terms {
        let (mut log, mut inverse) = (Vec::with_capacity(count), Vec::with_capacity(count));
        let mut ratios = vec![Vec::with_capacity(count); self.law.signs.len()];
        for k in 0..count {
            let y = low + k as f64 * step;
            let panel = &self.panels[self.panel_at(y)];
            log.push(self.log_weight(panel, y, 0.0) + step.ln());
            inverse.push(0.25 / (self.law.drift * self.t + y.exp()));
            let s = panel.position(y);
            ratios.iter_mut().zip(&panel.ratios).for_each(|(row, r)| row.push(table::series_value(r, s).exp()));
        }
        Terms::new(log, inverse, ratios)
    }

    /// The mixture at the squared distance q, which is within those of [`Mixture::new`].
    pub(in crate::green) fn at(&self, q: f64) -> Mixed {
        if q <= self.terms.reach { self.terms.at(q, self.law) } else { self.at_by_pieces(q) }
    }

    /// The same by pieces of its own for this distance, where the integrand is too narrow for a rule that serves all.
    fn at_by_pieces(&self, q: f64) -> Mixed {
        let shift = self.law.drift * self.t;
        let count = self.law.signs.len();
        let mut terms: Vec<(f64, f64, Vec<f64>)> = Vec::new();
        for (i, low, high) in self.pieces(q) {
            let panel = &self.panels[i];
            // Pieces are chosen for the density; the flux has another power of u, and is less smooth by it.
            let parts = (high - low).ceil().max(1.0);
            let half = 0.5 * (high - low) / parts;
            let nodes = (0..parts as usize).flat_map(|part| self.rule.iter().map(move |(s, w)| (part, s, w)));
            for (part, node, weight) in nodes {
                let y = low + half * (2.0 * part as f64 + node + 1.0);
                let log = self.log_weight(panel, y, q) + (half * weight).ln();
                let s = panel.position(y);
                let ratios = panel.ratios.iter().map(|r| table::series_value(r, s).exp()).collect();
                terms.push((log, shift + y.exp(), ratios));
            }
        }
        if let Some((log, amplitudes)) = self.law.atom(self.t).filter(|_| shift > 0.0) {
            let gaussian = self.half_dim * (4.0 * PI * shift).ln() + q / (4.0 * shift);
            terms.push((log - gaussian, shift, amplitudes.to_vec()));
        }
        let highest = terms.iter().map(|term| term.0).fold(f64::NEG_INFINITY, f64::max);
        let (mut sum, mut inverse, mut ratios) = (0.0, 0.0, vec![(0.0, 0.0); count]);
        for (log, spread, amplitudes) in &terms {
            let weight = (log - highest).exp();
            sum += weight;
            inverse += weight / (4.0 * spread);
            for ((plain, over), amplitude) in ratios.iter_mut().zip(amplitudes) {
                *plain += weight * amplitude;
                *over += weight * amplitude / (2.0 * spread);
            }
        }
        let signed = ratios.iter().zip(&self.law.signs).zip(&self.law.fixed).map(|((r, sign), fixed)| {
            // Of the density itself, the mean of 1/(2 spread).
            (fixed + sign * r.0 / sum, fixed * 2.0 * inverse / sum + sign * r.1 / sum)
        });
        Mixed { log: highest + sum.ln(), mean_inverse: inverse / sum, ratios: signed.collect() }
    }

    /// The integral of `exp(-kappa u) f(u)`, without the atom.
    pub(super) fn transform(&self, kappa: f64) -> f64 {
        self.integral(|y| (-kappa * y.exp()).exp())
    }

    fn integral(&self, f: impl Fn(f64) -> f64) -> f64 {
        self.pieces(0.0).into_iter().map(|(i, low, high)| self.piece(i, low, high, &f)).sum()
    }

    pub(super) fn piece(&self, i: usize, low: f64, high: f64, f: &impl Fn(f64) -> f64) -> f64 {
        // Pieces are chosen for the density; f may vary as much again.
        let parts = ((high - low) / 0.25).ceil().clamp(1.0, 64.0);
        let half = 0.5 * (high - low) / parts;
        let mut sum = 0.0;
        for part in 0..parts as usize {
            let start = low + 2.0 * half * part as f64;
            for (node, weight) in &self.rule {
                let y = start + half * (node + 1.0);
                sum += half * weight * self.log_weight(&self.panels[i], y, 0.0).exp() * f(y);
            }
        }
        sum
    }
}
