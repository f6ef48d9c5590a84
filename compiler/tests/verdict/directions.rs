//! Equations whose symbol depends on the direction of k: answers by hand, evidence replayed, numbers plugged in.

use genphys_compiler::dispersion::{self, Dispersion};
use genphys_compiler::expr::{Axis, Expr, Name, Var, rational};
use genphys_compiler::operator::Equation;
use genphys_compiler::verdict::{Answer, Certificate, Proof, Verdict, Witness, check_witness, replay};
use num_complex::Complex64;
use num_traits::ToPrimitive;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn judged(text: &str) -> (Equation, Dispersion, Verdict) {
    let equation = Equation::parse(text).unwrap_or_else(|e| panic!("{text}: {e:?}"));
    let analysis = equation.analyze();
    let dispersion = analysis.dispersion.unwrap_or_else(|e| panic!("{text}: {}", e.why));
    (equation.normalised(), dispersion, analysis.verdict)
}

/// The answers to C1 and C2, each with evidence that stands.
fn check(text: &str, c1: Answer, c2: Answer) -> Verdict {
    let (equation, dispersion, verdict) = judged(text);
    assert_eq!((verdict.c1.answer, verdict.c2.answer), (c1, c2), "{text}: {}", verdict.reason);
    for condition in [&verdict.c1, &verdict.c2] {
        if let Some(certificate) = &condition.certificate {
            let json = serde_json::to_string(certificate).expect("JSON");
            let again: Certificate = serde_json::from_str(&json).expect(&json);
            assert_eq!(serde_json::to_string(&again).expect("JSON"), json);
            assert_eq!(replay(&again, condition.answer, &equation, &dispersion), Ok(()), "{text}: {certificate:?}");
        }
        if let Some(witness) = &condition.witness {
            let json = serde_json::to_string(witness).expect("JSON");
            let again: Witness = serde_json::from_str(&json).expect(&json);
            assert_eq!(check_witness(&again, &equation, &dispersion), Ok(()), "{text}: {witness:?}");
        }
        let evidence = condition.certificate.is_some() || condition.witness.is_some();
        assert!(
            evidence && (condition.answer != Answer::Yes || condition.certificate.is_some()),
            "{text}: no evidence"
        );
    }
    verdict
}

use Answer::{Conditional, No, Yes};

#[test]
fn tensor_diffusion() {
    check("phi_t - phi_xx - 2 phi_yy = 0 where N = 2", Yes, Yes);
    check("phi_t = lap(phi) + phi_xx", Yes, Yes);
    check("phi_t = lap(phi) - phi_xx/2", Yes, Yes);
    check("phi_t = 2 phi_xx + 2 phi_xy + 2 phi_yy", Yes, Yes);
    check("phi_t = div(2 phi_x e_x + phi_y e_x + phi_x e_y + 2 phi_y e_y) where N = 2", Yes, Yes);
    check("phi_t = phi_xx + phi_yy + 2 phi_zz - V phi", Yes, Yes);
    // Determinant 1, leading minors 1 and 1, and an indefinite form with the same diagonal.
    check("phi_t = phi_xx + 2 phi_xy + 2 phi_yy + 2 phi_yz + 2 phi_zz", Yes, Yes);
    check("phi_t = phi_xx + 2 phi_xy + 2 phi_yy + 4 phi_yz + 2 phi_zz", No, Conditional);
    check("phi_t - phi_xx + phi_yy = 0", No, Conditional);
    check("phi_t + (-lap)^(1/2) phi + phi_xx = 0", No, Conditional);
    check("phi_t + phi_xx + 2 phi_yy = 0", No, No);
    check("phi_t = lap(phi) - 2 phi_xx", No, Conditional);
}

