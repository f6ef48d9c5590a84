//! Laws of every kind, and their kernels.

use genphys_compiler::expr::{Name, Rational};
use genphys_compiler::green::KernelProgram;
use genphys_compiler::kernel::Precision;
use genphys_compiler::source::Source;
use genphys_compiler::{Budget, analyze};
use std::collections::BTreeMap;

/// The last is a table, the last but one a law of few dimensions.
pub const LAWS: [(&str, &str); 7] = [
    ("diffusion", "phi_t - lap(phi) = 0"),
    ("poisson", "phi_tt + lap(phi) = 0"),
    ("yukawa", "phi_tt + lap(phi) - m^2 phi = 0 where m > 0"),
    ("student", "phi_tt + (d/t) phi_t + lap(phi) = 0 where d > 1"),
    ("mixed", "a phi_tt - b phi_t + lap(phi) = 0 where a > 0, b > 0"),
    ("stable", "phi_ttt - lap(phi) = 0"),
    ("subordinated", "phi_t + (-lap)^(3/4) phi - lap(phi) = 0"),
];

/// The kernels of a law, with m = 1/2, a = 2, b = 1, d = 3.
pub fn program(text: &str, dim: usize, precision: Precision) -> KernelProgram {
    let values: BTreeMap<Name, Rational> = [("m", 1, 2), ("a", 2, 1), ("b", 1, 1), ("d", 3, 1)]
        .map(|(n, p, q)| (n.into(), Rational::new(p.into(), q.into())))
        .into();
    let analysis = analyze(&Source::new("test", text), Budget::default()).expect("valid text");
    let green = analysis.green().expect("a kernel");
    green.bind(dim, &values).expect("numbers").program(precision).expect("a kernel")
}
