//! Reading, resuming and writing tables, in one process.

use super::*;
use flate2::read::GzDecoder;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

const TABLE: &str = "id,name,pde,assumptions,verdict\n\
    1,heat,phi_t - lap(phi) = 0,,yes\n\
    2,\"of \"\"either\"\" sign\nnot stated\",phi_t - D lap(phi) = 0,D real nonzero,\"a, b\"\n\
    3,,phi_tt + lap(phi) - m^2 phi = 0,m>0,\n\
    4,wrong,phi_t - lap(phi = 0,,no\n\
    5,short,phi_t\n\
    6,\u{3b1}\u{3b2},phi_t + (-lap)^beta phi = 0,0<beta<=1,\u{1f642}\n";

fn file(folder: &TempDir, name: &str, bytes: impl AsRef<[u8]>) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("a file");
    path.to_string_lossy().into_owned()
}

fn open(inputs: &[&str]) -> Inputs {
    Inputs::open(&inputs.iter().map(|i| (*i).to_owned()).collect::<Vec<_>>()).expect("inputs")
}

/// Rows with the times taken out.
fn rows(inputs: Inputs) -> Vec<Row> {
    inputs.map(|item| Row { micros: 7, ..judge(item) }).collect()
}

fn write_all(input: &str, target: &Path) -> Vec<u8> {
    let inputs = open(&[input]);
    let mut sink = Sink::create(target, Columns::new(inputs.carried())).expect("a sink");
    rows(inputs).iter().for_each(|row| sink.write(row).expect("written"));
    sink.finish().expect("finished");
    std::fs::read(target).expect("the table")
}

fn partial(target: &Path) -> PathBuf {
    PathBuf::from(format!("{}.partial", target.display()))
}

#[test]
fn every_item_becomes_one_row_with_what_is_wrong_with_it() {
    let folder = TempDir::new().expect("a folder");
    let table = file(&folder, "t.csv", TABLE);
    let inputs = open(&[&table]);
    assert_eq!(inputs.carried(), ["id", "assumptions", "verdict"]);
    let columns = Columns::new(inputs.carried());
    assert_eq!(columns.names()[..6], ["name", "pde", "id", "assumptions", "input_verdict", "p"]);
    let rows = rows(inputs);
    let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names, ["heat", "of \"either\" sign\nnot stated", "t.csv:3", "wrong", "short", "\u{3b1}\u{3b2}"]);
    assert_eq!(rows[1].carried, ["2", "D real nonzero", "a, b"]);
    let answered = rows[1].answer.as_ref().expect("an answer");
    assert_eq!(answered.c1_condition.as_deref(), Some("D > 0"), "the assumptions were joined");
    assert!(rows[3].answer.as_ref().is_err_and(|e| e.starts_with("E0") && e.contains("column")), "{:?}", rows[3]);
    assert!(rows[4].answer.as_ref().is_err_and(|e| e.contains("3 fields, the header has 5")), "{:?}", rows[4]);
    assert_eq!(rows[5].carried[2], "\u{1f642}");
}

#[test]
fn texts_are_read_line_by_line_and_bad_lines_are_rows() {
    let folder = TempDir::new().expect("a folder");
    let mut text = b"\n# a comment\nphi_t - lap(phi) = 0\r\n\xff\xfe\nphi_tt + lap(phi) = 0 where\n".to_vec();
    text.extend(vec![b'x'; 3 << 20]);
    text.extend(b"\nphi_tt + lap(phi) = 0");
    let rows = rows(open(&[&file(&folder, "l.txt", text)]));
    let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names, ["l.txt:3", "l.txt:4", "l.txt:5", "l.txt:6", "l.txt:7"]);
    let errors: Vec<Option<&String>> = rows.iter().map(|row| row.answer.as_ref().err()).collect();
    assert!(errors[0].is_none() && errors[4].is_none(), "{errors:?}");
    assert!(errors[1].is_some_and(|e| e.contains("not UTF-8")) && errors[2].is_some());
    assert!(errors[3].is_some_and(|e| e.contains("longer than")));
}

#[test]
fn inputs_that_are_not_there_are_told_at_once() {
    let folder = TempDir::new().expect("a folder");
    let told = |input: &str| match Inputs::open(&[input.to_owned()]) {
        Ok(_) => panic!("{input} was opened"),
        Err(e) => e.to_string(),
    };
    assert!(told("no/such/file.txt").contains("no/such/file.txt"));
    assert!(told(&file(&folder, "n.csv", "a,b\n1,2\n")).contains("its columns are: a, b"));
    assert!(told(&folder.path().to_string_lossy()).contains("no .pde files"));
    assert!(open(&["phi_t - lap(phi) = 0"]).next().is_some_and(|item| item.source.is_ok()), "an equation is an input");
}

#[test]
fn a_run_cut_at_any_byte_resumes_to_the_same_table() {
    let folder = TempDir::new().expect("a folder");
    let input = file(&folder, "t.csv", TABLE);
    for extension in ["csv", "jsonl", "parquet"] {
        let target = folder.path().join(format!("whole.{extension}"));
        let whole = write_all(&input, &target);
        let judged = rows(open(&[&input]));
        // What a running table looks like: for Parquet, JSON lines.
        let columns = Columns::new(open(&[&input]).carried());
        let running = if extension == "parquet" {
            judged.iter().map(|row| format!("{}\n", row.json(&columns))).collect::<String>().into_bytes()
        } else {
            whole.clone()
        };
        for cut in (0..running.len()).step_by(if extension == "csv" { 1 } else { 13 }).chain([running.len()]) {
            let target = folder.path().join(format!("cut.{extension}"));
            std::fs::write(partial(&target), &running[..cut]).expect("a partial file");
            let mut inputs = open(&[&input]);
            let (mut sink, done) = Sink::resume(&target, columns.clone()).expect("resumes");
            let skipped = done.skip(&mut inputs).expect("the same input") as usize;
            assert_eq!(inputs.count(), judged.len() - skipped, "{extension} cut at {cut}");
            judged[skipped..].iter().for_each(|row| sink.write(row).expect("written"));
            sink.finish().expect("finished");
            assert_eq!(std::fs::read(&target).expect("the table"), whole, "{extension} cut at {cut}");
            assert!(!partial(&target).exists());
        }
    }
}

