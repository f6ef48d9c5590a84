//! A reduction with linear weights, repeated with logarithms where its sums underflow.
//!
//! In:   two kernels for the same density, and a field's queries.
//! Out:  a [`ReduceOutput`] as of the kernel with logarithms.
//! Holds: a query is repeated by its own sum alone, so its result does not depend on the other queries.

use std::sync::OnceLock;

use genphys_compiler::kernel::Kernel;
use ndarray::{ArrayView2, Axis};

use super::ArgumentError;
use super::jit::CompileError;
use super::reduce::{CompiledReduce, ReduceOutput, ReduceProgram};
use super::sources::{Layout, Sources};
use super::step::CompiledStep;

/// A fast reduction and a robust one.
#[derive(Debug)]
pub struct GuardedReduce {
    linear: CompiledReduce,
    log_kernel: Kernel,
    /// Compiled when first needed.
    log: OnceLock<Box<CompiledReduce>>,
    /// Compiled when first needed; none where the kernel has no such code.
    step: OnceLock<Option<Box<CompiledStep>>>,
}

/// The uniforms of both kernels, and by how much the `log_sum` of the linear one is to be raised to be the other's.
#[derive(Clone, Debug, Default)]
pub struct GuardedUniforms {
    /// Those of the kernel with linear weights.
    pub linear: Vec<f64>,
    /// Those of the kernel with logarithms.
    pub log: Vec<f64>,
    /// The logarithm of a common factor that the linear weights lack.
    pub log_scale: f64,
}

/// Why a guarded reduction could not be run.
#[derive(Debug, thiserror::Error)]
pub enum GuardedError {
    /// An argument does not fit the kernel.
    #[error(transparent)]
    Argument(#[from] ArgumentError),
    /// The kernel with logarithms could not be compiled.
    #[error(transparent)]
    Compile(#[from] CompileError),
}

impl GuardedReduce {
    /// Compiles the `linear` kernel; `log`, which must have the same means, is compiled when a query needs it.
    ///
    /// # Errors
    /// [`CompileError`].
    pub fn new(linear: &Kernel, log: &Kernel) -> Result<GuardedReduce, CompileError> {
        Ok(GuardedReduce {
            linear: CompiledReduce::new(linear)?,
            log_kernel: log.clone(),
            log: OnceLock::new(),
            step: OnceLock::new(),
        })
    }

    /// Lays out sources for both kernels; see [`ReduceProgram::layout`].
    ///
    /// # Errors
    /// As [`ReduceProgram::layout`].
    pub fn layout(&self, sources: ArrayView2<'_, f64>, log_weights: &[f64]) -> Result<Sources, ArgumentError> {
        let Layout { width, reads } = self.linear.source_layout();
        let mut reads = reads.to_vec();
        reads.extend(self.log_kernel.weight_inputs());
        Sources::new(self.linear.kernel(), sources.ncols(), Layout { width, reads: &reads }, sources, log_weights)
    }

    /// Evaluates both reductions at `queries` `[M, N]`, the second where it is needed.
    ///
    /// # Errors
    /// [`GuardedError`]; `out` is then unspecified.
    pub fn run(
        &self,
        uniforms: &GuardedUniforms,
        sources: &Sources,
        queries: ArrayView2<'_, f64>,
        out: &mut ReduceOutput,
    ) -> Result<(), GuardedError> {
        self.linear.run(&uniforms.linear, sources, queries, out)?;
        let least = self.least(sources);
        let lost: Vec<usize> = (0..queries.nrows()).filter(|row| !out.is_sound(*row, least)).collect();
        out.log_sum.iter_mut().for_each(|log_sum| *log_sum += uniforms.log_scale);
        if !lost.is_empty() {
            let mut repeated = ReduceOutput::default();
            self.log()?.run(&uniforms.log, sources, queries.select(Axis(0), &lost).view(), &mut repeated)?;
            lost.iter().enumerate().for_each(|(from, to)| out.copy_row(*to, &repeated, from));
        }
        Ok(())
    }

    /// The code that takes particles through whole solver steps, for kernels that have such code. Its sums are of linear
    /// weights; [`GuardedReduce::log_sums`] tells which of them are in range.
    pub fn step(&self) -> Option<&CompiledStep> {
        self.step.get_or_init(|| CompiledStep::new(self.linear.kernel()).ok().map(Box::new)).as_deref()
    }

    /// The `log_sum` of [`GuardedReduce::run`] for sums of linear weights, with the `log_scale` of its uniforms; none where
    /// `run` would repeat the query.
    pub fn log_sums(&self, log_scale: f64, sources: &Sources) -> impl Fn(f64) -> Option<f64> {
        let (least, source_scale) = (self.least(sources), sources.log_scale);
        move |sum| {
            let log_sum = sum.ln() + source_scale;
            (log_sum.is_finite() && log_sum >= least).then_some(log_sum + log_scale)
        }
    }

    /// The least `log_sum` of linear weights that has lost no digits.
    fn least(&self, sources: &Sources) -> f64 {
        self.linear.kernel().least_linear_sum(sources.len()).ln() + sources.log_scale
    }

    fn log(&self) -> Result<&CompiledReduce, CompileError> {
        match self.log.get() {
            Some(log) => Ok(log),
            None => {
                let log = Box::new(CompiledReduce::new(&self.log_kernel)?);
                Ok(self.log.get_or_init(|| log))
            }
        }
    }
}

impl ReduceOutput {
    /// Whether a row is finite with a sum of at least `exp(least)`.
    pub(crate) fn is_sound(&self, row: usize, least: f64) -> bool {
        self.log_sum[row].is_finite()
            && self.log_sum[row] >= least
            && self.scalars.row(row).iter().all(|x| x.is_finite())
            && self.displacements.iter().all(|means| means.row(row).iter().all(|x| x.is_finite()))
    }

    pub(crate) fn copy_row(&mut self, to: usize, other: &ReduceOutput, from: usize) {
        self.log_sum[to] = other.log_sum[from];
        self.scalars.row_mut(to).assign(&other.scalars.row(from));
        for (means, other) in self.displacements.iter_mut().zip(&other.displacements) {
            means.row_mut(to).assign(&other.row(from));
        }
    }
}
