//! Subordinators whose draws a device makes itself.

use genphys_compiler::green::Spread;

use super::Subordinator;

impl Subordinator {
    /// How `sqrt(2 U_t) z` is drawn from normal and uniform numbers in bounded work, and the uniforms of [`Spread::kernel`] at time `t`;
    /// none for the laws that need more.
    ///
    /// # Example
    /// ```
    /// use genphys_compiler::green::Spread;
    /// use genphys_runtime::sampler::Subordinator;
    /// let poisson = Subordinator::HalfStable { speed: 2.0 };
    /// assert_eq!(poisson.spread(3.0), Some((Spread::Student { freedom: 1 }, vec![6.0])));
    /// assert_eq!(Subordinator::Stable { rate: 1.0, order: 0.5 }.spread(3.0), None);
    /// ```
    pub fn spread(self, t: f64) -> Option<(Spread, Vec<f64>)> {
        Some(match self {
            Subordinator::Deterministic { rate } => (Spread::Fixed, vec![(2.0 * rate * t).sqrt()]),
            Subordinator::HalfStable { speed } => (Spread::Student { freedom: 1 }, vec![speed * t]),
            Subordinator::RelativisticHalf { speed, mass } => {
                (Spread::InverseGaussian, vec![speed * t, speed * t * mass])
            }
            Subordinator::Student { speed, freedom } => (Spread::student(freedom)?, vec![speed * t]),
            Subordinator::Stable { .. } | Subordinator::General(_) => return None,
        })
    }
}
