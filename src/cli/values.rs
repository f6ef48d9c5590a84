//! Values of parameters: from `--set`, else from the file, else from an assumption that leaves only one.

use super::failure::Failure;
use super::numbers;
use genphys_compiler::expr::{Expr, Facts, Name, Rational, Sign};
use genphys_compiler::operator::{Equation, Parameter};
use std::collections::BTreeMap;

/// The values of all parameters of `equation` that have one, checked against the assumptions.
///
/// # Errors
/// [`Failure`] for a setting that is not `name=value`, an unknown name, a name set twice, or a value that the
/// assumptions exclude.
pub fn values(equation: &Equation, settings: &[String]) -> Result<BTreeMap<Name, Rational>, Failure> {
    let given = parse(equation, settings)?;
    let mut values = equation.test.values.clone();
    for parameter in &equation.parameters {
        if let Some(only) = only_value(&equation.facts, &parameter.name) {
            values.insert(parameter.name.clone(), only);
        }
    }
    values.extend(given);
    check(equation, &values)?;
    Ok(values)
}

/// As [`values`], and every parameter must have one.
///
/// # Errors
/// As [`values`]; also a [`Failure`] that names the parameters without a value.
pub fn all_values(equation: &Equation, settings: &[String]) -> Result<BTreeMap<Name, Rational>, Failure> {
    let values = values(equation, settings)?;
    let missing: Vec<&str> =
        equation.parameters.iter().filter(|p| !values.contains_key(&p.name)).map(|p| p.written.as_str()).collect();
    match missing.as_slice() {
        [] => Ok(values),
        [one] => Err(Failure::input(format!("the parameter `{one}` has no value"))
            .help(format!("give one, for example --set {one}=0.5"))),
        several => Err(Failure::input(format!("the parameters `{}` have no values", several.join("`, `")))
            .help(format!("give them, for example --set {}=0.5", several.join("=0.5,")))),
    }
}

fn parse(equation: &Equation, settings: &[String]) -> Result<BTreeMap<Name, Rational>, Failure> {
    let mut values = BTreeMap::new();
    for setting in settings.iter().flat_map(|s| s.split(',')) {
        let refuse =
            || Failure::input(format!("`{setting}` is not a setting")).help("write --set m=0.5 or --set m=1/2");
        let (name, text) = setting.split_once('=').ok_or_else(refuse)?;
        let parameter = equation.parameter(name.trim()).ok_or_else(|| unknown(equation, name.trim()))?;
        let value = numbers::exact(text).ok_or_else(refuse)?;
        if values.insert(parameter.name.clone(), value).is_some() {
            return Err(Failure::input(format!("`{}` is set twice", parameter.written)));
        }
    }
    Ok(values)
}

fn unknown(equation: &Equation, name: &str) -> Failure {
    let failure = Failure::input(format!("the equation has no parameter `{name}`"));
    let known: Vec<&str> = equation.parameters.iter().map(|p| p.written.as_str()).collect();
    match known.as_slice() {
        [] => failure.help("it has no parameters at all"),
        [one] => failure.help(format!("its only parameter is `{one}`")),
        several => failure.help(format!("its parameters are `{}`", several.join("`, `"))),
    }
}

fn only_value(facts: &Facts, name: &Name) -> Option<Rational> {
    let interval = facts.interval(name)?;
    let (lower, upper) = (interval.lower.as_ref()?, interval.upper.as_ref()?);
    (lower.value == upper.value && interval.admits(&lower.value)).then(|| lower.value.clone())
}

fn check(equation: &Equation, values: &BTreeMap<Name, Rational>) -> Result<(), Failure> {
    for parameter in &equation.parameters {
        let (Some(value), Some(interval)) = (values.get(&parameter.name), equation.facts.interval(&parameter.name))
        else {
            continue;
        };
        if !interval.admits(value) {
            return Err(outside(parameter, value));
        }
    }
    for (expression, sign) in equation.facts.relations() {
        let known = expression.replace(&|part| match part {
            Expr::Sym(name) => values.get(name).cloned().map(Expr::Num),
            _ => None,
        });
        let impossible = Sign::POSITIVE.and(Sign::NEGATIVE);
        if Facts::default().sign(&known).and(*sign) == impossible {
            return Err(Failure::input(format!("the values contradict the assumption on {expression}"))
                .help(format!("the equation assumes {}", equation.facts)));
        }
    }
    Ok(())
}

fn outside(parameter: &Parameter, value: &Rational) -> Failure {
    Failure::input(format!("{} = {value} is outside the assumption `{}`", parameter.written, parameter.assumption))
        .help("choose another value, or change the assumption in the equation's `where`")
}
