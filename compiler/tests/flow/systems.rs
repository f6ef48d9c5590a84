//! Systems, nonlinear terms and the list of all forms, from texts.
//! Expected forms: conservation laws of the equations, by hand; Dirac's is row R19 of the reference table.

use genphys_compiler::expr::{Axis, Expr, Func, Var};
use genphys_compiler::flow::{
    Budget, DensityFlow, IdentityFailure, Part, alternatives, check_proof, extract, verify_identity,
};
use genphys_compiler::operator::Equation;
use genphys_compiler::{analyze, source::Source};
use proptest::prelude::*;

fn form(text: &str) -> (Equation, DensityFlow) {
    let source = Source::new("equation", text);
    let analysis = analyze(&source, Budget::default()).unwrap_or_else(|e| panic!("{text}: {e:?}"));
    let flow = analysis.flow.unwrap_or_else(|e| panic!("{text}: {}", e.why));
    assert_eq!(flow.search.stop, "saturated", "{text}");
    verify_identity(&analysis.equation, &flow).unwrap_or_else(|e| panic!("{text}: {e}"));
    check_proof(&analysis.equation, &flow).unwrap_or_else(|e| panic!("{text}: {e}"));
    (analysis.equation, flow)
}

/// Multipliers, p, J and R as texts.
fn check(text: &str, multipliers: &[&str], p: &str, flux: &str, r: &str) {
    let (_, flow) = form(text);
    let found: Vec<String> = flow.multipliers.iter().map(|m| m.to_string()).collect();
    assert_eq!(found, multipliers, "{text}");
    let parts = [flow.p, flow.flux, flow.r].map(|e| e.to_string());
    assert_eq!(parts, [p, flux, r].map(str::to_owned), "{text}");
}

#[test]
fn dirac_conserves_the_sum_of_squares() {
    let text = "phi_t + phi_x - m chi = 0; chi_t - chi_x + m phi = 0 where m > 0";
    check(text, &["2 phi", "2 chi"], "chi^2 + phi^2", "-chi^2 e_x + phi^2 e_x", "0");
    // The two equations in the other order, scaled.
    let text = "2 chi_t - 2 chi_x + 2 m phi = 0; -phi_t - phi_x + m chi = 0 where m > 0";
    check(text, &["chi", "-2 phi"], "chi^2 + phi^2", "-chi^2 e_x + phi^2 e_x", "0");
}

#[test]
fn complex_spinors_take_the_adjoint() {
    let weyl = "i a_t + i a_x - m b = 0; i b_t - i b_x - m a = 0 where m > 0";
    check(weyl, &["-i conj(a)", "-i conj(b)"], "abs2(a) + abs2(b)", "abs2(a) e_x - abs2(b) e_x", "0");
    let dirac = "i a_t + i b_x - m a = 0; i b_t + i a_x + m b = 0 where m > 0";
    check(dirac, &["-i conj(a)", "-i conj(b)"], "abs2(a) + abs2(b)", "2 re(conj(a) b) e_x", "0");
    assert_eq!(form(dirac).1.part, Part::Real);
}

/// The Dirac representation of alpha and beta; the current is `psi^dagger alpha psi`, by hand.
#[test]
fn dirac_in_space_conserves_the_sum_of_squares() {
    let dirac = "i a_t + i d_x + d_y + i c_z - m a = 0; i b_t + i c_x - c_y - i d_z - m b = 0; \
                 i c_t + i b_x + b_y + i a_z + m c = 0; i d_t + i a_x - a_y - i b_z + m d = 0 where m > 0, N = 3";
    let (equation, flow) = form(dirac);
    assert_eq!(
        flow.multipliers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        "-i conj(a) -i conj(b) -i conj(c) -i conj(d)"
    );
    assert_eq!(flow.p.to_string(), "abs2(a) + abs2(b) + abs2(c) + abs2(d)");
    let field = |name: &str| Expr::Field(name.into());
    let pair = |part: Func, f: &str, g: &str, axis: Axis| {
        Expr::int(2) * Expr::call(part, Expr::call(Func::Conj, field(f)) * field(g)) * Expr::Unit(axis)
    };
    // alpha_x couples a with d and b with c; alpha_y too, with -i and i; alpha_z couples a with c and b, negatively, with d.
    let current =
        pair(Func::Re, "a", "d", Axis::X) + pair(Func::Re, "b", "c", Axis::X) + pair(Func::Im, "a", "d", Axis::Y)
            - pair(Func::Im, "b", "c", Axis::Y)
            + pair(Func::Re, "a", "c", Axis::Z)
            - pair(Func::Re, "b", "d", Axis::Z);
    assert_eq!(flow.flux, current);
    assert!(flow.r.is_zero());
    let relation = genphys_compiler::dispersion::derive(&equation).expect("a determinant");
    let square = Expr::kappa() + Expr::sym("m").powi(2) + Expr::Var(Var::Growth).powi(2);
    assert_eq!(relation.symbol, square.powi(2).expand());
}

