//! Equations of any order in time: answers, and the evidence for them.

use crate::evidence::tampered;
use genphys_compiler::dispersion::Dispersion;
use genphys_compiler::operator::Equation;
use genphys_compiler::source::Source;
use genphys_compiler::verdict::{Answer, Proof, Verdict, check_witness, replay};
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
