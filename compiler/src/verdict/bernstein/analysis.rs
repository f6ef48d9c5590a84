//! What the e-graph knows of every function: the strongest fact, with the steps that show it.
//!
//! In:   a term whose parts are known.
//! Out:  [`Known`]: Bernstein, complete Bernstein, completely monotone, Stieltjes, or the sign that is missing.
//! Holds: a fact shown of one form is a fact about the class, so equal forms share it. Facts only ever grow stronger, and
//!        shorter where they are equally strong.

use super::compose;
use super::language::{Leaf, Term, meaning};
use crate::expr::{Expr, Facts, Stop, rational};
use crate::verdict::certificate::{Node, Rule, SideCondition};
use egg::{Analysis, DidMerge, EGraph, Id};
use std::cmp::{Ordering, Reverse};
use std::collections::HashMap;
use std::rc::Rc;

/// How a function that is shown runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// A constant `c >= 0`, which is of either kind.
    Constant,
    /// A Bernstein function.
    Rising,
    /// A completely monotone function.
    Falling,
}

/// One step of a proof and the steps it rests on.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub rule: Rule,
    pub function: Expr,
    /// The function as the rule makes it.
    pub made: Expr,
    pub sides: Vec<SideCondition>,
    pub children: Vec<Rc<Shown>>,
    pub kind: Kind,
    /// Complete Bernstein, or Stieltjes.
    pub complete: bool,
    pub steps: usize,
}

impl Shown {
    /// The step by `rule`; the caller has checked what the rule asks for.
    pub fn new(rule: Rule, function: Expr, sides: Vec<SideCondition>, children: Vec<Rc<Shown>>, kind: Kind) -> Shown {
        let lost = matches!(rule, Rule::Exponential | Rule::Decay | Rule::Product);
        let complete = !lost && children.iter().all(|c| c.complete);
        let steps = 1 + children.iter().map(|c| c.steps).sum::<usize>();
        Shown { rule, made: function.clone(), function, sides, children, kind, complete, steps }
    }

    /// The proof as a tree.
    pub fn tree(&self) -> Node {
        let because = if self.kind == Kind::Falling { self.rule.because_falling() } else { self.rule.because() };
        Node {
            rule: self.rule,
            function: self.function.clone(),
            side_conditions: self.sides.clone(),
            children: self.children.iter().map(|c| c.tree()).collect(),
            complete: self.complete,
            because: because.to_owned(),
        }
    }
}

/// A proof about a function, or about minus that function.
#[derive(Clone, Debug)]
pub(super) struct Fact {
    pub step: Rc<Shown>,
    /// Is it about minus the function? Then what it shows is completely monotone.
    pub minus: bool,
}

impl Fact {
    /// The fact about another form of the function, where the two are seen to be equal.
    pub fn about(&self, form: &Expr, facts: &Facts) -> Option<Fact> {
        let function = if self.minus { -form } else { form.clone() };
        let equal = self.step.function == function || self.step.made.equals(&function, &|e| compose::sign_of(e, facts));
        equal.then(|| Fact { step: Rc::new(Shown { function, ..(*self.step).clone() }), minus: self.minus })
    }
}

impl Fact {
    /// Do the terms of the other form cancel for large kappa, so that its growth cannot be read?
    fn hides_growth(&self, function: &Expr, facts: &Facts) -> bool {
        let reads = |e: &Expr| e.growth(&|e| compose::sign_of(e, facts)).is_some();
        reads(&self.step.made) && !reads(function)
    }
}

/// What is known of a class.
#[derive(Clone, Debug)]
pub(super) struct Known {
    /// The function, in the plainest form of which the proof is seen to hold.
    pub form: Expr,
    /// The proof, about the form, or why there is none.
    pub shown: Result<Fact, Stop>,
    /// The number of the class when it was made: the form given comes before those found.
    born: usize,
}

impl Known {
    /// The proof that the function, not minus the function, is Bernstein or completely monotone.
    pub fn proof(&self) -> Result<Rc<Shown>, Stop> {
        let fact = self.shown.as_ref().map_err(Stop::clone)?;
        if fact.minus { Err(compose::missing(&self.form)) } else { Ok(fact.step.clone()) }
    }

    /// The same with the other form, where it is plainer and what is known is seen to hold of it.
    fn in_form(self, other: &Expr, facts: &Facts) -> Known {
        if plainness(&self.form) <= plainness(other) {
            return self;
        }
        let shown = match &self.shown {
            Ok(fact) if fact.hides_growth(other, facts) => None,
            Ok(fact) => fact.about(other, facts).map(Ok),
            Err(stop) => Some(Err(stop.clone())),
        };
        shown.map_or(self.clone(), |shown| Known { form: other.clone(), shown, born: self.born })
    }

    /// Is there nothing stronger to be shown?
    pub fn is_complete(&self) -> bool {
        self.shown.as_ref().is_ok_and(|fact| fact.step.complete)
    }

    /// Larger for what is better to have: complete before not, short before long; a sign to ask for before a dead end.
    fn rank(&self) -> impl Ord + use<> {
        match &self.shown {
            Ok(fact) => (2, fact.step.complete, Reverse(fact.step.steps)),
            Err(Stop::Need(_)) => (1, false, Reverse(self.born)),
            Err(Stop::Undecided(_)) => (0, false, Reverse(self.born)),
        }
    }
}

/// The analysis of one proof: the facts about parameters, and the functions already in the e-graph.
#[derive(Debug)]
pub(super) struct Calculus<'a> {
    pub facts: &'a Facts,
    pub inserted: HashMap<Expr, Id>,
}

impl Analysis<Term> for Calculus<'_> {
    type Data = Known;

    fn make(graph: &mut EGraph<Term, Self>, term: &Term, id: Id) -> Known {
        let form = meaning(term, &|id| graph[id].data.form.clone());
        let shown = match term {
            Term::Leaf(Leaf(e)) => compose::leaf(e, graph.analysis.facts),
            term => compose::compose(&form, term, graph),
        };
        Known { form, shown, born: id.into() }
    }

    fn merge(&mut self, to: &mut Known, from: Known) -> DidMerge {
        let (forms, ranks) = (plainness(&to.form).cmp(&plainness(&from.form)), to.rank().cmp(&from.rank()));
        if forms == Ordering::Equal && ranks == Ordering::Equal {
            return DidMerge(false, false);
        }
        let (best, form) = if ranks == Ordering::Less { (from, &to.form) } else { (to.clone(), &from.form) };
        let merged = best.in_form(form, self.facts);
        let changed = ranks == Ordering::Less || merged.form != to.form;
        *to = merged;
        DidMerge(changed, true)
    }
}

/// Smaller for forms that read better: few quotients, then few parts.
pub(super) fn plainness(e: &Expr) -> (usize, usize, &Expr) {
    (quotients(e), e.size(), e)
}

fn quotients(e: &Expr) -> usize {
    let below = matches!(e, Expr::Pow(_, x) if x.split_coefficient().0 < rational(0, 1));
    usize::from(below) + e.children().map(quotients).sum::<usize>()
}
