//! The modified Bessel function `K` of half-integer and integer order, in logarithms, and the ratio of neighbours.
//!
//! In:   an order `n + 1/2` or `n`, known when the kernel is built, and `z > 0`.
//! Holds: `K` itself overflows for large orders and underflows for large `z`; no intermediate here does. Low orders
//!   use the finite series ([`half_integer`](super::half_integer)) or the recurrence from `K_0` and `K_1`
//!   ([`integer_order`](super::integer_order)), high ones Debye's expansion
//!   ([`debye`](super::debye)); which, depends on the precision, by operation count at equal accuracy.
//! Shares: `log_bessel_k(n + 1, z)` and `bessel_k_ratio(n, z)` are built on the same intermediate values, and an
//!   expanded kernel computes those once.

use super::{Facts, debye, half_integer, integer_order};
use crate::kernel::{KernelBuilder, Precision, Value};

pub(super) const LOG_BESSEL_K: Facts = Facts {
    name: "log_bessel_k",
    domain: "1e-8 <= z <= 1e8, n <= 1536",
    derivative: "-bessel_k_ratio[n - 1/2](z) - (n + 1/2) / z",
    accuracy: "1.3 eps max(1, z, (n + 1/2) |log z|, |log K|)",
    reference: "bessel_k.tsv",
    source: "DLMF 10.47.9 with 10.49.12 (low n), 10.41.4 (high n)",
};

pub(super) const BESSEL_K_RATIO: Facts = Facts {
    name: "bessel_k_ratio",
    domain: "1e-8 <= z <= 1e8, n <= 1536",
    derivative: "r^2 + (2 n + 2) r / z - 1",
    accuracy: "3.1 eps, relative",
    reference: "bessel_k.tsv",
    source: "DLMF 10.29.2 with the expansions of log_bessel_k",
};

pub(super) const LOG_BESSEL_K_INTEGER: Facts = Facts {
    name: "log_bessel_k",
    domain: "1e-8 <= z <= 1e8, n <= 1536",
    derivative: "-bessel_k_ratio[n - 1](z) - n / z",
    accuracy: "1.6 eps max(1, z, n |log z|, |log K|)",
    reference: "bessel_k_integer.tsv",
    source: "DLMF 10.31.1, 10.29.1 (low n), 10.41.4 (high n)",
};

pub(super) const BESSEL_K_INTEGER_RATIO: Facts = Facts {
    name: "bessel_k_ratio",
    domain: "1e-8 <= z <= 1e8, n <= 1536",
    derivative: "r^2 + (2 n + 1) r / z - 1",
    accuracy: "2.1 eps, relative",
    reference: "bessel_k_integer.tsv",
    source: "DLMF 10.29.2 with the expansions of log_bessel_k",
};

/// The order of `K_(nu+1)` at `N = 3072` is 1536 + 1/2.
pub(super) const MAX_ORDER: u32 = 1536;

/// `log K_(n+1/2)(z)`.
pub(super) fn log_bessel_k(k: &mut KernelBuilder, n: u32, z: Value) -> Value {
    if n <= last_series_order(k.precision()) {
        half_integer::log_k(k, n, z)
    } else {
        debye::log_k(k, f64::from(n) + 0.5, z)
    }
}

/// `K_(n+1/2)(z) / K_(n+3/2)(z)`; the choice of method is that of the upper order.
pub(super) fn bessel_k_ratio(k: &mut KernelBuilder, n: u32, z: Value) -> Value {
    if n < last_series_order(k.precision()) {
        half_integer::ratio(k, n, z)
    } else {
        debye::ratio(k, f64::from(n) + 1.5, z)
    }
}

/// `log K_n(z)`.
pub(super) fn log_bessel_k_integer(k: &mut KernelBuilder, n: u32, z: Value) -> Value {
    if n <= last_integer_series(k.precision()) {
        integer_order::log_k(k, n, z)
    } else {
        debye::log_k(k, f64::from(n), z)
    }
}

/// `K_n(z) / K_(n+1)(z)`; the choice of method is that of the upper order.
pub(super) fn bessel_k_integer_ratio(k: &mut KernelBuilder, n: u32, z: Value) -> Value {
    if n < last_integer_series(k.precision()) {
        integer_order::ratio(k, n, z)
    } else {
        debye::ratio(k, f64::from(n) + 1.0, z)
    }
}

/// Two above the other: Debye's expansion is still a few roundings worse at the lower orders.
fn last_integer_series(precision: Precision) -> u32 {
    last_series_order(precision) + 2
}

/// The series has `2 n` multiply-adds; Debye's expansion three per term, of which it needs fewer as `n` grows.
fn last_series_order(precision: Precision) -> u32 {
    match precision {
        Precision::F32 => 6,
        Precision::F64 => 20,
    }
}
