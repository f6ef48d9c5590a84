//! The independent checker of certificates and witnesses.
//!
//! In:   a [`Certificate`] or a [`Witness`](crate::verdict::Witness), the equation it is about and its dispersion relation.
//! Out:  nothing when every claim follows, else a [`CheckError`] that names the claim.
//! Holds: shares no code with the prover. It trusts the exact arithmetic of [`Expr`], its own small sign calculus, and the rules of
//!       the Bernstein calculus as theorems; every function, exponent, sign and flag is recomputed. Of the dispersion
//!       relation it reads the symbol alone. The prose in `because` is not checked.

mod proofs;
mod quadrature;
mod signs;
mod tree;
mod witness;

pub use quadrature::kernel_bounds;
pub use witness::check_witness;

use crate::dispersion::Dispersion;
use crate::expr::{Expr, Sign};
use crate::operator::Equation;
use crate::verdict::{Answer, Case, Certificate, SideCondition, Which};
use signs::Known;
use thiserror::Error;

/// The first claim of a certificate or a witness that does not follow.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct CheckError(String);

fn wrong<T>(what: impl std::fmt::Display, about: impl std::fmt::Display) -> Result<T, CheckError> {
    Err(CheckError(format!("{what}: {about}")))
}

/// Replays the certificate of an answer. For yes and no, the cases must each prove it and exhaust the admitted
/// parameters; for conditional, they must not prove yes or no everywhere.
///
/// # Errors
/// [`CheckError`] names the first claim that does not follow.
pub fn replay(
    certificate: &Certificate,
    answer: Answer,
    equation: &Equation,
    dispersion: &Dispersion,
) -> Result<(), CheckError> {
    let which = certificate.condition;
    let mut shown = Vec::with_capacity(certificate.cases.len());
    for case in &certificate.cases {
        shown.push(check_case(case, which, equation, dispersion)?);
    }
    let known = Known::new(&equation.facts);
    let whens: Vec<&[SideCondition]> = certificate.cases.iter().map(|c| c.when.as_slice()).collect();
    let covered = covers(&known, &whens);
    let distinct = (1..whens.len()).all(|i| !whens[..i].contains(&whens[i]));
    let all = |one: Answer| covered && distinct && shown.iter().all(|a| *a == one);
    match answer {
        Answer::Yes | Answer::No if all(answer) => Ok(()),
        Answer::Conditional if distinct && !shown.is_empty() && !all(Answer::Yes) && !all(Answer::No) => Ok(()),
        _ => wrong("the cases do not amount to the answer", answer),
    }
}

/// Do the conjunctions `whens` exhaust what is known? Each must begin with the sign of the same expression.
fn covers(known: &Known, whens: &[&[SideCondition]]) -> bool {
    if whens.iter().any(|w| w.is_empty()) {
        return true;
    }
    let Some(pivot) = whens.first().map(|w| w[0].expression.clone()) else { return false };
    let admitted = known.sign(&pivot);
    admitted.is(Sign::ANY)
        && admitted.each().into_iter().all(|sign| {
            let rest: Vec<&[SideCondition]> =
                whens.iter().filter(|w| w[0].expression == pivot && sign.is(w[0].sign)).map(|w| &w[1..]).collect();
            covers(&known.assuming(&SideCondition::new(pivot.clone(), sign)), &rest)
        })
}

fn check_case(case: &Case, which: Which, equation: &Equation, dispersion: &Dispersion) -> Result<Answer, CheckError> {
    let mut known = Known::new(&equation.facts);
    let mut symbol = dispersion.coefficients.clone();
    for condition in &case.when {
        if known.sign(&condition.expression).and(condition.sign) == Sign::NONE {
            return wrong("an empty case", condition.sign.describe(&condition.expression));
        }
        known = known.assuming(condition);
        if condition.sign == Sign::ZERO
            && let Some((name, value)) = condition.expression.fixes()
        {
            let at = |c: &Expr| c.substitute(&Expr::Sym(name.clone()), &Expr::Num(value.clone())).expand();
            symbol = symbol.iter().map(at).collect();
        }
    }
    while symbol.last().is_some_and(Expr::is_zero) {
        symbol.pop();
    }
    Checker { known, symbol }.proof(&case.proof, which)?;
    case.proof.establishes(which).map_or_else(|| wrong("a proof of the other condition than", format!("{which:?}")), Ok)
}

/// The assumptions of one case, and the symbol by powers of s.
struct Checker {
    known: Known,
    symbol: Vec<Expr>,
}

impl Checker {
    fn positive(&self, e: &Expr) -> Result<(), CheckError> {
        if self.known.positive_for_positive_kappa(e) { Ok(()) } else { wrong("not positive for kappa > 0", e) }
    }

    fn require(&self, e: &Expr, sign: Sign) -> Result<(), CheckError> {
        let holds = self.known.sign(e).is(sign);
        if holds { Ok(()) } else { wrong("does not follow from the assumptions", sign.describe(e)) }
    }

    fn equal(&self, a: &Expr, b: &Expr) -> Result<(), CheckError> {
        let same = a.equals(b, &|e| self.known.sign(e));
        if same { Ok(()) } else { wrong(format!("not equal to {b}"), a) }
    }
}

/// Checks that a tree proves its function Bernstein under the assumptions `facts`.
#[cfg(test)]
pub(crate) fn check_tree(tree: &crate::verdict::Node, facts: &crate::expr::Facts) -> Result<(), CheckError> {
    Checker { known: Known::new(facts), symbol: Vec::new() }.node(tree).map(|_| ())
}
