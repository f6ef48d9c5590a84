//! What a physicist pastes from a paper: Greek letters, powers and indices set high or low, and signs like ASCII ones.

use crate::syntax::token::Symbol;

/// The ASCII name of a Greek letter.
pub fn greek(c: char) -> Option<&'static str> {
    Some(match c {
        'α' => "alpha",
        'β' => "beta",
        'γ' => "gamma",
        'δ' => "delta",
        'ε' | 'ϵ' => "eps",
        'ζ' => "zeta",
        'η' => "eta",
        'θ' | 'ϑ' => "theta",
        'ι' => "iota",
        'κ' | 'ϰ' => "kappa",
        'λ' => "lambda",
        'μ' | 'µ' => "mu",
        'ν' => "nu",
        'ξ' => "xi",
        'π' => "pi",
        'ρ' | 'ϱ' => "rho",
        'σ' | 'ς' => "sigma",
        'τ' => "tau",
        'υ' => "upsilon",
        'φ' | 'ϕ' => "phi",
        'χ' => "chi",
        'ψ' => "psi",
        'ω' => "omega",
        'Γ' => "Gamma",
        'Θ' => "Theta",
        'Λ' => "Lambda",
        'Ξ' => "Xi",
        'Σ' => "Sigma",
        'Φ' => "Phi",
        'Ψ' => "Psi",
        'Ω' | '\u{2126}' => "Omega",
        _ => return None,
    })
}

/// The digit of a superscript.
pub fn superscript(c: char) -> Option<char> {
    digit_in("⁰¹²³⁴⁵⁶⁷⁸⁹", c)
}

/// The letter or digit of a subscript: digits, `t` and `x`.
pub fn subscript(c: char) -> Option<char> {
    match c {
        'ₜ' => Some('t'),
        'ₓ' => Some('x'),
        c => digit_in("₀₁₂₃₄₅₆₇₈₉", c),
    }
}

fn digit_in(digits: &str, c: char) -> Option<char> {
    let place = digits.chars().position(|d| d == c)?;
    u32::try_from(place).ok().and_then(|d| char::from_digit(d, 10))
}

/// The punctuation that a sign stands for.
pub fn sign(c: char) -> Option<Symbol> {
    Some(match c {
        '−' | '–' | '\u{2010}' | '\u{2011}' => Symbol::Minus,
        '·' | '⋅' | '×' | '∙' | '•' | '∗' => Symbol::Star,
        '∕' | '⁄' | '÷' => Symbol::Slash,
        '≤' | '⩽' => Symbol::AtMost,
        '≥' | '⩾' => Symbol::AtLeast,
        '≠' => Symbol::Differs,
        '∣' => Symbol::Bar,
        _ => return None,
    })
}

/// A dot as it stands after a nabla.
pub fn is_dot(c: char) -> bool {
    matches!(c, '·' | '⋅' | '∙' | '•' | '.')
}
