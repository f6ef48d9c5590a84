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

/// A value of the language: an amplitude beside the plane wave, or a vector of two.
#[derive(Clone, Debug)]
enum Value {
    Scalar(Polynomial),
    Vector([Polynomial; 2]),
    /// A coefficient, without the plane wave.
    Coefficient(Polynomial),
    /// The order of a fractional Laplacian.
    Order(f64),
    Zero,
}

/// The plane wave: growth rate and wave vector.
#[derive(Clone, Copy, Debug)]
struct Wave {
    rates: [Complex64; 3],
}

impl Wave {
    fn derivative(&self, p: &Polynomial, axis: usize) -> Polynomial {
        let mut out = polynomial_derivative(p, axis);
        for (powers, c) in p {
            *out.entry(*powers).or_default() += c * self.rates[axis];
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

fn scalar(v: Value) -> Polynomial {
    match v {
        Value::Scalar(p) => p,
        Value::Zero => Polynomial::new(),
        other => panic!("a scalar is needed, found {other:?}"),
    }
}

fn vector(v: Value) -> [Polynomial; 2] {
    match v {
        Value::Vector(v) => v,
        Value::Zero => Default::default(),
        other => panic!("a vector is needed, found {other:?}"),
    }
}

fn value(pattern: &PatternAst<Node>, at: Id, wave: &Wave, bound: &BTreeMap<String, Value>) -> Value {
    let of = |id: &Id| value(pattern, *id, wave, bound);
    let map = |v: Value, f: &dyn Fn(&Polynomial) -> Polynomial| match v {
        Value::Vector([a, b]) => Value::Vector([f(&a), f(&b)]),
        Value::Coefficient(p) => Value::Coefficient(f(&p)),
        v => Value::Scalar(f(&scalar(v))),
    };
    let divergence = |v: Value| {
        let [a, b] = vector(v);
        sum(wave.derivative(&a, 1), &wave.derivative(&b, 2), 1.0)
    };
    let gradient = |v: Value| {
        let f = scalar(v);
        Value::Vector([wave.derivative(&f, 1), wave.derivative(&f, 2)])
    };
    let riesz = |order: &Id, f: &Id, less: f64| {
        let Value::Order(b) = of(order) else { panic!("an order is needed") };
        let factor = wave.kappa().powf(b - less);
        map(of(f), &|p| p.iter().map(|(n, c)| (*n, c * factor)).collect())
    };
    let node = match &pattern[at] {
        ENodeOrVar::Var(v) => return bound[&v.to_string()].clone(),
        ENodeOrVar::ENode(node) => node,
    };
    match node {
        Node::Term(f) => of(f),
        Node::Sum([a, b]) | Node::Add([a, b]) => match (of(a), of(b)) {
            (Value::Zero, v) | (v, Value::Zero) => v,
            (Value::Vector([a, b]), Value::Vector([c, d])) => Value::Vector([sum(a, &c, 1.0), sum(b, &d, 1.0)]),
            (a, b) => Value::Scalar(sum(scalar(a), &scalar(b), 1.0)),
        },
        Node::Flow([p, j, r]) => {
            let change = wave.derivative(&scalar(of(p)), 0);
            Value::Scalar(sum(sum(change, &divergence(of(j)), 1.0), &scalar(of(r)), -1.0))
        }
        Node::Neg(f) => map(of(f), &|p| sum(Polynomial::new(), p, -1.0)),
        Node::Scale([c, f]) => {
            let Value::Coefficient(c) = of(c) else { panic!("a coefficient is needed") };
            map(of(f), &|p| product(&c, p))
        }
        Node::Rate(c) => map(of(c), &|p| polynomial_derivative(p, 0)),
        Node::Dt(f) => map(of(f), &|p| wave.derivative(p, 0)),
        Node::Dx(f) => map(of(f), &|p| wave.derivative(p, 1)),
        Node::Lap(f) => Value::Scalar(divergence(gradient(of(f)))),
        Node::Grad(f) => gradient(of(f)),
        Node::Div(f) => Value::Scalar(divergence(of(f))),
        Node::Along(f) => Value::Vector([scalar(of(f)), Polynomial::new()]),
        Node::Frac([order, f]) => riesz(order, f, 0.0),
        Node::Riesz([order, f]) => riesz(order, f, 1.0),
        Node::Atom(Atom(e)) => {
            assert!(e.is_zero(), "a rule names no other leaf");
            Value::Zero
        }
    }
}

/// The distance of the two sides, relative to their size.
fn difference(index: usize, wave: &Wave, bound: &BTreeMap<String, Value>) -> f64 {
    let side = |pattern: &PatternAst<Node>| value(pattern, Id::from(pattern.as_ref().len() - 1), wave, bound);
    let size = |p: &Polynomial| p.values().map(|c| c.norm()).fold(0.0, f64::max);
    let (left, right) = (side(&SIDES[index].left), side(&SIDES[index].right));
    match (left, right) {
        (Value::Vector(a), Value::Vector(b)) => {
            let apart = |i: usize| size(&sum(a[i].clone(), &b[i], -1.0)) / (1.0 + size(&a[i]));
            apart(0).max(apart(1))
        }
        (a, b) => {
            let (a, b) = (scalar(a), scalar(b));
            size(&sum(a.clone(), &b, -1.0)) / (1.0 + size(&a))
        }
    }
}

/// Values for the variables of a rule: `?J`, `?K` vectors, `?c` a coefficient, `?b` an order, any other a scalar.
fn bind(rule: &Rule, numbers: &[f64], respect_needs: bool) -> BTreeMap<String, Value> {
    let fractional = rule.left.contains("frac");
    let mut numbers = numbers.iter().cycle();
    let mut number = || *numbers.next().expect("endless");
    let mut polynomial = |degrees: [u32; 3]| {
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
    for name in ["?b", "?c", "?f", "?p", "?q", "?r", "?s", "?J", "?K"] {
        // One Fourier mode is enough for a multiplier, so its amplitude depends on t only.
        let field = if fractional { [2, 0, 0] } else { [2, 2, 1] };
        let value = match name {
            "?b" => Value::Order(0.3),
            "?c" => Value::Coefficient(polynomial(coefficient_degrees(rule, respect_needs))),
            "?J" | "?K" => Value::Vector([polynomial(field), polynomial(field)]),
            _ => Value::Scalar(polynomial(field)),
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

fn wave() -> impl Strategy<Value = Wave> {
    (-2.0..2.0, -2.0..2.0, 0.3..2.0, 0.3..2.0)
        .prop_map(|(a, b, k, l)| Wave { rates: [Complex64::new(a, b), Complex64::new(0.0, k), Complex64::new(0.0, l)] })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn both_sides_of_every_rule_agree(wave in wave(), numbers in prop::collection::vec(-1.0f64..1.0, 97)) {
        for (index, rule) in RULES.iter().enumerate() {
            let apart = difference(index, &wave, &bind(rule, &numbers, true));
            // Some ten products of numbers of order one: rounding stays below 1e-12.
            prop_assert!(apart < 1e-12, "{}: {apart}", rule.name);
        }
    }

    #[test]
    fn needs_are_necessary(wave in wave(), numbers in prop::collection::vec(0.2f64..1.0, 97)) {
        for name in ["scale_into_dt", "scale_into_div"] {
            let index = RULES.iter().position(|r| r.name == name).expect("a row");
            prop_assert!(difference(index, &wave, &bind(&RULES[index], &numbers, false)) > 1e-3, "{name}");
        }
    }
}
