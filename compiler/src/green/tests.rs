use super::*;
use crate::dispersion::{Branch, Problem};
use crate::expr::rational;
use crate::flow::{Part, Proof};

fn kappa() -> Expr {
    Expr::kappa()
}

fn phi() -> Expr {
    Expr::Field("phi".into())
}

fn m() -> Expr {
    Expr::sym("m")
}

/// `m, a, b, c, D > 0`.
fn positive_letters() -> Facts {
    let mut facts = Facts::default();
    for name in ["m", "a", "b", "c", "D"] {
        facts.interval_mut(&name.into()).raise(rational(0, 1), true);
    }
    facts
}

fn green(lambda: &Expr, p: Expr, flux: Expr, r: Expr) -> Option<Green> {
    let branch = Branch { growth: -lambda.clone(), omega: -(Expr::Imag * lambda.clone()), range: "all k".into() };
    let dispersion = Dispersion {
        symbol: Expr::Var(Var::Growth) + lambda.clone(),
        coefficients: vec![lambda.clone(), Expr::one()],
        branches: vec![branch],
        problem: Problem::Evolution,
        selected: Some(0),
        reason: String::new(),
    };
    let flow = DensityFlow {
        p,
        flux,
        r,
        multiplier: Expr::one(),
        part: Part::Whole,
        proof: Proof::default(),
        reason: String::new(),
        alternatives: 1,
    };
    Green::recognise(&dispersion, &flow, &positive_letters())
}

fn poisson_like(lambda: &Expr, r: Expr) -> Green {
    green(lambda, -phi().dt(1), -phi().grad(), r).expect("closed form")
}

#[test]
fn a_linear_lambda_is_gaussian_whatever_its_letters() {
    let lambda = Expr::sym("D") * kappa() + Expr::sym("q");
    let g = green(&lambda, phi(), -(Expr::sym("D") * phi().grad()), -(Expr::sym("q") * phi())).expect("Gaussian");
    assert_eq!(g.law, Law::Gaussian { rate: Expr::sym("D") });
    assert_eq!(g.flux_ratio, Some(Expr::one()), "J/p = (x - y)/(2 t)");
    assert_eq!(g.births, Some(Births::Constant(-Expr::sym("q"))));
}

#[test]
fn square_roots_are_cauchy_or_tempered() {
    let poisson = poisson_like(&kappa().sqrt(), Expr::zero());
    assert_eq!(poisson.law, Law::Cauchy { speed: Expr::one() });
    assert_eq!(poisson.flux_ratio, Some(Expr::int(2)), "J/p = (x - y)/t");
    assert_eq!(poisson.births, Some(Births::Constant(Expr::zero())));

    let yukawa = poisson_like(&(kappa() + m().powi(2)).sqrt(), -(m().powi(2) * phi()));
    assert_eq!(yukawa.law, Law::Tempered { speed: Expr::one(), mass_squared: m().powi(2) });
    assert_eq!(yukawa.flux_ratio, Some(Expr::int(2)));
    assert_eq!(yukawa.births, Some(Births::BesselRatio(-m().powi(2))));
}

#[test]
fn the_mixed_density_is_found_and_its_flux_is_not_closed() {
    let (a, b) = (Expr::sym("a"), Expr::sym("b"));
    let root = (b.clone().powi(2) + Expr::int(4) * a.clone() * kappa()).sqrt();
    let lambda = (root - b.clone()) / (Expr::int(2) * a.clone());
    let p = b.clone() * phi() - a.clone() * phi().dt(1);
    let g = green(&lambda, p, -phi().grad(), Expr::zero()).expect("normal inverse Gaussian");
    let Law::Tempered { speed, mass_squared } = &g.law else { panic!("{:?}", g.law) };
    // c = 1/sqrt(a), mu = b/(2 sqrt(a)): theory of the normal inverse Gaussian law.
    let at = |e: &Expr| {
        let leaf = |e: &Expr| match e {
            Expr::Sym(n) if n.as_str() == "a" => Some(num_complex::Complex64::from(2.0)),
            Expr::Sym(_) => Some(num_complex::Complex64::from(3.0)),
            _ => None,
        };
        e.evaluate(&leaf).expect("letters known").re
    };
    assert!((at(speed) - 0.5f64.sqrt()).abs() < 1e-15);
    assert!((at(mass_squared) - 9.0 / 8.0).abs() < 1e-15);
    assert_eq!(g.flux_ratio, None);
}

#[test]
fn other_symbols_have_no_closed_form() {
    for lambda in [kappa().powi(2), Expr::pow(kappa(), Expr::Num(rational(3, 4))), kappa() / (Expr::one() + kappa())] {
        assert!(green(&lambda, phi(), -phi().grad(), Expr::zero()).is_none(), "{lambda}");
    }
    // A negative coefficient grows: there is no kernel forward in time.
    assert!(green(&-kappa(), phi(), phi().grad(), Expr::zero()).is_none());
}

#[test]
fn continuity_holds_mode_by_mode() {
    // lambda = kappa F - rho, the Fourier transform of dt p + div J - R = 0.
    let lambda = (kappa() + m().powi(2)).sqrt();
    let g = poisson_like(&lambda, -(m().powi(2) * phi()));
    let residual = lambda - kappa() * g.multipliers.flux.clone() + g.multipliers.source.clone();
    for kappa in [0.1, 1.0, 30.0] {
        let leaf = |e: &Expr| match e {
            Expr::Var(Var::Kappa) => Some(num_complex::Complex64::from(kappa)),
            Expr::Sym(_) => Some(num_complex::Complex64::from(0.8)),
            _ => None,
        };
        assert!(residual.evaluate(&leaf).expect("letters known").norm() < 1e-14);
    }
}

#[test]
fn binding_says_what_is_missing() {
    let g = poisson_like(&(kappa() + m().powi(2)).sqrt(), -(m().powi(2) * phi()));
    assert_eq!(g.bind(2, &Default::default()), Err(LowerError::Unset("m".into())));
    let values = [("m".into(), rational(1, 2))].into_iter().collect();
    assert_eq!(g.bind(0, &values), Err(LowerError::Dimension(0)));
    let odd = g.bind(3, &values).expect("bound");
    assert_eq!(odd.program(crate::kernel::Precision::F64).err(), Some(LowerError::BesselOrder(2.0)));
    let even = g.bind(4, &values).expect("bound").program(crate::kernel::Precision::F32).expect("kernel");
    assert!(even.uniforms(0.5).iter().all(|u| u.is_finite()));
}
