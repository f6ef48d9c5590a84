//! Launching modules in the machine as a runtime launches them on a device.

use crate::machine::{Argument, Buffer, Global, Machine};
use genphys_compiler::codegen::interp::Reduced;
use genphys_compiler::codegen::ptx::{FlowLayout, Layout, PtxModule, ReduceLayout};
use genphys_compiler::kernel::Precision;

/// A buffer of the module's floats.
fn floats(memory: &mut Global, precision: Precision, values: &[f64]) -> Buffer {
    match precision {
        Precision::F32 => memory.f32(values.iter().map(|x| *x as f32)),
        Precision::F64 => memory.f64(values.iter().copied()),
    }
}

fn numbers(memory: &Global, precision: Precision, buffer: Buffer) -> Vec<f64> {
    match precision {
        Precision::F32 => memory.read_f32(buffer).into_iter().map(f64::from).collect(),
        Precision::F64 => memory.read_f64(buffer),
    }
}

/// The outputs of a map, one column each.
pub fn map(module: &PtxModule, uniforms: &[f64], columns: &[Vec<f64>], threads: usize) -> Vec<Vec<f64>> {
    let Layout::Map(layout) = &module.layout else { panic!("no map") };
    let (mut memory, precision, lanes) = (Global::default(), module.precision, columns[0].len());
    let uniforms = floats(&mut memory, precision, uniforms);
    let inputs: Vec<Buffer> = columns.iter().map(|column| floats(&mut memory, precision, column)).collect();
    let nothing = vec![f64::NAN; lanes];
    let outputs: Vec<Buffer> = (0..layout.outputs).map(|_| floats(&mut memory, precision, &nothing)).collect();
    let mut arguments = vec![Argument::Pointer(uniforms), Argument::Count(lanes as u32)];
    arguments.extend(inputs.iter().chain(&outputs).map(|buffer| Argument::Pointer(*buffer)));
    let machine = Machine::new(&module.text);
    assert_eq!(machine.entry(), module.entry);
    machine.launch(&mut memory, [lanes.div_ceil(threads) as u32, 1], threads, &arguments);
    outputs.into_iter().map(|buffer| numbers(&memory, precision, buffer)).collect()
}

/// Sources with their log weights, and queries.
pub struct Data {
    pub sources: Vec<f64>,
    pub log_weights: Vec<f64>,
    pub queries: Vec<f64>,
}

/// How a reduction is launched.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Threads of a block; those of the layout where threads share queries.
    pub threads: usize,
    /// Parts that sources are split into, at most.
    pub splits: usize,
}

/// The results of a reduction, one per query.
pub fn reduce(module: &PtxModule, uniforms: &[f64], data: &Data, shape: Shape) -> Vec<Reduced> {
    let Layout::Reduce(layout) = &module.layout else { panic!("no reduction") };
    let (mut memory, precision) = (Global::default(), module.precision);
    let (records, log_scale) = match precision {
        Precision::F32 => {
            let (records, scale) = layout.pack::<f32>(&data.sources, &data.log_weights);
            (memory.f32(records), scale)
        }
        Precision::F64 => {
            let (records, scale) = layout.pack::<f64>(&data.sources, &data.log_weights);
            (memory.f64(records), scale)
        }
    };
    let count = data.log_weights.len().next_multiple_of(layout.multiple);
    let queries = data.queries.len() / layout.dim;
    let split = count.div_ceil(shape.splits).next_multiple_of(layout.multiple).max(layout.multiple);
    let splits = count.div_ceil(split).max(1);
    let threads = if layout.queries_per_thread.is_some() { shape.threads } else { layout.block };
    let uniform_buffer = floats(&mut memory, precision, uniforms);
    let query_buffer = floats(&mut memory, precision, &data.queries);
    let partials = memory.f64(vec![f64::NAN; splits * layout.partials.vectors * queries]);
    let arguments = [
        Argument::Pointer(uniform_buffer),
        Argument::Pointer(records),
        Argument::Count(count as u32),
        Argument::Count(split as u32),
        Argument::Pointer(query_buffer),
        Argument::Count(queries as u32),
        Argument::Pointer(partials),
    ];
    let grid = [queries.div_ceil(layout.queries_per_block(threads)) as u32, splits as u32];
    Machine::new(&module.text).launch(&mut memory, grid, threads, &arguments);
    let partials = memory.read_f64(partials);
    (0..queries).map(|query| finish(layout, &partials, queries, query, uniforms, log_scale)).collect()
}

fn finish(
    layout: &ReduceLayout,
    partials: &[f64],
    queries: usize,
    query: usize,
    uniforms: &[f64],
    log_scale: f64,
) -> Reduced {
    let mut reduced = layout.finish(partials, queries, query, uniforms);
    reduced.log_sum += log_scale;
    reduced
}

/// A flow: what the layout of a flow lists, in f64.
pub struct Flow {
    pub sources: Vec<f64>,
    pub log_weights: Vec<f64>,
    pub points: Vec<f64>,
    pub log_particle_weights: Vec<f64>,
    pub center: Vec<f64>,
    pub uniforms: Vec<f64>,
    pub constants: Vec<f64>,
    pub combinations: Vec<f64>,
    pub steps: usize,
    pub stages: usize,
}

