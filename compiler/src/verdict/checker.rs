//! The independent checker of certificates.
//!
//! In:   a [`Certificate`], the equation it is about and its dispersion relation.
//! Out:  nothing when every claim follows, else a [`CheckError`] that names the claim.
//! Holds: shares no code with the prover. It trusts [`Expr`]'s arithmetic, its own small sign calculus below, and the
//!       rules of the Bernstein calculus as theorems; every function, exponent, sign and flag is recomputed. The prose
//!       in `because` is not checked.

use super::certificate::{Case, Certificate, Node, Proof, Rule, SideCondition, Which};
use super::signs::Known;
use crate::dispersion::Dispersion;
use crate::expr::{Expr, Func, Sign, rational};
use crate::operator::Equation;
use thiserror::Error;

/// Why a certificate or a witness is rejected.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CheckError {
    /// A step does not have the shape its rule states, or its function is not what the children make.
    #[error("not an application of the rule {rule}: {function}")]
    Shape {
        /// The rule or kind of proof.
        rule: String,
        /// The function of the step.
        function: String,
    },
    /// A sign that a step needs does not follow from the assumptions.
    #[error("does not follow from the assumptions: {0}")]
    Sign(String),
    /// The proof is about something that is not a branch of this equation.
    #[error("not a branch of the equation: {0}")]
    Branch(String),
    /// The cases leave some admitted parameters out.
    #[error("the cases do not exhaust the admitted parameters")]
    Coverage,
    /// A number of a witness is not what it claims.
    #[error("the witness does not reproduce: {0}")]
    Number(String),
}

/// Replays a certificate for `equation`. With `everywhere`, the cases must also exhaust the admitted parameters, as an
/// answer of yes claims.
///
/// # Errors
/// [`CheckError`] names the first claim that does not follow.
pub fn replay(
    certificate: &Certificate,
    equation: &Equation,
    dispersion: &Dispersion,
    everywhere: bool,
) -> Result<(), CheckError> {
    for case in &certificate.cases {
        check_case(case, certificate.condition, equation, dispersion)?;
    }
    let known = Known::new(&equation.facts);
    let whens: Vec<&[SideCondition]> = certificate.cases.iter().map(|c| c.when.as_slice()).collect();
    if everywhere && !covers(&known, &whens) {
        return Err(CheckError::Coverage);
    }
    Ok(())
}

/// Do the conjunctions `whens` exhaust what is known? Each must begin with the sign of the same expression.
fn covers(known: &Known, whens: &[&[SideCondition]]) -> bool {
    if whens.iter().any(|w| w.is_empty()) {
        return true;
    }
    let Some(pivot) = whens.first().map(|w| w[0].expression.clone()) else { return false };
    [Sign::NEGATIVE, Sign::ZERO, Sign::POSITIVE].into_iter().filter(|s| s.is(known.sign(&pivot))).all(|sign| {
        let rest: Vec<&[SideCondition]> =
            whens.iter().filter(|w| w[0].expression == pivot && sign.is(w[0].sign)).map(|w| &w[1..]).collect();
        covers(&known.assuming(&SideCondition::new(pivot.clone(), sign)), &rest)
    })
}

