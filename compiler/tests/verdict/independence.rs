//! The checker stays small, and apart from the prover.

use std::fs;
use std::path::Path;

fn sources(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(folder);
    let files = fs::read_dir(folder).expect("a folder of the crate").map(|entry| entry.expect("a file").path());
    files.map(|path| (path.display().to_string(), fs::read_to_string(&path).expect("text"))).collect()
}

#[test]
fn the_checker_is_under_600_lines() {
    let lines: usize = sources("checker").iter().map(|(_, text)| text.lines().count()).sum();
    assert!((300..600).contains(&lines), "{lines} lines");
}

/// What certificates are made of may be named; what finds them may not.
#[test]
fn the_checker_uses_no_code_of_the_prover() {
    let provers =
        ["egg::", "bernstein", "verdict::c1", "verdict::c2", "verdict::cases", "flow::", "refutation", "Situation"];
    let all: Vec<_> = sources("checker").into_iter().chain(sources("lemmas")).collect();
    assert!(all.len() >= 10, "{} files", all.len());
    for (path, text) in &all {
        let code: Vec<&str> = text.lines().map(|line| line.split("//").next().unwrap_or("")).collect();
        for name in provers {
            assert!(!code.iter().any(|line| line.contains(name)), "{path} names {name}");
        }
    }
}
