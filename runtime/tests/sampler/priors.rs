//! The prior is exactly the density that the field states.

use std::f64::consts::TAU;

use genphys_runtime::density::{DensityField, Evaluation};
use genphys_runtime::sampler::{Prior, prior};
use ndarray::array;

use crate::fields::{Kernel, PointField, triangle};

const DRAWS: usize = 40_000;

/// Mass of the mixture in a square, by Gauss-Legendre-free midpoint quadrature of the field's own `p`, over the total.
fn mass_in_square(field: &PointField, t: f64, centre: [f64; 2], half: f64) -> f64 {
    const CELLS: usize = 60;
    let h = 2.0 * half / CELLS as f64;
    let at = |k: usize, axis: usize| centre[axis] - half + (k as f64 + 0.5) * h;
    let queries = ndarray::Array2::from_shape_fn((CELLS * CELLS, 2), |(i, axis)| {
        at(if axis == 0 { i / CELLS } else { i % CELLS }, axis)
    });
    let mut out = Evaluation::new(0, 2);
    field.evaluate(t, queries.view(), &mut out).expect("evaluates");
    let mass: f64 = out.log_p.iter().map(|log_p| log_p.exp()).sum();
    mass * h * h / field.kernel.law().log_mass(t).exp()
}

#[test]
fn mixture_draws_fill_squares_as_the_density_says() {
    let data = triangle();
    for kernel in [Kernel::Diffusion, Kernel::Poisson, Kernel::Yukawa { mass: 0.8 }, Kernel::Yukawa { mass: 3.0 }] {
        let field = PointField { kernel, data: &data };
        let t = 1.5;
        let drawn = prior::draw(Prior::Mixture, &kernel.law(), &data, t, DRAWS, 21);
        for (centre, half) in [([0.0, 0.0], 0.5), ([-1.5, 1.0], 1.0), ([2.0, -1.0], 0.8)] {
            let inside = |x: &f64, c: f64| (x - c).abs() < half;
            let count = drawn.rows().into_iter().filter(|x| inside(&x[0], centre[0]) && inside(&x[1], centre[1]));
            let share = count.count() as f64 / DRAWS as f64;
            let expected = mass_in_square(&field, t, centre, half);
            let sigma = (expected * (1.0 - expected) / DRAWS as f64).sqrt();
            // The quadrature errs by (1/30)^2/24 relative, far below one sigma.
            assert!((share - expected).abs() < 4.0 * sigma, "{kernel:?}, {centre:?}: {share} against {expected}");
        }
    }
}

#[test]
fn the_plane_cauchy_law_has_its_radial_distribution() {
    // Poisson, N = 2: the mass within r of one source is 1 - t/rho.
    let data = genphys_runtime::data::Dataset::from_points(array![[0.0, 0.0]], None).expect("valid data");
    let drawn = prior::draw(Prior::Limit, &Kernel::Poisson.law(), &data, 2.0, DRAWS, 3);
    let upper = drawn.rows().into_iter().filter(|x| x[1].atan2(x[0]).rem_euclid(TAU) < 1.0).count() as f64;
    // Isotropic: one radian of the circle, one sigma 0.0018.
    assert!((upper / DRAWS as f64 - 1.0 / TAU).abs() < 4.0 * 0.0018);
    for r in [0.5_f64, 2.0, 10.0, 100.0] {
        let expected = 1.0 - 2.0 / (4.0 + r * r).sqrt();
        let share = drawn.rows().into_iter().filter(|x| x[0].hypot(x[1]) < r).count() as f64 / DRAWS as f64;
        let sigma = (expected * (1.0 - expected) / DRAWS as f64).sqrt();
        assert!((share - expected).abs() < 4.0 * sigma, "r = {r}: {share} against {expected}");
    }
}
