//! Equal forms of a function: those read off at once, and those that a search finds.
//!
//! In:   a function of `kappa` and the facts.
//! Out:  forms equal to it for every `kappa > 0` and every admitted parameter: one row a rule.
//! Holds: a form is offered only where the facts show it equal; the checker compares both again where a proof uses one.

use super::algebra;
use super::compose::sign_of;
use super::language::{Form, has_kappa};
use crate::expr::{Expr, Facts, Func, Rational, Sign};
use num_traits::Zero;

/// When a row is used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum When {
    /// On every function, as it is read.
    Reading,
    /// In the search.
    Search,
    /// In the search, on the function to be proved alone.
    Root,
}

/// When a rule is used, and how it writes a function another way.
type Row = (When, fn(&Expr, &Facts) -> Vec<Form>);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    // when          form                  because
    (When::Reading,  dual),                // kappa/f is the dual of f
    (When::Reading,  mean),                // (f + g)^p = ((f^p)^(1/p) + (g^p)^(1/p))^p
    (When::Reading,  power_of_product),    // (f g)^a = f^a g^a for f, g >= 0
    (When::Reading,  powers_in_product),   // (f g)^a h = f^a g^a h for f, g >= 0
    (When::Reading,  power_of_common),     // (kappa^n f + kappa^n g)^a = kappa^(n a) (f + g)^a
    (When::Reading,  power_of_ratio),      // f^a g^-a = (f/g)^a for f, g > 0
    (When::Search,   expand),              // distributive law
    (When::Search,   factor),              // the zeros of a polynomial
    (When::Search,   lowest_terms),        // one quotient of polynomials without a common factor
    (When::Search,   partial_fractions),   // division with remainder, and the residues at simple poles
    (When::Search,   conjugate),           // f + g = (f^2 - g^2)/(f - g)
    (When::Search,   divide_through),      // f/(g + h) = 1/(g/f + h/f)
    (When::Search,   pair),                // associative law
    (When::Search,   log_of_product),      // log(f g^a) = log(f) + a log(g) for f, g > 0
    (When::Search,   shift),               // f(kappa) = g(kappa + c) with g(kappa) = f(kappa - c)
    (When::Root,     inversion),           // f = 1/g(1/kappa) with g(kappa) = 1/f(1/kappa)
];

/// The forms that a function shows at once.
pub(super) fn read(e: &Expr, facts: &Facts) -> Vec<Form> {
    if !has_kappa(e) {
        return Vec::new();
    }
    ROWS.iter().filter(|(when, _)| *when == When::Reading).flat_map(|(_, form)| form(e, facts)).collect()
}

/// The forms that the search adds; `top` for the function to be proved.
pub(super) fn search(e: &Expr, top: bool, facts: &Facts) -> Vec<Form> {
    let used = |(when, _): &&Row| *when == When::Search || (top && *when == When::Root);
    ROWS.iter().filter(used).flat_map(|(_, form)| form(e, facts)).collect()
}

fn nonnegative(e: &Expr, facts: &Facts) -> bool {
    sign_of(e, facts).is(Sign::NONNEGATIVE)
}

/// A factor as a power; powers of powers of what is not negative are one power.
fn base_and_exponent(factor: &Expr, facts: &Facts) -> (Expr, Expr) {
    match factor {
        Expr::Pow(b, x) if !has_kappa(x) => match base_and_exponent(b, facts) {
            (inner, y) if !y.is_one() && nonnegative(&inner, facts) => (inner, (y * (**x).clone()).expand()),
            _ => ((**b).clone(), (**x).clone()),
        },
        other => (other.clone(), Expr::one()),
    }
}

/// `kappa g^-a h^-b ...`.
fn dual(e: &Expr, facts: &Facts) -> Vec<Form> {
    let Expr::Mul(factors) = e else { return Vec::new() };
    let (top, below): (Vec<&Expr>, Vec<&Expr>) = factors.iter().partition(|f| **f == Expr::kappa());
    let negative = |f: &&Expr| has_kappa(f) && facts.sign(&base_and_exponent(f, facts).1).is(Sign::NEGATIVE);
    if top.len() != 1 || !below.iter().all(negative) {
        return Vec::new();
    }
    vec![Form::Dual(Expr::mul(below.into_iter().map(|f| f.clone().recip())))]
}

