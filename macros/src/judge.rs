//! What the text must satisfy to become a module: a dimension, and the verdict it asks for.
//!
//! In:   the header, an [`Analysis`], its text.
//! Out:  the dimension N; or a complaint at the words at fault, with the counterexample.

use crate::header::Header;
use crate::message::Message;
use crate::text::Text;
use genphys_compiler::report::build;
use genphys_compiler::source::Span;
use genphys_compiler::syntax::{
    self,
    ast::{Ast, Formula, Item, Join, Node, SpaceDimension},
};
use genphys_compiler::verdict::{Answer, Condition, VerdictKind};
use genphys_compiler::{Analysis, Budget, analyze_equation, operator::Equation};
use num_traits::Zero;

/// The dimension of the header, or that of the text.
pub fn dimension(header: &Header, analysis: &Analysis, text: &Text) -> Result<usize, Message> {
    let equation = &analysis.equation;
    let fixed = equation.dimension.map(|n| n as usize);
    if let (Some((asked, place)), Some(fixed)) = (header.dimension, fixed)
        && asked != fixed
    {
        return Err(Message::at(place, format!("the equation is set in N = {fixed}, not {asked}"))
            .help("leave one of them out"));
    }
    let asked = header.dimension.map(|(n, _)| n).or(fixed).or(equation.test.dimension.map(|n| n as usize));
    asked.ok_or_else(|| {
        let ast = syntax::parse(text.source()).ok();
        let (place, remedy) = place_of_dimension(ast.as_ref(), equation);
        text.message(place, "the dimension N of space is not known").help(&remedy)
    })
}

/// Where the dimension would stand, and how.
fn place_of_dimension(ast: Option<&Ast>, equation: &Equation) -> (Span, String) {
    let block = ast.and_then(|ast| ast.name.as_ref());
    let space = ast.into_iter().flat_map(|ast| &ast.items).find_map(|item| match &item.node {
        Item::Space { dimension: SpaceDimension::Any, .. } => Some(item.span),
        _ => None,
    });
    match (block, space) {
        (_, Some(space)) => (space, "write a number for N: `space x in R^2;`".to_owned()),
        (Some(name), None) => (name.span, "add `space x in R^2;` to the block".to_owned()),
        (None, None) => {
            let all = equation.spans.iter().copied().reduce(Span::to).unwrap_or_default();
            let list = if equation.parameters.iter().any(|p| p.declared) {
                "add it to the assumptions"
            } else {
                "add an assumption"
            };
            (all, format!("{list}: `where N = 2`"))
        }
    }
}

/// The verdict must be s-generative, or the one that the text requires.
pub fn verdict(analysis: &Analysis, text: &Text) -> Result<(), Message> {
    let ast = syntax::parse(text.source()).ok();
    let items = || ast.iter().flat_map(|ast| &ast.items);
    let required = items().any(|item| matches!(item.node, Item::Expect { require: true, .. }));
    let found = &analysis.verdict;
    let by = |by: Option<&str>| match by {
        Some("C1") => found.c1.answer == Answer::No,
        Some("C2") => found.c2.answer == Answer::No,
        _ => true,
    };
    match analysis.equation.expect.as_ref().filter(|_| required) {
        Some(expect) if expect.kind == found.kind && by(expect.by.as_deref()) => Ok(()),
        Some(expect) if expect.kind != VerdictKind::SGenerative => {
            let wanted = expect.by.as_ref().map_or(expect.kind.to_string(), |by| format!("{} by {by}", expect.kind));
            let name = &analysis.equation.name;
            let headline = format!("`{name}` is required to be {wanted}, and is {}", found.kind);
            Err(text.message(expect.span, &format!("{headline}{}", evidence(analysis))))
        }
        _ if found.kind == VerdictKind::SGenerative => Ok(()),
        _ => Err(refused(analysis, ast.as_ref(), text)),
    }
}

/// The equation where its verdict holds, if that is one condition on its parameters and the text requires a conditional verdict.
pub fn under_condition(analysis: &Analysis) -> Option<Analysis> {
    let verdict = &analysis.verdict;
    let is_about_parameters = !verdict.c1.admits.is_empty() || !verdict.c2.admits.is_empty();
    if verdict.kind != VerdictKind::Conditional || !is_about_parameters {
        return None;
    }
    let mut equation = analysis.equation.clone();
    for condition in [&verdict.c1, &verdict.c2] {
        match &condition.admits[..] {
            [] => {}
            [case] => case.iter().for_each(|c| equation.facts.assume(&c.expression, c.sign)),
            _ => return None,
        }
    }
    Some(analyze_equation(equation, Budget::default()))
        .filter(|assumed| assumed.verdict.kind == VerdictKind::SGenerative)
}

fn refused(analysis: &Analysis, ast: Option<&Ast>, text: &Text) -> Message {
    let (name, verdict) = (&analysis.equation.name, &analysis.verdict);
    let headline = match verdict.kind {
        VerdictKind::Conditional => {
            let mut conditions: Vec<&str> = Vec::new();
            for condition in [&verdict.c1, &verdict.c2].into_iter().filter_map(|c| c.condition.as_deref()) {
                // One of them may say more about the same condition.
                if conditions.iter().all(|said| !said.starts_with(condition)) {
                    conditions.retain(|said| !condition.starts_with(said));
                    conditions.push(condition);
                }
            }
            format!("`{name}` is s-generative only when {}", conditions.join(" and "))
        }
        VerdictKind::Undecided => format!("whether `{name}` is s-generative is undecided"),
        _ => format!("`{name}` is not s-generative"),
    };
    let remedy = match verdict.kind {
        VerdictKind::Conditional => {
            "\n= help: assume what makes it hold (`where` or `param`), or write the block form with `require conditional;`"
        }
        _ => "",
    };
    let place = superposition_fails(ast, &analysis.equation).filter(|_| verdict.kind == VerdictKind::Undecided);
    let place = place.unwrap_or_else(|| offending(ast, &analysis.equation));
    text.message(place, &format!("{headline}{}{remedy}", evidence(analysis)))
}

