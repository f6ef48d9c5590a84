//! Wrong input: exit code 2 and one message that names the culprit.

use crate::command::{DIFFUSION, Folder, POISSON, YUKAWA, refused, run};
use ndarray::array;

#[test]
fn wrong_equations_are_drawn_with_their_place() {
    for (text, parts) in [
        ("phi_tt + lap(grad(phi)) = 0", ["lap", "vector", "<equation>:1:14"]),
        ("phi_t + foo(phi) = 0", ["foo", "^", "<equation>:1:9"]),
        ("phi_t - lap(chi_t) = 0", ["chi", "^", "<equation>:1:"]),
        ("m^2 - 1 = 0", ["derivative", "^", "<equation>:1:"]),
        ("phi_t - lap(phi) =", ["<equation>:1:", "^", "error[E"]),
        ("phi_t + grad(phi) = 0", ["vector", "^", "<equation>:1:"]),
    ] {
        refused(&run(&["check", text]), &parts);
    }
}

#[test]
fn errors_are_json_when_asked_for() {
    let run = run(&["check", "phi_tt + lap(grad(phi)) = 0", "--json"]);
    assert_eq!((run.code, run.out.as_str()), (2, ""));
    let error: serde_json::Value = serde_json::from_str(&run.err).expect("JSON");
    assert_eq!(error["error"]["line"], 1);
    assert_eq!(error["error"]["column"], 14);
    let code = error["error"]["code"].as_str().expect("a code");
    let explained = crate::command::run(&["explain", code]);
    assert!(explained.code == 0 && explained.out.contains(code), "{}", explained.out);
}

#[test]
fn files_that_are_no_equations_are_named() {
    let folder = Folder::new();
    refused(&folder.run(&["check", "missing.pde"]), &["missing.pde", "No such file"]);
    folder.file("latin1.pde", b"phi_t - lap(phi) = 0 // na\xefve");
    refused(&folder.run(&["check", "latin1.pde"]), &["latin1.pde", "UTF-8", "byte 26"]);
    folder.file("empty.pde", "");
    refused(&folder.run(&["check", "empty.pde"]), &["empty.pde:1:1"]);
    std::fs::create_dir(folder.path().join("folder.pde")).expect("a folder");
    refused(&folder.run(&["check", "folder.pde"]), &["folder.pde"]);
    refused(&folder.run(&["explain", "E9999"]), &["E9999"]);
}

#[test]
fn parameters_are_checked_against_the_equation() {
    let dispersion = |set: &str| run(&["dispersion", YUKAWA, "--set", set]);
    refused(&dispersion("m=0"), &["m = 0", "m > 0"]);
    refused(&dispersion("m=-1/2"), &["m = -1/2", "m > 0"]);
    refused(&dispersion("n=1"), &["no parameter `n`", "`m`"]);
    refused(&dispersion("m"), &["`m` is not a setting"]);
    refused(&dispersion("m=one"), &["`m=one` is not a setting"]);
    refused(&dispersion("m=1,m=2"), &["set twice"]);
    refused(&run(&["dispersion", YUKAWA]), &["`m` has no value", "--set m="]);
    refused(&run(&["dispersion", DIFFUSION, "--set", "m=1"]), &["no parameter `m`", "no parameters at all"]);
    refused(&run(&["dispersion", DIFFUSION, "--k", "1,x"]), &["--k", "`x`"]);
    let sample = run(&["sample", YUKAWA, "--set", "m=-1", "--data", "builtin:two_points"]);
    refused(&sample, &["m = -1", "m > 0"]);
}

#[test]
fn dimensions_and_times_are_positive() {
    let folder = Folder::new();
    folder.points("x.npy", &array![[0.5, 0.5]]);
    let field = |arguments: &[&str]| {
        let base = ["field", POISSON, "--data", "builtin:two_points", "--at", "x.npy", "--out", "f.npz"];
        folder.run(&[&base, arguments].concat())
    };
    for time in ["0", "-1", "nan", "inf", "soon"] {
        refused(&field(&["--time", time]), &["--time", "positive", time]);
    }
    for dim in ["0", "-2", "1.5", "many"] {
        refused(&field(&["--time", "1", "--dim", dim]), &["--dim", "at least 1", dim]);
    }
    refused(&field(&["--time", "1", "--dim", "3"]), &["--dim is 3", "2 columns"]);
    refused(&run(&["emit", POISSON, "--target", "kernel", "--dim", "0"]), &["--dim"]);
    refused(&run(&["emit", POISSON, "--target", "kernel", "--dim", "100000"]), &["3072"]);
    refused(&run(&["emit", POISSON, "--target", "kernel"]), &["--dim N"]);
    let sample = ["sample", POISSON, "--data", "builtin:two_points"];
    refused(&run(&[&sample[..], &["-n", "0"]].concat()), &["-n", "at least 1"]);
    refused(&run(&[&sample[..], &["--steps", "0"]].concat()), &["--steps"]);
    refused(&run(&[&sample[..], &["--time", "-3"]].concat()), &["--time", "positive"]);
    refused(&run(&[&sample[..], &["--time", "1", "--end-time", "2"]].concat()), &["--end-time"]);
    assert_eq!(folder.names(), ["x.npy"], "nothing was written");
}

