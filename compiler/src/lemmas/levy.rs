//! Proofs and wave vectors about a lambda that depends on the direction of k.

use crate::checker::{CheckError, Checker, wrong};
use crate::dispersion::direction::{axis_of, depends, letter};
use crate::expr::{Axis, Expr, Rational, Sign, Var};
use crate::verdict::{Comparison, Proof};
use num_complex::Complex64;
use num_traits::{ToPrimitive, Zero};

impl Checker {
    pub(crate) fn directional(&self, proof: &Proof) -> Result<(), CheckError> {
        match proof {
            Proof::LevyKhintchine { lambda, constant, drift, isotropic, squares, definite, bounded, tree } => {
                let linear = |v: &[Expr]| Expr::add(v.iter().zip(Axis::ALL).map(|(c, axis)| c.clone() * letter(axis)));
                let f = tree.as_ref().map_or_else(Expr::zero, |tree| tree.function.clone());
                squares.iter().flatten().chain([constant, isotropic]).chain(drift).try_for_each(|c| self.number(c))?;
                let forms = squares.iter().filter_map(|s| s.split_first()).map(|(w, v)| (w.clone(), linear(v)));
                let (sum, found) = self.squares(lambda, isotropic, forms.collect(), 1)?;
                self.equal(lambda, &(constant.clone() + Expr::Imag * linear(drift) + sum + f.clone()))?;
                match tree {
                    Some(tree) => self.grows(tree, *bounded)?,
                    None if !bounded => return wrong("no function that grows in", lambda),
                    None => {}
                }
                if found == *definite && !depends(&f) { Ok(()) } else { wrong("not so definite", lambda) }
            }
            Proof::RealPart { lambda, rises, rest, isotropic, squares } => {
                let sign = if *rises { 1 } else { -1 };
                let forms = squares.iter().filter_map(|s| Some((s.first()?.clone(), s.get(1)?.clone())));
                let (sum, found) = self.squares(lambda, isotropic, forms.collect(), sign)?;
                let constant = (lambda.real_and_imaginary().0 - sum - rest.clone()).expand();
                self.number(&if constant.vanishes() { Expr::zero() } else { constant })?;
                self.require(&self.at_zero(rest)?, Sign::ZERO)?;
                let still = rest.vanishes();
                if !still {
                    self.positive(&(Expr::int(sign) * rest.clone()))?
                }
                if depends(rest) || (*rises && still && !found) { wrong("not shown to rise", lambda) } else { Ok(()) }
            }
            _ => wrong("not about a direction of k", format!("{proof:?}")),
        }
    }

    /// A real number, whatever k.
    fn number(&self, c: &Expr) -> Result<(), CheckError> {
        if c.contains(&Expr::kappa()) || depends(c) { wrong("not a constant", c) } else { self.require(c, Sign::ANY) }
    }

    /// The sum of the squares with weights of one sign and of the isotropic rest; does it vanish at `k = 0` only?
    fn squares(
        &self,
        lambda: &Expr,
        isotropic: &Expr,
        squares: Vec<(Expr, Expr)>,
        sign: i64,
    ) -> Result<(Expr, bool), CheckError> {
        let [b, a] = self.symbol.as_slice() else { return wrong("not of first order", lambda) };
        self.equal(b, &(a.clone() * lambda.clone()))?;
        let named = lambda.symbols().iter().filter_map(axis_of).map(|axis| axis.index() + 1).max().unwrap_or(0);
        let others = self.dimension.is_none_or(|n| n as usize > named);
        let upwards = |c: &Expr| Expr::int(sign) * c.clone();
        if others {
            self.require(&upwards(isotropic), Sign::NONNEGATIVE)?;
        }
        let (k, mut zero) = (Axis::ALL.map(letter), Vec::new());
        let at_zero = |e: &Expr, zero: &[Expr]| zero.iter().fold(e.clone(), |e, k| e.substitute(k, &Expr::zero()));
        for (weight, polynomial) in squares.iter().rev() {
            self.number(weight)?;
            self.require(&upwards(weight), Sign::NONNEGATIVE)?;
            self.require(polynomial, Sign::ANY)?;
            self.equal(&at_zero(polynomial, &k), &Expr::zero())?;
            // A power of one component, where those found are 0: it is 0 too.
            let left = at_zero(polynomial, &zero);
            let is_power =
                |f: &Expr, k: &Expr| f == k || matches!(f, Expr::Pow(b, n) if **b == *k && n.as_int() > Some(0));
            let power = |k: &&Expr| {
                let (of_k, others): (Vec<&Expr>, Vec<&Expr>) = left.factors().iter().partition(|f| is_power(f, k));
                let scale = weight.clone() * Expr::mul(others.into_iter().cloned());
                !of_k.is_empty() && self.known.sign(&scale).is(Sign::NONZERO)
            };
            zero.extend(k.iter().filter(power).cloned());
        }
        let squares = squares.into_iter().map(|(weight, polynomial)| weight * polynomial.powi(2));
        let rest = Expr::kappa() - Expr::add(k.iter().take(named).map(|k| k.clone().powi(2)));
        let further = !others || self.known.sign(isotropic).is(Sign::NONZERO);
        let definite = further && k.iter().take(named).all(|k| zero.contains(k));
        Ok((Expr::add(squares) + isotropic.clone() * rest, definite))
    }
}

/// Do lambda and its symbol, of numbers, give the stated comparison at the wave vector k?
pub(crate) fn compares(test: Comparison, k: &[Rational], lambda: &Expr, stated: (f64, f64)) -> bool {
    let at = |scale: f64| {
        let k: Vec<f64> = k.iter().filter_map(|c| c.to_f64().map(|c| scale * c)).collect();
        let square = k.iter().map(|c| c * c).sum::<f64>();
        lambda.evaluate(&|part| match part {
            Expr::Var(Var::Kappa) => Some(Complex64::from(square)),
            Expr::Sym(name) => axis_of(name).and_then(|axis| k.get(axis.index())).map(|c| Complex64::from(*c)),
            _ => None,
        })
    };
    let (Some(zero), Some(one), Some(two), Some(back)) = (at(0.0), at(1.0), at(2.0), at(-1.0)) else { return false };
    let (value, bound) = match test {
        Comparison::NotAbove | Comparison::Below => (one.re, zero.re),
        Comparison::Doubling => ((two - zero).norm(), 4.0 * (one - zero).norm()),
        Comparison::Skew => ((back - one.conj()).norm(), 0.0),
    };
    let slack = 1e-9 * (value.abs() + bound.abs());
    let fails = match test {
        Comparison::NotAbove => value <= bound + 1e-3 * slack,
        Comparison::Below => value < bound - slack,
        Comparison::Doubling | Comparison::Skew => value > bound + slack,
    };
    let agrees = (value - stated.0).abs() <= slack && (bound - stated.1).abs() <= slack;
    fails && agrees && k.iter().any(|c| !c.is_zero())
}
