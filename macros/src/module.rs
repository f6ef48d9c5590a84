//! The module: documentation, parameters, branches, and the field around the kernel's body.
//!
//! In:   the header, an analysis that may become a module, N, the file to watch.
//! Out:  its tokens.
//! Holds: what depends on the equation is written here; the loops are `template/field.rs` and `template/sums.rs`, the same for all.

use crate::documentation;
use crate::header::{Header, Origin};
use crate::judge;
use crate::message::Message;
use crate::parameters::{self, letter};
use genphys_compiler::Analysis;
use genphys_compiler::codegen::Target;
use genphys_compiler::codegen::rust::{Rust, complex, prelude, real};
use genphys_compiler::dispersion::Branch;
use genphys_compiler::expr::{Axis, Expr, Var};
use genphys_compiler::green::{
    FluxEntry, FluxFormula, Formula, FormulaError, FrameFormula, LowerError, Shape, StableFormula, TimePart,
    UniformFormula,
};
use genphys_compiler::kernel::{self, Kernel, KernelBuilder, MeanKind, Op, Output, PairInput, Precision};
use genphys_compiler::report::Report;
use genphys_compiler::special::Special;
use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use std::fmt::Write;

/// The module of an equation.
pub fn tokens(header: &Header, analysis: &Analysis, dim: usize, tracked: Option<&str>) -> Result<TokenStream, Message> {
    let fault = |what: &str| Message::at(header.place, format!("a fault of genphys: {what}"));
    let report = Report::explained(analysis);
    let (field, missing) = match field(analysis, dim) {
        Ok(text) => (text, None),
        Err(Missing::Reason(reason)) => (without_field(&reason), Some(reason)),
        Err(Missing::Dimension(reason)) => {
            let place = header.dimension.map_or(header.place, |(_, place)| place);
            return Err(Message::at(place, reason));
        }
        Err(Missing::Fault(what)) => return Err(fault(&what)),
    };
    let json = serde_json::to_string_pretty(&report).map_err(|e| fault(&e.to_string()))?;
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = constants(analysis, dim, &json, tracked, &mut text);
    text.push_str(&parameters::items(&analysis.equation, &analysis.verdict));
    text.push_str(include_str!("template/domain.rs"));
    if let Some(omega) = omega(analysis, dim) {
        text.push_str(&omega);
        text.push_str(include_str!("template/complex.rs"));
    }
    text.push_str(&field);
    let docs = documentation::module(analysis, &report, dim, missing.as_deref());
    wrap(header, analysis, &docs, &text).ok_or_else(|| fault("the generated module is not Rust"))
}

/// `#[doc] #[allow] pub mod name { text }`.
fn wrap(header: &Header, analysis: &Analysis, docs: &str, text: &str) -> Option<TokenStream> {
    let name = match (&header.name, &header.origin) {
        (Some(name), _) => name.clone(),
        (None, origin) => Ident::new(&name(analysis, origin), Span::call_site()),
    };
    let attributes = format!(
        "#[doc = {docs:?}] #[allow(dead_code, non_snake_case, unused_parens, unused_variables, unsafe_code, clippy::all, clippy::pedantic)] mod x"
    );
    let mut attributes: Vec<TokenTree> = attributes.parse::<TokenStream>().ok()?.into_iter().collect();
    attributes.truncate(attributes.len().saturating_sub(2));
    let body = Group::new(proc_macro2::Delimiter::Brace, text.parse().ok()?);
    let module =
        [TokenTree::Ident(Ident::new("mod", Span::call_site())), TokenTree::Ident(name), TokenTree::Group(body)];
    // The user's attributes come first, their visibility last.
    Some(attributes.into_iter().chain(header.outer.clone()).chain(module).collect())
}

/// The name of the block; for bare equations in a file, that of the file.
fn name(analysis: &Analysis, origin: &Origin) -> String {
    let stem = match origin {
        Origin::File(path, _) if analysis.equation.name == "equation" => {
            std::path::Path::new(path).file_stem().and_then(|stem| stem.to_str())
        }
        _ => None,
    };
    let name: String =
        stem.unwrap_or(&analysis.equation.name).chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
    let starts = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
    if starts && name != "_" { name } else { format!("equation_{name}") }
}

