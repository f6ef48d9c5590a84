//! Data, prior and samples on a line: three histograms.

use super::canvas::{Area, FAINT_INK, FONT, GRID_LINE, INK, PictureError, drawing, picture, px, text};
use super::frame::{interval, tick};
use super::scatter::Cloud;
use plotters::prelude::*;

const COLORS: [RGBColor; 3] = [RGBColor(59, 104, 161), RGBColor(211, 126, 46), RGBColor(28, 132, 110)];
const PANEL: (u32, u32) = (420, 300);
const HEADING: u32 = 44;
const BINS: usize = 48;

/// Draws three histograms of the first coordinate under a title: the data, the prior and the samples.
///
/// The prior has its own scale; what lies outside a frame is counted in its caption.
///
/// # Errors
/// [`PictureError`], a fault of ours.
pub fn histograms(title: &str, data: &Cloud, prior: &Cloud, samples: &Cloud) -> Result<Vec<u8>, PictureError> {
    let near = interval(data.points);
    let far = interval(prior.points);
    picture((3 * PANEL.0, HEADING + PANEL.1), |area| {
        area.draw(&Text::new(title.to_owned(), (px(20), px(16)), text(19, INK))).map_err(drawing)?;
        let panels = [(data, near), (prior, far), (samples, near)];
        for (i, ((cloud, frame), color)) in (0..).zip(panels.into_iter().zip(COLORS)) {
            let corner = (px(i * PANEL.0), px(HEADING));
            let part = area.clone().shrink(corner, (px(PANEL.0) as u32, px(PANEL.1) as u32));
            panel(&part, cloud, frame, color)?;
        }
        Ok(())
    })
}

fn panel(area: &Area, cloud: &Cloud, (low, high): (f64, f64), color: RGBColor) -> Result<(), PictureError> {
    let bins = shares(cloud, (low, high));
    let outside = cloud.points.column(0).iter().filter(|v| !(low..high).contains(*v)).count();
    let tail = if outside > 0 { format!(", {outside} outside the frame") } else { String::new() };
    let caption = format!("{} points{tail}; share of each bin", cloud.points.nrows());
    area.draw(&Text::new(cloud.title.to_owned(), (px(52), px(4)), text(16, INK))).map_err(drawing)?;
    area.draw(&Text::new(caption, (px(52), px(26)), text(12, FAINT_INK))).map_err(drawing)?;
    let top = bins.iter().copied().fold(f64::MIN_POSITIVE, f64::max) * 1.06;
    let half = 0.5 * (high - low);
    let mut chart = ChartBuilder::on(area)
        .margin_top(px(50))
        .margin_right(px(14))
        .set_label_area_size(LabelAreaPosition::Left, px(52))
        .set_label_area_size(LabelAreaPosition::Bottom, px(32))
        .build_cartesian_2d(low..high, 0.0..top)
        .map_err(drawing)?;
    chart
        .configure_mesh()
        .x_labels(6)
        .y_labels(5)
        .max_light_lines(0)
        .disable_x_mesh()
        .bold_line_style(GRID_LINE.stroke_width(px(1) as u32))
        .axis_style(FAINT_INK.stroke_width(px(1) as u32))
        .label_style((FONT, px(12) as u32).into_font().color(&FAINT_INK))
        .x_label_formatter(&|v| tick(*v, half))
        .y_label_formatter(&|v| tick(*v, 0.5 * top))
        .draw()
        .map_err(drawing)?;
    let width = (high - low) / BINS as f64;
    let bars = bins.iter().enumerate().filter(|(_, share)| **share > 0.0).map(|(i, share)| {
        let left = low + width * i as f64;
        Rectangle::new([(left + 0.06 * width, 0.0), (left + 0.94 * width, *share)], color.mix(0.85).filled())
    });
    chart.draw_series(bars).map_err(drawing)?;
    Ok(())
}

/// The share of the weight that falls into each bin.
fn shares(cloud: &Cloud, (low, high): (f64, f64)) -> Vec<f64> {
    let n = cloud.points.nrows();
    let total: f64 = cloud.weights.map_or(n as f64, |w| w.iter().sum());
    let mut bins = vec![0.0; BINS];
    for (i, value) in cloud.points.column(0).iter().enumerate() {
        let at = (value - low) / (high - low) * BINS as f64;
        if at >= 0.0 && at < BINS as f64 {
            bins[at as usize] += cloud.weights.and_then(|w| w.get(i)).copied().unwrap_or(1.0) / total;
        }
    }
    bins
}
