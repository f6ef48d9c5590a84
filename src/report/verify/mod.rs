//! A report put to the test: everything it proves is replayed from its own text.
//!
//! In:   a [`Report`], perhaps read from a file.
//! Out:  one [`Finding`] an item, accepted or not.
//! Holds: the equation is read again from its text and its symbol derived from it; certificates and witnesses go to the
//!       [`checker`](genphys_compiler::checker), the continuity form to the identity check; what the report says in
//!       words must be what that evidence says. Not checked: titles, reasons, the text of conditions, the kernel.

use super::{Condition, Continuity, FieldKind, Report, build};
use genphys_compiler::checker::{check_witness, replay};
use genphys_compiler::dispersion::{self, Dispersion, Timing};
use genphys_compiler::expr::{Axis, Expr, Facts, Sign, Var};
use genphys_compiler::flow::{DensityFlow, Derivation, Part, Search, verify_identity};
use genphys_compiler::operator::Equation;
use genphys_compiler::source::Source;
use genphys_compiler::syntax::{Scope, parse_expr};
use genphys_compiler::verdict::{Answer, VerdictKind, Which};
use num_complex::Complex64;
use serde::Serialize;

/// What came of one item of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The item: `C1 certificate`.
    pub item: String,
    /// Does it hold?
    pub accepted: bool,
    /// How much was checked, or what does not hold.
    pub detail: String,
}

type Checked = Result<String, String>;

/// Checks everything that a report proves.
///
/// # Example
/// ```
/// use genphys::report::{Report, verify};
/// use genphys_compiler::{Budget, analyze, source::Source};
/// let source = Source::new("<equation>", "phi_tt + lap(phi) - m^2 phi = 0 where m > 0");
/// let mut report = Report::new(&analyze(&source, Budget::default())?);
/// assert!(verify(&report).iter().all(|finding| finding.accepted));
/// report.continuity.r = Some("m^2 phi".to_owned()); // the sign of the source as the paper's section 3 has it
/// assert!(verify(&report).iter().any(|finding| !finding.accepted));
/// # Ok::<(), genphys_compiler::diagnostic::Diagnostics>(())
/// ```
pub fn verify(report: &Report) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut note = |item: &str, checked: Checked| {
        let accepted = checked.is_ok();
        let detail = checked.unwrap_or_else(|why| why);
        findings.push(Finding { item: item.to_owned(), accepted, detail });
    };
    let equation = match equation(report) {
        Ok(equation) => equation,
        Err(why) => {
            note("equation", Err(why));
            return findings;
        }
    };
    note("equation", Ok("reads back".to_owned()));
    if report.continuity != (Continuity { reason: report.continuity.reason.clone(), ..Continuity::default() }) {
        note("continuity identity", identity(&report.continuity, &equation));
    }
    // Equations that differ by a constant have one dispersion relation.
    let relation = dispersion::derive(&equation.normalised()).ok();
    note("dispersion", dispersion_relation(report, &equation, relation.as_ref()));
    for (which, condition) in [(Which::C1, &report.c1), (Which::C2, &report.c2)] {
        evidence(which, condition, &equation, relation.as_ref(), &mut note);
    }
    note("verdict", verdict(report));
    findings
}

/// The equation of a report, read again.
fn equation(report: &Report) -> Result<Equation, String> {
    let mut text = String::from("pde report {\n");
    for unknown in &report.unknowns {
        let kind = if unknown.field == FieldKind::Complex { "complex" } else { "real" };
        text += &format!("field {}: {kind};\n", unknown.name);
    }
    let dimension = report.dimension.map_or("N".to_owned(), |n| n.to_string());
    text += &format!("space x in R^{dimension};\n");
    for parameter in &report.parameters {
        text += &format!("param {};\n", parameter.assumption);
    }
    for part in report.equation.split("; ") {
        text += &format!("equation {part};\n");
    }
    text += "}";
    let read = Equation::from_source(&Source::new("report", &text));
    let read = read.map_err(|e| e.all.first().map_or("does not read back".to_owned(), |d| d.message.clone()))?;
    let mut names: Vec<(String, String)> =
        build::parameters(&read).into_iter().map(|p| (p.name, p.assumption)).collect();
    let mut stated: Vec<(String, String)> =
        report.parameters.iter().map(|p| (p.name.clone(), p.assumption.clone())).collect();
    names.sort();
    stated.sort();
    let complex = if read.is_complex() { FieldKind::Complex } else { FieldKind::Real };
    if build::equation_text(&read) == report.equation && names == stated && complex == report.field {
        Ok(read)
    } else {
        Err("reads back as another equation, or with other parameters".to_owned())
    }
}

