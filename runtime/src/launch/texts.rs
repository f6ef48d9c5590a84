//! The texts of a sampler: which kernels, drawn how.

use genphys_compiler::codegen::Unsupported;
use genphys_compiler::codegen::ptx::{Ptx, PtxModule};
use genphys_compiler::green::{KernelProgram, Spread};
use genphys_compiler::kernel::Kernel;

use crate::sampler::ForwardLaw;

/// One of the kernels of a law: with linear weights, or with logarithms.
#[derive(Clone, Debug)]
pub struct Form {
    program: KernelProgram,
    is_linear: bool,
}

impl Form {
    /// Linear weights where the law has them; logarithms also where particles start far beyond the reach of linear ones.
    fn new(program: &KernelProgram, starts_far: bool) -> Form {
        Form { is_linear: program.linear.is_some() && !starts_far, program: program.clone() }
    }

    /// The reduction.
    pub fn kernel(&self) -> &Kernel {
        self.program.linear.as_ref().filter(|_| self.is_linear).unwrap_or(&self.program.kernel)
    }

    pub(super) fn program(&self) -> &KernelProgram {
        &self.program
    }

    pub(super) fn uniforms(&self, t: f64) -> Vec<f64> {
        if self.is_linear { self.program.linear_uniforms(t) } else { self.program.uniforms(t) }
    }

    /// What the log of a sum lacks to be `log p`.
    pub(super) fn log_norm(&self, t: f64) -> f64 {
        if self.is_linear { self.program.linear_log_norm(t) } else { self.program.log_norm(t) }
    }

    /// The least sum of weights of so many sources that has lost no digits.
    pub(super) fn least_sum(&self, sources: usize) -> f64 {
        if self.is_linear { self.kernel().least_linear_sum(sources) } else { 0.0 }
    }
}

/// What is compiled for a sampler.
#[derive(Clone, Debug)]
pub struct Texts {
    /// The law of the field.
    pub field: Form,
    /// The law that particles are drawn from, where it is another.
    pub proposal: Option<Form>,
    /// How they are drawn, where the device draws them.
    pub spread: Option<Spread>,
    /// All steps of particles that are given.
    pub flow: PtxModule,
    /// The draw and all steps.
    pub sampler: Option<PtxModule>,
}

impl Texts {
    /// The texts for a method of so many stages; `proposal` is the program of the heavier law, `drawn_from` the law of the prior, that of the
    /// proposal where there is one.
    ///
    /// # Errors
    /// [`Unsupported`] where there are too many dimensions or stages.
    pub fn new(
        target: Ptx,
        program: &KernelProgram,
        proposal: Option<&KernelProgram>,
        drawn_from: &ForwardLaw,
        stages: usize,
    ) -> Result<Texts, Unsupported> {
        let (field, proposal) =
            (Form::new(program, proposal.is_some()), proposal.map(|proposal| Form::new(proposal, false)));
        let spread = drawn_from.subordinator.spread(1.0).map(|(spread, _)| spread);
        // The draw is isotropic.
        let spread = spread.filter(|_| drawn_from.shape.is_none());
        let flow = target.emit_flow(field.kernel(), stages)?;
        let draw = |spread| target.emit_sampler(field.kernel(), stages, spread, proposal.as_ref().map(Form::kernel));
        let sampler = spread.map(draw).transpose()?;
        Ok(Texts { field, proposal, spread, flow, sampler })
    }
}
