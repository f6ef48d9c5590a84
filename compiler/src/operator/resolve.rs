//! The syntax tree to the typed equation.

use super::equation::{Equation, Unknown};
use super::expression::{expression, is_vector};
use super::linear;
use super::names::Names;
use super::{assume, axes, judge};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::expr::{Expr, Func, Name};
use crate::source::{Source, Span};
use crate::syntax::Ast;
use crate::syntax::ast::{Assumption, At, Formula, Ident, Item, Node, SpaceDimension};

/// A system may have this many equations.
const MOST_EQUATIONS: usize = 64;

/// The typed equation of a syntax tree.
///
/// # Errors
/// One message with its place (codes `E02..` and `E03..`, and `E0107`).
pub fn resolve(ast: &Ast, source: &Source) -> Result<Equation, Diagnostics> {
    equation(ast, source).map_err(|d| d.about(source))
}

fn equation(ast: &Ast, source: &Source) -> Result<Equation, Diagnostic> {
    let items = Items::sort(ast)?;
    if items.equations.len() > MOST_EQUATIONS {
        let (_, _, span) = items.equations[MOST_EQUATIONS];
        return Err(Diagnostic::new("E0308", span, format!("a system has at most {MOST_EQUATIONS} equations")));
    }
    let sides: Vec<&Node> = items.equations.iter().flat_map(|(left, right, _)| [*left, *right]).collect();
    let declared: Vec<&Ident> = items.fields.iter().map(|(name, _)| *name).collect();
    let mut names = Names::collect(&sides, &declared, &items.assumptions)?;
    let stated = dimension(&items)?;
    names.dimension = stated.map(|(n, _)| n);
    if let Some((n, place)) = stated {
        sides.iter().try_for_each(|side| axes::within(n, place, side, &names))?;
    }
    let complex = names.has_imaginary_unit();
    let mut components = Vec::with_capacity(items.equations.len());
    for (left, right, span) in &items.equations {
        components.push((component(left, right, &names)?, *span));
    }
    let unknowns = unknowns(&items, &names, complex || components.iter().any(|(e, _)| e.contains(&Expr::Imag)))?;
    if names.dimension.is_none() && !items.any_dimension {
        names.dimension = axes::implied_dimension(components.iter().map(|(e, _)| e));
    }
    let rules = linear::Rules::new(names.dimension == Some(1));
    for (component, span) in &mut components {
        *component = normal(&simplify(component, &unknowns), &rules, *span)?;
        *component = axes::with_laplacians(component, names.dimension.unwrap_or(1));
    }
    check_shape(&components, &names)?;
    let facts = assume::with_denominators(assume::facts(&items.assumptions, &names)?, &components);
    let expect = items.expect.and_then(judge::expectation);
    let claim = items.claim.map_or(Ok(None), |item| judge::claim(item, expect.as_ref()))?;
    let test = items.test.map_or(Ok(Default::default()), |values| judge::test(values, &names, &facts))?;
    let (components, spans) = components.into_iter().unzip();
    Ok(Equation {
        name: ast.name.as_ref().map_or("equation".to_owned(), |n| n.node.clone()),
        title: items.title.map(str::to_owned),
        citation: items.source.map(str::to_owned),
        components,
        spans,
        unknowns,
        parameters: assume::parameters(&names, &facts),
        facts,
        dimension: names.dimension,
        expect,
        claim,
        test,
        source: source.clone(),
    })
}

/// The items of a text by kind.
#[derive(Default)]
struct Items<'a> {
    title: Option<&'a str>,
    source: Option<&'a str>,
    fields: Vec<(&'a Ident, bool)>,
    space: Option<&'a At<Item>>,
    any_dimension: bool,
    assumptions: Vec<&'a At<Assumption>>,
    equations: Vec<(&'a Node, &'a Node, Span)>,
    expect: Option<&'a At<Item>>,
    claim: Option<&'a At<Item>>,
    test: Option<&'a [(Ident, Node)]>,
}

