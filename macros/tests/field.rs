//! Generated fields against references that were not made by this compiler: 30-digit oracle rows (tests/reference/oracle.json),
//! closed forms written out here, and derivatives by finite differences.

use serde_json::Value;

/// Defines one module, and a check of all oracle rows of a system in its dimension.
macro_rules! oracle {
    ($($name:ident: $system:literal, [$($parameter:literal),*], $n:literal, { $($text:tt)* })*) => { $(
        genphys_macros::genphys! { mod $name, N = $n { $($text)* } }

        #[test]
        fn $name() {
            use $name::{Field, Parameters, N};
            let rows = rows($system, N);
            assert!(!rows.is_empty());
            for row in rows {
                let parameters = parameters!(Parameters, row, $($parameter),*);
                let (points, x): (Vec<[f64; N]>, [f64; N]) = (row.sources(), row.x());
                let flow = Field::<f64>::new(&points, &row.weights, parameters).unwrap().at(row.t, x);
                row.check(flow.log_density, &flow.velocity, flow.birth_rate, 2e-13);
                let flow = Field::<f32>::new(&points, &row.weights, parameters).unwrap().at(row.t, x);
                row.check(flow.log_density, &flow.velocity, flow.birth_rate, 2e-5);
            }
        }
    )* };
}

macro_rules! parameters {
    ($type:ident, $row:ident,) => { $type::new() };
    ($type:ident, $row:ident, $($parameter:literal),+) => { $type::new($($row.parameter($parameter)),+).unwrap() };
}

oracle! {
    diffusion1: "diffusion", [], 1, { phi_t - lap(phi) = 0 }
    diffusion2: "diffusion", [], 2, { phi_t - lap(phi) = 0 }
    diffusion3: "diffusion", [], 3, { phi_t - lap(phi) = 0 }
    diffusion784: "diffusion", [], 784, { phi_t - lap(phi) = 0 }
    poisson1: "poisson", [], 1, { phi_tt + lap(phi) = 0 }
    poisson2: "poisson", [], 2, { phi_tt + lap(phi) = 0 }
    poisson3: "poisson", [], 3, { phi_tt + lap(phi) = 0 }
    poisson64: "poisson", [], 64, { phi_tt + lap(phi) = 0 }
    yukawa1: "yukawa", ["m"], 1, { phi_tt + lap(phi) - m^2 phi = 0 where m > 0 }
    yukawa2: "yukawa", ["m"], 2, { phi_tt + lap(phi) - m^2 phi = 0 where m > 0 }
    yukawa3: "yukawa", ["m"], 3, { phi_tt + lap(phi) - m^2 phi = 0 where m > 0 }
    yukawa8: "yukawa", ["m"], 8, { phi_tt + lap(phi) - m^2 phi = 0 where m > 0 }
    mixed2: "mixed", ["a", "b"], 2, { a phi_tt - b phi_t + lap(phi) = 0 where a > 0, b > 0 }
}

/// A row of the oracle.
struct Row {
    text: String,
    values: Value,
    t: f64,
    weights: Vec<f64>,
    expected: (f64, Vec<f64>, f64),
}

fn rows(system: &str, dim: usize) -> Vec<Row> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/reference/oracle.json");
    let all: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let list = all["records"].as_array().unwrap();
    list.iter().filter(|r| r["system"] == system && r["dim"] == dim as u64).map(|r| row(r, dim)).collect()
}

fn row(r: &Value, dim: usize) -> Row {
    Row {
        text: format!("{} N={dim} t={} {}", r["system"], r["t"], r["params"]),
        values: r.clone(),
        t: number(&r["t"]),
        weights: r["weights"].as_array().unwrap().iter().map(number).collect(),
        expected: (number(&r["log_p"]), place(&r["v"], dim), number(&r["r_over_p"])),
    }
}

fn number(v: &Value) -> f64 {
    v.as_f64().or_else(|| v.as_str()?.parse().ok()).unwrap()
}

/// A coordinate list, dense or sparse.
fn place(value: &Value, dim: usize) -> Vec<f64> {
    let mut out = vec![0.0; dim];
    match value {
        Value::Array(list) => list.iter().enumerate().for_each(|(i, v)| out[i] = number(v)),
        Value::Object(map) => map.iter().for_each(|(i, v)| out[i.parse::<usize>().unwrap()] = number(v)),
        other => panic!("not a point: {other}"),
    }
    out
}

impl Row {
    fn parameter(&self, name: &str) -> f64 {
        number(&self.values["params"][name])
    }

    fn sources<const N: usize>(&self) -> Vec<[f64; N]> {
        let list = self.values["sources"].as_array().unwrap();
        list.iter().map(|source| place(source, N).try_into().unwrap()).collect()
    }

