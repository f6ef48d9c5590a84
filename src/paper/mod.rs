//! The tables of the GenPhys paper (arXiv:2304.02637) against what is derived, each difference with its residual.
//!
//! In:    `tests/paper/tables.tsv`: statements of Tables 1 to 4 and Sec. 3 in the input language.
//! Out:   [`Finding`]s: agreement, or a residual that anyone can recompute and the erratum that explains it.
//! Holds: a residual is computed from the statement as printed, never from a corrected one; a statement that differs
//!        without an erratum, or agrees in spite of one, is [`Finding::explained`] false.

mod identity;
mod kernel;
mod spectrum;

use genphys_compiler::syntax::{Scope, parse_expr};
use genphys_compiler::verdict::VerdictKind;
use genphys_compiler::{Analysis, Budget, analyze, expr::Expr, source::Source};

const TABLES: &str = include_str!("../../tests/paper/tables.tsv");

/// One statement of the paper beside what is derived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where the paper says it.
    pub place: String,
    /// The equation, with assumptions.
    pub equation: String,
    /// What it is about: `p; v; R`, `G at N = 2`, `Ghat`, `omega`, `C1`, `C2` or `s-generative`.
    pub quantity: String,
    /// The statement.
    pub printed: String,
    /// What is derived.
    pub derived: String,
    /// What shows the difference; none when there is none.
    pub residual: Option<String>,
    /// The erratum cited, of `docs/errata.md`.
    pub erratum: Option<String>,
}

impl Finding {
    /// Does the statement agree, or differ for the reason of an erratum?
    pub fn explained(&self) -> bool {
        self.residual.is_some() == self.erratum.is_some()
    }
}

/// Compares every statement.
///
/// # Errors
/// [`TableError`] when a row cannot be read: a fault of the table, never of an input.
pub fn findings() -> Result<Vec<Finding>, TableError> {
    TABLES.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).map(finding).collect()
}

/// A row of the table that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("tests/paper/tables.tsv: `{row}`: {what}")]
pub struct TableError {
    row: String,
    what: String,
}

/// What is derived in the place of a statement, and what shows the difference.
struct Compared {
    derived: String,
    residual: Option<String>,
}

fn finding(row: &str) -> Result<Finding, TableError> {
    let wrong = |what: &str| TableError { row: row.to_owned(), what: what.to_owned() };
    let columns: Vec<&str> = row.split('\t').collect();
    let [place, equation, quantity, printed, erratum] = columns[..] else { return Err(wrong("five columns expected")) };
    let analysis =
        analyze(&Source::new("tables.tsv", equation), Budget::default()).map_err(|d| wrong(&d.to_string()))?;
    let compared = match quantity {
        "p; v; R" => identity::compare(&analysis, printed),
        "G at N = 2" => kernel::compare(&analysis, printed),
        "Ghat" => spectrum::compare_mode(&analysis, printed),
        "omega" => spectrum::compare_frequency(&analysis, printed),
        "C1" => Some(words(analysis.verdict.c1.answer.as_str(), printed, &analysis.verdict.c1.reason)),
        "C2" => Some(words(analysis.verdict.c2.answer.as_str(), printed, &analysis.verdict.c2.reason)),
        "s-generative" => Some(words(word(analysis.verdict.kind), printed, &analysis.verdict.reason)),
        _ => None,
    };
    let Compared { derived, residual } = compared.ok_or_else(|| wrong("the statement cannot be compared"))?;
    Ok(Finding {
        place: place.into(),
        equation: equation.into(),
        quantity: quantity.into(),
        printed: printed.into(),
        derived,
        residual,
        erratum: (!erratum.is_empty()).then(|| erratum.into()),
    })
}

fn words(derived: &str, printed: &str, reason: &str) -> Compared {
    Compared { derived: derived.into(), residual: (derived != printed).then(|| reason.to_owned()) }
}

/// The paper's word for a verdict.
fn word(kind: VerdictKind) -> &'static str {
    match kind {
        VerdictKind::SGenerative => "yes",
        VerdictKind::Conditional => "conditional",
        VerdictKind::NotSGenerative => "no",
        VerdictKind::Undecided => "undecided",
    }
}

/// A printed expression about the analysis's fields.
fn expression(analysis: &Analysis, text: &str) -> Option<Expr> {
    let names: Vec<&str> = analysis.equation.unknowns.iter().map(|u| u.name.as_str()).collect();
    parse_expr(text.trim(), &Scope::with_fields(names)).ok()
}
