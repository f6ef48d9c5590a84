//! Dispersion relation: from a linear constant-coefficient equation to its branches.

use crate::expr::Expr;

/// The dispersion relation of an equation.
///
/// Sign: `phi ~ exp(-i omega t + i k.x)`, `s = -i omega`, `kappa = |k|^2`; a mode decays as `exp(-lambda t)`, `lambda = -s`.
#[derive(Clone, Debug)]
pub struct Dispersion {
    /// The symbol `P(s, kappa)`: the equation with `dt -> s`, `lap -> -kappa`.
    pub symbol: Expr,
    /// Coefficients of the symbol by powers of s, constant first; the last is not zero.
    pub coefficients: Vec<Expr>,
    /// All branches, one per root of the symbol in s.
    pub branches: Vec<Branch>,
    /// The kind of problem in t.
    pub problem: Problem,
    /// The index of the branch that carries the density, when one is selected.
    pub selected: Option<usize>,
    /// Why that branch (or none) is selected, in words.
    pub reason: String,
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
