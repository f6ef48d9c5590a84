//! The symbol as a product of pieces, whose roots in `s` have a closed form where that is possible.
//!
//! In:   the coefficients of `P(s, kappa)` by powers of s, and the facts.
//! Out:  [`Piece`]s: first order, second order, pure powers, and polynomials that do not factor.
//! Holds: the product of the pieces is `P` up to a factor free of s; a factor is split off only when the root is exact.

use crate::expr::{Expr, Facts, KappaSum, Range, Sign, Stop};

/// A factor of the symbol.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// `denominator s + numerator`: `lambda = numerator / denominator`, possibly complex.
    Linear {
        /// `numerator(kappa)`.
        numerator: Expr,
        /// `denominator(kappa)`.
        denominator: Expr,
    },
    /// `a s^2 + b s + c` with real coefficients, `a > 0`, and a discriminant that is not a square.
    Quadratic {
        /// Coefficient of `s^2`, positive.
        a: Expr,
        /// Coefficient of `s`.
        b: Expr,
        /// The rest.
        c: Expr,
    },
    /// `s^order = modulus` or `s^order = -modulus`, `order >= 3`, `modulus > 0` for `kappa > 0`.
    Power {
        /// The order.
        order: u32,
        /// `modulus(kappa)`.
        modulus: Expr,
        /// Is the right side `-modulus`?
        negative: bool,
    },
    /// A real polynomial of order at least 3 that does not factor here; its roots have no closed form.
    Polynomial {
        /// By powers of s, constant first; the last is positive for `kappa > 0`.
        coefficients: Vec<Expr>,
    },
}

impl Piece {
    /// `b^2 - 4 a c` of a quadratic piece, multiplied out.
    pub fn discriminant(a: &Expr, b: &Expr, c: &Expr) -> Expr {
        (b.clone().powi(2) - Expr::int(4) * a.clone() * c.clone()).expand().expand()
    }

    /// `[c, b, a]` of `a s^4 + b s^2 + c`.
    pub fn biquadratic(coefficients: &[Expr]) -> Option<[&Expr; 3]> {
        match coefficients {
            [c, odd, b, cubic, a] if odd.is_zero() && cubic.is_zero() => Some([c, b, a]),
            _ => None,
        }
    }

    /// Are both roots of a quadratic piece real for every `kappa > 0`?
    pub fn is_real(a: &Expr, b: &Expr, c: &Expr, facts: &Facts) -> bool {
        let range = KappaSum::read(&Piece::discriminant(a, b, c)).map(|d| d.range(facts));
        match range {
            Some(Ok(Range::Changes { starts_positive, zeros })) => {
                starts_positive && zeros.iter().all(|(_, flips)| !flips)
            }
            range => range == Some(Ok(Range::Positive)),
        }
    }
}

/// Factors the polynomial with these coefficients (constant first, the last not zero).
pub fn pieces(coefficients: &[Expr], facts: &Facts) -> Result<Vec<Piece>, Stop> {
    let coefficients = without_common_phase(coefficients);
    match coefficients.as_slice() {
        [] | [_] => Err(Stop::Undecided("no time derivative of the unknown".to_owned())),
        [numerator, denominator] => {
            Ok(vec![Piece::Linear { numerator: numerator.clone(), denominator: denominator.clone() }])
        }
        [c, b, a] => quadratic(a, b, c, facts),
        longer => higher(longer, facts),
    }
}

/// Divides by `i` when every coefficient is imaginary: `i phi_t - i lap(phi)` is diffusion.
fn without_common_phase(coefficients: &[Expr]) -> Vec<Expr> {
    let imaginary = |c: &Expr| c.real_and_imaginary().0.is_zero();
    if coefficients.iter().all(imaginary) {
        coefficients.iter().map(|c| c.real_and_imaginary().1).collect()
    } else {
        coefficients.to_vec()
    }
}

fn require_real(coefficients: &[Expr]) -> Result<(), Stop> {
    let complex = coefficients.iter().any(|c| !c.real_and_imaginary().1.is_zero());
    if complex {
        return Err(Stop::Undecided("complex coefficients at second or higher order in time".to_owned()));
    }
    Ok(())
}

