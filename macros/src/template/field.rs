/// The flow at one place and time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flow {
    /// `log p`.
    pub log_density: f64,
    /// The velocity v.
    pub velocity: [f64; N],
    /// Births less deaths per particle and time, `R/p`.
    pub birth_rate: f64,
}

impl Flow {
    /// Where nothing is known: t is not positive, x is not finite, or the law has no table.
    const UNKNOWN: Flow = Flow { log_density: f64::NAN, velocity: [f64::NAN; N], birth_rate: f64::NAN };

    /// p.
    pub fn density(&self) -> f64 {
        self.log_density.exp()
    }
}

/// `log p` at `x` and time `t > 0`, of one source of mass 1 at the origin; NaN where `t` is not positive or `x` not finite.
pub fn log_density(x: [f64; N], t: f64, parameters: &Parameters) -> f64 {
    point_source(x, t, parameters).log_density
}

/// p at `x` and time `t > 0`, of one source of mass 1 at the origin.
pub fn density(x: [f64; N], t: f64, parameters: &Parameters) -> f64 {
    point_source(x, t, parameters).density()
}

/// The velocity at `x` and time `t > 0` around one source at the origin.
pub fn velocity(x: [f64; N], t: f64, parameters: &Parameters) -> [f64; N] {
    point_source(x, t, parameters).velocity
}

/// `R/p` at `x` and time `t > 0` around one source at the origin.
pub fn birth_rate(x: [f64; N], t: f64, parameters: &Parameters) -> f64 {
    point_source(x, t, parameters).birth_rate
}

fn point_source(x: [f64; N], t: f64, parameters: &Parameters) -> Flow {
    if !(t > 0.0 && t.is_finite() && x.iter().all(|x| x.is_finite())) {
        return Flow::UNKNOWN;
    }
    let (drift, place, shape) = (drift(parameters), place(t, parameters), shape(parameters));
    let Some(law) = Law::new(parameters).map(|law| law.at(place.clock, parameters)) else { return Flow::UNKNOWN };
    let mut moved = x;
    for d in 0..N {
        moved[d] = (x[d] - drift[d] * t) * place.widen;
    }
    shape.contract(&mut moved);
    let q = moved.iter().map(|x| x * x).sum::<f64>();
    let uniforms = <f64 as Number>::log_uniforms::<false>(place.clock, parameters);
    let [log_weight, rate, births] = <Log as Kernel<f64>>::pair::<HAS_FMA>(uniforms, q, 0.0);
    let rate = point_rate(place.clock, parameters, q).unwrap_or(rate);
    let mut velocity = [0.0; N];
    for d in 0..N {
        velocity[d] = rate * moved[d];
    }
    shape.turn(&mut velocity);
    for d in 0..N {
        velocity[d] = drift[d] + (place.speed * velocity[d] - place.pull * x[d]);
    }
    let births = if BIRTHS_VARY { births } else { constant_births(place.clock, parameters) };
    Flow {
        log_density: law.log_weight(log_weight) + law.log_peak() + log_norm(place.clock, parameters) + (place.log_volume - shape.log_determinant),
        velocity,
        birth_rate: place.rate * births - place.offset,
    }
}

/// Whether every machine that this build is for multiplies and adds in one rounding.
const HAS_FMA: bool = ::core::cfg!(any(target_feature = "fma", target_arch = "aarch64"));

/// The numbers that a [`Field`] computes with: `f32` or `f64`.
pub trait Real: Number {}
impl Real for f32 {}
impl Real for f64 {}

#[doc(hidden)]
pub trait Number:
    Copy
    + PartialOrd
    + ::core::fmt::Debug
    + ::core::marker::Send
    + ::core::marker::Sync
    + ::core::convert::Into<f64>
    + ::core::ops::Add<Output = Self>
    + ::core::ops::Sub<Output = Self>
    + ::core::ops::Mul<Output = Self>
    + 'static
{
    const ZERO: Self;
    /// The exponent of the sum of linear weights, per source, below which it has lost digits to underflow.
    const LEAST_EXPONENT: i32;
    /// By so much at most a frame widens x.
    const WIDEST: f64;
    /// What the pairs of one time have in common.
    type LogUniforms: Copy;
    type LinearUniforms: Copy;
    /// `ALL` with the numbers of a table, which take long; without them the coefficient of `x - y` is not that of the pair.
    fn log_uniforms<const ALL: bool>(t: f64, parameters: &Parameters) -> Self::LogUniforms;
    fn linear_uniforms(t: f64, parameters: &Parameters) -> Self::LinearUniforms;
    fn of(x: f64) -> Self;
    fn fma<const FUSED: bool>(a: Self, b: Self, c: Self) -> Self;
    fn exp_weight<const FUSED: bool>(x: Self) -> Self;
    fn log<const FUSED: bool>(uniforms: Self::LogUniforms, q: Self, w: Self) -> [Self; 3];
    fn linear<const FUSED: bool>(uniforms: Self::LinearUniforms, q: Self, w: Self) -> [Self; 3];
}

