//! What the author of a file says beside the equation: expected verdict, claim of the source, values for tests.

use super::equation::{Claim, Expectation, TestPoint};
use super::expression::expression;
use super::names::Names;
use crate::diagnostic::Diagnostic;
use crate::expr::{Expr, Facts};
use crate::syntax::ast::{At, Condition, Ident, Item, Node};
use crate::verdict::VerdictKind;

/// The verdict of an `expect` or `require` item.
pub(super) fn expectation(item: &At<Item>) -> Option<Expectation> {
    let Item::Expect { verdict, when, by, .. } = &item.node else { return None };
    let condition = when.as_ref().map(|when| match when {
        Condition::Words(text) => text.node.clone(),
        Condition::Constraints(list) => {
            let parts: Vec<String> = list.iter().map(|a| a.node.to_string()).collect();
            parts.join(", ")
        }
    });
    let by = by.as_ref().map(|b| b.node.clone());
    Some(Expectation { kind: kind(&verdict.node), condition, by, span: item.span })
}

/// The claim of the source. It needs a reason when the author expects something else.
pub(super) fn claim(item: &At<Item>, expect: Option<&Expectation>) -> Result<Option<Claim>, Diagnostic> {
    let Item::Claim { verdict, by, because } = &item.node else { return Ok(None) };
    let claimed = kind(&verdict.node);
    if let Some(expect) = expect.filter(|e| e.kind != claimed && because.is_none()) {
        return Err(Diagnostic::new(
            "E0311",
            item.span,
            "the claim differs from the expected verdict without a reason",
        )
        .relate(expect.span, format!("{} is expected here", expect.kind))
        .help("add `because \"...\"` to the claim"));
    }
    let because = because.as_ref().map(|b| b.node.clone());
    Ok(Some(Claim { kind: claimed, by: by.node.clone(), because }))
}

fn kind(word: &str) -> VerdictKind {
    match word {
        "s_generative" => VerdictKind::SGenerative,
        "conditional" => VerdictKind::Conditional,
        "not_s_generative" => VerdictKind::NotSGenerative,
        _ => VerdictKind::Undecided,
    }
}

/// The values of a `test` item, each admitted by the assumptions.
pub(super) fn test(values: &[(Ident, Node)], names: &Names, facts: &Facts) -> Result<TestPoint, Diagnostic> {
    let mut point = TestPoint::default();
    for (name, node) in values {
        if name.node == "N" {
            let n = super::assume::dimension_of(node)?;
            if names.dimension.is_some_and(|fixed| fixed != n) {
                return Err(outside(name, node, "the equation fixes another dimension"));
            }
            point.dimension = Some(n);
            continue;
        }
        let Expr::Sym(parameter) = names.bind(&name.node, name.span)? else {
            return Err(outside(name, node, "only parameters and `N` take values"));
        };
        let value = expression(node, &|_, span| Err(not_a_number(span)))?;
        let value = value.as_num().cloned().ok_or_else(|| not_a_number(node.span))?;
        if let Some(interval) = facts.interval(&parameter).filter(|i| !i.admits(&value)) {
            let assumed = interval.describe(&name.node);
            return Err(outside(name, node, &format!("it is assumed that {assumed}")));
        }
        if point.values.insert(parameter, value).is_some() {
            return Err(outside(name, node, "it has a value already"));
        }
    }
    relations_hold(values, &point, facts)?;
    Ok(point)
}

/// The relations between parameters hold at the point, as far as it fixes them.
fn relations_hold(values: &[(Ident, Node)], point: &TestPoint, facts: &Facts) -> Result<(), Diagnostic> {
    let at_point = |e: &Expr| match e {
        Expr::Sym(n) => point.values.get(n).map(|v| Expr::Num(v.clone())),
        _ => None,
    };
    for (relation, sign) in facts.relations() {
        let value = relation.replace(&at_point);
        let holds = !value.symbols().is_empty() || Facts::default().sign(&value).is(*sign) || value.as_num().is_none();
        if let (false, Some((name, node))) = (holds, values.last()) {
            return Err(outside(name, node, "the values contradict an assumption about several parameters"));
        }
    }
    Ok(())
}

fn outside(name: &Ident, node: &Node, why: &str) -> Diagnostic {
    Diagnostic::new("E0310", node.span, format!("`{}` cannot have this value", name.node))
        .label(why)
        .help("choose a value that the assumptions admit, or change them")
}

fn not_a_number(span: crate::source::Span) -> Diagnostic {
    Diagnostic::new("E0310", span, "a test value is a rational number").help("write `m = 1`, `m = 0.5` or `m = 1/3`")
}
