//! Which name is what: fields, parameters, and how a derivative is written into a name.

use crate::diagnostic::Diagnostic;
use crate::expr::{Axis, Expr, Name, Var};
use crate::operator::functions;
use crate::source::Span;
use crate::syntax::ast::{Assumption, At, Formula, Ident, Node};
use std::collections::{BTreeMap, BTreeSet};

/// Names that reports need for themselves: a parameter called so gets `_` appended.
const RESERVED: [&str; 5] = ["kappa", "s", "omega", "q", "i"];
/// Names with a fixed meaning, which neither a field nor a parameter may take.
const FIXED: [&str; 6] = ["t", "x", "e_x", "e_y", "e_z", "N"];
/// The highest order of a derivative.
pub(super) const HIGHEST_ORDER: u32 = 64;

/// A name with a derivative suffix, as `phi_ttx`.
pub(super) struct Derivative<'a> {
    /// The field.
    pub of: &'a str,
    /// The order in `t`.
    pub time: u32,
    /// The orders along the axes.
    pub axes: [u32; 3],
}

/// What a name with a derivative suffix stands for.
pub(super) fn derivative(name: &str) -> Option<Derivative<'_>> {
    let (of, suffix) = name.rsplit_once('_')?;
    let letters = !suffix.is_empty() && suffix.chars().all(|c| c == 't' || Axis::of_letter(c).is_some());
    if of.is_empty() || !letters || FIXED.contains(&name) {
        return None;
    }
    let count = |c| u32::try_from(suffix.matches(c).count()).unwrap_or(u32::MAX);
    Some(Derivative { of, time: count('t'), axes: Axis::ALL.map(|a| count(a.letter())) })
}

/// The unit vector called `name`.
pub(super) fn unit(name: &str) -> Option<Expr> {
    Axis::ALL.into_iter().find(|a| a.unit() == name).map(Expr::Unit)
}

/// The names of one text.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Fields in order of appearance, with the place of the first.
    pub fields: Vec<(Name, Span)>,
    /// Parameters in order of appearance: as written, the name in expressions, and the first place.
    pub parameters: Vec<(String, Name, Span)>,
    /// Names that assumptions mention.
    declared: BTreeSet<String>,
    /// Parameters that look like derivatives, `D_x`, of a letter that is no field.
    indexed: BTreeSet<String>,
    /// Every name that stands alone in an equation, with its first place.
    used: BTreeMap<String, Span>,
    /// The value of `N`, once known.
    pub dimension: Option<u32>,
}

impl Names {
    /// The names in `sides`, the sides of all equations, given the declared fields and the assumptions.
    pub fn collect(sides: &[&Node], fields: &[&Ident], assumptions: &[&At<Assumption>]) -> Result<Names, Diagnostic> {
        let indexed = indexed(sides, fields, assumptions);
        let mut seen = Seen { indexed: indexed.clone(), ..Seen::default() };
        sides.iter().for_each(|side| seen.visit(side, false));
        let declared = mentioned(assumptions, &indexed);
        let mut names = Names { declared, indexed, used: seen.alone.clone(), ..Names::default() };
        let carriers: BTreeSet<&str> = seen.order.iter().filter(|(.., c)| *c).map(|(n, ..)| n.as_str()).collect();
        let declared_field = |n: &str| fields.iter().any(|f| f.node == n);
        for (name, span, carries) in &seen.order {
            let usual = name == "phi" && !names.declared.contains("phi");
            let field = declared_field(name) || carriers.contains(name.as_str()) || usual;
            let by_operand = seen.operands.contains(name) && !names.declared.contains(name);
            let fixed = FIXED.contains(&name.as_str()) || (name == "i" && !names.declared.contains("i"));
            if *carries && (fixed || RESERVED.contains(&name.as_str())) {
                return Err(taken(name, *span));
            }
            if fixed || names.is_field(name) || names.parameters.iter().any(|(w, ..)| w == name) {
                continue;
            }
            if field || by_operand {
                names.add_field(name, *span)?;
            } else {
                names.add_parameter(name, *span);
            }
        }
        names.check_suffixes()?;
        match fields.iter().find(|f| !names.is_field(&f.node)) {
            Some(f) if FIXED.contains(&f.node.as_str()) => Err(taken(&f.node, f.span)),
            Some(f) => Err(names.does_not_occur(&f.node, f.span)),
            None => Ok(names),
        }
    }

