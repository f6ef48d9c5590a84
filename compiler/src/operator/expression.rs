//! Formulas to canonical expressions, sorts checked.

use super::functions::{self, FUNCTIONS, Function, operator_elsewhere};
use super::names::{Derivative, HIGHEST_ORDER, derivative, unit};
use crate::diagnostic::{Diagnostic, Diagnostics, nearest};
use crate::expr::{Axis, DependsOn, Expr, Func, Name, Rational, Var, rational};
use crate::source::{Source, Span};
use crate::syntax::ast::{Formula, Ident, Join, Node, Sign};
use num_traits::{Signed, ToPrimitive, Zero};
use std::collections::BTreeSet;

/// Exponents are fractions of numbers up to this.
const LARGEST_EXPONENT: i64 = 1000;
/// The numbers of one sum or product have at most this many bits together, so that exact arithmetic stays quick.
const LARGEST_NUMBERS: u64 = 1 << 15;
/// Sums have at most this many terms.
const MOST_TERMS: usize = 2000;
/// Products have at most this many factors.
const MOST_FACTORS: usize = 200;

/// Which names of a printed expression are fields; all others are variables of the theory or parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// The fields.
    pub fields: BTreeSet<Name>,
}

impl Scope {
    /// The scope with these fields.
    pub fn with_fields<'a>(fields: impl IntoIterator<Item = &'a str>) -> Scope {
        Scope { fields: fields.into_iter().map(Name::from).collect() }
    }

    fn bind(&self, name: &str) -> Expr {
        if self.fields.contains(&Name::from(name)) {
            return Expr::Field(name.into());
        }
        match name {
            "kappa" => Expr::kappa(),
            "s" => Expr::Var(Var::Growth),
            "omega" => Expr::Var(Var::Omega),
            "t" => Expr::Var(Var::Time),
            "q" => Expr::Var(Var::DistanceSquared),
            "x" => Expr::Position,
            "i" => Expr::Imag,
            other => unit(other).unwrap_or_else(|| Expr::sym(other)),
        }
    }
}

/// The expression that a report printed: `kappa`, `s`, `omega`, `t` and `q` are the variables of the theory.
///
/// # Errors
/// A message about the text, as for an equation.
///
/// # Example
/// ```
/// use genphys_compiler::syntax::{Scope, parse_expr};
/// let lambda = parse_expr("sqrt(kappa + m^2)", &Scope::default())?;
/// assert_eq!(lambda.to_string(), "sqrt(kappa + m^2)");
/// # Ok::<(), genphys_compiler::diagnostic::Diagnostics>(())
/// ```
pub fn parse_expr(text: &str, scope: &Scope) -> Result<Expr, Diagnostics> {
    let source = Source::new("<expression>", text);
    let node = crate::syntax::parse_formula(&source)?;
    expression(&node, &|name, _| Ok(scope.bind(name))).map_err(|d| d.about(&source))
}

/// What a name without derivative stands for.
pub(super) type Bind<'a> = dyn Fn(&str, Span) -> Result<Expr, Diagnostic> + 'a;

/// The canonical expression of a formula.
pub(super) fn expression(node: &Node, bind: &Bind<'_>) -> Result<Expr, Diagnostic> {
    match &node.node {
        Formula::Number(r) => Ok(Expr::Num(r.clone())),
        Formula::Name(name) => named(name, node.span, bind),
        Formula::Call(name, arguments) => call(name, arguments, node.span, bind),
        Formula::Sum(terms) => sum(terms, node.span, bind),
        Formula::Product(factors) => product(factors, node.span, bind),
        Formula::Power(base, exponent) => power(base, exponent, bind),
        Formula::FracLap { exponent, operand } => frac_lap(operand, exponent, bind),
    }
}

/// Is it a vector? As [`Expr::is_vector`], and through the functions that act on each component.
pub(super) fn is_vector(e: &Expr) -> bool {
    match e {
        Expr::Call(Func::Conj | Func::Re | Func::Im, a) | Expr::Dt(a, _) | Expr::Partial(a, ..) => is_vector(a),
        Expr::Mul(parts) | Expr::Add(parts) => parts.iter().any(is_vector),
        e => e.is_vector(),
    }
}

