//! The table of equations of the README: what the gallery holds, with what the source says beside it.

use super::sources;
use crate::cli::failure::Failure;
use genphys::classify::Inputs;
use genphys_compiler::{Analysis, Budget, analyze};

const HEADING: &str =
    "| equation | | p | v | R | verdict | the source |\n| --- | --- | --- | --- | --- | --- | --- |\n";

/// The table, in the order of the inputs.
///
/// # Errors
/// [`Failure`] for a file that is not an equation.
pub fn table(inputs: Inputs) -> Result<String, Failure> {
    let mut out = HEADING.to_owned();
    for source in sources(inputs) {
        let (name, source) = source?;
        out += &row(&name, &analyze(&source, Budget::default())?);
    }
    Ok(out)
}

fn row(name: &str, analysis: &Analysis) -> String {
    let equation = &analysis.equation;
    let title = equation.title.as_deref().unwrap_or(name);
    let mut text: Vec<String> = equation.components.iter().map(|c| code(&format!("{c} = 0"))).collect();
    let functions = equation.function_assumptions();
    let parameters = equation.parameters.iter().map(|p| p.assumption.as_str());
    // One relation may be about several parameters.
    let mut assumed: Vec<&str> = Vec::new();
    for text in parameters.flat_map(|text| text.split(", ")).chain(functions.iter().map(|(_, text)| text.as_str())) {
        if !assumed.contains(&text) {
            assumed.push(text);
        }
    }
    if !assumed.is_empty() {
        text.push(code(&assumed.join(", ")));
    }
    let form = |part: fn(&genphys_compiler::flow::DensityFlow) -> String| {
        analysis.flow.as_ref().map_or_else(|_| "undecided".to_owned(), |flow| code(&part(flow)))
    };
    let claim = match &equation.claim {
        Some(claim) if claim.kind == analysis.verdict.kind => "the same".to_owned(),
        Some(claim) => claim.kind.to_string(),
        None => String::new(),
    };
    format!(
        "| [{title}](examples/pde/{name}.pde) | {} | {} | {} | {} | {} | {claim} |\n",
        text.join("<br>"),
        form(|flow| flow.p.to_string()),
        form(|flow| flow.v().to_string()),
        form(|flow| flow.r.to_string()),
        verdict(analysis),
    )
}

fn verdict(analysis: &Analysis) -> String {
    let verdict = &analysis.verdict;
    let failed: Vec<&str> = [("C1", &verdict.c1), ("C2", &verdict.c2)]
        .into_iter()
        .filter(|(_, condition)| condition.answer == genphys_compiler::verdict::Answer::No)
        .map(|(name, _)| name)
        .collect();
    if failed.is_empty() { verdict.kind.to_string() } else { format!("{} ({})", verdict.kind, failed.join(", ")) }
}

/// A bar would end the cell, in code too.
fn code(text: &str) -> String {
    format!("`{}`", text.replace('|', "\\|"))
}
