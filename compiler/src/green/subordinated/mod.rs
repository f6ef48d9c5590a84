//! The law of any Bernstein lambda: Gaussians mixed over the increments of its subordinator.
//!
//! In:   lambda with numbers in it, and the multipliers of flux and source that have no closed form.
//! Out:  [`Subordinated`]: at a time t, the [`Mixture`] `g(q) = integral (4 pi (D t + u))^(-N/2) exp(-q/(4 (D t + u))) f(u) du`
//!       with the density f of the subordinator beside its drift D, the same for flux and source, and exact quantiles of u.
//! Holds: every term is positive, so that `log g` keeps its digits in any N and at any distance. With `F exp(-t lambda)`, the
//!       transform of `f_F`, the flux of a point source is `x integral f_F/(2 (D t + u)) ...`: no derivative is taken. Where lambda - D
//!       kappa is bounded, a part `exp(-t lambda(inf))` of the mass does not jump: it is the Gaussian of the drift alone.
//! Source: Bochner (1955); Schilling, Song & Vondracek, "Bernstein Functions"; theory of each inversion in [`super::contour`].

mod kept;
mod mixture;
mod quantiles;
mod terms;
#[cfg(test)]
mod tests;

pub(super) use kept::Kept;
pub(super) use mixture::{Mixed, Mixture};

use super::contour::Transform;
use super::lower::{LowerError, number};
use super::symbol::{Parted, Symbol, without_drift};
use crate::expr::{Expr, Name, Rational};
use quantiles::Quantiles;
use std::collections::BTreeMap;

/// A multiplier of the density in Fourier space.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Amplitude {
    /// `(lambda - lambda(0))/kappa`: the flux where the source is a multiple of the density.
    Flux,
    /// Any other.
    Other(Expr),
}

impl Amplitude {
    /// The amplitude as a part that is falling and a constant: `D + ...` for a flux, so that nothing cancels at large kappa.
    fn parts(&self, lambda: &Expr, parted: &Parted) -> (Expr, Expr) {
        let kappa = Expr::kappa();
        let drift = &parted.drift;
        match self {
            Amplitude::Flux => {
                let at_zero = parted.rest.substitute(&kappa, &Expr::zero());
                // A quotient of zeros, which is left as it is, is 0: see `value_at_zero`.
                let gained = if at_zero.any(&|e| matches!(e, Expr::Pow(b, _) if b.is_zero())) {
                    parted.rest.clone()
                } else {
                    parted.rest.clone() - at_zero
                };
                (gained / kappa, drift.clone())
            }
            Amplitude::Other(e) => {
                // (e lambda - D^2 kappa - D rest)/lambda, where e lambda is a polynomial.
                let product = (e.clone() * lambda.clone()).expand();
                let is_polynomial = !product.any(&|e| matches!(e, Expr::Pow(_, x) if x.as_int().is_none_or(|n| n < 0)));
                if !is_polynomial || drift.is_zero() {
                    return (e.clone(), Expr::zero());
                }
                let numerator = (product - drift.clone().powi(2) * kappa).expand();
                if numerator.contains(&Expr::kappa()) {
                    return (e.clone(), Expr::zero());
                }
                ((numerator - drift.clone() * parted.rest.clone()) / lambda.clone(), drift.clone())
            }
        }
    }
}

/// The subordinator of a lambda.
#[derive(Debug)]
pub struct Subordinated {
    /// D, length squared per time.
    drift: f64,
    transform: Transform,
    /// `lambda(inf)` of a lambda that is bounded beside its drift, and the amplitudes there.
    atom: Option<(f64, Vec<f64>)>,
    /// The exponent of lambda as kappa grows.
    order: f64,
    /// The part of every amplitude that multiplies the density itself.
    fixed: Vec<f64>,
    /// Signs of the other parts of the amplitudes, which are inverted as positive ones.
    signs: Vec<f64>,
    quantiles: Kept<Quantiles>,
}

impl PartialEq for Subordinated {
    fn eq(&self, other: &Subordinated) -> bool {
        (self.drift, &self.transform, &self.signs) == (other.drift, &other.transform, &other.signs)
    }
}

/// Of a lower power of kappa, the law spreads over so many powers of ten that its density cannot be inverted where it lies.
const LOWEST_POWER: f64 = 0.09;

