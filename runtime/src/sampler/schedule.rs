//! When the sampler steps: the variable it integrates in, fixed grids, and the adaptive step size.
//!
//! In:    a span `[t_min, T]`, and either a number of steps or tolerances.
//! Out:   decreasing times from `T` to `t_min`, both ends met exactly.
//! Holds: a grid depends on its description alone; the adaptive steps depend on the whole population through one number,
//!        a maximum, so neither depends on the thread count.
//! Source: Karras et al. 2022 (arXiv:2206.00364), Eq. 5, for the power grid; Hairer & Wanner II, Sec. IV.2, and
//!         Gustafsson 1991 for the PI controller.

use super::tableau::Tableau;

/// The variable `u` in which the flow is integrated.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum StepVariable {
    /// `u = log t`, so `dx/du = t v`: smooth for every flow that scales like a power of `t`.
    #[default]
    LogTime,
    /// `u = t`.
    Time,
    /// `u = t^exponent`: where a source spreads like that power, its rays are straight lines in `u`, which every method
    /// follows without error ([`ForwardLaw::ray_variable`](super::ForwardLaw::ray_variable)).
    Power {
        /// The exponent, positive.
        exponent: f64,
    },
}

impl StepVariable {
    /// `u(t)`.
    pub fn of_time(self, t: f64) -> f64 {
        match self {
            StepVariable::LogTime => t.ln(),
            StepVariable::Time => t,
            StepVariable::Power { exponent } => t.powf(exponent),
        }
    }

    /// `t(u)`.
    pub fn to_time(self, u: f64) -> f64 {
        match self {
            StepVariable::LogTime => u.exp(),
            StepVariable::Time => u,
            StepVariable::Power { exponent } => u.powf(1.0 / exponent),
        }
    }

    /// `dt/du` at time `t`.
    pub fn rate(self, t: f64) -> f64 {
        match self {
            StepVariable::LogTime => t,
            StepVariable::Time => 1.0,
            StepVariable::Power { exponent } => t.powf(1.0 - exponent) / exponent,
        }
    }
}

/// How the times of a fixed grid are spaced.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Spacing {
    /// Equal ratios: the natural grid of a scale-free flow.
    LogUniform,
    /// Equal differences.
    Uniform,
    /// Equal differences of `t^(1/rho)`; `rho = 7` is the EDM schedule, 1 is uniform.
    Power {
        /// The exponent, at least 1.
        rho: f64,
    },
}

impl Spacing {
    /// Time number `k` of `0..=steps` on the way from `t_max` down to `t_min`.
    ///
    /// # Example
    /// ```
    /// use genphys_runtime::sampler::Spacing;
    /// assert_eq!(Spacing::Uniform.time(1, 4, 9.0, 1.0), 7.0);
    /// assert_eq!(Spacing::LogUniform.time(4, 4, 9.0, 1.0), 1.0);
    /// ```
    pub fn time(self, k: usize, steps: usize, t_max: f64, t_min: f64) -> f64 {
        if k == 0 {
            return t_max;
        }
        if k >= steps {
            return t_min;
        }
        let fraction = k as f64 / steps as f64;
        let between = |from: f64, to: f64| from + fraction * (to - from);
        let t = match self {
            Spacing::LogUniform => between(t_max.ln(), t_min.ln()).exp(),
            Spacing::Uniform => between(t_max, t_min),
            Spacing::Power { rho } => between(t_max.powf(1.0 / rho), t_min.powf(1.0 / rho)).powf(rho),
        };
        // Rounding at the ends must not leave the span.
        t.max(t_min).min(t_max)
    }
}

/// A fixed grid of times.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimeGrid {
    /// How its times are spaced.
    pub spacing: Spacing,
    /// The number of intervals, at least 1.
    pub steps: usize,
}

impl TimeGrid {
    /// Time number `k` of `0..=steps`, as [`Spacing::time`].
    pub fn time(self, k: usize, t_max: f64, t_min: f64) -> f64 {
        self.spacing.time(k, self.steps, t_max, t_min)
    }

    /// All times, decreasing, `[steps + 1]`.
    pub fn times(self, t_max: f64, t_min: f64) -> Vec<f64> {
        (0..=self.steps).map(|k| self.time(k, t_max, t_min)).collect()
    }
}

/// Tolerances of the adaptive step size.
///
/// The error of a step is the maximum over particles of the root mean square over components of
/// `error / (atol + rtol |x|)`, and of the error of the particle's log weight over `rtol`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerances {
    /// Absolute tolerance of a coordinate, a length; positive.
    pub atol: f64,
    /// Relative tolerance, and the absolute tolerance of a log weight; positive.
    pub rtol: f64,
    /// Attempted steps after which the run gives up.
    pub max_steps: usize,
}

