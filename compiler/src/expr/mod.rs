//! Exact symbolic expressions: the one form that every stage from the equation to the verdict speaks.
//!
//! In:   terms built with the constructors below ([`Expr::add`], [`Expr::mul`], [`Expr::pow`], the operators).
//! Out:  [`Expr`], always canonical: sums and products are n-ary, flat, sorted, like terms collected, numbers exact.
//! Holds: two expressions that differ by the order of terms or factors, nesting or unevaluated numbers are equal.
//!       Nothing is assumed of parameters: `sqrt(m^2)` stays. Only `kappa = |k|^2 >= 0` is known to be nonnegative.
//! Products of sums stay factored; [`Expr::expand`] multiplies them out.

mod algebra;
mod axis;
mod bessel;
mod build;
mod calculus;
mod condition;
mod enclosure;
mod factor;
mod facts;
mod fraction;
mod growth;
mod half_line;
mod half_plane;
mod poly;
mod print;
mod resultant;
mod root_sign;
mod roots;
mod sign;
mod sturm;
mod surd;

pub(crate) use algebra::divides;
pub use axis::Axis;
pub(crate) use enclosure::Enclosure;
pub use facts::{Bound, Facts, Interval};
pub(crate) use half_line::HalfLine;
pub(crate) use half_plane::{HalfPlanes, negative_zeros, real_zeros};
pub use poly::{KappaSum, Range, Stop};
pub(crate) use resultant::{HIGHEST_ORDER, discriminant, hurwitz, shifted};
pub use sign::Sign;
pub(crate) use sturm::{Sturm, squarefree};
pub(crate) use surd::Surd;

use num_bigint::BigInt;
use num_traits::{One, Zero};
use std::fmt;
use std::sync::Arc;

/// An exact rational number.
pub type Rational = num_rational::BigRational;

/// The rational `p/q`; `q` must not be zero.
pub fn rational(p: i64, q: i64) -> Rational {
    if q == 1 {
        return Rational::from_integer(BigInt::from(p));
    }
    Rational::new(BigInt::from(p), BigInt::from(q))
}

/// The name of a parameter, a field or a function: cheap to clone, compared by text.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(Arc<str>);

impl Name {
    /// The text of the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Name(text.into())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

/// The variables of the theory, as opposed to the user's parameters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Var {
    /// Squared wave number `kappa = |k|^2 >= 0`.
    Kappa,
    /// Growth rate `s = -i omega`, the Fourier image of `d/dt`.
    Growth,
    /// Frequency `omega` of the wave ansatz `exp(-i omega t + i k.x)`.
    Omega,
    /// Flow time `t >= 0`.
    Time,
    /// Squared distance `q = |x - y|^2` between a query and a source.
    DistanceSquared,
}

impl Var {
    /// How the variable is written in the language.
    pub fn as_str(self) -> &'static str {
        match self {
            Var::Kappa => "kappa",
            Var::Growth => "s",
            Var::Omega => "omega",
            Var::Time => "t",
            Var::DistanceSquared => "q",
        }
    }

    /// Names that a parameter cannot carry because reports use them.
    pub const RESERVED: [Var; 4] = [Var::Kappa, Var::Growth, Var::Omega, Var::DistanceSquared];
}

/// A scalar function of one scalar argument.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[allow(missing_docs)] // The names are the documentation.
pub enum Func {
    Exp,
    Log,
    Sin,
    Cos,
    Tanh,
    Abs,
    Conj,
    Abs2,
    Re,
    Im,
}

impl Func {
    /// Every function of the language.
    pub const ALL: [Func; 10] =
        [Func::Exp, Func::Log, Func::Sin, Func::Cos, Func::Tanh, Func::Abs, Func::Conj, Func::Abs2, Func::Re, Func::Im];

    /// How the function is written in the language.
    pub fn as_str(self) -> &'static str {
        match self {
            Func::Exp => "exp",
            Func::Log => "log",
            Func::Sin => "sin",
            Func::Cos => "cos",
            Func::Tanh => "tanh",
            Func::Abs => "abs",
            Func::Conj => "conj",
            Func::Abs2 => "abs2",
            Func::Re => "re",
            Func::Im => "im",
        }
    }
}

