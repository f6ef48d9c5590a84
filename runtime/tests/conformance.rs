//! Every target against the reference interpreter, on random kernels.
//!
//! Maps agree bit for bit (0 ulp; any NaN equals any NaN), as compiled code evaluates the same operations on the same
//! roundings. Reductions differ in the order of sums: see [`Tolerance`].

use genphys_compiler::codegen::Target;
use genphys_compiler::codegen::clif::Cranelift;
use genphys_compiler::codegen::interp::Interpreter;
use genphys_compiler::kernel::{Kernel, KernelBuilder, Mean, Output, Precision, Value};
use genphys_compiler::special::Special;
use genphys_runtime::cpu::{
    ArgumentError, BlockedReduce, CompileError, CompiledMap, CompiledReduce, CpuTarget, GuardedReduce, GuardedUniforms,
    InterpReduce, ReduceOutput, ReduceProgram, host_target,
};
use ndarray::{Array2, ArrayView2, array};
use proptest::prelude::*;

// ---- maps ------------------------------------------------------------------------------------------------------------

/// One random operation: which, and three picks among the values so far.
type Step = (u8, usize, usize, usize);

fn special(pick: usize) -> Special {
    let n = [0, 1, 4, 6, 7, 20, 21, 300][pick / 6 % 8];
    match pick % 6 {
        0 => Special::Exp,
        1 => Special::ExpWeight,
        2 => Special::Log,
        3 => Special::Log1p,
        4 => Special::LogBesselK { n },
        _ => Special::BesselKRatio { n },
    }
}

/// A random kernel of two inputs and one uniform. Operations whose result is unspecified on some arguments are kept off them.
fn random_map(precision: Precision, steps: &[Step], fused: bool) -> Kernel {
    let mut k = KernelBuilder::map("random", precision);
    let mut floats = vec![k.input("x"), k.input("y"), k.uniform("u"), k.constant(1.5)];
    let (one, tiny, low, high) = (k.constant(1.0), k.constant(1e-30), k.constant(-60.0), k.constant(60.0));
    let mut masks = vec![k.lt(floats[0], floats[1])];
    for (which, a, b, c) in steps {
        let (m, n) = (masks[a % masks.len()], masks[b % masks.len()]);
        let pick = *c;
        let [a, b, c] = [a, b, c].map(|i| floats[*i % floats.len()]);
        let float = match which % 24 {
            0 => k.add(a, b),
            1 => k.sub(a, b),
            2 => k.mul(a, b),
            3 => k.div(a, b),
            4 => k.neg(a),
            5 => k.abs(a),
            6 => k.sqrt(a),
            7 if fused => k.fma(a, b, c),
            8 => k.min(a, b),
            9 => k.max(a, b),
            10 => k.round(a),
            11..=13 => k.select(m, a, b),
            14 => {
                let a = k.round(a);
                let a = k.max(a, low);
                let a = k.min(a, high);
                k.exp2_int(a)
            }
            15 => {
                let a = k.max(a, tiny);
                k.exponent(a)
            }
            16 => {
                let a = k.max(a, tiny);
                k.mantissa(a)
            }
            17 | 18 if fused => {
                let a = k.max(a, tiny);
                k.call(special(pick), a)
            }
            19 => {
                masks.push(k.and(m, n));
                one
            }
            20 => {
                masks.push(k.or(m, n));
                one
            }
            21 => {
                masks.push(k.not(m));
                one
            }
            22 => {
                masks.push(k.le(a, b));
                one
            }
            23 => {
                masks.push(k.eq(a, b));
                one
            }
            _ => k.add(a, c),
        };
        floats.push(float);
    }
    let outputs: Vec<Output> =
        floats.iter().rev().take(4).enumerate().map(|(i, v)| Output::new(&format!("out{i}"), *v)).collect();
    k.finish_map(outputs).unwrap()
}

