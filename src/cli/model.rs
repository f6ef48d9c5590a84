//! From an analysis and options to a model and a compiled field, with messages in the terms of the command line.

use super::arguments;
use super::device::Device;
use super::failure::Failure;
use super::{numbers, values};
use genphys_compiler::Analysis;
use genphys_compiler::green::Bound;
use genphys_compiler::kernel::Precision;
use genphys_compiler::verdict::VerdictKind;
use genphys_runtime::data::Dataset;
use genphys_runtime::density::DensityField;
use genphys_runtime::field::{BuildError, Field};
use genphys_runtime::model::{Model, ModelError};
use genphys_runtime::region::{RegionalField, RegionalModel};

/// The model at the values and the dimension asked for; the dimension of the data, where there are data, must agree.
///
/// # Errors
/// [`Failure`] for values or a dimension that do not fit, or an equation that cannot be sampled at them.
pub fn new(analysis: &Analysis, options: &arguments::Model, data: Option<usize>) -> Result<Model, Failure> {
    let dim = dimension(analysis, options, data)?;
    let values = values::all_values(&analysis.equation, &options.set.values)?;
    Model::new(analysis, dim, &values).map_err(refused)
}

/// The field of the data; where the equation is generative in a region only, that of the region, with the condition.
///
/// # Errors
/// As [`new`] and [`field`].
pub fn any_field(
    analysis: &Analysis,
    options: &arguments::Model,
    data: &Dataset,
    device: &Device,
) -> Result<(Box<dyn DensityField>, Option<String>), Failure> {
    let dim = dimension(analysis, options, Some(data.dim()))?;
    let values = values::all_values(&analysis.equation, &options.set.values)?;
    match Model::new(analysis, dim, &values) {
        Ok(model) => Ok((Box::new(field(&model, data, options.precision(), device)?), None)),
        Err(ModelError::NotGenerative { kind: VerdictKind::Conditional, .. }) => {
            if !matches!(device, Device::Cpu) {
                return Err(Failure::input("a field that holds in a region only runs on the CPU").help("--device cpu"));
            }
            let model = RegionalModel::new(analysis, dim, &values).map_err(refused)?;
            let field = RegionalField::new(&model, data.points().view(), data.weights()).map_err(unbuildable)?;
            Ok((Box::new(field), Some(model.condition().to_owned())))
        }
        Err(e) => Err(refused(e)),
    }
}

fn dimension(analysis: &Analysis, options: &arguments::Model, data: Option<usize>) -> Result<usize, Failure> {
    let asked = options.dim.as_deref().map(|text| numbers::whole("--dim", text, 1)).transpose()?;
    let asked = asked.map(|dim| usize::try_from(dim).unwrap_or(usize::MAX));
    let equation = &analysis.equation;
    match (asked, data) {
        (Some(asked), Some(data)) if asked != data => {
            Err(Failure::input(format!("--dim is {asked}, but the data have {data} columns"))
                .help("leave --dim out: the data say what it is"))
        }
        (Some(asked), _) => Ok(asked),
        (None, Some(data)) => Ok(data),
        (None, None) => equation
            .dimension
            .or(equation.test.dimension)
            .map(|dim| dim as usize)
            .ok_or_else(|| Failure::input("the dimension is not known").help("give it with --dim N")),
    }
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
pub fn field(
    model: &Model,
    data: &Dataset,
    precision: arguments::Precision,
    device: &Device,
) -> Result<Field, Failure> {
    build(model, data, precision, device)
}

/// The field of the heavier law to draw the prior from, where weights of the law itself have infinite variance.
///
/// # Errors
/// As [`field`].
pub fn heavier(
    model: &Model,
    data: &Dataset,
    precision: arguments::Precision,
    device: &Device,
) -> Result<Option<Field>, Failure> {
    model.bound().heavier().map(|heavier| build(&heavier, data, precision, device)).transpose()
}

fn build(
    bound: &impl AsRef<Bound>,
    data: &Dataset,
    precision: arguments::Precision,
    device: &Device,
) -> Result<Field, Failure> {
    let (points, weights, precision) = (data.points().view(), data.weights(), self::precision(precision));
    let field = match device {
        Device::Cpu => Field::new(bound, points, weights, precision),
        #[cfg(feature = "cuda")]
        Device::Cuda(device) => Field::on(device, bound, points, weights, precision),
    };
    field.map_err(unbuildable)
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
        #[cfg(feature = "cuda")]
        BuildError::Gpu(_) => Failure::input(e.to_string()).help("--device cpu does without a GPU"),
    }
}
