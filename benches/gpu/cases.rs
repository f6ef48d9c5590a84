//! The fields that are timed, with their data.

use genphys::prelude::Equation;
use genphys_compiler::kernel::{
    Kernel, KernelBuilder, KernelError, MeanKind, Op, Output, Shape, Weight, inline_specials,
};
use genphys_compiler::special::Special;
use genphys_runtime::model::Model;
use ndarray::Array2;

use super::Failure;

/// An equation in a dimension, against so many data points from so many queries.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    pub name: &'static str,
    /// What the script for PyTorch calls the law.
    pub law: &'static str,
    pub dim: usize,
    pub sources: usize,
    pub queries: usize,
    pub t: f64,
}

const fn case(name: &'static str, law: &'static str, dim: usize, queries: usize, t: f64) -> Case {
    Case { name, law, dim, sources: 16_384, queries, t }
}

pub const CASES: [Case; 6] = [
    case("diffusion N=2", "diffusion", 2, 1 << 18, 0.25),
    case("Poisson N=2", "poisson", 2, 1 << 18, 0.5),
    case("Poisson N=3", "poisson", 3, 1 << 18, 0.5),
    case("Yukawa N=2", "yukawa", 2, 1 << 18, 0.5),
    // At these times the nearest point carries much of the weight, and not all of it.
    case("Poisson N=64", "poisson", 64, 1 << 14, 2.0),
    case("Poisson N=784", "poisson", 784, 1 << 12, 2.0),
];

impl Case {
    pub fn pairs(&self) -> f64 {
        self.sources as f64 * self.queries as f64
    }

    fn equation(&self) -> &'static str {
        match self.law {
            "diffusion" => "phi_t - lap(phi) = 0",
            "poisson" => "phi_tt + lap(phi) = 0",
            _ => "phi_tt + lap(phi) - m^2 phi = 0 where m > 0",
        }
    }
}

/// A case with its data and queries, numbers that f32 has.
pub struct Setup {
    pub case: Case,
    pub data: Array2<f64>,
    pub queries: Array2<f64>,
    pub weights: Vec<f64>,
    pub model: Model,
}

impl Setup {
    pub fn new(case: &Case) -> Result<Setup, Failure> {
        let analysis = Equation::parse(case.equation())?.analyze();
        let builder = Model::of(&analysis).dim(case.dim);
        let builder = if case.law == "yukawa" { builder.set("m", 1.0) } else { builder };
        Ok(Setup {
            case: *case,
            data: cloud(case.sources, case.dim, 1),
            queries: cloud(case.queries, case.dim, 2),
            weights: vec![1.0 / case.sources as f64; case.sources],
            model: builder.build()?,
        })
    }
}

/// Points of eight clusters in the unit cube, the same on every run.
fn cloud(count: usize, dim: usize, seed: u64) -> Array2<f64> {
    let mut state = seed;
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u64 << 24) as f32
    };
    Array2::from_shape_fn((count, dim), |(i, d)| f64::from(f32::from(((i % 8) >> (d % 3)) as u8 & 1) + 0.3 * next()))
}

/// The f32 operations of a pair that take a slot of the multiply-add units: additions, multiplications, fused ones, and a division or root
/// as one, although it takes several. A kernel cannot be faster than the device's multiply-adds over this number.
pub fn operations_per_pair(kernel: &Kernel, dim: usize) -> Result<f64, Failure> {
    let Shape::Reduce { means, weight, .. } = kernel.shape() else { return Err("no reduction".into()) };
    let body = operations(&inline_specials(kernel)?);
    // x - y and its square, per axis.
    let distance = 2 * dim;
    let weight = match weight {
        Weight::Linear(_) => 1,
        // l less the largest, its exponential, and the sum.
        Weight::Log(_) => 2 + operations(&exponential()?),
    };
    let sums: usize = means
        .iter()
        .map(|mean| match mean.kind {
            MeanKind::Scalar(_) | MeanKind::Weighted(_) => 1,
            MeanKind::Displacement(_) => dim,
        })
        .sum();
    Ok((distance + body + weight + sums) as f64)
}

fn operations(kernel: &Kernel) -> usize {
    let takes_a_slot =
        |op: &&Op| matches!(op, Op::Add(..) | Op::Sub(..) | Op::Mul(..) | Op::Fma(..) | Op::Div(..) | Op::Sqrt(_));
    kernel.body().iter().filter(takes_a_slot).count()
}

fn exponential() -> Result<Kernel, KernelError> {
    let mut k = KernelBuilder::map("weight", genphys_compiler::kernel::Precision::F32);
    let x = k.input("x");
    let y = k.call(Special::ExpWeight, x);
    inline_specials(&k.finish_map(vec![Output::new("y", y)])?)
}
