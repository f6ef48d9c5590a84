//! Sums over sources with linear weights, one query at a time.
//!
//! Holds: the sums of a query, and what of its coordinates and of the parameters there is room for, stay in registers for all
//!   sources; the rest is an operand in memory. Operations and their order, for a lane, are those of every other target.

use super::super::Unsupported;
use super::super::cpu::{BLOCK_BYTES, Parameter, Partials};
use super::super::sums::common_factor;
use super::asm::{Arith, Assembler, Gpr, Mem, Rm, Ymm};
use super::registers::{Plan, Resident, emit as emit_straight};
use super::straight::{Calculation, Straight, VECTOR_BYTES, Vector};
use super::{body::body, unsupported};
use crate::kernel::{Kernel, MeanKind, PairInput, Shape, Weight};

/// Above this, a query's sums take more memory operations than the arithmetic hides.
pub(super) const MAX_DIM: usize = 16;

/// The arguments, in the order of [`Layout`](super::super::cpu::Layout); parameters are in `rdi`.
const SOURCES: Gpr = Gpr::Rsi;
const WEIGHTS: [Gpr; 3] = [Gpr::Rdx, Gpr::Rcx, Gpr::R8];
const BLOCKS: Gpr = Gpr::R9;
const QUERIES: Mem = Mem { base: Gpr::Rbp, index: None, offset: 16 };
const TILES: Mem = Mem { base: Gpr::Rbp, index: None, offset: 24 };
const PARTIALS: Mem = Mem { base: Gpr::Rbp, index: None, offset: 32 };
/// The coordinates of a block, and the offset of its weights.
const BLOCK: Gpr = Gpr::Rax;
const OFFSET: Gpr = Gpr::R10;
const POINTER: Gpr = Gpr::R11;

/// The layout is that of [`Layout`](super::super::cpu::Layout).
pub(super) fn emit(asm: &mut Assembler, kernel: &Kernel) -> Result<Vec<Parameter>, Unsupported> {
    let Shape::Reduce { dim, means, weight } = kernel.shape() else { return Ok(Vec::new()) };
    if *dim > MAX_DIM || !matches!(weight, Weight::Linear(_)) {
        return Err(unsupported(kernel, "its sums need logarithms or more than 16 dimensions"));
    }
    let partials = Partials::new(kernel, *dim, *weight, means);
    let mut straight = Straight::default();
    let query: Vec<(Vector, Mem)> = (0..*dim)
        .map(|d| {
            let place = Mem::at(Gpr::Rsp, d * VECTOR_BYTES);
            (straight.invariant(place), place)
        })
        .collect();
    for vector in 0..BLOCK_BYTES / VECTOR_BYTES {
        pairs(&mut straight, kernel, &partials, &query, vector * VECTOR_BYTES)?;
    }
    let reads = straight.settle();
    let plan = Plan::choose(&straight, &reads, dim * VECTOR_BYTES, asm);

    asm.enter(plan.frame as u32);
    asm.shift_pointer_left(BLOCKS, BLOCK_BYTES.trailing_zeros() as u8);
    let is_coordinate = |resident: &&Resident| query.iter().any(|(v, _)| *v == resident.vector);
    for parameter in plan.invariants.iter().filter(|resident| !is_coordinate(resident)) {
        asm.load(parameter.register, parameter.place);
    }
    let each_query = asm.label();
    asm.load_pointer(POINTER, QUERIES);
    for (d, (vector, place)) in query.iter().enumerate() {
        let coordinate = Mem::at(POINTER, d * kernel.precision().bytes());
        match plan.invariants.iter().find(|resident| resident.vector == *vector) {
            Some(resident) => asm.broadcast(resident.register, coordinate),
            None => {
                asm.broadcast(FREE, coordinate);
                asm.store(*place, FREE);
            }
        }
    }
    asm.advance(POINTER, (dim * kernel.precision().bytes()) as i32);
    asm.store_pointer(QUERIES, POINTER);
    asm.load_pointer(POINTER, PARTIALS);
    for (sum, place) in plan.sums.iter().enumerate() {
        let partial = Mem::at(POINTER, (sum + 1) * VECTOR_BYTES);
        match place {
            Rm::Reg(register) => asm.load(*register, partial),
            Rm::Mem(place) => {
                asm.load(FREE, partial);
                asm.store(*place, FREE);
            }
        }
    }
    asm.copy_pointer(BLOCK, SOURCES);
    asm.clear(OFFSET);
    let each_block = asm.label();
    emit_straight(&straight, &reads, &plan, asm);
    asm.advance(BLOCK, (dim * BLOCK_BYTES) as i32);
    asm.advance(OFFSET, BLOCK_BYTES as i32);
    asm.repeat_while_below(each_block, OFFSET, BLOCKS);
    asm.load_pointer(POINTER, PARTIALS);
    for (sum, place) in plan.sums.iter().enumerate() {
        let partial = Mem::at(POINTER, (sum + 1) * VECTOR_BYTES);
        match place {
            Rm::Reg(register) => asm.store(partial, *register),
            Rm::Mem(place) => {
                asm.load(FREE, *place);
                asm.store(partial, FREE);
            }
        }
    }
    asm.advance(POINTER, (partials.vectors * VECTOR_BYTES) as i32);
    asm.store_pointer(PARTIALS, POINTER);
    asm.load_pointer(POINTER, TILES);
    asm.advance(POINTER, -1);
    asm.store_pointer(TILES, POINTER);
    asm.repeat_while_not_zero(each_query);
    asm.leave();
    Ok(straight.parameters)
}

