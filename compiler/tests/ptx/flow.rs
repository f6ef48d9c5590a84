//! All steps of a solver in one launch against the plain loop over steps and stages with the reference interpreter.

use crate::launch::{self, Flow};
use genphys_compiler::codegen::Target;
use genphys_compiler::codegen::interp::Interpreter;
use genphys_compiler::codegen::ptx::Ptx;
use genphys_compiler::kernel::{Kernel, KernelBuilder, Mean, Precision};
use genphys_compiler::special::Special;

/// Explicit methods: the rows of `a`, then `b`.
const EULER: &[&[f64]] = &[&[], &[1.0]];
const HEUN: &[&[f64]] = &[&[], &[1.0], &[0.5, 0.5]];
const RK4: &[&[f64]] = &[&[], &[0.5], &[0.0, 0.5], &[0.0, 0.0, 1.0], &[1.0 / 6.0, 1.0 / 3.0, 1.0 / 3.0, 1.0 / 6.0]];

/// Linear weights `w/(1 + u q)^2` with a velocity alone.
fn algebraic(precision: Precision, dim: usize) -> Kernel {
    let (mut k, pair) = KernelBuilder::reduce("algebraic", precision, dim);
    let (u, rate, one) = (k.uniform("u"), k.uniform("rate"), k.constant(1.0));
    let near = k.fma(pair.q, u, one);
    let power = k.powi(near, 2);
    let w = k.div(pair.w, power);
    k.finish_linear_reduce(w, vec![Mean::displacement("v", rate)]).expect("a kernel")
}

/// Weights by their logarithm, and births that differ from pair to pair.
fn killed(precision: Precision, dim: usize) -> Kernel {
    let (mut k, pair) = KernelBuilder::reduce("killed", precision, dim);
    let (u, rate, one) = (k.uniform("u"), k.uniform("rate"), k.constant(1.0));
    let z = k.fma(pair.q, u, one);
    let z = k.sqrt(z);
    let (log_k, ratio) = (k.log_bessel_k(1, z), k.call(Special::BesselKRatio { n: 1 }, z));
    let l = k.add(log_k, pair.log_w);
    k.finish_reduce(l, vec![Mean::displacement("v", rate), Mean::scalar("births", ratio)]).expect("a kernel")
}

/// The data of a flow backwards over a few steps, in a frame that moves.
fn flow(dim: usize, tableau: &[&[f64]], sources: usize, particles: usize) -> Flow {
    let (steps, stages) = (4, tableau.len() - 1);
    let numbers = |count, seed| crate::compare::spread(count, seed);
    let mut flow = Flow {
        sources: numbers(sources * dim, 3),
        log_weights: numbers(sources, 4).iter().map(|w| 2.0 * w).collect(),
        points: numbers(particles * dim, 5).iter().map(|x| 2.0 * x).collect(),
        log_particle_weights: numbers(particles, 6),
        center: (0..dim).map(|d| 0.1 * d as f64 + 0.05).collect(),
        uniforms: Vec::new(),
        constants: Vec::new(),
        combinations: Vec::new(),
        steps,
        stages,
    };
    for step in 0..steps {
        let (t, h) = (1.0 / (1.0 + step as f64), -0.1);
        for (i, row) in tableau.iter().enumerate() {
            flow.combinations.extend((0..stages).map(|j| h * row.get(j).unwrap_or(&0.0)));
            if i < stages {
                let t = t + 0.01 * i as f64;
                let rate = 1.0 / t;
                flow.uniforms.extend([1.0 / (t * t), rate]);
                flow.constants.extend([1.0 + 0.1 * t, rate, 1.0, 0.9, 0.2, 0.7, -0.3, 0.0]);
            }
        }
    }
    flow
}

/// The same by a loop.
pub fn plain(kernel: &Kernel, flow: &Flow, particle: usize) -> Vec<f64> {
    let (program, dim, stages) = (Interpreter.emit(kernel).expect("a program"), flow.center.len(), flow.stages);
    let mut state = flow.points[particle * dim..][..dim].to_vec();
    state.push(flow.log_particle_weights[particle]);
    for step in 0..flow.steps {
        let combine = |start: &[f64], row: usize, values: &[Vec<f64>]| -> Vec<f64> {
            let row = &flow.combinations[(step * (stages + 1) + row) * stages..][..stages];
            let add = |i: usize, x: f64| values.iter().zip(row).fold(x, |x, (value, weight)| x + weight * value[i]);
            start.iter().enumerate().map(|(i, x)| add(i, *x)).collect()
        };
        let mut values: Vec<Vec<f64>> = Vec::new();
        for stage in 0..stages {
            let x = combine(&state[..dim], stage, &values);
            let at = step * stages + stage;
            let [stretch, _, _, scale, pull, rate, offset, _] =
                flow.constants[at * 8..][..8].try_into().expect("eight");
            let query: Vec<f64> = x.iter().zip(&flow.center).map(|(x, center)| x * stretch - center).collect();
            let uniforms = &flow.uniforms[at * kernel.uniforms().len()..][..kernel.uniforms().len()];
            let reduced = program.reduce(uniforms, &flow.sources, &flow.log_weights, &query).expect("a reduction");
            let mut value: Vec<f64> =
                reduced.means[0].iter().zip(&x).map(|(mean, x)| scale * mean - pull * x).collect();
            value.push(reduced.means.get(1).map_or(0.0, |births| rate * births[0]) + offset);
            values.push(value);
        }
        state = combine(&state, stages, &values);
    }
    state
}

