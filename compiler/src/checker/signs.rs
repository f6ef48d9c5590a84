//! The checker's own sign calculus.
//!
//! In:   the assumptions of an equation and the signs a case adds.
//! Out:  the signs an expression can have.
//! Holds: sound: a sign is excluded only when it is impossible. Where sums are ambiguous the expression is divided by each
//!       known relation.

use crate::expr::{Enclosure, Expr, Facts, Func, Sign, Var};
use crate::verdict::SideCondition;

/// What is assumed: `expression` has one of the signs.
#[derive(Clone, Debug)]
pub(crate) struct Known(Vec<(Expr, Sign)>);

impl Known {
    /// The assumptions of an equation.
    pub fn new(facts: &Facts) -> Known {
        Known(facts.assumptions()).with_expanded()
    }

    /// The same with one more assumption.
    pub fn assuming(&self, condition: &SideCondition) -> Known {
        Known(self.0.iter().cloned().chain([(condition.expression.clone(), condition.sign)]).collect()).with_expanded()
    }

    /// A product is known as it is and multiplied out.
    fn with_expanded(mut self) -> Known {
        for (relation, sign) in self.0.clone() {
            let expanded = (relation.expand(), sign);
            if !self.0.contains(&expanded) {
                self.0.push(expanded);
            }
        }
        self
    }

    /// The signs `e` can have, for `kappa >= 0` and `t > 0`.
    pub fn sign(&self, e: &Expr) -> Sign {
        self.sign_at_depth(e, 4)
    }

    fn sign_at_depth(&self, e: &Expr, depth: u32) -> Sign {
        let structural = match e {
            Expr::Num(r) => Sign::of(r),
            Expr::Sym(_) => Sign::ANY,
            Expr::Var(Var::Kappa) => Sign::NONNEGATIVE,
            Expr::Var(Var::Time) => Sign::POSITIVE,
            // Coefficient functions are real.
            Expr::Apply(..) => Sign::ANY,
            Expr::Mul(parts) => parts.iter().fold(Sign::POSITIVE, |s, p| s.times(self.sign_at_depth(p, depth))),
            Expr::Add(terms) => match terms.iter().fold(Sign::ZERO, |s, t| s.plus(self.sign_at_depth(t, depth))) {
                Sign::ANY if depth > 0 => match e.sign_of_special_sum(&|part| self.sign_at_depth(part, depth - 1)) {
                    Sign::ANY => self.divided(e, depth - 1),
                    sign => sign,
                },
                sign => sign,
            },
            Expr::Pow(base, exponent) => {
                self.sign_at_depth(base, depth).power(self.sign_at_depth(exponent, depth), exponent.as_int())
            }
            Expr::Call(func, arg) => match (func, self.sign_at_depth(arg, depth)) {
                (Func::Exp, arg) if arg.is(Sign::ANY) => Sign::POSITIVE,
                (Func::Log, real) if real.is(Sign::POSITIVE) => self.sign_at_depth(&(&**arg - Expr::one()), depth),
                (Func::Tanh, arg) if arg.is(Sign::ANY) => arg,
                (Func::Sin | Func::Cos, arg) if arg.is(Sign::ANY) => {
                    Enclosure::of(e).map_or(Sign::ANY, Enclosure::sign)
                }
                _ => Sign::COMPLEX,
            },
            _ => Sign::COMPLEX,
        };
        structural.and(self.related(e, depth))
    }

    /// What follows from a relation with a term like one of `e`: a multiple of it taken away leaves a simpler rest, whose
    /// sign is added.
    fn related(&self, e: &Expr, depth: u32) -> Sign {
        let follows = |(relation, known): &(Expr, Sign)| {
            if depth > 0 && !matches!(relation, Expr::Add(_)) && relation.size() > e.size() && e.as_num().is_none() {
                // Of a product, what the other factors leave.
                return Some(known.without(self.sign_at_depth(&(relation / e), depth - 1)));
            }
            let (factor, rest) = e.less_multiple_of(relation)?;
            let simple = rest.as_num().is_some() || (depth > 0 && rest.terms().len() <= e.terms().len());
            simple.then(|| known.times(Sign::of(&factor)).plus(self.sign_at_depth(&rest, depth.saturating_sub(1))))
        };
        self.0.iter().filter_map(follows).fold(Sign::COMPLEX, Sign::and)
    }

    /// Divides a sum exactly by each known relation and multiplies the signs.
    fn divided(&self, e: &Expr, depth: u32) -> Sign {
        self.0.iter().enumerate().fold(Sign::ANY, |sign, (i, (relation, known))| {
            let new = self.0[..i].iter().all(|(r, _)| r != relation);
            let quotient = if new { e.exact_quotient(relation) } else { None };
            sign.and(quotient.map_or(Sign::ANY, |q| known.times(self.sign_at_depth(&q, depth))))
        })
    }
}
