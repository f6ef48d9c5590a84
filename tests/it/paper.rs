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
        let shown = row.contains(residual) || row.contains("lambda''") || ["E3", "E6", "E9"].contains(&erratum)
            // The potentials of Eq. 47 and 52 lack the factor 2 alone.
            || (finding.place.starts_with("Eq.") && residual.contains("is 0.5000"));
        assert!(shown, "{erratum} has another residual on file than\n{residual}");
    }
}

/// The residuals are computed from what is printed, so that a corrected statement has none.
#[test]
fn the_command_tells_what_differs() {
    let text = run(&["check", "--paper"]);
    assert_eq!(text.code, 0, "{}", text.err);
    for part in [
        "93 statements, 71 agree, 22 differ",
        "differs, E2",
        "2 m^2 phi",
        "-2 kappa, not 0",
        "mass of p at t = 0+ is -1",
    ] {
        assert!(text.out.contains(part), "`{part}` in\n{}", text.out);
    }
    let json: serde_json::Value = serde_json::from_str(&run(&["check", "--paper", "--json"]).out).expect("JSON");
    let rows = json.as_array().expect("rows");
    assert_eq!(rows.iter().filter(|row| row["agrees"] == false).count(), 22);
    assert_eq!(run(&["check"]).code, 2, "a SPEC or --paper");
}

/// The midpoint rule; the integrands vanish with all derivatives at both ends, or are smooth on a short interval.
fn integral(from: f64, to: f64, f: impl Fn(f64) -> f64) -> f64 {
    let n = 20_000;
    let h = (to - from) / f64::from(n);
    (0..n).map(|i| f(from + (f64::from(i) + 0.5) * h) * h).sum()
}

/// The numbers beside the errata of single equations; four digits are printed.
#[test]
fn errata_outside_the_tables_have_the_numbers_on_file() {
    let on_file = |erratum: &str, number: f64| {
        let row = ERRATA.lines().find(|line| line.starts_with(&format!("| {erratum} |"))).expect("a row");
        assert!(row.contains(&format!("{number:.4}")), "{erratum}: {number:.4} is not in\n{row}");
    };
    // E14: the overlap of two heat kernels at T = 1, at distance 1.
    let heat = |x: f64| (-x * x / 4.0).exp() / (4.0 * std::f64::consts::PI).sqrt();
    let overlap = integral(-20.0, 21.0, |x| (heat(x) * heat(x - 1.0)).sqrt());
    on_file("E14", overlap);
    on_file("E14", (-1.0f64 / 8.0).exp());
    assert!((overlap - (-1.0f64 / 16.0).exp()).abs() < 1e-9, "the corrected exponent, up to quadrature: {overlap}");
    // E16: with f-hat = integral of f exp(-i k x), at k = 1, f = exp(-x^2/2): both transforms have one part only.
    let slope = -integral(-12.0, 12.0, |x| x * (-x * x / 2.0).exp() * -x.sin());
    on_file("E16", slope / integral(-12.0, 12.0, |x| (-x * x / 2.0).exp() * x.cos()));
    // E17: Gamma(2) for Gamma(3/2).
    on_file("E17", integral(0.0, 1.0, |r| 2.0 * std::f64::consts::PI * r));
    // E19: -Y_(3/2)(z) is cos(z)/z + sin(z) up to a positive factor, -Y_(1/2)(z) is cos(z).
    let zero = |f: &dyn Fn(f64) -> f64| {
        let (mut low, mut high) = (0.1, 4.0);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if f(middle) > 0.0 { low = middle } else { high = middle }
        }
        low
    };
    on_file("E19", zero(&|z| z.cos() / z + z.sin()));
    on_file("E19", zero(&f64::cos));
}