fn named(name: &str, span: Span, bind: &Bind<'_>) -> Result<Expr, Diagnostic> {
    let Some(Derivative { of: base, time, axes }) = derivative(name) else { return bind(name, span) };
    let Ok(field @ Expr::Field(_)) = bind(base, span) else {
        // A letter with an index: the parameter `D_x`, or `k_x` in a report.
        return bind(name, span).map_err(|_| {
            let message = format!("`{name}` reads as a derivative, but `{base}` is not a field");
            Diagnostic::new("E0208", span, message)
        });
    };
    if axes.iter().fold(time, |sum, n| sum.saturating_add(*n)) > HIGHEST_ORDER {
        return Err(bad_order(span));
    }
    Ok(Axis::ALL.into_iter().zip(axes).fold(field.dt(time), |f, (axis, n)| f.partial(axis, n)))
}

fn sum(terms: &[(Sign, Node)], span: Span, bind: &Bind<'_>) -> Result<Expr, Diagnostic> {
    let mut out: Vec<Expr> = Vec::with_capacity(terms.len());
    let mut first: Option<(bool, Span)> = None;
    for (sign, term) in terms {
        let value = expression(term, bind)?;
        if !value.is_zero() {
            let vector = is_vector(&value);
            match first {
                Some((sort, place)) if sort != vector => return Err(mixed(sort, place, vector, term.span)),
                _ => first = Some((vector, first.map_or(term.span, |(_, place)| place))),
            }
        }
        out.push(if *sign == Sign::Minus { -value } else { value });
    }
    let length: usize = out.iter().map(|e| e.terms().len()).sum();
    within(length <= MOST_TERMS && bits(&out) <= LARGEST_NUMBERS, span, "this sum is too long")?;
    Ok(Expr::add(out))
}

fn mixed(first: bool, place: Span, second: bool, span: Span) -> Diagnostic {
    let sort = |vector| if vector { "a vector" } else { "a scalar" };
    Diagnostic::new("E0206", span, format!("{} is added to {}", sort(second), sort(first)))
        .label(format!("this is {}", sort(second)))
        .relate(place, format!("this is {}", sort(first)))
        .help(
            "a divergence makes a scalar of a vector, a gradient a vector of a scalar; `x` is the position vector, and a coefficient that \
             depends on it is written `V(x)`",
        )
}

fn product(factors: &[(Join, Node)], span: Span, bind: &Bind<'_>) -> Result<Expr, Diagnostic> {
    within(factors.len() <= MOST_FACTORS, span, "this product is too long")?;
    let mut out: Vec<Expr> = Vec::with_capacity(factors.len());
    let mut vector: Option<Span> = None;
    for (i, (join, factor)) in factors.iter().enumerate() {
        let value = expression(factor, bind)?;
        if *join == Join::Beside && i > 0 && factors[i - 1].0 == Join::Over {
            beside_quotient(&factors[i - 2..=i], &out, &value)?;
        }
        let over = *join == Join::Over;
        if is_vector(&value) {
            if over {
                return Err(scalar_needed("`/`", factor, &value));
            }
            if let Some(other) = vector {
                let two =
                    Diagnostic::new("E0207", factor.span, "a vector times a vector").relate(other, "the other vector");
                return Err(
                    two.help("products of vectors are not part of the language; `abs2(v)` is the square of a length")
                );
            }
            vector = Some(factor.span);
        }
        if over && value.is_zero() {
            return Err(Diagnostic::new("E0305", factor.span, "division by zero")
                .label("this is 0")
                .help("divide by a number or a parameter that is not 0"));
        }
        out.push(if over { value.recip() } else { value });
    }
    let length: usize = out.iter().map(|e| e.factors().len()).sum();
    within(length <= MOST_FACTORS && bits(&out) <= LARGEST_NUMBERS, span, "this product is too long")?;
    Ok(Expr::mul(out))
}

/// `a/b F` is `(a/b) F` where nothing else makes sense: `F` has an unknown and `b` has none. Otherwise it is refused.
fn beside_quotient(parts: &[(Join, Node)], built: &[Expr], factor: &Expr) -> Result<(), Diagnostic> {
    let denominator = built.last();
    if factor.has_field() && denominator.is_some_and(|d| !d.has_field()) {
        return Ok(());
    }
    let [(_, above), (_, below), (_, beside)] = parts else { return Ok(()) };
    let span = above.span.to(beside.span);
    let text = |n: &Node| {
        let text = n.node.to_string();
        let text = if matches!(n.node, Formula::Sum(_) | Formula::Product(_)) { format!("({text})") } else { text };
        if text.chars().count() > 20 { "...".to_owned() } else { text }
    };
    let (a, b, c) = (text(above), text(below), text(beside));
    Err(Diagnostic::new("E0107", span, format!("`{a}/{b} {c}` is ambiguous"))
        .label(format!("is `{c}` above or below the bar?"))
        .help(format!("write `({a}/{b})*{c}` or `{a}/({b}*{c})`")))
}

