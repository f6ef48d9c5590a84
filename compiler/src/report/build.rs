//! From an analysis to its report.

use super::{
    Branch, Certificate, Condition, Continuity, Dispersion, FieldKind, Form, Kernel, Parameter, ProofStep, Report,
    Unknown, Witness,
};
use crate::expr::{Expr, Name, Rational};
use crate::flow::{DensityFlow, DensityFlowSummary, alternatives};
use crate::operator::Equation;
use crate::verdict::{self, Node, Proof, SideCondition};
use crate::{Analysis, Budget, dispersion};
use std::fmt::Display;

impl Report {
    /// The report of `check`.
    pub fn new(analysis: &Analysis) -> Report {
        let Analysis { equation, dispersion, flow, verdict, .. } = analysis;
        let green = analysis.green();
        Report {
            name: equation.name.clone(),
            title: equation.title.clone(),
            equation: equation_text(equation),
            parameters: parameters(equation),
            field: if equation.is_complex() { FieldKind::Complex } else { FieldKind::Real },
            unknowns: equation.unknowns.iter().map(unknown).collect(),
            dimension: equation.dimension,
            continuity: match flow {
                Ok(flow) => continuity(flow),
                Err(undecided) => Continuity { reason: undecided.why.clone(), ..Continuity::default() },
            },
            dispersion: match dispersion {
                Ok(relation) => self::dispersion(relation),
                Err(undecided) => Dispersion { reason: undecided.why.clone(), ..Dispersion::default() },
            },
            c1: condition(&verdict.c1),
            c2: condition(&verdict.c2),
            verdict: verdict.kind,
            paper_rule: verdict.paper_rule,
            kernel: Kernel {
                form: green.map(|g| g.law.name().to_owned()),
                log_density: green.map(|g| g.log_density()),
                coordinates: green.and_then(|g| g.coordinates()).map(str::to_owned),
            },
            expect: equation.expect.as_ref().map(|e| e.kind),
        }
    }

    /// The report of `explain`: with the derivation.
    pub fn explained(analysis: &Analysis) -> Report {
        let mut report = Report::new(analysis);
        report.continuity.proof = analysis.flow.as_ref().ok().map(|flow| {
            let step = |s: &crate::flow::ProofStep| ProofStep {
                rule: s.rule.clone(),
                because: s.because.clone(),
                before: s.before.clone(),
                after: s.after.clone(),
            };
            flow.proof.steps.iter().map(step).collect()
        });
        report
    }

    /// Adds the continuity forms that the search holds, best first; none where it finds none.
    pub fn with_forms(mut self, analysis: &Analysis, budget: Budget) -> Report {
        let form = |form: DensityFlowSummary| Form {
            multiplier: multipliers(&form.multipliers),
            p: form.p.to_string(),
            flux: form.flux.to_string(),
            r: form.r.to_string(),
            why_not: form.why_not,
        };
        let found = alternatives(&analysis.equation, analysis.dispersion.as_ref().ok(), budget);
        self.continuity.forms = found.ok().map(|all| all.into_iter().map(form).collect());
        self
    }
}

fn multipliers(all: &[impl Display]) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn unknown(unknown: &crate::operator::Unknown) -> Unknown {
    let field = if unknown.complex { FieldKind::Complex } else { FieldKind::Real };
    Unknown { name: unknown.name.to_string(), field }
}

/// The equation as it was understood; those of a system are separated by `; `.
pub fn equation_text(equation: &Equation) -> String {
    let parts: Vec<String> = equation.components.iter().map(|c| format!("{c} = 0")).collect();
    parts.join("; ")
}

/// The parameters and the coefficient functions, each with its assumption.
pub fn parameters(equation: &Equation) -> Vec<Parameter> {
    let parameter =
        |p: &crate::operator::Parameter| Parameter { name: p.name.to_string(), assumption: p.assumption.clone() };
    let function = |(name, assumption)| Parameter { name, assumption };
    equation.parameters.iter().map(parameter).chain(equation.function_assumptions().into_iter().map(function)).collect()
}

