//! What the e-graph knows of every class: the facts that guards of rules ask for.
//!
//! In:   a node whose children's facts are known.
//! Out:  [`Known`], each fact proved about some member, hence about the class.
//! Holds: facts are only ever added. "Not known" is never read as "known not".

use super::language::{Atom, Node, is_imaginary, is_real, rate};
use crate::expr::{Expr, Facts};
use crate::operator::Equation;
use egg::{Analysis, DidMerge, EGraph, Id};

/// The facts proved of a class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Known {
    /// The value has no field and no explicit `t`.
    pub(crate) free_of_time: bool,
    /// The value has no field and no explicit position.
    pub(crate) free_of_position: bool,
    /// The value has no field, and depends on `t` with an elementary rate.
    pub(crate) has_rate: bool,
    /// The value is real for every field.
    pub(crate) real: bool,
    /// The value is `i` times a real one for every field.
    pub(crate) imaginary: bool,
    /// The value is a divergence: a Laplacian, a derivative along an axis, or such a term scaled or differentiated in time.
    pub(crate) divergence: bool,
}

impl Known {
    /// The facts of a coefficient.
    pub(crate) fn of_coefficient(e: &Expr) -> Known {
        let (real, imaginary) = (is_real(e), is_imaginary(e));
        if e.has_field() || e.is_vector() {
            return Known { real, imaginary, ..Known::default() };
        }
        Known {
            real,
            imaginary,
            free_of_time: !e.has_time(),
            free_of_position: !e.has_position(),
            has_rate: e.has_time() && rate(e).is_some(),
            divergence: false,
        }
    }

    fn or(self, other: Known) -> Known {
        Known {
            free_of_time: self.free_of_time || other.free_of_time,
            free_of_position: self.free_of_position || other.free_of_position,
            has_rate: self.has_rate || other.has_rate,
            real: self.real || other.real,
            imaginary: self.imaginary || other.imaginary,
            divergence: self.divergence || other.divergence,
        }
    }
}

/// What the equation says that guards may rest on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Given {
    pub(crate) facts: Facts,
    /// Is every field its own conjugate?
    pub(crate) real_fields: bool,
}

impl Given {
    /// What `equation` says.
    pub(crate) fn of(equation: &Equation) -> Given {
        Given { facts: equation.facts.clone(), real_fields: !equation.is_complex() }
    }
}

/// The analysis that carries [`Known`].
#[derive(Clone, Debug, Default)]
pub(crate) struct FactAnalysis {
    pub(crate) given: Given,
}

type Graph = EGraph<Node, FactAnalysis>;

impl Analysis<Node> for FactAnalysis {
    type Data = Known;

    fn make(egraph: &mut Graph, node: &Node, _: Id) -> Known {
        let divergence = match node {
            Node::Atom(Atom(e)) => return Known::of_coefficient(e),
            Node::Lap(_) | Node::Div(_) | Node::Partial(_) | Node::Frac(_) => true,
            Node::Dt(f) => egraph[*f].data.divergence,
            Node::Scale([c, f]) => egraph[*c].data.free_of_position && egraph[*f].data.divergence,
            Node::Pair([c, g, f]) => pair_flows(egraph, *c, *g, *f),
            _ => false,
        };
        Known { divergence, ..Known::default() }
    }

    fn merge(&mut self, to: &mut Known, from: Known) -> DidMerge {
        let both = to.or(from);
        let changed = DidMerge(both != *to, both != from);
        *to = both;
        changed
    }
}

/// Does a rule give `2 re(c conj(g) f)` a flux?
fn pair_flows(egraph: &Graph, c: Id, g: Id, f: Id) -> bool {
    let c = egraph[c].data;
    let is_g = |id: Id| egraph.find(id) == egraph.find(g);
    let lap_of_g = |id: Id| egraph[id].nodes.iter().any(|n| matches!(n, Node::Lap(x) if is_g(*x)));
    // The real part of i abs2(g) is 0, the divergence of 0.
    if is_g(f) {
        return c.imaginary;
    }
    c.free_of_position
        && egraph[f].nodes.iter().any(|node| match node {
            Node::Lap(x) if is_g(*x) => c.real || c.imaginary,
            Node::Lap(x) => c.imaginary && lap_of_g(*x),
            Node::Partial([_, x]) => c.real && is_g(*x),
            _ => false,
        })
}

/// A member of the class as an expression, for guards that compare two of them.
pub(crate) fn expression(egraph: &Graph, id: Id) -> Option<Expr> {
    let of = |f: &Id| expression(egraph, *f);
    // No rule equates a scalar with a part of itself, so this ends.
    egraph[id].nodes.iter().find_map(|node| match node {
        Node::Atom(Atom(e)) => Some(e.clone()),
        Node::Dt(f) => Some(of(f)?.dt(1)),
        Node::Partial([e, f]) => match of(e)? {
            Expr::Unit(axis) => Some(of(f)?.partial(axis, 1)),
            _ => None,
        },
        Node::Lap(f) => Some(of(f)?.lap()),
        _ => None,
    })
}
