//! Registers for straight-line code.
//!
//! In:   a [`Straight`] and which vectors stay in registers while it is repeated.
//! Out:  instructions.
//! Holds: one pass in the order of the code; when registers run out, the vector whose next use is farthest leaves its own, into
//!   the frame if it is nowhere else. Which sums and invariants stay is found by trying: the code is short, and the
//!   shortest wins.
//! Source: L. A. Belady, "A study of replacement algorithms for a virtual-storage computer" (1966), for the choice of the
//!   farthest use.

use super::asm::{Ahead, Arith, Assembler, Form, Gpr, Label, Mem, Rm, Ymm};
use super::straight::{Calculation, Origin, Step, Straight, VECTOR_BYTES, Vector};

/// Vector registers.
pub(super) const REGISTERS: usize = 16;
/// Registers that straight-line code needs at least: three operands and a result.
const SCRATCH: usize = 4;

/// What stays in registers, and where the rest of the frame lies.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// The invariants that have a register, which is loaded before the code runs.
    pub(super) invariants: Vec<Resident>,
    /// Where each sum is.
    pub(super) sums: Vec<Rm>,
    /// Where in the frame vectors that leave their registers go.
    spills: usize,
    /// Bytes of the frame.
    pub(super) frame: usize,
}

/// An invariant, the place it is loaded from and the register it stays in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resident {
    pub(super) vector: Vector,
    pub(super) place: Mem,
    pub(super) register: Ymm,
}

/// Where code leaves its straight path.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exit {
    pub(super) ahead: Ahead,
    /// Where it comes back, with all registers as they were, but for `changed`.
    pub(super) back: Label,
    /// Where the vector is on which depends what is done.
    pub(super) cause: Rm,
    /// The register, if there is one, of the vector that is changed.
    pub(super) changed: Option<Ymm>,
}

/// What is known of code when it is written.
#[derive(Clone, Debug, Default)]
pub(super) struct Written {
    /// Bytes of the frame that it uses.
    pub(super) frame: usize,
    pub(super) exits: Vec<Exit>,
}

impl Plan {
    /// Nothing stays in a register, and the frame holds `taken` bytes already.
    pub(super) fn of_memory(taken: usize) -> Plan {
        Plan { invariants: Vec::new(), sums: Vec::new(), spills: taken, frame: taken }
    }

    /// The register that an invariant stays in.
    pub(super) fn resident(&self, vector: Vector) -> Option<Ymm> {
        self.invariants.iter().find(|resident| resident.vector == vector).map(|resident| resident.register)
    }

    /// The plan of the shortest code, where the frame holds `taken` bytes already.
    pub(super) fn choose(straight: &Straight, reads: &[Vec<usize>], taken: usize, scratch: &Assembler) -> Plan {
        let mut invariants = straight.invariants.clone();
        invariants.retain(|(v, _)| !reads[v.0].is_empty());
        invariants.sort_by_key(|(v, _)| std::cmp::Reverse(reads[v.0].len()));
        let most = (straight.sums + invariants.len()).min(REGISTERS - SCRATCH);
        let length = |kept: usize| {
            let plan = Plan::keeping(kept, straight, &invariants, taken);
            let mut trial = Assembler::new(scratch.precision());
            let written = emit(straight, reads, &plan, &mut trial);
            (trial.instructions(), written.frame)
        };
        let (_, _, kept, frame) = (0..=most)
            .map(|kept| {
                let (instructions, frame) = length(kept);
                (instructions, std::cmp::Reverse(kept), kept, frame)
            })
            .min()
            .unwrap_or_default();
        Plan { frame, ..Plan::keeping(kept, straight, &invariants, taken) }
    }

    /// Keeps the first so many of the sums, then of the invariants.
    fn keeping(kept: usize, straight: &Straight, invariants: &[(Vector, Mem)], taken: usize) -> Plan {
        // From the last register down, so that scratch registers have the short encodings.
        let register = |i: usize| Ymm((REGISTERS - 1 - i) as u8);
        let sums: Vec<Rm> = (0..straight.sums)
            .map(|i| match i < kept {
                true => Rm::Reg(register(i)),
                false => Rm::Mem(Mem::at(Gpr::Rsp, taken + (i - kept) * VECTOR_BYTES)),
            })
            .collect();
        let left = kept.saturating_sub(straight.sums);
        let invariants = invariants.iter().take(left).enumerate().map(|(i, (vector, place))| Resident {
            vector: *vector,
            place: *place,
            register: register(straight.sums + i),
        });
        let frame = taken + straight.sums.saturating_sub(kept) * VECTOR_BYTES;
        Plan { invariants: invariants.collect(), sums, spills: frame, frame }
    }
}