#[test]
fn couplings_cancel_with_weights() {
    check(
        "u_t + a v_x = 0; v_t + b u_x = 0 where a > 0, b > 0",
        &["2 u", "2 a v/b"],
        "u^2 + a v^2/b",
        "2 a u v e_x",
        "0",
    );
    let schroedinger = "u_t + c lap(v) + V(x) v = 0; v_t - c lap(u) - V(x) u = 0 where c > 0";
    check(schroedinger, &["2 u", "2 v"], "u^2 + v^2", "2 c u grad(v) - 2 c v grad(u)", "0");
    let rotation = "u_t - lap(w) + a v = 0; v_t - b u = 0; w_t + lap(u) = 0 where a > 0, b > 0";
    check(rotation, &["2 u", "2 a v/b", "2 w"], "u^2 + w^2 + a v^2/b", "-2 u grad(w) + 2 w grad(u)", "0");
}

#[test]
fn a_sum_of_equations_can_be_free_of_sources() {
    let reaction = "u_t - lap(u) + k u v = 0; v_t - D lap(v) - k u v = 0 where D > 0";
    check(reaction, &["1", "1"], "u + v", "-D grad(v) - grad(u)", "0");
    // The wave equation as a system of first order in t.
    check("phi_t - chi = 0; chi_t - lap(phi) = 0", &["0", "1"], "chi", "-grad(phi)", "0");
}

#[test]
fn nonlinear_terms_are_derivatives_where_the_chain_rule_says_so() {
    let one = |text: &str, flux: &str| check(text, &["1"], "phi", flux, "0");
    one("phi_t + phi phi_x - nu phi_xx = 0 where nu > 0", "-nu grad(phi) + phi^2 e_x/2");
    one("phi_t + 6 phi phi_x + phi_xxx = 0", "lap(phi) e_x + 3 phi^2 e_x");
    one("phi_t + phi^n phi_x = 0 where n > 0", "phi^(n + 1) e_x/(n + 1)");
    one("phi_t + exp(2 phi) phi_x = 0", "exp(2 phi) e_x/2");
    one("phi_t - div(phi^2 grad(phi)) = 0", "-phi^2 grad(phi)");
    one("phi_t - phi lap(phi) - abs2(grad(phi)) = 0", "-phi grad(phi)");
    one("phi_t - 3 phi^2 lap(phi) - 6 phi abs2(grad(phi)) = 0", "-3 phi^2 grad(phi)");
    one("phi_t - lap(phi^3 - phi - g lap(phi)) = 0 where g > 0", "g grad(lap(phi)) - grad(phi^3) + grad(phi)");
    one("phi_t + phi phi_x + lap(phi) + lap(lap(phi)) = 0", "grad(lap(phi)) + grad(phi) + phi^2 e_x/2");
    check("phi phi_t - lap(phi) = 0", &["1"], "phi^2/2", "-grad(phi)", "0");
    // An exponent that may be -1 has no power as its integral.
    check("phi_t + phi^n phi_x = 0", &["1"], "phi", "0", "-phi^n phi_x");
}

#[test]
fn the_density_of_a_real_equation_is_real() {
    for text in ["phi_tt + lap(lap(phi)) = 0", "phi_tttt + lap(lap(phi)) = 0"] {
        let (_, flow) = form(text);
        let imaginary = |e: &genphys_compiler::expr::Expr| e.contains(&genphys_compiler::expr::Expr::Imag);
        assert!(![&flow.p, &flow.flux, &flow.r].into_iter().any(imaginary), "{text}: p = {}", flow.p);
    }
}

