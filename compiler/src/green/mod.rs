//! Kernels of the density flow: closed forms and tabulated laws, recognised by the structure of lambda, never by an equation's name.
//!
//! In:   lambda(kappa) of the selected branch and the continuity form `(p, J, R)`, both linear in phi.
//! Out:  [`Green`]: the law of the density ([`Law`]), the flux and the source of one point charge ([`Multipliers`]).
//! Holds: `lambda = kappa F - rho` with `J-hat = -i k F p-hat`, `R-hat = rho p-hat`: continuity in Fourier space,
//!       checked symbolically or, where no closed simplification exists, at sample points.
//! Source: GenPhys (arXiv:2304.02637), Table 1; the mathematics of each form is in the docs of its variant.

mod carrier;
mod clock;
mod contour;
mod draw;
mod exchange;
mod flat;
mod formula;
mod frame;
mod linear;
mod lookup;
mod lower;
mod multiplier;
mod plain;
mod ramps;
mod rays;
mod saved;
mod stable;
mod subordinated;
mod symbol;
mod table;
mod tabulated;

pub use carrier::{BoundCarrier, Carrier, Shape};
pub use draw::Spread;
pub use exchange::FluxEntry;
pub use formula::{FluxFormula, Formula, FormulaError, StableFormula, UniformFormula};
pub use frame::{BoundFrame, Frame, FrameFormula, TimePart};
pub use lookup::Lookup;
pub use lower::{Bound, BoundLaw, KernelProgram, LowerError};
pub use multiplier::Multipliers;
pub use saved::TableStore;
pub use subordinated::Subordinated;

use crate::dispersion::{Dispersion, direction};
use crate::expr::{Expr, Facts, Sign, Var, rational};
use crate::flow::DensityFlow;
use std::collections::BTreeMap;
use symbol::Symbol;

/// The kernel of a density flow and what one source does to flux and source term.
#[derive(Clone, Debug)]
pub struct Green {
    /// `lambda(kappa)`: the density kernel is the inverse Fourier transform of `exp(-lambda t)`.
    pub lambda: Expr,
    /// The closed form of the kernel.
    pub law: Law,
    /// What lambda is beside the law: the factor `exp(-offset t)` on the mass.
    pub offset: Expr,
    /// Velocity of a point source: `J/p = displacement_rate(t) (x - y)` with rate `flux_ratio/(2 t)`, when
    /// `F = flux_ratio lambda'` with a constant ratio.
    pub flux_ratio: Option<Expr>,
    /// Births per particle and time of a point source.
    pub births: Option<Births>,
    /// The Fourier multipliers these were read from.
    pub multipliers: Multipliers,
    /// The frame and the clock of the law, where coefficients depend on t or on x; `lambda` and all else are then in these.
    pub frame: Option<Frame>,
    /// The drift and the shape of the law, where it is not at rest and isotropic; `law` is then the one in the coordinates
    /// `L^-1 (x - c t)`.
    pub carrier: Option<Carrier>,
}

/// A closed form of the kernel `g_t`, keyed by the structure of lambda.
#[derive(Clone, Debug, PartialEq)]
pub enum Law {
    /// `lambda = D kappa + lambda(0)`: Gaussian of variance `2 D t` per axis.
    Gaussian {
        /// The diffusion coefficient D > 0.
        rate: Expr,
    },
    /// `lambda = c sqrt(kappa) + lambda(0)`: multivariate Cauchy of scale `c t`.
    Cauchy {
        /// The speed c > 0.
        speed: Expr,
    },
    /// `lambda = c sqrt(kappa + mu^2) + d`: relativistic Cauchy (tempered), the Yukawa kernel.
    Tempered {
        /// The speed c > 0.
        speed: Expr,
        /// The mass mu > 0.
        mass: Expr,
    },
    /// `lambda = c sqrt(kappa) K_(d/2-1)(c t sqrt(kappa))/K_(d/2)(c t sqrt(kappa))`, the Bessel operator in t: Student's law with d
    /// degrees of freedom, a power of `(c t)^2 + r^2`.
    Student {
        /// The speed c > 0.
        speed: Expr,
        /// d > 0.
        freedom: Expr,
    },
    /// `lambda = c kappa^beta + lambda(0)`, `0 < beta < 1`: the isotropic stable law of index `2 beta`.
    Stable {
        /// The rate c > 0.
        rate: Expr,
        /// The order beta.
        order: Expr,
    },
    /// Any other function of kappa built from powers: the Gaussian mixture of its subordinator, if it is a Bernstein function.
    Subordinated,
}

