//! How long does it take from a text to its verdict, and from a verdict to machine code?
//!
//! Prints microseconds, the fastest and the median of many runs, and each as a ratio to parsing the same text: the
//! baseline of the same run. `cargo bench --bench compile`

use genphys::prelude::*;
use genphys_compiler::{analyze_equation, syntax};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant;

const EQUATIONS: [(&str, &str); 6] = [
    ("diffusion", "phi_t - lap(phi) = 0"),
    ("poisson", "phi_tt + lap(phi) = 0"),
    ("yukawa", "phi_tt + lap(phi) - m^2 phi = 0 where m > 0"),
    ("mixed", "a phi_tt - b phi_t + lap(phi) = 0 where a > 0, b > 0"),
    ("dissipative wave", "phi_tt + 2 eps phi_t - lap(phi) = 0 where eps > 0"),
    ("biharmonic", "phi_t + lap(lap(phi)) = 0"),
];

fn main() {
    // `cargo test --benches` runs every benchmark once to see that it works.
    let runs = if std::env::args().any(|a| a == "--bench") { 200 } else { 1 };
    println!("{:18} {:>12} {:>20} {:>24}", "microseconds", "parse", "text to verdict", "verdict to machine code");
    for (name, text) in EQUATIONS {
        let source = Source::new(name, text);
        let parse = time(runs, || syntax::parse(black_box(&source)).is_ok());
        let verdict = time(runs, || analyze(black_box(&source), Budget::default()).is_ok());
        let code = machine_code(runs, text);
        let shown = |t: Option<f64>| t.map_or("no kernel".to_owned(), |t| format!("{t:.0} ({:.0} x)", t / parse));
        println!("{name:18} {parse:>12.1} {:>20} {:>24}", shown(Some(verdict)), shown(code));
    }
}

/// Lowering and compiling the field kernel in N = 2, f32; `None` for an equation without one.
fn machine_code(runs: usize, text: &str) -> Option<f64> {
    let analysis = analyze_equation(Equation::parse(text).ok()?, Budget::default());
    let ones: BTreeMap<_, _> =
        analysis.equation.parameters.iter().map(|p| (p.name.clone(), genphys_compiler::expr::rational(1, 1))).collect();
    let model = Model::new(&analysis, 2, &ones).ok()?;
    let program = model.bound().program(Precision::F32).ok()?;
    genphys_runtime::cpu::CompiledReduce::new(&program.kernel).ok()?;
    Some(time(runs.min(20), || {
        let program = model.bound().program(Precision::F32).expect("built above");
        genphys_runtime::cpu::CompiledReduce::new(black_box(&program.kernel)).is_ok()
    }))
}

/// The median of `runs` timings, in microseconds.
fn time(runs: usize, mut f: impl FnMut() -> bool) -> f64 {
    let mut all: Vec<f64> = (0..runs.max(1))
        .map(|_| {
            let started = Instant::now();
            assert!(black_box(f()), "the benchmarked step failed");
            started.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}
