//! Equations of any order in time: answers, and the evidence for them.

use crate::evidence::tampered;
use genphys_compiler::dispersion::Dispersion;
use genphys_compiler::operator::Equation;
use genphys_compiler::source::Source;
use genphys_compiler::verdict::{Answer, Claim, Proof, Verdict, check_witness, replay};
use genphys_compiler::{Budget, analyze};

/// The verdict on a text, once its evidence is checked.
fn judge(text: &str) -> Verdict {
    let analysis = analyze(&Source::new("test", text), Budget::default()).expect(text);
    let dispersion = analysis.dispersion.expect(text);
    evidence(text, &analysis.equation.normalised(), &dispersion, &analysis.verdict);
    analysis.verdict
}

/// Certificates replay, changed ones do not, witnesses reproduce; every yes is certified.
fn evidence(text: &str, equation: &Equation, dispersion: &Dispersion, verdict: &Verdict) {
    for c in [&verdict.c1, &verdict.c2] {
        assert!(c.answer != Answer::Yes || c.certificate.is_some(), "{text}: yes without a certificate: {}", c.reason);
        if let Some(witness) = &c.witness {
            assert_eq!(check_witness(witness, equation, dispersion), Ok(()), "{text}: {witness:?}");
        }
        let Some(certificate) = &c.certificate else { continue };
        assert_eq!(replay(certificate, c.answer, equation, dispersion), Ok(()), "{text}: {certificate:?}");
        for (what, changed) in tampered(certificate) {
            // Still true: s^6 = c has the factors s^3 = sqrt(c) and s^3 = -sqrt(c).
            let both = |p: &Proof| matches!(p, Proof::PowerRoot { order, .. } if (*order as usize) < dispersion.coefficients.len() - 1);
            if what == "flag" && changed.cases.iter().any(|case| both(&case.proof)) {
                continue;
            }
            let accepted = replay(&changed, c.answer, equation, dispersion).is_ok();
            assert!(!accepted, "{text}: accepted after change `{what}`: {changed:?}");
        }
    }
}

fn check(text: &str, c1: &str, c2: &str) -> Verdict {
    let v = judge(text);
    assert_eq!((v.c1.answer.as_str(), v.c2.answer.as_str()), (c1, c2), "{text}: {}", v.reason);
    v
}

#[test]
fn pure_powers_of_any_order() {
    // The real root decays as a stable law of index 2/n, whatever the complex ones do.
    for order in [3, 5, 6, 7, 8, 9, 12] {
        let sign = if order % 4 == 2 || order % 4 == 0 { '+' } else { '-' };
        let t = "t".repeat(order);
        let real = format!("phi_{t} {sign} lap(phi) = 0");
        check(&real, "yes", "yes");
    }
    check("phi_tttttt - lap(phi) = 0", "no", "yes");
    check("phi_ttttt + lap(phi) = 0", "no", "yes");
    check("phi_ttttt - lap(phi) + m^2 phi = 0 where m > 0", "yes", "yes");
    check("phi_ttttt + lap(phi) - m^2 phi = 0 where m > 0", "no", "yes");
    check("phi_ttttt - lap(lap(lap(phi))) = 0", "yes", "yes");
    check("phi_ttttt + lap(lap(lap(lap(lap(lap(phi)))))) = 0", "no", "yes");
    check("phi_ttttt - D lap(phi) = 0 where D real nonzero", "conditional", "yes");
    check("phi_ttttt - D lap(phi) = 0 where D real", "conditional", "conditional");
}

#[test]
fn discriminants_with_an_exact_root() {
    // (s + kappa)^2 = kappa: the lower root is s = -kappa - sqrt(kappa), a sum of stable laws.
    check("phi_tt - 2 lap(phi_t) + lap(lap(phi)) + lap(phi) = 0", "yes", "yes");
    check("phi_tt - 2 a lap(phi_t) + a^2 lap(lap(phi)) + c lap(phi) = 0 where a > 0, c > 0", "yes", "yes");
    // (s + kappa)^2 = -kappa: a complex pair.
    check("phi_tt - 2 lap(phi_t) + lap(lap(phi)) - lap(phi) = 0", "no", "yes");
}

fn conditions(text: &str, c1: Option<&str>, c2: Option<&str>) {
    let v = judge(text);
    assert_eq!((v.c1.condition.as_deref(), v.c2.condition.as_deref()), (c1, c2), "{text}: {}", v.reason);
}

