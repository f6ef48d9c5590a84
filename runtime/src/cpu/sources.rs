//! Sources of a reduction in the layout of compiled code: `[block][N][lane]`, in the kernel's precision.
//!
//! Holds: the last block is filled up with sources of weight zero at the coordinates of the last source, so that padding
//!   adds exactly nothing and cannot overflow.

use genphys_compiler::kernel::{Kernel, Precision, Scalar};
use ndarray::ArrayView2;

use super::{ArgumentError, check_count, check_finite};

/// Sources laid out for a [`CompiledReduce`](super::CompiledReduce).
#[derive(Clone, Debug)]
pub struct Sources {
    pub(super) dim: usize,
    len: usize,
    pub(super) packed: Packed,
}

#[derive(Clone, Debug)]
pub(super) enum Packed {
    F32(Blocks<f32>),
    F64(Blocks<f64>),
}

#[derive(Clone, Debug)]
pub(super) struct Blocks<T> {
    /// `[blocks][N][lanes]`.
    pub(super) coordinates: Vec<T>,
    /// `[blocks][lanes]`.
    pub(super) log_weights: Vec<T>,
}

impl Sources {
    /// The number of sources.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no sources.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(super) fn new(
        kernel: &Kernel,
        dim: usize,
        lanes: usize,
        sources: ArrayView2<'_, f64>,
        log_weights: &[f64],
    ) -> Result<Sources, ArgumentError> {
        check_sources(kernel, dim, sources, log_weights)?;
        let packed = match kernel.precision() {
            Precision::F32 => Packed::F32(Blocks::new(lanes, sources, log_weights)),
            Precision::F64 => Packed::F64(Blocks::new(lanes, sources, log_weights)),
        };
        Ok(Sources { dim, len: log_weights.len(), packed })
    }
}

/// Shapes agree, coordinates are finite in the kernel's precision, log weights are below infinity.
pub(super) fn check_sources(
    kernel: &Kernel,
    dim: usize,
    sources: ArrayView2<'_, f64>,
    log_weights: &[f64],
) -> Result<(), ArgumentError> {
    check_count(kernel, "coordinates per source", dim, sources.ncols())?;
    check_count(kernel, "log weights", sources.nrows(), log_weights.len())?;
    check_points(kernel, "source", sources)?;
    for (i, log_w) in log_weights.iter().enumerate() {
        if *log_w != f64::NEG_INFINITY {
            check_finite(kernel, "log weight", i, *log_w)?;
        }
    }
    Ok(())
}

pub(super) fn check_points(kernel: &Kernel, what: &'static str, x: ArrayView2<'_, f64>) -> Result<(), ArgumentError> {
    x.indexed_iter().try_for_each(|((row, _), x)| check_finite(kernel, what, row, *x))
}

impl<T: Scalar> Blocks<T> {
    fn new(lanes: usize, sources: ArrayView2<'_, f64>, log_weights: &[f64]) -> Blocks<T> {
        let (len, dim) = sources.dim();
        let blocks = len.div_ceil(lanes);
        let mut coordinates = Vec::with_capacity(blocks * dim * lanes);
        let mut padded = Vec::with_capacity(blocks * lanes);
        for block in 0..blocks {
            for d in 0..dim {
                coordinates
                    .extend((0..lanes).map(|lane| T::from_f64(sources[[(block * lanes + lane).min(len - 1), d]])));
            }
            let log_w = |lane| log_weights.get(block * lanes + lane).copied().unwrap_or(f64::NEG_INFINITY);
            padded.extend((0..lanes).map(|lane| T::from_f64(log_w(lane))));
        }
        Blocks { coordinates, log_weights: padded }
    }
}
