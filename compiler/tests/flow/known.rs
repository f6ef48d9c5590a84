//! The forms of known equations, with the sign of p that the data need.
//! Expected forms: GenPhys (arXiv:2304.02637), Tables 1 and 2, with signs put right, and residuals by hand.

use crate::build::*;
use genphys_compiler::dispersion::{Dispersion, Problem};
use genphys_compiler::expr::{Axis, Expr};
use genphys_compiler::flow::{Budget, DensityFlow, check_proof, extract, verify_identity};
use genphys_compiler::operator::Equation;

/// Extracts, checks the identity and the proof, and returns the form.
pub fn form(equation: &Equation, dispersion: Option<&Dispersion>) -> DensityFlow {
    let flow = extract(equation, dispersion, Budget::default()).expect("a continuity form");
    assert_eq!(flow.search.stop, "saturated", "{}", flow.search);
    verify_identity(equation, &flow).expect("the identity");
    check_proof(equation, &flow).expect("the proof replays");
    println!("{}\n  M = {}, p = {}, J = {}, R = {}", equation.operator(), flow.multiplier, flow.p, flow.flux, flow.r);
    println!("  {} of {}; {}", flow.reason, flow.alternatives, flow.search);
    for step in &flow.proof.steps {
        println!("    {:16} {}", step.rule, step.after);
    }
    flow
}

fn check(equation: Equation, dispersion: Dispersion, multiplier: i64, p: Expr, flux: Expr, r: Expr) {
    let flow = form(&equation, Some(&dispersion));
    assert_eq!((flow.multiplier, flow.p, flow.flux, flow.r), (int(multiplier), p, flux, r), "{}", equation.operator());
}

#[test]
fn diffusion_flows_down_the_gradient() {
    let d = || sym("D");
    let coefficients = || vec![d() * kappa(), int(1)];
    check(
        equation(phi().dt(1) - d() * phi().lap(), &["D"]),
        evolution(coefficients(), d() * kappa()),
        1,
        phi(),
        -d() * phi().grad(),
        int(0),
    );
    check(
        equation(phi().dt(1) - phi().lap() + sym("c") * phi(), &["c"]),
        evolution(vec![kappa() + sym("c"), int(1)], kappa() + sym("c")),
        1,
        phi(),
        -phi().grad(),
        -sym("c") * phi(),
    );
}

#[test]
fn elliptic_equations_take_the_decaying_branch() {
    let m = || sym("m");
    let elliptic = |extra: Expr| phi().dt(2) + phi().lap() + extra;
    let symbol = |c: Expr| vec![c - kappa(), int(0), int(1)];
    let (p, flux) = (|| -phi().dt(1), || -phi().grad());
    check(equation(elliptic(int(0)), &[]), free_boundary(symbol(int(0)), kappa().sqrt()), -1, p(), flux(), int(0));
    let lambda = (kappa() + m().powi(2)).sqrt();
    let yukawa = -m().powi(2) * phi();
    check(
        equation(elliptic(yukawa.clone()), &["m"]),
        free_boundary(symbol(-m().powi(2)), lambda),
        -1,
        p(),
        flux(),
        yukawa,
    );
    let lambda = (kappa() - m().powi(2)).sqrt();
    let helmholtz = m().powi(2) * phi();
    check(
        equation(elliptic(helmholtz.clone()), &["m"]),
        free_boundary(symbol(m().powi(2)), lambda),
        -1,
        p(),
        flux(),
        helmholtz,
    );
}

#[test]
fn a_first_derivative_joins_the_density_only_where_mass_survives() {
    let (a, b) = (|| sym("a"), || sym("b"));
    let root = (b().powi(2) + int(4) * a() * kappa()).sqrt();
    check(
        equation(a() * phi().dt(2) - b() * phi().dt(1) + phi().lap(), &["a", "b"]),
        free_boundary(vec![-kappa(), -b(), a()], (root - b()) / (int(2) * a())),
        -1,
        b() * phi() - a() * phi().dt(1),
        -phi().grad(),
        int(0),
    );
    // With the other sign of b the form without a source has no mass: its amplitude is lambda - b, and lambda(0) = b.
    let root = (b().powi(2) + int(4) * kappa()).sqrt();
    let other = || phi().dt(2) + b() * phi().dt(1) + phi().lap();
    let lambda = || (root.clone() + b()) / int(2);
    let symbol = || vec![-kappa(), b(), int(1)];
    let r = b() * phi().dt(1);
    for positive in [&["b"][..], &[]] {
        check(
            equation(other(), positive),
            free_boundary(symbol(), lambda()),
            -1,
            -phi().dt(1),
            -phi().grad(),
            r.clone(),
        );
    }
}

