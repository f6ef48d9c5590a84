//! Helmholtz's law: `lambda = d + c sqrt(kappa - k^2)`, positive where `k sqrt((c t)^2 + r^2)` is below the first zero of `Y_h`,
//! `h = (N+1)/2`.
//!
//! With `tau = c t` and `varrho^2 = tau^2 + r^2`: `g = -pi tau (k/(2 pi varrho))^h Y_h(k varrho) exp(-d t)`, `J/p = ratio (x - y)/(2 t)`,
//! and for a source term `C/sqrt(kappa - k^2)`: `R/p = C varrho/(k tau) Y_(h-1)/Y_h`.

use super::Term;
use super::bessel::{first_zero_of_y, scaled_y};
use std::f64::consts::PI;

/// The constants of a Helmholtz law.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ball {
    /// c, length per time.
    pub speed: f64,
    /// k, per length.
    pub wave_number: f64,
    /// d, per time.
    pub decay: f64,
    /// `J/p = flux_ratio (x - y)/(2 t)`.
    pub flux_ratio: f64,
    /// C.
    pub births: f64,
    /// The first positive zero of `Y_((N+1)/2)`.
    pub edge: f64,
}

impl Ball {
    /// With the edge in N dimensions.
    pub(super) fn new(dim: usize, speed: f64, wave_number: f64, decay: f64, flux_ratio: f64, births: f64) -> Ball {
        Ball { speed, wave_number, decay, flux_ratio, births, edge: first_zero_of_y(dim + 1) }
    }

    /// One source at the squared distance q.
    ///
    /// # Errors
    /// The place and the remedy, outside the ball.
    pub(super) fn term(&self, dim: usize, t: f64, q: f64) -> Result<Term, String> {
        let tau = self.speed * t;
        let rho = tau.hypot(q.sqrt());
        let z = self.wave_number * rho;
        // At the edge itself p = 0.
        if z >= self.edge {
            return Err(format!(
                "{} sqrt({tau}^2 + {}^2) = {z}, from the data point at that distance, is not below {}, the first zero of \
                 Y_({}/2); take an earlier time or a smaller wave number, or points nearer to the data",
                self.wave_number,
                q.sqrt(),
                self.edge,
                dim + 1
            ));
        }
        let order = 0.5 * (dim as f64 + 1.0);
        let (log, y, below) = scaled_y(dim + 1, z);
        let log_scale = (PI * tau).ln() + order * (self.wave_number / (2.0 * PI * rho)).ln() + log - self.decay * t;
        let births = if self.births == 0.0 { 0.0 } else { -self.births * rho / (self.wave_number * tau) * below };
        Ok(Term { log_scale, p: -y, flux: -y * self.flux_ratio / (2.0 * t), births })
    }
}
