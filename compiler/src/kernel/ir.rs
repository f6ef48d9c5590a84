//! The data of KernelIr: kernels, operations, values.
//!
//! Holds: an operation refers to earlier ones by [`Value`]; its type follows from the operation alone
//!   ([`Op::result`]). Every target matches on [`Op`] without a `_` arm, so that rustc lists the work when an
//!   operation is added.

use std::fmt;

use crate::special::Special;

/// The largest dimension `N` of a reduction: a 32 x 32 colour image.
pub const MAX_DIM: usize = 3072;

/// A verified kernel: a loop ([`Shape`]) around a straight-line body of [`Op`]s.
///
/// Made by [`KernelBuilder`](super::KernelBuilder); printed by `Display`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kernel {
    pub(crate) name: String,
    pub(crate) precision: Precision,
    pub(crate) uniforms: Vec<String>,
    pub(crate) body: Vec<Op>,
    pub(crate) shape: Shape,
}

/// The floating-point format of every float in a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Precision {
    /// IEEE 754 binary32.
    F32,
    /// IEEE 754 binary64.
    F64,
}

/// The loop around the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Elementwise: the outputs of a lane depend on the inputs of that lane alone.
    Map {
        /// Names of the inputs, in the order of [`Op::Input`].
        inputs: Vec<String>,
        /// Named results.
        outputs: Vec<Output>,
    },
    /// A sum over sources `(y_j, w_j)` for every query `x`, with weighted means.
    ///
    /// The body has the inputs [`PairInput`], of which it reads what it needs, and yields the
    /// contribution `W_j` of one source. The loop returns `log sum_j W_j` and, for every mean, the average of its
    /// summand under the weights `W_j`.
    Reduce {
        /// The dimension `N` of queries and sources, `1..=MAX_DIM`.
        dim: usize,
        /// `W_j`, the kernel times `w_j`.
        weight: Weight,
        /// The averages to return.
        means: Vec<Mean>,
    },
}

/// An input of the pair body of a reduction, in the order of [`Op::Input`].
///
/// Weights are given relative to the largest of their data set, so that `w <= 1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PairInput {
    /// `q = |x - y_j|^2`.
    SquaredDistance,
    /// `log w_j`; minus infinity for a source of weight zero.
    LogWeight,
    /// `log w_j / log 2`.
    Log2Weight,
    /// `w_j`.
    Weight,
}

/// How a pair body states the contribution `W_j` of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// By its logarithm: the loop keeps a running maximum, and nothing over- or underflows.
    Log(Value),
    /// By itself, a number of `[0, inf)`: the loop adds. Shorter than its logarithm where `W_j` is an algebraic function of `q`,
    /// and wrong where all the `W_j` underflow: see [`Kernel::least_linear_sum`].
    Linear(Value),
}

/// A named result of a map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The name shown in listings.
    pub name: String,
    /// The value to store; a float.
    pub value: Value,
}

/// One weighted average of a reduction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mean {
    /// The name shown in listings.
    pub name: String,
    /// What is averaged.
    pub kind: MeanKind,
}

/// What a [`Mean`] averages under the weights `W_j`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeanKind {
    /// `sum_j W_j b_j / sum_j W_j`, a number.
    Scalar(Value),
    /// `sum_j c_j / sum_j W_j`, a number, where `c_j` holds the weight already; for linear weights.
    Weighted(Value),
    /// `sum_j W_j a_j (x - y_j) / sum_j W_j`, a vector of length `N`.
    ///
    /// A coefficient that is a constant or a uniform is taken out of the sum.
    Displacement(Value),
}

/// A value of the body: the index of the operation that computes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Value(pub(crate) u32);

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// A float in the kernel's precision.
    Float,
    /// A truth value per lane.
    Mask,
}

/// A constant, compared by its bits so that operations can be hashed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Constant(u64);

/// An order relation between floats; false when an operand is NaN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compare {
    /// `a < b`.
    Lt,
    /// `a <= b`.
    Le,
    /// `a == b`.
    Eq,
}

/// One operation. Floats are rounded to the kernel's precision after each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// A constant, given exactly in f64 and rounded to the kernel's precision.
    Const(Constant),
    /// A number that is the same for all lanes, supplied by the host.
    Uniform(u32),
    /// A number of this lane.
    Input(u32),
    /// `a + b`.
    Add(Value, Value),
    /// `a - b`.
    Sub(Value, Value),
    /// `a b`.
    Mul(Value, Value),
    /// `a / b`.
    Div(Value, Value),
    /// `-a`.
    Neg(Value),
    /// `|a|`.
    Abs(Value),
    /// The square root of `a`.
    Sqrt(Value),
    /// `a b + c`, rounded once; a target without the instruction rounds twice and says so.
    Fma(Value, Value, Value),
    /// `if a < b { a } else { b }`: the second operand when one is NaN.
    Min(Value, Value),
    /// `if b < a { a } else { b }`: the second operand when one is NaN.
    Max(Value, Value),
    /// An order relation.
    Compare(Compare, Value, Value),
    /// Both masks.
    And(Value, Value),
    /// Either mask.
    Or(Value, Value),
    /// Not the mask.
    Not(Value),
    /// `if mask { a } else { b }`; both are computed.
    Select(Value, Value, Value),
    /// The nearest integer, ties to even.
    Round(Value),
    /// `2^n` for integer `n` between [`Precision::min_exponent`] and [`Precision::max_exponent`]; 0 for the
    /// integer below and infinity for the integer above that range; unspecified elsewhere.
    Exp2Int(Value),
    /// The integer `e` with `x = m 2^e`, `1 <= m < 2`, for a positive normal `x`; unspecified elsewhere.
    Exponent(Value),
    /// The `m` of [`Op::Exponent`], for a positive normal `x`; unspecified elsewhere.
    Mantissa(Value),
    /// A special function, expanded by [`inline_specials`](super::inline_specials).
    Call(Special, Value),
}

