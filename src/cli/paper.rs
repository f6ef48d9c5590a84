//! `genphys check --paper`: the tables of the GenPhys paper against what is derived.

use super::Outcome;
use super::console::Console;
use super::failure::Failure;
use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};
use genphys::paper::{Finding, findings};
use genphys::report::text::wrap;
use serde_json::{Value, json};

/// Runs the command: exit code 1 when a statement differs without an erratum.
///
/// # Errors
/// [`Failure::Bug`] when the embedded table cannot be read.
pub fn run(console: &Console) -> Result<Outcome, Failure> {
    let findings = findings().map_err(|e| Failure::Bug(e.to_string()))?;
    if console.json() {
        console.print_json(&findings.iter().map(json).collect::<Vec<_>>())?;
    } else {
        console.print(&tables(&findings, console.width()))?;
        console.print(&differences(&findings, console.width()))?;
    }
    let explained = findings.iter().all(Finding::explained);
    Ok(if explained { Outcome::Expected } else { Outcome::Unexpected })
}

fn json(f: &Finding) -> Value {
    json!({
        "place": f.place, "equation": f.equation, "quantity": f.quantity, "printed": f.printed, "derived": f.derived,
        "agrees": f.residual.is_none(), "residual": f.residual, "erratum": f.erratum,
    })
}

/// A block for each system of each table of the paper.
fn tables(findings: &[Finding], width: usize) -> String {
    let heading = |f: &Finding| format!("{}: {}", f.place, f.equation);
    let blocks = findings.chunk_by(|a, b| heading(a) == heading(b));
    blocks.map(|block| format!("\x1b[1m{}\x1b[0m\n{}\n\n", heading(&block[0]), table(block, width))).collect()
}

fn table(findings: &[Finding], width: usize) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).force_no_tty();
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(u16::try_from(width).unwrap_or(120));
    table.add_row(["", "printed", "derived", ""]);
    for f in findings {
        table.add_row([f.quantity.clone(), f.printed.clone(), f.derived.clone(), mark(f)]);
    }
    for column in [0, 3] {
        if let Some(column) = table.column_mut(column) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    table.trim_fmt()
}

fn mark(f: &Finding) -> String {
    match (&f.residual, &f.erratum) {
        (None, None) => "agrees".into(),
        (Some(_), Some(erratum)) => format!("differs, {erratum}"),
        (Some(_), None) => "DIFFERS".into(),
        (None, Some(erratum)) => format!("agrees, but cites {erratum}"),
    }
}

fn differences(findings: &[Finding], width: usize) -> String {
    let differing: Vec<&Finding> = findings.iter().filter(|f| f.residual.is_some()).collect();
    let mut text = format!(
        "{} statements, {} agree, {} differ:\n",
        findings.len(),
        findings.len() - differing.len(),
        differing.len()
    );
    for f in differing {
        let erratum = f.erratum.as_deref().unwrap_or("unexplained");
        text += &format!("\n\x1b[1m{erratum}\x1b[0m  {}, {}: {}\n", f.place, f.equation, f.quantity);
        let residual = f.residual.as_deref().unwrap_or_default();
        for line in wrap(residual, width - 4) {
            text += &format!("    {line}\n");
        }
    }
    text
}
