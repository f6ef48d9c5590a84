//! Times that suit the data: when the flow has spread far beyond them, and when it is close to each point.

use crate::cli::arguments::Prior;
use genphys_runtime::data::Dataset;
use genphys_runtime::sampler::{Subordinator, Tolerances};
use ndarray::ArrayView1;

/// How far the prior spreads, in radii of the data. The mixture is exact at every T: it only has to hide the data. The
/// limit law forgets the data like (radius/spread)^2.
const MIXTURE_SPREAD: f64 = 5.0;
const LIMIT_SPREAD: f64 = 40.0;

/// How far a point has spread at the end, in distances between neighbours: too little to reach the next one. A Gaussian
/// reaches a few times its width; a heavy tail `P(reach > r) = 0.8 width/r` needs a far smaller one to stay below 1/100.
const END_SPREAD: f64 = 0.05;
const END_SPREAD_HEAVY: f64 = 1e-3;

/// Roundings of a coordinate in the smallest length of a run.
const RESOLVED: f64 = 8.0;

/// Degrees of freedom from which Student's law reaches hardly farther than a Gaussian does.
const LIGHT_FREEDOM: f64 = 32.0;

/// Points whose nearest neighbour is sought, and coordinates that the search may compare.
const SOUGHT: usize = 64;
const MOST_COMPARED: usize = 1 << 27;

/// The lengths of a data set, and its dimension.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// The dimension: a law of width w on each axis reaches about `sqrt(N) w` far.
    dim: usize,
    /// The root mean square distance from the mean.
    radius: f64,
    /// The median distance between nearest neighbours.
    spacing: f64,
}

impl Scale {
    /// The scale of `data`; a single point counts as one of radius 1.
    pub fn of(data: &Dataset) -> Scale {
        let mean = data.mean();
        let squares = data.points().rows().into_iter().zip(data.weights());
        let radius = squares.map(|(x, w)| w * squared(x, mean.view())).sum::<f64>().sqrt();
        let radius = if radius > 0.0 && radius.is_finite() { radius } else { 1.0 };
        Scale { dim: data.dim(), radius, spacing: spacing(data).unwrap_or(radius) }
    }

    /// The time of the prior.
    pub fn start(self, law: Subordinator, prior: Prior) -> f64 {
        let spread = match prior {
            Prior::Mixture => MIXTURE_SPREAD,
            Prior::Limit => LIMIT_SPREAD,
        };
        self.time_of_reach(law, spread * self.radius)
    }

    /// The time of the samples.
    pub fn end(self, law: Subordinator) -> f64 {
        let light = match law {
            Subordinator::Deterministic { .. } => true,
            Subordinator::Student { freedom, .. } => freedom >= LIGHT_FREEDOM,
            _ => false,
        };
        let spread = if light { END_SPREAD } else { END_SPREAD_HEAVY };
        self.time_of_reach(law, spread * self.spacing)
    }

    fn time_of_reach(self, law: Subordinator, reach: f64) -> f64 {
        time_of_spread(law, reach / (self.dim as f64).sqrt())
    }

    /// Are the smallest lengths of a run far above the rounding of coordinates, relative to the radius?
    pub fn is_resolved(self, epsilon: f64) -> bool {
        RESOLVED * epsilon * self.radius < END_SPREAD_HEAVY * self.spacing
    }

    /// Tolerances in the lengths of the data.
    pub fn tolerances(self, plain: Tolerances) -> Tolerances {
        Tolerances { atol: plain.atol * self.spacing, ..plain }
    }
}

/// The time at which a coordinate of the law is about `spread` wide.
fn time_of_spread(law: Subordinator, spread: f64) -> f64 {
    match law {
        Subordinator::Deterministic { rate } => spread * spread / (2.0 * rate),
        Subordinator::HalfStable { speed } => spread / speed,
        // tau^2/(1 + mu tau) = spread^2: a Cauchy law near the source, a Gaussian one far beyond 1/mu.
        Subordinator::RelativisticHalf { speed, mass } => {
            let square = spread * spread;
            0.5 * (square * mass + (square * square * mass * mass + 4.0 * square).sqrt()) / speed
        }
        // Per axis, Student's law of many degrees of freedom is a Gaussian of variance t^2/d.
        Subordinator::Student { speed, freedom } => spread * freedom.max(1.0).sqrt() / speed,
        // Self-similar: lengths grow as (c t)^(1/(2 beta)).
        Subordinator::Stable { rate, order } => spread.powf(2.0 * order) / rate,
        // Waves of that length have decayed.
        Subordinator::General(law) => 1.0 / law.exponent(spread.powi(-2)),
    }
}

/// The median distance from a few points to their nearest other point.
fn spacing(data: &Dataset) -> Option<f64> {
    let points = data.points();
    let stride = |most: usize| data.len().div_ceil(most.max(1)).max(1);
    let compared = MOST_COMPARED / (SOUGHT * data.dim());
    let mut distances: Vec<f64> = (0..data.len())
        .step_by(stride(SOUGHT))
        .filter_map(|i| {
            let others = (0..data.len()).step_by(stride(compared)).map(|j| squared(points.row(i), points.row(j)));
            others.filter(|d| *d > 0.0).min_by(f64::total_cmp)
        })
        .map(f64::sqrt)
        .collect();
    distances.sort_by(f64::total_cmp);
    distances.get(distances.len() / 2).copied().filter(|d| d.is_finite())
}

fn squared(a: ArrayView1<f64>, b: ArrayView1<f64>) -> f64 {
    a.iter().zip(b).map(|(x, y)| (x - y) * (x - y)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_grid_has_its_radius_and_its_spacing() {
        let data = Dataset::from_points(array![[0.0], [1.0], [2.0], [3.0], [4.0]], None).expect("valid");
        let scale = Scale::of(&data);
        assert_eq!(scale, Scale { dim: 1, radius: 2.0_f64.sqrt(), spacing: 1.0 });
        let one = Dataset::from_points(array![[7.0, 7.0]], None).expect("valid");
        assert_eq!(Scale::of(&one), Scale { dim: 2, radius: 1.0, spacing: 1.0 });
    }

    #[test]
    fn spreads_are_those_of_the_laws() {
        // Gaussian: standard deviation sqrt(2 D t). Cauchy: scale c t.
        assert_eq!(time_of_spread(Subordinator::Deterministic { rate: 2.0 }, 4.0), 4.0);
        assert_eq!(time_of_spread(Subordinator::HalfStable { speed: 2.0 }, 4.0), 2.0);
        let tempered = |mass| time_of_spread(Subordinator::RelativisticHalf { speed: 2.0, mass }, 4.0);
        assert_eq!(tempered(0.0), 2.0);
        // Far beyond 1/mu the variance per axis is c t/mu.
        assert!((tempered(1e3) * 2.0 / 1e3 / 16.0 - 1.0).abs() < 1e-6);
    }
}