fn power(base: &Node, exponent: &Node, bind: &Bind<'_>) -> Result<Expr, Diagnostic> {
    let (b, e) = (expression(base, bind)?, expression(exponent, bind)?);
    if is_vector(&b) {
        return Err(scalar_needed("`^`", base, &b).help("`abs2(v)` is the square of the length of a vector"));
    }
    if is_vector(&e) {
        return Err(scalar_needed("an exponent", exponent, &e));
    }
    within(e.as_num().is_none_or(is_modest), exponent.span, "this exponent is too large")?;
    if b.is_zero() && e.as_num().is_some_and(|r| !r.is_positive()) {
        return Err(Diagnostic::new("E0305", base.span, "division by zero")
            .label("this is 0")
            .help("divide by a number or a parameter that is not 0"));
    }
    let value = Expr::pow(b, e);
    let nested = if let Expr::Pow(_, e) = &value { e.as_num().is_none_or(is_modest) } else { true };
    within(nested, exponent.span, "this exponent is too large")?;
    Ok(value)
}

fn is_modest(r: &Rational) -> bool {
    let small = |v: &num_bigint::BigInt| v.to_i64().is_some_and(|v| v.abs() <= LARGEST_EXPONENT);
    small(r.numer()) && small(r.denom())
}

fn frac_lap(operand: &Node, exponent: &Node, bind: &Bind<'_>) -> Result<Expr, Diagnostic> {
    let (f, beta) = (expression(operand, bind)?, expression(exponent, bind)?);
    if is_vector(&f) {
        return Err(scalar_needed("`(-lap)^beta`", operand, &f));
    }
    if is_vector(&beta) || beta.has_field() || beta.has_position() {
        let bad = Diagnostic::new("E0203", exponent.span, "the power of a Laplacian must be a number or a parameter");
        return Err(bad.label("this varies in space"));
    }
    within(beta.as_num().is_none_or(is_modest), exponent.span, "this exponent is too large")?;
    Ok(f.frac_lap(beta))
}

fn call(name: &Ident, arguments: &[Node], span: Span, bind: &Bind<'_>) -> Result<Expr, Diagnostic> {
    let Some(row) = functions::find(&name.node) else { return applied(name, arguments, bind) };
    let (least, most) = row.arguments;
    if !(least..=most).contains(&arguments.len()) {
        let wants = if least == most { least.to_string() } else { format!("{least} or {most}") };
        let message = format!(
            "`{}` takes {wants} argument{}, not {}",
            row.name,
            if most > 1 { "s" } else { "" },
            arguments.len()
        );
        return Err(Diagnostic::new("E0202", span, message).help(format!("write `{}`", row.usage)));
    }
    if row.function == Function::FracLap {
        return frac_lap(&arguments[0], &arguments[1], bind);
    }
    let first = &arguments[0];
    let f = expression(first, bind)?;
    let vector = is_vector(&f);
    let componentwise = matches!(
        row.function,
        Function::Dt | Function::Along(_) | Function::Scalar(Func::Conj | Func::Re | Func::Im | Func::Abs2)
    );
    if row.function == Function::Div && !vector && !f.is_zero() {
        let needs = Diagnostic::new("E0205", first.span, "`div` needs a vector, found a scalar");
        let help = "write `div(grad(phi))`, `div(x phi)`, or `dx(phi)` for a derivative along x";
        return Err(needs.label("this is a scalar").relate(name.span, "`div` is declared vector -> scalar").help(help));
    }
    if vector && !componentwise && row.function != Function::Div {
        let needs = scalar_needed(&format!("`{}`", row.name), first, &f);
        return Err(
            needs.relate(name.span, format!("`{}` is declared scalar -> {}", row.name, result_sort(row.function)))
        );
    }
    let order = || arguments.get(1).map_or(Ok(1), order_of);
    Ok(match row.function {
        Function::Dt => of_modest_order(f.dt(order()?), span)?,
        Function::Along(axis) => of_modest_order(f.partial(axis, order()?), span)?,
        Function::Lap => f.lap(),
        Function::Grad => f.grad(),
        Function::Div => f.div_of(),
        Function::Sqrt => Expr::pow(f, Expr::Num(rational(1, 2))),
        Function::Scalar(func) => Expr::call(func, f),
        Function::BesselK => Expr::bessel_k(f, scalar(&arguments[1], bind)?),
        Function::FracLap => f,
    })
}

