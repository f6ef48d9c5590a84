//! The roots of `P(s, kappa)` counted: how many lie below a level, how many are real, on every piece of the half line.
//!
//! In:   a polynomial in s whose coefficients are sums of powers of kappa with numeric coefficients.
//! Out:  levels at which paths start, and counts on the pieces between the numbers at which they can change.
//! Holds: exact, by Sturm's theorem and the Cauchy index; a count that would need more is none.
//! Source: theory of the dispersion criterion: roots cross `Re s = level` only where the last but one Hurwitz determinant about
//!       the level, or `P(level, kappa)`, vanishes (Orlando's formula).

use super::c2::sum;
use crate::expr::{
    Expr, Facts, HalfLine, HalfPlanes, Rational, Sign, Stop, Sturm, Surd, discriminant, hurwitz, negative_zeros,
    rational, shifted, squarefree,
};
use num_traits::Zero;

/// A level `Re s(0)`, and how the roots at `kappa = 0` lie about it.
pub(super) struct Level {
    pub value: Expr,
    pub start: HalfPlanes,
    /// The number of real roots below it at `kappa = 0`.
    pub real_below: usize,
}

/// The coefficients at one kappa, constant first.
pub(super) fn at(coefficients: &[Expr], kappa: &Rational) -> Option<Vec<Surd>> {
    let here = |c: &Expr| c.substitute(&Expr::kappa(), &Expr::Num(kappa.clone())).expand();
    Surd::read_all(&coefficients.iter().map(here).collect::<Vec<_>>())
}

/// The distinct real parts of the roots at `kappa = 0`, rising; and are these all of them? Those of a factor of higher than
/// second order without rational roots are not found.
pub(super) fn levels(coefficients: &[Expr]) -> Option<(Vec<Level>, bool)> {
    let start = at(coefficients, &Rational::zero())?;
    if start.last()?.is_zero() {
        return None;
    }
    let (mut values, rest): (Vec<Expr>, Vec<Surd>) = rational_roots(start);
    let complete = rest.len() <= 3;
    if let [c, b, a] = rest.as_slice() {
        let [a, b, c] = [a, b, c].map(Surd::expr);
        let middle = (-b.clone() / (Expr::int(2) * a.clone())).expand();
        let square = (b.powi(2) - Expr::int(4) * a.clone() * c).expand();
        match Surd::read(&square)?.is_negative() {
            true => values.push(middle),
            false => {
                let half = (square.sqrt() / (Expr::int(2) * a)).expand();
                values.extend([(middle.clone() - half.clone()).expand(), (middle + half).expand()]);
            }
        }
    }
    let mut levels = Vec::new();
    for value in values {
        let about = at(&shifted(coefficients, &value), &Rational::zero())?;
        let start = HalfPlanes::of(&about);
        if levels.iter().all(|l: &Level| l.start != start) {
            levels.push(Level { value, start, real_below: negative_zeros(&about) });
        }
    }
    levels.sort_by_key(|l| l.start.left);
    Some((levels, complete))
}

/// The distinct rational roots, and what is left when all their factors are divided out.
pub(super) fn rational_roots(mut p: Vec<Surd>) -> (Vec<Expr>, Vec<Surd>) {
    let mut roots = Vec::new();
    if p.first().is_some_and(Zero::is_zero) {
        roots.push(Expr::zero());
        p = p.into_iter().skip_while(Zero::is_zero).collect();
    }
    for sign in [1, -1] {
        let turned: Vec<Surd> =
            p.iter().enumerate().map(|(n, c)| c.scaled(&rational(if n % 2 == 1 { sign } else { 1 }, 1))).collect();
        for place in Sturm::new(&squarefree(&turned)).positive_zeros() {
            if place.low == place.high {
                let root = place.low * rational(sign, 1);
                roots.push(Expr::Num(root.clone()));
                p = without(p, &root);
            }
        }
    }
    (roots, p)
}

/// Divided by `s - root` as often as that goes.
fn without(mut p: Vec<Surd>, root: &Rational) -> Vec<Surd> {
    loop {
        // Synthetic division: the last number is the remainder.
        let mut carried: Vec<Surd> = Vec::with_capacity(p.len());
        for c in p.iter().rev() {
            let carry = carried.last().map_or_else(Surd::zero, |q| q.scaled(root));
            carried.push(carry + c.clone());
        }
        if carried.len() < 2 || !carried.pop().is_some_and(|rest| rest.is_zero()) {
            return p;
        }
        carried.reverse();
        p = carried;
    }
}

