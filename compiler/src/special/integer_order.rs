//! `K` of integer order: `K_0` and `K_1` from series about 0 and about infinity, higher orders by upward recurrence.
//!
//! The recurrence `K_(j+1) = K_(j-1) + (2j/z) K_j` makes `K_n/K_1 = a_n r_0 + b_n` with `r_0 = K_0/K_1` and polynomials `a_n`,
//! `b_n` in `1/z` whose coefficients are positive and known when the kernel is built.
//!
//! Holds: nothing cancels; the polynomials are in `u = s/z <= 1` for `z >= s`, and in `w = z/s < 1` otherwise, with `s` near
//!   `n`, so that coefficients and values stay in the range of f32.
//! Source: DLMF 10.31.1 and 10.31.2 for `z < 3/2`, 10.29.1; coefficients for larger `z` by `tools/reference.py minimax`.

use std::f64::consts::{FRAC_PI_2, LN_2};

use super::log::log;
use crate::kernel::{KernelBuilder, Precision, Value};

/// Where the two series meet: the one about 0 still loses no digit, the other one is still short.
const SPLIT: f64 = 1.5;

const EULER_GAMMA: f64 = 0.577_215_664_901_532_9;

/// `log K_n(z)`.
pub(super) fn log_k(k: &mut KernelBuilder, n: u32, z: Value) -> Value {
    let base = Base::new(k, z);
    let large = base.log_k1_large(k, z);
    if n == 0 {
        let argument = k.select(base.small, base.k0, base.r0);
        let y = log(k, argument);
        let zero = k.constant(0.0);
        let rest = k.select(base.small, zero, large);
        return k.add(y, rest);
    }
    let recurrence = Recurrence::new(k, n, z);
    let sum = recurrence.sum(k, n, base.r0);
    let scaled = k.mul(base.z_k1, sum);
    let argument = k.select(base.small, scaled, sum);
    let y = log(k, argument);
    let minus_log_z = k.neg(base.log_z);
    let rest = k.select(base.small, minus_log_z, large);
    let y = k.add(y, rest);
    if n == 1 {
        return y;
    }
    // Where the sum is a polynomial in w, w^(1-n) is still to be applied.
    let log_s = k.constant(recurrence.s.ln());
    let log_w = k.sub(base.log_z, log_s);
    let power = k.constant(1.0 - f64::from(n));
    let below = k.fma(power, log_w, y);
    k.select(recurrence.below, below, y)
}

/// `K_n(z) / K_(n+1)(z)`.
pub(super) fn ratio(k: &mut KernelBuilder, n: u32, z: Value) -> Value {
    let base = Base::new(k, z);
    if n == 0 {
        return base.r0;
    }
    let recurrence = Recurrence::new(k, n + 1, z);
    let (numerator, denominator) = (recurrence.sum(k, n, base.r0), recurrence.sum(k, n + 1, base.r0));
    // One power of w is left over.
    let scaled = k.mul(recurrence.w, numerator);
    let numerator = k.select(recurrence.below, scaled, numerator);
    k.div(numerator, denominator)
}

/// `K_0` and `K_1`.
struct Base {
    /// `z < SPLIT`.
    small: Value,
    log_z: Value,
    /// `K_0` and `z K_1` where z is small.
    k0: Value,
    z_k1: Value,
    /// `K_0/K_1` everywhere.
    r0: Value,
    /// `3/z - 1` where z is large.
    x: Value,
}

impl Base {
    fn new(k: &mut KernelBuilder, z: Value) -> Base {
        let split = k.constant(SPLIT);
        let small = k.lt(z, split);
        let log_z = log(k, z);
        let (low, high) = (k.min(z, split), k.max(z, split));
        let (k0, z_k1) = about_zero(k, low, log_z);
        let small_ratio = k.div(k0, z_k1);
        let small_ratio = k.mul(low, small_ratio);
        let numerator = k.constant(2.0 * SPLIT);
        let x = k.div(numerator, high);
        let x = k.offset(x, -1.0);
        let large_ratio = match k.precision() {
            Precision::F32 => k.polynomial(x, &R0_F32),
            Precision::F64 => k.polynomial(x, &R0_F64),
        };
        Base { small, log_z, k0, z_k1, r0: k.select(small, small_ratio, large_ratio), x }
    }

