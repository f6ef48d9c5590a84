//! The language: texts that are read, texts that are refused, and that no text does harm.

mod expressions;
mod fail;
mod gallery;
mod hostile;
mod reading;
mod roundtrip;

use genphys_compiler::diagnostic::Diagnostics;
use genphys_compiler::operator::Equation;
use std::path::{Path, PathBuf};

/// The files `*.pde` of a folder of the workspace, by name.
fn pde_files(folder: &str) -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(&folder).expect("the folder exists").map(|f| f.expect("readable").path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "pde"));
    files.sort();
    files.into_iter().map(|path| (path.clone(), std::fs::read_to_string(path).expect("UTF-8"))).collect()
}

/// The components of an equation as text, one a line.
fn components(text: &str) -> String {
    let equation = Equation::parse(text).unwrap_or_else(|d| panic!("{text}\n{d}"));
    let parts: Vec<String> = equation.components.iter().map(ToString::to_string).collect();
    parts.join("\n")
}

/// Messages point into the text, on character boundaries.
fn check_spans(text: &str, refused: &Diagnostics) {
    assert!(!refused.all.is_empty(), "no message about {text:?}");
    for d in &refused.all {
        for span in std::iter::once(&d.span).chain(d.related.iter().map(|(span, _)| span)) {
            assert!(text.get(span.range()).is_some(), "{d:?} does not point into {text:?}");
        }
        assert!(genphys_compiler::diagnostic::explain(d.code).is_some(), "{} is not in the table", d.code);
        assert!(!d.message.is_empty());
    }
}
