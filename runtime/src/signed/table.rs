//! p, the outward flux and R of one source over the distance, at one time.
//!
//! Holds: cubic pieces through the values and the slopes of the transforms, which are exact where they meet. With
//!       `J-hat = -i k F p-hat` the slope of the outward flux is `div J - (N - 1) J/r`, and `div J` has the transform
//!       `kappa F p-hat`.

use super::{SignedModel, Spectrum};
use ndarray::parallel::prelude::*;

/// Pieces for each length of the modes that have just decayed.
const PER_LENGTH: f64 = 96.0;

/// The largest number of pieces; data spread further than this many lengths are refused.
const MOST: f64 = 120_000.0;

/// The quadrature is made for radii this many times as large, so that each oscillation has the more panels.
const FINER: f64 = 4.0;

/// What one source contributes at one distance.
#[derive(Clone, Copy, Debug, Default)]
pub struct Point {
    pub density: f64,
    /// Outward.
    pub flux: f64,
    pub source: f64,
}

/// Values and slopes at even distances.
#[derive(Debug)]
pub struct Table {
    step: f64,
    knots: Vec<[Point; 2]>,
}

impl Table {
    /// The table up to the distance `reach`.
    ///
    /// # Errors
    /// Words that follow "the kernel cannot be computed:".
    pub fn new(model: &SignedModel, t: f64, reach: f64) -> Result<Table, String> {
        let length = model.modes.length(t);
        let pieces = (PER_LENGTH * reach / length).ceil().max(PER_LENGTH);
        if pieces > MOST {
            return Err(format!(
                "the points lie up to {reach:.3e} apart, {:.0} times the length {length:.3e} of the kernel; take a later time",
                reach / length
            ));
        }
        let step = reach.max(length) / pieces;
        let density = model.spectrum(t, FINER * reach.max(length))?;
        let complex = || "its flux or its source is not real".to_owned();
        let flux = density.times(|k| model.flux(k)).ok_or_else(complex)?;
        let divergence = flux.times(|k| Some(k * k)).ok_or_else(complex)?;
        let source = match model.has_source() {
            true => Some(density.times(|k| model.source(k)).ok_or_else(complex)?),
            false => None,
        };
        let all = Transforms { dim: model.dim, density, flux, divergence, source };
        let knots = (0..=pieces as usize + 1).into_par_iter().map(|i| all.knot(i as f64 * step)).collect();
        Ok(Table { step, knots })
    }

    /// The density at the source.
    pub fn peak(&self) -> f64 {
        self.knots[0][0].density.abs()
    }

    /// The values at the distance r.
    pub fn at(&self, r: f64) -> Point {
        let place = r / self.step;
        let i = (place as usize).min(self.knots.len() - 2);
        let u = place - i as f64;
        let ([a, da], [b, db]) = (self.knots[i], self.knots[i + 1]);
        let cubic = |f: fn(&Point) -> f64| {
            let (f0, f1, d0, d1) = (f(&a), f(&b), self.step * f(&da), self.step * f(&db));
            f0 + u * (d0 + u * (3.0 * (f1 - f0) - 2.0 * d0 - d1 + u * (2.0 * (f0 - f1) + d0 + d1)))
        };
        Point { density: cubic(|p| p.density), flux: cubic(|p| p.flux), source: cubic(|p| p.source) }
    }
}

/// The transforms that a table is made of.
struct Transforms {
    dim: usize,
    density: Spectrum,
    /// `F p-hat`: the flux is minus its gradient.
    flux: Spectrum,
    divergence: Spectrum,
    source: Option<Spectrum>,
}

impl Transforms {
    /// Values and slopes at the distance r.
    fn knot(&self, r: f64) -> [Point; 2] {
        let n = self.dim;
        let outward = -self.flux.slope(n, r);
        let divergence = self.divergence.at(n, r);
        let bend = if r > 0.0 { divergence - (n as f64 - 1.0) * outward / r } else { divergence / n as f64 };
        let source = |f: fn(&Spectrum, usize, f64) -> f64| self.source.as_ref().map_or(0.0, |s| f(s, n, r));
        [
            Point { density: self.density.at(n, r), flux: outward, source: source(Spectrum::at) },
            Point { density: self.density.slope(n, r), flux: bend, source: source(Spectrum::slope) },
        ]
    }
}
