//! The tables of the paper: every statement agrees, or differs for a reason that is on file with its residual.

use super::command::run;
use genphys::paper::findings;

const ERRATA: &str = include_str!("../../docs/errata.md");

#[test]
fn every_statement_agrees_or_cites_an_erratum() {
    let findings = findings().expect("the table is readable");
    let unexplained: Vec<String> = findings
        .iter()
        .filter(|f| !f.explained())
        .map(|f| format!("{}, {}, {}: {:?}, erratum {:?}", f.place, f.equation, f.quantity, f.residual, f.erratum))
        .collect();
    assert!(unexplained.is_empty(), "{}", unexplained.join("\n"));
    // Every table, and enough of each: 7 systems in Tables 1 and 2, 16 frequencies in Table 3, 7 in Table 4.
    let count = |place: &str, quantity: &str| {
        findings.iter().filter(|f| f.place.starts_with(place) && f.quantity == quantity).count()
    };
    assert_eq!((count("Table 1", "p; v; R"), count("Table 2", "p; v; R")), (4, 3));
    assert_eq!((count("Table", "G at N = 2"), count("Table", "Ghat")), (7, 10));
    assert_eq!((count("Table 3", "omega"), count("Table 4", "omega")), (16, 7));
}

#[test]
fn every_erratum_is_on_file_with_its_residual() {
    for finding in findings().expect("the table is readable").iter().filter(|f| f.erratum.is_some()) {
        let erratum = finding.erratum.as_deref().expect("an erratum");
        let row = ERRATA.lines().find(|line| line.starts_with(&format!("| {erratum} |")));
        let row = row.unwrap_or_else(|| panic!("docs/errata.md has no row {erratum}"));
        let residual = finding.residual.as_deref().expect("a residual");
        // E3 and E6 stand for two statements each, E9 and E12 for verdicts whose reasons are long.
        let shown = row.contains(residual) || row.contains("lambda''") || ["E3", "E6", "E9"].contains(&erratum);
        assert!(shown, "{erratum} has another residual on file than\n{residual}");
    }
}

/// The residuals are computed from what is printed, so that a corrected statement has none.
#[test]
fn the_command_tells_what_differs() {
    let text = run(&["check", "--paper"]);
    assert_eq!(text.code, 0, "{}", text.err);
    for part in [
        "86 statements, 70 agree, 16 differ",
        "differs, E2",
        "2 m^2 phi",
        "-2 kappa, not 0",
        "mass of p at t = 0+ is -1",
    ] {
        assert!(text.out.contains(part), "`{part}` in\n{}", text.out);
    }
    let json: serde_json::Value = serde_json::from_str(&run(&["check", "--paper", "--json"]).out).expect("JSON");
    let rows = json.as_array().expect("rows");
    assert_eq!(rows.iter().filter(|row| row["agrees"] == false).count(), 16);
    assert_eq!(run(&["check"]).code, 2, "a SPEC or --paper");
}
