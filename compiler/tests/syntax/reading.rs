//! What a text means: names, sorts, normal form, assumptions.

use super::components;
use genphys_compiler::expr::{Expr, Sign, rational};
use genphys_compiler::operator::Equation;
use genphys_compiler::verdict::VerdictKind;

fn read(text: &str) -> Equation {
    Equation::parse(text).unwrap_or_else(|d| panic!("{text}\n{d}"))
}

fn reads(text: &str, normal: &str) {
    assert_eq!(components(text), normal, "{text}");
}

#[test]
fn operators_are_linear() {
    reads("phi_t = lap(a phi + b phi_t)", "-b lap(phi_t) + phi_t - a lap(phi)");
    reads("phi_t = div(grad(phi))", "phi_t - lap(phi)");
    reads("phi_t = div(D grad(phi)) + div(c e_x phi)", "phi_t - D lap(phi) - c phi_x");
    reads("dt(a phi + t phi, 2) = 0", "dt(t phi, 2) + a phi_tt");
    reads("phi_t = div(V(x) grad(s(t) phi))", "phi_t - s(t) div(V(x) grad(phi))");
    reads("phi_t = dt(t^2) phi", "phi_t - 2 t phi");
    reads("phi_t = (-lap)^a (m (-lap)^b phi)", "phi_t - m*(-lap)^(a + b) phi");
    reads("phi_t = (-lap)^(1/2) lap(phi)", "phi_t + (-lap)^(3/2) phi");
    reads("phi_t = lap((-lap)^(-1) phi)", "phi_t + phi");
    reads("phi_t = (1 + i c) lap(phi)", "phi_t - lap(phi) - i c lap(phi)");
    reads("phi_t = lap(m^2) + r*phi*(1 - phi)", "phi_t + r phi^2 - r phi");
    reads("phi_t = div(grad(m)) + div(0*x) where m real", "phi_t");
}

#[test]
fn signs_are_kept_as_written() {
    reads("-phi_t - lap(phi) = 0", "-phi_t - lap(phi)");
    reads("0 = phi_t - lap(phi)", "-phi_t + lap(phi)");
    reads("2 phi_t = 4 lap(phi)", "2 phi_t - 4 lap(phi)");
}

#[test]
fn derivatives_along_the_axis() {
    let heat = read("phi_t = phi_xx");
    assert_eq!((heat.operator().to_string().as_str(), heat.dimension), ("phi_t - lap(phi)", Some(1)));
    let wind = read("phi_t + c phi_x = lap(phi)");
    assert_eq!((wind.operator().to_string().as_str(), wind.dimension), ("phi_t - lap(phi) + c phi_x", None));
    let layered = read("phi_t = lap(phi) + 3 phi_xx");
    assert_eq!((layered.operator().to_string().as_str(), layered.dimension), ("phi_t - 3 phi_xx - lap(phi)", None));
    reads("phi_t = phi_xxx where N = 1", "phi_t - dx(lap(phi))");
    reads("phi_t = lap(phi_x)", "phi_t - dx(lap(phi))");
    reads("phi_t = phi_tx", "-phi_tx + phi_t");
    let any = read("pde wind { space x in R^N; equation phi_t + phi_x = 0; }");
    assert_eq!(any.dimension, None);
}

