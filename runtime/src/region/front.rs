//! The wake of a damped wave: `s^2 + 2 eps s + m + c^2 kappa` with `mu^2 = eps^2 - m >= 0`.
//!
//! With `s = sqrt(t^2 - r^2/c^2)` and `z = mu s` the Green's function behind the front `r < c t` is `exp(-eps t) F(s)`,
//! N = 1: `I_0(z)/(2 c)`; N = 2: `cosh(z)/(2 pi c^2 s)`; N = 3: `mu I_1(z)/(4 pi c^3 s)`. With `H = F'(s)/s`:
//! `p = phi_t + 2 eps phi = exp(-eps t) (eps F + t H)`, `J = -c^2 grad(phi) = exp(-eps t) H (x - y)`, `R = -m phi`.

use super::Term;
use super::bessel::scaled_i;
use std::f64::consts::PI;

/// The constants of a damped wave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Front {
    /// The damping eps, per time.
    pub damping: f64,
    /// m, per time squared: `R = -m phi`.
    pub stiffness: f64,
    /// The speed c of the front, length per time.
    pub speed: f64,
    /// `mu = sqrt(eps^2 - m)`, per time.
    pub rate: f64,
}

impl Front {
    /// The largest dimension with a closed form here.
    pub const MOST_DIMENSIONS: usize = 3;

    /// One source at the squared distance q; none ahead of the front.
    pub(super) fn term(&self, dim: usize, t: f64, q: f64) -> Option<Term> {
        let (c, mu) = (self.speed, self.rate);
        let delay = q.sqrt() / c;
        let s2 = (t - delay) * (t + delay);
        if delay >= t || s2 <= 0.0 {
            return None;
        }
        let s = s2.sqrt();
        let z = mu * s;
        // F and H times exp(-z).
        let (f, h) = match dim {
            1 => (scaled_i(0, z) / (2.0 * c), mu * mu * scaled_i(1, z) / (2.0 * c)),
            2 => {
                let echo = (-2.0 * z).exp();
                let (cosh, sinh) = (0.5 * (1.0 + echo), 0.5 * (1.0 - echo));
                let scale = 1.0 / (2.0 * PI * c * c * s);
                (scale * cosh, scale * (z * sinh - cosh) / s2)
            }
            _ => {
                let scale = mu * mu / (4.0 * PI * c * c * c);
                (scale * scaled_i(1, z), scale * mu * mu * scaled_i(2, z))
            }
        };
        Some(Term {
            log_scale: z - self.damping * t,
            p: self.damping * f + t * h,
            flux: h,
            births: -self.stiffness * f,
        })
    }

    /// Why there is no positive density.
    pub(super) fn outside(&self, t: f64, nearest: f64) -> String {
        let reach = self.speed * t;
        if nearest >= reach {
            return format!(
                "it lies ahead of every front: the nearest data point is at distance {nearest}, and the fronts are at \
                 {reach}; take a time above {}",
                nearest / self.speed
            );
        }
        "it lies in the layer behind the front where the density is not positive; take a later time, or a point nearer to \
         the data"
            .to_owned()
    }
}
