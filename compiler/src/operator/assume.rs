//! Assumptions to facts: intervals of parameters, relations between them, the space dimension.

use super::equation::Parameter;
use super::expression::expression;
use super::names::{Names, derivative};
use crate::diagnostic::Diagnostic;
use crate::expr::{Expr, Facts, Name, Rational, Sign, Var};
use crate::source::Span;
use crate::syntax::ast::{Assumption, At, Formula, Ident, Node, Relation};
use num_traits::{One, Signed, ToPrimitive, Zero};

/// The space dimension that the assumptions fix, if they do; none of them may forbid what another demands.
pub(super) fn dimension(assumptions: &[&At<Assumption>]) -> Result<Option<(u32, Span)>, Diagnostic> {
    let mut fixed: Option<(u32, Span)> = None;
    for assumption in assumptions {
        let Assumption::Chain(first, more) = &assumption.node else { continue };
        let mut left = first;
        for (relation, right) in more {
            let (relation, bound) = match (is_n(left), is_n(right)) {
                (true, _) => (*relation, right),
                (_, true) => (mirrored(*relation), left),
                _ => {
                    left = right;
                    continue;
                }
            };
            let span = left.span.to(right.span);
            left = right;
            let value = whole_number(bound);
            match (relation, value) {
                (Relation::Equal, Some(_)) => fixed = Some(same(fixed, dimension_of(bound)?, span)?),
                (Relation::AtLeast, Some(1)) | (Relation::Greater, Some(0)) => {}
                _ => {
                    return Err(Diagnostic::new(
                        "E0306",
                        span,
                        "this is not a condition on the dimension that is understood",
                    )
                    .help("write `N = 3` for one dimension, `N >= 1` for all of them"));
                }
            }
        }
    }
    Ok(fixed)
}

/// Both of two dimensions, when they agree.
pub(super) fn same(known: Option<(u32, Span)>, n: u32, span: Span) -> Result<(u32, Span), Diagnostic> {
    match known {
        Some((other, place)) if other != n => {
            let message = format!("the dimension is {n} here and {other} elsewhere");
            Err(Diagnostic::new("E0304", span, message)
                .relate(place, format!("N = {other} here"))
                .help("keep one of them"))
        }
        _ => Ok((n, span)),
    }
}

/// A number that can be a dimension.
pub(super) fn dimension_of(node: &Node) -> Result<u32, Diagnostic> {
    let value = whole_number(node).and_then(|n| u32::try_from(n).ok());
    value.filter(|n| *n >= 1).ok_or_else(|| {
        Diagnostic::new("E0306", node.span, "the space dimension is a whole number, 1 or more").help("write `N = 3`")
    })
}

fn whole_number(node: &Node) -> Option<i64> {
    match &node.node {
        Formula::Number(r) if r.is_integer() => r.to_integer().to_i64(),
        _ => None,
    }
}

fn is_n(node: &Node) -> bool {
    matches!(&node.node, Formula::Name(n) if n == "N")
}

fn mirrored(relation: Relation) -> Relation {
    match relation {
        Relation::Less => Relation::Greater,
        Relation::AtMost => Relation::AtLeast,
        Relation::Greater => Relation::Less,
        Relation::AtLeast => Relation::AtMost,
        same => same,
    }
}

/// What the assumptions say of the parameters.
pub(super) fn facts(assumptions: &[&At<Assumption>], names: &Names) -> Result<Facts, Diagnostic> {
    let mut collector = Collector { facts: Facts::default(), places: Vec::new(), names };
    for assumption in assumptions {
        match &assumption.node {
            Assumption::Is(name, properties) => collector.properties(name, properties)?,
            Assumption::Chain(first, more) => collector.chain(first, more)?,
        }
    }
    collector.relations_hold()?;
    Ok(collector.facts)
}

/// With the assumption that no parameter that the equation divides by is 0.
pub(super) fn with_denominators(mut facts: Facts, components: &[(Expr, Span)]) -> Facts {
    let mut below = Vec::new();
    components.iter().for_each(|(e, _)| denominators(e, &mut below));
    for d in below {
        let constant =
            |e: &Expr| matches!(e, Expr::Num(_) | Expr::Sym(_) | Expr::Add(_) | Expr::Mul(_) | Expr::Pow(..));
        if !d.any(&|e| !constant(e)) && facts.sign(&d).is(Sign::ANY) && !facts.sign(&d).is(Sign::NONZERO) {
            facts.assume(&d, Sign::NONZERO);
        }
    }
    facts
}

fn denominators(e: &Expr, out: &mut Vec<Expr>) {
    if let Expr::Pow(base, n) = e
        && n.as_num().is_some_and(Signed::is_negative)
    {
        out.push((**base).clone());
    }
    e.children().for_each(|c| denominators(c, out));
}

