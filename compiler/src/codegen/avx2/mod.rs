//! The AVX2 target: x86-64 machine code with SIMD of 256 bits, for the loops that Cranelift, whose vectors have 128, takes twice as long for.
//!
//! In:   a [`Kernel`]: a map, or a reduction in few dimensions.
//! Out:  an [`Avx2Function`]: bytes that run wherever they are placed, and their text.
//! Holds: the code calls nothing, keeps no state, refers to no address of its own, and follows the System V convention on
//!   every operating system; a fused multiply-add is rounded once.

mod asm;
mod body;
mod map;
mod reduce;
mod registers;
mod straight;
#[cfg(test)]
mod tests;

use super::cpu::Layout;
use super::{Target, Unsupported};
use crate::kernel::{Kernel, Shape, inline_specials};

/// The target. Its code runs on processors with AVX2 and FMA.
#[derive(Clone, Copy, Debug, Default)]
pub struct Avx2;

/// A kernel as machine code with the memory layout it expects.
#[derive(Clone, Debug)]
pub struct Avx2Function {
    /// Position-independent code of one function, whose first byte is its entry.
    pub code: Vec<u8>,
    /// The same in Intel's syntax.
    pub text: String,
    /// The memory it reads and writes.
    pub layout: Layout,
}

impl Target for Avx2 {
    type Artifact = Avx2Function;
    const NAME: &'static str = "avx2";

    fn emit(&self, kernel: &Kernel) -> Result<Avx2Function, Unsupported> {
        let kernel = inline_specials(kernel)?;
        let mut assembler = asm::Assembler::new(kernel.precision());
        let parameters = match kernel.shape() {
            Shape::Map { .. } => map::emit(&mut assembler, &kernel)?,
            Shape::Reduce { .. } => reduce::emit(&mut assembler, &kernel)?,
        };
        let (code, text) = assembler.finish();
        Ok(Avx2Function { code, text, layout: Layout::new(&kernel, straight::VECTOR_BYTES, 1, parameters) })
    }

    fn listing(artifact: &Avx2Function) -> String {
        artifact.text.clone()
    }
}

fn unsupported(kernel: &Kernel, what: &str) -> Unsupported {
    Unsupported::Feature { target: Avx2::NAME, kernel: kernel.name().to_owned(), what: what.to_owned() }
}