#[test]
fn diffusion_that_misses_a_direction() {
    let flat = check("phi_t - phi_xx = 0 where N = 2", Conditional, Conditional);
    assert!(flat.c1.condition.expect("a note").starts_with("singular"));
    assert_eq!(flat.c2.condition.as_deref(), Some("k_x^2 > 0, for these wave vectors k only"));
    check("phi_t - phi_yy = 0", Conditional, Conditional);
    check("phi_t = phi_xx + 2 phi_xy + phi_yy", Conditional, Conditional);
    // On a line it is diffusion.
    for line in ["phi_t - phi_xx = 0", "phi_t - phi_xx = 0 where N = 1"] {
        assert_eq!(judged(line).1.symbol.to_string(), "s + kappa");
        check(line, Yes, Yes);
    }
    // A fractional Laplacian spreads in every direction.
    check("phi_t + (-lap)^beta phi - phi_xx = 0 where 0 < beta < 1", Yes, Yes);
}

#[test]
fn drift_along_several_axes() {
    check("phi_t + a phi_x + b phi_y - D lap(phi) = 0 where D > 0", Yes, Yes);
    check("phi_t + phi_y - lap(phi) = 0", Yes, Yes);
    let wind = check("phi_t + a phi_x + b phi_y = 0 where a > 0", Conditional, No);
    assert!(wind.c1.condition.expect("a note").starts_with("atom"));
    // A drift along x alone is seen from a moving frame, as ever.
    assert!(judged("phi_t + c phi_x - lap(phi) = 0").1.drift.is_some());
}

#[test]
fn directional_orders_above_two() {
    check("phi_t + phi_xxx = 0", No, No);
    check("phi_t + phi_xxx - phi_xx = 0", No, Yes);
    check("phi_t + phi_xxxx + phi_yyyy = 0", No, Yes);
    check("phi_t + phi_xxxx - phi_yy = 0", No, Yes);
    check("phi_t + phi_xxxx = 0 where N = 2", No, Conditional);
    check("phi_t + phi_xxxx + 2 phi_xxyy + phi_yyyy = 0", No, Yes);
    check("phi_t + phi_xxxx + phi_yyyy + phi_xx + phi_yy = 0", No, Conditional);
    check("phi_t - phi_xxxx - phi_yyyy = 0", No, No);
    check("phi_t - lap(phi) + lap(lap(phi)) + phi_xx = 0 where N = 2", No, Yes);
    check("i phi_t + phi_xx + 2 phi_yy = 0", No, No);
}

#[test]
fn parameters_give_conditions() {
    let condition = |text: &str, c1: &str| {
        let verdict = check(text, Conditional, Conditional);
        assert_eq!(verdict.c1.condition.as_deref(), Some(c1), "{text}");
    };
    condition("phi_t = a phi_xx + 2 b phi_xy + c phi_yy where a > 0, c > 0, a c != b^2", "b^2 < a c");
    check("phi_t = a phi_xx + 2 b phi_xy + c phi_yy where a > 0, a c > b^2", Yes, Yes);
    check("phi_t = a phi_xx + b phi_yy where a > 0, b > 0", Yes, Yes);
    // A form of mixed signs in no small whole direction: the witness has a direction of its own.
    check("phi_t = 25 phi_xx + 70 phi_xy + 48 phi_yy", No, Conditional);
    let square = check("phi_t = a phi_xx + 2 b phi_xy + a phi_yy where a > 0", Conditional, Conditional);
    assert!(square.c1.condition.expect("a condition").contains("singular"));
    condition("phi_t = phi_xx + b phi_yy where b real nonzero", "b > 0");
    let airy = check("phi_t + c phi_xxx - phi_xx = 0", Conditional, Yes);
    assert_eq!(airy.c1.condition.as_deref(), Some("c = 0"));
    let either = check("phi_t = phi_xx + b phi_yy", Conditional, Conditional);
    assert!(either.c1.condition.expect("a condition").starts_with("b > 0 (for b = 0: singular"));
}