#[test]
fn paths_of_a_quadratic() {
    // Real roots +-sqrt(kappa - kappa^2) up to kappa = 1, an undamped pair beyond.
    check("phi_tt + lap(phi) + lap(lap(phi)) = 0", "no", "conditional");
    conditions("phi_tt + lap(phi) + lap(lap(phi)) = 0", None, Some("0 < k < 1"));
    // s^2 + (3 + kappa) s + 2 + kappa^2: the upper root rises at first; the lower one, from -2, falls until a damped pair
    // takes over.
    path("phi_tt + 3 phi_t - lap(phi_t) + 2 phi + lap(lap(phi)) = 0", &[Claim::Below, Claim::Damped]);
    // s^2 + s + kappa (kappa - 2)(kappa - 3): the upper root falls, meets the lower one, and grows on 2 < kappa < 3, where
    // the lower one does not.
    path("phi_tt + phi_t - lap(lap(lap(phi))) - 5 lap(lap(phi)) - 6 lap(phi) = 0", &[Claim::Both, Claim::Damped]);
    // The level is irrational, (-3 + sqrt(5))/2, and so are the zeros.
    let c2 = judge("phi_tt + 3 phi_t + phi + lap(phi) + lap(lap(phi)) = 0").c2;
    assert_eq!(c2.answer, Answer::Conditional, "{}", c2.reason);
}

/// C2 holds on a path proved by these claims, in order.
fn path(text: &str, claims: &[Claim]) {
    let c2 = judge(text).c2;
    assert_eq!(c2.answer, Answer::Yes, "{text}: {}", c2.reason);
    let proof = c2.certificate.expect("a certificate").cases.swap_remove(0).proof;
    let Proof::Path { stretches, .. } = proof else { panic!("{text}: another proof, {proof:?}") };
    assert_eq!(stretches.iter().map(|s| s.claim).collect::<Vec<_>>(), claims, "{text}: {stretches:?}");
}

#[test]
fn symbolic_exponents() {
    let text = "phi_t - a lap(phi) + b (-lap)^beta phi = 0 where a > 0, b real, 0 < beta < 1";
    conditions(text, Some("b >= 0"), Some("b >= 0 (for b < 0: k > (-b/a)^(1/(-2 beta + 2)))"));
    let text = "phi_t + (-lap)^alpha phi - (-lap)^beta phi = 0 where 0 < beta < alpha <= 1";
    conditions(text, None, Some("k > 1"));
    check(text, "no", "conditional");
}

#[test]
fn roots_without_closed_form() {
    // Moore-Gibson-Thompson: all roots fall when a b > 1, a real one from -a to -1/b.
    check("phi_ttt + phi_tt - lap(phi) - 2 lap(phi_t) = 0", "no", "yes");
    check("phi_ttt + phi_tt - lap(phi) - 1/2 lap(phi_t) = 0", "undecided", "yes");
    let c2 = judge("phi_ttt + a phi_tt - lap(phi) - 2 lap(phi_t) = 0 where a > 1").c2;
    assert_eq!(c2.answer, Answer::Yes, "{}", c2.reason);
    // kappa = q(lambda): lambda - lambda^2 + lambda^3 and lambda + lambda^3 are convex, or not smooth enough, at 0;
    // (lambda + 1)^3 - 1, lambda (lambda + 1)(lambda + 2) and lambda^4 - lambda^2 have complete Bernstein inverses.
    check("phi_ttt + phi_tt + phi_t - lap(phi) = 0", "no", "yes");
    check("phi_ttt + phi_t - lap(phi) = 0", "no", "yes");
    check("phi_ttt - 3 phi_tt + 3 phi_t - lap(phi) = 0", "yes", "yes");
    check("phi_ttt - 3 phi_tt + 2 phi_t - lap(phi) = 0", "yes", "yes");
    check("phi_tttt - phi_tt + lap(phi) = 0", "yes", "yes");
    check("phi_ttt - 3 phi_tt + 2 phi_t + (-lap)^(1/2) phi = 0", "yes", "yes");
    // (3 - sqrt(1 + 4 kappa))/2 has cubic relatives: it grows at small kappa, as does (s - 1)(s - 2)(s - 3) + kappa.
    check("phi_ttt - 6 phi_tt + 11 phi_t - 6 phi - lap(phi) = 0", "yes", "yes");
    // lambda^2 = (2 + kappa + sqrt(kappa (kappa + 4)))/2.
    check("phi_tttt - 2 phi_tt + lap(phi_tt) + phi = 0", "yes", "yes");
    check("phi_tttt - 2 phi_tt + a lap(phi_tt) + phi = 0 where a > 0", "yes", "yes");
    // Never real: undamped up to kappa = 1/4, then two complex pairs; and two undamped waves.
    check("phi_tttt + phi_tt - lap(phi) = 0", "no", "conditional");
    conditions("phi_tttt + phi_tt - lap(phi) = 0", None, Some("k > 1/2"));
    check("phi_tttt + 2 phi_tt - lap(phi_tt) - lap(phi) = 0", "no", "no");
    // A factor is taken apart first.
    check("phi_ttt + a phi_tt + lap(phi_t) + a lap(phi) = 0", "yes", "yes");
    // A complex pair from kappa < 1, a real root beyond: open, and says what is missing.
    let v = check("phi_ttt - lap(phi) - phi = 0", "undecided", "undecided");
    assert!(v.c1.missing.is_some_and(|m| m.contains("part of the k axis")));
}
