//! What each computing instruction does to bits; a row per opcode.
//!
//! Source: NVIDIA, PTX ISA, the chapter on instructions. The approximations of `--fast-math` (`.approx`) are computed exactly and
//! rounded: a device may differ by the errors that the target states. Those that a correction follows (`rcp`, `rsqrt`) are off by as much
//! as they may be, up or down depending on the argument.

use crate::machine::Type::{self, B32, B64, F32, F64, Pred, U32, U64};

type Compute = fn([u64; 3]) -> u64;

fn f(bits: u64) -> f32 {
    f32::from_bits(bits as u32)
}

fn d(bits: u64) -> f64 {
    f64::from_bits(bits)
}

fn of_f(x: f32) -> u64 {
    u64::from(x.to_bits())
}

fn of_d(x: f64) -> u64 {
    x.to_bits()
}

/// Flushes subnormal numbers to zero.
fn ftz(x: f32) -> f32 {
    if x.is_subnormal() { 0f32.copysign(x) } else { x }
}

/// `a / b`, zero for divisors above `2^126`.
fn quotient(a: f32, b: f32) -> f32 {
    let is_beyond = b.abs() > 2f32.powi(126) && b.is_finite();
    if is_beyond && a.is_infinite() {
        f32::NAN
    } else if is_beyond {
        0f32
    } else {
        ftz(a / b)
    }
}

/// An approximation of `exact`, up to 2 ulp off: as many as the bits of the argument say.
fn approximate(argument: f32, exact: f64) -> f32 {
    let rounded = ftz(exact as f32);
    if rounded == 0.0 || !rounded.is_finite() {
        return rounded;
    }
    let off = argument.to_bits().wrapping_mul(0x9E37_79B9) >> 30;
    let moved = rounded.to_bits().wrapping_add(off).wrapping_sub(2);
    ftz(f32::from_bits(moved))
}

