//! Which equations of the gallery can be run at the values of their `test` line.

use genphys_compiler::kernel::Precision;
use genphys_compiler::source::Source;
use genphys_compiler::verdict::VerdictKind;
use genphys_compiler::{Budget, analyze};
use genphys_runtime::density::{DensityField, Evaluation};
use genphys_runtime::field::Field;
use genphys_runtime::model::Model;
use genphys_runtime::region::{RegionalField, RegionalModel};
use ndarray::Array2;
use std::path::Path;

/// Conditional at every value, with an atom or a region without closed form. Then a law of two distances, and schedules without
/// values.
const NOT_RUN: [&str; 6] =
    ["kelvin_voigt", "layered_diffusion", "sobolev", "levy_flight_on_a_line", "ve", "vp_schedule"];

/// A field at a few points, if there is one.
fn run(path: &Path) -> Option<bool> {
    let text = std::fs::read_to_string(path).expect("readable");
    let analysis = analyze(&Source::new("gallery", &text), Budget::default()).expect("valid text");
    if !matches!(analysis.verdict.kind, VerdictKind::SGenerative | VerdictKind::Conditional) {
        return None;
    }
    let test = &analysis.equation.test;
    let dim = test.dimension.expect("a dimension") as usize;
    let points = Array2::from_shape_fn((4, dim), |(i, axis)| (i as f64 + 0.3) * (axis as f64 - 0.7));
    let (weights, mut out) = ([0.1, 0.4, 0.0, 0.5], Evaluation::new(4, dim));
    if let Ok(model) = Model::new(&analysis, dim, &test.values) {
        let field = Field::new(&model, points.view(), &weights, Precision::F64).expect("a field");
        field.evaluate(0.3, points.view(), &mut out).expect("finite at the data");
        return Some(true);
    }
    let Ok(model) = RegionalModel::new(&analysis, dim, &test.values) else { return Some(false) };
    let field = RegionalField::new(&model, points.view(), &weights).expect("a field");
    // Balls shrink in time, wakes grow.
    let inside = [0.3, 3.0].map(|t| field.evaluate(t, points.view(), &mut out).is_ok());
    assert!(inside.contains(&true), "{}: never inside the region", path.display());
    Some(true)
}

#[test]
fn every_generative_equation_runs_but_those_known() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/pde");
    let mut left: Vec<String> = std::fs::read_dir(folder)
        .expect("the gallery")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| run(path) == Some(false))
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    let mut known: Vec<String> = NOT_RUN.iter().map(|name| (*name).to_owned()).collect();
    left.sort();
    known.sort();
    assert_eq!(left, known);
}