    /// `log K_1` where z is large.
    fn log_k1_large(&self, k: &mut KernelBuilder, z: Value) -> Value {
        let l = match k.precision() {
            Precision::F32 => k.polynomial(self.x, &LOG_K1_F32),
            Precision::F64 => k.polynomial(self.x, &LOG_K1_F64),
        };
        let prefactor = k.constant(0.5 * FRAC_PI_2.ln());
        let minus_half = k.constant(-0.5);
        let y = k.fma(minus_half, self.log_z, prefactor);
        let y = k.add(y, l);
        k.sub(y, z)
    }
}

/// `(K_0, z K_1)` by the power series in `q = z^2/4` with its logarithm.
fn about_zero(k: &mut KernelBuilder, z: Value, log_z: Value) -> (Value, Value) {
    let terms = match k.precision() {
        Precision::F32 => 6,
        Precision::F64 => 11,
    };
    let [i0, s0, i1, s1] = power_series(terms).map(|c| {
        let half = k.scale(0.5, z);
        let q = k.mul(half, half);
        k.polynomial(q, &c)
    });
    let minus_log = k.neg(log_z);
    let minus_log = k.offset(minus_log, LN_2);
    let k0 = k.fma(minus_log, i0, s0);
    let inner = k.fma(minus_log, i1, s1);
    let z2 = k.mul(z, z);
    let minus_half = k.constant(-0.5);
    let inner = k.mul(minus_half, inner);
    let one = k.constant(1.0);
    (k0, k.fma(z2, inner, one))
}

/// Coefficients of powers of q: of `I_0`, of `sum psi(j+1) q^j/j!^2`, of `2 I_1/z`, and of
/// `sum (psi(j+1) + psi(j+2))/2 q^j/(j! (j+1)!)`.
fn power_series(terms: u32) -> [Vec<f64>; 4] {
    let mut series = [const { Vec::new() }; 4];
    let (mut c, mut psi) = (1.0, -EULER_GAMMA);
    for j in 0..terms {
        let next = f64::from(j) + 1.0;
        let row = [c, c * psi, c / next, c / next * (psi + 0.5 / next)];
        series.iter_mut().zip(row).for_each(|(s, x)| s.push(x));
        c /= next * next;
        psi += 1.0 / next;
    }
    series
}

/// The variables of the recurrence, both at most 1.
struct Recurrence {
    s: f64,
    /// `z < s`.
    below: Value,
    u: Value,
    w: Value,
}

impl Recurrence {
    fn new(k: &mut KernelBuilder, n: u32, z: Value) -> Recurrence {
        let s = f64::from(n);
        let scale = k.constant(s);
        let (low, high) = (k.min(z, scale), k.max(z, scale));
        let (u, w) = (k.div(scale, high), k.scale(1.0 / s, low));
        Recurrence { s, below: k.lt(z, scale), u, w }
    }

    /// `K_n/K_1`, without the factor `w^(1-n)` where `z < s`; `n >= 1`.
    fn sum(&self, k: &mut KernelBuilder, n: u32, r0: Value) -> Value {
        if n == 1 {
            return k.constant(1.0);
        }
        let [a, b] = coefficients(n, self.s);
        let (a_u, b_u) = (parity_polynomial(k, self.u, &a), parity_polynomial(k, self.u, &b));
        let in_u = k.fma(a_u, r0, b_u);
        let reversed = |c: &[f64]| c.iter().rev().copied().collect::<Vec<_>>();
        let (a_w, b_w) = (parity_polynomial(k, self.w, &reversed(&a)), parity_polynomial(k, self.w, &reversed(&b)));
        // w^(n-1) a_n(1/w) = w w^(n-2) a_n(1/w), where a_n has the degree n - 2.
        let w_r0 = k.mul(self.w, r0);
        let in_w = k.fma(a_w, w_r0, b_w);
        k.select(self.below, in_w, in_u)
    }
}

/// `a_n` and `b_n` as polynomials in `u`, of the degrees `n - 2` and `n - 1`; `n >= 2`.
fn coefficients(n: u32, s: f64) -> [Vec<f64>; 2] {
    // The degrees of a_0, a_1 and b_0 are below zero: those polynomials are constants or zero.
    [(1.0, 0.0), (0.0, 1.0)].map(|(zeroth, first)| {
        let (mut before, mut this) = (vec![zeroth], vec![first]);
        for j in 1..n {
            let mut next = vec![0.0; this.len() + 1];
            this.iter().zip(&mut next[1..]).for_each(|(c, x)| *x += 2.0 * f64::from(j) / s * c);
            before.iter().zip(&mut next).for_each(|(c, x)| *x += c);
            while next.len() > 1 && next.last() == Some(&0.0) {
                next.pop();
            }
            (before, this) = (this, next);
        }
        this
    })
}

