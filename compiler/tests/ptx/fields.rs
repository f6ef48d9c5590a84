//! The field of every law, executed, against the reference interpreter.

use crate::compare::{CASES, Case, check, spread};
use crate::launch::{self, Data, Shape};
use crate::laws::{LAWS, program};
use genphys_compiler::codegen::Target;
use genphys_compiler::codegen::interp::Interpreter;
use genphys_compiler::codegen::ptx::Ptx;
use genphys_compiler::kernel::Precision;

/// Both kernels of a law at some times.
fn check_law(name: &str, text: &str, dim: usize, times: &[f64], cases: &[Case]) {
    for precision in [Precision::F32, Precision::F64] {
        let program = program(text, dim, precision);
        for t in times.iter().copied() {
            check(name, &program.kernel, &program.uniforms(t), cases, 1.5);
            if let Some(linear) = &program.linear {
                check(
                    &format!("{name}, linear"),
                    linear,
                    &program.linear_uniforms(t),
                    cases,
                    1.5 / (dim as f64).sqrt(),
                );
            }
        }
    }
}

#[test]
fn every_law_in_few_dimensions() {
    for (name, text) in &LAWS[..6] {
        for dim in [1, 2, 3, 16] {
            check_law(name, text, dim, &[0.3, 2.0], &CASES);
        }
    }
}

#[test]
fn a_law_from_a_table() {
    let (name, text) = LAWS[6];
    check_law(name, text, 2, &[0.3, 2.0], &CASES[1..3]);
}

#[test]
fn laws_in_many_dimensions() {
    for dim in [64, 100] {
        for (name, text) in &LAWS[..5] {
            check_law(name, text, dim, &[2.0], &CASES[2..3]);
        }
    }
    let (name, text) = LAWS[0];
    check_law(name, text, 64, &[0.3], &CASES);
}

#[test]
fn a_tile_without_weight_changes_nothing() {
    // A tile is of 32 sources in f64: those of the second are so far away that their weights are zero.
    let (dim, sources) = (20, 96);
    let kernel = program(LAWS[0].1, dim, Precision::F64);
    let (text, uniforms) = (Ptx::default().emit(&kernel.kernel).expect("PTX"), kernel.uniforms(0.3));
    let far = |i: usize| if (32..64).contains(&(i / dim)) { 100.0 } else { 0.0 };
    let data = Data {
        sources: spread(sources * dim, 1).into_iter().enumerate().map(|(i, y)| y + far(i)).collect(),
        log_weights: spread(sources, 7),
        queries: spread(5 * dim, 2),
    };
    let got = launch::reduce(&text, &uniforms, &data, Shape { threads: 128, splits: 1 });
    let program = Interpreter.emit(&kernel.kernel).expect("a program");
    for (query, got) in data.queries.chunks(dim).zip(&got) {
        let expected = program.reduce(&uniforms, &data.sources, &data.log_weights, query).expect("a reduction");
        assert!((got.log_sum - expected.log_sum).abs() < 1e-13 * expected.log_sum.abs());
        for (got, expected) in got.means[0].iter().zip(&expected.means[0]) {
            // Coordinates are of order 1: some hundred roundings.
            assert!((got - expected).abs() < 1e-13, "{got} for {expected}");
        }
    }
}
