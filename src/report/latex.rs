//! Expressions and derivations as LaTeX.

mod document;

pub use document::document;

use genphys_compiler::expr::{DependsOn, Expr, Func, Rational, Var};

/// An expression in math mode.
///
/// # Example
/// ```
/// use genphys::report::latex::expression;
/// use genphys_compiler::expr::Expr;
/// let lambda = (Expr::kappa() + Expr::sym("m").powi(2)).sqrt() / Expr::int(2);
/// assert_eq!(expression(&lambda), r"\frac{\sqrt{\kappa + m^{2}}}{2}");
/// ```
pub fn expression(e: &Expr) -> String {
    match e {
        Expr::Add(terms) => sum(terms),
        e => {
            let (negative, text) = term(e);
            if negative { format!("-{text}") } else { text }
        }
    }
}

fn sum(terms: &[Expr]) -> String {
    let mut out = String::new();
    for (i, t) in terms.iter().enumerate() {
        let (negative, text) = term(t);
        out += match (i, negative) {
            (0, false) => "",
            (0, true) => "-",
            (_, false) => " + ",
            (_, true) => " - ",
        };
        out += &text;
    }
    out
}

/// The sign and the magnitude of one term, negative powers below a fraction bar.
fn term(e: &Expr) -> (bool, String) {
    let (c, rest) = e.split_coefficient();
    let zero = Rational::default();
    let negative = c < zero;
    let c = if negative { -c } else { c };
    let (mut above, mut below) = (Vec::new(), Vec::new());
    let is_one = |n: &dyn std::fmt::Display| n.to_string() == "1";
    if !is_one(c.numer()) {
        above.push(c.numer().to_string());
    }
    if !is_one(c.denom()) {
        below.push(c.denom().to_string());
    }
    let factors: Vec<&Expr> = rest.factors().iter().filter(|f| !f.is_one()).collect();
    // A sum stands alone in a numerator or denominator without brackets.
    for factor in &factors {
        match factor {
            Expr::Pow(base, x) if x.as_num().is_some_and(|r| *r < zero) => {
                let exponent = -(**x).clone();
                below.push(factor_text(&Expr::pow((**base).clone(), exponent)));
            }
            f => above.push(factor_text(f)),
        }
    }
    let join = |mut parts: Vec<String>| match parts.len() {
        0 => "1".to_owned(),
        1 => parts.swap_remove(0),
        _ => parts.join(r" \, "),
    };
    let text = if below.is_empty() { join(above) } else { format!(r"\frac{{{}}}{{{}}}", join(above), join(below)) };
    (negative, text)
}

/// A factor of a product, bracketed when it is a sum.
fn factor_text(e: &Expr) -> String {
    match e {
        Expr::Add(_) => brackets(&expression(e)),
        Expr::Mul(_) => expression(e),
        Expr::Num(r) if r.is_integer() => r.to_string(),
        Expr::Num(r) => format!(r"\frac{{{}}}{{{}}}", r.numer(), r.denom()),
        Expr::Pow(base, exponent) => power(base, exponent),
        e => atom(e),
    }
}

fn power(base: &Expr, exponent: &Expr) -> String {
    let root = exponent.as_num().filter(|r| !r.is_integer() && r.numer().to_string() == "1");
    match root.map(|r| r.denom().to_string()) {
        Some(d) if d == "2" => format!(r"\sqrt{{{}}}", expression(base)),
        Some(d) => format!(r"\sqrt[{d}]{{{}}}", expression(base)),
        None => format!("{}^{{{}}}", argument(base), expression(exponent)),
    }
}

fn atom(e: &Expr) -> String {
    match e {
        Expr::Imag => r"\mathrm{i}".into(),
        Expr::Sym(n) | Expr::Field(n) => name(n.as_str()),
        Expr::Var(Var::Kappa) => r"\kappa".into(),
        Expr::Var(Var::Omega) => r"\omega".into(),
        Expr::Var(v) => v.as_str().into(),
        Expr::Apply(n, DependsOn::Time) => format!("{}(t)", name(n.as_str())),
        Expr::Apply(n, DependsOn::Position) => format!(r"{}(\mathbf{{x}})", name(n.as_str())),
        Expr::Call(func, a) => call(*func, a),
        Expr::Dt(f, 1) => format!(r"\partial_t {}", argument(f)),
        Expr::Dt(f, n) => format!(r"\partial_t^{{{n}}} {}", argument(f)),
        Expr::Partial(f, axis, 1) => format!(r"\partial_{} {}", axis.letter(), argument(f)),
        Expr::Partial(f, axis, n) => format!(r"\partial_{}^{{{n}}} {}", axis.letter(), argument(f)),
        Expr::Lap(f) => format!(r"\Delta {}", argument(f)),
        Expr::BesselK(order, a) => format!(r"K_{{{}}}{}", expression(order), brackets(&expression(a))),
        Expr::FracLap(f, b) => format!(r"(-\Delta)^{{{}}} {}", expression(b), argument(f)),
        Expr::Div(f) => format!(r"\nabla\cdot {}", argument(f)),
        Expr::Grad(f) => format!(r"\nabla {}", argument(f)),
        Expr::Position => r"\mathbf{x}".into(),
        Expr::Unit(axis) => format!(r"\mathbf{{e}}_{}", axis.letter()),
        Expr::Num(_) | Expr::Pow(..) | Expr::Mul(_) | Expr::Add(_) => brackets(&expression(e)),
    }
}

