//! Every expression that is printed parses back to the same expression, on expressions drawn at random.

use genphys_compiler::expr::{Axis, DependsOn, Expr, Func, Var, rational};
use genphys_compiler::syntax::{Scope, parse_expr};
use proptest::prelude::*;
use proptest::sample::select;

fn scope() -> Scope {
    Scope::with_fields(["phi", "chi"])
}

fn leaf() -> impl Strategy<Value = Expr> {
    let letter = select(vec!["a", "b", "m", "D", "k0", "kappa_", "lambda"]).prop_map(Expr::sym);
    let variable =
        select(vec![Var::Kappa, Var::Growth, Var::Omega, Var::Time, Var::DistanceSquared]).prop_map(Expr::Var);
    prop_oneof![
        (-30i64..30, 1i64..8).prop_map(|(p, q)| Expr::Num(rational(p, q))),
        letter,
        variable,
        Just(Expr::Imag),
        Just(Expr::Apply("s".into(), DependsOn::Time)),
        Just(Expr::Apply("V".into(), DependsOn::Position)),
        select(vec!["phi", "chi"]).prop_map(|n| Expr::Field(n.into())),
    ]
}

fn exponent() -> impl Strategy<Value = Expr> {
    prop_oneof![
        (-4i64..5).prop_map(Expr::int),
        (-5i64..6, 2i64..4).prop_map(|(p, q)| Expr::Num(rational(p, q))),
        Just(Expr::sym("beta")),
        Just(-Expr::sym("beta")),
        Just(Expr::sym("beta") - Expr::one()),
    ]
}

fn axis() -> impl Strategy<Value = Axis> {
    select(Axis::ALL.to_vec())
}

/// A scalar raised to a power that exists.
fn power(base: Expr, exponent: Expr) -> Expr {
    if base.is_zero() { base } else { Expr::pow(base, exponent) }
}

fn scalar() -> BoxedStrategy<Expr> {
    leaf()
        .prop_recursive(4, 32, 4, |inner| {
            let func = select(vec![
                Func::Exp,
                Func::Log,
                Func::Sin,
                Func::Cos,
                Func::Tanh,
                Func::Abs,
                Func::Conj,
                Func::Abs2,
                Func::Re,
                Func::Im,
            ]);
            prop_oneof![
                3 => prop::collection::vec(inner.clone(), 2..4).prop_map(Expr::add),
                3 => prop::collection::vec(inner.clone(), 2..4).prop_map(Expr::mul),
                3 => (inner.clone(), exponent()).prop_map(|(b, e)| power(b, e)),
                1 => (func, inner.clone()).prop_map(|(f, a)| Expr::call(f, a)),
                1 => (inner.clone(), 1u32..7).prop_map(|(e, n)| e.dt(n)),
                1 => (inner.clone(), axis(), 1u32..4).prop_map(|(e, axis, n)| e.partial(axis, n)),
                1 => inner.clone().prop_map(Expr::lap),
                1 => (inner.clone(), exponent()).prop_map(|(e, b)| e.frac_lap(b)),
                1 => vector_of(inner).prop_map(Expr::div_of),
            ]
        })
        .boxed()
}

fn vector_of(scalar: impl Strategy<Value = Expr> + Clone) -> impl Strategy<Value = Expr> {
    let one = prop_oneof![Just(Expr::Position), axis().prop_map(Expr::Unit), scalar.clone().prop_map(Expr::grad)];
    prop::collection::vec((scalar, one), 1..3).prop_map(|parts| Expr::add(parts.into_iter().map(|(s, v)| s * v)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn scalars_parse_back(e in scalar()) {
        let text = e.to_string();
        let again = parse_expr(&text, &scope()).map_err(|d| TestCaseError::fail(format!("{text}\n{e:?}\n{d}")))?;
        prop_assert_eq!(&again, &e, "{}", text);
    }

    #[test]
    fn vectors_parse_back(e in vector_of(scalar())) {
        let text = e.to_string();
        let again = parse_expr(&text, &scope()).map_err(|d| TestCaseError::fail(format!("{text}\n{e:?}\n{d}")))?;
        prop_assert_eq!(&again, &e, "{}", text);
    }
}

#[test]
fn expressions_of_reports_parse() {
    for (text, printed) in [
        ("-grad(phi)/(phi_t + 2 eps phi)", "-grad(phi)/(phi_t + 2 eps phi)"),
        ("2 im(conj(phi) grad(phi))/abs2(phi)", "2 im(conj(phi) grad(phi))/abs2(phi)"),
        ("c e_x - grad(phi)/phi", "-grad(phi)/phi + c e_x"),
        ("dy(dt(dx(phi))) e_z", "phi_txy e_z"),
        ("dz(dx(phi_zt), 3) + y - phi_zyx", "dz(phi_tx, 4) - phi_xyz + y"),
        ("-grad((-lap)^(beta-1) phi)/phi", "-grad((-lap)^(beta - 1) phi)/phi"),
        ("m (phi_t + m phi)", "m*(phi_t + m phi)"),
        ("(-b + sqrt(b^2 + 4 a kappa))/(2 a)", "(sqrt(4 a kappa + b^2) - b)/(2 a)"),
        ("-i*(sqrt(kappa))", "-i sqrt(kappa)"),
        ("(phi^2 - chi^2)/(phi^2 + chi^2) e_x", ""),
    ] {
        match parse_expr(text, &scope()) {
            Ok(e) => assert_eq!(e.to_string(), printed),
            // A quotient beside a factor without a field is never guessed.
            Err(d) => assert_eq!((d.all[0].code, printed), ("E0107", "")),
        }
    }
}