/// The reason and the counterexample of each condition that is not a yes.
fn evidence(analysis: &Analysis) -> String {
    let verdict = &analysis.verdict;
    let line = |name: &str, c: &Condition| {
        let mut text = format!("\n= note: {name} {}: {}", c.answer, c.reason);
        if let Some(w) = c.witness.as_ref().map(build::witness) {
            let values: Vec<String> = w.values.iter().map(|(name, value)| format!("{name} = {value}")).collect();
            text.push_str(&format!("\n= note: counterexample: {}: {}", w.statement, values.join(", ")));
        }
        text
    };
    let open = [("C1", &verdict.c1), ("C2", &verdict.c2)].into_iter().filter(|(_, c)| c.answer != Answer::Yes);
    let mut open: Vec<(&str, &Condition)> = open.collect();
    if let [(_, c1), (_, c2)] = open[..]
        && c1.reason == c2.reason
        && c1.witness.is_none()
    {
        open = vec![("C1 and C2", c1)];
    }
    open.into_iter().map(|(name, c)| line(name, c)).collect()
}

/// The terms with the most derivatives in space, which decide how short waves behave; all, where no term has any.
fn offending(ast: Option<&Ast>, equation: &Equation) -> Span {
    let all = equation.spans.iter().copied().reduce(Span::to).unwrap_or_default();
    let terms: Vec<(f64, Span)> = all_terms(ast).map(|term| (order(term), term.span)).collect();
    let highest = terms.iter().map(|(order, _)| *order).fold(0.0, f64::max);
    match terms.iter().filter(|(order, _)| *order == highest).map(|(_, span)| *span).reduce(Span::to) {
        Some(span) if highest > 0.0 => span,
        _ => all,
    }
}

/// The first term that is not of degree 1 in the unknowns: nonlinear, or without any of them.
fn superposition_fails(ast: Option<&Ast>, equation: &Equation) -> Option<Span> {
    let unknowns: Vec<&str> = equation.unknowns.iter().map(|unknown| unknown.name.as_str()).collect();
    let is_zero = |term: &Node| matches!(&term.node, Formula::Number(n) if n.is_zero());
    all_terms(ast).find(|term| !is_zero(term) && degree(term, &unknowns) != 1).map(|term| term.span)
}

/// The degree in the unknowns: 0 without any, 1 where they are linear, 2 for anything else.
fn degree(node: &Node, unknowns: &[&str]) -> u32 {
    let of = |node: &Node| degree(node, unknowns);
    match &node.node {
        Formula::Number(_) => 0,
        Formula::Name(name) => {
            let is_unknown = |stem: &str| unknowns.contains(&stem);
            u32::from(is_unknown(name) || name.rsplit_once('_').is_some_and(|(stem, _)| is_unknown(stem)))
        }
        Formula::Call(function, arguments) => {
            let inner = arguments.iter().map(of).max().unwrap_or(0);
            let is_linear =
                ["lap", "grad", "div", "dt", "dx", "dy", "dz", "frac_lap"].contains(&function.node.as_str());
            if is_linear || inner == 0 { inner } else { 2 }
        }
        Formula::Sum(terms) => terms.iter().map(|(_, term)| of(term)).max().unwrap_or(0),
        Formula::Product(factors) => {
            let factor = |(join, factor): &(Join, Node)| match join {
                Join::Over if of(factor) > 0 => 2,
                _ => of(factor),
            };
            factors.iter().map(factor).sum::<u32>().min(2)
        }
        Formula::Power(base, _) => {
            if of(base) == 0 {
                0
            } else {
                2
            }
        }
        Formula::FracLap { operand, .. } => of(operand),
    }
}

fn all_terms(ast: Option<&Ast>) -> impl Iterator<Item = &Node> {
    let equations = ast.into_iter().flat_map(|ast| &ast.items).filter_map(|item| match &item.node {
        Item::Equation { left, right } => Some([left, right]),
        _ => None,
    });
    equations.flatten().flat_map(terms)
}

fn terms(side: &Node) -> Vec<&Node> {
    match &side.node {
        Formula::Sum(terms) => terms.iter().map(|(_, term)| term).collect(),
        _ => vec![side],
    }
}

/// The order of the derivatives in space.
fn order(node: &Node) -> f64 {
    match &node.node {
        Formula::Number(_) => 0.0,
        Formula::Name(name) => {
            let suffix = name.rsplit_once('_').map_or("", |(_, suffix)| suffix);
            if suffix.chars().all(|c| "txyz".contains(c)) {
                suffix.matches(['x', 'y', 'z']).count() as f64
            } else {
                0.0
            }
        }
        Formula::Call(function, arguments) => {
            let inner = arguments.iter().map(order).fold(0.0, f64::max);
            inner
                + match function.node.as_str() {
                    "lap" => 2.0,
                    "grad" | "div" | "dx" | "dy" | "dz" => 1.0,
                    "frac_lap" => 1.5,
                    _ => 0.0,
                }
        }
        Formula::Sum(terms) => terms.iter().map(|(_, term)| order(term)).fold(0.0, f64::max),
        Formula::Product(factors) => factors.iter().map(|(_, factor)| order(factor)).fold(0.0, f64::max),
        Formula::Power(base, _) => order(base),
        Formula::FracLap { operand, .. } => order(operand) + 1.5,
    }
}
