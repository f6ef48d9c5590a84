//! genphys: from the text of a partial differential equation to samples.
//!
//! Any PDE that moves a density and smooths it is a generative model (Liu et al., arXiv:2304.02637). This crate takes the
//! equation as text, finds its continuity form, proves or refutes that it is generative, compiles its field to machine
//! code, and samples.
//!
//! ```
//! use genphys::prelude::*;
//!
//! # fn main() -> genphys::Result<()> {
//! let yukawa = Equation::parse("phi_tt + lap(phi) - m^2 phi = 0 where m > 0")?.analyze();
//! assert_eq!(yukawa.verdict.kind, VerdictKind::SGenerative);
//!
//! let data = data::builtin("two_points", 2, 0)?;
//! let model = Model::of(&yukawa).dim(2).set("m", 0.5).build()?; // Err unless proved generative at these values
//! let field = Field::new(&model, data.points().view(), data.weights(), Precision::F64)?;
//!
//! let mut at = Evaluation::new(1, 2);
//! field.evaluate(1.0, ndarray::array![[0.0, 0.0]].view(), &mut at)?;
//! assert!(at.r_over_p[0] < 0.0); // Yukawa's particles die on the way out
//! # Ok(())
//! # }
//! ```
//!
//! The pipeline is in [`compiler`], execution in [`runtime`]; [`report`] is what the command prints, [`io`] and [`picture`] its files.

mod error;
pub mod io;
pub mod picture;
pub mod report;

pub use error::{Error, Result};
pub use genphys_compiler as compiler;
pub use genphys_runtime as runtime;

/// What most programs need.
pub mod prelude {
    pub use genphys_compiler::kernel::Precision;
    pub use genphys_compiler::operator::Equation;
    pub use genphys_compiler::verdict::{Answer, Verdict, VerdictKind};
    pub use genphys_compiler::{Analysis, Budget};
    pub use genphys_runtime::data::{self, Dataset};
    pub use genphys_runtime::density::{DensityField, Evaluation};
    pub use genphys_runtime::field::Field;
    pub use genphys_runtime::metrics;
    pub use genphys_runtime::model::Model;
    pub use genphys_runtime::sampler::{
        DOPRI5, HEUN, Prior, Proposal, SampleOptions, SampleProblem, Spacing, StepControl, Tolerances, sample,
    };
}
