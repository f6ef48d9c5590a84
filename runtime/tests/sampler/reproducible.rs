//! The same seed gives the same samples: at any thread count, and through any interruption.

use std::ops::ControlFlow;

use genphys_runtime::data::{Dataset, builtin};
use genphys_runtime::sampler::{
    DOPRI5, Proposal, SampleError, SampleOptions, SampleProblem, SampleRun, SampleState, SampleStats, StepControl,
    Tolerances, sample, sample_resume,
};

use crate::fields::{Kernel, PointField, triangle};

const KERNEL: Kernel = Kernel::Yukawa { mass: 1.5 };

/// Heun on a grid and Dormand-Prince with adaptive steps, both made to resample often.
fn both(n: usize) -> [SampleOptions; 2] {
    let heun = SampleOptions { resample_below: 0.98, seed: 5, ..SampleOptions::new(n, 2.0, 1e-2) };
    let control = StepControl::Adaptive(Tolerances { atol: 1e-4, rtol: 1e-4, max_steps: 1000 });
    [heun, SampleOptions { tableau: &DOPRI5, control, ..heun }]
}

fn with_problem<T>(data: &Dataset, body: impl FnOnce(&SampleProblem) -> T) -> T {
    let (field, heavier) = (PointField { kernel: KERNEL, data }, PointField { kernel: Kernel::Poisson, data });
    let proposal = Some(Proposal { field: &heavier, law: Kernel::Poisson.law() });
    body(&SampleProblem { field: &field, data, law: KERNEL.law(), proposal })
}

fn run(options: &SampleOptions) -> SampleRun {
    with_problem(&triangle(), |problem| sample(problem, options, &mut |_| ControlFlow::Continue(())).expect("runs"))
}

#[test]
fn one_and_two_threads_agree_bit_for_bit() {
    for options in both(500) {
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            pool.install(|| run(&options))
        };
        let (one, two) = (on(1), on(2));
        assert_eq!(one, two);
        assert!(one.stats.resamplings > 1, "population control took part: {:?}", one.stats);
        assert_ne!(one.points, run(&SampleOptions { seed: 6, ..options }).points);
    }
}

#[test]
fn a_sample_does_not_depend_on_how_many_there_are() {
    // Without branching, particle 7 of 10 is particle 7 of 1000, on a fixed grid.
    let data = builtin("two_moons", 30, 0).expect("built in");
    let field = PointField { kernel: Kernel::Diffusion, data: &data };
    let problem = SampleProblem { field: &field, data: &data, law: Kernel::Diffusion.law(), proposal: None };
    let run = |n| {
        let options = SampleOptions::new(n, 3.0, 1e-2);
        sample(&problem, &options, &mut |_| ControlFlow::Continue(())).expect("runs").points
    };
    assert_eq!(run(10).row(7), run(1000).row(7));
}

/// Runs, stopping after every step and taking the state up again.
fn in_pieces(problem: &SampleProblem, options: &SampleOptions) -> SampleRun {
    let mut state = SampleState::draw(problem, options).expect("draws");
    loop {
        match sample_resume(problem, options, state, &mut |_| ControlFlow::Break(())) {
            Ok(run) => return run,
            Err(SampleError::Interrupted(at)) => state = *at,
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn an_interrupted_run_goes_on_to_the_same_samples() {
    for options in both(200) {
        let whole = run(&options);
        let pieces = with_problem(&triangle(), |problem| in_pieces(problem, &options));
        assert_eq!(whole.points, pieces.points);
        assert_eq!(whole.log_weights, pieces.log_weights);
        assert_eq!(whole.prior_points, pieces.prior_points);
        // Only the stage handed from step to step is evaluated anew.
        let without = |stats: SampleStats| SampleStats { evaluations: 0, ..stats };
        assert_eq!(without(whole.stats), without(pieces.stats));
        assert!(pieces.stats.evaluations >= whole.stats.evaluations);
    }
}

#[test]
fn progress_counts_up_to_the_end() {
    for options in both(50) {
        let mut told = Vec::new();
        let run = with_problem(&triangle(), |problem| {
            sample(problem, &options, &mut |progress| {
                assert_eq!(progress.state.points.dim(), (50, 2));
                told.push((progress.step, progress.of, progress.t, progress.fraction, progress.evaluations));
                ControlFlow::Continue(())
            })
            .expect("runs")
        });
        assert_eq!(told.len(), run.stats.accepted);
        assert!(told.windows(2).all(|w| w[0].0 + 1 == w[1].0 && w[0].2 > w[1].2 && w[0].3 < w[1].3 && w[0].4 < w[1].4));
        let last = told[told.len() - 1];
        assert_eq!((last.2, last.3), (1e-2, 1.0));
        assert_eq!(last.1, matches!(options.control, StepControl::Grid { .. }).then_some(64));
    }
}

#[test]
fn an_interruption_carries_the_state() {
    let [options, _] = both(50);
    let stopped = with_problem(&triangle(), |problem| {
        sample(problem, &options, &mut |p| {
            if p.step == 10 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
    });
    let Err(SampleError::Interrupted(state)) = stopped else { panic!("not interrupted") };
    assert_eq!((state.step, state.points.dim(), state.log_weights.len()), (10, (50, 2), 50));
    assert!(state.t < 2.0 && state.t > 1e-2);
    let text = SampleError::Interrupted(state).to_string();
    assert!(text.contains("step 10"), "{text}");
}
