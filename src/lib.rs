//! genphys: a symbolic PDE compiler for generative models.
//!
//! A partial differential equation whose density flow is positive and forgets its data is a generative model: run the flow
//! forward and data become noise, run it backward and noise becomes data (GenPhys, arXiv:2304.02637). This crate derives
//! the flow from the text of the equation, decides with evidence whether it is one of those, compiles its field to
//! machine code, and samples from it.
//!
//! ```text
//! text -> Equation -> continuity form (p, J, R), dispersion relation -> Verdict -> KernelIr -> machine code -> samples
//! ```
//!
//! | crate or module | what it does |
//! | --- | --- |
//! | [`compiler`] | everything symbolic: text to verdict and kernels; reads no file, clock or device |
//! | [`runtime`] | everything numeric: compiled fields, priors, solvers, data sets |
//! | [`classify`] | many equations, one row each |
//! | [`report`] | the derivation as JSON, text and LaTeX |
//! | [`io`] | points from `.npy` and `.csv`, outputs that are whole or not there |
//! | [`picture`] | scatters, histograms and image grids as PNG |
//! | `genphys!` | an equation as a module of your crate, judged while it compiles; feature `macros` |
//!
//! # Example
//! ```
//! use genphys::prelude::*;
//!
//! # fn main() -> genphys::Result<()> {
//! let yukawa = Equation::parse("phi_tt + lap(phi) - m^2 phi = 0 where m > 0")?.analyze();
//! assert_eq!(yukawa.verdict.kind, VerdictKind::SGenerative);
//! println!("{}", genphys::report::text::check(&Report::new(&yukawa), 100));
//!
//! let data = data::builtin("two_points", 2, 0)?;
//! let model = Model::of(&yukawa).dim(2).set("m", 0.5).build()?; // an error unless proved generative at these values
//! let field = Field::new(&model, data.points().view(), data.weights(), Precision::F64)?;
//!
//! let mut at = Evaluation::new(1, 2);
//! field.evaluate(1.0, ndarray::array![[0.0, 0.0]].view(), &mut at)?;
//! assert!(at.r_over_p[0] < 0.0); // Yukawa's particles die on the way out
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "runtime")]
pub mod classify;
#[cfg(feature = "runtime")]
mod error;
#[cfg(feature = "runtime")]
pub mod io;
#[cfg(feature = "runtime")]
pub mod paper;
#[cfg(feature = "runtime")]
pub mod picture;
#[cfg(feature = "runtime")]
pub mod report;

#[cfg(feature = "runtime")]
pub use error::{Error, Result};
#[cfg(feature = "runtime")]
pub use genphys_compiler as compiler;
#[cfg(feature = "runtime")]
pub use genphys_runtime as runtime;

/// # Example
/// ```
/// genphys::genphys! {
///     pub mod heat { phi_t - D lap(phi) = 0 where D > 0, N = 2 }
/// }
///
/// let parameters = heat::Parameters::new(0.5)?; // an error unless D > 0
/// assert_eq!(heat::VERDICT, "s-generative");
/// assert_eq!(heat::velocity([1.0, 0.0], 2.0, &parameters), [0.25, 0.0]); // x/(2t), whatever D is
/// # Ok::<(), heat::OutOfDomain>(())
/// ```
/// ```compile_fail
/// genphys::genphys! {
///     pub mod biharmonic { phi_t + lap(lap(phi)) = 0 where N = 2 }
/// }
/// ```
#[cfg(feature = "macros")]
pub use genphys_macros::genphys;

/// What most programs need: `use genphys::prelude::*`.
#[cfg(feature = "runtime")]
pub mod prelude {
    pub use crate::io::{read_points, read_weights, write_bytes};
    pub use crate::report::Report;
    pub use genphys_compiler::diagnostic::Diagnostics;
    pub use genphys_compiler::kernel::Precision;
    pub use genphys_compiler::operator::Equation;
    pub use genphys_compiler::source::Source;
    pub use genphys_compiler::verdict::{Answer, Verdict, VerdictKind};
    pub use genphys_compiler::{Analysis, Budget, analyze};
    pub use genphys_runtime::data::{self, Dataset, builtin};
    pub use genphys_runtime::density::{DensityField, Evaluation};
    pub use genphys_runtime::field::Field;
    pub use genphys_runtime::metrics;
    pub use genphys_runtime::model::Model;
    pub use genphys_runtime::sampler::{
        DOPRI5, HEUN, Prior, Proposal, SampleOptions, SampleProblem, SampleRun, Spacing, StepControl, Tolerances,
        sample,
    };
}
