//! The meaning of one operation on one lane, in each precision.
//!
//! Holds: the constant folder of the builder and the reference interpreter both call this, so folding never
//!   changes a result.

use super::ir::{Compare, Precision};

/// A float type of KernelIr: `f32` or `f64`.
pub trait Scalar: Copy + PartialOrd + Into<f64> + Default + Send + Sync + std::fmt::Debug + 'static {
    /// The precision of kernels over this type.
    const PRECISION: Precision;
    /// The lowest finite number.
    const LOWEST: Self;

    /// Rounds to this type.
    fn from_f64(x: f64) -> Self;
    /// The number with these bits, the low ones for f32.
    fn from_bits(bits: u64) -> Self;
    /// `self + b`.
    fn add(self, b: Self) -> Self;
    /// `self - b`.
    fn sub(self, b: Self) -> Self;
    /// `self * b`.
    fn mul(self, b: Self) -> Self;
    /// `self / b`.
    fn div(self, b: Self) -> Self;
    /// `-self`.
    fn neg(self) -> Self;
    /// `|self|`.
    fn abs(self) -> Self;
    /// The square root.
    fn sqrt(self) -> Self;
    /// `self * b + c`, rounded once.
    fn fma(self, b: Self, c: Self) -> Self;
    /// The nearest integer, ties to even.
    fn round(self) -> Self;
    /// See [`Op::Exp2Int`](super::Op::Exp2Int).
    fn exp2_int(self) -> Self;
    /// See [`Op::Exponent`](super::Op::Exponent).
    fn exponent(self) -> Self;
    /// See [`Op::Mantissa`](super::Op::Mantissa).
    fn mantissa(self) -> Self;

    /// `if self < b { self } else { b }`.
    #[inline]
    fn min(self, b: Self) -> Self {
        if self < b { self } else { b }
    }

    /// `if b < self { self } else { b }`.
    #[inline]
    fn max(self, b: Self) -> Self {
        if b < self { self } else { b }
    }

    /// The relation `self r b`.
    fn compare(self, r: Compare, b: Self) -> bool {
        match r {
            Compare::Lt => self < b,
            Compare::Le => self <= b,
            Compare::Eq => self == b,
        }
    }
}

/// Adding `1.5 2^(bits of the mantissa) + bias` leaves an integer plus the bias in the low bits of the sum, ready to
/// be shifted into the exponent field. Targets use the same two numbers.
pub(crate) const EXP2_MAGIC_F32: f32 = 12_582_912.0 + 127.0;
/// The same for f64.
pub(crate) const EXP2_MAGIC_F64: f64 = 6_755_399_441_055_744.0 + 1023.0;
/// `2^23 + 127`: subtracting it from the float whose low bits are the exponent field leaves the exponent.
pub(crate) const EXPONENT_MAGIC_F32: f32 = 8_388_608.0 + 127.0;
/// `2^52 + 1023`, the same for f64.
pub(crate) const EXPONENT_MAGIC_F64: f64 = 4_503_599_627_370_496.0 + 1023.0;

macro_rules! scalar {
    ($float:ident, $unsigned:ident, $precision:expr, $bits:expr, $exp2_magic:expr, $exponent_magic:expr) => {
        impl Scalar for $float {
            const PRECISION: Precision = $precision;
            const LOWEST: Self = $float::MIN;
            #[inline]
            fn from_f64(x: f64) -> Self {
                x as $float
            }
            #[inline]
            fn from_bits(bits: u64) -> Self {
                $float::from_bits(bits as $unsigned)
            }
            #[inline]
            fn add(self, b: Self) -> Self {
                self + b
            }
            #[inline]
            fn sub(self, b: Self) -> Self {
                self - b
            }
            #[inline]
            fn mul(self, b: Self) -> Self {
                self * b
            }
            #[inline]
            fn div(self, b: Self) -> Self {
                self / b
            }
            #[inline]
            fn neg(self) -> Self {
                -self
            }
            #[inline]
            fn abs(self) -> Self {
                $float::abs(self)
            }
            #[inline]
            fn sqrt(self) -> Self {
                $float::sqrt(self)
            }
            #[inline]
            fn fma(self, b: Self, c: Self) -> Self {
                self.mul_add(b, c)
            }
            #[inline]
            fn round(self) -> Self {
                self.round_ties_even()
            }
            #[inline]
            fn exp2_int(self) -> Self {
                $float::from_bits((self + $exp2_magic).to_bits() << $bits)
            }
            #[inline]
            fn exponent(self) -> Self {
                let field = $float::to_bits(self) >> $bits;
                // 2^bits has an empty mantissa, into which the field is written.
                $float::from_bits(field | (((1u64 << $bits) as $float).to_bits())) - $exponent_magic
            }
            #[inline]
            fn mantissa(self) -> Self {
                let below = (1 << $bits) - 1;
                $float::from_bits((self.to_bits() & below) | (1.0 as $float).to_bits())
            }
        }
    };
}

scalar!(f32, u32, Precision::F32, 23, EXP2_MAGIC_F32, EXPONENT_MAGIC_F32);
scalar!(f64, u64, Precision::F64, 52, EXP2_MAGIC_F64, EXPONENT_MAGIC_F64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_two_are_exact_over_the_whole_range() {
        for n in -126..=127 {
            assert_eq!((n as f32).exp2_int(), 2f32.powi(n));
        }
        for n in -1022..=1023 {
            assert_eq!((n as f64).exp2_int(), libm::exp2(f64::from(n)));
        }
        assert_eq!((Scalar::exp2_int(-127f32), Scalar::exp2_int(128f32)), (0.0, f32::INFINITY));
        assert_eq!((Scalar::exp2_int(-1023f64), Scalar::exp2_int(1024f64)), (0.0, f64::INFINITY));
    }

    #[test]
    fn exponent_and_mantissa_rebuild_the_number() {
        for x in [1.0, 1.5, 0.1, 3e38, f64::MIN_POSITIVE, 1e-300, f64::MAX] {
            assert_eq!(x.mantissa() * libm::exp2(x.exponent()), x);
            assert!((1.0..2.0).contains(&x.mantissa()));
        }
        for x in [1.0, 1.5, 0.1, 3e38, f32::MIN_POSITIVE, f32::MAX] {
            assert_eq!(f64::from(x.mantissa()) * libm::exp2(f64::from(x.exponent())), f64::from(x));
        }
    }
}
