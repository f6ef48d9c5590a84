//! The proofs and refutations that are about the symbol.

use super::tree::Kind;
use super::{CheckError, Checked, Checker, all, wrong};
use crate::expr::{Expr, KappaSum, Sign, divides};
use crate::verdict::{Node, Proof, Which};

impl Checker {
    pub(crate) fn proof(&self, proof: &Proof, which: Which) -> Checked {
        match proof {
            Proof::Bernstein { lambda, constant, bounded, tree } => {
                self.grows(tree, *bounded)?;
                all([self.root(lambda, constant), self.equal(lambda, &(constant + &tree.function))])
            }
            Proof::FirstOrder { coefficients, difference } => {
                all([self.difference(coefficients, difference), self.positive(difference)])
            }
            Proof::NotRising { coefficients: c, difference } => {
                all([self.whole(c.len()), self.difference(c, difference), self.not_negative(&-difference)])
            }
            Proof::Hurwitz { coefficients, level, slope, value } => {
                let at_level = self.equal(slope, &self.level(coefficients, level, value, true)?);
                all([at_level, self.positive(slope), self.positive(value)])
            }
            Proof::Below { coefficients, level, value } => {
                self.level(coefficients, level, value, false)?;
                self.positive(&-value)
            }
            Proof::OnLevel { coefficients, level, value } => {
                let slope = self.level(coefficients, level, value, true)?;
                all([self.whole(coefficients.len()), self.equal(&slope, &Expr::zero()), self.not_negative(value)])
            }
            Proof::Path { coefficients, level, stretches } => self.path(coefficients, level, stretches),
            Proof::LevyKhintchine { .. } | Proof::RealPart { .. } => self.directional(proof),
            Proof::AllBelow { coefficients, level, determinants } => self.all_below(coefficients, level, determinants),
            Proof::SomeBelow { coefficients, level, real } => self.some_below(coefficients, level, *real),
            Proof::RealRoots { coefficients, decaying, samples, starts } => {
                self.real_roots(coefficients, *decaying, samples, starts)
            }
            Proof::Inverse { coefficients, split } => self.inverse(coefficients, split),
            Proof::PowerRoot { order, modulus, negative } => self.power_root(*order, modulus, *negative, which),
            Proof::ComplexBranchPoints { coefficients, zeros } => self.complex_branch_points(coefficients, zeros),
            Proof::NotReal { coefficients, imaginary } => self.not_real(coefficients, imaginary),
            Proof::Growth { lambda, constant, power, at_infinity, exponent, coefficient } => {
                let h = self.power_of(lambda, constant, *power)?;
                if !h.is_led_by(exponent, coefficient, *at_infinity, &|e| self.known.sign(e)) {
                    return wrong("not a term that outweighs the others", coefficient);
                }
                let falls = *power == 1 && self.known.sign(coefficient).is(Sign::NEGATIVE);
                let room = if falls { Expr::int(-1) } else { (Expr::int(i64::from(*power)) - exponent).expand() };
                all([self.require(exponent, Sign::POSITIVE), self.require(&room, Sign::NEGATIVE)])
            }
            Proof::Convex { lambda, constant, bend } => {
                let h = self.power_of(lambda, constant, 2)?.expr();
                let slope = |e: &Expr| e.derivative(&Expr::kappa()).map_or_else(|| wrong("no derivative of", e), Ok);
                let (first, second) = (slope(&h)?, slope(&slope(&h)?)?);
                let bends = self.equal(bend, &(Expr::int(2) * &h * second - &first * &first));
                all([bends, self.positive(&h), self.positive(bend)])
            }
        }
    }

    /// The tree proves a Bernstein function, which is bounded or grows without bound as stated.
    pub(crate) fn grows(&self, tree: &Node, bounded: bool) -> Checked {
        let (kind, function) = self.node(tree)?;
        let sign = |e: &Expr| self.known.sign(e);
        let grows = function.growth(&sign).filter(|_| kind != Kind::Falling).is_some_and(|powers| match bounded {
            true => powers.iter().all(|p| sign(p).is(Sign::NONPOSITIVE)),
            false => powers.iter().any(|p| sign(p).is(Sign::POSITIVE)),
        });
        if grows { Ok(()) } else { wrong("not known to be bounded or not, as stated", &tree.function) }
    }

    /// `-lambda` is a root of the symbol, and `constant` is a real number free of kappa.
    pub(crate) fn root(&self, lambda: &Expr, constant: &Expr) -> Checked {
        if self.is_bessel() {
            return self.bessel_root(lambda);
        }
        let value = self.symbol.iter().rev().fold(Expr::zero(), |sum, c| (c - sum * lambda).expand());
        let root = self.symbol.len() > 1 && value.vanishes() && !constant.contains(&Expr::kappa());
        if root { self.require(constant, Sign::ANY) } else { wrong("not a branch, or not a constant", lambda) }
    }

    /// The symbol has one root fewer than this, so that a refutation misses none.
    pub(crate) fn whole(&self, coefficients: usize) -> Checked {
        if self.symbol.len() == coefficients { Ok(()) } else { wrong("not all roots of the symbol", coefficients) }
    }

