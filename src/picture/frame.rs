//! The part of space that a picture shows.

use ndarray::Array2;

/// A square of the plane.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Frame {
    pub(super) centre: [f64; 2],
    pub(super) half: f64,
}

/// Points beyond the central part are shown while they make the frame at most this much larger.
const TOLERATED_STRETCH: f64 = 2.5;

/// The part of the points that a frame about a heavy-tailed cloud keeps on each axis.
const CENTRAL: f64 = 0.96;

/// Coordinates beyond this are out of every frame.
const LARGEST: f64 = 1e100;

/// The smallest half side relative to the distance from the origin.
const FINEST: f64 = 1e-9;

/// Room left around the points.
const MARGIN: f64 = 1.08;

impl Frame {
    /// A frame about the points: all of them, or the central part on each axis where few far ones would shrink the rest.
    pub(super) fn around(points: &Array2<f64>) -> Frame {
        let mut centre = [0.0; 2];
        let mut half = 0.0_f64;
        for (axis, middle) in centre.iter_mut().enumerate() {
            let (low, high) = range(points, axis);
            *middle = 0.5 * low + 0.5 * high;
            half = half.max(0.5 * high - 0.5 * low);
        }
        Frame { centre, half: if half > 0.0 { half * MARGIN } else { 1.0 } }.drawable()
    }

    /// The smallest frame with the same centre that also holds `other`.
    pub(super) fn holding(self, other: Frame) -> Frame {
        let reach = |axis: usize| (self.centre[axis] - other.centre[axis]).abs() + other.half;
        Frame { half: self.half.max(reach(0)).max(reach(1)), ..self }.drawable()
    }

    /// The nearest frame whose ticks can be told apart in floating point and do not overflow.
    fn drawable(self) -> Frame {
        let centre = self.centre.map(|c| c.clamp(-LARGEST, LARGEST));
        let finest = FINEST * centre[0].abs().max(centre[1].abs());
        Frame { centre, half: self.half.clamp(1.0 / LARGEST, LARGEST).max(finest) }
    }

    pub(super) fn range(self, axis: usize) -> std::ops::Range<f64> {
        self.centre[axis] - self.half..self.centre[axis] + self.half
    }

    pub(super) fn holds(self, point: (f64, f64)) -> bool {
        self.range(0).contains(&point.0) && self.range(1).contains(&point.1)
    }
}

/// The part of one axis that a histogram shows.
pub(super) fn interval(points: &Array2<f64>) -> (f64, f64) {
    let (low, high) = range(points, 0);
    let half = if high > low { MARGIN * (0.5 * high - 0.5 * low) } else { 1.0 };
    let frame = Frame { centre: [0.5 * low + 0.5 * high, 0.0], half }.drawable();
    (frame.range(0).start, frame.range(0).end)
}

/// The range of one coordinate, as [`Frame::around`] keeps it.
fn range(points: &Array2<f64>, axis: usize) -> (f64, f64) {
    let mut values: Vec<f64> = points.column(axis).iter().copied().filter(|v| v.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    let (Some(&low), Some(&high)) = (values.first(), values.last()) else { return (-1.0, 1.0) };
    let cut = ((1.0 - CENTRAL) / 2.0 * values.len() as f64) as usize;
    let (inner_low, inner_high) = (values[cut], values[values.len() - 1 - cut]);
    let tolerated = high * 0.5 - low * 0.5 <= TOLERATED_STRETCH * (inner_high * 0.5 - inner_low * 0.5);
    if tolerated || inner_low == inner_high { (low, high) } else { (inner_low, inner_high) }
}

/// Writes the label of a tick on an axis that spans `2 half`: as few digits as tell ticks apart.
pub(super) fn tick(value: f64, half: f64) -> String {
    if !(1e-3..1e5).contains(&half) {
        return format!("{value:.1e}");
    }
    let digits = (1.5 - half.log10()).ceil().clamp(0.0, 6.0) as usize;
    let text = format!("{value:.digits$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    // A hyphen is narrower than a minus sign; zero has no sign.
    if text == "-0" { "0".into() } else { text.replace('-', "\u{2212}") }
}
