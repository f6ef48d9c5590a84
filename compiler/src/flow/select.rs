//! The choice among the forms of a space: one flow for each term, ranked.
//!
//! In:   a [`Space`]; how densities stand on the modes.
//! Out:  [`Choice`]s, the best first.
//! Holds: the order is total, and the number of forms ranked is limited by count, so the answer is the same everywhere.

use super::cost::{Form, Rank, time_order};
use super::factor::Factored;
use super::mode::{Modes, Standing, Values};
use super::search::{Space, Split};
use crate::expr::Expr;
use std::cmp::Ordering;

/// This many forms of one space are ranked; equations of a few terms have fewer.
const MOST_RANKED: usize = 256;

/// A form with its sign, ranked.
pub(crate) struct Choice {
    pub(crate) rank: Rank,
    pub(crate) form: Form,
    pub(crate) standing: Standing,
    /// The sign is the opposite of that of the space.
    pub(crate) flipped: bool,
    /// Which flow of each term.
    pub(crate) pick: Vec<usize>,
}

impl Choice {
    /// The better is the lesser. The sign guessed wins a tie, since nothing then tells the two apart.
    pub(crate) fn compare(&self, other: &Choice) -> Ordering {
        self.rank.cmp(&other.rank).then(self.flipped.cmp(&other.flipped)).then_with(|| self.form.cmp(&other.form))
    }
}

/// What ranks depend on.
pub(crate) struct Judge<'a> {
    pub(crate) modes: &'a Modes<'a>,
    pub(crate) factored: Option<&'a Factored>,
    /// The order of the equation in time.
    pub(crate) order: u32,
    pub(crate) system: bool,
    /// Are both signs tried? Where modes must be bounded, the sign follows from the amplitude of p.
    pub(crate) both_signs: bool,
    /// The standing of every p, where the kind of multiplier settles it.
    pub(crate) settled: Option<Standing>,
}

impl Judge<'_> {
    /// The forms of the space that may be best, ranked, and whether all of those were ranked.
    pub(crate) fn useful(&self, space: &Space) -> (Vec<Choice>, bool) {
        // Each term that can carry the data does; what remains open is ranked.
        let misses = |s: &&Split| time_order(&s.flux).max(time_order(&s.r)) >= self.order;
        let prune = |splits: &Vec<Split>| {
            let carry = splits.iter().any(|s| !misses(&s));
            (0..splits.len()).filter(|i| !carry || !misses(&&splits[*i])).collect()
        };
        self.ranked(space, space.splits.iter().map(prune).collect())
    }

    /// All forms of the space, ranked, and whether all were ranked.
    pub(crate) fn all(&self, space: &Space) -> (Vec<Choice>, bool) {
        self.ranked(space, space.splits.iter().map(|s| (0..s.len()).collect()).collect())
    }

    fn ranked(&self, space: &Space, mut options: Vec<Vec<usize>>) -> (Vec<Choice>, bool) {
        for (options, splits) in options.iter_mut().zip(&space.splits) {
            options.sort_by_cached_key(|i| plainness(&splits[*i]));
        }
        let (picks, complete) = picks(&options);
        let alone = picks.len() == 1 && !self.both_signs;
        let values: Vec<Vec<Option<Values>>> = match (alone, self.settled) {
            (false, None) => space.splits.iter().map(|s| s.iter().map(|s| self.values(&s.p)).collect()).collect(),
            _ => Vec::new(),
        };
        let flips: &[bool] = if self.both_signs { &[false, true] } else { &[false] };
        let mut out = Vec::new();
        for pick in picks {
            let form = added(space, &pick);
            if !form.p.has_field() {
                continue;
            }
            let sum = sum_of(&values, &pick);
            for &flipped in flips {
                let form = if flipped { form.negated() } else { form.clone() };
                let standing = self.settled.unwrap_or_else(|| self.modes.standing(signed(&sum, flipped).as_ref()));
                let mixes = self.factored.is_some_and(|f| !f.carries_alone(&form.p));
                let rank = Rank::new(&form, standing, self.order, mixes, self.system);
                out.push(Choice { rank, form, standing, flipped, pick: pick.clone() });
            }
        }
        out.sort_by(Choice::compare);
        out.dedup_by(|a, b| a.form == b.form);
        (out, complete)
    }

    /// The amplitudes of a part of p; those of 0 are 0.
    fn values(&self, p: &Expr) -> Option<Values> {
        if p.is_zero() { Some(Values::new()) } else { self.modes.values(p) }
    }
}

/// Flows of a term that are plain are tried first.
fn plainness(split: &Split) -> (usize, usize, usize) {
    (split.r.terms().len(), split.p.size(), split.flux.size())
}

/// One option for each term, in all ways: those that differ least from the first options first, up to [`MOST_RANKED`].
fn picks(options: &[Vec<usize>]) -> (Vec<Vec<usize>>, bool) {
    let first: Option<Vec<usize>> = options.iter().map(|o| o.first().copied()).collect();
    let Some(first) = first else { return (Vec::new(), true) };
    let mut out = vec![first.clone()];
    // Each round changes one more of the options than the last, to the right of those changed already.
    let mut open = vec![(0, first)];
    while !open.is_empty() {
        let mut next = Vec::new();
        for (from, pick) in open {
            for (i, options) in options.iter().enumerate().skip(from) {
                for option in &options[1..] {
                    if out.len() == MOST_RANKED {
                        return (out, false);
                    }
                    let mut changed = pick.clone();
                    changed[i] = *option;
                    out.push(changed.clone());
                    next.push((i + 1, changed));
                }
            }
        }
        open = next;
    }
    (out, true)
}

fn added(space: &Space, pick: &[usize]) -> Form {
    let chosen = || space.splits.iter().zip(pick).map(|(splits, i)| &splits[*i]);
    let sum = |part: fn(&Split) -> &Expr| shortest(Expr::add(chosen().map(|s| part(s).clone())));
    Form { p: sum(|s| &s.p), flux: sum(|s| &s.flux), r: sum(|s| &s.r) }
}

/// Coefficients stay as they are written unless terms cancel when they are multiplied out.
fn shortest(e: Expr) -> Expr {
    // Like terms are collected already; only sums among the factors hide more of them.
    let hides = |f: &Expr| match f {
        Expr::Add(_) => true,
        Expr::Pow(base, _) => matches!(**base, Expr::Add(_)),
        _ => false,
    };
    if !e.terms().iter().any(|t| t.factors().iter().any(hides)) {
        return e;
    }
    let expanded = e.expand();
    if expanded.terms().len() < e.terms().len() { expanded } else { e }
}

/// The amplitudes of the parts of p that were picked, added.
fn sum_of(values: &[Vec<Option<Values>>], pick: &[usize]) -> Option<Values> {
    let mut sum = Values::new();
    if values.is_empty() {
        return None;
    }
    for (values, i) in values.iter().zip(pick) {
        let values = values[*i].as_ref()?;
        sum.resize(sum.len().max(values.len()), 0.0.into());
        sum.iter_mut().zip(values).for_each(|(s, v)| *s += v);
    }
    Some(sum)
}

fn signed(values: &Option<Values>, flipped: bool) -> Option<Values> {
    let sign = if flipped { -1.0 } else { 1.0 };
    values.as_ref().map(|v| v.iter().map(|z| z * sign).collect())
}
