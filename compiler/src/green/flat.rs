//! Several symbols as one list of steps, for many points of a path.
//!
//! In:   [`Symbol`]s.
//! Out:  [`Flat`], whose [`Flat::along`] gives all their values at the next point of a path.
//! Holds: what symbols share is computed once: equal parts are one step, and all powers of a base have one logarithm. Every root
//!       and every logarithm keeps the sheet on which the path began, so that `sqrt(kappa + kappa^2)` is `kappa^(1/2)
//!       (1 + kappa)^(1/2)` also where its argument crosses the negative axis.

use super::symbol::Symbol;
use num_complex::Complex64;
use std::f64::consts::TAU;

/// One step; it refers to the values of earlier ones.
#[derive(Clone, Debug, PartialEq)]
enum Step {
    Number(f64),
    Kappa,
    Sum(Vec<usize>),
    Product(Vec<usize>),
    Power(usize, i32),
    SquareRoot(usize),
    Log(usize),
    /// `exp(factor value)`.
    Exp(usize, f64),
}

/// A list of steps.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Flat {
    steps: Vec<Step>,
    results: Vec<usize>,
}

/// The values of all steps at the last point of a path.
#[derive(Clone, Debug, Default)]
pub(super) struct Trail {
    values: Vec<Complex64>,
}

impl Flat {
    pub(super) fn new<'a>(symbols: impl IntoIterator<Item = &'a Symbol>) -> Flat {
        let mut flat = Flat::default();
        for symbol in symbols {
            let result = flat.add(symbol);
            flat.results.push(result);
        }
        flat
    }

    fn add(&mut self, symbol: &Symbol) -> usize {
        let step = match symbol {
            Symbol::Number(x) => Step::Number(*x),
            Symbol::Kappa => Step::Kappa,
            Symbol::Sum(terms) => Step::Sum(terms.iter().map(|term| self.add(term)).collect()),
            Symbol::Product(factors) => Step::Product(factors.iter().map(|factor| self.add(factor)).collect()),
            Symbol::Power(base, n) => Step::Power(self.add(base), *n),
            Symbol::Root(base, x) if *x == 0.5 => Step::SquareRoot(self.add(base)),
            Symbol::Root(base, x) => {
                let base = self.add(base);
                Step::Exp(self.step(Step::Log(base)), *x)
            }
        };
        self.step(step)
    }

    fn step(&mut self, step: Step) -> usize {
        self.steps.iter().position(|known| *known == step).unwrap_or_else(|| {
            self.steps.push(step);
            self.steps.len() - 1
        })
    }

    /// The values at the next point of a path, in the order of the symbols. A path begins with a fresh trail, on the principal sheet.
    pub(super) fn along<'t>(&'t self, kappa: Complex64, trail: &'t mut Trail) -> impl Iterator<Item = Complex64> + 't {
        let is_first = trail.values.is_empty();
        trail.values.resize(self.steps.len(), Complex64::ZERO);
        for (i, step) in self.steps.iter().enumerate() {
            let (before, rest) = trail.values.split_at_mut(i);
            let Some(last) = rest.first_mut() else { break };
            *last = match step {
                Step::Number(x) => Complex64::from(*x),
                Step::Kappa => kappa,
                Step::Sum(terms) => terms.iter().map(|term| before[*term]).sum(),
                Step::Product(factors) => factors.iter().map(|factor| before[*factor]).product(),
                Step::Power(base, n) => before[*base].powi(*n),
                Step::SquareRoot(base) => {
                    let root = principal_root(before[*base]);
                    let is_other_sheet = !is_first && root.re * last.re + root.im * last.im < 0.0;
                    if is_other_sheet { -root } else { root }
                }
                Step::Log(base) => {
                    let z = before[*base];
                    let angle = z.im.atan2(z.re);
                    let turns = if is_first { 0.0 } else { ((last.im - angle) / TAU).round() };
                    Complex64::new(z.norm().ln(), angle + TAU * turns)
                }
                Step::Exp(log, factor) => {
                    let z = before[*log];
                    let (sin, cos) = (factor * z.im).sin_cos();
                    (factor * z.re).exp() * Complex64::new(cos, sin)
                }
            };
        }
        self.results.iter().map(|result| trail.values[*result])
    }
}

/// The square root with a real part that is not negative.
fn principal_root(z: Complex64) -> Complex64 {
    let large = (0.5 * (z.norm() + z.re.abs())).sqrt();
    if large == 0.0 {
        return Complex64::ZERO;
    }
    let small = 0.5 * z.im / large;
    if z.re >= 0.0 { Complex64::new(large, small) } else { Complex64::new(small.abs(), large.copysign(z.im)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::{Expr, rational};
    use std::collections::BTreeMap;
    use std::f64::consts::PI;

    fn read(e: &Expr) -> Symbol {
        Symbol::read(e, &BTreeMap::new()).expect("no parameters").expect("a symbol")
    }

    #[test]
    fn roots_stay_on_their_sheet_and_powers_share_a_logarithm() {
        // sqrt(kappa + kappa^2) is sqrt(kappa) sqrt(1 + kappa) off the negative axis.
        let k = Expr::kappa();
        let power = |p| Expr::pow(k.clone(), Expr::Num(rational(p, 4)));
        let symbols = [(k.clone() + k.clone().powi(2)).sqrt(), power(3), power(-1), power(3) + k.clone()];
        let flat = Flat::new(&symbols.map(|e| read(&e)));
        assert_eq!(flat.steps.iter().filter(|step| matches!(step, Step::Log(_))).count(), 1);
        let mut trail = Trail::default();
        for i in 0..=90 {
            let z = Complex64::from_polar(3.0, f64::from(i) * PI / 91.0);
            let found: Vec<Complex64> = flat.along(z, &mut trail).collect();
            let expected = [z.sqrt() * (z + 1.0).sqrt(), z.powf(0.75), z.powf(-0.25), z.powf(0.75) + z];
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).norm() < 2e-15 * expected.norm(), "{z}: {found} {expected}");
            }
        }
    }
}