#[test]
fn derivatives_along_several_axes() {
    let dimension = |text: &str, printed: &str, n: Option<u32>| {
        let equation = read(text);
        assert_eq!((equation.operator().to_string().as_str(), equation.dimension), (printed, n), "{text}");
    };
    dimension("phi_t = phi_xx + 2 phi_yy", "phi_t - phi_xx - 2 phi_yy", Some(2));
    dimension("phi_t = dz(phi, 2)", "phi_t - phi_zz", Some(3));
    dimension("phi_t = phi_yx + dx(dy(phi)) + lap(phi)", "phi_t - 2 phi_xy - lap(phi)", None);
    dimension("phi_t = div(phi_x e_x + 2 phi_y e_y) where N = 2", "phi_t - phi_xx - 2 phi_yy", Some(2));
    dimension("phi_t = y phi_y + z phi where y > 0", "phi_t - y phi_y - z phi", Some(2));
    // An assumption makes a parameter of what looks like a derivative.
    let layers = "phi_t = D_x phi_xx + D_y phi_yy where D_x > 0, D_y > D_x";
    dimension(layers, "phi_t - D_x phi_xx - D_y phi_yy", Some(2));
    assert_eq!(read(layers).parameters[0].assumption, "D_x > 0, D_y > D_x");
    dimension("phi_t = D_y lap(phi) where N = 1, D_y > 0", "phi_t - D_y lap(phi)", Some(1));
    for field in ["phi_t = lap(phi) where phi_x > 0", "u_t = u_xx where u_x > 0", "phi_t = k_x phi_xx where k_x > 0"] {
        assert!(Equation::parse(field).is_err(), "{field}");
    }
    // Second derivatives along all axes are a Laplacian.
    dimension("phi_t = D phi_xx + D phi_yy", "phi_t - D lap(phi)", Some(2));
    dimension("phi_t = phi_xx + phi_yy where N = 3", "phi_t - phi_xx - phi_yy", Some(3));
    dimension("phi_tt = phi_xxz + phi_yyz + phi_zzz", "phi_tt - dz(lap(phi))", Some(3));
    dimension("phi_t + phi_xxxx + 2 phi_xxyy + phi_yyyy = 0", "phi_t + phi_xxxx + phi_yyyy + 2 phi_xxyy", Some(2));
    for (wrong, place) in [
        ("phi_t = phi_xx + phi_yy where N = 1", "phi_yy"),
        ("pde p { space x in R^2; equation phi_t = 3 (phi_x + dz(phi)); }", "dz(phi)"),
        ("phi_t = div(phi e_z) where N = 2", "e_z"),
    ] {
        let refused = &Equation::parse(wrong).expect_err("outside").all[0];
        assert_eq!((refused.code, &wrong[refused.span.start..refused.span.end]), ("E0313", place), "{wrong}");
    }
}

#[test]
fn quotients_beside_a_field() {
    reads("phi_tt + (D-1)/t phi_t + lap(phi) = 0", "phi_tt + D phi_t/t - phi_t/t + lap(phi)");
    reads("phi_t = 1/2 lap(phi)", "phi_t - lap(phi)/2");
    reads("phi_t = 1/(2 m) lap(phi)", "phi_t - lap(phi)/(2 m)");
    for ambiguous in ["phi_t = 1/2 k phi", "phi_t = a/b c", "phi_t = m/phi phi_x", "phi_t = 1/(2 phi) chi"] {
        assert_eq!(Equation::parse(ambiguous).expect_err("ambiguous").all[0].code, "E0107", "{ambiguous}");
    }
}

#[test]
fn numbers_are_exact() {
    assert_eq!(read("phi_t = 0.1 lap(phi)").operator(), read("phi_t = lap(phi)/10").operator());
    assert_eq!(read("phi_t = 2.5e-3 lap(phi)").operator(), read("phi_t = lap(phi)/400").operator());
    let third = 3.0 * 0.1;
    assert!(third != 0.3, "floating point would not do");
    reads("phi_t = (3*0.1 - 0.3) lap(phi)", "phi_t");
}

#[test]
fn systems_share_their_names() {
    let dirac = read("phi_t + phi_x - m chi = 0; chi_t - chi_x + m phi = 0 where m>0; N=1");
    assert!(dirac.is_system() && !dirac.is_complex());
    assert_eq!(dirac.unknowns.iter().map(|u| u.name.as_str()).collect::<Vec<_>>(), ["phi", "chi"]);
    assert_eq!(dirac.parameters.len(), 1);
    // A name that carries a derivative anywhere is a field everywhere.
    let late = read("phi_t = m chi; chi_t = -m phi");
    assert_eq!(late.unknowns.len(), 2);
}

#[test]
fn complex_fields() {
    assert!(read("i phi_t + lap(phi) = 0").is_complex());
    assert!(read("phi_t = lap(phi) where phi complex").is_complex());
    assert!(read("pde a { field u: complex; equation u_t = lap(u); }").is_complex());
    reads("phi_t = abs2(phi) phi + im(phi)", "phi_t - phi^3");
    reads("phi_t = i lap(conj(phi))", "phi_t - i lap(conj(phi))");
    let declared = read("phi_t = i lap(phi) where i real");
    assert!(!declared.is_complex());
    assert_eq!(declared.parameters[0].name.as_str(), "i_");
}

