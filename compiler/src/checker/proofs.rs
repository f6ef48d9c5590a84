//! The proofs and refutations that are about the symbol.

use super::tree::Kind;
use super::{CheckError, Checker, wrong};
use crate::expr::{Expr, KappaSum, Sign, divides};
use crate::verdict::{Proof, Which};

impl Checker {
    pub(super) fn proof(&self, proof: &Proof, which: Which) -> Result<(), CheckError> {
        match proof {
            Proof::Bernstein { lambda, constant, bounded, tree } => {
                self.root(lambda, constant)?;
                self.require(constant, Sign::ANY)?;
                self.equal(lambda, &(constant.clone() + tree.function.clone()))?;
                let (kind, powers) = self.node(tree)?;
                let known = |sign| powers.iter().map(move |p| self.known.sign(p).is(sign));
                let grows =
                    if *bounded { known(Sign::NONPOSITIVE).all(|p| p) } else { known(Sign::POSITIVE).any(|p| p) };
                let shown = kind != Kind::Falling && grows && !powers.is_empty();
                if shown { Ok(()) } else { wrong("not known to grow, or to be bounded", lambda) }
            }
            Proof::FirstOrder { coefficients, difference } => {
                self.difference(coefficients, difference)?;
                self.positive(difference)
            }
            Proof::NotRising { coefficients, difference } => {
                self.whole(coefficients.len())?;
                self.difference(coefficients, difference)?;
                if difference.vanishes() { Ok(()) } else { self.positive(&-difference.clone()) }
            }
            Proof::Hurwitz { coefficients, level, slope, value } => {
                self.equal(slope, &self.level(coefficients, level, value, true)?)?;
                self.positive(slope)?;
                self.positive(value)
            }
            Proof::Below { coefficients, level, value } => {
                self.level(coefficients, level, value, false)?;
                self.positive(&-value.clone())
            }
            Proof::OnLevel { coefficients, level, value } => {
                self.whole(coefficients.len())?;
                self.equal(&self.level(coefficients, level, value, true)?, &Expr::zero())?;
                if value.vanishes() { Ok(()) } else { self.positive(value) }
            }
            Proof::PowerRoot { order, modulus, negative } => self.power_root(*order, modulus, *negative, which),
            Proof::NotReal { coefficients, imaginary } => {
                self.whole(coefficients.len())?;
                self.not_real(coefficients, imaginary)
            }
            Proof::Growth { lambda, constant, power, at_infinity, exponent, coefficient } => {
                let h = self.power_of(lambda, constant, *power)?;
                self.dominates(&h, *at_infinity, exponent, coefficient)?;
                let room = (Expr::int(i64::from(*power)) - exponent.clone()).expand();
                let falls = *power == 1 && self.known.sign(coefficient).is(Sign::NEGATIVE);
                if falls { Ok(()) } else { self.require(&room, Sign::NEGATIVE) }
            }
            Proof::Convex { lambda, constant, bend } => {
                let h = self.power_of(lambda, constant, 2)?.expr();
                let slope = |e: &Expr| e.derivative(&Expr::kappa()).map_or_else(|| wrong("no derivative of", e), Ok);
                let (first, second) = (slope(&h)?, slope(&slope(&h)?)?);
                self.equal(bend, &(Expr::int(2) * h.clone() * second - first.powi(2)))?;
                self.positive(&h)?;
                self.positive(bend)
            }
        }
    }

    /// `-lambda` is a root of the symbol, and `constant` is free of kappa.
    fn root(&self, lambda: &Expr, constant: &Expr) -> Result<(), CheckError> {
        let value = self.symbol.iter().rev().fold(Expr::zero(), |sum, c| (sum * -lambda.clone() + c.clone()).expand());
        if !value.vanishes() || self.symbol.len() < 2 {
            return wrong("not a branch of the equation", lambda);
        }
        if constant.contains(&Expr::kappa()) { wrong("not a constant", constant) } else { Ok(()) }
    }

    /// The symbol has one root fewer than this, so that a refutation misses none.
    fn whole(&self, coefficients: usize) -> Result<(), CheckError> {
        if self.symbol.len() == coefficients { Ok(()) } else { wrong("not all roots of the symbol", coefficients) }
    }

    /// `(lambda - constant)^power` as a sum of powers of kappa, without a constant for power 1, the same for every root of the symbol.
    fn power_of(&self, lambda: &Expr, constant: &Expr, power: u32) -> Result<KappaSum, CheckError> {
        self.root(lambda, constant)?;
        let whole = (lambda.clone() - constant.clone()).expand().powi(i64::from(power)).expand();
        self.whole(power as usize + 1)?;
        if let [_, b, a] = self.symbol.as_slice() {
            self.equal(b, &(Expr::int(2) * a.clone() * constant.clone()))?;
        } else if power != 1 {
            return wrong("not a power in use", power);
        }
        let (read, sign) = (sum(&whole)?, if power == 1 { Sign::POSITIVE } else { Sign::NONNEGATIVE });
        read.terms.iter().try_for_each(|(x, _)| self.require(x, sign))?;
        Ok(read)
    }

