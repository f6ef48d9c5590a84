//! From an equation to its continuity form: saturate, rank, choose the sign, explain.
//!
//! In:   [`Equation`]; its [`Dispersion`] where there is one; a [`Budget`].
//! Out:  [`DensityFlow`], or [`Undecided`] that names what is missing.
//! Holds: the identity `M L phi == dt p + div J - R` is proved by the derivation that is returned.
//! Source: GenPhys (arXiv:2304.02637), Eq. 3 and Algorithm 1, step 1; the sign makes `p(x, 0+) = +p_data`.

use super::analysis::Given;
use super::cost::time_order;
use super::mode::{Modes, Standing};
use super::multiplier::coefficient_of;
use super::plan::{Attempt, Plan};
use super::proof::Recipe;
use super::search::Space;
use super::select::{Choice, Judge};
use super::{Budget, DensityFlow, DensityFlowSummary, Proof, Undecided};
use crate::dispersion::{Dispersion, Problem};
use crate::expr::{Expr, Sign};
use crate::operator::Equation;

/// The continuity form of `equation`.
///
/// The dispersion relation, that of [`Equation::normalised`], decides between forms that are all valid: it gives the
/// sign of p on the branch that carries the data. Without one (a nonlinear equation, say) the highest time derivative is
/// made positive. The derivation is read from the e-graph when it is first asked for.
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
    let mut best: Option<Found<'_>> = None;
    let mut forms = 0usize;
    for attempt in &plan.attempts {
        let found = context.best(attempt, budget);
        // A later multiplier need not reach a form when an earlier one did.
        let found = if best.is_some() { found.unwrap_or(None) } else { found? };
        let Some(found) = found else { continue };
        forms = forms.saturating_add(found.space.forms());
        if best.as_ref().is_none_or(|b| found.choice.compare(&b.choice).is_lt()) {
            best = Some(found);
        }
        // A sum of squares without a source stands before every linear density.
        if best.as_ref().is_some_and(|b| equation.is_system() && b.attempt.quadratic && b.choice.form.r.is_zero()) {
            break;
        }
    }
    let found = best.ok_or_else(|| Undecided::new("no split of the equation has a density"))?;
    context.finish(found, forms, budget)
}

/// Every inequivalent form that the e-graph holds, the one chosen by [`extract`] first, then in the order of preference,
/// each with the reason why it stands behind the first.
///
/// Forms that differ from another by the sign alone are listed where both signs were weighed.
///
/// # Errors
/// As [`extract`].
///
/// # Example
/// ```
/// use genphys_compiler::{Budget, flow::alternatives, operator::Equation};
/// let equation = Equation::parse("phi_tt + 3 phi_t - lap(phi) = 0")?;
/// let forms = alternatives(&equation, None, Budget::default())?;
/// assert_eq!(forms[0].p.to_string(), "phi_t + 3 phi");
/// assert_eq!(forms[1].r.to_string(), "-3 phi_t");
/// assert_eq!(forms[1].why_not, "its source has more terms");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn alternatives<'a>(
    equation: &'a Equation,
    dispersion: impl Into<Option<&'a Dispersion>>,
    budget: Budget,
) -> Result<Vec<DensityFlowSummary>, Undecided> {
    let dispersion = dispersion.into();
    let plan = Plan::new(equation, dispersion)?;
    let context = Context::new(equation, dispersion, &plan);
    let mut all: Vec<(Choice, &Attempt)> = Vec::new();
    for attempt in &plan.attempts {
        let Ok(space) = context.explore(attempt, context.guess, budget) else { continue };
        let (choices, _) = context.judge(attempt).all(&space);
        all.extend(choices.into_iter().map(|c| (c, attempt)));
    }
    all.sort_by(|(a, _), (b, _)| a.compare(b));
    let Some(first) = all.first().map(|(c, _)| c.rank.clone()) else {
        return extract(equation, dispersion, budget).map(|_| Vec::new());
    };
    let summary = |(i, (choice, attempt)): (usize, (Choice, &Attempt))| DensityFlowSummary {
        multipliers: context.multipliers(attempt, &choice),
        why_not: if i == 0 { String::new() } else { choice.rank.behind(&first).to_owned() },
        p: written_out(choice.form.p),
        flux: choice.form.flux,
        r: written_out(choice.form.r),
    };
    Ok(all.into_iter().enumerate().map(summary).collect())
}

