//! From a closed form to a kernel: `log p`, v and R/p of a data set as one reduction over its points.
//!
//! In:   [`Green`], a dimension N, values of the parameters, a precision.
//! Out:  [`KernelProgram`]: a KernelIr reduction over sources, and the uniforms it needs at each time t.
//! Holds: constants that do not depend on the pair are kept out of the kernel ([`KernelProgram::log_norm`]), so that
//!       an f32 kernel does not lose digits to them.

mod program;

pub use program::KernelProgram;

use super::carrier::BoundCarrier;
use super::frame::BoundFrame;
use super::plain::stable_table::StableTable;
use super::stable;
use super::subordinated::{Amplitude, Subordinated};
use super::tabulated::{Columns, Tabulated};
use super::{Births, Green, Law, exchange};
use crate::expr::{Expr, Name, Rational};
use crate::kernel::{KernelBuilder, KernelError, MAX_DIM, Mean, Pair, Precision, Value};
use crate::special::Special;
use num_complex::Complex64;
use num_traits::ToPrimitive;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A [`Green`] at one dimension and one point of its parameters, as numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    dim: usize,
    law: BoundLaw,
    /// The part of lambda that only scales the mass: `exp(-offset t)` beside the law.
    offset: f64,
    pub(super) flux: BoundFlux,
    pub(super) births: BoundBirths,
    frame: Option<BoundFrame>,
    carrier: Option<BoundCarrier>,
    /// The law where it has no closed form.
    tabulated: Option<Arc<Tabulated>>,
}

/// The law with numbers in it: lambda is `law + offset`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BoundLaw {
    /// `rate kappa`.
    Gaussian {
        /// D, length squared per time.
        rate: f64,
    },
    /// `speed sqrt(kappa)`.
    Cauchy {
        /// c, length per time.
        speed: f64,
    },
    /// `speed sqrt(kappa + mass^2)`.
    Tempered {
        /// c, length per time.
        speed: f64,
        /// mu, per length.
        mass: f64,
    },
    /// Student's law of scale `speed t` with `freedom` degrees of freedom.
    Student {
        /// c, length per time.
        speed: f64,
        /// d > 0.
        freedom: f64,
    },
    /// `rate kappa^order`, `0 < order < 1`.
    Stable {
        /// c, length to the power `2 order` per time.
        rate: f64,
        /// beta.
        order: f64,
    },
    /// The law of the subordinator of [`Bound::subordinated`].
    Subordinated {
        /// The exponent of lambda as kappa grows.
        order: f64,
    },
}

/// The flux of a point source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum BoundFlux {
    /// `J/p = ratio (x - y)/(2 t)`.
    Ratio(f64),
    /// The flux of a tempered law whose source term leaves its shape alone: see [`super::exchange`].
    Exchange,
    /// A column of the table of the law.
    Tabulated,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum BoundBirths {
    Constant(f64),
    BesselRatio(f64),
    /// A column of the table of the law.
    Tabulated,
}

/// Why no kernel could be made. All are limits stated to the user, none a fault.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum LowerError {
    /// The dimension is outside `1..=3072`.
    #[error("the dimension N must be between 1 and {MAX_DIM}, found {0}")]
    Dimension(usize),
    /// The flux has no closed form.
    #[error("the velocity of this equation has no closed form here: its flux is not proportional to x p")]
    NoClosedFlux,
    /// The source term has no closed form.
    #[error("the birth rate R/p of this equation has no closed form here")]
    NoClosedSource,
    /// No table of the stable law is accurate enough.
    #[error("the stable law of order {order} in N = {dim} has no table that is accurate enough")]
    Stable {
        /// beta.
        order: f64,
        /// N.
        dim: usize,
    },
    /// The law is no mixture of Gaussians that can be computed here.
    #[error(
        "lambda = {0} has no kernel here: it is no Bernstein function built from powers of kappa, or it is bounded, so that a part of the data \
         never moves, or a power of kappa in it is below 1/10 or within 1/100 of 1, which no table here follows"
    )]
    NoMixture(String),
    /// The clock of the law, or the way of its centre, has no value.
    #[error(
        "the integral of {0} from t = 0 does not exist, or is not found here: it must be a known function of t that is integrable at 0"
    )]
    Clock(String),
    /// A parameter has no value.
    #[error("the parameter {0} has no value; give one with --set {0}=VALUE")]
    Unset(Name),
    /// A constant of the kernel is not a finite number at these values.
    #[error("the {what} is {value} at these parameter values; it must be {must}")]
    Value {
        /// Which constant.
        what: &'static str,
        /// What it came out as.
        value: f64,
        /// What it must be.
        must: &'static str,
    },
    /// The kernel failed its verifier.
    #[error(transparent)]
    Kernel(#[from] KernelError),
}