/// The parameters, each with its assumption as text.
pub(super) fn parameters(names: &Names, facts: &Facts) -> Vec<Parameter> {
    let describe = |name: &Name| {
        let related = facts.relations().iter().filter(|(e, _)| e.symbols().contains(name));
        let mut parts: Vec<String> = related.map(|(e, sign)| relation_text(e, *sign)).collect();
        let interval = facts.interval(name).cloned().unwrap_or_default();
        if parts.is_empty() || interval != crate::expr::Interval::default() {
            parts.insert(0, interval.describe(name.as_str()));
        }
        parts.join(", ")
    };
    let parameter = |(written, name, _): &(String, Name, Span)| Parameter {
        name: name.clone(),
        written: written.clone(),
        declared: names.is_declared(written),
        assumption: describe(name),
    };
    names.parameters.iter().map(parameter).collect()
}

/// What is assumed of coefficient functions alone: the function, and the assumption as text.
pub(super) fn functions(facts: &Facts) -> Vec<(String, String)> {
    let named = |(e, sign): &(Expr, Sign)| {
        let mut functions = Vec::new();
        applied(e, &mut functions);
        let name = functions.into_iter().next().filter(|_| e.is_about_functions())?;
        Some((name, relation_text(e, *sign)))
    };
    facts.relations().iter().filter_map(named).collect()
}

fn applied(e: &Expr, out: &mut Vec<String>) {
    if let Expr::Apply(..) = e {
        out.push(e.to_string());
    }
    e.children().for_each(|c| applied(c, out));
}

/// `eps - m > 0` as `eps > m`, other relations as they are.
fn relation_text(e: &Expr, sign: Sign) -> String {
    let word = match sign {
        Sign::POSITIVE => ">",
        Sign::NONNEGATIVE => ">=",
        Sign::NEGATIVE => "<",
        Sign::NONPOSITIVE => "<=",
        Sign::ZERO => "=",
        _ => "!=",
    };
    let (right, left): (Vec<Expr>, Vec<Expr>) =
        e.terms().iter().cloned().partition(|t| t.split_coefficient().0.is_negative());
    format!("{} {word} {}", Expr::add(left), -Expr::add(right))
}

struct Collector<'a> {
    facts: Facts,
    /// The parameters assumed something of, and where.
    places: Vec<(Name, Span)>,
    names: &'a Names,
}

