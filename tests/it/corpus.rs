//! The reference table of verdicts, from text: parsed, analysed, judged.

use super::command::run;
use super::goldens::{blessing, gallery};
use genphys_compiler::source::Source;
use genphys_compiler::verdict::VerdictKind;
use genphys_compiler::{Budget, analyze};
use std::path::Path;

const VERDICTS: &str = include_str!("../../compiler/tests/reference/verdicts.csv");

/// The table's word for a verdict.
fn word(kind: VerdictKind) -> &'static str {
    match kind {
        VerdictKind::SGenerative => "yes",
        VerdictKind::Conditional => "conditional",
        VerdictKind::NotSGenerative => "no",
        VerdictKind::Undecided => "undecided",
    }
}

#[test]
fn every_row_of_the_reference_table_from_text() {
    let mut reader = csv::Reader::from_reader(VERDICTS.as_bytes());
    let header = reader.headers().expect("a header").clone();
    let column = |name: &str| header.iter().position(|h| h == name).expect("the table has this column");
    let columns = ["id", "pde", "assumptions", "C1", "C2", "verdict", "paper_rule"].map(column);
    let (mut wrong, mut count) = (Vec::new(), 0);
    for record in reader.records() {
        let record = record.expect("a row");
        let [id, pde, assumptions, c1, c2, verdict, paper_rule] = columns.map(|i| record.get(i).unwrap_or_default());
        let text = if assumptions.is_empty() { pde.to_owned() } else { format!("{pde} where {assumptions}") };
        let v = analyze(&Source::new(id, &text), Budget::default()).unwrap_or_else(|d| panic!("{id}: {d}")).verdict;
        let ours = [v.c1.answer.as_str(), v.c2.answer.as_str(), word(v.kind), v.paper_rule.as_str()];
        let theirs = [c1, c2, verdict, paper_rule];
        count += 1;
        if ours != theirs {
            wrong.push(format!("{id}: {}, the table has {}\n  {}", ours.join(","), theirs.join(","), v.reason));
        }
    }
    assert_eq!(count, 59);
    assert!(wrong.is_empty(), "{} rows differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_table_of_the_readme_is_that_of_the_gallery() {
    const MARKERS: [&str; 2] = ["<!-- equations:begin -->\n", "<!-- equations:end -->"];
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("README.md");
    let readme = std::fs::read_to_string(&path).expect("README.md");
    let (before, rest) = readme.split_once(MARKERS[0]).expect("the marker where the table begins");
    let (on_file, after) = rest.split_once(MARKERS[1]).expect("the marker where the table ends");
    let gallery_folder = root.join("examples/pde").to_string_lossy().into_owned();
    let table = run(&["classify", &gallery_folder, "--markdown"]).out;
    assert_eq!(table.lines().count(), gallery().count() + 2, "a line for each equation, and the heading");
    if blessing() {
        let text = [before, MARKERS[0], &table, MARKERS[1], after].concat();
        std::fs::write(&path, text).expect("README.md is writable");
    } else {
        assert_eq!(on_file, table, "README.md is stale: run `GENPHYS_BLESS=1 cargo test`");
    }
}
