//! Every sort of mean under both sorts of weights, in few and in many dimensions, on kernels of no equation.

use crate::compare::{CASES, check};
use crate::launch::{self, Data, Shape};
use genphys_compiler::codegen::Target;
use genphys_compiler::codegen::interp::Interpreter;
use genphys_compiler::codegen::ptx::Ptx;
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

/// Weights of a quotient and a root that leave the range of floats at either end: infinite on a data point, zero far away. With a bound, a quotient
/// that is NaN is lost: the bound is taken instead.
fn beyond_the_range(dim: usize, bound: Option<f64>) -> Kernel {
    let (mut k, pair) = KernelBuilder::reduce("beyond", Precision::F32, dim);
    let u = k.uniform("u");
    let scaled = k.mul(pair.q, u);
    let (root, square) = (k.sqrt(scaled), k.mul(scaled, scaled));
    let divisor = k.mul(root, square);
    let mut w = k.div(pair.w, divisor);
    if let Some(bound) = bound {
        let bound = k.constant(bound);
        w = k.min(w, bound);
    }
    let means = vec![Mean::displacement("uniform", u)];
    k.finish_linear_reduce(w, means).expect("a kernel")
}

#[test]
fn quotients_and_roots_out_of_range_are_those_of_ieee_754() {
    let sums = log_sums_beyond_the_range(None);
    assert_eq!(sums, [0.0, f64::INFINITY, 0.0]);
    // The second query, on a data point, has the bound; what is far away has zero, not the bound.
    assert_eq!(log_sums_beyond_the_range(Some(4.0)), [0.0, 4f64.ln(), 0.0]);
}

/// Those of three queries, one of them on a data point, after comparing with the interpreter.
fn log_sums_beyond_the_range(bound: Option<f64>) -> Vec<f64> {
    let kernel = beyond_the_range(2, bound);
    let module = Ptx::default().emit(&kernel).expect("PTX");
    assert!(module.text.contains("rcp.approx") && module.text.contains("rsqrt.approx"), "{}", module.text);
    let program = Interpreter.emit(&kernel).expect("a program");
    // Divisors are 1 or 0 near, and infinite far away.
    let sources = vec![1.0, 0.0, 1e9, 0.0, 0.0, -3e9];
    let data = Data { sources, log_weights: vec![0.0; 3], queries: vec![2.0, 0.0, 1.0, 0.0, 1.0, 1.0] };
    let got = launch::reduce(&module, &[1.0], &data, Shape { threads: 2, splits: 1 });
    let expect = |query: usize| {
        let query = &data.queries[2 * query..][..2];
        program.reduce(&[1.0], &data.sources, &data.log_weights, query).expect("a reduction")
    };
    for (query, got) in got.iter().enumerate() {
        assert_eq!(got.log_sum, expect(query).log_sum, "query {query}");
    }
    assert_eq!(got[0].means[0], [1.0, 0.0]);
    got.iter().map(|got| got.log_sum).collect()
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
