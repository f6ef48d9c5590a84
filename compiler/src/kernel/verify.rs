//! The invariants of a kernel.
//!
//! In:   a [`Kernel`] as assembled.
//! Out:  nothing, or the first invariant it breaks.
//! Holds, after success:
//!   1. every operand is an earlier operation, of the type that the operation needs;
//!   2. every uniform and input is in the signature;
//!   3. constants are not NaN and do not overflow the precision (an infinity written as such is allowed);
//!   4. orders of special functions are in their domain;
//!   5. a reduction has `1 <= N <= MAX_DIM`; every result is a float of the body; only under linear weights does a mean
//!      hold its weight already.

use thiserror::Error;

use super::ir::{Kernel, MAX_DIM, MeanKind, Op, PairInput, Precision, Shape, Type, Value, Weight};

/// An invariant of KernelIr that a kernel breaks. It is a fault of the code that built the kernel, except for `N`.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KernelError {
    /// An operand is not computed before its use.
    #[error("kernel `{kernel}`: operation %{at} uses %{operand}, which is not computed before it")]
    Order {
        /// Name of the kernel.
        kernel: String,
        /// The operation.
        at: usize,
        /// Its operand.
        operand: usize,
    },
    /// An operand has the wrong type.
    #[error("kernel `{kernel}`: operation %{at} needs a {needs:?} but %{operand} is a {is:?}")]
    Type {
        /// Name of the kernel.
        kernel: String,
        /// The operation.
        at: usize,
        /// Its operand.
        operand: usize,
        /// The type needed.
        needs: Type,
        /// The type found.
        is: Type,
    },
    /// A uniform or an input is not in the signature.
    #[error("kernel `{kernel}`: operation %{at} reads {what} {index}, but there are {count}")]
    Signature {
        /// Name of the kernel.
        kernel: String,
        /// The operation.
        at: usize,
        /// "uniform" or "input".
        what: &'static str,
        /// The index it reads.
        index: usize,
        /// The number declared.
        count: usize,
    },
    /// A constant is NaN, or becomes infinite when rounded to the precision.
    #[error("kernel `{kernel}`: the constant of operation %{at} is not representable in {precision:?}")]
    Constant {
        /// Name of the kernel.
        kernel: String,
        /// The operation.
        at: usize,
        /// The kernel's precision.
        precision: Precision,
    },
    /// A special function is called outside its domain of orders.
    #[error("kernel `{kernel}`: {special} is not available: n must be at most {max}")]
    Special {
        /// Name of the kernel.
        kernel: String,
        /// The function.
        special: String,
        /// The largest order.
        max: u32,
    },
    /// The dimension is out of range.
    #[error("kernel `{kernel}`: N = {dim} is outside 1..={MAX_DIM}")]
    Dimension {
        /// Name of the kernel.
        kernel: String,
        /// The dimension asked for.
        dim: usize,
    },
    /// A mean holds its weight already, but the weights are logarithms.
    #[error("kernel `{kernel}`: mean `{mean}` holds its weight, which is given by its logarithm")]
    Weighted {
        /// Name of the kernel.
        kernel: String,
        /// Name of the mean.
        mean: String,
    },
    /// A result is not a float of the body.
    #[error("kernel `{kernel}`: result %{value} is not a float of the body")]
    Result {
        /// Name of the kernel.
        kernel: String,
        /// The value returned.
        value: usize,
    },
}

/// Checks every invariant in the header of this module.
pub(crate) fn verify(kernel: &Kernel) -> Result<(), KernelError> {
    let name = || kernel.name.clone();
    let inputs = match &kernel.shape {
        Shape::Map { inputs, .. } => inputs.len(),
        Shape::Reduce { dim, .. } if !(1..=MAX_DIM).contains(dim) => {
            return Err(KernelError::Dimension { kernel: name(), dim: *dim });
        }
        Shape::Reduce { .. } => PairInput::ALL.len(),
    };
    for (at, op) in kernel.body.iter().enumerate() {
        check_operands(kernel, at, *op)?;
        check_leaf(kernel, at, *op, inputs)?;
    }
    if let Shape::Reduce { weight: Weight::Log(_), means, .. } = &kernel.shape
        && let Some(mean) = means.iter().find(|mean| matches!(mean.kind, MeanKind::Weighted(_)))
    {
        return Err(KernelError::Weighted { kernel: name(), mean: mean.name.clone() });
    }
    let is_float = |v: &Value| kernel.body.get(v.index()).is_some_and(|op| op.result() == Type::Float);
    match kernel.shape.results().iter().find(|v| !is_float(v)) {
        Some(value) => Err(KernelError::Result { kernel: name(), value: value.index() }),
        None => Ok(()),
    }
}

fn check_operands(kernel: &Kernel, at: usize, op: Op) -> Result<(), KernelError> {
    for (value, needs) in op.operands() {
        let (kernel_name, operand) = (kernel.name.clone(), value.index());
        if operand >= at {
            return Err(KernelError::Order { kernel: kernel_name, at, operand });
        }
        let is = kernel.body[operand].result();
        if is != needs {
            return Err(KernelError::Type { kernel: kernel_name, at, operand, needs, is });
        }
    }
    Ok(())
}

