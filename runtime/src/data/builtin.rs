//! The table of built-in data sets.
//!
//! In:    a name, a number of points, a seed.
//! Out:   [`Dataset`], with its source and licence in the note.
//! Holds: the same name, number and seed give the same points on every machine.

use super::{DataError, Dataset, digits, plane};

/// One built-in data set.
#[derive(Debug)]
pub struct Builtin {
    /// The name to ask for.
    pub name: &'static str,
    /// The dimension of its points.
    pub dim: usize,
    /// What it is, in one line.
    pub summary: &'static str,
    /// Makes `n` points from a seed.
    make: fn(usize, u64) -> Result<Dataset, DataError>,
}

/// Every built-in data set.
pub const BUILTIN: [Builtin; 7] = [
    Builtin { name: "two_moons", dim: 2, summary: "two interleaved half circles", make: plane::two_moons },
    Builtin {
        name: "eight_gaussians",
        dim: 2,
        summary: "eight bumps on a circle, of weights 1 : 2 : ... : 8 counter-clockwise from the right",
        make: plane::eight_gaussians,
    },
    Builtin {
        name: "checkerboard",
        dim: 2,
        summary: "the eight dark squares of a 4 x 4 board",
        make: plane::checkerboard,
    },
    Builtin { name: "swiss_roll", dim: 2, summary: "a noisy spiral of one and a half turns", make: plane::swiss_roll },
    Builtin { name: "pinwheel", dim: 2, summary: "five curved arms", make: plane::pinwheel },
    Builtin {
        name: "two_points",
        dim: 2,
        summary: "the points (-1, 0) and (1, 0) with weights 0.9 and 0.1, whatever the number asked for",
        make: plane::two_points,
    },
    Builtin {
        name: "digits",
        dim: 64,
        summary: "1797 hand-written digits of 8 x 8 pixels; fewer if fewer are asked for",
        make: digits::digits,
    },
];

/// Makes `n` points of the built-in set called `name`.
///
/// `two_points` has two points and `digits` at most 1797, whatever `n`; a smaller `n` takes a random subset of the
/// digits. Every other set draws `n` points.
///
/// # Errors
/// [`DataError::UnknownName`], which lists the names; [`DataError::Empty`] for `n = 0`; [`DataError::TooLarge`].
/// # Example
/// ```
/// use genphys_runtime::data::builtin;
/// let data = builtin("digits", 100, 0)?;
/// assert_eq!((data.len(), data.dim()), (100, 64));
/// # Ok::<(), genphys_runtime::data::DataError>(())
/// ```
pub fn builtin(name: &str, n: usize, seed: u64) -> Result<Dataset, DataError> {
    let Some(set) = BUILTIN.iter().find(|set| set.name == name) else {
        let known = BUILTIN.map(|set| set.name).join(", ");
        return Err(DataError::UnknownName { name: name.into(), known });
    };
    if n == 0 {
        return Err(DataError::Empty { points: 0, dim: set.dim });
    }
    Ok((set.make)(n, seed)?.named(set.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_is_made_with_its_stated_dimension_and_a_note() {
        for set in &BUILTIN {
            let data = builtin(set.name, 200, 1).expect(set.name);
            assert_eq!((data.name(), data.dim()), (set.name, set.dim));
            assert_eq!(data.len(), if set.name == "two_points" { 2 } else { 200 });
            assert!(!data.note().is_empty());
            assert!((data.weights().iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn the_seed_decides_the_points() {
        for name in ["two_moons", "checkerboard", "swiss_roll"] {
            let (a, b) = (builtin(name, 50, 1).expect(name), builtin(name, 50, 1).expect(name));
            assert_eq!(a, b);
            assert_ne!(a, builtin(name, 50, 2).expect(name));
        }
    }

    #[test]
    fn refusals_are_clear() {
        let unknown = builtin("three_moons", 10, 0).expect_err("unknown").to_string();
        assert!(unknown.contains("three_moons") && unknown.contains("two_moons"), "{unknown}");
        assert_eq!(builtin("digits", 0, 0), Err(DataError::Empty { points: 0, dim: 64 }));
        assert!(matches!(builtin("two_moons", usize::MAX, 0), Err(DataError::TooLarge { .. })));
    }
}
