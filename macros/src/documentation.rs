//! The derivation as the documentation of the module.

use genphys_compiler::Analysis;
use genphys_compiler::report::{Certificate, Condition, Report};
use std::fmt::Write;

/// The documentation of the module, in Markdown.
pub fn module(analysis: &Analysis, report: &Report, dim: usize, missing: Option<&str>) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write(analysis, report, dim, missing, &mut out);
    out
}

fn write(
    analysis: &Analysis,
    report: &Report,
    dim: usize,
    missing: Option<&str>,
    out: &mut String,
) -> std::fmt::Result {
    let title = report.title.clone().unwrap_or_else(|| report.name.clone());
    writeln!(out, "{title}: `{}` in N = {dim}.\n", report.equation)?;
    if let Some(citation) = &analysis.equation.citation {
        writeln!(out, "Source: {citation}\n")?;
    }
    writeln!(out, "**Verdict: {}.** {}\n", report.verdict, plain(&analysis.verdict.reason))?;
    if let Some(missing) = missing {
        writeln!(out, "Density, velocity, births and `Field` are not generated: {}.\n", plain(missing))?;
    }
    writeln!(out, "| | |\n| --- | --- |")?;
    let continuity = &report.continuity;
    let kernel = &report.kernel;
    for (name, value) in [
        ("density p", &continuity.p),
        ("flux J = p v", &continuity.flux),
        ("velocity v", &continuity.v),
        ("source R", &continuity.r),
        ("lambda(kappa)", &report.dispersion.lambda),
        ("law", &kernel.form),
        ("log g", &kernel.log_density),
    ] {
        if let Some(value) = value {
            writeln!(out, "| {name} | `{}` |", value.replace('|', "\\|"))?;
        }
    }
    for (i, branch) in report.dispersion.branches.iter().enumerate() {
        let selected = if report.dispersion.selected == Some(i) { ", carries the density" } else { "" };
        writeln!(out, "| omega, {}{selected} | `{}` |", branch.range, branch.omega.replace('|', "\\|"))?;
    }
    if let Some(coordinates) = &kernel.coordinates {
        writeln!(out, "\nThe kernel holds in other coordinates: {}.", plain(coordinates))?;
    }
    writeln!(out, "\n# Proof")?;
    condition(out, "C1, a positive and well-behaved density", &report.c1)?;
    condition(out, "C2, every mode decays faster than the mean", &report.c2)?;
    if let Some(steps) = &continuity.proof {
        writeln!(out, "\nContinuity form, in {} steps:\n\n```text", steps.len())?;
        for step in steps {
            writeln!(out, "{}\n   => {}    ({}: {})", step.before, step.after, step.rule, step.because)?;
        }
        writeln!(out, "```")?;
    }
    Ok(())
}

fn condition(out: &mut String, name: &str, condition: &Condition) -> std::fmt::Result {
    writeln!(out, "\n{name}: {}. {}\n", condition.answer, plain(&condition.reason))?;
    if let Some(certificate) = &condition.certificate {
        writeln!(out, "```text")?;
        tree(out, certificate, 0)?;
        writeln!(out, "```")?;
    }
    if let Some(witness) = &condition.witness {
        let values: Vec<String> = witness.values.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        writeln!(out, "```text\n{}: {}\n```", witness.statement, values.join(", "))?;
    }
    Ok(())
}

fn tree(out: &mut String, certificate: &Certificate, depth: usize) -> std::fmt::Result {
    let Certificate { claim, rule, because, needs, premises } = certificate;
    let needs = if needs.is_empty() { String::new() } else { format!("; needs {}", needs.join(", ")) };
    writeln!(out, "{}{claim}    ({rule}: {because}{needs})", "  ".repeat(depth))?;
    premises.iter().try_for_each(|premise| tree(out, premise, depth + 1))
}

/// Words that Markdown would read as something else.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '*' | '_' | '<' | '>' | '[' | ']' | '`' | '\\' | '|' | '~') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
