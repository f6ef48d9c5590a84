//! `lambda(kappa, t) = rate(t) lambda_0(kappa) + offset(t)`, where that is so.
//!
//! In:   `n` and `a` of `a s + n`, and `lambda = n/a`.
//! Out:  [`Parts`]; none when t and kappa do not separate, or only for some parameters.
//! Holds: `rate lambda_0 + offset = lambda`. Factors of the rate that are free of t go to `lambda_0`, so that its sign and that
//!       of the parameters are told apart.

use crate::expr::{Expr, Facts, Sign};
use std::collections::BTreeMap;

pub(super) struct Parts {
    /// `rate(t)`, 1 when only the offset depends on t.
    pub rate: Expr,
    /// `offset(t)`, free of kappa.
    pub offset: Expr,
    /// `[n, a]` of `lambda_0 = n/a`.
    pub coefficients: Vec<Expr>,
}

pub(super) fn separate(n: &Expr, a: &Expr, lambda: &Expr, facts: &Facts) -> Option<Parts> {
    let kappa = Expr::kappa();
    if a.contains(&kappa) {
        let (rate, numerator) = if a.has_time() { return None } else { product(n.terms(), facts)? };
        return Some(Parts { rate, offset: Expr::zero(), coefficients: vec![numerator, a.clone()] });
    }
    let whole = lambda.expand();
    let (moving, fixed): (Vec<Expr>, Vec<Expr>) = whole.terms().iter().cloned().partition(|t| t.contains(&kappa));
    let (rate, numerator) = product(&moving, facts)?;
    Some(Parts { rate, offset: Expr::add(fixed), coefficients: vec![numerator, Expr::one()] })
}

/// A sum of terms as `rate(t) f(kappa)`: each function of kappa has the same function of t beside it, up to a constant.
fn product(terms: &[Expr], facts: &Facts) -> Option<(Expr, Expr)> {
    let mut columns: BTreeMap<Expr, BTreeMap<Expr, Expr>> = BTreeMap::new();
    for term in terms {
        let (mut modes, mut clocks, mut constants) = (Vec::new(), Vec::new(), Vec::new());
        for f in term.factors() {
            match (f.contains(&Expr::kappa()), f.has_time()) {
                (true, true) => return None,
                (true, false) => modes.push(f.clone()),
                (false, true) => clocks.push(f.clone()),
                (false, false) => constants.push(f.clone()),
            }
        }
        let place = columns.entry(Expr::mul(modes)).or_default().entry(Expr::mul(clocks)).or_insert_with(Expr::zero);
        *place = Expr::add([place.clone(), Expr::mul(constants)]);
    }
    let Some(first) = columns.values().next() else { return Some((Expr::one(), Expr::zero())) };
    let (clock, lead) = first.iter().next()?;
    if first.len() == 1 {
        let alone = columns.values().all(|column| column.len() == 1 && column.contains_key(clock));
        let sum = columns.iter().filter_map(|(mode, column)| Some(mode.clone() * column.get(clock)?.clone()));
        return alone.then(|| (clock.clone(), Expr::add(sum).expand()));
    }
    let (rate, constant) = without_constants(first);
    // A rate whose sign is open is written as it stands: `1 - t`, not `t - 1` beside a constant < 0.
    let turned = !facts.sign(&rate).is(Sign::POSITIVE) && facts.sign(&constant).is(Sign::NEGATIVE);
    let (rate, constant) = if turned { (-rate, -constant) } else { (rate, constant) };
    // Other columns are multiples of the first; the ratio needs a coefficient that does not vanish.
    let mut sum = Vec::new();
    for (mode, column) in &columns {
        let ratio = if column == first { Expr::one() } else { ratio(column, first, clock, lead, facts)? };
        sum.push(mode.clone() * ratio * constant.clone());
    }
    Some((rate, Expr::add(sum).expand()))
}

fn ratio(
    column: &BTreeMap<Expr, Expr>,
    first: &BTreeMap<Expr, Expr>,
    clock: &Expr,
    lead: &Expr,
    facts: &Facts,
) -> Option<Expr> {
    let ratio = (column.get(clock)?.clone() / lead.clone()).expand();
    let multiple = column.len() == first.len()
        && column
            .iter()
            .all(|(clock, c)| first.get(clock).is_some_and(|d| (c.clone() - ratio.clone() * d.clone()).vanishes()));
    (multiple && facts.sign(lead).is(Sign::NONZERO)).then_some(ratio)
}

/// `D + D t` is the rate `1 + t` and the constant D.
fn without_constants(column: &BTreeMap<Expr, Expr>) -> (Expr, Expr) {
    let whole = Expr::add(column.iter().map(|(clock, c)| clock.clone() * c.clone()));
    let (clocks, constants): (Vec<Expr>, Vec<Expr>) = whole.factored().into_iter().partition(Expr::has_time);
    (Expr::mul(clocks), Expr::mul(constants))
}
