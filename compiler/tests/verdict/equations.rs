//! Equations of the reference table, built by hand from expressions.

use genphys_compiler::expr::{Expr, Facts, rational};
use genphys_compiler::operator::{Equation, Parameter, TestPoint, Unknown};
use genphys_compiler::source::{Source, Span};

pub fn phi() -> Expr {
    Expr::Field("phi".into())
}

pub fn sym(name: &str) -> Expr {
    Expr::sym(name)
}

pub fn n(value: i64) -> Expr {
    Expr::int(value)
}

fn dt(order: u32) -> Expr {
    phi().dt(order)
}

fn lap() -> Expr {
    phi().lap()
}

fn bilap() -> Expr {
    phi().lap().lap()
}

/// An equation `operator = 0` about phi with assumptions as the reference table writes them.
pub fn equation(operator: Expr, assumptions: &str) -> Equation {
    system(vec![operator], &["phi"], assumptions)
}

pub fn system(components: Vec<Expr>, unknowns: &[&str], assumptions: &str) -> Equation {
    let (facts, dimension) = assume(assumptions);
    let complex = components.iter().any(|c| c.contains(&Expr::Imag));
    let mut names: Vec<_> = components.iter().flat_map(Expr::symbols).collect();
    names.sort();
    names.dedup();
    let text = components.iter().map(|c| format!("{c} = 0")).collect::<Vec<_>>().join("; ");
    let parameter = |name: &genphys_compiler::expr::Name| Parameter {
        name: name.clone(),
        written: name.to_string(),
        declared: facts.interval(name).is_some(),
        assumption: facts.interval(name).map_or_else(|| format!("{name} real"), |i| i.describe(name.as_str())),
    };
    Equation {
        name: "test".into(),
        title: None,
        citation: None,
        spans: components.iter().map(|_| Span { start: 0, end: 0 }).collect(),
        unknowns: unknowns.iter().map(|u| Unknown { name: (*u).into(), complex }).collect(),
        parameters: names.iter().map(parameter).collect(),
        components,
        facts,
        dimension,
        expect: None,
        claim: None,
        test: TestPoint::default(),
        source: Source::new("test", &text),
    }
}

/// Reads `D>0; 0<beta<=1; c real nonzero; N=1`.
fn assume(text: &str) -> (Facts, Option<u32>) {
    let mut facts = Facts::default();
    let mut dimension = None;
    for part in text.split(';').map(str::trim).filter(|p| !p.is_empty()) {
        if let Some(name) = part.strip_suffix(" real nonzero") {
            facts.interval_mut(&name.into()).nonzero = true;
        } else if let Some(name) = part.strip_suffix(" real") {
            facts.interval_mut(&name.into());
        } else if let Some(value) = part.strip_prefix("N=") {
            dimension = value.parse().ok();
        } else {
            bounds(part, &mut facts);
        }
    }
    (facts, dimension)
}

/// `m>0`, `b>=0`, `0<beta<1`, `0<beta<=1`.
fn bounds(part: &str, facts: &mut Facts) {
    let words = part.replace("<=", " <= ").replace(">=", " >= ");
    let words = if words.contains('=') { words } else { words.replace('<', " < ").replace('>', " > ") };
    let words = words.replace("0<", "0 < ");
    let words: Vec<&str> = words.split_whitespace().collect();
    let number = |w: &str| w.parse::<i64>().ok().map(|v| rational(v, 1));
    for pair in words.windows(3) {
        let (left, relation, right) = (pair[0], pair[1], pair[2]);
        match (number(left), number(right)) {
            (None, Some(v)) if relation.starts_with('>') => {
                facts.interval_mut(&left.into()).raise(v, relation == ">");
            }
            (None, Some(v)) if relation.starts_with('<') => {
                facts.interval_mut(&left.into()).reduce(v, relation == "<");
            }
            (Some(v), None) if relation.starts_with('<') => {
                facts.interval_mut(&right.into()).raise(v, relation == "<");
            }
            _ => {}
        }
    }
}

