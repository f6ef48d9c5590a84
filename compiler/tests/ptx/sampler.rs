//! The whole sampler in one launch: its random numbers, its draws, its weights and its paths, each against another route.

use crate::flow::plain;
use crate::launch::{self, Draw, Flow};
use crate::laws::{LAWS, program};
use crate::machine::{Argument, Global, Machine};
use genphys_compiler::codegen::Target;
use genphys_compiler::codegen::interp::Interpreter;
use genphys_compiler::codegen::ptx::{FlowLayout, Layout, Ptx, PtxModule};
use genphys_compiler::green::{KernelProgram, Spread};
use genphys_compiler::kernel::{Kernel, Precision, Shape};
use rand_philox::{Philox, philox4x32_10};

/// What a law is drawn by at the time `T` in units of the tests' parameters, and whether the prior is the heavier law's.
#[derive(Clone, Copy)]
pub struct Drawn {
    /// Which of [`LAWS`].
    pub law: usize,
    pub spread: Spread,
    /// The uniforms of the draw at time t.
    parameters: fn(f64) -> Vec<f64>,
    /// Whether the prior is Poisson's, and weights correct for it.
    pub is_heavier: bool,
}

const CAUCHY: Spread = Spread::Student { freedom: 1 };

/// Diffusion (D = 1), Poisson (c = 1), Yukawa (c = 1, m = 1/2), PFGM++ (D = 3), mixed (c = 1/sqrt 2, mu = 1/(2 sqrt 2)).
pub const DRAWN: [Drawn; 5] = [
    Drawn { law: 0, spread: Spread::Fixed, parameters: |t| vec![(2.0 * t).sqrt()], is_heavier: false },
    Drawn { law: 1, spread: CAUCHY, parameters: |t| vec![t], is_heavier: false },
    Drawn { law: 2, spread: CAUCHY, parameters: |t| vec![t], is_heavier: true },
    Drawn { law: 3, spread: Spread::Student { freedom: 3 + 1 }, parameters: |t| vec![t], is_heavier: false },
    Drawn {
        law: 4,
        spread: Spread::InverseGaussian,
        parameters: |t| vec![t / 2f64.sqrt(), t / 4.0],
        is_heavier: false,
    },
];

/// A law with its kernels in the form that a flow takes: with linear weights where there are any, but where a heavier law is drawn
/// from, whose particles start where the linear weights of the law itself underflow.
struct Case {
    drawn: Drawn,
    field: Form,
    proposal: Option<Form>,
    module: PtxModule,
}

/// One of the kernels of a law: with linear weights, or with logarithms.
struct Form {
    program: KernelProgram,
    is_linear: bool,
}

impl Form {
    fn kernel(&self) -> &Kernel {
        self.program.linear.as_ref().filter(|_| self.is_linear).unwrap_or(&self.program.kernel)
    }

    fn uniforms(&self, t: f64) -> Vec<f64> {
        if self.is_linear { self.program.linear_uniforms(t) } else { self.program.uniforms(t) }
    }

    /// What the log of a sum lacks to be `log p`.
    fn log_norm(&self, t: f64) -> f64 {
        if self.is_linear { self.program.linear_log_norm(t) } else { self.program.log_norm(t) }
    }
}

/// The module of a law drawn in `dim` dimensions, by Heun's method.
pub fn module(drawn: Drawn, dim: usize, precision: Precision) -> PtxModule {
    Case::new(drawn, dim, precision).module
}

const T: f64 = 3.0;
const HEUN: &[&[f64]] = &[&[], &[1.0], &[0.5, 0.5]];

impl Case {
    fn new(drawn: Drawn, dim: usize, precision: Precision) -> Case {
        let form = |law: usize| {
            let program = program(LAWS[law].1, dim, precision);
            Form { is_linear: program.linear.is_some() && !(drawn.is_heavier && law == drawn.law), program }
        };
        let (field, proposal) = (form(drawn.law), drawn.is_heavier.then(|| form(1)));
        let module = Ptx::default().emit_sampler(field.kernel(), 2, drawn.spread, proposal.as_ref().map(Form::kernel));
        Case { drawn, module: module.expect("PTX"), field, proposal }
    }

    fn layout(&self) -> &FlowLayout {
        let Layout::Flow(layout) = &self.module.layout else { panic!("no flow") };
        layout
    }

