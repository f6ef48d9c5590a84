//! Line charts side by side: branches over k, kernels over r.

use super::canvas::{
    Drawing, FAINT_INK, FINE, FONT, GRID_LINE, INK, PictureError, PictureFormat, drawing, px, render, text,
};
use super::frame::tick;
use plotters::coord::Shift;
use plotters::prelude::*;
use std::ops::Range;

/// One panel: a title, axes and lines.
#[derive(Debug, Clone)]
pub struct Chart {
    /// Its heading, for example `Im omega(k)`.
    pub title: String,
    /// The name of the horizontal axis.
    pub x_name: String,
    /// The range of the horizontal axis.
    pub x: Range<f64>,
    /// The range of the vertical axis.
    pub y: Range<f64>,
    /// The lines, drawn in order.
    pub lines: Vec<Line>,
}

/// A line through points; a gap where a value is not finite.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its entry in the legend, if any.
    pub label: Option<String>,
    /// How it is drawn.
    pub stroke: Stroke,
    /// The points.
    pub points: Vec<(f64, f64)>,
}

/// How a line is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stroke {
    /// In the colour of this number.
    Plain(usize),
    /// The same, twice as thick.
    Thick(usize),
    /// A thin grey line: a level to compare with.
    Level,
    /// As `Plain`, red and filled to zero where it is negative.
    Signed(usize),
}

const COLORS: [RGBColor; 6] = [
    RGBColor(59, 104, 161),
    RGBColor(28, 132, 110),
    RGBColor(211, 126, 46),
    RGBColor(126, 87, 160),
    RGBColor(112, 120, 131),
    RGBColor(166, 120, 60),
];
const NEGATIVE: RGBColor = RGBColor(200, 40, 40);
const WIDTH: u32 = 560;
const PLOT: u32 = 340;
const LEFT: u32 = 64;
const HEADING: u32 = 66;
const LEGEND_LINE: u32 = 19;

/// Draws panels side by side under a title and a remark.
///
/// # Errors
/// [`PictureError`], a fault of ours.
pub fn charts(title: &str, remark: &str, charts: &[Chart], format: PictureFormat) -> Result<Vec<u8>, PictureError> {
    let legend = charts.iter().map(|c| c.lines.iter().filter(|l| l.label.is_some()).count()).max().unwrap_or(0) as u32;
    let sheet = Sheet { title, remark, charts, legend };
    let size = (WIDTH * charts.len().max(1) as u32, HEADING + 34 + LEGEND_LINE * legend + PLOT + 50);
    render(size, format, &sheet)
}

struct Sheet<'a> {
    title: &'a str,
    remark: &'a str,
    charts: &'a [Chart],
    legend: u32,
}

impl Drawing for Sheet<'_> {
    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Result<(), PictureError> {
        area.draw(&Text::new(self.title.to_owned(), (px(20), px(14)), text(19, INK))).map_err(drawing)?;
        area.draw(&Text::new(self.remark.to_owned(), (px(20), px(41)), text(12, FAINT_INK))).map_err(drawing)?;
        let height = 34 + LEGEND_LINE * self.legend + PLOT + 50;
        for (i, chart) in (0..).zip(self.charts) {
            let part = area.clone().shrink((px(i * WIDTH), px(HEADING)), (WIDTH * FINE, height * FINE));
            self.panel(&part, chart)?;
        }
        Ok(())
    }
}

impl Sheet<'_> {
    fn panel<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>, chart: &Chart) -> Result<(), PictureError> {
        area.draw(&Text::new(chart.title.clone(), (px(LEFT), px(4)), text(16, INK))).map_err(drawing)?;
        legend(area, chart)?;
        let mut plot = ChartBuilder::on(area)
            .margin_top(px(34 + LEGEND_LINE * self.legend))
            .margin_right(px(18))
            .set_label_area_size(LabelAreaPosition::Left, px(LEFT))
            .set_label_area_size(LabelAreaPosition::Bottom, px(46))
            .build_cartesian_2d(chart.x.clone(), chart.y.clone())
            .map_err(drawing)?;
        let half = |range: &Range<f64>| 0.5 * (range.end - range.start);
        let (half_x, half_y) = (half(&chart.x), half(&chart.y));
        plot.configure_mesh()
            .x_labels(7)
            .y_labels(7)
            .max_light_lines(0)
            .bold_line_style(GRID_LINE.stroke_width(px(1) as u32))
            .axis_style(FAINT_INK.stroke_width(px(1) as u32))
            .label_style((FONT, px(12) as u32).into_font().color(&FAINT_INK))
            .x_desc(chart.x_name.clone())
            .axis_desc_style((FONT, px(13) as u32).into_font().color(&INK))
            .x_label_formatter(&|v| tick(*v, half_x))
            .y_label_formatter(&|v| tick(*v, half_y))
            .draw()
            .map_err(drawing)?;
        for line in &chart.lines {
            for part in line.points.split(|(x, y)| !x.is_finite() || !y.is_finite()) {
                if let Stroke::Signed(_) = line.stroke {
                    for below in negative(part) {
                        let area = AreaSeries::new(below.iter().copied(), 0.0, NEGATIVE.mix(0.14));
                        plot.draw_series(area).map_err(drawing)?;
                    }
                }
                plot.draw_series(std::iter::once(PathElement::new(part.to_vec(), style(line.stroke))))
                    .map_err(drawing)?;
                if let Stroke::Signed(_) = line.stroke {
                    for below in negative(part) {
                        let path = PathElement::new(below, NEGATIVE.stroke_width(px(2) as u32));
                        plot.draw_series(std::iter::once(path)).map_err(drawing)?;
                    }
                }
            }
        }
        Ok(())
    }
}

