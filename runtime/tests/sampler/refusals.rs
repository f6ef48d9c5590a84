//! Wrong input is an error that names it, never a panic.

use std::ops::ControlFlow;

use genphys_runtime::data::Dataset;
use genphys_runtime::density::{DensityField, Evaluation, FieldError};
use genphys_runtime::sampler::{
    EULER, ForwardLaw, HEUN, SampleError, SampleOptions, SampleProblem, SampleState, Spacing, StepControl, Tolerances,
    sample, sample_resume,
};
use ndarray::{Array2, ArrayView2, array};

use crate::fields::{Kernel, PointField, triangle};

fn refusal(law: ForwardLaw, options: &SampleOptions) -> SampleError {
    let data = triangle();
    let field = PointField { kernel: Kernel::Diffusion, data: &data };
    let problem = SampleProblem { field: &field, data: &data, law, proposal: None };
    sample(&problem, options, &mut |_| ControlFlow::Continue(())).expect_err("must be refused")
}

fn good() -> SampleOptions {
    SampleOptions::new(4, 2.0, 0.1)
}

#[test]
fn numbers_of_samples_and_times() {
    let law = ForwardLaw::diffusion(1.0);
    assert!(matches!(refusal(law, &SampleOptions { n: 0, ..good() }), SampleError::NoSamples));
    assert!(matches!(refusal(law, &SampleOptions { n: usize::MAX, ..good() }), SampleError::TooLarge { .. }));
    assert!(matches!(refusal(law, &SampleOptions { n: 1 << 60, ..good() }), SampleError::TooLarge { .. }));
    for (t_max, t_min) in
        [(2.0, 2.0), (1.0, 2.0), (2.0, 0.0), (2.0, -1.0), (f64::NAN, 0.1), (2.0, f64::NAN), (f64::INFINITY, 0.1)]
    {
        let error = refusal(law, &SampleOptions { t_max, t_min, ..good() });
        assert!(matches!(error, SampleError::Times { .. }), "{t_max}, {t_min}: {error}");
    }
}

#[test]
fn options_are_named_in_the_refusal() {
    let adaptive = |atol, rtol| StepControl::Adaptive(Tolerances { atol, rtol, max_steps: 10 });
    let power = |rho| StepControl::Grid { spacing: Spacing::Power { rho }, steps: 5 };
    let cases = [
        ("steps", SampleOptions { control: StepControl::Grid { spacing: Spacing::Uniform, steps: 0 }, ..good() }),
        ("rho", SampleOptions { control: power(0.5), ..good() }),
        ("rho", SampleOptions { control: power(f64::NAN), ..good() }),
        ("tolerances", SampleOptions { control: adaptive(0.0, 1e-3), ..good() }),
        ("tolerances", SampleOptions { control: adaptive(1e-3, f64::NAN), ..good() }),
        ("tableau", SampleOptions { control: adaptive(1e-3, 1e-3), tableau: &EULER, ..good() }),
        ("resample_below", SampleOptions { resample_below: 1.5, ..good() }),
        ("resample_below", SampleOptions { resample_below: f64::NAN, ..good() }),
    ];
    for (name, options) in cases {
        let error = refusal(ForwardLaw::diffusion(1.0), &options);
        assert!(matches!(error, SampleError::Option { option, .. } if option == name), "{name}: {error}");
        assert!(error.to_string().contains(name));
    }
}

#[test]
fn laws_and_dimensions() {
    for law in [
        ForwardLaw::diffusion(0.0),
        ForwardLaw::poisson(-1.0),
        ForwardLaw::yukawa(1.0, f64::NAN),
        ForwardLaw::yukawa(f64::INFINITY, 1.0),
        ForwardLaw { killing: f64::NAN, ..ForwardLaw::diffusion(1.0) },
    ] {
        assert!(matches!(refusal(law, &good()), SampleError::Law { .. }), "{law:?}");
    }
    let (plane, line) = (triangle(), Dataset::from_points(array![[0.0]], None).expect("valid data"));
    let field = PointField { kernel: Kernel::Diffusion, data: &plane };
    let problem = SampleProblem { field: &field, data: &line, law: ForwardLaw::diffusion(1.0), proposal: None };
    let error = sample(&problem, &good(), &mut |_| ControlFlow::Continue(())).expect_err("must be refused");
    assert!(matches!(error, SampleError::Dimensions { field: 2, data: 1 }));
}

