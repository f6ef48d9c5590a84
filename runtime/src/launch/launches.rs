//! The sampler's launches with their arguments.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use genphys_compiler::codegen::ptx::{FlowLayout, Layout, Ptx, PtxModule, ReduceLayout};
use genphys_compiler::kernel::Precision;
use ndarray::Array2;
use rand_philox::splitmix64;

use super::{Argument, Device, DeviceError, Form, Numbers, Texts, name_among, upload_floats, upload_records};
use crate::density::{DensityField, FieldError, StepPlan};
use crate::field::{Field, log_weights};
use crate::sampler::rng::Purpose;
use crate::sampler::{Launcher, Population, Prior, SampleOptions, SampleProblem, Start, StepControl};
use crate::split::{across, in_chunks};

/// Pairs of a launch, about half a second of a small GPU: so long an interruption may have to wait.
const PAIRS: usize = 1 << 34;
/// The most particles of a launch, for the sake of memory.
const PARTICLES: usize = 1 << 22;
/// The least particles of a launch: fewer are not worth another device, and where memory is too short for them nothing else fits either.
const LEAST_PARTICLES: usize = 256;

/// A sampler's texts and data on one or several devices, which share the particles.
pub struct Launches<D: Device> {
    texts: Texts,
    layout: FlowLayout,
    devices: Vec<OnDevice<D>>,
    sources: usize,
}

/// What one device holds.
struct OnDevice<D: Device> {
    device: D,
    /// What messages call it; none where it is the only one.
    name: Option<String>,
    flow: Loaded<D>,
    sampler: Option<(Loaded<D>, Draw<D>)>,
    center: D::Buffer,
    /// The particles taken at a time since memory ran out; `usize::MAX` as long as it has not.
    size: AtomicUsize,
}

/// A text with the sources in its layout.
struct Loaded<D: Device> {
    function: D::Function,
    layout: FlowLayout,
    records: D::Buffer,
}

/// What particles are drawn by.
struct Draw<D: Device> {
    key: u64,
    numbers: D::Buffer,
    cumulative: D::Buffer,
    centers: D::Buffer,
    count: usize,
    /// Uniforms and records of the proposal.
    proposal: Option<[D::Buffer; 2]>,
}

impl<D: Device> Launches<D> {
    /// Compiles the texts for `field` and uploads its data to every one of `devices`; `heavier` is the field of the problem's proposal.
    ///
    /// None where there is no device, or where these options need the field step by step: adaptive steps, paths, more than three dimensions,
    /// tensors, and models that are not [at rest](crate::model::Model::at_rest), with a drift or a frame that moves.
    ///
    /// # Errors
    /// [`FieldError::Device`].
    pub fn new(
        devices: &[D],
        problem: &SampleProblem,
        (field, heavier): (&Field, Option<&Field>),
        options: &SampleOptions,
    ) -> Result<Option<Launches<D>>, FieldError> {
        let bound = field.program().bound();
        let is_at_rest = bound.frame().is_none() && bound.carrier().is_none();
        let fits = is_at_rest && field.dim() <= FlowLayout::MAX_DIM && options.path.is_none();
        if devices.is_empty() || !(fits && matches!(options.control, StepControl::Grid { .. })) {
            return Ok(None);
        }
        let law = problem.proposal.map_or(problem.law, |proposal| proposal.law);
        let proposal = heavier.map(Field::program);
        let texts = Texts::new(Ptx::default(), field.program(), proposal, &law, options.tableau.stages());
        let Ok(texts) = texts else { return Ok(None) };
        let data = Sources::new(problem, field)?;
        let layout = flow_layout(&texts.flow)?.clone();
        let on = |(index, device): (usize, &D)| {
            let name = name_among(devices, index);
            OnDevice::new(device, (problem, options), &texts, &data, name.clone()).map_err(|e| e.on(name.as_deref()))
        };
        let devices = devices.iter().enumerate().map(on).collect::<Result<Vec<_>, _>>()?;
        Ok(Some(Launches { texts, layout, devices, sources: data.log_weights.len() }))
    }
}