impl<'a> Items<'a> {
    fn sort(ast: &'a Ast) -> Result<Items<'a>, Diagnostic> {
        let mut out = Items::default();
        for item in &ast.items {
            let twice = match &item.node {
                Item::Title(text) => out.title.replace(&text.node).is_some(),
                Item::Source(text) => out.source.replace(&text.node).is_some(),
                Item::Field { names, complex } => {
                    let again = names.iter().any(|n| out.fields.iter().any(|(f, _)| f.node == n.node));
                    out.fields.extend(names.iter().map(|n| (n, *complex)));
                    again
                }
                Item::Space { dimension, assumptions } => {
                    out.any_dimension = *dimension == SpaceDimension::Any;
                    out.assumptions.extend(assumptions);
                    out.space.replace(item).is_some()
                }
                Item::Param(list) => {
                    out.assumptions.extend(list);
                    false
                }
                Item::Equation { left, right } => {
                    out.equations.push((left, right, item.span));
                    false
                }
                Item::Expect { .. } => out.expect.replace(item).is_some(),
                Item::Claim { .. } => out.claim.replace(item).is_some(),
                Item::Test(values) => out.test.replace(values).is_some(),
            };
            if twice {
                return Err(Diagnostic::new("E0109", item.span, "this item is given twice")
                    .help("`expect` and `require` count as one; keep a single one of them"));
            }
        }
        Ok(out)
    }

    /// What the text declares `name` to be: complex, real, or nothing, with the place.
    fn declared_complex(&self, name: &str) -> Option<(bool, Span)> {
        let by_item = self.fields.iter().find(|(f, _)| f.node == name).map(|(f, complex)| (*complex, f.span));
        by_item.or_else(|| {
            self.assumptions.iter().find_map(|a| match &a.node {
                Assumption::Is(n, properties) if n.node == name => {
                    properties.first().map(|p| (p.node == "complex", a.span))
                }
                _ => None,
            })
        })
    }
}

/// The dimension that the text states.
fn dimension(items: &Items<'_>) -> Result<Option<(u32, Span)>, Diagnostic> {
    let assumed = assume::dimension(&items.assumptions)?;
    if let Some(Item::Space { dimension: SpaceDimension::Fixed(n), .. }) = items.space.map(|item| &item.node) {
        let number = At::new(Formula::Number(n.node.clone()), n.span);
        let n = assume::dimension_of(&number)?;
        return assume::same(assumed, n, number.span).map(Some);
    }
    Ok(assumed)
}

/// Left side minus right side.
fn component(left: &Node, right: &Node, names: &Names) -> Result<Expr, Diagnostic> {
    let side = |node: &Node| {
        let e = expression(node, &|name, span| names.bind(name, span))?;
        if !is_vector(&e) {
            return Ok(e);
        }
        Err(Diagnostic::new("E0204", node.span, "an equation needs scalar sides, found a vector")
            .label("this is a vector field")
            .help("take its divergence, or write one equation for each component"))
    };
    Ok(side(left)? - side(right)?)
}

fn unknowns(items: &Items<'_>, names: &Names, complex: bool) -> Result<Vec<Unknown>, Diagnostic> {
    let mut out = Vec::with_capacity(names.fields.len());
    for (name, _) in &names.fields {
        let declared = items.declared_complex(name.as_str());
        if let (true, Some((false, span))) = (complex, declared) {
            return Err(Diagnostic::new("E0312", span, format!("`{name}` is declared real, but the equation has `i`"))
                .help(format!("write `field {name}: complex`")));
        }
        out.push(Unknown { name: name.clone(), complex: complex || declared.is_some_and(|(c, _)| c) });
    }
    Ok(out)
}

/// Real fields are their own conjugates.
fn simplify(e: &Expr, unknowns: &[Unknown]) -> Expr {
    if unknowns.iter().any(|u| u.complex) {
        return e.clone();
    }
    let real = |part: &Expr| match part {
        Expr::Call(Func::Conj | Func::Re, a) => Some(simplify(a, unknowns)),
        Expr::Call(Func::Im, _) => Some(Expr::zero()),
        Expr::Call(Func::Abs2, a) if !is_vector(a) => Some(simplify(a, unknowns).powi(2)),
        _ => None,
    };
    e.replace(&real)
}

fn normal(e: &Expr, rules: &linear::Rules, span: Span) -> Result<Expr, Diagnostic> {
    linear::normal(e, rules).map_err(|linear::TooLarge| {
        Diagnostic::new("E0308", span, "this equation has too many terms once it is multiplied out")
            .help("name parts of it with parameters")
    })
}

/// There is an unknown in every component, as many as components, and time passes.
fn check_shape(components: &[(Expr, Span)], names: &Names) -> Result<(), Diagnostic> {
    for (e, span) in components {
        if e.is_zero() {
            return Err(Diagnostic::new("E0307", *span, "everything cancels: this equation says 0 = 0"));
        }
        if !e.has_field() {
            return Err(Diagnostic::new("E0301", *span, "there is no unknown in this equation")
                .help("the unknown is a name with a derivative, as in `phi_t - lap(phi) = 0`"));
        }
    }
    let whole = components.iter().map(|(_, span)| *span).reduce(Span::to).unwrap_or_default();
    let remain = |f: &Name| components.iter().any(|(e, _)| e.contains(&Expr::Field(f.clone())));
    if let Some((f, span)) = names.fields.iter().find(|(f, _)| !remain(f)) {
        return Err(Diagnostic::new("E0302", *span, format!("`{f}` cancels out of the equation")));
    }
    if names.fields.len() != components.len() {
        return Err(wrong_number(components, names, whole));
    }
    let passes = |e: &Expr| e.any(&|e| matches!(e, Expr::Dt(f, _) if f.has_field()));
    if !components.iter().any(|(e, _)| passes(e)) {
        return Err(Diagnostic::new("E0303", whole, "there is no time derivative of an unknown")
            .help("a flow needs one: `phi_t`, `phi_tt` or `dt(phi)`"));
    }
    Ok(())
}

fn wrong_number(components: &[(Expr, Span)], names: &Names, whole: Span) -> Diagnostic {
    let list: Vec<String> = names.fields.iter().map(|(f, _)| format!("`{f}`")).collect();
    let plural = |n: usize| if n == 1 { "" } else { "s" };
    let (fields, equations) = (list.len(), components.len());
    let message =
        format!("{fields} unknown{} in {equations} equation{}: {}", plural(fields), plural(equations), list.join(", "));
    let mut d = Diagnostic::new("E0302", names.fields.get(1).map_or(whole, |(_, span)| *span), message);
    if let [(first, place), (second, _), ..] = names.fields.as_slice() {
        d = d
            .label(format!("`{second}` is an unknown because it carries a derivative"))
            .relate(*place, format!("`{first}`"));
    }
    d.help("give one equation for each unknown; a parameter must not carry a derivative (`where m real` declares one)")
}
