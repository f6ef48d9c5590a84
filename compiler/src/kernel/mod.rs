//! KernelIr: the program that a field evaluation is lowered to, before any target is chosen.
//!
//! In:   a formula for one pair (query, source), written with a [`KernelBuilder`].
//! Out:  a verified [`Kernel`], which every [`Target`](crate::codegen::Target) accepts.
//! Holds: a kernel is a loop around a straight-line body. The loop is a [`Shape::Map`] or a
//!   [`Shape::Reduce`]; the body has selects and no branches; vector width, tiling and registers belong to
//!   the target. Only `verify` makes a [`Kernel`].
//!
//! # Example
//! The heat kernel of a cloud of weighted points, `log p` up to a constant and the velocity `E[(x - y)/(2t)]`:
//! ```
//! use genphys_compiler::kernel::{KernelBuilder, Mean, Precision};
//!
//! let (mut k, pair) = KernelBuilder::reduce("diffusion", Precision::F64, 2);
//! let quarter = k.uniform("1/(4t)");                      // the host computes what depends on t alone
//! let half = k.uniform("1/(2t)");
//! let exponent = k.mul(pair.q, quarter);                  // pair.q = |x - y|^2
//! let log_weight = k.sub(pair.log_w, exponent);
//! let kernel = k.finish_reduce(log_weight, vec![Mean::displacement("v", half)])?;
//! assert!(kernel.to_string().starts_with("kernel diffusion: reduce f64, N = 2"));
//! # Ok::<(), genphys_compiler::kernel::KernelError>(())
//! ```

mod builder;
mod inline;
mod ir;
mod print;
mod scalar;
mod verify;

pub use builder::{KernelBuilder, Pair};
pub use inline::{inline_specials, inline_specials_except, pair_map, tile_map};
pub use ir::{
    Compare, Constant, Kernel, MAX_DIM, Mean, MeanKind, Op, Output, PairInput, Precision, Shape, Type, Value, Weight,
};
pub use scalar::Scalar;
pub(crate) use scalar::{EXP2_MAGIC_F32, EXP2_MAGIC_F64, EXPONENT_MAGIC_F32, EXPONENT_MAGIC_F64};
pub use verify::KernelError;
