//! Functions that the calculus proves, each confirmed by numbers alone, and functions it must not prove.
//!
//! Independent routes: Taylor coefficients by power series arithmetic, whose signs alternate for a Bernstein function; and
//! for a complete one its divided differences, a positive semidefinite matrix (Loewner: complete Bernstein functions are
//! operator monotone).

use super::forms;
use super::language::Form;
use super::{prove, prove_up_to_constant};
use crate::checker::check_tree;
use crate::expr::{Expr, Facts, Func, Sign, Stop, Var, rational};
use crate::syntax::{Scope, parse_expr};
use crate::verdict::certificate::{Node, Rule};
use num_traits::ToPrimitive;
use proptest::prelude::*;

/// `m, b > 0`, `0 < beta <= 1`, `p` real.
fn facts() -> Facts {
    let mut facts = Facts::default();
    for letter in ["m", "b", "beta"] {
        facts.interval_mut(&letter.into()).raise(rational(0, 1), true);
    }
    facts.interval_mut(&"beta".into()).reduce(rational(1, 1), false);
    facts
}

fn read(text: &str) -> Expr {
    parse_expr(text, &Scope::default()).unwrap_or_else(|e| panic!("{text}: {e:?}"))
}

/// Values of the parameters: `m = b = 0.713`, `beta = 0.6`.
fn letter(name: &str) -> f64 {
    if name == "beta" { 0.6 } else { 0.713 }
}

/// Taylor coefficients about a point.
fn jet(e: &Expr, kappa: f64, order: usize) -> Vec<f64> {
    let constant = |x: f64| {
        let mut j = vec![0.0; order + 1];
        j[0] = x;
        j
    };
    match e {
        Expr::Var(Var::Kappa) => {
            let mut j = constant(kappa);
            j[1] = 1.0;
            j
        }
        Expr::Num(r) => constant(r.to_f64().expect("a double")),
        Expr::Sym(name) => constant(letter(name.as_str())),
        Expr::Add(terms) => {
            terms.iter().fold(constant(0.0), |s, t| s.iter().zip(jet(t, kappa, order)).map(|(a, b)| a + b).collect())
        }
        Expr::Mul(parts) => parts.iter().fold(constant(1.0), |p, f| {
            let f = jet(f, kappa, order);
            (0..=order).map(|k| (0..=k).map(|i| p[i] * f[k - i]).sum()).collect()
        }),
        Expr::Pow(b, x) => {
            let (u, p) = (jet(b, kappa, order), jet(x, kappa, 1)[0]);
            let mut w = vec![u[0].powf(p)];
            for k in 1..=order {
                let sum: f64 = (1..=k).map(|i| (p * i as f64 - (k - i) as f64) * u[i] * w[k - i]).sum();
                w.push(sum / (k as f64 * u[0]));
            }
            w
        }
        Expr::Call(Func::Exp, a) => {
            let u = jet(a, kappa, order);
            let mut w = vec![u[0].exp()];
            for k in 1..=order {
                w.push((1..=k).map(|i| i as f64 * u[i] * w[k - i]).sum::<f64>() / k as f64);
            }
            w
        }
        Expr::Call(Func::Log, a) => {
            let u = jet(a, kappa, order);
            let mut w = vec![u[0].ln()];
            for k in 1..=order {
                let sum: f64 = (1..k).map(|i| i as f64 * w[i] * u[k - i]).sum();
                w.push((u[k] - sum / k as f64) / u[0]);
            }
            w
        }
        _ => constant(f64::NAN),
    }
}

/// Is f negative, or does a derivative have the wrong sign, well beyond rounding?
fn visibly_not_bernstein(f: &Expr) -> bool {
    [0.02, 0.1, 0.5, 1.0, 3.0, 10.0, 60.0].into_iter().any(|kappa| {
        let j = jet(f, kappa, 9);
        (0..=9usize).any(|order| {
            let sign = if order == 0 || order % 2 == 1 { 1.0 } else { -1.0 };
            let scale = j[0].abs().max(1.0) / f64::powi(kappa, order as i32);
            sign * j[order] < -1e-9 * scale
        })
    })
}

