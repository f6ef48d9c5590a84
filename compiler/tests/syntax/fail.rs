//! Wrong texts, each with the complaint beside the culprit: `//~ CODE words of the message, label or help`.

use super::{check_spans, pde_files};
use genphys_compiler::diagnostic::CODES;
use genphys_compiler::operator::Equation;
use genphys_compiler::source::Source;

#[test]
fn each_wrong_file_gets_its_one_message() {
    for (path, text) in pde_files("tests/fail") {
        let name = path.file_name().expect("a file").to_string_lossy().into_owned();
        let expected: Vec<(usize, &str)> = text
            .lines()
            .enumerate()
            .filter_map(|(i, line)| line.split_once("//~ ").map(|(_, note)| (i + 1, note.trim())))
            .collect();
        let [(line, note)] = expected.as_slice() else { panic!("{name}: one note is needed") };
        let Err(refused) = Equation::from_source(&Source::new(&name, &text)) else { panic!("{name} is accepted") };
        check_spans(&text, &refused);
        assert_eq!(refused.all.len(), 1, "{name}: {refused}");
        let d = &refused.all[0];
        let (code, words) = note.split_once(' ').unwrap_or((note, ""));
        let found = text[..d.span.start].matches('\n').count() + 1;
        assert_eq!((d.code, found), (code, *line), "{name}: {refused}");
        let said = format!("{}\n{}\n{}", d.message, d.label, d.help.clone().unwrap_or_default());
        assert!(said.contains(words), "{name}: {said:?} lacks {words:?}");
    }
}

#[test]
fn each_code_has_a_wrong_file() {
    let files = pde_files("tests/fail");
    for code in CODES {
        // E0002 is about 64 KiB of text; `hostile` makes one.
        let shown = files.iter().any(|(_, text)| text.contains(&format!("//~ {}", code.code)));
        assert!(shown || code.code == "E0002", "tests/fail shows no {}", code.code);
        assert!(!code.title.is_empty() && !code.text.is_empty());
    }
    let mut sorted: Vec<&str> = CODES.iter().map(|c| c.code).collect();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted, CODES.iter().map(|c| c.code).collect::<Vec<_>>(), "codes are in order, each once");
}
