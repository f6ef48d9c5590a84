//! `check` and `explain`: text, JSON, exit codes.

use crate::command::{DIFFUSION, Folder, POISSON, YUKAWA, run};
use genphys::report::Report;
use genphys_compiler::syntax::{Scope, parse_expr};

const EQUATIONS: [&str; 8] = [
    DIFFUSION,
    POISSON,
    YUKAWA,
    "phi_t + lap(lap(phi)) = 0",
    "phi_tt + 2 eps phi_t - lap(phi) = 0 where eps > 0",
    "phi_t - D lap(phi) = 0 where D real nonzero",
    "i phi_t + lap(phi) = 0",
    "phi_t - lap(phi) - r phi (1 - phi) = 0 where r > 0",
];

#[test]
fn reports_fit_their_schema() {
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../../docs/report.schema.json")).expect("the schema is JSON");
    for equation in EQUATIONS {
        for command in ["check", "explain"] {
            let run = run(&[command, equation, "--json"]);
            assert_eq!(run.code, 0, "{equation}: {}", run.err);
            let value: serde_json::Value = serde_json::from_str(&run.out).expect("JSON");
            crate::schema::assert_valid(&schema, &value, equation);
            let report: Report = serde_json::from_value(value.clone()).expect("the typed report");
            assert_eq!(serde_json::to_value(&report).expect("JSON"), value, "{equation}");
            assert_eq!(report.continuity.proof.is_some(), command == "explain" && report.continuity.p.is_some());
        }
    }
}

#[test]
fn expressions_parse_back() {
    for equation in EQUATIONS {
        let report: Report = serde_json::from_str(&run(&["check", equation, "--json"]).out).expect("a report");
        let form = report.continuity;
        let relation = report.dispersion;
        let branches = relation.branches.into_iter().map(|b| Some(b.omega));
        let expressions = [form.p, form.flux, form.v, form.r, form.multiplier, relation.symbol, relation.lambda];
        for text in expressions.into_iter().chain(branches).flatten() {
            let back = parse_expr(&text, &Scope::with_fields(["phi"])).unwrap_or_else(|e| panic!("{text}: {e}"));
            assert_eq!(back.to_string(), text, "{equation}");
        }
        let again: Report = serde_json::from_str(&run(&["check", &report.equation, "--json"]).out).expect("a report");
        assert_eq!(again.equation, report.equation);
    }
}

#[test]
fn the_verdict_is_compared_with_what_the_file_expects() {
    let folder = Folder::new();
    let block = |expect: &str| format!("pde heat {{ equation phi_t - lap(phi) = 0; expect {expect}; }}");
    folder.file("right.pde", block("s_generative"));
    folder.file("wrong.pde", block("not_s_generative by C1"));
    folder.file("reason.pde", "pde b { equation phi_t + lap(lap(phi)) = 0; expect not_s_generative by C2; }");
    let right = folder.run(&["check", "right.pde"]);
    assert_eq!(right.code, 0);
    assert!(right.out.contains("the file expects") && right.err.is_empty(), "{}", right.out);
    let wrong = folder.run(&["check", "wrong.pde"]);
    assert_eq!(wrong.code, 1);
    assert!(wrong.out.contains("expects not-s-generative"), "{}", wrong.out);
    assert_eq!(folder.run(&["explain", "wrong.pde", "--json"]).code, 1);
    let reason = folder.run(&["check", "reason.pde"]);
    assert_eq!(reason.code, 1, "C2 holds, C1 fails");
    for part in ["the verdict is not-s-generative (C1 no, C2 yes)", "reason.pde:1:", "the file expects this"] {
        assert!(reason.err.contains(part), "{part} in\n{}", reason.err);
    }
}

#[test]
fn text_stays_within_the_terminal() {
    for equation in EQUATIONS {
        for command in ["check", "explain"] {
            let run = run(&[command, equation]);
            assert!(!run.out.contains('\u{1b}'), "no colours where there is no terminal");
            let longest = run.out.lines().map(|line| line.chars().count()).max().unwrap_or(0);
            assert!(longest <= 120, "{longest} columns for {equation}:\n{}", run.out);
        }
    }
    let explained = run(&["explain", YUKAWA]).out;
    for part in ["lap_is_div_grad", "sqrt(kappa + m^2)", "s-generative", "tempered-cauchy", "Schoenberg"] {
        assert!(explained.contains(part), "{part} in\n{explained}");
    }
}

#[test]
fn an_equation_may_come_from_stdin_or_start_with_a_minus() {
    use std::io::Write;
    use std::process::Stdio;
    let mut child = crate::command::genphys()
        .args(["check", "-", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("starts");
    child.stdin.take().expect("piped").write_all(POISSON.as_bytes()).expect("written");
    let output = child.wait_with_output().expect("an end");
    let report: Report = serde_json::from_slice(&output.stdout).expect("a report");
    assert_eq!(report.continuity.p.as_deref(), Some("-phi_t"));
    let minus = run(&["check", "-lap(phi) + phi_t = 0", "--json"]);
    let report: Report = serde_json::from_str(&minus.out).expect("a report");
    assert_eq!(report.equation, "phi_t - lap(phi) = 0");
}
