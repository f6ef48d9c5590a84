//! Expands calls of special functions into their bodies.
//!
//! In:   a [`Kernel`].
//! Out:  the same kernel without [`Op::Call`], its bodies in the kernel's precision.
//! Holds: two calls that share work (a Bessel function and a ratio of Bessel functions) share operations.

use super::builder::KernelBuilder;
use super::ir::{Kernel, Op, Output, PairInput, Value};
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

/// The pair body as an elementwise kernel of the inner product `g = x.y_j`, for tiles made by matrix multiplication.
///
/// Inputs: `g`, `|y_j|^2`, then the inputs of [`PairInput`] after the first. Uniforms: the kernel's, then `|x|^2` and a softening `s`. Outputs:
/// those of [`pair_map`] for `q = max(|x|^2 + |y_j|^2 - 2 g, 0)`, then `q + s - part (|x|^2 + |y_j|^2)`: where this is not positive, `q`
/// has lost more digits to cancellation than the caller allows.
///
/// # Errors
/// As [`pair_map`].
pub fn product_map(kernel: &Kernel, part: f64) -> Result<Kernel, KernelError> {
    let mut k = KernelBuilder::like(kernel);
    let (g, y_squared) = (k.input("g"), k.input("y_squared"));
    let weights = PairInput::ALL[1..].iter().map(|input| k.input(input.name())).collect::<Vec<Value>>();
    let (x_squared, softening) = (k.uniform("x_squared"), k.uniform("softening"));
    let (scale, minus_two, zero) = (k.add(x_squared, y_squared), k.constant(-2.0), k.constant(0.0));
    let q = k.fma(g, minus_two, scale);
    let q = k.max(q, zero);
    let (softened, part) = (k.add(q, softening), k.constant(-part));
    let margin = k.fma(scale, part, softened);
    let inputs: Vec<Value> = std::iter::once(q).chain(weights).collect();
    let mut new: Vec<Value> = Vec::with_capacity(kernel.body.len());
    for op in &kernel.body {
        let value = match op.map_operands(|v| new[v.index()]) {
            Op::Input(i) => inputs[i as usize],
            op => k.push(op),
        };
        new.push(value);
    }
    let results = kernel.shape.results().into_iter().map(|v| new[v.index()]).chain([margin]);
    k.finish_map(results.enumerate().map(|(i, v)| Output::new(&format!("result{i}"), v)).collect())
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
