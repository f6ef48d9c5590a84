//! Text to syntax tree and back.
//!
//! In:   a [`Source`]: one equation (or a system), perhaps `where` assumptions; or a block `pde name { ... }`.
//! Out:  [`Ast`], which prints back to text.
//! Holds: `parse(print(ast)) == ast`; every span lies inside the text; no text makes it panic, hang or overflow.

pub mod ast;
mod grammar;
mod lexer;
mod print;
pub mod token;
mod unicode;

pub use crate::operator::{Scope, parse_expr};
pub use ast::Ast;
pub use lexer::LONGEST_TEXT;

use crate::diagnostic::Diagnostics;
use crate::source::Source;

/// The syntax tree of a text.
///
/// # Errors
/// One message with its place for the first thing that does not fit (codes `E00..` and `E01..`).
///
/// # Example
/// ```
/// use genphys_compiler::{source::Source, syntax};
/// let ast = syntax::parse(&Source::new("<equation>", "∂ₜφ − D∇²φ = 0 where D > 0"))?;
/// assert_eq!(ast.to_string(), "dt(phi) - D lap(phi) = 0 where D > 0");
/// # Ok::<(), genphys_compiler::diagnostic::Diagnostics>(())
/// ```
pub fn parse(source: &Source) -> Result<Ast, Diagnostics> {
    grammar::parse(&lexer::tokens(source)?, source)
}

/// The syntax tree of one formula.
pub(crate) fn parse_formula(source: &Source) -> Result<ast::Node, Diagnostics> {
    grammar::parse_formula(&lexer::tokens(source)?, source)
}
