//! The prior at time `T`, drawn exactly through the subordinator of the flow.
//!
//! In:    a [`ForwardLaw`], the data, a time, a seed.
//! Out:   one point per sample: `x_T = centre + sqrt(2 U_T) L z`, `z` standard normal, `L = 1` for isotropic flows.
//! Holds: `E exp(-kappa U_t) = exp(-t (lambda(kappa) - lambda(0)))`, the flow's symbol conditioned on survival, so that
//!        `x_T` has the characteristic function `exp(i k.centre - T (lambda(|k|^2) - lambda(0)))` in every dimension.
//! Source: subordination (Bochner 1955; Schilling, Song & Vondracek, "Bernstein Functions").

use std::ops::Range;

use std::sync::{Arc, Mutex, PoisonError};

use genphys_compiler::green::Subordinated;
use ndarray::{Array2, ArrayViewMut1, Axis};
use rand_distr::{ChiSquared, Distribution, StandardNormal};
use rand_philox::Philox;
use rayon::prelude::*;

use super::rng::{Purpose, open_unit, stream};
use super::schedule::StepVariable;
use crate::data::Dataset;

/// Where the kernels of the prior are centred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Prior {
    /// The law that the data forget to: one kernel about their weighted mean. Its error vanishes as `T` grows.
    Limit,
    /// Exactly `p(., T)` of the data: a data point drawn by its weight, and the kernel about it.
    #[default]
    Mixture,
}

/// Keeps a law for the rest of the process; the same law is kept once.
pub(crate) fn keep(law: &Arc<Subordinated>) -> &'static Subordinated {
    static KEPT: Mutex<Vec<&'static Arc<Subordinated>>> = Mutex::new(Vec::new());
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = kept.iter().find(|found| ***found == *law) {
        return found;
    }
    // Options and laws are copied freely, so that what they refer to has to stay; there is one for each equation that is run.
    let new: &'static Arc<Subordinated> = Box::leak(Box::new(law.clone()));
    kept.push(new);
    new
}

/// The increasing process `U_t` whose Gaussian mixture is the kernel of a flow.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Subordinator {
    /// `lambda = D kappa`, diffusion: `U_t = D t`.
    Deterministic {
        /// The diffusion coefficient `D`, a squared length per time.
        rate: f64,
    },
    /// `lambda = c sqrt(kappa)`, Poisson: `U_t = (c t)^2/(2 chi^2_1)`, the one-sided 1/2-stable law.
    HalfStable {
        /// The speed `c`, a length per time.
        speed: f64,
    },
    /// `lambda = c (sqrt(kappa + mu^2) - mu)`, Yukawa conditioned on survival, and mixed diffusion-Poisson: the inverse
    /// Gaussian law of mean `c t/(2 mu)` and shape `(c t)^2/2`.
    ///
    /// An inverse Gaussian of mean `m` and shape `l` has `E exp(-kappa U) = exp((l/m)(1 - sqrt(1 + 2 m^2 kappa/l)))`;
    /// `l/(2 m^2) = mu^2` and `sqrt(2 l) = c t` make that `exp(-c t (sqrt(kappa + mu^2) - mu))`.
    RelativisticHalf {
        /// The speed `c`, a length per time.
        speed: f64,
        /// The mass `mu >= 0`, an inverse length; 0 is the half-stable law.
        mass: f64,
    },
    /// The Bessel operator in t, PFGM++: `U_t = (c t)^2/(2 chi^2_d)`, a mixture that is no process with independent steps.
    Student {
        /// The speed `c`, a length per time.
        speed: f64,
        /// The degrees of freedom `d > 0`.
        freedom: f64,
    },
    /// `lambda = c kappa^beta`, fractional diffusion: the one-sided stable law of index beta.
    Stable {
        /// The rate `c`, a length to the power `2 beta` per time.
        rate: f64,
        /// The order `beta`, between 0 and 1.
        order: f64,
    },
    /// Any other Bernstein function: by inversion of its distribution function.
    General(&'static Subordinated),
}

impl Subordinator {
    /// Whether the parameters are finite and in their ranges.
    pub fn is_valid(self) -> bool {
        let positive = |value: f64| value > 0.0 && value.is_finite();
        match self {
            Subordinator::Deterministic { rate } => positive(rate),
            Subordinator::HalfStable { speed } => positive(speed),
            Subordinator::RelativisticHalf { speed, mass } => positive(speed) && mass >= 0.0 && mass.is_finite(),
            Subordinator::Student { speed, freedom } => positive(speed) && positive(freedom),
            Subordinator::Stable { rate, order } => positive(rate) && order > 0.0 && order < 1.0,
            // Only a law that was found consistent exists.
            Subordinator::General(_) => true,
        }
    }