    /// Steps of Heun's method, uniform in log t, from T to `end`.
    fn flow(&self, data: &Data, particles: usize, steps: usize, end: f64) -> Flow {
        let dim = self.layout().reduce.dim;
        let time = |step: usize| T * (end / T).powf(step as f64 / steps.max(1) as f64);
        let mut flow = Flow {
            sources: data.points.concat(),
            log_weights: data.weights.iter().map(|w| w.ln()).collect(),
            points: vec![f64::NAN; particles * dim],
            log_particle_weights: vec![f64::NAN; particles],
            center: vec![0.0; dim],
            uniforms: Vec::new(),
            constants: Vec::new(),
            combinations: Vec::new(),
            steps,
            stages: 2,
        };
        let births = self.field.program.constant_births();
        for step in 0..steps.max(1) {
            let (t0, t1) = (time(step), time(step + 1));
            // In the variable log t: dt/du = t.
            let h = (t1 / t0).ln();
            for (i, row) in HEUN.iter().enumerate() {
                flow.combinations.extend((0..2).map(|j| h * row.get(j).unwrap_or(&0.0) * [t0, t1][j]));
                if i < 2 {
                    let own = self.field.uniforms([t0, t1][i]);
                    let factor = |mean| {
                        let part = self.layout().reduce.partials.means.get(mean);
                        part.map_or(0.0, |part: &genphys_compiler::codegen::ptx::PartialMean| part.factor(&own))
                    };
                    let (rate, offset) = births.map_or((1.0, 0.0), |births| (0.0, births));
                    flow.constants.extend([1.0, factor(0), factor(1), 1.0, 0.0, rate, offset, 0.0]);
                    flow.uniforms.extend(own);
                }
            }
        }
        flow
    }

    fn draw(&self, data: &Data, key: [u32; 2]) -> Draw {
        let running = |sum: &mut f64, w: &f64| {
            *sum += w;
            Some(*sum)
        };
        let cumulative: Vec<f64> = data.weights.iter().scan(0.0, running).collect();
        let total = *cumulative.last().expect("data");
        let norms = self.proposal.as_ref().map_or(0.0, |other| self.field.log_norm(T) - other.log_norm(T));
        let numbers = [norms, 0.0, total, total.next_down()].into_iter().chain((self.drawn.parameters)(T)).collect();
        let proposal = self.proposal.as_ref().map_or(Vec::new(), |other| other.uniforms(T));
        Draw { key, first: (1 << 32) - 3, purpose: 1, numbers, cumulative, centers: data.points.concat(), proposal }
    }
}

/// Weighted points.
struct Data {
    points: Vec<Vec<f64>>,
    weights: Vec<f64>,
}

fn data(dim: usize) -> Data {
    let point = |x: f64| (0..dim).map(|d| x * [1.0, 0.5, -0.25][d]).collect();
    Data { points: [-1.0, 0.3, 1.0].map(point).to_vec(), weights: vec![0.25, 0.0, 0.75] }
}

/// The uniform numbers of a particle by the crate that the runtime draws from.
fn numbers(draw: &Draw, particle: usize, count: usize) -> Vec<f64> {
    let index = draw.first + particle as u64;
    let counter = (u128::from(index) << 32) | (u128::from(draw.purpose) << 96);
    let mut rng = Philox::new(draw.key, counter);
    (0..count).map(|_| ((rng.next_u64() >> 12) as f64 + 0.5) / (1u64 << 52) as f64).collect()
}

const KEYS: [[u32; 2]; 3] = [[0, 0], [0xFFFF_FFFF, 0x1234_5678], [0xA409_3822, 0x299F_31D0]];

