/// Sources that are read together.
const BLOCK: usize = 256;

/// Partial sums of a block, of eight terms each.
const LANES: usize = BLOCK / 8;

/// So many axes at most are summed in one pass: their sums stay in registers.
const FEW_AXES: usize = 4;

/// So many axes at most are unrolled for a squared distance.
const SOME_AXES: usize = 16;

/// The sums over sources for one query.
struct Sums {
    /// The logarithm that the sums are relative to.
    max: f64,
    weight: f64,
    displacement: [f64; N],
    births: f64,
}

impl Sums {
    const ZERO: Sums = Sums { max: 0.0, weight: 0.0, displacement: [0.0; N], births: 0.0 };

    /// Makes the sums relative to `log` where that is larger.
    #[inline(always)]
    fn rise(&mut self, log: f64) {
        if log > self.max {
            let factor = (self.max - log).exp();
            self.max = log;
            self.weight *= factor;
            self.births *= factor;
            for d in 0..N {
                self.displacement[d] *= factor;
            }
        }
    }

    /// Adds the sums of a block, which are relative to `max + log(factor)`.
    #[inline(always)]
    fn add(&mut self, block: &Sums, factor: f64) {
        self.weight += factor * block.weight;
        self.births += factor * block.births;
        for d in 0..N {
            self.displacement[d] += factor * block.displacement[d];
        }
    }
}

/// Weights or their logarithms, coefficients of `x - y` and births of the pairs of a query with the sources of a block.
#[inline(always)]
fn weigh<T: Number, K: Kernel<T>, const FUSED: bool>(
    uniforms: K::Uniforms,
    x: &[T; N],
    y: &[[T; BLOCK]],
    given: &[T; BLOCK],
    pairs: &mut [[T; BLOCK]; 3],
) {
    if N <= SOME_AXES {
        for i in 0..BLOCK {
            let mut r = [T::ZERO; N];
            for d in 0..N {
                r[d] = x[d] - y[d][i];
            }
            keep(pairs, i, K::pair::<FUSED>(uniforms, square::<T, FUSED>(&r), given[i]));
        }
        return;
    }
    let mut q = [T::ZERO; BLOCK];
    for d in 0..N {
        for i in 0..BLOCK {
            let r = x[d] - y[d][i];
            q[i] = T::fma::<FUSED>(r, r, q[i]);
        }
    }
    for i in 0..BLOCK {
        keep(pairs, i, K::pair::<FUSED>(uniforms, q[i], given[i]));
    }
}

/// What of a pair is the same for all is not written.
#[inline(always)]
fn keep<T: Number>(pairs: &mut [[T; BLOCK]; 3], i: usize, pair: [T; 3]) {
    pairs[0][i] = pair[0];
    if RATE_VARIES {
        pairs[1][i] = pair[1];
    }
    if BIRTHS_VARY {
        pairs[2][i] = pair[2];
    }
}

#[inline(always)]
fn square<T: Number, const FUSED: bool>(r: &[T; N]) -> T {
    let mut q = T::ZERO;
    for d in 0..N {
        q = T::fma::<FUSED>(r[d], r[d], q);
    }
    q
}

/// The sums over a block whose pairs have been weighed.
#[inline(always)]
fn block<T: Number, const FUSED: bool>(
    x: &[T; N],
    y: &[[T; BLOCK]],
    pairs: &mut [[T; BLOCK]; 3],
    lanes: &mut [[T; LANES]; N + 2],
) -> Sums {
    if N <= FEW_AXES {
        return few_axes::<T, _, FUSED>(x, y, pairs, lanes);
    }
    let [weight, rate, births] = pairs;
    let mut sums = Sums { weight: sum(weight), ..Sums::ZERO };
    if BIRTHS_VARY {
        sums.births = sum(births);
    }
    if RATE_VARIES {
        for i in 0..BLOCK {
            weight[i] = weight[i] * rate[i];
        }
    }
    for d in 0..N {
        sums.displacement[d] = weighted_sum::<T, FUSED>(weight, x[d], &y[d]);
    }
    sums
}

/// The pairs of a query with the sources of a block.
trait Pairs<T> {
    /// The weight, the coefficient of `x - y` in the velocity, and the births, all of them to be added: of a source and its `r = x - y`.
    fn pair<const FUSED: bool>(&self, i: usize, r: &[T; N]) -> [T; 3];
}

/// Pairs that are weighed as they are read.
struct Fresh<'a, T: Number, K: Kernel<T>> {
    uniforms: K::Uniforms,
    given: &'a [T; BLOCK],
}

impl<T: Number, K: Kernel<T>> Pairs<T> for Fresh<'_, T, K> {
    #[inline(always)]
    fn pair<const FUSED: bool>(&self, i: usize, r: &[T; N]) -> [T; 3] {
        K::pair::<FUSED>(self.uniforms, square::<T, FUSED>(r), self.given[i])
    }
}

