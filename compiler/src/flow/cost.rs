//! Which of several valid continuity forms to prefer: a total order.
//!
//! In:   a split `(p, J, R)` of `M L phi`, and how its p stands on the modes of the selected branch.
//! Out:  [`Rank`]; the smallest is chosen, and among equals the first in the order of terms ([`Form`]).
//! Holds: that order is total, so the same equation gives the same form on every machine.

use super::mode::Standing;
use crate::expr::Expr;

/// A continuity form `dt p + div J - R`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Form {
    pub(crate) p: Expr,
    pub(crate) flux: Expr,
    pub(crate) r: Expr,
}

impl Form {
    /// The form of the opposite equation.
    pub(crate) fn negated(&self) -> Form {
        Form { p: -self.p.clone(), flux: -self.flux.clone(), r: -self.r.clone() }
    }
}

/// Reasons to prefer a form, the most important first; smaller is better.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank {
    /// `L phi = p_data delta(t)` also puts a delta into J or R, so `p(x, 0+)` is not the data.
    misses_data: bool,
    /// Parts of p lie on branches other than the selected one, though the operator factors.
    mixes_branches: bool,
    /// The form of a system leaves a source, though another may be free of one.
    couples: bool,
    /// Positive, open, without mass, negative.
    standing: u8,
    /// Terms of the source; none is best.
    sources: usize,
    /// Highest order of a derivative in p, the number of terms of p, and all its orders together.
    density: (u32, usize, u32),
    /// The size of the flux, numbers aside.
    flux: usize,
}

impl Rank {
    /// The rank of a split of an equation of order `order` in time.
    pub(crate) fn new(form: &Form, standing: Standing, order: u32, mixes_branches: bool, system: bool) -> Rank {
        let Form { p, flux, r } = form;
        let orders = p.terms().iter().map(derivative_order);
        Rank {
            misses_data: time_order(flux).max(time_order(r)) >= order,
            mixes_branches,
            couples: system && !r.is_zero(),
            standing: match standing {
                Standing::Proved | Standing::Sampled => 0,
                Standing::Open => 1,
                Standing::WithoutMass => 2,
                Standing::Negative => 3,
            },
            sources: r.terms().len(),
            density: (orders.clone().max().unwrap_or(0), p.terms().len(), orders.sum()),
            flux: flux.terms().iter().map(|t| t.split_coefficient().1.size()).sum(),
        }
    }

    /// Why a form of this rank stands behind one of rank `best`, in words.
    pub(crate) fn behind(&self, best: &Rank) -> &'static str {
        if self.misses_data != best.misses_data {
            "p does not take up every highest time derivative, so it does not start as the data"
        } else if self.mixes_branches != best.mixes_branches {
            "p has parts on other branches than the selected one"
        } else if self.couples != best.couples {
            "a source remains"
        } else if self.standing != best.standing {
            match self.standing {
                3 => "p is negative on some mode of the selected branch",
                2 => "p loses the mass at kappa = 0",
                _ => "p is not known to be positive",
            }
        } else if self.sources != best.sources {
            "its source has more terms"
        } else if self.density != best.density {
            "p has more or higher derivatives"
        } else if self.flux != best.flux {
            "its flux is longer"
        } else {
            "it is as good; the sign of the highest time derivative or the order of terms decides"
        }
    }

    /// Does the solution for data `p_data delta(t)` start with `p(x, 0+) = p_data`?
    pub(crate) fn carries_data(&self) -> bool {
        !self.misses_data
    }
}

/// The highest order of a time derivative.
pub(crate) fn time_order(e: &Expr) -> u32 {
    order(e, &|part| if let Expr::Dt(_, n) = part { *n } else { 0 })
}

/// The highest order of a derivative of any kind; a fractional Laplacian counts as two.
fn derivative_order(e: &Expr) -> u32 {
    order(e, &|part| match part {
        Expr::Dt(_, n) | Expr::Partial(_, _, n) => *n,
        Expr::Lap(_) | Expr::FracLap(..) => 2,
        Expr::Grad(_) | Expr::Div(_) => 1,
        _ => 0,
    })
}

fn order(e: &Expr, own: &dyn Fn(&Expr) -> u32) -> u32 {
    own(e) + e.children().map(|c| order(c, own)).max().unwrap_or(0)
}