impl Subordinated {
    /// Reads lambda and the amplitudes; none where lambda has parts that are no powers of kappa, or does not grow like one.
    ///
    /// # Errors
    /// [`LowerError`] for a parameter without a value.
    pub(super) fn read(
        lambda: &Expr,
        amplitudes: &[Amplitude],
        values: &BTreeMap<Name, Rational>,
    ) -> Result<Option<Subordinated>, LowerError> {
        let symbol = |e: &Expr| Symbol::read(e, values);
        let (Some(parted), Some(whole)) = (without_drift(lambda, values)?, symbol(lambda)?) else { return Ok(None) };
        let Some(slope) = parted.rest.derivative(&Expr::kappa()) else { return Ok(None) };
        let (Some(beside), Some(slope)) = (symbol(&parted.rest)?, symbol(&slope)?) else { return Ok(None) };
        let drift = number(&parted.drift, values)?;
        let (mut read, mut fixed) = (Vec::new(), Vec::new());
        for amplitude in amplitudes {
            let (amplitude, at_infinity) = amplitude.parts(lambda, &parted);
            let Some(amplitude) = symbol(&amplitude)? else { return Ok(None) };
            read.push(amplitude);
            fixed.push(number(&at_infinity, values)?);
        }
        let mut amplitudes = read;
        let (Some(growth), Some(order)) = (beside.growth(), whole.growth().map(|g| g.power)) else { return Ok(None) };
        if growth.factor <= 0.0 || order < 0.0 || drift < 0.0 || !beside.contains_kappa() {
            return Ok(None);
        }
        let signs: Vec<f64> = amplitudes.iter().map(|a| a.real(1.0).signum()).collect();
        for (a, sign) in amplitudes.iter_mut().zip(&signs) {
            *a = Symbol::Product(vec![Symbol::Number(*sign), a.clone()]);
        }
        let (mut atom, mut deficit) = (None, None);
        if growth.power <= 0.0 {
            let Some((top, below)) = &parted.bound else { return Ok(None) };
            let at_infinity = |a: &Symbol| a.growth().filter(|g| g.power >= 0.0).map_or(0.0, |g| g.factor);
            atom = Some((number(top, values)?, amplitudes.iter().map(at_infinity).collect()));
            deficit = symbol(below)?;
        }
        let transform = Transform::new(beside, slope, amplitudes, deficit);
        let law = Subordinated { drift, transform, atom, order, signs, fixed, quantiles: Kept::default() };
        Ok(law.is_consistent().then_some(law))
    }

    /// All numbers of the law, as text that tells it from any other.
    pub(super) fn key(&self) -> String {
        let Subordinated { drift, transform, atom, order, fixed, signs, quantiles: _ } = self;
        format!("{drift:?}, {}, {atom:?}, {order:?}, {fixed:?}, {signs:?}", transform.key())
    }

    /// The exponent of lambda as kappa grows: 1 where there is a drift, 0 of a bounded lambda.
    pub fn order(&self) -> f64 {
        self.order
    }

    /// Does the density at time 1 have the transform `exp(-lambda)`? It has if lambda is a Bernstein function that is analytic
    /// off the negative axis.
    fn is_consistent(&self) -> bool {
        let centre = self.transform.log_centre(1.0);
        // The power of kappa as which the exponent goes out, far out; no number where it is lost to rounding, which no low power is.
        let far = |log: f64| self.transform.exponent((log - centre).exp());
        if (far(-59.0) / far(-60.0)).ln() < LOWEST_POWER {
            return false;
        }
        let law = Mixture::plain(self, 1.0);
        (-4..=4).step_by(2).all(|shift| {
            let kappa = (f64::from(shift) - centre).exp();
            let expected = (-self.transform.exponent(kappa)).exp();
            let still = self.atom(1.0).map_or(0.0, |(log, _)| log.exp());
            (law.transform(kappa) + still - expected).abs() < 1e-10
        })
    }

    /// The logarithm of the mass that does not jump up to time t, and its amplitudes.
    fn atom(&self, t: f64) -> Option<(f64, &[f64])> {
        let (bound, amplitudes) = self.atom.as_ref()?;
        Some((-t * (bound - self.transform.at_zero()), amplitudes))
    }

    /// The probability of `U_t = 0`: that of a bounded lambda. Where there is a drift, all move.
    pub fn mass_at_rest(&self, t: f64) -> f64 {
        self.atom(t).filter(|_| self.drift == 0.0).map_or(0.0, |(log, _)| log.exp())
    }

    /// Where the law lies at time t, as a value of u beside the drift.
    pub(super) fn centre(&self, t: f64) -> f64 {
        self.transform.log_centre(t).exp()
    }

    /// The value of `U_t` below which it lies with probability `level`, between 0 and 1.
    pub fn quantile(&self, t: f64, level: f64) -> f64 {
        self.drift * t + self.quantiles.get(t, || Quantiles::new(self, t)).at(level)
    }

    /// `lambda(kappa) - lambda(0)`.
    pub fn exponent(&self, kappa: f64) -> f64 {
        self.drift * kappa + self.transform.exponent(kappa)
    }
}
