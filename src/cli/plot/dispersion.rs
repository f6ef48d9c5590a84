//! Im and Re of every branch over k; Eq. 16 asks the selected one to stay below its own level at k = 0.

use super::{Subject, ours};
use crate::cli::failure::Failure;
use genphys::picture::{Chart, Line, PictureFormat, Stroke, charts};
use num_complex::Complex64;

const POINTS: usize = 600;
const END: f64 = 4.0;

/// Draws both parts side by side.
pub fn draw(subject: &Subject, format: PictureFormat) -> Result<Vec<u8>, Failure> {
    let relation = subject.analysis.dispersion.as_ref().map_err(|undecided| {
        Failure::input(format!("the equation has no dispersion relation here: {}", undecided.why))
    })?;
    if relation.evolution.is_some() {
        return Err(Failure::input("the branches cannot be drawn: they depend on t"));
    }
    // Where a branch has no value (k = 0 of a drift, say) the line has a gap.
    let missing = || vec![Complex64::new(f64::NAN, f64::NAN); relation.branches.len()];
    let ks: Vec<f64> = (0..=POINTS).map(|i| END * i as f64 / POINTS as f64).collect();
    let rows: Vec<Vec<Complex64>> =
        ks.iter().map(|k| relation.evaluate(*k, &subject.values).unwrap_or_else(|_| missing())).collect();
    let level = relation.selected.and_then(|i| rows.first()?.get(i)).map(|z| z.im).filter(|v| v.is_finite());
    let part = |name: &str, of: fn(&Complex64) -> f64, level: Option<f64>| {
        let mut lines: Vec<Line> = (0..relation.branches.len())
            .map(|i| {
                let selected = relation.selected == Some(i);
                let mark = if selected { "  (selected)" } else { "" };
                let points = ks.iter().zip(&rows).map(|(k, row)| (*k, of(&row[i]))).collect();
                let stroke = if selected { Stroke::Thick(i) } else { Stroke::Plain(i) };
                Line { label: Some(format!("omega = {}{mark}", relation.branches[i].omega)), stroke, points }
            })
            .collect();
        // The selected branch lies on top.
        lines.sort_by_key(|line| matches!(line.stroke, Stroke::Thick(_)));
        if let Some(level) = level {
            let points = vec![(0.0, level), (END, level)];
            lines.push(Line {
                label: Some("Im omega(0) of the selected branch".into()),
                stroke: Stroke::Level,
                points,
            });
        }
        let y = range(lines.iter().flat_map(|line| line.points.iter().map(|(_, y)| *y)));
        Chart { title: name.into(), x_name: "k".into(), x: 0.0..END, y, lines }
    };
    let panels = [part("Im omega(k)", |z| z.im, level), part("Re omega(k)", |z| z.re, None)];
    let answer = subject.analysis.at(&subject.exact, genphys_compiler::Budget::default()).verdict.c2.answer;
    let remark =
        format!("{};  Eq. 16 (Im omega(k) < Im omega(0) for k > 0): {answer} at these values", subject.equation());
    charts(&subject.title(), &remark, &panels, format).map_err(ours)
}

/// A range that shows all values with room, and zero.
pub fn range(values: impl Iterator<Item = f64>) -> std::ops::Range<f64> {
    let (low, high) = values.filter(|v| v.is_finite()).fold((0.0_f64, 0.0_f64), |(a, b), v| (a.min(v), b.max(v)));
    let room = if high > low { 0.06 * (high - low) } else { 1.0 };
    low - room..high + room
}
