//! Proofs that a condition fails for every admitted parameter, for the checker to replay.
//!
//! In:   what the decision found: the dominating term, the discriminant, the imaginary part.
//! Out:  a [`Proof`]; none where only the witness speaks.

use super::certificate::Proof;
use crate::dispersion::pieces::Piece;
use crate::expr::{Expr, Facts, KappaSum, Range, Sign};

/// The dominating term of `lambda - lambda(0)`, or of `lambda^power`, where `whole` is that power with its constant term.
pub(super) fn growth(lambda: &Expr, whole: &KappaSum, power: u32, at_infinity: bool, facts: &Facts) -> Option<Proof> {
    let (fixed, moving): (Vec<_>, Vec<_>) = whole.terms.iter().cloned().partition(|(x, _)| x.is_zero());
    let moving = KappaSum { terms: moving };
    let end = if at_infinity { moving.leading(facts) } else { moving.lowest(facts) };
    let (exponent, coefficient) = end.ok()??;
    let nonnegative = |x: &Expr| facts.sign(x).is(Sign::NONNEGATIVE);
    let constant = fixed.into_iter().next().filter(|_| power == 1).map_or_else(Expr::zero, |(_, c)| c);
    moving.terms.iter().all(|(x, _)| nonnegative(x)).then(|| Proof::Growth {
        lambda: lambda.clone(),
        constant,
        power,
        at_infinity,
        exponent,
        coefficient,
    })
}

/// `lambda = middle + sqrt(h)`: h grows faster than `kappa^2`, or the root is convex.
pub(super) fn root(lambda: &Expr, middle: &Expr, facts: &Facts) -> Option<Proof> {
    let h = KappaSum::read(&(lambda.clone() - middle.clone()).expand().powi(2).expand())?;
    let (exponent, coefficient) = h.leading(facts).ok()??;
    let (lambda, constant) = (lambda.clone(), middle.clone());
    if facts.sign(&(Expr::int(2) - exponent.clone()).expand()).is(Sign::NEGATIVE) {
        return Some(Proof::Growth { lambda, constant, power: 2, at_infinity: true, exponent, coefficient });
    }
    let h = h.expr();
    let slope = h.derivative(&Expr::kappa())?;
    let bend = (Expr::int(2) * h.clone() * slope.derivative(&Expr::kappa())? - slope.powi(2)).expand().expand();
    (positive(&h, facts) && positive(&bend, facts)).then_some(Proof::Convex { lambda, constant, bend })
}

/// `lambda = n/d` is nowhere real.
pub(super) fn complex(n: &Expr, d: &Expr, facts: &Facts) -> Option<Proof> {
    let ((re, im), (x, y)) = (n.real_and_imaginary(), d.real_and_imaginary());
    let imaginary = (im * x - re * y).expand();
    let one_sign = positive(&imaginary, facts) || positive(&-imaginary.clone(), facts);
    one_sign.then(|| Proof::NotReal { coefficients: vec![n.clone(), d.clone()], imaginary })
}

/// The roots of `a s^2 + b s + c` are nowhere real.
pub(super) fn complex_pair(a: &Expr, b: &Expr, c: &Expr, facts: &Facts) -> Option<Proof> {
    let imaginary = -Piece::discriminant(a, b, c);
    let shown = positive(a, facts) && positive(&imaginary, facts) && facts.sign(b).is(Sign::ANY);
    shown.then(|| Proof::NotReal { coefficients: vec![c.clone(), b.clone(), a.clone()], imaginary })
}

/// No decaying root of `s^order = +-modulus` is real.
pub(super) fn no_real_root(order: u32, modulus: &Expr, negative: bool, facts: &Facts) -> Option<Proof> {
    let shown = order >= 3 && negative != (order % 2 == 1) && positive(modulus, facts);
    shown.then(|| Proof::PowerRoot { order, modulus: modulus.clone(), negative })
}

fn positive(e: &Expr, facts: &Facts) -> bool {
    KappaSum::read(e).is_some_and(|sum| sum.range(facts) == Ok(Range::Positive))
}