/// The row of an opcode: what it computes, the type of its result and those of its operands.
pub fn find(opcode: &str) -> (Compute, Type, Vec<Type>) {
    let row: (Compute, Type, &[Type]) = match opcode {
        "add.rn.f32" => (|[a, b, _]| of_f(f(a) + f(b)), F32, &[F32, F32]),
        "sub.rn.f32" => (|[a, b, _]| of_f(f(a) - f(b)), F32, &[F32, F32]),
        "mul.rn.f32" => (|[a, b, _]| of_f(f(a) * f(b)), F32, &[F32, F32]),
        "div.approx.ftz.f32" => (|[a, b, _]| of_f(quotient(ftz(f(a)), ftz(f(b)))), F32, &[F32, F32]),
        "div.rn.f32" => (|[a, b, _]| of_f(f(a) / f(b)), F32, &[F32, F32]),
        "fma.rn.f32" => (|[a, b, c]| of_f(f(a).mul_add(f(b), f(c))), F32, &[F32, F32, F32]),
        "neg.f32" => (|[a, ..]| of_f(-f(a)), F32, &[F32]),
        "abs.f32" => (|[a, ..]| of_f(f(a).abs()), F32, &[F32]),
        "sqrt.approx.ftz.f32" => (|[a, ..]| of_f(ftz(f(a)).sqrt()), F32, &[F32]),
        "sqrt.rn.f32" => (|[a, ..]| of_f(f(a).sqrt()), F32, &[F32]),
        "rcp.approx.ftz.f32" => (|[a, ..]| of_f(approximate(f(a), 1.0 / f64::from(ftz(f(a))))), F32, &[F32]),
        "rsqrt.approx.ftz.f32" => (|[a, ..]| of_f(approximate(f(a), 1.0 / f64::from(ftz(f(a))).sqrt())), F32, &[F32]),
        "cvt.rni.f32.f32" => (|[a, ..]| of_f(f(a).round_ties_even()), F32, &[F32]),
        "ex2.approx.ftz.f32" => (|[a, ..]| of_f(ftz(f64::from(ftz(f(a))).exp2() as f32)), F32, &[F32]),
        "lg2.approx.ftz.f32" => (|[a, ..]| of_f(f64::from(ftz(f(a))).log2() as f32), F32, &[F32]),
        "add.rn.f64" => (|[a, b, _]| of_d(d(a) + d(b)), F64, &[F64, F64]),
        "sub.rn.f64" => (|[a, b, _]| of_d(d(a) - d(b)), F64, &[F64, F64]),
        "mul.rn.f64" => (|[a, b, _]| of_d(d(a) * d(b)), F64, &[F64, F64]),
        "div.rn.f64" => (|[a, b, _]| of_d(d(a) / d(b)), F64, &[F64, F64]),
        "fma.rn.f64" => (|[a, b, c]| of_d(d(a).mul_add(d(b), d(c))), F64, &[F64, F64, F64]),
        "neg.f64" => (|[a, ..]| of_d(-d(a)), F64, &[F64]),
        "abs.f64" => (|[a, ..]| of_d(d(a).abs()), F64, &[F64]),
        "sqrt.rn.f64" => (|[a, ..]| of_d(d(a).sqrt()), F64, &[F64]),
        "cvt.rni.f64.f64" => (|[a, ..]| of_d(d(a).round_ties_even()), F64, &[F64]),
        "cvt.f64.f32" => (|[a, ..]| of_d(f64::from(f(a))), F64, &[F32]),
        "cvt.rn.f32.f64" => (|[a, ..]| of_f(d(a) as f32), F32, &[F64]),
        "setp.lt.f32" => (|[a, b, _]| u64::from(f(a) < f(b)), Pred, &[F32, F32]),
        "setp.le.f32" => (|[a, b, _]| u64::from(f(a) <= f(b)), Pred, &[F32, F32]),
        "setp.eq.f32" => (|[a, b, _]| u64::from(f(a) == f(b)), Pred, &[F32, F32]),
        "setp.lt.f64" => (|[a, b, _]| u64::from(d(a) < d(b)), Pred, &[F64, F64]),
        "setp.le.f64" => (|[a, b, _]| u64::from(d(a) <= d(b)), Pred, &[F64, F64]),
        "setp.eq.f64" => (|[a, b, _]| u64::from(d(a) == d(b)), Pred, &[F64, F64]),
        "setp.neu.f32" => (|[a, b, _]| u64::from(f(a) != f(b)), Pred, &[F32, F32]),
        "setp.neu.f64" => (|[a, b, _]| u64::from(d(a) != d(b)), Pred, &[F64, F64]),
        "setp.lt.u32" => (|[a, b, _]| u64::from(a < b), Pred, &[U32, U32]),
        "setp.ge.u32" => (|[a, b, _]| u64::from(a >= b), Pred, &[U32, U32]),
        "setp.eq.u32" => (|[a, b, _]| u64::from(a == b), Pred, &[U32, U32]),
        "selp.f32" => (|[a, b, p]| if p != 0 { a } else { b }, F32, &[F32, F32, Pred]),
        "selp.f64" => (|[a, b, p]| if p != 0 { a } else { b }, F64, &[F64, F64, Pred]),
        "and.pred" => (|[a, b, _]| a & b, Pred, &[Pred, Pred]),
        "or.pred" => (|[a, b, _]| a | b, Pred, &[Pred, Pred]),
        "not.pred" => (|[a, ..]| a ^ 1, Pred, &[Pred]),
        "mov.f32" => (|[a, ..]| a, F32, &[F32]),
        "mov.f64" => (|[a, ..]| a, F64, &[F64]),
        "mov.u32" => (|[a, ..]| a, U32, &[U32]),
        "mov.u64" => (|[a, ..]| a, U64, &[U64]),
        "mov.b32" => (|[a, ..]| a, B32, &[B32]),
        "mov.b64" => (|[a, ..]| a, B64, &[B64]),
        "cvta.to.global.u64" => (|[a, ..]| a, U64, &[U64]),
        "cvt.u32.u64" => (|[a, ..]| a & 0xFFFF_FFFF, U32, &[U64]),
        "cvt.u64.u32" => (|[a, ..]| a, U64, &[U32]),
        "add.u32" => (|[a, b, _]| u64::from((a as u32).wrapping_add(b as u32)), U32, &[U32, U32]),
        "sub.u32" => (|[a, b, _]| u64::from((a as u32).wrapping_sub(b as u32)), U32, &[U32, U32]),
        "mul.hi.u32" => (|[a, b, _]| (a * b) >> 32, U32, &[U32, U32]),
        "mul.lo.u32" => (|[a, b, _]| u64::from((a as u32).wrapping_mul(b as u32)), U32, &[U32, U32]),
        "mad.lo.u32" => {
            (|[a, b, c]| u64::from((a as u32).wrapping_mul(b as u32).wrapping_add(c as u32)), U32, &[U32, U32, U32])
        }
        "min.u32" => (|[a, b, _]| a.min(b), U32, &[U32, U32]),
        "add.u64" => (|[a, b, _]| a.wrapping_add(b), U64, &[U64, U64]),
        "mul.wide.u32" => (|[a, b, _]| a.wrapping_mul(b), U64, &[U32, U32]),
        "mad.wide.u32" => (|[a, b, c]| a.wrapping_mul(b).wrapping_add(c), U64, &[U32, U32, U64]),
        "mad.lo.u64" => (|[a, b, c]| a.wrapping_mul(b).wrapping_add(c), U64, &[U64, U64, U64]),
        "xor.b32" => (|[a, b, _]| a ^ b, B32, &[B32, B32]),
        "and.b32" => (|[a, b, _]| a & b, B32, &[B32, B32]),
        "or.b32" => (|[a, b, _]| a | b, B32, &[B32, B32]),
        "and.b64" => (|[a, b, _]| a & b, B64, &[B64, B64]),
        "or.b64" => (|[a, b, _]| a | b, B64, &[B64, B64]),
        "shl.b32" => (|[a, b, _]| u64::from((a as u32).checked_shl(b as u32).unwrap_or(0)), B32, &[B32, U32]),
        "shl.b64" => (|[a, b, _]| a.checked_shl(b as u32).unwrap_or(0), B64, &[B64, U32]),
        "shr.u32" => (|[a, b, _]| u64::from((a as u32).checked_shr(b as u32).unwrap_or(0)), U32, &[U32, U32]),
        "shr.u64" => (|[a, b, _]| a.checked_shr(b as u32).unwrap_or(0), U64, &[U64, U32]),
        _ => panic!("no instruction {opcode}"),
    };
    (row.0, row.1, row.2.to_vec())
}
