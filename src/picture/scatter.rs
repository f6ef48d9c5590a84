//! Data, prior and samples side by side in the plane of the first two coordinates.

use super::canvas::{Area, FAINT_INK, FONT, GRID_LINE, INK, PictureError, drawing, picture, px, text};
use super::frame::{Frame, tick};
use ndarray::Array2;
use plotters::prelude::*;

/// Points to draw and how to call them.
#[derive(Debug, Clone)]
pub struct Cloud<'a> {
    /// The heading of its panel, for example `prior at T = 40`.
    pub title: &'a str,
    /// The points, `[M, N]` with `N >= 2`; the first two coordinates are drawn.
    pub points: &'a Array2<f64>,
    /// Weights `[M]`, drawn as areas; none means all alike.
    pub weights: Option<&'a [f64]>,
}

const DATA: RGBColor = RGBColor(59, 104, 161);
const PRIOR: RGBColor = RGBColor(211, 126, 46);
const SAMPLES: RGBColor = RGBColor(28, 132, 110);
const BEHIND: RGBColor = RGBColor(178, 184, 192);

const PLOT: u32 = 372;
const LEFT: u32 = 52;
const RIGHT: u32 = 14;
const ABOVE: u32 = 52;
const BELOW: u32 = 34;
const HEADING: u32 = 44;

/// Draws three panels under a title: the data, the prior, and the samples over the data in grey.
///
/// The prior has its own scale, with the frame of the data as a box in it; heavy tails are cut and counted in the caption.
///
/// # Errors
/// [`PictureError`], a fault of ours.
pub fn scatter(title: &str, data: &Cloud, prior: &Cloud, samples: &Cloud) -> Result<Vec<u8>, PictureError> {
    let near = Frame::around(data.points);
    let far = near.holding(Frame::around(prior.points));
    let panels = [
        Panel { cloud: data, color: DATA, frame: near, behind: None, box_of: None },
        Panel { cloud: prior, color: PRIOR, frame: far, behind: None, box_of: Some(near) },
        Panel { cloud: samples, color: SAMPLES, frame: near, behind: Some(data), box_of: None },
    ];
    let width = LEFT + PLOT + RIGHT;
    picture((3 * width, HEADING + ABOVE + PLOT + BELOW), |area| {
        area.draw(&Text::new(title.to_owned(), (px(LEFT), px(16)), text(19, INK))).map_err(drawing)?;
        for (i, panel) in (0..).zip(&panels) {
            let corner = (px(i * width), px(HEADING));
            let size = (px(width) as u32, px(ABOVE + PLOT + BELOW) as u32);
            panel.draw(&area.clone().shrink(corner, size))?;
        }
        Ok(())
    })
}

struct Panel<'a> {
    cloud: &'a Cloud<'a>,
    color: RGBColor,
    frame: Frame,
    behind: Option<&'a Cloud<'a>>,
    box_of: Option<Frame>,
}

impl Panel<'_> {
    fn draw(&self, area: &Area) -> Result<(), PictureError> {
        area.draw(&Text::new(self.cloud.title.to_owned(), (px(LEFT), px(6)), text(16, INK))).map_err(drawing)?;
        area.draw(&Text::new(self.caption(), (px(LEFT), px(29)), text(12, FAINT_INK))).map_err(drawing)?;
        let half = self.frame.half;
        let mut chart = ChartBuilder::on(area)
            .margin_top(px(ABOVE))
            .margin_right(px(RIGHT))
            .set_label_area_size(LabelAreaPosition::Left, px(LEFT))
            .set_label_area_size(LabelAreaPosition::Bottom, px(BELOW))
            .build_cartesian_2d(self.frame.range(0), self.frame.range(1))
            .map_err(drawing)?;
        chart
            .configure_mesh()
            .x_labels(6)
            .y_labels(6)
            .max_light_lines(0)
            .bold_line_style(GRID_LINE.stroke_width(px(1) as u32))
            .axis_style(FAINT_INK.stroke_width(px(1) as u32))
            .label_style((FONT, px(12) as u32).into_font().color(&FAINT_INK))
            .x_label_formatter(&|v| tick(*v, half))
            .y_label_formatter(&|v| tick(*v, half))
            .draw()
            .map_err(drawing)?;
        if let Some(behind) = self.behind {
            chart.draw_series(dots(behind, self.frame, BEHIND, 0.6)).map_err(drawing)?;
        }
        chart.draw_series(dots(self.cloud, self.frame, self.color, 1.0)).map_err(drawing)?;
        if let Some(near) = self.box_of.filter(|near| near.half < 0.95 * self.frame.half) {
            let corners = [(near.range(0).start, near.range(1).start), (near.range(0).end, near.range(1).end)];
            let outline = INK.mix(0.7).stroke_width(px(1) as u32);
            chart.draw_series([Rectangle::new(corners, outline)]).map_err(drawing)?;
        }
        Ok(())
    }

    fn caption(&self) -> String {
        let n = self.cloud.points.nrows();
        let outside = coordinates(self.cloud.points).filter(|point| !self.frame.holds(*point)).count();
        let mut text = if n == 1 { "1 point".to_owned() } else { format!("{n} points") };
        if outside > 0 {
            text += &format!(", {outside} outside the frame");
        }
        if self.box_of.is_some_and(|near| near.half < 0.95 * self.frame.half) {
            text += "; box: the data's frame";
        }
        if self.behind.is_some() {
            text += "; the data in grey";
        }
        text
    }
}

fn coordinates(points: &Array2<f64>) -> impl Iterator<Item = (f64, f64)> {
    (0..points.nrows()).map(move |i| (points[[i, 0]], points[[i, 1]]))
}

/// A dot a point, smaller and fainter the more there are, its area proportional to the weight.
fn dots<'a>(
    cloud: &'a Cloud,
    frame: Frame,
    color: RGBColor,
    strength: f64,
) -> impl Iterator<Item = Circle<(f64, f64), f64>> + 'a {
    let n = cloud.points.nrows().max(1) as f64;
    let alpha = (18.0 / n.sqrt()).clamp(0.22, 0.85) * strength;
    let radius = f64::from(px(1)) * (250.0 / n).powf(0.25).clamp(1.2, 5.5);
    let total: f64 = cloud.weights.map_or(n, |w| w.iter().sum());
    let area = move |i: usize| cloud.weights.and_then(|w| w.get(i)).map_or(1.0, |w| w * n / total);
    coordinates(cloud.points).enumerate().filter(move |(_, point)| frame.holds(*point)).map(move |(i, point)| {
        let size = radius * area(i).sqrt().clamp(0.3, 4.0);
        Circle::new(point, size, color.mix(alpha).filled())
    })
}
