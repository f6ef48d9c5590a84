//! The half line `kappa > 0` cut at the zeros of several functions, with the sign of each on every piece.
//!
//! In:   sums of powers of `kappa`.
//! Out:  [`HalfLine`]: the zeros in rising order and a table of signs.
//! Holds: with numeric coefficients (rational, or of one real quadratic field) always, and exactly; with parameters where the
//!       facts order the zeros, else the difference that has no sign is named.
//! Source: Sturm's theorem on the product of the functions.

use super::sturm::{self, Polynomial, Sturm, Zeroed};
use super::surd::Surd;
use super::{Expr, Facts, KappaSum, Range, Rational, Sign, Stop, rational};
use num_traits::ToPrimitive;

/// Pieces of the half line and signs on them.
#[derive(Clone, Debug, PartialEq)]
pub struct HalfLine {
    /// The zeros of all the functions, each once, in rising order.
    pub zeros: Vec<Expr>,
    /// The signs of the functions on each piece: below the first zero, at it, between it and the next, and so on.
    pub signs: Vec<Vec<Sign>>,
    /// A number inside each open piece, in order; empty where parameters leave none.
    pub samples: Vec<Rational>,
    exact: Vec<bool>,
    /// The zeros without a closed form, in digits.
    near: Vec<Option<f64>>,
}

impl HalfLine {
    /// Cuts the half line at the zeros of these functions.
    ///
    /// # Errors
    /// [`Stop`] names a sign in the parameters that is needed, or the sum whose zeros are not known.
    pub fn cut(functions: &[KappaSum], facts: &Facts) -> Result<HalfLine, Stop> {
        let live: Vec<KappaSum> = functions.iter().map(|f| f.live(facts)).collect();
        match polynomials(&live) {
            Some((step, polynomials)) => Ok(numeric(&live, step, &polynomials, facts)),
            None => symbolic(&live, facts),
        }
    }

    /// Is this zero the very number it is written as?
    pub fn exact(&self, zero: usize) -> bool {
        self.exact.get(zero).copied().unwrap_or(false)
    }

    /// The wave numbers on the pieces where something holds, in words: `0 < k < 1 or k >= 2`.
    pub fn wave_numbers(&self, holds: &[bool], facts: &Facts) -> String {
        let k = |piece: usize| {
            let near = self.near.get(piece / 2).copied().flatten();
            near.map_or_else(
                || wave_number(&self.zeros[piece / 2], facts).to_string(),
                |kappa| format!("{:.7}", kappa.sqrt()),
            )
        };
        let mut runs = Vec::new();
        let mut piece = 0;
        while piece < holds.len() {
            let Some(length) = holds[piece..].iter().position(|h| !h).or(Some(holds.len() - piece)).filter(|n| *n > 0)
            else {
                piece += 1;
                continue;
            };
            let last = piece + length - 1;
            // Odd pieces are single points.
            let low = if piece % 2 == 1 { Some((k(piece), "<=")) } else { piece.checked_sub(1).map(|p| (k(p), "<")) };
            let high = if last % 2 == 1 {
                Some((k(last), "<="))
            } else {
                Some(last + 1).filter(|p| *p < holds.len()).map(|p| (k(p), "<"))
            };
            runs.push(match (low, high) {
                (Some((a, _)), Some((b, _))) if piece == last && piece % 2 == 1 && a == b => format!("k = {a}"),
                (Some((a, x)), Some((b, y))) => format!("{a} {x} k {y} {b}"),
                (None, Some((b, y))) => format!("0 < k {y} {b}"),
                (Some((a, "<")), None) => format!("k > {a}"),
                (Some((a, _)), None) => format!("k >= {a}"),
                (None, None) => "k > 0".to_owned(),
            });
            piece += length;
        }
        runs.join(" or ")
    }
}

/// `k = sqrt(kappa)`, of a positive number.
fn wave_number(kappa: &Expr, facts: &Facts) -> Expr {
    match kappa {
        Expr::Pow(base, x) if x.as_num().is_none() => {
            Expr::pow((**base).clone(), (Expr::int(2) * (**x).clone().recip()).expand().recip())
        }
        kappa => kappa.root(facts),
    }
}

