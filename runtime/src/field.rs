//! The field of a finite data set: log p, v and R/p at any point, by a kernel compiled for this equation and dimension.
//!
//! In:   a [`Model`](crate::model::Model) (an equation proved generative, at a dimension and parameter values) and weighted data points.
//! Out:  [`Field`], a [`DensityField`].
//! Holds: a row of the result depends on its query alone, so any split over threads gives the same bits.
//! Source: GenPhys (arXiv:2304.02637), Sec. 2: the density of data is the superposition of one kernel per point.

mod step;

use crate::cache;
use crate::cpu::{
    ArgumentError, BlockedReduce, BlockedSources, CompileError, CompiledReduce, GuardedReduce, GuardedUniforms, Pairs,
    ReduceOutput, ReduceProgram, Sources,
};
use crate::density::{DensityField, Evaluation, FieldError, StepField, check_evaluation, check_queries};
#[cfg(feature = "cuda")]
use crate::{
    gpu,
    launch::{DeviceError, SharedField},
};
use genphys_compiler::green::{Bound, BoundCarrier, BoundFrame, BoundLaw, KernelProgram, Lookup, LowerError};
use genphys_compiler::kernel::Precision;
use ndarray::parallel::prelude::*;
use ndarray::{Array1, Array2, ArrayView2, Axis};
use rayon::slice::ParallelSliceMut;
use std::sync::Arc;
use std::time::Instant;

/// Queries a thread takes at a time: enough to amortise a call, few enough to balance the load.
const ROWS_PER_TASK: usize = 64;

/// The same for matrix products, which read all data once for so many queries.
const ROWS_PER_PRODUCT: usize = 256;

/// Matrix products pay from this dimension on.
const BLOCKED_FROM: usize = 17;

/// The density flow of weighted points, compiled to machine code.
///
/// # Example
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use genphys_compiler::{Budget, analyze, kernel::Precision, source::Source};
/// use genphys_runtime::density::{DensityField, Evaluation};
/// use genphys_runtime::field::Field;
/// use genphys_runtime::model::Model;
/// use ndarray::array;
///
/// let poisson = analyze(&Source::new("poisson", "phi_tt + lap(phi) = 0"), Budget::default())?;
/// let model = Model::new(&poisson, 3, &Default::default())?;
/// let charge = array![[0.0, 0.0, 0.0]];
/// let field = Field::new(&model, charge.view(), &[1.0], Precision::F64)?;
/// let mut at = Evaluation::new(1, 3);
/// field.evaluate(2.0, array![[1.0, 0.0, 0.0]].view(), &mut at)?;
/// assert_eq!(at.v[[0, 0]], 0.5); // v = x/t: straight away from the charge
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Field {
    program: KernelProgram,
    engine: Engine,
    /// Data and queries are shifted by it, so that f32 keeps digits for data far from the origin.
    center: Array1<f64>,
    compile_seconds: f64,
}

/// The code that evaluates a field.
#[derive(Debug)]
enum Engine {
    /// Few dimensions: linear weights, and logarithms where those underflow.
    Guarded(GuardedReduce, Sources),
    /// Logarithms, pair by pair.
    Log(CompiledReduce, Sources),
    /// Few dimensions and a law that is a table: found in memory, pair by pair.
    Lookup(Pairs),
    /// Many dimensions: matrix products.
    Blocked(BlockedReduce, BlockedSources),
    /// On GPUs.
    #[cfg(feature = "cuda")]
    Gpu(Box<SharedField<gpu::Device>>),
}

/// `exp(-20)` is a thirtieth of the rounding of f32.
const FARTHEST_STRETCH: f64 = 20.0;

