//! Conditions on parameters: what is printed is what holds of the equation with numbers in the place of the letters.
//!
//! The verdict on numbers takes other ways than the one on letters, which splits into cases; the printed text is read back here, with
//! `and` closer than `or`, as a reader would.

use crate::evolving::judged;
use genphys_compiler::dispersion;
use genphys_compiler::expr::{Expr, Facts, Rational, rational};
use genphys_compiler::syntax::{Scope, parse_expr};
use genphys_compiler::verdict::{self, Answer, Condition, replay};
use num_traits::Zero;
use proptest::prelude::*;
use std::collections::BTreeMap;

type Point = BTreeMap<&'static str, Rational>;

/// An expression in letters at a point.
fn at(e: &Expr, point: &Point) -> Expr {
    point.iter().fold(e.clone(), |e, (name, value)| e.substitute(&Expr::sym(name), &Expr::Num(value.clone()))).expand()
}

/// `left relation right`.
fn holds(relation: &str, point: &Point) -> bool {
    let words = ["<=", ">=", "!=", "<", ">", "="];
    let word = words.into_iter().find(|w| relation.contains(&format!(" {w} "))).unwrap_or_else(|| panic!("{relation}"));
    let (left, right) = relation.split_once(&format!(" {word} ")).expect("two sides");
    let side = |text: &str| at(&parse_expr(text, &Scope::default()).expect(text), point);
    let difference = (side(left) - side(right)).expand();
    let difference = difference.as_num().unwrap_or_else(|| panic!("{relation} is no number")).clone();
    match word {
        "<=" => difference <= Rational::zero(),
        ">=" => difference >= Rational::zero(),
        "!=" => !difference.is_zero(),
        "<" => difference < Rational::zero(),
        ">" => difference > Rational::zero(),
        _ => difference.is_zero(),
    }
}

/// Any of the cases, all signs of which hold.
fn any_case(text: &str, point: &Point) -> bool {
    text.split(", or ").any(|case| case.split(" and ").all(|relation| holds(relation, point)))
}

/// What a condition says of a point: is the answer yes there? None where it leaves that open.
fn says(condition: &Condition, point: &Point) -> Option<bool> {
    let text = match (condition.answer, &condition.condition) {
        (Answer::Conditional, Some(text)) => text.as_str(),
        (answer, _) => return (answer != Answer::Undecided).then_some(answer == Answer::Yes),
    };
    let (text, open) = text.split_once(" (not decided for ").map_or((text, None), |(t, o)| (t, o.strip_suffix(')')));
    if open.is_some_and(|open| any_case(open, point)) {
        return None;
    }
    let (main, _) = text.split_once(" (for ").unwrap_or((text, ""));
    let about_parameters = !["region", "atom", "singular", "r <", "k >", "k <", "k_"].iter().any(|w| main.contains(w));
    // Without a case in which the answer is yes, the text begins with a region or an atom.
    Some(about_parameters && any_case(main, point))
}

/// Equations, and the letters of each.
const EQUATIONS: [(&str, &[&str]); 14] = [
    ("a phi_tt + b phi_t - c lap(phi) = 0", &["a", "b", "c"]),
    ("phi_tt + a phi_t - b lap(phi) = 0", &["a", "b"]),
    ("a phi_t - b lap(phi) = 0", &["a", "b"]),
    ("phi_t - a b lap(phi) = 0", &["a", "b"]),
    ("phi_t - a lap(phi) + b (-lap)^(1/2) phi = 0", &["a", "b"]),
    ("phi_t - b lap(phi_t) - a lap(phi) = 0", &["a", "b"]),
    ("phi_t - b lap(phi_t) - a lap(phi) + c phi = 0", &["a", "b", "c"]),
    ("phi_tt - a lap(lap(phi)) + b lap(phi) - c phi = 0", &["a", "b", "c"]),
    ("phi_tt - 2 a lap(phi_t) + lap(lap(phi)) = 0", &["a"]),
    ("phi_tt - 2 a lap(phi_t) - b lap(phi) + 2 c phi_t = 0 where a > 0, b > 0, c > 0", &["a", "b", "c"]),
    ("phi_tt + 2 a phi_t - lap(phi) + b phi = 0", &["a", "b"]),
    ("phi_t - (a^2 - a) lap(phi) = 0", &["a"]),
    ("phi_t - (a^2 - 2 a + 1) lap(phi) + b lap(lap(phi)) = 0", &["a", "b"]),
    ("phi_t - a phi_xx - 2 b phi_xy - c phi_yy = 0", &["a", "b", "c"]),
];

fn number() -> impl Strategy<Value = Rational> {
    prop_oneof![(-3i64..=4).prop_map(|n| rational(n, 1)), (-3i64..=3).prop_map(|n| rational(n, 2))]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn the_printed_condition_is_that_of_the_equation_with_numbers(
        which in 0..EQUATIONS.len(), values in prop::array::uniform3(number())
    ) {
        let (text, letters) = EQUATIONS[which];
        let point: Point = letters.iter().copied().zip(values).collect();
        let (equation, relation, open) = judged(text);
        relation.expect("a dispersion relation");
        let admitted: Vec<_> = point.iter().map(|(name, value)| ((*name).into(), value.clone())).collect();
        prop_assume!(equation.facts.admits(&admitted));
        let mut concrete = equation.clone();
        concrete.components = equation.components.iter().map(|c| at(c, &point)).collect();
        concrete.facts = Facts::default();
        prop_assume!(concrete.components[0].any(&|e| matches!(e, Expr::Dt(..))));
        let relation = dispersion::derive(&concrete).expect("a dispersion relation of numbers");
        let known = verdict::decide(&concrete, &relation, None);
        for (open, known) in [(&open.c1, &known.c1), (&open.c2, &known.c2)] {
            if known.answer != Answer::Undecided && let Some(yes) = says(open, &point) {
                prop_assert_eq!(yes, known.answer == Answer::Yes, "{} at {:?}: {:?}\n{}", text, point, open.condition, known.reason);
            }
        }
    }
}

