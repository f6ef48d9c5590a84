//! Garbage, depth and size: always an answer, soon, with a place.

use super::check_spans;
use genphys_compiler::operator::Equation;
use genphys_compiler::syntax::{LONGEST_TEXT, Scope, parse_expr};
use proptest::prelude::*;

fn survives(text: &str) {
    if let Err(refused) = Equation::parse(text) {
        check_spans(text, &refused);
    }
    if let Err(refused) = parse_expr(text, &Scope::with_fields(["phi"])) {
        check_spans(text, &refused);
    }
}

fn refused_with(text: &str, code: &str) {
    let refused = Equation::parse(text).expect_err("too much");
    check_spans(text, &refused);
    assert_eq!(refused.all[0].code, code, "{refused}");
}

#[test]
fn deep_texts_are_refused() {
    let n = 3000;
    for text in [
        format!("{}phi{} = phi_t", "(".repeat(n), ")".repeat(n)),
        format!("{}phi{} = phi_t", "lap(".repeat(n), ")".repeat(n)),
        format!("{}phi = phi_t", "-".repeat(n)),
        format!("phi{} = phi_t", "^phi".repeat(n)),
        format!("{}φ = phi_t", "∇".repeat(n)),
        format!("{}phi = phi_t", "(-lap)^a ".repeat(n)),
        format!("phi_t = a*{}phi", "-".repeat(n)),
        format!("{}phi{} = phi_t", "|phi + ".repeat(n), "|".repeat(n)),
        format!("phi_t = phi where {}phi > 0{}", "(".repeat(n), ")".repeat(n)),
    ] {
        refused_with(&text, "E0108");
    }
    refused_with(&"(".repeat(n), "E0102");
    refused_with(&"{".repeat(n), "E0102");
}

#[test]
fn the_deepest_texts_are_read_without_overflow() {
    // The limit is for every stage: the tests' threads have small stacks.
    for (open, close) in [("(m + ", ")"), ("lap(phi + ", ")"), ("|phi + ", "|"), ("2^(1 + ", ")"), ("exp(a ", ")")] {
        survives(&format!("phi_t = {}phi{}", open.repeat(60), close.repeat(60)));
    }
    survives(&format!("phi_t = {}phi", "(-lap)^a ".repeat(60)));
    survives(&format!("phi_t = {}phi", "∇·∇".repeat(30)));
    survives(&format!("phi_t = phi{}", "^phi".repeat(60)));
}

#[test]
fn long_texts_are_read_or_refused() {
    refused_with(&"phi_t + ".repeat(LONGEST_TEXT / 8 + 1), "E0002");
    refused_with(&format!("{} = phi_t", vec!["phi"; 5000].join(" + ")), "E0308");
    refused_with(&format!("{} = phi_t", vec!["phi"; 5000].join(" ")), "E0308");
    let names = (0..6000).map(|i| format!("a{i}")).collect::<Vec<_>>();
    refused_with(&format!("phi_t = {}", names.join(" ")), "E0308");
    refused_with(&format!("phi_t = {}", names.join(" + ")), "E0308");
    let powers = vec!["(10^1000)"; 5000].join("*");
    refused_with(&format!("phi_t = phi {powers}"), "E0308");
    let fractions = (1000..3900).map(|n| format!("phi/{}", 2 * n + 1)).collect::<Vec<_>>().join(" + ");
    refused_with(&format!("phi_t = {fractions}"), "E0308");
    refused_with(&format!("phi_t = {}", (0..30).map(|i| format!("(phi + m{i})")).collect::<String>()), "E0308");
    survives(&format!("phi_t = phi where {}", vec!["m > 0"; 9000].join(", ")));
    survives(&"phi_t = 0;".repeat(6000));
    survives(&format!("pde a {{ {} }}", "title \"a\"; ".repeat(5000)));
    survives(&format!("phi_t = foo({})", vec!["phi"; 9000].join(",")));
    survives(&format!("phi_{} = 0", "t".repeat(50)));
    survives(&format!("phi_{} = 0", "t".repeat(60000)));
    survives(&format!("phi_t = ((((phi^1000)^1000)^1000)^1000)^{}", "9".repeat(90)));
    let nested = |open: &str, close: &str| format!("phi_t = {}phi{}", open.repeat(50), close.repeat(50));
    survives(&nested(&format!("({} ", names[..20].join(" ")), ")"));
    survives(&nested(&format!("lap({} phi + ", names[..20].join(" phi + ")), ")"));
    survives(&nested("(", " + phi/3)^12"));
    survives(&nested("dt(exp(t) ", ", 64)"));
    survives("phi_t = dt(exp(exp(exp(t^2)*sin(t))*cos(t)), 64) phi");
    survives(&"\u{2202}".repeat(10_000));
    survives(&"é".repeat(10_000));
}

/// Pieces that the language knows, so that garbage gets past the lexer.
fn pieces() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "phi",
        "phi_t",
        "phi_xx",
        "chi_t",
        "m",
        "t",
        "x",
        "i",
        "N",
        "e_x",
        "lap",
        "grad",
        "div",
        "dt",
        "(-lap)^",
        "frac_lap",
        "exp",
        "where",
        "real",
        "nonzero",
        "pde",
        "equation",
        "param",
        "expect",
        "test",
        "space",
        "in",
        "R",
        "title",
        "claim",
        "by",
        "\"",
        "\"a\"",
        "(",
        ")",
        "{",
        "}",
        "+",
        "-",
        "*",
        "/",
        "^",
        "=",
        "!=",
        "<",
        "<=",
        ">",
        ">=",
        ",",
        ";",
        ":",
        "|",
        "0",
        "1",
        "2",
        "0.5",
        "1e3",
        "1e999",
        "9999999",
        "φ",
        "∇²",
        "∇·",
        "∇",
        "∂ₜ",
        "∂²φ/∂t²",
        "²",
        "⁻¹",
        "½",
        "−",
        "≤",
        "β",
        "//",
        "\n",
        " ",
        "s(t)",
        "V(x)",
        "_",
        "$",
    ]);
    prop::collection::vec((known, prop::bool::ANY), 0..60).prop_map(|parts| {
        parts.into_iter().map(|(p, space)| if space { format!("{p} ") } else { p.to_owned() }).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn garbage_of_known_pieces_does_no_harm(text in pieces()) {
        survives(&text);
        survives(&format!("phi_t = {text}"));
        survives(&format!("phi_t = phi where {text}"));
        survives(&format!("pde a {{ equation phi_t = m lap(phi); {text} }}"));
    }

    #[test]
    fn any_text_does_no_harm(text in any::<String>()) {
        survives(&text);
        survives(&format!("phi_t = {text}"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn ten_thousand_characters_do_no_harm(text in prop::collection::vec(any::<char>(), 10_000), pieces in prop::collection::vec(pieces(), 80)) {
        survives(&text.into_iter().collect::<String>());
        survives(&pieces.concat());
    }
}
