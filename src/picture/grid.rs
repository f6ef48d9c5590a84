//! A grid of images: each sample beside the data point nearest to it.

use super::canvas::{Area, FAINT_INK, INK, PictureError, drawing, picture, px, text};
use ndarray::{ArrayView1, ArrayView2};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// How a point is drawn as an image: row-major grey values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pixels {
    /// Rows of pixels.
    pub rows: usize,
    /// Columns of pixels.
    pub columns: usize,
    /// The value drawn white and the one drawn black.
    pub range: (f64, f64),
}

/// The side of an image in the picture; pixels are whole, so that an image is at most this large.
const SIDE: u32 = 56;
const GAP: u32 = 4;
const PAIR: u32 = 2 * SIDE + GAP + 22;
const ROW: u32 = SIDE + 30;
const LEFT: u32 = 22;
const HEADING: u32 = 78;
const MOST_COLUMNS: usize = 8;
const MOST_PAIRS: usize = 48;

/// Draws up to 48 samples, each with its nearest data point to the right and their distance below.
///
/// # Shapes
/// `samples`: `[M, N]`, `data`: `[K, N]`, `N = rows * columns`; `nearest`: for each sample the row of its nearest data
/// point and the distance, as [`nearest`] gives them.
/// # Errors
/// [`PictureError`], a fault of ours.
pub fn pairs(
    title: &str,
    samples: ArrayView2<f64>,
    data: ArrayView2<f64>,
    nearest: &[(usize, f64)],
    pixels: Pixels,
) -> Result<Vec<u8>, PictureError> {
    let shown = samples.nrows().min(nearest.len()).min(MOST_PAIRS);
    let columns = shown.clamp(4, MOST_COLUMNS);
    let rows = shown.div_ceil(columns).max(1);
    let size = (2 * LEFT - 22 + PAIR * columns as u32, HEADING + ROW * rows as u32 + 10);
    picture(size, |area| {
        let remark = format!(
            "{shown} of {} samples; left: sample, right: nearest data point, below: distance between them",
            samples.nrows()
        );
        area.draw(&Text::new(title.to_owned(), (px(LEFT), px(18)), text(19, INK))).map_err(drawing)?;
        area.draw(&Text::new(remark, (px(LEFT), px(46)), text(12, FAINT_INK))).map_err(drawing)?;
        for (i, (row, distance)) in nearest.iter().take(shown).enumerate() {
            let corner = (LEFT + PAIR * (i % columns) as u32, HEADING + ROW * (i / columns) as u32);
            image(area, corner, samples.row(i), pixels)?;
            image(area, (corner.0 + SIDE + GAP, corner.1), data.row(*row), pixels)?;
            let below = (px(corner.0 + SIDE) + px(GAP) / 2, px(corner.1 + SIDE + 4));
            let style = text(11, FAINT_INK).pos(Pos::new(HPos::Center, VPos::Top));
            area.draw(&Text::new(distance_label(*distance), below, style)).map_err(drawing)?;
        }
        Ok(())
    })
}

fn distance_label(distance: f64) -> String {
    if distance == 0.0 || (0.01..1000.0).contains(&distance) {
        format!("{distance:.2}")
    } else {
        format!("{distance:.0e}")
    }
}

fn image(area: &Area, corner: (u32, u32), point: ArrayView1<f64>, pixels: Pixels) -> Result<(), PictureError> {
    let Pixels { rows, columns, range: (low, high) } = pixels;
    let (left, top) = (px(corner.0), px(corner.1));
    // Edges of pixels are rounded one by one, so that an image of any number of pixels fills its square.
    let longest = rows.max(columns).max(1);
    let edge = |i: usize| (px(SIDE) as usize * i / longest) as i32;
    for (at, value) in point.iter().enumerate().take(rows * columns) {
        let (row, column) = (at / columns, at % columns);
        let ink = ((value - low) / (high - low)).clamp(0.0, 1.0);
        let grey = (255.0 - 235.0 * ink).round() as u8;
        let from = (left + edge(column), top + edge(row));
        let to = (left + edge(column + 1), top + edge(row + 1));
        area.draw(&Rectangle::new([from, to], RGBColor(grey, grey, grey).filled())).map_err(drawing)?;
    }
    let outline = [(left - 1, top - 1), (left + edge(columns), top + edge(rows))];
    area.draw(&Rectangle::new(outline, FAINT_INK.mix(0.5).stroke_width(1))).map_err(drawing)
}

/// For each sample the row of the nearest data point and the Euclidean distance to it.
///
/// # Shapes
/// `samples`: `[M, N]`, `data`: `[K, N]`; returns `[M]`, empty when there are no data.
pub fn nearest(samples: ArrayView2<f64>, data: ArrayView2<f64>) -> Vec<(usize, f64)> {
    let squared = |a: ArrayView1<f64>, b: ArrayView1<f64>| a.iter().zip(b).map(|(x, y)| (x - y) * (x - y)).sum::<f64>();
    let of = |sample: ArrayView1<f64>| {
        let distances = data.rows().into_iter().map(|point| squared(sample, point)).enumerate();
        distances.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(row, distance)| (row, distance.sqrt()))
    };
    samples.rows().into_iter().filter_map(of).collect()
}
