//! Samplers whose steps a device takes: draws, paths and weights against those of the processor.

use std::ops::ControlFlow;
use std::sync::Mutex;

use genphys_compiler::kernel::Precision;
use genphys_compiler::source::Source;
use genphys_compiler::{Budget, analyze};
use genphys_runtime::data::Dataset;
use genphys_runtime::density::{DensityField, FieldError, StepPlan};
use genphys_runtime::field::Field;
use genphys_runtime::launch::{Device, Launches};
use genphys_runtime::model::Model;
use genphys_runtime::sampler::branching::effective_sample_size;
use genphys_runtime::sampler::{
    EULER, HEUN, Launcher, Population, Proposal, SampleError, SampleOptions, SampleProblem, SampleRun, SampleState,
    Spacing, Start, StepControl, TimeGrid, Tolerances, sample, sample_launched, sample_resume,
};
use ndarray::{Array2, array};

use crate::simulated::Simulated;
use crate::{Amount, on_devices};

on_devices!(one_launch_draws_and_takes_every_step, weights_of_a_heavier_prior_are_exact, samples_are_the_same_bits);

/// A launcher that takes at most so many steps at once, and counts what it is asked for.
struct Few<'a> {
    launches: &'a dyn Launcher,
    steps: usize,
    asked: Mutex<Vec<(bool, usize)>>,
}

impl Launcher for Few<'_> {
    fn steps_at_once(&self, _: usize) -> usize {
        self.steps
    }

    fn draws(&self) -> bool {
        self.launches.draws()
    }

    fn launch(&self, start: Start, plans: &[StepPlan]) -> Result<Population, FieldError> {
        self.asked.lock().expect("one thread").push((matches!(start, Start::Drawn(_)), plans.len()));
        self.launches.launch(start, plans)
    }
}

/// A law with its data on the processor.
struct Case {
    model: Model,
    data: Dataset,
    field: Field,
    heavier: Option<Field>,
}

const DIFFUSION: &str = "phi_t - lap(phi) = 0";
const POISSON: &str = "phi_tt + lap(phi) = 0";
const YUKAWA: &str = "phi_tt + lap(phi) - m^2 phi = 0 where m > 0";
const STABLE: &str = "phi_t + (-lap)^(3/4) phi = 0";

/// Weighted points off the origin.
fn points(dim: usize) -> Dataset {
    let rows = [[-1.0, 0.5, 0.2], [1.0, -0.5, 0.4], [0.6, 1.0, -0.7], [5.0, 5.0, 5.0]];
    let points = Array2::from_shape_fn((4, dim), |(row, axis)| 40.0 + rows[row][axis % 3]);
    Dataset::from_points(points, Some(vec![0.5, 0.2, 0.3, 0.0])).expect("valid data")
}

impl Case {
    fn new(text: &str, dim: usize, precision: Precision) -> Case {
        Case::of(text, points(dim), 0.5, precision)
    }

    /// With Yukawa's mass m.
    fn of(text: &str, data: Dataset, mass: f64, precision: Precision) -> Case {
        let analysis = analyze(&Source::new("test", text), Budget::default()).expect("valid text");
        let builder = Model::of(&analysis).dim(data.dim());
        let builder = if text == YUKAWA { builder.set("m", mass) } else { builder };
        let model = builder.build().expect("a model");
        let field = Field::new(&model, data.points().view(), data.weights(), precision).expect("a field");
        let heavier = Field::heavier(&model, data.points().view(), data.weights(), precision).expect("a field");
        Case { model, data, field, heavier }
    }

