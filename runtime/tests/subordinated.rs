//! Fields of Bernstein functions without a closed form, in every dimension.

use genphys_compiler::green::Bound;
use genphys_compiler::kernel::Precision;
use genphys_compiler::source::Source;
use genphys_compiler::{Budget, analyze};
use genphys_runtime::density::{DensityField, Evaluation};
use genphys_runtime::field::Field;
use genphys_runtime::model::{Model, ModelError, MovingPart};
use ndarray::Array2;

fn model(text: &str, dim: usize, values: &[(&str, f64)]) -> Model {
    let analysis = analyze(&Source::new("test", text), Budget::default()).expect("valid text");
    let model = values.iter().fold(Model::of(&analysis).dim(dim), |m, (name, value)| m.set(name, *value));
    model.build().unwrap_or_else(|e| panic!("{text}: {e}"))
}

/// log p, v along the first axis and R/p of a source at the origin, at distances r along the first axis.
fn radial(law: &impl AsRef<Bound>, precision: Precision, t: f64, radii: &[f64]) -> Vec<[f64; 3]> {
    let dim = law.as_ref().dim();
    let origin = Array2::zeros((1, dim));
    let field = Field::new(law, origin.view(), &[1.0], precision).expect("a field");
    let at = Array2::from_shape_fn((radii.len(), dim), |(i, axis)| if axis == 0 { radii[i] } else { 0.0 });
    let mut out = Evaluation::new(radii.len(), dim);
    field.evaluate(t, at.view(), &mut out).expect("finite");
    (0..radii.len()).map(|i| [out.log_p[i], out.v[[i, 0]], out.r_over_p[i]]).collect()
}

const SUM: &str = "phi_t + (-lap)^alpha phi + (-lap)^beta phi = 0 where 0 < alpha <= 1, 0 < beta <= 1";

#[test]
fn equal_orders_are_one_order_at_twice_the_time() {
    // kappa^a + kappa^a: the closed forms of diffusion and Poisson, through the text of a sum.
    let cauchy = model("phi_t + (-lap)^(1/2) phi = 0", 3, &[]);
    let almost = model(SUM, 3, &[("alpha", 0.5), ("beta", 0.5)]);
    for (a, b) in radial(&almost, Precision::F64, 0.35, &[0.0, 1.0, 40.0]).iter().zip(radial(
        &cauchy,
        Precision::F64,
        0.7,
        &[0.0, 1.0, 40.0],
    )) {
        assert!((a[0] - b[0]).abs() < 1e-12 && (a[1] - 2.0 * b[1]).abs() < 1e-12, "{a:?} {b:?}");
    }
}

#[test]
fn everything_is_finite_and_agrees_in_both_precisions() {
    let radii = [0.0, 1e-9, 1e-3, 1.0, 30.0, 1e4, 1e8];
    for (text, values) in [
        (SUM, [("alpha", 1.0), ("beta", 0.5)].as_slice()),
        (SUM, &[("alpha", 0.25), ("beta", 0.75)]),
        ("phi_tt + lap(phi) - lap(lap(phi)) = 0", &[]),
        ("phi_tt + lap(phi) - lap(lap(phi)) - m^2 phi = 0 where 0 < m <= 1/2", &[("m", 0.25)]),
        ("phi_t + (-lap)^beta phi = 0 where 0 < beta < 1", &[("beta", 0.1)]),
        ("phi_t + (-lap)^beta phi = 0 where 0 < beta < 1", &[("beta", 0.99)]),
    ] {
        for (dim, t) in [(1, 1e-6), (2, 1.0), (3, 1e6), (784, 1e-6)] {
            let model = model(text, dim, values);
            let fine = radial(&model, Precision::F64, t, &radii);
            let case = format!("{text} {values:?} N = {dim}, t = {t}");
            assert!(fine.windows(2).all(|w| w[1][0] <= w[0][0]), "{case}: {fine:?}");
            if dim == 2 {
                let coarse = radial(&model, Precision::F32, t, &radii[2..6]);
                for (a, b) in fine[2..6].iter().zip(&coarse) {
                    let error = (a[0] - b[0]).abs() / a[0].abs().max(10.0);
                    assert!(error < 2e-5, "{case}: {a:?} {b:?}");
                }
            }
        }
    }
}

