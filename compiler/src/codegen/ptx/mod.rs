//! The PTX target: text for NVIDIA's driver, one thread a lane of a map or a few queries of a reduction.
//!
//! In:   a [`Kernel`].
//! Out:  a [`PtxModule`]: the text, and the memory layout and launch shape it expects.
//! Holds: every operation is rounded as the interpreter rounds it (`.rn`, nothing contracted, no flush to zero), but for the quotients and roots of f32
//!   reductions in few dimensions, which are within an ulp (see `seeds`); minima and maxima select by
//!   comparison, as `min.f32` treats NaN and signed zeros otherwise. The text is for the lowest version
//!   that has what it uses, so that old drivers load it: PTX ISA 6.0, `sm_70`.
//! Source: NVIDIA, PTX ISA; the instructions are those of version 6.0.

mod body;
mod code;
mod layout;
mod map;
mod random;
mod reduce;
mod seeds;

pub use layout::{Factor, FlowLayout, Layout, MapLayout, PartialMean, Partials, PriorLayout, ReduceLayout};

use super::{Target, Unsupported};
use crate::green::Spread;
use crate::kernel::{Kernel, KernelBuilder, MeanKind, Output, Precision, Shape, inline_specials_except};
use crate::special::Special;
use code::Code;
use reduce::Reduction;
use reduce::flow::Flow;
use reduce::prior::Prior;

/// The version of the PTX instruction set that the text is written in: CUDA 9.0, the first that knows `sm_70`.
pub const PTX_VERSION: &str = "6.0";
/// The oldest architecture that the text is for.
pub const PTX_TARGET: &str = "sm_70";

/// The PTX target.
///
/// # Example
/// ```
/// use genphys_compiler::codegen::{Target, ptx::Ptx};
/// use genphys_compiler::kernel::{KernelBuilder, Output, Precision};
/// let mut k = KernelBuilder::map("square", Precision::F32);
/// let x = k.input("x");
/// let y = k.mul(x, x);
/// let module = Ptx::default().emit(&k.finish_map(vec![Output::new("y", y)])?)?;
/// assert!(module.text.contains("mul.rn.f32"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Ptx {
    /// Approximations of the hardware in f32, off by default; f64 has none. They take subnormal numbers for zero, and yield zero for them. Errors are
    /// at most, by NVIDIA's PTX ISA, "Floating Point Instructions" (section numbers in parentheses):
    /// - division by `div.approx.ftz`: 2 ulp for divisors from `2^-126` to `2^126`; zero for those above (9.7.3.8);
    /// - square roots by `sqrt.approx.ftz`: relative `2^-23` (9.7.3.15);
    /// - `log` by `lg2.approx.ftz`: of the logarithm to base 2, absolute `2^-22` for arguments in `(1/2, 2)`, relative `2^-22` elsewhere
    ///   (9.7.3.20); the multiplication by `log 2` adds a relative `2^-23`;
    /// - `exp` by `ex2.approx.ftz`: 2 ulp of the correctly rounded power of two, `2.5 2^-23` relative in all (9.7.3.21), to which rounding the
    ///   argument `x / log 2` adds `1.25 |x| 2^-24`; results below `2^-126` are zero.
    pub fast_math: bool,
}

/// A kernel as PTX.
#[derive(Clone, Debug, PartialEq)]
pub struct PtxModule {
    /// The module with its one entry.
    pub text: String,
    /// The name of the entry.
    pub entry: String,
    /// The kernel's float.
    pub precision: Precision,
    /// What the entry expects in memory and how it is launched.
    pub layout: Layout,
}

impl Target for Ptx {
    type Artifact = PtxModule;
    const NAME: &'static str = "ptx";

    fn emit(&self, kernel: &Kernel) -> Result<PtxModule, Unsupported> {
        let kernel = self.inline(kernel)?;
        let mut code = Code::new(kernel.precision(), self.fast_math);
        let entry = identifier(kernel.name());
        let layout = match kernel.shape() {
            Shape::Map { .. } => Layout::Map(map::emit(&mut code, &kernel)?),
            Shape::Reduce { .. } => {
                let layout = ReduceLayout::new(&kernel)?;
                let exp = self.inline(&map_of(Special::ExpWeight, kernel.precision())?)?;
                reduce::emit(&mut code, &kernel, &exp, &layout)?;
                Layout::Reduce(layout)
            }
        };
        let text = code.finish(&entry, &kernel);
        Ok(PtxModule { text, entry, precision: kernel.precision(), layout })
    }

    fn listing(module: &PtxModule) -> String {
        module.text.clone()
    }
}