fn check_case(case: &Case, which: Which, equation: &Equation, dispersion: &Dispersion) -> Result<(), CheckError> {
    let mut known = Known::new(&equation.facts);
    let mut symbol = dispersion.coefficients.clone();
    for condition in &case.when {
        known = known.assuming(condition);
        if condition.sign == Sign::ZERO
            && let Some((name, _, value)) = condition.expression.affine()
        {
            symbol = symbol
                .iter()
                .map(|c| c.substitute(&Expr::Sym(name.clone()), &Expr::Num(value.clone())).expand())
                .collect();
        }
    }
    while symbol.last().is_some_and(Expr::is_zero) {
        symbol.pop();
    }
    let checker = Checker { known };
    match (&case.proof, which) {
        (Proof::Bernstein { lambda, constant, bounded, tree }, Which::C1) => {
            checker.bernstein(lambda, constant, *bounded, tree, &symbol)
        }
        (Proof::FirstOrder { coefficients, difference }, Which::C2) => {
            checker.first_order(coefficients, difference, &symbol)
        }
        (Proof::Hurwitz { coefficients, level, slope, value }, Which::C2) => {
            checker.level(coefficients, level, value, true, &symbol)?;
            let [_, b, a] = coefficients.as_slice() else { return Err(shape("quadratic", level)) };
            checker.equal(slope, &(Expr::int(2) * a.clone() * level.clone() + b.clone()))?;
            checker.positive(slope)?;
            checker.positive(value)
        }
        (Proof::Below { coefficients, level, value }, Which::C2) => {
            checker.level(coefficients, level, value, false, &symbol)?;
            checker.positive(&-value.clone())
        }
        (Proof::PowerRoot { order, modulus, negative }, Which::C2) => {
            checker.power_root(*order, modulus, *negative, &symbol)
        }
        _ => Err(shape("a proof of the other condition", &Expr::zero())),
    }
}

fn shape(rule: impl std::fmt::Debug, function: &Expr) -> CheckError {
    CheckError::Shape { rule: format!("{rule:?}"), function: function.to_string() }
}

/// Checks that a tree proves its function Bernstein under the assumptions `facts`.
#[cfg(test)]
pub(super) fn check_tree(tree: &Node, facts: &crate::expr::Facts) -> Result<(), CheckError> {
    Checker { known: Known::new(facts) }.node(tree)
}

/// The assumptions of one case.
struct Checker {
    known: Known,
}

impl Checker {
    fn bernstein(
        &self,
        lambda: &Expr,
        constant: &Expr,
        bounded: bool,
        tree: &Node,
        symbol: &[Expr],
    ) -> Result<(), CheckError> {
        let root = symbol.iter().rev().fold(Expr::zero(), |sum, c| (sum * -lambda.clone() + c.clone()).expand());
        if !vanishes(&root) {
            return Err(CheckError::Branch(lambda.to_string()));
        }
        if constant.contains(&Expr::kappa()) {
            return Err(shape("constant", constant));
        }
        self.require(constant, Sign::ANY)?;
        self.equal(lambda, &(constant.clone() + tree.function.clone()))?;
        self.node(tree)?;
        let growth = self.growth(tree)?;
        let wanted = if bounded { Sign::ZERO } else { Sign::POSITIVE };
        self.require(&growth, wanted)
    }

    /// Checks a node and everything below it.
    fn node(&self, node: &Node) -> Result<(), CheckError> {
        for child in &node.children {
            self.node(child)?;
        }
        self.rule(node)?;
        let complete = node.rule != Rule::Exponential && node.children.iter().all(|c| c.complete);
        if complete == node.complete { Ok(()) } else { Err(shape("complete", &node.function)) }
    }

