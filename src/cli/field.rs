//! `genphys field SPEC`: log p, v and R/p of a data set at points.

use super::arguments::Field as Arguments;
use super::console::Console;
use super::device::Device;
use super::failure::Failure;
use super::spec::load;
use super::{Outcome, model, numbers, points};
use genphys::io::{npz_bytes, read_points, write_bytes};
use genphys_compiler::{Budget, analyze};
use genphys_runtime::density::{Evaluation, check_evaluation};
use ndarray::Array1;
use serde_json::json;

/// Runs the command.
pub fn run(command: &Arguments, console: &Console) -> Result<Outcome, Failure> {
    let time = numbers::positive("--time", &command.time)?;
    let analysis = analyze(&load(&command.spec)?, Budget::default())?;
    let data = points::load(&command.data, command.weights.as_deref())?;
    let at = read_points(&command.at)?;
    let device = Device::open(&command.place.device, console)?;
    let (field, condition) = model::any_field(&analysis, &command.model, &data, &device)?;
    if let Some(condition) = condition {
        console.note(&format!("the equation is generative under a condition: {condition}"));
    }
    let mut out = Evaluation::new(at.nrows(), data.dim());
    field
        .evaluate(time, at.view(), &mut out)
        .and_then(|()| check_evaluation(time, &out))
        .map_err(|e| Failure::input(format!("the field cannot be evaluated: {e}")))?;
    if let Some(note) = field.note() {
        console.note(&note);
    }
    let arrays = [
        ("log_p", Array1::from(out.log_p).into_dyn()),
        ("v", out.v.into_dyn()),
        ("r_over_p", Array1::from(out.r_over_p).into_dyn()),
    ];
    let bytes = npz_bytes(&arrays).map_err(|e| Failure::Bug(e.to_string()))?;
    write_bytes(&command.out, &bytes)?;
    let (rows, dim, out) = (at.nrows(), data.dim(), command.out.display().to_string());
    if console.json() {
        console.print_json(&json!({"out": out, "points": rows, "dim": dim, "time": time, "sources": data.len()}))?;
    } else {
        let sources = data.len();
        console.print(&format!(
            "log_p [{rows}], v [{rows}, {dim}], r_over_p [{rows}] of {sources} sources in `{out}`\n"
        ))?;
    }
    Ok(Outcome::Expected)
}
