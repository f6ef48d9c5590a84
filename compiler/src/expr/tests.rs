use super::*;

fn m() -> Expr {
    Expr::sym("m")
}

fn phi() -> Expr {
    Expr::Field("phi".into())
}

fn shows(e: &Expr, text: &str) {
    assert_eq!(e.to_string(), text);
}

#[test]
fn sums_and_products_are_canonical() {
    let a = m().powi(2) * phi() + phi().lap() + phi().dt(2);
    let b = phi().dt(1).dt(1) + phi() * m() * m() + phi().lap();
    assert_eq!(a, b);
    shows(&a, "phi_tt + lap(phi) + m^2 phi");
    shows(&(-a), "-phi_tt - lap(phi) - m^2 phi");
    assert!((phi() - phi()).is_zero());
    shows(&(phi().grad() / phi().dt(1)), "grad(phi)/phi_t");
    shows(&(Expr::int(4) * Expr::sym("a") * Expr::kappa() / (Expr::int(2) * m())), "2 a kappa/m");
    shows(&((m() + Expr::one()) * phi()), "(m + 1) phi");
}

#[test]
fn powers_and_roots_are_exact() {
    let k = Expr::kappa;
    shows(&(Expr::int(4) * k() + Expr::int(4) * m().powi(2)).sqrt(), "2 sqrt(kappa + m^2)");
    shows(&k().sqrt().powi(2), "kappa");
    shows(&(k().powi(2)).sqrt(), "kappa");
    shows(&(-k()).sqrt(), "i sqrt(kappa)");
    shows(&Expr::int(12).sqrt(), "2 sqrt(3)");
    shows(&Expr::int(-4).sqrt(), "2 i");
    shows(&(Expr::Imag * Expr::Imag * m()), "-m");
    shows(&m().powi(2).sqrt(), "sqrt(m^2)");
    shows(&(Expr::one() / Expr::int(8).sqrt()), "sqrt(2)/4");
    shows(&(k().sqrt() / k()), "1/sqrt(kappa)");
    shows(&((m() + Expr::one()) * (m() + Expr::int(-1))).expand(), "m^2 - 1");
}

#[test]
fn derivatives_match_finite_differences() {
    let f =
        (Expr::kappa() + m().powi(2)).sqrt() * Expr::call(Func::Exp, -Expr::kappa()) + Expr::pow(Expr::kappa(), m());
    let d = f.derivative(&Expr::kappa()).expect("elementary");
    let at = |e: &Expr, kappa: f64| {
        let leaf = |e: &Expr| match e {
            Expr::Var(Var::Kappa) => Some(num_complex::Complex64::from(kappa)),
            Expr::Sym(_) => Some(num_complex::Complex64::from(0.7)),
            _ => None,
        };
        e.evaluate(&leaf).expect("all letters known").re
    };
    let h = 1e-5;
    for kappa in [0.3, 1.0, 4.0] {
        let slope = (at(&f, kappa + h) - at(&f, kappa - h)) / (2.0 * h);
        // The central difference errs by h^2 f'''/6, some 1e-10 here.
        assert!((slope - at(&d, kappa)).abs() < 1e-8, "at {kappa}");
    }
}

#[test]
fn signs_follow_from_assumptions_only() {
    let mut facts = Facts::default();
    facts.interval_mut(&"a".into()).raise(rational(0, 1), true);
    facts.interval_mut(&"beta".into()).reduce(rational(1, 1), false);
    facts.relate(Expr::sym("eps") - m(), Sign::POSITIVE);
    let a = || Expr::sym("a");
    assert_eq!(facts.sign(&(a() * Expr::kappa() + Expr::one())), Sign::POSITIVE);
    assert_eq!(facts.sign(&m().powi(2)), Sign::NONNEGATIVE);
    assert_eq!(facts.sign(&m()), Sign::ANY);
    assert_eq!(facts.sign(&(Expr::sym("beta") - Expr::one())), Sign::NONPOSITIVE);
    assert_eq!(facts.sign(&(m() - Expr::sym("eps"))), Sign::NEGATIVE);
    assert_eq!(facts.sign(&(a() * Expr::Imag)), Sign::COMPLEX);
    assert_eq!(facts.sign(&(Expr::kappa() - a())), Sign::ANY);
    assert_eq!(facts.sign(&Expr::pow(Expr::kappa() + a(), Expr::Num(rational(-1, 2)))), Sign::POSITIVE);
}
