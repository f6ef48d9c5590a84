//! The kernels of a field on a device: linear weights where the field has them, repeated with logarithms where those underflow.

use genphys_compiler::codegen::ptx::Ptx;
use genphys_compiler::green::KernelProgram;
use ndarray::{ArrayView2, Axis};

use super::{Device, DeviceError, Reduction};
use crate::cpu::{GuardedUniforms, ReduceOutput};

/// A field's reductions with its data on a device.
#[derive(Debug)]
pub struct DeviceField<D: Device> {
    linear: Option<Reduction<D>>,
    log: Reduction<D>,
    /// The least `log_sum` of linear weights that has lost no digits.
    least: f64,
}

impl<D: Device> DeviceField<D> {
    /// Compiles the kernels of `program` and uploads the data.
    ///
    /// # Errors
    /// As [`Reduction::new`].
    pub fn new(
        device: &D,
        program: &KernelProgram,
        points: ArrayView2<'_, f64>,
        log_weights: &[f64],
    ) -> Result<DeviceField<D>, DeviceError> {
        let reduce = |kernel| Reduction::new(device, Ptx::default(), kernel, points, log_weights);
        let linear = program.linear.as_ref().map(reduce).transpose()?;
        let least = linear.as_ref().map_or(f64::NEG_INFINITY, |linear| {
            linear.kernel().least_linear_sum(log_weights.len()).ln() + linear.log_scale()
        });
        Ok(DeviceField { linear, log: reduce(&program.kernel)?, least })
    }

    /// That memory ran short, if it did.
    pub fn note(&self) -> Option<String> {
        let sizes = self.linear.iter().chain([&self.log]).filter_map(Reduction::shrunk);
        sizes.min().map(|size| format!("the GPU's memory ran short: points were taken {size} at a time"))
    }

    /// Evaluates the field at `queries` `[M, N]`.
    ///
    /// # Errors
    /// As [`Reduction::run`].
    pub fn run(&self, uniforms: &GuardedUniforms, queries: ArrayView2<'_, f64>) -> Result<ReduceOutput, DeviceError> {
        let Some(linear) = &self.linear else { return self.log.run(&uniforms.log, queries) };
        let mut out = linear.run(&uniforms.linear, queries)?;
        let lost: Vec<usize> = (0..queries.nrows()).filter(|row| !out.is_sound(*row, self.least)).collect();
        out.log_sum.iter_mut().for_each(|log_sum| *log_sum += uniforms.log_scale);
        if !lost.is_empty() {
            let repeated = self.log.run(&uniforms.log, queries.select(Axis(0), &lost).view())?;
            lost.iter().enumerate().for_each(|(from, to)| out.copy_row(*to, &repeated, from));
        }
        Ok(out)
    }
}
