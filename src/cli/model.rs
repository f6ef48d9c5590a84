//! From an analysis and options to a model and a compiled field, with messages in the terms of the command line.

use super::arguments;
use super::console::Console;
use super::device::Device;
use super::failure::Failure;
use super::{numbers, values};
use genphys_compiler::Analysis;
use genphys_compiler::green::Bound;
use genphys_compiler::kernel::Precision;
use genphys_compiler::verdict::VerdictKind;
use genphys_runtime::cpu::ArgumentError;
use genphys_runtime::data::Dataset;
use genphys_runtime::density::DensityField;
use genphys_runtime::field::{BuildError, Field};
use genphys_runtime::model::{Model, ModelError, MovingPart};
use genphys_runtime::region::{RegionalField, RegionalModel};
use genphys_runtime::signed::{SignedField, SignedModel};

/// The model at the values and the dimension asked for; the dimension of the data, where there are data, must agree.
///
/// # Errors
/// [`Failure`] for values or a dimension that do not fit, or an equation that cannot be sampled at them.
pub fn new(analysis: &Analysis, options: &arguments::Model, data: Option<usize>) -> Result<Model, Failure> {
    let dim = dimension(analysis, options, data)?;
    let values = values::all_values(&analysis.equation, &options.set.values)?;
    Model::new(analysis, dim, &values).map_err(refused)
}

/// The model to draw samples of.
///
/// # Errors
/// As [`new`]; an equation that is generative in a region only is refused with the reason why its flow brings no samples.
pub fn to_sample(analysis: &Analysis, options: &arguments::Model, data: usize) -> Result<Model, Failure> {
    let dim = dimension(analysis, options, Some(data))?;
    let values = values::all_values(&analysis.equation, &options.set.values)?;
    Model::new(analysis, dim, &values).map_err(|e| {
        let is_conditional = matches!(e, ModelError::NotGenerative { kind: VerdictKind::Conditional, .. });
        match RegionalModel::new(analysis, dim, &values) {
            Ok(regional) if is_conditional => {
                let law = regional.law();
                Failure::input(format!(
                    "the equation is generative in a region only ({}), and has no samples: {}",
                    regional.condition(),
                    law.why_no_samples()
                ))
                .help(law.instead_of_samples())
            }
            _ => refused(e),
        }
    })
}

/// A field of data, as far as the equation allows one.
pub enum AnyField {
    /// The density is positive: everywhere, in a region, or that of the part which moves.
    Positive {
        /// The field.
        field: Box<dyn DensityField>,
        /// What it is a field of, where that needs saying.
        note: Option<String>,
        /// Whether it is evaluated in the precision asked for; else in double precision.
        as_asked: bool,
    },
    /// The density may be negative, and the command allows it.
    Signed(Box<SignedField>),
}

/// The field of the data; where the equation is generative in a region only, that of the region; where a part of the mass never
/// moves, that of the rest; else, where that is allowed, the signed one.
///
/// # Errors
/// As [`new`] and [`field`].
pub fn any_field(
    analysis: &Analysis,
    command: &arguments::Field,
    data: &Dataset,
    time: f64,
    (device, console): (&Device, &Console),
) -> Result<AnyField, Failure> {
    let options = &command.model;
    let dim = dimension(analysis, options, Some(data.dim()))?;
    let values = values::all_values(&analysis.equation, &options.set.values)?;
    let (points, weights) = (data.points(), data.weights());
    let elsewhere = |what: &str| device.only_cpu(what, console);
    let refusal = match Model::new(analysis, dim, &values) {
        Ok(model) => {
            let field = Box::new(field(&model, data, options.precision(), device)?);
            return Ok(AnyField::Positive { field, note: None, as_asked: true });
        }
        Err(ModelError::NotGenerative { kind: VerdictKind::Conditional, .. }) => {
            match RegionalModel::new(analysis, dim, &values) {
                Ok(model) => {
                    elsewhere("a field that holds in a region only")?;
                    let field = RegionalField::new(&model, points.view(), weights).map_err(unbuildable)?;
                    let note = format!(
                        "the equation is generative under a condition, and evaluated in double precision: {}",
                        model.condition()
                    );
                    return Ok(AnyField::Positive { field: Box::new(field), note: Some(note), as_asked: false });
                }
                Err(e) => e,
            }
        }
        Err(ModelError::MassAtRest(_)) => {
            elsewhere("the field of a part of the mass")?;
            let part = MovingPart::new(analysis, dim, &values).map_err(refused)?;
            let field =
                Field::new(&part, points.view(), weights, precision(options.precision())).map_err(unbuildable)?;
            let mass = part.mass_at_rest(time);
            let note = format!(
                "a mass of {mass:.4e} has not moved from the data points; log p, v and R/p are of the rest, which has a density"
            );
            return Ok(AnyField::Positive { field: Box::new(field), note: Some(note), as_asked: true });
        }
        Err(e) => e,
    };
    if !command.allow_signed {
        let no_flow = matches!(refusal, ModelError::NotGenerative { .. } | ModelError::NoClosedForm(_));
        let failure = refused(refusal);
        return Err(if no_flow && SignedModel::new(analysis, dim, &values).is_ok() {
            failure.help("`genphys explain` shows why; --allow-signed gives its density all the same, with its sign")
        } else {
            failure
        });
    }
    elsewhere("a signed density")?;
    let model = SignedModel::new(analysis, dim, &values).map_err(refused)?;
    Ok(AnyField::Signed(Box::new(SignedField::new(&model, points.view(), weights).map_err(unbuildable)?)))
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
        Device::Cuda { gpus, .. } => Field::on(gpus, bound, points, weights, precision),
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
        BuildError::Argument(ArgumentError::NotFinite { what, index, precision, .. }) => {
            let far = format!(
                "{what} {index} (counted from 0) lies farther from the centre of the data than {precision} has numbers for"
            );
            Failure::input(far).help("scale the data, or choose --precision f64")
        }
        BuildError::Compile(_) | BuildError::Argument(_) => Failure::Bug(e.to_string()),
        #[cfg(feature = "cuda")]
        BuildError::Device(_) => Failure::input(e.to_string()).help(super::failure::WITHOUT_GPU),
    }
}
