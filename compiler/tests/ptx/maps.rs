//! Elementwise kernels: every special function and every operation, bit for bit.

use crate::elementwise::{check_bits, operations, pairs_of_edges, samples, special_map, specials};
use crate::launch;
use genphys_compiler::codegen::Target;
use genphys_compiler::codegen::interp::Interpreter;
use genphys_compiler::codegen::ptx::Ptx;
use genphys_compiler::kernel::{Kernel, Precision};
use genphys_compiler::special::Special;

const PRECISIONS: [Precision; 2] = [Precision::F32, Precision::F64];

fn check(kernel: &Kernel, uniforms: &[f64], columns: &[Vec<f64>], threads: usize) {
    let module = Ptx::default().emit(kernel).expect("PTX");
    check_bits(kernel, uniforms, columns, &launch::map(&module, uniforms, columns, threads));
}

#[test]
fn every_special_function_is_that_of_the_interpreter() {
    for special in specials() {
        for precision in PRECISIONS {
            check(&special_map(special, precision), &[], &[samples()], 128);
        }
    }
}

#[test]
fn every_operation_is_that_of_the_interpreter() {
    for precision in PRECISIONS {
        // The number of lanes is no multiple of the block.
        for threads in [1, 32, 100, 128] {
            check(&operations(precision), &[0.5], &pairs_of_edges(), threads);
        }
    }
}

#[test]
fn fast_math_stays_within_its_stated_error() {
    let fast = Ptx { fast_math: true };
    for (special, low, high) in
        [(Special::Exp, -80.0, 80.0), (Special::ExpWeight, -80.0, 0.0), (Special::Log, 0.01, 50.0)]
    {
        let kernel = |precision| special_map(special, precision);
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
