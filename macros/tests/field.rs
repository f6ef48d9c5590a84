//! Generated fields against references that were not made by this compiler: 30-digit oracle rows (tests/reference/oracle.json),
//! closed forms written out here, and derivatives by finite differences.

use serde_json::Value;

/// Defines one module, and a check of all oracle rows of a system in its dimension.
macro_rules! oracle {
    ($($name:ident: $system:literal $(with $fixed:literal = $number:literal)?, [$($parameter:literal),*], $n:literal, { $($text:tt)* })*) => { $(
        genphys_macros::genphys! { mod $name, N = $n { $($text)* } }

        #[test]
        fn $name() {
            use $name::{Field, Parameters, N};
            let rows = rows($system, N);
            // A number in the text of the equation, which is a parameter of the oracle.
            $( let rows: Vec<Row> = rows.into_iter().filter(|row| row.parameter($fixed) == $number).collect(); )?
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
    mixed1: "mixed", ["a", "b"], 1, { a phi_tt - b phi_t + lap(phi) = 0 where a > 0, b > 0 }
    mixed2: "mixed", ["a", "b"], 2, { a phi_tt - b phi_t + lap(phi) = 0 where a > 0, b > 0 }
    mixed3: "mixed", ["a", "b"], 3, { a phi_tt - b phi_t + lap(phi) = 0 where a > 0, b > 0 }
    mixed64: "mixed", ["a", "b"], 64, { a phi_tt - b phi_t + lap(phi) = 0 where a > 0, b > 0 }
    fractional1: "fractional" with "beta" = 0.75, [], 1, { phi_t + (-lap)^(3/4) phi = 0 }
    fractional2: "fractional" with "beta" = 0.375, [], 2, { phi_t + (-lap)^(3/8) phi = 0 }
    fractional3: "fractional" with "beta" = 0.75, [], 3, { phi_t + (-lap)^(3/4) phi = 0 }
    any_order1: "fractional", ["beta"], 1, { phi_t + (-lap)^beta phi = 0 where 0 < beta < 1 }
    any_order2: "fractional", ["beta"], 2, { phi_t + (-lap)^beta phi = 0 where 0 < beta < 1 }
    any_order3: "fractional", ["beta"], 3, { phi_t + (-lap)^beta phi = 0 where 0 < beta < 1 }
    any_order8: "fractional", ["beta"], 8, { phi_t + (-lap)^beta phi = 0 where 0 < beta < 1 }
    any_order784: "fractional", ["beta"], 784, { phi_t + (-lap)^beta phi = 0 where 0 < beta < 1 }
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

genphys_macros::genphys! { mod paced { phi_t + c (-lap)^(3/8) phi = 0 where c > 0, N = 2 } }

#[test]
fn a_coefficient_of_fractional_diffusion_is_its_clock() {
    let (c, t, x) = (1.7, 0.4, [0.8, -0.3]);
    let parameters = paced::Parameters::new(c).unwrap();
    // The module without a coefficient meets the oracle.
    let (points, weights) = ([[0.0, 1.0], [-2.0, 0.5]], [0.5, 1.5]);
    let unit = fractional2::Field::<f64>::new(&points, &weights, fractional2::Parameters::new()).unwrap().at(c * t, x);
    let field = paced::Field::<f64>::new(&points, &weights, parameters).unwrap().at(t, x);
    assert!((field.log_density - unit.log_density).abs() < 1e-14);
    (0..2).for_each(|d| assert!((field.velocity[d] - c * unit.velocity[d]).abs() < 1e-14));
}

#[test]
fn any_order_between_the_ends_has_a_density() {
    // (beta, t, r, log p): the inverse Hankel transform of exp(-t k^(2 beta)) along a ray in the complex plane, 60 digits, by
    // python-flint; two rays agree to the digits written.
    let in_1 = [
        (0.03, 1.0, 2.0, -5.2038008815189505),
        (0.03, 1.25, 1e-6, 8.560261699167064),
        (0.1, 0.5, 3.0, -4.78436144199568),
        (0.1, 2.0, 1e8, -23.862297420208105),
        (0.45, 0.01, 0.7, -5.1274796003489),
        (0.45, 100.0, 0.001, -6.210717909412807),
        (0.8, 0.3, 40.0, -12.110167178951944),
        (0.8, 1.0, 0.25, -1.274634435030742),
        (0.99, 1.0, 3.0, -3.5143602979396253),
        (0.99, 0.25, 30.0, -15.448997308059754),
    ];
    let in_3 = [
        (0.03, 1.0, 2.0, -8.423678317342853),
        (0.03, 1.25, 1e-6, 34.24202384432052),
        (0.1, 0.5, 3.0, -8.700412561341965),
        (0.1, 2.0, 1e8, -62.366937255711484),
        (0.45, 0.01, 0.7, -5.6120587652996745),
        (0.45, 100.0, 0.001, -17.206025432252705),
        (0.8, 0.3, 40.0, -20.36807372206829),
        (0.8, 1.0, 0.25, -3.5248479452656007),
        (0.99, 1.0, 3.0, -6.061427588367116),
        (0.99, 0.25, 30.0, -22.995064167957167),
    ];
    let check = |[beta, t, r, log_p]: [f64; 4], flow: [f64; 3], point: [f64; 2]| {
        // The table is fitted to 2e-13 and a few roundings of the logarithm's size.
        let near = |found: f64, tolerance: f64| {
            assert!((found - log_p).abs() < tolerance * (1.0 + log_p.abs()), "{beta} {t} {r}: {found} {log_p}")
        };
        near(flow[0], 1e-12);
        near(point[0], 1e-12);
        near(flow[2], 1e-5);
        // J/p = (x - y)/(2 beta t).
        let v = r / (2.0 * beta * t);
        assert!(
            (flow[1] / v - 1.0).abs() < 1e-14 && (point[1] / v - 1.0).abs() < 1e-14,
            "{beta} {t} {r}: {} {v}",
            flow[1]
        );
    };
    for (beta, t, r, log_p) in in_1 {
        use any_order1::*;
        let p = Parameters::new(beta).unwrap();
        let flow = Field::<f64>::new(&[[0.0]], &[1.0], p).unwrap().at(t, [r]);
        let single = Field::<f32>::new(&[[0.0]], &[1.0], p).unwrap().at(t, [r]).log_density;
        check(
            [beta, t, r, log_p],
            [flow.log_density, flow.velocity[0], single],
            [log_density([r], t, &p), velocity([r], t, &p)[0]],
        );
    }
    for (beta, t, r, log_p) in in_3 {
        use any_order3::*;
        let p = Parameters::new(beta).unwrap();
        let (x, points) = ([0.0, 0.6 * r, -0.8 * r], [[0.0; 3]]);
        let flow = Field::<f64>::new(&points, &[2.0], p).unwrap().at(t, x);
        let single = Field::<f32>::new(&points, &[2.0], p).unwrap().at(t, x).log_density;
        let point = [log_density(x, t, &p), velocity(x, t, &p)[1] / 0.6];
        check([beta, t, r, log_p], [flow.log_density, flow.velocity[1] / 0.6, single], point);
    }
}

#[test]
fn orders_without_a_table_are_refused_and_the_others_have_numbers_everywhere() {
    use any_order2::{BadData, Field, ORDERS, Parameters, log_density};
    assert_eq!(ORDERS, (0.03, 0.99));
    assert_eq!(any_order784::ORDERS, (0.2, 0.99));
    for beta in [1e-3, 0.029, 0.995] {
        let p = Parameters::new(beta).unwrap();
        assert_eq!(Field::<f64>::new(&[[0.0; 2]], &[1.0], p).map(|_| ()), Err(BadData::Order));
        assert!(log_density([1.0, 0.0], 1.0, &p).is_nan());
    }
    for beta in [0.03, 0.5, 0.99] {
        let p = Parameters::new(beta).unwrap();
        let points = [[0.0; 2], [1.0, 2.0], [1.0, 2.0]];
        let field = Field::<f64>::new(&points, &[1.0, 0.0, 2.0], p).unwrap();
        for t in [1e-6, 1.0, 1e4] {
            for x in [[0.0; 2], [1.0, 2.0], [1e-12, 0.0], [1e8, -1e8], [1e150, 0.0]] {
                let flow = field.at(t, x);
                let is_finite = flow.log_density.is_finite() && flow.velocity.iter().all(|v| v.is_finite());
                assert!(is_finite, "{beta} {t} {x:?}: {flow:?}");
            }
        }
    }
}

#[test]
fn a_frame_may_stretch_beyond_single_precision() {
    // Ornstein-Uhlenbeck at rest: p is the normal density, and the flow of a density at rest is zero.
    let p = pulled::Parameters::new(1.0).unwrap();
    let (points, x) = ([[0.5, -1.0], [2.0, 1.0]], [0.8, -0.3]);
    let field = pulled::Field::<f32>::new(&points, &[0.5, 0.5], p).unwrap();
    let double = pulled::Field::<f64>::new(&points, &[0.5, 0.5], p).unwrap();
    let expected = -0.5 * (0.64 + 0.09) - (2.0 * PI).ln();
    for t in [30.0, 100.0, 300.0] {
        for flow in [field.at(t, x), double.at(t, x)] {
            assert!((flow.log_density - expected).abs() < 1e-6, "{t}: {}", flow.log_density);
            assert!(flow.velocity.iter().all(|v| v.abs() < 1e-6), "{t}: {:?}", flow.velocity);
        }
    }
}

#[test]
fn one_source_of_the_mixed_equation_has_the_flux_of_the_table() {
    let parameters = mixed3::Parameters::new(0.5, 2.0).unwrap();
    let field = mixed3::Field::<f64>::new(&[[0.0; 3]], &[1.0], parameters).unwrap();
    for (t, x) in [(1e-3, [0.1, 0.2, 0.0]), (0.7, [0.0, 0.0, 1e-3]), (0.7, [3.0, -40.0, 2.0]), (30.0, [5.0, 1e4, 0.0])]
    {
        // The one integrates for this distance, the other interpolates to 1e-13.
        let (point, flow) = (mixed3::velocity(x, t, &parameters), field.at(t, x));
        let size = point.iter().map(|v| v * v).sum::<f64>().sqrt();
        (0..3).for_each(|d| assert!((point[d] - flow.velocity[d]).abs() < 1e-12 * size, "{t} {x:?}"));
    }
}

genphys_macros::genphys! { mod pulled { phi_t - lap(phi) - b div(x phi) = 0 where b > 0, N = 2 } }

genphys_macros::genphys! { mod scheduled { phi_t - D t^a lap(phi) + exp(-2 t) phi = 0 where D > 0, a > -1, N = 3 } }

genphys_macros::genphys! {
    mod stretched {
        phi_t - a phi_xx - 2 b phi_xy - c phi_yy - lap(phi) + u phi_x = 0 where a > 0, b real, c > 0, a c > b^2, u real, N = 4
    }
}

/// `d/dt log p + div v + v.grad(log p) - R/p`, by central differences.
fn residual<const N: usize>(at: impl Fn(f64, [f64; N]) -> (f64, [f64; N], f64), t: f64, x: [f64; N]) -> f64 {
    let h = 1e-4;
    let moved = |d: usize, step: f64| {
        let mut x = x;
        x[d] += step;
        at(t, x)
    };
    let (_, v, births) = at(t, x);
    let mut sum = (at(t + h * t, x).0 - at(t - h * t, x).0) / (2.0 * h * t) - births;
    for (d, v) in v.into_iter().enumerate() {
        let (ahead, behind) = (moved(d, h), moved(d, -h));
        sum += (ahead.1[d] - behind.1[d] + v * (ahead.0 - behind.0)) / (2.0 * h);
    }
    sum
}

/// Gaussians about three points, as the log density of the field there.
fn gaussians<const N: usize>(exponent: impl Fn([f64; N]) -> f64, points: &[[f64; N]], weights: &[f64]) -> f64 {
    let total: f64 = weights.iter().sum();
    points.iter().zip(weights).map(|(y, w)| w / total * exponent(*y).exp()).sum::<f64>().ln()
}

/// The residual of continuity, and log p against `expected`, of a module's field in both precisions.
macro_rules! moving_frame {
    ($name:ident, $parameters:expr, $points:expr, $t:expr, $x:expr, $expected:expr) => {{
        let (points, weights, t, x) = ($points, [0.5, 1.5, 2.0], $t, $x);
        let field = $name::Field::<f64>::new(&points, &weights, $parameters).unwrap();
        let at = |t, x| {
            let flow = field.at(t, x);
            (flow.log_density, flow.velocity, flow.birth_rate)
        };
        // Central differences of step 1e-4: their error is about 1e-8 of third derivatives.
        let residual = residual(at, t, x);
        assert!(residual.abs() < 3e-6, "{residual}");
        let log_p = gaussians($expected, &points, &weights);
        let flow = field.at(t, x);
        assert!((flow.log_density - log_p).abs() < 1e-13 * (1.0 + log_p.abs()), "{} {log_p}", flow.log_density);
        let single = $name::Field::<f32>::new(&points, &weights, $parameters).unwrap().at(t, x);
        assert!((single.log_density - log_p).abs() < 2e-5 * (1.0 + log_p.abs()), "{} {log_p}", single.log_density);
        for d in 0..$name::N {
            let error = (single.velocity[d] - flow.velocity[d]).abs();
            assert!(error < 2e-5 * (1.0 + flow.velocity[d].abs()), "{error}");
        }
        // One source at the origin has a short way.
        let alone = $name::Field::<f64>::new(&[[0.0; $name::N]], &[1.0], $parameters).unwrap().at(t, x);
        assert!(($name::log_density(x, t, &$parameters) - alone.log_density).abs() < 1e-13);
        assert!(($name::birth_rate(x, t, &$parameters) - alone.birth_rate).abs() < 1e-13);
        let short = $name::velocity(x, t, &$parameters);
        assert!(short.iter().zip(alone.velocity).all(|(a, b)| (a - b).abs() < 1e-13 * (1.0 + b.abs())));
    }};
}

#[test]
fn a_pull_towards_the_origin_is_mehlers_law() {
    // Ornstein and Uhlenbeck: about y exp(-b t), with the variance (1 - exp(-2 b t))/b on each axis.
    let (b, t, x) = (0.7, 0.9, [0.4, -1.1]);
    let parameters = pulled::Parameters::new(b).unwrap();
    let variance = (1.0 - (-2.0 * b * t).exp()) / b;
    let exponent = |y: [f64; 2]| {
        let q: f64 = x.iter().zip(y).map(|(x, y)| (x - y * (-b * t).exp()).powi(2)).sum();
        -q / (2.0 * variance) - (2.0 * PI * variance).ln()
    };
    moving_frame!(pulled, parameters, [[0.0, 1.0], [-2.0, 0.5], [1.0, 1.0]], t, x, exponent);
    // v = -grad(p)/p - b x.
    let velocity = pulled::velocity(x, t, &parameters);
    (0..2).for_each(|d| assert!((velocity[d] - (x[d] / variance - b * x[d])).abs() < 1e-14));
}

#[test]
fn a_schedule_is_a_clock_and_a_decay() {
    // The integral of D t^a is D t^(a + 1)/(a + 1), that of exp(-2 t) is (1 - exp(-2 t))/2.
    let (rate, a, t, x) = (1.3, 0.5_f64, 0.8_f64, [0.4, -1.1, 0.3]);
    let parameters = scheduled::Parameters::new(rate, a).unwrap();
    let (variance, decay) = (2.0 * rate * t.powf(a + 1.0) / (a + 1.0), (1.0 - (-2.0 * t).exp()) / 2.0);
    let exponent = |y: [f64; 3]| {
        let q: f64 = x.iter().zip(y).map(|(x, y)| (x - y).powi(2)).sum();
        -q / (2.0 * variance) - 1.5 * (2.0 * PI * variance).ln() - decay
    };
    moving_frame!(scheduled, parameters, [[0.0, 1.0, 0.1], [-2.0, 0.5, 0.0], [1.0, 1.0, -0.7]], t, x, exponent);
    let velocity = scheduled::velocity(x, t, &parameters);
    // v = -D t^a grad(log p).
    let speed = rate * t.powf(a) / variance;
    (0..3).for_each(|d| assert!((velocity[d] - speed * x[d]).abs() < 1e-14));
    assert!((scheduled::birth_rate(x, t, &parameters) + (-2.0 * t).exp()).abs() < 1e-15);
}

#[test]
fn a_tensor_spreads_differently_along_each_axis() {
    // The covariance is 2 t A; A = [[a + 1, b], [b, c + 1]] in the plane of x and y, and 1 beside it.
    let (a, b, c, u, t, x) = (0.5, 0.6, 1.4, 0.3, 0.7, [0.4, -1.1, 0.3, 2.0]);
    let parameters = stretched::Parameters::new(a, b, c, u).unwrap();
    let determinant = (a + 1.0) * (c + 1.0) - b * b;
    let exponent = |y: [f64; 4]| {
        let [dx, dy, dz, dw] = [x[0] - y[0] - u * t, x[1] - y[1], x[2] - y[2], x[3] - y[3]];
        let plane = ((c + 1.0) * dx * dx - 2.0 * b * dx * dy + (a + 1.0) * dy * dy) / determinant;
        -(plane + dz * dz + dw * dw) / (4.0 * t) - 2.0 * (4.0 * PI * t).ln() - 0.5 * determinant.ln()
    };
    let points = [[0.0, 1.0, 0.1, 0.0], [-2.0, 0.5, 0.0, 1.0], [1.0, 1.0, -0.7, 0.4]];
    moving_frame!(stretched, parameters, points, t, x, exponent);
    assert!(stretched::Parameters::new(1.0, 2.0, 1.0, 0.0).is_err(), "no tensor is that skew");
}

genphys_macros::genphys! {
    pde spread { space x in R^2; param D nonzero; equation phi_t - D lap(phi) = 0; require conditional; }
}

genphys_macros::genphys! {
    pde screened { space x in R^3; param w real; equation phi_tt + lap(phi) - w phi = 0; require conditional; }
}

#[test]
fn a_condition_on_parameters_is_enforced() {
    let refused = spread::Parameters::new(-0.5).unwrap_err();
    assert_eq!(refused.to_string(), "D = -0.5 is outside its assumption: D > 0 (the condition of C1)");
    assert!(spread::Parameters::new(0.0).is_err());
    let parameters = spread::Parameters::new(0.5).unwrap();
    assert_eq!((spread::VERDICT, spread::velocity([1.0, 0.0], 2.0, &parameters)), ("conditional", [0.25, 0.0]));
    let refused = screened::Parameters::new(-1.0).unwrap_err().to_string();
    assert!(refused.starts_with("w = -1 is outside its assumption: w >= 0"), "{refused}");
    assert!(screened::Parameters::new(0.0).is_ok() && screened::Parameters::new(2.0).is_ok());
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
