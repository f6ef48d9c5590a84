//! Dispersion relation: from a linear equation to its branches.
//!
//! In:   [`Equation`], linear in its unknowns; coefficients in `t`, and in `x` through a linear drift, as [`Evolution`] says.
//! Out:  [`Dispersion`]: the symbol, one [`Branch`] per root, in closed form where it has one, and the branch that carries
//!       the density.
//! Holds: every branch is a root of the symbol.
//! Sign: `phi ~ exp(-i omega t + i k.x)`, so a mode decays exactly when `Im omega < 0`.
//! Source: GenPhys (arXiv:2304.02637), Sec. 4 and Table 3.

mod branches;
pub(crate) mod direction;
mod discs;
mod enclose;
mod evaluate;
pub(crate) mod frame;
pub(crate) mod pieces;
pub(crate) mod select;
mod symbol;

pub(crate) use branches::{growth as branch_growth, quadratic_parts};
pub use enclose::Enclosed;
pub use evaluate::EvaluateError;
pub use frame::{Evolution, Timing};

pub use crate::undecided::Undecided;

use crate::expr::{Expr, Facts, Stop, Var};
use crate::operator::Equation;
use pieces::Piece;
use select::{Selection, Which};

/// Derives the dispersion relation.
///
/// # Errors
/// [`Undecided`] names the limit: nonlinear, coefficients that depend on `t` or `x` in other ways than [`Evolution`], a
/// symbol that depends on the direction of k at second or higher order in time, a leading coefficient that vanishes at
/// some k.
pub fn derive(equation: &Equation) -> Result<Dispersion, Undecided> {
    if frame::is_evolving(equation) {
        return frame::derive(equation);
    }
    let (symbol, drift) = symbol::symbol(equation)?;
    let coefficients = powers_of(&symbol, &Expr::Var(Var::Growth))
        .ok_or_else(|| Undecided::new("the symbol is not a polynomial in s"))?;
    let facts = &equation.facts;
    if coefficients.iter().any(direction::depends) {
        return direction::derive(symbol, coefficients, facts);
    }
    let (pieces, selection) = match pieces_and_selection(&coefficients, facts) {
        Ok((pieces, selection)) => (pieces, Some(selection)),
        Err(Stop::Undecided(why)) => return Err(Undecided { why }),
        Err(Stop::Need(condition)) => return sign_dependent(symbol, coefficients, drift, facts, &condition),
    };
    let Some(selection) = selection else { return Err(Undecided::new("no branch")) };
    let chosen = &selection.candidates[0];
    let mut list = branches::branches(&chosen.piece, chosen.which, facts);
    let mut rest = pieces;
    if let Some(i) = rest.iter().position(|p| *p == chosen.piece) {
        rest.remove(i);
    }
    for piece in &rest {
        list.extend(branches::branches(piece, Which::Slow, facts));
    }
    Ok(Dispersion {
        symbol: with_drift(symbol, &drift),
        coefficients,
        branches: list.into_iter().map(|b| b.drifting(&drift)).collect(),
        problem: selection.problem,
        selected: (chosen.which != Which::Any).then_some(0),
        reason: selection.reason,
        drift,
        evolution: None,
    })
}

/// The pieces of the symbol and the selection among them.
pub(crate) fn pieces_and_selection(coefficients: &[Expr], facts: &Facts) -> Result<(Vec<Piece>, Selection), Stop> {
    let pieces = pieces::pieces(coefficients, facts)?;
    let selection = select::select(&pieces, facts)?;
    Ok((pieces, selection))
}

/// The kind of problem hangs on the sign of a combination of parameters: the roots are listed as they are.
fn sign_dependent(
    symbol: Expr,
    coefficients: Vec<Expr>,
    drift: Option<Expr>,
    facts: &Facts,
    condition: &Expr,
) -> Result<Dispersion, Undecided> {
    let list = match coefficients.as_slice() {
        [numerator, denominator] => {
            let piece = Piece::Linear { numerator: numerator.clone(), denominator: denominator.clone() };
            branches::branches(&piece, Which::Only, facts)
        }
        [c, b, a] => {
            let piece = Piece::Quadratic { a: a.clone(), b: b.clone(), c: c.clone() };
            branches::branches(&piece, Which::Slow, facts)
        }
        [c, middle @ .., a] if middle.iter().all(Expr::is_zero) => {
            // The n-th roots of a number of either sign.
            let modulus = (-c.clone() / a.clone()).expand();
            branches::branches(
                &Piece::Power { order: middle.len() as u32 + 1, modulus, negative: false },
                Which::Slow,
                facts,
            )
        }
        longer => {
            let known = pieces::pieces(longer, facts);
            let pieces = known.unwrap_or_else(|_| vec![Piece::Polynomial { coefficients: longer.to_vec() }]);
            pieces.iter().flat_map(|piece| branches::branches(piece, Which::Slow, facts)).collect()
        }
    };
    let selected = (list.len() == 1).then_some(0);
    let reason = if selected.is_some() {
        "the only root of an equation of first order in t".to_owned()
    } else {
        format!("the kind of problem depends on the sign of {condition}")
    };
    let branches = list.into_iter().map(|b| b.drifting(&drift)).collect();
    let symbol = with_drift(symbol, &drift);
    let (problem, evolution) = (Problem::Unknown, None);
    Ok(Dispersion { symbol, coefficients, branches, problem, selected, reason, drift, evolution })
}

