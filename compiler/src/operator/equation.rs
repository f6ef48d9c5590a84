//! The typed equation that every later stage reads.

use crate::expr::{Expr, Facts, Name, Rational};
use crate::source::{Source, Span};
use crate::verdict::VerdictKind;
use std::collections::BTreeMap;

/// A resolved equation or first-order system, `L phi = 0`, every name bound and every sort checked.
#[derive(Clone, Debug)]
pub struct Equation {
    /// The name of the block, or `equation` for bare text.
    pub name: String,
    /// Title from the block form.
    pub title: Option<String>,
    /// Where the equation comes from.
    pub citation: Option<String>,
    /// Left side minus right side of each component, expanded to a sum of terms, each operator applied to as little as
    /// linearity allows: `lap(a f + g)` is `a lap(f) + lap(g)`.
    pub components: Vec<Expr>,
    /// The place of each component in the source.
    pub spans: Vec<Span>,
    /// The unknown fields, in order of appearance; as many as components.
    pub unknowns: Vec<Unknown>,
    /// The parameters, in order of appearance.
    pub parameters: Vec<Parameter>,
    /// What is assumed of the parameters.
    pub facts: Facts,
    /// The space dimension N when the text fixes it (`where N = 1`, `x in R^3`), or when all its space derivatives are
    /// along axes: `phi_t - phi_xx` is set on a line, `phi_t - phi_xx - 2 phi_yy` in a plane.
    pub dimension: Option<u32>,
    /// What the author of the file expects, if stated.
    pub expect: Option<Expectation>,
    /// What the source claims, if stated.
    pub claim: Option<Claim>,
    /// Dimension and parameter values for numeric tests and defaults.
    pub test: TestPoint,
    /// The text it was read from.
    pub source: Source,
}

impl Equation {
    /// The operator `L phi` of a single equation; the first component of a system.
    pub fn operator(&self) -> &Expr {
        // Resolution guarantees at least one component.
        &self.components[0]
    }

    /// The unknown of a single equation; the first of a system.
    pub fn unknown(&self) -> &Unknown {
        &self.unknowns[0]
    }

    /// Is it a system of several equations?
    pub fn is_system(&self) -> bool {
        self.components.len() > 1
    }

    /// Is any field complex?
    pub fn is_complex(&self) -> bool {
        self.unknowns.iter().any(|u| u.complex)
    }

    /// The parameter called `name`, by the name used in reports or the one written in the text.
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|p| p.name.as_str() == name || p.written == name)
    }
}

/// An unknown field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// Its name.
    pub name: Name,
    /// Complex (declared so, or the equation contains `i`), else real.
    pub complex: bool,
}

/// A real parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name in expressions: as written, or with `_` appended when reports need the name themselves (`kappa`, `s`,
    /// `omega`, `q`).
    pub name: Name,
    /// Its name as the user wrote it.
    pub written: String,
    /// Was it declared (`where`, `param`), or only used?
    pub declared: bool,
    /// The assumption as text, for example `m > 0`; `m real` for an undeclared one.
    pub assumption: String,
}

/// The verdict the author of a file expects; written by hand, never blessed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// The expected verdict.
    pub kind: VerdictKind,
    /// The condition of a conditional verdict, as written.
    pub condition: Option<String>,
    /// The failing condition named with `by C1` or `by C2`.
    pub by: Option<String>,
    /// Where it stands.
    pub span: Span,
}

/// What the cited source says of the equation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The verdict of the source.
    pub kind: VerdictKind,
    /// Where the source says so.
    pub by: String,
    /// Why we differ, required when we do.
    pub because: Option<String>,
}

/// Values for numeric tests, also the defaults of the commands that need numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestPoint {
    /// Space dimension.
    pub dimension: Option<u32>,
    /// Values of parameters.
    pub values: BTreeMap<Name, Rational>,
}
