//! Density fields of finite data in closed form: diffusion and Poisson in any dimension, Yukawa in the plane.

use std::f64::consts::{PI, TAU};

use genphys_runtime::data::Dataset;
use genphys_runtime::density::{DensityField, Evaluation, FieldError, check_queries};
use genphys_runtime::sampler::ForwardLaw;
use ndarray::{ArrayView1, ArrayView2, array};
use rayon::prelude::*;

/// One source's flow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kernel {
    /// `(4 pi t)^(-N/2) exp(-r^2/4t)`.
    Diffusion,
    /// Proportional to `t rho^-(N+1)`.
    Poisson,
    /// `2 t (m/(2 pi rho))^(3/2) K_(3/2)(m rho)`, N = 2 only.
    Yukawa { mass: f64 },
}

impl Kernel {
    pub fn law(self) -> ForwardLaw {
        match self {
            Kernel::Diffusion => ForwardLaw::diffusion(1.0),
            Kernel::Poisson => ForwardLaw::poisson(1.0),
            Kernel::Yukawa { mass } => ForwardLaw::yukawa(1.0, mass),
        }
    }

    fn log_density(self, t: f64, r2: f64, dim: usize) -> f64 {
        let (n, rho) = (dim as f64, (t * t + r2).sqrt());
        match self {
            Kernel::Diffusion => -0.5 * n * (4.0 * PI * t).ln() - r2 / (4.0 * t),
            // Gamma((N+1)/2) pi^(-(N+1)/2): 1/pi, 1/(2 pi), 1/pi^2 for N = 1, 2, 3.
            Kernel::Poisson => {
                let constant = [1.0 / PI, 1.0 / TAU, 1.0 / (PI * PI)][dim - 1];
                (constant * t).ln() - (n + 1.0) * rho.ln()
            }
            // K_(3/2)(z) = sqrt(pi/2z) exp(-z) (1 + 1/z): in all t exp(-z) (1 + z)/(2 pi rho^3).
            Kernel::Yukawa { mass } => (t / TAU).ln() - 3.0 * rho.ln() - mass * rho + (mass * rho).ln_1p(),
        }
    }

    /// `R/p` of one source: `-(z/t) K_(1/2)(z)/K_(3/2)(z) = -z^2/(t (1 + z))`, `z = m rho`.
    fn branching(self, t: f64, r2: f64) -> f64 {
        match self {
            Kernel::Yukawa { mass } => {
                let z = mass * (t * t + r2).sqrt();
                -z * z / (t * (1.0 + z))
            }
            _ => 0.0,
        }
    }

    fn rate(self, t: f64) -> f64 {
        match self {
            Kernel::Diffusion => 0.5 / t,
            _ => 1.0 / t,
        }
    }
}

/// The flow of a weighted point set.
pub struct PointField<'a> {
    pub kernel: Kernel,
    pub data: &'a Dataset,
}

impl PointField<'_> {
    /// `log p`, `v`, `R/p` at one point; plain slices and indices, as tests run little optimised.
    fn at(&self, t: f64, x: &[f64]) -> (f64, Vec<f64>, f64) {
        let (dim, points) = (x.len(), self.data.points().as_slice().expect("row-major"));
        let mut terms = Vec::with_capacity(self.data.len());
        let mut peak = f64::NEG_INFINITY;
        for (y, w) in points.chunks_exact(dim).zip(self.data.weights()) {
            let mut r2 = 0.0;
            for axis in 0..dim {
                r2 += (x[axis] - y[axis]) * (x[axis] - y[axis]);
            }
            let log_term = w.ln() + self.kernel.log_density(t, r2, dim);
            peak = peak.max(log_term);
            terms.push((log_term, r2));
        }
        let (mut sum, mut branching, mut v) = (0.0, 0.0, vec![0.0; dim]);
        for (y, (log_term, r2)) in points.chunks_exact(dim).zip(terms) {
            let share = (log_term - peak).exp();
            sum += share;
            branching += share * self.kernel.branching(t, r2);
            for axis in 0..dim {
                v[axis] += share * (x[axis] - y[axis]) * self.kernel.rate(t);
            }
        }
        v.iter_mut().for_each(|v| *v /= sum);
        (peak + sum.ln(), v, branching / sum)
    }
}

impl DensityField for PointField<'_> {
    fn dim(&self) -> usize {
        self.data.dim()
    }

    fn evaluate(&self, t: f64, x: ArrayView2<f64>, out: &mut Evaluation) -> Result<(), FieldError> {
        check_queries(self.dim(), t, x)?;
        out.resize(x.nrows(), x.ncols());
        let rows: Vec<_> = (0..x.nrows()).into_par_iter().map(|i| self.at(t, &x.row(i).to_vec())).collect();
        for (i, (log_p, v, r_over_p)) in rows.into_iter().enumerate() {
            out.log_p[i] = log_p;
            out.v.row_mut(i).assign(&ArrayView1::from(&v));
            out.r_over_p[i] = r_over_p;
        }
        Ok(())
    }

    fn displacement_rate(&self, t: f64) -> Option<f64> {
        Some(self.kernel.rate(t))
    }

    fn branches(&self) -> bool {
        matches!(self.kernel, Kernel::Yukawa { .. })
    }
}

/// Three unequal points in the plane.
pub fn triangle() -> Dataset {
    let points = array![[-1.0, 0.2], [1.1, -0.3], [0.1, 0.9]];
    Dataset::from_points(points, Some(vec![0.5, 0.3, 0.2])).expect("valid data")
}

/// `d/dt p + div(p v) - R = 0` by central differences: what every other test here rests on.
#[test]
fn the_closed_forms_satisfy_the_continuity_equation() {
    let data = triangle();
    for kernel in [Kernel::Diffusion, Kernel::Poisson, Kernel::Yukawa { mass: 1.3 }] {
        let field = PointField { kernel, data: &data };
        let (t, x, h) = (0.8, [0.4, -0.7], 1e-4);
        let flux = |axis: usize, shift: f64| {
            let mut at = x;
            at[axis] += shift;
            let (log_p, v, _) = field.at(t, &at);
            log_p.exp() * v[axis]
        };
        let density = |t: f64| field.at(t, &x).0.exp();
        let dp = (density(t + h) - density(t - h)) / (2.0 * h);
        let div: f64 = (0..2).map(|axis| (flux(axis, h) - flux(axis, -h)) / (2.0 * h)).sum();
        let r = density(t) * field.at(t, &x).2;
        // Central differences at h = 1e-4 err by h^2 = 1e-8 times third derivatives of order 1.
        assert!((dp + div - r).abs() < 1e-7, "{kernel:?}: {dp} + {div} - {r}");
    }
}
