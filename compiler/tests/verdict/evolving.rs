//! Equations with coefficients in t or a drift towards the origin: verdicts and evidence.

use genphys_compiler::dispersion::{self, Dispersion, Timing};
use genphys_compiler::expr::{Expr, Sign, Var, rational};
use genphys_compiler::operator::Equation;
use genphys_compiler::verdict::{self, Answer, Certificate, Proof, SideCondition, Verdict, check_witness, replay};

pub fn judged(text: &str) -> (Equation, Result<Dispersion, String>, Verdict) {
    let equation = Equation::parse(text).unwrap_or_else(|d| panic!("{text}: {d}")).normalised();
    match dispersion::derive(&equation) {
        Ok(d) => {
            let v = verdict::decide(&equation, &d, None);
            (equation, Ok(d), v)
        }
        Err(u) => (equation, Err(u.why.clone()), Verdict::undecided(&u.why)),
    }
}

pub const PFGMPP: &str = "phi_tt + (D - 1)/t*phi_t + lap(phi) = 0 where D > 0";
pub const SCREENED: &str = "phi_tt + (D - 1)/t*phi_t + lap(phi) - m^2 phi = 0 where D > 0, m > 0";

/// The text, C1, C2, a part of the reason of C1, and the condition of C1 where there is one.
const VERDICTS: [(&str, &str, &str, &str, Option<&str>); 40] = [
    ("phi_t - t lap(phi) = 0", "yes", "yes", "clock tau = int_0^t t dt", None),
    ("phi_t - 2 t lap(phi) = 0", "yes", "yes", "clock", None),
    ("phi_t - exp(t) lap(phi) = 0", "yes", "yes", "int_0^t exp(t) dt", None),
    ("t phi_t - lap(phi) = 0", "undecided", "undecided", "not integrable at t = 0", None),
    ("sqrt(t) phi_t - lap(phi) = 0", "yes", "yes", "clock", None),
    ("phi_t - lap(phi) + phi/t = 0", "undecided", "undecided", "1/t is not integrable", None),
    ("phi_t + phi_x/t - lap(phi) = 0", "undecided", "undecided", "1/t is not integrable", None),
    ("phi_t + t phi_x - lap(phi) = 0", "yes", "yes", "Bernstein", None),
    ("phi_t - s t^a lap(phi) + m phi = 0 where s > 0, a > -1", "yes", "yes", "t^a", None),
    ("phi_t - s t^a lap(phi) + m phi = 0 where s > 0", "undecided", "undecided", "a <= -1: t^a is not", None),
    ("phi_t - s t^a lap(phi) = 0 where s real nonzero, a > -1", "conditional", "conditional", "", Some("s_ > 0")),
    ("phi_t - s(t) lap(phi) = 0 where s(t) > 0", "yes", "yes", "int_0^t s(t) dt", None),
    ("phi_t - s(t) lap(phi) = 0", "undecided", "undecided", "whether s(t) > 0 for every t > 0", None),
    ("phi_t - s(t) lap(phi) + r(t) phi = 0 where s(t) > 0", "yes", "yes", "clock", None),
    ("phi_t - (1 + c t) lap(phi) = 0 where c >= 0", "yes", "yes", "clock", None),
    ("phi_t - (1 - t) lap(phi) = 0", "undecided", "undecided", "modes grow again", None),
    ("phi_t + t lap(phi) = 0", "no", "no", "grow without bound", None),
    ("phi_t + t lap(lap(phi)) = 0", "no", "yes", "the kernel turns negative", None),
    ("phi_t + t lap(lap(phi)) + t lap(phi) = 0", "no", "conditional", "grows faster than kappa", None),
    ("phi_t - lap(phi) + t lap(lap(phi)) = 0", "no", "yes", "for every t > 0, hence", None),
    ("phi_t + t lap(phi) + lap(lap(phi)) = 0", "no", "undecided", "grows faster", None),
    ("phi_t - t lap(phi) - lap(phi_t) = 0", "conditional", "yes", "part of the mass never moves", None),
    ("phi_t - lap(phi) + t (-lap)^(1/2) phi = 0", "yes", "yes", "hence for the integral", None),
    ("i phi_t + t lap(phi) = 0", "no", "no", "lambda is complex", None),
    ("phi_t - lap(phi) - div(x phi) = 0", "yes", "yes", "co-moving frame y = x exp(t)", None),
    ("phi_t - lap(phi) + div(x phi) = 0", "yes", "yes", "co-moving frame y = x exp(-t)", None),
    ("phi_t - D lap(phi) - b div(x phi) = 0 where D > 0", "yes", "yes", "y = x exp(b t)", None),
    ("phi_t - D lap(phi) - b div(x phi) = 0 where D real nonzero", "conditional", "conditional", "", Some("D > 0")),
    ("phi_t + (-lap)^beta phi - div(x phi) = 0 where beta > 0", "conditional", "yes", "", Some("beta <= 1")),
    ("phi_t - lap(phi) + (-lap)^(1/2) phi - div(x phi) = 0", "yes", "yes", "co-moving", None),
    ("phi_t - beta(t)*lap(phi) - beta(t)*div(x phi) = 0 where beta(t) > 0", "yes", "yes", "int_beta(t)", None),
    ("phi_t - lap(phi) - sin(t) div(x phi) = 0", "undecided", "undecided", "integral of sin(t)", None),
    ("phi_tt + phi_t - lap(phi) - div(x phi) = 0", "undecided", "undecided", "depends on x beyond first order", None),
    (PFGMPP, "yes", "yes", "Stieltjes", None),
    (SCREENED, "yes", "yes", "Stieltjes", None),
    ("t phi_tt + 2 phi_t - t (-lap)^beta phi = 0 where 0 < beta < 1", "yes", "yes", "Stieltjes", None),
    ("phi_tt + (D - 1)/t*phi_t + lap(phi) = 0", "undecided", "undecided", "infinite at t = 0", None),
    (
        "phi_tt + 2/t*phi_t + lap(phi) + k0^2 phi = 0 where k0 > 0",
        "undecided",
        "undecided",
        "changes sign at k = k0",
        None,
    ),
    ("phi_tt + 2/t*phi_t - lap(phi) = 0", "undecided", "undecided", "hyperbolic", None),
    ("phi_tt + t phi_t + lap(phi) = 0", "undecided", "undecided", "no closed form", None),
];