/// How a pair of query and source is weighed.
trait Kernel<T: Number> {
    type Uniforms: Copy;
    const LINEAR: bool;
    /// The weight or its logarithm, the coefficient of `x - y` in the velocity, and the births.
    fn pair<const FUSED: bool>(uniforms: Self::Uniforms, q: T, w: T) -> [T; 3];
}

/// By its logarithm: nothing over- or underflows.
struct Log;

/// By itself, which is shorter, and wrong where all weights underflow.
struct Linear;

impl<T: Number> Kernel<T> for Log {
    type Uniforms = T::LogUniforms;
    const LINEAR: bool = false;
    #[inline(always)]
    fn pair<const FUSED: bool>(uniforms: T::LogUniforms, q: T, w: T) -> [T; 3] {
        T::log::<FUSED>(uniforms, q, w)
    }
}

impl<T: Number> Kernel<T> for Linear {
    type Uniforms = T::LinearUniforms;
    const LINEAR: bool = true;
    #[inline(always)]
    fn pair<const FUSED: bool>(uniforms: T::LinearUniforms, q: T, w: T) -> [T; 3] {
        T::linear::<FUSED>(uniforms, q, w)
    }
}

/// The flow of weighted points.
///
/// A row of its results depends on its query alone: split queries over threads as you like.
#[derive(Clone, Debug)]
pub struct Field<T: Real = f64> {
    parameters: Parameters,
    law: Law,
    shape: Shape,
    /// Data and queries are shifted by it, so that f32 keeps digits for data far from the origin.
    center: [f64; N],
    sources: usize,
    /// `[blocks][N][BLOCK]`.
    coordinates: Vec<[T; BLOCK]>,
    /// `[blocks][BLOCK]`: logarithms relative to the largest; minus infinity beyond the last source.
    log_weights: Vec<[T; BLOCK]>,
    /// The same for linear weights; empty without them.
    linear_weights: Vec<[T; BLOCK]>,
    /// The logarithm of the largest weight over the sum of all.
    log_scale: f64,
}

/// Why points make no field.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum BadData {
    /// There is no point.
    Empty,
    /// There are not as many weights as points.
    Weights {
        /// Points given.
        points: usize,
        /// Weights given.
        weights: usize,
    },
    /// A coordinate is not finite, or too large for the precision.
    Coordinate {
        /// The point.
        row: usize,
    },
    /// A weight is negative or not finite, or all are 0.
    Weight {
        /// The point.
        row: usize,
    },
    /// The parameters give the law an order that has no table; only where that is a letter.
    Order,
}

impl ::core::fmt::Display for BadData {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        match self {
            BadData::Empty => f.write_str("a field needs at least one point"),
            BadData::Weights { points, weights } => ::core::write!(f, "{points} points have {weights} weights"),
            BadData::Coordinate { row } => ::core::write!(f, "point {row} has a coordinate that is not finite"),
            BadData::Weight { row } => ::core::write!(f, "the weight of point {row} is negative or not finite, or all are 0"),
            BadData::Order => f.write_str("the law has no table at the order that these parameters give it"),
        }
    }
}

impl ::core::error::Error for BadData {}