/// The text, N, t, r, and log p, v_r and R/p of a source at the origin.
type Row = (&'static str, usize, f64, f64, [f64; 3]);

/// mpmath, 25 digits, 16 kept: inverse Fourier transforms of exp(-lambda t), F exp(-lambda t) and rho exp(-lambda t), for N = 1 with
/// cos(k r)/pi and for N = 3 with k sin(k r)/(2 pi^2 r), by quadrature over k; J = -d/dr of the second.
#[rustfmt::skip]
const INVERSE_FOURIER: [Row; 20] = [
    ("phi_t - lap(phi) + (-lap)^(1/2) phi = 0", 1, 0.5, 0.75, [-1.465345820113368, 1.00364531885288, 0.0]),
    ("phi_t - lap(phi) + (-lap)^(1/2) phi = 0", 1, 2.0, 3.0, [-2.757315538478619, 1.193136079111192, 0.0]),
    ("phi_t - lap(phi) + (-lap)^(1/2) phi = 0", 3, 0.5, 0.75, [-3.716005338920238, 0.9301929711003029, 0.0]),
    ("phi_t - lap(phi) + (-lap)^(1/2) phi = 0", 3, 2.0, 3.0, [-6.87515577765115, 1.085958845204114, 0.0]),
    ("phi_t + (-lap)^(1/4) phi + (-lap)^(3/4) phi = 0", 1, 4.0, 0.75, [-3.714823917069051, 0.2811563542536052, 0.0]),
    ("phi_t + (-lap)^(1/4) phi + (-lap)^(3/4) phi = 0", 1, 2.0, 3.0, [-3.251359094201752, 2.101248699459684, 0.0]),
    ("phi_t + (-lap)^(1/4) phi + (-lap)^(3/4) phi = 0", 3, 4.0, 0.75, [-8.911541524690923, 0.2283113271209101, 0.0]),
    ("phi_t + (-lap)^(1/4) phi + (-lap)^(3/4) phi = 0", 3, 2.0, 3.0, [-7.495579332088137, 1.704999630848381, 0.0]),
    ("phi_tt + lap(phi) - (-lap)^(1/2) phi = 0", 1, 0.5, 0.75, [-1.773820827892819, 1.970742226395313, 0.0]),
    ("phi_tt + lap(phi) - (-lap)^(1/2) phi = 0", 1, 2.0, 3.0, [-3.356015685127688, 2.471188090977735, 0.0]),
    ("phi_tt + lap(phi) - (-lap)^(1/2) phi = 0", 3, 0.5, 0.75, [-2.780914644588307, 1.750116686616213, 0.0]),
    ("phi_tt + lap(phi) - (-lap)^(1/2) phi = 0", 3, 2.0, 3.0, [-7.379060112013058, 2.166311689172563, 0.0]),
    ("phi_tt + lap(phi) - lap(lap(phi)) = 0", 1, 0.5, 0.75, [-1.340010412105782, 0.965420883717887, 0.0]),
    ("phi_tt + lap(phi) - lap(lap(phi)) = 0", 1, 2.0, 3.0, [-2.822176451175298, 1.312727061636407, 0.0]),
    ("phi_tt + lap(phi) - lap(lap(phi)) = 0", 3, 0.5, 0.75, [-3.253488196033907, 0.8591827926846613, 0.0]),
    ("phi_tt + lap(phi) - lap(lap(phi)) = 0", 3, 2.0, 3.0, [-6.539075266120731, 1.120832463478957, 0.0]),
    ("phi_tt + lap(phi) - lap(lap(phi)) - (1/16) phi = 0", 1, 0.5, 0.75, [-1.378608161658323, 0.955287034105289, -0.1205508791005346]),
    ("phi_tt + lap(phi) - lap(lap(phi)) - (1/16) phi = 0", 1, 2.0, 3.0, [-3.185722466456478, 1.284382880685354, -0.2517663507776236]),
    ("phi_tt + lap(phi) - lap(lap(phi)) - (1/16) phi = 0", 3, 0.5, 0.75, [-3.26274059700334, 0.8581967290510127, -0.03583428317990186]),
    ("phi_tt + lap(phi) - lap(lap(phi)) - (1/16) phi = 0", 3, 2.0, 3.0, [-6.66785884895465, 1.10981974324742, -0.1152747112032596]),
];

#[test]
fn kernels_and_fluxes_are_the_inverse_fourier_transforms() {
    for (text, dim, t, r, expected) in INVERSE_FOURIER {
        let [log_p, v, births] = radial(&model(text, dim, &[]), Precision::F64, t, &[r])[0];
        assert!((log_p - expected[0]).abs() < 1e-11, "{text} N = {dim}: {log_p} {}", expected[0]);
        assert!((v / expected[1] - 1.0).abs() < 1e-10, "{text} N = {dim}: {v} {}", expected[1]);
        assert!(
            (births - expected[2]).abs() <= 1e-10 * expected[2].abs(),
            "{text} N = {dim}: {births} {}",
            expected[2]
        );
    }
}

/// lambda = kappa/(1 + kappa): of a source, the mass exp(-t) never moves.
const BOUNDED: &str = "phi_t - lap(phi_t) - lap(phi) = 0";

fn moving_part(dim: usize) -> MovingPart {
    let analysis = analyze(&Source::new("test", BOUNDED), Budget::default()).expect("valid text");
    MovingPart::new(&analysis, dim, &Default::default()).expect("a bounded Bernstein function")
}

/// N, t, r, and log p and v_r of what moves from a source at the origin. mpmath, 30 digits, 16 kept: with
/// `exp(-t k^2/(1 + k^2)) - exp(-t) = exp(-t) sum_n t^n/n! (1 + k^2)^-n`, a series of Matern kernels; the flux is minus the slope of the
/// same with one power more. The first row also by quadrature over k.
#[rustfmt::skip]
const MOVING: [(usize, f64, f64, f64, f64); 7] = [
    (1, 0.5, 0.75, -2.411075449860325, 1.932088965794087),
    (1, 2.0, 3.0, -3.155388350400803, 0.7761292003366013),
    (1, 0.01, 0.001, -5.306811738947522, 99.75025026027262),
    (1, 5.0, 20.0, -12.68932524692652, 1.201673772844729),
    (2, 0.5, 0.75, -3.373950751662478, 3.023928679137481),
    (2, 2.0, 3.0, -4.881205493490295, 0.8654686050614302),
    (2, 0.01, 0.001, -4.503402234544623, 14232.40549033717),
];

#[test]
fn what_moves_of_a_bounded_law_has_the_density_of_its_series() {
    for (dim, t, r, log, velocity) in MOVING {
        let part = moving_part(dim);
        let [log_p, v, births] = radial(&part, Precision::F64, t, &[r])[0];
        assert!((log_p - log).abs() < 1e-11, "N = {dim}, t = {t}: {log_p} {log}");
        assert!((v / velocity - 1.0).abs() < 1e-10, "N = {dim}, t = {t}: {v} {velocity}");
        assert_eq!(births, 0.0);
        let [coarse, ..] = radial(&part, Precision::F32, t, &[r])[0];
        assert!((coarse - log).abs() < 1e-4, "N = {dim}, t = {t}: {coarse} {log}");
    }
}

#[test]
fn what_moves_and_what_stays_are_all_the_mass() {
    let part = moving_part(1);
    for t in [0.02, 1.0, 7.0] {
        // Simpson's rule in log r, in which p r falls like r towards 0 and exponentially towards infinity.
        let (low, steps) = (1e-12_f64.ln(), 2000_i32);
        let h = (80.0_f64.ln() - low) / f64::from(steps);
        let radii: Vec<f64> = (0..=steps).map(|i| (low + h * f64::from(i)).exp()).collect();
        let share = |i: usize| if i == 0 || i == radii.len() - 1 { 1.0 } else { 2.0 + 2.0 * (i % 2) as f64 };
        let rows = radial(&part, Precision::F64, t, &radii);
        let sum: f64 = rows.iter().zip(&radii).enumerate().map(|(i, (row, r))| share(i) * row[0].exp() * r).sum();
        let mass = 2.0 * sum * h / 3.0;
        let at_rest = part.mass_at_rest(t);
        assert!((at_rest - (-t).exp()).abs() < 1e-15);
        assert!((mass + at_rest - 1.0).abs() < 1e-8, "t = {t}: {mass} {at_rest}");
    }
}

#[test]
fn a_bounded_law_draws_points_that_stay_and_is_refused_as_a_model() {
    let part = moving_part(2);
    let still = (-0.7_f64).exp();
    let law = part.bound().subordinated().expect("a subordinator");
    assert_eq!(part.forward_law().subordinator.exponent(1.0), Some(0.5));
    assert_eq!(law.quantile(0.7, still - 1e-9), 0.0);
    assert!(law.quantile(0.7, still + 1e-9) > 0.0);
    let analysis = analyze(&Source::new("test", BOUNDED), Budget::default()).expect("valid text");
    let refused = Model::of(&analysis).dim(2).build();
    assert!(matches!(refused, Err(ModelError::MassAtRest(_))), "{refused:?}");
}

#[test]
fn fields_near_and_on_a_source_are_finite_beside_a_mass_at_rest() {
    for dim in [1, 2, 3, 16, 40] {
        for t in [1e-6, 1.0, 1e3] {
            let rows = radial(&moving_part(dim), Precision::F64, t, &[0.0, 1e-9, 1e-3, 1.0, 50.0, 1e6]);
            assert!(rows.windows(2).all(|w| w[1][0] <= w[0][0]), "N = {dim}, t = {t}: {rows:?}");
            assert!(rows[1..].iter().all(|row| row[1] > 0.0), "N = {dim}, t = {t}: {rows:?}");
        }
    }
}
