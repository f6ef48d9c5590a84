//! Dispersion relations: numeric branches against 30-digit values, closed forms against the symbol, honest limits.

use crate::equations::{equation, n, phi, row, sym};
use genphys_compiler::dispersion::{self, Problem};
use genphys_compiler::expr::{DependsOn, Expr, Name, Var, rational};
use num_complex::Complex64;
use std::collections::BTreeMap;

fn system(name: &str) -> genphys_compiler::operator::Equation {
    let (id, assumptions) = match name {
        "diffusion" => ("R01", ""),
        "poisson" => ("R08", ""),
        "yukawa" => ("R14", "m>0"),
        "mixed" => ("R23", "a>0; b>=0"),
        "helmholtz" => ("R13", "k0>0"),
        "dissipative_wave" => ("R11", "eps>0"),
        "fractional" => ("R30", "beta>0"),
        "third_order" => ("R32", ""),
        "biharmonic" => ("R38", ""),
        "sobolev" => ("R49", ""),
        "ideal_wave" => ("R09", ""),
        "schrodinger" => ("R18", ""),
        other => panic!("no equation for {other}"),
    };
    row(id, assumptions).expect("a row of the table")
}

#[test]
fn branches_match_the_reference_to_1e_13() {
    let mut count = 0;
    for line in include_str!("../reference/dispersion.tsv").lines().filter(|l| !l.starts_with('#')) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [name, parameters, k, branches, lambda] = fields[..] else { panic!("five columns: {line}") };
        let number = |t: &str| t.parse::<f64>().expect("a number");
        let mut values: BTreeMap<Name, f64> = BTreeMap::new();
        for p in parameters.split(',').filter(|p| *p != "-") {
            let (name, value) = p.split_once('=').expect("`name=value`");
            values.insert(name.into(), number(value));
        }
        let d = dispersion::derive(&system(name)).expect("linear");
        let ours = d.evaluate(number(k), &values).expect("every parameter has a value");
        let theirs: Vec<Complex64> = branches
            .split(';')
            .map(|b| b.split_once(':').map(|(re, im)| Complex64::new(number(re), number(im))).expect("`re:im`"))
            .collect();
        assert_eq!(ours.len(), theirs.len(), "{line}");
        for omega in &theirs {
            let nearest = ours.iter().map(|o| (o - omega).norm()).fold(f64::INFINITY, f64::min);
            assert!(nearest <= 1e-13 * omega.norm(), "{line}: {omega} is off by {nearest:e}");
        }
        if lambda != "-" {
            let selected = ours[d.selected.expect("a branch is selected")];
            let error = (-selected.im - number(lambda)).abs();
            assert!(error <= 1e-13 * number(lambda), "{line}: lambda is off by {error:e}");
        }
        count += 1;
    }
    assert_eq!(count, 49);
}

#[test]
fn small_branches_do_not_cancel() {
    // lambda = 2 kappa/(b + sqrt(b^2 + 4 a kappa)) = kappa/b (1 - a kappa/b^2 + ...), here to 1e-24 relative.
    let d = dispersion::derive(&system("mixed")).expect("linear");
    let values = BTreeMap::from([(Name::from("a"), 0.5), (Name::from("b"), 2.0)]);
    let lambda = -d.evaluate(1e-6, &values).expect("values")[0].im;
    let kappa = 1e-12;
    let series = kappa / 2.0 * (1.0 - 0.5 * kappa / 4.0);
    assert!((lambda - series).abs() < 4e-16 * series, "{lambda:e} {series:e}");
}

#[test]
fn every_closed_form_is_a_root_of_the_symbol() {
    for r in crate::table::rows() {
        let Ok(d) = dispersion::derive(&row(&r.id, &r.assumptions).expect("a row")) else { continue };
        for k in [0.3, 1.7] {
            for (i, b) in d.branches.iter().enumerate() {
                let leaf = |s: Option<Complex64>| {
                    move |e: &Expr| match e {
                        Expr::Var(Var::Kappa) => Some(Complex64::from(k * k)),
                        Expr::Var(Var::Growth) => s,
                        Expr::Sym(name) if name.as_str() == "k_x" => Some(Complex64::from(k)),
                        Expr::Sym(name) => Some(Complex64::from(0.4 + 0.1 * name.as_str().len() as f64)),
                        _ => None,
                    }
                };
                let s = b.growth.evaluate(&leaf(None)).expect("all letters have values");
                let p = d.symbol.evaluate(&leaf(Some(s))).expect("all letters have values");
                assert!(p.norm() < 1e-12 * (1.0 + s.norm().powi(4)), "{} branch {i}: P = {p}", r.id);
                let omega = b.omega.evaluate(&leaf(None)).expect("all letters have values");
                assert!((omega - Complex64::i() * s).norm() < 1e-13 * (1.0 + s.norm()), "{} branch {i}", r.id);
            }
        }
    }
}

#[test]
fn problems_and_branches_read_as_expected() {
    let check = |id: &str, assumptions: &str, problem: Problem, lambda: &str| {
        let d = dispersion::derive(&row(id, assumptions).expect("a row")).expect("linear");
        assert_eq!(d.problem, problem, "{id}");
        assert_eq!(d.lambda().expect("selected").to_string(), lambda, "{id}");
    };
    check("R01", "", Problem::Evolution, "kappa");
    check("R08", "", Problem::FreeBoundary, "sqrt(kappa)");
    check("R09", "", Problem::Evolution, "i sqrt(kappa)");
    check("R13", "k0>0", Problem::FreeBoundary, "sqrt(kappa - k0^2)");
    check("R14", "m>0", Problem::FreeBoundary, "sqrt(kappa + m^2)");
    check("R23", "a>0; b>0", Problem::FreeBoundary, "sqrt(4 a kappa + b^2)/(2 a) - b/(2 a)");
    check("R32", "", Problem::FreeBoundary, "kappa^(1/3)");
    check("R37", "", Problem::FreeBoundary, "kappa^(1/4)");
    check("R54", "c real", Problem::Evolution, "kappa + i c k_x");
}

#[test]
fn limits_are_named() {
    let why = |operator: Expr| dispersion::derive(&equation(operator, "")).expect_err("outside the scope").why;
    let t = || Expr::Var(Var::Time);
    assert!(why(phi().dt(1) - phi().powi(2)).contains("nonlinear"));
    assert!(why(phi().dt(3) - t() * phi().lap()).contains("depends on t"));
    assert!(why(phi().dt(2) - (Expr::Position * phi()).div_of()).contains("depends on x"));
    let potential = Expr::Apply("V".into(), DependsOn::Position);
    assert!(why(phi().dt(1) - phi().lap() + potential * phi()).contains("the spectrum of the operator in x"));
    assert!(why(phi().dt(2) - phi().dx(2)).contains("direction"));
    assert!(why(phi().dt(1) - phi().dx(2) - phi().dt(1).lap()).contains("space derivatives of phi_t"));
    assert!(why(phi().lap() - phi()).contains("no time derivative"));
    assert!(why(phi().dt(1) - sym("c")).contains("without the unknown"));
    let t7 = phi().dt(7) + phi().dt(2).lap() - n(3) * phi().dt(1) + phi() - phi().lap().lap();
    assert!(why(t7).contains("order 7"));
}

#[test]
fn one_dimensional_derivatives_are_isotropic() {
    let d =
        dispersion::derive(&equation(phi().dt(1) - Expr::Num(rational(1, 2)) * phi().dx(2), "N=1")).expect("linear");
    assert_eq!(d.symbol.to_string(), "s + kappa/2");
}
