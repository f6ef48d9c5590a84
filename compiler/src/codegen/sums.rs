//! What a reduction leaves of a query, on every target.
//!
//! Holds: a coefficient that is the same for all sources is left out of the sums, and applied by whoever merges them.

use super::Unsupported;
use crate::kernel::{Kernel, KernelBuilder, Mean, MeanKind, Op, Output, Precision, Weight, inline_specials};
use crate::special::Special;

/// How far `l_j` may exceed the reference `m` before that is raised: weights up to `e^8` do no harm, and raising, which
/// costs a mispredicted branch, becomes rare.
pub(super) const SLACK: f64 = 8.0;

/// The partial sums of a reduction for one query, in this order: a reference `m`, `s = sum W_j exp(-m)`, then for each mean
/// `sum W_j exp(-m)` times its summand. Each is a number, or on a processor a vector whose lanes the caller adds.
///
/// For weights given by their logarithm, `m` is close to the largest; to start, it is the precision's lowest finite
/// number (so that minus infinity minus `m` is minus infinity, not NaN). For linear weights, `m` is 0 and stays so. All else
/// starts at 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Partials {
    /// Whether the weights are linear.
    pub linear: bool,
    /// Sums per query, the reference among them.
    pub vectors: usize,
    /// Where each mean lies.
    pub means: Vec<PartialMean>,
}

/// The part of one mean in [`Partials`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PartialMean {
    /// Its first sum.
    pub first: usize,
    /// How many: 1 for a scalar, `N` for a displacement.
    pub count: usize,
    /// The factor left to whoever merges the partial sums, where there is one for all sources.
    pub factor: Option<Factor>,
}

/// A factor that is the same for all sources.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Factor {
    /// This number.
    Constant(f64),
    /// The uniform of this index.
    Uniform(usize),
}

impl Factor {
    /// The number, of a kernel with these uniforms.
    pub fn value(self, uniforms: &[f64]) -> f64 {
        match self {
            Factor::Constant(c) => c,
            Factor::Uniform(index) => uniforms[index],
        }
    }
}

impl PartialMean {
    /// What the sum of this mean is still to be multiplied by.
    pub fn factor(&self, uniforms: &[f64]) -> f64 {
        self.factor.map_or(1.0, |factor| factor.value(uniforms))
    }
}

impl Partials {
    pub(super) fn new(kernel: &Kernel, dim: usize, weight: Weight, means: &[Mean]) -> Partials {
        let mut vectors = 2;
        let means = means
            .iter()
            .map(|mean| {
                let count = match mean.kind {
                    MeanKind::Scalar(_) | MeanKind::Weighted(_) => 1,
                    MeanKind::Displacement(_) => dim,
                };
                let first = vectors;
                vectors += count;
                PartialMean { first, count, factor: common_factor(kernel, mean) }
            })
            .collect();
        Partials { linear: matches!(weight, Weight::Linear(_)), vectors, means }
    }
}

/// The coefficient of a mean, if it does not depend on the source; then the sum is taken without it.
pub(super) fn common_factor(kernel: &Kernel, mean: &Mean) -> Option<Factor> {
    let coefficient = match mean.kind {
        MeanKind::Scalar(v) | MeanKind::Displacement(v) => v,
        MeanKind::Weighted(_) => return None,
    };
    match kernel.op(coefficient) {
        Op::Const(c) => Some(Factor::Constant(c.get())),
        Op::Uniform(index) => Some(Factor::Uniform(index as usize)),
        _ => None,
    }
}

/// `exp(l - m)` for the weights.
pub(super) fn weight_kernel(precision: Precision) -> Result<Kernel, Unsupported> {
    let mut k = KernelBuilder::map("weight", precision);
    let x = k.input("x");
    let y = k.call(Special::ExpWeight, x);
    Ok(inline_specials(&k.finish_map(vec![Output::new("y", y)])?)?)
}
