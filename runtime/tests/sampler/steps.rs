//! Compiled solver steps against the loop that evaluates one stage after the other.
//!
//! Both round every number alike, so that whole runs agree bit for bit, as tuples of samples, weights and statistics.

use std::ops::ControlFlow;

use genphys_compiler::Budget;
use genphys_compiler::analyze_equation;
use genphys_compiler::expr::{Rational, rational};
use genphys_compiler::kernel::Precision;
use genphys_compiler::operator::Equation;
use genphys_runtime::data::Dataset;
use genphys_runtime::density::{DensityField, Evaluation, FieldError, StepPlan};
use genphys_runtime::field::Field;
use genphys_runtime::model::Model;
use genphys_runtime::sampler::{
    DOPRI5, EULER, ForwardLaw, HEUN, RK4, SampleOptions, SampleProblem, SampleRun, StepControl, TSIT5, Tableau,
    Tolerances, sample,
};
use ndarray::{Array2, ArrayView2, array};

/// A field without its code for whole steps.
struct StageByStage<'a>(&'a Field);

impl DensityField for StageByStage<'_> {
    fn dim(&self) -> usize {
        self.0.dim()
    }
    fn evaluate(&self, t: f64, x: ArrayView2<f64>, out: &mut Evaluation) -> Result<(), FieldError> {
        self.0.evaluate(t, x, out)
    }
    fn displacement_rate(&self, t: f64) -> Option<f64> {
        self.0.displacement_rate(t)
    }
    fn branches(&self) -> bool {
        self.0.branches()
    }
}

const DIFFUSION: &str = "phi_t - lap(phi) = 0";
const POISSON: &str = "phi_tt + lap(phi) = 0";
const YUKAWA: &str = "phi_tt + lap(phi) - m^2 phi = 0 where m > 0";
/// Ornstein and Uhlenbeck's equation, in a moving frame.
const DRIFT: &str = "phi_t - lap(phi) - div(x phi) = 0";

fn model(text: &str, dim: usize) -> Model {
    let analysis = analyze_equation(Equation::parse(text).expect("an equation"), Budget::default());
    let one: Rational = rational(1, 1);
    let values = analysis.equation.parameters.iter().map(|p| (p.name.clone(), one.clone())).collect();
    Model::new(&analysis, dim, &values).expect("a model")
}

/// Points of a spiral with uneven weights, one of them 0; more than are summed in one go in f32.
fn data(n: usize, dim: usize) -> Dataset {
    let points = Array2::from_shape_fn((n, dim), |(i, d)| {
        let angle = i as f64 * 2.399_963 + d as f64 * 1.3;
        2.0 + (i as f64 / n as f64).sqrt() * angle.cos()
    });
    let weights = (0..n).map(|i| if i == 3 { 0.0 } else { 1.0 + (i % 5) as f64 }).collect();
    Dataset::from_points(points, Some(weights)).expect("data")
}

fn run(field: &dyn DensityField, data: &Dataset, law: ForwardLaw, options: &SampleOptions) -> SampleRun {
    let problem = SampleProblem { field, data, law, proposal: None };
    sample(&problem, options, &mut |_| ControlFlow::Continue(())).expect("runs")
}

fn check(text: &str, dim: usize, n: usize, precision: Precision, options: &SampleOptions) {
    let (model, data) = (model(text, dim), data(n, dim));
    let field = Field::new(&model, data.points().view(), data.weights(), precision).expect("a field");
    assert!(field.stepper().is_some(), "{text} in N = {dim} has code for whole steps");
    let law = model.forward_law();
    let (at_once, by_stages) = (run(&field, &data, law, options), run(&StageByStage(&field), &data, law, options));
    assert_eq!(at_once, by_stages, "{text}, N = {dim}, {precision}, {}", options.tableau.name);
}