/// What an unspecified coefficient function depends on, as in `s(t)` or `V(x)`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum DependsOn {
    /// A function of the flow time, `s(t)`.
    Time,
    /// A function of position, `V(x)`.
    Position,
}

/// A symbolic expression in canonical form. Build with the constructors, match on the variants.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Expr {
    /// An exact number.
    Num(Rational),
    /// The imaginary unit `i`.
    Imag,
    /// A real parameter.
    Sym(Name),
    /// A variable of the theory (`kappa`, `s`, `omega`, `t`).
    Var(Var),
    /// An unspecified coefficient function, `s(t)` or `V(x)`.
    Apply(Name, DependsOn),
    /// `base ^ exponent`, principal branch.
    Pow(Box<Expr>, Box<Expr>),
    /// A function of a scalar.
    Call(Func, Box<Expr>),
    /// The modified Bessel function of the second kind, `K_order(argument)`.
    BesselK(Box<Expr>, Box<Expr>),
    /// The unknown (or one of the unknowns of a system).
    Field(Name),
    /// `n`-th time derivative, `n >= 1`.
    Dt(Box<Expr>, u32),
    /// `n`-th derivative along an axis, `n >= 1`; derivatives along several are nested, the first axis innermost.
    Partial(Box<Expr>, Axis, u32),
    /// Laplacian of a scalar.
    Lap(Box<Expr>),
    /// Fractional Laplacian `(-lap)^beta f`: `FracLap(f, beta)`.
    FracLap(Box<Expr>, Box<Expr>),
    /// Divergence of a vector.
    Div(Box<Expr>),
    /// A product of at least two factors, sorted; a number, if any, first; at most one factor is a vector.
    Mul(Vec<Expr>),
    /// A sum of at least two terms, sorted, like terms collected.
    Add(Vec<Expr>),
    /// Gradient of a scalar (a vector).
    Grad(Box<Expr>),
    /// The position vector `x`.
    Position,
    /// The unit vector along an axis: `e_x`, `e_y` or `e_z`.
    Unit(Axis),
}

impl Expr {
    /// The number 0.
    pub fn zero() -> Expr {
        Expr::Num(Rational::zero())
    }

    /// The number 1.
    pub fn one() -> Expr {
        Expr::Num(Rational::one())
    }

    /// The integer `n`.
    pub fn int(n: i64) -> Expr {
        Expr::Num(rational(n, 1))
    }

    /// The parameter called `name`.
    pub fn sym(name: &str) -> Expr {
        Expr::Sym(name.into())
    }

    /// The squared wave number `kappa`.
    pub fn kappa() -> Expr {
        Expr::Var(Var::Kappa)
    }

    /// Is it the number 0?
    pub fn is_zero(&self) -> bool {
        matches!(self, Expr::Num(r) if r.is_zero())
    }

    /// Is it the number 1?
    pub fn is_one(&self) -> bool {
        matches!(self, Expr::Num(r) if r.is_one())
    }

    /// The number, if it is one.
    pub fn as_num(&self) -> Option<&Rational> {
        match self {
            Expr::Num(r) => Some(r),
            _ => None,
        }
    }

    /// The integer, if it is one that fits.
    pub fn as_int(&self) -> Option<i64> {
        use num_traits::ToPrimitive;
        self.as_num().filter(|r| r.is_integer()).and_then(|r| r.numer().to_i64())
    }

    /// The terms of a sum; any other expression is its own single term; 0 has none.
    pub fn terms(&self) -> &[Expr] {
        match self {
            Expr::Add(terms) => terms,
            e if e.is_zero() => &[],
            e => std::slice::from_ref(e),
        }
    }

    /// The factors of a product; any other expression is its own single factor.
    pub fn factors(&self) -> &[Expr] {
        match self {
            Expr::Mul(factors) => factors,
            e => std::slice::from_ref(e),
        }
    }

    /// Splits off the rational coefficient: `3 m phi` gives `(3, m phi)`, a number `(itself, 1)`.
    pub fn split_coefficient(&self) -> (Rational, Expr) {
        match self {
            Expr::Num(r) => (r.clone(), Expr::one()),
            Expr::Mul(factors) => match &factors[0] {
                Expr::Num(r) if factors.len() == 2 => (r.clone(), factors[1].clone()),
                Expr::Num(r) => (r.clone(), Expr::Mul(factors[1..].to_vec())),
                _ => (Rational::one(), self.clone()),
            },
            e => (Rational::one(), e.clone()),
        }
    }

