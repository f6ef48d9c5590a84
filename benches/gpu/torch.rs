//! The same fields by PyTorch, in a process of Python's: the script is in this program, the points go through files.

use std::path::Path;
use std::process::Command;

use ndarray::Array2;
use serde_json::{Value, json};

use super::Failure;
use super::cases::Setup;

/// What PyTorch says of a case.
#[derive(Debug)]
pub struct Line {
    /// Seconds for all queries, without a compiler and with it.
    pub eager: Option<f64>,
    pub compiled: Option<f64>,
    /// The velocity at the first query.
    pub v: Vec<f64>,
    /// Why a time is missing.
    pub why: String,
}

/// The lines of all cases, in their order.
pub fn times(cases: &[Setup]) -> Result<Vec<Line>, Failure> {
    let python = |arguments: &[&str]| Command::new("python3").args(arguments).output();
    if !python(&["-c", "import torch"]).is_ok_and(|done| done.status.success()) {
        return Err("`python3 -c \"import torch\"` does not work here".into());
    }
    let folder = tempfile::tempdir()?;
    let script = folder.path().join("gpu_torch.py");
    std::fs::write(&script, include_str!("../../tools/gpu_torch.py"))?;
    for (index, setup) in cases.iter().enumerate() {
        write(&folder.path().join(format!("{index}.sources")), &setup.data)?;
        write(&folder.path().join(format!("{index}.queries")), &setup.queries)?;
    }
    let listed: Vec<Value> = cases.iter().map(described).collect();
    std::fs::write(folder.path().join("cases.json"), serde_json::to_vec(&listed)?)?;
    let done = python(&[&script.to_string_lossy(), &folder.path().to_string_lossy()])?;
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr).trim().lines().last().unwrap_or_default().to_owned();
        return Err(format!("the script fails: {said}").into());
    }
    String::from_utf8_lossy(&done.stdout).lines().map(read).collect()
}

fn described(setup: &Setup) -> Value {
    let case = setup.case;
    json!({
        "name": case.name, "law": case.law, "dim": case.dim, "sources": case.sources, "queries": case.queries, "t": case.t,
    })
}

fn write(path: &Path, points: &Array2<f64>) -> std::io::Result<()> {
    let bytes: Vec<u8> = points.iter().flat_map(|x| (*x as f32).to_le_bytes()).collect();
    std::fs::write(path, bytes)
}

fn read(line: &str) -> Result<Line, Failure> {
    let line: Value = serde_json::from_str(line)?;
    Ok(Line {
        eager: line["eager"].as_f64(),
        compiled: line["compiled"].as_f64(),
        v: line["v"].as_array().into_iter().flatten().filter_map(Value::as_f64).collect(),
        why: line["why"].as_str().unwrap_or_default().trim().to_owned(),
    })
}