impl<D: Device> Launcher for Launches<D> {
    fn steps_at_once(&self, particles: usize) -> usize {
        let particles = particles.div_ceil(self.devices.len());
        let pairs = particles.saturating_mul(self.sources).saturating_mul(self.layout.stages);
        (PAIRS / pairs.max(1)).max(1)
    }

    fn draws(&self) -> bool {
        self.texts.sampler.is_some()
    }

    fn launch(&self, start: Start, plans: &[StepPlan]) -> Result<Population, FieldError> {
        if let (Start::Drawn(_), false) = (&start, self.draws()) {
            return Err(fault("this law is not drawn by the device").into());
        }
        let numbers = StepNumbers::new(&self.texts.field, &self.layout, plans, self.sources);
        let parts = across(&self.devices, start.len(), LEAST_PARTICLES, |on, rows| {
            on.run(&start, rows, &numbers, self.sources).map_err(|e| e.on(on.name.as_deref()))
        })?;
        Population::joined(parts.into_iter().flatten().collect())
    }

    fn note(&self) -> Option<String> {
        let note = |on: &OnDevice<D>| {
            let size = Some(on.size.load(Ordering::Relaxed)).filter(|size| *size < usize::MAX)?;
            let name = on.name.as_deref().unwrap_or("the GPU");
            Some(format!("{name}: memory ran short, so that particles were taken {size} at a time"))
        };
        let notes: Vec<String> = self.devices.iter().filter_map(note).collect();
        (!notes.is_empty()).then(|| notes.join("; "))
    }
}

impl<D: Device> OnDevice<D> {
    fn new(
        device: &D,
        run: (&SampleProblem, &SampleOptions),
        texts: &Texts,
        data: &Sources,
        name: Option<String>,
    ) -> Result<OnDevice<D>, DeviceError> {
        let load = |module: &PtxModule| Loaded::new(device, module, data);
        let sampler = match &texts.sampler {
            Some(module) => Some((load(module)?, Draw::new(device, run, texts, module, data)?)),
            None => None,
        };
        Ok(OnDevice {
            device: device.clone(),
            name,
            flow: load(&texts.flow)?,
            sampler,
            center: device.upload(Numbers::F64(&data.center))?,
            size: AtomicUsize::new(usize::MAX),
        })
    }

    /// Takes these rows through the steps, in as many launches as memory asks for.
    fn run(
        &self,
        start: &Start,
        rows: Range<usize>,
        numbers: &StepNumbers,
        sources: usize,
    ) -> Result<Vec<Population>, DeviceError> {
        let steps = numbers.upload(&self.device)?;
        let mut done = Vec::new();
        in_chunks(rows.len(), PARTICLES, LEAST_PARTICLES, &self.size, DeviceError::is_memory, |part| {
            let part = start.part(rows.start + part.start..rows.start + part.end);
            done.push(self.chunk(&part, &steps, sources).map_err(|e| e.of(|| format!("{} particles", part.len())))?);
            Ok(())
        })?;
        Ok(done)
    }

