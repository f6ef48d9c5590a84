//! Launching modules in the machine as a runtime launches them on a device.

use crate::machine::{Argument, Buffer, Global, Machine};
use genphys_compiler::codegen::interp::Reduced;
use genphys_compiler::codegen::ptx::{Layout, PtxModule, ReduceLayout};
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

/// The point of every particle after all steps, then its log weight.
pub fn flow(module: &PtxModule, flow: &Flow, threads: usize) -> Vec<Vec<f64>> {
    let Layout::Flow(layout) = &module.layout else { panic!("no flow") };
    assert_eq!(layout.stages, flow.stages);
    let (mut memory, precision, dim) = (Global::default(), module.precision, layout.reduce.dim);
    let records = match precision {
        Precision::F32 => {
            let (records, _) = layout.reduce.pack::<f32>(&flow.sources, &flow.log_weights);
            memory.f32(records)
        }
        Precision::F64 => {
            let (records, _) = layout.reduce.pack::<f64>(&flow.sources, &flow.log_weights);
            memory.f64(records)
        }
    };
    let uniforms = floats(&mut memory, precision, &flow.uniforms);
    let points = memory.f64(flow.points.iter().copied());
    let log_weights = memory.f64(flow.log_particle_weights.iter().copied());
    let [center, constants, combinations] =
        [&flow.center, &flow.constants, &flow.combinations].map(|numbers| memory.f64(numbers.iter().copied()));
    let particles = flow.log_particle_weights.len();
    let sources = flow.log_weights.len().next_multiple_of(layout.reduce.multiple);
    let arguments = [
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
    let grid = [particles.div_ceil(threads) as u32, 1];
    Machine::new(&module.text).launch(&mut memory, grid, threads, &arguments);
    let (points, log_weights) = (memory.read_f64(points), memory.read_f64(log_weights));
    points.chunks(dim).zip(log_weights).map(|(x, w)| x.iter().copied().chain([w]).collect()).collect()
}
