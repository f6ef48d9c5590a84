//! Guaranteed discs about frequencies: against 20-digit values, exact double roots, and an independent iteration.

// Reference values keep the digits they were computed with.
#![allow(clippy::excessive_precision)]

use crate::equations::{equation, n, phi};
use crate::properties::durand_kerner;
use genphys_compiler::dispersion::{self, Dispersion, Enclosed};
use genphys_compiler::expr::{Expr, Name, Rational, rational};
use genphys_compiler::source::Source;
use genphys_compiler::{Budget, analyze};
use num_complex::Complex64;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn relation(text: &str) -> Dispersion {
    analyze(&Source::new("test", text), Budget::default()).expect(text).dispersion.expect(text)
}

fn enclose(text: &str, k: Rational, values: &[(&str, Rational)]) -> Vec<Enclosed> {
    let values: BTreeMap<Name, Rational> = values.iter().map(|(n, v)| (Name::from(*n), v.clone())).collect();
    relation(text).enclose(&k, &values).expect(text)
}

/// Roots s at k = 1.7: mpmath.polyroots, 30 digits.
#[test]
fn discs_hold_reference_values() {
    let cases: [(&str, &[(f64, f64)]); 3] = [
        (
            "phi_ttt + phi_tt + phi_t - lap(phi) = 0",
            &[(-1.5536371349866708006, 0.0), (0.27681856749333540031, 1.3354859388678930077)],
        ),
        ("phi_tttt + phi_tt - lap(phi) = 0", &[(-0.77459666924148337704, 1.048808848170151547)]),
        (
            "phi_ttttt + 2 phi_tttt + 3 phi_ttt + phi_tt + 2 phi_t - lap(phi) - lap(phi_tt) = 0",
            &[
                (-1.5985543744973583857, 0.0),
                (-0.43522819496393490951, -1.2323490491153487221),
                (0.23450538221261410235, 1.0017086508736286975),
            ],
        ),
    ];
    for (text, roots) in cases {
        let discs = enclose(text, rational(17, 10), &[]);
        assert!(discs.iter().all(|d| d.roots == 1 && d.radius < 1e-13), "{text}: {discs:?}");
        for (re, im) in roots {
            let omega = Complex64::i() * Complex64::new(*re, *im);
            // The reference itself is rounded to a double.
            let holds = discs.iter().filter(|d| (d.omega - omega).norm() <= d.radius + 4e-16).count();
            assert_eq!(holds, 1, "{text}: {omega}, {discs:?}");
        }
        // Numbered by rising real part of s, which is Im omega.
        assert!(discs.windows(2).all(|w| w[0].omega.im <= w[1].omega.im + 1e-9), "{text}: {discs:?}");
    }
}

#[test]
fn double_roots_are_counted_together() {
    // (s^2 + s + kappa)^2.
    let text = "phi_tttt + 2 phi_ttt + phi_tt - 2 lap(phi_tt) - 2 lap(phi_t) + lap(lap(phi)) = 0";
    let discs = enclose(text, rational(3, 2), &[]);
    for sign in [-1.0, 1.0] {
        let omega = Complex64::i() * Complex64::new(-0.5, sign * 2.0f64.sqrt());
        let near: Vec<_> = discs.iter().filter(|d| (d.omega - omega).norm() <= d.radius).collect();
        assert!(near.len() == 2 && near.iter().all(|d| d.roots == 2 && d.radius < 1e-6), "{omega}: {discs:?}");
    }
    // s^2 + 2 s + 1 + kappa at k = 0: one exact double root.
    let discs = enclose("phi_tt + 2 phi_t + phi - lap(phi) = 0", rational(0, 1), &[]);
    assert!(discs.iter().all(|d| d.roots == 2 && (d.omega + Complex64::i()).norm() <= d.radius && d.radius < 1e-12));
}

#[test]
fn irrational_coefficients_and_drifts_are_enclosed() {
    let discs = enclose("phi_t + (-lap)^beta phi = 0 where beta > 0", rational(2, 1), &[("beta", rational(1, 3))]);
    // 4^(1/3), Wolfram: 1.5874010519681994748.
    assert!(
        (discs[0].omega - Complex64::new(0.0, -1.587401051968199475)).norm() <= discs[0].radius
            && discs[0].radius < 1e-13
    );
    let discs = enclose("phi_t + c phi_x - lap(phi) = 0", rational(3, 1), &[("c", rational(1, 3))]);
    assert!((discs[0].omega - Complex64::new(1.0, -9.0)).norm() <= discs[0].radius && discs[0].radius < 1e-13);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn discs_hold_what_another_iteration_finds(c in prop::collection::vec(-4i64..=4, 4), k in 1i64..=6) {
        let powers = c.iter().zip([3, 2, 1, 0]).map(|(c, j)| n(*c) * phi().dt(j));
        let operator = phi().dt(4) - phi().lap() + Expr::add(powers);
        let relation = dispersion::derive(&equation(operator, "")).expect("linear");
        let discs = relation.enclose(&rational(k, 2), &BTreeMap::new()).expect("numbers");
        let kappa = (k * k) as f64 / 4.0;
        let s = durand_kerner(&[c[3] as f64 + kappa, c[2] as f64, c[1] as f64, c[0] as f64, 1.0]);
        prop_assert_eq!(discs.len(), 4);
        for s in s {
            let omega = Complex64::i() * s;
            // The other iteration is good to 1e-9 where roots lie apart, 1e-4 where several meet.
            let holds = |d: &Enclosed| (d.omega - omega).norm() <= d.radius + if d.roots == 1 { 1e-9 } else { 1e-4 };
            prop_assert!(discs.iter().any(holds), "{omega} in none of {discs:?}");
        }
        for d in &discs {
            let shared = discs.iter().filter(|e| e.omega == d.omega && e.radius == d.radius).count();
            prop_assert_eq!(shared, d.roots);
        }
    }
}