fn expression(text: Option<&String>, equation: &Equation) -> Result<Expr, String> {
    let text = text.ok_or("a part is missing")?;
    let scope = Scope::with_fields(equation.unknowns.iter().map(|u| u.name.as_str()));
    parse_expr(text, &scope).map_err(|_| format!("`{text}` is not an expression"))
}

/// The continuity form as the report states it: an identity in a generic field.
fn identity(form: &Continuity, equation: &Equation) -> Checked {
    let read = |text: &Option<String>| expression(text.as_ref(), equation);
    let parts = [Part::Whole, Part::Real, Part::Imaginary];
    let part = parts.into_iter().find(|p| Some(p.as_str()) == form.part.as_deref());
    let text = form.multiplier.as_ref().ok_or("a part is missing")?;
    let multipliers: Vec<Expr> =
        text.split("; ").map(|m| expression(Some(&m.to_owned()), equation)).collect::<Result<_, _>>()?;
    let flow = DensityFlow {
        p: read(&form.p)?,
        flux: read(&form.flux)?,
        r: read(&form.r)?,
        multiplier: multipliers.first().cloned().unwrap_or_else(Expr::zero),
        multipliers,
        part: part.ok_or("the part is neither whole, real nor imaginary")?,
        proof: Derivation::default().into(),
        reason: String::new(),
        alternatives: 0,
        search: Search { iterations: 0, nodes: 0, classes: 0, stop: String::new() },
    };
    if flow.p.is_zero() || flow.multipliers.iter().all(Expr::is_zero) {
        return Err("p or the multiplier is zero".to_owned());
    }
    if read(&form.v)? != flow.v() {
        return Err("v is not flux / p".to_owned());
    }
    if form.proof.as_ref().is_some_and(|steps| Some(steps.len()) != form.proof_steps) {
        return Err("steps of the derivation are missing".to_owned());
    }
    verify_identity(equation, &flow).map_err(|e| e.to_string())?;
    Ok("M L phi = dt p + div J - R for a generic phi".to_owned())
}

/// The section as derived again, each branch a root of the symbol.
fn dispersion_relation(report: &Report, equation: &Equation, relation: Option<&Dispersion>) -> Checked {
    let stated = &report.dispersion;
    let Some(relation) = relation else {
        let empty = stated.symbol.is_none() && stated.branches.is_empty() && stated.lambda.is_none();
        return if empty { Ok("none stated".to_owned()) } else { Err("this equation has none".to_owned()) };
    };
    if *stated != build::dispersion(relation) {
        return Err("differs from the one derived from the equation".to_owned());
    }
    // A branch without closed form names a root of the symbol; there is nothing to put in.
    for branch in relation.branches.iter().filter(|b| b.root.is_none()) {
        for k in [0.37, 1.9] {
            is_root(relation, &branch.omega, equation, k).map_err(|why| format!("omega = {}: {why}", branch.omega))?;
        }
    }
    Ok(format!("{} branches, each a root of the symbol", stated.branches.len()))
}

/// A time at which branches that depend on t are tried.
const TIME: f64 = 0.7;

/// The value there of every coefficient function, whose own form nothing depends on.
const FUNCTION: f64 = 1.3;

