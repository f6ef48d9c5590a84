//! `sample`: what is written, what is said, and that the samples are right.

use crate::command::{DIFFUSION, Folder, POISSON, YUKAWA};
use genphys::io::read_points;
use ndarray::Array2;
use ndarray_npy::ReadNpyExt;

#[test]
fn samples_lead_back_to_the_data_with_their_weights() {
    let folder = Folder::new();
    for equation in [DIFFUSION, POISSON, YUKAWA] {
        let set: &[&str] = if equation == YUKAWA { &["--set", "m=0.5"] } else { &[] };
        let base = ["sample", equation, "--data", "builtin:two_points", "-n", "2000", "--seed", "7", "--out", "s.npy"];
        let run = folder.run(&[&base[..], set].concat());
        assert_eq!(run.code, 0, "{}", run.err);
        for part in ["s-generative", "compiled in", "evaluations", "s.npy", "s.png", "leads back to the data"] {
            assert!(run.out.contains(part), "{part} in\n{}", run.out);
        }
        let points = read_points(&folder.path().join("s.npy")).expect("samples");
        assert_eq!(points.dim(), (2000, 2));
        // A Cauchy tail leaves a few samples, about 1 in 200, where both points are felt.
        let near = |x: f64| points.rows().into_iter().filter(|p| (p[0] - x).hypot(p[1]) < 0.02).count() as f64;
        assert!(near(-1.0) + near(1.0) >= 1970.0, "{equation}: {} and {}", near(-1.0), near(1.0));
        // Weights 0.9 and 0.1: one sigma of the share is sqrt(0.09/2000) = 0.0067.
        assert!((near(-1.0) / 2000.0 - 0.9).abs() < 4.0 * 0.0067, "{equation}: {}", near(-1.0));
    }
}

#[test]
fn the_seed_decides_at_any_thread_count() {
    let folder = Folder::new();
    let sample = |out: &str, seed: &str, threads: &str| -> Array2<f64> {
        let arguments = ["sample", POISSON, "--data", "builtin:two_moons", "-n", "60", "--steps", "8", "--no-plot"];
        let status = crate::command::genphys()
            .args(arguments)
            .args(["--seed", seed, "--out", out])
            .env("RAYON_NUM_THREADS", threads)
            .current_dir(folder.path())
            .output()
            .expect("starts");
        assert!(status.status.success());
        read_points(&folder.path().join(out)).expect("samples")
    };
    let first = sample("a.npy", "3", "1");
    assert_eq!(first, sample("b.npy", "3", "4"));
    assert_ne!(first, sample("c.npy", "4", "1"));
}

#[test]
fn summaries_are_json_when_asked_for() {
    let folder = Folder::new();
    folder.file("line.csv", "x\n-1\n0\n2.5\n");
    let arguments =
        ["sample", DIFFUSION, "--data", "line.csv", "-n", "200", "--solver", "dopri5", "--prior", "limit", "--json"];
    let run = folder.run(&arguments);
    assert_eq!(run.code, 0, "{}", run.err);
    let value: serde_json::Value = serde_json::from_str(&run.out).expect("JSON and nothing else");
    assert_eq!(
        (&value["n"], &value["data"]["dim"], &value["verdict"]),
        (&200.into(), &1.into(), &"s-generative".into())
    );
    assert_eq!(value["files"]["samples"], "out/samples.npy");
    let picture = std::fs::read(folder.path().join("out/samples.png")).expect("a picture");
    assert!(picture.starts_with(b"\x89PNG"));
}

#[test]
fn unequal_weights_are_written_when_kept() {
    let folder = Folder::new();
    let base =
        ["sample", YUKAWA, "--set", "m=1", "--data", "builtin:two_points", "-n", "300", "--keep-weights", "--no-plot"];
    let run = folder.run(&[&base[..], &["--out", "w.npy"]].concat());
    assert_eq!(run.code, 0, "{}", run.err);
    let weights = genphys::io::read_weights(&folder.path().join("w.weights.npy")).expect("weights");
    assert_eq!(weights.len(), 300);
    assert!((weights.sum() - 1.0).abs() < 1e-12 && weights.iter().all(|w| *w >= 0.0));
    assert_eq!(folder.names(), ["w.npy", "w.weights.npy"]);
}

