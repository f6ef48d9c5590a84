//! Kernels that are carried along by a drift, or spread differently along each axis: an isotropic law in the coordinates
//! `x' = L^-1 (x - c t)`.
//!
//! In:   lambda with the letters `k_x`, `k_y`, `k_z`, and the continuity form.
//! Out:  [`Green`] of the isotropic law with a [`Carrier`]; [`BoundCarrier`], the numbers that lead back to x.
//! Holds: `p(x, t) = g_t(x' - y')/|det L|`. Where lambda is `i c.k` beside a function of kappa, L is 1. Where it is
//!       `i c.k + k.A k + const`, the law is `exp(-|k'|^2 t)` and `L L^T = A`; the flux `J = c p - B grad(p)`, whose B may differ
//!       from A by an antisymmetric part, has the velocity `v = c + B L^-T v'`.
//! Source: the characteristics of `i c.k`; Sato, "Levy Processes and Infinitely Divisible Distributions", Thm. 8.1.

use super::lower::{LowerError, number};
use super::multiplier::{Multipliers, vector_modes};
use super::{Births, Green, Law, simplify_roots};
use crate::dispersion::direction::{depends, letter};
use crate::expr::{Axis, Expr, Facts, Name, Rational};
use crate::flow::DensityFlow;
use std::collections::BTreeMap;

/// The axes that the language names.
const AXES: usize = Axis::ALL.len();

/// How an isotropic law is carried through space.
#[derive(Clone, Debug, PartialEq)]
pub struct Carrier {
    /// The velocity c along each axis that has a name.
    pub drift: [Expr; AXES],
    /// The diffusion tensor, where it is not a multiple of 1.
    pub shape: Option<Shape>,
}

/// A diffusion tensor A and the B of its flux `-B grad(p)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// A between the axes that have names; symmetric.
    pub density: [[Expr; AXES]; AXES],
    /// B between them.
    pub flux: [[Expr; AXES]; AXES],
    /// The entry of A, and of B, for every other axis.
    pub base: (Expr, Expr),
}

impl Green {
    /// Recognises a kernel whose lambda depends on the direction of k, or whose flux does.
    pub(super) fn carried(lambda: &Expr, flow: &DensityFlow, facts: &Facts) -> Option<Green> {
        let (drift, rest) = split_drift(lambda)?;
        let modes = vector_modes(flow, lambda)?;
        let carrier = Carrier { drift: drift.clone(), shape: None };
        let carried = |c: &Expr| (c.clone() * modes.density.clone()).expand();
        let is_isotropic =
            modes.along.iter().zip(&drift).all(|(mode, c)| (mode.clone() - carried(c)).expand().is_zero());
        if !depends(&rest) && is_isotropic {
            let multipliers = Multipliers::of_modes(modes.density, -modes.gradient, modes.source);
            let green = Green::isotropic(simplify_roots(&rest, facts), multipliers, facts)?;
            return Some(Green { carrier: Some(carrier), ..green });
        }
        if !modes.density.is_one() || depends(&modes.source) || modes.source.contains(&Expr::kappa()) {
            return None;
        }
        let (shape, offset) = Shape::read(&rest, &drift, &modes.along, &modes.gradient)?;
        let births = Births::Constant(modes.source.clone());
        let multipliers = Multipliers { density: Expr::one(), flux: Expr::one(), source: modes.source };
        Some(Green {
            lambda: lambda.clone(),
            law: Law::Gaussian { rate: Expr::one() },
            offset,
            flux_ratio: Some(Expr::one()),
            births: Some(births),
            multipliers,
            frame: None,
            carrier: Some(Carrier { shape: Some(shape), ..carrier }),
        })
    }
}

