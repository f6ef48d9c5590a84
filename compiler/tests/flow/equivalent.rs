//! Equivalent texts give one answer: the same p, J, R, lambda and verdict.

use genphys_compiler::expr::{Expr, Name};
use genphys_compiler::source::Source;
use genphys_compiler::{Analysis, Budget, analyze};
use proptest::prelude::*;

/// Parameters and what they are called in the renamed text: the order of the names is turned round.
const NAMES: [(&str, &str); 3] = [("a", "zeta"), ("b", "mu"), ("c", "alpha")];

/// An equation as coefficient and operator of each term.
type Terms = Vec<(String, &'static str)>;

fn analysed(text: &str) -> Analysis {
    analyze(&Source::new("equation", text), Budget::default()).unwrap_or_else(|e| panic!("{text}: {e:?}"))
}

fn sum(terms: &[(String, &str)]) -> String {
    let join = |(c, operator): &(String, &str)| format!("({c})*{operator}");
    if terms.is_empty() { "0".to_owned() } else { terms.iter().map(join).collect::<Vec<_>>().join(" + ") }
}

fn with_assumptions(equation: &str) -> String {
    format!("{equation} where a > 0, b > 0, c > 0, N >= 1")
}

fn renamed(text: &str) -> String {
    let word = |w: &str| NAMES.iter().find(|(old, _)| *old == w).map_or(w.to_owned(), |(_, new)| (*new).to_owned());
    let mut out = String::new();
    let mut letters = String::new();
    for ch in text.chars().chain([' ']) {
        if ch.is_alphanumeric() || ch == '_' {
            letters.push(ch);
        } else {
            out.push_str(&word(&letters));
            letters.clear();
            out.push(ch);
        }
    }
    out
}

fn renamed_expr(e: &Expr) -> Expr {
    e.replace(&|part| match part {
        Expr::Sym(n) => NAMES.iter().find(|(old, _)| *old == n.as_str()).map(|(_, new)| Expr::Sym(Name::from(*new))),
        _ => None,
    })
}

/// Compares all that must agree; `rename` is applied to what the first text gives.
fn agree(base: &str, variant: &str, rename: &dyn Fn(&Expr) -> Expr) -> Result<(), TestCaseError> {
    let (x, y) = (analysed(base), analysed(variant));
    let note = format!("{base}\n{variant}");
    let rename = |e: &Expr| rename(e).expand();
    match (&x.flow, &y.flow) {
        (Ok(f), Ok(g)) => {
            let parts = |f: &genphys_compiler::flow::DensityFlow| [f.p.clone(), f.flux.clone(), f.r.clone()];
            prop_assert_eq!(parts(f).map(|e| rename(&e)), parts(g).map(|e| e.expand()), "{}", note);
            prop_assert_eq!(genphys_compiler::flow::verify_identity(&y.equation, g), Ok(()), "{}", note);
            prop_assert_eq!(genphys_compiler::flow::check_proof(&y.equation, g), Ok(()), "{}", note);
        }
        (f, g) => prop_assert_eq!(f.is_ok(), g.is_ok(), "{}", note),
    }
    let lambda = |a: &Analysis| a.dispersion.as_ref().ok().and_then(|d| d.lambda());
    prop_assert_eq!(lambda(&x).map(|e| rename(&e)), lambda(&y).map(|e| e.expand()), "{}", note);
    prop_assert_eq!(x.verdict.kind, y.verdict.kind, "{}", note);
    Ok(())
}

fn coefficient() -> impl Strategy<Value = String> {
    let number = prop_oneof![Just("1"), Just("-1"), Just("2"), Just("-3"), Just("1/2")];
    let letter = prop_oneof![Just("1"), Just("a"), Just("b"), Just("c^2"), Just("a*b"), Just("1/c")];
    (number, letter).prop_map(|(n, l)| format!("({n})*({l})"))
}

fn equation() -> impl Strategy<Value = Terms> {
    let leader = prop_oneof![Just("phi_t"), Just("phi_tt"), Just("phi_tt")];
    let other = prop_oneof![
        Just("phi_t"),
        Just("phi"),
        Just("lap(phi)"),
        Just("lap(phi)"),
        Just("lap(lap(phi))"),
        Just("lap(phi_t)"),
        Just("phi^2")
    ];
    let rest = prop::collection::vec((coefficient(), other), 1..4);
    // `(a - b) phi_t` has no sign: neither it nor its opposite is the normal form, so the leader stands alone.
    ((coefficient(), leader), rest).prop_map(|(first, rest)| {
        let leader = first.1;
        std::iter::once(first).chain(rest.into_iter().filter(|(_, o)| *o != leader)).collect()
    })
}

/// An equation in which a time derivative remains.
fn sensible(terms: &Terms) -> bool {
    let text = with_assumptions(&format!("{} = 0", sum(terms)));
    analyze(&Source::new("equation", &text), Budget::default()).is_ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn the_way_of_writing_does_not_matter(terms in equation().prop_filter("a time derivative", sensible), cut in 0usize..4) {
        let same = |e: &Expr| e.clone();
        let base = with_assumptions(&format!("{} = 0", sum(&terms)));
        let reversed: Terms = terms.iter().rev().cloned().collect();
        agree(&base, &with_assumptions(&format!("{} = 0", sum(&reversed))), &same)?;
        let (left, right) = terms.split_at(cut.min(terms.len()));
        let moved: Terms = right.iter().map(|(c, o)| (format!("-({c})"), *o)).collect();
        agree(&base, &with_assumptions(&format!("{} = {}", sum(left), sum(&moved))), &same)?;
        agree(&base, &base.replace("lap(phi)", "div(grad(phi))"), &same)?;
        let factored = format!("a*({}) = 0", sum(&terms.iter().map(|(c, o)| (format!("{c}/a"), *o)).collect::<Terms>()));
        agree(&base, &with_assumptions(&factored), &same)?;
        agree(&base, &renamed(&base), &renamed_expr)?;
    }

    #[test]
    fn a_constant_factor_does_not_matter(terms in equation().prop_filter("a time derivative", sensible), n in 0usize..6) {
        let constant = ["3", "-1", "2*a", "1/b", "-5*a*c", "a^2/(7*b)"][n];
        let base = with_assumptions(&format!("{} = 0", sum(&terms)));
        let scaled = with_assumptions(&format!("({constant})*({}) = 0", sum(&terms)));
        agree(&base, &scaled, &|e| e.clone())?;
    }
}

#[test]
fn a_constant_that_may_be_zero_is_not_divided_out() {
    let flow = analysed("c phi_t - c lap(phi) = 0").flow.expect("a form");
    assert_eq!((flow.multiplier.to_string(), flow.p.to_string()), ("1".into(), "c phi".into()));
    let flow = analysed("c phi_t - c lap(phi) = 0 where c nonzero").flow.expect("a form");
    assert_eq!((flow.multiplier.to_string(), flow.p.to_string()), ("1/c".into(), "phi".into()));
    let flow = analysed("3 phi_t - 3 lap(phi) = 0").flow.expect("a form");
    assert_eq!((flow.multiplier.to_string(), flow.p.to_string()), ("1/3".into(), "phi".into()));
}

#[test]
fn damping_of_two_letters_is_in_the_density_as_a_whole_or_not_at_all() {
    // Neither letter is special, so that a density with one of them would be chosen by its name.
    let base = "phi_tt + a phi_t + b phi_t - 3 lap(lap(phi)) = 0 where a > 0, b > 0";
    let flow = analysed(base).flow.expect("a form");
    assert_eq!((flow.p.to_string(), flow.r.to_string()), ("-phi_t".to_owned(), "a phi_t + b phi_t".to_owned()));
    agree(base, &renamed(base), &renamed_expr).expect("the same under other names");
}

#[test]
fn a_symbol_that_is_a_square_for_some_values_is_judged_the_same_under_other_names() {
    // Without a derivative in space no mode decays faster than the mean, whichever letter the vanishing discriminant is solved for.
    let base = "-b phi_tt + 1/(2 c) phi_t + 2/c phi - a phi = 0 where a > 0, b > 0, c > 0, N >= 1";
    assert_eq!(analysed(base).verdict.kind.to_string(), "not-s-generative");
    agree(base, &renamed(base), &renamed_expr).expect("the same under other names");
}