    /// `(lambda - constant)^power` as a sum of powers of kappa, without a constant for power 1, the same for every root of the symbol.
    fn power_of(&self, lambda: &Expr, constant: &Expr, power: u32) -> Result<KappaSum, CheckError> {
        all([self.root(lambda, constant), self.whole(power as usize + 1)])?;
        match self.symbol.as_slice() {
            [_, b, a] => self.equal(b, &(Expr::int(2) * a * constant))?,
            _ if power == 1 => {}
            // Of s^n = c: what is not on one line through 0 is not real.
            all => all[1..all.len() - 1].iter().chain([constant]).try_for_each(|c| self.equal(c, &Expr::zero()))?,
        }
        let whole = KappaSum::read(&(lambda - constant).expand().powi(i64::from(power)));
        let whole = whole.map_or_else(|| wrong("not a sum of powers of kappa", lambda), Ok)?;
        let sign = if power == 1 { Sign::POSITIVE } else { Sign::NONNEGATIVE };
        whole.terms.iter().try_for_each(|(x, _)| self.require(x, sign)).map(|()| whole)
    }

    /// No root is real: `Im(n conj d)` of `lambda = n/d` has one sign, or a real quadratic a negative discriminant.
    fn not_real(&self, coefficients: &[Expr], imaginary: &Expr) -> Checked {
        all([self.whole(coefficients.len()), self.factor(coefficients)])?;
        if let [c, b, a] = coefficients {
            let discriminant = self.equal(imaginary, &(Expr::int(4) * a * c - b * b));
            return all([discriminant, self.require(b, Sign::ANY), self.positive(a), self.positive(imaginary)]);
        }
        self.equal(imaginary, &parts(coefficients)?.1)?;
        self.positive(imaginary).or_else(|_| self.positive(&-imaginary))
    }

    /// `difference = Re lambda(kappa) - Re lambda(0)`, times a positive denominator.
    fn difference(&self, coefficients: &[Expr], difference: &Expr) -> Checked {
        let (re, _, size) = parts(coefficients)?;
        let (re0, size0) = (self.at_zero(&re)?, self.at_zero(&size)?);
        let equal = self.equal(difference, &(re * &size0 - re0 * size));
        all([self.factor(coefficients), self.require(&size0, Sign::POSITIVE), equal])
    }

    /// `level` is `Re s(0)` of the upper or lower root of `a s^2 + b s + c`, `value` is the quadratic there, `a > 0`; its
    /// slope there is returned.
    pub(crate) fn level(
        &self,
        coefficients: &[Expr],
        level: &Expr,
        value: &Expr,
        upper: bool,
    ) -> Result<Expr, CheckError> {
        let [c, b, a] = coefficients else { return wrong("not three coefficients", level) };
        let [c0, b0, a0] = [self.at_zero(c)?, self.at_zero(b)?, self.at_zero(a)?];
        let equal = self.equal(value, &(a * level * level + b * level + c));
        all([self.factor(coefficients), self.positive(a), self.require(&a0, Sign::POSITIVE), equal])?;
        let root = (Expr::int(2) * &a0 * level + &b0).expand();
        let discriminant = (&b0 * &b0 - Expr::int(4) * a0 * c0).expand();
        if root.vanishes() {
            self.require(&discriminant, Sign::NONPOSITIVE)?;
        } else {
            let side = if upper { Sign::NONNEGATIVE } else { Sign::NONPOSITIVE };
            all([self.equal(&(&root * &root), &discriminant), self.require(&root, side)])?;
        }
        Ok((Expr::int(2) * a * level + b).expand())
    }

    /// For C1, that no decaying root of `s^order = +-modulus` is real: `-x` is a root for `x > 0` when the signs agree.
    fn power_root(&self, order: u32, modulus: &Expr, negative: bool, which: Which) -> Checked {
        if !(3..=64).contains(&order) || (which == Which::C1 && negative == (order % 2 == 1)) {
            return wrong("not a power in use, or with a real decaying root", order);
        }
        let mut divisor = vec![Expr::zero(); order as usize + 1];
        divisor[0] = if negative { modulus.clone() } else { -modulus };
        divisor[order as usize] = Expr::one();
        let rises = if which == Which::C1 { Ok(()) } else { self.positive(&(modulus - self.at_zero(modulus)?)) };
        all([self.factor(&divisor), self.positive(modulus), rises])
    }

    /// The limit for `kappa -> 0`.
    pub(crate) fn at_zero(&self, e: &Expr) -> Result<Expr, CheckError> {
        e.at_zero(&|e| self.known.sign(e)).map_or_else(|| wrong("no value at kappa = 0 of", e), |v| Ok(v.expand()))
    }

    fn not_negative(&self, e: &Expr) -> Checked {
        if e.vanishes() { Ok(()) } else { self.positive(e) }
    }

    pub(crate) fn factor(&self, divisor: &[Expr]) -> Checked {
        let divides = divides(divisor, &self.symbol);
        if divides { Ok(()) } else { wrong("not a factor of the symbol", format!("{divisor:?}")) }
    }
}

/// `Re(n conj d)`, `Im(n conj d)` and `|d|^2` of `[n, d]`.
fn parts(coefficients: &[Expr]) -> Result<(Expr, Expr, Expr), CheckError> {
    let [n, d] = coefficients else { return wrong("not two coefficients, but", coefficients.len()) };
    let conjugate = d.substitute(&Expr::Imag, &-Expr::Imag);
    let (re, im) = (n * &conjugate).real_and_imaginary();
    Ok((re, im, (d * conjugate).expand()))
}