impl Green {
    /// Evaluates every constant of the form at parameter `values` in dimension `dim`.
    ///
    /// # Errors
    /// [`LowerError`] when a parameter has no value, the dimension is out of range, or v or R/p has no closed form.
    pub fn bind(&self, dim: usize, values: &BTreeMap<Name, Rational>) -> Result<Bound, LowerError> {
        if !(1..=MAX_DIM).contains(&dim) {
            return Err(LowerError::Dimension(dim));
        }
        let positive = |e: &Expr, what| {
            let value = number(e, values)?;
            if value.is_finite() && value > 0.0 {
                Ok(value)
            } else {
                Err(LowerError::Value { what, value, must: "positive and finite" })
            }
        };
        let law = match &self.law {
            Law::Gaussian { rate } => BoundLaw::Gaussian { rate: positive(rate, "diffusion coefficient")? },
            Law::Cauchy { speed } => BoundLaw::Cauchy { speed: positive(speed, "speed")? },
            Law::Tempered { speed, mass } => {
                BoundLaw::Tempered { speed: positive(speed, "speed")?, mass: positive(mass, "mass")? }
            }
            Law::Student { speed, freedom } => BoundLaw::Student {
                speed: positive(speed, "speed")?,
                freedom: positive(freedom, "number of degrees of freedom")?,
            },
            Law::Stable { rate, order } => {
                BoundLaw::Stable { rate: positive(rate, "rate")?, order: positive(order, "order")? }
            }
            Law::Subordinated => BoundLaw::Subordinated { order: 1.0 },
        };
        if self.needs_table(law, dim) {
            return self.tabulate(dim, values, false);
        }
        let offset = number(&self.offset, values)?;
        let births = match self.births.as_ref() {
            Some(Births::Constant(e)) => Some(BoundBirths::Constant(number(e, values)?)),
            Some(Births::BesselRatio(e)) => Some(BoundBirths::BesselRatio(number(e, values)?)),
            None => None,
        };
        let flux = match (&self.flux_ratio, births) {
            (Some(ratio), _) => Some(BoundFlux::Ratio(number(ratio, values)?)),
            (None, Some(births)) => exchange::flux(law, offset, births),
            (None, None) => None,
        };
        let (Some(births), Some(flux)) = (births, flux) else { return self.tabulate(dim, values, false) };
        let frame = self.frame.as_ref().map(|f| f.bind(values)).transpose()?;
        let carrier = self.carrier.as_ref().map(|c| c.bind(dim, values)).transpose()?;
        let law = match (law, &carrier) {
            (BoundLaw::Gaussian { rate }, Some((_, factor))) => BoundLaw::Gaussian { rate: rate * factor },
            (law, _) => law,
        };
        let carrier = carrier.map(|(carrier, _)| carrier);
        Ok(Bound { dim, law, offset, flux, births, frame, carrier, tabulated: None })
    }

    /// Stable laws near the ends of the range of orders have no table of their own.
    pub(super) fn needs_table(&self, law: BoundLaw, dim: usize) -> bool {
        match law {
            BoundLaw::Subordinated { .. } => true,
            // Between, the other table is at least as fast.
            BoundLaw::Stable { order, .. } => {
                let is_low = dim <= 16 && (StableTable::orders(dim).0..0.1).contains(&order);
                !(is_low || (0.2..=0.98).contains(&order))
            }
            _ => false,
        }
    }

    /// The part that moves, of a kernel by [`Green::recognise_rest`]: see [`Bound::mass_at_rest`] for what it leaves out.
    ///
    /// # Errors
    /// [`LowerError`] as [`Green::bind`].
    pub fn bind_rest(&self, dim: usize, values: &BTreeMap<Name, Rational>) -> Result<Bound, LowerError> {
        if !(1..=MAX_DIM).contains(&dim) {
            return Err(LowerError::Dimension(dim));
        }
        self.tabulate(dim, values, true)
    }

