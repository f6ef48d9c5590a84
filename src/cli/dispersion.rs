//! `genphys dispersion SPEC --k 0,0.5,1`: the frequencies of all branches in numbers, with guaranteed bounds.

use super::arguments::Dispersion;
use super::console::Console;
use super::failure::Failure;
use super::{Outcome, numbers, spec, values};
use comfy_table::{CellAlignment, Table, presets};
use genphys_compiler::dispersion::{self, Enclosed, EvaluateError};
use genphys_compiler::expr::{Name, Rational};
use genphys_compiler::{Budget, analyze};
use num_complex::Complex64;
use num_traits::ToPrimitive;
use serde_json::json;
use std::collections::BTreeMap;

/// Runs the command.
pub fn run(command: &Dispersion, console: &Console) -> Result<Outcome, Failure> {
    let wave_numbers = numbers::wave_numbers("--k", &command.k)?;
    let analysis = analyze(&spec::load(&command.spec)?, Budget::default())?;
    let values = values::all_values(&analysis.equation, &command.set.values)?;
    let relation = analysis.dispersion.map_err(|undecided| {
        Failure::input(format!("the equation has no dispersion relation here: {}", undecided.why))
    })?;
    let rows = wave_numbers.iter().map(|k| Row::new(&relation, k, &values)).collect::<Result<Vec<_>, _>>()?;
    if console.json() {
        let points: Vec<_> = rows.iter().map(|row| row.json(&relation)).collect();
        console.print_json(&json!({"branches": names(&relation), "selected": relation.selected, "points": points}))?;
    } else {
        console.print(&table(&relation, &rows))?;
    }
    Ok(Outcome::Expected)
}

fn names(relation: &dispersion::Dispersion) -> Vec<String> {
    relation.branches.iter().map(|branch| branch.omega.to_string()).collect()
}

/// The frequencies at one wave number, in the order of the branches.
struct Row {
    k: f64,
    omega: Vec<Complex64>,
    /// None where the coefficients have no guaranteed bounds.
    bounds: Option<Vec<Enclosed>>,
}

impl Row {
    fn new(relation: &dispersion::Dispersion, k: &Rational, values: &BTreeMap<Name, Rational>) -> Result<Row, Failure> {
        let float = k.to_f64().unwrap_or(f64::NAN);
        match relation.enclose(k, values) {
            Ok(bounds) => Ok(Row { k: float, omega: bounds.iter().map(|b| b.omega).collect(), bounds: Some(bounds) }),
            Err(EvaluateError::NotEnclosed(_)) => {
                let floats = values.iter().filter_map(|(name, value)| Some((name.clone(), value.to_f64()?))).collect();
                let omega = relation.evaluate(float, &floats).map_err(|e| Failure::input(e.to_string()))?;
                Ok(Row { k: float, omega, bounds: None })
            }
            Err(e) => Err(Failure::input(e.to_string())),
        }
    }

    /// `omega` as pairs `[re, im]`; each disc of `radius` about its pair holds exactly `roots` frequencies; `lambda = -Im omega`
    /// of the selected branch.
    fn json(&self, relation: &dispersion::Dispersion) -> serde_json::Value {
        let pairs: Vec<[f64; 2]> = self.omega.iter().map(|z| [unsigned_zero(z.re), unsigned_zero(z.im)]).collect();
        let lambda = relation.selected.and_then(|i| self.omega.get(i)).map(|z| unsigned_zero(-z.im));
        let radius = self.bounds.as_ref().map(|all| all.iter().map(|b| b.radius).collect::<Vec<_>>());
        let roots = self.bounds.as_ref().map(|all| all.iter().map(|b| b.roots).collect::<Vec<_>>());
        json!({"k": self.k, "omega": pairs, "radius": radius, "roots": roots, "lambda": lambda})
    }

    /// The largest radius, and how many frequencies cannot be told apart.
    fn within(&self) -> String {
        let Some(bounds) = &self.bounds else { return "not bounded".to_owned() };
        let radius = bounds.iter().map(|b| b.radius).fold(0.0, f64::max);
        match bounds.iter().map(|b| b.roots).max() {
            Some(together) if together > 1 => format!("{radius:.0e}, {together} together"),
            _ => format!("{radius:.0e}"),
        }
    }
}

fn table(relation: &dispersion::Dispersion, rows: &[Row]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).force_no_tty();
    let heading = |(i, name): (usize, String)| {
        let mark = if relation.selected == Some(i) { "  (selected)" } else { "" };
        format!("omega = {name}{mark}")
    };
    let names = names(relation).into_iter().enumerate().map(heading);
    table.set_header(std::iter::once("k".to_owned()).chain(names).chain(["within".to_owned()]));
    for row in rows {
        let omega = row.omega.iter().map(|z| complex(*z));
        table.add_row(std::iter::once(row.k.to_string()).chain(omega).chain([row.within()]));
    }
    for column in table.column_iter_mut() {
        column.set_cell_alignment(CellAlignment::Right);
    }
    format!("{}\n", table.trim_fmt())
}

fn complex(z: Complex64) -> String {
    let (re, im) = (unsigned_zero(z.re), unsigned_zero(z.im));
    match (re == 0.0, im == 0.0) {
        (_, true) => format!("{re:.9}"),
        (true, false) => format!("{im:.9} i"),
        (false, false) => format!("{re:.9} {} {:.9} i", if im < 0.0 { '-' } else { '+' }, im.abs()),
    }
}

fn unsigned_zero(value: f64) -> f64 {
    if value == 0.0 { 0.0 } else { value }
}
