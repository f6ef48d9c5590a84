//! Elementwise kernels: one thread a lane, one column per input and output.

use super::body::Uniforms;
use super::code::{Class, Code, Operand, Parameter, Reg, emit};
use super::{MapLayout, Unsupported};
use crate::kernel::{Kernel, Shape};

/// Threads of a block.
const BLOCK: usize = 128;

/// The parameters are those of [`MapLayout`].
pub(super) fn emit(code: &mut Code, kernel: &Kernel) -> Result<MapLayout, Unsupported> {
    let (inputs, outputs) = match kernel.shape() {
        Shape::Map { inputs, outputs } => (inputs.len(), outputs.len()),
        Shape::Reduce { .. } => (0, 0),
    };
    code.max_threads = BLOCK;
    let uniforms = code.parameter(Parameter::Pointer, "uniforms");
    let lanes = code.parameter(Parameter::Count, "lanes");
    let mut columns = |what: &str, count| -> Vec<Reg> {
        (0..count).map(|i| code.parameter(Parameter::Pointer, &format!("{what}{i}"))).collect()
    };
    let (sources, targets) = (columns("in", inputs), columns("out", outputs));
    let (block, threads, thread) = (code.special("%ctaid.x"), code.special("%ntid.x"), code.special("%tid.x"));
    let (lane, is_over, t) = (code.reg(Class::B32), code.reg(Class::Pred), code.float_type());
    emit!(code, "mad.lo.u32 {lane}, {block}, {threads}, {thread}");
    emit!(code, "setp.ge.u32 {is_over}, {lane}, {lanes}");
    emit!(code, "@{is_over} ret");
    let uniforms = Uniforms::load(code, kernel, uniforms);
    let bytes = code.float_bytes();
    let mut values: Vec<Option<Operand>> = Vec::new();
    for source in sources {
        let (address, value) = (code.at(source, lane, bytes), code.float());
        emit!(code, "ld.global.{t} {value}, [{address}]");
        values.push(Some(value.into()));
    }
    let results = code.body(kernel, &uniforms, &values, &kernel.shape().results())?;
    for (result, target) in results.into_iter().zip(targets) {
        let (address, value) = (code.at(target, lane, bytes), code.float());
        // A constant is not an operand of a store.
        emit!(code, "mov.{t} {value}, {result}");
        emit!(code, "st.global.{t} [{address}], {value}");
    }
    Ok(MapLayout { inputs, outputs, block: BLOCK })
}
