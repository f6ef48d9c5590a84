//! A generative PDE ready to run: an equation whose verdict allows it, at a dimension and values of its parameters.
//!
//! In:   an [`Analysis`], a dimension N, parameter values.
//! Out:  [`Model`], which only a verdict can make.
//! Holds: at these very values the verdict is s-generative and the kernel has a closed form or a table.

use genphys_compiler::expr::{Expr, Name, Rational, Sign};
use genphys_compiler::green::{Bound, BoundCarrier, BoundLaw, LowerError};
use genphys_compiler::verdict::VerdictKind;
use genphys_compiler::{Analysis, Budget};
use ndarray::ArrayViewMut2;
use std::collections::BTreeMap;

use crate::sampler::{ForwardLaw, Subordinator, keep};

mod moving;

pub use moving::MovingPart;

/// An equation proved generative at these values, with its kernel in numbers.
#[derive(Clone, Debug)]
pub struct Model {
    bound: Bound,
}

/// Why an equation cannot be run.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ModelError {
    /// A value was given for a name that is no parameter.
    #[error("`{name}` is not a parameter of this equation; {known}")]
    UnknownParameter {
        /// The name given.
        name: String,
        /// The parameters there are, in words.
        known: String,
    },
    /// A value lies outside the assumption.
    #[error("{name} = {value} is outside its assumption: {assumption}")]
    OutsideAssumption {
        /// The parameter.
        name: String,
        /// Its value.
        value: Rational,
        /// What is assumed.
        assumption: String,
    },
    /// A relation between parameters is violated.
    #[error("the values violate the assumption {0}")]
    ViolatedRelation(String),
    /// A parameter has no value.
    #[error("the parameter {0} has no value; give one with --set {0}=VALUE")]
    Unset(String),
    /// The text fixes another dimension.
    #[error("the equation is set in N = {fixed}, not {asked}")]
    FixedDimension {
        /// The dimension in the text.
        fixed: u32,
        /// The dimension asked for.
        asked: usize,
    },
    /// The kernel is known in fewer dimensions only.
    #[error("the kernel of this equation has a closed form in at most {most} dimensions, not in {dim}")]
    Dimension {
        /// The dimension asked for.
        dim: usize,
        /// The largest with a kernel.
        most: usize,
    },
    /// The verdict does not allow sampling.
    #[error("the equation is {kind} at these values, so it has no generative flow: {reason}")]
    NotGenerative {
        /// The verdict at these values.
        kind: VerdictKind,
        /// Its reason.
        reason: String,
    },
    /// A part of the mass never moves, so that no flow backward in time ends on the data.
    #[error(
        "lambda = {0} is bounded: a part of the mass, exp(-lambda(inf) t), never moves from the data points, and a flow, which is continuous, \
         cannot bring particles back onto them; so the equation has a field, of the part that moves, but no samples"
    )]
    MassAtRest(String),
    /// lambda is of a form that has no kernel here.
    #[error(
        "lambda = {0} has no kernel here; functions of kappa built from powers have one, with a drift or a diffusion tensor too, and so has \
         the Bessel operator in t"
    )]
    NoClosedForm(String),
    /// The kernel has no inverse Fourier transform here.
    #[error("the kernel has no inverse Fourier transform here: {why}")]
    NoTransform {
        /// What stands against it.
        why: String,
    },
    /// The kernel cannot be built.
    #[error(transparent)]
    Lower(#[from] LowerError),
}

/// Collects the dimension and the values of a [`Model`].
///
/// # Example
/// ```
/// use genphys_compiler::operator::Equation;
/// use genphys_runtime::model::Model;
/// let yukawa = Equation::parse("phi_tt + lap(phi) - m^2 phi = 0 where m > 0")?.analyze();
/// let model = Model::of(&yukawa).dim(2).set("m", 0.5).build()?;
/// assert_eq!(model.bound().decay(), 0.5); // the mass decays as exp(-m t)
/// assert!(Model::of(&yukawa).dim(2).set("m", -1.0).build().is_err()); // outside the assumption
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ModelBuilder<'a> {
    analysis: &'a Analysis,
    dim: Option<usize>,
    values: BTreeMap<Name, Rational>,
    not_a_number: Option<String>,
}

