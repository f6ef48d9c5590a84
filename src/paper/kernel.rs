//! A printed potential G in two dimensions: does it solve the equation away from the source, and is the source one unit?

use super::{Compared, expression};
use genphys_compiler::Analysis;
use genphys_compiler::dispersion::Problem;
use genphys_compiler::expr::{Expr, Func, Var, rational};
use num_complex::Complex64;
use std::f64::consts::{FRAC_PI_2, PI};

/// Letters other than t and q have this value.
const PARAMETER: f64 = 0.5;

/// Points `(t, q)` at which the equation is checked, inside the cone `q < t^2` of waves.
const POINTS: [(f64, f64); 3] = [(1.3, 0.4), (2.0, 1.7), (0.7, 0.1)];

/// Panels of the quadrature; integrands are smooth after substitution.
const PANELS: usize = 4000;

/// How far a mass may be from 1 by quadrature and by finite t: the limit t -> 0 is taken at `t = 1e-5`.
const TOLERANCE: f64 = 1e-3;

pub(super) fn compare(analysis: &Analysis, printed: &str) -> Option<Compared> {
    let g = expression(analysis, printed)?;
    let applied = apply(analysis.equation.operator(), &g)?;
    for (t, q) in POINTS {
        let value = at(&applied, t, q)?;
        if value.norm() > 1e-9 * at(&g, t, q)?.norm().max(1.0) {
            let residual = format!("L G at t = {t}, r^2 = {q} is {value:.3}, not 0");
            return Some(Compared { derived: "L G = 0 for t > 0".into(), residual: Some(residual) });
        }
    }
    let found = mass(analysis, &g).map(|m| ("p", m)).or_else(|| Some(("G", fresnel_mass(&g)?)));
    let Some((of, mass)) = found else {
        return Some(Compared { derived: "L G = 0 for t > 0".into(), residual: None });
    };
    let derived = format!("L G = 0 for t > 0, {of} of mass 1 at t = 0+");
    let wrong = (mass - 1.0).norm() > TOLERANCE;
    let shown = if mass.im.abs() < TOLERANCE { format!("{:.4}", mass.re) } else { format!("{mass:.4}") };
    let residual = wrong.then(|| format!("the mass of {of} at t = 0+ is {shown} (parameters {PARAMETER}), not 1"));
    Some(Compared { derived, residual })
}

/// The operator on a function of t and `q = r^2` in two dimensions: `lap = 4 (d/dq + q d^2/dq^2)`.
fn apply(operator: &Expr, g: &Expr) -> Option<Expr> {
    let q = Expr::Var(Var::DistanceSquared);
    match operator {
        Expr::Field(_) => Some(g.clone()),
        Expr::Dt(f, n) => (0..*n).try_fold(apply(f, g)?, |e, _| e.derivative(&Expr::Var(Var::Time))),
        Expr::Lap(f) => {
            let slope = apply(f, g)?.derivative(&q)?;
            let curvature = slope.derivative(&q)?;
            Some(Expr::int(4) * (slope + q * curvature))
        }
        Expr::Add(terms) => Some(Expr::add(terms.iter().map(|t| apply(t, g)).collect::<Option<Vec<_>>>()?)),
        Expr::Mul(factors) => {
            let one = |f: &Expr| if f.has_field() { apply(f, g) } else { Some(f.clone()) };
            Some(Expr::mul(factors.iter().map(one).collect::<Option<Vec<_>>>()?))
        }
        _ => None,
    }
}

fn at(e: &Expr, t: f64, q: f64) -> Option<Complex64> {
    complex_at(e, t, q.into())
}

fn complex_at(e: &Expr, t: f64, q: Complex64) -> Option<Complex64> {
    e.evaluate(&|leaf| match leaf {
        Expr::Var(Var::Time) => Some(t.into()),
        Expr::Var(Var::DistanceSquared) => Some(q),
        Expr::Sym(name) => Some(if name.as_str() == "pi" { PI } else { PARAMETER }.into()),
        _ => None,
    })
}

