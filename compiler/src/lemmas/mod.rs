//! What the checker asks of families of equations beyond its own rules, each lemma on its own.
//!
//! In:   the claims of a certificate or a witness: roots counted on pieces of the half line, quadratic forms of the wave
//!       vector, times near 0, a value of the kernel.
//! Out:  nothing when the claim follows, else a [`CheckError`](crate::checker::CheckError) that names it.
//! Holds: as in the checker: no code of the prover, only the exact arithmetic of [`Expr`](crate::expr::Expr).

mod evolution;
mod kernel;
mod levy;
mod path;
mod roots;

pub(crate) use evolution::bessel_ratio;
pub use kernel::kernel_bounds;
pub(crate) use levy::compares;
pub(crate) use roots::half_planes;
