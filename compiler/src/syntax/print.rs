//! The syntax tree as text: what is printed parses back to the same tree.

use super::ast::{Assumption, Ast, At, Condition, Formula, Item, Join, Node, Sign, SpaceDimension};
use crate::expr::Rational;
use num_bigint::BigInt;
use num_traits::{One, Zero};
use std::fmt::{self, Display, Formatter};

impl Display for Ast {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Some(name) = &self.name else { return bare(&self.items, f) };
        writeln!(f, "pde {} {{", name.node)?;
        for item in &self.items {
            writeln!(f, "    {};", item.node)?;
        }
        f.write_str("}")
    }
}

/// `equation; equation where assumptions`.
fn bare(items: &[At<Item>], f: &mut Formatter<'_>) -> fmt::Result {
    for (i, item) in items.iter().enumerate() {
        match &item.node {
            Item::Equation { left, right } => {
                write!(f, "{}{} = {}", if i > 0 { "; " } else { "" }, left.node, right.node)?;
            }
            Item::Param(list) => write!(f, " where {}", commas(list))?,
            other => write!(f, "; {other}")?,
        }
    }
    Ok(())
}

impl Display for Item {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Item::Title(text) => write!(f, "title {}", quoted(&text.node)),
            Item::Source(text) => write!(f, "source {}", quoted(&text.node)),
            Item::Field { names, complex } => {
                let names: Vec<&str> = names.iter().map(|n| n.node.as_str()).collect();
                write!(f, "field {}: {}", names.join(", "), if *complex { "complex" } else { "real" })
            }
            Item::Space { dimension, assumptions } => {
                match dimension {
                    SpaceDimension::Any => f.write_str("space x in R^N")?,
                    SpaceDimension::Fixed(n) => write!(f, "space x in R^{}", decimal(&n.node))?,
                }
                assumptions.iter().try_for_each(|a| write!(f, ", {}", a.node))
            }
            Item::Param(list) => write!(f, "param {}", commas(list)),
            Item::Equation { left, right } => write!(f, "equation {} = {}", left.node, right.node),
            Item::Expect { require, verdict, when, by } => {
                write!(f, "{} {}", if *require { "require" } else { "expect" }, verdict.node)?;
                match when {
                    Some(Condition::Words(text)) => write!(f, " when {}", quoted(&text.node))?,
                    Some(Condition::Constraints(list)) => write!(f, " when {}", commas(list))?,
                    None => {}
                }
                by.iter().try_for_each(|by| write!(f, " by {}", by.node))
            }
            Item::Claim { verdict, by, because } => {
                write!(f, "claim {} by {}", verdict.node, quoted(&by.node))?;
                because.iter().try_for_each(|b| write!(f, " because {}", quoted(&b.node)))
            }
            Item::Test(values) => {
                let values: Vec<String> = values.iter().map(|(n, v)| format!("{} = {}", n.node, v.node)).collect();
                write!(f, "test {}", values.join(", "))
            }
        }
    }
}

impl Display for Assumption {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Assumption::Chain(first, more) => {
                write!(f, "{}", first.node)?;
                more.iter().try_for_each(|(relation, side)| write!(f, " {} {}", relation.symbol().as_str(), side.node))
            }
            Assumption::Is(name, properties) => {
                f.write_str(&name.node)?;
                properties.iter().try_for_each(|p| write!(f, " {}", p.node))
            }
        }
    }
}

impl Display for Formula {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Formula::Number(r) => f.write_str(&decimal(r)),
            Formula::Name(name) => f.write_str(name),
            Formula::Call(name, arguments) => {
                let arguments: Vec<String> = arguments.iter().map(|a| a.node.to_string()).collect();
                write!(f, "{}({})", name.node, arguments.join(", "))
            }
            Formula::Sum(terms) => terms.iter().enumerate().try_for_each(|(i, (sign, term))| {
                f.write_str(match (i, sign) {
                    (0, Sign::Plus) => "",
                    (0, Sign::Minus) => "-",
                    (_, Sign::Plus) => " + ",
                    (_, Sign::Minus) => " - ",
                })?;
                bracketed(term, matches!(term.node, Formula::Sum(_)), f)
            }),
            Formula::Product(factors) => factors.iter().enumerate().try_for_each(|(i, (join, factor))| {
                f.write_str(match join {
                    _ if i == 0 => "",
                    Join::Times => "*",
                    Join::Over => "/",
                    Join::Beside => " ",
                })?;
                bracketed(factor, matches!(factor.node, Formula::Sum(_) | Formula::Product(_)), f)
            }),
            Formula::Power(base, exponent) => {
                bracketed(base, !is_atom(base), f)?;
                f.write_str("^")?;
                bracketed(exponent, !is_atom(exponent), f)
            }
            Formula::FracLap { exponent, operand } => {
                f.write_str("(-lap)^")?;
                bracketed(exponent, !matches!(exponent.node, Formula::Number(_) | Formula::Name(_)), f)?;
                f.write_str(" ")?;
                bracketed(operand, matches!(operand.node, Formula::Sum(_) | Formula::Product(_)), f)
            }
        }
    }
}

fn is_atom(node: &Node) -> bool {
    matches!(node.node, Formula::Number(_) | Formula::Name(_) | Formula::Call(..))
}

fn bracketed(node: &Node, brackets: bool, f: &mut Formatter<'_>) -> fmt::Result {
    if brackets { write!(f, "({})", node.node) } else { write!(f, "{}", node.node) }
}

fn commas(list: &[At<Assumption>]) -> String {
    let parts: Vec<String> = list.iter().map(|a| a.node.to_string()).collect();
    parts.join(", ")
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A number with a finite decimal expansion, in full.
fn decimal(r: &Rational) -> String {
    let mut places = 0;
    let mut scaled = r.clone();
    // Numbers of the language have at most 500 places; the bound only guards trees built by hand.
    while !scaled.denom().is_one() && places < 1000 {
        scaled *= Rational::from_integer(BigInt::from(10));
        places += 1;
    }
    let digits = scaled.to_integer().to_string();
    if places == 0 || r.is_zero() {
        return digits;
    }
    let padded = format!("{digits:0>width$}", width = places + 1);
    let (whole, part) = padded.split_at(padded.len() - places);
    format!("{whole}.{part}")
}
