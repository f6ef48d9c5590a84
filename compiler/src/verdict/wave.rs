//! C1 for branches that oscillate on part of the k axis: waves with damping, Helmholtz.
//!
//! In:   a quadratic piece whose discriminant changes sign on `kappa > 0`.
//! Out:  conditional with a region of positivity when a limit of the parameters is Bernstein, else no.
//! Holds: the limit is that of small or of large kappa, which is a limit of the parameters by scaling.

use super::c1::sum;
use super::cases::Outcome;
use super::region;
use super::witness;
use crate::dispersion::Problem;
use crate::dispersion::pieces::{Piece, unreadable};
use crate::expr::{Expr, Facts, Range, Sign, Stop};

/// Lambda is real on part of `kappa > 0` only. Conditional when a limit is Bernstein, so that the region of positivity
/// can be made as large as wanted.
pub(super) fn partly_real(
    a: &Expr,
    b: &Expr,
    c: &Expr,
    range: &Range,
    lambda: &Expr,
    problem: Problem,
    facts: &Facts,
) -> Result<Outcome, Stop> {
    let Range::Changes { starts_positive, zeros } = range else { return Err(unreadable(lambda)) };
    let discriminant = &Piece::discriminant(a, b, c);
    let flips = zeros.iter().filter(|(_, flips)| *flips).count();
    let ends_positive = *starts_positive == (flips % 2 == 0);
    let edge: Vec<String> = zeros.iter().map(|(z, _)| z.root(facts).to_string()).collect();
    let edge = edge.join(", ");
    if problem == Problem::FreeBoundary {
        if ends_positive && limit_is_bernstein(&limit_of_decaying(a, b, c, facts)?, facts)? {
            let reason = format!(
                "lambda is real only beyond k = {edge}; below, the kernel oscillates (in the limit in which that band \
                 closes lambda is Bernstein)"
            );
            return Ok(region_outcome(region::elliptic(a, b, c, facts), reason, lambda, discriminant, facts));
        }
        return Ok(Outcome::no(
            "lambda is complex on a band of k that no limit of the parameters turns into a Bernstein function",
            witness::oscillation_where_negative(lambda, discriminant, facts),
        ));
    }
    if *starts_positive && limit_is_bernstein(&limit_of_slow(a, b, c, facts)?, facts)? {
        let d0 = sum(discriminant)?.at_zero(facts).unwrap_or_else(Expr::zero);
        let reason = format!(
            "lambda is real only below k = {edge}, where its second derivative is positive; faster modes travel as damped \
             waves with a front"
        );
        return Ok(region_outcome(region::behind_the_front(a, b, c, &d0, facts), reason, lambda, discriminant, facts));
    }
    if ends_positive && limit_is_bernstein(&leading_ratio(b, a, facts)?, facts)? {
        let reason = format!(
            "lambda is real only beyond k = {edge}; slower modes travel as damped sound (for strong damping phi_t diffuses)"
        );
        let note = "a region in which the damping dominates, as large as wanted for strong damping";
        return Ok(region_outcome(note.to_owned(), reason, lambda, discriminant, facts));
    }
    Ok(Outcome::no(
        "lambda is complex on part of the k axis, and where it is real no limit of it is Bernstein",
        witness::oscillation_where_negative(lambda, discriminant, facts),
    ))
}

fn region_outcome(note: String, reason: String, lambda: &Expr, discriminant: &Expr, facts: &Facts) -> Outcome {
    let witness = witness::oscillation_where_negative(lambda, discriminant, facts);
    Outcome { witness, ..Outcome::conditional(note, reason) }
}

/// A limit of `lambda - lambda(0)`: its power of kappa, and the sign of its coefficient.
type Limit = Option<(Expr, Sign)>;

/// `c kappa^a` with `c > 0` and `0 < a <= 1`.
fn limit_is_bernstein(limit: &Limit, facts: &Facts) -> Result<bool, Stop> {
    let Some((exponent, sign)) = limit else { return Ok(false) };
    let room = (Expr::one() - exponent.clone()).expand();
    let known = facts.sign(&room);
    if !known.is(Sign::NONNEGATIVE) && !known.is(Sign::NEGATIVE) {
        return Err(Stop::Need(room));
    }
    Ok(sign.is(Sign::POSITIVE) && known.is(Sign::NONNEGATIVE) && facts.sign(exponent).is(Sign::POSITIVE))
}

/// `lambda ~ sqrt(-c/a)` for large kappa when b is small beside it.
fn limit_of_decaying(a: &Expr, b: &Expr, c: &Expr, facts: &Facts) -> Result<Limit, Stop> {
    if b.contains(&Expr::kappa()) {
        return Ok(None);
    }
    let ratio = leading_ratio(c, a, facts)?;
    Ok(ratio.map(|(x, sign)| ((x / Expr::int(2)).expand(), sign.negate())))
}

/// `lambda - lambda(0) ~ P(level, kappa) / sqrt(D(0))` near kappa = 0: the power and sign of the lowest term.
fn limit_of_slow(a: &Expr, b: &Expr, c: &Expr, facts: &Facts) -> Result<Limit, Stop> {
    let at = |e: &Expr| sum(e)?.at_zero(facts).ok_or_else(|| unreadable(e));
    let (a0, b0, c0) = (at(a)?, at(b)?, at(c)?);
    let root = Piece::discriminant(&a0, &b0, &c0).root(facts);
    let level = ((root - b0) / (Expr::int(2) * a0)).expand();
    let value = (a.clone() * level.clone().powi(2) + b.clone() * level + c.clone()).expand().expand();
    let lowest = sum(&value)?.lowest(facts)?;
    Ok(lowest.map(|(x, coefficient)| (x, facts.sign(&coefficient))))
}

fn leading_ratio(top: &Expr, bottom: &Expr, facts: &Facts) -> Result<Limit, Stop> {
    Ok(match (sum(top)?.leading(facts)?, sum(bottom)?.leading(facts)?) {
        (Some((x, c)), Some((y, d))) => Some(((x - y).expand(), facts.sign(&(c * d)))),
        _ => None,
    })
}