impl ModelBuilder<'_> {
    /// The space dimension N; without it, the one the text fixes.
    #[must_use]
    pub fn dim(mut self, dim: usize) -> Self {
        self.dim = Some(dim);
        self
    }

    /// The value of a parameter, taken as the exact rational that the double is.
    #[must_use]
    pub fn set(mut self, name: &str, value: f64) -> Self {
        let name = self.analysis.equation.parameter(name).map_or_else(|| name.into(), |p| p.name.clone());
        match Rational::from_float(value) {
            Some(exact) => {
                self.values.insert(name, exact);
            }
            None => self.not_a_number = Some(name.to_string()),
        }
        self
    }

    /// The model.
    ///
    /// # Errors
    /// [`ModelError`], as [`Model::new`]; [`ModelError::Unset`] also for a value that is not finite.
    pub fn build(self) -> Result<Model, ModelError> {
        if let Some(name) = self.not_a_number {
            return Err(ModelError::Unset(name));
        }
        let fixed = self.analysis.equation.dimension.map(|n| n as usize);
        Model::new(self.analysis, self.dim.or(fixed).unwrap_or(0), &self.values)
    }
}

impl Model {
    /// Starts a model of an analysed equation.
    pub fn of(analysis: &Analysis) -> ModelBuilder<'_> {
        ModelBuilder { analysis, dim: None, values: BTreeMap::new(), not_a_number: None }
    }

    /// Checks the values, asks for the verdict at these values, and puts numbers into the kernel.
    ///
    /// # Errors
    /// [`ModelError`]; nothing but an s-generative verdict at these values makes a model.
    pub fn new(analysis: &Analysis, dim: usize, values: &BTreeMap<Name, Rational>) -> Result<Model, ModelError> {
        check_values(analysis, values)?;
        if let Some(fixed) = analysis.equation.dimension.filter(|fixed| *fixed as usize != dim) {
            return Err(ModelError::FixedDimension { fixed, asked: dim });
        }
        let here = analysis.at(values, Budget::default());
        let lambda = || here.dispersion.as_ref().ok().and_then(|d| d.lambda()).map(|l| l.to_string());
        if moving::kernel(&here).is_some() {
            return Err(ModelError::MassAtRest(lambda().unwrap_or_default()));
        }
        if here.verdict.kind != VerdictKind::SGenerative {
            return Err(ModelError::NotGenerative { kind: here.verdict.kind, reason: here.verdict.reason });
        }
        let green = here.green().ok_or_else(|| ModelError::NoClosedForm(lambda().unwrap_or_default()))?;
        Ok(Model { bound: green.bind(dim, &BTreeMap::new())? })
    }

    /// The kernel in numbers.
    pub fn bound(&self) -> &Bound {
        &self.bound
    }

    /// The same law in its own frame and on its own clock; an equation with constant coefficients is at rest as it is.
    ///
    /// Samples at the end, `t -> 0`, are those of the model itself: there the frame is x.
    pub fn at_rest(&self) -> Model {
        Model { bound: self.bound.at_rest() }
    }

    /// The law's own time at time t.
    pub fn clock(&self, t: f64) -> f64 {
        self.bound.frame().map_or(t, |frame| frame.clock(t))
    }

    /// The time t at which the law's own time is `clock`; none when it never gets there.
    ///
    /// # Accuracy
    /// To rounding; the clock rises with t.
    pub fn time_of(&self, clock: f64) -> Option<f64> {
        let Some(frame) = self.bound.frame() else { return Some(clock) };
        let mut high = clock;
        while frame.clock(high) < clock {
            high *= 2.0;
            if !high.is_finite() {
                return None;
            }
        }
        let mut low = high;
        while frame.clock(low) > clock && low > f64::MIN_POSITIVE {
            low *= 0.5;
        }
        // Halving a bracket of ratio at most two in this many steps leaves one rounding error.
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if frame.clock(middle) < clock { low = middle } else { high = middle }
        }
        Some(0.5 * (low + high))
    }

    /// Where points of the law's own frame are at time t: `x = (y + C(t) e_1) exp(-B(t))` or `x = y + c t`, in lengths.
    pub fn place(&self, t: f64, points: &mut ArrayViewMut2<f64>) {
        if let Some(frame) = self.bound.frame() {
            let (scale, shift) = ((-frame.stretch(t)).exp(), frame.shift(t));
            points.column_mut(0).iter_mut().for_each(|y| *y += shift);
            points.iter_mut().for_each(|y| *y *= scale);
        }
        if let Some(carrier) = self.bound.carrier() {
            for (mut column, c) in points.columns_mut().into_iter().zip(carrier.drift()) {
                column.iter_mut().for_each(|y| *y += c * t);
            }
        }
    }

    /// The law by which a single particle moves forward in time, for exact draws; in the frame and on the clock of
    /// [`Model::at_rest`].
    pub fn forward_law(&self) -> ForwardLaw {
        forward_law(&self.bound)
    }
}