#[test]
fn waves_carry_the_data_forward() {
    let (eps, m) = (|| sym("eps"), || sym("m"));
    let wave = |damping: Expr, mass: Expr| phi().dt(2) + damping * phi().dt(1) - phi().lap() + mass * phi();
    let waves = |damping: Expr, mass: Expr, growth: Vec<Expr>| {
        dispersion(vec![kappa() + mass, damping, int(1)], growth, Problem::Evolution, None)
    };
    let root = || (eps().powi(2) - kappa()).sqrt();
    let i = || Expr::Imag * kappa().sqrt();
    let flux = || -phi().grad();
    check(equation(wave(int(0), int(0)), &[]), waves(int(0), int(0), vec![i(), -i()]), 1, phi().dt(1), flux(), int(0));
    let massive = || Expr::Imag * (kappa() + m().powi(2)).sqrt();
    check(
        equation(wave(int(0), m().powi(2)), &["m"]),
        waves(int(0), m().powi(2), vec![massive(), -massive()]),
        1,
        phi().dt(1),
        flux(),
        -m().powi(2) * phi(),
    );
    check(
        equation(wave(int(2) * eps(), int(0)), &["eps"]),
        waves(int(2) * eps(), int(0), vec![root() - eps(), -root() - eps()]),
        1,
        phi().dt(1) + int(2) * eps() * phi(),
        flux(),
        int(0),
    );
    // Anti-damped: the growing branch has s = eps + sqrt(eps^2 - kappa) > 0, and phi_t - 2 eps phi is negative on it.
    check(
        equation(wave(int(-2) * eps(), int(0)), &["eps"]),
        waves(int(-2) * eps(), int(0), vec![root() + eps(), eps() - root()]),
        1,
        phi().dt(1),
        flux(),
        int(2) * eps() * phi().dt(1),
    );
}

#[test]
fn higher_orders_in_time_and_space() {
    let lap2 = || phi().lap().lap();
    check(
        equation(phi().dt(1) + lap2(), &[]),
        evolution(vec![kappa().powi(2), int(1)], kappa().powi(2)),
        1,
        phi(),
        phi().lap().grad(),
        int(0),
    );
    let third = |sign: i64| vec![int(-sign) * kappa(), int(0), int(0), int(1)];
    check(
        equation(phi().dt(3) - phi().lap(), &[]),
        free_boundary(third(-1), Expr::pow(kappa(), ratio(1, 3))),
        1,
        phi().dt(2),
        -phi().grad(),
        int(0),
    );
    let fourth = |c: Expr| vec![c, int(0), int(0), int(0), int(1)];
    check(
        equation(phi().dt(4) - lap2(), &[]),
        free_boundary(fourth(-kappa().powi(2)), kappa().sqrt()),
        -1,
        -phi().dt(3),
        phi().lap().grad(),
        int(0),
    );
    check(
        equation(phi().dt(4) + phi().lap(), &[]),
        free_boundary(fourth(-kappa()), Expr::pow(kappa(), ratio(1, 4))),
        -1,
        -phi().dt(3),
        -phi().grad(),
        int(0),
    );
}

#[test]
fn a_factor_takes_the_density_to_its_own_branch() {
    // (dt^2 + lap)^2: p = -psi_t with psi = phi_tt + lap(phi), which obeys Poisson's equation.
    let squared = phi().dt(4) + int(2) * phi().dt(2).lap() + phi().lap().lap();
    check(
        equation(squared, &[]),
        free_boundary(vec![kappa().powi(2), int(0), int(-2) * kappa(), int(0), int(1)], kappa().sqrt()),
        -1,
        -phi().dt(3) - phi().dt(1).lap(),
        -phi().dt(2).grad() - phi().lap().grad(),
        int(0),
    );
    // (dt - lap)(dt - 2 lap): p = phi_t - 2 lap(phi) diffuses with lambda = kappa.
    let two = phi().dt(2) - int(3) * phi().dt(1).lap() + int(2) * phi().lap().lap();
    check(
        equation(two, &[]),
        evolution(vec![int(2) * kappa().powi(2), int(3) * kappa(), int(1)], kappa()),
        1,
        phi().dt(1) - int(2) * phi().lap(),
        -phi().dt(1).grad() + int(2) * phi().lap().grad(),
        int(0),
    );
}

