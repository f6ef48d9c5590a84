//! Births and deaths: effective sample size, and resampling at a constant population.
//!
//! In:    log weights, and twisted log weights to resample on.
//! Out:   [`Resampling`]: which particle each slot continues, and its new log weight.
//! Holds: for every test function `f`, the expectation of `sum_i w'_i f(x'_i)` over the offset is `sum_i w_i f(x_i)`, so
//!        total mass is kept on average; with `twisted = log_weights` it is kept exactly and the weights come out equal.
//!        A particle that survives keeps its slot.
//! Source: Kitagawa 1996 (systematic resampling); Kong 1992 (effective sample size); module [`super`] for the twist.

/// The outcome of one resampling.
#[derive(Debug, Clone, PartialEq)]
pub struct Resampling {
    /// The particle that each slot continues.
    pub ancestors: Vec<usize>,
    /// The new log weights.
    pub log_weights: Vec<f64>,
    /// Slots that hold a copy beyond a particle's first; as many particles died.
    pub births: usize,
}

/// `(sum w)^2 / sum w^2`, between 1 and `n`; 0 for no weights.
///
/// # Example
/// ```
/// use genphys_runtime::sampler::branching::effective_sample_size;
/// assert_eq!(effective_sample_size(&[-3.0, -3.0]), 2.0);
/// assert_eq!(effective_sample_size(&[0.0, -1e6]), 1.0);
/// ```
pub fn effective_sample_size(log_weights: &[f64]) -> f64 {
    let peak = maximum(log_weights);
    let (mut sum, mut squares) = (0.0, 0.0);
    for log_weight in log_weights {
        let weight = (log_weight - peak).exp();
        sum += weight;
        squares += weight * weight;
    }
    if squares > 0.0 { sum * sum / squares } else { 0.0 }
}

/// The effective sample size counted by lineage: particles of the same origin weigh as one.
///
/// Paths are deterministic, so what descends from one prior draw stays one point: only this number says how many
/// independent samples a resampled population is worth. Origins at or above `log_weights.len()` are left out.
pub fn lineage_sample_size(log_weights: &[f64], origins: &[usize]) -> f64 {
    let peak = maximum(log_weights);
    let mut lineages = vec![0.0; log_weights.len()];
    for (log_weight, &origin) in log_weights.iter().zip(origins) {
        if let Some(lineage) = lineages.get_mut(origin) {
            *lineage += (log_weight - peak).exp();
        }
    }
    let squares: f64 = lineages.iter().map(|weight| weight * weight).sum();
    let sum: f64 = lineages.iter().sum();
    if squares > 0.0 { sum * sum / squares } else { 0.0 }
}

/// `log((1/n) sum w)`: the log of the total mass that a population of absolute weights stands for.
pub fn log_mean_weight(log_weights: &[f64]) -> f64 {
    let peak = maximum(log_weights);
    let sum: f64 = log_weights.iter().map(|log_weight| (log_weight - peak).exp()).sum();
    peak + (sum / log_weights.len().max(1) as f64).ln()
}

/// Whether all weights are the same number, so that resampling could change nothing.
pub fn all_equal(log_weights: &[f64]) -> bool {
    log_weights.windows(2).all(|pair| pair[0] == pair[1])
}

/// Systematic resampling of `n` particles into `n`, on `twisted` weights, with one uniform `offset` of (0, 1).
///
/// Particle `i` of twisted probability `pi_i` has `n pi_i` copies on average, rounded up or down, each of weight
/// `w_i/(n pi_i)`.
pub fn resample(log_weights: &[f64], twisted: &[f64], offset: f64) -> Resampling {
    let log_copies = log_copies(twisted);
    let counts = copy_counts(&log_copies, twisted.len(), offset);
    let (ancestors, births) = settle(&counts);
    let log_weights = ancestors.iter().map(|&i| log_weights[i] - log_copies[i]).collect();
    Resampling { ancestors, log_weights, births }
}

