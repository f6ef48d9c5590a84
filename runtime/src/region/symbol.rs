//! Which regional law an equation has: read from the symbol `a s^2 + b s + c + g kappa` at numbers.
//!
//! In:   an analysis without free parameters.
//! Out:  the [`RegionalLaw`], if the symbol, p, J and R are of its form; compared at sample points.

use super::{Ball, Front, RegionalLaw};
use genphys_compiler::Analysis;
use genphys_compiler::dispersion::Problem;
use genphys_compiler::expr::{Expr, Var};
use genphys_compiler::flow::DensityFlow;
use genphys_compiler::green::Multipliers;
use num_complex::Complex64;

/// How far sampled constants may differ, relative.
const TOLERANCE: f64 = 1e-10;

/// `s^2 + 2 damping s + stiffness + spread kappa`.
struct Quadratic {
    damping: f64,
    stiffness: f64,
    spread: f64,
}

pub(super) fn law(analysis: &Analysis, dim: usize) -> Option<RegionalLaw> {
    let (dispersion, flow) = (analysis.dispersion.as_ref().ok()?, analysis.flow.as_ref().ok()?);
    if dispersion.drift.is_some() || dispersion.evolution.is_some() || dispersion.depends_on_direction() {
        return None;
    }
    let [c, b, a] = dispersion.coefficients.as_slice() else { return None };
    let (a, b) = (constant(a)?, constant(b)?);
    let at = |kappa: f64| value(c, kappa, 0.0);
    let (c0, g) = (at(0.0)?, at(1.0)? - at(0.0)?);
    if !close(at(2.5)?, c0 + 2.5 * g) {
        return None;
    }
    let quadratic = Quadratic { damping: 0.5 * b / a, stiffness: c0 / a, spread: g / a };
    match dispersion.problem {
        Problem::Evolution => front(&quadratic, flow),
        Problem::FreeBoundary => ball(&quadratic, &dispersion.lambda()?, flow, dim),
        Problem::Unknown => None,
    }
    .filter(|_| dim >= 1)
}

/// `p = M (phi_t + 2 eps phi)`, `R = -M m phi`; continuity leaves `J = -M c^2 grad(phi)`.
fn front(quadratic: &Quadratic, flow: &DensityFlow) -> Option<RegionalLaw> {
    let Quadratic { damping, stiffness, spread } = *quadratic;
    let square = damping * damping - stiffness;
    if !(spread > 0.0 && square >= 0.0) {
        return None;
    }
    // Amplitudes at a growth rate s that is no root: the split itself, not its value on a branch.
    let modes = Multipliers::derive(&-Expr::Var(Var::Growth), flow)?;
    let multiplier = value(&modes.density, 1.0, 1.0)? - value(&modes.density, 1.0, 0.0)?;
    for (kappa, s) in [(0.7, 0.4), (1.9, 1.3), (3.1, 0.9)] {
        let density = value(&modes.density, kappa, s)?;
        let is_split = close(density, multiplier * (s + 2.0 * damping))
            && close(value(&modes.source, kappa, s)? * density, -multiplier * stiffness)
            && close(value(&modes.flux, kappa, s)? * density, multiplier * spread);
        if !is_split || multiplier <= 0.0 {
            return None;
        }
    }
    Some(RegionalLaw::Front(Front { damping, stiffness, speed: spread.sqrt(), rate: square.sqrt() }))
}

/// `lambda = d + c sqrt(kappa - k^2)`, `F = ratio lambda'` and `rho = C/sqrt(kappa - k^2)`.
fn ball(quadratic: &Quadratic, lambda: &Expr, flow: &DensityFlow, dim: usize) -> Option<RegionalLaw> {
    let Quadratic { damping, stiffness, spread } = *quadratic;
    let (speed, square) = ((-spread).sqrt(), (stiffness - damping * damping) / -spread);
    if !(speed > 0.0 && square > 0.0) {
        return None;
    }
    let modes = Multipliers::derive(lambda, flow)?;
    let sampled = [1.3, 2.7, 6.1].map(|factor| {
        let kappa = factor * square;
        let root = (kappa - square).sqrt();
        let ratio = value(&modes.flux, kappa, 0.0)? * 2.0 * root / speed;
        let births = value(&modes.source, kappa, 0.0)? * root;
        close(value(lambda, kappa, 0.0)?, damping + speed * root).then_some((ratio, births))
    });
    let (ratio, births) = sampled[0]?;
    for other in sampled {
        let (r, b) = other?;
        if !close(r, ratio) || !close(b, births) {
            return None;
        }
    }
    Some(RegionalLaw::Ball(Ball::new(dim, speed, square.sqrt(), damping, ratio, births)))
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= TOLERANCE * a.abs().max(b.abs())
}

/// The value of what is free of kappa and s.
fn constant(e: &Expr) -> Option<f64> {
    let found = value(e, 0.3, 0.7)?;
    close(found, value(e, 1.7, 2.1)?).then_some(found)
}

/// The value at kappa and s, where it is real.
fn value(e: &Expr, kappa: f64, s: f64) -> Option<f64> {
    let found = e.evaluate(&|leaf| match leaf {
        Expr::Var(Var::Kappa) => Some(kappa.into()),
        Expr::Var(Var::Growth) => Some(s.into()),
        _ => None,
    });
    let Complex64 { re, im } = found?;
    (re.is_finite() && im.abs() <= TOLERANCE * re.abs()).then_some(re)
}
