//! Data: weighted points, what they look like, and where they are from.
//!
//! In:    points `[M, N]` and weights `[M]`, from a caller or from the table of built-in sets.
//! Out:   [`Dataset`].
//! Holds: at least one point in at least one dimension, every coordinate finite, weights nonnegative with sum 1. The
//!        fields are private, so what holds a `Dataset` need not check again.

mod builtin;
mod digits;
mod plane;

pub use builtin::{BUILTIN, Builtin, builtin};

use ndarray::{Array1, Array2};

/// A finite set of weighted points.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    name: String,
    points: Array2<f64>,
    weights: Vec<f64>,
    image: Option<ImageLayout>,
    labels: Option<Vec<u8>>,
    note: String,
}

/// How a point is drawn as a picture: row-major grey values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ImageLayout {
    /// Rows of pixels.
    pub rows: usize,
    /// Columns of pixels.
    pub columns: usize,
    /// The coordinate drawn as background and the one drawn as full ink.
    pub range: (f64, f64),
}

/// Why points and weights are not a data set.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// No points, or points without coordinates.
    #[error("the data are empty: {points} points in {dim} dimensions")]
    Empty {
        /// The number of points.
        points: usize,
        /// The number of coordinates of each.
        dim: usize,
    },
    /// A coordinate is infinite or not a number.
    #[error("coordinate {column} of data point {row} is not finite")]
    NonFinitePoint {
        /// The offending point.
        row: usize,
        /// Its first offending coordinate.
        column: usize,
    },
    /// Another number of weights than points.
    #[error("{points} data points but {weights} weights")]
    WeightCount {
        /// The number of points.
        points: usize,
        /// The number of weights.
        weights: usize,
    },
    /// A weight is negative, infinite or not a number.
    #[error("weight {row} is {weight}; weights must be finite and not negative")]
    BadWeight {
        /// The offending weight's index.
        row: usize,
        /// Its value.
        weight: f64,
    },
    /// The weights have no positive finite sum.
    #[error("the weights sum to {sum}; the sum must be positive and finite")]
    WeightSum {
        /// The sum.
        sum: f64,
    },
    /// No built-in set has this name.
    #[error("no built-in data set is called `{name}`; there are {known}")]
    UnknownName {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// More points than memory can hold.
    #[error("{points} points in {dim} dimensions do not fit in memory")]
    TooLarge {
        /// The number of points asked for.
        points: usize,
        /// The dimension.
        dim: usize,
    },
    /// The embedded bytes of a built-in set do not decode: always a bug.
    #[error("the embedded data set `{name}` is damaged: {reason}")]
    Damaged {
        /// The set.
        name: &'static str,
        /// What failed.
        reason: String,
    },
}

impl Dataset {
    /// A data set from points and, if they differ, weights; the weights are normalised to sum 1.
    ///
    /// # Shapes
    /// `points`: `[M, N]`; `weights`: `[M]`.
    /// # Errors
    /// [`DataError`] when there is no point, a coordinate is not finite, or the weights do not fit, are negative, not
    /// finite, or sum to zero.
    /// # Example
    /// ```
    /// use genphys_runtime::data::Dataset;
    /// use ndarray::array;
    /// let data = Dataset::from_points(array![[0.0, 0.0], [1.0, 0.0]], Some(vec![9.0, 1.0]))?;
    /// assert_eq!(data.weights(), [0.9, 0.1]);
    /// # Ok::<(), genphys_runtime::data::DataError>(())
    /// ```
    pub fn from_points(points: Array2<f64>, weights: Option<Vec<f64>>) -> Result<Dataset, DataError> {
        let (rows, dim) = points.dim();
        if rows == 0 || dim == 0 {
            return Err(DataError::Empty { points: rows, dim });
        }
        if let Some(((row, column), _)) = points.indexed_iter().find(|(_, value)| !value.is_finite()) {
            return Err(DataError::NonFinitePoint { row, column });
        }
        let weights = normalized(weights.unwrap_or_else(|| vec![1.0; rows]), rows)?;
        // Row-major, whatever the caller had: kernels read rows.
        let points = points.as_standard_layout().into_owned();
        Ok(Dataset { name: "points".into(), points, weights, image: None, labels: None, note: String::new() })
    }

    /// The same points under another name.
    pub fn named(self, name: impl Into<String>) -> Dataset {
        Dataset { name: name.into(), ..self }
    }