impl AsRef<Bound> for Model {
    fn as_ref(&self) -> &Bound {
        &self.bound
    }
}

fn forward_law(bound: &Bound) -> ForwardLaw {
    let decay = bound.decay();
    let law = match bound.law() {
        BoundLaw::Gaussian { rate } => ForwardLaw { killing: decay, ..ForwardLaw::diffusion(rate) },
        BoundLaw::Cauchy { speed } => ForwardLaw { killing: decay, ..ForwardLaw::poisson(speed) },
        BoundLaw::Tempered { speed, mass } => ForwardLaw { killing: decay, ..ForwardLaw::yukawa(speed, mass) },
        BoundLaw::Student { speed, freedom } => ForwardLaw { killing: decay, ..ForwardLaw::student(speed, freedom) },
        BoundLaw::Stable { rate, order } => ForwardLaw { killing: decay, ..ForwardLaw::stable(rate, order) },
        BoundLaw::Subordinated { .. } => {
            // A bound law of this kind has a subordinator.
            let unknown = Subordinator::Deterministic { rate: f64::NAN };
            let subordinator = bound.subordinated().map_or(unknown, |law| Subordinator::General(keep(law)));
            ForwardLaw { killing: decay, ..ForwardLaw::conserving(subordinator) }
        }
    };
    ForwardLaw { shape: bound.carrier().and_then(BoundCarrier::spread_matrix), ..law }
}

/// Every parameter has exactly one value, and the values meet the assumptions.
pub(crate) fn check_values(analysis: &Analysis, values: &BTreeMap<Name, Rational>) -> Result<(), ModelError> {
    let equation = &analysis.equation;
    let names: Vec<&str> = equation.parameters.iter().map(|p| p.name.as_str()).collect();
    let known = match names.as_slice() {
        [] => "it has none".to_owned(),
        names => format!("its parameters are {}", names.join(", ")),
    };
    for (name, value) in values {
        if !names.contains(&name.as_str()) {
            return Err(ModelError::UnknownParameter { name: name.to_string(), known });
        }
        if let Some(interval) = equation.facts.interval(name).filter(|i| !i.admits(value)) {
            return Err(ModelError::OutsideAssumption {
                name: name.to_string(),
                value: value.clone(),
                assumption: interval.describe(name.as_str()),
            });
        }
    }
    if let Some(missing) = names.iter().find(|n| !values.keys().any(|v| v.as_str() == **n)) {
        return Err(ModelError::Unset((*missing).to_owned()));
    }
    check_relations(analysis, values)
}

fn check_relations(analysis: &Analysis, values: &BTreeMap<Name, Rational>) -> Result<(), ModelError> {
    let bind = |e: &Expr| match e {
        Expr::Sym(name) => values.get(name).cloned().map(Expr::Num),
        _ => None,
    };
    let relations = analysis.equation.facts.relations().iter();
    for (relation, sign) in relations.filter(|(relation, _)| !relation.is_about_functions()) {
        let found = genphys_compiler::expr::Facts::default().sign(&relation.replace(&bind));
        if found.and(*sign) != found || found == Sign::COMPLEX {
            return Err(ModelError::ViolatedRelation(format!("about the sign of {relation}")));
        }
    }
    Ok(())
}