impl Default for Tolerances {
    fn default() -> Tolerances {
        Tolerances { atol: 1e-5, rtol: 1e-5, max_steps: 10_000 }
    }
}

/// How far each step goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum StepControl {
    /// A fixed grid.
    Grid {
        /// Its spacing.
        spacing: Spacing,
        /// Its number of steps, at least 1.
        steps: usize,
    },
    /// One step size for the whole population, from the embedded error estimate.
    Adaptive(Tolerances),
}

/// A proportional-integral step size controller; its state is all that an adaptive run carries from step to step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Controller {
    /// Length of the next attempt in the step variable, positive.
    pub step: f64,
    /// Error of the last accepted step, relative to the tolerance.
    pub previous_error: f64,
    /// Whether the last attempt was rejected; the step then may not grow at once.
    pub rejected: bool,
}

impl Controller {
    const SAFETY: f64 = 0.9;
    const SHRINK: f64 = 0.2;
    const GROW: f64 = 5.0;

    /// A cautious first step: one hundredth of the span.
    pub fn start(span: f64) -> Controller {
        Controller { step: 0.01 * span, previous_error: 1.0, rejected: false }
    }

    /// Takes the error of an attempt, sets the length of the next one, and says whether this one is accepted.
    pub fn decide(&mut self, tableau: &Tableau, error: f64) -> bool {
        let k = f64::from(tableau.embedded_order + 1);
        if error > 1.0 || error.is_nan() {
            self.step *= (Self::SAFETY * error.powf(-1.0 / k)).max(Self::SHRINK);
            self.rejected = true;
            return false;
        }
        // A vanishing error must not divide by zero; below 1e-10 the growth limit rules anyway.
        let error = error.max(1e-10);
        let factor = Self::SAFETY * error.powf(-0.7 / k) * self.previous_error.powf(0.4 / k);
        let ceiling = if self.rejected { 1.0 } else { Self::GROW };
        self.step *= factor.clamp(Self::SHRINK, ceiling);
        self.previous_error = error;
        self.rejected = false;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::tableau::DOPRI5;
    use super::*;

    const SPACINGS: [Spacing; 4] =
        [Spacing::LogUniform, Spacing::Uniform, Spacing::Power { rho: 7.0 }, Spacing::Power { rho: 1.0 }];

    #[test]
    fn grids_decrease_and_meet_both_ends() {
        for spacing in SPACINGS {
            let times: Vec<f64> = (0..=20).map(|k| spacing.time(k, 20, 40.0, 1e-3)).collect();
            assert_eq!((times[0], times[20]), (40.0, 1e-3));
            assert!(times.windows(2).all(|pair| pair[0] > pair[1]), "{spacing:?}: {times:?}");
        }
    }

    #[test]
    fn the_power_grid_is_that_of_edm() {
        // Eq. 5 of EDM at sigma_max = 80, sigma_min = 0.002, rho = 7, 18 points, i = 9, by mpmath, 16 digits.
        let t = Spacing::Power { rho: 7.0 }.time(9, 17, 80.0, 0.002);
        assert!((t / 1.92333983704005 - 1.0).abs() < 1e-14, "{t}");
        let uniform = Spacing::Uniform.time(3, 10, 5.0, 1.0);
        assert!((Spacing::Power { rho: 1.0 }.time(3, 10, 5.0, 1.0) - uniform).abs() < 1e-14);
    }

    #[test]
    fn variables_invert_and_their_rates_are_derivatives() {
        for variable in [StepVariable::LogTime, StepVariable::Time, StepVariable::Power { exponent: 0.4 }] {
            let (t, h) = (0.7, 1e-6);
            let u = variable.of_time(t);
            assert!((variable.to_time(u) - t).abs() < 1e-15);
            let slope = (variable.to_time(u + h) - variable.to_time(u - h)) / (2.0 * h);
            assert!((slope - variable.rate(t)).abs() < 1e-9, "{variable:?}");
        }
    }

    #[test]
    fn the_controller_shrinks_on_failure_and_grows_on_success() {
        let mut controller = Controller::start(10.0);
        assert!(!controller.decide(&DOPRI5, 1e9));
        assert!((controller.step - 0.1 * Controller::SHRINK).abs() < 1e-15);
        let after_failure = controller.step;
        assert!(controller.decide(&DOPRI5, 1e-8));
        assert_eq!(controller.step, after_failure, "no growth right after a rejection");
        assert!(controller.decide(&DOPRI5, 0.0));
        assert!(controller.step > after_failure && controller.step <= 5.0 * after_failure);
    }
}
