//! The rewriting language: terms of an equation and the continuity form, with one meaning for every node.
//!
//! In:   a canonical sum of terms, each a coefficient times operators on the field.
//! Out:  [`Node`] terms for the e-graph, and back: every term has an [`Expr`] meaning and a text.
//! Holds: `(term f)` means `f`, `(sum a b)` means `a + b`, `(flow p J R)` means `dt p + div J - R`. Each rule equates two
//!        terms of one meaning, so a chain of rules from the equation to a flow proves the continuity form.
//!        Sums are built right-nested in canonical order and never reordered: no rule is associative or commutative.

use super::chain;
use crate::expr::{Axis, Expr, Func, Var};
use egg::{Id, Language, RecExpr, define_language};
use num_traits::Signed;
use std::fmt;
use std::str::FromStr;

/// A leaf: a coefficient, a field, or a scalar or vector that no operator node describes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Atom(pub(crate) Expr);

impl fmt::Display for Atom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Atom {
    type Err = ();

    /// The only leaf that a rule names is 0.
    fn from_str(text: &str) -> Result<Self, ()> {
        if text == "0" { Ok(Atom(Expr::zero())) } else { Err(()) }
    }
}

define_language! {
    pub(crate) enum Node {
        // What is sought.
        "term" = Term(Id),          // f
        "sum" = Sum([Id; 2]),       // a + b, of terms and flows
        "flow" = Flow([Id; 3]),     // dt p + div J - R
        // Scalars and vectors.
        "+" = Add([Id; 2]),
        "neg" = Neg(Id),
        "*" = Scale([Id; 2]),       // a coefficient without fields, times a scalar or vector
        "rate" = Rate(Id),          // dc/dt of a coefficient
        "dt" = Dt(Id),
        "d" = Partial([Id; 2]),     // df along an axis, of its unit vector and f
        "lap" = Lap(Id),
        "grad" = Grad(Id),
        "div" = Div(Id),
        "along" = Along([Id; 2]),   // f e, of a unit vector e and f
        "frac" = Frac([Id; 2]),     // (-lap)^b f, of b and f
        "riesz" = Riesz([Id; 2]),   // (-lap)^(b-1) f, of b and f
        // Nonlinear terms.
        "times" = Times([Id; 2]),   // h f, of a function h of fields and a scalar or vector f
        "prim" = Prim([Id; 2]),     // H with dH/dg = h, of h and g
        "slope" = Slope([Id; 2]),   // dh/dg, of h and g
        "square" = Square(Id),      // the squared length of a vector
        // Quadratic densities.
        "abs2" = Abs2(Id),          // |g|^2
        "pair" = Pair([Id; 3]),     // 2 re(c conj(g) f), of a coefficient c, a field g and a scalar or vector f
        Atom(Atom),
    }
}

/// `f`, a term of `M L phi`.
pub(crate) fn summand(f: &Expr) -> RecExpr<Node> {
    let mut out = RecExpr::default();
    let f = insert(f, &mut out);
    out.add(Node::Term(f));
    out
}

/// `c d^2 f/(de dg)` with the derivatives in this order, that along g first.
pub(crate) fn summand_in_order(c: &Expr, [e, g]: [Axis; 2], f: &Expr) -> RecExpr<Node> {
    let mut out = RecExpr::default();
    let mut derivative = insert(f, &mut out);
    for axis in [g, e] {
        let unit = out.add(Node::Atom(Atom(Expr::Unit(axis))));
        derivative = out.add(Node::Partial([unit, derivative]));
    }
    if !c.is_one() {
        let c = out.add(Node::Atom(Atom(c.clone())));
        derivative = out.add(Node::Scale([c, derivative]));
    }
    out.add(Node::Term(derivative));
    out
}

/// `2 re(conj(field) f)` of a term f.
pub(crate) struct Paired {
    /// The factors of f that are real or imaginary whatever the fields, which stand before the others.
    pub(crate) coefficient: Expr,
    pub(crate) field: Expr,
    pub(crate) body: Expr,
}

impl Paired {
    /// Twice the real part of `conj(field) f`.
    pub(crate) fn new(f: &Expr, field: &Expr) -> Paired {
        let (coefficient, body) = split_real(f);
        Paired { coefficient, field: field.clone(), body }
    }

