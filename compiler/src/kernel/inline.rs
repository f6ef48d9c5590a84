//! Expands calls of special functions into their bodies.
//!
//! In:   a [`Kernel`].
//! Out:  the same kernel without [`Op::Call`], its bodies in the kernel's precision.
//! Holds: two calls that share work (a Bessel function and a ratio of Bessel functions) share operations.

use super::builder::KernelBuilder;
use super::ir::{Kernel, Op, Output, PairInput, Value};
use super::verify::KernelError;

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

/// Replaces every call of a special function by its body.
///
/// # Errors
/// [`KernelError`] when a body is not well formed, which is a fault of this crate.
pub fn inline_specials(kernel: &Kernel) -> Result<Kernel, KernelError> {
    let mut k = KernelBuilder::like(kernel);
    let mut new: Vec<Value> = Vec::with_capacity(kernel.body.len());
    for op in &kernel.body {
        let value = match op.map_operands(|v| new[v.index()]) {
            Op::Call(special, x) => special.expand(&mut k, x),
            op => k.push(op),
        };
        new.push(value);
    }
    k.finish(kernel.shape.map_values(|v| new[v.index()]))
}
