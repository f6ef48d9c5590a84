//! The field of every law, executed, against the reference interpreter.

use crate::compare::{CASES, Case, check};
use genphys_compiler::expr::{Name, Rational};
use genphys_compiler::green::KernelProgram;
use genphys_compiler::kernel::Precision;
use genphys_compiler::source::Source;
use genphys_compiler::{Budget, analyze};
use std::collections::BTreeMap;

pub const LAWS: [(&str, &str); 7] = [
    ("diffusion", "phi_t - lap(phi) = 0"),
    ("poisson", "phi_tt + lap(phi) = 0"),
    ("yukawa", "phi_tt + lap(phi) - m^2 phi = 0 where m > 0"),
    ("student", "phi_tt + (d/t) phi_t + lap(phi) = 0 where d > 1"),
    ("mixed", "a phi_tt - b phi_t + lap(phi) = 0 where a > 0, b > 0"),
    ("stable", "phi_ttt - lap(phi) = 0"),
    ("subordinated", "phi_t + (-lap)^(3/4) phi - lap(phi) = 0"),
];

pub fn program(text: &str, dim: usize, precision: Precision) -> KernelProgram {
    let values: BTreeMap<Name, Rational> = [("m", 1, 2), ("a", 2, 1), ("b", 1, 1), ("d", 3, 1)]
        .map(|(n, p, q)| (n.into(), Rational::new(p.into(), q.into())))
        .into();
    let analysis = analyze(&Source::new("test", text), Budget::default()).expect("valid text");
    let green = analysis.green().expect("a kernel");
    green.bind(dim, &values).expect("numbers").program(precision).expect("a kernel")
}

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