/// The functions as polynomials in `kappa^(1/step)`, each up to a power of kappa.
pub(super) fn polynomials(functions: &[KappaSum]) -> Option<(u32, Vec<Polynomial>)> {
    let coefficients = Surd::read_all(functions.iter().flat_map(|f| f.terms.iter().map(|(_, c)| c)))?;
    let mut coefficients = coefficients.into_iter();
    let exponents = functions.iter().flat_map(|f| &f.terms).map(|(x, _)| x.as_num()).collect::<Option<Vec<_>>>()?;
    let step = exponents.iter().fold(num_bigint::BigInt::from(1), |l, x| num_integer::lcm(l, x.denom().clone()));
    let step = step.to_u32().filter(|n| *n <= 64)?;
    let mut out = Vec::new();
    for f in functions {
        let least = f.terms.iter().filter_map(|(x, _)| x.as_num()).min();
        let mut p = Polynomial::new();
        for (x, _) in &f.terms {
            let n = ((x.as_num()? - least?) * rational(i64::from(step), 1)).to_usize().filter(|n| *n <= 256)?;
            p.resize(p.len().max(n + 1), num_traits::Zero::zero());
            p[n] = coefficients.next()?;
        }
        out.push(sturm::trim(p));
    }
    Some((step, out))
}

/// The range of a sum with numbers for coefficients and exponents; its zeros as the simplest fractions near them.
pub(super) fn numeric_range(f: &KappaSum) -> Option<Range> {
    let (step, polynomials) = polynomials(std::slice::from_ref(f))?;
    let (places, _, signs) = table(&polynomials);
    let positive = |piece: usize| signs[piece][0] == Sign::POSITIVE;
    if places.is_empty() {
        return Some(if positive(0) { Range::Positive } else { Range::Negative });
    }
    let zero = |(i, place): (usize, &Zeroed)| {
        (Expr::Num(place.simplest()).powi(i64::from(step)), positive(2 * i) != positive(2 * i + 2))
    };
    Some(Range::Changes { starts_positive: positive(0), zeros: places.iter().enumerate().map(zero).collect() })
}

fn numeric(functions: &[KappaSum], step: u32, polynomials: &[Polynomial], facts: &Facts) -> HalfLine {
    let (places, samples, signs) = table(polynomials);
    let power = |x: Rational| num_traits::pow(x, step as usize);
    let exact: Vec<bool> = places.iter().map(|p| p.low == p.high).collect();
    let (mut zeros, mut near) = (Vec::new(), Vec::new());
    for (n, place) in places.iter().enumerate() {
        let closed = closed_form(n, &signs, functions, facts);
        near.push(if closed.is_none() && !exact[n] { power(place.simplest()).to_f64() } else { None });
        zeros.push(closed.unwrap_or_else(|| Expr::Num(power(place.simplest()))));
    }
    HalfLine { zeros, signs, samples: samples.into_iter().map(power).collect(), exact, near }
}

/// The zeros of all the polynomials, a number between each two, and the sign of each polynomial on every piece.
fn table(polynomials: &[Polynomial]) -> (Vec<Zeroed>, Vec<Rational>, Vec<Vec<Sign>>) {
    let one: Polynomial = vec![Surd::from(rational(1, 1))];
    let product = polynomials.iter().filter(|p| !p.is_empty()).fold(one, |all, p| sturm::product(&all, p));
    let places = Sturm::new(&sturm::squarefree(&product)).positive_zeros();
    let chains: Vec<Sturm> = polynomials.iter().map(|p| Sturm::new(&sturm::squarefree(p))).collect();
    let vanishes = |i: usize, place: &Zeroed| {
        let exact = place.low == place.high;
        if exact {
            sturm::value(&polynomials[i], &place.low).is_zero()
        } else {
            chains[i].count(&place.low, &place.high) == 1
        }
    };
    let at = |x: &Rational| polynomials.iter().map(|p| sturm::value(p, x).sign()).collect::<Vec<_>>();
    let mut samples = Vec::with_capacity(places.len() + 1);
    let mut signs = Vec::with_capacity(2 * places.len() + 1);
    let mut from = rational(0, 1);
    for place in &places {
        samples.push(sturm::simplest_between(&from, &place.low));
        signs.push(at(&samples[samples.len() - 1]));
        let here = at(&place.high).into_iter().enumerate();
        signs.push(here.map(|(i, sign)| if vanishes(i, place) { Sign::ZERO } else { sign }).collect());
        from = place.high.clone();
    }
    samples.push(from.floor() + rational(1, 1));
    signs.push(at(&samples[samples.len() - 1]));
    (places, samples, signs)
}

/// A zero as the closed form that one of the functions vanishing there has.
fn closed_form(n: usize, signs: &[Vec<Sign>], functions: &[KappaSum], facts: &Facts) -> Option<Expr> {
    let zero_of = |i: usize, n: usize| signs[2 * n + 1][i] == Sign::ZERO;
    let mut candidates: Vec<usize> = (0..functions.len()).filter(|i| zero_of(*i, n)).collect();
    candidates.sort_by_key(|i| functions[*i].terms.len());
    candidates.into_iter().filter(|i| functions[*i].has_closed_zeros()).find_map(|i| {
        let Ok(Range::Changes { zeros, .. }) = functions[i].range(facts) else { return None };
        let before = (0..n).filter(|m| zero_of(i, *m)).count();
        zeros.get(before).map(|(zero, _)| zero.clone())
    })
}

