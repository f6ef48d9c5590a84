//! The law of one source in numbers: from its closed form when there is one, else by inverse Fourier transform.

use super::Subject;
use crate::cli::console::Console;
use crate::cli::device::Device;
use crate::cli::failure::Failure;
use genphys_compiler::Budget;
use genphys_compiler::kernel::Precision;
use genphys_runtime::density::{DensityField, Evaluation};
use genphys_runtime::field::{BuildError, Field};
use genphys_runtime::model::{Model, ModelError};
use genphys_runtime::signed::{Modes, SignedModel, Spectrum};
use ndarray::Array2;

/// At `exp(-NOTHING)` of the peak, a curve lies on the axis.
const NOTHING: f64 = 7.0;

/// The law of one source at the origin.
pub struct Radial {
    pub dim: usize,
    modes: Modes,
    law: Law,
}

enum Law {
    Closed(Box<Field>),
    Transform(Box<SignedModel>),
}

impl Radial {
    /// The law in `dim` dimensions, evaluated there.
    ///
    /// # Errors
    /// [`Failure`] with the reason why there is no such function here.
    pub fn new(subject: &Subject, dim: usize, (device, console): (&Device, &Console)) -> Result<Radial, Failure> {
        let analysis = &subject.analysis;
        if let Some(fixed) = analysis.equation.dimension.filter(|fixed| *fixed as usize != dim) {
            return Err(not_drawn(&format!("the equation is set in N = {fixed}")));
        }
        let here = analysis.at(&subject.exact, Budget::default());
        let modes = Modes::new(&here).map_err(refused)?;
        let closed = Model::new(analysis, dim, &subject.exact).ok().map(|model| of_source(&model, dim, device));
        let law = match closed {
            Some(Ok(field)) => Law::Closed(Box::new(field)),
            #[cfg(feature = "cuda")]
            Some(Err(BuildError::Device(e))) => {
                return Err(not_drawn(&e.to_string()).help(crate::cli::failure::WITHOUT_GPU));
            }
            _ => {
                let model = SignedModel::of(&here, dim).map_err(refused)?;
                device.only_cpu("an inverse Fourier transform", console)?;
                Law::Transform(Box::new(model))
            }
        };
        Ok(Radial { dim, modes, law })
    }

    /// Where the numbers come from.
    pub fn route(&self) -> &'static str {
        match self.law {
            Law::Closed(_) => "closed form",
            Law::Transform(_) => "by inverse Fourier transform",
        }
    }

    /// The time at which the mode k has decayed to 1/e, or 1 when it does not decay.
    pub fn decay_time(&self, k: f64) -> f64 {
        self.modes.decay_time(k)
    }

    /// The radius that shows the law at time t: six lengths of the modes that have just decayed, or less where a closed form has fallen to
    /// nothing before.
    ///
    /// # Errors
    /// As [`Radial::density`].
    pub fn radius(&self, t: f64) -> Result<f64, Failure> {
        let far = 6.0 * self.modes.length(t);
        let Law::Closed(field) = &self.law else { return Ok(far) };
        // Halved from afar: a law of a moving frame, or in many dimensions, may be far narrower than its modes say.
        let radii: Vec<f64> = (0..60).map(|i| far * 0.5_f64.powi(i)).collect();
        let log_p = self.evaluate(field, t, &radii)?.log_p;
        let peak = self.evaluate(field, t, &[0.0])?.log_p[0];
        let reached = log_p.iter().position(|log| log - peak > -NOTHING).unwrap_or(radii.len());
        Ok(radii[reached.saturating_sub(1)])
    }

    /// The density at radii, of which the first is 0, over that at the source, and the logarithm of the latter.
    ///
    /// # Errors
    /// As [`Radial::density`].
    pub fn profile(&self, t: f64, radii: &[f64]) -> Result<(Vec<f64>, f64), Failure> {
        if let Law::Closed(field) = &self.law {
            let peak = self.evaluate(field, t, &[0.0])?.log_p[0];
            let log_p = self.evaluate(field, t, radii)?.log_p;
            return Ok((log_p.iter().map(|log| (log - peak).exp()).collect(), peak));
        }
        let values = self.density(t, radii)?;
        let peak = values.first().copied().unwrap_or(f64::NAN);
        Ok((values.iter().map(|g| g / peak).collect(), peak.ln()))
    }

    /// The density at radii.
    ///
    /// # Errors
    /// [`Failure`] when the law is no function there.
    pub fn density(&self, t: f64, radii: &[f64]) -> Result<Vec<f64>, Failure> {
        match &self.law {
            Law::Closed(field) => Ok(self.evaluate(field, t, radii)?.log_p.iter().map(|log| log.exp()).collect()),
            Law::Transform(model) => {
                let spectrum = spectrum(model, t, radii)?;
                Ok(radii.iter().map(|r| spectrum.at(self.dim, *r)).collect())
            }
        }
    }

    /// The outward flux at radii; none where the flux is no gradient of a superposition.
    ///
    /// # Errors
    /// As [`Radial::density`].
    pub fn flux(&self, t: f64, radii: &[f64]) -> Result<Option<Vec<f64>>, Failure> {
        let model = match &self.law {
            Law::Closed(field) => {
                let at = self.evaluate(field, t, radii)?;
                return Ok(Some((0..radii.len()).map(|i| at.log_p[i].exp() * at.v[[i, 0]]).collect()));
            }
            Law::Transform(model) => model,
        };
        let Some(potential) = spectrum(model, t, radii)?.times(|k| model.flux(k)) else { return Ok(None) };
        // `J-hat = -i k F p-hat`: the flux is minus the gradient of the transform of `F p-hat`.
        Ok(Some(radii.iter().map(|r| -potential.slope(self.dim, *r)).collect()))
    }

    fn evaluate(&self, field: &Field, t: f64, radii: &[f64]) -> Result<Evaluation, Failure> {
        let points = Array2::from_shape_fn((radii.len(), self.dim), |(i, axis)| if axis == 0 { radii[i] } else { 0.0 });
        let mut out = Evaluation::new(radii.len(), self.dim);
        field.evaluate(t, points.view(), &mut out).map_err(|e| Failure::of_field("", &e))?;
        Ok(out)
    }
}

/// The field of one source at the origin.
fn of_source(model: &Model, dim: usize, device: &Device) -> Result<Field, BuildError> {
    let origin = Array2::zeros((1, dim));
    match device {
        Device::Cpu => Field::new(model, origin.view(), &[1.0], Precision::F64),
        #[cfg(feature = "cuda")]
        Device::Cuda { gpus, .. } => Field::on(gpus, model, origin.view(), &[1.0], Precision::F64),
    }
}

fn spectrum(model: &SignedModel, t: f64, radii: &[f64]) -> Result<Spectrum, Failure> {
    model
        .spectrum(t, radii.iter().copied().fold(0.0, f64::max))
        .map_err(|why| not_drawn(&why).help("an atom or a front stays; `genphys explain` says which"))
}

fn not_drawn(why: &str) -> Failure {
    Failure::input(format!("the kernel cannot be drawn: {why}"))
}

fn refused(e: ModelError) -> Failure {
    match e {
        ModelError::NoTransform { why } => not_drawn(&why),
        other => not_drawn(&other.to_string()),
    }
}