#[test]
fn a_flow_is_the_loop_over_its_steps() {
    for (make, name) in [(algebraic as fn(Precision, usize) -> Kernel, "algebraic"), (killed, "killed")] {
        for (dim, tableau, sources, particles, threads) in
            [(1, EULER, 1, 1, 1), (2, HEUN, 13, 9, 4), (3, HEUN, 600, 3, 2), (2, RK4, 37, 70, 32)]
        {
            for precision in [Precision::F32, Precision::F64] {
                let kernel = make(precision, dim);
                let flow = flow(dim, tableau, sources, particles);
                let module = Ptx::default().emit_flow(&kernel, flow.stages).expect("PTX");
                let got = launch::flow(&module, &flow, threads);
                for (particle, got) in got.iter().enumerate() {
                    let expected = plain(&kernel, &flow, particle);
                    for (got, expected) in got.iter().zip(&expected) {
                        // Every stage rounds its query and its mean; sums over at most a tile of 512 sources add half its length.
                        let ulps = (flow.steps * flow.stages) as f64 * (32.0 + 0.5 * sources.min(512) as f64);
                        let error = (got - expected).abs() / (precision.epsilon() * expected.abs().max(1.0));
                        assert!(error <= ulps, "{name} in {precision}, N = {dim}: {got} for {expected}, {error} eps");
                    }
                }
            }
        }
    }
}

/// The machine itself: without any one of its barriers a text is a race, or reads what has not been written.
#[test]
fn every_barrier_is_missed() {
    let kernel = algebraic(Precision::F64, 2);
    let flow = flow(2, EULER, 70, 3);
    let whole = Ptx::default().emit_flow(&kernel, 1).expect("PTX");
    let pieces: Vec<&str> = whole.text.split("bar.sync 0;").collect();
    assert_eq!(pieces.len(), 3, "one barrier before and one after the sums over a tile");
    for missing in 1..pieces.len() {
        let text = [pieces[..missing].join("bar.sync 0;"), pieces[missing..].join("bar.sync 0;")].concat();
        let module = genphys_compiler::codegen::ptx::PtxModule { text, ..whole.clone() };
        let run = std::panic::catch_unwind(|| launch::flow(&module, &flow, 2));
        assert!(run.is_err(), "barrier {missing} is not needed");
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let target = Ptx::default();
    assert!(target.emit_flow(&algebraic(Precision::F32, 4), 2).is_err(), "four dimensions");
    assert!(target.emit_flow(&algebraic(Precision::F32, 2), 0).is_err(), "no stage");
    assert!(target.emit_flow(&algebraic(Precision::F32, 2), 8).is_err(), "eight stages");
    let mut k = KernelBuilder::map("map", Precision::F32);
    let x = k.input("x");
    let map = k.finish_map(vec![genphys_compiler::kernel::Output::new("x", x)]).expect("a kernel");
    assert!(target.emit_flow(&map, 2).is_err(), "a map");
}

#[test]
fn a_sum_that_has_lost_digits_ends_the_particle_as_nan() {
    let kernel = algebraic(Precision::F64, 2);
    let mut flow = flow(2, EULER, 5, 2);
    let sums = launch::flow(&Ptx::default().emit_flow(&kernel, 1).expect("PTX"), &flow, 2);
    assert!(sums.iter().flatten().all(|x| x.is_finite()));
    // Five weights of at most 1, the largest of which is 1 and near: their sum is between 0.1 and 6.
    for (least, is_lost) in [(1e-3, false), (6.0, true)] {
        flow.constants.chunks_mut(8).for_each(|stage| stage[7] = least);
        let got = launch::flow(&Ptx::default().emit_flow(&kernel, 1).expect("PTX"), &flow, 2);
        assert!(got.iter().all(|particle| particle[0].is_nan() == is_lost), "{least}: {got:?}");
    }
}
