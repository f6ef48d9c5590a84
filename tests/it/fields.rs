//! `field`, `dispersion` and `emit` against formulas written here.

use crate::command::{DIFFUSION, Folder, POISSON, YUKAWA, run};
use ndarray::{Array1, Array2, array};
use std::f64::consts::PI;

fn arrays(folder: &Folder, name: &str) -> (Array1<f64>, Array2<f64>, Array1<f64>) {
    let file = std::fs::File::open(folder.path().join(name)).expect("written");
    let mut archive = ndarray_npy::NpzReader::new(file).expect("an archive");
    let mut names = archive.names().expect("names");
    names.sort();
    assert_eq!(names, ["log_p", "r_over_p", "v"]);
    let log_p = archive.by_name("log_p").expect("log_p");
    (log_p, archive.by_name("v").expect("v"), archive.by_name("r_over_p").expect("r_over_p"))
}

/// Two weighted sources in the plane under Poisson's equation: `p = sum w t/(2 pi rho^3)`, `J = sum w x/(2 pi rho^3)`.
#[test]
fn poisson_is_the_textbook_formula() {
    let folder = Folder::new();
    let (sources, weights) = (array![[0.0, 0.0], [1.0, -2.0]], [0.75, 0.25]);
    folder.points("data.npy", &sources);
    folder.file("weights.csv", "3\n1\n");
    let at = array![[0.5, 0.25], [-3.0, 4.0], [0.0, 0.0]];
    folder.points("at.npy", &at);
    let t = 0.7;
    for (precision, tolerance) in [("f64", 1e-12), ("f32", 1e-5)] {
        let arguments =
            ["--data", "data.npy", "--weights", "weights.csv", "--at", "at.npy", "--time", "0.7", "--out", "f.npz"];
        let run = folder.run(&[&["field", POISSON, "--dim", "2", "--precision", precision], &arguments[..]].concat());
        assert_eq!(run.code, 0, "{}", run.err);
        let (log_p, v, r_over_p) = arrays(&folder, "f.npz");
        for (i, x) in at.rows().into_iter().enumerate() {
            let (mut p, mut j) = (0.0, [0.0; 2]);
            for (y, w) in sources.rows().into_iter().zip(weights) {
                let d = [x[0] - y[0], x[1] - y[1]];
                let weight = w / (2.0 * PI * (t * t + d[0] * d[0] + d[1] * d[1]).powf(1.5));
                p += weight * t;
                j = [j[0] + weight * d[0], j[1] + weight * d[1]];
            }
            assert!((log_p[i] - f64::ln(p)).abs() < tolerance, "log p at {i}: {} against {}", log_p[i], p.ln());
            for axis in 0..2 {
                let expected = j[axis] / p;
                // The velocities here are of order one.
                assert!(
                    (v[[i, axis]] - expected).abs() < 10.0 * tolerance,
                    "v at {i}: {} against {expected}",
                    v[[i, axis]]
                );
            }
            assert_eq!(r_over_p[i], 0.0);
        }
    }
}

/// `phi_t + lap^2 phi = 0` on the line, whose kernel changes its sign at about 2.87 of `t^(1/4)`.
#[test]
fn a_signed_density_is_given_only_when_allowed() {
    let folder = Folder::new();
    folder.points("data.npy", &array![[0.0]]);
    folder.points("at.npy", &array![[0.5], [4.0]]);
    let biharmonic = "phi_t + lap(lap(phi)) = 0";
    let command = ["field", biharmonic, "--data", "data.npy", "--at", "at.npy", "--time", "1", "--out", "f.npz"];
    let refused = folder.run(&command);
    assert_eq!(refused.code, 2, "{}", refused.err);
    assert!(refused.err.contains("--allow-signed"), "{}", refused.err);
    let allowed = folder.run(&[&command[..], &["--allow-signed"]].concat());
    assert_eq!(allowed.code, 0, "{}", allowed.err);
    assert!(allowed.err.contains("1 of 2 points have p < 0"), "{}", allowed.err);
    let file = std::fs::File::open(folder.path().join("f.npz")).expect("written");
    let mut archive = ndarray_npy::NpzReader::new(file).expect("an archive");
    let sign: Array1<f64> = archive.by_name("sign").expect("sign");
    assert_eq!(sign.to_vec(), [1.0, -1.0]);
    // p(1/2) is the integral of exp(-k^4) cos(k/2)/pi over k > 0, to 1e-9 by the trapezoidal rule.
    let h = 1e-3;
    let f = |k: f64| (-k.powi(4)).exp() * (0.5 * k).cos();
    let p = (0.5 * f(0.0) + (1..6000).map(|i| f(f64::from(i) * h)).sum::<f64>()) * h / PI;
    let log_p: Array1<f64> = archive.by_name("log_p").expect("log_p");
    assert!((log_p[0] - p.ln()).abs() < 1e-8, "{} against {}", log_p[0], p.ln());
}

