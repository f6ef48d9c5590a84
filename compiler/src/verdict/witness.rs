//! Witnesses: numbers anyone can plug in that refute a condition.
//!
//! In:   `lambda` of the branch and the facts.
//! Out:  a [`Witness`] at admitted parameter values, or none when a short search finds none.
//! Holds: the value of a derivative is exact, or enclosed by interval arithmetic; a witness refutes the condition at its
//!       own parameters, the reason beside it says why the others fail too.

use super::{SideCondition, Which, text};
use crate::expr::{Enclosure, Expr, Facts, HalfLine, KappaSum, Name, Rational, Sign, Var, rational};
use num_complex::Complex64;
use num_traits::{Signed, ToPrimitive};
use serde::{Deserialize, Serialize};

/// Numbers that refute a condition.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Witness {
    /// `(-1)^(n-1) d^n lambda / d kappa^n < 0`, which no Bernstein function has: C1 fails in high dimension.
    Derivative {
        /// The order n.
        order: u32,
        /// The squared wave number.
        #[serde(with = "text::number")]
        kappa: Rational,
        /// Parameter values.
        #[serde(with = "text::values")]
        parameters: Vec<(Name, Rational)>,
        /// `lambda(kappa)` with its parameters.
        #[serde(with = "text")]
        lambda: Expr,
        /// `(-1)^(n-1) d^n lambda` there.
        value: f64,
        /// A bound on the error of `value`, smaller than its modulus.
        error: f64,
    },
    /// `lambda` is not real: the mode oscillates, so no positive kernel has this transform.
    Oscillation {
        /// The squared wave number.
        #[serde(with = "text::number")]
        kappa: Rational,
        /// Parameter values.
        #[serde(with = "text::values")]
        parameters: Vec<(Name, Rational)>,
        /// `lambda(kappa)` with its parameters.
        #[serde(with = "text")]
        lambda: Expr,
        /// `Im lambda` there.
        imaginary: f64,
    },
    /// `Re lambda(k^2) <= Re lambda(0)`: Eq. 16 fails on this branch at k.
    Level {
        /// The wave number.
        #[serde(with = "text::number")]
        k: Rational,
        /// Parameter values.
        #[serde(with = "text::values")]
        parameters: Vec<(Name, Rational)>,
        /// `lambda(kappa)` with its parameters.
        #[serde(with = "text")]
        lambda: Expr,
        /// `Re lambda(k^2)`.
        at_k: f64,
        /// `Re lambda(0)`.
        at_zero: f64,
    },
    /// At k no root of the symbol has `Re s < level`, the greatest `Re s(0)`: Eq. 16 fails there on every branch.
    Roots {
        /// The wave number.
        #[serde(with = "text::number")]
        k: Rational,
        /// Parameter values.
        #[serde(with = "text::values")]
        parameters: Vec<(Name, Rational)>,
        /// The greatest real part of a root at `k = 0`.
        #[serde(with = "text")]
        level: Expr,
    },
    /// The kernel `g_t(r)` of the density is negative: the inverse Fourier transform of `exp(-t lambda(|k|^2))` in N
    /// dimensions.
    Kernel {
        /// The space dimension N: 1, 2 or 3.
        dimension: u32,
        /// The radius r.
        #[serde(with = "text::number")]
        radius: Rational,
        /// The time t.
        #[serde(with = "text::number")]
        time: Rational,
        /// Parameter values.
        #[serde(with = "text::values")]
        parameters: Vec<(Name, Rational)>,
        /// `lambda(kappa)` with its parameters.
        #[serde(with = "text")]
        lambda: Expr,
        /// `g_t(r)`.
        value: f64,
        /// A bound on the error of `value`, smaller than its modulus.
        error: f64,
    },
    /// A wave vector at which a condition fails, for a lambda that depends on the direction of k.
    Vector {
        /// What fails there.
        test: Comparison,
        /// The wave vector: its components along the named axes, and one along a further axis where there is any.
        #[serde(with = "text::numbers")]
        k: Vec<Rational>,
        /// Parameter values.
        #[serde(with = "text::values")]
        parameters: Vec<(Name, Rational)>,
        /// `lambda(k)` in kappa, `k_x`, `k_y`, `k_z` and the parameters.
        #[serde(with = "text")]
        lambda: Expr,
        /// The number that is compared.
        value: f64,
        /// What it is compared with.
        bound: f64,
    },
}

