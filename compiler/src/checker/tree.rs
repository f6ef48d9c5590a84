//! The composition tree of a Bernstein function: what every rule makes of its parts, and what it asks for.

use super::{CheckError, Checker, wrong};
use crate::expr::{Expr, Func, Sign};
use crate::verdict::{Node, Rule};

/// How a function runs.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// A constant `c >= 0`, which is of either kind.
    Constant,
    /// Bernstein, complete Bernstein where marked `complete`.
    Rising,
    /// Completely monotone, Stieltjes where marked `complete`.
    Falling,
}
use Kind::{Constant, Falling, Rising};

/// What a rule makes of its parts.
struct Made {
    function: Expr,
    /// Expressions whose signs the rule asks for.
    asked: Vec<Expr>,
    /// The function grows like the fastest of these powers of kappa; none where that is not known.
    powers: Vec<Expr>,
}

impl Checker {
    /// Checks a node and everything below it: how its function runs, and the powers of which the fastest is its growth.
    pub(super) fn node(&self, node: &Node) -> Result<(Kind, Vec<Expr>), CheckError> {
        let below = node.children.iter().map(|c| self.node(c)).collect::<Result<Vec<_>, _>>()?;
        let common = below.iter().map(|(k, _)| *k).find(|k| *k != Constant).unwrap_or(Constant);
        let alike = below.iter().all(|(k, _)| *k == common || *k == Constant);
        let complete = node.children.iter().all(|c| c.complete);
        let kind = if alike { runs(node, common, complete) } else { None };
        let sides: Vec<&Expr> = node.side_conditions.iter().map(|s| &s.expression).collect();
        let parts: Vec<(&Expr, &[Expr])> =
            node.children.iter().zip(&below).map(|(c, (_, p))| (&c.function, p.as_slice())).collect();
        let made = self.made(node.rule, &sides, &parts).filter(|m| m.asked.len() == sides.len());
        let (Some(kind), Some(made)) = (kind, made) else {
            return wrong(format!("not an application of {:?}", node.rule), &node.function);
        };
        self.equal(&node.function, &made.function)?;
        for (i, (side, asked)) in node.side_conditions.iter().zip(&made.asked).enumerate() {
            self.equal(&side.expression, asked)?;
            if side.sign != asked_sign(node, i) || asked.contains(&Expr::kappa()) {
                return wrong("another condition is needed than", side.sign.describe(asked));
            }
            self.require(asked, side.sign)?;
        }
        let lost = matches!(node.rule, Rule::Exponential | Rule::Decay | Rule::Product);
        let rightly = node.complete == (complete && !lost);
        if rightly { Ok((kind, made.powers)) } else { wrong("not marked rightly as complete", &node.function) }
    }

    fn made(&self, rule: Rule, sides: &[&Expr], parts: &[(&Expr, &[Expr])]) -> Option<Made> {
        let (k, one, zero) = (Expr::kappa(), Expr::one(), Expr::zero());
        let functions = || parts.iter().map(|(g, _)| (*g).clone());
        let listed: Vec<Expr> = sides.iter().map(|s| (*s).clone()).collect();
        let up_to_one = |a: &Expr| vec![a.clone(), &one - a];
        let weighed = |offset: &Expr, weights: &[Expr]| {
            let one = |sums, (w, (_, p)): (&Expr, &(&Expr, &[Expr]))| self.plus_weighed(sums, w, p);
            weights.iter().zip(parts).fold(vec![offset.clone()], one)
        };
        let (function, asked, powers) = match (rule, sides, parts) {
            (Rule::Constant, [c], []) => ((*c).clone(), listed, vec![zero]),
            (Rule::Identity, [], []) => (k, listed, vec![one]),
            (Rule::Sum, [], [_, ..]) => (Expr::add(functions()), listed, self.fastest(parts)),
            (Rule::Product, [], [_, ..]) => (Expr::mul(functions()), listed, vec![]),
            (Rule::Scale, [c], [(g, p)]) => {
                let kept = if self.known.sign(c).is(Sign::POSITIVE) { p.to_vec() } else { vec![] };
                (*c * *g, listed, kept)
            }
            (Rule::Shift, [c], [(g, p)]) => (g.substitute(&k, &(&k + *c)), listed, p.to_vec()),
            (Rule::Power, [a, _], [(g, _)]) => {
                (Expr::pow((*g).clone(), (*a).clone()), up_to_one(a), weighed(&zero, &listed))
            }
            (Rule::Reciprocal, [a, _], [(g, _)]) => {
                (Expr::pow((*g).clone(), -*a), up_to_one(a), weighed(&zero, &[-*a]))
            }
            (Rule::PowerMean, [a, _], [_, ..]) => {
                let sum = Expr::add(functions().map(|g| Expr::pow(g, (*a).clone())));
                (Expr::pow(sum, (*a).clone().recip()), up_to_one(a), self.fastest(parts))
            }
            (Rule::GeometricMean, [exponents @ .., _], [_, ..]) if exponents.len() == parts.len() => {
                let exponents = &listed[..exponents.len()];
                let powers = functions().zip(exponents).map(|(g, e)| Expr::pow(g, e.clone()));
                let room = one - Expr::add(exponents.iter().cloned());
                let asked = exponents.iter().cloned().chain([room]).collect();
                (Expr::mul(powers), asked, weighed(&zero, exponents))
            }
            (Rule::Dual, [], [(g, _)]) => (k / *g, listed, weighed(&one, &[-&one])),
            (Rule::Inversion, [], [(g, _)]) => (g.substitute(&k, &k.clone().recip()).recip(), listed, vec![]),
            (Rule::Saturation, [c], [(g, _)]) => (*g / (*c + *g), listed, vec![zero]),
            (Rule::Logarithm, [], [(g, _)]) => (Expr::call(Func::Log, one + *g), listed, vec![]),
            (Rule::Decay, [], [(g, _)]) => (Expr::call(Func::Exp, -*g), listed, vec![]),
            (Rule::Exponential, [], [(g, _)]) => (one - Expr::call(Func::Exp, -*g), listed, vec![zero]),
            (Rule::Ground, [start], [(g, p)]) => (*g - self.at_zero(g).ok()? + *start, listed, p.to_vec()),
            (Rule::Complement, [start], [(g, _)]) => (self.at_zero(g).ok()? - *g + *start, listed, vec![zero]),
            (Rule::Quadratic, [a, b, c, _], []) => {
                let root = (*a * k.clone().powi(2) + *b * &k + *c).sqrt();
                let discriminant = *b * *b - Expr::int(4) * *a * *c;
                (root, [*a, *b, *c, &discriminant].map(Expr::clone).to_vec(), vec![one])
            }
            (Rule::Interlacing, [_, ..], [(g, _)]) if sides.len().is_multiple_of(3) => {
                let (steps, rest) = listed.split_at(sides.len() / 3);
                let (sums, _) = rest.split_at(steps.len());
                let power = |i: usize| {
                    let before = if i > 0 { &sums[i - 1] } else { &zero };
                    Expr::pow(*g + Expr::add(steps[..=i].iter().cloned()), &sums[i] - before)
                };
                let size = |p: &Expr| if self.known.sign(p).is(Sign::NONNEGATIVE) { p.clone() } else { -p };
                let asked = steps.iter().chain(sums).cloned().chain(sums.iter().map(|p| &one - size(p)));
                (Expr::mul((0..sums.len()).map(power)), asked.collect(), weighed(&zero, &sums[sums.len() - 1..]))
            }
            _ => return None,
        };
        Some(Made { function, asked, powers })
    }

