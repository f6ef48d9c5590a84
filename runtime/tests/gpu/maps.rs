//! Elementwise kernels on a device: every special function and operation bit for bit, approximations within their stated errors.

use genphys_compiler::codegen::Target;
use genphys_compiler::codegen::interp::Interpreter;
use genphys_compiler::codegen::ptx::{Layout, Ptx, PtxModule};
use genphys_compiler::kernel::{Kernel, KernelBuilder, Output, Precision};
use genphys_compiler::special::Special;
use genphys_runtime::launch::{Argument, Device, Numbers};

use crate::elementwise::{check_bits, operations, pairs_of_edges, samples, special_map, specials};
use crate::{Amount, on_devices};

on_devices!(special_functions, operations_at_the_edges, approximations, odd_numbers_of_lanes);

const PRECISIONS: [Precision; 2] = [Precision::F32, Precision::F64];

/// The outputs of a map, one column each.
fn run<D: Device>(device: &D, module: &PtxModule, uniforms: &[f64], columns: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let Layout::Map(layout) = &module.layout else { panic!("no map") };
    let upload = |numbers: &[f64]| {
        let single: Vec<f32> = numbers.iter().map(|x| *x as f32).collect();
        let numbers = match module.precision {
            Precision::F32 => Numbers::F32(&single),
            Precision::F64 => Numbers::F64(numbers),
        };
        device.upload(numbers).expect("memory")
    };
    let lanes = columns[0].len();
    let uniforms = upload(if uniforms.is_empty() { &[0.0] } else { uniforms });
    let inputs: Vec<D::Buffer> = columns.iter().map(|column| upload(column)).collect();
    let outputs: Vec<D::Buffer> = (0..layout.outputs).map(|_| upload(&vec![f64::NAN; lanes])).collect();
    let mut arguments = vec![Argument::Pointer(&uniforms), Argument::Count(lanes as u32)];
    arguments.extend(inputs.iter().chain(&outputs).map(Argument::Pointer));
    let (function, threads) = (device.load(module).expect("a text that loads"), layout.block as u32);
    // SAFETY: the arguments of `MapLayout`: uniforms, the number of lanes, as many columns of so many lanes as it has inputs and outputs.
    unsafe { device.launch(&function, [(lanes as u32).div_ceil(threads), 1], threads, &arguments) }.expect("a launch");
    outputs.iter().map(|output| device.download(output).expect("numbers")).collect()
}

fn check<D: Device>(device: &D, kernel: &Kernel, uniforms: &[f64], columns: &[Vec<f64>]) {
    let module = Ptx::default().emit(kernel).expect("PTX");
    check_bits(kernel, uniforms, columns, &run(device, &module, uniforms, columns));
}

fn special_functions<D: Device>(device: &D, amount: Amount) {
    let some = |(i, special): (usize, Special)| (amount == Amount::All || i % 7 == 0).then_some(special);
    for special in specials().enumerate().filter_map(some) {
        for precision in PRECISIONS {
            check(device, &special_map(special, precision), &[], &[samples()]);
        }
    }
}

fn operations_at_the_edges<D: Device>(device: &D, _: Amount) {
    for precision in PRECISIONS {
        check(device, &operations(precision), &[0.5], &pairs_of_edges());
    }
}

fn odd_numbers_of_lanes<D: Device>(device: &D, _: Amount) {
    for lanes in [1, 31, 128, 129, 500] {
        let x: Vec<f64> = samples().into_iter().cycle().take(lanes).collect();
        check(device, &special_map(Special::Exp, Precision::F32), &[], &[x]);
    }
}

/// The errors that [`Ptx::fast_math`] states, for `expected`, what is exact at `x`.
fn stated_error(special: Special, x: f64, expected: f64) -> f64 {
    let of_2 = |power: i32| 2f64.powi(power);
    match special {
        // The absolute error of the logarithm to base 2 within (1/2, 2), its relative error elsewhere, and the multiplication by log 2.
        Special::Log if x > 0.5 && x < 2.0 => of_2(-22) * std::f64::consts::LN_2 + of_2(-23) * expected.abs(),
        Special::Log => (of_2(-22) + of_2(-23)) * expected.abs(),
        // Two ulp of the correctly rounded power, and the rounding of its argument.
        Special::Exp2Weight => 2.5 * of_2(-23) * expected,
        _ => (2.5 * of_2(-23) + 1.25 * x.abs() * of_2(-24)) * expected,
    }
}

fn approximations<D: Device>(device: &D, amount: Amount) {
    let fast = Ptx { fast_math: true };
    let count = if amount == Amount::All { 1_000_000 } else { 500 };
    let line = |low: f64, high: f64| -> Vec<f64> {
        (0..=count).map(|i| f64::from((low + (high - low) * f64::from(i) / f64::from(count)) as f32)).collect()
    };
    for (special, low, high) in [
        (Special::Exp, -80.0, 80.0),
        (Special::ExpWeight, -80.0, 0.0),
        (Special::Exp2Weight, -120.0, 0.0),
        (Special::Log, 0.01, 50.0),
        (Special::Log, 0.5, 2.0),
    ] {
        let module = fast.emit(&special_map(special, Precision::F32)).expect("PTX");
        assert!(module.text.contains(".approx"), "{}", module.text);
        let x = line(low, high);
        let got = run(device, &module, &[], std::slice::from_ref(&x));
        let exact = Interpreter.emit(&special_map(special, Precision::F64)).expect("a program");
        for (x, y) in x.iter().zip(&got[0]) {
            let expected = exact.map(&[], &[*x]).expect("a map")[0];
            let bound = stated_error(special, *x, expected);
            assert!((y - expected).abs() <= bound, "{special}({x:e}) is {y:e}, not {expected:e}: {bound:e}");
        }
    }
    // A division is within 2 ulp of the quotient, a root within 2^-23 of itself.
    let mut k = KernelBuilder::map("quotient_and_root", Precision::F32);
    let (x, y) = (k.input("x"), k.input("y"));
    let values = [k.div(x, y), k.sqrt(y)];
    let outputs = values.into_iter().zip(["quotient", "root"]).map(|(v, name)| Output::new(name, v)).collect();
    let module = fast.emit(&k.finish_map(outputs).expect("a kernel")).expect("PTX");
    assert!(module.text.contains("div.approx") && module.text.contains("sqrt.approx"), "{}", module.text);
    let (x, y) = (line(-3.0, 7.0), line(0.001, 90.0));
    let got = run(device, &module, &[], &[x.clone(), y.clone()]);
    for (i, (x, y)) in x.iter().zip(&y).enumerate() {
        let (quotient, root) = (x / y, y.sqrt());
        assert!((got[0][i] - quotient).abs() <= 2.5 * 2f64.powi(-23) * quotient.abs(), "{x}/{y} is {}", got[0][i]);
        assert!((got[1][i] - root).abs() <= 2f64.powi(-23) * root, "sqrt({y}) is {}", got[1][i]);
    }
}