    fn problem(&self) -> SampleProblem<'_> {
        let law = self.model.forward_law();
        let proposal = self.heavier.as_ref().and_then(|field| Some(Proposal { field, law: law.heavier()? }));
        SampleProblem { field: &self.field, data: &self.data, law, proposal }
    }

    fn launches(&self, options: &SampleOptions) -> Option<Launches<Simulated>> {
        self.launches_on(&[Simulated::default()], options)
    }

    fn launches_on<D: Device>(&self, devices: &[D], options: &SampleOptions) -> Option<Launches<D>> {
        let fields = (&self.field, self.heavier.as_ref());
        Launches::new(devices, &self.problem(), fields, options).expect("launches")
    }

    /// A launched run of at most so many steps a launch, and what was launched: whether with a draw, how many steps.
    fn run(&self, options: &SampleOptions, steps: usize) -> (SampleRun, Vec<(bool, usize)>) {
        self.run_on(&Simulated::default(), options, steps)
    }

    fn run_on<D: Device>(&self, device: &D, options: &SampleOptions, steps: usize) -> (SampleRun, Vec<(bool, usize)>) {
        let launches = self.launches_on(std::slice::from_ref(device), options).expect("this fits");
        let few = Few { launches: &launches, steps, asked: Mutex::default() };
        let run = sample_launched(&few, &self.problem(), options, None, &mut |_| ControlFlow::Continue(()));
        (run.expect("runs"), few.asked.into_inner().expect("one thread"))
    }

    /// The run of the processor from the same draws.
    fn on_processor(&self, options: &SampleOptions, launched: &SampleRun) -> SampleRun {
        let mut state = SampleState::draw(&self.problem(), options).expect("a state");
        state.points = launched.prior_points.clone();
        state.prior_points = launched.prior_points.clone();
        sample_resume(&self.problem(), options, state, &mut |_| ControlFlow::Continue(())).expect("runs")
    }
}

/// Without the denoising step, so that a difference is not hidden by what all paths end in.
fn options(n: usize, steps: usize) -> SampleOptions {
    let control = StepControl::Grid { spacing: Spacing::LogUniform, steps };
    SampleOptions { seed: 11, tableau: &HEUN, control, denoise: false, ..SampleOptions::new(n, 3.0, 0.3) }
}

fn largest_difference(a: &Array2<f64>, b: &Array2<f64>) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

fn one_launch_draws_and_takes_every_step<D: Device>(device: &D, _: Amount) {
    for (text, dim) in [(DIFFUSION, 3), (POISSON, 2), (POISSON, 1)] {
        // Lengths are of order 1 after the draw, and up to 1e4 in it; a step in f32 rounds a query at 1 and the distances at what they are.
        for (precision, bound) in [(Precision::F32, 1e-6), (Precision::F64, 1e-14)] {
            let (case, options) = (Case::new(text, dim, precision), options(150, 10));
            let (run, asked) = case.run_on(device, &options, usize::MAX);
            assert_eq!(asked, [(true, 10)], "the draw and all steps in one launch");
            assert_eq!(run.stats.evaluations, 20);
            let expected = case.on_processor(&options, &run);
            let scale = run.prior_points.iter().fold(1.0, |m: f64, x| m.max(x.abs()));
            let error = largest_difference(&run.points, &expected.points);
            assert!(error < 20.0 * bound * scale, "{text} in {precision}, N = {dim}: {error:e} at {scale:e}");
            assert_eq!(run.ess, 150.0);
            assert!(run.log_mass.abs() < 1e-15);
        }
    }
}