impl<T: Number> Pairs<T> for [[T; BLOCK]; 3] {
    #[inline(always)]
    fn pair<const FUSED: bool>(&self, i: usize, _: &[T; N]) -> [T; 3] {
        [self[0][i], self[1][i], self[2][i]]
    }
}

/// Some terms of the sums over a block.
struct Lane<T> {
    weight: T,
    displacement: [T; N],
    births: T,
}

impl<T: Number> Lane<T> {
    #[inline(always)]
    fn add<P: Pairs<T>, const FUSED: bool>(&mut self, x: &[T; N], y: &[[T; BLOCK]], pairs: &P, i: usize) {
        let mut r = [T::ZERO; N];
        for d in 0..N {
            r[d] = x[d] - y[d][i];
        }
        let [weight, rate, births] = pairs.pair::<FUSED>(i, &r);
        let moved = if RATE_VARIES { weight * rate } else { weight };
        for d in 0..N {
            self.displacement[d] = T::fma::<FUSED>(moved, r[d], self.displacement[d]);
        }
        (self.weight, self.births) = (self.weight + weight, self.births + births);
    }
}

/// The sums over a block, all in one pass; `lanes` is room for their parts.
#[inline(always)]
fn few_axes<T: Number, P: Pairs<T>, const FUSED: bool>(
    x: &[T; N],
    y: &[[T; BLOCK]],
    pairs: &P,
    lanes: &mut [[T; LANES]; N + 2],
) -> Sums {
    for i in 0..LANES {
        let mut lane = Lane { weight: T::ZERO, displacement: [T::ZERO; N], births: T::ZERO };
        // Written out, as the compiler takes lanes together only where no loop is inside.
        lane.add::<P, FUSED>(x, y, pairs, i);
        lane.add::<P, FUSED>(x, y, pairs, i + LANES);
        lane.add::<P, FUSED>(x, y, pairs, i + 2 * LANES);
        lane.add::<P, FUSED>(x, y, pairs, i + 3 * LANES);
        lane.add::<P, FUSED>(x, y, pairs, i + 4 * LANES);
        lane.add::<P, FUSED>(x, y, pairs, i + 5 * LANES);
        lane.add::<P, FUSED>(x, y, pairs, i + 6 * LANES);
        lane.add::<P, FUSED>(x, y, pairs, i + 7 * LANES);
        for d in 0..N {
            lanes[d][i] = lane.displacement[d];
        }
        lanes[N][i] = lane.weight;
        if BIRTHS_VARY {
            lanes[N + 1][i] = lane.births;
        }
    }
    let mut sums = Sums { weight: in_pairs(&lanes[N]), ..Sums::ZERO };
    if BIRTHS_VARY {
        sums.births = in_pairs(&lanes[N + 1]);
    }
    for d in 0..N {
        sums.displacement[d] = in_pairs(&lanes[d]);
    }
    sums
}

#[inline(always)]
fn largest<T: Number>(all: &[T; BLOCK]) -> T {
    let mut lanes = [T::of(f64::NEG_INFINITY); LANES];
    for i in 0..LANES {
        for k in 0..BLOCK / LANES {
            lanes[i] = larger(lanes[i], all[k * LANES + i]);
        }
    }
    let mut count = LANES;
    while count > 1 {
        count /= 2;
        for i in 0..count {
            lanes[i] = larger(lanes[i], lanes[i + count]);
        }
    }
    lanes[0]
}

#[inline(always)]
fn larger<T: Number>(a: T, b: T) -> T {
    if a < b { b } else { a }
}

/// The sum over a block, in lanes that are added in pairs.
#[inline(always)]
fn sum<T: Number>(all: &[T; BLOCK]) -> f64 {
    let mut lanes = [T::ZERO; LANES];
    for i in 0..LANES {
        for k in 0..BLOCK / LANES {
            lanes[i] = lanes[i] + all[k * LANES + i];
        }
    }
    in_pairs(&lanes)
}

/// The sum over a block of `weight (x - y)`.
#[inline(always)]
fn weighted_sum<T: Number, const FUSED: bool>(weight: &[T; BLOCK], x: T, y: &[T; BLOCK]) -> f64 {
    let mut lanes = [T::ZERO; LANES];
    for i in 0..LANES {
        for k in 0..BLOCK / LANES {
            lanes[i] = T::fma::<FUSED>(weight[k * LANES + i], x - y[k * LANES + i], lanes[i]);
        }
    }
    in_pairs(&lanes)
}

#[inline(always)]
fn in_pairs<T: Number>(lanes: &[T; LANES]) -> f64 {
    let mut sums = *lanes;
    let mut count = LANES;
    while count > 1 {
        count /= 2;
        for i in 0..count {
            sums[i] = sums[i] + sums[i + count];
        }
    }
    sums[0].into()
}