impl Kernel {
    /// The name shown in listings and errors.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The format of every float in the kernel.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// Names of the uniforms, in the order in which the host supplies them.
    pub fn uniforms(&self) -> &[String] {
        &self.uniforms
    }

    /// The straight-line body, in order of evaluation.
    pub fn body(&self) -> &[Op] {
        &self.body
    }

    /// The loop around the body.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The inputs that the pair body of a reduction reads beside `q`, in their order.
    pub fn weight_inputs(&self) -> impl Iterator<Item = PairInput> {
        PairInput::ALL.into_iter().enumerate().skip(1).filter_map(|(i, input)| {
            let is_read = self.body.contains(&Op::Input(i as u32));
            (is_read && matches!(self.shape, Shape::Reduce { .. })).then_some(input)
        })
    }

    /// The sum of linear weights of `sources` sources below which it has lost digits to underflow, and the query is to be
    /// repeated with logarithms. A weight is wrong by at most the smallest normal number, which is below a
    /// hundredth of a rounding error of such a sum.
    pub fn least_linear_sum(&self, sources: usize) -> f64 {
        let exponent = match self.precision {
            Precision::F32 => -126 + 24 + 8,
            Precision::F64 => -1022 + 53 + 8,
        };
        2f64.powi(exponent) * sources as f64
    }

    /// The operation that computes `value`.
    pub fn op(&self, value: Value) -> Op {
        self.body[value.index()]
    }
}

impl Shape {
    /// The values that the loop takes from the body.
    pub fn results(&self) -> Vec<Value> {
        match self {
            Shape::Map { outputs, .. } => outputs.iter().map(|o| o.value).collect(),
            Shape::Reduce { weight, means, .. } => {
                std::iter::once(weight.value()).chain(means.iter().map(|m| m.kind.value())).collect()
            }
        }
    }

    /// The same loop around a renumbered body.
    pub(crate) fn map_values(&self, mut f: impl FnMut(Value) -> Value) -> Shape {
        let mut shape = self.clone();
        match &mut shape {
            Shape::Map { outputs, .. } => outputs.iter_mut().for_each(|o| o.value = f(o.value)),
            Shape::Reduce { weight, means, .. } => {
                match weight {
                    Weight::Log(v) | Weight::Linear(v) => *v = f(*v),
                }
                for mean in means {
                    match &mut mean.kind {
                        MeanKind::Scalar(v) | MeanKind::Weighted(v) | MeanKind::Displacement(v) => *v = f(*v),
                    }
                }
            }
        }
        shape
    }
}

impl Mean {
    /// The average of the number `b`.
    pub fn scalar(name: &str, b: Value) -> Mean {
        Mean { name: name.to_owned(), kind: MeanKind::Scalar(b) }
    }

    /// The sum of `c`, which holds the weight, over the sum of the weights.
    pub fn weighted(name: &str, c: Value) -> Mean {
        Mean { name: name.to_owned(), kind: MeanKind::Weighted(c) }
    }

    /// The average of the vector `a (x - y)`.
    pub fn displacement(name: &str, a: Value) -> Mean {
        Mean { name: name.to_owned(), kind: MeanKind::Displacement(a) }
    }
}

impl MeanKind {
    /// The coefficient `a` or the number `b` or `c`.
    pub fn value(self) -> Value {
        match self {
            MeanKind::Scalar(v) | MeanKind::Weighted(v) | MeanKind::Displacement(v) => v,
        }
    }
}

impl Weight {
    /// The value of the body.
    pub fn value(self) -> Value {
        match self {
            Weight::Log(v) | Weight::Linear(v) => v,
        }
    }
}

impl PairInput {
    /// Every input, by its index.
    pub const ALL: [PairInput; 4] =
        [PairInput::SquaredDistance, PairInput::LogWeight, PairInput::Log2Weight, PairInput::Weight];

    /// The name in listings.
    pub fn name(self) -> &'static str {
        match self {
            PairInput::SquaredDistance => "q",
            PairInput::LogWeight => "log_w",
            PairInput::Log2Weight => "log2_w",
            PairInput::Weight => "w",
        }
    }

    /// The input of a source whose weight has this logarithm; `q` is given with the pair.
    pub fn of_log_weight(self, log_w: f64) -> f64 {
        match self {
            PairInput::SquaredDistance | PairInput::LogWeight => log_w,
            PairInput::Log2Weight => log_w * std::f64::consts::LOG2_E,
            PairInput::Weight => log_w.exp(),
        }
    }
}

