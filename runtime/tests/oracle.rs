//! Fields against 30-digit reference values made by other programs (tests/reference/oracle.json).
//!
//! The equation is compiled from the text in the record: parse, resolve, derive, decide, recognise, lower, JIT.

use genphys_compiler::expr::{Name, Rational};
use genphys_compiler::kernel::Precision;
use genphys_compiler::source::Source;
use genphys_compiler::{Analysis, Budget, analyze};
use genphys_runtime::density::{DensityField, Evaluation, FieldError};
use genphys_runtime::field::Field;
use genphys_runtime::model::Model;
use genphys_runtime::region::{RegionalField, RegionalModel};
use ndarray::{Array1, Array2, Axis};
use serde_json::Value;
use std::collections::BTreeMap;

struct Record {
    label: String,
    system: String,
    pde: String,
    values: BTreeMap<Name, Rational>,
    dim: usize,
    t: f64,
    sources: Array2<f64>,
    weights: Vec<f64>,
    x: Array1<f64>,
    log_p: f64,
    v: Array1<f64>,
    r_over_p: f64,
    is_positive: bool,
}

/// Reads a coordinate list, dense or sparse.
fn point(value: &Value, dim: usize) -> Array1<f64> {
    let number = |v: &Value| v.as_f64().or_else(|| v.as_str()?.parse().ok()).expect("a number");
    let mut out = Array1::zeros(dim);
    match value {
        Value::Array(list) => list.iter().enumerate().for_each(|(i, v)| out[i] = number(v)),
        Value::Object(map) => map.iter().for_each(|(i, v)| out[i.parse::<usize>().expect("an axis")] = number(v)),
        other => panic!("not a point: {other}"),
    }
    out
}

fn records(systems: &[&str]) -> Vec<Record> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/reference/oracle.json");
    let text = std::fs::read_to_string(path).expect("reference data");
    let all: Value = serde_json::from_str(&text).expect("JSON");
    let list = all["records"].as_array().expect("records");
    let wanted = list.iter().filter(|r| systems.contains(&r["system"].as_str().unwrap_or("")));
    wanted.map(record).collect()
}

fn record(r: &Value) -> Record {
    let dim = r["dim"].as_u64().expect("dim") as usize;
    let list = r["sources"].as_array().expect("sources");
    let mut sources = Array2::zeros((list.len(), dim));
    for (mut row, source) in sources.axis_iter_mut(Axis(0)).zip(list) {
        row.assign(&point(source, dim));
    }
    let text = |key: &str| r[key].as_str().expect(key).to_owned();
    let params = r["params"].as_object().expect("params");
    let exact = |v: &Value| Rational::from_float(v.as_f64().expect("a value")).expect("finite");
    Record {
        label: format!("{} N={dim} t={} {}", text("system"), r["t"], r["params"]),
        system: text("system"),
        pde: text("pde"),
        values: params.iter().map(|(k, v)| (k.as_str().into(), exact(v))).collect(),
        dim,
        t: r["t"].as_f64().expect("t"),
        sources,
        weights: r["weights"].as_array().expect("weights").iter().map(|w| w.as_f64().expect("w")).collect(),
        x: point(&r["x"], dim),
        log_p: text("log_p").parse().expect("log_p"),
        v: point(&r["v"], dim),
        r_over_p: text("r_over_p").parse().expect("r_over_p"),
        is_positive: r["p_sign"] == 1,
    }
}

/// Largest errors over a set of records: of log p against `max(1, |log p|)`, of v and R/p relative.
#[derive(Default, Debug)]
struct Worst {
    log_p: (f64, String),
    v: (f64, String),
    r_over_p: (f64, String),
}

fn raise(worst: &mut (f64, String), error: f64, label: &str) {
    if error > worst.0 || error.is_nan() {
        *worst = (error, label.to_owned());
    }
}