/// Every way to add 1/7 to an expression of a certificate, or to turn a flag.
fn tampered(certificate: &Certificate) -> Vec<Certificate> {
    let mut out = Vec::new();
    for i in 0..certificate.cases.len() {
        for field in 0.. {
            let mut copy = certificate.clone();
            let (mut expressions, flags): (Vec<&mut Expr>, Vec<&mut bool>) = match &mut copy.cases[i].proof {
                Proof::LevyKhintchine { lambda, constant, drift, isotropic, squares, definite, bounded, .. } => {
                    let all =
                        [lambda, constant, isotropic].into_iter().chain(drift).chain(squares.iter_mut().flatten());
                    (all.collect(), vec![definite, bounded])
                }
                Proof::RealPart { lambda, rises, rest, isotropic, squares } => (
                    vec![lambda, rest, isotropic].into_iter().chain(squares.iter_mut().flatten()).collect(),
                    vec![rises],
                ),
                other => panic!("{other:?}"),
            };
            let count = expressions.len();
            if field < count {
                *expressions[field] = expressions[field].clone() + Expr::Num(rational(1, 7));
            } else if let Some(flag) = flags.into_iter().nth(field - count) {
                *flag = !*flag;
            } else {
                break;
            }
            out.push(copy);
        }
    }
    out
}

#[test]
fn tampered_certificates_are_rejected() {
    let mut count = 0;
    for text in [
        "phi_t + a phi_x + phi_y - 2 phi_xx - 2 phi_xy - phi_yy - D lap(phi) = 0 where D > 0",
        "phi_t - phi_xx = 0 where N = 2",
        "phi_t + (-lap)^beta phi - phi_xx = 0 where 0 < beta < 1",
        "phi_t + phi_xxxx + phi_yyyy - lap(phi) = 0 where N = 2",
        "phi_t + phi_xx + 2 phi_yy = 0",
    ] {
        let (equation, dispersion, verdict) = judged(text);
        for condition in [&verdict.c1, &verdict.c2] {
            for changed in condition.certificate.iter().flat_map(tampered) {
                let accepted = replay(&changed, condition.answer, &equation, &dispersion).is_ok();
                assert!(!accepted, "{text}: {changed:?}");
                count += 1;
            }
        }
    }
    assert!(count > 50, "{count}");
}

/// A proof about kappa alone says nothing where the direction matters, however true it is of kappa.
#[test]
fn isotropic_proofs_have_no_say() {
    let (_, _, diffusion) = judged("phi_t - lap(phi) = 0");
    let (equation, dispersion, _) = judged("phi_t - lap(phi) + 2 phi_xx = 0");
    let mut certificate = diffusion.c1.certificate.expect("proved");
    let Proof::Bernstein { lambda, constant, .. } = &mut certificate.cases[0].proof else { panic!("a tree") };
    *constant = Expr::int(-2) * Expr::sym("k_x").powi(2);
    *lambda = Expr::kappa() + constant.clone();
    assert!(replay(&certificate, Answer::Yes, &equation, &dispersion).is_err());
}

/// The operator on `exp(s t + i k.x)`, divided by it: every derivative is a factor.
fn on_plane_wave(e: &Expr, s: Complex64, k: [f64; 3]) -> Complex64 {
    let of = |f: &Expr| on_plane_wave(f, s, k);
    match e {
        Expr::Num(r) => r.to_f64().expect("a number").into(),
        Expr::Imag => Complex64::i(),
        Expr::Field(_) => 1.0.into(),
        Expr::Add(terms) => terms.iter().map(of).sum(),
        Expr::Mul(factors) => factors.iter().map(of).product(),
        Expr::Dt(f, n) => s.powu(*n) * of(f),
        Expr::Partial(f, axis, n) => (Complex64::i() * k[axis.index()]).powu(*n) * of(f),
        Expr::Lap(f) => -k.iter().map(|c| c * c).sum::<f64>() * of(f),
        other => panic!("{other}"),
    }
}

