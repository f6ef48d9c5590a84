//! A lowered kernel and what it is fed with at a time t.
//!
//! In:   t.
//! Out:  the uniforms of the kernel, and what is to be added to its `log_sum`.
//! Holds: every uniform that a kernel of a [`Bound`] names is known here or in [`super::super::linear`].

use super::super::exchange;
use super::super::lookup::Lookup;
use super::super::saved::TableStore;
use super::super::tabulated::Tabulated;
use super::{Bound, BoundBirths, BoundLaw};
use crate::kernel::Kernel;
use std::f64::consts::PI;
use std::sync::Arc;

/// A kernel that computes a density flow from its data, and the numbers to feed it.
#[derive(Clone, Debug)]
pub struct KernelProgram {
    /// The reduction: sources are data points with log weights, queries are x.
    /// Means: displacement `v` (coefficient `rate`), and the scalar `births` when it is not constant.
    pub kernel: Kernel,
    /// The same reduction with linear weights, in few dimensions: faster, and to be repeated with `kernel` where its sum
    /// is below [`Kernel::least_linear_sum`].
    pub linear: Option<Kernel>,
    pub(super) bound: Bound,
    /// The logarithm of a tabulated law at the source, at unit scale; 0 for closed forms.
    pub(super) log_peak: f64,
}

impl KernelProgram {
    /// The numbers behind the kernel.
    pub fn bound(&self) -> &Bound {
        &self.bound
    }

    /// Makes what the uniforms at time `t > 0` are read from, if that is more than a formula, and keeps it; may be called from
    /// several threads at once.
    pub fn prepare(&self, t: f64) {
        if let Some(tabulated) = self.bound.tabulated.as_ref().filter(|_| t > 0.0 && t.is_finite()) {
            tabulated.table(self.kernel.precision(), t);
        }
    }

    /// The same, with tables from the store where that has them, and left there where it has not.
    pub fn prepare_by(&self, t: f64, store: &dyn TableStore) {
        if let Some(tabulated) = self.bound.tabulated.as_ref().filter(|_| t > 0.0 && t.is_finite()) {
            tabulated.table_by(self.kernel.precision(), t, store);
        }
    }

    /// The law at time `t > 0` for pairs taken one by one, where it is a table: what the kernel computes, apart from the weights of sources.
    pub fn lookup(&self, t: f64) -> Option<Arc<Lookup>> {
        let table = |tabulated: &Arc<Tabulated>| tabulated.table(self.kernel.precision(), t).lookup.clone();
        self.bound.tabulated.as_ref().map(table)
    }

    /// Is the law a table?
    pub fn is_tabulated(&self) -> bool {
        self.bound.tabulated.is_some()
    }

    /// The uniforms of the kernel at time `t > 0`, in the kernel's order.
    pub fn uniforms(&self, t: f64) -> Vec<f64> {
        self.uniforms_of(&self.kernel, t)
    }

    /// The uniforms of the kernel with linear weights at time `t > 0`; none if there is no such kernel.
    pub fn linear_uniforms(&self, t: f64) -> Vec<f64> {
        self.linear.as_ref().map_or(Vec::new(), |linear| self.uniforms_of(linear, t))
    }

    fn uniforms_of(&self, kernel: &Kernel, t: f64) -> Vec<f64> {
        let tabulated = self.bound.tabulated.as_ref().map(|tabulated| tabulated.table(kernel.precision(), t));
        let exchange = exchange::uniforms(&self.bound, kernel, t);
        let table = tabulated.as_ref().map_or(&exchange, |table| &table.uniforms);
        kernel.uniforms().iter().map(|name| table.get(name).copied().unwrap_or_else(|| self.uniform(name, t))).collect()
    }

    fn uniform(&self, name: &str, t: f64) -> f64 {
        let b = &self.bound;
        match (name, b.law) {
            ("rate", _) => b.displacement_rate(t).unwrap_or(f64::NAN),
            ("1_over_scale_squared", BoundLaw::Stable { rate, order }) => (rate * t).powf(-1.0 / order),
            ("minus_1_over_4Dt", BoundLaw::Gaussian { rate }) => -1.0 / (4.0 * rate * t),
            (
                "1_over_tau_squared",
                BoundLaw::Cauchy { speed } | BoundLaw::Tempered { speed, .. } | BoundLaw::Student { speed, .. },
            ) => (speed * t).powi(-2),
            ("mass_squared", BoundLaw::Tempered { mass, .. }) => mass * mass,
            ("mass_squared_tau_squared", BoundLaw::Tempered { speed, mass }) => (mass * speed * t).powi(2),
            ("births_scale", BoundLaw::Tempered { speed, mass }) => match b.births {
                BoundBirths::BesselRatio(c) => c / (mass * mass * speed * t),
                BoundBirths::Constant(c) => c,
                BoundBirths::Tabulated => f64::NAN,
            },
            // The kernels of this very `Bound` have no other uniforms.
            _ => b.linear_uniform(name, t).unwrap_or(f64::NAN),
        }
    }

    /// The squared length below which `q` hardly matters at time `t`: errors of `q` that are small against it are harmless.
    pub fn softening(&self, t: f64) -> f64 {
        match self.bound.law {
            BoundLaw::Gaussian { rate } => 4.0 * rate * t,
            BoundLaw::Cauchy { speed } | BoundLaw::Tempered { speed, .. } => (speed * t).powi(2),
            // Degrees of freedom narrow the peak.
            BoundLaw::Student { speed, freedom } => (speed * t).powi(2) / freedom.max(1.0),
            // The peak of a stable law of low order is far narrower than the law.
            BoundLaw::Stable { .. } | BoundLaw::Subordinated { .. } => 0.0,
        }
    }

    /// What to add to the kernel's `log_sum` to get `log p`: all that does not depend on the pair.
    pub fn log_norm(&self, t: f64) -> f64 {
        let n = self.bound.dim as f64;
        let order = 0.5 * (n + 1.0);
        let law = match self.bound.law {
            BoundLaw::Gaussian { rate } => -0.5 * n * (4.0 * PI * rate * t).ln(),
            BoundLaw::Cauchy { speed } => libm::lgamma(order) - order * PI.ln() - n * (speed * t).ln(),
            BoundLaw::Tempered { speed, mass } => {
                let tau = speed * t;
                (2.0 * tau).ln() + order * (mass / (2.0 * PI * tau)).ln()
            }
            BoundLaw::Student { speed, freedom } => {
                libm::lgamma(0.5 * (n + freedom))
                    - libm::lgamma(0.5 * freedom)
                    - 0.5 * n * PI.ln()
                    - n * (speed * t).ln()
            }
            BoundLaw::Stable { rate, order } => self.log_peak - 0.5 * n / order * (rate * t).ln(),
            BoundLaw::Subordinated { .. } => {
                let table = |tabulated: &Arc<Tabulated>| tabulated.table(self.kernel.precision(), t).log_peak;
                self.bound.tabulated.as_ref().map_or(f64::NAN, table)
            }
        };
        law - self.bound.offset * t
    }

    /// The same for the `log_sum` of linear weights.
    pub fn linear_log_norm(&self, t: f64) -> f64 {
        self.log_norm(t) + self.bound.log_linear_scale(t)
    }

    /// `R/p` when it is the same everywhere; otherwise the kernel's mean `births` gives it.
    pub fn constant_births(&self) -> Option<f64> {
        match self.bound.births {
            BoundBirths::Constant(c) => Some(c),
            BoundBirths::BesselRatio(_) | BoundBirths::Tabulated => None,
        }
    }
}
