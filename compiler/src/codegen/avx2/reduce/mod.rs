//! Sums over sources in few dimensions, one query at a time.
//!
//! Holds: the sums of a query, and what of its coordinates and of the parameters there is room for, stay in registers for all
//!   sources; the rest is an operand in memory. Operations and their order, for a lane, are those of every other target. For
//!   weights given by their logarithm `l_j`, see [`Reference`].

mod log;

use super::super::Unsupported;
use super::super::cpu::{BLOCK_BYTES, Parameter, Partials};
use super::super::sums::common_factor;
use super::asm::{Arith, Assembler, Gpr, Mem, Rm, Ymm};
use super::registers::{Plan, Resident, Written, emit as emit_straight};
use super::straight::{Calculation, LONG, Straight, VECTOR_BYTES, Vector};
use super::{body::body, unsupported};
use crate::kernel::{Kernel, Mean, MeanKind, PairInput, Shape, Weight};
use log::Reference;

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
/// A register that no plan keeps.
const FREE: Ymm = Ymm(0);

/// The layout is that of [`Layout`](super::super::cpu::Layout).
pub(super) fn emit(asm: &mut Assembler, kernel: &Kernel) -> Result<Vec<Parameter>, Unsupported> {
    let Shape::Reduce { dim, means, weight } = kernel.shape() else { return Ok(Vec::new()) };
    if *dim > MAX_DIM {
        return Err(unsupported(kernel, "it has more than 16 dimensions"));
    }
    let loops = Loops::new(kernel, *dim, means, *weight, asm)?;
    // The frame is opened first, and what paths beside the straight one need of it is known when they are written.
    let frame = loops.write(loops.plan.frame, &mut Assembler::new(asm.precision()))?;
    loops.write(frame, asm)?;
    Ok(loops.straight.parameters)
}

/// Vectors of a block.
const VECTORS: usize = BLOCK_BYTES / VECTOR_BYTES;

/// A vector of pairs: their displacements, their weights or the logarithms of these, and what the means average.
struct Pairs {
    r: Vec<Vector>,
    w: Vector,
    values: Vec<Vector>,
}

/// The loop over the blocks of sources, in a loop over queries.
struct Loops<'a> {
    kernel: &'a Kernel,
    means: &'a [Mean],
    partials: Partials,
    straight: Straight,
    /// The steps at which each vector is read.
    reads: Vec<Vec<usize>>,
    plan: Plan,
    /// A query's coordinates, and where in the frame those are that have no register.
    query: Vec<(Vector, Mem)>,
    /// What logarithms of weights are relative to.
    reference: Option<Reference>,
}

