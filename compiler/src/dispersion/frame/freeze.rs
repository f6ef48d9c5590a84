//! The equation with each coefficient in t replaced by a letter, so that its symbol is that of constant coefficients.
//!
//! In:   an equation with one unknown.
//! Out:  [`Frozen`]: the equation without explicit t and x, what its letters stand for, and the coefficient of `div(x phi)`.
//! Holds: a letter is printed as the coefficient it stands for, so that messages about the frozen equation read as they should;
//!       no parameter has such a name.

use crate::dispersion::Undecided;
use crate::expr::{DependsOn, Expr, Name, Var};
use crate::operator::Equation;
use std::collections::BTreeMap;

/// Time derivatives of products are taken apart up to this order.
const HIGHEST_LEIBNIZ: u32 = 8;

pub(super) struct Frozen {
    /// The equation with letters for its coefficients in t, and without `div(x phi)`.
    pub equation: Equation,
    /// The coefficient of `div(x phi)`.
    pub towards_origin: Expr,
    letters: BTreeMap<Name, Expr>,
}

impl Frozen {
    /// # Errors
    /// [`Undecided`] for coefficients in x other than a linear drift, and coefficients in t that no operator lets out.
    pub fn of(equation: &Equation) -> Result<Frozen, Undecided> {
        let mut frozen = Frozen { equation: equation.clone(), towards_origin: Expr::zero(), letters: BTreeMap::new() };
        let mut rest = Vec::new();
        for term in leibniz(equation.operator())?.expand().terms() {
            match linear_drift(term)? {
                Some(coefficient) => frozen.towards_origin = frozen.towards_origin + coefficient,
                None => rest.push(frozen.freeze(term)?),
            }
        }
        frozen.equation.components = vec![Expr::add(rest)];
        Ok(frozen)
    }

    /// The coefficients back in the place of their letters.
    pub fn thaw(&self, e: &Expr) -> Expr {
        let thawed = e.replace(&|part| match part {
            Expr::Sym(name) => self.letters.get(name).cloned(),
            _ => None,
        });
        thawed.expand()
    }

    fn freeze(&mut self, term: &Expr) -> Result<Expr, Undecided> {
        let (clocks, rest): (Vec<Expr>, Vec<Expr>) =
            term.factors().iter().cloned().partition(|f| f.has_time() && !f.has_field());
        let rest = Expr::mul(rest);
        if rest.has_time() {
            return Err(Undecided::new(format!("a coefficient depends on t inside an operator: {term}")));
        }
        if clocks.is_empty() {
            return Ok(rest);
        }
        let clock = Expr::mul(clocks);
        let text = clock.to_string();
        let text = if matches!(clock, Expr::Add(_) | Expr::Mul(_)) { format!("({text})") } else { text };
        let name = Name::from(text.as_str());
        self.letters.insert(name.clone(), clock);
        Ok(Expr::Sym(name) * rest)
    }
}

/// `d^n/dt^n (c f)` by the product rule, for a coefficient c in t.
fn leibniz(e: &Expr) -> Result<Expr, Undecided> {
    let terms = e.terms().iter().map(|term| {
        let factors = term.factors().iter().map(|f| match f {
            Expr::Dt(g, n) if g.has_time() => product_rule(g, *n),
            f => Ok(f.clone()),
        });
        Ok(Expr::mul(factors.collect::<Result<Vec<_>, _>>()?))
    });
    Ok(Expr::add(terms.collect::<Result<Vec<_>, _>>()?))
}

fn product_rule(g: &Expr, n: u32) -> Result<Expr, Undecided> {
    let open = || Undecided::new(format!("a coefficient depends on t inside a time derivative: {}", g.clone().dt(n)));
    let (clocks, fields): (Vec<Expr>, Vec<Expr>) =
        g.factors().iter().cloned().partition(|f| f.has_time() && !f.has_field());
    let (mut clock, field) = (Expr::mul(clocks), Expr::mul(fields));
    let unspecified = |e: &Expr| matches!(e, Expr::Apply(_, DependsOn::Time));
    if field.has_time() || clock.any(&unspecified) || n > HIGHEST_LEIBNIZ {
        return Err(open());
    }
    let (mut sum, mut binomial) = (Vec::new(), 1);
    for j in 0..=n {
        sum.push(Expr::int(binomial) * clock.clone() * field.clone().dt(n - j));
        clock = clock.derivative(&Expr::Var(Var::Time)).ok_or_else(open)?;
        binomial = binomial * i64::from(n - j) / i64::from(j + 1);
    }
    Ok(Expr::add(sum))
}

/// The coefficient of `div(x phi)`, when the term is that.
fn linear_drift(term: &Expr) -> Result<Option<Expr>, Undecided> {
    if !term.contains(&Expr::Position) {
        return Ok(None);
    }
    let open = || super::limits::varies(term);
    let (outer, divergences): (Vec<Expr>, Vec<Expr>) =
        term.factors().iter().cloned().partition(|f| !f.contains(&Expr::Position));
    let [Expr::Div(vector)] = divergences.as_slice() else { return Err(open()) };
    let (mut inner, mut fields, mut places) = (outer, 0, 0);
    for f in vector.factors() {
        match f {
            Expr::Position => places += 1,
            Expr::Field(_) => fields += 1,
            f => inner.push(f.clone()),
        }
    }
    let constant = |e: &Expr| !e.has_field() && !e.has_position() && !e.is_vector();
    if (fields, places) == (1, 1) && inner.iter().all(constant) { Ok(Some(Expr::mul(inner))) } else { Err(open()) }
}
