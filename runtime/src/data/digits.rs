//! Hand-written digits, 8 x 8 pixels, embedded in the program.
//!
//! In:    `data/digits.csv.gz`: 1797 rows of 64 pixels in 0..=16 and a label in 0..=9.
//! Out:   [`Dataset`] in 64 dimensions with pixels scaled to [-1, 1] by `x/8 - 1`, labels and image layout.
//! Source: E. Alpaydin & C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository 1998,
//!         DOI 10.24432/C50P49, CC BY 4.0; the copy of its test set that scikit-learn distributes.

use flate2::read::GzDecoder;
use ndarray::{Array2, Axis};

use super::{DataError, Dataset, ImageLayout};
use crate::sampler::rng::{Purpose, stream};

static BYTES: &[u8] = include_bytes!("../../data/digits.csv.gz");
const NAME: &str = "digits";
const PIXELS: usize = 64;
const FULL_INK: u8 = 16;
const NOTE: &str = "Optical Recognition of Handwritten Digits, E. Alpaydin & C. Kaynak, UCI Machine Learning Repository, \
                    DOI 10.24432/C50P49, CC BY 4.0; test set as distributed by scikit-learn. Pixels 0..16 scaled to [-1, 1].";

/// All digits, or a random subset of `n` in their original order.
pub(super) fn digits(n: usize, seed: u64) -> Result<Dataset, DataError> {
    let (points, labels) = decode(BYTES)?;
    let chosen = subset(labels.len(), n, seed);
    let layout = ImageLayout { rows: 8, columns: 8, range: (-1.0, 1.0) };
    let mut data = Dataset::from_points(points.select(Axis(0), &chosen), None)?.with_note(NOTE).with_image(layout);
    data.labels = Some(chosen.into_iter().map(|i| labels[i]).collect());
    Ok(data)
}

/// The `n` of `total` indices whose streams open with the smallest words, in ascending order.
fn subset(total: usize, n: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..total).collect();
    if n < total {
        order.sort_by_key(|&i| (stream(seed, Purpose::Data, i as u64).next_u64(), i));
        order.truncate(n);
        order.sort_unstable();
    }
    order
}

fn decode(bytes: &[u8]) -> Result<(Array2<f64>, Vec<u8>), DataError> {
    let damaged = |reason: String| DataError::Damaged { name: NAME, reason };
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(GzDecoder::new(bytes));
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    for record in reader.records() {
        let record = record.map_err(|error| damaged(error.to_string()))?;
        let row = record.iter().map(str::parse::<u8>).collect::<Result<Vec<u8>, _>>();
        let row = row.map_err(|error| damaged(format!("row {}: {error}", labels.len())))?;
        match row.as_slice() {
            [image @ .., label] if image.len() == PIXELS && image.iter().all(|&pixel| pixel <= FULL_INK) => {
                pixels.extend(image.iter().map(|&pixel| f64::from(pixel) / 8.0 - 1.0));
                labels.push(*label);
            }
            _ => return Err(damaged(format!("row {} is not 64 pixels in 0..=16 and a label", labels.len()))),
        }
    }
    let points = Array2::from_shape_vec((labels.len(), PIXELS), pixels).map_err(|error| damaged(error.to_string()))?;
    Ok((points, labels))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn the_whole_set_is_there() {
        let data = digits(usize::MAX, 0).expect("decodes");
        assert_eq!((data.len(), data.dim()), (1797, 64));
        // Counts of the classes 0 to 9, as scikit-learn states them.
        let mut counts = [0; 10];
        data.labels().expect("labelled").iter().for_each(|&label| counts[label as usize] += 1);
        assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
        // Sum of all pixels by numpy: 561718; hence sum(x/8 - 1) = 561718/8 - 1797 * 64.
        assert_eq!(data.points().sum(), 561_718.0 / 8.0 - 1797.0 * 64.0);
        assert_eq!(data.points()[[0, 2]], 5.0 / 8.0 - 1.0);
        assert!(data.points().iter().all(|value| (-1.0..=1.0).contains(value)));
        assert_eq!(data.image(), Some(ImageLayout { rows: 8, columns: 8, range: (-1.0, 1.0) }));
    }

    #[test]
    fn subsets_are_distinct_images_chosen_by_the_seed() {
        let chosen = subset(1797, 100, 3);
        assert!(chosen.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(chosen.len(), 100);
        assert_ne!(chosen, subset(1797, 100, 4));
        let (data, all) = (digits(100, 3).expect("decodes"), digits(1797, 0).expect("decodes"));
        assert_eq!(data.points().row(7), all.points().row(chosen[7]));
        assert_eq!(data.labels().expect("labelled")[7], all.labels().expect("labelled")[chosen[7]]);
    }

    #[test]
    fn damaged_bytes_are_an_error() {
        let gzip = |text: &str| {
            let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            writer.write_all(text.as_bytes()).expect("to memory");
            writer.finish().expect("to memory")
        };
        for text in ["1,2,3\n", "a,b\n", &format!("{}99\n", "17,".repeat(64))] {
            assert!(matches!(decode(&gzip(text)), Err(DataError::Damaged { .. })), "{text}");
        }
        assert!(matches!(decode(&BYTES[..1000]), Err(DataError::Damaged { .. })));
    }
}