/// The row of the reference table with this id; its assumptions come from the table.
pub fn row(id: &str, assumptions: &str) -> Option<Equation> {
    let (a, b, c, d, m, q) = (sym("a"), sym("b"), sym("c"), sym("D"), sym("m"), sym("q"));
    let (eps, k0, beta, nu, r) = (sym("eps"), sym("k0"), sym("beta"), sym("nu"), sym("r"));
    let i = || Expr::Imag;
    let half = || Expr::Num(rational(1, 2));
    if id == "R19" {
        let chi = || Expr::Field("chi".into());
        let first = dt(1) + phi().dx(1) - m.clone() * chi();
        let second = chi().dt(1) - chi().dx(1) + m * phi();
        return Some(system(vec![first, second], &["phi", "chi"], assumptions));
    }
    let operator = match id {
        "R01" => dt(1) - lap(),
        "R02" | "R03" => dt(1) - d * lap(),
        "R04" => dt(1) + lap(),
        "R05" => dt(1) - lap() - c * phi(),
        "R06" => dt(1) - lap() + c * phi(),
        "R07" => dt(1) - lap() + q * phi(),
        "R08" => dt(2) + lap(),
        "R09" => dt(2) - lap(),
        "R10" => dt(2) - c.powi(2) * lap(),
        "R11" => dt(2) + n(2) * eps * dt(1) - lap(),
        "R12" => dt(2) - n(2) * eps * dt(1) - lap(),
        "R13" => dt(2) + lap() + k0.powi(2) * phi(),
        "R14" => dt(2) + lap() - m.powi(2) * phi(),
        "R15" => dt(2) + lap() - m.powi(4) * phi(),
        "R16" => dt(2) + lap() - m.powi(3) * phi(),
        "R17" => dt(2) + lap() - q * phi(),
        "R18" => i() * dt(1) + lap(),
        "R20" => dt(2) - lap() + m.powi(2) * phi(),
        "R21" => dt(2) + n(2) * eps * dt(1) - lap() + m.powi(2) * phi(),
        "R22" => dt(2) - lap() - m.powi(2) * phi(),
        "R23" => a * dt(2) - b * dt(1) + lap(),
        "R24" | "R25" => dt(2) + lap() + b * dt(1),
        "R26" => dt(2) - n(2) * m * dt(1) + lap(),
        "R27" | "R29" | "R30" => dt(1) + phi().frac_lap(beta),
        "R28" => dt(1) + phi().frac_lap(half()),
        "R31" => dt(1) + phi().frac_lap(sym("alpha")) + phi().frac_lap(beta),
        "R32" => dt(3) - lap(),
        "R33" => dt(3) + lap(),
        "R34" => dt(4) - bilap(),
        "R35" => dt(4) + bilap(),
        "R36" => dt(4) + n(2) * dt(2).lap() + bilap(),
        "R37" => dt(4) + lap(),
        "R38" => dt(1) + bilap(),
        "R39" => dt(1) + bilap() - lap(),
        "R40" => dt(1) + bilap() + lap(),
        "R41" => dt(1) - r * phi() + phi() + n(2) * lap() + bilap(),
        "R42" => dt(1) - a * lap() + b * bilap(),
        "R43" => dt(2) + lap() - bilap(),
        "R44" => dt(2) + lap() - bilap() - m.powi(2) * phi(),
        "R45" => dt(2) - bilap(),
        "R46" => dt(2) + bilap(),
        "R47" => dt(2) - lap() + bilap(),
        "R48" => dt(2) - c.powi(2) * lap() - n(2) * nu * dt(1).lap(),
        "R49" => dt(1) - dt(1).lap() - lap(),
        "R50" | "R51" => dt(1) - lap() - i() * c * lap(),
        "R52" => dt(1) - lap() / (n(2) * m) + sym("V") * phi(),
        "R53" => i() * dt(1) - i() * lap(),
        "R54" => dt(1) + c * phi().dx(1) - lap(),
        "R55" => dt(1) + c * phi().dx(1),
        "R56" => dt(1) + c * phi(),
        "R57" => dt(1) - half() * lap(),
        "R58" => dt(2) + n(3) * dt(1) - lap(),
        "R59" => dt(2) + lap() + n(4) * phi(),
        _ => return None,
    };
    Some(equation(operator, assumptions))
}
