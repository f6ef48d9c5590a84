//! The sampler as launches beside the CPU's: 32 steps of Heun's method in the plane, from the prior to the samples.

use std::ops::ControlFlow;
use std::time::Instant;

use genphys::prelude::{Dataset, Equation, builtin};
use genphys_compiler::kernel::Precision;
use genphys_runtime::field::Field;
use genphys_runtime::gpu::Device;
use genphys_runtime::launch::Launches;
use genphys_runtime::model::Model;
use genphys_runtime::sampler::{SampleOptions, SampleProblem, Spacing, StepControl, sample, sample_launched};

use super::Failure;

const PARTICLES: usize = 1_000_000;
/// The CPU takes fewer, and is compared by samples per second.
const CPU_PARTICLES: usize = 20_000;
const STEPS: usize = 32;
const RUNS: usize = 3;

/// Prints the table.
pub fn table(device: &Device) -> Result<(), Failure> {
    println!("| sampler, f32, N = 2, 1000 points, {STEPS} steps of Heun | samples/s | CPU samples/s | times |");
    println!("|---|---|---|---|");
    let data = builtin("two_moons", 1000, 0)?;
    for (name, equation) in [("diffusion", "phi_t - lap(phi) = 0"), ("Poisson", "phi_tt + lap(phi) = 0")] {
        let model = Model::of(&Equation::parse(equation)?.analyze()).dim(2).build()?;
        let (gpu, cpu) = (on_gpu(device, &model, &data)?, on_cpu(&model, &data)?);
        println!("| {name} | {gpu:.3e} | {cpu:.3e} | {:.1} |", gpu / cpu);
    }
    Ok(())
}

fn options(n: usize) -> SampleOptions {
    let control = StepControl::Grid { spacing: Spacing::LogUniform, steps: STEPS };
    SampleOptions { control, ..SampleOptions::new(n, 20.0, 1e-3) }
}

/// Samples per second, the fastest of several runs.
fn on_gpu(device: &Device, model: &Model, data: &Dataset) -> Result<f64, Failure> {
    let field = Field::new(model, data.points().view(), data.weights(), Precision::F32)?;
    let problem = SampleProblem { field: &field, data, law: model.forward_law(), proposal: None };
    let options = options(PARTICLES);
    let launches = Launches::new(std::slice::from_ref(device), &problem, (&field, None), &options)?;
    let launches = launches.ok_or("the device does not take these steps")?;
    fastest(PARTICLES, || {
        sample_launched(&launches, &problem, &options, None, &mut |_| ControlFlow::Continue(())).map(drop)
    })
}

fn on_cpu(model: &Model, data: &Dataset) -> Result<f64, Failure> {
    let field = Field::new(model, data.points().view(), data.weights(), Precision::F32)?;
    let problem = SampleProblem { field: &field, data, law: model.forward_law(), proposal: None };
    let options = options(CPU_PARTICLES);
    fastest(CPU_PARTICLES, || sample(&problem, &options, &mut |_| ControlFlow::Continue(())).map(drop))
}

fn fastest<E: std::error::Error + 'static>(n: usize, run: impl Fn() -> Result<(), E>) -> Result<f64, Failure> {
    let mut fastest = f64::INFINITY;
    for _ in 0..RUNS {
        let started = Instant::now();
        run()?;
        fastest = fastest.min(started.elapsed().as_secs_f64());
    }
    Ok(n as f64 / fastest)
}