    pub fn is_field(&self, name: &str) -> bool {
        self.fields.iter().any(|(f, _)| f.as_str() == name)
    }

    /// Is `name` a parameter, though it looks like a derivative?
    pub fn is_indexed(&self, name: &str) -> bool {
        self.indexed.contains(name)
    }

    /// Is `name` mentioned by an assumption?
    pub fn is_declared(&self, name: &str) -> bool {
        self.declared.contains(name)
    }

    /// Does the text use the imaginary unit?
    pub fn has_imaginary_unit(&self) -> bool {
        self.used.contains_key("i") && !self.declared.contains("i")
    }

    /// What a name without derivative stands for.
    pub fn bind(&self, name: &str, span: Span) -> Result<Expr, Diagnostic> {
        if self.is_field(name) {
            return Ok(Expr::Field(name.into()));
        }
        if let Some((_, renamed, _)) = self.parameters.iter().find(|(written, ..)| written == name) {
            return Ok(Expr::Sym(renamed.clone()));
        }
        match name {
            "t" => Ok(Expr::Var(Var::Time)),
            "x" => Ok(Expr::Position),
            "i" => Ok(Expr::Imag),
            "N" => self.dimension.map(|n| Expr::int(n.into())).ok_or_else(|| {
                Diagnostic::new("E0208", span, "`N` is the space dimension, which this text does not fix")
                    .help("add `N = 3` to the assumptions, or use another name for a parameter")
            }),
            _ => unit(name).ok_or_else(|| self.does_not_occur(name, span)),
        }
    }

    /// The message about a declared name that no equation uses.
    pub fn does_not_occur(&self, name: &str, span: Span) -> Diagnostic {
        let known = self.parameters.iter().map(|(w, ..)| w.as_str()).chain(self.fields.iter().map(|(f, _)| f.as_str()));
        let near = crate::diagnostic::nearest(name, known);
        Diagnostic::new("E0209", span, format!("`{name}` does not occur in the equation"))
            .help(near.map_or("remove it, or use it".to_owned(), |n| format!("did you mean `{n}`?")))
    }

    fn add_field(&mut self, name: &str, span: Span) -> Result<(), Diagnostic> {
        if RESERVED.contains(&name) || name == "pi" {
            return Err(taken(name, span));
        }
        self.fields.push((name.into(), span));
        Ok(())
    }

    fn add_parameter(&mut self, written: &str, span: Span) {
        let mut name = written.to_owned();
        while RESERVED.contains(&name.as_str()) || (name != written && self.used.contains_key(&name)) {
            name.push('_');
        }
        self.parameters.push((written.to_owned(), name.as_str().into(), span));
    }

    /// Parameters must not look like derivatives, nor like a constant they are not.
    fn check_suffixes(&self) -> Result<(), Diagnostic> {
        for (name, _, span) in &self.parameters {
            if name == "pi" && !self.is_declared("pi") {
                return Err(Diagnostic::new("E0208", *span, "`pi` is not a constant of the language")
                    .help("write its value, or declare a parameter: `where pi real`"));
            }
            if OPERATORS.contains(&name.as_str()) && !self.is_declared(name) {
                let message = format!("`{name}` is not an operator of the language");
                return Err(Diagnostic::new("E0208", *span, message).help(format!(
                    "write `lap(phi)`, `grad(phi)`, `div(...)` or `phi_t`, or declare a parameter: `where {name} real`"
                )));
            }
            let Some((base, suffix)) = name.rsplit_once('_') else { continue };
            let letters = !suffix.is_empty() && suffix.chars().all(|c| c.is_ascii_alphabetic());
            if letters && self.is_field(base) && !self.is_declared(name) {
                return Err(Diagnostic::new("E0210", *span, format!("`{name}` is not a derivative of the language"))
                    .label("derivatives in names are by `t`, `x`, `y` and `z`")
                    .help(format!("use `lap`, `grad` and `div` in space, or declare it: `where {name} real`")));
            }
        }
        Ok(())
    }
}

/// Words for operators elsewhere; as letters they would be parameters, and the equation another one than was meant.
pub(super) const OPERATORS: [&str; 9] =
    ["nabla", "del", "Delta", "laplacian", "Laplacian", "laplace", "Laplace", "partial", "delsq"];

