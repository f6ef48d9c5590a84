//! `genphys dispersion SPEC --k 0,0.5,1`: the frequencies of all branches in numbers.

use super::arguments::Dispersion;
use super::console::Console;
use super::failure::Failure;
use super::{Outcome, numbers, spec, values};
use comfy_table::{CellAlignment, Table, presets};
use genphys_compiler::expr::Name;
use genphys_compiler::{Budget, analyze, dispersion};
use num_complex::Complex64;
use num_traits::ToPrimitive;
use serde_json::json;
use std::collections::BTreeMap;

/// Runs the command.
pub fn run(command: &Dispersion, console: &Console) -> Result<Outcome, Failure> {
    let wave_numbers = numbers::wave_numbers("--k", &command.k)?;
    let analysis = analyze(&spec::load(&command.spec)?, Budget::default())?;
    let values: BTreeMap<Name, f64> = values::all_values(&analysis.equation, &command.set.values)?
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.to_f64()?)))
        .collect();
    let relation = analysis.dispersion.map_err(|undecided| {
        Failure::input(format!("the equation has no dispersion relation here: {}", undecided.why))
    })?;
    let evaluate = |k: &f64| relation.evaluate(*k, &values).map_err(|e| Failure::input(e.to_string()));
    let rows: Vec<Vec<Complex64>> = wave_numbers.iter().map(evaluate).collect::<Result<_, _>>()?;
    if console.json() {
        let points: Vec<_> = wave_numbers.iter().zip(&rows).map(|(k, row)| point(&relation, *k, row)).collect();
        console.print_json(&json!({"branches": names(&relation), "selected": relation.selected, "points": points}))?;
    } else {
        console.print(&table(&relation, &wave_numbers, &rows))?;
    }
    Ok(Outcome::Expected)
}

fn names(relation: &dispersion::Dispersion) -> Vec<String> {
    relation.branches.iter().map(|branch| branch.omega.to_string()).collect()
}

/// `omega` as pairs `[re, im]`, in the order of the branches; `lambda = -Im omega` of the selected one.
fn point(relation: &dispersion::Dispersion, k: f64, omega: &[Complex64]) -> serde_json::Value {
    let pairs: Vec<[f64; 2]> = omega.iter().map(|z| [unsigned_zero(z.re), unsigned_zero(z.im)]).collect();
    let lambda = relation.selected.and_then(|i| omega.get(i)).map(|z| unsigned_zero(-z.im));
    json!({"k": k, "omega": pairs, "lambda": lambda})
}

fn table(relation: &dispersion::Dispersion, wave_numbers: &[f64], rows: &[Vec<Complex64>]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).force_no_tty();
    let heading = |(i, name): (usize, String)| {
        let mark = if relation.selected == Some(i) { "  (selected)" } else { "" };
        format!("omega = {name}{mark}")
    };
    table.set_header(std::iter::once("k".to_owned()).chain(names(relation).into_iter().enumerate().map(heading)));
    for (k, row) in wave_numbers.iter().zip(rows) {
        table.add_row(std::iter::once(k.to_string()).chain(row.iter().map(|z| complex(*z))));
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