/// The c of `i c.k`, and the other terms.
fn split_drift(lambda: &Expr) -> Option<([Expr; AXES], Expr)> {
    let lambda = lambda.expand();
    let (drifting, rest): (Vec<Expr>, Vec<Expr>) =
        lambda.terms().iter().cloned().partition(|term| term.contains(&Expr::Imag));
    let drifting = Expr::add(drifting);
    let c = Axis::ALL.map(|axis| (coefficient(&drifting, &[axis]) / Expr::Imag).expand());
    let sum = Expr::add(Axis::ALL.iter().zip(&c).map(|(axis, c)| Expr::Imag * c.clone() * letter(*axis)));
    let is_real = c.iter().all(|c| !c.contains(&Expr::Imag) && !c.contains(&Expr::kappa()) && !depends(c));
    (is_real && (drifting - sum).expand().is_zero()).then(|| (c, Expr::add(rest)))
}

/// The derivative at `k = 0` along these axes.
fn coefficient(e: &Expr, axes: &[Axis]) -> Expr {
    let derived = axes.iter().try_fold(e.clone(), |e, axis| e.derivative(&letter(*axis))).unwrap_or_else(Expr::zero);
    Axis::ALL.iter().fold(derived, |e, axis| e.substitute(&letter(*axis), &Expr::zero())).expand()
}

impl Shape {
    /// The tensors of `rest = D kappa + k.M k + const` and of the flux; the constant beside them.
    fn read(rest: &Expr, drift: &[Expr; AXES], along: &[Expr; AXES], gradient: &Expr) -> Option<(Shape, Expr)> {
        let kappa = Expr::kappa();
        let base = rest.derivative(&kappa)?.expand();
        let half = |e: Expr| (e / Expr::int(2)).expand();
        let form = Axis::ALL.map(|a| Axis::ALL.map(|b| half(coefficient(rest, &[a, b]))));
        let quadratic = |m: &[[Expr; AXES]; AXES], row: usize| {
            Expr::add(Axis::ALL.iter().zip(&m[row]).map(|(b, entry)| entry.clone() * letter(*b)))
        };
        let k_form_k = Expr::add(Axis::ALL.iter().map(|a| letter(*a) * quadratic(&form, a.index())));
        let offset = (rest.clone() - base.clone() * kappa - k_form_k).expand();
        // J = sum_a m_a e_a + i k m, with m_a = c_a - i sum_b B_ab k_b and m = -base.
        let flux = Axis::ALL.map(|a| Axis::ALL.map(|b| (Expr::Imag * coefficient(&along[a.index()], &[b])).expand()));
        let leftover = Axis::ALL.map(|a| {
            let i = a.index();
            (along[i].clone() - drift[i].clone() + Expr::Imag * quadratic(&flux, i)).expand()
        });
        let is_free = |e: &Expr| !depends(e) && !e.contains(&Expr::kappa()) && !e.contains(&Expr::Imag);
        let base_flux = (-gradient.clone()).expand();
        let is_constant = form.iter().chain(&flux).flatten().chain([&base, &base_flux, &offset]).all(is_free);
        if !is_constant || !leftover.iter().all(Expr::is_zero) {
            return None;
        }
        let with = |m: [[Expr; AXES]; AXES], diagonal: &Expr| {
            let mut m = m;
            m.iter_mut().enumerate().for_each(|(i, row)| row[i] = (row[i].clone() + diagonal.clone()).expand());
            m
        };
        let shape = Shape { density: with(form, &base), flux: with(flux, &base_flux), base: (base, base_flux) };
        Some((shape, offset))
    }
}

/// A [`Carrier`] with numbers in it, in N dimensions.
#[derive(Clone, Debug, PartialEq)]
pub struct BoundCarrier {
    drift: Vec<f64>,
    shape: Option<BoundShape>,
}

type Matrix = [[f64; AXES]; AXES];

#[derive(Clone, Debug, PartialEq)]
struct BoundShape {
    /// The axes with names that there are.
    axes: usize,
    /// L, lower triangular, `L L^T = A`.
    root: Matrix,
    /// `B L^-T`.
    velocity: Matrix,
    /// L and `B L^-T` of every other axis.
    base: (f64, f64),
    log_determinant: f64,
}

