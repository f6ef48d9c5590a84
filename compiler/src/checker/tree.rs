//! The composition tree of a Bernstein function, rule by rule.

use super::{CheckError, Checker, wrong};
use crate::expr::{Expr, Func, Sign, rational};
use crate::verdict::{Node, Rule};

/// `sqrt(g) K_(order-1)(c sqrt(g)) / K_order(c sqrt(g))`.
pub(super) fn bessel_ratio(order: &Expr, c: &Expr, g: &Expr) -> Expr {
    let root = g.clone().sqrt();
    let k = |order: Expr| Expr::bessel_k(order.expand(), c.clone() * root.clone());
    root.clone() * k(order.clone() - Expr::one()) / k(order.clone())
}

impl Checker {
    /// Checks a node and everything below it.
    pub(super) fn node(&self, node: &Node) -> Result<(), CheckError> {
        node.children.iter().try_for_each(|child| self.node(child))?;
        self.rule(node)?;
        let complete = node.rule != Rule::Exponential && node.children.iter().all(|c| c.complete);
        if complete == node.complete { Ok(()) } else { wrong("not marked rightly as complete", &node.function) }
    }

    fn rule(&self, node: &Node) -> Result<(), CheckError> {
        let f = &node.function;
        let sides: Vec<&Expr> = node.side_conditions.iter().map(|s| &s.expression).collect();
        let children: Vec<&Expr> = node.children.iter().map(|c| &c.function).collect();
        let all_complete = node.children.iter().all(|c| c.complete);
        let (kappa, at_least) = (Expr::kappa(), Sign::NONNEGATIVE);
        if node.rule != Rule::Ground && sides.iter().any(|e| e.contains(&kappa)) {
            return wrong("a side condition in kappa", f);
        }
        match (node.rule, sides.as_slice(), children.as_slice()) {
            (Rule::Constant, [c], []) => {
                self.equal(f, c)?;
                self.sides(node, &[at_least])
            }
            (Rule::Identity, [], []) if *f == kappa => Ok(()),
            (Rule::Sum, [], [_, ..]) => self.equal(f, &Expr::add(children.into_iter().cloned())),
            (Rule::Scale, [c], [g]) => {
                self.sides(node, &[at_least])?;
                self.equal(f, &((*c).clone() * (*g).clone()))
            }
            // A power of one function needs no complete one.
            (Rule::Power | Rule::GeometricMean, [exponents @ .., room], [_, ..])
                if exponents.len() == children.len()
                    && if node.rule == Rule::Power { children.len() == 1 } else { all_complete } =>
            {
                let total = Expr::add(exponents.iter().map(|e| (*e).clone()));
                self.equal(room, &(Expr::one() - total))?;
                self.sides(node, &vec![at_least; sides.len()])?;
                let powers = children.iter().zip(exponents).map(|(g, e)| Expr::pow((*g).clone(), (*e).clone()));
                self.equal_nonnegative(f, &Expr::mul(powers))
            }
            (Rule::Dual, [], [g]) if all_complete => self.equal(f, &(kappa / (*g).clone())),
            (Rule::Saturation, [c], [g]) => {
                self.sides(node, &[Sign::POSITIVE])?;
                self.equal(f, &((*g).clone() / ((*c).clone() + (*g).clone())))
            }
            (Rule::PowerMean, [], [_, ..]) if all_complete => self.power_mean(f, &children),
            (Rule::Logarithm, [], [g]) => self.equal(f, &Expr::call(Func::Log, Expr::one() + (*g).clone())),
            (Rule::Exponential, [], [g]) => self.equal(f, &(Expr::one() - Expr::call(Func::Exp, -(*g).clone()))),
            (Rule::Ground, [start], [g]) => self.ground(node, f, start, g),
            (Rule::Quadratic, [a, b, c, d], []) => {
                let base = (*a).clone() * kappa.clone().powi(2) + (*b).clone() * kappa + (*c).clone();
                self.equal(f, &base.sqrt())?;
                self.equal(d, &((*b).clone().powi(2) - Expr::int(4) * (*a).clone() * (*c).clone()))?;
                self.sides(node, &[Sign::POSITIVE, at_least, at_least, at_least])
            }
            (Rule::BesselRatio, [order, c], [g]) => {
                self.sides(node, &[Sign::POSITIVE, Sign::POSITIVE])?;
                self.equal(f, &bessel_ratio(order, c, g))
            }
            (rule, ..) => wrong(format!("not an application of {rule:?}"), f),
        }
    }

