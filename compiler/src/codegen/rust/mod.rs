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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{KernelBuilder, Mean};

    #[test]
    fn a_body_is_one_function() {
        let (mut k, pair) = KernelBuilder::reduce("1/heat", Precision::F32, 2);
        let (spread, rate) = (k.uniform("minus_1_over_4Dt"), k.uniform("rate"));
        let weight = k.fma(pair.q, spread, pair.log_w);
        let kernel = k.finish_reduce(weight, vec![Mean::displacement("v", rate)]).unwrap();
        let source = Rust.emit(&kernel).unwrap();
        let expected = "\
#[inline(always)]
fn kernel_1_heat<const FUSED: bool>(uniforms: [f32; 2], inputs: [f32; 4]) -> [f32; 2] {
    let v0: f32 = inputs[0];
    let v1: f32 = inputs[1];
    let v2: f32 = uniforms[0]; // minus_1_over_4Dt
    let v3: f32 = uniforms[1]; // rate
    let v4: f32 = fma::<FUSED>(v0, v2, v1);
    [v4, v3]
}
";
        assert_eq!(source.function, expected);
        let listing = Rust::listing(&source);
        assert!(listing.ends_with(expected) && listing.contains("fn fma<const FUSED: bool>(a: f32"));
    }

    #[test]
    fn numbers_read_back() {
        for x in [0.1, -0.0, 1e300, f64::MIN_POSITIVE, std::f64::consts::PI] {
            let text = literal(x, Precision::F64);
            assert_eq!(text.strip_suffix("_f64").and_then(|t| t.parse().ok()), Some(x), "{text}");
        }
        assert_eq!(literal(f64::NEG_INFINITY, Precision::F32), "f32::NEG_INFINITY");
    }

    #[test]
    fn expressions_are_methods_of_their_operands() {
        use crate::expr::{Expr, rational};
        let leaf = |e: &Expr| matches!(e, Expr::Sym(_) | Expr::Var(_)).then(|| e.to_string());
        let (m, t) = (Expr::sym("m"), Expr::Var(crate::expr::Var::Time));
        let rate = Expr::Num(rational(-1, 4)) * (m.clone() * t.clone()).recip();
        assert_eq!(real(&rate, &leaf).unwrap(), "((-0.25_f64) / (m * t))");
        let root = (Expr::kappa() + m.powi(2)).sqrt();
        let text = complex(&(-Expr::Imag * root), &leaf).unwrap();
        assert!(text.contains(".sqrt()") && text.contains("Complex(0.0, 1.0)"), "{text}");
        assert_eq!(real(&Expr::Imag, &leaf), None);
    }
}
