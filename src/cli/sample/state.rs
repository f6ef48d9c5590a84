//! The state of an interrupted run, beside the samples that it was to write.
//!
//! In:   a [`SampleState`] and what the run is about; later, the file.
//! Out:  the file `<out>.state`; the state again, found whole and of the same run.
//! Holds: the resumed run gives the samples of the uninterrupted one bit for bit; a file that is cut, changed, foreign or
//!        of another run is refused with the reason.
//!
//! # Format
//! One line `genphys sample state 1`; one line of JSON; 64-bit little-endian floating-point numbers; the CRC-32 of all
//! that, 4 bytes, little-endian. The JSON says what run it is (`run`), how far it came (`state`) and which arrays follow
//! (`arrays`: name and shape), in order.

use super::beside;
use crate::cli::arguments::{Precision, Sample};
use crate::cli::failure::Failure;
use flate2::Crc;
use genphys::io::write_bytes;
use genphys::report::Report;
use genphys_runtime::data::Dataset;
use genphys_runtime::model::Model;
use genphys_runtime::sampler::{Controller, SampleOptions, SampleState, SampleStats};
use ndarray::{Array2, ArrayView1};
use serde_json::{Map, Value, json};
use std::path::PathBuf;

const FIRST_LINE: &[u8] = b"genphys sample state 1\n";

/// The place of a run's state, and what the run is about.
pub struct Kept {
    path: PathBuf,
    run: Map<String, Value>,
    shape: (usize, usize),
}

impl Kept {
    /// Of the run that the command asks for.
    pub fn new(
        command: &Sample,
        report: &Report,
        model: &Model,
        data: &Dataset,
        options: &SampleOptions,
        precision: Precision,
    ) -> Kept {
        let numbers = data.points().iter().chain(data.weights()).flat_map(|x| x.to_le_bytes());
        let about = [
            ("version", env!("CARGO_PKG_VERSION").into()),
            ("equation", report.equation.clone().into()),
            ("parameters", checksum(format!("{model:?}").bytes()).into()),
            ("precision", format!("{precision:?}").to_lowercase().into()),
            ("data", json!(format!("{} x {} numbers, CRC {:08x}", data.len(), data.dim(), checksum(numbers)))),
            ("n", options.n.into()),
            ("seed", options.seed.into()),
            ("time", options.t_max.into()),
            ("end-time", options.t_min.into()),
            ("prior", format!("{:?}", options.prior).to_lowercase().into()),
            ("solver", options.tableau.name.into()),
            ("steps", format!("{:?}", options.control).into()),
            ("trajectory", format!("{:?}", options.path).into()),
        ];
        let run = about.into_iter().map(|(key, value): (&str, Value)| (key.to_owned(), value)).collect();
        Kept { path: beside(&command.out, "state"), run, shape: (options.n, data.dim()) }
    }

    /// Saves the state, and says so as the end of the command.
    pub fn save(&self, state: &SampleState) -> Failure {
        match write_bytes(&self.path, &encode(&self.run, state)) {
            Ok(()) => Failure::Interrupted { saved: Some(self.path.clone()) },
            Err(e) => e.into(),
        }
    }

    /// The state saved by the same run.
    ///
    /// # Errors
    /// [`Failure`] when there is none, or the file is damaged, foreign, or of another run.
    pub fn load(&self) -> Result<SampleState, Failure> {
        let name = self.path.display();
        let bytes = std::fs::read(&self.path).map_err(|e| {
            Failure::input(format!("cannot resume from `{name}`: {e}")).help("without --resume the run starts anew")
        })?;
        let refuse = |why: String| {
            Failure::input(format!("cannot resume from `{name}`: {why}")).help("without --resume the run starts anew")
        };
        let (header, numbers) = open(&bytes).map_err(refuse)?;
        self.compare(&header).map_err(refuse)?;
        decode(&header, numbers, self.shape).ok_or_else(|| refuse("its header does not describe a state".into()))
    }

    /// Removes the file after the run that it stood for has ended.
    pub fn remove(&self) {
        // A file that cannot be removed is of no harm: it stands for the same samples.
        let _ = std::fs::remove_file(&self.path);
    }

    fn compare(&self, header: &Value) -> Result<(), String> {
        for (key, here) in &self.run {
            let there = &header["run"][key];
            if there != here {
                return Err(format!("it belongs to another run, whose {key} is {there}; here it is {here}"));
            }
        }
        Ok(())
    }
}

