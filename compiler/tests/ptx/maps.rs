//! Elementwise kernels: every special function and every operation, bit for bit.

use crate::launch;
use genphys_compiler::codegen::Target;
use genphys_compiler::codegen::interp::Interpreter;
use genphys_compiler::codegen::ptx::Ptx;
use genphys_compiler::kernel::{Kernel, KernelBuilder, Output, Precision, Value};
use genphys_compiler::special::Special;

const PRECISIONS: [Precision; 2] = [Precision::F32, Precision::F64];

/// Numbers of every size and sort.
fn samples() -> Vec<f64> {
    let edges = [
        0.0,
        -0.0,
        0.5,
        1.0,
        1.5,
        2.5,
        -0.3,
        -1.5,
        1e-30,
        1e-42,
        1e30,
        -1e30,
        1e-310,
        f64::MAX,
        f64::MIN_POSITIVE,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        88.5,
        -87.9,
        127.0,
        -126.0,
        709.0,
        -745.0,
    ];
    let decades = (-160..160).map(|i| 10f64.powf(f64::from(i) / 8.0) * 1.234_567);
    let line = (-90..90).map(|i| f64::from(i) * 0.77);
    edges.into_iter().chain(decades).chain(line).collect()
}

fn check(kernel: &Kernel, uniforms: &[f64], columns: &[Vec<f64>], threads: usize) {
    let module = Ptx::default().emit(kernel).expect("PTX");
    let got = launch::map(&module, uniforms, columns, threads);
    let program = Interpreter.emit(kernel).expect("a program");
    for lane in 0..columns[0].len() {
        let inputs: Vec<f64> = columns.iter().map(|column| column[lane]).collect();
        let expected = program.map(uniforms, &inputs).expect("a map");
        for (column, expected) in got.iter().zip(expected) {
            let same = column[lane].to_bits() == expected.to_bits() || (column[lane].is_nan() && expected.is_nan());
            assert!(same, "{inputs:?}: {:e} for {expected:e}\n{kernel}", column[lane]);
        }
    }
}

#[test]
fn every_special_function_is_that_of_the_interpreter() {
    let orders = [0, 1, 4, 7, 20, 21, 300];
    let of_order = orders.into_iter().flat_map(|n| {
        [
            Special::LogBesselK { n },
            Special::BesselKRatio { n },
            Special::LogBesselKInteger { n },
            Special::BesselKIntegerRatio { n },
        ]
    });
    for special in Special::EXAMPLES.into_iter().chain(of_order) {
        for precision in PRECISIONS {
            let mut k = KernelBuilder::map("special", precision);
            let x = k.input("x");
            let y = k.call(special, x);
            check(&k.finish_map(vec![Output::new("y", y)]).expect("a kernel"), &[], &[samples()], 128);
        }
    }
}

/// Every operation on `x`, `y` and `u`, each an output; masks are seen through a selection.
pub fn operations(precision: Precision) -> Kernel {
    let mut k = KernelBuilder::map("every operation", precision);
    let (x, y, u) = (k.input("x"), k.input("y"), k.uniform("u"));
    let (low, high, tiny) = (k.constant(-60.0), k.constant(60.0), k.constant(1e-30));
    let mut values: Vec<Value> =
        vec![k.add(x, y), k.sub(x, y), k.mul(x, y), k.div(x, y), k.neg(x), k.abs(x), k.sqrt(x), k.fma(x, y, u)];
    values.extend([k.min(x, y), k.max(x, y), k.round(x), k.min(y, x), k.max(y, x)]);
    let masks = [k.lt(x, y), k.le(x, y), k.eq(x, y)];
    let composed = [k.and(masks[1], masks[2]), k.or(masks[0], masks[2]), k.not(masks[0])];
    values.extend(masks.into_iter().chain(composed).map(|mask| k.select(mask, x, u)).collect::<Vec<_>>());
    let n = k.round(x);
    let n = k.max(n, low);
    let n = k.min(n, high);
    let positive = k.max(x, tiny);
    values.extend([k.exp2_int(n), k.exponent(positive), k.mantissa(positive)]);
    let of_constant = [k.exp2_int(low), k.exponent(high), k.mantissa(high)];
    values.extend(of_constant);
    values.push(high);
    k.finish_map(values.into_iter().enumerate().map(|(i, v)| Output::new(&format!("out{i}"), v)).collect())
        .expect("a kernel")
}

#[test]
fn every_operation_is_that_of_the_interpreter() {
    let edges: Vec<f64> = samples().into_iter().take(18).collect();
    let (x, y): (Vec<f64>, Vec<f64>) = edges.iter().flat_map(|x| edges.iter().map(move |y| (*x, *y))).unzip();
    for precision in PRECISIONS {
        // The number of lanes is no multiple of the block.
        for threads in [1, 32, 100, 128] {
            check(&operations(precision), &[0.5], &[x.clone(), y.clone()], threads);
        }
    }
}

#[test]
fn fast_math_stays_within_its_stated_error() {
    let fast = Ptx { fast_math: true };
    for (special, low, high) in
        [(Special::Exp, -80.0, 80.0), (Special::ExpWeight, -80.0, 0.0), (Special::Log, 0.01, 50.0)]
    {
        let kernel = |precision| {
            let mut k = KernelBuilder::map("fast", precision);
            let x = k.input("x");
            let y = k.call(special, x);
            k.finish_map(vec![Output::new("y", y)]).expect("a kernel")
        };
        let module = fast.emit(&kernel(Precision::F32)).expect("PTX");
        assert!(module.text.contains(".approx"), "{}", module.text);
        let x: Vec<f64> = (0..=100).map(|i| f64::from((low + (high - low) * f64::from(i) / 100.0) as f32)).collect();
        let got = launch::map(&module, &[], std::slice::from_ref(&x), 128);
        let exact = Interpreter.emit(&kernel(Precision::F64)).expect("a program");
        for (x, y) in x.iter().zip(&got[0]) {
            let expected = exact.map(&[], &[*x]).expect("a map")[0];
            // The machine rounds the approximation correctly; what is left is the argument's rounding, |x| 2^-24 relative for powers.
            let bound = match special {
                Special::Log => 2f64.powi(-22) * expected.abs().max(1.0),
                _ => (2f64.powi(-23) + 1.5 * x.abs() * 2f64.powi(-24)) * expected,
            };
            assert!((y - expected).abs() <= bound, "{special}({x}) is {y}, not {expected}");
        }
        // f64 has no approximations.
        let plain = Ptx::default().emit(&kernel(Precision::F64)).expect("PTX").text;
        let double = fast.emit(&kernel(Precision::F64)).expect("PTX").text;
        assert_eq!(double.lines().skip(1).collect::<Vec<_>>(), plain.lines().skip(1).collect::<Vec<_>>());
    }
}