/// A draw of the particles: what the layout of a prior lists.
pub struct Draw {
    pub key: [u32; 2],
    pub first: u64,
    pub purpose: u32,
    pub numbers: Vec<f64>,
    pub cumulative: Vec<f64>,
    pub centers: Vec<f64>,
    /// The uniforms of the proposal, whose sources are those of the flow.
    pub proposal: Vec<f64>,
}

/// The point of every particle after all steps, then its log weight.
pub fn flow(module: &PtxModule, flow: &Flow, threads: usize) -> Vec<Vec<f64>> {
    let mut launch = FlowLaunch::new(module, flow);
    launch.run(module, threads);
    launch.state()
}

/// The same with a draw first; also the points drawn.
pub fn sampler(module: &PtxModule, flow: &Flow, draw: &Draw, threads: usize) -> (Vec<Vec<f64>>, Vec<Vec<f64>>) {
    let mut launch = FlowLaunch::new(module, flow);
    let prior_points = launch.draw(module, flow, draw);
    launch.run(module, threads);
    let points = launch.memory.read_f64(prior_points);
    (launch.state(), points.chunks(launch.dim).map(<[f64]>::to_vec).collect())
}

/// Memory and arguments of a flow.
struct FlowLaunch {
    memory: Global,
    arguments: Vec<Argument>,
    points: Buffer,
    log_weights: Buffer,
    particles: usize,
    dim: usize,
}

fn records(memory: &mut Global, precision: Precision, layout: &ReduceLayout, flow: &Flow) -> Buffer {
    match precision {
        Precision::F32 => memory.f32(layout.pack::<f32>(&flow.sources, &flow.log_weights).0),
        Precision::F64 => memory.f64(layout.pack::<f64>(&flow.sources, &flow.log_weights).0),
    }
}

fn layout(module: &PtxModule) -> &FlowLayout {
    let Layout::Flow(layout) = &module.layout else { panic!("no flow") };
    layout
}

impl FlowLaunch {
    fn new(module: &PtxModule, flow: &Flow) -> FlowLaunch {
        let (layout, precision) = (layout(module), module.precision);
        assert_eq!(layout.stages, flow.stages);
        let mut memory = Global::default();
        let records = records(&mut memory, precision, &layout.reduce, flow);
        let uniforms = floats(&mut memory, precision, &flow.uniforms);
        let points = memory.f64(flow.points.iter().copied());
        let log_weights = memory.f64(flow.log_particle_weights.iter().copied());
        let [center, constants, combinations] =
            [&flow.center, &flow.constants, &flow.combinations].map(|numbers| memory.f64(numbers.iter().copied()));
        let particles = flow.log_particle_weights.len();
        let sources = flow.log_weights.len().next_multiple_of(layout.reduce.multiple);
        let arguments = vec![
            Argument::Pointer(uniforms),
            Argument::Pointer(records),
            Argument::Count(sources as u32),
            Argument::Pointer(points),
            Argument::Pointer(log_weights),
            Argument::Count(particles as u32),
            Argument::Pointer(center),
            Argument::Pointer(constants),
            Argument::Pointer(combinations),
            Argument::Count(flow.steps as u32),
        ];
        FlowLaunch { memory, arguments, points, log_weights, particles, dim: layout.reduce.dim }
    }

    /// Adds the arguments of a draw and returns where the points drawn will be.
    fn draw(&mut self, module: &PtxModule, flow: &Flow, draw: &Draw) -> Buffer {
        let prior = layout(module).prior.as_ref().expect("a draw");
        let memory = &mut self.memory;
        let [numbers, cumulative, centers] =
            [&draw.numbers, &draw.cumulative, &draw.centers].map(|numbers| memory.f64(numbers.iter().copied()));
        let points = memory.f64(vec![f64::NAN; self.particles * self.dim]);
        let counts = [draw.key[0], draw.key[1], draw.first as u32, (draw.first >> 32) as u32, draw.purpose];
        self.arguments.extend(counts.map(Argument::Count));
        self.arguments.extend([numbers, cumulative, centers].map(Argument::Pointer));
        self.arguments.extend([Argument::Count(draw.cumulative.len() as u32), Argument::Pointer(points)]);
        if let Some(proposal) = &prior.proposal {
            let uniforms = floats(memory, module.precision, &draw.proposal);
            let records = records(memory, module.precision, proposal, flow);
            self.arguments.extend([uniforms, records].map(Argument::Pointer));
        }
        points
    }

    fn run(&mut self, module: &PtxModule, threads: usize) {
        let grid = [self.particles.div_ceil(threads) as u32, 1];
        Machine::new(&module.text).launch(&mut self.memory, grid, threads, &self.arguments);
    }

    fn state(&self) -> Vec<Vec<f64>> {
        let (points, log_weights) = (self.memory.read_f64(self.points), self.memory.read_f64(self.log_weights));
        points.chunks(self.dim).zip(log_weights).map(|(x, w)| x.iter().copied().chain([w]).collect()).collect()
    }
}