    fn rule(&self, node: &Node) -> Result<(), CheckError> {
        let f = &node.function;
        let wrong = || shape(node.rule, f);
        let sides: Vec<&Expr> = node.side_conditions.iter().map(|s| &s.expression).collect();
        let children: Vec<&Expr> = node.children.iter().map(|c| &c.function).collect();
        let all_complete = node.children.iter().all(|c| c.complete);
        let at_least = Sign::NONNEGATIVE;
        match (node.rule, sides.as_slice(), children.as_slice()) {
            (Rule::Constant, [c], []) if !f.contains(&Expr::kappa()) => {
                self.equal(f, c)?;
                self.sides(node, &[at_least])
            }
            (Rule::Identity, [], []) if *f == Expr::kappa() => Ok(()),
            (Rule::Sum, [], [_, ..]) => self.equal(f, &Expr::add(children.into_iter().cloned())),
            (Rule::Scale, [c], [g]) if !c.contains(&Expr::kappa()) => {
                self.sides(node, &[at_least])?;
                self.equal(f, &((*c).clone() * (*g).clone()))
            }
            (Rule::Power, [a, room], [g]) if !a.contains(&Expr::kappa()) => {
                self.equal(room, &(Expr::one() - (*a).clone()))?;
                self.sides(node, &[at_least, at_least])?;
                self.equal_nonnegative(f, &Expr::pow((*g).clone(), (*a).clone()))
            }
            (Rule::GeometricMean, [exponents @ .., room], [_, ..]) if exponents.len() == children.len() => {
                let total = Expr::add(exponents.iter().map(|e| (*e).clone()));
                self.equal(room, &(Expr::one() - total))?;
                self.sides(node, &vec![at_least; sides.len()])?;
                let powers = children.iter().zip(exponents).map(|(g, e)| Expr::pow((*g).clone(), (*e).clone()));
                self.equal_nonnegative(f, &Expr::mul(powers))?;
                let constant = exponents.iter().all(|e| !e.contains(&Expr::kappa()));
                if all_complete && constant { Ok(()) } else { Err(wrong()) }
            }
            (Rule::Dual, [], [g]) if all_complete => self.equal(f, &(Expr::kappa() / (*g).clone())),
            (Rule::Saturation, [c], [g]) if !c.contains(&Expr::kappa()) => {
                self.sides(node, &[Sign::POSITIVE])?;
                self.equal(f, &((*g).clone() / ((*c).clone() + (*g).clone())))
            }
            (Rule::PowerMean, [], [_, ..]) if all_complete => self.power_mean(f, &children),
            (Rule::Logarithm, [], [g]) => match f {
                Expr::Call(Func::Log, arg) => self.equal(arg, &(Expr::one() + (*g).clone())),
                _ => Err(wrong()),
            },
            (Rule::Exponential, [], [g]) => self.equal(f, &(Expr::one() - Expr::call(Func::Exp, -(*g).clone()))),
            (Rule::Ground, [start], [g]) => self.ground(node, f, start, g),
            (Rule::Quadratic, [a, b, c, d], []) => {
                let Expr::Pow(base, half) = f else { return Err(wrong()) };
                let kappa = Expr::kappa();
                let rebuilt = (*a).clone() * kappa.clone().powi(2) + (*b).clone() * kappa + (*c).clone();
                self.equal(base, &rebuilt)?;
                self.equal(half, &Expr::Num(rational(1, 2)))?;
                self.equal(d, &((*b).clone().powi(2) - Expr::int(4) * (*a).clone() * (*c).clone()))?;
                let constant = sides.iter().all(|e| !e.contains(&Expr::kappa()));
                self.sides(node, &[Sign::POSITIVE, at_least, at_least, at_least])?;
                if constant { Ok(()) } else { Err(wrong()) }
            }
            _ => Err(wrong()),
        }
    }

    /// Every side condition states exactly the sign its rule asks for, and it holds.
    fn sides(&self, node: &Node, wanted: &[Sign]) -> Result<(), CheckError> {
        for (side, sign) in node.side_conditions.iter().zip(wanted) {
            if side.sign != *sign {
                return Err(shape(node.rule, &side.expression));
            }
            self.require(&side.expression, *sign)?;
        }
        Ok(())
    }

    fn power_mean(&self, f: &Expr, children: &[&Expr]) -> Result<(), CheckError> {
        let Expr::Pow(base, n) = f else { return Err(shape("power mean", f)) };
        let whole = n.as_int().filter(|n| (2..=8).contains(n)).ok_or_else(|| shape("power mean", f))?;
        if base.terms().len() != children.len() {
            return Err(shape("power mean", f));
        }
        for (term, child) in base.terms().iter().zip(children) {
            self.require(term, Sign::NONNEGATIVE)?;
            self.equal(&term.clone().powi(whole), child)?;
        }
        Ok(())
    }

    /// `f = g - c`, with `start = g(0) - c >= 0`.
    fn ground(&self, node: &Node, f: &Expr, start: &Expr, g: &Expr) -> Result<(), CheckError> {
        let shift = (f.clone() - g.clone()).expand();
        if shift.contains(&Expr::kappa()) {
            return Err(shape(node.rule, f));
        }
        let value = g.substitute(&Expr::kappa(), &Expr::zero()).replace(&|e| self.root_of_square(e)) + shift;
        self.equal(start, &value)?;
        self.sides(node, &[Sign::NONNEGATIVE])
    }

