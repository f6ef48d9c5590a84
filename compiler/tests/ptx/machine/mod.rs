//! A machine that runs PTX text: what a block of threads does between barriers, one thread after the other.
//!
//! In:   the text of a module with one entry, buffers in global memory, a grid.
//! Out:  the buffers afterwards.
//! Holds: floats are IEEE 754, each instruction rounded once, `fma` too; nothing is flushed to zero but by `.ftz`. What a device would
//!   leave undefined is a panic with the instruction: an access outside a buffer or across its alignment, a register of
//!   another class, a barrier that some threads do not reach, two threads at one place of shared memory without a barrier between
//!   them when one of them writes. Shared memory starts as NaN.

mod decode;
mod memory;

pub use decode::Type;
use decode::{Entry, Instruction, Op, Operand, Space};
pub use memory::{Buffer, Global, Memory};
use memory::{Shared, read, write};

/// A parsed module.
#[derive(Debug)]
pub struct Machine {
    entry: Entry,
}

/// An argument of a launch.
#[derive(Clone, Copy)]
pub enum Argument {
    Pointer(Buffer),
    Count(u32),
}

/// The most instructions of one thread between barriers: a loop that does not end is a failure, not a wait.
const MOST: usize = 200_000_000;

struct Thread {
    registers: Vec<u64>,
    at: usize,
    index: u32,
    has_ended: bool,
}

struct Block<'a> {
    entry: &'a Entry,
    arguments: &'a [u64],
    shared: Shared,
    block: [u32; 2],
    threads: u32,
}

impl Machine {
    pub fn new(text: &str) -> Machine {
        Machine { entry: decode::parse(text) }
    }

    pub fn entry(&self) -> &str {
        &self.entry.name
    }

    /// The types of the arguments.
    pub fn parameters(&self) -> Vec<Type> {
        self.entry.parameters.iter().map(|parameter| parameter.1).collect()
    }

    /// The most threads of a block.
    pub fn max_threads(&self) -> usize {
        self.entry.max_threads
    }

    /// Runs a grid of blocks of `threads` threads.
    pub fn launch(&self, memory: &mut Global, grid: [u32; 2], threads: usize, arguments: &[Argument]) {
        let types = self.parameters();
        assert_eq!(types.len(), arguments.len(), "number of arguments");
        let arguments: Vec<u64> = (types.iter().zip(arguments))
            .map(|(ty, argument)| match (ty, argument) {
                (Type::U64, Argument::Pointer(buffer)) => buffer.address(),
                (Type::U32, Argument::Count(count)) => u64::from(*count),
                _ => panic!("an argument is not of type {ty:?}"),
            })
            .collect();
        self.run(memory, grid, threads, &arguments);
    }

    /// The same with arguments as bits, which are of the types of the parameters.
    pub fn run(&self, memory: &mut impl Memory, grid: [u32; 2], threads: usize, arguments: &[u64]) {
        assert!(threads <= self.max_threads(), "{threads} threads for .maxntid {}", self.max_threads());
        for block in (0..grid[1]).flat_map(|y| (0..grid[0]).map(move |x| [x, y])) {
            let shared = Shared::new(self.entry.shared_bytes);
            let mut block = Block { entry: &self.entry, arguments, shared, block, threads: threads as u32 };
            block.run(memory);
        }
    }
}

impl Block<'_> {
    fn run(&mut self, memory: &mut impl Memory) {
        let thread = |index| Thread { registers: vec![0; self.entry.registers], at: 0, index, has_ended: false };
        let mut threads: Vec<Thread> = (0..self.threads).map(thread).collect();
        loop {
            for thread in &mut threads {
                self.advance(thread, memory);
            }
            let ended = threads.iter().filter(|thread| thread.has_ended).count();
            if ended == threads.len() {
                return;
            }
            assert_eq!(ended, 0, "{ended} threads have ended where others wait at a barrier");
            assert!(threads.iter().all(|t| t.at == threads[0].at), "threads wait at different barriers");
            self.shared.barrier();
            if let Op::BarrierOr(d, p) = self.entry.code[threads[0].at - 1].op {
                let any = threads.iter().any(|thread| thread.registers[p] != 0);
                threads.iter_mut().for_each(|thread| thread.registers[d] = u64::from(any));
            }
        }
    }

    /// Runs a thread to its next barrier or its end.
    fn advance(&mut self, thread: &mut Thread, memory: &mut impl Memory) {
        for _ in 0..MOST {
            let Some(instruction) = self.entry.code.get(thread.at) else { panic!("a thread runs off the end") };
            thread.at += 1;
            if let Some((register, wanted)) = instruction.guard
                && (thread.registers[register] != 0) != wanted
            {
                continue;
            }
            match &instruction.op {
                Op::Barrier | Op::BarrierOr(..) => return,
                Op::Return => {
                    thread.has_ended = true;
                    return;
                }
                Op::Branch(target) => thread.at = *target,
                _ => self.step(instruction, thread, memory),
            }
        }
        panic!("a thread does not end");
    }

    fn step(&mut self, instruction: &Instruction, thread: &mut Thread, memory: &mut impl Memory) {
        let value = |operand: &Operand| match operand {
            Operand::Register(r) => thread.registers[*r],
            Operand::Immediate(bits) => *bits,
            Operand::Thread => u64::from(thread.index),
            Operand::Threads => u64::from(self.threads),
            Operand::Block(axis) => u64::from(self.block[*axis]),
        };
        let address = |base: &Operand, offset: u64| value(base).wrapping_add(offset);
        match &instruction.op {
            Op::Parameter(d, index) => thread.registers[*d] = self.arguments[*index],
            Op::Load(space, ty, targets, base, offset) => {
                let size = ty.bytes();
                let at = address(base, *offset);
                assert_eq!(at % (size * targets.len()) as u64, 0, "misaligned: {}", instruction.text);
                let mut loaded = Vec::with_capacity(targets.len());
                for i in 0..targets.len() {
                    let at = at + (i * size) as u64;
                    let bytes = match space {
                        Space::Global => memory.slice(at, size, &instruction.text),
                        Space::Shared => self.shared.read(at, size, thread.index, &instruction.text),
                    };
                    loaded.push(read(bytes));
                }
                targets.iter().zip(loaded).for_each(|(d, x)| thread.registers[*d] = x);
            }
            Op::Store(space, ty, sources, base, offset) => {
                let size = ty.bytes();
                let at = address(base, *offset);
                assert_eq!(at % (size * sources.len()) as u64, 0, "misaligned: {}", instruction.text);
                let values: Vec<u64> = sources.iter().map(value).collect();
                for (i, x) in values.into_iter().enumerate() {
                    let at = at + (i * size) as u64;
                    let bytes = match space {
                        Space::Global => memory.slice_mut(at, size, &instruction.text),
                        Space::Shared => self.shared.write(at, size, thread.index, &instruction.text),
                    };
                    write(bytes, x);
                }
            }
            Op::Compute(d, compute, operands) => {
                let operands: [u64; 3] = std::array::from_fn(|i| operands.get(i).map_or(0, value));
                thread.registers[*d] = compute(operands);
            }
            Op::Barrier | Op::BarrierOr(..) | Op::Return | Op::Branch(_) => {}
        }
    }
}
