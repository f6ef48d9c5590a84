//! Fields of equations with a drift or a diffusion tensor against the Gaussian written out.

use genphys_compiler::kernel::Precision;
use genphys_compiler::source::Source;
use genphys_compiler::{Budget, analyze};
use genphys_runtime::density::{DensityField, Evaluation};
use genphys_runtime::field::Field;
use genphys_runtime::model::Model;
use ndarray::Array2;

/// log p and v of two points of weights 0.25 and 0.75 at one query.
fn field(text: &str, values: &[(&str, f64)], t: f64, x: [f64; 2]) -> (f64, [f64; 2]) {
    let analysis = analyze(&Source::new("test", text), Budget::default()).expect("valid text");
    let model = values.iter().fold(Model::of(&analysis).dim(2), |m, (name, value)| m.set(name, *value));
    let model = model.build().expect("generative");
    let field = Field::new(&model, ndarray::arr2(&DATA).view(), &WEIGHTS, Precision::F64).expect("a field");
    let mut out = Evaluation::new(1, 2);
    field.evaluate(t, Array2::from_shape_vec((1, 2), x.to_vec()).expect("a row").view(), &mut out).expect("finite");
    (out.log_p[0], [out.v[[0, 0]], out.v[[0, 1]]])
}

const WEIGHTS: [f64; 2] = [0.25, 0.75];
const DATA: [[f64; 2]; 2] = [[0.4, -1.1], [-0.7, 0.9]];

/// The same for `exp(-t (k.A k + i c.k))` with the flux `c p - B grad(p)`, by the inverse of A.
fn written_out(a: [[f64; 2]; 2], b: [[f64; 2]; 2], c: [f64; 2], t: f64, x: [f64; 2]) -> (f64, [f64; 2]) {
    let det = a[0][0] * a[1][1] - a[0][1] * a[1][0];
    let inverse = [[a[1][1] / det, -a[0][1] / det], [-a[1][0] / det, a[0][0] / det]];
    let (mut p, mut j) = (0.0, [0.0; 2]);
    for (y, w) in DATA.iter().zip(WEIGHTS) {
        let d = [x[0] - c[0] * t - y[0], x[1] - c[1] * t - y[1]];
        let s = [0, 1].map(|i| inverse[i][0] * d[0] + inverse[i][1] * d[1]);
        let g = w * (-(d[0] * s[0] + d[1] * s[1]) / (4.0 * t)).exp() / (4.0 * std::f64::consts::PI * t * det.sqrt());
        p += g;
        // -B grad g = B A^-1 d g/(2 t).
        (0..2).for_each(|i| j[i] += g * (c[i] + (b[i][0] * s[0] + b[i][1] * s[1]) / (2.0 * t)));
    }
    (p.ln(), [j[0] / p, j[1] / p])
}

fn check(text: &str, values: &[(&str, f64)], a: [[f64; 2]; 2], b: [[f64; 2]; 2], c: [f64; 2]) {
    for (t, x) in [(0.3, [0.2, 0.5]), (2.0, [-3.0, 1.0]), (0.05, [0.4, -1.1])] {
        let (log_p, v) = field(text, values, t, x);
        let (expected_log_p, expected_v) = written_out(a, b, c, t, x);
        assert!(
            (log_p - expected_log_p).abs() < 1e-12 * expected_log_p.abs().max(1.0),
            "{text}: {log_p} {expected_log_p}"
        );
        for (v, expected) in v.iter().zip(expected_v) {
            // Rounding of exponents up to about 50.
            assert!((v - expected).abs() < 1e-12 * expected.abs().max(1.0), "{text}, t = {t}: {v} {expected}");
        }
    }
}

#[test]
fn tensors_and_drifts_are_gaussians_written_out() {
    let one = [[1.0, 0.0], [0.0, 1.0]];
    check("phi_t + c phi_x - lap(phi) = 0 where c real", &[("c", -1.5)], one, one, [-1.5, 0.0]);
    let plume = "pde p { space x in R^2; param a real, b real; equation phi_t + a phi_x + b phi_y - lap(phi) = 0; }";
    check(plume, &[("a", 1.0), ("b", 0.5)], one, one, [1.0, 0.5]);
    let grain = [[1.0, 0.0], [0.0, 2.0]];
    check("pde p { space x in R^2; equation phi_t - phi_xx - 2 phi_yy = 0; }", &[], grain, grain, [0.0, 0.0]);
    // The continuity form puts the whole mixed derivative into one component.
    let tensor = "pde p { space x in R^2; param a > 0, a c > b^2;
        equation phi_t - div((a phi_x + b phi_y) e_x + (b phi_x + c phi_y) e_y) = 0; }";
    let a = [[2.0, 0.5], [0.5, 1.0]];
    check(tensor, &[("a", 2.0), ("b", 0.5), ("c", 1.0)], a, [[2.0, 0.0], [1.0, 1.0]], [0.0, 0.0]);
}
