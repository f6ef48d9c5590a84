//! Each distance against another formula for it.

use super::*;
use ndarray::{Array2, array};

fn close(value: f64, expected: f64) {
    assert!((value - expected).abs() < 1e-12 * expected.abs().max(1.0), "{value} against {expected}");
}

#[test]
fn distances_of_a_cloud_to_itself_vanish() {
    let points = array![[0.0, 1.0], [2.0, -1.0], [0.5, 0.5]];
    let cloud = Cloud::weighted(points.view(), &[1.0, 2.0, 3.0]).expect("valid");
    close(energy_distance(&cloud, &cloud).expect("same dimension"), 0.0);
    close(sliced_wasserstein2(&cloud, &cloud, 10, 0).expect("same dimension"), 0.0);
}

#[test]
fn weights_count_as_repetitions() {
    let (x, y) = (array![[0.0], [1.0]], array![[0.3], [2.0]]);
    let repeated = array![[0.0], [1.0], [1.0], [1.0]];
    let weighted = Cloud::weighted(x.view(), &[1.0, 3.0]).expect("valid");
    let repeated = Cloud::new(repeated.view()).expect("valid");
    let other = Cloud::new(y.view()).expect("valid");
    close(energy_distance(&weighted, &other).expect("valid"), energy_distance(&repeated, &other).expect("valid"));
    let sliced = |cloud| sliced_wasserstein2(cloud, &other, 3, 1).expect("valid");
    close(sliced(&weighted), sliced(&repeated));
}

#[test]
fn one_dimensional_wasserstein_is_the_quantile_integral() {
    // F^-1 is 0 on (0, 1/4), 1 on (1/4, 1); G^-1 is 0.3 on (0, 1/2), 2 on (1/2, 1):
    // 0.25 * 0.09 + 0.25 * 0.49 + 0.5 * 1 = 0.645.
    let (x, y) = (array![[0.0], [1.0]], array![[0.3], [2.0]]);
    let weighted = Cloud::weighted(x.view(), &[1.0, 3.0]).expect("valid");
    let other = Cloud::new(y.view()).expect("valid");
    close(sliced_wasserstein2(&weighted, &other, 5, 0).expect("valid"), 0.645_f64.sqrt());
}

#[test]
fn a_shift_has_the_sliced_distance_of_its_length_over_root_dimension() {
    // E (s.e)^2 = |s|^2/N over uniform directions e; 20000 directions, one sigma of the mean of a Beta(1/2, 1)
    // variable with N = 3 is 0.3/sqrt(20000) = 0.0021 about 1/3.
    let points = Array2::from_shape_fn((5, 3), |(i, j)| (i * 3 + j) as f64);
    let shifted = &points + &array![[2.0, 0.0, 0.0]];
    let (x, y) = (Cloud::new(points.view()).expect("valid"), Cloud::new(shifted.view()).expect("valid"));
    let distance = sliced_wasserstein2(&x, &y, 20_000, 4).expect("valid");
    assert!((distance.powi(2) / 4.0 - 1.0 / 3.0).abs() < 4.0 * 0.0021, "{distance}");
}

#[test]
fn nearest_points_and_mode_weights() {
    let points = array![[0.1, 0.0], [0.0, 0.9], [3.0, 0.0]];
    let modes = array![[0.0, 0.0], [0.0, 1.0]];
    let cloud = Cloud::weighted(points.view(), &[0.25, 0.5, 0.25]).expect("valid");
    let modes = Cloud::new(modes.view()).expect("valid");
    let found = nearest(&cloud, &modes).expect("valid");
    assert_eq!(found.iter().map(|(mode, _)| *mode).collect::<Vec<_>>(), [0, 1, 0]);
    close(found[2].1, 3.0);
    assert_eq!(mode_weights(&cloud, &modes).expect("valid"), [0.5, 0.5]);
}

