//! One condition in one case, from the branches that may carry the density.
//!
//! In:   a [`Situation`].
//! Out:  its [`Outcome`]; of several real roots or factors, the one that makes the best verdict decides, since `L = A B` with
//!       A good makes `B phi` obey A.
//! Holds: both conditions of an equation split its parameters in much the same cases, so the branches of a case are found once.

use super::cases::{Outcome, Situation};
use super::certificate::Which;
use super::{Answer, VerdictKind, c1, c2};
use crate::dispersion::pieces::Piece;
use crate::dispersion::pieces_and_selection;
use crate::dispersion::select::{Candidate, Selection};
use crate::expr::{Facts, Stop};
use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

/// The cases of one equation that were met so far.
#[derive(Default)]
pub(super) struct Judge {
    cases: RefCell<Vec<(Situation, Rc<Branches>)>>,
}

/// The branches of one case, or why there are none.
struct Branches {
    found: Result<(Factors, Selection), Stop>,
    /// Both outcomes of the best candidate, where there are several.
    best: OnceCell<Result<(Outcome, Outcome), Stop>>,
}

impl Judge {
    /// Decides one condition in one case.
    pub fn outcome(&self, situation: &Situation, which: Which) -> Result<Outcome, Stop> {
        if situation.coefficients.len() < 2 {
            return Ok(Outcome::no("without a time derivative nothing evolves, so there is no density to move", None));
        }
        self.branches(situation).outcome(&situation.facts, which)
    }

    fn branches(&self, situation: &Situation) -> Rc<Branches> {
        let known = self.cases.borrow().iter().find(|(s, _)| s.is_same(situation)).map(|(_, b)| Rc::clone(b));
        known.unwrap_or_else(|| {
            let found = pieces_and_selection(&situation.coefficients, &situation.facts);
            let found = found.map(|(pieces, selection)| (Factors::of(&pieces), selection));
            let branches = Rc::new(Branches { found, best: OnceCell::new() });
            self.cases.borrow_mut().push((situation.clone(), Rc::clone(&branches)));
            branches
        })
    }
}

impl Branches {
    fn outcome(&self, facts: &Facts, which: Which) -> Result<Outcome, Stop> {
        let (factors, selection) = self.found.as_ref().map_err(Stop::clone)?;
        let whole = |outcome| without_refutation(outcome, *factors);
        if let [only] = selection.candidates.as_slice() {
            return Ok(whole(match which {
                Which::C1 => c1::decide(only, selection.problem, facts),
                Which::C2 => c2::decide(only, selection.problem, facts),
            }?));
        }
        let (c1, c2) = self.best.get_or_init(|| best(selection, facts)).clone()?;
        let good = c1.answer == Answer::Yes && c2.answer == Answer::Yes;
        let mut outcome = if which == Which::C1 { c1 } else { c2 };
        if good {
            outcome.reason.push_str("; the symbol factors, and p is taken from the other factor applied to phi");
        }
        Ok(whole(outcome))
    }
}

/// The factors of a symbol.
#[derive(Clone, Copy, PartialEq)]
enum Factors {
    One,
    /// One, repeated: all have the same lambda.
    Repeated,
    Several,
}

impl Factors {
    fn of(pieces: &[Piece]) -> Factors {
        let is_same = |a: &Piece, b: &Piece| match (a, b) {
            (Piece::Linear { numerator: n, denominator: d }, Piece::Linear { numerator: m, denominator: e }) => {
                (n * e - m * d).vanishes()
            }
            (a, b) => a == b,
        };
        match pieces {
            [] | [_] => Factors::One,
            [first, others @ ..] if others.iter().all(|piece| is_same(first, piece)) => Factors::Repeated,
            _ => Factors::Several,
        }
    }
}

/// Both outcomes of the first of the best: of two that fail, the one that satisfies C2, which asks for some branch.
fn best(selection: &Selection, facts: &Facts) -> Result<(Outcome, Outcome), Stop> {
    let problem = selection.problem;
    // A condition that is open for one branch says nothing of the other condition, nor of the other branches.
    let open = |found: Result<Outcome, Stop>| match found {
        Err(Stop::Undecided(why)) => Ok(Outcome::undecided(why)),
        settled => settled,
    };
    let judge = |c: &Candidate| Ok((open(c1::decide(c, problem, facts))?, open(c2::decide(c, problem, facts))?));
    let all = selection.candidates.iter().map(judge).collect::<Result<Vec<(Outcome, Outcome)>, Stop>>()?;
    let no_branch = || Stop::Undecided("no branch".to_owned());
    let (_, pair) = all.into_iter().enumerate().min_by_key(|(i, pair)| (rank(pair), *i)).ok_or_else(no_branch)?;
    Ok(pair)
}

/// How good the verdict is that two answers make, best first. An open one comes before a failure, which it may overturn.
fn rank((c1, c2): &(Outcome, Outcome)) -> (u8, bool) {
    let kind = match VerdictKind::from_answers(c1.answer, c2.answer) {
        VerdictKind::SGenerative => 0,
        VerdictKind::Undecided => 1,
        VerdictKind::Conditional => 2,
        VerdictKind::NotSGenerative => 3,
    };
    (kind, c2.answer != Answer::Yes)
}

/// A refutation is a proof only when it is about every root; about one factor of several, the witness speaks.
fn without_refutation(outcome: Outcome, factors: Factors) -> Outcome {
    if outcome.answer != Answer::No || factors == Factors::One {
        return outcome;
    }
    match outcome.witness {
        Some(_) => outcome.proved_by(None),
        None if factors == Factors::Repeated => outcome.proved_by(None),
        None => Outcome::undecided(format!("for the other factors of the symbol; of one, {}", outcome.reason)),
    }
}
