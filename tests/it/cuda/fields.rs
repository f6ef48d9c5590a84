//! `field`, `compare` and `plot` on a GPU.

use super::{Place, field};
use crate::command::{DIFFUSION, POISSON, YUKAWA};

/// The largest difference of `f.npz` on the GPU from that of the CPU, of every array relative to its largest number or to 1.
fn difference(place: &Place, arguments: &[&str]) -> f64 {
    let names = ["log_p", "v", "r_over_p"];
    place.succeed("", &[arguments, &["--device", "cpu"]].concat());
    let expected = names.map(|name| place.array(name));
    let (said, recorded) = place.succeed("", &[arguments, &["--device", "cuda"]].concat());
    assert!(said.is_empty() && !recorded.launched().is_empty(), "{said}");
    let relative = |(name, expected): (&str, &ndarray::ArrayD<f64>)| {
        let found = place.array(name);
        assert!(found.iter().all(|x| x.is_finite()) && found.shape() == expected.shape(), "{name}: {found}");
        let size = expected.iter().fold(1.0_f64, |most, x| most.max(x.abs()));
        (&found - expected).iter().fold(0.0_f64, |most, d| most.max(d.abs())) / size
    };
    names.into_iter().zip(&expected).map(relative).fold(0.0, f64::max)
}

#[test]
fn a_field_is_that_of_the_processor() {
    let place = Place::new();
    for (equation, set) in [(POISSON, &[][..]), (DIFFUSION, &[]), (YUKAWA, &["--set", "m=0.5"])] {
        // Weights within `|l| + 2` roundings, the logarithms below 30; sums over a tile of 64: fewer than 100 roundings.
        for (precision, bound) in [("f64", 100.0 * f64::EPSILON), ("f32", 100.0 * f64::from(f32::EPSILON))] {
            let found = difference(&place, &field(equation, &[set, &["--precision", precision]].concat()));
            assert!(found < bound, "{equation} in {precision}: {found:e}");
        }
    }
}

/// Above 16 dimensions the threads of a block share tiles.
#[test]
fn so_is_one_in_many_dimensions() {
    let place = Place::of(20, 40, 20);
    let found = difference(&place, &field(POISSON, &["--precision", "f64"]));
    // 20 more roundings in every distance, the power of it up to 21.
    assert!(found < 1000.0 * f64::EPSILON, "{found:e}");
}

#[test]
fn devices_share_the_queries_and_change_no_bit() {
    // At least 2048 for each.
    let place = Place::of(3, 4100, 2);
    place.succeed("gpus=8.0,9.0", &field(POISSON, &["--device", "cuda:0"]));
    let alone = place.bytes("f.npz");
    for device in ["cuda:0,1", "cuda:1,0", "cuda", "auto"] {
        let (_, recorded) = place.succeed("gpus=8.0,9.0", &field(POISSON, &["--device", device]));
        assert!(place.bytes("f.npz") == alone, "{device}");
        let on = |device: &str| recorded.launched().iter().any(|launch| launch.ends_with(device));
        assert!(on("on 0") && on("on 1") && recorded.released().len() == 2, "{:?}", recorded.launched());
    }
}

#[test]
fn a_driver_without_pools_of_memory_does() {
    let place = Place::new();
    place.succeed("", &field(POISSON, &["--device", "cuda"]));
    let expected = place.bytes("f.npz");
    place.succeed("pools=no", &field(POISSON, &["--device", "cuda"]));
    assert!(place.bytes("f.npz") == expected);
}

#[test]
fn pictures_and_comparisons_are_made() {
    let place = Place::new();
    for what in ["kernel", "density"] {
        let plot = ["plot", POISSON, "--what", what, "--out", "p.png", "--device", "cuda"];
        let (_, recorded) = place.succeed("", &plot);
        assert!(place.has("p.png") && !recorded.launched().is_empty(), "{what}");
    }
    let compare = [
        "compare",
        POISSON,
        "--data",
        "data.npy",
        "--seeds",
        "2",
        "-n",
        "20",
        "--evaluations",
        "8",
        "--device",
        "cuda",
    ];
    let (_, recorded) = place.succeed("", &compare);
    assert!(!recorded.launched().is_empty());
}