impl Collector<'_> {
    fn properties(&mut self, name: &Ident, properties: &[Ident]) -> Result<(), Diagnostic> {
        if self.names.is_field(&name.node) {
            let bad = properties.iter().find(|p| !["real", "complex"].contains(&p.node.as_str()));
            return bad.map_or(Ok(()), |p| {
                let message = format!("`{}` is a field, which is `real` or `complex` and nothing else", name.node);
                Err(Diagnostic::new("E0309", p.span, message))
            });
        }
        let parameter = self.parameter(name)?;
        let interval = self.facts.interval_mut(&parameter);
        let zero = Rational::zero;
        for property in properties {
            match property.node.as_str() {
                "nonzero" => interval.nonzero = true,
                "positive" => interval.raise(zero(), true),
                "nonnegative" => interval.raise(zero(), false),
                "negative" => interval.reduce(zero(), true),
                "nonpositive" => interval.reduce(zero(), false),
                "complex" => {
                    return Err(Diagnostic::new(
                        "E0309",
                        property.span,
                        format!("the parameter `{}` cannot be complex", name.node),
                    )
                    .help("parameters are real: write `a + i b` with real `a` and `b`"));
                }
                _ => {}
            }
        }
        let end = properties.last().map_or(name.span, |p| p.span);
        self.note(parameter, name.span.to(end))
    }

    fn parameter(&self, name: &Ident) -> Result<Name, Diagnostic> {
        match self.names.bind(&name.node, name.span)? {
            Expr::Sym(n) => Ok(n),
            _ => Err(super::names::taken(&name.node, name.span)),
        }
    }

    fn chain(&mut self, first: &Node, more: &[(Relation, Node)]) -> Result<(), Diagnostic> {
        let down = |r: &Relation| matches!(r, Relation::Greater | Relation::AtLeast);
        let up = |r: &Relation| matches!(r, Relation::Less | Relation::AtMost);
        if more.len() > 1 && !more.iter().all(|(r, _)| down(r)) && !more.iter().all(|(r, _)| up(r)) {
            let whole = more.iter().fold(first.span, |span, (_, side)| span.to(side.span));
            return Err(Diagnostic::new("E0309", whole, "a chain of relations goes one way, as in `0 < beta <= 1`")
                .help("write separate assumptions, `a < b, b != c`"));
        }
        let mut left = first;
        for (relation, right) in more {
            if !is_n(left) && !is_n(right) {
                self.relation(left, *relation, right)?;
            }
            left = right;
        }
        Ok(())
    }

    fn relation(&mut self, left: &Node, relation: Relation, right: &Node) -> Result<(), Diagnostic> {
        let span = left.span.to(right.span);
        let difference = self.side(left)? - self.side(right)?;
        match affine(&difference) {
            Some((c, name, threshold)) => {
                let relation = if c.is_negative() { mirrored(relation) } else { relation };
                self.narrow(&name, relation, threshold, &difference);
                self.note(name, span)
            }
            None if difference.as_num().is_some() => {
                let message = "this says nothing about a parameter";
                Err(Diagnostic::new("E0309", span, message).help("an assumption is like `m > 0` or `0 < beta <= 1`"))
            }
            None => self.relate(difference, sign_of(relation), span),
        }
    }

    /// One side of a relation: parameters, numbers and coefficient functions only.
    fn side(&self, node: &Node) -> Result<Expr, Diagnostic> {
        if let Formula::Name(name) = &node.node
            && derivative(name).is_some()
            && !self.names.is_indexed(name)
        {
            return Err(about_fields(node.span));
        }
        let e = expression(node, &|name, span| self.names.bind(name, span))?;
        let varies =
            |e: &Expr| matches!(e, Expr::Field(_) | Expr::Position | Expr::Unit(_) | Expr::Imag | Expr::Var(Var::Time));
        if e.any(&varies) { Err(about_fields(node.span)) } else { Ok(e) }
    }

    fn narrow(&mut self, name: &Name, relation: Relation, value: Rational, difference: &Expr) {
        if relation == Relation::Differs && !value.is_zero() {
            self.facts.relate(difference.clone(), Sign::NONZERO);
            return;
        }
        let interval = self.facts.interval_mut(name);
        match relation {
            Relation::Less => interval.reduce(value, true),
            Relation::AtMost => interval.reduce(value, false),
            Relation::Greater => interval.raise(value, true),
            Relation::AtLeast => interval.raise(value, false),
            Relation::Equal => {
                interval.raise(value.clone(), false);
                interval.reduce(value, false);
            }
            Relation::Differs => interval.nonzero = true,
        }
    }

    /// Remembers where `name` was assumed something of; fails when no value remains.
    fn note(&mut self, name: Name, span: Span) -> Result<(), Diagnostic> {
        let earlier = self.places.iter().rev().find(|(n, _)| *n == name).map(|(_, s)| *s);
        let interval = self.facts.interval_mut(&name);
        let only_zero = interval.sign_from(&Rational::zero()).is(Sign::ZERO);
        if interval.is_empty() || (only_zero && interval.nonzero) {
            let none = Diagnostic::new("E0304", span, format!("no value of `{name}` satisfies the assumptions"));
            let none = none.label("this contradicts what is assumed").help("remove one of the assumptions");
            return Err(earlier.map_or(none.clone(), |e| none.relate(e, "assumed before")));
        }
        self.places.push((name, span));
        Ok(())
    }

    fn relate(&mut self, difference: Expr, sign: Sign, span: Span) -> Result<(), Diagnostic> {
        let impossible = self.facts.sign(&difference).and(sign);
        if impossible.is(Sign::ZERO) && impossible.is(Sign::POSITIVE) {
            return Err(contradiction(span));
        }
        for symbol in difference.symbols() {
            self.facts.interval_mut(&symbol);
            self.places.push((symbol, span));
        }
        self.facts.relate(difference, sign);
        Ok(())
    }

    /// Intervals stated after a relation may contradict it.
    fn relations_hold(&self) -> Result<(), Diagnostic> {
        let mut intervals = Facts::default();
        for (_, name, _) in &self.names.parameters {
            if let Some(i) = self.facts.interval(name) {
                *intervals.interval_mut(name) = i.clone();
            }
        }
        for (e, sign) in self.facts.relations() {
            let left = intervals.sign(e).and(*sign);
            if left.is(Sign::ZERO) && left.is(Sign::POSITIVE) {
                let last = self.places.iter().rev().find(|(n, _)| e.symbols().contains(n));
                return Err(contradiction(last.map_or(Span::default(), |(_, s)| *s)));
            }
        }
        Ok(())
    }
}

fn contradiction(span: Span) -> Diagnostic {
    Diagnostic::new("E0304", span, "no values of the parameters satisfy the assumptions")
        .label("this contradicts what is assumed elsewhere")
        .help("remove one of the assumptions")
}

fn about_fields(span: Span) -> Diagnostic {
    Diagnostic::new("E0309", span, "assumptions are about parameters, not about fields or variables")
        .help("an assumption is like `m > 0` or `0 < beta <= 1`")
}

fn sign_of(relation: Relation) -> Sign {
    match relation {
        Relation::Less => Sign::NEGATIVE,
        Relation::AtMost => Sign::NONPOSITIVE,
        Relation::Greater => Sign::POSITIVE,
        Relation::AtLeast => Sign::NONNEGATIVE,
        Relation::Equal => Sign::ZERO,
        Relation::Differs => Sign::NONZERO,
    }
}

/// `c (parameter - threshold)` taken apart.
fn affine(e: &Expr) -> Option<(Rational, Name, Rational)> {
    let (constant, other) = match e.terms() {
        [one] => (Rational::zero(), one),
        [a, b] => match (a.as_num(), b.as_num()) {
            (Some(r), None) => (r.clone(), b),
            (None, Some(r)) => (r.clone(), a),
            _ => return None,
        },
        _ => return None,
    };
    match other.split_coefficient() {
        (c, Expr::Sym(name)) if !c.is_zero() => {
            let threshold = if c.is_one() { -constant } else { -constant / &c };
            Some((c, name, threshold))
        }
        _ => None,
    }
}
