//! A kernel whose parameters are still letters: for code that is generated before they have values.
//!
//! In:   [`Green`], a dimension N, a precision.
//! Out:  [`Formula`]: the reduction that [`Bound::program`] builds, and each of its uniforms as an expression in `t` and the parameters,
//!   or as an entry of the table of a flux, with what that table is made from.
//! Holds: at values of the parameters, the uniforms and constants are those of [`KernelProgram`](super::KernelProgram).
//!   In a moving frame they are those at the frame's clock. A stable law of an order that is a letter is told by a table outside of the kernel.
//!   What has none: laws read from a table that depends on t.

use super::carrier::Shape;
use super::exchange::{self, FluxEntry};
use super::frame::{Frame, FrameFormula, TimePart};
use super::linear::polynomial;
use super::lower::{Bound, BoundBirths, BoundFlux, BoundLaw, LowerError, number};
use super::plain::stable_table::StableTable;
use super::{Births, Green, Law};
use crate::expr::{Axis, Expr, Func, Rational, Var, rational};
use crate::kernel::{Kernel, KernelBuilder, MAX_DIM, Mean, Precision};
use std::collections::BTreeMap;
use std::f64::consts::{FRAC_PI_2, LOG2_E, PI};

/// A kernel and the expressions to feed it.
#[derive(Clone, Debug)]
pub struct Formula {
    /// The reduction with logarithms of weights.
    pub kernel: Kernel,
    /// The same with linear weights, where there is one; see [`KernelProgram::linear`](super::KernelProgram::linear).
    pub linear: Option<Kernel>,
    /// What to add to the kernel's `log_sum` to get `log p`.
    pub log_norm: Expr,
    /// The same for the `log_sum` of linear weights.
    pub linear_log_norm: Expr,
    /// `R/p` where it is the same everywhere; otherwise the kernel's mean `births` gives it.
    pub constant_births: Option<Expr>,
    /// The velocity c with which the law is carried along each axis that has a name; the kernel's `x` is `x - c t`.
    pub drift: Option<[Expr; Axis::ALL.len()]>,
    /// The diffusion tensor, where it is not a multiple of 1; the kernel's `x` is then `L^-1 (x - c t)`, where `L L^T` is the tensor over
    /// its [`Shape::mean`].
    pub shape: Option<Shape>,
    /// The frame and the clock, where coefficients depend on t or x; the kernel's `x` is `x exp(B)`, and its t that of the clock.
    pub frame: Option<FrameFormula>,
    /// The table of the flux at one time, where some uniform is an entry of it.
    pub flux: Option<FluxFormula>,
    /// The table of a stable law whose order is a letter, or low. The logarithm that the kernel gives a pair is then its squared distance in place of
    /// what the table says of it.
    pub stable: Option<StableFormula>,
    /// Is the law a Gaussian of constant mass, so that shorter lengths are earlier times, as their squares?
    pub is_gaussian: bool,
    letters: Letters,
}

/// What the table of a flux is made from; [`FluxFormula::SOURCE`] makes it.
#[derive(Clone, Debug)]
pub struct FluxFormula {
    /// `h = (N + 1)/2`.
    pub order: f64,
    /// `z0 = mu tau`.
    pub scale: Expr,
    /// `mu`: the factor `factor(order, scale, z)` at a distance r, without the table, has `z^2 = z0^2 + mu^2 r^2`.
    pub mass: Expr,
    /// TERMS, the coefficients of a piece.
    pub terms: usize,
}

impl FluxFormula {
    /// Rust for `FluxTable::<TERMS>::new(order, scale)`, a struct with the numbers `pieces_per_log` and `z_end` and the coefficients
    /// `powers[piece][power]`; it needs nothing but the functions of `f64`.
    pub const SOURCE: &str = exchange::FLUX_TABLE;
}

/// A stable law of an order that is not known yet: [`StableFormula::SOURCE`] tells `log G(q/s)` of its shape G, and
/// `log G(0)`, which is to be added to [`Formula::log_norm`].
#[derive(Clone, Debug)]
pub struct StableFormula {
    /// beta.
    pub order: Expr,
    /// `c t`: `s = (c t)^(1/beta)`.
    pub rate: Expr,
}

impl StableFormula {
    /// Rust for the modules `chebyshev`, `one_sided` and `stable_table`, which need `std` alone: there are
    /// `StableTable::new(order, dim, &Fineness::DOUBLE)`, none outside of the two `StableTable::orders(dim)`, its `log_peak` and
    /// `at(q, log_q)`.
    pub const SOURCE: &str = super::plain::STABLE_TABLE;
}