/// Is the matrix of divided differences visibly indefinite? Then f is not complete Bernstein.
fn visibly_not_complete(f: &Expr) -> bool {
    [0.05, 0.6, 4.0].into_iter().any(|start| {
        let at: Vec<f64> = (0..4).map(|i| start * f64::powi(2.1, i)).collect();
        let jets: Vec<Vec<f64>> = at.iter().map(|x| jet(f, *x, 1)).collect();
        let entry = |i: usize, j: usize| match i == j {
            true => jets[i][1],
            false => (jets[i][0] - jets[j][0]) / (at[i] - at[j]),
        };
        let mut matrix: Vec<Vec<f64>> = (0..4).map(|i| (0..4).map(|j| entry(i, j)).collect()).collect();
        // Gaussian elimination: the pivots of a positive semidefinite matrix are not negative.
        let size = jets[0][0].abs() / at[0];
        for n in 0..4 {
            let pivot = matrix[n][n];
            if pivot < -1e-9 * size {
                return true;
            }
            if pivot < 1e-8 * size {
                return false;
            }
            for i in n + 1..4 {
                let ratio = matrix[i][n] / pivot;
                let row = matrix[n].clone();
                matrix[i].iter_mut().zip(row).for_each(|(entry, above)| *entry -= ratio * above);
            }
        }
        false
    })
}

/// Proves, replays, and confirms by numbers.
fn proves(text: &str) -> Node {
    let f = read(text);
    let tree = prove(&f, &facts()).unwrap_or_else(|stop| panic!("{f}: {stop:?}"));
    assert_eq!(check_tree(&tree, &facts()), Ok(()), "{f}: {tree:?}");
    assert_eq!(tree.function, f);
    assert!(!visibly_not_bernstein(&f), "{f}");
    assert!(!tree.complete || !visibly_not_complete(&f), "{f}");
    tree
}

/// The rules of theory, one line each; the root of the proof is by that rule.
#[test]
fn every_rule_of_the_calculus_proves_and_replays() {
    let check = |text: &str, rule: Rule| assert_eq!(proves(text).rule, rule, "{text}");
    check("kappa", Rule::Identity);
    check("kappa + m", Rule::Sum);
    check("m*kappa", Rule::Scale);
    check("kappa^beta", Rule::Power);
    check("log(1 + kappa)", Rule::Logarithm);
    check("kappa/(m + kappa)", Rule::Saturation);
    check("1 - exp(-m*kappa)", Rule::Exponential);
    check("sqrt(kappa + m^2) - m", Rule::Ground);
    check("kappa/log(1 + kappa)", Rule::Dual);
    check("(sqrt(kappa) + sqrt(kappa + 1))^2", Rule::PowerMean);
    check("kappa^(1/3)*log(1 + kappa)^(2/3)", Rule::GeometricMean);
    check("sqrt(kappa^2 + kappa + 1/8)", Rule::Quadratic);
    check("1 - 1/(1 + kappa)^2", Rule::Complement);
    check("1/log(1 + 1/kappa)", Rule::Reciprocal);
    check("sqrt(kappa)*sqrt(kappa + 2)/sqrt(kappa + 1)", Rule::Interlacing);
}

/// Functions whose own form no rule reads: another form does.
#[test]
fn equal_forms_share_their_proof() {
    for text in [
        "sqrt(kappa^2 + 3*kappa + 2) - sqrt(2)",
        "kappa*(kappa + 2)/(kappa + 1)",
        "(kappa^2 + 2*kappa)/(kappa + 1)",
        "kappa/(m + kappa) + kappa/(b + kappa)",
        "sqrt(kappa)*sqrt(kappa + 1)",
        "(sqrt(kappa) + sqrt(kappa + 1))^2 - 1",
        "kappa/sqrt(kappa + 1)",
        "sqrt(kappa/(1 + kappa))",
        "sqrt(kappa*(kappa + 2)/(kappa + 1))",
        "sqrt(kappa^2 + 2*kappa) - kappa",
        "(kappa^2 + kappa)^(1/3)/(kappa + 1)^(1/3)*(sqrt(kappa + 1) - 1)^(1/3)/(kappa + 3)^(1/3)",
        "sqrt((kappa + 1)*(kappa + 3)) - kappa - sqrt(3)",
        "sqrt(kappa)/(sqrt(kappa) + sqrt(kappa + 1))",
        "log((kappa + 1)*(kappa + 2)) - log(2)",
        "(kappa^2 + 3*kappa)/(kappa^2 + 3*kappa + 2)",
        "kappa*(1/(kappa + 1) + 1/(kappa + 3))",
        "2 - 1/(1 + kappa) - exp(-kappa)",
        "sqrt(kappa) - exp(-kappa) + 1",
        "1 - exp(-kappa)/(1 + kappa)",
        "(kappa + 1)/log(2 + kappa) - 1/log(2)",
        "kappa/(kappa + sqrt(kappa))",
        "(kappa^3 + 6*kappa^2 + 8*kappa)/(kappa^2 + 4*kappa + 3)",
        "(kappa^beta + (m*kappa + b)^beta)^(1/beta)",
    ] {
        proves(text);
    }
}

