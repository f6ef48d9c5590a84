//! Modes of equations with coefficients in t or a drift towards the origin, against the equation itself, the laws of the
//! books, and mpmath.

use crate::evolving::{PFGMPP, SCREENED, judged};
use genphys_compiler::expr::{Expr, Var};
use num_complex::Complex64;

/// The value of an expression in kappa, t and parameters; a coefficient function `s(t)` is `1 + t`, its integral `t + t^2/2`.
fn value(e: &Expr, kappa: f64, t: f64, letters: &[(&str, f64)]) -> f64 {
    let leaf = |part: &Expr| match part {
        Expr::Var(Var::Kappa) => Some(kappa.into()),
        Expr::Var(Var::Time) => Some(t.into()),
        Expr::Apply(name, _) if name.as_str().starts_with("int_") => Some((t + 0.5 * t * t).into()),
        Expr::Apply(..) => Some((1.0 + t).into()),
        Expr::Sym(name) => letters.iter().find(|(n, _)| *n == name.as_str()).map(|(_, v)| Complex64::from(*v)),
        _ => None,
    };
    let z = e.evaluate(&leaf).unwrap_or_else(|| panic!("{e} has no value at kappa = {kappa}, t = {t}"));
    assert!(z.im == 0.0, "{e} is not real at kappa = {kappa}, t = {t}");
    z.re
}

/// `exp(-int_0^t lambda)` by Gauss' rule in x, `u = t x^4`, which takes the weak singularities at 0 away.
fn mode(lambda: &Expr, kappa: f64, t: f64, letters: &[(&str, f64)]) -> f64 {
    const NODES: [(f64, f64); 5] = [
        (0.0, 0.568_888_888_888_888_9),
        (-0.538_469_310_105_683_1, 0.478_628_670_499_366_47),
        (0.538_469_310_105_683_1, 0.478_628_670_499_366_47),
        (-0.906_179_845_938_664, 0.236_926_885_056_189_08),
        (0.906_179_845_938_664, 0.236_926_885_056_189_08),
    ];
    let panels = 60;
    let width = 1.0 / f64::from(panels);
    let mut sum = 0.0;
    for i in 0..panels {
        for (node, weight) in NODES {
            let x = width * (f64::from(i) + 0.5 + 0.5 * node);
            sum += 0.5 * width * weight * value(lambda, kappa, t * x.powi(4), letters) * 4.0 * t * x.powi(3);
        }
    }
    (-sum).exp()
}

/// The equation on a mode of p in the coordinates of x: `(p_t, p, kappa dp/dkappa)` at `(kappa, t)` to what must vanish.
type Residual = fn(f64, f64, f64, f64, f64) -> f64;

