//! How many roots of a real polynomial lie left of, on and right of the imaginary axis; how many are real and negative.
//!
//! In:   numeric coefficients, constant first.
//! Out:  counts, with multiplicity.
//! Holds: exact, also for roots on the axis and pairs symmetric about it, where Routh's array stops.
//! Source: Gantmacher, The Theory of Matrices, Ch. XV: the Cauchy index of the real and imaginary part along the axis.

use super::sturm::{self, Polynomial, Sturm};
use super::surd::Surd;
use num_traits::Zero;

/// Numbers of roots.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct HalfPlanes {
    pub left: usize,
    pub on: usize,
    pub right: usize,
}

impl HalfPlanes {
    /// Counts the roots of a polynomial that is not zero.
    pub fn of(p: &[Surd]) -> HalfPlanes {
        let p = sturm::trim(p.to_vec());
        let zeros = p.iter().take_while(|c| c.is_zero()).count();
        let p = &p[zeros..];
        if p.len() < 2 {
            return HalfPlanes { left: 0, on: zeros, right: 0 };
        }
        // Roots symmetric about 0 are those that P(y) and P(-y) share; they are the roots of a polynomial in y^2.
        let turned = alternating(p);
        let common = Sturm::chain(p.to_vec(), turned).divisor();
        let in_squares: Polynomial = common.iter().step_by(2).cloned().collect();
        let on = 2 * negative_zeros(&in_squares);
        let symmetric = (common.len() - 1 - on) / 2;
        let rest = sturm::quotient(p, &common);
        let (left, right) = regular(&rest);
        HalfPlanes { left: left + symmetric, on: on + zeros, right: right + symmetric }
    }
}

/// The number of real zeros below 0, with multiplicity.
pub(crate) fn negative_zeros(p: &[Surd]) -> usize {
    positive_zeros(&alternating(p))
}

/// The number of real zeros, with multiplicity.
pub(crate) fn real_zeros(p: &[Surd]) -> usize {
    p.iter().take_while(|c| c.is_zero()).count() + positive_zeros(p) + negative_zeros(p)
}

/// The distinct zeros of p, of `gcd(p, p')`, and so on: a zero of multiplicity m is among m of them.
fn positive_zeros(p: &[Surd]) -> usize {
    let mut p = sturm::trim(p.iter().skip_while(|c| c.is_zero()).cloned().collect());
    let mut count = 0;
    while p.len() > 1 {
        count += Sturm::new(&sturm::squarefree(&p)).count_positive();
        p = Sturm::new(&p).divisor();
    }
    count
}

/// `P(-y)`.
fn alternating(p: &[Surd]) -> Polynomial {
    p.iter().enumerate().map(|(n, c)| if n % 2 == 0 { c.clone() } else { -c.clone() }).collect()
}

/// `(left, right)` without roots on the axis or symmetric about it: `arg P(i w)` turns by `pi (left - right)`.
fn regular(p: &[Surd]) -> (usize, usize) {
    let n = p.len() - 1;
    let part = |odd: usize| -> Polynomial {
        let turn = |(k, c): (usize, &Surd)| match (k % 2 == odd, k / 2 % 2) {
            (false, _) => Surd::zero(),
            (true, 0) => c.clone(),
            (true, _) => -c.clone(),
        };
        sturm::trim(p.iter().enumerate().map(turn).collect())
    };
    let (real, imaginary) = (part(0), part(1));
    // The poles of imaginary/real, or of real/imaginary: whichever vanishes far out.
    let (chain, sign) =
        if n.is_multiple_of(2) { (Sturm::chain(real, imaginary), -1) } else { (Sturm::chain(imaginary, real), 1) };
    let index = chain.changes_at_infinity(true) as i64 - chain.changes_at_infinity(false) as i64;
    let difference = sign * index;
    let left = (n as i64 + difference) / 2;
    let left = usize::try_from(left).unwrap_or(0).min(n);
    (left, n - left)
}

#[cfg(test)]
mod tests {
    use super::super::rational;
    use super::*;
    use proptest::prelude::*;

    fn polynomial(coefficients: &[i64]) -> Polynomial {
        coefficients.iter().map(|c| Surd::from(rational(*c, 1))).collect()
    }

    /// `prod (y - x_i) prod ((y - x)^2 + y_i^2)`.
    fn from_roots(real: &[i64], pairs: &[(i64, i64)]) -> Polynomial {
        let mut p = polynomial(&[1]);
        for x in real {
            p = sturm::product(&p, &polynomial(&[-x, 1]));
        }
        for (x, y) in pairs {
            p = sturm::product(&p, &polynomial(&[x * x + y * y, -2 * x, 1]));
        }
        p
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn roots_that_were_put_in_are_counted(
            real in prop::collection::vec(-2i64..=2, 0..4),
            pairs in prop::collection::vec((-2i64..=2, 1i64..=2), 0..3),
        ) {
            let p = from_roots(&real, &pairs);
            let count = |test: &dyn Fn(i64) -> bool| {
                real.iter().filter(|x| test(**x)).count() + 2 * pairs.iter().filter(|(x, _)| test(*x)).count()
            };
            let expected = HalfPlanes { left: count(&|x| x < 0), on: count(&|x| x == 0), right: count(&|x| x > 0) };
            prop_assert_eq!(HalfPlanes::of(&p), expected);
            prop_assert_eq!(negative_zeros(&p), real.iter().filter(|x| **x < 0).count());
            prop_assert_eq!(real_zeros(&p), real.len());
        }
    }
}
