//! The struct of parameters, which only exists inside its assumptions.

use genphys_compiler::codegen::rust::real;
use genphys_compiler::expr::{Expr, Facts, Sign, Var};
use genphys_compiler::operator::{Equation, Parameter};
use genphys_compiler::verdict::{SideCondition, Verdict};
use num_traits::ToPrimitive;
use std::fmt::Write;

/// The letters of generated formulas: `parameters.m` for a parameter, `t` for the time.
pub fn letter(equation: &Equation, e: &Expr) -> Option<String> {
    match e {
        Expr::Sym(name) => {
            let parameter = equation.parameters.iter().find(|p| p.name == *name)?;
            Some(format!("parameters.{}", field(parameter)))
        }
        Expr::Var(Var::Time) => Some("t".to_owned()),
        _ => None,
    }
}

/// The name of the field of a parameter.
pub fn field(parameter: &Parameter) -> String {
    let name = &parameter.written;
    // A word of the language that is a keyword of Rust.
    let keyword = [
        "as", "async", "await", "break", "const", "continue", "dyn", "else", "enum", "extern", "false", "fn", "for",
        "if", "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return", "static", "struct",
        "trait", "true", "type", "unsafe", "use", "while", "abstract", "become", "box", "do", "final", "gen", "macro",
        "override", "priv", "try", "typeof", "unsized", "virtual", "yield",
    ];
    match name.as_str() {
        "self" | "Self" | "super" | "crate" | "_" => format!("{name}_"),
        "new" => "new_".to_owned(),
        name if keyword.contains(&name) => format!("r#{name}"),
        name => name.to_owned(),
    }
}

/// `Parameters`, its constructor and `OutOfDomain`.
pub fn items(equation: &Equation, verdict: &Verdict) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = items_into(equation, verdict, &mut out);
    out
}

fn items_into(equation: &Equation, verdict: &Verdict, out: &mut String) -> std::fmt::Result {
    let all = &equation.parameters;
    writeln!(out, "/// The parameters of the equation, inside what is assumed of them.")?;
    writeln!(out, "#[derive(Clone, Copy, Debug, PartialEq)]\npub struct Parameters {{")?;
    for p in all {
        writeln!(out, "#[doc = {:?}]\n{}: f64,", p.assumption, field(p))?;
    }
    writeln!(out, "}}\nimpl Parameters {{")?;
    let arguments: Vec<String> = all.iter().map(|p| format!("{}: f64", field(p))).collect();
    let names: Vec<String> = all.iter().map(field).collect();
    if all.is_empty() {
        writeln!(out, "/// The equation has no parameters.\npub const fn new() -> Parameters {{ Parameters {{}} }}")?;
    } else {
        let enforced = enforced(equation, verdict);
        let assumed = all.iter().map(|p| format!("`{}`", p.assumption));
        let stated: Vec<String> = assumed.chain(enforced.iter().map(|c| format!("`{}`", c.words))).collect();
        let doc = format!("The parameters, which must satisfy {}.", stated.join(", "));
        writeln!(
            out,
            "#[doc = {doc:?}]\n///\n/// # Errors\n/// [`OutOfDomain`] names the value outside its assumption."
        )?;
        writeln!(out, "pub fn new({}) -> Result<Parameters, OutOfDomain> {{", arguments.join(", "))?;
        writeln!(out, "let parameters = Parameters {{ {} }};", names.join(", "))?;
        for p in all {
            let holds = in_interval(&equation.facts, p);
            check(out, &p.written, &format!("parameters.{}", field(p)), &p.assumption, &holds)?;
        }
        for (relation, sign) in equation.facts.relations() {
            if let Some(value) = real(relation, &|e| letter(equation, e)) {
                let assumption = format!("{relation} {} 0", sign.relation());
                check(out, &relation.to_string(), &value, &assumption, &format!("value {}", comparison(*sign)))?;
            }
        }
        for condition in &enforced {
            condition.check(out)?;
        }
        writeln!(out, "Ok(parameters)\n}}")?;
        for p in all {
            let doc = format!("The parameter `{}`: {}.", p.written, p.assumption);
            writeln!(out, "#[doc = {doc:?}]\npub const fn {0}(&self) -> f64 {{ self.{0} }}", field(p))?;
        }
    }
    writeln!(out, "}}")?;
    if all.is_empty() {
        writeln!(out, "impl Default for Parameters {{ fn default() -> Parameters {{ Parameters::new() }} }}")?;
    }
    Ok(())
}