/// The mass of p at t = 0+; none when p is not linear in phi.
fn mass(analysis: &Analysis, g: &Expr) -> Option<Complex64> {
    let relation = analysis.dispersion.as_ref().ok()?;
    let density = &analysis.flow.as_ref().ok()?.p;
    if density.any(&|part| matches!(part, Expr::Call(Func::Abs2, _))) {
        return None;
    }
    match relation.problem {
        // All of the plane; the law is spread over `sqrt(t)`.
        Problem::Evolution if relation.coefficients.len() == 2 => {
            let p = apply(density, g)?;
            integral(FRAC_PI_2, |angle| over_the_plane(&p, 1.0, 1.0, angle))
        }
        // Inside the cone `r < t`, where p itself is no function: the derivative of the mass of G.
        Problem::Evolution => {
            let inside = |t: f64| {
                integral(FRAC_PI_2, move |angle| {
                    let (sin, cos) = angle.sin_cos();
                    Some(at(g, t, t * t * sin * sin)? * (2.0 * PI * t * t * sin * cos))
                })
            };
            let (t, step) = (1e-5, 1e-6);
            let (m, slope) = (inside(t)?, (inside(t + step)? - inside(t - step)?) / (2.0 * step));
            let by = |order: u32| coefficient(density, order);
            Some(m * by(0) + slope * by(1))
        }
        // Near the source: the half-space problem's datum.
        Problem::FreeBoundary => {
            let p = apply(density, g)?;
            let t = 1e-5;
            integral((1.0_f64 / t).atan(), |angle| over_the_plane(&p, t, t, angle))
        }
        Problem::Unknown => None,
    }
}

/// The mass of a G that oscillates ever faster in r, at t = 1: along `q = i u` it decays instead (Fresnel's integral).
fn fresnel_mass(g: &Expr) -> Option<Complex64> {
    integral(FRAC_PI_2, |angle| {
        let (u, slope) = (angle.tan(), 1.0 + angle.tan().powi(2));
        let value = complex_at(g, 1.0, Complex64::new(0.0, u))? * Complex64::new(0.0, PI * slope);
        Some(if value.is_finite() { value } else { 0.0.into() })
    })
}

/// `pi p dq` with `q = (scale tan(angle))^2`.
fn over_the_plane(p: &Expr, t: f64, scale: f64, angle: f64) -> Option<Complex64> {
    let tan = angle.tan();
    let value = at(p, t, (scale * tan).powi(2))? * (2.0 * PI * scale * scale * tan * (1.0 + tan * tan));
    // The far end of a law with tails lighter than any power.
    Some(if value.is_finite() { value } else { 0.0.into() })
}

/// The number before `dt^order phi` in a density; parameters have their value.
fn coefficient(density: &Expr, order: u32) -> f64 {
    let only = density.replace(&|part| match part {
        Expr::Dt(f, n) if matches!(**f, Expr::Field(_)) => Some(if *n == order { Expr::one() } else { Expr::zero() }),
        Expr::Field(_) => Some(if order == 0 { Expr::one() } else { Expr::zero() }),
        Expr::Sym(_) => Some(Expr::Num(rational(1, 2))),
        _ => None,
    });
    at(&only.expand(), 0.0, 0.0).map_or(0.0, |z| z.re)
}

/// The integral from 0 to `end` by three-point Gauss panels, which never touch the ends.
fn integral(end: f64, f: impl Fn(f64) -> Option<Complex64>) -> Option<Complex64> {
    let step = end / PANELS as f64;
    let nodes = [0.5 - 0.5 * 0.6_f64.sqrt(), 0.5, 0.5 + 0.5 * 0.6_f64.sqrt()];
    let weights = [5.0 / 18.0, 8.0 / 18.0, 5.0 / 18.0];
    let mut sum = Complex64::from(0.0);
    for panel in 0..PANELS {
        for (node, weight) in nodes.iter().zip(weights) {
            sum += f((panel as f64 + node) * step)? * (weight * step);
        }
    }
    Some(sum)
}