    fn insert(&self, out: &mut RecExpr<Node>) -> Id {
        let c = out.add(Node::Atom(Atom(self.coefficient.clone())));
        let g = out.add(Node::Atom(Atom(self.field.clone())));
        let f = insert_body(&self.body, out);
        let pair = out.add(Node::Pair([c, g, f]));
        out.add(Node::Term(pair))
    }
}

/// One term of a quadratic `M L phi`, or two that only together are a flow.
pub(crate) fn summand_of_pairs(terms: &[Paired]) -> RecExpr<Node> {
    let mut out = RecExpr::default();
    let ids: Vec<Id> = terms.iter().map(|t| t.insert(&mut out)).collect();
    if let [a, b] = ids.as_slice() {
        out.add(Node::Sum([*a, *b]));
    }
    out
}

/// The right-nested sum of terms; nothing for none.
pub(crate) fn sum_of(terms: &[RecExpr<Node>]) -> RecExpr<Node> {
    let mut out = RecExpr::default();
    let mut ids: Vec<Id> = terms.iter().map(|t| copy(t, root(t), &mut out)).collect();
    let Some(mut rest) = ids.pop() else { return out };
    while let Some(id) = ids.pop() {
        rest = out.add(Node::Sum([id, rest]));
    }
    out
}

/// Adds the term at `id` to another.
pub(crate) fn copy(term: &RecExpr<Node>, id: Id, out: &mut RecExpr<Node>) -> Id {
    let node = term[id].clone().map_children(|child| copy(term, child, out));
    out.add(node)
}

fn insert(e: &Expr, out: &mut RecExpr<Node>) -> Id {
    if let Expr::Add(terms) = e {
        let ids: Vec<Id> = terms.iter().map(|t| insert(t, out)).collect();
        return nest(ids, out);
    }
    let (coefficient, body) = split(e);
    let chained = matches!(body, Expr::Mul(_)) && chain::split(&body).is_some();
    if (coefficient.is_one() || body.is_one()) && !chained {
        return insert_body(e, out);
    }
    let c = out.add(Node::Atom(Atom(coefficient)));
    let f = insert_body(&body, out);
    out.add(Node::Scale([c, f]))
}

fn nest(mut ids: Vec<Id>, out: &mut RecExpr<Node>) -> Id {
    // A canonical sum has at least two terms.
    let mut rest = ids.pop().unwrap_or_default();
    while let Some(id) = ids.pop() {
        rest = out.add(Node::Add([id, rest]));
    }
    rest
}

fn insert_body(e: &Expr, out: &mut RecExpr<Node>) -> Id {
    let node = match e {
        Expr::Dt(f, n) => return repeat(f, *n, Node::Dt, out),
        Expr::Partial(f, axis, n) => {
            let unit = out.add(Node::Atom(Atom(Expr::Unit(*axis))));
            return repeat(f, *n, |f| Node::Partial([unit, f]), out);
        }
        Expr::Lap(f) => Node::Lap(insert(f, out)),
        Expr::Grad(f) => Node::Grad(insert(f, out)),
        Expr::Div(f) => Node::Div(insert(f, out)),
        Expr::FracLap(f, order) => {
            let order = out.add(Node::Atom(Atom((**order).clone())));
            Node::Frac([order, insert(f, out)])
        }
        Expr::Mul(_) => match chain::split(e) {
            Some((h, f)) => {
                let h = out.add(Node::Atom(Atom(h)));
                Node::Times([h, insert_body(&f, out)])
            }
            None => Node::Atom(Atom(e.clone())),
        },
        e => Node::Atom(Atom(e.clone())),
    };
    out.add(node)
}

fn repeat(f: &Expr, n: u32, node: impl Fn(Id) -> Node, out: &mut RecExpr<Node>) -> Id {
    let inner = insert(f, out);
    (0..n).fold(inner, |id, _| out.add(node(id)))
}

/// The factors without fields and vectors, and the others.
pub(crate) fn split(e: &Expr) -> (Expr, Expr) {
    let (body, coefficient): (Vec<Expr>, Vec<Expr>) =
        e.factors().iter().cloned().partition(|f| f.has_field() || f.is_vector());
    (Expr::mul(coefficient), Expr::mul(body))
}