/// Counts on the pieces of an line: open pieces at even places, single numbers between.
pub(super) struct Counts {
    pub line: HalfLine,
    /// How many roots lie below the level; none where that is not decided.
    pub below: Vec<Option<usize>>,
    /// How many real ones do; none at all when real roots may meet.
    pub real_below: Option<Vec<Option<usize>>>,
}

/// Counts the roots of a polynomial shifted to the level.
pub(super) fn below(about: &[Expr], facts: &Facts) -> Result<Counts, Stop> {
    let order = about.len() - 1;
    let determinants = hurwitz(about);
    let collisions = sum(&discriminant(about))?;
    let place = |k: usize| if k == 0 { Ok(sum(&Expr::one())?) } else { sum(&determinants[k - 1]) };
    // Where P(level, kappa) or the determinant of order n - 1 vanishes; a pair +-i w has w^2 = P D(n-3)/D(n-2) there.
    let mut functions =
        vec![sum(&about[0])?, place(order - 1)?, place(order - 2)?, place(order - 3)?, sum(&about[order])?];
    let crossing_vanishes = functions[1].terms.is_empty();
    if crossing_vanishes {
        // Pairs symmetric about the level throughout: their number on it changes only where roots meet.
        functions[1] = collisions.clone();
    }
    functions.push(collisions.clone());
    let line = HalfLine::cut(&functions, facts)?;
    if line.samples.is_empty() {
        return Err(Stop::Undecided("the number of roots below a level, with these parameters".to_owned()));
    }
    if line.signs.iter().any(|s| s[4] != Sign::POSITIVE) {
        return Err(Stop::Undecided(format!("the coefficient {} vanishes at some k", about[order])));
    }
    let exact = |piece: usize| match piece % 2 {
        0 => line.samples.get(piece / 2).cloned(),
        _ if line.exact(piece / 2) => line.zeros[piece / 2].as_num().cloned(),
        _ => None,
    };
    let pieces = 0..line.signs.len();
    let numbers: Vec<Option<Vec<Surd>>> = pieces.clone().map(|i| at(about, &exact(i)?)).collect();
    let known: Vec<Option<usize>> = numbers.iter().map(|p| Some(HalfPlanes::of(p.as_ref()?).left)).collect();
    let between = |known: &[Option<usize>], i: usize, met: Met| match (
        known[i],
        known.get(i.wrapping_sub(1)),
        known.get(i + 1),
    ) {
        (Some(n), ..) => Some(n),
        (None, Some(Some(a)), Some(Some(b))) => match met {
            Met::No => Some(*a),
            Met::Yes if a != b => Some(*a.min(b)),
            _ => None,
        },
        _ => None,
    };
    let below = pieces.clone().map(|i| between(&known, i, met(&line.signs[i], crossing_vanishes))).collect();
    let apart = line.signs.iter().all(|s| s[5] != Sign::ZERO);
    let real_below = apart.then(|| {
        let known: Vec<Option<usize>> = numbers.iter().map(|p| Some(negative_zeros(p.as_ref()?))).collect();
        let at_level = |i: usize| if line.signs[i][0] == Sign::ZERO { Met::Yes } else { Met::No };
        pieces.map(|i| between(&known, i, at_level(i))).collect()
    });
    Ok(Counts { line, below, real_below })
}

/// Does a root lie on the level at a single number?
enum Met {
    No,
    Yes,
    Open,
}

fn met(signs: &[Sign], crossing_vanishes: bool) -> Met {
    let (value, crossing, next, last) = (signs[0], signs[1], signs[2], signs[3]);
    match (value == Sign::ZERO, crossing == Sign::ZERO) {
        (true, true) => Met::Open,
        (true, false) => Met::Yes,
        (false, false) => Met::No,
        (false, true) if crossing_vanishes => Met::Open,
        (false, true) => match value.times(next).times(last) {
            Sign::POSITIVE => Met::Yes,
            Sign::NEGATIVE => Met::No,
            _ => Met::Open,
        },
    }
}
