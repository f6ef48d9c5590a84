//! Quotients and square roots in f32 by the hardware's approximations, each corrected by one step of Newton's method.
//!
//! In:   the body of a reduction, and those of its results that are summed.
//! Out:  how its quotients and roots are computed, and their instructions.
//! Holds: `div.rn` and `sqrt.rn` are branches around a call, which keep the pairs of a thread from overlapping; these sequences are straight.
//!   From an approximation within 2 ulp the corrected reciprocal is within 1 ulp, and the correctly rounded one for all but a few
//!   arguments; a quotient has one more rounding, so `2^-23` relative; a root is within `2^-24` (see the tests, which try every
//!   significand with every approximation allowed). Where the sequence leaves the range of normal numbers (a divisor that is zero,
//!   subnormal, infinite or NaN; a root of anything but a positive normal number) it yields NaN, never a wrong number, with one exception: a divisor
//!   above `2^126` yields zero. The caller looks for NaN in its sums, and sums again by `div.rn` and `sqrt.rn`. That finds every such case: an
//!   operation whose NaN may be lost on its way to a sum, as in the branch that a selection leaves, is watched by a sum of its own.
//! Source: P. W. Markstein, "Computation of elementary functions on the IBM RISC System/6000 processor", IBM J. Res. Dev. 34 (1990); NVIDIA, PTX
//!   ISA, 9.7.3 (`rcp.approx.ftz.f32`: 1 ulp; `rsqrt.approx.ftz.f32`: relative `2^-22.9`).

use super::code::{Code, Operand, Reg};
use crate::kernel::{Kernel, Op, Precision, Value};

/// How a quotient or a root is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Seed {
    /// From an approximation; its NaN makes a sum NaN.
    Passing,
    /// From an approximation; its NaN may be lost, and has to be noted.
    Watched,
}

/// The operations of a body that start from an approximation.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Seeds(Vec<Option<Seed>>);

impl Seeds {
    /// All quotients and roots of an f32 body, of whose results `summed` are summed.
    pub(super) fn of(kernel: &Kernel, summed: &[Value]) -> Seeds {
        if kernel.precision() == Precision::F64 {
            return Seeds::default();
        }
        let seed = |(index, op): (usize, &Op)| match op {
            Op::Div(..) | Op::Sqrt(_) if passes_nan(kernel.body(), index, summed) => Some(Seed::Passing),
            Op::Div(..) | Op::Sqrt(_) => Some(Seed::Watched),
            _ => None,
        };
        Seeds(kernel.body().iter().enumerate().map(seed).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }

    /// Whether some are watched.
    pub(super) fn are_watched(&self) -> bool {
        self.0.contains(&Some(Seed::Watched))
    }

    pub(super) fn get(&self, index: usize) -> Option<Seed> {
        self.0.get(index).copied().flatten()
    }
}

/// What is known of a value when another one is NaN.
#[derive(Clone, Copy, PartialEq)]
enum Known {
    Nan,
    False,
    True,
    Nothing,
}

/// Whether NaN for the operation `source` makes one of `results` NaN, whatever the inputs are.
pub(super) fn passes_nan(body: &[Op], source: usize, results: &[Value]) -> bool {
    let mut known: Vec<Known> = Vec::with_capacity(body.len());
    for (index, op) in body.iter().enumerate() {
        let next = if index == source { Known::Nan } else { consequence(op, |v| known[v.index()]) };
        known.push(next);
    }
    results.iter().any(|v| known[v.index()] == Known::Nan)
}

fn consequence(op: &Op, known: impl Fn(Value) -> Known) -> Known {
    let is_nan = |v: Value| known(v) == Known::Nan;
    let nan_if = |any: bool| if any { Known::Nan } else { Known::Nothing };
    match *op {
        Op::Add(a, b) | Op::Sub(a, b) | Op::Mul(a, b) | Op::Div(a, b) => nan_if(is_nan(a) || is_nan(b)),
        Op::Fma(a, b, c) => nan_if(is_nan(a) || is_nan(b) || is_nan(c)),
        Op::Neg(a) | Op::Abs(a) | Op::Sqrt(a) | Op::Round(a) => nan_if(is_nan(a)),
        // The second operand when one is NaN.
        Op::Min(_, b) | Op::Max(_, b) => nan_if(is_nan(b)),
        Op::Compare(_, a, b) if is_nan(a) || is_nan(b) => Known::False,
        Op::And(a, b) => match (known(a), known(b)) {
            (Known::False, _) | (_, Known::False) => Known::False,
            (Known::True, Known::True) => Known::True,
            _ => Known::Nothing,
        },
        Op::Or(a, b) => match (known(a), known(b)) {
            (Known::True, _) | (_, Known::True) => Known::True,
            (Known::False, Known::False) => Known::False,
            _ => Known::Nothing,
        },
        Op::Not(a) => match known(a) {
            Known::False => Known::True,
            Known::True => Known::False,
            other => other,
        },
        Op::Select(mask, a, b) => match known(mask) {
            Known::True => known(a),
            Known::False => known(b),
            _ if known(a) == known(b) => known(a),
            _ => Known::Nothing,
        },
        // Of the bits of NaN nothing is promised.
        Op::Exp2Int(_) | Op::Exponent(_) | Op::Mantissa(_) => Known::Nothing,
        Op::Compare(..) | Op::Const(_) | Op::Uniform(_) | Op::Input(_) | Op::Call(..) => Known::Nothing,
    }
}

impl Code {
    /// `a / b`, within `2^-23`, or NaN. Where a watch is given, it becomes NaN with the quotient.
    pub(super) fn seeded_quotient(&mut self, a: Operand, b: Operand, watch: Option<Reg>) -> Reg {
        let reciprocal = self.float_op("rcp.approx.ftz", &[b]);
        let (minus_b, one) = (self.float_op("neg", &[b]), self.constant(1.0));
        let rest = self.float_op("fma.rn", &[minus_b.into(), reciprocal.into(), one]);
        self.note(rest, watch);
        let quotient = if a == one { reciprocal } else { self.float_op("mul.rn", &[a, reciprocal.into()]) };
        self.float_op("fma.rn", &[quotient.into(), rest.into(), quotient.into()])
    }