    /// `lambda(kappa) - lambda(0)`, the exponent of the Laplace transform; none where it depends on t.
    pub fn exponent(self, kappa: f64) -> Option<f64> {
        Some(match self {
            Subordinator::Deterministic { rate } => rate * kappa,
            Subordinator::HalfStable { speed } => speed * kappa.sqrt(),
            // sqrt(kappa + mu^2) - mu without its cancellation.
            Subordinator::RelativisticHalf { speed, mass } => {
                let root = (kappa + mass * mass).sqrt() + mass;
                if root > 0.0 { speed * kappa / root } else { 0.0 }
            }
            Subordinator::Student { .. } => return None,
            Subordinator::Stable { rate, order } => rate * kappa.powf(order),
            Subordinator::General(law) => law.exponent(kappa),
        })
    }

    /// Draws `U_t`.
    pub fn draw(self, t: f64, rng: &mut Philox) -> f64 {
        match self {
            Subordinator::Deterministic { rate } => rate * t,
            Subordinator::HalfStable { speed } => {
                let shape = 0.5 * (speed * t) * (speed * t);
                shape / chi_squared_1(rng)
            }
            Subordinator::RelativisticHalf { speed, mass } => inverse_gaussian(speed * t, mass, rng),
            Subordinator::Student { speed, freedom } => {
                let shape = 0.5 * (speed * t) * (speed * t);
                shape / chi_squared(freedom, rng)
            }
            Subordinator::Stable { rate, order } => one_sided_stable(rate * t, order, rng),
            Subordinator::General(law) => law.quantile(t, open_unit(rng)),
        }
    }
}

/// A chi-squared number with one degree of freedom; never zero, so that it may divide.
fn chi_squared_1(rng: &mut Philox) -> f64 {
    loop {
        let z: f64 = StandardNormal.sample(rng);
        if z != 0.0 {
            return z * z;
        }
    }
}

/// A chi-squared number; `freedom` is positive and finite.
fn chi_squared(freedom: f64, rng: &mut Philox) -> f64 {
    match ChiSquared::new(freedom) {
        // Of few degrees of freedom a draw may be too small to divide by.
        Ok(law) => law.sample(rng).max(f64::MIN_POSITIVE),
        Err(_) => f64::NAN,
    }
}

/// The law with `E exp(-kappa U) = exp(-reach kappa^beta)`, by Kanter (1975): `U = reach^(1/beta) (A(phi)/E)^((1-beta)/beta)`
/// with `phi` uniform on `(0, pi)`, `E` exponential, and
/// `A(phi)^(1-beta) = sin(beta phi)^beta sin((1-beta) phi)^(1-beta) / sin(phi)`.
fn one_sided_stable(reach: f64, beta: f64, rng: &mut Philox) -> f64 {
    let u = open_unit(rng);
    let phi = std::f64::consts::PI * u;
    let exponential = -open_unit(rng).ln();
    // sin(phi) from the nearer end of the interval.
    let sine = (std::f64::consts::PI * u.min(1.0 - u)).sin();
    let log_a = (beta * (beta * phi).sin().ln() - sine.ln()) / (1.0 - beta) + ((1.0 - beta) * phi).sin().ln();
    let log_u = reach.ln() / beta + (log_a - exponential.ln()) * (1.0 - beta) / beta;
    // Of orders near 0 a draw may exceed the largest number; its root must not be infinite.
    log_u.exp().min(f64::MAX / 4.0)
}

/// The inverse Gaussian law of mean `reach/(2 mu)` and shape `l = reach^2/2`, by the two roots of Michael, Schucany &
/// Haas (1976), written so that neither cancels and `mu = 0` is no exception: with `a = l/mean = reach mu` and `y` a
/// chi-squared number, the smaller root is `x = l/(a + y/2 + sqrt(a y + y^2/4))`, taken with probability
/// `mean/(mean + x) = 1/(1 + a x/l)`; the other one is `mean^2/x`.
fn inverse_gaussian(reach: f64, mu: f64, rng: &mut Philox) -> f64 {
    let (shape, a) = (0.5 * reach * reach, reach * mu);
    let y = chi_squared_1(rng);
    let smaller = shape / (a + 0.5 * y + (a * y + 0.25 * y * y).sqrt());
    if open_unit(rng) * (1.0 + a * smaller / shape) <= 1.0 { smaller } else { (shape / a) * (shape / (a * smaller)) }
}