#[test]
fn trajectories_run_from_the_prior_to_the_samples() {
    let folder = Folder::new();
    for (solver, grid) in [("heun", "log"), ("tsit5", "power"), ("dopri5", "uniform"), ("rk4", "power")] {
        let fixed: &[&str] = if ["heun", "rk4"].contains(&solver) { &["--steps", "10"] } else { &[] };
        let base = ["sample", POISSON, "--data", "builtin:two_points", "-n", "30", "--no-plot", "--out", "s.npy"];
        let more = ["--solver", solver, "--grid", grid, "--trajectory", "paths.npy"];
        let run = folder.run(&[&base[..], &more, fixed].concat());
        assert_eq!(run.code, 0, "{}", run.err);
        let bytes = std::fs::read(folder.path().join("paths.npy")).expect("paths");
        let paths = ndarray::Array3::<f64>::read_npy(bytes.as_slice()).expect("[times, n, N]");
        let steps = if fixed.is_empty() { 64 } else { 10 };
        assert_eq!(paths.dim(), (steps + 1, 30, 2));
        let samples = read_points(&folder.path().join("s.npy")).expect("samples");
        assert_eq!(paths.index_axis(ndarray::Axis(0), steps), samples);
        let times = genphys::io::read_weights(&folder.path().join("paths.times.npy")).expect("times");
        assert_eq!(times.len(), steps + 1);
        assert!(times.windows(2).into_iter().all(|w| w[0] > w[1]), "{times}");
        // Equal ratios, equal differences, equal differences of the seventh root.
        let level = |t: f64| match grid {
            "log" => t.ln(),
            "uniform" => t,
            _ => t.powf(1.0 / 7.0),
        };
        let middle = 0.5 * (level(times[0]) + level(times[steps]));
        assert!((level(times[steps / 2]) - middle).abs() < 1e-9 * middle.abs().max(1.0), "{grid}");
    }
}

/// Under VP, `phi_t - lap(phi) - div(x phi) = 0`, the law at time t is that of `y exp(-t)` plus a Gaussian of variance
/// `1 - exp(-2 t)`: the paths are those of x, at the times t that were asked for.
#[test]
fn trajectories_of_a_moving_frame_are_in_the_coordinates_of_the_equation() {
    let folder = Folder::new();
    let vp = "phi_t - lap(phi) - div(x phi) = 0";
    let base = ["sample", vp, "--data", "builtin:two_points", "-n", "4000", "--no-plot", "--out", "s.npy"];
    let more = ["--time", "2", "--end-time", "1e-4", "--steps", "16", "--trajectory", "paths.npy"];
    let run = folder.run(&[&base[..], &more].concat());
    assert_eq!(run.code, 0, "{}", run.err);
    let times = genphys::io::read_weights(&folder.path().join("paths.times.npy")).expect("times");
    assert!((times[0] - 2.0).abs() < 1e-12 && (times[16] - 1e-4).abs() < 1e-14, "{times}");
    let bytes = std::fs::read(folder.path().join("paths.npy")).expect("paths");
    let paths = ndarray::Array3::<f64>::read_npy(bytes.as_slice()).expect("[times, n, N]");
    // Along the second axis both data points are at 0, so the law there is the Gaussian alone.
    for (frame, t) in times.iter().enumerate() {
        let column = paths.slice(ndarray::s![frame, .., 1]);
        let variance = column.iter().map(|x| x * x).sum::<f64>() / column.len() as f64;
        let expected = 1.0 - (-2.0 * t).exp();
        // Four standard errors of a variance from 4000 draws, and the error of 16 steps near the end.
        assert!((variance / expected - 1.0).abs() < 0.12 || expected < 1e-2, "at {t}: {variance} against {expected}");
    }
}

#[test]
fn the_effective_size_of_a_branching_flow_is_high_at_the_largest_mass() {
    let folder = Folder::new();
    let base = ["sample", YUKAWA, "--set", "m=2", "--data", "builtin:two_points", "--time", "2", "-n", "10000"];
    let run = folder.run(&[&base[..], &["--no-plot", "--json"]].concat());
    assert_eq!(run.code, 0, "{}", run.err);
    let value: serde_json::Value = serde_json::from_str(&run.out).expect("JSON");
    assert!(value["effective_sample_size"].as_f64().expect("a number") > 0.6 * 1e4, "{value}");
    assert_eq!((&value["candidates"], &value["warning"]), (&40_000.into(), &serde_json::Value::Null));
}
