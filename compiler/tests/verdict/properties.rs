//! Random functions and equations: nothing false is ever proved.

use crate::equations::{equation, n, phi, sym};
use crate::table::decide;
use genphys_compiler::dispersion::{self, Problem};
use genphys_compiler::expr::{Expr, rational};
use genphys_compiler::verdict::{Answer, check_witness, replay};
use num_complex::Complex64;
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

/// All roots of a real polynomial, constant first, by the iteration of Durand and Kerner: slow, and independent of the
/// compiler's.
pub fn durand_kerner(coefficients: &[f64]) -> Vec<Complex64> {
    let n = coefficients.len() - 1;
    let lead = coefficients[n];
    let size = 1.0 + coefficients.iter().map(|c| (c / lead).abs()).fold(0.0, f64::max);
    let mut roots: Vec<Complex64> =
        (0..n).map(|j| Complex64::from_polar(size, 0.4 + std::f64::consts::TAU * j as f64 / n as f64)).collect();
    for _ in 0..3000 {
        let mut moved = 0.0f64;
        for i in 0..n {
            let value = coefficients.iter().rev().fold(Complex64::from(0.0), |v, c| v * roots[i] + c / lead);
            let others: Complex64 = (0..n).filter(|j| *j != i).map(|j| roots[i] - roots[j]).product();
            let step = value / others;
            if step.is_finite() {
                roots[i] -= step;
                moved = moved.max(step.norm());
            }
        }
        if moved < 1e-15 * size {
            break;
        }
    }
    roots
}

/// `sum of (c + d kappa) s^j + s^n`, and `e kappa^2` in the constant coefficient.
#[derive(Clone, Debug)]
struct Random {
    powers: Vec<(i64, i64)>,
    square: i64,
}

impl Random {
    fn operator(&self) -> Expr {
        let n_powers = self.powers.len() as u32;
        let terms = self.powers.iter().zip(0..).map(|((c, d), j)| {
            let f = phi().dt(j);
            n(*c) * f.clone() - n(*d) * f.lap()
        });
        phi().dt(n_powers) + n(self.square) * phi().lap().lap() + Expr::add(terms)
    }

    fn roots(&self, k: f64) -> Vec<Complex64> {
        let kappa = k * k;
        let mut c: Vec<f64> = self.powers.iter().map(|(c, d)| *c as f64 + *d as f64 * kappa).collect();
        c[0] += self.square as f64 * kappa * kappa;
        c.push(1.0);
        durand_kerner(&c)
    }

    /// Is there a chain of roots from grid point to grid point, with steps no longer than twice the longest needed, that
    /// starts on `level` and stays below it?
    fn stays_below(&self, grid: &[(f64, Vec<Complex64>)], level: f64) -> bool {
        let start = &grid[0].1;
        let mut reached: Vec<Complex64> = start.iter().copied().filter(|s| (s.re - level).abs() < 1e-4).collect();
        for pair in grid.windows(2) {
            let (from, to) = (&pair[0].1, &pair[1].1);
            // In both directions, for two roots may meet in one.
            let apart = |a: &[Complex64], b: &[Complex64]| {
                let nearest = |s: &Complex64| b.iter().map(|z| (z - s).norm()).fold(f64::INFINITY, f64::min);
                a.iter().map(nearest).fold(0.0, f64::max)
            };
            let step = 2.0 * apart(to, from).max(apart(from, to)) + 1e-3;
            let margin = if pair[1].0 < 0.3 { 1e-4 } else { -1e-10 };
            let below = |s: &&Complex64| s.re < level + margin && reached.iter().any(|z| (*z - **s).norm() <= step);
            reached = to.iter().filter(below).copied().collect();
        }
        !reached.is_empty()
    }
}

fn random() -> impl Strategy<Value = Random> {
    let power = (small(), prop_oneof![3 => Just(0i64), 2 => -2i64..=3]);
    (prop::collection::vec(power, 2..=4), prop_oneof![3 => Just(0i64), 1 => -1i64..=2])
        .prop_map(|(powers, square)| Random { powers, square })
}

/// The expansion of the root s of a polynomial about kappa, from its equation; a jet of `lambda = -s`.
fn implicit_jet(random: &Random, s: f64, kappa: f64, order: usize) -> Vec<f64> {
    let n_powers = random.powers.len();
    let multiply =
        |a: &[f64], b: &[f64]| -> Vec<f64> { (0..=order).map(|k| (0..=k).map(|i| a[i] * b[k - i]).sum()).collect() };
    let mut y = vec![0.0; order + 1];
    y[0] = s;
    let value = |y: &[f64]| {
        let mut v = vec![0.0; order + 1];
        v[0] = 1.0;
        for j in (0..n_powers).rev() {
            v = multiply(&v, y);
            let (c, d) = random.powers[j];
            v[0] += c as f64 + d as f64 * kappa;
            v[1] += d as f64;
        }
        let e = random.square as f64;
        v[0] += e * kappa * kappa;
        v[1] += 2.0 * e * kappa;
        v[2] += e;
        v
    };
    let slope = {
        let (mut p, mut d) = (1.0, 0.0);
        for (c, e) in random.powers.iter().rev() {
            d = d * s + p;
            p = p * s + *c as f64 + *e as f64 * kappa;
        }
        d
    };
    for k in 1..=order {
        y[k] = -value(&y)[k] / slope;
    }
    y.iter().map(|c| -c).collect()
}