/// An equation, the answers to C1 and C2, and what the conditions say.
type Known = (&'static str, &'static str, Option<&'static str>, &'static str, Option<&'static str>);

/// Each by hand, with the reason.
const KNOWN: [Known; 22] = [
    // (s + c_1 kappa)(s + c_2 kappa) with c_1 + c_2 = 2 nu, c_1 c_2 = 1, both positive for nu >= 1.
    ("phi_tt - 2 nu lap(phi_t) + lap(lap(phi)) = 0 where nu > 1", "yes", None, "yes", None),
    ("phi_tt - 2 nu lap(phi_t) + lap(lap(phi)) = 0 where nu > 0", "conditional", Some("nu >= 1"), "yes", None),
    // (s + kappa)(s + sqrt(kappa)): either factor is good.
    ("dt(phi_t + (-lap)^(1/2) phi) - lap(phi_t + (-lap)^(1/2) phi) = 0", "yes", None, "yes", None),
    // kappa^alpha is 2 kappa^alpha where the exponents agree.
    (
        "phi_t + (-lap)^a phi + (-lap)^b phi = 0 where a > 0, b > 0",
        "conditional",
        Some("a > b and a <= 1, or a <= b and b <= 1"),
        "yes",
        None,
    ),
    // The discriminant (kappa + 2)^2 - 4 kappa has the zeros +-2 i.
    ("phi_t + phi - chi = 0; chi_t - lap(chi) - phi + chi = 0", "no", None, "yes", None),
    // Discriminant kappa^2 + 4: no branch point on the axis.
    ("phi_t - 2 lap(phi) - chi = 0; chi_t - lap(chi) - phi = 0", "no", None, "yes", None),
    // sqrt of kappa/(1 + kappa), which is bounded.
    (
        "phi_tt - lap(phi_tt) + lap(phi) = 0",
        "conditional",
        Some(
            "atom: a delta of weight exp(-t lambda(inf)) stays at the data points; smooth data, or the rest alone, have a positive density",
        ),
        "yes",
        None,
    ),
    // lambda = a kappa/(1 - kappa) has a pole.
    ("phi_t + lap(phi_t) - lap(phi) = 0", "no", None, "conditional", Some("0 < k < 1")),
    // Multiplied out, c <= a b; not a quotient of letters.
    (
        "phi_t - b lap(phi_t) - a lap(phi) + c lap(lap(phi)) = 0 where a > 0, b > 0, c > 0",
        "conditional",
        Some("c <= a b"),
        "yes",
        None,
    ),
    // Division by a says that a is not 0, and 1/a has its sign.
    ("phi_t - lap(phi)/a = 0", "conditional", Some("a > 0"), "conditional", Some("a > 0")),
    // Without phi_t there is no flow.
    ("a^2 phi_t - lap(phi) = 0", "conditional", Some("a != 0"), "conditional", Some("a != 0")),
    ("phi_t - a b lap(phi) = 0 where a b > 0", "yes", None, "yes", None),
    // Numbers and functions of known sign.
    ("phi_t - cos(1) lap(phi) = 0", "yes", None, "yes", None),
    ("phi_t - cos(2) lap(phi) = 0", "no", None, "no", None),
    ("phi_t - (a^2 - a + 1) lap(phi) = 0", "yes", None, "yes", None),
    ("phi_t - (2 + sin(t)) lap(phi) = 0", "yes", None, "yes", None),
    ("phi_t - log(1 + t) lap(phi) = 0", "yes", None, "yes", None),
    ("phi_t - tanh(t) lap(phi) = 0", "yes", None, "yes", None),
    // One clock with two signs: the text speaks of 1 - t as written.
    ("phi_t - (1 - t) lap(phi) = 0", "undecided", None, "undecided", None),
    // A form with letters is definite on an open set.
    (
        "phi_t - phi_xx - b phi_xy - phi_yy = 0",
        "conditional",
        Some(
            "b < 2 and b > -2 (for b = 2, or b = -2: singular: nothing spreads along the directions in which the quadratic form vanishes; data that are smooth along them have a positive density)",
        ),
        "conditional",
        None,
    ),
    // Where the discriminant is a square, each factor has a path of its own.
    ("phi_tt - lap(lap(phi)) - 2 lap(phi) - phi = 0", "yes", None, "yes", None),
    ("phi_tt - 2 lap(lap(phi)) - 4 lap(phi) - 2 phi = 0", "yes", None, "yes", None),
];

#[test]
fn cases_by_hand() {
    let mut wrong = Vec::new();
    for (text, c1, first, c2, second) in KNOWN {
        let (equation, relation, v) = judged(text);
        let agrees = |c: &Condition, answer: &str, condition: Option<&str>| {
            c.answer.as_str() == answer && condition.is_none_or(|text| c.condition.as_deref() == Some(text))
        };
        if !agrees(&v.c1, c1, first) || !agrees(&v.c2, c2, second) {
            wrong.push(format!(
                "{text}: {} {:?}, {} {:?}\n  {}",
                v.c1.answer, v.c1.condition, v.c2.answer, v.c2.condition, v.reason
            ));
        }
        let relation = relation.expect("a dispersion relation");
        for c in [&v.c1, &v.c2] {
            let Some(certificate) = &c.certificate else { continue };
            if let Err(e) = replay(certificate, c.answer, &equation, &relation) {
                wrong.push(format!("{text}: {e}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
