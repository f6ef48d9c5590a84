//! Reductions on a device: the field of every law against the reference interpreter, and what must change no bit.

use genphys_compiler::codegen::Target;
use genphys_compiler::codegen::interp::Reduced;
use genphys_compiler::codegen::ptx::Ptx;
use genphys_compiler::green::KernelProgram;
use genphys_compiler::kernel::{Kernel, MeanKind, Precision, Shape};
use genphys_runtime::cpu::{GuardedUniforms, InterpReduce, ReduceOutput, ReduceProgram};
use genphys_runtime::launch::{Device, DeviceField, Reduction, SharedField};
use ndarray::{Array2, ArrayView2, s};

use crate::compare::{CASES, Case, check_by, spread};
use crate::launch::Data;
use crate::laws::{LAWS, program};
use crate::{Amount, on_devices};

on_devices!(every_law, many_sources, repeated_with_logarithms, the_same_bits, every_text_loads);

const PRECISIONS: [Precision; 2] = [Precision::F32, Precision::F64];

/// The dimensions in which a law is checked: laws of few dimensions and tables in few.
fn dims(law: usize) -> &'static [usize] {
    match law {
        0..=4 => &[1, 2, 3, 16, 64, 784],
        5 => &[1, 2, 3, 16],
        _ => &[2, 3],
    }
}

/// An output as one result per query, its means in the kernel's order.
fn rows(kernel: &Kernel, out: &ReduceOutput) -> Vec<Reduced> {
    let Shape::Reduce { means, .. } = kernel.shape() else { panic!("no reduction") };
    let row = |row: usize| {
        let (mut scalar, mut displacement) = (0, 0);
        let means = means.iter().map(|mean| match mean.kind {
            MeanKind::Scalar(_) | MeanKind::Weighted(_) => {
                scalar += 1;
                vec![out.scalars[[row, scalar - 1]]]
            }
            MeanKind::Displacement(_) => {
                displacement += 1;
                out.displacements[displacement - 1].row(row).to_vec()
            }
        });
        Reduced { log_sum: out.log_sum[row], means: means.collect() }
    };
    (0..out.log_sum.len()).map(row).collect()
}

fn array(numbers: &[f64], dim: usize) -> ArrayView2<'_, f64> {
    ArrayView2::from_shape((numbers.len() / dim, dim), numbers).expect("whole rows")
}

fn run<D: Device>(device: &D, kernel: &Kernel, uniforms: &[f64], dim: usize, data: &Data) -> Vec<Reduced> {
    let (sources, queries) = (array(&data.sources, dim), array(&data.queries, dim));
    let reduction = Reduction::new(device, Ptx::default(), kernel, sources, &data.log_weights).expect("a reduction");
    rows(kernel, &reduction.run(uniforms, queries).expect("results"))
}

/// Both kernels of a law.
fn check_law<D: Device>(device: &D, law: usize, dim: usize, precision: Precision, t: f64, cases: &[Case]) {
    let (name, program) = (LAWS[law].0, program(LAWS[law].1, dim, precision));
    let check = |name: &str, kernel: &Kernel, uniforms: &[f64], scale: f64| {
        check_by(name, kernel, uniforms, cases, scale, |data, _| run(device, kernel, uniforms, dim, data));
    };
    check(name, &program.kernel, &program.uniforms(t), 1.5);
    if let Some(linear) = &program.linear {
        check(&format!("{name}, linear"), linear, &program.linear_uniforms(t), 1.5 / (dim as f64).sqrt());
    }
}

fn every_law<D: Device>(device: &D, amount: Amount) {
    for law in 0..LAWS.len() {
        for dim in dims(law) {
            let is_few = *dim <= 16;
            if amount == Amount::Little && !(law <= 2 && [2, 784].contains(dim)) {
                continue;
            }
            let cases = if is_few && law < 6 { &CASES[..] } else { &CASES[1..3] };
            for precision in PRECISIONS {
                check_law(device, law, *dim, precision, 2.0, cases);
                if is_few {
                    check_law(device, law, *dim, precision, 0.3, cases);
                }
            }
        }
    }
}