/// `(f + g + ...)^p` with `p > 1`.
fn mean(e: &Expr, facts: &Facts) -> Vec<Form> {
    let Expr::Pow(base, p) = e else { return Vec::new() };
    let (Expr::Add(terms), true) = (&**base, !has_kappa(p)) else { return Vec::new() };
    let root = (**p).clone().recip();
    let within =
        facts.sign(&root).is(Sign::POSITIVE) && facts.sign(&(Expr::one() - &root).expand()).is(Sign::NONNEGATIVE);
    if !within || matches!(p.as_int(), Some(9..)) {
        return Vec::new();
    }
    let parts = terms.iter().map(|t| algebra::power(t, p, facts)).collect::<Option<Vec<Expr>>>();
    parts.map(|parts| Form::Mean((**p).clone(), parts)).into_iter().collect()
}

/// `(f g ...)^a`.
fn power_of_product(e: &Expr, facts: &Facts) -> Vec<Form> {
    let Expr::Pow(base, a) = e else { return Vec::new() };
    if !matches!(&**base, Expr::Mul(_) | Expr::Pow(..)) || has_kappa(a) {
        return Vec::new();
    }
    algebra::power(base, a, facts).filter(|p| p != e).map(Form::Plain).into_iter().collect()
}

/// `(f g ...)^a h ...`.
fn powers_in_product(e: &Expr, facts: &Facts) -> Vec<Form> {
    let Expr::Mul(factors) = e else { return Vec::new() };
    let apart = |f: &Expr| match f {
        Expr::Pow(base, a) if matches!(**base, Expr::Mul(_) | Expr::Pow(..)) && !has_kappa(a) => {
            algebra::power(base, a, facts)
        }
        _ => None,
    };
    let whole = Expr::mul(factors.iter().map(|f| apart(f).unwrap_or_else(|| f.clone())));
    if whole == *e { Vec::new() } else { vec![Form::Plain(whole)] }
}

/// `(kappa^n f + kappa^n g + ...)^a`.
fn power_of_common(e: &Expr, _: &Facts) -> Vec<Form> {
    let Expr::Pow(base, a) = e else { return Vec::new() };
    let Some((n, rest)) = algebra::common_power(base).filter(|_| !has_kappa(a)) else { return Vec::new() };
    vec![Form::Plain(Expr::pow(Expr::kappa(), Expr::Num(n) * (**a).clone()) * Expr::pow(rest, (**a).clone()))]
}

/// `f^a g^-b ...` with the largest exponent a or b taken out, where that is not 1.
fn power_of_ratio(e: &Expr, facts: &Facts) -> Vec<Form> {
    let Expr::Mul(factors) = e else { return Vec::new() };
    let parts: Vec<(Expr, Expr)> = factors.iter().map(|f| base_and_exponent(f, facts)).collect();
    let size = |x: &Expr| if facts.sign(x).is(Sign::NEGATIVE) { -x } else { x.clone() };
    let larger = |a: &Expr, b: &Expr| facts.sign(&(a - b).expand()).is(Sign::POSITIVE);
    let a = parts.iter().map(|(_, x)| size(x)).reduce(|a, b| if larger(&b, &a) { b } else { a });
    let Some(a) = a.filter(|a| !a.is_one()) else { return Vec::new() };
    let falls = parts.iter().any(|(_, x)| facts.sign(x).is(Sign::NEGATIVE));
    let mixed = falls && parts.iter().any(|(_, x)| facts.sign(x).is(Sign::POSITIVE));
    if !mixed || !parts.iter().all(|(b, _)| nonnegative(b, facts)) {
        return Vec::new();
    }
    let ratio = parts.into_iter().map(|(b, x)| Expr::pow(b, if x == a { Expr::one() } else { (x / &a).expand() }));
    vec![Form::Power(Expr::mul(ratio), a)]
}

fn expand(e: &Expr, _: &Facts) -> Vec<Form> {
    if !matches!(e, Expr::Mul(_) | Expr::Pow(..)) {
        return Vec::new();
    }
    let whole = e.expand();
    if whole == *e || whole.terms().len() > 12 { Vec::new() } else { vec![Form::Plain(whole)] }
}

fn factor(e: &Expr, facts: &Facts) -> Vec<Form> {
    let Expr::Add(_) = e else { return Vec::new() };
    if let Some((n, rest)) = algebra::common_power(e) {
        return vec![Form::Plain(Expr::pow(Expr::kappa(), Expr::Num(n)) * rest)];
    }
    algebra::linear_factors(e, facts)
        .map(|(lead, zeros)| Expr::mul(std::iter::once(lead).chain(zeros.into_iter().map(|z| Expr::kappa() + z))))
        .map(Form::Plain)
        .into_iter()
        .collect()
}

