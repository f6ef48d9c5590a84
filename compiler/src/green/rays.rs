//! Contours that serve every time and every u, with the values of lambda and of the amplitudes along them.
//!
//! In:   lambda and its slope, the amplitudes; where a contour should cross the real axis, and its step.
//! Out:  [`Ray`]: out of a ladder of hyperbolas the one that crosses nearest, with all that depends neither on t nor on u.
//! Holds: a ray is a function of the law, its step and its number alone, however long it is and whoever asks first; so what is
//!       summed over it is the same in any order of calls and on any number of threads.

use super::flat::{Flat, Trail};
use super::symbol::{Symbol, singularity, value_at_zero};
use num_complex::Complex64;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

/// The angle by which a hyperbola opens beyond a vertical line.
const BEND: f64 = 0.5;

/// Crossings are so many steps apart, as logarithms: an integrand is at least one and a half steps wide, and cancels by less than a tenth.
const APART: f64 = 2.0;

/// Nodes of a ray that is made for the first time.
const FEWEST: usize = 64;

/// No ray has more.
const MOST: usize = 1 << 16;

/// Nodes in memory; each takes some fifty bytes.
const ROOM: usize = 1 << 19;

/// Logarithms of distances from the singularity at which slopes are kept.
const NEAREST: f64 = -700.0;
const SPACING: f64 = 0.25;
const SLOPES: usize = 5561;

/// Hyperbolas about the first singularity of a law.
#[derive(Debug)]
pub(super) struct Rays {
    lambda: Symbol,
    slope: Symbol,
    amplitudes: Vec<Symbol>,
    /// `lambda(inf) - lambda` of a bounded lambda.
    deficit: Option<Symbol>,
    /// lambda or its deficit, whichever is taken, and the amplitudes.
    risen: Flat,
    fallen: Option<Flat>,
    at_zero: f64,
    /// How far left of 0 the first singularity lies.
    sigma: f64,
    /// Logarithms of lambda' at `NEAREST + i SPACING`.
    slopes: OnceLock<Vec<f64>>,
    made: RwLock<Made>,
}

/// The rays that there are.
#[derive(Debug, Default)]
struct Made {
    /// By their step and their number.
    rays: HashMap<(u64, i64), Arc<Ray>>,
    nodes: usize,
}

/// One hyperbola, from the real axis upwards.
#[derive(Debug)]
pub(super) struct Ray {
    /// Where it crosses the real axis.
    pub(super) crossing: f64,
    /// `lambda - lambda(0)` there.
    pub(super) exponent: f64,
    /// Its distance from the singularity there, over `1 - sin(BEND)`.
    scale: f64,
    /// lambda' and lambda'' there.
    slope: f64,
    bend: f64,
    pub(super) nodes: Vec<Node>,
    /// Of every node, each amplitude there and what it is more than at the crossing.
    pub(super) amplitudes: Vec<[Complex64; 2]>,
}

/// A node of the trapezoidal rule.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    /// `s - s_c`, without cancellation near the crossing.
    pub(super) along: Complex64,
    /// `ds/dw`; half of it at the crossing, which both halves of the contour share.
    pub(super) tangent: Complex64,
    /// `lambda(s) - lambda(s_c)`.
    pub(super) gained: Complex64,
}

impl Rays {
    pub(super) fn new(lambda: Symbol, slope: Symbol, amplitudes: Vec<Symbol>, deficit: Option<Symbol>) -> Rays {
        let (sigma, at_zero) = (singularity(&lambda), value_at_zero(&lambda));
        let with = |first: &Symbol| Flat::new(std::iter::once(first).chain(&amplitudes));
        let (risen, fallen) = (with(&lambda), deficit.as_ref().map(with));
        let (slopes, made) = (OnceLock::new(), RwLock::default());
        Rays { lambda, slope, amplitudes, deficit, risen, fallen, at_zero, sigma, slopes, made }
    }

    /// `lambda - lambda(0)` at a real kappa.
    pub(super) fn exponent(&self, kappa: f64) -> f64 {
        self.lambda.real(kappa) - self.at_zero
    }

    /// The value of lambda at 0.
    pub(super) fn at_zero(&self) -> f64 {
        self.at_zero
    }

    /// How many densities there are beside the first.
    pub(super) fn count(&self) -> usize {
        self.amplitudes.len()
    }

