//! The derivation of an equation as a standalone LaTeX document.

use super::{escape, expression};
use crate::report::Report;
use genphys_compiler::Analysis;
use genphys_compiler::dispersion::Dispersion;
use genphys_compiler::expr::Expr;
use genphys_compiler::flow::DensityFlow;
use std::fmt::Write;

/// A document with the equation, its continuity form, dispersion relation and verdict.
///
/// # Example
/// ```
/// use genphys_compiler::{Budget, analyze, source::Source};
/// let diffusion = analyze(&Source::new("diffusion", "phi_t - lap(phi) = 0"), Budget::default())?;
/// let text = genphys::report::latex::document(&diffusion);
/// assert!(text.contains(r"\partial_t \phi - \Delta \phi = 0"));
/// # Ok::<(), genphys_compiler::diagnostic::Diagnostics>(())
/// ```
pub fn document(analysis: &Analysis) -> String {
    let report = Report::explained(analysis);
    let title = report.title.as_deref().unwrap_or(&report.name);
    let mut out = String::from(
        "\\documentclass{article}\n\\usepackage[T1]{fontenc}\n\\usepackage[utf8]{inputenc}\n\\usepackage{amsmath}\n\
         \\usepackage[margin=25mm]{geometry}\n",
    );
    let _ = writeln!(out, "\\title{{{}}}\n\\date{{}}\n\\begin{{document}}\n\\maketitle", escape(title));
    equation(&mut out, analysis, &report);
    out += "\\section{Continuity form}\n";
    match &analysis.flow {
        Ok(flow) => continuity(&mut out, flow, &report),
        Err(undecided) => paragraph(&mut out, &format!("Undecided: {}.", undecided.why)),
    }
    out += "\\section{Dispersion relation}\n";
    match &analysis.dispersion {
        Ok(relation) => dispersion(&mut out, relation),
        Err(undecided) => paragraph(&mut out, &format!("Undecided: {}.", undecided.why)),
    }
    verdict(&mut out, &report);
    out + "\\end{document}\n"
}

fn equation(out: &mut String, analysis: &Analysis, report: &Report) {
    let lines: Vec<String> = analysis.equation.components.iter().map(|c| format!("{} = 0", expression(c))).collect();
    display(out, &lines);
    let assumptions: Vec<String> = report.parameters.iter().map(|p| escape(&p.assumption)).collect();
    if !assumptions.is_empty() {
        let _ = writeln!(out, "where {}.\n", assumptions.join(", "));
    }
}

fn continuity(out: &mut String, flow: &DensityFlow, report: &Report) {
    let _ = writeln!(
        out,
        "With $L\\phi$ the left-hand side and the multiplier $M = {}$ ({}),\n\
         \\[ M \\, L\\phi = \\partial_t p + \\nabla\\cdot (p \\mathbf{{v}}) - R \\]\n\
         holds identically in $\\phi$ for",
        flow.multipliers.iter().map(expression).collect::<Vec<_>>().join(", \\; "),
        flow.part.as_str()
    );
    let equality = |name: &str, value: &Expr| format!("{name} &= {}", expression(value));
    let v = flow.v();
    let lines = [
        equality("p", &flow.p),
        equality(r"p \mathbf{v}", &flow.flux),
        equality(r"\mathbf{v}", &v),
        equality("R", &flow.r),
    ];
    display(out, &lines);
    paragraph(out, &format!("Chosen because: {}", flow.reason));
    if let Some(steps) = report.continuity.proof.as_ref().filter(|steps| !steps.is_empty()) {
        out.push_str("\\begin{enumerate}\n");
        for step in steps {
            let _ = writeln!(
                out,
                "\\item \\textsc{{{}}} ({}): \\texttt{{{}}}",
                escape(&step.rule),
                escape(&step.because),
                escape(&step.after)
            );
        }
        out.push_str("\\end{enumerate}\n");
    }
}

fn dispersion(out: &mut String, relation: &Dispersion) {
    out.push_str("For $\\phi \\sim \\exp(-\\mathrm{i}\\omega t + \\mathrm{i} \\mathbf{k}\\cdot\\mathbf{x})$, ");
    out.push_str("$s = -\\mathrm{i}\\omega$, $\\kappa = |\\mathbf{k}|^2$ the symbol is\n");
    display(out, &[format!("{} = 0", expression(&relation.symbol))]);
    out.push_str("with the branches\n");
    let branches: Vec<String> = (0..)
        .zip(&relation.branches)
        .map(|(i, branch)| {
            let mark = if relation.selected == Some(i) { r" \quad \text{(selected)}" } else { "" };
            match &branch.root {
                None => format!(r"\omega_{{{}}} &= {}{mark}", i + 1, expression(&branch.omega)),
                Some(root) => format!(
                    r"\omega_{{{}}} &= \mathrm{{i}} s \text{{ with root {} of }} {} = 0",
                    i + 1,
                    root.number,
                    expression(&root.polynomial)
                ),
            }
        })
        .collect();
    display(out, &branches);
    let (mode, letters) = match &relation.evolution {
        Some(_) => (r"\exp(-\int_0^t \lambda \, \mathrm{d}t)", r"\kappa, t"),
        None => (r"\exp(-\lambda t)", r"\kappa"),
    };
    if let Some(lambda) = relation.lambda() {
        let _ = writeln!(
            out,
            "A mode of the density decays as ${mode}$ with\n\\[ \\lambda({letters}) = {}. \\]",
            expression(&lambda)
        );
    }
    paragraph(out, &format!("Selected because: {}", relation.reason));
}

fn verdict(out: &mut String, report: &Report) {
    let _ = writeln!(out, "\\section{{Verdict: {}}}\n\\begin{{description}}", escape(report.verdict.as_str()));
    for (name, condition) in [("C1", &report.c1), ("C2", &report.c2)] {
        let when = condition.condition.as_ref().map_or(String::new(), |c| format!(" when {c}"));
        let text = format!("{}{when}: {}", condition.answer, condition.reason);
        let _ = writeln!(out, "\\item[{name}] {}", escape(&text));
    }
    out.push_str("\\end{description}\n");
}

fn display(out: &mut String, lines: &[String]) {
    if !lines.is_empty() {
        let _ = writeln!(out, "\\begin{{align*}}\n{}\n\\end{{align*}}", lines.join(" \\\\\n"));
    }
}

fn paragraph(out: &mut String, text: &str) {
    let _ = writeln!(out, "{}\n", escape(text));
}
