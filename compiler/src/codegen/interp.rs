//! The reference interpreter: the meaning of a kernel, one operation at a time.
//!
//! In:   a [`Kernel`].
//! Out:  a [`Program`], run on slices of f64, which are rounded to the kernel's precision first.
//! Holds: every operation is rounded to the kernel's precision, and a fused multiply-add once. A reduction evaluates all
//!   pairs, then the weights relative to the largest where they are given as logarithms, then the sums in source order;
//!   those are carried in f64, so that the reference for f32 has no error that depends on the order of the sources.

use super::{Target, Unsupported};
use crate::kernel::{
    Kernel, KernelBuilder, MeanKind, Op, Output, PairInput, Precision, Scalar, Shape, Type, Value, Weight,
    inline_specials,
};

/// The interpreter as a [`Target`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Interpreter;

impl Target for Interpreter {
    type Artifact = Program;
    const NAME: &'static str = "kernel";

    fn emit(&self, kernel: &Kernel) -> Result<Program, Unsupported> {
        let mut k = KernelBuilder::map("weight", kernel.precision());
        let x = k.input("l - max");
        let weight = k.call(crate::special::Special::ExpWeight, x);
        let weight = k.finish_map(vec![Output::new("exp", weight)])?;
        Ok(Program { kernel: inline_specials(kernel)?, weight: inline_specials(&weight)? })
    }

    fn listing(program: &Program) -> String {
        program.kernel.to_string()
    }
}

/// A kernel ready to be interpreted.
#[derive(Clone, Debug)]
pub struct Program {
    kernel: Kernel,
    /// `exp(l_j - max l)`, the same body that compiled code uses.
    weight: Kernel,
}

/// The result of a reduction for one query.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reduced {
    /// `log sum_j W_j`; minus infinity when every weight is zero.
    pub log_sum: f64,
    /// The means, in the kernel's order: one number for a scalar, `N` for a displacement. NaN when every weight is zero.
    pub means: Vec<Vec<f64>>,
}

impl Program {
    /// The kernel with its special functions expanded.
    pub fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    /// Runs a map on one lane; `None` when the kernel is a reduction or a slice has the wrong length.
    pub fn map(&self, uniforms: &[f64], inputs: &[f64]) -> Option<Vec<f64>> {
        let Shape::Map { inputs: names, .. } = self.kernel.shape() else { return None };
        if inputs.len() != names.len() || uniforms.len() != self.kernel.uniforms().len() {
            return None;
        }
        let results = self.kernel.shape().results();
        Some(match self.kernel.precision() {
            Precision::F32 => eval::<f32>(&self.kernel, &rounded(uniforms), &rounded(inputs), &results),
            Precision::F64 => eval::<f64>(&self.kernel, &rounded(uniforms), &rounded(inputs), &results),
        })
    }

    /// Runs a reduction for one query; `None` when the kernel is a map or a slice has the wrong length.
    ///
    /// # Shapes
    /// `sources`: `[n, N]` row-major; `log_weights`: `[n]`; `query`: `[N]`.
    pub fn reduce(&self, uniforms: &[f64], sources: &[f64], log_weights: &[f64], query: &[f64]) -> Option<Reduced> {
        let Shape::Reduce { dim, .. } = self.kernel.shape() else { return None };
        let shapes_agree = uniforms.len() == self.kernel.uniforms().len()
            && query.len() == *dim
            && sources.len() == log_weights.len() * dim;
        shapes_agree.then(|| match self.kernel.precision() {
            Precision::F32 => self.reduce_in::<f32>(uniforms, sources, log_weights, query),
            Precision::F64 => self.reduce_in::<f64>(uniforms, sources, log_weights, query),
        })
    }

    fn reduce_in<T: Scalar>(&self, uniforms: &[f64], y: &[f64], log_w: &[f64], x: &[f64]) -> Reduced {
        let (uniforms, y, x) = (rounded::<T>(uniforms), rounded::<T>(y), rounded::<T>(x));
        let results = self.kernel.shape().results();
        let largest = largest_log_weight(log_w);
        let pairs: Vec<Vec<f64>> = y
            .chunks_exact(x.len())
            .zip(log_w)
            .map(|(y, log_w)| {
                let mut inputs = PairInput::ALL.map(|input| T::from_f64(input.of_log_weight(log_w - largest)));
                inputs[0] = squared_distance(&x, y);
                eval(&self.kernel, &uniforms, &inputs, &results)
            })
            .collect();
        let (max, weights) = self.weights::<T>(&pairs);
        let total: f64 = weights.iter().sum();
        if total == 0.0 {
            let means = self.mean_lengths().map(|n| vec![f64::NAN; n]).collect();
            return Reduced { log_sum: f64::NEG_INFINITY, means };
        }
        let means = self.means(&weights, total, &pairs, &y, &x);
        Reduced { log_sum: largest + max + total.ln(), means }
    }

    /// A common logarithm, and the weights divided by its exponential.
    fn weights<T: Scalar>(&self, pairs: &[Vec<f64>]) -> (f64, Vec<f64>) {
        let given = pairs.iter().map(|pair| pair[0]);
        if let Shape::Reduce { weight: Weight::Linear(_), .. } = self.kernel.shape() {
            return (0.0, given.collect());
        }
        let max = given.clone().fold(f64::NEG_INFINITY, f64::max);
        if max == f64::NEG_INFINITY && !given.clone().any(f64::is_nan) {
            return (0.0, vec![0.0; pairs.len()]);
        }
        let weight = |l| eval(&self.weight, &[], &[T::from_f64(l).sub(T::from_f64(max))], &[self.weight_result()])[0];
        (max, given.map(weight).collect())
    }