/// An equation, its parameters, `exp(2 B(t))` of its frame, and the same equation written by hand on a mode.
type ByHand = (&'static str, &'static [(&'static str, f64)], fn(f64) -> f64, Residual);

/// `div(x phi)` is `-k . grad_k = -2 kappa d/dkappa` on a mode.
const BY_HAND: [ByHand; 12] = [
    ("phi_t - t lap(phi) = 0", &[], |_| 1.0, |k, t, p, p_t, _| p_t + t * k * p),
    ("phi_t - exp(t) lap(phi) = 0", &[], |_| 1.0, |k, t, p, p_t, _| p_t + t.exp() * k * p),
    ("sqrt(t) phi_t - lap(phi) = 0", &[], |_| 1.0, |k, t, p, p_t, _| t.sqrt() * p_t + k * p),
    ("(1 + t) phi_t - lap(phi) + m phi = 0", &[("m", 0.3)], |_| 1.0, |k, t, p, p_t, _| (1.0 + t) * p_t + (k + 0.3) * p),
    ("dt(exp(t) phi) - lap(phi) = 0", &[], |_| 1.0, |k, t, p, p_t, _| t.exp() * (p_t + p) + k * p),
    (
        "phi_t - s t^a lap(phi) + m phi = 0 where a > -1",
        &[("s_", 1.2), ("a", -0.4), ("m", 0.5)],
        |_| 1.0,
        |k, t, p, p_t, _| p_t + (1.2 * t.powf(-0.4) * k + 0.5) * p,
    ),
    ("phi_t - lap(phi) + t (-lap)^(1/2) phi = 0", &[], |_| 1.0, |k, t, p, p_t, _| p_t + (k + t * k.sqrt()) * p),
    ("phi_t - lap(phi) - div(x phi) = 0", &[], |t| (2.0 * t).exp(), |k, _, p, p_t, s| p_t + k * p + 2.0 * s),
    ("phi_t - lap(phi) + div(x phi) = 0", &[], |t| (-2.0 * t).exp(), |k, _, p, p_t, s| p_t + k * p - 2.0 * s),
    (
        "phi_t - lap(phi) + (-lap)^beta phi - t div(x phi) = 0",
        &[("beta", 0.6)],
        |t| (t * t).exp(),
        |k, t, p, p_t, s| p_t + (k + k.powf(0.6)) * p + 2.0 * t * s,
    ),
    (
        "phi_t - (1/2) beta(t) lap(phi) - (1/2) beta(t) div(x phi) = 0 where beta(t) > 0",
        &[],
        |t| (t + 0.5 * t * t).exp(),
        |k, t, p, p_t, s| p_t + (1.0 + t) * (0.5 * k * p + s),
    ),
    (
        "2 phi_t - lap(phi) - exp(t) div(x phi) = 0",
        &[],
        |t| (t.exp() - 1.0).exp(),
        |k, t, p, p_t, s| 2.0 * p_t + k * p + 2.0 * t.exp() * s,
    ),
];

#[test]
fn modes_solve_the_equation_they_are_of() {
    for (text, letters, stretch, residual) in BY_HAND {
        let (_, relation, _) = judged(text);
        let lambda = relation.expect(text).lambda().expect("selected");
        // A wave number of x stands for one of the frame that shrinks as the frame grows.
        let p = |kappa: f64, t: f64| mode(&lambda, kappa / stretch(t), t, letters);
        for (kappa, t) in [(0.3, 0.5), (1.7, 0.9), (4.0, 0.2)] {
            let (dt, dk) = (1e-4 * t, 1e-4 * kappa);
            let p_t = (p(kappa, t + dt) - p(kappa, t - dt)) / (2.0 * dt);
            let slope = (p(kappa + dk, t) - p(kappa - dk, t)) / (2.0 * dk);
            let left = residual(kappa, t, p(kappa, t), p_t, kappa * slope);
            assert!(left.abs() < 1e-5, "{text} at kappa = {kappa}, t = {t}: {left:e} is left, differences err by 1e-7");
        }
    }
}

/// Mehler's kernel has the transform `exp(-(1 - exp(-2 t)) kappa/2)`; a stable process pulled to the origin likewise.
#[test]
fn pulled_processes_have_the_laws_of_the_books() {
    type Law = fn(f64, f64) -> f64;
    let laws: [(&str, Law); 3] = [
        ("phi_t - lap(phi) - div(x phi) = 0", |k, t| (-(1.0 - (-2.0 * t).exp()) * k / 2.0).exp()),
        ("phi_t - 3 lap(phi) - 2 div(x phi) = 0", |k, t| (-3.0 * (1.0 - (-4.0 * t).exp()) * k / 4.0).exp()),
        ("phi_t + (-lap)^(3/4) phi - div(x phi) = 0", |k, t| (-(1.0 - (-1.5 * t).exp()) * k.powf(0.75) / 1.5).exp()),
    ];
    for (text, law) in laws {
        let relation = judged(text).1.expect(text);
        let b = if text.contains("2 div") { 2.0 } else { 1.0 };
        for (kappa, t) in [(0.2, 0.3), (1.0, 1.0), (5.0, 2.0)] {
            let here = mode(&relation.lambda().expect("selected"), kappa * f64::exp(-2.0 * b * t), t, &[]);
            assert!((here - law(kappa, t)).abs() < 1e-12, "{text}: {here}, not {}: quadrature", law(kappa, t));
        }
    }
}

/// `(d, M, t, 2^(1-d/2)/Gamma(d/2) (t sqrt(M))^(d/2) K_(d/2)(t sqrt(M)))`: mpmath 1.3, 40 digits.
const BESSEL_MODES: [(f64, f64, f64, f64); 12] = [
    (0.5, 0.3, 0.4, 0.564283893833954),
    (0.5, 2.0, 1.5, 0.055656188118397766),
    (0.5, 9.0, 0.25, 0.27117045497289066),
    (1.0, 0.3, 0.4, 0.8032502072257572),
    (1.0, 2.0, 1.5, 0.11987325010376203),
    (1.0, 9.0, 0.25, 0.4723665527410147),
    (2.0, 0.3, 0.4, 0.9483627146743479),
    (2.0, 2.0, 1.5, 0.2532906372828895),
    (2.0, 9.0, 0.25, 0.7121853502216051),
    (3.7, 0.3, 0.4, 0.9864900883921394),
    (3.7, 2.0, 1.5, 0.44647115442068247),
    (3.7, 9.0, 0.25, 0.8703996141636696),
];

fn lambda(text: &str) -> Expr {
    judged(text).1.expect(text).lambda().expect("selected")
}

#[test]
fn modes_of_the_bessel_operator_are_those_of_mpmath() {
    let (plain, screened) = (lambda(PFGMPP), lambda(SCREENED));
    for (d, mass, t, expected) in BESSEL_MODES {
        let here = mode(&plain, mass, t, &[("D", d)]);
        // At d = 1/2 the rate diverges like t^(-1/2) at t = 0, and the rule keeps eight digits.
        let tolerance = if d < 1.0 { 1e-7 } else { 1e-10 };
        assert!(
            (here - expected).abs() < tolerance,
            "d = {d}, M = {mass}, t = {t}: {here}, not {expected}: quadrature"
        );
        let part = mode(&screened, mass - 0.25, t, &[("D", d), ("m", 0.5)]);
        assert!((part - here).abs() < 1e-12, "M = kappa + m^2 alone counts");
    }
}

/// The decaying solution of `phi_tt + (d-1)/t phi_t - M phi = 0`, from far out inwards by the classical Runge-Kutta method.
#[test]
fn modes_of_the_bessel_operator_decay_as_the_equation_says() {
    let relation = lambda(PFGMPP);
    for (d, mass) in [(0.5, 1.0), (1.0, 2.0), (2.0, 0.5), (3.7, 3.0), (128.0, 2.0)] {
        let slope = |t: f64, [phi, v]: [f64; 2]| [v, mass * phi - (d - 1.0) / t * v];
        let (steps, end) = (40_000, 60.0);
        let h = -(end - 0.8) / f64::from(steps);
        let mut y = [1.0, -f64::sqrt(mass)];
        let mut densities = Vec::new();
        for i in 0..steps {
            let t = end + h * f64::from(i);
            let add = |a: [f64; 2], c: f64, b: [f64; 2]| [a[0] + c * b[0], a[1] + c * b[1]];
            let k1 = slope(t, y);
            let k2 = slope(t + 0.5 * h, add(y, 0.5 * h, k1));
            let k3 = slope(t + 0.5 * h, add(y, 0.5 * h, k2));
            let k4 = slope(t + h, add(y, h, k3));
            y = add(add(add(add(y, h / 6.0, k1), h / 3.0, k2), h / 3.0, k3), h / 6.0, k4);
            let scale = y[0].abs();
            y = [y[0] / scale, y[1] / scale];
            densities.push((t + h, -(d - 1.0) / (t + h) - mass * y[0] / y[1]));
        }
        // p = -t^(d-1) phi_t, so that -p_t/p = -(d-1)/t - phi_tt/phi_t = -M phi/phi_t.
        for (t, _) in densities.iter().rev().step_by(1200).take(4) {
            let index = densities.iter().position(|(u, _)| u == t).expect("there");
            let rate = densities[index].1 + (d - 1.0) / t;
            let expected = value(&relation, mass, *t, &[("D", d)]);
            assert!((rate / expected - 1.0).abs() < 1e-8, "d = {d}, t = {t}: {rate}, not {expected}: h^4 = 5e-12");
        }
    }
}

/// `(d, kappa, first four derivatives of lambda in kappa)` at t = 0.8: mpmath 1.3, `taylor`, 40 digits. They alternate.
const SLOPES: [(f64, f64, [f64; 4]); 15] = [
    (0.5, 0.1, [1.8359369012195823, -10.45759876000489, 168.32414394719277, -4419.322493729149]),
    (0.5, 1.0, [0.521777189632524, -0.27482744208928506, 0.42669842998500607, -1.095190227226013]),
    (0.5, 20.0, [0.11233733679096206, -0.0028305909103547087, 0.00021369490216762102, -2.686652320231458e-5]),
    (1.0, 0.1, [1.5811388300841898, -7.905694150420948, 118.58541225631421, -2964.6353064078558]),
    (1.0, 1.0, [0.5, -0.25, 0.375, -0.9375]),
    (1.0, 20.0, [0.11180339887498948, -0.002795084971874737, 0.00020963137289060527, -2.6203921611325663e-5]),
    (2.0, 0.1, [0.9770880303964318, -2.9771126831784693, 34.29207537020741, -719.7556792199352]),
    (2.0, 1.0, [0.4281668732961752, -0.17529073008198914, 0.22995666556285665, -0.5193569963559214]),
    (2.0, 20.0, [0.1097276578540496, -0.002659281524541225, 0.00019431310445671028, -2.3738809776374846e-5]),
    (3.7, 0.1, [0.4142298289290675, -0.3345585206172992, 1.7578308879893307, -22.927923258712127]),
    (3.7, 1.0, [0.2937021516611026, -0.06842527730967254, 0.06018539848779287, -0.10065652003691947]),
    (3.7, 20.0, [0.10361786427021012, -0.0022802483069680633, 0.00015353228789452168, -1.7450517409447468e-5]),
    (128.0, 0.1, [0.006349154333828594, -5.201472808032443e-7, 1.2993307196201923e-10, -5.481974917127237e-14]),
    (128.0, 1.0, [0.006348686253892106, -5.200303632364971e-7, 1.298837474528293e-10, -5.479027468398004e-14]),
    (128.0, 20.0, [0.0063388290585498575, -5.175724243920283e-7, 1.2884861251303954e-10, -5.41728135287719e-14]),
];

#[test]
fn the_bessel_ratio_has_the_derivatives_of_mpmath_which_alternate() {
    let relation = lambda(PFGMPP);
    let mut derivatives = vec![relation.clone()];
    for n in 0..3 {
        derivatives.push(derivatives[n].derivative(&Expr::kappa()).expect("a derivative"));
    }
    for (d, kappa, expected) in SLOPES {
        for (n, expected) in expected.iter().enumerate() {
            assert!((n % 2 == 0) == (*expected > 0.0), "a Bernstein function");
            // At d = 128 terms of size 1 cancel to 1e-14, so only the first derivative is compared.
            if let (Some(e), true) = (derivatives.get(n + 1), n == 0 || d < 100.0) {
                let here = value(e, kappa, 0.8, &[("D", d)]);
                assert!((here / expected - 1.0).abs() < 1e-6, "d = {d}, kappa = {kappa}, order {}: {here}", n + 1);
            }
        }
    }
}

#[test]
fn one_extra_dimension_is_poissons_equation() {
    let (bessel, poisson) = (lambda(PFGMPP), lambda("phi_tt + lap(phi) = 0"));
    for kappa in [0.01, 1.0, 50.0] {
        for t in [0.1, 2.0] {
            let (a, b) = (value(&bessel, kappa, t, &[("D", 1.0)]), value(&poisson, kappa, t, &[]));
            assert!((a / b - 1.0).abs() < 1e-12, "kappa = {kappa}, t = {t}: {a} {b}: the accuracy of K");
        }
    }
}
