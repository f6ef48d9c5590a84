//! Elementwise kernels: one vector of elements per turn, one column per input and output.

use super::super::Unsupported;
use super::super::cpu::Parameter;
use super::asm::{Assembler, Gpr, Mem};
use super::registers::{Plan, emit as emit_straight};
use super::straight::{Straight, VECTOR_BYTES};
use super::{body::body, unsupported};
use crate::kernel::{Kernel, Shape};

/// Where the columns' addresses are. The last registers held arguments, which are read first.
const COLUMNS: [Gpr; 6] = [Gpr::Rax, Gpr::R8, Gpr::R9, Gpr::R10, Gpr::Rdx, Gpr::Rsi];
/// The offset of the elements of a turn, and its end.
const OFFSET: Gpr = Gpr::R11;
const END: Gpr = Gpr::Rcx;

/// The layout is that of [`Layout`](super::super::cpu::Layout).
pub(super) fn emit(asm: &mut Assembler, kernel: &Kernel) -> Result<Vec<Parameter>, Unsupported> {
    let Shape::Map { inputs, outputs } = kernel.shape() else { return Ok(Vec::new()) };
    if inputs.is_empty() || inputs.len() + outputs.len() > COLUMNS.len() {
        return Err(unsupported(kernel, "it has more columns than registers"));
    }
    // Outputs come first, so that the address of the inputs' addresses is overwritten last.
    let (output_columns, rest) = COLUMNS.split_at(outputs.len());
    let input_columns = &rest[..inputs.len()];
    let mut straight = Straight::default();
    let values: Vec<_> = input_columns.iter().map(|c| straight.memory(Mem::indexed(*c, OFFSET, 0))).collect();
    let results = body(&mut straight, kernel, &values, &kernel.shape().results())?;
    for (result, column) in results.into_iter().zip(output_columns) {
        straight.store(Mem::indexed(*column, OFFSET, 0), result);
    }
    let reads = straight.settle();
    let plan = Plan::choose(&straight, &reads, 0, asm);
    asm.enter(plan.frame as u32);
    for (i, column) in output_columns.iter().enumerate() {
        asm.load_pointer(*column, Mem::at(Gpr::Rdx, 8 * i));
    }
    for (i, column) in input_columns.iter().enumerate() {
        asm.load_pointer(*column, Mem::at(Gpr::Rsi, 8 * i));
    }
    asm.shift_pointer_left(END, VECTOR_BYTES.trailing_zeros() as u8);
    plan.invariants.iter().for_each(|resident| asm.load(resident.register, resident.place));
    asm.clear(OFFSET);
    let turn = asm.label();
    emit_straight(&straight, &reads, &plan, asm);
    asm.advance(OFFSET, VECTOR_BYTES as i32);
    asm.repeat_while_below(turn, OFFSET, END);
    asm.leave();
    Ok(straight.parameters)
}