/// A polynomial that is even or odd, by its coefficients from degree 0.
fn parity_polynomial(k: &mut KernelBuilder, x: Value, c: &[f64]) -> Value {
    let first = usize::from(c.first() == Some(&0.0) && c.len() > 1);
    let every_second: Vec<f64> = c.iter().skip(first).step_by(2).copied().collect();
    let x2 = k.mul(x, x);
    let even = k.polynomial(x2, &every_second);
    if first == 1 { k.mul(x, even) } else { even }
}

/// `log(sqrt(2 z/pi) exp(z) K_1(z))` in `3/z - 1`; error 3.1e-9.
const LOG_K1_F32: [f64; 10] = [
    0.1085421156612442,
    0.0953131406109272,
    -0.01079473172369385,
    0.001869361785130668,
    -0.00041086446797533225,
    0.00010706407202767087,
    -2.9403548357960598e-05,
    9.122541149041427e-06,
    -5.887894067677828e-06,
    2.535978143034585e-06,
];

/// `K_0/K_1` in `3/z - 1`; error 6.7e-9.
const R0_F32: [f64; 10] = [
    0.8651043830377029,
    -0.11032114672906009,
    0.019247171068958426,
    -0.004004116368321834,
    0.0009552209779396485,
    -0.0002561823694011737,
    7.08567829171301e-05,
    -2.1815435480796928e-05,
    1.3433150430452244e-05,
    -5.6674385438551415e-06,
];

/// The same; error 1.1e-17.
const LOG_K1_F64: [f64; 27] = [
    0.1085421178119918,
    0.09531313492809408,
    -0.010794836557287028,
    0.0018694721271721225,
    -0.00041005655813750004,
    0.00010647237998405691,
    -3.153230579465734e-05,
    1.0382970150896914e-05,
    -3.728657873619459e-06,
    1.4385885886566483e-06,
    -5.892978561133783e-07,
    2.532731150190752e-07,
    -1.1351285175391374e-07,
    5.5277895557035114e-08,
    -2.785926615129727e-08,
    7.758900092149253e-09,
    -1.5192761670869677e-09,
    1.2006753439805217e-08,
    -9.77150877333511e-09,
    -9.092405169124119e-09,
    8.188291897948487e-09,
    7.98855889907083e-09,
    -6.460409797158471e-09,
    -3.4176464840325974e-09,
    2.6693187648206997e-09,
    7.984455648997835e-10,
    -5.817341616020918e-10,
];

/// The same; error 2.1e-17.
const R0_F64: [f64; 27] = [
    0.8651043783093646,
    -0.11032113441946184,
    0.019247401693507957,
    -0.004004355528026338,
    0.0009534419375091771,
    -0.00025489875669950073,
    7.555170440926892e-05,
    -2.4553811733206622e-05,
    8.656140702128413e-06,
    -3.276250507750066e-06,
    1.3185729799961293e-06,
    -5.581953575760502e-07,
    2.470189483175865e-07,
    -1.1871746258533987e-07,
    5.919630559916589e-08,
    -1.6869985399348327e-08,
    3.5811941559104795e-09,
    -2.458241401784353e-08,
    1.9913840290109725e-08,
    1.840668135745998e-08,
    -1.6580105727594966e-08,
    -1.622583869142244e-08,
    1.3106909740469617e-08,
    6.936506167136766e-09,
    -5.413185623497644e-09,
    -1.6224786465561766e-09,
    1.18084203884988e-09,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_orders_are_the_textbook_ones() {
        // K_3 = K_1 + (4/z) K_2 = (4/z) K_0 + (1 + 8/z^2) K_1, here at s = 1.
        assert_eq!(coefficients(2, 1.0), [vec![1.0], vec![0.0, 2.0]]);
        assert_eq!(coefficients(3, 1.0), [vec![0.0, 4.0], vec![1.0, 0.0, 8.0]]);
    }
}