/// As [`split`], with real functions of fields such as `abs2(phi)` among the coefficients.
fn split_real(e: &Expr) -> (Expr, Expr) {
    let (c, body) = split(e);
    let (real, rest): (Vec<Expr>, Vec<Expr>) = body.factors().iter().cloned().partition(is_real);
    (Expr::mul(std::iter::once(c).chain(real)), Expr::mul(rest))
}

/// Is it real for real parameters, whatever the fields?
pub(crate) fn is_real(e: &Expr) -> bool {
    match e {
        Expr::Num(_) | Expr::Sym(_) | Expr::Apply(..) | Expr::Var(Var::Time) => true,
        Expr::Call(Func::Abs | Func::Abs2 | Func::Re | Func::Im, _) => true,
        Expr::Call(Func::Exp | Func::Sin | Func::Cos | Func::Tanh, a) => is_real(a),
        Expr::Pow(b, n) => is_real(b) && n.as_int().is_some(),
        Expr::Mul(parts) | Expr::Add(parts) => parts.iter().all(is_real),
        _ => false,
    }
}

/// Is it `i` times something real?
pub(crate) fn is_imaginary(e: &Expr) -> bool {
    is_real(&(-Expr::Imag * e.clone()))
}

/// `2 re(c conj(g) f)`, with `c` taken out where it is real or imaginary.
fn pair(c: Expr, g: Expr, f: Expr) -> Expr {
    let alike = g == f;
    let product = Expr::call(Func::Conj, g.clone()) * f;
    match (is_real(&c), is_imaginary(&c), alike) {
        (true, _, true) => Expr::int(2) * c * Expr::call(Func::Abs2, g),
        (true, _, false) => Expr::int(2) * c * Expr::call(Func::Re, product),
        // It is 0, which is for a rule to say.
        (_, true, true) => Expr::int(2) * Expr::call(Func::Re, c * Expr::call(Func::Abs2, g)),
        (_, true, false) => Expr::int(2) * Expr::Imag * c * Expr::call(Func::Im, product),
        _ => Expr::int(2) * Expr::call(Func::Re, c * product),
    }
}

/// What the term at `root` means.
pub(crate) fn meaning(term: &RecExpr<Node>, root: Id) -> Expr {
    let of = |id: &Id| meaning(term, *id);
    match &term[root] {
        Node::Term(f) => of(f),
        Node::Sum([a, b]) | Node::Add([a, b]) => of(a) + of(b),
        Node::Flow([p, j, r]) => of(p).dt(1) + of(j).div_of() - of(r),
        Node::Neg(f) => -of(f),
        Node::Scale([c, f]) => of(c) * of(f),
        // The rule that introduces a rate asks that it be known.
        Node::Rate(c) => rate(&of(c)).unwrap_or_else(|| of(c).dt(1)),
        Node::Dt(f) => of(f).dt(1),
        // The rules about axes ask that the first part be a unit vector.
        Node::Partial([e, f]) => match of(e) {
            Expr::Unit(axis) => of(f).partial(axis, 1),
            e => e * of(f),
        },
        Node::Lap(f) => of(f).lap(),
        Node::Grad(f) => of(f).grad(),
        Node::Div(f) => of(f).div_of(),
        Node::Along([e, f]) => of(f) * of(e),
        Node::Frac([order, f]) => of(f).frac_lap(of(order)),
        Node::Riesz([order, f]) => of(f).frac_lap(of(order) - Expr::one()),
        Node::Times([h, f]) => of(h) * of(f),
        // The rules that introduce these ask that they be known.
        Node::Prim([h, g]) => chain::primitive(&of(h), &of(g)).unwrap_or_else(|| of(h) * of(g)),
        Node::Slope([h, g]) => chain::slope(&of(h), &of(g)).unwrap_or_else(|| of(h) / of(g)),
        Node::Square(v) => Expr::call(Func::Abs2, of(v)),
        Node::Abs2(g) => Expr::call(Func::Abs2, of(g)),
        Node::Pair([c, g, f]) => pair(of(c), of(g), of(f)),
        Node::Atom(atom) => atom.0.clone(),
    }
}