#[test]
fn data_are_checked_before_anything_runs() {
    let folder = Folder::new();
    folder.points("nan.npy", &array![[0.0, 1.0], [2.0, f64::NAN]]);
    folder.points("inf.npy", &array![[0.0, f64::INFINITY]]);
    folder.points("none.npy", &ndarray::Array2::zeros((0, 2)));
    folder.points("flat.npy", &ndarray::Array2::zeros((3, 0)));
    folder.points("good.npy", &array![[0.0, 0.0], [1.0, 0.0]]);
    folder.file("cube.npy", genphys::io::npy_bytes(&ndarray::Array3::<f64>::zeros((2, 2, 2))).expect("in memory"));
    folder.file("bool.npy", genphys::io::npy_bytes(&ndarray::arr1(&[true, false])).expect("in memory"));
    folder.file("text.csv", "0,1\n2,three\n");
    folder.file("weights.csv", "1\n-1\n");
    folder.file("short.csv", "1\n");
    let sample = |arguments: &[&str]| folder.run(&[&["sample", POISSON, "--no-plot", "--data"], arguments].concat());
    for (file, parts) in [
        ("nan.npy", ["row 1, column 1", "NaN"]),
        ("inf.npy", ["row 0, column 1", "inf"]),
        ("none.npy", ["empty", "0 points in 2"]),
        ("flat.npy", ["empty", "3 points in 0"]),
        ("cube.npy", ["[2, 2, 2]", "[M, N]"]),
        ("bool.npy", ["dtype", "float64"]),
        ("text.csv", ["line 2", "`three`"]),
        ("missing.npy", ["missing.npy", "no such file"]),
        ("builtin:moon", ["`moon`", "two_moons"]),
    ] {
        refused(&sample(&[file]), &parts);
    }
    refused(&sample(&["good.npy", "--weights", "weights.csv"]), &["weight 1 is -1"]);
    refused(&sample(&["good.npy", "--weights", "short.csv"]), &["2 data points but 1 weights"]);
    refused(&sample(&["good.npy", "--weights", "good.npy"]), &["[2, 2]"]);
    let field = ["field", POISSON, "--time", "1", "--out", "f.npz", "--data", "good.npy", "--at"];
    refused(&folder.run(&[&field[..], &["nan.npy"]].concat()), &["nan.npy", "row 1"]);
    folder.points("line.npy", &array![[0.0], [1.0]]);
    refused(&folder.run(&[&field[..], &["line.npy"]].concat()), &["2 dimensions", "1"]);
    assert!(!folder.path().join("out").exists() && !folder.path().join("f.npz").exists());
}

#[test]
fn equations_without_a_generative_flow_are_not_sampled() {
    let sample = |text: &str| run(&["sample", text, "--data", "builtin:two_points"]);
    refused(&sample("phi_t + lap(phi) = 0"), &["not-s-generative", "genphys explain"]);
    refused(&sample("phi_tt - lap(phi) = 0"), &["not-s-generative"]);
    refused(&run(&["sample", "phi_t - lap(phi) = 0 where N = 3", "--data", "builtin:two_points"]), &["N = 3"]);
}

#[test]
fn files_of_one_run_have_places_of_their_own() {
    let folder = Folder::new();
    let sample = |arguments: &[&str]| {
        let base = ["sample", POISSON, "--data", "builtin:two_points", "-n", "10", "--steps", "2", "--out", "s.npy"];
        folder.run(&[&base, arguments].concat())
    };
    refused(&sample(&["--plot", "s.svg"]), &["`s.svg` is no .png file"]);
    refused(&sample(&["--no-plot", "--trajectory", "s.npy"]), &["the samples and the path", "`s.npy`"]);
    refused(
        &sample(&["--no-plot", "--keep-weights", "--trajectory", "s.weights.npy"]),
        &["their weights and the path"],
    );
    assert!(!folder.path().join("s.npy").exists(), "nothing is drawn first");
}

#[test]
fn numbers_beyond_the_precision_are_the_inputs_fault() {
    let folder = Folder::new();
    folder.points("far.npy", &array![[1e300, 0.0], [1e160, 1.0]]);
    folder.points("x.npy", &array![[0.5, 0.5]]);
    let sample = |precision: &[&str]| {
        let base = ["sample", POISSON, "--data", "far.npy", "-n", "10", "--steps", "2", "--out", "s.npy"];
        folder.run(&[&base[..], precision].concat())
    };
    refused(&sample(&["--precision", "f32"]), &["source 0", "f32", "--precision f64"]);
    let field = ["field", POISSON, "--data", "x.npy", "--at", "x.npy", "--precision", "f32", "--out", "f.npz"];
    // The time as it was asked for, not three hundred zeros.
    refused(&folder.run(&[&field[..], &["--time", "1e-300"]].concat()), &["log p is not finite", "time 1e-300"]);
}

#[test]
fn powers_that_spread_beyond_all_numbers_are_refused_at_once() {
    let folder = Folder::new();
    folder.points("x.npy", &array![[0.5, 0.5]]);
    for power in ["(-lap)^(1/50) phi", "(-lap)^(1/20) phi - lap(phi)"] {
        let text = format!("phi_t + {power} = 0");
        let run = folder.run(&["field", &text, "--data", "x.npy", "--at", "x.npy", "--time", "1", "--out", "f.npz"]);
        refused(&run, &["has no kernel here", "below 1/10"]);
    }
}
