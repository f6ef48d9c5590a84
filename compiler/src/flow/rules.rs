//! The rule table of the continuity form: one row a rule.
//!
//! Holds: both sides of a row have one meaning for every smooth field, given what the row needs; no row divides.
//!        A guard asks for a proof ([`Known`]), never for the absence of a counterexample.
//! Source: GenPhys (arXiv:2304.02637), Eq. 3, with `J = p v`; vector calculus.

use super::analysis::{FactAnalysis, Known};
use super::language::Node;
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

/// What a rule asks of a variable of its left side.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Need {
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
    /// Keeps the search small and is not needed for truth: a divergence goes into the flux or the density, never into
    /// the source.
    NotDivergence(&'static str),
}

impl Need {
    /// The variable asked about.
    pub(crate) fn variable(self) -> &'static str {
        match self {
            Need::FreeOfTime(v) | Need::FreeOfPosition(v) | Need::HasRate(v) => v,
            Need::Real(v) | Need::Imaginary(v) | Need::NotDivergence(v) => v,
        }
    }

    /// Do the facts answer the need?
    pub(crate) fn is_met(self, known: Known) -> bool {
        match self {
            Need::FreeOfTime(_) => known.free_of_time,
            Need::FreeOfPosition(_) => known.free_of_position,
            Need::HasRate(_) => known.has_rate,
            Need::Real(_) => known.real,
            Need::Imaginary(_) => known.imaginary,
            Need::NotDivergence(_) => !known.divergence,
        }
    }

    /// Does the truth of the rule rest on it?
    pub(crate) fn is_for_truth(self) -> bool {
        !matches!(self, Need::NotDivergence(_))
    }
}

macro_rules! rules {
    ($($name:ident : $left:literal => $right:literal [$($need:ident $v:literal),*] $because:literal;)*) => {
        &[$(Rule {
            name: stringify!($name),
            left: $left,
            right: $right,
            needs: &[$(Need::$need($v)),*],
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
    dx_is_div           : "(dx ?f)"                   => "(div (along ?f))"                    []                                    "e_x is constant";
    // Time derivatives come out of space derivatives.
    dt_out_of_lap       : "(lap (dt ?f))"             => "(dt (lap ?f))"                       []                                    "derivatives of a smooth field commute";
    dt_out_of_dx        : "(dx (dt ?f))"              => "(dt (dx ?f))"                        []                                    "derivatives of a smooth field commute";
    dt_out_of_frac      : "(frac ?b (dt ?f))"         => "(dt (frac ?b ?f))"                   [FreeOfTime "?b", FreeOfPosition "?b"]  "a Fourier multiplier in space commutes with dt";
    // Coefficients go into derivatives.
    scale_into_dt       : "(* ?c (dt ?f))"            => "(dt (* ?c ?f))"                      [FreeOfTime "?c"]                     "product rule, dc/dt = 0";
    scale_into_div      : "(* ?c (div ?J))"           => "(div (* ?c ?J))"                     [FreeOfPosition "?c"]                 "product rule, grad c = 0";
    product_rule        : "(term (* ?c (dt ?f)))"     => "(sum (term (dt (* ?c ?f))) (flow 0 0 (* (rate ?c) ?f)))" [HasRate "?c"]   "c df/dt = d(c f)/dt - (dc/dt) f";
    // Every term is a density, a flux or a source.
    density             : "(term (dt ?p))"            => "(flow ?p 0 0)"                       []                                    "a time derivative is the change of a density";
    flux                : "(term (div ?J))"           => "(flow 0 ?J 0)"                       []                                    "a divergence is the outflow of a flux";
    source              : "(term ?f)"                 => "(flow 0 0 (neg ?f))"                 [NotDivergence "?f"]                  "any other term is a source with the opposite sign";
    // Twice the real part with the conjugate field: the density is quadratic.
    pair_is_density     : "(term (pair ?c ?g (dt ?g)))" => "(flow (* ?c (abs2 ?g)) 0 0)"               [Real "?c", FreeOfTime "?c"]          "d abs2(g)/dt = 2 re(conj(g) dg/dt)";
    pair_is_current     : "(term (pair ?c ?g (lap ?g)))" => "(flow 0 (pair ?c ?g (grad ?g)) 0)"        [Imaginary "?c", FreeOfPosition "?c"] "grad(conj(g)).grad(g) is real";
    pair_spreads        : "(term (pair ?c ?g (lap ?g)))" => "(flow 0 (pair ?c ?g (grad ?g)) (+ (* ?c (lap (abs2 ?g))) (neg (pair ?c ?g (lap ?g)))))" [Real "?c", FreeOfPosition "?c"] "lap(abs2(g)) = div(2 re(conj(g) grad(g)))";
    pair_drifts         : "(term (pair ?c ?g (dx ?g)))" => "(flow 0 (along (* ?c (abs2 ?g))) 0)"       [Real "?c", FreeOfPosition "?c"]      "d abs2(g)/dx = 2 re(conj(g) dg/dx)";
    pair_cancels        : "(term (pair ?c ?g ?g))"    => "(flow 0 0 0)"                        [Imaginary "?c"]                      "re(i abs2(g)) = 0";
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

/// The table as rewrites for egg.
pub(crate) static REWRITES: LazyLock<Vec<Rewrite<Node, FactAnalysis>>> =
    LazyLock::new(|| RULES.iter().zip(SIDES.iter()).map(|(rule, sides)| rewrite(rule, sides)).collect());

fn pattern(text: &str) -> PatternAst<Node> {
    // The texts are constants of this file; a test parses every one.
    text.parse().unwrap_or_else(|e| panic!("rule table: {text}: {e}"))
}

fn rewrite(rule: &'static Rule, sides: &Sides) -> Rewrite<Node, FactAnalysis> {
    let left = Pattern::new(sides.left.clone());
    let right = Pattern::new(sides.right.clone());
    let needs: Vec<(Need, Var)> = rule.needs.iter().map(|n| (*n, variable(n.variable()))).collect();
    let condition = move |egraph: &mut EGraph<Node, FactAnalysis>, _: Id, subst: &Subst| {
        needs.iter().all(|(need, v)| need.is_met(egraph[subst[*v]].data))
    };
    Rewrite::new(rule.name, left, ConditionalApplier { condition, applier: right })
        .unwrap_or_else(|e| panic!("rule table: {}: {e}", rule.name))
}

fn variable(text: &str) -> Var {
    text.parse().unwrap_or_else(|e| panic!("rule table: {text}: {e}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_parses_and_has_a_reason() {
        assert_eq!(REWRITES.len(), RULES.len());
        for r in RULES {
            assert!(!r.because.is_empty(), "{}", r.name);
            assert!(r.needs.iter().all(|n| r.left.contains(n.variable())), "{}", r.name);
            assert!(rule(r.name).is_some_and(|found| found.left == r.left), "{}: names are unique", r.name);
        }
    }
}