    /// The law as a table, with columns for a flux or births without closed form.
    fn tabulate(&self, dim: usize, values: &BTreeMap<Name, Rational>, may_stay: bool) -> Result<Bound, LowerError> {
        let lambda = match &self.law {
            Law::Subordinated => self.lambda.clone(),
            law => law.symbol(),
        };
        let (mut amplitudes, mut columns) = (Vec::new(), Columns { flux: None, births: None });
        let mut column = |amplitude: Amplitude| {
            amplitudes.push(amplitude);
            Some(amplitudes.len() - 1)
        };
        let is_plain = matches!(self.births, Some(Births::Constant(_)));
        let flux = match &self.flux_ratio {
            Some(ratio) => BoundFlux::Ratio(number(ratio, values)?),
            // With constant births the law determines its flux, in its frame as well.
            None if self.frame.is_some() && !is_plain => return Err(LowerError::NoClosedFlux),
            None => {
                let other = || Amplitude::Other(self.multipliers.flux.clone());
                columns.flux = column(if is_plain { Amplitude::Flux } else { other() });
                BoundFlux::Tabulated
            }
        };
        let births = match &self.births {
            Some(Births::Constant(e)) => BoundBirths::Constant(number(e, values)?),
            _ if self.frame.is_some() => return Err(LowerError::NoClosedSource),
            _ => {
                columns.births = column(Amplitude::Other(self.multipliers.source.clone()));
                BoundBirths::Tabulated
            }
        };
        let offset = number(&self.offset, values)? + number(&(self.law_at_zero()), values)?;
        let law = Subordinated::read(&lambda, &amplitudes, values)?;
        let law = law.filter(|law| may_stay || law.mass_at_rest(1.0) == 0.0);
        let law = Arc::new(law.ok_or_else(|| LowerError::NoMixture(self.lambda.to_string()))?);
        let frame = self.frame.as_ref().map(|f| f.bind(values)).transpose()?;
        let carrier = self.carrier.as_ref().map(|c| c.bind(dim, values)).transpose()?.map(|(carrier, _)| carrier);
        Ok(Bound {
            dim,
            law: BoundLaw::Subordinated { order: law.order() },
            offset,
            flux,
            births,
            frame,
            carrier,
            tabulated: Some(Arc::new(Tabulated::new(law, columns, dim))),
        })
    }

    /// The law's part of lambda at 0, which a table does not hold.
    fn law_at_zero(&self) -> Expr {
        match &self.law {
            Law::Tempered { speed, mass } => speed.clone() * mass.clone(),
            _ => Expr::zero(),
        }
    }
}

impl Bound {
    /// A law whose numbers only hold their places: for the body of its kernel, which has them as uniforms.
    pub(super) fn placeholder(dim: usize, law: BoundLaw, flux: BoundFlux, births: BoundBirths) -> Bound {
        Bound { dim, law, offset: 0.0, flux, births, frame: None, carrier: None, tabulated: None }
    }

    /// The space dimension N.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// The law of the density kernel.
    pub fn law(&self) -> BoundLaw {
        self.law
    }

    /// The frame and the clock in which the law holds; none when they are x and t.
    pub fn frame(&self) -> Option<&BoundFrame> {
        self.frame.as_ref()
    }

    /// The drift and the shape of the law; none where it is at rest and isotropic.
    pub fn carrier(&self) -> Option<&BoundCarrier> {
        self.carrier.as_ref()
    }

    /// The subordinator of a law without a closed form.
    pub fn subordinated(&self) -> Option<&Arc<Subordinated>> {
        self.tabulated.as_ref().map(|tabulated| &tabulated.law)
    }

    /// The part of the mass that has not moved up to time t and is left out of every density: 0 but for a kernel by
    /// [`Green::bind_rest`].
    pub fn mass_at_rest(&self, t: f64) -> f64 {
        self.subordinated().map_or(0.0, |law| law.mass_at_rest(t)) * (-self.decay() * t).exp()
    }