fn constants(analysis: &Analysis, dim: usize, json: &str, tracked: Option<&str>, out: &mut String) -> std::fmt::Result {
    writeln!(out, "/// The dimension of space.\npub const N: usize = {dim};")?;
    match tracked {
        // The compiler reads the file too, and so knows when it changes.
        Some(path) => {
            writeln!(out, "/// The text of the equation.\npub const SOURCE: &str = ::core::include_str!({path:?});")?
        }
        None => {
            let text = &analysis.equation.source.text;
            writeln!(out, "/// The text of the equation.\npub const SOURCE: &str = {text:?};")?;
        }
    }
    let verdict = analysis.verdict.kind.as_str();
    writeln!(out, "/// The verdict.\npub const VERDICT: &str = {verdict:?};")?;
    writeln!(
        out,
        "/// Everything derived, with proofs, as JSON: what `genphys explain --json` prints.\npub const REPORT: &str = {json:?};"
    )
}

/// `omega`, where every branch has a closed form in the components of k.
fn omega(analysis: &Analysis, dim: usize) -> Option<String> {
    let dispersion = analysis.dispersion.as_ref().ok()?;
    let leaf = |e: &Expr| {
        let axis = Axis::ALL.into_iter().take(dim).find(|axis| *e == Expr::sym(axis.wave_number()));
        match (e, axis) {
            (Expr::Var(Var::Kappa), _) => Some("kappa".to_owned()),
            (Expr::Var(Var::Time), _) => None,
            (_, Some(axis)) => Some(format!("k[{}]", axis.index())),
            _ => letter(&analysis.equation, e),
        }
    };
    let value = |b: &Branch| if b.root.is_some() { None } else { complex(&b.omega, &leaf) };
    let values =
        dispersion.branches.iter().map(value).collect::<Option<Vec<String>>>().filter(|all| !all.is_empty())?;
    let mut out = String::from(
        "/// The frequencies `omega` of a wave `exp(-i omega t + i k.x)`, as real and imaginary parts, branch by branch:\n///\n",
    );
    for branch in &dispersion.branches {
        let _ = writeln!(out, "/// * `{}`", branch.omega);
    }
    let count = values.len();
    let _ = writeln!(out, "pub fn omega(k: [f64; N], parameters: &Parameters) -> [(f64, f64); {count}] {{");
    let _ = writeln!(
        out,
        "let kappa: f64 = k.iter().map(|k| k * k).sum();\n[{}].map(|omega| (omega.0, omega.1))\n}}",
        values.join(", ")
    );
    Some(out)
}

/// Why there is no field.
enum Missing {
    /// A limit, which the documentation states.
    Reason(String),
    /// No kernel has this dimension.
    Dimension(String),
    Fault(String),
}

impl From<FormulaError> for Missing {
    fn from(e: FormulaError) -> Missing {
        match e {
            FormulaError::Lower(LowerError::Dimension(_)) => Missing::Dimension(e.to_string()),
            e => Missing::Reason(e.to_string()),
        }
    }
}

/// Functions that no call satisfies, so that a call says why.
fn without_field(reason: &str) -> String {
    let message = format!("density, velocity and births are not generated: {reason}");
    format!(
        "#[diagnostic::on_unimplemented(message = {message:?}, label = \"has no closed kernel\")]\n{}",
        include_str!("template/missing.rs")
    )
}

fn field(analysis: &Analysis, dim: usize) -> Result<String, Missing> {
    // Where the verdict is conditional on parameters, `Parameters` enforces the condition.
    let assumed = judge::under_condition(analysis);
    let Some(green) = assumed.as_ref().unwrap_or(analysis).green() else {
        let lambda = analysis
            .dispersion
            .as_ref()
            .ok()
            .and_then(|d| d.lambda())
            .map_or("lambda".to_owned(), |l| format!("lambda = {l}"));
        return Err(Missing::Reason(format!("{lambda} has no closed kernel")));
    };
    let (single, double) = (green.formula(dim, Precision::F32)?, green.formula(dim, Precision::F64)?);
    let mut out = String::new();
    let text = |e: &Expr| {
        real(e, &|e| letter(&analysis.equation, e)).ok_or_else(|| Missing::Fault(format!("`{e}` has no Rust")))
    };
    formulas(&double, dim, &text, &mut out)?;
    bodies(&single, Precision::F32, &text, &mut out)?;
    bodies(&double, Precision::F64, &text, &mut out)?;
    out.push_str(include_str!("template/place.rs"));
    out.push_str(include_str!("template/sums.rs"));
    out.push_str(include_str!("template/field.rs"));
    Ok(out)
}

