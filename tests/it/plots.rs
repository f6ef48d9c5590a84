//! `genphys plot`: pictures are drawn, show what they should, or are refused with the reason.

use super::command::{Folder, refused};

fn plot(folder: &Folder, spec: &str, what: &str, out: &str, more: &[&str]) -> super::command::Run {
    let mut arguments = vec!["plot", spec, "--what", what, "--out", out];
    arguments.extend(more);
    folder.run(&arguments)
}

fn svg(folder: &Folder, spec: &str, what: &str, more: &[&str]) -> String {
    let run = plot(folder, spec, what, "p.svg", more);
    assert_eq!(run.code, 0, "{}", run.err);
    std::fs::read_to_string(folder.path().join("p.svg")).expect("a picture")
}

/// The colour of what is negative.
const RED: &str = "#C82828";

#[test]
fn a_kernel_is_red_exactly_where_theory_says_it_is_negative() {
    let folder = Folder::new();
    let kernel = |spec: &str, more: &[&str]| svg(&folder, spec, "kernel", more);
    let biharmonic = "phi_t + lap(lap(phi)) = 0";
    // The depth relative to the peak, by an inverse Hankel transform of 30 digits: -0.103, -0.056, -0.033 in 1, 2, 3 dimensions.
    for (dim, depth) in [("1", "lowest -0.103"), ("2", "lowest -0.056"), ("3", "lowest -0.033")] {
        let picture = kernel(biharmonic, &["--dim", dim]);
        assert!(picture.contains(RED) && picture.contains(depth), "N = {dim}");
    }
    for spec in
        ["phi_t - lap(phi) = 0", "phi_tt + lap(phi) = 0", "phi_t + (-lap)^(2/3) phi = 0", "phi_ttt - lap(phi) = 0"]
    {
        assert!(!kernel(spec, &["--dim", "2"]).contains(RED), "{spec}");
    }
    // Helmholtz is positive while k0 sqrt(t^2 + r^2) is below 2.798, the first zero of Y_(3/2): at k0 = 1/10, far out.
    let helmholtz = "phi_tt + lap(phi) + k0^2 phi = 0 where k0 > 0";
    let at = |k0: &str| kernel(helmholtz, &["--dim", "2", "--time", "1", "--set", k0]);
    assert!(at("k0=1").contains(RED) && !at("k0=0.1").contains(RED));
    // Closed forms reach any dimension.
    assert!(kernel("phi_tt + lap(phi) = 0", &["--dim", "9"]).contains("closed form"));
    // Gamma(785/2) pi^(-785/2) is 3.9e651: no double, and still a curve. At t = 1 it has fallen to exp(-7) at r = 0.134.
    let wide = kernel("phi_tt + lap(phi) = 0", &["--dim", "784", "--time", "1"]);
    assert!(wide.contains("g_t(0) = 10^651.59") && wide.contains("\n0.05\n"));
    // The law of a moving frame is as wide as the frame says: here the normal density, at exp(-7) at r = 3.7.
    let rest = kernel("phi_t - lap(phi) - div(x phi) = 0", &["--dim", "2", "--time", "20"]);
    assert!(rest.contains("\n4\n") && !rest.contains("\n20\n"));
}

#[test]
fn dispersion_and_density_are_drawn_in_both_formats() {
    let folder = Folder::new();
    let wave = "phi_tt + 2 eps phi_t - lap(phi) = 0 where eps > 0";
    let picture = svg(&folder, wave, "dispersion", &["--set", "eps=2"]);
    assert!(
        picture.contains("(selected)") && picture.contains("Im omega(0)") && picture.contains("yes at these values")
    );
    let picture = svg(&folder, "phi_t + lap(lap(phi)) = 0", "density", &["--time", "0.01"]);
    assert!(picture.contains("t = 0.0100"));
    for (what, spec) in [("dispersion", wave), ("density", "phi_t - lap(phi) = 0"), ("kernel", "phi_t - lap(phi) = 0")]
    {
        let run =
            plot(&folder, spec, what, &format!("{what}.png"), if spec == wave { &["--set", "eps=1"] } else { &[] });
        assert_eq!(run.code, 0, "{}", run.err);
        assert!(std::fs::read(folder.path().join(format!("{what}.png"))).expect("a picture").starts_with(b"\x89PNG"));
    }
}

#[test]
fn what_cannot_be_drawn_is_refused_with_the_reason() {
    let folder = Folder::new();
    let refuse = |spec: &str, what: &str, out: &str, more: &[&str], parts: &[&str]| {
        refused(&plot(&folder, spec, what, out, more), parts);
    };
    refuse("phi_tt - lap(phi) = 0", "kernel", "p.png", &[], &["several branches"]);
    refuse("phi_t - lap(phi_t) - lap(phi) = 0", "kernel", "p.png", &[], &["short waves do not decay"]);
    refuse("i phi_t + lap(phi) = 0", "density", "p.png", &[], &["not linear in phi"]);
    refuse("phi_t + c phi_x - lap(phi) = 0", "kernel", "p.png", &["--set", "c=1", "--dim", "1"], &["drift"]);
    refuse("phi_t + lap(lap(phi)) = 0", "kernel", "p.png", &["--dim", "7"], &["at most 3 dimensions"]);
    refuse("phi_t - lap(phi^2) = 0", "dispersion", "p.png", &[], &["no dispersion relation"]);
    refuse("phi_t - D lap(phi) = 0", "kernel", "p.png", &[], &["`D` has no value"]);
    refuse("phi_t - lap(phi) = 0", "kernel", "p.pdf", &[], &[".png or .svg"]);
    refuse("phi_t - lap(phi) = 0", "density", "p.png", &["--time", "1,2"], &["one --time"]);
    refuse("phi_t - lap(phi) = 0", "kernel", "p.png", &["--time", "0"], &["--time"]);
    assert!(folder.names().is_empty(), "nothing was written: {:?}", folder.names());
}
