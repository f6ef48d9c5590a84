//! A reduction on a device: sources are uploaded once, queries come in chunks.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use genphys_compiler::codegen::Target;
use genphys_compiler::codegen::interp::Reduced;
use genphys_compiler::codegen::ptx::{Layout, Ptx, ReduceLayout};
use genphys_compiler::kernel::{Kernel, MeanKind};
use ndarray::{ArrayView2, s};

use super::{Argument, Device, DeviceError, upload_floats, upload_records};
use crate::cpu::{ReduceOutput, check_arguments, check_sources, means};
use crate::split::in_chunks;

/// Sources of a split. The number depends on nothing else, so that a result depends on its query alone.
const SPLIT: usize = 16 * 1024;
/// The most splits: rows of blocks of a launch.
const SPLITS: usize = 65_535;
/// Memory for the partial sums of a chunk of queries.
const PARTIAL_BYTES: usize = 64 << 20;

/// A reduction with its sources on a device.
#[derive(Debug)]
pub struct Reduction<D: Device> {
    device: D,
    kernel: Kernel,
    layout: ReduceLayout,
    function: D::Function,
    records: D::Buffer,
    sources: u32,
    log_scale: f64,
    /// The queries taken at a time since memory ran out; `usize::MAX` as long as it has not.
    size: AtomicUsize,
}

/// Queries on the device, and where their partial sums go.
#[derive(Debug)]
struct Queries<D: Device> {
    uniforms: D::Buffer,
    points: D::Buffer,
    partials: D::Buffer,
    count: u32,
}

impl<D: Device> Reduction<D> {
    /// Compiles `kernel` and uploads sources `[n, N]` with log weights `[n]` (minus infinity for weight zero).
    ///
    /// # Errors
    /// [`DeviceError`], among others when the kernel is a map, a number is not finite, or the sources do not fit.
    pub fn new(
        device: &D,
        target: Ptx,
        kernel: &Kernel,
        sources: ArrayView2<'_, f64>,
        log_weights: &[f64],
    ) -> Result<Reduction<D>, DeviceError> {
        let ptx = target.emit(kernel)?;
        let Layout::Reduce(layout) = ptx.layout.clone() else {
            return Err(DeviceError::Fault(format!("kernel `{}` is no reduction", kernel.name())));
        };
        check_sources(kernel, layout.dim, sources, log_weights)?;
        let function = device.load(&ptx)?;
        let too_many = || DeviceError::Memory { what: format!("{} sources", log_weights.len()) };
        let count = padded(log_weights.len(), layout.multiple).ok_or_else(too_many)?;
        let rows: Vec<f64> = sources.iter().copied().collect();
        let (records, log_scale) = upload_records(device, &layout, kernel.precision(), &rows, log_weights)?;
        let (device, kernel, size) = (device.clone(), kernel.clone(), AtomicUsize::new(usize::MAX));
        Ok(Reduction { device, kernel, layout, function, records, sources: count, log_scale, size })
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
    /// [`DeviceError`].
    pub fn run(&self, uniforms: &[f64], queries: ArrayView2<'_, f64>) -> Result<ReduceOutput, DeviceError> {
        check_arguments(&self.kernel, self.layout.dim, uniforms, queries)?;
        let mut out = ReduceOutput::default();
        out.resize(&self.kernel, self.layout.dim, queries.nrows());
        let per_query = 8 * self.layout.partials.vectors * self.splits();
        let most = (PARTIAL_BYTES / per_query).clamp(1, u32::MAX as usize / 2);
        in_chunks(queries.nrows(), most, 1, &self.size, DeviceError::is_memory, |rows| {
            let chunk = self.place(uniforms, queries.slice(s![rows.clone(), ..]))?;
            self.launch(&chunk)?;
            let partials = self.device.download(&chunk.partials)?;
            for (index, row) in rows.clone().enumerate() {
                self.write(row, &self.layout.finish(&partials, rows.len(), index, uniforms), &mut out);
            }
            Ok(())
        })
        .map_err(|e| e.of(|| "the sums of a single query".to_owned()))?;
        Ok(out)
    }

    /// Seconds of one launch for `queries`, without copies: the fastest of `times`, whose ends are waited for one by one.
    ///
    /// # Errors
    /// As [`Reduction::run`], and where the queries do not fit at once.
    pub fn launch_seconds(
        &self,
        uniforms: &[f64],
        queries: ArrayView2<'_, f64>,
        times: usize,
    ) -> Result<f64, DeviceError> {
        check_arguments(&self.kernel, self.layout.dim, uniforms, queries)?;
        let (placed, signal) = (self.place(uniforms, queries)?, self.device.zeros(1)?);
        let mut fastest = f64::INFINITY;
        for _ in 0..times {
            // A copy waits for all launches before it.
            self.device.download(&signal)?;
            let started = Instant::now();
            self.launch(&placed)?;
            self.device.download(&signal)?;
            fastest = fastest.min(started.elapsed().as_secs_f64());
        }
        Ok(fastest)
    }

    /// Uploads queries.
    fn place(&self, uniforms: &[f64], queries: ArrayView2<'_, f64>) -> Result<Queries<D>, DeviceError> {
        let (precision, count) = (self.kernel.precision(), queries.nrows());
        let rows: Vec<f64> = queries.iter().copied().collect();
        Ok(Queries {
            uniforms: upload_floats(&self.device, precision, uniforms)?,
            points: upload_floats(&self.device, precision, &rows)?,
            partials: self.device.zeros(self.splits() * self.layout.partials.vectors * count)?,
            count: count as u32,
        })
    }

    /// Begins to sum for the queries.
    fn launch(&self, queries: &Queries<D>) -> Result<(), DeviceError> {
        let per_block = self.layout.queries_per_block(self.layout.block) as u32;
        let grid = [queries.count.div_ceil(per_block), self.splits() as u32];
        let arguments = [
            Argument::Pointer(&queries.uniforms),
            Argument::Pointer(&self.records),
            Argument::Count(self.sources),
            Argument::Count(SPLIT as u32),
            Argument::Pointer(&queries.points),
            Argument::Count(queries.count),
            Argument::Pointer(&queries.partials),
        ];
        // SAFETY: the arguments are those of `ReduceLayout`, in its order and types: uniforms as many as the kernel has (checked by the
        // caller), `sources` records, `count` rows of N floats, and partials for every split, vector and query; the precision of all is the
        // kernel's. All of a block's threads run.
        unsafe { self.device.launch(&self.function, grid, self.layout.block as u32, &arguments) }
    }

    fn splits(&self) -> usize {
        (self.sources as usize).div_ceil(SPLIT).max(1)
    }

    fn write(&self, row: usize, reduced: &Reduced, out: &mut ReduceOutput) {
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

/// So many sources filled up to a multiple; none where a launch cannot take them.
fn padded(count: usize, multiple: usize) -> Option<u32> {
    let count = count.checked_next_multiple_of(multiple).filter(|count| count.div_ceil(SPLIT) <= SPLITS)?;
    u32::try_from(count).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_launch_has_no_more_rows_of_blocks_than_a_device_takes() {
        assert_eq!((padded(0, 64), padded(1, 64), padded(64, 64)), (Some(0), Some(64), Some(64)));
        let most = SPLITS * SPLIT;
        assert_eq!((padded(most - 5, 64), padded(most + 1, 64)), (Some(most as u32), None));
        assert_eq!(padded(usize::MAX, 64), None);
    }
}
