//! `genphys plot SPEC --what dispersion|kernel|density`: pictures of an equation.

mod density;
mod dispersion;
mod kernel;
mod radial;

use super::arguments::{Drawing, Plot};
use super::console::Console;
use super::device::Device;
use super::failure::Failure;
use super::{Outcome, numbers, spec, values};
use genphys::io::write_bytes;
use genphys::picture::{PictureError, PictureFormat};
use genphys_compiler::expr::{Name, Rational};
use genphys_compiler::{Analysis, Budget, analyze};
use num_traits::ToPrimitive;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;

/// Runs the command.
pub fn run(command: &Plot, console: &Console) -> Result<Outcome, Failure> {
    let format = format(&command.out)?;
    let subject = Subject::new(command)?;
    let place = || Device::open(&command.place.device, console);
    let bytes = match command.what {
        Drawing::Dispersion => {
            Device::check(&command.place.device)?;
            dispersion::draw(&subject, format)
        }
        Drawing::Kernel => kernel::draw(&subject, (&place()?, console), format),
        Drawing::Density => density::draw(&subject, (&place()?, console), format),
    }?;
    write_bytes(&command.out, &bytes)?;
    let out = command.out.display().to_string();
    if console.json() {
        console.print_json(&json!({"out": out}))?;
    } else {
        console.print(&format!("{out}\n"))?;
    }
    Ok(Outcome::Expected)
}

fn format(path: &Path) -> Result<PictureFormat, Failure> {
    match path.extension().map(|e| e.to_string_lossy().to_lowercase()).as_deref() {
        Some("png") => Ok(PictureFormat::Png),
        Some("svg") => Ok(PictureFormat::Svg),
        _ => Err(Failure::input(format!("`{}` is no .png or .svg file", path.display()))
            .help("the extension of --out chooses the format")),
    }
}

/// What is drawn: an equation at values of its parameters, and the choices of the user.
struct Subject {
    analysis: Analysis,
    exact: BTreeMap<Name, Rational>,
    values: BTreeMap<Name, f64>,
    dim: Option<usize>,
    times: Option<Vec<f64>>,
}

impl Subject {
    fn new(command: &Plot) -> Result<Subject, Failure> {
        let analysis = analyze(&spec::load(&command.spec)?, Budget::default())?;
        let exact = values::all_values(&analysis.equation, &command.set.values)?;
        let values = exact.iter().filter_map(|(name, value)| Some((name.clone(), value.to_f64()?))).collect();
        let dim = command.dim.as_deref().map(|text| numbers::whole("--dim", text, 1)).transpose()?;
        let times = command
            .time
            .as_deref()
            .map(|text| text.split(',').map(|part| numbers::positive("--time", part)).collect::<Result<Vec<_>, _>>());
        Ok(Subject { analysis, exact, values, dim: dim.map(|n| n as usize), times: times.transpose()? })
    }

    /// The name, the values of the parameters.
    fn title(&self) -> String {
        let equation = &self.analysis.equation;
        let values: Vec<String> = equation
            .parameters
            .iter()
            .filter_map(|p| Some(format!("{} = {}", p.written, self.exact.get(&p.name)?)))
            .collect();
        let name = equation.title.as_deref().unwrap_or("equation");
        if values.is_empty() { name.to_owned() } else { format!("{name}, {}", values.join(", ")) }
    }

    /// The equation as text.
    fn equation(&self) -> String {
        let parts: Vec<String> = self.analysis.equation.components.iter().map(|c| format!("{c} = 0")).collect();
        parts.join("; ")
    }
}

fn ours(e: PictureError) -> Failure {
    Failure::Bug(e.to_string())
}
