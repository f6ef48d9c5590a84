//! Weights: what the twist is for, and that population control is unbiased.

use std::ops::ControlFlow;

use genphys_runtime::data::{Dataset, builtin};
use genphys_runtime::sampler::branching::effective_sample_size;
use genphys_runtime::sampler::{Progress, Proposal, SampleOptions, SampleProblem, SampleRun, sample};
use ndarray::array;

use crate::fields::{Kernel, PointField};

const MASS: Kernel = Kernel::Yukawa { mass: 2.0 };

fn run(data: &Dataset, with_proposal: bool, options: &SampleOptions) -> SampleRun {
    run_watched(data, with_proposal, options, &mut |_| ControlFlow::Continue(()))
}

fn run_watched(
    data: &Dataset,
    with_proposal: bool,
    options: &SampleOptions,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> SampleRun {
    let (field, heavier) = (PointField { kernel: MASS, data }, PointField { kernel: Kernel::Poisson, data });
    let proposal = Proposal { field: &heavier, law: Kernel::Poisson.law() };
    let law = MASS.law();
    let problem = SampleProblem { field: &field, data, law, proposal: with_proposal.then_some(proposal) };
    sample(&problem, options, progress).expect("runs")
}

fn options(n: usize) -> SampleOptions {
    SampleOptions { equal_weights: false, ..SampleOptions::new(n, 2.0, 1e-4) }
}

#[test]
fn one_source_ends_with_equal_weights_and_no_resampling() {
    // The twisted weight of one source is constant, so every weight ends at 1, though their size falls far on the way.
    let data = Dataset::from_points(array![[0.0, 0.0]], None).expect("valid data");
    let mut least = f64::INFINITY;
    let run = run_watched(&data, true, &options(2000), &mut |progress| {
        least = least.min(effective_sample_size(&progress.state.log_weights));
        ControlFlow::Continue(())
    });
    assert!(least < 0.5 * 2000.0, "the plain weights do degenerate: {least}");
    assert!(run.stats.proposal_evaluations > 1, "so the twisted ones are asked for");
    assert_eq!(run.stats.resamplings, 0, "and found to be fine");
    assert!(run.ess > 0.99 * 2000.0, "{}", run.ess);
    assert!(run.log_mass.abs() < 0.02, "{}", run.log_mass);
}

#[test]
fn drawing_from_the_flow_itself_degenerates() {
    // The naive way: infinite variance of the birth weights shows as a small effective size.
    let data = builtin("two_points", 2, 0).expect("built in");
    let (naive, heavier) = (run(&data, false, &options(4000)), run(&data, true, &options(4000)));
    assert!(naive.ess < 0.1 * 4000.0, "naive: {}", naive.ess);
    assert!(heavier.ess > 5.0 * naive.ess, "heavier: {} against {}", heavier.ess, naive.ess);
    // Resampling hides the loss from the weights; the lineages still show it.
    assert!(effective_sample_size(&naive.log_weights) > 2.0 * naive.ess);
}

#[test]
fn the_naive_way_begins_at_the_mass_of_the_flow() {
    // Without a proposal every weight begins at exp(-m T) and grows.
    let data = builtin("two_points", 2, 0).expect("built in");
    let mut first = None;
    run_watched(&data, false, &SampleOptions { resample_below: 0.0, ..options(50) }, &mut |progress| {
        first.get_or_insert(progress.state.log_weights.clone());
        ControlFlow::Continue(())
    });
    // One step of log(20000)/64 = 0.15 in log t has raised them by at least m rho h > 0.3, and not by all they lack.
    assert!(first.expect("a step").iter().all(|log_w| *log_w > -4.0));
}

#[test]
fn resampling_on_twisted_weights_does_not_bias_the_mass() {
    // Forced to resample at every step, on average over seeds the mass must still come out as 1.
    let data = builtin("two_points", 2, 0).expect("built in");
    let runs = 40;
    let forced = |seed| SampleOptions { resample_below: 1.0, seed, ..options(200) };
    let masses: Vec<f64> = (0..runs).map(|seed| run(&data, true, &forced(seed)).log_mass.exp()).collect();
    let mean = masses.iter().sum::<f64>() / runs as f64;
    let sigma = (masses.iter().map(|m| (m - mean).powi(2)).sum::<f64>() / (runs * (runs - 1)) as f64).sqrt();
    assert!(sigma < 0.02, "{sigma}");
    // Four sigma, and 0.002 for 64 steps of Heun and exp(-m t_min).
    assert!((mean - 1.0).abs() < 4.0 * sigma + 0.002, "{mean} +- {sigma}");
    let stats = run(&data, true, &forced(0)).stats;
    assert!(stats.resamplings > 10 && stats.births > 0, "{stats:?}");
    assert_eq!(stats.births, stats.deaths);
}

#[test]
fn looking_ahead_raises_the_effective_size_without_bias() {
    let data = builtin("two_points", 2, 0).expect("built in");
    let with = |candidates, seed| run(&data, true, &SampleOptions { candidates, seed, ..options(500) });
    let runs: Vec<(SampleRun, SampleRun)> = (0..30).map(|seed| (with(1, seed), with(4, seed))).collect();
    let mean = |of: &dyn Fn(&(SampleRun, SampleRun)) -> f64| runs.iter().map(of).sum::<f64>() / 30.0;
    let (plain, ahead) = (mean(&|r| r.0.ess), mean(&|r| r.1.ess));
    assert!(plain < 0.75 * 500.0 && ahead > 0.88 * 500.0, "{plain} {ahead}");
    // The mass is 1; one sigma of the mean of 30 runs of 500 draws is below sqrt(1/0.6/15000) = 0.011.
    let mass = mean(&|r| r.1.log_mass.exp());
    assert!((mass - 1.0).abs() < 4.0 * 0.011, "{mass}");
    // The first draws are the same ones; more of them cost evaluations, and both are told.
    assert!(runs.iter().all(|(a, b)| a.stats.candidates == 500 && b.stats.candidates % 500 == 0));
    assert!(runs.iter().all(|(a, b)| b.stats.evaluations > a.stats.evaluations));
}

#[test]
fn equal_weights_at_the_end_keep_the_mass() {
    let data = builtin("two_points", 2, 0).expect("built in");
    let weighted = run(&data, true, &options(500));
    let equal = run(&data, true, &SampleOptions { equal_weights: true, ..options(500) });
    assert_eq!(weighted.ess, equal.ess);
    assert!(effective_sample_size(&weighted.log_weights) < 500.0);
    // Equal up to the rounding of exp and log at weights about 1.
    assert!(equal.log_weights.iter().all(|log_w| (log_w - weighted.log_mass).abs() < 1e-12));
    assert_eq!(equal.stats.resamplings, weighted.stats.resamplings + 1);
}