    /// The rational coefficient, none for 1, and the factors that it stands before; those of a number are none.
    pub(crate) fn coefficient_and_body(&self) -> (Option<&Rational>, &[Expr]) {
        match self.factors() {
            [Expr::Num(r), rest @ ..] => (Some(r), rest),
            all => (None, all),
        }
    }

    /// The rational `r` with `self = r other`, read off the coefficients; a sum is no multiple of another.
    pub(crate) fn multiple_of(&self, other: &Expr) -> Option<Rational> {
        let ((p, x), (q, y)) = (self.coefficient_and_body(), other.coefficient_and_body());
        if x != y || q.is_some_and(Rational::is_zero) {
            return None;
        }
        Some(match (p, q) {
            (None, None) => Rational::one(),
            (Some(p), None) => p.clone(),
            (None, Some(q)) => q.recip(),
            (Some(p), Some(q)) => p / q,
        })
    }

    /// The immediate parts of the expression (arguments, terms, factors; base then exponent).
    pub fn children(&self) -> impl Iterator<Item = &Expr> {
        let (first, second, rest): (Option<&Expr>, Option<&Expr>, &[Expr]) = match self {
            Expr::Num(_) | Expr::Imag | Expr::Sym(_) | Expr::Var(_) | Expr::Apply(..) | Expr::Field(_) => {
                (None, None, &[])
            }
            Expr::Position | Expr::Unit(_) => (None, None, &[]),
            Expr::Pow(a, b) | Expr::FracLap(a, b) | Expr::BesselK(a, b) => (Some(a), Some(b), &[]),
            Expr::Call(_, a) | Expr::Dt(a, _) | Expr::Partial(a, ..) => (Some(a), None, &[]),
            Expr::Lap(a) | Expr::Div(a) | Expr::Grad(a) => (Some(a), None, &[]),
            Expr::Mul(parts) | Expr::Add(parts) => (None, None, parts),
        };
        first.into_iter().chain(second).chain(rest)
    }

    /// Does any part of the expression, itself included, satisfy `test`?
    pub fn any(&self, test: &dyn Fn(&Expr) -> bool) -> bool {
        test(self) || self.children().any(|c| c.any(test))
    }

    /// Does it contain an unknown field?
    pub fn has_field(&self) -> bool {
        self.any(&|e| matches!(e, Expr::Field(_)))
    }

    /// Does it depend explicitly on `t` (the variable or a function of it)? A field does not count.
    pub fn has_time(&self) -> bool {
        self.any(&|e| matches!(e, Expr::Var(Var::Time) | Expr::Apply(_, DependsOn::Time)))
    }

    /// Does it depend explicitly on position? A field does not count.
    pub fn has_position(&self) -> bool {
        self.any(&|e| matches!(e, Expr::Position | Expr::Apply(_, DependsOn::Position)))
    }

    /// Does it contain `part`?
    pub fn contains(&self, part: &Expr) -> bool {
        self.any(&|e| e == part)
    }

    /// Is it a vector? (A sum or product is one when a part is; the zero vector is written `0` and counts as a scalar.)
    pub fn is_vector(&self) -> bool {
        match self {
            Expr::Grad(_) | Expr::Position | Expr::Unit(_) => true,
            Expr::Mul(parts) | Expr::Add(parts) => parts.iter().any(Expr::is_vector),
            Expr::Call(Func::Conj | Func::Re | Func::Im, a) => a.is_vector(),
            _ => false,
        }
    }

    /// The parameters that occur, sorted, each once.
    pub fn symbols(&self) -> Vec<Name> {
        fn walk(e: &Expr, out: &mut Vec<Name>) {
            if let Expr::Sym(n) = e {
                out.push(n.clone());
            }
            for c in e.children() {
                walk(c, out);
            }
        }
        let mut out = Vec::new();
        walk(self, &mut out);
        out.sort();
        out.dedup();
        out
    }

    /// The number of nodes: a plain measure of size.
    pub fn size(&self) -> usize {
        1 + self.children().map(Expr::size).sum::<usize>()
    }
}

#[cfg(test)]
mod tests;
