//! Equations whose coefficients depend on t, or on x through a linear drift: the frame and the clock in which modes decouple.
//!
//! In:   an equation, linear in one unknown: first order in t with coefficients in t and a drift `b(t) div(x phi)`, or second
//!       order with the Bessel operator `phi_tt + (d - 1)/t phi_t`.
//! Out:  [`Dispersion`] with its [`Evolution`]: `lambda(kappa, t)`, a mode of the density being `exp(-int_0^t lambda dt')`.
//! Holds: in the frame `y = x exp(B(t))`, `B = int_0^t b`, the density `q = exp(-N B) p` obeys `q_t = -lambda(kappa, t) q` with
//!       `kappa = |k_y|^2`, which is `kappa_x exp(-2 B)`: the characteristics of `k . grad_k` in Fourier space.
//! Source: Song et al. (arXiv:2011.13456), Eq. 11 (VP); Xu et al. (arXiv:2302.04265) for the Bessel operator; DLMF 10.25, 10.29.

mod freeze;
pub(super) mod limits;
mod separate;

use super::branches::branches;
use super::pieces::Piece;
use super::select::Which;
use super::{Branch, Dispersion, Problem, Undecided, pieces_and_selection, powers_of, symbol, with_drift};
use crate::expr::{DependsOn, Expr, Facts, Func, KappaSum, Name, Range, Sign, Stop, Var, rational};
use crate::operator::Equation;
use freeze::Frozen;

/// How modes evolve where the coefficients depend on t, or on x through a linear drift.
#[derive(Clone, Debug, PartialEq)]
pub struct Evolution {
    /// `B(t)` of the frame `y = x exp(B)`, zero without a linear drift. `kappa` is `|k|^2` in that frame.
    pub stretch: Expr,
    /// How `lambda` depends on t.
    pub timing: Timing,
}

/// How `lambda(kappa, t)` depends on t.
#[derive(Clone, Debug, PartialEq)]
pub enum Timing {
    /// `lambda(kappa, t) = rate(t) lambda_0(kappa) + offset(t)`. The coefficients are those of `lambda_0`: with the clock
    /// `int_0^t rate` the equation is one with constant coefficients, and the offset only rescales the mass.
    Separable {
        /// How fast the clock runs.
        rate: Expr,
        /// What does not depend on kappa.
        offset: Expr,
    },
    /// First order in t, in no other way; the coefficients contain t.
    Mixed,
    /// The coefficients `[-M, (d - 1)/t, 1]` of `phi_tt + (d - 1)/t phi_t - M(kappa) phi = 0`.
    Bessel,
}

/// Do its coefficients depend on t, or on x other than through an unspecified function?
pub(super) fn is_evolving(equation: &Equation) -> bool {
    let potential = |e: &Expr| matches!(e, Expr::Apply(_, DependsOn::Position));
    let evolves = |e: &Expr| e.has_time() || e.contains(&Expr::Position);
    !equation.is_system()
        && equation.components.iter().any(evolves)
        && !equation.components.iter().any(|e| e.any(&potential))
}

/// The dispersion relation of an equation that evolves.
pub(super) fn derive(equation: &Equation) -> Result<Dispersion, Undecided> {
    let frozen = Frozen::of(equation)?;
    let (whole, drift) = symbol::symbol(&frozen.equation)?;
    let coefficients = powers_of(&whole, &Expr::Var(Var::Growth))
        .ok_or_else(|| Undecided::new("the symbol is not a polynomial in s"))?;
    let coefficients: Vec<Expr> = coefficients.iter().map(|c| frozen.thaw(c)).collect();
    let drift = drift.map(|c| frozen.thaw(&c));
    match (coefficients.as_slice(), &frozen.towards_origin) {
        ([n, a], pull) => {
            let relation = first_order(n, a, pull, drift, &equation.facts)?;
            unambiguous(&relation, equation).map(|()| relation)
        }
        ([c, b, a], pull) if pull.is_zero() && drift.is_none() => {
            let density = |d: &Expr| density(&Expr::Field(equation.unknown().name.clone()), d);
            bessel([c, b, a], &density, &equation.facts)
        }
        (_, pull) if !pull.is_zero() => {
            Err(Undecided::new(format!("a coefficient depends on x beyond first order in t: {pull} times div(x phi)")))
        }
        (longer, _) => Err(Undecided::new(format!(
            "a coefficient depends on t in an equation of order {} in time: its modes need more than exp(-int lambda dt)",
            longer.len().saturating_sub(1)
        ))),
    }
}

