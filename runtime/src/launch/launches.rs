//! Launches with their arguments.

use genphys_compiler::codegen::ptx::{FlowLayout, Layout, Ptx, PtxModule, ReduceLayout};
use genphys_compiler::kernel::{Precision, Scalar};
use ndarray::Array2;
use rand_philox::splitmix64;

use super::{Argument, Device, Form, Numbers, Texts};
use crate::density::{DensityField, FieldError, StepPlan};
use crate::field::{Field, log_weights};
use crate::sampler::rng::Purpose;
use crate::sampler::{Launcher, Population, Prior, SampleOptions, SampleProblem, Start, StepControl};

/// Pairs of a launch, about half a second of a small GPU: so long an interruption may have to wait.
const PAIRS: usize = 1 << 34;
/// Particles of a launch, for the sake of memory.
const PARTICLES: usize = 1 << 22;

/// A sampler's texts and data on a device.
pub struct Launches<D: Device> {
    device: D,
    texts: Texts,
    flow: Loaded<D>,
    sampler: Option<(Loaded<D>, Draw<D>)>,
    center: D::Buffer,
    sources: usize,
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
    /// Compiles the texts for `field` and uploads its data; `heavier` is the field of the problem's proposal.
    ///
    /// None where these options need the field step by step: adaptive steps, paths, more than three dimensions, drifts and tensors, a frame
    /// that moves.
    ///
    /// # Errors
    /// [`FieldError::Device`].
    pub fn new(
        device: D,
        problem: &SampleProblem,
        (field, heavier): (&Field, Option<&Field>),
        options: &SampleOptions,
    ) -> Result<Option<Launches<D>>, FieldError> {
        let bound = field.program().bound();
        let is_at_rest = bound.frame().is_none() && bound.carrier().is_none();
        let fits = is_at_rest && field.dim() <= FlowLayout::MAX_DIM && options.path.is_none();
        if !(fits && matches!(options.control, StepControl::Grid { .. })) {
            return Ok(None);
        }
        let law = problem.proposal.map_or(problem.law, |proposal| proposal.law);
        let proposal = heavier.map(Field::program);
        let texts = Texts::new(Ptx::default(), field.program(), proposal, &law, options.tableau.stages());
        let Ok(texts) = texts else { return Ok(None) };
        let data = Sources::new(problem, field)?;
        let load = |module: &PtxModule| Loaded::new(&device, module, &data);
        let flow = load(&texts.flow)?;
        let sampler = match &texts.sampler {
            Some(module) => Some((load(module)?, Draw::new(&device, (problem, options), &texts, module, &data)?)),
            None => None,
        };
        let center = device.upload(Numbers::F64(&data.center))?;
        Ok(Some(Launches { device, flow, sampler, texts, center, sources: data.log_weights.len() }))
    }

    /// The device.
    pub fn device(&self) -> &D {
        &self.device
    }

    /// One launch for at most [`PARTICLES`] particles.
    fn chunk(&self, start: &Start, steps: &Steps<D>, count: u32) -> Result<Population, FieldError> {
        let (loaded, dim) = match (start, &self.sampler) {
            (Start::Drawn(_), Some((sampler, _))) => (sampler, sampler.layout.reduce.dim),
            _ => (&self.flow, self.flow.layout.reduce.dim),
        };
        let particles = count as usize;
        let (points, log_weights) = match start {
            Start::Drawn(_) => (vec![0.0; particles * dim], vec![0.0; particles]),
            Start::At(points, log_weights) => (points.iter().copied().collect(), log_weights.to_vec()),
        };
        let upload = |numbers: &[f64]| self.device.upload(Numbers::F64(numbers));
        let (points, log_weights) = (upload(&points)?, upload(&log_weights)?);
        let padded = self.sources.next_multiple_of(loaded.layout.reduce.multiple);
        let mut arguments = vec![
            Argument::Pointer(&steps.uniforms),
            Argument::Pointer(&loaded.records),
            Argument::Count(padded as u32),
            Argument::Pointer(&points),
            Argument::Pointer(&log_weights),
            Argument::Count(count),
            Argument::Pointer(&self.center),
            Argument::Pointer(&steps.constants),
            Argument::Pointer(&steps.combinations),
            Argument::Count(steps.count),
        ];
        let prior_points = upload(&vec![0.0; if let Start::Drawn(_) = start { particles * dim } else { 1 }])?;
        if let (Start::Drawn(rows), Some((_, draw))) = (start, &self.sampler) {
            arguments.extend(draw.arguments(rows.start as u64, &prior_points));
        }
        let threads = loaded.layout.reduce.block as u32;
        // SAFETY: the arguments are those of `FlowLayout`, and behind them those of `PriorLayout` for a text that has one, in their order and
        // types; `Steps` has the uniforms, constants and combinations of `steps.count` steps, at least of one stage; there are `padded`
        // records, `count` rows of points, prior points and log weights, and `draw.count` centers with their cumulative weights.
        unsafe { self.device.launch(&loaded.function, count.div_ceil(threads), threads, &arguments) }?;
        let array = |buffer: &D::Buffer| {
            let numbers = self.device.download(buffer)?;
            Array2::from_shape_vec((particles, dim), numbers).map_err(|e| device_error(&e.to_string()))
        };
        let prior_points = if let Start::Drawn(_) = start { Some(array(&prior_points)?) } else { None };
        Ok(Population { points: array(&points)?, log_weights: self.device.download(&log_weights)?, prior_points })
    }
}

