//! Elementwise kernels: one vector of elements per turn.

use cranelift_codegen::isa::TargetFrontendConfig;

use super::body::Code;
use super::{Unsupported, VECTOR_BYTES};
use crate::kernel::{Kernel, Shape};

/// The layout is that of [`ClifFunction`](super::ClifFunction).
pub(super) fn emit(mut code: Code<'_>, kernel: &Kernel, config: TargetFrontendConfig) -> Result<(), Unsupported> {
    let Shape::Map { inputs, outputs } = kernel.shape() else { return Ok(()) };
    let parameters = code.enter();
    let (source, target, blocks) = (parameters[1], parameters[2], parameters[3]);
    let uniforms = code.uniforms(kernel, parameters[0]);
    code.repeat(blocks, |code, block| {
        let source = code.at(source, block, inputs.len() * VECTOR_BYTES);
        let target = code.at(target, block, outputs.len() * VECTOR_BYTES);
        let values: Vec<_> = (0..inputs.len()).map(|i| code.load(source, (i * VECTOR_BYTES) as i32)).collect();
        let results = code.body(kernel, &uniforms, &values, &kernel.shape().results())?;
        for (i, result) in results.into_iter().enumerate() {
            code.store(result, target, (i * VECTOR_BYTES) as i32);
        }
        Ok::<(), Unsupported>(())
    })?;
    code.leave(config);
    Ok(())
}