/// `a phi_t + n phi + pull div(x phi) = 0`, with n and a in kappa and t, and a drift `c phi_x`.
fn first_order(n: &Expr, a: &Expr, pull: &Expr, drift: Option<Expr>, facts: &Facts) -> Result<Dispersion, Undecided> {
    if !pull.is_zero() && a.contains(&Expr::kappa()) {
        return Err(Undecided::new("a drift towards the origin beside a time derivative inside a Laplacian"));
    }
    let towards = (-pull.clone() / a.clone()).expand();
    let stretch = integral(&towards, facts).ok_or_else(|| {
        Undecided::new(format!(
            "a coefficient depends on x, and the integral of {towards} from t = 0 has no closed form here"
        ))
    })?;
    let (n, a) = (in_frame(n, &stretch), in_frame(a, &stretch));
    let drift = drift.map(|c| in_scale(&c, &stretch));
    let piece = Piece::Linear { numerator: n.clone(), denominator: a.clone() };
    let branch = branches(&piece, Which::Only, facts).swap_remove(0);
    let symbol = with_drift((a.clone() * Expr::Var(Var::Growth) + n.clone()).expand(), &drift);
    let (timing, coefficients) = match separate::separate(&n, &a, &-branch.growth.clone(), facts) {
        Some(parts) => (Timing::Separable { rate: parts.rate, offset: parts.offset }, parts.coefficients),
        None => (Timing::Mixed, vec![n, a]),
    };
    let problem = pieces_and_selection(&coefficients, facts).map_or(Problem::Unknown, |(_, s)| s.problem);
    Ok(Dispersion {
        symbol,
        coefficients,
        branches: vec![branch.drifting(&drift)],
        problem,
        selected: Some(0),
        reason: first_order_reason(&stretch),
        drift,
        evolution: Some(Evolution { stretch, timing }),
    })
}

/// The names of integrals must not be those of coefficients.
fn unambiguous(relation: &Dispersion, equation: &Equation) -> Result<(), Undecided> {
    let mut names = Vec::new();
    relation.evolution.iter().for_each(|e| primitives(&e.stretch, &mut names));
    let taken =
        |e: &Expr| matches!(e, Expr::Apply(n, _) if names.iter().any(|of| n.as_str() == format!("{PRIMITIVE}{of}")));
    if equation.components.iter().any(|c| c.any(&taken)) {
        return Err(Undecided::new("a coefficient has the name of the integral of another one: rename it"));
    }
    Ok(())
}

fn first_order_reason(stretch: &Expr) -> String {
    let root =
        "the only root of an equation of first order in t; lambda depends on t, so a mode is exp(-int_0^t lambda dt)";
    if stretch.is_zero() {
        return root.to_owned();
    }
    let mut names = Vec::new();
    primitives(stretch, &mut names);
    let primitives: String = names.iter().map(|n| format!(", {PRIMITIVE}{n}(t) = int_0^t {n}(t) dt")).collect();
    let (scale, square) = (scale(stretch, 1), scale(stretch, 2));
    format!(
        "{root}, in the frame y = x {scale} that moves with the drift{primitives}: kappa is |k|^2 of y, so that |k|^2 of x is \
         kappa {square}"
    )
}