fn checksum(bytes: impl Iterator<Item = u8>) -> u32 {
    let mut crc = Crc::new();
    crc.update(&bytes.collect::<Vec<u8>>());
    crc.sum()
}

fn encode(run: &Map<String, Value>, state: &SampleState) -> Vec<u8> {
    let origins: Vec<f64> = state.origins.iter().map(|&origin| origin as f64).collect();
    let (n, dim) = state.points.dim();
    let stats = &state.stats;
    let header = json!({
        "run": run,
        "state": {
            "t": state.t, "step": state.step,
            "controller": {
                "step": state.controller.step,
                "previous_error": state.controller.previous_error,
                "rejected": state.controller.rejected,
            },
            "candidates": stats.candidates, "evaluations": stats.evaluations,
            "proposal_evaluations": stats.proposal_evaluations, "accepted": stats.accepted,
            "rejected": stats.rejected, "resamplings": stats.resamplings, "births": stats.births, "deaths": stats.deaths,
        },
        "arrays": [["points", [n, dim]], ["prior_points", [n, dim]], ["log_weights", [n]], ["origins", [n]],
            ["path", [state.path.len(), n, dim]]],
    });
    let mut bytes = [FIRST_LINE, header.to_string().as_bytes(), b"\n"].concat();
    let frames = state.path.iter().flatten();
    let numbers =
        state.points.iter().chain(&state.prior_points).chain(&state.log_weights).chain(&origins).chain(frames);
    bytes.extend(numbers.flat_map(|x| x.to_le_bytes()));
    let sum = checksum(bytes.iter().copied());
    bytes.extend(sum.to_le_bytes());
    bytes
}

/// The header and the numbers of a file that is whole.
fn open(bytes: &[u8]) -> Result<(Value, Vec<f64>), String> {
    let rest = bytes.strip_prefix(FIRST_LINE).ok_or("it is no state of a run of this version of genphys")?;
    let (body, sum) = bytes.split_last_chunk::<4>().filter(|_| rest.len() >= 4).ok_or("it is cut short")?;
    if checksum(body.iter().copied()) != u32::from_le_bytes(*sum) {
        return Err("it is damaged: its checksum does not fit".into());
    }
    let rest = &rest[..rest.len() - 4];
    let end = rest.iter().position(|byte| *byte == b'\n').ok_or("it has no header")?;
    let header = serde_json::from_slice(&rest[..end]).map_err(|e| format!("its header is wrong: {e}"))?;
    let (numbers, odd) = rest[end + 1..].as_chunks::<8>();
    if !odd.is_empty() {
        return Err("it holds a part of a number".into());
    }
    Ok((header, numbers.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect()))
}

fn decode(header: &Value, numbers: Vec<f64>, (n, dim): (usize, usize)) -> Option<SampleState> {
    let at = &header["state"];
    let count = |key: &str| at[key].as_u64();
    let size = |key: &str| count(key).and_then(|value| usize::try_from(value).ok());
    let frame = n.checked_mul(dim)?;
    let frames = numbers.len().checked_sub(frame.checked_mul(2)?.checked_add(n.checked_mul(2)?)?)?;
    if frame == 0 || !frames.is_multiple_of(frame) {
        return None;
    }
    let mut rest = ArrayView1::from(&numbers);
    let mut take = |count: usize| -> Vec<f64> {
        let (taken, left) = rest.split_at(ndarray::Axis(0), count);
        rest = left;
        taken.to_vec()
    };
    let matrix = |values: Vec<f64>| Array2::from_shape_vec((n, dim), values).ok();
    let (points, prior_points) = (matrix(take(frame))?, matrix(take(frame))?);
    let (log_weights, origins) = (take(n), take(n));
    let path = (0..frames / frame).map(|_| matrix(take(frame))).collect::<Option<Vec<_>>>()?;
    Some(SampleState {
        t: at["t"].as_f64()?,
        step: size("step")?,
        points,
        log_weights,
        prior_points,
        origins: origins.into_iter().map(|origin| origin as usize).collect(),
        controller: Controller {
            step: at["controller"]["step"].as_f64()?,
            previous_error: at["controller"]["previous_error"].as_f64()?,
            rejected: at["controller"]["rejected"].as_bool()?,
        },
        path,
        stats: SampleStats {
            candidates: size("candidates")?,
            evaluations: count("evaluations")?,
            proposal_evaluations: count("proposal_evaluations")?,
            accepted: size("accepted")?,
            rejected: size("rejected")?,
            resamplings: size("resamplings")?,
            births: size("births")?,
            deaths: size("deaths")?,
        },
    })
}
