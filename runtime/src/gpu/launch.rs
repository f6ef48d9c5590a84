//! A reduction on a device: sources are uploaded once, queries come in chunks.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cudarc::driver::{CudaFunction, CudaSlice, CudaStream, DriverError, LaunchArgs, LaunchConfig, PushKernelArg, sys};
use genphys_compiler::codegen::Target;
use genphys_compiler::codegen::ptx::{Layout, Ptx, ReduceLayout};
use genphys_compiler::kernel::{Kernel, MeanKind, Precision, Scalar};
use ndarray::{ArrayView2, s};

use super::device::{Device, explain};
use super::{GpuError, module};
use crate::cpu::{ReduceOutput, check_arguments, check_sources, means};
use crate::split::in_chunks;

/// Sources of a split. The number depends on nothing else, so that a result depends on its query alone.
const SPLIT: usize = 16 * 1024;
/// Memory for the partial sums of a chunk of queries.
const PARTIAL_BYTES: usize = 64 << 20;

/// A reduction with its sources on a device.
#[derive(Debug)]
pub struct GpuReduce {
    kernel: Kernel,
    layout: ReduceLayout,
    function: CudaFunction,
    stream: Arc<CudaStream>,
    records: Floats,
    sources: u32,
    log_scale: f64,
    /// The queries taken at a time since memory ran out; `usize::MAX` as long as it has not.
    size: AtomicUsize,
}

/// Numbers on the device in the kernel's precision.
#[derive(Debug)]
enum Floats {
    F32(CudaSlice<f32>),
    F64(CudaSlice<f64>),
}

impl GpuReduce {
    /// Compiles `kernel` and uploads sources `[n, N]` with log weights `[n]` (minus infinity for weight zero).
    ///
    /// # Errors
    /// [`GpuError`], among others when the kernel is a map, a number is not finite, or the sources do not fit.
    pub fn new(
        device: &Device,
        target: Ptx,
        kernel: &Kernel,
        sources: ArrayView2<'_, f64>,
        log_weights: &[f64],
    ) -> Result<GpuReduce, GpuError> {
        let ptx = target.emit(kernel)?;
        let Layout::Reduce(layout) = ptx.layout.clone() else {
            return Err(GpuError::Driver(format!("kernel `{}` is no reduction", kernel.name())));
        };
        check_sources(kernel, layout.dim, sources, log_weights)?;
        let function = module::load(device, &ptx)?;
        let stream = device.context.default_stream();
        let rows: Vec<f64> = sources.iter().copied().collect();
        let count = log_weights.len().next_multiple_of(layout.multiple);
        let too_many = || GpuError::Memory { what: format!("{} sources", log_weights.len()) };
        let (records, log_scale) = match kernel.precision() {
            Precision::F32 => {
                let (records, scale) = layout.pack::<f32>(&rows, log_weights);
                (stream.clone_htod(&records).map(Floats::F32), scale)
            }
            Precision::F64 => {
                let (records, scale) = layout.pack::<f64>(&rows, log_weights);
                (stream.clone_htod(&records).map(Floats::F64), scale)
            }
        };
        let records = records.map_err(|e| if is_memory(&e) { too_many() } else { GpuError::Driver(explain(e)) })?;
        let sources = u32::try_from(count).ok().filter(|count| *count < u32::MAX / 2).ok_or_else(too_many)?;
        let (kernel, size) = (kernel.clone(), AtomicUsize::new(usize::MAX));
        Ok(GpuReduce { kernel, layout, function, stream, records, sources, log_scale, size })
    }

    /// The kernel.
    pub fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    /// The logarithm that weights are given relative to, which `log_sum` includes.
    pub fn log_scale(&self) -> f64 {
        self.log_scale
    }

    /// How many queries are taken at a time because memory ran out; none if it did not.
    pub fn shrunk(&self) -> Option<usize> {
        Some(self.size.load(Ordering::Relaxed)).filter(|size| *size < usize::MAX)
    }