#[test]
fn a_prior_out_of_range_is_noticed() {
    let error = refusal(ForwardLaw::poisson(1.0), &SampleOptions { t_max: 1e300, ..good() });
    assert!(matches!(error, SampleError::Diverged { step: 0, .. }), "{error}");
}

/// A field that answers what it is told to, in one dimension.
struct Scripted {
    v: f64,
    log_p: f64,
}

impl DensityField for Scripted {
    fn dim(&self) -> usize {
        1
    }

    fn evaluate(&self, _: f64, x: ArrayView2<f64>, out: &mut Evaluation) -> Result<(), FieldError> {
        *out = Evaluation::new(x.nrows(), 1);
        out.log_p.fill(self.log_p);
        out.v.fill(self.v);
        Ok(())
    }

    fn displacement_rate(&self, _: f64) -> Option<f64> {
        None
    }
}

fn scripted(field: Scripted, options: &SampleOptions) -> SampleError {
    let data = Dataset::from_points(array![[0.0]], None).expect("valid data");
    let problem = SampleProblem { field: &field, data: &data, law: ForwardLaw::diffusion(1.0), proposal: None };
    sample(&problem, options, &mut |_| ControlFlow::Continue(())).expect_err("must fail")
}

#[test]
fn fields_that_misbehave_are_noticed() {
    let error = scripted(Scripted { v: f64::NAN, log_p: 0.0 }, &good());
    assert!(matches!(
        error,
        SampleError::Field { step: 0, source: FieldError::NonFiniteOutput { quantity: "v", .. }, .. }
    ));
    let error = scripted(Scripted { v: 0.0, log_p: f64::NEG_INFINITY }, &good());
    assert!(matches!(error, SampleError::Field { source: FieldError::NonFiniteOutput { quantity: "log p", .. }, .. }));
    let far = SampleOptions { t_max: 1e4, t_min: 1.0, ..good() };
    let error = scripted(Scripted { v: f64::MAX, log_p: 0.0 }, &far);
    assert!(matches!(error, SampleError::Diverged { .. }), "{error}");
}

/// A velocity with an edge that no step size smooths.
struct Edge;

impl DensityField for Edge {
    fn dim(&self) -> usize {
        1
    }

    fn evaluate(&self, t: f64, x: ArrayView2<f64>, out: &mut Evaluation) -> Result<(), FieldError> {
        *out = Evaluation::new(x.nrows(), 1);
        out.v.fill(if t > 1.0 { 0.0 } else { 1e12 });
        Ok(())
    }

    fn displacement_rate(&self, _: f64) -> Option<f64> {
        None
    }
}

#[test]
fn tolerances_that_cannot_be_met_end_the_run() {
    let data = Dataset::from_points(array![[0.0]], None).expect("valid data");
    let problem = SampleProblem { field: &Edge, data: &data, law: ForwardLaw::diffusion(1.0), proposal: None };
    let with = |max_steps| {
        let control = StepControl::Adaptive(Tolerances { atol: 1e-12, rtol: 1e-14, max_steps });
        let options = SampleOptions { control, tableau: &HEUN, ..good() };
        sample(&problem, &options, &mut |_| ControlFlow::Continue(())).expect_err("must fail")
    };
    assert!(matches!(with(5), SampleError::TooManySteps { attempts: 5, .. }));
    let error = with(100_000);
    assert!(matches!(error, SampleError::StepTooSmall { .. }), "{error}");
}

#[test]
fn a_state_of_another_run_is_refused() {
    let data = triangle();
    let field = PointField { kernel: Kernel::Diffusion, data: &data };
    let problem = SampleProblem { field: &field, data: &data, law: ForwardLaw::diffusion(1.0), proposal: None };
    let state = SampleState::draw(&problem, &good()).expect("draws");
    let spoil: [fn(&mut SampleState); 7] = [
        |s| s.origins[2] = 4,
        |s| s.points = Array2::zeros((3, 2)),
        |s| s.log_weights.clear(),
        |s| s.points[[0, 1]] = f64::NAN,
        |s| s.t = 5.0,
        |s| s.t = 1.0,
        |s| s.controller.step = f64::NAN,
    ];
    for (i, spoil) in spoil.iter().enumerate() {
        let mut wrong = state.clone();
        spoil(&mut wrong);
        let error = sample_resume(&problem, &good(), wrong, &mut |_| ControlFlow::Continue(())).expect_err("refused");
        assert!(matches!(error, SampleError::WrongState { .. }), "{i}: {error}");
    }
    assert!(sample_resume(&problem, &good(), state, &mut |_| ControlFlow::Continue(())).is_ok());
}