fn lowest_terms(e: &Expr, _: &Facts) -> Vec<Form> {
    e.lowest_terms().filter(|f| f != e).map(Form::Plain).into_iter().collect()
}

fn partial_fractions(e: &Expr, facts: &Facts) -> Vec<Form> {
    algebra::proper_fractions(e, facts).into_iter().filter(|p| p != e).map(Form::Plain).collect()
}

/// `f + g` with f the first term that is no polynomial: `(f^2 - g^2)/(f - g)`.
fn conjugate(e: &Expr, _: &Facts) -> Vec<Form> {
    let fraction = |x: &Expr| x.as_num().is_some_and(|x| !x.is_integer());
    let root = |t: &&Expr| t.factors().iter().any(|f| matches!(f, Expr::Pow(b, x) if has_kappa(b) && fraction(x)));
    let Some(f) = e.terms().iter().find(root).filter(|_| e.terms().len() > 1) else { return Vec::new() };
    let g = e.clone() - f.clone();
    let top = (f.clone().powi(2) - g.clone().powi(2)).expand();
    if top.terms().iter().any(|t| root(&t)) || top.is_zero() {
        return Vec::new();
    }
    let turned = f.split_coefficient().0 < Rational::zero();
    let (top, below) = if turned { (-top, g - f.clone()) } else { (top, f.clone() - g) };
    vec![Form::Plain(top / below)]
}

/// `f/(g + h)`, for every sum below.
fn divide_through(e: &Expr, _: &Facts) -> Vec<Form> {
    let Expr::Mul(factors) = e else { return Vec::new() };
    let divided = |below: &Expr| match below {
        Expr::Pow(sum, x) if x.as_int() == Some(-1) && matches!(**sum, Expr::Add(_)) => {
            let top = Expr::mul(factors.iter().filter(|f| *f != below).cloned());
            Some(Form::Plain(Expr::add(sum.terms().iter().map(|t| t / &top)).recip()))
        }
        _ => None,
    };
    factors.iter().filter_map(divided).collect()
}

/// `f^a g^-b h ...` as the product of `f^a g^-b` and the rest.
fn pair(e: &Expr, facts: &Facts) -> Vec<Form> {
    let factors = e.factors();
    let negative = |f: &Expr| facts.sign(&base_and_exponent(f, facts).1).is(Sign::NEGATIVE);
    let (below, above): (Vec<&Expr>, Vec<&Expr>) = factors.iter().filter(|f| has_kappa(f)).partition(|f| negative(f));
    if factors.len() < 3 || factors.len() > 5 {
        return Vec::new();
    }
    let rest = |f: &Expr, g: &Expr| Expr::mul(factors.iter().filter(|h| *h != f && *h != g).cloned());
    let pairs = above.iter().flat_map(|f| below.iter().map(move |g| (*f, *g)));
    pairs.map(|(f, g)| Form::Product(f * g, rest(f, g))).collect()
}

fn log_of_product(e: &Expr, facts: &Facts) -> Vec<Form> {
    let Expr::Call(Func::Log, a) = e else { return Vec::new() };
    let parts: Vec<(Expr, Expr)> = a.factors().iter().map(|f| base_and_exponent(f, facts)).collect();
    let simple = matches!(parts.as_slice(), [(_, x)] if x.is_one());
    if simple || !parts.iter().all(|(b, _)| sign_of(b, facts).is(Sign::POSITIVE)) {
        return Vec::new();
    }
    vec![Form::Plain(Expr::add(parts.into_iter().map(|(b, x)| x * Expr::call(Func::Log, b))))]
}

/// The least positive constant that stands beside `kappa` is taken out everywhere; only products need such a form.
fn shift(e: &Expr, facts: &Facts) -> Vec<Form> {
    let Expr::Mul(_) = e else { return Vec::new() };
    let smaller = |a: &Expr, b: &Expr| sign_of(&(a - b).expand(), facts).is(Sign::NEGATIVE);
    let positive = algebra::shifts(e).into_iter().filter(|c| sign_of(c, facts).is(Sign::POSITIVE));
    let least = positive.reduce(|a, b| if smaller(&b, &a) { b } else { a });
    least.map(|c| Form::Shift(algebra::moved(e, &(Expr::kappa() - &c)), c)).into_iter().collect()
}

fn inversion(e: &Expr, facts: &Facts) -> Vec<Form> {
    let turned = algebra::cleared(&algebra::moved(e, &Expr::kappa().recip()), facts);
    vec![Form::Inverse(turned.recip())]
}