/// A condition of the verdict that is about parameters.
struct Enforced {
    /// As the verdict states it.
    words: String,
    /// C1 or C2.
    of: &'static str,
    /// Any of the cases must hold, each by all of its comparisons: an expression, its Rust, its sign.
    cases: Vec<Vec<(String, String, Sign)>>,
}

/// The conditions of C1 and C2, once where they are the same.
fn enforced(equation: &Equation, verdict: &Verdict) -> Vec<Enforced> {
    let mut out: Vec<Enforced> = Vec::new();
    for (of, condition) in [("C1", &verdict.c1), ("C2", &verdict.c2)] {
        let Some(words) = condition.condition.clone().filter(|_| !condition.admits.is_empty()) else { continue };
        let comparison = |c: &SideCondition| {
            let value = real(&c.expression, &|e| letter(equation, e).filter(|_| !matches!(e, Expr::Var(_))))?;
            Some((c.expression.to_string(), value, c.sign))
        };
        let cases = condition.admits.iter().map(|case| case.iter().map(comparison).collect()).collect::<Option<_>>();
        match cases {
            Some(cases) if out.iter().all(|other| other.words != words) => out.push(Enforced { words, of, cases }),
            _ => {}
        }
    }
    out
}

impl Enforced {
    /// Refuses parameters outside of all cases, with the first value that is wrong in the first case.
    fn check(&self, out: &mut String) -> std::fmt::Result {
        let assumption = format!("{} (the condition of {})", self.words, self.of);
        let holds = |(_, value, sign): &(String, String, Sign)| {
            format!("{{ let value: f64 = {value}; value {} }}", comparison(*sign))
        };
        let case = |case: &Vec<_>| format!("({})", case.iter().map(holds).collect::<Vec<String>>().join(" && "));
        let any: Vec<String> = self.cases.iter().map(case).collect();
        writeln!(out, "if !({}) {{", any.join(" || "))?;
        for (name, value, sign) in self.cases.first().into_iter().flatten() {
            check(out, name, value, &assumption, &format!("value {}", comparison(*sign)))?;
        }
        writeln!(out, "}}")
    }
}

fn check(out: &mut String, name: &str, value: &str, assumption: &str, holds: &str) -> std::fmt::Result {
    writeln!(
        out,
        "{{ let value: f64 = {value}; if !(value.is_finite() && {holds}) {{ \
         return Err(OutOfDomain {{ name: {name:?}, value, assumption: {assumption:?} }}); }} }}"
    )
}

/// `value` compared with the ends of the interval of a parameter.
fn in_interval(facts: &Facts, parameter: &Parameter) -> String {
    let Some(interval) = facts.interval(&parameter.name) else { return "true".to_owned() };
    let mut parts = Vec::new();
    let end = |b: &genphys_compiler::expr::Bound| b.value.to_f64().unwrap_or(f64::NAN);
    if let Some(b) = &interval.lower {
        parts.push(format!("value {} {:?}_f64", if b.strict { ">" } else { ">=" }, end(b)));
    }
    if let Some(b) = &interval.upper {
        parts.push(format!("value {} {:?}_f64", if b.strict { "<" } else { "<=" }, end(b)));
    }
    if interval.nonzero {
        parts.push("value != 0.0".to_owned());
    }
    if parts.is_empty() { "true".to_owned() } else { parts.join(" && ") }
}

fn comparison(sign: Sign) -> &'static str {
    match sign {
        Sign::POSITIVE => "> 0.0",
        Sign::NEGATIVE => "< 0.0",
        Sign::NONNEGATIVE => ">= 0.0",
        Sign::NONPOSITIVE => "<= 0.0",
        Sign::NONZERO => "!= 0.0",
        Sign::ZERO => "== 0.0",
        _ => "== value",
    }
}