/// The text of an expression.
type Text<'a> = dyn Fn(&Expr) -> Result<String, Missing> + 'a;

/// What is computed once for every time: normalisations and coordinates, in f64.
fn formulas(formula: &Formula, dim: usize, text: &Text<'_>, out: &mut String) -> Result<(), Missing> {
    let mut constant = |name: &str, e: &Expr| -> Result<(), Missing> {
        let _ = writeln!(out, "fn {name}(t: f64, parameters: &Parameters) -> f64 {{ {} }}", text(e)?);
        Ok(())
    };
    constant("log_norm", &formula.log_norm)?;
    constant("linear_log_norm", &formula.linear_log_norm)?;
    constant("constant_births", formula.constant_births.as_ref().unwrap_or(&Expr::zero()))?;
    let drift = formula.drift.as_ref().map_or(&[][..], |drift| drift);
    let _ = writeln!(out, "fn drift(parameters: &Parameters) -> [f64; N] {{\nlet mut drift = [0.0; N];");
    for (axis, c) in drift.iter().enumerate().filter(|(_, c)| !c.is_zero()) {
        let _ = writeln!(out, "drift[{axis}] = {};", text(c)?);
    }
    let _ = writeln!(out, "drift\n}}");
    out.push_str(&place(formula.frame.as_ref(), text)?);
    out.push_str(&shape(formula.shape.as_ref(), dim, text)?);
    match &formula.stable {
        None => out.push_str(include_str!("template/closed.rs")),
        Some(StableFormula { order, rate }) => {
            let _ = writeln!(out, "mod stable_law {{ {} }}", StableFormula::SOURCE);
            let _ = writeln!(out, "fn law_order(parameters: &Parameters) -> f64 {{ {} }}", text(order)?);
            let _ = writeln!(out, "fn law_rate(t: f64, parameters: &Parameters) -> f64 {{ {} }}", text(rate)?);
            out.push_str(include_str!("template/stable.rs"));
        }
    }
    let reads = |input| formula.linear.iter().flat_map(Kernel::weight_inputs).any(|read| read == input);
    let weight = if reads(PairInput::Weight) {
        "log_w.exp()"
    } else if reads(PairInput::Log2Weight) {
        "log_w * ::core::f64::consts::LOG2_E"
    } else {
        "log_w"
    };
    let _ = writeln!(out, "fn linear_weight(log_w: f64) -> f64 {{ {weight} }}");
    let _ = writeln!(out, "const HAS_LINEAR: bool = {};", formula.linear.is_some());
    let _ = writeln!(out, "const BIRTHS_VARY: bool = {};", formula.constant_births.is_none());
    let _ = writeln!(out, "const RATE_VARIES: bool = {};", rate_varies(&formula.kernel));
    let _ = writeln!(out, "const LAW_IS_GAUSSIAN: bool = {};", formula.is_gaussian);
    if formula.flux.is_some() {
        let _ = writeln!(out, "mod flux_table {{ {} }}", FluxFormula::SOURCE);
    }
    let rate = match &formula.flux {
        Some(FluxFormula { order, scale, mass, .. }) => format!(
            "let (scale, mass): (f64, f64) = ({}, {});
            Some(flux_table::factor({order:?}_f64, scale, (scale * scale + mass * mass * q).sqrt()) / t)",
            text(scale)?,
            text(mass)?
        ),
        None => "None".to_owned(),
    };
    let _ = writeln!(out, "fn point_rate(t: f64, parameters: &Parameters, q: f64) -> Option<f64> {{ {rate} }}");
    Ok(())
}