impl Carrier {
    /// With numbers for the parameters; and the factor by which `A = factor L L^T`, so that L is about 1.
    pub(super) fn bind(
        &self,
        dim: usize,
        values: &BTreeMap<Name, Rational>,
    ) -> Result<(BoundCarrier, f64), LowerError> {
        let axes = dim.min(AXES);
        let drift = self.drift[..axes].iter().map(|c| number(c, values)).collect::<Result<_, _>>()?;
        let Some(shape) = &self.shape else { return Ok((BoundCarrier { drift, shape: None }, 1.0)) };
        let (shape, factor) = shape.bind(axes, dim, values)?;
        Ok((BoundCarrier { drift, shape: Some(shape) }, factor))
    }
}

impl Shape {
    /// The mean of A over the first axes of N dimensions that have names: the factor that [`Green::bind`] takes out of it.
    pub fn mean(&self, dim: usize) -> Expr {
        let axes = dim.min(AXES);
        let sum = Expr::add((0..axes).map(|i| self.density[i][i].clone()));
        (sum / Expr::int(axes as i64)).expand()
    }

    fn bind(
        &self,
        axes: usize,
        dim: usize,
        values: &BTreeMap<Name, Rational>,
    ) -> Result<(BoundShape, f64), LowerError> {
        let refused = |value| LowerError::Value { what: "diffusion tensor", value, must: "positive definite" };
        let (mut density, mut flux) = ([[0.0; AXES]; AXES], [[0.0; AXES]; AXES]);
        for i in 0..axes {
            for j in 0..axes {
                density[i][j] = number(&self.density[i][j], values)?;
                flux[i][j] = number(&self.flux[i][j], values)?;
            }
        }
        let mean = (0..axes).map(|i| density[i][i]).sum::<f64>() / axes as f64;
        if !(mean > 0.0 && mean.is_finite()) {
            return Err(refused(mean));
        }
        density.iter_mut().chain(&mut flux).flatten().for_each(|entry| *entry /= mean);
        let root = cholesky(&density, axes).map_err(refused)?;
        // Row a of V solves V_a L^T = B_a: V_ab = (B_ab - sum_(j<b) V_aj L_bj)/L_bb.
        let mut velocity = [[0.0; AXES]; AXES];
        for a in 0..axes {
            for b in 0..axes {
                let known: f64 = (0..b).map(|j| velocity[a][j] * root[b][j]).sum();
                velocity[a][b] = (flux[a][b] - known) / root[b][b];
            }
        }
        let mut log_determinant: f64 = (0..axes).map(|i| root[i][i].ln()).sum();
        let mut base = (1.0, 1.0);
        if dim > axes {
            let a = number(&self.base.0, values)? / mean;
            if a.is_nan() || a <= 0.0 {
                return Err(refused(a));
            }
            base = (a.sqrt(), number(&self.base.1, values)? / mean / a.sqrt());
            log_determinant += (dim - axes) as f64 * base.0.ln();
        }
        Ok((BoundShape { axes, root, velocity, base, log_determinant }, mean))
    }
}

/// The lower triangular root, or the pivot that is not positive.
fn cholesky(a: &Matrix, axes: usize) -> Result<Matrix, f64> {
    let mut root = [[0.0; AXES]; AXES];
    for i in 0..axes {
        for j in 0..=i {
            let rest = a[i][j] - (0..j).map(|k| root[i][k] * root[j][k]).sum::<f64>();
            if i == j && !(rest > 0.0 && rest.is_finite()) {
                return Err(rest);
            }
            root[i][j] = if i == j { rest.sqrt() } else { rest / root[j][j] };
        }
    }
    Ok(root)
}

impl BoundCarrier {
    /// The same spread without the drift; none if nothing is left.
    pub(super) fn at_rest(&self) -> Option<BoundCarrier> {
        self.shape.is_some().then(|| BoundCarrier { drift: vec![0.0; self.drift.len()], shape: self.shape.clone() })
    }

    /// The velocity c along the first axes; it is 0 along all others.
    pub fn drift(&self) -> &[f64] {
        &self.drift
    }

    /// `log |det L|`.
    pub fn log_determinant(&self) -> f64 {
        self.shape.as_ref().map_or(0.0, |shape| shape.log_determinant)
    }