#[test]
fn whole_runs_agree_bit_for_bit() {
    // Times down to where the nearest source carries all weight; 70 particles are more than one thread takes at a time.
    let options = |tableau: &'static Tableau| SampleOptions {
        control: StepControl::Grid { spacing: genphys_runtime::sampler::Spacing::LogUniform, steps: 6 },
        tableau,
        ..SampleOptions::new(70, 2.0, 1e-3)
    };
    for precision in [Precision::F32, Precision::F64] {
        for (text, dims) in [(DIFFUSION, 1..=3), (POISSON, 1..=3), (YUKAWA, 2..=2), (DRIFT, 1..=3)] {
            for dim in dims {
                check(text, dim, 90, precision, &options(&HEUN));
            }
        }
        // Several parts of sources, and every tableau: one that keeps its last stage, and one of a single stage.
        check(POISSON, 2, 4500, precision, &options(&TSIT5));
        for tableau in [&EULER, &RK4, &DOPRI5] {
            check(YUKAWA, 2, 40, precision, &options(tableau));
        }
    }
}

#[test]
fn adaptive_steps_and_rejections_agree_too() {
    let tolerances = Tolerances { atol: 1e-4, rtol: 1e-4, max_steps: 500 };
    let options = SampleOptions {
        control: StepControl::Adaptive(tolerances),
        tableau: &DOPRI5,
        ..SampleOptions::new(20, 2.0, 1e-2)
    };
    for text in [POISSON, YUKAWA] {
        check(text, 2, 40, Precision::F64, &options);
    }
}

#[test]
fn particles_whose_weights_underflow_are_repeated_and_agree() {
    // In f32 the diffusion kernel of t = 0.01 underflows beyond a distance of 2: rows 1 and 3 lie far outside.
    let (model, points) = (model(DIFFUSION, 2), array![[0.0, 0.0], [0.5, 0.0], [0.0, 0.5]]);
    let field = Field::new(&model, points.view(), &[1.0; 3], Precision::F32).expect("a field");
    let x = array![[0.1, 0.1], [9.0, 0.0], [0.4, 0.3], [-5.0, 8.0]];
    let plan = StepPlan {
        times: vec![0.02, 0.01],
        combinations: array![[0.0, 0.0], [-0.01, 0.0], [-0.005, -0.005], [-0.005, 0.005]],
        first: 0,
    };
    let mut stages = vec![Evaluation::new(0, 2); 2];
    let stepped = field.stepper().expect("code").step(&plan, x.view(), &[0.0; 4], &mut stages).expect("a step");
    let mut expected = vec![Evaluation::new(4, 2); 2];
    let mut at = x.clone();
    for (i, t) in plan.times.iter().enumerate() {
        at.assign(&x);
        plan.add(i, &expected[..i], &mut at);
        field.evaluate(*t, at.view(), &mut expected[i]).expect("finite");
    }
    assert_eq!(stages, expected);
    at.assign(&x);
    plan.add(2, &expected, &mut at);
    assert_eq!(stepped.points, at);
    assert!(stepped.error.iter().any(|e| *e != 0.0) && stepped.log_weights == [0.0; 4]);
}

#[test]
fn what_cannot_be_evaluated_is_refused_stage_by_stage() {
    let (model, points) = (model(POISSON, 2), array![[0.0, 0.0]]);
    let field = Field::new(&model, points.view(), &[1.0], Precision::F32).expect("a field");
    let plan = |t: f64| StepPlan { times: vec![t], combinations: array![[0.0], [1.0], [0.0]], first: 0 };
    let step = |t: f64, x: f64| {
        let mut stages = vec![Evaluation::new(0, 2)];
        field.stepper().expect("code").step(&plan(t), array![[x, 0.0]].view(), &[0.0], &mut stages).is_some()
    };
    assert!(step(1.0, 1.0));
    assert!(!step(-1.0, 1.0) && !step(1.0, f64::NAN) && !step(1.0, 1e300));
    // More dimensions than the code has registers for, and kernels of logarithms, have no such code.
    for (text, dim) in [(POISSON, 4), (YUKAWA, 3)] {
        let (model, data) = (self::model(text, dim), data(5, dim));
        let field = Field::new(&model, data.points().view(), data.weights(), Precision::F64).expect("a field");
        assert!(field.stepper().is_none());
    }
}
