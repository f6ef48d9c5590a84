//! What a run is told about: before it, what was compiled; after it, what happened.

use crate::cli::arguments::{Prior, Sample};
use genphys::report::Report;
use genphys_runtime::data::Dataset;
use genphys_runtime::density::DensityField;
use genphys_runtime::field::Field;
use genphys_runtime::sampler::{SampleOptions, SampleRun, Spacing, StepControl};
use serde_json::{Value, json};
use std::path::PathBuf;

/// The sentence that a user would otherwise have to find out.
const EXACT_FIELD: &str = "The exact field of a finite data set leads back to the data: samples end on data \
    points. Generalising beyond them needs a learned field.";

/// The effective part of the samples below which their weights deserve a warning.
const LEAST_EFFECTIVE: f64 = 0.1;

/// One paragraph on the compiled kernel and the run to come.
pub fn compiled(field: &Field, data: &Dataset, options: &SampleOptions, command: &Sample) -> String {
    let precision = field.program().kernel.precision();
    let name = options.tableau.name;
    let solver = match options.control {
        StepControl::Grid { spacing, steps } => format!("{name}, {steps} steps{}", spaced(spacing)),
        StepControl::Adaptive(_) => format!("{name}, adaptive steps"),
    };
    let prior = match command.prior {
        Prior::Mixture => "exact prior p(., T) of the data",
        Prior::Limit => "limit prior about the mean of the data",
    };
    let rows = [
        ("data", format!("{}: {} points, N = {}", data.name(), data.len(), data.dim())),
        (
            "kernel",
            format!(
                "{} in {precision}, compiled in {:.1} ms",
                field.program().kernel.name(),
                1e3 * field.compile_seconds()
            ),
        ),
        (
            "run",
            format!(
                "{} samples from T = {:.4} to t = {:.3e}; {solver}; {prior}",
                options.n, options.t_max, options.t_min
            ),
        ),
    ];
    rows.map(|(label, text)| format!("  {label:<15}{text}\n")).concat() + "\n"
}

/// The grid, where it is not the usual one.
fn spaced(spacing: Spacing) -> String {
    match spacing {
        Spacing::LogUniform => String::new(),
        Spacing::Uniform => " uniform in t".into(),
        Spacing::Power { rho } => format!(" uniform in t^(1/{rho})"),
    }
}

/// Everything about a finished run.
pub struct Done<'a> {
    pub report: &'a Report,
    pub data: &'a Dataset,
    pub options: &'a SampleOptions,
    pub field: &'a Field,
    pub run: &'a SampleRun,
    pub seconds: f64,
    pub files: &'a [(&'static str, PathBuf)],
}

impl Done<'_> {
    /// The summary as text.
    pub fn text(&self, width: usize) -> String {
        let stats = &self.run.stats;
        let n = self.options.n;
        let mut rows = vec![(
            "evaluations",
            format!("{} of {n} points over {} sources in {:.2} s", stats.evaluations, self.data.len(), self.seconds),
        )];
        if self.field.branches() {
            let events =
                format!("{} births, {} deaths in {} resamplings", stats.births, stats.deaths, stats.resamplings);
            rows.push(("branching", events));
            if stats.candidates > n {
                rows.push(("candidates", format!("{} draws of the prior", stats.candidates)));
            }
            rows.push(("effective", format!("{:.0} of {n} samples", self.run.ess)));
            rows.extend(self.warning().map(|text| ("warning", text.to_owned())));
        }
        rows.extend(self.files.iter().map(|(what, path)| (*what, path.display().to_string())));
        let rows: String = rows.iter().map(|(label, text)| format!("  {label:<15}{text}\n")).collect();
        let note: String =
            wrapped(EXACT_FIELD, width.saturating_sub(2)).iter().map(|line| format!("  {line}\n")).collect();
        format!("{rows}\n{note}")
    }

    /// What is wrong with weights as uneven as these.
    fn warning(&self) -> Option<&'static str> {
        let few = self.field.branches() && self.run.ess < LEAST_EFFECTIVE * self.options.n as f64;
        few.then_some("few samples carry most of the weight; a smaller --time or more samples may help")
    }

    /// The summary as JSON.
    pub fn json(&self) -> Value {
        let stats = &self.run.stats;
        let files: serde_json::Map<String, Value> =
            self.files.iter().map(|(what, path)| ((*what).to_owned(), path.display().to_string().into())).collect();
        json!({
            "name": self.report.name,
            "equation": self.report.equation,
            "verdict": self.report.verdict,
            "data": {"name": self.data.name(), "points": self.data.len(), "dim": self.data.dim()},
            "n": self.options.n,
            "seed": self.options.seed,
            "time": self.options.t_max,
            "end_time": self.options.t_min,
            "kernel": self.field.program().kernel.name(),
            "compile_seconds": self.field.compile_seconds(),
            "seconds": self.seconds,
            "evaluations": stats.evaluations,
            "steps": stats.accepted,
            "resamplings": stats.resamplings,
            "births": stats.births,
            "deaths": stats.deaths,
            "effective_sample_size": self.run.ess,
            "candidates": stats.candidates,
            "warning": self.warning(),
            "files": files,
            "note": EXACT_FIELD,
        })
    }
}

/// The weights of the samples, with sum 1.
pub fn weights(run: &SampleRun) -> Vec<f64> {
    let largest = run.log_weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = run.log_weights.iter().map(|w| (w - largest).exp()).collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|w| w / sum).collect()
}

fn wrapped(text: &str, width: usize) -> Vec<String> {
    genphys::report::text::wrap(text, width)
}
