//! A printed mode or frequency: is it a root of the symbol?

use super::{Compared, expression};
use genphys_compiler::Analysis;
use genphys_compiler::expr::{Expr, Func, Var};

/// `exp(s t)` with a root s.
pub(super) fn compare_mode(analysis: &Analysis, printed: &str) -> Option<Compared> {
    let Expr::Call(Func::Exp, exponent) = expression(analysis, printed)? else { return None };
    let s = exponent.derivative(&Expr::Var(Var::Time))?.expand();
    let branches = &analysis.dispersion.as_ref().ok()?.branches;
    let derived: Vec<String> = branches.iter().map(|b| format!("exp(({}) t)", b.growth)).collect();
    Some(Compared { derived: derived.join(" ; "), residual: residual(analysis, s)? })
}

/// A frequency, `s = -i omega`.
pub(super) fn compare_frequency(analysis: &Analysis, printed: &str) -> Option<Compared> {
    let omega = expression(analysis, printed)?;
    let branches = &analysis.dispersion.as_ref().ok()?.branches;
    let derived: Vec<String> = branches.iter().map(|b| b.omega.to_string()).collect();
    Some(Compared { derived: derived.join(" ; "), residual: residual(analysis, (-Expr::Imag * omega).expand())? })
}

/// `P(s, kappa)`; some none when it vanishes.
fn residual(analysis: &Analysis, s: Expr) -> Option<Option<String>> {
    let symbol = &analysis.dispersion.as_ref().ok()?.symbol;
    // Powers of a sum need a second pass to meet the terms they cancel.
    let value = symbol.substitute(&Expr::Var(Var::Growth), &s).expand().expand();
    Some((!value.is_zero()).then(|| format!("P(s, kappa) at s = {s} is {value}, not 0")))
}
