//! Words for the regions in which a wave-like density is positive.
//!
//! In:   the coefficients of a quadratic piece whose roots are complex on part of the k axis.
//! Out:  the region and the reason, exact for Helmholtz and for the dissipative wave.
//! Source: Watson, Bessel Functions, Ch. 15 (zeros of Y); the kernels of the telegraph equation. GenPhys
//!       (arXiv:2304.02637), A.5, names the zero of Y_((N-1)/2), which is sufficient but not sharp.

use crate::expr::{Expr, Facts, Sign};

/// The first positive zeros of `Y_((N+1)/2)` for N = 1 to 6, to the digits a reader compares with.
const FIRST_ZEROS: &str =
    "2.1971413 (N=1), 2.7983860 (N=2), 3.3842418 (N=3), 3.9595279 (N=4), 4.5270247 (N=5), 5.0884980 (N=6)";

/// Elliptic: the density of Helmholtz's equation is `-Y_((N+1)/2)` up to positive factors.
pub(super) fn elliptic(a: &Expr, b: &Expr, c: &Expr, facts: &Facts) -> String {
    let constant = c.substitute(&Expr::kappa(), &Expr::zero());
    let laplace = *a == Expr::one() && b.is_zero() && (c.clone() + Expr::kappa()) == constant;
    if laplace && facts.sign(&constant).is(Sign::POSITIVE) {
        let k0 = constant.root(facts);
        let product =
            if k0.is_one() { "sqrt(t^2 + r^2)".to_owned() } else { format!("{} sqrt(t^2 + r^2)", bracket(&k0)) };
        return format!("{product} <= y, the first positive zero of Y_((N+1)/2): {FIRST_ZEROS}");
    }
    "a region around the source, as large as wanted in the limit in which lambda is real".to_owned()
}

/// Hyperbolic and damped: behind the front, dimension by dimension for the telegraph equation.
pub(super) fn behind_the_front(a: &Expr, b: &Expr, c: &Expr, discriminant0: &Expr, facts: &Facts) -> String {
    let constant = c.substitute(&Expr::kappa(), &Expr::zero());
    let telegraph = *a == Expr::one() && (c.clone() - Expr::kappa()) == constant && !b.contains(&Expr::kappa());
    if telegraph {
        let eps = (discriminant0.root(facts) / Expr::int(2)).expand();
        let eps = bracket(&eps);
        // With both damping and a mass the density has one more positive part, so the region is sufficient.
        let part = if constant.is_zero() || b.is_zero() { "all of it" } else { "at least all of it" };
        return format!(
            "r < t, behind the front: {part} for N=1 and N=3; for N=2 where \
             {eps} s^2 + {eps} t s tanh({eps} s) >= t with s = sqrt(t^2 - r^2)"
        );
    }
    "a region behind the front, as large as wanted in the limit of strong damping".to_owned()
}

fn bracket(e: &Expr) -> String {
    if matches!(e, Expr::Add(_) | Expr::Mul(_)) { format!("({e})") } else { e.to_string() }
}