    /// The law alone, in its own frame and on its own clock, without the drift; it keeps its shape.
    pub fn at_rest(&self) -> Bound {
        Bound { frame: None, carrier: self.carrier.as_ref().and_then(BoundCarrier::at_rest), ..self.clone() }
    }

    /// `lambda(0)`: the total mass is `exp(-lambda(0) t)`.
    pub fn decay(&self) -> f64 {
        match self.law {
            BoundLaw::Gaussian { .. } | BoundLaw::Cauchy { .. } => self.offset,
            BoundLaw::Student { .. } | BoundLaw::Stable { .. } | BoundLaw::Subordinated { .. } => self.offset,
            BoundLaw::Tempered { speed, mass } => self.offset + speed * mass,
        }
    }

    /// Is R identically zero?
    pub fn conserves_mass(&self) -> bool {
        self.births == BoundBirths::Constant(0.0)
    }

    /// The rate a(t) with `J/p = a(t) (x - y)` for a single source y, per time; none if it varies with the distance.
    pub fn displacement_rate(&self, t: f64) -> Option<f64> {
        match self.flux {
            BoundFlux::Ratio(ratio) => Some(ratio / (2.0 * t)),
            BoundFlux::Exchange | BoundFlux::Tabulated => None,
        }
    }

    /// The conservative flow with the same rays and a heavier tail: the Cauchy law of the same speed, for a tempered
    /// one. The births of a tempered flow along a ray undo exactly the ratio of the two laws, so a population drawn
    /// from the heavier law and corrected by weights keeps a finite variance.
    pub fn heavier(&self) -> Option<Bound> {
        match self.law {
            BoundLaw::Tempered { .. } if self.flux == BoundFlux::Exchange => None,
            BoundLaw::Tempered { speed, .. } => Some(Bound {
                law: BoundLaw::Cauchy { speed },
                offset: 0.0,
                births: BoundBirths::Constant(0.0),
                ..self.clone()
            }),
            BoundLaw::Gaussian { .. } | BoundLaw::Cauchy { .. } => None,
            BoundLaw::Student { .. } | BoundLaw::Stable { .. } | BoundLaw::Subordinated { .. } => None,
        }
    }

    /// Builds the kernel in `precision`; in f64 for a stable law of an order below 1/5.
    ///
    /// # Errors
    /// [`LowerError::Stable`] for a stable law that has no table; [`LowerError::Kernel`], which would be a fault of this
    /// compiler.
    pub fn program(&self, precision: Precision) -> Result<KernelProgram, LowerError> {
        // Squared distances in units of a narrow peak have no numbers in f32.
        let precision = if self.law.is_wide() { Precision::F64 } else { precision };
        let (mut k, pair) = KernelBuilder::reduce(self.law.kernel_name(), precision, self.dim);
        let mut means = Vec::new();
        let (mut log_peak, mut coefficient) = (0.0, None);
        let log_weight = match self.law {
            BoundLaw::Gaussian { .. } => {
                let spread = k.uniform("minus_1_over_4Dt");
                k.fma(pair.q, spread, pair.log_w)
            }
            BoundLaw::Cauchy { .. } => {
                let log = log_ratio(&mut k, pair);
                let power = k.constant(-0.5 * (self.dim as f64 + 1.0));
                k.fma(log, power, pair.log_w)
            }
            BoundLaw::Student { freedom, .. } => {
                let log = log_ratio(&mut k, pair);
                let power = k.constant(-0.5 * (self.dim as f64 + freedom));
                k.fma(log, power, pair.log_w)
            }
            BoundLaw::Tempered { .. } => {
                let log = log_ratio(&mut k, pair);
                let z = scaled_distance(&mut k, pair);
                if self.flux == BoundFlux::Exchange {
                    coefficient = Some(exchange::coefficient(&mut k, self.dim, log, z));
                }
                self.tempered(&mut k, pair, (log, z), &mut means)
            }
            BoundLaw::Stable { order, .. } => {
                let table = stable::table(order, self.dim, precision)?;
                log_peak = table.log_peak;
                table.log_weight(&mut k, pair)
            }
            BoundLaw::Subordinated { .. } => {
                let tabulated = self.tabulated.as_ref().ok_or(LowerError::NoClosedFlux)?;
                let (weight, flux, births) = tabulated.weight(&mut k, pair);
                coefficient = flux;
                means.extend(births.map(|births| Mean::scalar("births", births)));
                weight
            }
        };
        let coefficient = coefficient.unwrap_or_else(|| k.uniform("rate"));
        means.insert(0, Mean::displacement("v", coefficient));
        let kernel = k.finish_reduce(log_weight, means)?;
        Ok(KernelProgram { kernel, linear: self.linear(precision)?, bound: self.clone(), log_peak })
    }

