//! Polynomials in `s` with coefficients in `kappa` and parameters: shifts, Hurwitz determinants, the discriminant.
//!
//! In:   coefficients, constant first.
//! Out:  expressions, multiplied out.
//! Holds: exact; no division.
//! Source: Gantmacher, The Theory of Matrices, Ch. XV; minors by expansion along rows, each once.

use super::{Expr, rational};
use std::collections::BTreeMap;

/// The largest order of an equation taken on: the discriminant is a determinant of twice that size.
pub(crate) const HIGHEST_ORDER: usize = 6;

/// `P(level + y)` by powers of y.
pub(crate) fn shifted(coefficients: &[Expr], level: &Expr) -> Vec<Expr> {
    // Horner's scheme: q (level + y) + c.
    coefficients.iter().rev().fold(Vec::new(), |q: Vec<Expr>, c| {
        let mut out = vec![Expr::zero(); q.len() + 1];
        out[0] = c.clone();
        for (i, e) in q.iter().enumerate() {
            out[i] = (out[i].clone() + level.clone() * e.clone()).expand();
            out[i + 1] = (out[i + 1].clone() + e.clone()).expand();
        }
        out
    })
}

/// The Hurwitz determinants: with a positive leading coefficient all roots have `Re < 0` exactly when all are positive.
pub(crate) fn hurwitz(coefficients: &[Expr]) -> Vec<Expr> {
    let n = coefficients.len().saturating_sub(1);
    // Entry (i, j) is the coefficient of the power n - (2 j - i), counted from 1.
    let entry = |i: usize, j: usize| {
        let below = (2 * (j + 1)).checked_sub(i + 1).filter(|k| *k <= n);
        below.map_or_else(Expr::zero, |k| coefficients[n - k].clone())
    };
    let rows: Vec<Vec<Expr>> = (0..n).map(|i| (0..n).map(|j| entry(i, j)).collect()).collect();
    leading_minors(&rows)
}

/// The resultant of P and its derivative, up to sign `lead` times the discriminant: zero where two roots meet.
pub(crate) fn discriminant(coefficients: &[Expr]) -> Expr {
    let n = coefficients.len().saturating_sub(1);
    let slope: Vec<Expr> =
        (1..=n).map(|k| (Expr::Num(rational(k as i64, 1)) * coefficients[k].clone()).expand()).collect();
    let size = (2 * n).saturating_sub(1);
    let row = |p: &[Expr], shift: usize| -> Vec<Expr> {
        (0..size)
            .map(|j| j.checked_sub(shift).and_then(|j| p.iter().rev().nth(j)).cloned().unwrap_or_else(Expr::zero))
            .collect()
    };
    let mut rows: Vec<Vec<Expr>> = (0..n.saturating_sub(1)).map(|i| row(coefficients, i)).collect();
    rows.extend((0..n).map(|i| row(&slope, i)));
    leading_minors(&rows).pop().unwrap_or_else(Expr::one)
}

/// The determinants of the upper left squares. A minor of the first rows is kept for every set of columns.
fn leading_minors(rows: &[Vec<Expr>]) -> Vec<Expr> {
    let mut minors: BTreeMap<u32, Expr> = BTreeMap::from([(0, Expr::one())]);
    let mut out = Vec::with_capacity(rows.len());
    for (i, row) in rows.iter().enumerate() {
        let mut sums: BTreeMap<u32, Vec<Expr>> = BTreeMap::new();
        for (columns, minor) in &minors {
            for (j, entry) in row.iter().enumerate().filter(|(j, e)| columns & (1 << j) == 0 && !e.is_zero()) {
                // Columns of the set beyond j each cost a change of sign.
                let sign = if (columns >> j).count_ones() % 2 == 0 { 1 } else { -1 };
                let term = Expr::int(sign) * entry.clone() * minor.clone();
                sums.entry(columns | (1 << j)).or_default().push(term);
            }
        }
        minors = sums
            .into_iter()
            .map(|(set, terms)| (set, Expr::add(terms).expand()))
            .filter(|(_, e)| !e.is_zero())
            .collect();
        out.push(minors.get(&((1u32 << (i + 1)) - 1)).cloned().unwrap_or_else(Expr::zero));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_determinants() {
        let s = |name: &str| Expr::sym(name);
        let (a, b, c) = (s("a"), s("b"), s("c"));
        // s^3 + a s^2 + b s + c: a, a b - c, c (a b - c).
        let cubic = [c.clone(), b.clone(), a.clone(), Expr::one()];
        let second = (a.clone() * b.clone() - c.clone()).expand();
        assert_eq!(hurwitz(&cubic), [a.clone(), second.clone(), (c.clone() * second).expand()]);
        // The discriminant of s^2 + b s + c, and of s^3 + b s + c, up to sign.
        let quadratic = discriminant(&[c.clone(), b.clone(), Expr::one()]);
        assert_eq!(quadratic, (Expr::int(4) * c.clone() - b.clone().powi(2)).expand());
        let depressed = discriminant(&[c.clone(), b.clone(), Expr::zero(), Expr::one()]);
        assert_eq!(depressed, (Expr::int(4) * b.powi(3) + Expr::int(27) * c.powi(2)).expand());
        // (y + 2)^3 about -2.
        let cube = [Expr::int(8), Expr::int(12), Expr::int(6), Expr::one()];
        let about = shifted(&cube, &Expr::int(-2));
        assert_eq!(about, [Expr::zero(), Expr::zero(), Expr::zero(), Expr::one()]);
        let constant = [a];
        assert_eq!(shifted(&constant, &Expr::one()), constant);
    }
}
