//! `genphys verify REPORT.json`: what saved reports prove, checked again.

use super::Outcome;
use super::arguments::Verify;
use super::console::Console;
use super::failure::Failure;
use genphys::report::{Finding, Report, verify};
use serde_json::{Value, json};
use std::io::Read;

/// Runs the command.
pub fn run(command: &Verify, console: &Console) -> Result<Outcome, Failure> {
    let reports = read(&command.report)?;
    let mut holds = true;
    let mut all = Vec::new();
    for report in &reports {
        let findings = verify(report);
        holds &= findings.iter().all(|f| f.accepted);
        if reports.len() > 1 {
            console.say(&format!("\x1b[1m{}\x1b[0m\n", report.name))?;
        }
        for finding in &findings {
            console.say(&line(finding))?;
        }
        all.push(json!({"name": report.name, "findings": findings}));
    }
    if console.json() {
        console.print_json(&all)?;
    }
    Ok(if holds { Outcome::Expected } else { Outcome::Unexpected })
}

fn line(finding: &Finding) -> String {
    let Finding { item, accepted, detail } = finding;
    let word = if *accepted { "\x1b[32maccepted\x1b[0m" } else { "\x1b[31mrejected\x1b[0m" };
    format!("{item}: {word}, {detail}\n")
}

/// The reports of a file: one, an array, or one after another.
fn read(path: &str) -> Result<Vec<Report>, Failure> {
    let mut bytes = Vec::new();
    let read = match path {
        "-" => std::io::stdin().lock().read_to_end(&mut bytes),
        path => std::fs::File::open(path).and_then(|mut file| file.read_to_end(&mut bytes)),
    };
    read.map_err(|e| Failure::input(format!("cannot read `{path}`: {e}")).help("check the path of the report"))?;
    let mut reports = Vec::new();
    for value in serde_json::Deserializer::from_slice(&bytes).into_iter::<Value>() {
        let value = value.map_err(|e| not_a_report(path, &e))?;
        let list = if let Value::Array(list) = value { list } else { vec![value] };
        for one in list {
            reports.push(serde_json::from_value(one).map_err(|e| not_a_report(path, &e))?);
        }
    }
    if reports.is_empty() {
        return Err(
            Failure::input(format!("`{path}` holds no report")).help("write one with `genphys check SPEC --json`")
        );
    }
    Ok(reports)
}

fn not_a_report(path: &str, why: &serde_json::Error) -> Failure {
    Failure::input(format!("`{path}` is not a report: {why}")).help("write one with `genphys check SPEC --json`")
}