/// A register that no plan keeps.
const FREE: Ymm = Ymm(0);

/// Adds one vector of sources, so many bytes into its block, to the sums; sum `i` is vector `i + 1` of the partials.
fn pairs(
    straight: &mut Straight,
    kernel: &Kernel,
    partials: &Partials,
    query: &[(Vector, Mem)],
    offset: usize,
) -> Result<(), Unsupported> {
    let Shape::Reduce { means, .. } = kernel.shape() else { return Ok(()) };
    let r: Vec<Vector> = query
        .iter()
        .enumerate()
        .map(|(d, (x, _))| {
            let y = straight.memory(Mem::at(BLOCK, d * BLOCK_BYTES + offset));
            straight.arith(Arith::Sub, *x, y)
        })
        .collect();
    let first = straight.arith(Arith::Mul, r[0], r[0]);
    let q = r[1..].iter().fold(first, |q, r| straight.compute(Calculation::Fma(*r, *r, q)));
    let is_read: Vec<PairInput> = kernel.weight_inputs().collect();
    let mut inputs = vec![q];
    for (input, column) in PairInput::ALL[1..].iter().zip(WEIGHTS) {
        // An input that is not read may hold anything.
        let weight = is_read.contains(input).then(|| straight.memory(Mem::indexed(column, OFFSET, offset)));
        inputs.push(weight.unwrap_or(q));
    }
    let values = body(straight, kernel, &inputs, &kernel.shape().results())?;
    let w = values[0];
    straight.add_to(0, w);
    for (mean, (part, value)) in means.iter().zip(partials.means.iter().zip(&values[1..])) {
        let summand = match mean.kind {
            MeanKind::Weighted(_) => *value,
            MeanKind::Scalar(_) | MeanKind::Displacement(_) if common_factor(kernel, mean).is_some() => w,
            MeanKind::Scalar(_) | MeanKind::Displacement(_) => straight.arith(Arith::Mul, w, *value),
        };
        match mean.kind {
            MeanKind::Scalar(_) | MeanKind::Weighted(_) => straight.add_to(part.first - 1, summand),
            MeanKind::Displacement(_) => {
                r.iter().enumerate().for_each(|(d, r)| straight.add_product_to(part.first - 1 + d, summand, *r));
            }
        }
    }
    Ok(())
}
