//! Fields of equations with a drift or a diffusion tensor against the Gaussian written out, and with a clock as well against the equation.

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
    // The flux of a diffusion tensor is that of a symmetric matrix.
    let tensor = "pde p { space x in R^2; param a > 0, a c > b^2;
        equation phi_t - div((a phi_x + b phi_y) e_x + (b phi_x + c phi_y) e_y) = 0; }";
    let a = [[2.0, 0.5], [0.5, 1.0]];
    check(tensor, &[("a", 2.0), ("b", 0.5), ("c", 1.0)], a, a, [0.0, 0.0]);
}

/// `(p, p v)` of an equation at a time and a place.
struct Seen(Field);

impl Seen {
    fn of(text: &str) -> Seen {
        let analysis = analyze(&Source::new("test", text), Budget::default()).expect("valid text");
        let model = Model::of(&analysis).dim(2).build().expect(text);
        Seen(Field::new(&model, ndarray::arr2(&DATA).view(), &WEIGHTS, Precision::F64).expect("a field"))
    }

    fn at(&self, t: f64, x: [f64; 2]) -> (f64, [f64; 2], f64) {
        let mut out = Evaluation::new(1, 2);
        self.0.evaluate(t, ndarray::arr2(&[x]).view(), &mut out).expect("finite");
        let p = out.log_p[0].exp();
        (p, [0, 1].map(|d| p * out.v[[0, d]]), p * out.r_over_p[0])
    }

    fn p(&self, t: f64, x: [f64; 2]) -> f64 {
        self.at(t, x).0
    }
}

/// The derivative of f at 0 by differences of sixth order.
fn slope(h: f64, f: impl Fn(f64) -> f64) -> f64 {
    let pair = |k: f64| f(k * h) - f(-k * h);
    (45.0 * pair(1.0) - 9.0 * pair(2.0) + pair(3.0)) / (60.0 * h)
}

/// The second derivative.
fn bend(h: f64, f: impl Fn(f64) -> f64) -> f64 {
    let pair = |k: f64| f(k * h) + f(-k * h) - 2.0 * f(0.0);
    (270.0 * pair(1.0) - 27.0 * pair(2.0) + 2.0 * pair(3.0)) / (180.0 * h * h)
}

fn shifted(x: [f64; 2], d: usize, by: f64) -> [f64; 2] {
    let mut x = x;
    x[d] += by;
    x
}

const PLACES: [(f64, [f64; 2]); 3] = [(0.5, [0.2, 0.5]), (1.2, [-1.0, 1.0]), (2.0, [1.4, -0.6])];
/// Where p varies over a length or a time of 1/4 the error of sixth order is below `(4 h)^6 = 7e-11` of it; rounding of second differences leaves
/// about `1e-15/h^2 = 4e-11`, and more where p is small.
const H: f64 = 0.005;

/// `p_t + c p_x - s lap p - a div(x p) = 0` for `c, s` at each time and a constant a, by differences of p alone.
fn check_equation(text: &str, c: impl Fn(f64) -> f64, s: impl Fn(f64) -> f64, a: f64) {
    let seen = Seen::of(text);
    for (t, x) in PLACES {
        let p_t = slope(H, |h| seen.p(t + h, x));
        let gradient = [0, 1].map(|d| slope(H, |h| seen.p(t, shifted(x, d, h))));
        let lap: f64 = (0..2).map(|d| bend(H, |h| seen.p(t, shifted(x, d, h)))).sum();
        let drift = c(t) * gradient[0];
        let pull = a * (2.0 * seen.p(t, x) + x[0] * gradient[0] + x[1] * gradient[1]);
        let residual = p_t + drift - s(t) * lap - pull;
        let scale = p_t.abs() + drift.abs() + (s(t) * lap).abs() + pull.abs();
        assert!(residual.abs() < 1e-7 * scale, "{text} at t = {t}: {residual:e} of {scale:e}");
    }
    check_continuity(text, &seen);
}

