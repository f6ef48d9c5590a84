//! Special functions: facts and a body in KernelIr for each, one file a function.
//!
//! In:   a [`Special`] with its orders, and an argument.
//! Out:  operations appended to a [`KernelBuilder`], written once for every target.
//! Holds: bodies are straight-line, free of libm, and accurate to the bound that their file states, which is
//!   measured against tables of 40 digits (`tests/reference/*.tsv`, made by `tools/reference.py`).

mod bessel_k;
mod debye;
mod exp;
mod half_integer;
mod integer_order;
mod log;
pub(crate) mod turn;

use std::fmt;

use crate::kernel::{KernelBuilder, Value};

/// A special function of one argument. Orders are known when the kernel is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Special {
    /// `exp(x)` over the whole range: underflows to 0, overflows to infinity.
    Exp,
    /// `exp(x)` for the weights of a reduction, `x <= 0`: results below `2^-126` (f64: `2^-1022`) become 0.
    ExpWeight,
    /// `2^x` for the weights of a reduction, `x <= 127`: results below `2^-126` (f64: `2^-1022`) become 0.
    Exp2Weight,
    /// `log(x)`, natural; minus infinity below the smallest normal number.
    Log,
    /// `log(1 + x)`, accurate for small `x`.
    Log1p,
    /// `log K_(n+1/2)(z)`.
    LogBesselK {
        /// The order is `n + 1/2`.
        n: u32,
    },
    /// `K_(n+1/2)(z) / K_(n+3/2)(z)`.
    BesselKRatio {
        /// The lower order is `n + 1/2`.
        n: u32,
    },
    /// `log K_n(z)`.
    LogBesselKInteger {
        /// The order.
        n: u32,
    },
    /// `K_n(z) / K_(n+1)(z)`.
    BesselKIntegerRatio {
        /// The lower order.
        n: u32,
    },
}

/// What is known about a special function; a row of the documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The name in listings.
    pub name: &'static str,
    /// The arguments for which the accuracy is stated.
    pub domain: &'static str,
    /// The derivative with respect to the argument.
    pub derivative: &'static str,
    /// The largest error measured over the reference table in f64 and f32.
    pub accuracy: &'static str,
    /// The table, below `compiler/tests/reference`.
    pub reference: &'static str,
    /// Where the formulas are from.
    pub source: &'static str,
}

impl Special {
    /// One of each function, with a typical order.
    pub const EXAMPLES: [Special; 9] = [
        Special::Exp,
        Special::ExpWeight,
        Special::Exp2Weight,
        Special::Log,
        Special::Log1p,
        Special::LogBesselK { n: 1 },
        Special::BesselKRatio { n: 1 },
        Special::LogBesselKInteger { n: 1 },
        Special::BesselKIntegerRatio { n: 1 },
    ];

    /// The row of this function.
    pub fn facts(self) -> &'static Facts {
        match self {
            Special::Exp => &exp::EXP,
            Special::ExpWeight => &exp::EXP_WEIGHT,
            Special::Exp2Weight => &exp::EXP2_WEIGHT,
            Special::Log => &log::LOG,
            Special::Log1p => &log::LOG1P,
            Special::LogBesselK { .. } => &bessel_k::LOG_BESSEL_K,
            Special::BesselKRatio { .. } => &bessel_k::BESSEL_K_RATIO,
            Special::LogBesselKInteger { .. } => &bessel_k::LOG_BESSEL_K_INTEGER,
            Special::BesselKIntegerRatio { .. } => &bessel_k::BESSEL_K_INTEGER_RATIO,
        }
    }

    /// The order and the largest order with a body.
    pub fn max_order(self) -> Option<(u32, u32)> {
        match self {
            Special::Exp | Special::ExpWeight | Special::Exp2Weight | Special::Log | Special::Log1p => None,
            Special::LogBesselK { n }
            | Special::BesselKRatio { n }
            | Special::LogBesselKInteger { n }
            | Special::BesselKIntegerRatio { n } => Some((n, bessel_k::MAX_ORDER)),
        }
    }

    /// Appends the body for argument `x` in the builder's precision.
    pub fn expand(self, k: &mut KernelBuilder, x: Value) -> Value {
        match self {
            Special::Exp => exp::exp(k, x),
            Special::ExpWeight => exp::exp_weight(k, x),
            Special::Exp2Weight => exp::exp2_weight(k, x),
            Special::Log => log::log(k, x),
            Special::Log1p => log::log1p(k, x),
            Special::LogBesselK { n } => bessel_k::log_bessel_k(k, n, x),
            Special::BesselKRatio { n } => bessel_k::bessel_k_ratio(k, n, x),
            Special::LogBesselKInteger { n } => bessel_k::log_bessel_k_integer(k, n, x),
            Special::BesselKIntegerRatio { n } => bessel_k::bessel_k_integer_ratio(k, n, x),
        }
    }
}

impl fmt::Display for Special {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.facts().name;
        match *self {
            Special::Exp | Special::ExpWeight | Special::Exp2Weight | Special::Log | Special::Log1p => {
                f.write_str(name)
            }
            Special::LogBesselK { n } | Special::BesselKRatio { n } => write!(f, "{name}[{n} + 1/2]"),
            Special::LogBesselKInteger { n } | Special::BesselKIntegerRatio { n } => write!(f, "{name}[{n}]"),
        }
    }
}