fn continuity(flow: &DensityFlow) -> Continuity {
    Continuity {
        p: Some(flow.p.to_string()),
        flux: Some(flow.flux.to_string()),
        v: Some(flow.v().to_string()),
        r: Some(flow.r.to_string()),
        multiplier: Some(multipliers(&flow.multipliers)),
        part: Some(flow.part.as_str().to_owned()),
        proof_steps: Some(flow.proof.steps.len()),
        reason: flow.reason.clone(),
        proof: None,
        forms: None,
    }
}

/// The dispersion relation.
pub fn dispersion(relation: &dispersion::Dispersion) -> Dispersion {
    let branch = |b: &dispersion::Branch| Branch { omega: b.omega.to_string(), range: b.range.clone() };
    Dispersion {
        symbol: Some(relation.symbol.to_string()),
        branches: relation.branches.iter().map(branch).collect(),
        selected: relation.selected,
        lambda: relation.lambda().map(|l| l.to_string()),
        reason: relation.reason.clone(),
    }
}

fn condition(condition: &verdict::Condition) -> Condition {
    Condition {
        answer: condition.answer,
        condition: condition.condition.clone(),
        reason: condition.reason.clone(),
        certificate: condition.certificate.as_ref().map(certificate),
        witness: condition.witness.as_ref().map(witness),
        missing: condition.missing.clone().filter(|_| condition.answer == verdict::Answer::Undecided),
        proof: condition.certificate.clone(),
        refutation: condition.witness.clone(),
    }
}

/// A proof as a tree in words. One case stands for itself; several are the premises of a distinction.
pub fn certificate(certificate: &verdict::Certificate) -> Certificate {
    let mut cases: Vec<Certificate> = certificate.cases.iter().map(|case| proof(&case.proof, &case.when)).collect();
    if cases.len() == 1 {
        return cases.swap_remove(0);
    }
    let because = "the cases exhaust what the assumptions admit".into();
    let claim = format!("{:?}", certificate.condition);
    Certificate { claim, rule: "cases".into(), because, needs: Vec::new(), premises: cases }
}

