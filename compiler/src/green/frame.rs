//! Kernels of equations whose coefficients depend on t, or on x through a linear drift: a law, a frame and a clock.
//!
//! In:   the [`Evolution`] of the dispersion relation and the continuity form.
//! Out:  [`Green`] of the law in the frame `y = x exp(B)`, on the clock `tau = int rate dt`; [`BoundFrame`], the numbers that
//!       lead back to x and t.
//! Holds: `p(x, t) = exp(N B - int offset dt) g_tau(x exp(B) - y)`; a particle of the frame that moves with `v_tau(y)` has the
//!       velocity `v = rate exp(-B) v_tau - B' x` in x, and branches at the rate `rate rho_tau - offset`.
//! Source: the characteristics of `k . grad_k` in Fourier space; for the Bessel operator in t, Xu et al. (arXiv:2302.04265).

use super::lower::LowerError;
use super::multiplier::Multipliers;
use super::{Births, Green, Law, number, simplify_roots};
use crate::dispersion::{Dispersion, Evolution, Timing};
use crate::expr::{Expr, Facts, Func, Name, Rational, Sign, Var};
use crate::flow::DensityFlow;
use std::collections::BTreeMap;

/// How the law's own coordinates move.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// `b(t) = B'(t)` of the frame `y = x exp(B)`.
    pub pull: Expr,
    /// `rate(t)` of the clock.
    pub rate: Expr,
    /// What lambda is beside `rate lambda_0`, free of kappa.
    pub offset: Expr,
}

impl Green {
    /// Recognises the kernel of an equation that evolves.
    pub(super) fn evolving(
        dispersion: &Dispersion,
        evolution: &Evolution,
        flow: &DensityFlow,
        facts: &Facts,
    ) -> Option<Green> {
        if dispersion.drift.is_some() {
            return None;
        }
        match (&evolution.timing, dispersion.coefficients.as_slice()) {
            (Timing::Separable { rate, offset }, [n, a]) => {
                let lambda = simplify_roots(&(n.clone() / a.clone()).expand(), facts);
                let frame = Frame {
                    pull: evolution.stretch.derivative(&Expr::Var(Var::Time))?,
                    rate: rate.clone(),
                    offset: offset.clone(),
                };
                frame.green(lambda, &evolution.stretch, flow, facts)
            }
            (Timing::Bessel, [restoring, friction, _]) => student(&-restoring.clone(), friction, flow, facts),
            _ => None,
        }
    }
}

impl Frame {
    fn green(self, lambda: Expr, stretch: &Expr, flow: &DensityFlow, facts: &Facts) -> Option<Green> {
        let kappa = Expr::kappa();
        let law = Law::recognise(&lambda, facts)?;
        let at_zero = |e: &Expr| simplify_roots(&e.substitute(&kappa, &Expr::zero()), facts);
        let offset = (at_zero(&lambda) - at_zero(&law.symbol())).expand();
        // In x, where `kappa_x = exp(2 B) kappa`, and without the drift, which the frame accounts for.
        let scale = |power: i64| Expr::call(Func::Exp, (Expr::int(power) * stretch.clone()).expand());
        let seen = lambda.substitute(&kappa, &(kappa.clone() * scale(-2)));
        let whole = self.rate.clone() * seen + self.offset.clone();
        let rest = (flow.flux.clone() + self.pull.clone() * Expr::Position * flow.p.clone()).expand();
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
        Ok(BoundFrame { pull: read(&self.pull)?, rate: read(&self.rate)?, offset: read(&self.offset)? })
    }

    /// With the parameters as letters.
    pub(super) fn formula(&self) -> Result<FrameFormula, LowerError> {
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
fn parts(e: &Expr) -> Result<Vec<TimePart>, LowerError> {
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
                    return Err(LowerError::Clock(e.to_string()));
                }
                Ok(TimePart::Exponential { factor, slope })
            }
            _ => Err(LowerError::Clock(e.to_string())),
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

/// `exp(a) exp(b)^n` as one exponential.
fn merge_exponentials(e: &Expr) -> Expr {
    let merge = |part: &Expr| {
        let Expr::Mul(factors) = part else { return None };
        let exponent = |f: &Expr| match f {
            Expr::Call(Func::Exp, a) => Some((**a).clone()),
            Expr::Pow(base, n) => match &**base {
                Expr::Call(Func::Exp, a) => Some((**a).clone() * (**n).clone()),
                _ => None,
            },
            _ => None,
        };
        let sum = Expr::add(factors.iter().filter_map(exponent)).expand();
        let others = factors.iter().filter(|f| exponent(f).is_none()).cloned();
        Some(Expr::mul(others.chain([Expr::call(Func::Exp, sum)])))
    };
    e.replace(&merge)
}

/// A [`Frame`] with numbers in it.
#[derive(Clone, Debug, PartialEq)]
pub struct BoundFrame {
    pull: TimeSum,
    rate: TimeSum,
    offset: TimeSum,
}

impl BoundFrame {
    /// `b(t)`, per time.
    pub fn pull(&self, t: f64) -> f64 {
        self.pull.value(t)
    }

    /// `B(t)`: the frame is `y = x exp(B)`.
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

    /// Does lambda have no part beside the clock's?
    pub fn is_conservative(&self) -> bool {
        self.offset.0.is_empty()
    }
}

/// A sum of powers and exponentials of t.
#[derive(Clone, Debug, PartialEq)]
struct TimeSum(Vec<TimeTerm>);

#[derive(Clone, Copy, Debug, PartialEq)]
enum TimeTerm {
    /// `c t^n`, `n > -1`.
    Power(f64, f64),
    /// `c exp(a t)`.
    Exponential(f64, f64),
}

impl TimeSum {
    fn read(e: &Expr, values: &BTreeMap<Name, Rational>) -> Result<TimeSum, LowerError> {
        let term = |part: TimePart| match part {
            TimePart::Power { factor, power } => {
                let (c, n) = (number(&factor, values)?, number(&power, values)?);
                if n > -1.0 { Ok(TimeTerm::Power(c, n)) } else { Err(LowerError::Clock(e.to_string())) }
            }
            TimePart::Exponential { factor, slope } => {
                Ok(TimeTerm::Exponential(number(&factor, values)?, number(&slope, values)?))
            }
        };
        parts(e)?.into_iter().map(term).collect::<Result<Vec<_>, _>>().map(TimeSum)
    }

    fn value(&self, t: f64) -> f64 {
        let term = |term: &TimeTerm| match *term {
            TimeTerm::Power(c, n) => c * t.powf(n),
            TimeTerm::Exponential(c, a) => c * (a * t).exp(),
        };
        self.0.iter().map(term).sum()
    }

    /// From 0 to t.
    fn integral(&self, t: f64) -> f64 {
        let term = |term: &TimeTerm| match *term {
            TimeTerm::Power(c, n) => c * t.powf(n + 1.0) / (n + 1.0),
            TimeTerm::Exponential(c, a) if a != 0.0 => c * (a * t).exp_m1() / a,
            TimeTerm::Exponential(c, _) => c * t,
        };
        self.0.iter().map(term).sum()
    }
}
