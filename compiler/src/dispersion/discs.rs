//! Discs that are proved to hold the roots of a polynomial.
//!
//! In:   coefficients as exact numbers with exact error bounds, and approximate roots, as many as the degree.
//! Out:  one disc per approximate root; discs that touch are merged, and hold as many roots as were merged.
//! Holds: exact arithmetic; only the last step to a radius in doubles is rounded, upwards.
//! Source: Smith, J. ACM 17 (1970) 137: for any distinct `z_i` all roots lie in the discs of radius
//!       `n |P(z_i)| / (|lead| prod |z_i - z_j|)` about them, and every component holds as many roots as discs.

use crate::expr::{Rational, rational};
use num_traits::{Signed, ToPrimitive, Zero};

/// A real number within `radius` of `middle`.
#[derive(Clone, Debug)]
pub(super) struct Ball {
    pub middle: Rational,
    pub radius: Rational,
}

/// A disc with exactly so many roots.
pub(super) struct Disc {
    pub re: Rational,
    pub im: Rational,
    pub radius: f64,
    pub roots: usize,
}

type Point = (Rational, Rational);

/// A disc for each approximate root, in their order.
pub(super) fn discs(coefficients: &[(Ball, Ball)], centres: &[Point]) -> Option<Vec<Disc>> {
    if coefficients.len() != centres.len() + 1 {
        return None;
    }
    // Equal centres are spread a little; how little is good depends on how exact they are.
    let spreads = [1e-15, 1e-13, 1e-11, 1e-9, 1e-7, 1e-5];
    let apart = (0..centres.len()).all(|i| !centres[..i].contains(&centres[i]));
    let tries: &[f64] = if apart { &[0.0] } else { &spreads };
    let radius = |discs: &Vec<Disc>| discs.iter().map(|d| d.radius).fold(0.0, f64::max);
    let all = tries.iter().filter_map(|spread| about(coefficients, &spread_out(centres, *spread)?));
    all.min_by(|a, b| radius(a).total_cmp(&radius(b)))
}

/// The j-th of several equal centres moves to the j-th corner of a small polygon.
fn spread_out(centres: &[Point], spread: f64) -> Option<Vec<Point>> {
    let mut out = Vec::with_capacity(centres.len());
    for (i, (x, y)) in centres.iter().enumerate() {
        let equal: Vec<usize> = (0..centres.len()).filter(|j| centres[*j] == centres[i]).collect();
        if equal.len() == 1 {
            out.push((x.clone(), y.clone()));
            continue;
        }
        let place = equal.iter().position(|j| *j == i)? as f64;
        let angle = (place + 0.25) * std::f64::consts::TAU / equal.len() as f64;
        let size = spread * (1.0 + x.to_f64()?.hypot(y.to_f64()?));
        let step = |t: f64| Rational::from_float(size * t);
        out.push((x + step(angle.cos())?, y + step(angle.sin())?));
    }
    Some(out)
}

fn about(coefficients: &[(Ball, Ball)], centres: &[Point]) -> Option<Vec<Disc>> {
    let n = centres.len();
    let (lead, error) = coefficients.last().map(|(re, im)| ((&re.middle, &im.middle), &re.radius + &im.radius))?;
    let lead = modulus_below(&(lead.0.clone(), lead.1.clone())) - above(&error);
    let radii: Option<Vec<f64>> = (0..n)
        .map(|i| {
            let others = (0..n).filter(|j| *j != i).map(|j| modulus_below(&minus(&centres[i], &centres[j])));
            let below = others.fold(lead, |p, d| (p * d).next_down());
            let radius = (n as f64 * value_above(coefficients, &centres[i])).next_up() / below;
            (below > 0.0 && radius.is_finite()).then_some(radius.next_up())
        })
        .collect();
    let radii = radii?;
    let touch = |i: usize, j: usize| modulus_below(&minus(&centres[i], &centres[j])) <= (radii[i] + radii[j]).next_up();
    let mut component: Vec<usize> = (0..n).collect();
    for i in 0..n {
        for j in 0..i {
            if touch(i, j) && component[i] != component[j] {
                let (old, new) = (component[i], component[j]);
                component.iter_mut().filter(|c| **c == old).for_each(|c| *c = new);
            }
        }
    }
    (0..n)
        .map(|i| {
            let members: Vec<usize> = (0..n).filter(|j| component[*j] == component[i]).collect();
            let count = rational(members.len() as i64, 1);
            let mean = |part: fn(&Point) -> &Rational| {
                members.iter().map(|j| part(&centres[*j])).fold(Rational::zero(), |s, x| s + x) / &count
            };
            let middle = (mean(|z| &z.0), mean(|z| &z.1));
            let reach = members.iter().map(|j| (modulus_above(&minus(&centres[*j], &middle)) + radii[*j]).next_up());
            let radius = reach.fold(0.0, f64::max);
            Some(Disc { re: middle.0, im: middle.1, radius, roots: members.len() })
        })
        .collect()
}

/// A bound on `|P(z)|` for every polynomial with these coefficients.
fn value_above(coefficients: &[(Ball, Ball)], z: &Point) -> f64 {
    let mut value = (Rational::zero(), Rational::zero());
    let (mut error, size) = (0.0f64, modulus_above(z));
    for (re, im) in coefficients.iter().rev() {
        let (x, y) = (&value.0 * &z.0 - &value.1 * &z.1, &value.0 * &z.1 + &value.1 * &z.0);
        value = (x + &re.middle, y + &im.middle);
        error = ((error * size).next_up() + above(&(&re.radius + &im.radius))).next_up();
    }
    (modulus_above(&value) + error).next_up()
}

fn minus(a: &Point, b: &Point) -> Point {
    (&a.0 - &b.0, &a.1 - &b.1)
}

/// At least the number, which is not negative.
fn above(x: &Rational) -> f64 {
    if x.is_zero() { 0.0 } else { x.abs().to_f64().unwrap_or(f64::INFINITY).next_up() }
}

fn modulus_above(z: &Point) -> f64 {
    let square = &z.0 * &z.0 + &z.1 * &z.1;
    if square.is_zero() { 0.0 } else { above(&square).sqrt().next_up() }
}

fn modulus_below(z: &Point) -> f64 {
    let square = (&z.0 * &z.0 + &z.1 * &z.1).to_f64().unwrap_or(0.0);
    square.next_down().max(0.0).sqrt().next_down().max(0.0)
}