fn proof(proof: &Proof, when: &[SideCondition]) -> Certificate {
    let needs = relations(when);
    let leaf = |claim: String, rule: &str, because: &str, facts: &[(&Expr, &str)]| {
        let facts = facts.iter().map(|(e, relation)| format!("{e} {relation} 0"));
        let needs = needs.iter().cloned().chain(facts).collect();
        Certificate { claim, rule: rule.into(), because: because.into(), needs, premises: Vec::new() }
    };
    match proof {
        Proof::Bernstein { lambda, constant, bounded, tree } => {
            let because = match bounded {
                false => "lambda is a constant plus an unbounded Bernstein function (Schoenberg 1938)",
                true => {
                    "lambda is a constant plus a bounded Bernstein function: an atom stays behind (Schoenberg 1938)"
                }
            };
            let claim = format!("lambda = {lambda}, constant {constant}");
            Certificate { claim, rule: "bernstein".into(), because: because.into(), needs, premises: vec![node(tree)] }
        }
        Proof::FirstOrder { difference, .. } => leaf(
            "Re lambda(kappa) > Re lambda(0) for kappa > 0".into(),
            "first_order",
            "the difference of the real parts has the sign of one polynomial",
            &[(difference, ">")],
        ),
        Proof::Hurwitz { level, slope, value, .. } => leaf(
            format!("every root stays left of Re s = {level} for kappa > 0"),
            "hurwitz",
            "a quadratic with positive coefficients about the level has both roots left of it",
            &[(slope, ">"), (value, ">")],
        ),
        Proof::Below { level, value, .. } => leaf(
            format!("one root stays left of s = {level} for kappa > 0"),
            "below",
            "the quadratic is negative at the level, so its roots lie on either side",
            &[(value, "<")],
        ),
        Proof::Path { level, stretches, .. } => leaf(
            format!("a path of roots stays left of Re s = {level} for kappa > 0"),
            "path",
            &stretches.iter().map(stretch).collect::<Vec<_>>().join("; "),
            &[],
        ),
        Proof::AllBelow { level, determinants, .. } => leaf(
            format!("every root stays left of Re s = {level} for kappa > 0"),
            "all_below",
            "the Hurwitz determinants about the level are positive",
            &determinants.iter().map(|d| (d, ">")).collect::<Vec<_>>(),
        ),
        Proof::SomeBelow { level, real, .. } => leaf(
            format!("a root stays left of Re s = {level} for kappa > 0"),
            "some_below",
            match real {
                true => "no real root crosses the level or meets another, and more lie left of it than at kappa = 0",
                false => "no root crosses the level, and more lie left of it than at kappa = 0",
            },
            &[],
        ),
        Proof::RealRoots { decaying, samples, starts, .. } => leaf(
            format!("no lambda of a {}root is real and Bernstein", if *decaying { "decaying " } else { "" }),
            "real_roots",
            &match starts.as_slice() {
                [] => format!("no root is real, counted at kappa = {}", list(samples)),
                starts => starts.iter().map(verdict::Start::describe).collect::<Vec<_>>().join("; "),
            },
            &[],
        ),
        Proof::Inverse { split, .. } => leaf(
            "lambda is a complete Bernstein function of a power of kappa".into(),
            "inverse",
            &format!("it is the inverse of a polynomial in -s whose critical points are real, with s >= {split}"),
            &[],
        ),
        Proof::PowerRoot { order, modulus, negative } => leaf(
            format!("s^{order} = {}{modulus}", if *negative { "-" } else { "" }),
            "power_root",
            "the modulus of the decaying roots is least at kappa = 0",
            &[(modulus, ">")],
        ),
        Proof::Growth { lambda, at_infinity, exponent, coefficient, .. } => leaf(
            format!("lambda = {lambda} is not a constant plus a Bernstein function"),
            "growth",
            match at_infinity {
                true => "as kappa grows, one term outweighs all others, and it falls or outgrows kappa",
                false => "near kappa = 0, one term outweighs all others, and it falls or starts flat",
            },
            &[(&(coefficient.clone() * Expr::pow(Expr::kappa(), exponent.clone())), "!=")],
        ),
        Proof::Convex { lambda, bend, .. } => {
            leaf(format!("lambda = {lambda} is convex"), "convex", "Bernstein functions are concave", &[(bend, ">")])
        }
        Proof::NotReal { imaginary, .. } => leaf(
            "lambda is not real for any kappa > 0".into(),
            "not_real",
            "its imaginary part, or minus the discriminant, has no zero",
            &[(imaginary, "!=")],
        ),
        Proof::ComplexBranchPoints { zeros, .. } => leaf(
            "lambda is not a constant plus a Bernstein function".into(),
            "complex_branch_points",
            "its discriminant has complex zeros, so it is the integral of a Bessel function J_1, which changes sign",
            &[(zeros, "<")],
        ),
        Proof::NotRising { difference, .. } => leaf(
            "Re lambda(kappa) <= Re lambda(0) for kappa > 0".into(),
            "not_rising",
            "the difference of the real parts has the sign of one polynomial",
            &[(difference, "<=")],
        ),
        Proof::OnLevel { level, value, .. } => leaf(
            format!("every root has Re s = {level} for every kappa"),
            "on_level",
            "the quadratic is symmetric about the level and nowhere negative on it",
            &[(value, ">=")],
        ),
        Proof::LevyKhintchine { lambda, constant, drift, squares, definite, bounded, tree, .. } => {
            let form = if *definite { "positive definite" } else { "positive semidefinite" };
            let spreads = if *definite || !*bounded { "" } else { ", and part of the law does not spread" };
            let f = if tree.is_some() { " and a Bernstein function" } else { "" };
            let because = format!("a {form} quadratic form{f} beside constant and drift{spreads} (Levy-Khintchine)");
            let claim = format!("lambda = {lambda}, constant {constant}, drift {}", vector(drift));
            let squares = squares.iter().filter_map(|s| s.split_first());
            let needs =
                needs.into_iter().chain(squares.map(|(weight, v)| format!("{weight} >= 0 before ({}.k)^2", vector(v))));
            let premises = tree.iter().map(node).collect();
            Certificate { claim, rule: "levy_khintchine".into(), because, needs: needs.collect(), premises }
        }
        Proof::RealPart { lambda, rises, rest, squares, .. } => {
            let (claim, because, sign) = match rises {
                true => (
                    "Re lambda(k) > Re lambda(0) for k != 0",
                    "parts that are nowhere negative vanish together at 0 only",
                    ">=",
                ),
                false => ("Re lambda(k) <= Re lambda(0)", "every part is nowhere positive", "<="),
            };
            let parts = squares.iter().filter_map(|s| s.split_first());
            let parts = parts.map(|(weight, of)| format!("{weight} {sign} 0 before ({})^2", vector(of)));
            let rest = (*rest != Expr::zero()).then(|| format!("{rest} {sign} 0"));
            Certificate {
                claim: format!("{claim}, lambda = {lambda}"),
                rule: "real_part".into(),
                because: because.into(),
                needs: needs.into_iter().chain(rest).chain(parts).collect(),
                premises: Vec::new(),
            }
        }
    }
}

