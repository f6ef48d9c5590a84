//! `genphys sample` from the text of an equation to 1000 samples in the plane, a cold process each time.
//!
//! 1000 data points, 32 steps of Heun's method, no picture; beside it `genphys --version`, which is what a process costs.
//! Fastest and median of 20 runs each, in wall-clock milliseconds: `cargo bench --bench sample`.
//!
//! Then whole solver steps in compiled code beside the loop that evaluates one stage after the other, on one core.

use std::ops::ControlFlow;
use std::process::{Command, Stdio};
use std::time::Instant;

use genphys::prelude::*;
use genphys_runtime::density::FieldError;
use genphys_runtime::sampler::Tableau;
use ndarray::ArrayView2;

const RUNS: usize = 20;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("moons.npy");
    let points = genphys::runtime::data::builtin("two_moons", 1000, 0)?;
    std::fs::write(&data, genphys::io::npy_bytes(points.points())?)?;
    let out = folder.path().join("samples.npy");
    let path = |path: &std::path::Path| path.to_string_lossy().into_owned();
    let mut rows = vec![("genphys --version".to_owned(), vec!["--version".to_owned()])];
    for (name, equation) in [
        ("diffusion", "phi_t - lap(phi) = 0"),
        ("Poisson", "phi_tt + lap(phi) = 0"),
        ("Yukawa, m = 1", "phi_tt + lap(phi) - m^2 phi = 0 where m > 0"),
        // Laws without a closed form: a table for every time of the grid.
        ("mixed fractional diffusion", "phi_t + (-lap)^(3/4) phi - lap(phi) = 0"),
        ("Poisson with bending", "phi_tt + lap(phi) - lap(lap(phi)) = 0"),
    ] {
        for precision in ["f64", "f32"] {
            let mut arguments: Vec<String> = [
                "sample",
                "--precision",
                precision,
                equation,
                "--data",
                &path(&data),
                "-n",
                "1000",
                "--steps",
                "32",
                "--no-plot",
                "--out",
                &path(&out),
            ]
            .map(str::to_owned)
            .into();
            if name.starts_with("Yukawa") {
                arguments.extend(["--set", "m=1"].map(str::to_owned));
            }
            rows.push((format!("genphys sample, {name}, {precision}"), arguments));
        }
    }
    println!("{:48} {:>12} {:>12}", "", "fastest, ms", "median, ms");
    for (name, arguments) in rows {
        let mut times = (0..RUNS).map(|_| timed(&arguments)).collect::<Result<Vec<f64>, _>>()?;
        times.sort_by(f64::total_cmp);
        println!("{name:48} {:12.1} {:12.1}", times[0], times[RUNS / 2]);
    }
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global()?;
    steps()
}

/// A field without its code for whole steps.
struct StageByStage<'a>(&'a Field);

impl DensityField for StageByStage<'_> {
    fn dim(&self) -> usize {
        self.0.dim()
    }
    fn evaluate(&self, t: f64, x: ArrayView2<f64>, out: &mut Evaluation) -> Result<(), FieldError> {
        self.0.evaluate(t, x, out)
    }
    fn displacement_rate(&self, t: f64) -> Option<f64> {
        self.0.displacement_rate(t)
    }
    fn branches(&self) -> bool {
        self.0.branches()
    }
}

/// Nanoseconds per particle, stage and source of a whole run.
fn steps() -> Result<(), Box<dyn std::error::Error>> {
    println!();
    println!("1000 particles, f32, one core: ns per particle, stage and source, fastest (median) of {RUNS} runs");
    println!("{:32} {:>16} {:>16} {:>8}", "", "whole steps", "by stages", "ratio");
    for (name, equation, dim) in
        [("Poisson N=2", "phi_tt + lap(phi) = 0", 2), ("diffusion N=3", "phi_t - lap(phi) = 0", 3)]
    {
        let analysis = Equation::parse(equation)?.analyze();
        let model = Model::of(&analysis).dim(dim).build()?;
        for (sources, tableau) in [(10, &HEUN), (100, &HEUN), (1000, &HEUN), (100, &DOPRI5)] {
            let points = ndarray::Array2::from_shape_fn((sources, dim), |(i, d)| (i as f64 * 1.7 + d as f64).sin());
            let data = Dataset::from_points(points, None)?;
            let field = Field::new(&model, data.points().view(), data.weights(), Precision::F32)?;
            let plain = StageByStage(&field);
            let (mut at_once, mut by_stages) = (Vec::new(), Vec::new());
            for _ in 0..RUNS {
                at_once.push(run(&field, &model, &data, tableau)?);
                by_stages.push(run(&plain, &model, &data, tableau)?);
            }
            let [at_once, by_stages] = [at_once, by_stages].map(|mut times| {
                times.sort_by(f64::total_cmp);
                (times[0], times[RUNS / 2])
            });
            let cell = |(fastest, median): (f64, f64)| format!("{fastest:.2} ({median:.2})");
            let name = format!("{name}, {sources} sources, {}", tableau.name);
            let ratio = format!("{:.2}x", by_stages.0 / at_once.0);
            println!("{name:32} {:>16} {:>16} {ratio:>8}", cell(at_once), cell(by_stages));
        }
    }
    Ok(())
}

fn run(
    field: &dyn DensityField,
    model: &Model,
    data: &Dataset,
    tableau: &'static Tableau,
) -> Result<f64, Box<dyn std::error::Error>> {
    let problem = SampleProblem { field, data, law: model.forward_law(), proposal: None };
    let options = SampleOptions { tableau, ..SampleOptions::new(1000, 3.0, 1e-2) };
    let started = Instant::now();
    let run = sample(&problem, &options, &mut |_| ControlFlow::Continue(()))?;
    let evaluations = run.stats.evaluations as f64 * 1000.0 * data.len() as f64;
    Ok(started.elapsed().as_secs_f64() * 1e9 / evaluations)
}

fn timed(arguments: &[String]) -> Result<f64, Box<dyn std::error::Error>> {
    let started = Instant::now();
    let status = Command::new(env!("CARGO_BIN_EXE_genphys"))
        .args(arguments)
        .env("GENPHYS_CACHE_DIR", "")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    let seconds = started.elapsed().as_secs_f64();
    if status.success() { Ok(1e3 * seconds) } else { Err(format!("{arguments:?} failed").into()) }
}
