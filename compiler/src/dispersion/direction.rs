//! Symbols that depend on the direction of k: in kappa and the letters `k_x`, `k_y`, `k_z`.
//!
//! In:   the symbol as it is read off the equation, with a letter for every derivative along an axis.
//! Out:  the symbol in kappa alone where the letters combine to it; else the [`Dispersion`] of an equation of first order
//!       in time, whose coefficients keep the letters.
//! Holds: `kappa = k_x^2 + k_y^2 + ...` over all axes of the space is the only identity used.

use super::branches::branches;
use super::pieces::Piece;
use super::select::Which;
use super::{Dispersion, Problem, Undecided};
use crate::expr::{Axis, Expr, Facts, Name};

impl Dispersion {
    /// Does the growth rate depend on the direction of k? Symbol, coefficients and branches then contain `k_x`, `k_y` or
    /// `k_z` beside `kappa`.
    pub fn depends_on_direction(&self) -> bool {
        self.coefficients.iter().any(depends)
    }
}

/// The letter for the component of k along `axis`; no parameter can carry its name.
pub(crate) fn letter(axis: Axis) -> Expr {
    Expr::sym(axis.wave_number())
}

/// The axis of the letter called `name`.
pub(crate) fn axis_of(name: &Name) -> Option<Axis> {
    Axis::ALL.into_iter().find(|a| a.wave_number() == name.as_str())
}

/// Does it contain a component of k?
pub(crate) fn depends(e: &Expr) -> bool {
    e.any(&|part| matches!(part, Expr::Sym(name) if axis_of(name).is_some()))
}

/// The symbol with kappa for the sum of the squares of all components, as far as that shortens it.
pub(super) fn in_kappa(symbol: &Expr, dimension: Option<u32>) -> Expr {
    let axes = dimension.and_then(|n| Axis::ALL.get(..n as usize));
    let Some([others @ .., last]) = axes else { return symbol.clone() };
    let square = Expr::kappa() - Expr::add(others.iter().map(|a| letter(*a).powi(2)));
    let reduced = symbol.replace(&|e| powers_of_square(e, &letter(*last), &square)).expand().expand();
    // On a line this is a normal form; elsewhere it only trades one letter for the others.
    if others.is_empty() || !depends(&reduced) { reduced } else { symbol.clone() }
}

fn powers_of_square(e: &Expr, letter: &Expr, square: &Expr) -> Option<Expr> {
    match e {
        Expr::Pow(base, n) if **base == *letter => {
            let n = n.as_int().filter(|n| *n >= 2)?;
            Some(letter.clone().powi(n % 2) * square.clone().powi(n / 2))
        }
        _ => None,
    }
}

/// The dispersion relation of an equation of first order in time.
pub(super) fn derive(symbol: Expr, coefficients: Vec<Expr>, facts: &Facts) -> Result<Dispersion, Undecided> {
    let undecided =
        |why: &str| Undecided::new(format!("the symbol depends on the direction of k, not on |k| alone{why}"));
    let [numerator, denominator] = coefficients.as_slice() else {
        return Err(undecided(", at second or higher order in time"));
    };
    if depends(denominator) || denominator.contains(&Expr::kappa()) {
        return Err(undecided(", with space derivatives of phi_t"));
    }
    let piece = Piece::Linear { numerator: numerator.clone(), denominator: denominator.clone() };
    let branches = branches(&piece, Which::Only, facts);
    Ok(Dispersion {
        symbol,
        coefficients,
        branches,
        problem: Problem::Unknown,
        selected: Some(0),
        reason: "the only root of an equation of first order in t".to_owned(),
        evolution: None,
        drift: None,
    })
}
