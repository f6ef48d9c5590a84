//! Means with their intervals, one row each, beside the band of a floor.

use super::canvas::{
    Drawing, FAINT_INK, FINE, FONT, GRID_LINE, INK, PictureError, PictureFormat, drawing, px, render, text,
};
use super::frame::tick;
use plotters::coord::Shift;
use plotters::prelude::*;
use std::ops::Range;

/// One panel: a quantity, a row for each of what is compared, and the floor.
#[derive(Debug, Clone)]
pub struct Panel {
    /// The quantity.
    pub title: String,
    /// What cannot be beaten, drawn as a band across all rows.
    pub floor: Option<Whisker>,
    /// The rows, from top to bottom.
    pub whiskers: Vec<Whisker>,
}

/// A mean with its interval.
#[derive(Debug, Clone)]
pub struct Whisker {
    /// What it is of.
    pub name: String,
    /// The mean.
    pub mean: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

const MEAN: RGBColor = RGBColor(59, 104, 161);
const FLOOR: RGBColor = RGBColor(211, 126, 46);
const WIDTH: u32 = 860;
const LEFT: u32 = 300;
const HEADING: u32 = 70;
const PANEL_HEADING: u32 = 28;
const ROW: u32 = 26;
const AXIS: u32 = 40;

/// The longest name that fits beside its row, in characters.
const LONGEST: usize = 40;

/// Draws panels below each other under a title and a remark.
///
/// # Errors
/// [`PictureError`], a fault of ours.
pub fn intervals(title: &str, remark: &str, panels: &[Panel], format: PictureFormat) -> Result<Vec<u8>, PictureError> {
    let height = HEADING + panels.iter().map(height).sum::<u32>() + 16;
    render((WIDTH, height), format, &Sheet { title, remark, panels })
}

fn height(panel: &Panel) -> u32 {
    PANEL_HEADING + ROW * rows(panel) + AXIS
}

fn rows(panel: &Panel) -> u32 {
    u32::try_from(panel.whiskers.len()).unwrap_or(u32::MAX).max(1)
}

struct Sheet<'a> {
    title: &'a str,
    remark: &'a str,
    panels: &'a [Panel],
}

impl Drawing for Sheet<'_> {
    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Result<(), PictureError> {
        area.draw(&Text::new(self.title.to_owned(), (px(20), px(14)), text(19, INK))).map_err(drawing)?;
        area.draw(&Text::new(self.remark.to_owned(), (px(20), px(41)), text(12, FAINT_INK))).map_err(drawing)?;
        let mut top = HEADING;
        for panel in self.panels {
            let part = area.clone().shrink((0, px(top)), (WIDTH * FINE, height(panel) * FINE));
            draw_panel(&part, panel)?;
            top += height(panel);
        }
        Ok(())
    }
}

fn draw_panel<B: DrawingBackend>(area: &DrawingArea<B, Shift>, panel: &Panel) -> Result<(), PictureError> {
    area.draw(&Text::new(panel.title.clone(), (px(20), px(4)), text(14, INK))).map_err(drawing)?;
    let (x, count) = (range(panel), f64::from(rows(panel)));
    let half = 0.5 * (x.end - x.start);
    let mut plot = ChartBuilder::on(area)
        .margin_top(px(PANEL_HEADING))
        .margin_right(px(24))
        .set_label_area_size(LabelAreaPosition::Left, px(LEFT))
        .set_label_area_size(LabelAreaPosition::Bottom, px(AXIS))
        .build_cartesian_2d(x.clone(), 0.0..count)
        .map_err(drawing)?;
    plot.configure_mesh()
        .disable_y_mesh()
        .y_labels(0)
        .x_labels(7)
        .max_light_lines(0)
        .bold_line_style(GRID_LINE.stroke_width(px(1) as u32))
        .axis_style(FAINT_INK.stroke_width(px(1) as u32))
        .label_style((FONT, px(12) as u32).into_font().color(&FAINT_INK))
        .x_label_formatter(&|v| tick(*v, half))
        .draw()
        .map_err(drawing)?;
    if let Some(Whisker { mean, low, high, .. }) = &panel.floor {
        let band = Rectangle::new([(*low, 0.0), (*high, count)], FLOOR.mix(0.2).filled());
        let line = PathElement::new(vec![(*mean, 0.0), (*mean, count)], FLOOR.stroke_width(px(1) as u32));
        plot.draw_series(std::iter::once(band)).map_err(drawing)?;
        plot.draw_series(std::iter::once(line)).map_err(drawing)?;
    }
    for (i, whisker) in (0..).zip(&panel.whiskers) {
        let y = count - f64::from(i) - 0.5;
        let bar = |from: (f64, f64), to| PathElement::new(vec![from, to], MEAN.stroke_width(px(2) as u32));
        let ends = [whisker.low, whisker.high].map(|x| bar((x, y - 0.18), (x, y + 0.18)));
        plot.draw_series([bar((whisker.low, y), (whisker.high, y))].into_iter().chain(ends)).map_err(drawing)?;
        plot.draw_series([Circle::new((whisker.mean, y), px(4), MEAN.filled())]).map_err(drawing)?;
        let at = (px(20), px(PANEL_HEADING + ROW * i) + px(5));
        area.draw(&Text::new(shortened(&whisker.name), at, text(12, INK))).map_err(drawing)?;
    }
    Ok(())
}

/// From the least to the greatest end, with a margin; never empty.
fn range(panel: &Panel) -> Range<f64> {
    let ends =
        panel.whiskers.iter().chain(&panel.floor).flat_map(|w| [w.low, w.mean, w.high]).filter(|x| x.is_finite());
    let (low, high) = ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
    if low > high {
        return 0.0..1.0;
    }
    let margin = if high > low { 0.06 * (high - low) } else { 0.5 * high.abs().max(1e-3) };
    low - margin..high + margin
}

fn shortened(name: &str) -> String {
    match name.char_indices().nth(LONGEST) {
        None => name.to_owned(),
        Some((end, _)) => format!("{}...", &name[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whisker(name: &str, mean: f64, half: f64) -> Whisker {
        Whisker { name: name.into(), mean, low: mean - half, high: mean + half }
    }

    #[test]
    fn every_row_and_the_floor_are_drawn() {
        let panel = Panel {
            title: "energy".into(),
            floor: Some(whisker("floor", 0.1, 0.02)),
            whiskers: vec![whisker("diffusion", 0.2, 0.05), whisker(&"long ".repeat(20), 0.4, 0.0)],
        };
        let svg = intervals("title", "remark", &[panel.clone(), panel], PictureFormat::Svg).expect("drawn");
        let svg = String::from_utf8(svg).expect("text");
        assert_eq!(svg.matches("<circle").count(), 4, "two panels of two rows");
        assert!(svg.contains("diffusion") && svg.contains("#D37E2E"));
    }

    #[test]
    fn ranges_are_never_empty() {
        let of = |whiskers| range(&Panel { title: String::new(), floor: None, whiskers });
        for range in [of(vec![]), of(vec![whisker("a", 0.0, 0.0)]), of(vec![whisker("a", f64::NAN, 0.0)])] {
            assert!(range.start < range.end);
        }
    }
}
