//! Fields of densities with two signs: against closed forms, a contour integral, the continuity equation and the mass.

use genphys_compiler::source::Source;
use genphys_compiler::{Budget, analyze};
use genphys_runtime::density::{DensityField, Evaluation, FieldError};
use genphys_runtime::field::Field;
use genphys_runtime::model::{Model, ModelError};
use genphys_runtime::signed::{SignedField, SignedModel};
use ndarray::{Array2, array};
use std::f64::consts::PI;

fn model(text: &str, dim: usize) -> Result<SignedModel, ModelError> {
    let analysis = analyze(&Source::new("test", text), Budget::default()).expect("valid text");
    SignedModel::new(&analysis, dim, &Default::default())
}

fn sources(dim: usize) -> Array2<f64> {
    Array2::from_shape_fn((2, dim), |(i, axis)| 0.25 * i as f64 - 0.1 * axis as f64)
}

fn field(text: &str, dim: usize) -> SignedField {
    SignedField::new(&model(text, dim).expect("a model"), sources(dim).view(), &[0.3, 0.7]).expect("a field")
}

/// `p`, `J` and `R` at a point.
fn at(field: &SignedField, t: f64, x: &[f64]) -> (f64, Vec<f64>, f64) {
    let query = Array2::from_shape_vec((1, x.len()), x.to_vec()).expect("a row");
    let out = field.evaluate(t, query.view()).expect("a value");
    let p = out.sign[0] * out.log_abs_p[0].exp();
    (p, out.v.iter().map(|v| p * v).collect(), p * out.r_over_p[0])
}

/// Equations with a closed kernel have the same field by the transform.
#[test]
fn positive_densities_agree_with_their_closed_forms() {
    for (text, tolerance) in [
        ("phi_t - lap(phi) = 0", 1e-8),
        ("phi_t - lap(phi) - 0.5 phi = 0", 1e-8),
        ("phi_tt + lap(phi) = 0", 1e-6),
        ("phi_tt + lap(phi) - phi = 0", 1e-6),
    ] {
        let analysis = analyze(&Source::new("test", text), Budget::default()).expect("valid text");
        for dim in 1..=3 {
            let closed = Model::new(&analysis, dim, &Default::default()).expect("generative");
            let closed =
                Field::new(&closed, sources(dim).view(), &[0.3, 0.7], genphys_compiler::kernel::Precision::F64);
            let closed = closed.expect("a field");
            let x = Array2::from_shape_fn((6, dim), |(i, axis)| 0.4 * i as f64 - 0.7 * axis as f64);
            let mut want = Evaluation::new(6, dim);
            closed.evaluate(0.8, x.view(), &mut want).expect("values");
            let found = field(text, dim).evaluate(0.8, x.view()).expect("values");
            for row in 0..6 {
                // Differences of log p are relative errors of p; velocities are of order one.
                assert!((found.log_abs_p[row] - want.log_p[row]).abs() < tolerance, "{text}, N = {dim}, row {row}");
                assert!((found.r_over_p[row] - want.r_over_p[row]).abs() < tolerance, "{text}, N = {dim}, row {row}");
                for axis in 0..dim {
                    let error = (found.v[[row, axis]] - want.v[[row, axis]]).abs();
                    assert!(error < 10.0 * tolerance, "{text}, N = {dim}, row {row}: {error}");
                }
            }
            assert!(found.sign.iter().all(|sign| *sign == 1.0));
        }
    }
}

/// `phi_t + lap^2 phi = 0` on the line: `p(r) = (1/pi) int_0^inf exp(-k^4 t) cos(k r) dk`, by the trapezoidal rule, which is
/// exact to rounding for an entire function that decays this fast.
#[test]
fn the_biharmonic_kernel_is_its_integral() {
    let t: f64 = 0.5;
    let kernel = |r: f64| {
        let h = 1e-3;
        let f = |k: f64| (-k.powi(4) * t).exp() * (k * r).cos();
        (0.5 * f(0.0) + (1..6000).map(|i| f(f64::from(i) * h)).sum::<f64>()) * h / PI
    };
    let one = SignedField::new(&model("phi_t + lap(lap(phi)) = 0", 1).expect("a model"), array![[0.0]].view(), &[1.0])
        .expect("a field");
    let mut signs = Vec::new();
    for r in [0.0, 0.3, 1.0, 2.0, 3.5, 5.0, 6.5] {
        let (p, _, _) = at(&one, t, &[r]);
        assert!((p - kernel(r)).abs() < 1e-9, "at {r}: {p} against {}", kernel(r));
        signs.push(p > 0.0);
    }
    assert_eq!(signs, [true, true, true, true, false, false, true]);
}

/// The derivative by the five-point rule; its error is `h^4`.
fn slope(f: impl Fn(f64) -> f64) -> f64 {
    let h = 1e-2;
    (8.0 * (f(h) - f(-h)) - f(2.0 * h) + f(-2.0 * h)) / (12.0 * h)
}

#[test]
fn the_continuity_equation_holds() {
    for text in [
        "phi_t + lap(lap(phi)) = 0",
        "phi_t + lap(lap(phi)) - lap(phi) + 0.3 phi = 0",
        "phi_t + (-lap)^(3/2) phi = 0",
        "phi_ttt - lap(phi) = 0",
    ] {
        for dim in 1..=3 {
            let Ok(model) = model(text, dim) else { panic!("{text}") };
            let field = SignedField::new(&model, sources(dim).view(), &[0.3, 0.7]).expect("a field");
            let x: Vec<f64> = (0..dim).map(|axis| 0.6 - 0.3 * axis as f64).collect();
            let moved = |axis: usize, d: f64| {
                let mut x = x.clone();
                x[axis] += d;
                x
            };
            let t = 1.3;
            let growth = slope(|d| at(&field, t + d, &x).0);
            let divergence: f64 = (0..dim).map(|axis| slope(|d| at(&field, t, &moved(axis, d)).1[axis])).sum();
            let (p, _, births) = at(&field, t, &x);
            // Per unit of time; the rule is good to about 1e-7 here, the table to 1e-9 of the peak, which is the more of p the sharper the
            // kernel: most for third order.
            let defect = (growth + divergence - births) / p;
            assert!(defect.abs() < 1e-5, "{text}, N = {dim}: {defect}");
            assert!((growth / p).abs() > 1e-3, "{text}: nothing happens at this point");
        }
    }
}

#[test]
fn what_is_no_function_is_refused() {
    let why = |text: &str, dim| match model(text, dim) {
        Err(ModelError::NoTransform { why }) => why,
        other => panic!("{text}: {other:?}"),
    };
    assert!(why("phi_tt - lap(phi) = 0", 1).contains("several branches"));
    assert!(why("phi_t + lap(lap(phi)) = 0", 4).contains("at most 3"));
    assert!(why("phi_t - lap(phi) + phi_x = 0", 1).contains("drift"));
    assert!(why("i phi_t + lap(phi) = 0", 1).contains("linear"));
    // A bounded lambda leaves an atom.
    let field = field("phi_t - lap(phi_t) - lap(phi) = 0", 1);
    assert!(matches!(field.evaluate(1.0, array![[1.0]].view()), Err(FieldError::NoKernel { .. })));
}

#[test]
fn a_sign_that_would_be_a_guess_is_refused() {
    let field = field("phi_t + lap(lap(phi)) = 0", 1);
    // Forty lengths away the kernel is far below rounding.
    let far = field.evaluate(1.0, array![[0.1], [40.0]].view());
    assert!(matches!(far, Err(FieldError::OutsideRegion { row: 1, .. })), "{far:?}");
}