fn quadratic(a: &Expr, b: &Expr, c: &Expr, facts: &Facts) -> Result<Vec<Piece>, Stop> {
    let linear = |numerator: Expr, denominator: Expr| Piece::Linear { numerator, denominator };
    if c.is_zero() {
        return Ok(vec![linear(b.clone(), a.clone()), linear(Expr::zero(), Expr::one())]);
    }
    if let Some(root) = discriminant_root(a, b, c, facts) {
        let lambda = |root: Expr| linear((b.clone() + root).expand(), (Expr::int(2) * a.clone()).expand());
        return Ok(vec![lambda(-root.clone()), lambda(root)]);
    }
    require_real(&[a.clone(), b.clone(), c.clone()])?;
    let sign = KappaSum::read(a).ok_or_else(|| unreadable(a))?.range(facts)?;
    match sign {
        Range::Positive => Ok(vec![Piece::Quadratic { a: a.clone(), b: b.clone(), c: c.clone() }]),
        Range::Negative => Ok(vec![Piece::Quadratic { a: -a.clone(), b: -b.clone(), c: -c.clone() }]),
        _ => Err(Stop::Undecided(format!("the coefficient of s^2, {a}, vanishes at some k"))),
    }
}

/// The square root of the discriminant, when it is a sum of powers: exact, or that of one positive term beside a middle
/// coefficient, `4 kappa` say. (Without one the pair `+-sqrt(-c/a)` reads best together.)
fn discriminant_root(a: &Expr, b: &Expr, c: &Expr, facts: &Facts) -> Option<Expr> {
    let discriminant = Piece::discriminant(a, b, c);
    let single = discriminant.terms().len() == 1 && !b.is_zero() && facts.sign(&discriminant).is(Sign::NONNEGATIVE);
    let root = || Some(discriminant.root(facts)).filter(|r| KappaSum::read(r).is_some());
    let square = discriminant.perfect_square().or_else(|| root_of_multiple(&discriminant, facts));
    square.or_else(|| if single { root() } else { None })
}

/// The root of a positive constant times a square, `4 a kappa^2 + 8 a kappa + 4 a`.
fn root_of_multiple(e: &Expr, facts: &Facts) -> Option<Expr> {
    let (top, below) = e.over_one_denominator();
    let (moving, constants): (Vec<Expr>, Vec<Expr>) =
        top.factored().into_iter().partition(|f| f.contains(&Expr::kappa()));
    let half = |f: &Expr| match f {
        Expr::Pow(b, n) if matches!(**b, Expr::Add(_)) => {
            n.as_int().filter(|n| n % 2 == 0).map(|n| (**b).clone().powi(n / 2))
        }
        _ => None,
    };
    let root = moving.iter().map(half).collect::<Option<Vec<Expr>>>().filter(|r| !r.is_empty())?;
    let below = below.into_iter().map(|(d, n)| Expr::pow(d, n));
    let constant = Expr::mul(constants.into_iter().chain(below));
    let positive = !constant.contains(&Expr::kappa()) && facts.sign(&constant).is(Sign::POSITIVE);
    positive.then(|| (constant.sqrt() * Expr::mul(root)).expand())
}

/// The complaint about a coefficient that is no sum of powers of kappa.
pub fn unreadable(e: &Expr) -> Stop {
    Stop::Undecided(format!("{e} is not a sum of powers of kappa"))
}

fn higher(coefficients: &[Expr], facts: &Facts) -> Result<Vec<Piece>, Stop> {
    require_real(coefficients)?;
    let order = coefficients.len() - 1;
    let present: Vec<usize> = (0..=order).filter(|n| !coefficients[*n].is_zero()).collect();
    if present[0] > 0 {
        let zero = Piece::Linear { numerator: Expr::zero(), denominator: Expr::one() };
        let rest = &coefficients[present[0]..];
        let mut out = if rest.len() > 1 { pieces(rest, facts)? } else { Vec::new() };
        out.extend(vec![zero; present[0]]);
        return Ok(out);
    }
    if let [_, _] = present.as_slice() {
        return pure_power(order, &coefficients[0], &coefficients[order], facts);
    }
    let step = present.iter().fold(0usize, |g, n| num_integer::gcd(g, *n));
    if step > 1 && order / step == 2 {
        // A quadratic in s^step: only exact roots are taken apart further.
        let [c, b, a] = [0, step, order].map(|n| coefficients[n].clone());
        if let Some(root) = Piece::discriminant(&a, &b, &c).perfect_square() {
            let twice = (Expr::int(2) * a).expand();
            let mut out = pure_power(step, &(b.clone() - root.clone()).expand(), &twice, facts)?;
            out.extend(pure_power(step, &(b + root).expand(), &twice, facts)?);
            return Ok(out);
        }
    }
    match linear_factor(coefficients) {
        Some((lambda, quotient)) => {
            let mut out = vec![Piece::Linear { numerator: lambda, denominator: Expr::one() }];
            out.extend(pieces(&quotient, facts)?);
            Ok(out)
        }
        None => Ok(vec![polynomial(coefficients, facts)?]),
    }
}

