//! One error type over those of the stages, for programs that just want `?`.

use genphys_compiler::diagnostic::Diagnostics;
use genphys_runtime::data::DataError;
use genphys_runtime::density::FieldError;
use genphys_runtime::field::BuildError;
use genphys_runtime::model::ModelError;
use genphys_runtime::sampler::SampleError;

/// A result of this library.
pub type Result<T> = std::result::Result<T, Error>;

/// Anything that can go wrong, by the stage where it did.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text of the equation is wrong.
    #[error(transparent)]
    Text(#[from] Diagnostics),
    /// The equation cannot run at these values.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The field could not be compiled or laid out.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The field could not be evaluated.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// The data are unusable.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Sampling failed or was interrupted.
    #[error(transparent)]
    Sample(#[from] SampleError),
    /// A file could not be read.
    #[error(transparent)]
    Read(#[from] crate::io::ReadError),
    /// A file could not be written.
    #[error(transparent)]
    Write(#[from] crate::io::WriteError),
}