#[test]
fn splitting_and_interrupting_change_no_bit() {
    let (case, options) = (Case::new(POISSON, 2, Precision::F32), options(40, 7));
    let (whole, _) = case.run(&options, usize::MAX);
    let (split, asked) = case.run(&options, 3);
    assert_eq!(asked, [(true, 3), (false, 3), (false, 1)]);
    assert_eq!(whole, split);
    let launches = case.launches(&options).expect("this fits");
    let few = Few { launches: &launches, steps: 2, asked: Mutex::default() };
    let problem = case.problem();
    let mut calls = 0;
    let stopped = sample_launched(&few, &problem, &options, None, &mut |_| {
        calls += 1;
        if calls == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let Err(SampleError::Interrupted(state)) = stopped else { panic!("not interrupted") };
    assert_eq!(state.step, 4);
    let resumed = sample_launched(&few, &problem, &options, Some(*state), &mut |_| ControlFlow::Continue(()));
    assert_eq!(resumed.expect("runs"), whole);
}

#[test]
fn samples_end_on_the_data_by_their_weights() {
    const N: usize = 1200;
    for (text, dim, precision) in [(DIFFUSION, 2, Precision::F32), (POISSON, 3, Precision::F64)] {
        let case = Case::new(text, dim, precision);
        let options = SampleOptions { denoise: true, t_min: 1e-3, ..options(N, 24) };
        let (run, _) = case.run(&options, usize::MAX);
        let share = |row: usize| {
            let near = |x: ndarray::ArrayView1<f64>| {
                x.iter().zip(case.data.points().row(row)).all(|(x, y)| (x - y).abs() < 1e-2)
            };
            run.points.rows().into_iter().filter(|x| near(*x)).count() as f64 / N as f64
        };
        let shares: Vec<f64> = (0..4).map(share).collect();
        assert!(shares.iter().sum::<f64>() > 0.99, "{text}: {shares:?}");
        for (share, weight) in shares.iter().zip(case.data.weights()) {
            let sigma = (weight * (1.0 - weight) / N as f64).sqrt();
            // Near the surfaces between basins 24 steps are too long for up to 1 in 100.
            assert!((share - weight).abs() <= 4.0 * sigma + 0.01, "{text}: {shares:?}");
        }
    }
}

fn weights_of_a_heavier_prior_are_exact<D: Device>(device: &D, _: Amount) {
    for precision in [Precision::F32, Precision::F64] {
        let case = Case::new(YUKAWA, 2, precision);
        let options = SampleOptions { equal_weights: false, candidates: 1, ..options(800, 12) };
        let (run, asked) = case.run_on(device, &options, usize::MAX);
        assert_eq!(asked, [(true, 12)]);
        // The processor from the same draws: its weights begin with p/q, as the draws of the launch do.
        let mut state = SampleState::draw(&case.problem(), &options).expect("a state");
        state.points = run.prior_points.clone();
        state.prior_points = run.prior_points.clone();
        let problem = case.problem();
        let log_p = |field: &Field| {
            let mut at = genphys_runtime::density::Evaluation::new(800, 2);
            field.evaluate(3.0, run.prior_points.view(), &mut at).expect("a field");
            at.log_p
        };
        let (log_p, log_q) = (log_p(&case.field), log_p(case.heavier.as_ref().expect("a heavier law")));
        state.log_weights = log_p.iter().zip(&log_q).map(|(p, q)| p - q).collect();
        let never = SampleOptions { resample_below: 0.0, ..options };
        let expected = sample_resume(&problem, &never, state, &mut |_| ControlFlow::Continue(())).expect("runs");
        for i in 0..800 {
            let scale = run.prior_points.row(i).iter().fold(1.0, |m: f64, x| m.max(x.abs()));
            let (a, b) = (run.log_weights[i], expected.log_weights[i]);
            // A log weight falls and rises by m rho, which is rounded to eps m rho in every one of 24 evaluations.
            let bound = precision.epsilon() * scale * 64.0 * 24.0;
            assert!((a - b).abs() < bound, "{precision}, particle {i}: {a} for {b} at {scale}");
        }
        // The mean weight is the mass exp(-m t), within four standard deviations.
        let weights: Vec<f64> = run.log_weights.iter().map(|w| w.exp()).collect();
        let mean = weights.iter().sum::<f64>() / 800.0;
        let sigma = (weights.iter().map(|w| (w - mean).powi(2)).sum::<f64>() / 800.0 / 800.0).sqrt();
        assert!((mean - (-0.5 * 0.3f64).exp()).abs() < 4.0 * sigma, "{precision}: {mean} ({sigma})");
    }
}

#[test]
fn uneven_weights_choose_among_more_draws() {
    // Two points whose basins part the draws unevenly.
    let data = Dataset::from_points(array![[-1.0, 0.0], [1.0, 0.0]], Some(vec![0.9, 0.1])).expect("valid data");
    let case = Case::of(YUKAWA, data, 2.0, Precision::F32);
    let options = SampleOptions { t_max: 2.0, t_min: 1e-2, ..options(100, 6) };
    // A population is even enough at 0.8 n; these draws at the end of their paths are not.
    let alone = SampleOptions { candidates: 1, equal_weights: false, ..options };
    let ess = effective_sample_size(&case.run(&alone, usize::MAX).0.log_weights);
    assert!(ess < 80.0, "{ess}");
    let (run, asked) = case.run(&options, usize::MAX);
    assert_eq!(asked, [(true, 6), (true, 6)]);
    assert_eq!(run.stats.candidates, 400);
    assert_eq!((run.stats.evaluations, run.stats.proposal_evaluations), (4 * 12, 4), "of 100 particles each");
    assert!(run.log_weights.iter().all(|w| (w - run.log_weights[0]).abs() < 1e-12));
    // Samples of one origin are the same point, drawn at the same place.
    for (i, origin) in run.origins.iter().enumerate() {
        assert_eq!(run.points.row(i), run.points.row(*origin));
        assert_eq!(run.prior_points.row(i), run.prior_points.row(*origin));
    }
    // An interrupted one begins again.
    let launches = case.launches(&options).expect("this fits");
    let few = Few { launches: &launches, steps: 2, asked: Mutex::default() };
    let problem = case.problem();
    let stopped = sample_launched(&few, &problem, &options, None, &mut |_| ControlFlow::Break(()));
    let Err(SampleError::Interrupted(state)) = stopped else { panic!("not interrupted") };
    assert_eq!(state.step, 0);
    let resumed = sample_launched(&few, &problem, &options, Some(*state), &mut |_| ControlFlow::Continue(()));
    assert_eq!(resumed.expect("runs"), run);
}

#[test]
fn particles_lost_to_underflow_are_taken_by_the_field() {
    // Two long steps of Euler's method lead up to a hundred standard deviations beyond the data, where linear weights in f32 are zero.
    let case = Case::new(DIFFUSION, 2, Precision::F32);
    let options = SampleOptions { tableau: &EULER, t_max: 100.0, t_min: 1e-4, ..options(30, 3) };
    let (run, _) = case.run(&options, usize::MAX);
    let expected = case.on_processor(&options, &run);
    let scale = expected.points.iter().fold(1.0, |m: f64, x| m.max(x.abs()));
    assert!(largest_difference(&run.points, &expected.points) < 1e-4 * scale);
    // That some were lost: the launch alone has numbers that are not finite.
    let launches = case.launches(&options).expect("this fits");
    let lost = Mutex::new(0);
    let count = Counting { launches: &launches, lost: &lost };
    let again = sample_launched(&count, &case.problem(), &options, None, &mut |_| ControlFlow::Continue(()));
    assert_eq!(again.expect("runs"), run);
    assert!(*lost.lock().expect("one thread") > 0);
}

/// Counts the particles that launches lose.
struct Counting<'a> {
    launches: &'a Launches<Simulated>,
    lost: &'a Mutex<usize>,
}

impl Launcher for Counting<'_> {
    fn steps_at_once(&self, particles: usize) -> usize {
        self.launches.steps_at_once(particles)
    }

    fn draws(&self) -> bool {
        self.launches.draws()
    }

    fn launch(&self, start: Start, plans: &[StepPlan]) -> Result<Population, FieldError> {
        let population = self.launches.launch(start, plans)?;
        let rows = population.points.rows().into_iter();
        *self.lost.lock().expect("one thread") += rows.filter(|x| x.iter().any(|x| !x.is_finite())).count();
        Ok(population)
    }
}

