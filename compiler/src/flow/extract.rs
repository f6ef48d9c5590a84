//! From an equation to its continuity form: saturate, rank, choose the sign, explain.
//!
//! In:   [`Equation`] with one unknown; its [`Dispersion`] where there is one; a [`Budget`].
//! Out:  [`DensityFlow`], or [`Undecided`] that names what is missing.
//! Holds: the identity `M L phi == dt p + div J - R` is proved by the derivation that is returned.
//! Source: GenPhys (arXiv:2304.02637), Eq. 3 and Algorithm 1, step 1; the sign makes `p(x, 0+) = +p_data`.

use super::cost::{Rank, time_order};
use super::mode::{Modes, Standing};
use super::multiplier::{coefficient_of, multipliers};
use super::plan::Plan;
use super::proof::derive;
use super::search::{Space, saturate};
use super::{Budget, DensityFlow, Undecided};
use crate::dispersion::{Dispersion, Problem};
use crate::expr::{Expr, Sign};
use crate::operator::Equation;

/// The continuity form of `equation`.
///
/// The dispersion relation decides between forms that are all valid: it gives the sign of p on the branch that carries
/// the data. Without one (a nonlinear equation, say) the highest time derivative is made positive.
///
/// # Errors
/// [`Undecided`] when the equation is of a kind that has no continuity form here, or the budget ends first.
pub fn extract<'a>(
    equation: &'a Equation,
    dispersion: impl Into<Option<&'a Dispersion>>,
    budget: Budget,
) -> Result<DensityFlow, Undecided> {
    let dispersion = dispersion.into();
    let plan = Plan::new(equation, dispersion)?;
    let context = Context::new(equation, dispersion, &plan);
    let guess = context.likely_sign();
    let mut best: Option<(Choice, Space)> = None;
    for multiplier in multipliers(&plan.operator) {
        let space = explore(&plan, &multiplier, guess, budget)?;
        let Some(choice) = context.best(&space, &multiplier, guess) else { continue };
        if best.as_ref().is_none_or(|(b, _)| choice.rank < b.rank) {
            best = Some((choice, space));
        }
    }
    let (choice, space) = best.ok_or_else(|| Undecided::new("no split of the equation has a density"))?;
    let alternatives = space.splits.len();
    let space = if choice.sign == guess { space } else { explore(&plan, &choice.shape, choice.sign, budget)? };
    finish(&context, choice, space, alternatives)
}

/// Saturates `sign * multiplier * L phi`.
fn explore(plan: &Plan, multiplier: &Expr, sign: i64, budget: Budget) -> Result<Space, Undecided> {
    let term = plan.start(&(Expr::int(sign) * multiplier.clone()));
    let term = term.ok_or_else(|| Undecided::new("the equation is 0 = 0"))?;
    let space = saturate(term, budget);
    if space.splits.is_empty() {
        return Err(Undecided::new(format!("no continuity form was reached: {}", space.search)));
    }
    Ok(space)
}

/// What the choice depends on.
struct Context<'a> {
    plan: &'a Plan,
    problem: Problem,
    modes: Modes<'a>,
    order: u32,
    /// The sign of the coefficient of the highest time derivative, on modes where it is an operator.
    leading: Sign,
}

/// A split with its sign, ranked.
struct Choice {
    rank: Rank,
    sign: i64,
    /// The multiplier without its sign.
    shape: Expr,
    parts: (Expr, Expr, Expr),
    standing: Standing,
    amplitude: Option<Expr>,
    /// The best split without a source, when it had to be passed over.
    rejected: Option<(Expr, Standing)>,
}

impl<'a> Context<'a> {
    fn new(equation: &'a Equation, dispersion: Option<&'a Dispersion>, plan: &'a Plan) -> Self {
        let operator = &plan.operator;
        let order = time_order(operator);
        let symbol = dispersion.filter(|_| plan.unit.is_one()).and_then(|d| d.coefficients.last().cloned());
        let leading = symbol.or_else(|| coefficient_of(operator, order)).map_or(Sign::ANY, |c| equation.facts.sign(&c));
        let problem = dispersion.map_or_else(|| principal_problem(equation, operator, order), |d| d.problem);
        Context { plan, problem, modes: Modes::new(equation, dispersion), order, leading }
    }

    /// The sign that most equations of the kind take; the choice may still differ.
    fn likely_sign(&self) -> i64 {
        let leading = if self.leading.is(Sign::NEGATIVE) { -1 } else { 1 };
        let alternates = self.problem == Problem::FreeBoundary && self.order.is_multiple_of(2);
        if alternates { -leading } else { leading }
    }

