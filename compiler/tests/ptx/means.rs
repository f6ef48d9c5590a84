//! Every sort of mean under both sorts of weights, in few and in many dimensions, on kernels of no equation.

use crate::compare::{CASES, check};
use genphys_compiler::kernel::{Kernel, KernelBuilder, Mean, Precision};

/// Weights by their logarithm.
fn logarithmic(precision: Precision, dim: usize) -> Kernel {
    let (mut k, pair) = KernelBuilder::reduce("logarithmic", precision, dim);
    let (u, one) = (k.uniform("u"), k.constant(1.0));
    let near = k.fma(pair.q, u, one);
    let log = k.log(near);
    let l = k.sub(pair.log_w, log);
    let a = k.div(one, near);
    let means = vec![
        Mean::displacement("uniform", u),
        Mean::scalar("near", near),
        Mean::displacement("per pair", a),
        Mean::scalar("constant", one),
    ];
    k.finish_reduce(l, means).expect("a kernel")
}

/// Linear weights, and a mean that holds its weight.
fn linear(precision: Precision, dim: usize) -> Kernel {
    let (mut k, pair) = KernelBuilder::reduce("linear", precision, dim);
    let (u, one) = (k.uniform("u"), k.constant(1.0));
    let near = k.fma(pair.q, u, one);
    let w = k.div(pair.w, near);
    let (c, exponent) = (k.mul(w, near), k.scale(0.01, pair.log2_w));
    let power = k.exp2_weight(exponent);
    let means = vec![
        Mean::displacement("per pair", near),
        Mean::weighted("c", c),
        Mean::scalar("power", power),
        Mean::displacement("uniform", u),
    ];
    k.finish_linear_reduce(w, means).expect("a kernel")
}

#[test]
fn every_sort_of_mean() {
    for dim in [1, 2, 5, 16, 17, 33] {
        for precision in [Precision::F32, Precision::F64] {
            check("logarithmic", &logarithmic(precision, dim), &[0.7 / dim as f64], &CASES, 1.5);
            check("linear", &linear(precision, dim), &[0.7 / dim as f64], &CASES, 1.5);
        }
    }
}
