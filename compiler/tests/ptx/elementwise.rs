//! Elementwise kernels of every special function and every operation, and the numbers they are tried on.

use genphys_compiler::codegen::Target;
use genphys_compiler::codegen::interp::Interpreter;
use genphys_compiler::kernel::{Kernel, KernelBuilder, Output, Precision, Value};
use genphys_compiler::special::Special;

/// Every special function, those of an order at several.
pub fn specials() -> impl Iterator<Item = Special> {
    let of_order = [0, 1, 4, 7, 20, 21, 300].into_iter().flat_map(|n| {
        [
            Special::LogBesselK { n },
            Special::BesselKRatio { n },
            Special::LogBesselKInteger { n },
            Special::BesselKIntegerRatio { n },
        ]
    });
    Special::EXAMPLES.into_iter().chain(of_order)
}

/// One special function.
pub fn special_map(special: Special, precision: Precision) -> Kernel {
    let mut k = KernelBuilder::map("special", precision);
    let x = k.input("x");
    let y = k.call(special, x);
    k.finish_map(vec![Output::new("y", y)]).expect("a kernel")
}

/// That `got`, a column per output, is what the interpreter computes, bit for bit; any NaN is any NaN.
pub fn check_bits(kernel: &Kernel, uniforms: &[f64], columns: &[Vec<f64>], got: &[Vec<f64>]) {
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

/// Numbers of every size and sort.
pub fn samples() -> Vec<f64> {
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

/// Every pair of the edges of the floats.
pub fn pairs_of_edges() -> [Vec<f64>; 2] {
    let edges: Vec<f64> = samples().into_iter().take(18).collect();
    let (x, y) = edges.iter().flat_map(|x| edges.iter().map(move |y| (*x, *y))).unzip();
    [x, y]
}
