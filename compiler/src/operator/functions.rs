//! The table of functions and operators that a formula may call.

use crate::expr::{Axis, Func};

/// What a name followed by brackets does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// Time derivative.
    Dt,
    /// Derivative along an axis.
    Along(Axis),
    /// Laplacian.
    Lap,
    /// Gradient.
    Grad,
    /// Divergence.
    Div,
    /// Fractional Laplacian.
    FracLap,
    /// The modified Bessel function of the second kind.
    BesselK,
    /// Principal square root.
    Sqrt,
    /// A function of a scalar.
    Scalar(Func),
}

/// One row of the table.
#[derive(Debug)]
pub struct Row {
    /// Its name.
    pub name: &'static str,
    /// How it is used, with the sorts of its arguments in mind.
    pub usage: &'static str,
    /// What it does.
    pub function: Function,
    /// The least and the largest number of arguments.
    pub arguments: (usize, usize),
}

macro_rules! functions {
    ($($name:literal $usage:literal $function:expr, $least:literal..=$most:literal;)*) => {
        /// Every function of the language.
        pub const FUNCTIONS: &[Row] = &[$(
            Row { name: $name, usage: $usage, function: $function, arguments: ($least, $most) },
        )*];
    };
}

functions! {
    "dt"       "dt(phi), dt(phi, 2)"      Function::Dt,                   1..=2;
    "dx"       "dx(phi), dx(phi, 2)"      Function::Along(Axis::X),       1..=2;
    "dy"       "dy(phi), dy(phi, 2)"      Function::Along(Axis::Y),       1..=2;
    "dz"       "dz(phi), dz(phi, 2)"      Function::Along(Axis::Z),       1..=2;
    "lap"      "lap(phi)"                 Function::Lap,                  1..=1;
    "grad"     "grad(phi)"                Function::Grad,                 1..=1;
    "div"      "div(x phi)"               Function::Div,                  1..=1;
    "frac_lap" "frac_lap(phi, beta)"      Function::FracLap,              2..=2;
    "bessel_k" "bessel_k(m, t)"           Function::BesselK,              2..=2;
    "sqrt"     "sqrt(m)"                  Function::Sqrt,                 1..=1;
    "exp"      "exp(t)"                   Function::Scalar(Func::Exp),    1..=1;
    "log"      "log(t)"                   Function::Scalar(Func::Log),    1..=1;
    "sin"      "sin(t)"                   Function::Scalar(Func::Sin),    1..=1;
    "cos"      "cos(t)"                   Function::Scalar(Func::Cos),    1..=1;
    "tanh"     "tanh(t)"                  Function::Scalar(Func::Tanh),   1..=1;
    "abs"      "abs(m)"                   Function::Scalar(Func::Abs),    1..=1;
    "conj"     "conj(phi)"                Function::Scalar(Func::Conj),   1..=1;
    "abs2"     "abs2(phi)"                Function::Scalar(Func::Abs2),   1..=1;
    "re"       "re(phi)"                  Function::Scalar(Func::Re),     1..=1;
    "im"       "im(phi)"                  Function::Scalar(Func::Im),     1..=1;
}

/// The row of a name.
pub fn find(name: &str) -> Option<&'static Row> {
    FUNCTIONS.iter().find(|row| row.name == name)
}

/// What a word for an operator elsewhere is called here; of some, nothing.
pub fn operator_elsewhere(word: &str) -> Option<Option<&'static str>> {
    // A small delta is a common parameter.
    Some(match word {
        "laplacian" | "Laplacian" | "laplace" | "Laplace" | "nabla" | "Nabla" | "del" | "Del" | "Delta" | "delsq" => {
            Some("lap")
        }
        "partial" => Some("dt"),
        "gradient" | "Grad" => Some("grad"),
        "divergence" | "Div" => Some("div"),
        "curl" | "Curl" | "rot" => None,
        _ => return None,
    })
}

/// How the function called `name` is used.
pub fn usage(name: &str) -> &'static str {
    find(name).map_or("", |row| row.usage)
}

/// Is it a differential operator? What it acts on directly is then a field.
pub fn differentiates(name: &str) -> bool {
    use Function::{Along, Dt, FracLap, Grad, Lap};
    find(name).is_some_and(|row| matches!(row.function, Along(_) | Dt | Lap | Grad | FracLap))
}
