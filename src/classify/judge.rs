//! From an item to its row: no input and no fault of ours stops the run.

use super::input::Item;
use super::row::{Answered, Row};
use genphys_compiler::diagnostic::Diagnostics;
use genphys_compiler::operator::Equation;
use genphys_compiler::{Analysis, Budget, analyze};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

/// Judges one item.
pub fn judge(item: Item) -> Row {
    guarded(item, |item| {
        let source = item.source.as_ref().map_err(Clone::clone)?;
        analyze(source, Budget::default()).map_err(|d| message(&d))
    })
}

/// A panic of the compiler is a row that says so.
fn guarded(item: Item, compile: impl FnOnce(&Item) -> Result<Analysis, String>) -> Row {
    let start = Instant::now();
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        compile(&item).map(|analysis| (equation_text(&analysis.equation), Answered::new(&analysis)))
    }));
    let micros = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
    let (understood, answer) = match outcome {
        Ok(Ok((text, answered))) => (text, Ok(answered)),
        Ok(Err(why)) => (String::new(), Err(why)),
        Err(panic) => (String::new(), Err(fault(panic.as_ref()))),
    };
    Row { name: item.name, pde: item.pde.unwrap_or(understood), carried: item.carried, answer, micros }
}

fn fault(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("internal error, a fault of genphys and not of the equation: {}", text.unwrap_or("no message"))
}

/// What is wrong with a text, in one line: the first message, with its code and column.
fn message(diagnostics: &Diagnostics) -> String {
    let Some(first) = diagnostics.all.first() else { return "the text is wrong".into() };
    let before = diagnostics.source.text.get(..first.span.start).unwrap_or("");
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    let place = if line > 1 { format!("line {line}, column {column}") } else { format!("column {column}") };
    let help = first.help.as_ref().map_or(String::new(), |help| format!(" ({help})"));
    format!("{} at {place}: {}{help}", first.code, first.message)
}

/// The equation as it was understood, with what is assumed, so that the row can be judged again.
fn equation_text(equation: &Equation) -> String {
    let parts: Vec<String> = equation.components.iter().map(|c| format!("{c} = 0")).collect();
    let mut assumed: Vec<String> =
        equation.parameters.iter().filter(|p| p.declared).map(|p| p.assumption.clone()).collect();
    assumed.extend(equation.function_assumptions().into_iter().map(|(_, text)| text));
    assumed.extend(equation.dimension.map(|n| format!("N = {n}")));
    let assumed = if assumed.is_empty() { String::new() } else { format!(" where {}", assumed.join(", ")) };
    format!("{}{assumed}", parts.join("; "))
}

impl Answered {
    fn new(analysis: &Analysis) -> Answered {
        let flow = analysis.flow.as_ref().ok();
        let relation = analysis.dispersion.as_ref().ok();
        let verdict = &analysis.verdict;
        Answered {
            p: flow.map(|f| f.p.to_string()),
            v: flow.map(|f| f.v().to_string()),
            r: flow.map(|f| f.r.to_string()),
            omega_branches: relation
                .map(|d| d.branches.iter().map(|b| b.omega.to_string()).collect::<Vec<_>>().join(" ; ")),
            lambda: relation.and_then(|d| d.lambda()).map(|lambda| lambda.to_string()),
            c1: verdict.c1.answer,
            c1_condition: verdict.c1.condition.clone(),
            c2: verdict.c2.answer,
            c2_condition: verdict.c2.condition.clone(),
            verdict: verdict.kind,
            paper_rule: verdict.paper_rule,
            reason: verdict.reason.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_of_ours_becomes_a_row() {
        let item =
            || Item { name: "a".into(), pde: Some("x".into()), carried: vec!["1".into()], source: Err("-".into()) };
        let row = guarded(item(), |_| panic!("index 7 of {}", 3));
        let error = row.answer.expect_err("a fault");
        assert!(error.contains("a fault of genphys") && error.contains("index 7 of 3"), "{error}");
        assert_eq!((row.name.as_str(), row.pde.as_str(), row.carried.as_slice()), ("a", "x", &["1".to_owned()][..]));
        let error = guarded(item(), |_| panic!("plain")).answer.expect_err("a fault");
        assert!(error.ends_with("plain"), "{error}");
    }
}