fn check_map(kernel: &Kernel, u: f64, x: &[f64], y: &[f64]) -> Result<(), TestCaseError> {
    let program = Interpreter.emit(kernel).unwrap();
    for target in CpuTarget::available() {
        let compiled = CompiledMap::on(*target, kernel).unwrap().run(&[u], &[x, y]).unwrap();
        for (i, (x, y)) in x.iter().zip(y).enumerate() {
            let expected = program.map(&[u], &[*x, *y]).unwrap();
            for (output, expected) in compiled.iter().zip(expected) {
                let same = output[i].to_bits() == expected.to_bits() || (output[i].is_nan() && expected.is_nan());
                prop_assert!(same, "{target:?}: x = {x:e}, y = {y:e}: {:e} for {expected:e}\n{kernel}", output[i]);
            }
        }
    }
    Ok(())
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        6 => -4.0..4.0f64,
        3 => (-20.0..20.0f64).prop_map(f64::exp),
        1 => prop_oneof![Just(0.0), Just(-0.0), Just(1.0), Just(f64::INFINITY), Just(f64::NEG_INFINITY), Just(f64::NAN)],
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn random_maps_agree_bit_for_bit(
        steps in prop::collection::vec((any::<u8>(), any::<usize>(), any::<usize>(), any::<usize>()), 1..40),
        double in any::<bool>(),
        u in -4.0..4.0f64,
        points in prop::collection::vec((number(), number()), 1..11),
    ) {
        let precision = if double { Precision::F64 } else { Precision::F32 };
        // Without the fused instruction, multiply-adds cannot agree; everything else does.
        let fused = host_target().unwrap().fused();
        let (x, y): (Vec<f64>, Vec<f64>) = points.into_iter().unzip();
        check_map(&random_map(precision, &steps, fused), u, &x, &y)?;
    }
}

