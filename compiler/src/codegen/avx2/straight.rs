//! Straight-line vector code before registers are given out.
//!
//! In:   operations on [`Vector`]s, sums to advance, places to store to, in order.
//! Out:  a [`Straight`], which `registers` turns into instructions.
//! Holds: a vector is computed once and never changes; what is in memory stays there unchanged while the code runs, but for
//!   what is changed outside of the straight path.

use super::super::cpu::Parameter;
use super::asm::{Arith, Gpr, Mem};
use crate::kernel::Compare;

/// Bytes of a vector.
pub(super) const VECTOR_BYTES: usize = 32;

/// Steps for a vector that leave a processor, which looks ahead over a few hundred instructions, no room to see those for the
/// next: then two vectors take turns, so that it sees two chains of dependent operations, not one.
pub(super) const LONG: usize = 64;

/// A value of 256 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Vector(pub(super) usize);

/// Where a vector comes from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Origin {
    /// It lies in memory.
    Memory(Mem),
    /// It is computed.
    Computed(Calculation),
}

/// An operation on vectors.
#[derive(Clone, Copy, Debug)]
pub(super) enum Calculation {
    Arith(Arith, Vector, Vector),
    Compare(Compare, Vector, Vector),
    /// `if mask { a } else { b }`.
    Blend(Vector, Vector, Vector),
    Sqrt(Vector),
    Round(Vector),
    /// The bits of a lane, shifted to the left or to the right.
    Shift(bool, Vector, u8),
    /// `a b + c`, rounded once.
    Fma(Vector, Vector, Vector),
}

/// What the code does, in order.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Compute(Vector),
    /// Adds to the sum of this number.
    Add(usize, Vector),
    /// Adds the product of two vectors to the sum of this number, rounded once.
    AddProduct(usize, Vector, Vector),
    Store(Mem, Vector),
    /// Leaves the straight path, to come back, if any lane of `mask` is set.
    Leave {
        mask: Vector,
        /// What is done there depends on it.
        cause: Vector,
        /// It lies in memory, and is another one afterwards.
        changed: Vector,
    },
}

/// Straight-line code.
#[derive(Default)]
pub(super) struct Straight {
    pub(super) origins: Vec<Origin>,
    pub(super) steps: Vec<Step>,
    /// Vectors in memory that are the same each time the code runs, and so may live in registers throughout.
    pub(super) invariants: Vec<(Vector, Mem)>,
    /// The parameters that the code reads, from the address in `rdi` on.
    pub(super) parameters: Vec<Parameter>,
    /// The vector of each parameter.
    parameter_vectors: Vec<Vector>,
    /// How many sums it advances.
    pub(super) sums: usize,
}

impl Straight {
    /// Code that shares the parameters of other code.
    pub(super) fn beside(other: &Straight) -> Straight {
        let mut straight = Straight::default();
        other.parameters.iter().for_each(|parameter| {
            straight.parameter(*parameter);
        });
        straight
    }

    /// A vector that lies in memory.
    pub(super) fn memory(&mut self, place: Mem) -> Vector {
        self.origins.push(Origin::Memory(place));
        Vector(self.origins.len() - 1)
    }

    /// The same for one that is there every time the code runs.
    pub(super) fn invariant(&mut self, place: Mem) -> Vector {
        let vector = self.memory(place);
        self.invariants.push((vector, place));
        vector
    }

    /// A constant or a uniform.
    pub(super) fn parameter(&mut self, parameter: Parameter) -> Vector {
        let index = parameter.index_in(&mut self.parameters);
        if index == self.parameter_vectors.len() {
            let vector = self.invariant(Mem::at(Gpr::Rdi, index * VECTOR_BYTES));
            self.parameter_vectors.push(vector);
        }
        self.parameter_vectors[index]
    }

    pub(super) fn compute(&mut self, calculation: Calculation) -> Vector {
        self.origins.push(Origin::Computed(calculation));
        let vector = Vector(self.origins.len() - 1);
        self.steps.push(Step::Compute(vector));
        vector
    }

    pub(super) fn arith(&mut self, op: Arith, a: Vector, b: Vector) -> Vector {
        self.compute(Calculation::Arith(op, a, b))
    }

    pub(super) fn add_to(&mut self, sum: usize, vector: Vector) {
        self.sums = self.sums.max(sum + 1);
        self.steps.push(Step::Add(sum, vector));
    }

    pub(super) fn add_product_to(&mut self, sum: usize, a: Vector, b: Vector) {
        self.sums = self.sums.max(sum + 1);
        self.steps.push(Step::AddProduct(sum, a, b));
    }

    pub(super) fn store(&mut self, to: Mem, vector: Vector) {
        self.steps.push(Step::Store(to, vector));
    }

    pub(super) fn leave_if_any(&mut self, mask: Vector, cause: Vector, changed: Vector) {
        self.steps.push(Step::Leave { mask, cause, changed });
    }

    /// Takes the steps from `start` on, as many for each of so many vectors, one vector after the other, in turns.
    pub(super) fn take_turns(&mut self, start: usize, vectors: usize) {
        let steps = self.steps.split_off(start);
        let each = steps.len() / vectors;
        let turns = (0..each).flat_map(|i| (0..vectors).map(move |vector| vector * each + i));
        self.steps.extend(turns.map(|i| steps[i]));
    }

    /// Drops what nothing needs, and tells the steps at which each vector is read.
    pub(super) fn settle(&mut self) -> Vec<Vec<usize>> {
        let mut is_read = vec![false; self.origins.len()];
        let mut kept = Vec::with_capacity(self.steps.len());
        for step in self.steps.iter().rev() {
            if let Step::Compute(vector) = step
                && !is_read[vector.0]
            {
                continue;
            }
            self.operands(*step).for_each(|operand| is_read[operand.0] = true);
            kept.push(*step);
        }
        kept.reverse();
        self.steps = kept;
        let mut reads = vec![Vec::new(); self.origins.len()];
        for (position, step) in self.steps.iter().enumerate() {
            self.operands(*step).for_each(|operand| reads[operand.0].push(position));
        }
        reads
    }

    fn operands(&self, step: Step) -> impl Iterator<Item = Vector> + use<> {
        let operands = match step {
            Step::Compute(vector) => match self.origins[vector.0] {
                Origin::Computed(calculation) => calculation.operands(),
                Origin::Memory(_) => [None; 3],
            },
            Step::Add(_, a) | Step::Store(_, a) => [Some(a), None, None],
            Step::AddProduct(_, a, b) | Step::Leave { mask: a, cause: b, .. } => [Some(a), Some(b), None],
        };
        operands.into_iter().flatten()
    }
}

impl Calculation {
    fn operands(self) -> [Option<Vector>; 3] {
        match self {
            Calculation::Arith(_, a, b) | Calculation::Compare(_, a, b) => [Some(a), Some(b), None],
            Calculation::Blend(a, b, c) | Calculation::Fma(a, b, c) => [Some(a), Some(b), Some(c)],
            Calculation::Sqrt(a) | Calculation::Round(a) | Calculation::Shift(_, a, _) => [Some(a), None, None],
        }
    }
}
