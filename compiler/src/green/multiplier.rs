//! Fourier multipliers of a linear continuity form on the selected branch.

use crate::dispersion::direction::letter;
use crate::expr::{Axis, Expr, Func, Var};
use crate::flow::DensityFlow;
use num_complex::Complex64;
use num_traits::Signed;
use std::f64::consts::SQRT_2;

/// What the flux and the source are relative to the density, mode by mode.
#[derive(Clone, Debug, PartialEq)]
pub struct Multipliers {
    /// Mode amplitude m of the density: `p-hat = m phi-hat`.
    pub density: Expr,
    /// F with `J-hat = -i k F p-hat`.
    pub flux: Expr,
    /// rho with `R-hat = rho p-hat`.
    pub source: Expr,
}

impl Multipliers {
    /// Puts `dt -> -lambda`, `lap -> -kappa`, `grad -> i k` into p, J and R. `None` when they are not linear in one
    /// field with constant coefficients.
    pub fn derive(lambda: &Expr, flow: &DensityFlow) -> Option<Multipliers> {
        let constant = !flow.p.has_time() && !flow.flux.has_time() && !flow.r.has_time();
        if constant { Multipliers::derive_at_each_time(lambda, flow) } else { None }
    }

    /// The same with coefficients that depend on t, which are taken as they are at that time.
    pub(super) fn derive_at_each_time(lambda: &Expr, flow: &DensityFlow) -> Option<Multipliers> {
        let evolves = |e: &Expr| e.any(&|part| matches!(part, Expr::Dt(f, _) if f.has_field()));
        if lambda.has_time() && [&flow.p, &flow.flux, &flow.r].into_iter().any(evolves) {
            return None;
        }
        let growth = -Expr::Var(Var::Growth);
        let modes = [mode(&flow.p, &growth)?, -gradient_mode(&flow.flux, &growth)?, mode(&flow.r, &growth)?];
        let [density, flux, source] = on_branch(modes, lambda)?;
        Some(Multipliers::of_modes(density, flux, source))
    }

    /// From the mode amplitudes of p, J (as `-i k flux`) and R.
    pub(super) fn of_modes(density: Expr, flux: Expr, source: Expr) -> Multipliers {
        let over = |e: Expr| multiple(&e, &density).unwrap_or_else(|| rationalise(e / density.clone()));
        Multipliers { flux: over(flux), source: over(source), density }
    }

    /// `F / lambda'` when it is free of kappa. Since `x g_t` has the transform `-i k 2 t lambda' exp(-lambda t)` up to
    /// sign, the flux of a point source is then exactly `ratio x p/(2 t)`.
    pub fn flux_ratio(&self, lambda: &Expr) -> Option<Expr> {
        let kappa = Expr::kappa();
        let slope = lambda.derivative(&kappa)?;
        let ratio = (self.flux.clone() / slope).expand();
        (!ratio.contains(&kappa)).then_some(ratio)
    }
}

/// What is left of amplitudes `[p, J, R]`, polynomials in the growth rate s, at `s = -lambda`.
///
/// Where p vanishes there, lambda is a repeated root of the symbol, modes are `(a + b t + ...) exp(-lambda t)`, and p holds the highest
/// power of t alone: `P(dt) t^n exp(s t) = P^(n)(s) exp(s t)`, where P and its first n - 1 derivatives are zero at s.
fn on_branch(mut modes: [Expr; 3], lambda: &Expr) -> Option<[Expr; 3]> {
    let growth = Expr::Var(Var::Growth);
    for _ in 0..MOST_REPEATED {
        let here = modes.clone().map(|e| e.substitute(&growth, &-lambda.clone()));
        if !vanishes(&here[0]) {
            return Some(here);
        }
        if !here.iter().all(vanishes) {
            return None;
        }
        for e in &mut modes {
            *e = e.derivative(&growth)?;
        }
    }
    None
}

/// So often at most is a root of the symbol repeated; [`Budget`](crate::Budget) ends long before.
const MOST_REPEATED: usize = 16;

/// Is it 0 whatever kappa and the letters are? Roots of sums hide that from their expansion, so it is also asked at some points.
fn vanishes(e: &Expr) -> bool {
    let expanded = e.expand();
    let at = |point: usize| {
        let leaf = |e: &Expr| match e {
            // Any numbers without a relation between them.
            Expr::Sym(name) => {
                let code = name.as_str().bytes().fold(7, |code, byte| (31 * code + usize::from(byte)) % 1009);
                Some(Complex64::from(0.3 + (code as f64 * SQRT_2 + point as f64).fract()))
            }
            Expr::Var(_) => Some(Complex64::from(0.7 + point as f64 * SQRT_2)),
            _ => None,
        };
        let size = expanded.terms().iter().map(|t| Some(t.evaluate(&leaf)?.norm())).sum::<Option<f64>>()?;
        Some(expanded.evaluate(&leaf)?.norm() <= 1e-12 * size)
    };
    expanded.is_zero() || (1..4).all(|point| at(point) == Some(true))
}

/// Mode amplitudes where the direction of k matters: `J-hat = sum_a along_a e_a + i k gradient`.
pub(super) struct VectorModes {
    pub(super) density: Expr,
    pub(super) along: [Expr; 3],
    pub(super) gradient: Expr,
    pub(super) source: Expr,
}