fn derivative() -> impl Strategy<Value = Expr> {
    let orders = [0u32..4, 0u32..4, 0u32..3];
    (-4i64..5, orders, any::<bool>()).prop_map(|(c, orders, laplacian)| {
        let phi = Expr::Field("phi".into());
        let f = if laplacian { phi.lap() } else { phi };
        let c = if c == 0 { 1 } else { c };
        Expr::int(c) * Axis::ALL.into_iter().zip(orders).fold(f, |f, (axis, n)| f.partial(axis, n))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn symbols_are_the_operator_on_plane_waves(
        terms in prop::collection::vec(derivative(), 1..5),
        k in [-2.0f64..2.0, -2.0..2.0, -2.0..2.0],
        rate in (-2.0f64..2.0, -2.0f64..2.0),
        fixed in any::<bool>(),
    ) {
        let operator = Expr::Field("phi".into()).dt(1) + Expr::add(terms);
        let text = format!("pde wave {{ space x in R^{}; equation {operator} = 0; }}", if fixed { "3" } else { "N" });
        let equation = Equation::parse(&text).map_err(|e| TestCaseError::fail(format!("{text}: {e:?}")))?;
        let dispersion = dispersion::derive(&equation).map_err(|e| TestCaseError::fail(e.why))?;
        let s = Complex64::new(rate.0, rate.1);
        let square: f64 = k.iter().map(|c| c * c).sum();
        let symbol = dispersion.symbol.evaluate(&|leaf| match leaf {
            Expr::Var(Var::Growth) => Some(s),
            Expr::Var(Var::Kappa) => Some(square.into()),
            Expr::Sym(name) => Axis::ALL.into_iter().find(|a| a.wave_number() == name.as_str()).map(|a| k[a.index()].into()),
            _ => None,
        });
        let expected = on_plane_wave(equation.operator(), s, k);
        // Sums of at most a few dozen products of numbers up to 2^10.
        prop_assert!((symbol.expect("a value") - expected).norm() < 1e-9 * (1.0 + expected.norm()) * 1e2, "{text}");
        // The branch is a root, along the first axis as everywhere.
        let omega = dispersion.evaluate(k[0], &BTreeMap::<Name, f64>::new()).expect("no parameters")[0];
        let along = on_plane_wave(equation.operator(), -Complex64::i() * omega, [k[0], 0.0, 0.0]);
        prop_assert!(along.norm() < 1e-9 * (1.0 + omega.norm()), "{text}: {along}");
    }

    /// No decision about a random form contradicts its values at wave vectors of its own.
    #[test]
    fn answers_agree_with_values(entries in prop::collection::vec(-3i64..4, 6), quartic in 0i64..3) {
        let [a, b, c, d, e, f] = [0, 1, 2, 3, 4, 5].map(|i| entries[i]);
        let text = format!(
            "phi_t = {a} phi_xx + {b} phi_yy + {c} phi_zz + 2 {d} phi_xy + 2 {e} phi_xz + 2 {f} phi_yz - {quartic} lap(lap(phi)) where N = 3"
        ).replace("2 -", "2 * -");
        let Ok(equation) = Equation::parse(&text) else { return Ok(()) };
        let analysis = equation.analyze();
        let rise = |k: [i64; 3]| {
            let square = k.iter().map(|c| c * c).sum::<i64>();
            a * k[0] * k[0] + b * k[1] * k[1] + c * k[2] * k[2]
                + 2 * (d * k[0] * k[1] + e * k[0] * k[2] + f * k[1] * k[2]) + quartic * square * square
        };
        let grid = (-3..4).flat_map(|x| (-3..4).flat_map(move |y| (-3..4).map(move |z| [x, y, z])));
        let values: Vec<i64> = grid.filter(|k| *k != [0; 3]).map(rise).collect();
        let (c1, c2) = (analysis.verdict.c1.answer, analysis.verdict.c2.answer);
        match c2 {
            Yes => prop_assert!(values.iter().all(|v| *v > 0), "{text}"),
            No => prop_assert!(values.iter().all(|v| *v <= 0), "{text}"),
            _ => {}
        }
        if c1 == Yes {
            prop_assert!(quartic == 0 && values.iter().all(|v| *v > 0), "{text}");
        }
        prop_assert!(quartic > 0 || c1 != Answer::Undecided && c2 != Answer::Undecided, "{text}: {}", analysis.verdict.reason);
    }
}
