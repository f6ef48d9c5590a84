//! The report on every equation of the gallery, compared with the one on file.
//!
//! `GENPHYS_BLESS=1 cargo test` writes the files anew; look at the difference before committing it. A bless never edits
//! what a `.pde` file expects.

use genphys::report::{Report, text};
use genphys_compiler::source::Source;
use genphys_compiler::verdict::Answer;
use genphys_compiler::{Analysis, Budget, analyze};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const HOW: &str =
    "If the change is meant, run `GENPHYS_BLESS=1 cargo test` and review the difference with `git diff tests/golden`.";

/// The width of the reports on file.
const WIDTH: usize = 100;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The stems of the files of a folder, sorted.
fn stems(folder: &Path, extension: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).expect("the folder is there").map(|e| e.expect("an entry").path());
    let named = entries.filter(|path| path.extension().is_some_and(|e| e == extension));
    named.map(|path| path.file_stem().expect("a stem").to_string_lossy().into_owned()).collect()
}

/// Every file of the gallery with its analysis.
pub fn gallery() -> impl Iterator<Item = (String, Analysis)> {
    stems(&folder("examples/pde"), "pde").into_iter().map(|stem| {
        let text = std::fs::read_to_string(folder("examples/pde").join(format!("{stem}.pde"))).expect("readable");
        let analysis = analyze(&Source::new(&stem, &text), Budget::default()).unwrap_or_else(|d| panic!("{stem}: {d}"));
        (stem, analysis)
    })
}

/// Files are written anew only where someone can look at them.
pub fn blessing() -> bool {
    let asked = std::env::var_os("GENPHYS_BLESS").is_some_and(|value| value == "1");
    assert!(!(asked && std::env::var_os("CI").is_some()), "GENPHYS_BLESS is refused where CI is set");
    asked
}

#[test]
fn every_report_is_the_one_on_file() {
    let blessing = blessing();
    let mut differences = Vec::new();
    for (stem, analysis) in gallery() {
        let report = text::check(&Report::explained(&analysis), WIDTH);
        let report = anstream::adapter::strip_str(&report).to_string();
        let path = folder("tests/golden").join(format!("{stem}.report"));
        let on_file = std::fs::read_to_string(&path).unwrap_or_default();
        if report == on_file {
            continue;
        }
        if blessing {
            std::fs::write(&path, report).expect("tests/golden is writable");
            continue;
        }
        let at = report.lines().zip(on_file.lines()).position(|(now, then)| now != then);
        let at = at.unwrap_or_else(|| report.lines().count().min(on_file.lines().count()));
        let line = |text: &str| text.lines().nth(at).unwrap_or("(no such line)").to_owned();
        differences.push(format!(
            "{stem}, line {}:\n  on file: {}\n  now:     {}",
            at + 1,
            line(&on_file),
            line(&report)
        ));
    }
    assert!(differences.is_empty(), "{} reports differ\n{}\n{HOW}", differences.len(), differences.join("\n"));
}

#[test]
fn no_report_is_of_an_equation_that_is_gone() {
    let gone: Vec<PathBuf> = stems(&folder("tests/golden"), "report")
        .difference(&stems(&folder("examples/pde"), "pde"))
        .map(|stem| folder("tests/golden").join(format!("{stem}.report")))
        .collect();
    if blessing() {
        gone.iter().for_each(|path| std::fs::remove_file(path).expect("removable"));
    } else {
        assert!(gone.is_empty(), "no equation for {gone:?}\n{HOW}");
    }
}

#[test]
fn every_file_has_its_source_and_what_is_expected_comes_out() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for (stem, analysis) in gallery() {
        count += 1;
        let (equation, verdict) = (&analysis.equation, &analysis.verdict);
        let citation = equation.citation.as_deref().unwrap_or_default();
        let Some(expect) = &equation.expect else {
            wrong.push(format!("{stem} expects nothing"));
            continue;
        };
        let refuted = match expect.by.as_deref() {
            Some("C1") => verdict.c1.answer == Answer::No,
            Some("C2") => verdict.c2.answer == Answer::No,
            _ => true,
        };
        if citation.is_empty() {
            wrong.push(format!("{stem} has no source"));
        }
        if expect.kind != verdict.kind || !refuted {
            let by = expect.by.as_deref().map_or(String::new(), |by| format!(" by {by}"));
            wrong.push(format!("{stem} expects {}{by}, found {}\n  {}", expect.kind, verdict.kind, verdict.reason));
        }
        match &equation.claim {
            // The GenPhys paper judges the equations of its tables.
            None if citation.starts_with("arXiv:2304.02637") && !citation.contains("not judged") => {
                wrong.push(format!("{stem} is judged by its source, but claims nothing"));
            }
            Some(claim) if claim.kind != verdict.kind && claim.because.is_none() => {
                wrong.push(format!("{stem} differs from its source without saying why"));
            }
            _ => {}
        }
    }
    assert!(count >= 40, "only {count} equations");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
