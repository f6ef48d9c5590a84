//! Questions of exact algebra: is this zero, does that divide it, is a polynomial positive.

use super::surd::Surd;
use super::{Expr, rational};
use num_traits::Zero;

impl Expr {
    /// Is the expression identically zero? Multiplied out, denominators cleared; `true` is certain, `false` is not.
    pub fn vanishes(&self) -> bool {
        let mut e = self.expand().expand();
        for _ in 0..8 {
            if e.is_zero() {
                return true;
            }
            let inverse = |f: &Expr| match f {
                Expr::Pow(b, n) if n.as_num().is_some_and(|n| *n < rational(0, 1)) => {
                    Some(Expr::pow((**b).clone(), -(**n).clone()))
                }
                _ => None,
            };
            let Some(d) = e.terms().iter().flat_map(Expr::factors).find_map(inverse) else { return false };
            e = Expr::add(e.terms().iter().map(|t| t.clone() * d.clone())).expand().expand();
        }
        false
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
pub(crate) fn positive_on_half_line(p: &[Surd], depth: u32) -> bool {
    if !p.iter().any(Surd::is_negative) {
        return p.iter().any(Surd::is_positive);
    }
    let reversed: Vec<Surd> = p.iter().rev().cloned().collect();
    let at_one = p.iter().fold(Surd::zero(), |s, c| s + c.clone());
    depth > 0
        && at_one.is_positive()
        && positive_on_half_line(&shifted(p), depth - 1)
        && positive_on_half_line(&shifted(&reversed), depth - 1)
}

/// `p(1 + y)`.
fn shifted(p: &[Surd]) -> Vec<Surd> {
    // Horner's scheme: q (1 + y) + c.
    let step = |q: Vec<Surd>, c: &Surd| {
        (0..q.len()).map(|i| q[i].clone() + if i == 0 { c.clone() } else { q[i - 1].clone() }).collect()
    };
    p.iter().rev().fold(vec![Surd::zero(); p.len()], step)
}