impl Law {
    /// The name of the form, as reports print it.
    pub fn name(&self) -> &'static str {
        match self {
            Law::Gaussian { .. } => "gaussian",
            Law::Cauchy { .. } => "cauchy",
            Law::Tempered { .. } => "tempered-cauchy",
            Law::Student { .. } => "student",
            Law::Stable { .. } => "stable",
            Law::Subordinated => "subordinated",
        }
    }
}

/// The source term of one point charge, per particle.
#[derive(Clone, Debug, PartialEq)]
pub enum Births {
    /// `R/p` is this constant.
    Constant(Expr),
    /// `rho = C/sqrt(kappa + mu^2)` with the mass of a tempered law:
    /// `R/p = C (varrho/(mu tau)) K_nu(mu varrho)/K_(nu+1)(mu varrho)`, `tau = c t`, `varrho^2 = tau^2 + r^2`, `nu = (N-1)/2`.
    BesselRatio(Expr),
}

impl Green {
    /// Recognises the kernel. `None` when lambda has no closed form here, or p, J, R are not linear in one field.
    pub fn recognise(dispersion: &Dispersion, flow: &DensityFlow, facts: &Facts) -> Option<Green> {
        if let Some(evolution) = &dispersion.evolution {
            return Green::evolving(dispersion, evolution, flow, facts);
        }
        let lambda = simplify_roots(&dispersion.lambda()?, facts);
        let is_directed = dispersion.drift.is_some() || direction::depends(&lambda);
        match Multipliers::derive(&lambda, flow).filter(|_| !is_directed) {
            Some(multipliers) => Green::isotropic(lambda, multipliers, facts),
            None => Green::carried(&lambda, flow, facts),
        }
    }

    /// The kernel of a bounded lambda, without the part `exp(-lambda(inf) t)` of the mass that never moves; none for any other.
    ///
    /// Away from the data points its density, flux and source are those of the equation. See [`Green::bind_rest`].
    pub fn recognise_rest(dispersion: &Dispersion, flow: &DensityFlow, facts: &Facts) -> Option<Green> {
        let lambda = simplify_roots(&dispersion.lambda()?, facts);
        let is_plain = dispersion.evolution.is_none() && dispersion.drift.is_none() && !direction::depends(&lambda);
        let multipliers = Multipliers::derive(&lambda, flow).filter(|_| is_plain)?;
        let growth = Symbol::read(&lambda, &BTreeMap::new()).ok()??.growth()?;
        (growth.power == 0.0 && lambda.contains(&Expr::kappa()))
            .then(|| Green::of(lambda, Law::Subordinated, multipliers, facts))
    }

    /// The kernel of a lambda that is a function of kappa.
    fn isotropic(lambda: Expr, multipliers: Multipliers, facts: &Facts) -> Option<Green> {
        let law = Law::recognise(&lambda, facts).or_else(|| Law::subordinated(&lambda))?;
        Some(Green::of(lambda, law, multipliers, facts))
    }

