//! Every row of the reference table: C1, C2 and the verdict.

use crate::equations;
use genphys_compiler::dispersion;
use genphys_compiler::expr::{Expr, Facts, rational};
use genphys_compiler::operator::Equation;
use genphys_compiler::verdict::{self, Verdict};

/// What the table says about one equation.
pub struct Row {
    pub id: String,
    pub assumptions: String,
    pub c1: String,
    pub c2: String,
    pub verdict: String,
    pub samples: String,
}

/// The rows of `tests/reference/verdicts.csv`.
pub fn rows() -> Vec<Row> {
    let lines = records(include_str!("../reference/verdicts.csv"));
    let header = &lines[0];
    let column = |name: &str| header.iter().position(|h| h == name).expect("the table has this column");
    let (id, assumptions, c1, c2, verdict, samples) =
        (column("id"), column("assumptions"), column("C1"), column("C2"), column("verdict"), column("samples"));
    lines[1..]
        .iter()
        .map(|l| Row {
            id: l[id].clone(),
            assumptions: l[assumptions].clone(),
            c1: l[c1].clone(),
            c2: l[c2].clone(),
            verdict: l[verdict].clone(),
            samples: l[samples].clone(),
        })
        .collect()
}

/// Comma-separated records with quoted fields.
fn records(text: &str) -> Vec<Vec<String>> {
    let mut out = Vec::new();
    for line in text.lines() {
        let (mut fields, mut field, mut quoted) = (Vec::new(), String::new(), false);
        for ch in line.chars() {
            match ch {
                '"' => quoted = !quoted,
                ',' if !quoted => fields.push(std::mem::take(&mut field)),
                ch => field.push(ch),
            }
        }
        fields.push(field);
        out.push(fields);
    }
    out
}

pub fn decide(equation: &Equation) -> Verdict {
    match dispersion::derive(equation) {
        Ok(d) => verdict::decide(equation, &d, None),
        Err(u) => Verdict::undecided(&u.why),
    }
}

/// The table's words for our verdict.
fn table_word(kind: verdict::VerdictKind) -> &'static str {
    match kind {
        verdict::VerdictKind::SGenerative => "yes",
        verdict::VerdictKind::Conditional => "conditional",
        verdict::VerdictKind::NotSGenerative => "no",
        verdict::VerdictKind::Undecided => "undecided",
    }
}

/// The disagreement of an equation with its row, if any.
pub fn disagreement(equation: &Equation, row: &Row) -> Option<String> {
    let v = decide(equation);
    let ours = format!("{},{},{}", v.c1.answer, v.c2.answer, table_word(v.kind));
    let theirs = format!("{},{},{}", row.c1, row.c2, row.verdict);
    (ours != theirs).then(|| format!("{}: {ours}, the table has {theirs}\n  {}", row.id, v.reason))
}

#[test]
fn every_row_of_the_table() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for row in rows() {
        let equation = equations::row(&row.id, &row.assumptions).expect("every row has its equation");
        count += 1;
        wrong.extend(disagreement(&equation, &row));
    }
    assert_eq!(count, 59);
    assert!(wrong.is_empty(), "{} rows differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// The class of a parameter point in the table's column `samples`: `yes`, `no`, `region`, `atom`, `part`.
fn class(answer: verdict::Answer, condition: Option<&str>, wave_numbers: bool) -> &'static str {
    match answer {
        verdict::Answer::Yes => "yes",
        verdict::Answer::No => "no",
        verdict::Answer::Undecided => "undecided",
        verdict::Answer::Conditional if wave_numbers => "part",
        verdict::Answer::Conditional if condition.is_some_and(|c| c.starts_with("atom")) => "atom",
        verdict::Answer::Conditional => "region",
    }
}

#[test]
fn every_parameter_point_of_the_table() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for row in rows() {
        for sample in row.samples.split(" | ") {
            let (point, expected) = sample.split_once(": ").expect("`point: C1,C2`");
            let equation = at_point(&row, point);
            let v = decide(&equation);
            let c1 = class(v.c1.answer, v.c1.condition.as_deref(), false);
            let c2 = class(v.c2.answer, v.c2.condition.as_deref(), true);
            count += 1;
            if format!("{c1},{c2}") != expected {
                wrong.push(format!("{} at {point}: {c1},{c2}, the table has {expected}\n  {}", row.id, v.reason));
            }
        }
    }
    assert!(count > 100, "{count}");
    assert!(wrong.is_empty(), "{} points differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// The equation of a row with numbers for its parameters, `a=2,b=1/3`; `-` for none.
fn at_point(row: &Row, point: &str) -> Equation {
    let mut equation = equations::row(&row.id, &row.assumptions).expect("every row has its equation");
    for assignment in point.split(',').filter(|a| *a != "-") {
        let (name, value) = assignment.split_once('=').expect("`name=value`");
        let (p, q) = value.split_once('/').unwrap_or((value, "1"));
        let number = |t: &str| t.parse::<i64>().expect("a whole number");
        let (letter, value) = (Expr::sym(name), Expr::Num(rational(number(p), number(q))));
        for component in &mut equation.components {
            *component = component.substitute(&letter, &value).expand();
        }
    }
    equation.facts = Facts::default();
    equation
}
