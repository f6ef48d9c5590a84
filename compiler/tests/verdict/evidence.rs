//! Certificates replay, tampered ones do not; witnesses reproduce.

use crate::equations;
use crate::table::{decide, rows};
use genphys_compiler::dispersion::{self, Dispersion};
use genphys_compiler::expr::{Expr, Rational, Sign, rational};
use genphys_compiler::operator::Equation;
use genphys_compiler::verdict::{Answer, Certificate, Claim, Node, Proof, Rule, Witness, check_witness, replay};

/// Every equation of the table with its dispersion relation.
fn equations() -> Vec<(String, Equation, Dispersion)> {
    rows()
        .into_iter()
        .filter_map(|row| {
            let equation = equations::row(&row.id, &row.assumptions)?;
            let dispersion = dispersion::derive(&equation).ok()?;
            Some((row.id, equation, dispersion))
        })
        .collect()
}

#[test]
fn every_certificate_replays() {
    let mut count = 0;
    for (id, equation, dispersion) in equations() {
        let v = decide(&equation);
        for c in [&v.c1, &v.c2] {
            assert!(c.answer != Answer::Yes || c.certificate.is_some(), "{id}: yes without a certificate");
            let Some(certificate) = &c.certificate else { continue };
            let checked = replay(certificate, c.answer, &equation, &dispersion);
            assert_eq!(checked, Ok(()), "{id}: {certificate:?}");
            count += 1;
        }
    }
    assert!(count > 70, "{count}");
}

#[test]
fn every_no_has_a_witness_that_reproduces() {
    for (id, equation, dispersion) in equations() {
        let v = decide(&equation);
        for c in [&v.c1, &v.c2] {
            assert!(c.answer != Answer::No || c.witness.is_some(), "{id}: no without a witness");
            if let Some(witness) = &c.witness {
                assert_eq!(check_witness(witness, &equation, &dispersion), Ok(()), "{id}: {witness:?}");
            }
        }
    }
}

const RULES: [Rule; 14] = [
    Rule::Constant,
    Rule::Identity,
    Rule::Sum,
    Rule::Scale,
    Rule::Power,
    Rule::GeometricMean,
    Rule::Dual,
    Rule::Saturation,
    Rule::PowerMean,
    Rule::Logarithm,
    Rule::Exponential,
    Rule::Ground,
    Rule::Quadratic,
    Rule::BesselRatio,
];

