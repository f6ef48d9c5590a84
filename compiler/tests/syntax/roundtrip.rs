//! Trees print to texts that parse back to them: on trees drawn at random, not only on samples.

use genphys_compiler::expr::{Rational, rational};
use genphys_compiler::source::{Source, Span};
use genphys_compiler::syntax::ast::{
    Assumption, Ast, At, Condition, Formula, Ident, Item, Join, Node, PROPERTIES, Relation, Sign, SpaceDimension,
    VERDICTS,
};
use genphys_compiler::syntax::parse;
use proptest::prelude::*;
use proptest::sample::select;

fn at<T>(node: T) -> At<T> {
    At::new(node, Span::default())
}

fn number() -> impl Strategy<Value = Rational> {
    (0i64..2000, select(vec![1i64, 1, 10, 1000, 1_000_000])).prop_map(|(p, q)| rational(p, q))
}

fn name() -> impl Strategy<Value = String> {
    select(vec![
        "phi", "phi_t", "phi_ttx", "phi_yz", "m", "k0", "e_x", "e_z", "t", "x", "y", "i", "beta", "real", "s", "N",
        "C1",
    ])
    .prop_map(str::to_owned)
}

fn ident() -> impl Strategy<Value = Ident> {
    name().prop_map(at)
}

fn formula() -> BoxedStrategy<Node> {
    let leaf = prop_oneof![number().prop_map(Formula::Number), name().prop_map(Formula::Name)].prop_map(at);
    leaf.prop_recursive(4, 40, 4, |inner| {
        let callee =
            select(vec!["lap", "dt", "dy", "exp", "frac_lap", "foo", "s", "phi"]).prop_map(|n| at(n.to_owned()));
        let sign = || select(vec![Sign::Plus, Sign::Minus]);
        let join = select(vec![Join::Times, Join::Over, Join::Beside]);
        prop_oneof![
            (callee, prop::collection::vec(inner.clone(), 0..3)).prop_map(|(f, a)| Formula::Call(f, a)),
            prop::collection::vec((sign(), inner.clone()), 2..4).prop_map(Formula::Sum),
            inner.clone().prop_map(|e| Formula::Sum(vec![(Sign::Minus, e)])),
            prop::collection::vec((join, inner.clone()), 2..4).prop_map(product),
            (inner.clone(), inner.clone()).prop_map(|(b, e)| Formula::Power(Box::new(b), Box::new(e))),
            (inner.clone(), inner).prop_map(|(e, f)| Formula::FracLap { exponent: Box::new(e), operand: Box::new(f) }),
        ]
        .prop_map(at)
    })
    .boxed()
}

/// A product that a text can have: no number is set beside anything, and nothing beside the number 0.
fn product(mut factors: Vec<(Join, Node)>) -> Formula {
    fn starts_with_number(n: &Node) -> bool {
        match &n.node {
            Formula::Number(_) => true,
            Formula::Power(base, _) => matches!(base.node, Formula::Number(_)),
            _ => false,
        }
    }
    factors[0].0 = Join::Times;
    let zero = factors[0].1.node == Formula::Number(rational(0, 1));
    for (join, factor) in factors.iter_mut().skip(1) {
        if *join == Join::Beside && (zero || starts_with_number(factor)) {
            *join = Join::Times;
        }
    }
    Formula::Product(factors)
}

fn assumption() -> impl Strategy<Value = At<Assumption>> {
    let properties = prop::collection::vec(select(PROPERTIES.to_vec()).prop_map(|p| at(p.to_owned())), 0..3);
    let more = prop::collection::vec((select(Relation::ALL.to_vec()), formula()), 1..3);
    prop_oneof![
        (ident(), properties).prop_map(|(n, p)| Assumption::Is(n, p)),
        (formula(), more).prop_map(|(first, more)| Assumption::Chain(first, more)),
    ]
    .prop_map(at)
}

fn assumptions() -> impl Strategy<Value = Vec<At<Assumption>>> {
    prop::collection::vec(assumption(), 1..3)
}

fn text() -> impl Strategy<Value = At<String>> {
    "[ -~\n\u{3b1}-\u{3c9}]{0,12}".prop_map(at)
}

fn equation() -> impl Strategy<Value = At<Item>> {
    (formula(), formula()).prop_map(|(left, right)| at(Item::Equation { left, right }))
}