impl<D: Device> Launcher for Launches<D> {
    fn steps_at_once(&self, particles: usize) -> usize {
        let pairs = particles.saturating_mul(self.sources).saturating_mul(self.flow.layout.stages);
        (PAIRS / pairs.max(1)).max(1)
    }

    fn draws(&self) -> bool {
        self.sampler.is_some()
    }

    fn launch(&self, start: Start, plans: &[StepPlan]) -> Result<Population, FieldError> {
        if let (Start::Drawn(_), None) = (&start, &self.sampler) {
            return Err(device_error("this law is not drawn by the device"));
        }
        let steps = Steps::new(&self.device, &self.texts.field, &self.flow.layout, plans, self.sources)?;
        let mut whole: Option<Population> = None;
        for rows in start.chunks(PARTICLES) {
            let part = self.chunk(&rows, &steps, rows.len() as u32)?;
            whole = Some(match whole {
                Some(whole) => whole.with(part)?,
                None => part,
            });
        }
        whole.ok_or_else(|| device_error("there are no particles"))
    }
}

impl<D: Device> Loaded<D> {
    fn new(device: &D, module: &PtxModule, data: &Sources) -> Result<Loaded<D>, FieldError> {
        let Layout::Flow(layout) = &module.layout else { return Err(device_error("the text is no flow")) };
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
    ) -> Result<Draw<D>, FieldError> {
        let law = problem.proposal.map_or(problem.law, |proposal| proposal.law);
        let t = options.t_max;
        let (_, uniforms) = law.subordinator.spread(t).ok_or_else(|| device_error("this law has no such draw"))?;
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
        let layout = match &module.layout {
            Layout::Flow(layout) => layout.prior.as_ref().and_then(|prior| prior.proposal.as_ref()),
            Layout::Map(_) | Layout::Reduce(_) => None,
        };
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

/// The numbers of steps.
struct Steps<D: Device> {
    uniforms: D::Buffer,
    constants: D::Buffer,
    combinations: D::Buffer,
    count: u32,
}

impl<D: Device> Steps<D> {
    fn new(
        device: &D,
        form: &Form,
        layout: &FlowLayout,
        plans: &[StepPlan],
        sources: usize,
    ) -> Result<Steps<D>, FieldError> {
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
        Ok(Steps {
            uniforms: upload_floats(device, form.kernel().precision(), &uniforms)?,
            constants: device.upload(Numbers::F64(&constants))?,
            combinations: device.upload(Numbers::F64(&combinations))?,
            count: plans.len() as u32,
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
    fn new(problem: &SampleProblem, field: &Field) -> Result<Sources, FieldError> {
        let points = problem.data.points();
        let log_weights = log_weights(field.dim(), points.view(), problem.data.weights());
        let log_weights = log_weights.map_err(|e| device_error(&e.to_string()))?;
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
    ) -> Result<D::Buffer, FieldError> {
        match precision {
            Precision::F32 => device.upload(Numbers::F32(&layout.pack(&self.shifted, &self.log_weights).0)),
            Precision::F64 => device.upload(Numbers::F64(&layout.pack(&self.shifted, &self.log_weights).0)),
        }
    }
}

fn upload_floats<D: Device>(device: &D, precision: Precision, numbers: &[f64]) -> Result<D::Buffer, FieldError> {
    // A kernel may have no uniforms; a buffer has at least one number.
    let numbers = if numbers.is_empty() { &[0.0] } else { numbers };
    match precision {
        Precision::F32 => {
            let rounded: Vec<f32> = numbers.iter().map(|x| f32::from_f64(*x)).collect();
            device.upload(Numbers::F32(&rounded))
        }
        Precision::F64 => device.upload(Numbers::F64(numbers)),
    }
}

fn device_error(message: &str) -> FieldError {
    FieldError::Device { message: message.to_owned() }
}
