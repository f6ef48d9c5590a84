//! Kernels of equations whose coefficients depend on t, or on x through a linear drift: a law, a frame and a clock.
//!
//! In:   the [`Evolution`] of the dispersion relation and the continuity form.
//! Out:  [`Green`] of the law in the frame `y = x exp(B) - C e_1`, on the clock `tau = int rate dt`; [`BoundFrame`], the numbers that
//!       lead back to x and t.
//! Holds: `p(x, t) = exp(N B - int offset dt) g_tau(x exp(B) - C e_1 - y)`; a particle of the frame that moves with `v_tau(y)` has the
//!       velocity `v = exp(-B) (rate v_tau + C' e_1) - B' x` in x, and branches at the rate `rate rho_tau - offset`.
//! Source: the characteristics of `k . grad_k` in Fourier space; for the Bessel operator in t, Xu et al. (arXiv:2302.04265).

use super::clock::{TimeSum, merge_exponentials};
use super::formula::FormulaError;
use super::lower::LowerError;
use super::multiplier::Multipliers;
use super::{Births, Green, Law, simplify_roots};
use crate::dispersion::{Dispersion, Evolution, Timing};
use crate::expr::{Axis, Expr, Facts, Func, Name, Rational, Sign, Var};
use crate::flow::DensityFlow;
use std::collections::BTreeMap;

/// How the law's own coordinates move.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// `b(t) = B'(t)` of the frame `y = x exp(B) - C e_1`.
    pub pull: Expr,
    /// `rate(t)` of the clock.
    pub rate: Expr,
    /// What lambda is beside `rate lambda_0`, free of kappa.
    pub offset: Expr,
    /// `C'(t)`: the velocity of the law's centre along the first axis, in the lengths of the frame.
    pub drift: Expr,
}

impl Green {
    /// Recognises the kernel of an equation that evolves.
    pub(super) fn evolving(
        dispersion: &Dispersion,
        evolution: &Evolution,
        flow: &DensityFlow,
        facts: &Facts,
    ) -> Option<Green> {
        let drift = dispersion.drift.clone().unwrap_or_else(Expr::zero);
        match (&evolution.timing, dispersion.coefficients.as_slice()) {
            (Timing::Separable { rate, offset }, [n, a]) => {
                let lambda = simplify_roots(&(n.clone() / a.clone()).expand(), facts);
                let frame = Frame {
                    pull: evolution.stretch.derivative(&Expr::Var(Var::Time))?,
                    rate: rate.clone(),
                    offset: offset.clone(),
                    drift,
                };
                frame.green(lambda, &evolution.stretch, flow, facts)
            }
            (Timing::Bessel, [restoring, friction, _]) if drift.is_zero() => {
                student(&-restoring.clone(), friction, flow, facts)
            }
            _ => None,
        }
    }
}

impl Frame {
    fn green(self, lambda: Expr, stretch: &Expr, flow: &DensityFlow, facts: &Facts) -> Option<Green> {
        let kappa = Expr::kappa();
        let law = Law::recognise(&lambda, facts).or_else(|| Law::subordinated(&lambda))?;
        let at_zero = |e: &Expr| simplify_roots(&e.substitute(&kappa, &Expr::zero()), facts);
        let offset = (at_zero(&lambda) - at_zero(&law.symbol())).expand();
        // In x, where `kappa_x = exp(2 B) kappa`.
        let scale = |power: i64| Expr::call(Func::Exp, (Expr::int(power) * stretch.clone()).expand());
        let seen = lambda.substitute(&kappa, &(kappa.clone() * scale(-2)));
        let whole = self.rate.clone() * seen + self.offset.clone();
        // The frame accounts for what the pull and the drift carry.
        let velocity = merge_exponentials(&(self.drift.clone() * scale(-1)).expand()).expand();
        let carried = velocity * Expr::Unit(Axis::X) - self.pull.clone() * Expr::Position;
        let rest = (flow.flux.clone() - (carried * flow.p.clone()).expand()).expand();
        let multipliers = Multipliers::derive_at_each_time(&whole, &DensityFlow { flux: rest, ..flow.clone() })?;
        if multipliers.density.has_time() || multipliers.source.contains(&kappa) {
            return None;
        }
        let slope = whole.derivative(&kappa)?;
        let ratio = merge_exponentials(&(multipliers.flux.clone() / slope).expand()).expand();
        let flux_ratio = (!ratio.contains(&kappa) && !ratio.has_time()).then_some(ratio);
        let births = Some(Births::Constant((-at_zero(&lambda)).expand()));
        Some(Green { lambda, law, offset, flux_ratio, births, multipliers, frame: Some(self), carrier: None })
    }

    /// With numbers for the parameters.
    pub(super) fn bind(&self, values: &BTreeMap<Name, Rational>) -> Result<BoundFrame, LowerError> {
        let read = |e: &Expr| TimeSum::read(e, values);
        Ok(BoundFrame {
            pull: read(&self.pull)?,
            rate: read(&self.rate)?,
            offset: read(&self.offset)?,
            drift: read(&self.drift)?,
        })
    }

    /// With the parameters as letters.
    ///
    /// # Errors
    /// [`FormulaError`] for a centre that moves, and for functions other than powers and exponentials.
    pub(super) fn formula(&self) -> Result<FrameFormula, FormulaError> {
        if !self.drift.is_zero() {
            return Err(FormulaError::MovingCentre(self.drift.to_string()));
        }
        Ok(FrameFormula { pull: parts(&self.pull)?, rate: parts(&self.rate)?, offset: parts(&self.offset)? })
    }
}