const HELMHOLTZ: &str = "phi_tt + lap(phi) + k0^2 phi = 0 where k0 > 0";

#[test]
fn double_precision_says_so_where_single_was_asked_for() {
    let folder = Folder::new();
    folder.points("data.npy", &array![[0.0]]);
    folder.points("at.npy", &array![[0.5]]);
    let files = ["--data", "data.npy", "--at", "at.npy", "--time", "1", "--out", "f.npz"];
    for equation in
        [&["field", HELMHOLTZ, "--set", "k0=1/10"][..], &["field", "phi_t + lap(lap(phi)) = 0", "--allow-signed"]]
    {
        let plain = folder.run(&[equation, &files].concat());
        assert!(plain.code == 0 && !plain.err.contains("warning"), "{}", plain.err);
        let asked = folder.run(&[equation, &files, &["--precision", "f32"]].concat());
        assert!(asked.code == 0 && asked.err.contains("warning: --precision f32 is ignored"), "{}", asked.err);
    }
}

#[test]
fn a_flow_that_holds_in_a_region_has_no_samples_and_says_why() {
    let sample =
        |equation: &[&str]| run(&[&["sample", "--data", "builtin:two_points", "--no-plot"], equation].concat());
    let ball = sample(&[HELMHOLTZ, "--set", "k0=1/10"]);
    crate::command::refused(
        &ball,
        &["generative in a region only", "mass of each data point has left", "genphys field"],
    );
    let wave = sample(&["phi_tt + 2 eps phi_t - lap(phi) = 0 where eps > 0", "--set", "eps=1"]);
    crate::command::refused(
        &wave,
        &["generative in a region only", "carries every particle into the front", "large damping"],
    );
}

#[test]
fn frequencies_are_the_roots_of_the_symbol() {
    let run = run(&["dispersion", YUKAWA, "--k", "0,1.5", "--set", "m=1/2", "--json"]);
    assert_eq!(run.code, 0, "{}", run.err);
    let value: serde_json::Value = serde_json::from_str(&run.out).expect("JSON");
    for (point, k) in value["points"].as_array().expect("points").iter().zip([0.0_f64, 1.5]) {
        let expected = (k * k + 0.25).sqrt();
        assert!((point["lambda"].as_f64().expect("a number") - expected).abs() < 1e-14);
        let omega = point["omega"].as_array().expect("branches");
        assert_eq!(omega.len(), 2);
        assert!(omega.iter().all(|z| (z[1].as_f64().expect("a number").abs() - expected).abs() < 1e-14));
    }
    let table = crate::command::run(&["dispersion", DIFFUSION, "--k", "2"]);
    assert!(table.out.contains("-4.000000000 i") && table.out.contains("(selected)"), "{}", table.out);
}

