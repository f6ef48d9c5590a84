//! When something holds: cases, any of which suffices, each a conjunction of signs, in the user's letters.
//!
//! In:   the answers, arranged by the signs they hang on, and which of them are meant.
//! Out:  a [`Formula`], with its text.
//! Holds: equivalent to the cases it was read from, under the assumptions. `and` binds closer than `or` in the text, so that no brackets
//!        are needed.

use super::cases::{Outcome, Tree};
use super::certificate::SideCondition;
use crate::expr::{Facts, Sign};

/// Cases beyond this number are not compared with each other.
const MOST_COMPARED: usize = 24;

/// Signs that hold together.
pub(super) type Case = Vec<SideCondition>;

/// When something holds.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Formula {
    Never,
    Always,
    /// In any of these cases.
    When(Vec<Case>),
}

impl Formula {
    /// When `good` holds of the answer.
    pub fn of(tree: &Tree, facts: &Facts, good: &dyn Fn(&Outcome) -> bool) -> Formula {
        match read(tree, good) {
            Formula::When(cases) => simplified(cases, facts),
            settled => settled,
        }
    }

    /// `a > 0 and b = 0, or a < 0`, unless it holds always or never.
    pub fn text(&self) -> Option<String> {
        let Formula::When(cases) = self else { return None };
        let case = |case: &Case| {
            let signs: Vec<String> = case.iter().map(|c| c.sign.describe(&c.expression)).collect();
            signs.join(" and ")
        };
        Some(cases.iter().map(case).collect::<Vec<_>>().join(", or "))
    }
}

/// Signs with the same formula below them are one case.
fn read(tree: &Tree, good: &dyn Fn(&Outcome) -> bool) -> Formula {
    let (e, branches) = match tree {
        Tree::Leaf(outcome, _) => return if good(outcome) { Formula::Always } else { Formula::Never },
        Tree::Split(e, branches) => (e, branches),
    };
    let mut groups: Vec<(Sign, Formula)> = Vec::new();
    for (sign, below) in branches.iter().map(|(sign, tree)| (*sign, read(tree, good))) {
        match groups.iter_mut().find(|(_, f)| *f == below) {
            Some((signs, _)) => *signs = signs.or(sign),
            None => groups.push((sign, below)),
        }
    }
    if groups.len() == 1 {
        return groups.swap_remove(0).1;
    }
    let mut cases = Vec::new();
    for (sign, below) in groups {
        let here = SideCondition::new(e.clone(), sign);
        match below {
            Formula::Never => {}
            Formula::Always => cases.push(vec![here]),
            Formula::When(inner) => {
                cases.extend(inner.into_iter().map(|case| std::iter::once(here.clone()).chain(case).collect()));
            }
        }
    }
    if cases.is_empty() { Formula::Never } else { Formula::When(cases) }
}

/// Without signs that follow from others, and without cases that are part of others.
fn simplified(cases: Vec<Case>, facts: &Facts) -> Formula {
    let mut cases: Vec<Case> = cases.into_iter().map(|case| without_consequences(case, facts)).collect();
    if cases.len() <= MOST_COMPARED {
        while let Some((i, j, sum)) = joined(&cases, facts) {
            cases[i] = sum;
            cases.remove(j);
        }
    }
    if cases.iter().any(Vec::is_empty) { Formula::Always } else { Formula::When(cases) }
}

/// What follows from the rest of a case is left out of it.
fn without_consequences(mut case: Case, facts: &Facts) -> Case {
    let mut i = 0;
    while i < case.len() {
        let others = assuming(case[..i].iter().chain(&case[i + 1..]), facts);
        if others.sign(&case[i].expression).is(case[i].sign) {
            case.remove(i);
        } else {
            i += 1;
        }
    }
    case
}

fn assuming<'a>(case: impl Iterator<Item = &'a SideCondition>, facts: &Facts) -> Facts {
    let mut known = facts.clone();
    case.for_each(|c| known.assume(&c.expression, c.sign));
    known
}

/// Two cases that are one: the second is part of the first, or they differ in the sign of one expression.
fn joined(cases: &[Case], facts: &Facts) -> Option<(usize, usize, Case)> {
    let pairs = (0..cases.len()).flat_map(|i| (0..cases.len()).map(move |j| (i, j))).filter(|(i, j)| i != j);
    pairs.into_iter().find_map(|(i, j)| {
        let (a, b) = (&cases[i], &cases[j]);
        let known = assuming(b.iter(), facts);
        if a.iter().all(|c| known.sign(&c.expression).is(c.sign)) {
            return Some((i, j, a.clone()));
        }
        let differ: Vec<usize> = (0..a.len()).filter(|n| b.get(*n) != Some(&a[*n])).collect();
        match differ.as_slice() {
            [n] if i < j && a.len() == b.len() && a[*n].expression == b[*n].expression => {
                let mut sum = a.clone();
                sum[*n].sign = a[*n].sign.or(b[*n].sign);
                Some((i, j, without_consequences(sum, facts)))
            }
            _ => None,
        }
    })
}
