//! How a proved function runs as `kappa -> inf`: a bounded one leaves an atom.
//!
//! In:   a composition tree and the facts.
//! Out:  whether the function is unbounded for every admitted parameter; else the sign that is needed.
//! Holds: the parts of a sum are nonnegative, so nothing cancels and the fastest one decides.

use super::compose::sign_of;
use crate::expr::{Expr, Facts, Sign, Stop};
use crate::verdict::certificate::{Node, Rule};

/// Does the function grow without bound?
pub(in super::super) fn unbounded(node: &Node, facts: &Facts) -> Result<bool, Stop> {
    let powers = powers(node, facts)?;
    let sign = |p: &Expr| sign_of(p, facts);
    if powers.iter().any(|p| sign(p).is(Sign::POSITIVE)) {
        return Ok(true);
    }
    let open = powers.into_iter().find(|p| !sign(p).is(Sign::NONPOSITIVE));
    open.map_or(Ok(false), |power| Err(Stop::Need(power)))
}

/// The function grows like the fastest of these powers of kappa; at least one.
fn powers(node: &Node, facts: &Facts) -> Result<Vec<Expr>, Stop> {
    let undecided = || Stop::Undecided(format!("the growth of {}", node.function));
    let side = |i: usize| node.side_conditions.get(i).map(|s| s.expression.clone()).ok_or_else(undecided);
    let weighed = |offset: i64, weights: &[Expr]| {
        let mut sums = vec![Expr::int(offset)];
        for (g, weight) in node.children.iter().zip(weights) {
            sums = plus_weighed(&sums, weight, &powers(g, facts)?, facts)?;
        }
        Ok(sums)
    };
    match node.rule {
        Rule::Constant | Rule::Saturation | Rule::Exponential | Rule::Complement => Ok(vec![Expr::zero()]),
        Rule::Identity | Rule::Quadratic => Ok(vec![Expr::one()]),
        Rule::Sum | Rule::PowerMean => {
            let parts = node.children.iter().map(|c| powers(c, facts)).collect::<Result<Vec<_>, _>>()?;
            Ok(fastest(&parts.concat(), facts))
        }
        Rule::Scale if !sign_of(&side(0)?, facts).is(Sign::POSITIVE) => Err(Stop::Need(side(0)?)),
        Rule::Scale | Rule::Ground | Rule::Shift => weighed(0, &[Expr::one()]),
        Rule::Power => weighed(0, &[side(0)?]),
        Rule::Reciprocal => weighed(0, &[-side(0)?]),
        Rule::Interlacing => weighed(0, &[side((2 * node.side_conditions.len() / 3).saturating_sub(1))?]),
        Rule::GeometricMean => weighed(0, &(0..node.children.len()).map(side).collect::<Result<Vec<_>, _>>()?),
        Rule::Dual => weighed(1, &[Expr::int(-1)]),
        // Slower than any power, or faster.
        Rule::Logarithm | Rule::Decay | Rule::Product | Rule::Inversion => Err(undecided()),
    }
}

/// All powers but those that another one outgrows.
fn fastest(all: &[Expr], facts: &Facts) -> Vec<Expr> {
    let outgrown = |p: &Expr| all.iter().any(|q| sign_of(&(q - p).expand(), facts).is(Sign::POSITIVE));
    all.iter().filter(|p| !outgrown(p)).cloned().collect()
}

/// The powers of a product with `g^weight`; of a negative power, the fastest must be known.
fn plus_weighed(sums: &[Expr], weight: &Expr, powers: &[Expr], facts: &Facts) -> Result<Vec<Expr>, Stop> {
    if let ([p, q, ..], false) = (powers, sign_of(weight, facts).is(Sign::NONNEGATIVE)) {
        return Err(Stop::Need((p - q).expand()));
    }
    Ok(sums.iter().flat_map(|s| powers.iter().map(move |p| (s + weight * p).expand())).collect())
}