impl Output {
    /// A named result.
    pub fn new(name: &str, value: Value) -> Output {
        Output { name: name.to_owned(), value }
    }
}

impl Precision {
    /// The exponent of the smallest normal number.
    pub fn min_exponent(self) -> i32 {
        match self {
            Precision::F32 => f32::MIN_EXP - 1,
            Precision::F64 => f64::MIN_EXP - 1,
        }
    }

    /// The exponent of the largest finite number.
    pub fn max_exponent(self) -> i32 {
        match self {
            Precision::F32 => f32::MAX_EXP - 1,
            Precision::F64 => f64::MAX_EXP - 1,
        }
    }

    /// The distance from 1 to the next number.
    pub fn epsilon(self) -> f64 {
        match self {
            Precision::F32 => f64::from(f32::EPSILON),
            Precision::F64 => f64::EPSILON,
        }
    }

    /// Bytes of a number.
    pub fn bytes(self) -> usize {
        match self {
            Precision::F32 => size_of::<f32>(),
            Precision::F64 => size_of::<f64>(),
        }
    }

    /// `x` rounded to this format.
    pub fn round(self, x: f64) -> f64 {
        match self {
            Precision::F32 => f64::from(x as f32),
            Precision::F64 => x,
        }
    }
}

impl Value {
    /// The position of the operation in [`Kernel::body`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl Constant {
    /// A constant; its sign of zero and its NaN are kept apart.
    pub fn new(x: f64) -> Constant {
        Constant(x.to_bits())
    }

    /// The number.
    pub fn get(self) -> f64 {
        f64::from_bits(self.0)
    }
}

impl Op {
    /// The type of the value computed.
    pub fn result(self) -> Type {
        use Op::*;
        match self {
            Compare(..) | And(..) | Or(..) | Not(..) => Type::Mask,
            Const(..) | Uniform(..) | Input(..) | Add(..) | Sub(..) | Mul(..) | Div(..) | Neg(..) | Abs(..)
            | Sqrt(..) | Fma(..) | Min(..) | Max(..) | Select(..) | Round(..) | Exp2Int(..) | Exponent(..)
            | Mantissa(..) | Call(..) => Type::Float,
        }
    }

    /// The operands, each with the type it must have.
    pub fn operands(self) -> impl Iterator<Item = (Value, Type)> {
        use Op::*;
        use Type::{Float, Mask};
        let [a, b, c] = match self {
            Const(..) | Uniform(..) | Input(..) => [None; 3],
            Neg(a) | Abs(a) | Sqrt(a) | Round(a) | Exp2Int(a) | Exponent(a) | Mantissa(a) | Call(_, a) => {
                [Some((a, Float)), None, None]
            }
            Add(a, b) | Sub(a, b) | Mul(a, b) | Div(a, b) | Min(a, b) | Max(a, b) | Compare(_, a, b) => {
                [Some((a, Float)), Some((b, Float)), None]
            }
            Not(a) => [Some((a, Mask)), None, None],
            And(a, b) | Or(a, b) => [Some((a, Mask)), Some((b, Mask)), None],
            Fma(a, b, c) => [Some((a, Float)), Some((b, Float)), Some((c, Float))],
            Select(m, a, b) => [Some((m, Mask)), Some((a, Float)), Some((b, Float))],
        };
        [a, b, c].into_iter().flatten()
    }

    /// The same operation on other operands.
    pub fn map_operands(self, mut f: impl FnMut(Value) -> Value) -> Op {
        use Op::*;
        match self {
            Const(..) | Uniform(..) | Input(..) => self,
            Add(a, b) => Add(f(a), f(b)),
            Sub(a, b) => Sub(f(a), f(b)),
            Mul(a, b) => Mul(f(a), f(b)),
            Div(a, b) => Div(f(a), f(b)),
            Neg(a) => Neg(f(a)),
            Abs(a) => Abs(f(a)),
            Sqrt(a) => Sqrt(f(a)),
            Fma(a, b, c) => Fma(f(a), f(b), f(c)),
            Min(a, b) => Min(f(a), f(b)),
            Max(a, b) => Max(f(a), f(b)),
            Compare(r, a, b) => Compare(r, f(a), f(b)),
            And(a, b) => And(f(a), f(b)),
            Or(a, b) => Or(f(a), f(b)),
            Not(a) => Not(f(a)),
            Select(m, a, b) => Select(f(m), f(a), f(b)),
            Round(a) => Round(f(a)),
            Exp2Int(a) => Exp2Int(f(a)),
            Exponent(a) => Exponent(f(a)),
            Mantissa(a) => Mantissa(f(a)),
            Call(special, a) => Call(special, f(a)),
        }
    }
}

impl fmt::Debug for Constant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Constant({:?})", self.get())
    }
}
