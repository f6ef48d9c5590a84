//! Exact quantiles of the subordinator at one time.
//!
//! In:   a [`Subordinated`], a time, a probability.
//! Out:  the value of u below which it lies with that probability.
//! Holds: the distribution function is summed on the panels of the mixture; Newton's iteration ends within 1e-13 of `log u`.

use super::Subordinated;
use super::mixture::{Mixture, Panel, REACH};

/// The distribution function of the subordinator at one time, beside its drift.
#[derive(Debug)]
pub(super) struct Quantiles {
    /// The probability of no jump.
    still: f64,
    /// Upper edges in y, and the probability below each.
    steps: Vec<(f64, f64)>,
    low: f64,
    panels: Vec<Panel>,
    rule: Vec<(f64, f64)>,
}

impl Quantiles {
    pub(super) fn new(law: &Subordinated, t: f64) -> Quantiles {
        let mixture = Mixture::plain(law, t);
        let mut pieces = mixture.pieces(0.0);
        pieces.sort_by(|a, b| a.1.total_cmp(&b.1));
        let still = law.atom(t).map_or(0.0, |(log, _)| log.exp());
        let mut below = still;
        let mut steps = Vec::new();
        for (i, low, high) in &pieces {
            let parts = ((high - low) / 0.25).ceil().clamp(1.0, 64.0);
            for part in 0..parts as usize {
                let edge = |k: f64| low + (high - low) * k / parts;
                let (start, end) = (edge(part as f64), edge(part as f64 + 1.0));
                below += mixture.piece(*i, start, end, &|_| 1.0);
                steps.push((end, below));
            }
        }
        let low = pieces.first().map_or(0.0, |piece| piece.1);
        Quantiles { still, steps, low, panels: mixture.panels, rule: mixture.rule }
    }

    /// The u below which there is this much probability.
    pub(super) fn at(&self, level: f64) -> f64 {
        if level <= self.still {
            return 0.0;
        }
        let Some((last, total)) = self.steps.last() else { return 0.0 };
        let step = self.steps.partition_point(|(_, below)| *below <= level);
        let Some((end, above)) = self.steps.get(step) else {
            // Beyond the table the law falls like a power; its last edge is out of reach of any draw but by rounding.
            debug_assert!(level > total - 1e-6);
            return last.min(REACH).exp();
        };
        let (start, below) = if step == 0 { (self.low, self.still) } else { self.steps[step - 1] };
        // Newton's iteration on the probability between `start` and y, kept within the step.
        let (mut low, mut high, wanted) = (start, *end, level - below);
        let mut y = start + (end - start) * (wanted / (above - below)).clamp(0.0, 1.0);
        for _ in 0..30 {
            let half = 0.5 * (y - start);
            let gained: f64 = self.rule.iter().map(|(s, w)| half * w * self.density(start + half * (s + 1.0))).sum();
            if gained < wanted {
                low = y
            } else {
                high = y
            }
            let next = y - (gained - wanted) / self.density(y);
            // A step of nothing ends at an end of the bracket, which y has just become.
            let next = if next >= low && next <= high { next } else { 0.5 * (low + high) };
            if (next - y).abs() < 1e-13 {
                break;
            }
            y = next;
        }
        y.exp()
    }

    fn density(&self, y: f64) -> f64 {
        let i = self.panels.partition_point(|panel| panel.high < y);
        self.panels.get(i).or(self.panels.last()).map_or(0.0, |panel| panel.log(y).exp())
    }
}