/// How one source spreads: a subordinator, and the rate at which mass is lost on the way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ForwardLaw {
    /// The law of the spread, conditioned on survival.
    pub subordinator: Subordinator,
    /// `lambda(0)`: the mass at time `t` is `exp(-lambda(0) t)`. `c mu` for Yukawa; negative where mass grows.
    pub killing: f64,
    /// The matrix L of `x_T = centre + sqrt(2 U_T) L z`, where it is not 1: its lower triangle along the first three axes, and
    /// its entry for every other axis.
    pub shape: Option<([[f64; 3]; 3], f64)>,
}

impl ForwardLaw {
    /// A law that keeps its mass.
    pub fn conserving(subordinator: Subordinator) -> ForwardLaw {
        ForwardLaw { subordinator, killing: 0.0, shape: None }
    }

    /// `phi_t = D lap(phi)`.
    pub fn diffusion(rate: f64) -> ForwardLaw {
        ForwardLaw::conserving(Subordinator::Deterministic { rate })
    }

    /// `phi_tt + c^2 lap(phi) = 0`.
    pub fn poisson(speed: f64) -> ForwardLaw {
        ForwardLaw::conserving(Subordinator::HalfStable { speed })
    }

    /// `phi_tt + (d - 1)/t phi_t + c^2 lap(phi) = 0`.
    pub fn student(speed: f64, freedom: f64) -> ForwardLaw {
        ForwardLaw::conserving(Subordinator::Student { speed, freedom })
    }

    /// `phi_t + c (-lap)^beta phi = 0`.
    pub fn stable(rate: f64, order: f64) -> ForwardLaw {
        ForwardLaw::conserving(Subordinator::Stable { rate, order })
    }

    /// `phi_tt + c^2 (lap(phi) - mu^2 phi) = 0`.
    pub fn yukawa(speed: f64, mass: f64) -> ForwardLaw {
        let law = ForwardLaw::conserving(Subordinator::RelativisticHalf { speed, mass });
        ForwardLaw { killing: speed * mass, ..law }
    }

    /// The variable in which the rays of one source are straight lines, `x - y` growing like a power of `t`: `sqrt(t)` for
    /// diffusion (the noise level of EDM), `t` for Poisson and for Yukawa, `t^(1/(2 beta))` for a stable law. A
    /// conserving tempered law goes from the one to the other; near its sources, where it matters, it is Poisson's.
    ///
    /// Along such a ray Yukawa's `R/p` is between constant and linear in `t`, so that its integral is exact or nearly so:
    /// far out, where `log w` changes by thousands, any other variable would need very short steps.
    pub fn ray_variable(&self) -> StepVariable {
        match self.subordinator {
            Subordinator::Deterministic { .. } => StepVariable::Power { exponent: 0.5 },
            Subordinator::HalfStable { .. } | Subordinator::RelativisticHalf { .. } | Subordinator::Student { .. } => {
                StepVariable::Time
            }
            Subordinator::Stable { order, .. } => StepVariable::Power { exponent: 0.5 / order },
            // Near the sources, where kappa is large.
            Subordinator::General(law) => StepVariable::Power { exponent: 0.5 / law.order() },
        }
    }

    /// The component of `L z` along an axis.
    fn shaped(&self, z: &[f64], axis: usize) -> f64 {
        match &self.shape {
            Some((rows, other)) => match rows.get(axis) {
                Some(row) => row.iter().zip(&z[..=axis]).map(|(l, z)| l * z).sum(),
                None => other * z[axis],
            },
            None => z[axis],
        }
    }

    /// Log of the mass at time `t`.
    pub fn log_mass(&self, t: f64) -> f64 {
        -self.killing * t
    }

    /// The law with heavier tails from which to draw the prior instead, where the weights of this one's own prior have
    /// infinite variance: the half-stable law of the same speed, for a tempered law that loses mass.
    pub fn heavier(&self) -> Option<ForwardLaw> {
        match self.subordinator {
            Subordinator::RelativisticHalf { speed, mass } if mass > 0.0 && self.killing != 0.0 => {
                Some(ForwardLaw::poisson(speed))
            }
            _ => None,
        }
    }

    /// Whether every parameter is finite and in its range.
    pub fn is_valid(&self) -> bool {
        self.subordinator.is_valid() && self.killing.is_finite()
    }
}

