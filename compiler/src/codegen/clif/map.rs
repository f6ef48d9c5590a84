//! Elementwise kernels: one vector of elements per turn, one column per input and output.

use cranelift_codegen::isa::TargetFrontendConfig;

use super::super::cpu::Parameter;
use super::body::Code;
use super::{Unsupported, VECTOR_BYTES};
use crate::kernel::{Kernel, Shape};

/// The layout is that of [`Layout`](super::Layout).
pub(super) fn emit(
    mut code: Code<'_>,
    kernel: &Kernel,
    config: TargetFrontendConfig,
) -> Result<Vec<Parameter>, Unsupported> {
    let Shape::Map { inputs, outputs } = kernel.shape() else { return Ok(Vec::new()) };
    let arguments = code.arguments.clone();
    let sources: Vec<_> = (0..inputs.len()).map(|i| code.pointer(arguments[1], i)).collect();
    let targets: Vec<_> = (0..outputs.len()).map(|i| code.pointer(arguments[2], i)).collect();
    code.repeat(arguments[3], |code, block| {
        let mut values = Vec::new();
        for source in &sources {
            let source = code.at(*source, block, VECTOR_BYTES);
            values.push(code.load(source, 0));
        }
        let results = code.body(kernel, &values, &kernel.shape().results())?;
        for (result, target) in results.into_iter().zip(&targets) {
            let target = code.at(*target, block, VECTOR_BYTES);
            code.store(result, target, 0);
        }
        Ok::<(), Unsupported>(())
    })?;
    Ok(code.leave(config))
}
