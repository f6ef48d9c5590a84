//! A derivation that was changed anywhere does not replay.

use crate::expr::{Expr, Facts, Var};
use crate::flow::language::Node;
use crate::flow::proof::{Link, Links};
use crate::flow::rules::RULES;
use crate::flow::{Budget, DensityFlow, Part, Proof, ProofFailure, Search, check_proof, extract};
use crate::operator::{Equation, TestPoint, Unknown};
use crate::source::{Source, Span};
use egg::{Id, RecExpr};

fn phi() -> Expr {
    Expr::Field("phi".into())
}

fn equation(operator: Expr) -> Equation {
    Equation {
        name: "equation".into(),
        title: None,
        citation: None,
        components: vec![operator],
        spans: vec![Span::default()],
        unknowns: vec![Unknown { name: "phi".into(), complex: false }],
        parameters: Vec::new(),
        facts: Facts::default(),
        dimension: None,
        expect: None,
        claim: None,
        test: TestPoint::default(),
        source: Source::new("test", ""),
    }
}

fn rejects(equation: &Equation, flow: &DensityFlow, what: &str) {
    assert!(check_proof(equation, flow).is_err(), "{what}");
}

#[test]
fn no_link_can_be_changed() {
    let m = Expr::sym("m");
    let equation = equation(phi().dt(2) + m.clone() * phi().dt(1) - phi().dt(1).lap() + m * phi());
    let flow = extract(&equation, None, Budget::default()).expect("a form");
    assert_eq!(check_proof(&equation, &flow), Ok(()));
    let count = flow.proof.links.links.len();
    assert!(count > 8, "{count} links");
    for i in 0..count {
        let changed = |change: &dyn Fn(&mut Link)| {
            let mut flow = flow.clone();
            let mut derivation = (*flow.proof).clone();
            change(&mut derivation.links.links[i]);
            flow.proof = derivation.into();
            flow
        };
        rejects(&equation, &changed(&|l| l.forward = !l.forward), "the direction");
        rejects(&equation, &changed(&|l| l.path.push(0)), "the place");
        rejects(&equation, &changed(&|l| l.rule = "no such rule".into()), "an unknown rule");
        // 0 + 0 = 0 is an instance of two rows.
        for rule in RULES.iter().filter(|r| !r.name.contains("zero")) {
            if rule.name != flow.proof.links.links[i].rule {
                rejects(&equation, &changed(&|l| l.rule = rule.name.into()), rule.name);
            }
        }
        // Without its last link, f + 0 = f, a derivation still ends in the same form.
        if i + 1 < count {
            let mut shorter = flow.clone();
            let mut derivation = (*flow.proof).clone();
            derivation.links.links.remove(i);
            shorter.proof = derivation.into();
            rejects(&equation, &shorter, "a missing link");
        }
    }
}

#[test]
fn a_guard_is_asked_again() {
    // t phi_t = dt(t phi) is false, and a forged use of the rule for constants is found out.
    let t = Expr::Var(Var::Time);
    let product = |c: &Expr| c.clone() * phi().dt(1);
    for (c, holds) in [(Expr::sym("c"), true), (t, false)] {
        let start = super::super::language::summand(&product(&c));
        let mut inside = RecExpr::default();
        let atom = |e: &Expr, out: &mut RecExpr<Node>| out.add(Node::Atom(super::super::language::Atom(e.clone())));
        let ids = [atom(&c, &mut inside), atom(&phi(), &mut inside)];
        let scaled = inside.add(Node::Scale(ids));
        let dt = inside.add(Node::Dt(scaled));
        inside.add(Node::Term(dt));
        let mut end = RecExpr::default();
        let ids = [atom(&c, &mut end), atom(&phi(), &mut end)];
        let p = end.add(Node::Scale(ids));
        let zero: Id = atom(&Expr::zero(), &mut end);
        end.add(Node::Flow([p, zero, zero]));
        let link =
            |rule: &str, path: Vec<usize>, after: RecExpr<Node>| Link { rule: rule.into(), forward: true, path, after };
        let real_fields = true;
        let links = Links {
            real_fields,
            start,
            links: vec![link("scale_into_dt", vec![0], inside), link("density", vec![], end)],
        };
        let zero = Expr::zero;
        let search = Search { iterations: 0, nodes: 0, classes: 0, stop: "by hand".into() };
        let (p, reason) = (c * phi(), String::new());
        let proof = Proof::from(super::super::proof::readable(links));
        let (multiplier, part) = (Expr::one(), Part::Whole);
        let flow = DensityFlow {
            p: p.clone(),
            flux: zero(),
            r: zero(),
            multipliers: vec![multiplier.clone()],
            multiplier,
            part,
            proof,
            reason,
            alternatives: 1,
            search,
        };
        let operator = if holds { product(&Expr::sym("c")) } else { product(&Expr::Var(Var::Time)) };
        let verdict = check_proof(&equation(operator), &flow);
        let refused = matches!(verdict, Err(ProofFailure::Link { index: 0, .. }));
        assert_eq!((verdict.is_ok(), refused), (holds, !holds));
    }
}
