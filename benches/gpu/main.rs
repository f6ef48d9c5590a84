//! Fields and samplers on a GPU: pairs per second beside the device's multiply-adds, the CPU and PyTorch, all in the same run.
//!
//! `cargo bench --bench gpu` prints Markdown tables; docs/gpu.md says what their columns mean, and how to run this where there is no Rust. Without a
//! GPU it says so in one line and ends well. PyTorch is asked only where `python3 -c "import torch"` works.

mod cases;
mod peak;
mod sampler;
mod torch;

use std::time::Instant;

use genphys_compiler::codegen::ptx::Ptx;
use genphys_compiler::kernel::Precision;
use genphys_runtime::density::{DensityField, Evaluation};
use genphys_runtime::field::Field;
use genphys_runtime::gpu::Device;
use genphys_runtime::launch::Reduction;
use ndarray::{ArrayView2, s};

use cases::{CASES, Case, Setup};

type Failure = Box<dyn std::error::Error>;

/// Runs of which the fastest counts.
const RUNS: usize = 7;
/// Queries that the CPU takes, which needs longer.
const CPU_QUERIES: usize = 512;

fn main() -> Result<(), Failure> {
    // Cargo's own arguments, and a part of the names of cases.
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    let device = match Device::open(0) {
        Ok(device) => device,
        Err(why) => {
            println!("skipped: {why}, so nothing was measured");
            return Ok(());
        }
    };
    let peak = peak::multiply_adds(&device)?;
    println!("{}: {:.2} T multiply-adds per second in f32, measured\n", device.name(), peak / 1e12);
    let cases: Vec<Setup> =
        CASES.iter().filter(|case| case.name.contains(&filter)).map(Setup::new).collect::<Result<_, _>>()?;
    let torch = torch::times(&cases);
    if let Err(why) = &torch {
        println!("PyTorch was not measured: {why}\n");
    }
    println!(
        "| field, f32 | sources x queries | pairs/s | of the FMA limit | whole call | CPU | PyTorch eager | compiled | times eager | times compiled |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for (index, setup) in cases.iter().enumerate() {
        let beside = torch.as_ref().ok().and_then(|lines| lines.get(index));
        row(&device, peak, setup, beside)?;
    }
    println!();
    sampler::table(&device)
}

/// Measures a case and prints its row.
fn row(device: &Device, peak: f64, setup: &Setup, torch: Option<&torch::Line>) -> Result<(), Failure> {
    let Setup { case, data, queries, weights, model } = setup;
    let pairs = case.pairs();
    let field = Field::on(std::slice::from_ref(device), model, data.view(), weights, Precision::F32)?;
    let mut out = Evaluation::new(case.queries, case.dim);
    let whole = evaluated(&field, case.t, queries.view(), &mut out)?;
    let v: Vec<f64> = out.v.row(0).to_vec();
    let on_cpu = Field::new(model, data.view(), weights, Precision::F32)?;
    let few = queries.slice(s![..CPU_QUERIES.min(case.queries), ..]);
    let cpu = evaluated(&on_cpu, case.t, few, &mut out)? / few.nrows() as f64 * case.queries as f64;
    agree(case, "the CPU", out.v.row(0).as_slice().unwrap_or_default(), &v);

    let program = field.program();
    let (kernel, uniforms) = match &program.linear {
        Some(linear) => (linear, program.linear_uniforms(case.t)),
        None => (&program.kernel, program.uniforms(case.t)),
    };
    let center = data.mean_axis(ndarray::Axis(0)).ok_or("there are no data")?;
    let log_weights: Vec<f64> = weights.iter().map(|w| w.ln()).collect();
    let reduction = Reduction::new(device, Ptx::default(), kernel, (data - &center).view(), &log_weights)?;
    let alone = reduction.launch_seconds(&uniforms, (queries - &center).view(), RUNS)?;
    let limit = peak / cases::operations_per_pair(kernel, case.dim)?;

    let rate = |seconds: Option<f64>| seconds.map_or("-".to_owned(), |seconds| format!("{:.3e}", pairs / seconds));
    let times = |seconds: Option<f64>| seconds.map_or("-".to_owned(), |seconds| format!("{:.1}", seconds / alone));
    let (eager, compiled) = torch.map_or((None, None), |line| (line.eager, line.compiled));
    println!(
        "| {} | {} x {} | {} | {:.0} % | {} | {} | {} | {} | {} | {} |",
        case.name,
        case.sources,
        case.queries,
        rate(Some(alone)),
        100.0 * pairs / alone / limit,
        rate(Some(whole)),
        rate(Some(cpu)),
        rate(eager),
        rate(compiled),
        times(eager),
        times(compiled)
    );
    if let Some(line) = torch {
        agree(case, "PyTorch", &line.v, &v);
        if !line.why.is_empty() {
            println!("\n{}: {}\n", case.name, line.why);
        }
    }
    Ok(())
}

/// Seconds of a whole call, the fastest of several.
fn evaluated(field: &Field, t: f64, queries: ArrayView2<f64>, out: &mut Evaluation) -> Result<f64, Failure> {
    let mut fastest = f64::INFINITY;
    for _ in 0..RUNS {
        let started = Instant::now();
        field.evaluate(t, queries, out)?;
        fastest = fastest.min(started.elapsed().as_secs_f64());
    }
    Ok(fastest)
}

/// Says where another route has another velocity: then the times are not of the same work.
fn agree(case: &Case, whose: &str, theirs: &[f64], ours: &[f64]) {
    let scale = ours.iter().fold(1e-3, |m: f64, v| m.max(v.abs()));
    let is_close = ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(a, b)| (a - b).abs() < 1e-2 * scale);
    if !is_close {
        println!("\n{}: the velocity of {whose} is {theirs:?}, not {ours:?}\n", case.name);
    }
}