    fn x<const N: usize>(&self) -> [f64; N] {
        place(&self.values["x"], N).try_into().unwrap()
    }

    /// `tolerance` is relative to the size of each quantity; log p is a number of order N, whose error is that of the exponent.
    fn check(&self, log_p: f64, v: &[f64], births: f64, tolerance: f64) {
        let (expected, velocity, rate) = &self.expected;
        let near = |found: f64, expected: f64, scale: f64, what: &str| {
            let error = (found - expected).abs() / scale;
            assert!(error < tolerance, "{}: {what} is {found}, not {expected}: {error:e}", self.text);
        };
        near(log_p, *expected, 1.0 + expected.abs(), "log p");
        let size = velocity.iter().map(|v| v * v).sum::<f64>().sqrt().max(1e-3);
        v.iter().zip(velocity).for_each(|(v, expected)| near(*v, *expected, size, "v"));
        near(births, *rate, 1.0 + rate.abs(), "R/p");
    }
}

genphys_macros::genphys! {
    /// The text stands in a file, which does not say N.
    file "tests/pde/plume.pde", N = 2
}

genphys_macros::genphys! { phi_tt + b phi_t + lap(phi) = 0 where b > 0, N = 3 }

const PI: f64 = std::f64::consts::PI;

#[test]
fn a_plume_is_diffusion_carried_along() {
    let (d, a, b, t) = (0.7, 1.5, -0.25, 0.4);
    let parameters = plume::Parameters::new(a, b, d).unwrap();
    let x = [0.9, 0.3];
    let moved: [f64; 2] = [x[0] - a * t, x[1] - b * t];
    let q = moved[0] * moved[0] + moved[1] * moved[1];
    let log_p = -q / (4.0 * d * t) - (4.0 * PI * d * t).ln();
    assert!((plume::log_density(x, t, &parameters) - log_p).abs() < 1e-14);
    let expected = [a + moved[0] / (2.0 * t), b + moved[1] / (2.0 * t)];
    let point = plume::velocity(x, t, &parameters);
    let field = plume::Field::<f64>::new(&[[0.0, 0.0]], &[2.0], parameters).unwrap().at(t, x);
    for d in 0..2 {
        assert!((point[d] - expected[d]).abs() < 1e-14);
        assert!((field.velocity[d] - expected[d]).abs() < 1e-14);
    }
    assert!((field.log_density - log_p).abs() < 1e-14);
}

#[test]
fn the_velocity_of_diffusion_is_minus_the_gradient_of_log_p() {
    // 700 points fill two blocks and part of a third; weights of many sizes, one of them 0.
    let points: Vec<[f64; 3]> = (0..700).map(|i| [0.1, 0.2, 0.3].map(|s| 40.0 * (s * f64::from(i)).sin())).collect();
    let weights: Vec<f64> = (0..700).map(|i| if i == 3 { 0.0 } else { (0.9 * f64::from(i)).cos().powi(8) }).collect();
    let field = diffusion3::Field::<f64>::new(&points, &weights, diffusion3::Parameters::new()).unwrap();
    for (t, x) in [(2.0_f64, [1.0, -2.0, 3.0]), (0.05, [30.0, 1.0, -7.0]), (300.0, [0.0, 90.0, 0.0])] {
        let flow = field.at(t, x);
        for d in 0..3 {
            // The error of a central difference is h^2/6 of the third derivative, and rounding over h.
            let h = 1e-4_f64 * t.sqrt();
            let log_p = |step: f64| {
                let mut x = x;
                x[d] += step;
                field.at(t, x).log_density
            };
            let slope = (log_p(h) - log_p(-h)) / (2.0 * h);
            let scale = 1.0 + slope.abs();
            assert!((flow.velocity[d] + slope).abs() < 3e-7 * scale, "{t} {d}: {} {slope}", flow.velocity[d]);
        }
    }
}

#[test]
fn point_sources_add_up_to_the_field() {
    let parameters = yukawa3::Parameters::new(0.8).unwrap();
    let (points, weights) = ([[0.0, 1.0, 2.0], [-1.0, 0.5, 0.0], [3.0, 0.0, -1.0]], [0.2, 0.5, 0.3]);
    let (x, t) = ([0.3, -0.7, 1.1], 0.6);
    let field = yukawa3::Field::<f64>::new(&points, &weights, parameters).unwrap().at(t, x);
    let at = |y: &[f64; 3]| [x[0] - y[0], x[1] - y[1], x[2] - y[2]];
    let p: Vec<f64> = points.iter().zip(weights).map(|(y, w)| w * yukawa3::density(at(y), t, &parameters)).collect();
    let total: f64 = p.iter().sum();
    assert!((field.density() / total - 1.0).abs() < 1e-13);
    for d in 0..3 {
        let flux: f64 = points.iter().zip(&p).map(|(y, p)| p * yukawa3::velocity(at(y), t, &parameters)[d]).sum();
        assert!((field.velocity[d] - flux / total).abs() < 1e-13);
    }
    let births: f64 = points.iter().zip(&p).map(|(y, p)| p * yukawa3::birth_rate(at(y), t, &parameters)).sum();
    assert!((field.birth_rate - births / total).abs() < 1e-13);
}