    /// Every side condition states exactly the sign its rule asks for, and it holds.
    fn sides(&self, node: &Node, wanted: &[Sign]) -> Result<(), CheckError> {
        node.side_conditions.iter().zip(wanted).try_for_each(|(side, sign)| {
            let stated = side.sign == *sign;
            if stated {
                self.require(&side.expression, *sign)
            } else {
                wrong("another sign is needed", &side.expression)
            }
        })
    }

    fn power_mean(&self, f: &Expr, children: &[&Expr]) -> Result<(), CheckError> {
        let Expr::Pow(base, n) = f else { return wrong("not a power mean", f) };
        let whole = n.as_int().filter(|n| (2..=8).contains(n) && base.terms().len() == children.len());
        let Some(whole) = whole else { return wrong("not a power mean", f) };
        base.terms().iter().zip(children).try_for_each(|(term, child)| {
            self.require(term, Sign::NONNEGATIVE)?;
            self.equal(&term.clone().powi(whole), child)
        })
    }

    /// `f = g - c`, with `start = g(0) - c >= 0`.
    fn ground(&self, node: &Node, f: &Expr, start: &Expr, g: &Expr) -> Result<(), CheckError> {
        let shift = (f.clone() - g.clone()).expand();
        if shift.contains(&Expr::kappa()) {
            return wrong("not a shift of its part", f);
        }
        let value = g.substitute(&Expr::kappa(), &Expr::zero()).replace(&|e| self.root_of_square(e)) + shift;
        self.equal(start, &value)?;
        self.sides(node, &[Sign::NONNEGATIVE])
    }

    /// `sqrt(x^2) = x` for `x >= 0`.
    fn root_of_square(&self, e: &Expr) -> Option<Expr> {
        let Expr::Pow(b, half) = e else { return None };
        let Expr::Pow(x, n) = b.as_ref() else { return None };
        let applies = self.known.sign(x).is(Sign::NONNEGATIVE) && half.as_num() == Some(&rational(1, 2));
        applies.then(|| Expr::pow((**x).clone(), (**n).clone() / Expr::int(2)))
    }

    /// The power of kappa with which a checked function grows; its parts are nonnegative, so nothing cancels.
    pub(super) fn growth(&self, node: &Node) -> Result<Expr, CheckError> {
        let below = node.children.iter().map(|c| self.growth(c)).collect::<Result<Vec<_>, _>>()?;
        let side = |i: usize| node.side_conditions.get(i).map_or_else(Expr::zero, |s| s.expression.clone());
        let first = below.first().cloned().unwrap_or_else(Expr::zero);
        let rises = |g: &Expr| self.known.sign(g).is(Sign::POSITIVE);
        Ok(match node.rule {
            Rule::Constant | Rule::Saturation | Rule::Exponential => Expr::zero(),
            Rule::Identity | Rule::Quadratic => Expr::one(),
            Rule::Sum | Rule::PowerMean => match below.iter().find(|g| rises(g)) {
                Some(g) => g.clone(),
                None => Expr::add(below),
            },
            Rule::Scale => {
                self.require(&side(0), Sign::POSITIVE)?;
                first
            }
            Rule::Ground => first,
            Rule::BesselRatio => (first / Expr::int(2)).expand(),
            Rule::Power => (first * side(0)).expand(),
            Rule::GeometricMean => Expr::add(below.into_iter().enumerate().map(|(i, g)| g * side(i))).expand(),
            Rule::Dual => (Expr::one() - first).expand(),
            Rule::Logarithm => return wrong("growth not known", &node.function),
        })
    }

    /// Equality of two nonnegative functions, also by equality of their squares or higher powers.
    fn equal_nonnegative(&self, a: &Expr, b: &Expr) -> Result<(), CheckError> {
        let plain = self.equal(a, b);
        if plain.is_ok() {
            return plain;
        }
        self.require(a, Sign::NONNEGATIVE)?;
        self.require(b, Sign::NONNEGATIVE)?;
        let powers = |n: i64| (a.clone().powi(n).expand() - b.clone().powi(n).expand()).vanishes();
        if (2..=6).any(powers) { Ok(()) } else { plain }
    }
}
