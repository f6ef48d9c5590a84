//! The comparison as a table, JSON, CSV and a picture.

use super::interval::Interval;
use super::{Row, Wanted};
use crate::cli::arguments::{Compare, Metric};
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use comfy_table::{Table, presets};
use genphys::io::{probe, write_bytes};
use genphys::picture::{Panel, PictureFormat, Whisker, intervals};
use genphys_runtime::data::Dataset;
use serde_json::{Value, json};
use std::path::Path;

/// Refuses outputs that could not be written, before anything is computed.
///
/// # Errors
/// [`Failure`] for a place that cannot be written, or an extension that is no format.
pub fn check(command: &Compare) -> Result<(), Failure> {
    if let Some(path) = &command.out {
        probe(path)?;
    }
    if let Some(path) = &command.plot {
        format(path)?;
        probe(path)?;
    }
    Ok(())
}

/// Writes and prints what was found; the first row is the floor.
///
/// # Errors
/// [`Failure`] when a file or stdout cannot be written.
pub fn write(
    command: &Compare,
    console: &Console,
    data: &Dataset,
    wanted: &Wanted,
    rows: &[Row],
) -> Result<(), Failure> {
    if let Some(path) = &command.out {
        write_bytes(path, &csv(command, wanted, rows)?)?;
    }
    if let Some(path) = &command.plot {
        write_bytes(path, &picture(command, data, wanted, rows, format(path)?)?)?;
    }
    if console.json() {
        return console.print_json(&as_json(command, data, wanted, rows));
    }
    let files = command.out.iter().chain(&command.plot).map(|path| format!("{}\n", path.display()));
    console.print(&format!(
        "{}\n{}\n{}",
        heading(data, wanted),
        table(command, rows).trim_fmt(),
        files.collect::<String>()
    ))
}

fn heading(data: &Dataset, wanted: &Wanted) -> String {
    format!(
        "{}: {} points, N = {}; {} samples and {} evaluations a run; mean and 95% interval over {} seeds",
        data.name(),
        data.len(),
        data.dim(),
        wanted.n,
        wanted.evaluations,
        wanted.seeds
    )
}

fn name(metric: Metric) -> &'static str {
    match metric {
        Metric::Energy => "energy",
        Metric::Swd => "swd",
        Metric::Mmd => "mmd",
        Metric::Coverage => "coverage",
    }
}

/// What the metric is, with the direction of better.
fn meaning(metric: Metric) -> &'static str {
    match metric {
        Metric::Energy => "energy distance, squared (less is better)",
        Metric::Swd => "sliced Wasserstein-2 (less is better)",
        Metric::Mmd => "MMD, squared, unbiased (less is better)",
        Metric::Coverage => "coverage (more is better)",
    }
}

fn table(command: &Compare, rows: &[Row]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).force_no_tty();
    let metrics = command.metric.iter().map(|metric| name(*metric).to_owned());
    table.set_header(["equation".to_owned()].into_iter().chain(metrics).chain(["effective".into()]));
    for row in rows {
        let cells = row.values.iter().map(|values| {
            let Interval { mean, high, .. } = Interval::of(values);
            format!("{} ± {}", short(mean), short(high - mean))
        });
        let effective = if row.evaluations == 0 { String::new() } else { format!("{:.2} n", row.effective) };
        table.add_row([row.name.clone()].into_iter().chain(cells).chain([effective]));
    }
    table
}

/// Three digits.
fn short(value: f64) -> String {
    if value == 0.0 || (1e-3..1e4).contains(&value.abs()) {
        let digits = if value == 0.0 { 0 } else { (2 - value.abs().log10().floor() as i32).max(0) };
        format!("{value:.*}", digits as usize)
    } else {
        format!("{value:.2e}")
    }
}

fn csv(command: &Compare, wanted: &Wanted, rows: &[Row]) -> Result<Vec<u8>, Failure> {
    let bug = |e: csv::Error| Failure::Bug(e.to_string());
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = ["name", "equation", "metric", "mean", "low", "high", "seeds", "n", "evaluations", "effective"];
    writer.write_record(header).map_err(bug)?;
    for row in rows {
        for (metric, values) in command.metric.iter().zip(&row.values) {
            let Interval { mean, low, high } = Interval::of(values);
            let numbers = [mean, low, high].map(|value| value.to_string());
            let about = [wanted.seeds.to_string(), wanted.n.to_string(), row.evaluations.to_string()];
            let text = [row.name.clone(), row.equation.clone(), name(*metric).to_owned()];
            let all = text.into_iter().chain(numbers).chain(about).chain([row.effective.to_string()]);
            writer.write_record(all).map_err(bug)?;
        }
    }
    writer.into_inner().map_err(|e| Failure::Bug(e.to_string()))
}

fn as_json(command: &Compare, data: &Dataset, wanted: &Wanted, rows: &[Row]) -> Value {
    let row = |row: &Row| {
        let measured: serde_json::Map<String, Value> = command
            .metric
            .iter()
            .zip(&row.values)
            .map(|(metric, values)| {
                let Interval { mean, low, high } = Interval::of(values);
                (name(*metric).to_owned(), json!({"mean": mean, "low": low, "high": high, "values": values}))
            })
            .collect();
        json!({
            "name": row.name, "equation": row.equation, "evaluations": row.evaluations,
            "effective": row.effective, "metrics": measured,
        })
    };
    let (floor, equations) = rows.split_at(rows.len().min(1));
    json!({
        "data": {"name": data.name(), "points": data.len(), "dim": data.dim()},
        "n": wanted.n,
        "seeds": wanted.seeds,
        "evaluations": wanted.evaluations,
        "floor": floor.first().map(row),
        "equations": equations.iter().map(row).collect::<Vec<_>>(),
        "files": {"table": command.out, "picture": command.plot},
    })
}

fn picture(
    command: &Compare,
    data: &Dataset,
    wanted: &Wanted,
    rows: &[Row],
    format: PictureFormat,
) -> Result<Vec<u8>, Failure> {
    let whisker = |row: &Row, k: usize| {
        let Interval { mean, low, high } = row.values.get(k).map_or(Interval::of(&[]), |values| Interval::of(values));
        Whisker { name: row.name.clone(), mean, low, high }
    };
    let (floor, equations) = rows.split_at(rows.len().min(1));
    let panels: Vec<Panel> = command
        .metric
        .iter()
        .enumerate()
        .map(|(k, metric)| Panel {
            title: meaning(*metric).to_owned(),
            floor: floor.first().map(|row| whisker(row, k)),
            whiskers: equations.iter().map(|row| whisker(row, k)).collect(),
        })
        .collect();
    let title = format!("{} equations on {}", equations.len(), data.name());
    let remark = format!("{}; orange: two real draws", heading(data, wanted));
    intervals(&title, &remark, &panels, format).map_err(|e| Failure::Bug(e.to_string()))
}

fn format(path: &Path) -> Result<PictureFormat, Failure> {
    match path.extension().map(|e| e.to_string_lossy().to_lowercase()).as_deref() {
        Some("png") => Ok(PictureFormat::Png),
        Some("svg") => Ok(PictureFormat::Svg),
        _ => Err(Failure::input(format!("`{}` is no .png or .svg file", path.display()))
            .help("the extension of --plot chooses the format")),
    }
}