fn symbolic(functions: &[KappaSum], facts: &Facts) -> Result<HalfLine, Stop> {
    let ranges = functions.iter().map(|f| f.range(facts)).collect::<Result<Vec<_>, _>>()?;
    let mut zeros: Vec<Expr> = Vec::new();
    for range in &ranges {
        let Range::Changes { zeros: own, .. } = range else { continue };
        for (zero, _) in own {
            let mut place = zeros.len();
            for (i, other) in zeros.iter().enumerate() {
                match order(zero, other, facts)? {
                    Sign::POSITIVE => {}
                    Sign::ZERO => {
                        place = usize::MAX;
                        break;
                    }
                    _ => {
                        place = i;
                        break;
                    }
                }
            }
            if place <= zeros.len() {
                zeros.insert(place, zero.clone());
            }
        }
    }
    let mut signs = vec![Vec::new(); 2 * zeros.len() + 1];
    for range in &ranges {
        let (mut now, own) = match range {
            Range::Positive => (Sign::POSITIVE, &[][..]),
            Range::Negative => (Sign::NEGATIVE, &[][..]),
            Range::Zero => (Sign::ZERO, &[][..]),
            Range::Changes { starts_positive: true, zeros } => (Sign::POSITIVE, zeros.as_slice()),
            Range::Changes { zeros, .. } => (Sign::NEGATIVE, zeros.as_slice()),
        };
        let mut own = own.iter().peekable();
        for (i, row) in signs.iter_mut().enumerate() {
            if i % 2 == 0 {
                row.push(now);
                continue;
            }
            match own.next_if(|(z, _)| order(z, &zeros[i / 2], facts) == Ok(Sign::ZERO)) {
                Some((_, flips)) => {
                    row.push(Sign::ZERO);
                    now = if *flips { now.negate() } else { now };
                }
                None => row.push(now),
            }
        }
    }
    Ok(HalfLine { zeros, signs, samples: Vec::new(), exact: Vec::new(), near: Vec::new() })
}

/// The sign of `a - b`, which must be a single one.
fn order(a: &Expr, b: &Expr, facts: &Facts) -> Result<Sign, Stop> {
    let difference = (a.clone() - b.clone()).expand();
    if difference.vanishes() {
        return Ok(Sign::ZERO);
    }
    let sign = facts.sign(&difference);
    let single = [Sign::POSITIVE, Sign::ZERO, Sign::NEGATIVE].into_iter().find(|s| sign.is(*s));
    single.ok_or(Stop::Need(difference))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(functions: &[Expr]) -> HalfLine {
        let sums: Vec<KappaSum> = functions.iter().map(|f| KappaSum::read(f).expect("a sum of powers")).collect();
        HalfLine::cut(&sums, &Facts::default()).expect("numbers")
    }

    #[test]
    fn common_and_neighbouring_zeros_are_told_apart() {
        let (k, n) = (Expr::kappa, Expr::int);
        // (kappa - 1)(kappa - 2), (kappa - 2)^2, and a zero at sqrt(2)^2 = 2 minus 1e-9.
        let third = k() - n(2) + Expr::Num(rational(1, 1_000_000_000));
        let line = cut(&[k().powi(2) - n(3) * k() + n(2), (k() - n(2)).powi(2), third]);
        let (p, o, m) = (Sign::POSITIVE, Sign::ZERO, Sign::NEGATIVE);
        assert_eq!(line.zeros.len(), 3);
        assert_eq!((&line.zeros[0], &line.zeros[2]), (&n(1), &n(2)));
        let expected = [[p, p, m], [o, p, m], [m, p, m], [m, p, o], [m, p, p], [o, o, p], [p, p, p]];
        assert_eq!(line.signs, expected);
        assert_eq!(
            line.wave_numbers(&[true, false, true, true, true, true, true], &Facts::default()),
            "0 < k < 1 or k > 1"
        );
    }

    #[test]
    fn irrational_coefficients_and_fractional_powers_are_exact() {
        let (k, root2) = (Expr::kappa, Expr::int(2).sqrt());
        // kappa^(3/2) - sqrt(2) kappa + kappa^(1/2)/2 = kappa^(1/2) (kappa^(1/2) - sqrt(2)/2)^2.
        let f = k() * k().sqrt() - root2.clone() * k() + Expr::Num(rational(1, 2)) * k().sqrt();
        let line = cut(&[f, k() - Expr::Num(rational(1, 2))]);
        assert_eq!(line.zeros, [Expr::Num(rational(1, 2))]);
        let (p, o, m) = (Sign::POSITIVE, Sign::ZERO, Sign::NEGATIVE);
        assert_eq!(line.signs, [[p, m], [o, o], [p, p]]);
    }
}
