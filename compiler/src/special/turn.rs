//! `cos(2 pi u)` and `sin(2 pi u)` of an angle in turns: no digit of the angle is lost to a reduction by pi.
//!
//! Holds: in f64, `u` in `[0, 1]`: the nearest quarter turn is split off exactly, and the rest `r`, at most 1/8, is an odd and
//!   an even series in `r`, cut where the first term left out is below 3e-18 of the sum; each value is within 2 ulp.
//! Source: DLMF 4.19.1, 4.19.2.

use crate::kernel::{KernelBuilder, Value};

/// `(cos(2 pi u), sin(2 pi u))` for `u` in `[0, 1]`.
pub(crate) fn cos_sin(k: &mut KernelBuilder, u: Value) -> (Value, Value) {
    let quarters = k.scale(4.0, u);
    let quarters = k.round(quarters);
    let minus_quarter = k.constant(-0.25);
    let r = k.fma(quarters, minus_quarter, u);
    let z = k.mul(r, r);
    let (odd, even) = (k.polynomial(z, &SINE), k.polynomial(z, &COSINE));
    let sin = k.mul(r, odd);
    let one = k.constant(1.0);
    let cos = k.fma(z, even, one);
    let (minus_sin, minus_cos) = (k.neg(sin), k.neg(cos));
    let mut at = |quarter: f64| {
        let quarter = k.constant(quarter);
        k.eq(quarters, quarter)
    };
    let (one, two, three) = (at(1.0), at(2.0), at(3.0));
    let by_quarter = |k: &mut KernelBuilder, [zero, first, second, third]: [Value; 4]| {
        let x = k.select(one, first, zero);
        let x = k.select(two, second, x);
        k.select(three, third, x)
    };
    (by_quarter(k, [cos, minus_sin, minus_cos, sin]), by_quarter(k, [sin, cos, minus_sin, minus_cos]))
}

/// `(-1)^j (2 pi)^(2j+1)/(2j+1)!`: `sin(2 pi r)/r` in powers of `r^2`.
const SINE: [f64; 9] = [
    std::f64::consts::TAU,
    -41.34170224039976,
    81.60524927607506,
    -76.70585975306139,
    42.058693944897655,
    -15.09464257682299,
    3.819952584848282,
    -0.7181223017785006,
    0.10422916220813984,
];

/// `(-1)^j (2 pi)^(2j)/(2j)!` from `j = 1` on: `(cos(2 pi r) - 1)/r^2` in powers of `r^2`.
const COSINE: [f64; 8] = [
    -19.739208802178716,
    64.9393940226683,
    -85.45681720669373,
    60.24464137187666,
    -26.4262567833744,
    7.903536371318469,
    -1.714390711088672,
    0.28200596845579123,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codegen::Target;
    use crate::codegen::interp::Interpreter;
    use crate::kernel::{Output, Precision};

    fn values(turns: &[f64]) -> Vec<[f64; 2]> {
        let mut k = KernelBuilder::map("turn", Precision::F64);
        let u = k.input("u");
        let (cos, sin) = cos_sin(&mut k, u);
        let kernel = k.finish_map(vec![Output::new("cos", cos), Output::new("sin", sin)]).expect("a kernel");
        let program = Interpreter.emit(&kernel).expect("a program");
        turns.iter().map(|u| program.map(&[], &[*u]).expect("a map").try_into().expect("two")).collect()
    }

    /// mpmath at 40 digits, of the doubles themselves: turn, cosine, sine.
    const REFERENCE: [[f64; 3]; 5] = [
        [1.1102230246251565e-16, 1.0, 6.975_736_996_017_264e-16],
        [0.1, 0.809_016_994_374_947_4, 0.587_785_252_292_473_1],
        [0.3, -0.309_016_994_374_947_36, 0.951_056_516_295_153_6],
        [0.49, -0.998_026_728_428_271_6, 0.062_790_519_529_313_43],
        [0.9, 0.809_016_994_374_947_5, -0.587_785_252_292_473],
    ];

    #[test]
    fn values_are_those_of_the_reference() {
        for ([turn, cos, sin], got) in REFERENCE.iter().zip(values(&REFERENCE.map(|row| row[0]))) {
            for (got, expected) in got.iter().zip([cos, sin]) {
                assert!((got - expected).abs() <= 2.0 * f64::EPSILON * expected.abs(), "{turn}: {got} for {expected}");
            }
        }
    }

    #[test]
    fn a_whole_turn_is_covered_to_two_ulp() {
        // Against the platform's functions of the rest, whose angle is at most pi/4; its rounding adds half an ulp.
        let turns: Vec<f64> = (0..=4096).map(|i| f64::from(i) / 4096.0).collect();
        for (u, [cos, sin]) in turns.iter().zip(values(&turns)) {
            let quarter = (4.0 * u).round_ties_even();
            let angle = std::f64::consts::TAU * (u - 0.25 * quarter);
            let (c, s) = (angle.cos(), angle.sin());
            let expected = [[c, s], [-s, c], [-c, -s], [s, -c], [c, s]][quarter as usize];
            for (got, expected) in [cos, sin].into_iter().zip(expected) {
                assert!((got - expected).abs() <= 3.0 * f64::EPSILON * expected.abs(), "{u}: {got} for {expected}");
            }
        }
    }
}
