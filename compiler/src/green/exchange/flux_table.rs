//! The flux of a tempered law that keeps its mass, as numbers: a factor of the distance, and its table at one time.
//!
//! In:   `h = (N + 1)/2`, `z0 = mu tau`.
//! Out:  [`factor`], and [`FluxTable`]: the factor in pieces of `log varrho` from `tau` to `varrho_X`, and of `varrho_X/varrho` beyond.
//! Holds: nothing but `f64` is needed here, as this text is also a part of the modules that `genphys!` generates.

use core::f64::consts::PI;

/// Pieces below `varrho_X`; one more lies beyond.
pub const PIECES: usize = 16;

/// The factor at one time, times `1 + varrho/varrho_X`, as polynomials with TERMS coefficients.
pub struct FluxTable<const TERMS: usize> {
    /// Pieces for every e-fold of `varrho^2`.
    pub pieces_per_log: f64,
    /// `mu varrho_X`.
    pub z_end: f64,
    /// Coefficients of powers of the variable that runs from -1 to 1 on the piece; the piece beyond `varrho_X` comes last.
    pub powers: [[f64; TERMS]; PIECES + 1],
}

impl<const TERMS: usize> FluxTable<TERMS> {
    /// In the place of a table where nobody asks for the factor, which only generated modules do.
    #[allow(dead_code)]
    pub const EMPTY: FluxTable<TERMS> =
        FluxTable { pieces_per_log: 0.0, z_end: 1.0, powers: [[0.0; TERMS]; PIECES + 1] };

    /// At `h = (N + 1)/2` and `z0 = mu tau`.
    pub fn new(h: f64, z0: f64) -> FluxTable<TERMS> {
        let z_end = 4.0 * z0.max(h + 1.0);
        let length = 2.0 * (z_end / z0).ln();
        let mut powers = [[0.0; TERMS]; PIECES + 1];
        for (i, powers) in powers.iter_mut().enumerate() {
            let mut values = [0.0; TERMS];
            for (j, value) in values.iter_mut().enumerate() {
                // The nodes of Chebyshev's interpolation.
                let s = (PI * (j as f64 + 0.5) / TERMS as f64).cos();
                let z = match i {
                    PIECES => z_end / (0.5 * (s + 1.0)),
                    _ => z0 * (0.5 * length * (i as f64 + 0.5 * (s + 1.0)) / PIECES as f64).exp(),
                };
                *value = factor(h, z0, z) * (1.0 + z / z_end);
            }
            *powers = interpolate(&values);
        }
        FluxTable { pieces_per_log: PIECES as f64 / length, z_end, powers }
    }
}

/// Coefficients of powers of s of the polynomial with these values at Chebyshev's nodes.
fn interpolate<const TERMS: usize>(values: &[f64; TERMS]) -> [f64; TERMS] {
    let mut out = [0.0; TERMS];
    // T_0 and T_1, then T_(j+1) = 2 s T_j - T_(j-1).
    let (mut before, mut this) = ([0.0; TERMS], [0.0; TERMS]);
    for j in 0..TERMS {
        let mut next = [0.0; TERMS];
        match j {
            0 => next[0] = 1.0,
            _ => {
                let factor = if j == 1 { 1.0 } else { 2.0 };
                next[1..].iter_mut().zip(&this).zip(&before[1..]).for_each(|((x, t), b)| *x = factor * t - b);
                next[0] = -before[0];
            }
        }
        (before, this) = (this, next);
        let angle = |i: usize| (PI * j as f64 * (i as f64 + 0.5) / TERMS as f64).cos();
        let sum: f64 = values.iter().enumerate().map(|(i, v)| v * angle(i)).sum();
        let c = sum * if j == 0 { 1.0 } else { 2.0 } / TERMS as f64;
        out.iter_mut().zip(&this).for_each(|(o, t)| *o += c * t);
    }
    out
}

/// `f` for `z0 = mu tau`, `z = mu varrho`: the trapezoidal rule in `log w`, which converges exponentially.
pub fn factor(h: f64, z0: f64, z: f64) -> f64 {
    let root = h.hypot(z);
    let peak = (0.5 * z * (z / (h + root))).ln();
    let step = (0.6 / root.sqrt()).min(0.2);
    let (rise, fall) = (peak.exp(), 0.25 * z * z * (-peak).exp());
    let exponent = |u: f64| -h * u - rise * u.exp_m1() - fall * (-u).exp_m1();
    let (mut sum, mut weights) = (0.0, 0.0);
    let mut add = |u: f64| {
        let weight = exponent(u).exp();
        let a = (0.5 * (peak + u)).exp();
        let b = 0.5 * z0 / a;
        sum += weight * (b + a * complement(a + b)) / (a + b);
        weights += weight;
        weight > 1e-18
    };
    add(0.0);
    let mut walk = |direction: f64| (1..100_000).all(|i| add(direction * step * f64::from(i)));
    walk(1.0);
    walk(-1.0);
    sum / weights
}

/// `1 - sqrt(pi) x erfcx(x)`, `erfcx(x) = exp(x^2) erfc(x)`, for `x > 0`, without cancellation for large `x`.
pub fn complement(x: f64) -> f64 {
    let square = x * x;
    if x < 1.0 {
        // DLMF 7.6.2: sqrt(pi) exp(x^2) erf(x) = 2 x sum_n (2 x^2)^n/(2n + 1)!!.
        let (mut sum, mut term) = (1.0, 1.0);
        for n in 1..24 {
            term *= 2.0 * square / f64::from(2 * n + 1);
            sum += term;
        }
        return 1.0 - PI.sqrt() * x * square.exp() + 2.0 * square * sum;
    }
    // DLMF 7.9.1: sqrt(pi) erfcx(x) = 1/(x + (1/2)/(x + 1/(x + (3/2)/(x + ...)))).
    // Its parts as one quotient, so that nothing waits for a division, while they stay below 1e220.
    let terms = 8 + (240.0 / square) as u32;
    let fraction = match terms {
        0..12 => (2..=terms).rev().fold(0.0, |rest, i| 0.5 * f64::from(i) / (x + rest)),
        _ => {
            let next = |(above, below): ([f64; 2], [f64; 2]), i| {
                let c = 0.5 * f64::from(i);
                ([above[1], x * above[1] + c * above[0]], [below[1], x * below[1] + c * below[0]])
            };
            let (above, below) = (2..=terms).fold(([1.0, 0.0], [0.0, 1.0]), next);
            above[1] / below[1]
        }
    };
    let first = 0.5 / (x + fraction);
    first / (x + first)
}