/// Draws `n` points of the prior at time `t`, `[n, N]`; row `i` is a function of the seed and of `i` alone.
pub fn draw(prior: Prior, law: &ForwardLaw, data: &Dataset, t: f64, n: usize, seed: u64) -> Array2<f64> {
    draw_rows(prior, law, data, t, 0..n, seed)
}

/// The rows of these numbers of the draws of [`draw`].
pub(super) fn draw_rows(
    prior: Prior,
    law: &ForwardLaw,
    data: &Dataset,
    t: f64,
    rows: Range<usize>,
    seed: u64,
) -> Array2<f64> {
    let (first, n) = (rows.start, rows.len());
    let mean = data.mean();
    let cumulative = cumulative_weights(data);
    let mut points = Array2::zeros((n, data.dim()));
    let rows: Vec<ArrayViewMut1<f64>> = points.axis_iter_mut(Axis(0)).collect();
    rows.into_par_iter().enumerate().for_each(|(i, mut row)| {
        let mut rng = stream(seed, Purpose::Prior, (first + i) as u64);
        match prior {
            Prior::Limit => row.assign(&mean),
            Prior::Mixture => row.assign(&data.points().row(choose(&cumulative, open_unit(&mut rng)))),
        }
        let spread = (2.0 * law.subordinator.draw(t, &mut rng)).sqrt();
        let z: Vec<f64> = (0..row.len()).map(|_| StandardNormal.sample(&mut rng)).collect();
        for (axis, x) in row.iter_mut().enumerate() {
            *x += spread * law.shaped(&z, axis);
        }
    });
    points
}

fn cumulative_weights(data: &Dataset) -> Vec<f64> {
    let running_sum = |sum: &mut f64, weight: &f64| {
        *sum += weight;
        Some(*sum)
    };
    data.weights().iter().scan(0.0, running_sum).collect()
}