/// Without sums of parameters as coefficients: `a phi_t + b phi_t`, as equations are read.
fn written_out(e: Expr) -> Expr {
    let is_sum = |f: &Expr| matches!(f, Expr::Add(_)) && !f.has_field() && !f.has_time() && !f.has_position();
    let has_sum = |part: &Expr| matches!(part, Expr::Mul(factors) if factors.iter().any(is_sum));
    if e.any(&has_sum) { e.expand() } else { e }
}

/// What the choice depends on.
struct Context<'a> {
    plan: &'a Plan,
    given: Given,
    problem: Problem,
    modes: Modes<'a>,
    order: u32,
    /// The sign that most equations of the kind take; the choice may still differ.
    guess: i64,
}

/// The best form of an attempt.
struct Found<'a> {
    attempt: &'a Attempt,
    space: Space,
    choice: Choice,
    /// The best form without a source, when it had to be passed over.
    rejected: Option<(Expr, Standing)>,
}

impl<'a> Context<'a> {
    fn new(equation: &'a Equation, dispersion: Option<&'a Dispersion>, plan: &'a Plan) -> Self {
        let order = plan.operators.iter().map(time_order).max().unwrap_or(0);
        let symbol = dispersion.filter(|_| plan.as_given).and_then(|d| d.coefficients.last().cloned());
        // The attempts for a system have their signs.
        let single = || plan.operators.first().filter(|_| !equation.is_system());
        let leading = single().and_then(|operator| coefficient_of(operator, order)).or(symbol);
        let sign = leading.map_or(Sign::ANY, |c| equation.facts.sign(&c));
        let problem = dispersion.map_or_else(|| principal_problem(equation, &plan.operators, order), |d| d.problem);
        let alternates = problem == Problem::FreeBoundary && order.is_multiple_of(2) && !equation.is_system();
        let negative = sign.is(Sign::NEGATIVE) != alternates;
        let modes = Modes::new(equation, dispersion);
        Context { plan, given: Given::of(equation), problem, modes, order, guess: if negative { -1 } else { 1 } }
    }

    /// Saturates the terms of an attempt with a common sign.
    fn explore(&self, attempt: &Attempt, sign: i64, budget: Budget) -> Result<Space, Undecided> {
        let terms = attempt.terms(sign);
        if terms.is_empty() {
            return Err(Undecided::new("the equation is 0 = 0"));
        }
        let space = Space::explore(terms, self.given.clone(), budget);
        if space.splits.iter().any(Vec::is_empty) {
            return Err(Undecided::new(format!("no continuity form was reached: {}", space.search)));
        }
        Ok(space)
    }