#[test]
fn fractional_diffusion_has_a_fractional_flux() {
    let beta = || sym("beta");
    let sum = phi().dt(1) + phi().frac_lap(beta()) + phi().frac_lap(ratio(1, 2));
    let lambda = Expr::pow(kappa(), beta()) + kappa().sqrt();
    let flux = -phi().frac_lap(beta() - int(1)).grad() - phi().frac_lap(ratio(-1, 2)).grad();
    check(equation(sum, &["beta"]), evolution(vec![lambda.clone(), int(1)], lambda), 1, phi(), flux, int(0));
}

#[test]
fn the_density_takes_every_highest_time_derivative() {
    // phi alone would not start from the data: (1 - lap) phi(0+) = p_data.
    check(
        equation(phi().dt(1) - phi().dt(1).lap() - phi().lap(), &[]),
        evolution(vec![kappa(), int(1) + kappa()], kappa() / (int(1) + kappa())),
        1,
        phi() - phi().lap(),
        -phi().grad(),
        int(0),
    );
    let (c, nu) = (|| sym("c"), || sym("nu"));
    let kelvin_voigt =
        equation(phi().dt(2) - c().powi(2) * phi().lap() - int(2) * nu() * phi().dt(1).lap(), &["c", "nu"]);
    let root = (nu().powi(2) * kappa().powi(2) - c().powi(2) * kappa()).sqrt();
    let symbol = vec![c().powi(2) * kappa(), int(2) * nu() * kappa(), int(1)];
    let waves = dispersion(symbol, vec![root - nu() * kappa()], Problem::Evolution, Some(0));
    assert!(form(&kelvin_voigt, Some(&waves)).r.is_zero());
}

#[test]
fn coefficients_may_depend_on_time_and_position() {
    use genphys_compiler::expr::{DependsOn, Var};
    let s = Expr::Apply("s".into(), DependsOn::Time);
    let v = Expr::Apply("V".into(), DependsOn::Position);
    let t = || Expr::Var(Var::Time);
    let check = |operator: Expr, multiplier: Expr, p: Expr, flux: Expr, r: Expr| {
        let flow = form(&equation(operator, &[]), None);
        assert_eq!((flow.multiplier, flow.p, flow.flux, flow.r), (multiplier, p, flux, r));
    };
    check(phi().dt(1) - s.clone() * phi().lap(), int(1), phi(), -s * phi().grad(), int(0));
    check(phi().dt(1) - phi().lap() + v.clone() * phi(), int(1), phi(), -phi().grad(), -v * phi());
    let drift = Expr::Position * phi();
    check(phi().dt(1) - phi().lap() - drift.clone().div_of(), int(1), phi(), -phi().grad() - drift, int(0));
    let c = sym("c");
    check(
        phi().dt(1) + c.clone() * phi().dx(1) - phi().lap(),
        int(1),
        phi(),
        c * phi() * Expr::Unit(Axis::X) - phi().grad(),
        int(0),
    );
    // PFGM++: the integrating factor completes the time derivative.
    let d = sym("D");
    let factor = Expr::pow(t(), d.clone() - int(1));
    check(
        phi().dt(2) + (d - int(1)) / t() * phi().dt(1) + phi().lap(),
        -factor.clone(),
        -factor.clone() * phi().dt(1),
        -factor * phi().grad(),
        int(0),
    );
}

#[test]
fn nonlinear_terms_keep_their_flux_or_become_sources() {
    let n = sym("n");
    let check = |operator: Expr, flux: Expr, r: Expr| {
        let flow = form(&equation(operator, &[]), None);
        assert_eq!((flow.multiplier, flow.p, flow.flux, flow.r), (int(1), phi(), flux, r));
    };
    let power = Expr::pow(phi(), n);
    check(phi().dt(1) - power.clone().lap(), -power.grad(), int(0));
    let logistic = sym("r") * phi() - sym("r") * phi().powi(2);
    check(phi().dt(1) - phi().lap() - logistic.clone(), -phi().grad(), logistic);
    let flux = phi() * phi().grad();
    check(phi().dt(1) - flux.clone().div_of(), -flux, int(0));
}