impl Ptx {
    /// All steps of a Runge-Kutta method of so many stages, for a population in the field that `kernel` reduces to.
    ///
    /// # Errors
    /// [`Unsupported`] unless the kernel is a reduction in at most [`FlowLayout::MAX_DIM`] dimensions with a displacement for its first
    /// mean and at most a number for its second, and there are 1 to [`FlowLayout::MAX_STAGES`] stages.
    pub fn emit_flow(&self, kernel: &Kernel, stages: usize) -> Result<PtxModule, Unsupported> {
        let kernel = self.inline(kernel)?;
        let layout = FlowLayout { reduce: flow_sums(&kernel, stages)?, stages, prior: None };
        let exp = self.inline(&map_of(Special::ExpWeight, kernel.precision())?)?;
        let mut code = Code::new(kernel.precision(), self.fast_math);
        let reduction = Reduction::new(&kernel, &exp, &layout.reduce);
        reduce::flow::emit(&mut code, &Flow { reduction, layout: &layout, prior: None })?;
        Ok(finished(code, &kernel, "flow", layout))
    }

    /// The whole sampler in one launch: every thread draws its particle from the prior and takes it through all steps. Where the prior is that
    /// of another law, `proposal` is its reduction, and particles start with the weight that corrects for it.
    ///
    /// # Errors
    /// As [`Ptx::emit_flow`], of the proposal too.
    pub fn emit_sampler(
        &self,
        kernel: &Kernel,
        stages: usize,
        spread: Spread,
        proposal: Option<&Kernel>,
    ) -> Result<PtxModule, Unsupported> {
        let kernel = self.inline(kernel)?;
        let proposal = proposal.map(|proposal| self.inline(proposal)).transpose()?;
        let reduce = flow_sums(&kernel, stages)?;
        let other = proposal.as_ref().map(|proposal| flow_sums(proposal, stages)).transpose()?;
        let is_apart = |(kernel_of, sums): (&Kernel, &ReduceLayout)| {
            sums.dim != reduce.dim || kernel_of.precision() != kernel.precision()
        };
        if proposal.as_ref().zip(other.as_ref()).is_some_and(is_apart) {
            return Err(unsupported(&kernel, "its proposal is of another dimension or precision"));
        }
        let exp = self.inline(&map_of(Special::ExpWeight, kernel.precision())?)?;
        let log = self.inline(&map_of(Special::Log, Precision::F64)?)?;
        let draw = self.inline(&spread.kernel(reduce.dim)?)?;
        let layout = FlowLayout { reduce, stages, prior: Some(PriorLayout { spread, proposal: other }) };
        let mut code = Code::new(kernel.precision(), self.fast_math);
        let other = layout.prior.as_ref().and_then(|prior| prior.proposal.as_ref());
        let proposal = proposal.as_ref().zip(other).map(|(kernel, layout)| Reduction::new(kernel, &exp, layout));
        let prior = Prior { draw: &draw, log: &log, proposal };
        let reduction = Reduction::new(&kernel, &exp, &layout.reduce);
        reduce::flow::emit(&mut code, &Flow { reduction, layout: &layout, prior: Some(prior) })?;
        Ok(finished(code, &kernel, "sampler", layout))
    }

    fn inline(&self, kernel: &Kernel) -> Result<Kernel, Unsupported> {
        let is_fast = self.fast_math && kernel.precision() == Precision::F32;
        Ok(inline_specials_except(kernel, |special| is_fast && body::is_approximated(special))?)
    }
}

/// The sums of every stage of a flow, if the kernel fits one.
fn flow_sums(kernel: &Kernel, stages: usize) -> Result<ReduceLayout, Unsupported> {
    let reduce = ReduceLayout { queries_per_thread: Some(1), ..ReduceLayout::new(kernel)? };
    let kinds: Vec<MeanKind> = match kernel.shape() {
        Shape::Reduce { means, .. } => means.iter().map(|mean| mean.kind).collect(),
        Shape::Map { .. } => Vec::new(),
    };
    let has_fitting_means = matches!(
        kinds[..],
        [MeanKind::Displacement(_)] | [MeanKind::Displacement(_), MeanKind::Scalar(_) | MeanKind::Weighted(_)]
    );
    if reduce.dim > FlowLayout::MAX_DIM || !has_fitting_means || !(1..=FlowLayout::MAX_STAGES).contains(&stages) {
        return Err(unsupported(kernel, "a flow needs few dimensions and stages, a velocity and at most a birth rate"));
    }
    Ok(reduce)
}

fn finished(code: Code, kernel: &Kernel, what: &str, layout: FlowLayout) -> PtxModule {
    let entry = identifier(&format!("{}_{what}", kernel.name()));
    let text = code.finish(&entry, kernel);
    PtxModule { text, entry, precision: kernel.precision(), layout: Layout::Flow(layout) }
}

/// One special function: `exp(l - m)` for the weights, or a logarithm.
fn map_of(special: Special, precision: Precision) -> Result<Kernel, Unsupported> {
    let mut k = KernelBuilder::map("special", precision);
    let x = k.input("x");
    let y = k.call(special, x);
    Ok(k.finish_map(vec![Output::new("y", y)])?)
}

/// A name that PTX accepts: letters, digits and underscores behind a letter.
fn identifier(name: &str) -> String {
    let clean: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if clean.starts_with(|c: char| c.is_ascii_alphabetic()) { clean } else { format!("k_{clean}") }
}

fn unsupported(kernel: &Kernel, what: &str) -> Unsupported {
    Unsupported::Feature { target: Ptx::NAME, kernel: kernel.name().to_owned(), what: what.to_owned() }
}
