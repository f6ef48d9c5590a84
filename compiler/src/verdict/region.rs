//! Words for the regions in which a wave-like density is positive.
//!
//! In:   the coefficients of a quadratic piece whose roots are complex on part of the k axis.
//! Out:  the region and the reason, exact for equations like Helmholtz's and the dissipative wave with any coefficients.
//! Source: Watson, Bessel Functions, Ch. 15 (zeros of Y); the kernels of the telegraph equation. GenPhys
//!       (arXiv:2304.02637), A.5, names the zero of Y_((N-1)/2), which is sufficient but not sharp.

use crate::expr::{Expr, Facts, Sign};

/// The first positive zeros of `Y_((N+1)/2)` for N = 1 to 6, to the digits a reader compares with.
const FIRST_ZEROS: &str =
    "2.1971413 (N=1), 2.7983860 (N=2), 3.3842418 (N=3), 3.9595279 (N=4), 4.5270247 (N=5), 5.0884980 (N=6)";

/// Elliptic: with `b` and `a` free of kappa, `lambda = b/(2a) + sqrt(g kappa/a - k0^2)`, so the density is that of
/// Helmholtz's equation in stretched coordinates, `-Y_((N+1)/2)` up to positive factors.
pub(super) fn elliptic(a: &Expr, b: &Expr, c: &Expr, facts: &Facts) -> String {
    if let Some((stretch, discriminant0)) = laplace(a, b, c, -1, facts)
        && facts.sign(&discriminant0).is(Sign::NEGATIVE)
    {
        let k0 = ((-discriminant0).expand().root(facts) / (Expr::int(2) * a.clone())).expand();
        let product = scaled(&k0, &format!("sqrt(t^2 + {})", scaled(&stretch, "r^2")));
        return format!("{product} <= y, the first positive zero of Y_((N+1)/2): {FIRST_ZEROS}");
    }
    "a region around the source, as large as wanted in the limit in which lambda is real; no closed form of it is known \
     here"
        .to_owned()
}

/// Hyperbolic and damped: behind the front, dimension by dimension for the telegraph equation.
pub(super) fn behind_the_front(a: &Expr, b: &Expr, c: &Expr, discriminant0: &Expr, facts: &Facts) -> String {
    if let Some((stretch, _)) = laplace(a, b, c, 1, facts) {
        let eps = (discriminant0.root(facts) / (Expr::int(2) * a.clone())).expand();
        let eps = bracket(&eps);
        let constant = c.substitute(&Expr::kappa(), &Expr::zero());
        // With both damping and a mass the density has one more positive part, so the region is sufficient.
        let part = if constant.is_zero() || b.is_zero() { "all of it" } else { "at least all of it" };
        let front = scaled(&stretch.root(facts), "r");
        let r2 = scaled(&stretch, "r^2");
        return format!(
            "{front} < t, behind the front: {part} for N=1 and N=3; for N=2 where \
             {eps} s^2 + {eps} t s tanh({eps} s) >= t with s = sqrt(t^2 - {r2})"
        );
    }
    "a region behind the front, as large as wanted in the limit of strong damping; no closed form of it is known here"
        .to_owned()
}

/// For `a s^2 + b s + c0 + sign g kappa` with g > 0: `a/g`, by which `r^2` is stretched, and `b^2 - 4 a c0`.
fn laplace(a: &Expr, b: &Expr, c: &Expr, sign: i64, facts: &Facts) -> Option<(Expr, Expr)> {
    let kappa = Expr::kappa();
    let constant = c.substitute(&kappa, &Expr::zero());
    let g = (Expr::int(sign) * (c.clone() - constant.clone()) / kappa.clone()).expand();
    let constants = ![a, b, &g, &constant].iter().any(|e| e.contains(&kappa));
    let positive = facts.sign(a).is(Sign::POSITIVE) && facts.sign(&g).is(Sign::POSITIVE);
    let discriminant = (b.clone().powi(2) - Expr::int(4) * a.clone() * constant).expand();
    (constants && positive).then(|| ((a.clone() / g).expand(), discriminant))
}

/// `factor what`, without a factor of 1.
fn scaled(factor: &Expr, what: &str) -> String {
    if factor.is_one() { what.to_owned() } else { format!("{} {what}", bracket(factor)) }
}

fn bracket(e: &Expr) -> String {
    if matches!(e, Expr::Add(_) | Expr::Mul(_)) { format!("({e})") } else { e.to_string() }
}
