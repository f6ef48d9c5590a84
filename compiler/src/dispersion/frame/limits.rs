//! What is missing where an equation has no modes of its own.
//!
//! In:   the term at which its symbol ends.
//! Out:  [`Undecided`], with what would decide C1 and C2 instead.

use crate::dispersion::Undecided;
use crate::expr::Expr;

/// A term that is not linear in the unknown.
pub(in crate::dispersion) fn nonlinear(term: &Expr) -> Undecided {
    Undecided::new(format!(
        "nonlinear: {term}; modes do not superpose, so there is no lambda(kappa). Missing are a comparison principle that keeps \
         p positive, for C1, and a proof that solutions forget their data, for C2"
    ))
}

/// A coefficient in t or x that leaves no modes that evolve alone.
pub(in crate::dispersion) fn varies(coefficient: &Expr) -> Undecided {
    let missing = if coefficient.has_time() {
        "the modes have no closed form here"
    } else {
        "modes exp(i k.x) couple, so there is no lambda(kappa). Missing are the sign of the kernel, as Feynman and Kac give it \
         for a diffusion, for C1, and the spectrum of the operator in x, for C2"
    };
    let what = if coefficient.has_time() { "t" } else { "x" };
    Undecided::new(format!("a coefficient depends on {what}: {coefficient}; {missing}"))
}
