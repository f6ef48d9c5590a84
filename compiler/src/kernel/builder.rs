//! Builds a kernel one operation at a time.
//!
//! In:   calls such as `k.mul(a, b)`.
//! Out:  a verified [`Kernel`].
//! Holds: equal operations are one operation; operations on constants are folded in the kernel's precision; what
//!   no result needs is dropped. None of this changes a result by a bit.

use std::collections::HashMap;

use super::ir::{Compare, Constant, Kernel, Mean, Op, Output, PairInput, Precision, Shape, Type, Value, Weight};
use super::scalar::Scalar;
use super::verify::{KernelError, verify};
use crate::special::Special;

/// Builds a [`Kernel`]; see the example in the [module](crate::kernel).
///
/// A `Value` belongs to the builder that returned it. Misuse (a mask where a float is needed, a value of another
/// builder) is reported by `finish_map` and `finish_reduce`.
#[derive(Clone, Debug)]
pub struct KernelBuilder {
    name: String,
    precision: Precision,
    uniforms: Vec<String>,
    inputs: Vec<String>,
    dim: usize,
    body: Vec<Op>,
    known: HashMap<Op, Value>,
}

/// The inputs of the pair body of a reduction.
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    /// `|x - y_j|^2`.
    pub q: Value,
    /// `log w_j`; minus infinity for a source of weight zero.
    pub log_w: Value,
    /// `log w_j / log 2`.
    pub log2_w: Value,
    /// `w_j`.
    pub w: Value,
}

/// The beginning and the end of a kernel.
impl KernelBuilder {
    /// Starts an elementwise kernel.
    pub fn map(name: &str, precision: Precision) -> KernelBuilder {
        KernelBuilder {
            name: name.to_owned(),
            precision,
            uniforms: Vec::new(),
            inputs: Vec::new(),
            dim: 0,
            body: Vec::new(),
            known: HashMap::new(),
        }
    }

    /// Starts a reduction over sources in `dim` dimensions and returns the inputs of its pair body.
    pub fn reduce(name: &str, precision: Precision, dim: usize) -> (KernelBuilder, Pair) {
        let mut k = KernelBuilder { dim, ..KernelBuilder::map(name, precision) };
        let [q, log_w, log2_w, w] = PairInput::ALL.map(|input| k.input(input.name()));
        (k, Pair { q, log_w, log2_w, w })
    }

    /// Ends an elementwise kernel.
    ///
    /// # Errors
    /// [`KernelError`] when the body is not well formed.
    pub fn finish_map(self, outputs: Vec<Output>) -> Result<Kernel, KernelError> {
        let inputs = self.inputs.clone();
        self.finish(Shape::Map { inputs, outputs })
    }

    /// Ends a reduction: `log_weight` is the logarithm of the kernel plus `log w_j`.
    ///
    /// # Errors
    /// [`KernelError`] when the body is not well formed or `N` is outside `1..=MAX_DIM`.
    pub fn finish_reduce(self, log_weight: Value, means: Vec<Mean>) -> Result<Kernel, KernelError> {
        let dim = self.dim;
        self.finish(Shape::Reduce { dim, weight: Weight::Log(log_weight), means })
    }

    /// Ends a reduction whose body gives the kernel times `w_j` itself.
    ///
    /// # Errors
    /// As [`KernelBuilder::finish_reduce`].
    pub fn finish_linear_reduce(self, weight: Value, means: Vec<Mean>) -> Result<Kernel, KernelError> {
        let dim = self.dim;
        self.finish(Shape::Reduce { dim, weight: Weight::Linear(weight), means })
    }

    pub(crate) fn finish(self, shape: Shape) -> Result<Kernel, KernelError> {
        let KernelBuilder { name, precision, uniforms, body, .. } = self;
        let kernel = Kernel { name, precision, uniforms, body, shape };
        verify(&kernel)?;
        Ok(prune(kernel))
    }

    /// An empty body with the signature of `kernel`, to rebuild it into.
    pub(crate) fn like(kernel: &Kernel) -> KernelBuilder {
        let mut k = KernelBuilder::map(&kernel.name, kernel.precision);
        k.uniforms.clone_from(&kernel.uniforms);
        k
    }
}

/// Leaves of the body.
impl KernelBuilder {
    /// The precision in which the body is evaluated.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// A number that the host supplies per call, in the order of these calls; one per name.
    pub fn uniform(&mut self, name: &str) -> Value {
        let index = self.uniforms.iter().position(|u| u == name).unwrap_or_else(|| {
            self.uniforms.push(name.to_owned());
            self.uniforms.len() - 1
        });
        self.push(Op::Uniform(index as u32))
    }

    /// A number per lane of an elementwise kernel. (A reduction has its two inputs already.)
    pub fn input(&mut self, name: &str) -> Value {
        self.inputs.push(name.to_owned());
        self.push(Op::Input(self.inputs.len() as u32 - 1))
    }