/// A [`Frame`] as sums whose integrals over t have closed forms; the parameters are letters.
#[derive(Clone, Debug, PartialEq)]
pub struct FrameFormula {
    /// `b(t) = B'(t)` of the frame `y = x exp(B)`.
    pub pull: Vec<TimePart>,
    /// The rate of the clock.
    pub rate: Vec<TimePart>,
    /// What lambda is beside the clock's part.
    pub offset: Vec<TimePart>,
}

/// A term of a sum over t; what stands in it does not depend on t.
#[derive(Clone, Debug, PartialEq)]
pub enum TimePart {
    /// `factor t^power`.
    Power {
        /// The factor.
        factor: Expr,
        /// The power, which must be above -1 for the integral from 0.
        power: Expr,
    },
    /// `factor exp(slope t)`.
    Exponential {
        /// The factor.
        factor: Expr,
        /// The slope, per time.
        slope: Expr,
    },
}

/// The terms of `e`.
fn parts(e: &Expr) -> Result<Vec<TimePart>, FormulaError> {
    let terms = e.expand();
    let part = |term: &Expr| {
        let (moving, fixed): (Vec<Expr>, Vec<Expr>) = term.factors().iter().cloned().partition(Expr::has_time);
        let factor = Expr::mul(fixed);
        match merge_exponentials(&Expr::mul(moving)) {
            f if f.is_one() => Ok(TimePart::Power { factor, power: Expr::zero() }),
            Expr::Var(Var::Time) => Ok(TimePart::Power { factor, power: Expr::one() }),
            Expr::Pow(base, power) if *base == Expr::Var(Var::Time) && !power.has_time() => {
                Ok(TimePart::Power { factor, power: *power })
            }
            Expr::Call(Func::Exp, a) => {
                let slope = (*a / Expr::Var(Var::Time)).expand();
                if slope.has_time() {
                    return Err(FormulaError::Clock(e.to_string()));
                }
                Ok(TimePart::Exponential { factor, slope })
            }
            _ => Err(FormulaError::Clock(e.to_string())),
        }
    };
    terms.terms().iter().map(part).collect()
}

/// `phi_tt + (d - 1)/t phi_t - c^2 kappa phi = 0` with no source term. Its kernel is a function of `x/t` alone, so a flux along
/// x that keeps the mass is `x p/t`.
fn student(mass: &Expr, friction: &Expr, flow: &DensityFlow, facts: &Facts) -> Option<Green> {
    let (kappa, time) = (Expr::kappa(), Expr::Var(Var::Time));
    let square = (mass.clone() / kappa.clone()).expand();
    let positive = |e: &Expr| facts.sign(e).is(Sign::POSITIVE);
    let freedom = ((friction.clone() * time).expand() + Expr::one()).expand();
    let radial = !flow.flux.any(&|e| matches!(e, Expr::Position | Expr::Unit(_)));
    if square.contains(&kappa) || !positive(&square) || !positive(&freedom) || !flow.r.is_zero() || !radial {
        return None;
    }
    let law = Law::Student { speed: square.root(facts), freedom };
    let multipliers = Multipliers { density: Expr::one(), flux: Expr::zero(), source: Expr::zero() };
    Some(Green {
        lambda: law.symbol(),
        law,
        offset: Expr::zero(),
        flux_ratio: Some(Expr::int(2)),
        births: Some(Births::Constant(Expr::zero())),
        multipliers,
        frame: None,
        carrier: None,
    })
}

/// A [`Frame`] with numbers in it.
#[derive(Clone, Debug, PartialEq)]
pub struct BoundFrame {
    pull: TimeSum,
    rate: TimeSum,
    offset: TimeSum,
    drift: TimeSum,
}

impl BoundFrame {
    /// `b(t)`, per time.
    pub fn pull(&self, t: f64) -> f64 {
        self.pull.value(t)
    }

    /// `B(t)`: the frame is `y = x exp(B) - C e_1`.
    pub fn stretch(&self, t: f64) -> f64 {
        self.pull.integral(t)
    }

    /// The rate of the clock.
    pub fn rate(&self, t: f64) -> f64 {
        self.rate.value(t)
    }

    /// `tau(t)`, the law's own time.
    pub fn clock(&self, t: f64) -> f64 {
        self.rate.integral(t)
    }

    /// What lambda is beside the clock's part, per time.
    pub fn offset(&self, t: f64) -> f64 {
        self.offset.value(t)
    }

    /// Its integral: the mass has the factor `exp(-this)` beside that of the law.
    pub fn decay(&self, t: f64) -> f64 {
        self.offset.integral(t)
    }

    /// `C'(t)`: the velocity of the law's centre along the first axis, in lengths of the frame.
    pub fn drift(&self, t: f64) -> f64 {
        self.drift.value(t)
    }

    /// `C(t)`: how far that centre has moved.
    pub fn shift(&self, t: f64) -> f64 {
        self.drift.integral(t)
    }

    /// Does the centre stay where it is?
    pub fn is_centered(&self) -> bool {
        self.drift.is_zero()
    }

    /// Does lambda have no part beside the clock's?
    pub fn is_conservative(&self) -> bool {
        self.offset.is_zero()
    }
}
