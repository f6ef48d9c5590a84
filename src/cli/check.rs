//! `genphys check SPEC`: everything derived, and whether it is what the file expects; `--paper`: the paper's tables.

use super::arguments::Check;
use super::console::Console;
use super::failure::Failure;
use super::{Outcome, paper, spec};
use genphys::report::{Report, text};
use genphys_compiler::verdict::Answer;
use genphys_compiler::{Analysis, Budget, analyze};

/// Runs the command.
pub fn run(command: &Check, console: &Console) -> Result<Outcome, Failure> {
    // The parser asks for a SPEC or for --paper.
    let Some(spec) = &command.spec else { return paper::run(console) };
    let analysis = analyze(&spec::load(spec)?, Budget::default())?;
    show(&Report::new(&analysis), console)?;
    Ok(compare(&analysis, console))
}

/// Prints a report as JSON or text.
pub fn show(report: &Report, console: &Console) -> Result<(), Failure> {
    if console.json() { console.print_json(report) } else { console.print(&text::check(report, console.width())) }
}

/// Is the verdict the one that the author of the file expects, for the reason given? If not, says so on stderr.
pub fn compare(analysis: &Analysis, console: &Console) -> Outcome {
    let Some(expect) = &analysis.equation.expect else { return Outcome::Expected };
    let verdict = &analysis.verdict;
    let refuted = match expect.by.as_deref() {
        Some("C1") => verdict.c1.answer == Answer::No,
        Some("C2") => verdict.c2.answer == Answer::No,
        _ => true,
    };
    if expect.kind == verdict.kind && refuted {
        return Outcome::Expected;
    }
    let message = format!("the verdict is {} (C1 {}, C2 {})", verdict.kind, verdict.c1.answer, verdict.c2.answer);
    console.failure(&Failure::Differs { source: analysis.equation.source.clone(), span: expect.span, message });
    Outcome::Unexpected
}