#[test]
fn parameters_and_facts() {
    let e = read(
        "phi_t = a lap(phi) + b phi + c phi + D phi + q phi + u phi where a > 0, 0 < b <= 1; c real, D != 0, q = 2, c > b",
    );
    let sign = |name: &str| e.facts.sign(&Expr::sym(name));
    assert_eq!(sign("a"), Sign::POSITIVE);
    assert_eq!(sign("b"), Sign::POSITIVE);
    assert_eq!(e.facts.sign(&(Expr::sym("b") - Expr::one())), Sign::NONPOSITIVE);
    assert_eq!(sign("D"), Sign::NONZERO);
    assert_eq!(e.facts.sign(&(Expr::sym("b") - Expr::sym("c"))), Sign::NEGATIVE);
    let texts: Vec<(&str, bool, &str)> =
        e.parameters.iter().map(|p| (p.name.as_str(), p.declared, p.assumption.as_str())).collect();
    assert_eq!(
        texts,
        [
            ("a", true, "a > 0"),
            ("b", true, "0 < b <= 1, c > b"),
            ("c", true, "c > b"),
            ("D", true, "D real nonzero"),
            ("q_", true, "q_ = 2"),
            ("u", false, "u real"),
        ]
    );
    assert_eq!(e.parameter("q").map(|p| p.name.as_str()), Some("q_"));
    let function = read("phi_t = s(t) lap(phi) where s(t) > 0");
    assert!(function.parameters.is_empty());
    let same = read("phi_t = s(t) lap(phi)");
    assert_eq!(function.facts.sign(&-same.operator().terms()[1].factors()[1].clone()), Sign::NEGATIVE);
    assert_eq!(read("phi_t = 2 m lap(phi) where -2 m <= -3").parameters[0].assumption, "m >= 3/2");
}

#[test]
fn reserved_names_never_collide() {
    let e = read("phi_t = s phi + s_ phi + kappa lap(phi)");
    let names: Vec<&str> = e.parameters.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["s__", "s_", "kappa_"]);
    assert!(!e.operator().contains(&Expr::kappa()));
}

#[test]
fn blocks_say_more() {
    let text = r#"
        /// A comment.
        pde yukawa {
            test     N = 3, m = 1/2;  // items in any order
            expect   conditional when m <= 1/2, m > 0;
            equation phi_tt + lap(phi) - m^2 phi = 0;
            claim    s_generative by "Table \"2\"" because "why not";
            param    m > 0;
            space    x in R^3;
            title    "Screened";
        }"#;
    let e = read(text);
    assert_eq!((e.name.as_str(), e.title.as_deref(), e.dimension), ("yukawa", Some("Screened"), Some(3)));
    let expect = e.expect.expect("given");
    assert_eq!((expect.kind, expect.condition.as_deref()), (VerdictKind::Conditional, Some("m <= 1/2, m > 0")));
    assert!(text[expect.span.range()].starts_with("expect"));
    let claim = e.claim.expect("given");
    assert_eq!((claim.by.as_str(), claim.because.as_deref()), ("Table \"2\"", Some("why not")));
    assert_eq!(e.test.values.get(&"m".into()), Some(&rational(1, 2)));
    assert_eq!(e.test.dimension, Some(3));
    let required = read("pde a { equation phi_t = lap(phi); require not_s_generative by C2; }");
    assert_eq!(required.expect.and_then(|x| x.by).as_deref(), Some("C2"));
}

#[test]
fn messages_point_at_the_culprit() {
    for (text, culprit) in [
        ("phi_tt + 2 eps lap(grad(phi)) = 0", "grad(phi)"),
        ("phi_t - lapp(phi) = 0", "lapp"),
        ("phi_t - φ₀ lap(phi)) = 0", ")"),
        ("phi_t - lap(phi) + φ_w = 0", "φ_w"),
        ("phi_t - m lap(phi) = 0 where m > 0, m < 0", "m < 0"),
        ("phi_t - lap(phi) = 0 where mass > 0", "mass"),
        ("phi_t - lap(phi)", ")"),
        ("phi_t - ", "-"),
    ] {
        let refused = Equation::parse(text).expect_err("wrong");
        assert_eq!(&text[refused.all[0].span.range()], culprit, "{text}: {refused}");
    }
}