/// The words themselves: the text is cut behind a block and made to store it.
#[test]
fn words_are_those_of_philox() {
    let case = Case::new(DRAWN[1], 3, Precision::F32);
    for block in 0..3 {
        let mark = format!("\t// random block {block}: ");
        let (before, after) = case.module.text.split_once(&mark).expect("the block");
        let words: Vec<&str> = after.lines().next().expect("the words").split(' ').collect();
        assert_eq!(words.len(), 4);
        let stores: String = (0..4).map(|i| format!("\tst.global.u32 [%x2+{}], {};\n", 4 * i, words[i])).collect();
        let head = before.replacen('{', "{\n\t.reg .b64 %x<3>;", 1);
        let text = format!("{head}\tld.param.u64 %x1, [points];\n\tcvta.to.global.u64 %x2, %x1;\n{stores}\tret;\n}}\n");
        for (key, index, purpose) in [([0, 0], 0u64, 0), (KEYS[1], 7, 1), (KEYS[2], 0xFFFF_FFFF_FFFF, 0x0370_7344)] {
            let mut memory = Global::default();
            let out = memory.f64([0.0; 2]);
            // One particle, no steps; what the rest of the text would read is cut off.
            let mut arguments: Vec<Argument> = vec![Argument::Pointer(out); 2];
            arguments.extend([Argument::Count(1), Argument::Pointer(out), Argument::Pointer(out), Argument::Count(1)]);
            arguments.extend([Argument::Pointer(out); 3]);
            let counts = [0, key[0], key[1], index as u32, (index >> 32) as u32, purpose];
            arguments.extend(counts.map(Argument::Count));
            arguments.extend([Argument::Pointer(out); 3]);
            arguments.extend([Argument::Count(1), Argument::Pointer(out)]);
            Machine::new(&text).launch(&mut memory, [1, 1], 1, &arguments);
            let got: Vec<u32> = memory.read_f32(out).iter().map(|x| x.to_bits()).collect();
            let expected = philox4x32_10([block, index as u32, (index >> 32) as u32, purpose], key);
            assert_eq!(got, expected, "block {block} of {index}");
            if (block, index) == (0, 0) {
                // The known answer of Random123 (kat_vectors).
                assert_eq!(got, [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
            }
        }
    }
}

/// Every draw is the map of its law at the numbers of its stream, bit for bit, about the center that the first one chooses.
#[test]
fn draws_are_the_maps_of_their_laws() {
    for (drawn, dim) in DRAWN.into_iter().flat_map(|drawn| [1, 2, 3].map(|dim| (drawn, dim))) {
        for precision in [Precision::F32, Precision::F64] {
            let (case, data) = (Case::new(drawn, dim, precision), data(dim));
            let (flow, draw) = (case.flow(&data, 37, 0, T), case.draw(&data, KEYS[1]));
            let (_, points) = launch::sampler(&case.module, &flow, &draw, 8);
            let map = drawn.spread.kernel(dim).expect("a map");
            let Shape::Map { inputs, .. } = map.shape() else { panic!("no map") };
            let (count, map) = (inputs.len(), Interpreter.emit(&map).expect("a program"));
            for (particle, point) in points.iter().enumerate() {
                let u = numbers(&draw, particle, 1 + count);
                let center = &data.points[if u[0] < 0.25 { 0 } else { 2 }];
                let way = map.map(&(drawn.parameters)(T), &u[1..]).expect("a map");
                let expected: Vec<f64> = center.iter().zip(way).map(|(y, way)| y + way).collect();
                assert_eq!(*point, expected, "{}, N = {dim}, {particle}", LAWS[drawn.law].0);
            }
        }
    }
}

/// Quantiles of the prior about one point, on fixed seeds: a component of each law against its distribution function.
#[test]
fn priors_have_the_quantiles_of_their_laws() {
    const PARTICLES: usize = 6000;
    let levels = [0.05, 0.25, 0.5, 0.9];
    // Diffusion: normal of variance 2 T; Poisson and Yukawa's proposal: Cauchy of scale T.
    let normal = [-1.644_853_626_951_472_7, -0.674_489_750_196_081_7, 0.0, 1.281_551_565_544_600_4];
    let normal = normal.map(|z| z * (2.0 * T).sqrt());
    let cauchy = levels.map(|level| T * (std::f64::consts::PI * (level - 0.5)).tan());
    for (drawn, dim, quantiles) in [(DRAWN[0], 3, normal), (DRAWN[1], 2, cauchy), (DRAWN[2], 2, cauchy)] {
        let data = Data { points: vec![vec![0.0; dim]], weights: vec![1.0] };
        let case = Case::new(drawn, dim, Precision::F32);
        let (_, points) =
            launch::sampler(&case.module, &case.flow(&data, PARTICLES, 0, T), &case.draw(&data, KEYS[2]), 64);
        for (axis, (level, quantile)) in (0..dim).flat_map(|axis| levels.iter().zip(quantiles).map(move |q| (axis, q)))
        {
            let below = points.iter().filter(|x| x[axis] < quantile).count() as f64 / PARTICLES as f64;
            let sigma = (level * (1.0 - level) / PARTICLES as f64).sqrt();
            assert!((below - level).abs() < 4.0 * sigma, "{}, axis {axis}: {below} for {level}", LAWS[drawn.law].0);
        }
    }
}

/// Paths and weights from the points drawn, against the loop over steps with the reference interpreter.
#[test]
fn paths_are_those_of_the_loop() {
    for (drawn, dim) in [(DRAWN[0], 3), (DRAWN[1], 2), (DRAWN[1], 3), (DRAWN[2], 2), (DRAWN[3], 2), (DRAWN[4], 2)] {
        for precision in [Precision::F32, Precision::F64] {
            let (case, data) = (Case::new(drawn, dim, precision), data(dim));
            let (mut flow, draw) = (case.flow(&data, 19, 6, 0.5), case.draw(&data, KEYS[2]));
            let (ends, points) = launch::sampler(&case.module, &flow, &draw, 8);
            flow.points = points.concat();
            for (particle, end) in ends.iter().enumerate() {
                flow.log_particle_weights[particle] = first_log_weight(&case, &flow, &draw, &points[particle]);
                let expected = plain(case.field.kernel(), &flow, particle);
                for (got, expected) in end.iter().zip(&expected) {
                    // Each of 12 stages rounds its query, its pairs and its mean, at most 64 eps of the largest number on the way.
                    let scale = expected.abs().max(points[particle].iter().fold(1.0, |m, x: &f64| m.max(x.abs())));
                    let error = (got - expected).abs() / (precision.epsilon() * scale);
                    assert!(error < 12.0 * 64.0, "{} in {precision}, N = {dim}: {error} eps", LAWS[drawn.law].0);
                }
            }
        }
    }
}

fn first_log_weight(case: &Case, flow: &Flow, draw: &Draw, x: &[f64]) -> f64 {
    let Some(proposal) = &case.proposal else { return draw.numbers[0] };
    let log_sum = |form: &Form| {
        let reduced = Interpreter.emit(form.kernel()).expect("a program");
        let reduced = reduced.reduce(&form.uniforms(T), &flow.sources, &flow.log_weights, x);
        reduced.expect("a reduction").log_sum
    };
    draw.numbers[0] + log_sum(&case.field) - log_sum(proposal)
}

/// The whole: of weighted data, the weighted part of particles that ends at each point is its weight, and the mean weight is the mass.
#[test]
fn samples_are_those_of_the_data() {
    const PARTICLES: usize = 1500;
    // Yukawa's mass at the end is exp(-m t), m = 1/2; the others keep it.
    for (drawn, decay) in [(DRAWN[0], 0.0), (DRAWN[1], 0.0), (DRAWN[2], 0.5)] {
        let (case, data, end) = (Case::new(drawn, 2, Precision::F32), data(2), 0.02);
        let flow = case.flow(&data, PARTICLES, 40, end);
        let (ends, _) = launch::sampler(&case.module, &flow, &case.draw(&data, KEYS[0]), 64);
        let weights: Vec<f64> = ends.iter().map(|particle| particle[2].exp()).collect();
        let mean = |part: &dyn Fn(usize) -> f64| {
            let values: Vec<f64> = (0..PARTICLES).map(|i| weights[i] * part(i)).collect();
            let mean = values.iter().sum::<f64>() / PARTICLES as f64;
            let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / PARTICLES as f64;
            (mean, (variance / PARTICLES as f64).sqrt())
        };
        let (mass, sigma) = mean(&|_| 1.0);
        let expected = (-decay * end).exp();
        assert!((mass - expected).abs() <= 4.0 * sigma + 1e-5, "{}: mass {mass} ({sigma})", LAWS[drawn.law].0);
        let (left, sigma) = mean(&|i| f64::from(ends[i][0] < 0.0));
        assert!((left - 0.25 * expected).abs() < 4.0 * sigma, "{}: {left} ({sigma})", LAWS[drawn.law].0);
        // Half of Poisson's mass is within sqrt(3) of a point at its scale, nine tenths of all these laws within 10.
        let near = |i: usize| {
            let distance = |y: &[f64]| (ends[i][0] - y[0]).hypot(ends[i][1] - y[1]);
            f64::from(distance(&data.points[0]).min(distance(&data.points[2])) < 0.7)
        };
        assert!(mean(&near).0 > 0.9 * mass, "{}: the particles have not arrived", LAWS[drawn.law].0);
    }
}

#[test]
fn a_proposal_of_another_kind_is_refused() {
    let (here, there) = (program(LAWS[2].1, 2, Precision::F32), program(LAWS[1].1, 3, Precision::F32));
    let wide = program(LAWS[1].1, 2, Precision::F64);
    for other in [&there, &wide] {
        assert!(Ptx::default().emit_sampler(&here.kernel, 2, CAUCHY, Some(&other.kernel)).is_err());
    }
}
