//! From an analysis and options to a model and a compiled field, with messages in the terms of the command line.

use super::arguments;
use super::failure::Failure;
use super::{numbers, values};
use genphys_compiler::Analysis;
use genphys_compiler::kernel::Precision;
use genphys_runtime::data::Dataset;
use genphys_runtime::field::{BuildError, Field};
use genphys_runtime::model::{Model, ModelError};

/// The model at the values and the dimension asked for; the dimension of the data, where there are data, must agree.
///
/// # Errors
/// [`Failure`] for values or a dimension that do not fit, or an equation that cannot be sampled at them.
pub fn new(analysis: &Analysis, options: &arguments::Model, data: Option<usize>) -> Result<Model, Failure> {
    let asked = options.dim.as_deref().map(|text| numbers::whole("--dim", text, 1)).transpose()?;
    let asked = asked.map(|dim| usize::try_from(dim).unwrap_or(usize::MAX));
    let equation = &analysis.equation;
    let dim = match (asked, data) {
        (Some(asked), Some(data)) if asked != data => {
            return Err(Failure::input(format!("--dim is {asked}, but the data have {data} columns"))
                .help("leave --dim out: the data say what it is"));
        }
        (Some(asked), _) => asked,
        (None, Some(data)) => data,
        (None, None) => equation
            .dimension
            .or(equation.test.dimension)
            .map(|dim| dim as usize)
            .ok_or_else(|| Failure::input("the dimension is not known").help("give it with --dim N"))?,
    };
    let values = values::all_values(equation, &options.set.values)?;
    Model::new(analysis, dim, &values).map_err(refused)
}

fn refused(e: ModelError) -> Failure {
    let failure = Failure::input(e.to_string());
    match e {
        ModelError::NotGenerative { .. } => failure.help("`genphys explain` shows why; other values may be generative"),
        ModelError::FixedDimension { .. } => {
            failure.help("choose data of that dimension, or leave N open in the equation")
        }
        _ => failure,
    }
}

/// The field of the data, compiled.
///
/// # Errors
/// [`Failure`] when the equation has no kernel there; a bug when the kernel cannot be compiled.
pub fn field(model: &Model, data: &Dataset, precision: arguments::Precision) -> Result<Field, Failure> {
    Field::new(model, data.points().view(), data.weights(), self::precision(precision)).map_err(unbuildable)
}

/// The field of the heavier law to draw the prior from, where weights of the law itself have infinite variance.
///
/// # Errors
/// As [`field`].
pub fn heavier(model: &Model, data: &Dataset, precision: arguments::Precision) -> Result<Option<Field>, Failure> {
    Field::heavier(model, data.points().view(), data.weights(), self::precision(precision)).map_err(unbuildable)
}

/// The precision in the compiler's terms.
pub fn precision(precision: arguments::Precision) -> Precision {
    match precision {
        arguments::Precision::F32 => Precision::F32,
        arguments::Precision::F64 => Precision::F64,
    }
}

fn unbuildable(e: BuildError) -> Failure {
    match e {
        BuildError::Lower(_) | BuildError::Data(_) => Failure::input(e.to_string()),
        BuildError::Compile(_) | BuildError::Argument(_) => Failure::Bug(e.to_string()),
    }
}
