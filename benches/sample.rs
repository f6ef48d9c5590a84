//! `genphys sample` from the text of an equation to 1000 samples in the plane, a cold process each time.
//!
//! 1000 data points, 32 steps of Heun's method, no picture; beside it `genphys --version`, which is what a process costs.
//! Fastest and median of 20 runs each, in wall-clock milliseconds: `cargo bench --bench sample`.

use std::process::{Command, Stdio};
use std::time::Instant;

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
    ] {
        let mut arguments: Vec<String> = [
            "sample",
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
        rows.push((format!("genphys sample, {name}"), arguments));
    }
    println!("{:32} {:>12} {:>12}", "", "fastest, ms", "median, ms");
    for (name, arguments) in rows {
        let mut times = (0..RUNS).map(|_| timed(&arguments)).collect::<Result<Vec<f64>, _>>()?;
        times.sort_by(f64::total_cmp);
        println!("{name:32} {:12.1} {:12.1}", times[0], times[RUNS / 2]);
    }
    Ok(())
}

fn timed(arguments: &[String]) -> Result<f64, Box<dyn std::error::Error>> {
    let started = Instant::now();
    let status = Command::new(env!("CARGO_BIN_EXE_genphys"))
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    let seconds = started.elapsed().as_secs_f64();
    if status.success() { Ok(1e3 * seconds) } else { Err(format!("{arguments:?} failed").into()) }
}