/// What does not factor, with a positive leading coefficient.
fn polynomial(coefficients: &[Expr], facts: &Facts) -> Result<Piece, Stop> {
    let lead = coefficients.last().cloned().unwrap_or_else(Expr::zero);
    let sign = match KappaSum::read(&lead).ok_or_else(|| unreadable(&lead))?.range(facts)? {
        Range::Positive => 1,
        Range::Negative => -1,
        _ => {
            let order = coefficients.len() - 1;
            return Err(Stop::Undecided(format!("the coefficient of s^{order}, {lead}, vanishes at some k")));
        }
    };
    coefficients.iter().try_for_each(|c| KappaSum::read(c).map(drop).ok_or_else(|| unreadable(c)))?;
    Ok(Piece::Polynomial { coefficients: coefficients.iter().map(|c| Expr::int(sign) * c.clone()).collect() })
}

/// `lead s^order + constant`.
fn pure_power(order: usize, constant: &Expr, lead: &Expr, facts: &Facts) -> Result<Vec<Piece>, Stop> {
    if constant.is_zero() {
        return Ok(vec![Piece::Linear { numerator: Expr::zero(), denominator: Expr::one() }; order]);
    }
    if order <= 2 {
        let mut coefficients = vec![Expr::zero(); order + 1];
        coefficients[0] = constant.clone();
        coefficients[order] = lead.clone();
        return pieces(&coefficients, facts);
    }
    let right = (-constant.clone() / lead.clone()).expand();
    if order.is_multiple_of(2)
        && let Some(root) = even_root(&right, facts)
    {
        let mut out = pure_power(order / 2, &-root.clone(), &Expr::one(), facts)?;
        out.extend(pure_power(order / 2, &root, &Expr::one(), facts)?);
        return Ok(out);
    }
    let sign = KappaSum::read(&right).ok_or_else(|| unreadable(&right))?.range(facts)?;
    let negative = match sign {
        Range::Positive => false,
        Range::Negative => true,
        // Real roots turn complex where the right side changes sign.
        _ => {
            let mut coefficients = vec![Expr::zero(); order + 1];
            coefficients[0] = -right;
            coefficients[order] = Expr::one();
            return Ok(vec![polynomial(&coefficients, facts)?]);
        }
    };
    let modulus = if negative { -right } else { right };
    Ok(vec![Piece::Power { order: order as u32, modulus, negative }])
}

/// A real square root of `right`: exact, or the root of a single positive term such as `kappa`.
fn even_root(right: &Expr, facts: &Facts) -> Option<Expr> {
    let single = right.terms().len() == 1 && facts.sign(right).is(Sign::NONNEGATIVE);
    right.perfect_square().or_else(|| single.then(|| right.root(facts)))
}

/// A factor `s + lambda` with `lambda` among the visible divisors of the constant coefficient, and the quotient.
fn linear_factor(coefficients: &[Expr]) -> Option<(Expr, Vec<Expr>)> {
    let lead = coefficients.last().filter(|c| c.as_num().is_some())?;
    let monic: Vec<Expr> = coefficients.iter().map(|c| (c.clone() / lead.clone()).expand()).collect();
    let coefficients = monic.as_slice();
    let mut divisors = vec![Expr::one()];
    for factor in coefficients[0].factored() {
        let (base, n) = match &factor {
            Expr::Pow(b, e) => ((**b).clone(), e.as_int().unwrap_or(1).clamp(1, 6)),
            other => (other.clone(), 1),
        };
        let powers: Vec<Expr> = match base.as_int() {
            Some(number) => (2..=number.abs().min(64)).filter(|d| number % d == 0).map(Expr::int).collect(),
            None => (1..=n).map(|k| base.clone().powi(k)).collect(),
        };
        let products: Vec<Expr> =
            divisors.iter().flat_map(|d| powers.iter().map(move |p| d.clone() * p.clone())).collect();
        divisors.extend(products);
        if divisors.len() > 64 {
            break;
        }
    }
    divisors.into_iter().flat_map(|d| [d.clone(), -d]).find_map(|lambda| {
        let (quotient, rest) = divide(coefficients, &lambda.expand());
        rest.is_zero().then(|| (lambda.expand(), quotient))
    })
}

/// Synthetic division by `s + lambda`: the quotient, constant first, and the remainder.
fn divide(coefficients: &[Expr], lambda: &Expr) -> (Vec<Expr>, Expr) {
    let mut carry = Expr::zero();
    let mut quotient = Vec::with_capacity(coefficients.len());
    for c in coefficients.iter().rev() {
        carry = (c.clone() - lambda.clone() * carry).expand();
        quotient.push(carry.clone());
    }
    let rest = quotient.pop().unwrap_or_else(Expr::zero);
    quotient.reverse();
    (quotient, rest)
}