/// Every way to change one expression, sign, flag or rule of a certificate. Not changed: the prose in `because`, and the
/// order of the cases, neither of which carries a claim.
pub fn tampered(certificate: &Certificate) -> Vec<(String, Certificate)> {
    let mut out = Vec::new();
    for i in 0..certificate.cases.len() {
        let mut push = |what: &str, change: &dyn Fn(&mut Proof)| {
            let mut copy = certificate.clone();
            change(&mut copy.cases[i].proof);
            if copy != *certificate {
                out.push((what.to_owned(), copy));
            }
        };
        let shift = |e: &mut Expr| *e = e.clone() + Expr::Num(rational(1, 7));
        let stretch = |e: &mut Expr| *e = e.clone() * Expr::int(-1);
        for (name, change) in [("shift", &shift as &dyn Fn(&mut Expr)), ("turn", &stretch)] {
            for field in 0..expressions(&mut certificate.cases[i].proof.clone()).len() {
                // Still true: the other root about the same middle is as convex; 0/d is 0 whatever d.
                let void = match &certificate.cases[i].proof {
                    Proof::Convex { .. } => (name, field) == ("turn", 0),
                    Proof::NotRising { coefficients, .. } => coefficients[0].is_zero() && field == 1,
                    _ => false,
                };
                if !void {
                    push(&format!("{name} {field}"), &|p| change(expressions(p).swap_remove(field)));
                }
            }
        }
        push("flag", &|p| match p {
            Proof::Bernstein { bounded, .. } => *bounded = !*bounded,
            Proof::PowerRoot { negative, .. } => *negative = !*negative,
            _ => {}
        });
        push("claim", &|p| {
            if let Proof::Path { stretches, .. } = p {
                for s in stretches {
                    s.claim = match s.claim {
                        Claim::Both | Claim::Damped => Claim::Below,
                        Claim::Below => Claim::Damped,
                    };
                }
            }
        });
        push("end", &|p| {
            if let Proof::Path { stretches, .. } = p {
                stretches.pop();
            }
        });
        push("order", &|p| match p {
            Proof::PowerRoot { order, .. } => *order += 1,
            Proof::RealRoots { starts, .. } => starts.iter_mut().for_each(|s| s.order = 17),
            Proof::AllBelow { determinants, .. } => determinants.truncate(1),
            _ => {}
        });
        push("samples", &|p| {
            if let Proof::RealRoots { samples, .. } = p {
                samples.pop();
            }
        });
        push("starts", &|p| {
            if let Proof::RealRoots { starts, .. } = p {
                starts.pop();
            }
        });
        push("split", &|p| {
            if let Proof::Inverse { split, .. } = p {
                *split -= rational(1000, 1);
            }
        });
        let steps = if let Proof::Bernstein { tree, .. } = &certificate.cases[i].proof { tree.steps() } else { 0 };
        for place in 0..steps {
            let mut change = |what: String, edit: &dyn Fn(&mut Node)| {
                push(&format!("{what} {place}"), &|p| node_at(p, place).into_iter().for_each(edit));
            };
            change("complete".into(), &|n| n.complete = !n.complete);
            change("children".into(), &|n| drop(n.children.pop()));
            change("extra child".into(), &|n| n.children.extend(n.children.first().cloned()));
            change("sides".into(), &|n| drop(n.side_conditions.pop()));
            change("sign".into(), &|n| {
                for s in &mut n.side_conditions {
                    s.sign = if s.sign == Sign::POSITIVE { Sign::NONNEGATIVE } else { Sign::POSITIVE };
                }
            });
            for rule in RULES {
                change(format!("{rule:?}"), &|n| {
                    // A power is a geometric mean of one function: that change leaves a valid proof.
                    if (n.rule, rule) != (Rule::Power, Rule::GeometricMean) {
                        n.rule = rule;
                    }
                });
            }
        }
        for j in 0..certificate.cases[i].when.len() {
            let mut turned = certificate.clone();
            let sign = &mut turned.cases[i].when[j].sign;
            *sign = sign.negate();
            if turned != *certificate {
                out.push((format!("when {j}"), turned));
            }
        }
    }
    out
}

/// The expressions of a proof, each once.
fn expressions(proof: &mut Proof) -> Vec<&mut Expr> {
    match proof {
        Proof::Bernstein { lambda, constant, tree, .. } => {
            let mut out = vec![lambda, constant];
            collect(tree, &mut out);
            out
        }
        Proof::FirstOrder { coefficients, difference } => coefficients.iter_mut().chain([difference]).collect(),
        Proof::Hurwitz { coefficients, level, slope, value } => {
            coefficients.iter_mut().chain([level, slope, value]).collect()
        }
        Proof::Below { coefficients, level, value } => coefficients.iter_mut().chain([level, value]).collect(),
        Proof::Path { coefficients, level, .. } => coefficients.iter_mut().chain([level]).collect(),
        Proof::AllBelow { coefficients, level, determinants } => {
            coefficients.iter_mut().chain([level]).chain(determinants).collect()
        }
        Proof::SomeBelow { coefficients, level, .. } => coefficients.iter_mut().chain([level]).collect(),
        Proof::RealRoots { coefficients, starts, .. } => {
            coefficients.iter_mut().chain(starts.iter_mut().map(|s| &mut s.level)).collect()
        }
        Proof::Inverse { coefficients, .. } => coefficients.iter_mut().collect(),
        Proof::PowerRoot { modulus, .. } => vec![modulus],
        Proof::Growth { lambda, constant, exponent, coefficient, .. } => vec![lambda, constant, exponent, coefficient],
        Proof::Convex { lambda, constant, bend } => vec![lambda, constant, bend],
        Proof::ComplexBranchPoints { coefficients, zeros } => coefficients.iter_mut().chain([zeros]).collect(),
        Proof::NotReal { coefficients, imaginary } => coefficients.iter_mut().chain([imaginary]).collect(),
        Proof::NotRising { coefficients, difference } => coefficients.iter_mut().chain([difference]).collect(),
        Proof::OnLevel { coefficients, level, value } => coefficients.iter_mut().chain([level, value]).collect(),
        // The table has no symbol that depends on the direction of k; `directions` tampers with these.
        Proof::LevyKhintchine { .. } | Proof::RealPart { .. } => Vec::new(),
    }
}

