//! Whole solver steps in compiled code, for fields of linear weights in few dimensions.
//!
//! In:   a [`StepProgram`] (times and tableau as numbers), sources, particles.
//! Out:  the values of every stage, the particles after the step, the error estimate.
//! Holds: the numbers are those of [`CompiledReduce`](super::CompiledReduce) called once per stage, bit for bit, wherever its
//!   sums are in range; where they are not, the caller repeats the particle.

use std::sync::Arc;

use genphys_compiler::kernel::{Kernel, Precision, Scalar};

use super::aligned::Aligned;
use super::cache::compiled_step;
use super::jit::{CompileError, LayoutMismatch, Machine, StepCall};
use super::reduce::{FLUSH, dimension};
use super::sources::{Blocks, Packed, Sources};
use super::{ArgumentError, check_uniforms};

/// The code of a solver step.
#[derive(Debug)]
pub struct CompiledStep {
    kernel: Kernel,
    dim: usize,
    machine: Arc<Machine>,
}

/// What a field adds to its reduction at the time of one stage.
///
/// The query is `stretch x - center`; of the means `u` and `b` become `v = scale u - pull x` and `R/p = rate b + offset`.
#[derive(Clone, Debug, PartialEq)]
pub struct StageConstants {
    /// The uniforms of the kernel with linear weights.
    pub uniforms: Vec<f64>,
    /// Stretch of the frame.
    pub stretch: f64,
    /// Scale of the velocity.
    pub scale: f64,
    /// Pull towards the origin, per time.
    pub pull: f64,
    /// Scale of the births; 0 for a kernel without.
    pub rate: f64,
    /// Constant births, per time.
    pub offset: f64,
}

/// A step, ready to be taken by any number of particles.
#[derive(Clone, Debug)]
pub struct StepProgram {
    parameters: Parameters,
    constants: Vec<f64>,
    center: Vec<f64>,
    combinations: Vec<f64>,
    stages: usize,
    first: usize,
}

#[derive(Clone, Debug)]
enum Parameters {
    F32(Aligned<f32>),
    F64(Aligned<f64>),
}

impl CompiledStep {
    /// Compiles a step in the field of `kernel`.
    ///
    /// # Errors
    /// [`CompileError`], among others for a kernel with logarithms or in more than three dimensions.
    pub fn new(kernel: &Kernel) -> Result<CompiledStep, CompileError> {
        Ok(CompiledStep { dim: dimension(kernel)?, machine: compiled_step(kernel)?, kernel: kernel.clone() })
    }

    /// The numbers of `f64` per particle in the `values` and in the `out` of [`CompiledStep::run`].
    pub fn sizes(&self, stages: usize) -> (usize, usize) {
        (stages * (self.dim + 2), 2 * (self.dim + 1))
    }

    /// Prepares a step whose stage `i` is taken at `x + sum_j combinations[i S + j] v_j`, `S` stages from number `first` on, which ends by row
    /// `S` and has the error estimate of row `S + 1`.
    ///
    /// # Errors
    /// [`ArgumentError`] when a uniform is not finite in the kernel's precision or counts differ.
    pub fn prepare(
        &self,
        stages: &[StageConstants],
        center: &[f64],
        combinations: Vec<f64>,
        first: usize,
    ) -> Result<StepProgram, ArgumentError> {
        stages.iter().try_for_each(|stage| check_uniforms(&self.kernel, &stage.uniforms))?;
        let layout = &self.machine.layout;
        let factor = |index: usize, stage: &StageConstants| {
            layout.partials.means.get(index).map_or(0.0, |mean| mean.factor(&stage.uniforms))
        };
        let constants = stages
            .iter()
            .flat_map(|s| [s.stretch, factor(0, s), factor(1, s), s.scale, s.pull, s.rate, s.offset])
            .collect();
        let parameters = match layout.precision {
            Precision::F32 => Parameters::F32(self.parameters(stages)),
            Precision::F64 => Parameters::F64(self.parameters(stages)),
        };
        Ok(StepProgram { parameters, constants, center: center.to_vec(), combinations, stages: stages.len(), first })
    }

    fn parameters<T: Scalar>(&self, stages: &[StageConstants]) -> Aligned<T> {
        let layout = &self.machine.layout;
        let parameters = stages.iter().flat_map(|stage| self.machine.parameters(&stage.uniforms));
        Aligned::collect(stages.len() * layout.parameters.len() * layout.lanes, parameters)
    }

    /// Takes particles `[M, N]` with log weights `[M]` through the step.
    ///
    /// # Shapes
    /// `values`: `[M][S][N + 2]`, `v`, `R/p` and the sum of the linear weights of each stage; those before the first stage are
    /// read. `out`: `[M][2][N + 1]`, point and log weight after the step, then their error.
    /// # Errors
    /// [`ArgumentError::Layout`] when lengths do not fit together.
    pub fn run(
        &self,
        program: &StepProgram,
        sources: &Sources,
        points: &[f64],
        log_weights: &[f64],
        values: &mut [f64],
        out: &mut [f64],
    ) -> Result<(), ArgumentError> {
        let particles = Particles { points, log_weights, values, out };
        let done = match (&sources.packed, &program.parameters) {
            _ if sources.dim != self.dim => Err(LayoutMismatch),
            (Packed::F32(blocks), Parameters::F32(parameters)) => self.call(program, parameters, blocks, particles),
            (Packed::F64(blocks), Parameters::F64(parameters)) => self.call(program, parameters, blocks, particles),
            _ => Err(LayoutMismatch),
        };
        done.map_err(|_| ArgumentError::Layout { kernel: self.kernel.name().to_owned() })
    }

    fn call<T: Scalar>(
        &self,
        program: &StepProgram,
        parameters: &[T],
        sources: &Blocks<T>,
        particles: Particles<'_>,
    ) -> Result<(), LayoutMismatch> {
        self.machine.step(StepCall {
            parameters,
            dim: self.dim,
            sources: &sources.coordinates,
            weights: sources.weights.each_ref().map(|column| &**column),
            flush: FLUSH / self.machine.layout.width,
            points: particles.points,
            log_weights: particles.log_weights,
            center: &program.center,
            constants: &program.constants,
            combinations: &program.combinations,
            stages: program.stages,
            first: program.first,
            values: particles.values,
            out: particles.out,
        })
    }
}

struct Particles<'a> {
    points: &'a [f64],
    log_weights: &'a [f64],
    values: &'a mut [f64],
    out: &'a mut [f64],
}
