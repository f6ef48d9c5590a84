//! The Bernstein calculus: proves by composition that a function of `kappa` is Bernstein.
//!
//! In:   an expression in `kappa` and parameters, and the facts.
//! Out:  a tree of rule applications, or the sign that is needed, or the lemma that is missing.
//! Holds: sound by construction of the rules; a failure says nothing about the function.
//! Source: Schilling, Song, Vondracek, Bernstein Functions, 2nd ed., Ch. 3, 6, 7; the idea is that of disciplined convex
//!       programming.

use super::certificate::{Node, Rule, SideCondition};
use crate::expr::{Expr, Facts, Func, KappaSum, Rational, Sign, Stop, rational};
use num_traits::{One, Signed, ToPrimitive};

/// `lambda = constant + f` with f Bernstein: the constant and the proof for f. Not for a constant lambda.
pub(super) fn prove_up_to_constant(lambda: &Expr, facts: &Facts) -> Result<(Expr, Node), Stop> {
    let (fixed, moving): (Vec<&Expr>, Vec<&Expr>) = lambda.terms().iter().partition(|t| !has_kappa(t));
    let rest = Expr::add(moving.into_iter().cloned());
    let node = prove(&rest, facts)?;
    Ok((Expr::add(fixed.into_iter().cloned()), node))
}

/// Proves that `f` is Bernstein on `(0, inf)`.
pub(super) fn prove(f: &Expr, facts: &Facts) -> Result<Node, Stop> {
    match f {
        f if !has_kappa(f) => constant(f, facts),
        f if *f == Expr::kappa() => Ok(node(Rule::Identity, f.clone(), vec![], vec![])),
        Expr::Add(terms) => sum(f, terms, facts),
        Expr::Mul(factors) => product(f, factors, facts),
        Expr::Pow(base, exponent) if !has_kappa(exponent) => power(f, base, exponent, facts),
        Expr::Call(Func::Log, arg) => {
            let inner = arg.as_ref().clone() - Expr::one();
            Ok(node(Rule::Logarithm, f.clone(), vec![], vec![prove(&inner, facts)?]))
        }
        f => Err(missing(f)),
    }
}

fn has_kappa(e: &Expr) -> bool {
    e.contains(&Expr::kappa())
}

fn missing(f: &Expr) -> Stop {
    Stop::Undecided(format!("no Bernstein rule fits {f}"))
}

fn node(rule: Rule, function: Expr, side_conditions: Vec<SideCondition>, children: Vec<Node>) -> Node {
    let complete = rule != Rule::Exponential && children.iter().all(|c| c.complete);
    Node { rule, function, side_conditions, children, complete, because: rule.because().to_owned() }
}

/// The condition `e >= 0` (or `> 0`), when the facts grant it.
fn require(e: &Expr, sign: Sign, facts: &Facts) -> Result<SideCondition, Stop> {
    let known = facts.sign(e);
    if known.is(sign) {
        Ok(SideCondition::new(e.clone(), sign))
    } else if known.is(Sign::ANY) && !known.and(sign).is(Sign::NONE) {
        Err(Stop::Need(e.clone()))
    } else {
        Err(Stop::Undecided(format!("a Bernstein rule needs {}", sign.describe(e))))
    }
}

fn constant(c: &Expr, facts: &Facts) -> Result<Node, Stop> {
    Ok(node(Rule::Constant, c.clone(), vec![require(c, Sign::NONNEGATIVE, facts)?], vec![]))
}

fn sum(f: &Expr, terms: &[Expr], facts: &Facts) -> Result<Node, Stop> {
    let (fixed, moving): (Vec<&Expr>, Vec<&Expr>) = terms.iter().partition(|t| !has_kappa(t));
    let fixed = Expr::add(fixed.into_iter().cloned());
    if let Some(n) = exponential(f, &fixed, &moving, facts)? {
        return Ok(n);
    }
    let mut children = Vec::with_capacity(moving.len() + 1);
    for t in &moving {
        children.push(prove(t, facts)?);
    }
    if fixed.is_zero() || facts.sign(&fixed).is(Sign::NONNEGATIVE) {
        if !fixed.is_zero() {
            children.push(constant(&fixed, facts)?);
        }
        return Ok(node(Rule::Sum, f.clone(), vec![], children));
    }
    ground(f, fixed, moving.into_iter().cloned().collect(), children, facts)
}

