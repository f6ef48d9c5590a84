//! Expressions written out in coordinates: fields become letters for their partial derivatives.
//!
//! In:   scalar and vector expressions of the equation language.
//! Out:  scalar expressions in the letters `phi{n,a,b,c}` (n times in t, a, b, c times along the axes), `x{i}`, `k{i}`.
//! Holds: the total derivative obeys the chain rule over every letter; in Fourier space a derivative along axis i is the
//!        factor `i k_i`, and `Q = |k|^2`.

use super::IdentityFailure;
use crate::expr::{Axis, DependsOn, Expr, Func, Name, Var};
use crate::operator::Equation;

/// Explicit coordinates, in which every operator is a rule on letters.
pub(super) struct Coordinates {
    dimension: usize,
    /// One Fourier mode `exp(i k.x)` instead of a generic function of position.
    fourier: bool,
    complex: Vec<Name>,
    /// The orders of fractional Laplacians, in position space.
    orders: Vec<Expr>,
}

/// A letter for a partial derivative: of what, and how often in t and along each axis.
#[derive(Clone)]
struct Jet {
    of: String,
    orders: [u32; 4],
}

impl Jet {
    fn letter(&self) -> Expr {
        let [t, x, y, z] = self.orders;
        Expr::sym(&format!("{}{{{t},{x},{y},{z}}}", self.of))
    }

    fn read(name: &Name) -> Option<Jet> {
        let (of, orders) = name.as_str().strip_suffix('}')?.rsplit_once('{')?;
        let mut parts = orders.split(',').map(|n| n.parse().ok());
        let mut next = || parts.next().flatten();
        Some(Jet { of: of.to_owned(), orders: [next()?, next()?, next()?, next()?] })
    }

    fn raised(mut self, axis: usize) -> Jet {
        self.orders[axis] += 1;
        self
    }
}

type Written<T> = Result<T, IdentityFailure>;

fn not_covered<T>(what: impl std::fmt::Display) -> Written<T> {
    Err(IdentityFailure::NotCovered { what: what.to_string() })
}

/// The wave number squared in Fourier space.
fn q() -> Expr {
    Expr::sym("Q{}")
}

fn wave(axis: usize) -> Expr {
    Expr::sym(&format!("k{{{axis}}}"))
}

fn position(axis: usize) -> Expr {
    Expr::sym(&format!("x{{{axis}}}"))
}

/// The orders of the axes start after that of t.
const TIME: usize = 0;

impl Coordinates {
    /// Coordinates in which all of `sides` can be written: Fourier space when a fractional Laplacian occurs and one mode says it all. In
    /// position space `(-lap)^b phi` is a function of its own, of which that of order `b + 1` is minus the Laplacian.
    pub(super) fn for_all(dimension: usize, equation: &Equation, sides: &[&Expr]) -> Written<Coordinates> {
        let mut orders = Vec::new();
        sides.iter().for_each(|side| orders_in(side, &mut orders));
        let fourier = !orders.is_empty() && sides.iter().all(|side| linear(side).is_ok());
        let complex = equation.unknowns.iter().filter(|u| u.complex).map(|u| u.name.clone()).collect();
        Ok(Coordinates { dimension, fourier, complex, orders })
    }

    /// A scalar expression in letters.
    pub(super) fn scalar(&self, e: &Expr) -> Written<Expr> {
        let all = |parts: &[Expr]| parts.iter().map(|p| self.scalar(p)).collect::<Written<Vec<_>>>();
        match e {
            Expr::Num(_) | Expr::Imag | Expr::Sym(_) | Expr::Var(Var::Time) => Ok(e.clone()),
            Expr::Field(name) => Ok(Jet { of: name.to_string(), orders: [0; 4] }.letter()),
            Expr::Apply(name, DependsOn::Time) => Ok(Jet { of: format!("{name}(t)"), orders: [0; 4] }.letter()),
            Expr::Apply(name, DependsOn::Position) => Ok(Jet { of: format!("{name}(x)"), orders: [0; 4] }.letter()),
            Expr::Pow(b, n) => Ok(Expr::pow(self.scalar(b)?, self.scalar(n)?)),
            Expr::Call(Func::Abs2, v) if v.is_vector() => {
                let squares = self.vector(v)?.into_iter().map(|c| Ok(c.clone() * self.conjugate(&c)?));
                Ok(Expr::add(squares.collect::<Written<Vec<_>>>()?))
            }
            Expr::Call(func, a) => self.call(*func, self.scalar(a)?),
            Expr::BesselK(order, a) => Ok(Expr::bessel_k(self.scalar(order)?, self.scalar(a)?)),
            Expr::Dt(f, n) => (0..*n).try_fold(self.scalar(f)?, |g, _| self.time_derivative(&g)),
            Expr::Partial(f, axis, n) => {
                let axis = self.place(*axis)?;
                (0..*n).try_fold(self.scalar(f)?, |g, _| self.derivative(&g, axis + 1))
            }
            Expr::Lap(f) => self.divergence(&self.gradient(&self.scalar(f)?)?),
            Expr::FracLap(f, order) if self.fourier => Ok(Expr::pow(q(), self.scalar(order)?) * self.scalar(f)?),
            Expr::FracLap(f, order) => self.nonlocal(f, order),
            Expr::Div(v) => self.divergence(&self.vector(v)?),
            Expr::Mul(parts) => Ok(Expr::mul(all(parts)?)),
            Expr::Add(parts) => Ok(Expr::add(all(parts)?)),
            Expr::Var(_) | Expr::Grad(_) | Expr::Position | Expr::Unit(_) => not_covered(e),
        }
    }