impl<T: Real> Field<T> {
    /// The field of `points` with `weights`, which are normalised to sum 1.
    ///
    /// # Errors
    /// [`BadData`].
    pub fn new(points: &[[f64; N]], weights: &[f64], parameters: Parameters) -> Result<Field<T>, BadData> {
        if points.is_empty() {
            return Err(BadData::Empty);
        }
        if points.len() != weights.len() {
            return Err(BadData::Weights { points: points.len(), weights: weights.len() });
        }
        let law = Law::new(&parameters).ok_or(BadData::Order)?;
        let shape = shape(&parameters);
        let contracted = |row: usize| {
            let mut point = points[row];
            shape.contract(&mut point);
            point
        };
        let is_finite = |x: f64| Into::<f64>::into(T::of(x)).is_finite();
        if let Some(row) = (0..points.len()).find(|row| !contracted(*row).iter().all(|x| is_finite(*x))) {
            return Err(BadData::Coordinate { row });
        }
        if let Some(row) = weights.iter().position(|w| !(w.is_finite() && *w >= 0.0)) {
            return Err(BadData::Weight { row });
        }
        let largest = weights.iter().copied().fold(0.0, f64::max);
        if largest == 0.0 {
            return Err(BadData::Weight { row: 0 });
        }
        let mut center = [0.0; N];
        for row in 0..points.len() {
            let point = contracted(row);
            for d in 0..N {
                center[d] += point[d] / points.len() as f64;
            }
        }
        let blocks = points.len().div_ceil(BLOCK);
        let mut field = Field {
            parameters,
            law,
            shape,
            center,
            sources: points.len(),
            coordinates: ::std::vec![[T::ZERO; BLOCK]; blocks * N],
            log_weights: ::std::vec![[T::of(f64::NEG_INFINITY); BLOCK]; blocks],
            linear_weights: ::std::vec![[T::of(linear_weight(f64::NEG_INFINITY)); BLOCK]; if HAS_LINEAR { blocks } else { 0 }],
            log_scale: -weights.iter().map(|w| w / largest).sum::<f64>().ln(),
        };
        // The last block is filled up with sources of weight zero at the place of the last source, which cannot overflow.
        for i in 0..blocks * BLOCK {
            let (point, block, lane) = (contracted(i.min(points.len() - 1)), i / BLOCK, i % BLOCK);
            for d in 0..N {
                field.coordinates[block * N + d][lane] = T::of(point[d] - center[d]);
            }
            if i < points.len() {
                let log = (weights[i] / largest).ln();
                field.log_weights[block][lane] = T::of(log);
                if HAS_LINEAR {
                    field.linear_weights[block][lane] = T::of(linear_weight(log));
                }
            }
        }
        Ok(field)
    }

    /// The parameters.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// The flow at `x` and time `t > 0`. What a time needs is computed anew in every call: [`Field::evaluate`] takes many places at once.
    pub fn at(&self, t: f64, x: [f64; N]) -> Flow {
        let mut out = [Flow::UNKNOWN];
        self.evaluate(t, &[x], &mut out);
        out[0]
    }

    /// The flow at every `x` and time `t > 0` into `out`, as far as both reach; NaN where `t` is not positive, `x` not finite, or the squared
    /// distance to every point, in units of the law, beyond the range of `T` (1e38 in f32).
    pub fn evaluate(&self, t: f64, x: &[[f64; N]], out: &mut [Flow]) {
        if !(t > 0.0 && t.is_finite()) {
            out.iter_mut().take(x.len()).for_each(|flow| *flow = Flow::UNKNOWN);
            return;
        }
        let now = Now::new(self, t);
        now.dispatch(x, out);
    }
}

/// A field at one time.
struct Now<'a, T: Real> {
    field: &'a Field<T>,
    law: LawNow,
    log: T::LogUniforms,
    linear: T::LinearUniforms,
    log_norm: f64,
    linear_log_norm: f64,
    drift: [f64; N],
    /// `drift t`.
    shift: [f64; N],
    place: Place,
    births: f64,
}