/// A second argument.
fn scalar(node: &Node, bind: &Bind<'_>) -> Result<Expr, Diagnostic> {
    let value = expression(node, bind)?;
    if is_vector(&value) { Err(scalar_needed("`bessel_k`", node, &value)) } else { Ok(value) }
}

fn result_sort(function: Function) -> &'static str {
    if function == Function::Grad { "vector" } else { "scalar" }
}

/// `s(t)` and `V(x)`, or a function that does not exist.
fn applied(name: &Ident, arguments: &[Node], bind: &Bind<'_>) -> Result<Expr, Diagnostic> {
    let field = derivative(&name.node).is_some() || matches!(bind(&name.node, name.span), Ok(Expr::Field(_)));
    let variable = match arguments {
        [Node { node: Formula::Name(n), .. }] if n == "t" => Some(DependsOn::Time),
        [Node { node: Formula::Name(n), .. }] if n == "x" => Some(DependsOn::Position),
        _ => None,
    };
    match variable {
        Some(on) if !field => Ok(Expr::Apply(name.node.as_str().into(), on)),
        _ => {
            let near = nearest(&name.node, FUNCTIONS.iter().map(|row| row.name));
            let help = match operator_elsewhere(&name.node).flatten().or(near) {
                _ if field => format!("`{0}` is a field: write `{0}`, or `{0}*(...)` for a product", name.node),
                Some(near) => format!("did you mean `{near}`?"),
                None => {
                    format!("a coefficient function is written `{0}(t)` or `{0}(x)`, a product `{0}*(...)`", name.node)
                }
            };
            Err(Diagnostic::new("E0201", name.span, format!("there is no function `{}`", name.node)).help(help))
        }
    }
}

/// The order of a derivative: a whole number written as such.
fn order_of(node: &Node) -> Result<u32, Diagnostic> {
    match &node.node {
        Formula::Number(r) if r.is_integer() && r.is_positive() => r.to_u32(),
        _ => None,
    }
    .filter(|n| *n <= HIGHEST_ORDER)
    .ok_or_else(|| bad_order(node.span))
}

/// Nested derivatives merge; together they stay below the same limit.
fn of_modest_order(e: Expr, span: Span) -> Result<Expr, Diagnostic> {
    let high = |e: &Expr| matches!(e, Expr::Dt(_, n) | Expr::Partial(_, _, n) if *n > HIGHEST_ORDER);
    if e.any(&high) { Err(bad_order(span)) } else { Ok(e) }
}

fn bad_order(span: Span) -> Diagnostic {
    Diagnostic::new("E0203", span, format!("the order of a derivative is a whole number from 1 to {HIGHEST_ORDER}"))
        .help("write `dt(phi, 2)` or `phi_tt`")
}

fn scalar_needed(what: &str, node: &Node, value: &Expr) -> Diagnostic {
    let help = match value {
        Expr::Grad(f) => format!("write `div(grad({f}))` or `lap({f})`"),
        Expr::Position => {
            "`x` is the position vector: write `div(x phi)`, or `abs2(x)` for its squared length".to_owned()
        }
        _ => "`div` makes a scalar of a vector".to_owned(),
    };
    Diagnostic::new("E0204", node.span, format!("{what} needs a scalar, found a vector"))
        .label("this is a vector field")
        .help(help)
}

fn within(small: bool, span: Span, message: &str) -> Result<(), Diagnostic> {
    if small {
        return Ok(());
    }
    Err(Diagnostic::new("E0308", span, message)
        .label("too large to be worked out exactly")
        .help("use a parameter in its place, or split the equation"))
}

/// The bits of all numeric coefficients together.
fn bits(parts: &[Expr]) -> u64 {
    let number = |r: &Rational| if r.is_zero() { 1 } else { r.numer().bits() + r.denom().bits() };
    let own = |e: &Expr| match e {
        Expr::Num(r) => number(r),
        Expr::Mul(_) => number(&e.split_coefficient().0),
        Expr::Add(terms) => terms.iter().map(|t| number(&t.split_coefficient().0)).sum(),
        _ => 0,
    };
    parts.iter().map(own).sum()
}