impl<'a> Loops<'a> {
    fn new(
        kernel: &'a Kernel,
        dim: usize,
        means: &'a [Mean],
        weight: Weight,
        scratch: &Assembler,
    ) -> Result<Loops<'a>, Unsupported> {
        let mut straight = Straight::default();
        let mut taken = 0;
        let query = (0..dim)
            .map(|d| {
                let place = Mem::at(Gpr::Rsp, d * VECTOR_BYTES);
                taken += VECTOR_BYTES;
                (straight.invariant(place), place)
            })
            .collect();
        let reference = match weight {
            Weight::Log(_) => Some(Reference::new(kernel.precision(), &mut straight, &mut taken)?),
            Weight::Linear(_) => None,
        };
        let partials = Partials::new(kernel, dim, weight, means);
        let mut loops = Loops {
            kernel,
            means,
            partials,
            straight,
            reads: Vec::new(),
            plan: Plan::of_memory(taken),
            query,
            reference,
        };
        loops.block()?;
        loops.reads = loops.straight.settle();
        loops.plan = Plan::choose(&loops.straight, &loops.reads, taken, scratch);
        Ok(loops)
    }

    /// Adds a block of sources to the sums.
    fn block(&mut self) -> Result<(), Unsupported> {
        let start = self.straight.steps.len();
        let mut pairs = vec![self.pairs(0)?];
        let is_short = self.straight.steps.len() - start < LONG;
        for vector in 1..VECTORS {
            if is_short && self.reference.is_none() {
                self.add(&pairs.remove(0));
            }
            pairs.push(self.pairs(vector * VECTOR_BYTES)?);
        }
        if !is_short {
            self.straight.take_turns(start, VECTORS);
        }
        if let Some(reference) = &self.reference {
            let logs: Vec<Vector> = pairs.iter().map(|pairs| pairs.w).collect();
            let weights = reference.weigh(&mut self.straight, &logs)?;
            pairs.iter_mut().zip(weights).for_each(|(pairs, w)| pairs.w = w);
        }
        pairs.iter().for_each(|pairs| self.add(pairs));
        Ok(())
    }

    /// Evaluates the body for one vector of sources, so many bytes into its block.
    fn pairs(&mut self, offset: usize) -> Result<Pairs, Unsupported> {
        let (kernel, straight) = (self.kernel, &mut self.straight);
        let r: Vec<Vector> = self
            .query
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
        let mut values = body(straight, kernel, &inputs, &kernel.shape().results())?;
        Ok(Pairs { r, w: values.remove(0), values })
    }

    /// Adds a vector of sources to the sums; sum `i` is vector `i + 1` of the partials.
    fn add(&mut self, Pairs { r, w, values }: &Pairs) {
        let straight = &mut self.straight;
        straight.add_to(0, *w);
        for (mean, (part, value)) in self.means.iter().zip(self.partials.means.iter().zip(values)) {
            let summand = match mean.kind {
                MeanKind::Weighted(_) => *value,
                MeanKind::Scalar(_) | MeanKind::Displacement(_) if common_factor(self.kernel, mean).is_some() => *w,
                MeanKind::Scalar(_) | MeanKind::Displacement(_) => straight.arith(Arith::Mul, *w, *value),
            };
            match mean.kind {
                MeanKind::Scalar(_) | MeanKind::Weighted(_) => straight.add_to(part.first - 1, summand),
                MeanKind::Displacement(_) => {
                    r.iter().enumerate().for_each(|(d, r)| straight.add_product_to(part.first - 1 + d, summand, *r));
                }
            }
        }
    }

    /// Writes the function with a frame of so many bytes, and returns how many it needs.
    fn write(&self, frame: usize, asm: &mut Assembler) -> Result<usize, Unsupported> {
        asm.enter(frame as u32);
        asm.shift_pointer_left(BLOCKS, BLOCK_BYTES.trailing_zeros() as u8);
        let is_parameter = |resident: &&Resident| resident.place.base == Gpr::Rdi;
        for parameter in self.plan.invariants.iter().filter(is_parameter) {
            asm.load(parameter.register, parameter.place);
        }
        let each_query = asm.label();
        self.open(asm);
        asm.copy_pointer(BLOCK, SOURCES);
        asm.clear(OFFSET);
        let each_block = asm.label();
        let written = emit_straight(&self.straight, &self.reads, &self.plan, asm);
        asm.advance(BLOCK, (self.query.len() * BLOCK_BYTES) as i32);
        asm.advance(OFFSET, BLOCK_BYTES as i32);
        asm.repeat_while_below(each_block, OFFSET, BLOCKS);
        self.close(asm);
        asm.load_pointer(POINTER, TILES);
        asm.advance(POINTER, -1);
        asm.store_pointer(TILES, POINTER);
        asm.repeat_while_not_zero(each_query);
        asm.leave();
        self.beside(&written, asm)
    }

    /// What the exits of the straight path lead to.
    fn beside(&self, written: &Written, asm: &mut Assembler) -> Result<usize, Unsupported> {
        let mut frame = written.frame;
        if let Some(reference) = &self.reference {
            for exit in &written.exits {
                frame = frame.max(reference.raise(exit, &self.straight, &self.plan.sums, written.frame, asm)?);
            }
        }
        Ok(frame)
    }

    /// Brings the coordinates and the sums of the next query to their places.
    fn open(&self, asm: &mut Assembler) {
        let scalar = self.kernel.precision().bytes();
        asm.load_pointer(POINTER, QUERIES);
        for (d, (vector, place)) in self.query.iter().enumerate() {
            let coordinate = Mem::at(POINTER, d * scalar);
            match self.plan.resident(*vector) {
                Some(register) => asm.broadcast(register, coordinate),
                None => {
                    asm.broadcast(FREE, coordinate);
                    asm.store(*place, FREE);
                }
            }
        }
        asm.advance(POINTER, (self.query.len() * scalar) as i32);
        asm.store_pointer(QUERIES, POINTER);
        asm.load_pointer(POINTER, PARTIALS);
        if let Some(reference) = &self.reference {
            asm.load(FREE, Mem::at(POINTER, 0));
            asm.store(reference.place, FREE);
            if let Some(register) = self.plan.resident(reference.vector) {
                asm.copy(register, FREE);
            }
        }
        for (sum, place) in self.plan.sums.iter().enumerate() {
            let partial = Mem::at(POINTER, (sum + 1) * VECTOR_BYTES);
            match place {
                Rm::Reg(register) => asm.load(*register, partial),
                Rm::Mem(place) => {
                    asm.load(FREE, partial);
                    asm.store(*place, FREE);
                }
            }
        }
    }

    /// Brings the sums of a query to memory.
    fn close(&self, asm: &mut Assembler) {
        asm.load_pointer(POINTER, PARTIALS);
        if let Some(reference) = &self.reference {
            asm.load(FREE, reference.place);
            asm.store(Mem::at(POINTER, 0), FREE);
        }
        for (sum, place) in self.plan.sums.iter().enumerate() {
            let partial = Mem::at(POINTER, (sum + 1) * VECTOR_BYTES);
            match place {
                Rm::Reg(register) => asm.store(partial, *register),
                Rm::Mem(place) => {
                    asm.load(FREE, *place);
                    asm.store(partial, FREE);
                }
            }
        }
        asm.advance(POINTER, (self.partials.vectors * VECTOR_BYTES) as i32);
        asm.store_pointer(PARTIALS, POINTER);
    }
}
