//! Reductions, executed, against the reference interpreter.
//!
//! Pairs agree bit for bit, so errors are those of weights and sums. In units of `eps`, the distance from 1 to the next float: a weight
//! `exp(l - m)` has relative error `|l - m| + 2` whichever `m` is taken, and rescaling adds as much; a sum over a tile in the
//! kernel's precision adds half the tile's length, totals in f64 nothing.

use crate::launch::{self, Data, Shape};
use genphys_compiler::codegen::Target;
use genphys_compiler::codegen::interp::{Interpreter, Program, Reduced, largest_log_weight};
use genphys_compiler::codegen::ptx::{Layout, Ptx, PtxModule};
use genphys_compiler::kernel::{Kernel, MeanKind, PairInput, Shape as KernelShape, Weight, pair_map};

/// Numbers spread over `[-1, 1)`, the same on every run.
pub fn spread(count: usize, seed: u64) -> Vec<f64> {
    let mut state = seed;
    (0..count)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
        })
        .collect()
}

/// The sizes and weights of a case.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    pub sources: usize,
    pub queries: usize,
    pub splits: usize,
    pub threads: usize,
    /// Every so many-th source has weight zero; 1 for all, 0 for none.
    pub every: usize,
    /// How much the log weight rises from one source to the next: the reference of logarithms is raised again and again.
    pub slope: f64,
}

pub const CASES: [Case; 6] = [
    Case { sources: 1, queries: 1, splits: 1, threads: 1, every: 0, slope: 0.0 },
    Case { sources: 3, queries: 11, splits: 1, threads: 2, every: 0, slope: 0.0 },
    Case { sources: 130, queries: 7, splits: 5, threads: 3, every: 3, slope: -0.1 },
    // More than a tile, in few dimensions.
    Case { sources: 601, queries: 2, splits: 1, threads: 1, every: 0, slope: 0.07 },
    Case { sources: 37, queries: 129, splits: 2, threads: 32, every: 5, slope: 0.0 },
    Case { sources: 5, queries: 2, splits: 1, threads: 2, every: 1, slope: 0.0 },
];

impl Case {
    fn data(self, dim: usize, scale: f64) -> Data {
        let log_weights = spread(self.sources, 7).into_iter().enumerate().map(|(i, w)| {
            if self.every > 0 && i % self.every == 0 {
                f64::NEG_INFINITY
            } else {
                3.0 * w + 5.0 + self.slope * i as f64
            }
        });
        Data {
            sources: spread(self.sources * dim, 1).iter().map(|y| y * scale).collect(),
            log_weights: log_weights.collect(),
            queries: spread(self.queries * dim, 2).iter().map(|x| x * scale).collect(),
        }
    }
}

/// What the interpreter makes of the pairs of one query: the sizes that errors are relative to.
struct Sizes {
    /// The largest difference of logarithms that matters, 0 for linear weights.
    spread: f64,
    /// The largest summand of each mean.
    means: Vec<f64>,
}

fn sizes(kernel: &Kernel, pairs: &Program, uniforms: &[f64], data: &Data, query: &[f64]) -> Sizes {
    let KernelShape::Reduce { dim, means, .. } = kernel.shape() else { panic!("no reduction") };
    let largest = largest_log_weight(&data.log_weights);
    let mut sizes = Sizes { spread: 0.0, means: vec![0.0; means.len()] };
    let mut logs = Vec::new();
    for (y, log_w) in data.sources.chunks(*dim).zip(&data.log_weights) {
        if *log_w == f64::NEG_INFINITY {
            continue;
        }
        let q: f64 = query.iter().zip(y).map(|(x, y)| (x - y).powi(2)).sum();
        let inputs = PairInput::ALL.map(|input| match input {
            PairInput::SquaredDistance => q,
            input => input.of_log_weight(log_w - largest),
        });
        let values = pairs.map(uniforms, &inputs).expect("a map");
        logs.push(values[0]);
        for ((mean, size), value) in means.iter().zip(&mut sizes.means).zip(&values[1..]) {
            let factor = match mean.kind {
                MeanKind::Scalar(_) => 1.0,
                MeanKind::Weighted(_) => 1.0 / values[0].max(f64::MIN_POSITIVE),
                MeanKind::Displacement(_) => q.sqrt(),
            };
            *size = size.max((value * factor).abs());
        }
    }
    if let KernelShape::Reduce { weight: Weight::Log(_), .. } = kernel.shape() {
        let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        // Weights beyond 1e-40 of the largest do not matter; the rounding of l itself is common to both.
        sizes.spread = logs.iter().map(|l| largest - l).filter(|d| *d < 92.0).fold(8.0, f64::max);
    }
    sizes
}

fn compare(got: &Reduced, expected: &Reduced, sizes: &Sizes, eps: f64, tile: usize, what: &str) {
    let close = |got: f64, expected: f64, scale: f64, what: &str| {
        let bound = eps * (8.0 + 2.0 * sizes.spread + 0.5 * tile as f64);
        let same = got == expected || (got.is_nan() && expected.is_nan());
        assert!(
            same || (got - expected).abs() <= bound * scale,
            "{what}: {got:e} for {expected:e}, {:e}",
            bound * scale
        );
    };
    close(got.log_sum, expected.log_sum, expected.log_sum.abs().max(1.0), &format!("{what}: log_sum"));
    assert_eq!(got.means.len(), expected.means.len());
    for (i, ((got, expected), size)) in got.means.iter().zip(&expected.means).zip(&sizes.means).enumerate() {
        assert_eq!(got.len(), expected.len());
        for (got, expected) in got.iter().zip(expected) {
            close(*got, *expected, *size, &format!("{what}: mean {i}"));
        }
    }
}

/// Compares the PTX of `kernel` in the machine with the interpreter; coordinates are within `scale`.
pub fn check(name: &str, kernel: &Kernel, uniforms: &[f64], cases: &[Case], scale: f64) {
    let module: PtxModule = Ptx::default().emit(kernel).expect("PTX");
    check_by(name, kernel, uniforms, cases, scale, |data, shape| launch::reduce(&module, uniforms, data, shape));
}

/// The same for what `run` makes of the data.
pub fn check_by(
    name: &str,
    kernel: &Kernel,
    uniforms: &[f64],
    cases: &[Case],
    scale: f64,
    run: impl Fn(&Data, Shape) -> Vec<Reduced>,
) {
    let layout = Ptx::default().emit(kernel).expect("PTX").layout;
    let Layout::Reduce(layout) = &layout else { panic!("no reduction") };
    let (program, pairs) = (
        Interpreter.emit(kernel).expect("a program"),
        Interpreter.emit(&pair_map(kernel).expect("a map")).expect("a program"),
    );
    let eps = kernel.precision().epsilon();
    for case in cases {
        let data = case.data(layout.dim, scale);
        let shape = Shape { threads: case.threads, splits: case.splits };
        let got = run(&data, shape);
        assert_eq!(got.len(), case.queries);
        for (query, got) in data.queries.chunks(layout.dim).zip(&got) {
            let expected = program.reduce(uniforms, &data.sources, &data.log_weights, query).expect("a reduction");
            let sizes = sizes(kernel, &pairs, uniforms, &data, query);
            let what = format!("{name} in {}, N = {}, {case:?}", kernel.precision(), layout.dim);
            compare(got, &expected, &sizes, eps, layout.tile.min(case.sources), &what);
        }
    }
}
