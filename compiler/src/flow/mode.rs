//! The density on one Fourier mode of the selected branch: `phat = m(kappa) phihat`, and the sign of m.
//!
//! In:   a density p linear in the field, and the branch that carries it.
//! Out:  [`Standing`]: is m positive for every `kappa > 0`, without losing the mass at `kappa = 0`?
//! Holds: nothing here decides a verdict. It chooses between forms each of which is valid; the reason says how.
//! Source: GenPhys (arXiv:2304.02637), Sec. 3.

use crate::dispersion::{Dispersion, Problem};
use crate::expr::{Expr, Interval, Name, Sign, Var};
use crate::operator::Equation;
use num_complex::Complex64;
use num_traits::ToPrimitive;
use std::cell::OnceCell;
use std::collections::BTreeMap;

/// How a density stands on the modes of the selected branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// Positive for every `kappa > 0`, by the signs of the parameters.
    Proved,
    /// Positive wherever the branch decays without oscillation, at the admitted points tried.
    Sampled,
    /// The branch oscillates, or there is none to ask.
    Open,
    /// The total mass vanishes although the mode `kappa = 0` decays or grows.
    WithoutMass,
    /// Negative or zero on some mode.
    Negative,
}

impl Standing {
    /// Is it known to be no density?
    pub(crate) fn is_rejected(self) -> bool {
        self >= Standing::WithoutMass
    }
}

/// The values of parameters, by name.
pub(crate) type Point = BTreeMap<Name, f64>;

/// Wave numbers squared at which amplitudes are tried.
const KAPPAS: [f64; 7] = [0.01, 0.1, 0.5, 1.0, 3.0, 15.0, 100.0];

/// So many points of a finer grid are tried where a coarse one leaves too few.
const MOST_TRIED: usize = 1300;

/// The branch that carries the density, at admitted parameter points.
pub(crate) struct Modes<'a> {
    equation: &'a Equation,
    dispersion: Option<&'a Dispersion>,
    samples: OnceCell<Option<Samples>>,
}

/// The growth rate of the branch at every point, for `kappa = 0` and each of [`KAPPAS`]; not a number where it has none.
struct Samples {
    branch: Expr,
    points: Vec<Point>,
    growth: Vec<Complex64>,
}

/// The values of an amplitude at the samples.
pub(crate) type Values = Vec<Complex64>;

const NOWHERE: Complex64 = Complex64::new(f64::NAN, f64::NAN);

impl<'a> Modes<'a> {
    /// The modes of `equation`; without a dispersion relation every answer is [`Standing::Open`].
    pub(crate) fn new(equation: &'a Equation, dispersion: Option<&'a Dispersion>) -> Self {
        Modes { equation, dispersion, samples: OnceCell::new() }
    }

    fn samples(&self) -> Option<&Samples> {
        self.samples.get_or_init(|| self.sampled()).as_ref()
    }

    fn sampled(&self) -> Option<Samples> {
        let dispersion = self.dispersion.filter(|_| !self.equation.is_system())?;
        let points = admitted(self.equation);
        let branch = branch(dispersion, points.first()?)?;
        let growth = places(&points).map(|(point, kappa)| value(&branch, kappa, point).unwrap_or(NOWHERE)).collect();
        Some(Samples { branch, points, growth })
    }

    /// The amplitude of `p` at the samples; nothing where no branch carries it. Amplitudes of a sum add.
    pub(crate) fn values(&self, p: &Expr) -> Option<Values> {
        let samples = self.samples()?;
        let m = amplitude(p, &Expr::Var(Var::Growth))?;
        let at = |((point, kappa), growth): ((&Point, f64), &Complex64)| {
            let leaf = |leaf: &Expr| match leaf {
                Expr::Var(Var::Growth) => Some(*growth),
                Expr::Var(Var::Kappa) => Some(Complex64::from(kappa)),
                Expr::Sym(name) => point.get(name).copied().map(Complex64::from),
                _ => None,
            };
            m.evaluate(&leaf).unwrap_or(NOWHERE)
        };
        Some(places(&samples.points).zip(&samples.growth).map(at).collect())
    }