/// Systematic choice of `slots` particles out of any number, as [`resample`]; ancestors ascend, and the mean weight
/// stands for the same mass. `births` counts the copies beyond a particle's first.
pub fn select(log_weights: &[f64], twisted: &[f64], slots: usize, offset: f64) -> Resampling {
    let log_copies = log_copies(twisted);
    let counts = copy_counts(&log_copies, slots, offset);
    let copies = counts.iter().enumerate().flat_map(|(i, &count)| std::iter::repeat_n(i, count));
    let ancestors: Vec<usize> = copies.collect();
    let log_weights = ancestors.iter().map(|&i| log_weights[i] - log_copies[i]).collect();
    let births = counts.iter().map(|count| count.saturating_sub(1)).sum();
    Resampling { ancestors, log_weights, births }
}

/// `log(M pi_i)` of `M` particles: the weight of a copy is the particle's, divided by this number.
fn log_copies(twisted: &[f64]) -> Vec<f64> {
    let log_total = log_mean_weight(twisted);
    twisted.iter().map(|log_weight| log_weight - log_total).collect()
}

/// How many of the marks `offset, offset + 1, ..` below `n` fall on each particle's stretch of length `n pi_i`.
fn copy_counts(log_copies: &[f64], n: usize, offset: f64) -> Vec<usize> {
    let total: f64 = log_copies.iter().map(|log_copy| log_copy.exp()).sum();
    let (mut end, mut marks) = (0.0, 0);
    let mut counts = vec![0; log_copies.len()];
    for (count, log_copy) in counts.iter_mut().zip(log_copies) {
        // Dividing by the rounded total makes the last stretch end at n.
        end += log_copy.exp() * (n as f64 / total);
        while marks < n && marks as f64 + offset < end {
            *count += 1;
            marks += 1;
        }
    }
    // Rounding of the running sum may leave the last mark over: it belongs to the last stretch of positive length.
    if let Some(last) = log_copies.iter().rposition(|log_copy| log_copy.exp() > 0.0) {
        counts[last] += n - marks;
    }
    counts
}

/// Puts each particle's first copy in its own slot and the others in the slots of the dead, in order.
fn settle(counts: &[usize]) -> (Vec<usize>, usize) {
    let mut ancestors: Vec<usize> = (0..counts.len()).collect();
    let spare = counts.iter().enumerate().flat_map(|(i, &count)| std::iter::repeat_n(i, count.saturating_sub(1)));
    let vacant = (0..counts.len()).filter(|&slot| counts[slot] == 0);
    let mut births = 0;
    for (slot, parent) in vacant.zip(spare) {
        ancestors[slot] = parent;
        births += 1;
    }
    (ancestors, births)
}

