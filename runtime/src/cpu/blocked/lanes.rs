//! Sums over columns in so many lanes that the compiler uses vectors, always in the same order.

use genphys_compiler::kernel::Scalar;

const LANES: usize = 16;

/// The sum; the lanes are added in f64.
pub(super) fn sum<T: Scalar>(x: &[T]) -> f64 {
    let mut lanes = [T::default(); LANES];
    let chunks = x.chunks_exact(LANES);
    let rest: f64 = chunks.remainder().iter().map(|x| (*x).into()).sum();
    chunks.for_each(|chunk| lanes.iter_mut().zip(chunk).for_each(|(lane, x)| *lane = lane.add(*x)));
    lanes.iter().map(|lane| (*lane).into()).sum::<f64>() + rest
}

/// `sum_j w_j b_j`.
pub(super) fn dot<T: Scalar>(w: &[T], b: &[T]) -> f64 {
    let mut lanes = [T::default(); LANES];
    let (w_chunks, b_chunks) = (w.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f64 = w_chunks.remainder().iter().zip(b_chunks.remainder()).map(|(w, b)| w.mul(*b).into()).sum();
    for (w, b) in w_chunks.zip(b_chunks) {
        lanes.iter_mut().zip(w.iter().zip(b)).for_each(|(lane, (w, b))| *lane = lane.add(w.mul(*b)));
    }
    lanes.iter().map(|lane| (*lane).into()).sum::<f64>() + rest
}

/// The largest number; NaN is passed over here and found in the sums.
pub(super) fn largest<T: Scalar>(x: &[T]) -> f64 {
    let mut lanes = [T::LOWEST; LANES];
    let chunks = x.chunks_exact(LANES);
    let rest = chunks.remainder().iter().fold(T::LOWEST, |max, x| x.max(max));
    chunks.for_each(|chunk| lanes.iter_mut().zip(chunk).for_each(|(lane, x)| *lane = x.max(*lane)));
    let max = lanes.iter().fold(rest, |max, lane| lane.max(max));
    if max == T::LOWEST { f64::NEG_INFINITY } else { max.into() }
}

/// How many numbers are above `cut` or not a number, counted no further than a little beyond `enough`.
pub(super) fn count_above<T: Scalar>(x: &[T], cut: T, enough: usize) -> usize {
    let mut count = 0;
    for chunk in x.chunks(4 * LANES) {
        // Without a branch for each number.
        let below = chunk.iter().fold(0u32, |n, x| n + u32::from(*x <= cut)) as usize;
        count += chunk.len() - below;
        if count > enough {
            break;
        }
    }
    count
}

/// `|x|^2`.
pub(super) fn squared_norm<T: Scalar>(x: &[T]) -> T {
    accumulate(x, x, |x, _| x)
}

/// `|x - y|^2`.
pub(super) fn squared_distance<T: Scalar>(x: &[T], y: &[T]) -> T {
    accumulate(x, y, Scalar::sub)
}

/// `sum_d f(x_d, y_d)^2`.
fn accumulate<T: Scalar>(x: &[T], y: &[T], f: impl Fn(T, T) -> T) -> T {
    let mut lanes = [T::default(); LANES];
    let (x_chunks, y_chunks) = (x.chunks_exact(LANES), y.chunks_exact(LANES));
    let rest = x_chunks.remainder().iter().zip(y_chunks.remainder());
    let rest = rest.fold(T::default(), |sum, (x, y)| sum.add(f(*x, *y).mul(f(*x, *y))));
    for (x, y) in x_chunks.zip(y_chunks) {
        for i in 0..LANES {
            let r = f(x[i], y[i]);
            lanes[i] = lanes[i].add(r.mul(r));
        }
    }
    lanes.iter().fold(rest, |sum, lane| sum.add(*lane))
}

/// Adds `w (x - y)`.
pub(super) fn add_displacement<T: Scalar>(sum: &mut [T], w: T, x: &[T], y: &[T]) {
    sum.iter_mut().zip(x.iter().zip(y)).for_each(|(sum, (x, y))| *sum = sum.add(w.mul(x.sub(*y))));
}

/// Adds `w x - pulled`.
pub(super) fn add_pulled<T: Scalar>(sum: &mut [T], w: T, x: &[T], pulled: &[T]) {
    sum.iter_mut().zip(x.iter().zip(pulled)).for_each(|(sum, (x, pulled))| *sum = sum.add(w.mul(*x).sub(*pulled)));
}
