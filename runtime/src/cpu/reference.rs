//! Reductions through the reference interpreter, with the interface of compiled ones.

use genphys_compiler::codegen::Target;
use genphys_compiler::codegen::interp::{Interpreter, Program};
use genphys_compiler::kernel::{Kernel, MeanKind};
use ndarray::ArrayView2;

use super::ArgumentError;
use super::jit::CompileError;
use super::reduce::{ReduceOutput, ReduceProgram, check_arguments, dimension, means};
use super::sources::check_sources;

/// A reduction through the reference interpreter: slow, and the measure of [`CompiledReduce`](super::CompiledReduce).
#[derive(Clone, Debug)]
pub struct InterpReduce {
    program: Program,
    dim: usize,
}

/// Sources of an [`InterpReduce`], as given.
#[derive(Clone, Debug)]
pub struct RowMajor {
    coordinates: Vec<f64>,
    log_weights: Vec<f64>,
}

impl InterpReduce {
    /// Prepares `kernel` for interpretation.
    ///
    /// # Errors
    /// [`CompileError::Shape`] when the kernel is a map.
    pub fn new(kernel: &Kernel) -> Result<InterpReduce, CompileError> {
        Ok(InterpReduce { dim: dimension(kernel)?, program: Interpreter.emit(kernel)? })
    }
}

impl ReduceProgram for InterpReduce {
    type Sources = RowMajor;

    fn layout(&self, sources: ArrayView2<'_, f64>, log_weights: &[f64]) -> Result<RowMajor, ArgumentError> {
        check_sources(self.program.kernel(), self.dim, sources, log_weights)?;
        Ok(RowMajor { coordinates: sources.iter().copied().collect(), log_weights: log_weights.to_vec() })
    }

    fn run(
        &self,
        uniforms: &[f64],
        sources: &RowMajor,
        queries: ArrayView2<'_, f64>,
        out: &mut ReduceOutput,
    ) -> Result<(), ArgumentError> {
        let kernel = self.program.kernel();
        check_arguments(kernel, self.dim, uniforms, queries)?;
        out.resize(kernel, self.dim, queries.nrows());
        for (row, query) in queries.rows().into_iter().enumerate() {
            let reduced = self
                .program
                .reduce(uniforms, &sources.coordinates, &sources.log_weights, &query.to_vec())
                .ok_or_else(|| ArgumentError::Layout { kernel: kernel.name().to_owned() })?;
            out.log_sum[row] = reduced.log_sum;
            let (mut scalar, mut displacement) = (0, 0);
            for (mean, value) in means(kernel).zip(&reduced.means) {
                match mean {
                    MeanKind::Scalar(_) | MeanKind::Weighted(_) => {
                        out.scalars[[row, scalar]] = value[0];
                        scalar += 1;
                    }
                    MeanKind::Displacement(_) => {
                        out.displacements[displacement].row_mut(row).assign(&ndarray::aview1(value));
                        displacement += 1;
                    }
                }
            }
        }
        Ok(())
    }
}