    fn judge(&self, attempt: &Attempt) -> Judge<'_> {
        let system = self.plan.operators.len() > 1;
        Judge {
            modes: &self.modes,
            factored: self.plan.factored.as_ref(),
            order: self.order,
            system,
            both_signs: self.problem == Problem::FreeBoundary && !system,
            // Quadratic densities of a system are sums of squares with positive weights.
            settled: if system {
                Some(if attempt.quadratic { Standing::Proved } else { Standing::Open })
            } else {
                None
            },
        }
    }

    /// The best form for an attempt, when one has a density.
    fn best(&self, attempt: &'a Attempt, budget: Budget) -> Result<Option<Found<'a>>, Undecided> {
        let mut space = self.explore(attempt, self.guess, budget)?;
        let judge = self.judge(attempt);
        let (mut choices, complete) = judge.useful(&space);
        if choices.is_empty() {
            return Ok(None);
        }
        if !complete {
            space.search.stop.push_str(", and the first 256 forms were weighed");
        }
        let sourceless = choices.iter().find(|c| c.form.r.is_zero() && c.rank.carries_data());
        let rejected = sourceless.map(|c| (c.form.p.clone(), c.standing));
        let mut choice = choices.swap_remove(0);
        let rejected = rejected.filter(|_| !choice.form.r.is_zero());
        if choice.flipped {
            // The derivation needs the terms with their own sign.
            let opposite = self.explore(attempt, -self.guess, budget)?;
            let (choices, _) = Judge { both_signs: false, ..judge }.useful(&opposite);
            let same = choices.into_iter().find(|c| c.form == choice.form);
            let pick = same.map(|c| c.pick).ok_or_else(|| Undecided::new("the opposite sign was not reached"))?;
            choice.pick = pick;
            space = opposite;
        }
        Ok(Some(Found { attempt, space, choice, rejected }))
    }

    /// M for each equation, with the sign.
    fn multipliers(&self, attempt: &Attempt, choice: &Choice) -> Vec<Expr> {
        let sign = Expr::int(if choice.flipped { -self.guess } else { self.guess });
        attempt.multipliers.iter().map(|m| sign.clone() * m.clone()).collect()
    }

    fn finish(&self, found: Found<'_>, alternatives: usize, budget: Budget) -> Result<DensityFlow, Undecided> {
        let reason = self.reason(&found);
        let multipliers = self.multipliers(found.attempt, &found.choice);
        let multiplier = multipliers.first().cloned().unwrap_or_else(Expr::one);
        let Found { attempt, space, choice, .. } = found;
        let ends = space.splits.iter().zip(&choice.pick).map(|(splits, i)| splits[*i].term.clone()).collect();
        let proof = Proof::of(Recipe { summands: space.summands, ends, given: self.given.clone(), budget });
        Ok(DensityFlow {
            p: written_out(choice.form.p),
            flux: choice.form.flux,
            r: written_out(choice.form.r),
            multiplier,
            multipliers,
            part: attempt.part,
            proof,
            reason,
            alternatives,
            search: space.search,
        })
    }

    fn reason(&self, found: &Found<'_>) -> String {
        let Found { choice, attempt, rejected, .. } = found;
        let system = self.plan.operators.len() > 1;
        let mut out = if system && attempt.quadratic {
            "each equation times its field makes p a sum of squares".to_owned()
        } else {
            self.reason_of_sign(choice)
        };
        if choice.rank.carries_data() && !attempt.quadratic && attempt.completes.is_none() && !system {
            out.push_str(", so p(x, 0+) = +p_data");
            if attempt.multipliers.iter().any(|m| m.as_num().is_none_or(|r| !r.is_integer()) && *m != -Expr::Imag) {
                out.push_str(" for data that enter the equation freed of its constant");
            }
        }
        if choice.form.r.is_zero() {
            out.push_str("; no source is left");
        } else if let Some((p, standing)) = rejected {
            let fault = match standing {
                Standing::WithoutMass => "loses the mass at kappa = 0",
                Standing::Negative => "is negative on the carrying branch",
                _ => "stands worse on the carrying branch",
            };
            out.push_str(&format!("; the form without a source has p = {p}, which {fault}"));
        } else {
            out.push_str("; no form without a source carries the data");
        }
        if self.plan.factored.as_ref().is_some_and(|f| f.carries_alone(&choice.form.p)) {
            out.push_str("; the operator factors, and p lies on the selected branch alone");
        }
        if let Some(shape) = &attempt.completes {
            out.push_str(&format!("; the factor {shape} completes the time derivative"));
        }
        out
    }

    fn reason_of_sign(&self, choice: &Choice) -> String {
        let sign = if (self.guess < 0) != choice.flipped { "-1" } else { "+1" };
        if self.problem != Problem::FreeBoundary {
            return format!("the sign {sign} gives the highest time derivative in p a positive coefficient");
        }
        let known = choice.standing != Standing::Open && !choice.standing.is_rejected();
        match self.modes.amplitude(&choice.form.p).filter(|_| known) {
            Some(m) => {
                let how = if self.modes.is_positive(&m) { "by the assumptions" } else { "at sampled parameters" };
                format!("the sign {sign} makes the mode amplitude of p on the selected branch, {m}, positive ({how})")
            }
            None => format!("the sign {sign} is that of the highest time derivative on a mode that decays along t"),
        }
    }
}

/// The kind of problem read off `c phi_tt + d lap(phi)` alone, for equations without a dispersion relation.
fn principal_problem(equation: &Equation, operators: &[Expr], order: u32) -> Problem {
    let [operator] = operators else { return Problem::Unknown };
    let lap = |body: &Expr| matches!(body, Expr::Lap(f) if matches!(**f, Expr::Field(_)));
    let d = operator.terms().iter().map(super::language::split).filter(|(_, body)| lap(body)).map(|(d, _)| d);
    let (d, Some(c)) = (Expr::add(d), coefficient_of(operator, order)) else { return Problem::Unknown };
    let elliptic = order == 2 && equation.facts.sign(&(c * d)).is(Sign::POSITIVE);
    if elliptic { Problem::FreeBoundary } else { Problem::Unknown }
}
