//! Products and powers: geometric means, quotients, reciprocals, and exponents that interlace.

use super::analysis::{Kind, Known, Shown, plainness};
use super::compose::{complete, composable, first, missing, require, rising, sign_of, step};
use super::language::{Graph, Term, has_kappa};
use crate::expr::{Expr, Facts, KappaSum, Rational, Sign, Stop, rational};
use crate::verdict::certificate::{Rule, SideCondition};
use egg::Id;
use num_traits::{One, Signed, ToPrimitive};
use std::rc::Rc;

/// A factor of a product, and the powers that it is.
pub(super) struct Factor<'g> {
    whole: &'g Known,
    /// `(g, a)` where the factor is `g^a`, the plainest g first; at least one.
    powers: Vec<(&'g Known, Expr)>,
}

impl<'g> Factor<'g> {
    pub fn of(graph: &'g Graph<'_>, id: Id) -> Factor<'g> {
        let whole = &graph[id].data;
        let power = |n: &Term| match n {
            Term::Power([b, x]) => Some((&graph[*b].data, graph[*x].data.form.clone())),
            _ => None,
        };
        let mut powers: Vec<(&Known, Expr)> = graph[id].nodes.iter().filter_map(power).collect();
        powers.sort_by(|(a, _), (b, _)| plainness(&a.form).cmp(&plainness(&b.form)));
        powers.push((whole, Expr::one()));
        Factor { whole, powers }
    }

    /// The factor as the power of the plainest function.
    fn plain(&self) -> (&'g Known, Expr) {
        self.powers[0].clone()
    }

    /// The factor as a positive power of a complete function, where it is one.
    fn part(&self, facts: &Facts) -> (&'g Known, Expr) {
        let fits = |(g, x): &&(&Known, Expr)| g.is_complete() && sign_of(x, facts).is(Sign::POSITIVE);
        self.powers.iter().find(fits).unwrap_or(&self.powers[0]).clone()
    }
}