/// What a uniform is computed from.
#[derive(Clone, Debug, PartialEq)]
pub enum UniformFormula {
    /// `t` and the parameters.
    Letters(Expr),
    /// [`Formula::flux`].
    Flux(FluxEntry),
}

/// Why a kernel has no formula.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FormulaError {
    /// The law comes from a table.
    #[error(
        "lambda = {0} has no closed kernel: its density is a table that is made when the parameters have values, \
         by the library's `Field`"
    )]
    Table(String),
    /// A function of t whose integral is not written with letters.
    #[error("the integral of {0} over t has no closed form here; sums of powers of t and exponentials have one")]
    Clock(String),
    /// The centre of the law moves, and its clock is not t.
    #[error("its centre moves with the velocity {0} beside a clock, which only the library's `Field` follows")]
    MovingCentre(String),
    /// The number of degrees of freedom is a letter.
    #[error(
        "the number of degrees of freedom {0} must be a number in the text, as the kernel's body depends on it; the library's `Field` \
         takes it as a parameter"
    )]
    Freedom(String),
    /// As for numbers.
    #[error(transparent)]
    Lower(#[from] LowerError),
}

/// The constants of a law as letters.
#[derive(Clone, Debug)]
struct Letters {
    law: Law,
    dim: usize,
    flux_ratio: Expr,
    births: Births,
}

impl Green {
    /// The kernel with its parameters as letters.
    ///
    /// # Errors
    /// [`FormulaError`] names what keeps the kernel from being a formula.
    pub fn formula(&self, dim: usize, precision: Precision) -> Result<Formula, FormulaError> {
        if !(1..=MAX_DIM).contains(&dim) {
            return Err(LowerError::Dimension(dim).into());
        }
        let frame = self.frame.as_ref().map(Self::frame_formula).transpose()?;
        let shape = self.carrier.as_ref().and_then(|carrier| carrier.shape.clone());
        let (law, log_peak) = self.placeholder_law(dim)?;
        let births = self.births.clone().ok_or_else(|| self.no_closed_kernel())?;
        let (flux, flux_ratio) = match &self.flux_ratio {
            Some(ratio) => (BoundFlux::Ratio(1.0), ratio.clone()),
            None if self.exchanges(&births) => (BoundFlux::Exchange, Expr::one()),
            None => return Err(self.no_closed_kernel()),
        };
        let bound_births = match &births {
            Births::Constant(_) => BoundBirths::Constant(0.0),
            Births::BesselRatio(_) => BoundBirths::BesselRatio(1.0),
        };
        let stable = match &self.law {
            Law::Stable { rate, order } if law.is_wide() || self.needs_table(law, dim) || !is_number(order) => {
                Some(StableFormula { order: order.clone(), rate: rate.clone() * time() })
            }
            _ => None,
        };
        let (kernel, linear, log_peak) = match &stable {
            Some(_) => (distance_kernel(dim, precision)?, None, 0.0),
            None => {
                let program = Bound::placeholder(dim, law, flux, bound_births).program(precision)?;
                let log_peak = if log_peak { program.log_norm(1.0) } else { 0.0 };
                (program.kernel, program.linear, log_peak)
            }
        };
        let law = match (&self.law, &shape) {
            (Law::Gaussian { rate }, Some(shape)) => Law::Gaussian { rate: rate.clone() * shape.mean(dim) },
            (law, _) => law.clone(),
        };
        let has_table = kernel.uniforms().iter().any(|name| FluxEntry::of(name).is_some());
        let letters = Letters { law, dim, flux_ratio, births };
        let log_norm = letters.log_norm(log_peak)? - self.offset.clone() * time();
        Ok(Formula {
            kernel,
            linear,
            linear_log_norm: log_norm.clone() + letters.log_linear_scale(),
            log_norm,
            constant_births: match &letters.births {
                Births::Constant(c) => Some(c.clone()),
                Births::BesselRatio(_) => None,
            },
            drift: self.carrier.as_ref().map(|carrier| carrier.drift.clone()),
            shape,
            frame,
            flux: has_table.then(|| FluxFormula {
                order: 0.5 * (dim as f64 + 1.0),
                scale: letters.z0(),
                mass: letters.mass(),
                terms: exchange::terms(precision),
            }),
            stable,
            is_gaussian: matches!(self.law, Law::Gaussian { .. }) && self.offset.is_zero(),
            letters,
        })
    }

