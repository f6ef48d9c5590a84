//! Every method converges at its order; fixed and adaptive runs agree.

use std::ops::ControlFlow;

use genphys_runtime::data::Dataset;
use genphys_runtime::density::{DensityField, Evaluation, FieldError};
use genphys_runtime::sampler::{
    DOPRI5, ForwardLaw, HEUN, SampleOptions, SampleProblem, SampleRun, Spacing, StepControl, StepVariable, TABLEAUX,
    TSIT5, Tableau, TimeGrid, Tolerances, sample,
};
use ndarray::{ArrayView2, array};

use crate::fields::{Kernel, PointField, triangle};

/// A nonlinear flow with a known solution: `dx/dt = -cos(t) x^2` gives `1/x = c + sin t`, and `R/p = cos(t) x` gives
/// `log w = log(c + sin t) + constant`.
struct Riccati;

impl DensityField for Riccati {
    fn dim(&self) -> usize {
        1
    }

    fn evaluate(&self, t: f64, x: ArrayView2<f64>, out: &mut Evaluation) -> Result<(), FieldError> {
        out.resize(x.nrows(), 1);
        for (i, x) in x.column(0).iter().enumerate() {
            out.v[[i, 0]] = -t.cos() * x * x;
            out.r_over_p[i] = t.cos() * x;
        }
        Ok(())
    }

    fn displacement_rate(&self, _: f64) -> Option<f64> {
        None
    }
}

const SPAN: (f64, f64) = (1.5, 0.3);

fn riccati(tableau: &'static Tableau, control: StepControl, variable: StepVariable) -> SampleRun {
    let data = Dataset::from_points(array![[0.5]], None).expect("valid data");
    let law = ForwardLaw::diffusion(1e-4);
    let problem = SampleProblem { field: &Riccati, data: &data, law, proposal: None };
    let plain = SampleOptions::new(8, SPAN.0, SPAN.1);
    let options = SampleOptions { tableau, control, variable, equal_weights: false, resample_below: 0.0, ..plain };
    sample(&problem, &options, &mut |_| ControlFlow::Continue(())).expect("runs")
}

/// The largest error of `1/x` and of `log w`, each against its closed form.
fn errors(run: &SampleRun) -> (f64, f64) {
    let (mut point, mut weight) = (0.0_f64, 0.0_f64);
    for ((start, end), log_w) in run.prior_points.iter().zip(&run.points).zip(&run.log_weights) {
        let c = 1.0 / start - SPAN.0.sin();
        let exact = c + SPAN.1.sin();
        point = point.max((end - 1.0 / exact).abs());
        weight = weight.max((log_w - (exact * start).ln()).abs());
    }
    (point, weight)
}

#[test]
fn every_method_converges_at_its_order_in_both_variables() {
    for tableau in TABLEAUX {
        for variable in [StepVariable::LogTime, StepVariable::Time] {
            let grid = |steps| StepControl::Grid { spacing: Spacing::LogUniform, steps };
            let at = |steps| errors(&riccati(tableau, grid(steps), variable));
            let (coarse, fine) = (at(20), at(40));
            for (what, ratio) in [("points", coarse.0 / fine.0), ("weights", coarse.1 / fine.1)] {
                let rate = ratio.log2();
                let expected = f64::from(tableau.order);
                // At 20 steps of 0.08 the next order changes the rate by some tenths.
                assert!((rate - expected).abs() < 0.35, "{} {variable:?} {what}: rate {rate}", tableau.name);
            }
        }
    }
}

