//! From syntax to the typed operator form: names bound, sorts checked, one canonical expression a component.

mod equation;

pub use equation::{Claim, Equation, Expectation, Parameter, TestPoint, Unknown};