/// Known not to be Bernstein, or not to be complete where the dual would need it.
#[test]
fn other_functions_are_never_proved() {
    for text in [
        "kappa^2",
        "kappa/(1 + kappa)^2",
        "kappa + kappa^2",
        "sqrt(kappa^2 + kappa + 1)",
        "kappa - log(1 + kappa)",
        "kappa - sqrt(kappa) + 1",
        "kappa^(3/2)",
        "kappa + 2 - sqrt((kappa + 1)*(kappa + 3))",
        "1/(1 + kappa)",
        "exp(-kappa)",
        "exp(kappa)",
        "1 - 1/kappa",
        "1 - 2/(1 + kappa)",
        "sqrt(kappa + 1) - 2",
        "kappa/(1 - exp(-kappa))",
        "kappa*(kappa + 1)/(kappa + 2)",
        "kappa^2/(1 + kappa)",
        "sqrt(kappa)*sqrt(kappa + 1)*sqrt(kappa + 2)",
        "(1 + kappa)*exp(-kappa)",
        "sqrt(kappa^2 + 4*kappa) - 2*kappa",
        "(1 - exp(-kappa))^2",
        "1 - cos(kappa)",
        "sin(kappa) + kappa",
        "1 - kappa/(kappa^2 + kappa) - 1/2",
        "sqrt(1 - exp(-kappa))*sqrt(kappa)",
    ] {
        let f = read(text);
        assert!(matches!(prove(&f, &facts()), Err(Stop::Undecided(_))), "{f}");
    }
}

#[test]
fn a_sign_that_another_form_needs_is_asked_for() {
    // The poles and zeros interlace for p <= 1 alone; which of the signs is asked for first does not matter.
    let f = read("kappa*(kappa + 2)/(kappa + p)");
    assert!(matches!(prove(&f, &facts()), Err(Stop::Need(_))));
    let mut known = facts();
    known.interval_mut(&"p".into()).raise(rational(1, 1), false);
    known.interval_mut(&"p".into()).reduce(rational(2, 1), false);
    let tree = prove(&f, &known).expect("1 <= p <= 2");
    assert_eq!(check_tree(&tree, &known), Ok(()));
    assert_eq!(prove_up_to_constant(&read("sqrt(kappa + p^2) + p"), &facts()).map(|(c, _)| c), Ok(read("p")));
}

/// Tampering with any step of a proof is noticed.
#[test]
fn changed_trees_are_rejected() {
    let mut count = 0;
    for text in ["sqrt(kappa)*sqrt(kappa + 2)/sqrt(kappa + 1)", "2 - 1/(1 + kappa) - exp(-kappa)", "1/log(1 + 1/kappa)"]
    {
        let tree = proves(text);
        for place in 0..tree.steps() {
            let mut check = |edit: &dyn Fn(&mut Node)| {
                let mut changed = tree.clone();
                edit(node_at(&mut changed, place));
                if changed != tree {
                    count += 1;
                    assert!(check_tree(&changed, &facts()).is_err(), "{changed:?}");
                }
            };
            check(&|n| n.complete = !n.complete);
            check(&|n| n.function = n.function.clone() + Expr::one());
            check(&|n| drop(n.children.pop()));
            check(&|n| drop(n.side_conditions.pop()));
            for sign in [Sign::POSITIVE, Sign::NONNEGATIVE] {
                check(&|n| n.side_conditions.iter_mut().for_each(|s| s.sign = sign));
            }
            check(&|n| {
                n.side_conditions.iter_mut().for_each(|s| s.expression = s.expression.clone() + Expr::one());
            });
            for rule in Rule::ALL {
                let same = |n: &Node| n.rule == Rule::Power && *rule == Rule::GeometricMean;
                check(&|n| {
                    if !same(n) {
                        n.rule = *rule
                    }
                });
            }
        }
    }
    assert!(count > 200, "{count}");
}

fn node_at(tree: &mut Node, place: usize) -> &mut Node {
    let mut rest = place;
    let mut node = tree;
    while rest > 0 {
        rest -= 1;
        let sizes: Vec<usize> = node.children.iter().map(Node::steps).collect();
        let child = sizes.iter().position(|size| {
            let inside = rest < *size;
            rest -= if inside { 0 } else { *size };
            inside
        });
        node = &mut node.children[child.expect("a place within the tree")];
    }
    node
}