/// The modes of p, J and R; none where they are not linear in one field with constant coefficients.
pub(super) fn vector_modes(flow: &DensityFlow, lambda: &Expr) -> Option<VectorModes> {
    if flow.p.has_time() || flow.flux.has_time() || flow.r.has_time() {
        return None;
    }
    let is_along = |e: &Expr| e.any(&|part| matches!(part, Expr::Unit(_)));
    let flux = flow.flux.expand();
    let (along, gradients): (Vec<Expr>, Vec<Expr>) = flux.terms().iter().cloned().partition(is_along);
    let mut modes = [Expr::zero(), Expr::zero(), Expr::zero()];
    for term in along {
        let (units, rest): (Vec<Expr>, Vec<Expr>) =
            term.factors().iter().cloned().partition(|f| matches!(f, Expr::Unit(_)));
        let [Expr::Unit(axis)] = units.as_slice() else { return None };
        let mode = mode(&Expr::mul(rest), lambda)?;
        modes[axis.index()] = (modes[axis.index()].clone() + mode).expand();
    }
    Some(VectorModes {
        density: mode(&flow.p, lambda)?.expand(),
        along: modes,
        gradient: gradient_mode(&Expr::add(gradients), lambda)?,
        source: mode(&flow.r, lambda)?,
    })
}

/// `e / phi` in Fourier space, for a scalar `e`.
fn mode(e: &Expr, lambda: &Expr) -> Option<Expr> {
    match e {
        Expr::Field(_) => Some(Expr::one()),
        Expr::Dt(f, n) => Some(mode(f, lambda)? * (-lambda.clone()).powi(i64::from(*n))),
        Expr::Lap(f) => Some(-(mode(f, lambda)? * Expr::kappa())),
        Expr::Partial(f, axis, n) => Some(mode(f, lambda)? * wave_number(*axis).powi(i64::from(*n))),
        Expr::FracLap(f, beta) => Some(mode(f, lambda)? * Expr::pow(Expr::kappa(), (**beta).clone())),
        Expr::Add(terms) => Some(Expr::add(terms.iter().map(|t| mode(t, lambda)).collect::<Option<Vec<_>>>()?)),
        Expr::Mul(factors) => scaled_mode(factors, |f| mode(f, lambda)),
        e if e.is_zero() => Some(Expr::zero()),
        _ => None,
    }
}

/// `i k_a`.
fn wave_number(axis: Axis) -> Expr {
    Expr::Imag * letter(axis)
}

/// `e / (i k phi)` in Fourier space, for a vector `e` made of gradients.
fn gradient_mode(e: &Expr, lambda: &Expr) -> Option<Expr> {
    match e {
        Expr::Grad(f) => mode(f, lambda),
        Expr::Add(terms) => {
            Some(Expr::add(terms.iter().map(|t| gradient_mode(t, lambda)).collect::<Option<Vec<_>>>()?))
        }
        Expr::Mul(factors) => scaled_mode(factors, |f| gradient_mode(f, lambda)),
        e if e.is_zero() => Some(Expr::zero()),
        _ => None,
    }
}

/// A product of one factor with a field and constant coefficients.
fn scaled_mode(factors: &[Expr], mode: impl Fn(&Expr) -> Option<Expr>) -> Option<Expr> {
    let (with_field, constants): (Vec<&Expr>, Vec<&Expr>) = factors.iter().partition(|f| f.has_field());
    let [one] = with_field.as_slice() else { return None };
    if constants.iter().any(|c| c.has_position() || c.is_vector()) {
        return None;
    }
    Some(Expr::mul(constants.into_iter().cloned().chain([mode(one)?])))
}

/// The c free of kappa with `e = c f`, if there is one.
fn multiple(e: &Expr, f: &Expr) -> Option<Expr> {
    let (e, f) = (e.expand(), f.expand());
    let c = (e.terms().first()?.clone() / f.terms().first()?.clone()).expand();
    let is_constant = !c.contains(&Expr::kappa()) && !c.has_field();
    (is_constant && (e - c.clone() * f).expand().is_zero()).then_some(c)
}

/// Simplifies `numerator / (A + B sqrt(C))`-like quotients enough for the structure to show: a denominator that is a
/// sum with a square root is multiplied by its conjugate.
fn rationalise(e: Expr) -> Expr {
    for factor in e.factors() {
        let Expr::Pow(base, power) = factor else { continue };
        let (Expr::Add(terms), Some(-1)) = (&**base, power.as_int()) else { continue };
        let has_root = |t: &Expr| {
            t.any(&|p| matches!(p, Expr::Pow(_, x) if x.as_num().is_some_and(|r| !r.is_integer() && r.is_positive())))
        };
        let (roots, rest): (Vec<Expr>, Vec<Expr>) = terms.iter().cloned().partition(has_root);
        if roots.len() != 1 || rest.is_empty() {
            continue;
        }
        let (root, rest) = (Expr::add(roots), Expr::add(rest));
        let conjugate = root.clone() - rest.clone();
        let product = (root.clone().powi(2).expand() - rest.powi(2).expand()).expand();
        if product.any(&|p| matches!(p, Expr::Call(Func::Log, _))) || product.is_zero() {
            continue;
        }
        let others = e.factors().iter().filter(|f| *f != factor).cloned();
        return Expr::mul(others.chain([conjugate, product.recip()])).expand();
    }
    e
}