/// Is `s = -i omega` a root of the symbol, at a wave number and admitted parameters?
fn is_root(relation: &Dispersion, omega: &Expr, equation: &Equation, k: f64) -> Result<(), String> {
    let symbol = &relation.symbol;
    let names: Vec<_> = equation.parameters.iter().map(|p| p.name.clone()).collect();
    // Different values for different parameters: `1/(a - b)` has none where they agree.
    let apart = |facts: &Facts| {
        let mut facts = facts.clone();
        for (i, a) in names.iter().enumerate() {
            facts.relate(Expr::Sym(a.clone()) - Expr::one(), Sign::NONZERO);
            names[..i].iter().for_each(|b| facts.relate(Expr::Sym(a.clone()) - Expr::Sym(b.clone()), Sign::NONZERO));
        }
        facts.sample(&names)
    };
    let point =
        apart(&equation.facts).or_else(|| equation.facts.sample(&names)).ok_or("no admitted parameters found")?;
    let value = |e: &Expr, s: Complex64| {
        e.evaluate(&|part| match part {
            Expr::Var(Var::Kappa) => Some(Complex64::from(k * k)),
            Expr::Var(Var::Growth) => Some(s),
            Expr::Var(Var::Time) => Some(Complex64::from(TIME)),
            Expr::Apply(..) => Some(Complex64::from(FUNCTION)),
            Expr::Sym(n) if n.as_str() == dispersion::WAVE_NUMBER => Some(Complex64::from(k)),
            // The wave runs along the first axis.
            Expr::Sym(n) if Axis::ALL.iter().any(|axis| axis.wave_number() == n.as_str()) => Some(Complex64::from(0.0)),
            Expr::Sym(n) => {
                let value = point.iter().find(|(m, _)| m == n).and_then(|(_, v)| num_traits::ToPrimitive::to_f64(v));
                value.map(Complex64::from)
            }
            _ => None,
        })
    };
    let mut s = value(omega, Complex64::from(0.0)).ok_or("has no value")? * -Complex64::i();
    let mut rate = Complex64::from(0.0);
    if relation.evolution.as_ref().is_some_and(|e| e.timing == Timing::Bessel) {
        // With lambda = -s: P(lambda) = d lambda/dt, the Riccati equation of the density -t^(d-1) phi_t of a mode.
        s = -s;
        let lambda = relation.lambda().and_then(|l| l.derivative(&Expr::Var(Var::Time))).ok_or("has no derivative")?;
        rate = value(&lambda, s).ok_or("has no derivative")?;
    }
    let size: f64 = symbol.terms().iter().filter_map(|t| value(t, s)).map(|z| z.norm()).sum();
    let residual = (value(symbol, s).ok_or("the symbol has no value")? - rate).norm();
    if residual <= 1e-9 * size.max(1e-3) { Ok(()) } else { Err(format!("leaves {residual:e} at k = {k}")) }
}

/// The certificate and the witness of one condition, and whether the answer rests on them.
fn evidence(
    which: Which,
    condition: &Condition,
    equation: &Equation,
    relation: Option<&Dispersion>,
    note: &mut dyn FnMut(&str, Checked),
) {
    let Condition { answer, certificate, witness, proof, refutation, .. } = condition;
    let derived = || relation.ok_or_else(|| "the equation has no dispersion relation".to_owned());
    if proof.is_some() || certificate.is_some() {
        let checked = || {
            let proof = proof.as_ref().ok_or("only words")?;
            if proof.condition != which || *certificate != Some(build::certificate(proof)) {
                return Err("the words are about something else".to_owned());
            }
            replay(proof, *answer, equation, derived()?).map_err(|e| e.to_string())?;
            let steps = proof.steps();
            Ok(format!("{steps} step{}", if steps == 1 { "" } else { "s" }))
        };
        note(&format!("{which:?} certificate"), checked());
    }
    if refutation.is_some() || witness.is_some() {
        let checked = || {
            let refutation = refutation.as_ref().ok_or("only words")?;
            if refutation.refutes() != which || *witness != Some(build::witness(refutation)) {
                return Err("the words are about something else".to_owned());
            }
            check_witness(refutation, equation, derived()?).map_err(|e| e.to_string())?;
            Ok("reproduces".to_owned())
        };
        note(&format!("{which:?} witness"), checked());
    }
    let rests = match answer {
        Answer::Yes => proof.is_some() && refutation.is_none(),
        Answer::No | Answer::Conditional => proof.is_some() || refutation.is_some(),
        Answer::Undecided => condition.missing.is_some(),
    };
    let stated = (*answer == Answer::Conditional) == condition.condition.is_some();
    note(
        &format!("{which:?} answer"),
        match (rests, stated) {
            (true, true) => Ok(answer.to_string()),
            (false, _) => Err(format!("{answer} does not go with the evidence")),
            (_, false) => Err(format!("{answer}, and a condition that does not fit it")),
        },
    );
}

fn verdict(report: &Report) -> Checked {
    let follows = VerdictKind::from_answers(report.c1.answer, report.c2.answer) == report.verdict;
    if follows && report.paper_rule == report.c2.answer {
        Ok(format!("{} follows from C1 and C2", report.verdict))
    } else {
        Err(format!("{} does not follow from C1 and C2", report.verdict))
    }
}

#[cfg(test)]
mod tests;
