//! Partial factoring of exact expressions: enough to read a sign or a square root off them.
//!
//! In:   an expanded expression, free of fields.
//! Out:  factors whose product is the expression, a square root when the expression is visibly a square.
//! Holds: every answer multiplies back to the input exactly; nothing is assumed of parameters unless [`Facts`] say so.

use super::{Expr, Facts, Rational, Sign, rational};
use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{One, Signed, ToPrimitive, Zero};

impl Expr {
    /// Splits the expression into factors: rational content, common monomials, differences of two squares.
    /// The product of the factors is the expression; an expression without visible factors is its own single factor.
    pub fn factored(&self) -> Vec<Expr> {
        match self {
            Expr::Mul(parts) => parts.iter().flat_map(Expr::factored).collect(),
            Expr::Pow(base, e) if matches!(e.as_int(), Some(2..)) => {
                base.factored().into_iter().map(|f| Expr::pow(f, (**e).clone())).collect()
            }
            Expr::Add(terms) => factor_sum(terms),
            e => vec![e.clone()],
        }
    }

    /// Some `r` with `r^2` equal to the expression, when the expression is visibly a square: `m^2`, `4 a^2 b^4`,
    /// `kappa^2 - 2 kappa + 1`. Either sign of `r` may come.
    pub fn perfect_square(&self) -> Option<Expr> {
        let whole = self.expand();
        if whole.is_zero() {
            return Some(whole);
        }
        if let Some(root) = whole.in_whole_powers() {
            let (kappa, step) = (Expr::kappa(), Expr::Num(rational(1, root)));
            let back = Expr::pow(kappa.clone(), step);
            let whole = whole.substitute_power(root).perfect_square()?;
            return Some(whole.substitute(&kappa, &back).expand());
        }
        let (common, rest) = common_monomial(whole.terms());
        let outside = monomial_root(&common)?;
        if rest.terms().len() == 1 {
            return Some(outside * monomial_root(&rest)?);
        }
        let roots: Vec<Expr> = rest.terms().iter().filter_map(monomial_root).collect();
        for (i, a) in roots.iter().enumerate() {
            for b in &roots[..i] {
                for candidate in [a.clone() + b.clone(), a.clone() - b.clone()] {
                    if candidate.clone().powi(2).expand() == rest {
                        return Some(outside * candidate);
                    }
                }
            }
        }
        None
    }

    /// The least n for which all powers of kappa are whole powers of `kappa^(1/n)`, when that is not 1.
    fn in_whole_powers(&self) -> Option<i64> {
        let mut n = 1i64;
        for f in self.terms().iter().flat_map(Expr::factors) {
            if let Expr::Pow(b, x) = f
                && **b == Expr::kappa()
            {
                n = n.lcm(&x.as_num()?.denom().to_i64()?);
            }
        }
        (2..=6).contains(&n).then_some(n)
    }

    /// With `kappa^n` in the place of kappa, multiplied out.
    fn substitute_power(&self, n: i64) -> Expr {
        let kappa = Expr::kappa();
        let powers = self.replace(&|e| match e {
            Expr::Pow(b, x) if **b == kappa => Some(Expr::pow(kappa.clone(), (&**x * Expr::int(n)).expand())),
            e if *e == kappa => Some(kappa.clone().powi(n)),
            _ => None,
        });
        powers.expand()
    }

    /// The principal square root with everything pulled out that the facts allow: `sqrt(4 m^2 kappa) = 2 m sqrt(kappa)`
    /// when `m >= 0`.
    pub fn root(&self, facts: &Facts) -> Expr {
        let whole = self.expand();
        if let Some(r) = whole.perfect_square() {
            let sign = facts.sign(&r);
            if sign.is(Sign::NONNEGATIVE) {
                return r;
            } else if sign.is(Sign::NONPOSITIVE) {
                return -r;
            }
        }
        let (common, rest) = common_monomial(whole.terms());
        let mut outside = Expr::one();
        let mut inside = rest;
        for factor in common.factors() {
            let (base, n) = match factor {
                Expr::Pow(b, e) => ((**b).clone(), e.as_int().unwrap_or(0)),
                other => (other.clone(), 1),
            };
            let pull = if facts.sign(&base).is(Sign::NONNEGATIVE) { n.div_euclid(2) } else { 0 };
            outside = outside * base.clone().powi(pull);
            inside = inside * Expr::pow(base, factor_exponent(factor) - Expr::int(2 * pull));
        }
        // A common number goes back in: only exact squares leave a root.
        outside * inside.expand().sqrt()
    }

    /// Real and imaginary part of an expression whose letters are real, multiplied out.
    pub fn real_and_imaginary(&self) -> (Expr, Expr) {
        let whole = self.expand();
        let (mut re, mut im) = (Vec::new(), Vec::new());
        for t in whole.terms() {
            if t.factors().contains(&Expr::Imag) {
                im.push(Expr::mul(t.factors().iter().filter(|f| **f != Expr::Imag).cloned()));
            } else {
                re.push(t.clone());
            }
        }
        (Expr::add(re), Expr::add(im))
    }
}

