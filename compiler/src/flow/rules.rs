//! The rule table of the continuity form: one row a rule.
//!
//! Holds: both sides of a row have one meaning for every smooth field, given what the row needs; no row divides.
//!        A guard asks for a proof ([`Known`]), never for the absence of a counterexample.
//! Source: GenPhys (arXiv:2304.02637), Eq. 3, with `J = p v`; vector calculus.

use super::analysis::{FactAnalysis, Given, Known, expression};
use super::chain;
use super::language::{Node, is_imaginary, is_real};
use crate::expr::Expr;
use egg::{ConditionalApplier, EGraph, Id, Pattern, PatternAst, Rewrite, Subst, Var};
use std::sync::LazyLock;

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule {
    pub(crate) name: &'static str,
    pub(crate) left: &'static str,
    pub(crate) right: &'static str,
    pub(crate) needs: &'static [Need],
    pub(crate) because: &'static str,
}

/// What a rule asks of the variables of its left side.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Need {
    /// The unit vector along an axis.
    Axis(&'static str),
    /// No explicit `t`.
    FreeOfTime(&'static str),
    /// No explicit position.
    FreeOfPosition(&'static str),
    /// Depends on `t`, with an elementary derivative.
    HasRate(&'static str),
    /// Real for every field.
    Real(&'static str),
    /// `i` times a real value for every field.
    Imaginary(&'static str),
    /// The second is the conjugate of the first, coefficients both.
    Conjugates(&'static str, &'static str),
    /// The second is minus the conjugate of the first, coefficients both.
    Opposites(&'static str, &'static str),
    /// The first is a function of the second alone, with an elementary integral.
    Integrable(&'static str, &'static str),
    /// The first is a function of the second alone, with an elementary slope, and all fields are real.
    Sloped(&'static str, &'static str),
    /// Keeps the search small and is not needed for truth: a divergence goes into the flux or the density, never into
    /// the source.
    NotDivergence(&'static str),
}

/// What can be asked of the value of a variable.
pub(crate) trait Answers {
    /// The facts proved of it.
    fn known(&self, variable: &str) -> Option<Known>;
    /// The value, where it can be written.
    fn value(&self, variable: &str) -> Option<Expr>;
}

impl Need {
    /// The variables asked about.
    pub(crate) fn variables(self) -> Vec<&'static str> {
        match self {
            Need::Axis(v) | Need::FreeOfTime(v) | Need::FreeOfPosition(v) | Need::HasRate(v) => vec![v],
            Need::Real(v) | Need::Imaginary(v) | Need::NotDivergence(v) => vec![v],
            Need::Conjugates(a, b) | Need::Opposites(a, b) | Need::Integrable(a, b) | Need::Sloped(a, b) => vec![a, b],
        }
    }

    /// Is the need met?
    pub(crate) fn is_met(self, answers: &dyn Answers, given: &Given) -> bool {
        let known = |v: &str, fact: fn(&Known) -> bool| answers.known(v).is_some_and(|k| fact(&k));
        let both = |a: &str, b: &str| Some((answers.value(a)?, answers.value(b)?));
        match self {
            Need::Axis(v) => matches!(answers.value(v), Some(Expr::Unit(_))),
            Need::FreeOfTime(v) => known(v, |k| k.free_of_time),
            Need::FreeOfPosition(v) => known(v, |k| k.free_of_position),
            Need::HasRate(v) => known(v, |k| k.has_rate),
            Need::Real(v) => known(v, |k| k.real),
            Need::Imaginary(v) => known(v, |k| k.imaginary),
            Need::NotDivergence(v) => known(v, |k| !k.divergence),
            Need::Conjugates(a, b) => both(a, b).is_some_and(|(a, b)| conjugate(&a).is_some_and(|c| c == b)),
            Need::Opposites(a, b) => both(a, b).is_some_and(|(a, b)| conjugate(&a).is_some_and(|c| -c == b)),
            Need::Integrable(h, g) => both(h, g).is_some_and(|(h, g)| {
                chain::primitive(&h, &g).is_some() && chain::exponents_differ_from_minus_one(&h, &g, &given.facts)
            }),
            Need::Sloped(h, g) => given.real_fields && both(h, g).is_some_and(|(h, g)| chain::slope(&h, &g).is_some()),
        }
    }

    /// Does the truth of the rule rest on it?
    pub(crate) fn is_for_truth(self) -> bool {
        !matches!(self, Need::NotDivergence(_))
    }
}

/// The conjugate of a coefficient that is real or imaginary.
pub(crate) fn conjugate(c: &Expr) -> Option<Expr> {
    if is_real(c) {
        Some(c.clone())
    } else if is_imaginary(c) {
        Some(-c.clone())
    } else {
        None
    }
}

macro_rules! rules {
    ($($name:ident : $left:literal => $right:literal [$($need:ident $($v:literal)+),*] $because:literal;)*) => {
        &[$(Rule {
            name: stringify!($name),
            left: $left,
            right: $right,
            needs: &[$(Need::$need($($v),+)),*],
            because: $because,
        }),*]
    };
}

#[rustfmt::skip]
pub(crate) const RULES: &[Rule] = rules! {
    // name               left                           right                                 needs                                 because
    // Second-order operators are divergences.
    lap_is_div_grad     : "(lap ?f)"                  => "(div (grad ?f))"                     []                                    "definition of the Laplacian";
    frac_is_div_grad    : "(frac ?b ?f)"              => "(div (neg (grad (riesz ?b ?f))))"    [FreeOfPosition "?b"]                 "(-lap)^b = -div grad (-lap)^(b-1)";
    partial_is_div      : "(d ?e ?f)"                 => "(div (along ?e ?f))"                 [Axis "?e"]                           "a unit vector is constant";
    // Time derivatives come out of space derivatives.
    dt_out_of_lap       : "(lap (dt ?f))"             => "(dt (lap ?f))"                       []                                    "derivatives of a smooth field commute";
    dt_out_of_partial   : "(d ?e (dt ?f))"            => "(dt (d ?e ?f))"                      [Axis "?e"]                           "derivatives of a smooth field commute";
    dt_out_of_frac      : "(frac ?b (dt ?f))"         => "(dt (frac ?b ?f))"                   [FreeOfTime "?b", FreeOfPosition "?b"]  "a Fourier multiplier in space commutes with dt";
    // Coefficients go into derivatives.
    scale_into_dt       : "(* ?c (dt ?f))"            => "(dt (* ?c ?f))"                      [FreeOfTime "?c"]                     "product rule, dc/dt = 0";
    scale_into_div      : "(* ?c (div ?J))"           => "(div (* ?c ?J))"                     [FreeOfPosition "?c"]                 "product rule, grad c = 0";
    product_rule        : "(term (* ?c (dt ?f)))"     => "(flow (* ?c ?f) 0 (* (rate ?c) ?f))" [HasRate "?c"]               "c df/dt = d(c f)/dt - (dc/dt) f";
    // Every term is a density, a flux or a source.
    density             : "(term (dt ?p))"            => "(flow ?p 0 0)"                       []                                    "a time derivative is the change of a density";
    flux                : "(term (div ?J))"           => "(flow 0 ?J 0)"                       []                                    "a divergence is the outflow of a flux";
    source              : "(term ?f)"                 => "(flow 0 0 (neg ?f))"                 [NotDivergence "?f"]                  "any other term is a source with the opposite sign";
    // Twice the real part with the conjugate field: the density is quadratic.
    pair_is_density     : "(term (pair ?c ?g (dt ?g)))" => "(flow (* ?c (abs2 ?g)) 0 0)"               [Real "?c", FreeOfTime "?c"]          "d abs2(g)/dt = 2 re(conj(g) dg/dt)";
    pair_is_current     : "(term (pair ?c ?g (lap ?g)))" => "(flow 0 (pair ?c ?g (grad ?g)) 0)"        [Imaginary "?c", FreeOfPosition "?c"] "grad(conj(g)).grad(g) is real";
    pair_spreads        : "(term (pair ?c ?g (lap ?g)))" => "(flow 0 (pair ?c ?g (grad ?g)) (+ (* ?c (lap (abs2 ?g))) (neg (pair ?c ?g (lap ?g)))))" [Real "?c", FreeOfPosition "?c"] "lap(abs2(g)) = div(2 re(conj(g) grad(g)))";
    pair_drifts         : "(term (pair ?c ?g (d ?e ?g)))" => "(flow 0 (along ?e (* ?c (abs2 ?g))) 0)" [Axis "?e", Real "?c", FreeOfPosition "?c"] "d abs2(g)/dx = 2 re(conj(g) dg/dx)";
    pair_cancels        : "(term (pair ?c ?g ?g))"    => "(flow 0 0 0)"                        [Imaginary "?c"]                      "re(i abs2(g)) = 0";
    pair_bends          : "(term (pair ?c ?g (lap (lap ?g))))" => "(flow 0 (+ (pair ?c ?g (grad (lap ?g))) (pair ?c (lap ?g) (grad ?g))) 0)" [Imaginary "?c", FreeOfPosition "?c"] "re(i abs2(lap(g))) = 0";
    // Two terms of a system with each other's fields.
    pairs_cancel        : "(sum (term (pair ?c ?g ?f)) (term (pair ?d ?f ?g)))" => "(flow 0 0 0)" [Opposites "?c" "?d"] "re(z) = re(conj(z))";
    pairs_drift         : "(sum (term (pair ?c ?g (d ?e ?f))) (term (pair ?d ?f (d ?e ?g))))" => "(flow 0 (along ?e (pair ?c ?g ?f)) 0)" [Axis "?e", Conjugates "?c" "?d", FreeOfPosition "?c"] "product rule";
    pairs_are_current   : "(sum (term (pair ?c ?g (lap ?f))) (term (pair ?d ?f (lap ?g))))" => "(flow 0 (+ (pair ?c ?g (grad ?f)) (pair ?d ?f (grad ?g))) 0)" [Opposites "?c" "?d", FreeOfPosition "?c"] "re(conj(grad(g)).grad(f)) cancels";
    // Functions of a field.
    chain_dt            : "(times ?h (dt ?g))"        => "(dt (prim ?h ?g))"                   [Integrable "?h" "?g"]                "chain rule";
    chain_partial       : "(times ?h (d ?e ?g))"      => "(d ?e (prim ?h ?g))"                 [Axis "?e", Integrable "?h" "?g"]     "chain rule";
    chain_spreads       : "(term (* ?c (times ?h (lap ?g))))" => "(flow 0 (* ?c (times ?h (grad ?g))) (* ?c (times (slope ?h ?g) (square (grad ?g)))))" [Sloped "?h" "?g", FreeOfPosition "?c"] "div(h grad(g)) = h lap(g) + dh/dg abs2(grad(g))";
    // Flows add.
    collect             : "(sum (flow ?p ?J ?r) (flow ?q ?K ?s))" => "(flow (+ ?p ?q) (+ ?J ?K) (+ ?r ?s))" []                       "dt and div are linear";
    add_zero            : "(+ ?f 0)"                  => "?f"                                  []                                    "f + 0 = f";
    zero_add            : "(+ 0 ?f)"                  => "?f"                                  []                                    "0 + f = f";
};

/// The row called `name`.
pub(crate) fn rule(name: &str) -> Option<&'static Rule> {
    RULES.iter().find(|r| r.name == name)
}

/// A row with its sides as pattern trees.
pub(crate) struct Sides {
    pub(crate) left: PatternAst<Node>,
    pub(crate) right: PatternAst<Node>,
}

/// The sides of every row, in the order of the table.
pub(crate) static SIDES: LazyLock<Vec<Sides>> =
    LazyLock::new(|| RULES.iter().map(|r| Sides { left: pattern(r.left), right: pattern(r.right) }).collect());

/// The rows that add flows: they are applied once, to the flows chosen, and never searched.
pub(crate) const COLLECTING: [&str; 3] = ["collect", "add_zero", "zero_add"];

/// The other rows as rewrites for egg.
pub(crate) static REWRITES: LazyLock<Vec<Rewrite<Node, FactAnalysis>>> = LazyLock::new(|| {
    let searched = RULES.iter().zip(SIDES.iter()).filter(|(rule, _)| !COLLECTING.contains(&rule.name));
    searched.map(|(rule, sides)| rewrite(rule, sides)).collect()
});

fn pattern(text: &str) -> PatternAst<Node> {
    // The texts are constants of this file; a test parses every one.
    text.parse().unwrap_or_else(|e| panic!("rule table: {text}: {e}"))
}

fn rewrite(rule: &'static Rule, sides: &Sides) -> Rewrite<Node, FactAnalysis> {
    let left = Pattern::new(sides.left.clone());
    let right = Pattern::new(sides.right.clone());
    let built = if rule.needs.is_empty() {
        Rewrite::new(rule.name, left, right)
    } else {
        let names = rule.needs.iter().flat_map(|n| n.variables());
        let variables: Vec<(&'static str, Var)> = names.map(|v| (v, variable(v))).collect();
        let condition = move |egraph: &mut EGraph<Node, FactAnalysis>, _: Id, subst: &Subst| {
            let asked = InGraph { egraph, subst, variables: &variables };
            rule.needs.iter().all(|need| need.is_met(&asked, &egraph.analysis.given))
        };
        Rewrite::new(rule.name, left, ConditionalApplier { condition, applier: right })
    };
    built.unwrap_or_else(|e| panic!("rule table: {}: {e}", rule.name))
}

/// The variables of a match in the e-graph.
struct InGraph<'a> {
    egraph: &'a EGraph<Node, FactAnalysis>,
    subst: &'a Subst,
    variables: &'a [(&'static str, Var)],
}

impl InGraph<'_> {
    fn class(&self, variable: &str) -> Option<Id> {
        let (_, v) = self.variables.iter().find(|(name, _)| *name == variable)?;
        self.subst.get(*v).copied()
    }
}

impl Answers for InGraph<'_> {
    fn known(&self, variable: &str) -> Option<Known> {
        self.class(variable).map(|id| self.egraph[id].data)
    }

    fn value(&self, variable: &str) -> Option<Expr> {
        expression(self.egraph, self.class(variable)?)
    }
}

fn variable(text: &str) -> Var {
    text.parse().unwrap_or_else(|e| panic!("rule table: {text}: {e}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_parses_and_has_a_reason() {
        assert_eq!(REWRITES.len() + COLLECTING.len(), RULES.len());
        for r in RULES {
            assert!(!r.because.is_empty(), "{}", r.name);
            assert!(r.needs.iter().flat_map(|n| n.variables()).all(|v| r.left.contains(v)), "{}", r.name);
            assert!(rule(r.name).is_some_and(|found| found.left == r.left), "{}: names are unique", r.name);
        }
    }
}
