//! Equations and dispersion relations for the tests, built by hand.

use genphys_compiler::dispersion::{Branch, Dispersion, Problem};
use genphys_compiler::expr::{Expr, Facts, rational};
use genphys_compiler::operator::{Equation, TestPoint, Unknown};
use genphys_compiler::source::{Source, Span};

pub fn phi() -> Expr {
    Expr::Field("phi".into())
}

pub fn sym(name: &str) -> Expr {
    Expr::sym(name)
}

pub fn int(n: i64) -> Expr {
    Expr::int(n)
}

pub fn kappa() -> Expr {
    Expr::kappa()
}

pub fn ratio(p: i64, q: i64) -> Expr {
    Expr::Num(rational(p, q))
}

/// An equation of one real field; every parameter of `positive` is assumed to be positive.
pub fn equation(operator: Expr, positive: &[&str]) -> Equation {
    let mut facts = Facts::default();
    for name in positive {
        facts.interval_mut(&(*name).into()).raise(rational(0, 1), true);
    }
    Equation {
        name: "equation".into(),
        title: None,
        citation: None,
        components: vec![operator],
        spans: vec![Span::default()],
        unknowns: vec![Unknown { name: "phi".into(), complex: false }],
        parameters: Vec::new(),
        facts,
        dimension: None,
        expect: None,
        claim: None,
        test: TestPoint::default(),
        source: Source::new("test", ""),
    }
}

/// A dispersion relation with the given coefficients in s and growth rates.
pub fn dispersion(coefficients: Vec<Expr>, growth: Vec<Expr>, problem: Problem, selected: Option<usize>) -> Dispersion {
    let s = Expr::Var(genphys_compiler::expr::Var::Growth);
    let symbol = Expr::add(coefficients.iter().enumerate().map(|(i, c)| c.clone() * s.clone().powi(i as i64)));
    let branches = growth
        .into_iter()
        .map(|growth| Branch { omega: Expr::Imag * growth.clone(), growth, range: "all k".into(), root: None })
        .collect();
    Dispersion {
        symbol,
        coefficients,
        drift: None,
        evolution: None,
        branches,
        problem,
        selected,
        reason: String::new(),
    }
}

/// An initial value problem with one selected branch that decays with `lambda`.
pub fn evolution(coefficients: Vec<Expr>, lambda: Expr) -> Dispersion {
    dispersion(coefficients, vec![-lambda], Problem::Evolution, Some(0))
}

/// A free boundary problem whose selected branch decays with `lambda`.
pub fn free_boundary(coefficients: Vec<Expr>, lambda: Expr) -> Dispersion {
    dispersion(coefficients, vec![-lambda], Problem::FreeBoundary, Some(0))
}
