//! Questions of exact algebra: is this zero, does that divide it, is a polynomial positive.

use super::{Expr, Rational};
use num_traits::{Signed, Zero};

impl Expr {
    /// Is the expression identically zero? Multiplied out, denominators cleared; `true` is certain, `false` is not.
    pub fn vanishes(&self) -> bool {
        self.over_one_denominator().0.is_zero()
    }

    /// `(n, [(d, p), ...])` with the expression equal to `n d^p ...`, the p negative, n multiplied out: without
    /// denominators after a few steps, or as far as those lead.
    pub(super) fn over_one_denominator(&self) -> (Expr, Vec<(Expr, Expr)>) {
        let (mut e, mut below) = (self.expand().expand(), Vec::new());
        for _ in 0..8 {
            let inverse = |f: &Expr| match f {
                Expr::Pow(b, n) if n.as_num().is_some_and(Signed::is_negative) => Some(((**b).clone(), (**n).clone())),
                _ => None,
            };
            let Some((d, p)) = e.terms().iter().flat_map(Expr::factors).find_map(inverse) else { break };
            let times = Expr::pow(d.clone(), -p.clone());
            e = Expr::add(e.terms().iter().map(|t| t.clone() * times.clone())).expand().expand();
            below.push((d, p));
        }
        (e, below)
    }
}

/// Does one polynomial divide the other, up to factors free of the variable? Coefficients constant first; by
/// pseudo-division.
pub(crate) fn divides(divisor: &[Expr], polynomial: &[Expr]) -> bool {
    let Some(lead) = divisor.last().filter(|l| !l.vanishes() && divisor.len() > 1) else { return false };
    let mut rest = polynomial.to_vec();
    while rest.len() >= divisor.len() {
        let top = rest.pop().unwrap_or_else(Expr::zero);
        let shift = rest.len() + 1 - divisor.len();
        rest = rest.iter().map(|c| (c.clone() * lead.clone()).expand()).collect();
        for (i, c) in divisor[..divisor.len() - 1].iter().enumerate() {
            rest[shift + i] = (rest[shift + i].clone() - top.clone() * c.clone()).expand();
        }
    }
    rest.iter().all(Expr::vanishes)
}

/// Is a polynomial positive on `(0, inf)`? Yes without a negative coefficient; else at 1 and on either side of it,
/// mapped to `(0, inf)` by `1 + y` and `1/(1 + y)`.
pub(crate) fn positive_on_half_line(p: &[Rational], depth: u32) -> bool {
    if !p.iter().any(Signed::is_negative) {
        return p.iter().any(Signed::is_positive);
    }
    let reversed: Vec<Rational> = p.iter().rev().cloned().collect();
    let at_one = p.iter().fold(Rational::zero(), |s, c| s + c);
    depth > 0
        && at_one.is_positive()
        && positive_on_half_line(&shifted(p), depth - 1)
        && positive_on_half_line(&shifted(&reversed), depth - 1)
}

/// `p(1 + y)`.
fn shifted(p: &[Rational]) -> Vec<Rational> {
    // Horner's scheme: q (1 + y) + c.
    let step = |q: Vec<Rational>, c: &Rational| {
        (0..q.len()).map(|i| if i == 0 { &q[0] + c } else { &q[i] + &q[i - 1] }).collect()
    };
    p.iter().rev().fold(vec![Rational::zero(); p.len()], step)
}