fn check_leaf(kernel: &Kernel, at: usize, op: Op, inputs: usize) -> Result<(), KernelError> {
    let declared = |what, index: u32, count| {
        let index = index as usize;
        let error = KernelError::Signature { kernel: kernel.name.clone(), at, what, index, count };
        if index < count { Ok(()) } else { Err(error) }
    };
    match op {
        Op::Uniform(index) => declared("uniform", index, kernel.uniforms.len()),
        Op::Input(index) => declared("input", index, inputs),
        Op::Const(c) => {
            let (exact, rounded) = (c.get(), kernel.precision.round(c.get()));
            if exact.is_nan() || rounded.is_infinite() != exact.is_infinite() {
                let (kernel, precision) = (kernel.name.clone(), kernel.precision);
                return Err(KernelError::Constant { kernel, at, precision });
            }
            Ok(())
        }
        Op::Call(special, _) => match special.max_order() {
            Some((n, max)) if n > max => {
                Err(KernelError::Special { kernel: kernel.name.clone(), special: special.to_string(), max })
            }
            _ => Ok(()),
        },
        Op::Add(..)
        | Op::Sub(..)
        | Op::Mul(..)
        | Op::Div(..)
        | Op::Neg(..)
        | Op::Abs(..)
        | Op::Sqrt(..)
        | Op::Fma(..)
        | Op::Min(..)
        | Op::Max(..)
        | Op::Compare(..)
        | Op::And(..)
        | Op::Or(..)
        | Op::Not(..)
        | Op::Select(..)
        | Op::Round(..)
        | Op::Exp2Int(..)
        | Op::Exponent(..)
        | Op::Mantissa(..) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::ir::{Compare, Constant, Mean, Output};
    use super::*;
    use crate::kernel::KernelBuilder;
    use crate::special::Special;

    fn map_of(body: Vec<Op>, precision: Precision) -> Kernel {
        let outputs = vec![Output::new("y", Value(body.len() as u32 - 1))];
        let shape = Shape::Map { inputs: vec!["x".into()], outputs };
        Kernel { name: "test".into(), precision, uniforms: vec!["u".into()], body, shape }
    }

    fn check(body: Vec<Op>, message: &str) {
        let error = verify(&map_of(body, Precision::F32)).unwrap_err();
        assert_eq!(error.to_string(), format!("kernel `test`: {message}"));
    }

    #[test]
    fn each_invariant_has_its_message() {
        let (x, one) = (Op::Input(0), Op::Const(Constant::new(1.0)));
        let (v0, v1) = (Value(0), Value(1));
        let less = Op::Compare(Compare::Lt, v0, v0);
        check(vec![x, Op::Add(v0, v1)], "operation %1 uses %1, which is not computed before it");
        check(vec![x, less, Op::Add(v0, v1)], "operation %2 needs a Float but %1 is a Mask");
        check(vec![x, one, Op::Select(v0, v1, v1)], "operation %2 needs a Mask but %0 is a Float");
        check(vec![Op::Input(1)], "operation %0 reads input 1, but there are 1");
        check(vec![Op::Uniform(3)], "operation %0 reads uniform 3, but there are 1");
        check(vec![Op::Const(Constant::new(1e39))], "the constant of operation %0 is not representable in F32");
        check(vec![Op::Const(Constant::new(f64::NAN))], "the constant of operation %0 is not representable in F32");
        check(vec![x, less], "result %1 is not a float of the body");
        let call = Op::Call(Special::LogBesselK { n: 1537 }, v0);
        check(vec![x, call], "log_bessel_k[1537 + 1/2] is not available: n must be at most 1536");
    }

    #[test]
    fn the_dimension_is_bounded_on_both_sides() {
        for dim in [0, MAX_DIM + 1] {
            let (k, pair) = KernelBuilder::reduce("test", Precision::F64, dim);
            let error = k.finish_reduce(pair.log_w, vec![Mean::scalar("q", pair.q)]).unwrap_err();
            assert_eq!(error, KernelError::Dimension { kernel: "test".into(), dim });
        }
    }

    #[test]
    fn a_mean_may_hold_its_weight_only_if_that_is_linear() {
        let (k, pair) = KernelBuilder::reduce("test", Precision::F64, 2);
        let means = vec![Mean::weighted("b", pair.q)];
        assert!(k.clone().finish_linear_reduce(pair.w, means.clone()).is_ok());
        let error = KernelError::Weighted { kernel: "test".into(), mean: "b".into() };
        assert_eq!(k.finish_reduce(pair.log_w, means).unwrap_err(), error);
    }

    #[test]
    fn infinite_constants_are_allowed() {
        let body = vec![Op::Const(Constant::new(f64::NEG_INFINITY))];
        assert_eq!(verify(&map_of(body, Precision::F32)), Ok(()));
    }
}