    /// How a density with these amplitudes stands, as far as samples tell.
    pub(crate) fn standing(&self, values: Option<&Values>) -> Standing {
        let (Some(samples), Some(values)) = (self.samples(), values) else { return Standing::Open };
        let each = KAPPAS.len() + 1;
        let mut any = Standing::Open;
        for (growth, m) in samples.growth.chunks(each).zip(values.chunks(each)) {
            match at_point(growth, m) {
                Standing::Open => {}
                Standing::Sampled if any == Standing::Open => any = Standing::Sampled,
                worse => any = any.max(worse),
            }
        }
        any
    }

    /// The amplitude of `p` on the branch as an expression.
    pub(crate) fn amplitude(&self, p: &Expr) -> Option<Expr> {
        amplitude(p, &self.samples()?.branch).map(|m| m.expand())
    }

    /// Does the sign of m follow from the assumptions, for `kappa > 0`?
    pub(crate) fn is_positive(&self, m: &Expr) -> bool {
        let mut facts = self.equation.facts.clone();
        // The letter kappa is reserved: no parameter carries the name.
        let positive = Expr::sym("kappa");
        facts.interval_mut(&"kappa".into()).raise(crate::expr::rational(0, 1), true);
        facts.sign(&m.substitute(&Expr::kappa(), &positive)).is(Sign::POSITIVE)
    }
}

/// The growth rate of the selected branch; of an initial value problem without one, the slowest to decay.
fn branch(dispersion: &Dispersion, point: &Point) -> Option<Expr> {
    if let Some(branch) = dispersion.selected_branch() {
        return Some(branch.growth.clone());
    }
    if dispersion.problem != Problem::Evolution {
        return None;
    }
    let rate = |growth: &Expr| value(growth, KAPPAS[0], point).map(|z| z.re).filter(|x| x.is_finite());
    let rated = dispersion.branches.iter().filter_map(|b| Some((rate(&b.growth)?, &b.growth)));
    rated.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, growth)| growth.clone())
}

/// Every point with `kappa = 0` and each of [`KAPPAS`].
fn places(points: &[Point]) -> impl Iterator<Item = (&Point, f64)> {
    points.iter().flat_map(|p| std::iter::once(0.0).chain(KAPPAS).map(move |kappa| (p, kappa)))
}

/// The samples of one point, `kappa = 0` first.
fn at_point(growth: &[Complex64], m: &[Complex64]) -> Standing {
    let mut standing = Standing::Open;
    for (growth, m) in growth.iter().zip(m).skip(1) {
        let Some(amplitude) = real_part(*growth).and_then(|_| real_part(*m)) else { continue };
        if amplitude <= 1e-12 {
            return Standing::Negative;
        }
        standing = Standing::Sampled;
    }
    let at_zero = |values: &[Complex64]| values.first().and_then(|z| real_part(*z));
    match (at_zero(growth), at_zero(m)) {
        (Some(rate), Some(mass)) if mass.abs() < 1e-9 && rate.abs() > 1e-9 => Standing::WithoutMass,
        _ => standing,
    }
}

/// The value where it is real, up to rounding.
fn real(e: &Expr, kappa: f64, point: &Point) -> Option<f64> {
    real_part(value(e, kappa, point)?)
}

fn real_part(z: Complex64) -> Option<f64> {
    (z.is_finite() && z.im.abs() <= 1e-9 * (1.0 + z.re.abs())).then_some(z.re)
}

/// The value of an expression in kappa and parameters.
pub(crate) fn value(e: &Expr, kappa: f64, point: &Point) -> Option<Complex64> {
    e.evaluate(&|leaf| match leaf {
        Expr::Sym(name) => point.get(name).copied().map(Complex64::from),
        e if *e == Expr::kappa() => Some(Complex64::from(kappa)),
        _ => None,
    })
}

/// The factor m of `p` on a mode: `dt -> growth`, `lap -> -kappa`. `None` when p is not linear in the field with
/// constant coefficients, or depends on the direction of k.
pub(crate) fn amplitude(p: &Expr, growth: &Expr) -> Option<Expr> {
    match p {
        Expr::Field(_) => Some(Expr::one()),
        Expr::Add(terms) => Some(Expr::add(terms.iter().map(|t| amplitude(t, growth)).collect::<Option<Vec<_>>>()?)),
        Expr::Mul(factors) => {
            let (fields, constants): (Vec<&Expr>, Vec<&Expr>) = factors.iter().partition(|f| f.has_field());
            let [field] = fields.as_slice() else { return None };
            let varies = |c: &&Expr| c.has_time() || c.has_position() || c.is_vector();
            if constants.iter().any(varies) {
                return None;
            }
            Some(Expr::mul(constants.into_iter().cloned().chain([amplitude(field, growth)?])))
        }
        Expr::Dt(f, n) => Some(growth.clone().powi(i64::from(*n)) * amplitude(f, growth)?),
        Expr::Lap(f) => Some(-Expr::kappa() * amplitude(f, growth)?),
        Expr::FracLap(f, order) => Some(Expr::pow(Expr::kappa(), (**order).clone()) * amplitude(f, growth)?),
        _ => None,
    }
}

