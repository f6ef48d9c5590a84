//! The distances that samples are judged by, with everything about them that must be the same for all.

use super::Points;
use crate::cli::arguments::Metric;
use genphys_runtime::data::Dataset;
use genphys_runtime::metrics::{
    Cloud, MetricError, coverage, energy_distance, median_distance, mmd_squared, real_draw, sliced_wasserstein2,
};

/// Directions of the sliced distance.
const DIRECTIONS: usize = 128;

/// Neighbours of the coverage, as in its paper.
const NEIGHBOURS: usize = 5;

/// Metrics and what they compare with.
pub struct Yardstick<'a> {
    data: &'a Dataset,
    metrics: &'a [Metric],
    /// The number of points of a real draw.
    n: usize,
    /// The width of the kernel of the MMD: the median distance of the data.
    width: f64,
}

impl<'a> Yardstick<'a> {
    /// Of these data.
    pub fn new(data: &'a Dataset, metrics: &'a [Metric], n: usize) -> Yardstick<'a> {
        Yardstick { data, metrics, n, width: median_distance(&data.into()) }
    }

    /// How many values [`Yardstick::measure`] returns.
    pub fn metrics(&self) -> usize {
        self.metrics.len()
    }

    /// Draw `number` of the real points under `seed`; draw 0 is the one that samples are compared with.
    pub fn real(&self, seed: u64, number: u64) -> Points {
        real_draw(self.data, self.n, seed, number)
    }

    /// Every metric of `points` against real draw 0 of this seed; the coverage is that of the data themselves.
    ///
    /// # Errors
    /// [`MetricError`] for points of another dimension.
    pub fn measure(&self, seed: u64, points: &Points) -> Result<Vec<f64>, MetricError> {
        let real = self.real(seed, 0);
        let (samples, real) = (Cloud::new(points.view())?, Cloud::new(real.view())?);
        let value = |metric: &Metric| match metric {
            Metric::Energy => energy_distance(&samples, &real),
            Metric::Swd => sliced_wasserstein2(&samples, &real, DIRECTIONS, seed),
            Metric::Mmd => mmd_squared(&samples, &real, self.width),
            Metric::Coverage => coverage(&self.data.into(), &samples, NEIGHBOURS),
        };
        self.metrics.iter().map(value).collect()
    }
}