/// What a wave vector shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// `Re lambda(k) <= Re lambda(0)`: C2 fails at k.
    NotAbove,
    /// `Re lambda(k) < Re lambda(0)`: that mode outgrows the mean, so the density is negative somewhere.
    Below,
    /// `abs(lambda(2 k) - lambda(0)) > 4 abs(lambda(k) - lambda(0))`, which no law of independent increments allows.
    Doubling,
    /// `abs(lambda(-k) - conj(lambda(k))) > 0`: the kernel is not real.
    Skew,
}

impl Comparison {
    /// The two numbers that are compared, from lambda at multiples of k.
    pub(crate) fn values(self, lambda: &dyn Fn(f64) -> Option<Complex64>) -> Option<(f64, f64)> {
        let (zero, one) = (lambda(0.0)?, lambda(1.0)?);
        Some(match self {
            Comparison::NotAbove | Comparison::Below => (one.re, zero.re),
            Comparison::Doubling => ((lambda(2.0)? - zero).norm(), 4.0 * (one - zero).norm()),
            Comparison::Skew => ((lambda(-1.0)? - one.conj()).norm(), 0.0),
        })
    }

    /// Do the two numbers refute the condition, beyond roundings?
    pub(crate) fn fails(self, value: f64, bound: f64) -> bool {
        let slack = 1e-9 * (value.abs() + bound.abs());
        match self {
            Comparison::NotAbove => value <= bound + LEVEL_TOLERANCE * (value.abs() + bound.abs()),
            Comparison::Below => value < bound - slack,
            Comparison::Doubling | Comparison::Skew => value > bound + slack && value > 1e-9,
        }
    }

    /// In words.
    pub fn statement(self) -> &'static str {
        match self {
            Comparison::NotAbove => "Re lambda(k) <= Re lambda(0)",
            Comparison::Below => "Re lambda(k) < Re lambda(0)",
            Comparison::Doubling => "abs(lambda(2 k) - lambda(0)) > 4 abs(lambda(k) - lambda(0))",
            Comparison::Skew => "abs(lambda(-k) - conj(lambda(k))) > 0",
        }
    }
}

impl Witness {
    /// The condition that it refutes.
    pub fn refutes(&self) -> Which {
        match self {
            Witness::Level { .. } | Witness::Roots { .. } => Which::C2,
            Witness::Vector { test: Comparison::NotAbove, .. } => Which::C2,
            _ => Which::C1,
        }
    }

    /// The branch it is about, `lambda(kappa)`; none where it is about all.
    pub fn lambda(&self) -> Option<&Expr> {
        match self {
            Witness::Derivative { lambda, .. }
            | Witness::Oscillation { lambda, .. }
            | Witness::Level { lambda, .. }
            | Witness::Kernel { lambda, .. }
            | Witness::Vector { lambda, .. } => Some(lambda),
            Witness::Roots { .. } => None,
        }
    }

    /// With the values that its case fixes, which lambda no longer has.
    pub(super) fn in_case(mut self, when: &[SideCondition]) -> Witness {
        let (Witness::Derivative { parameters, .. }
        | Witness::Oscillation { parameters, .. }
        | Witness::Level { parameters, .. }
        | Witness::Roots { parameters, .. }
        | Witness::Kernel { parameters, .. }
        | Witness::Vector { parameters, .. }) = &mut self;
        for relation in when.iter().filter(|c| c.sign == Sign::ZERO) {
            // At these values, the one letter that is left.
            let here = at(&relation.expression, parameters).expand();
            let fixed = here.fixes(&|_| false).and_then(|(name, value)| Some((name, value.as_num()?.clone())));
            parameters.extend(fixed);
        }
        parameters.sort();
        self
    }

    /// The parameter values.
    pub fn parameters(&self) -> &[(Name, Rational)] {
        match self {
            Witness::Derivative { parameters, .. }
            | Witness::Oscillation { parameters, .. }
            | Witness::Level { parameters, .. }
            | Witness::Roots { parameters, .. }
            | Witness::Kernel { parameters, .. }
            | Witness::Vector { parameters, .. } => parameters,
        }
    }
}

/// Squared wave numbers tried, in order.
const TRIED: [(i64, i64); 12] =
    [(1, 1), (2, 1), (1, 2), (4, 1), (1, 4), (1, 10), (9, 1), (1, 100), (25, 1), (100, 1), (1, 1000), (1000, 1)];

