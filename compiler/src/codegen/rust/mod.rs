//! Rust source of a kernel's body, for the compiler of a user's crate to vectorise.
//!
//! In:   a [`Kernel`].
//! Out:  [`RustSource`]: one function of the uniforms and the inputs of a lane, which needs [`prelude`] beside it.
//! Holds: one statement an operation, in the kernel's order, each rounded to the kernel's precision. `fma` is rounded once
//!   where the const parameter `FUSED` says that the machine has the instruction, and twice where it does not.
//!   The loop around the body is the caller's: `genphys!` writes it.

mod formula;

pub use formula::{complex, real};

use super::{Target, Unsupported};
use crate::kernel::{Compare, Kernel, Op, PairInput, Precision, Shape, Type, Value, inline_specials};
use std::fmt::Write;

/// Rust source as a [`Target`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Rust;

/// The body of a kernel as a Rust function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RustSource {
    /// `fn NAME<const FUSED: bool>(uniforms: [T; U], inputs: [T; I]) -> [T; R]`; the results are those of [`Shape::results`].
    pub function: String,
    /// NAME, the kernel's.
    pub name: String,
    /// `f32` or `f64`.
    pub precision: Precision,
}

impl Target for Rust {
    type Artifact = RustSource;
    const NAME: &'static str = "rust";

    fn emit(&self, kernel: &Kernel) -> Result<RustSource, Unsupported> {
        let kernel = inline_specials(kernel)?;
        let (name, precision) = (identifier(kernel.name()), kernel.precision());
        Ok(RustSource { function: function(&kernel, &name), name, precision })
    }

    fn listing(source: &RustSource) -> String {
        format!("{}\n{}", prelude(source.precision), source.function)
    }
}

/// What the functions of one precision call: `fma`, `round` and the powers of two, as [`Op`] defines them.
pub fn prelude(precision: Precision) -> String {
    let [float, bits, shift, bias] = match precision {
        Precision::F32 => ["f32", "u32", "23", "127"],
        Precision::F64 => ["f64", "u64", "52", "1023"],
    };
    let text = include_str!("prelude.txt");
    text.replace("FLOAT", float).replace("BITS", bits).replace("SHIFT", shift).replace("BIAS", bias)
}

fn function(kernel: &Kernel, name: &str) -> String {
    let float = float_type(kernel.precision());
    let results = kernel.shape().results();
    let inputs = match kernel.shape() {
        Shape::Map { inputs, .. } => inputs.len(),
        Shape::Reduce { .. } => PairInput::ALL.len(),
    };
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(text, "#[inline(always)]");
    let uniforms = kernel.uniforms().len();
    let _ = writeln!(
        text,
        "fn {name}<const FUSED: bool>(uniforms: [{float}; {uniforms}], inputs: [{float}; {inputs}]) -> [{float}; {}] {{",
        results.len()
    );
    for (index, op) in kernel.body().iter().enumerate() {
        let comment = match op {
            Op::Uniform(i) => format!(" // {}", kernel.uniforms()[*i as usize]),
            _ => String::new(),
        };
        let kind = match op.result() {
            Type::Float => float,
            Type::Mask => "bool",
        };
        let _ = writeln!(text, "    let v{index}: {kind} = {};{comment}", expression(*op, kernel.precision()));
    }
    let names: Vec<String> = results.iter().map(|v| format!("v{}", v.index())).collect();
    let _ = writeln!(text, "    [{}]\n}}", names.join(", "));
    text
}

fn expression(op: Op, precision: Precision) -> String {
    let v = |value: Value| format!("v{}", value.index());
    let binary = |a, sign, b| format!("{} {sign} {}", v(a), v(b));
    let call = |name: &str, a| format!("{name}({})", v(a));
    match op {
        Op::Const(c) => literal(c.get(), precision),
        Op::Uniform(i) => format!("uniforms[{i}]"),
        Op::Input(i) => format!("inputs[{i}]"),
        Op::Add(a, b) => binary(a, "+", b),
        Op::Sub(a, b) => binary(a, "-", b),
        Op::Mul(a, b) => binary(a, "*", b),
        Op::Div(a, b) => binary(a, "/", b),
        Op::Neg(a) => format!("-{}", v(a)),
        Op::Abs(a) => format!("{}.abs()", v(a)),
        Op::Sqrt(a) => format!("{}.sqrt()", v(a)),
        Op::Fma(a, b, c) => format!("fma::<FUSED>({}, {}, {})", v(a), v(b), v(c)),
        Op::Min(a, b) => format!("if {0} < {1} {{ {0} }} else {{ {1} }}", v(a), v(b)),
        Op::Max(a, b) => format!("if {1} < {0} {{ {0} }} else {{ {1} }}", v(a), v(b)),
        Op::Compare(Compare::Lt, a, b) => binary(a, "<", b),
        Op::Compare(Compare::Le, a, b) => binary(a, "<=", b),
        Op::Compare(Compare::Eq, a, b) => binary(a, "==", b),
        Op::And(a, b) => binary(a, "&", b),
        Op::Or(a, b) => binary(a, "|", b),
        Op::Not(a) => format!("!{}", v(a)),
        Op::Select(m, a, b) => format!("if {} {{ {} }} else {{ {} }}", v(m), v(a), v(b)),
        Op::Round(a) => format!("round::<FUSED>({})", v(a)),
        Op::Exp2Int(a) => call("exp2_int", a),
        Op::Exponent(a) => call("exponent", a),
        Op::Mantissa(a) => call("mantissa", a),
        // Expanded by `emit`.
        Op::Call(special, a) => call(special.facts().name, a),
    }
}

/// A number as Rust reads it back.
pub(crate) fn literal(x: f64, precision: Precision) -> String {
    let float = float_type(precision);
    match x {
        f64::INFINITY => format!("{float}::INFINITY"),
        f64::NEG_INFINITY => format!("{float}::NEG_INFINITY"),
        x if x.is_nan() => format!("{float}::NAN"),
        x => match precision {
            Precision::F32 => format!("{:?}_f32", x as f32),
            Precision::F64 => format!("{x:?}_f64"),
        },
    }
}

fn float_type(precision: Precision) -> &'static str {
    match precision {
        Precision::F32 => "f32",
        Precision::F64 => "f64",
    }
}

fn identifier(name: &str) -> String {
    let letters = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect::<String>();
    if letters.starts_with(|c: char| c.is_ascii_alphabetic()) { letters } else { format!("kernel_{letters}") }
}
