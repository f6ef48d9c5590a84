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

#[test]
fn conditions_are_in_the_users_letters() {
    let check = |id: &str, assumptions: &str, c1: Option<&str>, c2: Option<&str>| {
        let v = decide(&equations::row(id, assumptions).expect("a row"));
        assert_eq!((v.c1.condition.as_deref(), v.c2.condition.as_deref()), (c1, c2), "{id}");
    };
    check("R03", "D real nonzero", Some("D > 0"), Some("D > 0"));
    check("R30", "beta>0", Some("beta <= 1"), None);
    check("R42", "a>0; b>=0", Some("b = 0"), None);
    check("R44", "m>0", Some("m <= 1/2"), None);
    check("R51", "c real", Some("c = 0"), None);
    check(
        "R13",
        "k0>0",
        decide(&equations::row("R13", "k0>0").expect("a row")).c1.condition.as_deref(),
        Some("k > k0"),
    );
    check("R40", "", None, Some("k > 1"));
    check("R41", "r real", None, Some("k > sqrt(2)"));
    let v = decide(&equations::row("R16", "m real").expect("a row"));
    assert!(v.c1.condition.is_some_and(|c| c.starts_with("m >= 0 (for m < 0: ")));
    assert_eq!(v.c2.condition.as_deref(), Some("m >= 0 (for m < 0: k > sqrt(-m^3))"));
    let v = decide(&equations::row("R21", "eps>0; m>0").expect("a row"));
    assert!(v.c1.condition.is_some_and(|c| c.starts_with("eps > m, and ")));
    assert_eq!(v.c2.condition.as_deref(), Some("eps > m"));
}

#[test]
fn equations_beyond_the_table() {
    let phi = equations::phi;
    let check = |operator: Expr, assumptions: &str, c1: &str, c2: &str| {
        let v = decide(&equations::equation(operator.clone(), assumptions));
        assert_eq!((v.c1.answer.as_str(), v.c2.answer.as_str()), (c1, c2), "{operator}: {}", v.reason);
    };
    let n = equations::n;
    // (dt - lap)(dt^2 - lap): the heat factor is good, whatever the other is.
    check(phi().dt(3) - phi().dt(2).lap() - phi().dt(1).lap() + phi().lap().lap(), "", "yes", "yes");
    // (dt + 1)(dt - lap).
    check(phi().dt(2) + phi().dt(1) - phi().dt(1).lap() - phi().lap(), "", "yes", "yes");
    // (dt^2 - lap)(dt^2 - 2 lap): two waves.
    check(phi().dt(4) - n(3) * phi().dt(2).lap() + n(2) * phi().lap().lap(), "", "no", "no");
    // A damped beam: its low modes obey the biharmonic equation, which no limit repairs.
    check(phi().dt(2) + phi().dt(1) + phi().lap().lap(), "", "no", "yes");
    // Speed of either sign: wave, Laplace equation, or nothing.
    check(phi().dt(2) - equations::sym("D") * phi().lap(), "D real nonzero", "conditional", "conditional");
    // Forward in time only where the coefficient is positive.
    check(phi().dt(1) - phi().lap() + equations::sym("b") * phi().lap().lap(), "b real", "conditional", "conditional");
    // Bounded and screened.
    check(phi().dt(1) - phi().dt(1).lap() - n(2) * phi().lap() + phi(), "", "conditional", "yes");
    check(phi().dt(1) - phi().dt(1).lap() - phi().lap() + n(2) * phi(), "", "no", "no");
    // kappa = lambda^3 + lambda: the third derivative of lambda at 0 is negative.
    check(phi().dt(3) + phi().dt(1) - phi().lap(), "", "no", "yes");
}
