//! Every rule has one value on both sides for random plane waves with polynomial amplitudes.
//!
//! A scalar is `P(t, x, y) exp(s t + i (k x + l y))` with a polynomial P, a coefficient is a polynomial, so every
//! operator is exact arithmetic on coefficients: no code of the compiler but the pattern trees is involved.

use crate::flow::language::{Atom, Node};
use crate::flow::rules::{Need, RULES, Rule, SIDES};
use egg::{ENodeOrVar, Id, PatternAst};
use num_complex::Complex64;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Exponents of t, x, y to coefficients.
type Polynomial = BTreeMap<[u32; 3], Complex64>;

/// What an amplitude stands beside: a power of the plane wave, or its absolute square.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Beside {
    Power(u32),
    Square,
}

/// The plane wave itself.
const WAVE: Beside = Beside::Power(1);

/// A value of the language: an amplitude, or a vector of two.
#[derive(Clone, Debug)]
enum Value {
    Scalar(Beside, Polynomial),
    Vector(Beside, [Polynomial; 2]),
    /// A coefficient, without the plane wave.
    Coefficient(Polynomial),
    /// The order of a fractional Laplacian.
    Order(f64),
    /// The unit vector along an axis: 1 for x, 2 for y.
    Unit(usize),
    /// A function `a g^n` of another scalar.
    Monomial(Complex64, u32),
    Zero,
}

/// The plane wave: growth rate and wave vector.
#[derive(Clone, Copy, Debug)]
struct Wave {
    rates: [Complex64; 3],
}

impl Wave {
    fn derivative(&self, p: &Polynomial, axis: usize, beside: Beside) -> Polynomial {
        let rate = match beside {
            Beside::Power(n) => self.rates[axis] * f64::from(n),
            Beside::Square => Complex64::from(2.0 * self.rates[axis].re),
        };
        let mut out = polynomial_derivative(p, axis);
        for (powers, c) in p {
            *out.entry(*powers).or_default() += c * rate;
        }
        out
    }

    fn kappa(&self) -> Complex64 {
        -(self.rates[1] * self.rates[1] + self.rates[2] * self.rates[2])
    }
}

fn polynomial_derivative(p: &Polynomial, axis: usize) -> Polynomial {
    let mut out = Polynomial::new();
    for (powers, c) in p.iter().filter(|(powers, _)| powers[axis] > 0) {
        let mut lower = *powers;
        lower[axis] -= 1;
        *out.entry(lower).or_default() += c * f64::from(powers[axis]);
    }
    out
}

fn sum(a: Polynomial, b: &Polynomial, sign: f64) -> Polynomial {
    let mut out = a;
    for (powers, c) in b {
        *out.entry(*powers).or_default() += c * sign;
    }
    out
}

fn product(a: &Polynomial, b: &Polynomial) -> Polynomial {
    let mut out = Polynomial::new();
    for (m, c) in a {
        for (n, d) in b {
            *out.entry([m[0] + n[0], m[1] + n[1], m[2] + n[2]]).or_default() += c * d;
        }
    }
    out
}

/// `2 re(c conj(g) f)` of amplitudes beside the wave.
fn twice_real(c: &Polynomial, g: &Polynomial, f: &Polynomial) -> Polynomial {
    let conjugate = |p: &Polynomial| p.iter().map(|(n, c)| (*n, c.conj())).collect::<Polynomial>();
    let z = product(c, &product(&conjugate(g), f));
    sum(z.clone(), &conjugate(&z), 1.0)
}

fn scalar(v: Value) -> (Beside, Polynomial) {
    match v {
        Value::Scalar(beside, p) => (beside, p),
        Value::Zero => (WAVE, Polynomial::new()),
        other => panic!("a scalar is needed, found {other:?}"),
    }
}

fn vector(v: Value) -> (Beside, [Polynomial; 2]) {
    match v {
        Value::Vector(beside, v) => (beside, v),
        Value::Zero => (WAVE, Default::default()),
        other => panic!("a vector is needed, found {other:?}"),
    }
}

