//! Where the steps are taken many at a time.

use crate::cli::console::Console;
use crate::cli::device::Device;
use crate::cli::failure::Failure;
use genphys_runtime::field::Field;
use genphys_runtime::sampler::{Launcher, SampleOptions, SampleProblem};

/// What takes the steps on a GPU, if that is where the field is; says on stderr how.
///
/// # Errors
/// [`Failure::Input`] with what the GPU reports.
#[cfg(feature = "cuda")]
pub fn launcher(
    device: &Device,
    problem: &SampleProblem,
    fields: (&Field, Option<&Field>),
    options: &SampleOptions,
    console: &Console,
) -> Result<Option<Box<dyn Launcher>>, Failure> {
    use genphys_runtime::launch::Launches;
    use genphys_runtime::sampler::StepControl;

    let Device::Cuda { gpus, .. } = device else { return Ok(None) };
    let launches = Launches::new(gpus, problem, fields, options);
    let launches = launches.map_err(|e| Failure::input(e.to_string()).help(crate::cli::failure::WITHOUT_GPU))?;
    let Some(launches) = launches else {
        console.note("the field is evaluated on the GPU, the steps are taken on the CPU");
        return Ok(None);
    };
    let most = if let StepControl::Grid { steps, .. } = options.control { steps } else { 1 };
    let steps = launches.steps_at_once(options.n).min(most);
    let what = match (gpus.len(), launches.draws()) {
        (1, true) => "the GPU draws the prior and takes".to_owned(),
        (1, false) => "the GPU takes".to_owned(),
        (count, true) => format!("{count} GPUs share the samples, draw the prior and take"),
        (count, false) => format!("{count} GPUs share the samples and take"),
    };
    console.note(&format!("{what} {steps} of {most} steps a launch"));
    Ok(Some(Box::new(launches)))
}

/// None: there is no GPU.
///
/// # Errors
/// None.
#[cfg(not(feature = "cuda"))]
pub fn launcher(
    _: &Device,
    _: &SampleProblem,
    _: (&Field, Option<&Field>),
    _: &SampleOptions,
    _: &Console,
) -> Result<Option<Box<dyn Launcher>>, Failure> {
    Ok(None)
}
