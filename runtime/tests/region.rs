//! Fields inside a region, against the continuity equation by finite differences, masses and the edges of the regions.

use genphys_compiler::source::Source;
use genphys_compiler::{Analysis, Budget, analyze};
use genphys_runtime::density::{DensityField, Evaluation, FieldError};
use genphys_runtime::field::BuildError;
use genphys_runtime::model::ModelError;
use genphys_runtime::region::{RegionalField, RegionalModel};
use ndarray::{Array2, array};

fn analysis(text: &str) -> Analysis {
    analyze(&Source::new("test", text), Budget::default()).expect("valid text")
}

fn model(text: &str, dim: usize) -> RegionalModel {
    RegionalModel::new(&analysis(text), dim, &Default::default()).expect("a region")
}

/// Two sources near the origin.
fn field(text: &str, dim: usize) -> RegionalField {
    let points = Array2::from_shape_fn((2, dim), |(i, axis)| 0.25 * i as f64 - 0.1 * axis as f64);
    RegionalField::new(&model(text, dim), points.view(), &[0.3, 0.7]).expect("a field")
}

/// `p`, `J` and `R` at a point.
fn at(field: &RegionalField, t: f64, x: &[f64]) -> (f64, Vec<f64>, f64) {
    let mut out = Evaluation::new(1, x.len());
    let query = Array2::from_shape_vec((1, x.len()), x.to_vec()).expect("a row");
    field.evaluate(t, query.view(), &mut out).expect("inside");
    let p = out.log_p[0].exp();
    (p, out.v.iter().map(|v| p * v).collect(), p * out.r_over_p[0])
}

/// The derivative by the five-point rule; its error is `h^4`.
fn slope(f: impl Fn(f64) -> f64) -> f64 {
    let h = 1e-3;
    (8.0 * (f(h) - f(-h)) - f(2.0 * h) + f(-2.0 * h)) / (12.0 * h)
}

#[test]
fn every_law_obeys_the_continuity_equation() {
    for (text, t) in [
        ("phi_tt + 2 phi_t - lap(phi) = 0", 3.0),
        ("2 phi_tt + 5 phi_t - 3 lap(phi) = 0", 3.0),
        ("phi_tt + 4 phi_t - 2 lap(phi) + phi = 0", 2.5),
        ("phi_tt - lap(phi) - phi = 0", 3.0),
        ("phi_tt + lap(phi) + phi = 0", 0.7),
        ("2 phi_tt + 3 lap(phi) + phi = 0", 0.9),
    ] {
        for dim in [1, 2, 3] {
            let field = field(text, dim);
            let x: Vec<f64> = (0..dim).map(|axis| 0.6 - 0.25 * axis as f64).collect();
            let change = slope(|h| at(&field, t + h, &x).0);
            let divergence: f64 = (0..dim)
                .map(|axis| {
                    slope(|h| {
                        let mut moved = x.clone();
                        moved[axis] += h;
                        at(&field, t, &moved).1[axis]
                    })
                })
                .sum();
            let (p, _, births) = at(&field, t, &x);
            let residual = (change + divergence - births).abs();
            assert!(residual < 1e-9 * p.max(1e-2), "{text} N = {dim}: {change} + {divergence} != {births}");
        }
    }
}

/// In one dimension the wake and the two fronts, `exp(-eps t)/2` each, hold all of the mass.
#[test]
fn the_wake_and_the_fronts_hold_the_mass() {
    let t = 2.5;
    let model = model("phi_tt + 2 phi_t - 4 lap(phi) = 0", 1);
    let field = RegionalField::new(&model, array![[0.0]].view(), &[1.0]).expect("a field");
    // The midpoint rule over the wake.
    let panels = 2000;
    let step = 4.0 * t / f64::from(panels);
    let mass: f64 =
        (0..panels).map(|i| -2.0 * t + (f64::from(i) + 0.5) * step).map(|x| at(&field, t, &[x]).0 * step).sum();
    // The midpoint rule's error is step^2/24 times the difference of the slopes at the ends.
    assert!((mass + (-t).exp() - 1.0).abs() < 1e-5, "{mass}");
}

#[test]
fn points_outside_are_refused_with_their_place() {
    let mut out = Evaluation::new(1, 1);
    let refused =
        |field: &RegionalField, t: f64, x: Array2<f64>, out: &mut Evaluation| match field.evaluate(t, x.view(), out) {
            Err(FieldError::OutsideRegion { row, why, .. }) => (row, why),
            other => panic!("not refused: {other:?}"),
        };
    let wave = field("phi_tt + 2 phi_t - lap(phi) = 0", 1);
    let (row, why) = refused(&wave, 1.0, array![[0.0], [1.5]], &mut out);
    assert!(row == 1 && why.contains("ahead of every front") && why.contains("take a time above 1.25"), "{why}");
    // The layer behind the front in two dimensions is 1/(2 eps^2 t) thick.
    let wave = RegionalField::new(&model("phi_tt + 2 phi_t - lap(phi) = 0", 2), array![[0.0, 0.0]].view(), &[1.0]);
    let (row, why) = refused(&wave.expect("a field"), 4.0, array![[3.99, 0.0]], &mut out);
    assert!(row == 0 && why.contains("layer behind the front"), "{why}");
    // y_(3/2) = 2.7983860457838868.
    let ball = RegionalField::new(&model("phi_tt + lap(phi) + phi = 0", 2), array![[0.0, 0.0]].view(), &[1.0]);
    let ball = ball.expect("a field");
    let edge: f64 = (2.798_386_045_783_886_8_f64.powi(2) - 0.25).sqrt();
    assert!(ball.evaluate(0.5, array![[edge - 1e-9, 0.0]].view(), &mut out).is_ok());
    let (row, why) = refused(&ball, 0.5, array![[0.0, 0.0], [edge + 1e-9, 0.0]], &mut out);
    assert!(row == 1 && why.contains("the first zero of Y_(3/2)"), "{why}");
}

#[test]
fn what_has_no_region_is_refused() {
    let none = |text: &str, dim| RegionalModel::new(&analysis(text), dim, &Default::default()).expect_err("no region");
    assert!(matches!(none("phi_tt + 2 phi_t - lap(phi) = 0", 4), ModelError::Dimension { dim: 4, most: 3 }));
    assert!(matches!(none("phi_t - lap(phi) = 0", 2), ModelError::NotGenerative { .. }));
    assert!(matches!(none("phi_tt - lap(phi) = 0", 2), ModelError::NotGenerative { .. }));
    assert!(matches!(none("phi_tt - lap(phi) - 2 lap(phi_t) = 0", 2), ModelError::NoClosedForm(_)));
    let model = model("phi_tt + lap(phi) + phi = 0", 2);
    assert!(matches!(RegionalField::new(&model, array![[0.0]].view(), &[1.0]), Err(BuildError::Data(_))));
}
