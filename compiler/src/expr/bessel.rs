//! Values of the modified Bessel function of the second kind, for real order and positive argument.
//!
//! In:   an order and an argument.
//! Out:  `K_order(argument)`; none elsewhere in the complex plane, or where it overflows.
//! Holds: relative error below 1e-12 (tests below).
//! Source: DLMF 10.32.9, `K_nu(x) = int_0^inf exp(-x cosh u) cosh(nu u) du`, by the trapezoidal rule in log space: the
//!       integrand is entire and even in u, so that the rule converges faster than any power of its step.

use num_complex::Complex64;

/// Terms this far below the largest, in natural logarithms, do not count.
const NEGLIGIBLE: f64 = 45.0;

/// More terms than this are not worth their rounding.
const MOST_TERMS: usize = 200_000;

pub(super) fn k(order: Complex64, argument: Complex64) -> Option<Complex64> {
    let real = order.im == 0.0 && argument.im == 0.0 && argument.re > 0.0;
    let value = real.then(|| log_k(order.re.abs(), argument.re))??.exp();
    value.is_finite().then(|| Complex64::from(value))
}

fn log_k(nu: f64, x: f64) -> Option<f64> {
    let exponent = |u: f64| -x * u.cosh() + nu * u + (0.5 * (1.0 + (-2.0 * nu * u).exp())).ln();
    let summit = (nu / x).asinh();
    let top = exponent(summit);
    // Half the width of the summit, and never coarser than the strip in which exp(-x cosh u) decays.
    let step = 0.25f64.min(0.5 / x.hypot(nu).sqrt());
    let mut sum = 0.5 * (exponent(0.0) - top).exp();
    for j in 1..MOST_TERMS {
        let u = step * j as f64;
        let below = exponent(u) - top;
        if u > summit && below < -NEGLIGIBLE {
            return Some(top + (step * sum).ln()).filter(|log| log.is_finite());
        }
        sum += below.exp();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reference values: mpmath 1.3, `besselk` with 30 digits.
    #[test]
    fn values_agree_with_mpmath() {
        let table = [
            (0.0, 0.001, 7.023688800562382),
            (0.0, 1.0, 0.42102443824070834),
            (0.25, 2.5, 0.06301715899861951),
            (0.5, 0.7, 0.7438832523206937),
            (0.85, 30.0, 2.157891463237097e-14),
            (1.0, 10.0, 1.8648773453825585e-5),
            (1.85, 0.01, 8542.309920481099),
            (3.7, 600.0, 1.371371778416155e-262),
            (64.0, 0.5, 3.3698884758047007e125),
            (63.0, 40.0, 3.634986909863482),
        ];
        for (nu, x, expected) in table {
            let found = k(nu.into(), x.into()).expect("a value").re;
            assert!(
                (found / expected - 1.0).abs() < 1e-12,
                "K_{nu}({x}) = {found:e}, not {expected:e}: 1e-12 relative"
            );
            assert_eq!(k((-nu).into(), x.into()), k(nu.into(), x.into()), "even in the order");
        }
        assert_eq!(k(0.5.into(), (-1.0).into()), None);
        assert_eq!(k(2000.0.into(), 1e-3.into()), None, "overflows");
    }
}
