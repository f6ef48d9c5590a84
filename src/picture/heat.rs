//! A density in the plane as a heat map, with a velocity field as arrows.

use super::canvas::{Drawing, FAINT_INK, FONT, INK, PictureError, PictureFormat, drawing, px, render, text};
use super::frame::tick;
use ndarray::Array2;
use plotters::coord::Shift;
use plotters::prelude::*;

/// A density on a square grid and arrows over it.
#[derive(Debug, Clone)]
pub struct HeatMap {
    /// The title.
    pub title: String,
    /// A line below the title.
    pub remark: String,
    /// Half the side of the square shown, about the origin.
    pub half: f64,
    /// Values at the centres of cells, `[rows, columns]`, the first row at the bottom.
    pub values: Array2<f64>,
    /// Arrows: where they start, and their extent.
    pub arrows: Vec<([f64; 2], [f64; 2])>,
    /// Points to mark.
    pub marks: Vec<[f64; 2]>,
}

const SIDE: u32 = 520;
const LEFT: u32 = 52;
const HEADING: u32 = 70;
const BELOW: u32 = 34;
const RIGHT: u32 = 96;

/// The colours of 0, of half and of the highest density; negative densities run to red.
const ZERO: RGBColor = RGBColor(252, 252, 250);
const HALF: RGBColor = RGBColor(120, 172, 208);
const FULL: RGBColor = RGBColor(16, 58, 112);
const NEGATIVE: RGBColor = RGBColor(206, 42, 42);

/// Draws a heat map.
///
/// # Errors
/// [`PictureError`], a fault of ours.
pub fn heat_map(map: &HeatMap, format: PictureFormat) -> Result<Vec<u8>, PictureError> {
    render((LEFT + SIDE + RIGHT, HEADING + SIDE + BELOW), format, map)
}

impl Drawing for HeatMap {
    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Result<(), PictureError> {
        area.draw(&Text::new(self.title.clone(), (px(20), px(14)), text(19, INK))).map_err(drawing)?;
        area.draw(&Text::new(self.remark.clone(), (px(20), px(42)), text(12, FAINT_INK))).map_err(drawing)?;
        let top = self.values.iter().copied().filter(|v| v.is_finite()).fold(f64::MIN_POSITIVE, f64::max);
        let half = self.half;
        let mut plot = ChartBuilder::on(area)
            .margin_top(px(HEADING))
            .margin_right(px(RIGHT))
            .set_label_area_size(LabelAreaPosition::Left, px(LEFT))
            .set_label_area_size(LabelAreaPosition::Bottom, px(BELOW))
            .build_cartesian_2d(-half..half, -half..half)
            .map_err(drawing)?;
        plot.configure_mesh()
            .disable_mesh()
            .x_labels(7)
            .y_labels(7)
            .axis_style(FAINT_INK.stroke_width(px(1) as u32))
            .label_style((FONT, px(12) as u32).into_font().color(&FAINT_INK))
            .x_label_formatter(&|v| tick(*v, half))
            .y_label_formatter(&|v| tick(*v, half))
            .draw()
            .map_err(drawing)?;
        let (rows, columns) = self.values.dim();
        let edge = |i: usize, n: usize| half * (2.0 * i as f64 / n as f64 - 1.0);
        let cells = self.values.indexed_iter().map(|((row, column), value)| {
            let corners = [(edge(column, columns), edge(row, rows)), (edge(column + 1, columns), edge(row + 1, rows))];
            Rectangle::new(corners, color(value / top).filled())
        });
        plot.draw_series(cells).map_err(drawing)?;
        for (from, by) in &self.arrows {
            plot.draw_series(arrow(*from, *by)).map_err(drawing)?;
        }
        let marks = self.marks.iter().map(|[x, y]| Circle::new((*x, *y), px(4), NEGATIVE_MARK.filled()));
        plot.draw_series(marks).map_err(drawing)?;
        scale(area, top, self.values.iter().copied().fold(0.0, f64::min))
    }
}

const NEGATIVE_MARK: RGBColor = RGBColor(236, 156, 40);

/// The colour of a value relative to the highest.
fn color(value: f64) -> RGBColor {
    if !value.is_finite() {
        return GREY;
    }
    if value < 0.0 {
        return between(ZERO, NEGATIVE, (-4.0 * value).min(1.0));
    }
    if value < 0.5 { between(ZERO, HALF, 2.0 * value) } else { between(HALF, FULL, 2.0 * value - 1.0) }
}

const GREY: RGBColor = RGBColor(200, 200, 200);

fn between(a: RGBColor, b: RGBColor, part: f64) -> RGBColor {
    let mix = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * part.clamp(0.0, 1.0)).round() as u8;
    RGBColor(mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
}

/// A shaft and two barbs.
fn arrow([x, y]: [f64; 2], [u, v]: [f64; 2]) -> Vec<PathElement<(f64, f64)>> {
    let tip = (x + u, y + v);
    let barb = |angle: f64| {
        let (sin, cos) = angle.sin_cos();
        (tip.0 + 0.38 * (u * cos - v * sin), tip.1 + 0.38 * (u * sin + v * cos))
    };
    let ink = INK.mix(0.75).stroke_width(px(1) as u32 + 1);
    vec![PathElement::new(vec![(x, y), tip], ink), PathElement::new(vec![barb(2.6), tip, barb(-2.6)], ink)]
}

/// The colours beside the map, with the density they stand for.
fn scale<B: DrawingBackend>(area: &DrawingArea<B, Shift>, top: f64, bottom: f64) -> Result<(), PictureError> {
    let (left, from, height) = (px(LEFT + SIDE + 18), px(HEADING), px(SIDE));
    let low = (bottom / top).min(0.0);
    let steps = 64;
    for step in 0..steps {
        let value = 1.0 - (1.0 - low) * (f64::from(step) + 0.5) / f64::from(steps);
        let (a, b) = (from + height * step / steps, from + height * (step + 1) / steps);
        area.draw(&Rectangle::new([(left, a), (left + px(14), b)], color(value).filled())).map_err(drawing)?;
    }
    for value in [1.0, 0.5, 0.0, low] {
        let y = from + (f64::from(height) * (1.0 - value) / (1.0 - low)) as i32 - px(7);
        // The lowest value is written where it stands clear of the zero.
        if value >= 0.0 || low < -0.03 {
            let label = if value == 0.0 { "0".to_owned() } else { tick(value * top, top) };
            area.draw(&Text::new(label, (left + px(20), y), text(12, FAINT_INK))).map_err(drawing)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn negative_cells_are_red() {
        let map = |value: f64| HeatMap {
            title: "t".into(),
            remark: "r".into(),
            half: 1.0,
            values: array![[1.0, value]],
            arrows: vec![([0.0, 0.0], [0.1, 0.0])],
            marks: vec![[0.5, 0.0]],
        };
        let svg = |value| String::from_utf8(heat_map(&map(value), PictureFormat::Svg).expect("drawn")).expect("text");
        assert!(svg(-0.25).contains("#CE2A2A") && !svg(0.25).contains("#CE2A2A"));
        assert!(heat_map(&map(f64::NAN), PictureFormat::Png).expect("drawn").starts_with(b"\x89PNG"));
    }
}
