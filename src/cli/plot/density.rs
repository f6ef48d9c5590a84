//! The density of two points in the plane with the velocity that moves it.

use super::radial::Radial;
use super::{Subject, ours};
use crate::cli::console::Console;
use crate::cli::device::Device;
use crate::cli::failure::Failure;
use genphys::picture::{HeatMap, PictureFormat, heat_map};
use ndarray::Array2;

/// The points, half a unit of mass each.
const SOURCES: [[f64; 2]; 2] = [[-1.0, 0.0], [1.0, 0.0]];
const HALF: f64 = 2.4;
/// When waves of this number have decayed, the two points are blurred but still apart.
const APART: f64 = 2.2;
const CELLS: usize = 120;
const ARROWS: usize = 17;

/// Entries of the table in r that the plane is read from.
const TABLE: usize = 1500;

/// Densities below this part of the highest have no arrow: a velocity there is a quotient of rounding errors.
const FAINT: f64 = 2e-3;

/// Draws the density.
pub fn draw(subject: &Subject, place: (&Device, &Console), format: PictureFormat) -> Result<Vec<u8>, Failure> {
    if let Some(dim) = subject.dim.filter(|dim| *dim != 2) {
        return Err(
            Failure::input(format!("the density is drawn in the plane, not in N = {dim}")).help("leave --dim out")
        );
    }
    let radial = Radial::new(subject, 2, place)?;
    let t = match subject.times.as_deref() {
        None => radial.decay_time(APART),
        Some([t]) => *t,
        Some(_) => return Err(Failure::input("the density is drawn at one --time")),
    };
    let far = 1.01 * (HALF + 1.0).hypot(HALF);
    let radii: Vec<f64> = (0..=TABLE).map(|i| far * i as f64 / TABLE as f64).collect();
    let density = Table { values: radial.density(t, &radii)?, far };
    let flux = radial.flux(t, &radii)?.map(|values| Table { values, far });
    let at = |x: f64, y: f64| SOURCES.iter().map(|[a, b]| 0.5 * density.at((x - a).hypot(y - b))).sum::<f64>();
    let centre = |i: usize, n: usize| HALF * (2.0 * (i as f64 + 0.5) / n as f64 - 1.0);
    let values = Array2::from_shape_fn((CELLS, CELLS), |(row, column)| at(centre(column, CELLS), centre(row, CELLS)));
    let top = values.iter().copied().fold(0.0, f64::max);
    let mut arrows = Vec::new();
    if let Some(flux) = &flux {
        for (i, j) in (0..ARROWS).flat_map(|i| (0..ARROWS).map(move |j| (i, j))) {
            let (x, y) = (centre(i, ARROWS), centre(j, ARROWS));
            let p = at(x, y);
            if p > FAINT * top {
                arrows.push(([x, y], velocity(flux, p, x, y)));
            }
        }
    }
    let map = HeatMap {
        title: format!("{}: density of two points", subject.title()),
        remark: format!(
            "{}, t = {t:.4}, {}; arrows: direction and relative size of v",
            subject.equation(),
            radial.route()
        ),
        half: HALF,
        values,
        arrows: drawn(arrows),
        marks: SOURCES.to_vec(),
    };
    heat_map(&map, format).map_err(ours)
}

fn velocity(flux: &Table, p: f64, x: f64, y: f64) -> [f64; 2] {
    let mut v = [0.0; 2];
    for [a, b] in SOURCES {
        let (dx, dy) = (x - a, y - b);
        let r = dx.hypot(dy);
        let rate = if r > 0.0 { 0.5 * flux.at(r) / (r * p) } else { 0.0 };
        v[0] += rate * dx;
        v[1] += rate * dy;
    }
    v
}

/// Arrows of at most a cell, longer ones compressed so that the short ones can be seen; each is centred on its point.
fn drawn(arrows: Vec<([f64; 2], [f64; 2])>) -> Vec<([f64; 2], [f64; 2])> {
    let cell = 2.0 * HALF / ARROWS as f64;
    let mut speeds: Vec<f64> = arrows.iter().map(|(_, v)| v[0].hypot(v[1])).collect();
    speeds.sort_by(f64::total_cmp);
    let Some(median) = speeds.get(speeds.len() / 2).copied().filter(|m| *m > 0.0) else { return Vec::new() };
    let scaled = |(at, v): ([f64; 2], [f64; 2])| {
        let speed = v[0].hypot(v[1]);
        let scale = 0.95 * cell / (speed + median);
        let by = v.map(|c| c * scale);
        ([at[0] - 0.5 * by[0], at[1] - 0.5 * by[1]], by)
    };
    arrows.into_iter().map(scaled).collect()
}

/// Values at equal steps of r from 0, read by linear interpolation.
struct Table {
    values: Vec<f64>,
    far: f64,
}

impl Table {
    fn at(&self, r: f64) -> f64 {
        let place = (r / self.far * TABLE as f64).clamp(0.0, TABLE as f64 - 1e-9);
        let (i, part) = (place as usize, place.fract());
        self.values[i] * (1.0 - part) + self.values[i + 1] * part
    }
}
