//! The text form of a kernel, stable enough for golden files.

use std::fmt;

use super::ir::{Compare, Kernel, Mean, MeanKind, Op, PairInput, Precision, Shape, Value, Weight};

/// ```text
/// kernel diffusion: reduce f64, N = 2
///   uniforms 1/(4t)
///   %0 = input q
///   ...
///   log_weight %4
///   mean v: displacement %5
/// ```
impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.shape {
            Shape::Map { .. } => writeln!(f, "kernel {}: map {}", self.name, self.precision)?,
            Shape::Reduce { dim, .. } => {
                writeln!(f, "kernel {}: reduce {}, N = {dim}", self.name, self.precision)?;
            }
        }
        if !self.uniforms.is_empty() {
            writeln!(f, "  uniforms {}", self.uniforms.join(", "))?;
        }
        for (index, op) in self.body.iter().enumerate() {
            writeln!(f, "  %{index} = {}", Line { kernel: self, op: *op })?;
        }
        match &self.shape {
            Shape::Map { outputs, .. } => {
                outputs.iter().try_for_each(|o| writeln!(f, "  output {}: {}", o.name, o.value))
            }
            Shape::Reduce { weight, means, .. } => {
                match weight {
                    Weight::Log(v) => writeln!(f, "  log_weight {v}")?,
                    Weight::Linear(v) => writeln!(f, "  weight {v}")?,
                }
                means.iter().try_for_each(|mean| writeln!(f, "  {mean}"))
            }
        }
    }
}

struct Line<'a> {
    kernel: &'a Kernel,
    op: Op,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.op {
            Op::Const(c) => write!(f, "const {:?}", c.get()),
            Op::Uniform(index) => write!(f, "uniform {}", self.kernel.uniforms[index as usize]),
            Op::Input(index) => write!(f, "input {}", self.kernel.input_name(index as usize)),
            op => {
                write!(f, "{}", Mnemonic(op))?;
                op.operands().try_for_each(|(v, _)| write!(f, " {v}"))
            }
        }
    }
}

struct Mnemonic(Op);

impl fmt::Display for Mnemonic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Op::Const(..) => "const",
            Op::Uniform(..) => "uniform",
            Op::Input(..) => "input",
            Op::Add(..) => "add",
            Op::Sub(..) => "sub",
            Op::Mul(..) => "mul",
            Op::Div(..) => "div",
            Op::Neg(..) => "neg",
            Op::Abs(..) => "abs",
            Op::Sqrt(..) => "sqrt",
            Op::Fma(..) => "fma",
            Op::Min(..) => "min",
            Op::Max(..) => "max",
            Op::Compare(Compare::Lt, ..) => "lt",
            Op::Compare(Compare::Le, ..) => "le",
            Op::Compare(Compare::Eq, ..) => "eq",
            Op::And(..) => "and",
            Op::Or(..) => "or",
            Op::Not(..) => "not",
            Op::Select(..) => "select",
            Op::Round(..) => "round",
            Op::Exp2Int(..) => "exp2_int",
            Op::Exponent(..) => "exponent",
            Op::Mantissa(..) => "mantissa",
            Op::Call(special, _) => return write!(f, "{special}"),
        })
    }
}

impl Kernel {
    fn input_name(&self, index: usize) -> &str {
        match &self.shape {
            Shape::Map { inputs, .. } => &inputs[index],
            Shape::Reduce { .. } => PairInput::ALL[index].name(),
        }
    }
}

impl fmt::Display for Mean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            MeanKind::Scalar(v) => write!(f, "mean {}: scalar {v}", self.name),
            MeanKind::Weighted(v) => write!(f, "mean {}: weighted {v}", self.name),
            MeanKind::Displacement(v) => write!(f, "mean {}: displacement {v}", self.name),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "%{}", self.0)
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Precision::F32 => "f32",
            Precision::F64 => "f64",
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::kernel::{KernelBuilder, Mean, Output, Precision, inline_specials};

    #[test]
    fn a_reduction_reads_like_its_formula() {
        let (mut k, pair) = KernelBuilder::reduce("poisson", Precision::F32, 3);
        let (t2, rate) = (k.uniform("t^2"), k.uniform("1/t"));
        let rho2 = k.add(pair.q, t2);
        let log = k.log(rho2);
        let minus_two = k.constant(-2.0);
        let l = k.fma(minus_two, log, pair.log_w);
        let kernel = k.finish_reduce(l, vec![Mean::displacement("v", rate), Mean::scalar("rho2", rho2)]).unwrap();
        assert_eq!(
            kernel.to_string(),
            "kernel poisson: reduce f32, N = 3\n  uniforms t^2, 1/t\n  %0 = input q\n  %1 = input log_w\n  \
             %2 = uniform t^2\n  %3 = uniform 1/t\n  %4 = add %0 %2\n  %5 = log %4\n  %6 = const -2.0\n  \
             %7 = fma %6 %5 %1\n  log_weight %7\n  mean v: displacement %3\n  mean rho2: scalar %4\n"
        );
    }

    #[test]
    fn equal_operations_are_one_and_constants_fold() {
        let mut k = KernelBuilder::map("fold", Precision::F32);
        let x = k.input("x");
        let (a, b) = (k.constant(0.1), k.constant(0.2));
        let sum = k.add(a, b);
        let (y, z) = (k.mul(sum, x), k.mul(sum, x));
        assert_eq!(y, z);
        let kernel = k.finish_map(vec![Output::new("y", y)]).unwrap();
        // 0.1 + 0.2 in f32, and neither summand is left.
        assert_eq!(
            kernel.to_string(),
            "kernel fold: map f32\n  %0 = input x\n  %1 = const 0.30000001192092896\n  %2 = mul %1 %0\n  output y: %2\n"
        );
    }

    #[test]
    fn inlining_leaves_no_call() {
        let mut k = KernelBuilder::map("specials", Precision::F64);
        let x = k.input("x");
        let (exp, log) = (k.exp(x), k.log(x));
        let y = k.add(exp, log);
        let kernel = k.finish_map(vec![Output::new("y", y)]).unwrap();
        assert!(kernel.to_string().contains("= exp %0"));
        let inlined = inline_specials(&kernel).unwrap().to_string();
        assert!(!inlined.contains("= exp %") && !inlined.contains("= log %") && inlined.contains("exp2_int"));
    }
}