impl Worst {
    fn raise(&mut self, r: &Record, at: &Evaluation) {
        raise(&mut self.log_p, (at.log_p[0] - r.log_p).abs() / r.log_p.abs().max(1.0), &r.label);
        let scale = r.v.iter().fold(0.0f64, |m, v| m.max(v.abs()));
        for (found, expected) in at.v.row(0).iter().zip(&r.v) {
            if scale > 0.0 {
                raise(&mut self.v, (found - expected).abs() / scale, &r.label);
            }
        }
        if r.r_over_p == 0.0 {
            assert_eq!(at.r_over_p[0], 0.0, "{}", r.label);
        } else {
            raise(&mut self.r_over_p, ((at.r_over_p[0] - r.r_over_p) / r.r_over_p).abs(), &r.label);
        }
    }
}

fn compare(records: &[Record], precision: Precision) -> Worst {
    let mut analyses: BTreeMap<String, Analysis> = BTreeMap::new();
    let mut worst = Worst::default();
    for r in records {
        let analysis = analyses
            .entry(r.pde.clone())
            .or_insert_with(|| analyze(&Source::new(&r.system, &r.pde), Budget::default()).expect("valid text"));
        let model = Model::new(analysis, r.dim, &r.values).unwrap_or_else(|e| panic!("{}: {e}", r.label));
        let field = Field::new(&model, r.sources.view(), &r.weights, precision).expect("field");
        let mut at = Evaluation::new(1, r.dim);
        field.evaluate(r.t, r.x.view().insert_axis(Axis(0)), &mut at).unwrap_or_else(|e| panic!("{}: {e}", r.label));
        worst.raise(r, &at);
    }
    worst
}

/// Every system with a kernel, in every dimension of the reference.
fn in_scope() -> Vec<Record> {
    let kept = records(&["diffusion", "poisson", "yukawa", "mixed", "fractional", "third_order", "pfgmpp", "vp"]);
    assert!(kept.len() >= 150);
    assert!(kept.iter().any(|r| r.dim == 3072) && kept.iter().any(|r| r.dim == 1));
    kept
}

#[test]
fn f64_fields_match_thirty_digit_values() {
    let worst = compare(&in_scope(), Precision::F64);
    println!("{worst:#?}");
    assert!(worst.log_p.0 < 1e-11 && worst.v.0 < 1e-11 && worst.r_over_p.0 < 1e-11, "{worst:#?}");
}
#[test]
fn f32_fields_match_to_single_precision() {
    let worst = compare(&in_scope(), Precision::F32);
    println!("{worst:#?}");
    assert!(worst.log_p.0 < 1e-5 && worst.v.0 < 1e-3 && worst.r_over_p.0 < 1e-5, "{worst:#?}");
}

/// Waves behind their front and Helmholtz's law in its ball; where the reference density is negative they must refuse.
#[test]
fn regional_fields_match_thirty_digit_values() {
    let all = records(&["dissipative_wave", "helmholtz"]);
    let mut worst = Worst::default();
    for r in &all {
        let analysis = analyze(&Source::new(&r.system, &r.pde), Budget::default()).expect("valid text");
        let model = RegionalModel::new(&analysis, r.dim, &r.values).unwrap_or_else(|e| panic!("{}: {e}", r.label));
        let field = RegionalField::new(&model, r.sources.view(), &r.weights).expect("field");
        let mut at = Evaluation::new(1, r.dim);
        let done = field.evaluate(r.t, r.x.view().insert_axis(Axis(0)), &mut at);
        if r.is_positive {
            done.unwrap_or_else(|e| panic!("{}: {e}", r.label));
            worst.raise(r, &at);
        } else {
            assert!(matches!(done, Err(FieldError::OutsideRegion { row: 0, .. })), "{}", r.label);
        }
    }
    println!("{worst:#?}");
    assert!(all.len() >= 36 && all.iter().any(|r| !r.is_positive) && all.iter().any(|r| r.dim == 3072));
    assert!(worst.log_p.0 < 1e-12 && worst.v.0 < 1e-11 && worst.r_over_p.0 < 1e-11, "{worst:#?}");
}