#[test]
fn laws_that_no_device_draws_come_from_the_processor() {
    let (case, options) = (Case::new(STABLE, 2, Precision::F64), options(20, 5));
    let (run, asked) = case.run(&options, usize::MAX);
    assert_eq!(asked, [(false, 5)]);
    let expected = sample(&case.problem(), &options, &mut |_| ControlFlow::Continue(())).expect("runs");
    assert_eq!(run.prior_points, expected.prior_points, "the same draws");
    let scale = run.prior_points.iter().fold(1.0, |m: f64, x| m.max(x.abs()));
    assert!(largest_difference(&run.points, &expected.points) < 1e-11 * scale);
}

/// A launched run on these devices, and what is to be said of it.
fn run_shared<D: Device>(case: &Case, devices: &[D], options: &SampleOptions) -> (SampleRun, Option<String>) {
    let launches = case.launches_on(devices, options).expect("this fits");
    let run = sample_launched(&launches, &case.problem(), options, None, &mut |_| ControlFlow::Continue(()));
    (run.expect("runs"), launches.note())
}

/// A seed gives the same samples on every run, whoever shares them; the processor's are others, of the same law.
fn samples_are_the_same_bits<D: Device>(device: &D, amount: Amount) {
    let n = if amount == Amount::All { 100_000 } else { 520 };
    for (text, dim, precision) in [(DIFFUSION, 3, Precision::F32), (YUKAWA, 2, Precision::F64)] {
        let (case, options) = (Case::new(text, dim, precision), options(n, 3));
        let (whole, _) = run_shared(&case, std::slice::from_ref(device), &options);
        let (shared, note) = run_shared(&case, &[device.clone(), device.clone()], &options);
        assert_eq!(shared, whole, "{text}, N = {dim}");
        assert_eq!(note, None);
    }
}