/// The letter of the wave number along the first axis in the symbol and the branches of an equation with a drift.
pub const WAVE_NUMBER: &str = "k_x";

/// The symbol with `s + i c k_x` for `s`.
fn with_drift(symbol: Expr, drift: &Option<Expr>) -> Expr {
    let Some(c) = drift else { return symbol };
    let s = Expr::Var(Var::Growth);
    symbol.substitute(&s, &(s.clone() + Expr::Imag * c.clone() * Expr::sym(WAVE_NUMBER))).expand()
}

/// The coefficients of a polynomial in `letter`, constant first, the last not zero; none when it is no polynomial.
pub(crate) fn powers_of(e: &Expr, letter: &Expr) -> Option<Vec<Expr>> {
    e.powers_of(letter)
}

/// The dispersion relation of an equation.
///
/// Sign: `phi ~ exp(-i omega t + i k.x)`, `s = -i omega`, `kappa = |k|^2`; a mode decays as `exp(-lambda t)`, `lambda = -s`.
#[derive(Clone, Debug)]
pub struct Dispersion {
    /// The symbol `P(s, kappa)`: the equation with `dt -> s`, `lap -> -kappa`; where the direction of k matters, with
    /// `k_x`, `k_y` and `k_z` for its components.
    pub symbol: Expr,
    /// Coefficients of the symbol by powers of s, constant first; the last is not zero. With an `evolution`, those in its
    /// frame and clock.
    pub coefficients: Vec<Expr>,
    /// All branches, one per root of the symbol in s.
    pub branches: Vec<Branch>,
    /// The kind of problem in t.
    pub problem: Problem,
    /// The index of the branch that carries the density, when one is selected.
    pub selected: Option<usize>,
    /// Why that branch (or none) is selected, in words.
    pub reason: String,
    /// The velocity `c` of a drift `c phi_x` along the first axis. Symbol and branches then contain [`WAVE_NUMBER`];
    /// `coefficients` are those of the isotropic rest, seen in the frame that moves with the drift.
    pub drift: Option<Expr>,
    /// How modes evolve where coefficients depend on t, or on x through a linear drift. `lambda` then depends on t, and modes
    /// decay as `exp(-int_0^t lambda dt')`.
    pub evolution: Option<Evolution>,
}

impl Dispersion {
    /// The selected branch.
    pub fn selected_branch(&self) -> Option<&Branch> {
        self.branches.get(self.selected?)
    }

    /// `lambda = -s` of the selected branch: modes decay as `exp(-lambda(kappa) t)`.
    pub fn lambda(&self) -> Option<Expr> {
        self.selected_branch().map(|b| -b.growth.clone())
    }
}

/// One branch of the dispersion relation.
#[derive(Clone, Debug, PartialEq)]
pub struct Branch {
    /// Growth rate `s(kappa)`.
    pub growth: Expr,
    /// Frequency `omega(kappa) = i s`.
    pub omega: Expr,
    /// The wave numbers for which it is valid, in words: `all k`.
    pub range: String,
    /// Which root of which polynomial it is, for a branch without closed form: `growth` and `omega` then only name it.
    pub root: Option<Root>,
}

/// A root of a polynomial in s, known by its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Root {
    /// Counted from 1, by rising real part, then imaginary part, at each k.
    pub number: usize,
    /// The polynomial in `s`, with coefficients in `kappa` and parameters.
    pub polynomial: Expr,
}

/// What is given at the ends of the flow, read off the symbol.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Problem {
    /// Well posed forward in time from initial data: every root has `Re s` bounded above as `kappa -> inf`.
    Evolution,
    /// Ill posed as an initial value problem; one datum and boundedness as `t -> inf` (Poisson): decaying roots only.
    FreeBoundary,
    /// Neither could be shown.
    Unknown,
}