/// What the term at `root` means when every field is its own conjugate, or when none is known to be.
pub(crate) fn reading(term: &RecExpr<Node>, root: Id, real_fields: bool) -> Expr {
    let e = meaning(term, root);
    if real_fields { real_form(&e) } else { e }
}

/// The expression when every field is real.
fn real_form(e: &Expr) -> Expr {
    e.replace(&|part| match part {
        Expr::Call(Func::Conj | Func::Re, a) => Some(real_form(a)),
        Expr::Call(Func::Im, _) => Some(Expr::zero()),
        Expr::Call(Func::Abs2, a) if !a.is_vector() => Some(real_form(a).powi(2)),
        _ => None,
    })
}

/// `dc/dt` of a coefficient, where it is elementary.
pub(crate) fn rate(coefficient: &Expr) -> Option<Expr> {
    coefficient.derivative(&Expr::Var(Var::Time))
}

/// The last node of a term is its root.
pub(crate) fn root(term: &RecExpr<Node>) -> Id {
    Id::from(term.as_ref().len().saturating_sub(1))
}

/// The whole term as a physicist writes it: `dt(phi_t) + div(-grad(phi)) - (-m^2 phi)`.
pub(crate) fn text(term: &RecExpr<Node>, real_fields: bool) -> String {
    let mut densities = Vec::new();
    let mut fluxes = Vec::new();
    let mut sources = Vec::new();
    let mut rest = String::new();
    collect(term, root(term), real_fields, &mut |piece| match piece {
        Piece::Term(e) if e.is_zero() => {}
        Piece::Term(e) => push(&mut rest, &e.to_string()),
        Piece::Density(e) => densities.push(e),
        Piece::Flux(e) => fluxes.push(e),
        Piece::Source(e) => sources.push(e),
    });
    let mut out = String::new();
    densities.iter().for_each(|p| push(&mut out, &format!("dt({p})")));
    fluxes.iter().for_each(|j| push(&mut out, &format!("div({j})")));
    if !rest.is_empty() {
        push(&mut out, &rest);
    }
    sources.iter().for_each(|r| push(&mut out, &format!("-{}", bracketed(r))));
    if out.is_empty() { "0".to_owned() } else { out }
}

enum Piece {
    Term(Expr),
    Density(Expr),
    Flux(Expr),
    Source(Expr),
}

fn collect(term: &RecExpr<Node>, id: Id, real_fields: bool, out: &mut dyn FnMut(Piece)) {
    match &term[id] {
        Node::Sum([a, b]) => {
            collect(term, *a, real_fields, out);
            collect(term, *b, real_fields, out);
        }
        Node::Flow([p, j, r]) => {
            let makers: [fn(Expr) -> Piece; 3] = [Piece::Density, Piece::Flux, Piece::Source];
            for (id, piece) in [p, j, r].into_iter().zip(makers) {
                let e = reading(term, *id, real_fields);
                if !e.is_zero() {
                    out(piece(e));
                }
            }
        }
        _ => out(Piece::Term(reading(term, id, real_fields))),
    }
}

fn push(out: &mut String, piece: &str) {
    match (out.is_empty(), piece.strip_prefix('-')) {
        (true, _) => out.push_str(piece),
        (false, Some(magnitude)) => {
            out.push_str(" - ");
            out.push_str(magnitude);
        }
        (false, None) => {
            out.push_str(" + ");
            out.push_str(piece);
        }
    }
}

/// A source as it stands after a minus sign.
fn bracketed(e: &Expr) -> String {
    let negative = e.split_coefficient().0.is_negative();
    if matches!(e, Expr::Add(_)) || negative { format!("({e})") } else { e.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_means_what_it_was_built_from() {
        let phi = Expr::Field("phi".into());
        let e = phi.clone().dt(2) - Expr::sym("c").powi(2) * phi.clone().dt(1).lap() + phi.clone().powi(2).dx(2);
        let term = sum_of(&e.terms().iter().map(summand).collect::<Vec<_>>());
        assert_eq!(meaning(&term, root(&term)), e);
        assert_eq!(text(&term, true), e.to_string());
        assert!(sum_of(&[]).as_ref().is_empty());
    }
}