/// What a kernel reads at one time: how many numbers, and a block that computes them in f64.
fn uniforms(formula: &Formula, kernel: Option<&Kernel>, text: &Text<'_>) -> Result<(usize, String), Missing> {
    let uniforms = kernel.map_or(Some(Vec::new()), |kernel| formula.uniforms(kernel));
    let uniforms = uniforms.ok_or_else(|| Missing::Fault("a uniform has no formula".to_owned()))?;
    let value = |uniform: &UniformFormula| {
        Ok(match uniform {
            UniformFormula::Letters(e) => text(e)?,
            UniformFormula::Flux(FluxEntry::PiecesPerLog) => "flux.pieces_per_log".to_owned(),
            UniformFormula::Flux(FluxEntry::End) => "flux.z_end".to_owned(),
            UniformFormula::Flux(FluxEntry::InverseEnd) => "1.0 / flux.z_end".to_owned(),
            UniformFormula::Flux(FluxEntry::Power { piece, power }) => format!("flux.powers[{piece}][{power}]"),
        })
    };
    let values = uniforms.iter().map(value).collect::<Result<Vec<String>, Missing>>()?;
    let table = match formula.flux.as_ref().filter(|_| kernel.is_some()) {
        Some(FluxFormula { order, scale, terms, .. }) => {
            let table = format!("flux_table::FluxTable::<{terms}>");
            let new = format!("{table}::new({order:?}_f64, {})", text(scale)?);
            format!("let flux = if ALL {{ {new} }} else {{ {table}::EMPTY }};")
        }
        None => String::new(),
    };
    Ok((values.len(), format!("{{ {table} let values: [f64; {}] = [{}]; values }}", values.len(), values.join(", "))))
}

/// The frame and the clock at time t.
fn place(frame: Option<&FrameFormula>, text: &Text<'_>) -> Result<String, Missing> {
    let Some(frame) = frame else {
        return Ok("fn place(t: f64, parameters: &Parameters) -> Place { Place::at_rest(t) }\n".to_owned());
    };
    let sum = |parts: &[TimePart], term: &dyn Fn(&TimePart) -> Result<String, Missing>| {
        let terms = parts.iter().map(term).collect::<Result<Vec<String>, Missing>>()?;
        Ok::<_, Missing>(if terms.is_empty() { "0.0_f64".to_owned() } else { terms.join(" + ") })
    };
    let value = |part: &TimePart| {
        Ok(match part {
            TimePart::Power { factor, power } if power.is_zero() => text(factor)?,
            TimePart::Power { factor, power } => format!("{} * t.powf({})", text(factor)?, text(power)?),
            TimePart::Exponential { factor, slope } => format!("{} * ({} * t).exp()", text(factor)?, text(slope)?),
        })
    };
    let integral = |part: &TimePart| {
        Ok(match part {
            TimePart::Power { factor, power } if power.is_zero() => format!("{} * t", text(factor)?),
            TimePart::Power { factor, power } => {
                format!("{} * power_integral({}, t)", text(factor)?, text(power)?)
            }
            TimePart::Exponential { factor, slope } => {
                format!("{} * exponential_integral({}, t)", text(factor)?, text(slope)?)
            }
        })
    };
    Ok(format!(
        "fn place(t: f64, parameters: &Parameters) -> Place {{
            let (stretch, decay): (f64, f64) = ({}, {});
            Place::new({}, stretch, {}, {}, {}, decay)
        }}\n",
        sum(&frame.pull, &integral)?,
        sum(&frame.offset, &integral)?,
        sum(&frame.rate, &integral)?,
        sum(&frame.rate, &value)?,
        sum(&frame.pull, &value)?,
        sum(&frame.offset, &value)?,
    ))
}

/// The diffusion tensor.
fn shape(shape: Option<&Shape>, dim: usize, text: &Text<'_>) -> Result<String, Missing> {
    let has = format!("const HAS_SHAPE: bool = {};\n", shape.is_some());
    let Some(shape) = shape else {
        return Ok(has + "fn shape(parameters: &Parameters) -> Shape { Shape::ROUND }\n");
    };
    let axes = dim.min(Axis::ALL.len());
    let matrix = |m: &[[Expr; Axis::ALL.len()]; Axis::ALL.len()]| {
        let row =
            |row: &[Expr]| Ok(format!("[{}]", row.iter().map(text).collect::<Result<Vec<_>, Missing>>()?.join(", ")));
        let rows = m[..axes].iter().map(|m| row(&m[..axes])).collect::<Result<Vec<String>, Missing>>()?;
        Ok::<_, Missing>(format!("[{}]", rows.join(", ")))
    };
    Ok(format!(
        "{has}fn shape(parameters: &Parameters) -> Shape {{ Shape::new({}, {}, ({}, {}), {}) }}\n",
        matrix(&shape.density)?,
        matrix(&shape.flux)?,
        text(&shape.base.0)?,
        text(&shape.base.1)?,
        text(&shape.mean(dim))?,
    ))
}