/// More sources than one block sums, so that their parts are merged.
fn many_sources<D: Device>(device: &D, amount: Amount) {
    let (sources, queries) = if amount == Amount::All { (50_001, 300) } else { (16_500, 2) };
    let case = Case { sources, queries, splits: 0, threads: 0, every: 11, slope: 0.0 };
    for precision in PRECISIONS {
        check_law(device, 1, 2, precision, 0.3, &[case]);
        if amount == Amount::All {
            check_law(device, 2, 3, precision, 0.3, &[case]);
        }
    }
}

/// Sources, log weights and queries of a field.
struct Cloud {
    points: Array2<f64>,
    log_weights: Vec<f64>,
    queries: Array2<f64>,
}

impl Cloud {
    fn new(sources: usize, queries: usize, dim: usize) -> Cloud {
        Cloud {
            points: array(&spread(sources * dim, 21), dim).to_owned(),
            log_weights: spread(sources, 22),
            queries: array(&spread(queries * dim, 23), dim).to_owned(),
        }
    }

    fn field<D: Device>(&self, device: &D, program: &KernelProgram) -> DeviceField<D> {
        DeviceField::new(device, program, self.points.view(), &self.log_weights).expect("a field")
    }
}

fn uniforms(program: &KernelProgram, t: f64) -> GuardedUniforms {
    let log_scale = program.linear_log_norm(t) - program.log_norm(t);
    GuardedUniforms { linear: program.linear_uniforms(t), log: program.uniforms(t), log_scale }
}

/// Queries far away, where linear weights underflow, are those of the kernel with logarithms.
fn repeated_with_logarithms<D: Device>(device: &D, _: Amount) {
    for (law, dim) in [(0, 2), (0, 3), (1, 2)] {
        for precision in PRECISIONS {
            let program = program(LAWS[law].1, dim, precision);
            let mut cloud = Cloud::new(40, 9, dim);
            // Powers of two, which f32 has exactly.
            for (row, far) in [(1, 32.0), (4, 128.0), (7, -1024.0)] {
                cloud.queries.row_mut(row).fill(far);
            }
            let uniforms = uniforms(&program, 0.5);
            let out = cloud.field(device, &program).run(&uniforms, cloud.queries.view()).expect("results");
            let reference = InterpReduce::new(&program.kernel).expect("a program");
            let sources = reference.layout(cloud.points.view(), &cloud.log_weights).expect("sources");
            let mut exact = ReduceOutput::default();
            reference.run(&uniforms.log, &sources, cloud.queries.view(), &mut exact).expect("results");
            let compared = rows(&program.kernel, &out).into_iter().zip(rows(&program.kernel, &exact));
            for (row, (got, expected)) in compared.enumerate() {
                // The logarithms are rounded at their size, and weights to what that leaves; 40 summands add half as many eps.
                let size = expected.log_sum.abs().max(1.0);
                let bound = precision.epsilon() * (64.0 + 8.0 * size);
                let what = format!("{} in {precision}, N = {dim}, query {row}", LAWS[law].0);
                assert!((got.log_sum - expected.log_sum).abs() <= bound, "{what}: {got:?} for {expected:?}");
                let distance = cloud.queries.row(row).iter().fold(1.0, |m: f64, x| m.max(x.abs()));
                for (got, expected) in got.means.iter().flatten().zip(expected.means.iter().flatten()) {
                    assert!(
                        (got - expected).abs() <= bound * distance.max(expected.abs()),
                        "{what}: {got} for {expected}"
                    );
                }
            }
        }
    }
}