/// `phi_tt + (d - 1)/t phi_t - M phi = 0` from `a phi_tt + b phi_t + c phi = 0`.
fn bessel([c, b, a]: [&Expr; 3], density: &dyn Fn(&Expr) -> Expr, facts: &Facts) -> Result<Dispersion, Undecided> {
    let time = Expr::Var(Var::Time);
    let dimension = ((b.clone() * time.clone() / a.clone()).expand() + Expr::one()).expand();
    let mass = (-c.clone() / a.clone()).expand();
    let constant = !dimension.has_time() && !dimension.contains(&Expr::kappa()) && facts.sign(&dimension).is(Sign::ANY);
    if !constant || mass.has_time() {
        return Err(Undecided::new(
            "a coefficient depends on t at second order in time, other than as in phi_tt + (c/t) phi_t - M phi with constant \
             c and M: the modes have no closed form here",
        ));
    }
    match elliptic(&mass, facts) {
        Err(Stop::Undecided(why)) => return Err(Undecided { why }),
        Err(Stop::Need(_)) | Ok(()) => {}
    }
    let lambda = decaying(&mass, &dimension);
    let friction = ((dimension.clone() - Expr::one()) / time).expand();
    let coefficients = vec![-mass.clone(), friction, Expr::one()];
    let s = Expr::Var(Var::Growth);
    let symbol = coefficients.iter().enumerate().map(|(n, c)| c.clone() * s.clone().powi(n as i64));
    let order = (Expr::one() - dimension.clone() / Expr::int(2)).expand();
    Ok(Dispersion {
        symbol: Expr::add(symbol).expand(),
        coefficients,
        branches: vec![Branch {
            omega: -Expr::Imag * lambda.clone(),
            growth: -lambda,
            range: "all k".to_owned(),
            root: None,
        }],
        problem: Problem::FreeBoundary,
        selected: Some(0),
        reason: format!(
            "ill posed as an initial value problem, so phi -> 0 as t -> inf (the free boundary condition) keeps the mode \
             t^nu bessel_k(nu, t sqrt(M)) of phi, nu = {order}, M = {mass}; lambda is -d/dt log of its density {}",
            density(&dimension)
        ),
        drift: None,
        evolution: Some(Evolution { stretch: Expr::zero(), timing: Timing::Bessel }),
    })
}

/// `-t^(d-1) phi_t`.
fn density(field: &Expr, dimension: &Expr) -> Expr {
    let power = (dimension.clone() - Expr::one()).expand();
    -Expr::pow(Expr::Var(Var::Time), power) * field.clone().dt(1)
}

/// `-d/dt log(t^(d/2) K_(d/2)(t sqrt(M)))`: the rate at which the density `-t^(d-1) phi_t` of the decaying mode falls.
pub(crate) fn decaying(mass: &Expr, dimension: &Expr) -> Expr {
    let half = (dimension.clone() / Expr::int(2)).expand();
    let root = mass.clone().sqrt();
    let k = |order: Expr| Expr::bessel_k(order, Expr::Var(Var::Time) * root.clone());
    root.clone() * k((half.clone() - Expr::one()).expand()) / k(half)
}

/// Is `M > 0` for every `kappa > 0`, so that one solution decays along t?
pub(crate) fn elliptic(mass: &Expr, facts: &Facts) -> Result<(), Stop> {
    let range = KappaSum::read(mass).map(|sum| sum.range(facts));
    match range {
        None | Some(Ok(Range::Positive)) => Ok(()),
        Some(Err(stop)) => Err(stop),
        Some(Ok(Range::Negative | Range::Zero)) => Err(Stop::Undecided(
            "no mode decays along t: the equation is hyperbolic, its modes are Bessel functions J and Y of t, which change \
             sign; missing is a rule that selects one of them"
                .to_owned(),
        )),
        Some(Ok(Range::Changes { zeros, .. })) => {
            let edge: Vec<String> = zeros.iter().map(|(z, _)| z.root(facts).to_string()).collect();
            Err(Stop::Undecided(format!(
                "M = {mass} changes sign at k = {}: where it is negative the modes are Bessel functions J and Y of t, which \
                 change sign, and phi -> 0 as t -> inf selects none of them",
                edge.join(", ")
            )))
        }
    }
}

/// What the name of the integral of a coefficient function begins with: `int_beta(t)` is the integral of `beta(t)`.
const PRIMITIVE: &str = "int_";

/// The names of the functions whose integrals occur.
fn primitives(e: &Expr, out: &mut Vec<String>) {
    if let Expr::Apply(name, DependsOn::Time) = e
        && let Some(of) = name.as_str().strip_prefix(PRIMITIVE)
        && !out.iter().any(|n| n == of)
    {
        out.push(of.to_owned());
    }
    e.children().for_each(|c| primitives(c, out));
}

/// `int_0^t e dt` of a sum of powers, exponentials and coefficient functions; none where another term occurs.
fn integral(e: &Expr, facts: &Facts) -> Option<Expr> {
    let terms = e.terms().iter().map(|term| {
        let (moving, fixed): (Vec<Expr>, Vec<Expr>) = term.factors().iter().cloned().partition(Expr::has_time);
        Some(Expr::mul(fixed) * integral_of(&Expr::mul(moving), facts)?)
    });
    Some(Expr::add(terms.collect::<Option<Vec<_>>>()?).expand())
}

