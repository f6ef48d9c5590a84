//! Expands calls of special functions into their bodies.
//!
//! In:   a [`Kernel`].
//! Out:  the same kernel without [`Op::Call`], its bodies in the kernel's precision.
//! Holds: two calls that share work (a Bessel function and a ratio of Bessel functions) share operations.

use super::builder::KernelBuilder;
use super::ir::{Kernel, MeanKind, Op, Output, PairInput, Shape, Value};
use super::verify::KernelError;
use crate::special::Special;

/// The pair body of a reduction as an elementwise kernel: inputs are those of [`PairInput`], outputs the weight and the
/// values of the means.
///
/// # Errors
/// [`KernelError`] when the body is not well formed, which is a fault of this crate.
pub fn pair_map(kernel: &Kernel) -> Result<Kernel, KernelError> {
    let mut k = KernelBuilder::like(kernel);
    let inputs = PairInput::ALL.map(|input| k.input(input.name()));
    let mut new: Vec<Value> = Vec::with_capacity(kernel.body.len());
    for op in &kernel.body {
        let value = match op.map_operands(|v| new[v.index()]) {
            Op::Input(i) => inputs[i as usize],
            op => k.push(op),
        };
        new.push(value);
    }
    let results = kernel.shape.results();
    k.finish_map(results.iter().enumerate().map(|(i, v)| Output::new(&format!("result{i}"), new[v.index()])).collect())
}

/// Log weights of a tile of pairs by their inner products `g = x.y_j`, for tiles made by matrix multiplication.
///
/// Inputs: `g`, `|y_j|^2`, then the inputs of [`PairInput`] after the first. Uniforms: the kernel's, then `|x|^2` and a softening `s`.
/// Outputs: the log weight for `q = max(|x|^2 + |y_j|^2 - 2 g, 0)`, then the summands of the scalar means. The log weight is infinite where it
/// must be found otherwise: where `q + s` is at most `part` of `|x|^2 + |y_j|^2`, because `q` has then lost more digits to
/// cancellation than the caller allows.
///
/// # Errors
/// As [`pair_map`].
pub fn tile_map(kernel: &Kernel, part: f64) -> Result<Kernel, KernelError> {
    let mut k = KernelBuilder::like(kernel);
    let (g, y_squared) = (k.input("g"), k.input("y_squared"));
    let weights = PairInput::ALL[1..].iter().map(|input| k.input(input.name())).collect::<Vec<Value>>();
    let (x_squared, softening) = (k.uniform("x_squared"), k.uniform("softening"));
    let (scale, minus_two, zero) = (k.add(x_squared, y_squared), k.constant(-2.0), k.constant(0.0));
    let q = k.fma(g, minus_two, scale);
    let q = k.max(q, zero);
    let (softened, part) = (k.add(q, softening), k.scale(part, scale));
    let is_apart = k.lt(part, softened);
    let inputs: Vec<Value> = std::iter::once(q).chain(weights).collect();
    let mut new: Vec<Value> = Vec::with_capacity(kernel.body.len());
    for op in &kernel.body {
        let value = match op.map_operands(|v| new[v.index()]) {
            Op::Input(i) => inputs[i as usize],
            op => k.push(op),
        };
        new.push(value);
    }
    let results = kernel.shape.results();
    let infinite = k.constant(f64::INFINITY);
    let l = k.select(is_apart, new[results[0].index()], infinite);
    let mut outputs = vec![Output::new("l", l)];
    if let Shape::Reduce { means, .. } = &kernel.shape {
        outputs.extend(means.iter().filter_map(|mean| match mean.kind {
            MeanKind::Scalar(v) | MeanKind::Weighted(v) => Some(Output::new(&mean.name, new[v.index()])),
            MeanKind::Displacement(_) => None,
        }));
    }
    k.finish_map(outputs)
}

/// Replaces every call of a special function by its body.
///
/// # Errors
/// [`KernelError`] when a body is not well formed, which is a fault of this crate.
pub fn inline_specials(kernel: &Kernel) -> Result<Kernel, KernelError> {
    inline_specials_except(kernel, |_| false)
}

/// Replaces every call of a special function by its body, but for those that the target `keeps` as instructions.
///
/// # Errors
/// As [`inline_specials`].
pub fn inline_specials_except(kernel: &Kernel, keeps: impl Fn(Special) -> bool) -> Result<Kernel, KernelError> {
    let mut k = KernelBuilder::like(kernel);
    let mut new: Vec<Value> = Vec::with_capacity(kernel.body.len());
    for op in &kernel.body {
        let value = match op.map_operands(|v| new[v.index()]) {
            Op::Call(special, x) if !keeps(special) => special.expand(&mut k, x),
            op => k.push(op),
        };
        new.push(value);
    }
    k.finish(kernel.shape.map_values(|v| new[v.index()]))
}