    /// A constant, rounded to the kernel's precision.
    pub fn constant(&mut self, x: f64) -> Value {
        self.push(Op::Const(Constant::new(x)))
    }
}

macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident($($arg:ident),+) = $op:expr;)+) => {
        /// Operations: each returns the value it computes.
        impl KernelBuilder {
            $($(#[$doc])* pub fn $name(&mut self, $($arg: Value),+) -> Value { self.push($op) })+
        }
    };
}

operations! {
    /// `a + b`.
    add(a, b) = Op::Add(a, b);
    /// `a - b`.
    sub(a, b) = Op::Sub(a, b);
    /// `a b`.
    mul(a, b) = Op::Mul(a, b);
    /// `a / b`.
    div(a, b) = Op::Div(a, b);
    /// `-a`.
    neg(a) = Op::Neg(a);
    /// `|a|`.
    abs(a) = Op::Abs(a);
    /// The square root of `a`.
    sqrt(a) = Op::Sqrt(a);
    /// `a b + c`, rounded once.
    fma(a, b, c) = Op::Fma(a, b, c);
    /// The smaller, `b` when one is NaN.
    min(a, b) = Op::Min(a, b);
    /// The larger, `b` when one is NaN.
    max(a, b) = Op::Max(a, b);
    /// `a < b`.
    lt(a, b) = Op::Compare(Compare::Lt, a, b);
    /// `a <= b`.
    le(a, b) = Op::Compare(Compare::Le, a, b);
    /// `a == b`.
    eq(a, b) = Op::Compare(Compare::Eq, a, b);
    /// Both masks.
    and(a, b) = Op::And(a, b);
    /// Either mask.
    or(a, b) = Op::Or(a, b);
    /// Not the mask.
    not(a) = Op::Not(a);
    /// `if mask { a } else { b }`.
    select(mask, a, b) = Op::Select(mask, a, b);
    /// The nearest integer, ties to even.
    round(a) = Op::Round(a);
    /// `2^n` for an integer in the range of normal exponents.
    exp2_int(n) = Op::Exp2Int(n);
    /// The exponent of a positive normal number.
    exponent(x) = Op::Exponent(x);
    /// The mantissa, in `[1, 2)`, of a positive normal number.
    mantissa(x) = Op::Mantissa(x);
    /// `exp(x)`.
    exp(x) = Op::Call(Special::Exp, x);
    /// `log(x)`.
    log(x) = Op::Call(Special::Log, x);
    /// `log(1 + x)`, accurate for small `x`.
    log1p(x) = Op::Call(Special::Log1p, x);
    /// `2^x` for `x` of moderate size, 0 far below.
    exp2_weight(x) = Op::Call(Special::Exp2Weight, x);
}

/// Operations with a parameter that is known when the kernel is built, and composed ones.
impl KernelBuilder {
    /// A special function.
    pub fn call(&mut self, special: Special, x: Value) -> Value {
        self.push(Op::Call(special, x))
    }

    /// `log K_(n+1/2)(z)`, the modified Bessel function of the second kind.
    pub fn log_bessel_k(&mut self, n: u32, z: Value) -> Value {
        self.call(Special::LogBesselK { n }, z)
    }

    /// `K_(n+1/2)(z) / K_(n+3/2)(z)`.
    pub fn bessel_k_ratio(&mut self, n: u32, z: Value) -> Value {
        self.call(Special::BesselKRatio { n }, z)
    }

    /// `c a` for a constant `c`.
    pub fn scale(&mut self, c: f64, a: Value) -> Value {
        let c = self.constant(c);
        self.mul(c, a)
    }

    /// `a + c` for a constant `c`.
    pub fn offset(&mut self, a: Value, c: f64) -> Value {
        let c = self.constant(c);
        self.add(a, c)
    }

    /// `x^n` by squaring; `x^0` is 1.
    pub fn powi(&mut self, x: Value, n: u32) -> Value {
        let (mut power, mut square, mut rest) = (None, x, n);
        while rest > 0 {
            if rest & 1 == 1 {
                power = Some(power.map_or(square, |power| self.mul(power, square)));
            }
            rest >>= 1;
            if rest > 0 {
                square = self.mul(square, square);
            }
        }
        power.unwrap_or_else(|| self.constant(1.0))
    }

    /// `c[0] + c[1] x + c[2] x^2 + ...` by Horner's scheme: the fewest operations, each of which waits for the one before.
    pub fn horner(&mut self, x: Value, c: &[f64]) -> Value {
        let mut terms = c.iter().rev().map(|c| self.constant(*c)).collect::<Vec<Value>>().into_iter();
        let Some(leading) = terms.next() else { return self.constant(0.0) };
        terms.fold(leading, |sum, c| self.fma(sum, x, c))
    }

    /// `c[0] + c[1] x + c[2] x^2 + ...` by Estrin's scheme: neighbours are joined by `x`, their sums by `x^2`, then by
    /// `x^4`, so that a polynomial of degree `n` takes about `log n` operations in sequence, not `n`.
    pub fn polynomial(&mut self, x: Value, c: &[f64]) -> Value {
        let mut terms: Vec<Value> = c.iter().map(|c| self.constant(*c)).collect();
        let mut power = x;
        while terms.len() > 1 {
            terms = terms
                .chunks(2)
                .map(|pair| match *pair {
                    [low, high] => self.fma(high, power, low),
                    _ => pair[0],
                })
                .collect();
            if terms.len() > 1 {
                power = self.mul(power, power);
            }
        }
        terms.first().copied().unwrap_or_else(|| self.constant(0.0))
    }
}

/// How an operation enters the body.
impl KernelBuilder {
    /// Appends `op`, unless it is known, folds to a constant, or is an identity.
    pub(crate) fn push(&mut self, op: Op) -> Value {
        let op = match op {
            Op::Const(c) => Op::Const(Constant::new(self.precision.round(c.get()))),
            _ => op,
        };
        if let Some(value) = self.identity(op) {
            return value;
        }
        let op = self.fold(op).map_or(op, |x| Op::Const(Constant::new(x)));
        *self.known.entry(op).or_insert_with(|| {
            self.body.push(op);
            Value(self.body.len() as u32 - 1)
        })
    }

    /// An operand that equals the result bit for bit. (`a + 0` is not here: it turns -0 into +0.)
    fn identity(&self, op: Op) -> Option<Value> {
        let is_one = |v| self.constant_of(v) == Some(1.0);
        match op {
            Op::Mul(a, b) if is_one(a) => Some(b),
            Op::Mul(a, b) | Op::Div(a, b) if is_one(b) => Some(a),
            Op::Neg(a) => match self.body.get(a.index()) {
                Some(Op::Neg(b)) => Some(*b),
                _ => None,
            },
            Op::Select(_, a, b) if a == b => Some(a),
            _ => None,
        }
    }

    fn constant_of(&self, v: Value) -> Option<f64> {
        match self.body.get(v.index()) {
            Some(Op::Const(c)) => Some(c.get()),
            _ => None,
        }
    }

    /// The value of an operation on constants. NaN is left to run time, as the verifier forbids NaN constants.
    fn fold(&self, op: Op) -> Option<f64> {
        if op.result() == Type::Mask || op.operands().any(|(v, _)| self.constant_of(v).is_none()) {
            return None;
        }
        let x = match self.precision {
            Precision::F32 => self.fold_in::<f32>(op).map(f64::from),
            Precision::F64 => self.fold_in::<f64>(op),
        };
        x.filter(|x| !x.is_nan())
    }

    fn fold_in<T: Scalar>(&self, op: Op) -> Option<T> {
        use Op::*;
        let of = |v: Value| self.constant_of(v).map(T::from_f64);
        Some(match op {
            Add(a, b) => of(a)?.add(of(b)?),
            Sub(a, b) => of(a)?.sub(of(b)?),
            Mul(a, b) => of(a)?.mul(of(b)?),
            Div(a, b) => of(a)?.div(of(b)?),
            Neg(a) => of(a)?.neg(),
            Abs(a) => of(a)?.abs(),
            Sqrt(a) => of(a)?.sqrt(),
            Fma(a, b, c) => of(a)?.fma(of(b)?, of(c)?),
            Min(a, b) => of(a)?.min(of(b)?),
            Max(a, b) => of(a)?.max(of(b)?),
            Round(a) => of(a)?.round(),
            Const(..) | Uniform(..) | Input(..) | Compare(..) | And(..) | Or(..) | Not(..) | Select(..)
            | Exp2Int(..) | Exponent(..) | Mantissa(..) | Call(..) => return None,
        })
    }
}

/// Drops the operations that no result needs. Uniforms and inputs stay in the signature.
fn prune(kernel: Kernel) -> Kernel {
    let mut needed = vec![false; kernel.body.len()];
    kernel.shape.results().iter().for_each(|v| needed[v.index()] = true);
    for (index, op) in kernel.body.iter().enumerate().rev() {
        if needed[index] {
            op.operands().for_each(|(v, _)| needed[v.index()] = true);
        }
    }
    let mut renumbered = Vec::with_capacity(kernel.body.len());
    let mut body = Vec::new();
    for (op, needed) in kernel.body.iter().zip(needed) {
        renumbered.push(Value(body.len() as u32));
        if needed {
            body.push(op.map_operands(|v| renumbered[v.index()]));
        }
    }
    let shape = kernel.shape.map_values(|v| renumbered[v.index()]);
    Kernel { body, shape, ..kernel }
}