#[test]
fn refusals() {
    let (plane, line) = (array![[0.0, 0.0]], array![[0.0]]);
    let (plane_cloud, line_cloud) = (Cloud::new(plane.view()).expect("valid"), Cloud::new(line.view()).expect("valid"));
    assert_eq!(energy_distance(&plane_cloud, &line_cloud), Err(MetricError::Dimensions(2, 1)));
    assert_eq!(sliced_wasserstein2(&line_cloud, &line_cloud, 0, 0), Err(MetricError::NoDirections));
    assert_eq!(Cloud::new(Array2::zeros((0, 2)).view()).err(), Some(MetricError::Empty));
    for weights in [&[][..], &[0.0], &[-1.0], &[f64::NAN], &[f64::INFINITY]] {
        assert_eq!(Cloud::weighted(line.view(), weights).err(), Some(MetricError::Weights), "{weights:?}");
    }
}

/// `n` normal numbers of the stream `index`, shifted, in `dim` columns.
fn normals(n: usize, dim: usize, index: u64, shift: f64) -> Array2<f64> {
    let mut rng = stream(17, Purpose::Data, index);
    Array2::from_shape_fn((n, dim), |_| -> f64 { StandardNormal.sample(&mut rng) }) + shift
}

#[test]
fn on_a_line_the_energy_distance_is_the_integral_of_squared_distribution_functions() {
    // 2 integral (F - G)^2 dx (Szekely & Rizzo 2013, Sec. 2), summed over the gaps between the pooled points.
    let (x, y) = (normals(60, 1, 0, 0.0), normals(45, 1, 1, 0.7));
    let (cloud_x, cloud_y) = (Cloud::new(x.view()).expect("valid"), Cloud::new(y.view()).expect("valid"));
    let mut pooled: Vec<f64> = x.iter().chain(&y).copied().collect();
    pooled.sort_by(f64::total_cmp);
    let below =
        |points: &Array2<f64>, at: f64| points.iter().filter(|p| **p <= at).count() as f64 / points.len() as f64;
    let integral: f64 =
        pooled.windows(2).map(|gap| (below(&x, gap[0]) - below(&y, gap[0])).powi(2) * (gap[1] - gap[0])).sum();
    close(energy_distance(&cloud_x, &cloud_y).expect("valid"), 2.0 * integral);
}

#[test]
fn shifted_gaussians_have_the_sliced_distance_of_their_shift() {
    // W2 of N(0, I) and N(s, I) along e is |s.e|, so the sliced distance is |s|/sqrt(N), here 2 sqrt(3)/sqrt(3) = 2.
    let (x, y) = (normals(4000, 3, 2, 0.0), normals(4000, 3, 3, 2.0));
    let (x, y) = (Cloud::new(x.view()).expect("valid"), Cloud::new(y.view()).expect("valid"));
    let distance = sliced_wasserstein2(&x, &y, 4000, 0).expect("valid");
    // Directions: the square is 4 +- 12 sqrt(4/45)/sqrt(4000) = 0.057, the distance a quarter of that; points: the means
    // differ by sqrt(2/4000) = 0.022 along an axis. Four of their root sum.
    assert!((distance - 2.0).abs() < 4.0 * 0.027, "{distance}");
}

#[test]
fn the_mmd_of_gaussians_is_the_closed_form_and_vanishes_on_average_under_equality() {
    // E k for two independent N(0, 1), N(s, 1) and width w: w/sqrt(w^2 + 2) exp(-s^2/(2 (w^2 + 2))).
    let (width, shift, runs) = (0.8_f64, 1.1_f64, 60);
    let mean_kernel = |s: f64| width / (width * width + 2.0).sqrt() * (-s * s / (2.0 * (width * width + 2.0))).exp();
    for (shift, expected) in [(0.0, 0.0), (shift, 2.0 * (mean_kernel(0.0) - mean_kernel(shift)))] {
        let values: Vec<f64> = (0..runs)
            .map(|run| {
                let (x, y) = (normals(40, 1, 10 + 2 * run, 0.0), normals(50, 1, 11 + 2 * run, shift));
                let (x, y) = (Cloud::new(x.view()).expect("valid"), Cloud::new(y.view()).expect("valid"));
                mmd_squared(&x, &y, width).expect("valid")
            })
            .collect();
        let mean = values.iter().sum::<f64>() / runs as f64;
        let sigma = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (runs * (runs - 1)) as f64).sqrt();
        assert!((mean - expected).abs() < 4.0 * sigma, "shift {shift}: {mean} +- {sigma} against {expected}");
        assert!(shift > 0.0 || values.iter().any(|v| *v < 0.0), "without bias some values fall below 0");
    }
}

