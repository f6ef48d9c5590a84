//! `genphys field SPEC`: log p, v and R/p of a data set at points.

use super::arguments::{Field as Arguments, Precision};
use super::console::Console;
use super::device::Device;
use super::failure::Failure;
use super::model::AnyField;
use super::spec::load;
use super::{Outcome, model, numbers, points};
use genphys::io::{npz_bytes, read_points, write_bytes};
use genphys_compiler::{Budget, analyze};
use genphys_runtime::density::{Evaluation, FieldError, check_evaluation};
use ndarray::Array1;
use serde_json::json;

/// Runs the command.
pub fn run(command: &Arguments, console: &Console) -> Result<Outcome, Failure> {
    let time = numbers::positive("--time", &command.time)?;
    let analysis = analyze(&load(&command.spec)?, Budget::default())?;
    let data = points::load(&command.data, command.weights.as_deref())?;
    let at = read_points(&command.at)?;
    let device = Device::open(&command.place.device, console)?;
    let arrays = match model::any_field(&analysis, command, &data, time, (&device, console))? {
        AnyField::Positive { field, note, as_asked } => {
            if !as_asked {
                warn_of_double(command, console);
            }
            if let Some(note) = note {
                console.note(&note);
            }
            let mut out = Evaluation::new(at.nrows(), data.dim());
            let evaluated = field.evaluate(time, at.view(), &mut out).and_then(|()| check_evaluation(time, &out));
            evaluated.map_err(not_evaluated)?;
            if let Some(note) = field.note() {
                console.note(&note);
            }
            vec![
                ("log_p", Array1::from(out.log_p).into_dyn()),
                ("v", out.v.into_dyn()),
                ("r_over_p", Array1::from(out.r_over_p).into_dyn()),
            ]
        }
        AnyField::Signed(field) => {
            warn_of_double(command, console);
            let out = field.evaluate(time, at.view()).map_err(not_evaluated)?;
            let negative = out.sign.iter().filter(|sign| **sign < 0.0).count();
            console.note(&format!(
                "this is no generative model, and its density may be negative: {negative} of {} points have p < 0; log_p is of |p|, \
                 and `sign` holds the signs",
                at.nrows()
            ));
            vec![
                ("log_p", Array1::from(out.log_abs_p).into_dyn()),
                ("sign", Array1::from(out.sign).into_dyn()),
                ("v", out.v.into_dyn()),
                ("r_over_p", Array1::from(out.r_over_p).into_dyn()),
            ]
        }
    };
    let bytes = npz_bytes(&arrays).map_err(|e| Failure::Bug(e.to_string()))?;
    write_bytes(&command.out, &bytes)?;
    let (rows, dim, out) = (at.nrows(), data.dim(), command.out.display().to_string());
    if console.json() {
        console.print_json(&json!({"out": out, "points": rows, "dim": dim, "time": time, "sources": data.len()}))?;
    } else {
        let sources = data.len();
        let shape = |name: &str| if name == "v" { format!("v [{rows}, {dim}]") } else { format!("{name} [{rows}]") };
        let names: Vec<String> = arrays.iter().map(|(name, _)| shape(name)).collect();
        console.print(&format!("{} of {sources} sources in `{out}`\n", names.join(", ")))?;
    }
    Ok(Outcome::Expected)
}

/// Says that single precision was asked for in vain.
fn warn_of_double(command: &Arguments, console: &Console) {
    if matches!(command.model.precision, Some(Precision::F32)) {
        console.warn("--precision f32 is ignored: this field is evaluated in double precision");
    }
}

fn not_evaluated(e: FieldError) -> Failure {
    Failure::of_field("the field cannot be evaluated: ", &e)
}