fn item() -> impl Strategy<Value = At<Item>> {
    let verdict = || select(VERDICTS.to_vec()).prop_map(|v| at(v.to_owned()));
    let which = select(vec!["C1", "C2"]).prop_map(|c| at(c.to_owned()));
    let condition = prop_oneof![text().prop_map(Condition::Words), assumptions().prop_map(Condition::Constraints)];
    let dimension = prop_oneof![Just(SpaceDimension::Any), number().prop_map(|n| SpaceDimension::Fixed(at(n)))];
    prop_oneof![
        text().prop_map(Item::Title),
        text().prop_map(Item::Source),
        (prop::collection::vec(ident(), 1..3), any::<bool>())
            .prop_map(|(names, complex)| Item::Field { names, complex }),
        (dimension, prop::collection::vec(assumption(), 0..2))
            .prop_map(|(dimension, assumptions)| Item::Space { dimension, assumptions }),
        assumptions().prop_map(Item::Param),
        (any::<bool>(), verdict(), prop::option::of(condition), prop::option::of(which)).prop_map(
            |(require, verdict, when, by)| Item::Expect {
                require,
                when: when.filter(|_| verdict.node == "conditional"),
                by: by.filter(|_| verdict.node == "not_s_generative"),
                verdict,
            }
        ),
        (verdict(), text(), prop::option::of(text())).prop_map(|(verdict, by, because)| Item::Claim {
            verdict,
            by,
            because
        }),
        prop::collection::vec((ident(), formula()), 1..3).prop_map(Item::Test),
    ]
    .prop_map(at)
}

fn ast() -> impl Strategy<Value = Ast> {
    let equations = || prop::collection::vec(equation(), 1..3);
    let bare = (equations(), prop::option::of(assumptions())).prop_map(|(mut items, given)| {
        items.extend(given.map(|list| at(Item::Param(list))));
        Ast { name: None, items }
    });
    let block = (ident(), equations(), prop::collection::vec(item(), 0..4)).prop_map(|(name, mut items, more)| {
        items.extend(more);
        Ast { name: Some(name), items }
    });
    prop_oneof![bare, block]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn what_is_printed_is_read_back(ast in ast()) {
        let printed = ast.to_string();
        let again = parse(&Source::new("printed", &printed));
        let again = again.map_err(|d| TestCaseError::fail(format!("{printed}\n{d}")))?;
        prop_assert_eq!(&ast, &again, "{}", printed);
        prop_assert_eq!(printed, again.to_string());
    }
}

#[test]
fn spellings_of_one_tree() {
    let tree = |text: &str| parse(&Source::new("text", text)).unwrap_or_else(|d| panic!("{text}: {d}"));
    for (pasted, ascii) in [
        ("∂ₜφ − ∇²φ = 0", "dt(phi) - lap(phi) = 0"),
        ("φₜₜ+2εφₜ−Δφ=0", "phi_tt + 2 eps phi_t - lap(phi) = 0"),
        ("∂²φ/∂t² + ∇²φ − m²φ = 0", "dt(phi, 2) + lap(phi) - m^2 phi = 0"),
        ("∂φ/∂t = ∇·(D∇φ)", "dt(phi) = div(D grad(phi))"),
        ("∂_t φ + Δ²φ = 0", "dt(phi) + lap(lap(phi)) = 0"),
        ("∂ₜφ + (−Δ)^β φ = 0 where 0 < β ≤ 1", "dt(phi) + (-lap)^beta phi = 0 where 0 < beta <= 1"),
        ("i∂ψ/∂t = −½∇²ψ + g|ψ|²ψ", "i dt(psi) = -0.5 lap(psi) + g abs2(psi) psi"),
        ("∂²u/∂t∂x = 0", "dt(dx(u)) = 0"),
        ("φ_t·m⁻¹ = k₀²φ where m ≠ 0", "phi_t*m^(-1) = k0^2 phi where m != 0"),
        ("∂/∂t φ = ∇^2 φ", "dt(phi) = lap(phi)"),
        ("∂ₜφ = ∂²φ/∂y² + ∂_xz φ", "dt(phi) = dy(phi, 2) + dz(dx(phi))"),
        ("phi_t = lap(phi) where a > 0; b > 0;", "phi_t = lap(phi) where a > 0, b > 0"),
    ] {
        assert_eq!(tree(pasted), tree(ascii), "{pasted}");
        assert_eq!(tree(pasted).to_string(), ascii);
    }
}
