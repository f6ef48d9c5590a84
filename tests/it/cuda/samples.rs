//! `sample` on GPUs: draws and steps in one launch, steps alone, and the field alone.

use super::{Place, sample, samples};
use crate::command::{DIFFUSION, POISSON, YUKAWA};
use genphys::io::read_points;

#[test]
fn devices_share_the_samples_and_change_no_bit() {
    let place = Place::new();
    let two = "gpus=8.0,8.0";
    for (equation, set) in [(POISSON, &[][..]), (DIFFUSION, &[]), (YUKAWA, &["--set", "m=0.5"])] {
        let (said, recorded) = place.succeed(two, &sample(equation, &[set, &["--device", "cuda:0"]].concat()));
        assert!(said.contains("the GPU draws the prior and takes 3 of 3 steps a launch"), "{said}");
        assert!(recorded.launched().iter().any(|launch| launch.contains("_sampler on 0")), "{:?}", recorded.launched());
        let alone = place.bytes("s.npy");
        let (said, recorded) = place.succeed(two, &sample(equation, &[set, &["--device", "cuda:0,1"]].concat()));
        assert!(said.contains("2 GPUs share the samples, draw the prior and take 3 of 3"), "{said}");
        assert!(recorded.launched().iter().any(|launch| launch.contains("_sampler on 1")), "{:?}", recorded.launched());
        assert!(place.bytes("s.npy") == alone, "{equation}");
        assert_eq!(recorded.released().len(), 2);
    }
}

#[test]
fn samples_are_near_the_data() {
    let place = Place::new();
    place.succeed("", &samples(POISSON, ["600", "12"], &["--device", "cuda"]));
    let found = read_points(&place.folder.path().join("s.npy")).expect("samples");
    assert_eq!(found.dim(), (600, 2));
    let data = super::scattered(20, 2, 0.5);
    let distance = |x: ndarray::ArrayView1<f64>| {
        let of = |y: ndarray::ArrayView1<f64>| (x[0] - y[0]).hypot(x[1] - y[1]);
        data.rows().into_iter().map(of).fold(f64::INFINITY, f64::min)
    };
    // Twelve steps lead most of the particles to a point of the data; none stays where the prior put it, at distances like 4.
    let near = found.rows().into_iter().filter(|x| distance(x.view()) < 0.05).count();
    assert!(near > 500, "{near} of 600");
}

#[test]
fn what_no_device_draws_is_stepped_there() {
    let place = Place::new();
    let mixed = "phi_t - lap(phi) + (-lap)^(1/2) phi = 0";
    let (said, recorded) = place.succeed("", &samples(mixed, ["20", "3"], &["--device", "cuda"]));
    assert!(said.contains("the GPU") && !recorded.launched().is_empty(), "{said}");
}

#[test]
fn in_more_dimensions_the_processor_takes_the_steps() {
    let place = Place::of(10, 1, 4);
    let (said, recorded) = place.succeed("", &samples(POISSON, ["20", "3"], &["--device", "cuda"]));
    assert!(said.contains("the field is evaluated on the GPU, the steps are taken on the CPU"), "{said}");
    assert!(recorded.launched().len() >= 6, "two stages of three steps: {:?}", recorded.launched());
}
