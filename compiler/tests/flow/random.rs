//! Random equations always have a form that checks; wrong forms and tampered derivations never do.

use crate::build::*;
use genphys_compiler::expr::{Axis, Expr, rational};
use genphys_compiler::flow::{Budget, DensityFlow, IdentityFailure, check_proof, extract, verify_identity};
use genphys_compiler::operator::Equation;
use proptest::prelude::*;

/// A coefficient: a rational, a parameter, a power of one or a product.
fn coefficient() -> impl Strategy<Value = Expr> {
    let number = (-9i64..10, 1i64..5).prop_map(|(p, q)| Expr::Num(rational(if p == 0 { 1 } else { p }, q)));
    let letter = prop_oneof![Just(int(1)), Just(sym("a")), Just(sym("b").powi(2)), Just(sym("a") / sym("b"))];
    (number, letter).prop_map(|(n, l)| n * l)
}

/// `coefficient * dt^i lap^j dx^k dy^l phi`.
fn term(least_order: u32) -> impl Strategy<Value = Expr> {
    (coefficient(), least_order..4, 0u32..3, 0u32..2, 0u32..2).prop_map(|(c, i, j, k, l)| {
        let f = phi().dt(i).dx(k).partial(Axis::Y, l);
        c * (0..j).fold(f, |f, _| f.lap())
    })
}

fn linear_equation() -> impl Strategy<Value = Equation> {
    (term(1), prop::collection::vec(term(0), 0..4))
        .prop_map(|(first, rest)| first + Expr::add(rest))
        .prop_filter("a time derivative must remain", |e| e.any(&|part| matches!(part, Expr::Dt(..))))
        .prop_map(|e| equation(e, &["a", "b"]))
}

fn form(equation: &Equation) -> DensityFlow {
    extract(equation, None, Budget::default()).expect("a continuity form")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_linear_equation_has_a_form_that_checks(equation in linear_equation()) {
        let flow = form(&equation);
        prop_assert_eq!(&flow.search.stop, "saturated");
        prop_assert_eq!(verify_identity(&equation, &flow), Ok(()));
        prop_assert_eq!(check_proof(&equation, &flow), Ok(()));
        prop_assert!(flow.p.has_field() && flow.alternatives >= 1);
    }

    #[test]
    fn a_changed_form_is_rejected_by_both_checks(equation in linear_equation(), change in 0usize..4) {
        let mut flow = form(&equation);
        match change {
            0 => flow.p = -flow.p,
            1 => flow.flux = flow.flux + phi().grad(),
            2 => flow.r = flow.r - phi(),
            _ => {
                flow.multiplier = int(2) * flow.multiplier;
                flow.multipliers = vec![flow.multiplier.clone()];
            }
        }
        let differs = matches!(verify_identity(&equation, &flow), Err(IdentityFailure::Residual { .. }));
        prop_assert!(differs);
        prop_assert!(check_proof(&equation, &flow).is_err());
    }
}

#[test]
fn a_dropped_term_is_named_by_the_identity_check() {
    let equation = equation(phi().dt(2) + phi().lap() - sym("m").powi(2) * phi(), &["m"]);
    let mut flow = form(&equation);
    flow.r = int(0);
    let failure = verify_identity(&equation, &flow).expect_err("the source is missing");
    assert_eq!(failure.to_string(), "in 1 space dimension(s), M L phi - (dt p + div J - R) leaves m^2 phi{0,0,0,0}");
    assert!(check_proof(&equation, &flow).is_err());
}

#[test]
fn fractional_forms_are_checked_in_fourier_space() {
    let beta = || sym("beta");
    let equation = equation(phi().dt(1) + phi().frac_lap(beta()), &["beta"]);
    let right = form(&equation);
    assert_eq!(verify_identity(&equation, &right), Ok(()));
    let wrong = DensityFlow { flux: -phi().frac_lap(beta()).grad(), ..right.clone() };
    assert!(matches!(verify_identity(&equation, &wrong), Err(IdentityFailure::Residual { .. })));
    let wrong = DensityFlow { flux: -right.flux.clone(), ..right };
    assert!(matches!(verify_identity(&equation, &wrong), Err(IdentityFailure::Residual { .. })));
}

#[test]
fn a_derivation_of_another_equation_is_rejected() {
    let poisson = equation(phi().dt(2) + phi().lap(), &[]);
    let other = equation(phi().dt(2) + int(2) * phi().lap(), &[]);
    let flow = form(&poisson);
    assert!(check_proof(&other, &flow).is_err());
    let mut shown = flow.clone();
    let mut derivation = (*flow.proof).clone();
    derivation.steps[0].after = "0".into();
    shown.proof = derivation.into();
    assert!(check_proof(&poisson, &shown).is_err(), "the steps shown belong to the derivation");
}

#[test]
fn what_is_missing_is_named() {
    let why = |equation: &Equation, budget: Budget| extract(equation, None, budget).expect_err("undecided").why;
    let static_equation = equation(phi().lap() + phi(), &[]);
    assert!(why(&static_equation, Budget::default()).contains("no time derivative"));
    let wave = equation(phi().dt(2) + phi().dt(1) - phi().lap() + phi(), &[]);
    assert!(why(&wave, Budget { iterations: 1, nodes: 100 }).contains("stopped after 1 iterations"));
    assert!(why(&wave, Budget { iterations: 100, nodes: 5 }).contains("nodes"));
}