    /// The best split of the space, whose terms carry the sign `guess`.
    fn best(&self, space: &Space, shape: &Expr, guess: i64) -> Option<Choice> {
        // Where modes must be bounded the sign follows from the amplitude of each p, so both are tried.
        let flips: &[bool] = if self.problem == Problem::FreeBoundary { &[false, true] } else { &[false] };
        let mut choices = Vec::new();
        for split in space.splits.iter().filter(|s| s.p.has_field()) {
            for flip in flips {
                let parts =
                    if *flip { split.negated() } else { (split.p.clone(), split.flux.clone(), split.r.clone()) };
                let (standing, amplitude) = self.modes.standing(&parts.0);
                let mixes = self.plan.factored.as_ref().is_some_and(|f| !f.carries_alone(&parts.0));
                let rank = Rank::new(&parts.0, &parts.1, &parts.2, standing, self.order, mixes);
                let sign = if *flip { -guess } else { guess };
                // The sign guessed wins a tie, since nothing then tells the two apart.
                choices.push(((rank.without_terms(), *flip, rank.clone()), (rank, sign, parts, standing, amplitude)));
            }
        }
        choices.sort_by(|a, b| a.0.cmp(&b.0));
        let sourceless = choices.iter().find(|(_, (rank, _, parts, ..))| parts.2.is_zero() && rank.carries_data());
        let rejected = sourceless.map(|(_, (_, _, parts, standing, _))| (parts.0.clone(), *standing));
        let (_, (rank, sign, parts, standing, amplitude)) = choices.into_iter().next()?;
        let rejected = rejected.filter(|_| !parts.2.is_zero());
        Some(Choice { rank, sign, shape: shape.clone(), parts, standing, amplitude, rejected })
    }

    fn reason(&self, choice: &Choice) -> String {
        let sign = if choice.sign < 0 { "-1" } else { "+1" };
        let on_branch = choice.amplitude.as_ref().filter(|_| !choice.standing.is_rejected());
        let mut out = match (self.problem, on_branch, choice.standing) {
            (Problem::FreeBoundary, Some(m), standing) if standing != Standing::Open => {
                let how = if standing == Standing::Proved { "by the assumptions" } else { "at sampled parameters" };
                format!("the sign {sign} makes the mode amplitude of p on the selected branch, {m}, positive ({how})")
            }
            (Problem::FreeBoundary, ..) => {
                format!("the sign {sign} is that of the highest time derivative on a mode that decays along t")
            }
            _ => format!("the sign {sign} gives the highest time derivative in p a positive coefficient"),
        };
        if choice.rank.carries_data() && choice.shape.is_one() && self.plan.partner.is_none() {
            out.push_str(", so p(x, 0+) = +p_data");
        }
        if choice.parts.2.is_zero() {
            out.push_str("; no source is left");
        } else if let Some((p, standing)) = &choice.rejected {
            let fault = match standing {
                Standing::WithoutMass => "loses the mass at kappa = 0",
                Standing::Negative => "is negative on the carrying branch",
                _ => "stands worse on the carrying branch",
            };
            out.push_str(&format!("; the form without a source has p = {p}, which {fault}"));
        } else {
            out.push_str("; no form without a source carries the data");
        }
        if self.plan.factored.as_ref().is_some_and(|f| f.carries_alone(&choice.parts.0)) {
            out.push_str("; the operator factors, and p lies on the selected branch alone");
        }
        if !choice.shape.is_one() {
            out.push_str(&format!("; the factor {} completes the time derivative", choice.shape));
        }
        out
    }
}

/// The kind of problem read off `c phi_tt + d lap(phi)` alone, for equations without a dispersion relation.
fn principal_problem(equation: &Equation, operator: &Expr, order: u32) -> Problem {
    let lap = operator
        .terms()
        .iter()
        .map(super::language::split)
        .find(|(_, body)| matches!(body, Expr::Lap(f) if matches!(**f, Expr::Field(_))));
    let (Some((d, _)), Some(c)) = (lap, coefficient_of(operator, order)) else { return Problem::Unknown };
    let elliptic = order == 2 && equation.facts.sign(&(c * d)).is(Sign::POSITIVE);
    if elliptic { Problem::FreeBoundary } else { Problem::Unknown }
}

/// Finds the chosen split in the space of its own sign and derives it.
fn finish(
    context: &Context<'_>,
    choice: Choice,
    mut space: Space,
    alternatives: usize,
) -> Result<DensityFlow, Undecided> {
    let (p, flux, r) = &choice.parts;
    let split = space.splits.iter().find(|s| s.p == *p && s.flux == *flux && s.r == *r);
    let term = split.map(|s| s.term.clone()).ok_or_else(|| Undecided::new("the opposite sign was not reached"))?;
    let proof = derive(&mut space.runner, &space.start, &term)
        .ok_or_else(|| Undecided::new("the derivation could not be read from the e-graph"))?;
    let reason = context.reason(&choice);
    let multiplier = context.plan.multiplier(Expr::int(choice.sign) * choice.shape);
    let (p, flux, r) = choice.parts;
    let search = space.search;
    Ok(DensityFlow { p, flux, r, multiplier, part: context.plan.part(), proof, reason, alternatives, search })
}
