//! Evidence as data: expressions, numbers and signs are texts in the input language, which read back exactly.

use crate::expr::Expr;
use crate::syntax::{Scope, parse_expr};
use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::Serializer;

pub(super) fn serialize<S: Serializer>(e: &Expr, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(e)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Expr, D::Error> {
    read(&String::deserialize(from)?)
}

/// The expression of a text; it has no field.
fn read<E: Error>(text: &str) -> Result<Expr, E> {
    parse_expr(text, &Scope::default()).map_err(|_| E::custom(format!("`{text}` is not an expression")))
}

/// Lists of expressions.
pub(super) mod list {
    use super::*;

    pub fn serialize<S: Serializer>(list: &[Expr], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(list.iter().map(ToString::to_string))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Expr>, D::Error> {
        Vec::<String>::deserialize(from)?.iter().map(|text| read(text)).collect()
    }
}

/// Signs, as relations to zero.
pub(super) mod relation {
    use super::*;
    use crate::expr::Sign;

    const ALL: [Sign; 6] =
        [Sign::POSITIVE, Sign::NONNEGATIVE, Sign::ZERO, Sign::NONPOSITIVE, Sign::NEGATIVE, Sign::NONZERO];

    pub fn serialize<S: Serializer>(sign: &Sign, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(sign.relation())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Sign, D::Error> {
        let text = String::deserialize(from)?;
        let known = ALL.into_iter().find(|s| s.relation() == text);
        known.ok_or_else(|| D::Error::custom(format!("`{text}` is not a relation")))
    }
}

/// Exact numbers.
pub(super) mod number {
    use super::*;
    use crate::expr::Rational;

    pub fn serialize<S: Serializer>(r: &Rational, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(r)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Rational, D::Error> {
        exact(&String::deserialize(from)?)
    }

    pub(in super::super) fn exact<E: Error>(text: &str) -> Result<Rational, E> {
        let value = read::<E>(text)?;
        value.as_num().cloned().ok_or_else(|| E::custom(format!("`{text}` is not a number")))
    }
}

/// Lists of exact numbers.
pub(super) mod numbers {
    use super::*;
    use crate::expr::Rational;

    pub fn serialize<S: Serializer>(list: &[Rational], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(list.iter().map(ToString::to_string))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Rational>, D::Error> {
        Vec::<String>::deserialize(from)?.iter().map(|text| number::exact(text)).collect()
    }
}

/// Matrices of expressions, by rows.
pub(super) mod rows {
    use super::*;

    pub fn serialize<S: Serializer>(rows: &[Vec<Expr>], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(rows.iter().map(|row| row.iter().map(ToString::to_string).collect::<Vec<_>>()))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Vec<Expr>>, D::Error> {
        let rows = Vec::<Vec<String>>::deserialize(from)?;
        rows.iter().map(|row| row.iter().map(|text| read(text)).collect()).collect()
    }
}

/// The end of a stretch: an exact number, or none.
pub(super) mod end {
    use super::*;
    use crate::expr::Rational;

    pub fn serialize<S: Serializer>(end: &Option<Rational>, to: S) -> Result<S::Ok, S::Error> {
        match end {
            Some(r) => to.collect_str(r),
            None => to.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Rational>, D::Error> {
        Option::<String>::deserialize(from)?.map(|text| number::exact(&text)).transpose()
    }
}

/// Values of parameters, by name.
pub(super) mod values {
    use super::*;
    use crate::expr::{Name, Rational};
    use std::collections::BTreeMap;

    pub fn serialize<S: Serializer>(list: &[(Name, Rational)], to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(list.iter().map(|(n, v)| (n.as_str(), v.to_string())))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(Name, Rational)>, D::Error> {
        let map = BTreeMap::<String, String>::deserialize(from)?;
        map.iter().map(|(name, value)| Ok((Name::from(name.as_str()), number::exact(value)?))).collect()
    }
}