/// Every answer replays, every witness holds, and none contradicts the roots on a grid of wave numbers.
fn answers_agree_with_sampling(random: &Random) -> Result<(), TestCaseError> {
    let e = equation(random.operator(), "");
    let Ok(d) = dispersion::derive(&e) else { return Ok(()) };
    let v = decide(&e);
    for c in [&v.c1, &v.c2] {
        prop_assert!(c.answer == Answer::Undecided || c.certificate.is_some() || c.witness.is_some(), "{}", v.reason);
        if let Some(certificate) = &c.certificate {
            prop_assert_eq!(replay(certificate, c.answer, &e, &d), Ok(()), "{:?}", certificate);
        }
        if let Some(witness) = &c.witness {
            prop_assert_eq!(check_witness(witness, &e, &d), Ok(()));
        }
    }
    let grid: Vec<(f64, Vec<Complex64>)> =
        (0..160).map(|j| 0.04 * f64::from(j)).map(|k| (k, random.roots(k))).collect();
    let levels: Vec<f64> = grid[0].1.iter().map(|s| s.re).collect();
    let top = levels.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let all_below = |roots: &[Complex64]| roots.iter().all(|s| s.re < top - 1e-3);
    match v.c2.answer {
        Answer::Yes => {
            let some = levels.iter().any(|level| random.stays_below(&grid, *level));
            prop_assert!(some, "yes, but no path stays below: {}", v.reason);
        }
        // Boundedness leaves the decaying paths only.
        Answer::No if d.problem == Problem::FreeBoundary => {
            let least = levels.iter().copied().fold(f64::INFINITY, f64::min);
            let some = grid[8..].iter().any(|(_, s)| s.iter().any(|s| s.re < (least - 1e-3).min(0.0)));
            prop_assert!(!some, "no, but a root that decays falls: {}", v.reason);
        }
        Answer::No => prop_assert!(!grid[8..].iter().any(|(_, s)| all_below(s)), "no, but all fall: {}", v.reason),
        Answer::Conditional => prop_assert!(!grid[8..].iter().all(|(_, s)| all_below(s)), "all fall: {}", v.reason),
        Answer::Undecided => {}
    }
    if v.c1.reason.starts_with("no kappa") {
        let decaying = v.c1.reason.contains("decays");
        for (k, roots) in &grid[2..] {
            let alone = |s: &Complex64| roots.iter().filter(|z| (*z - s).norm() < 1e-2).count() == 1;
            let real = roots.iter().find(|s| s.im.abs() < 1e-11 && alone(s) && (!decaying || s.re < -1e-6));
            prop_assert!(real.is_none(), "a real root at k = {k}: {roots:?}");
        }
    }
    if v.c1.reason.starts_with("lambda is the inverse") {
        for kappa in [0.05f64, 0.3, 1.0, 5.0, 30.0] {
            let real = random.roots(kappa.sqrt()).into_iter().filter(|s| s.im.abs() < 1e-6).map(|s| s.re);
            let jet = implicit_jet(random, real.fold(f64::INFINITY, f64::min), kappa, 7);
            for (order, c) in jet.iter().enumerate().skip(1) {
                let sign = if order % 2 == 1 { 1.0 } else { -1.0 };
                let scale = jet[0].abs().max(1.0) / kappa.powi(order as i32);
                prop_assert!(sign * c > -1e-6 * scale, "order {order} at kappa = {kappa}: {jet:?}");
            }
        }
    }
    Ok(())
}

#[test]
fn an_elliptic_equation_does_not_profit_from_a_growing_branch() {
    // s = 1 + kappa +- sqrt(2 kappa): the lower root falls at first, and never decays.
    let random = Random { powers: vec![(1, 0), (-2, -2)], square: 1 };
    answers_agree_with_sampling(&random).expect("the answer of the equation");
    let e = equation(random.operator(), "");
    assert_eq!(decide(&e).c2.answer, Answer::No);
    let reason = dispersion::derive(&e).expect("a dispersion relation").reason;
    assert!(reason.contains("no branch decays"), "{reason}");
}

#[test]
fn a_count_whose_proof_needs_zeros_close_to_the_axis() {
    let random = Random { powers: vec![(0, -2), (-1, 3), (-2, 1), (-1, 0)], square: 0 };
    answers_agree_with_sampling(&random).expect("the answer of the equation");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn answers_up_to_fourth_order_agree_with_sampling(random in random()) {
        answers_agree_with_sampling(&random)?;
    }
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
