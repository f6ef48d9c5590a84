//! `exp`: reduction by multiples of log 2, a minimax polynomial, scaling by powers of two.
//!
//! Holds: `x = n log 2 + r` with `|r| <= log(2)/2`; `n log 2` is subtracted in two parts, the first of which has
//!   enough trailing zeros for `n` times it to be exact even without a fused multiply-add.
//! Source: coefficients by `tools/reference.py minimax`; the splitting of log 2 is fdlibm's.

use super::Facts;
use crate::kernel::{KernelBuilder, Precision, Value};

pub(super) const EXP: Facts = Facts {
    name: "exp",
    domain: "every x; NaN gives NaN",
    derivative: "exp(x)",
    accuracy: "1 ulp",
    reference: "exp.tsv",
    source: "DLMF 4.2",
};

pub(super) const EXP_WEIGHT: Facts = Facts {
    name: "exp_weight",
    domain: "x <= 0; NaN gives NaN; flushes to 0 where exp(x) is below the smallest normal number",
    derivative: "exp_weight(x)",
    accuracy: "1 ulp in f64, 2.1 ulp in f32",
    reference: "exp.tsv",
    source: "DLMF 4.2",
};

pub(super) const EXP2_WEIGHT: Facts = Facts {
    name: "exp2_weight",
    domain: "x <= 127 (f64: 1023); NaN gives NaN; flushes to 0 where 2^x is below the smallest normal number",
    derivative: "log(2) exp2_weight(x)",
    accuracy: "1 ulp in f64, 2 ulp in f32",
    reference: "exp2.tsv",
    source: "DLMF 4.2",
};

/// `log 2` in two parts: the high one ends in zeros.
pub(super) fn ln2(precision: Precision) -> (f64, f64) {
    match precision {
        Precision::F32 => (0.693_138_122_558_593_8, 9.058_000_122_267_7e-6),
        Precision::F64 => (6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10),
    }
}

/// `exp(x)`. The power of two is applied in halves, so that subnormal results are rounded once.
pub(super) fn exp(k: &mut KernelBuilder, x: Value) -> Value {
    let (low, high) = match k.precision() {
        Precision::F32 => (-104.0, 89.0),
        Precision::F64 => (-746.0, 710.0),
    };
    let (low, high) = (k.constant(low), k.constant(high));
    // The second operand is returned for NaN.
    let x = k.max(low, x);
    let x = k.min(high, x);
    let (n, y) = reduced(k, x, tail(k.precision()));
    let half = k.scale(0.5, n);
    let n1 = k.round(half);
    let n2 = k.sub(n, n1);
    let (p1, p2) = (k.exp2_int(n1), k.exp2_int(n2));
    let y = k.mul(y, p1);
    k.mul(y, p2)
}

/// `exp(x)` where gradual underflow is not needed: one scaling, and `2^n` is 0 at the clamp.
pub(super) fn exp_weight(k: &mut KernelBuilder, x: Value) -> Value {
    let (low, tail) = match k.precision() {
        Precision::F32 => (-88.0, &WEIGHT_TAIL_F32[..]),
        Precision::F64 => (-709.0, &TAIL_F64[..]),
    };
    let low = k.constant(low);
    let x = k.max(low, x);
    let (n, y) = reduced(k, x, tail);
    let power = k.exp2_int(n);
    k.mul(y, power)
}

/// `2^x` by Horner's scheme: the shortest body, for loops that have other work to hide its latency behind.
pub(super) fn exp2_weight(k: &mut KernelBuilder, x: Value) -> Value {
    let (low, slope) = match k.precision() {
        Precision::F32 => (-127.0, &SLOPE_F32[..]),
        Precision::F64 => (-1023.0, &SLOPE_F64[..]),
    };
    let low = k.constant(low);
    let x = k.max(low, x);
    let n = k.round(x);
    let f = k.sub(x, n);
    let one = k.constant(1.0);
    let slope = k.horner(f, slope);
    let y = k.fma(f, slope, one);
    let power = k.exp2_int(n);
    k.mul(y, power)
}

/// `(n, exp(x - n log 2))`.
fn reduced(k: &mut KernelBuilder, x: Value, tail: &[f64]) -> (Value, Value) {
    let n = k.scale(std::f64::consts::LOG2_E, x);
    let n = k.round(n);
    let (high, low) = ln2(k.precision());
    let (high, low) = (k.constant(-high), k.constant(-low));
    let r = k.fma(n, high, x);
    let r = k.fma(n, low, r);
    // 1 + (r + r^2 tail(r)): the rounding of the bracket is small against 1.
    let tail = k.polynomial(r, tail);
    let r2 = k.mul(r, r);
    let y = k.fma(r2, tail, r);
    (n, k.offset(y, 1.0))
}

fn tail(precision: Precision) -> &'static [f64] {
    match precision {
        Precision::F32 => &TAIL_F32,
        Precision::F64 => &TAIL_F64,
    }
}

// Minimax of (exp(r) - 1 - r) / r^2 on |r| <= log(2)/2.

/// Relative error 9.2e-8 of `2^f`: minimax of `(2^f - 1) / f` on `|f| <= 1/2`.
const SLOPE_F32: [f64; 5] =
    [0.6931469776718717, 0.24022242086637263, 0.055507336038427696, 0.009671512788150942, 0.0013264772562266798];

/// Relative error 3.4e-18.
const SLOPE_F64: [f64; 11] = [
    std::f64::consts::LN_2,
    0.2402265069591013,
    0.055504108664820084,
    0.009618129107594124,
    0.0013333558146774735,
    0.00015403530457107554,
    1.5252733492994762e-05,
    1.3215435284512152e-06,
    1.0178199634755987e-07,
    7.073782885830582e-09,
    4.434760981584253e-10,
];

/// Relative error 1.1e-7.
const WEIGHT_TAIL_F32: [f64; 4] = [0.4999923175576583, 0.1666711357571186, 0.04189012066535622, 0.00831260321558911];

/// Relative error 3.1e-9.
const TAIL_F32: [f64; 5] =
    [0.4999999345005587, 0.16666520685040956, 0.041668387383663484, 0.008368710340610982, 0.001381462391904529];

/// Relative error 3.7e-18.
const TAIL_F64: [f64; 10] = [
    0.5000000000000011,
    0.16666666666666413,
    0.041666666666530267,
    0.008333333333494123,
    0.0013888888943596846,
    0.0001984126950723773,
    2.4801493137325454e-05,
    2.755758585426841e-06,
    2.763023345797094e-07,
    2.5000203416463367e-08,
];