#[test]
fn frequencies_are_roots_of_the_symbol() {
    // phi_tt + b phi_t + lap(phi) = 0 has s^2 + b s - k^2 = 0 with s = -i omega.
    let b = 0.6;
    let parameters = equation::Parameters::new(b).unwrap();
    let k = [0.3, -1.2, 0.4];
    let square: f64 = k.iter().map(|k| k * k).sum();
    for (re, im) in equation::omega(k, &parameters) {
        let s = (im, -re);
        let value = (s.0 * s.0 - s.1 * s.1 + b * s.0 - square, 2.0 * s.0 * s.1 + b * s.1);
        assert!(value.0.abs() + value.1.abs() < 1e-14, "{re} {im}: {value:?}");
    }
    let [(re, im)] = plume::omega([2.0, 3.0], &plume::Parameters::new(1.0, -1.0, 0.5).unwrap());
    assert!((re + 1.0).abs() < 1e-14 && (im + 6.5).abs() < 1e-14, "{re} {im}"); // omega = c.k - i D k^2
}

#[test]
fn parameters_and_data_are_checked() {
    let outside = yukawa2::Parameters::new(0.0).unwrap_err();
    assert_eq!(outside.to_string(), "m = 0 is outside its assumption: m > 0");
    assert!(yukawa2::Parameters::new(f64::NAN).is_err());
    assert_eq!(yukawa2::Parameters::new(0.5).unwrap().m(), 0.5);
    let p = yukawa2::Parameters::new(1.0).unwrap();
    let field = |points: &[[f64; 2]], weights: &[f64]| yukawa2::Field::<f64>::new(points, weights, p).map(|_| ());
    assert_eq!(field(&[], &[]), Err(yukawa2::BadData::Empty));
    assert_eq!(field(&[[0.0; 2]], &[]), Err(yukawa2::BadData::Weights { points: 1, weights: 0 }));
    assert_eq!(field(&[[0.0; 2], [0.0, f64::NAN]], &[1.0, 1.0]), Err(yukawa2::BadData::Coordinate { row: 1 }));
    assert_eq!(field(&[[0.0; 2]], &[-1.0]), Err(yukawa2::BadData::Weight { row: 0 }));
    assert_eq!(field(&[[0.0; 2]], &[0.0]), Err(yukawa2::BadData::Weight { row: 0 }));
    assert!(yukawa2::Field::<f32>::new(&[[1e39, 0.0]], &[1.0], p).is_err());
}

#[test]
fn nothing_is_claimed_where_nothing_is_known() {
    let field = diffusion1::Field::<f64>::new(&[[0.0]], &[1.0], diffusion1::Parameters::new()).unwrap();
    for (t, x) in [(0.0, 0.0), (-1.0, 0.0), (f64::NAN, 0.0), (1.0, f64::NAN), (1.0, f64::INFINITY)] {
        assert!(field.at(t, [x]).log_density.is_nan(), "{t} {x}");
        assert!(diffusion1::log_density([x], t, &diffusion1::Parameters::new()).is_nan(), "{t} {x}");
    }
}

#[test]
fn far_away_the_logarithm_takes_over() {
    // exp(-q/4t) is 0 in double precision there; its logarithm is not.
    let field =
        diffusion2::Field::<f64>::new(&[[0.0; 2], [1.0, 0.0]], &[0.5, 0.5], diffusion2::Parameters::new()).unwrap();
    let flow = field.at(0.01, [100.0, 0.0]);
    let expected = -99.0 * 99.0 / 0.04 + 0.5_f64.ln() - (4.0 * PI * 0.01).ln();
    assert!((flow.log_density / expected - 1.0).abs() < 1e-15, "{} {expected}", flow.log_density);
    assert!((flow.velocity[0] - 99.0 / 0.02).abs() < 1e-9);
}

#[test]
fn the_module_says_what_was_derived() {
    assert_eq!((yukawa2::VERDICT, yukawa2::N), ("s-generative", 2));
    let report: Value = serde_json::from_str(yukawa2::REPORT).unwrap();
    assert_eq!(report["verdict"], "s-generative");
    assert_eq!(report["continuity"]["p"], "-phi_t");
    assert!(report["continuity"]["proof"].as_array().is_some_and(|steps| !steps.is_empty()));
    assert!(plume::SOURCE.contains("Advection-diffusion"));
}