    fn of(lambda: Expr, law: Law, multipliers: Multipliers, facts: &Facts) -> Green {
        // A power of kappa that lambda has is 0 at 0, whatever letters are in its exponent.
        let power_of_zero = |e: &Expr| matches!(e, Expr::Pow(base, _) if base.is_zero()).then(Expr::zero);
        let at_zero =
            |e: &Expr| simplify_roots(&e.substitute(&Expr::kappa(), &Expr::zero()).replace(&power_of_zero), facts);
        let offset = (at_zero(&lambda) - at_zero(&law.symbol())).expand();
        let flux_ratio = multipliers.flux_ratio(&lambda);
        let births = Births::recognise(&multipliers.source, &law);
        Green { lambda, law, offset, flux_ratio, births, multipliers, frame: None, carrier: None }
    }

    /// What `q` and `t` of [`Green::log_density`] stand for, where they are not those of the equation.
    pub fn coordinates(&self) -> Option<&'static str> {
        match (&self.frame, &self.carrier) {
            (Some(_), _) => Some("q and t in the moving frame and on the clock of the law"),
            (None, Some(_)) => Some("q of L^-1 (x - c t), with the drift c and the tensor L L^T; less log det L"),
            (None, None) => None,
        }
    }

    /// `log g_t` as a formula in `q = |x - y|^2`, `t`, the dimension `N` and the parameters.
    pub fn log_density(&self) -> String {
        let time = || Expr::Var(Var::Time);
        let q = Expr::Var(Var::DistanceSquared);
        let decay = match -(self.offset.clone() * time()) {
            e if e.is_zero() => String::new(),
            e @ Expr::Add(_) => format!(" + ({e})"),
            e => match e.to_string().strip_prefix('-') {
                Some(magnitude) => format!(" - {magnitude}"),
                None => format!(" + {e}"),
            },
        };
        let law = match &self.law {
            Law::Gaussian { rate } => {
                let spread = Expr::int(4) * rate.clone() * time();
                format!("{} - N/2*log(pi*{spread})", -(q / spread.clone()))
            }
            Law::Cauchy { speed } => {
                let tau = speed.clone() * time();
                let square = tau.clone().powi(2) + q;
                format!("log_gamma((N + 1)/2) - (N + 1)/2*log(pi) + log({tau}) - (N + 1)/2*log({square})")
            }
            Law::Tempered { speed, mass } => {
                let tau = speed.clone() * time();
                let rho = (tau.clone().powi(2) + q).sqrt();
                let scale = mass.clone() / (Expr::int(2) * rho.clone());
                let argument = mass.clone() * rho;
                let twice = Expr::int(2) * tau;
                format!("log({twice}) + (N + 1)/2*log({scale}/pi) + log_bessel_k((N + 1)/2, {argument})")
            }
            Law::Student { speed, freedom } => {
                let tau = speed.clone() * time();
                let square = tau.clone().powi(2) + q;
                format!(
                    "log_gamma((N + {freedom})/2) - log_gamma(({freedom})/2) - N/2*log(pi) + ({freedom})*log({tau}) - (N + \
                     {freedom})/2*log({square})"
                )
            }
            Law::Stable { rate, order } => {
                let power = rate.clone() * time();
                let scaled = q / Expr::pow(power.clone(), order.clone().recip());
                format!("log_stable({order}, {scaled}) - N/(2*({order}))*log({power})")
            }
            Law::Subordinated => format!("log_mixture({}, q, t)", self.lambda),
        };
        law + &decay
    }
}