/// `(1, 2)`, or the one component.
fn vector(components: &[impl Display]) -> String {
    let parts: Vec<String> = components.iter().map(ToString::to_string).collect();
    if let [one] = parts.as_slice() { one.clone() } else { format!("({})", parts.join(", ")) }
}

/// A claim about a part of the half line, in words.
fn stretch(stretch: &verdict::Stretch) -> String {
    let claim = match stretch.claim {
        verdict::Claim::Both => "both roots lie left",
        verdict::Claim::Damped => "the lower root or a complex pair lies left",
        verdict::Claim::Below => "the lower root lies left",
    };
    match &stretch.until {
        Some(end) => format!("{claim} up to kappa = {end}"),
        None => format!("{claim} beyond"),
    }
}

fn list(numbers: &[Rational]) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn node(node: &Node) -> Certificate {
    Certificate {
        claim: node.function.to_string(),
        rule: word(&node.rule),
        because: node.because.clone(),
        needs: relations(&node.side_conditions),
        premises: node.children.iter().map(self::node).collect(),
    }
}

/// The name of a rule as its own serialisation writes it.
fn word(rule: &verdict::Rule) -> String {
    serde_json::to_value(rule).ok().and_then(|v| v.as_str().map(ToOwned::to_owned)).unwrap_or_default()
}

fn relations(conditions: &[SideCondition]) -> Vec<String> {
    conditions.iter().map(|c| format!("{} {} 0", c.expression, c.sign.relation())).collect()
}

/// A witness in words and numbers.
pub fn witness(witness: &verdict::Witness) -> Witness {
    use verdict::Witness::{Derivative, Kernel, Level, Oscillation, Roots, Vector};
    match witness {
        Derivative { order, kappa, parameters, lambda, value, error } => point(
            format!("(-1)^({order} - 1) d^{order} lambda/d kappa^{order} < 0 for lambda = {lambda}"),
            parameters,
            &[("kappa", text(kappa)), ("value", decimal(*value)), ("error", decimal(*error))],
        ),
        Oscillation { kappa, parameters, lambda, imaginary } => point(
            format!("lambda = {lambda} is not real: the mode oscillates"),
            parameters,
            &[("kappa", text(kappa)), ("im_lambda", decimal(*imaginary))],
        ),
        Level { k, parameters, lambda, at_k, at_zero } => point(
            format!("Re lambda(k^2) <= Re lambda(0) for lambda = {lambda}"),
            parameters,
            &[("k", text(k)), ("re_lambda_k", decimal(*at_k)), ("re_lambda_0", decimal(*at_zero))],
        ),
        Roots { k, parameters, level } => {
            point(format!("no root has Re s < {level}, the greatest Re s(0)"), parameters, &[("k", text(k))])
        }
        Kernel { dimension, radius, time, parameters, lambda, value, error } => point(
            format!("the kernel g_t(r) of lambda = {lambda} is negative"),
            parameters,
            &[
                ("N", text(dimension)),
                ("r", text(radius)),
                ("t", text(time)),
                ("value", decimal(*value)),
                ("error", decimal(*error)),
            ],
        ),
        Vector { test, k, parameters, lambda, value, bound } => point(
            format!("{} for lambda = {lambda}", test.statement()),
            parameters,
            &[("k", vector(k)), ("left", decimal(*value)), ("right", decimal(*bound))],
        ),
    }
}

fn point(statement: String, parameters: &[(Name, Rational)], values: &[(&str, String)]) -> Witness {
    let parameters = parameters.iter().map(|(name, value)| (name.to_string(), text(value)));
    let values = values.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
    Witness { statement, values: parameters.chain(values).collect() }
}

fn text(value: &impl Display) -> String {
    value.to_string()
}

/// The shortest decimal that reads back as the same number.
fn decimal(value: f64) -> String {
    format!("{value:?}")
}