/// Parameter points that satisfy every assumption, the same at each call: a grid of the same fractions of every interval,
/// so that the names of the parameters do not matter.
pub(crate) fn admitted(equation: &Equation) -> Vec<Point> {
    let mut names: Vec<Name> = equation.components.iter().flat_map(Expr::symbols).collect();
    names.extend(equation.facts.relations().iter().flat_map(|(e, _)| e.symbols()));
    names.sort();
    names.dedup();
    let coarse = match names.len() {
        0 => 1,
        1 => 9,
        2 | 3 => 3,
        4 | 5 => 2,
        _ => 1,
    };
    // Relations such as eps > m may leave few points of a coarse grid.
    let finer = |side: &usize| u32::try_from(names.len()).ok().and_then(|n| side.checked_pow(n)).unwrap_or(usize::MAX);
    let mut points = Vec::new();
    for side in [coarse, 2 * coarse, 4 * coarse] {
        if side > coarse && finer(&side) > MOST_TRIED {
            break;
        }
        points = grid(&names, side, equation);
        if points.len() >= 3.min(finer(&coarse)) {
            break;
        }
    }
    points
}

/// The points of a grid with so many values of each parameter that satisfy every assumption.
fn grid(names: &[Name], side: usize, equation: &Equation) -> Vec<Point> {
    // Multiples of the golden ratio fill the unit interval evenly and meet no simple fraction.
    let fraction = |i: usize| (0.61803398875 * (i + 1) as f64).fract();
    let count = u32::try_from(names.len()).ok().and_then(|n| side.checked_pow(n)).unwrap_or(1);
    let point = |mut index: usize| {
        let mut draw = |name: &Name| {
            let i = index % side;
            index /= side;
            (name.clone(), within(equation.facts.interval(name), fraction(i)))
        };
        names.iter().map(&mut draw).collect::<Point>()
    };
    let admitted = |point: &Point| equation.facts.relations().iter().all(|(e, sign)| holds(e, *sign, point));
    (0..count).map(point).filter(admitted).collect()
}

/// A value of the interval for `0 < u < 1`.
fn within(interval: Option<&Interval>, u: f64) -> f64 {
    let end = |b: &Option<crate::expr::Bound>| b.as_ref().and_then(|b| b.value.to_f64());
    let (lower, upper) = interval.map_or((None, None), |i| (end(&i.lower), end(&i.upper)));
    match (lower, upper) {
        (Some(lo), Some(hi)) => lo + (hi - lo) * u,
        (Some(lo), None) => lo + 4.0 * u,
        (None, Some(hi)) => hi - 4.0 * u,
        (None, None) => 6.0 * u - 3.0,
    }
}

fn holds(relation: &Expr, sign: Sign, point: &Point) -> bool {
    let Some(x) = real(relation, 1.0, point) else { return false };
    let actual = if x > 0.0 {
        Sign::POSITIVE
    } else if x < 0.0 {
        Sign::NEGATIVE
    } else {
        Sign::ZERO
    };
    actual.is(sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amplitudes_are_symbols_on_the_branch() {
        let phi = || Expr::Field("phi".into());
        let growth = -Expr::kappa().sqrt();
        let b = Expr::sym("b");
        let p = b.clone() * phi() - phi().dt(1) + phi().dt(2).lap();
        let expected = b + Expr::kappa().sqrt() - Expr::kappa().powi(2);
        assert_eq!(amplitude(&p, &growth), Some(expected));
        assert_eq!(amplitude(&phi().powi(2), &growth), None);
        assert_eq!(amplitude(&(Expr::Var(crate::expr::Var::Time) * phi()), &growth), None);
    }
}
