//! Accuracy of the special functions in both precisions, against tables of 40 digits (tools/reference.py).

use genphys_compiler::codegen::Target;
use genphys_compiler::codegen::interp::{Interpreter, Program};
use genphys_compiler::kernel::{KernelBuilder, Output, Precision};
use genphys_compiler::special::Special;

/// A row: the arguments, then pairs `(value, value - f64(value))`.
fn table(name: &str) -> Vec<Vec<f64>> {
    let path = format!("{}/tests/reference/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split('\t').map(|cell| cell.parse().unwrap()).collect())
        .collect()
}

fn program(special: Special, precision: Precision) -> Program {
    let mut k = KernelBuilder::map("special", precision);
    let x = k.input("x");
    let y = k.call(special, x);
    Interpreter.emit(&k.finish_map(vec![Output::new("y", y)]).unwrap()).unwrap()
}

fn value(special: Special, precision: Precision, x: f64) -> f64 {
    program(special, precision).map(&[], &[x]).unwrap()[0]
}

/// One unit in the last place of `y` in this precision, that of the smallest normal number at least.
fn ulp(precision: Precision, y: f64) -> f64 {
    let exponent = libm::ilogb(y.abs().max(f64::MIN_POSITIVE)).max(precision.min_exponent());
    libm::scalbn(precision.epsilon(), exponent)
}

/// The largest error in ulps over the rows whose argument and value are normal numbers of the precision.
fn largest_error(special: Special, precision: Precision, file: &str) -> (f64, f64) {
    let program = program(special, precision);
    let (min, max) = match precision {
        Precision::F32 => (f64::from(f32::MIN_POSITIVE), f64::from(f32::MAX)),
        Precision::F64 => (f64::MIN_POSITIVE, f64::MAX),
    };
    let mut worst = (0.0, 0.0);
    for row in table(file) {
        let (x, y, tail) = (row[0], row[1], row[2]);
        if precision.round(x) != x || ![x, y].iter().all(|v| (min..=max).contains(&v.abs())) {
            continue;
        }
        let error = ((program.map(&[], &[x]).unwrap()[0] - y) - tail).abs() / ulp(precision, y);
        if error.is_nan() || error > worst.0 {
            worst = (error, x);
        }
    }
    worst
}

fn check(special: Special, precision: Precision, file: &str, ulps: f64) {
    let (error, x) = largest_error(special, precision, file);
    println!("{special} {precision}: {error:.3} ulp at {x:e}");
    assert!(error <= ulps, "{special} {precision}: {error} ulp at {x:e}, allowed {ulps}");
}

#[test]
fn exp_and_log_are_accurate_to_the_stated_ulps() {
    use Precision::{F32, F64};
    for (precision, ulps) in [(F32, 1.0), (F64, 1.0)] {
        check(Special::Exp, precision, "exp.tsv", ulps);
        check(Special::Log, precision, "log.tsv", 0.75);
        check(Special::Log1p, precision, "log1p.tsv", ulps);
    }
    // The table has positive arguments too, where the body for weights is as accurate below 2^128.
    check(Special::ExpWeight, F32, "exp.tsv", 2.1);
    check(Special::ExpWeight, F64, "exp.tsv", 1.0);
    check(Special::Exp2Weight, F32, "exp2.tsv", 2.0);
    check(Special::Exp2Weight, F64, "exp2.tsv", 1.0);
}

#[test]
fn exp_and_log_reach_their_ends() {
    use Precision::{F32, F64};
    let inf = f64::INFINITY;
    for precision in [F32, F64] {
        for (special, x, y) in [
            (Special::Exp, 0.0, 1.0),
            (Special::Exp, -inf, 0.0),
            (Special::Exp, inf, inf),
            (Special::Exp, 1e5, inf),
            (Special::Exp, -1e5, 0.0),
            (Special::ExpWeight, 0.0, 1.0),
            (Special::ExpWeight, -inf, 0.0),
            (Special::ExpWeight, -1e30, 0.0),
            (Special::Exp2Weight, 0.0, 1.0),
            (Special::Exp2Weight, -inf, 0.0),
            (Special::Exp2Weight, -1e30, 0.0),
            (Special::Log, 1.0, 0.0),
            (Special::Log, 0.0, -inf),
            (Special::Log, inf, inf),
            (Special::Log1p, 0.0, 0.0),
        ] {
            assert_eq!(value(special, precision, x), y, "{special}({x}) in {precision}");
        }
        for special in [Special::Exp, Special::ExpWeight, Special::Exp2Weight, Special::Log, Special::Log1p] {
            assert!(value(special, precision, f64::NAN).is_nan(), "{special}(NaN) in {precision}");
        }
    }
    // Subnormal results are rounded once.
    for x in [-88.5, -95.25, -103.0, -103.9] {
        let error = value(Special::Exp, F32, x) - libm::exp(x);
        assert!(error.abs() <= 1.01 * 2f64.powi(-149), "exp({x}): {error:e}");
    }
    assert_eq!(value(Special::Exp, F64, -745.0), libm::exp(-745.0));
}

/// The largest errors over the table: of `log K` in units of `eps max(1, z, order |log z|, |log K|)`, of the ratio in
/// units of `eps`.
fn bessel_errors(precision: Precision, file: &str, shift: f64, both: fn(u32) -> [Special; 2]) -> [(f64, u32, f64); 2] {
    let mut worst = [(0.0, 0, 0.0); 2];
    let mut programs = None;
    for row in table(file) {
        let (n, z) = (row[0] as u32, row[1]);
        let (last, [log_k, ratio]) = programs
            .take()
            .filter(|(last, _)| *last == n)
            .unwrap_or_else(|| (n, both(n).map(|special| program(special, precision))));
        let order = f64::from(n) + shift;
        let pieces = [1.0, z, order * z.ln().abs(), row[2].abs()].into_iter().fold(0.0, f64::max);
        for (i, (program, scale)) in [(&log_k, pieces), (&ratio, row[4])].into_iter().enumerate() {
            let y = program.map(&[], &[z]).unwrap()[0];
            let error = ((y - row[2 + 2 * i]) - row[3 + 2 * i]).abs() / (scale * precision.epsilon());
            if error.is_nan() || error > worst[i].0 {
                worst[i] = (error, n, z);
            }
        }
        programs = Some((last, [log_k, ratio]));
    }
    worst
}

#[test]
fn bessel_k_is_accurate_over_all_orders_and_sixteen_decades() {
    let half_integer = |n| [Special::LogBesselK { n }, Special::BesselKRatio { n }];
    let integer = |n| [Special::LogBesselKInteger { n }, Special::BesselKIntegerRatio { n }];
    for precision in [Precision::F32, Precision::F64] {
        for (file, shift, both, bounds) in [
            ("bessel_k.tsv", 0.5, half_integer as fn(u32) -> [Special; 2], [1.3, 3.1]),
            ("bessel_k_integer.tsv", 0.0, integer, [1.6, 2.1]),
        ] {
            let [log_k, ratio] = bessel_errors(precision, file, shift, both);
            println!("{precision} {file}: log K {log_k:?}, ratio {ratio:?} (eps, n, z)");
            assert!(log_k.0 <= bounds[0], "log K in {precision}: {log_k:?}");
            assert!(ratio.0 <= bounds[1], "ratio in {precision}: {ratio:?}");
        }
    }
}

#[test]
fn bodies_are_short() {
    // "Straight-line" must not come to mean thousands of operations per pair.
    for precision in [Precision::F32, Precision::F64] {
        for n in [0, 5, 6, 7, 19, 20, 21, 100, 1536] {
            let count = |special| program(special, precision).kernel().body().len();
            for [log_k, ratio] in [
                [Special::LogBesselK { n }, Special::BesselKRatio { n }],
                [Special::LogBesselKInteger { n }, Special::BesselKIntegerRatio { n }],
            ] {
                let (log_k, ratio) = (count(log_k), count(ratio));
                println!("{precision} n = {n}: log K {log_k}, ratio {ratio} operations");
                assert!(log_k < 450 && ratio < 400, "{precision} n = {n}: {log_k}, {ratio}");
            }
        }
    }
}
