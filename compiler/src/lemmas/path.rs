//! A root of a quadratic followed along the half line `kappa > 0`, stretch by stretch.

use crate::checker::{Checked, Checker, wrong};
use crate::expr::{Expr, KappaSum, Rational, Sign, rational};
use crate::verdict::{Claim, Stretch};

impl Checker {
    /// Claims on stretches of the half line. While a path follows the upper root both must lie below the level, until a
    /// number where they have collided.
    pub(crate) fn path(&self, coefficients: &[Expr], level: &Expr, stretches: &[Stretch]) -> Checked {
        let [c, b, a] = coefficients else { return wrong("not three coefficients", level) };
        let value = (a * level * level + b * level + c).expand();
        let lower = self.level(coefficients, level, &value, false);
        let mut upper = lower.is_err();
        let slope = lower.or_else(|_| self.level(coefficients, level, &value, true))?;
        let mut from = rational(0, 1);
        for (i, Stretch { until, claim }) in stretches.iter().enumerate() {
            let end = until.as_ref().filter(|end| **end > from);
            if end.is_none() != (i + 1 == stretches.len()) || (upper && *claim != Claim::Both) {
                return wrong("not stretches of a path from", level);
            }
            let claims = match claim {
                Claim::Both => vec![slope.clone(), value.clone()],
                Claim::Damped => vec![slope.clone()],
                Claim::Below => vec![-&value],
            };
            claims.iter().try_for_each(|f| self.positive(f).or_else(|_| positive_between(f, &from, end)))?;
            let Some(end) = end else { continue };
            let gap = (b * b - Expr::int(4) * a * c).substitute(&Expr::kappa(), &Expr::Num(end.clone()));
            upper = upper && !self.known.sign(&gap.expand()).is(Sign::NONPOSITIVE);
            from = end.clone();
        }
        if stretches.is_empty() { wrong("no stretches from", level) } else { Ok(()) }
    }
}

/// Is a polynomial with numeric coefficients positive on `(from, until]`, or beyond `from`?
fn positive_between(e: &Expr, from: &Rational, until: Option<&Rational>) -> Checked {
    let holds = KappaSum::read(e).is_some_and(|sum| sum.is_positive_between(from, until));
    if holds { Ok(()) } else { wrong(format!("not positive beyond {from}"), e) }
}
