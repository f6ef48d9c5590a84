//! The field of every law, executed, against the reference interpreter.

use crate::compare::{CASES, Case, check};
use crate::laws::{LAWS, program};
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