    /// One launch.
    fn chunk(&self, start: &Start, steps: &Steps<D>, sources: usize) -> Result<Population, DeviceError> {
        let loaded = match (start, &self.sampler) {
            (Start::Drawn(_), Some((sampler, _))) => sampler,
            _ => &self.flow,
        };
        let (particles, dim) = (start.len(), loaded.layout.reduce.dim);
        let (points, log_weights) = match start {
            Start::Drawn(_) => (self.device.zeros(particles * dim)?, self.device.zeros(particles)?),
            Start::At(points, log_weights) => {
                let points: Vec<f64> = points.iter().copied().collect();
                (self.device.upload(Numbers::F64(&points))?, self.device.upload(Numbers::F64(log_weights))?)
            }
        };
        let padded = sources.next_multiple_of(loaded.layout.reduce.multiple);
        let mut arguments = vec![
            Argument::Pointer(&steps.uniforms),
            Argument::Pointer(&loaded.records),
            Argument::Count(padded as u32),
            Argument::Pointer(&points),
            Argument::Pointer(&log_weights),
            Argument::Count(particles as u32),
            Argument::Pointer(&self.center),
            Argument::Pointer(&steps.constants),
            Argument::Pointer(&steps.combinations),
            Argument::Count(steps.count),
        ];
        let prior_points = match start {
            Start::Drawn(_) => Some(self.device.zeros(particles * dim)?),
            Start::At(..) => None,
        };
        if let (Start::Drawn(rows), Some((_, draw)), Some(prior_points)) = (start, &self.sampler, &prior_points) {
            arguments.extend(draw.arguments(rows.start as u64, prior_points));
        }
        let threads = loaded.layout.reduce.block as u32;
        let grid = [(particles as u32).div_ceil(threads), 1];
        // SAFETY: the arguments are those of `FlowLayout`, and behind them those of `PriorLayout` for a text that has one, in their order and
        // types; `Steps` has the uniforms, constants and combinations of `steps.count` steps, at least of one stage; there are `padded`
        // records, `particles` rows of points, prior points and log weights, and `draw.count` centers with their cumulative weights.
        unsafe { self.device.launch(&loaded.function, grid, threads, &arguments) }?;
        let array = |buffer: &D::Buffer| {
            let numbers = self.device.download(buffer)?;
            Array2::from_shape_vec((particles, dim), numbers).map_err(|e| fault(&e.to_string()))
        };
        let prior_points = prior_points.as_ref().map(array).transpose()?;
        Ok(Population { points: array(&points)?, log_weights: self.device.download(&log_weights)?, prior_points })
    }
}

/// The layout of a text that is a flow.
fn flow_layout(module: &PtxModule) -> Result<&FlowLayout, DeviceError> {
    match &module.layout {
        Layout::Flow(layout) => Ok(layout),
        Layout::Map(_) | Layout::Reduce(_) => Err(fault("the text is no flow")),
    }
}

impl<D: Device> Loaded<D> {
    fn new(device: &D, module: &PtxModule, data: &Sources) -> Result<Loaded<D>, DeviceError> {
        let layout = flow_layout(module)?;
        let records = data.records(device, &layout.reduce, module.precision)?;
        Ok(Loaded { function: device.load(module)?, layout: layout.clone(), records })
    }
}

impl<D: Device> Draw<D> {
    fn new(
        device: &D,
        (problem, options): (&SampleProblem, &SampleOptions),
        texts: &Texts,
        module: &PtxModule,
        data: &Sources,
    ) -> Result<Draw<D>, DeviceError> {
        let law = problem.proposal.map_or(problem.law, |proposal| proposal.law);
        let t = options.t_max;
        let (_, uniforms) = law.subordinator.spread(t).ok_or_else(|| fault("this law has no such draw"))?;
        let (centers, weights) = match options.prior {
            Prior::Mixture => (data.points.clone(), problem.data.weights().to_vec()),
            Prior::Limit => (problem.data.mean().to_vec(), vec![1.0]),
        };
        let running = |sum: &mut f64, weight: &f64| {
            *sum += weight;
            Some(*sum)
        };
        let cumulative: Vec<f64> = weights.iter().scan(0.0, running).collect();
        let total = cumulative.last().copied().unwrap_or(0.0);
        // p/q of the data, times the mass of q: the log weights of the sources are common to both.
        let (mut log_weight, mut least) = (law.log_mass(t), 0.0);
        if let Some(proposal) = &texts.proposal {
            log_weight += texts.field.log_norm(t) - proposal.log_norm(t);
            least = proposal.least_sum(data.log_weights.len());
        }
        let numbers: Vec<f64> = [log_weight, least, total, total.next_down()].into_iter().chain(uniforms).collect();
        let layout = flow_layout(module)?.prior.as_ref().and_then(|prior| prior.proposal.as_ref());
        let proposal = match (&texts.proposal, layout) {
            (Some(form), Some(layout)) => Some([
                upload_floats(device, module.precision, &form.uniforms(t))?,
                data.records(device, layout, module.precision)?,
            ]),
            _ => None,
        };
        Ok(Draw {
            key: splitmix64(options.seed),
            numbers: device.upload(Numbers::F64(&numbers))?,
            cumulative: device.upload(Numbers::F64(&cumulative))?,
            centers: device.upload(Numbers::F64(&centers))?,
            count: cumulative.len(),
            proposal,
        })
    }