/// The index at quantile `u`: the first whose cumulative weight exceeds it, so never one of weight zero.
fn choose(cumulative: &[f64], u: f64) -> usize {
    let total = cumulative.last().copied().unwrap_or(0.0);
    // A product just below the total may round up to it; then the last index of positive weight is meant.
    let target = (u * total).min(total.next_down());
    cumulative.partition_point(|&sum| sum <= target)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    const DRAWS: usize = 40_000;

    fn draws(law: Subordinator, t: f64) -> Vec<f64> {
        (0..DRAWS as u64).map(|i| law.draw(t, &mut stream(11, Purpose::Prior, i))).collect()
    }

    const LAWS: [Subordinator; 8] = [
        Subordinator::Stable { rate: 0.8, order: 0.75 },
        Subordinator::Stable { rate: 1.2, order: 1.0 / 3.0 },
        Subordinator::Deterministic { rate: 0.7 },
        Subordinator::HalfStable { speed: 1.3 },
        Subordinator::RelativisticHalf { speed: 1.0, mass: 2.0 },
        Subordinator::RelativisticHalf { speed: 0.5, mass: 0.1 },
        Subordinator::RelativisticHalf { speed: 1.0, mass: 1e-9 },
        Subordinator::RelativisticHalf { speed: 1.0, mass: 0.0 },
    ];

    #[test]
    fn laplace_transforms_are_those_of_the_symbol() {
        for law in LAWS {
            let u = draws(law, 1.7);
            for kappa in [0.05, 0.5, 2.0, 20.0] {
                let values: Vec<f64> = u.iter().map(|u| (-kappa * u).exp()).collect();
                let mean = values.iter().sum::<f64>() / DRAWS as f64;
                let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / DRAWS as f64;
                let expected = (-1.7 * law.exponent(kappa).expect("no time in it")).exp();
                let bound = 4.0 * (variance / DRAWS as f64).sqrt() + 1e-12;
                assert!((mean - expected).abs() < bound, "{law:?}, kappa {kappa}: {mean} against {expected}");
            }
        }
    }

    #[test]
    fn the_exponent_is_the_plain_formula() {
        let law = Subordinator::RelativisticHalf { speed: 1.5, mass: 0.8 };
        let plain = 1.5 * ((3.0_f64 + 0.64).sqrt() - 0.8);
        assert!((law.exponent(3.0).expect("no time in it") - plain).abs() < 1e-15);
        assert_eq!(Subordinator::RelativisticHalf { speed: 1.0, mass: 0.0 }.exponent(0.0), Some(0.0));
    }

    type Levels = [(f64, f64); 3];

    /// Quantiles by mpmath (30 digits, 14 kept), from the closed distribution functions: erfc(sqrt(l/(2u))) with l = (c t)^2/2,
    /// and Phi(sqrt(l/u)(u/m - 1)) + exp(2 l/m) Phi(-sqrt(l/u)(u/m + 1)). Columns: level, quantile.
    const QUANTILES: [(Subordinator, f64, Levels); 3] = [
        (
            Subordinator::HalfStable { speed: 1.3 },
            1.7,
            [(0.1, 0.90260978669681), (0.5, 5.3678929096388), (0.9, 154.65042977316)],
        ),
        (
            Subordinator::RelativisticHalf { speed: 1.0, mass: 2.0 },
            1.7,
            [(0.1, 0.19368758045282), (0.5, 0.37139068354611), (0.9, 0.72416677477848)],
        ),
        (
            Subordinator::RelativisticHalf { speed: 0.5, mass: 0.1 },
            1.7,
            [(0.1, 0.1271914926099), (0.5, 0.66342666406522), (0.9, 8.554545712529)],
        ),
    ];

    #[test]
    fn quantiles_are_those_of_the_distribution_functions() {
        for (law, t, quantiles) in QUANTILES {
            let u = draws(law, t);
            for (level, quantile) in quantiles {
                let below = u.iter().filter(|u| **u < quantile).count() as f64 / DRAWS as f64;
                let sigma = (level * (1.0 - level) / DRAWS as f64).sqrt();
                assert!((below - level).abs() < 4.0 * sigma, "{law:?}, level {level}: {below}");
            }
        }
    }

    #[test]
    fn mixtures_choose_by_weight_and_never_a_weightless_point() {
        let points = array![[-5.0], [0.0], [5.0], [9.0]];
        let data = Dataset::from_points(points, Some(vec![0.0, 3.0, 1.0, 0.0])).expect("valid");
        let narrow = ForwardLaw::diffusion(1e-6);
        let drawn = draw(Prior::Mixture, &narrow, &data, 1.0, DRAWS, 5);
        let share = |centre: f64| drawn.iter().filter(|x| (**x - centre).abs() < 0.1).count() as f64 / DRAWS as f64;
        // One sigma is 0.0022.
        assert!((share(0.0) - 0.75).abs() < 4.0 * 0.0022);
        assert_eq!(share(0.0) + share(5.0), 1.0);
        let limit = draw(Prior::Limit, &narrow, &data, 1.0, 10, 5);
        assert!(limit.iter().all(|x| (x - 1.25).abs() < 0.02), "about the weighted mean");
    }

    #[test]
    fn the_extreme_quantiles_choose_an_existing_point() {
        let data = Dataset::from_points(array![[0.0], [1.0], [2.0]], Some(vec![0.1, 0.2, 0.7])).expect("valid");
        let cumulative = cumulative_weights(&data);
        assert_eq!(choose(&cumulative, f64::MIN_POSITIVE), 0);
        assert_eq!(choose(&cumulative, 1.0_f64.next_down()), 2);
        assert_eq!(choose(&cumulative, 1.0), 2);
    }

    #[test]
    fn gaussian_and_cauchy_coordinates_have_their_quantiles() {
        // Diffusion: variance 2 D t. Poisson in any dimension: each coordinate is Cauchy of scale c t, quartile c t.
        let data = Dataset::from_points(array![[0.0, 0.0, 0.0]], None).expect("valid");
        for (law, quartile) in
            [(ForwardLaw::diffusion(0.5), 0.674_489_750_196_081_7 * 2.0_f64.sqrt()), (ForwardLaw::poisson(1.5), 3.0)]
        {
            let drawn = draw(Prior::Limit, &law, &data, 2.0, DRAWS, 9);
            for axis in 0..3 {
                let above = drawn.column(axis).iter().filter(|x| **x > quartile).count() as f64 / DRAWS as f64;
                // One sigma is sqrt(0.25 * 0.75/40000) = 0.0022.
                assert!((above - 0.25).abs() < 4.0 * 0.0022, "{law:?}, axis {axis}: {above}");
            }
        }
    }

    #[test]
    fn only_a_tempered_law_that_loses_mass_asks_for_a_heavier_one() {
        assert_eq!(ForwardLaw::yukawa(2.0, 0.5).heavier(), Some(ForwardLaw::poisson(2.0)));
        assert_eq!(ForwardLaw::yukawa(2.0, 0.5).log_mass(3.0), -3.0);
        let mixed = ForwardLaw::conserving(Subordinator::RelativisticHalf { speed: 1.0, mass: 0.5 });
        for law in [mixed, ForwardLaw::poisson(1.0), ForwardLaw::diffusion(1.0)] {
            assert_eq!(law.heavier(), None);
        }
    }
}
