//! Weights given by their logarithm: a running maximum per lane, raised rarely.

use super::super::super::Unsupported;
use super::super::super::cpu::Parameter;
use super::super::super::sums::{SLACK, weight_kernel};
use super::super::asm::{Arith, Assembler, Gpr, Mem, Rm, Ymm};
use super::super::body::body;
use super::super::registers::{Exit, Plan, REGISTERS, emit};
use super::super::straight::{Calculation, Straight, VECTOR_BYTES, Vector};
use crate::kernel::{Compare, Kernel, Precision};

/// The number m, one in each lane, with every sum over `exp(l_j - m)`.
///
/// No `l_j` exceeds m by more than [`SLACK`]; where one would, the straight path is left: m is raised to it, and all sums are multiplied
/// by `exp(m_old - m_new)`. All registers are stored before, and loaded after that, which is rare enough not to be counted.
pub(super) struct Reference {
    /// As an operand of the straight path.
    pub(super) vector: Vector,
    /// It always lies here, whether or not it is in a register too.
    pub(super) place: Mem,
    /// Where the registers are stored.
    saved: usize,
    exp: Kernel,
}

impl Reference {
    /// Takes room in the frame from `taken` on.
    pub(super) fn new(
        precision: Precision,
        straight: &mut Straight,
        taken: &mut usize,
    ) -> Result<Reference, Unsupported> {
        let place = Mem::at(Gpr::Rsp, *taken);
        let saved = *taken + VECTOR_BYTES;
        *taken = saved + REGISTERS * VECTOR_BYTES;
        Ok(Reference { vector: straight.invariant(place), place, saved, exp: weight_kernel(precision)? })
    }

    /// `exp(l - m)` for some vectors, after m is raised where one of them needs that.
    pub(super) fn weigh(&self, straight: &mut Straight, logs: &[Vector]) -> Result<Vec<Vector>, Unsupported> {
        let top = logs[1..].iter().fold(logs[0], |top, l| straight.arith(Arith::Max, top, *l));
        let too_large = self.too_large(straight, top, self.vector);
        straight.leave_if_any(too_large, top, self.vector);
        let weight = |l: &Vector| {
            let excess = straight.arith(Arith::Sub, *l, self.vector);
            self.exp(straight, excess)
        };
        logs.iter().map(weight).collect()
    }

    fn too_large(&self, straight: &mut Straight, l: Vector, m: Vector) -> Vector {
        let slack = straight.parameter(Parameter::constant(SLACK, self.exp.precision()));
        let excess = straight.arith(Arith::Sub, l, m);
        straight.compute(Calculation::Compare(Compare::Lt, slack, excess))
    }

    fn exp(&self, straight: &mut Straight, x: Vector) -> Result<Vector, Unsupported> {
        Ok(body(straight, &self.exp, &[x], &self.exp.shape().results())?[0])
    }

    /// Raises m to l in the lanes that need it, rescales every sum there, and comes back. The other lanes are scaled by exactly 1, so
    /// that a result does not depend on the other lanes. Returns how much of the frame is used.
    pub(super) fn raise(
        &self,
        exit: &Exit,
        beside: &Straight,
        sums: &[Rm],
        taken: usize,
        asm: &mut Assembler,
    ) -> Result<usize, Unsupported> {
        let saved = |register: Ymm| Mem::at(Gpr::Rsp, self.saved + usize::from(register.0) * VECTOR_BYTES);
        let place = |rm: Rm| match rm {
            Rm::Reg(register) => saved(register),
            Rm::Mem(place) => place,
        };
        let registers = || (0..REGISTERS).map(|i| Ymm(i as u8));
        asm.arrive(exit.ahead);
        registers().for_each(|register| asm.store(saved(register), register));

        let mut straight = Straight::beside(beside);
        let (l, m) = (straight.memory(place(exit.cause)), straight.memory(self.place));
        let too_large = self.too_large(&mut straight, l, m);
        let raised = straight.compute(Calculation::Blend(too_large, l, m));
        let difference = straight.arith(Arith::Sub, m, raised);
        let scale = self.exp(&mut straight, difference)?;
        for sum in sums {
            let old = straight.memory(place(*sum));
            let new = straight.arith(Arith::Mul, old, scale);
            straight.store(place(*sum), new);
        }
        straight.store(self.place, raised);
        debug_assert_eq!(straight.parameters, beside.parameters, "the straight path takes the same logarithms");
        let reads = straight.settle();
        let written = emit(&straight, &reads, &Plan::of_memory(taken), asm);

        for register in registers() {
            let changed = exit.changed == Some(register);
            asm.load(register, if changed { self.place } else { saved(register) });
        }
        asm.jump_back(exit.back);
        Ok(written.frame)
    }
}