    /// `sqrt(x^2) = x` for `x >= 0`.
    fn root_of_square(&self, e: &Expr) -> Option<Expr> {
        let Expr::Pow(b, half) = e else { return None };
        let Expr::Pow(x, n) = b.as_ref() else { return None };
        let nonnegative = self.known.sign(x).is(Sign::NONNEGATIVE);
        (nonnegative && half.as_num() == Some(&rational(1, 2)))
            .then(|| Expr::pow((**x).clone(), (**n).clone() / Expr::int(2)))
    }

    /// The power of kappa with which a checked function grows; its parts are nonnegative, so nothing cancels.
    fn growth(&self, node: &Node) -> Result<Expr, CheckError> {
        let below = node.children.iter().map(|c| self.growth(c)).collect::<Result<Vec<_>, _>>()?;
        let side = |i: usize| node.side_conditions.get(i).map_or_else(Expr::zero, |s| s.expression.clone());
        let first = below.first().cloned().unwrap_or_else(Expr::zero);
        Ok(match node.rule {
            Rule::Constant | Rule::Saturation | Rule::Exponential | Rule::Logarithm => Expr::zero(),
            Rule::Identity | Rule::Quadratic => Expr::one(),
            Rule::Sum | Rule::PowerMean => {
                below.into_iter().find(|g| self.known.sign(g).is(Sign::POSITIVE)).unwrap_or_else(Expr::zero)
            }
            Rule::Scale => {
                self.require(&side(0), Sign::POSITIVE)?;
                first
            }
            Rule::Ground => first,
            Rule::Power => (first * side(0)).expand(),
            Rule::GeometricMean => Expr::add(below.into_iter().enumerate().map(|(i, g)| g * side(i))).expand(),
            Rule::Dual => (Expr::one() - first).expand(),
        })
    }

    fn first_order(&self, coefficients: &[Expr], difference: &Expr, symbol: &[Expr]) -> Result<(), CheckError> {
        let [n, d] = coefficients else { return Err(shape("first order", difference)) };
        divides(&[n.clone(), d.clone()], symbol)?;
        let conjugate = |e: &Expr| e.replace(&|p| (*p == Expr::Imag).then(|| -Expr::Imag));
        let half = Expr::Num(rational(1, 2));
        let re = (half * (n.clone() * conjugate(d) + conjugate(n) * d.clone())).expand();
        let size = (d.clone() * conjugate(d)).expand();
        let at_zero = |e: &Expr| self.at_zero(e);
        self.require(&at_zero(&size)?, Sign::POSITIVE)?;
        self.equal(difference, &(re.clone() * at_zero(&size)? - at_zero(&re)? * size))?;
        self.positive(difference)
    }

    /// `level` is `Re s(0)` of the upper or lower root of `a s^2 + b s + c`, `value` is the quadratic there, `a > 0`.
    fn level(
        &self,
        coefficients: &[Expr],
        level: &Expr,
        value: &Expr,
        upper: bool,
        symbol: &[Expr],
    ) -> Result<(), CheckError> {
        let [c, b, a] = coefficients else { return Err(shape("quadratic", level)) };
        divides(coefficients, symbol)?;
        self.positive(a)?;
        self.equal(value, &(a.clone() * level.clone().powi(2) + b.clone() * level.clone() + c.clone()))?;
        let [c0, b0, a0] = [self.at_zero(c)?, self.at_zero(b)?, self.at_zero(a)?];
        self.require(&a0, Sign::POSITIVE)?;
        let root = (Expr::int(2) * a0.clone() * level.clone() + b0.clone()).expand();
        let discriminant = (b0.powi(2) - Expr::int(4) * a0 * c0).expand();
        if vanishes(&root) {
            return self.require(&discriminant, Sign::NONPOSITIVE);
        }
        self.equal(&root.clone().powi(2), &discriminant)?;
        self.require(&root, if upper { Sign::NONNEGATIVE } else { Sign::NONPOSITIVE })
    }

