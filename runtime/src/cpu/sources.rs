//! Sources of a reduction in the layout of compiled code: `[block][N][width]`, in the kernel's precision.
//!
//! Holds: the last block is filled up with sources of weight zero at the coordinates of the last source, so that padding
//!   adds exactly nothing and cannot overflow.

use genphys_compiler::codegen::interp::largest_log_weight;
use genphys_compiler::kernel::{Kernel, PairInput, Precision, Scalar};
use ndarray::ArrayView2;

use super::aligned::Aligned;
use super::{ArgumentError, check_count, check_finite};

/// Sources laid out for a [`CompiledReduce`](super::CompiledReduce).
#[derive(Clone, Debug)]
pub struct Sources {
    pub(super) dim: usize,
    len: usize,
    /// The largest log weight, which the laid out weights are relative to.
    pub(super) log_scale: f64,
    pub(super) packed: Packed,
}

#[derive(Clone, Debug)]
pub(super) enum Packed {
    F32(Blocks<f32>),
    F64(Blocks<f64>),
}

#[derive(Clone, Debug)]
pub(super) struct Blocks<T: Scalar> {
    /// `[blocks][N][width]`.
    pub(super) coordinates: Aligned<T>,
    /// `[blocks][width]` for each of the inputs asked for, empty for the others.
    pub(super) weights: [Aligned<T>; 3],
}

/// What the code that reads the sources expects.
#[derive(Clone, Copy)]
pub(super) struct Layout<'a> {
    /// Sources per block.
    pub(super) width: usize,
    /// The weights that are read.
    pub(super) reads: &'a [PairInput],
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
        layout: Layout<'_>,
        sources: ArrayView2<'_, f64>,
        log_weights: &[f64],
    ) -> Result<Sources, ArgumentError> {
        check_sources(kernel, dim, sources, log_weights)?;
        let log_scale = largest_log_weight(log_weights);
        let packed = match kernel.precision() {
            Precision::F32 => Packed::F32(Blocks::new(layout, sources, log_weights, log_scale)),
            Precision::F64 => Packed::F64(Blocks::new(layout, sources, log_weights, log_scale)),
        };
        Ok(Sources { dim, len: log_weights.len(), log_scale, packed })
    }
}

/// Shapes agree, coordinates are finite in the kernel's precision, log weights are below infinity.
pub(crate) fn check_sources(
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
    fn new(layout: Layout<'_>, sources: ArrayView2<'_, f64>, log_weights: &[f64], log_scale: f64) -> Blocks<T> {
        let (len, dim) = sources.dim();
        let padded = len.next_multiple_of(layout.width);
        let lines = (0..padded).step_by(layout.width).flat_map(|first| (0..dim).map(move |d| (first, d)));
        let coordinates = lines.flat_map(|(first, d)| {
            (first..first + layout.width).map(move |i| T::from_f64(sources[[i.min(len - 1), d]]))
        });
        let coordinates = Aligned::collect(padded * dim, coordinates);
        let column = |input: PairInput| {
            let log_w = |i: usize| log_weights.get(i).map_or(f64::NEG_INFINITY, |log_w| log_w - log_scale);
            let value = |i: usize| T::from_f64(input.of_log_weight(log_w(i)));
            Aligned::collect(padded, (0..padded).filter(|_| layout.reads.contains(&input)).map(value))
        };
        let [_, weights @ ..] = PairInput::ALL;
        Blocks { coordinates, weights: weights.map(column) }
    }
}