/// The message about a name that has another meaning already.
pub(super) fn taken(name: &str, span: Span) -> Diagnostic {
    let meaning = match name {
        "t" => "the flow time",
        "x" => "the position",
        "e_x" | "e_y" | "e_z" => "the unit vector of an axis",
        "N" => "the space dimension",
        "i" => "the imaginary unit",
        "pi" => "a constant elsewhere",
        _ => "a variable of every report",
    };
    Diagnostic::new("E0208", span, format!("`{name}` is {meaning}")).help("choose another name, for example `u`")
}

/// Parameters that look like derivatives: assumptions mention `D_x`, and nothing else says that `D` is a field.
fn indexed(sides: &[&Node], fields: &[&Ident], assumptions: &[&At<Assumption>]) -> BTreeSet<String> {
    let written = |nodes: &[&Node]| {
        let mut seen = Seen { as_written: true, ..Seen::default() };
        nodes.iter().for_each(|node| seen.visit(node, false));
        seen.alone.into_keys().collect::<BTreeSet<String>>()
    };
    let assumed = assumptions.iter().flat_map(|a| match &a.node {
        Assumption::Is(name, _) => BTreeSet::from([name.node.clone()]),
        Assumption::Chain(first, more) => {
            written(&std::iter::once(first).chain(more.iter().map(|(_, n)| n)).collect::<Vec<_>>())
        }
    });
    let assumed: BTreeSet<String> = assumed.filter(|name| derivative(name).is_some()).collect();
    if assumed.is_empty() {
        return assumed;
    }
    let base = |name: &str| derivative(name).map(|d| d.of.to_owned());
    let mut known: BTreeSet<String> = fields.iter().map(|f| f.node.clone()).collect();
    known.extend(["phi", "k"].map(str::to_owned));
    known.extend(FIXED.iter().chain(&RESERVED).map(|name| (*name).to_owned()));
    for name in written(sides).difference(&assumed) {
        known.insert(base(name).unwrap_or_else(|| name.clone()));
    }
    assumed.into_iter().filter(|name| base(name).is_some_and(|base| !known.contains(&base))).collect()
}

/// The names that assumptions mention.
fn mentioned(assumptions: &[&At<Assumption>], indexed: &BTreeSet<String>) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for assumption in assumptions {
        match &assumption.node {
            Assumption::Is(name, _) => {
                out.insert(name.node.clone());
            }
            Assumption::Chain(first, more) => {
                let mut seen = Seen { indexed: indexed.clone(), ..Seen::default() };
                seen.visit(first, false);
                more.iter().for_each(|(_, side)| seen.visit(side, false));
                out.extend(seen.alone.into_keys());
            }
        }
    }
    out
}

/// The names met on a walk through a formula.
#[derive(Default)]
struct Seen {
    /// In order: the name (of the field, for a derivative), its place, and whether it carried a derivative suffix.
    order: Vec<(String, Span, bool)>,
    alone: BTreeMap<String, Span>,
    /// Names that a differential operator acts on directly.
    operands: BTreeSet<String>,
    /// Names that are no derivatives, whatever they look like.
    indexed: BTreeSet<String>,
    /// Is no name read as a derivative?
    as_written: bool,
}

impl Seen {
    fn visit(&mut self, node: &Node, operand: bool) {
        match &node.node {
            Formula::Number(_) => {}
            Formula::Name(name) => self.name(name, node.span, operand),
            // The argument of `s(t)` or `V(x)` only says what the function depends on.
            Formula::Call(name, _) if functions::find(&name.node).is_none() => {}
            Formula::Call(name, arguments) => {
                let differentiates = functions::differentiates(&name.node);
                for (i, argument) in arguments.iter().enumerate() {
                    self.visit(argument, differentiates && i == 0);
                }
            }
            Formula::Sum(terms) => terms.iter().for_each(|(_, t)| self.visit(t, false)),
            Formula::Product(factors) => factors.iter().for_each(|(_, f)| self.visit(f, false)),
            Formula::Power(base, exponent) => {
                self.visit(base, false);
                self.visit(exponent, false);
            }
            Formula::FracLap { exponent, operand } => {
                self.visit(exponent, false);
                self.visit(operand, true);
            }
        }
    }

    fn name(&mut self, name: &str, span: Span, operand: bool) {
        let plain = self.as_written || self.indexed.contains(name);
        if let Some(derivative) = derivative(name).filter(|_| !plain) {
            self.order.push((derivative.of.to_owned(), span, true));
            return;
        }
        if operand {
            self.operands.insert(name.to_owned());
        }
        if !self.alone.contains_key(name) {
            self.alone.insert(name.to_owned(), span);
            self.order.push((name.to_owned(), span, false));
        }
    }
}