    /// `(-lap)^order f` in position space, for an f that is linear in the fields: their letters become those of the least order that
    /// differs from this one by a whole number, and Laplacians make up for it.
    fn nonlocal(&self, f: &Expr, order: &Expr) -> Written<Expr> {
        linear(f)?;
        let above = |least: &Expr| (order - least).expand().as_int().filter(|n| *n >= 0);
        let least = self.orders.iter().enumerate().filter_map(|(i, least)| Some((above(least)?, i))).max();
        let Some((steps, place)) = least else { return not_covered(format!("(-lap)^({order}) of {f}")) };
        let inner = self.scalar(f)?;
        if inner.symbols().iter().filter_map(Jet::read).any(|jet| jet.of.contains('#')) {
            return not_covered("a fractional Laplacian of a fractional Laplacian");
        }
        let function = inner.replace(&|part| match part {
            Expr::Sym(name) => Jet::read(name)
                .filter(|jet| !jet.of.ends_with(')'))
                .map(|jet| Jet { of: format!("{}#{place}", jet.of), ..jet }.letter()),
            _ => None,
        });
        (0..steps).try_fold(function, |g, _| Ok(-self.divergence(&self.gradient(&g)?)?))
    }

    /// The components of a vector expression in letters; 0 is the zero vector.
    pub(super) fn vector(&self, e: &Expr) -> Written<Vec<Expr>> {
        let axes = 0..self.dimension;
        match e {
            e if e.is_zero() => Ok(vec![Expr::zero(); self.dimension]),
            Expr::Grad(f) => self.gradient(&self.scalar(f)?),
            Expr::Position => Ok(axes.map(position).collect()),
            Expr::Unit(axis) => {
                let place = self.place(*axis)?;
                Ok(axes.map(|i| if i == place { Expr::one() } else { Expr::zero() }).collect())
            }
            Expr::Dt(v, n) => (0..*n).try_fold(self.vector(v)?, |v, _| self.each(v, |c| self.time_derivative(&c))),
            Expr::Call(func, v) => self.each(self.vector(v)?, |c| self.call(*func, c)),
            Expr::Add(terms) => {
                let terms = terms.iter().map(|t| self.vector(t)).collect::<Written<Vec<_>>>()?;
                Ok(axes.map(|i| Expr::add(terms.iter().map(|t| t[i].clone()))).collect())
            }
            Expr::Mul(factors) => {
                let Some(at) = factors.iter().position(Expr::is_vector) else { return not_covered(e) };
                let others = factors.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, f)| self.scalar(f));
                let scale = Expr::mul(others.collect::<Written<Vec<_>>>()?);
                self.each(self.vector(&factors[at])?, |c| Ok(scale.clone() * c))
            }
            e => not_covered(e),
        }
    }

    /// The place of an axis among the coordinates, from 0.
    fn place(&self, axis: Axis) -> Written<usize> {
        let place = axis.index();
        if place < self.dimension {
            Ok(place)
        } else {
            not_covered(format!("the axis {} in N = {}", axis.letter(), self.dimension))
        }
    }

    fn each(&self, v: Vec<Expr>, f: impl Fn(Expr) -> Written<Expr>) -> Written<Vec<Expr>> {
        v.into_iter().map(f).collect()
    }

    /// The total derivative in t.
    pub(super) fn time_derivative(&self, e: &Expr) -> Written<Expr> {
        let explicit = partial(e, &Expr::Var(Var::Time))?;
        Ok(explicit + self.over_letters(e, TIME, |jet| !jet.of.ends_with("(x)"))?)
    }

    /// The sum of the derivatives of the components along their axes.
    pub(super) fn divergence(&self, v: &[Expr]) -> Written<Expr> {
        let parts = v.iter().enumerate().map(|(i, c)| self.derivative(c, i + 1));
        Ok(Expr::add(parts.collect::<Written<Vec<_>>>()?))
    }

    fn gradient(&self, f: &Expr) -> Written<Vec<Expr>> {
        (1..=self.dimension).map(|axis| self.derivative(f, axis)).collect()
    }

    /// The total derivative along an axis, counted from 1.
    fn derivative(&self, e: &Expr, axis: usize) -> Written<Expr> {
        if self.fourier {
            return Ok((Expr::Imag * wave(axis) * e.clone()).expand());
        }
        let explicit = partial(e, &position(axis - 1))?;
        Ok(explicit + self.over_letters(e, axis, |jet| !jet.of.ends_with("(t)"))?)
    }

    /// The chain rule: the sum over letters u of `de/du u_axis`.
    fn over_letters(&self, e: &Expr, axis: usize, varies: impl Fn(&Jet) -> bool) -> Written<Expr> {
        let jets = e.symbols().into_iter().filter_map(|name| Jet::read(&name)).filter(varies);
        let parts = jets.map(|jet| Ok(partial(e, &jet.letter())? * jet.raised(axis).letter()));
        Ok(Expr::add(parts.collect::<Written<Vec<_>>>()?).expand())
    }

    fn call(&self, func: Func, a: Expr) -> Written<Expr> {
        let half = || Expr::Num(crate::expr::rational(1, 2));
        Ok(match func {
            Func::Conj => self.conjugate(&a)?,
            Func::Abs2 => a.clone() * self.conjugate(&a)?,
            Func::Re => half() * (a.clone() + self.conjugate(&a)?),
            Func::Im => half() * -Expr::Imag * (a.clone() - self.conjugate(&a)?),
            func => Expr::call(func, a),
        })
    }

    /// The complex conjugate; the conjugate of a complex field is a field of its own.
    pub(super) fn conjugate(&self, e: &Expr) -> Written<Expr> {
        if self.fourier {
            return not_covered("complex conjugates beside a fractional Laplacian");
        }
        Ok(e.replace(&|part| match part {
            Expr::Imag => Some(-Expr::Imag),
            Expr::Sym(name) => {
                let jet = Jet::read(name)?;
                let bare = jet.of.strip_suffix('~').unwrap_or(&jet.of);
                let field = bare.split_once('#').map_or(bare, |(field, _)| field);
                if !self.complex.iter().any(|c| c.as_str() == field) {
                    return None;
                }
                let of = if bare.len() < jet.of.len() { bare.to_owned() } else { format!("{bare}~") };
                Some(Jet { of, ..jet }.letter())
            }
            _ => None,
        }))
    }

    /// The letters as fields, so that coefficients are printed before them.
    pub(super) fn readable(&self, e: &Expr) -> Expr {
        e.replace(&|part| match part {
            Expr::Sym(name) => Jet::read(name).map(|_| Expr::Field(name.clone())),
            _ => None,
        })
    }

    /// Multiplied out, with `k_1^2 = Q - k_2^2 - ...` in Fourier space: zero exactly when all letters cancel.
    pub(super) fn normal(&self, e: &Expr) -> Expr {
        let e = e.expand();
        if !self.fourier {
            return e;
        }
        let first = wave(1);
        let square = q() - Expr::add((2..=self.dimension).map(|axis| wave(axis).powi(2)));
        let reduced = e.replace(&|part| match part {
            Expr::Pow(base, n) if **base == first => {
                let n = n.as_int().filter(|n| *n >= 2)?;
                Some(first.clone().powi(n % 2) * square.clone().powi(n / 2))
            }
            _ => None,
        });
        reduced.expand()
    }
}

/// The orders of the fractional Laplacians in `e`, each once.
fn orders_in(e: &Expr, out: &mut Vec<Expr>) {
    if let Expr::FracLap(_, order) = e
        && !out.contains(order)
    {
        out.push((**order).clone());
    }
    e.children().for_each(|c| orders_in(c, out));
}

fn partial(e: &Expr, letter: &Expr) -> Written<Expr> {
    e.derivative(letter).map_or_else(|| not_covered(format!("the derivative of {e}")), Ok)
}

/// Is it linear in the fields with coefficients free of position, so that one Fourier mode is enough?
fn linear(e: &Expr) -> Written<()> {
    let ok = match e {
        Expr::Mul(factors) => factors.iter().filter(|f| f.has_field()).count() <= 1,
        Expr::Pow(..) | Expr::Call(..) => !e.has_field(),
        Expr::Position | Expr::Apply(_, DependsOn::Position) => false,
        Expr::FracLap(_, order) => !order.has_field() && !order.has_position() && !order.has_time(),
        _ => true,
    };
    if !ok {
        return not_covered(format!("`{e}` beside a fractional Laplacian"));
    }
    e.children().try_for_each(linear)
}
