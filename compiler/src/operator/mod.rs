//! From syntax to the typed operator form: names bound, sorts checked, one canonical expression a component.
//!
//! In:   [`Ast`](crate::syntax::Ast).
//! Out:  [`Equation`]: each component a sum of terms, operators applied to as little as linearity allows.
//! Holds: every name is a field, a parameter, a variable or a function; scalars and vectors never mix; at least one
//!       component has a time derivative; there are as many unknowns as components; assumptions do not contradict.

mod assume;
mod axes;
mod equation;
mod expression;
pub mod functions;
mod judge;
mod linear;
mod names;
mod resolve;
mod scale;

pub use equation::{Claim, Equation, Expectation, Parameter, TestPoint, Unknown};
pub use expression::{Scope, parse_expr};
pub use resolve::resolve;
pub(crate) use scale::normaliser;

use crate::diagnostic::Diagnostics;
use crate::source::Source;
use crate::syntax;

impl Equation {
    /// The equation in a text, one line or a block.
    ///
    /// # Errors
    /// A message with its place when the text is not an equation of the language.
    ///
    /// # Example
    /// ```
    /// use genphys_compiler::operator::Equation;
    /// let yukawa = Equation::parse("phi_tt + lap(phi) - m^2 phi = 0 where m > 0")?;
    /// assert_eq!(yukawa.operator().to_string(), "phi_tt + lap(phi) - m^2 phi");
    /// assert_eq!(yukawa.parameters[0].assumption, "m > 0");
    /// # Ok::<(), genphys_compiler::diagnostic::Diagnostics>(())
    /// ```
    pub fn parse(text: &str) -> Result<Equation, Diagnostics> {
        Equation::from_source(&Source::new("<equation>", text))
    }

    /// The same equation with each component times a constant that is not zero, so that equations that differ only by
    /// a constant become one: `3 phi_t - 3 lap(phi)` is `phi_t - lap(phi)`.
    ///
    /// # Example
    /// ```
    /// use genphys_compiler::operator::Equation;
    /// let twice = Equation::parse("2 m phi_t - 2 m lap(phi) = 0 where m > 0")?;
    /// assert_eq!(twice.normalised().operator().to_string(), "phi_t - lap(phi)");
    /// # Ok::<(), genphys_compiler::diagnostic::Diagnostics>(())
    /// ```
    pub fn normalised(&self) -> Equation {
        let mut out = self.clone();
        for component in &mut out.components {
            let scale = normaliser(component, &self.facts);
            if !scale.is_one() {
                *component = crate::expr::Expr::add(component.terms().iter().map(|t| scale.clone() * t.clone()));
            }
        }
        out
    }

    /// What is assumed of coefficient functions, each with the function it is about: `s(t)` and `s(t) > 0`.
    ///
    /// # Example
    /// ```
    /// use genphys_compiler::operator::Equation;
    /// let heated = Equation::parse("phi_t - s(t) lap(phi) = 0 where s(t) > 0")?;
    /// assert_eq!(heated.function_assumptions(), [("s(t)".to_owned(), "s(t) > 0".to_owned())]);
    /// # Ok::<(), genphys_compiler::diagnostic::Diagnostics>(())
    /// ```
    pub fn function_assumptions(&self) -> Vec<(String, String)> {
        assume::functions(&self.facts)
    }

    /// The equation in a source.
    ///
    /// # Errors
    /// As [`Equation::parse`].
    pub fn from_source(source: &Source) -> Result<Equation, Diagnostics> {
        resolve(&syntax::parse(source)?, source)
    }
}