/// Roundings allowed when two real parts that should be equal are compared.
pub(super) const LEVEL_TOLERANCE: f64 = 1e-12;

/// A derivative of the wrong sign, up to order `highest`.
pub(super) fn derivative(lambda: &Expr, facts: &Facts, highest: u32) -> Option<Witness> {
    let parameters = facts.sample(&lambda.symbols())?;
    let concrete = at(lambda, &parameters);
    let mut d = concrete.clone();
    for order in 1..=highest {
        d = d.derivative(&Expr::kappa())?;
        let signed = if order % 2 == 1 { d.clone() } else { -d.clone() };
        for (p, q) in TRIED {
            let kappa = rational(p, q);
            let here = signed.substitute(&Expr::kappa(), &Expr::Num(kappa.clone()));
            let Some(bounds) = bounds(&here) else { continue };
            if bounds.high < 0.0 {
                let value = 0.5 * (bounds.low + bounds.high);
                let error = (bounds.high - value).max(value - bounds.low).next_up();
                let lambda = lambda.clone();
                return Some(Witness::Derivative { order, kappa, parameters, lambda, value, error });
            }
        }
    }
    None
}

fn bounds(e: &Expr) -> Option<Enclosure> {
    match e {
        Expr::Num(r) if r.is_negative() => {
            let exact = r.to_f64()?;
            Some(Enclosure { low: exact.next_down(), high: exact.next_up() })
        }
        e => Enclosure::of(e),
    }
}

/// A wave number at which `lambda` is not real.
pub(super) fn oscillation(lambda: &Expr, facts: &Facts) -> Option<Witness> {
    oscillation_where_negative(lambda, &Expr::one(), facts)
}

/// As [`oscillation`], also where this discriminant is negative, however short the band.
pub(super) fn oscillation_where_negative(lambda: &Expr, discriminant: &Expr, facts: &Facts) -> Option<Witness> {
    let parameters = facts.sample(&lambda.symbols())?;
    let concrete = at(lambda, &parameters);
    let bands = || {
        let line = HalfLine::cut(&[KappaSum::read(&at(discriminant, &parameters))?], facts).ok()?;
        let negative = (0..line.samples.len()).filter(|i| line.signs[2 * i][0] == Sign::NEGATIVE);
        Some(negative.map(|i| line.samples[i].clone()).collect::<Vec<_>>())
    };
    let tried = TRIED.into_iter().map(|(p, q)| rational(p, q));
    tried.chain(std::iter::once_with(bands).flatten().flatten()).find_map(|kappa| {
        let z = value(&concrete, kappa.to_f64()?)?;
        (z.im.abs() > 1e-6 * z.norm()).then(|| Witness::Oscillation {
            kappa: kappa.clone(),
            parameters: parameters.clone(),
            lambda: lambda.clone(),
            imaginary: z.im,
        })
    })
}

/// A wave number at which the real part has not risen above its value at 0.
pub(super) fn level(lambda: &Expr, facts: &Facts) -> Option<Witness> {
    let parameters = facts.sample(&lambda.symbols())?;
    let concrete = at(lambda, &parameters);
    let at_zero = value(&concrete, 0.0)?.re;
    TRIED.into_iter().find_map(|(p, q)| {
        let k = rational(p, q);
        let k2 = (&k * &k).to_f64()?;
        let z = value(&concrete, k2)?;
        let tolerance = LEVEL_TOLERANCE * (z.norm() + at_zero.abs());
        (z.re <= at_zero + tolerance).then(|| Witness::Level {
            k: k.clone(),
            parameters: parameters.clone(),
            lambda: lambda.clone(),
            at_k: z.re,
            at_zero,
        })
    })
}

pub(super) fn at(e: &Expr, parameters: &[(Name, Rational)]) -> Expr {
    e.replace(&|part| match part {
        Expr::Sym(n) => parameters.iter().find(|(name, _)| name == n).map(|(_, v)| Expr::Num(v.clone())),
        _ => None,
    })
}

fn value(e: &Expr, kappa: f64) -> Option<Complex64> {
    let leaf = |part: &Expr| matches!(part, Expr::Var(Var::Kappa)).then(|| Complex64::from(kappa));
    e.evaluate(&leaf).filter(|z| z.re.is_finite() && z.im.is_finite())
}
