//! The composition tree of a Bernstein function: what every rule makes of its parts, and what it asks for.

use super::{CheckError, Checker, all, wrong};
use crate::expr::{Expr, Func, Sign};
use crate::lemmas::bessel_ratio;
use crate::verdict::{Node, Rule};

/// How a function runs: a constant is of either kind; a rising one is Bernstein, a falling one completely monotone, and in a
/// complete node complete Bernstein and Stieltjes.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Constant,
    Rising,
    Falling,
}
use Kind::{Constant, Falling, Rising};

impl Checker {
    /// Checks a node and everything below it: how its function runs, and the function as the rule makes it.
    pub(crate) fn node(&self, node: &Node) -> Result<(Kind, Expr), CheckError> {
        let below = node.children.iter().map(|c| self.node(c)).collect::<Result<Vec<_>, _>>()?;
        let common = below.iter().map(|(k, _)| *k).find(|k| *k != Constant).unwrap_or(Constant);
        let alike = below.iter().all(|(k, _)| *k == common || *k == Constant);
        let complete = node.children.iter().all(|c| c.complete);
        let sides: Vec<Expr> = node.side_conditions.iter().map(|s| s.expression.clone()).collect();
        let parts: Vec<Expr> = node.children.iter().map(|c| c.function.clone()).collect();
        let kind = runs(node.rule, common, complete).filter(|_| alike);
        let made = self.made(node.rule, &sides, &parts).filter(|(_, asked)| asked.len() == sides.len());
        let (Some(kind), Some((function, asked))) = (kind, made) else {
            return wrong(format!("not an application of {:?}", node.rule), &node.function);
        };
        self.equal(&node.function, &function)?;
        for (i, (side, asked)) in node.side_conditions.iter().zip(&asked).enumerate() {
            let strict =
                node.rule == Rule::BesselRatio || (i == 0 && matches!(node.rule, Rule::Saturation | Rule::Quadratic));
            if side.sign != if strict { Sign::POSITIVE } else { Sign::NONNEGATIVE } || asked.contains(&Expr::kappa()) {
                return wrong("another condition is needed than", side.sign.describe(asked));
            }
            all([self.equal(&side.expression, asked), self.require(asked, side.sign)])?;
        }
        let lost = matches!(node.rule, Rule::Exponential | Rule::Decay | Rule::Product);
        if node.complete != (complete && !lost) {
            return wrong("not marked rightly as complete", &node.function);
        }
        Ok((kind, function))
    }

    /// The function that a rule makes of its parts, and the expressions whose signs it asks for.
    fn made(&self, rule: Rule, sides: &[Expr], parts: &[Expr]) -> Option<(Expr, Vec<Expr>)> {
        let (k, one, listed) = (Expr::kappa(), Expr::one(), sides.to_vec());
        let power = |g: &Expr, a: &Expr| Expr::pow(g.clone(), a.clone());
        let sum = |all: &[Expr]| Expr::add(all.iter().cloned());
        let up_to_one = |a: &Expr| vec![a.clone(), &one - a];
        Some(match (rule, sides, parts) {
            (Rule::Constant, [c], []) => (c.clone(), listed),
            (Rule::Identity, [], []) => (k, listed),
            (Rule::Sum, [], [_, ..]) => (sum(parts), listed),
            (Rule::Product, [], [_, ..]) => (Expr::mul(parts.to_vec()), listed),
            (Rule::Scale, [c], [g]) => (c * g, listed),
            (Rule::Shift, [c], [g]) => (g.substitute(&k, &(&k + c)), listed),
            (Rule::Power, [a, _], [g]) => (power(g, a), up_to_one(a)),
            (Rule::Reciprocal, [a, _], [g]) => (power(g, &-a), up_to_one(a)),
            (Rule::PowerMean, [a, _], [_, ..]) => {
                (power(&Expr::add(parts.iter().map(|g| power(g, a))), &a.clone().recip()), up_to_one(a))
            }
            (Rule::GeometricMean, [exponents @ .., _], [_, ..]) if exponents.len() == parts.len() => {
                let mean = Expr::mul(parts.iter().zip(exponents).map(|(g, a)| power(g, a)));
                (mean, exponents.iter().cloned().chain([&one - sum(exponents)]).collect())
            }
            (Rule::Dual, [], [g]) => (k / g, listed),
            (Rule::Inversion, [], [g]) => (g.substitute(&k, &k.clone().recip()).recip(), listed),
            (Rule::Saturation, [c], [g]) => (g / (c + g), listed),
            (Rule::Logarithm, [], [g]) => (Expr::call(Func::Log, one + g), listed),
            (Rule::Decay, [], [g]) => (Expr::call(Func::Exp, -g), listed),
            (Rule::Exponential, [], [g]) => (one - Expr::call(Func::Exp, -g), listed),
            (Rule::Ground, [start], [g]) => (g - self.at_zero(g).ok()? + start, listed),
            (Rule::Complement, [start], [g]) => (self.at_zero(g).ok()? - g + start, listed),
            (Rule::Quadratic, [a, b, c, _], []) => {
                let discriminant = b * b - Expr::int(4) * a * c;
                ((a * &k * &k + b * &k + c).sqrt(), vec![a.clone(), b.clone(), c.clone(), discriminant])
            }
            (Rule::BesselRatio, [order, c], [g]) => (bessel_ratio(order, c, g), listed),
            (Rule::Interlacing, [_, ..], [g]) if sides.len().is_multiple_of(3) => {
                let (steps, rest) = sides.split_at(sides.len() / 3);
                let sums = &rest[..steps.len()];
                let factor =
                    |i: usize| power(&(g + sum(&steps[..=i])), &(&sums[i] - sum(&sums[i.saturating_sub(1)..i])));
                let asked = steps.iter().chain(sums).cloned().chain(sums.iter().map(|p| &one - p));
                (Expr::mul((0..sums.len()).map(factor)), asked.collect())
            }
            _ => return None,
        })
    }
}

/// How a function made by a rule runs, if the rule applies to parts that run like this.
fn runs(rule: Rule, kind: Kind, complete: bool) -> Option<Kind> {
    let (rises, falls) = (kind != Falling, kind != Rising);
    match rule {
        Rule::Constant => Some(Constant),
        Rule::Identity | Rule::Quadratic => Some(Rising),
        Rule::Sum | Rule::Scale | Rule::Shift => Some(kind),
        Rule::Power | Rule::Logarithm => (rises || complete).then_some(kind),
        Rule::GeometricMean | Rule::PowerMean => complete.then_some(kind),
        Rule::Reciprocal => (rises || complete).then_some(if rises { Falling } else { Rising }),
        Rule::Dual | Rule::Inversion => (rises && complete).then_some(Rising),
        Rule::Saturation | Rule::Exponential | Rule::Ground | Rule::Interlacing | Rule::BesselRatio => {
            rises.then_some(Rising)
        }
        Rule::Complement => falls.then_some(Rising),
        Rule::Decay => rises.then_some(Falling),
        Rule::Product => falls.then_some(Falling),
    }
}
