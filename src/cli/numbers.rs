//! Numbers from the command line, each with a message that says which option wants what.

use super::failure::Failure;
use genphys_compiler::expr::Rational;
use num_traits::{Signed, ToPrimitive};

/// Digits accepted in a number: enough for any constant, few enough to stay quick.
const MOST_DIGITS: usize = 400;

/// A positive finite number.
///
/// # Errors
/// [`Failure`] naming `option`.
pub fn positive(option: &str, text: &str) -> Result<f64, Failure> {
    let value = text.trim().parse::<f64>().ok().filter(|v| *v > 0.0 && v.is_finite());
    value.ok_or_else(|| Failure::input(format!("{option} must be a positive number, found `{text}`")))
}

/// A whole number of at least `least`.
///
/// # Errors
/// [`Failure`] naming `option`.
pub fn whole(option: &str, text: &str, least: u64) -> Result<u64, Failure> {
    let value = text.trim().parse::<u64>().ok().filter(|v| *v >= least);
    let kind = if least == 0 { "a whole number".into() } else { format!("a whole number of at least {least}") };
    value.ok_or_else(|| Failure::input(format!("{option} must be {kind}, found `{text}`")))
}

/// A list of exact numbers that are finite and not negative, separated by commas.
///
/// # Errors
/// [`Failure`] naming `option`.
pub fn wave_numbers(option: &str, text: &str) -> Result<Vec<Rational>, Failure> {
    let finite = |v: &Rational| v.to_f64().is_some_and(f64::is_finite);
    let number = |part: &str| exact(part).filter(|v| !v.is_negative() && finite(v));
    let refuse = |part: &str| Failure::input(format!("{option} holds numbers that are not negative, found `{part}`"));
    text.split(',').map(|part| number(part).ok_or_else(|| refuse(part))).collect()
}

/// An exact number: `2`, `-0.5`, `1e-3`, `1/3`. None when the text is none of these.
pub fn exact(text: &str) -> Option<Rational> {
    let text = text.trim();
    match text.split_once('/') {
        Some((above, below)) => {
            let (above, below) = (decimal(above.trim())?, decimal(below.trim())?);
            (below != Rational::default()).then(|| above / below)
        }
        None => decimal(text),
    }
}

fn decimal(text: &str) -> Option<Rational> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (negative, magnitude) = match mantissa.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
    };
    let (whole, fraction) = magnitude.split_once('.').unwrap_or((magnitude, ""));
    let digits = format!("{whole}{fraction}");
    let scale = exponent.checked_sub(i32::try_from(fraction.len()).ok()?)?;
    let plausible = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if !plausible || digits.len() + scale.unsigned_abs() as usize > MOST_DIGITS {
        return None;
    }
    let zeros = "0".repeat(scale.unsigned_abs() as usize);
    let text = if scale < 0 { format!("{digits}/1{zeros}") } else { format!("{digits}{zeros}") };
    let value: Rational = text.parse().ok()?;
    Some(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use genphys_compiler::expr::rational;

    #[test]
    fn decimals_and_fractions_are_exact() {
        for (text, value) in [
            ("0.1", rational(1, 10)),
            ("-2", rational(-2, 1)),
            ("1/3", rational(1, 3)),
            ("-1/-4", rational(1, 4)),
            ("2.50e-3", rational(1, 400)),
            ("+1E2", rational(100, 1)),
            (".5", rational(1, 2)),
            ("3.", rational(3, 1)),
        ] {
            assert_eq!(exact(text), Some(value), "{text}");
        }
        for text in ["", ".", "1/0", "1/2/3", "nan", "inf", "1e999999999", "0x10", "1_000", "--1", "1e", "e5", "-"] {
            assert_eq!(exact(text), None, "{text}");
        }
    }

    #[test]
    fn options_name_themselves_when_they_are_wrong() {
        assert!(positive("--time", "0").is_err() && positive("--time", "nan").is_err());
        assert!(positive("--time", "-1").is_err() && positive("--time", "inf").is_err());
        assert_eq!(positive("--time", "2.5").ok(), Some(2.5));
        let message = whole("--dim", "0", 1).expect_err("zero").drawn(100);
        assert!(message.contains("--dim") && message.contains("at least 1"), "{message}");
        assert_eq!(wave_numbers("--k", "0, 0.5,1").ok(), Some(vec![rational(0, 1), rational(1, 2), rational(1, 1)]));
        assert!(wave_numbers("--k", "0,,1").is_err() && wave_numbers("--k", "-1").is_err());
    }
}
