//! Every row of the reference table: C1, C2 and the verdict.

use crate::equations;
use genphys_compiler::dispersion;
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

#[test]
fn zz_print() {
    for row in rows() {
        let equation = equations::row(&row.id, &row.assumptions).unwrap();
        let Ok(d) = dispersion::derive(&equation) else { println!("{} undecided", row.id); continue };
        let t = std::time::Instant::now();
        let v = decide(&equation);
        let el = t.elapsed();
        println!("== {} {} [{}] {:?} {:?}", row.id, equation.operator(), row.assumptions, d.problem, el);
        println!("   P = {}; branches {:?}", d.symbol, d.branches.iter().map(|b| b.omega.to_string()).collect::<Vec<_>>());
        println!("   sel {:?} lambda {}", d.selected, d.lambda().map(|l| l.to_string()).unwrap_or_default());
        println!("   C1 {} | {} | {}", v.c1.answer, v.c1.condition.clone().unwrap_or_default(), v.c1.reason);
        println!("      w {}", serde_json::to_string(&v.c1.witness).unwrap());
        println!("   C2 {} | {} | {}", v.c2.answer, v.c2.condition.clone().unwrap_or_default(), v.c2.reason);
        println!("      w {}", serde_json::to_string(&v.c2.witness).unwrap());
    }
}
