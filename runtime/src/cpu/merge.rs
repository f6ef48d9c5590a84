//! Merging the partial sums of compiled code in f64.
//!
//! In:   the partials of one query after at most one flush of sources, per lane.
//! Out:  a [`Total`], advanced.
//! Holds: the order of lanes and flushes is fixed, so the result is the same bit for bit on every run.

use genphys_compiler::kernel::Scalar;

/// The sums of one query in f64: vectors of the partials with their lanes added.
pub(super) struct Total {
    /// The logarithm that the sums are relative to.
    pub(super) max: f64,
    /// `sums[0]` is unused, so that the rest is numbered as in the partials.
    pub(super) sums: Vec<f64>,
}

impl Total {
    pub(super) fn new(vectors: usize) -> Total {
        Total { max: f64::NEG_INFINITY, sums: vec![0.0; vectors] }
    }

    /// Adds the partial sums of one flush of linear weights.
    pub(super) fn merge_linear<T: Scalar>(&mut self, partial: &[T], lanes: usize) {
        self.max = 0.0;
        for (sum, vector) in self.sums.iter_mut().zip(partial.chunks_exact(lanes)).skip(1) {
            *sum += vector.iter().map(|x| (*x).into()).sum::<f64>();
        }
    }

    /// Adds the partial sums of one flush of weights given by their logarithm.
    pub(super) fn merge_log<T: Scalar>(&mut self, partial: &[T], lanes: usize) {
        let (m, s) = (&partial[..lanes], &partial[lanes..2 * lanes]);
        // A lane without weight has not moved its maximum from the start value. NaN is a weight.
        let has_weight = |lane: &usize| s[*lane].into() != 0.0;
        let max = (0..lanes).filter(has_weight).map(|lane| m[lane].into()).fold(self.max, f64::max);
        if max == f64::NEG_INFINITY {
            return;
        }
        let old = (self.max - max).exp();
        let factors: Vec<f64> =
            (0..lanes).map(|lane| if has_weight(&lane) { (m[lane].into() - max).exp() } else { 0.0 }).collect();
        for (sum, vector) in self.sums.iter_mut().zip(partial.chunks_exact(lanes)).skip(1) {
            let added: f64 = vector.iter().zip(&factors).map(|(x, f)| (*x).into() * f).sum();
            *sum = *sum * old + added;
        }
        self.max = max;
    }
}