/// `f = g + fixed` with `g(0) + fixed >= 0`.
fn ground(f: &Expr, fixed: Expr, moving: Vec<Expr>, mut children: Vec<Node>, facts: &Facts) -> Result<Node, Stop> {
    let g = Expr::add(moving);
    let child = if children.len() == 1 { children.remove(0) } else { node(Rule::Sum, g.clone(), vec![], children) };
    let start = (simplify_roots(&g.substitute(&Expr::kappa(), &Expr::zero()), facts) + fixed).expand();
    let side = require(&start, Sign::NONNEGATIVE, facts)?;
    Ok(node(Rule::Ground, f.clone(), vec![side], vec![child]))
}

fn simplify_roots(e: &Expr, facts: &Facts) -> Expr {
    e.replace(&|part| match part {
        Expr::Pow(b, x) if x.as_num() == Some(&rational(1, 2)) => Some(b.root(facts)),
        _ => None,
    })
}

/// `1 - exp(-g)`.
fn exponential(f: &Expr, fixed: &Expr, moving: &[&Expr], facts: &Facts) -> Result<Option<Node>, Stop> {
    if let ([Expr::Mul(parts)], true) = (moving, fixed.is_one())
        && let [minus, Expr::Call(Func::Exp, arg)] = parts.as_slice()
        && *minus == Expr::int(-1)
    {
        let child = prove(&(-(**arg).clone()), facts)?;
        return Ok(Some(node(Rule::Exponential, f.clone(), vec![], vec![child])));
    }
    Ok(None)
}

fn product(f: &Expr, factors: &[Expr], facts: &Facts) -> Result<Node, Stop> {
    let (fixed, moving): (Vec<&Expr>, Vec<&Expr>) = factors.iter().partition(|t| !has_kappa(t));
    if !fixed.is_empty() {
        let scale = Expr::mul(fixed.into_iter().cloned());
        let rest = Expr::mul(moving.into_iter().cloned());
        let side = require(&scale, Sign::NONNEGATIVE, facts)?;
        return Ok(node(Rule::Scale, f.clone(), vec![side], vec![prove(&rest, facts)?]));
    }
    let parts: Vec<(Expr, Expr)> = factors.iter().map(base_and_exponent).collect();
    if let Some(position) = parts.iter().position(|(_, e)| facts.sign(e).is(Sign::NEGATIVE)) {
        return quotient(f, &parts, position, facts);
    }
    geometric_mean(f, &parts, facts)
}

fn base_and_exponent(factor: &Expr) -> (Expr, Expr) {
    match factor {
        Expr::Pow(b, e) if !has_kappa(e) => ((**b).clone(), (**e).clone()),
        other => (other.clone(), Expr::one()),
    }
}

/// `kappa / g`, `g / (c + g)`, and a power of either.
fn quotient(f: &Expr, parts: &[(Expr, Expr)], below: usize, facts: &Facts) -> Result<Node, Stop> {
    let [top, bottom] = [&parts[1 - below.min(1)], &parts[below]];
    if parts.len() != 2 {
        return Err(missing(f));
    }
    let exponent = top.1.clone();
    if top.0 == Expr::kappa() && exponent.is_one() {
        let below = Expr::pow(bottom.0.clone(), -bottom.1.clone());
        let child = complete(prove(&below, facts)?)?;
        return Ok(node(Rule::Dual, f.clone(), vec![], vec![child]));
    }
    if (exponent.clone() + bottom.1.clone()).expand() != Expr::zero() {
        return Err(missing(f));
    }
    let ratio = top.0.clone() / bottom.0.clone();
    if !exponent.is_one() {
        let sides = exponent_sides(&exponent, facts)?;
        return Ok(node(Rule::Power, f.clone(), sides, vec![prove(&ratio, facts)?]));
    }
    let difference = (bottom.0.clone() - top.0.clone()).expand();
    if has_kappa(&difference) {
        return Err(missing(f));
    }
    let side = require(&difference, Sign::POSITIVE, facts)?;
    Ok(node(Rule::Saturation, f.clone(), vec![side], vec![prove(&top.0, facts)?]))
}

fn complete(n: Node) -> Result<Node, Stop> {
    if n.complete {
        Ok(n)
    } else {
        Err(Stop::Undecided(format!("{} is not known to be complete Bernstein", n.function)))
    }
}