/// Writes the code.
pub(super) fn emit(straight: &Straight, reads: &[Vec<usize>], plan: &Plan, asm: &mut Assembler) -> Written {
    let mut registers = Registers {
        straight,
        reads,
        asm,
        at: vec![None; straight.origins.len()],
        spilled: vec![None; straight.origins.len()],
        holds: [Content::Free; REGISTERS],
        position: 0,
        written: Written { frame: plan.spills, exits: Vec::new() },
    };
    for Resident { vector, register, .. } in &plan.invariants {
        registers.at[vector.0] = Some(*register);
        registers.holds[register.0 as usize] = Content::Kept;
    }
    for sum in &plan.sums {
        if let Rm::Reg(register) = sum {
            registers.holds[register.0 as usize] = Content::Kept;
        }
    }
    for (position, step) in straight.steps.iter().enumerate() {
        registers.position = position;
        registers.step(*step, &plan.sums);
    }
    registers.written
}

#[derive(Clone, Copy, PartialEq)]
enum Content {
    Free,
    /// For the whole of the code.
    Kept,
    Vector(Vector),
    /// The result of the instruction that is being written.
    Scratch,
}

struct Registers<'a> {
    straight: &'a Straight,
    /// The steps at which each vector is read.
    reads: &'a [Vec<usize>],
    asm: &'a mut Assembler,
    /// The register that each vector is in.
    at: Vec<Option<Ymm>>,
    /// Where in the frame it is.
    spilled: Vec<Option<Mem>>,
    holds: [Content; REGISTERS],
    /// The step that is being written.
    position: usize,
    written: Written,
}

