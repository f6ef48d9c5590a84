//! Draws against distribution functions: quantiles by mpmath or in closed form, on a fixed sequence of numbers.

use super::*;
use crate::codegen::Target;
use crate::codegen::interp::Interpreter;
use crate::kernel::Shape;

const DRAWS: usize = 40_000;

/// Numbers of (0, 1) on odd multiples of 2^-53, by SplitMix64.
fn uniforms(count: usize, state: &mut u64) -> Vec<f64> {
    let mut next = || {
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    (0..count).map(|_| ((next() >> 12) as f64 + 0.5) / (1u64 << 52) as f64).collect()
}

fn draws(spread: Spread, dim: usize, parameters: &[f64]) -> Vec<Vec<f64>> {
    let program = Interpreter.emit(&spread.kernel(dim).expect("a kernel")).expect("a program");
    let Shape::Map { inputs, .. } = program.kernel().shape() else { panic!("no map") };
    let numbers = inputs.len();
    let mut state = 1;
    (0..DRAWS).map(|_| program.map(parameters, &uniforms(numbers, &mut state)).expect("a map")).collect()
}

/// The part of draws below each quantile, within four standard deviations of its level.
fn check_levels(what: &str, values: &[f64], levels: &[(f64, f64)]) {
    for (level, quantile) in levels {
        let below = values.iter().filter(|x| *x < quantile).count() as f64 / values.len() as f64;
        let sigma = (level * (1.0 - level) / values.len() as f64).sqrt();
        assert!((below - level).abs() < 4.0 * sigma, "{what}, level {level}: {below}");
    }
}

#[test]
fn normal_numbers_are_the_formulas_of_box_and_muller() {
    let program = Interpreter.emit(&Spread::Fixed.kernel(3).expect("a kernel")).expect("a program");
    let mut state = 7;
    for _ in 0..2000 {
        let u = uniforms(4, &mut state);
        let got = program.map(&[1.5], &u).expect("a map");
        let pair = |u: f64, turn: f64| {
            let angle = std::f64::consts::TAU * turn;
            [0.0, 0.25].map(|quarter| 1.5 * (-2.0 * u.ln()).sqrt() * (angle - std::f64::consts::TAU * quarter).cos())
        };
        let expected = [pair(u[0], u[1]), pair(u[2], u[3])].concat();
        for (got, expected) in got.iter().zip(expected) {
            // The plain formula rounds its angle, by up to 2 pi eps/2, and the shift of a quarter as much.
            assert!((got - expected).abs() < 10.0 * f64::EPSILON * 12.0, "{u:?}: {got} for {expected}");
        }
    }
}

#[test]
fn a_normal_number_and_a_cauchy_number_have_their_quantiles() {
    let first = |rows: &[Vec<f64>]| rows.iter().map(|row| row[0]).collect::<Vec<f64>>();
    let normal = draws(Spread::Fixed, 3, &[2.0]);
    let levels = [(0.25, -1.348_979_500_392_163_5), (0.5, 0.0), (0.9, 2.563_103_131_089_200_7)];
    for axis in 0..3 {
        check_levels("normal", &normal.iter().map(|row| row[axis]).collect::<Vec<f64>>(), &levels);
    }
    // Each coordinate of Poisson's law is Cauchy of scale `reach`.
    let cauchy = draws(Spread::Student { freedom: 1 }, 2, &[3.0]);
    let at = |level: f64| 3.0 * (std::f64::consts::PI * (level - 0.5)).tan();
    check_levels("cauchy", &first(&cauchy), &[0.05, 0.25, 0.5, 0.9].map(|level| (level, at(level))));
    // In three dimensions with three degrees of freedom: x sqrt(3)/reach is Student's t; its quantile of 0.9 by mpmath.
    let student = draws(Spread::Student { freedom: 3 }, 3, &[3f64.sqrt()]);
    check_levels("student", &first(&student), &[(0.5, 0.0), (0.9, 1.637_744_353_696_210_4)]);
}

/// The characteristic function of a component is that of the symbol: `E cos(k x) = exp(-reach (sqrt(k^2 + mu^2) - mu))`.
#[test]
fn points_have_the_characteristic_function_of_the_symbol() {
    for (reach, mu) in [(1.7, 2.0), (0.85, 0.1), (1.3, 0.0)] {
        let rows = draws(Spread::InverseGaussian, 2, &[reach, reach * mu]);
        for k in [0.2f64, 1.0, 3.0] {
            let values: Vec<f64> = rows.iter().map(|row| (k * row[1]).cos()).collect();
            let mean = values.iter().sum::<f64>() / DRAWS as f64;
            let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / DRAWS as f64;
            let expected = (-reach * ((k * k + mu * mu).sqrt() - mu)).exp();
            let bound = 4.0 * (variance / DRAWS as f64).sqrt();
            assert!((mean - expected).abs() < bound, "{reach}, {mu}, k {k}: {mean} for {expected}");
        }
    }
}

/// Quantiles of `U` by mpmath (30 digits, 14 kept) from `Phi(sqrt(l/u)(u/m - 1)) + exp(2 l/m) Phi(-sqrt(l/u)(u/m + 1))`,
/// `l = reach^2/2`, `m = reach/(2 mu)`.
#[test]
fn the_length_alone_has_the_quantiles_of_the_inverse_gaussian_law() {
    type Levels = [(f64, f64); 3];
    const QUANTILES: [(f64, f64, Levels); 2] = [
        (1.7, 2.0, [(0.1, 0.193_687_580_452_82), (0.5, 0.371_390_683_546_11), (0.9, 0.724_166_774_778_48)]),
        (0.85, 0.1, [(0.1, 0.127_191_492_609_9), (0.5, 0.663_426_664_065_22), (0.9, 8.554_545_712_529)]),
    ];
    let mut k = KernelBuilder::map("length", Precision::F64);
    let reach = k.uniform("reach");
    let (z, u) = (normals(&mut k, 1), k.input("choice"));
    let length = inverse_gaussian(&mut k, reach, z[0], u);
    let kernel = k.finish_map(vec![Output::new("length", length)]).expect("a kernel");
    let program = Interpreter.emit(&kernel).expect("a program");
    for (reach, mu, levels) in QUANTILES {
        let mut state = 3;
        let draw = |_| program.map(&[reach, reach * mu], &uniforms(3, &mut state)).expect("a map")[0];
        let mixture: Vec<f64> = (0..DRAWS).map(draw).map(|length: f64| 0.5 * length * length).collect();
        check_levels("inverse Gaussian", &mixture, &levels);
    }
}

#[test]
fn only_a_few_whole_degrees_of_freedom_are_drawn() {
    assert_eq!(Spread::student(1.0), Some(Spread::Student { freedom: 1 }));
    assert_eq!(Spread::student(8.0), Some(Spread::Student { freedom: 8 }));
    for freedom in [0.0, 0.5, 2.5, 9.0, f64::NAN, f64::INFINITY] {
        assert_eq!(Spread::student(freedom), None, "{freedom}");
    }
}