fn add(a: Value, b: Value) -> Value {
    match (a, b) {
        (Value::Zero, v) | (v, Value::Zero) => v,
        (Value::Vector(x, [a, b]), Value::Vector(y, [c, d])) => {
            assert_eq!(x, y);
            Value::Vector(x, [sum(a, &c, 1.0), sum(b, &d, 1.0)])
        }
        (a, b) => {
            let ((x, a), (y, b)) = (scalar(a), scalar(b));
            assert_eq!(x, y);
            Value::Scalar(x, sum(a, &b, 1.0))
        }
    }
}

fn map(v: Value, f: &dyn Fn(&Polynomial) -> Polynomial) -> Value {
    match v {
        Value::Scalar(beside, p) => Value::Scalar(beside, f(&p)),
        Value::Vector(beside, [a, b]) => Value::Vector(beside, [f(&a), f(&b)]),
        Value::Coefficient(p) => Value::Coefficient(f(&p)),
        Value::Zero => Value::Zero,
        Value::Order(_) | Value::Unit(_) | Value::Monomial(..) => panic!("it has no value"),
    }
}

fn value(pattern: &PatternAst<Node>, at: Id, wave: &Wave, bound: &BTreeMap<String, Value>) -> Value {
    let of = |id: &Id| value(pattern, *id, wave, bound);
    let coefficient = |id: &Id| match of(id) {
        Value::Coefficient(c) => c,
        other => panic!("a coefficient is needed, found {other:?}"),
    };
    let negative = |v: Value| map(v, &|p| sum(Polynomial::new(), p, -1.0));
    let derivative = |v: Value, axis: usize| match v {
        Value::Zero => Value::Zero,
        Value::Vector(beside, [a, b]) => {
            Value::Vector(beside, [wave.derivative(&a, axis, beside), wave.derivative(&b, axis, beside)])
        }
        v => {
            let (beside, p) = scalar(v);
            Value::Scalar(beside, wave.derivative(&p, axis, beside))
        }
    };
    let divergence = |v: Value| match v {
        Value::Zero => Value::Zero,
        v => {
            let (beside, [a, b]) = vector(v);
            Value::Scalar(beside, sum(wave.derivative(&a, 1, beside), &wave.derivative(&b, 2, beside), 1.0))
        }
    };
    let gradient = |v: Value| {
        let (beside, f) = scalar(v);
        Value::Vector(beside, [wave.derivative(&f, 1, beside), wave.derivative(&f, 2, beside)])
    };
    let riesz = |order: &Id, f: &Id, less: f64| {
        let Value::Order(b) = of(order) else { panic!("an order is needed") };
        let factor = wave.kappa().powf(b - less);
        map(of(f), &|p| p.iter().map(|(n, c)| (*n, c * factor)).collect())
    };
    let axis = |id: &Id| {
        let Value::Unit(axis) = of(id) else { panic!("a unit vector is needed") };
        axis
    };
    let node = match &pattern[at] {
        ENodeOrVar::Var(v) => return bound[&v.to_string()].clone(),
        ENodeOrVar::ENode(node) => node,
    };
    match node {
        Node::Term(f) => of(f),
        Node::Sum([a, b]) | Node::Add([a, b]) => add(of(a), of(b)),
        Node::Flow([p, j, r]) => add(add(derivative(of(p), 0), divergence(of(j))), negative(of(r))),
        Node::Neg(f) => negative(of(f)),
        Node::Scale([c, f]) => {
            let c = coefficient(c);
            map(of(f), &|p| product(&c, p))
        }
        Node::Rate(c) => Value::Coefficient(polynomial_derivative(&coefficient(c), 0)),
        Node::Dt(f) => derivative(of(f), 0),
        Node::Partial([e, f]) => derivative(of(f), axis(e)),
        Node::Lap(f) => divergence(gradient(of(f))),
        Node::Grad(f) => gradient(of(f)),
        Node::Div(f) => divergence(of(f)),
        Node::Along([e, f]) => {
            let (beside, f) = scalar(of(f));
            let zero = Polynomial::new();
            Value::Vector(beside, if axis(e) == 1 { [f, zero] } else { [zero, f] })
        }
        Node::Frac([order, f]) => riesz(order, f, 0.0),
        Node::Riesz([order, f]) => riesz(order, f, 1.0),
        Node::Times([h, f]) => {
            let (n, h) = match of(h) {
                Value::Monomial(a, n) => power(a, n, &bound["?g"]),
                h => scalar(h),
            };
            multiplied(n, &h, of(f))
        }
        Node::Prim([h, g]) => match of(h) {
            Value::Monomial(a, n) => {
                let (beside, p) = power(a / f64::from(n + 1), n + 1, &of(g));
                Value::Scalar(beside, p)
            }
            other => panic!("a function is needed, found {other:?}"),
        },
        Node::Slope([h, g]) => match of(h) {
            Value::Monomial(a, n) => {
                let (beside, p) = power(a * f64::from(n), n - 1, &of(g));
                Value::Scalar(beside, p)
            }
            other => panic!("a function is needed, found {other:?}"),
        },
        Node::Square(v) => {
            let (_, [a, b]) = vector(of(v));
            Value::Scalar(Beside::Power(2), sum(product(&a, &a), &product(&b, &b), 1.0))
        }
        Node::Abs2(g) => {
            let (_, g) = scalar(of(g));
            let half = BTreeMap::from([([0; 3], Complex64::from(0.5))]);
            Value::Scalar(Beside::Square, twice_real(&half, &g, &g))
        }
        Node::Pair([c, g, f]) => {
            let (c, (_, g)) = (coefficient(c), scalar(of(g)));
            match of(f) {
                Value::Vector(_, [a, b]) => {
                    Value::Vector(Beside::Square, [twice_real(&c, &g, &a), twice_real(&c, &g, &b)])
                }
                f => Value::Scalar(Beside::Square, twice_real(&c, &g, &scalar(f).1)),
            }
        }
        Node::Atom(Atom(e)) => {
            assert!(e.is_zero(), "a rule names no other leaf");
            Value::Zero
        }
    }
}