/// Functions composed by the rules of the calculus.
fn composed() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![3 => Just(Expr::kappa()), 1 => (1i64..5).prop_map(|c| Expr::kappa() + Expr::int(c))];
    let third = |n: i64| Expr::Num(rational(n, 3));
    leaf.prop_recursive(2, 4, 2, move |inner| {
        let pair = (inner.clone(), inner.clone());
        prop_oneof![
            pair.clone().prop_map(|(f, g)| f + g),
            (inner.clone(), 1i64..4).prop_map(|(f, c)| Expr::int(c) * f),
            (inner.clone(), 1i64..3).prop_map(move |(f, n)| Expr::pow(f, third(n))),
            pair.prop_map(move |(f, g)| Expr::pow(f, third(1)) * Expr::pow(g, third(1))),
            (inner.clone(), 1i64..4).prop_map(|(f, c)| f.clone() / (f + Expr::int(c))),
            inner.clone().prop_map(|f| Expr::call(Func::Log, Expr::one() + f)),
            inner.clone().prop_map(|f| Expr::one() - Expr::call(Func::Exp, -f)),
            inner.prop_map(|f| (f + Expr::one()).sqrt() - Expr::one()),
        ]
    })
}

/// Rational functions and roots of them, few of them Bernstein.
fn algebraic() -> impl Strategy<Value = Expr> {
    let c = || prop_oneof![6 => (-2i64..4).prop_map(Expr::int), 1 => Just(Expr::sym("m")), 1 => Just(Expr::sym("b"))];
    let polynomial = (c(), c(), c()).prop_map(|(a, b, c)| a + b * Expr::kappa() + c * Expr::kappa().powi(2));
    let line = (1i64..4, c()).prop_map(|(a, b)| Expr::int(a) * Expr::kappa() + b);
    let quotient = (polynomial.clone(), line.clone(), line).prop_map(|(n, d, e)| n / (d * e));
    let root = |f: Expr| f.sqrt();
    prop_oneof![
        quotient.clone(),
        polynomial.clone().prop_map(root),
        quotient.clone().prop_map(root),
        (polynomial.clone(), c(), c()).prop_map(|(f, a, b)| f.sqrt() + a * Expr::kappa() + b),
        (polynomial, quotient).prop_map(|(f, g)| f.sqrt() + g),
    ]
    .prop_filter("real", |f| !f.contains(&Expr::Imag))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn compositions_are_proved(f in composed()) {
        match prove(&f, &facts()) {
            Ok(tree) => {
                prop_assert_eq!(check_tree(&tree, &facts()), Ok(()), "{}", f);
                prop_assert!(!visibly_not_bernstein(&f), "{}", f);
                prop_assert!(!tree.complete || !visibly_not_complete(&f), "{}", f);
            }
            // A geometric mean needs complete functions, which 1 - exp(-f) is not.
            Err(_) => prop_assert!(f.any(&|e| matches!(e, Expr::Call(Func::Exp, _))), "{}", f),
        }
    }

    #[test]
    fn what_is_proved_of_algebraic_functions_is_true(f in algebraic()) {
        if let Ok(tree) = prove(&f, &facts()) {
            prop_assert_eq!(check_tree(&tree, &facts()), Ok(()), "{} by {:?}", f, tree);
            prop_assert!(!visibly_not_bernstein(&f), "{}", f);
            prop_assert!(!tree.complete || !visibly_not_complete(&f), "{}", f);
        }
    }

    #[test]
    fn forms_are_equal(f in prop_oneof![composed(), algebraic()]) {
        for form in forms::read(&f, &facts()).into_iter().chain(forms::search(&f, true, &facts())) {
            for kappa in [0.31, 1.73, 6.1] {
                let (given, found) = (value(&f, kappa), value_of_form(&form, kappa));
                let close = (given - found).abs() <= 1e-9 * (1.0 + given.abs());
                // The quotients of some forms are 0/0 at a few points.
                prop_assert!(close || !given.is_finite() || !found.is_finite(), "{} is not {:?} at {}", f, form, kappa);
            }
        }
    }
}

fn value(f: &Expr, kappa: f64) -> f64 {
    jet(f, kappa, 1)[0]
}

fn value_of_form(form: &Form, kappa: f64) -> f64 {
    match form {
        Form::Plain(e) => value(e, kappa),
        Form::Product(f, g) => value(f, kappa) * value(g, kappa),
        Form::Power(f, a) => value(f, kappa).powf(value(a, kappa)),
        Form::Dual(f) => kappa / value(f, kappa),
        Form::Mean(p, parts) => {
            let p = value(p, kappa);
            parts.iter().map(|f| value(f, kappa).powf(1.0 / p)).sum::<f64>().powf(p)
        }
        Form::Shift(f, c) => value(f, kappa + value(c, kappa)),
        Form::Inverse(f) => 1.0 / value(f, 1.0 / kappa),
    }
}
