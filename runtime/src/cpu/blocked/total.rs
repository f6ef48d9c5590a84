//! What a query has summed up so far.

use genphys_compiler::kernel::{Kernel, MeanKind, Scalar};

use super::super::reduce::means;

/// Sources whose displacements are summed in the kernel's precision.
const FLUSH: usize = 2048;

/// Sums relative to `exp(reference)`.
pub(super) struct RowTotal<T> {
    /// Close to the largest log weight so far, or a little below.
    pub(super) reference: f64,
    pub(super) sum: f64,
    pub(super) scalars: Vec<f64>,
    /// `sum_j w_j (x - y_j)`, but for those in `recent`.
    displacement: Vec<f64>,
    /// The same over the last tiles, in the kernel's precision.
    pub(super) recent: Vec<T>,
    /// How many sources are in `recent` at most.
    pending: usize,
}

impl<T: Scalar> RowTotal<T> {
    pub(super) fn new(kernel: &Kernel, dim: usize) -> RowTotal<T> {
        let scalars = means(kernel).filter(|mean| !matches!(mean, MeanKind::Displacement(_))).count();
        RowTotal {
            reference: f64::NEG_INFINITY,
            sum: 0.0,
            scalars: vec![0.0; scalars],
            displacement: vec![0.0; dim],
            recent: vec![T::default(); dim],
            pending: 0,
        }
    }

    /// A lower bound on the logarithm of the final sum.
    pub(super) fn log_sum(&self) -> f64 {
        self.reference + self.sum.ln()
    }

    /// Raises the reference and rescales every sum.
    pub(super) fn rise(&mut self, reference: f64) {
        if reference > self.reference {
            let scale = (self.reference - reference).exp();
            self.reference = reference;
            self.sum *= scale;
            self.scalars.iter_mut().chain(&mut self.displacement).for_each(|sum| *sum *= scale);
            let scale = T::from_f64(scale);
            self.recent.iter_mut().for_each(|sum| *sum = sum.mul(scale));
        }
    }

    /// To be called after every tile with displacements, which had so many sources.
    pub(super) fn added(&mut self, sources: usize) {
        self.pending += sources;
        if self.pending >= FLUSH {
            self.flush();
        }
    }

    fn flush(&mut self) {
        self.pending = 0;
        for (sum, x) in self.displacement.iter_mut().zip(&mut self.recent) {
            *sum += std::mem::take(x).into();
        }
    }

    /// `sum_j w_j (x - y_j)` over all sources so far.
    pub(super) fn displacement(&mut self) -> &[f64] {
        self.flush();
        &self.displacement
    }
}