#[test]
fn short_memory_and_several_devices_change_no_bit() {
    // Drawn on the device, drawn with the weights of a proposal, drawn by the processor.
    for (text, precision) in [(POISSON, Precision::F32), (YUKAWA, Precision::F32), (STABLE, Precision::F64)] {
        let (case, options) = (Case::new(text, 2, precision), options(1100, 2));
        let (whole, note) = run_shared(&case, &[Simulated::default()], &options);
        assert_eq!(note, None, "memory was not short");
        let (split, note) = run_shared(&case, &[Simulated::with_room(300 * 2 * 8)], &options);
        assert_eq!(split, whole, "{text} in small launches");
        assert_eq!(note.as_deref(), Some("the GPU: memory ran short, so that particles were taken 275 at a time"));
        let several = [Simulated::default(), Simulated::with_room(300 * 2 * 8), Simulated::default()];
        let (shared, note) = run_shared(&case, &several, &options);
        assert_eq!(shared, whole, "{text} on three devices");
        let note = note.expect("the second has little memory");
        assert!(note.starts_with("GPU 1 of 3, the machine of the tests: memory ran short"), "{note}");
        assert!(several.iter().all(|device| device.launches() > 0), "every device took its part");
    }
}

#[test]
fn memory_that_is_too_short_for_the_least_launch_is_an_error() {
    let (case, options) = (Case::new(POISSON, 2, Precision::F32), options(1100, 2));
    let launches = case.launches_on(&[Simulated::with_room(200 * 2 * 8)], &options).expect("this fits");
    let run = sample_launched(&launches, &case.problem(), &options, None, &mut |_| ControlFlow::Continue(()));
    let Err(SampleError::Field { source, .. }) = run else { panic!("nothing fits") };
    assert_eq!(
        source.to_string(),
        "the GPU's memory is full: 256 particles do not fit; fewer data points, or --device cpu"
    );
}

#[test]
fn few_particles_stay_on_one_device() {
    let (case, options) = (Case::new(POISSON, 2, Precision::F32), options(400, 2));
    let devices = [Simulated::default(), Simulated::default()];
    run_shared(&case, &devices, &options);
    assert_eq!(devices.map(|device| device.launches()), [1, 0]);
}

#[test]
fn what_needs_the_field_step_by_step_has_no_launches() {
    let case = Case::new(POISSON, 2, Precision::F32);
    let plain = options(10, 4);
    assert!(case.launches(&plain).is_some());
    let adaptive = SampleOptions { control: StepControl::Adaptive(Tolerances::default()), ..plain };
    assert!(case.launches(&adaptive).is_none());
    let path = SampleOptions { path: Some(TimeGrid { spacing: Spacing::LogUniform, steps: 4 }), ..plain };
    assert!(case.launches(&path).is_none());
    assert!(Case::new(POISSON, 4, Precision::F32).launches(&plain).is_none(), "four dimensions");
}
