//! The gallery, and the equations of the paper as one-line texts.

use super::{check_spans, pde_files};
use genphys_compiler::operator::{Equation, resolve};
use genphys_compiler::source::Source;
use genphys_compiler::syntax;

const EQUATIONS: &str = include_str!("../reference/equations.tsv");

#[test]
fn each_file_is_complete() {
    let files = pde_files("examples/pde");
    assert!(files.len() >= 25);
    for (path, text) in files {
        let stem = path.file_stem().expect("a file").to_string_lossy().into_owned();
        let e = Equation::from_source(&Source::new(&stem, &text)).unwrap_or_else(|d| panic!("{d}"));
        assert_eq!(e.name, stem, "the block is named like the file");
        assert!(e.title.is_some() && e.citation.is_some() && e.expect.is_some(), "{stem}");
        // The commands that need numbers take them from here.
        assert!(e.test.dimension.is_some(), "{stem} has no test dimension");
        for p in &e.parameters {
            assert!(e.test.values.contains_key(&p.name), "{stem} has no test value of {}", p.name);
            assert!(p.declared, "{stem} does not declare {}", p.name);
        }
    }
}

#[test]
fn printing_a_file_and_reading_it_again_changes_nothing() {
    for (path, text) in pde_files("examples/pde") {
        let source = Source::new("file", &text);
        let ast = syntax::parse(&source).expect("a valid file");
        let printed = Source::new("printed", &ast.to_string());
        let again = syntax::parse(&printed).unwrap_or_else(|d| panic!("{path:?}: {d}"));
        assert_eq!(ast, again, "{path:?}");
        let (first, second) = (resolve(&ast, &source), resolve(&again, &printed));
        assert_eq!(first.expect("resolves").components, second.expect("resolves").components);
    }
}

#[test]
fn each_equation_of_the_table_is_read_in_one_line() {
    for line in EQUATIONS.lines().filter(|line| !line.starts_with('#')) {
        let mut columns = line.split('\t');
        let (name, equation, assumptions) = (columns.next(), columns.next(), columns.next().unwrap_or(""));
        let mut text = equation.expect("an equation").to_owned();
        if !assumptions.is_empty() {
            text = format!("{text} where {assumptions}");
        }
        let e = Equation::parse(&text).unwrap_or_else(|d| panic!("{name:?}: {d}"));
        assert!(assumptions.is_empty() || e.parameters.iter().all(|p| p.declared), "{text}");
        // Nothing was lost: the canonical text says the same once read again.
        for component in &e.components {
            let names: Vec<String> = e.unknowns.iter().map(|u| u.name.to_string()).collect();
            let scope = syntax::Scope::with_fields(names.iter().map(String::as_str));
            assert_eq!(&syntax::parse_expr(&component.to_string(), &scope).expect("parses"), component);
        }
    }
}

#[test]
fn every_beginning_of_every_file_is_read_or_refused_with_a_place() {
    for (path, text) in pde_files("examples/pde") {
        let mut refused_beginnings = 0;
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
            let beginning = &text[..end];
            if let Err(refused) = Equation::from_source(&Source::new("beginning", beginning)) {
                check_spans(beginning, &refused);
                refused_beginnings += 1;
            }
        }
        // Only the beginnings that end behind the block are whole.
        assert!(refused_beginnings > 100, "{path:?}");
    }
    for line in EQUATIONS.lines().filter(|line| !line.starts_with('#')) {
        let text = line.split('\t').skip(1).collect::<Vec<_>>().join(" where ");
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
            if let Err(refused) = Equation::parse(&text[..end]) {
                check_spans(&text[..end], &refused);
            }
        }
    }
}