/// `a g^n`.
fn power(a: Complex64, n: u32, g: &Value) -> (Beside, Polynomial) {
    let (_, g) = scalar(g.clone());
    let start = BTreeMap::from([([0; 3], a)]);
    (Beside::Power(n), (0..n).fold(start, |p, _| product(&p, &g)))
}

/// The product of a scalar with a scalar or vector.
fn multiplied(beside: Beside, h: &Polynomial, f: Value) -> Value {
    let joined = |other: Beside| match (beside, other) {
        (Beside::Power(m), Beside::Power(n)) => Beside::Power(m + n),
        _ => panic!("powers of the wave are needed"),
    };
    match f {
        Value::Vector(other, [a, b]) => Value::Vector(joined(other), [product(h, &a), product(h, &b)]),
        f => {
            let (other, f) = scalar(f);
            Value::Scalar(joined(other), product(h, &f))
        }
    }
}

/// The distance of the two sides, relative to their size.
fn difference(index: usize, wave: &Wave, bound: &BTreeMap<String, Value>) -> f64 {
    let side = |pattern: &PatternAst<Node>| value(pattern, Id::from(pattern.as_ref().len() - 1), wave, bound);
    let size = |p: &Polynomial| p.values().map(|c| c.norm()).fold(0.0, f64::max);
    let (left, right) = (side(&SIDES[index].left), side(&SIDES[index].right));
    let scale = match &left {
        Value::Vector(_, [a, b]) => 1.0 + size(a).max(size(b)),
        v => 1.0 + size(&scalar(v.clone()).1),
    };
    let apart = add(left, map(right, &|p| sum(Polynomial::new(), p, -1.0)));
    match apart {
        Value::Vector(_, [a, b]) => size(&a).max(size(&b)) / scale,
        v => size(&scalar(v).1) / scale,
    }
}