/// `f g ...`, none of them a constant.
pub(super) fn product(f: &Expr, factors: &[Factor<'_>], facts: &Facts) -> Result<Shown, Stop> {
    let parts: Vec<(&Known, Expr)> = factors.iter().map(|p| p.part(facts)).collect();
    let plain_parts: Vec<(&Known, Expr)> = factors.iter().map(Factor::plain).collect();
    let below = plain_parts.iter().any(|(_, x)| facts.sign(x).is(Sign::NEGATIVE));
    let plain = || if below { saturation(f, factors, facts) } else { geometric_mean(f, &parts, facts) };
    first(&[
        &plain,
        &|| geometric_mean(f, &parts, facts),
        &|| interlacing(f, &plain_parts, facts),
        &|| kappa_times(f, factors, facts),
        &|| reciprocal_mean(f, &plain_parts, facts),
        &|| falling_product(f, factors),
    ])
}

/// `g / (c + g)`.
fn saturation(f: &Expr, factors: &[Factor<'_>], facts: &Facts) -> Result<Shown, Stop> {
    let [a, b] = factors else { return Err(missing(f)) };
    let inverse = |p: &Factor<'_>| p.powers.iter().find(|(_, x)| *x == Expr::int(-1)).map(|(g, _)| g.form.clone());
    let ordered = [(a.whole, inverse(b)), (b.whole, inverse(a))].into_iter();
    let mut differences = ordered.filter_map(|(top, bottom)| Some((top, (bottom? - &top.form).expand())));
    let Some((top, c)) = differences.find(|(_, c)| !has_kappa(c)) else { return Err(missing(f)) };
    let side = require(&c, Sign::POSITIVE, facts)?;
    Ok(step(Rule::Saturation, f, vec![side], vec![rising(top.proof()?)?], Kind::Rising))
}

/// `f^a g^b ...` of complete functions of one kind.
fn geometric_mean(f: &Expr, parts: &[(&Known, Expr)], facts: &Facts) -> Result<Shown, Stop> {
    let total = Expr::add(parts.iter().map(|(_, x)| x.clone())).expand();
    let mut sides = Vec::with_capacity(parts.len() + 1);
    let mut children = Vec::with_capacity(parts.len());
    for (base, x) in parts {
        sides.push(require(x, Sign::NONNEGATIVE, facts)?);
        children.push(complete(base)?);
    }
    sides.push(require(&(Expr::one() - total).expand(), Sign::NONNEGATIVE, facts)?);
    let kind = common(f, &children)?;
    Ok(step(Rule::GeometricMean, f, sides, children, kind))
}

/// The kind of all children.
fn common(f: &Expr, children: &[Rc<Shown>]) -> Result<Kind, Stop> {
    let mut kinds = children.iter().map(|c| c.kind).filter(|k| *k != Kind::Constant);
    let kind = kinds.next().unwrap_or(Kind::Constant);
    if kinds.all(|k| k == kind) { Ok(kind) } else { Err(missing(f)) }
}

/// `1 / (g^a h^b ...)`.
fn reciprocal_mean(f: &Expr, parts: &[(&Known, Expr)], facts: &Facts) -> Result<Shown, Stop> {
    let turned: Vec<(&Known, Expr)> = parts.iter().map(|(g, x)| (*g, -x.clone())).collect();
    let mean = geometric_mean(&f.clone().recip(), &turned, facts)?;
    reciprocal(f, Rc::new(mean), &Expr::one(), facts)
}

/// `g^-a` with `0 <= a <= 1`.
fn reciprocal(f: &Expr, g: Rc<Shown>, a: &Expr, facts: &Facts) -> Result<Shown, Stop> {
    let sides = exponent_sides(a, facts)?;
    let kind = match g.kind {
        Kind::Falling if !g.complete => return Err(missing(f)),
        Kind::Falling => Kind::Rising,
        _ => Kind::Falling,
    };
    Ok(step(Rule::Reciprocal, f, sides, vec![g], kind))
}

/// `a >= 0`, `1 - a >= 0`.
fn exponent_sides(a: &Expr, facts: &Facts) -> Result<Vec<SideCondition>, Stop> {
    let room = (Expr::one() - a.clone()).expand();
    Ok(vec![require(a, Sign::NONNEGATIVE, facts)?, require(&room, Sign::NONNEGATIVE, facts)?])
}

/// `kappa g` of a Stieltjes function g: the dual of `1/g`.
fn kappa_times(f: &Expr, factors: &[Factor<'_>], facts: &Facts) -> Result<Shown, Stop> {
    let [a, b] = factors else { return Err(missing(f)) };
    let g = if a.whole.form == Expr::kappa() { b } else { a };
    let g = complete(g.whole)?;
    if g.kind != Kind::Falling || g.function.clone() * Expr::kappa() != *f {
        return Err(missing(f));
    }
    let inverse = reciprocal(&g.function.clone().recip(), g, &Expr::one(), facts)?;
    Ok(step(Rule::Dual, f, vec![], vec![Rc::new(inverse)], Kind::Rising))
}

fn falling_product(f: &Expr, factors: &[Factor<'_>]) -> Result<Shown, Stop> {
    let children: Vec<Rc<Shown>> = factors.iter().map(|p| p.whole.proof()).collect::<Result<_, _>>()?;
    if children.iter().any(|c| c.kind == Kind::Rising) {
        return Err(missing(f));
    }
    Ok(step(Rule::Product, f, vec![], children, Kind::Falling))
}

/// `g^a` for a constant a.
pub(super) fn power(f: &Expr, g: &Known, a: &Expr, facts: &Facts) -> Result<Shown, Stop> {
    let sign = sign_of(a, facts);
    if sign.is(Sign::NEGATIVE) {
        return falling_power(f, g, &-a.clone(), facts);
    }
    if a.as_num().is_some_and(|r| *r > Rational::one()) {
        return Err(missing(f));
    }
    let sides = exponent_sides(a, facts)?;
    if a.as_num() == Some(&rational(1, 2))
        && let Some(result) = root_of_quadratic(f, &g.form, facts)
    {
        return result;
    }
    let g = composable(g)?;
    let kind = g.kind;
    Ok(step(Rule::Power, f, sides, vec![g], kind))
}

/// `g^-a` with `a > 0`: for `a > 1` a product of equal factors.
fn falling_power(f: &Expr, g: &Known, a: &Expr, facts: &Facts) -> Result<Shown, Stop> {
    let g = g.proof()?;
    let whole = a.as_num().filter(|r| **r > Rational::one()).and_then(|r| r.ceil().to_i64()).filter(|n| *n <= 8);
    let Some(n) = whole else { return reciprocal(f, g, a, facts) };
    let part = a.clone() / Expr::int(n);
    let function = Expr::pow(g.function.clone(), -part.clone());
    let factor = Rc::new(reciprocal(&function, rising(g)?, &part, facts)?);
    let children = (0..n).map(|_| factor.clone()).collect();
    Ok(step(Rule::Product, f, vec![], children, Kind::Falling))
}

/// `(g^(1/p) + h^(1/p) + ...)^p` of p and complete functions of one kind.
pub(super) fn mean(f: &Expr, parts: &[&Known], facts: &Facts) -> Result<Shown, Stop> {
    let [p, parts @ ..] = parts else { return Err(missing(f)) };
    let children: Vec<Rc<Shown>> = parts.iter().map(|g| complete(g)).collect::<Result<_, _>>()?;
    let sides = exponent_sides(&p.form.clone().recip(), facts)?;
    let kind = common(f, &children)?;
    Ok(step(Rule::PowerMean, f, sides, children, kind))
}

/// `sqrt(a kappa^2 + b kappa + c)`, when it is that: real zeros are the lemma.
fn root_of_quadratic(f: &Expr, base: &Expr, facts: &Facts) -> Option<Result<Shown, Stop>> {
    let sum = KappaSum::read(base)?;
    let degrees: Vec<i64> = sum.terms.iter().map(|(x, _)| x.as_int()).collect::<Option<_>>()?;
    if degrees.last() != Some(&2) || degrees.iter().any(Signed::is_negative) {
        return None;
    }
    let coefficient = |n: i64| degrees.iter().position(|d| *d == n).map_or_else(Expr::zero, |i| sum.terms[i].1.clone());
    let [c, b, a] = [coefficient(0), coefficient(1), coefficient(2)];
    if c.is_zero() && !b.is_zero() {
        // Read as a geometric mean of kappa and a kappa + b.
        return None;
    }
    let discriminant = (b.clone().powi(2) - Expr::int(4) * a.clone() * c.clone()).expand();
    let asked =
        [(a, Sign::POSITIVE), (b, Sign::NONNEGATIVE), (c, Sign::NONNEGATIVE), (discriminant, Sign::NONNEGATIVE)];
    let sides = asked.iter().map(|(e, sign)| require(e, *sign, facts)).collect::<Result<Vec<_>, _>>();
    Some(sides.map(|sides| step(Rule::Quadratic, f, sides, vec![], Kind::Rising)))
}

/// `c (g + c_1)^(p_1) (g + c_2)^(p_2) ...`, `0 <= c_1 <= c_2 <= ...`, with `p_1`, `p_1 + p_2`, ... all in `[0, 1]`, or the
/// reciprocal of such a function.
fn interlacing(f: &Expr, parts: &[(&Known, Expr)], facts: &Facts) -> Result<Shown, Stop> {
    let (g, scale, mut zeros) = shifts(f, parts, facts)?;
    sort(&mut zeros, facts)?;
    let turned: Vec<(Expr, Expr)> = zeros.iter().map(|(c, p)| (c.clone(), -p)).collect();
    let monic = match (interlaced(&g, &zeros, facts), interlaced(&g, &turned, facts)) {
        (Ok(rising), _) => rising,
        (Err(_), Ok(below)) => reciprocal(&below.function.clone().recip(), Rc::new(below), &Expr::one(), facts)?,
        (Err(stop), Err(_)) => return Err(stop),
    };
    if scale.is_one() {
        return Ok(Shown { function: f.clone(), ..monic });
    }
    let (side, kind) = (require(&scale, Sign::NONNEGATIVE, facts)?, monic.kind);
    Ok(step(Rule::Scale, f, vec![side], vec![Rc::new(monic)], kind))
}

/// `(g + c_1)^(p_1) (g + c_2)^(p_2) ...` with `p_1`, `p_1 + p_2`, ... all in `[0, 1]`.
fn interlaced(g: &Rc<Shown>, zeros: &[(Expr, Expr)], facts: &Facts) -> Result<Shown, Stop> {
    let (mut place, mut total) = (Expr::zero(), Expr::zero());
    let (mut steps, mut sums, mut rooms) = (Vec::new(), Vec::new(), Vec::new());
    for (c, p) in zeros {
        steps.push((c - place).expand());
        place = c.clone();
        total = (total + p).expand();
        sums.push(total.clone());
        rooms.push((Expr::one() - &total).expand());
    }
    let all = steps.iter().chain(&sums).chain(&rooms);
    let sides = all.map(|e| require(e, Sign::NONNEGATIVE, facts)).collect::<Result<_, _>>()?;
    let product = Expr::mul(zeros.iter().map(|(c, p)| Expr::pow(&g.function + c, p.clone())));
    Ok(step(Rule::Interlacing, &product, sides, vec![g.clone()], Kind::Rising))
}

/// The factors as powers of `g + c`: the proof for g, the constant factor, and the `(c, exponent)`.
type Shifts = (Rc<Shown>, Expr, Vec<(Expr, Expr)>);

fn shifts(f: &Expr, parts: &[(&Known, Expr)], facts: &Facts) -> Result<Shifts, Stop> {
    if let Some(lines) = parts.iter().map(|(g, _)| affine(&g.form)).collect::<Option<Vec<_>>>() {
        let kappa = step(Rule::Identity, &Expr::kappa(), vec![], vec![], Kind::Rising);
        let mut scale = Vec::with_capacity(lines.len());
        let mut zeros = Vec::with_capacity(lines.len());
        for ((slope, value), (_, x)) in lines.into_iter().zip(parts) {
            require(&slope, Sign::POSITIVE, facts)?;
            zeros.push(((value / &slope).expand(), x.clone()));
            scale.push(Expr::pow(slope, x.clone()));
        }
        return Ok((Rc::new(kappa), Expr::mul(scale), zeros));
    }
    let from = |start: &Known, g: &Known| (&g.form - &start.form).expand();
    let lowest = |start: &Known| {
        let above = |c: Expr| !has_kappa(&c) && sign_of(&c, facts).is(Sign::NONNEGATIVE);
        parts.iter().all(|(g, _)| above(from(start, g)))
    };
    let (start, _) = parts.iter().find(|(g, _)| lowest(g)).ok_or_else(|| missing(f))?;
    let zeros = parts.iter().map(|(g, x)| (from(start, g), x.clone())).collect();
    Ok((rising(start.proof()?)?, Expr::one(), zeros))
}

/// `(a, b)` of `a kappa + b`.
fn affine(e: &Expr) -> Option<(Expr, Expr)> {
    let sum = KappaSum::read(e)?;
    let coefficient = |n: i64| sum.terms.iter().find(|(x, _)| x.as_int() == Some(n)).map(|(_, c)| c.clone());
    let known = [coefficient(0), coefficient(1)].iter().flatten().count();
    (known == sum.terms.len()).then(|| Some((coefficient(1)?, coefficient(0).unwrap_or_else(Expr::zero))))?
}

/// Puts the zeros in rising order of c, which must be known.
fn sort(zeros: &mut [(Expr, Expr)], facts: &Facts) -> Result<(), Stop> {
    for i in 1..zeros.len() {
        for j in (0..i).rev() {
            let step = (zeros[j + 1].0.clone() - zeros[j].0.clone()).expand();
            let sign = sign_of(&step, facts);
            if sign.is(Sign::NONNEGATIVE) {
                break;
            } else if !sign.is(Sign::NONPOSITIVE) {
                return Err(Stop::Need(step));
            }
            zeros.swap(j, j + 1);
        }
    }
    Ok(())
}