#[test]
fn weights_enter_the_mmd_as_they_should() {
    // By hand, width 1: x = {0, 1} with weights 1/4, 3/4 has one pair, of k = exp(-1/2), whatever the weights.
    let (x, y) = (array![[0.0], [1.0]], array![[2.0]]);
    let x = Cloud::weighted(x.view(), &[1.0, 3.0]).expect("valid");
    let y = Cloud::new(y.view()).expect("valid");
    let k = |r: f64| (-0.5 * r * r).exp();
    close(mmd_squared(&x, &y, 1.0).expect("valid"), k(1.0) + 1.0 - 2.0 * (0.25 * k(2.0) + 0.75 * k(1.0)));
    close(median_distance(&x), 1.0);
    close(median_distance(&y), 1.0);
    assert_eq!(mmd_squared(&x, &y, 0.0), Err(MetricError::Width));
}

#[test]
fn coverage_is_what_brute_force_counts() {
    let (real, samples) = (normals(40, 2, 200, 0.0), normals(15, 2, 201, 0.8));
    let weights: Vec<f64> = (1..=40).map(f64::from).collect();
    let gap = |a: ArrayView1<f64>, b: ArrayView1<f64>| (a[0] - b[0]).hypot(a[1] - b[1]);
    for k in [1, 5, 100] {
        let mut covered = 0.0;
        for (i, weight) in weights.iter().enumerate() {
            let mut others: Vec<f64> = (0..40).filter(|j| *j != i).map(|j| gap(real.row(i), real.row(j))).collect();
            others.sort_by(f64::total_cmp);
            let radius = others[k.min(39) - 1];
            if samples.rows().into_iter().any(|s| gap(s, real.row(i)) <= radius) {
                covered += weight / 820.0;
            }
        }
        let cloud = Cloud::weighted(real.view(), &weights).expect("valid");
        close(coverage(&cloud, &Cloud::new(samples.view()).expect("valid"), k).expect("valid"), covered);
    }
}

#[test]
fn coverage_of_coincident_and_single_points() {
    let twice = array![[0.0], [0.0], [1.0]];
    let (twice, near) = (Cloud::new(twice.view()).expect("valid"), array![[1e-9]]);
    let near = Cloud::new(near.view()).expect("valid");
    assert_eq!(coverage(&twice, &near, 5), Ok(1.0));
    assert_eq!(coverage(&near, &twice, 5), Ok(1.0));
    // On a line of unit steps the two neighbours of an inner point are two, though equally far: radius 1, not 2.
    let (line, right) = (array![[0.0], [1.0], [2.0], [3.0]], array![[3.5]]);
    let (line, right) = (Cloud::new(line.view()).expect("valid"), Cloud::new(right.view()).expect("valid"));
    assert_eq!(coverage(&line, &right, 2), Ok(0.25));
    assert_eq!(coverage(&near, &twice, 0), Err(MetricError::NoNeighbours));
}

#[test]
fn real_draws_follow_the_weights() {
    let data = Dataset::from_points(array![[0.0], [1.0], [2.0]], Some(vec![0.0, 3.0, 1.0])).expect("valid");
    let drawn = real_draw(&data, 20_000, 3, 0);
    let share = drawn.iter().filter(|x| **x == 1.0).count() as f64 / 20_000.0;
    // One sigma is sqrt(3/16/20000) = 0.0031.
    assert!((share - 0.75).abs() < 4.0 * 0.0031, "{share}");
    assert!(drawn.iter().all(|x| *x > 0.0), "never a point of weight zero");
    assert_ne!(drawn, real_draw(&data, 20_000, 3, 1));
}