    /// All powers of the parts but those that another one outgrows.
    fn fastest(&self, parts: &[(&Expr, &[Expr])]) -> Vec<Expr> {
        let all: Vec<Expr> = parts.iter().flat_map(|(_, p)| p.to_vec()).collect();
        let outgrown = |p: &Expr| all.iter().any(|q| self.known.sign(&(q - p).expand()).is(Sign::POSITIVE));
        if parts.iter().any(|(_, p)| p.is_empty()) {
            vec![]
        } else {
            all.iter().filter(|p| !outgrown(p)).cloned().collect()
        }
    }

    /// The powers of a product with a power of a function: of a negative one, only where the fastest is known.
    fn plus_weighed(&self, sums: Vec<Expr>, weight: &Expr, powers: &[Expr]) -> Vec<Expr> {
        let known = powers.len() == 1 || self.known.sign(weight).is(Sign::NONNEGATIVE);
        let plus = |s: &Expr| powers.iter().map(|p| (s + weight * p).expand()).collect::<Vec<_>>();
        if known { sums.iter().flat_map(plus).collect() } else { vec![] }
    }
}

/// How a function made by a rule runs, if the rule applies to parts that run like this.
fn runs(node: &Node, kind: Kind, complete: bool) -> Option<Kind> {
    let (rises, falls) = (kind != Falling, kind != Rising);
    match node.rule {
        Rule::Constant => Some(Constant),
        Rule::Identity | Rule::Quadratic => Some(Rising),
        Rule::Sum | Rule::Scale | Rule::Shift => Some(kind),
        Rule::Power | Rule::Logarithm => (rises || complete).then_some(kind),
        Rule::GeometricMean | Rule::PowerMean => complete.then_some(kind),
        Rule::Reciprocal => (rises || complete).then_some(if rises { Falling } else { Rising }),
        Rule::Dual | Rule::Inversion => (rises && complete).then_some(Rising),
        Rule::Saturation | Rule::Exponential | Rule::Ground => rises.then_some(Rising),
        Rule::Decay => rises.then_some(Falling),
        Rule::Complement => falls.then_some(Rising),
        Rule::Product => falls.then_some(Falling),
        Rule::Interlacing => rises.then_some(if turned(node) { Falling } else { Rising }),
    }
}

/// The sign that a rule asks of its i-th expression.
fn asked_sign(node: &Node, i: usize) -> Sign {
    let third = node.side_conditions.len() / 3;
    match node.rule {
        Rule::Saturation | Rule::Quadratic if i == 0 => Sign::POSITIVE,
        Rule::Interlacing if turned(node) && (third..2 * third).contains(&i) => Sign::NONPOSITIVE,
        _ => Sign::NONNEGATIVE,
    }
}

/// Do the exponents of an interlacing product stay below 0?
fn turned(node: &Node) -> bool {
    node.side_conditions.iter().any(|s| s.sign == Sign::NONPOSITIVE)
}