    /// `log w + log K_(nu+1)(z) - (nu+1)/2 log(1 + q/tau^2)`, `z = mu varrho`, and the births' Bessel ratio.
    fn tempered(&self, k: &mut KernelBuilder, pair: Pair, (log, z): (Value, Value), means: &mut Vec<Mean>) -> Value {
        let order = 0.5 * (self.dim as f64 + 1.0);
        let (log_bessel_k, bessel_k_ratio) = self.bessel_k();
        let log_k = k.call(log_bessel_k, z);
        if let BoundBirths::BesselRatio(_) = self.births {
            let ratio = k.call(bessel_k_ratio, z);
            let scale = k.uniform("births_scale");
            let scaled = k.mul(z, scale);
            let births = k.mul(scaled, ratio);
            means.push(Mean::scalar("births", births));
        }
        let power = k.constant(-0.5 * order);
        let weight = k.fma(log, power, pair.log_w);
        k.add(weight, log_k)
    }

    /// `log K_h` and `K_(h-1)/K_h` for `h = (N+1)/2`: half-integer orders in even N, integer ones in odd N.
    fn bessel_k(&self) -> (Special, Special) {
        // `bind` has checked that N is at least 1 and far below the limit of u32.
        let n = self.dim as u32 / 2;
        match self.dim % 2 {
            0 => (Special::LogBesselK { n }, Special::BesselKRatio { n: n.saturating_sub(1) }),
            _ => (Special::LogBesselKInteger { n: n + 1 }, Special::BesselKIntegerRatio { n }),
        }
    }
}

impl AsRef<Bound> for Bound {
    fn as_ref(&self) -> &Bound {
        self
    }
}

impl BoundLaw {
    /// Does the law spread over more powers of ten than f32 has?
    pub(super) fn is_wide(self) -> bool {
        matches!(self, BoundLaw::Stable { order, .. } if order < 0.2)
    }

    pub(super) fn kernel_name(self) -> &'static str {
        match self {
            BoundLaw::Gaussian { .. } => "gaussian_field",
            BoundLaw::Cauchy { .. } => "cauchy_field",
            BoundLaw::Tempered { .. } => "tempered_field",
            BoundLaw::Student { .. } => "student_field",
            BoundLaw::Stable { .. } => "stable_field",
            BoundLaw::Subordinated { .. } => "subordinated_field",
        }
    }
}

/// `log(1 + q/tau^2)`, the logarithm of `varrho^2/tau^2`.
fn log_ratio(k: &mut KernelBuilder, pair: Pair) -> Value {
    let inverse = k.uniform("1_over_tau_squared");
    let u = k.mul(pair.q, inverse);
    k.log1p(u)
}

/// `mu varrho`.
fn scaled_distance(k: &mut KernelBuilder, pair: Pair) -> Value {
    let mass_squared = k.uniform("mass_squared");
    let z0_squared = k.uniform("mass_squared_tau_squared");
    let z_squared = k.fma(pair.q, mass_squared, z0_squared);
    k.sqrt(z_squared)
}

/// The real value of a constant expression.
pub(super) fn number(e: &Expr, values: &BTreeMap<Name, Rational>) -> Result<f64, LowerError> {
    if let Some(missing) = e.symbols().into_iter().find(|s| !values.contains_key(s)) {
        return Err(LowerError::Unset(missing));
    }
    let leaf = |e: &Expr| match e {
        Expr::Sym(n) => values.get(n).and_then(ToPrimitive::to_f64).map(Complex64::from),
        _ => None,
    };
    let value = e.evaluate(&leaf).unwrap_or(Complex64::new(f64::NAN, 0.0));
    if value.im.abs() > 1e-12 * value.re.abs() || !value.re.is_finite() {
        return Err(LowerError::Value { what: "kernel constant", value: value.re, must: "real and finite" });
    }
    Ok(value.re)
}