#[test]
fn every_alternative_is_a_form_and_the_first_is_the_choice() {
    let texts = [
        "phi_tt + 2 eps phi_t - lap(phi) - lap(phi_t) = 0 where eps > 0",
        "phi_tt + lap(phi) + b phi_t = 0 where b > 0",
        "phi_tt + (D-1)/t phi_t + lap(phi) = 0",
        "phi_t + phi_x - m chi = 0; chi_t - chi_x + m phi = 0 where m > 0",
    ];
    for text in texts {
        let (equation, chosen) = form(text);
        let dispersion = genphys_compiler::dispersion::derive(&equation.normalised()).ok();
        let all = alternatives(&equation, dispersion.as_ref(), Budget::default()).expect("forms");
        assert!(all.len() > 1, "{text}");
        for (i, other) in all.iter().enumerate() {
            let stated = DensityFlow {
                p: other.p.clone(),
                flux: other.flux.clone(),
                r: other.r.clone(),
                multiplier: other.multipliers[0].clone(),
                multipliers: other.multipliers.clone(),
                ..chosen.clone()
            };
            assert_eq!(verify_identity(&equation, &stated), Ok(()), "{text}: p = {}", other.p);
            assert_eq!(other.why_not.is_empty(), i == 0, "{text}: p = {}", other.p);
        }
        assert_eq!((&all[0].p, &all[0].flux, &all[0].r), (&chosen.p, &chosen.flux, &chosen.r), "{text}");
        let distinct =
            |i: usize| all[..i].iter().any(|o| (&o.p, &o.flux, &o.r) == (&all[i].p, &all[i].flux, &all[i].r));
        assert!(!(0..all.len()).any(distinct), "{text}: a form is listed twice");
    }
}

#[test]
fn many_time_derivatives_do_not_exhaust_the_budget() {
    let text = "phi_t + a phi_tt - phi_ttt + b lap(phi_t) - lap(phi_tt) + lap(lap(phi_t)) + phi_xt + phi_xtt
        - c phi_tttt + lap(lap(phi_tt)) + lap(phi_ttt) - lap(phi) = 0 where a > 0";
    let equation = Equation::parse(text).expect("an equation");
    let flow = extract(&equation, None, Budget::default()).expect("a form");
    assert!(flow.alternatives >= 1024 && flow.search.nodes < 1000, "{} of {}", flow.search, flow.alternatives);
    // What was left out is said.
    assert!(flow.search.stop.contains("the first 256 forms were weighed"), "{}", flow.search);
    assert_eq!(verify_identity(&equation, &flow), Ok(()));
    assert_eq!(check_proof(&equation, &flow), Ok(()));
    assert!(flow.r.is_zero());
}

#[test]
fn a_system_without_a_form_says_why() {
    let equation = Equation::parse("i a_t + lap(b_t) - b = 0; i b_t + lap(b) = 0").expect("an equation");
    let why = extract(&equation, None, Budget::default()).expect_err("undecided").why;
    assert!(why.contains("a complex system of 2 equations"), "{why}");
}

/// A system of two or three real fields, each equation with the time derivative of its own field.
fn system() -> impl Strategy<Value = String> {
    let body = |field: &'static str| {
        prop_oneof![
            Just(field.to_owned()),
            Just(format!("{field}_x")),
            Just(format!("lap({field})")),
            Just(format!("{field}^2")),
            Just(format!("{field} {field}_x"))
        ]
    };
    let field = prop_oneof![Just("u"), Just("v"), Just("w")];
    let coefficient = prop_oneof![Just("a"), Just("-a"), Just("2"), Just("-1"), Just("s(t)"), Just("-V(x)")];
    let term = (coefficient, field.prop_flat_map(body)).prop_map(|(c, b)| format!(" + ({c})*({b})"));
    let row = prop::collection::vec(term, 0..3).prop_map(|terms| terms.concat());
    (row.clone(), row.clone(), row, any::<bool>()).prop_map(|(x, y, z, turned)| {
        let z = format!("-3 w_t{z} = 0");
        let rows = [format!("u_t{x} = 0"), format!("a v_t{y} = 0"), z];
        let order: &[usize] = if turned { &[2, 0, 1] } else { &[0, 1, 2] };
        let rows: Vec<&str> = order.iter().map(|i| rows[*i].as_str()).collect();
        format!("{} where a > 0", rows.join("; "))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_system_has_a_form_that_checks(text in system(), change in 0usize..4) {
        let equation = Equation::parse(&text).expect("a system");
        let mut flow = extract(&equation, None, Budget::default()).expect("a form");
        prop_assert_eq!(verify_identity(&equation, &flow), Ok(()), "{}", text);
        prop_assert_eq!(check_proof(&equation, &flow), Ok(()), "{}", text);
        let used = flow.multipliers.iter().position(|m| !m.is_zero()).expect("a multiplier");
        match change {
            0 => flow.p = -flow.p,
            1 => flow.flux = flow.flux + flow.p.clone().grad(),
            2 => flow.r = flow.r - flow.p.clone(),
            _ => {
                flow.multipliers[used] = genphys_compiler::expr::Expr::int(2) * flow.multipliers[used].clone();
                flow.multiplier = flow.multipliers[0].clone();
            }
        }
        let differs = matches!(verify_identity(&equation, &flow), Err(IdentityFailure::Residual { .. }));
        prop_assert!(differs, "{}", text);
        prop_assert!(check_proof(&equation, &flow).is_err(), "{}", text);
    }
}