fn factor_exponent(factor: &Expr) -> Expr {
    match factor {
        Expr::Pow(_, e) => (**e).clone(),
        Expr::Num(_) => Expr::one(),
        _ => Expr::one(),
    }
}

fn factor_sum(terms: &[Expr]) -> Vec<Expr> {
    let (common, rest) = common_monomial(terms);
    let (content, rest) = rational_content(rest.terms());
    let mut out: Vec<Expr> = common.factors().iter().filter(|f| !f.is_one()).cloned().collect();
    if !content.is_one() {
        out.push(Expr::Num(content));
    }
    match rest.terms() {
        [a, b] => match difference_of_squares(a, b) {
            Some((minus, plus)) => {
                out.extend(minus.factored());
                out.extend(plus.factored());
            }
            None => out.push(rest.clone()),
        },
        _ => match (rest.perfect_square(), (-rest.clone()).perfect_square()) {
            (Some(r), _) if rest.terms().len() > 1 => out.push(r.powi(2)),
            (None, Some(r)) => out.extend([Expr::int(-1), r.powi(2)]),
            _ => out.push(rest.clone()),
        },
    }
    out
}

/// `a + b = (u - v)(u + v)` with `u^2 = a`, `v^2 = -b` or the other way round.
fn difference_of_squares(a: &Expr, b: &Expr) -> Option<(Expr, Expr)> {
    let pair = |p: &Expr, n: &Expr| Some((monomial_root(p)?, monomial_root(&-n.clone())?));
    let (u, v) = pair(a, b).or_else(|| pair(b, a))?;
    Some((u.clone() - v.clone(), u + v))
}

/// The largest product of whole powers that divides every term, and what is left. Numbers stay in what is left.
fn common_monomial(terms: &[Expr]) -> (Expr, Expr) {
    let Some(first) = terms.first() else { return (Expr::one(), Expr::zero()) };
    let mut common = Vec::new();
    for factor in first.factors() {
        let base = match factor {
            Expr::Pow(b, _) => b,
            Expr::Num(_) | Expr::Imag => continue,
            other => other,
        };
        let least = terms.iter().map(|t| whole_exponent(t, base)).min().unwrap_or(0);
        if least > 0 {
            common.push(base.clone().powi(least));
        }
    }
    let common = Expr::mul(common);
    let inverse = common.clone().recip();
    let rest = Expr::add(terms.iter().map(|t| t.clone() * inverse.clone()));
    (common, rest)
}

/// The exponent of `base` in a product, rounded down to a whole number; 0 when it is absent or symbolic.
fn whole_exponent(term: &Expr, base: &Expr) -> i64 {
    term.factors()
        .iter()
        .find_map(|f| match f {
            Expr::Pow(b, e) if **b == *base => Some(e.as_num().and_then(|r| r.floor().to_i64()).unwrap_or(0)),
            f if f == base => Some(1),
            _ => None,
        })
        .unwrap_or(0)
}

/// The rational content, with the sign of the first term, and the primitive rest.
fn rational_content(terms: &[Expr]) -> (Rational, Expr) {
    let negative = terms.first().is_some_and(|first| first.split_coefficient().0.is_negative());
    let content = if negative { -content(terms) } else { content(terms) };
    let rest = Expr::add(terms.iter().map(|t| Expr::mul([Expr::Num(content.recip()), t.clone()])));
    (content, rest)
}

/// The greatest positive number of which all coefficients are multiples: gcd of numerators over lcm of denominators; 1 for zero.
pub(super) fn content(terms: &[Expr]) -> Rational {
    let (mut numer, mut denom) = (BigInt::zero(), BigInt::one());
    for t in terms {
        let (c, _) = t.split_coefficient();
        numer = numer.gcd(c.numer());
        denom = denom.lcm(c.denom());
    }
    if numer.is_zero() { Rational::one() } else { Rational::new(numer, denom) }
}

/// A square root of one term: its number an exact square, its powers even.
fn monomial_root(term: &Expr) -> Option<Expr> {
    let (c, rest) = term.split_coefficient();
    if c.is_negative() {
        return None;
    }
    let number = Expr::Num(c).sqrt();
    number.as_num()?;
    let mut out = vec![number];
    for factor in rest.factors() {
        match factor {
            f if f.is_one() => {}
            f if *f == Expr::kappa() => return None,
            Expr::Pow(b, e) => {
                let half = e.as_num()? * rational(1, 2);
                // Powers of kappa >= 0 have the root on the principal branch whatever the exponent.
                if !half.is_integer() {
                    return None;
                }
                out.push(Expr::pow((**b).clone(), Expr::Num(half)));
            }
            _ => return None,
        }
    }
    Some(Expr::mul(out))
}
