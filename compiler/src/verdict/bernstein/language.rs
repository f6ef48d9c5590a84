//! The language of the calculus: functions of `kappa` as the composition rules read them.
//!
//! In:   an expression in `kappa` and parameters.
//! Out:  a class of the e-graph, with every form that can be read off at once beside the one given.
//! Holds: constants are leaves; a product has no constant factor; all terms of one class are equal for `kappa > 0` and every
//!        admitted parameter.

use super::analysis::Calculus;
use super::forms;
use crate::expr::{Expr, Func};
use egg::{EGraph, Id, define_language};
use std::fmt;
use std::str::FromStr;

/// The e-graph of functions and what is shown of them.
pub(super) type Graph<'a> = EGraph<Term, Calculus<'a>>;

/// `kappa`, a constant, or a function of `kappa` that no term describes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Leaf(pub Expr);

impl fmt::Display for Leaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Leaf {
    type Err = ();

    /// No rule of the calculus is written as text, so no leaf is.
    fn from_str(_: &str) -> Result<Self, ()> {
        Err(())
    }
}

define_language! {
    pub(super) enum Term {
        "+" = Sum(Box<[Id]>),       // f + g + ..., at most one of them a constant
        "scale" = Scale([Id; 2]),   // c f
        "*" = Product(Box<[Id]>),   // f g ...
        "pow" = Power([Id; 2]),     // f^a
        "mean" = Mean(Box<[Id]>),   // (f^(1/p) + g^(1/p) + ...)^p, of p, f, g, ...
        "dual" = Dual(Id),          // kappa / f
        "log" = Log(Id),            // log(1 + f)
        "exp" = Exp(Id),            // exp(-f)
        "shift" = Shift([Id; 2]),   // f(kappa + c)
        "inverse" = Inverse(Id),    // 1 / f(1/kappa)
        Leaf(Leaf),
    }
}

/// A function to be put into the e-graph: as it stands, or by the rule that makes it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Form {
    /// The expression as it stands.
    Plain(Expr),
    /// `f g` of f and g.
    Product(Expr, Expr),
    /// `f^a` of f and a.
    Power(Expr, Expr),
    /// `kappa / f`.
    Dual(Expr),
    /// `(f^(1/p) + g^(1/p) + ...)^p` of p and the functions.
    Mean(Expr, Vec<Expr>),
    /// `f(kappa + c)` of f and c.
    Shift(Expr, Expr),
    /// `1 / f(1/kappa)`.
    Inverse(Expr),
}

/// Does the function depend on `kappa`?
pub(super) fn has_kappa(e: &Expr) -> bool {
    e.contains(&Expr::kappa())
}

/// Puts a form and the forms it shows at once into the e-graph.
pub(super) fn insert_form(form: &Form, graph: &mut Graph<'_>) -> Id {
    let term = match form {
        Form::Plain(e) => return insert(e, graph),
        Form::Product(f, g) => Term::Product(Box::new([insert(f, graph), insert(g, graph)])),
        Form::Power(f, a) => Term::Power([insert(f, graph), insert(a, graph)]),
        Form::Dual(f) => Term::Dual(insert(f, graph)),
        Form::Mean(p, parts) => Term::Mean([p].into_iter().chain(parts).map(|e| insert(e, graph)).collect()),
        Form::Shift(f, c) => Term::Shift([insert(f, graph), insert(c, graph)]),
        Form::Inverse(f) => Term::Inverse(insert(f, graph)),
    };
    graph.add(term)
}

/// Puts a function into the e-graph.
pub(super) fn insert(e: &Expr, graph: &mut Graph<'_>) -> Id {
    if let Some(id) = graph.analysis.inserted.get(e) {
        return *id;
    }
    let id = insert_plain(e, graph);
    graph.analysis.inserted.insert(e.clone(), id);
    for form in forms::read(e, graph.analysis.facts) {
        let other = insert_form(&form, graph);
        graph.union(id, other);
    }
    id
}

fn insert_plain(e: &Expr, graph: &mut Graph<'_>) -> Id {
    let term = match e {
        e if !has_kappa(e) => leaf(e),
        Expr::Add(terms) => {
            let (fixed, moving): (Vec<&Expr>, Vec<&Expr>) = terms.iter().partition(|t| !has_kappa(t));
            let constant = (!fixed.is_empty()).then(|| Expr::add(fixed.into_iter().cloned()));
            let parts = moving.into_iter().chain(&constant).map(|t| insert(t, graph)).collect::<Vec<_>>();
            Term::Sum(parts.into())
        }
        Expr::Mul(factors) => {
            let (fixed, moving): (Vec<&Expr>, Vec<&Expr>) = factors.iter().partition(|t| !has_kappa(t));
            if fixed.is_empty() {
                Term::Product(moving.into_iter().map(|f| insert(f, graph)).collect())
            } else {
                let c = insert(&Expr::mul(fixed.into_iter().cloned()), graph);
                Term::Scale([c, insert(&Expr::mul(moving.into_iter().cloned()), graph)])
            }
        }
        Expr::Pow(b, x) if !has_kappa(x) => Term::Power([insert(b, graph), insert(x, graph)]),
        Expr::Call(Func::Log, a) => Term::Log(insert(&((**a).clone() - Expr::one()), graph)),
        Expr::Call(Func::Exp, a) => Term::Exp(insert(&-(**a).clone(), graph)),
        e => leaf(e),
    };
    graph.add(term)
}

fn leaf(e: &Expr) -> Term {
    Term::Leaf(Leaf(e.clone()))
}

/// The function that a term makes of the functions of its parts.
pub(super) fn meaning(term: &Term, of: &dyn Fn(Id) -> Expr) -> Expr {
    let kappa = Expr::kappa;
    match term {
        Term::Sum(parts) => Expr::add(parts.iter().map(|p| of(*p))),
        Term::Product(parts) => Expr::mul(parts.iter().map(|p| of(*p))),
        Term::Scale([c, f]) => of(*c) * of(*f),
        Term::Power([f, a]) => Expr::pow(of(*f), of(*a)),
        Term::Mean(parts) => match &**parts {
            [p, parts @ ..] => mean(&of(*p), parts.iter().map(|f| of(*f))),
            [] => Expr::zero(),
        },
        Term::Dual(f) => kappa() / of(*f),
        Term::Log(f) => Expr::call(Func::Log, Expr::one() + of(*f)),
        Term::Exp(f) => Expr::call(Func::Exp, -of(*f)),
        Term::Shift([f, c]) => of(*f).substitute(&kappa(), &(kappa() + of(*c))),
        Term::Inverse(f) => of(*f).substitute(&kappa(), &kappa().recip()).recip(),
        Term::Leaf(Leaf(e)) => e.clone(),
    }
}

fn mean(p: &Expr, parts: impl Iterator<Item = Expr>) -> Expr {
    let root = p.clone().recip();
    Expr::pow(Expr::add(parts.map(|f| Expr::pow(f, root.clone()))), p.clone())
}
