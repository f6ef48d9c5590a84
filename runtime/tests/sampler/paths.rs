//! The paths that a run keeps: at the steps and between them, through resampling and interruption.

use std::ops::ControlFlow;

use genphys_runtime::data::Dataset;
use genphys_runtime::sampler::{
    DOPRI5, HEUN, Prior, Proposal, SampleError, SampleOptions, SampleProblem, SampleRun, SampleState, Spacing,
    StepControl, TSIT5, TimeGrid, Tolerances, sample, sample_resume,
};
use ndarray::{Axis, array};

use crate::fields::{Kernel, PointField, triangle};

const GRID: TimeGrid = TimeGrid { spacing: Spacing::Power { rho: 7.0 }, steps: 12 };

fn run(kernel: Kernel, data: &Dataset, options: &SampleOptions) -> SampleRun {
    with_problem(kernel, data, |problem| sample(problem, options, &mut |_| ControlFlow::Continue(())).expect("runs"))
}

fn with_problem<T>(kernel: Kernel, data: &Dataset, body: impl FnOnce(&SampleProblem) -> T) -> T {
    let (field, heavier) = (PointField { kernel, data }, PointField { kernel: Kernel::Poisson, data });
    let proposal = kernel.law().heavier().map(|law| Proposal { field: &heavier, law });
    body(&SampleProblem { field: &field, data, law: kernel.law(), proposal })
}

fn tight() -> StepControl {
    StepControl::Adaptive(Tolerances { atol: 1e-9, rtol: 1e-9, max_steps: 10_000 })
}

#[test]
fn paths_of_one_source_follow_the_closed_form_between_adaptive_steps() {
    // x - y = (x_T - y) (t/T)^power, at times that are not those of the steps.
    let data = Dataset::from_points(array![[0.3, -0.2]], None).expect("valid data");
    for (kernel, power) in [(Kernel::Poisson, 1.0), (Kernel::Diffusion, 0.5)] {
        for tableau in [&DOPRI5, &TSIT5] {
            let plain = SampleOptions::new(20, 3.0, 0.1);
            let options = SampleOptions { tableau, control: tight(), denoise: false, path: Some(GRID), ..plain };
            let path = run(kernel, &data, &options).path.expect("asked for");
            assert_eq!(path.dim(), (13, 20, 2));
            for (frame, t) in path.outer_iter().zip(GRID.times(3.0, 0.1)) {
                for (start, at) in path.index_axis(Axis(0), 0).outer_iter().zip(frame.outer_iter()) {
                    for axis in 0..2 {
                        let y = data.points()[[0, axis]];
                        let expected = y + (start[axis] - y) * (t / 3.0_f64).powf(power);
                        // Tolerance 1e-9 a step over some hundred steps, and as much again between them.
                        let scale = start[axis].abs().max(1.0);
                        assert!((at[axis] - expected).abs() < 1e-6 * scale, "{kernel:?} t {t}: {at} {expected}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_path_begins_at_the_prior_and_ends_in_the_sample() {
    let kernel = Kernel::Yukawa { mass: 1.5 };
    for (tableau, control) in [
        (&HEUN, StepControl::Grid { spacing: GRID.spacing, steps: GRID.steps }),
        (&TSIT5, StepControl::Adaptive(Tolerances::default())),
    ] {
        let plain = SampleOptions::new(100, 2.0, 1e-2);
        let options = SampleOptions { tableau, control, path: Some(GRID), resample_below: 0.98, ..plain };
        let run = run(kernel, &triangle(), &options);
        assert!(run.stats.resamplings > 1, "{:?}", run.stats);
        let path = run.path.expect("asked for");
        assert_eq!(path.index_axis(Axis(0), 0), run.prior_points);
        assert_eq!(path.index_axis(Axis(0), GRID.steps), run.points);
        // Slots of one origin hold one path, whatever slots it passed through on the way.
        for (i, a) in run.origins.iter().enumerate() {
            for (j, _) in run.origins.iter().enumerate().filter(|(_, b)| *b == a) {
                assert_eq!(path.index_axis(Axis(1), i), path.index_axis(Axis(1), j));
            }
        }
    }
}

#[test]
fn keeping_paths_changes_no_sample() {
    for control in [tight(), StepControl::Grid { spacing: Spacing::Uniform, steps: 9 }] {
        let options = SampleOptions { tableau: &DOPRI5, control, ..SampleOptions::new(50, 2.0, 1e-2) };
        let with = SampleOptions { path: Some(GRID), ..options };
        let (plain, kept) = (run(Kernel::Poisson, &triangle(), &options), run(Kernel::Poisson, &triangle(), &with));
        assert_eq!(plain, SampleRun { path: None, ..kept });
    }
}

#[test]
fn an_interruption_loses_no_part_of_a_path() {
    let control = StepControl::Adaptive(Tolerances { atol: 1e-4, rtol: 1e-4, max_steps: 1000 });
    let options = SampleOptions {
        tableau: &TSIT5,
        control,
        path: Some(GRID),
        resample_below: 0.98,
        ..SampleOptions::new(60, 2.0, 1e-2)
    };
    let kernel = Kernel::Yukawa { mass: 1.5 };
    let whole = run(kernel, &triangle(), &options);
    let pieces = with_problem(kernel, &triangle(), |problem| {
        let mut state = SampleState::draw(problem, &options).expect("draws");
        loop {
            match sample_resume(problem, &options, state, &mut |_| ControlFlow::Break(())) {
                Ok(run) => return run,
                Err(SampleError::Interrupted(at)) => state = *at,
                Err(other) => panic!("{other}"),
            }
        }
    });
    assert_eq!((whole.path, whole.points), (pieces.path, pieces.points));
}

#[test]
fn a_state_without_the_path_is_refused_and_so_is_a_path_too_large() {
    let data = triangle();
    with_problem(Kernel::Diffusion, &data, |problem| {
        let plain = SampleOptions::new(4, 2.0, 0.1);
        let with = SampleOptions { path: Some(GRID), ..plain };
        let go = |options: &SampleOptions, state| {
            sample_resume(problem, options, state, &mut |_| ControlFlow::Continue(())).map(|run| run.path.is_some())
        };
        let (bare, kept) =
            (SampleState::draw(problem, &plain).expect("draws"), SampleState::draw(problem, &with).expect("draws"));
        assert!(matches!(go(&with, bare), Err(SampleError::WrongState { .. })));
        assert!(matches!(go(&plain, kept.clone()), Err(SampleError::WrongState { .. })));
        assert!(matches!(go(&with, kept), Ok(true)));
        let vast = TimeGrid { steps: usize::MAX, ..GRID };
        let error = SampleState::draw(problem, &SampleOptions { path: Some(vast), ..plain }).expect_err("too large");
        assert!(matches!(error, SampleError::PathTooLarge { .. }), "{error}");
        let none = TimeGrid { steps: 0, ..GRID };
        let error = SampleState::draw(problem, &SampleOptions { path: Some(none), ..plain }).expect_err("no steps");
        assert!(matches!(error, SampleError::Option { option: "steps", .. }), "{error}");
        let mean = SampleOptions { prior: Prior::Limit, candidates: 0, ..plain };
        let error = SampleState::draw(problem, &mean).expect_err("no candidates");
        assert!(matches!(error, SampleError::Option { option: "candidates", .. }), "{error}");
    });
}