impl Registers<'_> {
    fn step(&mut self, step: Step, sums: &[Rm]) {
        match step {
            Step::Compute(vector) => {
                if let Origin::Computed(calculation) = self.straight.origins[vector.0] {
                    let register = self.calculate(calculation);
                    self.holds[register.0 as usize] = Content::Vector(vector);
                    self.at[vector.0] = Some(register);
                }
            }
            Step::Add(sum, a) => match sums[sum] {
                Rm::Reg(sum) => {
                    let a = self.operand(a);
                    self.asm.arith(Arith::Add, sum, sum, a);
                    self.forget_the_dead();
                }
                Rm::Mem(place) => {
                    let a = self.in_register(a);
                    self.forget_the_dead();
                    let sum = self.scratch(&[a]);
                    self.asm.arith(Arith::Add, sum, a, Rm::Mem(place));
                    self.asm.store(place, sum);
                    self.free(sum);
                }
            },
            Step::AddProduct(sum, a, b) => {
                let (a, b) = self.register_and_operand(a, b);
                match sums[sum] {
                    Rm::Reg(sum) => self.asm.fma(Form::F231, sum, a, b),
                    Rm::Mem(place) => {
                        let sum = self.scratch(&registers_of(&[Rm::Reg(a), b]));
                        self.asm.load(sum, place);
                        self.asm.fma(Form::F231, sum, a, b);
                        self.asm.store(place, sum);
                        self.free(sum);
                    }
                }
                self.forget_the_dead();
            }
            Step::Store(to, a) => {
                let a = self.in_register(a);
                self.asm.store(to, a);
                self.forget_the_dead();
            }
            Step::Leave { mask, cause, changed } => {
                let mask = self.in_register(mask);
                self.asm.test_signs(mask);
                let (ahead, back) = (self.asm.leave_if_not_zero(), self.asm.label());
                let exit = Exit { ahead, back, cause: self.operand(cause), changed: self.at[changed.0] };
                self.written.exits.push(exit);
                self.forget_the_dead();
            }
        }
    }

    /// The register of the result, which holds [`Content::Scratch`].
    fn calculate(&mut self, calculation: Calculation) -> Ymm {
        match calculation {
            Calculation::Arith(op, a, b) => {
                let commutes = matches!(op, Arith::Add | Arith::Mul | Arith::And | Arith::Or | Arith::Xor);
                let (a, b) = match commutes {
                    true => self.register_and_operand(a, b),
                    false => self.ordered(a, b),
                };
                let to = self.result(&[Rm::Reg(a), b]);
                self.asm.arith(op, to, a, b);
                to
            }
            Calculation::Compare(r, a, b) => {
                let (a, b) = self.ordered(a, b);
                let to = self.result(&[Rm::Reg(a), b]);
                self.asm.compare(r, to, a, b);
                to
            }
            Calculation::Blend(mask, a, b) => {
                let mask = self.in_register(mask);
                let b = self.in_register_beside(b, &[mask]);
                let a = self.operand(a);
                let to = self.result(&[Rm::Reg(mask), Rm::Reg(b), a]);
                self.asm.blend(to, b, a, mask);
                to
            }
            Calculation::Sqrt(a) => {
                let a = self.operand(a);
                let to = self.result(&[a]);
                self.asm.sqrt(to, a);
                to
            }
            Calculation::Round(a) => {
                let a = self.operand(a);
                let to = self.result(&[a]);
                self.asm.round(to, a);
                to
            }
            Calculation::Shift(left, a, bits) => {
                let a = self.in_register(a);
                let to = self.result(&[Rm::Reg(a)]);
                self.asm.shift(left, to, a, bits);
                to
            }
            Calculation::Fma(a, b, c) => self.fma(a, b, c),
        }
    }

    /// A fused multiply-add overwrites one of its operands: one that nothing else needs, or a copy.
    fn fma(&mut self, a: Vector, b: Vector, c: Vector) -> Ymm {
        let mut operands = [a, b, c].map(|v| self.operand(v));
        let dies = |this: &Self, v: Vector, operand: Rm| match operand {
            Rm::Reg(register) => this.is_last_use(v) && this.holds[register.0 as usize] != Content::Kept,
            Rm::Mem(_) => false,
        };
        let mut overwritten = [2, 0, 1].into_iter().find(|i| dies(self, [a, b, c][*i], operands[*i]));
        // One operand may lie in memory; a copy is best made of one that would have to be loaded anyway.
        for i in [0, 1, 2] {
            let in_memory = operands.iter().filter(|o| matches!(o, Rm::Mem(_))).count();
            if let Rm::Mem(place) = operands[i]
                && (in_memory > 1 || overwritten.is_none())
            {
                let register = self.scratch(&registers_of(&operands));
                self.asm.load(register, place);
                // The same vector may be both factors.
                let vector = [a, b, c][i];
                (0..3).filter(|j| [a, b, c][*j] == vector).for_each(|j| operands[j] = Rm::Reg(register));
                match overwritten {
                    None => overwritten = Some(i),
                    Some(_) => {
                        self.holds[register.0 as usize] = Content::Vector(vector);
                        self.at[vector.0] = Some(register);
                    }
                }
            }
        }
        let at = match overwritten {
            Some(at) => at,
            None => {
                let copy = self.scratch(&registers_of(&operands));
                if let Rm::Reg(register) = operands[2] {
                    self.asm.copy(copy, register);
                }
                operands[2] = Rm::Reg(copy);
                2
            }
        };
        let [a, b, c] = operands;
        let to = match (at, a, b, c) {
            (2, Rm::Reg(a), b, Rm::Reg(c)) => self.write(Form::F231, c, a, b),
            (2, a, Rm::Reg(b), Rm::Reg(c)) => self.write(Form::F231, c, b, a),
            (0, Rm::Reg(a), Rm::Reg(b), c) => self.write(Form::F213, a, b, c),
            (0, Rm::Reg(a), b, Rm::Reg(c)) => self.write(Form::F132, a, c, b),
            (_, Rm::Reg(a), Rm::Reg(b), c) => self.write(Form::F213, b, a, c),
            (_, a, Rm::Reg(b), Rm::Reg(c)) => self.write(Form::F132, b, c, a),
            _ => {
                debug_assert!(false, "at most one operand is in memory, and it is not the one that is overwritten");
                Ymm(0)
            }
        };
        self.forget_the_dead();
        self.holds[to.0 as usize] = Content::Scratch;
        to
    }

    fn write(&mut self, form: Form, to: Ymm, second: Ymm, third: Rm) -> Ymm {
        self.asm.fma(form, to, second, third);
        to
    }

    /// The first in a register, the second where it is; in this order.
    fn ordered(&mut self, a: Vector, b: Vector) -> (Ymm, Rm) {
        let beside = registers_of(&[self.operand(b)]);
        let a = self.in_register_beside(a, &beside);
        (a, self.operand(b))
    }

    /// One of the two in a register, the other where it is.
    fn register_and_operand(&mut self, a: Vector, b: Vector) -> (Ymm, Rm) {
        match (self.operand(a), self.operand(b)) {
            (Rm::Mem(_), Rm::Reg(_)) => self.ordered(b, a),
            _ => self.ordered(a, b),
        }
    }

    /// Where a vector is.
    fn operand(&self, v: Vector) -> Rm {
        match (self.at[v.0], self.spilled[v.0], self.straight.origins[v.0]) {
            (Some(register), _, _) => Rm::Reg(register),
            (None, _, Origin::Memory(place)) | (None, Some(place), Origin::Computed(_)) => Rm::Mem(place),
            (None, None, Origin::Computed(_)) => {
                debug_assert!(
                    false,
                    "a vector is computed before it is read, and then is in a register or in the frame"
                );
                Rm::Mem(Mem::at(Gpr::Rsp, 0))
            }
        }
    }

    fn in_register(&mut self, v: Vector) -> Ymm {
        self.in_register_beside(v, &[])
    }

    /// A vector in a register, where these are in use too.
    fn in_register_beside(&mut self, v: Vector, beside: &[Ymm]) -> Ymm {
        match self.operand(v) {
            Rm::Reg(register) => register,
            Rm::Mem(place) => {
                let register = self.scratch(beside);
                self.asm.load(register, place);
                self.holds[register.0 as usize] = Content::Vector(v);
                self.at[v.0] = Some(register);
                register
            }
        }
    }

    /// A register for a result, which may be that of an operand that nothing else needs.
    fn result(&mut self, operands: &[Rm]) -> Ymm {
        self.forget_the_dead();
        self.scratch(&registers_of(operands))
    }

    /// A free register; the vector of another one is moved out if there is none. Those of `beside` stay.
    fn scratch(&mut self, beside: &[Ymm]) -> Ymm {
        let free = self.holds.iter().position(|content| *content == Content::Free);
        let index = free.or_else(|| self.farthest(beside));
        debug_assert!(index.is_some(), "an instruction needs at most {SCRATCH} registers");
        let index = index.unwrap_or(0);
        let register = Ymm(index as u8);
        if let Content::Vector(v) = self.holds[index] {
            self.at[v.0] = None;
            if matches!(self.straight.origins[v.0], Origin::Computed(_)) && self.spilled[v.0].is_none() {
                let place = Mem::at(Gpr::Rsp, self.written.frame);
                self.written.frame += VECTOR_BYTES;
                self.asm.store(place, register);
                self.spilled[v.0] = Some(place);
            }
        }
        self.holds[index] = Content::Scratch;
        register
    }

    /// The register whose vector is used last, among those that are in memory too if there are such.
    fn farthest(&self, beside: &[Ymm]) -> Option<usize> {
        let candidates = (0..REGISTERS).filter(|i| !beside.contains(&Ymm(*i as u8)));
        candidates
            .filter_map(|i| match self.holds[i] {
                Content::Vector(v) => {
                    let is_in_memory =
                        matches!(self.straight.origins[v.0], Origin::Memory(_)) || self.spilled[v.0].is_some();
                    Some((is_in_memory, self.next_use(v), i))
                }
                Content::Free | Content::Kept | Content::Scratch => None,
            })
            .max()
            .map(|(_, _, i)| i)
    }

    /// The next step after this one that reads the vector.
    fn next_use(&self, v: Vector) -> usize {
        let reads = &self.reads[v.0];
        let after = reads.partition_point(|read| *read <= self.position);
        reads.get(after).copied().unwrap_or(usize::MAX)
    }

    fn is_last_use(&self, v: Vector) -> bool {
        self.next_use(v) == usize::MAX
    }

    /// Frees the registers of vectors that no later step reads.
    fn forget_the_dead(&mut self) {
        for i in 0..REGISTERS {
            if let Content::Vector(v) = self.holds[i]
                && self.is_last_use(v)
            {
                self.holds[i] = Content::Free;
                self.at[v.0] = None;
            }
        }
    }

    fn free(&mut self, register: Ymm) {
        self.holds[register.0 as usize] = Content::Free;
    }
}

fn registers_of(operands: &[Rm]) -> Vec<Ymm> {
    operands
        .iter()
        .filter_map(|operand| match operand {
            Rm::Reg(register) => Some(*register),
            Rm::Mem(_) => None,
        })
        .collect()
}