    /// The square root of `x`, within `2^-24`, or NaN, in the same way.
    pub(super) fn seeded_root(&mut self, x: Operand, watch: Option<Reg>) -> Reg {
        let inverse = self.float_op("rsqrt.approx.ftz", &[x]);
        let root = self.float_op("mul.rn", &[x, inverse.into()]);
        let half = self.constant(0.5);
        let half_inverse = self.float_op("mul.rn", &[inverse.into(), half]);
        let minus_root = self.float_op("neg", &[root.into()]);
        let rest = self.float_op("fma.rn", &[minus_root.into(), root.into(), x]);
        self.note(rest, watch);
        self.float_op("fma.rn", &[rest.into(), half_inverse.into(), root.into()])
    }

    /// Adds nothing to the watch, unless `rest` is NaN or infinite.
    fn note(&mut self, rest: Reg, watch: Option<Reg>) {
        if let Some(watch) = watch {
            let zero = self.constant(0.0);
            self.float_op_into(watch, "fma.rn", &[rest.into(), zero, watch.into()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::codegen::Target;
    use crate::codegen::interp::Interpreter;
    use crate::kernel::{KernelBuilder, Output};

    /// The floats next to the rounded `exact` that are within so much of it.
    fn around(exact: f64, within: f64) -> impl Iterator<Item = f32> {
        let rounded = (exact as f32).to_bits();
        let near = (-5..=5).map(move |off| f32::from_bits(rounded.wrapping_add_signed(off)));
        near.filter(move |r| (f64::from(*r) - exact).abs() <= within)
    }

    #[test]
    fn a_reciprocal_is_corrected_from_every_approximation() {
        let (mut not_nearest, mut worst) = (0, 0.0f64);
        for significand in 0..1u32 << 23 {
            let b = f32::from_bits(1f32.to_bits() | significand);
            let exact = 1.0 / f64::from(b);
            // Of a result in (1/2, 1], 2 ulp, twice what the ISA promises.
            for r in around(exact, 2f64.powi(-23)) {
                let corrected = r.mul_add((-b).mul_add(r, 1.0), r);
                if corrected != exact as f32 {
                    not_nearest += 1;
                    worst = worst.max((f64::from(corrected) - exact).abs() / exact);
                }
            }
        }
        assert!((1..100).contains(&not_nearest), "{not_nearest} of 33 million are not correctly rounded");
        assert!(worst < 2f64.powi(-23), "{worst:e}");
    }

    #[test]
    fn a_root_is_corrected_from_every_approximation() {
        let (mut not_nearest, mut worst) = (0, 0.0f64);
        // Significands under an even and an odd exponent.
        for bits in 1f32.to_bits()..4f32.to_bits() {
            let x = f32::from_bits(bits);
            let (exact, inverse) = (f64::from(x).sqrt(), 1.0 / f64::from(x).sqrt());
            // The ISA promises 2^-22.9.
            for y in around(inverse, inverse * 2f64.powf(-22.4)) {
                let root = x * y;
                let corrected = (-root).mul_add(root, x).mul_add(0.5 * y, root);
                if corrected != exact as f32 {
                    not_nearest += 1;
                    worst = worst.max((f64::from(corrected) - exact).abs() / exact);
                }
            }
        }
        assert!((1..100).contains(&not_nearest), "{not_nearest} of 72 million are not correctly rounded");
        assert!(worst < 2f64.powi(-24), "{worst:e}");
    }

    /// A function of `seed`, `x` and `y`, drawn: every step adds a float or a mask from earlier ones.
    fn function(steps: &[(u8, [usize; 3])]) -> Kernel {
        let mut k = KernelBuilder::map("f", Precision::F64);
        let mut floats = vec![k.input("seed"), k.input("x"), k.input("y"), k.constant(0.5)];
        let mut masks = vec![k.lt(floats[1], floats[2])];
        for (step, at) in steps {
            let f = at.map(|i| floats[floats.len() - 1 - i % floats.len()]);
            let m = at.map(|i| masks[masks.len() - 1 - i % masks.len()]);
            let float = match step % 20 {
                0 | 1 => k.add(f[0], f[1]),
                2 => k.sub(f[0], f[1]),
                3 => k.mul(f[0], f[1]),
                4 => k.div(f[0], f[1]),
                5 => k.fma(f[0], f[1], f[2]),
                6 => k.sqrt(f[0]),
                7 => k.abs(f[0]),
                8 => k.round(f[0]),
                9 => k.min(f[0], f[1]),
                10 => k.max(f[0], f[1]),
                11 | 12 => k.select(m[0], f[1], f[2]),
                13 => k.exponent(f[0]),
                14 => k.mantissa(f[0]),
                other => {
                    masks.push(match other {
                        15 => k.lt(f[0], f[1]),
                        16 => k.eq(f[0], f[1]),
                        17 => k.and(m[0], m[1]),
                        18 => k.or(m[0], m[1]),
                        _ => k.not(m[0]),
                    });
                    continue;
                }
            };
            floats.push(float);
        }
        let last = *floats.last().expect("there are inputs");
        k.finish_map(vec![Output::new("f", last)]).expect("well formed")
    }

    /// Whether `function` is said to be NaN where its first input is.
    fn is_said_to_pass(kernel: &Kernel) -> bool {
        let seed = kernel.body().iter().position(|op| *op == Op::Input(0));
        seed.is_some_and(|seed| passes_nan(kernel.body(), seed, &kernel.shape().results()))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]
        #[test]
        fn what_is_said_to_pass_nan_does(
            steps in prop::collection::vec((any::<u8>(), prop::array::uniform3(0usize..6)), 1..14),
            x in -3.0..3.0f64,
            y in -3.0..3.0f64,
        ) {
            let kernel = function(&steps);
            if is_said_to_pass(&kernel) {
                let f = Interpreter.emit(&kernel).expect("a program").map(&[], &[f64::NAN, x, y]).expect("a map");
                prop_assert!(f[0].is_nan(), "{kernel}\nis {} at x = {x}, y = {y}", f[0]);
            }
        }
    }

    #[test]
    fn selections_decide_whether_nan_passes() {
        let says = |build: fn(&mut KernelBuilder, [Value; 2]) -> Value| {
            let mut k = KernelBuilder::map("f", Precision::F32);
            let inputs = [k.input("seed"), k.input("x")];
            let f = build(&mut k, inputs);
            is_said_to_pass(&k.finish_map(vec![Output::new("f", f)]).expect("well formed"))
        };
        assert!(says(|k, [seed, x]| k.min(x, seed)));
        assert!(!says(|k, [seed, x]| k.min(seed, x)), "the second operand when one is NaN");
        // No order holds for NaN, so that a bound from below keeps it.
        let bounded = |k: &mut KernelBuilder, [seed, x]: [Value; 2]| {
            let is_less = k.lt(seed, x);
            k.select(is_less, x, seed)
        };
        assert!(says(bounded));
        assert!(!says(|k, [seed, x]| {
            let is_less = k.lt(seed, x);
            k.select(is_less, seed, x)
        }));
        assert!(!says(|k, [seed, _]| k.exponent(seed)), "of the bits nothing is promised");
    }
}