    fn power_root(&self, order: u32, modulus: &Expr, negative: bool, symbol: &[Expr]) -> Result<(), CheckError> {
        if !(3..=64).contains(&order) {
            return Err(shape("power", modulus));
        }
        let mut divisor = vec![Expr::zero(); order as usize + 1];
        divisor[0] = if negative { modulus.clone() } else { -modulus.clone() };
        divisor[order as usize] = Expr::one();
        divides(&divisor, symbol)?;
        self.require(&self.at_zero(modulus)?, Sign::ZERO)?;
        self.positive(modulus)
    }

    fn at_zero(&self, e: &Expr) -> Result<Expr, CheckError> {
        let terms = self.known.powers_of_kappa(e).ok_or_else(|| shape("sum of powers of kappa", e))?;
        let mut value = Expr::zero();
        for (exponent, c) in terms {
            if exponent.is_zero() {
                value = c;
            } else {
                self.require(&exponent, Sign::POSITIVE)?;
            }
        }
        Ok(value)
    }

    fn positive(&self, e: &Expr) -> Result<(), CheckError> {
        if self.known.positive_for_positive_kappa(e) {
            Ok(())
        } else {
            Err(CheckError::Sign(format!("{e} > 0 for kappa > 0")))
        }
    }

    fn require(&self, e: &Expr, sign: Sign) -> Result<(), CheckError> {
        if self.known.sign(e).is(sign) { Ok(()) } else { Err(CheckError::Sign(sign.describe(e))) }
    }

    fn equal(&self, a: &Expr, b: &Expr) -> Result<(), CheckError> {
        if vanishes(&(a.clone() - b.clone())) {
            Ok(())
        } else {
            Err(CheckError::Shape { rule: format!("equal to {b}"), function: a.to_string() })
        }
    }

    /// Equality of two nonnegative functions, also by equality of their squares or higher powers.
    fn equal_nonnegative(&self, a: &Expr, b: &Expr) -> Result<(), CheckError> {
        let plain = self.equal(a, b);
        if plain.is_ok() {
            return plain;
        }
        self.require(a, Sign::NONNEGATIVE)?;
        self.require(b, Sign::NONNEGATIVE)?;
        let powers = |n: i64| vanishes(&(a.clone().powi(n).expand() - b.clone().powi(n).expand()));
        if (2..=6).any(powers) { Ok(()) } else { plain }
    }
}

/// Is the expression identically zero? Multiplied out, denominators cleared.
fn vanishes(e: &Expr) -> bool {
    let mut e = e.expand().expand();
    for _ in 0..8 {
        if e.is_zero() {
            return true;
        }
        let denominator = e.terms().iter().flat_map(|t| t.factors()).find_map(|f| match f {
            Expr::Pow(b, n) if n.as_num().is_some_and(|n| *n < rational(0, 1)) => {
                Some(Expr::pow((**b).clone(), -(**n).clone()))
            }
            _ => None,
        });
        let Some(d) = denominator else { return false };
        e = Expr::add(e.terms().iter().map(|t| t.clone() * d.clone())).expand().expand();
    }
    false
}

/// Does the polynomial `divisor` in s divide the symbol? By pseudo-division.
fn divides(divisor: &[Expr], symbol: &[Expr]) -> Result<(), CheckError> {
    let complaint = || CheckError::Branch(divisor.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "));
    let lead = divisor.last().filter(|l| !vanishes(l) && divisor.len() > 1).ok_or_else(complaint)?;
    let mut rest = symbol.to_vec();
    while rest.len() >= divisor.len() {
        let top = rest.pop().unwrap_or_else(Expr::zero);
        let shift = rest.len() + 1 - divisor.len();
        rest = rest.iter().map(|c| (c.clone() * lead.clone()).expand()).collect();
        for (i, c) in divisor[..divisor.len() - 1].iter().enumerate() {
            rest[shift + i] = (rest[shift + i].clone() - top.clone() * c.clone()).expand();
        }
    }
    if rest.iter().all(vanishes) { Ok(()) } else { Err(complaint()) }
}
