//! Mean and 95% interval of a few values, by Student's t distribution.
//!
//! Source: Abramowitz & Stegun 26.7.3 and 26.7.4, the distribution function for whole degrees of freedom.

/// A mean with its 95% interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    pub mean: f64,
    pub low: f64,
    pub high: f64,
}

impl Interval {
    /// Of at least two values; of one, the value itself.
    pub fn of(values: &[f64]) -> Interval {
        let n = values.len();
        let mean = values.iter().sum::<f64>() / n.max(1) as f64;
        if n < 2 {
            return Interval { mean, low: mean, high: mean };
        }
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1) as f64;
        let half = quantile(n - 1) * (variance / n as f64).sqrt();
        Interval { mean, low: mean - half, high: mean + half }
    }
}

/// The t with `P(|T| < t) = 0.95`, by bisection.
fn quantile(freedom: usize) -> f64 {
    let (mut low, mut high) = (1.0, 16.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if inside(middle, freedom) < 0.95 {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// `P(|T| < t)`: the series end after `freedom/2` terms; beyond a thousand degrees the law is normal for our purpose.
fn inside(t: f64, freedom: usize) -> f64 {
    let freedom = freedom.min(1000);
    let angle = (t / (freedom as f64).sqrt()).atan();
    let (sine, cosine) = angle.sin_cos();
    let odd = freedom % 2 == 1;
    let (mut term, mut sum) = if odd { (cosine, 0.0) } else { (1.0, 0.0) };
    // Odd: cos + (2/3) cos^3 + (2.4/3.5) cos^5 + ..; even: 1 + (1/2) cos^2 + (1.3/2.4) cos^4 + ..
    let mut k = if odd { 2 } else { 1 };
    for _ in 0..freedom / 2 {
        sum += term;
        term *= cosine * cosine * k as f64 / (k + 1) as f64;
        k += 2;
    }
    if odd { (angle + sine * sum) * std::f64::consts::FRAC_2_PI } else { sine * sum }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_tables() {
        // scipy.stats.t.ppf(0.975, nu).
        for (freedom, expected) in [
            (1, 12.706204736174694),
            (2, 4.302652729749462),
            (3, 3.1824463052837078),
            (4, 2.7764451051977943),
            (9, 2.2621571627982053),
            (30, 2.0422724563012378),
        ] {
            assert!((quantile(freedom) - expected).abs() < 1e-9, "{freedom}: {}", quantile(freedom));
        }
        assert!((quantile(1_000_000) - 1.959963984540054).abs() < 3e-3);
    }

    #[test]
    fn an_interval_by_hand() {
        // Mean 2, standard deviation 1, n = 3: 2 +- 4.302652729749462/sqrt(3).
        let interval = Interval::of(&[1.0, 2.0, 3.0]);
        assert!((interval.high - 2.0 - 4.302652729749462 / 3.0_f64.sqrt()).abs() < 1e-9);
        assert!((interval.high + interval.low - 4.0).abs() < 1e-12);
        assert_eq!(Interval::of(&[5.0]), Interval { mean: 5.0, low: 5.0, high: 5.0 });
    }
}