/// A result is the same on every run, alone or among others, at any thread, and whoever shares the queries.
fn the_same_bits<D: Device>(device: &D, amount: Amount) {
    let sources = if amount == Amount::All { 20_000 } else { 5 };
    for (law, dim, precision) in [(0, 2, Precision::F32), (1, 3, Precision::F64), (1, 64, Precision::F32)] {
        let queries = if amount == Amount::All || dim < 16 { 4100 } else { 70 };
        let (program, cloud) = (program(LAWS[law].1, dim, precision), Cloud::new(sources, queries, dim));
        let (field, uniforms) = (cloud.field(device, &program), uniforms(&program, 0.5));
        let whole = field.run(&uniforms, cloud.queries.view()).expect("results");
        if amount == Amount::All {
            assert_eq!(field.run(&uniforms, cloud.queries.view()).expect("results"), whole, "again");
        }
        for row in [0, 1, 33, 69] {
            let alone = field.run(&uniforms, cloud.queries.slice(s![row..=row, ..])).expect("a result");
            assert_eq!(alone.log_sum[0].to_bits(), whole.log_sum[row].to_bits(), "row {row} alone");
            assert_eq!(alone.displacements[0].row(0), whole.displacements[0].row(row), "row {row} alone");
        }
        std::thread::scope(|scope| {
            let few = || field.run(&uniforms, cloud.queries.slice(s![..70, ..])).expect("results");
            for thread in [0; 3].map(|_| scope.spawn(few)) {
                assert_eq!(thread.join().expect("results").log_sum, whole.log_sum[..70], "beside others");
            }
        });
        let devices = [device.clone(), device.clone()];
        let shared = SharedField::new(&devices, &program, cloud.points.view(), &cloud.log_weights).expect("a field");
        assert_eq!(shared.run(&uniforms, cloud.queries.view()).expect("results"), whole, "shared by two");
        assert_eq!(shared.note(), None);
    }
}

/// The texts of all laws load, in all dimensions; that memory is short is not said.
fn every_text_loads<D: Device>(device: &D, amount: Amount) {
    for (law, (_, text)) in LAWS.iter().enumerate() {
        for dim in dims(law).iter().copied().filter(|dim| amount == Amount::All || *dim <= 64) {
            let (program, cloud) = (program(text, dim, Precision::F32), Cloud::new(3, 1, dim));
            assert_eq!(cloud.field(device, &program).note(), None);
        }
    }
}

/// Fewer queries at a time give the same bits, and it is said.
#[test]
fn queries_are_halved_where_memory_is_short() {
    use crate::simulated::Simulated;
    let (program, cloud) = (program(LAWS[1].1, 2, Precision::F32), Cloud::new(9, 300, 2));
    let uniforms = uniforms(&program, 0.5);
    let run = |device: &Simulated| {
        let field = cloud.field(device, &program);
        (field.run(&uniforms, cloud.queries.view()).expect("results"), field.note())
    };
    let (whole, note) = run(&Simulated::default());
    assert_eq!(note, None);
    let (parts, note) = run(&Simulated::with_room(4000));
    assert_eq!(parts, whole);
    assert_eq!(note.as_deref(), Some("the GPU's memory ran short: points were taken 75 at a time"));
    let none = DeviceField::new(&Simulated::with_room(8), &program, cloud.points.view(), &cloud.log_weights);
    let error = none.expect_err("no room for the sources").to_string();
    assert_eq!(error, "the GPU's memory is full: 9 sources do not fit; fewer data points, or --device cpu");
}

/// What the GPU will be given is emitted everywhere, so that a law that a dimension does not have is seen without one.
#[test]
fn every_law_has_its_texts() {
    for (law, (_, text)) in LAWS.iter().enumerate() {
        for dim in dims(law) {
            let program = program(text, *dim, Precision::F64);
            for kernel in [Some(&program.kernel), program.linear.as_ref()].into_iter().flatten() {
                assert!(!Ptx::default().emit(kernel).expect("PTX").text.is_empty());
            }
        }
    }
}