/// One path frame in the middle of one step of length `h` in `t`: its largest error of `1/x`, by dense output alone.
fn dense_error(tableau: &'static Tableau, h: f64) -> f64 {
    let data = Dataset::from_points(array![[0.5]], None).expect("valid data");
    let problem = SampleProblem { field: &Riccati, data: &data, law: ForwardLaw::diffusion(1e-4), proposal: None };
    let (t_max, t_min) = (1.0, 1.0 - h);
    let options = SampleOptions {
        tableau,
        control: StepControl::Grid { spacing: Spacing::Uniform, steps: 1 },
        variable: StepVariable::Time,
        resample_below: 0.0,
        // Times T, T - h/3, T - 2h/3 and T - h of the one step.
        path: Some(TimeGrid { spacing: Spacing::Uniform, steps: 3 }),
        ..SampleOptions::new(4, t_max, t_min)
    };
    let run = sample(&problem, &options, &mut |_| ControlFlow::Continue(())).expect("runs");
    let path = run.path.expect("asked for");
    let mut worst = 0.0_f64;
    for i in 0..4 {
        let c = 1.0 / path[[0, i, 0]] - t_max.sin();
        worst = worst.max((path[[1, i, 0]] - 1.0 / (c + (t_max - h / 3.0).sin())).abs());
    }
    worst
}

#[test]
fn every_dense_output_converges_at_its_order() {
    for tableau in TABLEAUX {
        let rate = (dense_error(tableau, 0.1) / dense_error(tableau, 0.05)).log2();
        // Within one step an interpolant of order q errs like h^(q+1); at h = 0.1 the next order shows in tenths.
        let expected = f64::from(tableau.dense_order + 1);
        assert!((rate - expected).abs() < 0.4, "{}: rate {rate}", tableau.name);
    }
}

#[test]
fn adaptive_steps_meet_their_tolerance_and_tighter_ones_cost_more() {
    for tableau in [&DOPRI5, &TSIT5] {
        check_adaptive(tableau);
    }
}

fn check_adaptive(tableau: &'static Tableau) {
    let mut last = 0;
    for tolerance in [1e-4, 1e-6, 1e-8] {
        let control = StepControl::Adaptive(Tolerances { atol: tolerance, rtol: tolerance, max_steps: 1000 });
        let run = riccati(tableau, control, StepVariable::LogTime);
        let (point, weight) = errors(&run);
        // The local error is held below the tolerance; the few dozen steps add up, on values below 1.
        assert!(point < 20.0 * tolerance && weight < 20.0 * tolerance, "{tolerance}: {point:e} {weight:e}");
        assert!(run.stats.evaluations > last);
        last = run.stats.evaluations;
        // First same as last: 7 at first, then 6 an attempt.
        let attempts = (run.stats.accepted + run.stats.rejected) as u64;
        assert_eq!(run.stats.evaluations, 6 * attempts + 1);
    }
}

#[test]
fn heun_with_its_embedded_euler_adapts_too() {
    let control = StepControl::Adaptive(Tolerances { atol: 1e-5, rtol: 1e-5, max_steps: 10_000 });
    let (point, weight) = errors(&riccati(&HEUN, control, StepVariable::LogTime));
    assert!(point < 1e-4 && weight < 1e-4, "{point:e} {weight:e}");
}

#[test]
fn heun_and_dormand_prince_agree_on_every_trajectory() {
    let data = triangle();
    for kernel in [Kernel::Diffusion, Kernel::Poisson, Kernel::Yukawa { mass: 0.7 }] {
        let field = PointField { kernel, data: &data };
        let problem = SampleProblem { field: &field, data: &data, law: kernel.law(), proposal: None };
        let run = |tableau, control| {
            let plain = SampleOptions::new(40, 5.0, 0.5);
            let options =
                SampleOptions { tableau, control, denoise: false, equal_weights: false, resample_below: 0.0, ..plain };
            sample(&problem, &options, &mut |_| ControlFlow::Continue(())).expect("runs")
        };
        let heun = run(&HEUN, StepControl::Grid { spacing: Spacing::LogUniform, steps: 800 });
        let adaptive = run(&DOPRI5, StepControl::Adaptive(Tolerances { atol: 1e-9, rtol: 1e-9, max_steps: 10_000 }));
        assert_eq!(heun.prior_points, adaptive.prior_points);
        assert!(adaptive.stats.evaluations < heun.stats.evaluations);
        for (i, (a, b)) in heun.points.rows().into_iter().zip(adaptive.points.rows()).enumerate() {
            // Heun at h = log(10)/800 errs by h^2 = 8e-6 times the length of the path, which Cauchy draws make long.
            let path = (&b - &heun.prior_points.row(i)).mapv(f64::abs).sum().max(1.0);
            let gap = (&a - &b).mapv(f64::abs).sum();
            assert!(gap < 2e-5 * path, "{kernel:?}, particle {i}: {gap:e} over {path}");
            let log_gap = (heun.log_weights[i] - adaptive.log_weights[i]).abs();
            assert!(log_gap < 2e-5 * path, "{kernel:?}, particle {i}: {log_gap:e}");
        }
    }
}