    /// What all values follow from.
    pub(super) fn symbols(&self) -> (&Symbol, &Symbol, &[Symbol], Option<&Symbol>) {
        (&self.lambda, &self.slope, &self.amplitudes, self.deficit.as_ref())
    }

    /// The logarithm of the distance from the singularity at which `log lambda'` is this, to about a hundredth.
    pub(super) fn log_distance(&self, log_slope: f64) -> f64 {
        let slope = |i: usize| self.slope.real((NEAREST + SPACING * i as f64).exp() - self.sigma).ln();
        let slopes = self.slopes.get_or_init(|| (0..SLOPES).map(slope).collect());
        // lambda' falls, and is no number where squares of kappa are none.
        let above = slopes.partition_point(|slope| *slope > log_slope);
        let (Some(high), Some(low)) = (slopes.get(above.wrapping_sub(1)), slopes.get(above)) else {
            return NEAREST + SPACING * above as f64;
        };
        let part = (high - log_slope) / (high - low);
        let part = if part.is_finite() { part } else { 0.5 };
        NEAREST + SPACING * (above as f64 - 1.0 + part)
    }

    /// The ray that crosses nearest to this distance from the singularity, with so many nodes at least, if there may be.
    pub(super) fn ray(&self, step: f64, log_distance: f64, least: usize) -> Arc<Ray> {
        let number = (log_distance / (APART * step)).round() as i64;
        let key = (step.to_bits(), number);
        let kept = |ray: &&Arc<Ray>| ray.nodes.len() >= least;
        if let Some(ray) = self.made.read().unwrap_or_else(PoisonError::into_inner).rays.get(&key).filter(kept) {
            return Arc::clone(ray);
        }
        let count = least.max(FEWEST).next_power_of_two().min(MOST);
        let ray = Arc::new(self.make(step, (APART * step * number as f64).exp(), count));
        let mut made = self.made.write().unwrap_or_else(PoisonError::into_inner);
        if made.nodes + count > ROOM {
            *made = Made::default();
        }
        let before = made.rays.insert(key, Arc::clone(&ray));
        made.nodes += count - before.map_or(0, |before| before.nodes.len().min(count));
        ray
    }

    fn make(&self, step: f64, distance: f64, count: usize) -> Ray {
        let (sin, cos) = BEND.sin_cos();
        let scale = distance / (1.0 - sin);
        let crossing = distance - self.sigma;
        let exponent = self.exponent(crossing);
        let below = self.deficit.as_ref().map(|deficit| deficit.real(crossing)).filter(|d| *d < exponent);
        let flat = match (&self.fallen, below) {
            (Some(fallen), Some(_)) => fallen,
            _ => &self.risen,
        };
        let at_crossing: Vec<f64> = self.amplitudes.iter().map(|a| a.real(crossing)).collect();
        let (mut nodes, mut amplitudes) = (Vec::with_capacity(count), Vec::with_capacity(count * at_crossing.len()));
        let mut trail = Trail::default();
        for i in 0..count {
            let w = i as f64 * step;
            let half = (0.5 * w).sinh();
            let (cosh, sinh) = (1.0 + 2.0 * half * half, 2.0 * half * (1.0 + half * half).sqrt());
            let along = scale * Complex64::new(-2.0 * sin * half * half, cos * sinh);
            let tangent = scale * Complex64::new(-sin * sinh, cos * cosh) * if i == 0 { 0.5 } else { 1.0 };
            let mut values = flat.along(crossing + along, &mut trail);
            let value = values.next().unwrap_or_default();
            let gained = match below {
                Some(below) => below - value,
                None => value - self.at_zero - exponent,
            };
            nodes.push(Node { along, tangent, gained });
            amplitudes.extend(values.zip(&at_crossing).map(|(a, fixed)| [a, a - fixed]));
        }
        let slope = self.slope.real(crossing);
        let beside = crossing + 1e-3 * distance;
        let bend = (self.slope.real(beside) - slope) / (beside - crossing);
        Ray { crossing, exponent, scale, slope, bend, nodes, amplitudes }
    }
}

impl Ray {
    /// Minus the second derivative of the real part of `s u - t lambda(s)` along the contour, at the crossing.
    pub(super) fn curvature(&self, t: f64, u: f64) -> f64 {
        let (sin, cos) = BEND.sin_cos();
        let curvature = (u - t * self.slope) * self.scale * sin - t * self.bend * (self.scale * cos).powi(2);
        // The exponential of s u alone has the first of these.
        curvature.abs().max(u * self.scale * sin)
    }
}
