//! The independent checker of certificates and witnesses.
//!
//! In:   a [`Certificate`] or a [`Witness`](crate::verdict::Witness), the equation it is about and its dispersion relation.
//! Out:  nothing when every claim follows, else a [`CheckError`] that names the claim.
//! Holds: under 600 lines; lemmas about families of equations stand beside it, in [`crate::lemmas`]. It shares no code with the
//!       prover but the exact arithmetic of [`Expr`]: normal forms, derivatives, equality of functions with roots, limits,
//!       divisibility and sums of powers. It has its own signs of parameters, and trusts the rules of the calculus as
//!       theorems; every function, exponent, sign and flag is recomputed. Of the dispersion relation it reads the symbol
//!       alone. The prose in `because` is not checked.

mod proofs;
mod signs;
mod tree;
mod witness;

pub use witness::check_witness;

use crate::dispersion::Dispersion;
use crate::expr::{Expr, KappaSum, Sign};
use crate::operator::Equation;
use crate::verdict::{Answer, Case, Certificate, SideCondition, Which};
pub(crate) use signs::Known;
use std::fmt::Display;

/// The first claim of a certificate or a witness that does not follow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CheckError(String);

pub(crate) type Checked = Result<(), CheckError>;

pub(crate) fn wrong<T>(what: impl Display, about: impl Display) -> Result<T, CheckError> {
    Err(CheckError(format!("{what}: {about}")))
}

/// The first of these that is wrong.
pub(crate) fn all<const N: usize>(claims: [Checked; N]) -> Checked {
    claims.into_iter().collect()
}

/// Replays the certificate of an answer. For yes and no, the cases must each prove it and exhaust the admitted
/// parameters; for conditional, they must not prove yes or no everywhere.
///
/// # Errors
/// [`CheckError`] names the first claim that does not follow.
pub fn replay(proved: &Certificate, answer: Answer, equation: &Equation, dispersion: &Dispersion) -> Checked {
    let check = |case| check_case(case, proved.condition, equation, dispersion);
    let shown = proved.cases.iter().map(check).collect::<Result<Vec<_>, _>>()?;
    let whens: Vec<&[SideCondition]> = proved.cases.iter().map(|c| c.when.as_slice()).collect();
    let distinct = (1..whens.len()).all(|i| !whens[..i].contains(&whens[i]));
    let covered = distinct && covers(&Known::new(&equation.facts), &whens);
    let all = |one: Answer| covered && shown.iter().all(|a| *a == one);
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
    let covered = |sign: Sign| {
        let here = whens.iter().filter(|w| w[0].expression == pivot && sign.is(w[0].sign));
        let rest: Vec<&[SideCondition]> = here.map(|w| &w[1..]).collect();
        covers(&known.assuming(&SideCondition::new(pivot.clone(), sign)), &rest)
    };
    known.sign(&pivot).is(Sign::ANY) && known.sign(&pivot).each().into_iter().all(covered)
}

fn check_case(case: &Case, which: Which, equation: &Equation, dispersion: &Dispersion) -> Result<Answer, CheckError> {
    let mut known = Known::new(&equation.facts);
    let mut symbol = dispersion.coefficients.clone();
    for condition in &case.when {
        if known.sign(&condition.expression).and(condition.sign) == Sign::NONE {
            return wrong("an empty case", condition.sign.describe(&condition.expression));
        }
        known = known.assuming(condition);
        if let (Sign::ZERO, Some((name, value))) =
            (condition.sign, condition.expression.fixes(&|e| known.sign(e).is(Sign::NONZERO)))
        {
            symbol = symbol.iter().map(|c| c.substitute(&Expr::Sym(name.clone()), &value).expand()).collect();
        }
    }
    symbol.truncate(symbol.iter().rposition(|c| !c.is_zero()).map_or(0, |last| last + 1));
    if dispersion.depends_on_direction() != case.proof.is_directional() {
        return wrong("a proof that has no say on the direction of k", format!("{which:?}"));
    }
    let checker = Checker { known, symbol, dimension: equation.dimension };
    all([checker.evolution(dispersion, &case.proof), checker.proof(&case.proof, which)])?;
    case.proof.establishes(which).map_or_else(|| wrong("a proof of the other condition than", format!("{which:?}")), Ok)
}

/// The assumptions of one case, and the symbol by powers of s.
pub(crate) struct Checker {
    pub(crate) known: Known,
    pub(crate) symbol: Vec<Expr>,
    pub(crate) dimension: Option<u32>,
}

impl Checker {
    /// Positive for every `kappa > 0`.
    pub(crate) fn positive(&self, e: &Expr) -> Checked {
        let holds = KappaSum::read(e).is_some_and(|sum| sum.is_positive(&|c| self.known.sign(c)));
        if holds { Ok(()) } else { wrong("not positive for kappa > 0", e) }
    }

    pub(crate) fn require(&self, e: &Expr, sign: Sign) -> Checked {
        let holds = self.known.sign(e).is(sign);
        if holds { Ok(()) } else { wrong("does not follow from the assumptions", sign.describe(e)) }
    }

    pub(crate) fn equal(&self, a: &Expr, b: &Expr) -> Checked {
        let holds = a.equals(b, &|e| self.known.sign(e));
        if holds { Ok(()) } else { wrong(format!("not equal to {b}"), a) }
    }
}

/// Checks that a tree proves its function Bernstein under the assumptions `facts`.
#[cfg(test)]
pub(crate) fn check_tree(tree: &crate::verdict::Node, facts: &crate::expr::Facts) -> Checked {
    Checker { known: Known::new(facts), symbol: Vec::new(), dimension: None }.node(tree).map(|_| ())
}