impl<'a, T: Real> Now<'a, T> {
    fn new(field: &'a Field<T>, t: f64) -> Now<'a, T> {
        let parameters = &field.parameters;
        let (drift, place) = (drift(parameters), place(t, parameters).within(T::WIDEST));
        let law = field.law.at(place.clock, parameters);
        Now {
            field,
            log: T::log_uniforms::<true>(place.clock, parameters),
            linear: T::linear_uniforms(place.clock, parameters),
            log_norm: log_norm(place.clock, parameters) + law.log_peak(),
            law,
            linear_log_norm: linear_log_norm(place.clock, parameters),
            drift,
            shift: drift.map(|c| c * t),
            place,
            births: constant_births(place.clock, parameters),
        }
    }

    #[inline(always)]
    fn rows<const FUSED: bool>(&self, x: &[[f64; N]], out: &mut [Flow]) {
        for (x, flow) in x.iter().zip(out) {
            *flow = if x.iter().all(|x| x.is_finite()) { self.row::<FUSED>(x) } else { Flow::UNKNOWN };
        }
    }

    #[inline(always)]
    fn row<const FUSED: bool>(&self, x: &[f64; N]) -> Flow {
        let mut seen = *x;
        for d in 0..N {
            seen[d] = (x[d] - self.shift[d]) * self.place.widen;
        }
        self.field.shape.contract(&mut seen);
        let mut moved = [T::ZERO; N];
        for d in 0..N {
            moved[d] = T::of(seen[d] - self.field.center[d]);
        }
        if HAS_LINEAR {
            let sums = self.reduce::<Linear, FUSED>(self.linear, &self.field.linear_weights, &moved);
            if sums.weight >= ::core::primitive::f64::powi(2.0, T::LEAST_EXPONENT) * self.field.sources as f64 {
                return self.flow(x, sums, self.linear_log_norm, T::linear::<FUSED>(self.linear, T::ZERO, T::ZERO)[1].into());
            }
        }
        let sums = self.reduce::<Log, FUSED>(self.log, &self.field.log_weights, &moved);
        self.flow(x, sums, self.log_norm, T::log::<FUSED>(self.log, T::ZERO, T::ZERO)[1].into())
    }

    #[inline(always)]
    fn flow(&self, x: &[f64; N], sums: Sums, log_norm: f64, rate: f64) -> Flow {
        let (rate, place, shape) = (if RATE_VARIES { 1.0 } else { rate }, &self.place, &self.field.shape);
        let mut velocity = [0.0; N];
        for d in 0..N {
            velocity[d] = rate * sums.displacement[d] / sums.weight;
        }
        shape.turn(&mut velocity);
        for d in 0..N {
            velocity[d] = self.drift[d] + (place.speed * velocity[d] - place.pull * x[d]);
        }
        let births = if BIRTHS_VARY { sums.births / sums.weight } else { self.births };
        let log_volume = place.log_volume - shape.log_determinant;
        Flow {
            log_density: sums.max + sums.weight.ln() + self.field.log_scale + log_norm + log_volume,
            velocity,
            birth_rate: place.rate * births - place.offset,
        }
    }

    /// Block by block: in `T` within a block, in f64 between blocks.
    #[inline(always)]
    fn reduce<K: Kernel<T>, const FUSED: bool>(&self, uniforms: K::Uniforms, weights: &[[T; BLOCK]], x: &[T; N]) -> Sums {
        let mut total = Sums::ZERO;
        if !K::LINEAR {
            total.max = f64::NEG_INFINITY;
        }
        let (mut pairs, mut lanes) = ([[T::ZERO; BLOCK]; 3], [[T::ZERO; LANES]; N + 2]);
        for (y, given) in self.field.coordinates.chunks_exact(N).zip(weights) {
            if K::LINEAR && N <= FEW_AXES {
                // Nothing of a pair is written to memory.
                let fresh = Fresh::<T, K> { uniforms, given };
                total.add(&few_axes::<T, _, FUSED>(x, y, &fresh, &mut lanes), 1.0);
                continue;
            }
            weigh::<T, K, FUSED>(uniforms, x, y, given, &mut pairs);
            let mut factor = 1.0;
            if !K::LINEAR {
                if LAW_IS_TABULATED {
                    for i in 0..BLOCK {
                        let log: f64 = given[i].into();
                        pairs[0][i] = T::of(self.law.log_weight(pairs[0][i].into()) + log);
                    }
                }
                let max = largest(&pairs[0]);
                let largest: f64 = max.into();
                if largest == f64::NEG_INFINITY {
                    continue;
                }
                let [weight, _, births] = &mut pairs;
                for i in 0..BLOCK {
                    weight[i] = T::exp_weight::<FUSED>(weight[i] - max);
                    if BIRTHS_VARY {
                        births[i] = births[i] * weight[i];
                    }
                }
                total.rise(largest);
                factor = (largest - total.max).exp();
            }
            total.add(&block::<T, FUSED>(x, y, &mut pairs, &mut lanes), factor);
        }
        total
    }

    /// The widest form that this machine has.
    fn dispatch(&self, x: &[[f64; N]], out: &mut [Flow]) {
        #[cfg(target_arch = "x86_64")]
        {
            if ::std::is_x86_feature_detected!("avx512f") && ::std::is_x86_feature_detected!("fma") {
                // SAFETY: the machine has just been asked for both features.
                return unsafe { self.rows_avx512(x, out) };
            }
            if ::std::is_x86_feature_detected!("avx2") && ::std::is_x86_feature_detected!("fma") {
                // SAFETY: the machine has just been asked for both features.
                return unsafe { self.rows_avx2(x, out) };
            }
        }
        self.rows::<HAS_FMA>(x, out);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx2,fma")]
    fn rows_avx512(&self, x: &[[f64; N]], out: &mut [Flow]) {
        self.rows::<true>(x, out);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    fn rows_avx2(&self, x: &[[f64; N]], out: &mut [Flow]) {
        self.rows::<true>(x, out);
    }
}
