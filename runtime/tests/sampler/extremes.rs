//! Far and near ends of the numbers: every sample is finite, or the refusal says why there is none.

use std::ops::ControlFlow;

use genphys_runtime::data::Dataset;
use genphys_runtime::sampler::{
    HEUN, Proposal, SampleOptions, SampleProblem, SampleRun, Spacing, StepControl, TSIT5, Tableau, Tolerances, sample,
};
use ndarray::{Array2, array};

use crate::fields::{Kernel, PointField};

const KERNELS: [Kernel; 3] = [Kernel::Diffusion, Kernel::Poisson, Kernel::Yukawa { mass: 1e-7 }];

fn run(kernel: Kernel, data: &Dataset, options: &SampleOptions) -> SampleRun {
    let (field, heavier) = (PointField { kernel, data }, PointField { kernel: Kernel::Poisson, data });
    let proposal = kernel.law().heavier().map(|law| Proposal { field: &heavier, law });
    let problem = SampleProblem { field: &field, data, law: kernel.law(), proposal };
    sample(&problem, options, &mut |_| ControlFlow::Continue(())).unwrap_or_else(|e| panic!("{kernel:?}: {e}"))
}

fn both(n: usize, t_max: f64, t_min: f64) -> [SampleOptions; 2] {
    let plain = SampleOptions::new(n, t_max, t_min);
    let with = |tableau: &'static Tableau, control| SampleOptions { tableau, control, ..plain };
    let adaptive = StepControl::Adaptive(Tolerances { atol: 1e-3, rtol: 1e-3, max_steps: 10_000 });
    [with(&HEUN, StepControl::Grid { spacing: Spacing::LogUniform, steps: 200 }), with(&TSIT5, adaptive)]
}

fn finite(run: &SampleRun) {
    assert!(run.points.iter().all(|x| x.is_finite()) && run.log_weights.iter().all(|w| w.is_finite()));
    assert!(run.ess.is_finite() && run.log_mass.is_finite());
}

#[test]
fn twelve_decades_of_time_lead_back_to_the_data() {
    // From a prior a million wide to points one apart.
    let data = Dataset::from_points(array![[-1.0, 0.0], [1.0, 0.0]], Some(vec![0.5, 0.5])).expect("valid data");
    for kernel in KERNELS {
        for options in both(60, 1e6, 1e-6) {
            let run = run(kernel, &data, &options);
            finite(&run);
            let near = run.points.rows().into_iter().filter(|x| (x[0].abs() - 1.0).hypot(x[1]) < 1e-2).count();
            // Cauchy tails at t_min leave one in 1e6 outside; coarse tolerances may miss for one in a few dozen.
            assert!(near >= 58, "{kernel:?} {}: {near} of 60", options.tableau.name);
        }
    }
}

#[test]
fn data_spread_over_sixteen_decades() {
    // Distances from 1e-8 to 1e8 in one set.
    let data =
        Dataset::from_points(array![[1e8, 0.0], [-1e8, 3.0], [0.0, 0.0], [1e-8, 0.0]], None).expect("valid data");
    for kernel in KERNELS {
        let t_max = if kernel == Kernel::Diffusion { 1e17 } else { 1e9 };
        for options in both(60, t_max, 1e-2) {
            finite(&run(kernel, &data, &options));
        }
    }
}

#[test]
fn duplicates_one_point_and_weightless_points() {
    let twice = Dataset::from_points(array![[2.0, 1.0], [2.0, 1.0], [2.0, 1.0]], None).expect("valid data");
    let one = Dataset::from_points(array![[2.0, 1.0]], None).expect("valid data");
    let weightless =
        Dataset::from_points(array![[2.0, 1.0], [7.0, 7.0]], Some(vec![1.0, 0.0])).expect("a weight of zero is valid");
    for kernel in KERNELS {
        for options in both(40, 5.0, 1e-4) {
            for data in [&twice, &one, &weightless] {
                let run = run(kernel, data, &options);
                finite(&run);
                // The denoising step lands on the only point there is; 1e-9 for the arithmetic of a Cauchy draw.
                let off = |x: ndarray::ArrayView1<f64>| (x[0] - 2.0).hypot(x[1] - 1.0);
                assert!(run.points.rows().into_iter().all(|x| off(x) < 1e-6), "{kernel:?}");
            }
        }
    }
}

#[test]
fn identical_far_away_points() {
    // Far from the origin the spread is lost in the spacing of numbers, not in not-a-number.
    let data = Dataset::from_points(Array2::from_elem((3, 2), 1e15), None).expect("valid data");
    for kernel in KERNELS {
        for options in both(10, 5.0, 1e-3) {
            let run = run(kernel, &data, &options);
            finite(&run);
            assert!(run.points.iter().all(|x| (x - 1e15).abs() < 1e3), "{kernel:?}");
        }
    }
}