#[test]
fn one_source_is_left_along_its_ray_and_found_again() {
    // x - y scales as t for Poisson and as sqrt(t) for diffusion; the last step lands on y.
    let data = Dataset::from_points(array![[0.3, -0.2]], None).expect("valid data");
    for (kernel, power) in [(Kernel::Poisson, 1.0), (Kernel::Diffusion, 0.5)] {
        let field = PointField { kernel, data: &data };
        let problem = SampleProblem { field: &field, data: &data, law: kernel.law(), proposal: None };
        for denoise in [false, true] {
            let control = StepControl::Adaptive(Tolerances { atol: 1e-10, rtol: 1e-10, max_steps: 10_000 });
            let options = SampleOptions { tableau: &DOPRI5, control, denoise, ..SampleOptions::new(20, 3.0, 0.1) };
            let run = sample(&problem, &options, &mut |_| ControlFlow::Continue(())).expect("runs");
            let shrink = if denoise { 0.0 } else { (0.1_f64 / 3.0).powf(power) };
            for (start, end) in run.prior_points.rows().into_iter().zip(run.points.rows()) {
                for axis in 0..2 {
                    let y = data.points()[[0, axis]];
                    let expected = y + shrink * (start[axis] - y);
                    // Tolerance 1e-10 a step, some hundred steps, relative to draws of size 100.
                    let scale = start[axis].abs().max(1.0);
                    assert!((end[axis] - expected).abs() < 1e-8 * scale, "{kernel:?}: {end} {expected}");
                }
            }
        }
    }
}

#[test]
fn every_method_follows_the_rays_of_one_source_exactly_in_their_variable() {
    // Two steps over three decades of time, which in log t would miss by tens of percent.
    let data = Dataset::from_points(array![[0.3, -0.2]], None).expect("valid data");
    for (kernel, power) in [(Kernel::Poisson, 1.0), (Kernel::Yukawa { mass: 0.5 }, 1.0), (Kernel::Diffusion, 0.5)] {
        let field = PointField { kernel, data: &data };
        let problem = SampleProblem { field: &field, data: &data, law: kernel.law(), proposal: None };
        for tableau in TABLEAUX {
            let options = SampleOptions {
                tableau,
                control: StepControl::Grid { spacing: Spacing::LogUniform, steps: 2 },
                variable: kernel.law().ray_variable(),
                denoise: false,
                equal_weights: false,
                resample_below: 0.0,
                ..SampleOptions::new(20, 3.0, 3e-3)
            };
            let run = sample(&problem, &options, &mut |_| ControlFlow::Continue(())).expect("runs");
            for (start, end) in run.prior_points.rows().into_iter().zip(run.points.rows()) {
                for axis in 0..2 {
                    let y = data.points()[[0, axis]];
                    let expected = y + (start[axis] - y) * 1e-3_f64.powf(power);
                    // Rounding, at draws of size up to a thousand.
                    let scale = start[axis].abs().max(1.0);
                    assert!((end[axis] - expected).abs() < 1e-12 * scale, "{kernel:?} {}", tableau.name);
                }
            }
        }
    }
}