    /// Evaluates the reduction at `queries` `[M, N]`. Where memory runs out, fewer are taken at a time.
    ///
    /// # Errors
    /// [`GpuError`].
    pub fn run(&self, uniforms: &[f64], queries: ArrayView2<'_, f64>) -> Result<ReduceOutput, GpuError> {
        check_arguments(&self.kernel, self.layout.dim, uniforms, queries)?;
        let mut out = ReduceOutput::default();
        out.resize(&self.kernel, self.layout.dim, queries.nrows());
        let per_query = 8 * self.layout.partials.vectors * self.splits();
        let most = (PARTIAL_BYTES / per_query).clamp(1, u32::MAX as usize / 2);
        in_chunks(queries.nrows(), most, &self.size, is_memory, |rows| {
            let chunk = queries.slice(s![rows.clone(), ..]);
            let partials = match self.kernel.precision() {
                Precision::F32 => {
                    self.partials(&rounded::<f32>(uniforms), &chunk.iter().map(|x| *x as f32).collect::<Vec<_>>())
                }
                Precision::F64 => self.partials(uniforms, &chunk.iter().copied().collect::<Vec<_>>()),
            }?;
            for (index, row) in rows.clone().enumerate() {
                self.write(row, &self.layout.finish(&partials, rows.len(), index, uniforms), &mut out);
            }
            Ok(())
        })
        .map_err(|e| match e {
            e if is_memory(&e) => GpuError::Memory { what: "the sums of a single query".to_owned() },
            e => GpuError::Driver(explain(e)),
        })?;
        Ok(out)
    }

    fn splits(&self) -> usize {
        (self.sources as usize).div_ceil(SPLIT).max(1)
    }

    /// The partial sums of a chunk of queries.
    fn partials<T: DeviceFloat>(&self, uniforms: &[T], queries: &[T]) -> Result<Vec<f64>, DriverError> {
        let count = queries.len() / self.layout.dim;
        // A kernel may have no uniforms; a buffer has at least one number.
        let uniforms = if uniforms.is_empty() { &[T::default()][..] } else { uniforms };
        let uniforms = self.stream.clone_htod(uniforms)?;
        let queries = self.stream.clone_htod(queries)?;
        let mut partials = self.stream.alloc_zeros::<f64>(self.splits() * self.layout.partials.vectors * count)?;
        let per_block = self.layout.queries_per_block(self.layout.block);
        let config = LaunchConfig {
            grid_dim: (count.div_ceil(per_block) as u32, self.splits() as u32, 1),
            block_dim: (self.layout.block as u32, 1, 1),
            shared_mem_bytes: 0,
        };
        let (split, query_count) = (SPLIT as u32, count as u32);
        let mut launch = self.stream.launch_builder(&self.function);
        launch.arg(&uniforms);
        self.records.push(&mut launch);
        launch.arg(&self.sources).arg(&split).arg(&queries).arg(&query_count).arg(&mut partials);
        // SAFETY: the arguments are those of `ReduceLayout`, in its order and types: uniforms as many as the kernel has (checked by the
        // caller), `sources` records, `query_count` rows of N floats, and partials for every split, vector and query; the precision of
        // all floats is the kernel's, as `T` is chosen by it.
        unsafe { launch.launch(config) }?;
        self.stream.clone_dtoh(&partials)
    }

    fn write(&self, row: usize, reduced: &genphys_compiler::codegen::interp::Reduced, out: &mut ReduceOutput) {
        out.log_sum[row] = reduced.log_sum + self.log_scale;
        let (mut scalar, mut displacement) = (0, 0);
        for (mean, values) in means(&self.kernel).zip(&reduced.means) {
            match mean {
                MeanKind::Scalar(_) | MeanKind::Weighted(_) => {
                    out.scalars[[row, scalar]] = values[0];
                    scalar += 1;
                }
                MeanKind::Displacement(_) => {
                    out.displacements[displacement].row_mut(row).iter_mut().zip(values).for_each(|(out, x)| *out = *x);
                    displacement += 1;
                }
            }
        }
    }
}

/// The floats of kernels.
trait DeviceFloat: Scalar + cudarc::driver::DeviceRepr {}
impl DeviceFloat for f32 {}
impl DeviceFloat for f64 {}

impl Floats {
    fn push<'a>(&'a self, launch: &mut LaunchArgs<'a>) {
        match self {
            Floats::F32(floats) => launch.arg(floats),
            Floats::F64(floats) => launch.arg(floats),
        };
    }
}

fn rounded<T: Scalar>(numbers: &[f64]) -> Vec<T> {
    numbers.iter().map(|x| T::from_f64(*x)).collect()
}

fn is_memory(error: &DriverError) -> bool {
    error.0 == sys::CUresult::CUDA_ERROR_OUT_OF_MEMORY
}
