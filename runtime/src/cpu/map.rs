//! Compiled elementwise kernels.

use genphys_compiler::kernel::{Kernel, Precision, Scalar, Shape};

use super::jit::{CompileError, CpuTarget, Machine};
use super::{ArgumentError, check_count, check_uniforms};

/// An elementwise kernel as machine code.
#[derive(Debug)]
pub struct CompiledMap {
    kernel: Kernel,
    machine: Machine,
    inputs: usize,
    outputs: usize,
}

impl CompiledMap {
    /// Compiles `kernel` for this machine.
    ///
    /// # Errors
    /// [`CompileError`], among others when the kernel is a reduction.
    /// # Example
    /// ```
    /// use genphys_compiler::kernel::{KernelBuilder, Output, Precision};
    /// use genphys_runtime::cpu::CompiledMap;
    ///
    /// let mut k = KernelBuilder::map("log", Precision::F64);
    /// let x = k.input("x");
    /// let y = k.log(x);
    /// let log = CompiledMap::new(&k.finish_map(vec![Output::new("y", y)])?)?;
    /// assert_eq!(log.run(&[], &[&[1.0, 2.0, 4.0]])?, [[0.0, 2f64.ln(), 4f64.ln()]]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(kernel: &Kernel) -> Result<CompiledMap, CompileError> {
        CompiledMap::of(kernel, Machine::new(kernel))
    }

    /// The same by this code generator.
    ///
    /// # Errors
    /// As [`CompiledMap::new`], and when the target has no code for the kernel.
    pub fn on(target: CpuTarget, kernel: &Kernel) -> Result<CompiledMap, CompileError> {
        CompiledMap::of(kernel, Machine::on(target, kernel))
    }

    fn of(kernel: &Kernel, machine: Result<Machine, CompileError>) -> Result<CompiledMap, CompileError> {
        let Shape::Map { inputs, outputs } = kernel.shape() else {
            return Err(CompileError::Shape { kernel: kernel.name().to_owned(), expected: "map" });
        };
        let (inputs, outputs) = (inputs.len(), outputs.len());
        Ok(CompiledMap { kernel: kernel.clone(), machine: machine?, inputs, outputs })
    }

    /// Evaluates the kernel on columns of equal length and returns one column per output.
    ///
    /// Inputs are rounded to the kernel's precision and may be NaN or infinite.
    ///
    /// # Errors
    /// [`ArgumentError`] when a count differs from the signature.
    pub fn run(&self, uniforms: &[f64], inputs: &[&[f64]]) -> Result<Vec<Vec<f64>>, ArgumentError> {
        check_uniforms(&self.kernel, uniforms)?;
        check_count(&self.kernel, "inputs", self.inputs, inputs.len())?;
        let len = inputs.first().map_or(0, |column| column.len());
        inputs.iter().try_for_each(|column| check_count(&self.kernel, "elements per input", len, column.len()))?;
        match self.kernel.precision() {
            Precision::F32 => self.run_in::<f32>(uniforms, inputs, len),
            Precision::F64 => self.run_in::<f64>(uniforms, inputs, len),
        }
    }

    fn run_in<T: Scalar>(
        &self,
        uniforms: &[f64],
        inputs: &[&[f64]],
        len: usize,
    ) -> Result<Vec<Vec<f64>>, ArgumentError> {
        let padded = len.next_multiple_of(self.machine.layout.lanes);
        let parameters: Vec<T> = self.machine.parameters(uniforms);
        let column = |x: &&[f64]| (0..padded).map(|i| T::from_f64(x[i.min(len - 1)])).collect();
        let inputs: Vec<Vec<T>> = inputs.iter().map(column).collect();
        let mut results = vec![vec![T::default(); padded]; self.outputs];
        let columns: Vec<&[T]> = inputs.iter().map(Vec::as_slice).collect();
        let mut into: Vec<&mut [T]> = results.iter_mut().map(Vec::as_mut_slice).collect();
        self.machine
            .map(&parameters, &columns, &mut into)
            .map_err(|_| ArgumentError::Layout { kernel: self.kernel.name().to_owned() })?;
        Ok(results.iter().map(|column| column[..len].iter().map(|x| (*x).into()).collect()).collect())
    }
}