#[test]
fn verdicts_are_as_the_theory_has_them() {
    let mut wrong = Vec::new();
    for (text, c1, c2, reason, condition) in VERDICTS {
        let v = judged(text).2;
        let same = v.c1.answer.as_str() == c1 && v.c2.answer.as_str() == c2 && v.c1.reason.contains(reason);
        if !same || condition.is_some_and(|c| v.c1.condition.as_deref() != Some(c)) {
            wrong.push(format!("{text}: {} {} {:?}\n  {}", v.c1.answer, v.c2.answer, v.c1.condition, v.reason));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn evidence_replays_reads_back_and_is_rejected_when_changed() {
    let (mut certificates, mut changes) = (0, 0);
    for (text, ..) in VERDICTS {
        let (equation, Ok(relation), v) = judged(text) else { continue };
        for c in [&v.c1, &v.c2] {
            assert!(c.answer != Answer::Yes || c.certificate.is_some(), "{text}: yes without a certificate");
            let evidence = c.certificate.is_some() || c.witness.is_some();
            assert!(!matches!(c.answer, Answer::No | Answer::Conditional) || evidence, "{text}");
            if let Some(witness) = &c.witness {
                assert_eq!(check_witness(witness, &equation, &relation), Ok(()), "{text}");
            }
            let Some(certificate) = &c.certificate else { continue };
            assert_eq!(replay(certificate, c.answer, &equation, &relation), Ok(()), "{text}");
            let after_zero =
                |case: &verdict::Case| case.when.first() == Some(&SideCondition::new(time(), Sign::POSITIVE));
            assert!(certificate.cases.iter().all(after_zero), "{text}: every case assumes t > 0");
            let json = serde_json::to_string(certificate).expect("JSON");
            assert_eq!(&serde_json::from_str::<Certificate>(&json).expect(&json), certificate, "{text}");
            for (what, changed) in crate::evidence::tampered(certificate) {
                let accepted = replay(&changed, c.answer, &equation, &relation).is_ok();
                assert!(!accepted, "{text}: accepted after change `{what}`: {changed:?}");
                changes += 1;
            }
            certificates += 1;
        }
    }
    assert!(certificates > 40 && changes > 500, "{certificates} {changes}");
}

fn time() -> Expr {
    Expr::Var(Var::Time)
}

/// A certificate that is right about one equation, held against another of the same lambda that starts from no data.
#[test]
fn proofs_do_not_carry_over_to_flows_that_do_not_start() {
    let certificate = |text: &str| judged(text).2.c1.certificate.expect(text);
    let against = |from: &str, to: &str| {
        let (equation, relation, _) = judged(to);
        replay(&certificate(from), Answer::Yes, &equation, &relation.expect(to))
    };
    assert_eq!(against("phi_t - t lap(phi) = 0", "phi_t - exp(t) lap(phi) = 0"), Ok(()), "both are lambda = kappa");
    for to in [
        "t phi_t - lap(phi) = 0",
        "phi_t - t^a lap(phi) = 0",
        "phi_t - cos(t) lap(phi) = 0",
        "phi_t - s(t) lap(phi) = 0",
        "phi_t - lap(phi) + phi/t = 0",
        "phi_t - lap(phi) + i t phi = 0",
        "phi_t + phi_x/t - lap(phi) = 0",
    ] {
        assert!(against("phi_t - t lap(phi) = 0", to).is_err(), "{to}");
    }
    assert!(against(PFGMPP, "phi_tt + (D - 1)/t*phi_t + lap(phi) = 0").is_err(), "d may be negative");
    assert!(against(PFGMPP, SCREENED).is_err() && against(SCREENED, PFGMPP).is_err(), "another M");
}

/// The polynomial of the Bessel operator is no symbol: proofs about its roots say nothing.
#[test]
fn proofs_about_roots_do_not_count_for_the_bessel_operator() {
    let (equation, relation, v) = judged("phi_tt - phi_t/t - lap(phi) - phi = 0");
    assert!(relation.is_err(), "hyperbolic: {}", v.reason);
    let (equation, relation) = (judged(PFGMPP).0, (equation, judged(PFGMPP).1.expect("a relation")).1);
    assert!(matches!(relation.evolution.as_ref().map(|e| &e.timing), Some(Timing::Bessel)));
    let [c, b, a] = relation.coefficients.as_slice() else { panic!("second order") };
    let proof =
        Proof::Below { coefficients: vec![c.clone(), b.clone(), a.clone()], level: Expr::zero(), value: c.clone() };
    let when = vec![SideCondition::new(time(), Sign::POSITIVE)];
    let forged = Certificate { condition: verdict::Which::C2, cases: vec![verdict::Case { when, proof }] };
    assert!(replay(&forged, Answer::Yes, &equation, &relation).is_err());
}

/// Answers about `phi_t - c1 t^a1 lap(phi) + c2 t^a2 (-lap)^b phi` against derivatives of `int_0^t lambda` itself.
#[test]
fn answers_on_random_schedules_agree_with_the_integral() {
    use proptest::prelude::*;
    use proptest::test_runner::{Config, TestRunner};
    let config = Config { cases: 150, failure_persistence: None, ..Config::default() };
    let half = |range: std::ops::Range<i64>| range.prop_map(|n| (n, 2i64));
    let strategy = (half(-1..5), half(-1..5), -3i64..4, -3i64..4, half(1..5));
    let mut runner = TestRunner::new(config);
    let checked = runner.run(&strategy, |((a1, _), (a2, _), c1, c2, (b, _))| {
        prop_assume!(c1 != 0 && c2 != 0);
        let text = format!("phi_t - ({c1})*t^({a1}/2)*lap(phi) + ({c2})*t^({a2}/2)*(-lap)^({b}/2) phi = 0");
        let v = judged(&text).2;
        let time_power = |a: i64| f64::from(a as i32) / 2.0 + 1.0;
        let order = f64::from(b as i32) / 2.0;
        // d^n/dkappa^n of int_0^t lambda.
        let derivative = |n: i32, kappa: f64, t: f64| {
            let term = |c: i64, a: i64, b: f64| {
                let falling: f64 = (0..n).map(|j| b - f64::from(j)).product();
                c as f64 * t.powf(time_power(a)) / time_power(a) * falling * kappa.powf(b - f64::from(n))
            };
            term(c1, a1, 1.0) + term(c2, a2, order)
        };
        let points = [0.01, 0.3, 1.0, 5.0, 200.0];
        let sign = |n: i32| if n % 2 == 1 { 1.0 } else { -1.0 };
        for t in [0.1, 1.0, 6.0] {
            for kappa in points {
                let rises = derivative(1, kappa, t) > -1e-12;
                prop_assert!(v.c2.answer != Answer::Yes || rises, "{text}: C2 yes, but modes rise at {kappa}, {t}");
                for n in 1..=4 {
                    let bernstein = sign(n) * derivative(n, kappa, t) > -1e-9 * kappa.powi(-n);
                    prop_assert!(v.c1.answer != Answer::Yes || bernstein, "{text}: C1 yes, order {n} at {kappa}, {t}");
                }
            }
        }
        if v.c1.answer == Answer::No {
            let visible = [1e-6, 1e-3, 0.01, 0.3, 1.0, 5.0, 200.0, 1e4, 1e7]
                .iter()
                .any(|kappa| (1..=4).any(|n| sign(n) * derivative(n, *kappa, 1.0) < 0.0));
            prop_assert!(visible, "{text}: C1 no, but no derivative has the wrong sign");
        }
        Ok(())
    });
    checked.unwrap_or_else(|e| panic!("{e}"));
}

#[test]
fn relations_with_t_are_not_evaluated_without_it() {
    let relation = judged("phi_t - t lap(phi) = 0").1.expect("a relation");
    let refused = relation.evaluate(1.0, &Default::default()).expect_err("no t");
    assert_eq!(refused, dispersion::EvaluateError::DependsOnTime);
    assert_eq!(relation.lambda().expect("selected").to_string(), "kappa t");
    let at_two = relation.lambda().expect("selected").substitute(&time(), &Expr::Num(rational(2, 1)));
    assert_eq!(at_two.to_string(), "2 kappa");
}