    fn means<T: Scalar>(&self, weights: &[f64], total: f64, pairs: &[Vec<f64>], y: &[T], x: &[T]) -> Vec<Vec<f64>> {
        let Shape::Reduce { means, .. } = self.kernel.shape() else { return Vec::new() };
        let mut result: Vec<Vec<f64>> = self.mean_lengths().map(|n| vec![0.0; n]).collect();
        for ((w, pair), y) in weights.iter().zip(pairs).zip(y.chunks_exact(x.len())) {
            for ((mean, sum), value) in means.iter().zip(&mut result).zip(&pair[1..]) {
                match mean.kind {
                    MeanKind::Scalar(_) => sum[0] += w * value,
                    MeanKind::Weighted(_) => sum[0] += value,
                    MeanKind::Displacement(_) => sum
                        .iter_mut()
                        .zip(x.iter().zip(y))
                        .for_each(|(sum, (x, y))| *sum += w * value * x.sub(*y).into()),
                }
            }
        }
        result.iter_mut().flatten().for_each(|sum| *sum /= total);
        result
    }

    fn mean_lengths(&self) -> impl Iterator<Item = usize> {
        let (dim, means) = match self.kernel.shape() {
            Shape::Reduce { dim, means, .. } => (*dim, &means[..]),
            Shape::Map { .. } => (0, &[][..]),
        };
        means.iter().map(move |mean| match mean.kind {
            MeanKind::Scalar(_) | MeanKind::Weighted(_) => 1,
            MeanKind::Displacement(_) => dim,
        })
    }

    fn weight_result(&self) -> Value {
        self.weight.shape().results()[0]
    }
}

/// The logarithm that weights are given relative to; 0 when all weights are zero.
pub fn largest_log_weight(log_weights: &[f64]) -> f64 {
    let largest = log_weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if largest.is_finite() { largest } else { 0.0 }
}

fn rounded<T: Scalar>(x: &[f64]) -> Vec<T> {
    x.iter().map(|x| T::from_f64(*x)).collect()
}

/// `sum_d (x_d - y_d)^2`, with a fused multiply-add per dimension.
fn squared_distance<T: Scalar>(x: &[T], y: &[T]) -> T {
    x.iter().zip(y).fold(T::default(), |q, (x, y)| {
        let d = x.sub(*y);
        d.fma(d, q)
    })
}

/// A value at run time. The verifier has checked types, so the other half is never read.
#[derive(Clone, Copy, Default)]
struct Slot<T> {
    float: T,
    mask: bool,
}

/// Evaluates the body for one lane and returns the wanted floats.
fn eval<T: Scalar>(kernel: &Kernel, uniforms: &[T], inputs: &[T], results: &[Value]) -> Vec<f64> {
    let mut slots: Vec<Slot<T>> = Vec::with_capacity(kernel.body().len());
    for op in kernel.body() {
        let slot = match op.result() {
            Type::Float => Slot { float: float(*op, &slots, uniforms, inputs), mask: false },
            Type::Mask => Slot { float: T::default(), mask: mask(*op, &slots) },
        };
        slots.push(slot);
    }
    results.iter().map(|v| slots[v.index()].float.into()).collect()
}

fn float<T: Scalar>(op: Op, slots: &[Slot<T>], uniforms: &[T], inputs: &[T]) -> T {
    let f = |v: Value| slots[v.index()].float;
    match op {
        Op::Const(c) => T::from_f64(c.get()),
        Op::Uniform(i) => uniforms[i as usize],
        Op::Input(i) => inputs[i as usize],
        Op::Add(a, b) => f(a).add(f(b)),
        Op::Sub(a, b) => f(a).sub(f(b)),
        Op::Mul(a, b) => f(a).mul(f(b)),
        Op::Div(a, b) => f(a).div(f(b)),
        Op::Neg(a) => f(a).neg(),
        Op::Abs(a) => f(a).abs(),
        Op::Sqrt(a) => f(a).sqrt(),
        Op::Fma(a, b, c) => f(a).fma(f(b), f(c)),
        Op::Min(a, b) => f(a).min(f(b)),
        Op::Max(a, b) => f(a).max(f(b)),
        Op::Select(m, a, b) => {
            if slots[m.index()].mask {
                f(a)
            } else {
                f(b)
            }
        }
        Op::Round(a) => f(a).round(),
        Op::Exp2Int(a) => f(a).exp2_int(),
        Op::Exponent(a) => f(a).exponent(),
        Op::Mantissa(a) => f(a).mantissa(),
        // A Program has no calls, as `emit` expands them; masks are computed by `mask`.
        Op::Call(..) | Op::Compare(..) | Op::And(..) | Op::Or(..) | Op::Not(..) => T::default(),
    }
}

fn mask<T: Scalar>(op: Op, slots: &[Slot<T>]) -> bool {
    let m = |v: Value| slots[v.index()].mask;
    match op {
        Op::Compare(r, a, b) => slots[a.index()].float.compare(r, slots[b.index()].float),
        Op::And(a, b) => m(a) && m(b),
        Op::Or(a, b) => m(a) || m(b),
        Op::Not(a) => !m(a),
        Op::Const(..)
        | Op::Uniform(..)
        | Op::Input(..)
        | Op::Add(..)
        | Op::Sub(..)
        | Op::Mul(..)
        | Op::Div(..)
        | Op::Neg(..)
        | Op::Abs(..)
        | Op::Sqrt(..)
        | Op::Fma(..)
        | Op::Min(..)
        | Op::Max(..)
        | Op::Select(..)
        | Op::Round(..)
        | Op::Exp2Int(..)
        | Op::Exponent(..)
        | Op::Mantissa(..)
        | Op::Call(..) => false,
    }
}
