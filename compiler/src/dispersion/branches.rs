//! Closed forms of the branches of each piece.
//!
//! In:   a [`Piece`] and the facts.
//! Out:  its roots `s(kappa)`, the selected one first.
//! Holds: each root solves its piece exactly; square roots are simplified only as far as the facts allow.

use super::pieces::Piece;
use super::select::Which;
use super::{Branch, Root};
use crate::expr::{Expr, Facts, KappaSum, Range, Var, rational};

impl Branch {
    fn new(growth: Expr) -> Branch {
        let omega = (Expr::Imag * growth.clone()).expand();
        Branch { growth, omega, range: "all k".to_owned(), root: None }
    }

    /// A root without closed form; its name stands for it in texts.
    fn root(number: usize, polynomial: &Expr) -> Branch {
        let growth = Expr::sym(&format!("root {number} of ({polynomial})"));
        let omega = Expr::Imag * growth.clone();
        let range = "all k, numbered by rising Re s".to_owned();
        Branch { growth, omega, range, root: Some(Root { number, polynomial: polynomial.clone() }) }
    }

    /// The branch at rest when it was found in a frame that moves with velocity `drift`.
    pub(super) fn drifting(self, drift: &Option<Expr>) -> Branch {
        let Some(c) = drift else { return self };
        let shift = c.clone() * Expr::sym(super::WAVE_NUMBER);
        Branch {
            growth: (self.growth - Expr::Imag * shift.clone()).expand(),
            omega: (self.omega + shift).expand(),
            range: self.range,
            root: self.root,
        }
    }
}

/// The branches of a piece, the meant one first.
pub(super) fn branches(piece: &Piece, which: Which, facts: &Facts) -> Vec<Branch> {
    match piece {
        Piece::Linear { numerator, denominator } => vec![Branch::new(linear_growth(numerator, denominator))],
        Piece::Quadratic { a, b, c } => quadratic([a, b, c], which, facts).map(Branch::new).into(),
        Piece::Power { order, modulus, negative } => power_branches(*order, modulus, *negative),
        Piece::Polynomial { coefficients } => {
            if let Some(closed) = Piece::biquadratic(coefficients) {
                return biquadratic(closed, facts);
            }
            let s = Expr::Var(Var::Growth);
            let terms = coefficients.iter().zip(0..).map(|(c, n)| c.clone() * s.clone().powi(n));
            let polynomial = Expr::add(terms).expand();
            (1..coefficients.len()).map(|number| Branch::root(number, &polynomial)).collect()
        }
    }
}

/// `s(kappa)` of the meant root of a piece; every piece has at least one.
pub(crate) fn growth(piece: &Piece, which: Which, facts: &Facts) -> Expr {
    match piece {
        Piece::Linear { numerator, denominator } => linear_growth(numerator, denominator),
        Piece::Quadratic { a, b, c } => {
            let [meant, _] = quadratic([a, b, c], which, facts);
            meant
        }
        other => branches(other, which, facts).swap_remove(0).growth,
    }
}

/// Both roots, the meant one first.
fn quadratic([a, b, c]: [&Expr; 3], which: Which, facts: &Facts) -> [Expr; 2] {
    let (middle, half) = quadratic_parts(a, b, c, facts);
    let plus = (middle.clone() + half.clone()).expand();
    let minus = (middle - half).expand();
    if which == Which::Slow && !undamped(a, b, c, facts) { [plus, minus] } else { [minus, plus] }
}

/// The square roots of the two roots in `s^2`, the decaying ones first.
fn biquadratic([c, b, a]: [&Expr; 3], facts: &Facts) -> Vec<Branch> {
    let (middle, half) = quadratic_parts(a, b, c, facts);
    let (far, near) = ((middle.clone() + half.clone()).expand().sqrt(), (middle - half).expand().sqrt());
    [-far.clone(), -near.clone(), near, far].into_iter().map(Branch::new).collect()
}

/// `s = -numerator/denominator`, a complex number in the denominator made real.
fn linear_growth(numerator: &Expr, denominator: &Expr) -> Expr {
    let (dr, di) = denominator.real_and_imaginary();
    if di.is_zero() {
        return (-numerator.clone() / denominator.clone()).expand();
    }
    let conjugate = dr.clone() - Expr::Imag * di.clone();
    ((-numerator.clone() * conjugate).expand() / (dr.powi(2) + di.powi(2)).expand()).expand()
}