/// Values for the variables of a rule: `?J`, `?K` vectors, `?c` a coefficient, `?b` an order, `?e` a unit vector, any other
/// a scalar.
fn bind(rule: &Rule, axis: usize, numbers: &[f64], respect_needs: bool) -> BTreeMap<String, Value> {
    let fractional = rule.left.contains("frac");
    let mut conjugate = 0.0;
    for need in rule.needs.iter().filter(|_| respect_needs) {
        match need {
            Need::Conjugates(..) => conjugate = 1.0,
            Need::Opposites(..) => conjugate = -1.0,
            _ => {}
        }
    }
    let mut numbers = numbers.iter().cycle();
    let mut number = || *numbers.next().expect("endless");
    let polynomial = |degrees: [u32; 3], number: &mut dyn FnMut() -> f64| {
        let mut p = Polynomial::new();
        for t in 0..=degrees[0] {
            for x in 0..=degrees[1] {
                for y in 0..=degrees[2] {
                    p.insert([t, x, y], Complex64::new(number(), number()));
                }
            }
        }
        p
    };
    let mut out = BTreeMap::new();
    for name in ["?b", "?c", "?e", "?f", "?g", "?p", "?q", "?r", "?s", "?J", "?K", "?h", "?d"] {
        // One Fourier mode is enough for a multiplier, so its amplitude depends on t only.
        let field = if fractional { [2, 0, 0] } else { [2, 2, 1] };
        let value = match name {
            "?b" => Value::Order(0.3),
            "?e" => Value::Unit(axis),
            "?h" => Value::Monomial(Complex64::new(number(), number()), 2),
            "?d" if conjugate != 0.0 => {
                let Value::Coefficient(c) = &out["?c"] else { panic!("a coefficient is needed") };
                Value::Coefficient(c.iter().map(|(n, z)| (*n, z.conj() * conjugate)).collect())
            }
            "?c" | "?d" => {
                let c = polynomial(coefficient_degrees(rule, respect_needs), &mut number);
                Value::Coefficient(c.into_iter().map(|(n, z)| (n, sided(rule, respect_needs, z))).collect())
            }
            "?J" | "?K" => Value::Vector(WAVE, [polynomial(field, &mut number), polynomial(field, &mut number)]),
            _ => Value::Scalar(WAVE, polynomial(field, &mut number)),
        };
        out.insert(name.to_owned(), value);
    }
    out
}

fn coefficient_degrees(rule: &Rule, respect_needs: bool) -> [u32; 3] {
    let needs = |test: fn(&Need) -> bool| respect_needs && rule.needs.iter().any(test);
    let t = if needs(|n| matches!(n, Need::FreeOfTime("?c"))) { 0 } else { 2 };
    let x = if needs(|n| matches!(n, Need::FreeOfPosition("?c"))) { 0 } else { 2 };
    [t, x, x]
}

/// The number on the axis of the complex plane that the rule asks for.
fn sided(rule: &Rule, respect_needs: bool, z: Complex64) -> Complex64 {
    let needs = |test: fn(&Need) -> bool| respect_needs && rule.needs.iter().any(test);
    if needs(|n| matches!(n, Need::Real(_))) {
        Complex64::from(z.re)
    } else if needs(|n| matches!(n, Need::Imaginary(_))) {
        Complex64::new(0.0, z.im)
    } else {
        z
    }
}

fn wave() -> impl Strategy<Value = Wave> {
    (-2.0..2.0, -2.0..2.0, 0.3..2.0, 0.3..2.0)
        .prop_map(|(a, b, k, l)| Wave { rates: [Complex64::new(a, b), Complex64::new(0.0, k), Complex64::new(0.0, l)] })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn both_sides_of_every_rule_agree(wave in wave(), numbers in prop::collection::vec(-1.0f64..1.0, 97)) {
        for (index, rule) in RULES.iter().enumerate() {
            for axis in [1, 2] {
                let apart = difference(index, &wave, &bind(rule, axis, &numbers, true));
                // Some ten products of numbers of order one: rounding stays below 1e-12.
                prop_assert!(apart < 1e-12, "{}, axis {axis}: {apart}", rule.name);
            }
        }
    }

    #[test]
    fn needs_are_necessary(wave in wave(), numbers in prop::collection::vec(0.2f64..1.0, 97)) {
        for name in ["scale_into_dt", "scale_into_div", "pair_is_density", "pair_is_current", "pair_cancels", "pairs_cancel", "pairs_drift"] {
            let index = RULES.iter().position(|r| r.name == name).expect("a row");
            prop_assert!(difference(index, &wave, &bind(&RULES[index], 2, &numbers, false)) > 1e-3, "{name}");
        }
    }
}
