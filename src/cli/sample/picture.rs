//! The picture of a run: image grids for images, histograms on a line, scatters elsewhere.

use super::summary;
use crate::cli::arguments::Sample;
use crate::cli::failure::Failure;
use genphys::picture::{Cloud, PictureError, Pixels, histograms, nearest, pairs, scatter};
use genphys::report::Report;
use genphys_runtime::data::Dataset;
use genphys_runtime::sampler::{SampleOptions, SampleRun};
use ndarray::s;

/// Images that are compared with all data to find the nearest ones: no more than are drawn.
const IMAGES: usize = 48;

/// Draws data, prior and samples; returns the bytes of a PNG file.
pub fn draw(
    report: &Report,
    data: &Dataset,
    options: &SampleOptions,
    run: &SampleRun,
    command: &Sample,
) -> Result<Vec<u8>, Failure> {
    let dim = data.dim();
    let plane = if dim > 2 && data.image().is_none() { ", first two coordinates" } else { "" };
    let title = format!("{}: {} samples of {}, N = {dim}{plane}", report.name, options.n, data.name());
    let made = match data.image() {
        Some(layout) => {
            let shown = run.points.slice(s![..run.points.nrows().min(IMAGES), ..]);
            let found = nearest(shown, data.points().view());
            let pixels = Pixels { rows: layout.rows, columns: layout.columns, range: layout.range };
            pairs(&title, run.points.view(), data.points().view(), &found, pixels)
        }
        None => clouds(&title, data, options, run, command),
    };
    made.map_err(|e| Failure::Bug(e.to_string()))
}

fn clouds(
    title: &str,
    data: &Dataset,
    options: &SampleOptions,
    run: &SampleRun,
    command: &Sample,
) -> Result<Vec<u8>, PictureError> {
    let (data_title, prior_title) = (format!("data: {}", data.name()), format!("prior at T = {:.4}", options.t_max));
    let weights = summary::weights(run);
    let data_cloud = Cloud { title: &data_title, points: data.points(), weights: Some(data.weights()) };
    let prior = Cloud { title: &prior_title, points: &run.prior_points, weights: None };
    let weights = command.keep_weights.then_some(weights.as_slice());
    let samples = Cloud { title: "samples", points: &run.points, weights };
    let picture = if data.dim() == 1 { histograms } else { scatter };
    picture(title, &data_cloud, &prior, &samples)
}
