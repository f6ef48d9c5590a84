//! Elementwise kernels: one or two vectors of elements per turn, one column per input and output.

use super::super::Unsupported;
use super::super::cpu::Parameter;
use super::asm::{Assembler, Gpr, Mem};
use super::registers::{Plan, emit as emit_straight};
use super::straight::{LONG, Straight, VECTOR_BYTES, Vector};
use super::{body::body, unsupported};
use crate::kernel::{Kernel, Op, Shape};

/// Where the columns' addresses are. The last registers held arguments, which are read first.
const COLUMNS: [Gpr; 6] = [Gpr::Rax, Gpr::R8, Gpr::R9, Gpr::R10, Gpr::Rdx, Gpr::Rsi];
/// The offset of the elements of a turn, and its end.
const OFFSET: Gpr = Gpr::R11;
const END: Gpr = Gpr::Rcx;

/// The layout is that of [`Layout`](super::super::cpu::Layout).
pub(super) fn emit(asm: &mut Assembler, kernel: &Kernel) -> Result<Vec<Parameter>, Unsupported> {
    let Shape::Map { inputs, outputs } = kernel.shape() else { return Ok(Vec::new()) };
    let is_read = |i: &usize| kernel.body().contains(&Op::Input(*i as u32));
    let read: Vec<usize> = (0..inputs.len()).filter(is_read).collect();
    if read.len() + outputs.len() > COLUMNS.len() {
        return Err(unsupported(kernel, "it has more columns than registers"));
    }
    // Outputs come first, so that the address of the inputs' addresses is overwritten last.
    let (output_columns, rest) = COLUMNS.split_at(outputs.len());
    let mut input_columns = vec![None; inputs.len()];
    read.iter().zip(rest).for_each(|(i, column)| input_columns[*i] = Some(*column));
    let turn = |vectors: usize, beside: &Straight| Turn::new(kernel, &input_columns, output_columns, vectors, beside);
    let one = turn(1, &Straight::default())?;
    let two = if one.straight.steps.len() < LONG { None } else { Some(turn(2, &one.straight)?) };
    asm.enter(two.as_ref().map_or(0, |two| two.plan.frame).max(one.plan.frame) as u32);
    for (i, column) in output_columns.iter().enumerate() {
        asm.load_pointer(*column, Mem::at(Gpr::Rdx, 8 * i));
    }
    for (i, column) in input_columns.iter().enumerate() {
        if let Some(column) = column {
            asm.load_pointer(*column, Mem::at(Gpr::Rsi, 8 * i));
        }
    }
    asm.shift_pointer_left(END, VECTOR_BYTES.trailing_zeros() as u8);
    asm.clear(OFFSET);
    let Some(two) = two else {
        one.repeat(asm);
        asm.leave();
        return Ok(one.straight.parameters);
    };
    // While there are two; then the one that may be left.
    asm.advance(END, -(VECTOR_BYTES as i32));
    let less_than_two = asm.leave_unless_below(OFFSET, END);
    two.repeat(asm);
    asm.arrive(less_than_two);
    asm.advance(END, VECTOR_BYTES as i32);
    let none_left = asm.leave_unless_below(OFFSET, END);
    one.repeat(asm);
    asm.arrive(none_left);
    asm.leave();
    Ok(two.straight.parameters)
}

/// The code for some vectors.
struct Turn {
    vectors: usize,
    straight: Straight,
    reads: Vec<Vec<usize>>,
    plan: Plan,
}

impl Turn {
    fn new(
        kernel: &Kernel,
        inputs: &[Option<Gpr>],
        outputs: &[Gpr],
        vectors: usize,
        beside: &Straight,
    ) -> Result<Turn, Unsupported> {
        let mut straight = Straight::beside(beside);
        let mut results = Vec::with_capacity(vectors);
        for offset in (0..vectors).map(|vector| vector * VECTOR_BYTES) {
            // An input without a column is not read.
            let mut column = |c: &Option<Gpr>| straight.memory(Mem::indexed(c.unwrap_or(OFFSET), OFFSET, offset));
            let values: Vec<Vector> = inputs.iter().map(&mut column).collect();
            results.push((offset, body(&mut straight, kernel, &values, &kernel.shape().results())?));
        }
        straight.take_turns(0, vectors);
        for (offset, results) in results {
            for (result, column) in results.into_iter().zip(outputs) {
                straight.store(Mem::indexed(*column, OFFSET, offset), result);
            }
        }
        let reads = straight.settle();
        let plan = Plan::choose(&straight, &reads, 0, &Assembler::new(kernel.precision()));
        Ok(Turn { vectors, straight, reads, plan })
    }

    /// As long as the offset is below the end.
    fn repeat(&self, asm: &mut Assembler) {
        self.plan.invariants.iter().for_each(|resident| asm.load(resident.register, resident.place));
        let turn = asm.label();
        emit_straight(&self.straight, &self.reads, &self.plan, asm);
        asm.advance(OFFSET, (self.vectors * VECTOR_BYTES) as i32);
        asm.repeat_while_below(turn, OFFSET, END);
    }
}