/// The argument of an operator: bare when it is one symbol, a chain of operators, or already enclosed.
fn argument(e: &Expr) -> String {
    match e {
        Expr::Num(r) if r.is_integer() && *r >= Rational::default() => r.to_string(),
        Expr::Imag | Expr::Sym(_) | Expr::Var(_) | Expr::Field(_) | Expr::Position | Expr::Unit(_) => atom(e),
        Expr::Call(Func::Abs | Func::Conj, _) => atom(e),
        e => brackets(&expression(e)),
    }
}

fn call(func: Func, a: &Expr) -> String {
    let inner = expression(a);
    match func {
        Func::Exp => format!(r"\mathrm{{e}}^{{{inner}}}"),
        Func::Log => format!(r"\log{}", brackets(&inner)),
        Func::Sin => format!(r"\sin{}", brackets(&inner)),
        Func::Cos => format!(r"\cos{}", brackets(&inner)),
        Func::Tanh => format!(r"\tanh{}", brackets(&inner)),
        Func::Abs => format!(r"\left|{inner}\right|"),
        Func::Abs2 => format!(r"\left|{inner}\right|^{{2}}"),
        Func::Conj => format!(r"\overline{{{inner}}}"),
        Func::Re => format!(r"\operatorname{{Re}}{}", brackets(&inner)),
        Func::Im => format!(r"\operatorname{{Im}}{}", brackets(&inner)),
    }
}

fn brackets(inner: &str) -> String {
    format!(r"\left({inner}\right)")
}

const GREEK: [&str; 22] = [
    "alpha", "beta", "gamma", "delta", "zeta", "eta", "theta", "iota", "lambda", "mu", "nu", "xi", "pi", "rho",
    "sigma", "tau", "phi", "chi", "psi", "omega", "kappa", "upsilon",
];

/// A name: Greek words as letters, trailing digits and what follows `_` as an index, longer words upright.
fn name(text: &str) -> String {
    let (stem, index) = match text.split_once('_') {
        Some((stem, index)) if !stem.is_empty() => (stem, index),
        _ => {
            let stem = text.trim_end_matches(|c: char| c.is_ascii_digit());
            (stem, &text[stem.len()..])
        }
    };
    let letter = match stem {
        "eps" | "epsilon" => r"\varepsilon".to_owned(),
        s if GREEK.contains(&s) => format!(r"\{s}"),
        s if s.chars().count() <= 1 => escape(s),
        s => format!(r"\mathrm{{{}}}", escape(s)),
    };
    if index.is_empty() { letter } else { format!("{letter}_{{{}}}", escape(index)) }
}

/// Text outside math mode: every character that LaTeX would read as a command is escaped, others stand for themselves.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str(r"\textbackslash{}"),
            '^' => out.push_str(r"\textasciicircum{}"),
            '~' => out.push_str(r"\textasciitilde{}"),
            '<' => out.push_str(r"\textless{}"),
            '>' => out.push_str(r"\textgreater{}"),
            '{' | '}' | '$' | '&' | '#' | '%' | '_' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phi() -> Expr {
        Expr::Field("phi".into())
    }

    #[test]
    fn operators_and_fractions_read_as_in_a_paper() {
        let yukawa = phi().dt(2) + phi().lap() - Expr::sym("m").powi(2) * phi();
        assert_eq!(expression(&yukawa), r"\partial_t^{2} \phi + \Delta \phi - m^{2} \, \phi");
        let v = phi().grad() / phi().dt(1);
        assert_eq!(expression(&v), r"\frac{\nabla \phi}{\partial_t \phi}");
        let mixed = (Expr::sym("k0") + Expr::int(1)) * Expr::kappa().sqrt() / Expr::sym("eps");
        assert_eq!(expression(&mixed), r"\frac{\sqrt{\kappa} \, \left(k_{0} + 1\right)}{\varepsilon}");
        assert_eq!(expression(&phi().lap().lap()), r"\Delta \left(\Delta \phi\right)");
    }

    #[test]
    fn text_cannot_issue_commands() {
        assert_eq!(
            escape(r"\input{a}_b^2 < 50%"),
            r"\textbackslash{}input\{a\}\_b\textasciicircum{}2 \textless{} 50\%"
        );
        assert_eq!(name("D_max"), r"D_{max}");
        assert_eq!(name("speed"), r"\mathrm{speed}");
    }
}
