//! Random functions and equations: nothing false is ever proved.

use crate::equations::{equation, n, phi, sym};
use crate::table::decide;
use genphys_compiler::dispersion;
use genphys_compiler::expr::{Expr, rational};
use genphys_compiler::verdict::{Answer, check_witness, replay};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Taylor coefficients about a point, for functions built from sums, products, quotients and real powers.
fn jet(e: &Expr, kappa: f64, order: usize) -> Vec<f64> {
    let constant = |x: f64| {
        let mut j = vec![0.0; order + 1];
        j[0] = x;
        j
    };
    match e {
        Expr::Var(_) => {
            let mut j = constant(kappa);
            j[1] = 1.0;
            j
        }
        Expr::Num(r) => constant(num_traits::ToPrimitive::to_f64(r).expect("a double")),
        Expr::Add(terms) => {
            terms.iter().fold(constant(0.0), |s, t| s.iter().zip(jet(t, kappa, order)).map(|(a, b)| a + b).collect())
        }
        Expr::Mul(parts) => parts.iter().fold(constant(1.0), |p, f| {
            let f = jet(f, kappa, order);
            (0..=order).map(|k| (0..=k).map(|i| p[i] * f[k - i]).sum()).collect()
        }),
        Expr::Pow(b, x) => {
            let (u, p) = (jet(b, kappa, order), jet(x, kappa, 0)[0]);
            let mut w = vec![u[0].powf(p)];
            for k in 1..=order {
                let sum: f64 = (1..=k).map(|i| (p * i as f64 - (k - i) as f64) * u[i] * w[k - i]).sum();
                w.push(sum / (k as f64 * u[0]));
            }
            w
        }
        other => panic!("no Taylor rule for {other}"),
    }
}

/// A derivative of the wrong sign, well beyond rounding: of `lambda - lambda(0)`, its value and 9 derivatives.
fn visibly_not_bernstein(lambda: &Expr) -> bool {
    [0.02, 0.1, 0.5, 1.0, 3.0, 10.0, 60.0].into_iter().any(|kappa| {
        let j = jet(lambda, kappa, 9);
        (1..=9usize).any(|order| {
            let sign = if order % 2 == 1 { 1.0 } else { -1.0 };
            let scale = j[0].abs().max(1.0) / f64::powi(kappa, order as i32);
            sign * j[order] < -1e-9 * scale
        })
    })
}

fn small() -> impl Strategy<Value = i64> {
    -3i64..=4
}

/// `phi_tt + b phi_t + (c0 + c1 kappa + c2 kappa^2)` or first order, with whole coefficients.
fn random_equation() -> impl Strategy<Value = Expr> {
    (prop_oneof![Just(1u32), Just(2)], small(), small(), small(), small()).prop_map(|(order, b, c0, c1, c2)| {
        let first = if order == 2 { n(b) * phi().dt(1) } else { n(0) };
        phi().dt(order) + first + n(c0) * phi() - n(c1) * phi().lap() + n(c2) * phi().lap().lap()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn answers_on_random_equations_agree_with_sampling(operator in random_equation()) {
        let e = equation(operator, "");
        let Ok(d) = dispersion::derive(&e) else { return Ok(()) };
        let v = decide(&e);
        for c in [&v.c1, &v.c2] {
            if let Some(certificate) = &c.certificate {
                prop_assert_eq!(replay(certificate, c.answer, &e, &d), Ok(()));
            }
            if let Some(witness) = &c.witness {
                prop_assert_eq!(check_witness(witness, &e, &d), Ok(()));
            }
        }
        // C2 by dense sampling of the real parts: a path is a closed form, or the n-th largest root at every k.
        let values = BTreeMap::new();
        let forms = |k: f64| -> Vec<f64> {
            d.evaluate(k, &values).expect("no parameters").iter().map(|w| -w.im).collect()
        };
        let sorted = |k: f64| {
            let mut out = forms(k);
            out.sort_by(f64::total_cmp);
            out
        };
        let above = |path: &dyn Fn(f64) -> f64| (1..400).all(|j| path(0.02 * f64::from(j)) > path(0.0) + 1e-13);
        let below = |path: &dyn Fn(f64) -> f64| (1..400).all(|j| path(0.02 * f64::from(j)) <= path(0.0) + 1e-13);
        match v.c2.answer {
            Answer::Yes => {
                let some = (0..d.branches.len()).any(|i| above(&|k| forms(k)[i]) || above(&|k| sorted(k)[i]));
                prop_assert!(some, "yes, but no branch rises: {}", v.reason);
            }
            Answer::No => {
                let selected = d.selected.unwrap_or(0);
                prop_assert!(below(&|k| forms(k)[selected]), "no, but the branch rises: {}", v.reason);
            }
            _ => {}
        }
        if v.c1.answer == Answer::Yes
            && let Some(l) = d.lambda()
            && !v.c1.reason.contains("factors")
        {
            prop_assert!(!visibly_not_bernstein(&l), "proved Bernstein: {l}");
        }
    }

    #[test]
    fn answers_with_a_parameter_agree_with_its_values(b in small(), c1 in small(), c2 in small(), q in -6i64..=6) {
        let build = |q: Expr| phi().dt(2) + n(b) * phi().dt(1) + q * phi() - n(c1) * phi().lap() + n(c2) * phi().lap().lap();
        let whole = decide(&equation(build(sym("q")), "q real"));
        let point = decide(&equation(build(Expr::Num(rational(q, 2))), ""));
        for (w, p) in [(&whole.c1, &point.c1), (&whole.c2, &point.c2)] {
            if matches!(w.answer, Answer::Yes | Answer::No) && p.answer != Answer::Undecided {
                prop_assert_eq!(w.answer, p.answer, "{} at q = {}/2: {}", &whole.reason, q, &point.reason);
            }
        }
    }

    #[test]
    fn random_roots_of_polynomials_are_never_wrongly_bernstein(
        c in prop::collection::vec(0i64..=4, 3), d in prop::collection::vec(0i64..=4, 2), half in any::<bool>(),
    ) {
        // lambda = (c0 + c1 kappa + c2 kappa^2)/(1 + d1 kappa), or the square root of it.
        let kappa = Expr::kappa;
        let top = n(c[0]) + n(c[1]) * kappa() + n(c[2]) * kappa().powi(2);
        let order = if half { 2 } else { 1 };
        let on = |e: Expr| e * phi();
        let operator = phi().dt(order) - n(d[1]) * phi().dt(order).lap();
        let sign = if half { n(-1) } else { n(1) };
        let operator = operator + sign * (on(n(c[0])) - n(c[1]) * phi().lap() + n(c[2]) * phi().lap().lap());
        let e = equation(operator, "");
        prop_assume!(!top.is_zero());
        let v = decide(&e);
        if let (Answer::Yes, Ok(disp)) = (v.c1.answer, dispersion::derive(&e))
            && let Some(l) = disp.lambda()
        {
            prop_assert!(!visibly_not_bernstein(&l), "proved Bernstein: {l}");
        }
        if v.c1.answer == Answer::No {
            prop_assert!(v.c1.witness.is_some());
        }
    }
}
