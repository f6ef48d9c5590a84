//! `--device`: the CPU, a GPU that is not there, and whatever there is.

use crate::command::{Folder, POISSON, refused};
use ndarray::{Array2, array};

/// `v` of two sources in the plane, with what was said on stderr.
fn velocity(folder: &Folder, device: &str) -> (Array2<f64>, String) {
    let run = folder.run(&[
        "field", POISSON, "--data", "data.npy", "--at", "at.npy", "--time", "0.7", "--out", "f.npz", "--device", device,
    ]);
    assert_eq!(run.code, 0, "{}", run.err);
    let file = std::fs::File::open(folder.path().join("f.npz")).expect("written");
    let mut archive = ndarray_npy::NpzReader::new(file).expect("an archive");
    (archive.by_name("v").expect("v"), run.err)
}

fn folder() -> Folder {
    let folder = Folder::new();
    folder.points("data.npy", &array![[0.0, 0.0], [1.0, -2.0]]);
    folder.points("at.npy", &array![[0.5, 0.25], [-3.0, 4.0]]);
    folder
}

#[test]
fn auto_says_in_one_line_where_it_runs_and_gives_the_same_field() {
    let folder = folder();
    let (expected, silence) = velocity(&folder, "cpu");
    assert_eq!(silence, "");
    let (got, said) = velocity(&folder, "auto");
    assert!(said.contains("runs on ") && said.lines().count() == 1, "{said}");
    // Two sources: a few roundings, on whatever device.
    assert!((&got - &expected).iter().all(|d| d.abs() < 1e-13), "{got} for {expected}");
}

#[test]
fn a_device_that_is_not_there_is_refused() {
    let folder = folder();
    let field = ["field", POISSON, "--data", "data.npy", "--at", "at.npy", "--time", "1", "--out", "f.npz", "--device"];
    refused(&folder.run(&[&field[..], &["cuda:4096"]].concat()), &["--device cuda:4096: ", "--device auto"]);
    refused(&folder.run(&[&field[..], &["gpu"]].concat()), &["--device needs cpu, cuda, cuda:K, cuda:K,L,... or auto"]);
    refused(&folder.run(&[&field[..], &["cuda:1,0,1"]].concat()), &["--device cuda:1,0,1 names GPU 1 twice"]);
    refused(&folder.run(&[&field[..], &["cuda:4096,4097"]].concat()), &["--device cuda:4096,4097: "]);
    let sample = ["sample", POISSON, "--data", "data.npy", "-n", "3", "--out", "s.npy", "--device"];
    refused(&folder.run(&[&sample[..], &["cuda:4096"]].concat()), &["--device cuda:4096: "]);
    let compare = ["compare", POISSON, "--data", "data.npy", "--seeds", "2", "-n", "3", "--device"];
    refused(&folder.run(&[&compare[..], &["cuda:4096"]].concat()), &["--device cuda:4096: ", "--device auto"]);
    for what in ["kernel", "density"] {
        let plot = ["plot", POISSON, "--what", what, "--out", "p.png", "--device", "cuda:4096"];
        refused(&folder.run(&plot), &["--device cuda:4096: "]);
    }
    let plot = ["plot", POISSON, "--what", "dispersion", "--out", "p.png", "--device", "gpu"];
    refused(&folder.run(&plot), &["--device needs cpu"]);
    assert!(!folder.path().join("p.png").exists());
    assert!(!folder.path().join("f.npz").exists() && !folder.path().join("s.npy").exists());
}

#[test]
fn auto_draws_and_compares_wherever_it_runs() {
    let folder = folder();
    for what in ["kernel", "density"] {
        let run = folder.run(&["plot", POISSON, "--what", what, "--out", "p.png", "--device", "auto"]);
        assert!(run.code == 0 && run.err.contains("runs on "), "{}", run.err);
    }
    // What is computed by inverse Fourier transform has no code for a GPU.
    let signed = ["plot", "phi_t + lap(lap(phi)) = 0", "--what", "kernel", "--out", "q.png", "--device", "auto"];
    assert_eq!(folder.run(&signed).code, 0);
    let small =
        ["compare", POISSON, "--data", "data.npy", "--seeds", "2", "-n", "20", "--evaluations", "8", "--device"];
    let run = folder.run(&[&small[..], &["auto"]].concat());
    assert!(run.code == 0 && run.err.contains("runs on "), "{}", run.err);
    assert_eq!(folder.run(&[&small[..], &["cpu"]].concat()).code, 0);
}