#[test]
fn every_target_is_emitted() {
    let emit = |target: &str| {
        let run = run(&["emit", YUKAWA, "--set", "m=1", "--dim", "2", "--target", target]);
        assert_eq!(run.code, 0, "{target}: {}", run.err);
        run.out
    };
    assert!(emit("kernel").contains("reduce f64, N = 2"));
    assert!(emit("rust").contains("fn tempered_field<const FUSED: bool>(uniforms: [f"));
    assert!(emit("clif").contains("block0"));
    let assembly = emit("avx2");
    assert!(assembly.contains("vfmadd231pd ymm") && assembly.trim_end().ends_with("ret"), "{assembly}");
    crate::command::refused(
        &run(&["emit", POISSON, "--dim", "17", "--target", "avx2"]),
        &["more than 16 dimensions", "--target clif"],
    );
    let ptx = emit("ptx");
    assert!(ptx.contains(".target sm_70") && ptx.contains("fma.rn.f64") && !ptx.contains("approx"), "{ptx}");
    let fast = ["emit", YUKAWA, "--set", "m=1", "--dim", "2", "--precision", "f32", "--fast-math", "--target"];
    let approximate = run(&[&fast[..], &["ptx"]].concat());
    assert!(approximate.code == 0 && approximate.out.contains("approx"), "{}{}", approximate.out, approximate.err);
    crate::command::refused(&run(&[&fast[..], &["clif"]].concat()), &["--fast-math is for --target ptx"]);
    // Yukawa's prior is Poisson's: the sampler reads both laws, and the random numbers of its draw.
    let sampler = ["emit", YUKAWA, "--set", "m=1", "--dim", "2", "--sampler", "rk4", "--target"];
    let whole = run(&[&sampler[..], &["ptx"]].concat());
    assert_eq!(whole.code, 0, "{}", whole.err);
    let holds = |part: &str| whole.out.contains(part);
    assert!(holds("tempered_field_sampler") && holds("random block 2") && holds("stage 3") && !holds("stage 4"));
    assert!(holds("proposal_sources"));
    crate::command::refused(&run(&[&sampler[..], &["rust"]].concat()), &["--sampler is for --target ptx"]);
    let wide = ["emit", POISSON, "--dim", "4", "--sampler", "heun", "--target", "ptx"];
    crate::command::refused(&run(&wide), &["few dimensions"]);
    let latex = emit("latex");
    assert!(
        latex.contains(r"\partial_t^{2} \phi + \Delta \phi - m^{2} \, \phi = 0")
            && latex.ends_with("\\end{document}\n")
    );
    // Every environment that is opened is closed, and braces balance.
    assert_eq!(latex.matches("\\begin{").count(), latex.matches("\\end{").count());
    assert_eq!(latex.matches('{').count(), latex.matches('}').count());
    let json: serde_json::Value = serde_json::from_str(&emit("json")).expect("JSON");
    assert!(json["continuity"]["proof"].is_array());
    let folder = Folder::new();
    let run = folder.run(&["emit", POISSON, "--target", "latex", "--out", "new/poisson.tex"]);
    assert_eq!((run.code, run.out.as_str()), (0, ""));
    assert!(folder.path().join("new/poisson.tex").is_file());
}

/// log p and v of one source at the origin in three dimensions, at distance r along the first axis.
fn of_one_source(text: &str, t: &str, r: f64, precision: &str) -> [f64; 2] {
    let folder = Folder::new();
    folder.points("data.npy", &array![[0.0, 0.0, 0.0]]);
    folder.points("at.npy", &array![[r, 0.0, 0.0]]);
    let files = ["--data", "data.npy", "--at", "at.npy", "--out", "f.npz", "--time", t, "--precision", precision];
    let run = folder.run(&[&["field", text], &files[..]].concat());
    assert_eq!(run.code, 0, "{}", run.err);
    let (log_p, v, _) = arrays(&folder, "f.npz");
    [log_p[0], v[[0, 0]]]
}

#[test]
fn the_square_of_an_equation_moves_as_the_equation_does() {
    // M = phi_tt + lap(phi) obeys Poisson's equation, whose flux is x p/t.
    let [log_p, v] = of_one_source("phi_tttt + 2 lap(phi_tt) + lap(lap(phi)) = 0", "0.5", 1.5, "f64");
    let rho2: f64 = 0.25 + 2.25;
    assert!((log_p - (0.5 / (PI * PI * rho2 * rho2)).ln()).abs() < 1e-13, "{log_p}");
    assert!((v - 3.0).abs() < 1e-13, "{v}");
}

#[test]
fn low_orders_have_fields() {
    // The inverse Fourier transform of exp(-t k^(2 beta)), 60 digits, by python-flint.
    for (order, t, r, log_p) in [
        ("0.03", "1", 2.0, -8.423678317342853),
        ("0.03", "1.25", 1e-6, 34.24202384432052),
        ("0.1", "0.5", 3.0, -8.700412561341965),
        ("0.99", "0.25", 30.0, -22.995064167957167),
    ] {
        let text = format!("phi_t + (-lap)^({order}) phi = 0");
        // In f32 the lowest orders are computed in f64.
        for (precision, tolerance) in [("f64", 1e-12), ("f32", 2e-6)] {
            let [found, v] = of_one_source(&text, t, r, precision);
            assert!((found - log_p).abs() < tolerance * (1.0 + log_p.abs()), "{order} {r}: {found} {log_p}");
            let (beta, t): (f64, f64) = (order.parse().expect("a number"), t.parse().expect("a number"));
            assert!((v * 2.0 * beta * t / r - 1.0).abs() < tolerance, "{order} {r}: {v}");
        }
    }
}

#[test]
fn a_frame_is_left_in_the_range_of_f32() {
    // Ornstein-Uhlenbeck: the normal density at rest. exp(100) squared is no number of f32.
    let [log_p, v] = of_one_source("phi_t - lap(phi) - div(x phi) = 0", "100", 0.75, "f32");
    let expected = -0.5 * 0.75 * 0.75 - 1.5 * (2.0 * PI).ln();
    assert!((log_p - expected).abs() < 1e-6 && v.abs() < 1e-6, "{log_p} {expected} {v}");
}