#[test]
fn rows_of_another_input_are_not_continued() {
    let folder = TempDir::new().expect("a folder");
    let input = file(&folder, "t.csv", TABLE);
    let target = folder.path().join("o.csv");
    let whole = write_all(&input, &target);
    let elsewhere = TempDir::new().expect("a folder");
    for (from, to, expected) in [
        ("phi_t - lap(phi) = 0", "phi_t - 2 lap(phi) = 0", "row 1 of"),
        ("\n3,,", "\n33,,", "row 3 of"),
        ("\n6,\u{3b1}\u{3b2},phi_t + (-lap)^beta phi = 0,0<beta<=1,\u{1f642}", "", "no more equations"),
        ("assumptions,verdict", "assumptions,other", "its columns are not those"),
    ] {
        let other = file(&elsewhere, "t.csv", TABLE.replace(from, to));
        std::fs::write(partial(&target), &whole).expect("a partial file");
        let mut inputs = open(&[&other]);
        let outcome =
            Sink::resume(&target, Columns::new(inputs.carried())).and_then(|(_, done)| done.skip(&mut inputs));
        let told = outcome.expect_err(expected).to_string();
        assert!(told.contains(expected), "{told}");
    }
    std::fs::write(partial(&target), &whole).expect("a partial file");
    let columns = || Columns::new(open(&[&input]).carried());
    assert!(matches!(Sink::create(&target, columns()), Err(ClassifyError::Unfinished(_))), "never overwritten");
    let (held, _) = Sink::resume(&target, columns()).expect("resumes");
    assert!(matches!(Sink::resume(&target, columns()), Err(ClassifyError::Busy(_))), "one writer");
    drop(held);
    let mut damaged = whole.clone();
    let newline = whole.iter().position(|b| *b == b'\n').expect("a header");
    damaged.splice(newline + 1..newline + 1, *b"not,a,row\n");
    std::fs::write(partial(&target), damaged).expect("a partial file");
    assert!(
        matches!(Sink::resume(&target, columns()), Err(ClassifyError::Damaged { .. })),
        "never repaired by guessing"
    );
}

#[test]
fn results_come_in_order_and_items_under_way_are_bounded() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static READ: AtomicUsize = AtomicUsize::new(0);
    let items = (0..5000u64).inspect(|_| {
        READ.fetch_add(1, Ordering::SeqCst);
    });
    // Later items are quicker, so that order does not come by itself.
    let work = |n: u64| (0..(5000 - n) % 97 * 50).fold(n, |a, b| std::hint::black_box(a ^ b ^ b));
    let results = Ordered::start(items, 4, work).expect("threads");
    for n in 0..5000u64 {
        match results.next(Duration::from_secs(60)) {
            Next::Result(found) => assert_eq!(found, n),
            _ => panic!("no result {n}"),
        }
        assert!(READ.load(Ordering::SeqCst) <= n as usize + 4 * 32 + 3, "at {n}");
    }
    assert!(matches!(results.next(Duration::from_secs(60)), Next::End));
}

/// Reads the texts of the first page of a Parquet column: its header is skipped by its own length.
#[test]
fn parquet_pages_hold_the_texts() {
    let folder = TempDir::new().expect("a folder");
    let input = file(&folder, "t.csv", TABLE);
    let target = folder.path().join("o.parquet");
    let bytes = write_all(&input, &target);
    assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
    let length = u32::from_le_bytes(bytes[bytes.len() - 8..bytes.len() - 4].try_into().expect("4 bytes")) as usize;
    let footer = &bytes[bytes.len() - 8 - length..bytes.len() - 8];
    for column in ["name", "input_verdict", "C1_condition", "micros"] {
        assert!(footer.windows(column.len()).any(|part| part == column.as_bytes()), "{column}");
    }
    // The first page is the column `name`: gzip starts with 1f 8b.
    let start = bytes.windows(2).position(|pair| pair == [0x1f, 0x8b]).expect("a gzip page");
    let mut page = Vec::new();
    GzDecoder::new(&bytes[start..]).read_to_end(&mut page).expect("unpacks");
    let levels = 4 + u32::from_le_bytes(page[..4].try_into().expect("4 bytes")) as usize;
    assert_eq!(page[4..levels], [6 << 1, 1], "six values, all there");
    assert_eq!(page[levels..levels + 8], *b"\x04\0\0\0heat");
}

#[test]
fn an_unwritable_output_is_told_with_its_name() {
    let folder = TempDir::new().expect("a folder");
    let blocked = file(&folder, "plain", "");
    let told = Sink::create(&Path::new(&blocked).join("o.csv"), Columns::new(&[])).err().expect("no folder");
    assert!(told.to_string().contains("plain"), "{told}");
    assert!(matches!(Format::of(Path::new("o.txt")), Err(ClassifyError::Format(_))));
}