/// `p_t + div(p v) = R`.
fn check_continuity(text: &str, seen: &Seen) {
    for (t, x) in PLACES {
        let p_t = slope(H, |h| seen.p(t + h, x));
        let flow = [0, 1].map(|d| slope(H, |h| seen.at(t, shifted(x, d, h)).1[d]));
        let (residual, scale) = (p_t + flow[0] + flow[1] - seen.at(t, x).2, p_t.abs() + flow[0].abs() + flow[1].abs());
        assert!(residual.abs() < 1e-7 * scale, "{text} at t = {t}: {residual:e} of {scale:e}");
    }
}

#[test]
fn a_drift_and_a_clock_solve_the_equation() {
    check_equation("phi_t + 3/2 phi_x - t lap(phi) = 0", |_| 1.5, |t| t, 0.0);
    check_equation("phi_t - 2 t phi_x - lap(phi) = 0", |t| -2.0 * t, |_| 1.0, 0.0);
    check_equation("phi_t + cos(3 t) phi_x - exp(-t) lap(phi) = 0", |t| (3.0 * t).cos(), |t| (-t).exp(), 0.0);
    check_equation("phi_t + phi_x/(1 + t) - (1 + t) lap(phi) = 0", |t| 1.0 / (1.0 + t), |t| 1.0 + t, 0.0);
    check_equation("phi_t + t exp(-t) phi_x - lap(phi) = 0", |t| t * (-t).exp(), |_| 1.0, 0.0);
    // Beside a pull towards the origin: the centre moves as a particle in the pull does.
    check_equation("phi_t + 2 phi_x - lap(phi) - div(x phi) = 0", |_| 2.0, |_| 1.0, 1.0);
}

#[test]
fn other_laws_are_carried_on_a_clock_too() {
    // Cauchy of scale 2/3 t^(3/2) about a centre that has moved by 1 - exp(-t).
    let text = "phi_t + exp(-t) phi_x + t^(1/2) (-lap)^(1/2) phi = 0";
    let seen = Seen::of(text);
    for (t, x) in PLACES {
        let (tau, shift) = (2.0 / 3.0 * t.powf(1.5), 1.0 - (-t).exp());
        let expected: f64 = (DATA.iter().zip(WEIGHTS))
            .map(|(y, w)| {
                let square = tau * tau + (x[0] - shift - y[0]).powi(2) + (x[1] - y[1]).powi(2);
                w * tau / (2.0 * std::f64::consts::PI * square.powf(1.5))
            })
            .sum();
        assert!((seen.p(t, x) - expected).abs() < 1e-13 * expected, "{} {expected}", seen.p(t, x));
    }
    check_continuity(text, &seen);
    // A law that is a table.
    let text = "phi_t + 2 t phi_x + t (-lap)^(3/4) phi - t lap(phi) = 0";
    check_continuity(text, &Seen::of(text));
    // Killing beside the clock and the drift.
    let text = "phi_t + t phi_x - t lap(phi) + phi/2 = 0";
    check_continuity(text, &Seen::of(text));
}

#[test]
fn a_drift_with_a_clock_places_samples_where_its_law_is() {
    // A particle at rest on the law's own centre is where the drift has carried it: int_0^t cos(3 s) ds.
    let analysis =
        analyze(&Source::new("test", "phi_t + cos(3 t) phi_x - t lap(phi) = 0"), Budget::default()).expect("valid");
    let model = Model::of(&analysis).dim(2).build().expect("generative");
    let mut points = ndarray::arr2(&[[1.0, 2.0]]);
    model.place(0.7, &mut points.view_mut());
    assert!((points[[0, 0]] - 1.0 - (2.1f64).sin() / 3.0).abs() < 1e-15 && points[[0, 1]] == 2.0);
    assert!((model.clock(0.7) - 0.245).abs() < 1e-15);
}
