//! How a proved function runs as `kappa -> inf`: a bounded one leaves an atom.
//!
//! In:   a composition tree and the facts.
//! Out:  whether the function is unbounded for every admitted parameter; else the sign that is needed.

use super::compose::sign_of;
use crate::expr::{Expr, Facts, Sign, Stop};
use crate::verdict::certificate::{Node, Rule};

/// Does the function grow without bound?
pub(in super::super) fn unbounded(node: &Node, facts: &Facts) -> Result<bool, Stop> {
    let sign = |e: &Expr| sign_of(e, facts);
    let scale = node.side_conditions.first().map(|s| &s.expression).filter(|_| node.rule == Rule::Scale);
    if let Some(c) = scale.filter(|c| !sign(c).is(Sign::POSITIVE)) {
        return Err(Stop::Need(c.clone()));
    }
    // Where the terms of a function cancel, what it is made of shows its growth.
    let made = || match (node.rule, scale, node.children.as_slice()) {
        (Rule::Scale, Some(c), [g]) => Some(c * &g.function),
        (Rule::Dual, _, [g]) => Some(Expr::kappa() / &g.function),
        _ => None,
    };
    let growth = node.function.growth(&sign).or_else(|| made()?.growth(&sign));
    let powers = growth.ok_or_else(|| Stop::Undecided(format!("the growth of {}", node.function)))?;
    if powers.iter().any(|p| sign(p).is(Sign::POSITIVE)) {
        return Ok(true);
    }
    let open = powers.into_iter().find(|p| !sign(p).is(Sign::NONPOSITIVE));
    open.map_or(Ok(false), |power| Err(Stop::Need(power)))
}
