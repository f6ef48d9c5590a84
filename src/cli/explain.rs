//! `genphys explain SPEC`: the derivation step by step, with proofs; `genphys explain E0204`: an error code.

use super::arguments::Explain;
use super::check::{compare, show};
use super::console::Console;
use super::failure::Failure;
use super::{Outcome, spec};
use genphys::report::Report;
use genphys_compiler::diagnostic;
use genphys_compiler::{Budget, analyze};
use serde_json::json;

/// Runs the command.
pub fn run(command: &Explain, console: &Console) -> Result<Outcome, Failure> {
    if is_code(&command.spec) {
        explain_code(&command.spec, console)?;
        return Ok(Outcome::Expected);
    }
    let analysis = analyze(&spec::load(&command.spec)?, Budget::default())?;
    let report = Report::explained(&analysis);
    let report = if command.forms { report.with_forms(&analysis, Budget::default()) } else { report };
    show(&report, console)?;
    Ok(compare(&analysis, console))
}

/// Codes are `E` and four digits; no equation looks like that.
fn is_code(text: &str) -> bool {
    let digits = text.strip_prefix(['E', 'e']).unwrap_or("");
    digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit())
}

fn explain_code(text: &str, console: &Console) -> Result<(), Failure> {
    let name = text.to_uppercase();
    let code = diagnostic::explain(&name).ok_or_else(|| {
        let known: Vec<&str> = diagnostic::CODES.iter().map(|row| row.code).collect();
        Failure::input(format!("there is no error code {name}")).help(format!("the codes are {}", known.join(", ")))
    })?;
    if console.json() {
        let value = json!({"code": code.code, "title": code.title, "explanation": code.text});
        return console.print_json(&value);
    }
    console.print(&format!("\x1b[1m{}\x1b[0m  {}\n\n{}\n", code.code, code.title, code.text.trim()))
}