    /// The same points with a note on their source and licence.
    pub fn with_note(self, note: impl Into<String>) -> Dataset {
        Dataset { note: note.into(), ..self }
    }

    /// The same points, drawn as images; ignored when `rows * columns` is not the dimension.
    pub fn with_image(self, image: ImageLayout) -> Dataset {
        let fits = image.rows.checked_mul(image.columns) == Some(self.dim());
        Dataset { image: fits.then_some(image), ..self }
    }

    /// The name, for reports.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The points, `[M, N]`, row-major.
    pub fn points(&self) -> &Array2<f64> {
        &self.points
    }

    /// The weights, `[M]`, nonnegative with sum 1.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// The number `M` of points.
    pub fn len(&self) -> usize {
        self.points.nrows()
    }

    /// Always `false`; here because `len` is.
    pub fn is_empty(&self) -> bool {
        self.points.nrows() == 0
    }

    /// The dimension `N`.
    pub fn dim(&self) -> usize {
        self.points.ncols()
    }

    /// How to draw a point as an image, if it is one.
    pub fn image(&self) -> Option<ImageLayout> {
        self.image
    }

    /// The class of each point, where known.
    pub fn labels(&self) -> Option<&[u8]> {
        self.labels.as_deref()
    }

    /// Source and licence.
    pub fn note(&self) -> &str {
        &self.note
    }

    /// The weighted mean, `[N]`.
    pub fn mean(&self) -> Array1<f64> {
        let mut mean = Array1::zeros(self.dim());
        for (point, &weight) in self.points.rows().into_iter().zip(&self.weights) {
            mean.scaled_add(weight, &point);
        }
        mean
    }
}

fn normalized(weights: Vec<f64>, points: usize) -> Result<Vec<f64>, DataError> {
    if weights.len() != points {
        return Err(DataError::WeightCount { points, weights: weights.len() });
    }
    if let Some(row) = weights.iter().position(|weight| !(*weight >= 0.0 && weight.is_finite())) {
        return Err(DataError::BadWeight { row, weight: weights[row] });
    }
    let sum: f64 = weights.iter().sum();
    if !(sum > 0.0 && sum.is_finite()) {
        return Err(DataError::WeightSum { sum });
    }
    Ok(weights.into_iter().map(|weight| weight / sum).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn wrong_points_and_weights_are_named() {
        let two = || array![[0.0], [1.0]];
        let refusal = |points, weights| Dataset::from_points(points, weights).expect_err("must be refused");
        assert_eq!(refusal(Array2::zeros((0, 2)), None), DataError::Empty { points: 0, dim: 2 });
        assert_eq!(refusal(Array2::zeros((2, 0)), None), DataError::Empty { points: 2, dim: 0 });
        let infinite = array![[0.0, 1.0], [2.0, f64::INFINITY]];
        assert_eq!(refusal(infinite, None), DataError::NonFinitePoint { row: 1, column: 1 });
        assert_eq!(refusal(two(), Some(vec![1.0])), DataError::WeightCount { points: 2, weights: 1 });
        assert_eq!(refusal(two(), Some(vec![1.0, -2.0])), DataError::BadWeight { row: 1, weight: -2.0 });
        assert!(matches!(refusal(two(), Some(vec![f64::NAN, 1.0])), DataError::BadWeight { row: 0, .. }));
        assert_eq!(refusal(two(), Some(vec![0.0, 0.0])), DataError::WeightSum { sum: 0.0 });
        assert!(matches!(refusal(two(), Some(vec![f64::MAX, f64::MAX])), DataError::WeightSum { .. }));
    }

    #[test]
    fn weights_are_normalised_and_the_mean_uses_them() {
        let data = Dataset::from_points(array![[0.0, 4.0], [1.0, 0.0]], Some(vec![3.0, 1.0])).expect("valid");
        assert_eq!(data.weights(), [0.75, 0.25]);
        assert_eq!(data.mean(), array![0.25, 3.0]);
        assert_eq!((data.len(), data.dim(), data.is_empty()), (2, 2, false));
    }

    #[test]
    fn points_become_row_major() {
        let transposed = array![[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]].reversed_axes();
        let data = Dataset::from_points(transposed.clone(), None).expect("valid");
        assert!(data.points().is_standard_layout());
        assert_eq!(data.points(), transposed);
    }
}
