//! How functions of `kappa` run as `kappa -> inf`.
//!
//! Holds: exact up to a positive factor that tends to a constant; nothing is said where terms may cancel or logarithms and
//!       exponentials occur.

use super::roots::Signs;
use super::{Expr, Sign};

/// The sign for large `kappa`, and powers of kappa the fastest of which the function runs like.
type Growth = (Sign, Vec<Expr>);

impl Expr {
    /// Powers of kappa of which the fastest is how a function grows that is positive for large kappa, or a constant; at least
    /// one.
    pub(crate) fn growth(&self, sign: Signs<'_>) -> Option<Vec<Expr>> {
        let (known, powers) = self.signed_growth(sign)?;
        (known == Sign::POSITIVE || !self.contains(&Expr::kappa())).then_some(powers)
    }

    fn signed_growth(&self, sign: Signs<'_>) -> Option<Growth> {
        let constant = || vec![Expr::zero()];
        match self {
            e if *e == Expr::kappa() => Some((Sign::POSITIVE, vec![Expr::one()])),
            e if !e.contains(&Expr::kappa()) => Some((sign(e), constant())),
            Expr::Add(terms) => {
                let all = terms.iter().map(|t| t.signed_growth(sign)).collect::<Option<Vec<_>>>()?;
                Some(fastest(&all, sign))
            }
            Expr::Mul(factors) if factors.iter().filter(|f| !f.contains(&Expr::kappa())).count() > 1 => {
                // The sign of a product may be known where those of its factors are not.
                let (moving, constants): (Vec<Expr>, Vec<Expr>) =
                    factors.iter().cloned().partition(|f| f.contains(&Expr::kappa()));
                let (s, powers) = Expr::mul(moving).signed_growth(sign)?;
                Some((s.times(sign(&Expr::mul(constants))), powers))
            }
            Expr::Mul(factors) => {
                without_bessel_ratio(factors).into_iter().try_fold((Sign::POSITIVE, constant()), |(s, powers), f| {
                    let (t, more) = f.signed_growth(sign)?;
                    let sums = powers.iter().flat_map(|p| more.iter().map(move |q| (p + q).expand()));
                    Some((s.times(t), sums.collect()))
                })
            }
            Expr::Pow(b, x) if !x.contains(&Expr::kappa()) => {
                let (_, powers) = b.signed_growth(sign).filter(|(s, _)| *s == Sign::POSITIVE)?;
                let ordered = powers.len() == 1 || sign(x).is(Sign::NONNEGATIVE);
                ordered.then(|| (Sign::POSITIVE, powers.iter().map(|p| (p * &**x).expand()).collect()))
            }
            _ => None,
        }
    }
}

/// The factors without `K_a(z)/K_b(z)`, which tends to a positive constant for z that grows, or tends to one, and is positive.
fn without_bessel_ratio(factors: &[Expr]) -> Vec<&Expr> {
    let above = |f: &Expr| if let Expr::BesselK(_, z) = f { Some((**z).clone()) } else { None };
    let below = |f: &Expr| match f {
        Expr::Pow(base, n) if n.as_int() == Some(-1) => above(base),
        _ => None,
    };
    let (over, under): (Vec<_>, Vec<_>) =
        (factors.iter().filter_map(above).collect(), factors.iter().filter_map(below).collect());
    let paired = |z: &Expr| over.contains(z) && under.contains(z);
    let single = over.len() == 1 && under.len() == 1;
    factors.iter().filter(|f| !(single && above(f).or_else(|| below(f)).is_some_and(|z| paired(&z)))).collect()
}

/// The terms that no other one outgrows, added.
fn fastest(all: &[Growth], sign: Signs<'_>) -> Growth {
    let powers: Vec<&Expr> = all.iter().flat_map(|(_, p)| p).collect();
    let outgrown = |p: &Expr| powers.iter().any(|q| sign(&(*q - p).expand()).is(Sign::POSITIVE));
    let kept = all.iter().flat_map(|(s, p)| p.iter().filter(|p| !outgrown(p)).map(move |p| (*s, p.clone())));
    kept.fold((Sign::ZERO, Vec::new()), |(sum, mut powers), (s, p)| {
        powers.push(p);
        (sum.plus(s), powers)
    })
}

#[cfg(test)]
mod tests {
    use crate::expr::{Facts, rational};
    use crate::syntax::{Scope, parse_expr};

    #[test]
    fn powers_at_infinity() {
        let mut facts = Facts::default();
        facts.interval_mut(&"a".into()).raise(rational(0, 1), true);
        let growth = |text: &str| {
            let e = parse_expr(text, &Scope::default()).expect(text);
            e.growth(&|e| facts.sign(e))
                .map(|powers| powers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
        };
        let check = |text: &str, powers: Option<&str>| assert_eq!(growth(text).as_deref(), powers, "{text}");
        check("sqrt(kappa^2 + m^4) - m^2", Some("1"));
        check("kappa/(kappa + 1)", Some("0"));
        check("1/(kappa^2 + kappa)", Some("-2"));
        check("kappa^a + kappa", Some("1, a"));
        check("kappa^a + 1", Some("a"));
        check("a^2", Some("0"));
        // Terms that cancel, or may.
        check("sqrt(kappa^2 + kappa) - kappa", None);
        check("m*kappa + 1", None);
        check("log(1 + kappa)", None);
    }
}