fn style(stroke: Stroke) -> ShapeStyle {
    let color = |i: usize| COLORS[i % COLORS.len()];
    match stroke {
        Stroke::Plain(i) | Stroke::Signed(i) => color(i).stroke_width(px(2) as u32),
        Stroke::Thick(i) => color(i).stroke_width(px(4) as u32),
        Stroke::Level => INK.mix(0.55).stroke_width(px(1) as u32),
    }
}

/// The parts of a line below zero, each from crossing to crossing.
fn negative(points: &[(f64, f64)]) -> Vec<Vec<(f64, f64)>> {
    let mut parts: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut open = false;
    for (i, &(x, y)) in points.iter().enumerate() {
        if (y < 0.0) != open {
            let crossing = i.checked_sub(1).map_or((x, 0.0), |j| {
                let (x0, y0) = points[j];
                (x0 + (x - x0) * y0 / (y0 - y), 0.0)
            });
            match (open, parts.last_mut()) {
                (true, Some(part)) => part.push(crossing),
                _ => parts.push(vec![crossing]),
            }
            open = !open;
        }
        if let (true, Some(part)) = (open, parts.last_mut()) {
            part.push((x, y));
        }
    }
    parts
}

fn legend<B: DrawingBackend>(area: &DrawingArea<B, Shift>, chart: &Chart) -> Result<(), PictureError> {
    for (i, line) in (0..).zip(chart.lines.iter().filter(|line| line.label.is_some())) {
        let y = px(28 + LEGEND_LINE * i);
        let sample = vec![(px(LEFT), y + px(7)), (px(LEFT + 26), y + px(7))];
        area.draw(&PathElement::new(sample, style(line.stroke))).map_err(drawing)?;
        let label = line.label.clone().unwrap_or_default();
        area.draw(&Text::new(label, (px(LEFT + 34), y), text(12, INK))).map_err(drawing)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn negative_parts_run_from_crossing_to_crossing() {
        let line = [(0.0, 1.0), (1.0, -1.0), (2.0, -1.0), (3.0, 1.0), (4.0, -1.0)];
        let parts = negative(&line);
        assert_eq!(parts[0], [(0.5, 0.0), (1.0, -1.0), (2.0, -1.0), (2.5, 0.0)]);
        assert_eq!(parts[1], [(3.5, 0.0), (4.0, -1.0)]);
        assert!(negative(&[]).is_empty() && negative(&[(0.0, 0.0)]).is_empty());
    }

    #[test]
    fn both_formats_hold_the_negative_part() {
        let line = |stroke| Line { label: Some("a".into()), stroke, points: vec![(0.0, 1.0), (1.0, -1.0)] };
        let chart = |stroke| Chart {
            title: "t".into(),
            x_name: "r".into(),
            x: 0.0..1.0,
            y: -1.0..1.0,
            lines: vec![line(stroke)],
        };
        let svg = |stroke| {
            let bytes = charts("title", "remark", &[chart(stroke)], PictureFormat::Svg).expect("drawn");
            String::from_utf8(bytes).expect("text")
        };
        assert!(svg(Stroke::Signed(0)).contains("#C82828") && !svg(Stroke::Plain(0)).contains("#C82828"));
        assert!(svg(Stroke::Plain(0)).starts_with("<svg width=\"560\" height=\"509\" viewBox=\"0 0 1120 1018\""));
        let png = charts("title", "remark", &[chart(Stroke::Signed(0))], PictureFormat::Png).expect("drawn");
        assert!(png.starts_with(b"\x89PNG"));
    }
}