fn means(kernel: &Kernel) -> &[genphys_compiler::kernel::Mean] {
    match kernel.shape() {
        kernel::Shape::Reduce { means, .. } => means,
        kernel::Shape::Map { .. } => &[],
    }
}

/// Does the coefficient of `x - y` depend on the pair?
fn rate_varies(kernel: &Kernel) -> bool {
    means(kernel).iter().any(|mean| match mean.kind {
        MeanKind::Displacement(v) => !matches!(kernel.op(v), Op::Uniform(_) | Op::Const(_)),
        MeanKind::Scalar(_) | MeanKind::Weighted(_) => false,
    })
}

/// The bodies in one precision, and `impl Number` around them.
fn bodies(formula: &Formula, precision: Precision, text: &Text<'_>, out: &mut String) -> Result<(), Missing> {
    let fault = |e: &dyn std::fmt::Display| Missing::Fault(e.to_string());
    let mut k = KernelBuilder::map("exp_weight", precision);
    let x = k.input("x");
    let weight = k.call(Special::ExpWeight, x);
    let weight = k.finish_map(vec![Output::new("weight", weight)]).map_err(|e| fault(&e))?;
    let weight = Rust.emit(&weight).map_err(|e| fault(&e))?;
    // Widened by so much, points that stay are at the origin to a thirtieth of a rounding.
    let (float, least, widest) = match precision {
        Precision::F32 => ("f32", -126 + 24 + 8, 20_f64.exp()),
        Precision::F64 => ("f64", -1022 + 53 + 8, 40_f64.exp()),
    };
    let mut functions = prelude(precision) + &weight.function;
    let mut call = |name: &str, kernel: Option<&Kernel>| -> Result<String, Missing> {
        let Some(kernel) = kernel else { return Ok("[0.0; 3]".to_owned()) };
        let source = Rust.emit(kernel).map_err(|e| fault(&e))?;
        functions.push_str(&source.function.replacen(&source.name, name, 1));
        let births = if means(kernel).len() > 1 { "result[2]" } else { "0.0" };
        // The body reads one of the forms of the weight at most.
        Ok(format!(
            "let result = body_{float}::{name}::<FUSED>(uniforms, [q, w, w, w]); [result[0], result[1], {births}]"
        ))
    };
    let log = call("log_pair", Some(&formula.kernel))?;
    let linear = call("linear_pair", formula.linear.as_ref())?;
    let (log_count, log_uniforms) = uniforms(formula, Some(&formula.kernel), text)?;
    let (linear_count, linear_uniforms) = uniforms(formula, formula.linear.as_ref(), text)?;
    let functions = functions.replace("\nfn ", "\npub(super) fn ");
    let _ = write!(
        out,
        "mod body_{float} {{ {functions} }}
        impl Number for {float} {{
            const ZERO: {float} = 0.0;
            const LEAST_EXPONENT: i32 = {least};
            const WIDEST: f64 = {widest:?};
            type LogUniforms = [{float}; {log_count}];
            type LinearUniforms = [{float}; {linear_count}];
            fn log_uniforms<const ALL: bool>(t: f64, parameters: &Parameters) -> [{float}; {log_count}] {{ {log_uniforms}.map(|x| x as {float}) }}
            fn linear_uniforms(t: f64, parameters: &Parameters) -> [{float}; {linear_count}] {{ {linear_uniforms}.map(|x| x as {float}) }}
            #[inline(always)]
            fn of(x: f64) -> {float} {{ x as {float} }}
            #[inline(always)]
            fn fma<const FUSED: bool>(a: {float}, b: {float}, c: {float}) -> {float} {{ body_{float}::fma::<FUSED>(a, b, c) }}
            #[inline(always)]
            fn exp_weight<const FUSED: bool>(x: {float}) -> {float} {{ body_{float}::exp_weight::<FUSED>([], [x])[0] }}
            #[inline(always)]
            fn log<const FUSED: bool>(uniforms: [{float}; {log_count}], q: {float}, w: {float}) -> [{float}; 3] {{ {log} }}
            #[inline(always)]
            fn linear<const FUSED: bool>(uniforms: [{float}; {linear_count}], q: {float}, w: {float}) -> [{float}; 3] {{ {linear} }}
        }}"
    );
    Ok(())
}