impl Law {
    /// `lambda'` free of kappa is a Gaussian; `1/lambda'^2` affine in kappa is `c sqrt(kappa + mu^2)` up to a constant.
    fn recognise(lambda: &Expr, facts: &Facts) -> Option<Law> {
        let kappa = Expr::kappa();
        let slope = lambda.derivative(&kappa)?;
        let positive = |e: &Expr| facts.sign(e).is(Sign::POSITIVE);
        if !slope.contains(&kappa) {
            return positive(&slope).then_some(Law::Gaussian { rate: slope });
        }
        let inverse_square = Expr::pow(slope, Expr::int(-2)).expand();
        let a = inverse_square.derivative(&kappa)?.expand();
        if a.contains(&kappa) || !positive(&a) {
            return Law::stable(&lambda.derivative(&kappa)?, facts);
        }
        let b = inverse_square.substitute(&kappa, &Expr::zero());
        let speed = Expr::int(2) / a.root(facts);
        let mass_squared = (b / a).expand();
        if mass_squared.is_zero() {
            return Some(Law::Cauchy { speed });
        }
        positive(&mass_squared).then(|| Law::Tempered { speed, mass: mass_squared.root(facts) })
    }

    /// `kappa lambda''/lambda'` free of kappa is a power of kappa up to a constant.
    fn stable(slope: &Expr, facts: &Facts) -> Option<Law> {
        let kappa = Expr::kappa();
        let positive = |e: &Expr| facts.sign(e).is(Sign::POSITIVE);
        let order = (slope.derivative(&kappa)? * kappa.clone() / slope.clone() + Expr::one()).expand();
        if order.contains(&kappa) || !positive(&order) || !positive(&(Expr::one() - order.clone())) {
            return None;
        }
        let rate = (slope.clone() * Expr::pow(kappa.clone(), Expr::one() - order.clone()) / order.clone()).expand();
        (!rate.contains(&kappa) && positive(&rate)).then_some(Law::Stable { rate, order })
    }

    /// Powers of kappa that may grow, but no faster than kappa. What the exponents leave open, the verdict decides.
    fn subordinated(lambda: &Expr) -> Option<Law> {
        if !lambda.derivative(&Expr::kappa())?.contains(&Expr::kappa()) {
            return None;
        }
        let symbol = Symbol::read(lambda, &BTreeMap::new());
        match symbol {
            Ok(symbol) => symbol?.growth().filter(|g| g.power > 0.0 && g.power <= 1.0 && g.factor > 0.0)?,
            // A parameter without a value.
            Err(_) => return (!lambda.contains(&Expr::Imag)).then_some(Law::Subordinated),
        };
        Some(Law::Subordinated)
    }

    /// The law's own part of lambda.
    fn symbol(&self) -> Expr {
        match self {
            Law::Gaussian { rate } => rate.clone() * Expr::kappa(),
            Law::Cauchy { speed } => speed.clone() * Expr::kappa().sqrt(),
            Law::Tempered { speed, mass } => speed.clone() * (Expr::kappa() + mass.clone().powi(2)).sqrt(),
            Law::Student { speed, freedom } => {
                let half = (freedom.clone() / Expr::int(2)).expand();
                let root = speed.clone() * Expr::kappa().sqrt();
                let k = |order: Expr| Expr::bessel_k(order, Expr::Var(Var::Time) * root.clone());
                root.clone() * k((half.clone() - Expr::one()).expand()) / k(half)
            }
            Law::Stable { rate, order } => rate.clone() * Expr::pow(Expr::kappa(), order.clone()),
            Law::Subordinated => Expr::zero(),
        }
    }
}

impl Births {
    fn recognise(source: &Expr, law: &Law) -> Option<Births> {
        let kappa = Expr::kappa();
        if !source.contains(&kappa) {
            return Some(Births::Constant(source.clone()));
        }
        let Law::Tempered { mass, .. } = law else { return None };
        let scaled = (source.clone() * (kappa.clone() + mass.clone().powi(2)).sqrt()).expand();
        (!scaled.contains(&kappa)).then_some(Births::BesselRatio(scaled))
    }
}

/// Square roots of squares of what has a known sign.
fn simplify_roots(e: &Expr, facts: &Facts) -> Expr {
    e.replace(&|part| match part {
        Expr::Pow(b, x) if x.as_num() == Some(&rational(1, 2)) => Some(b.root(facts)),
        _ => None,
    })
}

#[cfg(test)]
mod tests;