/// `-b/(2a)` and `sqrt(b^2/4 - a c)/a`, written `i sqrt(..)` when the radicand is negative for every k.
pub fn quadratic_parts(a: &Expr, b: &Expr, c: &Expr, facts: &Facts) -> (Expr, Expr) {
    let quarter = (Expr::Num(rational(1, 4)) * b.clone().powi(2) - a.clone() * c.clone()).expand().expand();
    let negative = KappaSum::read(&quarter).is_some_and(|q| q.range(facts) == Ok(Range::Negative));
    let root = |radicand: &Expr| {
        if b.is_zero() && a.contains(&Expr::kappa()) {
            // sqrt(-c/a): the fraction shows more than sqrt(-a c)/a.
            let sign = if negative { c.clone() } else { -c.clone() };
            (sign / a.clone()).sqrt()
        } else {
            radicand.root(facts) / a.clone()
        }
    };
    let half = if negative { Expr::Imag * root(&-quarter) } else { root(&quarter) };
    ((-b.clone() / (Expr::int(2) * a.clone())).expand(), half)
}

fn undamped(a: &Expr, b: &Expr, c: &Expr, facts: &Facts) -> bool {
    if !b.is_zero() {
        return false;
    }
    let discriminant = Piece::discriminant(a, b, c);
    KappaSum::read(&discriminant).is_some_and(|d| d.range(facts) == Ok(Range::Negative))
}

/// The roots of `s^order = +-modulus`, by increasing real part.
fn power_branches(order: u32, modulus: &Expr, negative: bool) -> Vec<Branch> {
    let modulus = Expr::pow(modulus.clone(), Expr::Num(rational(1, i64::from(order))));
    let n = i64::from(order);
    let mut angles: Vec<(i64, i64)> =
        (0..n).map(|j| if negative { (2 * j + 1, n) } else { (2 * j, n) }).map(|(p, q)| (wrap(p, q), q)).collect();
    // Angles in units of pi/order; the most negative cosine first, the lower half plane before the upper.
    angles.sort_by_key(|(p, _)| (-p.abs(), *p));
    angles.into_iter().map(|(p, q)| Branch::new((modulus.clone() * unit(p, q)).expand())).collect()
}

/// The angle `p pi/q` with `p` in `(-q, q]`.
fn wrap(p: i64, q: i64) -> i64 {
    let p = p.rem_euclid(2 * q);
    if p > q { p - 2 * q } else { p }
}

/// `exp(i pi p/q)`: exact roots for the angles that have them, else a power of -1.
fn unit(p: i64, q: i64) -> Expr {
    let half = Expr::Num(rational(1, 2));
    let (cos, sin) = match (12 * p.abs()) / q {
        0 if p == 0 => (Expr::one(), Expr::zero()),
        12 => (-Expr::one(), Expr::zero()),
        6 if 2 * p.abs() == q => (Expr::zero(), Expr::one()),
        4 if 3 * p.abs() == q => (half.clone(), half * Expr::int(3).sqrt()),
        8 if 3 * p.abs() == 2 * q => (-half.clone(), half * Expr::int(3).sqrt()),
        3 if 4 * p.abs() == q => (half.clone() * Expr::int(2).sqrt(), half * Expr::int(2).sqrt()),
        9 if 4 * p.abs() == 3 * q => (-half.clone() * Expr::int(2).sqrt(), half * Expr::int(2).sqrt()),
        2 if 6 * p.abs() == q => (half.clone() * Expr::int(3).sqrt(), half),
        10 if 6 * p.abs() == 5 * q => (-half.clone() * Expr::int(3).sqrt(), half),
        // The principal powers of -1 have angles in (0, pi); the others are their opposites.
        _ if p < 0 => return -Expr::pow(Expr::int(-1), Expr::Num(rational(p + q, q))),
        _ => return Expr::pow(Expr::int(-1), Expr::Num(rational(p, q))),
    };
    cos + Expr::int(p.signum()) * Expr::Imag * sin
}