fn integral_of(factor: &Expr, facts: &Facts) -> Option<Expr> {
    let time = Expr::Var(Var::Time);
    let power = |x: Expr| {
        let next = (x + Expr::one()).expand();
        let converges = !next.has_time() && facts.sign(&next).is(Sign::POSITIVE);
        converges.then(|| Expr::pow(time.clone(), next.clone()) / next)
    };
    match factor {
        f if f.is_one() => Some(time),
        f if *f == time => power(Expr::one()),
        Expr::Pow(base, x) if **base == time => power((**x).clone()),
        Expr::Call(Func::Exp, a) => {
            let slope = ((**a).clone() / time).expand();
            let known = !slope.has_time() && facts.sign(&slope).is(Sign::NONZERO);
            known.then(|| (factor.clone() - Expr::one()) / slope)
        }
        Expr::Apply(name, DependsOn::Time) => {
            Some(Expr::Apply(Name::from(format!("{PRIMITIVE}{name}").as_str()), DependsOn::Time))
        }
        _ => None,
    }
}

/// `exp(power B)`.
fn scale(stretch: &Expr, power: i64) -> Expr {
    Expr::call(Func::Exp, (Expr::int(power) * stretch.clone()).expand())
}

/// `kappa` of x is `exp(2 B) kappa` of the frame; powers of it stay powers of kappa.
fn in_frame(e: &Expr, stretch: &Expr) -> Expr {
    if stretch.is_zero() {
        return e.clone();
    }
    let power = |x: Expr| Expr::call(Func::Exp, (Expr::int(2) * x * stretch.clone()).expand());
    let swap = |part: &Expr| match part {
        part if *part == Expr::kappa() => Some(power(Expr::one()) * Expr::kappa()),
        Expr::Pow(base, x) if **base == Expr::kappa() => Some(power((**x).clone()) * part.clone()),
        _ => None,
    };
    e.replace(&swap).expand()
}

/// A velocity along the first axis of x, as one along that of the frame.
fn in_scale(velocity: &Expr, stretch: &Expr) -> Expr {
    if stretch.is_zero() { velocity.clone() } else { (velocity.clone() * scale(stretch, 1)).expand() }
}

/// The exponent with which `e` grows or falls like a power of t at `t = 0+`, up to logarithms, or a lower bound on it; none
/// where it is not known. A coefficient function is taken to be bounded there.
pub(crate) fn order_at_zero(e: &Expr, facts: &Facts) -> Option<Expr> {
    let time = Expr::Var(Var::Time);
    let bounded = |e: &Expr| order_at_zero(e, facts).is_some_and(|n| facts.sign(&n).is(Sign::NONNEGATIVE));
    match e {
        e if !e.has_time() => Some(Expr::zero()),
        e if *e == time => Some(Expr::one()),
        Expr::Apply(_, DependsOn::Time) => Some(Expr::zero()),
        Expr::Mul(parts) => {
            let orders = parts.iter().map(|p| order_at_zero(p, facts)).collect::<Option<Vec<_>>>()?;
            Some(Expr::add(orders).expand())
        }
        Expr::Add(parts) => parts.iter().all(bounded).then(Expr::zero),
        Expr::Pow(base, x) if **base == time && !x.has_time() => Some((**x).clone()),
        Expr::Pow(base, x) if x.as_num().is_some_and(|n| *n >= rational(0, 1)) => bounded(base).then(Expr::zero),
        Expr::Pow(base, x) if !x.has_time() => {
            let at_zero = base.substitute(&time, &Expr::zero());
            let away = bounded(base) && !at_zero.has_time() && facts.sign(&at_zero).is(Sign::POSITIVE);
            away.then(Expr::zero)
        }
        Expr::Call(Func::Exp | Func::Sin | Func::Cos | Func::Tanh, a) => bounded(a).then(Expr::zero),
        // A logarithm is weaker than any power.
        Expr::Call(Func::Log, a) if **a == time => Some(Expr::zero()),
        Expr::Call(Func::Log, a) => {
            let start = a.substitute(&time, &Expr::zero());
            (bounded(a) && !start.has_time() && facts.sign(&start).is(Sign::POSITIVE)).then(Expr::zero)
        }
        _ => None,
    }
}