    fn frame_formula(frame: &Frame) -> Result<FrameFormula, FormulaError> {
        let formula = frame.formula()?;
        for part in formula.pull.iter().chain(&formula.rate).chain(&formula.offset) {
            let TimePart::Power { power, .. } = part else { continue };
            // A letter is above -1 by the proof that the equation is generative.
            if number(power, &BTreeMap::new()).is_ok_and(|n| n <= -1.0) {
                return Err(FormulaError::Clock(format!("t^({power})")));
            }
        }
        Ok(formula)
    }

    /// A law of the same body, and whether its normalisation is read from a table.
    fn placeholder_law(&self, dim: usize) -> Result<(BoundLaw, bool), FormulaError> {
        Ok(match &self.law {
            Law::Gaussian { .. } => (BoundLaw::Gaussian { rate: 1.0 }, false),
            Law::Cauchy { .. } => (BoundLaw::Cauchy { speed: 1.0 }, false),
            Law::Tempered { .. } => (BoundLaw::Tempered { speed: 1.0, mass: 1.0 }, false),
            Law::Student { freedom, .. } => {
                let letter = |_| FormulaError::Freedom(freedom.to_string());
                let freedom = number(freedom, &BTreeMap::new()).map_err(letter)?;
                (BoundLaw::Student { speed: 1.0, freedom }, false)
            }
            Law::Stable { order, .. } => {
                // Of a letter, a table is made when it has a value.
                let order = number(order, &BTreeMap::new()).unwrap_or(0.5);
                let law = BoundLaw::Stable { rate: 1.0, order };
                let (lowest, highest) = StableTable::orders(dim);
                if !(lowest..=highest).contains(&order) {
                    return Err(self.no_closed_kernel());
                }
                (law, true)
            }
            Law::Subordinated => return Err(self.no_closed_kernel()),
        })
    }

    /// Is the flux the one of [`super::exchange`], for all values of the letters?
    fn exchanges(&self, births: &Births) -> bool {
        match (&self.law, births) {
            (Law::Tempered { speed, mass }, Births::Constant(births)) => {
                (self.offset.clone() + speed.clone() * mass.clone() + births.clone()).expand().is_zero()
            }
            _ => false,
        }
    }

    fn no_closed_kernel(&self) -> FormulaError {
        FormulaError::Table(self.lambda.to_string())
    }
}

impl Formula {
    /// The uniforms of either kernel, in its order; none where a name is not known, which would be a fault of this compiler.
    pub fn uniforms(&self, kernel: &Kernel) -> Option<Vec<UniformFormula>> {
        let formula = |name: &String| match FluxEntry::of(name) {
            Some(entry) => Some(UniformFormula::Flux(entry)),
            None => self.letters.uniform(name).map(UniformFormula::Letters),
        };
        kernel.uniforms().iter().map(formula).collect()
    }
}

impl Letters {
    fn uniform(&self, name: &str) -> Option<Expr> {
        let half = || Expr::Num(rational(1, 2));
        Some(match (name, &self.law) {
            ("rate", _) => half() * self.flux_ratio.clone() * time().recip(),
            ("1_over_t", _) => time().recip(),
            ("1_over_scale_squared", Law::Stable { rate, order }) => {
                Expr::pow(rate.clone() * time(), -order.clone().recip())
            }
            ("minus_1_over_4Dt", Law::Gaussian { rate }) => {
                Expr::Num(rational(-1, 4)) * (rate.clone() * time()).recip()
            }
            ("minus_log2_e_over_4Dt", Law::Gaussian { rate }) => {
                double(-LOG2_E / 4.0) * (rate.clone() * time()).recip()
            }
            (
                "1_over_tau_squared",
                Law::Cauchy { speed } | Law::Tempered { speed, .. } | Law::Student { speed, .. },
            ) => (speed.clone() * time()).powi(-2),
            ("mass_squared", Law::Tempered { mass, .. }) => mass.clone().powi(2),
            ("mass_squared_tau_squared", Law::Tempered { .. }) => self.z0().powi(2),
            ("births_scale", Law::Tempered { speed, mass }) => {
                self.births_factor() * (mass.clone().powi(2) * speed.clone() * time()).recip()
            }
            ("1_over_z0", Law::Tempered { .. }) => self.z0().recip(),
            ("minus_z0_log2_e", Law::Tempered { .. }) => double(-LOG2_E) * self.z0(),
            ("z0_log2_e", Law::Tempered { .. }) => double(LOG2_E) * self.z0(),
            (_, Law::Tempered { speed, .. }) => self.coefficient(name, speed)?,
            _ => return None,
        })
    }