    /// The arguments of [`PriorLayout`](genphys_compiler::codegen::ptx::PriorLayout).
    fn arguments<'a>(&'a self, first: u64, prior_points: &'a D::Buffer) -> Vec<Argument<'a, D::Buffer>> {
        let words = [self.key, first].map(|word| [word as u32, (word >> 32) as u32]).concat();
        let mut arguments: Vec<_> = words.into_iter().map(Argument::Count).collect();
        arguments.push(Argument::Count(Purpose::Prior as u32));
        arguments.extend([&self.numbers, &self.cumulative, &self.centers].map(Argument::Pointer));
        arguments.extend([Argument::Count(self.count as u32), Argument::Pointer(prior_points)]);
        arguments.extend(self.proposal.iter().flatten().map(Argument::Pointer));
        arguments
    }
}

/// The numbers of steps on a device.
struct Steps<D: Device> {
    uniforms: D::Buffer,
    constants: D::Buffer,
    combinations: D::Buffer,
    count: u32,
}

/// The same before they are uploaded.
struct StepNumbers {
    precision: Precision,
    uniforms: Vec<f64>,
    constants: Vec<f64>,
    combinations: Vec<f64>,
    count: u32,
}

impl StepNumbers {
    fn new(form: &Form, layout: &FlowLayout, plans: &[StepPlan], sources: usize) -> StepNumbers {
        let births = form.program().constant_births();
        let (rate, offset) = births.map_or((1.0, 0.0), |births| (0.0, births));
        let (mut uniforms, mut constants, mut combinations) = (Vec::new(), Vec::new(), Vec::new());
        for plan in plans {
            for t in &plan.times {
                let own = form.uniforms(*t);
                let factor = |mean: usize| layout.reduce.partials.means.get(mean).map_or(0.0, |part| part.factor(&own));
                constants.extend([1.0, factor(0), factor(1), 1.0, 0.0, rate, offset, form.least_sum(sources)]);
                uniforms.extend(own);
            }
            combinations.extend(plan.combinations.rows().into_iter().take(layout.stages + 1).flatten().copied());
        }
        let precision = form.kernel().precision();
        StepNumbers { precision, uniforms, constants, combinations, count: plans.len() as u32 }
    }

    fn upload<D: Device>(&self, device: &D) -> Result<Steps<D>, DeviceError> {
        Ok(Steps {
            uniforms: upload_floats(device, self.precision, &self.uniforms)?,
            constants: device.upload(Numbers::F64(&self.constants))?,
            combinations: device.upload(Numbers::F64(&self.combinations))?,
            count: self.count,
        })
    }
}

/// The data about their center.
struct Sources {
    /// `[n][N]`.
    points: Vec<f64>,
    shifted: Vec<f64>,
    center: Vec<f64>,
    log_weights: Vec<f64>,
}

impl Sources {
    fn new(problem: &SampleProblem, field: &Field) -> Result<Sources, DeviceError> {
        let points = problem.data.points();
        let log_weights = log_weights(field.dim(), points.view(), problem.data.weights());
        let log_weights = log_weights.map_err(|e| fault(&e.to_string()))?;
        Ok(Sources {
            points: points.iter().copied().collect(),
            shifted: (points - field.center()).iter().copied().collect(),
            center: field.center().to_vec(),
            log_weights,
        })
    }

    fn records<D: Device>(
        &self,
        device: &D,
        layout: &ReduceLayout,
        precision: Precision,
    ) -> Result<D::Buffer, DeviceError> {
        upload_records(device, layout, precision, &self.shifted, &self.log_weights).map(|(records, _)| records)
    }
}

fn fault(message: &str) -> DeviceError {
    DeviceError::Fault(message.to_owned())
}
