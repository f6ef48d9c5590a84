use super::bernstein::{prove, prove_up_to_constant};
use super::certificate::Rule;
use crate::checker::check_tree;
use crate::expr::{Expr, Facts, Func, Stop, Var, rational};
use num_complex::Complex64;
use proptest::prelude::*;

fn kappa() -> Expr {
    Expr::kappa()
}

fn facts() -> Facts {
    let mut facts = Facts::default();
    facts.interval_mut(&"m".into()).raise(rational(0, 1), true);
    facts.interval_mut(&"beta".into()).raise(rational(0, 1), true);
    facts.interval_mut(&"beta".into()).reduce(rational(1, 1), false);
    facts
}

/// Proves, replays, and checks the sign of derivatives numerically.
fn proves(f: &Expr) {
    let tree = prove(f, &facts()).unwrap_or_else(|stop| panic!("{f}: {stop:?}"));
    assert_eq!(check_tree(&tree, &facts()), Ok(()), "{f}");
    assert!(!visibly_not_bernstein(f), "{f}");
}

#[test]
fn every_rule_is_used_and_replays() {
    let m = || Expr::sym("m");
    let half = || Expr::Num(rational(1, 2));
    proves(&(kappa() + m()));
    proves(&(m() * kappa()));
    proves(&Expr::pow(kappa(), Expr::sym("beta")));
    proves(&(kappa() + m().powi(2)).sqrt());
    proves(&((kappa() + m().powi(2)).sqrt() - m()));
    proves(&(kappa() / (kappa() + m())));
    proves(&(kappa() / (kappa() + Expr::one()).sqrt()));
    proves(&((kappa() + m()) / (kappa() + m() + Expr::one())));
    proves(&(kappa() * (kappa() + Expr::one())).sqrt());
    proves(&(kappa().sqrt() * (kappa() + Expr::one()).sqrt()));
    proves(&(kappa().powi(2) + kappa() + Expr::Num(rational(1, 8))).sqrt());
    proves(&(kappa().sqrt() + (kappa() + Expr::one()).sqrt()).powi(2));
    proves(&Expr::call(Func::Log, Expr::one() + kappa().sqrt()));
    proves(&(Expr::one() - Expr::call(Func::Exp, -(m() * kappa()))));
    proves(&Expr::pow((kappa() + Expr::one()).sqrt() - Expr::one(), half()));
}

#[test]
fn other_functions_are_not_proved() {
    for f in [
        kappa().powi(2),
        kappa().sqrt() - kappa(),
        (kappa().powi(2) + kappa() + Expr::one()).sqrt(),
        kappa() * kappa().sqrt(),
        Expr::one() / (kappa() + Expr::one()),
        -kappa(),
        (kappa() + Expr::one()).sqrt() - Expr::int(2),
        // Bernstein functions that are not complete have no dual.
        kappa() / (Expr::one() - Expr::call(Func::Exp, -kappa())),
    ] {
        assert!(matches!(prove(&f, &facts()), Err(Stop::Undecided(_))), "{f}");
    }
}

#[test]
fn a_missing_sign_is_asked_for() {
    let q = Expr::sym("q");
    assert_eq!(prove(&(kappa() + q.clone()).sqrt(), &facts()), Err(Stop::Need(q.clone())));
    let room = Expr::one() - q.clone();
    assert_eq!(prove_up_to_constant(&Expr::pow(kappa(), q.clone()), &facts()).map(|_| ()), Err(Stop::Need(q)));
    let positive = {
        let mut f = facts();
        f.interval_mut(&"q".into()).raise(rational(0, 1), true);
        f
    };
    assert_eq!(prove(&Expr::pow(kappa(), Expr::sym("q")), &positive), Err(Stop::Need(room)));
}

/// Derivatives up to order 6 by the symbolic rule, at several points; `true` when one clearly has the wrong sign.
fn visibly_not_bernstein(f: &Expr) -> bool {
    let at = |e: &Expr, x: f64| {
        e.evaluate(&|p: &Expr| match p {
            Expr::Var(Var::Kappa) => Some(Complex64::from(x)),
            Expr::Sym(_) => Some(Complex64::from(0.7)),
            _ => None,
        })
        .filter(|z| z.is_finite() && z.im == 0.0)
        .map(|z| z.re)
    };
    let mut d = f.clone();
    let mut sign = 1.0;
    for order in 0..=4 {
        for x in [0.05, 0.3, 1.0, 4.0, 20.0] {
            let (Some(value), Some(size)) = (at(&d, x), at(f, x)) else { continue };
            if sign * value < -1e-8 * (1.0 + size.abs()) / f64::powi(x, order) {
                return true;
            }
        }
        let Some(next) = d.derivative(&kappa()) else { return false };
        d = next;
        sign = if order == 0 { 1.0 } else { -sign };
    }
    false
}

/// Functions composed at random, most of them not Bernstein.
fn function() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![
        3 => Just(Expr::kappa()),
        1 => (0i64..4).prop_map(Expr::int),
        1 => Just(Expr::sym("m")),
    ];
    leaf.prop_recursive(4, 12, 3, |inner| {
        let pair = (inner.clone(), inner.clone());
        prop_oneof![
            pair.clone().prop_map(|(f, g)| f + g),
            pair.clone().prop_map(|(f, g)| f * g),
            pair.clone().prop_map(|(f, g)| f / (g + Expr::one())),
            pair.prop_map(|(f, g)| f - g),
            (inner.clone(), 1i64..4, 2i64..4).prop_map(|(f, p, q)| Expr::pow(f, Expr::Num(rational(p, q)))),
            inner.clone().prop_map(|f| Expr::call(Func::Log, Expr::one() + f)),
            inner.prop_map(|f| Expr::one() - Expr::call(Func::Exp, -f)),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_visibly_wrong_is_proved(f in function()) {
        if let Ok(tree) = prove(&f, &facts()) {
            prop_assert_eq!(check_tree(&tree, &facts()), Ok(()), "{}", f);
            prop_assert!(!visibly_not_bernstein(&f), "{}", f);
        }
    }
}

#[test]
fn rules_are_serialised_by_name() {
    assert_eq!(serde_json::to_string(&Rule::GeometricMean).expect("a string"), "\"geometric_mean\"");
}
