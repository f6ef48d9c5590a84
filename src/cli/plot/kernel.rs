//! The kernel over r at several times, each relative to its peak; what is negative is red.

use super::radial::Radial;
use super::{Subject, ours};
use crate::cli::console::Console;
use crate::cli::device::Device;
use crate::cli::failure::Failure;
use genphys::picture::{Chart, Line, PictureFormat, Stroke, charts};
use std::f64::consts::LOG10_E;

const POINTS: usize = 500;

/// Draws the kernel.
pub fn draw(subject: &Subject, place: (&Device, &Console), format: PictureFormat) -> Result<Vec<u8>, Failure> {
    let equation = &subject.analysis.equation;
    let dim = subject.dim.or(equation.dimension.map(|n| n as usize)).or(equation.test.dimension.map(|n| n as usize));
    let radial = Radial::new(subject, dim.unwrap_or(1), place)?;
    let natural = radial.decay_time(1.0);
    let times = subject.times.clone().unwrap_or_else(|| [0.5, 1.0, 2.0].map(|part| part * natural).to_vec());
    let longest = times.iter().copied().fold(0.0, f64::max);
    let end = radial.radius(longest)?;
    let radii: Vec<f64> = (0..=POINTS).map(|i| end * i as f64 / POINTS as f64).collect();
    let mut lines = Vec::new();
    let mut lowest = 0.0_f64;
    for (i, t) in times.iter().enumerate() {
        let (values, log_peak) = radial.profile(*t, &radii)?;
        let points: Vec<(f64, f64)> = radii.iter().copied().zip(values).collect();
        let depth = points.iter().map(|(_, y)| *y).filter(|y| y.is_finite()).fold(0.0, f64::min);
        lowest = lowest.min(depth);
        let remark = if depth < -1e-9 { format!(", lowest {depth:.4} of it") } else { String::new() };
        let peak = match log_peak.exp() {
            peak if peak.is_normal() => format!("{peak:.4e}"),
            _ => format!("10^{:.2}", log_peak * LOG10_E),
        };
        let label = format!("t = {t:.4}: g_t(0) = {peak}{remark}");
        lines.push(Line { label: Some(label), stroke: Stroke::Signed(i), points });
    }
    lines.insert(0, Line { label: None, stroke: Stroke::Level, points: vec![(0.0, 0.0), (end, 0.0)] });
    let y = lowest.min(0.0) - 0.05..1.05;
    let chart = Chart { title: "g_t(r) / g_t(0)".into(), x_name: "r".into(), x: 0.0..end, y, lines };
    let sign = if lowest < -1e-9 { ";  negative in the red parts" } else { "" };
    let remark = format!("{}, N = {}, {}{sign}", subject.equation(), radial.dim, radial.route());
    charts(&format!("{}: kernel", subject.title()), &remark, &[chart], format).map_err(ours)
}
