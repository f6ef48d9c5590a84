//! What proofs about an equation with coefficients in t rest on beside its symbol.
//!
//! In:   the evolution and the symbol in its frame and clock, in one case.
//! Out:  nothing when the proof carries over from each time to the integral of lambda.
//! Holds: lambda is integrable at `t = 0`, so that a mode `exp(-int_0^t lambda)` starts from its datum, and a clock runs forward.
//!       The signs of a proof hold for every `t > 0`, hence for the integral: a sum of Bernstein functions is Bernstein; a
//!       leading power of kappa, the sign of `Re lambda - Re lambda(0)` or of an imaginary part stays what it is.

use crate::checker::{CheckError, Checker, wrong};
use crate::dispersion::{Dispersion, Timing, WAVE_NUMBER};
use crate::expr::{DependsOn, Expr, Func, Sign, Var};
use crate::verdict::Proof;

impl Checker {
    /// Checks what the proof needs of the times near 0.
    pub(crate) fn evolution(&self, dispersion: &Dispersion, proof: &Proof) -> Result<(), CheckError> {
        let Some(evolution) = &dispersion.evolution else { return Ok(()) };
        dispersion.drift.iter().try_for_each(|c| self.integrable(c))?;
        match &evolution.timing {
            Timing::Separable { rate, offset } => {
                self.require(rate, Sign::POSITIVE)?;
                self.require(offset, Sign::ANY)?;
                self.integrable(rate)?;
                self.integrable(offset)?;
                restored(dispersion, rate, offset)
            }
            Timing::Mixed => match self.symbol.as_slice() {
                [n, a] => self.integrable(&(n.clone() / a.clone())),
                _ => wrong("not of first order in t", self.symbol.len()),
            },
            Timing::Bessel => match proof {
                Proof::Bernstein { .. } if self.is_bessel() => self.require(&self.dimension(), Sign::POSITIVE),
                _ => wrong("not a proof about the Bessel operator in t", format!("{proof:?}")),
            },
        }
    }

    /// Is the symbol that of `phi_tt + (d - 1)/t phi_t - M phi`?
    pub(crate) fn is_bessel(&self) -> bool {
        matches!(self.symbol.as_slice(), [_, b, a] if b.has_time() && a.is_one())
    }

    /// `d` of the Bessel operator.
    fn dimension(&self) -> Expr {
        let friction = self.symbol.get(1).cloned().unwrap_or_else(Expr::zero);
        (friction * Expr::Var(Var::Time) + Expr::one()).expand()
    }

    /// `lambda` is that of the density of the decaying mode, `-d/dt log(t^(d/2) K_(d/2)(t sqrt(M)))` (DLMF 10.29.4).
    pub(crate) fn bessel_root(&self, lambda: &Expr) -> Result<(), CheckError> {
        let mass = (-self.symbol.first().cloned().unwrap_or_else(Expr::zero)).expand();
        let order = (self.dimension() / Expr::int(2)).expand();
        if order.has_time() || mass.has_time() {
            return wrong("not the Bessel operator in t", order);
        }
        self.equal(lambda, &bessel_ratio(&order, &Expr::Var(Var::Time), &mass))
    }

    /// Each term is weaker than `1/t` at `t = 0`.
    fn integrable(&self, e: &Expr) -> Result<(), CheckError> {
        e.expand().expand().terms().iter().try_for_each(|term| {
            let power = self.power_at_zero(term).map(|n| (n + Expr::one()).expand());
            let weaker = power.is_some_and(|n| self.known.sign(&n).is(Sign::POSITIVE));
            if weaker { Ok(()) } else { wrong("not known to be integrable at t = 0", term) }
        })
    }

    /// A power of t that bounds a product at `t = 0`.
    fn power_at_zero(&self, term: &Expr) -> Option<Expr> {
        let mut sum = Expr::zero();
        for f in term.factors().iter().filter(|f| f.has_time()) {
            sum = sum
                + match f {
                    Expr::Var(Var::Time) => Expr::one(),
                    Expr::Pow(b, x) if **b == Expr::Var(Var::Time) && !x.has_time() => (**x).clone(),
                    Expr::Call(Func::Log, a) if **a == Expr::Var(Var::Time) => Expr::zero(),
                    f if self.bounded_at_zero(f) => Expr::zero(),
                    _ => return None,
                };
        }
        Some(sum)
    }

    fn bounded_at_zero(&self, e: &Expr) -> bool {
        match e {
            e if !e.has_time() => true,
            Expr::Var(Var::Time) | Expr::Apply(_, DependsOn::Time) => true,
            Expr::Add(parts) | Expr::Mul(parts) => parts.iter().all(|p| self.bounded_at_zero(p)),
            Expr::Call(Func::Log, a) => {
                let start = a.substitute(&Expr::Var(Var::Time), &Expr::zero());
                self.bounded_at_zero(a) && !start.has_time() && self.known.sign(&start).is(Sign::POSITIVE)
            }
            Expr::Call(Func::Exp | Func::Sin | Func::Cos | Func::Tanh, a) => self.bounded_at_zero(a),
            Expr::Pow(b, x) if !x.has_time() && self.bounded_at_zero(b) => {
                let start = b.substitute(&Expr::Var(Var::Time), &Expr::zero());
                self.known.sign(x).is(Sign::NONNEGATIVE)
                    || (!start.has_time() && self.known.sign(&start).is(Sign::POSITIVE))
            }
            _ => false,
        }
    }
}

/// `lambda = rate lambda_0 + offset` is a root of the symbol, `lambda_0` being that of the coefficients.
fn restored(dispersion: &Dispersion, rate: &Expr, offset: &Expr) -> Result<(), CheckError> {
    let [n, a] = dispersion.coefficients.as_slice() else { return wrong("not of first order in t", rate) };
    let drift = dispersion.drift.clone().unwrap_or_else(Expr::zero) * Expr::sym(WAVE_NUMBER);
    let lambda = rate.clone() * n.clone() / a.clone() + offset.clone() + Expr::Imag * drift;
    let rest = dispersion.symbol.substitute(&Expr::Var(Var::Growth), &-lambda);
    if rest.vanishes() { Ok(()) } else { wrong("the clock is not that of the symbol", rate) }
}

/// `sqrt(g) K_(order-1)(c sqrt(g)) / K_order(c sqrt(g))`.
pub(crate) fn bessel_ratio(order: &Expr, c: &Expr, g: &Expr) -> Expr {
    let root = g.clone().sqrt();
    let k = |order: Expr| Expr::bessel_k(order.expand(), c * &root);
    &root * k(order - Expr::one()) / k(order.clone())
}