fn maximum(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn equal_weights_are_left_alone() {
        let outcome = resample(&[1.5; 7], &[0.3; 7], 0.4);
        assert_eq!(outcome.ancestors, [0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(outcome.births, 0);
        assert!(outcome.log_weights.iter().all(|w| (w - 1.5).abs() < 1e-15));
        assert!(all_equal(&[2.0, 2.0]) && !all_equal(&[2.0, 2.1]));
    }

    #[test]
    fn survivors_keep_their_slot_and_the_dead_are_replaced() {
        // Probabilities 0, 3/4, 0, 1/4 of four slots.
        let log_weights = [f64::NEG_INFINITY, 3.0_f64.ln(), f64::NEG_INFINITY, 0.0];
        let outcome = resample(&log_weights, &log_weights, 0.5);
        assert_eq!(outcome.ancestors, [1, 1, 1, 3]);
        assert_eq!(outcome.births, 2);
        // Equal weights, whose mean is the old mean: (3 + 1)/4 = 1.
        assert!(outcome.log_weights.iter().all(|w| w.abs() < 1e-15), "{outcome:?}");
    }

    #[test]
    fn effective_sample_size_is_that_of_kong() {
        // (1 + 2 + 3)^2/(1 + 4 + 9).
        let weights = [1.0_f64.ln(), 2.0_f64.ln(), 3.0_f64.ln()];
        assert!((effective_sample_size(&weights) - 36.0 / 14.0).abs() < 1e-12);
        assert!((log_mean_weight(&weights) - 2.0_f64.ln()).abs() < 1e-15);
        assert_eq!(effective_sample_size(&[]), 0.0);
    }

    #[test]
    fn copies_of_one_origin_count_once() {
        assert_eq!(lineage_sample_size(&[0.0; 4], &[0, 1, 2, 3]), 4.0);
        // Lineages of weight 3 and 1: (3 + 1)^2/(9 + 1).
        assert_eq!(lineage_sample_size(&[0.0; 4], &[2, 2, 2, 0]), 1.6);
        assert_eq!(lineage_sample_size(&[0.0; 2], &[7, 7]), 0.0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// The expectation over the offset, by the midpoint rule with K points: each copy count is a step function of
        /// the offset with jumps of 1 at most twice, so the rule errs by at most 2/K per particle.
        #[test]
        fn resampling_is_unbiased(
            particles in prop::collection::vec((-3.0..3.0_f64, -2.0..2.0_f64), 1..12),
        ) {
            const K: usize = 2000;
            let weights: Vec<f64> = particles.iter().map(|p| p.0).collect();
            let twisted: Vec<f64> = particles.iter().map(|p| p.1).collect();
            let mut mean = vec![0.0; weights.len()];
            for k in 0..K {
                let outcome = resample(&weights, &twisted, (k as f64 + 0.5) / K as f64);
                prop_assert_eq!(outcome.ancestors.len(), weights.len());
                for (&i, log_weight) in outcome.ancestors.iter().zip(&outcome.log_weights) {
                    mean[i] += log_weight.exp() / K as f64;
                }
            }
            let copies = resample(&weights, &twisted, 0.5);
            for (i, mean) in mean.iter().enumerate() {
                // The weight of one copy, w_i/(n pi_i), scales the error of the copy count.
                let total: f64 = twisted.iter().map(|t| t.exp()).sum();
                let one = (weights[i] - twisted[i]).exp() * total / weights.len() as f64;
                prop_assert!((mean - weights[i].exp()).abs() <= 2.0 * one / K as f64 + 1e-9, "{} {:?}", i, copies);
            }
        }

        #[test]
        fn a_choice_keeps_the_mass_on_average(
            particles in prop::collection::vec((-3.0..3.0_f64, -2.0..2.0_f64), 1..12),
            slots in 1..20_usize,
        ) {
            const K: usize = 2000;
            let weights: Vec<f64> = particles.iter().map(|p| p.0).collect();
            let twisted: Vec<f64> = particles.iter().map(|p| p.1).collect();
            let mean = (0..K).map(|k| {
                let outcome = select(&weights, &twisted, slots, (k as f64 + 0.5) / K as f64);
                assert_eq!(outcome.ancestors.len(), slots);
                assert!(outcome.ancestors.is_sorted());
                log_mean_weight(&outcome.log_weights).exp() / K as f64
            }).sum::<f64>();
            // Each of 12 counts errs by at most 2/K, at weights up to e^3 e^4 = 1100 over a slot.
            let expected = log_mean_weight(&weights).exp();
            prop_assert!((mean - expected).abs() <= 12.0 * 2.0 / K as f64 * 1100.0, "{} {}", mean, expected);
        }

        #[test]
        fn resampling_on_the_weights_keeps_the_mass_exactly(
            weights in prop::collection::vec(-700.0..700.0_f64, 1..40),
            offset in 0.001..0.999_f64,
        ) {
            let outcome = resample(&weights, &weights, offset);
            let expected = log_mean_weight(&weights);
            // 1e-12: the exponents reach 700, with a rounding of 1e-13 each.
            prop_assert!(outcome.log_weights.iter().all(|w| (w - expected).abs() < 1e-12));
            prop_assert!((effective_sample_size(&outcome.log_weights) - weights.len() as f64).abs() < 1e-9);
        }
    }
}
