//! Sums and multiples: Bernstein functions add, what falls is taken from a constant.

use super::analysis::{Fact, Kind, Known, Shown};
use super::compose::{constant, fact, missing, require, sign_of, step};
use super::language::has_kappa;
use crate::expr::{Expr, Facts, Func, Sign, Stop};
use crate::verdict::certificate::Rule;
use std::rc::Rc;

/// `c g`. A negative multiple of a function that falls is kept as minus that function.
pub(super) fn scale(f: &Expr, c: &Expr, g: &Known, facts: &Facts) -> Result<Fact, Stop> {
    let turned = sign_of(c, facts).is(Sign::NEGATIVE);
    let known = match &g.shown {
        Ok(known) if !turned || known.step.kind == Kind::Falling => known,
        Err(stop) if turned && may_fall(&g.form) => return Err(stop.clone()),
        shown => {
            require(c, Sign::NONNEGATIVE, facts)?;
            shown.as_ref().map_err(Stop::clone)?
        }
    };
    let size = if turned { -c.clone() } else { c.clone() };
    let (side, minus) = (require(&size, Sign::NONNEGATIVE, facts)?, known.minus != turned);
    let child = known.step.clone();
    if size.is_one() {
        return Ok(Fact { step: child, minus });
    }
    let (function, kind) = (if minus { -f.clone() } else { f.clone() }, child.kind);
    Ok(Fact { step: Rc::new(step(Rule::Scale, &function, vec![side], vec![child], kind)), minus })
}

/// Can a function that looks like this be completely monotone?
fn may_fall(f: &Expr) -> bool {
    f.any(&|part| match part {
        Expr::Call(Func::Exp, _) => true,
        Expr::Pow(_, x) => x.split_coefficient().0 < crate::expr::rational(0, 1),
        _ => false,
    })
}

/// `f + g + ... + c`.
pub(super) fn sum(f: &Expr, parts: &[&Known], facts: &Facts) -> Result<Fact, Stop> {
    let (fixed, moving): (Vec<&Known>, Vec<&Known>) = parts.iter().partition(|p| !has_kappa(&p.form));
    let fixed = Expr::add(fixed.into_iter().map(|p| p.form.clone()));
    let (mut minus, mut plus) = (Vec::new(), Vec::new());
    for part in moving {
        let shown = part.shown.as_ref().map_err(Stop::clone)?;
        if shown.minus { &mut minus } else { &mut plus }.push(shown.step.clone());
    }
    let all = |kind: Kind| plus.iter().all(|p| p.kind == kind);
    let shown = match (all(Kind::Rising), all(Kind::Falling), minus.is_empty()) {
        (true, _, true) => risen(f, plus, fixed, facts),
        (true, _, false) => difference(f, plus, minus, fixed, facts),
        (false, true, true) => {
            if !fixed.is_zero() {
                plus.push(Rc::new(constant(&fixed, facts)?));
            }
            Ok(step(Rule::Sum, f, vec![], plus, Kind::Falling))
        }
        _ => Err(missing(f)),
    };
    Ok(fact(shown?))
}

/// A sum of Bernstein functions and a constant, which may be negative.
fn risen(f: &Expr, mut parts: Vec<Rc<Shown>>, fixed: Expr, facts: &Facts) -> Result<Shown, Stop> {
    if fixed.is_zero() || sign_of(&fixed, facts).is(Sign::NONNEGATIVE) {
        if !fixed.is_zero() {
            parts.push(Rc::new(constant(&fixed, facts)?));
        }
        return Ok(step(Rule::Sum, f, vec![], parts, Kind::Rising));
    }
    let child = gathered(parts);
    let start = (at_zero(&child.function, facts)? + fixed).expand();
    let side = require(&start, Sign::NONNEGATIVE, facts)?;
    Ok(step(Rule::Ground, f, vec![side], vec![child], Kind::Rising))
}

/// The sum of functions of one kind.
fn gathered(mut parts: Vec<Rc<Shown>>) -> Rc<Shown> {
    if parts.len() == 1 {
        return parts.remove(0);
    }
    let (kind, g) = (parts[0].kind, Expr::add(parts.iter().map(|p| p.function.clone())));
    Rc::new(step(Rule::Sum, &g, vec![], parts, kind))
}

/// Bernstein functions less completely monotone ones, and a constant.
fn difference(
    f: &Expr,
    mut plus: Vec<Rc<Shown>>,
    minus: Vec<Rc<Shown>>,
    fixed: Expr,
    facts: &Facts,
) -> Result<Shown, Stop> {
    let falling = gathered(minus);
    if let ([], Rule::Decay, true, [g]) = (plus.as_slice(), falling.rule, fixed.is_one(), falling.children.as_slice()) {
        return Ok(step(Rule::Exponential, f, vec![], vec![g.clone()], Kind::Rising));
    }
    let top = at_zero(&falling.function, facts)?;
    let spare = (fixed.clone() - top.clone()).expand();
    if plus.is_empty() {
        let side = require(&spare, Sign::NONNEGATIVE, facts)?;
        return Ok(step(Rule::Complement, f, vec![side], vec![falling], Kind::Rising));
    }
    let rise = top - falling.function.clone();
    let side = require(&Expr::zero(), Sign::NONNEGATIVE, facts)?;
    plus.push(Rc::new(step(Rule::Complement, &rise, vec![side], vec![falling], Kind::Rising)));
    risen(f, plus, spare, facts)
}

fn at_zero(g: &Expr, facts: &Facts) -> Result<Expr, Stop> {
    let value = g.at_zero(&|e| sign_of(e, facts));
    value.ok_or_else(|| Stop::Undecided(format!("the value of {g} at kappa = 0")))
}