/// Why a field could not be made.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The equation has no kernel at this dimension or these values.
    #[error(transparent)]
    Lower(#[from] LowerError),
    /// The machine code could not be made.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// The data do not fit the kernel.
    #[error(transparent)]
    Argument(#[from] ArgumentError),
    /// The data are empty, of the wrong dimension or badly weighted.
    #[error("{0}")]
    Data(String),
    /// The kernel or the data cannot be brought to the GPU.
    #[cfg(feature = "cuda")]
    #[error(transparent)]
    Device(#[from] DeviceError),
}

impl Field {
    /// Compiles the kernel and lays the data out.
    ///
    /// # Shapes
    /// `points`: `[n, N]`, in lengths; `weights`: `[n]`, nonnegative, not all zero; they are normalised to sum 1.
    /// # Errors
    /// [`BuildError`].
    pub fn new(
        bound: &impl AsRef<Bound>,
        points: ArrayView2<f64>,
        weights: &[f64],
        precision: Precision,
    ) -> Result<Field, BuildError> {
        Field::with(bound.as_ref(), points, weights, precision, Engine::new)
    }

    /// The same on one or several GPUs, which share the queries: results differ by the order of sums.
    ///
    /// # Errors
    /// [`BuildError`].
    #[cfg(feature = "cuda")]
    pub fn on(
        devices: &[gpu::Device],
        bound: &impl AsRef<Bound>,
        points: ArrayView2<f64>,
        weights: &[f64],
        precision: Precision,
    ) -> Result<Field, BuildError> {
        if devices.is_empty() {
            return Err(BuildError::Data("no GPU is given to evaluate the field".into()));
        }
        Field::with(bound.as_ref(), points, weights, precision, |program, points, log_weights| {
            let started = Instant::now();
            let engine = Engine::Gpu(Box::new(SharedField::new(devices, program, points, log_weights)?));
            Ok((engine, started.elapsed().as_secs_f64()))
        })
    }

    fn with(
        bound: &Bound,
        points: ArrayView2<f64>,
        weights: &[f64],
        precision: Precision,
        engine: impl FnOnce(&KernelProgram, ArrayView2<f64>, &[f64]) -> Result<(Engine, f64), BuildError>,
    ) -> Result<Field, BuildError> {
        let log_weights = log_weights(bound.dim(), points, weights)?;
        let program = bound.program(precision)?;
        let contracted = contract(bound, points.to_owned());
        let points = contracted.view();
        let center = points.mean_axis(Axis(0)).unwrap_or_else(|| Array1::zeros(bound.dim()));
        let center = center.mapv(|c| if c.is_finite() { c } else { 0.0 });
        let shifted = &points - &center;
        let (engine, compile_seconds) = engine(&program, shifted.view(), &log_weights)?;
        Ok(Field { program, engine, center, compile_seconds })
    }

    /// Seconds the machine code took to make.
    pub fn compile_seconds(&self) -> f64 {
        self.compile_seconds
    }

    /// What data and queries are shifted by.
    pub(crate) fn center(&self) -> &Array1<f64> {
        &self.center
    }

    /// The kernel behind the field.
    pub fn program(&self) -> &KernelProgram {
        &self.program
    }

    /// The same data under the heavier law that shares this field's point-source rays: Cauchy for a tempered law.
    ///
    /// Priors of killed flows are drawn from it and corrected by weights, because the weights of the law itself have infinite variance.
    ///
    /// # Errors
    /// [`BuildError`], as [`Field::new`].
    pub fn heavier(
        bound: &impl AsRef<Bound>,
        points: ArrayView2<f64>,
        weights: &[f64],
        precision: Precision,
    ) -> Result<Option<Field>, BuildError> {
        match bound.as_ref().heavier() {
            Some(heavier) => Field::new(&heavier, points, weights, precision).map(Some),
            None => Ok(None),
        }
    }

    fn evaluate_rows(&self, t: f64, constants: &Constants, x: ArrayView2<f64>) -> Result<ReduceOutput, FieldError> {
        let shifted: Array2<f64> = &x - &self.center;
        let mut out = ReduceOutput::default();
        let Constants { uniforms, lookup } = constants;
        let is_done = match &self.engine {
            Engine::Lookup(pairs) => {
                let rate = self.program.bound().displacement_rate(t).unwrap_or(1.0);
                lookup.as_ref().map(|lookup| pairs.run(lookup, rate, shifted.view(), &mut out)).is_some()
            }
            Engine::Guarded(engine, sources) => engine.run(uniforms, sources, shifted.view(), &mut out).is_ok(),
            Engine::Log(engine, sources) => engine.run(&uniforms.log, sources, shifted.view(), &mut out).is_ok(),
            Engine::Blocked(engine, sources) => {
                let softening = self.program.softening(t);
                engine.run_softened(&uniforms.log, softening, sources, shifted.view(), &mut out).is_ok()
            }
            #[cfg(feature = "cuda")]
            Engine::Gpu(engine) => {
                return Ok(engine.run(uniforms, shifted.view())?);
            }
        };
        if is_done { Ok(out) } else { Err(FieldError::NonFiniteOutput { row: 0, quantity: "log p", t }) }
    }

    /// Makes the table of time t, or has it from the cache.
    fn make_ready(&self, t: f64) {
        if !self.program.is_tabulated() {
            return;
        }
        match cache::installed() {
            Some(cache) => self.program.prepare_by(t, &*cache),
            None => self.program.prepare(t),
        }
    }

    fn uniforms(&self, t: f64) -> GuardedUniforms {
        GuardedUniforms {
            linear: self.program.linear_uniforms(t),
            log: self.program.uniforms(t),
            log_scale: self.program.linear_log_norm(t) - self.program.log_norm(t),
        }
    }
}

/// What the engine needs at one time.
#[derive(Default)]
struct Constants {
    uniforms: GuardedUniforms,
    lookup: Option<Arc<Lookup>>,
}

impl Engine {
    /// Compiles the code and lays the data out; also returns the seconds that compilation took.
    fn new(program: &KernelProgram, points: ArrayView2<f64>, log_weights: &[f64]) -> Result<(Engine, f64), BuildError> {
        let started = Instant::now();
        let seconds = || started.elapsed().as_secs_f64();
        if let Some(linear) = &program.linear {
            let (engine, seconds) = (GuardedReduce::new(linear, &program.kernel)?, seconds());
            let sources = engine.layout(points, log_weights)?;
            return Ok((Engine::Guarded(engine, sources), seconds));
        }
        if program.bound().dim() < BLOCKED_FROM && program.is_tabulated() {
            return Ok((Engine::Lookup(Pairs::new(points, log_weights)), seconds()));
        }
        if program.bound().dim() >= BLOCKED_FROM && BlockedReduce::supports(&program.kernel) {
            let (engine, seconds) = (BlockedReduce::new(&program.kernel)?, seconds());
            let sources = engine.layout(points, log_weights)?;
            return Ok((Engine::Blocked(engine, sources), seconds));
        }
        let (engine, seconds) = (CompiledReduce::new(&program.kernel)?, seconds());
        let sources = engine.layout(points, log_weights)?;
        Ok((Engine::Log(engine, sources), seconds))
    }
}

impl DensityField for Field {
    fn dim(&self) -> usize {
        self.program.bound().dim()
    }

    fn evaluate(&self, t: f64, x: ArrayView2<f64>, out: &mut Evaluation) -> Result<(), FieldError> {
        check_queries(self.dim(), t, x)?;
        let bound = self.program.bound();
        match (bound.frame(), bound.carrier()) {
            (Some(frame), _) => self.evaluate_in(frame, t, x, out)?,
            (None, Some(carrier)) => self.evaluate_carried(carrier, t, x, out)?,
            (None, None) => self.evaluate_at_rest(t, x, out)?,
        }
        check_evaluation(t, out)
    }

    fn displacement_rate(&self, t: f64) -> Option<f64> {
        let bound = self.program.bound();
        if bound.frame().is_some() || bound.carrier().is_some() { None } else { bound.displacement_rate(t) }
    }

    fn branches(&self) -> bool {
        let bound = self.program.bound();
        !bound.conserves_mass() || bound.frame().is_some_and(|frame| !frame.is_conservative())
    }

    fn prepare(&self, times: &[f64]) {
        let mut clocks: Vec<f64> =
            times.iter().map(|t| self.program.bound().frame().map_or(*t, |frame| frame.clock(*t))).collect();
        clocks.sort_by(f64::total_cmp);
        clocks.dedup();
        clocks.into_par_iter().for_each(|t| self.make_ready(t));
    }

    #[cfg(feature = "cuda")]
    fn note(&self) -> Option<String> {
        match &self.engine {
            Engine::Gpu(engine) => engine.note(),
            Engine::Guarded(..) | Engine::Log(..) | Engine::Lookup(_) | Engine::Blocked(..) => None,
        }
    }

    fn stepper(&self) -> Option<&dyn StepField> {
        self.compiled_step().map(|_| self as &dyn StepField)
    }
}

impl Field {
    /// `p(x, t) = exp(N B - decay) q(x exp(B) - C, tau)`, `v = exp(-B) (rate v_q + C') - b x`, `R/p = rate (R/p)_q - offset`, with
    /// the shift C along the first axis.
    fn evaluate_in(
        &self,
        frame: &BoundFrame,
        t: f64,
        x: ArrayView2<f64>,
        out: &mut Evaluation,
    ) -> Result<(), FieldError> {
        let (stretch, rate) = (frame.stretch(t), frame.rate(t));
        let excess = self.excess(stretch);
        let mut seen = &x * (stretch - excess).exp();
        let shift = frame.shift(t) * (-excess).exp();
        seen.column_mut(0).iter_mut().for_each(|x| *x -= shift);
        let clock = frame.clock(t) * (-2.0 * excess).exp();
        self.evaluate_at_rest(clock, seen.view(), out).map_err(|e| e.at_time(t))?;
        let log_volume = self.dim() as f64 * (stretch - excess) - frame.decay(t);
        out.log_p.iter_mut().for_each(|log_p| *log_p += log_volume);
        let (scale, pull) = (rate * (-stretch - excess).exp(), frame.pull(t));
        ndarray::Zip::from(&mut out.v).and(x).for_each(|v, x| *v = scale * *v - pull * x);
        let drift = (-stretch).exp() * frame.drift(t);
        out.v.column_mut(0).iter_mut().for_each(|v| *v += drift);
        let offset = frame.offset(t);
        out.r_over_p.iter_mut().for_each(|r| *r = rate * *r - offset);
        Ok(())
    }

    /// By how much less a frame may be stretched than it is. Where it is stretched so far that the points are at its origin to rounding,
    /// all lengths can be shortened alike without moving them, and no square of a length overflows; a Gaussian's clock runs as their
    /// square.
    fn excess(&self, stretch: f64) -> f64 {
        let bound = self.program.bound();
        match (bound.law(), self.program.kernel.precision()) {
            (BoundLaw::Gaussian { .. }, Precision::F32) if bound.decay() == 0.0 => {
                (stretch - FARTHEST_STRETCH).max(0.0)
            }
            _ => 0.0,
        }
    }

    /// `p(x, t) = q(L^-1 (x - c t), t)/|det L|`, `v = c + B L^-T v_q`.
    fn evaluate_carried(
        &self,
        carrier: &BoundCarrier,
        t: f64,
        x: ArrayView2<f64>,
        out: &mut Evaluation,
    ) -> Result<(), FieldError> {
        let mut seen = x.to_owned();
        for mut row in seen.rows_mut() {
            row.iter_mut().zip(carrier.drift()).for_each(|(x, c)| *x -= c * t);
        }
        self.evaluate_at_rest(t, contract(self.program.bound(), seen).view(), out)?;
        out.log_p.iter_mut().for_each(|log_p| *log_p -= carrier.log_determinant());
        each_row(&mut out.v, |v| carrier.velocity(v));
        Ok(())
    }

    fn evaluate_at_rest(&self, t: f64, x: ArrayView2<f64>, out: &mut Evaluation) -> Result<(), FieldError> {
        out.resize(x.nrows(), self.dim());
        self.make_ready(t);
        let constants = match self.engine {
            Engine::Lookup(_) => Constants { lookup: self.program.lookup(t), ..Constants::default() },
            _ => Constants { uniforms: self.uniforms(t), lookup: None },
        };
        let log_norm = self.program.log_norm(t);
        let births = self.program.constant_births();
        let rows = match self.engine {
            // Whole tiles of products for every thread.
            Engine::Blocked(..) => {
                x.nrows().div_ceil(rayon::current_num_threads()).next_multiple_of(8).clamp(8, ROWS_PER_PRODUCT)
            }
            Engine::Guarded(..) | Engine::Log(..) | Engine::Lookup(_) => x.nrows().clamp(1, ROWS_PER_TASK),
            // All at once: the device has threads of its own.
            #[cfg(feature = "cuda")]
            Engine::Gpu(..) => x.nrows().max(1),
        };
        out.v
            .axis_chunks_iter_mut(Axis(0), rows)
            .into_par_iter()
            .zip(out.log_p.par_chunks_mut(rows))
            .zip(out.r_over_p.par_chunks_mut(rows))
            .zip(x.axis_chunks_iter(Axis(0), rows))
            .try_for_each(|(((mut v, log_p), r_over_p), x)| {
                let part = self.evaluate_rows(t, &constants, x)?;
                v.assign(&part.displacements[0]);
                for (i, (log_p, r)) in log_p.iter_mut().zip(r_over_p.iter_mut()).enumerate() {
                    *log_p = part.log_sum[i] + log_norm;
                    *r = births.unwrap_or_else(|| part.scalars[[i, 0]]);
                }
                Ok(())
            })
    }
}

/// The points in the coordinates in which the law is isotropic.
fn contract(bound: &Bound, points: Array2<f64>) -> Array2<f64> {
    let mut points = points;
    if let Some(carrier) = bound.carrier() {
        each_row(&mut points, |x| carrier.contract(x));
    }
    points
}

/// Changes every row, which may lie in memory in any order.
fn each_row(points: &mut Array2<f64>, change: impl Fn(&mut [f64])) {
    let mut buffer = Vec::with_capacity(points.ncols());
    for mut row in points.rows_mut() {
        buffer.clear();
        buffer.extend(row.iter());
        change(&mut buffer);
        row.iter_mut().zip(&buffer).for_each(|(x, changed)| *x = *changed);
    }
}

pub(crate) fn log_weights(dim: usize, points: ArrayView2<f64>, weights: &[f64]) -> Result<Vec<f64>, BuildError> {
    let fail = |message: String| Err(BuildError::Data(message));
    if points.nrows() == 0 {
        return fail("the data set is empty".into());
    }
    if points.ncols() != dim {
        return fail(format!("the equation is set in N = {dim} dimensions, the data have {}", points.ncols()));
    }
    if weights.len() != points.nrows() {
        return fail(format!("{} points need as many weights, found {}", points.nrows(), weights.len()));
    }
    if let Some(row) = weights.iter().position(|w| !(w.is_finite() && *w >= 0.0)) {
        return fail(format!("weight {row} is {}; weights must be finite and not negative", weights[row]));
    }
    let total: f64 = weights.iter().sum();
    if !(total > 0.0 && total.is_finite()) {
        return fail("the weights sum to zero".into());
    }
    Ok(weights.iter().map(|w| (w / total).ln()).collect())
}