    /// `coefficient kappa^exponent`, not a constant, outweighs every other term at one end of the half line.
    fn dominates(&self, h: &KappaSum, at_infinity: bool, x: &Expr, c: &Expr) -> Result<(), CheckError> {
        self.require(x, Sign::POSITIVE)?;
        self.require(c, Sign::NONZERO)?;
        if !h.terms.iter().any(|(y, d)| y == x && (d.clone() - c.clone()).vanishes()) {
            return wrong("not the coefficient of a term", c);
        }
        let rest = h.terms.iter().filter(|(y, d)| y != x && !self.known.sign(d).is(Sign::ZERO));
        let wanted = if at_infinity { Sign::POSITIVE } else { Sign::NEGATIVE };
        rest.map(|(y, _)| (x.clone() - y.clone()).expand()).try_for_each(|step| self.require(&step, wanted))
    }

    fn not_real(&self, coefficients: &[Expr], imaginary: &Expr) -> Result<(), CheckError> {
        self.factor(coefficients)?;
        if let [n, d] = coefficients {
            let ((n, m), (d, e)) = (n.real_and_imaginary(), d.real_and_imaginary());
            self.equal(imaginary, &(m * d - n * e))?;
            return self.positive(imaginary).or_else(|_| self.positive(&-imaginary.clone()));
        }
        let [c, b, a] = coefficients else { return wrong("not two or three coefficients", imaginary) };
        self.equal(imaginary, &(Expr::int(4) * a.clone() * c.clone() - b.clone().powi(2)))?;
        self.require(b, Sign::ANY)?;
        self.positive(a)?;
        self.positive(imaginary)
    }

    /// `difference = Re lambda(kappa) - Re lambda(0)`, times a positive denominator.
    fn difference(&self, coefficients: &[Expr], difference: &Expr) -> Result<(), CheckError> {
        let [n, d] = coefficients else { return wrong("not two coefficients", difference) };
        self.factor(coefficients)?;
        let ((n, m), (d, e)) = (n.real_and_imaginary(), d.real_and_imaginary());
        let (re, size) = ((n * d.clone() + m * e.clone()).expand(), (d.powi(2) + e.powi(2)).expand());
        let (re0, size0) = (self.at_zero(&re)?, self.at_zero(&size)?);
        self.require(&size0, Sign::POSITIVE)?;
        self.equal(difference, &(re * size0 - re0 * size))
    }

    /// `level` is `Re s(0)` of the upper or lower root of `a s^2 + b s + c`, `value` is the quadratic there, `a > 0`; its
    /// slope there is returned.
    fn level(&self, coefficients: &[Expr], level: &Expr, value: &Expr, upper: bool) -> Result<Expr, CheckError> {
        let [c, b, a] = coefficients else { return wrong("not three coefficients", level) };
        self.factor(coefficients)?;
        self.positive(a)?;
        self.equal(value, &(a.clone() * level.clone().powi(2) + b.clone() * level.clone() + c.clone()))?;
        let slope = (Expr::int(2) * a.clone() * level.clone() + b.clone()).expand();
        let [c0, b0, a0] = [self.at_zero(c)?, self.at_zero(b)?, self.at_zero(a)?];
        self.require(&a0, Sign::POSITIVE)?;
        let root = (Expr::int(2) * a0.clone() * level.clone() + b0.clone()).expand();
        let discriminant = (b0.powi(2) - Expr::int(4) * a0 * c0).expand();
        if root.vanishes() {
            self.require(&discriminant, Sign::NONPOSITIVE)?;
            return Ok(slope);
        }
        self.equal(&root.clone().powi(2), &discriminant)?;
        self.require(&root, if upper { Sign::NONNEGATIVE } else { Sign::NONPOSITIVE })?;
        Ok(slope)
    }

    /// For C1, that no decaying root of `s^order = +-modulus` is real: `-x` is a root for `x > 0` when the signs agree.
    fn power_root(&self, order: u32, modulus: &Expr, negative: bool, which: Which) -> Result<(), CheckError> {
        if !(3..=64).contains(&order) || (which == Which::C1 && negative == (order % 2 == 1)) {
            return wrong("not a power in use, or with a real decaying root", order);
        }
        let mut divisor = vec![Expr::zero(); order as usize + 1];
        divisor[0] = if negative { modulus.clone() } else { -modulus.clone() };
        divisor[order as usize] = Expr::one();
        self.factor(&divisor)?;
        self.require(&self.at_zero(modulus)?, Sign::ZERO)?;
        self.positive(modulus)
    }

    /// The limit for `kappa -> 0`.
    pub(super) fn at_zero(&self, e: &Expr) -> Result<Expr, CheckError> {
        e.at_zero(&|e| self.known.sign(e)).map_or_else(|| wrong("no value at kappa = 0 of", e), |v| Ok(v.expand()))
    }

    fn factor(&self, divisor: &[Expr]) -> Result<(), CheckError> {
        let text = || divisor.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        if divides(divisor, &self.symbol) { Ok(()) } else { wrong("not a factor of the symbol", text()) }
    }
}

fn sum(e: &Expr) -> Result<KappaSum, CheckError> {
    KappaSum::read(e).map_or_else(|| wrong("not a sum of powers of kappa", e), Ok)
}