    /// A coefficient of the polynomials of the linear weight and its births: `weight_3`, `births_0`.
    fn coefficient(&self, name: &str, speed: &Expr) -> Option<Expr> {
        let (what, k) = name.split_once('_')?;
        let (k, n) = (k.parse::<usize>().ok()?, self.dim / 2);
        let power = self.z0().powi(k as i64) * self.bessel_polynomial(n).recip();
        let of_order = |n: usize| polynomial(n).get(k).copied().map(double);
        match what {
            "weight" => Some(of_order(n)? * power),
            "births" => Some(self.births_factor() * speed.clone() * time() * of_order(n.checked_sub(1)?)? * power),
            _ => None,
        }
    }

    fn births_factor(&self) -> Expr {
        match &self.births {
            Births::Constant(c) | Births::BesselRatio(c) => c.clone(),
        }
    }

    /// `mu tau`; 0 for laws without a mass.
    fn z0(&self) -> Expr {
        match &self.law {
            Law::Tempered { speed, mass } => mass.clone() * speed.clone() * time(),
            _ => Expr::zero(),
        }
    }

    /// mu; 0 for laws without it.
    fn mass(&self) -> Expr {
        match &self.law {
            Law::Tempered { mass, .. } => mass.clone(),
            _ => Expr::zero(),
        }
    }

    /// `Q_n(z0)` of [`super::linear`].
    fn bessel_polynomial(&self, n: usize) -> Expr {
        Expr::add(polynomial(n).into_iter().zip(0..).map(|(c, k)| double(c) * self.z0().powi(k)))
    }

    /// The part of `log p` that does not depend on the pair, less the decay.
    fn log_norm(&self, log_peak: f64) -> Result<Expr, LowerError> {
        let n = self.dim as f64;
        let order = 0.5 * (n + 1.0);
        let scaled = |c: f64, e: Expr| double(c) * log(e);
        Ok(match &self.law {
            Law::Gaussian { rate } => double(-0.5 * n * (4.0 * PI).ln()) + scaled(-0.5 * n, rate.clone() * time()),
            Law::Cauchy { speed } => double(libm::lgamma(order) - order * PI.ln()) + scaled(-n, speed.clone() * time()),
            Law::Tempered { speed, mass } => {
                let tau = || speed.clone() * time();
                let constant = double(2.0_f64.ln() - order * (2.0 * PI).ln());
                constant + log(tau()) + scaled(order, mass.clone() * tau().recip())
            }
            Law::Student { speed, freedom } => {
                let freedom = number(freedom, &BTreeMap::new())?;
                let constant = libm::lgamma(0.5 * (n + freedom)) - libm::lgamma(0.5 * freedom) - 0.5 * n * PI.ln();
                double(constant) + scaled(-n, speed.clone() * time())
            }
            Law::Stable { rate, order } => {
                double(log_peak) + double(-0.5 * n) * order.clone().recip() * log(rate.clone() * time())
            }
            // `formula` has refused it.
            Law::Subordinated => Expr::zero(),
        })
    }

    /// The logarithm of the other kernel's weight for a source at the query.
    fn log_linear_scale(&self) -> Expr {
        let Law::Tempered { .. } = &self.law else { return Expr::zero() };
        let n = self.dim / 2;
        let power = double(-0.5 - n as f64) * log(self.z0());
        double(0.5 * FRAC_PI_2.ln()) + power - self.z0() + log(self.bessel_polynomial(n))
    }
}

/// Instead of the logarithm of a weight, the squared distance: for a law that is told outside of the kernel.
fn distance_kernel(dim: usize, precision: Precision) -> Result<Kernel, LowerError> {
    let (mut k, pair) = KernelBuilder::reduce("distance_field", precision, dim);
    let rate = k.uniform("rate");
    Ok(k.finish_reduce(pair.q, vec![Mean::displacement("v", rate)])?)
}

fn is_number(e: &Expr) -> bool {
    number(e, &BTreeMap::new()).is_ok()
}

fn time() -> Expr {
    Expr::Var(Var::Time)
}

fn log(e: Expr) -> Expr {
    Expr::call(Func::Log, e)
}

/// The number that a double is.
fn double(x: f64) -> Expr {
    // Every constant here is finite.
    Rational::from_float(x).map_or_else(Expr::zero, Expr::Num)
}

#[cfg(test)]
mod tests;
