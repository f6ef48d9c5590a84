//! `log` and `log(1 + x)`: exponent and mantissa, then a minimax series about 1.
//!
//! Holds: `x = 2^e (1 + f)` with `1 + f` between `sqrt(1/2)` and `sqrt(2)`; `f` is exact. `e log 2` is added in two
//!   parts, the first product of which is exact.
//! Source: the two-part summation is fdlibm's (`e_log.c`); coefficients by `tools/reference.py minimax`.

use super::Facts;
use super::exp::ln2;
use crate::kernel::{KernelBuilder, Precision, Value};

pub(super) const LOG: Facts = Facts {
    name: "log",
    domain: "x > 0 and normal, or infinite; minus infinity for every other number",
    derivative: "1 / x",
    accuracy: "0.75 ulp",
    reference: "log.tsv",
    source: "DLMF 4.2",
};

pub(super) const LOG1P: Facts = Facts {
    name: "log1p",
    domain: "x >= 0 and finite",
    derivative: "1 / (1 + x)",
    accuracy: "1 ulp",
    reference: "log1p.tsv",
    source: "DLMF 4.2; the correction by the rounding error of 1 + x is Kahan's",
};

/// `log(x)`.
pub(super) fn log(k: &mut KernelBuilder, x: Value) -> Value {
    let (e, f) = split(k, x);
    let (high, low) = ln2(k.precision());
    let (high, low) = (k.constant(high), k.constant(low));
    let tail = match k.precision() {
        Precision::F32 => tail_f32(k, f, e, low),
        Precision::F64 => tail_f64(k, f, e, low),
    };
    // f + tail first: both are of the same order only when e = 0, and e high is exact.
    let log1p = k.add(f, tail);
    let y = k.fma(e, high, log1p);
    at_the_ends(k, x, y)
}

/// `log(1 + x)` as `log(u) + (x - (u - 1)) / u` with `u = 1 + x` rounded.
pub(super) fn log1p(k: &mut KernelBuilder, x: Value) -> Value {
    let u = k.offset(x, 1.0);
    let log = log(k, u);
    let one = k.constant(1.0);
    let seen = k.sub(u, one);
    let lost = k.sub(x, seen);
    let correction = k.div(lost, u);
    k.add(log, correction)
}

/// `(e, f)` with `x = 2^e (1 + f)`.
fn split(k: &mut KernelBuilder, x: Value) -> (Value, Value) {
    let (e, m) = (k.exponent(x), k.mantissa(x));
    let root = k.constant(std::f64::consts::SQRT_2);
    let large = k.lt(root, m);
    let (half, up) = (k.scale(0.5, m), k.offset(e, 1.0));
    let m = k.select(large, half, m);
    let e = k.select(large, up, e);
    (e, k.offset(m, -1.0))
}

/// `log(1 + f) - f + e low` as `-f^2/2 + f^3 P(f) + e low`.
fn tail_f32(k: &mut KernelBuilder, f: Value, e: Value, low: Value) -> Value {
    let p = k.polynomial(f, &CUBIC_F32);
    let f2 = k.mul(f, f);
    let f3 = k.mul(f2, f);
    let cubic = k.mul(f3, p);
    let cubic = k.fma(e, low, cubic);
    let minus_half = k.constant(-0.5);
    k.fma(minus_half, f2, cubic)
}

/// The same as `-(f^2/2 - s (f^2/2 + R(s^2))) + e low`, `s = f / (2 + f)`.
fn tail_f64(k: &mut KernelBuilder, f: Value, e: Value, low: Value) -> Value {
    let two_f = k.offset(f, 2.0);
    let s = k.div(f, two_f);
    let z = k.mul(s, s);
    let p = k.polynomial(z, &ATANH_F64);
    let f2 = k.mul(f, f);
    let half_f2 = k.scale(0.5, f2);
    let r = k.fma(z, p, half_f2);
    let e_low = k.mul(e, low);
    let r = k.fma(s, r, e_low);
    k.sub(r, half_f2)
}

/// Minus infinity below the normal numbers, infinity at infinity.
fn at_the_ends(k: &mut KernelBuilder, x: Value, y: Value) -> Value {
    let (tiny, huge) = match k.precision() {
        Precision::F32 => (f64::from(f32::MIN_POSITIVE), f64::from(f32::MAX)),
        Precision::F64 => (f64::MIN_POSITIVE, f64::MAX),
    };
    let (tiny, huge, minus_infinity) = (k.constant(tiny), k.constant(huge), k.constant(f64::NEG_INFINITY));
    // Written so that a NaN fails both comparisons and is returned itself.
    let finite = k.le(x, huge);
    let y = k.select(finite, y, x);
    let below = k.lt(x, tiny);
    k.select(below, minus_infinity, y)
}

/// Minimax of `(log(1 + f) - f + f^2/2) / f^3`; relative error of the logarithm 5.9e-9.
const CUBIC_F32: [f64; 8] = [
    0.3333331673311582,
    -0.25000810365558973,
    0.200022860518479,
    -0.1662455478763711,
    0.1418119225917033,
    -0.1312874878829144,
    0.1288166196954027,
    -0.07859653425690745,
];

/// Minimax of `(log((1 + s)/(1 - s)) - 2 s) / s^3` in `s^2`; relative error of the logarithm 2.5e-18.
const ATANH_F64: [f64; 7] = [
    0.6666666666666734,
    0.3999999999941464,
    0.28571428742394656,
    0.2222219857253496,
    0.18183564356705215,
    0.1531404984162654,
    0.14795956170107688,
];