    /// Is L the unit matrix?
    pub fn is_isotropic(&self) -> bool {
        self.shape.is_none()
    }

    /// `L^-1 x` in place.
    pub fn contract(&self, x: &mut [f64]) {
        let Some(shape) = &self.shape else { return };
        let (named, others) = x.split_at_mut(shape.axes.min(x.len()));
        for i in 0..named.len() {
            let known: f64 = (0..i).map(|j| shape.root[i][j] * named[j]).sum();
            named[i] = (named[i] - known) / shape.root[i][i];
        }
        others.iter_mut().for_each(|x| *x /= shape.base.0);
    }

    /// L: its rows along the first axes, and its entry for every other one; none if it is the unit matrix.
    pub fn spread_matrix(&self) -> Option<([[f64; 3]; 3], f64)> {
        self.shape.as_ref().map(|shape| (shape.root, shape.base.0))
    }

    /// `c + B L^-T v` in place.
    pub fn velocity(&self, v: &mut [f64]) {
        if let Some(shape) = &self.shape {
            apply(&shape.velocity, shape.base.1, shape.axes, v);
        }
        v.iter_mut().zip(&self.drift).for_each(|(v, c)| *v += c);
    }
}

fn apply(matrix: &Matrix, base: f64, axes: usize, x: &mut [f64]) {
    let (named, others) = x.split_at_mut(axes.min(x.len()));
    let old: Vec<f64> = named.to_vec();
    for (row, x) in matrix.iter().zip(named) {
        *x = row.iter().zip(&old).map(|(m, x)| m * x).sum();
    }
    others.iter_mut().for_each(|x| *x *= base);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::rational;
    use crate::source::Source;
    use crate::{Budget, analyze};

    fn bound(text: &str, dim: usize, values: &[(&str, i64)]) -> BoundCarrier {
        let green = analyze(&Source::new("test", text), Budget::default())
            .expect("valid text")
            .green()
            .expect("a kernel")
            .clone();
        let values = values.iter().map(|(name, value)| ((*name).into(), rational(*value, 1))).collect();
        green.bind(dim, &values).expect("numbers").carrier().cloned().expect("a carrier")
    }

    fn contracted(carrier: &BoundCarrier, x: &[f64]) -> f64 {
        let mut x = x.to_vec();
        carrier.contract(&mut x);
        x.iter().map(|x| x * x).sum()
    }

    #[test]
    fn a_tensor_measures_distances_by_its_inverse() {
        let text = "phi_t - a phi_xx - 2 b phi_xy - c phi_yy - d lap(phi) = 0 where a > 0, a c > b^2, d > 0";
        let carrier = bound(text, 4, &[("a", 2), ("b", 1), ("c", 1), ("d", 1)]);
        // A = [[3, 1], [1, 2]] beside 1: A^-1 = [[2, -1], [-1, 3]]/5, det A = 5.
        let x = [0.3, -1.2, 2.0, 0.5];
        // The mean of the diagonal over the axes with a name, 2 = (3 + 2 + 1)/3, is the law's own rate.
        let expected = 2.0 * ((2.0 * 0.09 + 2.0 * 0.36 + 3.0 * 1.44) / 5.0 + 4.25);
        assert!((contracted(&carrier, &x) - expected).abs() < 1e-14);
        assert!((carrier.log_determinant() - 0.5 * (5.0_f64 / 16.0).ln()).abs() < 1e-15);
    }

    #[test]
    fn drifts_are_read_along_every_axis_with_a_name() {
        let carrier =
            bound("phi_t + a phi_x - b phi_z + (-lap)^(1/2) phi = 0 where a real, b real", 5, &[("a", 2), ("b", 3)]);
        assert_eq!(carrier.drift(), [2.0, 0.0, -3.0]);
        assert!(carrier.is_isotropic());
        let mut v = [1.0; 5];
        carrier.velocity(&mut v);
        assert_eq!(v, [3.0, 1.0, -2.0, 1.0, 1.0]);
    }
}