fn geometric_mean(f: &Expr, parts: &[(Expr, Expr)], facts: &Facts) -> Result<Node, Stop> {
    let total = Expr::add(parts.iter().map(|(_, e)| e.clone())).expand();
    let mut sides = Vec::with_capacity(parts.len() + 1);
    let mut children = Vec::with_capacity(parts.len());
    for (base, e) in parts {
        sides.push(require(e, Sign::NONNEGATIVE, facts)?);
        children.push(complete(prove(base, facts)?)?);
    }
    sides.push(require(&(Expr::one() - total).expand(), Sign::NONNEGATIVE, facts)?);
    Ok(node(Rule::GeometricMean, f.clone(), sides, children))
}

fn exponent_sides(e: &Expr, facts: &Facts) -> Result<Vec<SideCondition>, Stop> {
    let room = (Expr::one() - e.clone()).expand();
    Ok(vec![require(e, Sign::NONNEGATIVE, facts)?, require(&room, Sign::NONNEGATIVE, facts)?])
}

fn power(f: &Expr, base: &Expr, exponent: &Expr, facts: &Facts) -> Result<Node, Stop> {
    if let Some(n) = exponent.as_num().filter(|r| r.is_integer() && **r > Rational::one()) {
        return power_mean(f, base, n.to_u32().unwrap_or(u32::MAX), facts);
    }
    let sides = exponent_sides(exponent, facts)?;
    if exponent.as_num() == Some(&rational(1, 2))
        && let Some(n) = root_of_quadratic(f, base, facts)?
    {
        return Ok(n);
    }
    if let Expr::Mul(factors) = base {
        // (g h)^a = g^a h^a for nonnegative g, h: read the product as a geometric mean.
        let parts: Vec<(Expr, Expr)> =
            factors.iter().map(base_and_exponent).map(|(b, e)| (b, (e * exponent.clone()).expand())).collect();
        if parts.iter().all(|(b, e)| has_kappa(b) && facts.sign(e).is(Sign::NONNEGATIVE)) {
            return geometric_mean(f, &parts, facts);
        }
    }
    Ok(node(Rule::Power, f.clone(), sides, vec![prove(base, facts)?]))
}

/// `(g + h + ...)^n` where each summand is an n-th root.
fn power_mean(f: &Expr, base: &Expr, n: u32, facts: &Facts) -> Result<Node, Stop> {
    let Expr::Add(terms) = base else { return Err(missing(f)) };
    if n > 8 {
        return Err(missing(f));
    }
    let mut children = Vec::with_capacity(terms.len());
    for t in terms {
        children.push(complete(prove(&t.clone().powi(i64::from(n)).expand(), facts)?)?);
    }
    Ok(node(Rule::PowerMean, f.clone(), vec![], children))
}

/// `sqrt(a kappa^2 + b kappa + c)`: `kappa (a kappa + b)` is a geometric mean, real zeros are the lemma.
fn root_of_quadratic(f: &Expr, base: &Expr, facts: &Facts) -> Result<Option<Node>, Stop> {
    let Some(sum) = KappaSum::read(base) else { return Ok(None) };
    let degrees: Option<Vec<i64>> = sum.terms.iter().map(|(x, _)| x.as_int()).collect();
    let Some(degrees) = degrees else { return Ok(None) };
    if degrees.last() != Some(&2) || degrees.iter().any(Signed::is_negative) {
        return Ok(None);
    }
    let coefficient = |n: i64| degrees.iter().position(|d| *d == n).map_or_else(Expr::zero, |i| sum.terms[i].1.clone());
    let [c, b, a] = [coefficient(0), coefficient(1), coefficient(2)];
    if c.is_zero() && !b.is_zero() {
        let half = Expr::Num(rational(1, 2));
        let parts = [(Expr::kappa(), half.clone()), (a * Expr::kappa() + b, half)];
        return geometric_mean(f, &parts, facts).map(Some);
    }
    let discriminant = (b.clone().powi(2) - Expr::int(4) * a.clone() * c.clone()).expand();
    let sides = vec![
        require(&a, Sign::POSITIVE, facts)?,
        require(&b, Sign::NONNEGATIVE, facts)?,
        require(&c, Sign::NONNEGATIVE, facts)?,
        require(&discriminant, Sign::NONNEGATIVE, facts)?,
    ];
    Ok(Some(node(Rule::Quadratic, f.clone(), sides, vec![])))
}
