//! Data sets by name or file.

use super::failure::Failure;
use genphys::io::{read_points, read_weights};
use genphys_runtime::data::{BUILTIN, DataError, Dataset, builtin};
use std::path::Path;

/// Points made for a built-in set that is drawn by code.
const BUILTIN_POINTS: usize = 2000;

/// The data set that `--data` and `--weights` name.
///
/// # Errors
/// [`Failure`] for an unknown built-in set, or a file that cannot be read as points or weights.
pub fn load(data: &str, weights: Option<&Path>) -> Result<Dataset, Failure> {
    let weights = weights.map(read_weights).transpose()?.map(|w| w.to_vec());
    let Some(name) = data.strip_prefix("builtin:") else {
        let points = read_points(Path::new(data))?;
        let name = Path::new(data).file_stem().map_or_else(|| data.into(), |stem| stem.to_string_lossy());
        return Ok(Dataset::from_points(points, weights).map_err(wrong)?.named(name));
    };
    // Built-in sets are the same in every run: their own seed is fixed, `--seed` is the sampler's.
    let set = builtin(name, BUILTIN_POINTS, 0).map_err(wrong)?;
    match weights {
        None => Ok(set),
        Some(weights) => {
            let image = set.image();
            let weighted = Dataset::from_points(set.points().clone(), Some(weights)).map_err(wrong)?.named(set.name());
            Ok(image.map_or(weighted.clone(), |layout| weighted.with_image(layout)))
        }
    }
}

fn wrong(e: DataError) -> Failure {
    let failure = Failure::input(e.to_string());
    match e {
        DataError::UnknownName { .. } => {
            let names: Vec<&str> = BUILTIN.iter().map(|set| set.name).collect();
            failure.help(format!("write --data builtin:NAME with one of {}, or a file", names.join(", ")))
        }
        DataError::Damaged { .. } => Failure::Bug(e.to_string()),
        _ => failure,
    }
}