#[test]
fn every_operation_agrees_at_the_edges_of_the_floats() {
    let edges = [0.0, -0.0, 0.5, 1.5, 2.5, -1.5, 1e30, -1e30, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
    let (x, y): (Vec<f64>, Vec<f64>) = edges.iter().flat_map(|x| edges.map(|y| (*x, y))).unzip();
    for which in 0..24 {
        // The operation on x and y, then a selection between them by the newest mask.
        let steps = [(which, 0, 1, 3), (11, 1, 0, 0)];
        for precision in [Precision::F32, Precision::F64] {
            check_map(&random_map(precision, &steps, host_target().unwrap().fused()), 0.5, &x, &y).unwrap();
        }
    }
}

#[test]
fn special_functions_keep_their_accuracy_without_fused_multiply_add() {
    for (special, low, high) in [
        (Special::Exp, -80.0, 80.0),
        (Special::Log, 0.01, 50.0),
        (Special::Log1p, 0.01, 50.0),
        (Special::LogBesselK { n: 3 }, 0.01, 50.0),
        (Special::LogBesselK { n: 40 }, 0.01, 50.0),
        (Special::BesselKRatio { n: 3 }, 0.01, 50.0),
        (Special::BesselKRatio { n: 40 }, 0.01, 50.0),
        (Special::LogBesselKInteger { n: 0 }, 0.01, 50.0),
        (Special::LogBesselKInteger { n: 4 }, 0.01, 50.0),
        (Special::BesselKIntegerRatio { n: 4 }, 0.01, 50.0),
    ] {
        for precision in [Precision::F32, Precision::F64] {
            let mut k = KernelBuilder::map("special", precision);
            let x = k.input("x");
            let y = k.call(special, x);
            let kernel = k.finish_map(vec![Output::new("y", y)]).unwrap();
            let x: Vec<f64> = (0..=400).map(|i| precision.round(low + (high - low) * f64::from(i) / 400.0)).collect();
            let plain = CompiledMap::on(CpuTarget::CraneliftWithoutFma, &kernel).unwrap().run(&[], &[&x]).unwrap();
            let program = Interpreter.emit(&kernel).unwrap();
            for (x, y) in x.iter().zip(&plain[0]) {
                let expected = program.map(&[], &[*x]).unwrap()[0];
                // log K is a sum of larger terms, of which about 40 log z is the largest here.
                let scale = expected.abs().max(
                    if matches!(special, Special::LogBesselK { .. } | Special::LogBesselKInteger { .. }) {
                        200.0
                    } else {
                        0.0
                    },
                );
                let ulps = (y - expected).abs() / (scale * precision.epsilon());
                assert!(ulps <= 8.0, "{special}({x}) in {precision}: {ulps} ulp");
            }
        }
    }
}

// ---- reductions ------------------------------------------------------------------------------------------------------

/// A kernel of the kind that fields are made of: kernel `form`, and means with every sort of coefficient.
fn field(form: u8, precision: Precision, dim: usize) -> Kernel {
    let (mut k, pair) = KernelBuilder::reduce("field", precision, dim);
    let u = k.uniform("u");
    let uq = k.mul(u, pair.q);
    let (log_kernel, b) = match form % 3 {
        0 => (k.neg(uq), uq),
        1 => {
            let log = k.log1p(uq);
            (k.scale(-0.5 * (dim as f64 + 1.0), log), log)
        }
        _ => bessel(&mut k, dim as u32, uq),
    };
    let l = k.add(log_kernel, pair.log_w);
    let one = k.constant(1.0);
    let near = k.offset(uq, 1.0);
    let a = k.div(one, near);
    let means = vec![
        Mean::displacement("uniform", u),
        Mean::scalar("b", b),
        Mean::displacement("per_pair", a),
        Mean::scalar("constant", one),
    ];
    k.finish_reduce(l, means).unwrap()
}

/// Yukawa's kernel at `rho^2 = 1/4 + u q`, and the ratio of its branching rate.
fn bessel(k: &mut KernelBuilder, dim: u32, uq: Value) -> (Value, Value) {
    let rho2 = k.offset(uq, 0.25);
    let rho = k.sqrt(rho2);
    let (log_rho, log_k, ratio) = (k.log(rho), k.log_bessel_k(dim / 2, rho), k.bessel_k_ratio(dim / 2, rho));
    let order = k.constant(-0.5 * (f64::from(dim) + 1.0));
    (k.fma(order, log_rho, log_k), ratio)
}

/// Agreement of reductions, in units of `eps`, the distance from 1 to the next float. A weight `exp(l - m)` has relative
/// error `eps max |l|` from rounding `l` alone; `q` is summed in another order above `N = 16`, which moves `l` by
/// as much; and sums of `n` terms per lane add `n eps / 2`.
struct Tolerance {
    relative: f64,
}

impl Tolerance {
    fn new(kernel: &Kernel, largest_l: f64, sources: usize, dim: usize) -> Tolerance {
        let ulps = 16.0 + 4.0 * largest_l * (1.0 + 0.05 * dim as f64) + 0.5 * sources.min(2048) as f64;
        Tolerance { relative: ulps * kernel.precision().epsilon() }
    }

    fn check(&self, what: &str, got: f64, expected: f64, scale: f64) -> Result<(), TestCaseError> {
        let same = got == expected || (got.is_nan() && expected.is_nan());
        let error = (got - expected).abs();
        prop_assert!(same || error <= self.relative * scale, "{what}: {got:e} for {expected:e}, {:e}", self.relative);
        Ok(())
    }
}

/// The same kind with linear weights, and a mean that holds its weight.
fn linear_field(form: u8, precision: Precision, dim: usize) -> Kernel {
    let (mut k, pair) = KernelBuilder::reduce("linear", precision, dim);
    let (u, one) = (k.uniform("u"), k.constant(1.0));
    let near = k.fma(pair.q, u, one);
    let w = match form % 2 {
        0 => {
            let minus_u = k.neg(u);
            let exponent = k.fma(pair.q, minus_u, pair.log2_w);
            k.exp2_weight(exponent)
        }
        _ => {
            let power = k.powi(near, 2);
            k.div(pair.w, power)
        }
    };
    let c = k.mul(w, near);
    let means = vec![
        Mean::displacement("uniform", u),
        Mean::weighted("c", c),
        Mean::scalar("near", near),
        Mean::displacement("per_pair", near),
    ];
    k.finish_linear_reduce(w, means).unwrap()
}

fn run<P: ReduceProgram>(program: &P, u: f64, y: ArrayView2<f64>, log_w: &[f64], x: ArrayView2<f64>) -> ReduceOutput {
    let sources = program.layout(y, log_w).unwrap();
    let mut out = ReduceOutput::default();
    program.run(&[u], &sources, x, &mut out).unwrap();
    out
}

fn check_reduce(
    kernel: &Kernel,
    u: f64,
    y: ArrayView2<f64>,
    log_w: &[f64],
    x: ArrayView2<f64>,
) -> Result<(), TestCaseError> {
    for target in CpuTarget::available() {
        match CompiledReduce::on(*target, kernel) {
            Err(CompileError::Unsupported(_)) if *target == CpuTarget::Avx2 => {}
            program => check_output(kernel, &run(&program.unwrap(), u, y, log_w, x), u, y, log_w, x)?,
        }
    }
    Ok(())
}

/// Compares with the interpreter.
fn check_output(
    kernel: &Kernel,
    got: &ReduceOutput,
    u: f64,
    y: ArrayView2<f64>,
    log_w: &[f64],
    x: ArrayView2<f64>,
) -> Result<(), TestCaseError> {
    let expected = run(&InterpReduce::new(kernel).unwrap(), u, y, log_w, x);
    let diameter = x.iter().chain(y).fold(0.0, |max: f64, x| max.max(x.abs())) * 2.0 * (x.ncols() as f64).sqrt();
    let largest_l = 10.0 + u * diameter * diameter + (x.ncols() as f64) * (1.0 + u * diameter * diameter).ln();
    let tolerance = Tolerance::new(kernel, largest_l, log_w.len(), x.ncols());
    for i in 0..x.nrows() {
        tolerance.check("log_sum", got.log_sum[i], expected.log_sum[i], 1.0)?;
        for (got, expected) in got.scalars.row(i).into_iter().zip(expected.scalars.row(i)) {
            tolerance.check("scalar", *got, *expected, 1.0 + largest_l)?;
        }
        for (got, expected) in got.displacements.iter().zip(&expected.displacements) {
            for (got, expected) in got.row(i).into_iter().zip(expected.row(i)) {
                tolerance.check("displacement", *got, *expected, diameter * (1.0 + u))?;
            }
        }
    }
    Ok(())
}

fn points(count: usize, dim: usize, seed: &[f64]) -> Array2<f64> {
    // Far fewer random numbers than coordinates: spread them by a multiplicative walk, so that shrinking stays readable.
    Array2::from_shape_fn((count, dim), |(i, d)| {
        let v = seed[(i * 7 + d * 3) % seed.len()] + 0.37 * ((i * dim + d) as f64 * 0.618_034).fract();
        if v > 2.0 { v - 2.0 } else { v }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn random_reductions_agree(
        form in 0u8..3,
        double in any::<bool>(),
        dim in prop_oneof![Just(1usize), Just(2), Just(3), Just(16), Just(17), Just(64), 1usize..40],
        n in 0usize..23,
        queries in 1usize..7,
        u in 0.01..3.0f64,
        seed in prop::collection::vec(-2.0..2.0f64, 4..12),
        weights in prop::collection::vec(prop_oneof![4 => -3.0..3.0f64, 1 => Just(f64::NEG_INFINITY)], 1..9),
        duplicate in any::<bool>(),
    ) {
        let precision = if double { Precision::F64 } else { Precision::F32 };
        let kernel = field(form, precision, dim);
        let mut y = points(n, dim, &seed);
        if duplicate && n > 1 {
            let first = y.row(0).to_owned();
            y.row_mut(n - 1).assign(&first);
        }
        let x = points(queries, dim, &seed[1..]);
        let log_w: Vec<f64> = (0..n).map(|j| weights[j % weights.len()]).collect();
        check_reduce(&kernel, u, y.view(), &log_w, x.view())?;
        let linear = linear_field(form, precision, dim);
        check_reduce(&linear, u / dim as f64, y.view(), &log_w, x.view())?;
    }
}

/// A kernel that the blocked form can evaluate: common coefficients only.
fn common_field(form: u8, precision: Precision, dim: usize) -> Kernel {
    let (mut k, pair) = KernelBuilder::reduce("common", precision, dim);
    let (u, rate) = (k.uniform("u"), k.constant(0.5));
    let uq = k.mul(u, pair.q);
    let log_kernel = match form {
        0 => k.neg(uq),
        _ => {
            let log = k.log1p(uq);
            k.scale(-0.5 * (dim as f64 + 1.0), log)
        }
    };
    let l = k.add(log_kernel, pair.log_w);
    k.finish_reduce(l, vec![Mean::displacement("v", rate), Mean::scalar("uq", uq)]).unwrap()
}

#[test]
fn blocked_reductions_agree_on_close_pairs_duplicates_and_narrow_kernels() {
    // Sources in two clusters far from the origin and of radius 1e-3, where inner products cancel to 2e-7 of their size;
    // queries on a source, near one, and between the clusters.
    for (precision, dim, n) in [(Precision::F64, 17, 700), (Precision::F64, 130, 33), (Precision::F32, 40, 600)] {
        let spread = points(n, dim, &[0.3, -1.1, 1.9, 0.4, -0.2, 1.3, -1.7]).mapv(|x| x * 1e-3);
        let mut y = Array2::from_shape_fn((n, dim), |(i, d)| [1.0, -0.5][i % 2] + spread[[i, d]]);
        let first = y.row(0).to_owned();
        y.row_mut(n - 1).assign(&first);
        y.mapv_inplace(|y| precision.round(y));
        let mut x = Array2::zeros((3, dim));
        x.row_mut(0).assign(&first);
        x.row_mut(1).assign(&(&first + 1e-4));
        x.row_mut(2).fill(0.3);
        x.mapv_inplace(|x| precision.round(x));
        let log_w: Vec<f64> =
            (0..n).map(|j| if j % 7 == 3 { f64::NEG_INFINITY } else { (j % 5) as f64 * 0.2 }).collect();
        for (form, u) in [(0, 1.0), (0, 1e4), (1, 1.0), (1, 1e5)] {
            let kernel = common_field(form, precision, dim);
            let got = run(&BlockedReduce::new(&kernel).unwrap(), u, y.view(), &log_w, x.view());
            check_output(&kernel, &got, u, y.view(), &log_w, x.view()).unwrap();
            // On its own source a narrow kernel sees no displacement but that of its duplicates' neighbours.
            if u == 1e5 && precision == Precision::F64 {
                let direct = run(&CompiledReduce::new(&kernel).unwrap(), u, y.view(), &log_w, x.view());
                for (a, b) in got.displacements[0].row(1).iter().zip(direct.displacements[0].row(1)) {
                    assert!((a - b).abs() < 1e-12 * 1e-3, "{a:e} for {b:e}");
                }
            }
        }
    }
}

#[test]
fn close_pairs_that_do_not_matter_may_keep_their_inner_products() {
    // Eight wide clusters in 300 dimensions: inner products cancel for every pair within one, and the power 150 leaves weight to few.
    let corners = |n: usize, seed: &[f64]| {
        let noise = points(n, 300, seed);
        Array2::from_shape_fn((n, 300), |(i, d)| {
            f64::from((((i % 8) >> (d % 3)) as u32 & 1) as f32) + 0.1 * noise[[i, d]]
        })
    };
    let (y, x) = (corners(400, &[0.3, -1.1, 1.9, 0.4, -0.2, 1.3, -1.7]), corners(9, &[0.7, -0.4, 1.1, -1.3, 0.2]));
    let log_w: Vec<f64> = (0..400).map(|j| (j % 5) as f64 * 0.2).collect();
    for precision in [Precision::F32, Precision::F64] {
        let (y, x) = (y.mapv(|y| precision.round(y)), x.mapv(|x| precision.round(x)));
        for (form, u) in [(0, 1.0), (1, 0.25), (1, 100.0)] {
            let kernel = common_field(form, precision, 300);
            let got = run(&BlockedReduce::new(&kernel).unwrap(), u, y.view(), &log_w, x.view());
            check_output(&kernel, &got, u, y.view(), &log_w, x.view()).unwrap();
        }
    }
}

#[test]
fn tiles_that_are_left_out_are_not_missed() {
    // Clusters of 1 to 600 sources about corners 8 apart, so that some tiles hold part of one and some hold several; of one far source the weight
    // makes up for its distance.
    for (precision, dim) in [(Precision::F32, 20), (Precision::F64, 40)] {
        let noise = points(1501, dim, &[0.3, -1.1, 1.9, 0.4, -0.2, 1.3, -1.7]);
        let corner = |i: usize| if i < 600 { 0 } else { 1 + (i * 7919) % 5 };
        let mut y = Array2::from_shape_fn((1501, dim), |(i, d)| {
            (if d % 6 == corner(i) { 8.0 } else { 0.0 }) + 0.3 * noise[[i, d]]
        });
        y.row_mut(1500).fill(4.0);
        y.mapv_inplace(|y| precision.round(y));
        let mut x = Array2::from_shape_fn((12, dim), |(i, d)| y[[i * 131, d]] + 0.2 * noise[[i, (d + 1) % dim]]);
        x.row_mut(3).fill(2.5);
        x.row_mut(7).fill(-30.0);
        x.mapv_inplace(|x| precision.round(x));
        let mut log_w: Vec<f64> =
            (0..1501).map(|j| if j % 11 == 3 { f64::NEG_INFINITY } else { -((j % 5) as f64) }).collect();
        for far in [0.0, 60.0, 400.0] {
            log_w[1500] = far;
            for (form, u) in [(0, 1e-4), (0, 0.4), (0, 3.0), (1, 1e-3), (1, 1.0), (1, 100.0)] {
                let kernel = common_field(form, precision, dim);
                let got = run(&BlockedReduce::new(&kernel).unwrap(), u, y.view(), &log_w, x.view());
                check_output(&kernel, &got, u, y.view(), &log_w, x.view()).unwrap();
            }
        }
    }
}

#[test]
fn blocked_rows_do_not_depend_on_the_other_rows() {
    for precision in [Precision::F32, Precision::F64] {
        let program = BlockedReduce::new(&common_field(1, precision, 33)).unwrap();
        let (y, x) = (points(900, 33, &[0.3, -1.1, 1.9, 0.4]), points(70, 33, &[0.2, 1.4, -0.9]));
        let log_w = vec![0.0; 900];
        let whole = run(&program, 40.0, y.view(), &log_w, x.view());
        for i in [0, 1, 7, 8, 63, 64, 69] {
            let one = run(&program, 40.0, y.view(), &log_w, x.slice(ndarray::s![i..=i, ..]));
            assert_eq!(one.log_sum[0].to_bits(), whole.log_sum[i].to_bits());
            assert_eq!(one.displacements[0].row(0), whole.displacements[0].row(i));
        }
    }
}

#[test]
fn sums_that_underflow_are_repeated_with_logarithms() {
    // Gaussian weights 2^(-u q): at distance 20 and u = 1 they are 2^-400, far below f32; at distance 1 they are not.
    let kernel = |is_linear: bool| {
        let (mut k, pair) = KernelBuilder::reduce("guarded", Precision::F32, 2);
        let (u, rate) = (k.uniform("minus_u"), k.constant(1.0));
        let means = vec![Mean::displacement("v", rate)];
        if is_linear {
            let exponent = k.fma(pair.q, u, pair.log2_w);
            let w = k.exp2_weight(exponent);
            k.finish_linear_reduce(w, means).unwrap()
        } else {
            let l = k.fma(pair.q, u, pair.log_w);
            k.finish_reduce(l, means).unwrap()
        }
    };
    let (linear, log) = (kernel(true), kernel(false));
    let guarded = GuardedReduce::new(&linear, &log).unwrap();
    let (y, log_w) = (points(50, 2, &[0.3, -0.4, 0.2]), vec![-(50f64.ln()); 50]);
    let x = array![[1.0, 0.0], [20.0, 0.0], [0.5, 0.5], [-1e15, 1e15], [0.0, -300.0]];
    let sources = guarded.layout(y.view(), &log_w).unwrap();
    let uniforms = GuardedUniforms { linear: vec![-1.0], log: vec![-std::f64::consts::LN_2], log_scale: 0.0 };
    let mut out = ReduceOutput::default();
    guarded.run(&uniforms, &sources, x.view(), &mut out).unwrap();
    let exact = run(&InterpReduce::new(&log).unwrap(), -std::f64::consts::LN_2, y.view(), &log_w, x.view());
    for (i, (got, expected)) in out.log_sum.iter().zip(&exact.log_sum).enumerate() {
        assert!((got - expected).abs() <= 1e-6 * expected.abs().max(1.0), "row {i}: {got} for {expected}");
        for (got, expected) in out.displacements[0].row(i).iter().zip(exact.displacements[0].row(i)) {
            assert!((got - expected).abs() <= 1e-4 * expected.abs().max(1.0), "row {i}: {got} for {expected}");
        }
    }
    // A row alone gives the same bits, repeated or not.
    for i in 0..x.nrows() {
        let mut one = ReduceOutput::default();
        guarded.run(&uniforms, &sources, x.slice(ndarray::s![i..=i, ..]), &mut one).unwrap();
        assert_eq!(one.log_sum[0].to_bits(), out.log_sum[i].to_bits());
    }
}

#[test]
fn many_sources_and_many_dimensions_agree() {
    for (dim, n, precision) in [
        (2, 5001, Precision::F32),
        (3, 4097, Precision::F64),
        (33, 2500, Precision::F32),
        (3072, 9, Precision::F64),
        (3072, 6, Precision::F32),
    ] {
        for form in 0..3 {
            let kernel = field(form, precision, dim);
            let y = points(n, dim, &[0.3, -1.1, 1.9, 0.4, -0.2, 1.3, -1.7]);
            let log_w: Vec<f64> = (0..n).map(|j| (j % 13) as f64 * 0.1).collect();
            check_reduce(&kernel, 0.4, y.view(), &log_w, points(3, dim, &[0.7, -0.4]).view()).unwrap();
        }
    }
}

#[test]
fn a_compiled_field_is_the_textbook_formula() {
    // Poisson in N = 3 at t = 0.8: p ~ sum w rho^-4, v = E[(x - y)/t], written out in plain Rust.
    let (t, x, y) = (0.8, [0.3, -0.2, 0.5], [[1.0, 0.0, -1.0], [0.2, 0.3, 0.4], [-2.0, 1.0, 0.0], [0.3, -0.2, 0.6]]);
    let w = [0.1, 0.2, 0.3, 0.4f64];
    let (mut k, pair) = KernelBuilder::reduce("poisson", Precision::F64, 3);
    let (t2, rate) = (k.uniform("t^2"), k.uniform("1/t"));
    let rho2 = k.add(pair.q, t2);
    let log = k.log(rho2);
    let minus_two = k.constant(-2.0);
    let l = k.fma(minus_two, log, pair.log_w);
    let kernel = k.finish_reduce(l, vec![Mean::displacement("v", rate)]).unwrap();
    let field = CompiledReduce::new(&kernel).unwrap();
    let log_w = w.map(f64::ln);
    let sources = field.layout(Array2::from(y.to_vec()).view(), &log_w).unwrap();
    let mut out = ReduceOutput::default();
    field.run(&[t * t, 1.0 / t], &sources, array![x].view(), &mut out).unwrap();

    let (mut p, mut v) = (0.0, [0.0; 3]);
    for (w, y) in w.iter().zip(&y) {
        let rho2: f64 = t * t + (0..3).map(|d| (x[d] - y[d]).powi(2)).sum::<f64>();
        p += w / (rho2 * rho2);
        (0..3).for_each(|d| v[d] += w / (rho2 * rho2) * (x[d] - y[d]) / t);
    }
    assert!((out.log_sum[0] - p.ln()).abs() < 1e-15 * 8.0);
    (0..3).for_each(|d| assert!((out.displacements[0][[0, d]] - v[d] / p).abs() < 1e-15 * 8.0));
}

#[test]
fn compiled_code_is_simd_and_calls_nothing() {
    if !host_target().unwrap().fused() {
        return;
    }
    for (precision, vector) in [(Precision::F32, "f32x4"), (Precision::F64, "f64x2")] {
        for form in 0..3 {
            let listing = Cranelift::listing(&host_target().unwrap().emit(&field(form, precision, 4)).unwrap());
            assert!(listing.contains(&format!("fma.{vector}")) || listing.contains("= fma "), "{listing}");
            assert!(listing.contains(vector) && !listing.contains("call"), "{listing}");
        }
    }
}

#[test]
fn long_f32_sums_keep_f32_accuracy() {
    // One accumulator over 1e5 terms would lose to 2e-5; sums are flushed every 2048 sources.
    let kernels = [Precision::F32, Precision::F64].map(|precision| field(0, precision, 2));
    let seed: Vec<f64> = (0..97).map(|i| f64::from(i as f32 * 0.0371 - 1.8)).collect();
    let y = points(100_000, 2, &seed).mapv(|y| f64::from(y as f32));
    let [single, double] = kernels.map(|k| {
        run(&CompiledReduce::new(&k).unwrap(), 0.5, y.view(), &vec![0.0; 100_000], array![[0.5, -0.25]].view())
    });
    assert!((single.log_sum[0] - double.log_sum[0]).abs() < 1e-6);
    for d in 0..2 {
        let (got, expected) = (single.displacements[0][[0, d]], double.displacements[0][[0, d]]);
        assert!((got - expected).abs() < 2e-6, "{got} for {expected}");
    }
}

#[test]
fn huge_spreads_and_absent_weights_give_no_nan_in_f32() {
    for dim in [2, 20] {
        let kernel = field(0, Precision::F32, dim);
        let y = Array2::from_shape_fn((9, dim), |(i, d)| [1e8, -1e8, 0.0][(i + d) % 3]);
        let mut log_w = vec![0.0; 9];
        log_w[4] = f64::NEG_INFINITY;
        let x = Array2::from_shape_fn((5, dim), |(i, _)| i as f64 * 3e7);
        let out = run(&CompiledReduce::new(&kernel).unwrap(), 1.0, y.view(), &log_w, x.view());
        assert!(out.log_sum.iter().chain(&out.scalars).chain(&out.displacements[0]).all(|v| v.is_finite()), "{out:?}");
        // Without any weight there is no mean to speak of.
        let none = run(&CompiledReduce::new(&kernel).unwrap(), 1.0, y.view(), &[f64::NEG_INFINITY; 9], x.view());
        assert!(none.log_sum.iter().all(|l| *l == f64::NEG_INFINITY));
        assert!(none.displacements[0].iter().all(|v| v.is_nan()));
    }
}

#[test]
fn results_do_not_depend_on_how_queries_are_split_among_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    for dim in [3, 40] {
        let kernel = field(1, Precision::F32, dim);
        let program = CompiledReduce::new(&kernel).unwrap();
        shared(&program);
        let (y, x) = (points(3000, dim, &[0.3, -1.1, 1.9, 0.4]), points(70, dim, &[0.2, 1.4, -0.9]));
        let log_w = vec![0.0; 3000];
        let whole = run(&program, 0.7, y.view(), &log_w, x.view());
        for i in [0, 1, 63, 64, 69] {
            let one = run(&program, 0.7, y.view(), &log_w, x.slice(ndarray::s![i..=i, ..]));
            assert_eq!(one.log_sum[0].to_bits(), whole.log_sum[i].to_bits());
            assert_eq!(one.displacements[1].row(0), whole.displacements[1].row(i));
        }
    }
}

#[test]
fn arguments_are_checked_against_the_signature() {
    let check = |result: Result<(), ArgumentError>, message: &str| {
        assert_eq!(result.unwrap_err().to_string(), format!("kernel `field`{message}"));
    };
    let field_of = |precision, dim| CompiledReduce::new(&field(0, precision, dim)).unwrap();
    let (program, mut out) = (field_of(Precision::F32, 2), ReduceOutput::default());
    let sources = program.layout(array![[0.0, 1.0]].view(), &[0.0]).unwrap();
    let x = array![[0.5, 0.5]];
    check(program.run(&[], &sources, x.view(), &mut out), " needs 1 uniforms, found 0");
    check(program.run(&[1e39], &sources, x.view(), &mut out), ": uniform 0 is 1e39, which is not finite in f32");
    let wide = array![[0.5, 0.5, 0.5]];
    check(program.run(&[1.0], &sources, wide.view(), &mut out), " needs 2 coordinates per query, found 3");
    let nan = array![[0.5, f64::NAN]];
    check(program.run(&[1.0], &sources, nan.view(), &mut out), ": query 0 is NaN, which is not finite in f32");
    for other in [field_of(Precision::F64, 2), field_of(Precision::F32, 3)] {
        let sources = other.layout(Array2::zeros((1, other_dim(&other))).view(), &[0.0]).unwrap();
        check(
            program.run(&[1.0], &sources, x.view(), &mut out),
            ": the sources are laid out for another precision or dimension",
        );
    }
    let layout = |y: Array2<f64>, log_w: &[f64]| program.layout(y.view(), log_w).map(|_| ());
    check(layout(array![[0.0, 1.0]], &[]), " needs 1 log weights, found 0");
    check(layout(array![[0.0]], &[0.0]), " needs 2 coordinates per source, found 1");
    check(layout(array![[0.0, 1e300]], &[0.0]), ": source 0 is 1e300, which is not finite in f32");
    check(layout(array![[0.0, 1.0]], &[f64::INFINITY]), ": log weight 0 is inf, which is not finite in f32");
}

fn other_dim(program: &CompiledReduce) -> usize {
    match program.kernel().shape() {
        genphys_compiler::kernel::Shape::Reduce { dim, .. } => *dim,
        genphys_compiler::kernel::Shape::Map { .. } => 0,
    }
}
