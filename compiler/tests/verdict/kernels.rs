//! Kernel values: the checker's bounds against closed forms and references, and witnesses in the dimension of the equation.

use crate::equations;
use crate::table::decide;
use genphys_compiler::dispersion;
use genphys_compiler::expr::{Expr, KappaSum, Rational, rational};
use genphys_compiler::lemmas::kernel_bounds;
use genphys_compiler::verdict::{Answer, Witness, check_witness};
use num_traits::ToPrimitive;
use std::f64::consts::PI;

fn bounds(lambda: &Expr, dimension: u32, r: &Rational, t: &Rational) -> (f64, f64) {
    let sum = KappaSum::read(lambda).expect("a sum of powers");
    kernel_bounds(&sum, dimension, r, t).expect("bounds")
}

/// Reference: `(4 pi t)^(-N/2) exp(-r^2/(4 t))` for `lambda = kappa`.
#[test]
fn bounds_hold_the_gaussian() {
    for dimension in 1..=3u32 {
        for (r, t) in [((1, 2), (1, 1)), ((3, 1), (1, 1)), ((2, 1), (1, 10)), ((1, 3), (7, 2))] {
            let (r, t) = (rational(r.0, r.1), rational(t.0, t.1));
            let (low, high) = bounds(&Expr::kappa(), dimension, &r, &t);
            let (r, t) = (r.to_f64().expect("a double"), t.to_f64().expect("a double"));
            let peak = (4.0 * PI * t).powf(-0.5 * f64::from(dimension));
            let exact = peak * (-r * r / (4.0 * t)).exp();
            assert!(low <= exact && exact <= high, "N = {dimension}: {exact} outside [{low}, {high}]");
            assert!(high - low < 2e-5 * peak, "N = {dimension}: [{low}, {high}] is too wide for a peak of {peak}");
        }
    }
}

/// Reference: mpmath, 30 digits, by quadrature of the defining integral.
#[test]
fn bounds_hold_the_biharmonic_kernel() {
    for (dimension, r, reference) in [
        (1, (9, 2), -0.029_655_301_765_337_353),
        (2, (5, 1), -0.003_947_842_821_467_308),
        (2, (2, 1), 0.038_531_729_227_762_59),
        (3, (11, 2), -0.000_510_178_235_831_069_3),
        (3, (1, 1), 0.013_701_005_635_955_707),
    ] {
        let (low, high) = bounds(&Expr::kappa().powi(2), dimension, &rational(r.0, r.1), &rational(1, 1));
        assert!(low <= reference && reference <= high, "N = {dimension}: {reference} outside [{low}, {high}]");
        assert!(high - low < 1e-6, "N = {dimension}: [{low}, {high}] is too wide");
    }
}

/// Reference: theory, the depth of the first negative part, as a part of the peak. The peaks are
/// `Gamma(1/4)/(4 pi)`, `1/(8 sqrt(pi))`, `Gamma(3/4)/(8 pi^2)`.
#[test]
fn a_witness_is_in_the_dimension_of_the_equation() {
    let peaks = [3.625_609_908_221_908 / (4.0 * PI), 1.0 / (8.0 * PI.sqrt()), 1.225_416_702_465_178 / (8.0 * PI * PI)];
    for (n, depth) in [(1u32, -0.103), (2, -0.056), (3, -0.033), (7, -0.033)] {
        let mut equation = equations::row("R38", "").expect("a row");
        equation.dimension = Some(n);
        let verdict = decide(&equation);
        let witness = verdict.c1.witness.expect("refuted");
        let symbol = dispersion::derive(&equation).expect("linear");
        assert_eq!(check_witness(&witness, &equation, &symbol), Ok(()));
        let Witness::Kernel { dimension, value, .. } = witness.clone() else { panic!("not a kernel: {witness:?}") };
        assert_eq!((verdict.c1.answer, dimension), (Answer::No, n.min(3)));
        let part = value / peaks[dimension as usize - 1];
        assert!((part - depth).abs() < 2e-3, "N = {n}: {part}, not {depth}: the search steps by a quarter");
        for other in [1u32, 2, 3, 4].into_iter().filter(|d| *d != dimension) {
            let mut changed = witness.clone();
            if let Witness::Kernel { dimension, .. } = &mut changed {
                *dimension = other;
            }
            assert!(check_witness(&changed, &equation, &symbol).is_err(), "N = {n} taken for {other}");
        }
    }
}
