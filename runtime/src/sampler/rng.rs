//! Random streams: one per (seed, purpose, index), each a function of those three numbers alone.
//!
//! In:    the seed of a run, what the numbers are for, and the index of a sample, a resampling or a data point.
//! Out:   a [`Philox`] generator (Philox4x32-10), usable with every distribution of `rand_distr`.
//! Holds: two different triples never share a counter block, so a draw does not depend on which draws ran before it,
//!        on which thread, or on how the samples were cut into chunks.
//! Source: Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).

use rand_philox::{Philox, splitmix64};

/// What a stream is for; streams of different purposes never overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The prior draw of one sample: its centre, its subordinator, its normal vector.
    Prior = 1,
    /// The offset of one systematic resampling.
    Resampling = 2,
    /// One point of a generated data set.
    Data = 3,
    /// One direction of the sliced Wasserstein distance.
    Projection = 4,
    /// The choice of a population among candidates.
    Selection = 5,
    /// A draw of real points to compare with.
    Reference = 6,
}

/// Opens the stream of `index` for `purpose` under `seed`.
///
/// Counter layout in 32-bit words, lowest first: block within the stream, low and high half of the index, purpose.
///
/// # Example
/// ```
/// use genphys_runtime::sampler::rng::{Purpose, stream};
/// let first = stream(7, Purpose::Prior, 41).next_u64();
/// assert_eq!(first, stream(7, Purpose::Prior, 41).next_u64());
/// assert_ne!(first, stream(7, Purpose::Prior, 42).next_u64());
/// ```
pub fn stream(seed: u64, purpose: Purpose, index: u64) -> Philox {
    // The finaliser is a bijection, so distinct seeds keep distinct keys.
    let key = splitmix64(seed);
    let counter = (u128::from(index) << 32) | ((purpose as u128) << 96);
    Philox::new([key as u32, (key >> 32) as u32], counter)
}

/// A uniform number of the open interval (0, 1), never 0 and never 1: odd multiples of 2^-53.
pub fn open_unit(rng: &mut Philox) -> f64 {
    const STEPS: f64 = (1_u64 << 52) as f64;
    ((rng.next_u64() >> 12) as f64 + 0.5) / STEPS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_differ_in_every_coordinate() {
        let base = stream(1, Purpose::Prior, 5).next_u64();
        assert_ne!(base, stream(2, Purpose::Prior, 5).next_u64());
        assert_ne!(base, stream(1, Purpose::Data, 5).next_u64());
        assert_ne!(base, stream(1, Purpose::Prior, 6).next_u64());
        assert_ne!(base, stream(1, Purpose::Prior, 5 + (1 << 32)).next_u64());
    }

    #[test]
    fn the_block_function_is_philox4x32_10() {
        // Known answer of Random123 (kat_vectors): key 0, counter 0.
        let mut rng = Philox::new([0, 0], 0);
        assert_eq!([rng.next_u32(), rng.next_u32()], [0x6627_e8d5, 0xe169_c58d]);
        // And `splitmix64(0) == 0`, so seed 0 reads key 0 at the counter that the layout says.
        let word = rand_philox::philox4x32_10([0, 9, 0, Purpose::Data as u32], [0, 0])[0];
        assert_eq!(stream(0, Purpose::Data, 9).next_u32(), word);
    }

    #[test]
    fn open_unit_is_uniform() {
        let mut rng = stream(3, Purpose::Data, 0);
        let draws: Vec<f64> = (0..20_000).map(|_| open_unit(&mut rng)).collect();
        assert!(draws.iter().all(|u| 0.0 < *u && *u < 1.0));
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        // One sigma is sqrt(1/12/20000) = 0.00204.
        assert!((mean - 0.5).abs() < 4.0 * 0.00204, "{mean}");
    }
}