/// An equation of one complex field.
fn complex(operator: Expr) -> Equation {
    let mut equation = equation(operator, &[]);
    equation.unknowns[0].complex = true;
    equation
}

#[test]
fn complex_fields_have_the_density_of_their_absolute_square() {
    use genphys_compiler::expr::{DependsOn, Func};
    use genphys_compiler::flow::Part;
    let i = || Expr::Imag;
    let conj = || Expr::call(Func::Conj, phi());
    let square = || Expr::call(Func::Abs2, phi());
    let current = || int(2) * Expr::call(Func::Im, conj() * phi().grad());
    let potential = Expr::Apply("V".into(), DependsOn::Position) * phi();
    let terms = [int(0), -potential, -sym("g") * square() * phi()];
    for term in terms {
        let flow = form(&complex(i() * phi().dt(1) + phi().lap() + term), None);
        assert_eq!((flow.multiplier, flow.part), (-i() * conj(), Part::Real));
        assert_eq!((flow.p, flow.flux, flow.r), (square(), current(), int(0)));
    }
    // Complex Ginzburg-Landau: what the real part of the coefficient spreads leaves a source.
    let flow = form(&complex(phi().dt(1) - phi().lap() - i() * sym("c") * phi().lap()), None);
    assert_eq!((flow.multiplier, flow.part, flow.p), (conj(), Part::Real, square()));
    let bending = int(2) * Expr::call(Func::Re, conj() * phi().lap());
    assert_eq!(flow.r, bending - square().lap());
    // A common factor i is divided out: diffusion.
    let flow = form(&complex(i() * phi().dt(1) - i() * phi().lap()), None);
    assert_eq!((flow.multiplier, flow.part, flow.p, flow.flux), (-i(), Part::Whole, phi(), -phi().grad()));
}

/// Forms that the text of an equation has, with the multiplier: by hand.
const FORMS: [(&str, &str, &str, &str, &str); 7] = [
    // The flux of a tensor is that of a symmetric matrix.
    (
        "phi_t - a phi_xx - 2 b phi_xy - c phi_yy = 0",
        "1",
        "phi",
        "-a phi_x e_x - b phi_x e_y - b phi_y e_x - c phi_y e_y",
        "0",
    ),
    // A function of a parameter is a coefficient like any other.
    ("phi_t - abs(a) lap(phi) = 0", "1", "phi", "-abs(a) grad(phi)", "0"),
    // The mass of phi is that of the data, whatever stands before phi_t.
    ("exp(t) phi_t - lap(phi) = 0", "1/exp(t)", "phi", "-grad(phi)/exp(t)", "0"),
    ("(1 + t) phi_t - lap(phi) = 0", "1/(t + 1)", "phi", "-grad(phi)/(t + 1)", "0"),
    // PFGM++ times t, and times t^2.
    ("t phi_tt + a phi_t + t lap(phi) = 0 where a > 0", "-t^(a - 1)", "-t^a phi_t", "-t^a grad(phi)", "0"),
    ("t^2 phi_tt + t phi_t + t^2 lap(phi) = 0", "-1/t", "-t phi_t", "-t grad(phi)", "0"),
    // The identity is checked beside products of fields and the position.
    ("i phi_t - (-lap)^(1/2) phi = 0", "-i conj(phi)", "abs2(phi)", "0", "2 im(conj(phi)*(-lap)^(1/2) phi)"),
];

#[test]
fn forms_of_texts() {
    for (text, multiplier, p, flux, r) in FORMS {
        let equation = Equation::parse(text).expect(text).normalised();
        let relation = genphys_compiler::dispersion::derive(&equation).ok();
        let flow = form(&equation, relation.as_ref());
        let shown = [&flow.multiplier, &flow.p, &flow.flux, &flow.r].map(ToString::to_string);
        assert_eq!(shown, [multiplier, p, flux, r].map(str::to_owned), "{text}");
    }
}

#[test]
fn a_drift_to_the_origin_beside_a_fractional_laplacian() {
    let equation = Equation::parse("phi_t + (-lap)^(1/2) phi - div(x phi) = 0").expect("an equation").normalised();
    let flow = form(&equation, None);
    // What is checked is checked: another flux is found out.
    let wrong = DensityFlow { flux: flow.flux.clone() + flow.p.clone() * Expr::Position, ..flow };
    assert!(matches!(
        verify_identity(&equation, &wrong),
        Err(genphys_compiler::flow::IdentityFailure::Residual { .. })
    ));
}