fn collect<'a>(node: &'a mut Node, out: &mut Vec<&'a mut Expr>) {
    out.push(&mut node.function);
    out.extend(node.side_conditions.iter_mut().map(|s| &mut s.expression));
    for c in &mut node.children {
        collect(c, out);
    }
}

/// The node at a place in the tree, counted from the root downwards.
fn node_at(proof: &mut Proof, place: usize) -> Option<&mut Node> {
    fn walk<'a>(node: &'a mut Node, place: &mut usize) -> Option<&'a mut Node> {
        if *place == 0 {
            return Some(node);
        }
        *place -= 1;
        node.children.iter_mut().find_map(|c| walk(c, place))
    }
    let Proof::Bernstein { tree, .. } = proof else { return None };
    let mut place = place;
    walk(tree, &mut place)
}

#[test]
fn tampered_certificates_are_rejected() {
    let mut count = 0;
    for (id, equation, dispersion) in equations() {
        let v = decide(&equation);
        for c in [&v.c1, &v.c2] {
            let Some(certificate) = &c.certificate else { continue };
            for (what, changed) in tampered(certificate) {
                let accepted = replay(&changed, c.answer, &equation, &dispersion).is_ok();
                assert!(!accepted, "{id}: accepted after change `{what}`: {changed:?}");
                count += 1;
            }
        }
    }
    assert!(count > 700, "{count}");
}

#[test]
fn dropped_cases_do_not_cover() {
    let equation = equations::row("R15", "m real").expect("a row");
    let dispersion = dispersion::derive(&equation).expect("linear");
    let mut certificate = decide(&equation).c1.certificate.expect("proved");
    certificate.cases.clear();
    assert!(replay(&certificate, Answer::Yes, &equation, &dispersion).is_err());
}

#[test]
fn tampered_witnesses_are_rejected() {
    let equation = equations::row("R38", "").expect("a row");
    let dispersion = dispersion::derive(&equation).expect("linear");
    let witness = decide(&equation).c1.witness.expect("refuted");
    let Witness::Kernel { dimension, radius, time, parameters, lambda, value, error } = witness else {
        panic!("the biharmonic is refuted by a value of its kernel")
    };
    // The depth of the first negative part is 0.103 of the peak, Gamma(1/4)/(4 pi) (theory, section 4).
    assert!((value / (3.625609908221908 / (4.0 * std::f64::consts::PI)) + 0.103).abs() < 2e-3, "{value}");
    let make = |dimension, radius: &Rational, time: &Rational, lambda: Expr, value, error| Witness::Kernel {
        dimension,
        radius: radius.clone(),
        time: time.clone(),
        parameters: parameters.clone(),
        lambda,
        value,
        error,
    };
    let half = |r: &Rational| r * rational(1, 2);
    assert_eq!(check_witness(&make(1, &radius, &time, lambda.clone(), value, error), &equation, &dispersion), Ok(()));
    for bad in [
        make(2, &radius, &time, lambda.clone(), value, error),
        make(dimension, &half(&radius), &time, lambda.clone(), value, error),
        make(dimension, &radius, &half(&time), lambda.clone(), value, error),
        make(dimension, &radius, &time, Expr::kappa(), value, error),
        make(dimension, &radius, &time, lambda.clone(), -value, error),
        make(dimension, &radius, &time, lambda.clone(), 1.01 * value, error),
        make(dimension, &radius, &time, lambda.clone(), value, -error),
        make(dimension, &radius, &time, lambda, value, 3.0),
    ] {
        assert!(check_witness(&bad, &equation, &dispersion).is_err(), "{bad:?}");
    }
}

/// Evidence is data: it reads back from JSON as it was.
#[test]
fn evidence_reads_back() {
    for (id, equation, _) in equations() {
        let v = decide(&equation);
        for c in [&v.c1, &v.c2] {
            if let Some(certificate) = &c.certificate {
                let text = serde_json::to_string(certificate).expect("JSON");
                let again: Certificate = serde_json::from_str(&text).expect(&text);
                assert_eq!(serde_json::to_string(&again).expect("JSON"), text, "{id}");
            }
            if let Some(witness) = &c.witness {
                let text = serde_json::to_string(witness).expect("JSON");
                let again: Witness = serde_json::from_str(&text).expect(&text);
                assert_eq!(serde_json::to_string(&again).expect("JSON"), text, "{id}");
            }
        }
    }
}
